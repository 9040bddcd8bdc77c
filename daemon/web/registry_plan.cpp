#include "daemon/web/action.hpp"

#include "daemon/base/log.hpp"

namespace vanthu::web {

namespace {

constexpr std::size_t listed_at_most = 200;

json::array names(const std::vector<std::string>& ids) { return json::array(ids.begin(), ids.end()); }

json::object planned_json(const intake::rerouting::planned& p, timestamp at) {
    const records::business_identity& i = p.document.identity;
    const registry::organisation* to = p.route.final;
    return {{"document", p.document.id},
            {"owner", p.document.owner},
            {"number", i.number + "/" + i.notation},
            {"subject", p.document.subject},
            {"recipient_code", p.recipient_code},
            {"reason", p.reason},
            {"route", registry::brief(p.route)},
            {"organisation", to ? to->id : ""},
            {"organisation_name", to ? std::string(to->name(at)) : ""},
            {"held", p.hold}};
}

// Inboxes here with entries that nobody has taken over, whose organisation this node would serve no more.
json::array orphaned_inboxes(const standing& s, const registry::registry& next, const std::string& node, timestamp at) {
    std::set<std::string> kept;
    for (const registry::organisation* o : next.served_by(node, at))
        if (!o->closed(at)) kept.insert("@" + o->id);
    json::array out;
    for (const auto& [organisation, open] : s.inboxes()) {
        if (open.empty() || kept.contains(organisation)) continue;
        const registry::organisation* o = next.find_organisation(std::string_view(organisation).substr(1));
        out.push_back(json::object{{"organisation", organisation},
                                   {"name", organisation_name(next, organisation, at)},
                                   {"unacknowledged", open.size()},
                                   {"becomes", !o              ? "unknown"
                                               : o->closed(at) ? "closed"
                                                               : "elsewhere"}});
    }
    return out;
}

} // namespace

// What a reload with this file would do, decided by the code that the reload runs. Nothing is changed.
task<json::object> operator_door::state::plan_registry(net::request& r) {
    VANTHU_CO_TRY(bytes body, co_await net::read_all(r.body, registry_limit));
    const auto self = shared_from_this();
    auto plan = [self, text = std::string(as_text(body))]() -> result<json::object> {
        const timestamp at = self->clock.now();
        const auto now = self->registry();
        VANTHU_TRY(registry::registry parsed, registry::registry::parse(text, "registry"));
        const auto next = std::make_shared<const registry::registry>(std::move(parsed));
        const registry::difference d = registry::diff(*now, *next, self->options.node, at);
        VANTHU_TRY(const intake::rerouting::plan held, self->options.dry_run(next, listed_at_most));
        json::array routes, leaving, queues, inboxes;
        for (const registry::route_change& c : d.routes)
            routes.push_back(json::object{{"code", c.code}, {"before", c.before}, {"after", c.after}});
        for (const intake::rerouting::planned& p : held.leaving) leaving.push_back(planned_json(p, at));
        for (const delivery::lane_view& l : self->engine.lanes())
            if (l.waiting && std::ranges::find(d.nodes_changed, l.node) != d.nodes_changed.end())
                queues.push_back(json::object{{"node", l.node},
                                              {"waiting", l.waiting},
                                              {"bytes", l.bytes},
                                              {"becomes", next->find_node(l.node) ? "changed" : "unknown"}});
        VANTHU_CHECK(self->with_standing(
            [&](const standing& s) { inboxes = orphaned_inboxes(s, *next, self->options.node, at); }));
        return json::object{
            {"schema_version", 1},
            {"version_now", now->version()},
            {"version", next->version()},
            {"sha256", next->sha256().hex()},
            {"identical", d.identical},
            {"would_be_taken", d.identical || (!d.version_not_raised && d.removed.empty())},
            {"version_not_raised", d.version_not_raised},
            {"added", names(d.added)},
            {"removed", names(d.removed)},
            {"changed", names(d.changed)},
            {"nodes_changed", names(d.nodes_changed)},
            {"routes", std::move(routes)},
            {"held", json::object{{"placed", held.placed}, {"still_held", held.held}, {"leaving", std::move(leaving)}}},
            {"queues", std::move(queues)},
            {"inboxes", std::move(inboxes)}};
    };
    co_return co_await offload(disk, plan);
}

} // namespace vanthu::web

#include "daemon/api/destination.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/web/door_state.hpp"
#include "daemon/web/entries_due.hpp"

#include <algorithm>

namespace vanthu::web {

namespace {

constexpr std::size_t shown_at_most = 50; // documents of one kind that need attention; the counts are always whole

constexpr records::state every_state[] = {records::state::waiting,  records::state::active,    records::state::deferred,
                                          records::state::parked,   records::state::delivered, records::state::refused,
                                          records::state::recalled, records::state::expired};

std::string word(records::state s) { return boost::describe::enum_to_string(s, "unknown"); }

// One line of the list "needs attention": the document, and the recipients that are in `wanted`.
json::object attention_item(const records::document_row& d, json::object ladder, std::string_view wanted) {
    json::array recipients;
    for (json::value& v : ladder["recipients"].as_array()) {
        json::object& r = v.as_object();
        if (r["state"].as_string() != wanted) continue;
        r.erase("steps");
        recipients.push_back(std::move(r));
    }
    json::object document = api::document_json(d);
    document.erase("signature_report");
    document.erase("attachments");
    document["owner"] = d.owner;
    return {{"document", std::move(document)}, {"recipients", std::move(recipients)}};
}

// What keeps new documents out, with the figures that have reached their marks.
json::object pressure_json(const intake::pressure* p) {
    json::array causes;
    for (const auto c : intake::pressure::all)
        if (p && p->has(c)) causes.emplace_back(intake::to_string(c));
    json::object o{{"refusing", p && p->refusing()}, {"causes", std::move(causes)}};
    if (!p) return o;
    const intake::load seen = p->last();
    o["free_bytes"] = seen.free_bytes;
    o["memory"] = seen.memory;
    o["transfers"] = seen.transfers;
    o["bytes"] = seen.bytes;
    o["marks"] = json::object{{"free_bytes", p->marks().free_bytes},
                              {"memory", p->marks().memory},
                              {"transfers", p->marks().transfers},
                              {"bytes", p->marks().bytes}};
    return o;
}

} // namespace

std::string time_text(std::int64_t us) { return us ? to_rfc3339(from_us(us)) : std::string(); }

std::string organisation_name(const registry::registry& r, const std::string& canonical, timestamp at) {
    if (canonical.starts_with('@'))
        if (const registry::organisation* o = r.find_organisation(std::string_view(canonical).substr(1)))
            return std::string(o->name(at));
    return canonical;
}

result<std::vector<std::string>> operator_door::state::owners() const {
    VANTHU_TRY(auto stored, records::reader(store.committed()).owners());
    if (std::ranges::find(stored, options.home) == stored.end()) stored.push_back(options.home);
    return stored;
}

result<> operator_door::state::with_standing(const std::function<void(const standing&)>& look) {
    const timestamp now = clock.now();
    std::lock_guard lock(guard_);
    const bool fresh = refreshed_at_ && now >= *refreshed_at_ && now - *refreshed_at_ < std::chrono::seconds(1);
    if (!fresh) {
        VANTHU_TRY(auto all, owners());
        VANTHU_CHECK(standing_.refresh(store.committed(), all, now));
        refreshed_at_ = now;
    }
    look(standing_);
    return {};
}

result<json::object> operator_door::state::overview() {
    const auto known = registry();
    const timestamp now = clock.now();
    const auto runs_on = office.load();
    std::map<records::state, std::size_t> counts;
    std::map<records::state, std::vector<std::pair<std::string, std::string>>> troubled; // newest first
    json::array inboxes;
    std::int64_t ended_within_hours = 0;
    const std::vector<delivery::lane_view> lanes = engine.lanes();
    const std::vector<std::pair<std::string, std::string>> sent_now = engine.active();

    VANTHU_CHECK(with_standing([&](const standing& s) {
        s.each_kind([&](const standing::kind& k, std::size_t recipients) { counts[k.state_now] += recipients; });
        for (const auto& [document, hop] : sent_now)
            for (const auto& [stored, recipients] : s.open_for(document, hop)) {
                counts[stored] -= recipients;
                counts[records::state::active] += recipients;
            }
        for (records::state each : {records::state::parked, records::state::deferred})
            s.newest(each, {}, [&](const standing::document& d) {
                auto& listed = troubled[each];
                const bool again = !listed.empty() && listed.back().second == d.id;
                if (!again && std::ranges::find(sent_now, std::pair(d.id, d.hop)) == sent_now.end())
                    listed.emplace_back(d.owner, d.id);
                return listed.size() < shown_at_most;
            });
        ended_within_hours = std::chrono::ceil<std::chrono::hours>(now - s.ended_from()).count();
        // Whom this node serves, and whom it served and keeps entries for.
        std::set<std::string> shown;
        for (const registry::organisation* o : known->served_by(options.node, now))
            if (!o->closed(now)) shown.insert("@" + o->id);
        for (const auto& [organisation, open] : s.inboxes()) shown.insert(organisation);
        static const std::map<std::uint64_t, standing::entry> none;
        for (const std::string& organisation : shown) {
            const auto at = s.inboxes().find(organisation);
            const auto& open = at == s.inboxes().end() ? none : at->second;
            const entries_due due = due_among(open, *runs_on, now);
            inboxes.push_back(
                json::object{{"organisation", organisation},
                             {"name", organisation_name(*known, organisation, now)},
                             {"unacknowledged", open.size()},
                             {"not_fetched", due.not_fetched},
                             {"arrival_due_soon", due.due_soon},
                             {"arrival_overdue", due.overdue},
                             {"oldest_at", open.empty() ? json::value(nullptr)
                                                        : json::value(time_text(open.begin()->second.created_at))}});
        }
    }));

    json::array states, lanes_shown;
    for (records::state each : every_state)
        states.push_back(json::object{{"state", word(each)},
                                      {"state_vi", api::state_name(each, true)},
                                      {"state_en", api::state_name(each, false)},
                                      {"final", records::is_final(each)},
                                      {"count", counts[each]}});
    for (const delivery::lane_view& l : lanes) {
        const registry::node* n = known->find_node(l.node);
        const std::string name = n ? organisation_name(*known, "@" + n->organisation, now) : l.node;
        lanes_shown.push_back(
            json::object{{"node", l.node},
                         {"name", name},
                         {"waiting", l.waiting - std::min(l.waiting, l.active)}, // an active one still has its place
                         {"active", l.active},
                         {"oldest_created_at", time_text(l.oldest_created_at)},
                         {"next_due_at", time_text(l.next_due_at)},
                         {"bytes", l.bytes},
                         {"ready_by_urgency", json::array(l.ready.begin(), l.ready.end())},
                         {"destination", api::destination_json(l.flow, name)},
                         {"delivered", l.delivered},
                         {"deferred", l.deferred},
                         {"refused", l.refused}});
    }
    json::object attention;
    const records::reader read(store.committed());
    for (records::state each : {records::state::parked, records::state::deferred}) {
        json::array items;
        for (const auto& [owner, id] : troubled[each]) {
            VANTHU_TRY(auto d, read.document(owner, id));
            if (!d) continue;
            VANTHU_TRY(json::object shown, ladder(read, *d, *known));
            json::object item = attention_item(*d, std::move(shown), word(each));
            if (!item["recipients"].as_array().empty()) items.push_back(std::move(item));
        }
        attention[word(each)] = std::move(items);
    }
    VANTHU_TRY(json::object isolated, quarantine());
    VANTHU_TRY(json::object compared, reconciled(false));
    return json::object{
        {"schema_version", 1},
        {"version", VANTHU_VERSION},
        {"now", to_rfc3339(now)},
        {"started_at", to_rfc3339(started)},
        {"node", options.node},
        {"organisation", organisation_name(*known, options.home, now)},
        {"registry_version", known->version()},
        {"store", json::object{{"instance_id", store.instance_id()}, {"created_at", to_rfc3339(store.created_at())}}},
        {"ended_within_hours", ended_within_hours},
        {"states", std::move(states)},
        {"lanes", std::move(lanes_shown)},
        {"inboxes", std::move(inboxes)},
        {"attention", std::move(attention)},
        {"pressure", pressure_json(options.pressure)},
        {"reconciliation", std::move(compared)},
        {"quarantined", isolated["entries"].as_array().size()}};
}

result<json::object> operator_door::state::quarantine() const {
    json::array entries;
    std::error_code ec;
    if (!options.quarantine.empty() && std::filesystem::exists(options.quarantine, ec)) {
        VANTHU_TRY(auto all, intake::list_isolated(options.quarantine));
        const auto known = registry();
        for (const intake::isolated_secret& s : all) {
            auto from = known->resolve(s.from, clock.now());
            entries.push_back(json::object{{"id", s.id},
                                           {"at", time_text(s.at)},
                                           {"node", s.node},
                                           {"from", s.from},
                                           {"from_name", from.known() ? from.found->name(clock.now()) : ""},
                                           {"number", s.code}, // and notation, as the packet says
                                           {"packet_sha256", s.packet_sha256.hex()}});
        }
    }
    return json::object{{"schema_version", 1}, {"entries", std::move(entries)}};
}

// Gauges are read anew; the engine's own counts since the start are told on as they grow.
void operator_door::state::collect(metrics::registry& m) {
    const timestamp now = clock.now();
    auto age = [&](std::int64_t since) { return static_cast<double>(to_us(now) - since) / 1e6; };
    std::map<std::string, double> waiting;
    std::map<std::pair<std::string, std::string>, double> parked;
    std::vector<metrics::sample> unacknowledged, oldest_entry, oldest_waiting, overdue, due_soon;
    const auto runs_on = office.load();
    auto read = with_standing([&](const standing& s) {
        s.each_kind([&](const standing::kind& k, std::size_t recipients) {
            const std::string hop = k.hop.empty() ? "none" : k.hop;
            const double n = static_cast<double>(recipients);
            if (k.state_now == records::state::parked)
                parked[{hop, k.reason.empty() ? "none" : k.reason}] += n;
            else if (!records::is_final(k.state_now))
                waiting[hop] += n;
        });
        for (const auto& [organisation, open] : s.inboxes()) {
            unacknowledged.push_back({{organisation}, static_cast<double>(open.size())});
            oldest_entry.push_back({{organisation}, open.empty() ? 0.0 : age(open.begin()->second.created_at)});
            const entries_due due = due_among(open, *runs_on, now);
            overdue.push_back({{organisation}, static_cast<double>(due.overdue)});
            due_soon.push_back({{organisation}, static_cast<double>(due.due_soon)});
        }
    });
    if (!read) return log::error("metrics_not_read", {{"failure", read.error()}});

    std::vector<metrics::sample> waiting_samples, parked_samples, waiting_bytes, window, destination;
    std::lock_guard lock(counted_guard_);
    auto grown = [&](const std::string& node, const char* outcome, std::uint64_t total) {
        std::uint64_t& told = counted_[{node, outcome}];
        if (total > told) m.add("vanthu_delivery_attempts_total", {node, outcome}, static_cast<double>(total - told));
        told = total;
    };
    for (const delivery::lane_view& l : engine.lanes()) {
        waiting.try_emplace(l.node, 0); // a hop that is idle shows 0, not nothing
        oldest_waiting.push_back({{l.node}, l.oldest_created_at ? age(l.oldest_created_at) : 0.0});
        waiting_bytes.push_back({{l.node}, static_cast<double>(l.bytes)});
        window.push_back({{l.node}, static_cast<double>(l.flow.window)});
        for (const auto s : {delivery::flow_standing::stand::closed, delivery::flow_standing::stand::paused,
                             delivery::flow_standing::stand::open, delivery::flow_standing::stand::probing,
                             delivery::flow_standing::stand::no_documents})
            destination.push_back({{l.node, std::string(delivery::to_string(s))}, l.flow.is == s ? 1.0 : 0.0});
        grown(l.node, "delivered", l.delivered);
        grown(l.node, "deferred", l.deferred);
        grown(l.node, "refused", l.refused);
    }
    for (const auto& [hop, n] : waiting) waiting_samples.push_back({{hop}, n});
    for (const auto& [key, n] : parked) parked_samples.push_back({{key.first, key.second}, n});
    m.replace("vanthu_consignments_waiting", waiting_samples);
    m.replace("vanthu_oldest_waiting_seconds", oldest_waiting);
    m.replace("vanthu_consignments_parked", parked_samples);
    m.replace("vanthu_waiting_bytes", waiting_bytes);
    m.replace("vanthu_destination_window", window);
    m.replace("vanthu_destination_state", destination);
    m.replace("vanthu_inbox_unacknowledged", unacknowledged);
    m.replace("vanthu_inbox_arrival_due_soon", due_soon);
    m.replace("vanthu_inbox_arrival_overdue", overdue);
    m.replace("vanthu_inbox_oldest_unacknowledged_seconds", oldest_entry);
    collect_reconciled(m);
}

} // namespace vanthu::web

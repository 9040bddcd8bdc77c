// Comparisons with other nodes: beginning one, and what the last ones found.
#include "daemon/api/ladder.hpp"
#include "daemon/base/log.hpp"
#include "daemon/web/action.hpp"

namespace vanthu::web {

namespace {

json::object report_json(const reconciliation::report_row& r, const std::string& name, bool findings) {
    json::object counts;
    std::uint64_t found = 0, repaired = 0;
    for (const reconciliation::counted& c : r.counts) {
        counts[c.kind] = json::object{{"found", c.found}, {"repaired", c.repaired}};
        found += c.found;
        repaired += c.repaired;
    }
    json::object out{{"node", r.node},
                     {"name", name},
                     {"outcome", r.outcome},
                     {"code", r.code},
                     {"cause", r.cause},
                     {"started_at", time_text(r.started_at)},
                     {"ended_at", time_text(r.ended_at)},
                     {"from", time_text(r.since)},
                     {"to", time_text(r.until)},
                     {"repair", r.repair},
                     {"only_changes", r.only_changes},
                     {"by", r.by},
                     {"pages", r.pages},
                     {"packets", r.packets},
                     {"recipients", r.recipients},
                     {"listed_there", r.listed_there},
                     {"found", found},
                     {"repaired", repaired},
                     {"counts", std::move(counts)}};
    const reconciliation::tried_row& t = r.last_try;
    auto text = [&](bool vi) {
        return t.code.empty() ? std::string() : api::reason_text(t.code, vi) + " " + api::reason_action(t.code, vi);
    };
    out["last_try"] = json::object{{"started_at", time_text(t.started_at)},
                                   {"ended_at", time_text(t.ended_at)},
                                   {"outcome", t.outcome},
                                   {"code", t.code},
                                   {"cause", t.cause},
                                   {"text_vi", text(true)},
                                   {"text_en", text(false)},
                                   {"by", t.by}};
    if (!findings) return out;
    json::array list;
    for (const reconciliation::listed_finding& f : r.findings) {
        json::object one = records::to_json(f).as_object();
        one["at"] = time_text(f.at);
        list.push_back(std::move(one));
    }
    out["findings"] = std::move(list);
    return out;
}

} // namespace

result<json::object> operator_door::state::reconciled(bool findings) const {
    json::array reports, running;
    if (options.rounds) {
        const auto known = registry();
        VANTHU_TRY(auto all, options.rounds->last(findings));
        for (const reconciliation::report_row& r : all) {
            const registry::node* n = known->find_node(r.node);
            reports.push_back(
                report_json(r, n ? organisation_name(*known, "@" + n->organisation, clock.now()) : r.node, findings));
        }
        for (const std::string& node : options.rounds->running()) running.push_back(json::value(node));
    }
    return json::object{{"schema_version", 1},
                        {"now", to_rfc3339(clock.now())},
                        {"running", std::move(running)},
                        {"reports", std::move(reports)}};
}

task<json::object> operator_door::state::reconcile(net::request& r) {
    VANTHU_CO_TRY(json::object asked, co_await body_object(r, {"node", "from", "to", "repair"}));
    reconciliation::asked_round round;
    if (asked.contains("node")) {
        auto node = typed(asked, "node");
        if (!node) co_return failed(errc::bad_parameter, "node");
        round.node = *node;
    }
    for (auto [name, to] : {std::pair("from", &round.since), std::pair("to", &round.until)}) {
        if (!asked.contains(name)) continue;
        const auto text = typed(asked, name);
        const auto at = text ? from_rfc3339(*text) : std::nullopt;
        if (!at) co_return failed(errc::bad_parameter, name);
        *to = to_us(*at);
    }
    if (const json::value* repair = asked.if_contains("repair")) {
        if (!repair->is_bool()) co_return failed(errc::bad_parameter, "repair");
        round.repair = repair->get_bool();
    }
    const std::string now = to_rfc3339(clock.now()); // what is begun now has not started earlier
    auto begin = [](reconciliation::rounds* all, reconciliation::asked_round one) -> task<std::vector<std::string>> {
        co_return all->start(std::move(one));
    };
    VANTHU_CO_TRY(auto begun, co_await over_there(engine_executor, begin(options.rounds, round)));
    log::info(
        "reconciliation_asked",
        {{"peer", round.node}, {"nodes", begun.size()}, {"repair", round.repair}, {"address", r.peer.remote_address}});
    co_return json::object{{"schema_version", 1}, {"now", now}, {"started", json::array(begun.begin(), begun.end())}};
}

void operator_door::state::collect_reconciled(metrics::registry& m) const {
    if (!options.rounds) return;
    auto all = options.rounds->last(false);
    if (!all) return log::error("metrics_not_read", {{"failure", all.error()}});
    std::vector<metrics::sample> findings, unrepaired, broken, ages;
    for (const reconciliation::report_row& r : *all) {
        for (const reconciliation::counted& c : r.counts) {
            findings.push_back({{r.node, c.kind}, static_cast<double>(c.found)});
            unrepaired.push_back({{r.node, c.kind}, static_cast<double>(c.found - c.repaired)});
        }
        broken.push_back({{r.node}, r.last_try.outcome == "failed" ? 1.0 : 0.0});
        ages.push_back({{r.node}, static_cast<double>(to_us(clock.now()) - r.started_at) / 1e6});
    }
    m.replace("vanthu_reconcile_findings", findings);
    m.replace("vanthu_reconcile_unrepaired", unrepaired);
    m.replace("vanthu_reconcile_failed", broken);
    m.replace("vanthu_reconcile_age_seconds", ages);
}

} // namespace vanthu::web

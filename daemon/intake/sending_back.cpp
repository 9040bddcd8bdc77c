// An operator's no to what is parked at the gate: one change for all such recipients of the document.
#include "daemon/base/error_table.hpp"
#include "daemon/intake/companion.hpp"
#include "daemon/intake/decision.hpp"
#include "daemon/intake/rerouting.hpp"
#include "daemon/ledger/commit_task.hpp"

namespace vanthu::intake {

namespace {
struct parked_recipient {
    std::string code;
    std::unique_ptr<companion> refusal; // where we serve it
    bool decided = false;               // its payload belongs to a row
};
} // namespace

task<std::size_t> rerouting::send_back(std::string owner, std::string document, std::string words, std::string by) {
    std::optional<records::document_row> d;
    std::vector<parked_recipient> all;
    auto look = [&]() -> result<> {
        const records::reader read(gate_.store_.committed());
        VANTHU_TRY(d, read.document(owner, document));
        if (!d) return failed(records::errc::document_unknown, document);
        VANTHU_TRY(auto consignments, read.consignments(owner, document));
        const auto registry = gate_.registry();
        for (const records::consignment_row& c : consignments) {
            if (!is_held(c) && !is_unplaced(c)) continue;
            const routed to =
                route_recipient(*registry, gate_.options_.node, c.recipient_code, gate_.clock_.now(), d->previous_node);
            parked_recipient& one = all.emplace_back(parked_recipient{.code = c.recipient_code, .refusal = {}});
            // Whom the registry did not know when it was parked nobody here answers for.
            if (is_unplaced(c) || to.route.kind != registry::route_kind::local) continue;
            VANTHU_TRY(one.refusal, answer_of(*d, to, public_code(errc::returned_by_operator), words));
        }
        return {};
    };
    auto discard = [&] {
        for (const parked_recipient& each : all)
            if (each.refusal && !each.decided) gate_.store_.payloads().discard(each.refusal->status.payload.ref);
    };
    if (auto looked = co_await offload(gate_.disk_, look); !looked) {
        discard();
        co_return fail(looked.error());
    }
    std::size_t sent_back = 0;
    auto change = [&](ledger::transaction& t) -> result<> {
        decision decide(gate_.options_, gate_.log_, t);
        outcome out;
        for (parked_recipient& each : all) {
            VANTHU_TRY(const bool still_parked, decide.send_back(*d, each.code, words, by));
            if (!still_parked) continue; // released or placed meanwhile
            ++sent_back;
            if (!each.refusal) continue;
            outcome answered;
            VANTHU_CHECK(decide.status(each.refusal->status, answered));
            each.decided = !answered.known;
            out.work.insert(out.work.end(), answered.work.begin(), answered.work.end());
            out.inboxes.insert(out.inboxes.end(), answered.inboxes.begin(), answered.inboxes.end());
        }
        if (sent_back == 0) return failed(errc::nothing_held, document);
        announce(t, out);
        return {};
    };
    result<> done = co_await ledger::commit(gate_.store_, std::move(change));
    if (!done)
        for (parked_recipient& each : all) each.decided = may_be_written(done.error());
    discard();
    if (!done) co_return fail(done.error());
    co_return sent_back;
}

} // namespace vanthu::intake

#include "daemon/reconciliation/repair.hpp"

#include "daemon/delivery/attempt.hpp"
#include "daemon/delivery/notices.hpp"

#include <algorithm>

namespace vanthu::reconciliation {

using records::consignment_row;
using records::state;
using records::transfer_row;

namespace {

class mending {
public:
    mending(records::writer& w, const repairing& how) : w_(w), how_(how) {}

    // False: it is no longer so.
    result<bool> send_again(const finding& f, transfer_row& t) {
        if (t.state_now != state::delivered || t.packet_sha256 != f.packet_sha256 || !t.composed) return false;
        VANTHU_TRY(const bool wanted, still_wanted(t));
        if (!wanted) return false;
        VANTHU_CHECK(w_.keep_earlier_receipt(how_.end.home, t));
        delivery::send_now(w_, how_.end.home, t);
        VANTHU_CHECK(each_recipient(t, [&](consignment_row& c) -> result<bool> {
            if (c.state_now != state::delivered || !c.statuses.empty()) return false;
            c.state_now = state::waiting;
            c.reason.clear();
            c.reason_beyond.clear();
            return true;
        }));
        return on_record(f, "send_again", t.receipt_sha256.hex());
    }

    result<bool> try_now(const finding& f, transfer_row& t) {
        if (records::is_final(t.state_now) || t.packet_sha256 != f.packet_sha256 || t.attempt_open || t.fenced)
            return false;
        const bool parked = t.state_now == state::parked;
        delivery::send_now(w_, how_.end.home, t);
        VANTHU_TRY(auto d, w_.document(f.owner, f.document));
        VANTHU_CHECK(each_recipient(t, [&](consignment_row& c) -> result<bool> {
            if (records::is_final(c.state_now)) return false;
            c.state_now = state::waiting;
            c.reason.clear();
            if (parked && d && !d->previous_node.empty()) // who was told "parked" is told that it goes on
                VANTHU_CHECK(w_.add_notice(how_.end.home, d->previous_node,
                                           {.packet_sha256 = d->packet_sha256,
                                            .recipient = c.recipient_code,
                                            .kind = "released",
                                            .by = how_.organisation,
                                            .at = w_.now()}));
            return true;
        }));
        return on_record(f, "try_now", {});
    }

    result<bool> take_notice(const finding& f) {
        VANTHU_TRY(auto d, w_.document(f.owner, f.document));
        VANTHU_TRY(auto c, w_.consignment(f.owner, f.document, f.recipient));
        if (!d || !c) return false;
        VANTHU_TRY(const bool asked_back, delivery::is_asked_back(w_, how_.end.home, *d, *c));
        std::vector<std::string> statuses;
        for (const records::status_seen& s : c->statuses) statuses.push_back(s.code);
        if (delivery::judge(f.notice_kind, c->state_now, statuses, asked_back) != delivery::claim::believed)
            return false;
        return on_record(f, "take_notice", {});
    }

    result<bool> on_record(const finding& f, std::string what, std::string proof) {
        VANTHU_CHECK(w_.add_event(f.owner, {.document = f.document,
                                            .recipient = f.recipient,
                                            .kind = "reconciled",
                                            .code = std::move(what),
                                            .by = how_.end.node,
                                            .text = boost::describe::enum_to_string(f.kind, "unknown"),
                                            .proof = std::move(proof)}));
        return true;
    }

private:
    // As compare() has found it: nobody is taken back, and somebody still waits for it.
    result<bool> still_wanted(const transfer_row& t) {
        bool open = false;
        for (const std::string& code : t.recipients) {
            VANTHU_TRY(auto c, w_.consignment(t.owner, t.document, code));
            if (!c) continue;
            if (c->state_now == state::recalled) return false;
            open = open || (c->state_now == state::delivered && c->statuses.empty());
        }
        return open;
    }
    template <class F> result<> each_recipient(const transfer_row& t, F change) {
        for (const std::string& code : t.recipients) {
            VANTHU_TRY(auto c, w_.consignment(t.owner, t.document, code));
            if (!c) continue;
            VANTHU_TRY(const bool changed, change(*c));
            if (!changed) continue;
            c->updated_at = w_.now();
            w_.put(t.owner, *c);
        }
        return {};
    }

    records::writer& w_;
    const repairing& how_;
};

} // namespace

result<std::vector<transfer_row>> repair(records::writer& w, const repairing& how, std::vector<finding>& findings) {
    std::vector<transfer_row> queued;
    std::vector<finding> kept;
    std::set<digest> counted;
    mending mend(w, how);
    for (finding& f : findings) {
        if (f.mends == remedy::none || f.why_not != withheld::no) {
            kept.push_back(std::move(f));
            continue;
        }
        VANTHU_TRY(repair_row before, repairs_of(w.transaction(), how.end.home, how.end.node, f.packet_sha256));
        // A packet is counted once a comparison, whatever its recipients.
        if (!counted.contains(f.packet_sha256) && before.repairs >= how.at_most) {
            f.why_not = withheld::given_up;
            kept.push_back(std::move(f));
            continue;
        }
        VANTHU_TRY(auto t, w.transfer(f.owner, f.document, how.end.node));
        if (!t) continue;
        bool done = false;
        if (f.mends == remedy::send_again) {
            VANTHU_TRY(done, mend.send_again(f, *t));
        } else if (f.mends == remedy::try_now) {
            VANTHU_TRY(done, mend.try_now(f, *t));
        } else {
            VANTHU_TRY(done, mend.take_notice(f));
        }
        if (!done) continue;
        if (counted.insert(f.packet_sha256).second) {
            ++before.repairs;
            before.last_at = w.now();
            put_repairs(w.transaction(), how.end.home, how.end.node, f.packet_sha256, before);
        }
        if (f.mends != remedy::take_notice) queued.push_back(std::move(*t));
        f.repaired = true;
        kept.push_back(std::move(f));
    }
    findings = std::move(kept);
    return queued;
}

} // namespace vanthu::reconciliation

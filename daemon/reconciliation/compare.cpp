#include "daemon/reconciliation/compare.hpp"

#include "daemon/delivery/notices.hpp"
#include "daemon/reconciliation/errors.hpp"

#include <algorithm>

namespace vanthu::reconciliation {

using peer::packet_stand;
using peer::recipient_stand;
using records::state;

namespace {

std::string word(state s) { return boost::describe::enum_to_string(s, "unknown"); }

std::string with_reason(const std::string& what, const std::string& reason) {
    return reason.empty() ? what : what + " " + reason;
}

finding about(const our_packet& p, finding_kind kind) {
    finding f;
    f.kind = kind;
    f.packet_sha256 = p.packet_sha256;
    f.owner = p.owner;
    f.document = p.document;
    f.label = p.label;
    return f;
}
finding about(const our_packet& p, const our_recipient& ours, const recipient_stand& theirs, finding_kind kind) {
    finding f = about(p, kind);
    f.recipient = ours.code;
    f.here = with_reason(word(ours.state_now), ours.reason);
    f.there = with_reason(theirs.state, theirs.reason);
    f.at = theirs.at;
    return f;
}

class comparison {
public:
    comparison(const rules& r, std::vector<finding>& out) : rules_(r), out_(out) {}

    void packet(const our_packet& ours, const packet_stand& theirs) {
        if (!theirs.known) return unknown_there(ours);
        if (ours.current && !records::is_final(ours.state_now)) return known_there(ours);
        if (!ours.current) return; // of other recipients: what becomes of them is on their own ladder
        if (theirs.content_sha256 != ours.content_sha256) {
            finding f = about(ours, finding_kind::content_differs);
            f.here = ours.content_sha256.hex();
            f.there = theirs.content_sha256.hex();
            add(std::move(f), remedy::none);
        }
        std::map<std::string_view, const recipient_stand*> there;
        for (const recipient_stand& r : theirs.recipients) there.emplace(r.recipient, &r);
        for (const our_recipient& r : ours.recipients) {
            auto found = there.find(r.code);
            if (found != there.end()) {
                recipient(ours, r, *found->second);
            } else if (r.state_now == state::delivered) {
                finding f = about(ours, finding_kind::recipients_differ);
                f.recipient = r.code;
                f.here = word(r.state_now);
                add(std::move(f), remedy::none);
            }
        }
    }

private:
    void add(finding f, remedy with, withheld why_not = withheld::no) {
        f.mends = with;
        f.why_not = why_not;
        if (with != remedy::none && why_not == withheld::no && !rules_.repair) f.why_not = withheld::not_asked;
        out_.push_back(std::move(f));
    }
    // The other clock is not ours: what lies ahead of it is as good as now, and never "still under way" for ever.
    bool settled(std::int64_t at) const {
        const std::int64_t now = to_us(rules_.now), span = rules_.settled.count();
        return at <= now - span || at > now + span;
    }

    void unknown_there(const our_packet& p) {
        if (p.current && p.state_now != state::delivered) return; // no receipt: it is still tried, or has ended here
        finding f = about(p, p.receipt ? finding_kind::lost_there : finding_kind::earlier_unknown);
        f.here = word(state::delivered);
        f.there = "unknown";
        if (!p.current) return add(std::move(f), remedy::send_again, withheld::earlier_envelope);
        // Only what somebody still waits for: not what was taken back, nor what the recipient's eOffice already has.
        // One envelope carries all: with one taken back among them it is no longer what its sender wants.
        bool open = false, answered = false, taken_back = false;
        for (const our_recipient& r : p.recipients) {
            taken_back = taken_back || r.state_now == state::recalled;
            if (r.state_now != state::delivered) continue;
            (r.statuses.empty() ? open : answered) = true;
        }
        add(std::move(f), remedy::send_again,
            taken_back                                    ? withheld::ended
            : open && p.repairs >= rules_.repairs_at_most ? withheld::given_up
            : open                                        ? withheld::no
            : answered                                    ? withheld::answered
                                                          : withheld::ended);
    }

    void known_there(const our_packet& p) {
        if (p.attempt_open) return; // the attempt under way learns it
        finding f = about(p, finding_kind::known_there);
        f.here = word(p.state_now);
        f.there = "known";
        add(std::move(f), remedy::try_now, p.repairs >= rules_.repairs_at_most ? withheld::given_up : withheld::no);
    }

    void recipient(const our_packet& p, const our_recipient& ours, const recipient_stand& theirs) {
        const bool there = theirs.state == "kept" || theirs.state == "handed_on";
        if (there && (ours.state_now == state::refused || ours.state_now == state::expired)) {
            if (settled(theirs.at)) add(about(p, ours, theirs, finding_kind::ended_here), remedy::none);
        } else {
            missing_notice(p, ours, theirs);
        }
        if (theirs.entries > 1) {
            finding f = about(p, ours, theirs, finding_kind::double_there);
            f.there = std::to_string(theirs.entries);
            add(std::move(f), remedy::none);
        }
        if (theirs.state == "kept" && theirs.entries == 0)
            add(about(p, ours, theirs, finding_kind::entry_missing), remedy::none);
        if (theirs.state == "kept" && theirs.entries && p.kind == "document" && !theirs.fetched_at &&
            !theirs.acked_at && theirs.at > 0 && theirs.at <= to_us(rules_.now) && rules_.office &&
            rules_.now > rules_.office->days.after(from_us(theirs.at), rules_.office->not_fetched_after))
            add(about(p, ours, theirs, finding_kind::not_fetched), remedy::none);
        if (!theirs.last_status.empty() && settled(theirs.last_status_at) &&
            std::ranges::find(ours.statuses, theirs.last_status) == ours.statuses.end()) {
            finding f = about(p, ours, theirs, finding_kind::status_missing);
            f.there = theirs.last_status;
            f.at = theirs.last_status_at;
            add(std::move(f), remedy::none);
        }
    }

    // What the other side says has become of it, and no notice of it has changed anything here. It is a claim: it ends
    // nothing that has ended, nothing that the recipient's eOffice has, and no recall does that nobody asked for.
    void missing_notice(const our_packet& p, const our_recipient& ours, const recipient_stand& theirs) {
        std::string kind;
        using delivery::claim;
        const claim stands = delivery::judge(theirs.state, ours.state_now, ours.statuses, ours.asked_back);
        if (theirs.state == "returned" || theirs.state == "expired" || theirs.state == "recalled")
            kind = stands == claim::ended_before ? std::string() : theirs.state;
        else if (theirs.state == "parked" && ours.state_now == state::delivered && ours.reason_beyond != theirs.reason)
            kind = "parked";
        else if ((theirs.state == "kept" || theirs.state == "handed_on" || theirs.state == "waiting") &&
                 ours.state_now == state::delivered && !ours.reason_beyond.empty())
            kind = theirs.state == "kept" ? "kept" : theirs.state == "handed_on" ? "accepted" : "released";
        if (kind.empty() || !settled(theirs.at)) return;
        finding f = about(p, ours, theirs, finding_kind::notice_missing);
        f.notice_kind = kind;
        f.notice_code = kind == "returned" || kind == "parked" ? theirs.reason : std::string();
        if (stands != claim::believed)
            return add(std::move(f), remedy::none, stands == claim::answered ? withheld::answered : withheld::unasked);
        add(std::move(f), remedy::take_notice, p.repairs >= rules_.repairs_at_most ? withheld::given_up : withheld::no);
    }

    const rules& rules_;
    std::vector<finding>& out_;
};

bool is_confirmed(const our_packet& p, const our_recipient& ours, const recipient_stand& theirs) {
    if (records::is_final(ours.state_now) && ours.state_now != state::delivered)
        return theirs.state == "returned" || theirs.state == "refused" || theirs.state == "expired" ||
               theirs.state == "recalled" || theirs.state == "cancelled";
    if (ours.state_now != state::delivered || !ours.reason_beyond.empty()) return false;
    if (p.kind == "status") return theirs.state == "handed_on" || (theirs.state == "kept" && theirs.entries == 1);
    // What its eOffice says later is a packet of the other side, which that one compares.
    if (theirs.last_status.empty() ||
        std::ranges::find(ours.statuses, theirs.last_status) == ours.statuses.end())
        return false;
    return theirs.state == "handed_on" || theirs.state == "refused" ||
           (theirs.state == "kept" && theirs.entries == 1 && theirs.acked_at);
}

} // namespace

bool is_confirmed(const our_packet& ours, const packet_stand& theirs) {
    if (!theirs.known) return false;
    if (!ours.current) return true; // of other recipients
    if (!records::is_final(ours.state_now) || theirs.content_sha256 != ours.content_sha256) return false;
    return std::ranges::all_of(ours.recipients, [&](const our_recipient& r) {
        auto there = std::ranges::find(theirs.recipients, r.code, &recipient_stand::recipient);
        return there != theirs.recipients.end() && is_confirmed(ours, r, *there);
    });
}

result<> check_answer(const std::vector<our_packet>& asked, const std::vector<packet_stand>& answer) {
    if (asked.size() != answer.size()) return failed(errc::answer_unfit, "packets");
    std::map<digest, const our_packet*> open;
    for (const our_packet& p : asked) open.emplace(p.packet_sha256, &p);
    for (const packet_stand& stand : answer) {
        auto found = open.find(stand.packet_sha256);
        if (found == open.end()) return failed(errc::answer_unfit, stand.packet_sha256.hex());
        std::set<std::string_view> codes;
        for (const our_recipient& r : found->second->recipients) codes.insert(r.code);
        for (const recipient_stand& r : stand.recipients)
            if (codes.erase(r.recipient) == 0) return failed(errc::answer_unfit, "recipients");
        open.erase(found);
    }
    return {};
}

std::vector<finding> compare(const std::vector<our_packet>& ours, const std::vector<packet_stand>& theirs,
                             const rules& r) {
    std::vector<finding> out;
    comparison c(r, out);
    std::map<digest, const packet_stand*> there;
    for (const packet_stand& p : theirs) there.emplace(p.packet_sha256, &p);
    for (const our_packet& p : ours)
        if (auto found = there.find(p.packet_sha256); found != there.end()) c.packet(p, *found->second);
    return out;
}

std::vector<finding> compare_listed(const std::vector<peer::listed_packet>& listed, const std::set<digest>& on_record) {
    std::vector<finding> out;
    for (const peer::listed_packet& p : listed) {
        if (on_record.contains(p.packet_sha256)) continue;
        finding f;
        f.kind = finding_kind::not_on_record_here;
        f.packet_sha256 = p.packet_sha256;
        f.label = p.number.empty() ? p.document_id : p.notation.empty() ? p.number : p.number + "/" + p.notation;
        f.here = "unknown";
        f.there = "known";
        f.at = p.at;
        out.push_back(std::move(f));
    }
    return out;
}

} // namespace vanthu::reconciliation

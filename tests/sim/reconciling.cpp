// What the partner says it holds, and everything wrong that it can say instead.
#include "schemas/peer/reconciliation.hpp"
#include "tests/sim/partner.hpp"

#include <algorithm>

namespace vanthu::sim {
namespace {

using peer::listed_packet;
using peer::packet_stand;

// Long enough ago for vanthud not to take it for something under way (reconciliation::rules::settled).
std::int64_t an_hour_ago() { return to_us(system_clock().now() - std::chrono::hours(1)); }

digest another(digest d) {
    d.value[31] ^= 0x5a;
    return d;
}

// Of one packet; stand_twice is its caller's.
void spoil(packet_stand& p, const std::string& fault) {
    if (fault == "not_known")
        p = {.packet_sha256 = p.packet_sha256, .known = false, .content_sha256 = {}, .recipients = {}};
    if (fault == "other_content") p.content_sha256 = another(p.content_sha256);
    if (fault == "recipient_left_out") p.recipients.clear();
    for (peer::recipient_stand& r : p.recipients) {
        if (fault == "second_entry") r.entries = 2;
        if (fault == "no_entry") r.entries = 0;
        if (fault == "status_ahead") {
            r.last_status = "03";
            r.last_status_at = an_hour_ago();
        }
        if (fault == "says_recalled" || fault == "says_parked") {
            r.state = fault.substr(5);
            if (fault == "says_parked") r.reason = "sim.parked";
            r.at = an_hour_ago();
        }
        if (fault == "other_recipient") r.recipient += ".77";
    }
}

} // namespace

void receiver::answer_sent(const peer::reconcile_question& q, peer::reconcile_answer& out) {
    for (const peer::asked_packet& asked : q.sent) {
        packet_stand p;
        p.packet_sha256 = asked.packet_sha256;
        std::string key = "unknown " + asked.packet_sha256.hex(), kind;
        {
            std::lock_guard lock(guard_);
            if (auto found = held_.find(asked.packet_sha256); found != held_.end()) {
                const held& h = found->second;
                key = h.key;
                kind = h.listed.kind;
                p.known = true;
                p.content_sha256 = h.content;
                for (const std::string& code : asked.recipients)
                    if (std::ranges::find(h.recipients, code) != h.recipients.end())
                        p.recipients.push_back({.recipient = code, .state = "kept", .at = h.listed.at, .entries = 1});
            }
        }
        const rule* r = decisions_.next(settings_.faults.answering, key, "stand", kind);
        if (r) spoil(p, r->fault);
        if (r && r->fault == "stand_twice") out.sent.push_back(p);
        out.sent.push_back(std::move(p));
    }
}

// `how`: what is wrong with the page as a whole; nullptr: nothing.
void receiver::answer_list(const peer::asked_list& q, const rule* how, peer::reconcile_answer& out) {
    const std::string fault = how ? how->fault : "";
    const std::size_t page = how && how->value ? how->value : peer::reconcile_page;
    std::vector<std::pair<std::string, listed_packet>> rows; // in the order of their hashes, with their keys
    {
        std::lock_guard lock(guard_);
        for (const auto& [sha, h] : held_)
            if (h.listed.at >= q.since) rows.emplace_back(h.key, h.listed);
    }
    const bool backwards = fault == "pages_backwards";
    if (backwards) std::ranges::reverse(rows);
    for (const auto& [key, row] : rows) {
        const digest& sha = row.packet_sha256;
        if (q.after && fault != "same_page" && (backwards ? sha >= *q.after : sha <= *q.after)) continue;
        if (out.listed.size() >= page) {
            out.next = out.listed.back().packet_sha256;
            break;
        }
        const rule* r = decisions_.next(settings_.faults.answering, key, "listed", row.kind);
        if (r && r->fault == "left_out") continue;
        out.listed.push_back(row);
        if (r && r->fault == "listed_twice") out.listed.push_back(row);
        if (r && r->fault == "listed_other_hash") out.listed.back().packet_sha256 = another(sha);
    }
    if (fault == "never_sent") {
        listed_packet invented{.packet_sha256 = sha256::of("never sent " + std::to_string(settings_.seed)),
                               .kind = "document",
                               .issuer = "H48",
                               .document_id = "never-sent",
                               .number = "1",
                               .notation = "SIM",
                               .at = an_hour_ago(),
                               .leaf = 0};
        out.listed.push_back(std::move(invented));
        std::ranges::sort(out.listed, {}, &listed_packet::packet_sha256);
    }
    if (fault == "other_order") std::ranges::reverse(out.listed);
    if (fault == "same_page" && !out.listed.empty()) out.next = out.listed.back().packet_sha256;
}

bool receiver::reconcile(wire& w, const std::string& body) {
    auto q = peer::decode_reconcile_question(body);
    if (!q) {
        journal_.complain("a question that cannot be read: " + body);
        w.write(answer_text(400, error_text(400)));
        return true;
    }
    const rule* r =
        decisions_.next(settings_.faults.answering, q->list ? "reconcile list" : "reconcile sent", "reconcile", "");
    peer::reconcile_answer answer;
    if (q->list)
        answer_list(*q->list, r, answer);
    else
        answer_sent(*q, answer);
    if (r && r->fault == "other_question") { // as if it had been asked about something else
        packet_stand p;
        p.packet_sha256 = sha256::of(body);
        answer = {.sent = {p}, .listed = {}, .next = p.packet_sha256};
        if (q->list && q->list->after) answer.next = q->list->after;
    }
    const std::string right = answer_text(200, peer::encode(answer));
    return answer_by(w, r, right);
}

} // namespace vanthu::sim

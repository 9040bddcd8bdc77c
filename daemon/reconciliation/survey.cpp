#include "daemon/reconciliation/survey.hpp"

#include "daemon/delivery/notices.hpp"
#include "daemon/ledger/keys.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <tuple>

namespace vanthu::reconciliation {

using ledger::row_key;
using records::consignment_row;
using records::document_row;
using records::state;
using records::transfer_row;

namespace {

constexpr std::size_t rows_in_a_page = 2'000; // looked at, also where few of them are of interest
// In the order of arrival most rows are only looked through for the other node's name.
constexpr std::size_t arrivals_in_a_page = 50'000, bytes_in_a_page = 32u << 20;
// A document's id is of the moment when its packet was being decided; it is seen when that is on disk. A later list
// begins so long before the last id that this one has seen.
constexpr std::chrono::milliseconds late_at_most = std::chrono::minutes(15);

// The packets under one of the keys that end in a hash, after `after`; at most `limit`.
result<std::vector<digest>> packets_after(const ledger::view& view, const std::string& prefix,
                                          const std::optional<digest>& after, std::size_t limit) {
    std::vector<digest> out;
    std::string from;
    if (after) from = prefix + std::string(as_text(after->view()));
    VANTHU_CHECK(view.scan(prefix, from, [&](std::string_view key, std::string_view) {
        if (key == from || key.size() != prefix.size() + 32) return true;
        digest d;
        std::ranges::copy(as_bytes(key.substr(prefix.size())), d.value.begin());
        out.push_back(d);
        return out.size() < limit;
    }));
    return out;
}

std::string label_of(const document_row& d) {
    std::string out = d.identity.number.empty()     ? d.identity.document_id
                      : d.identity.notation.empty() ? d.identity.number
                                                    : d.identity.number + "/" + d.identity.notation;
    return d.kind == records::document_kind::status ? d.status_code + " " + out : out;
}

std::vector<std::string> codes_of(const consignment_row& c) {
    std::vector<std::string> out;
    for (const records::status_seen& s : c.statuses) out.push_back(s.code);
    return out;
}

// An earlier receipt of this hop for exactly this packet: its text names the packet's hash.
result<bool> has_earlier_receipt(const ledger::view& view, const link_end& end, const records::reader::place& place,
                                 const digest& packet) {
    const std::string hex = packet.hex();
    bool found = false;
    VANTHU_CHECK(view.scan(row_key(end.home, 'r').text(place.owner).text(place.document).text(end.node), {},
                           [&](std::string_view, std::string_view value) {
                               found = value.find(hex) != std::string_view::npos;
                               return !found;
                           }));
    return found;
}

// nullopt: outside of the window.
result<std::optional<our_packet>> packet_of(const ledger::view& view, const link_end& end, const digest& sha,
                                            const window& asked, bool& too_old) {
    const records::reader read(view);
    VANTHU_TRY(auto place, read.sent_to(end.home, end.node, sha));
    if (!place) return std::optional<our_packet>();
    VANTHU_TRY(auto t, read.transfer(place->owner, place->document, end.node));
    if (!t) return std::optional<our_packet>(); // fsck tells of rows that point nowhere
    const bool current = t->packet_sha256 == sha, waits = current && !records::is_final(t->state_now);
    too_old = !waits && t->created_at < asked.since;
    if (too_old || (!waits && t->created_at > asked.until)) return std::optional<our_packet>();
    VANTHU_TRY(auto d, read.document(place->owner, place->document));
    if (!d) return std::optional<our_packet>();
    our_packet p{.packet_sha256 = sha,
                 .owner = place->owner,
                 .document = place->document,
                 .label = label_of(*d),
                 .kind = d->kind == records::document_kind::status ? "status" : "document",
                 .content_sha256 = d->content_sha256};
    p.current = current;
    p.state_now = t->state_now;
    p.attempt_open = t->attempt_open;
    p.handed_at = t->last_attempt_at;
    VANTHU_TRY(const repair_row repaired, repairs_of(view, end.home, end.node, sha));
    p.repairs = repaired.repairs;
    if (!p.current) {
        VANTHU_TRY(p.receipt, has_earlier_receipt(view, end, *place, sha));
        return p;
    }
    VANTHU_TRY(auto receipt, read.hop_receipt(end.home, place->owner, place->document, end.node));
    p.receipt = t->state_now == state::delivered && receipt.has_value();
    for (const std::string& code : t->recipients) {
        if (p.recipients.size() >= peer::reconcile_recipients) break;
        VANTHU_TRY(auto c, read.consignment(place->owner, place->document, code));
        if (!c) continue;
        VANTHU_TRY(const bool asked_back, delivery::is_asked_back(read, end.home, *d, *c));
        p.recipients.push_back({code, c->state_now, c->reason, c->reason_beyond, codes_of(*c), asked_back});
    }
    return p;
}

// The other documents on record with this one's identity and content: looked for once a packet, whatever its
// recipients. Bounded: somebody may have sent it very often.
struct named_document {
    std::string owner, id;
};
result<std::vector<named_document>> doubles_of(const ledger::view& view, const link_end& end, const document_row& d) {
    constexpr std::size_t looked_at = 100;
    std::vector<named_document> out;
    if (d.kind != records::document_kind::document || d.identity.document_id.empty()) return out;
    auto same = [](const records::business_identity& a, const records::business_identity& b) {
        return std::tie(a.issuer, a.business_type, a.document_id, a.notation, a.date) ==
                   std::tie(b.issuer, b.business_type, b.document_id, b.notation, b.date) &&
               records::comparable_number(a.number) == records::comparable_number(b.number);
    };
    const records::reader read(view);
    for (const std::string& owner : std::set<std::string>{end.home, d.owner, d.identity.issuer}) {
        if (owner.empty()) continue;
        std::vector<std::string> ids;
        VANTHU_CHECK(view.scan(row_key(owner, 'B').u8(0).text(d.identity.issuer).text(d.identity.document_id), {},
                               [&](std::string_view, std::string_view id) {
                                   if (id.size() > 2) ids.emplace_back(id.substr(2));
                                   return ids.size() < looked_at;
                               }));
        for (const std::string& id : ids) {
            if (owner == d.owner && id == d.id) continue;
            VANTHU_TRY(auto other, read.document(owner, id));
            if (other && same(other->identity, d.identity) && other->content_sha256 == d.content_sha256)
                out.push_back({owner, id});
        }
    }
    return out;
}

// How many inbox entries one recipient has of them; `inbox_id`: the one that is known to be there, empty: none.
result<std::uint32_t> entries_of(const records::reader& read, const std::vector<named_document>& doubles,
                                 const consignment_row& c, const std::string& inbox_id) {
    std::set<std::string> ids;
    if (!inbox_id.empty()) ids.insert(inbox_id);
    for (const named_document& d : doubles) {
        VANTHU_TRY(auto one, read.consignment(d.owner, d.id, c.recipient_code));
        if (!one || one->recipient != c.recipient || one->inbox_id.empty() || ids.contains(one->inbox_id)) continue;
        VANTHU_TRY(auto entry, read.inbox_entry(one->recipient, one->inbox_id));
        if (entry) ids.insert(one->inbox_id);
    }
    return static_cast<std::uint32_t>(ids.size());
}

// In the words of docs/peer-protocol.md.
void say_state(const consignment_row& c, peer::recipient_stand& out) {
    const bool local = c.hop == "local";
    switch (c.state_now) {
    case state::delivered:
        out.state = local ? "kept" : c.reason_beyond.empty() ? "handed_on" : "parked";
        if (!local) out.reason = c.reason_beyond;
        break;
    case state::refused:
        out.state = local ? "refused" : "returned"; // local: answered by a status 02, not by a notice
        out.reason = c.reason;
        break;
    case state::recalled:
        out.state = local ? "cancelled" : "recalled";
        break;
    case state::expired:
        out.state = "expired";
        out.reason = c.reason;
        break;
    case state::parked:
        out.state = "parked";
        out.reason = c.reason;
        break;
    case state::waiting:
    case state::active:
    case state::deferred:
        out.state = "waiting";
        break;
    }
}

result<peer::packet_stand> stand_of(const ledger::view& view, const link_end& end, const peer::asked_packet& asked) {
    const records::reader read(view);
    peer::packet_stand out;
    out.packet_sha256 = asked.packet_sha256;
    VANTHU_TRY(auto place, read.received_from(end.home, end.node, asked.packet_sha256));
    if (!place) return out;
    VANTHU_TRY(auto d, read.document(place->owner, place->document));
    if (!d) return out;
    out.known = true;
    out.content_sha256 = d->content_sha256;
    VANTHU_TRY(const auto doubles, doubles_of(view, end, *d));
    for (const std::string& code : std::set<std::string>(asked.recipients.begin(), asked.recipients.end())) {
        VANTHU_TRY(auto c, read.consignment(place->owner, place->document, code));
        if (!c) continue;
        peer::recipient_stand r;
        r.recipient = code;
        say_state(*c, r);
        r.at = c->updated_at;
        r.last_status = c->last_status;
        r.last_status_at = c->last_status_time;
        if (c->hop == "local" && !c->inbox_id.empty()) {
            VANTHU_TRY(auto entry, read.inbox_entry(c->recipient, c->inbox_id));
            if (entry) {
                r.at = entry->created_at;
                r.fetched_at = entry->fetched_at;
                r.acked_at = entry->acked_at;
            }
            VANTHU_TRY(r.entries, entries_of(read, doubles, *c, entry ? c->inbox_id : std::string()));
        }
        out.recipients.push_back(std::move(r));
    }
    return out;
}

peer::listed_packet listed(const document_row& d, const digest& sha, std::uint64_t leaf) {
    return {.packet_sha256 = sha,
            .kind = d.kind == records::document_kind::status ? "status" : "document",
            .issuer = d.identity.issuer,
            .document_id = d.identity.document_id,
            .number = d.identity.number,
            .notation = d.identity.notation,
            .at = d.received_at,
            .leaf = leaf};
}

// What every id of that moment or later is behind.
std::string before_ids_of(timestamp at) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(to_us(at), 0) / 1000);
    return fmt::format("{:08x}-{:04x}", ms >> 16 & 0xffffffff, ms & 0xffff);
}
std::optional<timestamp> time_of(std::string_view id) {
    std::uint64_t ms = 0;
    if (id.size() < 13) return std::nullopt;
    const std::string hex = std::string(id.substr(0, 8)).append(id.substr(9, 4));
    auto [end, ec] = std::from_chars(hex.data(), hex.data() + hex.size(), ms, 16);
    if (ec != std::errc() || end != hex.data() + hex.size()) return std::nullopt;
    return from_us(static_cast<std::int64_t>(ms) * 1000);
}

// Our ids are in the order of time, whatever the clock did meanwhile, and what peers bring stands under one owner: so
// no index is needed. A packet whose document was here already has none of its own; only the list by hashes names it.
result<> list_arrivals(const ledger::view& view, const link_end& end, const peer::asked_list& asked,
                       peer::reconcile_answer& out) {
    std::string begin = before_ids_of(from_us(asked.since));
    if (time_of(asked.from)) begin = std::max(begin, asked.from); // else it is none that was named here
    std::vector<std::string> ids;
    std::size_t looked_at = 0, bytes = 0;
    std::string last = begin;
    bool full = false;
    VANTHU_CHECK(view.scan(row_key(end.home, 'D'), row_key(end.home, 'D').text(begin),
                           [&](std::string_view key, std::string_view value) {
                               auto parts = ledger::row_key_reader::open(key);
                               if (!parts) return true;
                               auto id = parts->text();
                               if (!id || *id <= begin) return true;
                               full = ids.size() == peer::reconcile_page || looked_at == arrivals_in_a_page ||
                                      bytes >= bytes_in_a_page;
                               if (full) return false;
                               ++looked_at;
                               bytes += value.size();
                               last = *id;
                               if (value.find(end.node) != std::string_view::npos) ids.push_back(std::move(*id));
                               return true;
                           }));
    const records::reader read(view);
    for (const std::string& id : ids) {
        VANTHU_TRY(auto d, read.document(end.home, id));
        if (d && d->previous_node == end.node && d->received_at >= asked.since)
            out.listed.push_back(listed(*d, d->packet_sha256, d->leaf));
    }
    out.by_arrival = true;
    if (full)
        out.next_from = last;
    else if (auto at = time_of(last))
        out.again_from = before_ids_of(*at - late_at_most);
    return {};
}

} // namespace

result<sent_page> sent_after(const ledger::view& view, const link_end& end, const std::optional<digest>& after,
                             const window& asked, walk which) {
    const char rows = which == walk::unconfirmed ? 'x' : 'X';
    VANTHU_TRY(auto keys, packets_after(view, row_key(end.home, rows).text(end.node).take(), after, rows_in_a_page));
    const records::reader read(view);
    sent_page page;
    std::size_t recipients = 0;
    for (const digest& sha : keys) {
        VANTHU_TRY(const bool unconfirmed, read.is_unconfirmed(end.home, end.node, sha));
        std::optional<our_packet> p;
        bool too_old = false;
        if (which != walk::confirmed || !unconfirmed) {
            VANTHU_TRY(p, packet_of(view, end, sha, asked, too_old));
        }
        if (p) {
            recipients += p->recipients.size();
            if (!page.packets.empty() && recipients > peer::reconcile_recipients) return page;
            p->unconfirmed = unconfirmed;
            page.packets.push_back(std::move(*p));
        }
        if (too_old && unconfirmed) page.too_old.push_back(sha);
        page.next = sha;
        ++page.walked;
        if (page.packets.size() == peer::reconcile_page) return page;
    }
    if (keys.size() < rows_in_a_page) page.next.reset();
    return page;
}

result<std::vector<our_packet>> with_receipt(const ledger::view& view, const link_end& end,
                                             const std::vector<digest>& packets) {
    std::vector<our_packet> out;
    for (const digest& sha : packets) {
        bool too_old = false;
        VANTHU_TRY(auto p, packet_of(view, end, sha, {}, too_old));
        if (p && p->current && p->receipt) out.push_back(std::move(*p));
    }
    return out;
}

result<peer::reconcile_answer> answer(const ledger::view& view, const link_end& end,
                                      const peer::reconcile_question& q) {
    peer::reconcile_answer out;
    for (const peer::asked_packet& asked : q.sent) {
        VANTHU_TRY(auto stand, stand_of(view, end, asked));
        out.sent.push_back(std::move(stand));
    }
    if (!q.list) return out;
    if (q.list->by_arrival) {
        VANTHU_CHECK(list_arrivals(view, end, *q.list, out));
        return out;
    }
    VANTHU_TRY(auto keys,
               packets_after(view, row_key(end.home, 'H').text(end.node).take(), q.list->after, rows_in_a_page));
    const records::reader read(view);
    for (const digest& sha : keys) {
        out.next = sha;
        VANTHU_TRY(auto place, read.received_from(end.home, end.node, sha));
        if (!place) continue;
        VANTHU_TRY(auto d, read.document(place->owner, place->document));
        if (!d || d->received_at < q.list->since) continue;
        out.listed.push_back(listed(*d, sha, place->leaf));
        if (out.listed.size() == peer::reconcile_page) return out;
    }
    if (keys.size() < rows_in_a_page) out.next.reset();
    return out;
}

result<std::set<digest>> on_record_here(const ledger::view& view, const link_end& end,
                                   const std::vector<peer::listed_packet>& listed) {
    const records::reader read(view);
    std::set<digest> out;
    for (const peer::listed_packet& p : listed) {
        VANTHU_TRY(auto place, read.sent_to(end.home, end.node, p.packet_sha256));
        if (place) out.insert(p.packet_sha256);
    }
    return out;
}

} // namespace vanthu::reconciliation

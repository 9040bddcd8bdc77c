#include "daemon/records/framing.hpp"

#include <algorithm>

namespace vanthu::records {

void writer::put(const document_row& d) { transaction_.put(row_key(d.owner, 'D').text(d.id), framed('D', d)); }

void writer::index_document(const document_row& d) {
    const business_identity& i = d.identity;
    const std::string value = framed_text('B', d.id);
    if (!i.document_id.empty())
        transaction_.put(row_key(d.owner, 'B').u8(0).text(i.issuer).text(i.document_id).text(d.id), value);
    if (!i.number.empty())
        transaction_.put(row_key(d.owner, 'B')
                             .u8(1)
                             .text(i.issuer)
                             .text(comparable_number(i.number))
                             .text(i.notation)
                             .text(i.date.substr(0, 4)) // numbers begin again every year
                             .text(d.id),
                         value);
}

void writer::put(std::string_view owner, const consignment_row& c) {
    transaction_.put(row_key(owner, 'C').text(c.document).text(c.recipient_code), framed('C', c));
}
// Each row under its last one's code and a byte: behind that one's own row and before what follows it.
void writer::put_all(std::string_view owner, std::span<const consignment_row> all) {
    std::vector<const consignment_row*> sorted;
    for (const consignment_row& c : all) sorted.push_back(&c);
    std::ranges::sort(sorted, [](auto* a, auto* b) { return a->recipient_code < b->recipient_code; });
    std::string text;
    for (std::size_t begin = 0; begin < sorted.size(); begin += several_at_most) {
        const std::size_t end = std::min(begin + several_at_most, sorted.size());
        const consignment_row &first = *sorted[begin], &last = *sorted[end - 1];
        text.clear();
        append_json(first, text);
        for (std::size_t i = begin + 1; i < end; ++i) {
            text += ',';
            append_members(*sorted[i], first, text);
        }
        transaction_.put(row_key(owner, 'C').text(last.document).text(last.recipient_code).u8(1),
                         framed_several('C', text));
    }
}
void writer::put(const transfer_row& t) {
    transaction_.put(row_key(t.owner, 'T').text(t.document).text(t.node), framed('T', t));
}
void writer::put_pieces(const transfer_row& t, const std::vector<piece_row>& pieces) {
    transaction_.put(row_key(t.owner, 'P').text(t.document).text(t.node), framed('P', envelope_row{pieces}));
}
void writer::add_work(std::string_view home, const transfer_row& t) {
    transaction_.put(work_key(home, t), ledger::row_writer('W', work_version)
                                            .i64(t.next_attempt_at)
                                            .i64(t.created_at)
                                            .u8(static_cast<std::uint8_t>(t.priority))
                                            .u64(t.size)
                                            .text(t.turn)
                                            .flag(t.expiry_warned_at != 0)
                                            .take());
}
void writer::remove_work(std::string_view home, const transfer_row& t) { transaction_.erase(work_key(home, t)); }
void writer::put(std::string_view home, const unplaced& u) {
    transaction_.put(unplaced_key(home, u), framed_text('U', ""));
}
void writer::remove(std::string_view home, const unplaced& u) { transaction_.erase(unplaced_key(home, u)); }
void writer::sent(std::string_view home, const transfer_row& t) {
    transaction_.put(row_key(home, 'X').text(t.node).raw(t.packet_sha256.view()),
                     framed_text('X', place_text({t.owner, t.document, {}, 0})));
    put_unconfirmed(home, t.node, t.packet_sha256);
}
void writer::put_unconfirmed(std::string_view home, std::string_view node, const digest& packet) {
    transaction_.put(unconfirmed_key(home, node, packet), framed_text('x', ""));
}
void writer::remove_unconfirmed(std::string_view home, std::string_view node, const digest& packet) {
    transaction_.erase(unconfirmed_key(home, node, packet));
}

result<> writer::add_event(std::string_view owner, event_row e) {
    VANTHU_TRY(e.sequence, transaction_.next_sequence(row_key(owner, 'Z').text("event")));
    e.at = now();
    if (gathers_ && !e.document.empty()) {
        gathered& g = gathered_;
        if (g.count == several_at_most || g.owner != owner || g.first.document != e.document) put_gathered();
        g.last = e.sequence;
        if (g.count++) {
            g.text += ',';
            append_members(e, g.first, g.text);
        } else {
            g.owner = owner;
            append_json(e, g.text);
            g.first = std::move(e);
        }
        return {};
    }
    put_gathered(); // no row of several may span another's sequence
    transaction_.put(row_key(owner, 'E').u64(e.sequence), framed('E', e));
    if (!e.document.empty())
        transaction_.put(row_key(owner, 'e').text(e.document).u64(e.sequence), framed_text('e', ""));
    return {};
}

void writer::gather_events() { gathers_ = true; }
void writer::write_gathered_events() {
    put_gathered();
    gathers_ = false;
}
// Under the last one's sequence: who looks for those above any sequence finds the row that holds the next.
void writer::put_gathered() {
    gathered& g = gathered_;
    if (g.count == 0) return;
    transaction_.put(row_key(g.owner, 'E').u64(g.last),
                     g.count == 1 ? framed_text('E', g.text) : framed_several('E', g.text));
    transaction_.put(row_key(g.owner, 'e').text(g.first.document).u64(g.last), framed_text('e', ""));
    g.text.clear();
    g.count = 0;
}

result<inbox_row> writer::add_inbox(inbox_row entry, std::string_view id) {
    VANTHU_TRY(entry.sequence, transaction_.next_sequence(row_key(entry.organisation, 'Z').text("inbox"),
                                                          row_key(entry.organisation, 'I')));
    entry.id = id;
    entry.created_at = now();
    if (!write_sequence(entry.id, entry.sequence))
        transaction_.put(row_key(entry.organisation, 'i').text(entry.id),
                         framed_text('i', std::to_string(entry.sequence)));
    put(entry);
    return entry;
}
void writer::put(const inbox_row& entry) {
    transaction_.put(row_key(entry.organisation, 'I').u64(entry.sequence), framed('I', entry));
}

void writer::put(std::string_view home, const recall_row& r) {
    transaction_.put(row_key(home, 'Q').text(r.issuer).text(r.target).text(r.recipient), framed('Q', r));
}
void writer::remove(std::string_view home, const recall_row& r) {
    transaction_.erase(row_key(home, 'Q').text(r.issuer).text(r.target).text(r.recipient));
}
void writer::put(std::string_view organisation, std::string_view credential, std::string_view key,
                 const idempotency_row& row) {
    transaction_.put(row_key(organisation, 'Y').text(credential).text(key), framed('Y', row));
}
void writer::received(std::string_view home, std::string_view node, const digest& packet, const place& where) {
    transaction_.put(row_key(home, 'H').text(node).raw(packet.view()), framed_text('H', place_text(where)));
}
result<> writer::add_notice(std::string_view home, std::string_view node, notice_row n) {
    VANTHU_TRY(n.sequence, transaction_.next_sequence(row_key(home, 'Z').text("notice").text(node)));
    transaction_.put(row_key(home, 'N').text(node).u64(n.sequence), framed('N', n));
    return {};
}
void writer::remove_notices(std::string_view home, std::string_view node, std::uint64_t up_to) {
    std::vector<std::string> gone;
    (void)transaction_.scan(row_key(home, 'N').text(node), {}, [&](std::string_view key, std::string_view value) {
        auto n = unframed<notice_row>('N', value);
        if (!n || n->sequence > up_to) return false;
        gone.emplace_back(key);
        return true;
    });
    for (const std::string& key : gone) transaction_.erase(key);
}
void writer::notices_received_up_to(std::string_view home, std::string_view node, std::string_view instance,
                                    std::uint64_t sequence) {
    transaction_.put(notices_key(home, node, instance), framed_text('n', std::to_string(sequence)));
}
result<> writer::keep_earlier_receipt(std::string_view home, const transfer_row& t) {
    VANTHU_TRY(auto receipt, hop_receipt(home, t.owner, t.document, t.node));
    if (receipt)
        transaction_.put(row_key(home, 'r').text(t.owner).text(t.document).text(t.node).raw(t.receipt_sha256.view()),
                         framed_text('r', *receipt));
    return {};
}
void writer::put_hop_receipt(std::string_view home, const transfer_row& t, std::string_view receipt) {
    transaction_.put(row_key(home, 'r').text(t.owner).text(t.document).text(t.node), framed_text('r', receipt));
}

} // namespace vanthu::records

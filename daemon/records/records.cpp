#include "daemon/records/records.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/ledger/keys.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::records {
namespace {

using ledger::row_key;
using ledger::row_key_reader;

constexpr error_row rows[] = {
    {int(errc::row_unreadable), "row_unreadable", 500, retry::no, "Bản ghi trong kho không đọc được.",
     "A row of the store cannot be read.", "Chạy vanthu store check và báo cho người vận hành.",
     "Run the store check and tell the operator."},
    {int(errc::document_unknown), "document_unknown", 404, retry::no, "Không có văn bản với mã này.",
     "There is no document with this id.", "Kiểm tra mã văn bản và quyền của khóa truy cập.",
     "Check the id and the rights of the credential."},
    {int(errc::inbox_entry_unknown), "inbox_entry_unknown", 404, retry::no, "Không có mục này trong hộp đến.",
     "There is no such entry in the inbox.", "Đọc lại hộp đến để lấy mã đúng.",
     "Read the inbox again for the right id."},
};
const error_table table("records", rows);

constexpr char row_version = 1;

template <class Row> std::string framed(char type, const Row& row) {
    std::string out{type, row_version};
    out += json::serialize(to_json(row));
    return out;
}
// The payload's reference is bytes, and JSON carries text only.
std::string framed(char type, const document_row& row) {
    document_row legible = row;
    legible.payload = base64_encode(as_bytes(row.payload));
    return framed<document_row>(type, legible);
}

template <class Row> result<Row> unframed(char type, std::string_view value) {
    if (value.size() < 2 || value[0] != type || value[1] != row_version)
        return failed(errc::row_unreadable, std::string("row type ") + type);
    boost::system::error_code ec;
    json::value v = json::parse(json::string_view(value.data() + 2, value.size() - 2), ec);
    if (ec) return failed(errc::row_unreadable, std::string("row type ") + type + ": " + ec.message());
    Row row;
    from_json(v, row);
    if constexpr (std::is_same_v<Row, document_row>) {
        auto reference = base64_decode(row.payload);
        if (!reference) return failed(errc::row_unreadable, std::string("row type ") + type + ": payload");
        row.payload.assign(as_text(*reference));
    }
    return row;
}

template <class Row> result<std::optional<Row>> get(const ledger::view& view, char type, std::string_view key) {
    VANTHU_TRY(std::optional<std::string> value, view.get(key));
    if (!value) return std::optional<Row>{};
    VANTHU_TRY(Row row, unframed<Row>(type, *value));
    return std::optional<Row>(std::move(row));
}

template <class Row>
result<std::vector<Row>> all(const ledger::view& view, char type, std::string_view prefix, std::string_view from = {},
                             std::size_t limit = SIZE_MAX, ledger::direction way = ledger::direction::forward) {
    std::vector<Row> out;
    std::optional<failure> wrong;
    VANTHU_CHECK(view.scan(
        prefix, from,
        [&](std::string_view, std::string_view value) {
            auto row = unframed<Row>(type, value);
            if (!row) {
                wrong = row.error();
                return false;
            }
            out.push_back(std::move(*row));
            return out.size() < limit;
        },
        way));
    if (wrong) return fail(*wrong);
    return out;
}

// Values that are one short text.
std::string framed_text(char type, std::string_view text) { return std::string{type, row_version}.append(text); }
result<std::optional<std::string>> get_text(const ledger::view& view, char type, std::string_view key) {
    VANTHU_TRY(std::optional<std::string> value, view.get(key));
    if (!value) return value;
    if (value->size() < 2 || (*value)[0] != type || (*value)[1] != row_version) return failed(errc::row_unreadable);
    return std::optional<std::string>(value->substr(2));
}

std::string place_text(const reader::place& p) {
    return p.owner + '\n' + p.document + '\n' + p.log_origin + '\n' + std::to_string(p.leaf);
}
result<std::optional<reader::place>> get_place(const ledger::view& view, char type, std::string_view key) {
    VANTHU_TRY(std::optional<std::string> text, get_text(view, type, key));
    if (!text) return std::optional<reader::place>{};
    std::string parts[4];
    std::size_t at = 0;
    for (std::string& part : parts) {
        if (at > text->size()) return failed(errc::row_unreadable);
        std::size_t end = std::min(text->find('\n', at), text->size());
        part = text->substr(at, end - at);
        at = end + 1;
    }
    reader::place p{parts[0], parts[1], parts[2], 0};
    auto [rest, wrong] = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), p.leaf);
    if (wrong != std::errc()) return failed(errc::row_unreadable);
    return std::optional<reader::place>(std::move(p));
}

// Contracts 1: DocumentId, type, number compared as a number, notation, date; and, weaker, number and notation alone.
std::string identity_key(std::string_view owner, std::string_view recipient, const business_identity& i) {
    return row_key(owner, 'K')
        .text(recipient)
        .text(i.issuer)
        .u32(static_cast<std::uint32_t>(i.business_type))
        .text(i.document_id)
        .text(comparable_number(i.number))
        .text(i.notation)
        .text(i.date)
        .take();
}
std::string number_key(std::string_view owner, std::string_view recipient, const business_identity& i) {
    return row_key(owner, 'k')
        .text(recipient)
        .text(i.issuer)
        .u32(static_cast<std::uint32_t>(i.business_type))
        .text(comparable_number(i.number))
        .text(i.notation)
        .text(i.date.substr(0, 4))
        .take(); // numbers run within a year
}

std::string work_key(std::string_view home, const transfer_row& t) {
    return row_key(home, 'W').text(t.owner).text(t.document).text(t.node).take();
}

} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

std::string comparable_number(std::string_view number) {
    if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return std::string(number);
    std::size_t first = std::min(number.find_first_not_of('0'), number.size() - 1);
    return std::string(number.substr(first));
}

bool status_advances(std::string_view last, std::int64_t last_time, std::string_view next, std::int64_t next_time) {
    auto rank = [](std::string_view code) {
        static constexpr std::string_view order[] = {"01", "03", "04", "05", "06", "02", "13", "16", "15"};
        auto at = std::find(std::begin(order), std::end(order), code);
        return at == std::end(order) ? -1 : static_cast<int>(at - std::begin(order));
    };
    if (last.empty()) return true;
    if (rank(next) != rank(last)) return rank(next) > rank(last);
    return next_time > last_time;
}

result<std::optional<document_row>> reader::document(std::string_view owner, std::string_view id) const {
    return get<document_row>(view_, 'D', row_key(owner, 'D').text(id));
}
result<std::vector<document_row>> reader::documents(std::string_view owner, std::string_view before,
                                                    std::size_t limit) const {
    std::string prefix = row_key(owner, 'D').take();
    if (before.empty()) return all<document_row>(view_, 'D', prefix, {}, limit, ledger::direction::backward);
    VANTHU_TRY(auto rows, all<document_row>(view_, 'D', prefix, row_key(owner, 'D').text(before).view(), limit + 1,
                                            ledger::direction::backward));
    if (!rows.empty() && rows.front().id == before) rows.erase(rows.begin());
    if (rows.size() > limit) rows.pop_back();
    return rows;
}
result<std::vector<consignment_row>> reader::consignments(std::string_view owner, std::string_view document) const {
    return all<consignment_row>(view_, 'C', row_key(owner, 'C').text(document));
}
result<std::optional<consignment_row>> reader::consignment(std::string_view owner, std::string_view document,
                                                           std::string_view code) const {
    return get<consignment_row>(view_, 'C', row_key(owner, 'C').text(document).text(code));
}
result<std::optional<transfer_row>> reader::transfer(std::string_view owner, std::string_view document,
                                                     std::string_view node) const {
    return get<transfer_row>(view_, 'T', row_key(owner, 'T').text(document).text(node));
}
result<std::vector<transfer_row>> reader::transfers(std::string_view owner, std::string_view document) const {
    return all<transfer_row>(view_, 'T', row_key(owner, 'T').text(document));
}
result<std::vector<event_row>> reader::events_of(std::string_view owner, std::string_view document) const {
    std::vector<std::uint64_t> sequences;
    VANTHU_CHECK(view_.scan(row_key(owner, 'e').text(document), {}, [&](std::string_view key, std::string_view) {
        if (auto r = row_key_reader::open(key); r && r->text())
            if (auto sequence = r->u64()) sequences.push_back(*sequence);
        return true;
    }));
    std::vector<event_row> out;
    for (std::uint64_t sequence : sequences) {
        VANTHU_TRY(std::optional<event_row> event, get<event_row>(view_, 'E', row_key(owner, 'E').u64(sequence)));
        if (event) out.push_back(std::move(*event));
    }
    return out;
}
result<> reader::each_consignment(std::string_view owner,
                                  const std::function<void(const consignment_row&)>& visit) const {
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(owner, 'C'), {}, [&](std::string_view, std::string_view value) {
        auto row = unframed<consignment_row>('C', value);
        if (row)
            visit(*row);
        else
            wrong = row.error();
        return !wrong;
    }));
    if (wrong) return fail(*wrong);
    return {};
}
result<std::vector<event_row>> reader::events_after(std::string_view owner, std::uint64_t after,
                                                    std::size_t limit) const {
    return all<event_row>(view_, 'E', row_key(owner, 'E'), row_key(owner, 'E').u64(after + 1).view(), limit);
}
result<std::uint64_t> reader::last_event(std::string_view owner) const {
    VANTHU_TRY(auto newest, all<event_row>(view_, 'E', row_key(owner, 'E'), {}, 1, ledger::direction::backward));
    return newest.empty() ? 0 : newest.front().sequence;
}
result<std::vector<inbox_row>> reader::inbox(std::string_view organisation, std::uint64_t after,
                                             std::size_t limit) const {
    return all<inbox_row>(view_, 'I', row_key(organisation, 'I'), row_key(organisation, 'I').u64(after + 1).view(),
                          limit);
}
result<std::optional<inbox_row>> reader::inbox_entry(std::string_view organisation, std::string_view inbox_id) const {
    VANTHU_TRY(std::optional<std::string> sequence, get_text(view_, 'i', row_key(organisation, 'i').text(inbox_id)));
    if (!sequence) return std::optional<inbox_row>{};
    return get<inbox_row>(view_, 'I', row_key(organisation, 'I').u64(std::stoull(*sequence)));
}
namespace {
result<std::vector<std::string>> named(const ledger::view& view, std::string_view prefix) {
    std::vector<std::string> out;
    VANTHU_CHECK(view.scan(prefix, {}, [&](std::string_view, std::string_view value) {
        if (value.size() > 2) out.emplace_back(value.substr(2));
        return true;
    }));
    return out;
}
} // namespace

result<std::vector<std::string>> reader::documents_named(std::string_view owner, std::string_view issuer,
                                                         std::string_view document_id) const {
    return named(view_, row_key(owner, 'B').u8(0).text(issuer).text(document_id));
}
result<std::vector<std::string>> reader::documents_numbered(std::string_view owner, std::string_view issuer,
                                                            std::string_view number, std::string_view notation,
                                                            std::string_view year) const {
    row_key prefix = row_key(owner, 'B').u8(1).text(issuer).text(comparable_number(number)).text(notation);
    if (!year.empty()) prefix.text(year);
    return named(view_, prefix);
}
result<std::optional<identity_row>> reader::occupied(std::string_view owner, std::string_view recipient,
                                                     const business_identity& i) const {
    return get<identity_row>(view_, 'K', identity_key(owner, recipient, i));
}
result<std::optional<identity_row>> reader::occupied_number(std::string_view owner, std::string_view recipient,
                                                            const business_identity& i) const {
    return get<identity_row>(view_, 'k', number_key(owner, recipient, i));
}
result<std::optional<idempotency_row>> reader::idempotent(std::string_view organisation, std::string_view credential,
                                                          std::string_view key) const {
    return get<idempotency_row>(view_, 'Y', row_key(organisation, 'Y').text(credential).text(key));
}
result<std::optional<reader::place>> reader::received_from(std::string_view home, std::string_view node,
                                                           const digest& packet) const {
    return get_place(view_, 'H', row_key(home, 'H').text(node).raw(packet.view()));
}
result<std::optional<reader::place>> reader::sent_to(std::string_view home, std::string_view node,
                                                     const digest& packet) const {
    return get_place(view_, 'X', row_key(home, 'X').text(node).raw(packet.view()));
}
result<std::vector<reader::work>> reader::waiting_work(std::string_view home) const {
    std::vector<work> out;
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(home, 'W'), {}, [&](std::string_view key, std::string_view) {
        auto parse = [&]() -> result<work> {
            VANTHU_TRY(row_key_reader r, row_key_reader::open(key));
            VANTHU_TRY(std::string owner, r.text());
            VANTHU_TRY(std::string document, r.text());
            VANTHU_TRY(std::string node, r.text());
            return work{owner, document, node};
        };
        auto w = parse();
        if (w)
            out.push_back(std::move(*w));
        else
            wrong = w.error();
        return !wrong;
    }));
    if (wrong) return fail(*wrong);
    return out;
}
result<std::vector<notice_row>> reader::notices_for(std::string_view home, std::string_view node,
                                                    std::size_t limit) const {
    return all<notice_row>(view_, 'N', row_key(home, 'N').text(node), {}, limit);
}
result<std::vector<std::string>> reader::nodes_with_notices(std::string_view home) const {
    std::vector<std::string> out;
    std::string prefix = row_key(home, 'N').take(), from;
    for (;;) { // one seek a node, however many notices wait for it
        std::optional<std::string> node;
        VANTHU_CHECK(view_.scan(prefix, from, [&](std::string_view key, std::string_view) {
            if (auto r = row_key_reader::open(key))
                if (auto text = r->text()) node = *text;
            return false;
        }));
        if (!node) return out;
        out.push_back(*node);
        from = ledger::after_prefix(row_key(home, 'N').text(*node));
    }
}
result<std::uint64_t> reader::notices_received(std::string_view home, std::string_view node) const {
    VANTHU_TRY(std::optional<std::string> text, get_text(view_, 'n', row_key(home, 'n').text(node)));
    return text ? std::stoull(*text) : 0;
}
result<std::optional<std::string>> reader::hop_receipt(std::string_view home, std::string_view owner,
                                                       std::string_view document, std::string_view node) const {
    return get_text(view_, 'r', row_key(home, 'r').text(owner).text(document).text(node));
}

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
void writer::put(const transfer_row& t) {
    transaction_.put(row_key(t.owner, 'T').text(t.document).text(t.node), framed('T', t));
}
void writer::add_work(std::string_view home, const transfer_row& t) {
    transaction_.put(work_key(home, t), framed_text('W', ""));
}
void writer::remove_work(std::string_view home, const transfer_row& t) { transaction_.erase(work_key(home, t)); }
void writer::sent(std::string_view home, const transfer_row& t) {
    transaction_.put(row_key(home, 'X').text(t.node).raw(t.packet_sha256.view()),
                     framed_text('X', place_text({t.owner, t.document})));
}

result<> writer::add_event(std::string_view owner, event_row e) {
    VANTHU_TRY(e.sequence, transaction_.next_sequence(row_key(owner, 'Z').text("event")));
    e.at = now();
    transaction_.put(row_key(owner, 'E').u64(e.sequence), framed('E', e));
    if (!e.document.empty())
        transaction_.put(row_key(owner, 'e').text(e.document).u64(e.sequence), framed_text('e', ""));
    return {};
}

result<inbox_row> writer::add_inbox(inbox_row entry, std::string_view id) {
    VANTHU_TRY(entry.sequence, transaction_.next_sequence(row_key(entry.organisation, 'Z').text("inbox")));
    entry.id = id;
    entry.created_at = now();
    transaction_.put(row_key(entry.organisation, 'i').text(entry.id), framed_text('i', std::to_string(entry.sequence)));
    put(entry);
    return entry;
}
void writer::put(const inbox_row& entry) {
    transaction_.put(row_key(entry.organisation, 'I').u64(entry.sequence), framed('I', entry));
}

void writer::occupy(std::string_view owner, std::string_view recipient, const business_identity& i,
                    const identity_row& by) {
    transaction_.put(identity_key(owner, recipient, i), framed('K', by));
    if (!i.number.empty()) transaction_.put(number_key(owner, recipient, i), framed('k', by));
}
void writer::release(std::string_view owner, std::string_view recipient, const business_identity& i) {
    transaction_.erase(identity_key(owner, recipient, i));
    transaction_.erase(number_key(owner, recipient, i));
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
void writer::notices_received_up_to(std::string_view home, std::string_view node, std::uint64_t sequence) {
    transaction_.put(row_key(home, 'n').text(node), framed_text('n', std::to_string(sequence)));
}
void writer::put_hop_receipt(std::string_view home, const transfer_row& t, std::string_view receipt) {
    transaction_.put(row_key(home, 'r').text(t.owner).text(t.document).text(t.node), framed_text('r', receipt));
}

} // namespace vanthu::records

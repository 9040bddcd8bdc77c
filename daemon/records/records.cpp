#include "daemon/records/records.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/ledger/rows.hpp"
#include "daemon/records/framing.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::records {
namespace {

constexpr error_row rows[] = {
    {int(errc::row_unreadable), "row_unreadable", 500, retry::no, "Bản ghi trong kho không đọc được.",
     "A row of the store cannot be read.", "Báo cho người vận hành: dừng vanthud rồi chạy vanthu fsck.",
     "Tell the operator: stop vanthud, then run vanthu fsck."},
    {int(errc::document_unknown), "document_unknown", 404, retry::no, "Không có văn bản với mã này.",
     "There is no document with this id.", "Kiểm tra mã văn bản và quyền của khóa truy cập.",
     "Check the id and the rights of the credential."},
    {int(errc::inbox_entry_unknown), "inbox_entry_unknown", 404, retry::no, "Không có mục này trong hộp đến.",
     "There is no such entry in the inbox.", "Đọc lại hộp đến để lấy mã đúng.",
     "Read the inbox again for the right id."},
};
const error_table table("records", rows);

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

result<std::optional<std::string>> get_text(const ledger::view& view, char type, std::string_view key) {
    VANTHU_TRY(std::optional<std::string> value, view.get(key));
    if (!value) return value;
    if (value->size() < 2 || (*value)[0] != type || (*value)[1] != row_version) return failed(errc::row_unreadable);
    return std::optional<std::string>(value->substr(2));
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
    auto [rest, bad] = std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), p.leaf);
    if (bad != std::errc()) return failed(errc::row_unreadable);
    return std::optional<reader::place>(std::move(p));
}

// In key order. A row of several stands behind the rows of their own that its consignments got since, which count.
result<> each_consignment_of(const ledger::view& view, std::string_view prefix,
                             const std::function<void(consignment_row)>& visit) {
    std::vector<consignment_row> own; // of one document, since its last row of several
    auto pass_on = [&] {
        for (consignment_row& c : own) visit(std::move(c));
        own.clear();
    };
    std::optional<failure> wrong;
    VANTHU_CHECK(view.scan(prefix, {}, [&](std::string_view, std::string_view value) {
        auto found = unframed_several<consignment_row>('C', value);
        if (!found) {
            wrong = found.error();
            return false;
        }
        if (!own.empty() && own.front().document != found->front().document) pass_on();
        const bool several = holds_several(value);
        const auto changed = static_cast<std::ptrdiff_t>(own.size());
        for (consignment_row& c : *found) {
            auto same = [&](const consignment_row& o) { return o.recipient_code == c.recipient_code; };
            if (!several || std::none_of(own.begin(), own.begin() + changed, same)) own.push_back(std::move(c));
        }
        if (several && changed) std::ranges::sort(own, {}, &consignment_row::recipient_code);
        if (several) pass_on();
        return true;
    }));
    if (wrong) return fail(*wrong);
    pass_on();
    return {};
}

} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

std::string comparable_number(std::string_view number) {
    if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return std::string(number);
    std::size_t first = std::min(number.find_first_not_of('0'), number.size() - 1);
    return std::string(number.substr(first));
}

result<std::vector<std::string>> reader::owners() const {
    std::vector<std::string> out;
    for (std::string from;;) {
        std::optional<std::string> next;
        VANTHU_CHECK(view_.scan("@", from, [&](std::string_view key, std::string_view) {
            next = key.substr(0, key.find('\0'));
            return false;
        }));
        if (!next) return out;
        from = ledger::after_prefix(*next + '\0');
        out.push_back(std::move(*next));
    }
}
result<std::optional<document_row>> reader::document(std::string_view owner, std::string_view id) const {
    return get<document_row>(view_, 'D', row_key(owner, 'D').text(id));
}
result<std::optional<document_row>> reader::document_alone(std::string_view owner, std::string_view id) const {
    VANTHU_TRY(std::optional<std::string> value, view_.get(row_key(owner, 'D').text(id)));
    if (!value) return std::optional<document_row>{};
    VANTHU_TRY(document_row row, unframed<document_row>('D', without_list(*value, "to_codes")));
    row.to_codes.clear();
    return std::optional<document_row>(std::move(row));
}
result<std::vector<document_row>> reader::documents(std::string_view owner, std::string_view before,
                                                    std::size_t limit) const {
    std::string prefix = row_key(owner, 'D').take();
    if (before.empty()) return all<document_row>(view_, 'D', prefix, {}, limit, ledger::direction::backward);
    VANTHU_TRY(auto older, all<document_row>(view_, 'D', prefix, row_key(owner, 'D').text(before).view(), limit + 1,
                                             ledger::direction::backward));
    if (!older.empty() && older.front().id == before) older.erase(older.begin());
    if (older.size() > limit) older.pop_back();
    return older;
}
result<std::vector<consignment_row>> reader::consignments(std::string_view owner, std::string_view document) const {
    std::vector<consignment_row> out;
    VANTHU_CHECK(each_consignment_of(view_, row_key(owner, 'C').text(document),
                                     [&](consignment_row c) { out.push_back(std::move(c)); }));
    return out;
}
result<std::optional<consignment_row>> reader::consignment(std::string_view owner, std::string_view document,
                                                           std::string_view code) const {
    const std::string key = row_key(owner, 'C').text(document).text(code).take();
    VANTHU_TRY(auto own, get<consignment_row>(view_, 'C', key));
    if (own) return own;
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(owner, 'C').text(document), key, [&](std::string_view, std::string_view value) {
        if (!holds_several(value)) return true; // another one's own
        auto found = unframed_several<consignment_row>('C', value);
        if (!found) wrong = found.error();
        for (std::size_t i = 0; found && i < found->size(); ++i)
            if ((*found)[i].recipient_code == code) own = std::move((*found)[i]);
        return false;
    }));
    if (wrong) return fail(*wrong);
    return own;
}
result<std::optional<transfer_row>> reader::transfer(std::string_view owner, std::string_view document,
                                                     std::string_view node) const {
    return get<transfer_row>(view_, 'T', row_key(owner, 'T').text(document).text(node));
}
result<std::vector<transfer_row>> reader::transfers(std::string_view owner, std::string_view document) const {
    return all<transfer_row>(view_, 'T', row_key(owner, 'T').text(document));
}
result<std::vector<piece_row>> reader::pieces(const transfer_row& t) const {
    if (!t.pieces.empty()) return t.pieces;
    VANTHU_TRY(auto apart, get<envelope_row>(view_, 'P', row_key(t.owner, 'P').text(t.document).text(t.node)));
    if (!apart) return failed(errc::row_unreadable, "row type P: " + t.document);
    return std::move(apart->pieces);
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
        VANTHU_TRY(std::optional<std::string> value, view_.get(row_key(owner, 'E').u64(sequence)));
        if (!value) continue;
        VANTHU_TRY(auto events, unframed_several<event_row>('E', *value));
        std::ranges::move(events, std::back_inserter(out));
    }
    return out;
}
result<> reader::each_consignment(std::string_view owner,
                                  const std::function<void(const consignment_row&)>& visit) const {
    return each_consignment_of(view_, row_key(owner, 'C'), [&](const consignment_row& c) { visit(c); });
}
result<std::vector<event_row>> reader::events_after(std::string_view owner, std::uint64_t after,
                                                    std::size_t limit) const {
    std::vector<event_row> out;
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(owner, 'E'), row_key(owner, 'E').u64(after + 1).view(),
                            [&](std::string_view, std::string_view value) {
                                auto events = unframed_several<event_row>('E', value);
                                if (!events) {
                                    wrong = events.error();
                                    return false;
                                }
                                for (event_row& e : *events)
                                    if (e.sequence > after && out.size() < limit) out.push_back(std::move(e));
                                return out.size() < limit;
                            }));
    if (wrong) return fail(*wrong);
    return out;
}
result<std::uint64_t> reader::last_event(std::string_view owner) const {
    std::optional<result<std::uint64_t>> newest;
    VANTHU_CHECK(view_.scan(
        row_key(owner, 'E'), {},
        [&](std::string_view key, std::string_view) {
            auto r = row_key_reader::open(key);
            newest = r ? r->u64() : fail(r.error());
            return false;
        },
        ledger::direction::backward));
    return newest ? *newest : 0;
}
result<std::vector<inbox_row>> reader::inbox(std::string_view organisation, std::uint64_t after,
                                             std::size_t limit) const {
    return all<inbox_row>(view_, 'I', row_key(organisation, 'I'), row_key(organisation, 'I').u64(after + 1).view(),
                          limit);
}
result<std::uint64_t> reader::last_inbox_sequence(std::string_view organisation) const {
    return ledger::last_sequence(view_, row_key(organisation, 'Z').text("inbox"), row_key(organisation, 'I'));
}
result<std::vector<reader::listed_entry>> reader::list_inbox(std::string_view organisation, std::uint64_t after,
                                                             std::size_t limit) const {
    std::vector<listed_entry> out;
    VANTHU_CHECK(view_.scan(row_key(organisation, 'I'), row_key(organisation, 'I').u64(after + 1).view(),
                            [&](std::string_view key, std::string_view value) {
                                auto r = row_key_reader::open(key);
                                auto sequence = r ? r->u64() : result<std::uint64_t>(failed(errc::row_unreadable));
                                if (sequence) out.push_back({*sequence, unframed<inbox_row>('I', value)});
                                return out.size() < limit;
                            }));
    return out;
}
result<std::vector<reader::listed_document>> reader::list_documents(std::string_view owner, std::string_view before,
                                                                    std::size_t limit) const {
    std::vector<listed_document> out;
    const std::string prefix = row_key(owner, 'D').take();
    const std::string from = before.empty() ? std::string() : row_key(owner, 'D').text(before).take();
    auto keep = [&](std::string_view key, std::string_view value) {
        auto r = row_key_reader::open(key);
        auto id = r ? r->text() : result<std::string>(failed(errc::row_unreadable));
        if (id && *id != before) out.push_back({*id, unframed<document_row>('D', value)});
        return out.size() < limit;
    };
    VANTHU_CHECK(view_.scan(prefix, from, keep, ledger::direction::backward));
    return out;
}
result<std::optional<inbox_row>> reader::inbox_entry(std::string_view organisation, std::string_view inbox_id) const {
    if (auto sequence = sequence_in(inbox_id)) {
        VANTHU_TRY(auto entry, get<inbox_row>(view_, 'I', row_key(organisation, 'I').u64(*sequence)));
        if (entry && entry->id == inbox_id) return entry;
    }
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
result<std::optional<recall_row>> reader::recall(std::string_view home, std::string_view issuer,
                                                 std::string_view target, std::string_view recipient) const {
    return get<recall_row>(view_, 'Q', row_key(home, 'Q').text(issuer).text(target).text(recipient));
}
result<bool> reader::is_recalled(std::string_view home, std::string_view issuer, std::string_view target) const {
    bool any = false;
    VANTHU_CHECK(view_.scan(row_key(home, 'Q').text(issuer).text(target), {}, [&](std::string_view, std::string_view) {
        any = true;
        return false;
    }));
    return any;
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
result<bool> reader::is_unconfirmed(std::string_view home, std::string_view node, const digest& packet) const {
    VANTHU_TRY(auto value, view_.get(unconfirmed_key(home, node, packet)));
    return value.has_value();
}
result<> reader::each_work(std::string_view home, const std::function<void(work)>& visit) const {
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(home, 'W'), {}, [&](std::string_view key, std::string_view value) {
        auto parse = [&]() -> result<work> {
            work w;
            VANTHU_TRY(row_key_reader k, row_key_reader::open(key));
            VANTHU_TRY(w.owner, k.text());
            VANTHU_TRY(w.document, k.text());
            VANTHU_TRY(w.node, k.text());
            VANTHU_TRY(auto r, ledger::row_reader::open(value, 'W', work_version));
            w.brief = r.version() < work_version;
            if (w.brief) return w;
            VANTHU_TRY(w.due, r.i64());
            VANTHU_TRY(w.created, r.i64());
            VANTHU_TRY(w.priority, r.u8());
            VANTHU_TRY(w.size, r.u64());
            VANTHU_TRY(w.turn, r.text());
            VANTHU_TRY(w.expiry_warned, r.flag());
            return w;
        };
        auto w = parse();
        if (w)
            visit(std::move(*w));
        else
            wrong = w.error();
        return !wrong;
    }));
    if (wrong) return fail(*wrong);
    return {};
}
result<std::vector<reader::work>> reader::waiting_work(std::string_view home) const {
    std::vector<work> out;
    VANTHU_CHECK(each_work(home, [&](work w) { out.push_back(std::move(w)); }));
    return out;
}
result<std::vector<reader::unplaced>> reader::unplaced_after(std::string_view home, const unplaced& after,
                                                             std::size_t limit) const {
    std::vector<unplaced> out;
    std::optional<failure> wrong;
    const std::string last = after.document.empty() ? std::string() : unplaced_key(home, after);
    VANTHU_CHECK(view_.scan(row_key(home, 'U'), last, [&](std::string_view key, std::string_view) {
        auto parse = [&]() -> result<unplaced> {
            VANTHU_TRY(row_key_reader r, row_key_reader::open(key));
            VANTHU_TRY(std::string owner, r.text());
            VANTHU_TRY(std::string document, r.text());
            VANTHU_TRY(std::string code, r.text());
            return unplaced{owner, document, code};
        };
        if (key == last) return true;
        auto row = parse();
        if (row)
            out.push_back(std::move(*row));
        else
            wrong = row.error();
        return !wrong && out.size() < limit;
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
result<std::uint64_t> reader::notices_received(std::string_view home, std::string_view node,
                                               std::string_view instance) const {
    VANTHU_TRY(std::optional<std::string> text, get_text(view_, 'n', notices_key(home, node, instance)));
    return text ? std::stoull(*text) : 0;
}
result<std::optional<std::string>> reader::hop_receipt(std::string_view home, std::string_view owner,
                                                       std::string_view document, std::string_view node) const {
    return get_text(view_, 'r', row_key(home, 'r').text(owner).text(document).text(node));
}

} // namespace vanthu::records

// How rows and their keys are written; private to this folder. docs/store-format.md, section "Rows".
#pragma once

#include "daemon/base/base64.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"
#include "daemon/records/records.hpp"
#include "daemon/records/row_text.hpp"

#include <charconv>

namespace vanthu::records {

using ledger::row_key;
using ledger::row_key_reader;

inline constexpr char row_version = 1, apart_version = 2; // apart_version: of T
inline constexpr std::uint8_t work_version = 2;
// Rows of several: a JSON array of the first, whole, and of each other one what is not as in the first.
inline constexpr char several_version = 2;
inline constexpr std::size_t several_at_most = 32; // who wants one of them reads all

inline std::string framed_several(char type, std::string_view members) {
    return std::string{type, several_version, '['}.append(members).append(1, ']');
}
inline bool holds_several(std::string_view value) { return value.size() > 1 && value[1] == several_version; }

template <class Row> std::string framed(char type, const Row& row) {
    std::string out{type, row_version};
    append_json(row, out);
    return out;
}
// The payload's reference is bytes, and JSON carries text only.
inline std::string framed(char type, const document_row& row) {
    document_row legible = row;
    legible.payload = base64_encode(as_bytes(row.payload));
    return framed<document_row>(type, legible);
}

// Composed, and its pieces in a row of their own: a program that does not know of that must not read it.
inline std::string framed(char type, const transfer_row& row) {
    std::string out = framed<transfer_row>(type, row);
    if (row.composed && row.pieces.empty()) out[1] = apart_version;
    return out;
}

// A row's value as JSON, in memory that is given back as a whole.
class parsed_row {
public:
    result<const json::value*> read(char type, std::string_view text) {
        boost::system::error_code ec;
        json::parser parser(&memory_, {}, scratch_, sizeof scratch_);
        parser.write(text.data(), text.size(), ec);
        if (ec) return failed(errc::row_unreadable, std::string("row type ") + type + ": " + ec.message());
        value_.emplace(parser.release());
        return &*value_;
    }

private:
    unsigned char first_[4096], scratch_[1024];
    json::monotonic_resource memory_{first_, sizeof first_};
    std::optional<json::value> value_; // goes before its memory
};

// The same row with an empty list for the one of that name. Inside a text a quotation mark has a backslash before it,
// so that only a member's name looks like one.
inline std::string without_list(std::string_view row, std::string_view name) {
    const std::string opening = "\"" + std::string(name) + "\":[";
    const std::size_t at = row.find(opening);
    if (at == row.npos) return std::string(row);
    std::size_t end = at + opening.size();
    for (bool text = false; end < row.size() && (text || row[end] != ']'); ++end) {
        if (row[end] == '"') text = !text;
        if (row[end] == '\\') ++end;
    }
    return std::string(row.substr(0, at + opening.size())).append(row.substr(std::min(end, row.size())));
}

template <class Row> result<Row> unframed(char type, std::string_view value) {
    const bool known = value.size() >= 2 && value[0] == type &&
                       (value[1] == row_version || (std::is_same_v<Row, transfer_row> && value[1] == apart_version));
    if (!known) return failed(errc::row_unreadable, std::string("row type ") + type);
    parsed_row text;
    VANTHU_TRY(const json::value* v, text.read(type, value.substr(2)));
    Row row{};
    from_json(*v, row);
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

// Also what a row of one holds.
template <class Row> result<std::vector<Row>> unframed_several(char type, std::string_view value) {
    std::vector<Row> out;
    if (!holds_several(value)) {
        VANTHU_TRY(out.emplace_back(), unframed<Row>(type, value));
        return out;
    }
    parsed_row text;
    VANTHU_TRY(const json::value* v, text.read(type, value.substr(2)));
    const json::array* all = v->if_array();
    if (value[0] != type || !all || all->empty())
        return failed(errc::row_unreadable, std::string("row type ") + type + " of several");
    out.reserve(all->size());
    for (const json::value& each : *all) from_json(each, out.emplace_back(out.empty() ? Row{} : Row(out.front())));
    return out;
}

// Values that are one short text.
inline std::string framed_text(char type, std::string_view text) { return std::string{type, row_version}.append(text); }
inline std::string place_text(const reader::place& p) {
    return p.owner + '\n' + p.document + '\n' + p.log_origin + '\n' + std::to_string(p.leaf);
}

// Contracts 1: DocumentId, type, number compared as a number, notation, date; and, weaker, number and notation alone.
inline std::string identity_key(std::string_view owner, std::string_view recipient, const business_identity& i) {
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
inline std::string number_key(std::string_view owner, std::string_view recipient, const business_identity& i) {
    return row_key(owner, 'k')
        .text(recipient)
        .text(i.issuer)
        .u32(static_cast<std::uint32_t>(i.business_type))
        .text(comparable_number(i.number))
        .text(i.notation)
        .text(i.date.substr(0, 4))
        .take(); // numbers run within a year
}

// The number's key without a recipient, and the rows of those it is occupied at: each under the last one in it.
inline std::string many_identity_key(std::string_view owner, const business_identity& i) {
    return row_key(owner, 'F')
        .text(i.issuer)
        .u32(static_cast<std::uint32_t>(i.business_type))
        .text(comparable_number(i.number))
        .text(i.notation)
        .text(i.date.substr(0, 4))
        .take();
}
inline std::string many_recipients_key(std::string_view owner, std::string_view document, std::string_view last) {
    return row_key(owner, 'f').text(document).text(last).take();
}
inline bool same_identity(const business_identity& a, const business_identity& b) {
    return identity_key("-", {}, a) == identity_key("-", {}, b);
}

// A sequence below 2^32 stands in the last eight digits of an entry's id: no row has to lead from one to the other.
inline std::optional<std::uint64_t> sequence_in(std::string_view id) {
    std::uint32_t out = 0;
    if (!is_id(id)) return std::nullopt;
    std::from_chars(id.data() + id.size() - 8, id.data() + id.size(), out, 16);
    return out;
}
inline bool write_sequence(std::string& id, std::uint64_t sequence) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (!is_id(id) || sequence >> 32) return false;
    for (std::size_t i = 1; i <= 8; ++i, sequence >>= 4) id[id.size() - i] = digits[sequence & 15];
    return true;
}

inline std::string notices_key(std::string_view home, std::string_view node, std::string_view instance) {
    row_key key(home, 'n');
    key.text(node);
    if (!instance.empty()) key.text(instance);
    return key.take();
}
inline std::string unconfirmed_key(std::string_view home, std::string_view node, const digest& packet) {
    return row_key(home, 'x').text(node).raw(packet.view()).take();
}
inline std::string work_key(std::string_view home, const transfer_row& t) {
    return row_key(home, 'W').text(t.owner).text(t.document).text(t.node).take();
}
inline std::string unplaced_key(std::string_view home, const reader::unplaced& u) {
    return row_key(home, 'U').text(u.owner).text(u.document).text(u.recipient_code).take();
}

} // namespace vanthu::records

#include "daemon/ledger/receipt_log_rows.hpp"

#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"

#include <fmt/format.h>

namespace vanthu::ledger::log_rows {
namespace {

constexpr char type = 'R';
enum kind : std::uint8_t { state = 0, leaf = 1, tile = 2, head = 3, delegation = 4, counter = 5, log = 6, closed = 7 };

row_key key_of(std::string_view organisation, kind k) { return std::move(row_key(organisation, type).u8(k)); }

result<leaf_row> decode_leaf(std::string_view value) {
    VANTHU_TRY(row_reader in, row_reader::open(value, type, 1));
    leaf_row out;
    VANTHU_TRY(out.hash, in.hash());
    VANTHU_TRY(out.content, in.text());
    return out;
}

} // namespace

std::string state_key(std::string_view organisation) { return key_of(organisation, state).take(); }
std::string leaf_key(std::string_view organisation, std::string_view origin, std::uint64_t index) {
    return key_of(organisation, leaf).text(origin).u64(index).take();
}
std::string tile_key(std::string_view organisation, std::string_view origin, unsigned level, std::uint64_t index) {
    return key_of(organisation, tile).text(origin).u32(level).u64(index).take();
}
std::string head_key(std::string_view organisation, std::string_view origin, std::uint64_t size) {
    return key_of(organisation, head).text(origin).u64(size).take();
}
std::string delegation_key(std::string_view organisation, const digest& hash) {
    return key_of(organisation, delegation).raw(hash.view()).take();
}
std::string counter_key(std::string_view organisation, std::string_view origin) {
    return key_of(organisation, counter).text(origin).take();
}
std::string log_key(std::string_view organisation, std::string_view origin) {
    return key_of(organisation, log).text(origin).take();
}

std::string closed_key(std::string_view organisation, std::string_view origin) {
    return key_of(organisation, closed).text(origin).take();
}

std::string encode(const state_row& row) {
    return row_writer(type, 1).text(row.origin).text(as_text(row.edge.encode())).take();
}
std::string encode(const leaf_row& row) { return row_writer(type, 1).hash(row.hash).text(row.content).take(); }
std::string encode(const head_row& row) {
    return row_writer(type, 1).hash(row.root).hash(row.delegation_hash).text(row.note).take();
}
std::string encode_blob(bytes_view blob) { return row_writer(type, 1).text(as_text(blob)).take(); }

result<std::optional<state_row>> read_state(const view& rows, std::string_view organisation) {
    VANTHU_TRY(auto value, rows.get(state_key(organisation)));
    if (!value) return std::nullopt;
    VANTHU_TRY(row_reader in, row_reader::open(*value, type, 1));
    state_row out;
    VANTHU_TRY(out.origin, in.text());
    VANTHU_TRY(std::string edge, in.text());
    VANTHU_TRY(out.edge, tlog::frontier::decode(as_bytes(edge)));
    return out;
}

result<std::optional<leaf_row>> read_leaf(const view& rows, std::string_view organisation, std::string_view origin,
                                          std::uint64_t index) {
    VANTHU_TRY(auto value, rows.get(leaf_key(organisation, origin, index)));
    if (!value) return std::nullopt;
    return decode_leaf(*value);
}

result<std::optional<head_row>> head_of_leaf(const view& rows, std::string_view organisation, std::string_view origin,
                                             std::uint64_t index) {
    std::optional<std::string> key, value;
    std::string prefix = key_of(organisation, head).text(origin).take();
    VANTHU_CHECK(
        rows.scan(prefix, head_key(organisation, origin, index + 1), [&](std::string_view k, std::string_view v) {
            key = k;
            value = v;
            return false;
        }));
    if (!key) return std::nullopt;
    VANTHU_TRY(row_key_reader at, row_key_reader::open(*key));
    VANTHU_CHECK(at.u8());
    VANTHU_CHECK(at.text());
    head_row out;
    VANTHU_TRY(out.size, at.u64());
    VANTHU_TRY(row_reader in, row_reader::open(*value, type, 1));
    VANTHU_TRY(out.root, in.hash());
    VANTHU_TRY(out.delegation_hash, in.hash());
    VANTHU_TRY(out.note, in.text());
    return out;
}

result<std::map<std::string, std::uint64_t>> read_origins(const view& rows, std::string_view organisation) {
    std::map<std::string, std::uint64_t> out;
    result<> readable;
    auto one = [&](std::string_view key, std::string_view) -> result<> {
        VANTHU_TRY(row_key_reader at, row_key_reader::open(key));
        VANTHU_CHECK(at.u8());
        VANTHU_TRY(std::string origin, at.text());
        VANTHU_TRY(auto value, rows.get(counter_key(organisation, origin)));
        std::uint64_t leaves = 0;
        if (value) {
            VANTHU_TRY(row_reader in, row_reader::open(*value, '#', 1));
            VANTHU_TRY(leaves, in.u64());
        }
        out.emplace(std::move(origin), leaves);
        return {};
    };
    VANTHU_CHECK(rows.scan(key_of(organisation, log).take(), "", [&](std::string_view key, std::string_view value) {
        readable = one(key, value);
        return readable.has_value();
    }));
    VANTHU_CHECK(std::move(readable));
    return out;
}

result<std::string> newest_signed_head(const view& rows, std::string_view organisation, std::string_view origin) {
    result<> readable;
    std::string found;
    auto note = [](std::string_view value) -> result<std::string> {
        VANTHU_TRY(row_reader in, row_reader::open(value, type, 1));
        VANTHU_CHECK(in.hash());
        VANTHU_CHECK(in.hash());
        return in.text();
    };
    VANTHU_CHECK(rows.scan(
        key_of(organisation, head).text(origin).take(), "",
        [&](std::string_view, std::string_view value) {
            auto read = note(value);
            if (!read)
                readable = std::unexpected(read.error());
            else
                found = std::move(*read);
            return readable && found.empty();
        },
        direction::backward));
    VANTHU_CHECK(std::move(readable));
    return found;
}

result<std::optional<bytes>> read_blob(const view& rows, std::string_view key) {
    VANTHU_TRY(auto value, rows.get(key));
    if (!value) return std::nullopt;
    VANTHU_TRY(row_reader in, row_reader::open(*value, type, 1));
    VANTHU_TRY(std::string blob, in.text());
    return to_bytes(blob);
}

result<bytes> read_tile(const view& rows, std::string_view organisation, std::string_view origin,
                        const tlog::tile_id& id) {
    VANTHU_TRY(auto stored, read_blob(rows, tile_key(organisation, origin, id.level, id.index)));
    bytes hashes = stored.value_or(bytes{});
    if (!stored && id.level == 0) {
        std::string prefix = key_of(organisation, leaf).text(origin).take();
        std::uint64_t next = id.index * tlog::tile_width, end = next + id.width;
        result<> row_result;
        VANTHU_CHECK(
            rows.scan(prefix, leaf_key(organisation, origin, next), [&](std::string_view key, std::string_view value) {
                auto row = decode_leaf(value);
                if (!row) row_result = std::unexpected(row.error());
                if (!row || key != leaf_key(organisation, origin, next)) return false; // a gap ends the tile
                hashes.insert(hashes.end(), row->hash.value.begin(), row->hash.value.end());
                return ++next < end;
            }));
        VANTHU_CHECK(std::move(row_result));
    }
    if (hashes.size() < std::size_t{32} * id.width) return failed(tlog::errc::missing_hash, tlog::tile_path(id));
    return hashes;
}

} // namespace vanthu::ledger::log_rows

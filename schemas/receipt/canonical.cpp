#include "schemas/receipt/canonical.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/json_text.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

namespace vanthu::receipt::canonical {
namespace json = boost::json;
namespace {

fail malformed(std::string_view name) { return failed(errc::malformed, std::string(name)); }

void write_value(const json::value& value, std::string& out) {
    switch (value.kind()) {
    case json::kind::null:
        out += "null";
        break;
    case json::kind::bool_:
        out += value.get_bool() ? "true" : "false";
        break;
    case json::kind::int64:
        out += std::to_string(value.get_int64());
        break;
    case json::kind::uint64:
        out += std::to_string(value.get_uint64());
        break;
    case json::kind::double_:
        out += "null";
        break; // parse() refuses fractions and nobody here writes one
    case json::kind::string:
        append_json_text(value.get_string(), out);
        break;
    case json::kind::array: {
        out += '[';
        for (const json::value& item : value.get_array()) {
            if (&item != value.get_array().data()) out += ',';
            write_value(item, out);
        }
        out += ']';
        break;
    }
    case json::kind::object: {
        std::vector<const json::key_value_pair*> sorted;
        for (const auto& member : value.get_object()) sorted.push_back(&member);
        std::ranges::sort(sorted, {}, [](const auto* member) { return std::string_view(member->key()); });
        out += '{';
        for (const auto* member : sorted) {
            if (member != sorted.front()) out += ',';
            append_json_text(member->key(), out);
            out += ':';
            write_value(member->value(), out);
        }
        out += '}';
        break;
    }
    }
}

// Only what all JSON readers agree on: whole numbers they hold exactly, names whose order no encoding changes.
bool is_plain(const json::value& value) {
    switch (value.kind()) {
    case json::kind::double_:
        return false;
    case json::kind::int64:
        return value.get_int64() >= 0 && static_cast<std::uint64_t>(value.get_int64()) <= max_integer;
    case json::kind::uint64:
        return value.get_uint64() <= max_integer;
    case json::kind::array:
        return std::ranges::all_of(value.get_array(), is_plain);
    case json::kind::object:
        return std::ranges::all_of(value.get_object(), [](const auto& member) {
            return std::ranges::all_of(std::string_view(member.key()), [](char c) { return c >= 0x20 && c < 0x7F; }) &&
                   is_plain(member.value());
        });
    default:
        return true;
    }
}

} // namespace

std::string write(const json::value& value) {
    std::string out;
    write_value(value, out);
    return out;
}

result<json::object> parse(std::string_view text, std::size_t limit) {
    if (text.size() > limit) return failed(errc::too_large, fmt::format("{} bytes, at most {}", text.size(), limit));
    json::error_code error;
    json::value value = json::parse({text.data(), text.size()}, error);
    if (error) return failed(errc::malformed, error.message());
    if (!value.is_object()) return failed(errc::malformed, "not an object");
    // Writing it again shows white space, order, doubled names and other spellings at once.
    if (!is_plain(value) || write(value) != text)
        return failed(errc::not_canonical, "another byte form of the same JSON");
    return std::move(value.get_object());
}

result<digest> hash_from(std::string_view hex) {
    auto hash = digest::from_hex(hex);
    if (!hash || hash->hex() != hex) return malformed("SHA-256 in hex");
    return *hash;
}

result<bytes> base64_from(std::string_view text, std::size_t limit) {
    if (text.size() > limit / 3 * 4 + 4) return failed(errc::too_large, "base64 value");
    auto value = base64_decode(text);
    if (!value || base64_encode(*value) != text) return malformed("base64");
    return *value;
}

result<const json::value*> members::find(std::string_view name) const {
    const json::value* value = object_.if_contains({name.data(), name.size()});
    if (!value) return malformed(name);
    return value;
}

result<> members::version(std::uint64_t known) const {
    VANTHU_TRY(std::uint64_t version, number("schema_version"));
    if (version != known) return failed(errc::unsupported_version, std::to_string(version));
    return {};
}

result<> members::kind(std::string_view expected) const {
    VANTHU_TRY(std::string kind, text("kind"));
    if (kind != expected) return failed(errc::malformed, fmt::format("a {} where a {} belongs", kind, expected));
    return {};
}

result<std::string> members::text(std::string_view name, std::size_t limit) const {
    VANTHU_TRY(const json::value* value, find(name));
    if (!value->is_string()) return malformed(name);
    if (value->get_string().size() > limit) return failed(errc::too_large, std::string(name));
    return std::string(value->get_string());
}

result<std::uint64_t> members::number(std::string_view name) const {
    VANTHU_TRY(const json::value* value, find(name));
    if (value->is_uint64()) return value->get_uint64();
    if (value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
    return malformed(name);
}

result<timestamp> members::time(std::string_view name) const {
    VANTHU_TRY(std::string value, text(name));
    auto time = from_rfc3339(value);
    if (!time || to_rfc3339(*time) != value) return malformed(name);
    return *time;
}

result<bytes> members::hex(std::string_view name, std::size_t size) const {
    VANTHU_TRY(std::string value, text(name));
    auto decoded = from_hex(value);
    if (!decoded || decoded->size() != size || to_hex(*decoded) != value) return malformed(name);
    return *decoded;
}

result<digest> members::hash(std::string_view name) const {
    VANTHU_TRY(std::string value, text(name));
    return hash_from(value);
}

result<bytes> members::base64(std::string_view name, std::size_t limit) const {
    VANTHU_TRY(std::string value, text(name, limit / 3 * 4 + 4));
    return base64_from(value, limit);
}

result<members> members::object(std::string_view name) const {
    VANTHU_TRY(const json::value* value, find(name));
    if (!value->is_object()) return malformed(name);
    return members(value->get_object());
}

result<std::string> members::object_text(std::string_view name) const {
    VANTHU_TRY(const json::value* value, find(name));
    if (!value->is_object()) return malformed(name);
    return write(*value);
}

result<std::vector<std::string>> members::texts(std::string_view name, std::size_t at_most, std::size_t limit) const {
    VANTHU_TRY(const json::value* value, find(name));
    if (!value->is_array()) return malformed(name);
    if (value->get_array().size() > at_most) return failed(errc::too_large, std::string(name));
    std::vector<std::string> out;
    for (const json::value& item : value->get_array()) {
        if (!item.is_string()) return malformed(name);
        if (item.get_string().size() > limit) return failed(errc::too_large, std::string(name));
        out.emplace_back(item.get_string());
    }
    return out;
}

result<std::vector<std::pair<std::string, std::string>>> members::all_texts() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& member : object_) {
        VANTHU_TRY(std::string value, text(member.key()));
        out.emplace_back(member.key(), std::move(value));
    }
    return out;
}

} // namespace vanthu::receipt::canonical

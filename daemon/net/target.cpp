// The request-target: percent decoding, path segments, query.
#include "daemon/net/http.hpp"

#include <algorithm>
#include <cstring>

namespace vanthu::net {
namespace {
constexpr std::size_t longest_target = 8192;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size()) return std::nullopt;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return out;
}

// Well-formed UTF-8 without overlong forms and surrogates (Unicode 15, table 3-7).
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t more = lead < 0x80                    ? 0
                                 : lead >= 0xc2 && lead <= 0xdf ? 1
                                 : (lead & 0xf0) == 0xe0        ? 2
                                 : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                                : 4;
        if (more == 4 || i + more >= text.size()) return false;
        for (std::size_t k = 1; k <= more; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        const auto second = more ? static_cast<unsigned char>(text[i + 1]) : 0;
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
            (lead == 0xf4 && second > 0x8f))
            return false;
        i += more + 1;
    }
    return true;
}

bool is_visible_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

// "http://host/path" becomes "/path" (RFC 9112 3.2.2: a server accepts the absolute form).
std::string_view without_authority(std::string_view raw) {
    for (std::string_view scheme : {"http://", "https://"})
        if (raw.size() > scheme.size() && equal_without_case(raw.substr(0, scheme.size()), scheme)) {
            const std::size_t slash = raw.find_first_of("/?", scheme.size());
            if (slash == std::string_view::npos) return "/";
            return raw[slash] == '/' ? raw.substr(slash) : std::string_view();
        }
    return raw;
}

// Decoded segments joined again without empty and dot segments (RFC 3986 5.2.4; above the root stays at the root).
std::optional<std::string> normal_path(std::string_view encoded) {
    std::vector<std::string> segments;
    bool directory = false; // the path ends in "/"
    while (!encoded.empty()) {
        encoded.remove_prefix(1); // the "/" before the segment
        const std::string_view piece = encoded.substr(0, encoded.find('/'));
        encoded.remove_prefix(piece.size());
        auto segment = percent_decode(piece, false);
        if (!segment || !is_utf8(*segment)) return std::nullopt;
        if (std::any_of(segment->begin(), segment->end(), [](char c) {
                return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\';
            }))
            return std::nullopt;
        directory = segment->empty() || *segment == "." || *segment == "..";
        if (*segment == ".." && !segments.empty()) segments.pop_back();
        if (!directory) segments.push_back(std::move(*segment));
    }
    std::string out;
    for (const std::string& segment : segments) out += "/" + segment;
    if (directory || out.empty()) out += "/";
    return out;
}
} // namespace

std::string percent_encode(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if ((u | 32) - 'a' < 26u || u - '0' < 10u || (c != 0 && std::strchr("-._~", c))) {
            out += c;
        } else {
            out += '%';
            out += digits[u >> 4];
            out += digits[u & 15];
        }
    }
    return out;
}

result<query_parameters> query_parameters::parse(std::string_view text) {
    query_parameters out;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        auto name = percent_decode(pair.substr(0, equals), true);
        auto value =
            percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
        if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return failed(errc::bad_target, "query parameter");
        out.parameters_.emplace_back(std::move(*name), std::move(*value));
    }
    return out;
}

std::optional<std::string> query_parameters::find(std::string_view name) const {
    for (const auto& [key, value] : parameters_)
        if (key == name) return value;
    return std::nullopt;
}

std::vector<std::string> query_parameters::all(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : parameters_)
        if (key == name) out.push_back(value);
    return out;
}

result<target_parts> target_parts::parse(std::string_view raw) {
    if (raw.size() > longest_target) return failed(errc::bad_target, "longer than 8 KiB");
    if (!is_visible_ascii(raw)) return failed(errc::bad_target, "a character outside visible ASCII");
    if (raw == "*") return target_parts{"*", {}};
    const std::string_view origin = without_authority(raw);
    if (origin.empty() || origin[0] != '/') return failed(errc::bad_target, "neither origin nor absolute form");
    if (origin.find('#') != std::string_view::npos) return failed(errc::bad_target, "a fragment");
    const std::size_t mark = origin.find('?');
    auto path = normal_path(origin.substr(0, mark));
    if (!path) return failed(errc::bad_target, "path segment");
    target_parts out{std::move(*path), {}};
    if (mark != std::string_view::npos) {
        VANTHU_TRY(out.query, query_parameters::parse(origin.substr(mark + 1)));
    }
    return out;
}

} // namespace vanthu::net

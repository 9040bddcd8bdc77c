#include "daemon/net/range.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::net {
namespace {
std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// 1*DIGIT, the whole text. Too large for 64 bits: nullopt.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What follows "bytes" and `separator`, or nullopt for another unit.
std::optional<std::string_view> of_bytes(std::string_view text, char separator) {
    text = trimmed(text);
    if (text.size() < 6 || !equal_without_case(text.substr(0, 5), "bytes") || text[5] != separator) return std::nullopt;
    return trimmed(text.substr(6));
}
} // namespace

result<std::optional<byte_range>> parse_range(std::string_view range_header, std::uint64_t size) {
    const auto spec = of_bytes(range_header, '=');
    if (!spec || spec->find(',') != std::string_view::npos) return std::nullopt;
    const std::size_t dash = spec->find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const std::string_view left = spec->substr(0, dash), right = spec->substr(dash + 1);
    const auto first = number(left), last = number(right);
    if ((!left.empty() && !first) || (!right.empty() && !last) || (left.empty() && right.empty())) return std::nullopt;
    if (!first) { // the last N bytes
        if (*last == 0 || size == 0) return failed(errc::range_not_satisfiable, "empty suffix");
        const std::uint64_t length = std::min(*last, size);
        return byte_range{size - length, length};
    }
    if (last && *last < *first) return std::nullopt;
    if (*first >= size) return failed(errc::range_not_satisfiable, "first byte beyond the end");
    const std::uint64_t end = last ? std::min(*last, size - 1) : size - 1;
    return byte_range{*first, end - *first + 1};
}

std::string content_range(byte_range range, std::uint64_t size) {
    return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.first + range.length - 1) + "/" +
           std::to_string(size);
}

std::string unsatisfied_range(std::uint64_t size) { return "bytes */" + std::to_string(size); }

result<upload_range> parse_content_range(std::string_view value) {
    const auto spec = of_bytes(value, ' ');
    const std::size_t dash = spec ? spec->find('-') : std::string_view::npos;
    const std::size_t slash = spec ? spec->find('/') : std::string_view::npos;
    if (!spec || dash == std::string_view::npos || slash == std::string_view::npos || slash < dash)
        return failed(errc::bad_content_range, "not \"bytes first-last/total\"");
    const auto first = number(spec->substr(0, dash)), last = number(spec->substr(dash + 1, slash - dash - 1));
    const std::string_view whole = spec->substr(slash + 1);
    const auto total = number(whole);
    if (!first || !last || (whole != "*" && !total)) return failed(errc::bad_content_range, "not a number");
    if (*last < *first || *last == UINT64_MAX || (total && *last >= *total))
        return failed(errc::bad_content_range, "the range does not fit");
    return upload_range{{*first, *last - *first + 1}, total};
}

} // namespace vanthu::net

#include "schemas/edxml/packet.hpp"

#include "schemas/edxml/fields.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vanthu::edxml {
namespace {

struct date_groups {
    std::string_view first, second, third; // three groups of digits between equal separators
    char separator;
};

std::optional<date_groups> split_date(std::string_view text) {
    std::size_t a = text.find_first_of("/-.");
    if (a == text.npos) return std::nullopt;
    std::size_t b = text.find(text[a], a + 1);
    if (b == text.npos) return std::nullopt;
    return date_groups{text.substr(0, a), text.substr(a + 1, b - a - 1), text.substr(b + 1), text[a]};
}

std::optional<date> valid_date(std::optional<int> y, std::optional<int> m, std::optional<int> d) {
    if (!y || !m || !d) return std::nullopt;
    date value{std::chrono::year(*y), std::chrono::month(static_cast<unsigned>(*m)),
               std::chrono::day(static_cast<unsigned>(*d))};
    if (!value.ok() || *y < 1900 || *y > 9999) return std::nullopt;
    return value;
}

std::optional<date> understand_date(std::string_view text) {
    auto groups = split_date(text);
    if (!groups) return std::nullopt;
    auto [first, second, third, separator] = *groups;
    auto short_number = [](std::string_view t) { return t.size() <= 2 ? number_of(t) : std::nullopt; };
    if (first.size() == 4) return valid_date(number_of(first), short_number(second), short_number(third));
    if (third.size() != 4) return std::nullopt;
    auto day = short_number(first), month = short_number(second);
    if (!day || !month || (*day <= 12 && *month <= 12 && *day != *month)) return std::nullopt; // 03/04: which is which?
    if (*month > 12) return std::nullopt; // MM/dd is nobody's form here
    return valid_date(number_of(third), month, day);
}

} // namespace

bool is_ambiguous_date(std::string_view text) {
    auto groups = split_date(text.substr(0, text.find(' ')));
    if (!groups || groups->third.size() != 4) return false;
    auto a = number_of(groups->first), b = number_of(groups->second);
    return a && b && *a >= 1 && *b >= 1 && *a <= 12 && *b <= 12 && *a != *b;
}

packet_date packet_date::of(date d) {
    return {fmt::format("{:04}/{:02}/{:02}", int(d.year()), unsigned(d.month()), unsigned(d.day())), d};
}

packet_date packet_date::parse(std::string_view text) { return {std::string(text), understand_date(text)}; }

packet_time packet_time::of(timestamp t) {
    t = std::chrono::floor<std::chrono::seconds>(t);
    return {to_edxml_time(t), t};
}

packet_time packet_time::parse(std::string_view text) {
    packet_time out{std::string(text), from_edxml_time(text)};
    if (out.value || text.empty()) return out;
    if (auto iso = from_rfc3339(text)) {
        out.value = iso;
        return out;
    }
    std::size_t gap = text.find(' ');
    if (gap == text.npos) return out;
    if (auto day = understand_date(text.substr(0, gap)))
        out.value = from_edxml_time(packet_date::of(*day).text + std::string(text.substr(gap)));
    return out;
}

std::optional<int> number_of(std::string_view text) {
    int value = 0;
    if (text.empty() || !std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    return value;
}

bussiness_type bussiness_type_of(const document_header& header) {
    if (!header.bussiness || header.bussiness->doc_type.empty()) return bussiness_type::new_document;
    auto n = number_of(header.bussiness->doc_type);
    return n && *n <= 3 ? static_cast<bussiness_type>(*n) : bussiness_type::unknown;
}

std::string target_document_id(const document_header& header) {
    if (header.bussiness && !header.bussiness->document_id.empty()) return header.bussiness->document_id;
    if (!header.document_id.empty()) return header.document_id;
    for (const response_for& answered : header.response_for)
        if (!answered.document_id.empty()) return answered.document_id;
    return {};
}

std::optional<int> priority_of(const document_header& header) {
    auto n = header.other_info ? number_of(header.other_info->priority) : std::nullopt;
    return n && *n <= 4 ? n : std::nullopt;
}

digest content_sha256(std::vector<digest> content_hashes) {
    std::sort(content_hashes.begin(), content_hashes.end());
    sha256 h;
    h.update(fmt::format("vanthu-content-v1\n{}\n", content_hashes.size()));
    for (const digest& d : content_hashes) h.update(d.view());
    return h.finish();
}

} // namespace vanthu::edxml

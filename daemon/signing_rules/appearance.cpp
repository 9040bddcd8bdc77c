#include "daemon/signing_rules/appearance.hpp"

#include "daemon/base/rule_file.hpp"

namespace vanthu::signing_rules {
namespace {

using rule_file::errc;
using rule_file::parse_file;
using rule_file::section;

// In the order of the enumerations, which count from 1.
constexpr std::string_view places[] = {"leader", "beside-leader", "top-right", "top-left", "end-mark", "given"};
constexpr std::string_view pictures[] = {"none", "signature", "seal"};
constexpr std::string_view texts[] = {"always", "without-picture"};

template <class E> void choose(section& from, std::string_view key, std::span<const std::string_view> words, E& value) {
    if (auto index = from.word(key, words)) value = static_cast<E>(*index + 1);
}

result<> read_row(const toml::table& table, std::string_view file, pdf::appearance& row) {
    section s(table, file);
    choose(s, "place", places, row.place);
    choose(s, "picture", pictures, row.image);
    choose(s, "text", texts, row.text);
    if (auto size = s.number("size", 6, 20)) row.size = *size;
    if (auto fields = s.flag("number_and_date_fields")) row.lays_out_fields = *fields;
    if (auto lines = s.texts("lines")) {
        row.lines = std::move(*lines);
        if (auto good = pdf::check(row); !good) s.refuse(errc::bad_value, "lines", good.error().detail);
    }
    return s.done();
}

} // namespace

result<std::vector<pdf::appearance>> read_appearances(std::string_view text, std::string_view file) {
    VANTHU_TRY(toml::table all, parse_file(text, file));
    std::vector<pdf::appearance> rows(pdf::default_appearances().begin(), pdf::default_appearances().end());
    section s(all, file);
    for (pdf::appearance& row : rows)
        if (const toml::table* own = s.table(pdf::to_string(row.kind))) VANTHU_CHECK(read_row(*own, file, row));
    VANTHU_CHECK(s.done());
    return rows;
}

} // namespace vanthu::signing_rules

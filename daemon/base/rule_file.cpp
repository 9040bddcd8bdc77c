#include "daemon/base/rule_file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::rule_file {

result<toml::table> parse_file(std::string_view text, std::string_view file) {
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& e) {
        return failed(errc::syntax, fmt::format("{}:{}: {}", file, e.source().begin.line, e.description()));
    }
}

const toml::node* section::take(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
}

void section::refuse(errc code, std::string_view key, std::string_view what) {
    if (first_) return; // later ones are mostly its consequences
    const toml::node* at = table_.get(key);
    first_ = failure{make_error_code(code),
                     fmt::format("{}:{}: {}: {}", file_, (at ? *at : table_).source().begin.line, key, what)};
}

std::optional<std::string> section::text(std::string_view key) {
    const toml::node* found = take(key);
    if (!found) return std::nullopt;
    if (const auto* value = found->as_string()) return value->get();
    refuse(errc::wrong_type, key, "must be text");
    return std::nullopt;
}

std::optional<bool> section::flag(std::string_view key) {
    const toml::node* found = take(key);
    if (!found) return std::nullopt;
    if (const auto* value = found->as_boolean()) return value->get();
    refuse(errc::wrong_type, key, "must be true or false");
    return std::nullopt;
}

std::optional<double> section::number(std::string_view key, double least, double most) {
    const toml::node* found = take(key);
    if (!found) return std::nullopt;
    auto value = found->is_number() ? found->value<double>() : std::nullopt;
    if (!value) {
        refuse(errc::wrong_type, key, "must be a number");
        return std::nullopt;
    }
    if (!(*value >= least && *value <= most)) refuse(errc::bad_value, key, fmt::format("{} to {}", least, most));
    return value;
}

std::optional<std::vector<std::string>> section::texts(std::string_view key) {
    const toml::node* found = take(key);
    if (!found) return std::nullopt;
    std::vector<std::string> all;
    if (const auto* list = found->as_array())
        for (const toml::node& one : *list)
            if (const auto* value = one.as_string()) all.push_back(value->get());
    if (!found->is_array() || all.size() != found->as_array()->size()) {
        refuse(errc::wrong_type, key, "must be a list of texts");
        return std::nullopt;
    }
    return all;
}

std::optional<timestamp> section::day(std::string_view key) {
    const toml::node* found = take(key);
    if (!found) return std::nullopt;
    const auto* value = found->as_date();
    if (!value) {
        refuse(errc::wrong_type, key, "must be a date, as 2030-01-01");
        return std::nullopt;
    }
    const toml::date d = value->get();
    return from_rfc3339(fmt::format("{:04}-{:02}-{:02}T00:00:00+07:00", d.year, d.month, d.day));
}

std::optional<std::size_t> section::word(std::string_view key, std::span<const std::string_view> words) {
    auto given = text(key);
    if (!given) return std::nullopt;
    auto at = std::find(words.begin(), words.end(), *given);
    if (at != words.end()) return static_cast<std::size_t>(at - words.begin());
    refuse(errc::bad_value, key, fmt::format("must be one of: {}", fmt::join(words, ", ")));
    return std::nullopt;
}

const toml::table* section::table(std::string_view key) {
    const toml::node* found = take(key);
    if (found && !found->is_table()) refuse(errc::wrong_type, key, "must be a table");
    return found ? found->as_table() : nullptr;
}

std::vector<const toml::table*> section::tables(std::string_view key) {
    const toml::node* found = take(key);
    if (!found) return {};
    std::vector<const toml::table*> all;
    if (const auto* list = found->as_array())
        for (const toml::node& one : *list)
            if (one.is_table()) all.push_back(one.as_table());
    if (!found->is_array() || all.size() != found->as_array()->size())
        refuse(errc::wrong_type, key, fmt::format("must be written as [[{}]]", key));
    return all;
}

result<> section::done() {
    for (const auto& [key, value] : table_)
        if (std::find(asked_.begin(), asked_.end(), key.str()) == asked_.end())
            refuse(errc::unknown_key, key.str(), "is not known here");
    if (first_) return std::unexpected(*first_);
    return {};
}

} // namespace vanthu::rule_file

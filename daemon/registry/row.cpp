#include "daemon/registry/row.hpp"

#include <algorithm>

namespace vanthu::registry {

row::row(source& s, const toml::table& t, std::string_view what)
    : source_(s), table_(t), what_(what), line_(line_of(t)) {}

row::~row() {
    for (const auto& [key, value] : table_)
        if (std::ranges::find(asked_, key.str()) == asked_.end())
            source_.refuse(errc::unknown_key, key.source().begin.line,
                           fmt::format("[{}] {}: unknown key", what_, key.str()));
}

const toml::node* row::take(std::string_view key, need n) {
    asked_.push_back(key); // keys are literals
    const toml::node* found = table_.get(key);
    if (!found && n == need::required) refuse(errc::missing_key, fmt::format("{} is required", key));
    return found;
}

void row::refuse(errc code, const toml::node& at, std::string_view key, std::string_view what) {
    source_.refuse(code, line_of(at), fmt::format("[{}] {}: {}", what_, key, what));
}

std::string row::text(std::string_view key, need n) {
    const toml::node* found = take(key, n);
    if (!found) return {};
    const auto* value = found->as_string();
    if (!value)
        refuse(errc::wrong_type, *found, key, "must be a text");
    else if (value->get().empty())
        refuse(errc::bad_value, *found, key, "must not be empty");
    return value ? value->get() : std::string();
}

std::string row::id(std::string_view key, need n) {
    std::string value = text(key, n);
    auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    bool good = value.empty() || (plain(value[0]) && std::ranges::all_of(value, [&](char c) {
                                      return plain(c) || c == '.' || c == '_' || c == '-';
                                  }));
    if (!good)
        refuse(errc::bad_value, *table_.get(key), key, fmt::format("\"{}\" is no id (a-z, 0-9, '.', '_', '-')", value));
    return value;
}

bool row::flag(std::string_view key, bool otherwise) {
    const toml::node* found = take(key, need::optional);
    if (!found) return otherwise;
    const auto* value = found->as_boolean();
    if (!value) refuse(errc::wrong_type, *found, key, "must be true or false");
    return value ? value->get() : otherwise;
}

std::optional<std::uint64_t> row::number(std::string_view key, need n) {
    const toml::node* found = take(key, n);
    if (!found) return std::nullopt;
    const auto* value = found->as_integer();
    if (!value)
        refuse(errc::wrong_type, *found, key, "must be a whole number");
    else if (value->get() < 0)
        refuse(errc::bad_value, *found, key, "must not be negative");
    else
        return static_cast<std::uint64_t>(value->get());
    return std::nullopt;
}

std::optional<digest> row::sha256(std::string_view key, need n) {
    std::string value = text(key, n);
    if (value.empty()) return std::nullopt;
    std::erase(value, ':');
    std::optional<digest> parsed = digest::from_hex(value);
    if (!parsed) refuse(errc::bad_value, *table_.get(key), key, "must be a SHA-256 value of 64 hexadecimal digits");
    return parsed;
}

std::optional<timestamp> row::day(std::string_view key, need n) {
    const toml::node* found = take(key, n);
    if (!found) return std::nullopt;
    const auto* value = found->as_date();
    if (!value) {
        refuse(errc::wrong_type, *found, key, "must be a date without quotes, like 2025-07-01");
        return std::nullopt;
    }
    const toml::date& d = value->get();
    std::chrono::year_month_day date{std::chrono::year(d.year), std::chrono::month(d.month), std::chrono::day(d.day)};
    if (!date.ok()) {
        refuse(errc::bad_period, *found, key, "this day does not exist");
        return std::nullopt;
    }
    return timestamp(std::chrono::sys_days(date)) - vietnam_offset;
}

period row::valid() {
    period p;
    p.from = day("from").value_or(p.from);
    p.to = day("to").value_or(p.to);
    if (p.from >= p.to) refuse(errc::bad_period, "`to` must be a later day than `from`");
    return p;
}

std::vector<std::string> row::texts(std::string_view key) {
    std::vector<std::string> out;
    const toml::node* found = take(key, need::optional);
    if (!found) return out;
    const toml::array* list = found->as_array();
    if (!list) {
        refuse(errc::wrong_type, *found, key, "must be a list of texts");
        return out;
    }
    for (const toml::node& element : *list) {
        const auto* value = element.as_string();
        if (!value)
            refuse(errc::wrong_type, element, key, "must be a list of texts");
        else
            out.push_back(value->get());
    }
    return out;
}

std::vector<dated_value> row::dated(std::string_view key, std::string_view inner_key, need n) {
    std::vector<dated_value> out;
    const toml::node* found = table_.get(key);
    if (found && found->is_array()) {
        rows(key, [&](row& r) {
            dated_value value;
            value.value = r.text(inner_key, need::required);
            value.valid = r.valid();
            out.push_back(std::move(value));
        });
        if (out.empty() && n == need::required) refuse(errc::missing_key, fmt::format("{} must not be empty", key));
    } else if (std::string value = text(key, n); !value.empty()) {
        out.push_back({std::move(value), {}});
    }
    return out;
}

} // namespace vanthu::registry

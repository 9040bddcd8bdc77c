// A file of rules in TOML, read table by table and key by key; what nobody asked for is an unknown key.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/base/rule_file_errors.hpp"

#include <optional>
#include <span>
#include <toml++/toml.h>
#include <vector>

namespace vanthu::rule_file {

// A whole file. errc::syntax.
result<toml::table> parse_file(std::string_view text, std::string_view file);

class section {
public:
    section(const toml::table& of, std::string_view file) : table_(of), file_(file) {}

    // Absent: nullopt, and the caller's value stays.
    std::optional<std::string> text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<double> number(std::string_view key, double least, double most);
    std::optional<std::vector<std::string>> texts(std::string_view key);
    std::optional<timestamp> day(std::string_view key); // a date: its first instant in Viet Nam
    std::optional<std::size_t> word(std::string_view key, std::span<const std::string_view> words); // its index
    const toml::table* table(std::string_view key);
    std::vector<const toml::table*> tables(std::string_view key); // [[key]]
    bool has(std::string_view key) const { return table_.contains(key); }

    void refuse(errc code, std::string_view key, std::string_view what);
    // The first refusal; otherwise errc::unknown_key where a key was not asked for.
    result<> done();

private:
    const toml::node* take(std::string_view key);

    const toml::table& table_;
    std::string file_;
    std::vector<std::string> asked_;
    std::optional<failure> first_;
};

} // namespace vanthu::rule_file

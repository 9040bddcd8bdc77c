// One TOML table, read key by key: every key that is not asked for is an unknown key. Inside this folder only.
#pragma once

#include "daemon/registry/rows.hpp"
#include "daemon/registry/source.hpp"

#include <array>
#include <toml++/toml.h>

namespace vanthu::registry {

enum class need : bool { optional, required };

inline std::uint32_t line_of(const toml::node& n) { return n.source().begin.line; }

class row {
public:
    row(source& s, const toml::table& t, std::string_view what);
    ~row(); // refuses what was not asked for
    row(const row&) = delete;

    std::uint32_t line() const { return line_; }
    std::string text(std::string_view key, need n = need::optional); // not empty when present
    std::string id(std::string_view key, need n = need::optional);   // [a-z0-9][a-z0-9._-]*
    bool flag(std::string_view key, bool otherwise);
    std::optional<std::uint64_t> number(std::string_view key, need n = need::optional); // 0 or more
    std::optional<digest> sha256(std::string_view key, need n = need::optional);        // 64 hex digits, colons allowed
    std::optional<timestamp> day(std::string_view key, need n = need::optional);        // its first instant in Viet Nam
    period valid();                                                                     // keys from, to
    std::vector<std::string> texts(std::string_view key);

    // The value for one of the words; the first word's value when the key is absent and not required.
    template <class E, std::size_t N>
    E word(std::string_view key, const std::array<std::pair<std::string_view, E>, N>& words, need n = need::optional) {
        const toml::node* found = take(key, n);
        if (!found) return words[0].second;
        if (const auto* value = found->as_string())
            for (const auto& [word, meaning] : words)
                if (word == value->get()) return meaning;
        std::string allowed;
        for (const auto& [word, meaning] : words) allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", word);
        refuse(errc::bad_value, *found, key, "must be one of: " + allowed);
        return words[0].second;
    }

    // Calls each(row&) for every table of a list.
    template <class F> void rows(std::string_view key, F each) {
        const toml::node* found = take(key, need::optional);
        if (!found) return;
        const toml::array* list = found->as_array();
        if (!list) return refuse(errc::wrong_type, *found, key, "must be a list of tables");
        for (const toml::node& element : *list) {
            const toml::table* table = element.as_table();
            if (!table) return refuse(errc::wrong_type, element, key, "must be a list of tables");
            row inner(source_, *table, key);
            each(inner);
        }
    }
    // Either one text that holds always, or a list of {inner_key, from, to}.
    std::vector<dated_value> dated(std::string_view key, std::string_view inner_key, need n = need::optional);
    // Calls with(row&) for one inner table, if present.
    template <class F> void table(std::string_view key, need n, F with) {
        const toml::node* found = take(key, n);
        if (!found) return;
        const toml::table* inner = found->as_table();
        if (!inner) return refuse(errc::wrong_type, *found, key, "must be a table");
        row r(source_, *inner, key);
        with(r);
    }
    void refuse(errc code, std::string_view what) { source_.refuse(code, line_, fmt::format("[{}] {}", what_, what)); }

private:
    const toml::node* take(std::string_view key, need n);
    void refuse(errc code, const toml::node& at, std::string_view key, std::string_view what);

    source& source_;
    const toml::table& table_;
    std::string what_;
    std::uint32_t line_;
    std::vector<std::string_view> asked_;
};

} // namespace vanthu::registry

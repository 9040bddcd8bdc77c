#include "daemon/base/config.hpp"
#include "daemon/base/files.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <toml++/toml.h>

namespace vanthu::config {
namespace {

std::string_view type_vi(type t) {
    switch (t) {
    case type::integer:
        return "một số nguyên, ví dụ 200";
    case type::boolean:
        return "true hoặc false";
    case type::duration:
        return "một khoảng thời gian trong ngoặc kép, ví dụ \"30s\", \"5m\", \"2h\", \"7d\"";
    case type::size:
        return "một dung lượng trong ngoặc kép, ví dụ \"64 KiB\", \"2 GiB\"";
    case type::path:
        return "một đường dẫn trong ngoặc kép";
    case type::strings:
        return "một danh sách chuỗi, ví dụ [\"a\", \"b\"]";
    case type::string:
    case type::enumeration:
        break;
    }
    return "một chuỗi trong ngoặc kép";
}

std::string_view type_en(type t) {
    switch (t) {
    case type::integer:
        return "an integer, such as 200";
    case type::boolean:
        return "true or false";
    case type::duration:
        return "a duration in quotes, such as \"30s\", \"5m\", \"2h\", \"7d\"";
    case type::size:
        return "a size in quotes, such as \"64 KiB\", \"2 GiB\"";
    case type::path:
        return "a path in quotes";
    case type::strings:
        return "a list of strings, such as [\"a\", \"b\"]";
    case type::string:
    case type::enumeration:
        break;
    }
    return "a string in quotes";
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        std::size_t end = std::min(text.find(at), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

// Edit distance (insert, delete, replace = 1), for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> above(b.size() + 1), here(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        here[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j)
            here[j] = std::min({above[j] + 1, here[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
        std::swap(above, here);
    }
    return above[b.size()];
}

place at(const toml::source_region& region) { return {region.begin.line, region.begin.column}; }

} // namespace

// One pass over a parsed file. Every check adds to `out.found` and goes on.
struct reader {
    const definition& table;
    const std::string& file;
    const surroundings& where;
    reading out{};

    void complain(errc code, place at, std::string_view key, std::string vi, std::string en) {
        out.found.push_back({code, file, at, std::string(key), std::move(vi), std::move(en)});
    }

    void put(const row& r, value v) { out.values.values_.insert_or_assign(std::string(r.key), std::move(v)); }

    // After the file has been read: what it did not say, or said wrongly. Defaults are as good as what the table says;
    // tests/config reads every one of them through the checks above.
    void fill_in() {
        for (const row& r : table.rows) {
            if (out.values.values_.contains(r.key)) continue;
            bool said_wrongly = out.values.is_set(r.key);
            put(r, written_default(r));
            if (r.kind == type::path && !r.fallback.empty() && !said_wrongly) path(r, {}, std::string(r.fallback));
        }
    }

    static value written_default(const row& r) {
        switch (r.kind) {
        case type::strings: {
            std::vector<std::string> list;
            for (std::string_view one : split(r.fallback, ',')) list.emplace_back(one);
            return list;
        }
        case type::integer:
            return integer_bound(r.fallback).value_or(0);
        case type::boolean:
            return r.fallback == "true";
        case type::duration:
            return read_duration(r.fallback).value_or(duration{});
        case type::size:
            return read_size(r.fallback).value_or(0);
        case type::path:
            return std::filesystem::path();
        case type::string:
        case type::enumeration:
            break;
        }
        return std::string(r.fallback);
    }

    void known_table(const toml::table& node, const std::string& prefix) {
        for (const auto& [name, child] : node) {
            std::string key = prefix + std::string(name.str());
            if (const row* r = table.find(key)) {
                out.values.places_[key] = at(child.source());
                read(*r, child);
            } else if (child.is_table() && is_section(key)) {
                known_table(*child.as_table(), key + ".");
            } else {
                unknown(key, at(name.source()), child.is_table());
            }
        }
    }

    // "listen" is known because "listen.api" is.
    bool is_section(const std::string& key) const {
        return std::ranges::any_of(table.rows, [&](const row& r) { return r.key.starts_with(key + "."); });
    }

    void unknown(const std::string& key, place at, bool is_table) {
        // The right name in the wrong section; else the least misspelt name, where at most a third of it differs.
        auto own_name = [](std::string_view k) { return k.substr(k.rfind('.') + 1); };
        std::string_view nearest;
        std::size_t least = ~std::size_t(0);
        auto consider = [&](std::string_view candidate) {
            std::size_t d = distance(key, candidate);
            bool near = d <= own_name(key).size() / 3 + 1;
            if (!is_table && own_name(candidate) == own_name(key)) near = true, d = 0;
            if (near && d < least) least = d, nearest = candidate;
        };
        if (is_table)
            for (const section& s : table.sections) consider(s.name);
        else
            for (const row& r : table.rows) consider(r.key);
        if (nearest.empty())
            complain(errc::unknown_key, at, key, "", "");
        else
            complain(errc::unknown_key, at, key, fmt::format("Có phải ý là \"{}\"?", nearest),
                     fmt::format("Did you mean \"{}\"?", nearest));
    }

    void read(const row& r, const toml::node& node) {
        place here = at(node.source());
        if (r.kind == type::integer && node.is_integer()) return integer(r, here, **node.as_integer());
        if (r.kind == type::boolean && node.is_boolean()) return put(r, **node.as_boolean());
        if (r.kind == type::strings && node.is_array()) return strings(r, here, *node.as_array());
        bool textual = r.kind != type::integer && r.kind != type::boolean && r.kind != type::strings;
        if (!textual || !node.is_string())
            return complain(errc::wrong_type, here, r.key, fmt::format("Cần {}.", type_vi(r.kind)),
                            fmt::format("Expected {}.", type_en(r.kind)));
        text(r, here, **node.as_string());
    }

    void text(const row& r, place here, const std::string& written) {
        if (has_controls(written)) return controls(r, here);
        if (written.empty() && (r.traits & required))
            return complain(errc::missing, here, r.key, "Giá trị rỗng.", "The value is empty.");
        switch (r.kind) {
        case type::duration:
            if (auto d = read_duration(written)) return within(r, here, *d, read_duration, write_duration);
            return malformed(r, here, written);
        case type::size:
            if (auto n = read_size(written)) return within(r, here, *n, read_size, write_size);
            return malformed(r, here, written);
        case type::enumeration:
            return choice(r, here, written);
        case type::path:
            return path(r, here, written);
        default:
            put(r, written);
        }
    }

    static bool has_controls(std::string_view written) {
        return std::ranges::any_of(written, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    }
    void controls(const row& r, place here) {
        complain(errc::malformed, here, r.key, "Giá trị có ký tự điều khiển.", "The value has a control character.");
    }

    void malformed(const row& r, place here, const std::string& written) {
        complain(errc::malformed, here, r.key, fmt::format("\"{}\": cần {}.", written, type_vi(r.kind)),
                 fmt::format("\"{}\": expected {}.", written, type_en(r.kind)));
    }

    template <class T, class Read, class Write>
    void within(const row& r, place here, T v, Read read_bound, Write write_bound) {
        auto low = read_bound(r.min), high = read_bound(r.max);
        if ((low && v < *low) || (high && v > *high)) return out_of_range(r, here, write_bound(v));
        put(r, v);
    }

    static std::optional<std::int64_t> integer_bound(std::string_view text) {
        std::int64_t n = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
        return error == std::errc() && !text.empty() ? std::optional(n) : std::nullopt;
    }

    void integer(const row& r, place here, std::int64_t v) {
        within(r, here, v, integer_bound, [](std::int64_t n) { return std::to_string(n); });
    }

    void out_of_range(const row& r, place here, const std::string& written) {
        std::string range = r.min.empty()   ? fmt::format("≤ {}", r.max)
                            : r.max.empty() ? fmt::format("≥ {}", r.min)
                                            : fmt::format("{} … {}", r.min, r.max);
        complain(errc::out_of_range, here, r.key, fmt::format("{}; cho phép: {}.", written, range),
                 fmt::format("{}; allowed: {}.", written, range));
    }

    void choice(const row& r, place here, const std::string& written) {
        auto choices = split(r.choices, '|');
        if (std::ranges::find(choices, written) != choices.end()) return put(r, written);
        // The row's sentence says why a choice may be missing (transit never refuses).
        complain(errc::unknown_choice, here, r.key,
                 fmt::format("\"{}\"; các lựa chọn: {}. {}", written, fmt::join(choices, ", "), r.vi),
                 fmt::format("\"{}\"; choices: {}. {}", written, fmt::join(choices, ", "), r.en));
    }

    void strings(const row& r, place here, const toml::array& list) {
        std::vector<std::string> items;
        for (const toml::node& item : list) {
            if (!item.is_string())
                return complain(errc::wrong_type, at(item.source()), r.key, fmt::format("Cần {}.", type_vi(r.kind)),
                                fmt::format("Expected {}.", type_en(r.kind)));
            if (has_controls(**item.as_string())) return controls(r, at(item.source()));
            items.push_back(**item.as_string());
        }
        if (items.empty() && (r.traits & required))
            return complain(errc::missing, here, r.key, "Danh sách rỗng.", "The list is empty.");
        put(r, std::move(items));
    }

    void path(const row& r, place here, const std::string& written) {
        constexpr std::string_view prefix = "credential:";
        std::filesystem::path p;
        if (written.starts_with(prefix)) {
            std::string name = written.substr(prefix.size());
            if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
                return complain(errc::no_credential, here, r.key, fmt::format("\"{}\" không phải tên hợp lệ.", name),
                                fmt::format("\"{}\" is not a valid name.", name));
            if (where.credentials_directory.empty())
                return complain(errc::no_credential, here, r.key,
                                fmt::format("\"{}\": $CREDENTIALS_DIRECTORY chưa được đặt.", written),
                                fmt::format("\"{}\": $CREDENTIALS_DIRECTORY is not set.", written));
            p = where.credentials_directory / name;
        } else if (!written.empty()) {
            p = (where.directory / written).lexically_normal();
        }
        if (where.check_files && !p.empty() && (r.traits & (input | secret_path))) check_file(r, here, p);
        put(r, std::move(p));
    }

    void check_file(const row& r, place here, const std::filesystem::path& p) {
        struct stat about{};
        if (::stat(p.c_str(), &about) != 0) return complain(errc::file_missing, here, r.key, p.string(), p.string());
        if ((r.traits & secret_path) && (about.st_mode & S_IRWXO) != 0)
            complain(errc::secret_exposed, here, r.key, p.string(), p.string());
    }

    void missing_keys() {
        for (const row& r : table.rows)
            if ((r.traits & required) && !out.values.is_set(r.key))
                complain(errc::missing, {}, r.key, std::string(r.vi), std::string(r.en));
    }

    void in_order() {
        auto where_in_file = [](const problem& p) {
            return std::pair(p.at.line - 1, p.at.column);
        }; // 0 wraps to the end
        std::ranges::sort(out.found, {}, where_in_file);
    }
};

reading parse(const definition& table, std::string_view text, std::string file, const surroundings& where) {
    reader r{table, file, where};
    try {
        r.known_table(toml::parse(text), "");
        r.missing_keys();
        r.fill_in();
    } catch (const toml::parse_error& error) {
        r.fill_in();
        std::string why(error.description());
        r.out.found.clear(); // nothing can be said about the rest
        r.complain(errc::syntax, at(error.source()), "", why, why);
    }
    r.in_order();
    return std::move(r.out);
}

surroundings surroundings_of(const std::filesystem::path& path, bool check_files) {
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    std::error_code ignored;
    std::filesystem::path whole = std::filesystem::absolute(path, ignored);
    return {whole.parent_path(), credentials ? credentials : "", check_files};
}

} // namespace vanthu::config

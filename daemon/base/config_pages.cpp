// The two texts made from a definition: the sample file and the reference page. Both are committed; tests/config
// compares.
#include "daemon/base/config.hpp"

#include <fmt/format.h>

namespace vanthu::config {
namespace {

std::string quoted(std::string_view text) { return fmt::format("\"{}\"", text); }

// A default or example as TOML.
std::string as_toml(const row& r, std::string_view text) {
    switch (r.kind) {
    case type::integer:
    case type::boolean:
        return std::string(text);
    case type::strings: {
        std::string out;
        while (!text.empty()) {
            std::size_t end = std::min(text.find(','), text.size());
            out += (out.empty() ? "" : ", ") + quoted(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return "[" + out + "]";
    }
    default:
        return quoted(text);
    }
}

std::string_view name_of(type t) {
    switch (t) {
    case type::string:
        return "string";
    case type::integer:
        return "integer";
    case type::boolean:
        return "boolean";
    case type::duration:
        return "duration";
    case type::size:
        return "size";
    case type::path:
        return "path";
    case type::enumeration:
        return "choice";
    case type::strings:
        return "list of strings";
    }
    return "";
}

std::string bounds(const row& r) {
    if (r.kind == type::enumeration) {
        std::string choices(r.choices);
        for (std::size_t at = 0; (at = choices.find('|', at)) != std::string::npos; at += 3)
            choices.replace(at, 1, " | ");
        return choices;
    }
    if (r.min.empty() && r.max.empty()) return "";
    if (r.min.empty()) return fmt::format("≤ {}", r.max);
    if (r.max.empty()) return fmt::format("≥ {}", r.min);
    return fmt::format("{} … {}", r.min, r.max);
}

std::string facts(const row& r) {
    std::string out(name_of(r.kind));
    if (!r.unit.empty()) out += fmt::format(" ({})", r.unit);
    if (std::string b = bounds(r); !b.empty()) out += ", " + b;
    if (r.traits & secret_path) out += ", secret file";
    if (r.traits & reloadable) out += ", SIGHUP";
    if (r.traits & required) out += ", REQUIRED";
    return out;
}

std::string_view local_name(const row& r, const section& s) { return r.key.substr(s.name.size() + 1); }

bool belongs(const row& r, const section& s) {
    return r.key.size() > s.name.size() && r.key.starts_with(s.name) && r.key[s.name.size()] == '.';
}

// A text inside a Markdown table cell.
std::string cell(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

} // namespace

std::string sample_file(const definition& table, std::string_view heading) {
    std::string out(heading);
    for (const section& s : table.sections) {
        out += fmt::format("\n# {}\n# {}\n[{}]\n", s.vi, s.en, s.name);
        for (const row& r : table.rows) {
            if (!belongs(r, s)) continue;
            out += fmt::format("\n# {}\n# {}\n# {}\n", r.vi, r.en, facts(r));
            std::string_view shown = r.fallback.empty() ? r.example : r.fallback;
            out += fmt::format("{}{} = {}\n", (r.traits & required) ? "" : "#", local_name(r, s), as_toml(r, shown));
        }
    }
    return out;
}

std::string reference_page(const definition& table, std::string_view heading) {
    std::string out(heading);
    for (const section& s : table.sections) {
        out += fmt::format("\n## [{}]\n\n{}\n\n{}\n\n", s.name, s.vi, s.en);
        out += "| Key | Type and bounds | Default | Meaning |\n|---|---|---|---|\n";
        for (const row& r : table.rows) {
            if (!belongs(r, s)) continue;
            std::string fallback = r.fallback.empty() ? (r.traits & required) ? "(required)" : "(not set)"
                                                      : "`" + as_toml(r, r.fallback) + "`";
            out += fmt::format("| `{}` | {} | {} | {}<br>{} |\n", r.key, cell(facts(r)), cell(fallback), cell(r.vi),
                               cell(r.en));
        }
    }
    return out;
}

} // namespace vanthu::config

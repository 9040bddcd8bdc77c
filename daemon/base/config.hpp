// Configuration from one table: a row says what a key is, and from the rows come the parser's checks, the commented
// sample file and the reference page. Objects get values, never the configuration; the rows of vanthud stand in
// daemon/config_table.cpp.
//
// parse() reports every problem of a file at once, each with file:line:column, a stable code and texts in Vietnamese
// and English. Only a syntax error ends the reading early (TOML cannot be read past it). Format: TOML 1.0. Source:
// https://toml.io/en/v1.0.0
#pragma once

#include "daemon/base/failure.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vanthu::config {

enum class errc {
    unreadable = 1, // the file itself
    syntax,
    unknown_key,
    wrong_type,
    malformed, // a duration, size or address that is not written as one
    out_of_range,
    unknown_choice,
    missing,
    no_credential, // "credential:NAME" without $CREDENTIALS_DIRECTORY, or a name with a slash
    file_missing,
    secret_exposed, // a file of a secret that others may read
    one_key_two_roles,
    open_operator_door,
    incomplete, // a key that needs another one
    conflict,
    directory_unusable, // found at the start: it cannot be made, read or written to
    key_unusable,       // no private key can be read from the file (also: an encrypted one)
    key_mismatch,       // a private key that is not its certificate's
    certificate_unfit,  // a certificate that cannot be read, or does not allow what it is configured for
    serves_nobody,      // by the registry this node serves no organisation
    node_of_another,    // by the registry another organisation runs this node
};
std::error_code make_error_code(errc);

enum class type { string, integer, boolean, duration, size, path, enumeration, strings };

// What of a row is not a text. reloadable: takes effect on SIGHUP; required: there is no default and the file must say
// it; secret: the file named by this path must not be readable by others; input: the path must exist when files are
// checked.
enum : unsigned { reloadable = 1, required = 2, secret_path = 4, input = 8 };

struct row {
    std::string_view key; // "listen.api.address"
    type kind;
    std::string_view fallback = {};      // as written in the file, strings without quotes; "" = not set (lists: empty)
    std::string_view min = {}, max = {}; // integer, duration, size: as written in the file; "" = no bound
    std::string_view unit = {};          // of an integer, for people: "threads"
    std::string_view choices = {};       // enumeration: "text|json"
    unsigned traits = 0;
    std::string_view example = {}; // for the sample where there is no default; "" = none
    std::string_view vi, en;       // one sentence each
};

struct section {
    std::string_view name; // "listen.api"
    std::string_view vi, en;
};

// Static data. A row belongs to the section its key begins with ("policy" has the key "issue.valid"), and to one only.
struct definition {
    std::span<const section> sections;
    std::span<const row> rows;
    const row* find(std::string_view key) const;
};

struct place {
    unsigned line = 0, column = 0; // 0: nowhere in the file (a missing key)
};

struct problem {
    std::error_code code;
    std::string file;
    place at;
    std::string key;
    std::string detail_vi, detail_en; // what exactly: the value, the bounds, the nearest key
};
using problems = std::vector<problem>;

// file:line:column: CODE: Vietnamese / English, on two lines.
std::string to_text(const problem& p);
std::string to_text(const problems& all);

using duration = std::chrono::milliseconds;

// size is std::uint64_t bytes; an enumeration is a string; an optional path that is not set is an empty path.
using value = std::variant<std::string, std::int64_t, bool, duration, std::uint64_t, std::filesystem::path,
                           std::vector<std::string>>;

// "250ms", "30s", "5m", "2h", "7d"; "512 B", "64 KiB", "1 MiB", "2 GiB", "1 TiB" (the space may be missing).
std::optional<duration> read_duration(std::string_view text);
std::optional<std::uint64_t> read_size(std::string_view text);
std::string write_duration(duration d); // in the largest unit that divides it
std::string write_size(std::uint64_t bytes);

// Values of a whole definition, defaults included. Asking for a key that has no row, or for the wrong type, aborts: the
// table and the program disagree.
class config_values {
public:
    template <class T> const T& get(std::string_view key) const {
        const T* held = std::get_if<T>(&at(key));
        if (!held) wrong_type(key);
        return *held;
    }
    bool is_set(std::string_view key) const; // written in the file
    place where(std::string_view key) const; // {0, 0} for a default
    const std::map<std::string, value, std::less<>>& all() const { return values_; }

private:
    friend struct reader;
    const value& at(std::string_view key) const;
    [[noreturn]] static void wrong_type(std::string_view key);
    std::map<std::string, value, std::less<>> values_;
    std::map<std::string, place, std::less<>> places_;
};

struct surroundings {
    std::filesystem::path directory;             // relative paths of the file start here
    std::filesystem::path credentials_directory; // "credential:NAME" is NAME in it; empty: none
    bool check_files = false;                    // input paths exist, files of secrets are closed to others
};
// Of a file at `path`: its directory, and $CREDENTIALS_DIRECTORY.
surroundings surroundings_of(const std::filesystem::path& path, bool check_files);

// `values` always holds every key of the definition: the value read, or the default where reading failed, so that
// checks across keys can run and add to `found`. Use it only when `found` stays empty.
struct reading {
    config_values values;
    problems found;
};
reading parse(const definition& table, std::string_view text, std::string file, const surroundings& where);

// Keys whose values differ; those without the trait `reloadable` need a restart.
struct difference {
    std::vector<std::string> reloadable, restart;
};
difference compare(const definition& table, const config_values& before, const config_values& after);

// Every key with its sentence and default; required keys carry their example, all others are commented out.
std::string sample_file(const definition& table, std::string_view heading);
// docs/configuration.md: one table a section.
std::string reference_page(const definition& table, std::string_view heading);

} // namespace vanthu::config

template <> struct std::is_error_code_enum<vanthu::config::errc> : std::true_type {};

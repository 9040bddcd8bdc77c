#include "daemon/base/config.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace vanthu::config;
namespace fs = std::filesystem;

namespace {
constexpr section sections[] = {{"listen.api", "Cổng.", "A listener."}, {"limits", "Giới hạn.", "Limits."}};
constexpr row rows[] = {
    {.key = "listen.api.address", .kind = type::string, .fallback = "127.0.0.1:1", .vi = "Địa chỉ.", .en = "Address."},
    {.key = "listen.api.key",
     .kind = type::path,
     .traits = required | secret_path | input,
     .example = "a.key",
     .vi = "Khóa.",
     .en = "Key."},
    {.key = "limits.count",
     .kind = type::integer,
     .fallback = "5",
     .min = "1",
     .max = "10",
     .unit = "things",
     .traits = reloadable,
     .vi = "Số.",
     .en = "Count."},
    {.key = "limits.wait",
     .kind = type::duration,
     .fallback = "30s",
     .min = "1s",
     .max = "1h",
     .vi = "Chờ.",
     .en = "Wait."},
    {.key = "limits.size",
     .kind = type::size,
     .fallback = "64 KiB",
     .min = "1 KiB",
     .max = "2 GiB",
     .vi = "Cỡ.",
     .en = "Size."},
    {.key = "limits.strict", .kind = type::boolean, .fallback = "true", .vi = "Chặt.", .en = "Strict."},
    {.key = "limits.form",
     .kind = type::enumeration,
     .fallback = "text",
     .choices = "text|json",
     .vi = "Dạng.",
     .en = "Form."},
    {.key = "limits.names", .kind = type::strings, .fallback = "a,b", .vi = "Tên.", .en = "Names."},
};
constexpr definition table{sections, rows};

reading read(std::string_view text, surroundings where = {"/etc/test", "", false}) {
    return parse(table, text, "t.toml", where);
}

// The only problem of a text, as "line:column code key".
std::string only(const reading& r) {
    BOOST_REQUIRE_MESSAGE(r.found.size() == 1, to_text(r.found));
    const problem& p = r.found[0];
    return std::to_string(p.at.line) + ":" + std::to_string(p.at.column) + " " + p.code.message() + " " + p.key;
}
std::string code_of(std::string_view text) {
    reading r = read(text);
    BOOST_REQUIRE_MESSAGE(r.found.size() == 1, std::string(text) + "\n" + to_text(r.found));
    for (errc e : {errc::wrong_type, errc::malformed, errc::out_of_range, errc::unknown_choice, errc::unknown_key})
        if (r.found[0].code == e) return std::to_string(int(e));
    return "other";
}
const std::string key = "[listen.api]\nkey = 'a.key'\n";

struct folder : vanthu::test::temporary_directory {
    fs::path file(const std::string& name, mode_t mode) {
        std::ofstream(path() / name) << name;
        ::chmod((path() / name).c_str(), mode);
        return path() / name;
    }
};
} // namespace

BOOST_AUTO_TEST_CASE(values_are_read_and_the_rest_is_default) {
    reading r = read(key + "[limits]\ncount = 7\nwait = '2h 3'\n");
    BOOST_TEST(r.found.size() == 1u); // '2h 3' is no duration
    r = read(key + "[limits]\ncount = 7\nwait = '5m'\nsize = '2 GiB'\nstrict = false\nform = 'json'\nnames = ['x']\n");
    BOOST_REQUIRE_MESSAGE(r.found.empty(), to_text(r.found));
    BOOST_TEST(r.values.get<std::int64_t>("limits.count") == 7);
    BOOST_TEST(r.values.get<duration>("limits.wait").count() == 300000);
    BOOST_TEST(r.values.get<std::uint64_t>("limits.size") == 2147483648u);
    BOOST_TEST(r.values.get<bool>("limits.strict") == false);
    BOOST_TEST(r.values.get<std::string>("limits.form") == "json");
    BOOST_TEST(r.values.get<std::vector<std::string>>("limits.names").size() == 1u);
    BOOST_TEST(r.values.get<fs::path>("listen.api.key") == "/etc/test/a.key");
    BOOST_TEST(r.values.is_set("limits.count"));
    BOOST_TEST(r.values.where("limits.wait").line == 5u);

    r = read(key);
    BOOST_REQUIRE(r.found.empty());
    BOOST_TEST(r.values.get<std::int64_t>("limits.count") == 5);
    BOOST_TEST(r.values.get<duration>("limits.wait").count() == 30000);
    BOOST_TEST(r.values.get<std::uint64_t>("limits.size") == 65536u);
    BOOST_TEST(r.values.get<bool>("limits.strict"));
    BOOST_TEST(r.values.get<std::vector<std::string>>("limits.names").size() == 2u);
    BOOST_TEST(!r.values.is_set("limits.count"));
}

BOOST_AUTO_TEST_CASE(every_problem_is_reported_at_once_in_the_order_of_the_file) {
    reading r =
        read("[listen.api]\nadress = 'x'\naddress = 5\n[limits]\ncount = 11\nwait = '30'\nform = 'xml'\n[limit]\n");
    std::vector<errc> codes{errc::unknown_key,    errc::wrong_type,  errc::out_of_range, errc::malformed,
                            errc::unknown_choice, errc::unknown_key, errc::missing};
    BOOST_REQUIRE_MESSAGE(r.found.size() == codes.size(), to_text(r.found));
    for (std::size_t i = 0; i < codes.size(); ++i) BOOST_TEST(bool(r.found[i].code == codes[i]), to_text(r.found[i]));
    BOOST_TEST(r.found[0].detail_en.find("listen.api.address") != std::string::npos);
    BOOST_TEST(r.found[5].detail_en.find("\"limits\"") != std::string::npos);
    BOOST_TEST(r.values.get<std::int64_t>("limits.count") == 5); // usable for checks across keys
}

BOOST_AUTO_TEST_CASE(a_problem_names_file_line_column_code_and_both_languages) {
    reading r = read(key + "[limits]\n  count = 11\n");
    std::string text = to_text(r.found);
    BOOST_TEST(text.starts_with("t.toml:4:11: config.out_of_range [limits.count]: "), text);
    BOOST_TEST(text.find("Giá trị cấu hình nằm ngoài khoảng cho phép. 11; cho phép: 1 … 10.") != std::string::npos,
               text);
    BOOST_TEST(text.find("outside the allowed range. 11; allowed: 1 … 10.") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_key_in_the_wrong_section_is_pointed_to_its_own) {
    reading r = read(key + "strict = true\n");
    BOOST_REQUIRE(r.found.size() == 1u);
    BOOST_TEST(r.found[0].detail_en == "Did you mean \"limits.strict\"?");
}

BOOST_AUTO_TEST_CASE(an_unlike_name_gets_no_suggestion) {
    reading r = read(key + "zzzzzz = 1\n");
    BOOST_REQUIRE(r.found.size() == 1u);
    BOOST_TEST(r.found[0].detail_en == "");
}

BOOST_AUTO_TEST_CASE(a_syntax_error_is_the_only_problem_and_has_its_place) {
    BOOST_TEST(only(read("[limits]\ncount = = 3\n")).starts_with("2:9 The configuration file is not valid TOML."));
    BOOST_TEST(bool(read("[limits]\ncount = 1\ncount = 2\n").found.at(0).code == errc::syntax));
    BOOST_TEST(bool(read("[limits]\nform = \"\xff\"\n").found.at(0).code == errc::syntax));
}

BOOST_AUTO_TEST_CASE(every_wrong_form_is_refused) {
    auto code = [](errc e) { return std::to_string(int(e)); };
    auto limits = [](const char* line) { return code_of(key + "[limits]\n" + line + "\n"); };
    for (const char* line : {"count = '7'", "count = 7.0", "strict = 'true'", "strict = 1", "wait = 30", "size = 65536",
                             "form = true", "names = 'a'", "names = [1]", "count = [1]", "count = {a=1}"})
        BOOST_TEST(limits(line) == code(errc::wrong_type), line);
    for (const char* line : {"wait = ''", "wait = 's'", "wait = '-1s'", "wait = '1.5s'", "wait = '1 w'", "wait = '1S'",
                             "wait = '99999999999999999999s'", "wait = '9223372036854775807d'", "size = '1 KB'",
                             "size = '64'", "size = '1  KiB'", "form = \"a\\u0007\"", "names = [\"a\\nb\"]"})
        BOOST_TEST(limits(line) == code(errc::malformed), line);
    for (const char* line : {"count = 0", "count = 11", "count = -1", "wait = '999ms'", "wait = '2h'",
                             "size = '1023 B'", "size = '3 GiB'"})
        BOOST_TEST(limits(line) == code(errc::out_of_range), line);
    for (const char* line : {"form = 'xml'", "form = ''", "form = 'Text'"})
        BOOST_TEST(limits(line) == code(errc::unknown_choice), line);
    BOOST_TEST(code_of("limits.count.x = 1\n" + key) == code(errc::wrong_type)); // a table where a number belongs
    BOOST_TEST(code_of("limits = 1\n" + key) == code(errc::unknown_key));
}

BOOST_AUTO_TEST_CASE(bounds_themselves_are_allowed) {
    for (const char* line :
         {"count = 1", "count = 10", "wait = '1000ms'", "wait = '1h'", "size = '1KiB'", "size = '2 GiB'"})
        BOOST_TEST(read(key + "[limits]\n" + line).found.empty(), line);
}

BOOST_AUTO_TEST_CASE(durations_and_sizes_are_written_as_they_are_read) {
    for (const char* text : {"250ms", "30s", "5m", "2h", "7d", "0s"})
        BOOST_TEST(write_duration(read_duration(text).value()) == text);
    for (const char* text : {"512 B", "64 KiB", "1 MiB", "2 GiB", "1 TiB", "0 B"})
        BOOST_TEST(write_size(read_size(text).value()) == text);
}

BOOST_AUTO_TEST_CASE(a_credential_is_found_in_its_directory_and_nowhere_else) {
    surroundings with{"/etc/test", "/run/credentials/vanthud", false};
    reading r = read("[listen.api]\nkey = 'credential:api-key'\n", with);
    BOOST_REQUIRE(r.found.empty());
    BOOST_TEST(r.values.get<fs::path>("listen.api.key") == "/run/credentials/vanthud/api-key");
    BOOST_TEST(bool(read("[listen.api]\nkey = 'credential:api-key'\n").found.at(0).code == errc::no_credential));
    for (const char* name : {"", ".", "..", "../shadow", "a/b"})
        BOOST_TEST(bool(read(std::string("[listen.api]\nkey = 'credential:") + name + "'\n", with).found.at(0).code ==
                        errc::no_credential));
}

BOOST_AUTO_TEST_CASE(files_are_checked_when_asked) {
    folder here;
    surroundings where{here.path(), "", true};
    BOOST_TEST(bool(read(key, where).found.at(0).code == errc::file_missing));
    here.file("a.key", 0644);
    BOOST_TEST(bool(read(key, where).found.at(0).code == errc::secret_exposed));
    here.file("a.key", 0640);
    BOOST_TEST(read(key, where).found.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_required_value_is_missing) {
    BOOST_TEST(bool(read("[listen.api]\nkey = ''\n").found.at(0).code == errc::missing));
}

BOOST_AUTO_TEST_CASE(a_reload_tells_what_needs_a_restart) {
    difference d =
        compare(table, read(key).values, read(key + "[limits]\ncount = 6\nwait = '1m'\nform = 'text'\n").values);
    BOOST_TEST(d.reloadable == std::vector<std::string>{"limits.count"}, boost::test_tools::per_element());
    BOOST_TEST(d.restart == std::vector<std::string>{"limits.wait"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_sample_shows_every_key_and_the_page_every_row) {
    std::string sample = sample_file(table, "# head\n"), page = reference_page(table, "# Head\n");
    for (const char* line :
         {"[listen.api]", "key = \"a.key\"", "#count = 5", "#wait = \"30s\"", "#names = [\"a\", \"b\"]"})
        BOOST_TEST(sample.find(line) != std::string::npos, line);
    BOOST_TEST(page.find("| `limits.form` | choice, text \\| json | `\"text\"` | Dạng.<br>Form. |") !=
                   std::string::npos,
               page);
}

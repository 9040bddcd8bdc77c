#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temporary_directory.hpp"
namespace {
const std::string sample = VANTHU_SOURCE_DIR "/conf/registry.toml";

struct answer {
    int exit_code;
    std::string text;
};

answer run(const std::string& arguments) {
    FILE* pipe = ::popen((std::string(REGISTRY_COMMANDS) + " registry " + arguments + " 2>&1").c_str(), "r");
    BOOST_REQUIRE(pipe);
    answer a{0, {}};
    std::array<char, 4096> chunk;
    for (std::size_t n; (n = std::fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) a.text.append(chunk.data(), n);
    a.exit_code = WEXITSTATUS(::pclose(pipe));
    return a;
}

struct folder : vanthu::test::temporary_directory {
    std::string file(const char* name, const std::string& text) const {
        std::ofstream(path() / name) << text;
        return (path() / name).string();
    }
};

bool has(const answer& a, const char* text) { return a.text.find(text) != std::string::npos; }
} // namespace

BOOST_AUTO_TEST_CASE(check_answers_0_for_a_valid_file) {
    answer a = run("check " + sample + " --at 2026-07-15");
    BOOST_TEST(a.exit_code == 0);
    BOOST_TEST(has(a, "Hợp lệ: phiên bản 12"), a.text);
}

BOOST_AUTO_TEST_CASE(every_command_speaks_the_language_asked_for) {
    BOOST_TEST(has(run("check --lang en " + sample + " --at 2026-07-15"), "Valid: version 12"));
    answer unknown = run("resolve --lang en " + sample + " X99");
    BOOST_TEST(unknown.exit_code == 3);
    BOOST_TEST(has(unknown, "Unknown: X99"), unknown.text);
    answer missing = run("check --lang en " + sample + ".none");
    BOOST_TEST(missing.exit_code == 66);
    BOOST_TEST(has(missing, "The file does not exist."), missing.text);
    BOOST_TEST(!has(missing, "Không"), missing.text);
}

BOOST_AUTO_TEST_CASE(check_names_file_line_and_remedy_of_a_bad_one) {
    folder f;
    std::string bad = f.file("bad.toml", "version = 1\nverison = 2\n");
    answer a = run("check " + bad);
    BOOST_TEST(a.exit_code == 1);
    BOOST_TEST(has(a, (bad + ":2:").c_str()), a.text);
    BOOST_TEST(has(a, "Tệp danh bạ có khóa không được hỗ trợ."), a.text);
    answer machine = run("check --json " + bad);
    BOOST_TEST(machine.exit_code == 1);
    BOOST_TEST(has(machine, "\"code\":\"registry.unknown_key\""), machine.text);
    BOOST_TEST(has(machine, "\"schema_version\":1"), machine.text);
}

BOOST_AUTO_TEST_CASE(resolve_shows_who_it_is_and_who_took_over) {
    answer a = run("resolve " + sample + " H34 --at 2026-01-01");
    BOOST_TEST(a.exit_code == 0);
    BOOST_TEST(has(a, "Ủy ban nhân dân tỉnh Kon Tum"), a.text);
    BOOST_TEST(has(a, "→ h48"), a.text);
    BOOST_TEST(run("resolve " + sample + " X99").exit_code == 3);
}

BOOST_AUTO_TEST_CASE(route_tells_the_next_node_or_why_it_is_held) {
    BOOST_TEST(has(run("route " + sample + " H48.99.01 --node g22 --at 2026-01-01"), "hop h48 for h48.99.01"));
    answer held = run("route " + sample + " 000.00.32.H48 --node g22 --at 2026-01-01");
    BOOST_TEST(held.exit_code == 3);
    BOOST_TEST(has(held, "văn thư phải chọn"), held.text);
    BOOST_TEST(run("route " + sample + " H48 --node nobody").exit_code == 1);
    BOOST_TEST(run("route " + sample + " H48 --node g22 --at 2025-13-01").exit_code == 1);
}

BOOST_AUTO_TEST_CASE(diff_refuses_a_file_whose_version_was_not_raised) {
    folder f;
    std::string one = f.file(
        "one.toml", "version = 1\n[[organisation]]\nid = 'a'\nname = 'A'\n[[node]]\nid = 'n'\norganisation = 'a'\n");
    std::string two = f.file(
        "two.toml", "version = 1\n[[organisation]]\nid = 'a'\nname = 'B'\n[[node]]\nid = 'n'\norganisation = 'a'\n");
    BOOST_TEST(run("diff " + one + " " + one + " --node n").exit_code == 0);
    answer a = run("diff " + one + " " + two + " --node n");
    BOOST_TEST(a.exit_code == 1);
    BOOST_TEST(has(a, "~ cơ quan a"), a.text);
}

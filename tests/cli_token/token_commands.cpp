// The commands as a person types them, on a SoftHSM2 token, with the files that vanthu-test-ca writes.
#include "daemon/cli/token.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <unistd.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct desk {
    temporary_directory dir;
    std::string path(const char* name) const { return (dir.path() / name).string(); }
    void put(const char* name, std::string_view text) const {
        BOOST_REQUIRE(write_file_atomically(path(name), as_bytes(text), 0600));
    }
    desk() {
        std::filesystem::create_directories(path("tokens"));
        put("softhsm2.conf",
            "directories.tokendir = " + path("tokens") + "\nobjectstore.backend = file\nlog.level = ERROR\n");
        ::setenv("SOFTHSM2_CONF", path("softhsm2.conf").c_str(), 1);
        std::string output;
        BOOST_REQUIRE_MESSAGE(run({"softhsm2-util", "--init-token", "--free", "--label", "vanthu", "--pin", "1234",
                                   "--so-pin", "12345678"},
                                  &output) == 0,
                              output);
        put("pin", "1234\n");
        std::filesystem::create_directory(path("state"));
    }
    // Standard output goes to a file meanwhile: the commands print with fmt::print.
    boost::json::object vanthu(std::vector<std::string> words, int expected) const {
        CLI::App app;
        int exit_code = -1;
        cli::add_token_commands(app, exit_code);
        words.insert(words.begin() + 1,
                     {"--module", "/usr/lib/softhsm/libsofthsm2.so", "--json", "--state", path("state")});
        words.insert(words.begin(), "token");
        std::reverse(words.begin(), words.end());
        std::fflush(stdout);
        int saved = ::dup(1);
        std::FILE* captured = std::fopen(path("out").c_str(), "w");
        ::dup2(::fileno(captured), 1);
        app.parse(words);
        std::fflush(stdout);
        ::dup2(saved, 1);
        ::close(saved);
        std::fclose(captured);
        std::string text = read_text_file(path("out")).value();
        BOOST_TEST(exit_code == expected, text);
        auto answer = boost::json::parse(text).as_object();
        BOOST_TEST(answer.at("schema_version").as_int64() == 1);
        return answer;
    }
};

} // namespace

// One case: SoftHSM2 reads its configuration once in a process.
BOOST_FIXTURE_TEST_CASE(a_token_is_filled_used_and_guarded_from_the_command_line, desk) {
    test_ca ca;
    auto who = ca.issue({.common_name = "Văn thư", .organisation_code = "H40"});
    bytes p12 = who.pkcs12("matkhau", "k", {ca.sub()});
    BOOST_REQUIRE(write_file_atomically(path("k.p12"), p12));
    put("k.pass", "matkhau\n");
    std::string pin = path("pin");

    auto imported = vanthu({"import", "--token", "vanthu", "--label", "seal", "--pin-file", pin, "--p12", path("k.p12"),
                            "--passphrase-file", path("k.pass")},
                           0);
    std::string uri(imported.at("uri").as_string());
    BOOST_TEST(uri.starts_with("pkcs11:"));
    auto tested = vanthu({"test", "--uri", uri, "--pin-file", pin}, 0);
    BOOST_TEST(tested.at("signs").as_bool());
    BOOST_TEST(tested.at("organisation_code").as_string() == "H40");
    auto listed = vanthu({"list"}, 0);
    BOOST_TEST(listed.at("tokens").as_array().at(0).as_object().at("certificates").as_array().size() == 1u);

    for (const char* kind : {"rsa2048", "p256", "p384"}) {
        vanthu({"keygen", "--token", "vanthu", "--pin-file", pin, "--kind", kind, "--common-name", "Lãnh đạo", "-o",
                path("csr")},
               0);
        std::string output;
        BOOST_TEST(run({"openssl", "req", "-in", path("csr"), "-noout", "-verify"}, &output) == 0, output);
    }
    BOOST_TEST(vanthu({"status", "--token", "vanthu", "--pin-file", pin}, 0).at("keys").as_array().size() == 4u);

    BOOST_TEST(vanthu({"test", "--uri", uri + "?pin-value=1234", "--pin-file", pin}, 1).at("code").as_string() ==
               "token.pin_in_uri");
    BOOST_TEST(vanthu({"status", "--token", "none"}, 1).at("code").as_string() == "token.token_not_found");
    auto no_pin = [&](const char* file, int expected) {
        auto said =
            vanthu({"keygen", "--token", "vanthu", "--pin-file", path(file), "--common-name", "x", "-o", path("csr")},
                   expected);
        BOOST_TEST((said.at("cause").as_string().find(path(file)) != std::string_view::npos));
        return std::string(said.at("code").as_string());
    };
    put("empty", "");
    BOOST_TEST(no_pin("nothing", 66) == "files.not_found");
    BOOST_TEST(no_pin("state", 66) == "files.unreadable");
    BOOST_TEST(no_pin("empty", 1) == "token.pin_needed");
    // A request that cannot be written makes no key, and one that was lost is made again.
    auto keys = [&] {
        return vanthu({"status", "--token", "vanthu", "--pin-file", pin}, 0).at("keys").as_array().size();
    };
    BOOST_TEST(vanthu({"keygen", "--token", "vanthu", "--pin-file", pin, "--id", "77", "--common-name", "x", "-o",
                       path("no-such-folder/csr")},
                      1)
                   .at("code")
                   .as_string() == "files.write_failed");
    BOOST_TEST(keys() == 4u);
    for (const char* kind : {"rsa2048", "p384"}) {
        const std::string id = kind[0] == 'r' ? "77" : "78";
        vanthu({"keygen", "--token", "vanthu", "--pin-file", pin, "--id", id, "--kind", kind, "--common-name", "x",
                "-o", path("first")},
               0);
        auto again = vanthu({"request", "--token", "vanthu", "--pin-file", pin, "--id", id, "--common-name", "Lãnh đạo",
                             "--organisation", "UBND xã Mẫu", "-o", path("again")},
                            0);
        BOOST_TEST(again.at("id").as_string() == id);
        std::string first, second;
        BOOST_TEST(run({"openssl", "req", "-in", path("again"), "-noout", "-verify"}, &second) == 0, second);
        run({"openssl", "req", "-in", path("first"), "-noout", "-pubkey"}, &first);
        second.clear();
        run({"openssl", "req", "-in", path("again"), "-noout", "-pubkey"}, &second);
        BOOST_TEST(first == second);
        BOOST_TEST(first.find("PUBLIC KEY") != first.npos, first);
    }
    auto taken = vanthu(
        {"keygen", "--token", "vanthu", "--pin-file", pin, "--id", "77", "--common-name", "x", "-o", path("csr")}, 1);
    BOOST_TEST(taken.at("code").as_string() == "token.already_exists");
    BOOST_TEST((taken.at("action_en").as_string().find("vanthu token request") != std::string_view::npos));
    // A key that came with its certificate has no public key object; where several fit, all are named.
    vanthu(
        {"request", "--token", "vanthu", "--pin-file", pin, "--label", "seal", "--common-name", "x", "-o", path("csr")},
        0);
    auto several =
        vanthu({"request", "--token", "vanthu", "--pin-file", pin, "--common-name", "x", "-o", path("csr")}, 1);
    BOOST_TEST(several.at("code").as_string() == "token.key_ambiguous");
    BOOST_TEST((several.at("cause").as_string().find("--id 77") != std::string_view::npos));
    BOOST_TEST(vanthu({"request", "--token", "vanthu", "--pin-file", pin, "--id", "99", "--common-name", "x", "-o",
                       path("csr")},
                      1)
                   .at("code")
                   .as_string() == "token.key_not_found");
    BOOST_TEST(vanthu({"import", "--token", "vanthu", "--pin-file", pin}, 64).at("code").as_string() ==
               "cli.what_to_import");

    // A slip in the name of the directory would let the guard start anew.
    std::filesystem::rename(path("state"), path("elsewhere"));
    for (const auto& words : std::vector<std::vector<std::string>>{{"test", "--uri", uri, "--pin-file", pin},
                                                                   {"unlock-guard", "--token", "vanthu"}})
        BOOST_TEST(vanthu(words, 1).at("code").as_string() == "tokens.guard_missing");
    BOOST_TEST(!std::filesystem::exists(path("state")));
    std::filesystem::rename(path("elsewhere"), path("state"));
    BOOST_TEST(vanthu({"unlock-guard", "--token", "vanthu"}, 0).at("guard").as_string() == "nothing on record");
}

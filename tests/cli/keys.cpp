// vanthu credential new, log-key new, log-key delegate.
#include "daemon/api/credentials.hpp"
#include "daemon/base/files.hpp"
#include "schemas/receipt/delegation.hpp"
#include "tests/cli/run_vanthu.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

namespace vanthu::test {
namespace {
unsigned mode_of(const std::filesystem::path& path) {
    struct stat about{};
    return ::stat(path.c_str(), &about) == 0 ? about.st_mode & 0777 : 0;
}
std::string line_of(const std::filesystem::path& path) {
    std::string text = read_text_file(path).value();
    return text.substr(0, text.find('\n'));
}
} // namespace

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(a_new_credential_opens_what_its_row_says_and_is_written_closed) {
    temporary_directory t;
    auto file = (t.path() / "credentials.toml").string(), key = (t.path() / "key").string();
    ran r = vanthu({"credential", "new", "--id", "e1", "--organisation", "H48.01", "H48.02", "--right", "submit",
                    "track", "--file", file, "--key-out", key});
    BOOST_REQUIRE_MESSAGE(r.exit_code == 0, r.output);
    BOOST_TEST(mode_of(key) == 0600u);
    BOOST_TEST(r.output.find("vt_") == std::string::npos);
    ran shown =
        vanthu({"credential", "new", "--id", "e2", "--organisation", "H48", "--right", "inbox", "--file", file});
    BOOST_REQUIRE(shown.exit_code == 0);
    auto all = api::credentials::parse(read_text_file(file).value(), file).value();
    BOOST_TEST(all.size() == 2u);
    const api::credential* e1 = all.find(line_of(key));
    BOOST_REQUIRE(e1);
    BOOST_TEST(e1->id == "e1");
    BOOST_TEST(e1->organisations.size() == 2u);
    BOOST_TEST(!e1->rights.contains("inbox"));
    std::size_t at = shown.output.find("vt_");
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(all.find(shown.output.substr(at, 46)) != nullptr);
    BOOST_TEST(read_text_file(file).value().find("vt_") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refused_credential_changes_nothing_and_leaves_no_key) {
    temporary_directory t;
    auto file = (t.path() / "credentials.toml").string(), key = (t.path() / "key").string();
    auto make = [&](std::vector<std::string> with) {
        std::vector<std::string> all{"credential", "new", "--file", file, "--key-out", key};
        all.insert(all.end(), with.begin(), with.end());
        return vanthu(all);
    };
    BOOST_TEST(make({"--id", "a\"b", "--organisation", "H48", "--right", "inbox"}).exit_code == 1);
    BOOST_TEST(make({"--id", "a", "--organisation", "H48", "--right", "everything"}).exit_code == 64);
    BOOST_TEST(make({"--id", "a", "--right", "inbox"}).exit_code == 64);
    BOOST_TEST(!std::filesystem::exists(file));
    (void)write_file_atomically(file, as_bytes("[[credential]]\nid = 3\n"));
    BOOST_TEST(make({"--id", "a", "--organisation", "H48", "--right", "inbox"}).exit_code == 1);
    BOOST_TEST(read_text_file(file).value() == "[[credential]]\nid = 3\n");
    BOOST_TEST(!std::filesystem::exists(key));
    (void)write_file_atomically(key, as_bytes("mine"));
    ran r = make({"--id", "a", "--organisation", "H48", "--right", "inbox", "--json"});
    BOOST_TEST(r.exit_code == 1);
    BOOST_TEST(r.output.find("cli.file_exists") != std::string::npos);
    BOOST_TEST(read_text_file(key).value() == "mine");
}

BOOST_AUTO_TEST_CASE(a_log_key_is_delegated_by_the_service_certificate) {
    temporary_directory t;
    test_ca ca;
    subject_spec spec;
    spec.organisation_code = "H48";
    spec.use = profile::service;
    identity service = ca.issue(spec);
    auto path = [&](const char* name) { return (t.path() / name).string(); };
    (void)write_file_atomically(path("s.pem"), as_bytes(service.certificate_pem() + ca.sub().certificate_pem()));
    (void)write_file_atomically(path("s.key"), as_bytes(service.key_pem()), 0600);
    BOOST_REQUIRE(vanthu({"log-key", "new", "--out", path("log.key")}).exit_code == 0);
    BOOST_TEST(mode_of(path("log.key")) == 0600u);
    BOOST_TEST(vanthu({"log-key", "new", "--out", path("log.key")}).exit_code == 1);
    auto delegate = [&](std::string key, std::string certificate, std::vector<std::string> more = {}) {
        std::vector<std::string> all{"log-key",
                                     "delegate",
                                     "--log-key",
                                     path("log.key"),
                                     "--service-key",
                                     key,
                                     "--service-certificate",
                                     certificate,
                                     "--organisation",
                                     "H48",
                                     "--origin",
                                     "vanthu.example/h48/log1",
                                     "--days",
                                     "30",
                                     "--out",
                                     path("delegation")};
        all.insert(all.end(), more.begin(), more.end());
        return vanthu(all).exit_code;
    };
    BOOST_TEST(delegate(path("s.key"), path("none.pem")) == 66);
    BOOST_TEST(delegate(path("log.key"), path("s.pem")) == 1); // not the certificate's key
    BOOST_TEST(!std::filesystem::exists(path("delegation")));
    BOOST_TEST(delegate(path("s.key"), path("s.pem"), {"--previous-head", path("s.pem")}) == 64);
    BOOST_REQUIRE(delegate(path("s.key"), path("s.pem"), {"--previous-origin", "vanthu.example/h48/log0"}) == 0);
    receipt::trust_anchors anchors;
    BOOST_REQUIRE(anchors.add_der(ca.root().certificate_der()).has_value());
    auto good = receipt::verify_delegation(read_text_file(path("delegation")).value(), anchors, system_clock().now());
    BOOST_REQUIRE_MESSAGE(good.has_value(), (good ? "" : good.error().detail));
    BOOST_TEST(good->content.log_origin == "vanthu.example/h48/log1");
    BOOST_TEST(good->content.previous->origin == "vanthu.example/h48/log0");
    BOOST_TEST((good->content.valid_to - good->content.valid_from == std::chrono::days(30)));
}

BOOST_AUTO_TEST_CASE(a_missing_folder_of_trusted_certificates_is_named_as_missing) {
    temporary_directory t;
    auto path = [&](const char* name) { return (t.path() / name).string(); };
    (void)write_file_atomically(path("receipt"), as_bytes("x"));
    ran r = vanthu({"verify-receipt", path("receipt"), "--trust", path("none"), "--lang", "en"});
    BOOST_TEST(r.exit_code == 66);
    BOOST_TEST(r.output.find("files.not_found") != std::string::npos, r.output);
    BOOST_TEST(r.output.find("--trust " + path("none")) != std::string::npos, r.output);
    BOOST_TEST(r.output.find("permission") == std::string::npos, r.output);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

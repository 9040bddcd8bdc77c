// `vanthu sign` and `vanthu verify` from key file to report.
#include "daemon/base/files.hpp"
#include "daemon/cli/sign.hpp"
#include "daemon/cli/verify.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <CLI/CLI.hpp>
#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct desk {
    temporary_directory dir;
    std::string at(const char* name) const { return (dir.path() / name).string(); }
    void put(const char* name, bytes_view content) const {
        BOOST_REQUIRE(write_file_atomically(dir.path() / name, content).has_value());
    }

    desk() {
        std::filesystem::create_directory(dir.path() / "trust");
        put("trust/root.crt", world().ca.root().certificate_der());
        put("trust/sub.crt", world().ca.sub().certificate_der());
        // The commands read the real clock: lists that are valid now.
        auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
        test_ca::crl_spec fresh{.this_update = now - std::chrono::hours(24),
                                .next_update = now + std::chrono::hours(24)};
        put("root.crl", test_ca::crl_of(world().ca.root(), fresh));
        put("sub.crl", world().ca.sub_crl(fresh));
        put("leader.p12", world().leader.pkcs12("secret"));
        put("seal.p12", world().agency.pkcs12("secret"));
        put("pin", as_bytes("secret\n"));
        put("in.pdf", make_letter());
    }

    int run(std::vector<std::string> arguments) const {
        CLI::App app;
        int code = 0;
        cli::add_verify_command(app, code);
        cli::add_sign_command(app, code, [](std::string, bytes query) -> result<bytes> {
            auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
            return test_tsa(world().tsa, {world().ca.sub()}, query, now);
        });
        std::reverse(arguments.begin(), arguments.end());
        app.parse(arguments);
        return code;
    }
    int sign(const char* key, const char* in, const char* out, std::vector<std::string> more) const {
        std::vector<std::string> all{"sign",      "--key", "p12:" + at(key), "--pin-file", at("pin"),     "--trust",
                                     at("trust"), "--crl", at("root.crl"),   "--crl",      at("sub.crl"), at(in),
                                     "-o",        at(out)};
        all.insert(all.end(), more.begin(), more.end());
        return run(all);
    }
    int verify(const char* file) const {
        return run(
            {"verify", "--trust", at("trust"), "--crl", at("root.crl"), "--crl", at("sub.crl"), "--json", at(file)});
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_letter_is_signed_sealed_and_verified_from_the_command_line) {
    desk d;
    BOOST_TEST(d.verify("in.pdf") == 3);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "signed.pdf",
                      {"--profile", "approved", "--level", "B-T", "--tsa", "http://tsa.example/"}) == 0);
    BOOST_TEST(d.verify("signed.pdf") == 0);
    BOOST_TEST(d.sign("seal.p12", "signed.pdf", "issued.pdf",
                      {"--profile", "issued", "--number", "321/UBND-KGVX", "--date", "2025-07-05"}) == 0);
    BOOST_TEST(d.verify("issued.pdf") == 0);
    std::string text;
    BOOST_TEST(run({"/usr/bin/pdftotext", "-raw", d.at("issued.pdf"), "-"}, &text) == 0);
    BOOST_TEST(text.find("ngày 05 tháng 7 năm 2025") != text.npos, text);
    bytes changed = *read_file(d.at("issued.pdf"));
    changed[changed.size() / 4] ^= 1;
    d.put("changed.pdf", changed);
    int code = d.verify("changed.pdf");
    BOOST_TEST((code == 1 || code == 2), code);
}

BOOST_AUTO_TEST_CASE(issuing_wants_a_valid_signature_of_somebody_else_first) {
    desk d;
    std::vector<std::string> issue{"--profile", "issued", "--number", "1/QĐ", "--date", "2025-07-15"};
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "out.pdf", issue) == 1);
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "own.pdf", {"--profile", "approved"}) == 0);
    BOOST_TEST(d.sign("seal.p12", "own.pdf", "out.pdf", issue) == 1);
    d.put("foreign.pdf", world().sign(make_letter(), world().stranger, request_for(pdf::profile::approved)));
    BOOST_TEST(d.sign("seal.p12", "foreign.pdf", "out.pdf", issue) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("out.pdf")));
}

BOOST_AUTO_TEST_CASE(what_this_version_does_not_offer_is_refused_with_64_and_unreadable_with_66) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--format", "xades"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--level", "B-LTA"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--profile", "copy"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--level", "B-T"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "missing.pdf", "out.pdf", {}) == 66);
    BOOST_TEST(d.verify("missing.pdf") == 66);
    d.put("pin", as_bytes("wrong"));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {}) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("out.pdf")));
}

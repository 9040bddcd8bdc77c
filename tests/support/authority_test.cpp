// The authority's answers, judged by openssl's own programs.
#include "tests/support/test_authority.hpp"

#include "daemon/base/files.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/x509.h>

using namespace vanthu;
using namespace vanthu::test;
using std::chrono::milliseconds;

namespace {

struct fixture {
    fixture()
        : server([this] { return who; }, {.slow = milliseconds(1)}), ca("Authority", test_key::p256, server.url()),
          who(authority::of(ca)), leaf(ca.issue({.common_name = "Leaf"})) {
        write("root.pem", ca.root().certificate_pem());
        write("sub.pem", ca.sub().certificate_pem());
        write("leaf.pem", leaf.certificate_pem());
    }
    void write(const char* name, const std::string& text) {
        BOOST_REQUIRE(write_file_atomically(path(name), as_bytes(text), 0600));
    }
    std::string path(const char* name) const { return (folder.path() / name).string(); }

    std::string ocsp(const std::string& url, const std::string& certificate = "leaf.pem") {
        std::string said;
        run({"openssl", "ocsp", "-issuer", path(certificate == "sub.pem" ? "root.pem" : "sub.pem"), "-cert",
             path(certificate.c_str()), "-url", server.url(url), "-CAfile", path("root.pem"), "-verify_other",
             path("sub.pem")},
            &said);
        return said;
    }
    // A query, its reply, and what openssl says of the reply.
    std::string stamp(const std::string& url) {
        std::string said, ignored;
        write("data", "data");
        run({"openssl", "ts", "-query", "-data", path("data"), "-sha256", "-cert", "-out", path("q.tsq")}, &ignored);
        run({"curl", "-sS", "-o", path("r.tsr"), "-H", "Content-Type: application/timestamp-query", "--data-binary",
             "@" + path("q.tsq"), server.url(url)},
            &ignored);
        run({"openssl", "ts", "-verify", "-queryfile", path("q.tsq"), "-in", path("r.tsr"), "-CAfile",
             path("root.pem")},
            &said);
        return said;
    }

    authority_server server;
    test_ca ca;
    authority who;
    identity leaf;
    temporary_directory folder;
};

bool has(const std::string& text, std::string_view part) {
    if (text.find(part) != text.npos) return true;
    BOOST_TEST_MESSAGE(text);
    return false;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(test_authority, fixture)

BOOST_AUTO_TEST_CASE(an_honest_responder_says_good_for_a_leaf_and_for_the_sub_ca) {
    for (const char* name : {"leaf.pem", "sub.pem"}) {
        std::string said = ocsp("/ocsp", name);
        BOOST_TEST(has(said, "Response verify OK"));
        BOOST_TEST(has(said, ": good"));
        BOOST_TEST(!said.contains("WARNING"));
    }
}

BOOST_AUTO_TEST_CASE(a_revoked_certificate_is_revoked_in_ocsp_and_in_the_crl) {
    std::string serial, listed;
    run({"openssl", "x509", "-in", path("leaf.pem"), "-noout", "-serial"}, &serial);
    serial = serial.substr(7, serial.find('\n') - 7);
    who.revoked.push_back({serial, system_clock().now() - std::chrono::hours(2), 4});
    BOOST_TEST(has(ocsp("/ocsp"), ": revoked"));
    BOOST_TEST(has(ocsp("/ocsp"), "superseded"));
    run({"sh", "-c",
         "curl -sS " + server.url("/sub.crl") + " | openssl crl -inform DER -noout -text -CAfile " + path("sub.pem")},
        &listed);
    BOOST_TEST(has(listed, "verify OK"));
    BOOST_TEST(has(listed, serial));
}

BOOST_AUTO_TEST_CASE(each_fault_of_the_responder_is_what_it_is_called) {
    BOOST_TEST(has(ocsp("/other-nonce/ocsp"), "Nonce Verify error"));
    BOOST_TEST(has(ocsp("/no-nonce/ocsp"), "no nonce in response"));
    BOOST_TEST(has(ocsp("/wrong-signer/ocsp"), "Response Verify Failure"));
    BOOST_TEST(has(ocsp("/other-cert/ocsp"), "No Status found"));
    BOOST_TEST(has(ocsp("/revoked/ocsp"), ": revoked"));
    BOOST_TEST(has(ocsp("/unknown/ocsp"), ": unknown"));
    BOOST_TEST(has(ocsp("/stale/ocsp"), "Status times invalid"));
    BOOST_TEST(has(ocsp("/refuse/ocsp"), "unauthorized"));
    BOOST_TEST(has(ocsp("/slow/ocsp"), ": good"));
    for (const char* broken : {"/garbage/ocsp", "/http-error/ocsp", "/hang-up/ocsp", "/no-such-fault/ocsp"})
        BOOST_TEST(has(ocsp(broken), "Error querying OCSP responder"));
}

BOOST_AUTO_TEST_CASE(each_fault_of_the_time_stamp_authority_is_what_it_is_called) {
    BOOST_TEST(has(stamp("/tsa"), "Verification: OK"));
    BOOST_TEST(has(stamp("/"), "Verification: OK"));
    BOOST_TEST(has(stamp("/other-nonce/tsa"), "nonce mismatch"));
    BOOST_TEST(has(stamp("/wrong-imprint/tsa"), "message imprint mismatch"));
    BOOST_TEST(has(stamp("/wrong-signer/tsa"), "certificate verify error"));
    BOOST_TEST(has(stamp("/refuse/tsa"), "status code: rejection"));
    BOOST_TEST(has(stamp("/garbage/tsa"), "FAILED"));
}

BOOST_AUTO_TEST_CASE(a_stale_crl_is_over_and_a_strangers_does_not_verify) {
    auto crl = [&](const std::string& url) {
        std::string said;
        run({"sh", "-c",
             "curl -sS " + server.url(url) + " | openssl crl -inform DER -noout -nextupdate -CAfile " +
                 path("sub.pem")},
            &said);
        return said;
    };
    BOOST_TEST(has(crl("/sub.crl"), "verify OK"));
    BOOST_TEST(has(crl("/wrong-signer/sub.crl"), "verify failure"));
    BOOST_TEST(crl("/stale/sub.crl") != crl("/sub.crl"));
}

BOOST_AUTO_TEST_CASE(a_server_with_an_unanswered_request_can_be_destroyed) {
    auto slow = std::make_unique<authority_server>([this] { return who; },
                                                   authority_server::options{.slow = std::chrono::hours(1)});
    std::string said, url = slow->url("/slow/sub.crl");
    std::thread client([&] { run({"curl", "-sS", url}, &said); });
    std::this_thread::sleep_for(milliseconds(200));
    slow.reset();
    client.join();
    BOOST_TEST(has(said, "curl: ("));
}

BOOST_AUTO_TEST_SUITE_END()

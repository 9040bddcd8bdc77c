#include "daemon/base/files.hpp"
#include "tests/signing_cms/world.hpp"

#include <openssl/ts.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {
const timestamp stamped_at = at_time("2026-02-28T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(openssl_reads_our_request_and_judges_the_reply_like_us) {
    world w;
    temporary_directory dir;
    auto path = [&](const char* name) { return (dir.path() / name).string(); };
    digest imprint = sha256::of(w.content);
    for (bytes nonce : {bytes{0, 0, 1, 2, 3, 4, 5, 6}, bytes{0xff, 1, 2, 3, 4, 5, 6, 7},
                        bytes{0x7f, 1, 2, 3, 4, 5, 6, 7}, bytes(8, 0)}) {
        bytes request = cms::timestamp_request(imprint, nonce);
        bytes reply = test_tsa(w.tsa, {w.ca.sub()}, request, stamped_at);
        BOOST_REQUIRE(write_file_atomically(path("q"), request));
        BOOST_REQUIRE(write_file_atomically(path("r"), reply));
        BOOST_REQUIRE(write_file_atomically(path("root.pem"), as_bytes(w.ca.root().certificate_pem())));
        std::string output;
        BOOST_TEST(run({"openssl", "ts", "-query", "-in", path("q"), "-text"}, &output) == 0, output);
        BOOST_TEST(output.find("Certificate required: yes") != output.npos);
        BOOST_TEST(run({"openssl", "ts", "-verify", "-queryfile", path("q"), "-in", path("r"), "-CAfile",
                        path("root.pem"), "-attime", "1772352000"},
                       &output) == 0,
                   output);
        auto token = cms::check_timestamp_reply(reply, imprint, nonce);
        BOOST_REQUIRE_MESSAGE(token, token.error().detail);
        BOOST_TEST((token->time == stamped_at));
        BOOST_TEST(token->policy == "2.16.704.1.1.1.1.1");
        BOOST_TEST((token->authority == cert_of(w.tsa)));
    }
}

BOOST_AUTO_TEST_CASE(a_reply_to_another_question_is_refused) {
    world w;
    digest imprint = sha256::of(w.content), other = sha256::of("other");
    bytes nonce = random_bytes(8), request = cms::timestamp_request(imprint, nonce);
    auto refusal = [&](bytes_view reply) { return cms::check_timestamp_reply(reply, imprint, nonce).error().code; };
    auto tsa = [&](bytes_view q, tsa_behaviour how = {}) { return test_tsa(w.tsa, {w.ca.sub()}, q, stamped_at, how); };
    BOOST_TEST((refusal(tsa(request, {.refuse = true})) == cms::errc::timestamp_refused));
    BOOST_TEST((refusal(tsa(request, {.other_nonce = true})) == cms::errc::timestamp_mismatch));
    BOOST_TEST((refusal(tsa(cms::timestamp_request(other, nonce))) == cms::errc::timestamp_mismatch));
    BOOST_TEST((refusal(tsa(cms::timestamp_request(imprint, {}))) == cms::errc::timestamp_mismatch)); // no nonce
    BOOST_TEST((refusal(to_bytes("<html>403</html>")) == cms::errc::not_a_timestamp_reply));
    BOOST_TEST((refusal({}) == cms::errc::not_a_timestamp_reply));
    bytes good = tsa(request);
    BOOST_TEST((refusal(bytes_view(good).first(good.size() / 2)) == cms::errc::not_a_timestamp_reply));
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_of_a_reply_goes_unnoticed) {
    world w;
    digest imprint = sha256::of(w.content);
    bytes nonce = random_bytes(8), good = test_tsa(w.tsa, {}, cms::timestamp_request(imprint, nonce), stamped_at);
    auto reference = cms::check_timestamp_reply(good, imprint, nonce).value();
    for (std::size_t i = 0; i < good.size(); ++i) {
        bytes bad = good;
        bad[i] ^= 0x01;
        auto token = cms::check_timestamp_reply(bad, imprint, nonce);
        // What passes may differ outside the signature (status, embedded certificates), never in what is stated.
        if (token)
            BOOST_TEST((token->time == reference.time && token->imprint == reference.imprint &&
                        token->serial == reference.serial),
                       "byte " << i);
    }
}

BOOST_AUTO_TEST_CASE(a_token_is_valid_only_with_a_path_for_time_stamping) {
    world w;
    bytes nonce = random_bytes(8);
    digest imprint = sha256::of(w.content);
    auto token = cms::check_timestamp_reply(
                     test_tsa(w.tsa, {w.ca.sub()}, cms::timestamp_request(imprint, nonce), stamped_at), imprint, nonce)
                     .value();
    auto check = [&](bytes_view stamped, const x509::trust_store& trust) {
        return cms::check_timestamp(token.der, stamped, trust, w.known, now);
    };
    BOOST_TEST((check(w.content, w.trust).indication == signing::indication::total_passed));
    BOOST_TEST(check(to_bytes("other"), w.trust).sub_indication == signing::sub::hash_failure);
    BOOST_TEST(check(w.content, {}).sub_indication == signing::sub::no_certificate_chain_found);
    auto broken = cms::check_timestamp(to_bytes("rubbish"), w.content, w.trust, w.known, now);
    BOOST_TEST(broken.sub_indication == signing::sub::format_failure);
}

BOOST_AUTO_TEST_CASE(a_sha1_imprint_of_a_historic_token_is_a_warning) {
    world w;
    TS_REQ* req = TS_REQ_new();
    TS_REQ_set_version(req, 1);
    TS_MSG_IMPRINT* imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR* algorithm = X509_ALGOR_new();
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha1), V_ASN1_NULL, nullptr);
    TS_MSG_IMPRINT_set_algo(imprint, algorithm);
    bytes hashed = x509::hash_of(x509::hash::sha1, w.content);
    TS_MSG_IMPRINT_set_msg(imprint, hashed.data(), int(hashed.size()));
    TS_REQ_set_msg_imprint(req, imprint);
    TS_REQ_set_cert_req(req, 1);
    unsigned char* der = nullptr;
    int size = i2d_TS_REQ(req, &der);
    bytes request(der, der + size);
    OPENSSL_free(der);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(req);
    bytes reply = test_tsa(w.tsa, {w.ca.sub()}, request, stamped_at);
    BOOST_REQUIRE(reply.size() > 9);
    const unsigned char* at = reply.data();
    TS_RESP* parsed = d2i_TS_RESP(nullptr, &at, long(reply.size()));
    BOOST_REQUIRE(TS_RESP_get_token(parsed));
    der = nullptr;
    size = i2d_PKCS7(TS_RESP_get_token(parsed), &der);
    bytes token(der, der + size);
    OPENSSL_free(der);
    TS_RESP_free(parsed);
    auto v = cms::check_timestamp(token, w.content, w.trust, w.known, now);
    BOOST_TEST((v.indication == signing::indication::total_passed), v.sub_indication);
    BOOST_TEST(signing::has_finding(v.findings, "cms.timestamp_sha1_imprint"));
}

BOOST_AUTO_TEST_CASE(a_token_of_another_signature_is_not_added) {
    world w;
    bytes one = w.sign(), two = w.sign(); // ECDSA: two values
    digest imprint = cms::signature_imprint(one).value();
    auto token =
        cms::check_timestamp_reply(test_tsa(w.tsa, {}, cms::timestamp_request(imprint, {}), stamped_at), imprint, {})
            .value();
    BOOST_TEST((cms::add_timestamp(two, token).error().code == cms::errc::timestamp_mismatch));
    BOOST_TEST((cms::add_timestamp(to_bytes("x"), token).error().code == cms::errc::not_cms));
    BOOST_TEST((cms::signature_imprint(to_bytes("x")).error().code == cms::errc::not_cms));
}

// What we make, judged by OpenSSL's command line.
#include "daemon/base/files.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {
int openssl_cms_verify(const world& w, const bytes& signature, const bytes& content, std::string& output) {
    temporary_directory dir;
    auto path = [&](const char* name) { return (dir.path() / name).string(); };
    BOOST_REQUIRE(write_file_atomically(path("sig.der"), signature));
    BOOST_REQUIRE(write_file_atomically(path("content"), content));
    BOOST_REQUIRE(write_file_atomically(path("root.pem"), as_bytes(w.ca.root().certificate_pem())));
    return run({"openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", path("sig.der"), "-content",
                path("content"), "-CAfile", path("root.pem"), "-purpose", "any", "-attime", "1772352000", "-out",
                "/dev/null"},
               &output);
}
} // namespace

BOOST_AUTO_TEST_CASE(openssl_accepts_our_cades_signatures_of_every_scheme_and_refuses_other_content) {
    for (auto [kind, pss] : {std::pair(test_key::rsa_2048, false),
                             {test_key::rsa_2048, true},
                             {test_key::rsa_3072, false},
                             {test_key::p256, false},
                             {test_key::p384, false}}) {
        world w(kind);
        bytes signature = w.sign(pss);
        std::string output;
        BOOST_TEST(openssl_cms_verify(w, signature, w.content, output) == 0, output);
        BOOST_TEST(openssl_cms_verify(w, signature, to_bytes("other"), output) != 0);
        auto v = w.verify(signature);
        BOOST_TEST((v.verdict == signing::verdict::valid), v.sub_indication);
        BOOST_TEST(v.level == "B-B");
        BOOST_TEST(v.signature_algorithm == (pss                                                ? "RSASSA-PSS"
                                             : kind == test_key::p256 || kind == test_key::p384 ? "ECDSA"
                                                                                                : "RSASSA-PKCS1-v1_5"));
    }
}

BOOST_AUTO_TEST_CASE(the_signing_time_is_left_out_unless_asked_for) {
    world w;
    BOOST_TEST(!w.verify(w.sign()).claimed_time.has_value());
    auto v = w.verify(w.sign(false, {.signing_time = at_time("2026-02-28T09:30:00Z")}));
    BOOST_TEST((v.claimed_time == at_time("2026-02-28T09:30:00Z")));
    BOOST_TEST((v.best_time == now));
    BOOST_TEST(!v.best_time_proven);
    // asn1parse as a second reader: PAdES forbids the attribute
    temporary_directory dir;
    BOOST_REQUIRE(write_file_atomically(dir.path() / "s", w.sign()));
    std::string output;
    BOOST_TEST(run({"openssl", "asn1parse", "-inform", "DER", "-in", (dir.path() / "s").string()}, &output) == 0);
    BOOST_TEST(output.find("signingTime") == output.npos);
    BOOST_TEST(output.find("id-smime-aa-signingCertificateV2") != output.npos);
}

BOOST_AUTO_TEST_CASE(openssl_accepts_our_signature_with_a_time_stamp) {
    world w(test_key::rsa_2048);
    bytes stamped = w.stamp(w.sign(), at_time("2026-02-28T10:00:00Z"));
    std::string output;
    BOOST_TEST(openssl_cms_verify(w, stamped, w.content, output) == 0, output);
}

BOOST_AUTO_TEST_CASE(a_raw_ecdsa_answer_of_a_token_is_taken) {
    world w;
    auto raw = w.signer();
    raw.sign = [key = w.who](bytes_view h) -> result<bytes> {
        bytes der = key.sign_sha256(h), out; // SEQUENCE { INTEGER r, INTEGER s }
        std::size_t at = 2;
        for (int i = 0; i < 2; ++i) {
            bytes number(der.begin() + long(at) + 2, der.begin() + long(at) + 2 + der[at + 1]);
            at += 2u + der[at + 1];
            while (number.size() > 32) number.erase(number.begin());
            number.insert(number.begin(), 32 - number.size(), 0);
            out.insert(out.end(), number.begin(), number.end());
        }
        return out;
    };
    auto made = cms::build_signature(sha256::of(w.content), raw);
    BOOST_REQUIRE(made);
    BOOST_TEST((w.verify(*made).verdict == signing::verdict::valid));
}

BOOST_AUTO_TEST_CASE(a_signer_that_answers_wrongly_is_found_out) {
    world w, other;
    auto wrong = w.signer();
    for (auto answer : {bytes{}, bytes(64, 7), other.who.sign_sha256(sha256::of("x").view())}) {
        wrong.sign = [answer](bytes_view) -> result<bytes> { return answer; };
        auto made = cms::build_signature(sha256::of(w.content), wrong);
        BOOST_REQUIRE(!made);
        BOOST_TEST((made.error().code == cms::errc::signer_failed));
    }
    wrong.sign = [](bytes_view) -> result<bytes> { return failed(cms::errc::timestamp_refused); };
    BOOST_TEST((cms::build_signature(sha256::of(w.content), wrong).error().code ==
                cms::errc::timestamp_refused)); // its own failure passes through
}

BOOST_AUTO_TEST_CASE(key_and_scheme_must_fit) {
    world ec, weak(test_key::rsa_1024), big(test_key::p521);
    auto s = ec.signer();
    s.scheme = cms::scheme::rsa_pkcs1;
    BOOST_TEST((cms::build_signature(sha256::of("x"), s).error().code == cms::errc::key_unfit));
    BOOST_TEST((cms::build_signature(sha256::of("x"), weak.signer()).error().code == cms::errc::key_unfit));
    BOOST_TEST((cms::build_signature(sha256::of("x"), big.signer()).error().code == cms::errc::key_unfit));
    BOOST_TEST((cms::build_signature(sha256::of("x"), {}).error().code == cms::errc::key_unfit));
}

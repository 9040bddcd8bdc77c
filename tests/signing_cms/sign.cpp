// What we make, judged by OpenSSL's command line.
#include "daemon/base/files.hpp"
#include "signing/cms/der.hpp"
#include "signing/cms/parts.hpp"
#include "tests/signing_cms/world.hpp"

#include <openssl/asn1.h>
#include <openssl/objects.h>

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

BOOST_AUTO_TEST_CASE(the_signing_time_is_spelled_as_openssl_spells_it) {
    world w;
    for (const char* text : {"1949-12-31T23:59:59Z", "1950-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
                             "2024-02-29T09:05:07Z", "2049-12-31T23:59:59Z", "2050-01-01T00:00:00Z"}) {
        timestamp t = at_time(text);
        bytes made = w.sign(false, {.signing_time = t});
        auto parts = cms::take_apart(made).value();
        auto values = parts.signers.at(0).signed_values("1.2.840.113549.1.9.5");
        BOOST_REQUIRE(values.size() == 1);
        ASN1_TIME* expected =
            ASN1_TIME_set(nullptr, std::chrono::duration_cast<std::chrono::seconds>(t.time_since_epoch()).count());
        bytes der = der::tlv(static_cast<std::uint8_t>(ASN1_STRING_type(expected)),
                             {ASN1_STRING_get0_data(expected), static_cast<std::size_t>(ASN1_STRING_length(expected))});
        ASN1_TIME_free(expected);
        BOOST_TEST(std::ranges::equal(values[0], der), text << ": " << to_hex(values[0]));
    }
}

BOOST_AUTO_TEST_CASE(object_identifiers_and_lengths_are_written_as_openssl_writes_them) {
    for (const char* text : {"0.0", "1.39.1", "2.5.4.3", "2.100.3", "2.999.1234567890", "1.2.840.113549.1.9.16.2.47",
                             "1.2.4294967295.128.127.16384.16383"}) {
        ASN1_OBJECT* expected = OBJ_txt2obj(text, 1);
        BOOST_REQUIRE(expected);
        bytes der = der::tlv(der::tag_oid, {OBJ_get0_data(expected), OBJ_length(expected)});
        ASN1_OBJECT_free(expected);
        BOOST_TEST((der::oid(text) == der), text);
    }
    for (auto [length, hex] : {std::pair(0ull, "3000"),
                               {127ull, "307f"},
                               {128ull, "308180"},
                               {255ull, "3081ff"},
                               {256ull, "30820100"},
                               {65536ull, "3083010000"},
                               {0x1122334455ull, "30851122334455"}})
        BOOST_TEST(to_hex(der::header(der::tag_sequence, length)) == hex);
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

// What is kept of a certificate from one signature to the next is that certificate's.
BOOST_AUTO_TEST_CASE(two_signers_who_take_turns_sign_with_their_own_certificates) {
    world first(test_key::p256), second(test_key::p256);
    for (int turn = 0; turn < 3; ++turn)
        for (const world* w : {&first, &second}) {
            std::string output;
            BOOST_TEST(openssl_cms_verify(*w, w->sign(), w->content, output) == 0, output);
        }
}

BOOST_AUTO_TEST_CASE(what_is_written_from_behind_is_what_is_written_from_the_front) {
    for (std::size_t length : {0u, 1u, 127u, 128u, 255u, 256u, 70'000u})
        for (std::size_t room : {0u, 16u, 100'000u}) {
            const bytes content = random_bytes(length), other = random_bytes(3);
            der::backward_writer w(room);
            w.put(other);
            w.put(content);
            w.enclose(der::tag_octets, other.size());
            w.enclose(der::tag_sequence, 0);
            BOOST_TEST((w.written() == der::sequence({der::tlv(der::tag_octets, content), other})));
        }
}

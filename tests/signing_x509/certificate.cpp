#include "signing/x509/path.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/ec.h>

using namespace vanthu;
using namespace vanthu::x509;

namespace {
bytes trust_file(std::string_view name) {
    return read_file(std::string(VANTHU_SOURCE_DIR "/conf/trust/") + std::string(name)).value();
}
} // namespace

BOOST_AUTO_TEST_CASE(the_five_government_certificates_load_and_match_their_pins) {
    for (const government_pin& pin : government_pins()) {
        auto cert = parse_certificate(trust_file(pin.file));
        BOOST_REQUIRE_MESSAGE(cert, pin.file);
        BOOST_TEST(cert->sha256().hex() == pin.sha256_hex);
        BOOST_TEST(cert->common_name() == pin.common_name);
        BOOST_TEST(cert->self_issued() == pin.anchor);
        BOOST_TEST(cert->is_ca());
    }
}

BOOST_AUTO_TEST_CASE(a_certificate_tells_its_fields) {
    auto cert = parse_certificate(trust_file("cpg2.crt")).value(); // 76-column PEM
    BOOST_TEST(cert.subject() == "CN=CA phục vụ các cơ quan Nhà nước G2,O=Ban Cơ yếu Chính phủ,C=VN");
    BOOST_TEST(cert.serial() == "7AF2DF52182653D3");
    BOOST_TEST(cert.key_bits() == 4096u);
    BOOST_TEST((cert.ocsp_urls() == std::vector<std::string>{"http://ocsp.ca.gov.vn/"}));
    BOOST_TEST(!cert.crl_urls().empty());
    BOOST_TEST(to_rfc3339(cert.not_before()).substr(0, 10) == "2018-08-22");
    BOOST_TEST((cert.organisations() == std::vector<std::string>{"Ban Cơ yếu Chính phủ"}));
    BOOST_TEST(parse_certificate(trust_file("rootca.crt"))->serial() == "FF303AE4E90AC1ED");
    BOOST_TEST(parse_certificate(as_bytes(cert.to_pem()))->der() == cert.der());
}

BOOST_AUTO_TEST_CASE(the_organisation_code_comes_from_the_uri_in_the_subject_alternative_name) {
    test::test_ca ca;
    auto who = ca.issue(
        {.common_name = "Văn thư", .organisation = "UBND tỉnh", .title = "Chủ tịch", .organisation_code = "H40.1"});
    auto cert = parse_certificate(who.certificate_der()).value();
    BOOST_TEST(cert.organisation_code() == "H40.1");
    BOOST_TEST(cert.title() == "Chủ tịch");
    BOOST_TEST(cert.usage().non_repudiation);
    BOOST_TEST(!cert.is_ca());
    BOOST_TEST((cert.kind() == key_kind::ec_p256));
    BOOST_TEST(parse_certificate(ca.sub().certificate_der())->organisation_code() == "");
}

BOOST_AUTO_TEST_CASE(what_is_no_certificate_is_refused) {
    test::test_ca ca;
    bytes der = ca.root().certificate_der(), longer = der;
    longer.push_back(0);
    for (const bytes& wrong : {bytes{}, to_bytes("hello"), bytes(der.begin(), der.end() - 1), longer,
                               to_bytes("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                               to_bytes("-----BEGIN CERTIFICATE-----\n"), bytes{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}}) {
        auto got = parse_certificate(wrong);
        BOOST_REQUIRE(!got);
        BOOST_TEST((got.error().code == errc::not_a_certificate));
        BOOST_TEST((parse_certificates(wrong).error().code == errc::not_a_certificate));
        BOOST_TEST((parse_crl(wrong).error().code == errc::not_a_crl));
    }
}

BOOST_AUTO_TEST_CASE(a_chain_file_gives_all_its_certificates_in_order) {
    test::test_ca ca;
    auto all =
        parse_certificates(as_bytes(ca.sub().certificate_pem() + "text between\r\n" + ca.root().certificate_pem()))
            .value();
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(all[0].der() == ca.sub().certificate_der());
    BOOST_TEST(all[1].der() == ca.root().certificate_der());
}

BOOST_AUTO_TEST_CASE(a_raw_ecdsa_signature_becomes_der_also_with_short_halves) {
    BOOST_TEST(to_hex(ecdsa_to_der(bytes{0x81, 0x01}).value()) == "3007020200"
                                                                  "81"
                                                                  "020101");
    for (std::size_t half : {1u, 32u, 48u, 66u})
        for (int zeros : {0, 1, 31}) {
            bytes raw = random_bytes(2 * half);
            for (std::size_t i = 0; i < std::min<std::size_t>(half, static_cast<std::size_t>(zeros)); ++i)
                raw[i] = raw[half + i] = 0;
            // OpenSSL as the judge
            ECDSA_SIG* value = ECDSA_SIG_new();
            ECDSA_SIG_set0(value, BN_bin2bn(raw.data(), static_cast<int>(half), nullptr),
                           BN_bin2bn(raw.data() + half, static_cast<int>(half), nullptr));
            bytes expected(static_cast<std::size_t>(i2d_ECDSA_SIG(value, nullptr)));
            unsigned char* out = expected.data();
            i2d_ECDSA_SIG(value, &out);
            ECDSA_SIG_free(value);
            BOOST_TEST(to_hex(ecdsa_to_der(raw).value()) == to_hex(expected));
        }
    BOOST_TEST(!ecdsa_to_der(bytes{1, 2, 3}).has_value());
    BOOST_TEST(!ecdsa_to_der(bytes{}).has_value());
    BOOST_TEST(!ecdsa_to_der(bytes(134)).has_value());
}

BOOST_AUTO_TEST_CASE(a_hash_is_verified_only_under_the_scheme_and_key_that_made_it) {
    test::test_ca ca;
    auto rsa = ca.issue({.key = test::test_key::rsa_2048}), ec = ca.issue({});
    auto rsa_cert = parse_certificate(rsa.certificate_der()).value(),
         ec_cert = parse_certificate(ec.certificate_der()).value();
    digest h = sha256::of("content"), other = sha256::of("other");
    bytes pkcs1 = rsa.sign_sha256(h.view()), pss = rsa.sign_sha256(h.view(), true), ecdsa = ec.sign_sha256(h.view());
    BOOST_TEST(verify_hash(rsa_cert, scheme::rsa_pkcs1, hash::sha256, h.view(), pkcs1));
    BOOST_TEST(verify_hash(rsa_cert, scheme::rsa_pss, hash::sha256, h.view(), pss));
    BOOST_TEST(verify_hash(ec_cert, scheme::ecdsa, hash::sha256, h.view(), ecdsa));
    BOOST_TEST(!verify_hash(rsa_cert, scheme::rsa_pss, hash::sha256, h.view(), pkcs1));
    BOOST_TEST(!verify_hash(rsa_cert, scheme::rsa_pkcs1, hash::sha256, h.view(), pss));
    BOOST_TEST(!verify_hash(rsa_cert, scheme::rsa_pkcs1, hash::sha256, other.view(), pkcs1));
    BOOST_TEST(!verify_hash(rsa_cert, scheme::ecdsa, hash::sha256, h.view(), ecdsa));
    BOOST_TEST(!verify_hash(ec_cert, scheme::rsa_pkcs1, hash::sha256, h.view(), ecdsa));
    BOOST_TEST(!verify_hash(ec_cert, scheme::ecdsa, hash::sha384, h.view(), ecdsa));
}

#include "signing/token/token.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <openssl/pkcs12.h>

using namespace vanthu;
using namespace vanthu::test;
using token::errc;

BOOST_AUTO_TEST_CASE(a_pkcs12_file_signs_and_a_wrong_passphrase_is_refused) {
    test_ca ca;
    for (test_key kind : {test_key::rsa_2048, test_key::p256}) {
        auto who = ca.issue({.key = kind});
        bytes file = who.pkcs12("bí mật", "k", {ca.sub()});
        auto key = token::open_pkcs12(file, token::pin("bí mật")).value();
        BOOST_TEST(key.leaf.der() == who.certificate_der());
        BOOST_TEST(key.chain.size() == 1u);
        auto signer = token::make_signer(key, token::default_scheme(key.leaf)).value();
        BOOST_TEST(cms::build_signature(sha256::of("x"), signer).has_value());
        BOOST_TEST((token::open_pkcs12(file, token::pin("sai")).error().code == errc::passphrase_wrong));
        BOOST_TEST((token::make_signer(key, kind == test_key::p256 ? x509::scheme::rsa_pss : x509::scheme::ecdsa)
                        .error()
                        .code == errc::key_unfit));
    }
    BOOST_TEST((token::open_pkcs12(to_bytes("rubbish"), token::pin("")).error().code == errc::not_pkcs12));
}

BOOST_AUTO_TEST_CASE(a_pkcs12_file_whose_key_belongs_to_no_certificate_of_it_is_told_so) {
    test_ca ca;
    auto who = ca.issue({}), other = ca.issue({});
    auto file_of = [&](const std::vector<identity>& certificates) {
        STACK_OF(X509)* all = sk_X509_new_null();
        for (const identity& i : certificates) sk_X509_push(all, i.certificate());
        PKCS12* made = PKCS12_create("p", "k", who.key(), nullptr, all, 0, 0, 0, 0, 0);
        sk_X509_free(all);
        unsigned char* der = nullptr;
        const int size = i2d_PKCS12(made, &der);
        bytes out(der, der + size);
        OPENSSL_free(der);
        PKCS12_free(made);
        return out;
    };
    auto code = [&](const std::vector<identity>& certificates) {
        auto opened = token::open_pkcs12(file_of(certificates), token::pin("p"));
        return opened ? std::error_code() : opened.error().code;
    };
    BOOST_TEST((code({other}) == errc::key_of_another));
    BOOST_TEST((code({other, ca.sub()}) == errc::key_of_another));
    BOOST_TEST((code({}) == errc::not_pkcs12));
    BOOST_TEST((code({other, who}) == std::error_code()));
}

BOOST_AUTO_TEST_CASE(a_pem_key_needs_its_own_certificate) {
    test_ca ca;
    auto who = ca.issue({}), other = ca.issue({});
    BOOST_TEST((token::open_pem_key(as_bytes(who.key_pem()), as_bytes(other.certificate_pem())).error().code ==
                errc::certificate_not_found));
    BOOST_TEST((token::open_pem_key(to_bytes("x"), as_bytes(who.certificate_pem())).error().code == errc::not_pkcs12));
}

BOOST_AUTO_TEST_CASE(a_pin_loses_its_line_end_and_wipes_where_it_came_from) {
    bytes buffer = to_bytes("12 34\r\n");
    auto code = token::pin::take(buffer);
    BOOST_TEST(code.text() == "12 34");
    BOOST_TEST(buffer.empty());
    auto copy = code.clone();
    auto moved = std::move(code);
    BOOST_TEST(code.empty());
    BOOST_TEST(copy.text() == moved.text());
}

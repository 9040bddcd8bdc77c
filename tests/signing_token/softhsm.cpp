#include "tests/signing_token/fake_token.hpp"
#include "tests/signing_token/softhsm_token.hpp"

#include <thread>

using namespace vanthu;
using namespace vanthu::test;
using token::errc;

namespace {
std::shared_ptr<token::card> ready_card() {
    auto card = softhsm_card();
    BOOST_REQUIRE(card->login(token::pin("1234"), open_gate()));
    return card;
}
} // namespace

BOOST_AUTO_TEST_CASE(uris_name_tokens_and_keys_and_never_pins) {
    auto which =
        token::parse_uri("pkcs11:token=VanThu;object=con-dau;id=%01%02?module-path=/x.so&pin-source=file:/p").value();
    BOOST_TEST(which.label == "VanThu");
    BOOST_TEST(which.key_label == "con-dau");
    BOOST_TEST((which.key_id == bytes{1, 2}));
    BOOST_TEST(which.module_path == "/x.so");
    BOOST_TEST(which.pin_source == "file:/p");
    BOOST_TEST((token::parse_uri("pkcs11:token=x?pin-value=1234").error().code == errc::pin_in_uri));
    BOOST_TEST((token::parse_uri("http://x").error().code == errc::bad_uri));
    BOOST_TEST((token::parse_uri("pkcs11:strange=x").error().code == errc::bad_uri));
    token::token_info info;
    info.label = "VanThu";
    info.serial = "77";
    auto back = token::parse_uri(token::to_uri(info, bytes{9}, "k")).value();
    BOOST_TEST((back.label == "VanThu" && back.serial == "77" && back.key_label == "k" && back.key_id == bytes{9}));
}

BOOST_AUTO_TEST_CASE(a_module_that_is_not_there_is_reported) {
    BOOST_TEST((token::module::load("/nowhere/libnothing.so").error().code == errc::module_not_loaded));
}

BOOST_AUTO_TEST_CASE(a_token_is_found_by_label_and_a_missing_one_is_not) {
    BOOST_TEST(softhsm_card()->info().label == "vanthu");
    BOOST_TEST((token::card::open(softhsm(), {.label = "other"}).error().code == errc::token_not_found));
}

BOOST_AUTO_TEST_CASE(imported_keys_of_every_kind_sign_in_every_scheme_they_have) {
    test_ca ca;
    auto card = ready_card();
    std::uint8_t id = 10;
    for (test_key kind : {test_key::rsa_2048, test_key::p256, test_key::p384}) {
        auto who = ca.issue({.key = kind});
        token::file_key file =
            token::open_pem_key(as_bytes(who.key_pem()), as_bytes(who.certificate_pem() + ca.sub().certificate_pem()))
                .value();
        bytes own{++id};
        std::string label = "key-" + std::to_string(id);
        auto imported = card->import_key(token::private_key_der(file), own, label);
        BOOST_REQUIRE_MESSAGE(imported, imported.error().detail);
        BOOST_REQUIRE(card->import_certificate(file.leaf, own, label));
        BOOST_TEST((card->import_key(token::private_key_der(file), own, label).error().code == errc::already_exists));
        auto key = card->find_key({.key_label = label}).value();
        BOOST_TEST((key.leaf == file.leaf));
        BOOST_TEST(key.schemes.size() == (kind == test_key::rsa_2048 ? 2u : 1u));
        for (x509::scheme how : key.schemes) {
            auto signer = token::make_signer(card, key, how, file.chain).value();
            auto made = cms::build_signature(sha256::of("content"), signer);
            BOOST_REQUIRE_MESSAGE(made, made.error().detail);
        }
        x509::scheme wrong = kind == test_key::rsa_2048 ? x509::scheme::ecdsa : x509::scheme::rsa_pss;
        BOOST_TEST((token::make_signer(card, key, wrong).error().code == errc::key_unfit));
        BOOST_TEST((card->sign(key, wrong, sha256::of("x").view()).error().code == errc::key_unfit));
    }
    BOOST_TEST((card->find_key({}).error().code == errc::key_ambiguous));
    BOOST_TEST((card->find_key({.key_label = "none"}).error().code == errc::key_not_found));
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_the_keys_own_is_found_out) {
    test_ca ca;
    auto card = ready_card();
    auto who = ca.issue({}), other = ca.issue({});
    auto file = token::open_pem_key(as_bytes(who.key_pem()), as_bytes(who.certificate_pem())).value();
    BOOST_REQUIRE(card->import_key(token::private_key_der(file), {77}, "mixed"));
    BOOST_TEST((card->find_key({.key_label = "mixed"}).error().code == errc::certificate_not_found));
    BOOST_REQUIRE(card->import_certificate(x509::parse_certificate(other.certificate_der()).value(), {77}, "mixed"));
    auto key = card->find_key({.key_label = "mixed"}).value();
    BOOST_TEST((card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()).error().code == errc::signature_wrong));
}

BOOST_AUTO_TEST_CASE(a_generated_key_makes_a_request_that_openssl_accepts) {
    auto card = ready_card();
    temporary_directory dir;
    using make = token::card::new_key;
    for (auto [kind, id] :
         {std::pair(make::rsa_2048, 101), {make::rsa_4096, 103}, {make::p256, 102}, {make::p384, 104}}) {
        bytes own{static_cast<std::uint8_t>(id)};
        auto spki = card->generate_key(kind, own, "new");
        BOOST_REQUIRE_MESSAGE(spki, spki.error().detail);
        auto request = token::certificate_request(*spki, "Văn thư", "UBND tỉnh",
                                                  [&](bytes_view h) { return card->sign_with_new_key(own, *spki, h); });
        BOOST_REQUIRE_MESSAGE(request, request.error().detail);
        BOOST_REQUIRE(write_file_atomically(dir.path() / "r", *request));
        std::string output;
        BOOST_TEST(run({"openssl", "req", "-inform", "DER", "-in", (dir.path() / "r").string(), "-noout", "-verify",
                        "-subject"},
                       &output) == 0,
                   output);
    }
}

BOOST_AUTO_TEST_CASE(several_threads_sign_with_one_login) {
    test_ca ca;
    auto card = ready_card();
    auto who = ca.issue({});
    auto file = token::open_pem_key(as_bytes(who.key_pem()), as_bytes(who.certificate_pem())).value();
    BOOST_REQUIRE(card->import_key(token::private_key_der(file), {55}, "threads"));
    BOOST_REQUIRE(card->import_certificate(file.leaf, {55}, "threads"));
    auto key = card->find_key({.key_label = "threads"}).value();
    std::atomic<int> good = 0;
    std::vector<std::thread> all;
    for (int t = 0; t < 4; ++t)
        all.emplace_back([&, t] {
            for (int i = 0; i < 25; ++i)
                if (card->sign(key, x509::scheme::ecdsa, sha256::of(std::to_string(t * 100 + i)).view())) ++good;
        });
    for (auto& t : all) t.join();
    BOOST_TEST(good == 100);
}

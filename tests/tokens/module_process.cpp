// A module in a process of its own: SoftHSM2 works through it, and one that crashes or hangs takes nobody down.
#include "daemon/tokens/module_process.hpp"
#include "daemon/tokens/token_worker.hpp"

#include "daemon/base/files.hpp"
#include "tests/signing_token/fake_token.hpp"
#include "tests/signing_token/softhsm_token.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <sys/stat.h>

using namespace vanthu;
using namespace vanthu::test;
using namespace std::chrono_literals;
using tokens::errc;

namespace {

tokens::module_process_options options() { return {.program = VANTHU_TOKEN_PROGRAM}; }

struct bad {
    explicit bad(const char* how) { ::setenv("VANTHU_BAD_MODULE", how, 1); }
    ~bad() { ::unsetenv("VANTHU_BAD_MODULE"); }
    tokens::module_process_options with = options();
    result<std::shared_ptr<tokens::module_process>> start() const {
        return tokens::module_process::start(VANTHU_BAD_MODULE_FILE, with);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(every_kind_of_key_signs_through_the_other_process) {
    softhsm(); // makes the token
    auto process = tokens::module_process::start("/usr/lib/softhsm/libsofthsm2.so", options()).value();
    auto card = token::card::open(process->library(), {.label = "vanthu"}).value();
    BOOST_REQUIRE(card->login(token::pin("1234"), open_gate()));
    test_ca ca;
    std::uint8_t id = 10;
    for (test_key kind : {test_key::rsa_2048, test_key::p256, test_key::p384}) {
        auto who = ca.issue({.key = kind});
        auto file = token::open_pem_key(as_bytes(who.key_pem()), as_bytes(who.certificate_pem())).value();
        bytes own{++id};
        auto imported = card->import_key(token::private_key_der(file), own, "k");
        BOOST_REQUIRE_MESSAGE(imported, imported.error().detail);
        BOOST_REQUIRE(card->import_certificate(file.leaf, own, "k"));
        auto key = card->find_key({.key_id = own}).value();
        BOOST_TEST(key.schemes.size() == (kind == test_key::rsa_2048 ? 2u : 1u)); // PSS passes through as well
        for (x509::scheme how : key.schemes) {
            auto made = card->sign(key, how, sha256::of("x").view());
            BOOST_TEST(made.has_value(), (made ? "" : made.error().detail));
        }
    }
    auto spki = card->generate_key(token::card::new_key::p384, {99}, "new");
    BOOST_TEST(spki.has_value(), (spki ? "" : spki.error().detail));
    BOOST_TEST(!process->ended().has_value());
    process->end();
    auto key = card->sign(card->find_key({.key_id = {11}}).value_or(token::key_info{}), x509::scheme::ecdsa, {});
    BOOST_TEST(!key.has_value());
    BOOST_TEST((card->find_key({}).error().code == token::errc::module_ended));
    // Another process with the same module in the same program.
    auto second = tokens::module_process::start("/usr/lib/softhsm/libsofthsm2.so", options()).value();
    BOOST_TEST(token::card::open(second->library(), {.label = "vanthu"}).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_module_does_wrong_at_its_start_is_told) {
    using token::errc;
    for (auto [how, code] : {std::pair("crash_at_load", errc::module_ended),
                             {"crash_at_initialise", errc::module_ended},
                             {"refuse_initialise", errc::module_not_loaded}}) {
        auto got = bad(how).start();
        BOOST_REQUIRE(!got);
        BOOST_TEST((got.error().code == code), how << ": " << got.error().detail);
    }
    auto missing = tokens::module_process::start("/nowhere/libnothing.so", options());
    BOOST_TEST((missing.error().code == errc::module_not_loaded));
    BOOST_TEST(missing.error().detail.find("/nowhere/libnothing.so") != std::string::npos);
    BOOST_TEST((tokens::module_process::start("x", {.program = "/nowhere/vanthu-token"}).error().code ==
                tokens::errc::module_program));
}

BOOST_AUTO_TEST_CASE(a_module_that_does_not_finish_loading_is_ended) {
    bad b("hang_at_initialise");
    b.with.load_limit = 1s;
    BOOST_TEST((b.start().error().code == errc::deadline_passed));
}

BOOST_AUTO_TEST_CASE(a_crash_in_a_call_is_a_coded_failure_and_stays_one) {
    auto process = bad("crash").start().value();
    for (int i = 0; i < 2; ++i) BOOST_TEST((process->library()->tokens().error().code == token::errc::module_ended));
    BOOST_TEST(process->ended().has_value());
}

BOOST_AUTO_TEST_CASE(a_call_that_hangs_ends_the_process_by_itself) {
    bad b("hang");
    b.with.call_limit = 1s;
    auto got = b.start().value()->library()->tokens();
    BOOST_TEST((got.error().code == errc::deadline_passed));
    BOOST_TEST(got.error().detail.find("C_GetSlotList") != std::string::npos, got.error().detail);
}

BOOST_AUTO_TEST_CASE(a_worker_ends_the_process_of_a_call_that_hangs) {
    auto process = bad("hang").start().value();
    tokens::token_worker worker({.end_module = [process] { process->end(); }});
    auto ask = [library = process->library()]() -> result<bytes> {
        VANTHU_CHECK(library->tokens());
        return bytes{};
    };
    BOOST_TEST((worker.submit(ask, std::chrono::steady_clock::now() + 100ms).error().code == errc::deadline_passed));
    while (worker.hanging()) std::this_thread::yield();
    BOOST_TEST((worker.submit(ask, std::chrono::steady_clock::now() + 1h).error().code == token::errc::module_ended));
}

BOOST_AUTO_TEST_CASE(nothing_is_left_of_the_socket_once_connected) {
    temporary_directory dir;
    ::setenv("XDG_RUNTIME_DIR", dir.path().c_str(), 1);
    auto process = bad("").start();
    BOOST_TEST(process.has_value(), (process ? "" : process.error().detail));
    BOOST_TEST(std::filesystem::is_empty(dir.path()));
    ::unsetenv("XDG_RUNTIME_DIR");
}

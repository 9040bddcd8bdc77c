// The guard around a card: each C_Login of any kind is on record before the token sees it.
#include "daemon/base/files.hpp"
#include "daemon/tokens/pin_guard.hpp"
#include "tests/signing_token/fake_token.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {
struct desk {
    temporary_directory dir;
    std::filesystem::path pin_file = dir.path() / "pin";
    tokens::pin_guard guard{dir.path() / "state"};
    std::shared_ptr<token::card> card;
    token::key_info key;

    desk() {
        renew_fake();
        write("1234");
        card = token::card::open(token::module::around(fake_functions()), {}).value();
    }
    void write(std::string_view pin) { BOOST_REQUIRE(write_file_atomically(pin_file, as_bytes(pin), 0600)); }
    void log_in() {
        BOOST_REQUIRE(guard.login(*card, pin_file));
        key = card->find_key({}).value();
    }
    void want_pin_each_time() { key.always_authenticate = fake.always_authenticate = true; }
    result<bytes> sign() { return card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()); }
    bool closed() { return guard.closed("42", pin_file).value(); }
    // The process dies inside the call; answers whether the guard is shut afterwards.
    bool shut_after_dying_in(const char* call) {
        pid_t child = ::fork();
        if (child == 0) {
            fake.on_call = [&](const char* now) {
                if (std::string_view(now) == call) ::_exit(9);
            };
            (void)sign();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        BOOST_TEST(WEXITSTATUS(status) == 9);
        return closed();
    }
};
} // namespace

BOOST_FIXTURE_TEST_CASE(a_right_pin_leaves_the_guard_open_through_every_kind_of_login, desk) {
    log_in();
    want_pin_each_time();
    BOOST_TEST(sign().has_value());
    fake.pull_out();
    fake.put_back();
    BOOST_TEST(sign().has_value());
    BOOST_TEST(fake.calls["C_Login"] == 2);
    BOOST_TEST(fake.calls["C_Login context"] == 2);
    BOOST_TEST(!closed());
}

BOOST_FIXTURE_TEST_CASE(a_kill_during_the_login_after_a_removal_leaves_the_guard_shut, desk) {
    log_in();
    fake.pull_out();
    fake.put_back();
    BOOST_TEST(shut_after_dying_in("C_Login"));
    // This process had nothing to do with it and does not try the same PIN either.
    BOOST_TEST((sign().error().code == tokens::errc::guarded));
    BOOST_TEST(fake.calls["C_Login"] == 1);
}

BOOST_FIXTURE_TEST_CASE(a_kill_during_the_login_for_a_key_leaves_the_guard_shut, desk) {
    log_in();
    want_pin_each_time();
    BOOST_TEST(shut_after_dying_in("C_Login context"));
    BOOST_TEST((sign().error().code == tokens::errc::guarded));
    BOOST_TEST(fake.calls["C_Login context"] == 0);
}

BOOST_FIXTURE_TEST_CASE(a_pin_changed_while_the_token_was_away_spends_one_try_in_all_processes, desk) {
    log_in();
    auto other = token::card::open(token::module::around(fake_functions()), {}).value();
    fake.pull_out();
    fake.pin = "changed";
    fake.put_back();
    BOOST_TEST((sign().error().code == token::errc::pin_incorrect));
    BOOST_TEST((sign().error().code == token::errc::pin_needed));
    BOOST_TEST((guard.login(*other, pin_file).error().code == tokens::errc::guarded));
    BOOST_TEST(fake.wrong_pins == 1);
    write("changed");
    log_in();
    BOOST_TEST(sign().has_value());
    BOOST_TEST(fake.wrong_pins == 0);
    BOOST_TEST(!closed());
}

BOOST_FIXTURE_TEST_CASE(a_pin_that_somebody_typed_wrongly_is_on_record_and_never_costs_the_last_try, desk) {
    auto type = [&](std::string_view pin) { return guard.login_typed(*card, token::pin(pin)); };
    BOOST_TEST((type("1").error().code == token::errc::pin_incorrect));
    BOOST_TEST(guard.tries("42").value() == 1u);
    BOOST_TEST((type("2").error().code == token::errc::pin_incorrect));
    BOOST_TEST((type("1234").error().code == token::errc::pin_final_try)); // the token says so
    BOOST_TEST(guard.release("42").value());
    BOOST_TEST((type("1234").error().code == token::errc::pin_final_try)); // and releasing the guard changes nothing
    BOOST_TEST(fake.wrong_pins == 2);
}

BOOST_FIXTURE_TEST_CASE(a_token_that_says_nothing_of_its_tries_gets_no_third_one, desk) {
    auto type = [&](std::string_view pin) { return guard.login_typed(*card, token::pin(pin)); };
    fake.answers["C_Login"] = CKR_PIN_INCORRECT; // and no flag tells
    BOOST_TEST(!type("1").has_value());
    BOOST_TEST(!type("2").has_value());
    BOOST_TEST((type("1234").error().code == tokens::errc::third_try));
    BOOST_TEST(fake.calls["C_Login"] == 2);
}

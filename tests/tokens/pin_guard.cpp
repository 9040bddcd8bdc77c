#include "daemon/tokens/pin_guard.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vanthu;
using tokens::errc;

namespace {
struct desk {
    test::temporary_directory dir;
    std::filesystem::path state = dir.path() / "state", pin_file = dir.path() / "pin";
    tokens::pin_guard guard{state};
    int asked = 0;
    desk() { write("1234\n"); }
    void write(std::string_view pin) { BOOST_REQUIRE(write_file_atomically(pin_file, as_bytes(pin), 0600)); }
    // `token_looks`: the token was asked; false: somebody was logged in already.
    result<bool> attempt_with(const std::string& credential, std::optional<token::errc> outcome = {},
                              const std::string& serial = "77", bool token_looks = true) {
        return guard.attempt(serial, credential, [&]() -> result<bool> {
            ++asked;
            if (outcome) return failed(*outcome);
            return token_looks;
        });
    }
    result<bool> attempt(std::optional<token::errc> outcome = {}, const std::string& serial = "77") {
        return attempt_with(tokens::credential_name(pin_file).value(), outcome, serial);
    }
    result<bool> type(std::optional<token::errc> outcome = {}) { return attempt_with("prompt", outcome); }
    std::filesystem::path record() const { return state / "pin-guard" / "3737"; }
};
constexpr auto wrong = token::errc::pin_incorrect;
} // namespace

BOOST_FIXTURE_TEST_CASE(a_right_pin_may_be_used_again_and_again, desk) {
    for (int i = 0; i < 3; ++i) BOOST_TEST(attempt().has_value());
    for (int i = 0; i < 3; ++i) BOOST_TEST(type().has_value());
    BOOST_TEST(asked == 6);
    BOOST_TEST(!guard.closed("77", pin_file).value());
    BOOST_TEST(!std::filesystem::exists(record()));
}

BOOST_FIXTURE_TEST_CASE(after_a_wrong_pin_nothing_is_tried_until_the_file_changes, desk) {
    BOOST_TEST((attempt(wrong).error().code == wrong));
    BOOST_TEST((attempt().error().code == errc::guarded));
    tokens::pin_guard other_process(state);
    BOOST_TEST(other_process.closed("77", pin_file).value());
    BOOST_TEST(asked == 1);
    BOOST_TEST(attempt({}, "88").has_value()); // another token is another matter
    write("4321\n");
    BOOST_TEST(attempt().has_value());
    BOOST_TEST(asked == 3);
}

BOOST_FIXTURE_TEST_CASE(a_second_pin_file_does_not_make_the_guard_forget_the_first, desk) {
    BOOST_TEST(!attempt(wrong).has_value());
    BOOST_TEST(attempt_with("1 2 3").has_value());
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST(type().has_value());
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST(asked == 3);
}

BOOST_FIXTURE_TEST_CASE(two_attempts_in_a_row_are_all_that_anybody_gets, desk) {
    BOOST_TEST((type(wrong).error().code == wrong));
    BOOST_TEST(guard.tries("77").value() == 1u);
    BOOST_TEST((type(wrong).error().code == wrong)); // a person may try once more
    BOOST_TEST((type().error().code == errc::third_try));
    BOOST_TEST((attempt().error().code == errc::third_try));
    BOOST_TEST(guard.closed("77", pin_file).value());
    BOOST_TEST(asked == 2);
    BOOST_TEST(guard.release("77").value());
    BOOST_TEST(!guard.release("77").value()); // nothing left to release
    BOOST_TEST(type().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_pin_file_changed_again_and_again_stops_before_the_third_try, desk) {
    BOOST_TEST(!attempt(wrong).has_value());
    write("1111\n");
    BOOST_TEST((attempt(wrong).error().code == wrong));
    write("2222\n");
    BOOST_TEST((attempt().error().code == errc::third_try));
    BOOST_TEST(asked == 2);
}

BOOST_FIXTURE_TEST_CASE(a_success_starts_the_count_again, desk) {
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST((type(wrong).error().code == wrong));
        BOOST_TEST(type().has_value());
    }
    BOOST_TEST(guard.tries("77").value() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_credential_of_systemd_stays_forbidden_though_each_start_makes_its_file_anew, desk) {
    ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
    BOOST_TEST(!attempt(wrong).has_value());
    std::filesystem::remove(pin_file);
    write("1234\n");
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST(guard.release("77").value());
    BOOST_TEST(attempt().has_value());
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

BOOST_FIXTURE_TEST_CASE(a_pipe_counts_as_a_person_typing, desk) {
    std::filesystem::path pipe = dir.path() / "pipe";
    BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    BOOST_TEST(tokens::credential_name(pipe).value() == "prompt");
}

BOOST_FIXTURE_TEST_CASE(unlocking_the_guard_allows_one_more_try, desk) {
    BOOST_TEST(!attempt(wrong).has_value());
    BOOST_TEST(guard.release("77").value());
    BOOST_TEST(attempt().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_refusal_that_spent_no_try_leaves_no_record, desk) {
    for (auto code : {token::errc::pin_locked, token::errc::pin_final_try, token::errc::session_limit}) {
        BOOST_TEST((attempt(code).error().code == code));
        BOOST_TEST(!guard.closed("77", pin_file).value());
    }
    BOOST_TEST(!attempt(token::errc::token_removed).has_value()); // may have been counted
    BOOST_TEST(guard.closed("77", pin_file).value());
}

BOOST_FIXTURE_TEST_CASE(a_login_that_the_token_did_not_look_at_proves_nothing, desk) {
    BOOST_TEST((type(wrong).error().code == wrong));
    BOOST_TEST(attempt_with("1 2 3", {}, "77", false).has_value());
    BOOST_TEST(guard.tries("77").value() == 1u); // neither counted nor cleared
}

BOOST_FIXTURE_TEST_CASE(a_crash_during_the_login_counts_as_a_failure, desk) {
    pid_t child = ::fork();
    if (child == 0) {
        (void)guard.attempt("77", tokens::credential_name(pin_file).value(), []() -> result<bool> { ::_exit(9); });
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(WEXITSTATUS(status) == 9);
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST(asked == 0);
}

BOOST_FIXTURE_TEST_CASE(a_record_of_another_version_keeps_the_guard_shut, desk) {
    std::filesystem::create_directories(record().parent_path());
    BOOST_REQUIRE(write_file_atomically(record(), as_bytes("v9 something\n")));
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST((type().error().code == errc::guarded));
    BOOST_TEST(guard.release("77").value());
    BOOST_TEST(attempt().has_value());
    // One without a count, as the first version wrote it: each line is an attempt.
    BOOST_REQUIRE(write_file_atomically(record(), as_bytes("v1 1 2 3\nv1 4 5 6\n")));
    BOOST_TEST((attempt().error().code == errc::third_try));
}

BOOST_FIXTURE_TEST_CASE(an_attempt_waits_for_the_open_one_of_another_program_and_then_gives_up, desk) {
    BOOST_TEST(attempt().has_value()); // makes the folder
    int other = ::open((record().string() + ".lock").c_str(), O_RDWR | O_CREAT, 0600);
    BOOST_REQUIRE(::flock(other, LOCK_EX) == 0);
    tokens::pin_guard hurried(state, std::chrono::milliseconds(1));
    auto got = hurried.attempt("77", "prompt", [&]() -> result<bool> { return ++asked > 0; });
    BOOST_TEST((got.error().code == errc::guard_busy));
    ::close(other);
    BOOST_TEST(asked == 1);
}

BOOST_FIXTURE_TEST_CASE(without_a_place_for_the_record_no_try_is_made, desk) {
    BOOST_REQUIRE(write_file_atomically(dir.path() / "file", {}));
    tokens::pin_guard nowhere(dir.path() / "file" / "state");
    auto got = nowhere.attempt("77", "prompt", [&]() -> result<bool> { return ++asked > 0; });
    BOOST_TEST((got.error().code == errc::guard_unusable));
    std::filesystem::remove(pin_file);
    BOOST_TEST((tokens::credential_name(pin_file).error().code == token::errc::pin_needed));
    BOOST_TEST(asked == 0);
}

// A record is never empty: with nothing to say it is removed. One cut short has lost what it forbade.
BOOST_FIXTURE_TEST_CASE(an_empty_record_forbids_every_login_until_it_is_released, desk) {
    BOOST_TEST(!attempt(wrong).has_value());
    BOOST_REQUIRE(write_file_atomically(record(), {}, 0600));
    write("4321\n");
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST((type().error().code == errc::guarded));
    BOOST_TEST(asked == 1);
    BOOST_TEST(guard.release("77").value());
    BOOST_TEST(attempt().has_value());
}

#include "daemon/tokens/pin_guard.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace vanthu;
using tokens::errc;

namespace {
struct desk {
    test::temporary_directory dir;
    std::filesystem::path pin_file = dir.path() / "pin";
    tokens::pin_guard guard{dir.path() / "state"};
    int asked = 0;
    desk() { write("1234\n"); }
    void write(std::string_view pin) { BOOST_REQUIRE(write_file_atomically(pin_file, as_bytes(pin), 0600)); }
    result<> attempt(std::optional<token::errc> outcome = {}, const std::string& serial = "77") {
        return guard.attempt(serial, pin_file, [&](const token::pin&) -> result<> {
            ++asked;
            if (outcome) return failed(*outcome);
            return {};
        });
    }
};
} // namespace

BOOST_FIXTURE_TEST_CASE(a_right_pin_may_be_used_again_and_again, desk) {
    for (int i = 0; i < 3; ++i) BOOST_TEST(attempt().has_value());
    BOOST_TEST(asked == 3);
    BOOST_TEST(!guard.closed("77", pin_file).value());
}

BOOST_FIXTURE_TEST_CASE(after_a_wrong_pin_nothing_is_tried_until_the_file_changes, desk) {
    BOOST_TEST((attempt(token::errc::pin_incorrect).error().code == token::errc::pin_incorrect));
    BOOST_TEST((attempt().error().code == errc::guarded));
    tokens::pin_guard other_process(dir.path() / "state");
    BOOST_TEST(other_process.closed("77", pin_file).value());
    BOOST_TEST(asked == 1);
    BOOST_TEST(attempt({}, "88").has_value()); // another token is another matter
    write("4321\n");
    BOOST_TEST(attempt().has_value());
    BOOST_TEST(asked == 3);
}

BOOST_FIXTURE_TEST_CASE(unlocking_the_guard_allows_one_more_try, desk) {
    BOOST_TEST(!attempt(token::errc::pin_incorrect).has_value());
    BOOST_TEST(guard.release("77").has_value());
    BOOST_TEST(attempt().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_refusal_that_spent_no_try_leaves_no_record, desk) {
    for (auto code : {token::errc::pin_locked, token::errc::pin_final_try, token::errc::token_not_found}) {
        BOOST_TEST((attempt(code).error().code == code));
        BOOST_TEST(!guard.closed("77", pin_file).value());
    }
    BOOST_TEST(!attempt(token::errc::token_removed).has_value()); // may have been counted
    BOOST_TEST(guard.closed("77", pin_file).value());
}

BOOST_FIXTURE_TEST_CASE(a_crash_during_the_login_counts_as_a_failure, desk) {
    pid_t child = ::fork();
    if (child == 0) {
        (void)guard.attempt("77", pin_file, [](const token::pin&) -> result<> { ::_exit(9); });
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST(WEXITSTATUS(status) == 9);
    BOOST_TEST((attempt().error().code == errc::guarded));
    BOOST_TEST(asked == 0);
}

BOOST_FIXTURE_TEST_CASE(without_a_place_for_the_record_no_try_is_made, desk) {
    BOOST_REQUIRE(write_file_atomically(dir.path() / "file", {}));
    tokens::pin_guard nowhere(dir.path() / "file" / "state");
    auto got = nowhere.attempt("77", pin_file, [&](const token::pin&) -> result<> {
        ++asked;
        return {};
    });
    BOOST_TEST((got.error().code == errc::guard_unusable));
    std::filesystem::remove(pin_file);
    BOOST_TEST((attempt().error().code == token::errc::pin_needed));
    BOOST_TEST(asked == 0);
}

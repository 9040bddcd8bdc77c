// The macros that hand a failure on, where an unbraced `if` meets them.
#include "daemon/base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

namespace vanthu::test {
namespace {

result<> holds(bool yes) {
    if (!yes) return failed(tasks::errc::timed_out, "asked to fail");
    return {};
}

result<std::string> checked(bool first, bool second) {
    std::string way = "neither";
    // Written as somebody in a hurry writes it: the else belongs to the first if.
    // clang-format off
    if (first) VANTHU_CHECK(holds(second));
    else way = "else";
    // clang-format on
    return way;
}

task<std::string> checked_in_a_coroutine(bool first, bool second) {
    std::string way = "neither";
    // clang-format off
    if (first) VANTHU_CO_CHECK(holds(second));
    else way = "else";
    // clang-format on
    co_return way;
}

std::string run(task<std::string> body) {
    asio::io_context context;
    std::string out;
    asio::co_spawn(context, std::move(body), [&](std::exception_ptr thrown, result<std::string> r) {
        out = thrown ? "thrown" : r ? *r : "failed";
    });
    context.run();
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(an_else_after_a_check_belongs_to_the_if_before_it) {
    BOOST_TEST(checked(true, true).value() == "neither");
    BOOST_TEST(checked(false, true).value() == "else");
    BOOST_TEST(!checked(true, false).has_value());
    BOOST_TEST(run(checked_in_a_coroutine(true, true)) == "neither");
    BOOST_TEST(run(checked_in_a_coroutine(false, true)) == "else");
    BOOST_TEST(run(checked_in_a_coroutine(true, false)) == "failed");
}

BOOST_AUTO_TEST_CASE(two_checks_may_stand_on_one_line) {
    auto both = [](bool a, bool b) -> result<> {
        // clang-format off
        VANTHU_CHECK(holds(a)); VANTHU_CHECK(holds(b));
        // clang-format on
        return {};
    };
    BOOST_TEST(both(true, true).has_value());
    BOOST_TEST(!both(true, false).has_value());
    BOOST_TEST(!both(false, true).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

#include "daemon/tokens/token_worker.hpp"

#include <boost/test/unit_test.hpp>
#include <future>

using namespace vanthu;
using namespace std::chrono_literals;
using tokens::errc;

namespace {
auto far_away() { return std::chrono::steady_clock::now() + 1h; }
} // namespace

BOOST_AUTO_TEST_CASE(work_is_done_on_one_thread_and_answered) {
    tokens::token_worker worker;
    std::thread::id first, second;
    BOOST_TEST((worker
                    .submit(
                        [&]() -> result<bytes> {
                            first = std::this_thread::get_id();
                            return bytes{1};
                        },
                        far_away())
                    .value() == bytes{1}));
    BOOST_TEST(!worker
                    .submit(
                        [&]() -> result<bytes> {
                            second = std::this_thread::get_id();
                            return failed(errc::stopping);
                        },
                        far_away())
                    .has_value());
    BOOST_TEST((first == second && first != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_blocked_token_costs_callers_their_deadline_and_no_more) {
    std::promise<void> unplug;
    auto unplugged = unplug.get_future().share();
    tokens::token_worker worker(2);
    auto block = [unplugged]() -> result<bytes> {
        unplugged.wait();
        return bytes{};
    };
    BOOST_TEST((worker.submit(block, std::chrono::steady_clock::now() + 20ms).error().code == errc::deadline_passed));
    bool ran = false;
    auto late = [&ran]() -> result<bytes> {
        ran = true;
        return bytes{};
    };
    BOOST_TEST((worker.submit(late, std::chrono::steady_clock::now() + 1ms).error().code == errc::deadline_passed));
    BOOST_TEST((worker.submit(late, std::chrono::steady_clock::now() + 1ms).error().code == errc::deadline_passed));
    BOOST_TEST((worker.submit(late, far_away()).error().code == errc::queue_full));
    unplug.set_value();
    while (worker.waiting() > 0) std::this_thread::yield();
    BOOST_TEST(worker.submit([]() -> result<bytes> { return bytes{}; }, far_away()).has_value());
    BOOST_TEST(!ran); // what had waited past its deadline was dropped
}

BOOST_AUTO_TEST_CASE(stopping_answers_what_waits_and_takes_nothing_new) {
    tokens::token_worker worker;
    worker.stop();
    BOOST_TEST((worker.submit([]() -> result<bytes> { return bytes{}; }, far_away()).error().code == errc::stopping));
}

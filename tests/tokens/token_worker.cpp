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

namespace {
// Work that does not come back before the token is unplugged.
struct blocked_reader {
    std::promise<void> unplug;
    std::shared_future<void> unplugged = unplug.get_future().share();
    std::function<result<bytes>()> work() const {
        return [unplugged = unplugged]() -> result<bytes> {
            unplugged.wait();
            return bytes{};
        };
    }
};
auto soon() { return std::chrono::steady_clock::now() + 20ms; }
result<bytes> quick() { return bytes{}; }
} // namespace

BOOST_AUTO_TEST_CASE(a_token_that_hangs_costs_its_caller_the_deadline_and_the_others_nothing) {
    blocked_reader reader;
    tokens::token_worker worker;
    std::promise<void> started;
    auto block = [&, work = reader.work()]() -> result<bytes> {
        started.set_value();
        return work();
    };
    auto patient =
        std::async(std::launch::async, [&] { return worker.submit(block, std::chrono::steady_clock::now() + 50ms); });
    started.get_future().wait();
    auto waiting = std::async(std::launch::async, [&] { return worker.submit(quick, far_away()); });
    BOOST_TEST((patient.get().error().code == errc::deadline_passed));
    // Whether it came before or after that: it need not wait for its own deadline.
    BOOST_TEST((waiting.get().error().code == errc::module_hangs));
    BOOST_TEST(worker.hanging());
    BOOST_TEST((worker.submit(quick, far_away()).error().code == errc::module_hangs));
    reader.unplug.set_value();
    while (worker.hanging()) std::this_thread::yield();
    BOOST_TEST(worker.submit(quick, far_away()).has_value()); // it came back
}

BOOST_AUTO_TEST_CASE(a_module_in_another_process_is_ended_when_it_hangs) {
    blocked_reader reader;
    int ended = 0;
    tokens::token_worker worker({.end_module = [&] {
        ++ended;
        reader.unplug.set_value(); // as the call comes back with an error
    }});
    BOOST_TEST((worker.submit(reader.work(), soon()).error().code == errc::deadline_passed));
    while (worker.hanging()) std::this_thread::yield();
    BOOST_TEST(worker.submit(quick, far_away()).has_value());
    BOOST_TEST(ended == 1);
}

BOOST_AUTO_TEST_CASE(a_call_that_never_comes_back_does_not_hold_up_the_end) {
    auto reader = std::make_shared<blocked_reader>();
    {
        tokens::token_worker worker({.grace = 1ms});
        BOOST_TEST((worker.submit(reader->work(), soon()).error().code == errc::deadline_passed));
    }
    tokens::token_worker another; // life goes on
    BOOST_TEST(another.submit(quick, far_away()).has_value());
    reader->unplug.set_value();
}

BOOST_AUTO_TEST_CASE(the_queue_is_bounded_and_what_waited_past_its_deadline_is_dropped) {
    blocked_reader reader;
    tokens::token_worker worker({.queue_limit = 1});
    std::promise<void> started;
    auto block = [&, work = reader.work()]() -> result<bytes> {
        started.set_value();
        return work();
    };
    auto first = std::async(std::launch::async, [&] { return worker.submit(block, far_away()); });
    started.get_future().wait();
    bool ran = false;
    auto late = [&ran]() -> result<bytes> {
        ran = true;
        return bytes{};
    };
    BOOST_TEST((worker.submit(late, soon()).error().code == errc::deadline_passed));
    BOOST_TEST(!worker.hanging()); // it had not started
    BOOST_TEST((worker.submit(late, far_away()).error().code == errc::queue_full));
    reader.unplug.set_value();
    BOOST_TEST(first.get().has_value());
    while (worker.waiting() > 0) std::this_thread::yield();
    BOOST_TEST(worker.submit(quick, far_away()).has_value());
    BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_CASE(stopping_answers_what_waits_and_takes_nothing_new) {
    tokens::token_worker worker;
    worker.stop();
    BOOST_TEST((worker.submit([]() -> result<bytes> { return bytes{}; }, far_away()).error().code == errc::stopping));
}

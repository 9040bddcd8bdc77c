#include "daemon/ledger/commit_task.hpp"

#include "tests/ledger/scenario.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <thread>

using namespace vanthu;
using namespace vanthu::ledger;

BOOST_AUTO_TEST_CASE(a_coroutine_resumes_on_its_own_thread_when_its_change_is_durable) {
    test::machine m;
    BOOST_REQUIRE(m.start());
    asio::io_context io;
    int resumed = 0;
    auto body = [&](bool succeed) -> asio::awaitable<void> {
        auto here = std::this_thread::get_id();
        auto answer = co_await commit(*m.running, [&](transaction& t) -> result<> {
            BOOST_TEST((std::this_thread::get_id() != here));
            t.put("k", "v");
            if (!succeed) return failed(errc::row_malformed);
            return {};
        });
        BOOST_TEST(answer.has_value() == succeed);
        BOOST_TEST((std::this_thread::get_id() == here));
        ++resumed;
    };
    for (bool succeed : {true, false})
        asio::co_spawn(io, body(succeed), [](std::exception_ptr e) {
            if (e) std::rethrow_exception(e);
        });
    io.run();
    BOOST_TEST(resumed == 2);
}

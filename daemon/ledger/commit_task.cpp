#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

namespace vanthu::ledger {

task<> commit(store& s, change run) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(result<>)>(
        [&s](auto handler, change c) {
            // Tracked work keeps the caller's io_context running while the committer has the change.
            auto executor =
                asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
            s.commit(std::move(c), [executor, handler = std::move(handler)](result<> answer) mutable {
                asio::post(executor, [handler = std::move(handler), answer = std::move(answer)]() mutable {
                    handler(std::move(answer));
                });
            });
        },
        asio::use_awaitable, std::move(run));
}

} // namespace vanthu::ledger

// A task run to its end by a command, which has nothing else to do meanwhile.
#pragma once

#include "daemon/base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

namespace vanthu::cli {

template <class T> result<T> wait_for(asio::io_context& context, task<T> work) {
    std::optional<result<T>> answer;
    std::exception_ptr thrown;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, result<T> r) {
        thrown = e;
        answer.emplace(std::move(r));
    });
    context.restart();
    while (!answer && context.run_one() > 0) {
    } // a kept connection may leave work behind
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*answer);
}

} // namespace vanthu::cli

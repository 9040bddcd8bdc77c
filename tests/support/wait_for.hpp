// A task run on an executor whose threads are others', waited for here.
#pragma once

#include "daemon/base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <future>

namespace vanthu::test {

template <class T> result<T> wait_for(asio::any_io_executor executor, task<T> work) {
    std::promise<result<T>> answered;
    asio::co_spawn(executor, std::move(work), [&](std::exception_ptr e, result<T> r) {
        if (e)
            answered.set_exception(e);
        else
            answered.set_value(std::move(r));
    });
    return answered.get_future().get();
}

} // namespace vanthu::test

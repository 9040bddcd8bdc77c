// Runs one task to its end on an io_context of its own.
#pragma once

#include "daemon/base/task.hpp"

#include <boost/asio/io_context.hpp>

namespace vanthu::net {

template <class T> result<T> run(task<T> t) {
    asio::io_context io;
    result<T> out = failed(tasks::errc::cancelled);
    asio::co_spawn(io, std::move(t), [&](std::exception_ptr e, result<T> r) {
        if (e) std::rethrow_exception(e);
        out = std::move(r);
    });
    io.run();
    return out;
}

} // namespace vanthu::net

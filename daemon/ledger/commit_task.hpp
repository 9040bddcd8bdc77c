// The coroutine form of store::commit, apart from store.hpp so that only coroutine code pays for Asio's headers.
#pragma once

#include "daemon/base/task.hpp"
#include "daemon/ledger/store.hpp"

namespace vanthu::ledger {

// Resumes on the caller's executor when the change is durable or refused. Cancellation does not reach into it: a change
// that was handed over is decided. The change may refer to the caller's frame, which lives until then.
task<> commit(store&, change);

} // namespace vanthu::ledger

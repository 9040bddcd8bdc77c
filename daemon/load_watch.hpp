// Measures what the marks of intake::pressure are about, and says in the log when they are passed.
#pragma once

#include "daemon/base/metrics.hpp"
#include "daemon/base/task.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/intake/pressure.hpp"

#include <filesystem>

namespace vanthu::start {

// One look; blocks on the file system. What cannot be measured does not count.
intake::load measure(const std::filesystem::path& store, const delivery::engine&);

std::uint64_t memory_of_this_process(); // resident; 0: not known

// A look each second, until cancelled. On the engine's executor; the measuring itself on `disk`. All must outlive it.
// Beyond the mark for memory, what the allocator only keeps is given back first (at most once a minute).
asio::awaitable<void> watch_load(std::filesystem::path store, const delivery::engine&, intake::pressure&,
                                 asio::thread_pool& disk);
void show_load(const intake::pressure&, metrics::registry&);

} // namespace vanthu::start

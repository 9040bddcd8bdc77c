#include "daemon/load_watch.hpp"

#include "daemon/base/log.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdio>
#include <malloc.h>
#include <unistd.h>

namespace vanthu::start {

std::uint64_t memory_of_this_process() {
    std::FILE* f = std::fopen("/proc/self/statm", "re");
    if (!f) return 0;
    unsigned long long all = 0, resident = 0;
    const bool read = std::fscanf(f, "%llu %llu", &all, &resident) == 2;
    std::fclose(f);
    return read ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

namespace {
// Memory would refuse, now or still.
bool beyond_memory(const intake::pressure& p, std::uint64_t resident) {
    const std::uint64_t mark = p.marks().memory, margin = mark / 100 * p.marks().margin_percent;
    return mark && resident > (p.has(intake::pressure::cause::memory) ? mark - margin : mark);
}

// What the allocator keeps and nobody uses goes back to the system; locks one arena after the other meanwhile.
void give_back_memory() { ::malloc_trim(0); }
} // namespace

intake::load measure(const std::filesystem::path& store, const delivery::engine& engine) {
    intake::load out;
    std::error_code ec;
    const std::filesystem::space_info space = std::filesystem::space(store, ec);
    if (!ec) out.free_bytes = space.available;
    out.memory = memory_of_this_process();
    for (const delivery::lane_view& l : engine.lanes()) {
        out.transfers += l.waiting;
        out.bytes += l.bytes;
        out.lanes.push_back({l.node, l.waiting, l.bytes});
    }
    return out;
}

asio::awaitable<void> watch_load(std::filesystem::path store, const delivery::engine& engine, intake::pressure& marks,
                                 asio::thread_pool& disk) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::chrono::steady_clock::time_point may_give_back{};
    for (;;) {
        // What was freed does not go back by itself while a little of each arena is in use: a burst that is over would
        // stand for memory in use for ever.
        auto look = [&]() -> result<bool> {
            intake::load seen = measure(store, engine);
            const auto now = std::chrono::steady_clock::now();
            if (beyond_memory(marks, seen.memory) && now >= may_give_back) {
                may_give_back = now + std::chrono::minutes(1);
                give_back_memory();
                seen.memory = memory_of_this_process();
            }
            return marks.look(seen);
        };
        const auto changed = co_await offload(disk, look);
        if (changed && *changed) {
            const intake::load seen = marks.last();
            if (marks.refusing()) {
                log::warning("new_documents_refused", {{"causes", marks.causes()},
                                                       {"free_bytes", seen.free_bytes},
                                                       {"memory", seen.memory},
                                                       {"transfers", seen.transfers},
                                                       {"bytes", seen.bytes}});
            } else {
                log::info("new_documents_taken_again", {});
            }
        }
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

void show_load(const intake::pressure& marks, metrics::registry& meters) {
    meters.before_expose([&marks](metrics::registry& m) {
        for (const auto c : intake::pressure::all)
            m.set("vanthu_new_documents_refused", {std::string(to_string(c))}, marks.has(c) ? 1 : 0);
        m.set("vanthu_process_resident_bytes", static_cast<double>(marks.last().memory));
    });
}

} // namespace vanthu::start

#include "daemon/cli/bench_load.hpp"

#include "daemon/cli/bench_client.hpp"
#include "daemon/cli/errors.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {

std::string request_head(const bench_daemon& to, std::size_t body) {
    return fmt::format("POST /v1/documents HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n"
                       "Content-Type: application/xml\r\nContent-Length: {}\r\n\r\n",
                       to.api_port(), to.api_key(), body);
}

result<load_result> submit(const bench_daemon& to, const packet_form& form, unsigned submitters,
                           std::chrono::milliseconds length, std::atomic<std::uint64_t>& number,
                           std::uint64_t at_most) {
    const auto trusted = bench_client_context(to.directory() / "ca.pem");
    std::vector<bench_connection> connections; // opened before the clock runs
    for (unsigned i = 0; i < submitters; ++i) {
        VANTHU_TRY(auto one, bench_connection::to_port(trusted.get(), to.api_port()));
        connections.push_back(std::move(one));
    }
    const std::string head = request_head(to, form.size());
    std::mutex guard;
    std::optional<failure> wrong;
    std::vector<double> latencies;
    double client_cpu = 0;
    load_result out;
    std::atomic<std::uint64_t> taken{0};
    std::atomic<bool> over{false};
    std::vector<packet_form> forms(submitters, form);
    const double daemon_cpu = to.use().cpu_seconds;
    const auto begin = std::chrono::steady_clock::now();
    auto send = [&](unsigned which) {
        std::vector<double> mine;
        const double cpu = thread_cpu_seconds();
        while (!over && std::chrono::steady_clock::now() - begin < length && (!at_most || taken++ < at_most)) {
            const std::string_view packet = forms[which].numbered(++number);
            const auto started = std::chrono::steady_clock::now();
            auto answer = connections[which].send(head, packet);
            mine.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count());
            if (answer && answer->status == 201) continue;
            std::lock_guard lock(guard);
            wrong = answer ? failure{errc::bench_failed,
                                     fmt::format("HTTP {} {}", answer->status, answer->body.substr(0, 1000))}
                           : answer.error();
            over = true;
            return;
        }
        std::lock_guard lock(guard);
        client_cpu += thread_cpu_seconds() - cpu;
        latencies.insert(latencies.end(), mine.begin(), mine.end());
    };
    std::atomic<bool> sampling{true};
    std::thread sampler([&] {
        while (sampling) {
            const process_use daemon = to.use();
            out.daemon_pss_mb = std::max(out.daemon_pss_mb, daemon.pss_mb);
            out.workers_pss_mb = std::max(out.workers_pss_mb, daemon.children_pss_mb);
            out.client_pss_mb = std::max(out.client_pss_mb, use_of(::getpid()).pss_mb);
            for (int i = 0; sampling && i < 25; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    });
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < submitters; ++i) threads.emplace_back(send, i);
    for (std::thread& t : threads) t.join();
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    out.daemon_cpu_us = to.use().cpu_seconds - daemon_cpu;
    sampling = false;
    sampler.join();
    if (wrong) return fail(*wrong);
    if (latencies.empty()) return failed(errc::bench_failed, "no document in this time");
    std::sort(latencies.begin(), latencies.end());
    out.count = latencies.size();
    const auto n = static_cast<double>(out.count);
    out.per_s = n / out.seconds;
    out.p99_ms = latencies[latencies.size() * 99 / 100];
    for (double ms : latencies) out.mean_ms += ms / n;
    out.daemon_cpu_us *= 1e6 / n;
    out.client_cpu_us = client_cpu * 1e6 / n;
    return out;
}

} // namespace vanthu::cli

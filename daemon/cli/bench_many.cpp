#include "daemon/cli/bench_many.hpp"

#include "daemon/cli/bench_client.hpp"
#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_load.hpp"
#include "daemon/cli/errors.hpp"

#include <fmt/format.h>

namespace vanthu::cli {
namespace {

constexpr unsigned turns = 15, single_a_turn = 20, first_turns = 2;

struct seen {
    std::vector<double> ms, cpu_ms;
};

} // namespace

result<many_result> compare_many(const bench_daemon& to, packet_form one, packet_form all,
                                 std::atomic<std::uint64_t>& number) {
    const auto trusted = bench_client_context(to.directory() / "ca.pem");
    VANTHU_TRY(auto connection, bench_connection::to_port(trusted.get(), to.api_port()));
    auto send = [&](packet_form& form, seen& into) -> result<> {
        const std::string head = request_head(to, form.size());
        const std::string_view packet = form.numbered(++number);
        const double cpu = cpu_seconds_of(to.process());
        const auto begin = std::chrono::steady_clock::now();
        VANTHU_TRY(auto answer, connection.send(head, packet));
        into.ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
        into.cpu_ms.push_back((cpu_seconds_of(to.process()) - cpu) * 1e3);
        if (answer.status == 201) return {};
        return failed(errc::bench_failed, fmt::format("HTTP {} {}", answer.status, answer.body.substr(0, 1000)));
    };
    seen single, many;
    std::vector<double> ratios;
    for (unsigned turn = 0; turn < first_turns + turns; ++turn) {
        seen here;
        for (unsigned i = 0; i < single_a_turn; ++i) VANTHU_CHECK(send(one, here));
        seen& wide = turn < first_turns ? here : many;
        VANTHU_CHECK(send(all, wide));
        if (turn < first_turns) continue;
        ratios.push_back(many.ms.back() / median(here.ms));
        single.ms.insert(single.ms.end(), here.ms.begin(), here.ms.end());
        single.cpu_ms.insert(single.cpu_ms.end(), here.cpu_ms.begin(), here.cpu_ms.end());
    }
    return many_result{median(single.ms), median(many.ms), median(single.cpu_ms), median(many.cpu_ms), median(ratios)};
}

} // namespace vanthu::cli

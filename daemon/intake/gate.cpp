#include "daemon/intake/gate.hpp"

#include "daemon/intake/acceptance.hpp"

namespace vanthu::intake {

std::string_view to_string(verdict v) {
    static constexpr std::string_view words[] = {"valid", "invalid", "indeterminate", "unsigned", "damaged"};
    return words[std::size_t(v)];
}

std::string_view to_string(offer::from source) {
    static constexpr std::string_view words[] = {"eoffice", "peer", "vanthu"};
    return words[std::size_t(source)];
}

gate::gate(gate_options options, ledger::store& store, ledger::receipt_log& log, ledger::spool& spool,
           inspect::inspector_pool* inspectors, asio::thread_pool& disk, asio::thread_pool& crypto,
           const wall_clock& clock)
    : options_(std::move(options)), store_(store), log_(log), spool_(spool), inspectors_(inspectors), disk_(disk),
      crypto_(crypto), clock_(clock) {
    use_policy(options_.policy);
}

task<accepted> gate::accept(offer o, net::body_source& body) {
    const offer::from source = o.source;
    const bool counts = !o.dry_run;
    const auto began = std::chrono::steady_clock::now();
    acceptance packet(*this, std::move(o));
    result<accepted> answer = co_await packet.run(body);
    if (on_answer && counts)
        on_answer(source, answer,
                  std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began));
    co_return answer;
}

} // namespace vanthu::intake

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
    acceptance packet(*this, std::move(o));
    co_return co_await packet.run(body);
}

} // namespace vanthu::intake

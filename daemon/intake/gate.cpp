#include "daemon/intake/gate.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/intake/acceptance.hpp"

#include <algorithm>

namespace vanthu::intake {

namespace {
constexpr std::string_view verdicts[] = {"valid", "invalid", "indeterminate", "unsigned", "damaged"};
}

std::string_view to_string(verdict v) { return verdicts[std::size_t(v)]; }

verdict verdict_of(std::string_view word) {
    auto at = std::ranges::find(verdicts, word);
    return at == std::end(verdicts) ? verdict::indeterminate : static_cast<verdict>(at - std::begin(verdicts));
}

std::string_view flag_of(action a) {
    static constexpr std::string_view words[] = {"", "for_information", "signature_held", "refusal_drafted"};
    return words[std::size_t(a)];
}

std::string hold_of(action a, bool first_page_unseen) {
    if (first_page_unseen) return public_code(errc::first_page_unseen);
    return a == action::hold ? public_code(errc::signature_held) : std::string();
}

std::string_view to_string(offer::from source) {
    static constexpr std::string_view words[] = {"eoffice", "peer", "vanthu"};
    return words[std::size_t(source)];
}

gate::gate(gate_options options, ledger::store& store, ledger::receipt_log& log, ledger::spool& spool,
           inspect::inspector_pool* inspectors, asio::thread_pool& disk, asio::thread_pool& crypto,
           const wall_clock& clock)
    : options_(std::move(options)), store_(store), log_(log), spool_(spool), inspectors_(inspectors), disk_(disk),
      crypto_(crypto), short_writes_(disk.get_executor()), clock_(clock) {
    use_policy(options_.policy);
}

result<> gate::may_take_any() const { return pressure_ ? pressure_->may_take({}) : result<>(); }

result<> gate::may_take(const std::vector<std::string>& recipients, const std::string& came_from) const {
    if (!pressure_ || !pressure_->refusing()) return {};
    demand what{.hops = {}, .from_node = !came_from.empty()};
    const auto known = registry();
    const timestamp now = clock_.now();
    for (std::size_t i = 0; i < std::min(recipients.size(), options_.recipients); ++i)
        if (const routed r = route_recipient(*known, options_.node, recipients[i], now, came_from);
            r.route.next && r.route.kind != registry::route_kind::local)
            what.hops.insert(r.route.next->id);
    return pressure_->may_take(what);
}

task<accepted> gate::accept(offer o, net::body_source& body) {
    return take(std::move(o), [&body](acceptance& packet) { return packet.run(body); });
}

task<accepted> gate::accept(offer o, std::unique_ptr<ledger::spool_file> packet) {
    return take(std::move(o), [packet = std::move(packet)](acceptance& a) mutable { return a.run(std::move(packet)); });
}

task<accepted> gate::take(offer o, std::move_only_function<task<accepted>(acceptance&)> run) {
    const offer::from source = o.source;
    const bool counts = !o.dry_run;
    const auto began = std::chrono::steady_clock::now();
    acceptance packet(*this, std::move(o));
    result<accepted> answer = co_await run(packet);
    if (on_answer && counts)
        on_answer(source, answer,
                  std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began));
    co_return answer;
}

} // namespace vanthu::intake

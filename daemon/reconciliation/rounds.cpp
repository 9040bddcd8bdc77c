#include "daemon/reconciliation/rounds.hpp"

#include "daemon/base/log.hpp"
#include "daemon/reconciliation/errors.hpp"

#include <algorithm>

namespace vanthu::reconciliation {

namespace {
constexpr unsigned scheduled_at_a_time = 4;
} // namespace

rounds::rounds(round_options options, ledger::store& store, asio::any_io_executor executor, asio::thread_pool& disk,
               const wall_clock& clock, current_registry registry, asker ask, waker wake)
    : options_(std::move(options)), store_(store), executor_(std::move(executor)), disk_(disk), clock_(clock),
      registry_(std::move(registry)), ask_(std::move(ask)), wake_(std::move(wake)) {}

void rounds::use_calendar(std::shared_ptr<const calendar::office> c) { office_.store(std::move(c)); }

void rounds::run_in(task_group& group) {
    group_ = &group;
    group.spawn(executor_, [this] { return schedule(); });
}

std::vector<std::string> rounds::nodes() const {
    std::vector<std::string> out;
    const auto known = registry_();
    for (const registry::node& n : known->nodes())
        if (n.id != options_.node && n.kind == registry::node_kind::vanthu && !n.urls.empty() &&
            n.valid.contains(clock_.now()))
            out.push_back(n.id);
    return out;
}

std::string rounds::name_of(const std::string& node) const {
    const auto known = registry_();
    const registry::node* n = known->find_node(node);
    const registry::organisation* o = n ? known->find_organisation(n->organisation) : nullptr;
    return o ? std::string(o->name(clock_.now())) + " (" + node + ")" : node;
}

// As notices name it; the node, where the registry does not know better.
std::string rounds::organisation_of(const std::string& node) const {
    const auto known = registry_();
    const registry::node* n = known->find_node(node);
    const registry::organisation* o = n ? known->find_organisation(n->organisation) : nullptr;
    const registry::dated_code* code = o ? o->preferred_code(clock_.now()) : nullptr;
    return code ? code->code : node;
}

bool rounds::begin(const std::string& node) {
    std::lock_guard lock(guard_);
    return running_.insert(node).second;
}
void rounds::end(const std::string& node) {
    std::lock_guard lock(guard_);
    running_.erase(node);
}
std::set<std::string> rounds::running() const {
    std::lock_guard lock(guard_);
    return running_;
}

result<std::vector<report_row>> rounds::last(bool findings) const {
    return reports(store_.committed(), options_.home, findings);
}

// What has failed is tried again sooner than what is only old.
bool rounds::is_due(const report_row& last) const {
    const std::chrono::microseconds sooner =
        std::min(options_.every, std::max<std::chrono::microseconds>(options_.every / 24, std::chrono::minutes(1)));
    const std::int64_t wait = (last.last_try.outcome == "failed" ? sooner : options_.every).count();
    const std::int64_t now = to_us(clock_.now()), at = last.last_try.started_at;
    return at > now || now - at >= wait; // a clock that was set back must not put it off for ever
}

asio::awaitable<void> rounds::sleep_for(std::chrono::steady_clock::duration d) {
    asio::steady_timer timer(executor_, d);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> rounds::schedule() {
    auto unfinished = [this] { return interrupted(store_.committed(), options_.home); };
    const auto begun = co_await offload(disk_, unfinished);
    if (!begun) log::error("reconciliation_failed", {{"failure", begun.error()}});
    const std::vector<std::string> known = nodes();
    for (const std::string& node : begun.value_or(std::vector<std::string>()))
        if (std::ranges::find(known, node) != known.end() && begin(node))
            go_on_with({.node = node, .go_on = true}, true);
    while (options_.every.count() > 0) {
        co_await sleep_for(std::min<std::chrono::microseconds>(options_.every, std::chrono::minutes(1)));
        auto read = [this] { return last(false); };
        auto before = co_await offload(disk_, read);
        if (!before) {
            log::error("reconciliation_failed", {{"failure", before.error()}});
            continue;
        }
        for (const std::string& node : nodes()) {
            if (scheduled_ >= scheduled_at_a_time) break;
            auto at = std::ranges::find(*before, node, &report_row::node);
            if ((at == before->end() || is_due(*at)) && begin(node))
                go_on_with({.node = node, .by = "schedule", .go_on = true, .only_changes = true}, true);
        }
    }
}

result<std::vector<std::string>> rounds::start(asked_round asked) {
    const std::vector<std::string> all = nodes();
    std::vector<std::string> begun;
    if (!asked.node.empty() && std::ranges::find(all, asked.node) == all.end())
        return failed(errc::node_unknown, asked.node);
    for (const std::string& node : all) {
        if (!asked.node.empty() && node != asked.node) continue;
        if (!begin(node)) {
            if (!asked.node.empty()) return failed(errc::running, node);
            continue;
        }
        asked_round one = asked;
        one.node = node;
        begun.push_back(node);
        go_on_with(std::move(one), false);
    }
    return begun;
}

void rounds::go_on_with(asked_round one, bool by_schedule) {
    if (by_schedule) ++scheduled_;
    group_->spawn(executor_, [this, one = std::move(one), by_schedule]() -> asio::awaitable<void> {
        struct ended {
            unsigned& scheduled;
            bool counts;
            ~ended() { scheduled -= counts; }
        } when_done{scheduled_, by_schedule};
        auto done = co_await run(one);
        if (!done) log::error("reconciliation_failed", {{"peer", one.node}, {"failure", done.error()}});
    });
}

task<report_row> rounds::compare_with(asked_round asked) {
    if (!begin(asked.node)) co_return failed(errc::running, asked.node);
    co_return co_await run(std::move(asked));
}

} // namespace vanthu::reconciliation

#include "daemon/delivery/engine.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/delivery/lane.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/post.hpp>

namespace vanthu::delivery {

using records::state;
using records::transfer_row;

engine::engine(engine_options options, ledger::store& store, asio::any_io_executor executor, asio::thread_pool& disk,
               const wall_clock& clock, current_registry registry, transport_for transports)
    : options_(std::move(options)), store_(store), executor_(std::move(executor)), disk_(disk), clock_(clock),
      registry_(std::move(registry)), transport_for_(std::move(transports)), random_(std::random_device{}()) {}

engine::~engine() = default;

lane_queue::entry engine::queued(const transfer_row& t) {
    return {.owner = t.owner,
            .document = t.document,
            .due = t.next_attempt_at,
            .created = t.created_at,
            .urgency = t.priority,
            .bytes = t.size,
            .turn = t.turn,
            .warned = t.expiry_warned_at != 0};
}

result<> engine::start(task_group& group) {
    group_ = &group;
    notice_timer_ = std::make_unique<asio::steady_timer>(executor_);
    records::reader read(store_.committed());
    std::optional<failure> wrong;
    std::lock_guard lock(guard_);
    const std::int64_t now = to_us(clock_.now()), latest = now + options_.longest_retry.count();
    VANTHU_CHECK(read.each_work(options_.home, [&](records::reader::work w) {
        if (w.brief) {
            auto t = read.transfer(w.owner, w.document, w.node);
            if (!t && !wrong) wrong = t.error();
            if (t && *t) lane_of(w.node).queue.put(queued(**t), now);
            return;
        }
        lane_of(w.node).queue.put({.owner = std::move(w.owner),
                                   .document = std::move(w.document),
                                   .due = std::min(w.due, latest), // written before the clock was set back, maybe
                                   .created = w.created,
                                   .urgency = w.priority,
                                   .bytes = w.size,
                                   .turn = std::move(w.turn),
                                   .warned = w.expiry_warned},
                                  now);
    }));
    if (wrong) return fail(*wrong);
    group.spawn(executor_, [this] { return run_notices(); });
    return {};
}

void engine::wake(std::vector<transfer_row> rows, records::composed_ahead composed) {
    asio::post(executor_, [this, rows = std::move(rows), composed = std::move(composed)] {
        for (const transfer_row& t : rows) add(t, composed);
    });
}

void engine::wake_notices() {
    asio::post(executor_, [this] {
        if (notice_timer_) notice_timer_->cancel();
    });
}

engine::lane& engine::lane_of(const std::string& node) {
    std::unique_ptr<lane>& l = lanes_[node];
    if (!l) {
        l = std::make_unique<lane>(node, executor_,
                                   flow_options{.concurrency = options_.concurrency,
                                                .first_window = options_.first_window,
                                                .failures_to_open = options_.failures_to_open,
                                                .first_probe = options_.first_probe,
                                                .longest_probe = options_.longest_probe});
        group_->spawn(executor_, [this, &lane = *l] { return run_lane(lane); });
    }
    return *l;
}

namespace {
std::size_t bytes_of(const records::composition& c) {
    std::size_t n = sizeof c;
    for (const records::piece_row& p : c.pieces) n += sizeof p + p.text.size();
    return n;
}
} // namespace

void engine::add(const transfer_row& t, const records::composed_ahead& composed) {
    std::lock_guard lock(guard_);
    lane& l = lane_of(t.node);
    if (auto c = composed.by_node.find(t.node);
        c != composed.by_node.end() && composed.document == t.document && !t.composed && keeps_composed())
        if (l.composed.emplace(t.document, c->second).second) composed_bytes_ += bytes_of(*c->second);
    l.queue.put(queued(t), to_us(clock_.now()));
    l.timer.cancel();
}

// Under the guard.
std::shared_ptr<const records::composition> engine::take_composed(lane& l, const std::string& document) {
    auto node = l.composed.extract(document);
    if (!node) return nullptr;
    composed_bytes_ -= bytes_of(*node.mapped());
    return std::move(node.mapped());
}

task<> engine::release(std::string owner, std::string document, std::string node) {
    std::optional<transfer_row> released;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        VANTHU_TRY(auto t, w.transfer(owner, document, node));
        if (!t) return failed(errc::transfer_unknown);
        if (records::is_final(t->state_now)) return failed(errc::not_waiting);
        const bool parked = t->state_now == state::parked;
        send_now(w, options_.home, *t);
        VANTHU_CHECK(w.add_event(owner, {.document = document, .kind = "released", .code = node, .by = "operator"}));
        VANTHU_TRY(auto d, w.document(owner, document));
        for (const std::string& code : t->recipients) {
            VANTHU_TRY(auto c, w.consignment(owner, document, code));
            if (!c || records::is_final(c->state_now)) continue;
            c->state_now = state::waiting;
            c->reason.clear();
            c->updated_at = w.now();
            w.put(owner, *c);
            if (!parked || !d || d->previous_node.empty()) continue; // who was told "parked" is told that it goes on
            VANTHU_CHECK(w.add_notice(options_.home, d->previous_node,
                                      {.packet_sha256 = d->packet_sha256,
                                       .recipient = code,
                                       .kind = "released",
                                       .by = options_.organisation,
                                       .at = w.now()}));
        }
        released = *t;
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    {
        std::lock_guard lock(guard_);
        lane_of(node).flow.probe_now();
    }
    wake({*released});
    co_return result<>();
}

task<std::size_t> engine::give_up(std::string owner, std::string document, std::string words, std::string by,
                                  bool confirmed) {
    std::size_t ended = 0;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        VANTHU_TRY(auto d, w.document(owner, document));
        if (!d) return failed(records::errc::document_unknown, document);
        VANTHU_TRY(auto all, w.transfers(owner, document));
        for (transfer_row& t : all) {
            if (t.state_now != state::parked) continue;
            if (t.perhaps_taken && !confirmed) return failed(errc::may_have_arrived, t.node);
            t.state_now = state::refused;
            t.reason = public_code(t.perhaps_taken ? errc::given_up_unanswered : errc::given_up);
            t.reason_detail.clear();
            w.put(t);
            for (const std::string& code : t.recipients) {
                VANTHU_TRY(auto c, w.consignment(owner, document, code));
                if (!c || records::is_final(c->state_now)) continue;
                c->state_now = state::refused;
                c->reason = t.reason;
                c->updated_at = w.now();
                w.put(owner, *c);
                VANTHU_CHECK(w.add_event(owner, {.document = document,
                                                 .recipient = code,
                                                 .kind = "sent_back",
                                                 .code = t.reason,
                                                 .by = by,
                                                 .text = words}));
                VANTHU_CHECK(records::request_failed(w, {options_.home, options_.organisation}, *d, code, t.reason));
                ++ended;
                if (d->previous_node.empty()) continue;
                VANTHU_CHECK(w.add_notice(options_.home, d->previous_node,
                                          {.packet_sha256 = d->packet_sha256,
                                           .recipient = code,
                                           .kind = "returned",
                                           .code = t.reason,
                                           .by = options_.organisation,
                                           .at = w.now()}));
            }
        }
        if (ended == 0) return failed(errc::not_waiting, document);
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    wake_notices();
    co_return ended;
}

std::vector<lane_view> engine::lanes() const {
    std::lock_guard lock(guard_);
    const std::int64_t now = to_us(clock_.now());
    std::vector<lane_view> out;
    for (const auto& [node, l] : lanes_)
        out.push_back({.node = node,
                       .waiting = l->queue.size(),
                       .active = l->queue.active(),
                       .ready = l->queue.ready(),
                       .bytes = l->queue.bytes(),
                       .flow = l->flow.standing(now),
                       .oldest_created_at = l->queue.oldest_created(),
                       .next_due_at = l->queue.next_due(now),
                       .delivered = l->delivered,
                       .deferred = l->deferred,
                       .refused = l->refused});
    return out;
}

engine::backlog engine::waiting() const {
    std::lock_guard lock(guard_);
    backlog all;
    for (const auto& [node, l] : lanes_) {
        all.transfers += l->queue.size();
        all.bytes += l->queue.bytes();
    }
    return all;
}

bool engine::is_active(std::string_view document, std::string_view node) const {
    std::lock_guard lock(guard_);
    auto l = lanes_.find(std::string(node));
    return l != lanes_.end() && l->second->queue.is_active(document);
}

std::vector<std::pair<std::string, std::string>> engine::active() const {
    std::lock_guard lock(guard_);
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [node, l] : lanes_)
        for (std::string& document : l->queue.active_documents()) out.emplace_back(std::move(document), node);
    return out;
}

std::optional<flow_standing> engine::trouble(std::string_view node) const {
    std::lock_guard lock(guard_);
    auto l = lanes_.find(std::string(node));
    if (l == lanes_.end()) return std::nullopt;
    flow_standing s = l->second->flow.standing(to_us(clock_.now()));
    if (s.is == flow_standing::stand::closed) return std::nullopt;
    return s;
}

} // namespace vanthu::delivery

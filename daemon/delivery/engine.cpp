#include "daemon/delivery/engine.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/attempt.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/delivery/packet_stream.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <algorithm>
#include <tuple>

namespace vanthu::delivery {

using records::state;
using records::transfer_row;

struct engine::item {
    std::string owner, document;
    std::int64_t due = 0, created = 0;
    int priority = 0;
    std::string turn;
};

struct engine::lane {
    std::string node;
    asio::steady_timer timer;
    // Key: document. One transfer a document and hop.
    std::map<std::string, item> waiting;
    std::set<std::string> active;
    std::uint64_t delivered = 0, deferred = 0, refused = 0;
    lane(std::string n, asio::any_io_executor e) : node(std::move(n)), timer(e) {}
};

engine::engine(engine_options options, ledger::store& store, asio::any_io_executor executor, asio::thread_pool& disk,
               const wall_clock& clock, current_registry registry, transport_for transports)
    : options_(std::move(options)), store_(store), executor_(std::move(executor)), disk_(disk), clock_(clock),
      registry_(std::move(registry)), transport_for_(std::move(transports)), random_(std::random_device{}()) {}

engine::~engine() = default;

result<> engine::start(task_group& group) {
    group_ = &group;
    notice_timer_ = std::make_unique<asio::steady_timer>(executor_);
    records::reader read(store_.committed());
    VANTHU_TRY(auto work, read.waiting_work(options_.home));
    for (const auto& w : work) {
        VANTHU_TRY(auto t, read.transfer(w.owner, w.document, w.node));
        if (t) asio::post(executor_, [this, row = std::move(*t)] { add(row); });
    }
    group.spawn(executor_, [this] { return run_notices(); });
    return {};
}

void engine::wake(const std::vector<transfer_row>& rows) {
    asio::post(executor_, [this, rows] {
        for (const transfer_row& t : rows) add(t);
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
        l = std::make_unique<lane>(node, executor_);
        group_->spawn(executor_, [this, &lane = *l] { return run_lane(lane); });
    }
    return *l;
}

void engine::add(const transfer_row& t) {
    std::lock_guard lock(guard_);
    lane& l = lane_of(t.node);
    l.waiting[t.document] = {t.owner, t.document, t.next_attempt_at, t.created_at, t.priority, t.turn};
    l.timer.cancel();
}

// Starts what is due, the urgent and then the oldest first, up to the hop's concurrency; then sleeps until the next due
// time or until something changes. Of what shares a turn one at a time; what is put off keeps nobody waiting.
asio::awaitable<void> engine::run_lane(lane& l) {
    for (;;) {
        std::int64_t next = 0;
        {
            std::lock_guard lock(guard_);
            const std::int64_t now = to_us(clock_.now());
            std::vector<const item*> due;
            std::set<std::string_view> turns; // taken
            for (const auto& [document, i] : l.waiting) {
                if (l.active.contains(document)) {
                    turns.insert(i.turn);
                    continue;
                }
                if (i.due <= now)
                    due.push_back(&i);
                else if (next == 0 || i.due < next)
                    next = i.due;
            }
            std::sort(due.begin(), due.end(), [](const item* a, const item* b) {
                if (a->priority != b->priority) return a->priority > b->priority;
                return std::tie(a->created, a->document) < std::tie(b->created, b->document);
            });
            for (const item* i : due) {
                if (l.active.size() >= options_.concurrency) break;
                if (!i->turn.empty() && !turns.insert(i->turn).second) continue;
                l.active.insert(i->document);
                group_->spawn(executor_, [this, &l, i = *i] { return attempt(l, i); });
            }
            if (next) next = std::max<std::int64_t>(next - now, 1000);
        }
        // The wall clock may step: never sleep longer than a minute on its word.
        l.timer.expires_after(
            next ? std::min<std::chrono::microseconds>(std::chrono::microseconds(next), std::chrono::minutes(1))
                 : std::chrono::microseconds(std::chrono::minutes(1)));
        boost::system::error_code woken;
        co_await l.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

asio::awaitable<void> engine::attempt(lane& l, item i) {
    outcome result_of;
    std::optional<transfer_row> row;
    records::reader read(store_.committed());
    auto stored = read.transfer(i.owner, i.document, l.node);
    auto document = read.document(i.owner, i.document);
    if (!stored || !document) {
        // What was promised is not forgotten because it cannot be read now: somebody must see it, and it is tried
        // again.
        log::error(
            "work_unreadable",
            {{"document", i.document}, {"peer", l.node}, {"failure", stored ? document.error() : stored.error()}});
        std::lock_guard lock(guard_);
        l.active.erase(i.document);
        l.waiting[i.document].due = to_us(clock_.now()) + options_.longest_retry.count();
        l.timer.cancel();
        co_return;
    }
    if (*stored && *document) {
        row = **stored;
        row->attempt_open = false; // of this attempt: not yet
    }
    if (!row || records::is_final(row->state_now)) {
        std::lock_guard lock(guard_);
        l.waiting.erase(i.document);
        l.active.erase(i.document);
        l.timer.cancel();
        co_return;
    }
    const std::int64_t now = to_us(clock_.now());
    transport* via = transport_for_(l.node);
    if (now > row->created_at + options_.expiry.count()) {
        result_of = {.what = outcome::kind::refused, .code = public_code(errc::expired), .cause = {}};
    } else if (!via) {
        result_of = {.what = outcome::kind::deferred, .code = public_code(errc::no_transport), .cause = l.node};
    } else if (auto begun = co_await begin(*row, **document); !begun) {
        log::error("compose_failed", {{"document", i.document}, {"peer", l.node}, {"failure", begun.error()}});
        result_of = {.what = outcome::kind::deferred, .code = public_code(begun.error().code), .cause = {}};
    } else if (!*begun) {
        std::lock_guard lock(guard_);
        l.waiting.erase(i.document);
        l.active.erase(i.document);
        l.timer.cancel();
        co_return;
    } else {
        auto ref = ledger::payload_ref::decode((*document)->payload);
        auto pieces = std::make_shared<const std::vector<records::piece_row>>(row->pieces);
        outgoing packet{*row, (*document)->kind, [&, pieces](std::uint64_t offset) {
                            return stream(pieces, row->size, offset, store_.payloads(), *ref, disk_);
                        }};
        result_of = co_await via->deliver(packet, in(options_.request_timeout));
    }
    auto kept = co_await conclude(*row, result_of);
    if (!kept) log::error("outcome_not_kept", {{"document", i.document}, {"peer", l.node}, {"failure", kept.error()}});

    std::lock_guard lock(guard_);
    l.active.erase(i.document);
    auto after = read.transfer(i.owner, i.document, l.node);
    if (kept && after && *after && ((*after)->state_now == state::deferred || (*after)->state_now == state::waiting)) {
        l.waiting[i.document].due = (*after)->next_attempt_at;
        ++l.deferred;
    } else if (kept) {
        l.waiting.erase(i.document);
        ++(result_of.what == outcome::kind::delivered ? l.delivered : l.refused);
    } else {
        l.waiting[i.document].due = to_us(clock_.now()) + options_.first_retry.count();
    }
    l.timer.cancel();
}

// Contracts 5: the envelope for a hop is written once, stored with its hash, and reused by every retry. That an attempt
// begins is on disk before its first byte leaves, so that a recall knows (attempt.hpp). False: there is nothing to send
// any more.
task<bool> engine::begin(transfer_row& t, const records::document_row& d) {
    if (!t.composed) {
        auto registry = registry_();
        const registry::node* node = registry->find_node(t.node);
        if (!node) co_return failed(errc::node_unknown, t.node);
        edxml::element_order order =
            node->order == registry::element_order::sdk ? edxml::element_order::sdk : edxml::element_order::qcvn;
        timestamp at = clock_.now();
        auto work = [&] { return compose(store_.payloads(), d, options_.organisation, at, order); };
        VANTHU_CO_TRY(composition c, co_await offload(disk_, work));
        t.pieces = std::move(c.pieces);
        t.size = c.size;
        t.packet_sha256 = c.sha256;
        t.expires_at = t.created_at + options_.expiry.count();
    }
    begun b;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        VANTHU_TRY(b, begin_attempt(w, {options_.home, options_.organisation}, t, d));
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    wake(b.released);
    if (!b.transfer) co_return false;
    t = std::move(*b.transfer);
    co_return true;
}

std::int64_t engine::backoff(unsigned attempts, std::optional<std::chrono::seconds> asked) {
    std::int64_t wait = options_.first_retry.count();
    for (unsigned i = 1; i < attempts && wait < options_.longest_retry.count(); ++i) wait *= 2;
    wait = std::min<std::int64_t>(wait, options_.longest_retry.count());
    wait = std::uniform_int_distribution<std::int64_t>(wait / 2, wait)(random_); // jitter: half to whole
    if (asked) wait = std::max<std::int64_t>(wait, std::chrono::microseconds(*asked).count());
    return wait;
}

task<> engine::conclude(const transfer_row& before, const outcome& o) {
    const attempt_rules rules{.attempts = options_.attempts, .wait = backoff(before.attempts + 1, o.retry_after)};
    concluded done;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        const auto registry = registry_();
        VANTHU_TRY(done, conclude_attempt(w, {options_.home, options_.organisation}, rules, *registry, before, o));
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    wake(done.released);
    if (done.notices) wake_notices();
    co_return result<>();
}

task<> engine::release(std::string owner, std::string document, std::string node) {
    std::optional<transfer_row> released;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        VANTHU_TRY(auto t, w.transfer(owner, document, node));
        if (!t) return failed(errc::transfer_unknown);
        if (records::is_final(t->state_now)) return failed(errc::not_waiting);
        const bool parked = t->state_now == state::parked;
        if (parked) t->attempts = 0;
        t->state_now = state::waiting;
        t->next_attempt_at = w.now();
        t->reason.clear();
        t->reason_detail.clear();
        w.put(*t);
        w.add_work(options_.home, *t);
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
    wake({*released});
    co_return result<>();
}

std::vector<lane_view> engine::lanes() const {
    std::lock_guard lock(guard_);
    std::vector<lane_view> out;
    for (const auto& [node, l] : lanes_) {
        lane_view v{.node = node, .waiting = l->waiting.size(), .active = l->active.size()};
        for (const auto& [document, i] : l->waiting) {
            if (v.oldest_created_at == 0 || i.created < v.oldest_created_at) v.oldest_created_at = i.created;
            if (v.next_due_at == 0 || i.due < v.next_due_at) v.next_due_at = i.due;
        }
        v.delivered = l->delivered;
        v.deferred = l->deferred;
        v.refused = l->refused;
        out.push_back(std::move(v));
    }
    return out;
}

bool engine::is_active(std::string_view document, std::string_view node) const {
    std::lock_guard lock(guard_);
    auto l = lanes_.find(std::string(node));
    return l != lanes_.end() && l->second->active.contains(std::string(document));
}

} // namespace vanthu::delivery

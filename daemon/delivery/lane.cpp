// What runs in a lane: starting, trying once, keeping what came of it.
#include "daemon/delivery/lane.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace vanthu::delivery {

using records::state;
using records::transfer_row;

namespace {
constexpr unsigned expiring_at_a_time = 32;       // of one lane: they share groups of the ledger
constexpr std::uint64_t held_at_most = 16u << 20; // of packets that are being sent; beyond it they are read in pieces
constexpr std::int64_t clock_step = 5'000'000;    // less is the clock being set right

// Counted in `all` until nobody holds it any more, which may be after the engine's end; null: beyond the bound.
received_bytes counted(received_bytes whole, const std::shared_ptr<std::uint64_t>& all) {
    if (!whole || *all + whole->size() > held_at_most) return nullptr;
    *all += whole->size();
    const bytes* content = whole.get();
    return {content, [whole = std::move(whole), all](const bytes*) { *all -= whole->size(); }};
}

// What a node that is overloaded does not take (intake/pressure.hpp).
bool is_new_document(const records::document_row& d) {
    return d.kind == records::document_kind::document &&
           d.identity.business_type == int(edxml::bussiness_type::new_document);
}
} // namespace

// Sleeps until something is due, may go again or comes to its end, or until something changes.
asio::awaitable<void> engine::run_lane(lane& l) {
    for (;;) {
        std::int64_t sleep;
        {
            std::lock_guard lock(guard_);
            sleep = start_what_may(l);
        }
        // The wall clock may step: never sleep longer than a minute on its word.
        l.timer.expires_after(
            std::min<std::chrono::microseconds>(std::chrono::microseconds(sleep), std::chrono::minutes(1)));
        boost::system::error_code woken;
        co_await l.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none) co_return;
    }
}

// Under the guard. Answers how long nothing more is to be done, in microseconds.
std::int64_t engine::start_what_may(lane& l) {
    const std::int64_t now = to_us(clock_.now()), lifetime = options_.expiry.count();
    if (now + clock_step < l.looked_at) l.queue.wait_at_most_until(now + options_.longest_retry.count());
    l.looked_at = now;
    std::int64_t next = 0;
    auto sooner = [&](std::int64_t at) {
        if (at && (next == 0 || at < next)) next = at;
    };
    bool busy = false; // with expiry or warnings: comes back by itself
    l.expire_not_before = std::min(l.expire_not_before, now + options_.first_retry.count()); // the clock may step back
    sooner(l.expire_not_before > now ? l.expire_not_before : 0);
    for (;; ++l.expiring) {
        busy = l.expiring >= expiring_at_a_time || l.expire_not_before > now;
        auto p = busy ? std::nullopt : l.queue.take_expired(now, lifetime);
        if (!p) break;
        group_->spawn(executor_, [this, &l, p = std::move(*p)] { return attempt(l, p, std::nullopt); });
    }
    l.warn_not_before = std::min(l.warn_not_before, now + options_.first_retry.count());
    sooner(l.warn_not_before > now ? l.warn_not_before : 0);
    if (l.warning || l.warn_not_before > now) {
        busy = true;
    } else if (auto batch = l.queue.warn(now, warn_after(), l.warnings_at_a_time); !batch.empty()) {
        l.warning = busy = true;
        group_->spawn(executor_, [this, &l, batch = std::move(batch)] { return warn(l, batch); });
    }
    if (!busy) sooner(l.queue.next_alarm(lifetime, warn_after()));
    while (l.queue.any_due(now, l.flow.takes_documents(now))) {
        const auto permit = l.flow.begin(now);
        if (!permit) {
            sooner(l.flow.next(now));
            break;
        }
        auto p = permit->probe ? take_probe(l, now) : l.queue.take(now, l.flow.takes_documents(now));
        if (!p) { // all that is due waits for its turn
            l.flow.dropped(*permit);
            break;
        }
        group_->spawn(executor_, [this, &l, p = std::move(*p), permit] { return attempt(l, p, permit); });
    }
    if (l.queue.any_due(now)) sooner(l.flow.documents_next(now));
    sooner(l.queue.next_due(now));
    constexpr std::int64_t a_minute = 60'000'000;
    return next ? std::max<std::int64_t>(next - now, 1000) : a_minute;
}

// What did not tell as a probe whether the destination is well is no probe again before all others were: a document
// that the other side chokes on would keep everybody waiting.
std::optional<engine::place> engine::take_probe(lane& l, std::int64_t now) {
    const bool documents = l.flow.takes_documents(now);
    std::vector<place> passed;
    auto p = l.queue.take(now, documents);
    for (; p && l.unclear_probes.contains(p->document); p = l.queue.take(now, documents)) passed.push_back(*p);
    for (const place& back : passed) l.queue.give_back(back.document, now);
    if (p || passed.empty()) return p;
    l.unclear_probes.clear();
    return l.queue.take(now, documents);
}

asio::awaitable<void> engine::attempt(lane& l, place i, std::optional<flow::permit> permit) {
    holding held(*this, l, i, permit);
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
        held.put_off(to_us(clock_.now()) + options_.longest_retry.count());
        co_return;
    }
    if (!*stored || !*document || records::is_final((*stored)->state_now)) {
        std::lock_guard lock(guard_);
        held.gone();
        co_return;
    }
    transfer_row& row = **stored;
    if (!held.ends() && is_new_document(**document)) {
        std::lock_guard lock(guard_);
        if (!held.may_be_document(to_us(clock_.now()))) {
            held.again(row);
            co_return;
        }
    }
    row.attempt_open = false; // of this attempt: not yet
    outcome came_of_it;
    if (to_us(clock_.now()) > row.created_at + options_.expiry.count()) {
        came_of_it = {.what = outcome::kind::refused, .code = public_code(errc::expired), .cause = {}};
        std::lock_guard lock(guard_);
        held.end_by_time();
    } else if (held.ends()) { // the clock has stepped back, or its time was begun anew: it is not asked for out of turn
        std::lock_guard lock(guard_);
        held.again(row);
        co_return;
    } else if (auto tried = co_await try_once(l, row, **document); tried) {
        came_of_it = std::move(*tried);
    } else { // taken back meanwhile
        std::lock_guard lock(guard_);
        held.gone();
        co_return;
    }
    const attempt_rules rules = rules_after(l, held, row, came_of_it);
    auto kept = co_await conclude(**document, row, came_of_it, rules);
    if (!kept) log::error("outcome_not_kept", {{"document", i.document}, {"peer", l.node}, {"failure", kept.error()}});

    std::lock_guard lock(guard_);
    if (kept && (kept->state_now == state::deferred || kept->state_now == state::waiting)) {
        held.again(*kept);
        ++l.deferred;
    } else if (kept) {
        held.gone();
        ++(came_of_it.what == outcome::kind::delivered ? l.delivered : l.refused);
    } else {
        // Our own store: what else comes to its end here would meet the same.
        const std::int64_t later = to_us(clock_.now()) + options_.first_retry.count();
        held.put_off(later);
        if (held.ends()) l.expire_not_before = later;
    }
}

// What the destination's flow makes of an attempt, and when the document is tried again.
attempt_rules engine::rules_after(lane& l, holding& held, const transfer_row& row, const outcome& o) {
    attempt_rules rules{.attempts = options_.attempts};
    if (held.ends()) return rules;
    fault f = fault_of(o);
    if (f == fault::no_documents && !held.is_document()) f = fault::of_destination; // it takes nothing else either
    std::lock_guard lock(guard_);
    const std::int64_t now = to_us(clock_.now());
    const bool was_open = l.flow.is_open();
    const bool again = held.asked(now, f, o, chance());
    const flow_standing s = l.flow.standing(now);
    if (!was_open && l.flow.is_open())
        log::warning("destination_not_answering",
                     {{"peer", l.node}, {"code", s.reason}, {"next_probe", to_rfc3339(from_us(s.next))}});
    if (again) log::info("destination_answers_again", {{"peer", l.node}});
    l.timer.cancel();

    rules.wait = backoff(row.attempts + 1, options_.first_retry, options_.longest_retry, chance());
    if (!l.flow.is_open())
        l.unclear_probes.clear();
    else if (held.probes() && f == fault::unclear)
        l.unclear_probes.insert(row.document);
    if (f == fault::no_documents)
        rules.wait = std::max<std::int64_t>(l.flow.documents_next(now) - now, 0);
    else if (f == fault::of_destination && s.is == flow_standing::stand::open)
        rules.wait = std::max<std::int64_t>(s.next - now, 0); // it goes as soon as somebody is there
    else if (o.retry_after)
        rules.wait = std::max<std::int64_t>(rules.wait, std::chrono::microseconds(*o.retry_after).count());
    rules.burns = f != fault::no_documents && (!held.probes() || (f != fault::of_destination && f != fault::unclear));
    return rules;
}

// A failure: there is nothing to send any more.
task<outcome> engine::try_once(lane& l, transfer_row& row, const records::document_row& d) {
    transport* via = transport_for_(l.node);
    if (!via)
        co_return outcome{.what = outcome::kind::deferred, .code = public_code(errc::no_transport), .cause = l.node};
    received_bytes received;
    auto begun = co_await begin(l, row, d, received);
    if (!begun) {
        log::error("compose_failed", {{"document", d.id}, {"peer", l.node}, {"failure", begun.error()}});
        co_return outcome{
            .what = outcome::kind::deferred, .code = public_code(begun.error().code), .cause = {}, .at_home = true};
    }
    if (!*begun) co_return failed(errc::not_waiting, d.id);
    auto ref = ledger::payload_ref::decode(d.payload);
    auto pieces = std::make_shared<const std::vector<records::piece_row>>(std::move(row.pieces));
    outgoing packet{row, peer::encode(manifest_of(row, d)), d.kind, [&, pieces](std::uint64_t offset) {
                        return stream(pieces, row.size, offset, store_.payloads(), *ref, received, disk_);
                    }};
    co_return co_await via->deliver(packet, in(options_.request_timeout));
}

// Contracts 5: the envelope for a hop is written once, stored with its hash, and reused by every retry. That an attempt
// begins is on disk before its first byte leaves, so that a recall knows (attempt.hpp). False: there is nothing to send
// any more.
task<bool> engine::begin(lane& l, transfer_row& t, const records::document_row& d, received_bytes& received) {
    if (!t.composed) {
        VANTHU_CO_TRY(composition c, co_await compose_for(l, t, d));
        received = counted(std::move(c.received), held_);
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

task<composition> engine::compose_for(lane& l, const transfer_row& t, const records::document_row& d) {
    std::shared_ptr<const records::composition> ahead;
    {
        std::lock_guard lock(guard_);
        ahead = take_composed(l, t.document);
    }
    if (ahead) {
        // What is read again is no longer ours to hash: the next hop compares it with the hash of what was taken in.
        composition c{*ahead, nullptr};
        VANTHU_CO_TRY(const ledger::payload_ref ref, ledger::payload_ref::decode(d.payload));
        if (!is_held(ref) || *held_ + ref.plain_length > held_at_most) co_return c;
        auto read = [&] { return memory_->read(store_.payloads(), ref); };
        VANTHU_CO_TRY(c.received, co_await offload(disk_, read));
        co_return c;
    }
    auto registry = registry_();
    const registry::node* node = registry->find_node(t.node);
    if (!node) co_return failed(errc::node_unknown, t.node);
    edxml::element_order order =
        node->order == registry::element_order::sdk ? edxml::element_order::sdk : edxml::element_order::qcvn;
    timestamp at = clock_.now();
    auto work = [&] { return compose(store_.payloads(), d, options_.organisation, at, order); };
    co_return co_await offload(disk_, work);
}

task<transfer_row> engine::conclude(const records::document_row& d, const transfer_row& before, const outcome& o,
                                    const attempt_rules& rules) {
    concluded done;
    auto change = [&](ledger::transaction& tr) -> result<> {
        records::writer w(tr);
        const auto registry = registry_();
        VANTHU_TRY(done, conclude_attempt(w, {options_.home, options_.organisation}, rules, *registry, d, before, o));
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    wake(done.released);
    if (done.notices) wake_notices();
    co_return std::move(done.after);
}

double engine::chance() { return std::uniform_real_distribution<double>(0, 1)(random_); }

} // namespace vanthu::delivery

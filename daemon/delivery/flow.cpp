#include "daemon/delivery/flow.hpp"

#include <algorithm>

namespace vanthu::delivery {

namespace {
constexpr std::int64_t a_day = 86'400'000'000;

std::int64_t less_by_chance(std::int64_t wait, double chance) {
    return wait - static_cast<std::int64_t>(static_cast<double>(wait) / 2 * std::clamp(chance, 0.0, 1.0));
}
} // namespace

std::string_view to_string(flow_standing::stand s) {
    static constexpr std::string_view words[] = {"closed", "paused", "open", "probing", "no_documents"};
    return words[std::size_t(s)];
}

std::int64_t backoff(unsigned attempts, std::chrono::microseconds first, std::chrono::microseconds longest,
                     double chance) {
    std::int64_t wait = first.count();
    for (unsigned i = 1; i < attempts && wait < longest.count(); ++i) wait *= 2;
    return less_by_chance(std::min<std::int64_t>(wait, longest.count()), chance);
}

flow::flow(const flow_options& o) : options_(o), window_(std::clamp(o.first_window, 1u, std::max(o.concurrency, 1u))) {}

// A wall clock that steps back makes no wait longer than it was meant to be.
std::int64_t flow::waits_until(std::int64_t now) const { return std::min(next_, now + wait_); }

void flow::wait(std::int64_t now, std::int64_t for_us) {
    wait_ = for_us;
    next_ = now + for_us;
}

std::optional<flow::permit> flow::begin(std::int64_t now) {
    if (state_ == state::probing || waits_until(now) > now) return std::nullopt;
    if (state_ == state::open) {
        state_ = state::probing;
        ++running_;
        return permit{++probes_};
    }
    if (running_ >= window_) return std::nullopt;
    ++running_;
    return permit{};
}

void flow::dropped(const permit& p) {
    --running_;
    asked_for_documents(p);
    if (is_the_probe(p)) state_ = state::open; // next_ has come: the next document is the probe
}

void flow::failed(const permit& p, std::int64_t now, fault f, std::string_view code, std::string_view document,
                  double chance) {
    const bool again = f == fault::unclear && document == last_document_;
    last_document_ = document;
    if (state_ != state::closed && !is_the_probe(p)) return; // of before it was opened
    if (state_ == state::closed) {
        window_ = std::max(1u, window_ / 2);
        if (again) return;
        if (failures_ == 0) since_ = now;
    }
    reason_ = code;
    if (state_ == state::closed && ++failures_ < options_.failures_to_open) return;
    interval_ = state_ == state::closed ? options_.first_probe.count()
                                        : std::min<std::int64_t>(interval_ * 2, options_.longest_probe.count());
    state_ = state::open;
    wait(now, less_by_chance(interval_, chance));
}

bool flow::ended(const permit& p, std::int64_t now, fault f, std::string_view code, std::string_view document,
                 std::optional<std::chrono::seconds> retry_after, double chance) {
    if (f == fault::at_home) {
        dropped(p);
        return false;
    }
    --running_;
    const bool asked_for = asked_for_documents(p);
    const std::int64_t asked =
        retry_after ? std::min<std::int64_t>(std::chrono::microseconds(*retry_after).count(), a_day) : 0;
    if (f != fault::unclear && f != fault::of_destination) { // it answers
        if (f == fault::no_documents)
            no_documents(now, asked_for, code, asked, chance);
        else if (p.document)
            no_documents_ = false;
        const bool was_open = is_open();
        state_ = state::closed;
        window_ = was_open ? 1 : std::min(options_.concurrency, window_ + 1);
        failures_ = 0;
        since_ = was_open || waits_until(now) <= now ? 0 : since_;
        if (was_open) next_ = 0;
        last_document_.clear();
        return was_open;
    }
    failed(p, now, f, code, document, chance);
    if (retry_after && now + asked > waits_until(now)) {
        if (since_ == 0) since_ = now;
        wait(now, asked);
    }
    return false;
}

bool flow::asked_for_documents(const permit& p) {
    const bool mine = asking_ && p.asks == askings_;
    if (mine) asking_ = false;
    return mine;
}

bool flow::may_be_document(permit& p, std::int64_t now) {
    if (!takes_documents(now)) return false;
    p.document = true;
    if (!no_documents_) return true;
    asking_ = true;
    p.asks = ++askings_;
    return true;
}

void flow::no_documents(std::int64_t now, bool asked, std::string_view code, std::int64_t retry_after, double chance) {
    if (!no_documents_) {
        documents_since_ = now;
        documents_interval_ = options_.first_probe.count();
    } else if (asked) {
        documents_interval_ = std::min<std::int64_t>(documents_interval_ * 2, options_.longest_probe.count());
    }
    no_documents_ = true;
    documents_reason_ = code;
    documents_wait_ = std::max(retry_after, less_by_chance(documents_interval_, chance));
    documents_next_ = now + documents_wait_;
}

std::int64_t flow::documents_next(std::int64_t now) const {
    if (!no_documents_ || asking_) return 0;
    const std::int64_t until = documents_wait_until(now);
    return until > now ? until : 0;
}

std::int64_t flow::next(std::int64_t now) const {
    if (state_ == state::probing) return 0;
    const std::int64_t until = waits_until(now);
    return until > now ? until : 0;
}

flow_standing flow::standing(std::int64_t now) const {
    using enum flow_standing::stand;
    flow_standing s{.window = window_, .concurrency = options_.concurrency, .running = running_};
    if (state_ == state::closed && waits_until(now) <= now) {
        if (!no_documents_) return s;
        s.is = flow_standing::stand::no_documents;
        s.since = documents_since_;
        s.reason = documents_reason_;
        s.next = asking_ ? 0 : std::max(documents_wait_until(now), now);
        return s;
    }
    s.is = state_ == state::open ? open : state_ == state::probing ? probing : paused;
    s.since = since_;
    s.reason = reason_;
    s.next = state_ == state::probing ? 0 : std::max(waits_until(now), now);
    return s;
}

} // namespace vanthu::delivery

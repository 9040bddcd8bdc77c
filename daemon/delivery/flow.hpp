// How much may go to one destination now: a window that grows and shrinks, and a breaker. No I/O, no clock: times are
// given, int64 microseconds UTC.
//
//            K failures of the destination in a row                 next_probe has come
//   closed ────────────────────────────────────────▶ open ─────────────────────────────▶ probing (one attempt)
//     ▲  ▲                                            ▲                                        │      │
//     │  └──── an earlier attempt was answered ───────┘└── failed: the next one later, twice ──┘      │
//     └────────────────────────── answered: window 1 ─────────────────────────────────────────────────┘
//
// Guaranteed
// - Never more than `concurrency` attempts at a time; a destination begins with first_window, gets one more with each
//   answer, and half as many after a failure that may be its own (slow start).
// - What only a document has to answer for opens nothing, and counts as an answer: the destination works. What may be
//   either (fault.hpp) counts once for each document in a row. What fails here before it was asked counts as nothing.
// - While open or probing, at most one attempt is begun at each next_probe. Intervals grow from first_probe twofold to
//   longest_probe, less up to a half by chance, so that many senders do not come together.
// - A destination that takes no new documents answers: all else goes on, and documents wait. At each documents_next()
//   one of them asks again, at intervals that grow like those of probes; when it is taken the others follow.
// - Retry-After of the destination is waited for by all, up to a day; a clock that steps back adds no wait.
#pragma once

#include "daemon/delivery/fault.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace vanthu::delivery {

struct flow_options {
    unsigned concurrency = 4, first_window = 1;
    unsigned failures_to_open = 5;
    std::chrono::microseconds first_probe{std::chrono::seconds(10)}, longest_probe{std::chrono::minutes(5)};
};

// Where a destination stands, for people.
struct flow_standing {
    enum class stand {
        closed,       // open for traffic, as electricians say it
        paused,       // it asked for a pause (Retry-After)
        open,         // does not answer: nothing goes but probes
        probing,      // a probe is under way
        no_documents, // takes no new documents; all else goes
    } is = stand::closed;
    std::int64_t since = 0; // of the first failure in the row, or of the pause; 0: closed
    std::int64_t next = 0;  // when something goes again; 0: closed, or it is under way
    std::string reason;     // public code of the last failure
    unsigned window = 0, concurrency = 0, running = 0;
};
std::string_view to_string(flow_standing::stand);

class flow {
public:
    explicit flow(const flow_options&);

    struct permit {
        std::uint64_t probe = 0; // the number of the probe that it is; 0: none
        std::uint64_t asks = 0;  // as a document, whether documents are taken again; 0: does not
        bool document = false;   // a new one
    };
    // Begins an attempt, if one may begin now. Each is ended once.
    std::optional<permit> begin(std::int64_t now);
    // `chance`: 0 to 1. True: the destination was closed to traffic and is open again.
    bool ended(const permit&, std::int64_t now, fault, std::string_view code, std::string_view document,
               std::optional<std::chrono::seconds> retry_after, double chance);
    // Begun, and it came to nothing before the destination was asked.
    void dropped(const permit&);
    // May this be a new document? From then on it is one.
    bool may_be_document(permit&, std::int64_t now);
    // Would it be answered yes?
    bool takes_documents(std::int64_t now) const {
        return !no_documents_ || (!asking_ && documents_wait_until(now) <= now);
    }
    // When it will be, by time; 0: when an attempt ends, or it is.
    std::int64_t documents_next(std::int64_t now) const;
    // A person wants to know now.
    void probe_now() { next_ = documents_next_ = 0; }

    bool is_open() const { return state_ != state::closed; }
    // When begin() may succeed where it does not now; 0: when an attempt ends.
    std::int64_t next(std::int64_t now) const;
    flow_standing standing(std::int64_t now) const;

private:
    enum class state { closed, open, probing };
    void failed(const permit&, std::int64_t now, fault, std::string_view code, std::string_view document,
                double chance);
    void no_documents(std::int64_t now, bool asked, std::string_view code, std::int64_t retry_after, double chance);
    bool asked_for_documents(const permit&);
    std::int64_t documents_wait_until(std::int64_t now) const {
        return std::min(documents_next_, now + documents_wait_);
    }
    bool is_the_probe(const permit& p) const { return state_ == state::probing && p.probe == probes_; }
    void wait(std::int64_t now, std::int64_t for_us);
    std::int64_t waits_until(std::int64_t now) const;

    const flow_options options_;
    state state_ = state::closed;
    unsigned window_, running_ = 0, failures_ = 0;
    std::uint64_t probes_ = 0; // begun so far; the last of them is the one under way
    std::int64_t since_ = 0, next_ = 0, wait_ = 0, interval_ = 0;
    std::string reason_, last_document_;
    bool no_documents_ = false, asking_ = false; // asking: one is under way that will tell
    std::uint64_t askings_ = 0;                  // so far
    std::int64_t documents_since_ = 0, documents_next_ = 0, documents_wait_ = 0, documents_interval_ = 0;
    std::string documents_reason_;
};

// The wait before attempt number `attempts` + 1 of a document: doubled each time, less up to a half by chance.
std::int64_t backoff(unsigned attempts, std::chrono::microseconds first, std::chrono::microseconds longest,
                     double chance);

} // namespace vanthu::delivery

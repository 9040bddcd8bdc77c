// What waits for one destination, and what goes next. No I/O, no clock: times are given, int64 microseconds UTC.
//
//   put() ─▶ deferred ─due─▶ ready, one class an urgency ─take()─▶ active ─give_back()─▶ deferred
//                                    ▲       │ its turn is taken     └────erase()────▶ gone
//                                    └─ blocked, until the turn is free
//
// Classes, the fastest first: hỏa tốc hẹn giờ, hỏa tốc, thượng khẩn, khẩn, thường (4 … 0, as edXML numbers them). edXML
// names no hour for "hẹn giờ" (DueDate is a day, and the deadline of the answer), so nothing can be held back for one:
// such a document goes at once, before all others; an hour known from elsewhere is its `due`.
//
// Guaranteed
// - Each document is in here once; what was taken comes again only after give_back().
// - Nothing is taken before it is due (what was due once stays so when the clock steps back). Within a class the
// earliest due goes first, then the earliest put.
// - Starvation bound: whenever something of a class could go, something of that class goes within `starvation_bound`
//   takes, whatever waits in faster classes. So an ordinary document with n ordinary ones before it goes at the latest
//   as take number (n + 1) * starvation_bound.
// - Of what shares a turn one is active at a time (expiry apart); what is deferred keeps nobody of its turn waiting.
// Memory: 64 bytes an item and 12 to 16 in indexes. All calls O(log n). Not thread-safe.
#pragma once

#include "daemon/base/ids.hpp"
#include "daemon/delivery/slot_heap.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vanthu::delivery {

class lane_queue {
public:
    static constexpr unsigned classes = 5;
    static constexpr unsigned starvation_bound = 32;

    struct entry {
        std::string owner, document;
        std::int64_t due = 0, created = 0;
        int urgency = 0;           // 0 … 4
        std::uint64_t bytes = 0;   // of its packet
        std::string turn;          // empty: shares none
        bool warned = false;       // its expiry has been warned of
        bool new_document = false; // known to be one: what an overloaded receiver does not take
    };
    struct place {
        std::string owner, document;
    };

    lane_queue();
    lane_queue(const lane_queue&) = delete;
    lane_queue& operator=(const lane_queue&) = delete;

    // New, or known: takes the new due time, urgency and age, and keeps its place among equals. One that is active
    // stays so: who gives it back has read what was written meanwhile. `now` only saves work.
    void put(const entry&, std::int64_t now = 0);
    // The next that is due, from now on active. `documents`: false passes over what is known as a new document.
    std::optional<place> take(std::int64_t now, bool documents = true);
    // One past its life, from now on active; also one whose turn is taken, for nothing of it is sent.
    std::optional<place> take_expired(std::int64_t now, std::int64_t lifetime);
    // Those that have come `after` after their creation and of which this was not said before; at most `limit`.
    std::vector<place> warn(std::int64_t now, std::int64_t after, std::size_t limit);
    // It could not be said of this one.
    void not_warned(std::string_view document);
    // The clock has stepped back: whatever waits for a time after `latest` waits until then.
    void wait_at_most_until(std::int64_t latest);
    // Active or not: waits (again) until `due`. Unknown ones: nothing.
    void give_back(std::string_view document, std::int64_t due);
    void give_back(const entry&); // with what was written of it meanwhile
    // As give_back(), after a failure of our own: until then not even its end or a warning of it is thought of.
    void put_off(std::string_view document, std::int64_t until);
    // Active or not: is gone. False: was not here.
    bool erase(std::string_view document);

    bool contains(std::string_view document) const { return find(document).has_value(); }
    bool is_active(std::string_view document) const;
    std::size_t size() const { return size_; } // with the active ones
    std::size_t active() const { return active_.size(); }
    std::vector<std::string> active_documents() const;
    std::uint64_t bytes() const { return units_ * unit; } // each packet rounded up to 64
    // When something will be due that is not yet; 0: nothing waits for time. What is due already does not count.
    std::int64_t next_due(std::int64_t now);
    // Is there anything that take() could give?
    bool any_due(std::int64_t now, bool documents = true);
    // When take_expired() or warn() will have something; 0: never. To the second, upward. What is put off: next_due().
    std::int64_t next_alarm(std::int64_t lifetime, std::int64_t warn_after) const;
    std::int64_t oldest_created() const;            // among those neither active nor put off, to the second; 0: none
    std::array<std::size_t, classes> ready() const; // due and free to go, by urgency

private:
    static constexpr std::uint64_t unit = 64;
    enum class where : std::uint8_t { nowhere, deferred, ready, blocked, active };
    struct slot {
        packed_id id{}; // a UUID; else its text stands in texts_
        std::int64_t due = 0;
        std::uint64_t arrival = 0;
        std::uint64_t turn = 0; // hash; two that collide go one after another, which does no harm
        std::uint32_t created = 0, units = 0, owner = 0, at = 0, age_at = 0;
        std::uint8_t urgency = 0;
        where stands = where::nowhere;
        bool packed : 1 = false, warned : 1 = false;
        bool put_off : 1 = false; // deferred, and not among the ages
        bool new_document : 1 = false;
    };
    using slots = std::deque<slot>;
    struct by_due {
        bool operator()(const slot& a, const slot& b) const {
            return a.due != b.due ? a.due < b.due : a.arrival < b.arrival;
        }
    };
    struct by_age {
        bool operator()(const slot& a, const slot& b) const { return a.created < b.created; }
    };
    template <class Before> using heap = slot_heap<slots, &slot::at, Before>;
    using ages = slot_heap<slots, &slot::age_at, by_age>;
    struct turn_line {
        unsigned active = 0;
        std::array<heap<by_due>, classes> blocked;
        bool nobody() const {
            return active == 0 && std::ranges::all_of(blocked, [](const auto& h) { return h.empty(); });
        }
    };
    struct name { // a document's id as it is looked up
        packed_id id{};
        bool packed = false;
        std::string_view text;
        explicit name(std::string_view);
    };
    struct hash_of {
        using is_transparent = void;
        const lane_queue* of;
        std::size_t operator()(std::uint32_t) const;
        std::size_t operator()(const name&) const;
    };
    struct same {
        using is_transparent = void;
        const lane_queue* of;
        bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
        bool operator()(const name&, std::uint32_t) const;
        bool operator()(std::uint32_t a, const name& b) const { return (*this)(b, a); }
    };

    std::optional<std::uint32_t> find(std::string_view document) const;
    std::uint32_t new_slot(const entry&);
    void to_wait(std::uint32_t, bool due); // into deferred or ready, and among the ages
    void take_out(std::uint32_t);          // of where it waits, if it does
    void out_of_ages(std::uint32_t);
    void renew(std::uint32_t, const entry&);
    std::optional<std::uint32_t> waits_again(std::string_view document, std::int64_t due);
    void begin(std::uint32_t); // active
    void end(std::uint32_t);   // not active any more
    void free_turn(std::uint64_t turn);
    void become_ready(std::int64_t now);
    // Of one class: what goes whenever its turn is free, and what is known as new documents.
    struct line {
        heap<by_due> others, documents;
        bool any(bool with_documents) const { return !others.empty() || (with_documents && !documents.empty()); }
        std::size_t size() const { return others.size() + documents.size(); }
    };
    heap<by_due>& ready_line(std::uint32_t);
    std::uint32_t first_ready(unsigned of_class, bool documents) const;
    std::optional<unsigned> next_class(bool documents) const;
    void passed_over(unsigned taken, bool documents);
    std::uint32_t owner_number(const std::string&);
    place place_of(std::uint32_t) const;

    slots slots_;
    std::vector<std::uint32_t> free_;
    boost::unordered_flat_set<std::uint32_t, hash_of, same> index_;
    std::unordered_map<std::uint32_t, std::string> texts_;
    std::vector<std::string> owners_;
    heap<by_due> deferred_;
    std::array<line, classes> ready_;
    std::array<unsigned, classes> passed_{};             // takes since the class could go and did not
    std::unordered_map<std::uint64_t, turn_line> turns_; // only those that are taken
    ages young_, warned_;
    std::uint64_t arrivals_ = 0, units_ = 0;
    std::size_t size_ = 0;
    std::vector<std::uint32_t> active_;
};

} // namespace vanthu::delivery

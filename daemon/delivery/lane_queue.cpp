#include "daemon/delivery/lane_queue.hpp"

#include <algorithm>
#include <functional>

namespace vanthu::delivery {

namespace {

// A class that could go and was passed over so often goes next. Two may reach that together, then the other three wait
// for each other: the slowest comes to 28 + 3, within starvation_bound. The fastest needs no such right.
constexpr std::array<unsigned, 4> patience{28, 12, 6, 3};
static_assert(patience[0] + 3 < lane_queue::starvation_bound);

std::uint32_t to_seconds(std::int64_t us) { // upward: nothing is called older than it is
    const std::int64_t s = us <= 0 ? 0 : (us - 1) / 1'000'000 + 1;
    return static_cast<std::uint32_t>(std::min<std::int64_t>(s, UINT32_MAX));
}
std::int64_t to_us(std::uint32_t seconds) { return std::int64_t{seconds} * 1'000'000; }

std::uint64_t turn_of(const std::string& turn) {
    if (turn.empty()) return 0;
    const std::uint64_t h = std::hash<std::string>{}(turn);
    return h ? h : 1;
}

} // namespace

lane_queue::name::name(std::string_view t) : text(t) {
    if (const auto in_bytes = vanthu::packed(t)) id = *in_bytes, packed = true;
}

std::size_t lane_queue::hash_of::operator()(const name& n) const {
    if (n.packed) return std::hash<std::string_view>{}({reinterpret_cast<const char*>(n.id.data()), n.id.size()});
    return std::hash<std::string_view>{}(n.text);
}
std::size_t lane_queue::hash_of::operator()(std::uint32_t s) const {
    const slot& of_it = of->slots_[s];
    if (of_it.packed)
        return std::hash<std::string_view>{}({reinterpret_cast<const char*>(of_it.id.data()), of_it.id.size()});
    return std::hash<std::string_view>{}(of->texts_.at(s));
}
bool lane_queue::same::operator()(const name& n, std::uint32_t s) const {
    const slot& other = of->slots_[s];
    if (n.packed != other.packed) return false;
    return n.packed ? n.id == other.id : n.text == of->texts_.at(s);
}

lane_queue::lane_queue() : index_(0, hash_of{this}, same{this}) {}

std::optional<std::uint32_t> lane_queue::find(std::string_view document) const {
    const auto at = index_.find(name(document));
    if (at == index_.end()) return std::nullopt;
    return *at;
}

std::vector<std::string> lane_queue::active_documents() const {
    std::vector<std::string> out;
    for (std::uint32_t s : active_) out.push_back(place_of(s).document);
    return out;
}

bool lane_queue::is_active(std::string_view document) const {
    const auto s = find(document);
    return s && slots_[*s].stands == where::active;
}

std::uint32_t lane_queue::owner_number(const std::string& owner) {
    const auto at = std::ranges::find(owners_, owner);
    if (at == owners_.end()) {
        owners_.push_back(owner);
        return static_cast<std::uint32_t>(owners_.size() - 1);
    }
    return static_cast<std::uint32_t>(at - owners_.begin());
}

lane_queue::place lane_queue::place_of(std::uint32_t s) const {
    const slot& of_it = slots_[s];
    return {owners_[of_it.owner], of_it.packed ? unpacked(of_it.id) : texts_.at(s)};
}

std::uint32_t lane_queue::new_slot(const entry& e) {
    std::uint32_t s;
    if (free_.empty()) {
        s = static_cast<std::uint32_t>(slots_.size());
        slots_.emplace_back();
    } else {
        s = free_.back();
        free_.pop_back();
        slots_[s] = {};
    }
    slot& made = slots_[s];
    const name n(e.document);
    made.id = n.id;
    made.packed = n.packed;
    if (!n.packed) texts_[s] = e.document;
    made.arrival = ++arrivals_;
    made.turn = turn_of(e.turn);
    made.units = static_cast<std::uint32_t>(std::min<std::uint64_t>((e.bytes + unit - 1) / unit, UINT32_MAX));
    made.owner = owner_number(e.owner);
    index_.insert(s);
    ++size_;
    units_ += made.units;
    return s;
}

void lane_queue::to_wait(std::uint32_t n, bool due) {
    slot& s = slots_[n];
    (s.warned ? warned_ : young_).add(slots_, n);
    s.stands = due ? where::ready : where::deferred;
    if (due)
        ready_line(n).add(slots_, n);
    else
        deferred_.add(slots_, n);
}

void lane_queue::out_of_ages(std::uint32_t n) {
    slot& s = slots_[n];
    if (!s.put_off) (s.warned ? warned_ : young_).remove(slots_, n);
    s.put_off = false;
}

void lane_queue::take_out(std::uint32_t n) {
    slot& s = slots_[n];
    if (s.stands == where::active || s.stands == where::nowhere) return;
    out_of_ages(n);
    const where stood = std::exchange(s.stands, where::nowhere);
    if (stood == where::deferred) deferred_.remove(slots_, n);
    if (stood == where::ready) {
        ready_line(n).remove(slots_, n);
        if (s.turn) free_turn(s.turn); // it may have been the one of its turn that was let go
    }
    if (stood == where::blocked) {
        auto line = turns_.find(s.turn);
        line->second.blocked[s.urgency].remove(slots_, n);
        if (line->second.nobody()) turns_.erase(line);
    }
}

void lane_queue::begin(std::uint32_t n) {
    slot& s = slots_[n];
    s.stands = where::active;
    active_.push_back(n);
    if (s.turn) ++turns_[s.turn].active;
}

void lane_queue::end(std::uint32_t n) {
    slot& s = slots_[n];
    s.stands = where::nowhere;
    std::erase(active_, n);
    if (!s.turn) return;
    --turns_[s.turn].active;
    free_turn(s.turn);
}

// The first of each class that waited for the turn may go; the others when it has gone.
void lane_queue::free_turn(std::uint64_t turn) {
    auto line = turns_.find(turn);
    if (line == turns_.end() || line->second.active) return;
    for (unsigned c = 0; c < classes; ++c) {
        auto& blocked = line->second.blocked[c];
        if (blocked.empty()) continue;
        const std::uint32_t next = blocked.first();
        blocked.remove(slots_, next);
        slots_[next].stands = where::ready;
        ready_line(next).add(slots_, next);
    }
    if (line->second.nobody()) turns_.erase(line);
}

void lane_queue::put(const entry& e, std::int64_t now) {
    const auto known = find(e.document);
    if (known && slots_[*known].stands == where::active) return;
    if (known) take_out(*known);
    const std::uint32_t n = known ? *known : new_slot(e);
    renew(n, e);
    to_wait(n, e.due <= now);
}

void lane_queue::renew(std::uint32_t n, const entry& e) {
    slot& s = slots_[n];
    s.due = e.due;
    s.urgency = static_cast<std::uint8_t>(std::clamp<int>(e.urgency, 0, classes - 1));
    s.created = to_seconds(e.created);
    s.warned = e.warned;
    s.new_document = s.new_document || e.new_document;
}

void lane_queue::become_ready(std::int64_t now) {
    while (!deferred_.empty() && slots_[deferred_.first()].due <= now) {
        const std::uint32_t n = deferred_.first();
        deferred_.remove(slots_, n);
        if (slots_[n].put_off) (slots_[n].warned ? warned_ : young_).add(slots_, n);
        slots_[n].put_off = false;
        slots_[n].stands = where::ready;
        ready_line(n).add(slots_, n);
    }
}

lane_queue::heap<lane_queue::by_due>& lane_queue::ready_line(std::uint32_t n) {
    line& of_class = ready_[slots_[n].urgency];
    return slots_[n].new_document ? of_class.documents : of_class.others;
}

std::uint32_t lane_queue::first_ready(unsigned c, bool documents) const {
    const line& l = ready_[c];
    if (!documents || l.documents.empty()) return l.others.first();
    if (l.others.empty()) return l.documents.first();
    const std::uint32_t a = l.others.first(), b = l.documents.first();
    return by_due{}(slots_[a], slots_[b]) ? a : b;
}

std::optional<unsigned> lane_queue::next_class(bool documents) const {
    std::optional<unsigned> fastest, starving;
    for (unsigned c = 0; c < classes; ++c) {
        if (!ready_[c].any(documents)) continue;
        fastest = c;
        if (c >= patience.size() || passed_[c] < patience[c]) continue;
        if (!starving || passed_[c] - patience[c] > passed_[*starving] - patience[*starving]) starving = c;
    }
    return starving ? starving : fastest;
}

void lane_queue::passed_over(unsigned taken, bool documents) {
    for (unsigned c = 0; c < classes; ++c)
        if (c == taken || !ready_[c].any(documents))
            passed_[c] = 0;
        else
            ++passed_[c];
}

std::optional<lane_queue::place> lane_queue::take(std::int64_t now, bool documents) {
    become_ready(now);
    while (const auto c = next_class(documents)) {
        const std::uint32_t n = first_ready(*c, documents);
        slot& s = slots_[n];
        if (s.turn)
            if (auto line = turns_.find(s.turn); line != turns_.end() && line->second.active) {
                ready_line(n).remove(slots_, n);
                s.stands = where::blocked;
                line->second.blocked[*c].add(slots_, n);
                continue;
            }
        ready_line(n).remove(slots_, n);
        out_of_ages(n);
        begin(n);
        passed_over(*c, documents);
        return place_of(n);
    }
    return std::nullopt;
}

std::optional<lane_queue::place> lane_queue::take_expired(std::int64_t now, std::int64_t lifetime) {
    become_ready(now);
    for (const ages* a : {&warned_, &young_}) {
        if (a->empty()) continue;
        const std::uint32_t n = a->first();
        if (to_us(slots_[n].created) + lifetime >= now) continue;
        take_out(n);
        begin(n);
        return place_of(n);
    }
    return std::nullopt;
}

std::vector<lane_queue::place> lane_queue::warn(std::int64_t now, std::int64_t after, std::size_t limit) {
    std::vector<place> out;
    become_ready(now);
    while (out.size() < limit && !young_.empty() && to_us(slots_[young_.first()].created) + after <= now) {
        const std::uint32_t n = young_.first();
        young_.remove(slots_, n);
        slots_[n].warned = true;
        warned_.add(slots_, n);
        out.push_back(place_of(n));
    }
    return out;
}

void lane_queue::not_warned(std::string_view document) {
    const auto n = find(document);
    if (!n || !slots_[*n].warned) return;
    slot& s = slots_[*n];
    const bool among_ages = s.stands != where::active && !s.put_off;
    if (among_ages) warned_.remove(slots_, *n);
    s.warned = false;
    if (among_ages) young_.add(slots_, *n);
}

void lane_queue::wait_at_most_until(std::int64_t latest) {
    for (std::uint32_t n = 0; n < slots_.size(); ++n) {
        slot& s = slots_[n];
        if (s.stands != where::deferred || s.due <= latest) continue;
        deferred_.remove(slots_, n);
        s.due = latest;
        deferred_.add(slots_, n);
    }
}

std::optional<std::uint32_t> lane_queue::waits_again(std::string_view document, std::int64_t due) {
    const auto n = find(document);
    if (!n) return std::nullopt;
    if (slots_[*n].stands == where::active)
        end(*n);
    else
        take_out(*n);
    slots_[*n].due = due;
    to_wait(*n, false);
    return n;
}
void lane_queue::give_back(std::string_view document, std::int64_t due) { waits_again(document, due); }
void lane_queue::give_back(const entry& e) {
    const auto n = find(e.document);
    if (!n) return;
    if (slots_[*n].stands == where::active)
        end(*n);
    else
        take_out(*n);
    renew(*n, e);
    to_wait(*n, false);
}
void lane_queue::put_off(std::string_view document, std::int64_t until) {
    const auto n = waits_again(document, until);
    if (!n) return;
    out_of_ages(*n);
    slots_[*n].put_off = true;
}

bool lane_queue::erase(std::string_view document) {
    const auto n = find(document);
    if (!n) return false;
    if (slots_[*n].stands == where::active)
        end(*n);
    else
        take_out(*n);
    index_.erase(*n);
    texts_.erase(*n);
    units_ -= slots_[*n].units;
    if (--size_ == 0) { // a burst is over: give its memory back
        slots_.clear();
        slots_.shrink_to_fit();
        free_ = {};
        index_.clear();
        index_.rehash(0);
    } else {
        free_.push_back(*n);
    }
    return true;
}

std::int64_t lane_queue::next_due(std::int64_t now) {
    become_ready(now);
    return deferred_.empty() ? 0 : slots_[deferred_.first()].due;
}

bool lane_queue::any_due(std::int64_t now, bool documents) {
    become_ready(now);
    return std::ranges::any_of(ready_, [&](const line& of_class) { return of_class.any(documents); });
}

std::int64_t lane_queue::next_alarm(std::int64_t lifetime, std::int64_t warn_after) const {
    std::int64_t next = 0;
    auto at = [&](const ages& a, std::int64_t after) {
        if (a.empty()) return;
        const std::int64_t t = to_us(slots_[a.first()].created) + after;
        if (next == 0 || t < next) next = t;
    };
    at(young_, std::min(lifetime, warn_after));
    at(warned_, lifetime);
    return next;
}

std::int64_t lane_queue::oldest_created() const {
    std::int64_t oldest = 0;
    for (const ages* a : {&young_, &warned_})
        if (!a->empty()) {
            const std::int64_t t = to_us(slots_[a->first()].created);
            if (oldest == 0 || t < oldest) oldest = t;
        }
    return oldest;
}

std::array<std::size_t, lane_queue::classes> lane_queue::ready() const {
    std::array<std::size_t, classes> out{};
    for (unsigned c = 0; c < classes; ++c) out[c] = ready_[c].size();
    return out;
}

} // namespace vanthu::delivery

// A binary heap of slot numbers in which each slot knows its place, so that one in the middle can leave. Four bytes a
// slot. Inside this room only.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace vanthu::delivery {

// `Place`: the member of a slot that holds its place in this heap. `Before`: the order, on two slots.
template <class Slots, auto Place, class Before> class slot_heap {
public:
    bool empty() const { return heap_.empty(); }
    std::size_t size() const { return heap_.size(); }
    std::uint32_t first() const { return heap_.front(); }

    void add(Slots& slots, std::uint32_t slot) {
        heap_.push_back(slot);
        rise(slots, heap_.size() - 1);
    }
    void remove(Slots& slots, std::uint32_t slot) {
        const std::size_t at = slots[slot].*Place;
        const std::uint32_t last = heap_.back();
        heap_.pop_back();
        if (last != slot) {
            heap_[at] = last;
            slots[last].*Place = static_cast<std::uint32_t>(at);
            sink(slots, rise(slots, at));
        }
        if (heap_.empty()) heap_ = {}; // a burst is over: give its memory back
    }

private:
    std::size_t rise(Slots& slots, std::size_t at) {
        const std::uint32_t slot = heap_[at];
        for (; at > 0; at = (at - 1) / 2) {
            const std::uint32_t above = heap_[(at - 1) / 2];
            if (!Before{}(slots[slot], slots[above])) break;
            put(slots, at, above);
        }
        put(slots, at, slot);
        return at;
    }
    void sink(Slots& slots, std::size_t at) {
        const std::uint32_t slot = heap_[at];
        for (std::size_t below = 2 * at + 1; below < heap_.size(); below = 2 * at + 1) {
            if (below + 1 < heap_.size() && Before{}(slots[heap_[below + 1]], slots[heap_[below]])) ++below;
            if (!Before{}(slots[heap_[below]], slots[slot])) break;
            put(slots, at, heap_[below]);
            at = below;
        }
        put(slots, at, slot);
    }
    void put(Slots& slots, std::size_t at, std::uint32_t slot) {
        heap_[at] = slot;
        slots[slot].*Place = static_cast<std::uint32_t>(at);
    }
    std::vector<std::uint32_t> heap_;
};

} // namespace vanthu::delivery

#include "daemon/intake/pressure.hpp"

#include "daemon/intake/errors.hpp"

#include <algorithm>

namespace vanthu::intake {

std::string_view to_string(pressure::cause c) {
    static constexpr std::string_view words[] = {"disk", "memory", "transfers", "bytes"};
    return words[unsigned(c)];
}

bool pressure::look(const load& seen) {
    const unsigned before = causes_.load(std::memory_order_relaxed);
    unsigned now = 0;
    auto judge = [&](cause c, bool beyond, bool well_within) {
        const unsigned bit = 1u << unsigned(c);
        if (beyond || ((before & bit) && !well_within)) now |= bit;
    };
    auto margin = [&](std::uint64_t mark) { return mark / 100 * marks_.margin_percent; };
    if (marks_.free_bytes)
        judge(cause::disk, seen.free_bytes < marks_.free_bytes,
              seen.free_bytes >= marks_.free_bytes + margin(marks_.free_bytes));
    auto above = [&](cause c, std::uint64_t figure, std::uint64_t mark) {
        if (mark) judge(c, figure > mark, figure <= mark - margin(mark));
    };
    above(cause::memory, seen.memory, marks_.memory);
    above(cause::transfers, seen.transfers, marks_.transfers);
    above(cause::bytes, seen.bytes, marks_.bytes);
    long_ = too_long(seen, now);
    free_ = seen.free_bytes;
    memory_ = seen.memory;
    transfers_ = seen.transfers;
    bytes_ = seen.bytes;
    causes_ = now;
    return now != before;
}

// Those beyond an equal share of what is "well within" the mark: while the whole is beyond it there is at least one.
std::shared_ptr<const pressure::long_lanes> pressure::too_long(const load& seen, unsigned causes) const {
    auto out = std::make_shared<long_lanes>();
    const auto n = static_cast<std::uint64_t>(
        std::ranges::count_if(seen.lanes, [](const load::lane& l) { return l.transfers > 0; }));
    auto judge = [&](cause c, std::uint64_t mark, std::uint64_t load::lane::* figure) {
        if (!(causes >> unsigned(c) & 1) || n == 0) return;
        const std::uint64_t share = (mark - mark / 100 * marks_.margin_percent) / n;
        for (const load::lane& l : seen.lanes)
            if (l.*figure > share) out->insert(l.node);
    };
    judge(cause::transfers, marks_.transfers, &load::lane::transfers);
    judge(cause::bytes, marks_.bytes, &load::lane::bytes);
    return out;
}

load pressure::last() const { return {free_, memory_, transfers_, bytes_, {}}; }

std::string pressure::causes() const {
    std::string out;
    for (const cause c : all)
        if (has(c)) out += (out.empty() ? "" : " ") + std::string(to_string(c));
    return out;
}

result<> pressure::may_take(const demand& what) const {
    if (!refusing()) return {};
    bool refuses = has(cause::disk) || has(cause::memory);
    if (!refuses && !what.hops.empty() && (has(cause::transfers) || has(cause::bytes))) {
        const auto lanes = long_.load();
        refuses = !what.from_node ||
                  std::ranges::any_of(what.hops, [&](const std::string& hop) { return lanes->contains(hop); });
    }
    if (!refuses) return {};
    return failed(errc::overloaded, causes());
}

} // namespace vanthu::intake

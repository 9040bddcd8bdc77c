// The rule of minimum progress: a peer must move some byte within the stall time and, over the time spent waiting for
// it, a number of bytes a second, beyond a grace. Inside this room only.
#pragma once

#include "daemon/base/task.hpp"

#include <algorithm>

namespace vanthu::net {

class pace {
public:
    using duration = std::chrono::steady_clock::duration;
    pace(duration stall, duration grace, std::uint64_t bytes_per_second)
        : stall_(stall), grace_(grace), rate_(bytes_per_second) {}

    // How long the next wait may take; not positive: the peer is too slow.
    duration allowance() const {
        if (rate_ == 0) return stall_;
        // Held below a million seconds, so that huge bodies do not overflow the clock's type.
        const std::chrono::duration<double> earned(
            std::min(1e6, static_cast<double>(bytes_) / static_cast<double>(rate_)));
        const auto left = grace_ + std::chrono::duration_cast<duration>(earned) - waited_;
        return left < stall_ ? left : stall_;
    }
    void moved(std::uint64_t bytes, duration waited) {
        bytes_ += bytes;
        waited_ += waited;
    }

private:
    duration stall_, grace_, waited_{};
    std::uint64_t rate_, bytes_ = 0;
};

} // namespace vanthu::net

// Received bytes that the parser has not taken yet. Inside this room only.
#pragma once

#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace vanthu::net {

class input_buffer {
public:
    explicit input_buffer(std::size_t most) : most_(most) {}
    bytes_view pending() const { return bytes_view(data_).subspan(from_, to_ - from_); }
    bool empty() const { return from_ == to_; }
    bool full() const { return to_ - from_ >= most_; }
    void consume(std::size_t n) {
        from_ += n;
        if (from_ == to_) from_ = to_ = 0;
    }
    // Room for at least one byte unless full(); commit() what was written there.
    std::span<std::uint8_t> space() {
        if (from_ > 0) {
            std::memmove(data_.data(), data_.data() + from_, to_ - from_);
            to_ -= from_;
            from_ = 0;
        }
        if (to_ == data_.size()) data_.resize(std::min(most_, std::max<std::size_t>(16 * 1024, data_.size() * 2)));
        return std::span(data_).subspan(to_);
    }
    void commit(std::size_t n) { to_ += n; }

private:
    bytes data_;
    std::size_t from_ = 0, to_ = 0, most_;
};

} // namespace vanthu::net

// A TrueType font ready to be drawn with. A value: copies share the parsed font and the last subset made of it, so that
// a batch of signatures makes its subset once. Any thread.
#pragma once

#include "daemon/base/bytes.hpp"

#include <memory>

namespace vanthu::pdf {

class typeface {
public:
    typeface() = default; // none
    explicit typeface(bytes truetype);
    explicit operator bool() const { return shared_ != nullptr; }

    struct shared; // font.cpp
    const std::shared_ptr<shared>& inside() const { return shared_; }

private:
    std::shared_ptr<shared> shared_;
};

} // namespace vanthu::pdf

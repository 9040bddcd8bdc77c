// A value that must not be seen: an API key, a bearer secret, a PIN. It has no conversion to text and no stream or fmt
// output, so that it cannot reach a log line by accident (log::field refuses it at compile time). Wiped when destroyed.
#pragma once

#include <string>
#include <string_view>

namespace vanthu {

class secret {
public:
    secret() = default;
    explicit secret(std::string value) : value_(std::move(value)) {}
    secret(const secret&) = delete;
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    ~secret() { wipe(); }

    std::string_view reveal() const { return value_; } // name it where it is used; never keep the view
    bool empty() const { return value_.empty(); }
    bool equals(std::string_view other) const; // constant time for equal lengths

private:
    void wipe() noexcept;
    std::string value_;
};

} // namespace vanthu

// The first refusal of one registry file. Inside this folder only.
#pragma once

#include "daemon/registry/errors.hpp"

#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>

namespace vanthu::registry {

class source {
public:
    explicit source(std::string file_name) : file_name_(std::move(file_name)) {}
    // Keeps the first refusal; later ones are mostly its consequences.
    void refuse(errc code, std::uint32_t line, std::string_view what) {
        if (!first_) first_ = failure{make_error_code(code), fmt::format("{}:{}: {}", file_name_, line, what)};
    }
    bool refused() const { return first_.has_value(); }
    const failure& first() const { return *first_; }

private:
    std::string file_name_;
    std::optional<failure> first_;
};

} // namespace vanthu::registry

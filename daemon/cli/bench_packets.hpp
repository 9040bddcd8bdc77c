// The packets that `vanthu bench deliver` submits: all the same but for their number.
#pragma once

#include "daemon/base/clock.hpp"
#include "daemon/base/failure.hpp"
#include "schemas/edxml/writer.hpp"

#include <span>

namespace vanthu::cli {

inline constexpr std::string_view bench_issuer = "H48.99.01", bench_receiver = "H48.99.02";

// One packet made whole; another number is written over the digits, so that making one costs nothing while the clock
// runs. Any thread; each submitter has a copy of its own.
class packet_form {
public:
    // `name`: of the attachment; its ending says whether it is a PDF.
    static result<packet_form> make(bytes_view attachment, std::string_view name,
                                    std::span<const std::string> recipients, timestamp now);
    std::string_view numbered(std::uint64_t number); // below 90 000 000; good until the next call
    std::size_t size() const { return text_.size(); }

private:
    std::string text_;
    std::vector<std::size_t> places_; // where the eight digits stand
};

} // namespace vanthu::cli

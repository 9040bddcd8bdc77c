// A PNG picture ready to be put into PDFs: pixels and transparency, compressed once. A value: copies share the pixels,
// so a batch of signatures decodes its seal once. Immutable; any thread.
//
// All colour types and depths of PNG are read (as 8-bit RGB; transparency becomes a soft mask). Size on paper: pixels
// over the resolution the file states (pHYs), 96 dpi where it states none.
// Source: ISO/IEC 15948 (PNG) 11; ISO 32000-2 8.9.5, 11.6.5.2 (/SMask).
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <memory>
#include <string>
#include <vector>

namespace vanthu::pdf {

class picture {
public:
    static constexpr std::size_t most_bytes = 8u << 20;
    static constexpr unsigned most_pixels = 4096; // of each side

    // errc::bad_picture: not a whole PNG, no sensible resolution, or beyond the limits above.
    static result<picture> from_png(bytes_view png);

    // Several beside each other, in this order from the left, standing on one line, each at its true size.
    // Precondition: at least one.
    static picture row(const std::vector<picture>& all);

    double width() const { return width_; } // points at true size
    double height() const { return height_; }

    struct pixels {
        unsigned columns = 0, rows = 0;
        std::string colours;      // RGB, compressed with Flate
        std::string transparency; // one byte a pixel, compressed with Flate; "" where all is opaque
    };
    struct part {
        std::shared_ptr<const pixels> content;
        double x = 0, width = 0, height = 0; // within the whole, on its lower edge
    };
    const std::vector<part>& parts() const { return parts_; }

private:
    std::vector<part> parts_;
    double width_ = 0, height_ = 0;
};

} // namespace vanthu::pdf

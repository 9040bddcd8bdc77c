#include "signing/pdf/picture.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/update.hpp"

#include <algorithm>
#include <png.h>

namespace vanthu::pdf {
namespace {

constexpr std::uint8_t signature[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

std::uint32_t number(bytes_view b) {
    return std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3];
}

struct header {
    std::uint32_t columns = 0, rows = 0;
    double dpi_x = 96, dpi_y = 96;
};

// What must be known before any pixel is decoded.
std::optional<header> read_header(bytes_view png) {
    if (png.size() < 33 || !std::equal(std::begin(signature), std::end(signature), png.begin())) return std::nullopt;
    if (as_text(png.subspan(12, 4)) != "IHDR") return std::nullopt;
    header h;
    h.columns = number(png.subspan(16));
    h.rows = number(png.subspan(20));
    for (std::size_t at = 8; at + 12 <= png.size();) {
        std::size_t length = number(png.subspan(at));
        std::string_view type = as_text(png.subspan(at + 4, 4));
        if (length > png.size() - at - 12) return std::nullopt;
        if (type == "IDAT") break;
        if (type == "pHYs" && length == 9 && png[at + 16] == 1) { // pixels a metre
            h.dpi_x = number(png.subspan(at + 8)) * 0.0254;
            h.dpi_y = number(png.subspan(at + 12)) * 0.0254;
        }
        at += length + 12;
    }
    return h;
}

} // namespace

result<picture> picture::from_png(bytes_view png) {
    if (png.size() > most_bytes) return failed(errc::bad_picture, "size");
    auto h = read_header(png);
    if (!h) return failed(errc::bad_picture, "header");
    auto sensible = [](double dpi) { return dpi >= 30 && dpi <= 2400; };
    if (h->columns == 0 || h->rows == 0 || h->columns > most_pixels || h->rows > most_pixels || !sensible(h->dpi_x) ||
        !sensible(h->dpi_y))
        return failed(errc::bad_picture, "dimensions");

    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image, png.data(), png.size()))
        return failed(errc::bad_picture, image.message);
    image.format = PNG_FORMAT_RGBA;
    bytes rgba(PNG_IMAGE_SIZE(image));
    // What libpng only warns about is damage all the same.
    if (!png_image_finish_read(&image, nullptr, rgba.data(), 0, nullptr) || PNG_IMAGE_FAILED(image)) {
        std::string why = image.message;
        png_image_free(&image);
        return failed(errc::bad_picture, why);
    }
    const std::size_t count = rgba.size() / 4;
    std::string colours(count * 3, '\0'), transparency(count, '\0');
    bool opaque = true;
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t k = 0; k < 3; ++k) colours[i * 3 + k] = static_cast<char>(rgba[i * 4 + k]);
        transparency[i] = static_cast<char>(rgba[i * 4 + 3]);
        opaque = opaque && rgba[i * 4 + 3] == 255;
    }
    picture p;
    p.width_ = h->columns / h->dpi_x * 72;
    p.height_ = h->rows / h->dpi_y * 72;
    auto content = std::make_shared<pixels>(
        pixels{h->columns, h->rows, compressed(colours, 9), opaque ? std::string() : compressed(transparency, 9)});
    p.parts_.push_back({std::move(content), 0, p.width_, p.height_});
    return p;
}

picture picture::row(const std::vector<picture>& all) {
    constexpr double gap = 4;
    picture out;
    for (const picture& one : all) {
        if (!out.parts_.empty()) out.width_ += gap;
        for (part p : one.parts_) {
            p.x += out.width_;
            out.parts_.push_back(std::move(p));
        }
        out.width_ += one.width_;
        out.height_ = std::max(out.height_, one.height_);
    }
    return out;
}

} // namespace vanthu::pdf

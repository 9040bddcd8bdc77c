#include "tests/pdf/png_file.hpp"

#include <cstdlib>
#include <png.h>

namespace vanthu::test {

bytes png_file(const png_spec& s) {
    constexpr int kinds[] = {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                             PNG_COLOR_TYPE_PALETTE};
    const int type = kinds[s.kind], depth = s.kind == 4 ? 8 : s.depth;
    const bool has_alpha = s.kind == 1 || s.kind == 3;
    bytes out;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    if (!png || !info) std::abort();
    png_set_write_fn(
        png, &out,
        [](png_structp p, png_bytep data, std::size_t n) {
            auto* to = static_cast<bytes*>(png_get_io_ptr(p));
            to->insert(to->end(), data, data + n);
        },
        nullptr);
    png_set_IHDR(png, info, s.columns, s.rows, depth, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (s.dpi)
        png_set_pHYs(png, info, static_cast<unsigned>(s.dpi / 0.0254 + 0.5),
                     static_cast<unsigned>(s.dpi / 0.0254 + 0.5), PNG_RESOLUTION_METER);
    png_color palette[] = {{static_cast<png_byte>(s.red), 0, static_cast<png_byte>(s.blue)}};
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 1);
    png_write_info(png, info);
    for (unsigned y = 0; y < s.rows; ++y) {
        bytes row;
        auto put = [&](int v) { row.insert(row.end(), static_cast<std::size_t>(depth / 8), static_cast<png_byte>(v)); };
        for (unsigned x = 0; x < s.columns; ++x) {
            bool edge = x < 12 || y < 12 || x + 12 >= s.columns || y + 12 >= s.rows;
            if (type == PNG_COLOR_TYPE_PALETTE)
                put(0);
            else if (s.kind == 2 || s.kind == 3)
                put(s.red);
            else
                put(s.red), put(0), put(s.blue);
            if (has_alpha) put(s.ring ? (edge ? 255 : 0) : 254);
        }
        png_write_row(png, row.data());
    }
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return out;
}

} // namespace vanthu::test

#include "signing/pdf/stamp.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::pdf {

result<> stamps::add(QPDFObjectHandle widget, stamp what) {
    for (const stamp_line& line : what.lines) {
        VANTHU_CHECK(usable_text(line.text));
        (line.italic && type_.italic ? italic_texts_ : upright_texts_).push_back(line.text);
    }
    all_.emplace_back(widget, std::move(what));
    return {};
}

result<stamps::face> stamps::load(const typeface& from, const std::vector<std::string>& texts) {
    if (texts.empty()) return face{};
    VANTHU_TRY(auto font, embedded_font::of(from, texts));
    return face{font, font->write(out_)};
}

std::string stamps::text_of(const stamp& what, const face& upright, const face& italic) const {
    if (what.lines.empty()) return "";
    auto face_of = [&](const stamp_line& line) -> const embedded_font& {
        return line.italic && italic.font ? *italic.font : *upright.font;
    };
    double size = what.size, room = std::max(1.0, what.width - 4);
    for (const stamp_line& line : what.lines) // a long name is set smaller rather than cut
        size = std::min(size, what.size * room / std::max(1.0, face_of(line).width(line.text, what.size)));
    double leading = size * 1.2, block = leading * static_cast<double>(what.lines.size());
    double top = what.at_bottom ? 2 + block : what.height / 2 + block / 2;
    std::string content = "BT\n0 g\n";
    for (const stamp_line& line : what.lines) {
        top -= leading;
        double x = what.right_aligned ? what.width - 2 - face_of(line).width(line.text, size) : 2;
        content +=
            fmt::format("/{} {:.3f} Tf\n1 0 0 1 {:.2f} {:.2f} Tm\n{} Tj\n", line.italic && italic.font ? "I" : "U",
                        size, x, top + size * 0.3, face_of(line).encoded(line.text));
    }
    return content + "ET\n";
}

QPDFObjectHandle stamps::write(const picture::pixels& p) {
    auto entries = [&](std::string_view colours, std::string_view more) {
        return fmt::format("/Type /XObject /Subtype /Image /Width {} /Height {} /BitsPerComponent 8 /ColorSpace {}{}",
                           p.columns, p.rows, colours, more);
    };
    std::string mask;
    if (!p.transparency.empty())
        mask = " /SMask " + out_.add_compressed(entries("/DeviceGray", ""), p.transparency).unparse();
    return out_.add_compressed(entries("/DeviceRGB", mask), p.colours);
}

result<> stamps::draw() {
    VANTHU_TRY(face upright, load(type_.upright, upright_texts_));
    VANTHU_TRY(face italic, load(type_.italic, italic_texts_));
    for (auto& [widget, what] : all_) {
        std::string content = what.is_field ? "/Tx BMC\n" : "";
        content += fmt::format("q\n0 0 {:.2f} {:.2f} re W n\n", what.width, what.height);
        if (what.image) {
            const placement& at = what.image_at;
            const double x = at.width / what.image->width(), y = at.height / what.image->height();
            int number = 0;
            for (const picture::part& p : what.image->parts())
                content += fmt::format("q {:.4f} 0 0 {:.4f} {:.2f} {:.2f} cm /P{} Do Q\n", p.width * x, p.height * y,
                                       at.x + p.x * x, at.y, number++);
        }
        content += text_of(what, upright, italic);
        content += what.is_field ? "Q\nEMC\n" : "Q\n";
        std::string resources;
        if (!what.lines.empty()) {
            resources += "/Font <<";
            if (upright.font) resources += " /U " + upright.object.unparse();
            if (italic.font) resources += " /I " + italic.object.unparse();
            resources += " >> ";
        }
        if (what.image) {
            resources += "/XObject <<";
            int number = 0;
            for (const picture::part& p : what.image->parts())
                resources += fmt::format(" /P{} {}", number++, write(*p.content).unparse());
            resources += " >> ";
        }
        std::string entries =
            fmt::format("/Type /XObject /Subtype /Form /BBox [0 0 {:.2f} {:.2f}] {} /Resources << {}>>", what.width,
                        what.height, what.upright, resources);
        QPDFObjectHandle appearance = QPDFObjectHandle::newDictionary();
        appearance.replaceKey("/N", out_.add_stream(entries, content));
        widget.replaceKey("/AP", appearance);
        out_.changed(widget);
    }
    return {};
}

} // namespace vanthu::pdf

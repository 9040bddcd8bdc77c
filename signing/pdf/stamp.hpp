// Draws the appearances of one revision: texts and pictures as form XObjects. Internal to signing/pdf.
// Source: ISO 32000-2 8.10 (form XObjects), 12.5.5 (appearance streams), 12.7.4.3 (texts of fields).
#pragma once

#include "signing/pdf/font.hpp"
#include "signing/pdf/picture.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::pdf {

struct stamp_line {
    std::string text;
    bool italic = false;
};

struct stamp {
    double width = 0, height = 0; // of the whole
    std::vector<stamp_line> lines;
    double size = 10; // points; upright, black (NĐ 30, annex I)
    bool right_aligned = false;
    bool at_bottom = false; // otherwise the lines stand in the middle
    bool is_field = false;  // text of a form field stands between marked-content operators
    std::optional<picture> image = std::nullopt;
    placement image_at = {};  // within the stamp
    std::string upright = {}; // entry that keeps it upright on a turned page (page_frame)
};

class stamps {
public:
    stamps(const fonts& type, update& out) : type_(type), out_(out) {}
    // Remembers what to draw: the glyphs of the subset are known only when all texts are. errc::bad_text.
    result<> add(QPDFObjectHandle widget, stamp what);
    result<> draw();

private:
    struct face {
        std::shared_ptr<const embedded_font> font; // empty: no text in it
        QPDFObjectHandle object;
    };
    result<face> load(const typeface& from, const std::vector<std::string>& texts);
    std::string text_of(const stamp& what, const face& upright, const face& italic) const;
    QPDFObjectHandle write(const picture::pixels& p);

    const fonts& type_;
    update& out_;
    std::vector<std::pair<QPDFObjectHandle, stamp>> all_;
    std::vector<std::string> upright_texts_, italic_texts_;
};

} // namespace vanthu::pdf

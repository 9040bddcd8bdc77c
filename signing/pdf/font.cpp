#include "signing/pdf/font.hpp"

#include "signing/pdf/errors.hpp"

#include <cmath>
#include <fmt/format.h>
#include <hb-ot.h>
#include <hb-subset.h>
#include <mutex>

namespace vanthu::pdf {
namespace {

template <class T, void (*Free)(T*)> struct freed_by {
    void operator()(T* p) const { Free(p); }
};
using blob_ptr = std::unique_ptr<hb_blob_t, freed_by<hb_blob_t, hb_blob_destroy>>;
using face_ptr = std::unique_ptr<hb_face_t, freed_by<hb_face_t, hb_face_destroy>>;
using font_ptr = std::unique_ptr<hb_font_t, freed_by<hb_font_t, hb_font_destroy>>;
using input_ptr = std::unique_ptr<hb_subset_input_t, freed_by<hb_subset_input_t, hb_subset_input_destroy>>;

// nullopt: not UTF-8.
std::optional<std::u32string> decoded(std::string_view utf8) {
    std::u32string out;
    for (std::size_t i = 0; i < utf8.size();) {
        unsigned char lead = static_cast<unsigned char>(utf8[i]);
        int more = lead < 0x80 ? 0 : lead >> 5 == 6 ? 1 : lead >> 4 == 14 ? 2 : lead >> 3 == 30 ? 3 : -1;
        if (more < 0 || i + more >= utf8.size()) return std::nullopt;
        char32_t c = more == 0 ? lead : lead & (0x3f >> more);
        for (int k = 1; k <= more; ++k) {
            unsigned char next = static_cast<unsigned char>(utf8[i + k]);
            if (next >> 6 != 2) return std::nullopt;
            c = c << 6 | (next & 0x3f);
        }
        constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
        if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return std::nullopt;
        out += c;
        i += more + 1;
    }
    return out;
}

} // namespace

result<std::u32string> usable_text(std::string_view utf8) {
    auto text = decoded(utf8);
    if (!text || text->size() > 200) return failed(errc::bad_text);
    for (char32_t c : *text) {
        bool control = c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || (c >= 0x200b && c <= 0x200f) ||
                       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
        // Vietnamese letters all have composed forms: a combining mark means the text is not in NFC.
        bool combining = (c >= 0x300 && c < 0x370) || (c >= 0x1ab0 && c < 0x1b00) || (c >= 0x1dc0 && c < 0x1e00);
        if (control || combining) return failed(errc::bad_text);
    }
    return std::move(*text);
}

struct typeface::shared {
    bytes truetype;
    face_ptr face; // immutable
    font_ptr font; // of the whole face, for widths; immutable
    std::mutex lock;
    std::shared_ptr<const embedded_font> last;
};

typeface::typeface(bytes truetype) : shared_(std::make_shared<shared>()) {
    shared_->truetype = std::move(truetype);
    blob_ptr blob(hb_blob_create(reinterpret_cast<const char*>(shared_->truetype.data()),
                                 static_cast<unsigned>(shared_->truetype.size()), HB_MEMORY_MODE_READONLY, nullptr,
                                 nullptr));
    shared_->face.reset(hb_face_create(blob.get(), 0));
    hb_face_make_immutable(shared_->face.get());
    shared_->font.reset(hb_font_create(shared_->face.get()));
    hb_font_make_immutable(shared_->font.get());
}

result<double> text_width(const typeface& face, std::string_view text, double size) {
    if (!face || hb_face_get_glyph_count(face.inside()->face.get()) == 0) return failed(errc::font_unusable);
    VANTHU_TRY(std::u32string letters, usable_text(text));
    double sum = 0;
    for (char32_t c : letters) {
        hb_codepoint_t id = 0;
        if (!hb_font_get_nominal_glyph(face.inside()->font.get(), c, &id) || id == 0)
            return failed(errc::glyph_missing, fmt::format("U+{:04X}", std::uint32_t(c)));
        sum += hb_font_get_glyph_h_advance(face.inside()->font.get(), id);
    }
    return sum * size / hb_face_get_upem(face.inside()->face.get());
}

result<std::shared_ptr<const embedded_font>> embedded_font::of(const typeface& face,
                                                               std::span<const std::string> texts) {
    if (!face) return failed(errc::font_unusable);
    std::u32string all;
    for (const std::string& text : texts) {
        VANTHU_TRY(std::u32string decoded_text, usable_text(text));
        all += decoded_text;
    }
    std::shared_ptr<const embedded_font> last;
    {
        std::lock_guard held(face.inside()->lock);
        last = face.inside()->last;
    }
    if (last && last->has(all)) return last;
    std::set<char32_t> letters(all.begin(), all.end());
    // With the letters of before: a batch soon has all that its documents need, and no file grows by much.
    if (last && last->glyphs_.size() < 200)
        for (const auto& [letter, glyph] : last->glyphs_) letters.insert(letter);
    VANTHU_TRY(embedded_font made, subset(face.inside()->face.get(), letters));
    auto shared = std::make_shared<const embedded_font>(std::move(made));
    std::lock_guard held(face.inside()->lock);
    face.inside()->last = shared;
    return shared;
}

bool embedded_font::has(std::u32string_view letters) const {
    return std::all_of(letters.begin(), letters.end(), [&](char32_t c) { return glyphs_.contains(c); });
}

result<embedded_font> embedded_font::subset(hb_face_t* face, const std::set<char32_t>& letters) {
    if (hb_face_get_glyph_count(face) == 0) return failed(errc::font_unusable);
    input_ptr input(hb_subset_input_create_or_fail());
    if (!input) return failed(errc::font_unusable);
    hb_subset_input_set_flags(input.get(), HB_SUBSET_FLAGS_NO_HINTING);
    for (hb_tag_t layout : {HB_TAG('G', 'S', 'U', 'B'), HB_TAG('G', 'P', 'O', 'S'), HB_TAG('G', 'D', 'E', 'F'),
                            HB_TAG('n', 'a', 'm', 'e'), HB_TAG('F', 'F', 'T', 'M')})
        hb_set_add(hb_subset_input_set(input.get(), HB_SUBSET_SETS_DROP_TABLE_TAG), layout);
    for (char32_t c : letters) hb_set_add(hb_subset_input_unicode_set(input.get()), c);
    face_ptr small(hb_subset_or_fail(face, input.get()));
    if (!small) return failed(errc::font_unusable);

    embedded_font f;
    font_ptr font(hb_font_create(small.get()));
    const double em = hb_face_get_upem(small.get());
    auto thousandths = [&](double units) { return static_cast<int>(std::lround(units * 1000 / em)); };
    for (char32_t c : letters) {
        hb_codepoint_t id = 0;
        if (!hb_font_get_nominal_glyph(font.get(), c, &id) || id == 0)
            return failed(errc::glyph_missing, fmt::format("U+{:04X}", std::uint32_t(c)));
        f.glyphs_[c] = {id, thousandths(hb_font_get_glyph_h_advance(font.get(), id))};
        hb_glyph_extents_t box{};
        if (hb_font_get_glyph_extents(font.get(), id, &box)) {
            f.box_[0] = std::min(f.box_[0], thousandths(box.x_bearing));
            f.box_[1] = std::min(f.box_[1], thousandths(box.y_bearing + box.height));
            f.box_[2] = std::max(f.box_[2], thousandths(box.x_bearing + box.width));
            f.box_[3] = std::max(f.box_[3], thousandths(box.y_bearing));
        }
    }
    hb_font_extents_t lines{};
    hb_font_get_h_extents(font.get(), &lines);
    f.ascent_ = thousandths(lines.ascender);
    f.descent_ = thousandths(lines.descender);
    blob_ptr out(hb_face_reference_blob(small.get()));
    unsigned size = 0;
    const char* data = hb_blob_get_data(out.get(), &size);
    if (size == 0) return failed(errc::font_unusable);
    f.length_ = size;
    f.file_ = compressed({data, size}, 9);
    // A subset's name begins with six capitals that tell subsets apart (9.9.2).
    std::string tag;
    for (std::uint8_t b : sha256::of(as_bytes(f.file_)).value)
        if (tag.size() < 6) tag += static_cast<char>('A' + b % 26);
    char name[64] = "TimesMetric";
    unsigned room = sizeof name;
    hb_ot_name_get_utf8(face, HB_OT_NAME_ID_POSTSCRIPT_NAME, HB_LANGUAGE_INVALID, &room, name);
    std::string plain;
    for (char c : std::string_view(name))
        if (std::isalnum(static_cast<unsigned char>(c)) || c == '-') plain += c;
    f.name_ = "/" + tag + "+" + plain;
    f.describe();
    return f;
}

std::string embedded_font::encoded(std::string_view text) const {
    constexpr char digits[] = "0123456789ABCDEF";
    const std::u32string letters = decoded(text).value();
    std::string hex = "<";
    hex.reserve(letters.size() * 4 + 2);
    for (char32_t c : letters) {
        const unsigned id = glyphs_.at(c).id;
        for (int shift = 12; shift >= 0; shift -= 4) hex += digits[id >> shift & 15];
    }
    return hex + ">";
}

double embedded_font::width(std::string_view text, double size) const {
    double sum = 0;
    const std::u32string letters = decoded(text).value();
    for (char32_t c : letters) sum += glyphs_.at(c).advance;
    return sum * size / 1000;
}

// Everything about the font that does not depend on the file it goes into.
void embedded_font::describe() {
    descriptor_ = fmt::format(
        "/Type /FontDescriptor /FontName {} /Flags 4 /FontBBox [{} {} {} {}] /ItalicAngle 0 /Ascent {} /Descent {} "
        "/CapHeight {} /StemV 80",
        name_, box_[0], box_[1], box_[2], box_[3], ascent_, descent_, ascent_ * 3 / 4);
    std::map<unsigned, std::pair<char32_t, int>> by_id;
    for (auto [letter, g] : glyphs_) by_id.emplace(g.id, std::pair(letter, g.advance));
    std::string widths, map;
    for (auto [id, g] : by_id) {
        widths += fmt::format("{} [{}] ", id, g.second);
        char32_t c = g.first;
        std::string utf16 = c < 0x10000 ? fmt::format("{:04X}", std::uint32_t(c))
                                        : fmt::format("{:04X}{:04X}", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
        map += fmt::format("1 beginbfchar\n<{:04X}> <{}>\nendbfchar\n", id, utf16);
    }
    to_unicode_ = compressed(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) "
        "/Ordering (UCS) /Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 "
        "begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n" +
        map + "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
    descendant_ = fmt::format(
        "/Type /Font /Subtype /CIDFontType2 /BaseFont {} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
        "/Supplement 0 >> /CIDToGIDMap /Identity /DW 1000 /W [{}]",
        name_, widths);
}

QPDFObjectHandle embedded_font::write(update& into) const {
    QPDFObjectHandle file = into.add_compressed(fmt::format("/Length1 {}", length_), file_);
    QPDFObjectHandle descriptor = into.add_as(fmt::format("<< {} /FontFile2 {} >>", descriptor_, file.unparse()));
    QPDFObjectHandle descendant =
        into.add_as(fmt::format("<< {} /FontDescriptor {} >>", descendant_, descriptor.unparse()));
    QPDFObjectHandle letters = into.add_compressed("", to_unicode_);
    return into.add_as(fmt::format("<< /Type /Font /Subtype /Type0 /BaseFont {} /Encoding /Identity-H /DescendantFonts "
                                   "[{}] /ToUnicode {} >>",
                                   name_, descendant.unparse(), letters.unparse()));
}

} // namespace vanthu::pdf

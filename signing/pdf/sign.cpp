#include "signing/pdf/sign.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/font.hpp"
#include "signing/pdf/form.hpp"
#include "signing/pdf/layout.hpp"

#include <fmt/format.h>

namespace vanthu::pdf {
namespace {

constexpr std::size_t largest_file = std::size_t{2} << 30;

// D:20250715162005+07'00' (7.9.4)
std::string pdf_date(timestamp t) {
    std::string iso = to_rfc3339_vietnam(t); // 2025-07-15T16:20:05+07:00
    return fmt::format("(D:{}{}{}{}{}{}+07'00')", iso.substr(0, 4), iso.substr(5, 2), iso.substr(8, 2),
                       iso.substr(11, 2), iso.substr(14, 2), iso.substr(17, 2));
}

// 15/07/2025; 16:20:05 +07:00 (NĐ 30, annex I: date, hour, minute, second, time zone of Viet Nam)
std::string shown_time(timestamp t) {
    std::string iso = to_rfc3339_vietnam(t);
    return fmt::format("{}/{}/{}; {} +07:00", iso.substr(8, 2), iso.substr(5, 2), iso.substr(0, 4), iso.substr(11, 8));
}

struct text_line {
    std::string text;
    bool italic = false;
};

// What an appearance shows. Pictures (the leader's signature, the seal) will be further members of this struct.
struct stamp {
    std::vector<text_line> lines;
    double size = 10; // points; upright, black (NĐ 30, annex I)
    bool right_aligned = false;
    bool at_bottom = false; // clear of the leader's signature, which the seal overlaps
    bool is_field = false;  // text of a form field stands between marked-content operators (12.7.4.3)
};

class signing_run {
public:
    signing_run(document& base, update& out, form& into, const signature_request& request)
        : qpdf_(base.qpdf()), out_(out), form_(into), request_(request) {}

    result<prepared> run() {
        switch (request_.kind) {
        case profile::approved:
            VANTHU_CHECK(approve());
            break;
        case profile::issued:
            VANTHU_CHECK(issue());
            break;
        case profile::appendix:
            VANTHU_CHECK(annex());
            break;
        }
        return write();
    }

private:
    // --- the three profiles

    result<> approve() {
        // After a signature only signature fields may be added: number and date then go into the seal (contracts, 9).
        std::string reference;
        if (!form_.has_signature()) {
            lay_out_fields();
            // Locked by name: "all but these three" would also forbid the signature field of a second leader in the
            // eyes of strict validators (pyHanko reads FieldMDP so).
            std::string others;
            for (const form_field& f : form_.fields().fields)
                if (!f.is_signature() && f.name != number_field && f.name != date_field)
                    others += text_string(f.name) + " ";
            if (!others.empty()) {
                lock_ = fmt::format("/Action /Include /Fields [{}]", others);
                reference = field_mdp(lock_);
            }
            if (request_.restrict_changes)
                reference += "<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V "
                             "/1.2 /P 2 >> >>";
        }
        stamp shown;
        shown.lines.push_back({"Người ký: " + request_.signer_name});
        if (request_.claimed_time) shown.lines.push_back({"Thời gian ký: " + shown_time(*request_.claimed_time)});
        VANTHU_TRY(placement where, place(layout::leader, static_cast<int>(form_.pages().size())));
        VANTHU_CHECK(add_signature_field(form_.free_name("vanthu_signature"), where));
        VANTHU_CHECK(show(signature_field_, where, std::move(shown)));
        references_ = reference;
        certifies_ = !reference.empty() && request_.restrict_changes;
        return {};
    }

    result<> issue() {
        if (request_.number.empty() || request_.date.empty()) return failed(errc::number_and_date_required);
        stamp shown;
        shown.at_bottom = true;
        std::string filled;
        for (auto [name, text, italic] :
             {std::tuple(number_field, &request_.number, false), std::tuple(date_field, &request_.date, true)}) {
            const form_field* f = form_.fields().find(name);
            if (!f) {
                shown.lines.push_back({(italic ? "" : "Số: ") + *text, italic});
                continue;
            }
            VANTHU_CHECK(fill(*f, *text, italic));
            filled += text_string(name) + " ";
        }
        shown.lines.push_back({request_.organisation});
        if (request_.claimed_time) shown.lines.push_back({shown_time(*request_.claimed_time)});
        if (!filled.empty()) references_ = field_mdp(fmt::format("/Action /Include /Fields [{}]", filled));

        const form_field* seal = form_.fields().find(seal_field);
        if (!seal) {
            VANTHU_TRY(placement where, place(layout::seal, static_cast<int>(form_.pages().size())));
            VANTHU_CHECK(add_signature_field(form_.free_name(seal_field), where));
            return show(signature_field_, where, std::move(shown));
        }
        if (!seal->is_signature() || seal->is_signed() || form_.locked(seal_field) || seal->widgets.size() != 1 ||
            !seal->object.isIndirect())
            return failed(errc::field_locked, std::string(seal_field));
        if (request_.place) return failed(errc::seal_place_is_fixed);
        signature_field_ = seal->object;
        QPDFObjectHandle widget = seal->widgets.front();
        VANTHU_TRY(placement where, rectangle_of(widget));
        return show(widget, where, std::move(shown));
    }

    result<> annex() {
        stamp shown;
        shown.right_aligned = true;
        std::string line;
        if (!request_.number.empty()) line = "Số: " + request_.number;
        if (request_.claimed_time) line += (line.empty() ? "" : "; ") + shown_time(*request_.claimed_time);
        if (line.empty()) return failed(errc::number_and_date_required);
        shown.lines.push_back({line});
        VANTHU_TRY(placement where, place(layout::appendix, 1));
        VANTHU_CHECK(add_signature_field(form_.free_name("vanthu_annex"), where));
        return show(signature_field_, where, std::move(shown));
    }

    // --- fields

    // Empty fields for number, date and seal, as far as the document does not bring them.
    void lay_out_fields() {
        auto at = [](const layout::box& b, int page) { return placement{page, b.x, b.y, b.width, b.height}; };
        bool texts = false;
        for (auto [name, box] : {std::pair(number_field, layout::number), std::pair(date_field, layout::date)}) {
            if (form_.fields().find(name)) continue;
            form_.add_field(name, "/FT /Tx /F 4 /DA (/TiRo 13 Tf 0 g)", at(box, 1));
            texts = true;
        }
        if (texts) form_.add_times_font();
        if (form_.fields().find(seal_field)) return;
        QPDFObjectHandle seal =
            form_.add_field(seal_field, "/FT /Sig /F 4", at(layout::seal, static_cast<int>(form_.pages().size())));
        QPDFObjectHandle lock =
            out_.add(QPDFObjectHandle::parse(fmt::format("<< /Type /SigFieldLock /Action /Include /Fields [{} {}] >>",
                                                         text_string(number_field), text_string(date_field))));
        seal.replaceKey("/Lock", lock);
    }

    result<> add_signature_field(const std::string& name, const placement& where) {
        signature_field_ = form_.add_field(name, "/FT /Sig /F 132", where); // 132: printed, and not to be moved
        if (!lock_.empty())
            signature_field_.replaceKey("/Lock",
                                        out_.add(QPDFObjectHandle::parse("<< /Type /SigFieldLock " + lock_ + " >>")));
        return {};
    }

    result<> fill(const form_field& f, const std::string& text, bool italic) {
        bool empty = !f.value.isString() || f.value.getStringValue().empty();
        if (f.type != "/Tx" || !empty || form_.locked(f.name) || f.widgets.size() != 1 || !f.object.isIndirect())
            return failed(errc::field_locked, f.name);
        VANTHU_CHECK(usable_text(text));
        QPDFObjectHandle field = f.object, widget = f.widgets.front();
        field.replaceKey("/V", QPDFObjectHandle::newUnicodeString(text));
        out_.changed(field);
        VANTHU_TRY(placement where, rectangle_of(widget));
        stamp shown;
        shown.lines.push_back({text, italic});
        shown.size = 13;
        shown.is_field = true;
        return show(widget, where, std::move(shown));
    }

    std::string field_mdp(const std::string& lock) const {
        return fmt::format(
            "<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Type /TransformParams /V /1.2 {} >> "
            "/Data {} >>",
            lock, qpdf_.getRoot().unparse());
    }

    // --- positions and appearances

    result<placement> place(const layout::box& prescribed, int page) const {
        placement where =
            request_.place.value_or(placement{page, prescribed.x, prescribed.y, prescribed.width, prescribed.height});
        if (where.page < 1 || where.page > static_cast<int>(form_.pages().size()))
            return failed(errc::page_out_of_range);
        page_frame frame = form_.frame(where.page);
        double width = frame.width(), height = frame.height();
        if (!request_.place) frame.shift_inside(where); // a smaller page than A4
        bool inside = where.x >= 0 && where.y >= 0 && where.width >= 1 && where.height >= 1 &&
                      where.x + where.width <= width + 0.5 && where.y + where.height <= height + 0.5;
        if (!inside) return failed(errc::bad_rectangle);
        return where;
    }

    result<placement> rectangle_of(QPDFObjectHandle widget) const {
        QPDFObjectHandle rect = widget.getKey("/Rect");
        if (!rect.isRectangle()) return failed(errc::damaged, "field rectangle");
        auto r = rect.getArrayAsRectangle();
        return placement{0, r.llx, r.lly, r.urx - r.llx, r.ury - r.lly};
    }

    // Remembers what to draw; drawn in write(), when all texts, and so the glyphs of the subset, are known.
    result<> show(QPDFObjectHandle widget, const placement& where, stamp what) {
        for (const text_line& line : what.lines) {
            VANTHU_CHECK(usable_text(line.text));
            (line.italic && !request_.type.italic.empty() ? italic_texts_ : upright_texts_).push_back(line.text);
        }
        drawings_.push_back({widget, where, std::move(what)});
        return {};
    }

    struct face {
        embedded_font font;
        QPDFObjectHandle object;
    };
    result<std::optional<face>> load(bytes_view truetype, const std::vector<std::string>& texts) {
        if (texts.empty()) return std::nullopt;
        VANTHU_TRY(embedded_font font, embedded_font::subset(truetype, texts));
        QPDFObjectHandle object = font.write(out_);
        return face{std::move(font), object};
    }

    result<> draw() {
        VANTHU_TRY(auto upright, load(request_.type.upright, upright_texts_));
        VANTHU_TRY(auto italic, load(request_.type.italic, italic_texts_));
        for (drawing& d : drawings_) {
            double width = d.where.width, height = d.where.height, size = d.what.size;
            auto face_of = [&](const text_line& line) -> const face& {
                return line.italic && italic ? *italic : *upright;
            };
            for (const text_line& line : d.what.lines) // a long name is set smaller rather than cut
                size = std::min(size, size * std::max(1.0, width - 4) /
                                          std::max(1.0, face_of(line).font.width(line.text, size)));
            double leading = size * 1.2,
                   top = d.what.at_bottom ? 2 + leading * static_cast<double>(d.what.lines.size())
                                          : height / 2 + leading * static_cast<double>(d.what.lines.size()) / 2;
            std::string content = d.what.is_field ? "/Tx BMC\n" : "";
            content += fmt::format("q\n0 0 {:.2f} {:.2f} re W n\nBT\n0 g\n", width, height);
            for (const text_line& line : d.what.lines) {
                top -= leading;
                double x = d.what.right_aligned ? width - 2 - face_of(line).font.width(line.text, size) : 2;
                content +=
                    fmt::format("/{} {:.3f} Tf\n1 0 0 1 {:.2f} {:.2f} Tm\n{} Tj\n", line.italic && italic ? "I" : "U",
                                size, x, top + size * 0.3, face_of(line).font.encoded(line.text));
            }
            content += d.what.is_field ? "ET\nQ\nEMC\n" : "ET\nQ\n";
            QPDFObjectHandle form = QPDFObjectHandle::parse(fmt::format(
                "<< /Type /XObject /Subtype /Form /BBox [0 0 {:.2f} {:.2f}] /Resources << /Font << >> >> >>", width,
                height));
            QPDFObjectHandle used = form.getKey("/Resources").getKey("/Font");
            if (upright) used.replaceKey("/U", upright->object);
            if (italic) used.replaceKey("/I", italic->object);
            QPDFObjectHandle appearance = QPDFObjectHandle::newDictionary();
            appearance.replaceKey("/N", out_.add_stream(form, content));
            d.widget.replaceKey("/AP", appearance);
            out_.changed(d.widget);
        }
        return {};
    }

    // --- the signature dictionary and the hole

    result<prepared> write() {
        VANTHU_CHECK(draw());
        std::string tail;
        if (!request_.signer_name.empty()) {
            VANTHU_CHECK(usable_text(request_.signer_name));
            tail += " /Name " + text_string(request_.signer_name);
        }
        if (request_.claimed_time) tail += " /M " + pdf_date(*request_.claimed_time);
        if (!references_.empty()) tail += " /Reference [" + references_ + "]";
        return form_.write_with_hole(signature_field_,
                                     "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", tail,
                                     request_.contents_size, certifies_);
    }

    struct drawing {
        QPDFObjectHandle widget;
        placement where;
        stamp what;
    };
    QPDF& qpdf_;
    update& out_;
    form& form_;
    const signature_request& request_;
    bool certifies_ = false;
    QPDFObjectHandle signature_field_;
    std::string lock_, references_;
    std::vector<drawing> drawings_;
    std::vector<std::string> upright_texts_, italic_texts_;
};

} // namespace

std::size_t contents_reserve(std::size_t chain_bytes, unsigned key_bits, bool with_time_stamp) {
    // Attributes and framing 2 KB, signature value, chain; a time stamp with its own chain was seen at 3.7 KB and
    // RSA-3072 with one at 12 KB in all. Never below 16 KB: the hole costs little, a second signature by hand costs
    // much.
    std::size_t need = 2048 + key_bits / 8 + chain_bytes + (with_time_stamp ? 12288 : 0);
    return std::max<std::size_t>(need, 16384);
}

result<prepared> prepare(bytes_view file, const signature_request& request) {
    if (file.size() > largest_file || request.contents_size > (std::size_t{1} << 24)) return failed(errc::too_large);
    VANTHU_TRY(document base, document::open(file));
    return guarded([&]() -> result<prepared> {
        update out(base);
        VANTHU_TRY(form into, form::open(base, out, intent::sign));
        return signing_run(base, out, into, request).run();
    });
}

result<bytes> finish(prepared p, bytes_view cms_der) {
    if (cms_der.size() > p.contents_size)
        return failed(errc::contents_too_small, fmt::format("{} > {}", cms_der.size(), p.contents_size));
    std::string hex = to_hex(cms_der);
    std::copy(hex.begin(), hex.end(), p.document.begin() + static_cast<std::ptrdiff_t>(p.byte_range[1] + 1));
    return std::move(p.document);
}

} // namespace vanthu::pdf

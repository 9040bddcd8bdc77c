#include "signing/pdf/sign.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/form.hpp"
#include "signing/pdf/laid_out.hpp"
#include "signing/pdf/layout.hpp"
#include "signing/pdf/place.hpp"
#include "signing/pdf/stamp.hpp"

#include <algorithm>
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

// Names of the fields that signatures bring along.
std::string_view field_base(profile kind) {
    switch (kind) {
    case profile::approved:
        return "vanthu_signature";
    case profile::initial:
        return "vanthu_initial";
    case profile::issued:
        return seal_field;
    case profile::appendix:
        return "vanthu_annex";
    case profile::copy:
        return "vanthu_copy";
    case profile::income:
        return "vanthu_income";
    case profile::comment:
        return "vanthu_comment";
    }
    return "vanthu_signature";
}

class signing_run {
public:
    signing_run(document& base, update& out, form& into, const signature_request& request)
        : qpdf_(base.qpdf()), out_(out), form_(into), texts_(into), request_(request),
          look_(request.look ? *request.look : default_appearance(request.kind)), stamps_(request.type, out) {}

    result<prepared> run() {
        VANTHU_CHECK(check(look_));
        choose_content();
        if (request_.kind == profile::issued)
            VANTHU_CHECK(issue());
        else
            VANTHU_CHECK(sign());
        return write();
    }

private:
    // The picture, and the lines that go with it.
    void choose_content() {
        if (look_.image != picture_rule::none) image_ = request_.image;
        if (image_ && look_.text == text_rule::without_picture) return;
        text_values v{request_.signer_name, request_.organisation, request_.number, "",
                      request_.comment,     request_.claimed_time};
        if (request_.kind == profile::copy) v.form = to_string(request_.form);
        for (std::string& line : shown_lines(look_, v)) lines_.push_back({std::move(line)});
    }

    // --- the profiles

    result<> sign() {
        if (lines_.empty() && !image_)
            return failed(request_.kind == profile::appendix ? errc::number_and_date_required : errc::text_required);
        if (request_.kind == profile::comment && request_.comment.empty()) return failed(errc::text_required);
        VANTHU_CHECK(wrap());
        VANTHU_TRY(content_size size, measured());
        VANTHU_TRY(chosen_place where, choose_place(form_, texts_, look_, request_, size));
        if (look_.lays_out_fields || request_.kind == profile::approved)
            VANTHU_CHECK(check_open_fields(form_.has_signature() ? filling::allowed : filling::none));
        // After a signature only signature fields may be added: number and date then go into the seal (contract of
        // `issued`).
        if (!form_.has_signature()) {
            if (look_.lays_out_fields) lay_out_texts();
            if (look_.lays_out_fields || request_.kind == profile::approved) lock_other_fields();
        }
        if (request_.kind == profile::approved && !form_.fields().find(seal_field)) lay_out_seal(where.whole);
        return add_signature(where);
    }

    // Those that the document brings; lock_other_fields() leaves them open.
    result<> check_open_fields(filling value) {
        for (std::string_view name : {number_field, date_field, seal_field})
            if (auto odd = unfit(form_.fields(), qpdf_, name, value))
                return failed(errc::field_unfit, fmt::format("{}: {}", name, *odd));
        return {};
    }

    // Locked by name: "all but these" would also forbid the signature field of a second leader in the eyes of strict
    // validators (pyHanko reads FieldMDP so).
    void lock_other_fields() {
        std::string others;
        for (const form_field& f : form_.fields().fields)
            if (!f.is_signature() && f.name != number_field && f.name != date_field) {
                others += text_string(f.name) + " ";
                write_looks(f);
            }
        if (!others.empty()) {
            lock_ = fmt::format("/Action /Include /Fields [{}]", others);
            references_ = field_mdp(lock_);
        }
        if (!request_.restrict_changes || request_.kind != profile::approved) return;
        references_ += "<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 "
                       "/P 2 >> >>";
        certifies_ = true;
    }

    // pyHanko takes a look that is older than the signature for one that changed after it, and any signature after the
    // one that locks the field for a breach: the looks become part of the revision that is signed.
    void write_looks(const form_field& f) {
        for (QPDFObjectHandle widget : f.widgets)
            for (const char* look : {"/N", "/R", "/D"})
                if (QPDFObjectHandle shown = widget.getKey("/AP").isDictionary() ? widget.getKey("/AP").getKey(look)
                                                                                 : QPDFObjectHandle::newNull();
                    shown.isStream())
                    out_.changed(shown);
    }

    result<> issue() {
        if (request_.number.empty() || request_.date.empty()) return failed(errc::number_and_date_required);
        VANTHU_CHECK(check_open_fields(filling::allowed));
        std::string filled;
        std::vector<stamp_line> first;
        for (auto [name, text, italic] :
             {std::tuple(number_field, &request_.number, false), std::tuple(date_field, &request_.date, true)}) {
            const form_field* f = form_.fields().find(name);
            if (!f) {
                first.push_back({(italic ? "" : "Số: ") + *text, italic});
                continue;
            }
            VANTHU_CHECK(fill(*f, *text, italic));
            filled += text_string(name) + " ";
        }
        lines_.insert(lines_.begin(), first.begin(), first.end());
        if (!filled.empty()) references_ = field_mdp(fmt::format("/Action /Include /Fields [{}]", filled));
        VANTHU_TRY(content_size size, measured());
        if (const form_field* seal = form_.fields().find(seal_field)) {
            if (!seal->is_signature() || seal->is_signed() || form_.locked(seal_field) || seal->widgets.size() != 1 ||
                !seal->object.isIndirect())
                return failed(errc::field_locked, std::string(seal_field));
            if (request_.place || !request_.anchor.empty()) return failed(errc::seal_place_is_fixed);
            VANTHU_TRY(placement where, form_.place_of(seal->widgets.front()));
            // A seal is never scaled: one that does not fit gets a field of its own size, and this one stays empty.
            bool fits = !image_ || (image_->width() <= where.width + 0.5 &&
                                    image_->height() + size.text_height <= where.height + 0.5);
            if (fits) {
                signature_field_ = seal->object;
                chosen_place at{where, {}};
                if (image_)
                    at.image = {0, where.width - image_->width(),
                                size.text_height + (where.height - size.text_height - image_->height()) / 2,
                                image_->width(), image_->height()};
                return show(seal->widgets.front(), at);
            }
        }
        VANTHU_TRY(chosen_place where, choose_place(form_, texts_, look_, request_, size));
        return add_signature(where);
    }

    // --- fields

    // Empty fields for number and date, as far as the document does not bring them and has a blank for them.
    void lay_out_texts() {
        bool any = false;
        for (auto [name, blank] :
             {std::pair(number_field, number_space(texts_)), std::pair(date_field, date_space(texts_))}) {
            if (!blank || form_.fields().find(name)) continue;
            const page_frame& page = form_.frame(1);
            blank->width = std::min(blank->width, page.width() - blank->x - 10);
            if (!is_in_heading(*blank, page.width(), page.height())) continue; // then it goes with the seal
            form_.add_field(name, "/Tx", 4, *blank).replaceKey("/DA", QPDFObjectHandle::newString("/TiRo 13 Tf 0 g"));
            any = true;
        }
        if (any) form_.add_times_font();
    }

    void lay_out_seal(const placement& leader) {
        placement where = beside(leader, layout::seal_width, layout::seal_height);
        form_.frame(where.page).shift_inside(where);
        QPDFObjectHandle seal = form_.add_field(seal_field, "/Sig", 4, where);
        seal.replaceKey("/Lock", out_.add_as(fmt::format("<< /Type /SigFieldLock /Action /Include /Fields [{} {}] >>",
                                                         text_string(number_field), text_string(date_field))));
    }

    result<> add_signature(const chosen_place& where) {
        // 132: printed, and not to be moved
        signature_field_ = form_.add_field(form_.free_name(field_base(request_.kind)), "/Sig", 132, where.whole);
        if (!lock_.empty())
            signature_field_.replaceKey("/Lock", out_.add_as("<< /Type /SigFieldLock " + lock_ + " >>"));
        return show(signature_field_, where);
    }

    result<> fill(const form_field& f, std::string text, bool italic) {
        bool empty = !f.value.isString() || f.value.getStringValue().empty();
        if (f.type != "/Tx" || !empty || form_.locked(f.name) || f.widgets.size() != 1 || !f.object.isIndirect())
            return failed(errc::field_locked, f.name);
        VANTHU_CHECK(usable_text(text));
        QPDFObjectHandle field = f.object, widget = f.widgets.front();
        VANTHU_TRY(placement where, form_.place_of(widget));
        // "Số:      /UBND-KGVX": the notation that is printed already is not written again.
        std::string printed = printed_behind(texts_, where.page, where);
        if (!printed.empty() && text.size() > printed.size() && text.ends_with(printed))
            text.resize(text.size() - printed.size());
        field.replaceKey("/V", QPDFObjectHandle::newUnicodeString(text));
        out_.changed(field);
        stamp shown{where.width, where.height, {{text, italic}}, 13};
        shown.is_field = true;
        shown.upright = form_.frame(where.page).upright();
        return stamps_.add(widget, std::move(shown));
    }

    std::string field_mdp(const std::string& lock) const {
        return fmt::format(
            "<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams << /Type /TransformParams /V /1.2 {} >> "
            "/Data {} >>",
            lock, qpdf_.getRoot().unparse());
    }

    // --- appearance

    // A long line at the head of the page goes on below.
    result<> wrap() {
        if (look_.place != place_rule::top_left && look_.place != place_rule::top_right) return {};
        const double room = form_.frame(1).width() * 0.45;
        std::vector<stamp_line> wrapped;
        for (const stamp_line& line : lines_) {
            std::string now;
            for (std::string_view rest = line.text; !rest.empty();) {
                std::size_t end = std::min(rest.find(' '), rest.size());
                std::string longer = now.empty() ? "" : now + " ";
                longer += rest.substr(0, end);
                VANTHU_TRY(double width, text_width(request_.type.upright, longer, look_.size));
                if (width > room && !now.empty()) {
                    wrapped.push_back({std::move(now)});
                    now = rest.substr(0, end);
                } else
                    now = std::move(longer);
                rest.remove_prefix(std::min(end + 1, rest.size()));
            }
            wrapped.push_back({std::move(now)});
        }
        lines_ = std::move(wrapped);
        return {};
    }

    result<content_size> measured() {
        content_size size{image_};
        for (const stamp_line& line : lines_) {
            const typeface& face = line.italic && request_.type.italic ? request_.type.italic : request_.type.upright;
            VANTHU_TRY(double width, text_width(face, line.text, look_.size));
            size.text_width = std::max(size.text_width, width + 4);
        }
        if (!lines_.empty()) size.text_height = look_.size * 1.2 * static_cast<double>(lines_.size()) + 2;
        return size;
    }

    result<> show(QPDFObjectHandle widget, const chosen_place& where) {
        stamp shown{where.whole.width, where.whole.height, lines_, look_.size};
        shown.right_aligned = look_.place == place_rule::top_right;
        shown.at_bottom = look_.place == place_rule::beside_leader || image_.has_value();
        shown.image = image_;
        shown.image_at = where.image;
        shown.upright = form_.frame(where.whole.page).upright();
        return stamps_.add(widget, std::move(shown));
    }

    result<prepared> write() {
        VANTHU_CHECK(stamps_.draw());
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

    QPDF& qpdf_;
    update& out_;
    form& form_;
    page_texts texts_;
    const signature_request& request_;
    const appearance look_;
    stamps stamps_;
    std::optional<picture> image_;
    std::vector<stamp_line> lines_;
    QPDFObjectHandle signature_field_;
    std::string lock_, references_;
    bool certifies_ = false;
};

} // namespace

std::optional<profile> profile_of_field(std::string_view name) {
    for (int p = static_cast<int>(profile::approved); p <= static_cast<int>(profile::comment); ++p) {
        const std::string_view base = field_base(static_cast<profile>(p));
        if (!name.starts_with(base)) continue;
        const std::string_view number = name.substr(base.size());
        if (number.empty() ||
            (number.size() > 1 && number[0] == '_' && number.find_first_not_of("0123456789", 1) == number.npos))
            return static_cast<profile>(p);
    }
    return std::nullopt;
}

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

// The form of a PDF while a revision is prepared: what is locked, new fields, their place on the pages, the signature
// dictionary with its hole. Internal to signing/pdf.
#pragma once

#include "signing/pdf/frame.hpp"
#include "signing/pdf/sign.hpp"
#include "signing/pdf/update.hpp"

namespace vanthu::pdf {

enum class intent { sign, keep }; // keep: evidence and time stamps, which no signature forbids (12.8.2.2)

std::string text_string(std::string_view utf8); // as a PDF token

class form {
public:
    // Reads every object, so that damage shows now and not after signing. errc::damaged, xfa_form, changes_forbidden,
    // changed_after_signing.
    static result<form> open(document& base, update& out, intent what);

    const field_tree& fields() const { return fields_; }
    const std::vector<QPDFObjectHandle>& pages() const { return pages_; }
    bool has_signature() const { return has_signature_; }
    bool locked(std::string_view field) const;
    const page_frame& frame(int page) const;

    // Where the visible signatures of a page stand (empty signature fields are not signatures).
    std::vector<placement> signatures(int page) const;
    // The newest visible signature of a person ("vanthu_signature"), else of anybody.
    std::optional<placement> last_signature() const;
    // Where a widget is seen; errc::damaged if it has no rectangle or no page.
    result<placement> place_of(QPDFObjectHandle widget) const;

    // `base`, or base_2, base_3 ...: the first name no field of the document has.
    std::string free_name(std::string_view base) const;
    // A field that is its own widget, in the form and on its page.
    // `type` and `flags`: its entries /FT and /F.
    QPDFObjectHandle add_field(std::string_view name, const std::string& type, int flags, const placement& where);
    void add_times_font(); // /TiRo, which default appearances name
    // Catalogue entry below PDF 2.0: the file uses extensions of ETSI (ESIC).
    void name_etsi_extension();

    // Gives `field` a signature value whose dictionary has `head` entries before /ByteRange and `tail` entries after
    // /Contents, and writes the revision.
    result<prepared> write_with_hole(QPDFObjectHandle field, std::string head, std::string_view tail, std::size_t size,
                                     bool certifies);

private:
    form(document& base, update& out) : out_(out), qpdf_(base.qpdf()) {}
    QPDFObjectHandle dictionary();

    update& out_;
    QPDF& qpdf_;
    field_tree fields_;
    std::vector<QPDFObjectHandle> pages_;
    mutable std::map<int, page_frame> frames_; // of pages that were asked for
    std::map<QPDFObjGen, int> page_numbers_;
    std::vector<permissions> forbidden_; // by the signatures already there
    bool has_signature_ = false;
};

} // namespace vanthu::pdf

// A PDF as QPDF reads it, without repair. Internal to signing/pdf.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"
#include "signing/pdf/qpdf.hpp"
#include "signing/pdf/soundness.hpp"

#include <memory>
#include <optional>
#include <set>

namespace vanthu::pdf {

enum class xref_kind { table, stream };

class document {
public:
    // Recovery is off: what QPDF would have to guess is errc::damaged. Encrypted files are errc::encrypted.
    // The bytes must outlive the document.
    static result<document> open(bytes_view file);

    QPDF& qpdf() const { return *qpdf_; }
    bytes_view file() const { return file_; }
    std::size_t header_at() const { return header_at_; } // of "%PDF-"; every offset in the file counts from here
    std::size_t startxref() const { return startxref_; } // the last one, as written in the file
    xref_kind kind() const { return kind_; }
    QPDFObjectHandle root() const { return qpdf_->getRoot(); }
    // Texts of QPDF's warnings since the last call.
    std::vector<std::string> take_warnings() const;

    // Is every object to be read? Damage that is not seen here is among QPDF's warnings then. Throws what QPDF throws.
    void read_every_object();
    // The same for who needs few of them: where the bytes of all are found plainest, QPDF reads none, and is given the
    // dictionaries with a /ByteRange, whose values are long (load_if_plain(), described). Their ids; nullopt: not plain,
    // nothing was done. Throws what QPDF throws.
    std::optional<std::vector<QPDFObjGen>> find_ranges();
    // Were their bytes found plainest (soundness.hpp)? False before read_every_object() or find_ranges().
    bool is_sound() const { return sound_; }
    bool has_object(QPDFObjGen id) const { return known_.contains(id); } // Precondition: read_every_object()
    // Makes `value` an indirect object under a number that nothing in the file has or refers to. QPDF's own
    // makeIndirectObject() would first parse the whole file.
    QPDFObjectHandle make_indirect(QPDFObjectHandle value);

private:
    std::optional<std::vector<object_place>> plain_places() const;
    std::shared_ptr<QPDF> qpdf_;
    bytes_view file_;
    std::size_t header_at_ = 0, startxref_ = 0;
    xref_kind kind_ = xref_kind::table;
    std::map<QPDFObjGen, QPDFXRefEntry> known_;
    bool sound_ = false;
    int next_number_ = 0; // 0: not known yet
};

// A terminal form field with what it inherits.
struct form_field {
    mutable QPDFObjectHandle object; // a handle; its accessors are not const
    std::string name;                // full, parts joined by '.'
    std::string type;                // "/Sig", "/Tx", "/Btn", "/Ch", "" if none
    mutable QPDFObjectHandle value;
    std::vector<QPDFObjectHandle> widgets;
    bool is_signature() const { return type == "/Sig"; }
    bool is_signed() const { return is_signature() && value.isDictionary(); }
};

struct field_limits {
    std::size_t count = 20'000;
    int depth = 60;
};

struct field_tree {
    std::vector<form_field> fields;
    bool exceeded = false; // limits, or a cycle
    const form_field* find(std::string_view name) const;
};
// Walks /AcroForm /Fields. Throws what QPDF throws.
field_tree read_fields(QPDF& qpdf, const field_limits& limits = {});

// What one signature forbids. Source: ISO 32000-2 12.8.2.2, 12.8.2.4.
struct permissions {
    int docmdp = 0;                 // 1, 2, 3; 0: not a certification
    bool lock_all = false;          // FieldMDP /All
    bool lock_all_but = false;      // FieldMDP /Exclude: `names` stay open
    std::vector<std::string> names; // /Include (or /Exclude, see above)
    bool locks(std::string_view field) const;
};
std::vector<permissions> permissions_of(const form_field& signature);

// The reader's exceptions as a failure; for code that touches QPDF.
fail failure_of_current_exception();

template <class Body> auto guarded(Body body) -> decltype(body()) {
    try {
        return body();
    } catch (...) {
        return failure_of_current_exception();
    }
}

} // namespace vanthu::pdf

// Which parts of a signed PDF a later revision may change, told by what refers to them. Internal to signing/pdf.
//
// What an object means is decided by who refers to it, not by its own /Type: the dictionary of a page can be a table of
// drawings at the same time, and a new /Annots would then be a new drawing. So an object has a role only if every
// reference to it in the signed revision, also one from an object that nothing uses, belongs to that role.
#pragma once

#include "signing/pdf/references.hpp"

namespace vanthu::pdf {

class roles {
public:
    // Both must outlive this, and `references` be those of `before`.
    roles(const document& before, const reference_index& references);

    bool is_catalogue(QPDFObjGen id) const { return catalogue_ && id == root_; }
    bool is_page(QPDFObjGen id) const;
    // An object of a form field: in the list of fields, below its parent, on a page.
    bool is_field(QPDFObjGen id) const;
    bool is_information(QPDFObjGen id) const;
    bool is_form(QPDFObjGen id) const;
    bool is_field_list(QPDFObjGen id) const;
    bool is_form_resources(QPDFObjGen id) const;
    bool is_annotation_list(QPDFObjGen id) const;
    bool is_metadata(QPDFObjGen id) const;
    bool is_extensions(QPDFObjGen id) const;
    // Reached through /DSS of the catalogue and no other way.
    bool is_evidence(QPDFObjGen id) const { return is_evidence(id, 0); }
    // A cross-reference or object stream: it holds the file together and shows nothing, unless something refers to it.
    bool is_container(QPDFObjGen id) const;

    // Does it call itself a page, whatever else it is?
    bool is_called_page(QPDFObjGen id) const;
    static bool is_called_container(QPDFObjectHandle object);

    // Do all references to `id` (and there are some) come from places that `accepts`?
    template <class Accepts> bool only_from(QPDFObjGen id, Accepts accepts) const {
        auto all = references_.of(id);
        return !all.empty() && std::all_of(all.begin(), all.end(), accepts);
    }

private:
    bool is_evidence(QPDFObjGen id, int depth) const;
    bool from_trailer(const reference& r, std::string_view path) const;
    // An entry of the form dictionary, which may stand in the catalogue or by itself.
    bool from_form(const reference& r, std::string_view path) const;
    QPDFObjectHandle object(QPDFObjGen id) const { return before_.qpdf().getObject(id); }

    const document& before_;
    const reference_index& references_;
    QPDFObjGen root_, form_; // form_: 0 0 where it stands in the catalogue
    bool catalogue_ = false, form_alone_ = false;
};

} // namespace vanthu::pdf

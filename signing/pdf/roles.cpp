#include "signing/pdf/roles.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

std::string_view last_key(const std::string& path) { return std::string_view(path).substr(path.rfind('/') + 1); }

// Entries whose value nobody reads as a table of things to draw.
bool ends_in(const reference& r, std::initializer_list<std::string_view> keys) {
    return std::find(keys.begin(), keys.end(), last_key(r.path)) != keys.end();
}

} // namespace

roles::roles(const document& before, const reference_index& references)
    : before_(before), references_(references), root_(before.root().getObjGen()) {
    // /Data: a signature's reference dictionary names the catalogue (12.8.1).
    catalogue_ = only_from(root_, [&](const reference& r) { return from_trailer(r, "/Root") || ends_in(r, {"Data"}); });
    QPDFObjectHandle form = before.root().getKey("/AcroForm");
    if (form.isIndirect()) form_ = form.getObjGen();
    form_alone_ = catalogue_ && form.isIndirect() &&
                  only_from(form_, [&](const reference& r) { return r.from == root_ && r.path == "/AcroForm"; });
}

bool roles::from_trailer(const reference& r, std::string_view path) const {
    if (r.path != path) return false;
    return r.from == QPDFObjGen() || is_called_container(object(r.from)); // a cross-reference stream is a trailer too
}

bool roles::from_form(const reference& r, std::string_view path) const {
    if (catalogue_ && r.from == root_ && r.path == "/AcroForm" + std::string(path)) return true;
    return form_alone_ && r.from == form_ && r.path == path;
}

bool roles::is_called_page(QPDFObjGen id) const {
    QPDFObjectHandle o = object(id);
    return o.isDictionary() && o.getKey("/Type").isNameAndEquals("/Page");
}

// A page stands in lists (the page tree, destinations) and is named by what stands on it.
bool roles::is_page(QPDFObjGen id) const {
    return is_called_page(id) && only_from(id, [](const reference& r) { return ends_in(r, {"*", "P", "Pg"}); });
}

bool roles::is_field(QPDFObjGen id) const {
    return only_from(id, [](const reference& r) { return ends_in(r, {"*", "Parent", "Obj", "T"}); });
}

bool roles::is_information(QPDFObjGen id) const {
    return only_from(id, [&](const reference& r) { return from_trailer(r, "/Info"); });
}

bool roles::is_form(QPDFObjGen id) const { return form_alone_ && id == form_; }

bool roles::is_field_list(QPDFObjGen id) const {
    return only_from(id, [&](const reference& r) { return from_form(r, "/Fields"); });
}

bool roles::is_form_resources(QPDFObjGen id) const {
    return only_from(id, [&](const reference& r) { return from_form(r, "/DR") || from_form(r, "/DR/Font"); });
}

bool roles::is_annotation_list(QPDFObjGen id) const {
    return only_from(id, [&](const reference& r) { return r.path == "/Annots" && is_page(r.from); });
}

bool roles::is_metadata(QPDFObjGen id) const {
    return catalogue_ && only_from(id, [&](const reference& r) { return r.from == root_ && r.path == "/Metadata"; });
}

bool roles::is_extensions(QPDFObjGen id) const {
    return catalogue_ && only_from(id, [&](const reference& r) { return r.from == root_ && r.path == "/Extensions"; });
}

bool roles::is_evidence(QPDFObjGen id, int depth) const {
    return catalogue_ && depth < 4 &&
           only_from(
               id,
               [&](const reference& r) {
                   if (r.from == root_) return r.path == "/DSS" || r.path.starts_with("/DSS/");
                   // A member of a part of the store that itself changed.
                   return references_.contains(r.from) && is_evidence(r.from, depth + 1);
               });
}

bool roles::is_called_container(QPDFObjectHandle o) {
    if (!o.isStream()) return false;
    QPDFObjectHandle type = o.getDict().getKey("/Type");
    return type.isNameAndEquals("/XRef") || type.isNameAndEquals("/ObjStm");
}

bool roles::is_container(QPDFObjGen id) const {
    if (!is_called_container(object(id))) return false;
    auto all = references_.of(id);
    return std::all_of(all.begin(), all.end(),
                       [&](const reference& r) { return r.path == "/Extends" && is_called_container(object(r.from)); });
}

} // namespace vanthu::pdf

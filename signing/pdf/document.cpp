#include "signing/pdf/document.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/plain_object.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::pdf {
namespace {

// The number after the last "startxref". Readers look for it near the end, and repair the file where they do not find
// it: in the last 1000 bytes some (poppler, MuPDF: 1024), others further up (QPDF: 1054). Source: ISO 32000-2 7.5.5.
std::optional<std::size_t> last_startxref(std::string_view file) {
    constexpr std::size_t seen_by_all = 1000;
    std::string_view tail = file.substr(file.size() > seen_by_all ? file.size() - seen_by_all : 0);
    std::size_t at = tail.rfind("startxref");
    if (at == tail.npos) return std::nullopt;
    at = tail.find_first_not_of(" \r\n\t", at + 9);
    if (at == tail.npos) return std::nullopt;
    std::size_t value = 0;
    auto [end, error] = std::from_chars(tail.data() + at, tail.data() + tail.size(), value);
    if (error != std::errc{}) return std::nullopt;
    return value;
}

struct walk {
    const field_limits& limits;
    field_tree tree;
    std::set<QPDFObjGen> seen;

    void visit(QPDFObjectHandle node, std::string name, std::string type, QPDFObjectHandle value, int depth) {
        if (!node.isDictionary()) return;
        if (depth > limits.depth || tree.fields.size() >= limits.count ||
            (node.isIndirect() && !seen.insert(node.getObjGen()).second)) {
            tree.exceeded = true;
            return;
        }
        if (QPDFObjectHandle t = node.getKey("/T"); t.isString()) name += (name.empty() ? "" : ".") + t.getUTF8Value();
        if (QPDFObjectHandle ft = node.getKey("/FT"); ft.isName()) type = ft.getName();
        if (QPDFObjectHandle v = node.getKey("/V"); !v.isNull()) value = v;
        QPDFObjectHandle kids = node.getKey("/Kids");
        form_field leaf{node, name, type, value, {}};
        bool has_child_fields = false;
        if (kids.isArray())
            for (int i = 0, n = kids.getArrayNItems(); i < n; ++i) {
                QPDFObjectHandle kid = kids.getArrayItem(i);
                if (kid.isDictionary() && kid.hasKey("/T")) {
                    has_child_fields = true;
                    visit(kid, name, type, value, depth + 1);
                } else if (kid.isDictionary())
                    leaf.widgets.push_back(kid);
            }
        if (has_child_fields) return;
        if (node.getKey("/Subtype").isNameAndEquals("/Widget")) leaf.widgets.push_back(node);
        tree.fields.push_back(std::move(leaf));
    }
};

void read_lock(QPDFObjectHandle params, permissions& out) {
    QPDFObjectHandle action = params.getKey("/Action");
    if (action.isNameAndEquals("/All")) out.lock_all = true;
    if (action.isNameAndEquals("/Exclude")) out.lock_all_but = true;
    if (QPDFObjectHandle names = params.getKey("/Fields"); names.isArray())
        for (int i = 0, n = names.getArrayNItems(); i < n; ++i)
            if (names.getArrayItem(i).isString()) out.names.push_back(names.getArrayItem(i).getUTF8Value());
}

} // namespace

fail failure_of_current_exception() {
    try {
        throw;
    } catch (const std::bad_alloc&) {
        return failed(errc::too_large, "memory");
    } catch (const QPDFExc& e) {
        return failed(e.getErrorCode() == qpdf_e_password ? errc::encrypted : errc::damaged, e.what());
    } catch (const std::exception& e) {
        return failed(errc::damaged, e.what());
    }
}

result<document> document::open(bytes_view file) {
    std::size_t header = as_text(file.first(std::min<std::size_t>(file.size(), 1024))).find("%PDF-");
    if (header == std::string_view::npos) return failed(errc::not_a_pdf);
    return guarded([&]() -> result<document> {
        document d;
        d.file_ = file;
        d.header_at_ = header;
        d.qpdf_ = QPDF::create();
        d.qpdf_->setSuppressWarnings(true);
        d.qpdf_->setAttemptRecovery(false);
        d.qpdf_->processMemoryFile("document", reinterpret_cast<const char*>(file.data()), file.size());
        if (d.qpdf_->isEncrypted()) return failed(errc::encrypted);
        auto startxref = last_startxref(as_text(file));
        if (!startxref || *startxref >= file.size() - header) return failed(errc::damaged, "startxref");
        d.startxref_ = *startxref;
        std::string_view at = as_text(file).substr(header + *startxref);
        at.remove_prefix(std::min(at.find_first_not_of(std::string_view(" \t\r\n\f\0", 6)), at.size()));
        d.kind_ = at.starts_with("xref") ? xref_kind::table : xref_kind::stream;
        d.known_ = d.qpdf_->getXRefTable();
        if (QPDFObjectHandle root = d.qpdf_->getTrailer().getKey("/Root"); root.isIndirect())
            if (auto entry = d.known_.find(root.getObjGen()); entry != d.known_.end() && entry->second.getType() == 1)
                load_if_plain(
                    *d.qpdf_, as_text(file).substr(header),
                    {root.getObjectID(), root.getGeneration(), static_cast<std::size_t>(entry->second.getOffset())});
        if (!d.root().isDictionary() || !d.root().isIndirect()) return failed(errc::damaged, "no catalogue");
        return d;
    });
}

std::vector<std::string> document::take_warnings() const {
    std::vector<std::string> texts;
    for (const QPDFExc& w : qpdf_->getWarnings()) texts.emplace_back(w.what());
    return texts;
}

namespace {

// Of the references in the trailer; it may name objects that nothing else does.
int highest_reference(QPDFObjectHandle part, int depth = 0) {
    int highest = 0;
    if (part.isIndirect())
        highest = part.getObjectID();
    else if (depth < 40 && part.isArray())
        for (int i = 0, n = part.getArrayNItems(); i < n; ++i)
            highest = std::max(highest, highest_reference(part.getArrayItem(i), depth + 1));
    else if (depth < 40 && part.isDictionary())
        for (const auto& [key, value] : part.getDictAsMap()) // getKeys() leaves out what leads nowhere
            highest = std::max(highest, highest_reference(value, depth + 1));
    return highest;
}

} // namespace

namespace {

// The highest number that /Size counts. A cross-reference stream that does not list itself counts.
int highest_counted(QPDFObjectHandle trailer) {
    QPDFObjectHandle size = trailer.getKey("/Size");
    return size.isInteger() && size.getIntValue() > 0 && size.getIntValue() <= 8'388'608
               ? static_cast<int>(size.getIntValue()) - 1
               : 0;
}

} // namespace

// nullopt: one is in an object stream.
std::optional<std::vector<object_place>> document::plain_places() const {
    std::vector<object_place> places;
    places.reserve(known_.size());
    for (const auto& [id, entry] : known_) {
        if (entry.getType() != 1 || entry.getOffset() <= 0) return std::nullopt;
        places.push_back({id.getObj(), id.getGen(), static_cast<std::size_t>(entry.getOffset())});
    }
    return places;
}

std::optional<std::vector<QPDFObjGen>> document::find_ranges() {
    const auto places = plain_places();
    if (!places) return std::nullopt;
    const std::string_view from_header = as_text(file_).substr(header_at_);
    std::vector<object_place> ranges;
    sound_ = highest_number_if_sound(from_header, *places, &ranges).has_value();
    if (!sound_) return std::nullopt;
    std::vector<QPDFObjGen> ids;
    for (const object_place& one : ranges) {
        load_if_plain(*qpdf_, from_header, one, true);
        ids.emplace_back(one.id, one.generation);
    }
    return ids;
}

void document::read_every_object() {
    const auto places = plain_places();
    const std::string_view from_header = as_text(file_).substr(header_at_);
    auto highest = places ? highest_number_if_sound(from_header, *places) : std::nullopt;
    sound_ = highest.has_value();
    if (highest) load_trees(*qpdf_, from_header, *places);
    next_number_ = 1 + std::max(highest_counted(qpdf_->getTrailer()),
                                highest ? std::max(*highest, highest_reference(qpdf_->getTrailer()))
                                        : static_cast<int>(qpdf_->getObjectCount())); // which reads them all
}

QPDFObjectHandle document::make_indirect(QPDFObjectHandle value) {
    if (next_number_ == 0)
        next_number_ = 1 + std::max(highest_counted(qpdf_->getTrailer()), static_cast<int>(qpdf_->getObjectCount()));
    const QPDFObjGen id(next_number_++, 0);
    qpdf_->replaceObject(id, value);
    return qpdf_->getObject(id);
}

const form_field* field_tree::find(std::string_view name) const {
    auto it = std::find_if(fields.begin(), fields.end(), [&](const form_field& f) { return f.name == name; });
    return it == fields.end() ? nullptr : &*it;
}

field_tree read_fields(QPDF& qpdf, const field_limits& limits) {
    walk w{limits, {}, {}};
    QPDFObjectHandle form = qpdf.getRoot().getKey("/AcroForm");
    if (!form.isDictionary()) return {};
    QPDFObjectHandle fields = form.getKey("/Fields");
    if (fields.isArray())
        for (int i = 0, n = fields.getArrayNItems(); i < n; ++i)
            w.visit(fields.getArrayItem(i), "", "", QPDFObjectHandle::newNull(), 0);
    return std::move(w.tree);
}

bool permissions::locks(std::string_view field) const {
    if (lock_all) return true;
    // A name stands for the field and everything below it.
    bool named = std::any_of(names.begin(), names.end(), [&](const std::string& n) {
        return field == n || (field.starts_with(n) && field.substr(n.size()).starts_with('.'));
    });
    return lock_all_but ? !named : named;
}

std::vector<permissions> permissions_of(const form_field& signature) {
    std::vector<permissions> all;
    QPDFObjectHandle references =
        signature.value.isDictionary() ? signature.value.getKey("/Reference") : QPDFObjectHandle::newNull();
    if (references.isArray())
        for (int i = 0, n = references.getArrayNItems(); i < n; ++i) {
            QPDFObjectHandle reference = references.getArrayItem(i);
            if (!reference.isDictionary()) continue;
            QPDFObjectHandle method = reference.getKey("/TransformMethod"),
                             params = reference.getKey("/TransformParams");
            permissions p;
            if (method.isNameAndEquals("/DocMDP")) {
                p.docmdp = 2; // the default of /P
                if (params.isDictionary() && params.getKey("/P").isInteger())
                    p.docmdp = params.getKey("/P").getIntValueAsInt();
            } else if (method.isNameAndEquals("/FieldMDP") && params.isDictionary())
                read_lock(params, p);
            else
                continue;
            all.push_back(std::move(p));
        }
    if (QPDFObjectHandle lock = signature.object.getKey("/Lock"); lock.isDictionary()) {
        permissions p;
        read_lock(lock, p);
        if (lock.getKey("/P").isInteger()) p.docmdp = lock.getKey("/P").getIntValueAsInt();
        all.push_back(std::move(p));
    }
    return all;
}

} // namespace vanthu::pdf

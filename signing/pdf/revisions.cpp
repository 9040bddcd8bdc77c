#include "signing/pdf/revisions.hpp"

#include "signing/pdf/harmless.hpp"
#include "signing/pdf/new_field.hpp"
#include "signing/pdf/respelled.hpp"
#include "signing/pdf/roles.hpp"
#include "signing/pdf/security_store.hpp"

#include <algorithm>

namespace vanthu::pdf {
namespace {

bool same_entry(const QPDFXRefEntry& a, const QPDFXRefEntry& b) {
    if (a.getType() != b.getType()) return false;
    if (a.getType() == 1) return a.getOffset() == b.getOffset();
    return a.getObjStreamNumber() == b.getObjStreamNumber() && a.getObjStreamIndex() == b.getObjStreamIndex();
}

bool same_value(QPDFObjectHandle a, QPDFObjectHandle b) {
    if (a.isStream() != b.isStream()) return false;
    if (!a.isStream()) return a.unparseResolved() == b.unparseResolved();
    if (a.getDict().unparseResolved() != b.getDict().unparseResolved()) return false;
    auto x = a.getRawStreamData(), y = b.getRawStreamData();
    return x->getSize() == y->getSize() && std::equal(x->getBuffer(), x->getBuffer() + x->getSize(), y->getBuffer());
}

std::string written(QPDFObjectHandle value) { return value.isNull() ? std::string("null") : value.unparse(); }

class comparison {
public:
    comparison(const opened_revision& before, const opened_revision& after, const reference_index& references)
        : before_(before.file), after_(after.file), old_table_(before.table), new_table_(after.table),
          old_fields_(before.fields), new_fields_(after.fields), references_(references),
          roles_(before.file, references) {}

    void run() {
        compare_trailers();
        find_differences();
        if (old_fields_.exceeded || new_fields_.exceeded) return forbid("fields_unreadable");
        index_fields();
        for (QPDFObjGen id : fresh_)
            if (references_.contains(id)) forbid("missing_object_supplied");
        for (QPDFObjGen id : altered_) classify(id);
        check_new_fields();
        if (noted(change_kind::evidence_added) && !is_plain_security_store(after_.root().getKey("/DSS")))
            forbid("security_store_odd");
    }

    // A revision that brings evidence only brings nothing else, not even what nothing uses (yet). `references` are
    // those of the later revision.
    void check_unused(const reference_index& references) {
        bool evidence_only = std::all_of(changes_.begin(), changes_.end(), [](const change& c) {
            return c.kind == change_kind::evidence_added || c.kind == change_kind::timestamp_added ||
                   c.kind == change_kind::metadata_updated || c.kind == change_kind::resources_added;
        });
        if (!evidence_only) return;
        std::set<QPDFObjGen> used;
        std::vector<QPDFObjGen> open;
        auto use = [&](QPDFObjGen id) {
            if (fresh_.contains(id) && used.insert(id).second) open.push_back(id);
        };
        for (QPDFObjGen id : fresh_)
            for (const reference& r : references.of(id))
                if (!fresh_.contains(r.from)) use(id);
        while (!open.empty()) {
            QPDFObjGen id = open.back();
            open.pop_back();
            for (QPDFObjGen to : references.from(id)) use(to);
        }
        for (QPDFObjGen id : fresh_)
            if (!used.contains(id) && !roles::is_called_container(new_object(id)) && !is_flat(new_object(id)))
                return forbid("unused_object_added");
    }

    std::vector<change> changes() { return std::move(changes_); }
    std::set<QPDFObjGen> changed_objects() const {
        std::set<QPDFObjGen> all = altered_;
        all.insert(fresh_.begin(), fresh_.end());
        return all;
    }

private:
    void note(change_kind kind, std::string what = {}) {
        change c{kind, std::move(what)};
        if (std::find(changes_.begin(), changes_.end(), c) == changes_.end()) changes_.push_back(std::move(c));
    }
    bool noted(change_kind kind) const {
        return std::any_of(changes_.begin(), changes_.end(), [&](const change& c) { return c.kind == kind; });
    }
    void forbid(std::string what) { note(change_kind::forbidden, std::move(what)); }

    QPDFObjectHandle old_object(QPDFObjGen id) const { return before_.qpdf().getObject(id); }
    QPDFObjectHandle new_object(QPDFObjGen id) const { return after_.qpdf().getObject(id); }
    bool is_fresh(QPDFObjectHandle object) const { return object.isIndirect() && fresh_.contains(object.getObjGen()); }

    void compare_trailers() {
        QPDFObjectHandle a = before_.qpdf().getTrailer(), b = after_.qpdf().getTrailer();
        if (written(a.getKey("/Root")) != written(b.getKey("/Root"))) forbid("catalogue_replaced");
        if (b.hasKey("/Encrypt")) forbid("encryption_added");
        if (QPDFObjectHandle id = a.getKey("/ID"); id.isArray() && id.getArrayNItems() > 0) {
            QPDFObjectHandle now = b.getKey("/ID");
            if (!now.isArray() || now.getArrayNItems() == 0 ||
                written(id.getArrayItem(0)) != written(now.getArrayItem(0)))
                note(change_kind::metadata_updated); // iText 4 makes a new one; only encryption rests on it
        }
        if (written(a.getKey("/Info")) != written(b.getKey("/Info"))) information(a.getKey("/Info"), b.getKey("/Info"));
    }

    void find_differences() {
        for (const auto& [id, entry] : old_table_)
            if (!new_table_.contains(id)) forbid("object_removed");
        auto entry_changed = [&](QPDFObjGen id) {
            auto was = old_table_.find(id);
            auto is = new_table_.find(id);
            return was == old_table_.end() || is == new_table_.end() || !same_entry(was->second, is->second);
        };
        for (const auto& [id, entry] : new_table_) {
            auto was = old_table_.find(id);
            if (was == old_table_.end()) {
                fresh_.insert(id);
                continue;
            }
            bool moved =
                entry_changed(id) || (entry.getType() == 2 && entry_changed(QPDFObjGen(entry.getObjStreamNumber(), 0)));
            if (!moved || same_value(old_object(id), new_object(id))) continue;
            if (roles_.is_container(id) && roles::is_called_container(new_object(id))) continue;
            altered_.insert(id);
        }
    }

    void index_fields() {
        auto index = [](const field_tree& tree, std::map<QPDFObjGen, const form_field*>& by_object) {
            for (const form_field& f : tree.fields) {
                if (f.object.isIndirect()) by_object[f.object.getObjGen()] = &f;
                for (QPDFObjectHandle w : f.widgets)
                    if (w.isIndirect()) by_object[w.getObjGen()] = &f;
            }
        };
        index(old_fields_, old_by_object_);
        index(new_fields_, new_by_object_);
    }

    void classify(QPDFObjGen id) {
        QPDFObjectHandle was = old_object(id), is = new_object(id);
        if (!references_.contains(id)) return; // nothing in use then: it has an effect only like a new object
        if (roles_.is_catalogue(id)) return catalogue(was, is);
        if (roles_.is_page(id)) return page(was, is);
        if (auto f = old_by_object_.find(id); f != old_by_object_.end() && roles_.is_field(id))
            return field(*f->second, was, is);
        if (roles_.is_information(id)) return information(was, is);
        if (roles_.is_form(id)) return form_dictionary(was, is);
        if (roles_.is_field_list(id)) return field_list(was, is);
        if (roles_.is_form_resources(id)) return resources(was, is);
        if (roles_.is_annotation_list(id)) return annotations(was, is);
        if (roles_.is_metadata(id)) return metadata(is);
        if (roles_.is_extensions(id)) return note(change_kind::metadata_updated);
        if (roles_.is_evidence(id)) return note(change_kind::evidence_added);
        if (was.isStream() && is.isStream() && appearance_of_signature(id)) return;
        if (appearance(id, was, is)) return;
        forbid(was.isStream() ? "stream_changed" : "object_changed");
    }

    void catalogue(QPDFObjectHandle was, QPDFObjectHandle is) {
        for (const std::string& key : differing_keys(was, is, &is_text_of_catalogue)) {
            if (key == "/AcroForm")
                form_dictionary(was.getKey(key), is.getKey(key));
            else if (key == "/DSS" && is.getKey(key).isDictionary())
                note(change_kind::evidence_added);
            else if (key == "/Metadata")
                metadata(is.getKey(key));
            else if (key == "/Version" || (key == "/Extensions" && is_plain_extensions(is.getKey(key))))
                note(change_kind::metadata_updated);
            else
                forbid("catalogue_changed:" + key.substr(1));
        }
    }

    void page(QPDFObjectHandle was, QPDFObjectHandle is) {
        for (const std::string& key : differing_keys(was, is)) {
            if (key == "/Annots")
                annotations(was.getKey(key), is.getKey(key));
            else
                forbid("page_changed:" + key.substr(1));
        }
    }

    // XMP, which no reader draws.
    void metadata(QPDFObjectHandle is) {
        QPDFObjectHandle kind = is.isStream() ? is.getDict().getKey("/Subtype") : QPDFObjectHandle::newNull();
        if (kind.isNameAndEquals("/XML"))
            note(change_kind::metadata_updated);
        else
            forbid("metadata_odd");
    }

    void information(QPDFObjectHandle was, QPDFObjectHandle is) {
        for (const std::string& key : differing_keys(was, is, &is_any)) {
            if (key == "/ModDate" || key == "/CreationDate" || key == "/Producer") // some write both dates anew
                note(change_kind::metadata_updated);
            else
                forbid("information_changed:" + key.substr(1));
        }
    }

    void form_dictionary(QPDFObjectHandle was, QPDFObjectHandle is) {
        if (!is.isDictionary()) return forbid("form_removed");
        for (const std::string& key : differing_keys(was, is)) {
            QPDFObjectHandle a = was.isDictionary() ? was.getKey(key) : QPDFObjectHandle::newNull(), b = is.getKey(key);
            if (key == "/Fields")
                field_list(a, b);
            else if (key == "/DR")
                resources(a, b);
            else if (key == "/SigFlags" && b.isInteger() &&
                     (!a.isInteger() || (a.getIntValue() & ~b.getIntValue()) == 0))
                continue;
            else if (key == "/NeedAppearances" && (b.isBool() || b.isNull()) && !is_true(b) &&
                     !(is_true(a) && has_value_field()))
                continue; // from true, prepared pictures would replace what readers drew from the values
            else if (key == "/DA" && a.isNull() && b.isString() && !has_value_field("/DA"))
                continue; // else a value that nothing drew so far could be drawn
            else
                forbid("form_changed:" + key.substr(1));
        }
    }

    static bool is_true(QPDFObjectHandle o) { return o.isBool() && o.getBoolValue(); }
    // Is there a field that shows a text, and has no entry `without` of its own?
    bool has_value_field(const char* without = nullptr) const {
        return std::any_of(old_fields_.fields.begin(), old_fields_.fields.end(), [&](const form_field& f) {
            return !f.is_signature() && f.type != "/Btn" && !(without && f.object.hasKey(without));
        });
    }

    // Everything that was there stays, in its order; new members are judged by `added`.
    template <class Added> void grown(QPDFObjectHandle was, QPDFObjectHandle is, const char* otherwise, Added added) {
        int before = was.isArray() ? was.getArrayNItems() : 0, now = is.isArray() ? is.getArrayNItems() : 0;
        auto list_or_none = [](QPDFObjectHandle o) { return o.isArray() || o.isNull(); };
        if (now < before || !list_or_none(was) || !list_or_none(is)) return forbid(otherwise);
        for (int i = 0; i < before; ++i)
            if (written(was.getArrayItem(i)) != written(is.getArrayItem(i))) return forbid(otherwise);
        for (int i = before; i < now; ++i) added(is.getArrayItem(i));
    }

    void field_list(QPDFObjectHandle was, QPDFObjectHandle is) {
        grown(was, is, "field_removed", [&](QPDFObjectHandle extra) {
            // check_new_fields() judges what the field is.
            if (!is_fresh(extra) || !new_by_object_.contains(extra.getObjGen())) forbid("field_list_changed");
        });
    }

    void annotations(QPDFObjectHandle was, QPDFObjectHandle is) {
        grown(was, is, "annotation_changed", [&](QPDFObjectHandle extra) {
            auto f = extra.isIndirect() ? new_by_object_.find(extra.getObjGen()) : new_by_object_.end();
            bool widget_of_new_signature = is_fresh(extra) && f != new_by_object_.end() && f->second->is_signature() &&
                                           is_fresh(f->second->object) &&
                                           extra.getKey("/Subtype").isNameAndEquals("/Widget");
            if (!widget_of_new_signature) forbid("annotation_added");
        });
    }

    void resources(QPDFObjectHandle was, QPDFObjectHandle is, int depth = 0) {
        if (was.isNull() && is.isDictionary()) return more_resources();
        if (!was.isDictionary() || !is.isDictionary() || depth > 2) return forbid("form_resources_changed");
        for (const std::string& key : differing_keys(was, is)) {
            QPDFObjectHandle a = was.getKey(key);
            if (a.isNull())
                more_resources();
            else if (a.isDictionary() && !a.isIndirect() && depth < 2)
                resources(a, is.getKey(key), depth + 1);
            else
                forbid("form_resources_changed");
        }
    }

    // A new font of the form has an effect only where a reader draws a value by itself.
    void more_resources() {
        bool drawn = std::any_of(old_fields_.fields.begin(), old_fields_.fields.end(), [&](const form_field& f) {
            bool by_reader = is_true(before_.root().getKey("/AcroForm").getKey("/NeedAppearances")) ||
                             std::any_of(f.widgets.begin(), f.widgets.end(), [](auto w) { return !w.hasKey("/AP"); });
            return !f.is_signature() && !f.value.isNull() && by_reader;
        });
        if (drawn) return forbid("form_resources_changed");
        note(change_kind::resources_added);
    }

    void field(const form_field& f, QPDFObjectHandle was, QPDFObjectHandle is) {
        if (f.is_signed()) return forbid("signed_field_changed");
        bool text = f.type == "/Tx" || f.type == "/Ch", button = f.type == "/Btn";
        auto now = new_fields_.find(f.name);
        const std::vector<std::string> keys = differing_keys(was, is, &is_text_of_field);
        if (keys.empty()) return;
        for (const std::string& key : keys) {
            bool allowed = f.is_signature() ? key == "/V" || key == "/AP"
                           : text           ? key == "/V" || key == "/AP" || key == "/I" || key == "/AS"
                           : button         ? key == "/V" || key == "/AS"
                                            : false;
            if (key == "/F" && f.is_signature()) allowed = is_locking(was.getKey(key), is.getKey(key));
            // Read-only may be switched on, nothing else.
            if (key == "/Ff" && !f.is_signature() && is.getKey(key).isInteger()) {
                long long old_flags = was.getKey(key).isInteger() ? was.getKey(key).getIntValue() : 0;
                allowed = is.getKey(key).getIntValue() == (old_flags | 1);
            }
            if (key == "/AP" && !is.getKey(key).isDictionary()) allowed = false;
            if (!allowed) return forbid("field_changed:" + f.name);
        }
        if (!f.is_signature()) return note(change_kind::field_filled, f.name);
        if (!now || !now->is_signed() || !is_fresh(now->value)) return forbid("field_changed:" + f.name);
        note_signature(*now);
    }

    static bool is_stamp(const form_field& f) {
        return f.is_signed() && f.value.getKey("/SubFilter").isNameAndEquals("/ETSI.RFC3161");
    }

    void note_signature(const form_field& f) {
        // Anyone can have a time stamp made: it may not come with a picture over the page.
        auto shows = [](QPDFObjectHandle w) { return w.hasKey("/AP") && !is_unseen(w); };
        if (is_stamp(f) && std::any_of(f.widgets.begin(), f.widgets.end(), shows))
            return forbid("timestamp_visible:" + f.name);
        note(is_stamp(f) ? change_kind::timestamp_added : change_kind::signature_added, f.name);
    }

    void check_new_fields() {
        for (const form_field& f : new_fields_.fields) {
            if (!f.object.isIndirect() || old_by_object_.contains(f.object.getObjGen())) continue;
            bool fresh = is_fresh(f.object) &&
                         std::all_of(f.widgets.begin(), f.widgets.end(), [&](auto& w) { return is_fresh(w); });
            field_state state = is_stamp(f)     ? field_state::time_stamped
                                : f.is_signed() ? field_state::signed_by_somebody
                                                : field_state::empty;
            if (!fresh || !f.is_signature() || !is_acceptable_new_field(f, state))
                forbid("field_added:" + f.name);
            else if (is_stamp(f) && !std::all_of(f.widgets.begin(), f.widgets.end(), is_unseen))
                forbid("timestamp_visible:" + f.name);
            else if (old_fields_.find(f.name))
                forbid("field_name_reused:" + f.name);
            else if (f.is_signed() && is_fresh(f.value))
                note_signature(f);
            else if (f.is_signed())
                forbid("signature_value_reused:" + f.name);
            else
                note(change_kind::field_added, f.name);
        }
    }

    // The appearance stream of a signature field that is signed in this revision, used by no other kind of field: a
    // signature answers for its own look.
    bool appearance_of_signature(QPDFObjGen id) {
        return roles_.only_from(id, [&](const reference& r) {
            auto f = old_by_object_.find(r.from);
            if (f == old_by_object_.end() || r.path != "/AP/N" || !f->second->is_signature() ||
                f->second->is_signed() || !roles_.is_field(r.from))
                return false;
            const form_field* now = new_fields_.find(f->second->name);
            return now && now->is_signed() && !is_stamp(*now);
        });
    }

    // The appearance stream of a text field, used by nothing else.
    bool appearance(QPDFObjGen id, QPDFObjectHandle was, QPDFObjectHandle is) {
        std::string name;
        bool only = roles_.only_from(id, [&](const reference& r) {
            auto f = old_by_object_.find(r.from);
            if (f == old_by_object_.end() || r.path != "/AP/N" || f->second->type != "/Tx" || !roles_.is_field(r.from))
                return false;
            name = f->second->name;
            return true;
        });
        if (!only || !was.isStream() || !is.isStream()) return false;
        for (const char* key : {"/BBox", "/Matrix"})
            if (written(was.getDict().getKey(key)) != written(is.getDict().getKey(key))) return false;
        note(change_kind::field_filled, name);
        return true;
    }

    // The entries that are texts, in whatever encoding.
    static bool is_any(std::string_view) { return true; }
    static bool is_text_of_catalogue(std::string_view key) {
        return key == "/PageLabels" || key == "/Lang" || key == "/OutputIntents";
    }
    static bool is_text_of_field(std::string_view key) {
        return key == "/V" || key == "/DV" || key == "/T" || key == "/TU" || key == "/TM";
    }

    static std::vector<std::string> differing_keys(QPDFObjectHandle was, QPDFObjectHandle is,
                                                   bool (*is_text)(std::string_view) = nullptr) {
        std::set<std::string> keys;
        if (was.isDictionary()) keys = was.getKeys();
        if (is.isDictionary()) keys.merge(is.getKeys());
        std::vector<std::string> differing;
        for (const std::string& key : keys) {
            const strings how = key == "/DA"              ? strings::of_appearance
                                : is_text && is_text(key) ? strings::of_text
                                                          : strings::of_bytes;
            auto entry = [&](QPDFObjectHandle& of) {
                return of.isDictionary() ? of.getKey(key) : QPDFObjectHandle::newNull();
            };
            if (!is_same(entry(was), entry(is), how)) differing.push_back(key);
        }
        if (was.isDictionary() != is.isDictionary() && differing.empty()) differing.emplace_back("/");
        return differing;
    }

    const document &before_, &after_;
    const xref_table &old_table_, &new_table_;
    const field_tree &old_fields_, &new_fields_;
    const reference_index& references_;
    const roles roles_;
    std::set<QPDFObjGen> altered_, fresh_;
    std::map<QPDFObjGen, const form_field*> old_by_object_, new_by_object_;
    std::vector<change> changes_;
};

} // namespace

std::vector<change> compare_revisions(const opened_revision& before, const opened_revision& after,
                                      reference_index& references) {
    comparison c(before, after, references);
    c.run();
    references.advance(after.file, c.changed_objects());
    c.check_unused(references);
    return c.changes();
}

} // namespace vanthu::pdf

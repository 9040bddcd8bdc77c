#include "signing/pdf/history.hpp"

#include "signing/pdf/errors.hpp"
#include "signing/pdf/findings.hpp"
#include "signing/pdf/laid_out.hpp"
#include "signing/pdf/one_reading.hpp"
#include "signing/pdf/plain_object.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <ranges>

namespace vanthu::pdf {
namespace {

class reading_of_history {
public:
    reading_of_history(bytes_view file, const budget& limits, x509::cache* memory, bool by_qpdf)
        : file_(file), text_(as_text(file)), limits_(limits), memory_(memory), by_qpdf_(by_qpdf) {}

    history run() {
        try {
            inspect();
        } catch (const std::bad_alloc&) {
            note("budget", "memory");
        } catch (const evidence_too_large&) {
            note("budget", "evidence");
        } catch (...) { // the reader gave up somewhere inside
            note("pdf.damaged", failure_of_current_exception().error().detail);
        }
        return std::move(out_);
    }
    // Were objects made by others than QPDF, which complains of something? Then it has to say it in its own words.
    bool is_to_be_read_by_qpdf(const history& found) const {
        return not_by_qpdf_ && (signing::has_finding(found.findings, "pdf.reader_warning") ||
                                signing::has_finding(found.findings, "pdf.damaged"));
    }

private:
    void note(std::string_view code, std::string_view detail = {}) {
        if (!signing::has_finding(out_.findings, code)) out_.findings.push_back(make_finding(code, detail));
    }

    void inspect() {
        if (file_.size() > limits_.bytes) return note("budget", "size");
        auto opened = document::open(file_);
        if (!opened) {
            auto code = opened.error().code;
            return note(code == errc::too_large   ? "budget"
                        : code == errc::not_a_pdf ? "pdf.not_a_pdf"
                        : code == errc::encrypted ? "pdf.encrypted"
                                                  : "pdf.damaged",
                        opened.error().detail);
        }
        document& last = *opened;
        xref_table table = last.qpdf().getXRefTable();
        if (table.size() > limits_.objects) return note("budget", "objects");
        const auto ranges = by_qpdf_ ? std::nullopt : last.find_ranges();
        not_by_qpdf_ = ranges.has_value();
        field_tree fields = read_fields(last.qpdf(), limits_of_fields());
        if (fields.exceeded) note("pdf.form_unreadable");
        collect(last, table, fields);
        if (ranges)
            look_for_stray_values(last, *ranges);
        else
            look_for_stray_values(last, table | std::views::keys); // reads everything: warnings show here
        if (out_.signatures.empty() && out_.findings.empty()) {
            out_.is_unsigned = true;
            return;
        }
        if (QPDFObjectHandle form = last.root().getKey("/AcroForm"); form.isDictionary() && form.hasKey("/XFA"))
            note("pdf.xfa");
        if (out_.signatures.size() > limits_.signatures) return note("budget", "signatures");
        whole_ = opened_revision{last, std::move(fields), std::move(table)};
        follow_revisions(last);
        for (auto warning : last.take_warnings()) note("pdf.reader_warning", warning);
        std::sort(out_.signatures.begin(), out_.signatures.end(),
                  [](auto& x, auto& y) { return std::pair(x.end, x.a) < std::pair(y.end, y.a); });
        check_overlaps();
    }

    field_limits limits_of_fields() const { return {limits_.fields, limits_.nesting}; }

    // Adds the signatures of one revision that were not yet seen.
    void collect(const document& revision, const xref_table& table, const field_tree& fields) {
        for (const form_field& f : fields.fields) {
            if (!f.is_signature() || f.value.isNull()) continue;
            QPDFObjGen value = f.value.isIndirect() ? f.value.getObjGen() : QPDFObjGen();
            bool known = std::any_of(out_.signatures.begin(), out_.signatures.end(),
                                     [&](const found_signature& s) { return s.name == f.name && s.value == value; });
            if (!known) out_.signatures.push_back(locate(revision, table, f));
        }
    }

    found_signature locate(const document& revision, const xref_table& table, const form_field& f) {
        found_signature s{f.name, {}, "", "", permissions_of(f), 0, 0, 0, "pdf.byte_range"};
        QPDFObjectHandle value = f.value;
        if (!value.isDictionary() || !value.isIndirect()) return s;
        s.value = value.getObjGen();
        if (QPDFObjectHandle kind = value.getKey("/SubFilter"); kind.isName()) s.kind = kind.getName();
        if (QPDFObjectHandle time = value.getKey("/M"); time.isString()) s.claimed_time = time.getStringValue();
        QPDFObjectHandle range = value.getKey("/ByteRange"), contents = value.getKey("/Contents");
        if (!range.isArray() || range.getArrayNItems() != 4 || !contents.isString()) return s;
        unsigned long long n[4];
        for (int i = 0; i < 4; ++i) {
            QPDFObjectHandle item = range.getArrayItem(i);
            if (item.isIndirect() || !item.isInteger() || item.getIntValue() < 0) return s;
            n[i] = static_cast<unsigned long long>(item.getIntValue());
        }
        bool sound =
            n[0] == 0 && n[1] > 0 && n[1] < n[2] && n[2] <= file_.size() && n[3] > 0 && n[3] <= file_.size() - n[2];
        if (!sound) return s;
        s.a = n[1];
        s.b = n[2];
        s.end = n[2] + n[3];
        s.trouble = "pdf.contents_misplaced";
        auto entry = table.find(s.value);
        if (entry == table.end() || entry->second.getType() != 1) return s;
        auto place = contents_place(text_, revision.header_at() + static_cast<std::size_t>(entry->second.getOffset()));
        if (!place || place->begin != s.a || place->end != s.b) return s;
        auto decoded = from_hex(text_.substr(s.a + 1, s.b - s.a - 2)); // nothing but digits: no spaces either
        if (!decoded || as_text(*decoded) != contents.getStringValue()) return s;
        s.trouble.clear();
        return s;
    }

    // A /ByteRange in an object no signature field leads to: an older or hidden signature.
    void look_for_stray_values(const document& d, const auto& objects) {
        if (out_.signatures.empty() && has_range_in_bytes()) note("pdf.stray_signature");
        for (QPDFObjGen id : objects) {
            QPDFObjectHandle o = d.qpdf().getObject(id);
            if (!o.isDictionary() || !o.hasKey("/ByteRange") || !o.hasKey("/Contents")) continue;
            bool listed = std::any_of(out_.signatures.begin(), out_.signatures.end(),
                                      [&](const found_signature& s) { return s.value == o.getObjGen(); });
            if (!listed) note("pdf.stray_signature");
        }
    }

    // A range in the bytes, but in no revision that the last cross-reference leads to. A text that only speaks of
    // /ByteRange is none.
    bool has_range_in_bytes() const {
        constexpr std::string_view key = "/ByteRange";
        for (std::size_t at = text_.find(key); at != text_.npos; at = text_.find(key, at)) {
            at += key.size();
            scanner s(text_, at);
            if (s.next().kind != token_kind::array_open) continue;
            if (token first = s.next(); first.kind == token_kind::word && first.text == "0") return true;
        }
        return false;
    }

    // From the first signed revision on.
    void follow_revisions(const document& last) {
        std::size_t first = file_.size();
        for (const found_signature& s : out_.signatures)
            if (s.trouble.empty()) first = std::min(first, s.end);
        auto before = open_revision(first);
        if (!before) return;
        if (may_turn_linear(before->file)) {
            note("pdf.linear_unclear");
            turned_linear_ = first < file_.size() && is_linear_by_size(last);
        }
        if (has_split_names(before->file)) note("pdf.names_unclear");
        std::optional<reference_index> references; // of no use where nothing follows
        add_step(*before, first, {});
        while (!only_space(text_.substr(out_.steps.back().end))) {
            if (out_.steps.size() > limits_.revisions) return note("budget", "revisions");
            auto bytes_of = read_appended(text_, out_.steps.back().end, lengths_of(last));
            if (!bytes_of) {
                out_.steps.push_back({file_.size(), {{change_kind::forbidden, "unaccounted_bytes"}}, {}, {}});
                return note("pdf.unaccounted_bytes");
            }
            std::size_t end = signed_end(bytes_of->end);
            auto now = open_revision(end);
            if (!now) {
                out_.steps.push_back({file_.size(), {{change_kind::forbidden, "revision_unreadable"}}, {}, {}});
                return;
            }
            if (!references) {
                load_objects(*before);
                references.emplace(before->file);
                take_warnings(*before);
                const document& d = before->file;
                if (!has_clear_sections(as_text(d.file()), d.header_at(), d.startxref(), lengths_of(d)) ||
                    !is_same_when_repaired(d, before->table, *references))
                    note("pdf.earlier_unclear");
            }
            check_rewritten(*before, *bytes_of);
            std::vector<flaw> flaws =
                flaws_of(*bytes_of, before->file, before->table, now->file, now->table, *references);
            std::vector<change> changes = other_reading(*before, *bytes_of, end, *references);
            add_changes(changes, compare_revisions(*before, *now, *references));
            if (turned_linear_ && only_space(text_.substr(end)))
                changes.push_back({change_kind::forbidden, "linear_unclear"});
            for (const flaw& f : flaws) {
                note(f.code, f.detail);
                change c{change_kind::forbidden, std::string(f.code.substr(4))}; // without "pdf."
                if (f.certain && std::find(changes.begin(), changes.end(), c) == changes.end())
                    changes.push_back(std::move(c));
            }
            const bool odd = std::ranges::any_of(flaws, [](const flaw& f) { return !f.certain; });
            if (odd && std::ranges::count(changes, change_kind::forbidden, &change::kind) == 0)
                note("pdf.update_unclear"); // what to do
            judge_fillings(*before, *now, changes);
            collect(now->file, now->table, now->fields);
            take_warnings(*now);
            if (out_.signatures.size() > limits_.signatures) return note("budget", "signatures");
            add_step(*now, end, std::move(changes));
            before = std::move(now);
        }
        // Line ends; more of it moves startxref out of a reader's sight, or gives the file a size that it names.
        constexpr std::size_t most_space = 16;
        if (file_.size() - out_.steps.back().end > most_space) note("pdf.space_behind");
    }

    // What changed for those who take the first of two entries for one key.
    std::vector<change> other_reading(const opened_revision& before, const appended_revision& revision, std::size_t end,
                                      const reference_index& references) {
        if (revision.twins.empty()) return {};
        bytes file(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(end));
        for (auto [from, to] : revision.twins)
            std::fill(file.begin() + static_cast<std::ptrdiff_t>(from), file.begin() + static_cast<std::ptrdiff_t>(to),
                      ' ');
        auto opened = open_prefix(file);
        if (!opened) return {{change_kind::forbidden, "revision_unreadable"}};
        reference_index copy = references;
        std::vector<change> changes = compare_revisions(before, *opened, copy);
        judge_fillings(before, *opened, changes);
        take_warnings(*opened);
        return changes;
    }

    static void add_changes(std::vector<change>& all, const std::vector<change>& more) {
        for (const change& c : more)
            if (std::ranges::find(all, c) == all.end()) all.push_back(c);
    }

    static resolve_length lengths_of(const document& d) {
        return [&d](int id, int generation) -> std::optional<std::size_t> {
            QPDFObjectHandle length = d.qpdf().getObjectByID(id, generation);
            if (!length.isInteger() || length.getIntValue() < 0) return std::nullopt;
            return static_cast<std::size_t>(length.getIntValue());
        };
    }

    // An object that is written anew was the same for everybody before.
    void check_rewritten(const opened_revision& before, const appended_revision& revision) {
        std::set<int> streams;
        for (const written_row& row : revision.rows)
            if (auto was = before.table.find(QPDFObjGen(row.id, 0));
                was != before.table.end() && was->second.getType() == 2)
                streams.insert(was->second.getObjStreamNumber());
        for (int id : streams) {
            auto at = before.table.find(QPDFObjGen(id, 0));
            if (at == before.table.end() || at->second.getType() != 1 ||
                !is_clear_object_stream(as_text(before.file.file()),
                                        before.file.header_at() + static_cast<std::size_t>(at->second.getOffset()),
                                        lengths_of(before.file)))
                note("pdf.earlier_unclear", std::to_string(id));
        }
    }

    // What was filled in later is a text in a small place, what was signed later leaves the page to be seen.
    void judge_fillings(const opened_revision& before, const opened_revision& now, std::vector<change>& changes) {
        std::optional<shown_annotations> shown; // of no use to most revisions
        for (const change& c : std::vector<change>(changes)) {
            const bool filled = c.kind == change_kind::field_filled, by_agency = is_left_open(c.what),
                       is_signed = c.kind == change_kind::signature_added, added = c.kind == change_kind::field_added;
            if (!filled && !is_signed && !added && c.kind != change_kind::timestamp_added) continue;
            if (std::ranges::count(now.fields.fields, c.what, &form_field::name) > 1) note("pdf.field_twice", c.what);
            if (filled || is_signed || added) judge_place(now, shown, c);
            if (!filled && !is_signed) continue;
            if (by_agency && before.fields.find(c.what))
                if (auto odd = unfit(before.fields, before.file.qpdf(), c.what, filling::allowed)) {
                    changes.push_back({change_kind::forbidden, "field_unfit:" + c.what});
                    note("pdf.field_unfit", c.what + ": " + *odd);
                }
            for (const form_field& f : now.fields.fields)
                if (filled && f.name == c.what && !shows_text_only(f, by_agency)) {
                    if (by_agency) changes.push_back({change_kind::forbidden, "filled_with_drawing:" + c.what});
                    note("pdf.filled_with_drawing", c.what);
                }
        }
    }

    // Also of a field that is still empty: some readers draw a banner over it. Once it is signed or filled again, it is
    // counted already.
    void judge_place(const opened_revision& now, std::optional<shown_annotations>& shown, const change& c) {
        if (!placed_.insert(c.what).second) return;
        if (!shown) shown.emplace(now.file.qpdf());
        const char* code = c.kind == change_kind::field_added    ? "pdf.field_covers_page"
                           : c.kind == change_kind::field_filled ? "pdf.filling_covers_page"
                                                                 : "pdf.signature_covers_page";
        for (const form_field& f : now.fields.fields)
            if (f.name == c.what && covers_page(f, *shown, covered_)) note(code, c.what);
    }

    void add_step(const opened_revision& revision, std::size_t end, std::vector<change> changes) {
        revision_step step{end, std::move(changes), {}, {}};
        for (const form_field& f : revision.fields.fields) step.fields.insert(f.name);
        if (!out_.steps.empty()) step.store = out_.steps.back().store;
        bool read = out_.steps.empty() || std::any_of(step.changes.begin(), step.changes.end(), [](const change& c) {
                        return c.kind == change_kind::evidence_added;
                    });
        if (read) {
            const std::set<digest> odd_before = step.store.odd;
            read_security_store(revision.file.root(), step.store, memory_);
            if (!out_.steps.empty() &&
                !std::includes(odd_before.begin(), odd_before.end(), step.store.odd.begin(), step.store.odd.end()))
                note("pdf.evidence_odd");
        }
        out_.steps.push_back(std::move(step));
    }

    // A revision ends with %%EOF; a signature may or may not count the line end after it.
    std::size_t signed_end(std::size_t eof) const {
        for (const found_signature& s : out_.signatures)
            if (s.trouble.empty() && s.end >= eof && s.end <= eof + 4 && only_space(text_.substr(eof, s.end - eof)))
                return s.end;
        return eof;
    }

    std::optional<opened_revision> open_revision(std::size_t end) {
        std::string_view prefix = text_.substr(0, end);
        std::size_t eof = prefix.rfind("%%EOF");
        if (eof == prefix.npos || !only_space(prefix.substr(eof + 5))) return note("pdf.not_a_revision"), std::nullopt;
        if (end == file_.size() && whole_) { // has been read
            entries_ += whole_->table.size();
            if (entries_ > limits_.entries) return note("budget", "objects"), std::nullopt;
            return std::exchange(whole_, std::nullopt);
        }
        return open_prefix(file_.first(end));
    }

    // The values of known signatures, which are long, and of the first revision whether all is spelled plainly. The
    // bytes of later ones are looked at only as far as they changed.
    void load_values(opened_revision& r) {
        if (by_qpdf_) return;
        not_by_qpdf_ = true;
        if (out_.steps.empty() && r.file.find_ranges()) return;
        const std::string_view from_header = as_text(r.file.file()).substr(r.file.header_at());
        for (const found_signature& s : out_.signatures)
            if (auto at = r.table.find(s.value); at != r.table.end() && at->second.getType() == 1)
                load_if_plain(r.file.qpdf(), from_header,
                              {s.value.getObj(), s.value.getGen(), static_cast<std::size_t>(at->second.getOffset())},
                              true);
    }

    // For who reads them all.
    void load_objects(const opened_revision& r) {
        if (by_qpdf_ || !r.file.is_sound()) return;
        std::vector<object_place> places;
        for (const auto& [id, entry] : r.table) // a sound file has none in object streams
            places.push_back({id.getObj(), id.getGen(), static_cast<std::size_t>(entry.getOffset())});
        load_described(r.file.qpdf(), as_text(r.file.file()).substr(r.file.header_at()), places);
    }

    std::optional<opened_revision> open_prefix(bytes_view file) {
        auto opened = document::open(file);
        if (!opened)
            return note(opened.error().code == errc::too_large ? "budget" : "pdf.damaged", opened.error().detail),
                   std::nullopt;
        opened_revision r{std::move(*opened), {}, {}};
        r.table = r.file.qpdf().getXRefTable();
        entries_ += r.table.size();
        if (entries_ > limits_.entries) return note("budget", "objects"), std::nullopt;
        load_values(r);
        r.fields = read_fields(r.file.qpdf(), limits_of_fields());
        return r;
    }

    void take_warnings(const opened_revision& r) {
        for (auto warning : r.file.take_warnings()) note("pdf.reader_warning", warning);
    }

    void check_overlaps() {
        for (found_signature& s : out_.signatures)
            for (found_signature& other : out_.signatures) {
                if (&s == &other) continue;
                bool same_value = s.value == other.value && s.value != QPDFObjGen();
                bool overlap = s.b > s.a && other.b > other.a && s.a < other.b && other.a < s.b;
                if (same_value || overlap) s.trouble = "pdf.value_shared";
            }
    }

    bytes_view file_;
    std::string_view text_;
    const budget& limits_;
    x509::cache* memory_;
    const bool by_qpdf_;                   // every object is read
    bool not_by_qpdf_ = false;             // some were not
    std::size_t entries_ = 0;              // of all cross-references read
    std::map<int, double> covered_;        // which part of each page later signatures and fillings cover, and fields
    std::set<std::string> placed_;         // for signatures: these
    std::optional<opened_revision> whole_; // the last one; given away once
    bool turned_linear_ = false;           // what follows has made a linear file of it
    history out_;
};

} // namespace

result<> require_unchanged(bytes_view file) {
    const history h = read_history(file, {});
    for (const signing::finding& f : h.findings)
        return failed(f.code == "budget" ? errc::too_large : errc::changed_after_signing, f.code);
    for (const found_signature& s : h.signatures)
        if (!s.trouble.empty()) return failed(errc::changed_after_signing, s.trouble);
    for (const revision_step& step : h.steps)
        for (const change& c : step.changes)
            if (c.kind == change_kind::forbidden) return failed(errc::changed_after_signing, to_string(c));
    return {};
}

history read_history(bytes_view file, const budget& limits, x509::cache* memory) {
    reading_of_history quick(file, limits, memory, false);
    history found = quick.run();
    return quick.is_to_be_read_by_qpdf(found) ? reading_of_history(file, limits, memory, true).run() : found;
}

} // namespace vanthu::pdf

#include "signing/pdf/appended.hpp"
#include "signing/pdf/plain_values.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::pdf {
namespace {

// Any entry of this number, whatever its generation.
xref_table::const_iterator entry_of(const xref_table& table, int id) {
    auto at = table.lower_bound(QPDFObjGen(id, 0));
    return at != table.end() && at->first.getObj() == id ? at : table.end();
}

bool is_same(const QPDFXRefEntry& entry, const written_row& row) {
    if (entry.getType() != row.type) return false;
    if (row.type == 1) return static_cast<std::uint64_t>(entry.getOffset()) == row.place;
    return static_cast<std::uint64_t>(entry.getObjStreamNumber()) == row.place &&
           static_cast<std::uint64_t>(entry.getObjStreamIndex()) == row.detail;
}

bool is_same(const QPDFXRefEntry& a, const QPDFXRefEntry& b) {
    if (a.getType() != b.getType()) return false;
    if (a.getType() == 1) return a.getOffset() == b.getOffset();
    return a.getObjStreamNumber() == b.getObjStreamNumber() && a.getObjStreamIndex() == b.getObjStreamIndex();
}

// Words and numbers backwards from a place in any bytes; a comment counts as white space.
class backwards {
public:
    backwards(std::string_view text, std::size_t at) : text_(text), at_(at) {}
    bool spaces() {
        const std::size_t before = at_;
        while (at_ > 0 && is_space(text_[at_ - 1])) {
            --at_;
            if (text_[at_] != '\n' && text_[at_] != '\r') continue;
            const std::size_t line = text_.substr(0, at_).find_last_of("\r\n") + 1; // npos + 1 is 0
            if (std::size_t comment = text_.substr(0, at_).find('%', line); comment != text_.npos) at_ = comment;
        }
        return at_ < before;
    }
    bool digits() {
        const std::size_t before = at_;
        while (at_ > 0 && is_digit(text_[at_ - 1])) --at_;
        return at_ < before;
    }
    std::size_t at() const { return at_; }

private:
    std::string_view text_;
    std::size_t at_;
};

class comparison {
public:
    comparison(const appended_revision& r, const document& before, const xref_table& old_table, const document& after,
               const xref_table& new_table, const reference_index& references)
        : r_(r), before_(before), old_table_(old_table), after_(after), new_table_(new_table), references_(references),
          text_(as_text(after.file())), header_(before.header_at()), flaws_(r.flaws) {}

    std::vector<flaw> run() {
        for (const written_row& row : r_.rows)
            if (!rows_.emplace(row.id, &row).second) note("pdf.number_twice", std::to_string(row.id));
        for (std::size_t i = 0; i < r_.objects.size(); ++i) {
            const written_object& o = r_.objects[i];
            auto [at, first] = by_id_.emplace(o.id, i);
            if (first) continue;
            note("pdf.number_twice", std::to_string(o.id), was_in_use(o.id));
            if (auto row = rows_.find(o.id); row != rows_.end() && row->second->place + header_ == o.at) at->second = i;
        }
        check_section();
        for (const written_row& row : r_.rows) check(row);
        for (const written_row& row : r_.stale_rows)
            if (was_in_use(row.id)) note("pdf.number_twice", std::to_string(row.id));
        for (const written_object& o : r_.objects) check(o);
        check_object_streams();
        check_table();
        check_references();
        check_hidden();
        check_header();
        return std::move(flaws_);
    }

private:
    void note(std::string_view code, std::string detail = {}, bool certain = true) {
        constexpr std::ptrdiff_t enough = 40;
        flaw f{code, std::move(detail), certain};
        auto alike = [&](const flaw& known) { return known.certain == certain; };
        if (std::ranges::count_if(flaws_, alike) < enough && std::find(flaws_.begin(), flaws_.end(), f) == flaws_.end())
            flaws_.push_back(std::move(f));
    }

    void check_section() {
        if (r_.startxref + header_ != r_.section)
            note("pdf.startxref_elsewhere", std::to_string(r_.startxref), !leads_to(r_.startxref, r_.section));
        if (r_.previous != before_.startxref())
            note("pdf.prev_elsewhere", r_.previous ? std::to_string(*r_.previous) : std::string(),
                 r_.previous || !names_all_anew());
        if (r_.hybrid) note("pdf.hybrid_added");
        auto beyond = [&](const xref_table& table) {
            return !table.empty() && *r_.size <= static_cast<std::uint64_t>(table.rbegin()->first.getObj());
        };
        if (!r_.size || beyond(new_table_)) note("pdf.size_too_small", "", !r_.size || beyond(old_table_));
    }

    // A whole table instead of /Prev.
    bool names_all_anew() const {
        return std::ranges::all_of(old_table_, [&](const auto& one) { return rows_.contains(one.first.getObj()); });
    }

    // Nothing but white space stands before the place that is meant.
    bool leads_to(std::uint64_t place, std::size_t meant) const {
        return place + header_ >= r_.begin && place + header_ <= meant &&
               only_space(text_.substr(place + header_, meant - place - header_));
    }

    bool was_in_use(int id) const {
        return entry_of(old_table_, id) != old_table_.end() || is_referred_to(QPDFObjGen(id, 0));
    }

    const written_object* object(int id) const {
        auto at = by_id_.find(id);
        return at == by_id_.end() ? nullptr : &r_.objects[at->second];
    }

    bool is_referred_to(QPDFObjGen id) const {
        return references_.contains(id) || references_.contains_other_generation(id);
    }

    void check(const written_row& row) {
        const std::string number = std::to_string(row.id);
        auto known = entry_of(old_table_, row.id);
        if (row.type == 0) {
            if (row.id != 0 && (known != old_table_.end() || is_referred_to(QPDFObjGen(row.id, 0))))
                note("pdf.object_freed", number);
            return;
        }
        const int generation = row.type == 1 ? static_cast<int>(std::min<std::uint64_t>(row.detail, 65536)) : 0;
        if (row.id == 0) return note("pdf.entry_elsewhere", number);
        if (known != old_table_.end()) {
            auto next = std::next(known);
            if (known->first.getGen() != generation || (next != old_table_.end() && next->first.getObj() == row.id))
                note("pdf.second_generation", number);
        }
        if (references_.contains_other_generation(QPDFObjGen(row.id, generation)))
            note("pdf.second_generation", number);
        // Once more what the revision before says: in QPDF's reading of it.
        if (known != old_table_.end() && known->first.getGen() == generation && is_same(known->second, row)) {
            note("pdf.entry_elsewhere", number, object(row.id) != nullptr); // needless at best
            return;
        }
        if (row.type == 1) {
            const written_object* o = object(row.id);
            if (!o || o->generation != generation || o->at != row.place + header_)
                note("pdf.entry_elsewhere", number, !o || o->generation != generation || !leads_to(row.place, o->at));
            return;
        }
        auto stream = r_.packed.find(static_cast<int>(std::min<std::uint64_t>(row.place, 0x7fffffff)));
        if (stream == r_.packed.end() || row.detail >= stream->second.size() || stream->second[row.detail] != row.id)
            note("pdf.entry_elsewhere", number);
        if (object(row.id)) note("pdf.number_twice", number);
    }

    void check(const written_object& o) {
        if (o.unread) note("pdf.unaccounted_bytes", std::to_string(o.at), was_in_use(o.id));
        auto row = rows_.find(o.id);
        if (row != rows_.end()) {
            if (row->second->type != 1) note("pdf.number_twice", std::to_string(o.id));
            return; // the place was compared
        }
        const bool section = r_.xref_stream && &r_.objects[*r_.xref_stream] == &o; // need not list itself
        if (!section) return note("pdf.object_unlisted", std::to_string(o.id), was_in_use(o.id));
        auto known = entry_of(old_table_, o.id);
        if (known == old_table_.end()) return;
        QPDFObjectHandle was = before_.qpdf().getObject(known->first);
        if (!was.isStream() || !was.getDict().getKey("/Type").isNameAndEquals("/XRef"))
            note("pdf.number_twice", std::to_string(o.id));
    }

    void check_object_streams() {
        for (const auto& [stream, numbers] : r_.packed)
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                auto row = rows_.find(numbers[i]);
                if (row == rows_.end() || row->second->type != 2 ||
                    row->second->place != static_cast<std::uint64_t>(stream) || row->second->detail != i)
                    note("pdf.object_stream_odd", fmt::format("{}: {}", stream, numbers[i]));
            }
        // An object stream under the number of an earlier one: what was in that must be in this.
        for (const auto& [id, entry] : new_table_) {
            if (entry.getType() != 2) continue;
            auto stream = r_.packed.find(entry.getObjStreamNumber());
            if (stream == r_.packed.end()) continue;
            const auto index = static_cast<std::size_t>(entry.getObjStreamIndex());
            if (index >= stream->second.size() || stream->second[index] != id.getObj())
                note("pdf.object_stream_odd", fmt::format("{}: {}", stream->first, id.getObj()));
        }
    }

    // What QPDF has made of it is what the rows say.
    void check_table() {
        for (const auto& [id, entry] : new_table_) {
            auto row = rows_.find(id.getObj());
            auto was = old_table_.find(id);
            bool same = row != rows_.end() ? is_same(entry, *row->second)
                                           : was != old_table_.end() && is_same(was->second, entry);
            if (!same) note("pdf.entry_elsewhere", std::to_string(id.getObj()));
        }
        for (const auto& [number, length] : r_.lengths) {
            QPDFObjectHandle now = after_.qpdf().getObject(number);
            if (!now.isInteger() || static_cast<std::size_t>(now.getIntValue()) != length)
                note("pdf.length_elsewhere", std::to_string(number.getObj()));
        }
    }

    // "4 1 R" where there is a 4 0: null to one reader, the object to another.
    void check_references() {
        for (QPDFObjGen to : r_.references)
            if (auto at = entry_of(new_table_, to.getObj()); at != new_table_.end() && !new_table_.contains(to))
                note("pdf.second_generation", std::to_string(to.getObj()));
    }

    // What a reader that repairs would take for an object or a trailer stands where objects and trailers stand.
    void check_hidden() {
        std::set<std::size_t> heads;
        for (const written_object& o : r_.objects) heads.insert(o.at);
        const std::string_view all = text_.substr(0, r_.end);
        for (std::size_t at = all.find("obj", r_.begin); at != all.npos; at = all.find("obj", at + 3)) {
            backwards b(all, at);
            if (!(b.spaces() && b.digits() && b.spaces() && b.digits())) continue;
            if (!heads.contains(b.at())) note("pdf.hidden_object", std::to_string(b.at()));
        }
        for (std::size_t at = all.find("trailer", r_.begin); at != all.npos; at = all.find("trailer", at + 7)) {
            scanner s(all, at + 7);
            if (s.next().kind == token_kind::dict_open &&
                std::find(r_.trailers.begin(), r_.trailers.end(), at) == r_.trailers.end())
                note("pdf.hidden_object", std::to_string(at));
        }
    }

    // Offsets count from "%PDF-", and for some readers from the first byte: there must be nothing to find then.
    void check_header() {
        if (header_ == 0) return;
        auto something_at = [&](std::uint64_t place) {
            if (place >= r_.end) return false;
            scanner s(text_, static_cast<std::size_t>(place));
            token first = s.next(), second = s.next(), third = s.next();
            return first.text.starts_with("xref") ||
                   (third.text.starts_with("obj") && is_digit(first.text.front()) && is_digit(second.text.front()));
        };
        for (const written_row& row : r_.rows)
            if (row.type == 1 && something_at(row.place)) note("pdf.entry_elsewhere", std::to_string(row.id));
        if (something_at(r_.startxref)) note("pdf.startxref_elsewhere", std::to_string(r_.startxref));
    }

    const appended_revision& r_;
    const document& before_;
    const xref_table& old_table_;
    const document& after_;
    const xref_table& new_table_;
    const reference_index& references_;
    const std::string_view text_;
    const std::size_t header_;
    std::vector<flaw> flaws_;
    std::map<int, std::size_t> by_id_;
    std::map<int, const written_row*> rows_;
};

// Where each object of a file stands for readers that look for "N G obj" alone.
class repaired {
public:
    repaired(const document& d, const xref_table& table, const reference_index& references)
        : d_(d), table_(table), references_(references), text_(as_text(d.file())) {}

    bool is_same() {
        if (!find_heads()) return false;
        for (const auto& [id, entry] : table_)
            if (entry.getType() == 1 && !last_.contains(id.getObj()) && is_referred_to(id.getObj())) return false;
        return std::ranges::all_of(last_, [&](const auto& one) { return is_named(one.first, one.second); }) &&
               std::ranges::all_of(table_, [&](const auto& one) { return is_outdone(one.first, one.second); });
    }

private:
    // False: a number that some readers cannot hold.
    bool find_heads() {
        for (std::size_t at = text_.find("obj"); at != text_.npos; at = text_.find("obj", at + 3)) {
            backwards b(text_, at);
            b.spaces(); // "4 0obj" is one to some
            if (!(b.digits() && b.spaces() && b.digits())) continue;
            std::uint64_t number = 0;
            for (std::size_t i = b.at(); i < text_.size() && is_digit(text_[i]); ++i) {
                number = number * 10 + static_cast<std::uint64_t>(text_[i] - '0');
                if (number > highest_number) return false;
            }
            last_[static_cast<int>(number)] = b.at();
        }
        return true;
    }

    std::size_t place_of(const QPDFXRefEntry& entry) const {
        return d_.header_at() + static_cast<std::size_t>(entry.getOffset());
    }
    bool is_referred_to(int id) const {
        return references_.contains(QPDFObjGen(id, 0)) || references_.contains_other_generation(QPDFObjGen(id, 0));
    }

    // Stands the object behind `at`, whatever stream it is in, in a later revision or further below?
    bool is_behind(int id, std::size_t at) const {
        auto entry = entry_of(table_, id);
        if (entry == table_.end()) return !is_referred_to(id);
        if (entry->second.getType() == 1) return place_of(entry->second) > at;
        auto stream = entry_of(table_, entry->second.getObjStreamNumber());
        return stream != table_.end() && stream->second.getType() == 1 && place_of(stream->second) > at;
    }

    // Is the last object of this number, which stands at `at`, the one of the table?
    bool is_named(int id, std::size_t at) const {
        auto entry = entry_of(table_, id);
        if (entry == table_.end()) return !is_referred_to(id) && !text_.substr(at, 200).contains("/ObjStm");
        if (entry->second.getType() != 1) return is_behind(id, at);
        const std::size_t place = place_of(entry->second);
        return place <= at && only_space(text_.substr(place, at - place));
    }

    // What is in an object stream, but named elsewhere, is named further below: the ordinary way of an update.
    bool is_outdone(QPDFObjGen id, const QPDFXRefEntry& entry) const {
        if (entry.getType() != 1) return true;
        QPDFObjectHandle stream = d_.qpdf().getObject(id);
        if (!stream.isStream() || !stream.getDict().getKey("/Type").isNameAndEquals("/ObjStm")) return true;
        auto data = stream.getStreamData(qpdf_dl_generalized);
        scanner head(std::string_view(reinterpret_cast<const char*>(data->getBuffer()), data->getSize()), 0);
        QPDFObjectHandle count = stream.getDict().getKey("/N");
        for (long long i = 0, n = count.isInteger() ? count.getIntValue() : 0; i < n; ++i) {
            auto number = natural(head.next().text);
            if (!number || !natural(head.next().text)) return false;
            auto here = entry_of(table_, *number);
            const bool mine =
                here != table_.end() && here->second.getType() == 2 && here->second.getObjStreamNumber() == id.getObj();
            if (!mine && !is_behind(*number, place_of(entry))) return false;
        }
        return true;
    }

    const document& d_;
    const xref_table& table_;
    const reference_index& references_;
    const std::string_view text_;
    std::map<int, std::size_t> last_; // where the last one of each number begins
};

} // namespace

bool is_same_when_repaired(const document& file, const xref_table& table, const reference_index& references) {
    return repaired(file, table, references).is_same();
}

std::vector<flaw> flaws_of(const appended_revision& revision, const document& before, const xref_table& old_table,
                           const document& after, const xref_table& new_table, const reference_index& references) {
    return comparison(revision, before, old_table, after, new_table, references).run();
}

} // namespace vanthu::pdf

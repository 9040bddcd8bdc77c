#include "signing/pdf/appended.hpp"

#include "signing/pdf/deflated.hpp"
#include "signing/pdf/plain_values.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::pdf {
namespace {

constexpr std::size_t most_decoded = 64u << 20; // of one cross-reference or object stream

std::string_view name_of_oddity(oddity what) {
    switch (what) {
    case oddity::comment:
        return "comment";
    case oddity::word:
        return "word";
    case oddity::name:
        return "name";
    case oddity::key_again:
    case oddity::key_twice:
        return "key";
    }
    return "";
}

class reading {
public:
    reading(std::string_view file, std::size_t from, const resolve_length& length)
        : file_(file), length_(length), values_(file, from, out_.references, odd_) {
        out_.begin = from;
    }

    std::optional<appended_revision> run() {
        constexpr int most_skipped = 16;
        for (int skipped = 0; comments();) {
            const std::size_t at = values_.at();
            token t = values_.next();
            if (t.text == "startxref") return section_ ? finished() : std::nullopt;
            if (t.text == "xref") {
                begin_section(t.begin);
                if (!table(t.end)) return std::nullopt;
                continue;
            }
            if (object(t)) {
                if (!section_stream(out_.objects.back())) return std::nullopt;
                continue;
            }
            if (++skipped > most_skipped) return std::nullopt;
            unusual("bytes", at);
            values_.move_to(next_head(file_, std::max(unread_behind_, at + 1)));
        }
        return std::nullopt;
    }

    // One cross-reference section, wherever it stands. Like the next spelled plainly, or nullopt.
    std::optional<appended_revision> section_only() {
        token t = values_.next();
        if (t.kind != token_kind::word) return std::nullopt;
        if (t.text == "xref" ? !table(t.end) : !object(t) || !section_stream(out_.objects.back()) || !section_)
            return std::nullopt;
        return plain();
    }

    // One object stream, wherever it stands.
    std::optional<appended_revision> object_stream_only() {
        token t = values_.next();
        if (t.kind != token_kind::word || !object(t) || !out_.objects.back().is_stream) return std::nullopt;
        unpack(out_.objects.back());
        return plain();
    }

private:
    void note(std::string_view code, std::string detail, bool certain = true) {
        constexpr std::ptrdiff_t enough = 40;
        flaw f{code, std::move(detail), certain};
        auto alike = [&](const flaw& known) { return known.certain == certain; };
        if (std::ranges::count_if(out_.flaws, alike) < enough &&
            std::find(out_.flaws.begin(), out_.flaws.end(), f) == out_.flaws.end())
            out_.flaws.push_back(std::move(f));
    }
    void unusual(std::string_view what, std::size_t at) {
        note("pdf.update_unclear", fmt::format("{}, {}", what, at), false);
    }

    std::optional<appended_revision> plain() {
        // ReportLab names itself in the trailer.
        auto line_of_text = [&](const odd_spelling& o) {
            return o.what == oddity::comment && std::ranges::all_of(file_.substr(o.begin, o.end - o.begin), [](char c) {
                       return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
                   });
        };
        if (!std::ranges::all_of(odd_, line_of_text) ||
            std::ranges::any_of(out_.flaws, [](const flaw& f) { return f.code == "pdf.update_unclear"; }))
            return std::nullopt;
        return std::move(out_);
    }

    // After "startxref".
    std::optional<appended_revision> finished() {
        auto value = padded(values_.next().text);
        if (!value || !values_.word("%%EOF")) return std::nullopt;
        out_.startxref = static_cast<std::uint64_t>(*value);
        out_.end = values_.at();
        for (const odd_spelling& o : odd_) {
            const bool twin = o.what == oddity::key_twice;
            if (twin) out_.twins.emplace_back(o.begin, o.end);
            note(twin ? "pdf.key_twice" : "pdf.update_unclear", fmt::format("{}, {}", name_of_oddity(o.what), o.begin),
                 false);
        }
        for (const written_object& o : out_.objects)
            if (o.is_stream && name_of(o.entry("/Type")) == "/ObjStm") unpack(o);
        return std::move(out_);
    }

    void begin_section(std::size_t at) {
        if (section_) {
            unusual("section", out_.section);
            out_.stale_rows.insert(out_.stale_rows.end(), out_.rows.begin(), out_.rows.end());
            out_.rows.clear();
            out_.previous = out_.size = out_.hybrid_at = std::nullopt;
            out_.xref_stream = std::nullopt;
        }
        section_ = true;
        out_.section = at;
    }
    // A cross-reference with a key twice is two of them.
    bool has_twin_behind(std::size_t at) const {
        return std::ranges::any_of(odd_,
                                   [&](const odd_spelling& o) { return o.what == oddity::key_twice && o.begin > at; });
    }

    // Comments stand between objects only. False: nothing follows.
    bool comments() {
        std::size_t at = values_.at();
        for (;;) {
            while (at < file_.size() && is_space(file_[at])) ++at;
            if (at >= file_.size()) return false;
            if (file_[at] != '%' || file_.substr(at).starts_with("%%EOF")) break;
            const std::size_t end = std::min(file_.find_first_of("\r\n", at), file_.size());
            if (!is_known_comment(file_.substr(at, end - at))) note("pdf.comment_added", "", false);
            at = end;
        }
        values_.move_to(at);
        return true;
    }

    // After "xref". Rows of exactly 20 bytes: some readers count, others look for the next word (7.5.4).
    bool table(std::size_t at) {
        auto line_end = [&] {
            while (at < file_.size() && file_[at] == ' ') ++at;
            if (file_.substr(at).starts_with("\r\n")) return at += 2, true;
            if (at < file_.size() && (file_[at] == '\n' || file_[at] == '\r')) return ++at, true;
            return false;
        };
        auto digits = [&](std::size_t most) -> std::optional<std::uint64_t> {
            std::uint64_t value = 0;
            const std::size_t begin = at;
            while (at < file_.size() && at - begin < most && is_digit(file_[at]))
                value = value * 10 + static_cast<std::uint64_t>(file_[at++] - '0');
            if (at == begin) return std::nullopt;
            return value;
        };
        auto blank_lines = [&] { // MuPDF leaves one before the trailer
            while (at < file_.size() && (file_[at] == '\n' || file_[at] == '\r')) ++at;
        };
        if (!line_end()) return false;
        for (blank_lines(); at < file_.size() && file_[at] != 't'; blank_lines()) {
            auto first = digits(9);
            if (!first || at >= file_.size() || file_[at++] != ' ') return false;
            auto count = digits(9);
            if (!count || !line_end()) return false;
            check_bounds(*first, *count);
            for (std::uint64_t i = 0; i < *count; ++i) {
                std::string_view row = file_.substr(at, 20);
                if (row.size() != 20 || row[10] != ' ' || row[16] != ' ' || (row[17] != 'n' && row[17] != 'f'))
                    return false;
                const std::string_view end = row.substr(18);
                const bool short_row = end[0] == '\n' && (is_digit(end[1]) || end[1] == 't');
                if (short_row)
                    unusual("rows", out_.section);
                else if (end != " \n" && end != " \r" && end != "\r\n")
                    return false;
                auto offset = digits(10);
                ++at;
                auto generation = digits(5);
                if (!offset || !generation || at != static_cast<std::size_t>(row.data() - file_.data()) + 16)
                    return false;
                out_.rows.push_back({static_cast<int>(*first + i), row[17] == 'n' ? 1 : 0, *offset, *generation});
                at += short_row ? 3 : 4;
            }
        }
        values_.move_to(at);
        token word = values_.next();
        if (word.kind != token_kind::word || word.text != "trailer") return false;
        out_.trailers.push_back(word.begin);
        token open = values_.next();
        entry_list trailer;
        if (open.kind != token_kind::dict_open || !values_.value(open, 0, &trailer) || has_twin_behind(at))
            return false;
        take(trailer);
        return true;
    }

    // Also of sections without rows.
    void check_bounds(std::uint64_t first, std::uint64_t count) {
        constexpr std::uint64_t highest = highest_number;
        if (first > highest || first + count > highest + 1) unusual("rows", out_.section);
    }

    void take(const entry_list& trailer) {
        if (!entry_of(trailer, "/Encrypt").empty()) note("pdf.unaccounted_bytes", "/Encrypt");
        if (auto n = padded(entry_of(trailer, "/Prev"))) out_.previous = static_cast<std::uint64_t>(*n);
        if (auto n = padded(entry_of(trailer, "/Size"))) out_.size = static_cast<std::uint64_t>(*n);
        if (std::string_view root = entry_of(trailer, "/Root"); root_.empty())
            root_ = root;
        else if (!root.empty() && root != root_) // of another section
            note("pdf.unaccounted_bytes", "/Root");
        out_.hybrid = !entry_of(trailer, "/XRefStm").empty();
        if (auto n = padded(entry_of(trailer, "/XRefStm"))) out_.hybrid_at = static_cast<std::uint64_t>(*n);
    }

    // False: something else; a head without a value that can be read is an object, unread_behind_ behind the head.
    bool object(const token& first) {
        unread_behind_ = first.begin;
        token generation = values_.next();
        auto id = natural(first.text), gen = natural(generation.text);
        if (!id || *id == 0 || !gen || *gen > 65535 || !values_.word("obj")) return false;
        unread_behind_ = values_.at();
        written_object o;
        o.id = *id;
        o.generation = *gen;
        o.at = first.begin;
        if (section_) unusual("object", o.at);
        const std::size_t odd = odd_.size();
        const bool read = value_of(o);
        if (!read) {
            o.unread = true;
            odd_.erase(odd_.begin() + static_cast<std::ptrdiff_t>(std::min(odd, odd_.size())), odd_.end());
            o.is_stream = false;
            o.entries.clear();
        }
        out_.objects.push_back(std::move(o));
        return read;
    }

    bool value_of(written_object& o) {
        token open = values_.next();
        if (!values_.value(open, 0, &o.entries)) return false;
        token word = values_.next();
        if (open.kind == token_kind::dict_open && word.text == "stream") {
            if (!stream(o, word.end)) return false;
            word = values_.next();
        }
        return word.text == "endobj";
    }

    bool stream(written_object& o, std::size_t at) {
        if (file_.substr(at).starts_with("\r\n"))
            at += 2;
        else if (at < file_.size() && file_[at] == '\n')
            ++at;
        else
            return false;
        if (std::ranges::count(o.entries, "/Length", [](const auto& e) -> std::string_view { return e.first; }) > 1)
            return false;
        auto size = length_of(o.entry("/Length"));
        if (!size || *size > file_.size() - at) return false;
        // Data of another file; /F and /DP also name filters and their parameters, to some readers.
        for (std::string_view outside : {"/F", "/FFilter", "/FDecodeParms", "/DP"})
            if (!o.entry(outside).empty()) return note("pdf.unaccounted_bytes", std::string(outside)), false;
        o.is_stream = true;
        o.data = file_.substr(at, *size);
        values_.move_to(at + *size);
        token end = values_.next();
        if (end.begin - at - *size > 2) unusual("endstream", end.begin);
        return end.text == "endstream";
    }

    std::optional<std::size_t> length_of(std::string_view spelled) {
        if (auto n = padded(spelled)) return static_cast<std::size_t>(*n);
        scanner s(spelled, 0);
        auto id = natural(s.next().text), generation = natural(s.next().text);
        if (!id || !generation || s.next().text != "R") return std::nullopt;
        auto size = length_(*id, *generation);
        if (size) out_.lengths.emplace_back(QPDFObjGen(*id, *generation), *size);
        return size;
    }

    // True also where it is another object.
    bool section_stream(const written_object& o) {
        if (!o.is_stream || name_of(o.entry("/Type")) != "/XRef") return true;
        begin_section(o.at);
        if (has_twin_behind(o.at)) return false;
        out_.xref_stream = out_.objects.size() - 1;
        take(o.entries);
        auto widths = naturals(o.entry("/W"));
        auto index = o.entry("/Index").empty()
                         ? std::optional(std::vector<int>{0, static_cast<int>(out_.size.value_or(0))})
                         : naturals(o.entry("/Index"));
        auto data = decoded_strictly(o.data, o.entry("/Filter"), o.entry("/DecodeParms"), most_decoded);
        if (!widths || !index || !data || widths->size() != 3 || index->size() % 2 != 0) return false;
        const int kind = (*widths)[0], place = (*widths)[1], detail = (*widths)[2];
        if (kind != 1 || place < 1 || place > 8 || detail < 0 || detail > 8) return false;
        const std::size_t row = static_cast<std::size_t>(kind + place + detail);
        std::size_t at = 0;
        auto field = [&](int width) {
            std::uint64_t value = 0;
            while (width-- > 0) value = value << 8 | static_cast<unsigned char>((*data)[at++]);
            return value;
        };
        for (std::size_t i = 0; i < index->size(); i += 2)
            for (int n = 0; n < (*index)[i + 1]; ++n) {
                if (data->size() - at < row || (*index)[i] > 0x7fffffff - n) return false;
                written_row r{(*index)[i] + n, 0, 0, 0};
                r.type = static_cast<int>(field(1));
                r.place = field(place);
                r.detail = field(detail);
                if (r.type > 2) return false;
                out_.rows.push_back(r);
            }
        for (std::size_t i = 0; i < index->size(); i += 2)
            check_bounds(static_cast<std::uint64_t>((*index)[i]), static_cast<std::uint64_t>((*index)[i + 1]));
        return at == data->size();
    }

    // "1 0 5 12 <<first>> <<second>>": some readers find an object by its number, others by its index, and others
    // again by its offset.
    void unpack(const written_object& o) {
        auto odd = [&](bool certain = true) {
            note("pdf.object_stream_odd", fmt::format("{} {}", o.id, o.generation), certain);
        };
        std::vector<int>& numbers = out_.packed[o.id];
        auto count = padded(o.entry("/N")), first = padded(o.entry("/First"));
        auto data = decoded_strictly(o.data, o.entry("/Filter"), o.entry("/DecodeParms"), most_decoded);
        if (!count || !first || !data || static_cast<std::size_t>(*first) > data->size()) return odd();
        constexpr std::string_view usual[] = {"/Type", "/N", "/First", "/Length", "/Filter", "/DecodeParms", "/DL"};
        for (const auto& [key, value] : o.entries)
            if (std::ranges::find(usual, key) == std::end(usual)) odd(false); // also /Extends
        const std::string_view text = *data;
        std::vector<std::size_t> places;
        std::set<int> known;
        scanner head(text.substr(0, static_cast<std::size_t>(*first)), 0);
        for (token t = head.next(); t.kind != token_kind::end; t = head.next()) {
            auto number = natural(t.text), place = natural(head.next().text);
            if (!number || !place || *number == 0) return odd();
            if (!known.insert(*number).second) note("pdf.number_twice", std::to_string(*number));
            numbers.push_back(*number);
            places.push_back(static_cast<std::size_t>(*first + *place));
        }
        if (text.substr(0, static_cast<std::size_t>(*first)).contains('%')) return odd();
        if (numbers.size() != static_cast<std::size_t>(*count)) return odd();
        std::size_t at = static_cast<std::size_t>(*first);
        for (std::size_t begin : places) { // one behind the other, nothing between them
            if (begin < at || begin > text.size() || !only_space(text.substr(at, begin - at))) return odd();
            std::vector<odd_spelling> spelling;
            value_reader values(text, begin, out_.references, spelling);
            if (!values.value(values.next())) return odd();
            for (const odd_spelling& one : spelling)
                one.what == oddity::key_twice ? odd() : unusual(name_of_oddity(one.what), o.at);
            at = values.at();
        }
        if (!only_space(text.substr(at))) odd();
    }

    std::string_view file_;
    const resolve_length& length_;
    appended_revision out_;
    std::vector<odd_spelling> odd_;
    value_reader values_;
    bool section_ = false; // has been read
    std::string_view root_;
    std::size_t unread_behind_ = 0;
};

} // namespace

std::string_view written_object::entry(std::string_view key) const { return entry_of(entries, key); }

std::optional<appended_revision> read_appended(std::string_view file, std::size_t from, const resolve_length& length) {
    return reading(file, from, length).run();
}

bool has_clear_sections(std::string_view file, std::size_t header, std::uint64_t startxref,
                        const resolve_length& length) {
    constexpr std::size_t most_sections = 1000;
    std::set<std::uint64_t> seen;
    auto section_at = [&](std::uint64_t at) -> std::optional<appended_revision> {
        if (at >= file.size() - header || !seen.insert(at).second || seen.size() > most_sections) return std::nullopt;
        return reading(file, header + static_cast<std::size_t>(at), length).section_only();
    };
    for (std::optional<std::uint64_t> at = startxref; at;) {
        auto section = section_at(*at);
        if (!section) return false;
        std::set<int> numbers, in_use;
        for (const written_row& row : section->rows) {
            if (!numbers.insert(row.id).second) return false;
            if (row.type != 0) in_use.insert(row.id);
        }
        if (section->hybrid) { // what the table calls free, the stream may say where it is
            auto other = section->hybrid_at ? section_at(*section->hybrid_at) : std::nullopt;
            if (!other) return false;
            for (const written_row& row : other->rows)
                if (row.type != 0 && !in_use.insert(row.id).second) return false;
        }
        at = section->previous;
    }
    return true;
}

bool is_clear_object_stream(std::string_view file, std::size_t at, const resolve_length& length) {
    auto read = reading(file, at, length).object_stream_only();
    return read && std::none_of(read->flaws.begin(), read->flaws.end(), [](const flaw& f) { return f.certain; });
}

} // namespace vanthu::pdf

// A revision appended to a signed letter byte by byte, for tests of what may stand there.
#pragma once

#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <functional>

namespace vanthu::test {

using signing::verdict;

inline std::string big_endian(std::size_t value, int width) {
    std::string out;
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
}
inline std::string in_use(int id, std::size_t at, int generation = 0) {
    return fmt::format("{} 1\n{:010} {:05} n \n", id, at, generation);
}
inline std::string freed(int id, int generation = 1) {
    return fmt::format("{} 1\n0000000000 {:05} f \n", id, generation);
}
inline std::string stream_of(std::string_view data, std::string_view more = "") {
    return fmt::format("<< /Length {} {}>>\nstream\n{}\nendstream", data.size(), more, data);
}
inline const std::string evil = "1 0 0 rg 50 300 400 300 re f";

inline const bytes& with_table() {
    static const bytes file = world().approved(make_letter());
    return file;
}
inline const bytes& with_streams() {
    static const bytes file = world().approved(reshaped(make_letter(), {"--object-streams=generate"}));
    return file;
}

// One revision: evidence is added to the store, which is allowed; the test brings the trick.
class revision {
    const bytes file_; // doc reads from it

public:
    explicit revision(bytes signed_file)
        : file_(std::move(signed_file)), doc(pdf::document::open(file_).value()), out_(as_text(file_)),
          begin_(out_.size()), next_(doc.qpdf().getTrailer().getKey("/Size").getIntValueAsInt()) {
        content = first_page(doc).getKey("/Contents").getObjectID();
        root = doc.root().getObjectID();
        content_at = as_text(file_).find(fmt::format("\n{} 0 obj", content)) + 1;
    }

    int fresh() { return next_++; }
    std::size_t at() const { return out_.size(); }
    std::size_t raw(std::string_view text) {
        out_ += text;
        return out_.size() - text.size();
    }
    std::size_t object(int id, std::string_view body, int generation = 0) {
        std::size_t place = raw(fmt::format("{} {} obj\n{}\nendobj\n", id, generation, body));
        rows_[id] = {place, generation};
        return place;
    }
    // The certificate that is added, or what stands in its place.
    void evidence(std::string_view data) { evidence(data, fresh(), 0); }
    void evidence(std::string_view data, int id, int generation, std::string_view more = "") {
        evidence_at = out_.find("stream\n", object(id, stream_of(data, more), generation)) + 7;
        store_ = fmt::format("/DSS << /Certs [{} {} R] >>", id, generation);
    }
    void evidence() { evidence(as_text(world().ca.sub().certificate_der())); }
    // Of the catalogue with the store, and with `more`.
    std::string catalogue(std::string_view more = "") {
        std::string body = doc.root().unparseResolved();
        return fmt::format("{}{} {}>>", body.substr(0, body.size() - 2), store_, more);
    }

    bytes table(std::string_view more_rows = "", std::string_view more = "", std::optional<std::size_t> prev = {},
                std::optional<int> size = {}) {
        std::size_t section = raw("xref\n");
        for (auto& [id, place] : rows_) raw(in_use(id, place.first, place.second));
        raw(more_rows);
        raw(fmt::format("trailer\n<< {}/Size {} /Prev {} {}>>\n", kept(), size.value_or(next_),
                        prev.value_or(doc.startxref()), more));
        return end(section);
    }
    struct row {
        int id, type;
        std::size_t place;
        int detail;
    };
    bytes section(std::vector<row> more_rows = {}, std::string_view more = "") {
        int self = fresh();
        std::size_t place = at();
        rows_[self] = {place, 0};
        std::vector<row> rows;
        for (auto& [id, o] : rows_) rows.push_back({id, 1, o.first, o.second});
        rows.insert(rows.end(), more_rows.begin(), more_rows.end());
        std::string index, data;
        for (const row& r : rows) {
            index += fmt::format("{} 1 ", r.id);
            data +=
                static_cast<char>(r.type) + big_endian(r.place, 4) + big_endian(static_cast<std::size_t>(r.detail), 2);
        }
        raw(fmt::format("{} 0 obj\n", self) +
            stream_of(data, fmt::format("/Type /XRef /W [1 4 2] /Index [{}] {}/Size {} /Prev {} {}", index, kept(),
                                        next_, doc.startxref(), more)) +
            "\nendobj\n");
        return end(place);
    }
    bytes end(std::size_t section) {
        raw(fmt::format("startxref\n{}\n%%EOF\n", section));
        return to_bytes(out_);
    }
    void forget(int id) { rows_.erase(id); }

    pdf::document doc;
    int content = 0, root = 0;
    std::size_t content_at = 0, evidence_at = 0;

private:
    std::string kept() {
        std::string out;
        for (const char* key : {"/Root", "/Info", "/ID"})
            if (QPDFObjectHandle value = doc.qpdf().getTrailer().getKey(key); !value.isNull())
                out += fmt::format("{} {} ", key, value.unparse());
        return out;
    }
    std::string out_;
    std::size_t begin_;
    int next_;
    std::string store_;
    std::map<int, std::pair<std::size_t, int>> rows_;
};

inline bool names(const validation::file_report& report, std::string_view code) {
    return signing::has_finding(report.findings, code);
}

// Neither valid nor signed again; `code`: what is said.
inline void expect_refused(const char* what, const bytes& file, std::string_view code,
                           verdict expected = verdict::invalid) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == expected), what << " " << shown(report));
    BOOST_REQUIRE(!report.signatures.empty());
    BOOST_TEST((report.signatures.at(0).verdict == expected), what << " " << shown(report));
    BOOST_TEST(names(report, code), what << " " << code << " " << shown(report));
    BOOST_TEST(!pdf::prepare(file, request_for(pdf::profile::issued)), what);
    BOOST_TEST(!pdf::prepare_timestamp(file), what);
    BOOST_TEST(!pdf::add_evidence(file, world().known, {}), what);
}

inline void expect_fine(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"evidence_added"}),
               what << " " << shown(report));
    BOOST_TEST(pdf::prepare(file, request_for(pdf::profile::issued)).has_value(), what);
}

inline bytes table(const std::function<void(revision&)>& tricks, const std::function<bytes(revision&)>& end,
                   std::optional<std::string> data = {}) {
    revision r(with_table());
    data ? r.evidence(*data) : r.evidence();
    tricks(r);
    return end(r);
}

// In an object stream: the catalogue, whose copies are `bodies`; the row names the one at `index`.
inline bytes packed(const std::vector<std::string>& bodies, std::size_t index,
                    std::function<std::string(std::string)> head = {}, const char* more = "", bool with_row = true) {
    revision r(with_streams());
    r.evidence();
    std::string numbers, all;
    for (const std::string& body : bodies) {
        numbers += fmt::format("{} {} ", r.root, all.size());
        all += (body.empty() ? r.catalogue() : r.catalogue(body)) + " ";
    }
    if (head) numbers = head(numbers);
    int id = r.fresh();
    r.object(id, stream_of(numbers + all,
                           fmt::format("/Type /ObjStm /N {} /First {} {}", bodies.size(), numbers.size(), more)));
    if (!with_row) return r.section();
    return r.section({{r.root, 2, static_cast<std::size_t>(id), static_cast<int>(index)}});
}

} // namespace vanthu::test

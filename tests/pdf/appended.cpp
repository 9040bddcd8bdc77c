// Revisions after a signature that two readers read differently, each trick built here byte by byte. Viewers show the
// attacker's object, QPDF the signed one: such a file is never valid, names what is wrong, and is not signed further.
#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <functional>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

std::string big_endian(std::size_t value, int width) {
    std::string out;
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
}
std::string in_use(int id, std::size_t at, int generation = 0) {
    return fmt::format("{} 1\n{:010} {:05} n \n", id, at, generation);
}
std::string freed(int id, int generation = 1) { return fmt::format("{} 1\n0000000000 {:05} f \n", id, generation); }
std::string stream_of(std::string_view data, std::string_view more = "") {
    return fmt::format("<< /Length {} {}>>\nstream\n{}\nendstream", data.size(), more, data);
}
const std::string evil = "1 0 0 rg 50 300 400 300 re f";

const bytes& with_table() {
    static const bytes file = world().approved(make_letter());
    return file;
}
const bytes& with_streams() {
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
    void evidence(std::string_view data, int id, int generation) {
        evidence_at = out_.find("stream\n", object(id, stream_of(data), generation)) + 7;
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

bool names(const validation::file_report& report, std::string_view code) {
    return signing::has_finding(report.findings, code);
}

// Neither valid nor signed again; `code`: what is said.
void expect_refused(const char* what, const bytes& file, std::string_view code, verdict expected = verdict::invalid) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == expected), what << " " << shown(report));
    BOOST_REQUIRE(!report.signatures.empty());
    BOOST_TEST((report.signatures.at(0).verdict == expected), what << " " << shown(report));
    BOOST_TEST(names(report, code), what << " " << code << " " << shown(report));
    BOOST_TEST(!pdf::prepare(file, request_for(pdf::profile::issued)), what);
    BOOST_TEST(!pdf::prepare_timestamp(file), what);
    BOOST_TEST(!pdf::add_evidence(file, world().known, {}), what);
}

void expect_fine(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"evidence_added"}),
               what << " " << shown(report));
    BOOST_TEST(pdf::prepare(file, request_for(pdf::profile::issued)).has_value(), what);
}

bytes table(const std::function<void(revision&)>& tricks, const std::function<bytes(revision&)>& end,
            std::optional<std::string> data = {}) {
    revision r(with_table());
    data ? r.evidence(*data) : r.evidence();
    tricks(r);
    return end(r);
}

// In an object stream: the catalogue, whose copies are `bodies`; the row names the one at `index`.
bytes packed(const std::vector<std::string>& bodies, std::size_t index,
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

} // namespace

BOOST_AUTO_TEST_CASE(evidence_in_a_plain_revision_is_fine_in_every_shape) {
    expect_fine("table",
                table([](revision& r) { r.object(r.root, r.catalogue()); }, [](revision& r) { return r.table(); }));
    expect_fine("head of the free list", table([](revision& r) { r.object(r.root, r.catalogue()); },
                                               [](revision& r) { return r.table("0 1\n0000000000 65535 f \n"); }));
    expect_fine("a fresh number freed", table([](revision& r) { r.object(r.root, r.catalogue()); },
                                              [](revision& r) { return r.table(freed(r.fresh(), 0)); }));
    revision r(with_streams());
    r.evidence();
    r.object(r.root, r.catalogue());
    expect_fine("stream", r.section());
    expect_fine("object stream", packed({""}, 0));
    for (const char* comment : {"%iText-Core-8.0.2\n", "%iText-7.1.7 for .NET\r\n", "%iText-5.5.13.3\n",
                                "% Written by MuPDF 1.28.5\n\n", "%\xe2\xe3\xcf\xd3\n"})
        expect_fine(comment, table([&](revision& r) { r.object(r.root, r.catalogue()); },
                                   [&](revision& r) { return r.raw(comment), r.table(); }));
}

BOOST_AUTO_TEST_CASE(a_second_generation_of_a_known_number_is_refused) {
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    revision over(with_table());
    over.evidence(evil, over.content, 1);
    plain(over);
    expect_refused("over the content", over.table(), "pdf.second_generation");
    expect_refused(
        "a reference with another generation",
        table([&](revision& r) { r.object(r.root, r.catalogue(fmt::format("/Metadata {} 1 R", r.content))); },
              [](revision& r) { return r.table(); }),
        "pdf.second_generation");
    // Free until now, but referred to with generation 0.
    bytes waiting = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        first_page(d).replaceKey("/Note", QPDFObjectHandle::parse(&d.qpdf(), "[ 900 0 R ]"));
        out.changed(first_page(d));
    });
    revision r(world().approved(waiting));
    r.evidence();
    plain(r);
    r.object(900, stream_of("q Q", "/Subtype /Form /BBox [0 0 9 9] "), 1);
    expect_refused("a missing object in another generation", r.table("", "", {}, 901), "pdf.second_generation");
}

BOOST_AUTO_TEST_CASE(a_number_twice_in_one_revision_is_refused) {
    // The evil twin stands within the evidence.
    auto hidden = [](revision& r) { return fmt::format("{} 0 obj\n{}\nendobj\n", r.content, stream_of(evil)); };
    auto build = [&](bool evil_first, bool in_stream) {
        revision r(in_stream ? with_streams() : with_table());
        r.evidence(hidden(r));
        r.object(r.root, r.catalogue());
        std::size_t before = r.content_at;
        if (in_stream)
            return evil_first ? r.section({{r.content, 1, r.evidence_at, 0}, {r.content, 1, before, 0}})
                              : r.section({{r.content, 1, before, 0}, {r.content, 1, r.evidence_at, 0}});
        return evil_first ? r.table(in_use(r.content, r.evidence_at) + in_use(r.content, before))
                          : r.table(in_use(r.content, before) + in_use(r.content, r.evidence_at));
    };
    for (bool evil_first : {false, true})
        for (bool in_stream : {false, true}) {
            expect_refused("two rows", build(evil_first, in_stream), "pdf.number_twice");
            expect_refused("hidden", build(evil_first, in_stream), "pdf.hidden_object");
        }
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    expect_refused(
        "two objects",
        table([&](revision& r) { r.object(r.root, "<< >>"), plain(r); }, [](revision& r) { return r.table(); }),
        "pdf.number_twice");
    // In an object stream and by itself.
    revision r(with_streams());
    r.evidence();
    plain(r);
    int id = r.fresh();
    std::string head = fmt::format("{} 0 ", r.root), body = r.catalogue();
    r.object(id, stream_of(head + body, fmt::format("/Type /ObjStm /N 1 /First {} ", head.size())));
    expect_refused("direct and packed", r.section(), "pdf.object_stream_odd");
}

BOOST_AUTO_TEST_CASE(free_rows_touch_nothing_known) {
    auto build = [](std::function<std::string(revision&)> rows) {
        return table([](revision& r) { r.object(r.root, r.catalogue()); },
                     [&](revision& r) { return r.table(rows(r)); });
    };
    expect_refused("freed", build([](revision& r) { return freed(r.content); }), "pdf.object_freed");
    expect_refused("freed, generation 0", build([](revision& r) { return freed(r.content, 0); }), "pdf.object_freed");
    auto both = [](revision& r) { return in_use(r.content, r.content_at); };
    expect_refused("free, then in use", build([&](revision& r) { return freed(r.content) + both(r); }),
                   "pdf.object_freed");
    expect_refused("in use, then free", build([&](revision& r) { return both(r) + freed(r.content); }),
                   "pdf.number_twice");
    for (bool first : {false, true}) {
        revision r(with_streams());
        r.evidence();
        r.object(r.root, r.catalogue());
        revision::row free{r.content, 0, 0, 1}, used{r.content, 1, r.content_at, 0};
        expect_refused("in a stream", first ? r.section({free, used}) : r.section({used, free}), "pdf.object_freed");
    }
}

BOOST_AUTO_TEST_CASE(a_revision_continues_the_one_before_it_and_nothing_else) {
    // An older cross-reference that the attacker wrote himself, within the evidence.
    revision r(with_table());
    std::string body = fmt::format("{} 0 obj\n{}\nendobj\n", r.content, stream_of(evil));
    auto inner = [&](std::size_t at) {
        return body + "xref\n" + in_use(r.content, r.content_at) + in_use(r.content, at) +
               fmt::format("trailer\n<< /Size 99 /Root {} 0 R /Prev {} >>\n", r.root, r.doc.startxref());
    };
    std::size_t place = r.at() + fmt::format("{} 0 obj\n<< /Length {} >>\nstream\n",
                                             r.doc.qpdf().getTrailer().getKey("/Size").getIntValue(), inner(1).size())
                                     .size();
    r.evidence(inner(place));
    BOOST_REQUIRE(r.evidence_at == place);
    r.object(r.root, r.catalogue());
    bytes file = r.table("", "", place + body.size());
    expect_refused("/Prev into a stream", file, "pdf.prev_elsewhere");
    expect_refused("/Prev into a stream: a trailer", file, "pdf.hidden_object");

    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    bytes letter = make_letter();
    // A blank line before the trailer, as MuPDF writes it, is nothing.
    expect_fine("a blank line", table(plain, [](revision& r) {
                    std::string file(as_text(r.table()));
                    file.insert(file.rfind("trailer"), "\n");
                    return to_bytes(file);
                }));
    // No signature is found then, but the bytes of one.
    bytes past = table(plain, [&](revision& r) { return r.table("", "", pdf::document::open(letter)->startxref()); });
    BOOST_TEST((world().verify(past).verdict == verdict::indeterminate), shown(world().verify(past)));
    revision h(with_table());
    std::string rows = '\1' + big_endian(h.content_at, 4) + big_endian(0, 2);
    h.evidence(fmt::format("950 0 obj\n{}\nendobj\n",
                           stream_of(rows, fmt::format("/Type /XRef /W [1 4 2] /Index [{} 1] /Size 951 /Root {} 0 R ",
                                                       h.content, h.root))));
    h.object(h.root, h.catalogue());
    expect_refused("hybrid", h.table("", fmt::format("/XRefStm {} ", h.evidence_at), {}, 951), "pdf.hybrid_added");
    expect_refused("/Size", table(plain, [](revision& r) { return r.table("", "", {}, 5); }), "pdf.size_too_small");
}

BOOST_AUTO_TEST_CASE(rows_lead_to_objects_of_the_revision) {
    auto hidden = [](int id) { return fmt::format("{} 0 obj\n{}\nendobj\n", id, stream_of(evil)); };
    int content = revision(with_table()).content;
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    bytes into = table(plain, [&](revision& r) { return r.table(in_use(r.content, r.evidence_at)); }, hidden(content));
    expect_refused("into a stream", into, "pdf.entry_elsewhere");
    expect_refused("offset 0", table(plain, [&](revision& r) { return r.table(in_use(r.content, 0)); }),
                   "pdf.entry_elsewhere");
    expect_refused("the row of the revision before",
                   table([](revision& r) { r.object(r.root, r.catalogue()); },
                         [](revision& r) { return r.table(in_use(r.content, r.content_at)); }),
                   "pdf.entry_elsewhere", verdict::indeterminate);
    // An object that nothing lists, for readers that repair; also in another compression than none.
    expect_refused("hidden in a stream",
                   table(plain, [](revision& r) { return r.table(); }, hidden(content)), "pdf.hidden_object");
    expect_refused("a trailer in a string",
                   table(
                       [](revision& r) {
                           r.object(r.root,
                                    r.catalogue("/Metadata null /Extensions << /X (trailer << /Root 9 0 R >>) >> "));
                       },
                       [](revision& r) { return r.table(); }),
                   "pdf.hidden_object");
    expect_refused("a comment between the numbers",
                   table(
                       plain, [](revision& r) { return r.table(); }, fmt::format("{} % x\n 0 %\n obj << >>", content)),
                   "pdf.hidden_object");
    expect_refused("unlisted",
                   table([&](revision& r) { plain(r), r.object(r.content, stream_of(evil)), r.forget(r.content); },
                         [](revision& r) { return r.table(); }),
                   "pdf.object_unlisted");
}

BOOST_AUTO_TEST_CASE(where_readers_differ_about_the_signed_revision_nothing_later_is_judged) {
    // The letter names an object twice itself, or in a catalogue that is there twice: what QPDF finds unchanged later
    // is a change for those who read the other one when it was signed.
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    auto with_twin = [](bool first) {
        bytes letter = make_letter();
        pdf::document d = pdf::document::open(letter).value();
        std::string out(as_text(letter));
        int content = first_page(d).getKey("/Contents").getObjectID();
        std::size_t old_place = out.find(fmt::format("\n{} 0 obj", content)) + 1, place = out.size();
        out += fmt::format("{} 0 obj\n{}\nendobj\n", content, stream_of(evil));
        std::size_t section = out.size();
        std::string a = in_use(content, old_place), b = in_use(content, place);
        out += "xref\n" + (first ? a + b : b + a) +
               fmt::format("trailer\n<< /Size {} /Root {} /Prev {} >>\nstartxref\n{}\n%%EOF\n",
                           d.qpdf().getTrailer().getKey("/Size").getIntValue(), d.root().unparse(), d.startxref(),
                           section);
        return to_bytes(out);
    };
    for (bool first : {true, false}) {
        bytes file = world().sign(with_twin(first), world().leader, request);
        BOOST_TEST((world().verify(file).verdict == verdict::valid)); // nothing follows
        revision r(file);
        r.evidence();
        r.object(r.root, r.catalogue());
        expect_refused("a number twice", r.table(), "pdf.earlier_unclear", verdict::indeterminate);
    }
    // A catalogue that need not change when it is signed.
    bytes letter = reshaped(revised(make_letter(),
                                    [](pdf::document& d, pdf::update& out) {
                                        QPDFObjectHandle form = out.add(QPDFObjectHandle::parse("<< /Fields [] >>"));
                                        d.root().replaceKey("/AcroForm", form);
                                        out.changed(d.root());
                                    }),
                            {"--object-streams=generate"});
    for (bool twice : {false, true}) {
        pdf::document d = pdf::document::open(letter).value();
        std::string out(as_text(letter)), body = d.root().unparseResolved(), first = twice ? body + " " : "";
        int id = d.qpdf().getTrailer().getKey("/Size").getIntValueAsInt(), root = d.root().getObjectID();
        std::string head = (twice ? fmt::format("{} 0 ", root) : "") + fmt::format("{} {} ", root, first.size()),
                    all = head + first + body;
        std::size_t place = out.size();
        out += fmt::format("{} 0 obj\n{}\nendobj\n", id,
                           stream_of(all, fmt::format("/Type /ObjStm /N {} /First {} ", twice ? 2 : 1, head.size())));
        std::size_t section = out.size();
        std::string rows = '\2' + big_endian(static_cast<std::size_t>(id), 4) + big_endian(twice, 2) + '\1' +
                           big_endian(place, 4) + big_endian(0, 2) + '\1' + big_endian(section, 4) + big_endian(0, 2);
        out += fmt::format("{} 0 obj\n{}\nendobj\nstartxref\n{}\n%%EOF\n", id + 1,
                           stream_of(rows, fmt::format("/Type /XRef /W [1 4 2] /Index [{} 1 {} 2] /Size {} /Root {} "
                                                       "/Prev {} ",
                                                       root, id, id + 2, d.root().unparse(), d.startxref())),
                           section);
        bytes file = world().sign(to_bytes(out), world().leader, request);
        BOOST_TEST((world().verify(file).verdict == verdict::valid), shown(world().verify(file)));
        revision r(file);
        r.evidence();
        r.object(r.root, r.catalogue());
        if (twice)
            expect_refused("a catalogue twice", r.section(), "pdf.earlier_unclear", verdict::indeterminate);
        else
            expect_fine("a catalogue once", r.section());
    }
}

BOOST_AUTO_TEST_CASE(an_object_stream_is_read_in_one_way) {
    const std::string bad = "/Pages << /Type /Pages /Count 0 /Kids [] >> ";
    revision names_of(with_streams());
    for (std::size_t index : {0u, 1u}) {
        expect_refused("twice, the good one first", packed({"", "/Version /2.0 "}, index), "pdf.number_twice");
        expect_refused("twice, the good one last", packed({"/Version /2.0 ", ""}, index), "pdf.number_twice");
    }
    expect_refused("/N too small", packed({""}, 0, [](std::string head) { return head + "4 0 "; }),
                   "pdf.object_stream_odd");
    expect_refused("a comment in the head", packed({""}, 0, [](std::string head) { return head + "%\n"; }),
                   "pdf.object_stream_odd");
    expect_refused("another index", packed({""}, 1), "pdf.object_stream_odd");
    expect_refused("no row", packed({""}, 0, {}, "", false), "pdf.object_stream_odd");
    expect_refused("/Extends", packed({""}, 0, {}, "/Extends 1 0 R "), "pdf.object_stream_odd", verdict::indeterminate);
}

BOOST_AUTO_TEST_CASE(a_revision_is_spelled_plainly) {
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    auto with = [](std::string_view more) {
        return table([&](revision& r) { r.object(r.root, r.catalogue(more)); }, [](revision& r) { return r.table(); });
    };
    const std::string pages = "<< /Type /Pages /Count 0 /Kids [] >> ";
    expect_refused("a key twice", with("/Pages " + pages), "pdf.unaccounted_bytes");
    expect_refused("a key twice, once escaped", with("/P#61ges " + pages), "pdf.unaccounted_bytes");
    expect_refused("an escaped NUL", with("/Pages#00 " + pages), "pdf.unaccounted_bytes");
    expect_refused("a comment in an object", with("% 4 0 obj\n"), "pdf.unaccounted_bytes");
    expect_refused("a number of no reader", with("/Version 1e5 "), "pdf.unaccounted_bytes");
    bytes twice = table(plain, [](revision& r) { return r.table("", "/Prev 0 "); });
    BOOST_TEST((world().verify(twice).verdict == verdict::indeterminate), shown(world().verify(twice)));
    expect_refused("a comment", table(plain, [](revision& r) { return r.raw("% DUYET CHI 5 TY\n"), r.table(); }),
                   "pdf.comment_added", verdict::indeterminate);
    expect_refused("two sections",
                   table([&](revision& r) { plain(r), r.raw("xref\n0 0\ntrailer\n<< >>\n"); },
                         [](revision& r) { return r.table(); }),
                   "pdf.unaccounted_bytes");
    expect_refused(
        "no certificate",
        table(plain, [](revision& r) { return r.table(); }, "certificate"), "pdf.evidence_odd", verdict::indeterminate);
    std::string longer(as_text(world().ca.sub().certificate_der()));
    expect_refused(
        "bytes behind the certificate",
        table(plain, [](revision& r) { return r.table(); }, longer + "x"), "pdf.evidence_odd", verdict::indeterminate);
    expect_refused("an external stream",
                   table([&](revision& r) { plain(r), r.object(r.fresh(), stream_of("x", "/F (other.pdf) ")); },
                         [](revision& r) { return r.table(); }),
                   "pdf.unaccounted_bytes");
}

// Updates, and signed parts under them, that viewers read in another way than QPDF does, each built here byte by byte.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

void plain(revision& r) { r.object(r.root, r.catalogue()); }
bytes ended(revision& r) { return r.table(); }
bytes with(std::string_view more) {
    return table([&](revision& r) { r.object(r.root, r.catalogue(more)); }, ended);
}
void expect_valid(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
}

} // namespace

BOOST_AUTO_TEST_CASE(bytes_that_are_white_space_to_some_make_no_name) {
    for (std::string space : {"\x80", "\xff", "\x0b", "\xe9"}) {
        const std::string key = fmt::format("/Root{0}31{0}0{0}R 1 ", space); // "/Root 31 0 R" to PDFium
        if (space != "\x0b")                                                 // QPDF itself reads the other catalogue
            expect_refused("in a trailer", table(plain, [&](revision& r) { return r.table("", key); }),
                           "pdf.update_unclear", verdict::indeterminate);
        expect_refused("a key", with(fmt::format("/Extensions << /A{}B 1 >> ", space)), "pdf.update_unclear",
                       verdict::indeterminate);
        expect_refused("a name", with(fmt::format("/Extensions << /A /B{}C >> ", space)), "pdf.update_unclear",
                       verdict::indeterminate);
    }
    expect_valid("escaped letters", with("/Extensions << /A#c3#b3 /B#20C >> "));
}

BOOST_AUTO_TEST_CASE(nothing_is_in_use_because_an_extension_names_it) {
    expect_valid("of Adobe and ETSI",
                 with("/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 /URL (https://a.example) >> "
                      "/ESIC [ << /Type /DeveloperExtensions /BaseVersion /1.7 /ExtensionLevel 5 >> ] >> "));
    auto extended = [](std::string_view body, std::string_view more) {
        return table(
            [&](revision& r) {
                const int id = r.fresh();
                r.object(id, body);
                r.object(r.root,
                         r.catalogue(fmt::format("/Extensions << /A {} >> ", fmt::format(fmt::runtime(more), id))));
            },
            ended);
    };
    expect_valid("an object of its own", extended("<< /BaseVersion /1.7 /ExtensionLevel 3 >>", "{} 0 R"));
    for (auto [body, use] : {std::pair("<< /Type /Catalog /Pages 3 0 R >>", "{} 0 R"),
                             {"<< /Type /Pages >>", "<< /B << /C {} 0 R >> >>"},
                             {"(text)", "{} 0 R"}}) {
        auto report = world().verify(extended(body, use));
        BOOST_TEST((report.verdict == verdict::invalid), body << " " << shown(report));
        const auto& changes = report.signatures.at(0).changes_after;
        BOOST_TEST(std::ranges::count(changes, "catalogue_changed:Extensions") == 1, shown(report));
    }
}

BOOST_AUTO_TEST_CASE(a_stream_is_decoded_in_one_way) {
    // To some readers a byte of every row falls out: the catalogue is another one.
    const std::string parameters = "/DP << /Predictor 12 /Columns 2000 >> ";
    expect_refused("an object stream", packed({""}, 0, {}, parameters.c_str()), "pdf.unaccounted_bytes");
    expect_refused("evidence",
                   table([&](revision& r) { plain(r), r.object(r.fresh(), stream_of("x", parameters)); }, ended),
                   "pdf.unaccounted_bytes");
    expect_refused("an escaped key", packed({""}, 0, {}, "/D#50 << /Predictor 12 >> "), "pdf.unaccounted_bytes");
    expect_refused("an entry of no object stream", packed({""}, 0, {}, "/Crypt 1 "), "pdf.object_stream_odd",
                   verdict::indeterminate);
    expect_fine("the length when decoded", packed({""}, 0, {}, "/DL 5 "));
    revision r(with_streams());
    r.evidence();
    plain(r);
    expect_refused("a cross-reference stream", r.section({}, parameters), "pdf.unaccounted_bytes");
}

namespace {

// The letter with `more` behind it, in a revision of its own that names `rows`.
bytes letter_with(const std::function<std::string(const pdf::document&, std::size_t at)>& more,
                  std::string_view rows = "0 1\n0000000000 65535 f \n") {
    bytes letter = make_letter();
    pdf::document d = pdf::document::open(letter).value();
    std::string out(as_text(letter));
    out += more(d, out.size());
    const std::size_t section = out.size();
    out += fmt::format("xref\n{}trailer\n<< /Size {} /Root {} /Prev {} >>\nstartxref\n{}\n%%EOF\n", rows,
                       d.qpdf().getTrailer().getKey("/Size").getIntValue(), d.root().unparse(), d.startxref(), section);
    return to_bytes(out);
}
bytes with_evidence(bytes letter, std::string_view trailer = "") {
    revision r(world().approved(letter));
    r.evidence();
    r.object(r.root, r.catalogue());
    return r.table("", trailer);
}
std::string content_of(const pdf::document& d, std::string_view body) {
    QPDFObjectHandle page = d.qpdf().getAllPages().front();
    return fmt::format("{} 0 obj\n{}\nendobj\n", page.getKey("/Contents").getObjectID(), body);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_number_or_a_section_that_makes_readers_repair_is_not_determined) {
    auto refused = [](const char* what, std::string_view rows) {
        expect_refused(what, table(plain, [&](revision& r) { return r.table(rows); }), "pdf.update_unclear",
                       verdict::indeterminate);
    };
    refused("a section far away without rows", "999999999 0\n");
    refused("one above the highest number", "8388608 0\n");
    revision r(with_table());
    r.evidence(as_text(world().ca.sub().certificate_der()), 8'388'608, 0);
    plain(r);
    expect_refused("a number", r.table("", "", {}, 8'388'609), "pdf.update_unclear", verdict::indeterminate);
    expect_valid("no rows", table(plain, [](revision& r) { return r.table("8388607 0\n"); }));
    for (const char* key : {"/Encrypt 999 0 R ", "/Encrypt null ", "/#45ncrypt 999 0 R "})
        expect_refused(key, table(plain, [&](revision& r) { return r.table("", key); }), "pdf.unaccounted_bytes");
}

BOOST_AUTO_TEST_CASE(an_object_of_the_signed_part_that_counts_in_repaired_files_only_leaves_updates_undetermined) {
    auto expect_doubt = [](const char* what, const bytes& letter) {
        BOOST_TEST((world().verify(world().approved(letter)).verdict == verdict::valid), what); // nothing follows
        expect_refused(what, with_evidence(letter), "pdf.earlier_unclear", verdict::indeterminate);
    };
    expect_doubt("an orphan behind the object",
                 letter_with([](const pdf::document& d, std::size_t) { return content_of(d, stream_of(evil)); }));
    expect_doubt("one in a stream", letter_with([](const pdf::document& d, std::size_t) {
                     return "900 0 obj\n" + stream_of(content_of(d, stream_of(evil))) + "\nendobj\n";
                 }));
    expect_doubt("one in a comment, of another generation", letter_with([](const pdf::document& d, std::size_t) {
                     QPDFObjectHandle page = d.qpdf().getAllPages().front();
                     return fmt::format("% {} 7\tobj <<>>\n", page.getKey("/Contents").getObjectID());
                 }));
    expect_doubt("an object stream that nothing names", letter_with([](const pdf::document& d, std::size_t) {
                     QPDFObjectHandle page = d.qpdf().getAllPages().front();
                     const std::string head = fmt::format("{} 0 ", page.getObjectID());
                     return "900 0 obj\n" +
                            stream_of(head + page.unparseResolved(),
                                      fmt::format("/Type /ObjStm /N 1 /First {} ", head.size())) +
                            "\nendobj\n";
                 }));
    // What an update leaves behind is ordinary: the older object stands further above.
    expect_valid("an object that an update wrote anew", with_evidence(revised(make_letter(), [](auto& d, auto& out) {
                     first_page(d).replaceKey("/Rotate", QPDFObjectHandle::newInteger(0));
                     out.changed(first_page(d));
                 })));
    expect_valid("a free number that nothing refers to",
                 with_evidence(letter_with(
                     [](const pdf::document&, std::size_t) { return std::string("900 0 obj\n<< >>\nendobj\n"); })));
    for (const char* how : {"--linearize", "--object-streams=generate"}) {
        revision r(world().approved(revised(reshaped(make_letter(), {how}), [](auto& d, auto& out) {
            first_page(d).replaceKey("/Rotate",
                                     QPDFObjectHandle::newInteger(0)); // from an object stream, in the latter
            out.changed(first_page(d));
        })));
        r.evidence();
        r.object(r.root, r.catalogue());
        expect_valid(how, std::string_view(how) == "--linearize" && r.doc.kind() == pdf::xref_kind::table
                              ? r.table()
                              : r.section());
    }
}

// Updates after a signature that no known program writes so. What a careless one may write is not determined and says
// what to do; what gives readers different documents is invalid, however it is spelled.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

void plain(revision& r) { r.object(r.root, r.catalogue()); }
bytes ended(revision& r) { return r.table(); }
bytes with(std::string_view more) {
    return table([&](revision& r) { r.object(r.root, r.catalogue(more)); }, ended);
}
// The bytes of an update, written anew.
bytes edited(const std::function<void(std::string&)>& change) {
    std::string file(as_text(table(plain, ended)));
    change(file);
    return to_bytes(file);
}
void expect_unclear(const char* what, const bytes& file, std::string_view code = "pdf.update_unclear") {
    expect_refused(what, file, code, verdict::indeterminate);
    BOOST_TEST(names(world().verify(file), "pdf.update_unclear"), what);
}
void expect_change(const char* what, const bytes& file, const std::string& change) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::invalid), what << " " << shown(report));
    const auto& changes = report.signatures.at(0).changes_after;
    BOOST_TEST((std::ranges::find(changes, change) != changes.end()), what << " " << shown(report));
}
const std::string pages = "<< /Type /Pages /Count 0 /Kids [] >> ";

} // namespace

BOOST_AUTO_TEST_CASE(an_update_in_an_odd_spelling_is_not_determined) {
    expect_unclear("a comment in an object", with("% made by hand\n"));
    expect_unclear("a word that is none", with("/Version 1e5 "));
    expect_unclear("an escape that is none", with("/Extensions << /C#Sharp 1 >> "));
    expect_unclear("a key again", with("/Type /Catalog "));
    expect_unclear("a key twice", with("/Extensions << /A 1 /A 2 >> "), "pdf.key_twice");
    expect_unclear("a comment", table(plain, [](revision& r) { return r.raw("% DUYET CHI 5 TY\n"), r.table(); }),
                   "pdf.comment_added");
    expect_unclear("a comment in an object stream", packed({"/Version /2.0 % x\n"}, 0));
}

BOOST_AUTO_TEST_CASE(an_update_in_an_odd_order_is_not_determined) {
    expect_unclear("bytes between objects",
                   table(plain, [](revision& r) { return r.raw("left over (\n"), r.table(); }));
    expect_unclear("two sections", table([](revision& r) { plain(r), r.raw("xref\n0 0\ntrailer\n<< >>\n"); }, ended));
    auto insert = [](std::string_view text) {
        return edited([&](std::string& file) { file.insert(file.rfind("startxref"), text); });
    };
    expect_unclear("an object behind the section", insert("900 0 obj\nnull\nendobj\n"), "pdf.object_unlisted");
    revision r(with_table());
    const int id = r.fresh();
    for (int i = 0; i < 2; ++i) r.evidence(as_text(world().ca.sub().certificate_der()), id, 0);
    plain(r);
    expect_unclear("a fresh object twice", r.table(), "pdf.number_twice");
}

BOOST_AUTO_TEST_CASE(an_update_that_counts_carelessly_is_not_determined) {
    expect_unclear("startxref a byte early", edited([](std::string& file) {
                       const std::size_t at = file.rfind("startxref\n") + 10;
                       const std::size_t place = std::stoul(file.substr(at));
                       file.replace(at, file.rfind("\n%%EOF") - at, std::to_string(place - 1));
                   }),
                   "pdf.startxref_elsewhere");
    expect_unclear("a row a byte early",
                   table([](revision&) {},
                         [](revision& r) {
                             const std::size_t place = r.object(r.root, r.catalogue());
                             r.forget(r.root);
                             return r.table(in_use(r.root, place - 1));
                         }),
                   "pdf.entry_elsewhere");
    expect_unclear("rows of 19 bytes", edited([](std::string& file) {
                       for (std::size_t at = file.rfind("\nxref"); (at = file.find(" n \n", at)) != file.npos;)
                           file.erase(at + 2, 1);
                   }));
    auto without_previous = [](int left_out) { // all rows anew
        revision r(with_table());
        r.evidence();
        plain(r);
        std::string rows;
        for (const auto& [id, entry] : r.doc.qpdf().getXRefTable())
            if (id.getObj() != r.root && id.getObj() != left_out)
                rows += in_use(id.getObj(), static_cast<std::size_t>(entry.getOffset()), id.getGen());
        std::string file(as_text(r.table(rows)));
        const std::size_t at = file.rfind("/Prev ");
        file.erase(at, file.find(' ', at + 6) - at);
        return to_bytes(file);
    };
    expect_unclear("a whole table", without_previous(0), "pdf.prev_elsewhere");
    expect_refused("not the whole", without_previous(revision(with_table()).content), "pdf.prev_elsewhere");
    revision r(with_table());
    r.evidence();
    plain(r);
    expect_unclear("/Size", r.table("", "", {}, r.fresh() - 1), "pdf.size_too_small");
}

BOOST_AUTO_TEST_CASE(two_entries_for_a_key_are_judged_as_both_readers_judge_them) {
    auto first = [](std::string_view more) { // before the entry that was there
        return table([&](revision& r) { r.object(r.root, fmt::format("<< {}{}", more, r.catalogue().substr(2))); },
                     ended);
    };
    for (std::string key : {"/Pages ", "/P#61ges "}) {
        expect_change("the last one is evil", with(key + pages), "catalogue_changed:Pages");
        expect_change("the first one is evil", first(key + pages), "catalogue_changed:Pages");
        expect_refused("named", first(key + pages), "pdf.key_twice");
    }
    expect_refused("in a trailer", table(plain, [](revision& r) { return r.table("", "/Size 950 "); }),
                   "pdf.unaccounted_bytes");
    for (const std::string& more : {std::string("/Version /2.0 /Version /1.7 "), "/Pages " + pages}) // whatever it is
        expect_change("in an object stream", packed({more}, 0), "object_stream_odd");
}

BOOST_AUTO_TEST_CASE(odd_spelling_hides_no_attack) {
    expect_refused("an escaped NUL", with("/Pages#00 " + pages), "pdf.unaccounted_bytes");
    expect_refused("a known object that cannot be read", with("/X ) "), "pdf.unaccounted_bytes");
    expect_refused("an object in a comment", with("% 4 0 obj\n"), "pdf.hidden_object");
    expect_refused("an object between objects",
                   table(plain,
                         [](revision& r) {
                             return r.raw(fmt::format("( {} 0 obj\n{}\nendobj\n", r.content, stream_of(evil))),
                                    r.table();
                         }),
                   "pdf.object_unlisted");
    expect_refused("an earlier section that names a known object",
                   table(plain,
                         [](revision& r) {
                             r.raw("xref\n" + in_use(r.content, r.evidence_at) + "trailer\n<< >>\n");
                             return r.table();
                         }),
                   "pdf.number_twice");
    expect_refused("an earlier section with another catalogue",
                   table([](revision& r) { plain(r), r.raw("xref\n0 0\ntrailer\n<< /Root 3 0 R >>\n"); }, ended),
                   "pdf.unaccounted_bytes");
    expect_refused("an external stream",
                   table([](revision& r) { plain(r), r.object(r.fresh(), stream_of("x", "/F (other.pdf) ")); }, ended),
                   "pdf.unaccounted_bytes");
    expect_refused("bytes behind the end", edited([](std::string& file) { file += "more\n"; }),
                   "pdf.unaccounted_bytes");
    bytes none = edited([](std::string& file) { file += "startxref\n0\n%%EOF\n"; });
    BOOST_TEST((world().verify(none).verdict == verdict::indeterminate), shown(world().verify(none)));
    bytes twice = table(plain, [](revision& r) { return r.table("", "/Prev 0 "); });
    BOOST_TEST((world().verify(twice).verdict == verdict::indeterminate), shown(world().verify(twice)));
}

BOOST_AUTO_TEST_CASE(evidence_is_evidence_to_the_last_byte) {
    expect_refused("no certificate", table(plain, ended, "certificate"), "pdf.evidence_odd", verdict::indeterminate);
    std::string longer(as_text(world().ca.sub().certificate_der()));
    expect_refused("bytes behind the certificate", table(plain, ended, longer + "x"), "pdf.evidence_odd",
                   verdict::indeterminate);
}

// What form fields may show that are filled after a signature, and whose they are. The first signature is another
// program's as it were: it leaves every field open.
#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::test;
using namespace std::string_literals;
using signing::verdict;

namespace {

const std::string whole_page = "[0 0 595 842]", line = "[60 300 300 320]", sixth = "[0 100 595 245]";
const std::string white_area = "1 g 0 0 600 850 re f 0 g BT /F1 13 Tf 2 5 Td (x) Tj ET";
const char* font = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>";

struct box {
    std::string name, rectangle;
};

bytes commented(const bytes& file) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "Đã xem";
    return world().sign(file, world().agency, request);
}

// Signed, with these fields open.
bytes form_with(const std::vector<box>& fields) {
    return commented(revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
        for (const box& b : fields)
            list.appendItem(out.add(QPDFObjectHandle::parse(
                &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT /Tx /T ({}) /F 4 /P {} /Rect {} >>",
                                       b.name, page.unparse(), b.rectangle))));
        page.replaceKey("/Annots", list);
        out.changed(page);
        d.root().replaceKey("/AcroForm", QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields " + list.unparse() + " >>"));
        out.changed(d.root());
    }));
}

std::string look_entries(std::string_view resources = font) {
    return fmt::format("/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << {} >>", resources);
}

// The field `which` of form_with().
bytes filled(const bytes& file, int which, const std::string& content) {
    return revised(file, [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = d.root().getKey("/AcroForm").getKey("/Fields").getArrayItem(which);
        field.replaceKey("/V", QPDFObjectHandle::newString("x"));
        QPDFObjectHandle look = QPDFObjectHandle::newDictionary();
        look.replaceKey("/N", out.add_stream(look_entries(), content));
        field.replaceKey("/AP", look);
        out.changed(field);
    });
}

void expect_fine(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
}

// `filled`: not yet signed again, and not to be signed again.
void expect_doubt(const char* what, const bytes& filled, const char* code) {
    auto report = world().verify(filled);
    BOOST_TEST((report.verdict == verdict::indeterminate), what << " " << shown(report));
    for (const char* one : {"pdf.filling_covers_page", "pdf.field_twice", "pdf.filled_with_drawing"})
        BOOST_TEST(signing::has_finding(report.findings, one) == (std::string_view(one) == code),
                   what << " " << one << " " << shown(report));
    auto again = pdf::prepare(filled, request_for(pdf::profile::comment));
    BOOST_REQUIRE_MESSAGE(!again, what);
    BOOST_TEST((again.error().code == pdf::errc::changed_after_signing), what);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_later_filling_does_not_cover_the_page) {
    expect_fine("a line", commented(filled(form_with({{"a", line}}), 0, white_area)));
    for (const std::string& where : {whole_page, "[60 300 300 320 0]"s}) // no rectangle to some readers
        expect_doubt(where.c_str(), filled(form_with({{"a", where}}), 0, white_area), "pdf.filling_covers_page");

    const bytes two = form_with({{"a", sixth}, {"b", sixth}});
    const bytes one_filled = filled(two, 0, white_area);
    for (const bytes& file : {one_filled, filled(one_filled, 0, white_area)}) // counts once
        BOOST_TEST(!signing::has_finding(world().verify(file).findings, "pdf.filling_covers_page"));
    expect_doubt("a third", filled(one_filled, 1, white_area), "pdf.filling_covers_page");
}

BOOST_AUTO_TEST_CASE(of_two_fields_with_one_name_none_is_filled_later) {
    const bytes twins = form_with({{"a", line}, {"b", line}, {"a", "[60 200 300 220]"}});
    expect_fine("neither is filled", commented(twins));
    expect_fine("another one", commented(filled(twins, 1, white_area)));
    for (int which : {0, 2}) expect_doubt("a twin", filled(twins, which, white_area), "pdf.field_twice");
    // What the second one shows is looked at, too.
    auto report =
        world().verify(filled(form_with({{"a", line}, {"a", whole_page}}), 1, "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"));
    for (const char* code : {"pdf.filling_covers_page", "pdf.field_twice", "pdf.filled_with_drawing"})
        BOOST_TEST(signing::has_finding(report.findings, code), code << shown(report));
}

BOOST_AUTO_TEST_CASE(a_box_is_ticked_later) {
    auto ticked = [](const std::string& rectangle, const std::string& on) {
        bytes letter = revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
            list.appendItem(out.add(QPDFObjectHandle::parse(
                &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT /Btn /T (a) /F 4 /P {} /Rect {} /AS /Off "
                                       "/AP << /N << /Off {} /Yes {} >> >> >>",
                                       page.unparse(), rectangle, out.add_stream(look_entries(), "").unparse(),
                                       out.add_stream(look_entries(), on).unparse()))));
            page.replaceKey("/Annots", list);
            out.changed(page);
            d.root().replaceKey("/AcroForm",
                                QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields " + list.unparse() + " >>"));
            out.changed(d.root());
        });
        return revised(commented(letter), [](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle field = d.root().getKey("/AcroForm").getKey("/Fields").getArrayItem(0);
            field.replaceKey("/V", QPDFObjectHandle::newName("/Yes"));
            field.replaceKey("/AS", QPDFObjectHandle::newName("/Yes"));
            out.changed(field);
        });
    };
    const std::string tick = "q 0 0 1 rg 2 2 m 6 9 l S BT /F1 13 Tf 2 5 Td (4) Tj ET Q";
    expect_fine("a box", commented(ticked("[60 300 72 312]", tick)));
    expect_doubt("the page", ticked(whole_page, tick), "pdf.filling_covers_page");
    expect_doubt("a picture", ticked("[60 300 72 312]", "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI"),
                 "pdf.filled_with_drawing");
}

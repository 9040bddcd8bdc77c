// Fields that a leader's signature leaves open, prepared by whoever drafts the letter; and what is put into them.
#include "signing/pdf/errors.hpp"
#include "signing/pdf/form.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::test;
using namespace std::string_literals;
using signing::verdict;

namespace {

const std::string heading = "/Rect [120 724 240 742] ", whole_page = "/Rect [0 0 595 842] ";

bytes with_field(std::string_view name, std::string entries, const letter& l = {}, int page = 0) {
    return revised(make_letter(l), [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle on = d.qpdf().getAllPages().at(static_cast<std::size_t>(page));
        const std::string_view type = name == pdf::seal_field ? "/Sig" : "/Tx";
        QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
            &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT {} /T ({}) /F 4 /P {} {} >>", type, name,
                                   on.unparse(), entries)));
        QPDFObjectHandle list = QPDFObjectHandle::newArray();
        list.appendItem(field);
        on.replaceKey("/Annots", list);
        out.changed(on);
        d.root().replaceKey("/AcroForm", QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields " + list.unparse() + " >>"));
        out.changed(d.root());
    });
}

std::error_code refusal(bytes_view file, pdf::profile kind = pdf::profile::approved) {
    auto p = pdf::prepare(file, request_for(kind));
    return p ? std::error_code() : p.error().code;
}

// By a person: no field is locked, none is looked at.
bytes commented(bytes_view file, const identity& who = world().leader) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "Đã xem";
    return world().sign(file, who, request);
}

bytes filled(bytes_view file, const char* name, const std::string& content, const std::string& entries,
             const char* resources = "/Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >> >>") {
    return revised(file, [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find(name)->object;
        field.replaceKey("/V", QPDFObjectHandle::newString("x"));
        QPDFObjectHandle look = QPDFObjectHandle::newDictionary();
        look.replaceKey("/N", out.add_stream(fmt::format("/Type /XObject /Subtype /Form {} /Resources << {} >>",
                                                         entries, resources),
                                             content));
        field.replaceKey("/AP", look);
        out.changed(field);
    });
}

const std::string text = "/Tx BMC q BT /F1 13 Tf 2 5 Td (321) Tj ET Q EMC", small_box = "/BBox [0 0 120 18]";

bool names(const validation::file_report& report, std::string_view code) {
    return signing::has_finding(report.findings, code);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_leader_does_not_sign_over_a_field_that_is_more_than_a_number) {
    for (const char* name : {"vanthu_number", "vanthu_date"}) {
        BOOST_TEST(!refusal(with_field(name, heading)), name);
        BOOST_TEST(!refusal(with_field(name, heading + "/DA (/TiRo 13 Tf 0 g) /V () /MaxLen null ")), name);
        for (const std::string& odd :
             {whole_page, std::string("/Rect [120 300 240 318] "), std::string("/Rect [120 700 240 742] "),
              std::string("/Rect [20 724 590 742] "), heading + "/MK << /BG [1 1 1] >> ",
              heading + "/AA << /K << /S /JavaScript /JS (x) >> >> ", heading + "/A << /S /JavaScript /JS (x) >> ",
              heading + "/Ff 4096 ", heading + "/Ff 33554432 ", heading + "/RV (<p>x</p>) ", heading + "/AP << >> ",
              heading + "/V (321) ", heading + "/DA (/TiRo 300 Tf 1 g) ", heading + "/BS << /W 40 >> ",
              heading + "/F 2 ", std::string()})
            BOOST_TEST((refusal(with_field(name, odd)) == pdf::errc::field_unfit), name << " " << odd);
        BOOST_TEST((refusal(with_field(name, heading, {.pages = 2}, 1)) == pdf::errc::field_unfit), name);
    }
    BOOST_TEST(!refusal(with_field("vanthu_seal", "/Rect [220 95 339 214] ")));
    for (const std::string& odd :
         {whole_page, std::string("/Rect [100 100 400 200] "), "/Rect [220 95 339 214] /MK << /BG [1 1 1] >> "s,
          "/Rect [220 95 339 214] /AP << >> "s})
        BOOST_TEST((refusal(with_field("vanthu_seal", odd)) == pdf::errc::field_unfit), odd);
    BOOST_TEST(!refusal(with_field("other", whole_page))); // is locked
}

BOOST_AUTO_TEST_CASE(a_name_used_twice_is_not_left_open) {
    bytes twice = revised(with_field("vanthu_number", heading), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle other = out.add(QPDFObjectHandle::parse(
            "<< /Type /Annot /Subtype /Widget /FT /Tx /T (vanthu_number) /F 4 /Rect [0 0 595 842] >>"));
        first_page(d).getKey("/Annots").appendItem(other);
        d.root().getKey("/AcroForm").getKey("/Fields").appendItem(other);
        out.changed(first_page(d).getKey("/Annots"), first_page(d));
        out.changed(d.root().getKey("/AcroForm").getKey("/Fields"), d.root());
    });
    BOOST_TEST((refusal(twice) == pdf::errc::field_unfit));
}

BOOST_AUTO_TEST_CASE(what_is_filled_later_is_small_and_nothing_but_text) {
    // The first signature is another program's as it were: it leaves everything open.
    bytes modest = commented(with_field("vanthu_number", heading)),
          large = commented(with_field("vanthu_number", whole_page));
    auto judged = [](const bytes& file) { return world().verify(commented(file, world().agency)); };
    auto fine = judged(filled(modest, "vanthu_number", text, small_box));
    BOOST_TEST((fine.verdict == verdict::valid), shown(fine));
    auto big = world().verify(filled(large, "vanthu_number", text, "/BBox [0 0 595 842]"));
    BOOST_TEST((big.verdict == verdict::invalid), shown(big));
    BOOST_TEST(names(big, "pdf.field_unfit"));
    BOOST_TEST((refusal(filled(large, "vanthu_number", text, small_box), pdf::profile::comment) ==
                pdf::errc::changed_after_signing));
    BOOST_TEST((refusal(large, pdf::profile::issued) == pdf::errc::field_unfit));

    struct {
        const char* what;
        std::string content, entries;
        const char* resources;
    } const odd[] = {
        {"a picture", "q 120 0 0 18 0 0 cm /P0 Do Q", small_box, "/XObject << /P0 << /Type /XObject >> >>"},
        {"an inline picture", "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI", small_box, ""},
        {"an area", "0 g 0 0 120 18 re f", small_box, ""},
        {"a line", "0 0 m 120 18 l S", small_box, ""},
        {"a shading", "/S0 sh", small_box, "/Shading << /S0 << >> >>"},
        {"a font of drawings", text, small_box, "/Font << /F1 << /Type /Font /Subtype /Type3 >> >>"},
        {"a layer", text, small_box + " /OC << >>", ""},
    };
    for (const auto& [what, content, entries, resources] : odd) {
        bytes file = filled(modest, "vanthu_number", content, entries, resources);
        auto report = world().verify(file);
        BOOST_TEST((report.verdict == verdict::invalid), what << shown(report));
        BOOST_TEST(names(report, "pdf.filled_with_drawing"), what << shown(report));
        BOOST_TEST((refusal(file, pdf::profile::comment) == pdf::errc::changed_after_signing), what);
    }
    // Any other text field may have a frame, but no picture.
    bytes other = commented(with_field("amount", "/Rect [120 300 240 318] "));
    fine = judged(filled(other, "amount", "0 0 120 18 re S " + text, small_box));
    BOOST_TEST((fine.verdict == verdict::valid), shown(fine));
    auto picture =
        world().verify(filled(other, "amount", "/P0 Do", small_box, "/XObject << /P0 << /Type /XObject >> >>"));
    BOOST_TEST((picture.verdict == verdict::indeterminate), shown(picture));
    BOOST_TEST(names(picture, "pdf.filled_with_drawing"), shown(picture));
}

BOOST_AUTO_TEST_CASE(a_later_signature_does_not_cover_the_page) {
    auto into = [](const bytes& file, const char* name) {
        pdf::document base = pdf::document::open(file).value();
        pdf::update out(base);
        pdf::form f = pdf::form::open(base, out, pdf::intent::sign).value();
        auto p =
            f.write_with_hole(f.fields().find(name)->object,
                              "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", "", 16384, false);
        bytes cms = cms::build_signature(p->content_sha256, world().signer_of(world().agency)).value();
        return pdf::finish(std::move(*p), cms).value();
    };
    auto sealed = [&](const std::string& entries) {
        return world().verify(into(commented(with_field("vanthu_seal", entries)), "vanthu_seal"));
    };
    BOOST_TEST((sealed("/Rect [220 95 339 214] ").verdict == verdict::valid));
    auto large = sealed("/Rect [100 100 400 400] ");
    BOOST_TEST((large.verdict == verdict::invalid), shown(large));
    BOOST_TEST(names(large, "pdf.field_unfit"), shown(large));
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    for (double height : {150.0, 800.0}) {
        request.place = pdf::placement{1, 10, 10, 570, height};
        auto report = world().verify(world().sign(commented(make_letter()), world().agency, request));
        const bool covers = height > 400;
        BOOST_TEST((report.verdict == (covers ? verdict::indeterminate : verdict::valid)), height << shown(report));
        BOOST_TEST(names(report, "pdf.signature_covers_page") == covers);
    }
}

BOOST_AUTO_TEST_CASE(later_signatures_together_do_not_cover_the_page) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    bytes file = commented(make_letter());
    for (int i = 0; i < 2; ++i) {
        request.place = pdf::placement{1, 10, 100.0 + 200 * i, 570, 150}; // a sixth of the page each
        file = world().sign(file, world().agency, request);
        auto report = world().verify(file);
        BOOST_TEST((report.verdict == (i == 0 ? verdict::valid : verdict::indeterminate)), i << shown(report));
        BOOST_TEST(names(report, "pdf.signature_covers_page") == (i == 1));
    }
    // A field that its drafter laid out, signed without a look at its place.
    auto signed_into = [](const std::string& rectangle, int widgets) {
        bytes letter = revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
            QPDFObjectHandle field = out.add(QPDFObjectHandle::parse("<< /FT /Sig /T (Other) /Kids [] >>"));
            for (int i = 0; i < widgets; ++i)
                list.appendItem(out.add(QPDFObjectHandle::parse(
                    &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /F 4 /P {} /Parent {} /Rect {} >>",
                                           page.unparse(), field.unparse(), rectangle))));
            field.replaceKey("/Kids", list.shallowCopy());
            page.replaceKey("/Annots", list);
            out.changed(page);
            d.root().replaceKey("/AcroForm",
                                QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields [" + field.unparse() + "] >>"));
            out.changed(d.root());
        });
        bytes file = commented(letter);
        pdf::document base = pdf::document::open(file).value();
        pdf::update out(base);
        pdf::form f = pdf::form::open(base, out, pdf::intent::sign).value();
        auto p =
            f.write_with_hole(f.fields().find("Other")->object,
                              "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", "", 16384, false);
        bytes cms = cms::build_signature(p->content_sha256, world().signer_of(world().agency)).value();
        return world().verify(pdf::finish(std::move(*p), cms).value());
    };
    for (auto [rectangle, widgets, fine] : {std::tuple("[10 10 200 90]", 5, true),
                                            {"[0 0 595 160]", 5, false},
                                            {"[0 0 0 0]", 1, true},
                                            {"[10 10 200 90 0]", 1, false},
                                            {"[10 10 200 90 null]", 1, false},
                                            {"[10 10 200]", 1, false}}) {
        auto report = signed_into(rectangle, widgets);
        BOOST_TEST((report.verdict == (fine ? verdict::valid : verdict::indeterminate)), rectangle << shown(report));
        BOOST_TEST(names(report, "pdf.signature_covers_page") == !fine, rectangle);
    }
}

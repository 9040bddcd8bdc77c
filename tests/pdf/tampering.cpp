// Files that were changed after signing, in the ways attackers and careless programs do it.
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <random>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

bytes signed_letter() { return world().approved(make_letter()); }

template <class Change> void expect_invalid(const char* what, Change change) {
    auto report = world().verify(revised(signed_letter(), change));
    BOOST_TEST((report.verdict == verdict::invalid), what << " " << shown(report));
}

} // namespace

BOOST_AUTO_TEST_CASE(unsigned_and_foreign_files_are_never_valid) {
    BOOST_TEST((world().verify(make_letter()).verdict == verdict::unsigned_));
    BOOST_TEST((world().verify(as_bytes("no pdf")).verdict == verdict::indeterminate));
    BOOST_TEST((world().verify({}).verdict == verdict::indeterminate));
    bytes by_stranger = world().sign(make_letter(), world().stranger, request_for(pdf::profile::approved));
    BOOST_TEST((world().verify(by_stranger).verdict == verdict::indeterminate), shown(world().verify(by_stranger)));
}

BOOST_AUTO_TEST_CASE(a_text_about_signatures_is_no_signature_but_a_hidden_one_is_seen) {
    auto with_bytes = [](std::string_view text) {
        return world().verify(revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle plain = QPDFObjectHandle::newStream(&d.qpdf(), std::string(text));
            out.changed(plain);
        }));
    };
    BOOST_TEST((with_bytes("a signature has an entry /ByteRange and a value").verdict == verdict::unsigned_));
    auto report = with_bytes("<< /Type /Sig /ByteRange [ 0 10 20 30 ] /Contents <00> >>");
    BOOST_TEST((report.verdict == verdict::indeterminate));
    BOOST_TEST(signing::has_finding(report.findings, "pdf.stray_signature"));
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_leaves_a_file_valid) {
    bytes sealed = world().issued(signed_letter());
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < sealed.size(); at += sealed.size() / 150) places.push_back(at);
    for (const char* mark : {"/ByteRange", "/Contents <", "/AcroForm", "/Fields", "/Reference", "startxref", "/Prev",
                             "/Root", "/V ", "stream"})
        for (std::size_t at = as_text(sealed).find(mark); at != std::string_view::npos;
             at = as_text(sealed).find(mark, at + 1))
            for (std::size_t k = 0; k < 14; k += 3) places.push_back(at + k);
    std::string_view text = as_text(sealed);
    auto in_padding = [&](std::size_t at) {
        return text.substr(at, 40) == std::string(std::min<std::size_t>(40, text.size() - at), '0');
    };
    // The head of a CMS (version, list of digest algorithms) is signed by nobody and says nothing that is used.
    auto in_cms_head = [&](std::size_t at) {
        std::size_t hole = text.rfind("/Contents <", at);
        return hole != text.npos && at - hole > 11 + 20 && at - hole < 11 + 130;
    };
    for (std::size_t at : places) {
        if (at >= sealed.size() || in_cms_head(at)) continue;
        bytes changed = sealed;
        changed[at] ^= in_padding(at) ? 0x01 : 0x04; // '0' -> '1' in the filling
        if (changed[at] == sealed[at]) continue;
        auto report = world().verify(changed);
        BOOST_TEST((report.verdict != verdict::valid && report.verdict != verdict::unsigned_),
                   "byte " << at << " near " << text.substr(at - std::min<std::size_t>(at, 60), 120) << " "
                           << shown(report));
    }
}

BOOST_AUTO_TEST_CASE(a_cut_file_is_never_valid) {
    bytes sealed = world().issued(signed_letter());
    for (std::size_t end = sealed.size() - 2; end > sealed.size() / 2; end -= 997) {
        auto report = world().verify(bytes_view(sealed).first(end));
        BOOST_TEST((report.verdict != verdict::valid), end);
    }
}

BOOST_AUTO_TEST_CASE(changes_of_what_the_reader_sees_are_never_valid) {
    expect_invalid("content", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle content = first_page(d).getKey("/Contents");
        content.replaceStreamData("BT ET", QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull());
        out.changed(content);
    });
    expect_invalid("new content for the page", [](pdf::document& d, pdf::update& out) {
        first_page(d).replaceKey("/Contents", out.add_stream("", "BT ET"));
        out.changed(first_page(d));
    });
    expect_invalid("font", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle font = first_page(d).getKey("/Resources").getKey("/Font").getKey("/F1");
        font.replaceKey("/BaseFont", QPDFObjectHandle::newName("/Other"));
        out.changed(font);
    });
    expect_invalid("page tree", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle pages = d.root().getKey("/Pages");
        pages.replaceKey("/Rotate", QPDFObjectHandle::newInteger(180));
        out.changed(pages);
    });
    expect_invalid("annotation added", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle note = out.add(QPDFObjectHandle::parse(
            "<< /Type /Annot /Subtype /FreeText /Rect [0 0 600 800] /DA (/TiRo 12 Tf) /Contents (x) >>"));
        first_page(d).getKey("/Annots").appendItem(note);
        out.changed(first_page(d).getKey("/Annots"), first_page(d));
    });
    expect_invalid("signature hidden", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle widget = pdf::read_fields(d.qpdf()).find("vanthu_signature")->object;
        widget.replaceKey("/F", QPDFObjectHandle::newInteger(2));
        out.changed(widget);
    });
    expect_invalid("annotations removed", [](pdf::document& d, pdf::update& out) {
        first_page(d).removeKey("/Annots");
        out.changed(first_page(d));
    });
    expect_invalid("open action", [](pdf::document& d, pdf::update& out) {
        d.root().replaceKey("/OpenAction", QPDFObjectHandle::parse("<< /S /JavaScript /JS (x) >>"));
        out.changed(d.root());
    });
    expect_invalid("moved field", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_number")->object;
        field.replaceKey("/Rect", QPDFObjectHandle::parse("[0 0 600 800]"));
        out.changed(field);
    });
    expect_invalid("unsigned picture in a new signature field", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = out.add(
            QPDFObjectHandle::parse("<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /F 4 /Rect [0 0 600 800] >>"));
        QPDFObjectHandle picture = QPDFObjectHandle::newDictionary();
        picture.replaceKey("/N", out.add_stream("/Subtype /Form /BBox [0 0 600 800]", "1 g 0 0 600 800 re f"));
        field.replaceKey("/AP", picture);
        first_page(d).getKey("/Annots").appendItem(field);
        d.root().getKey("/AcroForm").getKey("/Fields").appendItem(field);
        out.changed(first_page(d).getKey("/Annots"), first_page(d));
        out.changed(d.root().getKey("/AcroForm"), d.root());
    });
}

BOOST_AUTO_TEST_CASE(hidden_content_prepared_before_signing_does_not_become_visible_after_it) {
    // Shadow attack "replace": the attacker's page content lies unused in the file that is signed.
    bytes with_shadow = revised(make_letter(), [](pdf::document&, pdf::update& out) { out.add_stream("", "BT ET"); });
    bytes signed_file = world().approved(with_shadow);
    BOOST_TEST((world().verify(signed_file).verdict == verdict::valid), shown(world().verify(signed_file)));
    auto swapped = revised(signed_file, [](pdf::document& d, pdf::update& out) {
        for (QPDFObjectHandle o : d.qpdf().getAllObjects())
            if (o.isStream() && o.getStreamData()->getSize() == 5) first_page(d).replaceKey("/Contents", o);
        out.changed(first_page(d));
    });
    BOOST_TEST((world().verify(swapped).verdict == verdict::invalid), shown(world().verify(swapped)));
}

BOOST_AUTO_TEST_CASE(bytes_after_the_signature_that_no_cross_reference_names_are_found) {
    bytes file = signed_letter();
    for (const char* tail :
         {"5 0 obj\n<< /Type /Page >>\nendobj\n", "%%EOF\n", "garbage", "trailer << /Root 9 0 R >>\n"}) {
        bytes longer = file;
        auto more = to_bytes(tail);
        longer.insert(longer.end(), more.begin(), more.end());
        auto report = world().verify(longer);
        BOOST_TEST((report.verdict == verdict::invalid || report.verdict == verdict::indeterminate),
                   tail << shown(report));
    }
}

BOOST_AUTO_TEST_CASE(a_number_filled_without_a_seal_is_not_valid) {
    bytes filled = revised(signed_letter(), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_number")->object;
        field.replaceKey("/V", QPDFObjectHandle::newString("1/QD"));
        out.changed(field);
    });
    auto report = world().verify(filled);
    BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
    BOOST_TEST(signing::has_finding(report.signatures.at(0).findings, "pdf.filled_without_signature"));
}

BOOST_AUTO_TEST_CASE(the_leader_locks_the_forms_other_fields) {
    bytes with_field = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
            "<< /FT /Tx /T (amount) /V (1) /Type /Annot /Subtype /Widget /Rect [9 9 99 20] >>"));
        QPDFObjectHandle form = out.add(QPDFObjectHandle::parse("<< /Fields [] >>"));
        form.getKey("/Fields").appendItem(field);
        d.root().replaceKey("/AcroForm", form);
        out.changed(d.root());
    });
    bytes signed_file = world().approved(with_field);
    BOOST_TEST((world().verify(world().issued(signed_file)).verdict == verdict::valid));
    auto report = world().verify(revised(signed_file, [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("amount")->object;
        field.replaceKey("/V", QPDFObjectHandle::newString("1000"));
        out.changed(field);
    }));
    BOOST_TEST((report.verdict == verdict::invalid), shown(report));
    BOOST_TEST(signing::has_finding(report.signatures.at(0).findings, "pdf.change_not_permitted"));
}

BOOST_AUTO_TEST_CASE(the_seal_locks_number_and_date) {
    bytes changed = revised(world().issued(signed_letter()), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_number")->object;
        field.replaceKey("/V", QPDFObjectHandle::newString("999/QD"));
        out.changed(field);
    });
    auto report = world().verify(changed);
    BOOST_TEST((report.verdict == verdict::invalid), shown(report));
    BOOST_TEST(signing::has_finding(report.signatures.at(1).findings, "pdf.change_not_permitted"));
}

BOOST_AUTO_TEST_CASE(a_security_store_may_be_added) {
    bytes longer = revised(world().issued(signed_letter()), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle store = out.add(QPDFObjectHandle::parse("<< /Type /DSS /Certs [] >>"));
        store.getKey("/Certs").appendItem(out.add_stream("", as_text(world().ca.sub().certificate_der())));
        d.root().replaceKey("/DSS", store);
        out.changed(d.root());
    });
    auto report = world().verify(longer);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(1).changes_after == std::vector<std::string>{"evidence_added"}));
}

BOOST_AUTO_TEST_CASE(a_signature_lifted_into_another_document_is_invalid) {
    // Universal forgery: ranges and values that are missing, swapped or someone else's.
    bytes file = signed_letter();
    for (auto [from, to] : {std::pair("/ByteRange [0 ", "/ByteRange [1 "),
                            {"/ByteRange [0", "/ByteRangX [0"},
                            {"/Contents <3", "/Contentz <3"},
                            {"/ETSI.CAdES.detached", "/ETSI.CAdES.detachee"}}) {
        bytes changed = file;
        std::size_t at = as_text(changed).find(from);
        BOOST_REQUIRE(at != std::string_view::npos);
        std::string_view replacement(to);
        std::copy(replacement.begin(), replacement.end(), changed.begin() + static_cast<std::ptrdiff_t>(at));
        auto report = world().verify(changed);
        BOOST_TEST((report.verdict == verdict::invalid || report.verdict == verdict::indeterminate),
                   to << shown(report));
    }
}

BOOST_AUTO_TEST_CASE(exceeding_the_budget_is_indeterminate_and_says_so) {
    bytes sealed = world().issued(signed_letter());
    for (auto limit : {pdf::budget{.bytes = 1000}, pdf::budget{.objects = 5}, pdf::budget{.revisions = 0},
                       pdf::budget{.signatures = 1}}) {
        auto report = pdf::verify_pdf(sealed, world().trust, world().known, signing_day, {}, limit);
        BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
        BOOST_TEST(signing::has_finding(report.findings, "budget"), shown(report));
    }
}

// The published classes of attacks on signed PDFs, each made here: universal signature forgery, incremental saving,
// signature wrapping, shadow attacks, attacks on certified documents, and the tricks of structure they build on.
// A signature must never be valid without the change being named.
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

bytes approved_letter() {
    static const bytes file = world().approved(make_letter());
    return file;
}
bytes certified_letter() {
    static const bytes file = world().approved(make_letter(), true);
    return file;
}

// No signature but perhaps a later one of the attacker's may be valid, and never the file.
void expect_caught(const char* what, bytes_view file) {
    auto report = world().verify(file);
    bool valid = report.verdict == verdict::valid || report.verdict == verdict::unsigned_;
    bool first_valid = !report.signatures.empty() && report.signatures.front().verdict == verdict::valid;
    BOOST_TEST(!valid, what << " " << shown(report));
    BOOST_TEST(!first_valid, what << " " << shown(report));
}

// Replaces the first occurrence by a text of the same length (spaces fill it).
bytes patched(bytes_view file, std::string_view from, std::string to) {
    bytes out(file.begin(), file.end());
    std::size_t at = as_text(out).find(from);
    if (at == std::string_view::npos || to.size() > from.size()) throw std::runtime_error("patched");
    to.resize(from.size(), ' ');
    std::copy(to.begin(), to.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    return out;
}

bytes appended(bytes_view file, std::string_view more) {
    bytes out(file.begin(), file.end());
    out.insert(out.end(), more.begin(), more.end());
    return out;
}

template <class Change> void expect_change_caught(const char* what, Change change) {
    expect_caught(what, revised(approved_letter(), change));
}

std::size_t last_startxref(bytes_view file) { return pdf::document::open(file).value().startxref(); }

void put_annotation(pdf::document& d, pdf::update& out, QPDFObjectHandle annotation) {
    first_page(d).getKey("/Annots").appendItem(annotation);
    out.changed(first_page(d).getKey("/Annots"), first_page(d));
}

} // namespace

BOOST_AUTO_TEST_CASE(universal_forgery_with_missing_or_odd_ranges_and_values_is_caught) {
    bytes file = approved_letter();
    std::string_view text = as_text(file);
    std::size_t at = text.find("/ByteRange [");
    std::string range(text.substr(at, text.find(']', at) + 1 - at));
    for (const char* odd : {"", "/ByteRange null", "/ByteRange []", "/ByteRange [0]", "/ByteRange [0 0 0 0]",
                            "/ByteRange [-1 10 20 30]", "/ByteRange [0 99999999 1 1]", "/ByteRange [0 1 1 0]",
                            "/ByteRange 0", "/ByteRange [0 1 2 3 4]", "/ByteRange (0 1 2 3)"})
        expect_caught(odd, patched(file, range, odd));
    std::size_t hole = text.find("/Contents <");
    std::string contents(text.substr(hole, text.find('>', hole) + 1 - hole));
    for (const char* odd : {"", "/Contents null", "/Contents <>", "/Contents <00>", "/Contents ()", "/Contents 1 0 R",
                            "/Contents <3000>", "/Contents <3080060000>"})
        expect_caught(odd, patched(file, contents, odd));
    // White space inside the value, which some readers skip: the gap is then no longer plain digits.
    bytes spaced = file;
    spaced[hole + contents.size() - 4] = ' ';
    expect_caught("space in the value", spaced);
    expect_caught("value not a dictionary", patched(file, "/Type /Sig /Filter", "/Type /Xyz /Filter"));
}

BOOST_AUTO_TEST_CASE(incremental_saving_in_its_four_forms_is_caught) {
    bytes file = approved_letter();
    auto doc = pdf::document::open(file).value();
    QPDFObjectHandle content = first_page(doc).getKey("/Contents");
    std::string object =
        fmt::format("{} 0 obj\n<< /Length 5 >>\nstream\nBT ET\nendstream\nendobj\n", content.getObjectID());
    std::size_t object_at = file.size(), table_at = file.size() + object.size();
    std::string table = fmt::format("xref\n{} 1\n{:010} 00000 n \n", content.getObjectID(), object_at);
    std::string trailer = fmt::format("trailer\n<< /Size 99 /Root {} /Prev {} >>\nstartxref\n{}\n%%EOF\n",
                                      doc.root().unparse(), doc.startxref(), table_at);
    expect_caught("body, table and trailer", appended(file, object + table + trailer));
    expect_caught("no cross-reference", appended(file, object + trailer));
    expect_caught("body only", appended(file, object));
    expect_caught("body and a second end", appended(file, object + "%%EOF\n"));
    expect_caught("table without object", appended(file, "xref\n0 0\n" + trailer));
    // With the signature's own dictionary copied behind, to look as if the last revision were signed.
    QPDFObjectHandle value = pdf::read_fields(doc.qpdf()).find("vanthu_signature")->value;
    expect_caught(
        "copied signature",
        appended(file, object + fmt::format("{} 0 obj\n{}\nendobj\n", value.getObjectID(), value.unparseResolved()) +
                           table + trailer));
}

BOOST_AUTO_TEST_CASE(signature_wrapping_is_caught) {
    // The signed bytes move behind content of the attacker's; the ranges follow them.
    bytes file = approved_letter();
    std::string_view text = as_text(file);
    std::size_t at = text.find("/ByteRange [0 "), end = text.find(']', at);
    std::string numbers(text.substr(at, end - at));
    unsigned long a = 0, b = 0, c = 0;
    BOOST_REQUIRE(std::sscanf(numbers.c_str(), "/ByteRange [0 %lu %lu %lu", &a, &b, &c) == 3);
    std::string inserted = "\n1 0 obj\n<< /Type /Catalog >>\nendobj\n";
    bytes wrapped(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(b));
    wrapped.insert(wrapped.end(), inserted.begin(), inserted.end());
    wrapped.insert(wrapped.end(), file.begin() + static_cast<std::ptrdiff_t>(b), file.end());
    std::string moved = fmt::format("/ByteRange [0 {} {} {}", a, b + inserted.size(), c);
    moved.resize(numbers.size(), ' ');
    std::copy(moved.begin(), moved.end(), wrapped.begin() + static_cast<std::ptrdiff_t>(at));
    expect_caught("space between the parts", wrapped);
    expect_caught("a second gap", patched(file, numbers, fmt::format("/ByteRange [0 {} {} {}", a - 9, b, c)));
    expect_caught("a part left out", patched(file, numbers, fmt::format("/ByteRange [0 {} {} {}", a, b, c - 50)));
    expect_caught("overlap", patched(file, numbers, fmt::format("/ByteRange [0 {} {} {}", b, a, c)));
}

BOOST_AUTO_TEST_CASE(shadow_attacks_hide_replace_and_both_are_caught) {
    // Hide: a picture that covered the real text when it was signed is taken away.
    bytes covered = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle image =
            out.add_stream("/Type /XObject /Subtype /Form /BBox [0 0 600 800]", "1 g 0 0 600 800 re f");
        QPDFObjectHandle resources = first_page(d).getKey("/Resources").shallowCopy();
        QPDFObjectHandle drawings = QPDFObjectHandle::newDictionary();
        drawings.replaceKey("/Cover", image);
        resources.replaceKey("/XObject", drawings);
        first_page(d).replaceKey("/Resources", resources);
        out.changed(first_page(d));
    });
    bytes signed_cover = world().approved(covered);
    expect_caught("hide", revised(signed_cover, [](pdf::document& d, pdf::update& out) {
                      QPDFObjectHandle cover = first_page(d).getKey("/Resources").getKey("/XObject").getKey("/Cover");
                      cover.replaceStreamData("", QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull());
                      out.changed(cover);
                  }));
    // Hide and replace: the signed file refers to an object that does not exist until the attacker supplies it.
    bytes waiting = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        first_page(d)
            .getKey("/Resources")
            .replaceKey("/XObject", QPDFObjectHandle::parse(&d.qpdf(), "<< /X 900 0 R >>"));
        QPDFObjectHandle resources = first_page(d).getKey("/Resources");
        out.changed(resources, first_page(d));
    });
    bytes signed_waiting = world().approved(waiting);
    BOOST_TEST((world().verify(signed_waiting).verdict == verdict::valid), shown(world().verify(signed_waiting)));
    std::size_t at = signed_waiting.size();
    std::string object = "900 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 3 >>\nstream\nq Q\n"
                         "endstream\nendobj\n";
    auto doc = pdf::document::open(signed_waiting).value();
    expect_caught("missing object supplied",
                  appended(signed_waiting,
                           object + fmt::format("xref\n900 1\n{:010} 00000 n \ntrailer\n<< /Size 901 /Root {} /Prev {} "
                                                ">>\nstartxref\n{}\n%%EOF\n",
                                                at, doc.root().unparse(), doc.startxref(), at + object.size())));
    expect_change_caught("replace: a font that changes the digits", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle map = first_page(d).getKey("/Resources").getKey("/Font").getKey("/F1").getKey("/ToUnicode");
        map.replaceStreamData("x", QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull());
        out.changed(map);
    });
    expect_change_caught("replace: another catalogue", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle other = out.add(d.root().shallowCopy());
        d.qpdf().getTrailer().replaceKey("/Root", other);
    });
}

BOOST_AUTO_TEST_CASE(evil_annotations_and_sneaky_signatures_on_a_certified_file_are_caught) {
    for (const char* kind : {"FreeText", "Redact", "Stamp", "Highlight", "Link", "Popup", "FileAttachment", "Screen"})
        expect_caught(kind, revised(certified_letter(), [&](pdf::document& d, pdf::update& out) {
                          put_annotation(
                              d, out,
                              out.add(QPDFObjectHandle::parse(fmt::format(
                                  "<< /Type /Annot /Subtype /{} /Rect [0 0 600 800] /Contents (x) >>", kind))));
                      }));
    // Sneaky signature: a stranger signs with a picture over the page.
    auto request = request_for(pdf::profile::approved);
    request.place = pdf::placement{1, 0, 0, 590, 800};
    bytes sneaky = world().sign(certified_letter(), world().stranger, request);
    auto report = world().verify(sneaky);
    BOOST_TEST((report.verdict != verdict::valid), shown(report));
    BOOST_TEST(
        (report.signatures.at(0).changes_after == std::vector<std::string>{"signature_added:vanthu_signature_2"}),
        shown(report));
}

BOOST_AUTO_TEST_CASE(later_actions_layers_attachments_and_appearances_are_caught) {
    auto in_catalogue = [](const char* key, const char* value) {
        return [=](pdf::document& d, pdf::update& out) {
            d.root().replaceKey(key, QPDFObjectHandle::parse(value));
            out.changed(d.root());
        };
    };
    expect_change_caught("/OpenAction", in_catalogue("/OpenAction", "<< /S /JavaScript /JS (x) >>"));
    expect_change_caught("/AA", in_catalogue("/AA", "<< /WC << /S /JavaScript /JS (x) >> >>"));
    expect_change_caught("/OCProperties", in_catalogue("/OCProperties", "<< /OCGs [] /D << /OFF [] >> >>"));
    expect_change_caught("/Names", in_catalogue("/Names", "<< /EmbeddedFiles << /Names [] >> >>"));
    expect_change_caught("JavaScript", in_catalogue("/Names", "<< /JavaScript << /Names [] >> >>"));
    expect_change_caught("/Pages", in_catalogue("/Pages", "<< /Type /Pages /Kids [] /Count 0 >>"));
    expect_change_caught("/Perms", in_catalogue("/Perms", "<< /UR3 << >> >>"));
    expect_change_caught("/AF", in_catalogue("/AF", "[ << /Type /Filespec /F (x) >> ]"));
    auto in_field = [](const char* name, const char* key, const char* value) {
        return [=](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find(name)->object;
            field.replaceKey(key, QPDFObjectHandle::parse(value));
            out.changed(field);
        };
    };
    expect_change_caught("/DA of a field", in_field("vanthu_number", "/DA", "(/Other 99 Tf 1 g)"));
    expect_change_caught("/A of a field", in_field("vanthu_number", "/A", "<< /S /JavaScript /JS (x) >>"));
    expect_change_caught("/AA of a field", in_field("vanthu_number", "/AA", "<< /K << /S /JavaScript /JS (x) >> >>"));
    expect_change_caught("/MK of a field", in_field("vanthu_number", "/MK", "<< /BG [1 1 1] >>"));
    expect_change_caught("/XFA of the form", [](pdf::document& d, pdf::update& out) {
        d.root().getKey("/AcroForm").replaceKey("/XFA", QPDFObjectHandle::newString("x"));
        out.changed(d.root().getKey("/AcroForm"), d.root());
    });
    expect_change_caught("/AP of the signature", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_signature")->object;
        QPDFObjectHandle picture = field.getKey("/AP").getKey("/N");
        picture.replaceStreamData("BT ET", QPDFObjectHandle::newNull(), QPDFObjectHandle::newNull());
        out.changed(picture);
    });
    expect_change_caught("/AP swapped", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_signature")->object;
        field.getKey("/AP").replaceKey("/N", out.add_stream("/Subtype /Form", "q Q"));
        out.changed(field);
    });
    // Of an empty field: its picture would stand over the page with nobody's signature.
    expect_change_caught("/AP of the empty seal", [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_seal")->object;
        QPDFObjectHandle picture = QPDFObjectHandle::newDictionary();
        picture.replaceKey("/N", out.add_stream("/Subtype /Form", "q Q"));
        field.replaceKey("/AP", picture);
        out.changed(field);
    });
}

BOOST_AUTO_TEST_CASE(a_form_never_shows_other_values_than_when_it_was_signed) {
    auto with_text_field = [](std::string entries, std::string form) {
        return world().approved(revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
            QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
                "<< /Type /Annot /Subtype /Widget /FT /Tx /T (sum) /V (900) /Rect [10 10 90 30] " + entries + ">>"));
            QPDFObjectHandle fields = QPDFObjectHandle::newArray();
            fields.appendItem(field);
            QPDFObjectHandle dictionary = QPDFObjectHandle::parse("<< " + form + ">>");
            dictionary.replaceKey("/Fields", fields);
            d.root().replaceKey("/AcroForm", dictionary);
            QPDFObjectHandle annotations = QPDFObjectHandle::newArray();
            annotations.appendItem(field);
            first_page(d).replaceKey("/Annots", annotations);
            out.changed(first_page(d));
            out.changed(d.root());
        }));
    };
    auto set = [](const bytes& file, const char* key, const char* value) {
        return revised(file, [&](pdf::document& d, pdf::update& out) {
            d.root().getKey("/AcroForm").replaceKey(key, QPDFObjectHandle::parse(value));
            out.changed(d.root().getKey("/AcroForm"), d.root());
        });
    };
    auto valid = [](const bytes& file) { return world().verify(file).verdict == verdict::valid; };
    bytes undrawn = with_text_field("", ""), drawn = with_text_field("/DA (/Helv 9 Tf 0 g) ", "");
    bytes by_reader = with_text_field("/DA (/Helv 9 Tf 0 g) ", "/NeedAppearances true ");
    BOOST_TEST((valid(undrawn) && valid(drawn) && valid(by_reader)));
    expect_caught("/DA for a value that nothing drew", set(undrawn, "/DA", "(/Helv 9 Tf 0 g)"));
    BOOST_TEST(valid(set(drawn, "/DA", "(/Helv 9 Tf 0 g)"))); // some signers add it, without an effect
    expect_caught("from drawn values to prepared pictures", set(by_reader, "/NeedAppearances", "false"));
    expect_caught("from prepared pictures to drawn values", set(drawn, "/NeedAppearances", "true"));
    BOOST_TEST(valid(set(drawn, "/NeedAppearances", "false")));
}

BOOST_AUTO_TEST_CASE(updates_with_a_cross_reference_stream_are_caught_alike) {
    struct row {
        int id, type;
        std::size_t place;
        int detail;
    };
    for (const bytes& original :
         {approved_letter(), world().approved(reshaped(make_letter(), {"--object-streams=generate"}))}) {
        auto doc = pdf::document::open(original).value();
        auto update = [&](std::string objects, std::vector<row> rows, std::string entries) {
            std::size_t at = original.size() + objects.size();
            rows.push_back({950, 1, at, 0});
            std::string index, data;
            for (const row& r : rows) {
                index += fmt::format("{} 1 ", r.id);
                data += static_cast<char>(r.type);
                for (int shift = 24; shift >= 0; shift -= 8) data += static_cast<char>(r.place >> shift & 0xff);
                data += static_cast<char>(r.detail);
            }
            return appended(original, objects +
                                          fmt::format("950 0 obj\n<< /Type /XRef /W [1 4 1] /Index [{}] /Size 951 "
                                                      "/Root {} {} /Length {} >>\nstream\n",
                                                      index, doc.root().unparse(), entries, data.size()) +
                                          data + fmt::format("\nendstream\nendobj\nstartxref\n{}\n%%EOF\n", at));
        };
        std::string previous = fmt::format("/Prev {}", doc.startxref());
        QPDFObjectHandle page = first_page(doc), content = page.getKey("/Contents");
        std::string white =
            fmt::format("{} 0 obj\n<< /Length 5 >>\nstream\nBT ET\nendstream\nendobj\n", content.getObjectID());
        expect_caught("content replaced", update(white, {{content.getObjectID(), 1, original.size(), 0}}, previous));
        expect_caught("object nobody lists", update(white, {}, previous));
        expect_caught("older revisions left out", update(white, {{content.getObjectID(), 1, original.size(), 0}}, ""));
        QPDFObjectHandle other = page.shallowCopy();
        other.removeKey("/Contents");
        std::string inner = fmt::format("{} 0 ", page.getObjectID()), body = other.unparseResolved();
        std::string packed = fmt::format("900 0 obj\n<< /Type /ObjStm /N 1 /First {} /Length {} >>\nstream\n{}{}\n"
                                         "endstream\nendobj\n",
                                         inner.size(), inner.size() + body.size(), inner, body);
        expect_caught("page in an object stream",
                      update(packed, {{900, 1, original.size(), 0}, {page.getObjectID(), 2, 900, 0}}, previous));
        expect_caught("page made free", update("", {{page.getObjectID(), 0, 0, 1}}, previous));
        // Names written with escapes mean the same.
        QPDFObjectHandle root = doc.root().shallowCopy();
        root.replaceKey("/OpenAction", QPDFObjectHandle::parse("<< /S /JavaScript /JS (x) >>"));
        std::string escaped = fmt::format("{} 0 obj\n{}\nendobj\n", doc.root().getObjectID(), root.unparseResolved());
        escaped.replace(escaped.find("/OpenAction"), 11, "/Open#41ction");
        expect_caught("escaped name", update(escaped, {{doc.root().getObjectID(), 1, original.size(), 0}}, previous));
    }
}

BOOST_AUTO_TEST_CASE(tricks_of_structure_are_caught) {
    for (const bytes& original :
         {approved_letter(), world().approved(reshaped(make_letter(), {"--object-streams=generate"}))}) {
        auto doc = pdf::document::open(original).value();
        std::size_t table_at = original.size();
        std::string root = doc.root().unparse();
        auto section = [&](std::string entries, std::string_view rows = "xref\n0 0\n") {
            return appended(original, fmt::format("{}trailer\n<< /Size 99 /Root {} {} >>\nstartxref\n{}\n%%EOF\n", rows,
                                                  root, entries, table_at));
        };
        expect_caught("/Prev to itself", section(fmt::format("/Prev {}", table_at)));
        expect_caught("/Prev to nowhere", section("/Prev 99999999"));
        expect_caught("/Prev left out", section(""));
        expect_caught("hybrid file", section(fmt::format("/Prev {} /XRefStm {}", doc.startxref(), doc.startxref())));
        expect_caught("encryption", section(fmt::format("/Prev {} /Encrypt << /Filter /Standard >>", doc.startxref())));
        expect_caught("comment", appended(original, "% 1 0 obj << /Type /Catalog >> endobj\n"));
        expect_caught("older cross-reference",
                      appended(original, fmt::format("startxref\n{}\n%%EOF\n", last_startxref(make_letter()))));
        // A page in an object stream of a later revision.
        expect_caught("object stream",
                      appended(original, fmt::format("800 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Length 13 >>\nstream\n"
                                                     "3 0 << /A 1 >>\nendstream\nendobj\nxref\n0 0\ntrailer\n<< /Size "
                                                     "801 /Root {} /Prev {} >>\nstartxref\n{}\n%%EOF\n",
                                                     root, doc.startxref(), original.size() + 92)));
        // The same number twice in one revision: which one a reader takes is its own affair.
        expect_caught("duplicate object",
                      appended(original, fmt::format("1 0 obj\n<< >>\nendobj\n1 0 obj\n<< /A 1 >>\nendobj\nxref\n1 1\n"
                                                     "{:010} 00000 n \ntrailer\n<< /Size 99 /Root {} /Prev {} >>\n"
                                                     "startxref\n{}\n%%EOF\n",
                                                     original.size(), root, doc.startxref(), original.size() + 47)));
    }
    bytes nul = approved_letter();
    nul.insert(nul.end(), 16, 0);
    BOOST_TEST((world().verify(nul).verdict == verdict::valid)); // filling of a transport, no content
}

BOOST_AUTO_TEST_CASE(what_the_rules_allow_stays_valid_and_is_named) {
    bytes file = world().with_timestamp(world().with_evidence(world().issued(certified_letter())),
                                        signing_day + std::chrono::hours(1), world().tsa);
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after ==
                std::vector<std::string>{"field_filled:vanthu_number", "field_filled:vanthu_date",
                                         "signature_added:vanthu_seal", "evidence_added", "metadata_updated",
                                         "timestamp_added:vanthu_time"}),
               shown(report));
}

BOOST_AUTO_TEST_CASE(many_revisions_cost_no_more_than_their_changes) {
    bytes file = approved_letter();
    for (int i = 0; i < 12; ++i)
        file = world().with_timestamp(file, signing_day + std::chrono::hours(1 + i), world().tsa);
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(report.signatures.size() == 13u);
}

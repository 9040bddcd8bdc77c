// Objects that a program wrote anew with the same values in another spelling: nothing has changed.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;
using namespace std::string_literals;

namespace {

using change_of = std::function<void(pdf::document&, pdf::update&)>;

bytes commented(bytes_view file) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    return world().sign(file, world().leader, request);
}
// What is said of a letter that `before` laid out, after the signature, when `after` has changed it.
std::string changes(const change_of& before, const change_of& after) {
    auto report = world().verify(revised(commented(revised(make_letter(), before)), after));
    return fmt::format("{} {}", report.verdict == verdict::valid ? "valid" : "doubtful",
                       fmt::join(report.signatures.at(0).changes_after, " "));
}
const std::string an = "\xfe\xff\0A\0n"s; // UTF-16

} // namespace

BOOST_AUTO_TEST_CASE(a_comment_in_the_trailer_of_the_signed_part_is_ordinary) {
    for (auto [comment, fine] : {std::pair("% ReportLab generated PDF document -- digest (opensource)\n", true),
                                 {"% made\xff by hand\n", false},
                                 {"% a\f/Root 3 0 R\n", false}}) {
        std::string letter(as_text(make_letter()));
        letter.insert(letter.rfind("trailer <<") + 10, "\n"s + comment);
        revision r(commented(to_bytes(letter)));
        r.evidence();
        r.object(r.root, r.catalogue());
        if (fine)
            expect_fine(comment, r.table());
        else
            expect_refused(comment, r.table(), "pdf.earlier_unclear", verdict::indeterminate);
    }
}

BOOST_AUTO_TEST_CASE(texts_about_the_document_are_compared_by_what_they_say) {
    auto information = [](const std::string& was, const std::string& is) {
        return changes(
            [&](pdf::document& d, pdf::update& out) {
                d.qpdf().getTrailer().replaceKey(
                    "/Info", out.add(QPDFObjectHandle::newDictionary({{"/Author", QPDFObjectHandle::newString(was)}})));
            },
            [&](pdf::document& d, pdf::update& out) {
                QPDFObjectHandle info = d.qpdf().getTrailer().getKey("/Info");
                info.replaceKey("/Author", QPDFObjectHandle::newString(is));
                info.replaceKey("/ModDate", QPDFObjectHandle::newString("D:20260101000000Z"));
                out.changed(info);
            });
    };
    BOOST_TEST(information(an, "An") == "valid metadata_updated");
    BOOST_TEST(information("An", an) == "valid metadata_updated");
    const std::string changed = "doubtful information_changed:Author metadata_updated";
    for (const std::string& other : {"Am"s, an + "\0n"s, an + "\0"s, "\xff\xfe\x41\0n\0"s, "\xef\xbb\xbf\x41n"s, ""s})
        BOOST_TEST(information(an, other) == changed, other);
    BOOST_TEST(information("\x9f", "\x7f") == changed); // nothing in the encoding of PDF

    auto catalogue = [](const char* key, const char* was, const char* is) {
        auto put = [key](const char* value) {
            return [=](pdf::document& d, pdf::update& out) {
                d.root().replaceKey(key, QPDFObjectHandle::parse(value));
                out.changed(d.root());
            };
        };
        return changes(put(was), put(is));
    };
    const char *labels = "<< /Nums [ 0 << /S /D /P <FEFF0041002D> >> ] >>", *names = "<< /A [ <FEFF0041> 1 ] >>";
    BOOST_TEST(catalogue("/PageLabels", labels, "<< /Nums [ 0 << /P (A-) /S /D >> ] >>") == "valid ");
    BOOST_TEST(catalogue("/PageLabels", labels, "<< /Nums [ 0 << /P (B-) /S /D >> ] >>") ==
               "doubtful catalogue_changed:PageLabels");
    BOOST_TEST(catalogue("/Names", names, "<< /A [ (A) 1 ] >>") == "doubtful catalogue_changed:Names"); // bytes
}

BOOST_AUTO_TEST_CASE(numbers_are_compared_by_value) {
    auto page = [](const char* key, const char* was, const char* is) {
        auto put = [key](const char* value) {
            return [=](pdf::document& d, pdf::update& out) {
                first_page(d).replaceKey(key, QPDFObjectHandle::parse(value));
                out.changed(first_page(d));
            };
        };
        return changes(put(was), put(is));
    };
    BOOST_TEST(page("/CropBox", "[0 0.0 595.50 842]", "[-0. .0 595.5 842.0]") == "valid ");
    BOOST_TEST(page("/UserUnit", ".5", "0.50") == "valid ");
    const std::string changed = "doubtful page_changed:";
    BOOST_TEST(page("/CropBox", "[0 0 595 842]", "[0 0 595.01 842]") == changed + "CropBox");
    BOOST_TEST(page("/CropBox", "[0 0 595 842]", "[0 0 595 -842]") == changed + "CropBox");
    BOOST_TEST(page("/CropBox", "[0 0 595 842]", "[0 0 595.0000000000000000000 842]") == changed + "CropBox");
    BOOST_TEST(page("/UserUnit", "1", "1.0") == changed + "UserUnit"); // an integer and none
    BOOST_TEST(page("/X", "[1 (a)]", "[1.0 (a)]") == changed + "X");
    BOOST_TEST(page("/X", "[/A]", "[(A)]") == changed + "X");
}

BOOST_AUTO_TEST_CASE(a_default_appearance_is_compared_word_by_word) {
    auto filled = [](const char* is, const char* value) {
        return changes(
            [](pdf::document& d, pdf::update& out) {
                QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
                QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
                    &d.qpdf(), "<< /Type /Annot /Subtype /Widget /FT /Tx /T (ten) /F 4 /Rect [100 100 200 120] /P " +
                                   page.unparse() + " /DA (/Helv 12 Tf .1 .10 0.1 rg) >>"));
                list.appendItem(field);
                page.replaceKey("/Annots", list);
                out.changed(page);
                d.root().replaceKey("/AcroForm",
                                    QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields " + list.unparse() + " >>"));
                out.changed(d.root());
            },
            [&](pdf::document& d, pdf::update& out) {
                QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("ten")->object;
                field.replaceKey("/DA", QPDFObjectHandle::newString(is));
                if (value) field.replaceKey("/V", QPDFObjectHandle::newString(value));
                out.changed(field);
            });
    };
    BOOST_TEST(filled("/Helv 12.0 Tf 0.1 .1 .1000 rg", "An") == "doubtful field_filled:ten"); // by whom?
    BOOST_TEST(filled("0.1 .1 .1 rg /Helv  12\nTf ", nullptr) == "valid ");                   // as MuPDF orders them
    for (const char* other :
         {"/Helv 12 Tf .1 .1 .2 rg", "/Hel 12 Tf .1 .1 .1 rg", "/Helv 12 Tf .1 .1 .1 RG", "/Helv 12 Tf .1 .1 .1 rg 0 g",
          ".1 .1 .1 rg /Helv 12 Tf 2 Tr", "/Helv 12 Tf .1 .1 .1 rg 5", ".1 .1 .1 rg 12 /Helv Tf",
          "/Helv 12 Tf .1 .1 .1 % rg", "/Helv 12 Tf .1 .1 .1 rg ("})
        BOOST_TEST(filled(other, nullptr) == "doubtful field_changed:ten", other);
}

// pyHanko takes a look older than that revision for one that changed later.
BOOST_AUTO_TEST_CASE(the_look_of_a_locked_field_is_part_of_the_revision_that_is_signed) {
    int look = 0;
    bytes letter = revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
        QPDFObjectHandle shown = out.add_stream("/Type /XObject /Subtype /Form /BBox [0 0 100 20]", "q Q");
        look = shown.getObjectID();
        QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
            &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT /Tx /T (ten) /F 4 /Rect [100 100 200 120] "
                                   "/P {} /AP << /N {} 0 R >> >>",
                                   page.unparse(), look)));
        list.appendItem(field);
        page.replaceKey("/Annots", list);
        out.changed(page);
        d.root().replaceKey("/AcroForm", QPDFObjectHandle::parse(&d.qpdf(), "<< /Fields " + list.unparse() + " >>"));
        out.changed(d.root());
    });
    bytes file = world().approved(letter);
    const auto table = pdf::document::open(file)->qpdf().getXRefTable();
    BOOST_TEST(table.at(QPDFObjGen(look, 0)).getOffset() > static_cast<qpdf_offset_t>(letter.size()));
    BOOST_TEST((world().verify(file).verdict == verdict::valid));
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    BOOST_TEST((world().verify(world().sign(file, world().agency, request)).verdict == verdict::valid));
}

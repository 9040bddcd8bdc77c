// Signed parts that can be read in two ways, or come to be by what anybody may append.
#include "signing/pdf/form.hpp"
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string out(text);
    const std::size_t at = out.find(what);
    BOOST_REQUIRE(at != out.npos);
    return out.replace(at, what.size(), by);
}

// By a program that signs what it is given. `padding` is signed, too.
bytes signed_by_hand(bytes_view letter, std::string_view padding = "") {
    constexpr std::size_t digits = 12000;
    pdf::document d = pdf::document::open(letter).value();
    const int id = d.qpdf().getTrailer().getKey("/Size").getIntValueAsInt(), root = d.root().getObjectID();
    std::string out(as_text(letter)), catalogue = d.root().unparseResolved(), rows;
    auto object = [&](int number, const std::string& body) {
        rows += in_use(number, out.size());
        out += fmt::format("{} 0 obj\n{}\nendobj\n", number, body);
    };
    object(root, catalogue.substr(0, catalogue.size() - 2) +
                     fmt::format("/AcroForm << /Fields [{} 0 R] /SigFlags 3 >> >>", id));
    object(id, fmt::format("<< /FT /Sig /T (by hand) /V {} 0 R >>", id + 1));
    const std::string range = "/ByteRange [0 1111111111 2222222222 3333333333]";
    object(id + 1, fmt::format("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached {} "
                               "/Contents <{}> >>",
                               range, std::string(digits, '0')));
    out += fmt::format("xref\n{}trailer\n<< /Size {} /Root {} 0 R /Prev {} >>\nstartxref\n{}\n%%EOF\n{}", rows, id + 2,
                       root, d.startxref(), out.size(), padding);
    const std::size_t a = out.rfind("/Contents <") + 10, b = a + digits + 2;
    std::string place = fmt::format("/ByteRange [0 {} {} {}]", a, b, out.size() - b);
    place.resize(range.size(), ' ');
    out.replace(out.rfind(range), range.size(), place);
    const std::string covered = out.substr(0, a) + out.substr(b);
    const std::string value =
        to_hex(cms::build_signature(sha256::of(as_bytes(covered)), world().signer_of(world().leader)).value());
    return to_bytes(out.replace(a + 1, value.size(), value));
}

bytes followed_by(const bytes& file, std::size_t blanks) {
    return to_bytes(std::string(as_text(file)) + std::string(blanks, '\n'));
}
bytes with_evidence(const bytes& file, std::size_t size = 0) {
    auto made = [&](std::size_t blanks) {
        revision r(file);
        r.evidence();
        r.object(r.root, r.catalogue());
        r.raw(std::string(blanks, '\n'));
        return r.table();
    };
    const bytes small = made(0);
    return size <= small.size() ? small : made(size - small.size());
}

// Linear letters in which /L is another number of as many digits.
std::string linear_letter() {
    static const bytes file = reshaped(make_letter(), {"--linearize"});
    return std::string(as_text(file));
}
bytes linear_with(std::string_view spelled, std::string_view key = "/Linearized 1") {
    const std::string letter = linear_letter();
    std::string field = fmt::format("/L {} ", letter.size()), now(spelled);
    BOOST_REQUIRE(now.size() <= field.size());
    now.resize(field.size(), ' ');
    return to_bytes(replaced(replaced(letter, field, now), "/Linearized 1", key));
}

void expect_doubt(const std::string& what, const bytes& file, std::string_view code) {
    expect_refused(what.c_str(), file, code, verdict::indeterminate);
}
void expect_valid(const std::string& what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
}
void expect_not_signed(const std::string& what, const bytes& letter) {
    BOOST_TEST(!pdf::prepare(letter, request_for(pdf::profile::approved)), what);
}

} // namespace

BOOST_AUTO_TEST_CASE(what_the_hand_signs_is_valid) {
    expect_valid("a letter", signed_by_hand(make_letter()));
    expect_valid("a linear letter", signed_by_hand(to_bytes(linear_letter())));
    expect_valid("with evidence", with_evidence(signed_by_hand(to_bytes(linear_letter()))));
    expect_valid("by vanthu", with_evidence(world().approved(to_bytes(linear_letter()))));
}

BOOST_AUTO_TEST_CASE(a_signed_file_does_not_turn_into_a_linear_one) {
    const std::size_t signed_size = signed_by_hand(to_bytes(linear_letter())).size();
    const std::size_t full = with_evidence(signed_by_hand(to_bytes(linear_letter()))).size() + 100;
    const bytes letter = linear_with(fmt::format("/L {}", full)), file = signed_by_hand(letter);
    expect_not_signed("larger", letter);
    expect_doubt("nothing appended", file, "pdf.linear_unclear");
    expect_doubt("blanks", followed_by(file, full - file.size()), "pdf.linear_unclear");
    expect_refused("an update", with_evidence(file, full), "pdf.linear_unclear");
    expect_doubt("an update of another size", with_evidence(file), "pdf.linear_unclear");
    expect_doubt("by the signature", signed_by_hand(linear_with(fmt::format("/L {}", signed_size))),
                 "pdf.linear_unclear");
    expect_valid("smaller", signed_by_hand(linear_with(fmt::format("/L {}", signed_size - 1))));
    for (const char* size : {"/L +99", "/L 9.0",
                             "/L\x80"
                             "999",
                             "/#4c 99", "/l 1"}) {
        const std::string spelled(size);
        if (spelled == "/#4c 99")
            expect_valid(spelled, signed_by_hand(linear_with(spelled)));
        else
            expect_doubt(spelled, signed_by_hand(linear_with(spelled)), "pdf.linear_unclear");
    }
    const std::string larger = fmt::format("/L {}", full);
    for (const char* key : {"/Linearized\xff"
                            "1",
                            "/Linearized%\n"})
        expect_doubt(key, signed_by_hand(linear_with(larger, key)), "pdf.linear_unclear");
    // Of another object nobody asks.
    expect_valid("another object", signed_by_hand(revised(make_letter(), [](auto& d, auto& out) {
                     first_page(d).replaceKey("/PieceInfo", QPDFObjectHandle::parse("<< /Linearized 1 /L 99999999 >>"));
                     out.changed(first_page(d));
                 })));
}

BOOST_AUTO_TEST_CASE(white_space_behind_the_signed_part_is_a_line_end) {
    const bytes file = world().approved(make_letter());
    expect_valid("some", followed_by(file, 16));
    expect_doubt("more", followed_by(file, 17), "pdf.space_behind");
    expect_doubt("so much that some readers repair", followed_by(file, 970), "pdf.space_behind");
    expect_doubt("behind an update", followed_by(with_evidence(file), 17), "pdf.space_behind");
    // Within the signature: what all readers look at, and nothing can be added to.
    expect_valid("signed", signed_by_hand(make_letter(), std::string(900, ' ')));
    for (std::size_t signed_space : {970u, 990u, 1020u}) {
        const bytes far = followed_by(signed_by_hand(make_letter(), std::string(signed_space, ' ')), 16);
        BOOST_TEST((world().verify(far).verdict == verdict::indeterminate), signed_space);
    }
}

namespace {

// The letter with these boxes, signed; then anybody adds empty signature fields.
validation::file_report with_fields(std::string_view boxes, const std::vector<std::string>& rectangles) {
    const bytes letter = revised(make_letter(), [&](auto& d, auto& out) {
        QPDFObjectHandle page = first_page(d), more = QPDFObjectHandle::parse(fmt::format("<< {} >>", boxes));
        for (const auto& [key, box] : more.getDictAsMap()) page.replaceKey(key, box);
        if (boxes.contains("/NoMedia")) page.removeKey("/MediaBox");
        out.changed(page);
    });
    return world().verify(revised(signed_by_hand(letter), [&](auto& d, auto& out) {
        QPDFObjectHandle page = first_page(d), list = QPDFObjectHandle::newArray();
        for (const std::string& rectangle : rectangles) {
            QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
                &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty{}) /F 4 /P {} /Rect {} >>",
                                       list.getArrayNItems(), page.unparse(), rectangle)));
            list.appendItem(field);
            d.root().getKey("/AcroForm").getKey("/Fields").appendItem(field);
        }
        page.replaceKey("/Annots", list);
        out.changed(page);
        out.changed(d.root());
    }));
}
void expect_covered(std::string_view boxes, const std::vector<std::string>& rectangles, bool covered) {
    auto report = with_fields(boxes, rectangles);
    BOOST_TEST((report.verdict == (covered ? verdict::indeterminate : verdict::valid)), boxes << " " << shown(report));
    BOOST_TEST(names(report, "pdf.field_covers_page") == covered, boxes << " " << shown(report));
}
const std::string whole = "[0 0 595 842]", sixth = "[0 0 595 140]", small = "[10 10 200 60]";

} // namespace

BOOST_AUTO_TEST_CASE(a_page_is_what_is_left_of_its_boxes) {
    expect_covered("/MediaBox [0 0 595 842] /CropBox [-3000 -3000 3000 3000]", {whole}, true);
    expect_covered("/MediaBox [-3000 -3000 3000 3000] /CropBox [0 0 595 842]", {whole}, true);
    expect_covered("/MediaBox [0 0 3000 842] /CropBox [595 -3000 0 3000]", {whole}, true);
    expect_covered("/MediaBox [3000 3000 -3000 -3000]", {whole}, false);
    expect_covered("/NoMedia true /CropBox [-3000 -3000 3000 3000]", {whole}, true);
    for (const char* odd :
         {"/CropBox [0 0 3000 3000 0]", "/CropBox 1", "/MediaBox [-3000 -3000 3000]", "/CropBox [900 900 1000 1000]"})
        expect_covered(odd, {small}, true);
    expect_covered("/CropBox [20 20 500 800]", {small}, false);
}

BOOST_AUTO_TEST_CASE(empty_signature_fields_that_are_added_do_not_cover_the_page) {
    expect_covered("", {small}, false);
    expect_covered("", {"[0 0 0 0]"}, false);
    expect_covered("", {whole}, true);
    expect_covered("", {sixth}, false);
    expect_covered("", {sixth, "[0 200 595 340]"}, true);
    expect_covered("", {"[0 0 10 10 0]"}, true);
}

BOOST_AUTO_TEST_CASE(a_field_that_is_signed_after_it_was_added_counts_once) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    const bytes file = revised(signed_by_hand(make_letter()), [&](auto& d, auto& out) {
        QPDFObjectHandle page = first_page(d);
        QPDFObjectHandle field = out.add(QPDFObjectHandle::parse(
            &d.qpdf(), fmt::format("<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /F 4 /P {} /Rect {} >>",
                                   page.unparse(), sixth)));
        d.root().getKey("/AcroForm").getKey("/Fields").appendItem(field);
        page.replaceKey("/Annots", QPDFObjectHandle::newArray(std::vector{field}));
        out.changed(page);
        out.changed(d.root());
    });
    pdf::document base = pdf::document::open(file).value();
    pdf::update out(base);
    pdf::form f = pdf::form::open(base, out, pdf::intent::sign).value();
    auto p = f.write_with_hole(f.fields().find("empty")->object,
                               "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", "", 16384, false);
    const bytes cms = cms::build_signature(p->content_sha256, world().signer_of(world().agency)).value();
    expect_valid("a sixth", pdf::finish(std::move(*p), cms).value());
}

BOOST_AUTO_TEST_CASE(names_of_the_signed_part_hold_nothing_that_is_white_space_to_some) {
    // QPDF would escape them, so the bytes are put in afterwards.
    auto letter_with = [](std::string_view entry, bool packed = false) {
        bytes file = revised(make_letter(), [&](auto& d, auto& out) {
            first_page(d).replaceKey("/PieceInfo", QPDFObjectHandle::parse("<< /Placeholder0 [ /Placeholder1 ] >>"));
            out.changed(first_page(d));
        });
        if (packed)
            file = reshaped(file, {"--object-streams=generate", "--stream-data=uncompress", "--compress-streams=n"});
        std::string text(as_text(file)), now(entry);
        const std::string_view was = "/Placeholder0 [ /Placeholder1 ]";
        now.resize(was.size(), ' ');
        return to_bytes(replaced(text, was, now));
    };
    for (const std::string byte : {"\x80", "\xff", "\x01", "\x7f"})
        for (bool packed : {false, true})
            for (const std::string& entry : {"/Kids" + byte + " 1", "/A [/B" + byte + "3]", "/A /B" + byte}) {
                const bytes letter = letter_with(entry, packed);
                expect_not_signed(entry, letter);
                expect_doubt(entry, signed_by_hand(letter), "pdf.names_unclear");
                if (!packed) expect_doubt(entry, with_evidence(signed_by_hand(letter)), "pdf.names_unclear");
            }
    for (std::string fine : {"/Kids#ff 1", "/A /B#80", "/A /Ph\xc3\xb4ng", "/C\xc3\xb3 1", "/A (\xff\x80)"})
        for (bool packed : {false, true}) {
            const bytes letter = letter_with(fine, packed);
            expect_valid(fine, signed_by_hand(letter));
            if (!packed) expect_valid(fine, world().approved(letter));
        }
    // In the trailer.
    const std::string text(as_text(make_letter()));
    const std::size_t trailer = text.find("<<", text.rfind("trailer")) + 2;
    const bytes split = to_bytes(std::string(text).insert(trailer, "/Root\xff"
                                                                   "31\xff"
                                                                   "0\xffR 1 "));
    expect_not_signed("trailer", split);
    expect_doubt("trailer", signed_by_hand(split), "pdf.names_unclear");
}

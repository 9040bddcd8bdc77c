// What programs of others write after a signature, each habit rebuilt here: Acrobat, iText, pyHanko and the libraries
// of some states. None of it changes what is shown, so the signature before it stays as it is; what looks like it and
// does change something stays forbidden.
#include "signing/pdf/form.hpp"
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

using objects = QPDFObjectHandle;
using list = std::vector<std::string>;

// `approved` would lock the fields.
bytes by_leader(bytes_view file) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "Đã xem";
    return world().sign(file, world().leader, request);
}

// With an empty signature field that has a picture.
bytes letter_with_field(const char* second_use = nullptr) {
    return revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
        objects picture = out.add_stream("/Subtype /Form /BBox [0 0 80 20]", "q Q");
        objects field = out.add(objects::parse(
            &d.qpdf(), "<< /Type /Annot /Subtype /Widget /FT /Sig /T (later) /F 4 /Rect [10 10 90 30] /P " +
                           first_page(d).unparse() + " /AP << /N " + picture.unparse() + " >> >>"));
        objects fields = objects::newArray();
        fields.appendItem(field);
        d.root().replaceKey("/AcroForm", objects::parse("<< >>"));
        d.root().getKey("/AcroForm").replaceKey("/Fields", fields);
        first_page(d).replaceKey("/Annots", fields);
        if (second_use) first_page(d).replaceKey(second_use, picture);
        out.changed(first_page(d));
        out.changed(d.root());
    });
}

// The agency signs in a field (a new one where there is no such name) as `change` leaves it.
bytes signed_in(const bytes& file, const char* name, const std::function<void(objects&, pdf::update&)>& change,
                bool stamp = false) {
    pdf::document base = pdf::document::open(file).value();
    pdf::update out(base);
    pdf::form f = pdf::form::open(base, out, pdf::intent::sign).value();
    const pdf::form_field* known = f.fields().find(name);
    objects field = known ? known->object : f.add_field(name, "/Sig", 132, {1, 60, 690, 100, 30});
    change(field, out);
    if (stamp) {
        auto p = f.write_with_hole(field, "/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161", "",
                                   8192, false);
        auto token = world().stamp(p->content_sha256, signing_day, world().tsa);
        return pdf::finish_timestamp(std::move(*p), token).value();
    }
    auto p =
        f.write_with_hole(field, "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", "", 16384, false);
    return pdf::finish(std::move(*p),
                       cms::build_signature(p->content_sha256, world().signer_of(world().agency)).value())
        .value();
}

void expect_changes(const char* what, const bytes& file, const list& changes) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == changes), what << " " << shown(report));
}
void expect_invalid(const char* what, const bytes& file) {
    auto report = world().verify(file);
    BOOST_TEST((report.signatures.at(0).verdict == verdict::invalid), what << " " << shown(report));
}
bytes updated(const bytes& file, const std::function<void(pdf::document&, pdf::update&)>& change) {
    return revised(file, change);
}
std::function<void(objects&, pdf::update&)> with_flags(int flags) {
    return [=](objects& field, pdf::update&) { field.replaceKey("/F", objects::newInteger(flags)); };
}

void expect_signatures(const char* what, const bytes& file, std::size_t count) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), what << " " << shown(report));
    BOOST_TEST(report.signatures.size() == count, what);
}

} // namespace

BOOST_AUTO_TEST_CASE(acrobat_locks_the_widget_that_it_signs) {
    const bytes file = by_leader(letter_with_field());
    expect_changes("print and locked", signed_in(file, "later", with_flags(132)), {"signature_added:later"});
    expect_invalid("hidden", signed_in(file, "later", with_flags(134)));
    expect_invalid("no longer printed", signed_in(file, "later", with_flags(128)));
    expect_invalid("without a signature", updated(file, [](pdf::document& d, pdf::update& out) {
                       objects field = pdf::read_fields(d.qpdf()).find("later")->object;
                       field.replaceKey("/F", objects::newInteger(132));
                       out.changed(field);
                   }));
}

BOOST_AUTO_TEST_CASE(a_field_that_is_signed_may_draw_its_picture_anew) {
    auto redrawn = [](objects picture, pdf::update& out) {
        picture.replaceStreamData("0 0 80 20 re f", objects::newNull(), objects::newNull());
        out.changed(picture);
    };
    auto in_field = [&](objects& field, pdf::update& out) { redrawn(field.getKey("/AP").getKey("/N"), out); };
    expect_changes("as pyHanko does", signed_in(by_leader(letter_with_field()), "later", in_field),
                   {"signature_added:later"});
    expect_invalid("used by the page too", signed_in(by_leader(letter_with_field("/Thumb")), "later", in_field));
    expect_invalid("a time stamp", signed_in(by_leader(letter_with_field()), "later", in_field, true));
    expect_invalid("unsigned", updated(by_leader(letter_with_field()), [&](pdf::document& d, pdf::update& out) {
                       redrawn(pdf::read_fields(d.qpdf()).find("later")->object.getKey("/AP").getKey("/N"), out);
                   }));
}

BOOST_AUTO_TEST_CASE(itext_gives_the_file_a_new_id_and_its_fields_an_empty_dr) {
    revision r(with_table());
    r.evidence();
    r.object(r.root, r.catalogue());
    std::string file(as_text(r.table()));
    const std::size_t id = file.find('<', file.rfind("/ID")) + 1;
    BOOST_REQUIRE(file.compare(id, 2, "00") != 0);
    file.replace(id, 2, "00");
    expect_changes("another /ID", to_bytes(file), {"metadata_updated", "evidence_added"});

    auto unseen = [](const char* resources) {
        return signed_in(
            by_leader(make_letter()), "extra",
            [=](objects& field, pdf::update&) {
                field.replaceKey("/Rect", objects::parse("[0 0 0 0]"));
                field.replaceKey("/DR", objects::parse(resources));
            },
            true);
    };
    expect_changes("an empty /DR", unseen("<< >>"), {"timestamp_added:extra"});
    expect_invalid("one with fonts", unseen("<< /Font << >> >>"));
}

BOOST_AUTO_TEST_CASE(acrobat_writes_the_document_information_in_another_encoding) {
    bytes letter = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        d.qpdf().getTrailer().replaceKey("/Info", out.add(objects::parse("<< /Title (Letter) /Author (A) >>")));
    });
    auto with = [&](const char* title) {
        return updated(by_leader(letter), [=](pdf::document& d, pdf::update& out) {
            objects info = d.qpdf().getTrailer().getKey("/Info");
            info.replaceKey("/Title", objects::parse(title));
            out.changed(info);
        });
    };
    expect_changes("the same", with("<FEFF004C00650074007400650072>"), {});
    expect_invalid("another one", with("<FEFF004C006500740074006500720073>"));
    expect_invalid("a name", with("/Letter"));
}

BOOST_AUTO_TEST_CASE(extensions_may_stand_in_an_object_of_their_own) {
    auto changed = [](const char* second_use) {
        bytes letter = revised(make_letter(), [=](pdf::document& d, pdf::update& out) {
            objects extensions = out.add(objects::parse("<< >>"));
            d.root().replaceKey("/Extensions", extensions);
            if (second_use) first_page(d).replaceKey(second_use, extensions);
            out.changed(d.root());
            out.changed(first_page(d));
        });
        return updated(by_leader(letter), [](pdf::document& d, pdf::update& out) {
            objects extensions = d.root().getKey("/Extensions");
            extensions.replaceKey("/ADBE", objects::parse("<< /BaseVersion /1.7 /ExtensionLevel 8 >>"));
            out.changed(extensions);
        });
    };
    expect_changes("of the catalogue", changed(nullptr), {"metadata_updated"});
    expect_invalid("of a page too", changed("/PieceInfo"));
}

BOOST_AUTO_TEST_CASE(evidence_may_come_with_an_information_that_nothing_uses) {
    auto with = [](const char* unused) {
        return table([=](revision& r) { r.object(r.root, r.catalogue()), r.object(r.fresh(), unused); },
                     [](revision& r) { return r.table(); });
    };
    expect_fine("texts", with("<< /CreationDate (D:20240304142432+02'00') /Producer () >>"));
    for (const char* unused : {"<< /Kids [] >>", "<< /Producer 3 0 R >>", "(text)", "[ (text) ]"})
        expect_invalid(unused, with(unused));
    // The length of what is compressed, which a stream may say (ISO 32000-2, table 5).
    revision r(with_table());
    r.evidence(as_text(world().ca.sub().certificate_der()), r.fresh(), 0, "/DL 42 ");
    r.object(r.root, r.catalogue());
    expect_fine("/DL", r.table());
}

BOOST_AUTO_TEST_CASE(a_time_stamp_may_be_of_indefinite_length) {
    std::string file(as_text(
        world().with_timestamp(world().approved(make_letter()), signing_day + std::chrono::hours(1), world().tsa)));
    const std::size_t at = file.find('<', file.rfind("/Contents")) + 1;
    BOOST_REQUIRE(file.compare(at, 4, "3082") == 0);
    const std::size_t size = 2 * std::stoul(file.substr(at + 4, 4), nullptr, 16);
    file.replace(at, 8 + size, "3080" + file.substr(at + 8, size) + "0000");
    auto report = world().verify(to_bytes(file));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(1).verdict == verdict::valid), shown(report));
    file[at + 8 + size] = '1'; // behind its end
    BOOST_TEST((world().verify(to_bytes(file)).verdict != verdict::valid));
}

BOOST_AUTO_TEST_CASE(a_cross_reference_stream_need_not_list_itself) {
    // As pypdf appends it: its number counts in /Size.
    auto appended = [](int more_than_there_are) {
        const bytes letter = make_letter();
        pdf::document d = pdf::document::open(letter).value();
        const int own = d.qpdf().getTrailer().getKey("/Size").getIntValueAsInt();
        std::string file(as_text(letter));
        const std::size_t at = file.size() - d.header_at(); // an object that nothing uses, under the number before
        file += fmt::format("{} 0 obj\n(x)\nendobj\n", own);
        const std::size_t section = file.size() - d.header_at();
        file += fmt::format("{} 0 obj\n", own + 1) +
                stream_of("\x01" + big_endian(at, 4) + '\0',
                          fmt::format("/Type /XRef /W [1 4 1] /Index [{} 1] /Size {} /Root {} /Prev {} ", own,
                                      own + 2 + more_than_there_are, d.root().unparse(), d.startxref())) +
                fmt::format("\nendobj\nstartxref\n{}\n%%EOF\n", section);
        return to_bytes(file);
    };
    const bytes base = appended(0), signed_once = world().approved(base);
    expect_signatures("once", signed_once, 1);
    expect_signatures("twice", world().issued(signed_once), 2);
    // The numbers of the signature's objects are free.
    const int own = pdf::document::open(base).value().qpdf().getTrailer().getKey("/Size").getIntValueAsInt() - 1;
    const std::string head = fmt::format("\n{} 0 obj", own);
    BOOST_TEST((as_text(signed_once).find(head) == as_text(signed_once).rfind(head)));
    auto too_many = pdf::prepare(appended(1), request_for(pdf::profile::approved));
    BOOST_REQUIRE(!too_many);
    BOOST_TEST((too_many.error().code == pdf::errc::damaged));
}

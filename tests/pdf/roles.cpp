// Shadow attacks by an object with two uses: a later revision changes it in the use that allows the change, and readers
// see the change in the other. Every kind of object that may change is made to serve as everything that is drawn.
#include "signing/pdf/form.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <functional>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

using objects = QPDFObjectHandle;
const objects no_filter = objects::newNull();
const char* const number = "note"; // a text field that by_leader() leaves open

objects named(pdf::document& d, const char* field) { return pdf::read_fields(d.qpdf()).find(field)->object; }
objects form_of(pdf::document& d) { return d.root().getKey("/AcroForm"); }

// A letter with all that a later revision may change, each an object of its own.
bytes rich_letter(const std::function<void(pdf::document&, pdf::update&)>& more = {}) {
    bytes letter = revised(make_letter(), [&](pdf::document& d, pdf::update& out) {
        auto add = [&](const std::string& text) { return out.add(objects::parse(&d.qpdf(), text)); };
        objects picture = out.add_stream("/Subtype /Form /BBox [0 0 80 20]", "q Q");
        objects fonts = add("<< >>");
        objects resources = add("<< /Font " + fonts.unparse() + " >>");
        std::string page = first_page(d).unparse();
        objects note = add("<< /Type /Annot /Subtype /Widget /FT /Tx /T (note) /Rect [10 10 90 30] /P " + page +
                           " /AP << /N " + picture.unparse() + " >> >>");
        objects later = add("<< /Type /Annot /Subtype /Widget /FT /Sig /T (later) /Rect [0 0 0 0] /P " + page + " >>");
        std::string both = "[" + note.unparse() + " " + later.unparse() + "]";
        objects fields = add(both), annotations = add(both);
        d.root().replaceKey("/AcroForm", add("<< /Fields " + fields.unparse() + " /DR " + resources.unparse() + " >>"));
        first_page(d).replaceKey("/Annots", annotations);
        objects evidence = out.add_stream("", "certificate");
        d.root().replaceKey("/DSS", add("<< /Certs [" + evidence.unparse() + "] >>"));
        d.root().replaceKey("/Metadata", out.add_stream("/Type /Metadata /Subtype /XML", "<x/>"));
        d.qpdf().getTrailer().replaceKey("/Info", add("<< /Title (Letter) /ModDate (D:20250715162005Z) >>"));
        out.add_stream("/Type /ObjStm /N 0 /First 0", " "); // nothing refers to it
        out.changed(first_page(d));
        out.changed(d.root());
    });
    if (!more) return letter;
    return revised(letter, [&](pdf::document& d, pdf::update& out) { // once all of it can be read
        more(d, out);
        out.changed(first_page(d));
    });
}

// `approved` would lock the fields.
bytes by_leader(bytes_view file) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "Đã xem";
    return world().sign(file, world().leader, request);
}

objects object_stream(pdf::document& d) {
    for (objects o : d.qpdf().getAllObjects())
        if (o.isStream() && o.getDict().getKey("/Type").isNameAndEquals("/ObjStm") &&
            o.getDict().getKey("/N").getIntValue() == 0)
            return o;
    throw std::runtime_error("object_stream");
}

void replace(objects stream, pdf::update& out, const char* content) {
    stream.replaceStreamData(content, no_filter, no_filter);
    out.changed(stream);
}

// An object that may change, and a change that is allowed.
struct changeable {
    const char* name;
    std::function<objects(pdf::document&)> object;
    std::function<void(pdf::document&, pdf::update&)> change;
    bool stream = false;
};

const std::vector<changeable>& all_changeable() {
    auto set = [](objects o, pdf::update& out, const char* key, objects value) {
        o.replaceKey(key, value);
        out.changed(o);
    };
    auto append = [](objects list, pdf::update& out, objects member) {
        list.appendItem(member);
        out.changed(list);
    };
    auto new_widget = [](pdf::document& d, pdf::update& out) {
        return out.add(objects::parse(&d.qpdf(), "<< /Type /Annot /Subtype /Widget /FT /Sig /T (extra) /Rect [0 0 0 0] "
                                                 "/P " +
                                                     first_page(d).unparse() + " >>"));
    };
    static const std::vector<changeable> all = {
        {"catalogue", [](auto& d) { return d.root(); },
         [=](auto& d, auto& out) { set(d.root(), out, "/Version", objects::newName("/2.0")); }},
        {"page", [](auto& d) { return first_page(d); },
         [=](auto& d, auto& out) {
             set(first_page(d), out, "/Annots", first_page(d).getKey("/Annots").shallowCopy());
         }},
        {"form", [](auto& d) { return form_of(d); },
         [=](auto& d, auto& out) { set(form_of(d), out, "/NeedAppearances", objects::newBool(false)); }},
        {"list of fields", [](auto& d) { return form_of(d).getKey("/Fields"); },
         [=](auto& d, auto& out) { append(form_of(d).getKey("/Fields"), out, new_widget(d, out)); }},
        {"list of annotations", [](auto& d) { return first_page(d).getKey("/Annots"); },
         [=](auto& d, auto& out) {
             objects widget = new_widget(d, out);
             append(form_of(d).getKey("/Fields"), out, widget);
             append(first_page(d).getKey("/Annots"), out, widget);
         }},
        {"resources of the form", [](auto& d) { return form_of(d).getKey("/DR"); },
         [=](auto& d, auto& out) { set(form_of(d).getKey("/DR"), out, "/Encoding", objects::newDictionary()); }},
        {"text field", [](auto& d) { return named(d, number); },
         [=](auto& d, auto& out) { set(named(d, number), out, "/V", objects::newString("x")); }},
        {"picture of a text field", [](auto& d) { return named(d, number).getKey("/AP").getKey("/N"); },
         [=](auto& d, auto& out) { replace(named(d, number).getKey("/AP").getKey("/N"), out, "q q Q Q"); }, true},
        {"metadata", [](auto& d) { return d.root().getKey("/Metadata"); },
         [=](auto& d, auto& out) { replace(d.root().getKey("/Metadata"), out, "<y/>"); }, true},
        {"information", [](auto& d) { return d.qpdf().getTrailer().getKey("/Info"); },
         [=](auto& d, auto& out) {
             set(d.qpdf().getTrailer().getKey("/Info"), out, "/ModDate", objects::newString("D:20250716000000Z"));
         }},
        {"security store", [](auto& d) { return d.root().getKey("/DSS"); },
         [=](auto& d, auto& out) { set(d.root().getKey("/DSS"), out, "/CRLs", objects::newArray()); }},
        {"evidence", [](auto& d) { return d.root().getKey("/DSS").getKey("/Certs").getArrayItem(0); },
         [=](auto& d, auto& out) { replace(d.root().getKey("/DSS").getKey("/Certs").getArrayItem(0), out, "other"); },
         true},
        {"object stream", object_stream, [=](auto& d, auto& out) { replace(object_stream(d), out, "  "); }, true},
    };
    return all;
}

bytes with_stamp_in(const bytes& file, const char* field, const char* entry = nullptr, objects value = no_filter) {
    pdf::document base = pdf::document::open(file).value();
    pdf::update out(base);
    pdf::form f = pdf::form::open(base, out, pdf::intent::keep).value();
    objects filled = f.fields().find(field)->object;
    if (entry) filled.replaceKey(entry, value);
    auto p = f.write_with_hole(filled, "/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161", "", 8192,
                               false);
    auto token = world().stamp(p->content_sha256, signing_day, world().tsa);
    return pdf::finish_timestamp(std::move(*p), token).value();
}

const validation::signature_report& leaders(const validation::file_report& report) {
    return *std::find_if(report.signatures.begin(), report.signatures.end(),
                         [](auto& s) { return s.field == "vanthu_signature" || s.field == "vanthu_comment"; });
}

bool leaders_is_invalid(const validation::file_report& report) {
    return report.verdict == verdict::invalid && leaders(report).verdict == verdict::invalid;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_a_permitted_change_alters_may_have_no_second_use) {
    for (const changeable& what : all_changeable()) {
        // As it should be: allowed, or at least (a filled field) nothing that breaks the signature.
        auto plain = world().verify(revised(by_leader(rich_letter()), what.change));
        BOOST_TEST((plain.verdict != verdict::invalid), what.name << " " << shown(plain));
        std::vector<std::string> uses = {"/XObject",     "/ColorSpace", "/Properties",
                                         "/ExtGState/G", "/Font/F9",    "/Pattern/P1"};
        if (what.stream) uses = {"/XObject/X", "/Pattern/P1", "/Contents"};
        for (const std::string& use : uses) {
            bytes doubled = by_leader(rich_letter([&](pdf::document& d, pdf::update&) {
                objects page = first_page(d), object = what.object(d);
                if (use == "/Contents") {
                    objects both = objects::newArray();
                    both.appendItem(page.getKey("/Contents"));
                    both.appendItem(object);
                    page.replaceKey("/Contents", both);
                    return;
                }
                objects resources = page.getKey("/Resources").shallowCopy();
                std::size_t slash = use.find('/', 1);
                std::string table = use.substr(0, slash);
                if (slash == use.npos)
                    resources.replaceKey(table, object);
                else {
                    objects names = resources.getKey(table).isDictionary() ? resources.getKey(table).shallowCopy()
                                                                           : objects::newDictionary();
                    names.replaceKey(use.substr(slash), object);
                    resources.replaceKey(table, names);
                }
                page.replaceKey("/Resources", resources);
            }));
            BOOST_TEST((world().verify(doubled).verdict == verdict::valid), what.name << use);
            auto report = world().verify(revised(doubled, what.change));
            BOOST_TEST(leaders_is_invalid(report), what.name << " as " << use << " " << shown(report));
        }
    }
}

BOOST_AUTO_TEST_CASE(annotations_come_as_a_list_or_not_at_all) {
    bytes with_table = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        objects resources = first_page(d).getKey("/Resources").shallowCopy();
        resources.replaceKey("/XObject", out.add(objects::parse("<< /Type /Page /Note (shared) >>")));
        first_page(d).replaceKey("/Resources", resources);
        out.changed(first_page(d));
    });
    auto drawing = [](auto page_of) {
        return [=](pdf::document& d, pdf::update& out) {
            objects page = page_of(d);
            page.replaceKey("/Annots", out.add_stream("/Subtype /Form /BBox [0 0 600 800]", "1 g 0 0 600 800 re f"));
            out.changed(page);
        };
    };
    auto table_of = [](pdf::document& d) { return first_page(d).getKey("/Resources").getKey("/XObject"); };
    auto report = world().verify(revised(world().approved(with_table), drawing(table_of)));
    BOOST_TEST(leaders_is_invalid(report), shown(report));
    bytes two_pages = make_letter({.pages = 2});
    auto second_page = [](pdf::document& d) { return d.qpdf().getAllPages().at(1); };
    report = world().verify(revised(world().approved(two_pages), drawing(second_page)));
    BOOST_TEST(leaders_is_invalid(report), shown(report));
}

BOOST_AUTO_TEST_CASE(a_signature_field_that_is_also_a_table_of_drawings_is_not_filled) {
    auto picture = [] { return objects::parse("<< >>"); };
    bytes plain = by_leader(rich_letter());
    auto report = world().verify(with_stamp_in(plain, "later"));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"timestamp_added:later"}));
    bytes doubled = by_leader(rich_letter([](pdf::document& d, pdf::update&) {
        objects resources = first_page(d).getKey("/Resources").shallowCopy();
        resources.replaceKey("/XObject", named(d, "later"));
        first_page(d).replaceKey("/Resources", resources);
    }));
    report = world().verify(with_stamp_in(doubled, "later", "/AP", picture()));
    BOOST_TEST(leaders_is_invalid(report), shown(report));
    report = world().verify(with_stamp_in(doubled, "later"));
    BOOST_TEST(leaders_is_invalid(report), shown(report));
    // Its look is a dictionary and nothing else.
    report = world().verify(with_stamp_in(plain, "later", "/AP", objects::newArray()));
    BOOST_TEST(leaders_is_invalid(report), shown(report));
}

BOOST_AUTO_TEST_CASE(fields_that_nobody_answers_for_draw_and_do_nothing) {
    bytes file = world().approved(make_letter());
    const std::string visible = "/Rect [60 690 500 730] ", action = "<< /S /JavaScript /JS (x) >> ";
    auto added = [&](std::string entries, std::string of_kid, bool stamped) {
        bytes with_field = revised(file, [&](pdf::document& d, pdf::update& out) {
            const std::string widget = "/Type /Annot /Subtype /Widget /F 4 /P " + first_page(d).unparse() + " ";
            objects field = out.add(
                objects::parse(&d.qpdf(), "<< /FT /Sig /T (extra) " + entries + (of_kid.empty() ? widget : "") + ">>"));
            objects shown_one = field;
            if (!of_kid.empty()) {
                shown_one = out.add(objects::parse(&d.qpdf(), "<< " + widget + of_kid + ">>"));
                shown_one.replaceKey("/Parent", field);
                objects kids = objects::newArray();
                kids.appendItem(shown_one);
                field.replaceKey("/Kids", kids);
            }
            form_of(d).getKey("/Fields").appendItem(field);
            out.changed(form_of(d).getKey("/Fields"), form_of(d));
            first_page(d).getKey("/Annots").appendItem(shown_one);
            out.changed(first_page(d).getKey("/Annots"), first_page(d));
            if (!stamped) return;
            // The value in the same revision: the token is about something else, which is another matter.
            field.replaceKey("/V", out.add(objects::parse("<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter "
                                                          "/ETSI.RFC3161 /ByteRange [0 1 2 3] /Contents <00> >>")));
        });
        return world().verify(with_field);
    };
    auto fine = added(visible, "", false);
    BOOST_TEST((fine.verdict == verdict::valid), shown(fine));
    BOOST_TEST((fine.signatures.at(0).changes_after == std::vector<std::string>{"signature_field_added:extra"}));
    for (const char* harmless : {"/MK << >> ", "/Border [0 0 0] ", "/BS << /W 0 >> ", "/DA (/Helv 0 Tf 0 g) "})
        BOOST_TEST((added(visible + harmless, "", false).verdict == verdict::valid), harmless);
    BOOST_TEST((added("", visible, false).verdict == verdict::valid));
    for (bool stamped : {false, true}) {
        for (const std::string& mark :
             {std::string("/MK << /BG [1 1 1] >> "), std::string("/MK << /BC [1 0 0] >> "),
              std::string("/MK << /CA (x) >> "), std::string("/BS << /W 40 /S /S >> "),
              std::string("/Border [0 0 40] "), std::string("/C [1 0 0] "), std::string("/Contents (x) "),
              "/A " + action, "/AA << /E " + action + ">> ", std::string("/AP << /N null /D << >> >> ")}) {
            auto report = added(visible + mark, "", stamped);
            BOOST_TEST(leaders_is_invalid(report), stamped << mark << shown(report));
            report = added("", visible + mark, stamped);
            BOOST_TEST(leaders_is_invalid(report), stamped << " kid " << mark << shown(report));
        }
        for (const std::string& above : {"/AA << /K " + action + ">> ", std::string("/MK << /BG [1 1 1] >> ")}) {
            auto report = added(above, visible, stamped);
            BOOST_TEST(leaders_is_invalid(report), stamped << " above " << above << shown(report));
        }
    }
    auto seen = added(visible, "", true);
    BOOST_TEST(leaders_is_invalid(seen), shown(seen));
    auto unseen = added("/Rect [0 0 0 0] ", "", true); // broken as a time stamp, harmless for the signature
    BOOST_TEST((leaders(unseen).verdict == verdict::valid), shown(unseen));
    // Not even a signature brings actions along.
    auto signed_with_action = [&] {
        pdf::document base = pdf::document::open(file).value();
        pdf::update out(base);
        pdf::form f = pdf::form::open(base, out, pdf::intent::sign).value();
        objects field = f.add_field("extra", "/Sig", 132, {1, 60, 690, 100, 30});
        field.replaceKey("/AA", objects::parse("<< /E " + action + " >>"));
        auto p = f.write_with_hole(field, "/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached", "",
                                   16384, false);
        bytes cms = cms::build_signature(p->content_sha256, world().signer_of(world().agency)).value();
        return pdf::finish(std::move(*p), cms).value();
    };
    auto acting = world().verify(signed_with_action());
    BOOST_TEST(leaders_is_invalid(acting), shown(acting));
}

BOOST_AUTO_TEST_CASE(the_title_stays_and_new_fonts_of_the_form_are_named) {
    bytes file = by_leader(rich_letter());
    auto with_information = [&](std::string entries) {
        return world().verify(revised(file, [&](pdf::document& d, pdf::update& out) {
            d.qpdf().getTrailer().replaceKey("/Info", out.add(objects::parse("<< " + entries + ">>")));
        }));
    };
    auto report = with_information("/Title (Another) /ModDate (D:20250715162005Z) ");
    BOOST_TEST(leaders_is_invalid(report), shown(report));
    report = with_information("/ModDate (D:20250715162005Z) ");
    BOOST_TEST(leaders_is_invalid(report), shown(report));
    report = with_information("/Title (Letter) /CreationDate (D:20250716000000Z) /ModDate (D:20250716000000Z) ");
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"metadata_updated"}));
    auto with_fonts = [](bytes_view signed_file) {
        return world().verify(revised(signed_file, [](pdf::document& d, pdf::update& out) {
            objects resources = form_of(d).getKey("/DR");
            if (!resources.isDictionary())
                form_of(d).replaceKey("/DR", resources = objects::parse("<< /Font << >> >>"));
            resources.getKey("/Font").replaceKey("/Evil",
                                                 objects::parse("<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"));
            out.changed(form_of(d));
        }));
    };
    auto letter_without_resources = [](const char* and_without) {
        return rich_letter([&](pdf::document& d, pdf::update& out) {
            form_of(d).removeKey("/DR");
            named(d, number).replaceKey("/V", objects::newString("900"));
            if (*and_without) named(d, number).removeKey(and_without);
            out.changed(form_of(d));
            out.changed(named(d, number));
        });
    };
    auto comment = request_for(pdf::profile::comment);
    comment.comment = "Đã xem";
    report = with_fonts(world().sign(letter_without_resources(""), world().leader, comment));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"form_resources_added"}));
    auto without_resources = [&](const char* and_without) {
        return world().approved(letter_without_resources(and_without));
    };
    report = with_fonts(without_resources(""));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after == std::vector<std::string>{"form_resources_added"}));
    report = with_fonts(without_resources("/AP")); // a reader would draw the value with it
    BOOST_TEST(leaders_is_invalid(report), shown(report));
}

// Revisions after a signature that two readers read differently, each trick built here byte by byte. Viewers show the
// attacker's object, QPDF the signed one: such a file is never valid, names what is wrong, and is not signed further.
#include "tests/pdf/hand_made.hpp"

using namespace vanthu;
using namespace vanthu::test;

BOOST_AUTO_TEST_CASE(evidence_in_a_plain_revision_is_fine_in_every_shape) {
    expect_fine("table",
                table([](revision& r) { r.object(r.root, r.catalogue()); }, [](revision& r) { return r.table(); }));
    expect_fine("head of the free list", table([](revision& r) { r.object(r.root, r.catalogue()); },
                                               [](revision& r) { return r.table("0 1\n0000000000 65535 f \n"); }));
    expect_fine("a fresh number freed", table([](revision& r) { r.object(r.root, r.catalogue()); },
                                              [](revision& r) { return r.table(freed(r.fresh(), 0)); }));
    revision r(with_streams());
    r.evidence();
    r.object(r.root, r.catalogue());
    expect_fine("stream", r.section());
    expect_fine("object stream", packed({""}, 0));
    for (const char* comment : {"%iText-Core-8.0.2\n", "%iText-7.1.7 for .NET\r\n", "%iText-5.5.13.3\n",
                                "% Written by MuPDF 1.28.5\n\n", "%\xe2\xe3\xcf\xd3\n"})
        expect_fine(comment, table([&](revision& r) { r.object(r.root, r.catalogue()); },
                                   [&](revision& r) { return r.raw(comment), r.table(); }));
}

BOOST_AUTO_TEST_CASE(a_second_generation_of_a_known_number_is_refused) {
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    revision over(with_table());
    over.evidence(evil, over.content, 1);
    plain(over);
    expect_refused("over the content", over.table(), "pdf.second_generation");
    expect_refused(
        "a reference with another generation",
        table([&](revision& r) { r.object(r.root, r.catalogue(fmt::format("/Metadata {} 1 R", r.content))); },
              [](revision& r) { return r.table(); }),
        "pdf.second_generation");
    // Free until now, but referred to with generation 0.
    bytes waiting = revised(make_letter(), [](pdf::document& d, pdf::update& out) {
        first_page(d).replaceKey("/Note", QPDFObjectHandle::parse(&d.qpdf(), "[ 900 0 R ]"));
        out.changed(first_page(d));
    });
    revision r(world().approved(waiting));
    r.evidence();
    plain(r);
    r.object(900, stream_of("q Q", "/Subtype /Form /BBox [0 0 9 9] "), 1);
    expect_refused("a missing object in another generation", r.table("", "", {}, 901), "pdf.second_generation");
}

BOOST_AUTO_TEST_CASE(a_number_twice_in_one_revision_is_refused) {
    // The evil twin stands within the evidence.
    auto hidden = [](revision& r) { return fmt::format("{} 0 obj\n{}\nendobj\n", r.content, stream_of(evil)); };
    auto build = [&](bool evil_first, bool in_stream) {
        revision r(in_stream ? with_streams() : with_table());
        r.evidence(hidden(r));
        r.object(r.root, r.catalogue());
        std::size_t before = r.content_at;
        if (in_stream)
            return evil_first ? r.section({{r.content, 1, r.evidence_at, 0}, {r.content, 1, before, 0}})
                              : r.section({{r.content, 1, before, 0}, {r.content, 1, r.evidence_at, 0}});
        return evil_first ? r.table(in_use(r.content, r.evidence_at) + in_use(r.content, before))
                          : r.table(in_use(r.content, before) + in_use(r.content, r.evidence_at));
    };
    for (bool evil_first : {false, true})
        for (bool in_stream : {false, true}) {
            expect_refused("two rows", build(evil_first, in_stream), "pdf.number_twice");
            expect_refused("hidden", build(evil_first, in_stream), "pdf.hidden_object");
        }
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    expect_refused(
        "two objects",
        table([&](revision& r) { r.object(r.root, "<< >>"), plain(r); }, [](revision& r) { return r.table(); }),
        "pdf.number_twice");
    // In an object stream and by itself.
    revision r(with_streams());
    r.evidence();
    plain(r);
    int id = r.fresh();
    std::string head = fmt::format("{} 0 ", r.root), body = r.catalogue();
    r.object(id, stream_of(head + body, fmt::format("/Type /ObjStm /N 1 /First {} ", head.size())));
    expect_refused("direct and packed", r.section(), "pdf.object_stream_odd");
}

BOOST_AUTO_TEST_CASE(free_rows_touch_nothing_known) {
    auto build = [](std::function<std::string(revision&)> rows) {
        return table([](revision& r) { r.object(r.root, r.catalogue()); },
                     [&](revision& r) { return r.table(rows(r)); });
    };
    expect_refused("freed", build([](revision& r) { return freed(r.content); }), "pdf.object_freed");
    expect_refused("freed, generation 0", build([](revision& r) { return freed(r.content, 0); }), "pdf.object_freed");
    auto both = [](revision& r) { return in_use(r.content, r.content_at); };
    expect_refused("free, then in use", build([&](revision& r) { return freed(r.content) + both(r); }),
                   "pdf.object_freed");
    expect_refused("in use, then free", build([&](revision& r) { return both(r) + freed(r.content); }),
                   "pdf.number_twice");
    for (bool first : {false, true}) {
        revision r(with_streams());
        r.evidence();
        r.object(r.root, r.catalogue());
        revision::row free{r.content, 0, 0, 1}, used{r.content, 1, r.content_at, 0};
        expect_refused("in a stream", first ? r.section({free, used}) : r.section({used, free}), "pdf.object_freed");
    }
}

BOOST_AUTO_TEST_CASE(a_revision_continues_the_one_before_it_and_nothing_else) {
    // An older cross-reference that the attacker wrote himself, within the evidence.
    revision r(with_table());
    std::string body = fmt::format("{} 0 obj\n{}\nendobj\n", r.content, stream_of(evil));
    auto inner = [&](std::size_t at) {
        return body + "xref\n" + in_use(r.content, r.content_at) + in_use(r.content, at) +
               fmt::format("trailer\n<< /Size 99 /Root {} 0 R /Prev {} >>\n", r.root, r.doc.startxref());
    };
    std::size_t place = r.at() + fmt::format("{} 0 obj\n<< /Length {} >>\nstream\n",
                                             r.doc.qpdf().getTrailer().getKey("/Size").getIntValue(), inner(1).size())
                                     .size();
    r.evidence(inner(place));
    BOOST_REQUIRE(r.evidence_at == place);
    r.object(r.root, r.catalogue());
    bytes file = r.table("", "", place + body.size());
    expect_refused("/Prev into a stream", file, "pdf.prev_elsewhere");
    expect_refused("/Prev into a stream: a trailer", file, "pdf.hidden_object");

    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    bytes letter = make_letter();
    // A blank line before the trailer, as MuPDF writes it, is nothing.
    expect_fine("a blank line", table(plain, [](revision& r) {
                    std::string file(as_text(r.table()));
                    file.insert(file.rfind("trailer"), "\n");
                    return to_bytes(file);
                }));
    // No signature is found then, but the bytes of one.
    bytes past = table(plain, [&](revision& r) { return r.table("", "", pdf::document::open(letter)->startxref()); });
    BOOST_TEST((world().verify(past).verdict == verdict::indeterminate), shown(world().verify(past)));
    revision h(with_table());
    std::string rows = '\1' + big_endian(h.content_at, 4) + big_endian(0, 2);
    h.evidence(fmt::format("950 0 obj\n{}\nendobj\n",
                           stream_of(rows, fmt::format("/Type /XRef /W [1 4 2] /Index [{} 1] /Size 951 /Root {} 0 R ",
                                                       h.content, h.root))));
    h.object(h.root, h.catalogue());
    expect_refused("hybrid", h.table("", fmt::format("/XRefStm {} ", h.evidence_at), {}, 951), "pdf.hybrid_added");
    expect_refused("/Size", table(plain, [](revision& r) { return r.table("", "", {}, 5); }), "pdf.size_too_small");
}

BOOST_AUTO_TEST_CASE(rows_lead_to_objects_of_the_revision) {
    auto hidden = [](int id) { return fmt::format("{} 0 obj\n{}\nendobj\n", id, stream_of(evil)); };
    int content = revision(with_table()).content;
    auto plain = [](revision& r) { r.object(r.root, r.catalogue()); };
    bytes into = table(plain, [&](revision& r) { return r.table(in_use(r.content, r.evidence_at)); }, hidden(content));
    expect_refused("into a stream", into, "pdf.entry_elsewhere");
    expect_refused("offset 0", table(plain, [&](revision& r) { return r.table(in_use(r.content, 0)); }),
                   "pdf.entry_elsewhere");
    expect_refused("the row of the revision before",
                   table([](revision& r) { r.object(r.root, r.catalogue()); },
                         [](revision& r) { return r.table(in_use(r.content, r.content_at)); }),
                   "pdf.entry_elsewhere", verdict::indeterminate);
    // An object that nothing lists, for readers that repair; also in another compression than none.
    expect_refused("hidden in a stream",
                   table(plain, [](revision& r) { return r.table(); }, hidden(content)), "pdf.hidden_object");
    expect_refused("a trailer in a string",
                   table(
                       [](revision& r) {
                           r.object(r.root,
                                    r.catalogue("/Metadata null /Extensions << /X (trailer << /Root 9 0 R >>) >> "));
                       },
                       [](revision& r) { return r.table(); }),
                   "pdf.hidden_object");
    expect_refused("a comment between the numbers",
                   table(
                       plain, [](revision& r) { return r.table(); }, fmt::format("{} % x\n 0 %\n obj << >>", content)),
                   "pdf.hidden_object");
    expect_refused("unlisted",
                   table([&](revision& r) { plain(r), r.object(r.content, stream_of(evil)), r.forget(r.content); },
                         [](revision& r) { return r.table(); }),
                   "pdf.object_unlisted");
}

BOOST_AUTO_TEST_CASE(where_readers_differ_about_the_signed_revision_nothing_later_is_judged) {
    // The letter names an object twice itself, or in a catalogue that is there twice: what QPDF finds unchanged later
    // is a change for those who read the other one when it was signed.
    auto request = request_for(pdf::profile::comment);
    request.comment = "x";
    auto with_twin = [](bool first) {
        bytes letter = make_letter();
        pdf::document d = pdf::document::open(letter).value();
        std::string out(as_text(letter));
        int content = first_page(d).getKey("/Contents").getObjectID();
        std::size_t old_place = out.find(fmt::format("\n{} 0 obj", content)) + 1, place = out.size();
        out += fmt::format("{} 0 obj\n{}\nendobj\n", content, stream_of(evil));
        std::size_t section = out.size();
        std::string a = in_use(content, old_place), b = in_use(content, place);
        out += "xref\n" + (first ? a + b : b + a) +
               fmt::format("trailer\n<< /Size {} /Root {} /Prev {} >>\nstartxref\n{}\n%%EOF\n",
                           d.qpdf().getTrailer().getKey("/Size").getIntValue(), d.root().unparse(), d.startxref(),
                           section);
        return to_bytes(out);
    };
    for (bool first : {true, false}) {
        bytes file = world().sign(with_twin(first), world().leader, request);
        BOOST_TEST((world().verify(file).verdict == verdict::valid)); // nothing follows
        revision r(file);
        r.evidence();
        r.object(r.root, r.catalogue());
        expect_refused("a number twice", r.table(), "pdf.earlier_unclear", verdict::indeterminate);
    }
    // A catalogue that need not change when it is signed.
    bytes letter = reshaped(revised(make_letter(),
                                    [](pdf::document& d, pdf::update& out) {
                                        QPDFObjectHandle form = out.add(QPDFObjectHandle::parse("<< /Fields [] >>"));
                                        d.root().replaceKey("/AcroForm", form);
                                        out.changed(d.root());
                                    }),
                            {"--object-streams=generate"});
    for (const char* how : {"once", "twice", "with a comment"}) {
        const bool twice = how == std::string("twice");
        pdf::document d = pdf::document::open(letter).value();
        std::string out(as_text(letter)), body = d.root().unparseResolved();
        if (how == std::string("with a comment")) body.insert(body.size() - 2, "% x\n");
        std::string first = twice ? body + " " : "";
        int id = d.qpdf().getTrailer().getKey("/Size").getIntValueAsInt(), root = d.root().getObjectID();
        std::string head = (twice ? fmt::format("{} 0 ", root) : "") + fmt::format("{} {} ", root, first.size()),
                    all = head + first + body;
        std::size_t place = out.size();
        out += fmt::format("{} 0 obj\n{}\nendobj\n", id,
                           stream_of(all, fmt::format("/Type /ObjStm /N {} /First {} ", twice ? 2 : 1, head.size())));
        std::size_t section = out.size();
        std::string rows = '\2' + big_endian(static_cast<std::size_t>(id), 4) + big_endian(twice, 2) + '\1' +
                           big_endian(place, 4) + big_endian(0, 2) + '\1' + big_endian(section, 4) + big_endian(0, 2);
        out += fmt::format("{} 0 obj\n{}\nendobj\nstartxref\n{}\n%%EOF\n", id + 1,
                           stream_of(rows, fmt::format("/Type /XRef /W [1 4 2] /Index [{} 1 {} 2] /Size {} /Root {} "
                                                       "/Prev {} ",
                                                       root, id, id + 2, d.root().unparse(), d.startxref())),
                           section);
        bytes file = world().sign(to_bytes(out), world().leader, request);
        BOOST_TEST((world().verify(file).verdict == verdict::valid), shown(world().verify(file)));
        revision r(file);
        r.evidence();
        r.object(r.root, r.catalogue());
        if (how != std::string("once"))
            expect_refused(how, r.section(), "pdf.earlier_unclear", verdict::indeterminate);
        else
            expect_fine("a catalogue once", r.section());
    }
}

BOOST_AUTO_TEST_CASE(an_object_stream_is_read_in_one_way) {
    const std::string bad = "/Pages << /Type /Pages /Count 0 /Kids [] >> ";
    revision names_of(with_streams());
    for (std::size_t index : {0u, 1u}) {
        expect_refused("twice, the good one first", packed({"", "/Version /2.0 "}, index), "pdf.number_twice");
        expect_refused("twice, the good one last", packed({"/Version /2.0 ", ""}, index), "pdf.number_twice");
    }
    expect_refused("/N too small", packed({""}, 0, [](std::string head) { return head + "4 0 "; }),
                   "pdf.object_stream_odd");
    expect_refused("a comment in the head", packed({""}, 0, [](std::string head) { return head + "%\n"; }),
                   "pdf.object_stream_odd");
    expect_refused("another index", packed({""}, 1), "pdf.object_stream_odd");
    expect_refused("no row", packed({""}, 0, {}, "", false), "pdf.object_stream_odd");
    expect_refused("/Extends", packed({""}, 0, {}, "/Extends 1 0 R "), "pdf.object_stream_odd", verdict::indeterminate);
}

#include "signing/pdf/soundness.hpp"

#include "signing/pdf/document.hpp"
#include "signing/pdf/history.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

std::string file_of(const std::vector<std::string>& bodies, std::string_view trailer = "") {
    std::string out = "%PDF-1.7\n";
    std::vector<std::size_t> at;
    for (const std::string& body : bodies) {
        at.push_back(out.size());
        out += fmt::format("{} 0 obj\n{}\nendobj\n", at.size(), body);
    }
    const std::size_t xref = out.size();
    out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", at.size() + 1);
    for (std::size_t offset : at) out += fmt::format("{:010} 00000 n \n", offset);
    return out +
           fmt::format("trailer\n<< /Size {} /Root 1 0 R {}>>\nstartxref\n{}\n%%EOF\n", at.size() + 1, trailer, xref);
}

std::vector<std::string> small_document() {
    return {
        "<< /Type /Catalog /Pages 2 0 R /Lang (vi-VN) /Open [3 0 R /XYZ null -12.5 .5] >>",
        "<< /Type /Pages /Count 1 /Kids [3 0 R] /Id <00fF 1> /Note (a (b\nc)) /N null /T[true false -.50 -0 007] >>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Contents 4 0 R/Resources<</Font<</F1 6 0 R>>>>>>",
        "<< /Length 5 0 R /K [true false] >>\nstream\nq 1 0 0 1 9 9 cm Q\nendstream",
        "18",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Note (a \\(b\\) (c) \\\\) /Id <00fF 1> >>",
        "<< /Length 3 /Type /X >>\nstream\r\nabc\nendstream"};
}

std::optional<int> highest(pdf::document& d) {
    std::vector<pdf::object_place> places;
    for (const auto& [id, entry] : d.qpdf().getXRefTable()) {
        if (entry.getType() != 1) return std::nullopt;
        places.push_back({id.getObj(), id.getGen(), static_cast<std::size_t>(entry.getOffset())});
    }
    return pdf::highest_number_if_sound(as_text(d.file()).substr(d.header_at()), places);
}

std::optional<int> highest(std::string_view file) {
    auto d = pdf::document::open(as_bytes(file));
    return d ? highest(*d) : std::nullopt;
}

std::optional<int> highest_with(const std::string& body) {
    auto bodies = small_document();
    bodies.push_back(body);
    return highest(file_of(bodies));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_plain_file_is_read_without_qpdf) {
    BOOST_TEST(highest(file_of(small_document())).value_or(0) == 7);
    BOOST_TEST(highest_with("[44 0 R 45 1 (46 0 R)]").value_or(0) == 44);
    bytes letter = make_letter();
    BOOST_TEST(highest(as_text(letter)).value_or(0) > 0);
    bytes by_leader = world().approved(letter); // two revisions, a signature value
    BOOST_TEST(highest(as_text(by_leader)).value_or(0) > 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_spelled_plainly_is_left_to_qpdf) {
    for (std::string_view body : {"<< /A 1 /A 2 >>",
                                  "<< /A >>",
                                  "<< 1 2 >>",
                                  "<< /A 1",
                                  "[1 2",
                                  "(text",
                                  "<12",
                                  "<1x>",
                                  "/A#42",
                                  "/",
                                  "R",
                                  "nul",
                                  "truex",
                                  "1x",
                                  "--1",
                                  "1.2.3",
                                  "1234567890123456",
                                  "[9 65536 R]",
                                  "[99999999 0 R]",
                                  "[0 0 R]",
                                  "1 0 R",
                                  "% 1\n1",
                                  "<< /Length 3 >>\nstream\rabc\nendstream",
                                  "<< /Length 2 >>\nstream\nabc\nendstream",
                                  "<< /Length 99999 >>\nstream\nabc\nendstream",
                                  "<< /Length -1 >>\nstream\nabc\nendstream",
                                  "<< /Length 8 0 R >>\nstream\nabc\nendstream",
                                  "<< /Length 77 0 R >>\nstream\nabc\nendstream",
                                  "<< /Length 5 1 R >>\nstream\nabc\nendstream",
                                  "<< /A 3 >>\nstream\nabc\nendstream",
                                  "",
                                  "1 2"})
        BOOST_TEST(!highest_with(std::string(body)), body);
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += '[';
    BOOST_TEST(!highest_with(deep + std::string(100, ']')));
    std::string many = "<<";
    for (int i = 0; i < 300; ++i) many += fmt::format("/K{} 0", i);
    BOOST_TEST(!highest_with(many + ">>"));
}

// Every byte of the file replaced by those that mean something: whatever is called sound, QPDF reads without a warning,
// and knows no object or reference with a higher number.
BOOST_AUTO_TEST_CASE(what_is_called_sound_qpdf_reads_without_a_warning) {
    const std::string good = file_of(small_document(), "/Info 6 0 R ");
    int sound = 0, refused = 0;
    for (std::size_t at = 9; at < good.size(); ++at)
        for (char instead : std::string_view("<>[]()/% \n\r0195.-R#\\~xe\0\xff", 25)) {
            std::string file = good;
            file[at] = instead;
            auto first = pdf::document::open(as_bytes(file)), second = pdf::document::open(as_bytes(file));
            if (!first || !highest(*first)) {
                ++refused;
                continue;
            }
            ++sound;
            int fresh = 0;
            std::size_t count = 0;
            try {
                first->read_every_object();
                fresh = first->make_indirect(QPDFObjectHandle::newInteger(0)).getObjectID();
                count = second->qpdf().getObjectCount();
            } catch (const std::exception& e) {
                BOOST_ERROR(fmt::format("{:?} at {}: {}", instead, at, e.what()));
            }
            auto warnings = second->take_warnings();
            if (!first->take_warnings().empty()) warnings.clear(); // of the trailer, which QPDF reads anyway
            BOOST_TEST(warnings.empty(),
                       fmt::format("{:?} at {}: {}", instead, at, warnings.empty() ? "" : warnings[0]));
            auto judge = QPDF::create();
            judge->setSuppressWarnings(true);
            judge->setAttemptRecovery(false);
            judge->processMemoryFile("judge", file.data(), file.size());
            for (const auto& [id, entry] : judge->getXRefTable()) {
                QPDFObjectHandle ours = first->qpdf().getObject(id), theirs = judge->getObject(id);
                if (!theirs.isStream())
                    BOOST_TEST(ours.unparseResolved() == theirs.unparseResolved(),
                               fmt::format("{:?} at {}", instead, at));
            }
            BOOST_TEST(static_cast<std::size_t>(fresh) > count, fmt::format("{:?} at {}: {}", instead, at, fresh));
        }
    BOOST_TEST(sound > 1000); // the test tests something
    BOOST_TEST(refused > 1000);
}

// Verification reads nothing else of a plain file: no dictionary with a /ByteRange is missed, however the bytes lie, and
// those that QPDF is given are as it would have read them.
BOOST_AUTO_TEST_CASE(every_dictionary_with_a_range_is_found_in_a_plain_file) {
    auto bodies = small_document();
    bodies.push_back("<</Type/Sig/ByteRange[0 1 20 -3]/Contents<30 82fF0>/M(D:2025)/N<</P 2/R 3 0 R>>>>");
    bodies.push_back("<< /In << /ByteRange [0 1] >> /Text (/ByteRange) >>");
    bodies.push_back("<< /Length 3 /ByteRange [0 1] >>\nstream\nabc\nendstream");
    const std::string good = file_of(bodies);
    int sound = 0;
    for (std::size_t at = good.find("8 0 obj"); at < good.size(); ++at)
        for (char instead : std::string_view("<>[]()/% \n0195.-R#\\~xe\0\xff", 24)) {
            std::string file = good;
            file[at] = instead;
            auto d = pdf::document::open(as_bytes(file));
            auto ranges = d ? d->find_ranges() : std::nullopt;
            if (!ranges) continue;
            ++sound;
            BOOST_TEST(d->is_sound());
            auto judge = QPDF::create();
            judge->setSuppressWarnings(true);
            judge->setAttemptRecovery(false);
            judge->processMemoryFile("judge", file.data(), file.size());
            for (const auto& [id, entry] : judge->getXRefTable()) {
                QPDFObjectHandle ours = d->qpdf().getObject(id), theirs = judge->getObject(id);
                const bool found = std::ranges::find(*ranges, id) != ranges->end();
                if (theirs.isDictionary()) {
                    BOOST_TEST(found == theirs.hasKey("/ByteRange"), fmt::format("{:?} at {}", instead, at));
                    BOOST_TEST(ours.unparseResolved() == theirs.unparseResolved(),
                               fmt::format("{:?} at {}", instead, at));
                }
            }
        }
    BOOST_TEST(sound > 1000);
    // One object within another's text: by the places alone the range would belong to the inner one.
    auto within = small_document();
    within.push_back("<< /Text (\n9 0 obj\n5\nendobj\n) /ByteRange [0 1 2 3] /Contents <00> >>");
    std::string file = file_of(within);
    const std::size_t xref = file.find("xref\n0"), inner = file.find("9 0 obj");
    file.replace(file.find("0 9\n", xref), 4, "0 10\n");
    file.insert(file.find("trailer"), fmt::format("{:010} 00000 n \n", inner));
    file.replace(file.find("/Size 9"), 7, "/Size 10");
    auto d = pdf::document::open(as_bytes(file)).value();
    auto ranges = d.find_ranges();
    BOOST_REQUIRE(ranges.has_value());
    BOOST_TEST((*ranges == std::vector<QPDFObjGen>{QPDFObjGen(8, 0)}));
    BOOST_TEST((pdf::read_history(as_bytes(file), {}).findings.front().code == "pdf.stray_signature"));
}

// What it warns about in a value that it was given it says in its own words.
BOOST_AUTO_TEST_CASE(a_plain_file_has_the_findings_that_qpdf_has_in_it) {
    const std::string value = "<< /Type /Sig /ByteRange [0 1 2 3] /Contents <00> /Reference [<< /TransformMethod "
                              "/DocMDP /TransformParams << /P 99999999999 >> >>] >>";
    auto read = [&](std::string_view in_front) {
        auto bodies = small_document();
        bodies[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R] >> >>";
        bodies.push_back("<< /FT /Sig /T (a) /V 9 0 R >>");
        bodies.push_back(value);
        bodies.push_back(std::string(in_front) + "1");
        const std::string file = file_of(bodies);
        BOOST_TEST(pdf::document::open(as_bytes(file)).value().find_ranges().has_value() == in_front.empty());
        return pdf::read_history(as_bytes(file), {}).findings;
    };
    auto quick = read(""), thorough = read("%\n");
    BOOST_REQUIRE(signing::has_finding(thorough, "pdf.reader_warning"));
    BOOST_REQUIRE(quick.size() == thorough.size());
    for (std::size_t i = 0; i < quick.size(); ++i) BOOST_TEST(quick[i].text_en == thorough[i].text_en);
}

// Were it given to a new object, the old reference would suddenly mean that.
BOOST_AUTO_TEST_CASE(a_number_that_is_only_referred_to_is_not_given_to_a_new_object) {
    auto first_new = [](const std::vector<std::string>& bodies, std::string_view trailer) {
        std::string file = file_of(bodies, trailer);
        auto d = pdf::document::open(as_bytes(file)).value();
        d.read_every_object();
        return d.make_indirect(QPDFObjectHandle::newInteger(0)).getObjectID();
    };
    auto bodies = small_document();
    BOOST_TEST(first_new(bodies, "") == 8);
    BOOST_TEST(first_new(bodies, "/Info 60 0 R ") == 61);
    BOOST_TEST(first_new(bodies, "/Note [<< /A 70 0 R >>] ") == 71);
    bodies.push_back("<< /A [80 0 R] >>");
    BOOST_TEST(first_new(bodies, "") == 81);
    bodies.push_back("% read by QPDF\n<< /A [90 0 R] >>");
    BOOST_TEST(first_new(bodies, "") == 91);
}

BOOST_AUTO_TEST_CASE(damage_in_an_object_that_nobody_needs_is_refused_before_signing) {
    auto bodies = small_document();
    const auto signable = [&] {
        auto how = request_for(pdf::profile::approved);
        how.place = pdf::placement{1, 100, 100, 200, 60};
        return pdf::prepare(as_bytes(file_of(bodies)), how).has_value();
    };
    BOOST_TEST(signable());
    bodies.back() = "<< /Length 2 >>\nstream\nabc\nendstream";
    BOOST_TEST(!signable());
}

// Levels B-LT and B-LTA: evidence inside the file, document time stamps, renewal.
#include "daemon/base/files.hpp"
#include "signing/pdf/errors.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;
using std::chrono::hours;

namespace {

bytes stamped_letter() {
    bytes approved = world().sign(make_letter(), world().leader, request_for(pdf::profile::approved), true);
    return world().sign(approved, world().agency, request_for(pdf::profile::issued), true);
}

bool has_level(const validation::file_report& report, std::string_view level) {
    return std::all_of(report.signatures.begin(), report.signatures.end(),
                       [&](auto& s) { return s.format == "timestamp" || s.level == level; });
}

void expect_invalid(const char* what, bytes_view file) {
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::invalid), what << shown(report));
}

} // namespace

BOOST_AUTO_TEST_CASE(with_evidence_inside_signatures_verify_with_nothing_but_the_anchor) {
    bytes file = stamped_letter();
    auto before = world().verify_alone(file, signing_day + hours(1));
    BOOST_TEST((before.verdict == verdict::indeterminate), shown(before));
    bytes kept = world().with_evidence(file);
    BOOST_TEST(std::equal(file.begin(), file.end(), kept.begin()));
    auto report = world().verify_alone(kept, signing_day + hours(1));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(has_level(report, "B-LT"), shown(report));
    BOOST_TEST(
        (report.signatures.at(1).changes_after == std::vector<std::string>{"evidence_added", "metadata_updated"}),
        shown(report));
}

BOOST_AUTO_TEST_CASE(evidence_is_not_added_twice) {
    bytes once = world().with_evidence(stamped_letter());
    BOOST_TEST((world().with_evidence(once) == once));
}

BOOST_AUTO_TEST_CASE(a_document_time_stamp_over_the_evidence_makes_level_b_lta) {
    for (const auto& shape : {std::vector<std::string>{"--object-streams=disable"}, {"--object-streams=generate"}}) {
        bytes letter = reshaped(make_letter(), shape);
        bytes file = world().sign(letter, world().leader, request_for(pdf::profile::approved), true);
        file = world().with_timestamp(world().with_evidence(file), signing_day + hours(1), world().tsa);
        auto report = world().verify_alone(file, signing_day + hours(2));
        BOOST_TEST((report.verdict == verdict::valid), shown(report));
        BOOST_TEST(has_level(report, "B-LTA"), shown(report));
        BOOST_REQUIRE(report.signatures.size() == 2u);
        BOOST_TEST(report.signatures[1].format == "timestamp");
        BOOST_TEST(report.signatures[1].covers == "whole");
        BOOST_TEST((report.signatures[1].best_time == signing_day + hours(1)));
        BOOST_TEST((report.signatures[0].best_time == signing_day));
        BOOST_TEST((report.signatures[0].stamps.size() == 2u));
        BOOST_TEST((report.signatures[0].changes_after ==
                    std::vector<std::string>{"evidence_added", "metadata_updated", "timestamp_added:vanthu_time"}),
                   shown(report));
    }
}

BOOST_AUTO_TEST_CASE(a_stamp_older_than_the_evidence_does_not_make_b_lta) {
    bytes file = world().with_timestamp(stamped_letter(), signing_day + hours(1), world().tsa);
    BOOST_TEST(has_level(world().verify(file), "B-T"));
    file = world().with_evidence(file);
    auto report = world().verify_alone(file, signing_day + hours(2));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(has_level(report, "B-LT"), shown(report));
}

BOOST_AUTO_TEST_CASE(newer_evidence_after_the_stamp_takes_nothing_from_b_lta) {
    bytes file = world().with_timestamp(world().with_evidence(stamped_letter()), signing_day + hours(1), world().tsa);
    BOOST_TEST(has_level(world().verify_alone(file, signing_day + hours(2)), "B-LTA"));
    x509::evidence newer;
    newer.crls.push_back(
        x509::parse_crl(world().ca.sub_crl({.this_update = signing_day + hours(1) + std::chrono::minutes(1)})).value());
    file = pdf::add_evidence(file, newer, {}).value();
    auto report = world().verify_alone(file, signing_day + hours(2));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(has_level(report, "B-LTA"), shown(report));
    // What the verdict itself rests on stays the newest.
    auto seen = pdf::examine_pdf(file, world().trust, {}, signing_day + hours(2));
    BOOST_TEST(std::ranges::any_of(seen.used.crls, [&](auto& crl) { return crl.der() == newer.crls[0].der(); }));
}

BOOST_AUTO_TEST_CASE(a_document_time_stamp_alone_proves_the_time_of_a_plain_signature) {
    bytes file = world().with_timestamp(world().approved(make_letter()), signing_day + hours(1), world().tsa);
    auto report = world().verify(file);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(report.signatures.at(0).level == "B-T");
    BOOST_TEST((report.signatures.at(0).best_time == signing_day + hours(1)));
}

BOOST_AUTO_TEST_CASE(renewal_outlives_the_first_time_stamping_authority) {
    const timestamp end = from_us(1'767'225'600'000'000); // 2026-01-01
    identity short_lived = world().ca.issue({.common_name = "TSA cũ", .use = profile::tsa, .not_after = end});
    bytes file = world().approved(make_letter());
    file = world().with_timestamp(world().with_evidence(file), signing_day + hours(1), short_lived);
    const timestamp later = end + hours(24 * 365);
    auto expired = world().verify(file);
    BOOST_TEST((expired.verdict == verdict::valid), shown(expired));
    auto without = pdf::verify_pdf(file, world().trust, world().known, later);
    BOOST_TEST((without.verdict == verdict::indeterminate), shown(without));
    file = world().with_timestamp(world().with_evidence(file), end - hours(48), world().tsa);
    auto report = world().verify_alone(file, later);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    BOOST_TEST(has_level(report, "B-LTA"), shown(report));
    BOOST_TEST(report.signatures.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_certification_without_changes_still_takes_evidence_and_time_stamps) {
    auto request = request_for(pdf::profile::approved);
    request.restrict_changes = true;
    pdf::prepared p = pdf::prepare(make_letter(), request).value();
    std::size_t at = as_text(p.document).find("/P 2");
    BOOST_REQUIRE(at != std::string_view::npos);
    p.document[at + 3] = '1';
    p.content_sha256 = sha256().update(p.before()).update(p.after()).finish();
    bytes cms = cms::build_signature(p.content_sha256, world().signer_of(world().leader)).value();
    bytes file = pdf::finish(std::move(p), cms).value();
    bytes kept = world().with_timestamp(world().with_evidence(file), signing_day + hours(1), world().tsa);
    auto report = world().verify(kept);
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    auto refused = pdf::prepare(kept, request_for(pdf::profile::issued));
    BOOST_TEST((refused.error().code == pdf::errc::changes_forbidden));
}

BOOST_AUTO_TEST_CASE(a_token_about_something_else_is_refused) {
    pdf::prepared p = pdf::prepare_timestamp(stamped_letter()).value();
    auto token = world().stamp(sha256::of(as_bytes("something else")), signing_day, world().tsa);
    BOOST_TEST((pdf::finish_timestamp(std::move(p), token).error().code == pdf::errc::wrong_token));
    pdf::prepared small = pdf::prepare_timestamp(stamped_letter(), 100).value();
    auto fitting = world().stamp(small.content_sha256, signing_day, world().tsa);
    BOOST_TEST((pdf::finish_timestamp(std::move(small), fitting).error().code == pdf::errc::contents_too_small));
    BOOST_TEST((pdf::prepare_timestamp(as_bytes("hello")).error().code == pdf::errc::not_a_pdf));
    BOOST_TEST((pdf::add_evidence(as_bytes("hello"), {}, {}).error().code == pdf::errc::not_a_pdf));
}

BOOST_AUTO_TEST_CASE(evidence_that_brings_something_else_along_is_no_evidence) {
    auto store = [](pdf::document& d, pdf::update& out, QPDFObjectHandle entry) {
        QPDFObjectHandle dss = out.add(QPDFObjectHandle::parse("<< /Type /DSS /Certs [] >>"));
        dss.getKey("/Certs").appendItem(entry);
        d.root().replaceKey("/DSS", dss);
        out.changed(d.root());
    };
    bytes file = stamped_letter();
    expect_invalid("an object that nothing uses", revised(file, [&](pdf::document& d, pdf::update& out) {
                       store(d, out, out.add_stream("", "x"));
                       out.add_stream("", "1 g 0 0 600 800 re f");
                   }));
    expect_invalid("objects that only use each other", revised(file, [&](pdf::document& d, pdf::update& out) {
                       store(d, out, out.add_stream("", "x"));
                       QPDFObjectHandle a = out.add(QPDFObjectHandle::newDictionary()),
                                        b = out.add(QPDFObjectHandle::newDictionary());
                       a.replaceKey("/B", b);
                       b.replaceKey("/A", a);
                   }));
    expect_invalid("a drawing in the store", revised(file, [&](pdf::document& d, pdf::update& out) {
                       store(d, out, out.add_stream("/Subtype /Form /BBox [0 0 9 9]", "x"));
                   }));
    expect_invalid("no list of streams", revised(file, [&](pdf::document& d, pdf::update& out) {
                       store(d, out, out.add(QPDFObjectHandle::parse("<< /S /JavaScript /JS (x) >>")));
                   }));
    expect_invalid("a page in the store", revised(file, [&](pdf::document& d, pdf::update& out) {
                       QPDFObjectHandle dss = out.add(QPDFObjectHandle::parse("<< /Certs [] /VRI << >> >>"));
                       dss.getKey("/VRI").replaceKey("/X", first_page(d));
                       d.root().replaceKey("/DSS", dss);
                       out.changed(d.root());
                   }));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_with_a_picture_over_the_page_is_an_attack) {
    bytes stamped = world().with_timestamp(world().approved(make_letter()), signing_day + hours(1), world().tsa);
    auto report = world().verify(revised(stamped, [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle old = pdf::read_fields(d.qpdf()).find("vanthu_time")->object;
        QPDFObjectHandle field = out.add(old.shallowCopy());
        field.replaceKey("/T", QPDFObjectHandle::newString("other"));
        field.replaceKey("/V", out.add(old.getKey("/V").shallowCopy()));
        field.replaceKey("/Rect", QPDFObjectHandle::parse("[0 0 600 800]"));
        QPDFObjectHandle picture = QPDFObjectHandle::newDictionary();
        picture.replaceKey("/N", out.add_stream("/Subtype /Form /BBox [0 0 600 800]", "1 g 0 0 600 800 re f"));
        field.replaceKey("/AP", picture);
        first_page(d).getKey("/Annots").appendItem(field);
        d.root().getKey("/AcroForm").getKey("/Fields").appendItem(field);
        out.changed(first_page(d).getKey("/Annots"), first_page(d));
        out.changed(d.root().getKey("/AcroForm"), d.root());
    }));
    BOOST_TEST((report.signatures.at(0).verdict == verdict::invalid), shown(report));
    auto& changes = report.signatures.at(0).changes_after;
    BOOST_TEST((std::find(changes.begin(), changes.end(), "timestamp_visible:other") != changes.end()), shown(report));
}

BOOST_AUTO_TEST_CASE(a_number_filled_and_only_time_stamped_is_nobodys_number) {
    bytes filled = revised(world().approved(make_letter()), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle field = pdf::read_fields(d.qpdf()).find("vanthu_number")->object;
        field.replaceKey("/V", QPDFObjectHandle::newString("1/QD"));
        out.changed(field);
    });
    auto report = world().verify(world().with_timestamp(filled, signing_day + hours(1), world().tsa));
    BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
    BOOST_TEST(signing::has_finding(report.signatures.at(0).findings, "pdf.filled_without_signature"));
}

BOOST_AUTO_TEST_CASE(other_peoples_tools_read_the_archived_file) {
    bytes file = world().with_timestamp(world().with_evidence(stamped_letter()), signing_day + hours(1), world().tsa);
    temporary_directory dir;
    auto path = dir.path() / "a.pdf";
    BOOST_REQUIRE(write_file_atomically(path, file).has_value());
    std::string said;
    BOOST_TEST(run({"/usr/bin/qpdf", "--check", path.string()}, &said) == 0, said);
    BOOST_TEST(run({"/usr/bin/pdfsig", "-nocert", path.string()}, &said) == 0, said);
    std::size_t valid = 0;
    for (std::size_t at = 0; (at = said.find("Signature is Valid.", at)) != said.npos; ++at) ++valid;
    BOOST_TEST(valid >= 2u, said);
}

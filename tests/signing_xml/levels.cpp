// From B-B to B-LTA and beyond, each step an insertion.
#include "tests/signing_xml/world.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

const timestamp stamped_at = at_time("2026-03-01T08:05:00Z"), archived_at = at_time("2026-03-02T00:00:00Z");

std::string level(const xml::document_verdict& v) { return word(v) + " " + v.report.signatures.at(0).level; }

// What was there is still there, in order; only bytes were added.
bool only_added(const bytes& before, const bytes& after) {
    std::size_t begin = 0, end = 0;
    while (begin < before.size() && before[begin] == after[begin]) ++begin;
    while (end < before.size() - begin && before[before.size() - 1 - end] == after[after.size() - 1 - end]) ++end;
    return after.size() > before.size() && begin + end == before.size();
}

} // namespace

BOOST_AUTO_TEST_SUITE(levels)

BOOST_AUTO_TEST_CASE(each_level_is_reached_by_an_insertion) {
    xml_world w;
    bytes b = w.enveloped(w.letter);
    bytes t = w.stamped(b, stamped_at);
    BOOST_TEST(only_added(b, t));
    auto verdict = w.verify(t, archived_at);
    BOOST_TEST(level(verdict) == "valid B-T", told(verdict));
    BOOST_TEST((verdict.report.signatures[0].best_time == stamped_at));
    bytes lt = w.with_data(t, archived_at);
    BOOST_TEST(only_added(t, lt));
    verdict = w.verify(lt, archived_at);
    BOOST_TEST(level(verdict) == "valid B-LT", told(verdict));
    bytes lta = w.archived(lt, archived_at);
    BOOST_TEST(only_added(lt, lta));
    verdict = w.verify(lta, at_time("2027-01-01T00:00:00Z"));
    BOOST_TEST(level(verdict) == "valid B-LTA", told(verdict));
    BOOST_TEST(verdict.report.signatures[0].stamps.size() == 2u);
    BOOST_TEST((verdict.report.signatures[0].best_time == stamped_at));
}

BOOST_AUTO_TEST_CASE(an_archived_signature_needs_no_evidence_from_elsewhere) {
    xml_world w;
    bytes lta = w.archived(w.with_data(w.stamped(w.enveloped(w.letter), stamped_at), archived_at), archived_at);
    auto verdict = xml::verify(xml::in_memory(lta), w.trust, {}, at_time("2026-06-01T00:00:00Z"));
    const auto& signer = verdict.conclusions.at(0).path;
    BOOST_TEST(signer.passed(), told(verdict));
    BOOST_TEST((verdict.report.signatures.at(0).best_time == stamped_at));
}

BOOST_AUTO_TEST_CASE(a_signature_outlives_its_certificate_and_its_time_stamps_by_renewal) {
    xml_world w;
    w.who = w.ca.issue({.common_name = "Nguyễn Văn A",
                        .key = test_key::p256,
                        .not_before = at_time("2026-01-01T00:00:00Z"),
                        .not_after = at_time("2026-12-31T00:00:00Z")});
    w.tsa = w.ca.issue({.common_name = "TSA 1",
                        .use = profile::tsa,
                        .not_before = at_time("2026-01-01T00:00:00Z"),
                        .not_after = at_time("2028-01-01T00:00:00Z")});
    identity later = w.ca.issue({.common_name = "TSA 2",
                                 .use = profile::tsa,
                                 .not_before = at_time("2027-01-01T00:00:00Z"),
                                 .not_after = at_time("2033-01-01T00:00:00Z")});
    bytes b = w.enveloped(w.letter);
    BOOST_TEST(word(w.verify(b, at_time("2027-06-01T00:00:00Z"))) == "indeterminate");
    bytes lta = w.archived(w.with_data(w.stamped(b, stamped_at), archived_at), archived_at);
    auto verdict = w.verify(lta, at_time("2027-06-01T00:00:00Z"));
    BOOST_TEST(level(verdict) == "valid B-LTA", told(verdict));
    BOOST_TEST(word(w.verify(lta, at_time("2029-01-01T00:00:00Z"))) == "indeterminate");
    timestamp renewal = at_time("2027-06-01T00:00:00Z");
    bytes renewed = w.archived(w.with_data(lta, renewal), renewal, &later);
    verdict = w.verify(renewed, at_time("2029-01-01T00:00:00Z"));
    BOOST_TEST(level(verdict) == "valid B-LTA", told(verdict));
    BOOST_TEST(verdict.report.signatures[0].stamps.size() == 3u);
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_proves_the_evidence_in_front_of_it_and_none_behind) {
    xml_world w;
    bytes lta = w.archived(w.with_data(w.stamped(w.enveloped(w.letter), stamped_at), archived_at), archived_at);
    x509::evidence later;
    later.crls.push_back(x509::parse_crl(w.ca.sub_crl({.this_update = at_time("2026-02-01T00:00:00Z")})).value());
    lta = xml::spliced(lta, xml::add_validation_data(xml::in_memory(lta), {}, later).value());
    auto facts = xml::read_signatures(xml::in_memory(lta)).signatures.at(0).facts;
    auto covered = [&](const digest& one) {
        const auto& all = facts.stamps.back().covers;
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    BOOST_TEST(facts.stamps.front().covers.empty()); // a signature time stamp proves the signature only
    BOOST_REQUIRE(facts.embedded.crls.size() >= 2u);
    BOOST_TEST(covered(facts.signer.sha256()));
    BOOST_TEST(covered(facts.embedded.crls.front().sha256()));
    BOOST_TEST(!covered(later.crls.front().sha256()));
    BOOST_TEST(level(w.verify(lta, at_time("2027-01-01T00:00:00Z"))) == "valid B-LTA");
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_in_front_of_all_evidence_does_not_make_b_lta) {
    xml_world w;
    bytes archived = w.archived(w.stamped(w.enveloped(w.letter), stamped_at), archived_at);
    bytes late = w.with_data(archived, archived_at);
    BOOST_TEST(level(w.verify(late, archived_at)) == "valid B-LT", told(w.verify(late, archived_at)));
}

BOOST_AUTO_TEST_CASE(validation_data_is_embedded_once) {
    xml_world w;
    bytes lt = w.with_data(w.stamped(w.enveloped(w.letter), stamped_at), archived_at);
    BOOST_TEST((w.with_data(lt, archived_at) == lt));
    x509::evidence more;
    more.crls.push_back(x509::parse_crl(w.ca.sub_crl({.this_update = at_time("2026-02-01T00:00:00Z")})).value());
    auto what = xml::add_validation_data(xml::in_memory(lt), {}, more).value();
    BOOST_TEST(what.text.starts_with("<xades141:TimeStampValidationData "));
    BOOST_TEST(word(w.verify(xml::spliced(lt, what), archived_at)) == "valid");
}

BOOST_AUTO_TEST_CASE(a_token_about_something_else_is_not_added) {
    xml_world w;
    bytes b = w.enveloped(w.letter);
    auto other = w.token(sha256::of("x"), stamped_at);
    BOOST_TEST(xml::add_timestamp(xml::in_memory(b), other).error().code == xml::errc::timestamp_mismatch);
    BOOST_TEST(xml::add_archive_timestamp(xml::in_memory(b), other).error().code == xml::errc::timestamp_mismatch);
    BOOST_TEST(xml::signature_imprint(xml::in_memory(b), 1).error().code == xml::errc::no_signature);
}

BOOST_AUTO_TEST_CASE(a_time_stamp_of_another_signature_proves_nothing) {
    xml_world w;
    bytes one = w.stamped(w.enveloped(w.letter), stamped_at);
    bytes two = w.enveloped(w.letter, xml_world::plain(at_time("2026-03-01T08:00:01Z")));
    std::string from(as_text(one));
    std::size_t begin = from.find("<xades:UnsignedProperties>"), end = from.find("</xades:UnsignedProperties>") + 27;
    bytes moved = changed(two, "</xades:QualifyingProperties>",
                          from.substr(begin, end - begin) + "</xades:QualifyingProperties>");
    auto verdict = w.verify(moved, archived_at);
    BOOST_TEST(verdict.report.signatures.at(0).level == "B-B", told(verdict));
    BOOST_TEST(!verdict.report.signatures.at(0).best_time);
    BOOST_TEST(signing::has_finding(verdict.report.signatures.at(0).findings, "cms.timestamp_other_content"));
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_covers_content_and_what_is_embedded) {
    xml_world w;
    bytes lta = w.archived(w.with_data(w.stamped(w.enveloped(w.letter), stamped_at), archived_at), archived_at);
    auto stamp_of = [&](const bytes& document) {
        auto v = w.verify(document, archived_at);
        return v.report.signatures.at(0).stamps.size() == 2 &&
               v.report.signatures[0].stamps[1].indication == signing::indication::total_passed;
    };
    BOOST_TEST(stamp_of(lta));
    BOOST_TEST(!stamp_of(changed(lta, "<xades:CRLValues>", "<xades:CRLValues> ")));
    BOOST_TEST(
        !stamp_of(changed(lta, "<xades:EncapsulatedTimeStamp xmlns", "<xades:EncapsulatedTimeStamp Id=\"x\" xmlns")));
    BOOST_TEST(!stamp_of(changed(lta, "<ds:KeyInfo>", "<ds:KeyInfo> ")));
}

BOOST_AUTO_TEST_CASE(detached_and_enveloping_signatures_are_archived_too) {
    xml_world w;
    bytes file = to_bytes("công văn");
    xml::outside others = [&](const std::string&) -> std::optional<xml::source> { return xml::in_memory(file); };
    bytes detached = xml::sign_detached({{"a.pdf", "application/pdf", sha256::of(file)}}, w.signer(),
                                        xml_world::plain(), "XAdESSignatures")
                         .value();
    bytes enveloping = xml::sign_enveloping(file, w.signer(), xml_world::plain()).value();
    for (bytes document : {detached, enveloping}) {
        document = w.stamped(document, stamped_at);
        auto now = w.verify(document, archived_at, others);
        const auto& c = now.conclusions.at(0);
        document = xml::spliced(
            document, xml::add_validation_data(xml::in_memory(document), c.used_certificates, c.used).value());
        document = w.archived(document, archived_at, nullptr, others);
        auto verdict = w.verify(document, archived_at, others);
        BOOST_TEST(level(verdict) == "valid B-LTA", told(verdict));
    }
    BOOST_TEST(xml::archive_imprint(xml::in_memory(detached)).error().code == xml::errc::reference_missing);
}

BOOST_AUTO_TEST_SUITE_END()

// Who answers for what was filled in after a signature, and what a time stamp alone is worth.
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

bytes filled(bytes_view file, const char* field, const char* value) {
    return revised(file, [&](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle object = pdf::read_fields(d.qpdf()).find(field)->object;
        object.replaceKey("/V", QPDFObjectHandle::newString(value));
        out.changed(object);
    });
}

bytes commented(bytes_view file, const identity& who) {
    auto request = request_for(pdf::profile::comment);
    request.comment = "Đã xem";
    return world().sign(file, who, request);
}

const signing::finding* finding_of(const validation::signature_report& s, std::string_view code) {
    auto at = std::find_if(s.findings.begin(), s.findings.end(), [&](auto& f) { return f.code == code; });
    return at == s.findings.end() ? nullptr : &*at;
}

} // namespace

BOOST_AUTO_TEST_CASE(number_and_date_are_given_by_the_organisation_of_the_first_signer_and_nobody_else) {
    const test_ca& ca = world().ca;
    bytes file = filled(world().approved(make_letter()), "vanthu_number", "666");
    struct {
        subject_spec who;
        bool may;
    } const people[] = {
        {{.common_name = "Eve"}, false},
        {{.common_name = "Eve", .organisation = "Công ty Eve"}, false},
        {{.common_name = "Sở Nội vụ", .organisation = "Công ty Eve"}, true}, // the CA vouches for the name
        {{.common_name = "Eve", .organisation = "Sở Nội vụ", .organisation_code = "000.00.02.H48"}, false},
        {{.common_name = "Văn phòng", .organisation = "Sở Nội vụ", .organisation_code = "000.00.01.H48"}, true},
        {{.common_name = "Văn thư", .organisation = "Sở Nội vụ"}, true},
        {{.common_name = "Văn phòng", .organisation = "Khác", .organisation_code = "000.00.01.H48"}, true},
    };
    for (const auto& [who, may] : people) {
        identity person = ca.issue(who);
        auto report = world().verify(commented(file, person));
        const validation::signature_report& leader = report.signatures.at(0);
        const signing::finding* said = finding_of(leader, may ? "pdf.filled_later" : "pdf.filled_by_stranger");
        BOOST_TEST((report.verdict == (may ? verdict::valid : verdict::indeterminate)), shown(report));
        BOOST_REQUIRE_MESSAGE(said, shown(report));
        BOOST_TEST(said->text_en.find("CN=" + who.common_name) != std::string::npos, said->text_en);
        BOOST_TEST(said->text_en.find("vanthu_number") != std::string::npos, said->text_en);
    }
    // A stranger's signature before the filling makes no difference, nor does one beside that of the agency.
    identity eve = ca.issue({.common_name = "Eve", .organisation = "Công ty Eve"});
    auto report =
        world().verify(commented(filled(commented(world().approved(make_letter()), eve), "vanthu_number", "666"), eve));
    BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
    report = world().verify(commented(world().issued(world().approved(make_letter())), eve));
    BOOST_TEST((report.verdict == verdict::valid), shown(report));
    const signing::finding* said = finding_of(report.signatures.at(0), "pdf.filled_later");
    BOOST_REQUIRE(said);
    BOOST_TEST(said->text_en.find("CN=Sở Nội vụ tỉnh Quảng Ngãi") != std::string::npos, said->text_en);
}

BOOST_AUTO_TEST_CASE(a_leader_whose_certificate_names_no_organisation_is_numbered_by_himself_only) {
    identity citizen = world().ca.issue({.common_name = "Đặng Thị Ánh Nguyệt"});
    bytes file = filled(world().sign(make_letter(), citizen, request_for(pdf::profile::approved)), "vanthu_date", "x");
    BOOST_TEST((world().verify(commented(file, citizen)).verdict == verdict::valid));
    BOOST_TEST((world().verify(commented(file, world().agency)).verdict == verdict::indeterminate));
    BOOST_TEST(
        (world().verify(commented(file, world().ca.issue({.common_name = "Eve"}))).verdict == verdict::indeterminate));
}

BOOST_AUTO_TEST_CASE(a_field_filled_twice_is_answered_for_twice) {
    bytes once = commented(filled(world().approved(make_letter()), "vanthu_number", "1"), world().agency);
    BOOST_TEST((world().verify(once).verdict == verdict::valid));
    auto report = world().verify(filled(once, "vanthu_number", "666"));
    BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
    BOOST_TEST((report.signatures.at(0).changes_after ==
                std::vector<std::string>{"field_filled:vanthu_number", "signature_added:vanthu_comment"}));
    for (const auto& s : report.signatures) BOOST_TEST(finding_of(s, "pdf.filled_without_signature"), shown(report));
}

BOOST_AUTO_TEST_CASE(a_file_with_nothing_but_time_stamps_is_unsigned) {
    bytes file = world().with_timestamp(make_letter(), signing_day, world().tsa);
    for (int stamps = 1; stamps <= 2; ++stamps) {
        auto report = world().verify(file);
        BOOST_TEST((report.verdict == verdict::unsigned_), shown(report));
        BOOST_REQUIRE(report.signatures.size() == static_cast<std::size_t>(stamps));
        BOOST_TEST((report.signatures.at(0).verdict == verdict::valid), shown(report));
        BOOST_TEST(signing::has_finding(report.findings, "pdf.only_time_stamp"));
        file = world().with_timestamp(file, signing_day + std::chrono::hours(1), world().tsa);
    }
    bytes broken = world().with_timestamp(make_letter(), signing_day, world().tsa);
    broken[as_text(broken).find("/MediaBox") + 2] ^= 1;
    BOOST_TEST((world().verify(broken).verdict == verdict::invalid));
    auto request = request_for(pdf::profile::approved);
    BOOST_TEST((world().verify(world().sign(file, world().leader, request)).verdict == verdict::valid));
}

BOOST_AUTO_TEST_CASE(evidence_that_swells_is_over_the_budget_and_not_damage) {
    bytes longer = revised(world().approved(make_letter()), [](pdf::document& d, pdf::update& out) {
        QPDFObjectHandle store = out.add(QPDFObjectHandle::parse("<< /Certs [] >>"));
        store.getKey("/Certs").appendItem(
            out.add_stream("", std::string((64u << 20) + 1, '\0')));
        d.root().replaceKey("/DSS", store);
        out.changed(d.root());
    });
    auto report = world().verify(longer);
    BOOST_TEST((report.verdict == verdict::indeterminate), shown(report));
    BOOST_TEST(signing::has_finding(report.findings, "budget"), shown(report));
    BOOST_TEST(!signing::has_finding(report.findings, "pdf.damaged"), shown(report));
}

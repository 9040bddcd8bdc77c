// A trust list grants what its operator signed, for the times it says, and nothing else.
#include "tests/trust_list/list.hpp"

using namespace vanthu;
using namespace vanthu::test;
using trust_list::errc;

namespace {

constexpr auto open_end = timestamp::max();

std::vector<trust_list::listed_anchor> read(const std::vector<listed_service>& services) {
    list_operator issuer;
    auto got = issuer.read(issuer.sign(list_document(services)));
    BOOST_REQUIRE_MESSAGE(got.has_value(), (got ? "" : got.error().detail));
    return *got;
}
// Of one CA whose service has these states.
x509::anchor_terms terms(const std::vector<listed_state>& states) {
    static const test_ca ca;
    auto got = read({{{ca.sub()}, states}});
    return got.empty() ? x509::anchor_terms{} : got[0].terms;
}
using periods = std::vector<x509::anchor_terms::period>;

} // namespace

BOOST_AUTO_TEST_CASE(a_granted_service_is_an_anchor_from_its_day_on) {
    test_ca ca;
    identity unit = ca.issue({.common_name = "TSU", .use = profile::tsa});
    auto got = read({{{ca.root(), ca.sub()}}, {{unit}, {{.type = svctype + "TSA/QTST"}}}});
    BOOST_REQUIRE_EQUAL(got.size(), 3u);
    BOOST_TEST((got[0].authority == cert_of(ca.root())));
    BOOST_TEST((got[1].authority == cert_of(ca.sub())));
    BOOST_TEST((got[0].terms.documents == periods{{at_time("2024-01-01T00:00:00Z"), open_end}}));
    BOOST_TEST(got[0].terms.time_stamps.empty());
    BOOST_TEST((got[2].authority == cert_of(unit)));
    BOOST_TEST(got[2].terms.documents.empty());
    BOOST_TEST((got[2].terms.time_stamps == got[0].terms.documents));
    BOOST_TEST((got[0].terms.known_until == at_time("2026-09-01T00:00:00Z")));
}

BOOST_AUTO_TEST_CASE(a_history_makes_periods_in_whatever_order_it_stands) {
    listed_state now{.status = svcstatus + "withdrawn", .since = "2025-06-01T00:00:00Z"},
        again{.since = "2025-01-01T00:00:00Z"}, gap{.status = svcstatus + "withdrawn", .since = "2024-06-01T00:00:00Z"},
        first{.status = "http://uri.etsi.org/TrstSvc/eSigDir-1999-93-EC-TrustedList/Svcstatus/undersupervision"};
    periods wanted{{at_time("2025-01-01T00:00:00Z"), at_time("2025-06-01T00:00:00Z")},
                   {at_time("2024-01-01T00:00:00Z"), at_time("2024-06-01T00:00:00Z")}};
    BOOST_TEST((terms({now, again, gap, first}).documents == wanted));
    BOOST_TEST((terms({now, first, again, gap}).documents == wanted));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_grants_nothing) {
    for (std::string status : {"withdrawn", "supervisionceased", "accreditationrevoked", "deprecatedatnationallevel",
                               "granted-by-me", "Granted", ""})
        BOOST_TEST((terms({{.status = svcstatus + status}}) == x509::anchor_terms{}), status);
    BOOST_TEST((terms({{.status = "http://example/Svcstatus/granted"}}) == x509::anchor_terms{}));
    for (std::string type : {"CA/QCx", "Certstatus/OCSP/QC", "EDS/Q", "unspecified", ""})
        BOOST_TEST((terms({{.type = svctype + type}}) == x509::anchor_terms{}), type);
    BOOST_TEST((terms({{.since = "2024-13-01T00:00:00Z"}}) == x509::anchor_terms{}));
    BOOST_TEST((terms({{}, {.since = "yesterday"}}) == x509::anchor_terms{}));
    BOOST_TEST((terms({{.extensions = "<Extension Critical=\"true\"><Other/></Extension>"}}) == x509::anchor_terms{}));
    BOOST_TEST(terms({{.extensions = "<Extension Critical=\"false\"><Other/></Extension>"}}).documents.size() == 1u);
    BOOST_TEST(terms({{.status = "\n " + svcstatus + "granted\n"}}).documents.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_service_for_web_sites_signs_no_documents) {
    BOOST_TEST((terms({{.extensions = additional("ForWebSiteAuthentication")}}) == x509::anchor_terms{}));
    BOOST_TEST(terms({{.extensions = additional("ForeSignatures")}}).documents.size() == 1u);
    BOOST_TEST(
        terms({{.extensions = additional("ForWebSiteAuthentication") + additional("ForeSeals")}}).documents.size() ==
        1u);
}

BOOST_AUTO_TEST_CASE(no_document_is_signed_under_what_is_no_authority) {
    test_ca ca;
    BOOST_TEST(read({{{ca.issue({})}}}).empty());
}

BOOST_AUTO_TEST_CASE(a_list_counts_by_its_operators_signature_only) {
    list_operator issuer, other;
    test_ca ca;
    const bytes unsigned_list = list_document({{{ca.root()}}}), good = issuer.sign(unsigned_list);
    auto refused = [&](const bytes& list, const list_operator& pinned = {}, timestamp now = signed_at) {
        auto got = pinned.read(list, now);
        return !got && got.error().code == errc::not_signed_by_operator;
    };
    BOOST_TEST(issuer.read(good).has_value());
    BOOST_TEST(refused(good, other));
    BOOST_TEST(!trust_list::read(good, {}, signed_at).has_value());
    BOOST_TEST(refused(unsigned_list, issuer));
    BOOST_TEST(refused(changed(good, "2024-01-01T00:00:00Z", "2023-01-01T00:00:00Z"), issuer));
    BOOST_TEST(refused(changed(good, "<SchemeTerritory>VN", "<SchemeTerritory>XX"), issuer));
    BOOST_TEST(refused(good, issuer, at_time("2035-01-01T00:00:00Z"))); // the operator's certificate has expired
    BOOST_TEST(refused(to_bytes("no list"), issuer));
    BOOST_TEST(refused({}, issuer));

    // A signed list inside another one, and a second signature.
    std::string inner(as_text(good));
    inner.erase(0, inner.find('\n') + 1);
    BOOST_TEST(
        refused(changed(unsigned_list, "<TSPInformation/>", "<TSPInformation>" + inner + "</TSPInformation>"), issuer));
    xml::sign_options beside = xml_world::plain();
    beside.beside_others = true;
    BOOST_TEST(refused(other.sign(issuer.sign(unsigned_list, beside), beside), issuer));
}

BOOST_AUTO_TEST_CASE(what_vouches_for_an_operator_is_no_operator) {
    test_ca ca;
    list_operator pinned, neighbour;
    pinned.who = ca.issue({.common_name = "Đơn vị phát hành danh sách"});
    neighbour.who = ca.issue({.common_name = "Văn thư xã"});
    pinned.cert = cert_of(pinned.who), neighbour.cert = cert_of(neighbour.who);
    const bytes list = list_document({{{ca.root()}}});
    // As CAs hand out their files: with their own certificates behind.
    const std::vector<x509::certificate> folder = {pinned.cert, cert_of(ca.sub()), cert_of(ca.root())};
    auto own = trust_list::read(pinned.sign(list), folder, signed_at);
    BOOST_REQUIRE_MESSAGE(own.has_value(), own.error().detail);
    auto strange = trust_list::read(neighbour.sign(list), folder, signed_at);
    BOOST_TEST((!strange && strange.error().code == errc::not_signed_by_operator));
}

BOOST_AUTO_TEST_CASE(what_is_signed_but_no_list_is_told_apart) {
    list_operator issuer;
    auto refused = [&](const bytes& document) {
        auto got = issuer.read(issuer.sign(document));
        return !got && got.error().code == errc::not_a_list;
    };
    BOOST_TEST(refused(to_bytes("<List><a/></List>")));
    BOOST_TEST(refused(list_document({}, {.version = "4"})));
    BOOST_TEST(refused(list_document({}, {.next_update = "<dateTime>soon</dateTime>"})));
    BOOST_TEST(!refused(list_document({}, {.version = "5"})));
}

BOOST_AUTO_TEST_CASE(a_closed_list_is_known_until_its_issue) {
    list_operator issuer;
    test_ca ca;
    auto got = issuer.read(issuer.sign(list_document({{{ca.root()}}}, {.next_update = ""})));
    BOOST_REQUIRE(got.has_value());
    BOOST_TEST((got->at(0).terms.known_until == at_time("2026-01-01T00:00:00Z")));
}

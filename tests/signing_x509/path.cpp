#include "signing/x509/path.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::x509;
using namespace std::chrono_literals;
namespace sub = vanthu::signing::sub;

namespace {

const timestamp now = from_rfc3339("2026-03-01T00:00:00Z").value();
timestamp at_time(const char* text) { return from_rfc3339(text).value(); }

certificate cert_of(const test::identity& i) { return parse_certificate(i.certificate_der()).value(); }
trust_store trusting(const test::identity& root) { return {{cert_of(root)}, {}, {}}; }

struct world {
    test::test_ca ca;
    trust_store trust = trusting(ca.root());
    test::identity who = ca.issue({});
    evidence known{{parse_crl(ca.root_crl()).value(), parse_crl(ca.sub_crl()).value()}, {}};

    path_verdict check(const test::identity& leaf, timestamp at = now, purpose why = purpose::document_signature,
                       revocation_rule rule = revocation_rule::required) {
        return validate_path(cert_of(leaf), {cert_of(ca.sub())}, trust, known, at, why, rule);
    }
    void sub_crl(const test::test_ca::crl_spec& spec) { known.crls[1] = parse_crl(ca.sub_crl(spec)).value(); }
};

std::vector<bytes> government_files() {
    std::vector<bytes> files;
    for (const government_pin& pin : government_pins())
        files.push_back(read_file(std::string(VANTHU_SOURCE_DIR "/conf/trust/") + std::string(pin.file)).value());
    return files;
}

const certificate& named(const std::vector<certificate>& all, std::string_view common_name) {
    for (const certificate& c : all)
        if (c.common_name() == common_name) return c;
    BOOST_FAIL("not there");
    std::abort();
}

#define CHECK_DOUBT(verdict, sub_expected, code)                                                                       \
    do {                                                                                                               \
        auto v = (verdict);                                                                                            \
        BOOST_TEST((v.indication == signing::indication::indeterminate));                                              \
        BOOST_TEST(v.sub_indication == sub_expected);                                                                  \
        BOOST_TEST(signing::has_finding(v.findings, code));                                                            \
    } while (false)

} // namespace

BOOST_AUTO_TEST_CASE(a_chain_with_fresh_revocation_lists_passes) {
    world w;
    auto v = w.check(w.who);
    BOOST_TEST(v.passed());
    BOOST_TEST(v.sub_indication == "");
    BOOST_TEST(v.chain.size() == 3u);
    BOOST_TEST(v.findings.empty());
}

BOOST_AUTO_TEST_CASE(without_revocation_data_nothing_is_valid_unless_the_rule_says_so) {
    world w;
    w.known = {};
    CHECK_DOUBT(w.check(w.who), sub::try_later, "x509.no_revocation_data");
    BOOST_TEST(w.check(w.who, now, purpose::document_signature, revocation_rule::if_present).passed());
    w.known.crls = {parse_crl(w.ca.sub_crl()).value()}; // the sub CA's own status stays unknown
    CHECK_DOUBT(w.check(w.who), sub::try_later, "x509.no_revocation_data");
}

BOOST_AUTO_TEST_CASE(a_stale_or_foreign_or_forged_list_says_nothing) {
    world w;
    w.sub_crl({.this_update = at_time("2025-01-01T00:00:00Z"), .next_update = at_time("2025-02-01T00:00:00Z")});
    CHECK_DOUBT(w.check(w.who), sub::try_later, "x509.crl_stale");
    test::test_ca impostor; // same names, other keys
    w.known.crls[1] = parse_crl(impostor.sub_crl()).value();
    CHECK_DOUBT(w.check(w.who), sub::try_later, "x509.crl_bad_signature");
}

BOOST_AUTO_TEST_CASE(revocation_counts_from_its_date_on) {
    world w;
    w.sub_crl({.revoked = {{w.who.certificate(), at_time("2026-02-01T00:00:00Z"), 1}}});
    auto after = w.check(w.who);
    CHECK_DOUBT(after, sub::revoked_no_poe, "x509.revoked");
    BOOST_REQUIRE(after.revoked.has_value());
    BOOST_TEST(after.revoked->reason == "keyCompromise");
    BOOST_TEST(after.revoked->of_leaf);
    BOOST_TEST((after.revoked->when == at_time("2026-02-01T00:00:00Z")));
    auto before = w.check(w.who, at_time("2026-01-31T23:59:59Z"));
    BOOST_TEST(before.passed());
    BOOST_TEST(signing::has_finding(before.findings, "x509.revoked_later"));
}

BOOST_AUTO_TEST_CASE(a_stale_list_still_proves_a_revocation_but_not_a_hold) {
    world w;
    test::test_ca::crl_spec old{.this_update = at_time("2025-01-01T00:00:00Z"),
                                .next_update = at_time("2025-02-01T00:00:00Z")};
    old.revoked = {{w.who.certificate(), at_time("2024-12-01T00:00:00Z"), 4}};
    w.sub_crl(old);
    CHECK_DOUBT(w.check(w.who), sub::revoked_no_poe, "x509.revoked");
    old.revoked[0].reason = 6; // certificateHold
    w.sub_crl(old);
    CHECK_DOUBT(w.check(w.who), sub::try_later, "x509.crl_stale");
}

BOOST_AUTO_TEST_CASE(a_revoked_sub_ca_takes_its_leaves_along) {
    world w;
    w.known.crls[0] =
        parse_crl(test::test_ca::crl_of(w.ca.root(),
                                        {.revoked = {{w.ca.sub().certificate(), at_time("2026-01-01T00:00:00Z")}}}))
            .value();
    CHECK_DOUBT(w.check(w.who), sub::revoked_ca_no_poe, "x509.ca_revoked");
}

BOOST_AUTO_TEST_CASE(a_list_issued_after_the_certificate_expired_is_not_used) {
    world w;
    auto brief = w.ca.issue({.not_after = at_time("2025-06-01T00:00:00Z")});
    w.sub_crl({.this_update = at_time("2025-07-01T00:00:00Z"), .next_update = at_time("2027-01-01T00:00:00Z")});
    CHECK_DOUBT(w.check(brief, at_time("2025-05-01T00:00:00Z")), sub::try_later, "x509.crl_stale");
}

BOOST_AUTO_TEST_CASE(outside_its_dates_a_certificate_is_out_of_bounds) {
    world w;
    auto brief =
        w.ca.issue({.not_before = at_time("2025-01-01T00:00:00Z"), .not_after = at_time("2025-06-01T00:00:00Z")});
    CHECK_DOUBT(w.check(brief), sub::out_of_bounds_no_poe, "x509.expired");
    CHECK_DOUBT(w.check(brief, at_time("2024-06-01T00:00:00Z")), sub::out_of_bounds_no_poe, "x509.not_yet_valid");
    CHECK_DOUBT(w.check(w.who, at_time("2035-01-01T00:00:00Z")), sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds");
}

BOOST_AUTO_TEST_CASE(a_chain_to_nobody_we_trust_is_no_chain) {
    world w;
    test::test_ca other("Other");
    CHECK_DOUBT(validate_path(cert_of(w.who), {cert_of(w.ca.sub()), cert_of(w.ca.root())}, trusting(other.root()),
                              w.known, now, purpose::any),
                sub::no_certificate_chain_found, "x509.no_chain");
    CHECK_DOUBT(validate_path(cert_of(w.who), {}, w.trust, w.known, now, purpose::any), sub::no_certificate_chain_found,
                "x509.no_chain");
    CHECK_DOUBT(validate_path(cert_of(test::self_signed({})), {}, w.trust, w.known, now, purpose::any),
                sub::no_certificate_chain_found, "x509.no_chain");
}

BOOST_AUTO_TEST_CASE(revocation_is_asked_for_only_where_the_chain_ends_at_an_anchor) {
    world w;
    auto asks = [](const path_verdict& v) {
        return std::ranges::count_if(v.missing, [](const need& n) { return n.what == need::kind::revocation; });
    };
    const auto chain = {cert_of(w.ca.sub()), cert_of(w.ca.root())};
    BOOST_TEST(asks(validate_path(cert_of(w.who), chain, w.trust, {}, now, purpose::any)) == 2);
    // To another's root; by a name that is trusted and a key that is not; below a certificate that is no CA's.
    test::test_ca other("Other"), namesake;
    BOOST_TEST(asks(validate_path(cert_of(w.who), chain, trusting(other.root()), {}, now, purpose::any)) == 0);
    auto forged = namesake.issue({.common_name = "Forged"});
    BOOST_REQUIRE(cert_of(forged).issuer() == cert_of(w.ca.sub()).subject());
    BOOST_TEST(asks(validate_path(cert_of(forged), chain, w.trust, {}, now, purpose::any)) == 0);
    auto below = test::test_ca::issue_by(w.who, {.common_name = "Below"});
    BOOST_TEST(asks(validate_path(cert_of(below), {cert_of(w.who), cert_of(w.ca.sub())}, w.trust, {}, now,
                                  purpose::any)) == 0);
}

BOOST_AUTO_TEST_CASE(nobody_vouches_for_an_issuer_that_was_fetched) {
    world w;
    trust_store fetched = w.trust, given = w.trust;
    fetched.fetched = {cert_of(w.ca.sub())};
    given.intermediates = {cert_of(w.ca.sub())};
    // After the end of the root an intermediate counts only where somebody knows that it is older.
    proofs leaf_only{.now = at_time("2035-01-01T00:00:00Z"),
                     .since = {{cert_of(w.who).sha256(), at_time("2026-01-01T00:00:00Z")}}};
    auto proven = [&](const trust_store& trust) {
        return validate_path(cert_of(w.who), {}, trust, w.known, now, purpose::any, revocation_rule::if_present, {},
                             leaf_only);
    };
    BOOST_TEST(proven(given).passed());
    CHECK_DOUBT(proven(fetched), sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds");
    BOOST_TEST(validate_path(cert_of(w.who), {}, fetched, w.known, now, purpose::any).passed());
}

BOOST_AUTO_TEST_CASE(intermediates_of_the_trust_store_complete_a_chain_of_a_lone_leaf) {
    world w;
    w.trust.intermediates = {cert_of(w.ca.sub())};
    BOOST_TEST(validate_path(cert_of(w.who), {}, w.trust, w.known, now, purpose::any).passed());
}

BOOST_AUTO_TEST_CASE(a_leaf_may_not_issue_certificates) {
    world w;
    auto below = test::test_ca::issue_by(w.who, {.common_name = "Below"});
    CHECK_DOUBT(
        validate_path(cert_of(below), {cert_of(w.who), cert_of(w.ca.sub())}, w.trust, w.known, now, purpose::any),
        sub::chain_constraints_failure, "x509.chain_constraint");
}

BOOST_AUTO_TEST_CASE(the_path_length_of_a_sub_ca_is_kept) {
    world w;
    auto third = w.ca.issue({.common_name = "Third", .use = test::profile::sub_ca});
    auto leaf = test::test_ca::issue_by(third, {});
    CHECK_DOUBT(
        validate_path(cert_of(leaf), {cert_of(third), cert_of(w.ca.sub())}, w.trust, w.known, now, purpose::any),
        sub::chain_constraints_failure, "x509.chain_constraint");
}

BOOST_AUTO_TEST_CASE(a_forged_certificate_breaks_the_chain) {
    world w;
    bytes der = w.who.certificate_der();
    der.back() ^= 1;
    auto forged = parse_certificate(der);
    BOOST_REQUIRE(forged);
    CHECK_DOUBT(validate_path(*forged, {cert_of(w.ca.sub())}, w.trust, w.known, now, purpose::any),
                sub::certificate_chain_general_failure, "x509.chain_broken");
}

BOOST_AUTO_TEST_CASE(each_purpose_wants_its_key_usage) {
    world w;
    auto tsa = w.ca.issue({.use = test::profile::tsa});
    BOOST_TEST(w.check(tsa, now, purpose::time_stamping).passed());
    CHECK_DOUBT(w.check(w.who, now, purpose::time_stamping), sub::chain_constraints_failure, "x509.wrong_purpose");
    auto encrypting =
        w.ca.issue({.extra_extensions = {"keyUsage=critical,keyEncipherment"}, .without_key_usage = true});
    CHECK_DOUBT(w.check(encrypting), sub::chain_constraints_failure, "x509.wrong_purpose");
    BOOST_TEST(w.check(w.ca.issue({.without_key_usage = true})).passed());
}

BOOST_AUTO_TEST_CASE(a_certificate_made_for_something_else_signs_no_documents) {
    world w;
    auto with = [&](const std::string& purposes) {
        return w.ca.issue({.extra_extensions = {"extendedKeyUsage=" + purposes}});
    };
    for (const char* one : {"serverAuth", "codeSigning", "timeStamping", "OCSPSigning", "msSmartcardLogin",
                            "serverAuth,codeSigning", "1.2.3.4"})
        for (const char* critical : {"", "critical,"})
            CHECK_DOUBT(w.check(with(std::string(critical) + one)), sub::chain_constraints_failure,
                        "x509.extended_key_usage");
    for (const char* one : {"anyExtendedKeyUsage", "1.3.6.1.5.5.7.3.36", "emailProtection", "clientAuth",
                            "1.3.6.1.4.1.311.10.3.12", "1.2.840.113583.1.1.5", "critical,emailProtection",
                            "serverAuth,clientAuth", "clientAuth,emailProtection,msSmartcardLogin"})
        BOOST_TEST(w.check(with(one)).passed(), one);
    CHECK_DOUBT(w.check(w.ca.issue({.use = test::profile::tsa})), sub::chain_constraints_failure,
                "x509.extended_key_usage");
    // One that nobody can read allows nothing.
    auto broken = w.ca.issue({.extra_extensions = {"2.5.29.37=DER:0500"}});
    BOOST_TEST(!w.check(broken).passed());
    BOOST_TEST(!unfit_for_documents(cert_of(broken)).empty());
    // The operator's own list.
    path_rules rules;
    rules.purposes = {"1.3.6.1.5.5.7.3.3"};
    auto judged = [&](const test::identity& who) {
        return validate_path(cert_of(who), {cert_of(w.ca.sub())}, w.trust, w.known, now, purpose::document_signature,
                             revocation_rule::required, rules);
    };
    BOOST_TEST(judged(with("codeSigning")).passed());
    CHECK_DOUBT(judged(with("emailProtection")), sub::chain_constraints_failure, "x509.extended_key_usage");
    BOOST_TEST(judged(w.who).passed());
    rules.purposes = {};
    BOOST_TEST(judged(with("serverAuth")).passed());
}

BOOST_AUTO_TEST_CASE(a_ca_signs_no_documents) {
    world w;
    auto below = w.ca.issue_by(w.ca.root(), {.common_name = "CA that signs",
                                             .use = test::profile::sub_ca,
                                             .extra_extensions = {"keyUsage=critical,keyCertSign,digitalSignature"},
                                             .without_key_usage = true});
    CHECK_DOUBT(w.check(below), sub::chain_constraints_failure, "x509.ca_as_signer");
    BOOST_TEST(w.check(below, now, purpose::any).passed());
}

BOOST_AUTO_TEST_CASE(weak_keys_and_weak_certificate_signatures_are_refused) {
    world w;
    CHECK_DOUBT(w.check(w.ca.issue({.key = test::test_key::rsa_1024})), sub::crypto_constraints_failure_no_poe,
                "x509.weak_key");
    CHECK_DOUBT(w.check(w.ca.issue({.key = test::test_key::p521})), sub::crypto_constraints_failure_no_poe,
                "x509.weak_key");
    CHECK_DOUBT(w.check(w.ca.issue({.hash = "SHA1"})), sub::crypto_constraints_failure_no_poe,
                "x509.weak_certificate_signature");
    BOOST_TEST(w.check(w.ca.issue({.key = test::test_key::p384, .hash = "SHA384"})).passed());
    BOOST_TEST(w.check(w.ca.issue({.key = test::test_key::rsa_2048})).passed());
}

BOOST_AUTO_TEST_CASE(sha1_is_accepted_on_exactly_the_pinned_certificates) {
    auto root = test::self_signed(
        {.common_name = "Old root", .use = test::profile::ca, .key = test::test_key::rsa_2048, .hash = "SHA1"});
    auto middle = test::test_ca::issue_by(
        root,
        {.common_name = "Old sub", .use = test::profile::sub_ca, .key = test::test_key::rsa_2048, .hash = "SHA1"});
    auto twin = test::test_ca::issue_by(
        root,
        {.common_name = "Old sub", .use = test::profile::sub_ca, .key = test::test_key::rsa_2048, .hash = "SHA1"});
    auto leaf = test::test_ca::issue_by(middle, {}), of_twin = test::test_ca::issue_by(twin, {});
    trust_store trust{{cert_of(root)}, {}, {cert_of(root).sha256(), cert_of(middle).sha256()}};
    auto check = [&](const test::identity& l, const test::identity& m) {
        return validate_path(cert_of(l), {cert_of(m)}, trust, {}, now, purpose::any, revocation_rule::if_present);
    };
    auto good = check(leaf, middle);
    BOOST_TEST(good.passed());
    BOOST_TEST(signing::has_finding(good.findings, "x509.sha1_tolerated"));
    CHECK_DOUBT(check(of_twin, twin), sub::crypto_constraints_failure_no_poe, "x509.weak_certificate_signature");
    auto sha1_leaf = test::test_ca::issue_by(middle, {.hash = "SHA1"});
    CHECK_DOUBT(check(sha1_leaf, middle), sub::crypto_constraints_failure_no_poe, "x509.weak_certificate_signature");
}

BOOST_AUTO_TEST_CASE(the_government_chains_validate_because_they_are_pinned) {
    trust_store trust = load_trust(government_files()).value();
    BOOST_TEST(trust.anchors.size() == 2u);
    BOOST_TEST(trust.intermediates.size() == 3u);
    BOOST_TEST(trust.sha1_tolerated.size() == 2u);
    for (const certificate& sub_ca : trust.intermediates)
        BOOST_TEST(validate_path(sub_ca, {}, trust, {}, now, purpose::any, revocation_rule::if_present).passed());
    trust.sha1_tolerated.clear();
    const certificate& g1 = named(trust.intermediates, "Co quan chung thuc so Chinh phu");
    CHECK_DOUBT(validate_path(g1, {}, trust, {}, now, purpose::any, revocation_rule::if_present),
                sub::crypto_constraints_failure_no_poe, "x509.weak_certificate_signature");
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_government_ca_with_another_key_is_refused_at_loading) {
    auto files = government_files();
    auto copy = test::self_signed({.common_name = "Co quan chung thuc so chuyen dung Chinh phu (RootCA)",
                                   .organisation = "Ban Co yeu Chinh phu",
                                   .use = test::profile::ca,
                                   .key = test::test_key::rsa_2048,
                                   .hash = "SHA1"});
    files.push_back(copy.certificate_der());
    auto loaded = load_trust(files);
    BOOST_REQUIRE(!loaded);
    BOOST_TEST((loaded.error().code == errc::pin_mismatch));
}

BOOST_AUTO_TEST_CASE(a_trust_file_with_a_leaf_or_rubbish_is_refused) {
    test::test_ca ca;
    BOOST_TEST((load_trust({ca.issue({}).certificate_der()}).error().code == errc::not_a_ca));
    BOOST_TEST((load_trust({to_bytes("README")}).error().code == errc::not_a_certificate));
    auto own = load_trust({to_bytes(ca.root().certificate_pem() + ca.sub().certificate_pem())}).value();
    BOOST_TEST(own.anchors.size() == 1u);
    BOOST_TEST(own.intermediates.size() == 1u);
}

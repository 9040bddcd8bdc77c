// What stays valid when certificates, authorities and algorithms have come to their end.
#include "signing/validation/process.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using namespace vanthu::validation;
using signing::indication;
namespace sub = vanthu::signing::sub;

namespace {

timestamp at_time(const char* text) { return from_rfc3339(text).value(); }
x509::certificate cert_of(const identity& i) { return x509::parse_certificate(i.certificate_der()).value(); }

struct world {
    test_ca ca;
    identity who = ca.issue({.common_name = "Nguyễn Văn A"});
    identity tsa = tsa_until("2034-01-01T00:00:00Z");
    x509::trust_store trust{{cert_of(ca.root())}, {}, {}};
    x509::evidence known{{x509::parse_crl(ca.root_crl()).value(), x509::parse_crl(ca.sub_crl()).value()}, {}};
    policy rules;
    signature_facts facts = facts_of(who, ca.sub());

    identity tsa_until(const char* end) const {
        return ca.issue({.common_name = "TSA", .use = profile::tsa, .not_after = at_time(end)});
    }
    static signature_facts facts_of(const identity& signer, const identity& issuer) {
        signature_facts f;
        f.signer = cert_of(signer);
        f.binds_certificate = true;
        f.certificates = {cert_of(signer), cert_of(issuer)};
        f.digest_algorithm = "SHA-256";
        f.signature_algorithm = "ECDSA";
        return f;
    }
    void stamp(stamp_role role, const char* when, const identity& by, std::vector<digest> covers = {},
               tsa_behaviour how = {}) {
        bytes content = random_bytes(16), nonce = random_bytes(cms::nonce_size);
        digest imprint = sha256::of(content);
        bytes reply = test_tsa(by, {ca.sub()}, cms::timestamp_request(imprint, nonce), at_time(when), how);
        facts.stamps.push_back({role, cms::check_timestamp_reply(reply, imprint, nonce).value().der,
                                [content](x509::hash h) { return x509::hash_of(h, content); }, std::move(covers)});
    }
    conclusion judge(const char* at = "2026-03-01T00:00:00Z") const {
        return validation::judge(facts, trust, known, at_time(at), rules);
    }
    void sub_crl(const test_ca::crl_spec& spec) { known.crls[1] = x509::parse_crl(ca.sub_crl(spec)).value(); }
};

std::string told(const conclusion& c) {
    std::string all = std::string(to_string(c.indication)) + " " + c.sub_indication + ":";
    for (const auto& f : c.findings) all += " " + f.code;
    return all;
}
void expect(const conclusion& c, indication i, std::string_view sub_indication, std::string_view code = "",
            int line = __builtin_LINE()) {
    bool as_expected = c.indication == i && c.sub_indication == sub_indication &&
                       (code.empty() || signing::has_finding(c.findings, code));
    BOOST_TEST(as_expected, "line " << line << " " << told(c));
}
void expect_pass(const conclusion& c, const char* best_time, int line = __builtin_LINE()) {
    bool as_expected =
        c.indication == indication::total_passed && c.best_time_proven && c.best_time == at_time(best_time);
    BOOST_TEST(as_expected, "line " << line << " " << told(c));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_renewed_archive_stamp_outlives_each_time_stamping_authority) {
    world w;
    w.stamp(stamp_role::signature, "2025-01-01T00:00:00Z", w.tsa_until("2025-03-01T00:00:00Z"));
    expect_pass(w.judge("2025-02-01T00:00:00Z"), "2025-01-01T00:00:00Z");
    BOOST_TEST(!w.judge().best_time_proven); // its TSA has expired
    w.stamp(stamp_role::archive, "2025-02-20T00:00:00Z", w.tsa_until("2025-09-01T00:00:00Z"));
    expect_pass(w.judge("2025-08-01T00:00:00Z"), "2025-01-01T00:00:00Z");
    BOOST_TEST(!w.judge().best_time_proven);
    w.stamp(stamp_role::archive, "2025-08-20T00:00:00Z", w.tsa);
    expect_pass(w.judge(), "2025-01-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_renewal_that_came_too_late_proves_nothing_about_the_past) {
    world w;
    w.stamp(stamp_role::signature, "2025-01-01T00:00:00Z", w.tsa_until("2025-03-01T00:00:00Z"));
    w.stamp(stamp_role::archive, "2025-04-01T00:00:00Z", w.tsa);
    expect_pass(w.judge(), "2025-04-01T00:00:00Z"); // only what the later stamp itself proves
}

BOOST_AUTO_TEST_CASE(times_contradict_each_other_beyond_what_their_accuracies_allow) {
    struct row {
        const char* younger; // than the archive stamp of 12:00:00 over it
        tsa_behaviour one, other;
        bool contradiction;
    };
    const tsa_behaviour unsaid, second{.seconds = 1}, half{.millis = 500}, day{.seconds = 86'400};
    const row rows[] = {{"2025-05-01T12:05:00Z", unsaid, unsaid, false}, {"2025-05-01T12:05:01Z", unsaid, unsaid, true},
                        {"2025-05-01T12:05:00Z", second, unsaid, false}, {"2025-05-01T12:05:01Z", unsaid, second, true},
                        {"2025-05-01T12:00:02Z", second, second, false}, {"2025-05-01T12:00:03Z", second, second, true},
                        {"2025-05-01T12:00:01Z", half, half, false},     {"2025-05-01T12:00:02Z", half, half, true},
                        {"2025-05-01T12:05:01Z", second, day, false},    {"2025-05-01T12:10:01Z", day, day, false}};
    for (const row& r : rows) {
        world w;
        w.stamp(stamp_role::signature, r.younger, w.tsa, {}, r.one);
        w.stamp(stamp_role::archive, "2025-05-01T12:00:00Z", w.tsa, {}, r.other);
        auto c = w.judge();
        BOOST_TEST((c.sub_indication == sub::timestamp_order_failure) == r.contradiction, r.younger << " " << told(c));
        if (!r.contradiction && !r.other.seconds) expect_pass(c, "2025-05-01T12:00:00Z");
    }
}

BOOST_AUTO_TEST_CASE(an_accuracy_worse_than_minutes_or_malformed_is_remarked_and_proves_no_more_than_it_says) {
    world w;
    w.stamp(stamp_role::signature, "2025-06-01T00:00:00Z", w.tsa, {}, {.seconds = 1, .millis = 5, .micros = 999});
    expect_pass(w.judge(), "2025-06-01T00:00:00Z");
    BOOST_TEST(!signing::has_finding(w.judge().findings, "cms.timestamp_accuracy"));
    for (const tsa_behaviour& bad : {tsa_behaviour{.millis = 1000}, {.seconds = 1, .micros = 1000}}) {
        w.facts.stamps.clear();
        w.stamp(stamp_role::signature, "2025-06-01T00:00:00Z", w.tsa, {}, bad);
        expect_pass(w.judge(), "2025-06-01T00:00:00Z");
        BOOST_TEST(signing::has_finding(w.judge().findings, "cms.timestamp_accuracy"));
    }
    w.facts.stamps.clear();
    w.stamp(stamp_role::signature, "2025-06-01T00:00:00Z", w.tsa, {}, {.seconds = 86'400});
    expect_pass(w.judge(), "2025-06-02T00:00:00Z");
    BOOST_TEST(signing::has_finding(w.judge().findings, "cms.timestamp_accuracy"));
    // Revoked within the day: the signature may be younger.
    w.sub_crl({.revoked = {{w.who.certificate(), at_time("2025-06-01T12:00:00Z")}}});
    BOOST_TEST(w.judge().sub_indication == sub::revoked_no_poe);
}

BOOST_AUTO_TEST_CASE(data_about_revocation_that_is_older_than_the_signature_counts_and_newer_is_wanted) {
    world w;
    auto wanted = [](const conclusion& c) {
        return std::ranges::count_if(c.missing, [](const x509::need& n) {
            return n.what == x509::need::kind::newer_revocation && n.subject && n.issuer;
        });
    };
    auto remarked = [](const conclusion& c) { return signing::has_finding(c.findings, "x509.revocation_older"); };
    w.sub_crl({.this_update = at_time("2025-05-31T00:00:00Z"), .next_update = at_time("2026-06-30T00:00:00Z")});
    w.stamp(stamp_role::signature, "2025-06-01T00:00:00Z", w.tsa);
    expect_pass(w.judge(), "2025-06-01T00:00:00Z");
    BOOST_TEST(wanted(w.judge()) == 1);
    BOOST_TEST(remarked(w.judge()));
    // Within minutes it is as new.
    w.sub_crl({.this_update = at_time("2025-05-31T23:56:00Z"), .next_update = at_time("2026-06-30T00:00:00Z")});
    BOOST_TEST(wanted(w.judge()) + remarked(w.judge()) == 0);
    w.sub_crl({.this_update = at_time("2025-06-02T00:00:00Z"), .next_update = at_time("2026-06-30T00:00:00Z")});
    BOOST_TEST(wanted(w.judge()) + remarked(w.judge()) == 0);
    // Without a stamp now is the time in question, whatever the signer claims; he only makes a remark of it.
    w.facts.stamps.clear();
    BOOST_TEST(wanted(w.judge()) == 1);
    BOOST_TEST(!remarked(w.judge()));
    w.facts.claimed_time = at_time("2025-06-01T00:00:00Z");
    BOOST_TEST(wanted(w.judge()) == 1);
    BOOST_TEST(!remarked(w.judge()));
    w.facts.claimed_time = at_time("2025-07-01T00:00:00Z");
    BOOST_TEST(remarked(w.judge()));
    // What came with the signature is its evidence.
    w.facts.embedded = w.known;
    BOOST_TEST(wanted(w.judge()) + remarked(w.judge()) == 0);
    // Newer data that knows of a revocation is believed.
    w.facts.embedded = {};
    w.known.crls.push_back(
        x509::parse_crl(w.ca.sub_crl({.this_update = at_time("2026-02-01T00:00:00Z"),
                                      .next_update = at_time("2026-06-30T00:00:00Z"),
                                      .revoked = {{w.who.certificate(), at_time("2025-05-31T12:00:00Z")}}}))
            .value());
    BOOST_TEST((w.judge().indication != indication::total_passed));
}

BOOST_AUTO_TEST_CASE(a_signature_stamp_younger_than_the_archive_stamp_over_it_is_a_contradiction) {
    world w;
    w.stamp(stamp_role::signature, "2025-06-01T00:00:00Z", w.tsa);
    w.stamp(stamp_role::archive, "2025-05-01T00:00:00Z", w.tsa);
    expect(w.judge(), indication::indeterminate, sub::timestamp_order_failure, "cms.timestamp_order");
    w.facts.stamps.clear();
    w.stamp(stamp_role::content, "2025-06-01T00:00:00Z", w.tsa);
    w.stamp(stamp_role::signature, "2025-05-01T00:00:00Z", w.tsa);
    expect(w.judge(), indication::indeterminate, sub::timestamp_order_failure, "cms.timestamp_order");
}

BOOST_AUTO_TEST_CASE(revocation_lists_made_after_the_signature_speak_about_it) {
    world w;
    w.stamp(stamp_role::signature, "2026-02-01T00:00:00Z", w.tsa);
    w.sub_crl({.this_update = at_time("2026-02-20T00:00:00Z"), .next_update = at_time("2026-03-20T00:00:00Z")});
    expect_pass(w.judge(), "2026-02-01T00:00:00Z");
    w.sub_crl({.this_update = at_time("2026-02-20T00:00:00Z"),
               .next_update = at_time("2026-03-20T00:00:00Z"),
               .revoked = {{w.who.certificate(), at_time("2026-02-10T00:00:00Z"), 1}}});
    expect_pass(w.judge(), "2026-02-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(evidence_of_an_expired_ca_counts_when_an_archive_stamp_covers_it) {
    world w;
    identity old = test_ca::issue_by(
        w.ca.root(), {.common_name = "Old", .use = profile::sub_ca, .not_after = at_time("2025-06-01T00:00:00Z")});
    w.facts = world::facts_of(test_ca::issue_by(old, {.not_after = at_time("2025-06-01T00:00:00Z")}), old);
    auto list = x509::parse_crl(test_ca::crl_of(old, {})).value();
    w.facts.embedded.crls = {list};
    w.stamp(stamp_role::signature, "2025-02-01T00:00:00Z", w.tsa);
    expect_pass(w.judge("2025-05-01T00:00:00Z"), "2025-02-01T00:00:00Z");
    expect(w.judge(), indication::indeterminate, sub::no_poe, "x509.evidence_not_proven");
    w.stamp(stamp_role::archive, "2025-03-01T00:00:00Z", w.tsa); // over the signature, not over the list
    expect(w.judge(), indication::indeterminate, sub::no_poe, "x509.evidence_not_proven");
    w.facts.stamps[1].covers = {list.sha256()};
    expect_pass(w.judge(), "2025-02-01T00:00:00Z");
    w.facts.stamps.erase(w.facts.stamps.begin() + 1);
    w.stamp(stamp_role::archive, "2025-07-01T00:00:00Z", w.tsa, {list.sha256()}); // after the CA's end
    expect(w.judge(), indication::indeterminate, sub::no_poe, "x509.evidence_not_proven");
    w.facts.binds_certificate = false; // and the certificate itself might be made up
    expect(w.judge(), indication::indeterminate, sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds");
}

BOOST_AUTO_TEST_CASE(a_time_stamping_authority_revoked_later_spoils_only_what_is_not_proven_older) {
    for (auto [revoked, archived, proven] : {std::tuple("2025-06-01T00:00:00Z", true, true),
                                             {"2025-06-01T00:00:00Z", false, false},
                                             {"2025-01-15T00:00:00Z", true, false}}) {
        world w;
        identity tsa = w.tsa_until("2030-01-01T00:00:00Z");
        w.stamp(stamp_role::signature, "2025-02-01T00:00:00Z", tsa);
        if (archived) w.stamp(stamp_role::archive, "2025-03-01T00:00:00Z", w.tsa);
        w.sub_crl({.revoked = {{tsa.certificate(), at_time(revoked), 1}}});
        auto c = w.judge();
        bool by_signature_stamp = c.best_time_proven && c.best_time == at_time("2025-02-01T00:00:00Z");
        BOOST_TEST(by_signature_stamp == proven, revoked << " " << told(c));
    }
}

BOOST_AUTO_TEST_CASE(an_algorithm_is_judged_at_the_proven_time_of_the_signature) {
    world w;
    w.facts.digest_algorithm = "SHA-1";
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    w.rules.rules.suite.rows.push_back({"SHA-1", 0, at_time("2025-02-01T00:00:00Z")});
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    w.stamp(stamp_role::signature, "2025-01-01T00:00:00Z", w.tsa);
    expect_pass(w.judge(), "2025-01-01T00:00:00Z");
    w.facts.stamps.clear();
    w.stamp(stamp_role::signature, "2025-04-01T00:00:00Z", w.tsa);
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    w.facts.stamps.clear();
    w.stamp(stamp_role::content, "2025-03-01T00:00:00Z", w.tsa); // so it was surely made afterwards
    w.stamp(stamp_role::signature, "2025-04-01T00:00:00Z", w.tsa);
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure, "cms.weak_algorithm");
}

BOOST_AUTO_TEST_CASE(an_algorithm_of_a_time_stamp_is_judged_when_it_is_proven_to_have_existed) {
    world w;
    w.stamp(stamp_role::signature, "2025-01-01T00:00:00Z", w.tsa);
    for (auto& row : w.rules.rules.suite.rows)
        if (row.algorithm == "SHA-256") row.until = at_time("2025-06-01T00:00:00Z");
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    BOOST_TEST(!w.judge().best_time_proven);
}

BOOST_AUTO_TEST_CASE(an_operator_may_demand_longer_keys) {
    world w;
    w.who = w.ca.issue({.key = test_key::rsa_2048});
    w.facts = world::facts_of(w.who, w.ca.sub());
    BOOST_TEST((w.judge().indication == indication::total_passed), told(w.judge()));
    for (auto& row : w.rules.rules.suite.rows)
        if (row.algorithm == "RSA") row.until = at_time("2025-12-31T00:00:00Z");
    w.rules.rules.suite.rows.push_back({"RSA", 3072});
    expect(w.judge(), indication::indeterminate, sub::crypto_constraints_failure_no_poe, "x509.weak_key");
    w.stamp(stamp_role::signature, "2025-12-01T00:00:00Z", w.tsa);
    expect_pass(w.judge(), "2025-12-01T00:00:00Z");
    w.who = w.ca.issue({.key = test_key::rsa_3072});
    w.facts = world::facts_of(w.who, w.ca.sub());
    BOOST_TEST((w.judge().indication == indication::total_passed), told(w.judge()));
}

BOOST_AUTO_TEST_CASE(a_content_stamp_after_the_revocation_or_expiry_fails_the_signature) {
    world w;
    w.stamp(stamp_role::content, "2025-03-01T00:00:00Z", w.tsa);
    w.sub_crl({.revoked = {{w.who.certificate(), at_time("2025-02-01T00:00:00Z"), 1}}});
    expect(w.judge(), indication::total_failed, sub::revoked, "cms.signed_after_revocation");
    w.sub_crl({.revoked = {{w.who.certificate(), at_time("2025-04-01T00:00:00Z"), 1}}});
    expect(w.judge(), indication::indeterminate, sub::revoked_no_poe, "x509.revoked");
    world e;
    e.facts = world::facts_of(e.ca.issue({.not_after = at_time("2025-02-01T00:00:00Z")}), e.ca.sub());
    e.stamp(stamp_role::content, "2025-03-01T00:00:00Z", e.tsa);
    expect(e.judge(), indication::total_failed, sub::expired, "cms.signed_after_expiry");
}

BOOST_AUTO_TEST_CASE(later_data_may_be_demanded_and_the_answer_says_when_it_is_due) {
    world w;
    w.rules.rules.max_revocation_age = std::chrono::hours(0);
    w.sub_crl({.this_update = at_time("2026-02-20T00:00:00Z"), .next_update = at_time("2026-03-20T00:00:00Z")});
    w.known.crls[0] = x509::parse_crl(test_ca::crl_of(w.ca.root(), {.this_update = at_time("2026-02-20T00:00:00Z"),
                                                                    .next_update = at_time("2026-04-20T00:00:00Z")}))
                          .value();
    auto c = w.judge();
    expect(c, indication::indeterminate, sub::try_later, "x509.crl_stale");
    BOOST_REQUIRE(c.try_again.has_value());
    BOOST_TEST((*c.try_again == at_time("2026-04-20T00:00:00Z"))); // both lists are needed
    w.stamp(stamp_role::signature, "2026-02-01T00:00:00Z", w.tsa);
    // The stamp's own authority is judged for now, so it waits as well; the signature does not.
    BOOST_TEST(!w.judge().best_time_proven);
}

// A verifier with a cache says about a whole document what one without says, and follows every change at once.
#include "signing/x509/cache.hpp"

#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

struct keeper : world {
    keeper() : message(with_evidence(stamp(sign(false, {.signing_time = now}), now))), plain(sign()) {}
    bytes message, plain; // B-LT, B-B
    x509::cache memory;
    validation::policy rules;

    // The verdict on the B-B signature, the same with and without what was remembered, once more for what is remembered
    // from the first time.
    validation::signature_report judge(timestamp at = now) {
        auto over = [this](x509::hash h) { return x509::hash_of(h, content); };
        validation::file_report report;
        for (const bytes* one : {&message, &plain}) {
            report = cades::verify(*one, over, trust, known, at, rules);
            for (int turn = 0; turn < 2; ++turn)
                BOOST_TEST(to_json(cades::verify(*one, over, trust, known, at, rules, {}, &memory)) == to_json(report));
        }
        return report.signatures.at(0);
    }
    bool valid(timestamp at = now) { return judge(at).verdict == verdict::valid; }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_verifier_with_a_cache_follows_time_lists_trust_and_policy) {
    keeper k;
    BOOST_TEST(k.valid());
    // expired
    BOOST_TEST(k.judge(at_time("2034-02-01T00:00:00Z")).sub_indication != "");
    // a list too old
    const x509::evidence before = k.known;
    k.known.crls[1] = x509::parse_crl(k.ca.sub_crl({.next_update = at_time("2026-02-01T00:00:00Z")})).value();
    BOOST_TEST(k.judge().sub_indication == signing::sub::try_later);
    // a newer list
    k.known = before;
    BOOST_TEST(k.valid());
    k.known.crls.push_back(
        x509::parse_crl(k.ca.sub_crl({.this_update = at_time("2026-02-20T00:00:00Z"),
                                      .revoked = {{k.who.certificate(), at_time("2026-02-15T00:00:00Z")}}}))
            .value());
    BOOST_TEST(k.judge().sub_indication == signing::sub::revoked_no_poe);
    k.known = before;
    BOOST_TEST(k.valid());
    // no list
    k.known = {};
    BOOST_TEST(!k.valid());
    k.known = before;
    // another anchor
    test_ca other("Another");
    const x509::trust_store trusted = k.trust;
    k.trust.anchors = {cert_of(other.root())};
    BOOST_TEST(k.judge().sub_indication == signing::sub::no_certificate_chain_found);
    k.trust = trusted;
    BOOST_TEST(k.valid());
    // another policy
    k.rules.require_timestamp = true;
    BOOST_TEST(k.judge().sub_indication == signing::sub::no_poe);
    k.rules = {};
    k.rules.rules.suite.rows = {{"SHA-512"}, {"ECDSA P-256", 256}};
    BOOST_TEST(!k.valid());
    k.rules = {};
    k.rules.rules.acceptable_policies = {"1.2.3.4"};
    BOOST_TEST(k.judge().sub_indication == signing::sub::chain_constraints_failure);
    k.rules = {};
    BOOST_TEST(k.valid());
}

BOOST_AUTO_TEST_CASE(a_changed_document_is_refused_by_a_verifier_that_remembers_the_true_one) {
    keeper k;
    BOOST_TEST(k.valid());
    k.content.back() ^= 1;
    BOOST_TEST((k.judge().verdict == verdict::invalid));
    k.content.back() ^= 1;
    // The signature value stands last in a message without unsigned attributes.
    k.plain.back() ^= 1;
    BOOST_TEST(k.judge().sub_indication == signing::sub::sig_crypto_failure);
    k.plain.back() ^= 1;
    BOOST_TEST(k.valid());
}

// What trust anchors remember must change no verdict.
#include "schemas/receipt/origin.hpp"
#include "tests/receipt/fixture.hpp"

using namespace vanthu;
using namespace vanthu::receipt;
using namespace std::chrono_literals;

namespace {

// A service whose certificate ends before its CA's does.
service short_lived(timestamp from, timestamp to) {
    test::subject_spec spec;
    spec.common_name = "vanthu " + office;
    spec.organisation_code = office;
    spec.use = test::profile::service;
    spec.not_before = from;
    spec.not_after = to;
    test::identity identity = ca().issue(spec);
    return {identity,
            service_key::from_pkey(identity.key()).value(),
            {identity.certificate_der(), ca().sub().certificate_der()}};
}

} // namespace

BOOST_AUTO_TEST_CASE(a_remembered_chain_is_good_at_no_other_time_than_a_new_one) {
    const timestamp from = noon - 24h, to = noon + 24h;
    const timestamp begins = std::chrono::floor<std::chrono::seconds>(from),
                    ends = std::chrono::floor<std::chrono::seconds>(to);
    service signer = short_lived(begins, ends);
    trust_anchors warm = anchors_of(ca());
    BOOST_REQUIRE(verify_chain(signer.chain, warm, noon).has_value());
    BOOST_REQUIRE(warm.remembered(signer.chain, noon) != nullptr);
    for (timestamp at : {begins - 1s, begins - 1us, begins, begins + 1us, noon, ends - 1us, ends, ends + 1us,
                         ends + 999'999us, ends + 1s, ends + 24h, noon - 24h * 365 * 10, noon + 24h * 365 * 20}) {
        const bool anew = verify_chain(signer.chain, anchors_of(ca()), at).has_value();
        BOOST_TEST(verify_chain(signer.chain, warm, at).has_value() == anew, to_rfc3339(at));
    }
    BOOST_TEST(!verify_chain(signer.chain, warm, ends + 1s).has_value());
    BOOST_TEST(verify_chain(signer.chain, warm, ends - 1s).has_value());
}

BOOST_AUTO_TEST_CASE(a_chain_is_remembered_by_its_very_bytes_and_under_its_own_anchors) {
    service signer = make_service();
    trust_anchors warm = anchors_of(ca());
    BOOST_REQUIRE(verify_chain(signer.chain, warm, noon).has_value());
    auto alone = signer.chain;
    alone.pop_back(); // without the CA between
    BOOST_TEST(warm.remembered(alone, noon) == nullptr);
    BOOST_TEST(!verify_chain(alone, warm, noon).has_value());
    auto joined = signer.chain; // the same bytes, cut elsewhere
    joined.front().push_back(joined.back().front());
    joined.back().erase(joined.back().begin());
    BOOST_TEST(warm.remembered(joined, noon) == nullptr);
    BOOST_TEST(!verify_chain(joined, warm, noon).has_value());
    BOOST_TEST(!verify_chain(signer.chain, trust_anchors(), noon).has_value());
    auto known = warm.remembered(signer.chain, noon);
    BOOST_REQUIRE(known != nullptr);
    BOOST_TEST(known->organisations == std::vector<std::string>{office}, boost::test_tools::per_element());
    BOOST_TEST(known->subject == subject_of(signer.chain.front()));
}

BOOST_AUTO_TEST_CASE(a_remembered_delegation_is_judged_anew_for_its_times) {
    service signer = short_lived(noon - 24h, noon + 24h);
    delegation content{log_name,    tlog::ed25519_private_key::generate().public_key(), office, noon - 12h, noon + 48h,
                       std::nullopt};
    const std::string text = sign_delegation(content, signer.key, signer.chain).value();
    trust_anchors warm = anchors_of(ca());
    for (int round = 0; round < 2; ++round) {
        BOOST_TEST(verify_delegation(text, warm, noon).has_value());
        require_refused(verify_delegation(text, warm, noon - 13h), errc::delegation_not_in_force);
        require_refused(verify_delegation(text, warm, noon + 25h), errc::certificate_refused);
    }
    // The signature is remembered with all it was made over: another statement, signer or signature is another.
    signed_statement statement = decode_statement(text, "log_delegation").value();
    signed_statement other = statement;
    other.signature.back() ^= 1;
    require_refused(verify_delegation(encode(other), warm, noon), errc::delegation_refused);
    other = statement;
    other.certificates = make_service().chain;
    require_refused(verify_delegation(encode(other), warm, noon), errc::delegation_refused);
    content.valid_to += 24h;
    other = statement;
    other.statement = encode_statement(content);
    require_refused(verify_delegation(encode(other), warm, noon), errc::delegation_refused);
    BOOST_TEST(verify_delegation(text, warm, noon).has_value());
}

BOOST_AUTO_TEST_CASE(more_signers_than_are_remembered_are_judged_all_the_same) {
    trust_anchors anchors = anchors_of(ca());
    std::vector<service> all;
    for (int i = 0; i < 300; ++i) all.push_back(make_service());
    for (int round = 0; round < 2; ++round)
        for (const service& one : all) BOOST_TEST(verify_chain(one.chain, anchors, noon).has_value());
    BOOST_TEST(anchors.remembered(all.front().chain, noon) == nullptr); // 256 are kept
    BOOST_TEST(anchors.remembered(all.back().chain, noon) != nullptr);
}

BOOST_AUTO_TEST_CASE(a_remembered_head_is_good_under_its_own_key_only) {
    hand_made_log log = log_of(4), foreign = log_of(4);
    trust_anchors warm = anchors_of(ca());
    const receipt_v1 good = log.receipt_of(1);
    BOOST_REQUIRE(verify(good, warm).has_value());
    BOOST_REQUIRE(verify(log.receipt_of(2), warm).has_value()); // the same head
    receipt_v1 borrowed = good;
    borrowed.delegation = foreign.receipt_of(1).delegation;
    require_refused(verify(borrowed, warm), errc::head_refused);
    receipt_v1 forged = good;
    forged.head[forged.head.size() - 10] ^= 1; // in the signature
    require_refused(verify(forged, warm), errc::head_refused);
    require_refused(verify(forged, warm), errc::head_refused); // what failed is not remembered
    BOOST_TEST(verify(good, warm).has_value());
}

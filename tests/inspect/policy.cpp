// The operator's rules reach the processes that judge.
#include "daemon/inspect/pool.hpp"
#include "daemon/inspect/setup.hpp"
#include "tests/pdf/pdf_fixture.hpp"
#include "tests/signing_cms/policy_message.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;

namespace {
validation::signature_report judged_under(validation::policy policy, bytes_view file) {
    inspect::options o;
    o.executable = VANTHU_INSPECT_EXECUTABLE;
    o.workers = 1;
    o.trust = world().trust;
    o.known = world().known;
    o.policy = std::move(policy);
    auto pool = inspect::inspector_pool::start(std::move(o));
    BOOST_REQUIRE(pool.has_value());
    auto seen = (*pool)->inspect(file, signing_day + std::chrono::hours(1),
                                 std::chrono::steady_clock::now() + std::chrono::seconds(60));
    BOOST_REQUIRE_EQUAL(seen.report.signatures.size(), 1u);
    return seen.report.signatures[0];
}
validation::signature_report judged_under(validation::policy policy) {
    static const bytes letter = world().approved(make_letter());
    return judged_under(std::move(policy), letter);
}
} // namespace

BOOST_AUTO_TEST_CASE(a_policy_arrives_whole) {
    inspect::setup s;
    s.policy.revocation = x509::revocation_rule::if_present;
    s.policy.require_timestamp = true;
    s.policy.rules.suite.rows = {{"SHA-256", 0, from_rfc3339("2030-01-01T00:00:00Z")}, {"RSA", 3072}};
    s.policy.rules.acceptable_policies = {"2.16.704.1.1.1.1.1"};
    s.policy.rules.purposes = {"1.3.6.1.5.5.7.3.36"};
    s.policy.rules.max_revocation_age = std::chrono::hours(2);
    s.policy.rules.tolerate_unchecked_responder = true;
    s.policy.signature = {{"pades", "cades"}, "B-LT", true};
    s.policy.signature_policies = {
        {{"1.2.3", x509::hash::sha512, "00ff"}, {"https://example.vn/p", x509::hash::sha256, "11"}}, true};
    s.limits.pdf.objects = 7;
    s.memory_limit = std::size_t{3} << 30;
    s.documents = 5;
    s.cpu_seconds = 6;
    inspect::setup got = inspect::unpack_setup(inspect::pack_setup(s));
    BOOST_TEST((got.policy == s.policy));
    BOOST_TEST(got.limits.pdf.objects == 7u);
    BOOST_TEST(got.memory_limit == s.memory_limit);
    BOOST_TEST(got.documents == 5u);
    BOOST_TEST(got.cpu_seconds == 6u);
    BOOST_TEST((inspect::unpack_setup(inspect::pack_setup({})).policy == validation::policy{}));
}

BOOST_AUTO_TEST_CASE(a_worker_judges_by_the_policy_it_was_given) {
    BOOST_TEST((judged_under({}).verdict == signing::verdict::valid));
    validation::policy level;
    level.signature.minimum_level = "B-T";
    BOOST_TEST(judged_under(level).sub_indication == "SIG_CONSTRAINTS_FAILURE");
    validation::policy fallen;
    fallen.rules.suite.rows = {{"SHA-384"}, {"RSA", 2048}, {"ECDSA P-256", 256}};
    BOOST_TEST(judged_under(fallen).sub_indication == "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
    validation::policy certificates;
    certificates.rules.acceptable_policies = {"2.16.704.1.1.1.1.1"};
    BOOST_TEST((judged_under(certificates).verdict == signing::verdict::indeterminate));
}

BOOST_AUTO_TEST_CASE(a_worker_tells_of_the_signature_policy_and_knows_those_of_the_operator) {
    const bytes document = to_bytes("policy"),
                qualifiers = der::sequence({der::sequence(
                    {der::oid("1.2.840.113549.1.9.16.5.1"), der::tlv(0x16, as_bytes("https://example.vn/p"))})});
    const bytes message =
        message_with_policy(world().leader, world().ca.sub(), as_bytes("content"),
                            {policy_named("1.2.3", policy_hash(sha256::of(document).view()), qualifiers)}, true);
    validation::policy policy;
    auto unknown = judged_under(policy, message);
    BOOST_TEST((unknown.verdict == signing::verdict::valid), unknown.sub_indication);
    BOOST_TEST((unknown.signature_policy == validation::named_policy{validation::named_policy::kind::explicit_, "1.2.3",
                                                                     "SHA-256", sha256::of(document).hex(), false,
                                                                     "https://example.vn/p"}));
    BOOST_TEST(!unknown.signature_policy_known);
    policy.signature_policies.require_known = true;
    BOOST_TEST(judged_under(policy, message).sub_indication == "SIGNATURE_POLICY_NOT_AVAILABLE");
    policy.signature_policies.known = {{"1.2.3", x509::hash::sha256, sha256::of(document).hex()}};
    auto known = judged_under(policy, message);
    BOOST_TEST((known.verdict == signing::verdict::valid), known.sub_indication);
    BOOST_TEST(known.signature_policy_known);
}

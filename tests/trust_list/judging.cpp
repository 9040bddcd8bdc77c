// A verdict under a trust list: for the kind of service and the time that the list grants, also in the worker process.
#include "daemon/inspect/frame.hpp"
#include "tests/trust_list/list.hpp"

using namespace vanthu;
using namespace vanthu::test;
namespace sub = signing::sub;

namespace {

const timestamp from = at_time("2024-06-01T00:00:00Z"), to = at_time("2026-01-01T00:00:00Z");

struct world : xml_world {
    x509::trust_store listed(x509::anchor_terms terms) const {
        x509::trust_store store;
        BOOST_REQUIRE(x509::add_listed(store, cert_of(ca.root()), std::move(terms)).has_value());
        return store;
    }
    x509::path_verdict judge(const x509::trust_store& store, const identity& leaf, timestamp at,
                             x509::purpose why = x509::purpose::document_signature,
                             std::optional<timestamp> now = {}) const {
        x509::proofs proven;
        proven.now = now;
        return x509::validate_path(cert_of(leaf), {cert_of(ca.sub())}, store, known, at, why,
                                   x509::revocation_rule::required, {}, proven);
    }
    // The signer's path, judged for `at`.
    x509::path_verdict judge(x509::anchor_terms terms, timestamp at, std::optional<timestamp> now = {}) const {
        return judge(listed(std::move(terms)), who, at, x509::purpose::document_signature, now);
    }
};

#define CHECK_SAYS(verdict, sub_indication_wanted, code)                                                               \
    do {                                                                                                               \
        auto v = (verdict);                                                                                            \
        BOOST_TEST(v.sub_indication == (sub_indication_wanted));                                                       \
        BOOST_TEST(signing::has_finding(v.findings, code));                                                            \
    } while (false)

} // namespace

BOOST_AUTO_TEST_CASE(an_anchor_counts_while_it_is_granted) {
    world w;
    BOOST_TEST(w.judge({.documents = {{from, timestamp::max()}}}, signed_at).passed());
    CHECK_SAYS(w.judge({.documents = {{from, timestamp::max()}}}, at_time("2024-03-01T00:00:00Z")),
               sub::no_certificate_chain_found_no_poe, "x509.anchor_not_granted_then");
    CHECK_SAYS(w.judge({.documents = {{from, to}}}, signed_at), sub::no_certificate_chain_found_no_poe,
               "x509.anchor_not_granted_then");
    CHECK_SAYS(w.judge({.documents = {{from, to}}}, to), sub::no_certificate_chain_found_no_poe,
               "x509.anchor_not_granted_then");
    BOOST_TEST(w.judge({.documents = {{from, to}, {to, timestamp::max()}}}, to).passed());
}

BOOST_AUTO_TEST_CASE(what_a_withdrawn_anchor_signed_must_be_proven_to_be_older) {
    world w;
    const timestamp before = at_time("2025-06-01T00:00:00Z");
    CHECK_SAYS(w.judge({.documents = {{from, to}}}, before, signed_at), sub::no_certificate_chain_found_no_poe,
               "x509.anchor_withdrawn");
    BOOST_TEST(w.judge({.documents = {{from, to}}}, before, before).passed());
}

BOOST_AUTO_TEST_CASE(an_anchor_counts_for_the_service_it_is_listed_for) {
    world w;
    const x509::anchor_terms documents{.documents = {{from, timestamp::max()}}},
        stamps{.time_stamps = {{from, timestamp::max()}}};
    auto stamp = x509::purpose::time_stamping;
    CHECK_SAYS(w.judge(stamps, signed_at), sub::no_certificate_chain_found, "x509.anchor_for_other_service");
    CHECK_SAYS(w.judge(w.listed(documents), w.tsa, signed_at, stamp), sub::no_certificate_chain_found,
               "x509.anchor_for_other_service");
    BOOST_TEST(w.judge(w.listed(stamps), w.tsa, signed_at, stamp).passed());
    BOOST_TEST(w.judge(w.listed(documents), w.who, signed_at, x509::purpose::any).passed());
}

BOOST_AUTO_TEST_CASE(an_outdated_list_knows_nothing) {
    world w;
    x509::anchor_terms terms{.documents = {{from, timestamp::max()}}, .known_until = to};
    CHECK_SAYS(w.judge(terms, signed_at), sub::no_certificate_chain_found, "x509.trust_list_outdated");
    terms.known_until = signed_at;
    BOOST_TEST(w.judge(terms, signed_at).passed());
}

BOOST_AUTO_TEST_CASE(a_time_stamping_unit_is_listed_itself) {
    world w;
    x509::trust_store store;
    BOOST_REQUIRE(x509::add_listed(store, cert_of(w.tsa), {.time_stamps = {{from, timestamp::max()}}}).has_value());
    BOOST_TEST(w.judge(store, w.tsa, signed_at, x509::purpose::time_stamping).passed());
    CHECK_SAYS(w.judge(store, w.tsa, signed_at), sub::chain_constraints_failure, "x509.extended_key_usage");
}

BOOST_AUTO_TEST_CASE(the_operators_own_file_and_several_lists_count_together) {
    world w;
    const x509::anchor_terms past{.documents = {{from, to}}}, stamps{.time_stamps = {{from, timestamp::max()}}};
    auto root = cert_of(w.ca.root());
    x509::trust_store store = w.listed(past);
    BOOST_REQUIRE(x509::add_listed(store, root, stamps).has_value());
    BOOST_TEST(store.anchors.size() == 1u);
    BOOST_TEST(store.terms.begin()->second.documents.size() == 1u);
    BOOST_TEST(store.terms.begin()->second.time_stamps.size() == 1u);

    x509::trust_store own;
    own.anchors.push_back(root);
    BOOST_REQUIRE(x509::add_listed(own, root, past).has_value());
    BOOST_TEST(w.judge(own, w.who, signed_at).passed());
}

BOOST_AUTO_TEST_CASE(a_forged_government_root_is_not_taken_from_a_list) {
    identity forged = self_signed({.common_name = "RootCA chuyên dùng Chính phủ G2", .use = profile::ca});
    x509::trust_store store;
    auto added = x509::add_listed(store, cert_of(forged), {.documents = {{from, to}}});
    BOOST_REQUIRE(!added.has_value());
    BOOST_TEST((added.error().code == x509::errc::pin_mismatch));
    BOOST_TEST(store.anchors.empty());
}

BOOST_AUTO_TEST_CASE(terms_reach_the_worker_that_judges) {
    world w;
    const x509::trust_store sent = w.listed(
        {.documents = {{from, to}, {to, timestamp::max()}}, .time_stamps = {{from, to}}, .known_until = signed_at});
    x509::trust_store got;
    x509::evidence known;
    bytes packed = inspect::pack_trust(sent, {});
    BOOST_REQUIRE(inspect::unpack_trust(packed, got, known));
    BOOST_TEST((got.anchors == sent.anchors));
    BOOST_TEST((got.terms == sent.terms));
    for (std::size_t cut = 1; cut < 60; ++cut) {
        x509::trust_store half;
        BOOST_TEST(!inspect::unpack_trust(bytes_view(packed).first(packed.size() - cut), half, known));
    }
}

// A cache changes how soon an answer comes, never the answer: whatever was remembered, time, trust and evidence decide.
#include "signing/x509/cache.hpp"

#include "signing/x509/chain.hpp"
#include "tests/signing_x509/pki.hpp"

#include <boost/test/unit_test.hpp>
#include <malloc.h>
#include <thread>

using namespace vanthu;
using namespace vanthu::x509;
using namespace vanthu::test;

namespace {

struct world {
    node root = make_ca({.name = "Root"}), sub = make_ca({.name = "Sub", .issuer = &root}),
         leaf = make_leaf({.issuer = &sub, .not_after = "2027-01-01T00:00:00Z"}),
         responder = make_leaf(
             {.name = "OCSP", .issuer = &sub, .extensions = {"noCheck=ignored", "extendedKeyUsage=OCSPSigning"}});
    crl of_root = make_list({.issuer = &root, .next_update = "2033-01-01T00:00:00Z"}),
        of_sub = make_list({.issuer = &sub, .next_update = "2026-04-01T00:00:00Z"});
    trust_store trust{{root.cert}, {sub.cert}, {}};
    evidence known{{of_root, of_sub}, {}};
    path_rules rules;

    path_verdict check(timestamp at, cache* memory) const {
        return validate_path(leaf.cert, {}, trust, known, at, purpose::document_signature, revocation_rule::required,
                             rules, {}, memory);
    }
};

const timestamp march = at_time("2026-03-01T00:00:00Z");

std::string told(const path_verdict& v) {
    std::string all = std::string(signing::to_string(v.indication)) + " " + v.sub_indication;
    for (const auto& f : v.findings) all += " " + f.code;
    for (const certificate& c : v.chain) all += " " + c.sha256().hex();
    all += v.revoked ? " revoked " + to_rfc3339(v.revoked->when) + v.revoked->reason : "";
    for (const need& n : v.missing) all += " missing " + n.subject.sha256().hex();
    for (const crl& c : v.used.crls) all += " crl " + c.sha256().hex();
    for (const ocsp_response& r : v.used.ocsp_responses) all += " ocsp " + r.sha256().hex();
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_remembered_chain_does_not_outlive_a_certificate) {
    world w;
    w.known.crls[1] = make_list({.issuer = &w.sub, .next_update = "2033-01-01T00:00:00Z"});
    cache memory;
    BOOST_TEST(w.check(march, &memory).passed());
    path_verdict later = w.check(at_time("2027-01-02T00:00:00Z"), &memory);
    BOOST_TEST(!later.passed());
    BOOST_TEST(later.sub_indication == signing::sub::out_of_bounds_no_poe);
    BOOST_TEST(w.check(march, &memory).passed());
}

BOOST_AUTO_TEST_CASE(a_remembered_list_does_not_outlive_its_next_update) {
    world w;
    cache memory;
    BOOST_TEST(w.check(march, &memory).passed());
    path_verdict later = w.check(at_time("2026-04-02T00:00:00Z"), &memory);
    BOOST_TEST(later.sub_indication == signing::sub::try_later);
    BOOST_TEST(signing::has_finding(later.findings, "x509.crl_stale"));
}

BOOST_AUTO_TEST_CASE(a_newer_list_tells_at_once) {
    world w;
    cache memory;
    BOOST_TEST(w.check(march, &memory).passed());
    w.known.crls.push_back(make_list(
        {.issuer = &w.sub, .this_update = "2026-02-20T00:00:00Z", .revoked = {{&w.leaf, "2026-02-15T00:00:00Z", 1}}}));
    BOOST_TEST(w.check(march, &memory).sub_indication == signing::sub::revoked_no_poe);
    w.known.crls.pop_back();
    w.known.ocsp_responses = {
        make_answer({.subject = &w.leaf, .issuer = &w.sub, .responder = &w.responder, .status = 1})};
    BOOST_TEST(w.check(march, &memory).sub_indication == signing::sub::revoked_no_poe);
}

BOOST_AUTO_TEST_CASE(what_is_no_longer_trusted_is_not_remembered_as_trusted) {
    world w;
    cache memory;
    BOOST_TEST(w.check(march, &memory).passed());
    node other = make_ca({.name = "Another root"});
    w.trust.anchors = {other.cert};
    BOOST_TEST(w.check(march, &memory).sub_indication == signing::sub::no_certificate_chain_found);
    w.trust.anchors = {w.root.cert};
    w.rules.acceptable_policies = {"1.2.3.4"};
    BOOST_TEST(w.check(march, &memory).sub_indication == signing::sub::chain_constraints_failure);
    w.rules.acceptable_policies.clear();
    w.rules.suite.rows = {{"SHA-512"}, {"ECDSA P-256", 256}};
    BOOST_TEST(!w.check(march, &memory).passed());
}

BOOST_AUTO_TEST_CASE(one_key_is_not_taken_for_another) {
    world w;
    cache memory;
    node impostor = make_ca({.name = "Sub", .issuer = &w.root});
    BOOST_TEST(w.check(march, &memory).passed());
    w.known.crls = {w.of_root, make_list({.issuer = &w.sub, .signed_with = impostor.key.get()})};
    BOOST_TEST(signing::has_finding(w.check(march, &memory).findings, "x509.crl_bad_signature"));
    w.known.crls = {w.of_root, w.of_sub};
    BOOST_TEST(w.check(march, &memory).passed());
    // A list that one CA signed says nothing about what another of that name has issued.
    node other_leaf = make_leaf({.issuer = &impostor});
    path_verdict about_other = validate_path(other_leaf.cert, {impostor.cert}, w.trust, w.known, march,
                                             purpose::document_signature, revocation_rule::required, {}, {}, &memory);
    BOOST_TEST(signing::has_finding(about_other.findings, "x509.crl_bad_signature"), told(about_other));
    // A leaf of the same name and serial number, signed by a key that is not its issuer's.
    node forged = make_leaf({.issuer = &w.sub, .signed_with = impostor.key.get()});
    auto judge = [&](const certificate& c) {
        return validate_path(c, {impostor.cert}, w.trust, w.known, march, purpose::document_signature,
                             revocation_rule::required, {}, {}, &memory);
    };
    BOOST_TEST(judge(w.leaf.cert).passed());
    BOOST_TEST(told(judge(forged.cert)) ==
               told(validate_path(forged.cert, {impostor.cert}, w.trust, w.known, march, purpose::document_signature)));
    BOOST_TEST(check_chain({forged.cert, w.sub.cert, w.root.cert}, {}, &memory).code == "x509.chain_broken");
    BOOST_TEST(check_chain({forged.cert, w.sub.cert, w.root.cert}, {}, &memory).code == "x509.chain_broken");
    BOOST_TEST(check_chain({w.leaf.cert, w.sub.cert, w.root.cert}, {}, &memory).code == "");
}

BOOST_AUTO_TEST_CASE(with_and_without_a_cache_every_answer_is_the_same) {
    world w;
    cache memory, tiny(1), small(100'000); // the second keeps nothing, the third forgets at every turn
    node other = make_ca({.name = "Another root"});
    const std::vector<evidence> all_evidence = {
        w.known,
        {},
        {{w.of_root}, {make_answer({.subject = &w.leaf, .issuer = &w.sub, .responder = &w.responder})}},
        {{w.of_root}, {make_answer({.subject = &w.leaf, .issuer = &w.sub, .responder = &w.responder, .status = 1})}},
        {{w.of_root, make_list({.issuer = &w.sub, .revoked = {{&w.leaf, "2026-02-15T00:00:00Z", 6}}})}, {}},
        {{make_list({.issuer = &w.root, .revoked = {{&w.sub, "2026-02-15T00:00:00Z"}}}), w.of_sub}, {}}};
    const std::vector<trust_store> all_trust = {w.trust, {{w.sub.cert}, {}, {}}, {{other.cert}, {w.sub.cert}, {}}};
    for (int turn = 0; turn < 2; ++turn)
        for (const char* when : {"2023-06-01T00:00:00Z", "2026-01-15T00:00:00Z", "2026-03-01T00:00:00Z",
                                 "2026-05-01T00:00:00Z", "2027-02-01T00:00:00Z", "2035-01-01T00:00:00Z"})
            for (const evidence& e : all_evidence)
                for (const trust_store& t : all_trust) {
                    w.known = e;
                    w.trust = t;
                    std::string without = told(w.check(at_time(when), nullptr));
                    BOOST_TEST(told(w.check(at_time(when), &memory)) == without);
                    BOOST_TEST(told(w.check(at_time(when), &tiny)) == without);
                    BOOST_TEST(told(w.check(at_time(when), &small)) == without);
                }
}

BOOST_AUTO_TEST_CASE(what_was_parsed_once_is_shared_and_what_was_not_is_refused_again) {
    world w;
    cache memory;
    certificate one = memory.certificate_of(w.leaf.cert.der()).value(),
                two = memory.certificate_of(w.leaf.cert.der()).value();
    BOOST_TEST(one.native() == two.native());
    BOOST_TEST(memory.crl_of(w.of_sub.der()).value().native() == memory.crl_of(w.of_sub.der()).value().native());
    bytes damaged = w.leaf.cert.der();
    damaged.resize(damaged.size() - 1);
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST((memory.certificate_of(damaged).error().code == errc::not_a_certificate));
        BOOST_TEST((memory.crl_of(damaged).error().code == errc::not_a_crl));
        BOOST_TEST((memory.ocsp_response_of(damaged).error().code == errc::not_an_ocsp_response));
    }
}

BOOST_AUTO_TEST_CASE(a_signature_found_wrong_is_looked_at_again) {
    cache memory;
    const digest question = sha256::of(as_bytes("is it so?"));
    int asked = 0;
    auto no = [&] { return ++asked, false; };
    auto yes = [&] { return ++asked, true; };
    BOOST_TEST(!memory.holds(question, no));
    BOOST_TEST(!memory.holds(question, no));
    BOOST_TEST(asked == 2);
    BOOST_TEST(memory.holds(question, yes));
    BOOST_TEST(memory.holds(question, no));
    BOOST_TEST(asked == 3);
}

BOOST_AUTO_TEST_CASE(a_flood_of_strange_certificates_stays_within_bounds_and_leaves_what_is_in_use) {
    world w;
    constexpr std::size_t bound = 4u << 20, flood = 2000;
    cache memory(bound);
    const auto in_use = [&] { return memory.certificate_of(w.sub.cert.der()).value().native(); };
    const x509_st* const first = in_use();
    bytes strange = w.leaf.cert.der(); // another certificate for each value of a byte of the signature
    const std::size_t before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < flood; ++i) {
        strange[strange.size() - 1] = static_cast<std::uint8_t>(i);
        strange[strange.size() - 2] = static_cast<std::uint8_t>(i >> 8);
        BOOST_REQUIRE(memory.certificate_of(strange).has_value());
        memory.holds(sha256::of(as_bytes(std::to_string(i))), [] { return true; });
        BOOST_REQUIRE(in_use() == first);
        BOOST_REQUIRE(memory.size() <= bound);
    }
    BOOST_TEST(memory.size() > bound / 8);
    // The estimate is not below what is really taken.
    BOOST_TEST(::mallinfo2().uordblks - before <= memory.size());
}

BOOST_AUTO_TEST_CASE(long_lists_and_many_answers_stay_within_bounds) {
    world w;
    std::vector<node> listed(40);
    std::vector<test::listed> entries;
    for (node& n : listed) n = make_leaf({.issuer = &w.sub});
    for (const node& n : listed) entries.push_back({&n, "2026-01-15T00:00:00Z"});
    constexpr std::size_t bound = 2u << 20;
    cache memory(bound);
    const std::size_t before = ::mallinfo2().uordblks;
    bytes list = make_list({.issuer = &w.sub, .revoked = entries}).der(),
          answer = make_answer({.subject = &w.leaf, .issuer = &w.sub, .responder = &w.responder}).der();
    for (unsigned i = 0; i < 300; ++i) {
        list.back() = answer[answer.size() - 1] = static_cast<std::uint8_t>(i);
        list[list.size() - 2] = static_cast<std::uint8_t>(i >> 8);
        BOOST_REQUIRE(memory.crl_of(list).has_value());
        static_cast<void>(memory.ocsp_response_of(answer));
        BOOST_REQUIRE(memory.size() <= bound);
    }
    BOOST_TEST(::mallinfo2().uordblks - before <= memory.size());
    cache small(64u << 10); // less than the list takes
    BOOST_TEST((small.crl_of(list).value().native() != small.crl_of(list).value().native()));
    BOOST_TEST(small.size() == 0u);
}

BOOST_AUTO_TEST_CASE(threads_share_a_cache) {
    world w;
    cache memory(100'000); // forgets while others look
    const std::string good = told(w.check(march, nullptr)), late = told(w.check(at_time("2026-05-01T00:00:00Z"), {}));
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> crew;
        for (int t = 0; t < 4; ++t)
            crew.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i) {
                    bool odd = (i + t) % 2;
                    auto seen = w.check(odd ? at_time("2026-05-01T00:00:00Z") : march, &memory);
                    if (told(seen) != (odd ? late : good)) ++wrong;
                    if (!memory.certificate_of(w.leaf.cert.der())) ++wrong;
                }
            });
    }
    BOOST_TEST(wrong == 0);
}

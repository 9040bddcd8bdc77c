#include "tests/signing_x509/pki.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::x509;
using namespace vanthu::test;
using namespace std::chrono_literals;
namespace sub = vanthu::signing::sub;

namespace {

const timestamp now = at_time("2026-03-01T00:00:00Z");

// A root that issues leaves directly, so that only the leaf's status matters.
struct world {
    node root = make_ca({.name = "Root"});
    node leaf = make_leaf({.issuer = &root});
    node responder = make_responder({});
    trust_store trust{{root.cert}, {}, {}};
    evidence known;
    path_rules rules;
    proofs proven;

    node make_responder(node_spec spec, bool nocheck = true) const {
        spec.name = "OCSP";
        if (!spec.issuer) spec.issuer = &root;
        if (nocheck) spec.extensions.push_back("noCheck=ignored");
        spec.extensions.push_back("extendedKeyUsage=OCSPSigning");
        return make_leaf(spec);
    }
    answer_spec answer() const { return {.subject = &leaf, .issuer = &root, .responder = &responder}; }
    path_verdict check(timestamp at = now, revocation_rule rule = revocation_rule::required) const {
        return validate_path(leaf.cert, {}, trust, known, at, purpose::document_signature, rule, rules, proven);
    }
    path_verdict with(const answer_spec& spec, timestamp at = now) {
        known = {{}, {make_answer(spec)}};
        return check(at);
    }
    path_verdict with(list_spec spec, timestamp at = now) {
        if (!spec.issuer) spec.issuer = &root;
        known = {{make_list(spec)}, {}};
        return check(at);
    }
};

std::string codes(const path_verdict& v) {
    std::string all = v.sub_indication + ":";
    for (const auto& f : v.findings) all += " " + f.code;
    return all;
}

void expect_pass(const path_verdict& v, int line = __builtin_LINE()) {
    BOOST_TEST(v.passed(), "line " << line << " " << codes(v));
}
void expect_doubt(const path_verdict& v, std::string_view sub_indication, std::string_view code,
                  int line = __builtin_LINE()) {
    bool as_expected = v.indication == signing::indication::indeterminate && v.sub_indication == sub_indication &&
                       signing::has_finding(v.findings, code);
    BOOST_TEST(as_expected, "line " << line << " " << codes(v));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_response_of_a_delegated_responder_says_good_and_is_what_the_answer_rests_on) {
    world w;
    auto v = w.with(w.answer());
    BOOST_TEST(v.passed(), codes(v));
    BOOST_TEST(v.findings.empty());
    BOOST_REQUIRE(v.used.ocsp_responses.size() == 1u);
    BOOST_TEST(v.used.crls.empty());
    BOOST_TEST(v.used.ocsp_responses[0].der() == w.known.ocsp_responses[0].der());
    BOOST_TEST(v.missing.empty());
}

BOOST_AUTO_TEST_CASE(any_hash_may_identify_the_certificate_and_a_key_hash_the_responder) {
    world w;
    for (const char* hash : {"SHA1", "SHA256", "SHA384", "SHA512"})
        for (bool by_key : {false, true}) {
            auto spec = w.answer();
            spec.certid_hash = hash;
            spec.by_key = by_key;
            expect_pass(w.with(spec));
        }
}

BOOST_AUTO_TEST_CASE(the_ca_itself_may_answer) {
    world w;
    auto spec = w.answer();
    spec.responder = &w.root;
    expect_pass(w.with(spec));
    spec.carries_signer = false;
    spec.by_key = true;
    expect_pass(w.with(spec));
}

BOOST_AUTO_TEST_CASE(a_response_kept_bare_or_wrapped_is_the_same_object) {
    world w;
    auto wrapped = make_answer(w.answer());
    auto bare = parse_ocsp_response(wrapped.basic_der()).value();
    BOOST_TEST(bare.basic_der() == wrapped.basic_der());
    BOOST_TEST((bare.sha256() == wrapped.sha256()));
    // as received: the bytes stand in the whole response
    auto found =
        std::search(wrapped.der().begin(), wrapped.der().end(), bare.basic_der().begin(), bare.basic_der().end());
    BOOST_TEST((found != wrapped.der().end()));
    evidence both{{}, {wrapped}};
    both.add({{}, {bare}});
    BOOST_TEST(both.ocsp_responses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(revoked_counts_from_its_time_on_with_its_reason) {
    world w;
    auto spec = w.answer();
    spec.status = 1;
    auto v = w.with(spec);
    expect_doubt(v, sub::revoked_no_poe, "x509.revoked");
    BOOST_TEST(v.revoked->reason == "keyCompromise");
    BOOST_TEST((v.revoked->when == at_time("2026-02-10T00:00:00Z")));
    BOOST_TEST(v.used.ocsp_responses.size() == 1u);
    auto before = w.check(at_time("2026-02-09T00:00:00Z"));
    expect_doubt(before, sub::try_later, "x509.ocsp_stale"); // as of that day the response is from the future
    w.proven.now = now;
    before = w.check(at_time("2026-02-09T00:00:00Z"));
    BOOST_TEST(before.passed(), codes(before));
    BOOST_TEST(signing::has_finding(before.findings, "x509.revoked_later"));
}

BOOST_AUTO_TEST_CASE(unknown_is_never_good) {
    world w;
    auto spec = w.answer();
    spec.status = 2;
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_unknown");
    w.known.crls = {make_list({.issuer = &w.root})}; // older than the response
    expect_doubt(w.check(), sub::try_later, "x509.ocsp_unknown");
    w.known.crls = {make_list({.issuer = &w.root, .this_update = "2026-02-28T12:00:00Z"})};
    expect_pass(w.check()); // the later word
}

BOOST_AUTO_TEST_CASE(of_lists_and_responses_the_latest_speaks_but_a_final_revocation_stays) {
    world w;
    w.known = {{make_list({.issuer = &w.root, .revoked = {{&w.leaf, "2026-01-20T00:00:00Z", 6}}})},
               {make_answer(w.answer())}}; // on hold in February, lifted since
    auto lifted = w.check();
    expect_pass(lifted);
    BOOST_TEST(lifted.used.crls.empty());
    BOOST_TEST(lifted.used.ocsp_responses.size() == 1u);
    w.known.crls = {make_list({.issuer = &w.root, .revoked = {{&w.leaf, "2026-01-20T00:00:00Z", 4}}})};
    auto revoked = w.check();
    expect_doubt(revoked, sub::revoked_no_poe, "x509.revoked");
    BOOST_TEST(revoked.used.crls.size() == 1u);
    BOOST_TEST(revoked.used.ocsp_responses.empty());
    auto held = w.answer();
    held.status = 1;
    held.reason = 6;
    w.known = {{make_list({.issuer = &w.root})}, {make_answer(held)}};
    expect_doubt(w.check(), sub::revoked_no_poe, "x509.revoked");
}

BOOST_AUTO_TEST_CASE(a_leaf_of_the_same_ca_may_not_answer) {
    world w;
    node clerk = make_leaf({.name = "Clerk", .issuer = &w.root});
    node tls = make_leaf({.name = "TLS", .issuer = &w.root, .extensions = {"extendedKeyUsage=serverAuth"}});
    node anything =
        make_leaf({.name = "Any", .issuer = &w.root, .extensions = {"extendedKeyUsage=anyExtendedKeyUsage"}});
    node encrypting = make_node(
        {.name = "Enc",
         .issuer = &w.root,
         .extensions = {"keyUsage=critical,keyEncipherment", "noCheck=ignored", "extendedKeyUsage=OCSPSigning"}});
    for (const node* who : {&clerk, &tls, &anything, &encrypting, &w.leaf}) {
        auto spec = w.answer();
        spec.responder = who;
        expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_bad_signature");
    }
}

BOOST_AUTO_TEST_CASE(a_responder_of_another_ca_or_below_a_sub_ca_may_not_answer) {
    world w;
    node stranger = make_ca({.name = "Root"}), middle = make_ca({.name = "Middle", .issuer = &w.root});
    for (const node* ca : {&stranger, &middle}) {
        node who = w.make_responder({.issuer = ca});
        auto spec = w.answer();
        spec.responder = &who;
        expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_bad_signature");
    }
    // signed by a stranger who calls himself like the responder, or like the CA
    node liar = make_leaf({.name = "Liar", .issuer = &w.root});
    for (const node* named : {&w.responder, &w.root}) {
        auto spec = w.answer();
        spec.responder = &liar;
        spec.names = named;
        w.known = {{}, {make_answer(spec)}};
        expect_doubt(validate_path(w.leaf.cert, {w.responder.cert, liar.cert}, w.trust, w.known, now, purpose::any),
                     sub::try_later, "x509.ocsp_bad_signature");
    }
}

BOOST_AUTO_TEST_CASE(a_response_about_the_same_serial_of_another_issuer_says_nothing) {
    world w;
    node other = make_ca({.name = "Other"});
    node twin = make_leaf({.issuer = &other, .serial = 77});
    w.leaf = make_leaf({.issuer = &w.root, .serial = 77});
    auto spec = w.answer();
    spec.subject = &twin;
    spec.issuer = &other;
    expect_doubt(w.with(spec), sub::try_later, "x509.no_revocation_data");
    node second = make_leaf({.issuer = &w.root, .serial = 78});
    spec = w.answer();
    spec.subject = &second;
    expect_doubt(w.with(spec), sub::try_later, "x509.no_revocation_data");
    expect_pass(w.with(w.answer()));
}

BOOST_AUTO_TEST_CASE(a_responder_that_was_not_valid_when_it_answered_is_refused) {
    world w;
    node expired = w.make_responder({.not_after = "2026-02-01T00:00:00Z"});
    auto spec = w.answer();
    spec.responder = &expired;
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_bad_signature");
    // Dated back to its days: its key may be anybody's by now, so the response must be proven to be that old.
    spec.this_update = "2026-01-20T00:00:00Z";
    spec.next_update = "2026-03-20T00:00:00Z";
    expect_doubt(w.with(spec), sub::no_poe, "x509.evidence_not_proven");
    w.proven.since[w.known.ocsp_responses[0].sha256()] = at_time("2026-01-25T00:00:00Z");
    expect_pass(w.check());
}

BOOST_AUTO_TEST_CASE(a_replayed_response_is_stale_and_says_when_asking_again_helps) {
    world w;
    auto spec = w.answer();
    spec.this_update = "2026-01-01T00:00:00Z";
    spec.next_update = "2026-01-08T00:00:00Z";
    auto v = w.with(spec);
    expect_doubt(v, sub::try_later, "x509.ocsp_stale");
    BOOST_TEST(!v.try_again.has_value()); // newer data is due already
    BOOST_TEST(v.missing.size() == 1u);
    w.proven.now = now;
    expect_pass(w.check(at_time("2026-01-05T00:00:00Z"))); // for a signature of that time it is the right one
    spec.this_update = "2026-03-01T01:00:00Z";             // from the future
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_stale");
    spec.this_update = "2026-03-01T00:04:00Z"; // a clock that is a little ahead
    expect_pass(w.with(spec));
}

BOOST_AUTO_TEST_CASE(a_response_without_next_update_counts_for_a_day) {
    world w;
    auto spec = w.answer();
    spec.next_update = "";
    expect_pass(w.with(spec));
    expect_doubt(w.check(now + 1s), sub::try_later, "x509.ocsp_stale");
}

BOOST_AUTO_TEST_CASE(freshness_may_be_demanded_and_then_the_next_update_is_worth_waiting_for) {
    world w;
    w.rules.max_revocation_age = 12h;
    auto v = w.with(w.answer()); // a day old
    expect_doubt(v, sub::try_later, "x509.ocsp_stale");
    BOOST_REQUIRE(v.try_again.has_value());
    BOOST_TEST((*v.try_again == at_time("2026-03-07T00:00:00Z")));
    w.rules.max_revocation_age = 24h;
    expect_pass(w.check());
    w.rules.max_revocation_age = 0h; // issued after the time in question
    w.proven.now = now;
    expect_pass(w.check(at_time("2026-02-27T00:00:00Z")));
    expect_doubt(w.check(at_time("2026-02-28T12:00:00Z")), sub::try_later, "x509.ocsp_stale");
}

BOOST_AUTO_TEST_CASE(an_answer_issued_after_expiry_needs_an_archive_cutoff) {
    world w;
    w.leaf = make_leaf({.issuer = &w.root, .not_after = "2025-06-01T00:00:00Z"});
    timestamp at = at_time("2025-05-01T00:00:00Z");
    w.proven.now = now;
    expect_doubt(w.with(w.answer(), at), sub::try_later, "x509.ocsp_stale");
    auto spec = w.answer();
    spec.archive_cutoff = "2025-07-01T00:00:00Z";
    expect_doubt(w.with(spec, at), sub::try_later, "x509.ocsp_stale");
    spec.archive_cutoff = "2020-01-01T00:00:00Z";
    expect_pass(w.with(spec, at));
    expect_doubt(w.with(list_spec{}, at), sub::try_later, "x509.crl_stale");
    expect_pass(w.with(list_spec{.expired_since = "2020-01-01T00:00:00Z"}, at));
}

BOOST_AUTO_TEST_CASE(a_weak_or_broken_or_strange_response_says_nothing) {
    world w;
    auto spec = w.answer();
    spec.hash = "SHA1";
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_weak_algorithm");
    spec = w.answer();
    spec.critical_extension = true;
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_extension");
    node weak = w.make_responder({.hash = "SHA1"});
    spec = w.answer();
    spec.responder = &weak;
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_weak_algorithm");

    // No flipped bit leaves it good, but in the certificates that it carries, of which it needs only one.
    auto good = make_answer(w.answer());
    std::size_t until = good.der().size() - w.responder.cert.der().size();
    for (std::size_t i = 0; i < until; ++i) {
        bytes bad = good.der();
        bad[i] ^= 1;
        auto parsed = parse_ocsp_response(bad);
        if (!parsed) continue;
        w.known = {{}, {*parsed}};
        auto v = w.check();
        BOOST_TEST((!v.passed() || parsed->basic_der() == good.basic_der()), "byte " << i);
    }
}

BOOST_AUTO_TEST_CASE(a_responder_without_nocheck_needs_a_status_of_its_own) {
    world w;
    w.responder = w.make_responder({}, false);
    auto v = w.with(w.answer());
    expect_doubt(v, sub::try_later, "x509.ocsp_responder_unchecked");
    BOOST_REQUIRE(v.missing.size() == 2u);
    BOOST_TEST((v.missing[1].subject == w.responder.cert));
    BOOST_TEST((v.missing[1].issuer == w.root.cert));
    w.rules.tolerate_unchecked_responder = true;
    auto tolerated = w.check();
    expect_pass(tolerated);
    BOOST_TEST(signing::has_finding(tolerated.findings, "x509.ocsp_responder_unchecked"));
    w.rules.tolerate_unchecked_responder = false;

    w.known.crls = {make_list({.issuer = &w.root})};
    auto checked = w.check();
    expect_pass(checked);
    BOOST_TEST(checked.used.crls.size() == 1u); // the answer rests on both
    BOOST_TEST(checked.used.ocsp_responses.size() == 1u);
    BOOST_TEST(checked.missing.empty());

    auto revoked = [&](const char* when) {
        w.known.crls = {make_list({.issuer = &w.root,
                                   .this_update = "2026-01-02T00:00:00Z",
                                   .next_update = "2026-01-03T00:00:00Z",
                                   .revoked = {{&w.responder, when, 1}}})};
        return w.check();
    };
    expect_doubt(revoked("2026-01-01T00:00:00Z"), sub::try_later, "x509.ocsp_responder_revoked");
    // Revoked after it answered: whether the answer is older must be proven.
    w.known.crls = {make_list({.issuer = &w.root,
                               .this_update = "2026-02-28T23:00:00Z",
                               .revoked = {{&w.responder, "2026-02-28T22:00:00Z", 1}}})};
    w.known.ocsp_responses = {make_answer(w.answer())};
    expect_pass(w.check()); // the list is newer and knows the leaf as good
    BOOST_TEST(w.check().used.ocsp_responses.empty());
}

BOOST_AUTO_TEST_CASE(lists_that_do_not_speak_about_the_certificate_are_not_used) {
    world w;
    auto scope = [](const std::string& lines) {
        return list_spec{.extensions = {"issuingDistributionPoint=critical,@scope"}, .sections = "[scope]\n" + lines};
    };
    expect_pass(w.with(list_spec{}));
    expect_pass(w.with(scope("onlyuser=TRUE\n")));
    for (const char* lines : {"onlyCA=TRUE\n", "onlyAA=TRUE\n", "indirectCRL=TRUE\n", "onlysomereasons=keyCompromise\n",
                              "fullname=URI:http://other.vn/a.crl\n"})
        expect_doubt(w.with(scope(lines)), sub::try_later, "x509.crl_out_of_scope");
    expect_doubt(w.with(list_spec{.delta = true}), sub::try_later, "x509.crl_out_of_scope");
    expect_doubt(w.with(list_spec{.hash = "SHA1"}), sub::try_later, "x509.crl_weak_algorithm");
    expect_doubt(w.with(list_spec{.next_update = ""}), sub::try_later, "x509.crl_stale");
    node other = make_leaf({.issuer = &w.root});
    expect_doubt(w.with(list_spec{.revoked = {{&other, "2026-01-01T00:00:00Z", 1, true}}}), sub::try_later,
                 "x509.crl_out_of_scope");
    // "removed from the list" belongs into delta lists; about others it says nothing
    expect_doubt(w.with(list_spec{.revoked = {{&w.leaf, "2026-01-01T00:00:00Z", 8}}}), sub::try_later,
                 "x509.crl_out_of_scope");
    expect_pass(w.with(list_spec{.revoked = {{&other, "2026-01-01T00:00:00Z", 8}}}));
    node stranger = make_ca({.name = "Root"}), elsewhere = make_ca({.name = "Elsewhere"});
    expect_doubt(w.with(list_spec{.issuer = &stranger}), sub::try_later, "x509.crl_bad_signature");
    // the right key under a wrong name, and the right name with a wrong key
    expect_doubt(w.with(list_spec{.issuer = &elsewhere, .signed_with = w.root.key.get()}), sub::try_later,
                 "x509.no_revocation_data");
    expect_doubt(w.with(list_spec{.signed_with = w.leaf.key.get()}), sub::try_later, "x509.crl_bad_signature");
    // names are compared as RFC 5280, 7.1 says: another string type and other blanks are the same name
    node printable = make_ca({.name = "ROOT", .key = w.root.key, .string_type = MBSTRING_ASC});
    expect_pass(w.with(list_spec{.issuer = &printable}));
}

BOOST_AUTO_TEST_CASE(a_list_for_the_own_distribution_point_is_used) {
    world w;
    w.leaf = make_leaf({.issuer = &w.root, .extensions = {"crlDistributionPoints=URI:http://ca.vn/a.crl"}});
    list_spec spec{.extensions = {"issuingDistributionPoint=critical,@scope"},
                   .sections = "[scope]\nfullname=URI:http://ca.vn/a.crl\n"};
    expect_pass(w.with(spec));
    spec.sections = "[scope]\nfullname=URI:http://ca.vn/b.crl\n";
    expect_doubt(w.with(spec), sub::try_later, "x509.crl_out_of_scope");
}

BOOST_AUTO_TEST_CASE(a_ca_that_may_not_sign_lists_is_not_believed) {
    world w;
    w.root = make_node(
        {.name = "Root", .extensions = {"basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"}});
    w.leaf = make_leaf({.issuer = &w.root});
    w.trust.anchors = {w.root.cert};
    expect_doubt(w.with(list_spec{}), sub::try_later, "x509.no_revocation_data");
}

BOOST_AUTO_TEST_CASE(what_an_expired_ca_signed_must_be_proven_to_be_older) {
    world w;
    node old = make_ca({.name = "Old", .issuer = &w.root, .not_after = "2026-02-20T00:00:00Z"});
    node leaf = make_leaf({.issuer = &old, .not_after = "2026-02-20T00:00:00Z"});
    timestamp at = at_time("2026-02-10T00:00:00Z");
    crl of_root = make_list({.issuer = &w.root}), of_old = make_list({.issuer = &old});
    w.known = {{of_root, of_old}, {}};
    w.proven.now = now;
    auto check = [&] {
        return validate_path(leaf.cert, {old.cert}, w.trust, w.known, at, purpose::any, revocation_rule::required,
                             w.rules, w.proven);
    };
    timestamp early = at_time("2026-02-15T00:00:00Z");
    expect_doubt(check(), sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds"); // the leaf may be made up today
    w.proven.since[leaf.cert.sha256()] = early;
    expect_doubt(check(), sub::no_poe, "x509.evidence_not_proven"); // and so may the list
    w.proven.since[of_old.sha256()] = early;
    expect_pass(check());
    w.proven.since[of_old.sha256()] = at_time("2026-02-21T00:00:00Z");
    expect_doubt(check(), sub::no_poe, "x509.evidence_not_proven");
}

BOOST_AUTO_TEST_CASE(what_a_revoked_ca_signed_must_be_proven_to_be_older) {
    world w;
    node bad = make_ca({.name = "Bad", .issuer = &w.root});
    node leaf = make_leaf({.issuer = &bad});
    crl of_root = make_list({.issuer = &w.root, .revoked = {{&bad, "2026-02-20T00:00:00Z", 2}}}),
        of_bad = make_list({.issuer = &bad});
    w.known = {{of_root, of_bad}, {}};
    w.proven.now = now;
    auto check = [&](const char* at) {
        return validate_path(leaf.cert, {bad.cert}, w.trust, w.known, at_time(at), purpose::any,
                             revocation_rule::required, w.rules, w.proven);
    };
    expect_doubt(check("2026-02-25T00:00:00Z"), sub::revoked_ca_no_poe, "x509.ca_revoked");
    expect_doubt(check("2026-02-10T00:00:00Z"), sub::revoked_ca_no_poe, "x509.ca_revoked"); // the leaf is not proven
    w.proven.since[leaf.cert.sha256()] = at_time("2026-02-10T00:00:00Z");
    expect_doubt(check("2026-02-10T00:00:00Z"), sub::no_poe, "x509.evidence_not_proven");
    w.proven.since[of_bad.sha256()] = at_time("2026-02-10T00:00:00Z");
    expect_pass(check("2026-02-10T00:00:00Z"));
    BOOST_TEST(!check("2026-02-10T00:00:00Z").revoked->of_leaf);
}

BOOST_AUTO_TEST_CASE(data_dated_into_the_future_says_nothing) {
    world w;
    expect_doubt(w.with(list_spec{.this_update = "2026-03-01T00:06:00Z"}), sub::try_later, "x509.crl_stale");
    expect_pass(w.with(list_spec{.this_update = "2026-03-01T00:04:00Z"})); // a clock that is a little ahead
    auto spec = w.answer();
    spec.this_update = "2026-03-01T00:06:00Z";
    spec.produced_at = "2026-02-28T00:00:00Z";
    expect_doubt(w.with(spec), sub::try_later, "x509.ocsp_stale");
}

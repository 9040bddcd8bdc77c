// Chains in the manner of NIST's PKITS: what RFC 5280, section 6.1 accepts and refuses, and choices among chains.
#include "tests/signing_x509/pki.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::x509;
using namespace vanthu::test;
namespace sub = vanthu::signing::sub;

namespace {

const timestamp now = at_time("2026-03-01T00:00:00Z");
using strings = std::vector<std::string>;

path_verdict check(const node& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                   const path_rules& rules = {}) {
    return validate_path(leaf.cert, extra, trust, {}, now, purpose::document_signature, revocation_rule::if_present,
                         rules);
}

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
    bool as_expected = v.sub_indication == sub_indication && signing::has_finding(v.findings, code);
    BOOST_TEST(as_expected, "line " << line << " " << codes(v));
}

// Root, CA and leaf with extensions of a test.
struct three {
    node root, ca, leaf;
    three(strings of_ca, node_spec leaf_spec, const std::string& sections = "", strings of_root = {})
        : root(make_ca({.name = "Root", .extensions = std::move(of_root), .sections = sections})),
          ca(make_ca({.name = "CA", .issuer = &root, .extensions = std::move(of_ca), .sections = sections})) {
        leaf_spec.issuer = &ca;
        leaf = make_leaf(leaf_spec);
    }
    path_verdict run(const path_rules& rules = {}) const {
        return check(leaf, {ca.cert}, {{root.cert}, {}, {}}, rules);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(of_several_cas_of_one_name_the_one_that_signed_is_found) {
    node root = make_ca({.name = "Root"});
    std::vector<certificate> crowd;
    std::vector<node> cas;
    for (int i = 0; i < 5; ++i) {
        cas.push_back(make_ca({.name = "CA", .issuer = &root, .key_identifiers = false}));
        crowd.push_back(cas.back().cert);
    }
    for (const node& ca : cas) {
        node leaf = make_leaf({.issuer = &ca, .key_identifiers = false});
        auto v = check(leaf, crowd, {{root.cert}, {}, {}});
        expect_pass(v);
        BOOST_TEST((v.chain.at(1) == ca.cert));
    }
    node stranger = make_ca({.name = "CA", .issuer = &root, .key_identifiers = false});
    expect_doubt(check(make_leaf({.issuer = &stranger, .key_identifiers = false}), crowd, {{root.cert}, {}, {}}),
                 sub::certificate_chain_general_failure, "x509.chain_broken");
}

BOOST_AUTO_TEST_CASE(a_root_with_a_renewed_key_is_reached_over_its_link_certificate) {
    node old = make_ca({.name = "Root"}), fresh = make_ca({.name = "Root"});
    node link = make_ca({.name = "Root", .issuer = &old, .key = fresh.key}); // new key signed with the old one
    node leaf = make_leaf({.issuer = &fresh});
    auto v = check(leaf, {link.cert}, {{old.cert}, {}, {}});
    expect_pass(v);
    BOOST_TEST(v.chain.size() == 3u);
    expect_pass(check(leaf, {link.cert}, {{fresh.cert}, {}, {}}));
    expect_doubt(check(leaf, {}, {{old.cert}, {}, {}}), sub::no_certificate_chain_found, "x509.no_chain");
}

BOOST_AUTO_TEST_CASE(of_two_cross_certificates_the_good_one_counts) {
    node root = make_ca({.name = "Root"}), other = make_ca({.name = "Other"});
    node good = make_ca({.name = "CA", .issuer = &root});
    node expired = make_ca({.name = "CA", .issuer = &other, .key = good.key, .not_after = "2025-01-01T00:00:00Z"});
    node bound = make_ca({.name = "CA",
                          .issuer = &other,
                          .key = good.key,
                          .extensions = {"nameConstraints=critical,permitted;email:nowhere.vn"}});
    node leaf = make_leaf({.issuer = &good, .email = "a@ubnd.vn"});
    trust_store both{{other.cert, root.cert}, {}, {}};
    for (const std::vector<certificate>& order :
         {std::vector{expired.cert, good.cert}, {good.cert, expired.cert}, {bound.cert, expired.cert, good.cert}}) {
        auto v = check(leaf, order, both);
        expect_pass(v);
        BOOST_TEST((v.chain.back() == root.cert));
    }
    expect_doubt(check(leaf, {bound.cert, expired.cert}, both), sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds");
}

BOOST_AUTO_TEST_CASE(an_intermediate_may_be_the_anchor_and_the_missing_issuer_is_named) {
    node root = make_ca({.name = "Root"}), upper = make_ca({.name = "Upper", .issuer = &root}),
         lower = make_ca({.name = "Lower", .issuer = &upper}), leaf = make_leaf({.issuer = &lower});
    auto v = check(leaf, {lower.cert}, {{upper.cert}, {}, {}});
    expect_pass(v);
    BOOST_TEST(v.chain.size() == 3u);
    auto lost = check(leaf, {lower.cert}, {{root.cert}, {}, {}});
    expect_doubt(lost, sub::no_certificate_chain_found, "x509.no_chain");
    BOOST_REQUIRE(lost.missing.size() == 1u);
    BOOST_TEST((lost.missing[0].what == need::kind::issuer));
    BOOST_TEST((lost.missing[0].subject == lower.cert));
    node elsewhere = make_ca({.name = "Elsewhere"}); // a root nobody trusts: nothing to fetch above it
    auto untrusted = check(leaf, {lower.cert, upper.cert, root.cert}, {{elsewhere.cert}, {}, {}});
    expect_doubt(untrusted, sub::no_certificate_chain_found, "x509.no_chain");
    BOOST_TEST(untrusted.missing.empty());
}

BOOST_AUTO_TEST_CASE(a_hostile_crowd_of_certificates_is_bounded) {
    node root = make_ca({.name = "Root", .key_identifiers = false});
    std::vector<certificate> crowd;
    node last = root;
    // Cross certificates in every direction between CAs of one name and key: very many chains, none to the anchor.
    for (int i = 0; i < 200; ++i)
        crowd.push_back(
            make_ca({.name = "CA", .issuer = i ? &last : nullptr, .key = last.key, .key_identifiers = false}).cert),
            last.cert = crowd.back();
    node leaf = make_leaf({.issuer = &last, .key_identifiers = false});
    trust_store trust{{make_ca({.name = "Nobody"}).cert}, {}, {}};
    BOOST_TEST(!check(leaf, crowd, trust).passed());
}

BOOST_AUTO_TEST_CASE(the_urls_of_the_issuer_are_told) {
    node leaf =
        make_leaf({.extensions = {"authorityInfoAccess=OCSP;URI:http://o.vn,caIssuers;URI:http://c.vn/ca.crt"}});
    BOOST_TEST((leaf.cert.issuer_urls() == strings{"http://c.vn/ca.crt"}));
    BOOST_TEST((leaf.cert.ocsp_urls() == strings{"http://o.vn"}));
}

BOOST_AUTO_TEST_CASE(name_constraints_are_kept) {
    struct row {
        const char* constraint;
        const char* email;
        const char* alternative;
        bool good;
    };
    const row rows[] = {
        {"permitted;email:ubnd.vn", "a@ubnd.vn", "", true},
        {"permitted;email:ubnd.vn", "a@evil.vn", "", false},
        {"permitted;email:ubnd.vn", "", "email:a@evil.vn", false},
        {"permitted;email:.ubnd.vn", "", "email:a@so.ubnd.vn", true},
        {"permitted;email:.ubnd.vn", "", "email:a@ubnd.vn", false},
        {"excluded;email:evil.vn", "", "email:a@ubnd.vn", true},
        {"excluded;email:evil.vn", "", "email:a@evil.vn", false},
        {"permitted;DNS:gov.vn", "", "DNS:a.gov.vn", true},
        {"permitted;DNS:gov.vn", "", "DNS:agov.vn", false},
        {"excluded;DNS:gov.vn", "", "DNS:a.gov.vn", false},
        {"permitted;URI:.gov.vn", "", "URI:http://a.gov.vn/x", true},
        {"permitted;URI:.gov.vn", "", "URI:http://a.com/x", false},
        {"permitted;IP:10.0.0.0/255.0.0.0", "", "IP:10.1.2.3", true},
        {"permitted;IP:10.0.0.0/255.0.0.0", "", "IP:11.1.2.3", false},
        {"permitted;dirName:inside", "", "", true},
        {"permitted;dirName:outside", "", "", false},
        {"excluded;dirName:inside", "", "", false},
        {"excluded;dirName:outside", "", "", true},
    };
    const std::string sections = "[inside]\nC=VN\nO=Vanthu PKI\n[outside]\nC=VN\nO=Other\n";
    for (const row& r : rows) {
        node_spec leaf{.email = r.email};
        if (*r.alternative) leaf.extensions = {std::string("subjectAltName=") + r.alternative};
        auto v = three({std::string("nameConstraints=critical,") + r.constraint}, leaf, sections).run();
        BOOST_TEST(v.passed() == r.good, r.constraint << " " << r.email << r.alternative << " " << codes(v));
        if (!r.good) expect_doubt(v, sub::chain_constraints_failure, "x509.name_constraint");
    }
}

BOOST_AUTO_TEST_CASE(policies_that_a_ca_or_the_operator_demands_are_kept) {
    const std::string one = "certificatePolicies=2.16.704.1.1.1.1.1", two = "certificatePolicies=2.16.704.9",
                      any = "certificatePolicies=2.5.29.32.0",
                      explicit_now = "policyConstraints=requireExplicitPolicy:0";
    struct row {
        strings ca, leaf, acceptable;
        bool good;
    };
    const strings wanted{"2.16.704.1.1.1.1.1"};
    const row rows[] = {
        {{}, {}, {}, true},
        {{one}, {one}, {}, true},
        {{one}, {two}, {}, true}, // nobody demands one
        {{one, explicit_now}, {one}, {}, true},
        {{one, explicit_now}, {two}, {}, false},
        {{one, explicit_now}, {}, {}, false},
        {{one}, {one}, wanted, true},
        {{two}, {two}, wanted, false},
        {{}, {}, wanted, false},
        {{any}, {one}, wanted, true},
        {{any, "inhibitAnyPolicy=0"}, {any}, wanted, false},
        {{one}, {any}, wanted, true},
        {{one, "inhibitAnyPolicy=0"}, {any}, wanted, false},
        {{two, "policyMappings=2.16.704.9:2.16.704.1.1.1.1.1"}, {one}, {"2.16.704.9"}, true},
        {{two, "policyMappings=2.16.704.9:2.16.704.1.1.1.1.1"}, {one}, wanted, false},
        {{one, one}, {one}, wanted, false}, // the extension twice
    };
    for (const row& r : rows) {
        path_rules rules;
        rules.acceptable_policies = r.acceptable;
        auto v = three(r.ca, {.extensions = r.leaf}).run(rules);
        std::string about;
        for (const strings* part : {&r.ca, &r.leaf, &r.acceptable})
            for (const std::string& s : *part) about += s + " ";
        BOOST_TEST(v.passed() == r.good, about << codes(v));
    }
}

BOOST_AUTO_TEST_CASE(basic_constraints_key_usage_and_critical_extensions_are_kept) {
    node root = make_ca({.name = "Root"});
    trust_store trust{{root.cert}, {}, {}};
    struct row {
        strings extensions;
        bool good;
    };
    const row rows[] = {
        {{"basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"}, true},
        {{"basicConstraints=CA:TRUE", "keyUsage=keyCertSign"}, true}, // not critical, as in cp.crt
        {{"basicConstraints=critical,CA:TRUE"}, true},                // no key usage: every use
        {{"basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign"}, true},
        {{"basicConstraints=critical,CA:FALSE", "keyUsage=critical,keyCertSign"}, false},
        {{"keyUsage=critical,keyCertSign"}, false},
        {{}, false},
        {{"basicConstraints=critical,CA:TRUE", "keyUsage=critical,cRLSign"}, false},
        {{"basicConstraints=critical,CA:TRUE", "keyUsage=critical,digitalSignature"}, false},
        {{"basicConstraints=critical,CA:TRUE", "1.2.3.4=critical,DER:0500"}, false},
        {{"basicConstraints=critical,CA:TRUE", "1.2.3.4=DER:0500"}, true},
        {{"nsCertType=sslCA"}, false},
    };
    for (const row& r : rows) {
        node ca = make_node({.name = "CA", .issuer = &root, .extensions = r.extensions});
        auto v = check(make_leaf({.issuer = &ca}), {ca.cert}, trust);
        std::string about;
        for (const std::string& s : r.extensions) about += s + " ";
        BOOST_TEST(v.passed() == r.good, about << codes(v));
        if (!r.good) expect_doubt(v, sub::chain_constraints_failure, "x509.chain_constraint");
    }
    expect_doubt(check(make_leaf({.issuer = &root, .extensions = {"1.2.3.4=critical,DER:0500"}}), {}, trust),
                 sub::chain_constraints_failure, "x509.chain_constraint");
    expect_pass(check(make_leaf({.issuer = &root, .extensions = {"1.2.3.4=DER:0500"}}), {}, trust));
}

BOOST_AUTO_TEST_CASE(the_path_length_counts_cas_but_not_self_issued_ones) {
    for (int allowed : {0, 1, 2})
        for (int below : {0, 1, 2, 3}) {
            node root = make_ca({.name = "Root"});
            node top = make_node({.name = "Top",
                                  .issuer = &root,
                                  .extensions = {"basicConstraints=critical,CA:TRUE,pathlen:" + std::to_string(allowed),
                                                 "keyUsage=critical,keyCertSign"}});
            std::vector<certificate> extra{top.cert};
            node last = top;
            for (int i = 0; i < below; ++i) {
                last = make_ca({.name = "CA " + std::to_string(i), .issuer = &last});
                extra.push_back(last.cert);
            }
            auto v = check(make_leaf({.issuer = &last}), extra, {{root.cert}, {}, {}});
            BOOST_TEST(v.passed() == (below <= allowed), allowed << " " << below << " " << codes(v));
        }
    node root = make_ca({.name = "Root"});
    node top =
        make_node({.name = "Top",
                   .issuer = &root,
                   .extensions = {"basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign"}});
    node renewed = make_ca({.name = "Top", .issuer = &top});
    expect_pass(check(make_leaf({.issuer = &renewed}), {top.cert, renewed.cert}, {{root.cert}, {}, {}}));
}

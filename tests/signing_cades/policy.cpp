// The signature policy that a signer names: read strictly, out of the signed part alone, and held against the known
// ones.
#include "tests/signing_cms/policy_message.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using validation::named_policy;
using kind = named_policy::kind;
using copy = named_policy::copy;
using signing::has_finding;
using signing::verdict;

namespace {

constexpr const char* our_id = "2.16.704.1.1.1.1.1";
const bytes document = to_bytes("Chính sách ký số của cơ quan");
const digest document_hash = sha256::of(document);
const bytes good_hash = policy_hash(document_hash.view());

bytes text(std::uint8_t tag, std::string_view content) { return der::tlv(tag, as_bytes(content)); }
bytes qualifier(const char* type, const bytes& value) { return der::sequence({der::oid(type), value}); }
constexpr const char *uri_type = "1.2.840.113549.1.9.16.5.1", *notice_type = "1.2.840.113549.1.9.16.5.2",
                     *document_type = "0.4.0.19122.2.1";

struct policy_world : world {
    validation::policy rules{};
    validation::signature_report judge(const bytes& message) const {
        auto report =
            cades::verify(message, [&](x509::hash h) { return x509::hash_of(h, content); }, trust, known, now, rules);
        BOOST_REQUIRE_EQUAL(report.signatures.size(), 1u);
        return report.signatures[0];
    }
    bytes message(const std::vector<bytes>& values) const {
        return message_with_policy(who, ca.sub(), content, values);
    }
    validation::signature_report judge_value(const bytes& value) const { return judge(message({value})); }
    named_policy named(const bytes& value) const {
        auto s = judge_value(value);
        BOOST_TEST((s.verdict == verdict::valid), s.sub_indication << " " << to_hex(value));
        return s.signature_policy.value_or(named_policy{.id = "none"});
    }
    void know(const char* id, const bytes& of, x509::hash h = x509::hash::sha256) {
        rules.signature_policies.known.push_back({id, h, to_hex(x509::hash_of(h, of))});
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_a_signer_says_of_his_policy_is_reported, policy_world) {
    BOOST_TEST(!judge(sign()).signature_policy);
    BOOST_TEST((named(policy_named(our_id, good_hash)) ==
                named_policy{kind::explicit_, our_id, "SHA-256", document_hash.hex()}));
    BOOST_TEST((named(der::null()) == named_policy{kind::implied}));
    // A hash under an algorithm that we do not know is reported by its name.
    BOOST_TEST((named(policy_named(our_id, policy_hash(bytes(28, 7), "2.16.840.1.101.3.4.2.4"))) ==
                named_policy{kind::explicit_, our_id, "2.16.840.1.101.3.4.2.4", to_hex(bytes(28, 7))}));
    // EN 319 122-1, 5.2.9.1: zeros of any length, none too, say that the hash is not known.
    for (std::size_t size : {0, 1, 20, 32})
        BOOST_TEST((named(policy_named(our_id, policy_hash(bytes(size)))) ==
                    named_policy{kind::explicit_, our_id, "SHA-256", ""}));
}

BOOST_FIXTURE_TEST_CASE(qualifiers_are_read_and_strangers_among_them_passed_over, policy_world) {
    const bytes numbers = der::sequence({der::integer(1u), der::integer(2u)});
    const bytes reference = der::sequence({text(0x0c, "Cơ quan"), numbers});
    const bytes bmp = der::tlv(0x1e, bytes{0x00, 'K', 0x00, 0xfd, 0x1e, 0xf1}); // "Ký" and U+1EF1
    auto with = [&](std::initializer_list<bytes_view> all) {
        return named(policy_named(our_id, good_hash, der::sequence(all)));
    };
    auto one = with({qualifier(uri_type, text(0x16, "https://example.vn/p")), qualifier("1.2.3.4", der::null()),
                     qualifier(document_type, der::oid("1.2.3")), der::sequence({der::oid("1.2.3.5")}),
                     qualifier(notice_type, der::sequence({reference, text(0x0c, "Ký số")})),
                     qualifier(notice_type, der::sequence({text(0x1a, "second")}))});
    BOOST_TEST(one.uri == "https://example.vn/p");
    BOOST_TEST(one.notice == "Ký số");
    BOOST_TEST(with({qualifier(notice_type, der::sequence({bmp}))}).notice == "Kýự");
    BOOST_TEST(with({qualifier(notice_type, der::sequence({reference}))}).notice == "");
    BOOST_TEST(with({qualifier(document_type, text(0x16, "urn:x"))}).uri == "");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_policy_is_a_finding_and_nothing_is_determined, policy_world) {
    know(our_id, document);
    const bytes id = der::oid(our_id);
    const bytes sha256_name = der::oid(sha256_oid); // the length in two octets where DER wants one
    const bytes longer_length =
        der::joined({bytes{0x30, 0x81, static_cast<std::uint8_t>(sha256_name.size())}, sha256_name});
    auto qualified = [&](const bytes& one) { return policy_named(our_id, good_hash, der::sequence({one})); };
    auto notice = [&](const bytes& inside) { return qualified(qualifier(notice_type, der::sequence({inside}))); };
    const bytes wrong[] = {
        der::sequence({}),
        der::sequence({id}), // no hash
        der::sequence({good_hash, id}),
        der::sequence({der::integer(7u), good_hash}),
        der::sequence({der::tlv(der::tag_oid, bytes{0x80, 0x01}), good_hash}),
        der::sequence({der::tlv(der::tag_oid, bytes{}), good_hash}),
        policy_named(our_id, der::null()),
        policy_named(our_id, der::sequence({})),
        policy_named(our_id, der::sequence({der::null(), der::null()})),
        policy_named(our_id, policy_hash(bytes(31, 1))), // no SHA-256 value
        policy_named(our_id, policy_hash(bytes(33, 1))),
        policy_named(our_id, policy_hash(bytes(129, 1), "1.2.3.4")),
        policy_named(our_id, der::sequence({der::algorithm(sha256_oid, false)})),
        policy_named(our_id, der::sequence({der::algorithm(sha256_oid, false),
                                            der::tlv(der::tag_octets, document_hash.view()), der::null()})),
        policy_named(our_id, der::sequence({der::sequence({der::oid(sha256_oid), der::null(), der::null()}),
                                            der::tlv(der::tag_octets, document_hash.view())})),
        policy_named(our_id, good_hash, der::sequence({})), // SIZE (1..MAX)
        policy_named(our_id, good_hash, der::null()),
        der::sequence({id, good_hash, der::sequence({qualifier("1.2.3", der::null())}), der::null()}),
        qualified(der::null()),
        qualified(der::sequence({})),
        qualified(der::sequence({der::oid(uri_type)})),
        qualified(der::sequence({der::oid(uri_type), text(0x16, "urn:a"), text(0x16, "urn:b")})),
        qualified(qualifier(uri_type, text(0x0c, "https://example.vn/"))), // IA5String is asked for
        qualified(qualifier(uri_type, text(0x16, ""))),
        qualified(qualifier(uri_type, text(0x16, "https://example.vn/\n"))),
        qualified(qualifier(uri_type, text(0x16, std::string(4097, 'x')))),
        qualified(qualifier(document_type, der::null())),
        qualified(qualifier(notice_type, text(0x0c, "no sequence"))),
        notice(text(0x0c, "\xff")),
        notice(text(0x13, "no DisplayText")),
        notice(der::tlv(0x1e, bytes{0x00})),
        notice(der::tlv(0x1e, bytes{0xd8, 0x00})),
        notice(der::joined({text(0x0c, "a"), text(0x0c, "b")})),
        notice(der::sequence({text(0x0c, "a")})),
        notice(der::sequence({text(0x0c, "a"), der::sequence({text(0x0c, "1")})})),
        policy_named(our_id, der::sequence({longer_length, der::tlv(der::tag_octets, document_hash.view())})),
        text(0x0c, our_id),
        der::tlv(0x31, der::joined({id, good_hash})),
    };
    auto refused = [&](const bytes& message, const std::string& what) {
        auto s = judge(message);
        BOOST_TEST((s.verdict == verdict::indeterminate), what);
        BOOST_TEST(s.sub_indication == "POLICY_PROCESSING_ERROR", what);
        BOOST_TEST(has_finding(s.findings, "policy.signature_policy_malformed"), what);
        BOOST_TEST((s.signature_policy == named_policy{}), what);
        BOOST_TEST(!s.signature_policy_known);
    };
    for (const bytes& one : wrong) refused(message({one}), to_hex(one));
    refused(message({}), "no value");
    const bytes good = policy_named(our_id, good_hash);
    refused(message({good, policy_named("1.2.3", good_hash)}), "two values");
    BOOST_TEST(judge_value(good).signature_policy_known); // that the world itself is none of the reasons
}

BOOST_FIXTURE_TEST_CASE(only_the_signed_part_names_a_policy, policy_world) {
    const bytes value = policy_named(our_id, good_hash);
    for (const bytes& message : {sign(), message_with_policy(who, ca.sub(), content, {value}, false, "1.2.3.4")}) {
        auto parts = cms::take_apart(message).value();
        const bytes unsigned_one = cms::attribute(policy_attribute, value);
        cms::add_attribute(parts.signers[0].unsigned_list, unsigned_one);
        parts.signers[0].changed = true;
        auto s = judge(cms::assemble(parts));
        BOOST_TEST(!s.signature_policy);
        BOOST_TEST(has_finding(s.findings, "cms.unsigned_content"));
    }
    // A name put into what was signed breaks the signature.
    bytes changed = message({policy_named(our_id, good_hash)});
    auto at = std::ranges::search(changed, document_hash.view()).begin();
    *at ^= 1;
    auto s = judge(changed);
    BOOST_TEST((s.verdict == verdict::invalid));
    BOOST_TEST(s.sub_indication == "SIG_CRYPTO_FAILURE");
    BOOST_TEST(!s.signature_policy_known);
}

BOOST_FIXTURE_TEST_CASE(a_copy_beside_the_signature_is_held_against_the_signed_hash, policy_world) {
    auto with_store = [&](const bytes& named, const bytes& stored) {
        const bytes message = message_with_policy(who, ca.sub(), content, {named});
        auto parts = cms::take_apart(message).value();
        const bytes store =
            cms::attribute("0.4.0.19122.1.3", der::sequence({der::oid("1.2.3"), der::tlv(der::tag_octets, stored)}));
        cms::add_attribute(parts.signers[0].unsigned_list, store);
        parts.signers[0].changed = true;
        auto s = judge(cms::assemble(parts));
        BOOST_TEST((s.verdict == verdict::valid), s.sub_indication);
        return s.signature_policy.value().stored;
    };
    const bytes named = policy_named(our_id, good_hash);
    BOOST_TEST((judge_value(named).signature_policy->stored == copy::none));
    BOOST_TEST((with_store(named, document) == copy::same));
    BOOST_TEST((with_store(named, to_bytes("another")) == copy::unconfirmed));
    BOOST_TEST((with_store(policy_named(our_id, policy_hash({})), document) == copy::unconfirmed));
}

BOOST_FIXTURE_TEST_CASE(a_policy_is_judged_against_what_the_operator_knows, policy_world) {
    const bytes good = policy_named(our_id, good_hash);
    struct row {
        const char* what;
        bytes value;
        const char *finding, *open, *strict; // sub-indications; "": valid
    };
    const bytes sha512 = policy_hash(x509::hash_of(x509::hash::sha512, document), "2.16.840.1.101.3.4.2.3");
    const row rows[] = {
        {"known", good, "", "", ""},
        {"known, under another algorithm", policy_named("1.2.3", sha512), "", "", ""},
        {"another document", policy_named(our_id, policy_hash(sha256::of("another").view())),
         "policy.signature_policy_differs", "POLICY_PROCESSING_ERROR", "POLICY_PROCESSING_ERROR"},
        {"another id", policy_named("2.16.704.1.1.1.1.2", good_hash), "policy.signature_policy_unknown", "",
         "SIGNATURE_POLICY_NOT_AVAILABLE"},
        {"a zero hash", policy_named(our_id, policy_hash(bytes(32))), "policy.signature_policy_unconfirmed", "",
         "SIGNATURE_POLICY_NOT_AVAILABLE"},
        {"a hash that nobody wrote down", policy_named("1.2.3", good_hash), "policy.signature_policy_unconfirmed", "",
         "SIGNATURE_POLICY_NOT_AVAILABLE"},
        {"SHA-1", policy_named(our_id, policy_hash(x509::hash_of(x509::hash::sha1, document), "1.3.14.3.2.26")),
         "policy.signature_policy_unconfirmed", "", "SIGNATURE_POLICY_NOT_AVAILABLE"},
        {"implied", der::null(), "policy.signature_policy_implied", "", "SIGNATURE_POLICY_NOT_AVAILABLE"},
    };
    know(our_id, to_bytes("an earlier version"));
    know(our_id, document);
    know("1.2.3", document, x509::hash::sha512);
    for (bool strict : {false, true})
        for (const row& r : rows) {
            rules.signature_policies.require_known = strict;
            auto s = judge_value(r.value);
            BOOST_TEST(s.sub_indication == (strict ? r.strict : r.open), r.what);
            BOOST_TEST((s.verdict == (s.sub_indication.empty() ? verdict::valid : verdict::indeterminate)), r.what);
            BOOST_TEST(s.signature_policy_known == !*r.finding, r.what);
            BOOST_TEST((!*r.finding || has_finding(s.findings, r.finding)), r.what);
            const auto said = std::ranges::count_if(
                s.findings, [](const signing::finding& f) { return f.code.starts_with("policy."); });
            BOOST_TEST(said == (*r.finding ? 1 : 0), r.what);
        }
    BOOST_TEST((judge(sign()).verdict == verdict::valid)); // nothing is demanded of who names none
}

BOOST_FIXTURE_TEST_CASE(a_doubt_about_the_policy_goes_before_others_and_never_before_a_failure, policy_world) {
    rules.signature_policies.require_known = true;
    const bytes message = message_with_policy(who, ca.sub(), content, {policy_named(our_id, good_hash)});
    trust = {};
    BOOST_TEST(judge(message).sub_indication == "SIGNATURE_POLICY_NOT_AVAILABLE"); // EN 319 102-1, 5.3.4
    BOOST_TEST(has_finding(judge(message).findings, "x509.no_chain"));
    content[0] ^= 1;
    auto s = judge(message);
    BOOST_TEST((s.verdict == verdict::invalid));
    BOOST_TEST(s.sub_indication == "HASH_FAILURE");
    BOOST_TEST(s.signature_policy->id == our_id); // what it says is still told
}

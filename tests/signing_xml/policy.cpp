// The signature policy that a XAdES signature names: read strictly, out of the signed properties alone.
#include "tests/signing_xml/world.hpp"

#include "daemon/base/base64.hpp"

using namespace vanthu;
using namespace vanthu::test;
using validation::named_policy;
using kind = named_policy::kind;
using copy = named_policy::copy;
using signing::has_finding;
using signing::verdict;

namespace {

const bytes rules_text = to_bytes("<ChinhSach>Ký số</ChinhSach>");
const digest document_hash = sha256::of(rules_text);
constexpr const char* sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";
const std::string ds = " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"";
const std::string xades141 = " xmlns:xades141=\"http://uri.etsi.org/01903/v1.4.1#\"";

std::string tagged(const std::string& name, const std::string& inside, const std::string& attributes = {}) {
    return "<xades:" + name + attributes + ">" + inside + "</xades:" + name + ">";
}
std::string identifier(const std::string& id, const std::string& attributes = {}, const std::string& after = {}) {
    return tagged("SigPolicyId", tagged("Identifier", id, attributes) + after);
}
std::string hashed(bytes_view value, const std::string& algorithm = sha256_uri) {
    return tagged("SigPolicyHash", "<ds:DigestMethod" + ds + " Algorithm=\"" + algorithm + "\"/><ds:DigestValue" + ds +
                                       ">" + base64_encode(value) + "</ds:DigestValue>");
}
std::string named(const std::string& inside) { return tagged("SignaturePolicyId", inside); }
std::string qualified(const std::string& inside) {
    return named(identifier("urn:oid:1.2.3") + hashed(document_hash.view()) +
                 tagged("SigPolicyQualifiers", tagged("SigPolicyQualifier", inside)));
}
const std::string good = named(identifier("urn:oid:1.2.3") + hashed(document_hash.view()));

struct policy_world : xml_world {
    policy_world() : xml_world(test_key::rsa_2048) {}
    validation::policy rules{};

    // What was changed inside the properties is signed anew with the signer's key.
    bytes signed_anew(const bytes& document) const {
        auto parsed = [](const bytes& from) { return xml::outline_of(xml::in_memory(from), {}).value().signatures[0]; };
        auto found = parsed(document);
        auto core = xml::read_core(*found.top, {}).value();
        auto about = xml::read_properties(*found.top, core, {}).value();
        auto of_properties = std::ranges::find(core.references, xml::signed_properties_type, &xml::reference::type);
        const digest now = sha256::of(xml::canonical_octets(*about->signed_properties, {}));
        bytes out = changed(document, base64_encode(of_properties->digest), base64_encode(now.view()));
        auto again = parsed(out);
        auto info = xml::read_core(*again.top, {}).value();
        const bytes value = who.sign_sha256(sha256::of(xml::canonical_octets(*info.signed_info, info.method)).view());
        return changed(out, base64_encode(info.value), base64_encode(value));
    }
    bytes with_properties(const std::string& more) const {
        return signed_anew(
            changed(enveloped(letter), "</xades:SigningCertificateV2>", "</xades:SigningCertificateV2>" + more));
    }
    bytes with_policy(const std::string& inside) const {
        return with_properties(tagged("SignaturePolicyIdentifier", inside));
    }
    bytes with_unsigned(const bytes& document, const std::string& more) const {
        return changed(document, "</xades:UnsignedSignatureProperties>", more + "</xades:UnsignedSignatureProperties>");
    }
    validation::signature_report judge(const bytes& document) const {
        auto report = xml::verify(xml::in_memory(document), trust, known, signed_at, rules).report;
        BOOST_REQUIRE_EQUAL(report.signatures.size(), 1u);
        return report.signatures[0];
    }
    named_policy policy_in(const std::string& inside) const {
        auto s = judge(with_policy(inside));
        BOOST_TEST((s.verdict == verdict::valid), s.sub_indication << " " << inside);
        return s.signature_policy.value_or(named_policy{.id = "none"});
    }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_the_properties_say_of_a_policy_is_reported, policy_world) {
    BOOST_TEST(!judge(enveloped(letter)).signature_policy);
    const std::string hash = document_hash.hex(), digest = hashed(document_hash.view());
    const named_policy oid{kind::explicit_, "1.2.3", "SHA-256", hash};
    BOOST_TEST((policy_in(good) == oid));
    BOOST_TEST(
        (policy_in(named(identifier(" urn:oid:1.2.3\n", " Qualifier=\"OIDAsURN\"", tagged("Description", "Quy chế")) +
                         digest)) == oid));
    BOOST_TEST((policy_in(named(identifier("1.2.3") + digest)) == oid));
    BOOST_TEST((policy_in(named(identifier("https://example.vn/p%20q", " Qualifier=\"OIDAsURI\"") +
                                hashed(bytes(28, 7), "urn:other"))) ==
                named_policy{kind::explicit_, "https://example.vn/p%20q", "urn:other", to_hex(bytes(28, 7))}));
    const std::string transforms = "<ds:Transforms" + ds + "><ds:Transform Algorithm=\"urn:any\"/></ds:Transforms>";
    named_policy transformed = oid;
    transformed.transformed = true;
    BOOST_TEST((policy_in(named(identifier("urn:oid:1.2.3") + transforms + digest)) == transformed));
    BOOST_TEST((policy_in(tagged("SignaturePolicyImplied", "")) == named_policy{kind::implied}));
    auto with_notice = policy_in(qualified(
        tagged("SPURI", "https://example.vn/p") +
        tagged("SPUserNotice",
               tagged("NoticeRef", tagged("Organization", "Cơ quan") + tagged("NoticeNumbers", tagged("int", "1"))) +
                   tagged("ExplicitText", "Chỉ dùng nội bộ")) +
        "<other xmlns=\"urn:other\">anything</other>"));
    BOOST_TEST(with_notice.uri == "https://example.vn/p");
    BOOST_TEST(with_notice.notice == "Chỉ dùng nội bộ");
}

BOOST_FIXTURE_TEST_CASE(what_is_no_policy_is_a_finding_and_nothing_is_determined, policy_world) {
    const std::string id = identifier("urn:oid:1.2.3"), hash = hashed(document_hash.view());
    const std::string digest_value =
        "<ds:DigestValue" + ds + ">" + base64_encode(document_hash.view()) + "</ds:DigestValue>";
    const std::string wrong[] = {
        "",
        "text",
        good + "text",
        good + good,
        good + tagged("SignaturePolicyImplied", ""),
        tagged("SignaturePolicyImplied", "text"),
        tagged("SignaturePolicyImplied", tagged("a", "")),
        "<SignaturePolicyId xmlns=\"urn:other\"/>",
        named(""),
        named(id),
        named(hash),
        named(hash + id),
        named(id + hash + hash),
        named(id + hash + tagged("Other", "")),
        named(identifier("") + hash),
        named(identifier("two words") + hash),
        named(identifier("a%2") + hash),
        named(identifier("urn:oid:1.2.") + hash),
        named(identifier("urn:oid:1.02") + hash),
        named(identifier("urn:oid:https://example.vn") + hash),
        named(identifier("https://example.vn/", " Qualifier=\"OIDAsURN\"") + hash),
        named(identifier("https://example.vn/", " Qualifier=\"other\"") + hash),
        named(identifier("urn:x:" + std::string(1024, 'x')) + hash),
        named(identifier("urn:oid:1.2<!-- -->.3") + hash), // a comment would let two readers see two values
        named(tagged("SigPolicyId", tagged("Description", "no id")) + hash),
        named(tagged("SigPolicyId", tagged("Identifier", "urn:a") + tagged("Identifier", "urn:b")) + hash),
        named(id + hashed(bytes(31, 1))),
        named(id + hashed(bytes(129, 1), "urn:other")),
        named(id + tagged("SigPolicyHash", digest_value)),
        named(id + tagged("SigPolicyHash", "<ds:DigestMethod" + ds + "/>" + digest_value)),
        named(id + tagged("SigPolicyHash", "<ds:DigestMethod" + ds + " Algorithm=\"" + sha256_uri +
                                               "\"/><ds:DigestValue" + ds + ">!</ds:DigestValue>")),
        named(id + hash + tagged("SigPolicyQualifiers", "")),
        named(id + hash + tagged("SigPolicyQualifiers", tagged("Other", ""))),
        qualified(tagged("SPURI", " ")),
        qualified(tagged("SPURI", std::string(4097, 'x'))),
        qualified(tagged("SPUserNotice", tagged("Other", ""))),
        qualified(tagged("SPUserNotice", tagged("NoticeRef", ""))),
        qualified(tagged("SPUserNotice", tagged("ExplicitText", std::string(4097, 'x')))),
        qualified("<xades141:SPDocSpecification" + xades141 + "/>"),
    };
    auto refused = [&](const bytes& document, const std::string& what) {
        auto s = judge(document);
        BOOST_TEST((s.verdict == verdict::indeterminate), what);
        BOOST_TEST(s.sub_indication == "POLICY_PROCESSING_ERROR", what);
        BOOST_TEST(has_finding(s.findings, "policy.signature_policy_malformed"), what);
        BOOST_TEST((s.signature_policy == named_policy{}), what);
    };
    rules.signature_policies.known = {{"1.2.3", x509::hash::sha256, document_hash.hex()}};
    for (const std::string& one : wrong) refused(with_policy(one), one.substr(0, 200));
    const std::string twice = tagged("SignaturePolicyIdentifier", good);
    refused(with_properties(twice + twice), "two of them");
    BOOST_TEST(judge(with_policy(good)).signature_policy_known);
}

BOOST_FIXTURE_TEST_CASE(only_the_signed_properties_name_a_policy, policy_world) {
    const std::string one = tagged("SignaturePolicyIdentifier", good);
    auto beside = judge(with_unsigned(stamped(enveloped(letter), signed_at), one));
    BOOST_TEST(!beside.signature_policy);
    BOOST_TEST(has_finding(beside.findings, "xml.unsigned_content"));
    auto put_in =
        judge(changed(enveloped(letter), "</xades:SigningCertificateV2>", "</xades:SigningCertificateV2>" + one));
    BOOST_TEST((put_in.verdict == verdict::invalid));
    BOOST_TEST(put_in.sub_indication == "HASH_FAILURE");
}

BOOST_FIXTURE_TEST_CASE(a_copy_in_the_store_is_held_against_the_signed_hash, policy_world) {
    auto with_store = [&](const std::string& policy, const std::string& inside) {
        auto s = judge(with_unsigned(stamped(with_policy(policy), signed_at),
                                     "<xades141:SignaturePolicyStore" + xades141 + "><xades141:SPDocSpecification>" +
                                         tagged("Identifier", "urn:oid:1.2.3") + "</xades141:SPDocSpecification>" +
                                         inside + "</xades141:SignaturePolicyStore>"));
        BOOST_TEST((s.verdict == verdict::valid), s.sub_indication);
        BOOST_TEST(s.level == "B-T");
        return s.signature_policy.value().stored;
    };
    auto copy_of = [](const bytes& octets) {
        return "<xades141:SignaturePolicyDocument>" + base64_encode(octets) + "</xades141:SignaturePolicyDocument>";
    };
    BOOST_TEST((judge(with_policy(good)).signature_policy->stored == copy::none));
    BOOST_TEST((with_store(good, copy_of(rules_text)) == copy::same));
    BOOST_TEST((with_store(good, copy_of(to_bytes("another"))) == copy::unconfirmed));
    BOOST_TEST((with_store(good, "<xades141:SigPolDocLocalURI>file:///p</xades141:SigPolDocLocalURI>") == copy::none));
    BOOST_TEST((with_store(tagged("SignaturePolicyImplied", ""), copy_of(rules_text)) == copy::none));
}

BOOST_FIXTURE_TEST_CASE(the_policy_of_a_xades_signature_is_judged_like_every_other, policy_world) {
    const bytes document = with_policy(good);
    BOOST_TEST(has_finding(judge(document).findings, "policy.signature_policy_unknown"));
    rules.signature_policies.require_known = true;
    BOOST_TEST(judge(document).sub_indication == "SIGNATURE_POLICY_NOT_AVAILABLE");
    BOOST_TEST((judge(enveloped(letter)).verdict == verdict::valid));
    rules.signature_policies.known = {{"1.2.3", x509::hash::sha256, std::string(64, '0')}};
    BOOST_TEST(judge(document).sub_indication == "POLICY_PROCESSING_ERROR");
    rules.signature_policies.known.push_back({"1.2.3", x509::hash::sha256, document_hash.hex()});
    auto s = judge(document);
    BOOST_TEST((s.verdict == verdict::valid));
    BOOST_TEST(s.signature_policy_known);
    BOOST_TEST(!has_finding(s.findings, "policy.signature_policy_unknown"));
}

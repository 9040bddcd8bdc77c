// The ETSI report: well-formed by xmllint's word whatever the names in it hold, and with the words of the standard.
// tests/interop holds the same kind of report against the published schema.
#include "daemon/base/files.hpp"
#include "signing/validation/report_xml.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::test;
using signing::indication;
using signing::verdict;

namespace {
const timestamp noon = from_rfc3339("2026-03-01T05:00:00Z").value();

validation::signature_report good_signature() {
    validation::signature_report s;
    s.format = "pades";
    s.level = "B-LTA";
    s.field = "Signature1";
    s.verdict = verdict::valid;
    s.indication = indication::total_passed;
    s.signer.subject = "CN=Nguyễn Văn A,O=UBND \"xã\" <Mẫu> & Co";
    s.signer.certificate_sha256 = std::string(64, 'a');
    s.chain = {std::string(64, 'a'), std::string(64, 'b'), std::string(64, 'c')};
    s.digest_algorithm = "SHA-256";
    s.signature_algorithm = "ECDSA";
    s.claimed_time = noon;
    s.best_time = noon;
    s.stamps = {{validation::stamp_role::signature, indication::total_passed, "", noon, "CN=TSA"},
                {validation::stamp_role::archive, indication::total_passed, "", noon, "CN=TSA"}};
    s.covers = "revision";
    s.findings = {{"x509.sha1_tolerated", "Cũ <&>", "Old \x01"}};
    return s;
}

std::string evaluated(const std::string& xml, const std::string& expression) {
    temporary_directory dir;
    auto path = (dir.path() / "report.xml").string();
    BOOST_REQUIRE(write_file_atomically(path, as_bytes(xml)));
    std::string output;
    BOOST_TEST(run({"xmllint", "--xpath", expression, path}, &output) == 0, output);
    while (!output.empty() && output.back() == '\n') output.pop_back();
    return output;
}
std::string named(const std::string& name) { return "//*[local-name()='" + name + "']"; }
} // namespace

BOOST_AUTO_TEST_CASE(a_valid_signature_is_reported_in_the_words_of_the_standard) {
    validation::file_report file{"công văn.pdf", verdict::valid, {good_signature()}, {}, {}};
    std::string xml = validation::to_xml({{file, sha256::of("x")}}, noon);
    BOOST_TEST(evaluated(xml, "string(" + named("MainIndication") + ")") ==
               "urn:etsi:019102:mainindication:total-passed");
    BOOST_TEST(evaluated(xml, "count(" + named("SubIndication") + ")") == "0");
    BOOST_TEST(evaluated(xml, "string(" + named("Signer") + ")") == good_signature().signer.subject);
    BOOST_TEST(evaluated(xml, "string(" + named("SignatureValidationProcessID") + ")") ==
               "urn:etsi:019102:validationprocess:LTVA");
    BOOST_TEST(evaluated(xml, "string(" + named("BestSignatureTime") + "/*[1])") == to_rfc3339(noon));
    BOOST_TEST(evaluated(xml, "count(" + named("DocTimeStamp") + ")") == "1");
    BOOST_TEST(evaluated(xml, "string(" + named("CryptoInformation") + "/*[2])") ==
               "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256");
    // every certificate once, and each reference leads to one
    BOOST_TEST(evaluated(xml, "count(" + named("ValidationObject") + ")") == "3");
    BOOST_TEST(evaluated(xml, "count(//@VOReference[not(. = //@id)])") == "0");
    BOOST_TEST(evaluated(xml, "string(" + named("TrustAnchor") + "/@VOReference)") == "C-" + std::string(64, 'c'));
}

BOOST_AUTO_TEST_CASE(a_refused_signature_says_why_and_names_no_anchor) {
    validation::signature_report s = good_signature();
    s.indication = indication::indeterminate;
    s.sub_indication = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
    s.verdict = verdict::indeterminate;
    std::string xml = validation::to_xml({{{"a.pdf", s.verdict, {s}, {}, {}}, std::nullopt}}, noon);
    BOOST_TEST(evaluated(xml, "string(" + named("MainIndication") + ")") ==
               "urn:etsi:019102:mainindication:indeterminate");
    BOOST_TEST(evaluated(xml, "string(" + named("SubIndication") + ")") ==
               "urn:etsi:019102:subindication:CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
    BOOST_TEST(evaluated(xml, "count(" + named("TrustAnchor") + ")") == "0");
    BOOST_TEST(evaluated(xml, "string(" + named("SecureAlgorithm") + ")") == "false");
}

BOOST_AUTO_TEST_CASE(a_file_without_signatures_is_never_reported_as_passed) {
    std::string xml = validation::to_xml({{{"a.pdf", verdict::unsigned_, {}, {}, {}}, {}},
                                          {{"b<&\">.xml", verdict::valid, {good_signature()}, {}, {}}, {}}},
                                         noon);
    BOOST_TEST(evaluated(xml, "count(" + named("SignatureValidationReport") + ")") == "2");
    BOOST_TEST(evaluated(xml, "string((" + named("MainIndication") + ")[1])") ==
               "urn:etsi:019102:mainindication:indeterminate");
    BOOST_TEST(evaluated(xml, "string((" + named("DAIdentifier") + ")[2])") == "b<&\">.xml#Signature1");
    BOOST_TEST(evaluated(xml, "string((//*[local-name()='Type'])[2])") == "urn:vanthu:finding:unsigned");
}

BOOST_AUTO_TEST_CASE(a_named_policy_stands_where_the_standard_has_a_place_for_it) {
    using policy = validation::named_policy;
    auto reported = [&](const policy& of, bool known) {
        validation::signature_report s = good_signature();
        s.signature_policy = of;
        s.signature_policy_known = known;
        return validation::to_xml({{{"a.pdf", s.verdict, {s}, {}, {}}, std::nullopt}}, noon);
    };
    auto id = [&](const std::string& of) {
        return evaluated(reported({policy::kind::explicit_, of, "SHA-256", "00ff"}, false),
                         "string(" + named("SigPolicyIdentifier") + "[@Signed='true']" + named("SigPolicyId") + ")");
    };
    auto data = [&](const std::string& xml, const std::string& type) {
        return evaluated(xml,
                         "string(" + named("ReportData") + "[*[1]='urn:vanthu:signature-policy" + type + "']/*[2])");
    };
    BOOST_TEST(id("2.16.704.1.1") == "urn:oid:2.16.704.1.1");
    BOOST_TEST(id("https://example.vn/p?a=1&b=%20") == "https://example.vn/p?a=1&b=%20");
    BOOST_TEST(id("urn:x:y") == "urn:x:y");
    // Not every id of a signer's is what a schema takes for a URI.
    BOOST_TEST(id("http://[::/\xc4\x91") == "urn:vanthu:signature-policy:http%3A%2F%2F%5B%3A%3A%2F%C4%91");
    BOOST_TEST(id("http://a:b/") == "urn:vanthu:signature-policy:http%3A%2F%2Fa%3Ab%2F");
    const std::string whole = reported(
        {policy::kind::explicit_, "1.2.3", "SHA-256", "00ff", false, "https://example.vn/p", "Thông <báo>"}, true);
    BOOST_TEST(data(whole, "") == "1.2.3");
    BOOST_TEST(data(whole, ":known") == "true");
    BOOST_TEST(data(whole, ":hash") == "SHA-256 00ff");
    BOOST_TEST(data(whole, ":uri") == "https://example.vn/p");
    BOOST_TEST(data(whole, ":notice") == "Thông <báo>");
    for (auto how : {policy::kind::implied, policy::kind::malformed}) {
        const std::string xml = reported({how}, false);
        BOOST_TEST(evaluated(xml, "count(" + named("SigPolicyIdentifier") + ")") == "0");
        BOOST_TEST(data(xml, "") == (how == policy::kind::implied ? "implied" : "malformed"));
    }
}

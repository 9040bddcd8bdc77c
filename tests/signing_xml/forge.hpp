// XML signatures put together by hand, so that what must be refused can be signed with a good key.
#pragma once

#include "tests/signing_xml/world.hpp"

#include "daemon/base/base64.hpp"

namespace vanthu::test {

inline constexpr const char* exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
inline constexpr const char* c14n = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";

inline std::string base64_of(std::string_view octets) { return base64_encode(sha256::of(octets).view()); }

// A plain XML signature put together by hand: what is refused can so be signed with a good key.
struct forge {
    const xml_world& w;
    std::string references{}, objects{}, method = c14n;
    std::string certificate = base64_encode(w.who.certificate_der());

    forge& reference(const std::string& uri_attribute, const std::string& transforms, const std::string& digest,
                     const std::string& digest_algorithm = "http://www.w3.org/2001/04/xmlenc#sha256") {
        references += "<Reference" + uri_attribute + ">" +
                      (transforms.empty() ? "" : "<Transforms>" + transforms + "</Transforms>") +
                      "<DigestMethod Algorithm=\"" + digest_algorithm + "\"></DigestMethod><DigestValue>" + digest +
                      "</DigestValue></Reference>";
        return *this;
    }
    static std::string transform(const std::string& algorithm, const std::string& content = {}) {
        return "<Transform Algorithm=\"" + algorithm + "\">" + content + "</Transform>";
    }
    std::string make() const {
        std::string info =
            "<SignedInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><CanonicalizationMethod Algorithm=\"" + method +
            "\"></CanonicalizationMethod><SignatureMethod "
            "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></SignatureMethod>" +
            references + "</SignedInfo>";
        bytes value = w.who.sign_sha256(sha256::of(info).view());
        return "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"s\">" + info + "<SignatureValue>" +
               base64_encode(value) + "</SignatureValue><KeyInfo><X509Data><X509Certificate>" + certificate +
               "</X509Certificate></X509Data></KeyInfo>" + objects + "</Signature>";
    }
};

struct attack_world : xml_world {
    attack_world() : xml_world(test_key::rsa_2048) { trust.intermediates.push_back(cert_of(ca.sub())); }
    std::string enveloped_transforms =
        forge::transform("http://www.w3.org/2000/09/xmldsig#enveloped-signature") + forge::transform(exclusive);
    // <a>TEXT<Signature/></a> with whatever the forge does to it.
    bytes document(const std::string& content, const std::string& signature) {
        return to_bytes("<a>" + content + signature + "</a>");
    }
    std::string digest_of_whole(const std::string& content) { return base64_of("<a>" + content + "</a>"); }
    forge good(const std::string& content) {
        forge f{*this};
        f.reference(" URI=\"\"", enveloped_transforms, digest_of_whole(content));
        return f;
    }
    void refuses(const bytes& document, const std::string& finding, const char* verdict = nullptr,
                 const xml::verify_options& how = {}) {
        auto v = verify(document, signed_at, {}, how);
        BOOST_TEST(word(v) != "valid", told(v));
        if (verdict) BOOST_TEST(word(v) == verdict, told(v));
        bool said = signing::has_finding(v.report.findings, finding);
        for (const auto& s : v.report.signatures) said = said || signing::has_finding(s.findings, finding);
        BOOST_TEST(said, finding << " was expected: " << told(v));
    }
};

} // namespace vanthu::test

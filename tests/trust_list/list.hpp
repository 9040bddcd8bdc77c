// A trust list of the tests' own making.
#pragma once

#include "daemon/base/base64.hpp"
#include "signing/trust_list/trust_list.hpp"
#include "tests/signing_xml/world.hpp"

namespace vanthu::test {

inline const std::string svctype = "http://uri.etsi.org/TrstSvc/Svctype/",
                         svcstatus = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/",
                         svcext = "http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/";

struct listed_state {
    std::string type = svctype + "CA/QC", status = svcstatus + "granted", since = "2024-01-01T00:00:00Z", extensions{};
};
struct listed_service {
    std::vector<identity> who;
    std::vector<listed_state> states{{}}; // the newest first
};

inline std::string state_xml(const listed_state& s, const std::string& identity_xml) {
    return "<ServiceTypeIdentifier>" + s.type +
           "</ServiceTypeIdentifier>\n<ServiceName><Name xml:lang=\"vi\">Dịch vụ</Name></ServiceName>\n"
           "<ServiceDigitalIdentity>" +
           identity_xml + "</ServiceDigitalIdentity>\n<ServiceStatus>" + s.status +
           "</ServiceStatus>\n<StatusStartingTime>" + s.since + "</StatusStartingTime>\n" +
           (s.extensions.empty()
                ? ""
                : "<ServiceInformationExtensions>" + s.extensions + "</ServiceInformationExtensions>\n");
}
inline std::string additional(const std::string& what, bool critical = true) {
    return "<Extension Critical=\"" + std::string(critical ? "true" : "false") +
           "\"><AdditionalServiceInformation><URI xml:lang=\"en\">" + svcext + what +
           "</URI></AdditionalServiceInformation></Extension>";
}

struct list_head {
    std::string version = "6", next_update = "<dateTime>2026-09-01T00:00:00Z</dateTime>";
};

// In the order and with the elements that TS 119 612 wants.
inline bytes list_document(const std::vector<listed_service>& services, const list_head& head = {}) {
    std::string text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TrustServiceStatusList "
        "xmlns=\"http://uri.etsi.org/02231/v2#\" Id=\"list\" TSLTag=\"http://uri.etsi.org/19612/TSLTag\">\n"
        "<SchemeInformation><TSLVersionIdentifier>" +
        head.version +
        "</TSLVersionIdentifier><TSLSequenceNumber>7</TSLSequenceNumber>"
        "<TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/VNlist</TSLType>\n"
        "<SchemeTerritory>VN</SchemeTerritory><ListIssueDateTime>2026-01-01T00:00:00Z</ListIssueDateTime>"
        "<NextUpdate>" +
        head.next_update +
        "</NextUpdate></SchemeInformation>\n<TrustServiceProviderList><TrustServiceProvider><TSPInformation/>\n"
        "<TSPServices>\n";
    for (const listed_service& s : services) {
        std::string ids;
        for (const identity& i : s.who)
            ids += "<DigitalId><X509Certificate>\n" + base64_encode(i.certificate_der()) +
                   "\n</X509Certificate></DigitalId>\n";
        text += "<TSPService><ServiceInformation>" + state_xml(s.states.front(), ids) + "</ServiceInformation>\n";
        if (s.states.size() > 1) {
            text += "<ServiceHistory>";
            for (std::size_t i = 1; i < s.states.size(); ++i)
                text += "<ServiceHistoryInstance>" +
                        state_xml(s.states[i], "<DigitalId><X509SKI>AAAA</X509SKI></DigitalId>") +
                        "</ServiceHistoryInstance>";
            text += "</ServiceHistory>\n";
        }
        text += "</TSPService>\n";
    }
    return to_bytes(text +
                    "</TSPServices></TrustServiceProvider></TrustServiceProviderList>\n</TrustServiceStatusList>\n");
}

// The list's operator: a certificate that nobody else vouches for.
struct list_operator {
    identity who = self_signed(
        {.common_name = "Đơn vị phát hành danh sách", .extra_extensions = {"extendedKeyUsage=1.3.6.1.5.5.7.3.9"}});
    x509::certificate cert = cert_of(who);

    bytes sign(const bytes& document, const xml::sign_options& how = xml_world::plain()) const {
        cms::signer s{
            cert, {}, cms::scheme::ecdsa, [key = who](bytes_view h) -> result<bytes> { return key.sign_sha256(h); }};
        return xml::spliced(document, xml::sign_enveloped(xml::in_memory(document), s, how).value());
    }
    result<std::vector<trust_list::listed_anchor>> read(const bytes& signed_list, timestamp now = signed_at) const {
        return trust_list::read(signed_list, {cert}, now);
    }
};

} // namespace vanthu::test

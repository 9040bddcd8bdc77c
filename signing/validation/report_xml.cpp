#include "signing/validation/report_xml.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/xml_text.hpp"

#include <fmt/format.h>
#include <set>

namespace vanthu::validation {
namespace {

using signing::indication;

constexpr std::string_view sha256_uri = "http://www.w3.org/2001/04/xmlenc#sha256";

// What XML 1.0 cannot hold becomes '?'.
std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') c = '?';
    return out;
}

// Elements opened and closed in step.
class element {
public:
    element(std::string& out, std::string_view name, std::string_view attributes = {}) : out_(out), name_(name) {
        out_ += fmt::format("<{}{}{}>", name_, attributes.empty() ? "" : " ", attributes);
    }
    ~element() { out_ += fmt::format("</{}>", name_); }
    element(const element&) = delete;

private:
    std::string& out_;
    std::string_view name_;
};

void leaf(std::string& out, std::string_view name, std::string_view text) {
    out += fmt::format("<{0}>{1}</{0}>", name, xml_text(printable(text)));
}
void reference(std::string& out, std::string_view name, std::string_view id) {
    out += fmt::format("<{} VOReference=\"{}\"/>", name, id);
}
void digest_value(std::string& out, std::string_view hex) {
    element e(out, "vr:DigestAlgAndValue");
    out += fmt::format("<ds:DigestMethod Algorithm=\"{}\"/>", sha256_uri);
    leaf(out, "ds:DigestValue", base64_encode(from_hex(hex).value_or(bytes{})));
}

// An OID as a URN. What is no URI beyond doubt (a schema's anyURI takes less than signers write) stands in a URN, every
// octet of it that might offend escaped.
std::string policy_uri(std::string_view id) {
    if (is_oid(id)) return fmt::format("urn:oid:{}", id);
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view schemes[] = {"http://", "https://", "urn:"};
    for (std::string_view scheme : schemes) {
        if (!id.starts_with(scheme)) continue;
        const std::string_view rest = id.substr(scheme.size()), host = rest.substr(0, rest.find('/'));
        if (!host.empty() && (scheme == "urn:" || host.find_first_not_of(letters) == host.npos) &&
            rest.find_first_not_of(std::string(letters) + "/:?=&;,+@!%") == rest.npos)
            return std::string(id);
    }
    std::string out = "urn:vanthu:signature-policy:";
    for (char c : id)
        out +=
            letters.find(c) != letters.npos ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
}

std::string_view main_indication(indication i) {
    return i == indication::total_passed   ? "urn:etsi:019102:mainindication:total-passed"
           : i == indication::total_failed ? "urn:etsi:019102:mainindication:total-failed"
                                           : "urn:etsi:019102:mainindication:indeterminate";
}

// Source: RFC 6931 and RFC 9231, as TS 119 102-2 wants algorithm identifiers as URIs.
std::string algorithm_uri(const signature_report& s) {
    std::string hash;
    for (char c : s.digest_algorithm)
        if (c != '-') hash += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); // "SHA-256" -> "sha256"
    if (s.signature_algorithm == "RSASSA-PSS") return "http://www.w3.org/2007/05/xmldsig-more#" + hash + "-rsa-MGF1";
    if (s.signature_algorithm == "ECDSA") return "http://www.w3.org/2001/04/xmldsig-more#ecdsa-" + hash;
    return "http://www.w3.org/2001/04/xmldsig-more#rsa-" + hash;
}

class writer {
public:
    explicit writer(timestamp at) : at_(to_rfc3339(at)) {}

    std::string write(const std::vector<judged_file>& files) {
        out_ = R"(<?xml version="1.0" encoding="UTF-8"?>)"
               "\n";
        {
            element report(out_, "vr:ValidationReport",
                           R"(xmlns:vr="http://uri.etsi.org/19102/v1.4.1#" )"
                           R"(xmlns:ds="http://www.w3.org/2000/09/xmldsig#")");
            for (const judged_file& f : files) {
                for (const signature_report& s : f.report.signatures) one_signature(f, s);
                if (f.report.signatures.empty()) no_signature(f);
            }
            if (!objects_.empty()) {
                element all(out_, "vr:SignatureValidationObjects");
                out_ += objects_;
            }
        }
        out_ += "\n";
        return std::move(out_);
    }

private:
    void one_signature(const judged_file& f, const signature_report& s) {
        std::string id = fmt::format("S-{}", ++count_);
        element e(out_, "vr:SignatureValidationReport");
        {
            element identifier(out_, "vr:SignatureIdentifier", fmt::format("id=\"{}\"", id));
            hashes();
            leaf(out_, "vr:DAIdentifier", fmt::format("{}#{}", f.report.file, s.field));
        }
        time_info(s);
        document(f);
        attributes(s);
        signer(s);
        process(s.level == "B-LTA" ? "LTVA" : s.best_time ? "LTVM" : "Basic");
        status(s, id);
    }

    void no_signature(const judged_file& f) {
        element e(out_, "vr:SignatureValidationReport");
        {
            element identifier(out_, "vr:SignatureIdentifier", fmt::format("id=\"S-{}\"", ++count_));
            hashes();
            leaf(out_, "vr:DAIdentifier", f.report.file);
        }
        document(f);
        element state(out_, "vr:SignatureValidationStatus");
        leaf(out_, "vr:MainIndication", main_indication(indication::indeterminate));
        std::vector<signing::finding> all = f.report.findings;
        if (f.report.verdict == signing::verdict::unsigned_)
            all.push_back({"unsigned", "Tệp không có chữ ký số.", "The file carries no signature."});
        if (all.empty()) return;
        element data(out_, "vr:AssociatedValidationReportData");
        findings(all, f.report.file, "");
    }

    void hashes() {
        leaf(out_, "vr:HashOnly", "false");
        leaf(out_, "vr:DocHashOnly", "false");
    }

    void time_info(const signature_report& s) {
        element e(out_, "vr:ValidationTimeInfo");
        leaf(out_, "vr:ValidationTime", at_);
        element best(out_, "vr:BestSignatureTime");
        leaf(out_, "vr:POETime", s.best_time ? to_rfc3339(*s.best_time) : at_);
        leaf(out_, "vr:TypeOfProof", "urn:etsi:019102:poetype:validation");
    }

    void document(const judged_file& f) {
        if (!f.sha256) return;
        element e(out_, "vr:SignersDocument");
        digest_value(out_, f.sha256->hex());
    }

    void attributes(const signature_report& s) {
        const bool names_policy = s.signature_policy && s.signature_policy->how == named_policy::kind::explicit_;
        bool any = s.claimed_time.has_value() || names_policy;
        for (const stamp_report& t : s.stamps) any = any || t.time;
        if (!any) return;
        element e(out_, "vr:SignatureAttributes");
        if (s.claimed_time) {
            element time(out_, "vr:SigningTime");
            leaf(out_, "vr:Time", to_rfc3339(*s.claimed_time));
        }
        if (names_policy) {
            element policy(out_, "vr:SigPolicyIdentifier", "Signed=\"true\"");
            leaf(out_, "vr:SigPolicyId", policy_uri(s.signature_policy->id));
        }
        for (const stamp_report& t : s.stamps) {
            if (!t.time) continue;
            std::string_view name = t.role == stamp_role::content     ? "vr:AllDataObjectsTimeStamp"
                                    : t.role == stamp_role::signature ? "vr:SignatureTimeStamp"
                                    : s.format == "pades"             ? "vr:DocTimeStamp"
                                                                      : "vr:ArchiveTimeStamp";
            element stamp(out_, name);
            leaf(out_, "vr:TimeStampValue", to_rfc3339(*t.time));
        }
    }

    std::string certificate(const std::string& sha256_hex) {
        std::string id = "C-" + sha256_hex;
        if (!known_.insert(id).second) return id;
        element o(objects_, "vr:ValidationObject", fmt::format("id=\"{}\"", id));
        leaf(objects_, "vr:ObjectType", "urn:etsi:019102:validationObject:certificate");
        element r(objects_, "vr:ValidationObjectRepresentation");
        digest_value(objects_, sha256_hex);
        return id;
    }

    void signer(const signature_report& s) {
        if (s.signer.certificate_sha256.empty()) return;
        std::string id = certificate(s.signer.certificate_sha256);
        element e(out_, "vr:SignerInformation");
        reference(out_, "vr:SignerCertificate", id);
        leaf(out_, "vr:Signer", s.signer.subject);
    }

    void process(std::string_view name) {
        element e(out_, "vr:SignatureValidationProcess");
        leaf(out_, "vr:SignatureValidationProcessID", fmt::format("urn:etsi:019102:validationprocess:{}", name));
    }

    void status(const signature_report& s, const std::string& id) {
        element e(out_, "vr:SignatureValidationStatus");
        leaf(out_, "vr:MainIndication", main_indication(s.indication));
        if (!s.sub_indication.empty())
            leaf(out_, "vr:SubIndication", "urn:etsi:019102:subindication:" + s.sub_indication);
        element data(out_, "vr:AssociatedValidationReportData");
        if (!s.chain.empty()) {
            std::vector<std::string> ids;
            for (const std::string& c : s.chain) ids.push_back(certificate(c));
            element chain(out_, "vr:CertificateChain");
            reference(out_, "vr:SigningCertificate", ids.front());
            // The last is an anchor only where the path was accepted; otherwise nothing says so.
            bool anchored = s.indication == indication::total_passed && ids.size() > 1;
            for (std::size_t i = 1; i + (anchored ? 1 : 0) < ids.size(); ++i)
                reference(out_, "vr:IntermediateCertificate", ids[i]);
            if (anchored) reference(out_, "vr:TrustAnchor", ids.back());
        }
        if (!s.digest_algorithm.empty() && !s.signature_algorithm.empty()) {
            element crypto(out_, "vr:CryptoInformation");
            reference(out_, "vr:ValidationObjectId", id);
            leaf(out_, "vr:Algorithm", algorithm_uri(s));
            leaf(out_, "vr:SecureAlgorithm",
                 s.sub_indication.starts_with("CRYPTO_CONSTRAINTS_FAILURE") ? "false" : "true");
        }
        findings(s.findings, s.covers, s.level, s.try_again, &s);
    }

    void data(std::string_view type, std::string_view value) {
        element e(out_, "vr:ReportData");
        leaf(out_, "vr:Type", type);
        leaf(out_, "vr:Value", value);
    }
    // What SigPolicyIdentifier has no place for.
    void signature_policy(const named_policy& p, bool known) {
        data("urn:vanthu:signature-policy", p.how == named_policy::kind::explicit_ ? p.id
                                            : p.how == named_policy::kind::implied ? "implied"
                                                                                   : "malformed");
        if (p.how != named_policy::kind::explicit_) return;
        data("urn:vanthu:signature-policy:known", known ? "true" : "false");
        if (!p.hash.empty()) data("urn:vanthu:signature-policy:hash", fmt::format("{} {}", p.hash_algorithm, p.hash));
        if (!p.uri.empty()) data("urn:vanthu:signature-policy:uri", p.uri);
        if (!p.notice.empty()) data("urn:vanthu:signature-policy:notice", p.notice);
    }
    void findings(const std::vector<signing::finding>& all, std::string_view covers, std::string_view level,
                  std::optional<timestamp> try_again = {}, const signature_report* of = nullptr) {
        element e(out_, "vr:AdditionalValidationReportData");
        data("urn:vanthu:covers", covers);
        if (!level.empty()) data("urn:vanthu:level", level);
        if (try_again) data("urn:vanthu:try-again", to_rfc3339(*try_again));
        if (of && of->signature_policy) signature_policy(*of->signature_policy, of->signature_policy_known);
        for (const signing::finding& f : all) data("urn:vanthu:finding:" + f.code, f.text_vi + " / " + f.text_en);
    }

    std::string at_, out_, objects_;
    std::set<std::string> known_;
    int count_ = 0;
};

} // namespace

std::string to_xml(const std::vector<judged_file>& files, timestamp at) { return writer(at).write(files); }

} // namespace vanthu::validation

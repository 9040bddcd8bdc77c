#include "signing/cades/verify.hpp"

#include "signing/cms/findings.hpp"
#include "signing/cms/signed_data.hpp"

namespace vanthu::cades {
using cms::make_finding;
using signing::indication;
using validation::signature_facts;
namespace sub = signing::sub;
namespace {

class reader {
public:
    reader(signature_facts& out, const reading& how) : out_(out), how_(how) {}

    void fail(std::string_view sub_indication, std::string_view code) {
        out_.objections.push_back({indication::total_failed, std::string(sub_indication), make_finding(code)});
    }
    void doubt(std::string_view sub_indication, std::string_view code) {
        out_.objections.push_back({indication::indeterminate, std::string(sub_indication), make_finding(code)});
    }

    // False: nothing more can be said.
    bool identify(const cms::signed_data& message) {
        if (message.content) return fail(sub::format_failure, "cms.not_detached"), false;
        if (!message_digest_attribute(message) || !content_type_matches(message))
            return fail(sub::format_failure, "cms.attribute_missing"), false;
        if (!message.signer) return doubt(sub::no_signing_certificate_found, "cms.no_signer_certificate"), false;
        switch (signing_certificate_attribute(message, false)) {
        case cms::essential::matches:
            out_.binds_certificate = true;
            break;
        case cms::essential::differs:
            return doubt(sub::no_signing_certificate_found, "cms.signing_certificate_differs"), false;
        case cms::essential::absent:
            if (how_.require_signing_certificate)
                doubt(sub::sig_constraints_failure, "cms.no_signing_certificate_attribute");
            else
                out_.remarks.push_back(make_finding("cms.no_signing_certificate_attribute"));
        }
        return true;
    }

    void check_integrity(const cms::signed_data& message, const cms::content_digest& content) {
        if (!message.hash) return doubt(sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
        bytes own = content(*message.hash);
        if (own.empty()) return doubt(sub::signed_data_not_found, "cms.content_missing");
        if (own != *message_digest_attribute(message)) return fail(sub::hash_failure, "cms.digest_mismatch");
        if (!signature_is_good(message)) return fail(sub::sig_crypto_failure, "cms.signature_wrong");
        if (*message.hash == x509::hash::sha1 || out_.signature_algorithm.empty())
            doubt(sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    }

    void collect_stamps(const cms::signed_data& message) {
        bytes value = ossl::octets(CMS_SignerInfo_get0_signature(message.info));
        for (bytes& token : timestamp_attributes(message))
            out_.stamps.push_back({validation::stamp_role::signature, std::move(token),
                                   [value](x509::hash h) { return x509::hash_of(h, value); }});
    }

private:
    signature_facts& out_;
    const reading& how_;
};

} // namespace

signature_facts read_signature(bytes_view cms, const cms::content_digest& content, const reading& how) {
    signature_facts out;
    reader steps(out, how);
    auto message = cms::open_signed_data(cms, how.zero_padding);
    if (!message) {
        steps.fail(sub::format_failure, "cms.not_cms");
        return out;
    }
    out.signer = message->signer;
    out.certificates = message->embedded;
    out.digest_algorithm = message->hash ? x509::name(*message->hash) : "";
    out.signature_algorithm = scheme_name(*message);
    out.claimed_time = signing_time_attribute(*message);
    if (!out.claimed_time) out.claimed_time = how.claimed_time;
    if (!steps.identify(*message)) return out;
    steps.check_integrity(*message, content);
    steps.collect_stamps(*message);
    return out;
}

} // namespace vanthu::cades

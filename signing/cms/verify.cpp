#include "signing/cms/verify.hpp"

#include "signing/cms/findings.hpp"
#include "signing/cms/signed_data.hpp"

#include <algorithm>
#include <openssl/err.h>

namespace vanthu::cms {
using signing::indication;
namespace sub = signing::sub;
namespace {

class verification {
public:
    verification(cms_verdict& out, const verify_policy& policy) : out_(out), policy_(policy) {}

    void remark(std::string_view code) {
        if (!signing::has_finding(out_.findings, code)) out_.findings.push_back(make_finding(code));
    }
    void remark(const std::vector<signing::finding>& more) {
        for (const signing::finding& f : more)
            if (!signing::has_finding(out_.findings, f.code)) out_.findings.push_back(f);
    }
    // A failure ends the matter. Of several doubts the first is the sub-indication.
    bool fail(std::string_view sub_indication, std::string_view code) {
        remark(code);
        out_.indication = indication::total_failed;
        out_.sub_indication = sub_indication;
        failed_ = true;
        return false;
    }
    bool doubt(std::string_view sub_indication, std::string_view code) {
        remark(code);
        note_doubt(sub_indication);
        return false;
    }
    void note_doubt(std::string_view sub_indication) {
        doubted_ = true;
        if (!failed_ && out_.sub_indication.empty()) out_.sub_indication = sub_indication;
    }
    void conclude() {
        if (!failed_) out_.indication = doubted_ ? indication::indeterminate : indication::total_passed;
        out_.verdict = to_verdict(out_.indication);
    }

    // False: nothing more can be said.
    bool identify(const signed_data& message) {
        if (message.content) return fail(sub::format_failure, "cms.not_detached");
        if (!message_digest_attribute(message) || !content_type_matches(message))
            return fail(sub::format_failure, "cms.attribute_missing");
        if (!message.signer) return doubt(sub::no_signing_certificate_found, "cms.no_signer_certificate");
        switch (signing_certificate_attribute(message, false)) {
        case essential::matches:
            out_.level = "B-B";
            break;
        case essential::differs:
            return doubt(sub::no_signing_certificate_found, "cms.signing_certificate_differs");
        case essential::absent:
            if (policy_.require_signing_certificate)
                doubt(sub::sig_constraints_failure, "cms.no_signing_certificate_attribute");
            else
                remark("cms.no_signing_certificate_attribute");
        }
        return true;
    }

    bool check_integrity(const signed_data& message, const content_digest& content) {
        if (!message.hash) return doubt(sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
        bytes own = content(*message.hash);
        if (own.empty()) return doubt(sub::signed_data_not_found, "cms.content_missing");
        if (own != *message_digest_attribute(message)) return fail(sub::hash_failure, "cms.digest_mismatch");
        if (!signature_is_good(message)) return fail(sub::sig_crypto_failure, "cms.signature_wrong");
        if (*message.hash == x509::hash::sha1 || out_.signature_algorithm.empty())
            doubt(sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
        return true;
    }

    // The earliest valid time stamp proves that the signature existed then.
    void find_best_time(const signed_data& message, const x509::trust_store& trust, const x509::evidence& known,
                        timestamp at) {
        bytes value = ossl::octets(CMS_SignerInfo_get0_signature(message.info));
        for (const bytes& token : timestamp_attributes(message)) {
            timestamp_verdict found = check_timestamp(token, value, trust, known, at, policy_.revocation);
            bool good = found.indication == indication::total_passed && found.time && *found.time <= at;
            if (good && (!out_.best_time_proven || *found.time < out_.best_time)) {
                out_.best_time = *found.time;
                out_.best_time_proven = true;
                out_.time_stamp = std::move(found);
            } else if (!out_.time_stamp) {
                out_.time_stamp = std::move(found);
            }
        }
        if (out_.time_stamp) remark(out_.time_stamp->findings);
        if (out_.best_time_proven && out_.level == "B-B") out_.level = "B-T";
        if (out_.time_stamp && !out_.best_time_proven) remark("cms.timestamp_invalid");
        if (policy_.require_timestamp && !out_.best_time_proven) doubt(sub::no_poe, "cms.timestamp_missing");
    }

    void check_path(const x509::trust_store& trust, const x509::evidence& known) {
        out_.path = x509::validate_path(out_.signer, out_.embedded, trust, known, out_.best_time,
                                        x509::purpose::document_signature, policy_.revocation);
        remark(out_.path.findings);
        if (out_.path.passed()) return;
        // Against himself the signer's own word is enough (EN 319 102-1, 5.2.6 and 5.5.4).
        const auto& claimed = out_.claimed_time;
        if (out_.path.sub_indication == sub::revoked_no_poe && claimed && out_.path.revoked->of_leaf &&
            *claimed >= out_.path.revoked->when)
            fail(sub::revoked, "cms.signed_after_revocation");
        else if (out_.path.sub_indication == sub::out_of_bounds_no_poe && claimed && *claimed > out_.signer.not_after())
            fail(sub::expired, "cms.signed_after_expiry");
        else if (out_.path.sub_indication == sub::out_of_bounds_no_poe && out_.best_time_proven &&
                 out_.best_time < out_.signer.not_before())
            fail(sub::not_yet_valid, "cms.signed_before_issue");
        else
            note_doubt(out_.path.sub_indication);
    }

private:
    cms_verdict& out_;
    const verify_policy& policy_;
    bool failed_ = false, doubted_ = false;
};

} // namespace

cms_verdict verify(bytes_view cms, const content_digest& content, const x509::trust_store& trust,
                   const x509::evidence& known, timestamp at, const verify_policy& policy) {
    cms_verdict out;
    out.best_time = at;
    verification steps(out, policy);
    auto message = open_signed_data(cms, policy.zero_padding);
    if (!message) {
        steps.fail(sub::format_failure, "cms.not_cms");
        steps.conclude();
        return out;
    }
    out.signer = message->signer;
    out.embedded = message->embedded;
    out.digest_algorithm = message->hash ? x509::name(*message->hash) : "";
    out.signature_algorithm = scheme_name(*message);
    out.claimed_time = signing_time_attribute(*message);
    if (!out.claimed_time) out.claimed_time = policy.claimed_time;
    if (steps.identify(*message) && steps.check_integrity(*message, content)) {
        steps.find_best_time(*message, trust, known, at);
        steps.check_path(trust, known);
    }
    steps.conclude();
    return out;
}

} // namespace vanthu::cms

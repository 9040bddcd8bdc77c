#include "signing/cades/verify.hpp"

#include "signing/cades/policy.hpp"
#include "signing/cades/stamps.hpp"
#include "signing/cms/findings.hpp"
#include "signing/cms/signed_data.hpp"
#include "signing/cms/unsigned_parts.hpp"

#include <algorithm>

namespace vanthu::cades {
using cms::make_finding;
using signing::indication;
using validation::signature_facts;
namespace sub = signing::sub;
namespace {

void fail(signature_facts& out, std::string_view sub_indication, std::string_view code) {
    out.objections.push_back({indication::total_failed, std::string(sub_indication), make_finding(code)});
}
void doubt(signature_facts& out, std::string_view sub_indication, std::string_view code) {
    out.objections.push_back({indication::indeterminate, std::string(sub_indication), make_finding(code)});
}

signature_facts unreadable(const std::error_code& why) {
    signature_facts out;
    if (why == cms::errc::over_budget)
        doubt(out, sub::format_failure, "budget");
    else
        fail(out, sub::format_failure, "cms.not_cms");
    return out;
}

class signer_reading {
public:
    signer_reading(const cms::message_parts& message, const cms::signer_parts& parts, const cms::signed_data& signer,
                   digests_of_content& content, const reading& how)
        : message_(message), parts_(parts), signer_(signer), content_(content), how_(how) {}

    signature_facts run() {
        out_.signer = signer_.signer;
        out_.certificates = signer_.embedded;
        out_.digest_algorithm = signer_.hash ? x509::name(*signer_.hash) : "";
        out_.signature_algorithm = scheme_name(signer_);
        out_.claimed_time = signing_time_attribute(signer_);
        if (!out_.claimed_time) out_.claimed_time = how_.claimed_time;
        out_.signature_policy = signature_policy_of(parts_);
        if (!identify()) return std::move(out_);
        check_integrity();
        collect_values(message_, parts_, how_.limits, out_, how_.memory);
        if (!collect_stamps(message_, parts_, content_, how_.limits, out_, how_.memory))
            doubt(out_, sub::format_failure, "budget");
        return std::move(out_);
    }

private:
    // False: nothing more can be said.
    bool identify() {
        if (message_.content && !how_.content_inside) return fail(out_, sub::format_failure, "cms.not_detached"), false;
        if (!message_digest_attribute(signer_) || !content_type_matches(signer_))
            return fail(out_, sub::format_failure, "cms.attribute_missing"), false;
        if (!signer_.signer) return doubt(out_, sub::no_signing_certificate_found, "cms.no_signer_certificate"), false;
        switch (signing_certificate_attribute(signer_, false)) {
        case cms::essential::matches:
            out_.binds_certificate = true;
            break;
        case cms::essential::differs:
            return doubt(out_, sub::no_signing_certificate_found, "cms.signing_certificate_differs"), false;
        case cms::essential::absent:
            if (how_.require_signing_certificate)
                doubt(out_, sub::sig_constraints_failure, "cms.no_signing_certificate_attribute");
            else
                out_.remarks.push_back(make_finding("cms.no_signing_certificate_attribute"));
        }
        return true;
    }

    void check_integrity() {
        if (!signer_.hash) return doubt(out_, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
        const bytes& own = content_.under(*signer_.hash);
        if (own.empty()) return doubt(out_, sub::signed_data_not_found, "cms.content_missing");
        if (own != *message_digest_attribute(signer_)) return fail(out_, sub::hash_failure, "cms.digest_mismatch");
        if (!signature_is_good(signer_)) return fail(out_, sub::sig_crypto_failure, "cms.signature_wrong");
        if (out_.signature_algorithm.empty()) doubt(out_, sub::crypto_constraints_failure_no_poe, "cms.weak_algorithm");
    }

    const cms::message_parts& message_;
    const cms::signer_parts& parts_;
    const cms::signed_data& signer_;
    digests_of_content& content_;
    const reading& how_;
    signature_facts out_;
};

} // namespace

std::vector<signature_facts> read_signatures(bytes_view cms, const cms::content_digest& content, const reading& how) {
    auto parts = cms::take_apart(cms, how.limits, how.zero_padding);
    if (!parts) return {unreadable(parts.error().code)};
    auto signers = cms::open_signers(*parts, how.memory);
    if (!signers) return {unreadable(signers.error().code)};
    if (signers->empty()) return {unreadable(cms::errc::not_cms)};
    digests_of_content digests(*parts, content);
    const bool foreign = !how.in_pdf() && !cms::unsigned_parts_are_known(*parts, how.memory);
    std::vector<signature_facts> all;
    for (std::size_t i = 0; i < signers->size(); ++i) {
        all.push_back(signer_reading(*parts, parts->signers[i], (*signers)[i], digests, how).run());
        if (foreign) doubt(all.back(), sub::sig_constraints_failure, "cms.unsigned_content");
    }
    return all;
}

signature_facts read_signature(bytes_view cms, const cms::content_digest& content, const reading& how) {
    auto all = read_signatures(cms, content, how);
    return all.size() == 1 ? std::move(all[0]) : unreadable(cms::errc::not_cms);
}

validation::file_report verify(bytes_view cms, const cms::content_digest& content, const x509::trust_store& trust,
                               const x509::evidence& known, timestamp at, const validation::policy& policy,
                               const cms::budget& limits, x509::cache* memory) {
    validation::file_report report;
    reading how;
    how.content_inside = true;
    how.limits = limits;
    how.memory = memory;
    for (const signature_facts& facts : read_signatures(cms, content, how)) {
        validation::conclusion judged = validation::judge(facts, trust, known, at, policy, memory);
        for (x509::need& n : judged.missing)
            if (std::ranges::find(report.missing, n) == report.missing.end()) report.missing.push_back(std::move(n));
        validation::signature_report one = validation::report_of(facts, judged);
        one.format = "cades";
        one.covers = "whole";
        report.signatures.push_back(std::move(one));
    }
    if (auto parts = cms::take_apart(cms, limits); parts && parts->content)
        for (validation::signature_report& s : report.signatures)
            for (bytes_view piece : *parts->content) s.covered_bytes += piece.size();
    report.verdict = validation::overall(report.signatures, report.findings);
    return report;
}

} // namespace vanthu::cades

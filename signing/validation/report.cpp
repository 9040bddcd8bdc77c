#include "signing/validation/report.hpp"

#include "signing/finding_table.hpp"

#include <algorithm>

namespace vanthu::validation {
using signing::indication;
using signing::verdict;
namespace {

constexpr signing::finding_row texts[] = {
    {"policy.format", "Chính sách không chấp nhận định dạng chữ ký này.",
     "The policy does not accept signatures of this format."},
    {"policy.level", "Chữ ký chưa đạt mức chính sách yêu cầu.",
     "The signature is below the level that the policy demands."},
    {"policy.claimed_time", "Chữ ký không ghi thời gian ký như chính sách yêu cầu.",
     "The signature does not state the time of signing, as the policy demands."},
};
const signing::finding_table table(texts);

} // namespace

void describe(const x509::certificate& who, signer_info& out) {
    if (!who) return;
    std::string organisation = who.organisations().empty() ? "" : who.organisations().front();
    out = {who.subject(),           who.serial(),       organisation, who.common_name(),
           who.organisation_code(), who.sha256().hex(), who.issuer(), who.spki_sha256().hex()};
}

signature_report report_of(const signature_facts& facts, const conclusion& judged) {
    signature_report r;
    r.level = judged.level;
    r.indication = judged.indication;
    r.sub_indication = judged.sub_indication;
    r.verdict = signing::to_verdict(judged.indication);
    describe(facts.signer, r.signer);
    r.digest_algorithm = facts.digest_algorithm;
    r.signature_algorithm = facts.signature_algorithm;
    r.claimed_time = facts.claimed_time;
    r.signature_policy = facts.signature_policy;
    r.signature_policy_known = judged.signature_policy_known;
    if (judged.best_time_proven) r.best_time = judged.best_time;
    r.try_again = judged.try_again;
    for (const stamp_verdict& s : judged.stamps)
        r.stamps.push_back({s.role, s.verdict.indication, s.verdict.sub_indication, s.verdict.time,
                            s.verdict.authority ? s.verdict.authority.subject() : ""});
    for (const x509::certificate& c : judged.path.chain) r.chain.push_back(c.sha256().hex());
    r.findings = judged.findings;
    return r;
}

bool acts_for_organisation_of(const signer_info& who, const signer_info& first) {
    if (who.certificate_sha256.empty() || first.certificate_sha256.empty()) return false;
    if (who.certificate_sha256 == first.certificate_sha256) return true;
    if (!who.organisation_code.empty() && !first.organisation_code.empty())
        return who.organisation_code == first.organisation_code;
    return !first.organisation.empty() &&
           (who.organisation == first.organisation || who.common_name == first.organisation);
}

void object(signature_report& r, const objection& against) {
    auto badness = [](indication i) {
        return i == indication::total_passed ? 0 : i == indication::indeterminate ? 1 : 2;
    };
    if (badness(against.indication) > badness(r.indication)) {
        r.indication = against.indication;
        r.sub_indication = against.sub_indication;
        r.verdict = signing::to_verdict(r.indication);
    }
    r.findings.push_back(against.what);
}

void enforce(file_report& report, const signature_rules& rules) {
    constexpr std::string_view levels[] = {"", "B-B", "B-T", "B-LT", "B-LTA"};
    auto rank = [&](std::string_view level) { return std::find(std::begin(levels), std::end(levels), level); };
    bool any = false;
    for (signature_report& s : report.signatures) {
        if (s.format == "timestamp") continue;
        auto against = [&](std::string_view code, std::string_view detail) {
            any = true;
            object(s, {indication::indeterminate, std::string(signing::sub::sig_constraints_failure),
                       signing::finding_from(texts, code, detail)});
        };
        if (!rules.formats.empty() &&
            std::find(rules.formats.begin(), rules.formats.end(), s.format) == rules.formats.end())
            against("policy.format", s.format);
        if (rank(s.level) < rank(rules.minimum_level)) against("policy.level", rules.minimum_level);
        if (rules.require_claimed_time && !s.claimed_time) against("policy.claimed_time", "");
    }
    if (any && report.verdict != verdict::invalid) report.verdict = verdict::indeterminate;
}

verdict overall(const std::vector<signature_report>& signatures, const std::vector<signing::finding>& about_file) {
    auto any = [&](verdict v) {
        return std::any_of(signatures.begin(), signatures.end(),
                           [&](const signature_report& s) { return s.verdict == v; });
    };
    if (any(verdict::invalid)) return verdict::invalid;
    if (!about_file.empty() || any(verdict::indeterminate)) return verdict::indeterminate;
    bool by_somebody = std::any_of(signatures.begin(), signatures.end(),
                                   [](const signature_report& s) { return s.format != "timestamp"; });
    return by_somebody ? verdict::valid : verdict::unsigned_;
}

} // namespace vanthu::validation

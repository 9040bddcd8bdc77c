#include "signing/validation/process.hpp"

#include "signing/cms/findings.hpp"
#include "signing/validation/existence.hpp"
#include "signing/x509/findings.hpp"

#include <algorithm>

namespace vanthu::validation {
using signing::indication;
namespace sub = signing::sub;
namespace {

// Clocks differ, and who signs asks for the status shortly before.
constexpr auto as_new = std::chrono::minutes(5);

class process {
public:
    process(const signature_facts& facts, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
            const policy& p, x509::cache* memory)
        : facts_(facts), trust_(trust), at_(at), policy_(p), memory_(memory), known_(facts.embedded) {
        known_.add(known);
        out_.best_time = at;
        proven_.now = at;
    }

    conclusion run() {
        for (const objection& o : facts_.objections) object(o);
        remark(facts_.remarks);
        if (facts_.binds_certificate) out_.level = "B-B";
        if (!facts_.objections.empty() || !facts_.signer) { // nothing is proven to have been signed
            if (facts_.objections.empty())
                object({indication::indeterminate, std::string(sub::no_signing_certificate_found),
                        cms::make_finding("cms.no_signer_certificate")});
            return finish();
        }
        judge_signature_policy();
        judge_stamps();
        judge_algorithm();
        judge_path();
        look_at_claimed_time();
        find_level();
        return finish();
    }

private:
    void remark(const std::vector<signing::finding>& more) {
        for (const signing::finding& f : more)
            if (!signing::has_finding(out_.findings, f.code)) out_.findings.push_back(f);
    }
    // A failure ends the matter. Of several doubts the first is the sub-indication.
    void object(const objection& o) {
        remark({o.what});
        note(o.indication, o.sub_indication);
    }
    void note(indication i, std::string_view sub_indication) {
        bool first_doubt = i == indication::indeterminate && !doubted_ && !failed_;
        bool first_failure = i == indication::total_failed && !failed_;
        if (first_doubt || first_failure) out_.sub_indication = sub_indication;
        (i == indication::total_failed ? failed_ : doubted_) = true;
    }
    void fail(std::string_view sub_indication, std::string_view code) {
        object({indication::total_failed, std::string(sub_indication), cms::make_finding(code)});
    }
    void doubt(std::string_view sub_indication, std::string_view code) {
        object({indication::indeterminate, std::string(sub_indication), cms::make_finding(code)});
    }

    // What is no reason against the signature is a remark, and the rest is judged in any case.
    void judge_signature_policy() {
        if (!facts_.signature_policy) return;
        const policy_standing standing = standing_of(*facts_.signature_policy, policy_.signature_policies);
        out_.signature_policy_known = standing.known;
        if (!standing.finding) return;
        if (standing.sub_indication.empty())
            remark({*standing.finding});
        else
            object({indication::indeterminate, std::string(standing.sub_indication), *standing.finding});
    }

    // Newest first: a valid archive stamp moves the time for which everything older is judged back to its own.
    void judge_stamps() {
        out_.stamps.resize(facts_.stamps.size());
        cms::stamp_time proven{at_}; // of what has not been judged yet
        std::optional<cms::stamp_time> earliest;
        for (std::size_t i = facts_.stamps.size(); i-- > 0;) {
            const time_stamp& s = facts_.stamps[i];
            stamp_verdict& v = out_.stamps[i];
            v.role = s.role;
            v.verdict = cms::check_timestamp(s.token, s.stamped, trust_, known_, proven.at, policy_.revocation,
                                             facts_.certificates, policy_.rules, proven_, memory_);
            take_path(v.verdict.path);
            bool passed = v.verdict.indication == indication::total_passed && v.verdict.time;
            // Older than what covers it, or the two contradict each other (EN 319 102-1, 5.6.3.4).
            const bool too_late = passed && cms::surely_after(v.verdict.when(), proven);
            if (too_late && !archives_.empty()) doubt(sub::timestamp_order_failure, "cms.timestamp_order");
            if (!passed || too_late) {
                if (s.role != stamp_role::content) stamp_failed_ = true;
                remark(v.verdict.findings);
                continue;
            }
            if (s.role == stamp_role::content) {
                const timestamp from = v.verdict.when().earliest();
                if (!not_before_ || from > not_before_->at) not_before_ = cms::stamp_time{from, v.verdict.accuracy};
                remark(v.verdict.findings);
                continue;
            }
            // Within what clocks differ it may claim to be younger than what covers it.
            const cms::stamp_time since{std::min(v.verdict.when().latest(), proven.at), v.verdict.accuracy};
            prove(proven_, facts_, i, since.at, memory_);
            if (s.role == stamp_role::archive) proven = since, archives_.push_back(&s);
            if (!earliest || since.at < earliest->at) earliest = since;
            remark(v.verdict.findings);
        }
        if (earliest) {
            out_.best_time = earliest->at;
            out_.best_time_proven = true;
        }
        if (stamp_failed_ && !earliest) remark({cms::make_finding("cms.timestamp_invalid")});
        if (not_before_ && earliest && cms::surely_after(*not_before_, *earliest))
            doubt(sub::timestamp_order_failure, "cms.timestamp_order");
        if (policy_.require_timestamp && !earliest) doubt(sub::no_poe, "cms.timestamp_missing");
    }

    // The algorithm of the signature itself at the time of the signature (EN 319 102-1, 5.2.8, 5.3.4 and 5.5.4); the
    // key is judged with its certificate.
    void judge_algorithm() {
        timestamp until = policy_.rules.suite.until(facts_.digest_algorithm);
        if (out_.best_time <= until) return;
        bool surely_later = until != timestamp::min() && not_before_ && not_before_->at > until;
        doubt(surely_later ? sub::crypto_constraints_failure : sub::crypto_constraints_failure_no_poe,
              "cms.weak_algorithm");
    }

    void judge_path() {
        out_.path =
            x509::validate_path(facts_.signer, facts_.certificates, trust_, known_, out_.best_time,
                                x509::purpose::document_signature, policy_.revocation, policy_.rules, proven_, memory_);
        take_path(out_.path);
        out_.try_again = out_.path.try_again;
        remark(out_.path.findings);
        ask_for_newer_status();
        if (out_.path.passed()) return;
        // A content stamp proves that the signature is not older; against himself the signer's own word is enough, too
        // (EN 319 102-1, 5.3.4 and 5.5.4).
        std::optional<timestamp> made_after = facts_.claimed_time;
        if (not_before_) made_after = std::max(made_after.value_or(not_before_->at), not_before_->at);
        const std::string& why = out_.path.sub_indication;
        if (why == sub::revoked_no_poe && made_after && out_.path.revoked->of_leaf &&
            *made_after >= out_.path.revoked->when)
            fail(sub::revoked, "cms.signed_after_revocation");
        else if (why == sub::out_of_bounds_no_poe && made_after && *made_after > facts_.signer.not_after())
            fail(sub::expired, "cms.signed_after_expiry");
        else if (why == sub::out_of_bounds_no_poe && out_.best_time_proven &&
                 out_.best_time < facts_.signer.not_before())
            fail(sub::not_yet_valid, "cms.signed_before_issue");
        else
            note(indication::indeterminate, why);
    }

    // See process.hpp. What came with the signature stays its evidence.
    void ask_for_newer_status() {
        const auto& status = out_.path.leaf_status;
        if (!out_.path.passed() || !status || embedded(status->source) ||
            status->this_update + as_new >= out_.best_time)
            return;
        out_.missing.push_back({x509::need::kind::newer_revocation, out_.path.chain[0], out_.path.chain[1]});
        const auto signed_at = out_.best_time_proven ? std::optional(out_.best_time) : facts_.claimed_time;
        if (signed_at && status->this_update + as_new < *signed_at)
            remark({x509::make_finding("x509.revocation_older")});
    }

    // The signer's own word proves nothing for him, so that nothing is judged by it (EN 319 102-1, 5.2.5); a time that
    // cannot be true is told all the same.
    void look_at_claimed_time() {
        constexpr std::chrono::minutes clocks_differ{10};
        if (!facts_.claimed_time) return;
        if (*facts_.claimed_time > at_ + clocks_differ) remark({cms::make_finding("cms.claimed_time_ahead")});
        if (*facts_.claimed_time + clocks_differ < facts_.signer.not_before())
            remark({cms::make_finding("cms.claimed_before_issue")});
    }

    void take_path(const x509::path_verdict& path) {
        for (const x509::certificate& c : path.chain)
            if (std::find(out_.used_certificates.begin(), out_.used_certificates.end(), c) ==
                out_.used_certificates.end())
                out_.used_certificates.push_back(c);
        out_.used.add(path.used);
        for (const x509::need& n : path.missing)
            if (std::find(out_.missing.begin(), out_.missing.end(), n) == out_.missing.end()) out_.missing.push_back(n);
    }

    void find_level() {
        if (out_.level.empty() || !out_.best_time_proven) return;
        out_.level = "B-T";
        if (!out_.path.passed() || out_.path.chain.size() < 2 || !embedded(out_.path.used)) return;
        if (out_.path.used.crls.empty() && out_.path.used.ocsp_responses.empty()) return;
        for (std::size_t i = 1; i + 1 < out_.path.chain.size(); ++i)
            if (!among(out_.path.chain[i], facts_.certificates)) return;
        out_.level = std::ranges::any_of(archives_, [&](auto* a) { return keeps_evidence(*a); }) ? "B-LTA" : "B-LT";
    }
    // Does this archive stamp cover what a verdict can rest on, or only the signature? The verdict itself rests on the
    // newest evidence, which may have come after the stamp: then the path is asked again with what is covered alone.
    bool keeps_evidence(const time_stamp& stamp) const {
        auto covered = [&](const auto& one) {
            return std::ranges::find(stamp.covers, one.sha256()) != stamp.covers.end();
        };
        const x509::evidence& used = out_.path.used;
        if (std::ranges::all_of(used.crls, covered) && std::ranges::all_of(used.ocsp_responses, covered)) return true;
        x509::evidence kept;
        std::vector<x509::certificate> certificates;
        std::ranges::copy_if(facts_.embedded.crls, std::back_inserter(kept.crls), covered);
        std::ranges::copy_if(facts_.embedded.ocsp_responses, std::back_inserter(kept.ocsp_responses), covered);
        std::ranges::copy_if(facts_.certificates, std::back_inserter(certificates), covered);
        auto path =
            x509::validate_path(facts_.signer, certificates, trust_, kept, out_.best_time,
                                x509::purpose::document_signature, policy_.revocation, policy_.rules, proven_, memory_);
        return path.passed() && !(path.used.crls.empty() && path.used.ocsp_responses.empty());
    }
    template <class T> static bool among(const T& one, const std::vector<T>& all) {
        return std::any_of(all.begin(), all.end(), [&](const T& other) { return one.der() == other.der(); });
    }
    bool embedded(const x509::evidence& used) const {
        return std::all_of(used.crls.begin(), used.crls.end(),
                           [&](const x509::crl& c) { return among(c, facts_.embedded.crls); }) &&
               std::all_of(used.ocsp_responses.begin(), used.ocsp_responses.end(),
                           [&](const x509::ocsp_response& r) { return among(r, facts_.embedded.ocsp_responses); });
    }

    conclusion finish() {
        out_.indication = failed_    ? indication::total_failed
                          : doubted_ ? indication::indeterminate
                                     : indication::total_passed;
        return std::move(out_);
    }

    const signature_facts& facts_;
    const x509::trust_store& trust_;
    timestamp at_;
    const policy& policy_;
    x509::cache* memory_;
    x509::evidence known_;
    x509::proofs proven_;
    conclusion out_;
    std::optional<cms::stamp_time> not_before_; // from a content stamp
    bool failed_ = false, doubted_ = false, stamp_failed_ = false;
    std::vector<const time_stamp*> archives_; // the valid ones
};

} // namespace

conclusion judge(const signature_facts& facts, const x509::trust_store& trust, const x509::evidence& known,
                 timestamp at, const policy& policy, x509::cache* memory) {
    return process(facts, trust, known, at, policy, memory).run();
}

} // namespace vanthu::validation

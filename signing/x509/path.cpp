#include "signing/x509/path.hpp"

#include "signing/x509/chain.hpp"
#include "signing/x509/findings.hpp"
#include "signing/x509/openssl.hpp"
#include "signing/x509/revocation.hpp"

#include <algorithm>

namespace vanthu::x509 {
using namespace ossl;
using signing::indication;
namespace sub = signing::sub;
namespace {

struct question {
    const std::vector<certificate>& extra;
    const trust_store& trust;
    const evidence& known;
    timestamp at, now;
    purpose why;
    revocation_rule rule;
    const path_rules& rules;
    const proofs& proven;
    cache* memory;
};

// One chain judged, in the order of how much a reason tells: constraints, purpose, what is revoked, algorithms, dates,
// what lacks a proof of existence; what is merely unknown comes last.
class judgement {
public:
    judgement(const question& about, chain certificates) : about_(about) { out_.chain = std::move(certificates); }

    path_verdict run() {
        chain_fault fault = check_chain(out_.chain, about_.rules.acceptable_policies, about_.memory);
        if (!fault.code.empty()) { // without a chain nothing below has a meaning
            doubt(fault.sub_indication, fault.code);
            return std::move(out_);
        }
        check_purpose();
        check_anchor();
        walk_down();
        check_algorithms();
        check_dates();
        if (!unproven_.code.empty()) doubt(unproven_.sub_indication, unproven_.code);
        if (!unknown_.code.empty() && about_.rule == revocation_rule::required)
            doubt(unknown_.sub_indication, unknown_.code);
        if (out_.sub_indication.empty()) out_.indication = indication::total_passed;
        return std::move(out_);
    }

private:
    void remark(std::string_view code) {
        if (!signing::has_finding(out_.findings, code)) out_.findings.push_back(make_finding(code));
    }
    // The first reason given stays the sub-indication; later ones are findings only.
    void doubt(std::string_view sub_indication, std::string_view code) {
        remark(code);
        if (out_.sub_indication.empty()) out_.sub_indication = sub_indication;
    }

    void check_purpose() {
        const certificate& leaf = out_.chain.front();
        std::string_view unfit;
        if (about_.why == purpose::document_signature) unfit = unfit_for_documents(leaf, about_.rules);
        if (about_.why == purpose::time_stamping &&
            X509_check_purpose(leaf.native(), X509_PURPOSE_TIMESTAMP_SIGN, 0) != 1)
            unfit = "x509.wrong_purpose";
        drain_errors();
        if (!unfit.empty()) doubt(sub::chain_constraints_failure, unfit);
    }

    // What a trust list says of the anchor. Source: EN 319 102-1, 5.2.6.4, step 1; ETSI TS 119 612, 5.5.4.
    void check_anchor() {
        const auto& listed = about_.trust.terms;
        auto found = listed.find(out_.chain.back().sha256());
        if (found == listed.end()) return;
        const anchor_terms& terms = found->second;
        if (about_.now > terms.known_until) doubt(sub::no_certificate_chain_found, "x509.trust_list_outdated");
        std::vector<anchor_terms::period> granted;
        if (about_.why != purpose::time_stamping) granted = terms.documents;
        if (about_.why != purpose::document_signature)
            granted.insert(granted.end(), terms.time_stamps.begin(), terms.time_stamps.end());
        if (granted.empty()) return doubt(sub::no_certificate_chain_found, "x509.anchor_for_other_service");
        std::optional<timestamp> until; // of the longest period that holds the time in question
        for (const anchor_terms::period& p : granted)
            if (p.from <= about_.at && about_.at < p.to) until = std::max(until.value_or(p.to), p.to);
        if (!until) return doubt(sub::no_certificate_chain_found_no_poe, "x509.anchor_not_granted_then");
        lower(*until, {sub::no_certificate_chain_found_no_poe, "x509.anchor_withdrawn"});
    }

    // Validation time sliding (EN 319 102-1, 5.6.2.2): from the anchor down, how long what each CA signed counts.
    void walk_down() {
        const chain& all = out_.chain;
        lower(all.back().not_after(), {sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds"});
        lower(about_.rules.suite.until_of_key(all.back()), {sub::crypto_constraints_failure_no_poe, "x509.weak_key"});
        for (std::size_t i = all.size() - 1; i-- > 0;) {
            if (exists_since(all[i]) > horizon_ && unproven_.code.empty()) unproven_ = horizon_reason_;
            check_revoked(i);
            lower(all[i].not_after(), {sub::out_of_bounds_no_poe, "x509.ca_out_of_bounds"});
            lower(about_.rules.suite.until_of_key(all[i]), {sub::crypto_constraints_failure_no_poe, "x509.weak_key"});
        }
    }

    void lower(timestamp to, chain_fault why) {
        if (to >= horizon_) return;
        horizon_ = to;
        horizon_reason_ = why;
    }

    void check_revoked(std::size_t i) {
        const certificate &cert = out_.chain[i], &issuer = out_.chain[i + 1];
        revocation_question asked{cert,         issuer,        about_.at,    about_.now,        horizon_,
                                  about_.rules, about_.proven, about_.extra, about_.known.crls, about_.memory};
        revocation_status status = check_revocation(asked, about_.known);
        if (status.entry) {
            if (!out_.revoked || status.entry->when < out_.revoked->when) {
                out_.revoked = status.entry;
                out_.revoked->of_leaf = i == 0;
            }
            lower(status.entry->when, {sub::revoked_ca_no_poe, "x509.ca_revoked"});
        }
        out_.used.add(status.used);
        if (status.state == revocation_status::revoked)
            return i == 0 ? doubt(sub::revoked_no_poe, "x509.revoked")
                          : doubt(sub::revoked_ca_no_poe, "x509.ca_revoked");
        if (status.entry) remark("x509.revoked_later");
        if (!status.remark.empty()) remark(status.remark);
        if (status.state == revocation_status::good) {
            if (i == 0) out_.leaf_status = status_data{status.this_update, status.used};
            return;
        }
        out_.missing.push_back({need::kind::revocation, cert, issuer});
        out_.missing.insert(out_.missing.end(), status.missing.begin(), status.missing.end());
        if (status.try_again) out_.try_again = std::max(out_.try_again.value_or(*status.try_again), *status.try_again);
        // Newer data would not help where the authority itself is gone.
        bool only_proof_helps = status.why_unknown == "x509.evidence_not_proven";
        if (unknown_.code.empty() || only_proof_helps)
            unknown_ = {only_proof_helps ? sub::no_poe : sub::try_later, status.why_unknown};
    }

    // The certificate's own signature at the time since which it exists, its key at the time in question.
    void check_algorithms() {
        for (const certificate& c : out_.chain) {
            if (about_.at > about_.rules.suite.until_of_key(c))
                doubt(sub::crypto_constraints_failure_no_poe, "x509.weak_key");
            int md = NID_undef;
            X509_get_signature_info(c.native(), &md, nullptr, nullptr, nullptr);
            timestamp until = about_.rules.suite.until(hash_name(md));
            if (exists_since(c) <= until) continue;
            const auto& pinned = about_.trust.sha1_tolerated;
            if (md == NID_sha1 && std::find(pinned.begin(), pinned.end(), c.sha256()) != pinned.end())
                remark("x509.sha1_tolerated");
            else if (until != timestamp::min() && c.not_before() > until) // made when it was already refused
                doubt(sub::crypto_constraints_failure, "x509.weak_certificate_signature");
            else
                doubt(sub::crypto_constraints_failure_no_poe, "x509.weak_certificate_signature");
        }
        drain_errors();
    }

    void check_dates() {
        for (std::size_t i = 0; i < out_.chain.size(); ++i) {
            bool early = about_.at<out_.chain[i].not_before(), late = about_.at> out_.chain[i].not_after();
            if (!early && !late) continue;
            doubt(sub::out_of_bounds_no_poe, i > 0  ? "x509.ca_out_of_bounds"
                                             : late ? "x509.expired"
                                                    : "x509.not_yet_valid");
        }
    }

    timestamp exists_since(const certificate& c) const {
        for (const auto* list : {&about_.trust.anchors, &about_.trust.intermediates})
            if (std::find(list->begin(), list->end(), c) != list->end()) return c.not_before();
        auto found = about_.proven.since.find(c.sha256());
        return found == about_.proven.since.end() ? about_.now : std::min(about_.now, found->second);
    }

    const question& about_;
    path_verdict out_;
    timestamp horizon_ = timestamp::max(); // what was signed above must be proven to be older
    chain_fault horizon_reason_, unproven_, unknown_;
};

path_verdict no_chain(chain_search&& found) {
    path_verdict out;
    out.chain = std::move(found.longest_part);
    out.sub_indication =
        found.wrong_signature ? sub::certificate_chain_general_failure : sub::no_certificate_chain_found;
    out.findings.push_back(make_finding(found.wrong_signature ? "x509.chain_broken" : "x509.no_chain"));
    // Above a root that is not trusted there is nothing to fetch.
    if (!out.chain.back().self_issued()) out.missing.push_back({need::kind::issuer, out.chain.back(), {}});
    return out;
}

// How far from "passed" an answer is: of several chains the one whose fault is easiest to cure is reported.
int distance(const path_verdict& v) {
    if (v.passed()) return 0;
    constexpr std::string_view order[] = {sub::try_later,
                                          sub::no_poe,
                                          sub::out_of_bounds_no_poe,
                                          sub::no_certificate_chain_found_no_poe,
                                          sub::crypto_constraints_failure_no_poe,
                                          sub::crypto_constraints_failure,
                                          sub::revoked_ca_no_poe,
                                          sub::revoked_no_poe,
                                          sub::chain_constraints_failure};
    return 1 + static_cast<int>(std::find(std::begin(order), std::end(order), v.sub_indication) - std::begin(order));
}

} // namespace

std::vector<std::string> document_purposes() {
    return {"2.5.29.37.0",          "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12",
            "1.2.840.113583.1.1.5", "1.3.6.1.5.5.7.3.4",  "1.3.6.1.5.5.7.3.2"};
}

std::string_view unfit_for_documents(const certificate& leaf, const path_rules& rules) {
    const key_usage& usage = leaf.usage();
    if (leaf.is_ca()) return "x509.ca_as_signer";
    if (usage.present && !usage.digital_signature && !usage.non_repudiation) return "x509.wrong_purpose";
    bool named = leaf.purposes().empty() || rules.purposes.empty();
    for (const std::string& one : leaf.purposes())
        named = named || std::find(rules.purposes.begin(), rules.purposes.end(), one) != rules.purposes.end();
    return named ? "" : "x509.extended_key_usage";
}

void evidence::add(const evidence& more) {
    auto merge = [](auto& mine, const auto& others) {
        for (const auto& o : others)
            if (std::none_of(mine.begin(), mine.end(), [&](const auto& m) { return m.sha256() == o.sha256(); }))
                mine.push_back(o);
    };
    merge(crls, more.crls);
    merge(ocsp_responses, more.ocsp_responses);
}

path_verdict validate_path(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                           const evidence& known, timestamp at, purpose why, revocation_rule rule,
                           const path_rules& rules, const proofs& proven, cache* memory) {
    question about{extra, trust, known, at, proven.now.value_or(at), why, rule, rules, proven, memory};
    chain_search found = find_chains(leaf, extra, trust, memory);
    std::optional<path_verdict> best;
    for (chain& certificates : found.complete) {
        path_verdict verdict = judgement(about, std::move(certificates)).run();
        if (!best || distance(verdict) < distance(*best)) best = std::move(verdict);
        if (best->passed()) break;
    }
    return best ? std::move(*best) : no_chain(std::move(found));
}

} // namespace vanthu::x509

#include "signing/pdf/report.hpp"

#include "signing/cades/verify.hpp"
#include "signing/pdf/findings.hpp"
#include "signing/pdf/history.hpp"
#include "signing/pdf/sign.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>

namespace vanthu::pdf {
namespace {

using signing::finding;
using signing::indication;
using validation::signature_report;
using validation::stamp_role;

bytes digest_of(x509::hash h, bytes_view first, bytes_view second) {
    bytes out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    bool ok = context && EVP_DigestInit_ex(context.get(), x509::native(h), nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
              EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1;
    out.resize(ok ? size : 0);
    return out;
}

// /M: D:YYYYMMDDHHmmSS with an optional offset (7.9.4).
std::optional<timestamp> time_of_pdf_date(std::string_view d) {
    if (!d.starts_with("D:") || d.size() < 16) return std::nullopt;
    d.remove_prefix(2);
    std::string offset = "Z";
    if (d.size() >= 17 && (d[14] == '+' || d[14] == '-'))
        offset = fmt::format("{}:{}", d.substr(14, 3), d.size() >= 20 ? d.substr(18, 2) : "00");
    return from_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}{}", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2),
                                    d.substr(8, 2), d.substr(10, 2), d.substr(12, 2), offset));
}

// A DER or BER value without the zeros that fill /Contents.
bytes_view without_padding(bytes_view value) {
    const unsigned char* at = value.data();
    std::unique_ptr<ASN1_TYPE, decltype(&ASN1_TYPE_free)> read(
        d2i_ASN1_TYPE(nullptr, &at, static_cast<long>(value.size())), ASN1_TYPE_free);
    ERR_clear_error();
    if (!read) return value;
    const auto size = static_cast<std::size_t>(at - value.data());
    return std::ranges::all_of(value.subspan(size), [](std::uint8_t b) { return b == 0; }) ? value.first(size) : value;
}

// See signature_that_numbers().
std::optional<std::size_t> first_over(const history& h, const std::string& field) {
    std::optional<std::size_t> any;
    for (std::size_t i = 0; i < h.signatures.size(); ++i) {
        const found_signature& s = h.signatures[i];
        auto step = std::ranges::find(h.steps, s.end, &revision_step::end);
        if (s.is_time_stamp() || step == h.steps.end() || !step->fields.contains(field)) continue;
        const auto made_as = profile_of_field(s.name);
        if (!made_as || *made_as == profile::approved) return i;
        if (!any) any = i;
    }
    return any;
}

class verification {
public:
    verification(bytes_view file, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                 const validation::policy& policy, const budget& limits, x509::cache* memory)
        : file_(file), text_(as_text(file)), trust_(trust), known_(known), at_(at), policy_(policy), memory_(memory),
          history_(read_history(file, limits, memory)) {}

    examination run() {
        out_.report.findings = history_.findings;
        if (signing::has_finding(history_.findings, "budget") && history_.steps.empty()) history_.signatures.clear();
        if (!history_.steps.empty()) store_ = &history_.steps.back().store;
        judge_time_stamps();
        std::vector<signature_report>& reports = out_.report.signatures;
        for (std::size_t i = 0; i < history_.signatures.size(); ++i) reports.push_back(judge_alone(i));
        // Newest first: whether a later signature answers for a filled field must be known by then.
        for (std::size_t i = reports.size(); i-- > 0;) {
            check_changes(history_.signatures[i], reports[i]);
            // What casts doubt on the whole file leaves no signature valid.
            for (const finding& f : history_.findings) doubt(reports[i], signing::sub::format_failure, f);
        }
        out_.report.verdict = validation::overall(reports, out_.report.findings);
        if (reports.empty() && !history_.is_unsigned) out_.report.verdict = signing::verdict::indeterminate;
        if (!reports.empty() && out_.report.verdict == signing::verdict::unsigned_)
            out_.report.findings.push_back(make_finding("pdf.only_time_stamp"));
        return std::move(out_);
    }

private:
    static void fail(signature_report& r, std::string_view sub, finding f) {
        against(r, {indication::total_failed, std::string(sub), std::move(f)});
    }
    static void doubt(signature_report& r, std::string_view sub, finding f) {
        against(r, {indication::indeterminate, std::string(sub), std::move(f)});
    }

    // It counts each time and is said once.
    static void against(signature_report& r, const validation::objection& o) {
        const bool said = is_known(r, o.what);
        validation::object(r, o);
        if (said) r.findings.pop_back();
    }
    static void remark(signature_report& r, finding f) {
        if (!is_known(r, f)) r.findings.push_back(std::move(f));
    }
    static bool is_known(const signature_report& r, const finding& f) {
        return std::find(r.findings.begin(), r.findings.end(), f) != r.findings.end();
    }

    bytes contents_of(const found_signature& s) const { return from_hex(text_.substr(s.a + 1, s.b - s.a - 2)).value(); }
    cms::content_digest range_of(const found_signature& s) const {
        bytes_view before = file_.first(s.a), after = file_.subspan(s.b, s.end - s.b);
        return [before, after](x509::hash h) { return digest_of(h, before, after); };
    }
    std::vector<revision_step>::const_iterator step_of(const found_signature& s) const {
        return std::find_if(history_.steps.begin(), history_.steps.end(),
                            [&](const revision_step& step) { return step.end == s.end; });
    }

    // Each document time stamp for the time that the newer ones prove.
    void judge_time_stamps() {
        x509::evidence known = store_->revocation;
        known.add(known_);
        cms::stamp_time proven{at_};
        stamps_.resize(history_.signatures.size());
        for (std::size_t i = history_.signatures.size(); i-- > 0;) {
            const found_signature& s = history_.signatures[i];
            if (!s.is_time_stamp() || !s.trouble.empty() || step_of(s) == history_.steps.end()) continue;
            bytes contents = contents_of(s);
            bytes_view token = without_padding(contents);
            stamps_[i].token = bytes(token.begin(), token.end());
            stamps_[i].verdict =
                cms::check_timestamp(token, range_of(s), trust_, known, proven.at, policy_.revocation,
                                     store_->certificates, policy_.rules, {.now = at_, .since = {}}, memory_);
            const cms::timestamp_verdict& v = stamps_[i].verdict;
            take(v.path.used, v.path.chain, v.path.missing);
            if (v.indication == indication::total_passed && v.time && !cms::surely_after(v.when(), proven))
                proven = {std::min(v.when().latest(), proven.at), v.accuracy};
        }
    }

    // A signature without regard to what followed.
    signature_report judge_alone(std::size_t i) {
        const found_signature& s = history_.signatures[i];
        signature_report r;
        if (!s.trouble.empty() || (step_of(s) == history_.steps.end() && !over_budget())) {
            r.indication = indication::total_passed; // until something speaks against it
            fail(r, signing::sub::format_failure, make_finding(s.trouble.empty() ? "pdf.not_a_revision" : s.trouble));
        } else if (s.is_time_stamp())
            r = report_of_time_stamp(stamps_[i].verdict);
        else if (s.kind == "/ETSI.CAdES.detached" || s.kind == "/adbe.pkcs7.detached")
            r = judge_signature(s);
        else {
            r.format = "pkcs7";
            r.sub_indication = signing::sub::format_failure;
            r.findings.push_back(make_finding("pdf.subfilter", s.kind));
        }
        r.field = s.name;
        r.covered_bytes = s.end;
        return r;
    }

    bool over_budget() const { return signing::has_finding(history_.findings, "budget"); }

    signature_report judge_signature(const found_signature& s) {
        bool etsi = s.kind == "/ETSI.CAdES.detached";
        validation::signature_facts facts = cades::read_signature(contents_of(s), range_of(s),
                                                                  {.require_signing_certificate = etsi,
                                                                   .zero_padding = true,
                                                                   .claimed_time = time_of_pdf_date(s.claimed_time),
                                                                   .memory = memory_});
        std::vector<x509::certificate> in_message = facts.certificates;
        facts.embedded.add(store_->revocation);
        for (const x509::certificate& c : store_->certificates) facts.certificates.push_back(c);
        // A document time stamp over a later revision is over the signature and all that stands before the stamp.
        for (std::size_t k = 0; k < history_.signatures.size(); ++k)
            if (history_.signatures[k].end > s.end && !stamps_[k].token.empty())
                facts.stamps.push_back({stamp_role::archive, stamps_[k].token, range_of(history_.signatures[k]),
                                        covered_by(k, in_message)});
        validation::conclusion judged = validation::judge(facts, trust_, known_, at_, policy_, memory_);
        take(judged.used, judged.used_certificates, judged.missing);
        signature_report r = validation::report_of(facts, judged);
        r.format = etsi ? "pades" : "pkcs7";
        return r;
    }

    // What a document time stamp covers besides the signature: the message and the store as of its revision.
    std::vector<digest> covered_by(std::size_t k, const std::vector<x509::certificate>& in_message) const {
        std::vector<digest> all;
        auto take_all = [&](const auto& objects) {
            for (const auto& one : objects) all.push_back(one.sha256());
        };
        take_all(in_message);
        auto step = step_of(history_.signatures[k]);
        if (step == history_.steps.end()) return all;
        take_all(step->store.certificates);
        take_all(step->store.revocation.crls);
        take_all(step->store.revocation.ocsp_responses);
        return all;
    }

    static signature_report report_of_time_stamp(const cms::timestamp_verdict& v) {
        signature_report r;
        r.format = "timestamp";
        r.indication = v.indication;
        r.sub_indication = v.sub_indication;
        r.verdict = signing::to_verdict(v.indication);
        if (v.indication == indication::total_passed) r.best_time = v.time;
        r.findings = v.findings;
        for (const x509::certificate& c : v.path.chain) r.chain.push_back(c.sha256().hex());
        validation::describe(v.authority, r.signer);
        return r;
    }

    void take(const x509::evidence& used, const std::vector<x509::certificate>& certificates,
              const std::vector<x509::need>& missing) {
        out_.used.add(used);
        for (const x509::certificate& c : certificates)
            if (std::find(out_.used_certificates.begin(), out_.used_certificates.end(), c) ==
                out_.used_certificates.end())
                out_.used_certificates.push_back(c);
        std::vector<x509::need>& needs = out_.report.missing;
        for (const x509::need& n : missing)
            if (std::find(needs.begin(), needs.end(), n) == needs.end()) needs.push_back(n);
    }

    void check_changes(const found_signature& s, signature_report& r) {
        auto own = step_of(s);
        if (own == history_.steps.end()) return; // judge_alone() or the budget says so
        r.covers = only_space(text_.substr(s.end)) ? "whole" : "revision";
        for (auto step = std::next(own); step != history_.steps.end(); ++step)
            for (const change& c : step->changes) {
                std::string name = to_string(c);
                bool known = std::find(r.changes_after.begin(), r.changes_after.end(), name) != r.changes_after.end();
                if (!known) r.changes_after.push_back(name);
                // A field may be filled again, and then by somebody else.
                if (known && c.kind != change_kind::field_filled) continue;
                bool by_person = c.kind == change_kind::signature_added || c.kind == change_kind::field_added ||
                                 c.kind == change_kind::field_filled;
                bool forbidden = by_person && std::any_of(s.rules.begin(), s.rules.end(), [&](const permissions& p) {
                                     // A field added later was not among those that the signature could lock.
                                     bool new_field =
                                         c.kind == change_kind::field_added || !own->fields.contains(c.what);
                                     return p.docmdp == 1 || (!new_field && p.locks(c.what));
                                 });
                if (c.kind == change_kind::forbidden)
                    fail(r, signing::sub::format_failure, make_finding("pdf.changed_after_signing", name));
                else if (forbidden)
                    fail(r, signing::sub::format_failure, make_finding("pdf.change_not_permitted", name));
                else if (c.kind == change_kind::field_filled)
                    check_filling(*step, c.what, r);
            }
    }

    // Who answers for what was filled? A time stamp is nobody's word; number and date are given by the organisation of
    // whoever approved first.
    void check_filling(const revision_step& step, const std::string& field, signature_report& r) {
        const bool by_agency = field == number_field || field == date_field;
        const signature_report* stranger = nullptr;
        for (std::size_t i = 0; i < history_.signatures.size(); ++i) {
            const signature_report& by = out_.report.signatures[i];
            if (history_.signatures[i].is_time_stamp() || history_.signatures[i].end < step.end ||
                by.indication != indication::total_passed)
                continue;
            if (!by_agency || validation::acts_for_organisation_of(by.signer, first_to_sign(field)))
                return remark(r, make_finding("pdf.filled_later", field + ": " + by.signer.subject));
            stranger = &by;
        }
        if (stranger)
            doubt(r, signing::sub::sig_constraints_failure,
                  make_finding("pdf.filled_by_stranger", field + ": " + stranger->signer.subject));
        else
            doubt(r, signing::sub::sig_constraints_failure, make_finding("pdf.filled_without_signature", field));
    }

    validation::signer_info first_to_sign(const std::string& field) const {
        const auto first = first_over(history_, field);
        return first ? out_.report.signatures[*first].signer : validation::signer_info{};
    }

    struct judged_stamp {
        bytes token; // empty: no document time stamp, or not one in place
        cms::timestamp_verdict verdict;
    };

    bytes_view file_;
    std::string_view text_;
    const x509::trust_store& trust_;
    const x509::evidence& known_;
    timestamp at_;
    const validation::policy& policy_;
    x509::cache* memory_;
    history history_;
    stored_evidence no_store_;
    const stored_evidence* store_ = &no_store_;
    std::vector<judged_stamp> stamps_; // as history_.signatures
    examination out_;
};

} // namespace

examination examine_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                        const validation::policy& policy, const budget& limits, x509::cache* memory) {
    return verification(file, trust, known, at, policy, limits, memory).run();
}

std::optional<std::size_t> signature_that_numbers(bytes_view file, const std::string& field) {
    return first_over(read_history(file, budget{}), field);
}

validation::file_report verify_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                                   timestamp at, const validation::policy& policy, const budget& limits,
                                   x509::cache* memory) {
    return examine_pdf(file, trust, known, at, policy, limits, memory).report;
}

} // namespace vanthu::pdf

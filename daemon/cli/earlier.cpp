#include "daemon/cli/earlier.hpp"

#include "daemon/cli/input.hpp"
#include "daemon/cli/sign.hpp"
#include "daemon/inspect/frame.hpp"
#include "signing/signed_file/verify.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

using signing::verdict;
using validation::file_report;
using validation::signature_report;
namespace sub = signing::sub;

std::string name_of(const signature_report& s) { return s.signer.subject.empty() ? s.field : s.signer.subject; }

// What leaves a file merely unsigned in part says nothing against what is signed.
bool says_unsigned(const signing::finding& f) {
    return f.code == "asic.file_not_signed" || f.code == "asic.signed_in_parts" || f.code == "pdf.only_time_stamp";
}

// Reasons that lie with the certificate, its revocation, time or algorithms: more evidence, or none, settles them, and
// what was signed reads the same. Source: ETSI EN 319 102-1 V1.3.1, table 6.
constexpr std::string_view not_of_the_file[] = {
    sub::no_certificate_chain_found,
    sub::no_certificate_chain_found_no_poe,
    sub::certificate_chain_general_failure,
    sub::chain_constraints_failure,
    sub::revoked_no_poe,
    sub::revoked_ca_no_poe,
    sub::out_of_bounds_no_poe,
    sub::crypto_constraints_failure,
    sub::crypto_constraints_failure_no_poe,
    sub::timestamp_order_failure,
    sub::no_poe,
    sub::try_later,
    sub::signature_policy_not_available,
    sub::policy_processing_error,
};

// Findings that go with such reasons, and remarks without effect on a verdict. Each of a whole room of its own kind, or
// by name: what is not here says something against the content or its form, a code of tomorrow too.
constexpr std::string_view rooms_of_evidence[] = {"x509.", "policy.", "cades.", "cms.timestamp_", "cms.claimed_"};
constexpr std::string_view harmless[] = {
    "asic.name_not_signed",         "asic.signs_only",
    "asic.weak_algorithm",          "cms.no_signing_certificate_attribute",
    "cms.weak_algorithm",           "pdf.filled_later",
    "pdf.filled_without_signature", // whoever signs now answers for it
    "xml.comment_in_signed_text",   "xml.comment_outside_root",
    "xml.key_value_ignored",        "xml.no_signing_certificate",
    "xml.weak_algorithm",
};

bool of_evidence(const signing::finding& f) {
    return std::ranges::find(harmless, f.code) != std::end(harmless) ||
           std::ranges::any_of(rooms_of_evidence, [&](std::string_view room) { return f.code.starts_with(room); });
}

std::size_t count_of(const trust_session& s) {
    return s.trust().intermediates.size() + s.known().crls.size() + s.known().ocsp_responses.size();
}

} // namespace

result<file_report> earlier_judge::judge(bytes_view file, const std::string& content, ask servers) {
    if (!pool_) {
        VANTHU_TRY(pool_, session_.start_inspector(policy_));
        known_ = count_of(session_);
    }
    unique_fd document = inspect::memory_file(file), about;
    if (!document) return failed(sign_errc::over_budget, "memory");
    if (!content.empty()) {
        VANTHU_TRY(about, open_input(content));
    }
    inspect::inspection seen;
    auto look = [&] {
        if (const std::size_t now = count_of(session_); now != known_) {
            pool_->replace_trust(session_.trust(), session_.known());
            known_ = now;
        }
        seen = pool_->inspect(document.get(), session_.now(),
                              std::chrono::steady_clock::now() + std::chrono::seconds(60), about ? about.get() : -1);
        return seen.report.missing;
    };
    if (in_vain_ || servers == ask::nobody) {
        look();
    } else {
        session_.gather(look);
        in_vain_ = !session_.troubles().empty();
    }
    const auto over = [](const std::vector<signing::finding>& all) { return signing::has_finding(all, "budget"); };
    if (!seen.finished || over(seen.report.findings) ||
        std::ranges::any_of(seen.report.signatures, [&](const signature_report& s) { return over(s.findings); }))
        return failed(sign_errc::over_budget, complaint(seen.report));
    return std::move(seen.report);
}

result<> fit_to_sign_beside(const file_report& report, bytes_view file, bool content_given) {
    const auto kind = signed_file::kind_of(file);
    if (report.signatures.empty()) {
        // What the format cannot read, it refuses itself; a damaged container would be wrapped as any content.
        if (kind == signed_file::kind::container && report.verdict != verdict::unsigned_)
            return failed(sign_errc::earlier_not_valid, complaint(report));
        return {};
    }
    for (const signature_report& s : report.signatures)
        if (s.sub_indication == sub::signed_data_not_found && !content_given && kind == signed_file::kind::cms)
            return failed(sign_errc::content_missing);
    // Detached XML: nothing can be signed beside it in this file.
    if (report.verdict == verdict::invalid || form_in_doubt(report, kind == signed_file::kind::xml && !content_given))
        return failed(sign_errc::earlier_not_valid, complaint(report));
    return {};
}

// The doubt is about what was signed or how the file is made, not about who signed and when. A kind of signature that
// nobody here can judge (pdf.subfilter) is neither. The sub-indication is only that of the first reason.
bool form_in_doubt(const signature_report& s) {
    if (s.verdict == verdict::valid) return false;
    const bool unknown_kind = signing::has_finding(s.findings, "pdf.subfilter");
    const bool by_evidence = std::ranges::find(not_of_the_file, s.sub_indication) != std::end(not_of_the_file) ||
                             (s.sub_indication == sub::sig_constraints_failure && !s.findings.empty());
    if (!by_evidence && !unknown_kind) return true;
    return !std::ranges::all_of(s.findings,
                                [](const signing::finding& f) { return f.code == "pdf.subfilter" || of_evidence(f); });
}

bool form_in_doubt(const file_report& report, bool detached_apart) {
    return std::ranges::any_of(report.findings, [](const auto& f) { return !says_unsigned(f); }) ||
           std::ranges::any_of(report.signatures, [&](const signature_report& s) {
               return form_in_doubt(s) && !(detached_apart && s.sub_indication == sub::signed_data_not_found);
           });
}

std::vector<std::string> not_determined(const file_report& report) {
    std::vector<std::string> all;
    for (const signature_report& s : report.signatures)
        if (s.verdict == verdict::indeterminate) all.push_back(fmt::format("{}: {}", name_of(s), s.sub_indication));
    return all;
}

std::string complaint(const file_report& report) {
    std::string why;
    auto say = [&](const std::string& one) { why += (why.empty() ? "" : "; ") + one; };
    for (const signature_report& s : report.signatures) {
        if (s.verdict == verdict::valid) continue;
        std::string codes;
        for (const signing::finding& f : s.findings) codes += " " + f.code;
        say(fmt::format("{}: {}{}", name_of(s), s.sub_indication, codes));
    }
    for (const signing::finding& f : report.findings) say(f.code);
    return why.empty() ? std::string(to_string(report.verdict)) : why;
}

} // namespace vanthu::cli

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

std::string name_of(const signature_report& s) { return s.signer.subject.empty() ? s.field : s.signer.subject; }

// What leaves a file merely unsigned in part says nothing against what is signed.
bool says_unsigned(const signing::finding& f) {
    return f.code == "asic.file_not_signed" || f.code == "asic.signed_in_parts" || f.code == "pdf.only_time_stamp";
}

// The doubt is about what was signed, not about who signed. A kind of signature that nobody here can judge is neither.
bool doubts_content(const signature_report& s) {
    if (s.verdict != verdict::indeterminate || signing::has_finding(s.findings, "pdf.subfilter")) return false;
    if (s.sub_indication == signing::sub::format_failure || s.sub_indication == signing::sub::signed_data_not_found)
        return true;
    return std::ranges::any_of(s.findings, [](const signing::finding& f) {
        return f.code == "file.content_not_used" || f.code == "xml.unsigned_content" ||
               f.code == "xml.object_not_signed";
    });
}

std::size_t count_of(const trust_session& s) {
    return s.trust().intermediates.size() + s.known().crls.size() + s.known().ocsp_responses.size();
}

} // namespace

result<file_report> earlier_judge::judge(bytes_view file, const std::string& content) {
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
    if (in_vain_) {
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
    bool broken = report.verdict == verdict::invalid;
    for (const signature_report& s : report.signatures) {
        if (s.sub_indication == signing::sub::signed_data_not_found && !content_given) {
            if (kind == signed_file::kind::cms) return failed(sign_errc::content_missing);
            if (kind == signed_file::kind::xml) continue; // detached: nothing can be signed beside it in this file
        }
        broken = broken || doubts_content(s);
    }
    broken = broken || std::ranges::any_of(report.findings, [](const auto& f) { return !says_unsigned(f); });
    if (broken) return failed(sign_errc::earlier_not_valid, complaint(report));
    return {};
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

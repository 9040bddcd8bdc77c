#include "daemon/cli/verify.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/base/utf8.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/input.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/trust_session.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/signing_rules/verification.hpp"
#include "signing/signed_file/file_name.hpp"
#include "signing/validation/report_xml.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace vanthu::cli {
namespace {

using signing::verdict;
using validation::file_report;
using validation::signature_report;
namespace json = boost::json;

struct request {
    trust_options trust;
    std::string at, content, report, policy;
    std::vector<std::string> files;
    voice speak;
};

std::string_view sentence(const file_report& r, const voice& say) {
    switch (r.verdict) {
    case verdict::valid:
        return say("Mọi chữ ký đều hợp lệ.", "Every signature is valid.");
    case verdict::invalid:
        return say("Có chữ ký KHÔNG hợp lệ; không sử dụng văn bản này.",
                   "A signature is NOT valid; do not use this document.");
    case verdict::indeterminate:
        return say("Chưa xác định được hiệu lực của chữ ký.", "The validity of the signatures is not determined.");
    case verdict::unsigned_:
        // Time stamps alone are nobody's signature.
        return std::ranges::all_of(r.signatures, [](const signature_report& s) { return s.format == "timestamp"; })
                   ? say("Tệp không có chữ ký số.", "The file carries no signature.")
                   : say("Có tệp bên trong không được chữ ký nào bảo đảm.",
                         "A file inside is covered by no signature.");
    }
    return "";
}

std::string_view word(verdict v, const voice& say) {
    return v == verdict::valid           ? say("HỢP LỆ", "VALID")
           : v == verdict::invalid       ? say("KHÔNG HỢP LỆ", "NOT VALID")
           : v == verdict::indeterminate ? say("CHƯA XÁC ĐỊNH", "NOT DETERMINED")
                                         : say("KHÔNG KÝ", "UNSIGNED");
}

std::string_view covers_word(const std::string& covers, const voice& say) {
    return covers == "whole"      ? say("toàn bộ tệp", "the whole file")
           : covers == "revision" ? say("một phiên bản trước của tệp", "an earlier revision of the file")
                                  : say("một phần của tệp", "a part of the file");
}

// What people see of a change; its code stays in --json.
std::string change_word(const std::string& code, const voice& say) {
    auto field = [&](std::string_view prefix) { return code.substr(prefix.size()); };
    if (code.starts_with("signature_added:"))
        return fmt::format("{} {}", say("thêm chữ ký", "signature added:"), field("signature_added:"));
    if (code == "signature_added") return std::string(say("thêm chữ ký", "signature added"));
    if (code.starts_with("field_filled:"))
        return fmt::format("{} {}", say("điền trường", "field filled:"), field("field_filled:"));
    if (code.starts_with("signature_field_added:"))
        return fmt::format("{} {}", say("thêm ô chữ ký", "signature field added:"), field("signature_field_added:"));
    if (code.starts_with("timestamp_added")) return std::string(say("thêm dấu thời gian", "time stamp added"));
    if (code == "evidence_added")
        return std::string(say("thêm bằng chứng xác thực (DSS)", "validation evidence added"));
    if (code == "form_resources_added")
        return std::string(say("thêm phông chữ của biểu mẫu", "font of the form added"));
    if (code == "metadata_updated") return std::string(say("cập nhật ngày sửa tệp", "file dates updated"));
    return fmt::format("{} ({})", say("thay đổi khác", "another change"), code);
}

// A policy that a signer names, and what the operator's list says of it.
std::string policy_word(const signature_report& s, const voice& say) {
    using kind = validation::named_policy::kind;
    const validation::named_policy& p = *s.signature_policy;
    if (p.how == kind::malformed) return std::string(say("không đọc được", "cannot be read"));
    if (p.how == kind::implied) return std::string(say("ngầm định, không nêu tên", "implied, without a name"));
    auto differs = signing::has_finding(s.findings, "policy.signature_policy_differs");
    return fmt::format("{} ({})", p.id,
                       s.signature_policy_known ? say("đã biết", "known")
                       : differs                ? say("khác với bản đã biết", "not the known document")
                                                : say("chưa xác nhận", "not confirmed"));
}

// Everything of a report comes from the file, its name too.
void show(const std::string& line) { std::cout << for_terminal(line) << "\n"; }

void print_signature(std::size_t number, const signature_report& s, const voice& say) {
    auto line = [](std::string_view label, std::string_view text) {
        if (!text.empty()) show(fmt::format("     {}: {}", label, text));
    };
    const bool stamp = s.format == "timestamp";
    show(fmt::format("  {}. {}  {} {}", number, word(s.verdict, say),
                     stamp ? say("dấu thời gian văn bản", "document time stamp") : std::string_view(s.format),
                     s.level));
    line(stamp ? say("Cơ quan cấp", "authority") : say("Người ký", "signer"),
         s.signer.common_name.empty() ? s.signer.subject : s.signer.common_name);
    line(say("Cơ quan", "organisation"), s.signer.organisation);
    line(say("Phạm vi ký", "covers"), covers_word(s.covers, say));
    if (s.claimed_time) line(say("Thời gian ký (người ký khai)", "claimed time"), to_rfc3339_vietnam(*s.claimed_time));
    if (s.best_time)
        line(say("Thời điểm được chứng minh (dấu thời gian)", "proven time (time stamp)"),
             to_rfc3339_vietnam(*s.best_time));
    if (s.signature_policy) {
        line(say("Chính sách ký", "signature policy"), policy_word(s, say));
        line(say("Thông báo của chính sách ký", "notice of the policy"), s.signature_policy->notice);
    }
    if (!s.sub_indication.empty())
        line(say("Kết luận ETSI", "ETSI indication"),
             fmt::format("{} / {}", to_string(s.indication), s.sub_indication));
    if (s.try_again)
        line(say("Có thể kiểm tra lại từ", "may be judged again from"), to_rfc3339_vietnam(*s.try_again));
    else if (s.transient())
        line(say("Có thể kiểm tra lại", "may be judged again"),
             say("khi có thông tin thu hồi", "when revocation data can be had"));
    for (const std::string& c : s.changes_after) line(say("Sau khi ký", "after signing"), change_word(c, say));
    for (const auto& f : s.findings) show(fmt::format("     - {} [{}]", say(f.text_vi, f.text_en), f.code));
}

void print_report(const file_report& r, const std::vector<trust_services::trouble>& unanswered, const voice& say) {
    show(fmt::format("{}: {}", r.file, sentence(r, say)));
    std::size_t number = 0;
    for (const signature_report& s : r.signatures) print_signature(++number, s, say);
    for (const auto& f : r.findings) show(fmt::format("  - {} [{}]", say(f.text_vi, f.text_en), f.code));
    if (r.verdict == verdict::indeterminate)
        for (const trust_services::trouble& t : unanswered) {
            const error_row& row = *describe(t.why.code);
            show(fmt::format("  - {}: {}: {} {} [{}] {}", say("Không lấy được", "could not be had"),
                             t.what.subject.subject(), say(row.message_vi, row.message_en),
                             say(row.action_vi, row.action_en), public_code(t.why.code), t.why.detail));
        }
}

json::array to_json(const std::vector<trust_services::trouble>& unanswered) {
    json::array out;
    for (const trust_services::trouble& t : unanswered) {
        const error_row& row = *describe(t.why.code);
        out.push_back({{"subject", t.what.subject.subject()},
                       {"code", public_code(t.why.code)},
                       {"detail", well_formed(t.why.detail)},
                       {"text_vi", fmt::format("{} {}", row.message_vi, row.action_vi)},
                       {"text_en", fmt::format("{} {}", row.message_en, row.action_en)}});
    }
    return out;
}

int code_of(verdict v) {
    return v == verdict::valid ? 0 : v == verdict::invalid ? 1 : v == verdict::indeterminate ? 2 : 3;
}

// Invalid goes before indeterminate before unsigned before valid.
int worse(int a, int b) {
    for (int c : {1, 2, 3})
        if (a == c || b == c) return c;
    return 0;
}

// Of the file that was judged, whatever stands under its name by now.
std::optional<digest> hash_of(const unique_fd& file) {
    sha256 hash;
    std::uint8_t piece[65536];
    for (off_t at = 0;;) {
        const ssize_t n = ::pread(file.get(), piece, sizeof piece, at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return std::nullopt;
        if (n == 0) return hash.finish();
        hash.update(bytes_view(piece, static_cast<std::size_t>(n)));
        at += n;
    }
}

int verify(const request& q) {
    if (!q.report.empty())
        if (auto usable = can_be_output(q.report, existing_file::replaced); !usable)
            return tell(usable.error(), q.speak);
    std::optional<timestamp> at;
    if (!q.at.empty()) {
        at = from_rfc3339(q.at);
        if (!at) return tell(failure{make_error_code(errc::bad_time), "--at " + q.at}, q.speak), usage;
    }
    auto session = trust_session::open(q.trust);
    if (!session) return tell(session.error(), q.speak), unreadable;
    validation::policy policy;
    if (!q.policy.empty()) {
        auto text = read_text_file(q.policy, 1u << 20);
        if (!text) return tell(text.error(), q.speak), unreadable;
        auto rules = signing_rules::read_verification_policy(*text, q.policy);
        if (!rules) return tell(rules.error(), q.speak), usage;
        policy = std::move(*rules);
    }
    auto pool = (*session)->start_inspector(std::move(policy));
    if (!pool) return tell(pool.error(), q.speak), internal;
    unique_fd content;
    if (!q.content.empty()) {
        auto opened = open_input(q.content);
        if (!opened) return tell(opened.error(), q.speak), unreadable;
        content = std::move(*opened);
    }

    json::array out;
    std::vector<validation::judged_file> judged;
    int worst = 0;
    bool missing = false;
    for (const std::string& name : q.files) {
        auto fd = open_input(name);
        if (!fd) {
            missing = true;
            if (!q.speak.as_json) tell(fd.error(), q.speak);
            const error_row& row = *describe(fd.error().code);
            out.push_back({{"file", well_formed(name)},
                           {"verdict", "indeterminate"},
                           {"signatures", json::array()},
                           {"findings",
                            {{{"code", public_code(fd.error().code)},
                              {"text_vi", row.message_vi},
                              {"text_en", row.message_en}}}}});
            continue;
        }
        inspect::inspection seen;
        bool first = true;
        (*session)->gather([&] {
            if (!first) (*pool)->replace_trust((*session)->trust(), (*session)->known());
            first = false;
            seen = (*pool)->inspect(fd->get(), at.value_or((*session)->now()),
                                    std::chrono::steady_clock::now() + std::chrono::seconds(60),
                                    content ? content.get() : -1);
            return seen.report.missing;
        });
        seen.report.file = well_formed(name); // JSON and XML hold nothing else
        signed_file::check_file_name(seen.report);
        worst = worse(worst, code_of(seen.report.verdict));
        if (q.speak.as_json) {
            json::value report = json::parse(validation::to_json(seen.report));
            report.as_object().erase("missing"); // between worker and fetcher only
            if (!(*session)->unanswered().empty()) report.as_object()["unanswered"] = to_json((*session)->unanswered());
            out.push_back(std::move(report));
        } else {
            print_report(seen.report, (*session)->unanswered(), q.speak);
        }
        if (!q.report.empty()) judged.push_back({std::move(seen.report), hash_of(*fd)});
    }
    if (q.speak.as_json) print(json::object{{"schema_version", 1}, {"files", std::move(out)}});
    if (!q.report.empty() && !judged.empty()) {
        std::string xml = validation::to_xml(judged, at.value_or((*session)->now()));
        if (auto done = write_output(q.report, as_bytes(xml)); !done) return tell(done.error(), q.speak);
    }
    if (missing && worst != refused) return unreadable; // a file found invalid is the worse news
    return worst;
}

} // namespace

void add_verify_command(CLI::App& app, int& exit_code) {
    auto q = std::make_shared<request>();
    CLI::App* command = app.add_subcommand("verify", "Kiểm tra chữ ký số: PDF, XML, CMS, ASiC / verify signatures");
    add_trust_options(*command, q->trust);
    command->add_option("--at", q->at, "Thời điểm xét chứng thư / time for which certificates are judged (RFC 3339)");
    command->add_option("--policy", q->policy,
                        "Tệp quy tắc kiểm tra, mẫu verification-policy.toml / rules to judge by (TOML)");
    command->add_option("--content", q->content, "Tệp mà chữ ký tách rời ký / what a detached signature is about");
    command->add_option("--report", q->report, "Ghi báo cáo ETSI TS 119 102-2 (XML) / write the ETSI report");
    command->add_option("FILE", q->files, "Tệp cần kiểm tra / file to verify")->required();
    add_voice_options(*command, q->speak);
    command->callback([q, &exit_code] { exit_code = verify(*q); });
}

} // namespace vanthu::cli

#include "daemon/cli/verify.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/inspect_files.hpp"
#include "daemon/cli/voice.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <sys/stat.h>

namespace vanthu::cli {
namespace {

using signing::verdict;
namespace json = boost::json;

struct request {
    std::string trust = "/etc/vanthu/trust", at;
    std::vector<std::string> crls, files;
    voice speak;
};

std::string_view sentence(verdict v, const voice& say) {
    switch (v) {
    case verdict::valid:
        return say("Mọi chữ ký đều hợp lệ.", "Every signature is valid.");
    case verdict::invalid:
        return say("Có chữ ký KHÔNG hợp lệ; không sử dụng văn bản này.",
                   "A signature is NOT valid; do not use this document.");
    case verdict::indeterminate:
        return say("Chưa xác định được hiệu lực của chữ ký.", "The validity of the signatures is not determined.");
    case verdict::unsigned_:
        return say("Văn bản không có chữ ký số.", "The document carries no signature.");
    }
    return "";
}

void print_report(const validation::file_report& r, const voice& say) {
    std::cout << fmt::format("{}: {} ({})\n", r.file, sentence(r.verdict, say), to_string(r.verdict));
    auto remarks = [&](const std::vector<signing::finding>& all, std::string_view indent) {
        for (const auto& f : all) std::cout << fmt::format("{}- {} [{}]\n", indent, say(f.text_vi, f.text_en), f.code);
    };
    for (const validation::signature_report& s : r.signatures) {
        std::cout << fmt::format("  {}: {} {} {} — {}\n", s.field, s.format, s.level, to_string(s.verdict),
                                 s.signer.subject);
        if (!s.sub_indication.empty())
            std::cout << fmt::format("    {} / {}\n", to_string(s.indication), s.sub_indication);
        if (s.claimed_time)
            std::cout << fmt::format("    {}: {}\n", say("Thời gian ký (người ký khai)", "claimed time"),
                                     to_rfc3339_vietnam(*s.claimed_time));
        if (s.best_time)
            std::cout << fmt::format("    {}: {}\n", say("Dấu thời gian", "time stamp"),
                                     to_rfc3339_vietnam(*s.best_time));
        for (const std::string& c : s.changes_after)
            std::cout << fmt::format("    {}: {}\n", say("Thay đổi sau khi ký", "later change"), c);
        remarks(s.findings, "    ");
    }
    if (r.signatures.empty()) remarks(r.findings, "  ");
}

int code_of(verdict v) {
    return v == verdict::valid ? 0 : v == verdict::invalid ? 1 : v == verdict::indeterminate ? 2 : 3;
}

int verify(const request& q) {
    timestamp at = system_clock().now();
    if (!q.at.empty()) {
        auto parsed = from_rfc3339(q.at);
        if (!parsed) {
            std::cerr << q.speak("--at cần thời điểm dạng RFC 3339.", "--at wants a time as in RFC 3339.") << "\n";
            return usage;
        }
        at = *parsed;
    }
    auto trust = read_trust_folder(q.trust);
    if (!trust) return tell(trust.error(), q.speak), unreadable;
    auto known = read_crls(q.crls);
    if (!known) return tell(known.error(), q.speak), unreadable;
    auto pool = start_inspector(std::move(*trust), std::move(*known));
    if (!pool) return tell(pool.error(), q.speak), internal;

    json::array out;
    int worst = 0;
    bool missing = false;
    for (const std::string& name : q.files) {
        unique_fd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
        struct stat about{};
        const bool directory = fd && ::fstat(fd.get(), &about) == 0 && S_ISDIR(about.st_mode);
        if (!fd || directory || ::lseek(fd.get(), 0, SEEK_END) < 0) {
            missing = true;
            failure f{directory ? make_error_code(errc::directory_given) : make_error_code(files::errc::unreadable),
                      name};
            if (!q.speak.as_json) tell(f, q.speak);
            const error_row& row = *describe(f.code);
            out.push_back(
                {{"file", name},
                 {"verdict", "indeterminate"},
                 {"signatures", json::array()},
                 {"findings",
                  {{{"code", public_code(f.code)}, {"text_vi", row.message_vi}, {"text_en", row.message_en}}}}});
            continue;
        }
        auto seen = (*pool)->inspect(fd.get(), at, std::chrono::steady_clock::now() + std::chrono::seconds(60));
        seen.report.file = name;
        constexpr int order[] = {1, 2, 3}; // invalid goes before indeterminate before unsigned
        int code = code_of(seen.report.verdict);
        for (int c : order)
            if (worst == c || code == c) {
                worst = c;
                break;
            }
        if (q.speak.as_json)
            out.push_back(json::parse(validation::to_json(seen.report)));
        else
            print_report(seen.report, q.speak);
    }
    if (q.speak.as_json) print(json::object{{"schema_version", 1}, {"files", std::move(out)}});
    return missing ? static_cast<int>(unreadable) : worst;
}

} // namespace

void add_verify_command(CLI::App& app, int& exit_code) {
    auto q = std::make_shared<request>();
    CLI::App* command =
        app.add_subcommand("verify", "Kiểm tra chữ ký số của tệp PDF / verify the signatures of PDF files");
    command->add_option("--trust", q->trust, "Thư mục chứng thư tin cậy / folder of trusted certificates")
        ->capture_default_str();
    command->add_option("--crl", q->crls, "Tệp CRL / file with a CRL")->allow_extra_args(false);
    command->add_option("--at", q->at, "Thời điểm xét chứng thư / time for which certificates are judged (RFC 3339)");
    command->add_option("FILE", q->files, "Tệp PDF / PDF file")->required();
    add_voice_options(*command, q->speak);
    command->callback([q, &exit_code] { exit_code = verify(*q); });
}

} // namespace vanthu::cli

#include "daemon/cli/sign_pdf.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/sign.hpp"
#include "signing/pdf/sign.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <iostream>

namespace vanthu::cli {
namespace {

// "2025-07-05" as the letter writes it: "ngày 05 tháng 7 năm 2025"; two digits for days below 10 and months 1 and 2
// (NĐ 30/2020, annex I, part I, II.4). Any other text stays as it is.
std::string shown_date(const std::string& given) {
    int year, month, day;
    char rest;
    if (given.size() != 10 || std::sscanf(given.c_str(), "%4d-%2d-%2d%c", &year, &month, &day, &rest) != 3)
        return given;
    return fmt::format("ngày {:02} tháng {} năm {}", day,
                       month <= 2 ? fmt::format("{:02}", month) : std::to_string(month), year);
}

result<std::optional<pdf::placement>> placement_of(const pdf_choices& q) {
    if (q.page == 0 && q.rectangle.empty()) return std::nullopt;
    pdf::placement p{q.page, 0, 0, 0, 0};
    char rest;
    if (q.page == 0 ||
        std::sscanf(q.rectangle.c_str(), "%lf,%lf,%lf,%lf%c", &p.x, &p.y, &p.width, &p.height, &rest) != 4)
        return failed(sign_errc::bad_arguments, "--page N --rect X,Y,W,H");
    return p;
}

// `issued`: somebody else's valid signature must stand on a document without fault.
result<> require_person(const pdf_choices& q, const cms::signer& seal, bytes_view document, trust_session& session,
                        const voice& speak) {
    inspect::inspection seen;
    std::unique_ptr<inspect::inspector_pool> pool;
    VANTHU_TRY(pool, session.start_inspector());
    session.gather([&] {
        pool->replace_trust(session.trust(), session.known());
        seen = pool->inspect(document, session.now(), std::chrono::steady_clock::now() + std::chrono::seconds(60));
        return seen.report.missing;
    });
    using signing::verdict;
    auto good = [&](verdict v) {
        return v == verdict::valid || (v == verdict::indeterminate && q.accept_indeterminate);
    };
    std::string found;
    bool person = false;
    for (const auto& s : seen.report.signatures) {
        found += fmt::format("{} ({}); ", s.signer.subject, to_string(s.verdict));
        person = person || (good(s.verdict) && s.format != "timestamp" &&
                            s.signer.certificate_sha256 != seal.leaf.sha256().hex());
    }
    if (!person || !good(seen.report.verdict))
        return failed(sign_errc::no_person_signature, found.empty() ? "0" : found);
    if (!speak.as_json) std::cout << speak("Đã có chữ ký của: ", "Signed before by: ") << found << "\n";
    return {};
}

} // namespace

void add_pdf_options(CLI::App& command, pdf_choices& o) {
    command.add_option("--profile", o.profile, "approved | issued | appendix")->capture_default_str();
    command.add_option("--number", o.number, "Số, ký hiệu / number and notation, 321/UBND-KGVX");
    command.add_option("--date", o.date, "Ngày ban hành / date of issue, 2025-07-15");
    command.add_option("--page", o.page, "Trang / page, from 1")->check(CLI::Range(1, 100000));
    command.add_option("--rect", o.rectangle, "X,Y,W,H (point)");
    command.add_option("--font", o.font, "Phông chữ đứng / upright font")->capture_default_str();
    command.add_option("--italic-font", o.italic_font, "Phông chữ nghiêng / italic font")->capture_default_str();
    command.add_flag("--certify", o.restrict_changes,
                     "approved: chỉ cho phép điền trường và ký / certify with DocMDP P=2");
    command.add_flag("--accept-indeterminate", o.accept_indeterminate,
                     "issued: chấp nhận chữ ký chưa xác định / accept an indeterminate signature");
}

result<> check(const pdf_choices& o) {
    if (o.profile != "approved" && o.profile != "issued" && o.profile != "appendix")
        return failed(sign_errc::not_available, "--profile " + o.profile);
    auto place = placement_of(o);
    if (!place) return std::unexpected(place.error());
    return {};
}

result<bytes> sign_pdf(bytes_view document, const pdf_choices& o, const cms::signer& who, const std::string& tsa,
                       trust_session& session, const voice& speak) {
    const bool issues = o.profile == "issued";
    VANTHU_TRY(bytes upright, read_file(o.font));
    VANTHU_TRY(bytes italic, read_file(o.italic_font));
    VANTHU_TRY(auto place, placement_of(o));
    if (issues) VANTHU_CHECK(require_person(o, who, document, session, speak));

    pdf::signature_request s;
    s.kind = issues ? pdf::profile::issued : o.profile == "appendix" ? pdf::profile::appendix : pdf::profile::approved;
    s.type = {pdf::typeface(std::move(upright)), pdf::typeface(std::move(italic))};
    s.signer_name = who.leaf.common_name();
    s.organisation = who.leaf.common_name();
    s.number = o.number;
    s.date = shown_date(o.date);
    s.claimed_time = session.now();
    s.place = place;
    s.restrict_changes = o.restrict_changes;
    std::size_t chain = who.leaf.der().size();
    for (const auto& c : who.chain) chain += c.der().size();
    s.contents_size = pdf::contents_reserve(chain, who.leaf.key_bits(), !tsa.empty());
    VANTHU_TRY(pdf::prepared p, pdf::prepare(document, s));
    VANTHU_TRY(bytes message, cms::build_signature(p.content_sha256, who));
    if (!tsa.empty()) {
        VANTHU_TRY(digest imprint, cms::signature_imprint(message));
        VANTHU_TRY(cms::timestamp_token token, session.stamp(tsa, imprint));
        VANTHU_TRY(message, cms::add_timestamp(message, token));
    }
    return pdf::finish(std::move(p), message);
}

} // namespace vanthu::cli

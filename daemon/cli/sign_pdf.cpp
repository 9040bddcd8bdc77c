#include "daemon/cli/sign_pdf.hpp"

#include "daemon/base/files.hpp"
#include "daemon/base/utf8.hpp"
#include "daemon/cli/earlier.hpp"
#include "daemon/cli/sign.hpp"
#include "daemon/signing_rules/appearance.hpp"
#include "signing/pdf/errors.hpp"
#include "signing/pdf/report.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <tuple>

namespace vanthu::cli {
namespace {

// "2025-07-05" as the letter writes it: "ngày 05 tháng 7 năm 2025"; two digits for days below 10 and months 1 and 2
// (NĐ 30/2020, annex I, part I, II.4). "" stays empty; sign_errc::bad_date for what is no day of the calendar.
result<std::string> shown_date(const std::string& given) {
    if (given.empty()) return std::string();
    const bool digits = given.size() == 10 && given[4] == '-' && given[7] == '-' &&
                        std::ranges::count_if(given, [](char c) { return c >= '0' && c <= '9'; }) == 8;
    if (!digits) return failed(sign_errc::bad_date, given);
    const int year = std::stoi(given.substr(0, 4)), month = std::stoi(given.substr(5, 2)),
              day = std::stoi(given.substr(8));
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    if (year == 0 || !date.ok()) return failed(sign_errc::bad_date, given);
    return fmt::format("ngày {:02} tháng {} năm {}", day,
                       month <= 2 ? fmt::format("{:02}", month) : std::to_string(month), year);
}

// What is printed and sealed as number and notation ("321/UBND-KGVX", "05-NQ/TW"): letters, Vietnamese ones too, and
// digits, a digit among them, with the marks that notations have between them.
bool is_number(std::string_view text) {
    bool digit = false, mark = true; // begins with neither a mark nor two of them
    if (text.empty() || text.size() > 64) return false;
    for (std::size_t at = 0; at < text.size();) {
        const code_point c = read_code_point(text, at);
        if (c.length == 0) return false;
        at += c.length;
        const bool one = c.value >= '0' && c.value <= '9';
        const bool letter = (c.value >= 'a' && c.value <= 'z') || (c.value >= 'A' && c.value <= 'Z') ||
                            (c.value >= 0xC0 && c.value <= 0x24F) || (c.value >= 0x300 && c.value <= 0x36F) ||
                            (c.value >= 0x1EA0 && c.value <= 0x1EFF);
        const bool bracket = !mark && (c.value == '(' || c.value == ')');
        digit = digit || one;
        if (!one && !letter && !bracket &&
            (mark || std::u32string_view(U"/-._&").find(c.value) == std::u32string_view::npos))
            return false;
        mark = !one && !letter && !bracket;
    }
    return digit && !mark;
}

// Of a day that shown_date() has taken: far from today it is a slip of the pen as likely as not.
bool far_from(timestamp now, const std::string& given) {
    const auto day = from_rfc3339(given + "T12:00:00+07:00");
    return day && std::chrono::abs(*day - now) > std::chrono::days(30);
}

result<std::optional<pdf::placement>> placement_of(const pdf_choices& q) {
    if (q.page == 0 && q.rectangle.empty()) return std::nullopt;
    pdf::placement p{q.page, 0, 0, 0, 0};
    char rest;
    if (q.page == 0 || !q.anchor.empty() ||
        std::sscanf(q.rectangle.c_str(), "%lf,%lf,%lf,%lf%c", &p.x, &p.y, &p.width, &p.height, &rest) != 4)
        return failed(sign_errc::bad_arguments, "--page N --rect X,Y,W,H | --anchor TEXT");
    return p;
}

result<> read_pictures(const std::vector<std::string>& names, pdf::signature_request& into) {
    std::vector<pdf::picture> all;
    for (const std::string& name : names) {
        VANTHU_TRY(bytes png, read_file(name, pdf::picture::most_bytes));
        auto one = pdf::picture::from_png(png);
        if (!one) return failed(one.error().code, name + ": " + one.error().detail);
        all.push_back(std::move(*one));
    }
    if (!all.empty()) into.image = pdf::picture::row(all);
    return {};
}

const pdf::appearance& look_of(const pdf_plan& plan) {
    return plan.request.look ? *plan.request.look : pdf::default_appearance(plan.request.kind);
}

// Who shows as the organisation: as the registry calls it, else the agency that the certificate is of.
std::string organisation_of(const pdf_plan& plan, const signing_authority& authority, const x509::certificate& leaf) {
    if (!authority.organisation_name().empty()) return authority.organisation_name();
    const bool person = look_of(plan).who == pdf::signs::person || !leaf.title().empty();
    if (!person) return leaf.common_name();
    return leaf.organisations().empty() ? "" : leaf.organisations().front();
}

// `issued`: a person with authority must have signed the previous revision of a document without fault, to approve it:
// initials, comments, copies and arrivals, which our profiles mark by their field, approve nothing. A signature without
// such a mark (another program's) counts as an approval.
result<std::vector<std::string>> require_person(const pdf_plan& plan, const signing_authority& authority,
                                                const cms::signer& seal, const validation::file_report& before,
                                                timestamp now) {
    if (!authority.known() && !plan.accept_indeterminate) return failed(sign_errc::registry_missing);
    using signing::verdict;
    auto good = [&](verdict v) {
        return v == verdict::valid || (v == verdict::indeterminate && plan.accept_indeterminate);
    };
    std::vector<std::string> found;
    std::string others;
    for (const auto& s : before.signatures) {
        if (s.format == "timestamp") continue;
        const auto made_as = pdf::profile_of_field(s.field);
        if (made_as && *made_as != pdf::profile::approved) {
            others += fmt::format("{} (--profile {}); ", s.signer.subject, to_string(*made_as));
            continue;
        }
        const bool fit =
            good(s.verdict) && s.covers != "part" && s.signer.certificate_sha256 != seal.leaf.sha256().hex();
        const registry::authority* row = authority.known() ? authority.person(s, now) : nullptr;
        if (fit && row)
            found.push_back(fmt::format("{}, {}", row->person, row->title));
        else if (fit && !authority.known())
            found.push_back(s.signer.subject);
        else
            others += fmt::format("{} ({}); ", s.signer.subject, to_string(s.verdict));
    }
    if (found.empty() || !good(before.verdict)) {
        if (others.ends_with("; ")) others.resize(others.size() - 2);
        return failed(sign_errc::no_person_signature, others.empty() ? std::string(to_string(before.verdict)) : others);
    }
    return found;
}

// Empty fields are filled in the seal's revision, which then answers for them; what there is no field for is drawn with
// the seal. Each rests on what was signed before.
result<> numbers_here(bytes_view document, const validation::file_report& before, const cms::signer& seal,
                      std::vector<signing::finding>& remarks) {
    validation::signer_info own;
    validation::describe(seal.leaf, own);
    for (const auto& [field, what_vi, what_en] : {std::tuple(pdf::number_field, "số, ký hiệu", "number and notation"),
                                                  std::tuple(pdf::date_field, "ngày ban hành", "date of issue")}) {
        const auto first = pdf::signature_that_numbers(document, std::string(field));
        if (!first || *first >= before.signatures.size()) {
            remarks.push_back(
                {"sign.drawn_with_seal",
                 fmt::format("Văn bản không có ô để điền {}: nội dung này được ghi cùng con dấu, chỗ trống "
                             "ở đầu văn bản vẫn để trống.",
                             what_vi),
                 fmt::format("The document has no field for the {}: it is drawn with the seal, and the "
                             "blank at the head stays empty.",
                             what_en)});
            continue;
        }
        const validation::signer_info& giver = before.signatures[*first].signer;
        if (!validation::acts_for_organisation_of(own, giver))
            return failed(sign_errc::numbered_by_another, giver.subject);
    }
    return {};
}

} // namespace

void add_pdf_options(CLI::App& command, pdf_choices& o) {
    command.add_option("--profile", o.profile, "approved | initial | issued | appendix | copy | income | comment")
        ->capture_default_str();
    command.add_option("--number", o.number, "Số, ký hiệu / number and notation, 321/UBND-KGVX");
    command.add_option("--date", o.date, "Ngày ban hành / date of issue, 2025-07-15");
    command.add_option("--comment", o.comment,
                       "Ý kiến; với income: thông tin văn bản đến / what is written; income: details of the arrival");
    command.add_option("--form", o.form, "copy: sao-y | sao-luc | trich-sao")->capture_default_str();
    command
        .add_option("--image", o.images,
                    "Ảnh chữ ký hoặc con dấu (PNG), nhiều ảnh thì cạnh nhau / picture of signature or seal; several "
                    "stand beside each other")
        ->allow_extra_args(false);
    command.add_option("--page", o.page, "Trang / page, from 1")->check(CLI::Range(1, 100000));
    command.add_option("--rect", o.rectangle, "X,Y,W,H (point)");
    command.add_option("--anchor", o.anchor,
                       "Cụm từ trong văn bản đứng tại vị trí ký / words of the document where to sign");
    command.add_option("--appearance", o.appearance, "Bảng hiển thị, mẫu appearance.toml / table of appearances");
    command.add_option("--font", o.font, "Phông chữ đứng / upright font")->capture_default_str();
    command.add_option("--italic-font", o.italic_font, "Phông chữ nghiêng / italic font")->capture_default_str();
    command.add_flag("--certify", o.restrict_changes,
                     "approved: chỉ cho phép điền trường và ký / certify with DocMDP P=2");
    command.add_flag("--accept-indeterminate", o.accept_indeterminate,
                     "issued: chấp nhận chữ ký hoặc thẩm quyền chưa xác định / accept an indeterminate signature or "
                     "authority");
}

result<pdf_plan> plan_pdf(const pdf_choices& o) {
    pdf_plan plan;
    plan.accept_indeterminate = o.accept_indeterminate;
    pdf::signature_request& s = plan.request;
    auto kind = pdf::profile_named(o.profile);
    if (!kind) return failed(sign_errc::not_available, "--profile " + o.profile);
    s.kind = *kind;
    auto form = pdf::copy_form_named(o.form);
    if (!form) return failed(sign_errc::bad_arguments, "--form " + o.form);
    s.form = *form;
    VANTHU_TRY(s.place, placement_of(o));
    s.anchor = o.anchor;
    s.number = o.number;
    if (!s.number.empty() && !is_number(s.number)) return failed(sign_errc::bad_number, s.number);
    plan.date = o.date;
    VANTHU_TRY(s.date, shown_date(o.date));
    if (s.kind == pdf::profile::issued && (s.number.empty() || s.date.empty()))
        return failed(pdf::errc::number_and_date_required, "--number, --date");
    s.comment = o.comment;
    if (s.kind == pdf::profile::comment && s.comment.empty()) return failed(pdf::errc::text_required, "--comment");
    s.restrict_changes = o.restrict_changes;
    if (!o.appearance.empty()) {
        VANTHU_TRY(std::string text, read_text_file(o.appearance, 1u << 20));
        VANTHU_TRY(std::vector<pdf::appearance> rows, signing_rules::read_appearances(text, o.appearance));
        s.look = rows[static_cast<std::size_t>(s.kind) - 1];
    }
    VANTHU_CHECK(read_pictures(o.images, s));
    VANTHU_TRY(bytes upright, read_file(o.font));
    VANTHU_TRY(bytes italic, read_file(o.italic_font));
    s.type = {pdf::typeface(std::move(upright)), pdf::typeface(std::move(italic))};
    return plan;
}

result<> holds_as_issued(const validation::file_report& before, bytes_view made, const pdf_plan& plan,
                         trust_session& session) {
    validation::policy policy;
    policy.revocation = x509::revocation_rule::if_present; // as for the signer's own certificate before it is used
    VANTHU_TRY(validation::file_report after, earlier_judge(session, std::move(policy)).judge(made));
    using signing::verdict;
    bool good = after.signatures.size() > before.signatures.size() && after.findings.size() <= before.findings.size();
    for (std::size_t i = 0; good && i < after.signatures.size(); ++i) {
        const verdict now = after.signatures[i].verdict;
        const bool doubted = i < before.signatures.size() ? before.signatures[i].verdict == verdict::indeterminate
                                                          : session.trust().anchors.empty();
        good = now == verdict::valid || (now == verdict::indeterminate && doubted && plan.accept_indeterminate);
    }
    if (!good) return failed(sign_errc::result_not_valid, complaint(after));
    return {};
}

result<signed_pdf> sign_pdf(bytes_view document, const validation::file_report& before, const pdf_plan& plan,
                            const signing_authority& authority, const cms::signer& who, const std::string& tsa,
                            trust_session& session) {
    signed_pdf out;
    VANTHU_CHECK(authority.may_sign(plan.request.kind, look_of(plan).who, who.leaf, session.now()));
    if (plan.request.kind == pdf::profile::issued) {
        VANTHU_TRY(out.signed_before_by, require_person(plan, authority, who, before, session.now()));
        VANTHU_CHECK(numbers_here(document, before, who, out.remarks));
        if (far_from(session.now(), plan.date))
            out.remarks.push_back({"sign.date_far_away",
                                   fmt::format("Ngày ban hành {} cách hôm nay hơn 30 ngày.", plan.date),
                                   fmt::format("The date of issue {} is more than 30 days from today.", plan.date)});
    }
    if (plan.request.kind == pdf::profile::approved && look_of(plan).lays_out_fields && !before.signatures.empty() &&
        !pdf::signature_that_numbers(document, std::string(pdf::number_field)))
        out.remarks.push_back({"sign.no_number_field",
                               "Văn bản đã có chữ ký nên không thêm được ô số và ngày; khi phát hành, số và ngày sẽ "
                               "được ghi cùng con dấu.",
                               "The document is signed already, so no fields for number and date can be added; when it "
                               "is issued they are "
                               "drawn with the seal."});
    pdf::signature_request s = plan.request;
    s.signer_name = who.leaf.common_name();
    s.organisation = organisation_of(plan, authority, who.leaf);
    s.claimed_time = session.now();
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
    VANTHU_TRY(out.file, pdf::finish(std::move(p), message));
    return out;
}

} // namespace vanthu::cli

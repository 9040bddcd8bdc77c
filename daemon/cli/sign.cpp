#include "daemon/cli/sign.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/inspect_files.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/tokens/pin_guard.hpp"
#include "signing/cms/build.hpp"
#include "signing/pdf/sign.hpp"
#include "signing/token/token.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace vanthu::cli {
namespace {

constexpr error_row rows[] = {
    {static_cast<int>(sign_errc::not_available), "not_available", 501, retry::no,
     "Phiên bản này chưa hỗ trợ lựa chọn đó.", "This version does not offer that choice.",
     "Dùng --format pades, --level B-B hoặc B-T, --profile approved, issued hoặc appendix.",
     "Use --format pades, --level B-B or B-T, --profile approved, issued or appendix."},
    {static_cast<int>(sign_errc::no_person_signature), "no_person_signature", 422, retry::no,
     "Văn bản chưa có chữ ký hợp lệ của người có thẩm quyền nên không thể phát hành.",
     "The document carries no valid signature of a person, so it cannot be issued.",
     "Trình lãnh đạo ký số trước, rồi mới đóng dấu phát hành.", "Have the leader sign first, then seal it."},
    {static_cast<int>(sign_errc::own_certificate_bad), "own_certificate_bad", 422, retry::no,
     "Chứng thư dùng để ký không hợp lệ ở thời điểm này.", "The certificate used for signing is not valid now.",
     "Kiểm tra hạn chứng thư, thư mục chứng thư tin cậy và CRL.",
     "Check the certificate's validity, the trust folder and the CRLs."},
    {static_cast<int>(sign_errc::time_stamp_missing), "time_stamp_missing", 422, retry::no,
     "Mức B-T cần địa chỉ máy chủ cấp dấu thời gian.", "Level B-T needs the address of a time-stamping authority.",
     "Thêm --tsa URL.", "Add --tsa URL."},
    {static_cast<int>(sign_errc::bad_arguments), "bad_arguments", 422, retry::no, "Tham số không đúng dạng.",
     "An argument is malformed.", "Xem vanthu sign --help.", "See vanthu sign --help."},
};
const error_table table("sign", rows);

struct request {
    std::string key, pin_file, module_path, state_dir = "/var/lib/vanthu", format = "pades", level = "B-B", tsa,
                                            profile = "approved";
    std::string number, date, rectangle, input, output, trust = "/etc/vanthu/trust";
    std::string font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf";
    std::string italic_font = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Italic.ttf";
    std::vector<std::string> crls;
    int page = 0;
    bool accept_indeterminate = false, restrict_changes = false, trust_given = false;
    voice speak;
};

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

result<std::optional<pdf::placement>> placement_of(const request& q) {
    if (q.page == 0 && q.rectangle.empty()) return std::nullopt;
    pdf::placement p{q.page, 0, 0, 0, 0};
    char rest;
    if (q.page == 0 ||
        std::sscanf(q.rectangle.c_str(), "%lf,%lf,%lf,%lf%c", &p.x, &p.y, &p.width, &p.height, &rest) != 4)
        return failed(sign_errc::bad_arguments, "--page N --rect X,Y,W,H");
    return p;
}

result<cms::signer> open_key(const request& q) {
    if (q.key.starts_with("p12:")) {
        VANTHU_TRY(bytes file, read_file(q.key.substr(4), 1u << 20));
        token::pin passphrase;
        if (!q.pin_file.empty()) {
            VANTHU_TRY(bytes text, read_file(q.pin_file, 4096));
            passphrase = token::pin::take(text);
        }
        VANTHU_TRY(token::file_key key, token::open_pkcs12(file, passphrase));
        return token::make_signer(key, token::default_scheme(key.leaf));
    }
    if (!q.key.starts_with("pkcs11:")) return failed(sign_errc::bad_arguments, "--key pkcs11:URI | p12:FILE");
    VANTHU_TRY(token::selector which, token::parse_uri(q.key));
    if (q.pin_file.empty()) return failed(token::errc::pin_needed, "--pin-file");
    VANTHU_TRY(auto library, token::module::load(q.module_path.empty() ? which.module_path : q.module_path));
    VANTHU_TRY(auto card, token::card::open(library, which));
    VANTHU_CHECK(tokens::pin_guard(q.state_dir).login(*card, q.pin_file));
    VANTHU_TRY(token::key_info key, card->find_key(which));
    return token::make_signer(card, key, token::default_scheme(key.leaf));
}

// The signer's own chain, checked before anything is signed (contracts, 7) and embedded without the anchor.
result<> complete_chain(cms::signer& who, const x509::trust_store& trust, const x509::evidence& known, timestamp now) {
    auto path = x509::validate_path(who.leaf, who.chain, trust, known, now, x509::purpose::document_signature,
                                    x509::revocation_rule::if_present);
    if (!path.passed()) return failed(sign_errc::own_certificate_bad, who.leaf.subject() + ": " + path.sub_indication);
    who.chain.clear();
    for (std::size_t i = 1; i + 1 < path.chain.size(); ++i) who.chain.push_back(path.chain[i]);
    return {};
}

// `issued`: somebody else's valid signature must stand on a document without fault.
result<> require_person(const request& q, const cms::signer& seal, bytes_view document, x509::trust_store trust,
                        x509::evidence known, timestamp now) {
    VANTHU_TRY(auto pool, start_inspector(std::move(trust), std::move(known)));
    auto seen = pool->inspect(document, now, std::chrono::steady_clock::now() + std::chrono::seconds(60));
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
    if (!q.speak.as_json) std::cout << q.speak("Đã có chữ ký của: ", "Signed before by: ") << found << "\n";
    return {};
}

result<bytes> with_time_stamp(bytes cms, const std::string& url, const post_timestamp_query& post) {
    VANTHU_TRY(digest imprint, cms::signature_imprint(cms));
    bytes nonce = random_bytes(cms::nonce_size);
    VANTHU_TRY(bytes reply, post(url, cms::timestamp_request(imprint, nonce)));
    VANTHU_TRY(cms::timestamp_token stamp, cms::check_timestamp_reply(reply, imprint, nonce));
    return cms::add_timestamp(cms, stamp);
}

result<> sign(const request& q, const post_timestamp_query& post) {
    const bool time_stamp = q.level == "B-T";
    bool known_profile = q.profile == "approved" || q.profile == "issued" || q.profile == "appendix";
    if (q.format != "pades" || (q.level != "B-B" && !time_stamp) || !known_profile)
        return failed(sign_errc::not_available,
                      fmt::format("--format {} --level {} --profile {}", q.format, q.level, q.profile));
    if (time_stamp && (q.tsa.empty() || !post)) return failed(sign_errc::time_stamp_missing);
    const bool issues = q.profile == "issued";
    timestamp now = system_clock().now();

    VANTHU_TRY(bytes document, read_file(q.input, 256u << 20));
    VANTHU_TRY(bytes upright, read_file(q.font));
    VANTHU_TRY(bytes italic, read_file(q.italic_font));
    VANTHU_TRY(auto place, placement_of(q));
    VANTHU_TRY(x509::evidence known, read_crls(q.crls));
    auto trust = read_trust_folder(q.trust);
    if (!trust && (issues || q.trust_given)) return std::unexpected(trust.error());
    VANTHU_TRY(cms::signer who, open_key(q));
    if (trust) VANTHU_CHECK(complete_chain(who, *trust, known, now));
    if (issues) VANTHU_CHECK(require_person(q, who, document, *trust, known, now));

    pdf::signature_request s;
    s.kind = issues ? pdf::profile::issued : q.profile == "appendix" ? pdf::profile::appendix : pdf::profile::approved;
    s.type = {upright, italic};
    s.signer_name = who.leaf.common_name();
    s.organisation = who.leaf.common_name();
    s.number = q.number;
    s.date = shown_date(q.date);
    s.claimed_time = now;
    s.place = place;
    s.restrict_changes = q.restrict_changes;
    std::size_t chain = who.leaf.der().size();
    for (const auto& c : who.chain) chain += c.der().size();
    s.contents_size = pdf::contents_reserve(chain, who.leaf.key_bits(), time_stamp);
    VANTHU_TRY(pdf::prepared p, pdf::prepare(document, s));
    VANTHU_TRY(bytes cms, cms::build_signature(p.content_sha256, who));
    if (time_stamp) {
        VANTHU_TRY(cms, with_time_stamp(std::move(cms), q.tsa, post));
    }
    VANTHU_TRY(bytes out, pdf::finish(std::move(p), cms));
    return write_file_atomically(q.output, out);
}

} // namespace

std::error_code make_error_code(sign_errc e) { return {static_cast<int>(e), table}; }

void add_sign_command(CLI::App& app, int& exit_code, post_timestamp_query post) {
    auto q = std::make_shared<request>();
    CLI::App* c = app.add_subcommand("sign", "Ký hoặc đóng dấu số một tệp PDF / sign or seal a PDF");
    c->add_option("--key", q->key, "pkcs11:URI | p12:FILE")->required();
    c->add_option("--pin-file", q->pin_file, "Tệp chứa PIN / file with the PIN or passphrase");
    c->add_option("--module", q->module_path, "Thư viện PKCS#11 / PKCS#11 module");
    c->add_option("--state-dir", q->state_dir, "Thư mục ghi lần thử PIN / where PIN attempts are recorded")
        ->capture_default_str();
    c->add_option("--format", q->format, "pades")->capture_default_str();
    c->add_option("--level", q->level, "B-B | B-T")->capture_default_str();
    c->add_option("--tsa", q->tsa, "Máy chủ dấu thời gian / time-stamping authority (URL)");
    c->add_option("--profile", q->profile, "approved | issued | appendix")->capture_default_str();
    c->add_option("--number", q->number, "Số, ký hiệu / number and notation, 321/UBND-KGVX");
    c->add_option("--date", q->date, "Ngày ban hành / date of issue, 2025-07-15");
    c->add_option("--page", q->page, "Trang / page, from 1")->check(CLI::Range(1, 100000));
    c->add_option("--rect", q->rectangle, "X,Y,W,H (point)");
    CLI::Option* trust =
        c->add_option("--trust", q->trust, "Thư mục chứng thư tin cậy / folder of trusted certificates")
            ->capture_default_str();
    c->add_option("--crl", q->crls, "Tệp CRL / file with a CRL")->allow_extra_args(false);
    c->add_option("--font", q->font, "Phông chữ đứng / upright font")->capture_default_str();
    c->add_option("--italic-font", q->italic_font, "Phông chữ nghiêng / italic font")->capture_default_str();
    c->add_flag("--certify", q->restrict_changes, "approved: chỉ cho phép điền trường và ký / certify with DocMDP P=2");
    c->add_flag("--accept-indeterminate", q->accept_indeterminate,
                "issued: chấp nhận chữ ký chưa xác định / accept an indeterminate signature");
    c->add_option("IN", q->input, "Tệp PDF / PDF to sign")->required();
    c->add_option("-o,--output", q->output, "Tệp kết quả / file to write")->required();
    add_voice_options(*c, q->speak);
    c->callback([q, trust, post = std::move(post), &exit_code] {
        q->trust_given = trust->count() > 0;
        auto done_well = sign(*q, post);
        if (done_well) return;
        exit_code = tell(done_well.error(), q->speak);
        auto code = done_well.error().code;
        if (code == sign_errc::not_available || code == sign_errc::bad_arguments ||
            code == sign_errc::time_stamp_missing)
            exit_code = usage;
    });
}

} // namespace vanthu::cli

#include "daemon/cli/sign.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/raise.hpp"
#include "daemon/cli/sign_key.hpp"
#include "daemon/cli/sign_pdf.hpp"
#include "daemon/cli/voice.hpp"
#include "signing/asic/container.hpp"
#include "signing/xml/sign.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>
#include <set>

namespace vanthu::cli {
namespace {

constexpr error_row rows[] = {
    {static_cast<int>(sign_errc::not_available), "not_available", 501, retry::no,
     "Phiên bản này chưa hỗ trợ lựa chọn đó.", "This version does not offer that choice.",
     "Xem các lựa chọn bằng vanthu sign --help.", "See the choices by vanthu sign --help."},
    {static_cast<int>(sign_errc::no_person_signature), "no_person_signature", 422, retry::no,
     "Văn bản chưa có chữ ký hợp lệ của người có thẩm quyền nên không thể phát hành.",
     "The document carries no valid signature of a person, so it cannot be issued.",
     "Trình lãnh đạo ký số trước, rồi mới đóng dấu phát hành.", "Have the leader sign first, then seal it."},
    {static_cast<int>(sign_errc::own_certificate_bad), "own_certificate_bad", 422, retry::no,
     "Chứng thư dùng để ký không hợp lệ ở thời điểm này.", "The certificate used for signing is not valid now.",
     "Kiểm tra hạn chứng thư, thư mục chứng thư tin cậy và CRL.",
     "Check the certificate's validity, the trust folder and the CRLs."},
    {static_cast<int>(sign_errc::time_stamp_missing), "time_stamp_missing", 422, retry::no,
     "Mức chữ ký này cần địa chỉ máy chủ cấp dấu thời gian.",
     "This level needs the address of a time-stamping authority.", "Thêm --tsa URL.", "Add --tsa URL."},
    {static_cast<int>(sign_errc::bad_arguments), "bad_arguments", 422, retry::no, "Tham số không đúng dạng.",
     "An argument is malformed.", "Xem vanthu sign --help.", "See vanthu sign --help."},
    {static_cast<int>(sign_errc::not_verifiable), "not_verifiable", 422, retry::yes,
     "Chưa thể nâng mức chữ ký: có chữ ký chưa xác định được là hợp lệ.",
     "The level cannot be raised: a signature is not found valid.",
     "Chạy vanthu verify để xem lý do; bổ sung chứng thư tin cậy, CRL hoặc kết nối tới OCSP.",
     "Run vanthu verify to see why; add trusted certificates, a CRL, or a way to the OCSP responder."},
    {static_cast<int>(sign_errc::content_missing), "content_missing", 422, retry::no,
     "Chữ ký tách rời cần tệp nội dung đã ký.", "A detached signature needs the file that was signed.",
     "Thêm --content TỆP.", "Add --content FILE."},
    {static_cast<int>(sign_errc::output_exists), "output_exists", 422, retry::no,
     "Hai tệp đầu vào trùng tên nên sẽ ghi đè lên nhau.", "Two inputs of one name would be written over each other.",
     "Đổi tên hoặc ký từng tệp.", "Rename one, or sign them one by one."},
};
const error_table table("sign", rows);

struct request {
    key_options key;
    trust_options trust;
    pdf_choices pdf;
    std::string format = "pades", level = "B-B", tsa, output;
    std::vector<std::string> inputs;
    bool detached = false;
    voice speak;
};

constexpr std::size_t largest_input = std::size_t{1} << 30;

// --- one file, B-B (PDF: up to B-T, since the time stamp goes into the signature while it is made)

result<bytes> sign_cades(const bytes& content, const request& q, const cms::signer& who, timestamp now) {
    VANTHU_TRY(bytes message, cms::build_signature(sha256::of(content), who, {.signing_time = now}));
    if (q.detached) return message;
    return cms::attach(message, content);
}

result<bytes> sign_xades(const bytes& content, const std::string& name, const request& q, const cms::signer& who,
                         timestamp now) {
    xml::sign_options how;
    how.signing_time = now;
    const bool is_xml = signed_file::kind_of(content) == signed_file::kind::xml;
    how.mime_type = is_xml ? "text/xml" : "application/octet-stream";
    if (q.detached) return xml::sign_detached({{name, how.mime_type, sha256::of(content)}}, who, how);
    if (!is_xml) return xml::sign_enveloping(content, who, how);
    VANTHU_TRY(xml::insertion what, xml::sign_enveloped(xml::in_memory(content), who, how));
    return xml::spliced(content, what);
}

std::string mime_type_of(bytes_view content) {
    switch (signed_file::kind_of(content)) {
    case signed_file::kind::pdf:
        return "application/pdf";
    case signed_file::kind::xml:
        return "text/xml";
    default:
        return "application/octet-stream";
    }
}

// One container for all inputs, signed with CAdES.
result<bytes> sign_container(const request& q, const cms::signer& who, timestamp now) {
    std::vector<bytes> contents;
    std::vector<asic::data_file> files;
    std::set<std::string> names;
    for (const std::string& input : q.inputs) {
        std::string name = std::filesystem::path(input).filename();
        if (!names.insert(name).second) return failed(sign_errc::output_exists, input);
        VANTHU_TRY(bytes content, read_file(input, largest_input));
        contents.push_back(std::move(content));
        files.push_back({name, mime_type_of(contents.back()), {}});
    }
    for (std::size_t i = 0; i < files.size(); ++i) files[i].content = contents[i];
    if (q.format == "asic-s") {
        if (files.size() != 1) return failed(asic::errc::not_one_file, q.inputs.back());
        VANTHU_TRY(bytes message, cms::build_signature(sha256::of(contents.front()), who, {.signing_time = now}));
        return asic::make_simple(files.front(), message);
    }
    asic::planned_manifest plan = asic::plan_extended(files);
    VANTHU_TRY(bytes message, cms::build_signature(plan.sha256(), who, {.signing_time = now}));
    return asic::make_extended(files, plan, message);
}

std::string output_name(const request& q, const std::filesystem::path& input) {
    if (q.format == "pades") return input.filename();
    if (q.format == "cades") return input.filename().string() + (q.detached ? ".p7s" : ".p7m");
    return input.filename().string() + (q.detached ? ".xades.xml" : ".xml");
}

// The input is never changed, not even when it is named as the output.
result<> apart(const std::string& input, const std::filesystem::path& output) {
    std::error_code absent;
    if (std::filesystem::equivalent(input, output, absent)) return failed(sign_errc::bad_arguments, "-o = IN");
    return {};
}

result<> sign_one(const std::string& input, const std::filesystem::path& output, const request& q,
                  const cms::signer& who, trust_session& session) {
    const level wanted = *level_of(q.level);
    VANTHU_CHECK(apart(input, output));
    VANTHU_TRY(bytes content, read_file(input, largest_input));
    bytes made;
    if (q.format == "pades") {
        VANTHU_TRY(made, sign_pdf(content, q.pdf, who, wanted >= level::b_t ? q.tsa : "", session, q.speak));
    } else if (q.format == "cades") {
        VANTHU_TRY(made, sign_cades(content, q, who, session.now()));
    } else {
        VANTHU_TRY(made, sign_xades(content, std::filesystem::path(input).filename(), q, who, session.now()));
    }
    const bool done_in_format = q.format == "pades" && wanted <= level::b_t;
    if (wanted > level::b_b && !done_in_format) {
        raise_request higher{wanted, q.tsa, q.detached ? std::optional(input) : std::nullopt, true};
        VANTHU_TRY(made, raise(std::move(made), higher, session));
    }
    return write_file_atomically(output, made);
}

result<> sign(const request& q) {
    auto wanted = level_of(q.level);
    if (!wanted) return failed(sign_errc::bad_arguments, "--level " + q.level);
    if (*wanted > level::b_b && q.tsa.empty()) return failed(sign_errc::time_stamp_missing);
    const bool container = q.format == "asic-s" || q.format == "asic-e";
    if (q.format != "pades" && q.format != "cades" && q.format != "xades" && !container)
        return failed(sign_errc::not_available, "--format " + q.format);
    VANTHU_CHECK(check(q.pdf));
    const bool issues = q.format == "pades" && q.pdf.profile == "issued";
    VANTHU_TRY(auto session, trust_session::open(q.trust, !issues && *wanted < level::b_lt));
    VANTHU_TRY(cms::signer who, open_key(q.key));
    if (!session->trust().anchors.empty())
        VANTHU_CHECK(complete_chain(who, session->trust(), session->known(), session->now()));

    if (container) {
        for (const std::string& input : q.inputs) VANTHU_CHECK(apart(input, q.output));
        VANTHU_TRY(bytes made, sign_container(q, who, session->now()));
        if (*wanted > level::b_b) {
            VANTHU_TRY(made, raise(std::move(made), {.to = *wanted, .tsa = q.tsa}, *session));
        }
        return write_file_atomically(q.output, made);
    }
    if (q.inputs.size() == 1 && !std::filesystem::is_directory(q.output))
        return sign_one(q.inputs.front(), q.output, q, who, *session);
    std::set<std::string> names;
    for (const std::string& input : q.inputs)
        if (!names.insert(output_name(q, input)).second) return failed(sign_errc::output_exists, input);
    std::error_code ignored;
    std::filesystem::create_directories(q.output, ignored);
    for (const std::string& input : q.inputs) {
        auto done = sign_one(input, std::filesystem::path(q.output) / output_name(q, input), q, who, *session);
        if (!done) return failed(done.error().code, input + ": " + done.error().detail);
    }
    return {};
}

struct extension {
    trust_options trust;
    std::string level, tsa, content, input, output;
    voice speak;
};

result<> extend(const extension& x) {
    auto to = level_of(x.level);
    if (!to || *to == level::b_b) return failed(sign_errc::bad_arguments, "--level " + x.level);
    VANTHU_CHECK(apart(x.input, x.output));
    VANTHU_TRY(auto session, trust_session::open(x.trust));
    VANTHU_TRY(bytes file, read_file(x.input, largest_input));
    raise_request higher{*to, x.tsa, x.content.empty() ? std::nullopt : std::optional(x.content)};
    VANTHU_TRY(bytes made, raise(std::move(file), higher, *session));
    return write_file_atomically(x.output, made);
}

int exit_code_of(const result<>& done_well, const voice& speak) {
    if (done_well) return done;
    int code = tell(done_well.error(), speak);
    std::error_code why = done_well.error().code;
    for (auto wrong_use : {sign_errc::not_available, sign_errc::bad_arguments, sign_errc::time_stamp_missing,
                           sign_errc::content_missing})
        if (why == make_error_code(wrong_use)) code = usage;
    return code;
}

} // namespace

std::error_code make_error_code(sign_errc e) { return {static_cast<int>(e), table}; }

void add_sign_command(CLI::App& app, int& exit_code) {
    auto q = std::make_shared<request>();
    CLI::App* c = app.add_subcommand("sign", "Ký hoặc đóng dấu số / sign or seal: PDF, XML, any file");
    add_key_options(*c, q->key);
    c->add_option("--format", q->format, "pades | xades | cades | asic-s | asic-e")->capture_default_str();
    c->add_option("--level", q->level, "B-B | B-T | B-LT | B-LTA")->capture_default_str();
    c->add_option("--tsa", q->tsa, "Máy chủ dấu thời gian / time-stamping authority (URL)")->envname("VANTHU_TSA");
    c->add_flag("--detached", q->detached,
                "Chữ ký tách rời khỏi nội dung (cades, xades) / a signature apart from its content");
    add_pdf_options(*c, q->pdf);
    add_trust_options(*c, q->trust);
    c->add_option("IN", q->inputs, "Tệp cần ký / files to sign")->required();
    c->add_option("-o,--output", q->output,
                  "Tệp kết quả; thư mục khi ký nhiều tệp / file to write; a folder for several inputs")
        ->required();
    add_voice_options(*c, q->speak);
    c->callback([q, &exit_code] { exit_code = exit_code_of(sign(*q), q->speak); });
}

void add_extend_command(CLI::App& app, int& exit_code) {
    auto x = std::make_shared<extension>();
    CLI::App* c = app.add_subcommand("extend", "Nâng mức chữ ký đã có hoặc gia hạn dấu thời gian lưu trữ / raise "
                                               "signatures to a higher level, renew archive time stamps");
    c->add_option("--level", x->level, "B-T | B-LT | B-LTA")->required();
    c->add_option("--tsa", x->tsa, "Máy chủ dấu thời gian / time-stamping authority (URL)")->envname("VANTHU_TSA");
    c->add_option("--content", x->content, "Tệp mà chữ ký tách rời ký / what a detached signature is about");
    add_trust_options(*c, x->trust);
    c->add_option("IN", x->input, "Tệp đã ký / signed file")->required();
    c->add_option("-o,--output", x->output, "Tệp kết quả / file to write")->required();
    add_voice_options(*c, x->speak);
    c->callback([x, &exit_code] { exit_code = exit_code_of(extend(*x), x->speak); });
}

} // namespace vanthu::cli

#include "daemon/cli/sign.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/earlier.hpp"
#include "daemon/cli/input.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/raise.hpp"
#include "daemon/cli/sign_certificate.hpp"
#include "daemon/cli/sign_formats.hpp"
#include "daemon/cli/sign_key.hpp"
#include "daemon/cli/sign_pdf.hpp"
#include "daemon/cli/voice.hpp"
#include "signing/signed_file/file_name.hpp"
#include "signing/signed_file/verify.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <iostream>
#include <memory>
#include <set>
#include <unistd.h>

namespace vanthu::cli {

namespace json = boost::json;
using validation::file_report;

namespace {

struct request {
    key_options key;
    trust_options trust;
    authority_options authority;
    pdf_choices pdf;
    format_choices form{.format = "pades", .inside = "", .content = "", .detached = false};
    std::string level = "B-B", tsa, output;
    std::vector<std::string> inputs;
    voice speak;
    const CLI::App* command = nullptr; // which knows what was given
    bool is_pdf() const { return form.format == "pades"; }
    bool is_container() const { return form.format == "asic-s" || form.format == "asic-e"; }
};

// What one run needs for every input.
struct desk {
    level wanted = level::b_b;
    std::unique_ptr<trust_session> session;
    cms::signer who;
    std::unique_ptr<earlier_judge> earlier;
    signing_authority authority;
    pdf_plan plan;
};

// What became of the inputs, also where the run failed.
struct account {
    json::array written; // what --json tells of each output
    json::array left;    // inputs without one
};

std::string output_name(const request& q, const std::filesystem::path& input) {
    std::string name = input.filename();
    if (q.is_pdf()) return name;
    auto already = [&](std::string_view ending) { return name.ends_with(ending); }; // signed before: keeps its name
    if (q.form.format == "cades") {
        if (already(".p7m") || already(".p7s")) return name;
        return name + (q.form.detached ? ".p7s" : ".p7m");
    }
    return already(".xml") && !q.form.detached ? name : name + (q.form.detached ? ".xades.xml" : ".xml");
}

// The input is never changed, not even when it is named as the output.
result<> apart(const std::string& input, const std::filesystem::path& output) {
    std::error_code absent;
    if (std::filesystem::equivalent(input, output, absent)) return failed(sign_errc::output_is_input, output.string());
    return {};
}

// Nor does it get a name under which `vanthu verify` finds nothing valid. Asked before the key is.
result<> named_as(const std::filesystem::path& output, signed_file::kind format) {
    if (auto why = signed_file::contradiction(output.string(), format))
        return failed(sign_errc::output_name_misleads, output.string() + ": " + why->text_en);
    return {};
}
signed_file::kind signed_as(const request& q) {
    using signed_file::kind;
    return q.is_pdf()                 ? kind::pdf
           : q.is_container()         ? kind::container
           : q.form.format == "cades" ? kind::cms
                                      : kind::xml;
}

// Asked before the key and any server are.
result<> can_be_written(const std::filesystem::path& output) {
    VANTHU_CHECK(can_be_output(output, existing_file::replaced));
    if (std::string why = why_not_writable(output); !why.empty()) return failed(sign_errc::output_unusable, why);
    return {};
}

void note(account& a, const std::string& input, const std::filesystem::path& output, const signed_pdf& made,
          const std::vector<std::string>& in_doubt, const voice& speak) {
    json::array remarks;
    for (const signing::finding& one : made.remarks)
        remarks.push_back({{"code", one.code}, {"text_vi", one.text_vi}, {"text_en", one.text_en}});
    a.written.push_back({{"input", input},
                         {"output", output.string()},
                         {"signed_before_by", json::array(made.signed_before_by.begin(), made.signed_before_by.end())},
                         {"not_determined", json::array(in_doubt.begin(), in_doubt.end())},
                         {"remarks", std::move(remarks)}});
    if (speak.as_json) return;
    for (const std::string& person : made.signed_before_by)
        std::cout << speak("Đã có chữ ký của: ", "Signed before by: ") << for_terminal(person) << "\n";
    for (const std::string& one : in_doubt)
        std::cerr << speak("Chưa xác định được hiệu lực của chữ ký đã có: ", "An earlier signature is not determined: ")
                  << for_terminal(one) << "\n";
    for (const signing::finding& one : made.remarks)
        std::cerr << speak(one.text_vi, one.text_en) << " [" << one.code << "]\n";
}

// A file that is signed as any content is not read at all.
bool signs_in_file(bytes_view content, const request& q) {
    using signed_file::kind;
    const kind found = signed_file::kind_of(content);
    return q.is_pdf() || (q.form.format == "cades" && found == kind::cms) ||
           (q.form.format == "xades" && !q.form.detached && found == kind::xml) ||
           (q.is_container() && found == kind::container);
}

// Where a signature is added to the file itself, what is signed in it must hold.
result<file_report> what_is_there(bytes_view content, const request& q, desk& d) {
    if (!signs_in_file(content, q)) return file_report{};
    VANTHU_TRY(file_report report, d.earlier->judge(content, q.form.content));
    VANTHU_CHECK(fit_to_sign_beside(report, content, !q.form.content.empty()));
    return report;
}

// And what was made must hold, as far as the file decides: who signs now knows of no doubt that only readers will have.
result<> sound_as_made(bytes_view made, const request& q, desk& d) {
    VANTHU_TRY(file_report after, d.earlier->judge(made, q.form.content, earlier_judge::ask::nobody));
    const bool detached_apart = q.form.format == "xades" && q.form.content.empty();
    if (after.signatures.empty() || after.verdict == signing::verdict::invalid || form_in_doubt(after, detached_apart))
        return failed(sign_errc::form_in_doubt, complaint(after));
    return {};
}

result<> sign_one(const std::string& input, const std::filesystem::path& output, const request& q, desk& d,
                  account& a) {
    VANTHU_TRY(bytes content, read_input(input, largest_input));
    VANTHU_TRY(file_report before, what_is_there(content, q, d));
    signed_pdf made;
    if (q.is_pdf()) {
        VANTHU_TRY(made, sign_pdf(content, before, d.plan, d.authority, d.who, d.wanted >= level::b_t ? q.tsa : "",
                                  *d.session));
    } else {
        VANTHU_TRY(made.file,
                   sign_file(content, std::filesystem::path(input).filename(), q.form, d.who, d.session->now()));
    }
    if (signs_in_file(content, q)) VANTHU_CHECK(sound_as_made(made.file, q, d));
    if (d.wanted > level::b_b) {
        raise_request higher{d.wanted, q.tsa, std::nullopt, true};
        if (!q.form.content.empty())
            higher.content = q.form.content;
        else if (q.form.detached)
            higher.content = input;
        if (q.is_pdf() && d.wanted == level::b_t) { // its time stamp is in the message already
            VANTHU_CHECK(check_level(made.file, higher, *d.session));
        } else {
            VANTHU_TRY(made.file, raise(std::move(made.file), higher, *d.session));
        }
    }
    if (q.is_pdf() && d.plan.request.kind == pdf::profile::issued)
        VANTHU_CHECK(holds_as_issued(before, made.file, d.plan, *d.session));
    VANTHU_CHECK(write_output(output, made.file));
    note(a, input, output, made, not_determined(before), q.speak);
    return {};
}

result<> sign_into_container(const request& q, desk& d, account& a) {
    file_report before;
    bool beside = false; // a new container holds what we put in
    if (q.inputs.size() == 1) {
        VANTHU_TRY(bytes content, read_input(q.inputs.front(), largest_input));
        beside = signs_in_file(content, q);
        VANTHU_TRY(before, what_is_there(content, q, d));
    }
    VANTHU_TRY(bytes made, sign_container(q.inputs, q.form, d.who, d.session->now()));
    if (beside) VANTHU_CHECK(sound_as_made(made, q, d));
    if (d.wanted > level::b_b) {
        VANTHU_TRY(made, raise(std::move(made), {.to = d.wanted, .tsa = q.tsa, .newest_only = true}, *d.session));
    }
    VANTHU_CHECK(write_output(q.output, made));
    for (const std::string& input : q.inputs) note(a, input, q.output, {}, not_determined(before), q.speak);
    return {};
}

// Before a PIN is asked for, or a try of it spent.
result<> can_be_read(const request& q) {
    for (const std::string& input : q.inputs) VANTHU_CHECK(open_input(input));
    if (!q.form.content.empty()) VANTHU_CHECK(open_input(q.form.content));
    return {};
}

// Nobody names a folder so: a slip that would leave a folder where a file was to be.
bool is_file_name(const std::filesystem::path& name) {
    static constexpr std::string_view endings[] = {".pdf", ".xml", ".p7m", ".p7s", ".asice", ".asics", ".edxml"};
    std::error_code ignored;
    return std::ranges::find(endings, name.extension().string()) != std::end(endings) ||
           std::filesystem::is_regular_file(name, ignored);
}

// Which output each input gets; nothing is written over, and all can be written.
result<std::vector<std::filesystem::path>> outputs_of(const request& q) {
    std::vector<std::filesystem::path> all;
    std::error_code ignored;
    const bool one = q.is_container() || (q.inputs.size() == 1 && !std::filesystem::is_directory(q.output));
    if (!one && !std::filesystem::is_directory(q.output)) {
        if (is_file_name(q.output)) return failed(sign_errc::output_no_folder, q.output);
        std::filesystem::create_directories(q.output, ignored);
    }
    std::set<std::string> names;
    for (const std::string& input : q.inputs) {
        if (!one && !names.insert(output_name(q, input)).second) return failed(sign_errc::output_exists, input);
        all.push_back(one ? std::filesystem::path(q.output) : std::filesystem::path(q.output) / output_name(q, input));
        VANTHU_CHECK(apart(input, all.back()));
        VANTHU_CHECK(named_as(all.back(), signed_as(q)));
        VANTHU_CHECK(can_be_written(all.back()));
    }
    return all;
}

std::string as_string(const json::value& v) { return std::string(std::string_view(v.as_string())); }

int exit_code_of(const result<>& done_well, const voice& speak, const json::object& more) {
    if (done_well) return done;
    int code = tell(done_well.error(), speak, more);
    std::error_code why = done_well.error().code;
    for (auto wrong_use :
         {sign_errc::not_available, sign_errc::bad_arguments, sign_errc::time_stamp_missing, sign_errc::content_missing,
          sign_errc::no_meaning, sign_errc::bad_date, sign_errc::output_is_input, sign_errc::bad_number,
          sign_errc::output_no_folder, sign_errc::output_name_misleads, sign_errc::bad_raise_level})
        if (why == make_error_code(wrong_use)) code = usage;
    return code;
}

// What was asked for and would be left undone without a word.
result<> all_have_meaning(const request& q) {
    auto given = [&](const char* name) { return q.command->get_option(name)->count() > 0; };
    auto none_of = [&](std::initializer_list<const char*> names, const std::string& where) -> result<> {
        for (const char* name : names)
            if (given(name)) return failed(sign_errc::no_meaning, where + ": " + name);
        return {};
    };
    const std::string format = "--format " + q.form.format, profile = "--profile " + q.pdf.profile;
    if (!q.is_container()) VANTHU_CHECK(none_of({"--signature"}, format));
    if (q.is_pdf() || q.is_container()) VANTHU_CHECK(none_of({"--detached", "--content"}, format));
    if (!q.is_pdf())
        return none_of({"--profile", "--number", "--date", "--comment", "--form", "--image", "--page", "--rect",
                        "--anchor", "--appearance", "--font", "--italic-font", "--certify", "--accept-indeterminate"},
                       format);
    auto kind = pdf::profile_named(q.pdf.profile);
    if (!kind) return {}; // plan_pdf() says so
    using enum pdf::profile;
    if (*kind != issued) VANTHU_CHECK(none_of({"--date", "--accept-indeterminate"}, profile));
    if (*kind != copy) VANTHU_CHECK(none_of({"--form"}, profile));
    if (*kind != approved) VANTHU_CHECK(none_of({"--certify"}, profile));
    if (given("--appearance")) return {}; // it may show any text
    if (*kind != issued && *kind != appendix) VANTHU_CHECK(none_of({"--number"}, profile));
    if (*kind != comment && *kind != income) VANTHU_CHECK(none_of({"--comment"}, profile));
    if (pdf::default_appearance(*kind).image == pdf::picture_rule::none) return none_of({"--image"}, profile);
    return {};
}

result<> sign_all(const request& q, account& a) {
    desk d;
    auto wanted = level_of(q.level);
    if (!wanted) return failed(sign_errc::bad_arguments, "--level " + q.level);
    d.wanted = *wanted;
    if (d.wanted > level::b_b && q.tsa.empty()) return failed(sign_errc::time_stamp_missing);
    if (!q.is_pdf() && !q.is_container() && q.form.format != "cades" && q.form.format != "xades")
        return failed(sign_errc::not_available, "--format " + q.form.format);
    VANTHU_CHECK(all_have_meaning(q));
    if (q.is_pdf()) {
        VANTHU_TRY(d.plan, plan_pdf(q.pdf));
    }
    VANTHU_CHECK(can_be_read(q));
    VANTHU_TRY(std::vector<std::filesystem::path> outputs, outputs_of(q));
    const bool issues = q.is_pdf() && d.plan.request.kind == pdf::profile::issued;
    VANTHU_TRY(d.session, trust_session::open(q.trust, !issues && d.wanted < level::b_lt));
    VANTHU_TRY(d.authority, signing_authority::read(q.authority, d.session->now()));
    if (issues && !d.authority.known() && !d.plan.accept_indeterminate) return failed(sign_errc::registry_missing);
    VANTHU_TRY(d.who, open_key(q.key));
    VANTHU_CHECK(check_own_certificate(d.who, *d.session, q.speak));
    d.authority.choose_for(d.who.leaf, d.session->now());
    d.earlier = std::make_unique<earlier_judge>(*d.session);
    if (!q.is_pdf() && !q.authority.organisation.empty())
        VANTHU_CHECK(d.authority.may_sign(d.who.leaf, d.session->now()));
    if (d.wanted > level::b_b && !d.session->judges() && !q.speak.as_json)
        std::cerr << q.speak(
                         "Không có thư mục chứng thư tin cậy: dấu thời gian chỉ được kiểm tra mục đích chứng thư và "
                         "thời điểm, không kiểm tra chuỗi chứng thư.",
                         "There is no trust folder: of the time stamp only the certificate's purpose and the time "
                         "are checked, not its chain.")
                  << "\n";
    if (q.is_container()) return sign_into_container(q, d, a);
    for (std::size_t i = 0; i < q.inputs.size(); ++i) {
        auto done = sign_one(q.inputs[i], outputs[i], q, d, a);
        if (done) continue;
        if (q.inputs.size() == 1) return done;
        return failed(done.error().code, q.inputs[i] + ": " + done.error().detail);
    }
    return {};
}

int sign(const request& q) {
    account a;
    const result<> all = sign_all(q, a);
    if (all) {
        if (q.speak.as_json) print({{"schema_version", 1}, {"signed", std::move(a.written)}});
        return done;
    }
    // A container is one output for all, and files are signed in order.
    for (std::size_t i = a.written.size(); i < q.inputs.size(); ++i) a.left.emplace_back(q.inputs[i]);
    const int code = exit_code_of(all, q.speak, {{"signed", a.written}, {"not_signed", a.left}});
    if (q.speak.as_json || q.inputs.size() == 1) return code;
    for (const json::value& one : a.written)
        std::cerr << q.speak("  đã ghi: ", "  written: ") << for_terminal(as_string(one.at("output"))) << "\n";
    for (const json::value& one : a.left)
        std::cerr << q.speak("  chưa ký: ", "  not signed: ") << for_terminal(as_string(one)) << "\n";
    return code;
}

struct extension {
    trust_options trust;
    std::string level, tsa, content, input, output;
    voice speak;
};

result<> extend(const extension& x) {
    auto to = level_of(x.level);
    if (!to || *to == level::b_b) return failed(sign_errc::bad_raise_level, "--level " + x.level);
    VANTHU_CHECK(apart(x.input, x.output));
    VANTHU_CHECK(can_be_written(x.output));
    VANTHU_TRY(auto session, trust_session::open(x.trust));
    VANTHU_TRY(bytes file, read_input(x.input, largest_input));
    VANTHU_CHECK(named_as(x.output, signed_file::kind_of(file)));
    raise_request higher{*to, x.tsa, x.content.empty() ? std::nullopt : std::optional(x.content)};
    VANTHU_TRY(bytes made, raise(std::move(file), higher, *session));
    return write_output(x.output, made);
}

} // namespace

void add_sign_command(CLI::App& app, int& exit_code) {
    auto q = std::make_shared<request>();
    CLI::App* c = app.add_subcommand("sign", "Ký hoặc đóng dấu số / sign or seal: PDF, XML, any file");
    q->command = c;
    add_key_options(*c, q->key);
    c->add_option("--format", q->form.format, "pades | xades | cades | asic-s | asic-e")->capture_default_str();
    c->add_option("--level", q->level, "B-B | B-T | B-LT | B-LTA")->capture_default_str();
    c->add_option("--tsa", q->tsa, "Máy chủ dấu thời gian / time-stamping authority (URL)")->envname("VANTHU_TSA");
    c->add_flag("--detached", q->form.detached,
                "Chữ ký tách rời khỏi nội dung (cades, xades) / a signature apart from its content");
    c->add_option("--signature", q->form.inside,
                  "Dạng chữ ký trong vỏ chứa ASiC / signature inside a container: cades | xades")
        ->check(CLI::IsMember({"cades", "xades"}));
    c->add_option("--content", q->form.content,
                  "Ký thêm vào chữ ký tách rời: tệp đã ký / what a detached signature that is added to is about");
    add_pdf_options(*c, q->pdf);
    add_authority_options(*c, q->authority);
    add_trust_options(*c, q->trust);
    c->add_option("IN", q->inputs, "Tệp cần ký / files to sign")->required();
    c->add_option("-o,--output", q->output,
                  "Tệp kết quả; thư mục khi ký nhiều tệp / file to write; a folder for several inputs")
        ->required();
    add_voice_options(*c, q->speak);
    c->callback([q, &exit_code] { exit_code = sign(*q); });
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
    c->callback([x, &exit_code] { exit_code = exit_code_of(extend(*x), x->speak, {}); });
}

} // namespace vanthu::cli

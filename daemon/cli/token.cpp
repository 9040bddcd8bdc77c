#include "daemon/cli/token.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "daemon/base/utf8.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/token_login.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/tokens/pin_guard.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>
#include <openssl/crypto.h>
#include <tuple>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
using token::card;

struct options {
    std::string module_path, label, serial, uri, pin_file, state_dir = default_state_dir;
    std::string key_id, key_label, p12, passphrase_file, key_pem, certificate, kind = "p256", common_name, organisation,
                                                                               output;
    voice say;
};

// What comes from a token may be anything; JSON and the terminal get well-formed UTF-8.
std::string clean(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = read_code_point(text, at).length;
        out += length ? text.substr(at, length) : "?";
        at += std::max<std::size_t>(length, 1);
    }
    return out;
}

json::object as_json(const token::token_info& t) {
    return {{"uri", token::to_uri(t)},          {"label", clean(t.label)},
            {"serial", clean(t.serial)},        {"manufacturer", clean(t.manufacturer)},
            {"model", clean(t.model)},          {"initialised", t.initialised},
            {"pin_count_low", t.pin_count_low}, {"pin_final_try", t.pin_final_try},
            {"pin_locked", t.pin_locked}};
}

std::string_view scheme_text(x509::scheme s) {
    return s == x509::scheme::rsa_pkcs1 ? "pkcs1" : s == x509::scheme::rsa_pss ? "pss" : "ecdsa";
}

json::object as_json(const token::token_info& t, const token::key_info& k) {
    json::array schemes;
    for (x509::scheme s : k.schemes) schemes.emplace_back(scheme_text(s));
    json::object out{{"uri", token::to_uri(t, k.id, k.label)},
                     {"id", to_hex(k.id)},
                     {"label", clean(k.label)},
                     {"schemes", std::move(schemes)}};
    if (k.leaf) {
        out["subject"] = k.leaf.subject();
        out["organisation_code"] = k.leaf.organisation_code();
        out["not_after"] = to_rfc3339(k.leaf.not_after());
        out["certificate_sha256"] = k.leaf.sha256().hex();
    }
    return out;
}

result<token::selector> selected(const options& o) {
    token::selector which;
    if (!o.uri.empty()) {
        VANTHU_TRY(which, token::parse_uri(o.uri));
    }
    if (!o.label.empty()) which.label = o.label;
    if (!o.serial.empty()) which.serial = o.serial;
    if (!o.key_label.empty()) which.key_label = o.key_label;
    if (!o.key_id.empty()) {
        auto id = from_hex(o.key_id);
        if (!id) return failed(token::errc::key_not_found, "--id wants hex digits");
        which.key_id = std::move(*id);
    }
    return which;
}

struct opened {
    std::shared_ptr<card> token;
    token::selector which;
};

// The token that was named, logged in through the guard if asked for.
result<opened> open(const options& o, bool login) {
    VANTHU_TRY(auto which, selected(o));
    VANTHU_TRY(auto library, open_module(o.module_path, which.module_path));
    VANTHU_TRY(auto found, card::open(library, which));
    if (login) VANTHU_CHECK(log_in(*found, o.pin_file, o.state_dir));
    return opened{std::move(found), std::move(which)};
}

result<json::object> list(const options& o) {
    VANTHU_TRY(auto which, selected(o));
    VANTHU_TRY(auto library, open_module(o.module_path, which.module_path));
    VANTHU_TRY(auto all, library->tokens());
    json::array out;
    for (const token::token_info& t : all) {
        json::object row = as_json(t);
        json::array certificates;
        if (t.initialised)
            if (auto one = card::open(library, {.label = t.label, .serial = t.serial}))
                for (const x509::certificate& c : (*one)->certificates()) certificates.emplace_back(c.subject());
        row["certificates"] = std::move(certificates);
        out.push_back(std::move(row));
    }
    return json::object{{"tokens", std::move(out)}};
}

result<json::object> status(const options& o) {
    VANTHU_TRY(auto found, open(o, !o.pin_file.empty()));
    json::object out = as_json(found.token->info());
    // A guard that cannot be read (no right to its directory) is left out: the token's own state is still worth
    // showing.
    if (auto tries = tokens::pin_guard(o.state_dir).tries(found.token->info().serial)) out["failed_logins"] = *tries;
    if (!o.pin_file.empty()) {
        VANTHU_TRY(auto keys, found.token->keys());
        json::array rows;
        for (const token::key_info& k : keys) rows.push_back(as_json(found.token->info(), k));
        out["keys"] = std::move(rows);
    }
    return out;
}

// One signature with every scheme of the key, each verified with the certificate.
result<json::object> test(const options& o) {
    VANTHU_TRY(auto found, open(o, true));
    VANTHU_TRY(auto key, found.token->find_key(found.which));
    for (x509::scheme s : key.schemes) {
        VANTHU_TRY(bytes ignored, found.token->sign(key, s, sha256::of(random_bytes(32)).view()));
    }
    json::object out = as_json(found.token->info(), key);
    out["signs"] = true;
    return out;
}

result<token::file_key> key_from_file(const options& o) {
    if (!o.p12.empty()) {
        VANTHU_TRY(bytes file, read_file(o.p12, 1u << 20));
        bytes passphrase;
        if (!o.passphrase_file.empty()) {
            VANTHU_TRY(passphrase, read_file(o.passphrase_file, 1024));
        }
        return token::open_pkcs12(file, token::pin::take(passphrase));
    }
    VANTHU_TRY(bytes key, read_file(o.key_pem, 1u << 20));
    VANTHU_TRY(bytes certificates, read_file(o.certificate, 1u << 20));
    return token::open_pem_key(key, certificates);
}

result<json::object> import(const options& o) {
    const bool with_key = !o.p12.empty() || !o.key_pem.empty();
    if (o.p12.empty() && (o.certificate.empty() || (!with_key && o.key_id.empty() && o.uri.empty())))
        return failed(errc::what_to_import, "--p12 | --key + --certificate | --certificate + --id");
    VANTHU_TRY(auto found, open(o, true));
    bytes id = found.which.key_id;
    if (o.p12.empty() && o.key_pem.empty()) { // a certificate for a key that is there
        VANTHU_TRY(bytes file, read_file(o.certificate, 1u << 20));
        VANTHU_TRY(auto cert, x509::parse_certificate(file));
        if (id.empty()) return failed(token::errc::key_not_found, "--id of the key");
        // The key must be there and be this certificate's: a signature shows it.
        VANTHU_CHECK(found.token->sign_with_new_key(id, token::spki_of(cert), sha256::of(random_bytes(32)).view()));
        VANTHU_CHECK(found.token->import_certificate(cert, id, found.which.key_label));
        return json::object{{"id", to_hex(id)}, {"subject", cert.subject()}};
    }
    VANTHU_TRY(auto key, key_from_file(o));
    if (id.empty()) id.assign(key.leaf.spki_sha256().value.begin(), key.leaf.spki_sha256().value.begin() + 20);
    bytes der = token::private_key_der(key);
    auto imported = found.token->import_key(der, id, found.which.key_label);
    OPENSSL_cleanse(der.data(), der.size());
    if (!imported) return std::unexpected(std::move(imported.error()));
    if (auto put = found.token->import_certificate(key.leaf, id, found.which.key_label); !put) {
        put.error().detail += fmt::format("; the key is on the token, its certificate is missing: --id {}", to_hex(id));
        return std::unexpected(std::move(put.error()));
    }
    return json::object{{"uri", token::to_uri(found.token->info(), id, found.which.key_label)},
                        {"id", to_hex(id)},
                        {"subject", key.leaf.subject()}};
}

// Before a key is made: its request could be lost.
result<> request_can_be_written(const options& o) {
    VANTHU_CHECK(can_be_output(o.output, existing_file::replaced));
    if (std::string why = why_not_writable(o.output); !why.empty()) return failed(files::errc::write_failed, why);
    return {};
}

result<json::object> write_request(const options& o, card& on, const token::selector& which, const bytes& id,
                                   const bytes& spki) {
    auto sign = [&](bytes_view hash) { return on.sign_with_new_key(id, spki, hash); };
    VANTHU_TRY(bytes request, token::certificate_request(spki, o.common_name, o.organisation, sign));
    std::string body = base64_encode(request), pem = "-----BEGIN CERTIFICATE REQUEST-----\n";
    for (std::size_t at = 0; at < body.size(); at += 64) pem += body.substr(at, 64) + "\n";
    pem += "-----END CERTIFICATE REQUEST-----\n";
    VANTHU_CHECK(write_output(o.output, as_bytes(pem)));
    return json::object{
        {"uri", token::to_uri(on.info(), id, which.key_label)}, {"id", to_hex(id)}, {"request", o.output}};
}

result<json::object> keygen(const options& o) {
    VANTHU_CHECK(request_can_be_written(o));
    VANTHU_TRY(auto found, open(o, true));
    bytes id = found.which.key_id.empty() ? random_bytes(8) : found.which.key_id;
    auto kind = o.kind == "rsa2048"   ? card::new_key::rsa_2048
                : o.kind == "rsa3072" ? card::new_key::rsa_3072
                : o.kind == "rsa4096" ? card::new_key::rsa_4096
                : o.kind == "p384"    ? card::new_key::p384
                                      : card::new_key::p256;
    VANTHU_TRY(bytes spki, found.token->generate_key(kind, id, found.which.key_label));
    auto made = write_request(o, *found.token, found.which, id, spki);
    if (!made)
        made.error().detail += fmt::format("; the key is on the token, its request is missing: vanthu token request "
                                           "--id {}",
                                           to_hex(id));
    return made;
}

// For a key that is there: its request was lost, or its certificate is to be renewed.
result<json::object> request(const options& o) {
    VANTHU_CHECK(request_can_be_written(o));
    VANTHU_TRY(auto found, open(o, true));
    VANTHU_TRY(auto all, found.token->keys());
    std::erase_if(all, [&](const token::key_info& k) {
        return (!found.which.key_id.empty() && found.which.key_id != k.id) ||
               (!found.which.key_label.empty() && found.which.key_label != k.label);
    });
    std::string ids;
    for (const token::key_info& k : all) ids += (ids.empty() ? "--id " : ", --id ") + to_hex(k.id);
    if (all.empty()) return failed(token::errc::key_not_found, found.which.key_label + to_hex(found.which.key_id));
    if (all.size() > 1) return failed(token::errc::key_ambiguous, ids);
    VANTHU_TRY(bytes spki, found.token->public_key(all.front().id));
    found.which.key_label = all.front().label;
    return write_request(o, *found.token, found.which, all.front().id, spki);
}

result<json::object> unlock_guard(const options& o) {
    std::string serial = o.serial;
    VANTHU_CHECK(guard_is_there(o.state_dir));
    if (serial.empty()) {
        VANTHU_TRY(auto found, open(o, false));
        serial = found.token->info().serial;
    }
    VANTHU_TRY(bool was_shut, tokens::pin_guard(o.state_dir).release(serial));
    return json::object{{"serial", clean(serial)}, {"guard", was_shut ? "released" : "nothing on record"}};
}

// What people see of a member, and of what the PIN guard answers; --json has the names themselves.
std::string_view word(std::string_view name, const voice& say) {
    static constexpr std::tuple<std::string_view, std::string_view, std::string_view> words[] = {
        {"tokens", "Thiết bị", "tokens"},
        {"certificates", "Chứng thư", "certificates"},
        {"keys", "Khóa", "keys"},
        {"uri", "URI", "URI"},
        {"label", "Nhãn", "label"},
        {"serial", "Số sê-ri", "serial number"},
        {"manufacturer", "Nhà sản xuất", "manufacturer"},
        {"model", "Kiểu", "model"},
        {"initialised", "Đã khởi tạo", "initialised"},
        {"pin_count_low", "Đã nhập sai PIN, còn ít lần thử", "few PIN tries left"},
        {"pin_final_try", "Chỉ còn một lần thử PIN", "last PIN try"},
        {"pin_locked", "PIN đã bị khóa", "PIN locked"},
        {"failed_logins", "Số lần đăng nhập hỏng liên tiếp", "failed logins in a row"},
        {"id", "Mã khóa", "key id"},
        {"schemes", "Thuật toán", "schemes"},
        {"subject", "Chủ thể", "subject"},
        {"organisation_code", "Mã cơ quan", "organisation code"},
        {"not_after", "Hết hạn", "valid until"},
        {"certificate_sha256", "SHA-256 của chứng thư", "certificate SHA-256"},
        {"signs", "Ký được", "signs"},
        {"request", "Tệp yêu cầu cấp chứng thư", "certificate request"},
        {"guard", "Chốt PIN", "PIN guard"},
        {"released", "đã mở lại", "released"},
        {"nothing on record", "không có lần nhập nào bị ghi lại", "nothing on record"}};
    for (const auto& [known, vi, en] : words)
        if (known == name) return say(vi, en);
    return name;
}

void print_plain(const json::value& v, int depth, const voice& say) {
    std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
    auto show = [&](std::string_view name, const json::value& value) {
        if (value.is_object() || value.is_array()) {
            fmt::print("{}{}:\n", indent, name);
            print_plain(value, depth + 1, say);
        } else if (value.is_bool()) {
            fmt::print("{}{}: {}\n", indent, name, value.get_bool() ? say("có", "yes") : say("không", "no"));
        } else {
            fmt::print("{}{}: {}\n", indent, name,
                       value.is_string() ? for_terminal(value.get_string()) : json::serialize(value));
        }
    };
    if (v.is_object())
        for (const auto& [name, value] : v.get_object())
            show(word(name, say), name == "guard" ? json::value(word(value.get_string(), say)) : value);
    if (v.is_array())
        for (const json::value& element : v.get_array()) show("-", element);
}

} // namespace

void add_token_commands(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* group = app.add_subcommand("token", "Thiết bị ký / signing tokens (PKCS#11)");
    group->require_subcommand(1);
    auto add = [&](const char* name, const char* help, result<json::object> (*act)(const options&)) {
        CLI::App* command = group->add_subcommand(name, help);
        command->add_option("--module", o->module_path, "Tệp mô-đun PKCS#11 / path of the PKCS#11 module");
        command->add_option(
            "--uri", o->uri,
            "URI PKCS#11 (RFC 7512) của thiết bị và khóa, không bao giờ kèm PIN / PKCS#11 URI of token and "
            "key; never with a PIN");
        command->add_option("--token", o->label, "Nhãn của thiết bị / label of the token");
        command->add_option("--serial", o->serial, "Số sê-ri của thiết bị / serial number of the token");
        command->add_option("--id", o->key_id, "Mã của khóa, dạng hex / id of the key, hex");
        command->add_option("--label", o->key_label, "Nhãn của khóa / label of the key");
        command->add_option("--pin-file", o->pin_file,
                            "Tệp chứa PIN, không có thì hỏi / file that holds the PIN; asked for otherwise");
        command
            ->add_option("--state,--state-dir", o->state_dir,
                         "Thư mục ghi các lần nhập PIN, dùng chung cho mọi lệnh ký / directory of the PIN guard's "
                         "records, the same for everything that uses the token")
            ->capture_default_str();
        add_voice_options(*command, o->say);
        command->callback([o, act, &exit_code] {
            auto done = act(*o);
            if (!done) {
                exit_code = tell(done.error(), o->say);
                if (done.error().code == make_error_code(errc::what_to_import)) exit_code = usage;
                return;
            }
            exit_code = 0;
            if (!o->say.as_json) return print_plain(*done, 0, o->say);
            (*done)["schema_version"] = 1;
            print(*done);
        });
        return command;
    };
    add("list", "Các thiết bị của mô-đun và chứng thư / tokens of the module and their certificates", list);
    add("status", "Một thiết bị; có --pin-file thì cả các khóa / one token; its keys with --pin-file", status);
    add("test", "Ký thử bằng từng thuật toán của khóa / one signature with each scheme of a key", test);
    CLI::App* importing = add("import",
                              "Nạp khóa cùng chứng thư, hoặc chứng thư cho khóa đã có / a key with its certificate, or "
                              "a certificate for a key that is there",
                              import);
    importing->add_option("--p12", o->p12, "Tệp PKCS#12 / PKCS#12 file");
    importing->add_option("--passphrase-file", o->passphrase_file,
                          "Tệp chứa mật khẩu của tệp PKCS#12 / file that holds its passphrase");
    importing->add_option("--key", o->key_pem, "Khóa PEM, kèm --certificate / PEM key, with --certificate");
    importing->add_option("--certificate", o->certificate, "Chứng thư PEM hoặc DER / PEM or DER certificate");
    CLI::App* generating =
        add("keygen", "Sinh cặp khóa và yêu cầu cấp chứng thư / a new key pair and its certificate request", keygen);
    generating->add_option("--kind", o->kind, "Loại khóa / kind of key")
        ->check(CLI::IsMember({"rsa2048", "rsa3072", "rsa4096", "p256", "p384"}))
        ->capture_default_str();
    CLI::App* requesting = add("request",
                               "Yêu cầu cấp chứng thư cho khóa đã có trên thiết bị / a certificate request for a key "
                               "that is on the token",
                               request);
    for (CLI::App* command : {generating, requesting}) {
        command->add_option("--common-name", o->common_name, "CN của yêu cầu / CN of the request")->required();
        command->add_option("--organisation", o->organisation, "O của yêu cầu / O of the request");
        command->add_option("-o,--output", o->output, "Tệp ghi yêu cầu (PEM) / where the request goes (PEM)")
            ->required();
    }
    add("unlock-guard", "Cho phép thử lại PIN sau một lần sai / allow the PIN to be tried again after a failure",
        unlock_guard);
}

} // namespace vanthu::cli

#include "daemon/cli/sign_key.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/pin_prompt.hpp"
#include "daemon/cli/sign.hpp"
#include "daemon/cli/token_login.hpp"
#include "signing/token/token.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace vanthu::cli {
namespace {

// "": fits the key.
result<x509::scheme> scheme_of(const key_options& o, const x509::certificate& leaf) {
    if (o.scheme == "pkcs1") return x509::scheme::rsa_pkcs1;
    if (o.scheme == "pss") return x509::scheme::rsa_pss;
    if (o.scheme == "ecdsa") return x509::scheme::ecdsa;
    return token::default_scheme(leaf);
}

result<cms::signer> open_file(const key_options& o) {
    keep_memory_private();
    VANTHU_TRY(bytes file, read_file(o.key.substr(4), 1u << 20));
    token::pin passphrase;
    if (std::string from = pin_file_or_credential(o.pin_file); !from.empty()) {
        VANTHU_TRY(bytes text, read_file(from, 4096));
        passphrase = token::pin::take(text);
    }
    auto key = token::open_pkcs12(file, passphrase);
    if (!key && passphrase.empty()) {
        auto typed = ask_for_pin("Mật khẩu / passphrase (" + o.key.substr(4) + "): ");
        if (typed) key = token::open_pkcs12(file, *typed);
    }
    if (!key) return std::unexpected(key.error());
    VANTHU_TRY(x509::scheme how, scheme_of(o, key->leaf));
    return token::make_signer(*key, how);
}

} // namespace

void add_key_options(CLI::App& command, key_options& o) {
    command.add_option("--key", o.key, "pkcs11:URI | p12:FILE")->required();
    command.add_option("--pin-file", o.pin_file,
                       "Tệp chứa PIN; nếu thiếu thì hỏi / file with the PIN or passphrase; asked for otherwise");
    command.add_option("--module", o.module_path, "Thư viện PKCS#11 / PKCS#11 module");
    command.add_option("--state-dir", o.state_dir, "Thư mục ghi lần thử PIN / where PIN attempts are recorded")
        ->capture_default_str();
    command.add_option("--scheme", o.scheme, "pkcs1 | pss | ecdsa")->check(CLI::IsMember({"pkcs1", "pss", "ecdsa"}));
}

result<cms::signer> open_key(const key_options& o) {
    if (o.key.starts_with("p12:")) return open_file(o);
    if (!o.key.starts_with("pkcs11:")) return failed(sign_errc::bad_arguments, "--key pkcs11:URI | p12:FILE");
    VANTHU_TRY(token::selector which, token::parse_uri(o.key));
    VANTHU_TRY(auto library, open_module(o.module_path, which.module_path));
    VANTHU_TRY(auto card, token::card::open(library, which));
    VANTHU_CHECK(log_in(*card, o.pin_file, o.state_dir));
    VANTHU_TRY(token::key_info key, card->find_key(which));
    VANTHU_TRY(x509::scheme how, scheme_of(o, key.leaf));
    return token::make_signer(card, key, how);
}

} // namespace vanthu::cli

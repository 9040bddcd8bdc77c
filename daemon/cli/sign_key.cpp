#include "daemon/cli/sign_key.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/sign.hpp"
#include "daemon/tokens/pin_guard.hpp"
#include "signing/token/token.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdlib>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

// A line from the terminal without echo; empty where there is none.
token::pin ask_for_pin(std::string_view label) {
    unique_fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    termios shown{};
    if (!terminal || ::tcgetattr(terminal.get(), &shown) != 0) return {};
    termios hidden = shown;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal.get(), TCSAFLUSH, &hidden);
    std::string question = "PIN (" + std::string(label) + "): ";
    (void)!::write(terminal.get(), question.data(), question.size());
    bytes typed;
    typed.reserve(256); // no copy is left behind by growing
    for (std::uint8_t c; typed.size() < 255 && ::read(terminal.get(), &c, 1) == 1 && c != '\n';) typed.push_back(c);
    ::tcsetattr(terminal.get(), TCSAFLUSH, &shown);
    (void)!::write(terminal.get(), "\n", 1);
    return token::pin::take(typed);
}

std::string pin_file_of(const key_options& o) {
    if (!o.pin_file.empty()) return o.pin_file;
    const char* credentials = std::getenv("CREDENTIALS_DIRECTORY");
    std::string file = credentials ? std::string(credentials) + "/token-pin" : "";
    return !file.empty() && ::access(file.c_str(), R_OK) == 0 ? file : "";
}

// "": fits the key.
result<x509::scheme> scheme_of(const key_options& o, const x509::certificate& leaf) {
    if (o.scheme == "pkcs1") return x509::scheme::rsa_pkcs1;
    if (o.scheme == "pss") return x509::scheme::rsa_pss;
    if (o.scheme == "ecdsa") return x509::scheme::ecdsa;
    return token::default_scheme(leaf);
}

result<cms::signer> open_file(const key_options& o) {
    VANTHU_TRY(bytes file, read_file(o.key.substr(4), 1u << 20));
    token::pin passphrase;
    if (std::string from = pin_file_of(o); !from.empty()) {
        VANTHU_TRY(bytes text, read_file(from, 4096));
        passphrase = token::pin::take(text);
    }
    auto key = token::open_pkcs12(file, passphrase);
    if (!key && passphrase.empty()) {
        passphrase = ask_for_pin(o.key.substr(4));
        if (!passphrase.empty()) key = token::open_pkcs12(file, passphrase);
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
    VANTHU_TRY(auto library, token::module::load(o.module_path.empty() ? which.module_path : o.module_path));
    VANTHU_TRY(auto card, token::card::open(library, which));
    if (std::string from = pin_file_of(o); !from.empty()) {
        VANTHU_CHECK(tokens::pin_guard(o.state_dir).login(*card, from));
    } else {
        token::pin typed = ask_for_pin(card->info().label);
        if (typed.empty()) return failed(token::errc::pin_needed, "--pin-file");
        VANTHU_CHECK(card->login(typed)); // refuses the final try by itself
    }
    VANTHU_TRY(token::key_info key, card->find_key(which));
    VANTHU_TRY(x509::scheme how, scheme_of(o, key.leaf));
    return token::make_signer(card, key, how);
}

result<> complete_chain(cms::signer& who, const x509::trust_store& trust, const x509::evidence& known, timestamp now) {
    auto path = x509::validate_path(who.leaf, who.chain, trust, known, now, x509::purpose::document_signature,
                                    x509::revocation_rule::if_present);
    if (!path.passed()) return failed(sign_errc::own_certificate_bad, who.leaf.subject() + ": " + path.sub_indication);
    who.chain.clear();
    for (std::size_t i = 1; i + 1 < path.chain.size(); ++i) who.chain.push_back(path.chain[i]);
    return {};
}

} // namespace vanthu::cli

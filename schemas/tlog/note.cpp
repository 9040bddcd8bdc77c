#include "schemas/tlog/note.hpp"

#include "daemon/base/base64.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace vanthu::tlog {
namespace {

constexpr std::size_t max_note_size = 16u << 10, max_signatures = 16;
constexpr std::uint8_t ed25519_type = 0x01;
constexpr std::string_view signature_mark = "\xE2\x80\x94 "; // em dash, space

struct pkey_free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
};
struct md_free {
    void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }
};
struct bio_free {
    void operator()(BIO* p) const { BIO_free_all(p); }
};
using pkey_ptr = std::unique_ptr<EVP_PKEY, pkey_free>;
using md_ptr = std::unique_ptr<EVP_MD_CTX, md_free>;
using bio_ptr = std::unique_ptr<BIO, bio_free>;

// Never asks at a terminal.
int no_password(char*, int, int, void*) { return -1; }

// base64_decode skips white space and spare bits: a signed format knows one spelling only.
std::optional<bytes> exact_base64(std::string_view text) {
    auto decoded = base64_decode(text);
    if (!decoded || base64_encode(*decoded) != text) return std::nullopt;
    return decoded;
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        auto lead = static_cast<std::uint8_t>(text[i]);
        std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
        if (length == 0 || i + length > text.size()) return false;
        std::uint32_t point = length == 1 ? lead : lead & (0xFFu >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            auto next = static_cast<std::uint8_t>(text[i + k]);
            if ((next & 0xC0) != 0x80) return false;
            point = point << 6 | (next & 0x3Fu);
        }
        if ((length == 3 && (point < 0x800 || (point >= 0xD800 && point < 0xE000))) ||
            (length == 4 && (point < 0x10000 || point > 0x10FFFF)))
            return false;
        i += length;
    }
    return true;
}

// The Unicode spaces that a key name must not hold, as UTF-8.
constexpr std::string_view unicode_spaces[] = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

result<note_signature> decode_signature(std::string_view line) {
    if (!line.starts_with(signature_mark)) return failed(errc::malformed_note, "a signature line without its dash");
    line.remove_prefix(signature_mark.size());
    std::size_t space = line.find(' ');
    if (space == line.npos || !is_key_name(line.substr(0, space))) return failed(errc::malformed_note, "key name");
    auto value = exact_base64(line.substr(space + 1));
    if (!value || value->size() < 5) return failed(errc::malformed_note, "signature bytes");
    note_signature out{std::string(line.substr(0, space)), 0, bytes(value->begin() + 4, value->end())};
    for (int i = 0; i < 4; ++i) out.key = out.key << 8 | (*value)[i];
    return out;
}

// Takes the first line off; without its newline. nullopt where there is no further newline.
std::optional<std::string_view> take_line(std::string_view& text) {
    std::size_t end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

} // namespace

struct ed25519_private_key::state {
    pkey_ptr key;
    ed25519_public_key public_key{};
};
ed25519_private_key::ed25519_private_key(std::unique_ptr<state> s) : state_(std::move(s)) {}
ed25519_private_key::ed25519_private_key(ed25519_private_key&&) noexcept = default;
ed25519_private_key& ed25519_private_key::operator=(ed25519_private_key&&) noexcept = default;
ed25519_private_key::~ed25519_private_key() = default;
const ed25519_public_key& ed25519_private_key::public_key() const { return state_->public_key; }

ed25519_private_key ed25519_private_key::generate() {
    pkey_ptr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    auto s = std::make_unique<state>();
    std::size_t size = s->public_key.size();
    if (!key || EVP_PKEY_get_raw_public_key(key.get(), s->public_key.data(), &size) != 1) std::abort(); // no generator
    s->key = std::move(key);
    return ed25519_private_key(std::move(s));
}

result<ed25519_private_key> ed25519_private_key::from_pem(std::string_view pem) {
    bio_ptr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    auto s = std::make_unique<state>();
    s->key.reset(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr) : nullptr);
    std::size_t size = s->public_key.size();
    bool good = s->key && EVP_PKEY_is_a(s->key.get(), "ED25519") &&
                EVP_PKEY_get_raw_public_key(s->key.get(), s->public_key.data(), &size) == 1 &&
                size == s->public_key.size();
    ERR_clear_error();
    if (!good) return failed(errc::bad_key, "not an unencrypted Ed25519 private key in PEM");
    return ed25519_private_key(std::move(s));
}

std::string ed25519_private_key::to_pem() const {
    bio_ptr out(BIO_new(BIO_s_mem()));
    char* text = nullptr;
    if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), state_->key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        std::abort();
    long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

ed25519_signature ed25519_private_key::sign(bytes_view message) const {
    ed25519_signature out{};
    std::size_t size = out.size();
    md_ptr context(EVP_MD_CTX_new());
    // A held key that cannot sign is our own inconsistency: a head must never go out unsigned.
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->key.get()) != 1 ||
        EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) != 1 || size != out.size())
        std::abort();
    return out;
}

bool verify_ed25519(const ed25519_public_key& key, bytes_view message, bytes_view signature) {
    pkey_ptr pkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
    md_ptr context(EVP_MD_CTX_new());
    bool good =
        pkey && context && signature.size() == 64 &&
        EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
    ERR_clear_error();
    return good;
}

std::uint32_t key_id(std::string_view name, const ed25519_public_key& key) {
    const std::uint8_t middle[] = {0x0A, ed25519_type};
    digest hash = sha256().update(name).update(bytes_view(middle)).update(bytes_view(key)).finish();
    return std::uint32_t{hash.value[0]} << 24 | std::uint32_t{hash.value[1]} << 16 | std::uint32_t{hash.value[2]} << 8 |
           hash.value[3];
}

std::string verifier_key(std::string_view name, const ed25519_public_key& key) {
    bytes typed{ed25519_type};
    typed.insert(typed.end(), key.begin(), key.end());
    return fmt::format("{}+{:08x}+{}", name, key_id(name, key), base64_encode(typed));
}

bool is_key_name(std::string_view name) {
    if (name.empty() || name.size() > 255 || !is_utf8(name)) return false;
    if (std::ranges::any_of(name, [](char c) { return static_cast<std::uint8_t>(c) <= 0x20 || c == '+' || c == 0x7F; }))
        return false;
    return std::ranges::none_of(unicode_spaces, [&](std::string_view space) { return name.find(space) != name.npos; });
}

std::string encode(const signed_note& note) {
    std::string out = note.text + "\n";
    for (const note_signature& s : note.signatures) {
        bytes value;
        for (int shift = 24; shift >= 0; shift -= 8) value.push_back(static_cast<std::uint8_t>(s.key >> shift));
        value.insert(value.end(), s.signature.begin(), s.signature.end());
        out += fmt::format("{}{} {}\n", signature_mark, s.name, base64_encode(value));
    }
    return out;
}

result<signed_note> decode_note(std::string_view note) {
    if (note.size() > max_note_size) return failed(errc::malformed_note, "too large");
    if (!is_utf8(note) ||
        std::ranges::any_of(note, [](char c) { return static_cast<std::uint8_t>(c) < 0x20 && c != '\n'; }))
        return failed(errc::malformed_note, "not plain UTF-8 text");
    std::size_t blank = note.rfind("\n\n");
    if (blank == note.npos || blank == 0 || !note.ends_with('\n'))
        return failed(errc::malformed_note, "no signatures after a blank line");
    signed_note out{std::string(note.substr(0, blank + 1)), {}};
    std::string_view rest = note.substr(blank + 2);
    while (auto line = take_line(rest)) {
        if (out.signatures.size() == max_signatures) return failed(errc::malformed_note, "too many signatures");
        VANTHU_TRY(note_signature signature, decode_signature(*line));
        out.signatures.push_back(std::move(signature));
    }
    if (out.signatures.empty()) return failed(errc::malformed_note, "no signature");
    return out;
}

std::string checkpoint_text(const checkpoint& head) {
    return fmt::format("{}\n{}\n{}\n", head.origin, head.size, base64_encode(head.root.view()));
}

result<checkpoint> parse_checkpoint(std::string_view text) {
    auto malformed = [](const char* what) { return failed(errc::malformed_checkpoint, what); };
    auto origin = take_line(text), size = take_line(text), root = take_line(text);
    if (!origin || !size || !root) return malformed("fewer than three lines");
    checkpoint out{std::string(*origin), 0, {}};
    if (origin->empty()) return malformed("origin");
    auto [end, error] = std::from_chars(size->data(), size->data() + size->size(), out.size);
    if (error != std::errc{} || end != size->data() + size->size() || std::to_string(out.size) != *size)
        return malformed("tree size");
    auto hash = exact_base64(*root);
    if (!hash || hash->size() != out.root.value.size()) return malformed("root");
    std::ranges::copy(*hash, out.root.value.begin());
    while (auto extension = take_line(text))
        if (extension->empty()) return malformed("empty extension line");
    if (!text.empty()) return malformed("last line without its newline");
    return out;
}

std::string sign_checkpoint(const checkpoint& head, const ed25519_private_key& key) {
    std::string text = checkpoint_text(head);
    ed25519_signature signature = key.sign(as_bytes(text));
    return encode(
        {text, {{head.origin, key_id(head.origin, key.public_key()), bytes(signature.begin(), signature.end())}}});
}

result<checkpoint> verify_checkpoint(std::string_view note, const ed25519_public_key& key) {
    VANTHU_TRY(signed_note decoded, decode_note(note));
    VANTHU_TRY(checkpoint head, parse_checkpoint(decoded.text));
    std::uint32_t id = key_id(head.origin, key);
    bool found = false;
    for (const note_signature& s : decoded.signatures) {
        if (s.name != head.origin || s.key != id) continue;
        if (!verify_ed25519(key, as_bytes(decoded.text), s.signature)) return failed(errc::bad_signature, head.origin);
        found = true;
    }
    if (!found) return failed(errc::unknown_key, fmt::format("no signature {}+{:08x}", head.origin, id));
    return head;
}

} // namespace vanthu::tlog

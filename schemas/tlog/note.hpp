// Signed notes and checkpoints: the text that a log signs.
//
//   vanthu.example/log        origin          \
//   20852163                  tree size        } the text, signed with its last newline
//   CsUYapGG...=              root, base64    /
//
//   — vanthu.example/log Az3grl...=            base64(key id, 4 bytes big-endian || Ed25519 signature, 64 bytes)
//
// Source: C2SP signed-note (Ed25519, signature type 0x01) and tlog-checkpoint; RFC 8032.
#pragma once

#include "schemas/tlog/tree.hpp"

#include <memory>
#include <string>

namespace vanthu::tlog {

using ed25519_public_key = std::array<std::uint8_t, 32>;
using ed25519_signature = std::array<std::uint8_t, 64>;

// A private key; the signature of given bytes is always the same (RFC 8032, section 5.1.6). Move-only. Wiped on
// destruction.
class ed25519_private_key {
public:
    static ed25519_private_key generate();
    static result<ed25519_private_key> from_pem(std::string_view pem); // PKCS#8, not encrypted; else errc::bad_key
    ed25519_private_key(ed25519_private_key&&) noexcept;
    ed25519_private_key& operator=(ed25519_private_key&&) noexcept;
    ~ed25519_private_key();

    const ed25519_public_key& public_key() const;
    ed25519_signature sign(bytes_view message) const; // any thread
    std::string to_pem() const;

private:
    struct state;
    explicit ed25519_private_key(std::unique_ptr<state>);
    std::unique_ptr<state> state_;
};

bool verify_ed25519(const ed25519_public_key& key, bytes_view message, bytes_view signature);
// SHA-256(name || 0x0A || 0x01 || public key)[:4], read big-endian.
std::uint32_t key_id(std::string_view name, const ed25519_public_key& key);
// "name+1a2b3c4d+base64(0x01 || public key)", the form in which witnesses take a log's key.
std::string verifier_key(std::string_view name, const ed25519_public_key& key);
// Non-empty, no space, no plus, no control character, at most 255 bytes: fit for a log origin and a key name.
bool is_key_name(std::string_view name);

struct note_signature {
    std::string name;
    std::uint32_t key = 0;
    bytes signature; // without the key id
};
struct signed_note {
    std::string text; // with its last newline
    std::vector<note_signature> signatures;
};
std::string encode(const signed_note& note);
// Exact: base64 in its one canonical form, UTF-8, no control characters; at most 16 signatures and 16 KiB.
result<signed_note> decode_note(std::string_view note);

struct checkpoint {
    std::string origin;
    std::uint64_t size = 0;
    digest root;
    auto operator<=>(const checkpoint&) const = default;
};
std::string checkpoint_text(const checkpoint& head);
result<checkpoint> parse_checkpoint(std::string_view text); // extension lines are accepted and left out

// The whole signed head, under the origin as key name.
std::string sign_checkpoint(const checkpoint& head, const ed25519_private_key& key);
// Signatures by other keys are ignored; errc::unknown_key without one by this key under the head's origin.
result<checkpoint> verify_checkpoint(std::string_view note, const ed25519_public_key& key);

} // namespace vanthu::tlog

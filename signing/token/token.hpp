// Tokens and HSMs through PKCS#11, and PKCS#12 files for places without one.
//
//   module::load(path) ─▶ module::tokens() ─▶ card::open(module, selector) ─▶ login(pin) ─▶ find_key() ─▶ sign()
//                                                                                              └▶ make_signer() ─▶ cms
// Guaranteed
//   - C_Finalize is never called: a module stays loaded for the life of the process (other users of it live on)
//   - before C_Login the token's flags are read: a locked PIN and a final try are refused without spending anything
//   - each C_Login of any kind goes through the caller's login_gate, which keeps the attempt on record
//   - one login per card object; sessions are pooled, key handles cached
//   - hashes are made outside the token; each signature is verified with the certificate's key before it is returned
//   - on removal, reset or lost login: sessions dropped, token found again by serial number, one new login with the PIN
//     that worked before, one repetition; while the token is away each call fails with token_not_found and asks nothing
//   - a PIN is used by itself only while each login with it has succeeded; after a failure it is forgotten (pin_needed)
// No deadlines here: C_Sign can block for as long as a reader likes (daemon/tokens keeps one thread per token).
// Threads: card and module may be used from several threads at once.
//
// Source: PKCS #11 v2.40 (OASIS); RFC 7512 (URIs).
#pragma once

#include "signing/cms/build.hpp"
#include "signing/token/errors.hpp"
#include "signing/token/pin.hpp"

struct _CK_FUNCTION_LIST; // CK_FUNCTION_LIST (p11-kit/pkcs11.h)

namespace vanthu::token {

struct token_info {
    unsigned long slot = 0;
    std::string label, manufacturer, model, serial;
    bool initialised = false, login_required = false, protected_path = false;
    bool pin_count_low = false, pin_final_try = false, pin_locked = false, pin_to_change = false,
         write_protected = false;
    bool operator==(const token_info&) const = default;
};

// Which token and which key. Empty fields match everything.
struct selector {
    std::string label, serial, manufacturer, model;
    bytes key_id;
    std::string key_label;
    std::string module_path, pin_source; // from the URI's query part; used by the caller, never here
};
// RFC 7512. `pin-value` is refused (errc::pin_in_uri): a PIN does not belong into configuration or argv.
result<selector> parse_uri(const std::string& uri);
std::string to_uri(const token_info& token, bytes_view key_id = {}, std::string_view key_label = {});

class module {
public:
    // Loads the PKCS#11 module at `path` through p11-kit (managed, reference-counted); once per process and path.
    static result<std::shared_ptr<module>> load(const std::string& path);
    // Around a given function list; the caller has initialised it. `ended`: why the process that it leads to is gone;
    // asked when a call fails, and its failure is then the call's.
    static std::shared_ptr<module> around(_CK_FUNCTION_LIST* functions,
                                          std::function<std::optional<failure>(bool broken)> ended = {});

    result<std::vector<token_info>> tokens() const;
    result<token_info> token(unsigned long slot) const;
    // Exactly one initialised token that matches, or token_not_found / token_ambiguous.
    result<token_info> find(const selector& which) const;
    _CK_FUNCTION_LIST* functions() const { return functions_; }
    // What a return value other than CKR_OK means; the detail names `call`.
    fail failed_call(unsigned long rv, const char* call) const;

private:
    module(_CK_FUNCTION_LIST* functions,
           std::function<std::optional<failure>(bool broken)> ended) :functions_(functions),
        ended_(std::move(ended)) {}
    _CK_FUNCTION_LIST* functions_;
    std::function<std::optional<failure>(bool broken)> ended_;
};

struct key_info {
    bytes id;
    std::string label;
    x509::certificate leaf; // the newest certificate with the same CKA_ID; may be empty in keys()
    x509::key_kind kind = x509::key_kind::other;
    bool always_authenticate = false;
    std::vector<x509::scheme> schemes; // what key and token can do, preferred first
};

// Stands around every C_Login of a card: the first, the one after the token came back, and each one for a key that
// wants its PIN each time. Calls `attempt` at most once and answers what it answered, or refuses without calling it.
// `attempt` calls C_Login; false: somebody of this process was logged in already and the token did not look at the PIN.
// daemon/tokens/pin_guard.hpp makes gates that keep the attempts on record.
using login_attempt = std::function<result<bool>()>;
using login_gate = std::function<result<bool>(const token_info& token, const login_attempt& attempt)>;

class card : public std::enable_shared_from_this<card> {
public:
    static result<std::shared_ptr<card>> open(std::shared_ptr<module> library, const selector& which);
    ~card(); // closes its sessions; no C_Logout (others of this process may rely on the login), no C_Finalize

    token_info info() const; // as of the last open
    // At most one call of C_Login, through `gate`, which is kept for later ones. An empty PIN is for a reader with its
    // own keypad (token_info::protected_path). pin_final_try, pin_locked: nothing was spent. Already logged in counts
    // as success.
    result<> login(const pin& code, login_gate gate);
    // Keys that may sign, with their certificates. Without login many tokens show only certificates.
    result<std::vector<key_info>> keys();
    // Exactly one; with its certificate, or key_not_found / key_ambiguous / certificate_not_found.
    result<key_info> find_key(const selector& which);
    std::vector<x509::certificate> certificates(); // all readable ones, with or without login

    // Signature over a SHA-256 value: RSA as it is, ECDSA as DER. Verified with key.leaf.
    result<bytes> sign(const key_info& key, x509::scheme how, bytes_view sha256_value);

    // Puts an existing key and certificate on the token. already_exists when the id is taken.
    result<> import_key(bytes_view private_key_pkcs8_der, const bytes& id, const std::string& label);
    result<> import_certificate(const x509::certificate& certificate, const bytes& id, const std::string& label);
    enum class new_key { rsa_2048, rsa_3072, rsa_4096, p256, p384 };
    // Makes a key pair on the token and answers with its SubjectPublicKeyInfo (DER).
    result<bytes> generate_key(new_key kind, const bytes& id, const std::string& label);
    // SubjectPublicKeyInfo (DER) of the key with this id, by its public key object or its certificate. key_not_found.
    result<bytes> public_key(const bytes& id);
    // Signs with a key that has no certificate yet (for a CSR); verified with `spki`, so that signature_wrong also says
    // that this is another key's.
    result<bytes> sign_with_new_key(const bytes& id, bytes_view spki, bytes_view sha256_value);

    struct state; // card_state.hpp

private:
    std::unique_ptr<state> state_;
    explicit card(std::unique_ptr<state> s);
};

// A key in a file: PKCS#12, or a PEM key with its certificate.
struct file_key {
    x509::certificate leaf;
    std::vector<x509::certificate> chain;
    std::shared_ptr<evp_pkey_st> key;
};
result<file_key> open_pkcs12(bytes_view file, const pin& passphrase);
result<file_key> open_pem_key(bytes_view key_pem, bytes_view certificates_pem);
bytes private_key_der(const file_key& key); // PKCS#8, for import

// The seam to cms::build_signature. `how` must be among key.schemes (key_unfit otherwise).
result<cms::signer> make_signer(std::shared_ptr<card> token, const key_info& key, x509::scheme how,
                                std::vector<x509::certificate> chain = {});
result<cms::signer> make_signer(const file_key& key, x509::scheme how);
// PKCS#1 v1.5 for RSA, ECDSA for EC: what deployed tools expect.
x509::scheme default_scheme(const x509::certificate& leaf);

bytes spki_of(const x509::certificate& certificate); // SubjectPublicKeyInfo, DER

// PKCS#10 request for a key; `sign` signs a SHA-256 value (RSA PKCS#1 or ECDSA DER). Source: RFC 2986.
result<bytes> certificate_request(bytes_view spki, const std::string& common_name, const std::string& organisation,
                                  const std::function<result<bytes>(bytes_view)>& sign);

} // namespace vanthu::token

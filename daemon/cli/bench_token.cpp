#include "daemon/cli/bench_token.hpp"

#include "daemon/base/files.hpp"
#include "signing/token/pkcs11.hpp"
#include "signing/x509/openssl.hpp"

#include <cstdlib>
#include <openssl/rsa.h>

namespace vanthu::cli {
namespace {

constexpr std::string_view pin_text = "123456";

CK_UTF8CHAR_PTR writable(std::string_view text) {
    return reinterpret_cast<CK_UTF8CHAR_PTR>(const_cast<char*>(text.data()));
}

result<> check(CK_RV rv, const char* call) {
    if (rv != CKR_OK) return token::failed_call(rv, call);
    return {};
}

result<> initialise(CK_FUNCTION_LIST* p11, CK_SLOT_ID slot) {
    std::string label = "vanthu bench";
    label.resize(32, ' ');
    VANTHU_CHECK(check(p11->C_InitToken(slot, writable(pin_text), pin_text.size(), writable(label)), "C_InitToken"));
    CK_SESSION_HANDLE session = 0;
    VANTHU_CHECK(check(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session),
                       "C_OpenSession"));
    VANTHU_CHECK(check(p11->C_Login(session, CKU_SO, writable(pin_text), pin_text.size()), "C_Login"));
    VANTHU_CHECK(check(p11->C_InitPIN(session, writable(pin_text), pin_text.size()), "C_InitPIN"));
    return check(p11->C_CloseSession(session), "C_CloseSession");
}

constexpr std::uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

} // namespace

result<bench_token> bench_token::make(const std::filesystem::path& directory, const std::string& module_path) {
    std::filesystem::create_directories(directory / "tokens");
    const std::string conf = (directory / "softhsm2.conf").string();
    VANTHU_CHECK(write_file_atomically(conf, as_bytes("directories.tokendir = " + (directory / "tokens").string() +
                                                      "\nobjectstore.backend = file\nlog.level = ERROR\n")));
    ::setenv("SOFTHSM2_CONF", conf.c_str(), 1);
    bench_token out;
    VANTHU_TRY(out.module_, token::module::load(module_path));
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    VANTHU_CHECK(check(out.module_->functions()->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList"));
    if (count == 0) return failed(token::errc::token_not_found, module_path);
    VANTHU_CHECK(initialise(out.module_->functions(), slots[0]));
    VANTHU_TRY(out.card_, token::card::open(out.module_, {.label = "vanthu bench"}));
    // Nothing to guard: the token is the bench's own and ends with it.
    auto gate = [](const token::token_info&, const token::login_attempt& attempt) { return attempt(); };
    VANTHU_CHECK(out.card_->login(token::pin(pin_text), gate));
    return out;
}

result<token::key_info> bench_token::add_key(const bench_pki& pki) {
    const bytes id = random_bytes(8);
    auto kind = pki.kind() == bench_key::p256 ? token::card::new_key::p256 : token::card::new_key::rsa_2048;
    VANTHU_TRY(bytes spki, card_->generate_key(kind, id, "bench"));
    VANTHU_CHECK(card_->import_certificate(pki.certify(spki, "Người ký trên token"), id, "bench"));
    return card_->find_key({.key_id = id});
}

result<cms::signer> bench_token::signer(const token::key_info& key, const bench_pki& pki) const {
    return token::make_signer(card_, key, token::default_scheme(key.leaf), {pki.sub().certificate});
}

struct bench_token::bare_loop::lane {
    CK_FUNCTION_LIST* p11;
    CK_SESSION_HANDLE session = 0;
    CK_OBJECT_HANDLE key = 0;
    bool rsa;
    ossl::pkey_ctx_ptr verifier;
    bytes input, signature = bytes(512);

    lane(const bench_token& on, const token::key_info& about) : p11(on.module_->functions()) {
        rsa = about.leaf.kind() == x509::key_kind::rsa;
        CK_OBJECT_CLASS wanted = CKO_PRIVATE_KEY;
        bytes id = about.id;
        CK_ATTRIBUTE which[] = {{CKA_CLASS, &wanted, sizeof wanted}, {CKA_ID, id.data(), id.size()}};
        CK_ULONG found = 0;
        verifier.reset(EVP_PKEY_CTX_new(about.leaf.public_key(), nullptr));
        bool ready =
            p11->C_OpenSession(on.card_->info().slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session) == CKR_OK &&
            p11->C_FindObjectsInit(session, which, 2) == CKR_OK &&
            p11->C_FindObjects(session, &key, 1, &found) == CKR_OK && found == 1 &&
            p11->C_FindObjectsFinal(session) == CKR_OK && verifier && EVP_PKEY_verify_init(verifier.get()) == 1 &&
            (!rsa || EVP_PKEY_CTX_set_rsa_padding(verifier.get(), RSA_PKCS1_PADDING) == 1) &&
            EVP_PKEY_CTX_set_signature_md(verifier.get(), x509::native(x509::hash::sha256)) == 1;
        if (!ready) std::abort(); // the same token and key have just been used through the card
    }
    ~lane() { p11->C_CloseSession(session); }
};

bench_token::bare_loop::bare_loop(const bench_token& on, const token::key_info& key, unsigned threads) {
    for (unsigned i = 0; i < threads; ++i) lanes_.push_back(std::make_unique<lane>(on, key));
}
bench_token::bare_loop::~bare_loop() = default;

result<> bench_token::bare_loop::once(unsigned thread, bytes_view hash) {
    lane& l = *lanes_[thread];
    l.input.clear();
    if (l.rsa) l.input.assign(std::begin(digest_info), std::end(digest_info));
    l.input.insert(l.input.end(), hash.begin(), hash.end());
    CK_MECHANISM mechanism{l.rsa ? CK_MECHANISM_TYPE(CKM_RSA_PKCS) : CK_MECHANISM_TYPE(CKM_ECDSA), nullptr, 0};
    CK_ULONG size = l.signature.size();
    VANTHU_CHECK(check(l.p11->C_SignInit(l.session, &mechanism, l.key), "C_SignInit"));
    VANTHU_CHECK(check(l.p11->C_Sign(l.session, l.input.data(), l.input.size(), l.signature.data(), &size), "C_Sign"));
    bytes_view made(l.signature.data(), size);
    std::optional<bytes> der;
    if (!l.rsa) der = x509::ecdsa_to_der(made);
    if (der) made = *der;
    if (EVP_PKEY_verify(l.verifier.get(), made.data(), made.size(), hash.data(), hash.size()) != 1)
        return failed(token::errc::signature_wrong);
    return {};
}

} // namespace vanthu::cli

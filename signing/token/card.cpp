#include "signing/token/card_state.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::token {

card::card(std::unique_ptr<state> s) : state_(std::move(s)) {}

card::~card() {
    for (CK_SESSION_HANDLE session : state_->idle) state_->p11->C_CloseSession(session);
}

result<std::shared_ptr<card>> card::open(std::shared_ptr<module> library, const selector& which) {
    VANTHU_TRY(token_info info, library->find(which));
    auto s = std::make_unique<state>();
    s->p11 = library->functions();
    s->library = std::move(library);
    s->info = std::move(info);
    return std::shared_ptr<card>(new card(std::move(s)));
}

token_info card::info() const {
    std::lock_guard lock(state_->mutex);
    return state_->info;
}

// ---- sessions ----

result<borrowed_session> card::state::borrow(bool writable) {
    unsigned generation_now;
    CK_SLOT_ID slot;
    {
        std::lock_guard lock(mutex);
        if (!writable && !idle.empty()) {
            borrowed_session s(*this, idle.back(), generation, true);
            idle.pop_back();
            return s;
        }
        generation_now = generation;
        slot = info.slot;
    }
    CK_SESSION_HANDLE session = 0;
    CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
    if (CK_RV rv = p11->C_OpenSession(slot, flags, nullptr, nullptr, &session); rv != CKR_OK)
        return failed_call(rv, "C_OpenSession");
    return borrowed_session(*this, session, generation_now, !writable);
}

void card::state::give_back(CK_SESSION_HANDLE session, unsigned of_generation, bool healthy) {
    {
        std::lock_guard lock(mutex);
        // The last session of a token takes the login with it: the pool always keeps one.
        if (healthy && of_generation == generation && idle.size() < most_idle) {
            idle.push_back(session);
            return;
        }
    }
    p11->C_CloseSession(session);
}

// ---- login ----

result<bool> card::state::log_in(CK_SESSION_HANDLE session, const pin& code) {
    CK_TOKEN_INFO raw{};
    if (CK_RV rv = p11->C_GetTokenInfo(info.slot, &raw); rv != CKR_OK) return failed_call(rv, "C_GetTokenInfo");
    token_info fresh = read_token_info(info.slot, raw);
    if (fresh.pin_locked) return failed(errc::pin_locked);
    if (fresh.pin_final_try) return failed(errc::pin_final_try);
    std::string_view text = code.text();
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
    CK_RV rv = p11->C_Login(session, CKU_USER, fresh.protected_path && text.empty() ? nullptr : data, text.size());
    if (rv == CKR_USER_ALREADY_LOGGED_IN) return false;
    if (rv != CKR_OK) return failed_call(rv, "C_Login");
    return true;
}

result<> card::login(const pin& code) {
    std::lock_guard one_at_a_time(state_->login_mutex);
    VANTHU_TRY(borrowed_session session, state_->borrow(false));
    VANTHU_TRY(bool proven, state_->log_in(session.handle(), code));
    std::lock_guard lock(state_->mutex);
    if (proven) state_->worked = code.clone(); // a PIN the token has not looked at is never used again by itself
    state_->logged_in = true;
    return {};
}

// After the token was pulled out, reset or lost its login. Only a PIN that worked before is used again, once.
result<> card::state::recover(unsigned seen_generation) {
    std::lock_guard one_at_a_time(login_mutex);
    selector same;
    std::vector<CK_SESSION_HANDLE> stale;
    {
        std::lock_guard lock(mutex);
        if (generation != seen_generation) return {}; // another thread has done it
        stale.swap(idle);
        ++generation;
        handles.clear();
        same.serial = info.serial;
        same.label = info.label;
    }
    for (CK_SESSION_HANDLE session : stale) p11->C_CloseSession(session);
    VANTHU_TRY(token_info found, library->find(same));
    {
        std::lock_guard lock(mutex);
        info = std::move(found);
        if (!logged_in) return {};
    }
    VANTHU_TRY(borrowed_session session, borrow(false));
    pin code = proven_pin();
    if (code.empty()) return failed(errc::pin_needed);
    auto done = log_in(session.handle(), code);
    if (done) return {};
    forget_pin(); // never again by itself
    return std::unexpected(std::move(done.error()));
}

pin card::state::proven_pin() const {
    std::lock_guard lock(mutex);
    return worked.clone();
}

void card::state::forget_pin() {
    std::lock_guard lock(mutex);
    logged_in = false;
    worked = pin();
}

// ---- signing ----

namespace {

// DigestInfo of SHA-256 (RFC 8017, 9.2, note 1): CKM_RSA_PKCS pads, but does not name the hash.
constexpr std::uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

} // namespace

result<bytes> card::state::sign_once(const signing_request& what, CK_RV& rv) {
    VANTHU_TRY(borrowed_session session, borrow(false));
    auto given_up = [&](const char* call) {
        session.spoil();
        return failed_call(rv, call);
    };
    CK_OBJECT_HANDLE key = 0;
    if (rv = find_private_key(session.handle(), what.key_id, what.key_label, session.generation(), key); rv != CKR_OK)
        return given_up("C_FindObjects");
    if (key == 0) return failed(errc::key_not_found, to_hex(what.key_id));

    CK_RSA_PKCS_PSS_PARAMS pss{CKM_SHA256, CKG_MGF1_SHA256, 32};
    CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
    bytes input(what.hash.begin(), what.hash.end());
    if (what.how == scheme_of::rsa_pkcs1) {
        mechanism.mechanism = CKM_RSA_PKCS;
        input.insert(input.begin(), std::begin(digest_info), std::end(digest_info));
    } else if (what.how == scheme_of::rsa_pss) {
        mechanism = {CKM_RSA_PKCS_PSS, &pss, sizeof pss};
    }
    if (rv = p11->C_SignInit(session.handle(), &mechanism, key); rv != CKR_OK) return given_up("C_SignInit");
    if (what.always_authenticate) {
        pin code = proven_pin();
        if (code.empty()) return failed(errc::pin_needed, "the key wants its PIN each time");
        auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(code.text().data()));
        rv = p11->C_Login(session.handle(), CKU_CONTEXT_SPECIFIC, data, code.text().size());
        if (rv != CKR_OK) {
            if (map_rv(rv) == errc::pin_incorrect) forget_pin(); // or each signature would spend a try
            return given_up("C_Login for the key");
        }
    }
    bytes signature(2048); // large: asking for the length costs a second signature on some tokens
    CK_ULONG size = signature.size();
    if (rv = p11->C_Sign(session.handle(), input.data(), input.size(), signature.data(), &size); rv != CKR_OK)
        return given_up("C_Sign");
    if (size > signature.size()) return failed(errc::internal, "C_Sign: longer than its buffer");
    signature.resize(size);
    return signature;
}

result<bytes> card::state::sign(const signing_request& what) {
    unsigned seen;
    {
        std::lock_guard lock(mutex);
        seen = generation;
    }
    CK_RV rv = CKR_OK;
    auto signature = sign_once(what, rv);
    bool again = !signature && (lost(rv) || signature.error().code == errc::token_removed ||
                                rv == CKR_KEY_HANDLE_INVALID || rv == CKR_OBJECT_HANDLE_INVALID);
    if (!again) return signature;
    VANTHU_CHECK(recover(seen));
    rv = CKR_OK;
    return sign_once(what, rv);
}

result<bytes> card::sign(const key_info& key, x509::scheme how, bytes_view sha256_value) {
    if (sha256_value.size() != 32 || std::ranges::find(key.schemes, how) == key.schemes.end())
        return failed(errc::key_unfit);
    if (!key.leaf) return failed(errc::certificate_not_found);
    VANTHU_TRY(bytes signature, state_->sign({key.id, key.label, how, sha256_value, key.always_authenticate}));
    if (how == x509::scheme::ecdsa) {
        auto converted = x509::ecdsa_to_der(signature);
        if (!converted) return failed(errc::signature_wrong, "r||s of odd length");
        signature = std::move(*converted);
    }
    if (!x509::verify_hash(key.leaf, how, x509::hash::sha256, sha256_value, signature))
        return failed(errc::signature_wrong, key.leaf.subject());
    return signature;
}

} // namespace vanthu::token

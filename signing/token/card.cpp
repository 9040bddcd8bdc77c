#include "signing/token/card_state.hpp"

#include <algorithm>
#include <array>
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
        return library->failed_call(rv, "C_OpenSession");
    return borrowed_session(*this, session, generation_now, !writable);
}

void card::state::give_back(CK_SESSION_HANDLE session, unsigned of_generation, bool healthy) {
    bool keeps_login = false;
    CK_SLOT_ID slot;
    {
        std::lock_guard lock(mutex);
        if (healthy && of_generation == generation && idle.size() < most_idle) {
            idle.push_back(session);
            return;
        }
        // The last session of a token takes the login with it: another one is opened before this one is closed.
        keeps_login = idle.empty() && logged_in && of_generation == generation;
        slot = info.slot;
    }
    CK_SESSION_HANDLE fresh = 0;
    if (keeps_login && p11->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &fresh) == CKR_OK)
        give_back(fresh, of_generation, true);
    p11->C_CloseSession(session);
}

// ---- login ----

namespace {

// What the token lets us know of the tries that are left: three flags, never a number.
std::string_view tries_left(const token_info& t) {
    return t.pin_locked      ? "the token now reports its PIN locked"
           : t.pin_final_try ? "the token now reports one try left, which is not spent"
           : t.pin_count_low ? "the token now reports few tries left"
                             : "the token does not say how many tries are left";
}

} // namespace

result<bool> card::state::log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, const pin& code,
                                 const login_gate& through, CK_RV& rv) {
    CK_SLOT_ID slot;
    {
        std::lock_guard lock(mutex);
        slot = info.slot;
    }
    VANTHU_TRY(token_info fresh, library->token(slot));
    if (fresh.pin_locked) return failed(errc::pin_locked, fresh.serial);
    if (fresh.pin_final_try) return failed(errc::pin_final_try, fresh.serial);
    if (code.empty() && !fresh.protected_path) return failed(errc::pin_needed, fresh.label);
    bool asked = false;
    auto attempt = [&]() -> result<bool> {
        std::string_view text = code.text();
        auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(text.data()));
        asked = true;
        rv = p11->C_Login(session, user, text.empty() ? nullptr : data, text.size());
        if (rv == CKR_USER_ALREADY_LOGGED_IN) return false;
        if (rv == CKR_OK) return true;
        fail why = library->failed_call(rv, "C_Login");
        if (map_rv(rv) == errc::pin_incorrect)
            if (auto after = library->token(slot)) why.error().detail += fmt::format("; {}", tries_left(*after));
        return why;
    };
    auto answer = through(fresh, attempt);
    if (!answer && asked) {
        std::lock_guard lock(mutex);
        logged_in = logged_in && user == CKU_CONTEXT_SPECIFIC;
        worked = pin();
    }
    return answer;
}

result<bool> card::state::log_in_again(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_RV& rv) {
    pin code;
    login_gate through;
    bool keypad;
    {
        std::lock_guard lock(mutex);
        code = worked.clone();
        through = gate;
        keypad = info.protected_path;
    }
    if ((code.empty() && !keypad) || !through) return failed(errc::pin_needed, "no PIN of this process has worked");
    return log_in(session, user, code, through, rv);
}

result<> card::login(const pin& code, login_gate gate) {
    std::lock_guard one_at_a_time(state_->login_mutex);
    VANTHU_TRY(borrowed_session session, state_->borrow(false));
    CK_RV rv = CKR_OK;
    VANTHU_TRY(bool proven, state_->log_in(session.handle(), CKU_USER, code, gate, rv));
    std::lock_guard lock(state_->mutex);
    if (proven) state_->worked = code.clone(); // a PIN the token has not looked at is never used again by itself
    state_->gate = std::move(gate);
    state_->login_wanted = state_->logged_in = true;
    return {};
}

bool card::state::lost_login(unsigned& generation_now) const {
    std::lock_guard lock(mutex);
    generation_now = generation;
    return login_wanted && !logged_in;
}

result<> card::state::recover(unsigned seen_generation) {
    std::lock_guard one_at_a_time(login_mutex);
    selector same;
    std::vector<CK_SESSION_HANDLE> stale;
    {
        std::lock_guard lock(mutex);
        if (generation != seen_generation && logged_in == login_wanted) return {}; // another thread has done it
        stale.swap(idle);
        ++generation;
        handles.clear();
        logged_in = false;
        same.serial = info.serial;
        same.label = info.label;
    }
    for (CK_SESSION_HANDLE session : stale) p11->C_CloseSession(session);
    VANTHU_TRY(token_info found, library->find(same));
    {
        std::lock_guard lock(mutex);
        info = std::move(found);
        if (!login_wanted) return {};
    }
    VANTHU_TRY(borrowed_session session, borrow(false));
    CK_RV rv = CKR_OK;
    VANTHU_CHECK(log_in_again(session.handle(), CKU_USER, rv));
    std::lock_guard lock(mutex);
    logged_in = true;
    return {};
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
        return library->failed_call(rv, call);
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
        auto agreed = log_in_again(session.handle(), CKU_CONTEXT_SPECIFIC, rv);
        if (!agreed) {
            session.spoil();
            return std::unexpected(std::move(agreed.error()));
        }
        rv = CKR_OK;
    }
    std::array<std::uint8_t, 2048> signature; // large: asking for the length costs a second signature on some tokens
    CK_ULONG size = signature.size();
    if (rv = p11->C_Sign(session.handle(), input.data(), input.size(), signature.data(), &size); rv != CKR_OK)
        return given_up("C_Sign");
    if (size > signature.size()) return failed(errc::internal, "C_Sign: longer than its buffer");
    return bytes(signature.begin(), signature.begin() + static_cast<std::ptrdiff_t>(size));
}

result<bytes> card::state::sign(const signing_request& what) {
    return with_recovery<bytes>([&](CK_RV& rv) { return sign_once(what, rv); });
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

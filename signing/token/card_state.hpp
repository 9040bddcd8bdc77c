// What a card keeps, shared by card.cpp (sessions, login, signing) and card_objects.cpp (keys and certificates).
#pragma once

#include "signing/token/pkcs11.hpp"

#include <map>
#include <mutex>

namespace vanthu::token {

using scheme_of = x509::scheme;

struct signing_request {
    bytes key_id;
    std::string key_label;
    x509::scheme how;
    bytes_view hash;
    bool always_authenticate = false;
};

class borrowed_session;

struct card::state {
    static constexpr std::size_t most_idle = 8;

    std::shared_ptr<module> library;
    CK_FUNCTION_LIST* p11 = nullptr;

    mutable std::mutex mutex; // everything below
    token_info info;
    std::vector<CK_SESSION_HANDLE> idle;
    std::map<bytes, CK_OBJECT_HANDLE> handles; // private keys by id and label
    unsigned generation = 0;                   // grows when the sessions were lost
    bool login_wanted = false;                 // a login was made: it is made again after a loss
    bool logged_in = false;                    // as far as we know
    pin worked; // the PIN of the last login that the token checked; empty: none, or it has failed since
    login_gate gate;

    std::mutex login_mutex; // before `mutex`; one login or recovery at a time

    result<borrowed_session> borrow(bool writable);
    void give_back(CK_SESSION_HANDLE session, unsigned of_generation, bool healthy);
    // False: somebody of this process is logged in already, so the PIN was not looked at. After a call of C_Login that
    // failed, the remembered PIN is forgotten. `rv`: of C_Login, where it was called.
    result<bool> log_in(CK_SESSION_HANDLE session, CK_USER_TYPE user, const pin& code, const login_gate& through,
                        CK_RV& rv);
    // The same with what is remembered; pin_needed when there is nothing.
    result<bool> log_in_again(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_RV& rv);
    // After the token was pulled out, reset or lost its login. `seen_generation`: when the caller found out.
    result<> recover(unsigned seen_generation);
    // Is the token to be found and logged in again before it can be used?
    bool lost_login(unsigned& generation_now) const;
    // `act` once, and once more after a recovery where the token was lost.
    template <class T> result<T> with_recovery(const std::function<result<T>(CK_RV&)>& act);
    result<bytes> sign_once(const signing_request& what, CK_RV& rv);
    result<std::vector<key_info>> list_keys(CK_RV& rv);
    result<bytes> sign(const signing_request& what);
    // already_exists when a private key has this id (or the id is empty).
    result<> id_is_free(CK_SESSION_HANDLE session, const bytes& id);
    // 0 in `key`: there is none. Handles are remembered per generation.
    CK_RV find_private_key(CK_SESSION_HANDLE session, const bytes& id, const std::string& label, unsigned of_generation,
                           CK_OBJECT_HANDLE& key);
};

template <class T> result<T> card::state::with_recovery(const std::function<result<T>(CK_RV&)>& act) {
    unsigned seen;
    if (lost_login(seen)) {
        VANTHU_CHECK(recover(seen));
        CK_RV rv = CKR_OK;
        return act(rv);
    }
    CK_RV rv = CKR_OK;
    auto first = act(rv);
    bool again = !first && (lost(rv) || first.error().code == errc::token_removed || rv == CKR_KEY_HANDLE_INVALID ||
                            rv == CKR_OBJECT_HANDLE_INVALID);
    if (!again) return first;
    VANTHU_CHECK(recover(seen));
    rv = CKR_OK;
    return act(rv);
}

// SubjectPublicKeyInfo (DER) of a public key object's attributes; the EC point comes as OCTET STRING or bare.
std::optional<bytes> rsa_spki(bytes_view modulus, bytes_view exponent);
std::optional<bytes> ec_spki(bytes_view point);

// A session that goes back to the pool.
class borrowed_session {
public:
    borrowed_session(card::state& owner, CK_SESSION_HANDLE handle, unsigned generation, bool poolable)
        : owner_(&owner), handle_(handle), generation_(generation), healthy_(poolable) {}
    borrowed_session(borrowed_session&& other) noexcept
        : owner_(std::exchange(other.owner_, nullptr)), handle_(other.handle_), generation_(other.generation_),
          healthy_(other.healthy_) {}
    borrowed_session& operator=(borrowed_session&&) = delete;
    ~borrowed_session() {
        if (owner_) owner_->give_back(handle_, generation_, healthy_);
    }
    CK_SESSION_HANDLE handle() const { return handle_; }
    unsigned generation() const { return generation_; }
    void spoil() { healthy_ = false; } // an operation may still be open on it: close it instead

private:
    card::state* owner_;
    CK_SESSION_HANDLE handle_;
    unsigned generation_;
    bool healthy_;
};

} // namespace vanthu::token

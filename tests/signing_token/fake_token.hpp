// A PKCS#11 function list of our own: one token with one P-256 key, which can be told to answer any call with any
// CK_RV, and which keeps sessions, login and PIN tries as PKCS #11 v2.40 (5.6, 6.7) says. One token for the test
// program.
#pragma once

#include "signing/token/pkcs11.hpp"
#include "tests/support/test_ca.hpp"

#include <map>
#include <set>

namespace vanthu::test {

struct fake_token {
    // ---- what a test sets ----
    std::map<std::string, CK_RV> answers;  // by call; "C_Login context" apart; absent: as a token would
    std::map<std::string, int> fail_times; // how often the answer is given; absent: always
    CK_FLAGS flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
    std::string pin = "1234";
    bool present = true;
    bool always_authenticate = false;
    bool nonsense = false; // answers CKR_OK with sizes and counts that cannot be
    std::function<void(const char* call)> on_call;
    // ---- what it has seen ----
    std::map<std::string, int> calls;
    int wrong_pins = 0; // in a row
    std::set<CK_SESSION_HANDLE> sessions;
    bool logged_in = false;

    // Sessions and login go, as when somebody pulls it out; put_back() shows it again.
    void pull_out() {
        present = logged_in = false;
        sessions.clear();
    }
    void put_back() { present = true; }
};
extern fake_token fake;
CK_FUNCTION_LIST* fake_functions();
// A fresh token; the key and its certificate are made once.
void renew_fake();

// All return values of PKCS #11 v2.40, one of a vendor and one that does not exist. Without CKR_OK.
inline constexpr CK_RV every_rv[] = {
    0x01,  0x02,  0x03,  0x05,  0x06,  0x07,  0x08,  0x09,  0x0a,  0x10,  0x11,       0x12,      0x13,  0x1b,  0x20,
    0x21,  0x30,  0x31,  0x32,  0x40,  0x41,  0x50,  0x51,  0x54,  0x60,  0x62,       0x63,      0x64,  0x65,  0x66,
    0x67,  0x68,  0x69,  0x6a,  0x70,  0x71,  0x82,  0x90,  0x91,  0xa0,  0xa1,       0xa2,      0xa3,  0xa4,  0xb0,
    0xb1,  0xb3,  0xb4,  0xb5,  0xb6,  0xb7,  0xb8,  0xc0,  0xc1,  0xd0,  0xd1,       0xe0,      0xe1,  0xe2,  0xf0,
    0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x110, 0x120, 0x121, 0x130, 0x140,      0x141,     0x150, 0x160, 0x170,
    0x180, 0x190, 0x191, 0x1a0, 0x1a1, 0x1b0, 0x200, 0x201, 0x202, 0x203, 0x80000001, 0xdeadbeef};

// A gate that lets every login pass.
inline token::login_gate open_gate() {
    return [](const token::token_info&, const token::login_attempt& attempt) { return attempt(); };
}

} // namespace vanthu::test

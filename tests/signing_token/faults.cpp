// A function list of our own that answers each call with each CK_RV.
#include "signing/token/pkcs11.hpp"
#include "tests/support/test_ca.hpp"

#include "daemon/base/error_table.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>

using namespace vanthu;
using token::errc;

namespace {

struct fake_state {
    std::map<std::string, CK_RV> answers; // by call; absent: CKR_OK
    std::map<std::string, int> calls;
    std::map<std::string, int> fail_times; // how often the answer is given; absent: always
    CK_FLAGS flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED;
    bool listed = false;
    std::shared_ptr<test::identity> who;
    bool always_authenticate = false;
} fake;

CK_RV answer(const char* call) {
    ++fake.calls[call];
    auto wanted = fake.answers.find(call);
    if (wanted == fake.answers.end()) return CKR_OK;
    if (auto left = fake.fail_times.find(call); left != fake.fail_times.end() && left->second-- <= 0) return CKR_OK;
    return wanted->second;
}

CK_RV slot_list(CK_BBOOL, CK_SLOT_ID* list, CK_ULONG* count) {
    if (list) list[0] = 7;
    *count = 1;
    return answer("C_GetSlotList");
}
CK_RV token_info(CK_SLOT_ID, CK_TOKEN_INFO* info) {
    std::memset(info, ' ', sizeof *info);
    std::memcpy(info->label, "fake", 4);
    std::memcpy(info->serialNumber, "42", 2);
    info->flags = fake.flags;
    return answer("C_GetTokenInfo");
}
CK_RV mechanism_info(CK_SLOT_ID, CK_MECHANISM_TYPE, CK_MECHANISM_INFO* info) {
    info->flags = CKF_SIGN;
    return answer("C_GetMechanismInfo");
}
CK_RV open_session(CK_SLOT_ID, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* s) {
    *s = 1;
    return answer("C_OpenSession");
}
CK_RV close_session(CK_SESSION_HANDLE) { return answer("C_CloseSession"); }
CK_RV login(CK_SESSION_HANDLE, CK_USER_TYPE user, unsigned char*, CK_ULONG) {
    return answer(user == CKU_CONTEXT_SPECIFIC ? "C_Login context" : "C_Login");
}
CK_OBJECT_CLASS searched = 0;
CK_RV find_init(CK_SESSION_HANDLE, CK_ATTRIBUTE* t, CK_ULONG n) {
    for (CK_ULONG i = 0; i < n; ++i)
        if (t[i].type == CKA_CLASS) std::memcpy(&searched, t[i].pValue, sizeof searched);
    fake.listed = false;
    return answer("C_FindObjectsInit");
}
CK_RV find(CK_SESSION_HANDLE, CK_OBJECT_HANDLE* out, CK_ULONG, CK_ULONG* count) {
    *count = fake.listed ? 0 : 1;
    if (!fake.listed) out[0] = searched == CKO_CERTIFICATE ? 2 : 1;
    fake.listed = true;
    return answer("C_FindObjects");
}
CK_RV find_final(CK_SESSION_HANDLE) { return answer("C_FindObjectsFinal"); }
CK_RV attribute(CK_SESSION_HANDLE, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* a, CK_ULONG) {
    bytes value;
    auto number = [&](CK_ULONG n) {
        value.assign(reinterpret_cast<std::uint8_t*>(&n), reinterpret_cast<std::uint8_t*>(&n) + sizeof n);
    };
    switch (a->type) {
    case CKA_ID:
        value = {1};
        break;
    case CKA_LABEL:
        value = to_bytes("k");
        break;
    case CKA_SIGN:
        value = {CK_TRUE};
        break;
    case CKA_ALWAYS_AUTHENTICATE:
        value = {std::uint8_t(fake.always_authenticate)};
        break;
    case CKA_KEY_TYPE:
        number(CKK_EC);
        break;
    case CKA_EC_PARAMS:
        value = from_hex("06082a8648ce3d030107").value();
        break;
    case CKA_VALUE:
        value = object == 2 ? fake.who->certificate_der() : bytes{};
        break;
    default:
        return CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (a->pValue) std::memcpy(a->pValue, value.data(), std::min<std::size_t>(value.size(), a->ulValueLen));
    a->ulValueLen = value.size();
    return answer("C_GetAttributeValue");
}
CK_RV sign_init(CK_SESSION_HANDLE, CK_MECHANISM*, CK_OBJECT_HANDLE) { return answer("C_SignInit"); }
CK_RV sign(CK_SESSION_HANDLE, unsigned char* data, CK_ULONG size, unsigned char* out, CK_ULONG* out_size) {
    bytes der = fake.who->sign_sha256(bytes_view(data, size)), raw;
    for (std::size_t at = 2, i = 0; i < 2; ++i, at += 2u + der[at + 1]) { // INTEGER r, INTEGER s
        bytes number(der.begin() + long(at) + 2, der.begin() + long(at) + 2 + der[at + 1]);
        while (number.size() > 32) number.erase(number.begin());
        number.insert(number.begin(), 32 - number.size(), 0);
        raw.insert(raw.end(), number.begin(), number.end());
    }
    std::memcpy(out, raw.data(), raw.size());
    *out_size = raw.size();
    return answer("C_Sign");
}
CK_RV finalize(void*) { return answer("C_Finalize"); }

CK_FUNCTION_LIST functions() {
    CK_FUNCTION_LIST f{};
    f.C_GetSlotList = slot_list;
    f.C_GetTokenInfo = token_info;
    f.C_GetMechanismInfo = mechanism_info;
    f.C_OpenSession = open_session;
    f.C_CloseSession = close_session;
    f.C_Login = login;
    f.C_FindObjectsInit = find_init;
    f.C_FindObjects = find;
    f.C_FindObjectsFinal = find_final;
    f.C_GetAttributeValue = attribute;
    f.C_SignInit = sign_init;
    f.C_Sign = sign;
    f.C_Finalize = finalize;
    return f;
}
CK_FUNCTION_LIST list = functions();

struct fresh {
    fresh() {
        static auto who = std::make_shared<test::identity>(test::self_signed({}));
        fake = {};
        fake.who = who;
    }
    std::shared_ptr<token::module> library = token::module::around(&list);
    // The whole way from the slot list to a signature.
    result<bytes> use() {
        VANTHU_TRY(auto card, token::card::open(library, {.label = "fake"}));
        VANTHU_CHECK(card->login(token::pin("1234")));
        VANTHU_TRY(auto key, card->find_key({}));
        return card->sign(key, x509::scheme::ecdsa, sha256::of("x").view());
    }
};

constexpr CK_RV every_rv[] = {
    0x01,  0x02,  0x03,  0x05,  0x06,  0x07,  0x08,  0x09,  0x0a,  0x10,  0x11,       0x12,      0x13,  0x1b,
    0x20,  0x21,  0x30,  0x31,  0x32,  0x40,  0x41,  0x50,  0x51,  0x54,  0x60,       0x62,      0x63,  0x64,
    0x65,  0x66,  0x67,  0x68,  0x69,  0x6a,  0x70,  0x71,  0x82,  0x90,  0x91,       0xa0,      0xa1,  0xa2,
    0xa3,  0xa4,  0xb0,  0xb1,  0xb3,  0xb4,  0xb5,  0xb6,  0xb7,  0xb8,  0xc0,       0xc1,      0xd0,  0xd1,
    0xe0,  0xe1,  0xe2,  0xf0,  0x100, 0x101, 0x102, 0x103, 0x104, 0x105, 0x110,      0x120,     0x121, 0x130,
    0x140, 0x150, 0x160, 0x170, 0x180, 0x190, 0x191, 0x1a0, 0x1a1, 0x200, 0x80000001, 0xdeadbeef};
} // namespace

BOOST_FIXTURE_TEST_CASE(the_fake_token_signs_and_is_never_finalised, fresh) {
    BOOST_REQUIRE(use());
    BOOST_TEST(fake.calls["C_Login"] == 1);
    BOOST_TEST(fake.calls["C_Finalize"] == 0);
    BOOST_TEST(fake.calls["C_OpenSession"] == fake.calls["C_CloseSession"]);
}

BOOST_AUTO_TEST_CASE(every_return_value_at_every_call_becomes_one_documented_failure) {
    for (const char* call : {"C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_Login", "C_FindObjectsInit",
                             "C_FindObjects", "C_FindObjectsFinal", "C_SignInit", "C_Sign"})
        for (CK_RV rv : every_rv) {
            fresh f;
            fake.answers[call] = rv;
            auto got = f.use();
            if (std::string_view(call) == "C_Login" && rv == CKR_USER_ALREADY_LOGGED_IN) {
                BOOST_TEST(got.has_value());
                continue;
            }
            BOOST_REQUIRE_MESSAGE(!got, call << " " << rv);
            BOOST_REQUIRE_MESSAGE(describe(got.error().code), call << " " << rv);
            BOOST_TEST(fake.calls["C_Login"] <= 2, call << " " << rv);
            BOOST_TEST(fake.calls["C_Finalize"] == 0);
        }
}

BOOST_FIXTURE_TEST_CASE(a_locked_pin_and_a_final_try_are_refused_without_asking, fresh) {
    for (auto [flag, code] : {std::pair(CK_FLAGS(CKF_USER_PIN_LOCKED), errc::pin_locked),
                              {CK_FLAGS(CKF_USER_PIN_FINAL_TRY), errc::pin_final_try}}) {
        fake.flags = CKF_TOKEN_INITIALIZED | flag;
        BOOST_TEST((use().error().code == code));
        BOOST_TEST(fake.calls["C_Login"] == 0);
    }
}

BOOST_FIXTURE_TEST_CASE(a_wrong_pin_is_tried_once, fresh) {
    fake.answers["C_Login"] = CKR_PIN_INCORRECT;
    BOOST_TEST((use().error().code == errc::pin_incorrect));
    BOOST_TEST(fake.calls["C_Login"] == 1);
}

BOOST_AUTO_TEST_CASE(a_token_that_was_gone_for_a_moment_is_logged_in_once_more) {
    for (CK_RV rv : {CK_RV(CKR_DEVICE_REMOVED), CK_RV(CKR_TOKEN_NOT_PRESENT), CK_RV(CKR_SESSION_HANDLE_INVALID),
                     CK_RV(CKR_SESSION_CLOSED), CK_RV(CKR_USER_NOT_LOGGED_IN)}) {
        fresh f;
        fake.answers["C_Sign"] = rv;
        fake.fail_times["C_Sign"] = 1;
        BOOST_TEST(f.use().has_value(), rv);
        BOOST_TEST(fake.calls["C_Login"] == 2);
        BOOST_TEST(fake.calls["C_Sign"] == 2);
    }
}

BOOST_FIXTURE_TEST_CASE(a_key_that_wants_its_pin_each_time_gets_it_on_the_same_session, fresh) {
    fake.always_authenticate = true;
    BOOST_REQUIRE(use());
    BOOST_TEST(fake.calls["C_Login context"] == 1);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_pin_for_a_key_is_not_spent_again_by_the_next_signature, fresh) {
    fake.always_authenticate = true;
    fake.answers["C_Login context"] = CKR_PIN_INCORRECT;
    auto card = token::card::open(library, {}).value();
    BOOST_REQUIRE(card->login(token::pin("1234")));
    auto key = card->find_key({}).value();
    auto sign = [&] { return card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()).error().code; };
    BOOST_TEST((sign() == errc::pin_incorrect));
    BOOST_TEST((sign() == errc::pin_needed));
    BOOST_TEST(fake.calls["C_Login context"] == 1);
}

BOOST_FIXTURE_TEST_CASE(a_pin_the_token_never_looked_at_is_not_used_by_itself, fresh) {
    fake.answers["C_Login"] = CKR_USER_ALREADY_LOGGED_IN;
    auto card = token::card::open(library, {}).value();
    BOOST_REQUIRE(card->login(token::pin("perhaps wrong")));
    auto key = card->find_key({}).value();
    fake.answers["C_Sign"] = CKR_DEVICE_REMOVED;
    BOOST_TEST((card->sign(key, x509::scheme::ecdsa, sha256::of("x").view()).error().code == errc::pin_needed));
    BOOST_TEST(fake.calls["C_Login"] == 1);
}

#include "tests/signing_token/fake_token.hpp"

#include <cstring>

namespace vanthu::test {

fake_token fake;

namespace {

std::shared_ptr<identity> who;

constexpr CK_SLOT_ID slot = 7;
constexpr CK_OBJECT_HANDLE private_key = 1, certificate = 2, public_key = 3;
CK_SESSION_HANDLE next_session = 1;
CK_OBJECT_CLASS searched = 0;
bool listed = false, own_id = true, context_login = false;

// The scripted answer of a call; CKR_OK: none is given.
CK_RV scripted(const char* call) {
    ++fake.calls[call];
    if (fake.on_call) fake.on_call(call);
    auto wanted = fake.answers.find(call);
    if (wanted == fake.answers.end()) return CKR_OK;
    if (auto left = fake.fail_times.find(call); left != fake.fail_times.end() && left->second-- <= 0) return CKR_OK;
    return wanted->second;
}
// The same for a call on a session, which may be gone.
CK_RV scripted(const char* call, CK_SESSION_HANDLE s) {
    if (CK_RV rv = scripted(call); rv != CKR_OK) return rv;
    return fake.sessions.contains(s) ? CKR_OK : fake.present ? CKR_SESSION_HANDLE_INVALID : CKR_DEVICE_REMOVED;
}

CK_RV slot_list(CK_BBOOL, CK_SLOT_ID* list, CK_ULONG* count) {
    if (CK_RV rv = scripted("C_GetSlotList"); rv != CKR_OK) return rv;
    if (fake.nonsense) {
        *count = ~CK_ULONG(0) / 16;
        return CKR_OK;
    }
    if (list && fake.present) list[0] = slot;
    *count = fake.present ? 1 : 0;
    return CKR_OK;
}
CK_RV token_info(CK_SLOT_ID, CK_TOKEN_INFO* info) {
    if (CK_RV rv = scripted("C_GetTokenInfo"); rv != CKR_OK) return rv;
    if (!fake.present) return CKR_TOKEN_NOT_PRESENT;
    std::memset(info, ' ', sizeof *info);
    std::memcpy(info->label, "fake", 4);
    std::memcpy(info->serialNumber, "42", 2);
    info->flags = fake.flags;
    if (fake.wrong_pins >= 1) info->flags |= CKF_USER_PIN_COUNT_LOW;
    if (fake.wrong_pins == 2) info->flags |= CKF_USER_PIN_FINAL_TRY;
    if (fake.wrong_pins >= 3) info->flags |= CKF_USER_PIN_LOCKED;
    return CKR_OK;
}
CK_RV mechanism_info(CK_SLOT_ID, CK_MECHANISM_TYPE, CK_MECHANISM_INFO* info) {
    info->flags = CKF_SIGN;
    return scripted("C_GetMechanismInfo");
}
CK_RV open_session(CK_SLOT_ID, CK_FLAGS, void*, CK_NOTIFY, CK_SESSION_HANDLE* s) {
    if (CK_RV rv = scripted("C_OpenSession"); rv != CKR_OK) return rv;
    if (!fake.present) return CKR_TOKEN_NOT_PRESENT;
    fake.sessions.insert(*s = next_session++);
    return CKR_OK;
}
CK_RV close_session(CK_SESSION_HANDLE s) {
    CK_RV rv = scripted("C_CloseSession", s);
    fake.sessions.erase(s);
    if (fake.sessions.empty()) fake.logged_in = false;
    return rv;
}
CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, unsigned char* pin, CK_ULONG size) {
    bool context = user == CKU_CONTEXT_SPECIFIC;
    if (CK_RV rv = scripted(context ? "C_Login context" : "C_Login", s); rv != CKR_OK) return rv;
    if (!context && fake.logged_in) return CKR_USER_ALREADY_LOGGED_IN;
    if (fake.wrong_pins >= 3) return CKR_PIN_LOCKED;
    if (pin && std::string_view(reinterpret_cast<char*>(pin), size) != fake.pin) {
        ++fake.wrong_pins;
        return CKR_PIN_INCORRECT;
    }
    fake.wrong_pins = 0;
    (context ? context_login : fake.logged_in) = true;
    return CKR_OK;
}
CK_RV find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE* t, CK_ULONG n) {
    if (CK_RV rv = scripted("C_FindObjectsInit", s); rv != CKR_OK) return rv;
    for (CK_ULONG i = 0; i < n; ++i)
        if (t[i].type == CKA_CLASS) std::memcpy(&searched, t[i].pValue, sizeof searched);
    own_id = true;
    for (CK_ULONG i = 0; i < n; ++i)
        if (t[i].type == CKA_ID) own_id = t[i].ulValueLen == 1 && *static_cast<std::uint8_t*>(t[i].pValue) == 1;
    listed = false;
    return CKR_OK;
}
CK_RV find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE* out, CK_ULONG most, CK_ULONG* count) {
    if (CK_RV rv = scripted("C_FindObjects", s); rv != CKR_OK) return rv;
    if (fake.nonsense) {
        for (CK_ULONG i = 0; i < most; ++i) out[i] = certificate;
        *count = most + 1; // for ever, and more than there is room for
        return CKR_OK;
    }
    bool visible = searched != CKO_PRIVATE_KEY || fake.logged_in;
    *count = listed || !visible || !own_id ? 0 : 1;
    if (*count) out[0] = searched == CKO_CERTIFICATE ? certificate : private_key;
    listed = true;
    return CKR_OK;
}
CK_RV find_final(CK_SESSION_HANDLE s) { return scripted("C_FindObjectsFinal", s); }

bytes value_of(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    auto number = [](CK_ULONG n) {
        return bytes(reinterpret_cast<std::uint8_t*>(&n), reinterpret_cast<std::uint8_t*>(&n) + sizeof n);
    };
    switch (type) {
    case CKA_ID:
        return {1};
    case CKA_LABEL:
        return to_bytes("k");
    case CKA_SIGN:
        return {CK_TRUE};
    case CKA_ALWAYS_AUTHENTICATE:
        return {std::uint8_t(fake.always_authenticate)};
    case CKA_KEY_TYPE:
        return number(CKK_EC);
    case CKA_EC_PARAMS:
        return from_hex("06082a8648ce3d030107").value();
    case CKA_VALUE:
        return object == certificate ? who->certificate_der() : bytes{};
    default:
        return {};
    }
}
CK_RV attribute(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* a, CK_ULONG) {
    if (CK_RV rv = scripted("C_GetAttributeValue", s); rv != CKR_OK) return rv;
    bytes value = value_of(object, a->type);
    if (value.empty()) return a->ulValueLen = CK_UNAVAILABLE_INFORMATION, CKR_ATTRIBUTE_TYPE_INVALID;
    if (a->pValue) std::memcpy(a->pValue, value.data(), std::min<std::size_t>(value.size(), a->ulValueLen));
    a->ulValueLen = fake.nonsense && a->pValue ? value.size() * 1000 : value.size();
    return CKR_OK;
}
CK_RV sign_init(CK_SESSION_HANDLE s, CK_MECHANISM*, CK_OBJECT_HANDLE) {
    if (CK_RV rv = scripted("C_SignInit", s); rv != CKR_OK) return rv;
    context_login = false;
    return fake.logged_in ? CKR_OK : CKR_USER_NOT_LOGGED_IN;
}
CK_RV sign(CK_SESSION_HANDLE s, unsigned char* data, CK_ULONG size, unsigned char* out, CK_ULONG* out_size) {
    if (CK_RV rv = scripted("C_Sign", s); rv != CKR_OK) return rv;
    if (fake.always_authenticate && !context_login) return CKR_USER_NOT_LOGGED_IN;
    bytes der = who->sign_sha256(bytes_view(data, size)), raw;
    for (std::size_t at = 2, i = 0; i < 2; ++i, at += 2u + der[at + 1]) { // INTEGER r, INTEGER s
        bytes number(der.begin() + long(at) + 2, der.begin() + long(at) + 2 + der[at + 1]);
        while (number.size() > 32) number.erase(number.begin());
        number.insert(number.begin(), 32 - number.size(), 0);
        raw.insert(raw.end(), number.begin(), number.end());
    }
    std::memcpy(out, raw.data(), raw.size());
    *out_size = fake.nonsense ? 1u << 20 : raw.size();
    return CKR_OK;
}
CK_RV create_object(CK_SESSION_HANDLE s, CK_ATTRIBUTE*, CK_ULONG, CK_OBJECT_HANDLE* made) {
    *made = certificate;
    return scripted("C_CreateObject", s);
}
CK_RV generate_pair(CK_SESSION_HANDLE s, CK_MECHANISM*, CK_ATTRIBUTE*, CK_ULONG, CK_ATTRIBUTE*, CK_ULONG,
                    CK_OBJECT_HANDLE* pub, CK_OBJECT_HANDLE* priv) {
    *pub = public_key; // it has no readable point
    *priv = private_key;
    return scripted("C_GenerateKeyPair", s);
}
CK_RV finalize(void*) { return scripted("C_Finalize"); }
CK_RV logout(CK_SESSION_HANDLE s) { return scripted("C_Logout", s); }

} // namespace

CK_FUNCTION_LIST* fake_functions() {
    static CK_FUNCTION_LIST list = [] {
        CK_FUNCTION_LIST f{};
        f.C_GetSlotList = slot_list;
        f.C_GetTokenInfo = token_info;
        f.C_GetMechanismInfo = mechanism_info;
        f.C_OpenSession = open_session;
        f.C_CloseSession = close_session;
        f.C_Login = login;
        f.C_Logout = logout;
        f.C_FindObjectsInit = find_init;
        f.C_FindObjects = find;
        f.C_FindObjectsFinal = find_final;
        f.C_GetAttributeValue = attribute;
        f.C_SignInit = sign_init;
        f.C_Sign = sign;
        f.C_CreateObject = create_object;
        f.C_GenerateKeyPair = generate_pair;
        f.C_Finalize = finalize;
        return f;
    }();
    return &list;
}

void renew_fake() {
    if (!who) who = std::make_shared<identity>(self_signed({}));
    fake = {};
}

} // namespace vanthu::test

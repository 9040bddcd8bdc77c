#include "signing/token/pkcs11.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <p11-kit/p11-kit.h>

namespace vanthu::token {
namespace {
constexpr CK_ULONG most_slots = 1024; // more is nonsense, not a machine

template <std::size_t N> std::string text(const unsigned char (&field)[N]) {
    std::size_t size = N;
    while (size > 0 && (field[size - 1] == ' ' || field[size - 1] == 0)) --size;
    return std::string(reinterpret_cast<const char*>(field), size);
}
} // namespace

// Source: PKCS #11 v2.40, section 5.1 (function return values).
errc map_rv(CK_RV rv) {
    switch (rv) {
    case CKR_HOST_MEMORY:
    case CKR_DEVICE_MEMORY:
        return errc::out_of_memory;
    case CKR_SLOT_ID_INVALID:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_TOKEN_NOT_RECOGNIZED:
    case CKR_DEVICE_REMOVED:
    case CKR_SESSION_CLOSED:
    case CKR_SESSION_HANDLE_INVALID:
        return errc::token_removed;
    case CKR_DEVICE_ERROR:
    case CKR_FUNCTION_FAILED:
        return errc::device_error;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return errc::pin_incorrect;
    case CKR_PIN_LOCKED:
        return errc::pin_locked;
    case CKR_PIN_EXPIRED:
        return errc::pin_expired;
    case CKR_USER_NOT_LOGGED_IN:
        return errc::pin_needed;
    case CKR_USER_PIN_NOT_INITIALIZED:
        return errc::token_not_initialised;
    case CKR_USER_ANOTHER_ALREADY_LOGGED_IN:
    case CKR_USER_TOO_MANY_TYPES:
    case CKR_OPERATION_ACTIVE:
    case CKR_FUNCTION_CANCELED:
        return errc::token_busy;
    case CKR_SESSION_COUNT:
        return errc::session_limit;
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
        return errc::key_not_found;
    case CKR_KEY_TYPE_INCONSISTENT:
    case CKR_KEY_FUNCTION_NOT_PERMITTED:
    case CKR_KEY_SIZE_RANGE:
    case CKR_MECHANISM_INVALID:
    case CKR_MECHANISM_PARAM_INVALID:
        return errc::key_unfit;
    case CKR_TOKEN_WRITE_PROTECTED:
    case CKR_SESSION_READ_ONLY:
    case CKR_SESSION_READ_ONLY_EXISTS:
        return errc::read_only;
    case CKR_FUNCTION_NOT_SUPPORTED:
        return errc::unsupported;
    case CKR_ATTRIBUTE_READ_ONLY:
    case CKR_ATTRIBUTE_SENSITIVE:
    case CKR_ATTRIBUTE_TYPE_INVALID:
    case CKR_ATTRIBUTE_VALUE_INVALID:
    case CKR_TEMPLATE_INCOMPLETE:
    case CKR_TEMPLATE_INCONSISTENT:
    case CKR_DATA_INVALID:
    case CKR_DATA_LEN_RANGE:
    case CKR_DOMAIN_PARAMS_INVALID:
        return errc::refused;
    case CKR_CRYPTOKI_NOT_INITIALIZED:
        return errc::module_not_loaded;
    default:
        return errc::internal; // arguments, buffers, states: our mistake or the module's
    }
}

fail failed_call(CK_RV rv, const char* call) { return failed(map_rv(rv), fmt::format("{}: 0x{:08x}", call, rv)); }

fail module::failed_call(CK_RV rv, const char* call) const {
    auto gone = ended_ ? ended_(rv == CKR_DEVICE_ERROR) : std::nullopt;
    if (gone) return fail(std::move(*gone));
    return token::failed_call(rv, call);
}

bool lost(CK_RV rv) { return rv != CKR_OK && (map_rv(rv) == errc::token_removed || rv == CKR_USER_NOT_LOGGED_IN); }

token_info read_token_info(CK_SLOT_ID slot, const CK_TOKEN_INFO& info) {
    token_info out;
    out.slot = slot;
    out.label = text(info.label);
    out.manufacturer = text(info.manufacturerID);
    out.model = text(info.model);
    out.serial = text(info.serialNumber);
    out.initialised = info.flags & CKF_TOKEN_INITIALIZED;
    out.login_required = info.flags & CKF_LOGIN_REQUIRED;
    out.protected_path = info.flags & CKF_PROTECTED_AUTHENTICATION_PATH;
    out.pin_count_low = info.flags & CKF_USER_PIN_COUNT_LOW;
    out.pin_final_try = info.flags & CKF_USER_PIN_FINAL_TRY;
    out.pin_locked = info.flags & CKF_USER_PIN_LOCKED;
    out.pin_to_change = info.flags & CKF_USER_PIN_TO_BE_CHANGED;
    out.write_protected = info.flags & CKF_WRITE_PROTECTED;
    return out;
}

result<std::shared_ptr<module>> module::load(const std::string& path) {
    static std::mutex mutex;
    static auto& loaded = *new std::map<std::string, std::shared_ptr<module>>; // never destroyed: no C_Finalize at exit
    std::lock_guard lock(mutex);
    if (auto found = loaded.find(path); found != loaded.end()) return found->second;
    CK_FUNCTION_LIST* functions = p11_kit_module_load(path.c_str(), 0);
    if (!functions) {
        const char* why = p11_kit_message();
        return failed(errc::module_not_loaded, path + ": " + (why ? why : "unknown"));
    }
    if (CK_RV rv = p11_kit_module_initialize(functions); rv != CKR_OK) {
        p11_kit_module_release(functions);
        return failed(errc::module_not_loaded, fmt::format("{}: C_Initialize: 0x{:08x}", path, rv));
    }
    return loaded[path] = around(functions);
}

std::shared_ptr<module> module::around(_CK_FUNCTION_LIST* functions,
                                       std::function<std::optional<failure>(bool)> ended) {
    return std::shared_ptr<module>(new module(functions, std::move(ended)));
}

result<token_info> module::token(unsigned long slot) const {
    CK_TOKEN_INFO info{};
    if (CK_RV rv = functions_->C_GetTokenInfo(slot, &info); rv != CKR_OK) return failed_call(rv, "C_GetTokenInfo");
    return read_token_info(slot, info);
}

result<std::vector<token_info>> module::tokens() const {
    std::vector<CK_SLOT_ID> slots;
    for (int tries = 0;; ++tries) {
        CK_ULONG count = 0;
        if (CK_RV rv = functions_->C_GetSlotList(CK_TRUE, nullptr, &count); rv != CKR_OK)
            return failed_call(rv, "C_GetSlotList");
        if (count > most_slots) return failed(errc::internal, fmt::format("C_GetSlotList: {} slots", count));
        slots.resize(count);
        CK_RV rv = functions_->C_GetSlotList(CK_TRUE, slots.data(), &count);
        if (rv == CKR_BUFFER_TOO_SMALL && tries < 3) continue; // one was plugged in meanwhile
        if (rv != CKR_OK) return failed_call(rv, "C_GetSlotList");
        slots.resize(std::min<std::size_t>(count, slots.size()));
        break;
    }
    std::vector<token_info> all;
    for (CK_SLOT_ID slot : slots)
        if (auto info = token(slot)) // one that was pulled out meanwhile is left out
            all.push_back(std::move(*info));
    return all;
}

result<token_info> module::find(const selector& which) const {
    VANTHU_TRY(std::vector<token_info> all, tokens());
    const token_info* found = nullptr;
    auto matches = [](const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; };
    for (const token_info& t : all) {
        if (!t.initialised || !matches(which.label, t.label) || !matches(which.serial, t.serial) ||
            !matches(which.manufacturer, t.manufacturer) || !matches(which.model, t.model))
            continue;
        if (found)
            return failed(errc::token_ambiguous, fmt::format("\"{}\" (serial {}), \"{}\" (serial {})", found->label,
                                                             found->serial, t.label, t.serial));
        found = &t;
    }
    // A client whose server is gone shows no slots.
    if (auto gone = !found && ended_ ? ended_(false) : std::nullopt) return std::unexpected(std::move(*gone));
    if (!found) return failed(errc::token_not_found, which.label + " " + which.serial);
    return *found;
}

} // namespace vanthu::token

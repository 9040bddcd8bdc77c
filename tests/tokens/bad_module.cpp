// A PKCS#11 module that is no good: what it does is said by VANTHU_BAD_MODULE in the environment. For module_process.
//   crash_at_load, crash_at_initialise, refuse_initialise, hang_at_initialise: before anybody can use it
//   crash, hang: when it is asked for its slots
#include <csignal>
#include <cstdlib>
#include <p11-kit/pkcs11.h>
#include <string_view>
#include <unistd.h>

namespace {
bool is(std::string_view what) {
    const char* wanted = std::getenv("VANTHU_BAD_MODULE");
    return wanted && what == wanted;
}
[[noreturn]] void crash() {
    std::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
    ::_exit(1);
}
[[noreturn]] void hang() {
    for (;;) ::pause();
}
CK_RV initialise(void*) {
    if (is("crash_at_initialise")) crash();
    if (is("hang_at_initialise")) hang();
    return is("refuse_initialise") ? CKR_DEVICE_ERROR : CKR_OK;
}
CK_RV finalise(void*) { return CKR_OK; }
CK_RV info(CK_INFO* i) {
    *i = {};
    i->cryptokiVersion = {2, 40};
    return CKR_OK;
}
CK_RV slots(CK_BBOOL, CK_SLOT_ID*, CK_ULONG* count) {
    if (is("crash")) crash();
    if (is("hang")) hang();
    *count = 0;
    return CKR_OK;
}
} // namespace

extern "C" CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
    if (is("crash_at_load")) crash();
    static CK_FUNCTION_LIST functions = [] {
        CK_FUNCTION_LIST f{};
        f.version = {2, 40};
        f.C_Initialize = initialise;
        f.C_Finalize = finalise;
        f.C_GetInfo = info;
        f.C_GetSlotList = slots;
        f.C_GetFunctionList = C_GetFunctionList;
        return f;
    }();
    *list = &functions;
    return CKR_OK;
}

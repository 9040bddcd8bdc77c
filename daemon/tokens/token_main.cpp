// vanthu-token MODULE SECONDS: a PKCS#11 module for module_process (module_process.hpp), in a process of its own.
// Descriptor 3: the lifeline. "ready" or a reason goes out on it; its end is this program's end. Descriptor 4: the
// socket on which exactly one client is taken. A call into the module that lasts longer than SECONDS ends the program.
#define P11_KIT_FUTURE_UNSTABLE_API // p11_kit_remote_serve_module
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/remote.h>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace {
using steady = std::chrono::steady_clock;

constexpr int lifeline = 3, listener = 4;

CK_FUNCTION_LIST* module = nullptr;
std::atomic<const char*> in_call = nullptr; // the client's calls come one after another
std::atomic<steady::rep> call_ends = 0;
std::chrono::seconds call_limit{120};

void say(const std::string& text) { (void)!::send(lifeline, text.data(), text.size(), MSG_NOSIGNAL); }

// The same function with its name and its end noted while it runs.
template <auto Member> struct timed;
template <class... A, CK_RV (*CK_FUNCTION_LIST::*Member)(A...)> struct timed<Member> {
    static inline const char* name = nullptr;
    static inline int patience = 1;
    static CK_RV call(A... a) {
        call_ends = (steady::now() + call_limit * patience).time_since_epoch().count();
        in_call = name;
        CK_RV rv = (module->*Member)(a...);
        in_call = nullptr;
        return rv;
    }
};
template <auto Member> void time(CK_FUNCTION_LIST& list, const char* name, int patience = 1) {
    timed<Member>::name = name;
    timed<Member>::patience = patience;
    list.*Member = timed<Member>::call;
}

CK_FUNCTION_LIST watched() {
    CK_FUNCTION_LIST list = *module;
    list.C_Initialize = [](void*) -> CK_RV { return CKR_OK; }; // done before "ready"
    list.C_Finalize = [](void*) -> CK_RV { return CKR_OK; };
    time<&CK_FUNCTION_LIST::C_GetSlotList>(list, "C_GetSlotList");
    time<&CK_FUNCTION_LIST::C_GetTokenInfo>(list, "C_GetTokenInfo");
    time<&CK_FUNCTION_LIST::C_GetMechanismInfo>(list, "C_GetMechanismInfo");
    time<&CK_FUNCTION_LIST::C_OpenSession>(list, "C_OpenSession");
    time<&CK_FUNCTION_LIST::C_CloseSession>(list, "C_CloseSession");
    time<&CK_FUNCTION_LIST::C_Login>(list, "C_Login");
    time<&CK_FUNCTION_LIST::C_FindObjectsInit>(list, "C_FindObjectsInit");
    time<&CK_FUNCTION_LIST::C_FindObjects>(list, "C_FindObjects");
    time<&CK_FUNCTION_LIST::C_FindObjectsFinal>(list, "C_FindObjectsFinal");
    time<&CK_FUNCTION_LIST::C_GetAttributeValue>(list, "C_GetAttributeValue");
    time<&CK_FUNCTION_LIST::C_SignInit>(list, "C_SignInit");
    time<&CK_FUNCTION_LIST::C_Sign>(list, "C_Sign");
    time<&CK_FUNCTION_LIST::C_CreateObject>(list, "C_CreateObject");
    time<&CK_FUNCTION_LIST::C_GenerateKeyPair>(list, "C_GenerateKeyPair", 5);
    return list;
}

// Ends the program with its starter, also while the module hangs, and when a call lasts too long.
void watch() {
    for (;;) {
        pollfd p{lifeline, POLLIN, 0};
        if (::poll(&p, 1, 200) > 0) ::_exit(0); // nothing is ever sent here: this is the end
        const char* call = in_call;
        if (call && steady::now().time_since_epoch().count() > call_ends) {
            say(std::string("hangs ") + call + "\n");
            ::_exit(3);
        }
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 64;
    call_limit = std::chrono::seconds(std::max(1, std::atoi(argv[2])));
    ::syscall(SYS_close_range, 5u, ~0u, 0u);
    rlimit none{1, 1}; // 1 and not 0: a core dump that goes to a program is not limited by 0 (core(5))
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef VANTHU_UNDER_ASAN // its leak check traces the process
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    module = p11_kit_module_load(argv[1], 0);
    if (!module) {
        const char* why = p11_kit_message();
        say(std::string(argv[1]) + ": " + (why ? why : "cannot be loaded") + "\n");
        return 1;
    }
    if (CK_RV rv = p11_kit_module_initialize(module); rv != CKR_OK) {
        char code[32];
        std::snprintf(code, sizeof code, "0x%08lx", rv);
        say(std::string(argv[1]) + ": C_Initialize: " + code + "\n");
        return 1;
    }
    CK_FUNCTION_LIST list = watched();
    std::thread(watch).detach(); // lives as long as the program, which ends by _exit
    say("ready\n");
    int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(listener);
    if (client >= 0) p11_kit_remote_serve_module(&list, client, client);
    ::_exit(0); // no C_Finalize and no destructors of a module we do not know
}

#include "daemon/tokens/module_process.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <p11-kit/pkcs11.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vanthu::tokens {
namespace fs = std::filesystem;

struct module_process::state {
    pid_t pid = -1;
    std::string module_path;
    unique_fd lifeline; // at its end when the process is; before that it may say why
    _CK_FUNCTION_LIST* functions = nullptr;
    mutable std::mutex mutex; // everything below
    mutable std::string last_words;
    bool reaped = false;

    ~state() { end(); }
    void end() {
        std::lock_guard lock(mutex);
        if (reaped || pid <= 0) return;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        reaped = true;
    }
    // Reads on until the end; true: it is reached. Stops at the deadline, or where a whole line is enough.
    bool listen(std::chrono::steady_clock::time_point until, bool one_line = false) const {
        for (;;) {
            auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
            pollfd p{lifeline.get(), POLLIN, 0};
            if (::poll(&p, 1, static_cast<int>(std::max<long long>(0, left))) <= 0) return false;
            char text[512];
            ssize_t n = ::read(lifeline.get(), text, sizeof text);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return true;
            last_words.append(text, static_cast<std::size_t>(n));
            if (one_line && last_words.find('\n') != std::string::npos) return false;
        }
    }
};

namespace {

// The folder in which the socket stands while the two find each other.
class meeting_place {
public:
    ~meeting_place() {
        if (!socket.empty()) ::unlink(socket.c_str());
        if (!folder_.empty()) ::rmdir(folder_.c_str());
    }
    std::string socket;

    result<unique_fd> listen() {
        const char* runtime = std::getenv("XDG_RUNTIME_DIR");
        std::error_code ec;
        std::vector<std::string> bases{"/tmp"};
        bases.insert(bases.begin(), fs::temp_directory_path(ec).string());
        if (runtime && *runtime) bases.insert(bases.begin(), runtime);
        for (const std::string& base : bases) {
            std::string folder = base + "/vanthu-token.XXXXXX";
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            if (folder.size() + 3 > sizeof address.sun_path || !::mkdtemp(folder.data())) continue;
            folder_ = folder;
            socket = folder + "/s";
            std::memcpy(address.sun_path, socket.c_str(), socket.size() + 1);
            unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            if (fd && ::fchmod(fd.get(), 0600) == 0 &&
                ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                ::listen(fd.get(), 1) == 0)
                return fd;
            return failed(errc::module_program, socket + ": " + std::strerror(errno));
        }
        return failed(errc::module_program, "no folder for a socket");
    }

private:
    std::string folder_;
};

result<pid_t> spawn(const fs::path& program, const std::string& module_path, const module_process_options& options,
                    unique_fd lifeline, unique_fd listener) {
    // dup2 onto itself would keep close-on-exec, and onto each other would lose one: both out of the way first.
    unique_fd three(::fcntl(lifeline.get(), F_DUPFD_CLOEXEC, 10)), four(::fcntl(listener.get(), F_DUPFD_CLOEXEC, 10));
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0); // what a module prints is not our answer
    posix_spawn_file_actions_adddup2(&actions, three.get(), 3);
    posix_spawn_file_actions_adddup2(&actions, four.get(), 4);
    std::string name = program.string(), module = module_path, limit = std::to_string(options.call_limit.count());
    char* arguments[] = {name.data(), module.data(), limit.data(), nullptr};
    pid_t pid = -1;
    int error = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return failed(errc::module_program, name + ": " + std::strerror(error));
    return pid;
}

// A new client of p11-kit for the socket: each C_GetFunctionList of p11-kit-client.so makes one, with the address that
// stands in the environment at that moment.
result<CK_FUNCTION_LIST*> connect(const std::string& socket) {
    static std::mutex mutex;
    std::lock_guard lock(mutex);
    void* client = ::dlopen(VANTHU_P11_CLIENT, RTLD_NOW | RTLD_LOCAL);
    auto list = client ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(client, "C_GetFunctionList")) : nullptr;
    if (!list) return failed(errc::module_program, VANTHU_P11_CLIENT);
    std::string address = "unix:path=";
    for (unsigned char c : socket)
        address += std::isalnum(c) || std::strchr("/._-", c) ? std::string(1, char(c)) : fmt::format("%{:02X}", c);
    constexpr const char* name = "P11_KIT_SERVER_ADDRESS";
    const char* standing = std::getenv(name);
    std::optional<std::string> before;
    if (standing) before = standing;
    ::setenv(name, address.c_str(), 1);
    CK_FUNCTION_LIST* functions = nullptr;
    CK_RV rv = list(&functions);
    before ? ::setenv(name, before->c_str(), 1) : ::unsetenv(name);
    if (rv != CKR_OK) return failed(errc::module_program, fmt::format("C_GetFunctionList: 0x{:08x}", rv));
    CK_C_INITIALIZE_ARGS threads{};
    threads.flags = CKF_OS_LOCKING_OK;
    if (rv = functions->C_Initialize(&threads); rv != CKR_OK)
        return failed(token::errc::module_not_loaded, fmt::format("C_Initialize: 0x{:08x}", rv));
    return functions;
}

} // namespace

module_process::module_process(std::shared_ptr<state> s) : state_(std::move(s)) {}

module_process::~module_process() = default; // the state ends it when the last library is gone too

result<std::shared_ptr<module_process>> module_process::start(const std::string& module_path,
                                                              module_process_options options) {
    fs::path program = options.program.empty() ? find_token_program() : options.program;
    if (program.empty()) return failed(errc::module_program, "vanthu-token");
    struct sigaction pipe{};
    if (::sigaction(SIGPIPE, nullptr, &pipe) == 0 && pipe.sa_handler == SIG_DFL) ::signal(SIGPIPE, SIG_IGN);
    meeting_place place;
    VANTHU_TRY(unique_fd listener, place.listen());
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return failed(errc::module_program, "socketpair");
    auto s = std::make_shared<state>();
    s->module_path = module_path;
    s->lifeline.reset(pair[0]);
    VANTHU_TRY(s->pid, spawn(program, module_path, options, unique_fd(pair[1]), std::move(listener)));
    std::shared_ptr<module_process> process(new module_process(s));
    bool over = s->listen(std::chrono::steady_clock::now() + options.load_limit, true);
    if (over || !s->last_words.starts_with("ready\n")) {
        std::string said = s->last_words.substr(0, s->last_words.find('\n'));
        if (!said.empty()) return failed(token::errc::module_not_loaded, said);
        if (over) return failed(token::errc::module_ended, module_path + ": crashed while it was loaded");
        return failed(errc::deadline_passed, module_path + ": did not load in time");
    }
    s->last_words.clear();
    VANTHU_TRY(s->functions, connect(place.socket));
    return process;
}

std::shared_ptr<token::module> module_process::library() {
    auto own = state_;
    return token::module::around(own->functions, [own](bool broken) {
        return module_process(own).ended(broken ? std::chrono::seconds(1) : std::chrono::seconds(0));
    });
}

void module_process::end() { state_->end(); }

std::optional<failure> module_process::ended(std::chrono::milliseconds patience) const {
    std::lock_guard lock(state_->mutex);
    if (!state_->reaped && !state_->listen(std::chrono::steady_clock::now() + patience)) return std::nullopt;
    if (!state_->reaped) {
        ::kill(state_->pid, SIGKILL); // it may have closed the lifeline only
        ::waitpid(state_->pid, nullptr, 0);
        state_->reaped = true;
    }
    std::string said = state_->last_words.substr(0, state_->last_words.find('\n'));
    if (said.starts_with("hangs ")) return failure{errc::deadline_passed, said.substr(6) + " did not come back"};
    return failure{token::errc::module_ended, state_->module_path};
}

result<std::shared_ptr<token::module>> load_apart(const std::string& path) {
    if (fs::path(path).filename() == "p11-kit-client.so") return token::module::load(path);
    VANTHU_TRY(auto process, module_process::start(path));
    return process->library();
}

fs::path find_token_program() {
    std::error_code error;
    fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const char* where : {"vanthu-token", "../libexec/vanthu/vanthu-token", "tokens/vanthu-token",
                              "../tokens/vanthu-token", "../../daemon/tokens/vanthu-token"})
        if (auto path = self / where; ::access(path.c_str(), X_OK) == 0) return path.lexically_normal();
    return {};
}

} // namespace vanthu::tokens

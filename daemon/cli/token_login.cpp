#include "daemon/cli/token_login.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/pin_prompt.hpp"
#include "daemon/tokens/module_process.hpp"
#include "daemon/tokens/pin_guard.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::cli {

result<std::shared_ptr<token::module>> open_module(const std::string& option, const std::string& from_uri) {
    std::string path = option.empty() ? from_uri : option;
    if (path.empty() && std::getenv("P11_KIT_SERVER_ADDRESS")) path = "p11-kit-client.so";
    if (path.empty())
        return failed(token::errc::module_not_loaded, "no module: --module PATH, or module-path= in the URI");
    // A bare name is looked for where p11-kit keeps modules, a path from here.
    if (path.find('/') != std::string::npos) path = std::filesystem::absolute(path).string();
    return tokens::load_apart(path);
}

std::string pin_file_or_credential(const std::string& given) {
    if (!given.empty()) return given;
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    std::string file = folder ? std::string(folder) + "/token-pin" : "";
    return !file.empty() && ::access(file.c_str(), R_OK) == 0 ? file : "";
}

namespace {

// What a person should know before typing.
std::string warnings(const token::token_info& t, unsigned tries) {
    std::string out;
    if (tries > 0)
        out += fmt::format("Lần nhập PIN trước không thành công ({0}/{1}); đây là lần cuối vanthu gửi tới thiết bị.\n"
                           "The last PIN was not accepted ({0} of {1}); this is the last try that vanthu makes.\n",
                           tries, tokens::pin_guard::most_tries);
    if (t.pin_count_low)
        out += "Thiết bị báo: đã có lần nhập sai, còn ít lần thử.\n"
               "The token reports: a wrong PIN was entered since the last login, few tries are left.\n";
    return out;
}

// A slip in the name is no missing PIN. The file is not opened: it may be a pipe that can be read once.
result<> can_be_read(const std::string& pin_file) {
    struct stat s{};
    if (::access(pin_file.c_str(), R_OK) == 0 && ::stat(pin_file.c_str(), &s) == 0) {
        if (!S_ISDIR(s.st_mode)) return {};
        errno = EISDIR;
    }
    return failed(errno == ENOENT ? files::errc::not_found : files::errc::unreadable,
                  fmt::format("--pin-file {}: {}", pin_file, std::strerror(errno)));
}

} // namespace

result<> guard_is_there(const std::string& state_dir) {
    std::error_code error;
    if (state_dir == default_state_dir || std::filesystem::is_directory(state_dir, error)) return {};
    return failed(tokens::errc::guard_missing, state_dir);
}

result<> log_in(token::card& card, const std::string& pin_file, const std::string& state_dir) {
    keep_memory_private();
    VANTHU_CHECK(guard_is_there(state_dir));
    tokens::pin_guard guard(state_dir);
    if (!pin_file.empty()) VANTHU_CHECK(can_be_read(pin_file));
    if (std::string from = pin_file_or_credential(pin_file); !from.empty()) return guard.login(card, from);
    token::token_info t = card.info();
    if (t.protected_path) return guard.login_typed(card, {});
    if (t.pin_locked) return failed(token::errc::pin_locked, t.serial);
    if (t.pin_final_try) return failed(token::errc::pin_final_try, t.serial);
    VANTHU_TRY(unsigned tries, guard.tries(t.serial));
    if (tries >= tokens::pin_guard::most_tries) return failed(tokens::errc::third_try, "token " + t.serial);
    VANTHU_TRY(token::pin typed, ask_for_pin(warnings(t, tries) + "PIN (" + for_terminal(t.label) + "): "));
    return guard.login_typed(card, typed);
}

} // namespace vanthu::cli

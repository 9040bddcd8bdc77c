#include "daemon/tokens/pin_guard.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace vanthu::tokens {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view typed_in = "prompt";

fail unusable(const fs::path& path) {
    return failed(errc::guard_unusable, fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

// ---- credentials ----

// systemd gives each start of a unit new files, so inode and times say nothing about the PIN in them.
bool made_by_systemd(const fs::path& path) {
    const char* own = std::getenv("CREDENTIALS_DIRECTORY");
    std::string folder = path.parent_path().string();
    return (own && *own && fs::path(own) == path.parent_path()) || folder.starts_with("/run/credentials/");
}

std::string identity_of(const fs::path& path, const struct stat& s) {
    if (made_by_systemd(path)) return fmt::format("credential {}", to_hex(as_bytes(path.filename().string())));
    if (!S_ISREG(s.st_mode)) return std::string(typed_in);
    auto ns = [](const timespec& t) { return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; };
    return fmt::format("{} {} {}", s.st_ino, ns(s.st_mtim), ns(s.st_ctim));
}

struct credential {
    std::string name;
    token::pin code;
};

// Content and identity from the same open file: a file replaced meanwhile cannot mix the two.
result<credential> read_credential(const fs::path& path) {
    unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat s{};
    if (!fd || ::fstat(fd.get(), &s) != 0)
        return failed(token::errc::pin_needed, path.string() + ": " + std::strerror(errno));
    bytes content(1025);
    std::size_t size = 0;
    for (ssize_t n = 1; n > 0 && size < content.size(); size += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
        n = ::read(fd.get(), content.data() + size, content.size() - size); // a pipe may give it in pieces
    bool fits = size > 0 && size <= 1024;
    content.resize(size);
    token::pin code = token::pin::take(content);
    if (!fits || code.empty())
        return failed(token::errc::pin_needed, path.string() + ": empty, unreadable or too long");
    return credential{identity_of(path, s), std::move(code)};
}

// ---- the record of one token ----

struct record {
    std::vector<std::string> failed; // credentials
    unsigned tries = 0;
    bool foreign = false; // a line of another version of this program: nobody knows what it forbids

    static record parse(std::string_view text) {
        record r;
        bool counted = false;
        while (!text.empty()) {
            std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(text.size(), line.size() + 1));
            if (line.starts_with("v1 ")) {
                r.failed.emplace_back(line.substr(3));
            } else if (line.starts_with("tries ")) {
                auto [end, error] = std::from_chars(line.data() + 6, line.data() + line.size(), r.tries);
                counted = error == std::errc() && end == line.data() + line.size();
                r.foreign |= !counted;
            } else {
                r.foreign = true;
            }
        }
        if (!counted) r.tries = static_cast<unsigned>(r.failed.size());
        return r;
    }
    std::string text() const {
        std::string out = tries > 0 ? fmt::format("tries {}\n", tries) : "tries 0\n";
        for (const std::string& c : failed) out += fmt::format("v1 {}\n", c);
        return out;
    }
    bool empty() const { return failed.empty() && tries == 0 && !foreign; }
    bool knows(const std::string& credential) const { return std::ranges::find(failed, credential) != failed.end(); }

    record with_attempt(const std::string& credential) const {
        record r = *this;
        if (!knows(credential)) r.failed.push_back(credential);
        ++r.tries;
        return r;
    }
    // The token counts from the start again. Other credentials that failed stay forbidden; earlier states of this
    // file (same inode) cannot come back.
    record with_success(const std::string& credential) const {
        record r = *this;
        r.tries = 0;
        std::string inode = credential.substr(0, credential.find(' ') + 1);
        std::erase_if(r.failed, [&](const std::string& c) {
            return c == credential || c == typed_in ||
                   (!inode.empty() && inode != "credential " && c.starts_with(inode));
        });
        return r;
    }
    // Why a login with this credential is forbidden; nothing: it is not.
    std::optional<failure> forbids(const std::string& serial, const std::string& credential) const {
        if (foreign) return failure{errc::guarded, fmt::format("{}: the record is of another version", serial)};
        if (knows(credential) && credential != typed_in) return failure{errc::guarded, fmt::format("token {}", serial)};
        if (tries >= pin_guard::most_tries)
            return failure{errc::third_try,
                           fmt::format("token {}: {} attempts failed or have an unknown outcome", serial, tries)};
        return std::nullopt;
    }
};

fs::path record_path(const fs::path& directory, const std::string& serial) {
    return directory / "pin-guard" / to_hex(as_bytes(serial.empty() ? "-" : serial));
}

result<record> read_record(const fs::path& path) {
    auto text = read_text_file(path, 1u << 16);
    if (text) {
        record r = record::parse(*text);
        r.foreign |= text->empty(); // none is ever written so: a copy cut short, and what it forbade is lost
        return r;
    }
    if (text.error().code == files::errc::not_found) return record{};
    return failed(errc::guard_unusable, text.error().detail);
}

result<> write_record(const fs::path& path, const record& r) {
    if (r.empty()) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) return unusable(path);
        return {};
    }
    if (auto written = write_file_atomically(path, as_bytes(r.text()), 0600); !written)
        return failed(errc::guard_unusable, written.error().detail);
    return {};
}

// The folder itself must survive a power cut as well, or the first record in it would not.
result<> make_folder(const fs::path& state) {
    fs::path folder = state / "pin-guard";
    std::error_code ec;
    if (fs::is_directory(folder, ec)) return {};
    fs::create_directories(state, ec);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return unusable(folder);
    unique_fd parent(::open(state.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0) return unusable(state);
    return {};
}

result<unique_fd> lock(const fs::path& directory, const std::string& serial, std::chrono::milliseconds patience) {
    VANTHU_CHECK(make_folder(directory));
    fs::path path = record_path(directory, serial);
    path += ".lock";
    unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd) return unusable(path);
    auto until = std::chrono::steady_clock::now() + patience;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return unusable(path);
        if (std::chrono::steady_clock::now() >= until) return failed(errc::guard_busy, "token " + serial);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return fd;
}

// The token has refused without looking at the PIN.
bool spent_nothing(std::error_code code) {
    using token::errc;
    return code == errc::pin_locked || code == errc::pin_final_try || code == errc::token_not_initialised ||
           code == errc::session_limit;
}

} // namespace

result<std::string> credential_name(const fs::path& pin_file) {
    struct stat s{};
    if (::stat(pin_file.c_str(), &s) != 0)
        return failed(token::errc::pin_needed, pin_file.string() + ": " + std::strerror(errno));
    return identity_of(pin_file, s);
}

result<bool> pin_guard::attempt(const std::string& serial, const std::string& credential,
                                const token::login_attempt& try_login) const {
    VANTHU_TRY(unique_fd held, lock(directory_, serial, patience_));
    fs::path path = record_path(directory_, serial);
    VANTHU_TRY(record before, read_record(path));
    if (auto why = before.forbids(serial, credential)) return std::unexpected(std::move(*why));
    VANTHU_CHECK(write_record(path, before.with_attempt(credential)));
    auto done = try_login();
    // A token pulled out during C_Login may have counted the try: the record stays then.
    if (done && *done)
        VANTHU_CHECK(write_record(path, before.with_success(credential)));
    else if (done || spent_nothing(done.error().code))
        VANTHU_CHECK(write_record(path, before));
    return done;
}

token::login_gate pin_guard::gate(std::string credential) const {
    return
        [guard = *this, name = std::move(credential)](const token::token_info& t, const token::login_attempt& attempt) {
            return guard.attempt(t.serial, name, attempt);
        };
}

result<> pin_guard::login(token::card& card, const fs::path& pin_file) const {
    VANTHU_TRY(credential found, read_credential(pin_file));
    return card.login(found.code, gate(std::move(found.name)));
}

result<> pin_guard::login_typed(token::card& card, const token::pin& typed) const {
    return card.login(typed, gate(std::string(typed_in)));
}

result<bool> pin_guard::closed(const std::string& serial, const fs::path& pin_file) const {
    VANTHU_TRY(record r, read_record(record_path(directory_, serial)));
    auto name = credential_name(pin_file);
    return r.forbids(serial, name ? *name : std::string(typed_in)).has_value();
}

result<unsigned> pin_guard::tries(const std::string& serial) const {
    VANTHU_TRY(record r, read_record(record_path(directory_, serial)));
    return r.tries;
}

result<bool> pin_guard::release(const std::string& serial) const {
    VANTHU_TRY(unique_fd held, lock(directory_, serial, patience_));
    fs::path path = record_path(directory_, serial);
    VANTHU_TRY(record r, read_record(path));
    VANTHU_CHECK(write_record(path, {}));
    return !r.empty();
}

} // namespace vanthu::tokens

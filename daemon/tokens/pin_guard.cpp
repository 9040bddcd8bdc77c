#include "daemon/tokens/pin_guard.hpp"

#include "daemon/base/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::tokens {
namespace {

fail unusable(const std::filesystem::path& path) {
    return failed(errc::guard_unusable, fmt::format("{}: {}", path.string(), std::strerror(errno)));
}

std::string identity_of(const struct stat& s) {
    auto ns = [](const timespec& t) { return static_cast<long long>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; };
    return fmt::format("v1 {} {} {}\n", s.st_ino, ns(s.st_mtim), ns(s.st_ctim));
}

struct credential {
    std::string identity;
    token::pin code;
};

// Content and identity from the same open file: a file replaced meanwhile cannot mix the two.
result<credential> read_credential(const std::filesystem::path& path) {
    unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat s{};
    if (!fd || ::fstat(fd.get(), &s) != 0)
        return failed(token::errc::pin_needed, path.string() + ": " + std::strerror(errno));
    bytes content(1025);
    ssize_t size = ::read(fd.get(), content.data(), content.size());
    if (size <= 0 || size > 1024)
        return failed(token::errc::pin_needed, path.string() + ": empty, unreadable or too long");
    content.resize(static_cast<std::size_t>(size));
    return credential{identity_of(s), token::pin::take(content)};
}

std::filesystem::path record_of(const std::filesystem::path& directory, const std::string& serial) {
    return directory / "pin-guard" / to_hex(as_bytes(serial.empty() ? "-" : serial));
}

result<std::string> read_record(const std::filesystem::path& record) {
    auto text = read_text_file(record, 4096);
    if (text) return *text;
    if (text.error().code == files::errc::not_found) return std::string();
    return failed(errc::guard_unusable, text.error().detail);
}

result<> remove_record(const std::filesystem::path& record) {
    if (::unlink(record.c_str()) != 0 && errno != ENOENT) return unusable(record);
    return {};
}

result<unique_fd> lock(const std::filesystem::path& directory) {
    std::error_code ec;
    std::filesystem::create_directories(directory / "pin-guard", ec);
    std::filesystem::path path = directory / "pin-guard.lock";
    unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd || ::flock(fd.get(), LOCK_EX) != 0) return unusable(path);
    return fd;
}

// Refusals that came before C_Login or without a try being counted.
bool spent_nothing(std::error_code code) {
    using token::errc;
    return code == errc::pin_locked || code == errc::pin_final_try || code == errc::token_not_found ||
           code == errc::session_limit;
}

} // namespace

result<> pin_guard::attempt(const std::string& serial, const std::filesystem::path& pin_file,
                            const std::function<result<>(const token::pin&)>& try_login) const {
    VANTHU_TRY(unique_fd held, lock(directory_));
    VANTHU_TRY(credential found, read_credential(pin_file));
    std::filesystem::path record = record_of(directory_, serial);
    VANTHU_TRY(std::string earlier, read_record(record));
    if (earlier == found.identity) return failed(errc::guarded, serial);
    if (auto written = write_file_atomically(record, as_bytes(found.identity), 0600); !written)
        return failed(errc::guard_unusable, written.error().detail);
    auto done = try_login(found.code);
    // A token pulled out during C_Login may have counted the try: the record stays then.
    if (done || spent_nothing(done.error().code)) VANTHU_CHECK(remove_record(record));
    return done;
}

result<> pin_guard::login(token::card& card, const std::filesystem::path& pin_file) const {
    return attempt(card.info().serial, pin_file, [&](const token::pin& code) { return card.login(code); });
}

result<bool> pin_guard::closed(const std::string& serial, const std::filesystem::path& pin_file) const {
    VANTHU_TRY(std::string record, read_record(record_of(directory_, serial)));
    struct stat s{};
    if (record.empty() || ::stat(pin_file.c_str(), &s) != 0) return !record.empty();
    return record == identity_of(s);
}

result<> pin_guard::release(const std::string& serial) const {
    VANTHU_TRY(unique_fd held, lock(directory_));
    return remove_record(record_of(directory_, serial));
}

} // namespace vanthu::tokens

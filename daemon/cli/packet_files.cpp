#include "daemon/cli/packet_files.hpp"

#include "daemon/base/utf8.hpp"
#include "daemon/cli/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

fail from_errno(int error, const std::filesystem::path& path, files::errc otherwise) {
    files::errc code = error == ENOENT                      ? files::errc::not_found
                       : error == ENOSPC || error == EDQUOT ? files::errc::no_space
                                                            : otherwise;
    return failed(code, fmt::format("{}: {}", path.string(), std::strerror(error)));
}

// Invisible, or turns the direction of what follows, or tells a terminal what to do.
bool forbidden_in_names(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || // C0, DEL, C1
           c == 0x61C ||                          // Arabic letter mark
           (c >= 0x200B && c <= 0x200F) ||        // zero width, left-to-right and right-to-left marks
           (c >= 0x2028 && c <= 0x202E) ||        // line and paragraph separators, embeddings and overrides
           (c >= 0x2060 && c <= 0x206F) ||        // word joiner, isolates
           c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

// Calls use(bytes of one character, forbidden) for each character of a text; broken UTF-8 counts as forbidden bytes.
template <class F> void each_character(std::string_view text, F use) {
    for (std::size_t at = 0; at < text.size();) {
        const code_point c = read_code_point(text, at);
        const std::size_t length = std::max<std::size_t>(c.length, 1);
        use(text.substr(at, length), c.length == 0 || forbidden_in_names(c.value));
        at += length;
    }
}

} // namespace

result<> stream_file(const std::filesystem::path& path, const std::function<result<>(bytes_view)>& use) {
    unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd) return from_errno(errno, path, files::errc::unreadable);
    std::vector<std::uint8_t> piece(256u << 10);
    for (;;) {
        ssize_t n = ::read(fd.get(), piece.data(), piece.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return from_errno(errno, path, files::errc::unreadable);
        if (n == 0) return {};
        VANTHU_CHECK(use(bytes_view(piece).first(static_cast<std::size_t>(n))));
    }
}

result<new_file> new_file::beside(const std::filesystem::path& directory) {
    std::filesystem::path path =
        (directory.empty() ? "." : directory) / fmt::format(".vanthu-{}.part", to_hex(random_bytes(8)));
    unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return from_errno(errno, directory, files::errc::write_failed);
    return new_file(std::move(fd), std::move(path));
}

new_file& new_file::operator=(new_file&& other) noexcept {
    if (!path_.empty()) ::unlink(path_.c_str());
    fd_ = std::move(other.fd_);
    path_ = std::exchange(other.path_, {});
    return *this;
}

new_file::~new_file() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

result<> new_file::write(bytes_view b) {
    while (!b.empty()) {
        ssize_t n = ::write(fd_.get(), b.data(), b.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return from_errno(errno, path_, files::errc::write_failed);
        b = b.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

result<> new_file::sync() {
    if (::fsync(fd_.get()) != 0) return from_errno(errno, path_, files::errc::write_failed);
    return {};
}

result<> new_file::take_name(const std::filesystem::path& target, existing_file there) {
    VANTHU_CHECK(can_be_output(target, there));
    VANTHU_CHECK(sync());
    if (there == existing_file::kept) {
        if (::link(path_.c_str(), target.c_str()) != 0) // link never replaces
            return errno == EEXIST ? failed(errc::output_exists, target.string())
                                   : from_errno(errno, target, files::errc::write_failed);
        ::unlink(path_.c_str());
    } else if (::rename(path_.c_str(), target.c_str()) != 0) {
        return from_errno(errno, target, files::errc::write_failed);
    }
    path_.clear();
    return {};
}

result<std::string> new_file::take_free_name(const std::filesystem::path& directory, const std::string& name) {
    VANTHU_CHECK(sync());
    std::size_t dot = name.rfind('.');
    if (dot == std::string::npos || dot == 0) dot = name.size();
    for (int n = 1; n <= 10'000; ++n) {
        std::string candidate = n == 1 ? name : fmt::format("{} ({}){}", name.substr(0, dot), n, name.substr(dot));
        if (::link(path_.c_str(), (directory / candidate).c_str()) == 0) { // link never replaces
            ::unlink(path_.c_str());
            path_.clear();
            return candidate;
        }
        if (errno != EEXIST) return from_errno(errno, directory / candidate, files::errc::write_failed);
    }
    return failed(files::errc::write_failed, fmt::format("{}: no free name", name));
}

std::string safe_file_name(std::string_view claimed) {
    if (std::size_t slash = claimed.find_last_of("/\\"); slash != claimed.npos) claimed.remove_prefix(slash + 1);
    std::string out;
    each_character(claimed, [&](std::string_view c, bool forbidden) {
        if (!forbidden && c != ":" && c != "*" && c != "?" && c != "\"" && c != "<" && c != ">" && c != "|") out += c;
    });
    out.erase(0, out.find_first_not_of(". "));
    while (out.ends_with('.') || out.ends_with(' ')) out.pop_back();
    constexpr std::size_t longest = 200;
    if (out.size() <= longest) return out;
    std::size_t dot = out.rfind('.');
    std::string extension = dot != out.npos && out.size() - dot <= 16 ? out.substr(dot) : std::string{};
    std::size_t n = longest - extension.size();
    while (n > 0 && (static_cast<unsigned char>(out[n]) & 0xC0) == 0x80) --n; // not inside a character
    return out.substr(0, n) + extension;
}

std::string for_terminal(std::string_view text) {
    std::string out;
    each_character(text, [&](std::string_view c, bool forbidden) { out += forbidden ? std::string_view("?") : c; });
    return out;
}

std::string json_for_terminal(std::string_view serialized) {
    std::string out;
    out.reserve(serialized.size());
    for (std::size_t at = 0; at < serialized.size();) {
        const code_point c = read_code_point(serialized, at);
        const std::size_t length = std::max<std::size_t>(c.length, 1);
        // What is below U+007F is escaped already or stands outside of strings.
        if (c.length == 0)
            out += "\\ufffd";
        else if (c.value < 0x7F || !forbidden_in_names(c.value))
            out += serialized.substr(at, length);
        else if (c.value < 0x10000)
            out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c.value));
        else
            out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + ((c.value - 0x10000) >> 10),
                               0xDC00 + ((c.value - 0x10000) & 0x3FF));
        at += length;
    }
    return out;
}

namespace {

class file_sink final : public edxml::attachment_sink {
public:
    explicit file_sink(std::filesystem::path directory) : directory_(std::move(directory)) {}
    struct extracted {
        std::size_t index;
        edxml::attachment_info info;
        new_file file;
    };
    std::vector<extracted> done;

    result<> begin(std::size_t, const edxml::attachment_info&) override {
        inner_.reset();
        VANTHU_TRY(new_file file, new_file::beside(directory_));
        sent_.emplace(std::move(file));
        return {};
    }
    result<> data(std::size_t, bytes_view b) override { return sent_->write(b); }
    result<> inner(std::size_t, bytes_view b) override {
        if (!inner_) {
            VANTHU_TRY(new_file file, new_file::beside(directory_));
            inner_.emplace(std::move(file));
        }
        return inner_->write(b);
    }
    result<> end(std::size_t index, const edxml::attachment_info& info) override {
        if (info.unwrapped && !inner_) VANTHU_CHECK(inner(index, {})); // an empty file was wrapped
        done.push_back({index, info, std::move(info.unwrapped ? *inner_ : *sent_)});
        sent_.reset();
        inner_.reset();
        return {};
    }

private:
    std::filesystem::path directory_;
    std::optional<new_file> sent_, inner_;
};

} // namespace

result<std::vector<extracted_file>> extract(const std::filesystem::path& packet,
                                            const std::filesystem::path& directory) {
    std::error_code ec;
    // Ours to remove again, as long as it is empty, where the packet turns out not to be whole.
    const bool made = std::filesystem::create_directories(directory, ec);
    if (ec) return failed(files::errc::write_failed, directory.string() + ": " + ec.message());
    auto run = [&]() -> result<std::vector<extracted_file>> {
        file_sink sink(directory);
        edxml::packet_reader reader;
        reader.deliver_to(sink);
        VANTHU_CHECK(stream_file(packet, [&](bytes_view b) { return reader.feed(b); }));
        VANTHU_TRY(edxml::packet whole, reader.finish());
        std::vector<extracted_file> out;
        for (file_sink::extracted& e : sink.done) {
            std::string name = safe_file_name(e.info.name);
            if (name.empty()) name = fmt::format("attachment-{}.{}", e.index + 1, name_of(e.info.kind));
            VANTHU_TRY(std::string taken, e.file.take_free_name(directory, name));
            out.push_back(
                {e.index, std::move(taken), whole.document() ? whole.document()->attachments[e.index] : e.info});
        }
        return out;
    };
    auto out = run();
    if (!out && made) std::filesystem::remove(directory, ec);
    return out;
}

} // namespace vanthu::cli

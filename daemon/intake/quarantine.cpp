#include "daemon/intake/quarantine.hpp"

#include "daemon/base/clock.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/records/row_json.hpp"

#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::intake {
namespace {

namespace fs = std::filesystem;

boost::json::object identity_json(const isolated_secret& s) {
    return {{"schema_version", 1},
            {"id", s.id},
            {"at", s.at},
            {"node", s.node},
            {"from", s.from},
            {"code", s.code},
            {"packet_sha256", s.packet_sha256.hex()}};
}

result<bytes> sealing_key(const fs::path& directory) {
    std::error_code ec;
    fs::create_directories(directory, ec);
    fs::permissions(directory, fs::perms::owner_all, ec);
    fs::path file = directory / "key";
    if (auto key = read_file(file, 32); key && key->size() == 32) return key;
    bytes key = random_bytes(32);
    VANTHU_CHECK(write_file_atomically(file, key, 0600));
    return key;
}

// nonce(12) ciphertext tag(16)
class sealed_file {
public:
    sealed_file(unique_fd fd, bytes_view key) : fd_(std::move(fd)), ctx_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
        nonce_ = random_bytes(12);
        good_ =
            EVP_EncryptInit_ex(ctx_.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce_.data()) == 1 && put(nonce_);
    }
    bool add(bytes_view plain) {
        bytes out(plain.size() + 16);
        int n = 0;
        good_ = good_ &&
                EVP_EncryptUpdate(ctx_.get(), out.data(), &n, plain.data(), static_cast<int>(plain.size())) == 1 &&
                put(bytes_view(out.data(), static_cast<std::size_t>(n)));
        return good_;
    }
    bool finish() {
        std::uint8_t tag[16];
        int n = 0;
        bytes rest(16);
        return good_ && EVP_EncryptFinal_ex(ctx_.get(), rest.data(), &n) == 1 &&
               EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_GCM_GET_TAG, sizeof tag, tag) == 1 && put(tag) &&
               ::fsync(fd_.get()) == 0;
    }

private:
    bool put(bytes_view b) {
        while (!b.empty()) {
            ssize_t n = ::write(fd_.get(), b.data(), b.size());
            if (n <= 0) return false;
            b = b.subspan(static_cast<std::size_t>(n));
        }
        return true;
    }
    unique_fd fd_;
    std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> ctx_;
    bytes nonce_;
    bool good_ = false;
};

result<> destroy_file(const fs::path& file) {
    unique_fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    struct stat s{};
    if (!fd || ::fstat(fd.get(), &s) != 0) return failed(files::errc::not_found, file.string());
    bytes zeros(64u << 10);
    for (off_t done = 0; done < s.st_size;) {
        ssize_t n = ::write(fd.get(), zeros.data(),
                            std::min<std::size_t>(zeros.size(), static_cast<std::size_t>(s.st_size - done)));
        if (n <= 0) return failed(files::errc::write_failed, file.string());
        done += n;
    }
    if (::fsync(fd.get()) != 0 || ::unlink(file.c_str()) != 0) return failed(files::errc::write_failed, file.string());
    return {};
}

} // namespace

result<isolated_secret> isolate(const fs::path& directory, isolated_secret what, const spooled& content) {
    VANTHU_TRY(bytes key, sealing_key(directory));
    what.id = new_id(from_us(what.at));
    fs::path file = directory / (what.id + ".sealed");
    unique_fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) return failed(files::errc::write_failed, file.string());
    sealed_file out(std::move(fd), key);
    OPENSSL_cleanse(key.data(), key.size());
    bytes chunk(256u << 10);
    bool good = true;
    for (std::uint64_t at = 0; good;) {
        auto n = content.read(at, chunk);
        if (!n || *n == 0) {
            good = n.has_value();
            break;
        }
        good = out.add(bytes_view(chunk.data(), *n));
        at += *n;
    }
    OPENSSL_cleanse(chunk.data(), chunk.size());
    if (!good || !out.finish()) {
        (void)destroy_file(file);
        return failed(files::errc::write_failed, file.string());
    }
    std::string identity = boost::json::serialize(identity_json(what));
    if (auto written = write_file_atomically(directory / (what.id + ".json"), as_bytes(identity), 0600); !written) {
        (void)destroy_file(file);
        return fail(written.error());
    }
    return what;
}

result<std::vector<isolated_secret>> list_isolated(const fs::path& directory) {
    std::vector<isolated_secret> out;
    std::error_code ec;
    for (const fs::directory_entry& e : fs::directory_iterator(directory, ec)) {
        if (e.path().extension() != ".json") continue;
        VANTHU_TRY(std::string text, read_text_file(e.path(), 64u << 10));
        boost::system::error_code bad;
        boost::json::value v = boost::json::parse(text, bad);
        const boost::json::object* o = bad ? nullptr : v.if_object();
        if (!o) continue;
        isolated_secret s;
        auto take = [&](const char* name, auto& into) {
            if (const boost::json::value* m = o->if_contains(name)) records::from_json(*m, into);
        };
        take("id", s.id);
        take("at", s.at);
        take("node", s.node);
        take("from", s.from);
        take("code", s.code);
        take("packet_sha256", s.packet_sha256);
        out.push_back(std::move(s));
    }
    return out;
}

result<> destroy_isolated(const fs::path& directory, std::string_view id) {
    if (!is_id(id)) return failed(files::errc::not_found, std::string(id));
    VANTHU_CHECK(destroy_file(directory / (std::string(id) + ".sealed")));
    return destroy_file(directory / (std::string(id) + ".json"));
}

} // namespace vanthu::intake

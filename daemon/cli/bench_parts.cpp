#include "daemon/cli/bench_parts.hpp"

#include "daemon/base/files.hpp"
#include "signing/cms/build.hpp"
#include "signing/pdf/sign.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace vanthu::cli {
namespace {

// Setting up a measurement must work or there is nothing to measure.
void must(bool ok) {
    if (!ok) std::abort();
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    must(e && X509_add_ext(certificate, e, -1) == 1);
    X509_EXTENSION_free(e);
}

} // namespace

static std::string pem_of(auto&& write) {
    std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    must(bio && write(bio.get()) == 1);
    char* text = nullptr;
    long length = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(length)};
}

static throw_away_identity make_identity(const char* common_name,
                                         const std::vector<std::pair<int, std::string>>& extensions,
                                         const throw_away_identity* issuer) {
    throw_away_identity out;
    out.key = std::shared_ptr<EVP_PKEY>(EVP_EC_gen("P-256"), EVP_PKEY_free);
    std::unique_ptr<X509, decltype(&X509_free)> x(X509_new(), X509_free), issuing(nullptr, X509_free);
    must(out.key && x);
    if (issuer) {
        const std::uint8_t* at = issuer->certificate_der.data();
        issuing.reset(d2i_X509(nullptr, &at, static_cast<long>(issuer->certificate_der.size())));
        must(issuing != nullptr);
    }
    X509_set_version(x.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(x.get()), issuer ? 2 + random_bytes(1)[0] : 1);
    X509_gmtime_adj(X509_getm_notBefore(x.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x.get()), 86'400);
    X509_NAME* name = X509_get_subject_name(x.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                               0);
    X509_set_issuer_name(x.get(), issuing ? X509_get_subject_name(issuing.get()) : name);
    X509_set_pubkey(x.get(), out.key.get());
    for (const auto& [nid, value] : extensions) add_extension(x.get(), nid, value);
    must(X509_sign(x.get(), issuer ? issuer->key.get() : out.key.get(), EVP_sha256()) > 0);
    std::uint8_t* der = nullptr;
    int n = i2d_X509(x.get(), &der);
    must(n > 0);
    out.certificate_der.assign(der, der + n);
    OPENSSL_free(der);
    out.certificate_pem = pem_of([&](BIO* b) { return PEM_write_bio_X509(b, x.get()); });
    out.key_pem = pem_of(
        [&](BIO* b) { return PEM_write_bio_PrivateKey(b, out.key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    return out;
}

throw_away_identity make_throw_away_authority() {
    return make_identity("vanthu bench CA",
                         {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign,cRLSign"}},
                         nullptr);
}

throw_away_identity make_throw_away_identity(std::string_view organisation, const throw_away_identity* authority) {
    return make_identity("vanthu bench",
                         {{NID_key_usage, "critical,digitalSignature"},
                          {NID_ext_key_usage, "clientAuth,serverAuth"},
                          {NID_subject_alt_name, "URI:urn:vanthu:org:" + std::string(organisation) + ",IP:127.0.0.1"}},
                         authority);
}

bytes make_measured_pdf(std::size_t size) {
    std::string pdf = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
    std::vector<std::size_t> at;
    auto object = [&](const std::string& body) {
        at.push_back(pdf.size());
        pdf += fmt::format("{} 0 obj\n{}\nendobj\n", at.size(), body);
    };
    object("<</Type/Catalog/Pages 2 0 R>>");
    object("<</Type/Pages/Kids[3 0 R]/Count 1>>");
    object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>");
    object("<</Length 0>>\nstream\n\nendstream");
    std::string filler = to_hex(random_bytes(size > 1200 ? (size - 1200) / 2 : 0)); // a scan's bytes do not compress
    object(fmt::format("<</Length {}>>\nstream\n{}\nendstream", filler.size(), filler));
    std::size_t xref = pdf.size();
    pdf += fmt::format("xref\n0 {}\n0000000000 65535 f \n", at.size() + 1);
    for (std::size_t offset : at) pdf += fmt::format("{:010} 00000 n \n", offset);
    pdf += fmt::format("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n", at.size() + 1, xref);
    return to_bytes(pdf);
}

result<bytes> sign_measured_pdf(bytes_view file, const throw_away_identity& who) {
    pdf::signature_request request;
    request.kind = pdf::profile::approved;
    VANTHU_TRY(bytes upright, read_file("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"));
    request.type.upright = pdf::typeface(std::move(upright));
    request.place = pdf::placement{1, 320, 120, 200, 60}; // a page without text has no place to find
    request.signer_name = "Đo tốc độ";
    VANTHU_TRY(pdf::prepared p, pdf::prepare(file, request));
    cms::signer signer;
    VANTHU_TRY(signer.leaf, x509::parse_certificate(who.certificate_der));
    signer.scheme = x509::scheme::ecdsa;
    signer.sign = [key = who.key](bytes_view hash) -> result<bytes> {
        std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> c(EVP_PKEY_CTX_new(key.get(), nullptr),
                                                                      EVP_PKEY_CTX_free);
        bytes out(128);
        std::size_t n = out.size();
        must(c && EVP_PKEY_sign_init(c.get()) == 1 &&
             EVP_PKEY_sign(c.get(), out.data(), &n, hash.data(), hash.size()) == 1);
        out.resize(n);
        return out;
    };
    VANTHU_TRY(bytes cms, cms::build_signature(p.content_sha256, signer));
    return pdf::finish(std::move(p), cms);
}

// Room for whole records, at most a quarter of what is free; whoever comes to its end begins again at its front.
static std::uint64_t preallocate(int fd, const std::filesystem::path& directory, std::size_t record) {
    const std::uint64_t wanted = std::min<std::uint64_t>(512ull << 20, std::filesystem::space(directory).available / 4);
    const std::uint64_t room = std::max<std::uint64_t>(1, wanted / record) * record;
    must(::posix_fallocate(fd, 0, static_cast<off_t>(room)) == 0);
    return room;
}

disk_rate measure_disk(const std::filesystem::path& directory, unsigned writers, std::size_t size,
                       std::chrono::milliseconds length) {
    std::filesystem::path file = directory / "yardstick";
    unique_fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    must(static_cast<bool>(fd));
    const std::uint64_t room = preallocate(fd.get(), directory, size);
    std::mutex guard;
    std::condition_variable synced, wanted;
    std::uint64_t asked = 0, done = 0; // generations: a write waits for the first sync that begins after it
    std::atomic<std::uint64_t> end{0}, count{0};
    bool stop = false;
    std::vector<double> sync_us;
    bytes block = random_bytes(size);
    std::thread syncer([&] {
        std::unique_lock lock(guard);
        for (;;) {
            wanted.wait(lock, [&] { return stop || asked > done; });
            if (stop && asked == done) return;
            std::uint64_t covers = asked;
            lock.unlock();
            auto begin = std::chrono::steady_clock::now();
            must(::fdatasync(fd.get()) == 0);
            double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
            lock.lock();
            sync_us.push_back(us);
            done = covers;
            synced.notify_all();
        }
    });
    auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < writers; ++i)
        threads.emplace_back([&] {
            while (std::chrono::steady_clock::now() - begin < length) {
                std::uint64_t at = end.fetch_add(size) % room;
                must(::pwrite(fd.get(), block.data(), size, static_cast<off_t>(at)) == static_cast<ssize_t>(size));
                std::unique_lock lock(guard);
                std::uint64_t mine = ++asked;
                wanted.notify_one();
                synced.wait(lock, [&] { return done >= mine; });
                ++count;
            }
        });
    for (std::thread& t : threads) t.join();
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    {
        std::lock_guard lock(guard);
        stop = true;
        wanted.notify_one();
    }
    syncer.join();
    std::error_code ec;
    std::filesystem::remove(file, ec);
    std::sort(sync_us.begin(), sync_us.end());
    return {static_cast<double>(count) / seconds, sync_us.empty() ? 0 : sync_us[sync_us.size() / 2]};
}

double measure_bare_accept(const std::filesystem::path& directory, std::size_t record, std::size_t rows,
                           std::chrono::milliseconds length) {
    const std::filesystem::path names[] = {directory / "bare.segment", directory / "bare.log"};
    unique_fd segment(::open(names[0].c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    unique_fd log(::open(names[1].c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    must(segment && log);
    const std::size_t step = (record + 4095) / 4096 * 4096;
    const std::uint64_t room = preallocate(segment.get(), directory, step);
    const bytes payload = random_bytes(record), batch = random_bytes(rows);
    auto write = [](int fd, const bytes& what, std::uint64_t at) {
        must(::pwrite(fd, what.data(), what.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(what.size()) &&
             ::fdatasync(fd) == 0);
    };
    std::uint64_t count = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (; std::chrono::steady_clock::now() - begin < length; ++count) {
        write(segment.get(), payload, count * step % room);
        write(log.get(), batch, count * rows);
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (const auto& name : names) std::filesystem::remove(name);
    return static_cast<double>(count) / seconds;
}

} // namespace vanthu::cli

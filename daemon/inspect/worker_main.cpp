// vanthu-inspect: parses untrusted files for inspector_pool (pool.hpp). Descriptor 3 is the socket; there is nothing
// else this program can reach once it has said "ready": no new files, no network, no other program, bounded memory and
// time.
#include "daemon/inspect/frame.hpp"
#include "daemon/inspect/setup.hpp"
#include "signing/pdf/marking.hpp"
#include "signing/x509/cache.hpp"
#include "signing/x509/hash.hpp"
#include "signing/xml/references.hpp"

#include <boost/json.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifndef VANTHU_UNDER_ASAN
#include <seccomp.h>
#endif

namespace {
using namespace vanthu;
namespace json = boost::json;

constexpr int channel = 3;

struct setup : inspect::setup {
    x509::trust_store trust;
    x509::evidence known;
};

std::optional<setup> receive_setup() {
    auto f = inspect::receive_frame(channel);
    if (!f || !f->descriptor) return std::nullopt;
    auto packed = inspect::read_all(f->descriptor.get(), std::size_t{1} << 30);
    setup s;
    if (!packed || !inspect::unpack_trust(*packed, s.trust, s.known)) return std::nullopt;
    static_cast<inspect::setup&>(s) = inspect::unpack_setup(f->text);
    return s;
}

bool limit(int what, rlim_t value) {
    rlimit r{value, value};
    return ::setrlimit(static_cast<__rlimit_resource>(what), &r) == 0;
}

// Everything lazily opened or fetched by OpenSSL and the C library happens here, before the door closes.
void warm_up() {
    for (auto h : {x509::hash::sha1, x509::hash::sha256, x509::hash::sha384, x509::hash::sha512})
        x509::hash_of(h, as_bytes("x"));
    for (std::string_view file : {"%PDF-1.4", "<x/>", "-----BEGIN CMS-----\nMAA=\n-----END CMS-----\n"})
        signed_file::verify(as_bytes(file), {}, {}, timestamp{});
    random_bytes(1);
    // The C library's qsort asks once how much memory there is; OpenSSL sorts long revocation lists with it.
    std::vector<int> long_list(4096);
    std::qsort(long_list.data(), long_list.size(), sizeof(int),
               [](const void* a, const void* b) { return *static_cast<const int*>(a) - *static_cast<const int*>(b); });
}

#ifndef VANTHU_UNDER_ASAN
bool allow_only_what_parsing_needs() {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter) return false;
    bool ok = true;
    for (int call : {SCMP_SYS(read),
                     SCMP_SYS(pread64),
                     SCMP_SYS(lseek),
                     SCMP_SYS(close),
                     SCMP_SYS(recvmsg),
                     SCMP_SYS(sendmsg),
                     SCMP_SYS(poll),
                     SCMP_SYS(munmap),
                     SCMP_SYS(mremap),
                     SCMP_SYS(madvise),
                     SCMP_SYS(brk),
                     SCMP_SYS(futex),
                     SCMP_SYS(exit),
                     SCMP_SYS(exit_group),
                     SCMP_SYS(rt_sigaction),
                     SCMP_SYS(rt_sigprocmask),
                     SCMP_SYS(rt_sigreturn),
                     SCMP_SYS(clock_gettime),
                     SCMP_SYS(getrandom),
                     SCMP_SYS(getpid),
                     SCMP_SYS(gettid),
                     SCMP_SYS(fstat),
                     SCMP_SYS(restart_syscall),
                     SCMP_SYS(sched_yield)})
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
    // Memory: never executable.
    const scmp_arg_cmp not_executable{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};
    for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, not_executable) == 0;
    // A library that looks for a configuration or locale file finds none; messages of the C library go nowhere.
    for (int call : {SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(access), SCMP_SYS(readlink),
                     SCMP_SYS(socket), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(ioctl)})
        ok = ok && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0) == 0;
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}
#endif

bool shut_in(const setup& s) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0) return false;
    bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, 16) &&
              limit(RLIMIT_CPU, s.cpu_seconds);
#ifndef VANTHU_UNDER_ASAN
    // The sanitizer's shadow memory needs terabytes of address space and calls no filter foresees.
    ok = ok && limit(RLIMIT_AS, s.memory_limit) && allow_only_what_parsing_needs();
#endif
    return ok;
}

// The bytes of a descriptor from its start, as often as asked for.
xml::source source_of(int descriptor) {
    return [descriptor](const xml::byte_sink& sink) -> result<> {
        bytes piece(256u << 10);
        for (off_t at = 0;;) {
            ssize_t n = ::pread(descriptor, piece.data(), piece.size(), at);
            if (n < 0) return failed(files::errc::unreadable, "content");
            if (n == 0) return {};
            VANTHU_CHECK(sink(bytes_view(piece).first(static_cast<std::size_t>(n))));
            at += n;
        }
    };
}

signed_file::detached_content content_of(int descriptor) {
    xml::source all = source_of(descriptor);
    return {[all](x509::hash h) {
                xml::hash_sink sum(h);
                auto done = all([&](bytes_view piece) -> result<> { return sum.write(as_text(piece)), result<>(); });
                return done ? sum.finish() : bytes{};
            },
            [all](const std::string&) { return std::optional(all); }}; // whatever its name: it is what was given
}

// A line that says of the first page what there is to say, and the report; without the report where the document is
// larger than the budget, or cannot be read.
std::string answer(const setup& s, const inspect::frame& request, x509::cache& memory) {
    json::value parsed = json::parse(request.text);
    timestamp at = from_us(parsed.as_object().at("at").to_number<std::int64_t>());
    std::optional<inspect::frame> content;
    if (parsed.as_object().at("content").as_bool()) content = inspect::receive_frame(channel);
    signed_file::detached_content about;
    if (content && content->descriptor) about = content_of(content->descriptor.get());
    auto document = inspect::read_all(request.descriptor.get(), s.limits.pdf.bytes);
    json::object page;
    if (!document) return "{}\n";
    std::string report =
        validation::to_json(signed_file::verify(*document, s.trust, s.known, at, s.policy, about, s.limits, &memory));
    if (pdf::holds_pdf_header(*document)) {
        const pdf::first_page seen = pdf::look_at_first_page(*document);
        page["first_page"] = seen.whole;
        if (seen.marking) page["marking"] = static_cast<int>(*seen.marking);
    }
    return json::serialize(page) + '\n' + report;
}

} // namespace

int main() {
    try {
        ::syscall(SYS_close_range, 4u, ~0u, 0u); // whatever the parent forgot to close
        auto s = receive_setup();
        if (!s) return 2;
        warm_up();
        if (!shut_in(*s)) return 3;
        if (!inspect::send_frame(channel, "ready")) return 0;
        x509::cache memory(s->memory_limit / 16); // of authorities that documents share
        for (unsigned n = 0; n < s->documents; ++n) {
            auto request = inspect::receive_frame(channel);
            if (!request || !request->descriptor) return 0;
            if (!inspect::send_frame(channel, answer(*s, *request, memory))) return 0;
        }
    } catch (const std::exception&) {
        // Out of memory, most likely: the pool sees the end of this process and says "budget".
        std::_Exit(4);
    }
    return 0;
}

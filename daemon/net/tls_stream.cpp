#include "daemon/net/tls_stream.hpp"

#include <cerrno>
#include <cstring>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace vanthu::net {
namespace {
// Four records: fewer calls into the kernel for a document of 100 KB. Held only while bytes are on their way.
constexpr std::size_t read_at_once = 4 * (SSL3_RT_MAX_PLAIN_LENGTH + 512);

// OpenSSL's own socket BIO raises SIGPIPE where the other side is gone, and knows no turns.
struct socket_bio {
    using channel = tls_stream::channel;
    static channel& of(BIO* b) { return *static_cast<channel*>(BIO_get_data(b)); }
    static int again(BIO* b, int direction) {
        BIO_set_flags(b, direction | BIO_FLAGS_SHOULD_RETRY);
        return -1;
    }
    static int finish(BIO* b, ssize_t n, int direction) {
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return again(b, direction);
        if (n > 0) of(b).moved += static_cast<std::size_t>(n);
        return static_cast<int>(n);
    }
    static int read(BIO* b, char* out, int size) {
        BIO_clear_retry_flags(b);
        if (of(b).moved >= tls_stream::turn) return again(b, BIO_FLAGS_READ);
        const ssize_t n = ::recv(of(b).socket, out, static_cast<std::size_t>(size), MSG_DONTWAIT);
        if (n == 0) BIO_set_flags(b, BIO_FLAGS_IN_EOF);
        return finish(b, n, BIO_FLAGS_READ);
    }
    static int write(BIO* b, const char* data, int size) {
        BIO_clear_retry_flags(b);
        if (of(b).moved >= tls_stream::turn) return again(b, BIO_FLAGS_WRITE);
        return finish(b, ::send(of(b).socket, data, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL),
                      BIO_FLAGS_WRITE);
    }
    static long control(BIO* b, int what, long, void*) {
        if (what == BIO_CTRL_FLUSH) return 1;
        if (what == BIO_CTRL_EOF) return BIO_test_flags(b, BIO_FLAGS_IN_EOF) != 0;
        return 0;
    }
    static BIO* over(channel& c) {
        static BIO_METHOD* const method = [] {
            BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
            BIO_meth_set_read(m, read);
            BIO_meth_set_write(m, write);
            BIO_meth_set_ctrl(m, control);
            return m;
        }();
        BIO* b = BIO_new(method);
        BIO_set_data(b, &c);
        BIO_set_init(b, 1);
        return b;
    }
};
} // namespace

tls_stream::tls_stream(int socket, ssl_ptr session) : channel_{socket}, session_(std::move(session)) {
    BIO* const both = socket_bio::over(channel_);
    SSL_set_bio(native(), both, both);
    // What could not be sent is sent again from wherever the caller keeps it by then.
    SSL_set_mode(native(),
                 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_set_read_ahead(native(), 1);
    SSL_set_default_read_buffer_len(native(), read_at_once);
}

// Of a call that did not succeed.
result<tls_stream::progress> tls_stream::outcome_of(int answer) {
    switch (SSL_get_error(native(), answer)) {
    case SSL_ERROR_WANT_READ: return progress{0, want::read};
    case SSL_ERROR_WANT_WRITE: return progress{0, want::write};
    case SSL_ERROR_ZERO_RETURN: return progress{};
    case SSL_ERROR_SYSCALL: return failed(errc::connection_closed, errno != 0 ? std::strerror(errno) : "end of stream");
    default: break;
    }
    const unsigned long why = ERR_peek_error();
    if (ERR_GET_REASON(why) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return failed(errc::connection_closed, "stream truncated");
    const char* const reason = ERR_reason_error_string(why);
    return failed(errc::tls_failed, reason ? reason : "unknown reason");
}

result<tls_stream::progress> tls_stream::handshake(role as) {
    if (SSL_in_before(native())) {
        if (as == role::server)
            SSL_set_accept_state(native());
        else
            SSL_set_connect_state(native());
    }
    ERR_clear_error();
    const int answer = SSL_do_handshake(native());
    if (answer == 1) return progress{};
    VANTHU_TRY(const progress p, outcome_of(answer));
    if (p.next == want::nothing) return failed(errc::connection_closed, "closed within the handshake");
    return p;
}

// Repeats `once(begin, most, &n)` while `more()`, until all has moved or it does not succeed.
template <class Once, class More> result<tls_stream::progress> tls_stream::move(std::size_t all, Once once, More more) {
    if (failed_) return fail(*failed_);
    std::size_t moved = 0;
    while (moved < all && (moved == 0 || more())) {
        std::size_t n = 0;
        ERR_clear_error();
        if (const int answer = once(moved, all - moved, &n); answer != 1) {
            auto why = outcome_of(answer);
            if (moved == 0) return why;
            if (!why) failed_ = std::move(why.error());
            break;
        }
        moved += n;
    }
    return progress{moved, want::nothing};
}

result<tls_stream::progress> tls_stream::read(std::span<std::uint8_t> out) {
    // What has not been read from the socket yet may be its end, which is no affair of what came before it.
    return move(
        out.size(),
        [&](std::size_t from, std::size_t most, std::size_t* n) {
            return SSL_read_ex(native(), out.data() + from, most, n);
        },
        [&] { return SSL_has_pending(native()) == 1; });
}

result<tls_stream::progress> tls_stream::write(bytes_view data) {
    return move(
        data.size(),
        [&](std::size_t from, std::size_t most, std::size_t* n) {
            return SSL_write_ex(native(), data.data() + from, most, n);
        },
        [] { return true; });
}

result<tls_stream::progress> tls_stream::shut_down() {
    ERR_clear_error();
    int answer = SSL_shutdown(native());
    if (answer == 0) answer = SSL_shutdown(native()); // ours is out, theirs is awaited
    if (answer == 1) return progress{};
    return outcome_of(answer);
}

bool tls_stream::shaken() const { return SSL_is_init_finished(native()); }

bool tls_stream::has_spoken() {
    std::uint8_t byte;
    std::size_t n = 0;
    waited();
    ERR_clear_error();
    const int answer = SSL_peek_ex(native(), &byte, 1, &n);
    if (answer == 1) return true;
    auto why = outcome_of(answer); // a session ticket was read and is nothing
    return !why || why->next == want::nothing;
}

} // namespace vanthu::net

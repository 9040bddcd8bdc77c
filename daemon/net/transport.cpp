#include "daemon/net/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <cstring>
#include <sys/socket.h>

namespace vanthu::net {
namespace {
using boost::system::error_code;
constexpr auto answer = asio::as_tuple(asio::use_awaitable);
} // namespace

struct transport::state : std::enable_shared_from_this<state> {
    transport::socket socket;
    std::optional<tls_stream> tls;
    asio::steady_timer timer;
    steady_time deadline = steady_time::max(); // of the operation in progress; max: none
    steady_time wakes_at = steady_time::max(); // when the timer looks next; max: it does not wait
    bool expired = false;

    explicit state(transport::socket s) : socket(std::move(s)), timer(socket.get_executor()) {}

    // The number of a closed socket may be another's by now.
    bool encrypted() const { return tls && socket.is_open(); }

    // The timer is left to run over many operations and looks at the deadline of the day when it wakes.
    void begin(steady_time until) {
        deadline = until;
        expired = false;
        if (until < wakes_at) wake_at(until);
    }
    void end() { deadline = steady_time::max(); }

    void wake_at(steady_time t) {
        wakes_at = t;
        timer.expires_at(t);
        timer.async_wait([self = shared_from_this()](error_code ec) {
            if (!ec) self->look();
        });
    }
    void look() {
        wakes_at = steady_time::max();
        if (deadline == steady_time::max() || !socket.is_open()) return;
        if (std::chrono::steady_clock::now() < deadline) return wake_at(deadline);
        expired = true;
        error_code ignored;
        socket.cancel(ignored);
    }

    fail failure_of(const error_code& ec) const {
        if (ec == asio::error::operation_aborted)
            return expired ? failed(errc::timed_out, "no progress before the deadline")
                           : failed(tasks::errc::cancelled);
        return failed(errc::connection_closed, ec.message());
    }

    task<> ready(tls_stream::want what, steady_time until) {
        begin(until);
        auto [ec] = co_await socket.async_wait(
            what == tls_stream::want::read ? socket::wait_read : socket::wait_write, answer);
        end();
        tls->waited();
        if (ec) co_return failure_of(ec);
        co_return result<>();
    }
};

transport::transport(socket connected) : state_(std::make_shared<state>(std::move(connected))) {}

transport::~transport() {
    if (!state_) return;
    error_code ignored;
    state_->socket.close(ignored);
    state_->timer.cancel();
}

task<> transport::handshake(ssl_ptr session, role as, steady_time deadline) {
    auto& s = *state_;
    error_code ignored;
    s.socket.native_non_blocking(true, ignored);
    s.tls.emplace(s.socket.native_handle(), std::move(session));
    while (s.encrypted()) {
        VANTHU_CO_TRY(const tls_stream::progress p, s.tls->handshake(as));
        if (p.next == tls_stream::want::nothing) co_return result<>();
        VANTHU_CO_CHECK(co_await s.ready(p.next, deadline));
    }
    co_return failed(errc::connection_closed, "closed within the handshake");
}

task<std::size_t> transport::read_some(std::span<std::uint8_t> out, steady_time deadline) {
    auto& s = *state_;
    while (s.encrypted()) {
        VANTHU_CO_TRY(const tls_stream::progress p, s.tls->read(out));
        if (p.next == tls_stream::want::nothing) co_return p.moved;
        VANTHU_CO_CHECK(co_await s.ready(p.next, deadline));
    }
    s.begin(deadline);
    auto [ec, n] = co_await s.socket.async_read_some(asio::buffer(out.data(), out.size()), answer);
    s.end();
    if (ec == asio::error::eof) co_return 0;
    if (ec) co_return s.failure_of(ec);
    co_return n;
}

task<std::size_t> transport::write_some(bytes_view data, steady_time deadline) {
    auto& s = *state_;
    while (s.encrypted()) {
        VANTHU_CO_TRY(const tls_stream::progress p, s.tls->write(data));
        if (p.next == tls_stream::want::nothing) co_return p.moved;
        VANTHU_CO_CHECK(co_await s.ready(p.next, deadline));
    }
    s.begin(deadline);
    auto [ec, n] = co_await s.socket.async_write_some(asio::buffer(data.data(), data.size()), answer);
    s.end();
    if (ec) co_return s.failure_of(ec);
    co_return n;
}

task<> transport::write(bytes_view data, steady_time deadline) {
    while (!data.empty()) {
        VANTHU_CO_TRY(const std::size_t n, co_await write_some(data, deadline));
        data = data.subspan(n);
    }
    co_return result<>();
}

task<> transport::finish_sending(steady_time deadline) {
    auto& s = *state_;
    // Ends with the other side's close_notify, with anything else it sends, or at the deadline.
    while (s.encrypted() && s.tls->shaken()) {
        auto p = s.tls->shut_down();
        if (!p || p->next == tls_stream::want::nothing || !co_await s.ready(p->next, deadline)) break;
    }
    error_code ignored;
    s.socket.shutdown(asio::socket_base::shutdown_send, ignored);
    co_return result<>();
}

task<> transport::linger(steady_time deadline) {
    auto& s = *state_;
    std::uint8_t scratch[16 * 1024];
    for (;;) {
        s.begin(deadline);
        auto [ec, n] = co_await s.socket.async_read_some(asio::buffer(scratch), answer);
        s.end();
        if (ec) co_return result<>();
    }
}

void transport::reset() {
    error_code ignored;
    state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
    state_->socket.close(ignored);
}

void transport::expire() {
    if (state_->deadline == steady_time::max()) return;
    state_->deadline = std::chrono::steady_clock::now();
    state_->look();
}

bool transport::stale() const {
    if (state_->encrypted()) return state_->tls->has_spoken();
    std::uint8_t byte;
    const ssize_t n = ::recv(state_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

ssl_st* transport::session() const { return state_->tls ? state_->tls->native() : nullptr; }

void transport::describe(peer_identity& peer) const {
    error_code ec;
    const auto endpoint = state_->socket.remote_endpoint(ec);
    if (ec) return;
    if (endpoint.protocol().family() == AF_UNIX) {
        peer.remote_address = "unix";
        ucred who{};
        socklen_t length = sizeof who;
        if (::getsockopt(state_->socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &who, &length) == 0)
            peer.unix_uid = who.uid;
    } else {
        asio::ip::tcp::endpoint tcp;
        std::memcpy(tcp.data(), endpoint.data(), std::min(endpoint.size(), tcp.capacity()));
        auto address = tcp.address();
        if (address.is_v6() && address.to_v6().is_v4_mapped())
            address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
        peer.remote_address = (address.is_v6() ? "[" + address.to_string() + "]" : address.to_string()) + ":" +
                              std::to_string(tcp.port());
    }
    if (session()) describe_peer(session(), peer);
}

} // namespace vanthu::net

// One connected stream socket, TCP or Unix, plain or TLS, with a deadline on every operation. Inside this room only.
// Belongs to one executor; one operation at a time.
#pragma once

#include "daemon/net/tls_stream.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

namespace vanthu::net {

class transport {
public:
    using socket = asio::generic::stream_protocol::socket;

    explicit transport(socket connected);
    ~transport(); // closes
    transport(transport&&) noexcept = default;
    transport& operator=(transport&&) = delete;

    // From here on bytes are encrypted. tls_failed, timed_out, connection_closed.
    using role = tls_stream::role;
    task<> handshake(ssl_ptr session, role as, steady_time deadline);

    // 0: the orderly end of the stream. Failures of all: timed_out (the transport can still be used in the other
    // direction), connection_closed, tls_failed, tasks::errc::cancelled. What is there already moves, also after the
    // deadline, which ends a wait.
    task<std::size_t> read_some(std::span<std::uint8_t> out, steady_time deadline);
    task<std::size_t> write_some(bytes_view data, steady_time deadline);
    task<> write(bytes_view data, steady_time deadline); // all of it

    // Tells the other side that nothing more comes (close_notify, FIN). Failures do not matter any more.
    task<> finish_sending(steady_time deadline);
    // After finish_sending(): throws away what still arrives, undecrypted, until the other side closes or the deadline.
    // Closing with unread bytes would make the kernel reset the connection and lose the answer on its way.
    task<> linger(steady_time deadline);

    void reset();            // closes so that the other side sees an error, never an orderly end
    void expire();           // the operation in progress ends with timed_out
    bool stale() const;      // an idle connection the other side has closed (or spoken on, where it must not)
    ssl_st* session() const; // nullptr on a plain connection
    void describe(peer_identity& peer) const;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace vanthu::net

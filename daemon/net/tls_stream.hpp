// TLS over a connected, non-blocking socket. OpenSSL reads and writes the descriptor itself, several records a call, so
// that no byte is copied between it and Asio. Nothing here waits, nor goes on for ever with a socket that is always
// ready: after `turn` bytes, of whatever kind of record, the calls ask to wait. Inside this room only.
#pragma once

#include "daemon/net/tls.hpp"

namespace vanthu::net {

class tls_stream {
public:
    // `socket` stays the caller's and must outlive the stream's use.
    tls_stream(int socket, ssl_ptr session);
    tls_stream(const tls_stream&) = delete;

    static constexpr std::size_t turn = 256 * 1024;
    void waited() { channel_.moved = 0; } // others have had their turn

    enum class want { nothing, read, write };
    struct progress {
        std::size_t moved = 0;
        // What the socket must be ready for before the call is repeated (a write with the same bytes); nothing: the
        // call has done its work. Where bytes have moved there is nothing to wait for.
        want next = want::nothing;
    };

    // Failures of all: tls_failed; connection_closed, also where the stream ended without a close_notify.
    enum class role { server, client };
    result<progress> handshake(role as);
    // What has arrived and fits; there may be more. Nothing moved, nothing wanted: the orderly end.
    result<progress> read(std::span<std::uint8_t> out);
    // As much as the socket takes.
    result<progress> write(bytes_view data);
    // Says close_notify and awaits the other side's; data from there is a failure.
    result<progress> shut_down();

    bool shaken() const;   // the handshake has ended well
    bool has_spoken();     // closed by the other side, or sent what nobody asked for; asks the socket
    ssl_st* native() const { return session_.get(); }

    struct channel {
        int socket;
        std::size_t moved = 0; // since waited()
    };

private:
    result<progress> outcome_of(int answer);
    template <class Once, class More> result<progress> move(std::size_t all, Once once, More more);

    channel channel_;
    ssl_ptr session_;
    std::optional<failure> failed_; // met after bytes had moved: told at the next call
};

} // namespace vanthu::net

// One accepted connection: requests in, handler, responses out. Inside this room only. Lives on one executor.
#pragma once

#include "daemon/net/admission.hpp"
#include "daemon/net/input_buffer.hpp"
#include "daemon/net/message_parser.hpp"
#include "daemon/net/pace.hpp"
#include "daemon/net/server.hpp"
#include "daemon/net/transport.hpp"

#include <atomic>

namespace vanthu::net {

// What all connections of a server share.
struct serving {
    listener_options options;
    handler on_request;
    std::atomic<bool> stopping{false};

    void report(const failure& what, const peer_identity* peer) const {
        if (options.on_failure) options.on_failure(what, peer);
    }
};

class request_body;

class connection {
public:
    // Without a place: one connection too many, answered with 503.
    connection(serving& shared, transport t, ssl_context tls, std::shared_ptr<admission::place> place);
    asio::awaitable<void> serve();
    void close_if_idle();
    void give_way(); // to another connection: closed without a word

private:
    friend class request_body;
    enum class after { keep, close, gone }; // gone: nobody to say good-bye to
    struct reply {
        std::string_view method, path; // of the request, as far as known
        unsigned version = 11;
        bool keep = false;
        std::uint64_t request_bytes = 0;
        steady_time since = std::chrono::steady_clock::now();
    };

    asio::awaitable<after> exchange();
    task<> read_head(message_parser& parser);
    asio::awaitable<response> handle(request& r);
    asio::awaitable<after> refuse(const failure& why, reply to);
    asio::awaitable<after> send(response answer, reply to);
    task<std::uint64_t> send_produced(producer& from, bool chunked);
    task<> write(bytes_view data, pace& speed);
    task<bool> receive(pace& speed); // into input_; false: the orderly end of the stream

    serving& shared_;
    transport transport_;
    ssl_context tls_;
    std::shared_ptr<admission::place> place_;
    bool gave_way_ = false;
    bool idle_ = false;
    bool unread_ = false; // something of the last request may still be on its way
    peer_identity peer_;
    input_buffer input_;
};

} // namespace vanthu::net

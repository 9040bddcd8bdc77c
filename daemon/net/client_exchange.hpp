// One request and its response on one connection to a server. Inside this room only.
#pragma once

#include "daemon/net/client.hpp"
#include "daemon/net/input_buffer.hpp"
#include "daemon/net/message_parser.hpp"
#include "daemon/net/transport.hpp"

namespace vanthu::net {

struct client_link {
    transport stream;
    peer_identity peer;
    input_buffer input;
    bool used_before = false;
    steady_time idle_since{};
};

class client_exchange {
public:
    client_exchange(client_link& link, client_request& request, const client_options& options)
        : link_(link), request_(request), options_(options), limit_(options.header_limit) {}

    // `head` is the serialised header. The body goes to `to`, or into the response.
    task<client_response> run(const std::string& head, const client::sink& to);

    bool response_begun() const { return response_begun_; } // any byte of it
    bool body_begun() const { return body_begun_; }         // or the request was complete without one
    bool reusable() const { return reusable_; }

private:
    steady_time next_deadline() const { return std::min(request_.deadline, in(options_.stall_timeout)); }
    task<> write(bytes_view data);
    task<bool> receive(steady_time deadline);
    task<> read_head(steady_time deadline); // of any response, interim ones too
    task<> read_final_head(steady_time deadline);
    task<bool> wait_for_continue(); // false: a final response came instead
    task<> send_body(std::string_view head); // after the head; empty: that has gone
    task<> send_produced(producer& from, std::string_view head);
    task<> send_request(const std::string& head);
    task<client_response> read_response(const client::sink& to);
    void next_parser();

    client_link& link_;
    client_request& request_;
    const client_options& options_;
    std::uint32_t limit_;
    std::unique_ptr<message_parser> parser_;
    bool response_begun_ = false, body_begun_ = false, body_sent_ = false, reusable_ = false;
};

} // namespace vanthu::net

// HTTP/1.1 messages out of bytes: no I/O. Inside this room only; Beast's parser stands behind it.
// Adds what that parser leaves open: a limit for the whole header, exactly one Host, one clear framing.
#pragma once

#include "daemon/net/http.hpp"

namespace vanthu::net {

struct message_head {
    // Of a request.
    std::string method, target;
    // Of a response.
    int status = 0;
    unsigned version = 11; // 10 or 11
    headers fields;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = false; // what version and Connection say
};

class message_parser {
public:
    enum class kind { request, response };
    // `bodiless`: the response to HEAD.
    message_parser(kind k, std::uint32_t header_limit, bool bodiless = false);
    ~message_parser();

    struct progress {
        std::size_t consumed = 0; // of the input; the rest must be given again, with more behind it
        std::size_t produced = 0; // body bytes written to `out`
    };
    // Header only: stops right behind it. Failures: bad_request (bad_response for a response), header_too_large,
    // unsupported_transfer_encoding. The parser is of no use after one.
    result<progress> feed_head(bytes_view input);
    // Body: decodes into `out` until input or space is used up. Requires has_head() and not done().
    result<progress> feed_body(bytes_view input, std::span<std::uint8_t> out);
    // The stream ended: completes a body that ends with the connection, otherwise connection_closed.
    result<> feed_end();

    bool has_head() const;
    bool done() const; // the whole message was read
    const message_head& head() const;
    message_head& head();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vanthu::net

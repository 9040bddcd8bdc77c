#include "daemon/net/message_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

namespace vanthu::net {
namespace http = boost::beast::http;

namespace {
using boost::beast::string_view;
using beast_error = boost::beast::error_code;

constexpr std::size_t most_fields = 256;

struct body_window {
    std::span<std::uint8_t> out;
    std::size_t written = 0;

    std::size_t take(string_view data, beast_error& ec) {
        const std::size_t n = std::min(data.size(), out.size() - written);
        if (n > 0) std::memcpy(out.data() + written, data.data(), n);
        written += n;
        if (n < data.size()) ec = http::error::need_buffer;
        return n;
    }
};

template <bool is_request> struct beast_parser final : http::basic_parser<is_request> {
    message_head head;
    body_window body;
    bool head_seen = false;

    void on_request_impl(http::verb, string_view method, string_view target, int version, beast_error&) override {
        head.method = method;
        head.target = target;
        head.version = static_cast<unsigned>(version);
    }
    void on_response_impl(int status, string_view, int version, beast_error&) override {
        head.status = status;
        head.version = static_cast<unsigned>(version);
    }
    void on_field_impl(http::field, string_view name, string_view value, beast_error& ec) override {
        if (head_seen) return; // a trailer field: not merged into the header (RFC 9110 6.5.1)
        if (head.fields.size() == most_fields) {
            ec = http::error::header_limit;
        } else if (!headers::is_field_name({name.data(), name.size()}) ||
                   !headers::is_field_value({value.data(), value.size()})) {
            ec = http::error::bad_value;
        } else {
            head.fields.add({name.data(), name.size()}, {value.data(), value.size()});
        }
    }
    void on_header_impl(beast_error&) override { head_seen = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, beast_error&) override {}
    std::size_t on_body_impl(string_view data, beast_error& ec) override { return body.take(data, ec); }
    void on_chunk_header_impl(std::uint64_t, string_view, beast_error&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, string_view data, beast_error& ec) override {
        return body.take(data, ec);
    }
    void on_finish_impl(beast_error&) override {}
};
} // namespace

struct message_parser::state {
    virtual ~state() = default;
    virtual std::size_t put(bytes_view input, beast_error& ec) = 0;
    virtual void put_eof(beast_error& ec) = 0;
    virtual bool done() const = 0;
    virtual void finish_head() = 0;
    virtual void eager(bool on) = 0;
    virtual message_head& head() = 0;
    virtual body_window& body() = 0;
    virtual bool head_seen() const = 0;

    kind which;
    std::uint32_t header_limit;
    std::uint64_t header_bytes = 0;

    fail refused(const beast_error& ec) const {
        if (ec == http::error::header_limit) return failed(errc::header_too_large, ec.message());
        return failed(which == kind::request ? errc::bad_request : errc::bad_response, ec.message());
    }
    fail refused(const char* why) const {
        return failed(which == kind::request ? errc::bad_request : errc::bad_response, why);
    }
    result<> check_framing() const;
};

namespace {
template <bool is_request, class Base> struct state_of final : Base {
    beast_parser<is_request> parser;

    std::size_t put(bytes_view input, beast_error& ec) override { return parser.put({input.data(), input.size()}, ec); }
    void put_eof(beast_error& ec) override { parser.put_eof(ec); }
    bool done() const override { return parser.is_done(); }
    void eager(bool on) override { parser.eager(on); }
    message_head& head() override { return parser.head; }
    body_window& body() override { return parser.body; }
    bool head_seen() const override { return parser.is_header_done(); }
    void finish_head() override {
        if (parser.content_length()) parser.head.content_length = *parser.content_length();
        parser.head.chunked = parser.chunked();
        parser.head.keep_alive = parser.keep_alive();
    }
};
} // namespace

message_parser::message_parser(kind k, std::uint32_t header_limit, bool bodiless) {
    auto prepare = [&](auto s) {
        s->which = k;
        s->header_limit = header_limit;
        s->parser.header_limit(header_limit);
        s->parser.body_limit(boost::none); // the reader of the body counts, also what is chunked
        if (bodiless) s->parser.skip(true);
        state_ = std::move(s);
    };
    if (k == kind::request)
        prepare(std::make_unique<state_of<true, state>>());
    else
        prepare(std::make_unique<state_of<false, state>>());
}

message_parser::~message_parser() = default;

// Source: RFC 9112 6.1, 6.3 and 11.2 (request smuggling), 3.2 (Host).
result<> message_parser::state::check_framing() const {
    const message_head& h = const_cast<state*>(this)->head();
    const std::size_t codings = h.fields.count("Transfer-Encoding"), lengths = h.fields.count("Content-Length");
    if (codings > 0 && lengths > 0) return refused("both Transfer-Encoding and Content-Length");
    if (lengths > 1) return refused("more than one Content-Length");
    if (lengths == 1 && !std::all_of(h.fields.get("Content-Length").begin(), h.fields.get("Content-Length").end(),
                                     [](char c) { return c >= '0' && c <= '9'; }))
        return refused("a Content-Length that is no number");
    if (codings > 0) {
        if (h.version < 11) return refused("Transfer-Encoding in HTTP/1.0");
        if (codings > 1 || !equal_without_case(h.fields.get("Transfer-Encoding"), "chunked"))
            return failed(errc::unsupported_transfer_encoding, std::string(h.fields.get("Transfer-Encoding")));
    }
    if (which == kind::request && (h.fields.count("Host") > 1 || (h.version == 11 && h.fields.count("Host") == 0)))
        return refused("not exactly one Host");
    return {};
}

result<message_parser::progress> message_parser::feed_head(bytes_view input) {
    progress done;
    beast_error ec;
    state_->eager(false);
    while (!state_->head_seen() && done.consumed < input.size()) {
        const std::size_t n = state_->put(input.subspan(done.consumed), ec);
        done.consumed += n;
        state_->header_bytes += n;
        if (ec) break;
    }
    if (ec && ec != http::error::need_more) return state_->refused(ec);
    // Beast counts only what one call gives it, so a header that comes in pieces is counted here.
    const std::size_t waiting = state_->head_seen() ? 0 : input.size() - done.consumed;
    if (state_->header_bytes + waiting > state_->header_limit)
        return failed(errc::header_too_large, "more than " + std::to_string(state_->header_limit) + " bytes");
    if (state_->head_seen()) {
        VANTHU_CHECK(state_->check_framing());
        state_->finish_head();
        state_->eager(true);
    }
    return done;
}

result<message_parser::progress> message_parser::feed_body(bytes_view input, std::span<std::uint8_t> out) {
    beast_error ec;
    state_->body() = {out, 0};
    const std::size_t n = state_->put(input, ec);
    const std::size_t produced = state_->body().written;
    state_->body() = {};
    if (ec && ec != http::error::need_more && ec != http::error::need_buffer) return state_->refused(ec);
    return progress{n, produced};
}

result<> message_parser::feed_end() {
    beast_error ec;
    if (has_head()) state_->put_eof(ec);
    if (!has_head() || ec) return failed(errc::connection_closed, "the stream ended within a message");
    return {};
}

bool message_parser::has_head() const { return state_->head_seen(); }
bool message_parser::done() const { return state_->done(); }
const message_head& message_parser::head() const { return state_->head(); }
message_head& message_parser::head() { return state_->head(); }

} // namespace vanthu::net

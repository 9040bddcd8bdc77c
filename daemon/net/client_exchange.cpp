#include "daemon/net/client_exchange.hpp"

#include <cstring>
#include <fmt/format.h>

namespace vanthu::net {
namespace {
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::chrono::seconds late_answer{2}; // to read what the server said before it closed on us
} // namespace

void client_exchange::next_parser() {
    parser_ = std::make_unique<message_parser>(message_parser::kind::response, limit_, request_.method == "HEAD");
}

task<> client_exchange::write(bytes_view data) {
    while (!data.empty()) {
        VANTHU_CO_TRY(const std::size_t n, co_await link_.stream.write_some(data, next_deadline()));
        data = data.subspan(n);
    }
    co_return result<>();
}

task<bool> client_exchange::receive(steady_time deadline) {
    if (link_.input.full()) co_return failed(errc::bad_response, "framing that does not fit the buffer");
    VANTHU_CO_TRY(const std::size_t n, co_await link_.stream.read_some(link_.input.space(), deadline));
    link_.input.commit(n);
    response_begun_ = response_begun_ || n > 0;
    co_return n > 0;
}

task<> client_exchange::read_head(steady_time deadline) {
    for (;;) {
        if (!link_.input.empty()) {
            VANTHU_CO_TRY(const message_parser::progress p, parser_->feed_head(link_.input.pending()));
            link_.input.consume(p.consumed);
            if (parser_->has_head()) co_return result<>();
        }
        VANTHU_CO_TRY(const bool more, co_await receive(std::min(deadline, next_deadline())));
        if (!more) co_return failed(errc::connection_closed, "before the response was complete");
    }
}

task<> client_exchange::read_final_head(steady_time deadline) {
    for (int interim = 0; interim < 16; ++interim) {
        if (!parser_->has_head()) VANTHU_CO_CHECK(co_await read_head(deadline));
        if (parser_->head().status >= 200) co_return result<>();
        next_parser();
    }
    co_return failed(errc::bad_response, "interim responses without end");
}

task<bool> client_exchange::wait_for_continue() {
    auto head = co_await read_head(in(options_.continue_timeout));
    if (!head && head.error().code == errc::timed_out && std::chrono::steady_clock::now() < request_.deadline)
        co_return true;
    if (!head) co_return std::unexpected(std::move(head.error()));
    if (parser_->head().status >= 200) co_return false;
    next_parser();
    co_return true;
}

task<> client_exchange::send_produced(producer& from, std::string_view head) {
    const std::size_t prefix = head.size() + 16; // room for what goes before the bytes: head, the chunk's size
    const std::size_t length = prefix + piece_size + 2;
    const auto storage = std::make_unique_for_overwrite<std::uint8_t[]>(length);
    const std::span buffer(storage.get(), length);
    for (std::uint64_t sent = 0;;) {
        std::size_t room = piece_size;
        if (from.size) room = static_cast<std::size_t>(std::min<std::uint64_t>(room, *from.size - sent));
        if (room == 0) co_return co_await write(as_bytes(head));
        VANTHU_CO_TRY(const std::size_t n, co_await from.read_some(buffer.subspan(prefix, room)));
        if (n == 0 && from.size)
            co_return failed(errc::body_source_failed, fmt::format("{} of {} bytes", sent, *from.size));
        sent += n;
        bytes_view piece = buffer.subspan(prefix, n);
        if (!from.size) {
            const std::string size_line = fmt::format("{:x}\r\n", n);
            std::memcpy(buffer.data() + prefix - size_line.size(), size_line.data(), size_line.size());
            std::memcpy(buffer.data() + prefix + n, "\r\n", 2);
            piece = buffer.subspan(prefix - size_line.size(), size_line.size() + n + 2);
        }
        if (!head.empty()) { // both in one write
            const auto begin = static_cast<std::size_t>(piece.data() - buffer.data()) - head.size();
            std::memcpy(buffer.data() + begin, head.data(), head.size());
            piece = buffer.subspan(begin, head.size() + piece.size());
            head = {};
        }
        VANTHU_CO_CHECK(co_await write(piece));
        if (n == 0) co_return result<>();
    }
}

task<> client_exchange::send_body(std::string_view head) {
    if (auto* text = std::get_if<std::string>(&request_.body)) {
        VANTHU_CO_CHECK(co_await write(as_bytes(head)));
        body_begun_ = true;
        VANTHU_CO_CHECK(co_await write(as_bytes(*text)));
    } else {
        body_begun_ = true;
        VANTHU_CO_CHECK(co_await send_produced(std::get<producer>(request_.body), head));
    }
    body_sent_ = true;
    co_return result<>();
}

task<> client_exchange::send_request(const std::string& head) {
    const auto* text = std::get_if<std::string>(&request_.body);
    if (text && !request_.expect_continue && text->size() <= piece_size) { // one write
        body_begun_ = true;
        VANTHU_CO_CHECK(co_await write(as_bytes(head + *text)));
        body_sent_ = true;
        co_return result<>();
    }
    if (!request_.expect_continue) co_return co_await send_body(head);
    VANTHU_CO_CHECK(co_await write(as_bytes(head)));
    VANTHU_CO_TRY(const bool wanted, co_await wait_for_continue());
    if (!wanted) co_return result<>();
    co_return co_await send_body({});
}

task<client_response> client_exchange::run(const std::string& head, const client::sink& to) {
    next_parser();
    auto sent = co_await send_request(head);
    steady_time deadline = request_.deadline;
    if (!sent) {
        if (sent.error().code != errc::connection_closed) co_return std::unexpected(std::move(sent.error()));
        // The server may have answered (or raised a TLS alert) before it closed: that says more than "closed".
        deadline = std::min(deadline, in(late_answer));
    }
    auto read = co_await read_final_head(deadline);
    if (!read) {
        const bool says_more = sent || read.error().code == errc::tls_failed;
        co_return std::unexpected(says_more ? std::move(read.error()) : std::move(sent.error()));
    }
    co_return co_await read_response(to);
}

task<client_response> client_exchange::read_response(const client::sink& to) {
    client_response out;
    out.status = parser_->head().status;
    out.fields = std::move(parser_->head().fields);
    out.peer = link_.peer;
    const std::size_t room = parser_->done() ? 0 : piece_size;
    const auto storage = std::make_unique_for_overwrite<std::uint8_t[]>(room);
    const std::span piece(storage.get(), room);
    while (!parser_->done()) {
        if (!link_.input.empty()) {
            VANTHU_CO_TRY(const message_parser::progress p, parser_->feed_body(link_.input.pending(), piece));
            link_.input.consume(p.consumed);
            if (p.produced > 0 && to) {
                VANTHU_CO_CHECK(co_await to(out.status, piece.first(p.produced)));
            } else if (p.produced > 0) {
                if (out.body.size() + p.produced > request_.response_limit)
                    co_return failed(errc::response_too_large,
                                     fmt::format("more than {} bytes", request_.response_limit));
                out.body += as_text(piece.first(p.produced));
            }
            if (p.consumed > 0) continue;
        }
        VANTHU_CO_TRY(const bool more, co_await receive(next_deadline()));
        if (!more) VANTHU_CO_CHECK(parser_->feed_end());
    }
    reusable_ = body_sent_ && parser_->head().keep_alive && link_.input.empty();
    co_return out;
}

} // namespace vanthu::net

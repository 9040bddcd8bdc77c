#include "daemon/net/connection.hpp"

#include "daemon/net/error_object.hpp"

#include <boost/asio/as_tuple.hpp>
#include <ctime>
#include <fmt/format.h>

namespace vanthu::net {
namespace {
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::chrono::seconds good_bye{1};    // for close_notify
constexpr std::chrono::seconds linger_time{3}; // for the answer to arrive before a socket with unread input closes
using steady = std::chrono::steady_clock;

// IMF-fixdate of this second (RFC 9110 5.6.7).
std::string_view http_date() {
    thread_local std::time_t made_for = -1;
    thread_local char text[40];
    const std::time_t now = std::time(nullptr);
    if (now != made_for) {
        static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm t{};
        ::gmtime_r(&now, &t);
        *fmt::format_to_n(text, sizeof text - 1, "{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[t.tm_wday], t.tm_mday,
                          months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec)
             .out = 0;
        made_for = now;
    }
    return text;
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }
} // namespace

// The body of the request being handled.
class request_body final : public body_source {
public:
    request_body(connection& c, message_parser& parser, bool expects_continue)
        : connection_(c), parser_(parser), continue_due_(expects_continue),
          pace_(c.shared_.options.stall_timeout, c.shared_.options.progress_grace,
                c.shared_.options.min_bytes_per_second) {}

    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        if (failed_) co_return fail(*failed_);
        auto n = co_await next(out);
        if (!n) failed_ = n.error();
        co_return n;
    }
    std::uint64_t received() const { return received_; }

    asio::awaitable<bool> unless_closed(asio::awaitable<void> work) override {
        const auto executor = co_await asio::this_coro::executor;
        bool gone = false;
        auto working = [](transport& t, asio::awaitable<void> w) -> asio::awaitable<void> {
            co_await std::move(w);
            t.expire(); // ends the reading below
        };
        auto [order, thrown, ignored] =
            co_await asio::experimental::make_parallel_group(
                asio::co_spawn(executor, working(connection_.transport_, std::move(work)), asio::deferred),
                asio::co_spawn(executor, watch(gone), asio::deferred))
                .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        if (thrown && !gone) std::rethrow_exception(thrown);
        co_return !gone;
    }

    // Reads what the handler left, if that is little and certain to come. True: the connection stands behind the
    // message.
    asio::awaitable<bool> drain() {
        const auto length = parser_.head().content_length;
        if (parser_.done()) co_return true;
        if (failed_ || continue_due_ || !length || *length - received_ > connection_.shared_.options.drain_limit)
            co_return false;
        std::vector<std::uint8_t> scratch(piece_size);
        while (!parser_.done())
            if (!co_await read_some(scratch)) co_return false;
        co_return true;
    }

private:
    // Ends when the client has closed, or when the work is done. What it sends meanwhile is kept for the next request;
    // a client that fills the buffer with such is not watched any further.
    asio::awaitable<void> watch(bool& gone) {
        input_buffer& input = connection_.input_;
        while (parser_.done() && !input.full()) {
            auto n = co_await connection_.transport_.read_some(input.space(), in(std::chrono::hours(24)));
            if (!n && (n.error().code == errc::timed_out || n.error().code == tasks::errc::cancelled)) co_return;
            gone = !n || *n == 0;
            if (gone) co_return;
            input.commit(*n);
        }
        asio::steady_timer until_done(co_await asio::this_coro::executor, steady_time::max());
        co_await until_done.async_wait(asio::as_tuple(asio::use_awaitable));
    }

    task<std::size_t> next(std::span<std::uint8_t> out) {
        const std::uint64_t limit = connection_.shared_.options.body_limit;
        input_buffer& input = connection_.input_;
        if (parser_.head().content_length.value_or(0) > limit)
            co_return failed(errc::body_too_large, fmt::format("Content-Length {}", *parser_.head().content_length));
        if (continue_due_ && !parser_.done()) {
            continue_due_ = false;
            if (input.empty())
                VANTHU_CO_CHECK(co_await connection_.write(as_bytes("HTTP/1.1 100 Continue\r\n\r\n"), pace_));
        }
        while (!parser_.done()) {
            if (!input.empty()) {
                VANTHU_CO_TRY(const message_parser::progress p, parser_.feed_body(input.pending(), out));
                input.consume(p.consumed);
                raw_ += p.consumed;
                received_ += p.produced;
                if (received_ > limit) co_return failed(errc::body_too_large, fmt::format("more than {} bytes", limit));
                // A one-byte chunk costs six bytes; more framing than that is padding.
                if (raw_ > 8 * received_ + piece_size || (p.consumed == 0 && input.full()))
                    co_return failed(errc::bad_request, "chunk framing out of proportion");
                if (p.produced > 0) co_return p.produced;
                if (parser_.done()) break;
            }
            auto more = co_await connection_.receive(pace_);
            if (!more) co_return std::unexpected(std::move(more.error()));
            if (!*more) co_return failed(errc::connection_closed, "within the body");
        }
        co_return 0;
    }

    connection& connection_;
    message_parser& parser_;
    bool continue_due_;
    pace pace_;
    std::uint64_t received_ = 0, raw_ = 0;
    std::optional<failure> failed_;
};

connection::connection(serving& shared, transport t, ssl_context tls, std::shared_ptr<admission::place> place)
    : shared_(shared), transport_(std::move(t)), tls_(std::move(tls)), place_(std::move(place)),
      input_(shared.options.header_limit + piece_size) {}

void connection::close_if_idle() {
    if (idle_) transport_.expire();
}

void connection::give_way() {
    gave_way_ = true;
    transport_.reset();
    shared_.report({errc::busy, "gave way to another connection without having made a request"}, &peer_);
}

asio::awaitable<void> connection::serve() {
    transport_.describe(peer_);
    if (tls_) {
        auto shaken = co_await transport_.handshake(new_session(tls_), transport::role::server,
                                                    in(shared_.options.handshake_timeout));
        if (!shaken) {
            if (gave_way_) co_return;
            const std::string why = verification_error(transport_.session());
            failure what = std::move(shaken.error());
            if (!why.empty()) what.detail += " (" + why + ")";
            shared_.report(what, &peer_);
            co_return;
        }
        transport_.describe(peer_);
    }
    after next = after::keep;
    if (!place_) {
        unread_ = true; // whatever the request is
        response answer = error_response(errc::busy, {.retry_after = std::chrono::seconds(5)});
        next = co_await send(std::move(answer), {});
    }
    while (next == after::keep) next = co_await exchange();
    if (next == after::gone) co_return;
    co_await transport_.finish_sending(in(good_bye));
    if (unread_ || !input_.empty()) co_await transport_.linger(in(linger_time));
}

task<bool> connection::receive(pace& speed) {
    const auto allowed = speed.allowance();
    if (allowed <= pace::duration::zero()) co_return failed(errc::too_slow, "below the minimum rate");
    const steady_time started = steady::now();
    auto n = co_await transport_.read_some(input_.space(), started + allowed);
    if (!n && n.error().code == errc::timed_out) co_return failed(errc::too_slow, "no progress");
    if (!n) co_return std::unexpected(std::move(n.error()));
    input_.commit(*n);
    speed.moved(*n, steady::now() - started);
    co_return *n > 0;
}

task<> connection::write(bytes_view data, pace& speed) {
    while (!data.empty()) {
        const auto allowed = speed.allowance();
        if (allowed <= pace::duration::zero())
            co_return failed(errc::too_slow, "the peer reads below the minimum rate");
        const steady_time started = steady::now();
        auto n = co_await transport_.write_some(data, started + allowed);
        if (!n && n.error().code == errc::timed_out) co_return failed(errc::too_slow, "the peer does not read");
        if (!n) co_return std::unexpected(std::move(n.error()));
        speed.moved(*n, steady::now() - started);
        data = data.subspan(*n);
    }
    co_return result<>();
}

// connection_closed before the first byte: the peer (or we) had enough of an idle connection.
task<> connection::read_head(message_parser& parser) {
    const auto& options = shared_.options;
    bool begun = !input_.empty();
    steady_time deadline = in(begun ? options.header_timeout : options.idle_timeout);
    for (bool first = true;;) {
        // An empty line before the request-line is skipped (RFC 9112 2.2).
        if (first && input_.pending().size() >= 2) {
            if (as_text(input_.pending().first(2)) == "\r\n") input_.consume(2);
            first = false;
        }
        if (!first && !input_.empty()) {
            VANTHU_CO_TRY(const message_parser::progress p, parser.feed_head(input_.pending()));
            input_.consume(p.consumed);
            if (parser.has_head()) co_return result<>();
        }
        if (!begun && shared_.stopping) co_return failed(errc::connection_closed, "stopping");
        idle_ = !begun;
        auto n = co_await transport_.read_some(input_.space(), deadline);
        idle_ = false;
        if (n && *n > 0) {
            input_.commit(*n);
            if (!begun) deadline = in(options.header_timeout);
            begun = true;
        } else if (!begun || n) {
            co_return failed(errc::connection_closed, begun ? "within the header" : "idle");
        } else if (n.error().code == errc::timed_out) {
            co_return failed(errc::too_slow, "header");
        } else {
            co_return std::unexpected(std::move(n.error()));
        }
    }
}

asio::awaitable<connection::after> connection::exchange() {
    message_parser parser(message_parser::kind::request, shared_.options.header_limit);
    auto read = co_await read_head(parser);
    reply to;
    if (!read) {
        if (gave_way_) co_return after::gone;
        const std::error_code code = read.error().code;
        if (code == errc::connection_closed || code == errc::tls_failed || code == tasks::errc::cancelled)
            co_return after::gone;
        co_return co_await refuse(read.error(), to);
    }
    if (place_) place_->speaks();
    message_head& head = parser.head();
    to.since = steady::now();
    to.method = head.method;
    to.version = head.version;
    auto target = target_parts::parse(head.target);
    if (!target) co_return co_await refuse(target.error(), to);
    to.path = target->path;
    const std::string_view expect = head.fields.get("Expect");
    const bool expects_continue = head.version == 11 && equal_without_case(expect, "100-continue");
    if (!expect.empty() && head.version == 11 && !expects_continue)
        co_return co_await refuse({errc::expectation_failed, std::string(expect)}, to);

    request_body body(*this, parser, expects_continue);
    std::string raw_target = head.target;
    request r{std::string(head.method), target->path, std::move(target->query), std::move(raw_target),
              std::move(head.fields),   peer_,        head.content_length,      body};
    response answer = co_await handle(r);
    const bool keep = head.keep_alive && head.version == 11 && !shared_.stopping;
    if (keep) to.keep = co_await body.drain();
    unread_ = !parser.done();
    to.request_bytes = body.received();
    co_return co_await send(std::move(answer), to);
}

asio::awaitable<response> connection::handle(request& r) {
    std::exception_ptr thrown;
    failure what{errc::handler_failed, fmt::format("{} {}", r.method, r.path)};
    try {
        response answer = co_await shared_.on_request(r);
        if (answer.status >= 200 && answer.status <= 599) co_return answer;
        what.detail += fmt::format(": status {}", answer.status);
    } catch (const std::exception& e) {
        thrown = std::current_exception();
        what.detail += fmt::format(": {}", e.what());
    } catch (...) {
        thrown = std::current_exception();
    }
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (thrown && cancellation.cancelled() != asio::cancellation_type::none) std::rethrow_exception(thrown);
    shared_.report(what, &peer_);
    co_return error_response(errc::handler_failed);
}

asio::awaitable<connection::after> connection::refuse(const failure& why, reply to) {
    shared_.report(why, &peer_);
    to.keep = false;
    unread_ = true;
    co_return co_await send(error_response(why.code), to);
}

asio::awaitable<connection::after> connection::send(response answer, reply to) {
    std::string* text = std::get_if<std::string>(&answer.body);
    producer* from = std::get_if<producer>(&answer.body);
    const std::optional<std::uint64_t> size = text ? std::optional<std::uint64_t>(text->size()) : from->size;
    const bool with_body = may_have_body(answer.status) && to.method != "HEAD";
    const bool chunked = !size && to.version == 11;
    if (with_body && !size && !chunked) to.keep = false; // HTTP/1.0: the end of the connection ends the body

    std::string out =
        fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", answer.status, reason_phrase(answer.status), http_date());
    for (const headers::field& f : answer.fields) {
        bool ours = false;
        for (std::string_view name : {"Content-Length", "Transfer-Encoding", "Connection", "Date"})
            ours = ours || equal_without_case(f.name, name);
        if (!ours) out += fmt::format("{}: {}\r\n", f.name, f.value);
    }
    if (may_have_body(answer.status)) {
        if (size)
            out += fmt::format("Content-Length: {}\r\n", *size);
        else if (chunked)
            out += "Transfer-Encoding: chunked\r\n";
    }
    out += to.keep ? "\r\n" : "Connection: close\r\n\r\n";

    pace speed(shared_.options.stall_timeout, shared_.options.progress_grace, shared_.options.min_bytes_per_second);
    std::uint64_t sent = 0;
    if (with_body && text && text->size() <= piece_size) out += *text;
    result<> written = co_await write(as_bytes(out), speed);
    if (written && with_body && text) {
        if (text->size() > piece_size) written = co_await write(as_bytes(*text), speed);
        sent = text->size();
    } else if (written && with_body) {
        auto produced = co_await send_produced(*from, chunked);
        if (produced)
            sent = *produced;
        else
            written = std::unexpected(std::move(produced.error()));
    }
    if (shared_.options.on_access)
        shared_.options.on_access({to.method, to.path, answer.status, to.request_bytes, sent,
                                   std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - to.since),
                                   peer_});
    if (!written) {
        shared_.report(written.error(), &peer_);
        transport_.reset();
        co_return after::gone;
    }
    co_return to.keep ? after::keep : after::close;
}

task<std::uint64_t> connection::send_produced(producer& from, bool chunked) {
    constexpr std::size_t prefix = 16; // room for the chunk's size before its bytes
    pace speed(shared_.options.stall_timeout, shared_.options.progress_grace, shared_.options.min_bytes_per_second);
    std::vector<std::uint8_t> buffer(prefix + piece_size + 2);
    std::uint64_t sent = 0;
    for (;;) {
        std::size_t room = piece_size;
        if (from.size) room = static_cast<std::size_t>(std::min<std::uint64_t>(room, *from.size - sent));
        if (room == 0) co_return sent;
        auto n = co_await from.read_some(std::span(buffer).subspan(prefix, room));
        if (!n) co_return std::unexpected(std::move(n.error()));
        if (*n == 0 && from.size)
            co_return failed(errc::body_source_failed, fmt::format("{} of {} bytes", sent, *from.size));
        sent += *n;
        bytes_view piece = std::span(buffer).subspan(prefix, *n);
        if (chunked) {
            const std::string size_line = *n > 0 ? fmt::format("{:x}\r\n", *n) : std::string("0\r\n");
            std::memcpy(buffer.data() + prefix - size_line.size(), size_line.data(), size_line.size());
            std::memcpy(buffer.data() + prefix + *n, "\r\n", 2);
            piece = std::span(buffer).subspan(prefix - size_line.size(), size_line.size() + *n + 2);
        }
        VANTHU_CO_CHECK(co_await write(piece, speed));
        if (*n == 0) co_return sent;
    }
}

} // namespace vanthu::net

#include "daemon/net/client.hpp"

#include "daemon/net/addresses.hpp"
#include "daemon/net/client_exchange.hpp"
#include "daemon/net/dial.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <fmt/format.h>

namespace vanthu::net {
namespace {
constexpr std::size_t piece_size = 64 * 1024;

bool idempotent_method(std::string_view method) {
    for (std::string_view m : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
        if (method == m) return true;
    return false;
}
} // namespace

struct client::state : std::enable_shared_from_this<client::state> {
    asio::any_io_executor executor;
    client_options options;
    server_url url;
    std::optional<server_url> proxy;
    ssl_context tls;
    std::vector<std::unique_ptr<client_link>> idle; // the one used last at the end
    std::size_t open = 0;                           // idle ones and those in use
    std::list<asio::steady_timer*> waiting;

    // A place among max_connections. Ends with the connection it belongs to, or goes back to `idle` with it.
    struct place {
        std::shared_ptr<state> of;
        explicit place(std::shared_ptr<state> s) : of(std::move(s)) { ++of->open; }
        place(place&&) = default;
        place& operator=(place&&) = default;
        ~place() {
            if (!of) return;
            --of->open;
            of->wake_one();
        }
        void keep() {
            of->wake_one();
            of.reset();
        }
    };
    struct leased {
        place at;
        std::unique_ptr<client_link> link;
    };

    void wake_one() {
        if (!waiting.empty()) waiting.front()->cancel();
    }
    std::unique_ptr<client_link> take_idle();
    task<> wait_for_place(steady_time deadline);
    task<leased> lease(steady_time deadline, bool fresh);
    task<std::unique_ptr<client_link>> connect(steady_time deadline);
    result<> check_peer(const client_link& link) const;
    result<> check_unresolved() const;
    result<std::string> head_of(const client_request& request) const;
    static task<client_response> run(std::shared_ptr<state> self, client_request request, sink to);
};

std::unique_ptr<client_link> client::state::take_idle() {
    while (!idle.empty()) {
        std::unique_ptr<client_link> link = std::move(idle.back());
        idle.pop_back();
        --open; // its taker holds a place of its own
        if (std::chrono::steady_clock::now() - link->idle_since >= options.idle_timeout || link->stream.stale())
            continue;
        // Who was let in a while ago may not be any more; a new connection says why.
        if (options.check_peer && !options.check_peer(link->peer)) continue;
        return link;
    }
    return nullptr;
}

task<> client::state::wait_for_place(steady_time deadline) {
    struct waiter {
        state& of;
        asio::steady_timer timer;
        std::list<asio::steady_timer*>::iterator mine;
        waiter(state& s, steady_time until)
            : of(s), timer(s.executor, until), mine(s.waiting.insert(s.waiting.end(), &timer)) {}
        ~waiter() { // whoever gives up passes the call on
            of.waiting.erase(mine);
            if (of.open < of.options.max_connections || !of.idle.empty()) of.wake_one();
        }
    };
    while (open >= options.max_connections && idle.empty()) {
        waiter here(*this, deadline);
        auto [ec] = co_await here.timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!ec) co_return failed(errc::timed_out, "every connection is in use");
    }
    co_return result<>();
}

task<client::state::leased> client::state::lease(steady_time deadline, bool fresh) {
    VANTHU_CO_CHECK(co_await wait_for_place(deadline));
    if (!fresh) {
        if (auto link = take_idle()) co_return leased{place(shared_from_this()), std::move(link)};
    } else if (open >= options.max_connections) {
        idle.erase(idle.begin());
        --open;
    }
    place at(shared_from_this());
    VANTHU_CO_TRY(auto link, co_await connect(std::min(deadline, in(options.connect_timeout))));
    co_return leased{std::move(at), std::move(link)};
}

task<std::unique_ptr<client_link>> client::state::connect(steady_time deadline) {
    if (proxy) VANTHU_CO_CHECK(check_unresolved());
    VANTHU_CO_TRY(transport::socket socket,
                  co_await dial(proxy ? *proxy : url, deadline, proxy ? nullptr : options.accept_address));
    auto link = std::make_unique<client_link>(
        client_link{transport(std::move(socket)), {}, input_buffer(options.header_limit + piece_size)});
    if (tls) {
        const std::string& name = options.server_name.empty() ? url.host : options.server_name;
        auto shaken = co_await link->stream.handshake(new_session(tls, name), transport::role::client, deadline);
        if (!shaken) {
            const std::string why = verification_error(link->stream.session());
            if (!why.empty()) co_return failed(errc::peer_not_trusted, name + ": " + why);
            co_return failed(shaken.error().code, name + ": TLS: " + shaken.error().detail);
        }
    }
    link->stream.describe(link->peer);
    VANTHU_CO_CHECK(check_peer(*link));
    co_return link;
}

// What can be known of a host that the proxy will look up.
result<> client::state::check_unresolved() const {
    if (!options.accept_address) return {};
    boost::system::error_code none;
    asio::ip::address address = asio::ip::make_address(url.host, none);
    if (is_local_name(url.host)) {
        address = asio::ip::address_v4::loopback();
    } else if (none) {
        if (names_an_address(url.host)) return failed(errc::address_refused, url.host);
        return {};
    }
    if (!options.accept_address(url.host, address)) return failed(errc::address_refused, url.host);
    return {};
}

result<> client::state::check_peer(const client_link& link) const {
    const peer_identity& peer = link.peer;
    const auto& pins = options.spki_pins;
    if (!pins.empty() && (!peer.spki_sha256 || std::find(pins.begin(), pins.end(), *peer.spki_sha256) == pins.end()))
        return failed(errc::peer_not_trusted,
                      "no pin matches " + (peer.spki_sha256 ? peer.spki_sha256->hex() : "a plain connection"));
    const auto& uris = peer.san_uris;
    if (!options.required_san_uri.empty() &&
        std::find(uris.begin(), uris.end(), options.required_san_uri) == uris.end())
        return failed(errc::peer_not_trusted, "the certificate does not name " + options.required_san_uri);
    if (options.check_peer) return options.check_peer(peer);
    return {};
}

result<std::string> client::state::head_of(const client_request& request) const {
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    if (!headers::is_field_name(request.method)) return failed(errc::bad_request, "method");
    if (!request.target.starts_with('/') || !std::all_of(request.target.begin(), request.target.end(), visible))
        return failed(errc::bad_target, request.target);
    const std::string host = url.host_field(options.server_name);
    std::string out = fmt::format("{} {}{}{} HTTP/1.1\r\nHost: {}\r\n", request.method, proxy ? "http://" + host : "",
                                  url.prefix, request.target, host);
    for (const headers::field& f : request.fields) {
        bool ours = false;
        for (std::string_view name : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"})
            ours = ours || equal_without_case(f.name, name);
        if (!ours) out += fmt::format("{}: {}\r\n", f.name, f.value);
    }
    if (const auto* text = std::get_if<std::string>(&request.body)) {
        // A request that could have a body says when it has none (RFC 9110 8.6).
        if (!text->empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH")
            out += fmt::format("Content-Length: {}\r\n", text->size());
    } else if (const auto& from = std::get<producer>(request.body); from.size) {
        out += fmt::format("Content-Length: {}\r\n", *from.size);
    } else {
        out += "Transfer-Encoding: chunked\r\n";
    }
    out += request.expect_continue ? "Expect: 100-continue\r\n\r\n" : "\r\n";
    return out;
}

task<client_response> client::state::run(std::shared_ptr<state> self, client_request request, sink to) {
    VANTHU_CO_TRY(const std::string head, self->head_of(request));
    const bool repeatable = request.idempotent.value_or(idempotent_method(request.method)) &&
                            std::holds_alternative<std::string>(request.body); // a producer cannot start anew
    for (bool fresh = false;; fresh = true) {
        VANTHU_CO_TRY(leased held, co_await self->lease(request.deadline, fresh));
        client_exchange exchange(*held.link, request, self->options);
        auto answer = co_await exchange.run(head, to);
        if (answer) {
            if (exchange.reusable()) {
                held.link->used_before = true;
                held.link->idle_since = std::chrono::steady_clock::now();
                self->idle.push_back(std::move(held.link));
                held.at.keep();
            }
            co_return answer;
        }
        const bool was_dead =
            held.link->used_before && !exchange.response_begun() && answer.error().code == errc::connection_closed;
        if (fresh || !was_dead || (exchange.body_begun() && !repeatable)) co_return answer;
    }
}

client::client(std::shared_ptr<state> s) : state_(std::move(s)) {}
client::~client() { close_idle(); }

result<std::unique_ptr<client>> client::open(asio::any_io_executor executor, client_options options) {
    auto s = std::make_shared<state>();
    VANTHU_TRY(s->url, server_url::parse(options.url));
    if (s->url.tls) {
        VANTHU_TRY(s->tls, client_context(options));
    } else if (!options.spki_pins.empty() || !options.required_san_uri.empty() || options.check_peer) {
        return failed(errc::bad_url, options.url + ": pins and names need https");
    }
    if (!options.http_proxy.empty()) {
        VANTHU_TRY(s->proxy, server_url::parse(options.http_proxy));
        if (s->url.tls || s->proxy->tls || !s->url.unix_path.empty())
            return failed(errc::bad_url, options.url + " through " + options.http_proxy + ": only plain http can");
    }
    s->executor = std::move(executor);
    s->options = std::move(options);
    return std::unique_ptr<client>(new client(std::move(s)));
}

task<client_response> client::send(client_request request) { return state::run(state_, std::move(request), nullptr); }

task<client_response> client::send_streaming(client_request request, sink to) {
    return state::run(state_, std::move(request), std::move(to));
}

void client::close_idle() {
    state_->open -= state_->idle.size();
    state_->idle.clear();
    state_->wake_one();
}

} // namespace vanthu::net

#include "daemon/net/dial.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace vanthu::net {
namespace {
using tcp = asio::ip::tcp;
using endpoint = asio::generic::stream_protocol::endpoint;
constexpr auto answer = asio::as_tuple(asio::use_awaitable);

fail connect_failure(const boost::system::error_code& ec, const std::string& where) {
    errc code = errc::unreachable;
    if (ec == asio::error::connection_refused) code = errc::connect_refused;
    if (ec == asio::error::timed_out) code = errc::timed_out;
    if (ec == asio::error::operation_aborted) return failed(tasks::errc::cancelled, where);
    return failed(code, where + ": " + ec.message());
}

struct lookup {
    tcp::resolver resolver;
    asio::steady_timer done;
    boost::system::error_code ec;
    std::vector<tcp::endpoint> found;
    bool finished = false;
    explicit lookup(const asio::any_io_executor& e) : resolver(e), done(e) {}
};

// The system's look-up cannot be interrupted: past the deadline it is left to end by itself, holding only its own
// state.
task<std::vector<tcp::endpoint>> resolve(const server_url& to, steady_time deadline) {
    auto state = std::make_shared<lookup>(co_await asio::this_coro::executor);
    boost::system::error_code not_literal;
    const auto literal = asio::ip::make_address(to.host, not_literal);
    if (!not_literal) co_return std::vector{tcp::endpoint(literal, static_cast<std::uint16_t>(std::stoul(to.port)))};
    state->done.expires_at(deadline);
    state->resolver.async_resolve(to.host, to.port,
                                  [state](boost::system::error_code ec, tcp::resolver::results_type results) {
                                      state->ec = ec;
                                      for (const auto& r : results) state->found.emplace_back(r.endpoint());
                                      state->finished = true;
                                      state->done.cancel();
                                  });
    co_await state->done.async_wait(answer);
    if (!state->finished && std::chrono::steady_clock::now() < deadline)
        co_return failed(tasks::errc::cancelled, to.host);
    if (!state->finished) co_return failed(errc::timed_out, to.host + ": name look-up");
    if (state->ec || state->found.empty())
        co_return failed(errc::name_not_resolved, to.host + ": " + state->ec.message());
    co_return std::move(state->found);
}

task<std::unique_ptr<transport::socket>> connect_any(std::vector<endpoint> addresses, std::string where) {
    boost::system::error_code last = asio::error::host_unreachable;
    for (const endpoint& address : addresses) {
        auto socket = std::make_unique<transport::socket>(co_await asio::this_coro::executor);
        boost::system::error_code ec;
        socket->open(address.protocol(), ec);
        if (!ec) std::tie(ec) = co_await socket->async_connect(address, answer);
        if (!ec) {
            const int on = 1;
            if (address.protocol().family() != AF_UNIX)
                ::setsockopt(socket->native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            co_return socket;
        }
        last = ec;
        if (ec == asio::error::operation_aborted) break;
    }
    co_return connect_failure(last, where);
}
} // namespace

result<server_url> server_url::parse(const std::string& url) {
    const fail wrong = failed(errc::bad_url, url);
    server_url out;
    if (url.starts_with("unix:")) {
        out.unix_path = url.substr(5);
        if (url.size() == 5 || url.size() - 5 > 107) return wrong;
        return out;
    }
    const std::size_t scheme_end = url.find("://");
    if (scheme_end == std::string::npos) return wrong;
    const std::string scheme = url.substr(0, scheme_end);
    if (scheme != "http" && scheme != "https") return wrong;
    out.tls = scheme == "https";
    std::string rest = url.substr(scheme_end + 3);
    const std::size_t slash = rest.find('/');
    if (slash != std::string::npos) {
        out.prefix = rest.substr(slash);
        rest.resize(slash);
        while (out.prefix.ends_with('/')) out.prefix.pop_back();
    }
    const std::size_t bracket = rest.rfind(']');
    const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
    out.port = colon == std::string::npos ? (out.tls ? "443" : "80") : rest.substr(colon + 1);
    out.host = rest.substr(0, colon);
    if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
    const bool digits =
        !out.port.empty() && out.port.size() <= 5 && out.port.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoul(out.port) > 65535 || std::stoul(out.port) == 0) return wrong;
    for (char c : out.host + out.prefix)
        if (c <= 0x20 || c >= 0x7f || c == '?' || c == '#' || c == '@') return wrong;
    if (out.host.empty()) return wrong;
    return out;
}

std::string server_url::host_field(const std::string& name) const {
    if (!unix_path.empty()) return name.empty() ? "localhost" : name;
    const std::string& h = name.empty() ? host : name;
    const std::string shown = h.find(':') != std::string::npos ? "[" + h + "]" : h;
    return port == (tls ? "443" : "80") ? shown : shown + ":" + port;
}

task<transport::socket> dial(const server_url& to, steady_time deadline, const address_filter& accept) {
    std::vector<endpoint> addresses;
    const std::string where = to.unix_path.empty() ? fmt::format("{}:{}", to.host, to.port) : to.unix_path.string();
    if (to.unix_path.empty()) {
        VANTHU_CO_TRY(auto found, co_await resolve(to, deadline));
        for (const tcp::endpoint& one : found)
            if (!accept || accept(to.host, one.address())) addresses.emplace_back(one);
        if (addresses.empty())
            co_return failed(errc::address_refused, where + ": " + found.front().address().to_string());
    } else {
        addresses.emplace_back(asio::local::stream_protocol::endpoint(to.unix_path.string()));
    }
    auto socket = co_await before(deadline, connect_any(std::move(addresses), where));
    if (!socket && socket.error().code == tasks::errc::timed_out)
        co_return failed(errc::timed_out, where + ": connect");
    if (!socket) co_return std::unexpected(std::move(socket.error()));
    co_return std::move(**socket);
}

} // namespace vanthu::net

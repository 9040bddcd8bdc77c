#include "daemon/net/server.hpp"

#include "daemon/net/admission.hpp"
#include "daemon/net/connection.hpp"
#include "daemon/net/listen.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace vanthu::net {
namespace {
using acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;
// This many connections without a place get a 503 at one time; the ones beyond them are closed at once.
constexpr std::size_t most_excess = 64;

// What counts as one remote address; empty: not bounded.
std::string counted_as(const transport::socket& socket, bool bound_loopback) {
    boost::system::error_code ec;
    const auto endpoint = socket.remote_endpoint(ec);
    if (ec) return {};
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(endpoint.data());
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(endpoint.data());
    std::string four;
    if (endpoint.protocol().family() == AF_INET)
        four.assign(reinterpret_cast<const char*>(&v4->sin_addr), 4);
    else if (endpoint.protocol().family() != AF_INET6)
        return {};
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        four.assign(reinterpret_cast<const char*>(&v6->sin6_addr) + 12, 4);
    const bool loopback = four.empty() ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) : four[0] == 127;
    if (loopback && !bound_loopback) return {};
    return four.empty() ? std::string(reinterpret_cast<const char*>(&v6->sin6_addr), 8) : four;
}
} // namespace

struct server::state : serving, std::enable_shared_from_this<server::state> {
    // What belongs to one executor. After start(): touched on that executor only.
    struct lane {
        asio::any_io_executor executor;
        std::optional<acceptor> door;
        std::list<connection*> open;
    };
    std::vector<std::unique_ptr<lane>> lanes;
    std::string address;
    std::uint16_t port = 0;
    std::filesystem::path unix_path;
    std::shared_ptr<admission> door;
    std::atomic<std::size_t> refused{0}; // connections that get their 503 now
    std::mutex tls_guard;
    ssl_context tls;
    task_group group;
    std::atomic<bool> ended{false};

    ssl_context current_tls() {
        std::lock_guard lock(tls_guard);
        return tls;
    }
    void start();
    asio::awaitable<void> accept_on(lane& at);
    void admit(transport::socket socket, lane& to);
    // Of one connection, on its executor: to reach it while it lives, and before it has begun.
    struct seat {
        connection* taken = nullptr;
        bool given_up = false;
    };
    asio::awaitable<void> run(std::shared_ptr<transport> link, lane& at, std::shared_ptr<admission::place> place,
                              std::shared_ptr<seat> here);
    void stop_accepting();
};

void server::state::start() {
    for (auto& l : lanes)
        if (l->door)
            group.spawn(l->executor, [self = shared_from_this(), at = l.get()] { return self->accept_on(*at); });
}

asio::awaitable<void> server::state::accept_on(lane& at) {
    // A Unix socket has one door; its connections are dealt out in turn. Behind a TCP door everything stays on its
    // executor.
    std::size_t turn = 0;
    while (!stopping) {
        lane& to = unix_path.empty() ? at : *lanes[turn++ % lanes.size()];
        auto [ec, socket] = co_await at.door->async_accept(to.executor, asio::as_tuple(asio::use_awaitable));
        if (ec == asio::error::operation_aborted || stopping) co_return;
        if (!ec) {
            admit(transport::socket(std::move(socket)), to);
            continue;
        }
        if (ec == asio::error::connection_aborted) continue;
        // Out of descriptors or memory: the queue keeps the callers while others finish.
        report({errc::listen_failed, address + ": accept: " + ec.message()}, nullptr);
        asio::steady_timer pause(at.executor, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void server::state::admit(transport::socket socket, lane& to) {
    auto here = std::make_shared<seat>();
    auto give_way = [here, executor = to.executor] {
        asio::post(executor, [here] {
            here->given_up = true;
            if (here->taken) here->taken->give_way();
        });
    };
    auto place = admission::enter(door, counted_as(socket, options.bound_loopback), std::move(give_way));
    std::shared_ptr<void> counted;
    if (!place) {
        const std::size_t before = refused.fetch_add(1);
        counted = std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) { --self->refused; });
        if (before >= most_excess) return;
    }
    if (unix_path.empty()) {
        const int on = 1;
        ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    auto link = std::make_shared<transport>(std::move(socket));
    group.spawn(to.executor, [self = shared_from_this(), link, counted, at = &to, place, here] {
        return self->run(link, *at, place, here);
    });
}

asio::awaitable<void> server::state::run(std::shared_ptr<transport> link, lane& at,
                                         std::shared_ptr<admission::place> place, std::shared_ptr<seat> here) {
    if (here->given_up) co_return;
    connection served(*this, std::move(*link), current_tls(), std::move(place));
    struct registration {
        std::list<connection*>& all;
        std::list<connection*>::iterator mine;
        seat& at;
        ~registration() {
            all.erase(mine);
            at.taken = nullptr;
        }
    } registered{at.open, at.open.insert(at.open.end(), &served), *here};
    here->taken = &served;
    std::exception_ptr thrown;
    try {
        co_await served.serve();
    } catch (...) {
        thrown = std::current_exception();
    }
    if (!thrown) co_return;
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
    try {
        std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
        report({errc::handler_failed, e.what()}, nullptr);
    }
}

void server::state::stop_accepting() {
    if (stopping.exchange(true)) return;
    for (auto& l : lanes)
        asio::post(l->executor, [self = shared_from_this(), at = l.get()] {
            boost::system::error_code ignored;
            if (at->door) at->door->close(ignored);
            for (connection* c : at->open) c->close_if_idle();
        });
    std::error_code ignored;
    if (!unix_path.empty()) std::filesystem::remove(unix_path, ignored);
}

server::server(std::shared_ptr<state> s) : state_(std::move(s)) {}

server::~server() { stop(std::chrono::milliseconds(0)); }

result<std::unique_ptr<server>> server::open(std::vector<asio::any_io_executor> executors, listener_options options,
                                             handler on_request) {
    auto s = std::make_shared<state>();
    if (options.tls) {
        VANTHU_TRY(s->tls, server_context(*options.tls));
    }
    VANTHU_TRY(listening bound, listen_on(options.address, executors.size(), options.backlog, options.unix_mode));
    s->options = std::move(options);
    const std::size_t all = s->options.max_connections, of_one = s->options.max_connections_per_address;
    s->door = admission::make(all, of_one ? of_one : std::max<std::size_t>(1, all / 4));
    s->on_request = std::move(on_request);
    s->address = bound.address;
    s->port = bound.port;
    s->unix_path = bound.unix_path;
    for (std::size_t i = 0; i < executors.size(); ++i) {
        auto& l = s->lanes.emplace_back(std::make_unique<state::lane>());
        l->executor = executors[i];
        if (i >= bound.sockets.size()) continue;
        l->door.emplace(executors[i]);
        boost::system::error_code ec;
        l->door->assign(asio::generic::stream_protocol(bound.family, bound.protocol), bound.sockets[i].get(), ec);
        if (ec) return failed(errc::listen_failed, bound.address + ": " + ec.message());
        bound.sockets[i].release();
    }
    s->start();
    return std::unique_ptr<server>(new server(std::move(s)));
}

std::string server::address() const { return state_->address; }
std::uint16_t server::port() const { return state_->port; }
std::size_t server::connections() const { return state_->door->present(); }

result<> server::reload_tls() {
    if (!state_->options.tls) return {};
    VANTHU_TRY(ssl_context fresh, server_context(*state_->options.tls));
    std::lock_guard lock(state_->tls_guard);
    state_->tls = std::move(fresh);
    return {};
}

void server::stop_accepting() { state_->stop_accepting(); }

bool server::stop(std::chrono::milliseconds grace) {
    state_->stop_accepting();
    if (state_->ended.exchange(true)) return true;
    const bool orderly = state_->group.join(grace);
    state_->group.cancel();
    while (!state_->group.join(std::chrono::seconds(1))) {
    }
    return orderly;
}

} // namespace vanthu::net

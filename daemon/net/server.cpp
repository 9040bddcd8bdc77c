#include "daemon/net/server.hpp"

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
// This many connections beyond the allowed number get a 503; the ones beyond them are closed at once.
constexpr std::size_t most_excess = 64;
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
    std::atomic<std::size_t> connections{0};
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
    asio::awaitable<void> run(std::shared_ptr<transport> link, lane& at, bool busy);
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
    const std::size_t before = connections.fetch_add(1);
    auto counted = std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) { --self->connections; });
    if (before >= options.max_connections + most_excess) return;
    if (unix_path.empty()) {
        const int on = 1;
        ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    auto link = std::make_shared<transport>(std::move(socket));
    group.spawn(to.executor, [self = shared_from_this(), link, counted, at = &to,
                              busy = before >= options.max_connections] { return self->run(link, *at, busy); });
}

asio::awaitable<void> server::state::run(std::shared_ptr<transport> link, lane& at, bool busy) {
    connection here(*this, std::move(*link), current_tls(), busy);
    struct registration {
        std::list<connection*>& all;
        std::list<connection*>::iterator mine;
        ~registration() { all.erase(mine); }
    } registered{at.open, at.open.insert(at.open.end(), &here)};
    std::exception_ptr thrown;
    try {
        co_await here.serve();
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
std::size_t server::connections() const { return state_->connections; }

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

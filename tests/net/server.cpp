#include "tests/net/certificates.hpp"
#include "tests/net/loopback.hpp"

#include <list>
#include <sys/stat.h>

using namespace vanthu;
using namespace vanthu::net;
using namespace std::chrono_literals;

namespace {
std::string exchange(std::uint16_t port, const std::string& text) {
    bare_socket s(port);
    s.send(text);
    return s.read_to_end();
}
bool starts(const std::string& text, const char* with) { return text.starts_with(with); }
const std::string last = "Host: a\r\nConnection: close\r\n\r\n";
} // namespace

BOOST_AUTO_TEST_CASE(a_connection_is_kept_and_requests_may_be_pipelined) {
    running r({});
    bare_socket s(r.at->port());
    s.send("\r\nPUT /a/../b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /c HTTP/1.1\r\n" + last);
    const std::string all = s.read_to_end();
    BOOST_TEST(all.find("PUT /b hi") != std::string::npos);
    BOOST_TEST(all.find("GET /c ") != std::string::npos);
    BOOST_TEST(all.find("Connection: close") > all.find("PUT /b hi"));
}

BOOST_AUTO_TEST_CASE(bad_framing_and_bad_lines_are_answered_with_a_coded_refusal_and_a_close) {
    running r({.header_limit = 2048});
    BOOST_TEST(starts(exchange(r.at->port(), "GET /\r\n\r\n"), "HTTP/1.1 400 "));
    const std::string both =
        exchange(r.at->port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST(starts(both, "HTTP/1.1 400 "));
    BOOST_TEST(both.find("net.bad_request") != std::string::npos);
    BOOST_TEST(both.find("Connection: close") != std::string::npos);
    BOOST_TEST(starts(exchange(r.at->port(), "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
                      "HTTP/1.1 501 "));
    BOOST_TEST(starts(exchange(r.at->port(), "GET / HTTP/1.1\r\nX: " + std::string(5000, 'x') + "\r\n" + last),
                      "HTTP/1.1 431 "));
    BOOST_TEST(starts(exchange(r.at->port(), "GET /%2f HTTP/1.1\r\n" + last), "HTTP/1.1 400 "));
    BOOST_TEST(starts(exchange(r.at->port(), "GET / HTTP/1.1\r\nExpect: tea\r\n" + last), "HTTP/1.1 417 "));
    BOOST_TEST(starts(exchange(r.at->port(), "GET / HTTP/1.1\r\n" + last), "HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(the_body_limit_holds_for_announced_and_for_chunked_bodies) {
    running r({.body_limit = 1000});
    const std::string thousand(1000, 'x');
    const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    auto chunked = [&](int chunks) {
        std::string out = head + "Transfer-Encoding: chunked\r\n\r\n";
        for (int i = 0; i < chunks; ++i) out += "64\r\n" + std::string(100, 'x') + "\r\n";
        return out + "0\r\n\r\n";
    };
    BOOST_TEST(starts(exchange(r.at->port(), head + "Content-Length: 1000\r\n\r\n" + thousand), "HTTP/1.1 200 "));
    BOOST_TEST(starts(exchange(r.at->port(), head + "Content-Length: 1001\r\n\r\n" + thousand + "x"), "HTTP/1.1 413 "));
    BOOST_TEST(starts(exchange(r.at->port(), chunked(10)), "HTTP/1.1 200 "));
    BOOST_TEST(starts(exchange(r.at->port(), chunked(11)), "HTTP/1.1 413 "));
    BOOST_TEST(starts(exchange(r.at->port(), chunked(100'000)), "HTTP/1.1 413 "));
}

BOOST_AUTO_TEST_CASE(a_slow_or_vanished_client_reaches_the_handler_as_a_coded_failure) {
    std::promise<std::error_code> slow, gone;
    running r({.header_timeout = 200ms, .stall_timeout = 200ms}, [&](request& q) -> asio::awaitable<response> {
        auto body = co_await read_all(q.body, 1 << 20);
        (q.path == "/slow" ? slow : gone).set_value(body ? std::error_code() : body.error().code);
        co_return body ? response::text(200, "") : error_response(body.error().code);
    });
    const std::string head = " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc";
    BOOST_TEST(starts(exchange(r.at->port(), "POST /slow" + head), "HTTP/1.1 408 "));
    BOOST_TEST((slow.get_future().get() == errc::too_slow));
    {
        bare_socket(r.at->port()).send("POST /gone" + head);
    }
    BOOST_TEST((gone.get_future().get() == errc::connection_closed));
    BOOST_TEST(starts(exchange(r.at->port(), "GET / HT"), "HTTP/1.1 408 ")); // a header that never ends
}

BOOST_AUTO_TEST_CASE(a_client_below_the_minimum_rate_is_cut_although_it_never_stalls) {
    running r({.stall_timeout = 10s, .min_bytes_per_second = 1'000'000, .progress_grace = 200ms});
    bare_socket s(r.at->port());
    s.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    std::atomic<bool> over{false};
    std::thread dripping([&] {
        while (!over) {
            s.send("x");
            std::this_thread::sleep_for(20ms);
        }
    });
    const std::string answer = s.read_until("\r\n\r\n");
    over = true;
    dripping.join();
    BOOST_TEST(starts(answer, "HTTP/1.1 408 "));
}

BOOST_AUTO_TEST_CASE(continue_is_sent_when_the_handler_reads_and_not_before) {
    running r({}, [](request& q) -> asio::awaitable<response> {
        if (q.path == "/no") co_return error_response(errc::busy);
        co_return co_await echo(q);
    });
    const std::string head = " HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
    bare_socket yes(r.at->port());
    yes.send("PUT /yes" + head);
    BOOST_TEST(yes.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    yes.send("hi");
    BOOST_TEST(yes.read_until("hi").find("PUT /yes hi") != std::string::npos);
    const std::string refused = exchange(r.at->port(), "PUT /no" + head);
    BOOST_TEST(starts(refused, "HTTP/1.1 503 "));
    BOOST_TEST(refused.find("100 Continue") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(head_has_the_header_of_get_and_no_body) {
    running r({}, [](request&) -> asio::awaitable<response> { co_return response::text(200, "12345"); });
    bare_socket s(r.at->port());
    s.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n" + last);
    const std::string all = s.read_to_end();
    BOOST_TEST(all.find("Content-Length: 5\r\n\r\nHTTP/1.1 200 OK") != std::string::npos);
    BOOST_TEST(all.ends_with("\r\n\r\n12345"));
}

BOOST_AUTO_TEST_CASE(a_body_the_handler_left_is_drained_when_small_and_closes_the_connection_when_large) {
    running r({.drain_limit = 1000},
              [](request& q) -> asio::awaitable<response> { co_return response::text(200, "<" + q.path + ">"); });
    bare_socket s(r.at->port());
    s.send("PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'G'));
    s.send("PUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + std::string(1001, 'G') +
           "GET /3 HTTP/1.1\r\n" + last);
    const std::string all = s.read_to_end();
    BOOST_TEST(all.find("</1>") != std::string::npos);
    BOOST_TEST(all.find("</2>") != std::string::npos);
    BOOST_TEST(all.find("</3>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_handler_is_a_500_without_its_text_and_is_reported) {
    running r({}, [](request&) -> asio::awaitable<response> {
        throw std::runtime_error("secret");
        co_return response();
    });
    const std::string answer = exchange(r.at->port(), "GET / HTTP/1.1\r\n" + last);
    BOOST_TEST(starts(answer, "HTTP/1.1 500 "));
    BOOST_TEST(answer.find("secret") == std::string::npos);
    BOOST_TEST(r.saw("net.handler_failed"));
    std::lock_guard lock(r.guard);
    BOOST_TEST(r.details.at(0).find("secret") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_producer_that_breaks_leaves_a_visibly_cut_body) {
    for (bool sized : {true, false}) {
        running r({}, [sized](request&) -> asio::awaitable<response> {
            producer p;
            if (sized) p.size = 10;
            p.read_some = [n = 0](std::span<std::uint8_t> out) mutable -> task<std::size_t> {
                if (n++ > 0) co_return failed(errc::body_source_failed, "disk");
                out[0] = 'a';
                co_return 1;
            };
            co_return response{200, {}, std::move(p)};
        });
        const std::string answer = exchange(r.at->port(), "GET / HTTP/1.1\r\n" + last);
        BOOST_TEST(!answer.ends_with("0\r\n\r\n"));
        BOOST_TEST(r.saw("net.body_source_failed"));
    }
}

BOOST_AUTO_TEST_CASE(stopping_finishes_the_request_in_flight_and_closes_idle_connections) {
    std::promise<void> entered;
    running r({}, [&](request&) -> asio::awaitable<response> {
        entered.set_value();
        asio::steady_timer t(co_await asio::this_coro::executor, 200ms);
        co_await t.async_wait(asio::use_awaitable);
        co_return response::text(200, "finished");
    });
    const std::uint16_t port = r.at->port();
    bare_socket idle(port), busy(port);
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    entered.get_future().wait();
    BOOST_TEST(r.at->stop(60s));
    const std::string answer = busy.read_to_end();
    BOOST_TEST(answer.ends_with("finished"));
    BOOST_TEST(answer.find("Connection: close") != std::string::npos);
    BOOST_TEST(idle.read_to_end().empty());
    BOOST_TEST(r.at->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(past_the_grace_period_a_request_is_cancelled_and_joined) {
    std::promise<void> entered;
    running r({}, [&](request&) -> asio::awaitable<response> {
        entered.set_value();
        asio::steady_timer t(co_await asio::this_coro::executor, 1h);
        co_await t.async_wait(asio::use_awaitable);
        co_return response::text(200, "never");
    });
    bare_socket s(r.at->port());
    s.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    entered.get_future().wait();
    BOOST_TEST(!r.at->stop(50ms));
    BOOST_TEST(s.read_to_end().empty());
}

BOOST_AUTO_TEST_CASE(a_failed_bind_names_its_address) {
    running r({});
    io_threads threads(2);
    auto second = server::open(threads.executors(), {.address = r.at->address()}, echo);
    BOOST_REQUIRE(!second);
    BOOST_TEST((second.error().code == errc::address_in_use));
    BOOST_TEST(second.error().detail.find(r.at->address()) != std::string::npos);
    for (const char* wrong : {"", "8443", "localhost:8443", "127.0.0.1:", "127.0.0.1:70000", "[::1:80", "unix:"})
        BOOST_TEST((server::open(threads.executors(), {.address = wrong}, echo).error().code == errc::bad_address),
                   wrong);
    BOOST_TEST(
        (server::open(threads.executors(), {.address = "203.0.113.1:0"}, echo).error().code == errc::listen_failed));
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_told_so) {
    running r({.max_connections = 1});
    bare_socket first(r.at->port());
    first.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(first.read_until("GET /a").find("200 OK") != std::string::npos);
    const std::string second = bare_socket(r.at->port()).read_to_end();
    BOOST_TEST(starts(second, "HTTP/1.1 503 "));
    BOOST_TEST(second.find("Retry-After: 5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(connections_without_a_request_give_way_to_one_that_speaks) {
    for (bool by_address : {false, true}) {
        running r(
            by_address
                ? listener_options{.max_connections = 100, .max_connections_per_address = 8, .bound_loopback = true}
                : listener_options{.max_connections = 8});
        bare_socket spoke(r.at->port());
        spoke.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(spoke.read_until("GET /a").find("200 OK") != std::string::npos);
        std::list<bare_socket> silent;
        for (int i = 0; i < 40; ++i) silent.emplace_back(r.at->port()).send(i % 2 ? "GET /never HT" : "");
        BOOST_TEST(gave_way(silent, 33)); // of 41 in 8 places
        for (int i = 0; i < 5; ++i)
            BOOST_TEST(starts(exchange(r.at->port(), "GET / HTTP/1.1\r\n" + last), "HTTP/1.1 200 "));
        BOOST_TEST(silent.front().read_to_end() == ""); // the longest silent one is gone
        BOOST_TEST(r.saw("net.busy"));
        BOOST_TEST(r.at->connections() <= 8u);
        spoke.send("GET /b HTTP/1.1\r\n" + last); // and who has spoken is still there
        BOOST_TEST(spoke.read_to_end().find("GET /b") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(one_address_does_not_take_the_places_of_all_others) {
    running r({.max_connections = 8, .bound_loopback = true}); // a quarter: 2 of one address
    std::list<bare_socket> one;
    for (int i = 0; i < 2; ++i) {
        one.emplace_back(r.at->port()).send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        BOOST_TEST(one.back().read_until("GET /a").find("200 OK") != std::string::npos);
    }
    BOOST_TEST(starts(exchange(r.at->port(), "GET / HTTP/1.1\r\n" + last), "HTTP/1.1 503 "));
    BOOST_TEST(output_of("curl -s --max-time 10 --interface 127.0.0.2 http://127.0.0.1:" +
                         std::to_string(r.at->port()) + "/other") == "GET /other ");
}

BOOST_AUTO_TEST_CASE(a_handshake_that_is_never_begun_gives_way_over_tls_too) {
    const auto& c = certificates::get();
    running r(
        {.tls = tls_options{.certificate_file = c / "server.pem", .key_file = c / "server.key"}, .max_connections = 4});
    std::list<bare_socket> silent;
    for (int i = 0; i < 20; ++i) silent.emplace_back(r.at->port());
    BOOST_TEST(gave_way(silent, 16)); // of 20 in 4 places
    const std::string url = "https://127.0.0.1:" + std::to_string(r.at->port()) + "/in";
    BOOST_TEST(output_of("curl -sk --max-time 10 " + url) == "GET /in ");
    BOOST_TEST(silent.front().read_to_end() == "");
}

BOOST_AUTO_TEST_CASE(a_client_that_closes_ends_the_work_that_waits_for_it) {
    std::promise<bool> stayed;
    running r({}, [&](request& q) -> asio::awaitable<response> {
        asio::steady_timer t(co_await asio::this_coro::executor, q.path == "/long" ? 1h : 50ms);
        const bool there = co_await q.body.unless_closed(t.async_wait(asio::use_awaitable));
        if (q.path == "/long") stayed.set_value(there);
        co_return response::text(200, "waited " + q.path);
    });
    bare_socket patient(r.at->port()); // what it sends meanwhile is the next request
    patient.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HT");
    BOOST_TEST(patient.read_until("waited /1").ends_with("waited /1"));
    patient.send("TP/1.1\r\n" + last);
    BOOST_TEST(patient.read_to_end().ends_with("waited /2"));
    {
        bare_socket(r.at->port()).send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    BOOST_TEST(!stayed.get_future().get());
    BOOST_TEST(r.at->stop(60s)); // nothing waits for the hour to end
}

BOOST_AUTO_TEST_CASE(a_unix_socket_has_its_mode_and_knows_its_peer_and_replaces_only_a_dead_one) {
    const std::string path = (certificates::get() / "api.sock").string();
    std::atomic<std::uint32_t> uid{~0u};
    auto h = [&](request& q) -> asio::awaitable<response> {
        uid = q.peer.unix_uid.value();
        co_return response::text(200, q.peer.remote_address);
    };
    { // what a killed daemon leaves behind
        unique_fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        std::string command = "python3 -c \"import socket; s=socket.socket(socket.AF_UNIX); s.bind('" + path + "')\"";
        output_of(command);
        BOOST_REQUIRE(std::filesystem::exists(path));
    }
    running r({.address = "unix:" + path, .unix_mode = 0600}, h);
    struct stat found;
    BOOST_REQUIRE(::stat(path.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777) == 0600u);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(output_of("curl -s --max-time 10 --unix-socket " + path + " http://localhost/") == "unix");
    BOOST_TEST(uid == ::getuid());
    BOOST_TEST(
        (server::open(r.threads.executors(), {.address = "unix:" + path}, echo).error().code == errc::address_in_use));
    r.at->stop(1s);
    BOOST_TEST(!std::filesystem::exists(path));
}

BOOST_AUTO_TEST_CASE(every_request_leaves_one_access_record) {
    std::mutex guard;
    std::vector<std::string> records;
    running r({.on_access = [&](const access_record& a) {
        std::lock_guard lock(guard);
        records.push_back(std::string(a.method) + " " + std::string(a.path) + " " + std::to_string(a.status) + " " +
                          std::to_string(a.request_bytes) + " " + std::to_string(a.response_bytes));
    }});
    exchange(r.at->port(), "PUT /a HTTP/1.1\r\nContent-Length: 2\r\n" + last + "hi");
    exchange(r.at->port(), "rubbish\r\n\r\n");
    std::lock_guard lock(guard);
    BOOST_REQUIRE(records.size() == 2u);
    BOOST_TEST(records[0] == "PUT /a 200 2 9");
    BOOST_TEST(records[1].starts_with("  400 0 "));
}

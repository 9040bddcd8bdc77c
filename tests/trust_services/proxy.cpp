// A proxy as agencies have it: it must see the whole address, and the name of the server must not be looked up here.
#include "tests/trust_services/network.hpp"

#include "daemon/net/errors.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <thread>

using namespace vanthu;
using namespace vanthu::test;
namespace tcp = boost::asio::ip;

BOOST_AUTO_TEST_CASE(plain_http_goes_through_the_proxy_in_absolute_form) {
    asio::io_context own;
    tcp::tcp::acceptor door(own, {tcp::make_address("127.0.0.1"), 0});
    network n;
    std::string seen;
    std::thread proxy([&] {
        tcp::tcp::socket socket = door.accept();
        asio::streambuf in;
        asio::read_until(socket, in, "\r\n\r\n");
        seen.assign(asio::buffers_begin(in.data()), asio::buffers_end(in.data()));
        bytes list = n.who.crl(n.ca.sub(), n.now);
        std::string head =
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(list.size()) + "\r\n\r\n";
        asio::write(socket, asio::buffer(head));
        asio::write(socket, asio::buffer(list));
    });
    identity leaf =
        test_ca::issue_by(n.ca.sub(), {.extra_extensions = {"crlDistributionPoints=URI:http://ca.example.vn/sub.crl"}});
    auto o = n.how();
    o.http_proxy = "http://127.0.0.1:" + std::to_string(door.local_endpoint().port());
    auto found = n.fetch(o, {n.revocation(leaf)});
    proxy.join();
    BOOST_TEST(found->evidence.crls.size() == 1u);
    BOOST_TEST(seen.starts_with("GET http://ca.example.vn/sub.crl HTTP/1.1\r\nHost: ca.example.vn\r\n"), seen);
}

BOOST_AUTO_TEST_CASE(a_server_that_fails_for_now_is_asked_as_often_as_told) {
    asio::io_context own;
    tcp::tcp::acceptor door(own, {tcp::make_address("127.0.0.1"), 0});
    network n;
    std::thread server([&] {
        for (const char* status : {"503 Busy", "500 Oops", "404 Never"}) {
            tcp::tcp::socket socket = door.accept();
            asio::streambuf in;
            asio::read_until(socket, in, "\r\n\r\n");
            asio::write(socket, asio::buffer("HTTP/1.1 " + std::string(status) +
                                             "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        }
        door.close();
    });
    auto o = n.how();
    o.tries = 9;
    trust_services::trust_services services(n.context.get_executor(), o);
    auto got = n.run(
        services.stamp("http://127.0.0.1:" + std::to_string(door.local_endpoint().port()) + "/tsa", sha256::of("x")));
    server.join(); // three times, no more: 404 will not get better
    BOOST_REQUIRE(!got.has_value());
    BOOST_TEST(got.error().detail.ends_with("HTTP 404"), got.error().detail);
}

BOOST_AUTO_TEST_CASE(a_proxy_that_is_no_address_is_a_coded_refusal) {
    network n;
    auto o = n.how();
    o.http_proxy = "https://127.0.0.1:1";
    auto found = n.fetch(o, {n.revocation(n.leaf)});
    BOOST_REQUIRE(found->troubles.size() == 1u);
    BOOST_TEST((found->troubles[0].why.code == net::errc::bad_url));
}

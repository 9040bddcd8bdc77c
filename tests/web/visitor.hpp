// Asks the operator door over a socket, field by field.
#pragma once

#include "tests/web/office.hpp"

#include "daemon/base/ids.hpp"

#include <arpa/inet.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>

namespace vanthu::web {

using records::state;
namespace json = boost::json;

inline const std::filesystem::path page_files = VANTHU_SOURCE_DIR "/daemon/web/static";

struct answer {
    int status = 0;
    std::string head, body;
    json::object object() const {
        boost::system::error_code ec;
        json::value v = json::parse(body, ec);
        BOOST_REQUIRE_MESSAGE(!ec && v.is_object(), body);
        return v.get_object();
    }
    std::string code() const { return std::string(object().at("code").as_string()); }
    bool has(std::string_view field) const { return head.find(field) != std::string::npos; }
};

inline answer answered(int fd, const std::string& request) {
    unique_fd closing(fd);
    BOOST_REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    std::string all;
    char chunk[65536];
    for (ssize_t n; (n = ::recv(fd, chunk, sizeof chunk, 0)) > 0;) all.append(chunk, static_cast<std::size_t>(n));
    const std::size_t end = all.find("\r\n\r\n");
    BOOST_REQUIRE_MESSAGE(all.size() > 12 && end != std::string::npos, all);
    return {std::stoi(all.substr(9, 3)), all.substr(0, end), all.substr(end + 4)};
}

inline std::string request_text(const std::string& method, const std::string& target, const std::string& fields,
                                const std::string& body) {
    return method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + fields +
           (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

inline const std::string bearer = "Authorization: Bearer " + std::string(test_secret) + "\r\n";

struct visitor {
    office o{page_files};
    std::string host() const { return "Host: " + o.address() + "\r\n"; }
    // With fields exactly as given.
    answer raw(const std::string& method, const std::string& target, const std::string& fields,
               const std::string& body = {}) {
        const std::string at = o.address();
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1))));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
        return answered(fd, request_text(method, target, fields, body));
    }
    answer get(const std::string& target) { return raw("GET", target, host() + bearer); }
    answer post(const std::string& target, const json::value& body) {
        return raw("POST", target, host() + bearer + "Content-Type: application/json\r\n", json::serialize(body));
    }
};

inline std::size_t counted(const json::object& overview, std::string_view name) {
    for (const json::value& v : overview.at("states").as_array())
        if (v.at("state").as_string() == name) return v.at("count").to_number<std::size_t>();
    BOOST_FAIL("no such state");
    return 0;
}

inline made_recipient parked_at_axis() {
    return {"000.00.00.G12", "Bộ Tài chính", state::parked, "truc", "delivery.attempts_exhausted"};
}

} // namespace vanthu::web

// The way to a server: URL, name, socket. Inside this room only.
#pragma once

#include "daemon/net/transport.hpp"

#include <boost/asio/ip/address.hpp>
#include <functional>

namespace vanthu::net {

struct server_url {
    bool tls = false;
    std::string host; // without brackets; empty for a Unix socket
    std::string port;
    std::string prefix; // "" or "/path" without a "/" at its end
    std::filesystem::path unix_path;
    static result<server_url> parse(const std::string& url);
    std::string host_field(const std::string& name) const; // for Host, with the port where it is not the default
};

using address_filter = std::function<bool(const std::string& host, const asio::ip::address&)>;

// A connected socket. name_not_resolved, address_refused, connect_refused, unreachable, timed_out. Every address of the
// name is tried in turn, those left out that `accept` refuses; the name is looked up once, so that what was accepted is
// what is connected to. A Unix socket has no address.
task<transport::socket> dial(const server_url& to, steady_time deadline, const address_filter& accept = nullptr);

} // namespace vanthu::net

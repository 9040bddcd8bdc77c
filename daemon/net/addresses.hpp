// Which addresses an URL from outside may lead to: who writes a certificate or a document must not make us speak to
// machines that only we can reach (server-side request forgery).
//
// Source: RFC 6890 and the IANA special-purpose address registries it makes, RFC 1918 (private), RFC 6598 (shared,
// 100.64.0.0/10), RFC 4193 (unique local), RFC 4291, 2.5 (scopes, IPv4-mapped), RFC 6052 (64:ff9b::/96), RFC 3056
// (6to4).
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::net {

// An address of the public Internet: neither loopback, private, shared, link-local, unspecified, multicast, reserved,
// for documentation nor for tunnels, also not within an IPv6 address that stands for an IPv4 one.
bool is_public(const boost::asio::ip::address& address);

// What an operator allows besides: a host by its name (whatever it resolves to), an address, a network.
class allowed_hosts {
public:
    // "ocsp.ca.ptc", "10.1.2.3", "10.0.0.0/8", "fd00::/8". False, and nothing is added, for anything else.
    bool add(std::string_view text);
    bool holds(std::string_view host, const boost::asio::ip::address& address) const;

private:
    struct network {
        boost::asio::ip::address_v6 first; // IPv4 as IPv4-mapped
        unsigned bits;
    };
    std::vector<std::string> names_; // lower case, without a dot at the end
    std::vector<network> networks_;
};

// Would somebody take the host of an URL for an address, or does it hide one ("127.1", "0x7f000001", "[::1]")?
bool names_an_address(std::string_view host);
// "localhost" and everything below it (RFC 6761, 6.3).
bool is_local_name(std::string_view host);

} // namespace vanthu::net

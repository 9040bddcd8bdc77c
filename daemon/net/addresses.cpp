#include "daemon/net/addresses.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::net {
namespace {
namespace ip = boost::asio::ip;
using octets = ip::address_v6::bytes_type;

struct range {
    const char* first;
    unsigned bits;
};

// Everything of IPv4 that is not an ordinary public address.
constexpr range special_v4[] = {
    {"0.0.0.0", 8},     {"10.0.0.0", 8},      {"100.64.0.0", 10},  {"127.0.0.0", 8},    {"169.254.0.0", 16},
    {"172.16.0.0", 12}, {"192.0.0.0", 24},    {"192.0.2.0", 24},   {"192.88.99.0", 24}, {"192.168.0.0", 16},
    {"198.18.0.0", 15}, {"198.51.100.0", 24}, {"203.0.113.0", 24}, {"224.0.0.0", 4},    {"240.0.0.0", 4},
};
// Within 2000::/3; outside of it nothing is public but the IPv4 addresses below.
constexpr range special_v6[] = {{"2001::", 23}, {"2001:db8::", 32}, {"3fff::", 20}};
// IPv6 addresses that stand for IPv4 ones, and the octet at which those begin.
struct embedding {
    range of;
    std::size_t at;
};
constexpr embedding embeddings[] = {{{"::ffff:0:0", 96}, 12}, {{"64:ff9b::", 96}, 12}, {{"2002::", 16}, 2}};

bool within(const octets& address, const octets& first, unsigned bits) {
    for (unsigned i = 0; i < address.size() && bits > 0; ++i) {
        const unsigned here = std::min(bits, 8u);
        const auto mask = static_cast<unsigned char>(0xff << (8 - here));
        if ((address[i] ^ first[i]) & mask) return false;
        bits -= here;
    }
    return true;
}

ip::address_v6 wide(const ip::address& a) {
    // Without its scope: fe80::1%lo is fe80::1.
    return a.is_v6() ? ip::address_v6(a.to_v6().to_bytes()) : ip::make_address_v6(ip::v4_mapped, a.to_v4());
}

bool is_public_v4(const ip::address_v4& a) {
    return std::ranges::none_of(special_v4, [&](const range& r) {
        return (a.to_uint() ^ ip::make_address_v4(r.first).to_uint()) >> (32 - r.bits) == 0;
    });
}

bool is_public_v6(const ip::address_v6& a) {
    const octets all = a.to_bytes();
    auto in = [&](const range& r) { return within(all, ip::make_address_v6(r.first).to_bytes(), r.bits); };
    for (const embedding& e : embeddings)
        if (in(e.of)) return is_public_v4(ip::address_v4({all[e.at], all[e.at + 1], all[e.at + 2], all[e.at + 3]}));
    return in({"2000::", 3}) && std::ranges::none_of(special_v6, in);
}

std::string plain_name(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    std::string out(host);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}
} // namespace

bool is_public(const ip::address& address) {
    return address.is_v4() ? is_public_v4(address.to_v4()) : is_public_v6(address.to_v6());
}

bool allowed_hosts::add(std::string_view text) {
    const std::size_t slash = text.find('/');
    boost::system::error_code none;
    const ip::address first = ip::make_address(std::string(text.substr(0, slash)), none);
    if (none) {
        std::string name = plain_name(text);
        // "10.0.0" and "1.2.3.4.5" are no names: they would allow what nobody meant.
        if (slash != text.npos || !is_name(name) || names_an_address(name)) return false;
        names_.push_back(std::move(name));
        return true;
    }
    const unsigned longest = first.is_v4() ? 32 : 128;
    unsigned bits = longest;
    if (slash != text.npos) {
        const char *begin = text.data() + slash + 1, *end = text.data() + text.size();
        auto [stop, wrong] = std::from_chars(begin, end, bits);
        if (begin == end || wrong != std::errc() || stop != end || bits > longest) return false;
    }
    networks_.push_back({wide(first), bits + (128 - longest)});
    return true;
}

bool allowed_hosts::holds(std::string_view host, const ip::address& address) const {
    const octets all = wide(address).to_bytes();
    return std::ranges::find(names_, plain_name(host)) != names_.end() ||
           std::ranges::any_of(networks_, [&](const network& n) { return within(all, n.first.to_bytes(), n.bits); });
}

bool names_an_address(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string_view last = host.substr(host.rfind('.') + 1); // npos + 1 is 0
    const bool digits = !last.empty() && std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
    return digits || last.starts_with("0x") || last.starts_with("0X") || host.find(':') != host.npos ||
           host.find('%') != host.npos;
}

bool is_local_name(std::string_view host) {
    const std::string name = plain_name(host);
    return name == "localhost" || name.ends_with(".localhost");
}

} // namespace vanthu::net

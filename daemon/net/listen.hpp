// Listening sockets. Inside this room only.
#pragma once

#include "daemon/base/files.hpp"
#include "daemon/net/errors.hpp"

namespace vanthu::net {

struct listening {
    std::vector<unique_fd> sockets; // non-blocking; one for a Unix socket, otherwise as many as asked for
    int family = 0, protocol = 0;
    std::string address; // as bound
    std::uint16_t port = 0;
    std::filesystem::path unix_path; // empty for TCP
};

// bad_address, address_in_use, listen_failed; the detail names the address.
result<listening> listen_on(const std::string& address, std::size_t count, int backlog, unsigned unix_mode);

} // namespace vanthu::net

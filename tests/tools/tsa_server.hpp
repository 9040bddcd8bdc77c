// A blocking RFC 3161 server on 127.0.0.1, one connection after the other. Prints "port N" and ends on SIGTERM or
// SIGINT.
#pragma once

#include "tests/support/test_ca.hpp"

namespace vanthu::test {

int serve_tsa(const identity& tsa, const std::vector<identity>& chain, std::uint16_t port);

} // namespace vanthu::test

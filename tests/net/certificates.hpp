// A temporary folder with certificates made by the openssl command, once per test program.
#pragma once

#include "daemon/base/bytes.hpp"

#include <filesystem>
#include <string>

namespace vanthu::net {

struct certificates {
    std::filesystem::path folder;
    // ca.pem; server.{pem,key} (localhost, 127.0.0.1, a SAN URI) and server2 (another key); client.{pem,key} (a SAN
    // URI); expired.{pem,key} by the same CA; other-ca.pem with stranger.{pem,key}.
    std::filesystem::path operator/(const char* name) const { return folder / name; }
    static const certificates& get();
};

digest spki_of_file(const std::filesystem::path& certificate); // by the openssl command
std::string output_of(const std::string& command);             // stdout and stderr

} // namespace vanthu::net

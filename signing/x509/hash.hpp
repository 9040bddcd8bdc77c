// Hash algorithms by name, as signatures speak of them.
#pragma once

#include "daemon/base/bytes.hpp"

struct evp_md_st; // OpenSSL's EVP_MD

namespace vanthu::x509 {

enum class hash : std::uint8_t { sha1 = 1, sha256, sha384, sha512 };

std::string_view name(hash h); // "SHA-256"
std::size_t size(hash h);      // bytes
bytes hash_of(hash h, bytes_view content);
bytes hash_of_pieces(hash h, std::span<const bytes_view> pieces); // one after the other
std::optional<hash> hash_from_oid(std::string_view dotted);       // "2.16.840.1.101.3.4.2.1"
std::string_view oid(hash h);
const evp_md_st* native(hash h); // fetched once, lives as long as the program

} // namespace vanthu::x509

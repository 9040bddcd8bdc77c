#include "signing/x509/suite.hpp"

#include <algorithm>
#include <openssl/obj_mac.h>

namespace vanthu::x509 {

timestamp crypto_suite::until(std::string_view algorithm, unsigned bits) const {
    timestamp latest = timestamp::min();
    for (const suite_row& row : rows)
        if (row.algorithm == algorithm && bits >= row.min_bits)
            latest = std::max(latest, row.until.value_or(timestamp::max()));
    return latest;
}

timestamp crypto_suite::until_of_key(const certificate& holder) const {
    switch (holder.kind()) {
    case key_kind::rsa:
        return until("RSA", holder.key_bits());
    case key_kind::ec_p256:
        return until("ECDSA P-256", holder.key_bits());
    case key_kind::ec_p384:
        return until("ECDSA P-384", holder.key_bits());
    default:
        return timestamp::min();
    }
}

const crypto_suite& crypto_suite::standard() {
    static const crypto_suite suite{
        {{"SHA-256"}, {"SHA-384"}, {"SHA-512"}, {"RSA", 2048}, {"ECDSA P-256", 256}, {"ECDSA P-384", 384}}};
    return suite;
}

std::string_view hash_name(int nid) {
    switch (nid) {
    case NID_sha1:
        return name(hash::sha1);
    case NID_sha256:
        return name(hash::sha256);
    case NID_sha384:
        return name(hash::sha384);
    case NID_sha512:
        return name(hash::sha512);
    default:
        return "";
    }
}

} // namespace vanthu::x509

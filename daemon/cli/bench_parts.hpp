// What `vanthu bench` measures with: a throw-away identity, a node's parts in one process, the disk's own rate.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <openssl/evp.h>
#include <string>

namespace vanthu::cli {

// A P-256 key with a certificate. For measurements only: nobody trusts it.
struct throw_away_identity {
    std::shared_ptr<EVP_PKEY> key;
    bytes certificate_der;
    std::string key_pem, certificate_pem;
};
throw_away_identity make_throw_away_authority();
// For one organisation code and the address 127.0.0.1; self-signed without an authority.
throw_away_identity make_throw_away_identity(std::string_view organisation,
                                             const throw_away_identity* authority = nullptr);

// A one-page PDF of about `size` bytes.
bytes make_measured_pdf(std::size_t size);
// The same with a PAdES B-B signature of the identity.
result<bytes> sign_measured_pdf(bytes_view pdf, const throw_away_identity&);

// The disk's own bound: `writers` threads append `size` bytes each to one preallocated file and wait for a sync that
// covers them, one sync at a time for all who wait. Writes per second.
struct disk_rate {
    double writes_per_s = 0, fdatasync_us = 0; // median of the syncs
};
disk_rate measure_disk(const std::filesystem::path& directory, unsigned writers, std::size_t size,
                       std::chrono::milliseconds length);

// What one accept writes and syncs, in a bare loop without a store: a payload record into a preallocated segment,
// fdatasync; the rows' bytes into a log, fdatasync. Loops per second.
double measure_bare_accept(const std::filesystem::path& directory, std::size_t record, std::size_t rows,
                           std::chrono::milliseconds length);

} // namespace vanthu::cli

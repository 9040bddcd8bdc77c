// What pool and worker say to each other over one Unix stream socket: frames of a length (8 bytes, this machine's
// order) and that many bytes; the first byte of a frame may carry a descriptor (SCM_RIGHTS).
//
//   pool -> worker   setup: policy and limits as JSON, descriptor: trust material    worker -> pool   "ready"
//   pool -> worker   {"at": us, "content": bool}, descriptor: the document
//   pool -> worker   "content", descriptor: what a detached signature is about     (only where announced)
//                                        worker -> pool   {"first_page", "marking"}, a line feed, the report
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/files.hpp"
#include "signing/x509/path.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace vanthu::inspect {

struct frame {
    std::string text;
    unique_fd descriptor; // may be empty
};

inline constexpr std::size_t largest_frame = 16u << 20;

// False: the other side is gone (or, with a deadline, did not take it in time).
bool send_frame(int socket, std::string_view text, int descriptor = -1);
// nullopt: gone, nonsense, or the deadline passed.
std::optional<frame> receive_frame(int socket, std::optional<std::chrono::steady_clock::time_point> deadline = {});

// An anonymous file in memory with this content, sealed against change; empty when memory is short.
unique_fd memory_file(bytes_view content);
std::optional<bytes> read_all(int descriptor, std::size_t limit);

// Trust material as one string of bytes: kind (1 byte), length (8 bytes), DER, repeated.
bytes pack_trust(const x509::trust_store& trust, const x509::evidence& known);
bool unpack_trust(bytes_view packed, x509::trust_store& trust, x509::evidence& known);

} // namespace vanthu::inspect

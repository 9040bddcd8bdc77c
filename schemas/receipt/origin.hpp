// The origin signature: the first vanthu signs what it sends, and the last one checks it (contracts: sender, two
// checks).
//
// It travels beside the packet as a JSON sidecar, unchanged hop by hop. For documents it covers packet_sha256 and
// content_sha256; for statuses and recalls their canonical fields (name -> text, sorted by name).
#pragma once

#include "schemas/receipt/statement.hpp"

#include <map>

namespace vanthu::receipt {

enum class origin_kind { document, status, recall };
std::string_view to_string(origin_kind);

struct origin_statement {
    origin_kind kind = origin_kind::document;
    digest packet_sha256, content_sha256;      // kind document
    std::map<std::string, std::string> fields; // kinds status, recall: at least one, ASCII names
    std::string organisation;                  // who claims to be the origin
    timestamp time;
    auto operator<=>(const origin_statement&) const = default;
};

std::string encode_statement(const origin_statement& content); // canonical JSON: what is signed
// Signed and encoded: the exact bytes of the sidecar.
result<std::string> sign_origin(const origin_statement& content, const service_key& key,
                                std::vector<bytes> certificates);
result<origin_statement> decode_origin(std::string_view sidecar); // without judging it

enum class origin_state { proven, invalid, absent };
std::string_view to_string(origin_state);
struct origin_verdict {
    origin_state state = origin_state::absent;
    std::error_code reason; // of `invalid`
    std::string detail;     // of `invalid`, for the log
    std::optional<origin_statement> statement;
};

// What the receiver has in hand. `at` judges the certificates: normally the time of arrival. A sidecar's own time may
// lie at most `clock_tolerance` after `at`.
struct origin_subject {
    origin_kind kind = origin_kind::document;
    digest packet_sha256, content_sha256;      // kind document
    std::map<std::string, std::string> fields; // kinds status, recall
    std::string organisation;
    // A hop may rewrite the envelope: then packet_sha256 is not compared, content_sha256 still is.
    bool packet_unchanged = true;
};
inline constexpr std::chrono::minutes clock_tolerance{10};

// A sidecar that is there and does not hold is `invalid`, never `absent`. An empty sidecar is `absent`.
origin_verdict verify_origin(std::string_view sidecar, const origin_subject& subject, const trust_anchors& anchors,
                             timestamp at);

} // namespace vanthu::receipt

// The log key's delegation: a dated statement by the service certificate that this Ed25519 key signs heads of this log.
#pragma once

#include "schemas/receipt/statement.hpp"
#include "schemas/tlog/note.hpp"

namespace vanthu::receipt {

// The end of the log before this one: its origin and the last head that it is known to have signed.
struct previous_log {
    std::string origin;
    std::string head; // signed note, exact; empty where no head of it is known
    auto operator<=>(const previous_log&) const = default;
};

struct delegation {
    std::string log_origin;
    tlog::ed25519_public_key log_key{};
    std::string organisation; // whose service certificate signs
    timestamp valid_from, valid_to;
    std::optional<previous_log> previous; // after a restore or a key rotation
    auto operator<=>(const delegation&) const = default;
};

std::string encode_statement(const delegation& content); // canonical JSON
result<delegation> decode_delegation_statement(std::string_view json);

// Signed and encoded: the exact bytes that every receipt of the log carries.
result<std::string> sign_delegation(const delegation& content, const service_key& key, std::vector<bytes> certificates);
// Without judging it.
result<delegation> decode_delegation(std::string_view signed_json);
struct unjudged_delegation {
    signed_statement statement;
    delegation content;
};
result<unjudged_delegation> open_delegation(std::string_view signed_json);
// As judged at `at`: signature, chain, organisation, valid_from <= at <= valid_to.
struct verified_delegation {
    delegation content;
    std::string subject; // of the certificate that delegated, for people to read
};
result<verified_delegation> verify_delegation(std::string_view signed_json, const trust_anchors& anchors, timestamp at);
result<verified_delegation> verify_delegation(unjudged_delegation, const trust_anchors& anchors, timestamp at);

} // namespace vanthu::receipt

// The receipt log's rows: owner ORGANISATION, type 'R', then one byte for the kind. For receipt_log*.cpp only.
//
//   0                      state        origin, frontier
//   1 origin, u64 index    leaf         leaf hash, content or (destroyed) the tombstone's origin and index
//   2 origin, level, index tile         hashes; level 0 only when full, the leaf rows hold the rest
//   3 origin, u64 size     head         root, hash of the delegation, signed note or empty
//   4 hash                 delegation   exact signed statement
//   5 origin               counter      the ledger's next_sequence
//   6 origin               log          the log's public key
//   7 origin               closed       when; a restore closed this origin to every further leaf
#pragma once

#include "daemon/ledger/receipt_log.hpp"

namespace vanthu::ledger::log_rows {

struct state_row {
    std::string origin;
    tlog::frontier edge;
};
struct leaf_row {
    digest hash;
    std::string content; // empty once destroyed
};
struct head_row {
    std::uint64_t size = 0; // from the key
    digest root, delegation_hash;
    std::string note; // signed, or empty
};

std::string state_key(std::string_view organisation);
std::string leaf_key(std::string_view organisation, std::string_view origin, std::uint64_t index);
std::string tile_key(std::string_view organisation, std::string_view origin, unsigned level, std::uint64_t index);
std::string head_key(std::string_view organisation, std::string_view origin, std::uint64_t size);
std::string delegation_key(std::string_view organisation, const digest& hash);
std::string counter_key(std::string_view organisation, std::string_view origin);
std::string log_key(std::string_view organisation, std::string_view origin);
std::string closed_key(std::string_view organisation, std::string_view origin);

std::string encode(const state_row&);
std::string encode(const leaf_row&);
std::string encode(const head_row&);
std::string encode_blob(bytes_view); // tiles, delegations, public keys

result<std::optional<state_row>> read_state(const view&, std::string_view organisation);
result<std::optional<leaf_row>> read_leaf(const view&, std::string_view organisation, std::string_view origin,
                                          std::uint64_t index);
// Every origin with rows, and how many leaves it has.
result<std::map<std::string, std::uint64_t>> read_origins(const view&, std::string_view organisation);
// The head of the last group; the one before it where that is not signed, and so on; empty where none is.
result<std::string> newest_signed_head(const view&, std::string_view organisation, std::string_view origin);
// The head of the first group that holds the leaf; nullopt where there is none.
result<std::optional<head_row>> head_of_leaf(const view&, std::string_view organisation, std::string_view origin,
                                             std::uint64_t index);
result<std::optional<bytes>> read_blob(const view&, std::string_view key);
// The first `width` hashes or more; tlog::errc::missing_hash where there are fewer.
result<bytes> read_tile(const view&, std::string_view organisation, std::string_view origin, const tlog::tile_id& tile);

} // namespace vanthu::ledger::log_rows

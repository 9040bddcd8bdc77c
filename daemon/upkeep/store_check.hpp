// Whether a store that no daemon has open keeps its promises: every row read, every payload against its hash, the
// receipt log from its first leaf, and receipts that were given.
#pragma once

#include "daemon/ledger/store.hpp"
#include "schemas/receipt/certificate.hpp"

namespace vanthu::upkeep {

enum class problem_kind : std::uint8_t {
    lost, // a receipt whose leaf, document or payload is not there; a committed payload that does not read as its hash;
          // a leaf missing from the log or from a root that was signed
    twice,  // two inbox ids for one identity and recipient; two entries of one inbox with one id
    orphan, // a committed payload that no document has; a file or a stretch of a segment that no committed payload has
    stuck   // a transfer that is neither ended nor parked and stands in no lane; a consignment without a transfer
};
std::string_view word(problem_kind);

struct problem {
    problem_kind kind;
    std::string what;
};

struct store_check {
    std::map<std::string, std::uint64_t> counts;    // documents, payloads, leaves ...
    std::uint64_t found = 0;                        // problems
    std::map<problem_kind, std::uint64_t> found_of; // of each kind that there is
    std::vector<problem> problems;                  // the first hundred of each kind
};

struct store_to_check {
    ledger::store_options store;
    std::string home, organisation;              // as the rows name who runs the node ("@id"), and its code
    std::filesystem::path receipts;              // *.json, receipts that were given; empty: none
    std::optional<receipt::trust_anchors> trust; // verifies the signatures of these too
};

// Opens the store as a start of the daemon does: what an unclean stop left behind is recovered, so the store changes. A
// failure is what would keep the daemon from starting (ledger::errc), or a row that cannot be read. Slow: reads
// everything; memory grows with the number of documents.
result<store_check> check_store(store_to_check);

} // namespace vanthu::upkeep

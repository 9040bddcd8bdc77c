// What the gate knows about a packet when everything that can be judged without the ledger has been judged.
#pragma once

#include "daemon/intake/gate.hpp"

namespace vanthu::intake {

// One recipient after aliases, successors and routes.
struct routed {
    std::string code;         // as written
    std::string organisation; // canonical, after successors
    std::string name;
    registry::route_decision route;
};

struct arrival {
    const offer* from = nullptr;
    const edxml::packet* packet = nullptr;
    ledger::stored_payload payload;
    std::shared_ptr<const registry::registry> registry;
    timestamp at;
    std::vector<routed> recipients; // of a document: those handed over here, each organisation once
    std::string origin, origin_verdict;
    verdict signatures = verdict::unsigned_;
    bool signatures_checked = false;
    std::string signature_report;
    std::vector<std::string> flags;
    std::string refused_at_end; // policy: an error code; local recipients refuse with 02 instead of taking it in
};

// What a decision did, for the answer and for those who must be woken.
struct outcome {
    records::document_row document;
    std::vector<records::consignment_row> consignments;
    bool known = false;
    // Where the receipt for exactly the packet offered stands; a document that came in two envelopes has two.
    std::string log_origin;
    std::uint64_t leaf = 0;
    std::vector<records::transfer_row> work;
    std::vector<std::string> inboxes;
};

// Decides inside a change: duplicates, rows, receipt leaf. Deterministic in what it reads; failures roll back.
class decision {
public:
    decision(const gate_options& options, ledger::receipt_log& log, ledger::transaction& t)
        : options_(options), log_(log), write_(t) {}
    result<> document(arrival&, outcome&);
    result<> status(arrival&, outcome&);
    records::writer& writer() { return write_; }

private:
    struct duplicates;
    result<bool> answered_before(const arrival&, const std::string& organisation, outcome&);
    result<> remember_request(const arrival&, const std::string& organisation, const outcome&);
    result<> known_document(const std::string& owner, const std::string& id, outcome&);
    result<> known_packet(const records::reader::place&, outcome&);
    result<> receipt_for_new_envelope(const arrival&, records::document_row, outcome&);
    result<bool> ended_undelivered(const std::string& owner, const std::string& document, const std::string& recipient);
    result<bool> check_identity(const arrival&, const records::document_row&, std::vector<routed>& fresh,
                                std::string& known_id, std::vector<std::string>& flags);
    result<> add_recipient(const arrival&, const records::document_row&, const routed&,
                           std::map<std::string, records::transfer_row>& transfers, outcome&);
    result<> add_transfers(std::map<std::string, records::transfer_row>&, outcome&);
    result<> add_receipt_leaf(const arrival&, records::document_row&, receipt::role);
    result<> apply_status(const arrival&, records::document_row& status, const records::reader::place&);

    const gate_options& options_;
    ledger::receipt_log& log_;
    records::writer write_;
};

// The fields of a status that its origin signature covers and that make two statuses the same one.
std::map<std::string, std::string> status_fields(const edxml::status_packet&);
records::business_identity identity_of(const edxml::document_packet&, const registry::registry&, timestamp at);

} // namespace vanthu::intake

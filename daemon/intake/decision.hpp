// What a packet that passed the gate's own judgement changes in the ledger: duplicates, rows, receipt leaf, work.
#pragma once

#include "daemon/intake/arrival.hpp"
#include "daemon/records/recalls.hpp"

namespace vanthu::intake {

// What a decision did, for the answer and for those who must be woken.
struct outcome {
    records::document_row document;
    std::vector<records::consignment_row> consignments;
    bool known = false;
    bool arrival_sent = false; // of a status: the 01 beside it went first
    // Recipients served here: those whose 15 goes out with the recall; those whose document came after its recall.
    std::vector<std::string> answers, cancelled;
    // Where the receipt for exactly the packet offered stands; a document that came in two envelopes has two.
    std::string log_origin;
    std::uint64_t leaf = 0;
    ledger::leaf_ticket ticket; // of that leaf, where this decision appended it
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

    using transfers = std::map<std::string, records::transfer_row>; // of one document, by node
    enum class placing {
        placed,
        held,  // there is still no way; a new reason is on record
        later, // a transfer of this document to the same hop has not ended
        gone,  // it was placed before
    };
    // A parked recipient, with its route of now. `refusal`, `flag`: what the policy says where it ends here; `hold`:
    // why it waits for an operator all the same. The transfers are for add_transfers().
    result<placing> place_again(const records::reader::unplaced&, const routed&, const std::string& refusal,
                                const std::string& hold, const std::string& flag, const std::string& by, transfers&,
                                outcome&);
    result<> add_transfers(const transfers&, outcome&);
    // A held recipient that will not get the document: refused here with these words, and the hop before is told
    // "returned". False: it is not held any more. Where we serve the recipient, its 02 is for status().
    result<bool> send_back(const records::document_row&, const std::string& recipient_code, const std::string& words,
                           const std::string& by);

private:
    result<placing> place_duplicate(const records::document_row&, const routed&, const std::string& known,
                                    records::consignment_row&, outcome&);
    result<bool> answered_before(const arrival&, const std::string& organisation, outcome&);
    result<> remember_request(const arrival&, const std::string& organisation, const outcome&);
    result<> known_document(const std::string& id, const std::string& sender, outcome&);
    result<> known_packet(const records::reader::place&, outcome&);
    result<> receipt_for_new_envelope(const arrival&, records::document_row, outcome&);
    result<bool> has_gone(const records::document_row&, const records::consignment_row&);
    // What is on record, read once for however many recipients are asked about. Nothing is written meanwhile.
    struct on_record {
        records::document_row document;
        std::vector<records::consignment_row> consignments;
        std::multimap<std::string_view, const records::consignment_row*> by_recipient; // into `consignments`
    };
    using records_read = std::map<std::string, std::optional<on_record>>; // by document id
    result<const on_record*> earlier(const records::document_row&, const std::string& id, records_read&);
    result<bool> is_new_to_all(const arrival&, const records::document_row&);
    static bool may_come_again(const on_record& earlier, const std::string& recipient);
    // What stands against handing a document to a recipient.
    struct standing {
        std::string known;         // it has this very document: its id
        std::string clash;         // a document with other content stands under its number there
        bool new_envelope = false; // it has the content, under another identity
    };
    result<standing> standing_of(const records::document_row&, const std::string& recipient, records_read&);
    result<bool> check_identity(const arrival&, const records::document_row&, std::vector<routed>& fresh,
                                std::string& known_id, std::vector<std::string>& flags);
    result<> check_number(const records::document_row&, const std::vector<routed>& fresh);
    struct spoken {
        records::document_row document;
        records::consignment_row consignment;
    };
    result<std::optional<spoken>> spoken_of(const arrival&, const records::document_row& by, const std::string& target,
                                            const routed&);
    result<> raise_to_recalled(const arrival&, records::document_row& by, const std::vector<routed>&);
    result<bool> cancel_unread(const records::document_row& recall, spoken&);
    result<bool> is_overtaken(const arrival&, const records::document_row& request, const std::optional<spoken>&,
                              const std::string& target);
    static routed way_of(const arrival&, const records::consignment_row&, const routed&);
    result<records::recall_row> ask(const arrival&, const records::document_row& request, edxml::bussiness_type,
                                    const std::string& target, const routed&, const std::optional<spoken>&, outcome&);
    result<> check_recall(const arrival&, const records::document_row& recall);
    result<> recall_recipient(const arrival&, const records::document_row& recall, const routed&, transfers&, outcome&);
    result<> close_request(const records::document_row& recall, const routed&, records::recall_row,
                           const std::string& kind, outcome&);
    result<> cancel_if_recalled(const records::document_row&, const routed&, records::inbox_row&,
                                records::consignment_row&, outcome&);
    result<> recall_answered(const records::document_row& on, const records::consignment_row&,
                             const records::document_row& status, bool ours);
    result<> superseded_answered(const records::document_row& on, const std::string& target,
                                 const records::consignment_row&, const records::document_row& status, bool ours);
    result<> recall_needless(const records::document_row&, const records::consignment_row&);
    result<> answer_request(records::recall_row&, const records::document_row& status);
    result<> answer_other(const std::string& owner, records::consignment_row&, const records::document_row& status,
                          bool takes_place);
    result<> answer_entry(const records::recall_row&, bool agrees);
    result<> check_replace(const arrival&, const records::document_row& replacement);
    result<> replace_recipient(const arrival&, const records::document_row& replacement, const routed&, transfers&,
                               outcome&);
    struct old_one;
    result<old_one> find_old(std::string target, std::optional<spoken>);
    static bool is_the_clerks(const std::vector<old_one>&, bool local);
    static routed way_of(const arrival&, const std::vector<old_one>&, const routed&);
    result<> take_place(const records::consignment_row& mine, old_one&, bool clerk, bool ended, records::recall_row&,
                        transfers&);
    result<> move_requests(const records::document_row&, const std::string& from, const std::string& to);
    result<> replace_released(const records::document_row& replacement, const records::consignment_row& mine,
                              transfers&);
    result<> before_the_clerk(const records::document_row& replacement, const records::consignment_row& mine);
    result<bool> replacement_answered(const records::document_row& on, records::consignment_row&,
                                      const records::document_row& status, bool ours);
    result<> check_update(const arrival&, const records::document_row& update);
    result<> update_recipient(const arrival&, const records::document_row& update, const routed&, transfers&, outcome&);
    result<bool> update_answered(const records::document_row& on, const records::consignment_row&,
                                 const records::document_row& status, bool ours);
    result<std::optional<records::document_row>> document_of(const std::string& sender, const std::string& id);
    result<> add_recipient(const arrival&, const records::document_row&, const routed&, transfers&, outcome&);
    result<> place(const records::document_row&, const routed&, const std::string& refusal, const std::string& hold,
                   records::consignment_row, transfers&, outcome&);
    void write_together(const records::document_row&, const std::vector<records::consignment_row>&);
    result<> tell_previous_hop(const records::document_row&, const std::string& recipient, std::string_view kind,
                               const std::string& code);
    result<ledger::leaf_ticket> add_receipt_leaf(const arrival&, records::document_row&, receipt::role);
    result<std::vector<records::consignment_row>> consignments_of(const arrival&, const std::string& owner,
                                                                  const std::string& document,
                                                                  const std::string& party);
    result<std::optional<records::reader::place>> subject_of(const arrival&, const records::document_row& status,
                                                             const std::string& party);
    result<std::vector<std::string>> documents_meant(const std::string& owner, const records::business_identity&);
    result<std::optional<records::reader::place>> request_named(const arrival&, const records::document_row& answer,
                                                                const std::string& party);
    result<std::optional<records::reader::place>> request_by_time(const arrival&, const records::document_row& answer,
                                                                  const std::string& party);
    result<> apply_status(const arrival&, records::document_row& status, const records::reader::place&);
    result<std::optional<records::inbox_row>> entry_of(const arrival&, const std::string& party,
                                                       std::optional<records::reader::place>& about);
    result<bool> arrived_before(const arrival&, const std::string& reporter, const records::inbox_row&,
                                const records::reader::place& about, outcome&);
    result<> arrive_first(const arrival&, outcome&);
    result<> take_over(const arrival&, const records::inbox_row&, const records::reader::place& about);

    const gate_options& options_;
    ledger::receipt_log& log_;
    records::writer write_;
    // Of document(), when it has many recipients.
    bool new_to_all_ = false;     // nobody has anything of its identity or its number
    bool never_recalled_ = false; // nobody was asked for it before it came
    bool together_ = false;       // what place() would write of each is written of all at the end
};

// Parked because of the registry.
bool is_unplaced(const records::consignment_row&);
// Parked until an operator has looked at it.
bool is_held(const records::consignment_row&);
std::string held_reason_code(const routed&); // "registry.no_route"
// After a failed write nobody knows yet whether the rows survive: then the next start decides about payloads.
bool may_be_written(const failure&);
std::string by_of(const arrival&); // who brought it: node, credential or "vanthu"
std::string date_text(const edxml::packet_date&);
// From here on what is the same for all recipients of a document is looked up once: a scan costs as much as a few gets.
inline constexpr std::size_t many_recipients = 8;
// A recall, update or replace: a conversation about another document, to be answered with 15 or 16.
bool asks_for_answer(const records::business_identity&);
bool is_recall(const records::business_identity&);
bool is_update(const records::business_identity&);
bool is_among(const registry::registry&, timestamp at, const std::vector<std::string>& codes, const routed&);
void note_changes(const edxml::document_packet&, records::document_row& update);
// Asks for an answer, and is a document all the same.
bool is_replacement(const records::business_identity&);
std::vector<records::replaced_row> replaced_by(const edxml::document_header&);
records::document_row row_of(const arrival&, std::int64_t now); // what documents and statuses have in common
// The fields of a status that its origin signature covers and that make two statuses the same one.
std::map<std::string, std::string> status_fields(const edxml::status_packet&);
records::business_identity identity_of(const edxml::document_packet&, const registry::registry&, timestamp at);

} // namespace vanthu::intake

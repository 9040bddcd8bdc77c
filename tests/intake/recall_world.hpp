// A small world for the model check of recalls: a sender, one hop, a receiver, each a whole node with a store of its
// own. Nothing moves by itself: every step of every message is an action of the test, which goes through the functions
// that decide in the daemon (the gate, delivery::begin_attempt() and conclude_attempt(), receive_notices(), the API).
#pragma once

#include "daemon/delivery/attempt.hpp"
#include "daemon/delivery/packet_stream.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "tests/api/packets.hpp"
#include "tests/support/wait_for.hpp"

#include <array>
#include <deque>
#include <map>

namespace vanthu::test {

// What may still go wrong in a run. slow: notices of custody, 01 and 03 take their time like everything else; else they
// are there at once, as they change nothing of a recall.
// of_document: only what carries the document from its sender is lost.
struct mishaps {
    int losses = 0, repeats = 0;
    bool slow = false, of_document = false;
};

// What the sender asks for. removal: by an update, of the second of two recipients; the first one stays, and answers
// when nothing else is left to happen.
enum class request { recall, replacement, removal };

class recall_world {
public:
    recall_world(mishaps allowed, bool denies, request);

    void begin_run(); // a new document, sent
    // What can happen next, by name. Empty: nothing more will.
    std::vector<std::string> enabled();
    void act(const std::string& action);
    std::string fingerprint(); // of everything that decides what can still happen
    // What must hold always; at_end: when nothing more will happen. Empty: it does.
    std::string broken(bool at_end);

private:
    static constexpr std::size_t places = 3; // sender, hop, receiver
    struct message {                         // an attempt, or what is left of one on the wire
        std::size_t from;
        char what; // D document, N its replacement, R recall, U update, S status
        records::transfer_row transfer;
        std::string packet, receipt;
        bool open = true; // its sender still waits for the answer
        bool receipt_final = false;
    };
    struct held {
        records::document_row document;
        std::vector<records::consignment_row> consignments;
        std::vector<records::transfer_row> transfers;
        char what;
    };
    // What a node has of this run. Read once, until something happens there.
    struct sight {
        std::vector<held> documents;
        std::vector<records::inbox_row> entries;
        std::map<std::string, std::vector<records::notice_row>> notices; // by node
        std::optional<records::recall_row> asked, update;                // of who is asked, of who stays
        const held& of(const std::string& document) const;
    };
    const sight& look(std::size_t place);
    std::vector<held> read_documents(const records::reader&);
    std::string broken_place(bool at_end); // of a replacement
    std::string broken_stay();             // of who stays when another is removed
    daemon_parts& at(std::size_t place) { return *nodes_[place]; }
    void begin(std::size_t place, const std::string& document, const std::string& node);
    void step(const std::string& action);
    void hurry();
    void arrive(message&);
    void conclude(message&, delivery::outcome);
    void change(std::size_t place, std::function<result<>(records::writer&)>);
    std::size_t place_of(const std::string& node) const;

    test_ca ca_;
    std::vector<std::unique_ptr<daemon_parts>> nodes_;
    mishaps allowed_, left_;
    bool denies_, asked_ = false;
    request request_;
    std::array<std::optional<sight>, places> seen_;
    int runs_ = 0;
    std::string id_, document_; // DocumentId; the sender's id of it
    std::string other_id_;      // DocumentId of its replacement
    std::deque<message> wire_;
};

} // namespace vanthu::test

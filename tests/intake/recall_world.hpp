// A small world for the model check of recalls: a sender, one hop, a receiver, each a whole node with a store of its
// own. Nothing moves by itself: every step of every message is an action of the test, which goes through the functions
// that decide in the daemon (the gate, delivery::begin_attempt() and conclude_attempt(), receive_notices(), the API).
#pragma once

#include "daemon/delivery/attempt.hpp"
#include "daemon/delivery/packet_stream.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "tests/api/packets.hpp"
#include "tests/support/wait_for.hpp"

#include <deque>

namespace vanthu::test {

// What may still go wrong in a run. slow: notices of custody, 01 and 03 take their time like everything else; else they
// are there at once, as they change nothing of a recall.
struct mishaps {
    int losses = 0, repeats = 0;
    bool slow = false;
};

class recall_world {
public:
    explicit recall_world(mishaps allowed, bool denies);

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
        char what; // D document, R recall, S status
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
    daemon_parts& at(std::size_t place) { return *nodes_[place]; }
    std::vector<held> documents(std::size_t place);
    std::optional<records::recall_row> recall_at(std::size_t place);
    std::vector<records::inbox_row> entries(); // of the receiver, of this run
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
    int runs_ = 0;
    std::string id_, document_; // DocumentId; the sender's id of it
    std::deque<message> wire_;
};

} // namespace vanthu::test

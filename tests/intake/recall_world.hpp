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
#include <map>
#include <set>

namespace vanthu::test {

// What may still go wrong in a run. slow: notices of custody, 01 and 03 take their time like everything else; else they
// are there at once, as they change nothing of a recall.
// of_document: only what carries the document from its sender is lost.
struct mishaps {
    int losses = 0, repeats = 0;
    bool slow = false, of_document = false;
};

// What the sender asks for. removal: by an update, of the second of two recipients; the first one stays, and answers
// when nothing else is left to happen. update: of the content. recall_of_new: of the replacement.
enum class request { recall, replacement, removal, recall_of_new, update };

// What is asked of one document, in this order, and what clerks answer. Two requests are packets of the eOffice's own,
// as those are taken while another is open, and were sent before anything was answered, by their own times. Through the
// API go an update, which its recall follows by a minute, a recall of the replacement, and what waits for a denial.
struct scenario {
    std::vector<request> asks;
    std::vector<std::string> answers{"15"}; // to each of them; "15 16": either
    bool after_denial = false;              // the second is asked when the first was denied
    bool hop = true;                        // between sender and receiver
};

class recall_world {
public:
    recall_world(mishaps allowed, scenario);

    void begin_run(); // a new document, sent
    struct action {
        std::string name; // the same in every run
        std::string what; // of this one
        auto operator<=>(const action&) const = default;
    };
    // What can happen next. Empty: nothing more will.
    std::vector<action> enabled();
    void act(const action&);
    std::string fingerprint(); // of everything that decides what can still happen
    // What must hold always; at_end: when nothing more will happen. Empty: it does.
    std::string broken(bool at_end);

private:
    struct place { // sender, perhaps a hop, receiver
        std::string node, home, code;
    };
    struct message { // an attempt, or what is left of one on the wire
        std::size_t from;
        char what;        // D document, N its replacement, R recall, U update, S status
        std::string name; // which of them
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
        std::map<std::string, records::recall_row> rows; // by what is asked for ("D", "N") and recipient: "D xa"
        std::optional<records::recall_row> asked, update; // of these: of who is asked, of who stays
        const held& of(const std::string& document) const;
    };
    const sight& look(std::size_t place);
    std::vector<held> read_documents(const records::reader&);
    std::string broken_place(bool at_end); // of a replacement
    std::string broken_stay();             // of who stays when another is removed
    std::string broken_pair(bool at_end);  // of two requests
    std::string broken_at(char what, const std::string& recipient, bool at_end);
    std::string name_of(const held&);
    bool is_pair() const { return scenario_.asks.size() > 1; }
    bool removes() const { return scenario_.asks.front() == request::removal; }
    std::size_t last() const { return places_.size() - 1; }
    const sight& there() { return look(last()); }
    daemon_parts& at(std::size_t place) { return *nodes_[place]; }
    void ask(std::size_t which);
    std::string packet_of(request);
    std::vector<action> answers_of(const records::inbox_row&);
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
    scenario scenario_;
    std::vector<place> places_;
    std::size_t asked_ = 0; // so many of them
    std::vector<std::optional<sight>> seen_;
    int runs_ = 0;
    std::string id_, document_;           // DocumentId; the sender's id of it
    std::string other_id_, replacement_;  // the same of its replacement
    std::set<std::string> refused_;       // what the receiver's daemon did not take from its clerk: by entry
    std::deque<message> wire_;
};

} // namespace vanthu::test

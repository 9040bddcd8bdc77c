// The partner as a node: what it answers, what it remembers, and what it sends by itself.
//
//   vanthud ──manifest, packet──▶ receiver ──receipt (true or wrong)──▶ vanthud
//                                   │ documents it has taken
//                                   ▼
//   vanthud ◀──what it holds, or says it does── receiver
//   vanthud ◀──documents of its own, statuses── caller
//
// It judges as well: an envelope that changes between attempts, notices out of sequence, bytes that are not what the
// manifest says, a receipt of vanthud's that does not verify. Such things are "wrong" in the journal.
#pragma once

#include "schemas/edxml/packet.hpp"
#include "schemas/peer/reconciliation.hpp"
#include "schemas/receipt/origin.hpp"
#include "tests/sim/journal.hpp"
#include "tests/sim/receipts.hpp"
#include "tests/sim/script.hpp"
#include "tests/sim/wire.hpp"

#include <condition_variable>
#include <deque>
#include <set>

namespace vanthu::sim {

struct settings {
    std::string node, organisation;
    std::uint64_t seed = 1;
    script faults;
};

// Attempts of a message at a step, counted from 1; every decision goes to the journal.
class decisions {
public:
    decisions(const settings& s, journal& j) : settings_(s), journal_(j) {}
    const rule* next(const std::vector<rule>&, const std::string& key, const std::string& step,
                     const std::string& kind);

private:
    const settings& settings_;
    journal& journal_;
    std::mutex guard_;
    std::map<std::pair<std::string, std::string>, unsigned> attempts_;
};

std::string error_text(int status); // the body of a refusal

class receiver {
public:
    receiver(const settings&, receipts&, journal&);
    void serve(wire&); // one connection, to its end
    // The next document taken whose sender is to be told a status; waits.
    edxml::document_header next_taken();

private:
    struct announced {
        peer::manifest manifest;
        std::string key;
        std::string part; // of the body, when it broke off
        bool running = false;
    };
    struct held { // what it has custody of
        std::string key;
        digest content;
        std::vector<std::string> recipients;
        peer::listed_packet listed;
    };
    bool hello(wire&);
    bool manifest(wire&, const std::string& sha, std::string body);
    bool packet(wire&, const std::string& sha, const message& head);
    bool notices(wire&, const std::string& body);
    bool reconcile(wire&, const std::string& body);
    void answer_sent(const peer::reconcile_question&, peer::reconcile_answer&);
    void answer_list(const peer::asked_list&, const rule* how, peer::reconcile_answer&);
    // False: the connection has been cut. A rule that does not answer by itself leaves `handled` false.
    bool misbehave(wire&, const rule&, std::string_view right_answer, bool& handled);
    // The right answer, or what the rule (null: none) makes of it. False: the connection has been cut.
    bool answer_by(wire&, const rule*, std::string_view right_answer);
    std::string take(const announced&, const std::string& body, const std::string& wrong_receipt);

    const settings& settings_;
    receipts& receipts_;
    journal& journal_;
    decisions decisions_;
    std::mutex guard_;
    std::condition_variable taken_one_;
    std::map<std::string, announced> announced_;         // by packet hash
    std::map<std::string, std::string> given_;           // packet hash -> receipt
    std::map<digest, held> held_;
    std::map<std::string, std::string> identities_;      // of documents -> packet hash
    std::map<std::string, std::uint64_t> notices_up_to_; // by instance
    std::deque<edxml::document_header> to_tell_;
};

struct peer_to_call {
    std::string node, url, organisation;
};

class caller {
public:
    caller(const settings&, peer_to_call, const identity_files&, std::string service_key_pem, std::string chain_pem,
           receipt::trust_anchors, journal&);
    void send_documents();
    void send_statuses(receiver&);

private:
    struct parcel {
        std::string key, kind, packet, origin;
        std::string document_id;
        std::vector<std::string> recipients;
    };
    parcel document(std::uint64_t n, unsigned envelope) const;
    parcel status(const edxml::document_header& about, const std::string& code, unsigned n) const;
    void deliver(const parcel&);
    std::string once(const parcel&, const rule*); // the receipt; empty: not yet
    std::string origin_of(const receipt::origin_statement&) const;
    message exchange(const std::string& request);
    std::string announce(const parcel&, const digest&, std::uint64_t size); // the request's text
    void judge(const parcel&, const std::string& receipt);

    const settings& settings_;
    peer_to_call peer_;
    std::shared_ptr<SSL_CTX> context_;
    receipt::service_key service_key_;
    std::vector<bytes> chain_;
    receipt::trust_anchors anchors_;
    journal& journal_;
    decisions decisions_;
};

} // namespace vanthu::sim

// Two lists in, findings out: what this node has on record about packets it handed to another one, and what that one
// says of them. Pure.
//
// What the other side says is a claim. A finding that proves a loss rests on the receipt which it signed and we keep;
// everything else is what the two sides say differently.
#pragma once

#include "daemon/calendar/duties.hpp"
#include "daemon/records/rows.hpp"
#include "schemas/peer/reconciliation.hpp"

#include <map>
#include <memory>
#include <set>

namespace vanthu::reconciliation {

BOOST_DEFINE_ENUM_CLASS(finding_kind,
                        lost_there,         // its receipt is here, it does not know the packet: lost after custody
                        earlier_unknown,    // an earlier envelope without a receipt, unknown there
                        known_there,        // waits here, or its answer never came, and stands there
                        notice_missing,     // what became of it there has not been told here
                        ended_here,         // refused or expired here, and yet kept or carried on there
                        not_on_record_here, // there, said to be from here, and not on record here
                        not_fetched,        // in the inbox there, and its eOffice has not fetched it in time
                        status_missing,     // a status stands there that has not come here
                        double_there,       // more than one inbox entry of the identity
                        entry_missing,      // said to be kept there, without an inbox entry
                        recipients_differ,  // a recipient of the packet is not among those it knows there
                        content_differs)    // the packet's content hash is another one there

// What mends it. none: only told of.
BOOST_DEFINE_ENUM_CLASS(remedy, none, send_again, try_now, take_notice)
// Why a remedy was not used. answered: the recipient's eOffice has the document, a second copy would come beside it.
// unasked: a recall that nobody asked for.
BOOST_DEFINE_ENUM_CLASS(withheld, no, answered, ended, given_up, earlier_envelope, not_asked, unasked)

struct our_recipient {
    std::string code;
    records::state state_now = records::state::waiting;
    std::string reason, reason_beyond;
    std::vector<std::string> statuses; // codes seen
    bool asked_back = false;           // somebody wants it back, or it is a recall, update or replace itself
};
struct our_packet {
    digest packet_sha256;
    std::string owner, document; // our id
    std::string label;           // number/notation or DocumentId, for a person
    std::string kind = "document";
    digest content_sha256;
    // False: its transfer has been used again for other recipients since; what is known is the receipt, if any.
    bool current = true;
    records::state state_now = records::state::waiting; // of the transfer
    bool receipt = false;                               // the next hop's is stored
    bool attempt_open = false;                          // bytes of it may be on their way at this moment
    unsigned repairs = 0;                               // counted before, for this packet
    bool unconfirmed = false;                           // has a row that says so
    std::int64_t handed_at = 0;                         // the last attempt
    std::vector<our_recipient> recipients;
};

struct finding {
    finding_kind kind = finding_kind::lost_there;
    digest packet_sha256;
    std::string owner, document; // our id; empty where it is not on record here
    std::string label, recipient;
    std::string here, there; // the two states, as words; there may be a reason behind a space
    std::int64_t at = 0;     // the other side's own time
    remedy mends = remedy::none;
    withheld why_not = withheld::no;
    bool repaired = false;
    std::string notice_kind, notice_code; // for take_notice
};

struct rules {
    timestamp now;
    // What differs for less time than this is still under way (notices and statuses take a moment).
    std::chrono::microseconds settled{std::chrono::minutes(10)};
    unsigned repairs_at_most = 3; // of one packet, for good
    bool repair = true;
    std::shared_ptr<const calendar::office> office; // null: "not fetched" is not looked for
};

// errc::answer_unfit unless the answer speaks of exactly the packets asked about, each once, and of no recipients but
// those asked about: then nothing of it is believed.
result<> check_answer(const std::vector<our_packet>& asked, const std::vector<peer::packet_stand>& answer);

// Only after check_answer().
std::vector<finding> compare(const std::vector<our_packet>& ours, const std::vector<peer::packet_stand>& theirs,
                             const rules&);
// Do both sides say the same, and is nothing to come of it that a comparison would look for? At its recipient's
// eOffice, whose answer has come here; or ended on both sides; or, of a status, which nobody answers, handed over. Only
// after check_answer(); a packet with a finding is none.
bool is_confirmed(const our_packet&, const peer::packet_stand&);
// `on_record`: those of the listed packets that are on record here as sent to that node.
std::vector<finding> compare_listed(const std::vector<peer::listed_packet>& listed, const std::set<digest>& on_record);

// One sentence: what, whose side, what to do; and what has been done about it. `other`: the other node's name.
std::string sentence(const finding&, const std::string& other, bool vietnamese);

} // namespace vanthu::reconciliation

// What two vanthu ask each other to compare their records of one link (docs/peer-protocol.md, "Reconciliation"). Spoken
// only to a node whose hello names the capability "reconcile".
//
//   POST /peer/v1/reconcile   {"sent": [...]}             what became of the packets that I have handed you?
//                             {"list": {"after","since"}}  which packets do you hold as received from me?
//                             {"list": {"since","order":"arrival","from"}}  the same, those first that came first
//
// A node that does not know the order by arrival answers in the order of hashes, and says nothing of an order. One
// question a call. States and kinds are an open list of words: an unknown one is kept as it is.
#pragma once

#include "schemas/peer/peer.hpp"

#include <optional>

namespace vanthu::peer {

inline constexpr std::string_view reconcile_capability = "reconcile";
inline constexpr std::size_t reconcile_page = 500, reconcile_recipients = 10'000; // in one question or answer
inline constexpr std::size_t reconcile_position = 100; // characters of a position in the order of arrival

struct asked_packet {
    digest packet_sha256;                // as sent on this hop
    std::vector<std::string> recipients; // codes as written, for which custody passed
};
struct asked_list {
    std::optional<digest> after; // absent: from the first
    std::int64_t since = 0;      // microseconds UTC: received then or later
    bool by_arrival = false;     // then `from` in place of `after`
    std::string from;            // a position that the other side has named; empty: from the first
};
struct reconcile_question {
    std::vector<asked_packet> sent;
    std::optional<asked_list> list; // instead of `sent`
};

// Where one recipient's copy stands at the node that answers. Times: microseconds UTC, 0: not.
struct recipient_stand {
    std::string recipient;
    std::string state;  // kept, handed_on, waiting, parked, returned, refused, expired, recalled
    std::string reason; // public error code
    std::int64_t at = 0;
    std::int64_t fetched_at = 0, acked_at = 0; // of the inbox entry
    std::string last_status;                   // 01 .. 16
    std::int64_t last_status_at = 0;
    std::uint32_t entries = 0; // inbox entries of this identity for this recipient: one where it is kept
};
struct packet_stand {
    digest packet_sha256;
    bool known = false;    // false: nothing of the rest
    digest content_sha256; // contracts 1
    std::vector<recipient_stand> recipients;
};
// A packet that the node which answers holds as received from the one that asks.
struct listed_packet {
    digest packet_sha256;
    std::string kind; // document, status
    std::string issuer, document_id, number, notation;
    std::int64_t at = 0;
    std::uint64_t leaf = 0; // of its receipt
};
struct reconcile_answer {
    std::vector<packet_stand> sent;
    std::vector<listed_packet> listed;
    std::optional<digest> next; // ask on after it; absent: that was the end
    // By arrival: ask on from `next_from`; empty: that was the end, and a later list may begin at `again_from`. What
    // the positions mean is the affair of who names them; as text they never go back.
    bool by_arrival = false;
    std::string next_from, again_from;
};

std::string encode(const reconcile_question&);
std::string encode(const reconcile_answer&);
// errc::too_many_entries beyond the sizes above; a question asks one thing.
result<reconcile_question> decode_reconcile_question(std::string_view text);
result<reconcile_answer> decode_reconcile_answer(std::string_view text);

} // namespace vanthu::peer

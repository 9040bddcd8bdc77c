// Where everything stands: open consignments, those that ended lately, and inbox entries nobody has taken over. A view
// in memory, kept up to date from the events, so that the overview costs the same with a thousand documents as with
// millions.
//
//   first refresh(): all consignments once ─▶ later: events since the last one ─▶ only their documents read again
//
// Every state change writes an event about its document; should one be missed, a part of what is open is read again
// every minute, in turn. Memory: 32 bytes for each document that is open or ended in `window`, once for each way its
// recipients stand; of the ended at most `most_ended`, the window is shortened to that. One thread at a time.
#pragma once

#include "daemon/base/ids.hpp"
#include "daemon/records/records.hpp"

#include <boost/describe/enumerators.hpp>
#include <boost/mp11/list.hpp>

#include <map>
#include <set>

namespace vanthu::web {

class standing {
public:
    static constexpr std::chrono::hours window{7 * 24};
    struct limits {
        std::size_t most_ended = 1'000'000; // consignments that stand alike at one document count as one
        std::size_t read_again = 5'000;     // open documents, each minute
    };

    // Consignments that stand alike. Reasons that are no codes of this program count as `other_reason`: what a peer
    // answers is its own invention, and kinds are never forgotten.
    static constexpr const char* other_reason = "other";
    struct kind {
        std::string owner, hop, reason;
        records::state state_now;
        auto operator<=>(const kind&) const = default;
    };
    struct document {
        std::string owner, id, hop;
        std::uint32_t recipients = 0; // of it that stand so
    };
    struct entry { // of an inbox, not acknowledged
        std::string id, owner, document;
        std::int64_t created_at = 0;
        bool fetched = false;
        bool is_document = true; // else a status
    };

    standing() : standing(limits{}) {}
    explicit standing(limits l) : limits_(l) {}

    // `owners`: whose rows are read. After a failure the view is as old as it was
    // for the owners not yet reached; the next call goes on.
    result<> refresh(const ledger::view&, const std::vector<std::string>& owners, timestamp now);

    // How many recipients stand how.
    void each_kind(const std::function<void(const kind&, std::size_t recipients)>&) const;
    // Documents with a recipient in this state, newest first, older than `before` (our id; empty: all), until `look`
    // says false. One whose recipients in it have several hops or reasons comes once for each.
    void newest(records::state, std::string_view before, const std::function<bool(const document&)>& look) const;
    // What of a document waits for this hop: recipients and state; of what is being sent.
    std::vector<std::pair<records::state, std::uint32_t>> open_for(std::string_view document,
                                                                   std::string_view hop) const;
    // From when on all that ended is counted.
    timestamp ended_from() const { return from_us(ended_from_); }

    // By organisation, then by sequence. An organisation that once received something stays listed.
    const std::map<std::string, std::map<std::uint64_t, entry>>& inboxes() const { return inboxes_; }

private:
    struct mark { // of the documents in one state, which stand in the order of their ids
        packed_id id{};
        std::uint32_t kind = 0, recipients = 0, ended = 0; // seconds; 0: open
    };
    // By the first four bytes of the id, a minute each: what comes is put at an end, what goes moves few others.
    using marks = std::map<std::uint32_t, std::vector<mark>>;
    struct place {
        std::uint64_t last_event = 0, last_inbox = 0;
        bool loaded = false;
    };
    static constexpr std::size_t states =
        boost::mp11::mp_size<boost::describe::describe_enumerators<records::state>>::value;

    result<> load(const records::reader&, const std::string& owner, place&);
    result<> follow(const records::reader&, const std::string& owner, place&);
    result<> reread(const records::reader&, const std::string& owner, const std::string& document);
    result<> reread_some(const records::reader&);
    result<> new_entries(const records::reader&, const std::string& organisation, place&);
    result<> reread_entries(const records::reader&, const std::string& document);
    void keep(const records::consignment_row&, const std::string& owner);
    void forget(const packed_id&);
    void drop(const std::function<bool(const mark&)>& which);
    void forget_ended(timestamp now);
    std::uint32_t number_of(kind);

    const limits limits_;
    std::map<std::string, place> places_;
    std::array<marks, states> marks_;
    std::vector<kind> kinds_;
    std::vector<std::size_t> counts_; // of kinds_
    std::map<kind, std::uint32_t> numbers_;
    std::size_t ended_ = 0; // marks
    std::int64_t ended_from_ = 0;
    packed_id read_again_after_{};
    std::map<std::string, std::map<std::uint64_t, entry>> inboxes_;
    std::multimap<std::string, std::pair<std::string, std::uint64_t>> entries_of_; // document → organisation, sequence
    timestamp read_again_at_{};
};

} // namespace vanthu::web

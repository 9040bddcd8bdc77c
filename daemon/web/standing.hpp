// Where everything stands: open consignments, those that ended lately, and inbox entries nobody has taken over. A view
// in memory, kept up to date from the events, so that the overview costs the same with a thousand documents as with
// millions.
//
//   first refresh(): all consignments once ─▶ later: events since the last one ─▶ only their documents read again
//
// Every state change writes an event about its document; should one be missed, everything open is read again every
// minute. Memory: one small entry per document that is open or changed in the last `window`. One thread at a time.
#pragma once

#include "daemon/records/records.hpp"

#include <map>
#include <set>

namespace vanthu::web {

class standing {
public:
    static constexpr std::chrono::hours window{7 * 24};

    struct part { // one consignment
        std::string recipient_code, hop, reason;
        records::state state_now;
        std::int64_t updated_at = 0;
    };
    struct open_document {
        std::string owner;
        std::vector<part> parts;
    };
    struct entry { // of an inbox, not acknowledged
        std::string id, owner, document;
        std::int64_t created_at = 0;
        bool fetched = false;
    };

    // `owners`: whose rows are read. After a failure the view is as old as it was
    // for the owners not yet reached; the next call goes on.
    result<> refresh(const ledger::view&, const std::vector<std::string>& owners, timestamp now);

    // By our id, which sorts by time of arrival.
    const std::map<std::string, open_document, std::less<>>& documents() const { return documents_; }
    // By organisation, then by sequence. An organisation that once received something stays listed.
    const std::map<std::string, std::map<std::uint64_t, entry>>& inboxes() const { return inboxes_; }

private:
    struct place {
        std::uint64_t last_event = 0, last_inbox = 0;
        bool loaded = false;
    };
    result<> load(const records::reader&, const std::string& owner, place&, std::int64_t oldest);
    result<> follow(const records::reader&, const std::string& owner, place&, std::int64_t oldest);
    result<> reread(const records::reader&, const std::string& owner, const std::string& document, std::int64_t oldest);
    result<> new_entries(const records::reader&, const std::string& organisation, place&);
    result<> reread_entries(const records::reader&, const std::string& document);
    void keep(const std::string& owner, const records::consignment_row&, std::int64_t oldest);

    std::map<std::string, place> places_;
    std::map<std::string, open_document, std::less<>> documents_;
    std::map<std::string, std::map<std::uint64_t, entry>> inboxes_;
    std::multimap<std::string, std::pair<std::string, std::uint64_t>> entries_of_; // document → organisation, sequence
    timestamp read_again_at_{};
};

} // namespace vanthu::web

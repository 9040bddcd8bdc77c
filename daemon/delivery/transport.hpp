// The adapter interface: an adapter tries once and says what came of it. What is tried when is decided in engine.hpp.
#pragma once

#include "daemon/base/task.hpp"
#include "daemon/net/http.hpp"
#include "daemon/records/rows.hpp"
#include "schemas/peer/peer.hpp"

#include <functional>

namespace vanthu::delivery {

// One composed packet for one hop.
struct outgoing {
    records::transfer_row transfer; // composed: hash and size are final
    std::string manifest;           // exact bytes
    records::document_kind kind;
    // The packet's bytes from `offset` to the end; may be called again for another attempt to send.
    std::function<net::producer(std::uint64_t offset)> body;
};

struct outcome {
    enum class kind {
        delivered, // `receipt` holds the hop's receipt, verified
        deferred,  // later, perhaps
        refused,   // never like this
    } what = kind::deferred;
    std::string code;  // public error code (deferred, refused)
    std::string cause; // short, safe to show
    std::optional<std::chrono::seconds> retry_after;
    std::string receipt;      // exact bytes
    bool final_hop = false;   // the receipt says: kept for the recipients
    int status = 0;           // HTTP status of the answer; 0: none came
    bool at_greeting = false; // the document was not spoken of yet: whatever it was, it was no fault of it
    bool at_home = false;     // nobody was asked: our own copy could not be made ready
    bool unanswered = false; // deferred, and the hop may have taken it all the same: no answer came, or none to rely on
};

class transport {
public:
    virtual ~transport() = default;
    virtual asio::awaitable<outcome> deliver(const outgoing&, steady_time deadline) = 0;
    // Transport outcomes for packets this node sent us, in sequence. Answers how far the node has them durably.
    virtual task<std::uint64_t> notify(const peer::notice_call&, steady_time deadline) = 0;
};

} // namespace vanthu::delivery

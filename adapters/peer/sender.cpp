#include "adapters/peer/sender.hpp"

#include "adapters/peer/errors.hpp"
#include "adapters/peer/link_certificate.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/delivery/fault.hpp"
#include "daemon/reconciliation/errors.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

namespace vanthu::peer_link {

using delivery::outcome;

namespace {

outcome deferred(std::error_code code, std::string cause = {}) {
    return {.what = outcome::kind::deferred, .code = public_code(code), .cause = std::move(cause)};
}

// A wrong certificate or address is put right by a person; until then it is tried, never dropped.
outcome from_failure(const failure& f) { return deferred(f.code); }
outcome at_greeting(const failure& f) {
    outcome o = from_failure(f);
    o.at_greeting = true;
    return o;
}

// The other side's error object, and delivery's table (fault.hpp) says what it means.
outcome from_answer(const net::client_response& r) {
    outcome o;
    o.code = public_code(delivery::errc::refused_by_next_hop);
    o.status = r.status;
    std::optional<bool> says_retry;
    boost::system::error_code ec;
    boost::json::value v = boost::json::parse(r.body, ec);
    if (const boost::json::object* e = ec ? nullptr : v.if_object()) {
        if (const auto* code = e->if_contains("code"); code && code->is_string() && code->get_string().size() <= 100)
            o.code = std::string(code->get_string());
        if (const auto* cause = e->if_contains("cause"); cause && cause->is_string())
            o.cause = std::string(std::string_view(cause->get_string()).substr(0, 200));
        if (const auto* again = e->if_contains("retryable"); again && again->is_bool()) says_retry = again->get_bool();
    }
    const bool retryable = delivery::fault_of(o.code, o.status, says_retry) != delivery::fault::permanent;
    if (retryable) {
        int seconds = 0;
        std::string_view after = r.fields.get("Retry-After");
        for (char c : after.substr(0, 6)) seconds = c >= '0' && c <= '9' ? seconds * 10 + (c - '0') : 0;
        if (seconds) o.retry_after = std::chrono::seconds(std::min(seconds, 86'400));
    }
    o.what = retryable ? outcome::kind::deferred : outcome::kind::refused;
    return o;
}

// The manifest, where it goes in the same call, and the packet. Whether any of it was asked for, so that it may have
// left, it says in `begun`.
class outgoing_body {
public:
    outgoing_body(std::string_view manifest, net::producer packet, bool& begun)
        : manifest_(manifest), packet_(std::move(packet)), begun_(begun) {}
    static net::producer producer(std::string_view manifest, net::producer packet, bool& begun) {
        const std::uint64_t size = manifest.size() + *packet.size;
        auto body = std::make_shared<outgoing_body>(manifest, std::move(packet), begun);
        return {.size = size, .read_some = [body](std::span<std::uint8_t> into) { return body->read_some(into); }};
    }

private:
    task<std::size_t> read_some(std::span<std::uint8_t> into) {
        begun_ = true;
        const std::size_t n = std::min(into.size(), manifest_.size());
        std::ranges::copy(manifest_.substr(0, n), into.begin());
        manifest_.remove_prefix(n);
        if (n == into.size()) co_return n;
        VANTHU_CO_TRY(const std::size_t more, co_await packet_.read_some(into.subspan(n)));
        co_return n + more;
    }

    std::string_view manifest_;
    net::producer packet_;
    bool& begun_;
};

constexpr std::uint64_t at_once_below = 1u << 20; // what is longer is continued where it broke off
constexpr std::size_t manifest_at_once = 64u << 10;

} // namespace

class links::link final : public delivery::transport {
public:
    link(const links& owner, registry::node row, std::unique_ptr<net::client> client)
        : owner_(owner), row_(std::move(row)), client_(std::move(client)) {}
    const registry::node& row() const { return row_; }

    asio::awaitable<outcome> deliver(const delivery::outgoing& packet, steady_time deadline) override {
        if (auto not_met = co_await meet(deadline)) co_return *not_met;
        // A large packet gets the time it needs at 64 KiB a second.
        deadline += std::chrono::seconds(packet.transfer.size >> 16);
        if (goes_at_once(packet)) co_return co_await put(packet, 0, packet.manifest, deadline);
        const std::string path = path_of(packet);
        net::client_request ask{
            .method = "PUT", .target = path + "/manifest", .body = packet.manifest, .deadline = deadline};
        ask.fields.set("Content-Type", "application/json");
        auto answer = co_await client_->send(std::move(ask));
        if (!answer) co_return from_failure(answer.error());
        if (answer->status != 200) co_return from_answer(*answer);
        auto state = peer::decode_manifest_answer(answer->body);
        if (!state) co_return deferred(state.error().code);
        if (state->known) {
            outcome o = judge(packet, state->receipt);
            o.unanswered = o.what == outcome::kind::deferred; // it has it, whatever its receipt is worth
            co_return o;
        }

        if (state->offset > packet.transfer.size) co_return deferred(peer::errc::malformed);
        co_return co_await put(packet, state->offset, {}, deadline);
    }

    task<std::uint64_t> notify(const peer::notice_call& notices, steady_time deadline) override {
        if (auto not_met = co_await meet(deadline))
            co_return failed(delivery::errc::refused_by_next_hop, not_met->code + " " + not_met->cause);
        net::client_request ask{
            .method = "POST", .target = "/peer/v1/notices", .body = peer::encode(notices), .deadline = deadline};
        ask.fields.set("Content-Type", "application/json");
        ask.idempotent = true; // sequenced: the other side drops what it has
        VANTHU_CO_TRY(net::client_response answer, co_await client_->send(std::move(ask)));
        if (answer.status != 200) co_return failed(delivery::errc::refused_by_next_hop, answer.body.substr(0, 300));
        co_return peer::decode_notices_answer(answer.body);
    }

    task<peer::reconcile_answer> reconcile(const peer::reconcile_question& question, steady_time deadline) {
        using reconciliation::errc;
        auto speaks = [this] { return knows(peer::reconcile_capability); };
        if (!speaks()) met_until_ = {}; // its version may be a newer one by now
        if (auto not_met = co_await meet(deadline))
            co_return failed(not_met->status == 0 ? errc::not_reached : errc::refused_there,
                             not_met->code + " " + not_met->cause);
        if (!speaks()) co_return failed(errc::cannot_compare, row_.id);
        net::client_request ask{
            .method = "POST", .target = "/peer/v1/reconcile", .body = peer::encode(question), .deadline = deadline};
        ask.fields.set("Content-Type", "application/json");
        ask.idempotent = true; // it only reads there
        VANTHU_CO_TRY(net::client_response answer, co_await client_->send(std::move(ask)));
        if (answer.status != 200) {
            const outcome no = from_answer(answer);
            if (answer.status == 404) { // an older version has taken its place
                capabilities_.clear();
                co_return failed(errc::cannot_compare, row_.id);
            }
            if (no.what == outcome::kind::refused) co_return failed(errc::answer_unfit, no.code + " " + no.cause);
            co_return failed(errc::refused_there, no.code + " " + no.cause);
        }
        co_return peer::decode_reconcile_answer(answer.body);
    }

private:
    bool knows(std::string_view capability) const {
        return std::ranges::find(capabilities_, capability) != capabilities_.end();
    }

    // One that was tried before may be known there, which its manifest alone finds out.
    bool goes_at_once(const delivery::outgoing& packet) const {
        const records::transfer_row& t = packet.transfer;
        return t.attempts == 0 && !t.perhaps_taken && t.size < at_once_below &&
               packet.manifest.size() <= manifest_at_once && knows(peer::manifest_first_capability);
    }

    static std::string path_of(const delivery::outgoing& packet) {
        return "/peer/v1/packets/" + packet.transfer.packet_sha256.hex();
    }

    // `manifest`: to go before the packet; empty: it has gone.
    asio::awaitable<outcome> put(const delivery::outgoing& packet, std::uint64_t offset, std::string_view manifest,
                                 steady_time deadline) {
        bool begun = false;
        net::client_request put{.method = "PUT",
                                .target = path_of(packet),
                                .body = outgoing_body::producer(manifest, packet.body(offset), begun),
                                .deadline = deadline};
        put.fields.set("Content-Type", "application/xml");
        if (!manifest.empty()) put.fields.set(peer::manifest_length_field, std::to_string(manifest.size()));
        const std::uint64_t size = packet.transfer.size;
        if (offset)
            put.fields.set("Content-Range", "bytes " + std::to_string(offset) + "-" + std::to_string(size - 1) + "/" +
                                                std::to_string(size));
        put.idempotent = false; // the body is a stream; the next attempt begins with the manifest
        auto done = co_await client_->send(std::move(put));
        outcome o = !done                                        ? from_failure(done.error())
                    : done->status != 200 && done->status != 201 ? from_answer(*done)
                                                                 : judge(packet, done->body);
        // Where bytes have left: without a receipt that verifies or a final no, they may all have arrived.
        o.unanswered = begun && o.what == outcome::kind::deferred;
        co_return o;
    }

    // Now and then: do both sides speak a common version, and does the other one let us in? Why not, where not; that
    // is never a fault of a document.
    asio::awaitable<std::optional<outcome>> meet(steady_time deadline) {
        if (std::chrono::steady_clock::now() < met_until_) co_return std::nullopt;
        auto answer = co_await client_->send({.target = "/peer/v1/hello", .deadline = deadline});
        if (!answer) co_return at_greeting(answer.error());
        if (answer->status != 200) {
            outcome no = from_answer(*answer);
            no.what = outcome::kind::deferred;
            no.at_greeting = true;
            co_return no;
        }
        auto h = peer::decode_hello(answer->body);
        if (!h) co_return at_greeting(h.error());
        if (h->node != row_.id) log::warning("peer_names_itself_differently", {{"peer", row_.id}, {"says", h->node}});
        capabilities_ = h->capabilities;
        met_until_ = in(std::chrono::minutes(10));
        co_return std::nullopt;
    }

    // Custody has passed only with a receipt that verifies (contracts 6).
    outcome judge(const delivery::outgoing& packet, const std::string& receipt) {
        receipt::expectation expected;
        expected.packet_sha256 = packet.transfer.packet_sha256;
        auto verified = receipt::verify(receipt, owner_.options_.anchors, expected);
        if (!verified) {
            log::error("receipt_not_valid",
                       {{"document", packet.transfer.document}, {"peer", row_.id}, {"failure", verified.error()}});
            return deferred(delivery::errc::receipt_not_valid, public_code(verified.error().code));
        }
        const auto* custody = std::get_if<receipt::custody_leaf>(&verified->content);
        if (!custody) return deferred(delivery::errc::receipt_not_valid);
        // By whichever of its codes: the organisation that runs the node has signed, for all that the node serves.
        const auto by = owner_.registry_()->resolve(custody->hop_organisation, owner_.clock_.now());
        if (!by.known() || by.found->id != row_.organisation) {
            log::error("receipt_not_valid", {{"document", packet.transfer.document},
                                             {"peer", row_.id},
                                             {"organisation", custody->hop_organisation}});
            return deferred(delivery::errc::receipt_not_valid, public_code(receipt::errc::not_what_was_sent));
        }
        // Custody passes for those whom the receipt names, and a document goes to several.
        if (packet.kind == records::document_kind::document)
            if (const std::string* missing = not_named(*custody, packet.transfer.recipients)) {
                log::error(
                    "receipt_not_valid",
                    {{"document", packet.transfer.document}, {"peer", row_.id}, {"recipient_missing", *missing}});
                return deferred(delivery::errc::receipt_not_valid, public_code(receipt::errc::not_what_was_sent));
            }
        return {
            .what = outcome::kind::delivered, .receipt = receipt, .final_hop = custody->as == receipt::role::final_hop};
    }

    // The first recipient whom the receipt names by no code of the organisation; null: all are named. There may be
    // thousands of either.
    const std::string* not_named(const receipt::custody_leaf& custody,
                                 const std::vector<std::string>& recipients) const {
        const auto registry = owner_.registry_();
        const timestamp now = owner_.clock_.now();
        const std::set<std::string_view> codes(custody.recipients.begin(), custody.recipients.end());
        std::set<std::string> organisations;
        for (const std::string& named : custody.recipients)
            if (auto other = registry->resolve(named, now); other.known()) organisations.insert(other.found->id);
        for (const std::string& code : recipients) {
            if (codes.contains(code)) continue;
            const auto meant = registry->resolve(code, now);
            if (!meant.known() || !organisations.contains(meant.found->id)) return &code;
        }
        return nullptr;
    }

    const links& owner_;
    registry::node row_;
    std::unique_ptr<net::client> client_;
    steady_time met_until_{};
    std::vector<std::string> capabilities_; // as its hello named them last
};

links::links(sender_options options, asio::any_io_executor executor,
             std::function<std::shared_ptr<const registry::registry>()> registry, const wall_clock& clock)
    : options_(std::move(options)), executor_(std::move(executor)), registry_(std::move(registry)), clock_(clock) {}
links::~links() = default;

delivery::transport* links::to(const std::string& node) { return link_to(node); }

task<peer::reconcile_answer> links::reconcile(std::string node, peer::reconcile_question question,
                                              steady_time deadline) {
    link* l = link_to(node);
    if (!l) co_return failed(reconciliation::errc::node_unknown, node);
    co_return co_await l->reconcile(question, deadline);
}

links::link* links::link_to(const std::string& node) {
    auto registry = registry_();
    const registry::node* row = registry->find_node(node);
    if (!row || row->kind != registry::node_kind::vanthu || row->urls.empty()) return nullptr;
    std::unique_ptr<link>& known = links_[node];
    if (known && known->row() == *row) return known.get();
    net::client_options o;
    o.url = row->urls.front();
    o.ca_file = row->ca.empty() ? options_.ca_file : std::filesystem::path(row->ca);
    o.certificate_file = options_.certificate_file;
    o.key_file = options_.key_file;
    o.required_san_uri = row->san_uri;
    o.tls13_only = true;
    o.max_connections = options_.connections;
    // Pins have dates, and the registry changes: both are asked at each handshake, not once here.
    auto pinned = [pins = row->pins, &clock = clock_](const net::peer_identity& p) {
        const timestamp now = clock.now();
        return std::ranges::any_of(pins, [&](const registry::spki_pin& pin) {
            return p.spki_sha256 == pin.sha256 && pin.valid.contains(now);
        });
    };
    // Only pins and no name: the pin alone decides, as on the other side (receiver::who).
    if (!row->pins.empty() && row->san_uri.empty() && row->ca.empty()) o.accept_unverified = pinned;
    o.check_peer = [pinned, unpinned = row->pins.empty(),
                    current = registry_](const net::peer_identity& p) -> result<> {
        if (!unpinned && !pinned(p)) return failed(errc::pin_not_valid, p.spki_sha256 ? p.spki_sha256->hex() : "");
        return may_open_link(p, side::server, *current());
    };
    auto client = net::client::open(executor_, std::move(o));
    if (!client) {
        log::error("link_not_usable", {{"peer", node}, {"failure", client.error()}});
        return nullptr;
    }
    if (known) replaced_.push_back(std::move(known));
    known = std::make_unique<link>(*this, *row, std::move(*client));
    return known.get();
}

} // namespace vanthu::peer_link

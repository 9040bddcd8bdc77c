#include "adapters/peer/receiver.hpp"

#include "adapters/peer/errors.hpp"
#include "adapters/peer/link_certificate.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/pressure.hpp"
#include "daemon/net/error_object.hpp"
#include "daemon/net/range.hpp"
#include "daemon/reconciliation/survey.hpp"

#include <algorithm>
#include <charconv>

namespace vanthu::peer_link {
namespace {

constexpr std::string_view packets = "/peer/v1/packets/";
constexpr std::size_t manifest_at_most = 8u << 20;

net::response refuse(const failure& f, std::string cause = {}) {
    net::error_notes notes;
    notes.cause = std::move(cause);
    if (f.code == intake::errc::overloaded)
        notes.retry_after = intake::pressure::retry_after;
    else if (transient(f.code))
        notes.retry_after = std::chrono::seconds(5);
    return net::error_response(f.code, notes);
}

// The receipt that `node` got for these bytes when it sent them whole: to anybody else the hash alone proves nothing.
// nullopt: it has not sent them.
result<std::optional<std::string>> given_before(const ledger::store& store, const ledger::receipt_log& log,
                                                const std::string& home, const std::string& node, const digest& sha) {
    VANTHU_TRY(auto place, records::reader(store.committed()).received_from(home, node, sha));
    if (!place) return std::nullopt;
    VANTHU_TRY(std::string receipt, log.receipt_bytes(store.committed(), place->log_origin, place->leaf));
    return receipt;
}

// From the front of a packet's body.
task<bytes> read_manifest(net::request& r) {
    const std::string_view text = r.fields.get(peer::manifest_length_field);
    std::size_t length = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (bad != std::errc() || end != text.data() + text.size() || length > manifest_at_most)
        co_return failed(peer::errc::malformed, std::string(text));
    bytes manifest(length);
    for (std::size_t done = 0; done < length;) {
        VANTHU_CO_TRY(const std::size_t n, co_await r.body.read_some(std::span(manifest).subspan(done)));
        if (n == 0) co_return failed(peer::errc::malformed, "ends early");
        done += n;
    }
    co_return manifest;
}

// Of a new document that is here for all its recipients, or on its way to all of them, the receipt says all.
bool leaves_notices(const intake::accepted& a) {
    using records::state;
    const std::vector<records::consignment_row>& all = a.consignments;
    if (a.document.kind != records::document_kind::document || all.empty() ||
        a.document.identity.business_type != int(edxml::bussiness_type::new_document))
        return true;
    const state first = all.front().state_now;
    return (first != state::delivered && first != state::waiting) ||
           std::ranges::any_of(all, [&](const records::consignment_row& c) { return c.state_now != first; });
}

} // namespace

receiver::receiver(receiver_options options, intake::gate& gate, ledger::store& store, ledger::receipt_log& log,
                   ledger::spool& spool, asio::thread_pool& disk, const wall_clock& clock)
    : options_(std::move(options)), gate_(gate), store_(store), log_(log), spool_(spool), disk_(disk), clock_(clock) {}

const registry::node* receiver::who(const net::peer_identity& p, const registry::registry& r) const {
    if (!p.spki_sha256) return nullptr;
    registry::peer_identity proven;
    proven.spki_sha256 = *p.spki_sha256;
    if (p.chain_verified) { // only then is the name in the certificate worth anything
        proven.san_uris = p.san_uris;
        proven.issuers = options_.ca_sha256;
    }
    return r.peer_by_identity(proven, clock_.now());
}

bool receiver::pinned(const net::peer_identity& p) const { return who(p, *gate_.registry()) != nullptr; }

asio::awaitable<net::response> receiver::handle(net::request& r) {
    auto registry = gate_.registry();
    const registry::node* node = who(r.peer, *registry);
    if (!node) {
        log::warning("unknown_peer", {{"address", r.peer.remote_address}, {"subject", r.peer.subject}});
        co_return net::error_response(errc::unknown_peer);
    }
    const std::string peer = node->id;
    if (auto fit = may_open_link(r.peer, side::client, *registry); !fit) {
        log::warning("link_refused", {{"peer", peer}, {"address", r.peer.remote_address}, {"failure", fit.error()}});
        co_return net::error_response(fit.error().code);
    }
    if (r.path == "/peer/v1/hello") {
        if (r.method != "GET") co_return net::error_response(errc::method_not_allowed);
        co_return net::response::json(200, hello());
    }
    if (r.path == "/peer/v1/notices") {
        if (r.method != "POST") co_return net::error_response(errc::method_not_allowed);
        co_return co_await notices(r, peer);
    }
    if (r.path == "/peer/v1/reconcile") {
        if (r.method != "POST") co_return net::error_response(errc::method_not_allowed);
        co_return co_await reconcile(r, peer);
    }
    if (r.path.starts_with(packets)) {
        std::string_view rest = std::string_view(r.path).substr(packets.size());
        auto sha = digest::from_hex(rest.substr(0, 64));
        std::string_view tail = rest.size() > 64 ? rest.substr(64) : std::string_view();
        if (sha && (tail.empty() || tail == "/manifest")) {
            if (r.method != "PUT") co_return net::error_response(errc::method_not_allowed);
            co_return tail.empty() ? co_await receive(r, peer, *sha) : co_await announce(r, peer, *sha);
        }
    }
    co_return net::error_response(errc::no_such_resource);
}

std::string receiver::hello() const {
    peer::hello h;
    h.node = options_.node;
    h.organisation = options_.organisation;
    h.software = "vanthu " VANTHU_VERSION;
    h.capabilities = {"resume", "notices", "status", std::string(peer::reconcile_capability),
                      std::string(peer::manifest_first_capability)};
    h.packet_limit = options_.packet_limit;
    h.registry_version = std::to_string(gate_.registry()->version());
    h.clock = to_rfc3339(clock_.now());
    return peer::encode(h);
}

// What the manifest of a packet leads to: it is known, or it may come. Else the refusal.
std::expected<receiver::expected, net::response> receiver::expect(std::string_view text, const std::string& node,
                                                                  const digest& sha) {
    auto no = [](const failure& f, std::string cause = {}) {
        return std::unexpected<net::response>(refuse(f, std::move(cause)));
    };
    auto manifest = peer::decode_manifest(text);
    if (!manifest) return no(manifest.error());
    if (manifest->packet_sha256 != sha) return no({peer::errc::malformed, "sha256"}, "packet_sha256");
    if (manifest->size > options_.packet_limit) return no({net::errc::body_too_large, {}});

    auto receipt = given_before(store_, log_, options_.home, node, sha);
    if (!receipt) return no(receipt.error());
    if (*receipt) return expected{.receipt = std::move(**receipt), .offset = 0};

    // A small one is asked about when its header is here: a recall must come through.
    if (manifest->kind != "status" && manifest->size >= options_.resumable_from)
        if (auto may = gate_.may_take(manifest->recipients, node); !may) return no(may.error());

    std::lock_guard lock(guard_);
    std::shared_ptr<incoming>& slot = incoming_[{node, sha}];
    if (!slot) {
        // Room is bounded: the longest untouched announcement of this node gives way.
        std::size_t of_node = 0;
        auto oldest = incoming_.end();
        for (auto i = incoming_.begin(); i != incoming_.end(); ++i) {
            if (i->first.first != node || !i->second) continue;
            ++of_node;
            if (!i->second->running && (oldest == incoming_.end() || i->second->touched < oldest->second->touched))
                oldest = i;
        }
        if (of_node >= options_.transfers_per_node) {
            if (oldest == incoming_.end()) {
                incoming_.erase({node, sha});
                return no({errc::too_many_transfers, {}});
            }
            incoming_.erase(oldest);
        }
        slot = std::make_shared<incoming>();
    }
    if (!slot->running) slot->manifest = std::move(*manifest);
    slot->touched = ++touches_;
    std::uint64_t offset = slot->part && !slot->running ? slot->part->size() : 0;
    // All bytes are here but their end was not: there is no range to ask for, so the whole again.
    if (offset >= slot->manifest.size) offset = 0;
    return expected{.receipt = std::nullopt, .offset = offset};
}

asio::awaitable<net::response> receiver::announce(net::request& r, const std::string& node, const digest& sha) {
    auto text = co_await net::read_all(r.body, manifest_at_most);
    if (!text) co_return refuse(text.error());
    auto e = expect(as_text(*text), node, sha);
    if (!e) co_return std::move(e.error());
    co_return net::response::json(200, peer::encode(peer::manifest_answer{.known = e->receipt.has_value(),
                                                                          .offset = e->offset,
                                                                          .receipt = e->receipt.value_or("")}));
}

asio::awaitable<net::response> receiver::receive(net::request& r, const std::string& node, const digest& sha) {
    // A sender that has lost our answer repeats its call: it gets the same receipt, whatever it announced.
    std::optional<std::string> receipt;
    if (!r.fields.get(peer::manifest_length_field).empty()) {
        auto manifest = co_await read_manifest(r);
        if (!manifest) co_return refuse(manifest.error(), std::string(peer::manifest_length_field));
        auto e = expect(as_text(*manifest), node, sha);
        if (!e) co_return std::move(e.error());
        receipt = std::move(e->receipt);
    } else {
        auto before = given_before(store_, log_, options_.home, node, sha);
        if (!before) co_return refuse(before.error());
        receipt = std::move(*before);
    }
    if (receipt) co_return net::response::json(200, std::move(*receipt));

    std::shared_ptr<incoming> in;
    {
        std::lock_guard lock(guard_);
        auto found = incoming_.find({node, sha});
        if (found == incoming_.end()) co_return refuse({errc::manifest_missing, {}});
        in = found->second;
        if (in->running) co_return refuse({errc::transfer_running, {}});
        in->running = true;
        in->touched = ++touches_;
    }
    struct release {
        std::mutex& guard;
        incoming& in;
        ~release() {
            std::lock_guard lock(guard);
            in.running = false;
        }
    } when_done{guard_, *in};

    auto accepted = co_await take(r, node, *in);
    if (!accepted) {
        log::info("packet_refused", {{"peer", node}, {"packet", sha.hex()}, {"failure", accepted.error()}});
        // What cannot be taken is not kept; what only broke off is, to be continued.
        if (!transient(accepted.error().code) || accepted.error().code == intake::errc::hash_mismatch) {
            std::lock_guard lock(guard_);
            incoming_.erase({node, sha});
        }
        co_return refuse(accepted.error());
    }
    {
        std::lock_guard lock(guard_);
        incoming_.erase({node, sha});
    }
    if (on_notices && leaves_notices(*accepted)) on_notices();
    co_return net::response::json(accepted->known ? 200 : 201, std::move(accepted->receipt));
}

task<intake::accepted> receiver::take(net::request& r, const std::string& node, incoming& in) {
    intake::offer o;
    o.source = intake::offer::from::peer;
    o.node = node;
    o.packet_sha256 = in.manifest.packet_sha256;
    o.size = in.manifest.size;
    o.kind = in.manifest.kind == "status" ? records::document_kind::status : records::document_kind::document;
    if (o.kind == records::document_kind::document) o.recipients = in.manifest.recipients;
    o.origin = in.manifest.origin;

    const std::string range = std::string(r.fields.get("Content-Range"));
    if (in.manifest.size < options_.resumable_from && range.empty())
        co_return co_await gate_.accept(std::move(o), r.body);

    std::uint64_t offset = 0;
    if (!range.empty()) {
        VANTHU_CO_TRY(net::upload_range asked, net::parse_content_range(range));
        offset = asked.range.first;
    }
    if (!in.part || (range.empty() && in.part->size())) { // a whole body begins anew
        in.part.reset();
        VANTHU_CO_TRY(in.part, spool_.create());
    }
    if (offset != in.part->size()) co_return failed(errc::offset_mismatch, std::to_string(offset));
    bytes chunk(256u << 10);
    for (;;) {
        VANTHU_CO_TRY(std::size_t n, co_await r.body.read_some(chunk));
        if (n == 0) break;
        if (in.part->size() + n > in.manifest.size) {
            in.part.reset();
            co_return failed(intake::errc::size_mismatch);
        }
        auto write = [&] { return in.part->write(bytes_view(chunk.data(), n)); };
        VANTHU_CO_CHECK(co_await offload(disk_, write));
    }
    if (in.part->size() < in.manifest.size) co_return failed(net::errc::connection_closed); // the rest will come
    co_return co_await gate_.accept(std::move(o), std::move(in.part));
}

asio::awaitable<net::response> receiver::notices(net::request& r, const std::string& node) {
    auto text = co_await net::read_all(r.body, 4u << 20);
    if (!text) co_return refuse(text.error());
    auto list = peer::decode_notices(as_text(*text));
    if (!list) co_return refuse(list.error());
    auto kept = co_await delivery::receive_notices(store_, options_.home, node, std::move(*list));
    if (!kept) co_return refuse(kept.error());
    if (on_notices) on_notices();
    co_return net::response::json(200, peer::encode_notices_answer(*kept));
}

bool receiver::may_ask(questions& q) const {
    const steady_time now = std::chrono::steady_clock::now();
    if (now - q.minute >= std::chrono::minutes(1)) q = {.running = q.running, .minute = now, .asked = 0};
    if (q.running || q.asked >= options_.questions_per_minute) return false;
    ++q.asked;
    return q.running = true;
}

// Reads only, a page at a time, on one state of the store; one question of a node at a time, and so many a minute.
asio::awaitable<net::response> receiver::reconcile(net::request& r, const std::string& node) {
    auto text = co_await net::read_all(r.body, 4u << 20);
    if (!text) co_return refuse(text.error());
    auto question = peer::decode_reconcile_question(as_text(*text));
    if (!question) co_return refuse(question.error());
    questions* asked = nullptr;
    {
        std::lock_guard lock(guard_);
        asked = &questions_[node]; // as many as there are nodes in the registry
        if (!may_ask(*asked)) co_return refuse({errc::too_many_questions, {}});
    }
    struct release {
        std::mutex& guard;
        questions& of;
        ~release() {
            std::lock_guard lock(guard);
            of.running = false;
        }
    } when_done{guard_, *asked};
    auto read = [&]() -> result<peer::reconcile_answer> {
        const auto view = store_.snapshot();
        return reconciliation::answer(*view, {options_.home, node}, *question);
    };
    auto answer = co_await offload(disk_, read);
    if (!answer) {
        log::error("question_not_answered", {{"peer", node}, {"failure", answer.error()}});
        co_return refuse(answer.error());
    }
    co_return net::response::json(200, peer::encode(*answer));
}

} // namespace vanthu::peer_link

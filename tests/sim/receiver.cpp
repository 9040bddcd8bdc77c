#include "schemas/edxml/reader.hpp"
#include "schemas/peer/reconciliation.hpp"
#include "schemas/receipt/origin.hpp"
#include "tests/sim/partner.hpp"

#include <fmt/format.h>
#include <thread>

namespace vanthu::sim {
namespace {

constexpr std::string_view packets = "/peer/v1/packets/";

// What names a message in every run with the same documents: never a time, never a random id.
std::string key_of(const peer::manifest& m) {
    auto origin = receipt::decode_origin(m.origin);
    if (!origin) return m.kind + " " + m.packet_sha256.hex();
    if (origin->kind == receipt::origin_kind::document)
        return fmt::format("document {} {}", origin->content_sha256.hex().substr(0, 16), m.recipients.size());
    std::string key = "status";
    for (const auto& [name, value] : origin->fields)
        if (name != "timestamp") key += " " + value;
    return key;
}

std::string identity_of(const edxml::document_header& h) {
    return fmt::format("{}|{}|{}|{}|{}", h.from.organ_id, h.document_id, h.code.number, h.code.notation,
                       h.bussiness ? h.bussiness->doc_type : "0");
}

// docs/peer-protocol.md, "Reconciliation": what stands for the content of a status.
digest content_of_status(const peer::manifest& m) {
    sha256 out;
    if (auto origin = receipt::decode_origin(m.origin))
        for (const auto& [name, value] : origin->fields) out.update(name).update("\n").update(value).update("\n");
    return out.finish();
}

} // namespace

std::string error_text(int status) {
    return fmt::format("{{\"schema_version\":1,\"code\":\"sim.status_{}\",\"message_vi\":\"\",\"message_en\":\"\","
                       "\"cause\":\"\",\"retryable\":{}}}",
                       status, status >= 500 || status == 429);
}

const rule* decisions::next(const std::vector<rule>& rules, const std::string& key, const std::string& step,
                            const std::string& kind) {
    unsigned attempt = 0;
    {
        std::lock_guard lock(guard_);
        attempt = ++attempts_[{key, step}];
    }
    const rule* r = decide(rules, settings_.seed, key, step, kind, attempt);
    journal_.write("decided", {{"key", key},
                               {"step", step},
                               {"kind", kind},
                               {"attempt", attempt},
                               {"list", &rules == &settings_.faults.calling ? "calling" : "answering"},
                               {"fault", r ? r->fault : "none"}});
    return r;
}

receiver::receiver(const settings& s, receipts& r, journal& j)
    : settings_(s), receipts_(r), journal_(j), decisions_(s, j) {}

edxml::document_header receiver::next_taken() {
    std::unique_lock lock(guard_);
    taken_one_.wait(lock, [&] { return !to_tell_.empty(); });
    auto out = std::move(to_tell_.front());
    to_tell_.pop_front();
    return out;
}

void receiver::serve(wire& w) {
    for (;;) {
        auto head = w.read_head();
        if (!head) return;
        const std::string method = head->word(0), path = head->word(1);
        bool go_on = true;
        if (path == "/peer/v1/hello") {
            go_on = hello(w);
        } else if (path == "/peer/v1/notices") {
            go_on = notices(w, w.read_body(w.body_length(*head)));
        } else if (path == "/peer/v1/reconcile") {
            go_on = reconcile(w, w.read_body(w.body_length(*head)));
        } else if (path.starts_with(packets) && path.ends_with("/manifest")) {
            go_on = manifest(w, path.substr(packets.size(), 64), w.read_body(w.body_length(*head)));
        } else if (path.starts_with(packets)) {
            go_on = packet(w, path.substr(packets.size()), *head);
        } else {
            journal_.complain("asked for " + head->first);
            w.write(answer_text(404, error_text(404)));
        }
        if (!go_on) return;
    }
}

bool receiver::answer_by(wire& w, const rule* r, std::string_view right) {
    bool handled = false;
    if (r)
        if (bool go_on = misbehave(w, *r, right, handled); handled) return go_on;
    w.write(right);
    return true;
}

// The faults that are the same at every step.
bool receiver::misbehave(wire& w, const rule& r, std::string_view right_answer, bool& handled) {
    handled = true;
    if (r.fault == "slow") {
        w.write_slowly(right_answer, std::chrono::milliseconds(r.value));
        return true;
    }
    if (r.fault.starts_with("status_")) {
        const int status = std::atoi(r.fault.c_str() + 7);
        const std::string again = r.value ? fmt::format("Retry-After: {}\r\n", r.value) : "";
        w.write(answer_text(status, error_text(status), again));
        return true;
    }
    if (r.fault == "silence") {
        std::this_thread::sleep_for(std::chrono::milliseconds(r.value));
    } else if (r.fault == "garbage_http") {
        w.write("HTTP/9.9 maybe\r\nContent-Length: -5\r\n\r\n\x01\x02\x03");
    } else if (r.fault == "oversize_headers") {
        w.write("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 2000; ++i) w.write(fmt::format("X-Filler-{}: {:0100}\r\n", i, i));
        w.write("\r\n");
    } else if (r.fault == "garbage_json") {
        w.write(answer_text(200, "{\"state\": [\"wanted\", \"\xff\xfe"));
        return true;
    } else if (r.fault == "cut_in_answer") {
        w.write(right_answer.substr(0, right_answer.size() / 2));
    } else if (r.fault != "cut_before_taking" && r.fault != "cut_after_taking") {
        handled = false;
        return true;
    }
    w.cut();
    return false;
}

bool receiver::hello(wire& w) {
    peer::hello h;
    h.node = settings_.node;
    h.organisation = settings_.organisation;
    h.software = "vanthu-sim";
    h.capabilities = {"resume", "notices", "status", std::string(peer::reconcile_capability)};
    h.packet_limit = 1ull << 30;
    h.registry_version = "1";
    h.clock = to_rfc3339(system_clock().now());
    const std::string right = answer_text(200, peer::encode(h));
    return answer_by(w, decisions_.next(settings_.faults.answering, "hello", "hello", ""), right);
}

bool receiver::manifest(wire& w, const std::string& sha, std::string body) {
    auto m = peer::decode_manifest(body);
    if (!m || m->packet_sha256.hex() != sha) {
        journal_.complain("a manifest that cannot be read for " + sha);
        w.write(answer_text(400, error_text(400)));
        return true;
    }
    const std::string key = key_of(*m), kind = m->kind;
    peer::manifest_answer answer;
    {
        std::lock_guard lock(guard_);
        announced& a = announced_[sha];
        if (!a.key.empty() && (a.manifest.size != m->size || a.manifest.recipients != m->recipients))
            journal_.complain("the manifest of " + sha + " has changed");
        a.key = key;
        a.manifest = std::move(*m);
        auto known = given_.find(sha);
        answer.known = known != given_.end();
        if (answer.known) answer.receipt = known->second;
        answer.offset = answer.known ? 0 : a.part.size();
    }
    const rule* r = decisions_.next(settings_.faults.answering, key, "manifest", kind);
    if (r && r->fault == "offset_beyond") answer = {.known = false, .offset = 1ull << 40, .receipt = {}};
    if (r && r->fault == "junk_known") answer = {.known = true, .offset = 0, .receipt = "{\"kind\":\"receipt\"}"};
    const std::string right = answer_text(200, peer::encode(answer));
    return answer_by(w, r, right);
}

bool receiver::packet(wire& w, const std::string& sha, const message& head) {
    announced* a = nullptr;
    std::string known;
    bool busy = false;
    {
        std::lock_guard lock(guard_);
        if (auto found = announced_.find(sha); found != announced_.end()) a = &found->second;
        if (auto found = given_.find(sha); found != given_.end()) known = found->second;
        if (a) busy = std::exchange(a->running, true);
    }
    const std::uint64_t length = w.body_length(head);
    if (!a || busy) {
        (void)w.read_body(length);
        w.write(answer_text(409, error_text(503)));
        return true;
    }
    struct done {
        receiver& self;
        announced& a;
        ~done() {
            std::lock_guard lock(self.guard_);
            a.running = false;
        }
    } when_done{*this, *a};

    const rule* r = decisions_.next(settings_.faults.answering, a->key, "packet", a->manifest.kind);
    if (r && r->fault == "cut_before_taking") {
        w.cut();
        return false;
    }
    std::uint64_t offset = 0;
    if (auto range = head.fields.find("content-range"); range != head.fields.end())
        offset = std::strtoull(range->second.c_str() + 6, nullptr, 10);
    if (r && r->fault == "cut_in_body" && known.empty()) {
        const std::string some = w.read_body(length / 2);
        {
            std::lock_guard lock(guard_);
            if (offset == a->part.size() && a->manifest.size > 4096) a->part += some;
        }
        w.cut();
        return false;
    }
    std::string body = w.read_body(length);
    {
        std::lock_guard lock(guard_);
        if (offset > a->part.size()) {
            journal_.complain("continued at another place: " + sha);
            offset = 0;
        }
        body.insert(0, a->part, 0, offset);
    }
    bool handled = false;
    if (r && (r->fault.starts_with("status_") || r->fault.starts_with("garbage_") || r->fault == "oversize_headers"))
        if (bool go_on = misbehave(w, *r, {}, handled); handled) return go_on; // refused without being taken
    const bool lies = r && r->fault.starts_with("receipt_");
    const std::string receipt = known.empty() || lies ? take(*a, body, lies ? r->fault : "") : known;
    if (receipt.empty()) {
        w.write(answer_text(400, error_text(400)));
        return true;
    }
    const std::string right = answer_text(known.empty() ? 201 : 200, receipt);
    return answer_by(w, r, right);
}

// The receipt; with `wrong_receipt` a wrong one, and nothing is taken.
std::string receiver::take(const announced& a, const std::string& body, const std::string& wrong_receipt) {
    const std::string sha = a.manifest.packet_sha256.hex();
    if (sha256::of(body) != a.manifest.packet_sha256 || body.size() != a.manifest.size) {
        journal_.complain("the bytes of " + sha + " are not what was announced");
        return {};
    }
    auto packet = edxml::read_packet(as_bytes(body));
    if (!packet) {
        journal_.complain("the packet " + sha + " cannot be read: " + packet.error().detail);
        return {};
    }
    receipt::custody_leaf leaf;
    leaf.as = receipt::role::final_hop;
    leaf.packet_sha256 = packet->packet_sha256;
    leaf.content_sha256 = packet->content_sha256;
    leaf.recipients = a.manifest.recipients;
    if (const auto* d = packet->document()) {
        const auto& h = d->header;
        leaf.from = h.from.organ_id;
        leaf.identity = {h.from.organ_id, h.bussiness ? h.bussiness->doc_type : "0",
                         h.document_id,   h.code.number,
                         h.code.notation, ""};
    } else {
        const auto* s = packet->status();
        leaf.from = s->from.organ_id;
        leaf.identity = {s->from.organ_id, "status", s->response_for.document_id, s->response_for.code, "", ""};
        if (leaf.recipients.empty()) leaf.recipients.push_back(s->response_for.organ_id);
    }
    if (!wrong_receipt.empty()) return receipts_.wrong(std::move(leaf), wrong_receipt);

    const std::string receipt = receipts_.give(leaf);
    std::lock_guard lock(guard_);
    given_[sha] = receipt;
    announced_[sha].part.clear();
    held_[a.manifest.packet_sha256] = {
        .key = a.key,
        .content = packet->status() ? content_of_status(a.manifest) : leaf.content_sha256,
        .recipients = leaf.recipients,
        .listed = {.packet_sha256 = a.manifest.packet_sha256,
                   .kind = a.manifest.kind,
                   .issuer = leaf.identity.issuer,
                   .document_id = leaf.identity.document_id,
                   .number = leaf.identity.number,
                   .notation = leaf.identity.notation,
                   .at = to_us(system_clock().now()),
                   .leaf = held_.size()}};
    boost::json::object line{{"packet", sha}, {"key", a.key}, {"kind", a.manifest.kind}};
    if (const auto* d = packet->document()) {
        const auto [first, fresh] = identities_.emplace(identity_of(d->header), sha);
        line["document_id"] = d->header.document_id;
        line["fresh"] = true; // of this packet; the same document in two packets is two of these
        if (!fresh) line["also_as"] = first->second;
        if (fresh) {
            to_tell_.push_back(d->header);
            taken_one_.notify_one();
        }
    } else {
        line["code"] = packet->status()->status_code;
        line["about"] = packet->status()->response_for.document_id;
        line["fresh"] = false;
    }
    journal_.write("taken", std::move(line));
    return receipt;
}

bool receiver::notices(wire& w, const std::string& body) {
    auto call = peer::decode_notices(body);
    if (!call) {
        journal_.complain("notices that cannot be read");
        w.write(answer_text(400, error_text(400)));
        return true;
    }
    const rule* r = decisions_.next(
        settings_.faults.answering,
        fmt::format("notices {}", call->notices.empty() ? 0 : call->notices.front().sequence), "notices", "");
    std::uint64_t up_to = 0;
    if (!r || r->fault == "cut_after_taking" || r->fault == "cut_in_answer" || r->fault == "slow") {
        std::lock_guard lock(guard_);
        std::uint64_t& kept = notices_up_to_[call->instance];
        for (const auto& n : call->notices) {
            if (n.sequence > kept + 1) journal_.complain(fmt::format("notice {} follows {}", n.sequence, kept));
            if (n.sequence == kept + 1)
                journal_.write("notice",
                               {{"packet", n.packet_sha256.hex()}, {"kind", n.kind}, {"recipient", n.recipient}});
            kept = std::max(kept, n.sequence);
        }
        up_to = kept;
    }
    const std::string right = answer_text(200, peer::encode_notices_answer(r && r->fault == "ack_too_low" ? 0 : up_to));
    return answer_by(w, r, right);
}

} // namespace vanthu::sim

#include "daemon/base/base64.hpp"
#include "schemas/edxml/reader.hpp"
#include "schemas/edxml/writer.hpp"
#include "schemas/receipt/origin.hpp"
#include "tests/sim/partner.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <random>
#include <thread>

namespace vanthu::sim {

using test::must;

namespace {

constexpr std::size_t sizes[] = {10, 3'000, 30'000, 90'000, 400'000};

std::string put(const std::string& path, std::string_view body, std::string_view more = {}) {
    return fmt::format("PUT {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}Content-Length: {}\r\n\r\n{}", path, more, body.size(),
                       body);
}

edxml::date today() { return std::chrono::floor<std::chrono::days>(system_clock().now() + std::chrono::hours(7)); }

bool later(int status) { return status == 0 || status == 409 || status == 429 || status >= 500; }

} // namespace

caller::caller(const settings& s, peer_to_call peer, const identity_files& files, std::string service_key_pem,
               std::string chain_pem, receipt::trust_anchors anchors, journal& j)
    : settings_(s), peer_(std::move(peer)), context_(client_side(files)),
      service_key_(must("service key", receipt::service_key::from_pem(service_key_pem))),
      chain_(must("chain", receipt::certificates_from_pem(chain_pem))), anchors_(std::move(anchors)), journal_(j),
      decisions_(s, j) {}

std::string caller::origin_of(const receipt::origin_statement& s) const {
    return must("origin", receipt::sign_origin(s, service_key_, chain_));
}

// The same bytes for the same seed, number and day; another envelope is another trace.
caller::parcel caller::document(std::uint64_t n, unsigned envelope) const {
    const std::string key = fmt::format("document {}", n);
    edxml::document_header h;
    h.from = {.organ_id = settings_.organisation, .organ_name = "Đối tác"};
    h.to.push_back({.organ_id = peer_.organisation, .organ_name = "Nơi nhận"});
    h.code = {std::to_string(n), "SIM-VP"};
    h.promulgation = {"Quảng Thử", edxml::packet_date::of(today())};
    h.document_type = {"2", "Công văn", ""};
    h.subject = h.content = fmt::format("Văn bản thử {}", n);
    h.document_id = fmt::format("{},{},{}/SIM-VP", settings_.organisation, h.promulgation.date.text, n);
    h.steering_type = "1";
    h.trace.push_back(
        {settings_.organisation, edxml::packet_time::parse(fmt::format("2025/07/15 08:00:{:02}", envelope))});
    std::mt19937_64 fill(number_for(settings_.seed, key, "content"));
    std::string content(sizes[number_for(settings_.seed, key, "size") % std::size(sizes)], '\0');
    for (char& c : content) c = char(fill());
    const std::vector<edxml::new_attachment> attachments{{"a.bin", "", "application/octet-stream", "one"}};
    parcel out{.key = key,
               .kind = "document",
               .packet = {},
               .origin = {},
               .document_id = h.document_id,
               .recipients = {peer_.organisation}};
    for (const edxml::piece& p : must("packet", edxml::compose_new(h, attachments)))
        if (auto* text = std::get_if<std::string>(&p))
            out.packet += *text;
        else
            out.packet += base64_encode(as_bytes(content));
    receipt::origin_statement o;
    o.kind = receipt::origin_kind::document;
    o.packet_sha256 = sha256::of(out.packet);
    o.content_sha256 = edxml::content_sha256({sha256::of(content)});
    o.organisation = settings_.organisation;
    o.time = system_clock().now();
    out.origin = origin_of(o);
    return out;
}

caller::parcel caller::status(const edxml::document_header& about, const std::string& code, unsigned n) const {
    edxml::status_packet s;
    s.from = {.organ_id = settings_.organisation, .organ_name = "Đối tác"};
    s.response_for = {about.from.organ_id, about.code.number + "/" + about.code.notation, about.promulgation.date,
                      about.document_id};
    s.status_code = code;
    s.description = fmt::format("trạng thái {}", code);
    s.timestamp = edxml::packet_time::parse(fmt::format("2026/07/15 08:00:{:02}", n));
    parcel out{.key = fmt::format("status {} {} {}", about.document_id, code, n),
               .kind = "status",
               .packet = must("status", edxml::compose_status(s, edxml::echo::as_received)),
               .origin = {},
               .document_id = about.document_id,
               .recipients = {about.from.organ_id}};
    receipt::origin_statement o;
    o.kind = receipt::origin_kind::status;
    o.fields = {{"from", s.from.organ_id},
                {"response_for_organ_id", s.response_for.organ_id},
                {"response_for_code", s.response_for.code},
                {"response_for_date", s.response_for.promulgation_date.text},
                {"response_for_document_id", s.response_for.document_id},
                {"status_code", s.status_code},
                {"description", s.description},
                {"timestamp", s.timestamp.text}};
    o.organisation = settings_.organisation;
    o.time = system_clock().now();
    out.origin = origin_of(o);
    return out;
}

message caller::exchange(const std::string& request) {
    auto w = call(peer_.url, context_);
    w->write(request);
    auto head = w->read_head();
    if (!head) throw broken("no answer");
    head->body = w->read_body(w->body_length(*head));
    return *head;
}

std::string caller::announce(const parcel& p, const digest& sha, std::uint64_t size) {
    return put("/peer/v1/packets/" + sha.hex() + "/manifest",
               peer::encode(peer::manifest{.packet_sha256 = sha,
                                           .size = size,
                                           .kind = p.kind,
                                           .recipients = p.recipients,
                                           .origin = p.origin,
                                           .document = p.key}),
               "Content-Type: application/json\r\n");
}

void caller::judge(const parcel& p, const std::string& text) {
    receipt::expectation expected;
    expected.packet_sha256 = sha256::of(p.packet);
    if (p.kind == "document") expected.recipient = peer_.organisation;
    expected.hop_organisation = peer_.organisation;
    auto good = receipt::verify(text, anchors_, expected);
    if (!good)
        journal_.complain(fmt::format("the receipt for {} does not hold: {}", p.key, good.error().code.message()));
}

// One attempt. What goes wrong goes wrong before, or instead of, the right exchange.
std::string caller::once(const parcel& p, const rule* r) {
    const std::string fault = r ? r->fault : "";
    const digest sha = sha256::of(p.packet);
    const std::string path = "/peer/v1/packets/" + sha.hex();
    auto must_be_refused = [&](const message& m, const char* what) {
        if (m.status() < 300) journal_.complain(fmt::format("{} of {} was taken: {}", what, p.key, m.status()));
    };
    if (fault == "no_manifest") {
        // Other bytes: nobody has announced them.
        const std::string other = p.packet + " ";
        must_be_refused(exchange(put("/peer/v1/packets/" + sha256::of(other).hex(), other)),
                        "a packet without manifest");
    } else if (fault == "wrong_hash") {
        std::string other = p.packet;
        other[other.size() / 2] ^= 1;
        (void)exchange(announce(p, sha, p.packet.size()));
        auto answered = exchange(put(path, other));
        // Known already: then the body is not read.
        if (answered.status() != 200) must_be_refused(answered, "a wrong hash");
    } else if (fault == "wrong_size") {
        const std::string other = p.packet + "\n";
        (void)exchange(announce(p, sha256::of(other), other.size() + 7));
        must_be_refused(exchange(put("/peer/v1/packets/" + sha256::of(other).hex(), other)), "a wrong size");
    } else if (fault == "garbage_http") {
        call(peer_.url, context_)->write("BREW /peer/v1/hello HTCPCP/1.0\r\n\x01\x02\r\nContent-Length: a\r\n\r\n");
    } else if (fault == "oversize_headers") {
        auto w = call(peer_.url, context_);
        try {
            w->write("GET /peer/v1/hello HTTP/1.1\r\nHost: 127.0.0.1\r\n");
            for (int i = 0; i < 2000; ++i) w->write(fmt::format("X-Filler-{}: {:0100}\r\n", i, i));
            w->write("\r\n");
        } catch (const broken&) { // it need not read to the end
        }
    }

    const message manifest = exchange(announce(p, sha, p.packet.size()));
    if (manifest.status() != 200) {
        if (!later(manifest.status()))
            journal_.complain(fmt::format("manifest of {}: {} {}", p.key, manifest.first, manifest.body));
        return {};
    }
    auto answer = peer::decode_manifest_answer(manifest.body);
    if (!answer) {
        journal_.complain("an answer to a manifest that cannot be read: " + manifest.body);
        return {};
    }
    if (answer->known) return answer->receipt;
    if (answer->offset > p.packet.size()) {
        journal_.complain("an offset beyond the packet");
        return {};
    }
    const std::string rest = p.packet.substr(answer->offset);
    const std::string range = answer->offset ? fmt::format("Content-Range: bytes {}-{}/{}\r\n", answer->offset,
                                                           p.packet.size() - 1, p.packet.size())
                                             : "";
    const std::string request = put(path, rest, range);
    if (fault == "reset_in_body" || fault == "cut_before_answer") {
        auto w = call(peer_.url, context_);
        w->write(std::string_view(request).substr(0, fault == "reset_in_body" ? request.size() - rest.size() / 2 - 1
                                                                              : request.size()));
        if (fault == "cut_before_answer") std::this_thread::sleep_for(std::chrono::milliseconds(r->value));
        w->cut();
        return {};
    }
    message done;
    if (fault == "slow_body") {
        auto w = call(peer_.url, context_);
        w->write_slowly(request, std::chrono::milliseconds(r->value));
        auto head = w->read_head();
        if (!head) throw broken("no answer");
        done = *head;
        done.body = w->read_body(w->body_length(done));
    } else if (fault == "duplicate_at_once") {
        std::thread second([&] {
            try {
                (void)exchange(request);
            } catch (const broken&) {
            }
        });
        try {
            done = exchange(request);
        } catch (const broken&) {
        }
        second.join();
    } else {
        done = exchange(request);
    }
    if (done.status() != 200 && done.status() != 201) {
        if (!later(done.status())) journal_.complain(fmt::format("packet {}: {} {}", p.key, done.first, done.body));
        return {};
    }
    if (fault == "duplicate") {
        const message again = exchange(request);
        if (again.status() == 200 && again.body != done.body)
            journal_.complain("another receipt for the same packet: " + p.key);
        if (again.status() != 200 && !later(again.status()))
            journal_.complain(fmt::format("the same packet again: {} {}", p.key, again.first));
    }
    return done.body;
}

void caller::deliver(const parcel& p) {
    for (;;) {
        const rule* r = decisions_.next(settings_.faults.calling, p.key, p.kind, p.kind);
        try {
            const std::string receipt = once(p, r);
            if (!receipt.empty()) {
                judge(p, receipt);
                journal_.write("given", {{"kind", p.kind},
                                         {"key", p.key},
                                         {"document_id", p.document_id},
                                         {"packet", sha256::of(p.packet).hex()},
                                         {"receipt", receipt}});
                return;
            }
        } catch (const broken&) { // it was killed, or has cut us off: again
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

void caller::send_documents() {
    for (std::uint64_t n = 1; n <= settings_.faults.documents; ++n) {
        deliver(document(n, 0));
        const rule* r =
            decisions_.next(settings_.faults.calling, fmt::format("document {}", n), "envelope", "document");
        if (r) deliver(document(n, 1)); // new_envelope: the same consignment, in other bytes
        std::this_thread::sleep_for(std::chrono::milliseconds(settings_.faults.pause_ms));
    }
}

void caller::send_statuses(receiver& from) {
    for (;;) {
        const edxml::document_header about = from.next_taken();
        if (settings_.faults.statuses == "none") continue;
        std::vector<std::pair<std::string, unsigned>> codes{{"01", 1}};
        if (decisions_.next(settings_.faults.calling, "storm " + about.document_id, "storm", "status")) {
            codes = {{"01", 1}, {"03", 2}, {"04", 3}, {"06", 4}, {"03", 2}, {"03", 5}, {"77", 6}, {"01", 1}};
            std::mt19937_64 order(number_for(settings_.seed, about.document_id, "order"));
            for (std::size_t i = codes.size(); i > 1; --i) std::swap(codes[i - 1], codes[order() % i]);
        }
        for (const auto& [code, n] : codes) deliver(status(about, code, n));
    }
}

} // namespace vanthu::sim

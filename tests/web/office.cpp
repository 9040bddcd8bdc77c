#include "tests/web/office.hpp"

#include "daemon/base/files.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/intake/spooled.hpp"
#include "daemon/reconciliation/errors.hpp"
#include "tests/support/must.hpp"

#include <boost/asio/redirect_error.hpp>

namespace vanthu::web {

using records::state;
using test::must;

// Takes a packet and never answers: what an attempt under way looks like.
struct office::silent_transport final : delivery::transport {
    asio::awaitable<delivery::outcome> deliver(const delivery::outgoing&, steady_time) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, steady_time::max());
        boost::system::error_code cancelled;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        co_return delivery::outcome{};
    }
    task<std::uint64_t> notify(const peer::notice_call&, steady_time) override { co_return 0; }
};

namespace {
test::node_spec spec_of(std::function<delivery::transport*(const std::string&)> transports) {
    test::node_spec s;
    s.node = "h48";
    s.home = "@h48";
    s.organisation = "000.00.00.H48";
    s.registry = as_text(must("registry", read_file(VANTHU_SOURCE_DIR "/conf/registry.toml", 1u << 20)));
    s.transports = std::move(transports);
    // What g22 says of its records: one packet that we do not know. The others are older.
    s.asks = [](std::string node, peer::reconcile_question q, steady_time) -> task<peer::reconcile_answer> {
        if (node != "g22") co_return failed(reconciliation::errc::cannot_compare, node);
        peer::reconcile_answer a;
        for (const auto& p : q.sent) a.sent.push_back({p.packet_sha256, true, {}, {}});
        if (q.list) a.listed.push_back({.packet_sha256 = sha256::of("x"), .kind = "document", .number = "<b>15</b>"});
        co_return a;
    };
    return s;
}
} // namespace

office::office(const std::filesystem::path& page_files)
    : silent_(std::make_shared<silent_transport>()),
      node_(ca_, spec_of([silent = silent_](const std::string& to) { return to == "g22" ? silent.get() : nullptr; })) {
    auto place_again = [this](std::string owner, std::string document) -> task<std::size_t> {
        VANTHU_CO_TRY(auto done, co_await node_.rerouting->release(owner, document, "operator"));
        co_return done.placed;
    };
    auto send_back = [this](std::string owner, std::string document, std::string words, std::string by) {
        return node_.rerouting->send_back(std::move(owner), std::move(document), std::move(words), std::move(by));
    };
    door_ = std::make_unique<operator_door>(
        operator_door_options{.node = node_.spec.node,
                              .home = home(),
                              .quarantine = folder() / "quarantine",
                              .pages = must("pages", pages::load(page_files)),
                              .place_again = place_again,
                              .send_back = send_back,
                              .dry_run = [this](auto next,
                                                std::size_t list) { return node_.rerouting->dry_run(std::move(next), list); },
                              .rounds = node_.rounds.get()},
        store(), *node_.engine, node_.decisions->executor(0), meters_, [this] { return node_.gate->registry(); },
        *node_.disk, node_.clock);
    door_->use_secret(secret(std::string(test_secret)));
    server_ = must("server", net::server::open(network().executors(), {.address = "127.0.0.1:0"},
                                               [this](net::request& r) { return door_->handle(r); }));
    door_->listening_at(server_->address());
}

office::~office() { server_->stop(std::chrono::seconds(5)); }

std::string office::add(std::string subject, std::string number, const std::vector<made_recipient>& recipients,
                        std::int64_t seconds_ago) {
    const std::int64_t now = to_us(node_.clock.now()), at = now - seconds_ago * 1'000'000;
    records::document_row d;
    d.id = new_id(from_us(at));
    d.owner = home();
    d.subject = std::move(subject);
    d.identity = {home(), 0, "000.00.00.H48,2026/07/15," + number, number, "UBND-VP", "2026/07/15"};
    d.from_code = "000.00.00.H48";
    d.from_name = "Ủy ban nhân dân tỉnh Quảng Ngãi";
    d.type_name = "Công văn";
    d.signer = "Nguyễn Văn Mẫu";
    d.credential = "eoffice-h48";
    d.received_at = at;
    d.size = 245'760;
    d.packet_sha256 = sha256::of(d.id);
    d.content_sha256 = sha256::of(number);
    d.signatures = "valid";
    d.origin_verdict = "proven";
    d.signature_report = R"({"signatures":[{"signer":"Nguyễn Văn Mẫu","verdict":"valid"}]})";
    d.attachments = R"([{"name":"cong-van.pdf","size":201344}])";
    ledger::stored_payload payload = must("payload", store().payloads().put(d.owner, as_bytes("<edXML/>")));
    d.payload = payload.ref.encode();
    std::vector<records::transfer_row> due;
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_CHECK(t.adopt(payload));
        for (const made_recipient& r : recipients) d.to_codes.push_back(r.code);
        w.put(d);
        w.index_document(d);
        VANTHU_CHECK(w.add_event(d.owner, {.document = d.id,
                                           .kind = "accepted",
                                           .code = "eoffice",
                                           .by = "eoffice-h48",
                                           .proof = d.packet_sha256.hex()}));
        for (const made_recipient& r : recipients) {
            records::consignment_row c{.document = d.id,
                                       .recipient_code = r.code,
                                       .recipient = node_.gate->registry()->canonical(r.code, node_.clock.now()),
                                       .recipient_name = r.name,
                                       .state_now = r.state,
                                       .hop = r.hop,
                                       .reason = r.reason,
                                       .updated_at = now};
            records::event_row e{.document = d.id,
                                 .recipient = r.code,
                                 .code = r.reason,
                                 .by = r.hop == "local" ? std::string() : r.hop};
            if (r.hop == "local") {
                VANTHU_TRY(
                    auto entry,
                    w.add_inbox(
                        {.organisation = c.recipient, .owner = d.owner, .document = d.id, .recipient_code = r.code},
                        new_id(node_.clock.now())));
                c.inbox_id = entry.id;
                c.inbox_sequence = entry.sequence;
                e.kind = "kept";
                if (r.acknowledged) {
                    entry.acked_at = now;
                    w.put(entry);
                    c.last_status = "01";
                }
            } else if (!r.hop.empty()) {
                VANTHU_CHECK(
                    w.add_event(d.owner, {.document = d.id, .recipient = r.code, .kind = "routed", .code = r.hop}));
                records::transfer_row t_row{.owner = d.owner,
                                            .document = d.id,
                                            .node = r.hop,
                                            .recipients = {r.code},
                                            .state_now = r.state,
                                            .attempts = r.reason.empty() ? 0u : 3u,
                                            .created_at = at,
                                            .next_attempt_at = now + r.next_in_seconds * 1'000'000,
                                            .last_attempt_at = r.reason.empty() ? 0 : now - 60'000'000,
                                            .expires_at = at + 7ll * 24 * 3600 * 1'000'000,
                                            .reason = r.reason,
                                            .composed = true,
                                            .packet_sha256 = d.packet_sha256,
                                            .size = 8,
                                            .pieces = {{.text = "envelope"}}};
                w.put(t_row);
                if (!records::is_final(r.state) && r.state != state::parked) {
                    w.add_work(home(), t_row);
                    due.push_back(t_row);
                }
                if (r.state == state::deferred) e.kind = "deferred";
                if (r.state == state::delivered) e.kind = "handed_over", e.proof = sha256::of(r.code).hex();
            }
            if (r.state == state::parked) e.kind = "parked";
            if (r.state == state::parked && r.reason.starts_with("registry."))
                w.put(home(), records::reader::unplaced{d.owner, d.id, r.code});
            if (r.state == state::refused) e.kind = "returned";
            if (r.state == state::expired) e.kind = "expired";
            if (!e.kind.empty()) VANTHU_CHECK(w.add_event(d.owner, e));
            w.put(d.owner, c);
        }
        return {};
    };
    must("document", store().commit_and_wait(change));
    if (!due.empty()) node_.engine->wake(due);
    return d.id;
}

std::string office::isolate_secret() {
    intake::spooled content(*node_.spool, 1u << 16);
    must("secret", content.write(as_bytes("mat")));
    intake::isolated_secret what{.at = to_us(node_.clock.now()),
                                 .node = "g22",
                                 .from = "000.00.00.G12",
                                 .code = "12/BTC-M",
                                 .packet_sha256 = sha256::of("mat")};
    return must("isolate", intake::isolate(folder() / "quarantine", what, content)).id;
}

void office::fill() {
    const std::string g22 = "000.00.00.G22", vpcp = "Văn phòng Chính phủ", g12 = "000.00.00.G12", btc = "Bộ Tài chính";
    add("Báo cáo tình hình kinh tế - xã hội sáu tháng đầu năm", "320", {{g22, vpcp, state::delivered, "g22", ""}},
        90'000);
    add("Về việc chấn chỉnh công tác văn thư, lưu trữ trên địa bàn tỉnh", "321",
        {{"H48.98", "Sở Thử nghiệm và Minh họa tỉnh Quảng Ngãi", state::delivered, "local", "", 0, true},
         {"H48.99.02", "Ủy ban nhân dân xã Minh Họa", state::delivered, "local", ""},
         {"H48.99.01", "Ủy ban nhân dân xã Thử Nghiệm", state::deferred, "h48.99.01", "net.connect_refused", 900}},
        7200);
    add("Kế hoạch triển khai chuyển đổi số năm 2026", "322",
        {{g12, btc, state::deferred, "truc", "net.timed_out", 1500}}, 5400);
    add("Về việc cung cấp số liệu đầu tư công", "323",
        {{g12, btc, state::parked, "truc", "delivery.attempts_exhausted"}}, 4000);
    add("Thông báo kết luận cuộc họp giao ban", "324",
        {{"000.00.32.H48", "Ủy ban nhân dân huyện Mẫu", state::parked, "", "registry.closed_several_successors"}},
        3600);
    add("Về việc báo cáo thực hiện nhiệm vụ", "325",
        {{g12, btc, state::refused, "truc", "delivery.refused_by_next_hop"}}, 3000);
    add("Giấy mời họp", "326", {{"H48.98", "Sở Thử nghiệm và Minh họa tỉnh Quảng Ngãi", state::recalled, "", ""}},
        2400);
    add("Về việc góp ý dự thảo", "327", {{g12, btc, state::expired, "truc", "delivery.expired"}}, 700'000);
    add("Công điện về ứng phó mưa lũ", "328", {{g22, vpcp, state::waiting, "g22", "", -1}}, 60);
    add("Về việc bố trí lịch làm việc", "329",
        {{"H48.99.01", "Ủy ban nhân dân xã Thử Nghiệm", state::waiting, "h48.99.01", ""}}, 30);
    add(std::string(hostile_subject), "330",
        {{"<b>1</b>", "<img src=x onerror=alert(3)>", state::parked, "", "registry.unknown_organisation"}}, 20);
    add("Về việc chấn chỉnh kỷ luật hành chính", "331",
        {{"H48.98", "Sở Thử nghiệm và Minh họa tỉnh Quảng Ngãi", state::parked, "", "intake.signature_held"},
         {g12, btc, state::parked, "", "intake.signature_held"}},
        15);
    isolate_secret();
}

} // namespace vanthu::web

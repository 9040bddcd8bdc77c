#include "tests/web/office.hpp"

#include "daemon/ledger/spool.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cstdio>
#include <cstdlib>

namespace vanthu::web {

using records::state;

namespace {
template <class T> T must(result<T> r, const char* what) {
    if (r) {
        if constexpr (std::is_void_v<T>)
            return;
        else
            return std::move(*r);
    }
    std::fprintf(stderr, "office: %s: %s %s\n", what, r.error().code.message().c_str(), r.error().detail.c_str());
    std::abort();
}
} // namespace

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

office::office(const std::filesystem::path& page_files) {
    registry_ = std::make_shared<const registry::registry>(
        must(registry::registry::load(VANTHU_SOURCE_DIR "/conf/registry.toml"), "registry"));
    store_ = must(ledger::store::open({.directory = folder_ / "store"}), "store");
    silent_ = std::make_unique<silent_transport>();
    auto executor = asio::any_io_executor(decisions_.get_executor());
    engine_ = std::make_unique<delivery::engine>(
        delivery::engine_options{.home = home(), .organisation = "000.00.00.H48"}, *store_, executor, disk_, clock_,
        [this] { return registry_; },
        [this](const std::string& node) { return node == "g22" ? silent_.get() : nullptr; });
    door_ = std::make_unique<operator_door>(
        operator_door_options{.node = "h48",
                              .home = home(),
                              .quarantine = folder_ / "quarantine",
                              .pages = must(pages::load(page_files), "pages")},
        *store_, *engine_, executor, meters_, [this] { return registry_; }, disk_, clock_);
    door_->use_secret(secret(std::string(test_secret)));
    must(engine_->start(lanes_), "engine");
    deciding_ = std::thread([this] { decisions_.run(); });
    server_ = must(net::server::open(network_.executors(), {.address = "127.0.0.1:0"},
                                     [this](net::request& r) { return door_->handle(r); }),
                   "server");
    door_->listening_at(server_->address());
}

office::~office() {
    server_->stop(std::chrono::seconds(5));
    lanes_.cancel();
    lanes_.join(std::chrono::seconds(20));
    keep_running_.reset();
    decisions_.stop();
    deciding_.join();
    network_.stop();
    disk_.join();
    store_->close();
}

std::string office::add(std::string subject, std::string number, const std::vector<made_recipient>& recipients,
                        std::int64_t seconds_ago) {
    const std::int64_t now = to_us(clock_.now()), at = now - seconds_ago * 1'000'000;
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
    ledger::stored_payload payload = must(store_->payloads().put(d.owner, as_bytes("<edXML/>")), "payload");
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
                                       .recipient = registry_->canonical(r.code, clock_.now()),
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
                        new_id(clock_.now())));
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
                                            .size = 8};
                w.put(t_row);
                if (!records::is_final(r.state) && r.state != state::parked) {
                    w.add_work(home(), t_row);
                    due.push_back(t_row);
                }
                if (r.state == state::deferred) e.kind = "deferred";
                if (r.state == state::delivered) e.kind = "handed_over", e.proof = sha256::of(r.code).hex();
            }
            if (r.state == state::parked) e.kind = "parked";
            if (r.state == state::refused) e.kind = "returned";
            if (r.state == state::expired) e.kind = "expired";
            if (!e.kind.empty()) VANTHU_CHECK(w.add_event(d.owner, e));
            w.put(d.owner, c);
        }
        return {};
    };
    must(store_->commit_and_wait(change), "document");
    if (!due.empty()) engine_->wake(due);
    return d.id;
}

std::string office::isolate_secret() {
    auto room = must(ledger::spool::open(folder_ / "spool", 1u << 20), "spool");
    intake::spooled content(*room, 1u << 16);
    must(content.write(as_bytes("mat")), "secret");
    return must(intake::isolate(folder_ / "quarantine",
                                {.at = to_us(clock_.now()),
                                 .node = "g22",
                                 .from = "000.00.00.G12",
                                 .code = "12/BTC-M",
                                 .packet_sha256 = sha256::of("mat")},
                                content),
                "isolate")
        .id;
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
    isolate_secret();
}

} // namespace vanthu::web

#include "daemon/cli/bench_gate.hpp"

#include "daemon/api/eoffice.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/intake/gate.hpp"
#include "daemon/net/io_threads.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

constexpr std::string_view issuer = bench_issuer;
constexpr std::string_view registry_text = R"(
format = 1
version = 1
[[organisation]]
id = "sender"
name = "UBND xã Đo"
codes = [{code = "H48.99.01", form = "qd20"}]
served_by = "bench"
[[organisation]]
id = "receiver"
name = "UBND xã Nhận"
codes = [{code = "H48.99.02", form = "qd20"}]
served_by = "bench"
[[node]]
id = "bench"
kind = "vanthu"
organisation = "sender"
urls = ["https://127.0.0.1:1"]
san_uri = "urn:vanthu:org:H48.99.01"
ca = "ca.pem"
)";

// A node's parts up to the API for eOffices, over a directory of its own.
struct node {
    system_clock clock;
    std::unique_ptr<ledger::store> store;
    std::unique_ptr<ledger::receipt_log> receipts;
    std::unique_ptr<ledger::spool> spool;
    std::unique_ptr<inspect::inspector_pool> inspectors;
    asio::thread_pool disk{2}, crypto{2};
    std::unique_ptr<intake::gate> gate;
    api::inbox_bell bell;
    std::unique_ptr<api::eoffice> eoffice;
    std::string api_key;

    ~node() {
        disk.join();
        crypto.join();
        if (store) store->close();
    }
};

result<std::unique_ptr<node>> make_node(const std::filesystem::path& directory, const throw_away_identity& who,
                                        bool preflight) {
    auto n = std::make_unique<node>();
    VANTHU_TRY(registry::registry r, registry::registry::parse(registry_text, "bench"));
    auto shared = std::make_shared<const registry::registry>(std::move(r));
    ledger::store_options so;
    so.directory = directory / "ledger";
    VANTHU_TRY(n->store, ledger::store::open(std::move(so)));
    VANTHU_TRY(receipt::service_key key, receipt::service_key::from_pem(who.key_pem));
    tlog::ed25519_private_key log_key = tlog::ed25519_private_key::generate();
    receipt::delegation d;
    d.log_origin = "bench.invalid/log";
    d.log_key = log_key.public_key();
    d.organisation = issuer;
    d.valid_from = n->clock.now() - std::chrono::hours(1);
    d.valid_to = n->clock.now() + std::chrono::hours(24);
    VANTHU_TRY(std::string delegation, receipt::sign_delegation(d, key, {who.certificate_der}));
    VANTHU_TRY(n->receipts, ledger::receipt_log::open(
                                *n->store, {std::string(issuer), d.log_origin, std::move(log_key), delegation}));
    n->store->register_observer(*n->receipts);
    VANTHU_TRY(n->spool, ledger::spool::open(directory / "spool", 4ull << 30));
    if (preflight) {
        inspect::options o;
        o.executable = inspect::find_inspect_executable();
        o.workers = 2;
        VANTHU_TRY(x509::certificate anchor, x509::parse_certificate(who.certificate_der));
        o.trust.anchors.push_back(anchor);
        o.policy.revocation = x509::revocation_rule::if_present;
        VANTHU_TRY(n->inspectors, inspect::inspector_pool::start(std::move(o)));
    }
    intake::gate_options go;
    go.node = "bench";
    go.home = shared->canonical(issuer, n->clock.now());
    go.organisation = issuer;
    go.service_key = key;
    go.service_chain = {who.certificate_der};
    n->gate = std::make_unique<intake::gate>(std::move(go), *n->store, *n->receipts, *n->spool, n->inspectors.get(),
                                             n->disk, n->crypto, n->clock);
    n->gate->use_registry(shared);
    api::eoffice_options eo;
    eo.node = "bench";
    eo.home = shared->canonical(issuer, n->clock.now());
    eo.organisation = issuer;
    n->eoffice = std::make_unique<api::eoffice>(std::move(eo), *n->gate, *n->store, *n->receipts, *n->spool, n->bell,
                                                n->disk, n->clock);
    const api::new_credential credential = api::make_credential("bench", {std::string(issuer)}, {"submit"});
    VANTHU_TRY(api::credentials known, api::credentials::parse(credential.row, "bench"));
    n->eoffice->use_credentials(std::make_shared<const api::credentials>(std::move(known)));
    n->api_key = credential.key;
    return n;
}

double process_cpu_seconds() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Alone on this thread, for about `length`: microseconds of processor time a call.
template <class F> double cost_of(std::chrono::milliseconds length, F&& call) {
    call(); // what is only paid once
    const auto end = std::chrono::steady_clock::now() + length;
    const double begin = process_cpu_seconds();
    unsigned count = 0;
    for (; count == 0 || std::chrono::steady_clock::now() < end; ++count) call();
    return (process_cpu_seconds() - begin) * 1e6 / count;
}

// A body that is somewhere else already.
class borrowed_body final : public net::body_source {
public:
    explicit borrowed_body(std::string_view text) : text_(text) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        const std::size_t n = std::min(out.size(), text_.size());
        std::copy_n(text_.begin(), n, out.begin());
        text_.remove_prefix(n);
        co_return n;
    }

private:
    std::string_view text_;
};

struct accepted_in_process {
    double per_s = 0, cpu_us = 0;
};

result<accepted_in_process> accept_for(node& n, const packet_form& form, unsigned submitters,
                                       std::chrono::milliseconds length, std::atomic<std::uint64_t>& number) {
    std::mutex guard;
    std::optional<failure> wrong;
    std::atomic<std::uint64_t> count{0};
    const net::peer_identity nobody;
    net::io_threads threads(2, "bench");
    task_group group;
    const double cpu = process_cpu_seconds();
    const auto begin = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < submitters; ++i)
        group.spawn(threads.executor(i % threads.size()), [&]() -> asio::awaitable<void> {
            packet_form mine = form;
            while (std::chrono::steady_clock::now() - begin < length) {
                const std::string_view packet = mine.numbered(++number);
                borrowed_body body(packet);
                net::request request{.method = "POST",
                                     .path = "/v1/documents",
                                     .query = {},
                                     .raw_target = "/v1/documents",
                                     .fields = {},
                                     .peer = nobody,
                                     .content_length = packet.size(),
                                     .body = body};
                request.fields.set("Authorization", "Bearer " + n.api_key);
                request.fields.set("Content-Type", "application/xml");
                const net::response answer = co_await n.eoffice->handle(request);
                if (answer.status == 201) {
                    ++count;
                    continue;
                }
                const auto* text = std::get_if<std::string>(&answer.body);
                std::lock_guard lock(guard);
                wrong = {errc::bench_failed, fmt::format("{} {}", answer.status, text ? *text : "")};
                co_return;
            }
        });
    group.join(std::chrono::minutes(10));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (wrong) return fail(*wrong);
    if (count == 0) return failed(errc::bench_failed, "no document in this time");
    return accepted_in_process{static_cast<double>(count) / seconds,
                               (process_cpu_seconds() - cpu) * 1e6 / static_cast<double>(count)};
}

std::uintmax_t log_bytes(const std::filesystem::path& rows) {
    std::uintmax_t sum = 0;
    for (const auto& e : std::filesystem::directory_iterator(rows))
        if (e.path().extension() == ".log") sum += e.file_size();
    return sum;
}

} // namespace

result<stage_costs> measure_stages(const std::filesystem::path& directory, const packet_form& form,
                                   bytes_view attachment, const throw_away_identity& who, bool preflight,
                                   unsigned submitters, std::chrono::milliseconds length) {
    stage_costs out;
    packet_form mine = form;
    const std::string packet(mine.numbered(0));
    const auto each = length / 5;
    std::optional<failure> wrong;
    out.hash = cost_of(each, [&] {
        (void)sha256::of(packet);
        (void)sha256::of(attachment);
    });
    const double read = cost_of(each, [&] {
        if (auto p = edxml::read_packet(as_bytes(packet)); !p) wrong = p.error();
    });
    out.parse = std::max(0.0, read - out.hash);
    VANTHU_TRY(const receipt::service_key key, receipt::service_key::from_pem(who.key_pem));
    receipt::origin_statement said;
    said.organisation = issuer;
    said.time = system_clock().now();
    out.origin = cost_of(each / 4, [&] {
        if (auto s = receipt::sign_origin(said, key, {who.certificate_der}); !s) wrong = s.error();
    });
    std::atomic<std::uint64_t> number{0};
    VANTHU_TRY(auto n, make_node(directory, who, preflight));
    const digest hash = sha256::of(packet);
    out.payload = cost_of(each, [&] {
        auto stored = n->store->payloads().put("@sender", as_bytes(packet), hash);
        if (!stored) wrong = stored.error();
    });
    if (preflight)
        for (unsigned i = 0; i < 5; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            (void)n->inspectors->inspect(attachment, n->clock.now(), begin + std::chrono::seconds(30));
            const double us =
                std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
            out.verify_us = i == 0 ? us : std::min(out.verify_us, us);
        }
    if (wrong) return fail(*wrong);
    const std::uintmax_t before = log_bytes(directory / "ledger" / "rows");
    const std::uint64_t from = number;
    VANTHU_CHECK(accept_for(*n, form, 1, each, number));
    out.log_bytes =
        static_cast<double>(log_bytes(directory / "ledger" / "rows") - before) / static_cast<double>(number - from);
    VANTHU_TRY(accepted_in_process many, accept_for(*n, form, submitters, length, number));
    out.api = many.cpu_us;
    out.api_per_s = many.per_s;
    return out;
}

} // namespace vanthu::cli

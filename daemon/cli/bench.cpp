#include "daemon/cli/bench.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_parts.hpp"
#include "daemon/cli/bench_sign.hpp"
#include "daemon/cli/bench_verify.hpp"
#include "daemon/intake/gate.hpp"
#include "daemon/net/io_threads.hpp"
#include "schemas/edxml/writer.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>
#include <sys/resource.h>

namespace vanthu::cli {
namespace {

constexpr std::string_view issuer = "H48.99.01", receiver = "H48.99.02";
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

// A node's parts up to the gate, over a directory of its own.
struct node {
    system_clock clock;
    std::unique_ptr<ledger::store> store;
    std::unique_ptr<ledger::receipt_log> receipts;
    std::unique_ptr<ledger::spool> spool;
    std::unique_ptr<inspect::inspector_pool> inspectors;
    asio::thread_pool disk{2}, crypto{2};
    std::unique_ptr<intake::gate> gate;

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
    return n;
}

// Packets that differ in their number only; the attachment's base64 is made once.
class packet_maker {
public:
    packet_maker(bytes_view pdf, timestamp now) : content_(base64_encode(pdf)) {
        header_.from.organ_id = issuer;
        header_.from.organ_name = "UBND xã Đo";
        header_.to.push_back({.organ_id = std::string(receiver), .organ_name = "UBND xã Nhận"});
        header_.code.notation = "UBND-VP";
        header_.promulgation.date = edxml::packet_date::parse(to_edxml_date(now));
        header_.document_type = {"2", "Công văn", {}};
        header_.subject = header_.content = "V/v đo tốc độ tiếp nhận";
        header_.steering_type = "1";
        header_.trace.push_back({std::string(issuer), edxml::packet_time::of(now)});
        attachments_.push_back({"do.pdf", {}, "application/pdf", "do-1"});
    }
    result<std::string> make(std::uint64_t number) const {
        edxml::document_header h = header_;
        h.code.number = std::to_string(number);
        h.document_id = std::string(issuer) + "," + h.promulgation.date.text + "," + h.code.number + "/UBND-VP";
        VANTHU_TRY(auto pieces, edxml::compose_new(h, attachments_));
        std::string out;
        out.reserve(content_.size() + 8192);
        for (const edxml::piece& p : pieces)
            out += std::holds_alternative<std::string>(p) ? std::get<std::string>(p) : content_;
        return out;
    }

private:
    std::string content_;
    edxml::document_header header_;
    std::vector<edxml::new_attachment> attachments_;
};

struct measured {
    unsigned submitters = 1;
    bool preflight = false;
    std::vector<double> accepts_per_s, disk_per_s, fdatasync_us, p99_ms;
};

struct round_result {
    double per_s = 0, p99_ms = 0;
    std::optional<failure> wrong;
};

round_result accept_for(node& n, const packet_maker& packets, unsigned submitters, std::atomic<std::uint64_t>& number,
                        std::chrono::milliseconds length) {
    round_result out;
    std::mutex guard;
    std::vector<double> latencies;
    net::io_threads threads(2, "bench");
    task_group group;
    auto begin = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < submitters; ++i)
        group.spawn(threads.executor(i % threads.size()), [&]() -> asio::awaitable<void> {
            while (std::chrono::steady_clock::now() - begin < length) {
                auto text = packets.make(++number);
                auto started = std::chrono::steady_clock::now();
                result<intake::accepted> done = failed(tasks::errc::cancelled);
                if (text) {
                    net::memory_body body(std::move(*text));
                    intake::offer o;
                    o.credential = "bench";
                    o.may_send_for = {"@sender"};
                    done = co_await n.gate->accept(std::move(o), body);
                }
                double ms =
                    std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - started).count();
                std::lock_guard lock(guard);
                if (done)
                    latencies.push_back(ms);
                else if (!out.wrong)
                    out.wrong = text ? done.error() : text.error();
                if (out.wrong) co_return;
            }
        });
    group.join(std::chrono::minutes(10));
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::sort(latencies.begin(), latencies.end());
    out.per_s = static_cast<double>(latencies.size()) / seconds;
    if (!latencies.empty()) out.p99_ms = latencies[latencies.size() * 99 / 100];
    return out;
}

struct bench_options {
    std::size_t size = 100'000;
    std::vector<unsigned> submitters{1, 64};
    std::string preflight = "both";
    unsigned rounds = 3;
    double seconds = 2;
    std::filesystem::path directory;
    voice says;
};

result<> bench_deliver(const bench_options& o) {
    std::filesystem::path base = o.directory.empty() ? std::filesystem::temp_directory_path() : o.directory;
    std::filesystem::path directory = base / ("vanthu-bench-" + to_hex(random_bytes(6)));
    std::filesystem::create_directories(directory);
    struct remover {
        std::filesystem::path what;
        ~remover() {
            std::error_code ec;
            std::filesystem::remove_all(what, ec);
        }
    } clean{directory};
    throw_away_identity who = make_throw_away_identity(issuer);
    bytes pdf = make_measured_pdf(o.size);
    VANTHU_TRY(bytes signed_pdf, sign_measured_pdf(pdf, who));
    packet_maker packets(signed_pdf, system_clock().now());
    VANTHU_TRY(std::string example, packets.make(0));
    const auto length = std::chrono::milliseconds(static_cast<std::int64_t>(o.seconds * 1000));
    std::atomic<std::uint64_t> number{0};
    std::vector<measured> table;
    for (bool preflight : {false, true}) {
        if ((o.preflight == "on" && !preflight) || (o.preflight == "off" && preflight)) continue;
        for (unsigned submitters : o.submitters) table.push_back({.submitters = submitters, .preflight = preflight});
    }
    // Alternating rounds: every line is measured, with its yardstick, before any is measured again.
    for (unsigned round = 0; round < o.rounds; ++round)
        for (measured& m : table) {
            std::filesystem::path place = directory / ("r" + std::to_string(number.load()) + (m.preflight ? "p" : ""));
            std::filesystem::create_directories(place);
            {
                VANTHU_TRY(auto n, make_node(place, who, m.preflight));
                round_result r = accept_for(*n, packets, m.submitters, number, length);
                if (r.wrong) return fail(*r.wrong);
                m.accepts_per_s.push_back(r.per_s);
                m.p99_ms.push_back(r.p99_ms);
            }
            disk_rate disk = measure_disk(place, m.submitters, example.size(), length / 2);
            m.disk_per_s.push_back(disk.writes_per_s);
            m.fdatasync_us.push_back(disk.fdatasync_us);
            std::error_code ec;
            std::filesystem::remove_all(place, ec);
        }
    struct rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const double rss = static_cast<double>(used.ru_maxrss) / 1024;
    if (o.says.as_json) {
        boost::json::array rows;
        for (const measured& m : table)
            rows.push_back({{"submitters", m.submitters},
                            {"preflight", m.preflight},
                            {"accepts_per_s", median(m.accepts_per_s)},
                            {"disk_bound_per_s", median(m.disk_per_s)},
                            {"ratio_to_bound", median(m.accepts_per_s) / median(m.disk_per_s)},
                            {"fdatasync_us", median(m.fdatasync_us)},
                            {"p99_ms", median(m.p99_ms)}});
        std::cout << boost::json::serialize(boost::json::object{{"schema_version", 1},
                                                                {"size", o.size},
                                                                {"packet_bytes", example.size()},
                                                                {"rounds", o.rounds},
                                                                {"peak_rss_mb", rss},
                                                                {"rows", rows}})
                  << '\n';
        return {};
    }
    std::cout << fmt::format(fmt::runtime(o.says("PDF {} byte, gói tin {} byte, {} vòng, mỗi vòng {} giây, trung vị\n",
                                                 "PDF {} B, packet {} B, {} rounds of {} s, medians\n")),
                             o.size, example.size(), o.rounds, o.seconds);
    std::cout << fmt::format("{:>10} {:>12} {:>14} {:>14} {:>7} {:>13} {:>9}\n", o.says("luồng gửi", "submitters"),
                             o.says("kiểm chữ ký", "pre-flight"), o.says("tiếp nhận/giây", "accepts/s"),
                             o.says("ổ đĩa/giây", "disk bound/s"), o.says("tỉ lệ", "ratio"), "fdatasync us", "p99 ms");
    for (const measured& m : table)
        std::cout << fmt::format("{:>10} {:>12} {:>14.0f} {:>14.0f} {:>7.2f} {:>13.0f} {:>9.1f}\n", m.submitters,
                                 m.preflight ? o.says("có", "on") : o.says("không", "off"), median(m.accepts_per_s),
                                 median(m.disk_per_s), median(m.accepts_per_s) / median(m.disk_per_s),
                                 median(m.fdatasync_us), median(m.p99_ms));
    std::cout << fmt::format(fmt::runtime(o.says("bộ nhớ nhiều nhất {:.0f} MB (tiến trình này, kể cả luồng gửi)\n",
                                                 "peak memory {:.0f} MB (this process, submitters included)\n")),
                             rss);
    return {};
}

} // namespace

void add_bench_commands(CLI::App& app, int& exit_code) {
    CLI::App* bench = app.add_subcommand("bench", "Đo tốc độ / measure speed");
    bench->require_subcommand(1);
    CLI::App* deliver = bench->add_subcommand(
        "deliver", "Số văn bản tiếp nhận bền vững mỗi giây / documents accepted durably per second");
    auto o = std::make_shared<bench_options>();
    deliver->add_option("--size", o->size, "Cỡ tệp PDF, byte / bytes of the PDF")->transform(CLI::AsSizeValue(true));
    deliver->add_option("--submitters", o->submitters, "Số luồng gửi / submitters, one line each")
        ->delimiter(',')
        ->check(CLI::Range(1u, 1024u));
    deliver->add_option("--preflight", o->preflight, "Kiểm tra chữ ký / signature pre-flight")
        ->check(CLI::IsMember({"on", "off", "both"}));
    deliver->add_option("--rounds", o->rounds, "Số vòng / rounds")->check(CLI::Range(1u, 100u));
    deliver->add_option("--seconds", o->seconds, "Giây mỗi vòng / seconds a round")->check(CLI::Range(0.1, 600.0));
    deliver->add_option("--directory", o->directory, "Thư mục trên ổ đĩa cần đo / directory on the disk to measure")
        ->check(CLI::ExistingDirectory);
    add_voice_options(*deliver, o->says);
    deliver->callback([o, &exit_code] { exit_code = tell_failure(bench_deliver(*o), o->says); });
    add_bench_sign(*bench, exit_code);
    add_bench_verify(*bench, exit_code);
}

} // namespace vanthu::cli

#include "daemon/cli/bench_deliver.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/bench_client.hpp"
#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_gate.hpp"
#include "daemon/cli/bench_load.hpp"
#include "daemon/cli/bench_many.hpp"
#include "daemon/cli/bench_sign.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/net/message_parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>
#include <sched.h>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {
namespace {

struct bench_options {
    std::size_t size = 100'000;
    std::vector<unsigned> submitters{1, 32};
    std::string preflight = "both";
    unsigned rounds = 3, recipients = 0;
    std::uint64_t to = 0;
    double seconds = 2;
    std::filesystem::path directory;
    voice says;
};

unsigned usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
}

// A line of the table: the rounds of one number of submitters, with or without pre-flight.
struct line {
    unsigned submitters = 1;
    bool preflight = false;
    std::size_t wire_bytes = 0;
    std::vector<double> accepts, disk, cpu, ratio, whole, fdatasync_us, p99, daemon_cpu, client_cpu, bare;
    double pss = 0, workers_pss = 0, client_pss = 0;
    stage_costs stages; // of the last round, as the three below
    transfer_cost transfer;
    double http_us = 0;

    double cost_us() const { // without pre-flight
        return transfer.client_us + transfer.server_us + http_us + stages.api;
    }
    // With pre-flight the verification is the bound that the goal names.
    double cpu_bound(unsigned cores) const { return cores * 1e6 / (preflight ? stages.verify_us : cost_us()); }
    // Verification and accepting, which the same cores do.
    double whole_bound(unsigned cores) const { return cores * 1e6 / (stages.verify_us + cost_us()); }
};

// Reading head and body out of the pieces in which TLS hands them on.
double http_cost(std::string_view head, std::string_view body) {
    const std::string whole = std::string(head) + std::string(body);
    bytes out(64u << 10);
    const double begin = thread_cpu_seconds();
    constexpr unsigned rounds = 200;
    for (unsigned i = 0; i < rounds; ++i) {
        net::message_parser parser(net::message_parser::kind::request, 64u << 10);
        bytes_view rest = as_bytes(whole);
        for (std::size_t used = 0; !parser.done(); rest = rest.subspan(used)) {
            auto step = parser.has_head()
                            ? parser.feed_body(rest.first(std::min<std::size_t>(rest.size(), 16u << 10)), out)
                            : parser.feed_head(rest.first(std::min<std::size_t>(rest.size(), 16u << 10)));
            if (!step) return 0;
            used = step->consumed;
        }
    }
    return (thread_cpu_seconds() - begin) * 1e6 / rounds;
}

class measurement {
public:
    measurement(const bench_options& o, std::filesystem::path directory)
        : o_(o), directory_(std::move(directory)), length_(static_cast<std::int64_t>(o.seconds * 1000)),
          authority_(make_throw_away_authority()), signer_(make_throw_away_identity(bench_issuer, &authority_)) {}

    result<> prepare() {
        // Without pre-flight a PDF would wait for a person to look at its first page: there it is another file.
        plain_ = random_bytes(o_.size);
        VANTHU_TRY(plain_form_, form_of(false, one_receiver_));
        if (o_.preflight == "off") return {};
        VANTHU_TRY(pdf_, sign_measured_pdf(make_measured_pdf(o_.size), signer_));
        VANTHU_TRY(pdf_form_, form_of(true, one_receiver_));
        return {};
    }

    result<> measure(line& l) {
        const packet_form& form = l.preflight ? pdf_form_ : plain_form_;
        const auto place = new_place();
        {
            VANTHU_TRY(auto daemon, start(place, "bench", bench_issuer, l.preflight, 0, 0));
            VANTHU_TRY(load_result seen, submit(*daemon, form, l.submitters, length_, number_));
            l.accepts.push_back(seen.per_s);
            l.p99.push_back(seen.p99_ms);
            l.daemon_cpu.push_back(seen.daemon_cpu_us);
            l.client_cpu.push_back(seen.client_cpu_us);
            l.pss = std::max(l.pss, seen.daemon_pss_mb);
            l.workers_pss = std::max(l.workers_pss, seen.workers_pss_mb);
            l.client_pss = std::max(l.client_pss, seen.client_pss_mb);
            const std::string head = request_head(*daemon, form.size());
            packet_form copy = form;
            const std::string body(copy.numbered(0));
            l.wire_bytes = head.size() + body.size();
            l.transfer =
                measure_transfer(place / "ca.pem", place / "service.pem", place / "service.key", head, body, 4096, 200);
            l.http_us = http_cost(head, body);
            if (!daemon->stop()) return failed(errc::bench_failed, "vanthud did not end well");
        }
        const disk_rate disk = measure_disk(place, l.submitters, l.wire_bytes, length_ / 2);
        l.disk.push_back(disk.writes_per_s);
        l.fdatasync_us.push_back(disk.fdatasync_us);
        std::filesystem::create_directories(place / "in-process");
        VANTHU_TRY(l.stages, measure_stages(place / "in-process", form, l.preflight ? pdf_ : plain_, signer_,
                                            l.preflight, l.submitters, length_ / 2));
        l.cpu.push_back(l.cpu_bound(usable_cores()));
        l.ratio.push_back(l.accepts.back() / std::min(l.disk.back(), l.cpu.back()));
        if (l.preflight) l.whole.push_back(l.accepts.back() / std::min(l.disk.back(), l.whole_bound(usable_cores())));
        if (l.submitters == 1)
            l.bare.push_back(measure_bare_accept(place, form.size() + 200, static_cast<std::size_t>(l.stages.log_bytes),
                                                 length_ / 2));
        std::error_code ec;
        std::filesystem::remove_all(place, ec);
        return {};
    }

    // Accepted by one daemon, carried to a second one, its receipt stored by the first: both on this disk.
    struct carried {
        double per_s = 0, alone_per_s = 0;
        double sender_cpu_us = 0, receiver_cpu_us = 0, alone_cpu_us = 0; // of a document
    };
    result<carried> carry(std::uint64_t documents) {
        const auto first = new_place(), second = new_place();
        const std::uint16_t port = free_port();
        VANTHU_TRY(auto to, start(second, "bench-receiver", bench_receiver, false, port, 0));
        VANTHU_TRY(auto from, start(first, "bench", bench_issuer, false, port, 0));
        carried out;
        const double to_cpu = to->use().cpu_seconds, from_cpu = from->use().cpu_seconds;
        const auto begin = std::chrono::steady_clock::now();
        VANTHU_CHECK(submit(*from, plain_form_, most_submitters(), std::chrono::hours(1), number_, documents));
        for (std::uint64_t there = 0; there < documents;) {
            VANTHU_TRY(there, from->delivered());
            if (std::chrono::steady_clock::now() - begin > std::chrono::minutes(10))
                return failed(errc::bench_failed, fmt::format("{} of {} documents arrived", there, documents));
            if (there < documents) // near the end often: it counts when it comes
                std::this_thread::sleep_for(std::chrono::milliseconds(documents - there > documents / 64 ? 100 : 10));
        }
        out.per_s = static_cast<double>(documents) /
                    std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        out.sender_cpu_us = (from->use().cpu_seconds - from_cpu) * 1e6 / static_cast<double>(documents);
        out.receiver_cpu_us = (to->use().cpu_seconds - to_cpu) * 1e6 / static_cast<double>(documents);
        if (!from->stop() || !to->stop()) return failed(errc::bench_failed, "vanthud did not end well");
        const auto alone = new_place();
        VANTHU_TRY(auto only, start(alone, "bench", bench_issuer, false, 0, 0));
        VANTHU_TRY(load_result seen,
                   submit(*only, plain_form_, most_submitters(), std::chrono::hours(1), number_, documents));
        out.alone_per_s = seen.per_s;
        out.alone_cpu_us = seen.daemon_cpu_us;
        return out;
    }

    result<many_result> to_many(unsigned recipients) {
        std::vector<std::string> all = more_receivers(recipients);
        VANTHU_TRY(packet_form wide, form_of(false, all));
        VANTHU_TRY(auto daemon, start(new_place(), "bench", bench_issuer, false, 0, recipients));
        return compare_many(*daemon, plain_form_, std::move(wide), number_);
    }

    unsigned most_submitters() const { return *std::ranges::max_element(o_.submitters); }

private:
    result<packet_form> form_of(bool pdf, std::span<const std::string> recipients) {
        return packet_form::make(pdf ? pdf_ : plain_, pdf ? "do.pdf" : "do.bin", recipients, system_clock().now());
    }
    std::filesystem::path new_place() {
        auto place = directory_ / std::to_string(++places_);
        std::filesystem::create_directories(place);
        return place;
    }
    result<std::unique_ptr<bench_daemon>> start(const std::filesystem::path& place, const char* node,
                                                std::string_view organisation, bool preflight, std::uint16_t port,
                                                unsigned recipients) {
        const std::string text = bench_registry(place / "ca.pem", port, recipients);
        VANTHU_CHECK(write_file_atomically(place / "registry.toml", as_bytes(text), 0600));
        const bool receiver = organisation == bench_receiver;
        return bench_daemon::start({.directory = place,
                                    .preflight = preflight,
                                    .node = node,
                                    .organisation = std::string(organisation),
                                    .registry = place / "registry.toml",
                                    .authority = &authority_,
                                    .peer_port = receiver ? port : std::uint16_t{0}});
    }

    const bench_options& o_;
    const std::filesystem::path directory_;
    const std::chrono::milliseconds length_;
    throw_away_identity authority_, signer_;
    bytes plain_, pdf_;
    packet_form plain_form_, pdf_form_;
    const std::vector<std::string> one_receiver_{std::string(bench_receiver)};
    std::atomic<std::uint64_t> number_{0};
    unsigned places_ = 0;
};

boost::json::object stages_of(const line& l) {
    return {{"client_us", l.transfer.client_us}, {"tls_us", l.transfer.server_us}, {"http_us", l.http_us},
            {"parse_us", l.stages.parse},        {"hash_us", l.stages.hash},       {"origin_us", l.stages.origin},
            {"payload_us", l.stages.payload},    {"rows_us", l.stages.rest()},     {"api_us", l.stages.api},
            {"verify_us", l.stages.verify_us},   {"sum_us", l.cost_us()}};
}

boost::json::object to_json(const line& l) {
    boost::json::object row{{"submitters", l.submitters},
                            {"preflight", l.preflight},
                            {"accepts_per_s", median(l.accepts)},
                            {"disk_bound_per_s", median(l.disk)},
                            {"cpu_bound_per_s", median(l.cpu)},
                            {"ratio_to_bound", median(l.ratio)},
                            {"ratio_to_disk", median(l.accepts) / median(l.disk)},
                            {"fdatasync_us", median(l.fdatasync_us)},
                            {"p99_ms", median(l.p99)},
                            {"peak_rss_mb", l.pss},
                            {"workers_rss_mb", l.workers_pss},
                            {"client_rss_mb", l.client_pss},
                            {"daemon_cpu_us", median(l.daemon_cpu)},
                            {"client_cpu_us", median(l.client_cpu)},
                            {"in_process_per_s", l.stages.api_per_s},
                            {"stages", stages_of(l)}};
    if (l.preflight) row["ratio_to_accepting_and_verification"] = median(l.whole);
    if (!l.bare.empty()) {
        row["bare_loop_per_s"] = median(l.bare);
        row["ratio_to_bare_loop"] = median(l.accepts) / median(l.bare);
    }
    return row;
}

void print(const line& l, const voice& says) {
    std::cout << fmt::format(
        "{:>10} {:>11} {:>14.0f} {:>12.0f} {:>12.0f} {:>7.2f} {:>13.0f} {:>8.1f} {:>9.0f} {:>9.0f}\n", l.submitters,
        l.preflight ? says("có", "on") : says("không", "off"), median(l.accepts), median(l.disk), median(l.cpu),
        median(l.ratio), median(l.fdatasync_us), median(l.p99), l.pss, l.workers_pss);
}

void print_stages(const line& l, const voice& says) {
    const std::pair<std::string_view, double> all[] = {
        {says("máy khách: TLS, gửi và nhận", "client: TLS, sending, answer"), l.transfer.client_us},
        {says("TLS và nhận ở máy chủ", "server: TLS and socket"), l.transfer.server_us},
        {says("đọc HTTP", "HTTP"), l.http_us},
        {says("đọc edXML, giải base64", "edXML and base64"), l.stages.parse},
        {says("băm SHA-256", "SHA-256"), l.stages.hash},
        {says("chữ ký nguồn gốc", "origin signature"), l.stages.origin},
        {says("ghi nội dung", "payload record"), l.stages.payload},
        {says("API, hàng, biên nhận, đồng bộ, chuyển luồng", "API, rows, receipt, syncs, hand-overs"), l.stages.rest()},
        {says("tổng", "sum"), l.cost_us()}};
    std::cout << fmt::format(
        fmt::runtime(says("CPU cho một văn bản, {} luồng gửi, µs:\n", "CPU a document, {} submitters, µs:\n")),
        l.submitters);
    for (const auto& [what, us] : all) std::cout << fmt::format("{:>10.0f}  {}\n", us, what);
    std::cout << fmt::format(fmt::runtime(says("thực tế qua HTTP: vanthud {:.0f}, máy khách {:.0f}\n",
                                               "seen over HTTP: vanthud {:.0f}, client {:.0f}\n")),
                             median(l.daemon_cpu), median(l.client_cpu));
    if (l.preflight)
        std::cout << fmt::format(
            fmt::runtime(says("một lần kiểm tra chữ ký: {:.0f} µs; tỉ lệ so với kiểm tra và tiếp nhận: {:.2f}\n",
                              "one signature verification: {:.0f} µs; ratio to verification and accepting: {:.2f}\n")),
            l.stages.verify_us, median(l.whole));
    if (!l.bare.empty())
        std::cout << fmt::format(
            fmt::runtime(says("vòng lặp trần cùng các lần ghi và đồng bộ: {:.0f}/giây, tỉ lệ {:.2f}\n",
                              "bare loop of the same writes and syncs: {:.0f}/s, ratio {:.2f}\n")),
            median(l.bare), median(l.accepts) / median(l.bare));
}

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
    measurement m(o, directory);
    VANTHU_CHECK(m.prepare());
    std::vector<line> table;
    for (bool preflight : {false, true}) {
        if ((o.preflight == "on" && !preflight) || (o.preflight == "off" && preflight)) continue;
        for (unsigned submitters : o.submitters) table.push_back({.submitters = submitters, .preflight = preflight});
    }
    // Alternating rounds: every line is measured, with its yardsticks, before any is measured again.
    for (unsigned round = 0; round < o.rounds; ++round)
        for (line& l : table) VANTHU_CHECK(m.measure(l));
    std::optional<measurement::carried> carried;
    std::optional<many_result> many;
    if (o.to) {
        VANTHU_TRY(carried, m.carry(o.to));
    }
    if (o.recipients) {
        VANTHU_TRY(many, m.to_many(o.recipients));
    }
    if (o.says.as_json) {
        // The first line's figures stand at the top too, for whoever asks for one line only.
        boost::json::object all = to_json(table.front());
        all["schema_version"] = 1;
        all["size"] = o.size;
        all["wire_bytes"] = table.front().wire_bytes;
        all["rounds"] = o.rounds;
        all["cores"] = usable_cores();
        boost::json::array rows;
        for (const line& l : table) rows.push_back(to_json(l));
        all["rows"] = std::move(rows);
        if (carried)
            all["to_second"] = {{"documents", o.to},
                                {"submitters", m.most_submitters()},
                                {"documents_per_s", carried->per_s},
                                {"accepts_per_s", carried->alone_per_s},
                                {"ratio", carried->per_s / carried->alone_per_s},
                                {"sender_cpu_us", carried->sender_cpu_us},
                                {"receiver_cpu_us", carried->receiver_cpu_us},
                                {"alone_cpu_us", carried->alone_cpu_us}};
        if (many)
            all["many_recipients"] = {{"recipients", o.recipients},
                                      {"one_ms", many->one_ms},
                                      {"all_ms", many->all_ms},
                                      {"one_cpu_ms", many->one_cpu_ms},
                                      {"all_cpu_ms", many->all_cpu_ms},
                                      {"times", many->times}};
        std::cout << boost::json::serialize(all) << '\n';
        return {};
    }
    std::cout << fmt::format(
        fmt::runtime(o.says("Tệp {} byte, yêu cầu {} byte, {} vòng, mỗi vòng {} giây, {} lõi, trung vị\n",
                            "File {} B, request {} B, {} rounds of {} s, {} cores, medians\n")),
        o.size, table.front().wire_bytes, o.rounds, o.seconds, usable_cores());
    std::cout << fmt::format("{:>10} {:>11} {:>14} {:>12} {:>12} {:>7} {:>13} {:>8} {:>9} {:>9}\n",
                             o.says("luồng gửi", "submitters"), o.says("kiểm ký", "pre-flight"),
                             o.says("tiếp nhận/giây", "accepts/s"), o.says("ổ đĩa/giây", "disk/s"),
                             o.says("CPU/giây", "CPU/s"), o.says("tỉ lệ", "ratio"), "fdatasync us", "p99 ms",
                             "vanthud MB", o.says("phụ MB", "workers"));
    for (const line& l : table) print(l, o.says);
    for (const line& l : table) print_stages(l, o.says);
    if (carried)
        std::cout << fmt::format(
            fmt::runtime(
                o.says("{} văn bản tới vanthud thứ hai, biên nhận đã cất: {:.0f}/giây; chỉ tiếp nhận {:.0f}/giây; "
                       "tỉ lệ {:.2f}; CPU một văn bản: nơi gửi {:.0f}, nơi nhận {:.0f}, chỉ tiếp nhận {:.0f} µs\n",
                       "{} documents to a second vanthud, receipts stored: {:.0f}/s; accepts alone {:.0f}/s; "
                       "ratio {:.2f}; CPU a document: sender {:.0f}, receiver {:.0f}, accepting alone {:.0f} µs\n")),
            o.to, carried->per_s, carried->alone_per_s, carried->per_s / carried->alone_per_s, carried->sender_cpu_us,
            carried->receiver_cpu_us, carried->alone_cpu_us);
    if (many)
        std::cout << fmt::format(
            fmt::runtime(o.says("một nơi nhận {:.1f} ms, {} nơi nhận {:.1f} ms: gấp {:.1f} lần; "
                                "CPU của vanthud {:.1f} và {:.1f} ms\n",
                                "one recipient {:.1f} ms, {} recipients {:.1f} ms: {:.1f} times; vanthud's CPU {:.1f} "
                                "and {:.1f} ms\n")),
            many->one_ms, o.recipients, many->all_ms, many->times, many->one_cpu_ms, many->all_cpu_ms);
    return {};
}

} // namespace

void add_bench_deliver(CLI::App& bench, int& exit_code) {
    CLI::App* deliver = bench.add_subcommand(
        "deliver", "Số văn bản vanthud tiếp nhận bền vững mỗi giây qua HTTPS / documents a vanthud "
                   "accepts durably per second over HTTPS");
    auto o = std::make_shared<bench_options>();
    add_size_option(*deliver, "--size", o->size, "Cỡ tệp đính kèm, byte / bytes of the attachment");
    deliver->add_option("--submitters", o->submitters, "Số kết nối gửi, mỗi số một dòng / connections, one line each")
        ->delimiter(',')
        ->check(CLI::Range(1u, 512u));
    deliver->add_option("--preflight", o->preflight, "Kiểm tra chữ ký / signature pre-flight")
        ->check(CLI::IsMember({"on", "off", "both"}));
    deliver->add_option("--rounds", o->rounds, "Số vòng / rounds")->check(CLI::Range(1u, 100u));
    deliver->add_option("--seconds", o->seconds, "Giây mỗi vòng / seconds a round")->check(CLI::Range(0.1, 600.0));
    deliver
        ->add_option("--to", o->to,
                     "Chuyển thêm chừng này văn bản tới vanthud thứ hai / carry as many documents to a second vanthud")
        ->check(CLI::Range(1u, 1'000'000u));
    deliver
        ->add_option("--recipients", o->recipients,
                     "So một nơi nhận với chừng này nơi nhận / compare one recipient with as many")
        ->check(CLI::Range(2u, 5000u));
    deliver->add_option("--directory", o->directory, "Thư mục trên ổ đĩa cần đo / directory on the disk to measure")
        ->check(CLI::ExistingDirectory);
    add_voice_options(*deliver, o->says);
    deliver->callback([o, &exit_code] { exit_code = tell_failure(bench_deliver(*o), o->says); });
}

} // namespace vanthu::cli

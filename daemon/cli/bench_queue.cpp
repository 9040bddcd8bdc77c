#include "daemon/cli/bench_queue.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/base/log.hpp"
#include "daemon/cli/bench_child.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/records/records.hpp"
#include "daemon/web/standing.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <iostream>
#include <sys/resource.h>
#include <thread>

namespace vanthu::cli {
namespace {

constexpr std::string_view home = "@sender";
constexpr std::size_t group = 500, destinations = 50;

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
double cpu_seconds() {
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    auto s = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    return s(u.ru_utime) + s(u.ru_stime);
}
double pss_mb() {
    std::ifstream f("/proc/self/smaps_rollup");
    for (std::string line; std::getline(f, line);)
        if (line.starts_with("Pss:")) return std::strtod(line.c_str() + 4, nullptr) / 1024;
    return 0;
}

// The rows that an accepted document for one recipient behind one hop has. The payload is one for all: it is the rows
// and the queue that are measured.
result<records::transfer_row> add_document(records::writer& w, std::uint64_t number) {
    records::document_row d;
    d.id = new_id(from_us(w.now()));
    d.owner = home;
    d.payload = "one for all";
    d.packet_sha256 = sha256::of(d.id);
    d.content_sha256 = d.packet_sha256;
    d.size = 140'000;
    d.identity = {.issuer = std::string(home),
                  .business_type = 0,
                  .document_id = d.id,
                  .number = std::to_string(number),
                  .notation = "UBND-VP",
                  .date = "2026/03/02"};
    d.from_code = "H48.99.01";
    d.from_name = "UBND xã Đo";
    d.to_codes = {"H48"};
    d.subject = "V/v đo hàng chờ";
    d.type_name = "Công văn";
    d.priority = number % 20 == 0 ? 3 : 0;
    d.received_at = w.now();
    w.put(d);
    w.index_document(d);
    const std::string node = "hop-" + std::to_string(number % destinations);
    w.put(home,
          records::consignment_row{
              .document = d.id, .recipient_code = "H48", .recipient = "@next", .hop = node, .updated_at = w.now()});
    VANTHU_CHECK(w.add_event(home, {.document = d.id, .kind = "accepted", .by = "bench"}));
    VANTHU_CHECK(w.add_event(home, {.document = d.id, .recipient = "H48", .kind = "routed", .code = node}));
    records::transfer_row t;
    t.owner = home;
    t.document = d.id;
    t.node = node;
    t.recipients = {"H48"};
    t.created_at = t.next_attempt_at = w.now();
    t.priority = d.priority;
    t.size = d.size;
    w.put(t);
    w.add_work(home, t);
    return t;
}

result<> fill(const std::filesystem::path& directory, std::uint64_t waiting, std::uint64_t gone) {
    VANTHU_TRY(auto store, ledger::store::open({.directory = directory}));
    for (std::uint64_t n = 0; n < waiting + gone;) {
        const std::uint64_t until = std::min<std::uint64_t>(n + group, waiting + gone);
        VANTHU_CHECK(store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            for (; n < until; ++n) {
                VANTHU_TRY(auto row, add_document(w, n));
                if (n < gone) w.remove_work(home, row); // delivered before: a tombstone in the way of the next start
            }
            return {};
        }));
    }
    store->close();
    return {};
}

// A store and an engine whose destinations are all out of reach.
class node {
public:
    explicit node(const std::filesystem::path& directory) : directory_(directory) {}
    ~node() {
        if (group_) group_->cancel();
        if (group_) group_->join(std::chrono::seconds(20));
        io_.stop();
        if (runner_.joinable()) runner_.join();
        engine_.reset();
        disk_.join();
        if (store_) store_->close();
    }
    result<> open() {
        VANTHU_TRY(store_, ledger::store::open({.directory = directory_}));
        VANTHU_TRY(auto r, registry::registry::parse("format = 1\nversion = 1\n", "bench"));
        registry_ = std::make_shared<const registry::registry>(std::move(r));
        delivery::engine_options o;
        o.home = home;
        o.organisation = "H48.99.01";
        group_ = std::make_unique<task_group>();
        engine_ = std::make_unique<delivery::engine>(
            o, *store_, io_.get_executor(), disk_, clock_, [this] { return registry_; },
            [](const std::string&) -> delivery::transport* { return nullptr; });
        VANTHU_CHECK(engine_->start(*group_));
        runner_ = std::thread([this] { io_.run(); });
        return {};
    }
    result<> look(web::standing& view) const {
        const records::reader read(store_->committed());
        VANTHU_TRY(auto owners, read.owners());
        return view.refresh(store_->committed(), owners, clock_.now());
    }
    std::size_t waiting() const { return engine_->waiting().transfers; }

    struct cost {
        double wall_us = 0, cpu_us = 0;
        std::optional<failure> wrong;
    };
    // So many accepts, 32 at a time.
    cost accept(std::size_t documents) {
        std::mutex guard;
        std::condition_variable changed;
        std::size_t open = 0;
        cost out;
        const double cpu = cpu_seconds();
        const auto begin = std::chrono::steady_clock::now();
        std::unique_lock lock(guard);
        for (std::size_t i = 0; i < documents; ++i) {
            changed.wait(lock, [&] { return open < 32; });
            ++open;
            lock.unlock();
            auto row = std::make_shared<records::transfer_row>();
            store_->commit(
                [row, n = ++number_](ledger::transaction& t) -> result<> {
                    records::writer w(t);
                    VANTHU_TRY(*row, add_document(w, n));
                    return {};
                },
                [&, row](result<> done) {
                    if (done) engine_->wake({*row});
                    std::lock_guard held(guard);
                    if (!done && !out.wrong) out.wrong = done.error();
                    --open;
                    changed.notify_one();
                });
            lock.lock();
        }
        changed.wait(lock, [&] { return open == 0; });
        out.wall_us = seconds_since(begin) * 1e6 / double(documents);
        out.cpu_us = (cpu_seconds() - cpu) * 1e6 / double(documents);
        return out;
    }

private:
    std::filesystem::path directory_;
    system_clock clock_;
    std::unique_ptr<ledger::store> store_;
    std::shared_ptr<const registry::registry> registry_;
    asio::thread_pool disk_{1};
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> keep_{io_.get_executor()};
    std::unique_ptr<delivery::engine> engine_;
    std::unique_ptr<task_group> group_;
    std::thread runner_;
    std::uint64_t number_ = 1'000'000'000;
};

double middle(std::vector<double> v) {
    std::sort(v.begin(), v.end());
    return v.empty() ? 0 : v[v.size() / 2];
}

struct options {
    std::uint64_t waiting = 1'000'000, gone = 0, few = 1000;
    unsigned rounds = 5, documents = 2000;
    std::filesystem::path directory;
    bool json = false;
};

// In a process of its own each, so that memory is told apart; what was found comes back through a file.
result<boost::json::object> in_own_process(const std::filesystem::path& answer,
                                           const std::function<result<boost::json::object>()>& body) {
    const child_run run = in_a_child([&] {
        auto found = body();
        if (!found) std::cerr << public_code(found.error().code) << ": " << found.error().detail << '\n';
        return found && write_file_atomically(answer, as_bytes(boost::json::serialize(*found)), 0600).has_value();
    });
    if (!run.good) return failed(std::make_error_code(std::errc::io_error), answer.filename().string());
    VANTHU_TRY(std::string text, read_text_file(answer, 1u << 20));
    return boost::json::parse(text).as_object();
}

result<boost::json::object> measure(const options& o) {
    const std::filesystem::path base = o.directory.empty() ? std::filesystem::temp_directory_path() : o.directory;
    const std::filesystem::path directory = base / ("vanthu-bench-" + to_hex(random_bytes(6)));
    std::filesystem::create_directories(directory);
    struct remover {
        std::filesystem::path what;
        ~remover() {
            std::error_code ec;
            std::filesystem::remove_all(what, ec);
        }
    } clean{directory};
    const auto many = directory / "many", few = directory / "few";
    VANTHU_TRY(auto filled, in_own_process(directory / "filled", [&]() -> result<boost::json::object> {
                   const auto begin = std::chrono::steady_clock::now();
                   VANTHU_CHECK(fill(many, o.waiting, o.gone));
                   const double took = seconds_since(begin);
                   VANTHU_CHECK(fill(few, o.few, 0));
                   return boost::json::object{{"fill_s", took}};
               }));
    VANTHU_TRY(auto started, in_own_process(directory / "started", [&]() -> result<boost::json::object> {
                   const auto begin = std::chrono::steady_clock::now();
                   node n(many);
                   VANTHU_CHECK(n.open());
                   const double ready = seconds_since(begin);
                   if (n.waiting() < o.waiting) return failed(std::make_error_code(std::errc::io_error), "queue");
                   std::this_thread::sleep_for(std::chrono::seconds(3)); // the first attempts, which fail
                   const double pss = pss_mb();
                   web::standing view; // what the operator page and the metrics count from
                   const auto asked = std::chrono::steady_clock::now();
                   VANTHU_CHECK(n.look(view));
                   return boost::json::object{{"ready_s", ready},
                                              {"pss_mb", pss},
                                              {"page_s", seconds_since(asked)},
                                              {"pss_page_mb", pss_mb()}};
               }));
    VANTHU_TRY(auto accepts, in_own_process(directory / "accepts", [&]() -> result<boost::json::object> {
                   node big(many), small(few);
                   VANTHU_CHECK(big.open());
                   VANTHU_CHECK(small.open());
                   std::vector<double> wall, cpu, big_us, small_us;
                   for (unsigned r = 0; r <= o.rounds; ++r) {
                       const auto a = small.accept(o.documents), b = big.accept(o.documents);
                       for (const auto& c : {a, b})
                           if (c.wrong) return fail(*c.wrong);
                       if (r == 0) continue; // warms up
                       wall.push_back(b.wall_us / a.wall_us);
                       cpu.push_back(b.cpu_us / a.cpu_us);
                       big_us.push_back(b.wall_us);
                       small_us.push_back(a.wall_us);
                   }
                   return boost::json::object{{"accept_us_few", middle(small_us)},
                                              {"accept_us_many", middle(big_us)},
                                              {"ratio", middle(wall)},
                                              {"cpu_ratio", middle(cpu)},
                                              {"pss_both_mb", pss_mb()}};
               }));
    boost::json::object out{{"schema_version", 1}, {"waiting", o.waiting}, {"gone", o.gone}, {"few", o.few}};
    for (const auto* part : {&filled, &started, &accepts})
        for (const auto& [key, value] : *part) out[key] = value;
    return out;
}

void print(const boost::json::object& o) {
    auto line = [&](std::string_view vi, std::string_view en, const char* key, std::string_view unit) {
        std::cout << fmt::format("  {} / {}: {:.2f} {}\n", vi, en, o.at(key).to_number<double>(), unit);
    };
    std::cout << fmt::format("Hàng chờ {} lượt chuyển / {} transfers waiting\n",
                             o.at("waiting").to_number<std::uint64_t>(), o.at("waiting").to_number<std::uint64_t>());
    line("nạp vào kho", "filling the store", "fill_s", "s");
    line("sẵn sàng sau khi mở", "ready after opening", "ready_s", "s");
    line("bộ nhớ (PSS)", "memory (PSS)", "pss_mb", "MB");
    line("lần đầu đếm cho trang vận hành", "first count for the operator page", "page_s", "s");
    line("bộ nhớ kèm trang vận hành (PSS)", "memory with the operator page (PSS)", "pss_page_mb", "MB");
    line("một lần nhận, hàng ngắn", "an accept, short queue", "accept_us_few", "us");
    line("một lần nhận, hàng dài", "an accept, long queue", "accept_us_many", "us");
    line("tỷ lệ thời gian", "ratio of time", "ratio", "x");
    line("tỷ lệ CPU", "ratio of CPU", "cpu_ratio", "x");
}

} // namespace

void add_bench_queue(CLI::App& bench, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* command = bench.add_subcommand(
        "queue",
        "Chi phí của một hàng chờ dài: khởi động, bộ nhớ, nhận / cost of a long queue: start, memory, accepts");
    command->add_option("--waiting", o->waiting, "Số lượt chuyển đang chờ / transfers that wait")
        ->check(CLI::Range(1, 20'000'000))
        ->capture_default_str();
    command->add_option("--gone", o->gone, "Số lượt đã chuyển xong trước đó / transfers that were done before")
        ->check(CLI::Range(0, 20'000'000))
        ->capture_default_str();
    command->add_option("--rounds", o->rounds, "Số vòng đo xen kẽ / alternating rounds")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    command->add_option("--documents", o->documents, "Văn bản mỗi vòng / documents a round")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--directory", o->directory, "Thư mục trên ổ đĩa cần đo / directory on the disk to measure")
        ->check(CLI::ExistingDirectory);
    command->add_flag("--json", o->json, "In JSON / print JSON");
    command->callback([o, &exit_code] {
        log::set_level(log::level::error); // that no destination answers is meant so
        auto found = measure(*o);
        if (!found) {
            std::cerr << "vanthu: " << public_code(found.error().code) << ": " << found.error().detail << '\n';
            exit_code = 1;
            return;
        }
        if (o->json)
            std::cout << boost::json::serialize(*found) << '\n';
        else
            print(*found);
    });
}

} // namespace vanthu::cli

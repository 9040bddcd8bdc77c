// vanthud: the daemon. Every object is made here, top to bottom; read it as the plan of the building
// (docs/architecture.md shows the same as a picture).
#include "adapters/peer/receiver.hpp"
#include "adapters/peer/sender.hpp"
#include "daemon/api/eoffice.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/base/notify.hpp"
#include "daemon/cli/usage.hpp"
#include "daemon/config_table.hpp"
#include "daemon/delivery/engine.hpp"
#include "daemon/inputs.hpp"
#include "daemon/load_watch.hpp"
#include "daemon/metric_table.hpp"
#include "daemon/net/io_threads.hpp"
#include "daemon/net/server.hpp"
#include "daemon/reload.hpp"
#include "daemon/start.hpp"
#include "daemon/web/door.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <fmt/ranges.h>
#include <iostream>
#include <thread>

using namespace vanthu;

namespace {

constexpr int exit_configuration = 78, exit_unavailable = 69, exit_software = 70; // sysexits.h
constexpr std::chrono::seconds stop_grace{20};

// What the operator reads first: which part, what is wrong with it and what to do, in both languages.
void tell(std::string_view what_vi, std::string_view what_en, const failure& f) {
    const error_row* row = describe(f.code);
    std::cerr << "vanthud: " << what_vi << " / " << what_en << ": " << public_code(f.code);
    if (!f.detail.empty()) std::cerr << ": " << f.detail;
    std::cerr << '\n';
    std::cerr << "  " << (row ? row->message_vi : "Lỗi hệ thống.") << "\n  " << f.code.message() << '\n';
    if (row) std::cerr << "  → " << row->action_vi << "\n  → " << row->action_en << '\n';
}

struct part {
    std::string_view vi, en; // `en` stands in the log too
};
int cannot_start(part what, const failure& f) {
    log::error("cannot_start", {{"part", what.en}, {"failure", f}});
    tell(what.vi, what.en, f);
    std::cerr << "vanthud: không khởi động được / cannot start\n";
    return exit_unavailable;
}

int run(const std::filesystem::path& file, daemon_config config, std::shared_ptr<const registry::registry> registry) {
    log::configure(start::log_settings(config));
    system_clock clock;

    // Who is who (`registry`): organisations, codes, successors, nodes, routes. Swapped whole on reload.
    const timestamp now = clock.now();
    const std::string node = config.node.id, organisation = config.node.organisation;
    const std::string home = registry->canonical(organisation, now);
    const std::size_t serves = start::served(config, *registry).size();

    // The one durable truth.
    auto store = start::open_store(config, [](const failure& f) {
        log::error("store_failed", {{"failure", f}}); // stop acknowledging, end, recover at the next start
        std::_Exit(exit_software);
    });
    if (!store) return cannot_start({"kho lưu trữ", "store"}, store.error());
    start::report_recovery(**store);
    // Every custody becomes a leaf of the signed log.
    auto receipts = start::open_receipt_log(**store, config);
    if (!receipts) return cannot_start({"nhật ký biên nhận", "receipt log"}, receipts.error());
    (*store)->register_observer(**receipts);
    // Room for what nobody was promised yet.
    auto spool = ledger::spool::open(config.store.directory / "spool", config.store.spool_quota);
    if (!spool) return cannot_start({"vùng đệm", "spool"}, spool.error());

    // Blocking work has its own small pools.
    asio::thread_pool disk(static_cast<std::size_t>(config.threads.disk)), crypto(static_cast<std::size_t>(config.threads.crypto));
    // Untrusted PDFs are judged in worker processes (started before any network thread).
    auto inspectors = start::start_inspectors(config);
    if (!inspectors) return cannot_start({"tiến trình kiểm tra PDF", "inspectors"}, inspectors.error());

    // The gate: the only way into the store.
    auto gate_options = start::gate_options(config, home);
    if (!gate_options) return cannot_start({"khóa dịch vụ", "service key"}, gate_options.error());
    intake::gate gate(*gate_options, **store, **receipts, **spool, inspectors->get(), disk, crypto, clock);
    gate.use_registry(registry);

    // One thread decides what is delivered when.
    asio::io_context decisions;
    auto keep_running = asio::make_work_guard(decisions);
    auto executor = asio::any_io_executor(decisions.get_executor());
    auto anchors = start::peer_anchors(config);
    if (!anchors) return cannot_start({"CA của các nút", "peer CA"}, anchors.error());
    // As many packets as a destination may have under way, and a notice or a question beside them.
    peer_link::links links({config.peer.tls.certificate, config.peer.tls.key, config.peer.tls.ca, *anchors,
                            static_cast<std::size_t>(config.delivery.concurrency) + 1},
                           executor, [&] { return gate.registry(); }, clock);
    delivery::engine engine(start::engine_options(config, home), **store, executor, disk, clock, [&] { return gate.registry(); },
                            [&](const std::string& to) { return links.to(to); });
    gate.on_work = [&](auto rows, auto composed) { engine.wake(std::move(rows), std::move(composed)); };
    gate.keeps_composed = [&] { return engine.keeps_composed(); };
    // New documents are refused before something runs out; what is here goes on.
    intake::pressure pressure(start::pressure_marks(config));
    pressure.look(start::measure(config.store.directory, engine));
    gate.pressed_by(&pressure);
    api::inbox_bell bell;
    gate.on_inbox = [&](const std::string& of) { bell.ring(of); };

    // Both sides of each link are compared now and then: what was lost on the way between two records is found.
    reconciliation::rounds rounds(
        start::round_options(config, home), **store, executor, disk, clock, [&] { return gate.registry(); },
        [&](std::string to, peer::reconcile_question q, steady_time by) { return links.reconcile(to, std::move(q), by); },
        [&](const auto& rows) {
            engine.wake(rows);
            engine.wake_notices();
        });

    // What the registry could not place is tried again when it has changed.
    intake::rerouting rerouting(gate, executor);

    // The doors.
    net::io_threads network(static_cast<std::size_t>(config.threads.io));
    metrics::registry meters(daemon_metric_table());
    meters.set("vanthu_build_info", {VANTHU_VERSION}, 1);
    start::count_answers(gate, meters);
    start::watch_disk(config, **spool, meters);
    start::show_load(pressure, meters);
    auto eoffice_options = start::eoffice_options(config, home);
    eoffice_options.trouble = [&engine](const std::string& to) { return engine.trouble(to); };
    eoffice_options.attempts = engine.attempts();
    eoffice_options.room = [disk_room = std::move(eoffice_options.room), &pressure]() -> result<> {
        VANTHU_CHECK(disk_room());
        if (pressure.refusing()) return failed(intake::errc::overloaded, pressure.causes());
        return {};
    };
    api::eoffice eoffice(std::move(eoffice_options), gate, **store, **receipts, **spool, bell, disk, clock);
    auto credentials = start::load_credentials(config);
    if (!credentials) return cannot_start({"khóa truy cập eOffice", "credentials"}, credentials.error());
    eoffice.use_credentials(*credentials);
    auto receiver_options = start::receiver_options(config, home);
    if (!receiver_options) return cannot_start({"CA của các nút", "peer CA"}, receiver_options.error());
    peer_link::receiver receiver(*receiver_options, gate, **store, **receipts, **spool, disk, clock);
    receiver.on_notices = [&] { engine.wake_notices(); };
    auto page_options = start::door_options(config, home);
    if (!page_options) return cannot_start({"trang vận hành", "operator page"}, page_options.error());
    page_options->pressure = &pressure;
    page_options->place_again = [&rerouting](std::string owner, std::string document) -> task<std::size_t> {
        VANTHU_CO_TRY(auto done, co_await rerouting.release(owner, document, "operator"));
        co_return done.placed;
    };
    page_options->send_back = [&rerouting](std::string owner, std::string document, std::string words, std::string by) {
        return rerouting.send_back(std::move(owner), std::move(document), std::move(words), std::move(by));
    };
    page_options->dry_run = [&rerouting](auto next, std::size_t list) { return rerouting.dry_run(std::move(next), list); };
    page_options->rounds = &rounds;
    web::operator_door page(std::move(*page_options), **store, engine, executor, meters, [&] { return gate.registry(); }, disk, clock);
    auto office = start::load_calendar(config);
    if (!office) return cannot_start({"lịch làm việc", "office calendar"}, office.error());
    eoffice.use_calendar(*office);
    page.use_calendar(*office);
    rounds.use_calendar(*office);
    start::warn_of_missing_year(config, **office);
    auto operator_secret = start::operator_secret(config);
    if (!operator_secret) return cannot_start({"mã truy cập trang vận hành", "operator secret"}, operator_secret.error());
    page.use_secret(std::move(*operator_secret));

    task_group lanes;
    std::vector<std::unique_ptr<net::server>> servers;
    // Both ends of the life below need it: a stop, and a start that fails half-way. Not on the deciding thread: what is
    // still under way needs that one.
    auto stop_all = [&] {
        for (auto& s : servers) s->stop_accepting();
        bell.close();
        for (auto& s : servers) s->stop(stop_grace);
        lanes.cancel();
        if (!lanes.join(stop_grace)) log::warning("stopped_while_busy", {});
        decisions.stop();
    };
    auto let_go = [&] {
        servers.clear();
        network.stop();
        disk.join();
        crypto.join();
        (*store)->close();
    };
    // From here on something runs: it ends, joined, before what it uses is destroyed.
    auto take_back = [&](part what, const failure& f) {
        const int code = cannot_start(what, f);
        std::thread stopper(stop_all);
        decisions.run();
        stopper.join();
        let_go();
        return code;
    };
    if (auto started = engine.start(lanes); !started) return take_back({"bộ phận chuyển", "delivery"}, started.error());
    lanes.spawn(executor, [&rerouting] { return rerouting.run(); });
    lanes.spawn(executor, [&] { return start::watch_load(config.store.directory, engine, pressure, disk); });
    rounds.run_in(lanes);
    auto open = [&](std::string_view name, net::listener_options options, net::handler handler) -> result<> {
        start::count_requests(options, name, meters);
        VANTHU_TRY(auto server, net::server::open(network.executors(), std::move(options), std::move(handler)));
        log::info("listening", {{"door", name}, {"address", server->address()}});
        std::cout << "vanthud: cổng / door " << name << " " << server->address() << std::endl;
        servers.push_back(std::move(server));
        return {};
    };
    if (auto ok = open("api", start::api_listener(config), [&](net::request& r) { return eoffice.handle(r); }); !ok)
        return take_back({"cổng eOffice", "listen.api"}, ok.error());
    if (!config.peer.address.empty())
        if (auto ok = open("peer", start::peer_listener(config, receiver), [&](net::request& r) { return receiver.handle(r); }); !ok)
            return take_back({"cổng liên nút", "listen.peer"}, ok.error());
    if (auto ok = open("operator", start::operator_listener(config), [&](net::request& r) { return page.handle(r); }); !ok)
        return take_back({"cổng vận hành", "listen.operator"}, ok.error());
    page.listening_at(servers.back()->address());

    // Life: the watchdog proves that the deciding thread decides; SIGHUP reloads, SIGTERM and SIGINT stop.
    asio::signal_set stop_signals(decisions, SIGTERM, SIGINT), reload_signals(decisions, SIGHUP);
    std::thread stopper;
    stop_signals.async_wait([&](boost::system::error_code e, int) {
        if (e) return;
        notify::stopping();
        log::info("stopping", {});
        reload_signals.cancel();
        stopper = std::thread(stop_all);
    });
    start::reloadable live{file, config, gate, rerouting, eoffice, inspectors->get(), page, rounds, servers};
    std::function<void()> await_reload = [&] {
        reload_signals.async_wait([&](boost::system::error_code e, int) {
            if (e) return;
            notify::reloading();
            start::reload(live);
            notify::ready();
            await_reload();
        });
    };
    await_reload();
    lanes.spawn(executor, []() -> asio::awaitable<void> {
        auto interval = notify::watchdog_interval();
        if (!interval) co_return;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (;;) {
            notify::watchdog();
            timer.expires_after(*interval);
            co_await timer.async_wait(asio::use_awaitable);
        }
    });
    notify::ready("vanthud " VANTHU_VERSION);
    log::info("started", {{"node", node}, {"organisation", organisation}, {"serves", serves}});
    std::cout << "vanthud: sẵn sàng / ready" << std::endl;
    decisions.run();

    if (stopper.joinable()) stopper.join();
    let_go();
    log::info("stopped", {});
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("vanthud — dịch vụ văn thư điện tử / the electronic records clerk", "vanthud");
    app.option_defaults()->group("Tùy chọn / Options");
    std::string file;
    bool check = false, sample = false, reference = false;
    app.add_option("--config,-c,FILE", file, "Tệp cấu hình / configuration file");
    app.add_flag("--check-config", check, "Chỉ kiểm tra cấu hình / check the configuration and end");
    app.add_flag("--print-sample-config", sample, "In tệp cấu hình mẫu / print a commented sample");
    app.add_flag("--print-config-reference", reference, "In trang tra cứu cấu hình / print the reference page");
    app.set_version_flag("--version", "vanthud " VANTHU_VERSION, "In phiên bản / print the version");
    app.set_help_flag("-h,--help", "In hướng dẫn / print this help");
    cli::speak_both_languages(app);
    int wrong = 0;
    if (!cli::parse_command_line(app, argc, argv, wrong)) return wrong;
    if (sample) return std::cout << sample_config(), 0;
    if (reference) return std::cout << config_reference(), 0;
    if (file.empty()) {
        std::cerr << "vanthud: thiếu --config TỆP.\n  (--config FILE is required)\n"
                     "  → Xem cách dùng / see the usage: vanthud --help\n";
        return cli::usage;
    }
    start::examination seen = start::examine(file);
    if (check && seen.config)
        for (config::problem& p : start::examine_store(*seen.config, file)) seen.found.push_back(std::move(p));
    if (!seen.found.empty()) {
        std::cerr << config::to_text(seen.found);
        return exit_configuration;
    }
    if (check) {
        std::cout << file << ": cấu hình đúng / OK\n"
                  << fmt::format("  phục vụ / serves: {}\n", fmt::join(start::served(*seen.config, *seen.registry), ", "));
        return 0;
    }
    return run(file, std::move(*seen.config), std::move(seen.registry));
}

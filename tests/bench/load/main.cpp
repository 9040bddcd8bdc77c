// vanthu-bench-load: N submitters send documents to one server, each waiting for the durable answer before its next.
//
//   vanthu-bench-load load --to KIND --port P --size BYTES --submitters N --seconds S --first NUMBER ...
// connects everybody, writes "ready" to its output, waits for a line of input, sends for S seconds, and writes one JSON
// object. `prepare`, `count` and `empty` in the place of `load` do that to what holds the documents on the server;
// `relay` runs N workers that carry documents on to the server at --next-port until it is ended (PostgreSQL only).
#include "tests/bench/load/sender.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sys/resource.h>
#include <thread>

namespace vanthu::bench {

std::string read_secret(const std::string& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) throw std::runtime_error("nothing to read in " + file);
    return line;
}

namespace {

using clock = std::chrono::steady_clock;
using connector = std::unique_ptr<sender> (*)(const target&);
const std::map<std::string, connector> connectors{{"disk", connect_disk},         {"vanthu", connect_vanthu},
                                                  {"rabbitmq", connect_rabbitmq}, {"postgresql", connect_postgresql},
                                                  {"postfix", connect_postfix},   {"nats", connect_nats}};

double seconds_between(clock::time_point a, clock::time_point b) {
    return std::chrono::duration<double>(b - a).count();
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return of(used.ru_utime) + of(used.ru_stime);
}

struct plan {
    target to;
    std::size_t size = 100'000;
    attachment what = attachment::scan;
    unsigned submitters = 1;
    double seconds = 2;
    std::uint64_t first = changing_text::first_number;
};

// What the submitters share.
struct run {
    const plan& p;
    connector connect;
    const document example;
    std::barrier<> connected, started;
    std::atomic<std::uint64_t> next, refused{0};
    std::mutex guard;
    std::vector<double> latencies_ms; // under the guard, as the rest
    std::string wrong, tls;
    std::size_t wire_bytes = 0;
    clock::time_point begin, last;

    run(const plan& how, connector c)
        : p(how), connect(c), example(how.size, how.what, how.to.who), connected(how.submitters + 1),
          started(how.submitters + 1), next(how.first) {}

    void note_failure(const std::exception& e) {
        std::lock_guard lock(guard);
        if (wrong.empty()) wrong = e.what();
    }
    void submit() {
        std::unique_ptr<sender> to;
        document d = example;
        d.become(p.first); // as long as all others
        try {
            to = connect(p.to);
            std::lock_guard lock(guard);
            tls = to->tls();
            wire_bytes = to->wire_bytes(d);
        } catch (const std::exception& e) {
            note_failure(e);
        }
        connected.arrive_and_wait();
        started.arrive_and_wait();
        std::vector<double> own;
        own.reserve(100'000);
        auto at = begin;
        try {
            while (to && seconds_between(begin, at) < p.seconds) {
                d.become(next++);
                auto sent = at = clock::now();
                for (;;) {
                    try {
                        to->send(d);
                        break;
                    } catch (const busy& e) {
                        ++refused;
                        if (seconds_between(sent, clock::now()) > 60) throw std::runtime_error(e.what());
                        std::this_thread::sleep_for(std::chrono::milliseconds(50));
                    }
                }
                at = clock::now();
                own.push_back(seconds_between(sent, at) * 1000);
            }
        } catch (const std::exception& e) {
            note_failure(e);
        }
        std::lock_guard lock(guard);
        latencies_ms.insert(latencies_ms.end(), own.begin(), own.end());
        last = std::max(last, at);
    }
};

boost::json::object load(const plan& p, connector connect) {
    run r(p, connect);
    std::vector<std::thread> submitters;
    for (unsigned i = 0; i < p.submitters; ++i) submitters.emplace_back([&] { r.submit(); });
    r.connected.arrive_and_wait();
    std::cout << "ready" << std::endl;
    std::string go;
    std::getline(std::cin, go);
    const double cpu = cpu_seconds();
    r.begin = r.last = clock::now();
    r.started.arrive_and_wait();
    for (std::thread& t : submitters) t.join();
    const double used = cpu_seconds() - cpu, seconds = seconds_between(r.begin, r.last);
    std::sort(r.latencies_ms.begin(), r.latencies_ms.end());
    auto quantile = [&](double q) {
        std::size_t n = r.latencies_ms.size();
        return n == 0 ? 0.0 : r.latencies_ms[std::min(n - 1, static_cast<std::size_t>(q * static_cast<double>(n)))];
    };
    boost::json::object out{{"acknowledged", r.latencies_ms.size()},
                            {"refused", r.refused.load()},
                            {"seconds", seconds},
                            {"p50_ms", quantile(0.5)},
                            {"p99_ms", quantile(0.99)},
                            {"client_cpu_s", used},
                            {"wire_bytes", r.wire_bytes},
                            {"next", r.next.load()},
                            {"tls", r.tls}};
    if (!r.wrong.empty()) out["error"] = r.wrong;
    return out;
}

int run_command(int argc, char** argv) {
    plan p;
    std::string what;
    int next_port = 0;
    CLI::App app("Sends documents to one server and measures");
    app.add_option("what", what)->required()->check(CLI::IsMember({"load", "prepare", "count", "empty", "relay"}));
    app.add_option("--to", p.to.kind)->required()->check(CLI::IsMember(connectors));
    app.add_option("--host", p.to.host);
    app.add_option("--port", p.to.port);
    app.add_option("--next-port", next_port);
    app.add_option("--ca", p.to.ca);
    app.add_option("--user", p.to.user);
    app.add_option("--secret-file", p.to.secret_file);
    app.add_option("--file", p.to.file);
    app.add_option("--from", p.to.who.from, "code of the sending organisation");
    app.add_option("--recipient", p.to.who.to, "code of the receiving organisation");
    app.add_option("--size", p.size)->check(CLI::Range(1500, 20'000'000));
    app.add_option("--attachment", p.what)
        ->transform(CLI::CheckedTransformer(
            std::map<std::string, attachment>{{"scan", attachment::scan}, {"pdf", attachment::pdf}}));
    app.add_option("--submitters", p.submitters)->check(CLI::Range(1, 1000));
    app.add_option("--seconds", p.seconds)->check(CLI::PositiveNumber);
    app.add_option("--first", p.first)->check(CLI::Range(changing_text::first_number, changing_text::last_number));
    CLI11_PARSE(app, argc, argv);
    if (what == "relay") {
        std::vector<std::thread> workers;
        for (unsigned i = 0; i < p.submitters; ++i)
            workers.emplace_back([&] {
                try {
                    relay_postgresql(p.to, next_port);
                } catch (const std::exception& e) {
                    std::cerr << "vanthu-bench-load: " << e.what() << '\n';
                    std::_Exit(1);
                }
            });
        for (std::thread& w : workers) w.join();
        return 0;
    }
    connector connect = connectors.at(p.to.kind);
    boost::json::object out;
    if (what == "load")
        out = load(p, connect);
    else if (auto server = connect(p.to); what == "count")
        out["count"] = server->count();
    else if (what == "empty")
        server->empty();
    else
        server->prepare();
    std::cout << boost::json::serialize(out) << std::endl;
    return out.contains("error") ? 1 : 0;
}

} // namespace
} // namespace vanthu::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN); // a server that goes away is an error with a text
    try {
        return vanthu::bench::run_command(argc, argv);
    } catch (const std::exception& e) {
        std::cerr << "vanthu-bench-load: " << e.what() << '\n';
        return 1;
    }
}

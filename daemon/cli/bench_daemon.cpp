#include "daemon/cli/bench_daemon.hpp"

#include "daemon/api/credentials.hpp"
#include "daemon/base/clock.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/bench_client.hpp"
#include "daemon/cli/bench_packets.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/inspect/pool.hpp"
#include "schemas/receipt/delegation.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {
namespace {
namespace fs = std::filesystem;

result<> write(const fs::path& name, std::string_view text) {
    return write_file_atomically(name, as_bytes(text), 0600);
}

double pss_mb(pid_t process) {
    std::ifstream in(fmt::format("/proc/{}/smaps_rollup", process));
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("Pss:")) return std::strtod(line.c_str() + 4, nullptr) / 1024;
    return 0;
}

std::string last_lines(const fs::path& name) {
    auto text = read_text_file(name);
    if (!text) return {};
    return text->size() > 2000 ? text->substr(text->size() - 2000) : *text;
}

} // namespace

double cpu_seconds_of(pid_t process) {
    clockid_t clock{};
    timespec t{};
    if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &t) != 0) return 0;
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

process_use use_of(pid_t process) {
    process_use out;
    out.pss_mb = pss_mb(process);
    std::ifstream children(fmt::format("/proc/{}/task/{}/children", process, process));
    for (pid_t child = 0; children >> child;) out.children_pss_mb += pss_mb(child);
    out.cpu_seconds = cpu_seconds_of(process);
    return out;
}

fs::path find_daemon_executable() {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const char* where : {"vanthud", "../vanthud"})
        if (auto path = self / where; ::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path))
            return path.lexically_normal();
    return {};
}

std::uint16_t free_port() {
    unique_fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof at;
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&at), &length) != 0)
        return 0;
    return ntohs(at.sin_port);
}

std::vector<std::string> more_receivers(unsigned count) {
    std::vector<std::string> out;
    for (unsigned i = 0; i < count; ++i) out.push_back(fmt::format("H48.{}.{}", 100 + i / 100, 10 + i % 100));
    return out;
}

std::string bench_registry(const fs::path& ca, std::uint16_t receiver_port, unsigned more) {
    std::string text = "format = 1\nversion = 1\n";
    auto organisation = [&](std::string_view id, std::string_view code, std::string_view node) {
        text += fmt::format("[[organisation]]\nid = \"{}\"\nname = \"Cơ quan {}\"\ncodes = [{{code = \"{}\", form = "
                            "\"qd20\"}}]\nserved_by = \"{}\"\n",
                            id, code, code, node);
    };
    auto node = [&](std::string_view id, std::string_view organisation, std::string_view code, std::uint16_t port) {
        text += fmt::format("[[node]]\nid = \"{}\"\nkind = \"vanthu\"\norganisation = \"{}\"\nurls = "
                            "[\"https://127.0.0.1:{}\"]\nsan_uri = \"urn:vanthu:org:{}\"\nca = \"{}\"\n",
                            id, organisation, port, code, ca.string());
    };
    organisation("sender", bench_issuer, "bench");
    organisation("receiver", bench_receiver, receiver_port ? "bench-receiver" : "bench");
    text += "parent = \"sender\"\n"; // of the receiver: documents go along the tree
    for (const std::string& code : more_receivers(more))
        organisation("receiver-" + code.substr(code.find('.') + 1), code, "bench");
    node("bench", "sender", bench_issuer, 1);
    if (receiver_port) node("bench-receiver", "receiver", bench_receiver, receiver_port);
    return text;
}

result<std::unique_ptr<bench_daemon>> bench_daemon::start(const options& o) {
    const fs::path executable = find_daemon_executable();
    if (executable.empty()) return failed(errc::bench_failed, "vanthud");
    const fs::path& d = o.directory;
    const throw_away_identity who = make_throw_away_identity(o.organisation, o.authority);
    std::unique_ptr<bench_daemon> out(new bench_daemon);
    out->directory_ = d;

    const tlog::ed25519_private_key log_key = tlog::ed25519_private_key::generate();
    VANTHU_TRY(receipt::service_key key, receipt::service_key::from_pem(who.key_pem));
    receipt::delegation delegated;
    delegated.log_origin = "bench.invalid/" + o.node;
    delegated.log_key = log_key.public_key();
    delegated.organisation = o.organisation;
    delegated.valid_from = system_clock().now() - std::chrono::hours(1);
    delegated.valid_to = system_clock().now() + std::chrono::hours(24);
    VANTHU_TRY(const std::string delegation, receipt::sign_delegation(delegated, key, {who.certificate_der}));
    const api::new_credential credential =
        api::make_credential("bench", {o.organisation}, {"submit", "inbox", "track"});
    out->api_key_ = credential.key;
    std::error_code ec;
    fs::create_directory(d / "trust", ec);
    for (const auto& [name, text] : std::initializer_list<std::pair<const char*, std::string>>{
             {"service.pem", who.certificate_pem},
             {"service.key", who.key_pem},
             {"ca.pem", o.authority->certificate_pem},
             {"trust/ca.pem", o.authority->certificate_pem},
             {"log.key", log_key.to_pem()},
             {"delegation.json", delegation},
             {"credentials.toml", credential.row},
             {"verification.toml", "revocation = \"if-present\"\n"}})
        VANTHU_CHECK(write(d / name, text));
    // Nothing is held back: what is measured is taking documents in. The rest are the defaults, but for how many
    // attempts one destination may have at a time, which is the number of submitters the goals name.
    std::string text = fmt::format(
        "[node]\nid = \"{}\"\norganisation = \"{}\"\n[registry]\nfile = \"{}\"\n"
        "[store]\ndirectory = \"{}\"\nminimum_free = \"16 MiB\"\n"
        "[listen.api]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\ncredentials = \"{}\"\n"
        "[listen.operator]\naddress = \"unix:{}\"\n"
        "[signing]\nlog_key = \"{}\"\nlog_key_delegation = \"{}\"\nservice_certificate = \"{}\"\nservice_key = "
        "\"{}\"\ntrust_directory = \"{}\"\n"
        "[policy]\nissue.indeterminate = \"accept\"\n"
        "[delivery]\nconcurrency = 32\nfirst_retry = \"1s\"\nnotice_interval = \"1s\"\n"
        "[log]\nlevel = \"warning\"\n",
        o.node, o.organisation, o.registry.string(), (d / "store").string(), (d / "service.pem").string(),
        (d / "service.key").string(), (d / "credentials.toml").string(), (d / "operator.sock").string(),
        (d / "log.key").string(), (d / "delegation.json").string(), (d / "service.pem").string(),
        (d / "service.key").string(), (d / "trust").string());
    text += fmt::format(
        "[listen.peer]\ncertificate = \"{0}/service.pem\"\nkey = \"{0}/service.key\"\nca = \"{0}/ca.pem\"\n",
        d.string());
    if (o.peer_port) text += fmt::format("address = \"127.0.0.1:{}\"\n", o.peer_port);
    text += fmt::format("[inspect]\nenabled = {}\nexecutable = \"{}\"\npolicy = \"{}\"\n", o.preflight,
                        inspect::find_inspect_executable().string(), (d / "verification.toml").string());
    VANTHU_CHECK(write(d / "vanthud.toml", text));

    const std::string configuration = (d / "vanthud.toml").string(), program = executable.string(),
                      said = (d / "said").string();
    char* arguments[] = {const_cast<char*>(program.c_str()), const_cast<char*>("--config"),
                         const_cast<char*>(configuration.c_str()), nullptr};
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, said.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    const int wrong = ::posix_spawn(&out->process_, program.c_str(), &files, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (wrong) {
        out->process_ = 0;
        return failed(errc::bench_failed, program);
    }
    VANTHU_CHECK(out->wait_until_ready());
    return out;
}

result<> bench_daemon::wait_until_ready() {
    constexpr std::string_view door = "door api 127.0.0.1:";
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
        const std::string said = last_lines(directory_ / "said");
        if (said.find("vanthud: sẵn sàng") != said.npos) {
            const std::size_t at = said.find(door);
            if (at == said.npos) break;
            const char* begin = said.data() + at + door.size();
            std::from_chars(begin, said.data() + said.size(), api_port_);
            return {};
        }
        if (::waitpid(process_, nullptr, WNOHANG) == process_) {
            process_ = 0;
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return failed(errc::bench_failed, "vanthud: " + last_lines(directory_ / "said"));
}

result<std::uint64_t> bench_daemon::delivered() const {
    VANTHU_TRY(auto door, bench_connection::to_socket(directory_ / "operator.sock"));
    VANTHU_TRY(auto page, door.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", {}));
    std::istringstream lines(page.body);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("vanthu_delivery_attempts_total") && line.find("outcome=\"delivered\"") != line.npos)
            return static_cast<std::uint64_t>(std::strtod(line.c_str() + line.rfind(' '), nullptr));
    if (page.status == 200) return std::uint64_t{0};
    return failed(errc::bench_failed, fmt::format("/metrics: {} {}", page.status, page.body.substr(0, 500)));
}

bool bench_daemon::stop() {
    if (process_ <= 0) return true;
    const pid_t process = std::exchange(process_, 0);
    ::kill(process, SIGTERM);
    int status = 0;
    for (int waited = 0; waited < 3000; ++waited) {
        if (::waitpid(process, &status, WNOHANG) == process) return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::kill(process, SIGKILL);
    ::waitpid(process, &status, 0);
    return false;
}

bench_daemon::~bench_daemon() { (void)stop(); }

} // namespace vanthu::cli

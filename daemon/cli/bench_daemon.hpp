// Real vanthud processes for `vanthu bench deliver`, each with a configuration, keys and a store below one directory.
#pragma once

#include "daemon/cli/bench_parts.hpp"

#include <sys/types.h>

namespace vanthu::cli {

// Memory (PSS) of a process and of what it started, its processor time.
struct process_use {
    double pss_mb = 0, children_pss_mb = 0, cpu_seconds = 0;
};
process_use use_of(pid_t process);
double cpu_seconds_of(pid_t process); // alone, to the nanosecond: for short stretches

// Beside the running program, or in the build tree; empty if there is none.
std::filesystem::path find_daemon_executable();

class bench_daemon {
public:
    struct options {
        std::filesystem::path directory; // must exist
        bool preflight = false;
        std::string node, organisation;                 // node id and code
        std::filesystem::path registry;                 // names every node and organisation
        const throw_away_identity* authority = nullptr; // of all certificates
        std::uint16_t peer_port = 0;                    // 0: no door for others
    };
    // Writes everything, starts the process and waits until it is ready. errc::bench_failed with its last words.
    static result<std::unique_ptr<bench_daemon>> start(const options&);
    ~bench_daemon(); // stop()

    std::uint16_t api_port() const { return api_port_; }
    const std::string& api_key() const { return api_key_; }
    const std::filesystem::path& directory() const { return directory_; }
    pid_t process() const { return process_; }
    process_use use() const { return use_of(process_); }
    // Transfers to the other daemon that ended with its receipt stored here.
    result<std::uint64_t> delivered() const;
    // SIGTERM; killed after a minute. False: it did not end well.
    bool stop();

private:
    bench_daemon() = default;
    result<> wait_until_ready();
    std::filesystem::path directory_;
    std::string api_key_;
    pid_t process_ = 0;
    std::uint16_t api_port_ = 0;
};

// A port of the loopback address that nobody listens on now.
std::uint16_t free_port();

// The registry of a measurement: the issuer's and the receiver's organisations, `more` receivers, one node that serves
// all of them or (`receiver_port` not 0) a second one for the receiver.
std::string bench_registry(const std::filesystem::path& ca, std::uint16_t receiver_port, unsigned more);
std::vector<std::string> more_receivers(unsigned count); // their codes

} // namespace vanthu::cli

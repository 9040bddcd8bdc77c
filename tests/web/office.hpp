// An operator door over a real store in a temporary directory, with documents in every state, on loopback.
#pragma once

#include "daemon/base/files.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/metric_table.hpp"
#include "daemon/net/io_threads.hpp"
#include "daemon/net/server.hpp"
#include "daemon/web/door.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <thread>

namespace vanthu::web {

inline constexpr std::string_view test_secret = "mat-khau-thu-nghiem-0123456789";
inline constexpr std::string_view hostile_subject =
    "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'single' & \x01 \xE2\x80\xAE txt.exe </title>";

// What one recipient of a made document is like.
struct made_recipient {
    std::string code, name;
    records::state state = records::state::waiting;
    std::string hop, reason; // hop "local": into the inbox of `code`'s organisation
    std::int64_t next_in_seconds = 3600;
    bool acknowledged = false;
};

class office {
public:
    // `page_files`: the tree's own pages. The hop g22 takes packets and never answers; every other hop has no
    // transport.
    explicit office(const std::filesystem::path& page_files);
    ~office();

    std::string address() const { return server_->address(); } // "127.0.0.1:PORT"
    // Puts a document with these recipients into the store; answers its id.
    std::string add(std::string subject, std::string number, const std::vector<made_recipient>&,
                    std::int64_t seconds_ago = 600);
    std::string isolate_secret(); // id in the quarantine
    void fill();                  // documents in every state, plausible and hostile ones

    operator_door& door() { return *door_; }
    ledger::store& store() { return *store_; }
    net::io_threads& network() { return network_; }
    const std::filesystem::path& folder() const { return folder_.path(); }
    std::string home() const { return "@h48"; }

private:
    struct silent_transport;

    test::temporary_directory folder_;
    system_clock clock_;
    std::shared_ptr<const registry::registry> registry_;
    std::unique_ptr<ledger::store> store_;
    asio::thread_pool disk_{2};
    asio::io_context decisions_;
    asio::executor_work_guard<asio::io_context::executor_type> keep_running_{decisions_.get_executor()};
    std::unique_ptr<silent_transport> silent_;
    std::unique_ptr<delivery::engine> engine_;
    task_group lanes_;
    metrics::registry meters_{daemon_metric_table()};
    std::unique_ptr<operator_door> door_;
    net::io_threads network_{1, "net"};
    std::unique_ptr<net::server> server_;
    std::thread deciding_;
};

} // namespace vanthu::web

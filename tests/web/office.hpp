// An operator door over a real store in a temporary directory, with documents in every state, on loopback.
#pragma once

#include "daemon/metric_table.hpp"
#include "daemon/web/door.hpp"
#include "tests/support/daemon_parts.hpp"

namespace vanthu::web {

inline constexpr std::string_view test_secret = "mat-khau-thu-nghiem-0123456789";
inline constexpr std::string_view hostile_subject =
    "<script>alert(1)</script><img src=x onerror=alert(2)> \"quoted\" 'single' & \x01 \xE2\x80\xAE txt.exe </title>";

// What one recipient of a made document is like.
struct made_recipient {
    std::string code, name;
    records::state state = records::state::waiting;
    std::string hop, reason; // hop "local": into the inbox of `code`'s organisation; empty and parked: by the registry
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
    test::daemon_parts& node() { return node_; }
    ledger::store& store() { return *node_.store; }
    net::io_threads& network() { return *node_.network; }
    const std::filesystem::path& folder() const { return node_.folder.path(); }
    std::string home() const { return node_.spec.home; }

private:
    struct silent_transport;

    std::shared_ptr<silent_transport> silent_;
    test::test_ca ca_;
    test::daemon_parts node_;
    metrics::registry meters_{daemon_metric_table()};
    std::unique_ptr<operator_door> door_;
    std::unique_ptr<net::server> server_;
};

} // namespace vanthu::web

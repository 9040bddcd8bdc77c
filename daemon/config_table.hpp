// The configuration of vanthud: the rows (config_table.cpp) and a plain structure filled from them. main.cpp hands each
// object the values it needs; no other room includes this header.
#pragma once

#include "daemon/base/config.hpp"

#include <array>
#include <expected>
#include <optional>

namespace vanthu {

// Pre-flight policy: what happens to a document, by the role of this vanthu and the verdict on its signatures.
// accept: goes on. information: goes on, marked "for information". hold: kept for a person to decide. refuse: as issuer
// not accepted, at the end answered by 02 (drafted or sent, policy.final_refusal). Transit knows no refuse.
enum class policy_role { issue, transit, final };
enum class policy_verdict { valid, invalid, indeterminate, unsigned_, damaged };
enum class policy_action { accept, information, hold, refuse };

struct tls_files {
    std::filesystem::path certificate, key, ca; // ca: empty where clients show no certificate
};

struct daemon_config {
    using path = std::filesystem::path;
    struct node_values {
        std::string id, organisation;
    } node;
    struct registry_values {
        path file;
    } registry;
    struct store_values {
        path directory, encryption_key, backup_directory;
        std::uint64_t inline_limit, segment_limit, minimum_free, reserve, spool_quota;
    } store;
    struct api_values {
        std::string address;
        tls_files tls;
        path credentials;
        std::int64_t max_connections, max_connections_per_address;
        std::uint64_t body_limit;
    } api;
    struct peer_values {
        std::string address; // empty: this vanthu has no peers that call it
        tls_files tls;
    } peer;
    struct operator_door_values {
        std::string address; // "unix:/run/..." or "127.0.0.1:9090"
        path secret_file;
        tls_files tls; // empty for a Unix socket and for loopback
    } operator_door;
    struct threads_values {
        std::int64_t io, disk, crypto;
    } threads;
    struct signing_values {
        path log_key, log_key_delegation, service_certificate, service_key, trust_directory, crl_directory;
        std::vector<std::string> agency_keys; // never opened by the daemon; here only to refuse a second role
        bool timestamp_required;
    } signing;
    struct inspect_values {
        bool enabled;
        path executable, policy; // policy: empty where the built-in rules hold
        std::int64_t workers;
        config::duration time_limit;
        std::uint64_t memory_limit;
    } inspect;
    struct policy_values {
        std::array<std::array<policy_action, 5>, 3> actions; // [policy_role][policy_verdict]
        bool send_final_refusal;                             // false: 02 is drafted for the clerk
        policy_action action(policy_role r, policy_verdict v) const { return actions[std::size_t(r)][std::size_t(v)]; }
    } policy;
    struct limits_values {
        std::uint64_t packet_size, header_size, inflate_size;
        std::int64_t attachments, recipients, inflate_ratio;
    } limits;
    struct delivery_values {
        std::int64_t attempts, concurrency, failures_to_open;
        config::duration first_retry, longest_retry, first_probe, longest_probe, expiry, expiry_warning,
            request_timeout, notice_interval;
    } delivery;
    struct pressure_values {
        std::uint64_t memory, bytes;
        std::int64_t transfers;
    } pressure;
    struct reconcile_values {
        config::duration every, window; // every 0: only when asked
    } reconcile;
    struct inbox_values {
        std::int64_t not_fetched_after;
    } inbox; // working hours
    struct calendar_values {
        path file; // empty: the built-in week
        config::duration urgent_limit, warn_before;
    } calendar;
    struct log_values {
        std::string level, format, destination;
    } log;

    config::config_values as_read; // for config::compare() on reload
};

const config::definition& daemon_config_table();

// What can be said of a file although something in it is wrong: every key has its value, or its default where it could
// not be read. No `config`: the file cannot be read, or is no TOML.
struct examined_config {
    std::optional<daemon_config> config;
    config::problems found;
};
examined_config examine_config(const std::filesystem::path& file, bool check_files = true);

// Reads and checks a file; every problem at once. With check_files also the files it names (exist, secrets closed to
// others, no key file in two roles).
std::expected<daemon_config, config::problems> load_config(const std::filesystem::path& file, bool check_files = true);
// The same for a text, with its surroundings given.
std::expected<daemon_config, config::problems> read_config(std::string_view text, std::string file,
                                                           const config::surroundings& where);

std::string sample_config();    // conf/vanthud.toml
std::string config_reference(); // docs/configuration.md

} // namespace vanthu

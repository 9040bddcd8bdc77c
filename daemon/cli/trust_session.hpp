// What a signing or verifying command knows about trust: the operator's certificates, evidence at hand, and what trust
// services answer when asked. One for each run of a command; blocking.
#pragma once

#include "adapters/trust_services/trust_services.hpp"
#include "daemon/inspect/pool.hpp"

#include <boost/asio/io_context.hpp>
#include <filesystem>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace vanthu::cli {

struct trust_options {
    std::string folder = "/etc/vanthu/trust", proxy, cache;
    std::vector<std::string> crls, rewrites, allowed; // rewrites: "FROM=TO"; allowed: hosts and networks
    bool offline = false;
    CLI::Option* folder_option = nullptr;
    bool folder_given() const;
};
void add_trust_options(CLI::App& command, trust_options& o);

// Of a new time stamp against our clock, either way, and the worst accuracy it may state.
inline constexpr std::chrono::minutes clock_tolerance = cms::assumed_accuracy;

class trust_session {
public:
    // files::errc and x509::errc of the folder and the CRLs; errc::bad_rewrite, bad_allowed_address. A folder nobody
    // named and that is not there is an empty one where `folder_optional`: then nothing is trusted.
    static result<std::unique_ptr<trust_session>> open(const trust_options& o, bool folder_optional = false);

    const x509::trust_store& trust() const { return trust_; }
    const x509::evidence& known() const { return known_; }
    timestamp now() const { return system_clock().now(); }

    // Whether a trust folder was read: without one no certificate is judged by its chain.
    bool judges() const { return judges_; }

    // A time stamp from `url`, judged before anything is built on it: its time is at most `clock_tolerance` off ours,
    // its signer is a time-stamping authority (RFC 3161, 2.3) whose certificate is in force now and, where this session
    // judges, leads to trust and is not revoked. Revocation that cannot be found out is left to whoever judges the
    // finished file. errc::time_stamp_wrong_time, time_stamp_not_trusted; failures as of trust_services::stamp.
    result<cms::timestamp_token> stamp(const std::string& url, const digest& imprint);
    // Calls `judge` until it misses nothing that can be had, with trust() and known() grown in between.
    void gather(const std::function<std::vector<x509::need>()>& judge);
    // Why something stays missing, one line each, for people.
    std::vector<std::string> troubles() const;
    const std::vector<trust_services::trouble>& unanswered() const { return troubles_; }

    // A worker for untrusted files with this session's trust.
    result<std::unique_ptr<inspect::inspector_pool>> start_inspector(validation::policy policy = {}) const;

private:
    trust_session() = default;
    result<> believe(const cms::timestamp_token& token, const digest& imprint);
    asio::io_context context_;
    std::unique_ptr<trust_services::trust_services> services_;
    x509::trust_store trust_;
    x509::evidence known_;
    std::vector<trust_services::trouble> troubles_;
    bool judges_ = false;
};

} // namespace vanthu::cli

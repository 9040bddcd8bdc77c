#include "daemon/start.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/inputs.hpp"
#include "daemon/signing_rules/trust_folder.hpp"
#include "daemon/store_options.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <unistd.h>

namespace vanthu::start {
namespace {

namespace fs = std::filesystem;

// Said here by its name: inside the store the same fault would read as a missing file of the store.
result<> make_usable(const fs::path& directory) {
    std::error_code ec;
    fs::create_directories(directory, ec);
    if (!ec && ::access(directory.c_str(), R_OK | W_OK | X_OK) != 0) ec.assign(errno, std::generic_category());
    if (ec)
        return failed(config::errc::directory_unusable, "store.directory: " + directory.string() + ": " + ec.message());
    return {};
}

} // namespace

log::settings log_settings(const daemon_config& c) {
    log::settings s;
    s.lowest = c.log.level == "debug"     ? log::level::debug
               : c.log.level == "warning" ? log::level::warning
               : c.log.level == "error"   ? log::level::error
                                          : log::level::info;
    s.form = c.log.format == "json" ? log::format::json : log::format::text;
    s.to = c.log.destination == "journal" ? log::destination::journal : log::destination::standard_error;
    return s;
}

result<std::unique_ptr<ledger::store>> open_store(const daemon_config& c,
                                                  std::function<void(const failure&)> on_fatal) {
    VANTHU_TRY(ledger::store_options o, store_options_of(c));
    o.on_fatal = std::move(on_fatal);
    VANTHU_CHECK(make_usable(o.directory));
    return ledger::store::open(std::move(o));
}

void report_recovery(const ledger::store& s) {
    const ledger::recovery_report& r = s.recovery();
    if (r.created) return log::info("store_created", {{"instance", s.instance_id()}});
    if (!r.closed_cleanly || r.torn_tail_dropped || r.files_removed)
        log::warning("store_recovered", {{"last_group", r.last_group},
                                         {"torn_tail_dropped", r.torn_tail_dropped},
                                         {"bytes_reclaimed", r.payload_bytes_reclaimed},
                                         {"files_removed", r.files_removed}});
}

result<std::unique_ptr<ledger::receipt_log>> open_receipt_log(const ledger::store& s, const daemon_config& c) {
    VANTHU_TRY(std::string pem, read_text_file(c.signing.log_key, 64u << 10));
    VANTHU_TRY(tlog::ed25519_private_key key, tlog::ed25519_private_key::from_pem(pem));
    OPENSSL_cleanse(pem.data(), pem.size());
    VANTHU_TRY(std::string delegation, read_text_file(c.signing.log_key_delegation, receipt::max_statement_size));
    while (!delegation.empty() && delegation.back() == '\n') delegation.pop_back();
    VANTHU_TRY(receipt::delegation content, receipt::decode_delegation(delegation));
    auto opened =
        ledger::receipt_log::open(s, {c.node.organisation, content.log_origin, std::move(key), std::move(delegation)});
    if (!opened && opened.error().code == ledger::receipt_log_errc::restored) {
        auto last = ledger::receipt_log::last_known_head(s.committed(), c.node.organisation, nullptr);
        if (last) return failed(opened.error().code, new_origin_command(c, last->origin, s.instance_id()));
    }
    return opened;
}

result<std::unique_ptr<inspect::inspector_pool>> start_inspectors(const daemon_config& c) {
    if (!c.inspect.enabled) return std::unique_ptr<inspect::inspector_pool>();
    inspect::options o;
    o.executable = c.inspect.executable.empty() ? inspect::find_inspect_executable() : c.inspect.executable;
    o.workers = static_cast<unsigned>(c.inspect.workers);
    o.time_limit = c.inspect.time_limit;
    o.memory_limit = c.inspect.memory_limit;
    VANTHU_TRY(o.trust, signing_rules::read_trust_folder(c.signing.trust_directory, system_clock().now()));
    VANTHU_TRY(o.known, known_revocations(c));
    VANTHU_TRY(o.policy, verification_policy(c, c.signing.timestamp_required));
    return inspect::inspector_pool::start(std::move(o));
}

static_assert(int(policy_action::refuse) == int(intake::action::refuse) &&
              int(policy_verdict::damaged) == int(intake::verdict::damaged) &&
              int(policy_role::final) == int(intake::role::final));

intake::policy policy_of(const daemon_config& c) {
    intake::policy p;
    for (std::size_t role = 0; role < 3; ++role)
        for (std::size_t verdict = 0; verdict < 5; ++verdict)
            p.actions[role][verdict] = static_cast<intake::action>(c.policy.actions[role][verdict]);
    p.send_final_refusal = c.policy.send_final_refusal;
    return p;
}

result<intake::gate_options> gate_options(const daemon_config& c, const std::string& home) {
    intake::gate_options o;
    o.node = c.node.id;
    o.home = home;
    o.organisation = c.node.organisation;
    o.limits.total_bytes = c.limits.packet_size;
    o.limits.header_bytes = c.limits.header_size;
    o.limits.attachments = static_cast<std::size_t>(c.limits.attachments);
    o.limits.inflated_bytes = c.limits.inflate_size;
    o.limits.inflated_ratio = static_cast<unsigned>(c.limits.inflate_ratio);
    o.recipients = static_cast<std::size_t>(c.limits.recipients);
    o.policy = policy_of(c);
    o.inspect_time = std::chrono::ceil<std::chrono::seconds>(c.inspect.time_limit * 2);
    o.quarantine = c.store.directory / "quarantine";
    VANTHU_TRY(std::string key, read_text_file(c.signing.service_key, 64u << 10));
    VANTHU_TRY(o.service_key, receipt::service_key::from_pem(key));
    OPENSSL_cleanse(key.data(), key.size());
    VANTHU_TRY(std::string chain, read_text_file(c.signing.service_certificate, 1u << 20));
    VANTHU_TRY(o.service_chain, receipt::certificates_from_pem(chain));
    if (o.service_chain.empty() || !o.service_key->belongs_to(o.service_chain.front()))
        return failed(receipt::errc::unsupported_key,
                      "signing.service_key does not belong to signing.service_certificate");
    VANTHU_TRY(o.anchors, peer_anchors(c));
    return o;
}

result<receipt::trust_anchors> peer_anchors(const daemon_config& c) {
    receipt::trust_anchors anchors;
    if (c.peer.tls.ca.empty()) return anchors;
    VANTHU_TRY(std::string pem, read_text_file(c.peer.tls.ca, 1u << 20));
    VANTHU_CHECK(anchors.add_pem(pem));
    return anchors;
}

delivery::engine_options engine_options(const daemon_config& c, const std::string& home) {
    delivery::engine_options o;
    o.home = home;
    o.organisation = c.node.organisation;
    o.attempts = static_cast<unsigned>(c.delivery.attempts);
    o.concurrency = static_cast<unsigned>(c.delivery.concurrency);
    o.failures_to_open = static_cast<unsigned>(c.delivery.failures_to_open);
    o.first_probe = std::min(c.delivery.first_probe, c.delivery.longest_retry); // never rarer than documents are tried
    o.longest_probe = std::min(c.delivery.longest_probe, c.delivery.longest_retry);
    o.expiry_warning = c.delivery.expiry_warning;
    o.first_retry = c.delivery.first_retry;
    o.longest_retry = c.delivery.longest_retry;
    o.expiry = c.delivery.expiry;
    o.request_timeout = c.delivery.request_timeout;
    o.notice_interval = c.delivery.notice_interval;
    return o;
}

reconciliation::round_options round_options(const daemon_config& c, const std::string& home) {
    reconciliation::round_options o;
    o.node = c.node.id;
    o.home = home;
    o.organisation = c.node.organisation;
    o.every = c.reconcile.every;
    o.span = c.reconcile.window;
    o.request_timeout = c.delivery.request_timeout;
    return o;
}

api::eoffice_options eoffice_options(const daemon_config& c, const std::string& home) {
    api::eoffice_options o;
    o.node = c.node.id;
    o.home = home;
    o.organisation = c.node.organisation;
    o.files = static_cast<std::size_t>(c.limits.attachments);
    // The mark of the payload store (open_store).
    o.room = [directory = c.store.directory, mark = c.store.minimum_free]() -> result<> {
        std::error_code ec;
        const fs::space_info space = fs::space(directory, ec);
        if (ec) return failed(ledger::errc::write_failed, directory.string() + ": " + ec.message());
        if (space.available < mark) return failed(ledger::errc::no_space, fmt::format("{} bytes", space.available));
        return {};
    };
    return o;
}

result<peer_link::receiver_options> receiver_options(const daemon_config& c, const std::string& home) {
    peer_link::receiver_options o;
    o.node = c.node.id;
    o.home = home;
    o.organisation = c.node.organisation;
    o.packet_limit = c.limits.packet_size;
    if (!c.peer.tls.ca.empty()) {
        VANTHU_TRY(std::string pem, read_text_file(c.peer.tls.ca, 1u << 20));
        VANTHU_TRY(auto certificates, receipt::certificates_from_pem(pem));
        for (const bytes& der : certificates) o.ca_sha256.push_back(sha256::of(der));
    }
    return o;
}

result<web::operator_door_options> door_options(const daemon_config& c, const std::string& home) {
    web::operator_door_options o;
    o.node = c.node.id;
    o.home = home;
    o.quarantine = c.store.directory / "quarantine";
    o.backups = c.store.backup_directory;
    VANTHU_TRY(o.pages, web::pages::load(web::pages_directory()));
    return o;
}

net::listener_options api_listener(const daemon_config& c) {
    net::listener_options o;
    o.address = c.api.address;
    o.tls = net::tls_options{.certificate_file = c.api.tls.certificate, .key_file = c.api.tls.key, .tls13_only = false};
    o.body_limit = c.api.body_limit;
    o.max_connections = static_cast<std::size_t>(c.api.max_connections);
    o.max_connections_per_address = static_cast<std::size_t>(c.api.max_connections_per_address);
    return o;
}

net::listener_options peer_listener(const daemon_config& c, const peer_link::receiver& receiver) {
    net::listener_options o;
    o.address = c.peer.address;
    o.tls =
        net::tls_options{.certificate_file = c.peer.tls.certificate,
                         .key_file = c.peer.tls.key,
                         .client_ca_file = c.peer.tls.ca,
                         .auth = net::client_auth::required,
                         .accept_unverified = [&receiver](const net::peer_identity& p) { return receiver.pinned(p); }};
    o.body_limit = c.limits.packet_size;
    return o;
}

net::listener_options operator_listener(const daemon_config& c) {
    net::listener_options o;
    o.address = c.operator_door.address;
    if (!c.operator_door.tls.certificate.empty())
        o.tls = net::tls_options{.certificate_file = c.operator_door.tls.certificate,
                                 .key_file = c.operator_door.tls.key,
                                 .client_ca_file = c.operator_door.tls.ca,
                                 .auth = net::client_auth::required};
    o.body_limit = 8u << 20; // a registry file for the dry run; other requests are bounded where they are read
    o.max_connections = 64;
    return o;
}

void count_answers(intake::gate& gate, metrics::registry& meters) {
    gate.on_answer = [&meters](intake::offer::from source, const result<intake::accepted>& a,
                               std::chrono::microseconds took) {
        const std::string_view door = intake::to_string(source);
        if (!a) return meters.add("vanthu_documents_refused_total", {door, public_code(a.error().code)});
        if (a->known) return meters.add("vanthu_documents_duplicate_total", {door});
        meters.add("vanthu_documents_accepted_total", {door});
        meters.add("vanthu_verdicts_total", {a->document.signatures});
        meters.observe("vanthu_packet_bytes", {door}, static_cast<double>(a->document.size));
        meters.observe("vanthu_accept_seconds", {door}, std::chrono::duration<double>(took).count());
    };
}

intake::pressure_marks pressure_marks(const daemon_config& c) {
    // The store itself refuses at minimum_free: statuses and events must have room until then.
    return {.free_bytes = c.store.minimum_free + c.store.reserve,
            .memory = c.pressure.memory,
            .transfers = static_cast<std::uint64_t>(c.pressure.transfers),
            .bytes = c.pressure.bytes};
}

void watch_disk(const daemon_config& c, const ledger::spool& spool, metrics::registry& meters) {
    meters.before_expose([directory = c.store.directory, &spool](metrics::registry& m) {
        std::error_code ec;
        fs::space_info space = fs::space(directory, ec);
        if (!ec) m.set("vanthu_store_free_bytes", static_cast<double>(space.available));
        m.set("vanthu_store_spool_bytes", static_cast<double>(spool.used()));
    });
}

void count_requests(net::listener_options& o, std::string_view door, metrics::registry& meters) {
    o.on_access = [door = std::string(door), &meters](const net::access_record& r) {
        std::string status = std::to_string(r.status / 100) + "xx";
        meters.add("vanthu_http_requests_total", {door, r.method, status});
    };
    o.on_failure = [door = std::string(door)](const failure& f, const net::peer_identity* p) {
        log::info("connection_failed", {{"door", door}, {"address", p ? p->remote_address : ""}, {"failure", f}});
    };
}

} // namespace vanthu::start

#include "daemon/start.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/key_check.hpp"
#include "daemon/signing_rules/trust_folder.hpp"
#include "daemon/signing_rules/verification.hpp"
#include "daemon/store_options.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/ranges.h>
#include <openssl/crypto.h>
#include <unistd.h>

namespace vanthu::start {
namespace {

namespace fs = std::filesystem;

// All files of a folder with one of the endings, in order of their names.
result<std::vector<bytes>> folder(const fs::path& directory, std::initializer_list<std::string_view> endings) {
    std::vector<fs::path> names;
    if (directory.empty()) return std::vector<bytes>{};
    std::error_code ec;
    for (const fs::directory_entry& e : fs::directory_iterator(directory, ec))
        if (std::find(endings.begin(), endings.end(), e.path().extension().string()) != endings.end())
            names.push_back(e.path());
    if (ec) return failed(files::errc::unreadable, directory.string() + ": " + ec.message());
    std::sort(names.begin(), names.end());
    std::vector<bytes> out;
    for (const fs::path& name : names) {
        VANTHU_TRY(bytes content, read_file(name, 64u << 20));
        out.push_back(std::move(content));
    }
    return out;
}

result<x509::evidence> known_revocations(const daemon_config& c) {
    x509::evidence out;
    VANTHU_TRY(std::vector<bytes> lists, folder(c.signing.crl_directory, {".crl", ".pem"}));
    for (const bytes& file : lists) {
        VANTHU_TRY(x509::crl one, x509::parse_crl(file));
        out.crls.push_back(std::move(one));
    }
    return out;
}

intake::policy policy_of(const daemon_config& c) {
    intake::policy p;
    for (std::size_t role = 0; role < 3; ++role)
        for (std::size_t verdict = 0; verdict < 5; ++verdict)
            p.actions[role][verdict] = static_cast<intake::action>(c.policy.actions[role][verdict]);
    p.send_final_refusal = c.policy.send_final_refusal;
    return p;
}
// `with_timestamp`: what policy.timestamp said at the start; a reload does not take over another.
result<validation::policy> verification_policy(const daemon_config& c, bool with_timestamp) {
    validation::policy rules;
    if (!c.inspect.policy.empty()) {
        VANTHU_TRY(std::string text, read_text_file(c.inspect.policy, 1u << 20));
        VANTHU_TRY(rules, signing_rules::read_verification_policy(text, c.inspect.policy.string()));
    }
    rules.require_timestamp = rules.require_timestamp || with_timestamp;
    return rules;
}

static_assert(int(policy_action::refuse) == int(intake::action::refuse) &&
              int(policy_verdict::damaged) == int(intake::verdict::damaged) &&
              int(policy_role::final) == int(intake::role::final));

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

result<std::shared_ptr<const registry::registry>> load_registry(const daemon_config& c) {
    VANTHU_TRY(registry::registry loaded, registry::registry::load(c.registry.file));
    if (!loaded.find_node(c.node.id))
        return failed(registry::errc::unknown_reference,
                      c.registry.file.string() + ": [[node]] id = \"" + c.node.id + "\"");
    const timestamp now = system_clock().now();
    if (const std::string& by = loaded.find_node(c.node.id)->organisation;
        loaded.canonical(c.node.organisation, now) != "@" + by)
        return failed(config::errc::node_of_another, "node.organisation = \"" + c.node.organisation + "\"; " +
                                                         c.registry.file.string() + ": [[node]] id = \"" + c.node.id +
                                                         "\", organisation = \"" + by + "\"");
    if (loaded.served_by(c.node.id, now).empty())
        return failed(config::errc::serves_nobody, c.registry.file.string() + ": [[node]] id = \"" + c.node.id + "\"");
    return std::make_shared<const registry::registry>(std::move(loaded));
}

result<std::shared_ptr<const calendar::office>> load_calendar(const daemon_config& c) {
    calendar::office o;
    if (!c.calendar.file.empty()) {
        VANTHU_TRY(std::string text, read_text_file(c.calendar.file, 1u << 20));
        VANTHU_TRY(o.days, calendar::read_calendar(text, c.calendar.file.string()));
    }
    o.margins.urgent_limit = std::chrono::duration_cast<std::chrono::minutes>(c.calendar.urgent_limit);
    o.margins.warn_before = std::chrono::duration_cast<std::chrono::minutes>(c.calendar.warn_before);
    o.not_fetched_after = std::chrono::hours(c.inbox.not_fetched_after);
    return std::make_shared<const calendar::office>(std::move(o));
}

void warn_of_missing_year(const daemon_config& c, const calendar::office& o) {
    const std::chrono::year_month_day today(calendar::day_of(system_clock().now()));
    if (!c.calendar.file.empty() && !o.days.knows(today.year()))
        log::warning("calendar_without_year", {{"file", c.calendar.file.string()}, {"year", int(today.year())}});
}

std::vector<std::string> served(const daemon_config& c, const registry::registry& r) {
    std::vector<std::string> out;
    const timestamp now = system_clock().now();
    for (const registry::organisation* o : r.served_by(c.node.id, now))
        if (!o->closed(now)) out.push_back(o->id);
    return out;
}

result<std::shared_ptr<const api::credentials>> load_credentials(const daemon_config& c) {
    VANTHU_TRY(std::string text, read_text_file(c.api.credentials));
    VANTHU_TRY(api::credentials loaded, api::credentials::parse(text, c.api.credentials.string()));
    return std::make_shared<const api::credentials>(std::move(loaded));
}

result<std::unique_ptr<ledger::store>> open_store(const daemon_config& c,
                                                  std::function<void(const failure&)> on_fatal) {
    VANTHU_TRY(ledger::store_options o, store_options_of(c));
    o.on_fatal = std::move(on_fatal);
    VANTHU_CHECK(make_usable(o.directory));
    return ledger::store::open(std::move(o));
}

examination examine(const fs::path& file) {
    examined_config read = examine_config(file);
    examination out{std::move(read.config), nullptr, std::move(read.found)};
    if (!out.config) return out;
    const daemon_config& c = *out.config;
    auto add = [&](config::problem p) {
        const bool follows = std::ranges::any_of(out.found, [&](const auto& f) { return f.key == p.key; });
        if (!follows) out.found.push_back(std::move(p));
    };
    auto add_failure = [&](std::string_view key, const failure& f) {
        add({f.code, file.string(), c.as_read.where(key), std::string(key), f.detail, f.detail});
    };
    if (auto loaded = load_registry(c))
        out.registry = std::move(*loaded);
    else
        add_failure(loaded.error().code == config::errc::node_of_another ? "node.organisation" : "registry.file",
                    loaded.error());
    config::problems of_keys = check_keys(c, out.registry.get(), file.string());
    for (config::problem& p : of_keys) add(std::move(p));
    if (auto office = load_calendar(c); !office) add_failure("calendar.file", office.error());
    if (auto known = load_credentials(c); !known) add_failure("listen.api.credentials", known.error());
    if (auto known = operator_secret(c); !known) add_failure("listen.operator.secret_file", known.error());
    if (c.inspect.enabled) {
        constexpr std::string_view key = "signing.trust_directory";
        if (auto trust = signing_rules::read_trust_folder(c.signing.trust_directory, system_clock().now()); !trust)
            add_failure(key, trust.error());
        else if (trust->anchors.empty())
            add({config::errc::certificate_unfit, file.string(), c.as_read.where(key), std::string(key),
                 c.signing.trust_directory.string() + ": không có chứng thư gốc nào (.crt, .pem, .cer).",
                 c.signing.trust_directory.string() + ": no root certificate (.crt, .pem, .cer)."});
        if (auto known = known_revocations(c); !known) add_failure("signing.crl_directory", known.error());
        if (auto rules = verification_policy(c, c.signing.timestamp_required); !rules)
            add_failure("inspect.policy", rules.error());
    }
    return out;
}

config::problems examine_store(const daemon_config& c, const fs::path& file) {
    // The nearest that is there: what the daemon makes, it makes in it.
    fs::path at = c.store.directory;
    std::error_code ec;
    while (!fs::exists(at, ec) && at.has_parent_path() && at != at.parent_path()) at = at.parent_path();
    std::string probe = (at / ".vanthud-check-XXXXXX").string();
    if (::mkdtemp(probe.data())) {
        ::rmdir(probe.c_str());
        return {};
    }
    const std::string why = at.string() + ": " + std::generic_category().message(errno);
    constexpr std::string_view key = "store.directory";
    return {{config::errc::directory_unusable, file.string(), c.as_read.where(key), std::string(key), why, why}};
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

result<secret> operator_secret(const daemon_config& c) {
    if (c.operator_door.secret_file.empty()) return secret();
    VANTHU_TRY(std::string text, read_text_file(c.operator_door.secret_file, 4096));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return failed(files::errc::unreadable, c.operator_door.secret_file.string() + ": empty");
    return secret(std::move(text));
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

void reload(reloadable& live) {
    auto next = load_config(live.file);
    if (!next)
        return log::error("reload_refused",
                          {{"file", live.file.string()}, {"problems", config::to_text(next.error())}});
    config::difference d = config::compare(daemon_config_table(), live.config.as_read, next->as_read);
    for (const std::string& key : d.restart) log::warning("needs_restart", {{"key", key}});

    // What is refused stays as it was; the last line of a reload names it.
    std::vector<std::string> kept;
    auto keep = [&](std::string_view part) { kept.emplace_back(part); };
    auto registry = load_registry(*next);
    // A renewed certificate without its key, or one in two roles: nothing of this reload is taken over.
    if (registry)
        if (auto problems = check_keys(*next, registry->get(), live.file.string()); !problems.empty())
            return log::error("reload_refused",
                              {{"file", live.file.string()}, {"problems", config::to_text(problems)}});
    if (!registry) {
        log::error("registry_refused", {{"failure", registry.error()}});
        keep("registry");
    } else {
        auto current = live.gate.registry();
        registry::difference change = registry::diff(*current, **registry, live.config.node.id, system_clock().now());
        if (change.version_not_raised || !change.removed.empty()) {
            log::error("registry_refused", {{"version", (*registry)->version()},
                                            {"removed", change.removed.size()},
                                            {"version_not_raised", change.version_not_raised}});
            keep("registry");
        } else if (!change.identical) {
            live.gate.use_registry(*registry);
            live.rerouting.wake();
            log::info("registry_loaded", {{"version", (*registry)->version()},
                                          {"routes_changed", change.routes.size()},
                                          {"serves", served(*next, **registry).size()}});
        }
    }
    if (auto office = load_calendar(*next)) {
        live.eoffice.use_calendar(*office);
        live.page.use_calendar(*office);
        live.rounds.use_calendar(*office);
        warn_of_missing_year(*next, **office);
    } else {
        log::error("calendar_refused", {{"failure", office.error()}});
        keep("calendar");
    }
    if (auto credentials = load_credentials(*next))
        live.eoffice.use_credentials(*credentials);
    else {
        log::error("credentials_refused", {{"failure", credentials.error()}});
        keep("credentials");
    }
    if (auto known = operator_secret(*next))
        live.page.use_secret(std::move(*known));
    else {
        log::error("operator_secret_refused", {{"failure", known.error()}});
        keep("operator secret");
    }
    for (auto& server : live.servers)
        if (auto done = server->reload_tls(); !done) {
            log::error("certificate_refused", {{"address", server->address()}, {"failure", done.error()}});
            keep("certificate of " + server->address());
        }
    if (live.inspectors) {
        auto trust = signing_rules::read_trust_folder(next->signing.trust_directory, system_clock().now());
        auto known = known_revocations(*next);
        if (trust && known)
            live.inspectors->replace_trust(std::move(*trust), std::move(*known));
        else {
            log::error("trust_refused", {{"failure", trust ? known.error() : trust.error()}});
            keep("trust");
        }
        if (auto rules = verification_policy(*next, live.config.signing.timestamp_required)) {
            live.inspectors->replace_policy(std::move(*rules));
        } else {
            log::error("verification_policy_refused", {{"failure", rules.error()}});
            keep("verification policy");
        }
    }
    live.gate.use_policy(policy_of(*next));
    log::configure(log_settings(*next));
    live.config = std::move(*next);
    if (kept.empty()) return log::info("reloaded", {});
    log::error("reloaded_in_part", {{"kept_as_before", fmt::format("{}", fmt::join(kept, ", "))}});
}

} // namespace vanthu::start

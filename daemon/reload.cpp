#include "daemon/reload.hpp"

#include "daemon/inputs.hpp"
#include "daemon/key_check.hpp"
#include "daemon/signing_rules/trust_folder.hpp"

#include <fmt/ranges.h>

namespace vanthu::start {

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

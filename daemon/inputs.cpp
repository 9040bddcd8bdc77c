#include "daemon/inputs.hpp"

#include "daemon/base/log.hpp"
#include "daemon/key_check.hpp"
#include "daemon/signing_rules/trust_folder.hpp"
#include "daemon/signing_rules/verification.hpp"

#include <algorithm>
#include <cerrno>
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

} // namespace

result<x509::evidence> known_revocations(const daemon_config& c) {
    x509::evidence out;
    VANTHU_TRY(std::vector<bytes> lists, folder(c.signing.crl_directory, {".crl", ".pem"}));
    for (const bytes& file : lists) {
        VANTHU_TRY(x509::crl one, x509::parse_crl(file));
        out.crls.push_back(std::move(one));
    }
    return out;
}

result<validation::policy> verification_policy(const daemon_config& c, bool with_timestamp) {
    validation::policy rules;
    if (!c.inspect.policy.empty()) {
        VANTHU_TRY(std::string text, read_text_file(c.inspect.policy, 1u << 20));
        VANTHU_TRY(rules, signing_rules::read_verification_policy(text, c.inspect.policy.string()));
    }
    rules.require_timestamp = rules.require_timestamp || with_timestamp;
    return rules;
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

result<secret> operator_secret(const daemon_config& c) {
    if (c.operator_door.secret_file.empty()) return secret();
    VANTHU_TRY(std::string text, read_text_file(c.operator_door.secret_file, 4096));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (text.empty()) return failed(files::errc::unreadable, c.operator_door.secret_file.string() + ": empty");
    return secret(std::move(text));
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

} // namespace vanthu::start

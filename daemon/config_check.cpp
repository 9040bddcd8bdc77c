// From values to daemon_config, and the checks that need more than one key.
#include "daemon/base/files.hpp"
#include "daemon/config_table.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>

namespace vanthu {
namespace {
using config::errc;
using std::filesystem::path;

constexpr std::string_view roles[] = {"issue", "transit", "final"};
constexpr std::string_view verdicts[] = {"valid", "invalid", "indeterminate", "unsigned", "damaged"};

policy_action action_named(std::string_view name) {
    return name == "accept"        ? policy_action::accept
           : name == "information" ? policy_action::information
           : name == "hold"        ? policy_action::hold
                                   : policy_action::refuse;
}

struct listener {
    bool understood = false, unix_socket = false, loopback = false;
    std::string host; // in the one form inet_ntop gives; "*": every address
    unsigned port = 0;
};

// Would the second one find its place taken? Port 0 is any free one.
bool collide(const listener& a, const listener& b) {
    if (!a.understood || !b.understood || a.unix_socket || b.unix_socket || a.port == 0 || a.port != b.port)
        return false;
    return a.host == b.host || a.host == "*" || b.host == "*";
}

// "unix:/absolute/path", "127.0.0.1:8443", "[::1]:8443". Names are not looked up: what a name means can change.
listener read_address(const std::string& text) {
    if (text.starts_with("unix:")) return {text.size() > 6 && text[5] == '/', true, true, {}, 0};
    std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) return {};
    unsigned port = 0;
    auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port > 65535) return {};
    std::string host = text.substr(0, colon);
    in_addr four{};
    char plain[INET6_ADDRSTRLEN] = "*";
    if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
        if (four.s_addr != INADDR_ANY) inet_ntop(AF_INET, &four, plain, sizeof plain);
        return {true, false, (ntohl(four.s_addr) >> 24) == 127, plain, port};
    }
    if (host.size() < 3 || host.front() != '[' || host.back() != ']') return {};
    in6_addr six{};
    if (inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &six) != 1) return {};
    if (!IN6_IS_ADDR_UNSPECIFIED(&six)) inet_ntop(AF_INET6, &six, plain, sizeof plain);
    return {true, false, IN6_IS_ADDR_LOOPBACK(&six) != 0, plain, port};
}

class checker {
public:
    checker(const config::config_values& values, std::string file, const config::surroundings& where)
        : values_(values), file_(std::move(file)), where_(where) {}

    config::problems all() {
        store();
        address("listen.api.address", false);
        peer();
        operator_door();
        a_place_for_each_door();
        in_order("store.inline_limit", "store.segment_limit");
        in_order("limits.packet_size", "listen.api.body_limit");
        in_order("limits.header_size", "limits.packet_size");
        if (values_.get<config::duration>("delivery.first_retry") >
            values_.get<config::duration>("delivery.longest_retry"))
            conflict("delivery.first_retry", "delivery.longest_retry");
        keys_have_one_role();
        return std::move(found_);
    }

private:
    void complain(errc code, std::string_view key, std::string vi, std::string en) {
        found_.push_back({code, file_, values_.where(key), std::string(key), std::move(vi), std::move(en)});
    }
    const path& file(std::string_view key) const { return values_.get<path>(key); }

    void in_order(std::string_view smaller, std::string_view larger) {
        if (values_.get<std::uint64_t>(smaller) > values_.get<std::uint64_t>(larger)) conflict(smaller, larger);
    }
    void conflict(std::string_view smaller, std::string_view larger) {
        // The place of the key that the file really says.
        std::string_view at = values_.is_set(smaller) ? smaller : larger;
        complain(errc::conflict, at, fmt::format("{} phải nhỏ hơn hoặc bằng {}.", smaller, larger),
                 fmt::format("{} must not exceed {}.", smaller, larger));
    }
    void needs(std::string_view key, std::string_view other) {
        if (file(other).empty())
            complain(errc::incomplete, key, fmt::format("Cần thêm {}.", other), fmt::format("It needs {}.", other));
    }

    void store() {
        if (!file("store.directory").is_absolute())
            complain(errc::malformed, "store.directory", "Cần đường dẫn tuyệt đối.", "An absolute path is needed.");
        if (const auto& to = file("store.backup_directory"); !to.empty() && !to.is_absolute())
            complain(errc::malformed, "store.backup_directory", "Cần đường dẫn tuyệt đối.",
                     "An absolute path is needed.");
    }

    listener address(std::string_view key, bool unix_socket_allowed) {
        const std::string& text = values_.get<std::string>(key);
        listener l = read_address(text);
        if (!l.understood || (l.unix_socket && !unix_socket_allowed)) {
            std::string form = unix_socket_allowed ? "unix:/run/vanthu/operator.sock, 127.0.0.1:9090, [::1]:9090"
                                                   : "127.0.0.1:8443, [::1]:8443";
            complain(errc::malformed, key, fmt::format("\"{}\"; ví dụ: {}.", text, form),
                     fmt::format("\"{}\"; examples: {}.", text, form));
            l.understood = false;
        }
        return l;
    }

    void peer() {
        bool listens = !values_.get<std::string>("listen.peer.address").empty();
        if (listens) address("listen.peer.address", false);
        // Without a listener the same three are what this node shows when it calls: all or none.
        bool calls = false;
        for (std::string_view key : {"listen.peer.certificate", "listen.peer.key", "listen.peer.ca"})
            calls = calls || !file(key).empty();
        if (!listens && !calls) return;
        std::string_view asking = listens ? "listen.peer.address" : "listen.peer.certificate";
        for (std::string_view key : {"listen.peer.certificate", "listen.peer.key", "listen.peer.ca"})
            needs(asking, key);
    }

    // contracts: the operator's door is a Unix socket or loopback with a bearer secret; any other address needs mutual
    // TLS.
    void operator_door() {
        constexpr std::string_view key = "listen.operator.address";
        listener l = address(key, true);
        if (!l.understood || l.unix_socket) return;
        bool any_tls = false, mutual_tls = true;
        for (std::string_view part : {"listen.operator.certificate", "listen.operator.key", "listen.operator.ca"}) {
            any_tls = any_tls || !file(part).empty();
            mutual_tls = mutual_tls && !file(part).empty();
        }
        if (!l.loopback && !mutual_tls)
            return complain(errc::open_operator_door, key, values_.get<std::string>(key),
                            values_.get<std::string>(key));
        if (any_tls && !mutual_tls)
            complain(errc::incomplete, key, "Cần đủ certificate, key và ca.", "It needs certificate, key and ca.");
        if (!mutual_tls) needs(key, "listen.operator.secret_file");
    }

    void a_place_for_each_door() {
        constexpr std::string_view doors[] = {"listen.api.address", "listen.peer.address", "listen.operator.address"};
        for (std::size_t i = 0; i < std::size(doors); ++i)
            for (std::size_t j = i + 1; j < std::size(doors); ++j) {
                const std::string &a = values_.get<std::string>(doors[i]), &b = values_.get<std::string>(doors[j]);
                if (collide(read_address(a), read_address(b)))
                    complain(errc::conflict, doors[j], fmt::format("{} đã dùng {}.", doors[i], a),
                             fmt::format("{} takes {} already.", doors[i], a));
            }
    }

    // --- one key, one role ---
    struct used_key {
        std::string_view key; // of the configuration
        std::string named;    // as path or URI
        enum { agency, log, daemon } role;
    };

    std::vector<used_key> keys_in_use() {
        std::vector<used_key> keys;
        for (const std::string& one : values_.get<std::vector<std::string>>("signing.agency_keys")) {
            bool uri = one.starts_with("pkcs11:");
            if (uri && one.find("pin-value") != std::string::npos)
                complain(errc::conflict, "signing.agency_keys", "URI không được chứa pin-value.",
                         "A URI must not carry a pin-value.");
            keys.push_back({"signing.agency_keys", uri ? one : (where_.directory / one).lexically_normal().string(),
                            used_key::agency});
        }
        if (!file("signing.log_key").empty())
            keys.push_back({"signing.log_key", file("signing.log_key").string(), used_key::log});
        for (std::string_view key : {"signing.service_key", "listen.api.key", "listen.peer.key", "listen.operator.key",
                                     "store.encryption_key", "listen.operator.secret_file"})
            if (!file(key).empty()) keys.push_back({key, file(key).string(), used_key::daemon});
        return keys;
    }

    // The same name, the same file under two names, or a copy of it.
    bool same_key(const std::string& a, const std::string& b) const {
        if (a == b) return true;
        std::error_code error;
        if (std::filesystem::equivalent(a, b, error)) return true;
        if (!where_.check_files) return false;
        constexpr std::size_t limit = 1 << 20;
        auto left = read_file(a, limit), right = read_file(b, limit);
        return left && right && !left->empty() && *left == *right;
    }

    void keys_have_one_role() {
        std::vector<used_key> keys = keys_in_use();
        for (std::size_t i = 0; i < keys.size(); ++i)
            for (std::size_t j = i + 1; j < keys.size(); ++j)
                if (keys[i].role != keys[j].role && same_key(keys[i].named, keys[j].named))
                    complain(errc::one_key_two_roles, keys[j].key,
                             fmt::format("{} và {}: {}", keys[i].key, keys[j].key, keys[j].named),
                             fmt::format("{} and {}: {}", keys[i].key, keys[j].key, keys[j].named));
    }

    const config::config_values& values_;
    std::string file_;
    const config::surroundings& where_;
    config::problems found_;
};

daemon_config fill(config::config_values values) {
    auto text = [&](std::string_view key) { return values.get<std::string>(key); };
    auto number = [&](std::string_view key) { return values.get<std::int64_t>(key); };
    auto bytes = [&](std::string_view key) { return values.get<std::uint64_t>(key); };
    auto time = [&](std::string_view key) { return values.get<config::duration>(key); };
    auto file = [&](std::string_view key) { return values.get<path>(key); };
    auto tls = [&](std::string section) {
        return tls_files{file(section + ".certificate"), file(section + ".key"),
                         section == "listen.api" ? path() : file(section + ".ca")};
    };
    daemon_config c{};
    c.node = {text("node.id"), text("node.organisation")};
    c.registry = {file("registry.file")};
    c.store = {file("store.directory"),     file("store.encryption_key"), file("store.backup_directory"),
               bytes("store.inline_limit"), bytes("store.segment_limit"), bytes("store.minimum_free"),
               bytes("store.reserve"),      bytes("store.spool_quota")};
    c.api = {text("listen.api.address"),
             tls("listen.api"),
             file("listen.api.credentials"),
             number("listen.api.max_connections"),
             number("listen.api.max_connections_per_address"),
             bytes("listen.api.body_limit")};
    c.peer = {text("listen.peer.address"), tls("listen.peer")};
    c.operator_door = {text("listen.operator.address"), file("listen.operator.secret_file"), tls("listen.operator")};
    c.threads = {number("threads.io"), number("threads.disk"), number("threads.crypto")};
    c.signing = {file("signing.log_key"),
                 file("signing.log_key_delegation"),
                 file("signing.service_certificate"),
                 file("signing.service_key"),
                 file("signing.trust_directory"),
                 file("signing.crl_directory"),
                 values.get<std::vector<std::string>>("signing.agency_keys"),
                 text("policy.timestamp") == "required"};
    c.inspect = {values.get<bool>("inspect.enabled"), file("inspect.executable"), file("inspect.policy"),
                 number("inspect.workers"),           time("inspect.time_limit"), bytes("inspect.memory_limit")};
    for (std::size_t r = 0; r < std::size(roles); ++r)
        for (std::size_t v = 0; v < std::size(verdicts); ++v)
            c.policy.actions[r][v] = action_named(text(fmt::format("policy.{}.{}", roles[r], verdicts[v])));
    c.policy.send_final_refusal = text("policy.final_refusal") == "send";
    c.limits = {bytes("limits.packet_size"),  bytes("limits.header_size"), bytes("limits.inflate_size"),
                number("limits.attachments"), number("limits.recipients"), number("limits.inflate_ratio")};
    c.delivery = {
        number("delivery.attempts"),      number("delivery.concurrency"),  number("delivery.failures_to_open"),
        time("delivery.first_retry"),     time("delivery.longest_retry"),  time("delivery.first_probe"),
        time("delivery.longest_probe"),   time("delivery.expiry"),         time("delivery.expiry_warning"),
        time("delivery.request_timeout"), time("delivery.notice_interval")};
    c.pressure = {bytes("pressure.memory"), bytes("pressure.bytes"), number("pressure.transfers")};
    c.reconcile = {time("reconcile.every"), time("reconcile.window")};
    c.inbox = {number("inbox.not_fetched_after")};
    c.calendar = {file("calendar.file"), time("calendar.urgent_limit"), time("calendar.warn_before")};
    c.log = {text("log.level"), text("log.format"), text("log.destination")};
    c.as_read = std::move(values);
    return c;
}
} // namespace

namespace {
examined_config examine_text(std::string_view text, std::string file, const config::surroundings& where) {
    config::reading reading = config::parse(daemon_config_table(), text, file, where);
    bool readable = reading.found.empty() || reading.found.front().code != errc::syntax;
    if (readable)
        for (config::problem& p : checker(reading.values, file, where).all()) reading.found.push_back(std::move(p));
    examined_config out;
    out.found = std::move(reading.found);
    if (readable) out.config = fill(std::move(reading.values));
    return out;
}

std::expected<daemon_config, config::problems> only_if_good(examined_config e) {
    if (!e.found.empty()) return std::unexpected(std::move(e.found));
    return std::move(*e.config);
}
} // namespace

std::expected<daemon_config, config::problems> read_config(std::string_view text, std::string file,
                                                           const config::surroundings& where) {
    return only_if_good(examine_text(text, std::move(file), where));
}

examined_config examine_config(const std::filesystem::path& file, bool check_files) {
    auto text = read_text_file(file, 1 << 20);
    if (!text)
        return {std::nullopt, {{errc::unreadable, file.string(), {}, "", text.error().detail, text.error().detail}}};
    return examine_text(*text, file.string(), config::surroundings_of(file, check_files));
}

std::expected<daemon_config, config::problems> load_config(const std::filesystem::path& file, bool check_files) {
    return only_if_good(examine_config(file, check_files));
}

} // namespace vanthu

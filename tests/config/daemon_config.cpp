#include "daemon/config_table.hpp"
#include "schemas/edxml/accepted.hpp"
#include "tests/support/temporary_directory.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <sys/stat.h>

using namespace vanthu;
namespace fs = std::filesystem;
using config::errc;

namespace {
const config::surroundings nowhere{"/etc/vanthu", "/run/credentials/vanthud", false};

// What the sample says, with lines of one section added.
std::string with(const std::string& section, const std::string& lines) {
    std::string text = sample_config();
    std::size_t at = text.find("\n[" + section + "]\n");
    BOOST_REQUIRE(at != std::string::npos);
    return text.insert(at + section.size() + 4, lines + "\n");
}

std::string codes(const std::expected<daemon_config, config::problems>& read) {
    std::string out;
    if (!read)
        for (const config::problem& p : read.error())
            out += (out.empty() ? "" : " ") + p.key + "=" + std::to_string(p.code.value());
    return out;
}
std::string text_of(const std::expected<daemon_config, config::problems>& read) {
    return read ? "" : config::to_text(read.error());
}
std::string code(const std::string& key, errc e) { return key + "=" + std::to_string(int(e)); }

std::string whole(const fs::path& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}
} // namespace

BOOST_AUTO_TEST_CASE(the_committed_sample_is_what_the_table_makes) {
    BOOST_TEST(bool(whole(VANTHU_SOURCE_DIR "/conf/vanthud.toml") == sample_config()),
               "conf/vanthud.toml is not up to date: vanthud --print-sample-config");
}

BOOST_AUTO_TEST_CASE(the_committed_reference_page_is_what_the_table_makes) {
    BOOST_TEST(bool(whole(VANTHU_SOURCE_DIR "/docs/configuration.md") == config_reference()),
               "docs/configuration.md is not up to date: vanthud --print-config-reference");
}

// A packet that was accepted is carried and handed out, whatever the configuration allowed then.
BOOST_AUTO_TEST_CASE(what_was_accepted_is_read_again_under_any_limits) {
    std::string most = with("limits", "packet_size = \"64 GiB\"\nheader_size = \"64 MiB\"\ninflate_size = \"64 GiB\"\n"
                                      "inflate_ratio = 1000\nattachments = 10000");
    const std::string_view api = "\n[listen.api]\n";
    most.insert(most.find(api) + api.size(), "body_limit = \"64 GiB\"\n");
    auto read = read_config(most, "most", nowhere);
    BOOST_REQUIRE_MESSAGE(read.has_value(), text_of(read));
    for (const char* beyond : {"packet_size = \"65 GiB\"", "header_size = \"65 MiB\"", "inflate_size = \"65 GiB\"",
                               "inflate_ratio = 1001", "attachments = 10001"})
        BOOST_TEST(!read_config(with("limits", beyond), "beyond", nowhere), beyond);
    const edxml::limits again = edxml::of_what_was_accepted();
    BOOST_TEST(again.total_bytes >= read->limits.packet_size);
    BOOST_TEST(again.header_bytes >= read->limits.header_size);
    BOOST_TEST(again.inflated_bytes >= read->limits.inflate_size);
    BOOST_TEST(again.inflated_ratio >= read->limits.inflate_ratio);
    BOOST_TEST(again.attachments >= read->limits.attachments);
}

BOOST_AUTO_TEST_CASE(the_sample_is_a_valid_configuration) {
    auto read = read_config(sample_config(), "sample", nowhere);
    BOOST_REQUIRE_MESSAGE(read.has_value(), text_of(read));
    BOOST_TEST(read->api.address == "127.0.0.1:8443");
    BOOST_TEST(read->operator_door.address == "unix:/run/vanthu/operator.sock");
    BOOST_TEST(read->store.inline_limit == 65536u);
    BOOST_TEST(read->store.segment_limit == 1048576u);
    BOOST_TEST(read->limits.packet_size == 2147483648u);
    BOOST_TEST(read->delivery.expiry.count() == 7 * 86400000LL);
    BOOST_TEST(bool(read->policy.action(policy_role::final, policy_verdict::invalid) == policy_action::refuse));
    BOOST_TEST(!read->policy.send_final_refusal);
    BOOST_TEST(bool(read->policy.action(policy_role::issue, policy_verdict::indeterminate) == policy_action::hold));
    BOOST_TEST(bool(read->policy.action(policy_role::final, policy_verdict::unsigned_) == policy_action::information));
    for (int v = 0; v < 5; ++v)
        BOOST_TEST(bool(read->policy.action(policy_role::transit, policy_verdict(v)) == policy_action::accept));
}

BOOST_AUTO_TEST_CASE(every_default_and_example_of_the_sample_passes_its_own_checks) {
    std::string text = std::regex_replace(sample_config(), std::regex("\n#(?=[a-z])"), "\n");
    auto read = read_config(text, "sample", nowhere);
    BOOST_REQUIRE_MESSAGE(read.has_value(), text_of(read));
    for (const config::row& r : daemon_config_table().rows) BOOST_TEST(read->as_read.is_set(r.key), r.key);
}

BOOST_AUTO_TEST_CASE(every_row_belongs_to_a_section_and_speaks_both_languages) {
    for (const config::row& r : daemon_config_table().rows) {
        auto holds = [&](const config::section& s) { return r.key.starts_with(std::string(s.name) + "."); };
        BOOST_TEST(std::ranges::count_if(daemon_config_table().sections, holds) == 1, r.key);
        BOOST_TEST(!r.vi.empty(), r.key);
        BOOST_TEST(!r.en.empty(), r.key);
        BOOST_TEST(bool(r.vi.ends_with(".") && r.en.ends_with(".")), r.key);
    }
}

BOOST_AUTO_TEST_CASE(transit_cannot_be_told_to_refuse) {
    for (const char* verdict : {"valid", "invalid", "indeterminate", "unsigned", "damaged"}) {
        auto read = read_config(with("policy", std::string("transit.") + verdict + " = 'refuse'"), "t", nowhere);
        BOOST_TEST(codes(read) == code(std::string("policy.transit.") + verdict, errc::unknown_choice));
    }
}

BOOST_AUTO_TEST_CASE(two_doors_need_two_places) {
    // The sample's eOffice door stands at 127.0.0.1:8443.
    auto peer = [&](const std::string& address) {
        return codes(read_config(
            with("listen.peer", "address = '" + address + "'\ncertificate = 'c'\nkey = 'k'\nca = 'a'"), "t", nowhere));
    };
    for (const char* taken : {"127.0.0.1:8443", "0.0.0.0:8443", "[::]:8443", "127.0.0.1:08443"})
        BOOST_TEST(peer(taken) == code("listen.peer.address", errc::conflict), taken);
    for (const char* free : {"127.0.0.2:8443", "127.0.0.1:8444", "[::1]:8443", "127.0.0.1:0"})
        BOOST_TEST(peer(free) == "", free);
    BOOST_TEST(codes(read_config(with("listen.operator", "address = '127.0.0.1:8443'\nsecret_file = 's'"), "t",
                                 nowhere)) == code("listen.operator.address", errc::conflict));
}

BOOST_AUTO_TEST_CASE(an_operator_door_open_to_the_network_needs_mutual_tls) {
    const std::string key = "listen.operator.address";
    auto door = [&](const std::string& lines) {
        return codes(read_config(with("listen.operator", lines), "t", nowhere));
    };
    for (const char* address : {"0.0.0.0:9090", "10.1.2.3:9090", "[::]:9090", "[fe80::1]:9090"}) {
        std::string line = std::string("address = '") + address + "'\n";
        BOOST_TEST(door(line) == code(key, errc::open_operator_door));
        BOOST_TEST(door(line + "secret_file = 's'") == code(key, errc::open_operator_door));
        BOOST_TEST(door(line + "certificate = 'c'\nkey = 'k'") == code(key, errc::open_operator_door));
        BOOST_TEST(door(line + "certificate = 'c'\nkey = 'k'\nca = 'a'") == "");
    }
    for (const char* address : {"127.0.0.1:9090", "127.9.9.9:0", "[::1]:9090"}) {
        std::string line = std::string("address = '") + address + "'\n";
        BOOST_TEST(door(line) == code(key, errc::incomplete));
        BOOST_TEST(door(line + "secret_file = 's'") == "");
        BOOST_TEST(door(line + "secret_file = 's'\nkey = 'k'") == code(key, errc::incomplete));
    }
    for (const char* address :
         {"localhost:9090", "127.0.0.1", ":9090", "unix:", "unix:run", "127.0.0.1:70000", "::1:9090", ""})
        BOOST_TEST(door(std::string("address = '") + address + "'") == code(key, errc::malformed), address);
}

BOOST_AUTO_TEST_CASE(a_peer_listener_is_never_without_mutual_tls) {
    auto peer = [&](const std::string& lines) { return codes(read_config(with("listen.peer", lines), "t", nowhere)); };
    std::string once = code("listen.peer.address", errc::incomplete);
    BOOST_TEST(peer("address = '0.0.0.0:8444'") == once + " " + once + " " + once);
    BOOST_TEST(peer("address = '0.0.0.0:8444'\ncertificate = 'c'\nkey = 'k'") == once);
    BOOST_TEST(peer("address = '0.0.0.0:8444'\ncertificate = 'c'\nkey = 'k'\nca = 'a'") == "");
    BOOST_TEST(peer("certificate = 'c'\nkey = 'k'") == code("listen.peer.certificate", errc::incomplete));
}

BOOST_AUTO_TEST_CASE(one_key_in_two_roles_is_refused) {
    auto signing = [&](const std::string& lines) { return codes(read_config(with("signing", lines), "t", nowhere)); };
    BOOST_TEST(signing("agency_keys = ['/etc/vanthu/keys/service.key']") ==
               code("signing.service_key", errc::one_key_two_roles));
    BOOST_TEST(signing("agency_keys = ['keys/../keys/service.key']") ==
               code("signing.service_key", errc::one_key_two_roles));
    BOOST_TEST(signing("agency_keys = ['/etc/vanthu/keys/log.key']") ==
               code("signing.log_key", errc::one_key_two_roles));
    BOOST_TEST(signing("agency_keys = ['/etc/vanthu/tls/api.key']") == code("listen.api.key", errc::one_key_two_roles));
    BOOST_TEST(signing("agency_keys = ['pkcs11:token=x', '/elsewhere.key']") == "");
    BOOST_TEST(signing("agency_keys = ['pkcs11:token=x?pin-value=1234']") ==
               code("signing.agency_keys", errc::conflict));
    std::string same = std::regex_replace(sample_config(), std::regex("keys/log\\.key"), "keys/service.key");
    BOOST_TEST(codes(read_config(same, "t", nowhere)) == code("signing.service_key", errc::one_key_two_roles));
}

BOOST_AUTO_TEST_CASE(a_copy_and_a_link_of_a_key_are_the_same_key) {
    vanthu::test::temporary_directory kept;
    const fs::path& here = kept.path();
    auto put = [&](const char* file, const char* content) {
        std::ofstream(here / file) << content;
        ::chmod((here / file).c_str(), 0600);
    };
    for (const char* file : {"r", "c", "crt", "d", "api.key", "log.key", "service.key"}) put(file, file);
    put("agency.key", "a copy");
    fs::create_symlink("service.key", here / "link.key");
    fs::create_directory(here / "trust");
    std::string text =
        "[node]\nid = 'n'\norganisation = 'o'\n[registry]\nfile = 'r'\n[listen.api]\ncertificate = 'crt'\n"
        "key = 'api.key'\ncredentials = 'c'\n[inspect]\nexecutable = 'r'\n[signing]\nlog_key = 'log.key'\n"
        "log_key_delegation = 'd'\nservice_certificate = 'crt'\nservice_key = 'service.key'\n"
        "trust_directory = 'trust'\nagency_keys = ['link.key', 'agency.key']\n";
    std::ofstream(here / "vanthud.toml") << text;
    BOOST_TEST(codes(load_config(here / "vanthud.toml")) == code("signing.service_key", errc::one_key_two_roles));
    fs::remove(here / "link.key");
    put("link.key", "its own");
    auto read = load_config(here / "vanthud.toml");
    BOOST_TEST(codes(read) == "");
    put("service.key", "a copy");
    BOOST_TEST(codes(load_config(here / "vanthud.toml")) == code("signing.service_key", errc::one_key_two_roles));
    fs::remove_all(here);
    BOOST_TEST(bool(load_config(here / "vanthud.toml").error().at(0).code == errc::unreadable));
}

BOOST_AUTO_TEST_CASE(values_that_contradict_each_other_are_refused) {
    auto pair = [&](const char* section, const char* lines) {
        return codes(read_config(with(section, lines), "t", nowhere));
    };
    BOOST_TEST(pair("store", "inline_limit = '512 KiB'\nsegment_limit = '128 KiB'") ==
               code("store.inline_limit", errc::conflict));
    BOOST_TEST(pair("delivery", "first_retry = '1h'\nlongest_retry = '1m'") ==
               code("delivery.first_retry", errc::conflict));
    BOOST_TEST(pair("listen.api", "body_limit = '1 GiB'") == code("listen.api.body_limit", errc::conflict));
    BOOST_TEST(pair("listen.api", "address = 'unix:/run/x.sock'") == code("listen.api.address", errc::malformed));
}

BOOST_AUTO_TEST_CASE(problems_of_single_keys_and_across_keys_come_together) {
    auto read = read_config(with("listen.operator", "address = '0.0.0.0:1'\nadress = 1"), "t", nowhere);
    BOOST_TEST(codes(read) == code("listen.operator.adress", errc::unknown_key) + " " +
                                  code("listen.operator.address", errc::open_operator_door));
}

#include "tests/cli/run_vanthu.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <set>

namespace test = vanthu::test;
using test::ran;
namespace json = boost::json;

namespace {

json::object measured(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--rounds", "1", "--seconds", "0.001", "--keys", "p256", "--json"});
    ran r = test::vanthu(arguments);
    BOOST_REQUIRE_MESSAGE(r.exit_code == 0, r.output);
    return json::parse(r.output).as_object();
}

// Names of the rows; each has a rate, and a ratio where it names a yardstick.
std::set<std::string> rows_of(const json::object& table) {
    BOOST_TEST(table.at("schema_version").as_int64() == 1);
    std::set<std::string> names;
    for (const json::value& v : table.at("rows").as_array()) {
        const json::object& row = v.as_object();
        names.insert(std::string(row.at("what").as_string()));
        BOOST_TEST(row.at("per_s").to_number<double>() > 0);
        BOOST_TEST(row.at("threads").to_number<int>() > 0);
        if (row.contains("yardstick")) {
            BOOST_TEST(row.at("yardstick_per_s").to_number<double>() > 0);
            BOOST_TEST(row.at("ratio").to_number<double>() > 0);
        }
    }
    return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(signing_is_measured_beside_the_bare_token) {
    json::object table = measured({"bench", "sign", "--size", "20000", "--threads", "1,2"});
    std::set<std::string> names = rows_of(table);
    for (const char* name : {"CMS (CAdES B-B) of a hash", "XML (XAdES B-B) of a hash", "PDF in memory, text",
                             "PDF in memory, cached seal", "PDF to a file with fsync, text"})
        BOOST_TEST(names.contains(name), name);
    for (const json::value& row : table.at("rows").as_array())
        if (row.at("what").as_string().starts_with("CMS")) BOOST_TEST(row.at("goal_ratio").as_double() == 0.95);
}

BOOST_AUTO_TEST_CASE(verifying_is_measured_beside_openssl_and_xmlsec) {
    json::object table =
        measured({"bench", "verify", "--size", "20000", "--documents", "3", "--signers", "2", "--large", "1000000"});
    std::set<std::string> names = rows_of(table);
    for (const char* name :
         {"CAdES B-B", "CAdES B-LT", "PAdES B-B, signature", "PAdES B-B, PDF parsing", "PAdES B-B, whole",
          "PAdES B-B, whole, by a worker", "PAdES B-LT, signature", "XML enveloped 10 KB, path and CRLs"})
        BOOST_TEST(names.contains(name), name);
    const json::object& packet = table.at("large_packet").as_object();
    BOOST_TEST(packet.at("size").to_number<double>() > 1'000'000);
    BOOST_TEST(packet.at("peak_mb").to_number<double>() > 0);
}

BOOST_AUTO_TEST_CASE(accepting_is_measured_over_https_beside_disk_and_processor_and_to_a_second_daemon) {
    ran r = test::vanthu({"bench", "deliver", "--size", "70000", "--submitters", "1,3", "--preflight", "both",
                          "--rounds", "1", "--seconds", "0.2", "--to", "5", "--recipients", "20", "--json"});
    BOOST_REQUIRE_MESSAGE(r.exit_code == 0, r.output);
    const json::object all = json::parse(r.output).as_object();
    auto number = [](const json::object& in, const char* name) {
        BOOST_REQUIRE_MESSAGE(in.contains(name), name);
        return in.at(name).to_number<double>();
    };
    // What is promised to whoever asks for one line stands at the top as well.
    for (const char* name : {"accepts_per_s", "disk_bound_per_s", "cpu_bound_per_s", "ratio_to_bound", "fdatasync_us",
                             "p99_ms", "peak_rss_mb", "wire_bytes", "cores"})
        BOOST_TEST(number(all, name) > 0, name);
    BOOST_TEST(all.at("rows").as_array().size() == 4u);
    for (const json::value& v : all.at("rows").as_array()) {
        const json::object& row = v.as_object();
        const json::object& stages = row.at("stages").as_object();
        for (const char* name :
             {"client_us", "tls_us", "http_us", "parse_us", "hash_us", "origin_us", "payload_us", "api_us", "sum_us"})
            BOOST_TEST(number(stages, name) > 0, name);
        const bool preflight = row.at("preflight").as_bool();
        BOOST_TEST((number(stages, "verify_us") > 0) == preflight);
        BOOST_TEST((number(row, "workers_rss_mb") > 0) == preflight);
        BOOST_TEST(row.contains("bare_loop_per_s") == (row.at("submitters").to_number<int>() == 1));
    }
    for (const char* name : {"documents_per_s", "sender_cpu_us", "receiver_cpu_us", "alone_cpu_us"})
        BOOST_TEST(number(all.at("to_second").as_object(), name) > 0, name);
    BOOST_TEST(number(all.at("many_recipients").as_object(), "times") > 0);
}

BOOST_AUTO_TEST_CASE(only_the_wanted_lines_are_measured) {
    BOOST_TEST((rows_of(measured({"bench", "sign", "--only", "CMS", "--threads", "1"})) ==
                std::set<std::string>{"CMS (CAdES B-B) of a hash"}));
}

BOOST_AUTO_TEST_CASE(without_a_software_token_the_reason_is_told) {
    ran r = test::vanthu({"bench", "sign", "--module", "/nonexistent/token.so"});
    BOOST_TEST(r.exit_code == 1);
    BOOST_TEST(r.output.find("token.module_not_loaded") != std::string::npos, r.output);
}

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

BOOST_AUTO_TEST_CASE(only_the_wanted_lines_are_measured) {
    BOOST_TEST((rows_of(measured({"bench", "sign", "--only", "CMS", "--threads", "1"})) ==
                std::set<std::string>{"CMS (CAdES B-B) of a hash"}));
}

BOOST_AUTO_TEST_CASE(without_a_software_token_the_reason_is_told) {
    ran r = test::vanthu({"bench", "sign", "--module", "/nonexistent/token.so"});
    BOOST_TEST(r.exit_code == 1);
    BOOST_TEST(r.output.find("token.module_not_loaded") != std::string::npos, r.output);
}

#include "daemon/base/json_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;

namespace {
std::string written(std::string_view text) {
    std::string out = "x";
    append_json_text(text, out);
    return out.substr(1);
}
} // namespace

BOOST_AUTO_TEST_CASE(only_what_json_demands_is_escaped) {
    BOOST_TEST(written("") == R"("")");
    BOOST_TEST(written("Văn bản số 15/QĐ-UBND, \x7f") == "\"Văn bản số 15/QĐ-UBND, \x7f\"");
    BOOST_TEST(written("\"\\/\b\f\n\r\t") == R"("\"\\/\b\f\n\r\t")");
    BOOST_TEST(written(std::string_view("\0\x01\x1f", 3)) == R"("\u0000\u0001\u001f")");
}

BOOST_AUTO_TEST_CASE(an_escape_is_found_wherever_it_stands) {
    for (std::size_t length : {1u, 31u, 32u, 33u, 64u, 100u})
        for (std::size_t at = 0; at < length; ++at) {
            std::string text(length, 'a');
            text[at] = '\n';
            std::string expected = "\"" + std::string(at, 'a') + "\\n" + std::string(length - at - 1, 'a') + "\"";
            BOOST_REQUIRE_EQUAL(written(text), expected);
        }
}

#include "schemas/receipt/canonical.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::receipt;

BOOST_AUTO_TEST_CASE(the_canonical_form_is_accepted_and_written_back) {
    for (const char* text : {"{}", R"({"a":1,"b":[true,null,"x"],"c":{}})", R"({"":"\b\t\n\f\r\"\\\u0001\u001f/đ€😀"})",
                             R"({"n":9007199254740991,"zero":0})", R"({"A":1,"B":2,"_":3,"a":4})", R"({"a":[]})",
                             R"({"a":[1,2],"b":[[],[{}]]})"}) {
        auto parsed = canonical::parse(text, 1000);
        BOOST_REQUIRE_MESSAGE(parsed.has_value(), text);
        BOOST_TEST(canonical::write(*parsed) == text);
    }
}

BOOST_AUTO_TEST_CASE(every_other_spelling_of_the_same_json_is_refused) {
    for (const char* text :
         {"{ }", "{}\n", R"({"b":1,"a":2})", R"({"a":1,"a":1})", R"({"a":1.0})", R"({"a":1e2})", R"({"a":-1})",
          R"({"a":-0})", R"({"a":9007199254740992})", R"({"a":"\u0061"})", R"({"a":"\/"})", R"({"a":"\u001F"})",
          R"({"a":"\u0008"})", R"({"é":1})", R"({"a":18446744073709551616})"}) {
        auto parsed = canonical::parse(text, 1000);
        BOOST_REQUIRE_MESSAGE(!parsed.has_value(), text);
        BOOST_TEST((parsed.error().code == errc::not_canonical), text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_json_object_is_malformed_and_size_and_depth_are_bounded) {
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("1"), std::string("{\"a\":"), std::string("{\"a\":\"\xff\"}"),
          std::string("{\"a\":") + std::string(100, '[') + std::string(100, ']') + "}"})
        BOOST_TEST((canonical::parse(text, 1000).error().code == errc::malformed), text);
    BOOST_TEST((canonical::parse(R"({"a":1})", 6).error().code == errc::too_large));
}

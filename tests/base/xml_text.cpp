#include "daemon/base/xml_text.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu {

BOOST_AUTO_TEST_SUITE(xml_text_suite)

BOOST_AUTO_TEST_CASE(content_cannot_open_a_tag_or_end_a_section) {
    BOOST_TEST(xml_text("a<b>&\"c\"]]>\r\n\t") == "a&lt;b&gt;&amp;\"c\"]]&gt;&#13;\n\t");
}

BOOST_AUTO_TEST_CASE(a_value_cannot_leave_its_quotes_and_keeps_its_white_space) {
    BOOST_TEST(xml_attribute("a\" b=\"<&>\r\n\t") == "a&quot; b=&quot;&lt;&amp;&gt;&#13;&#10;&#9;");
}

BOOST_AUTO_TEST_CASE(other_text_stays_as_it_is) {
    BOOST_TEST(xml_text("Ủy ban nhân dân 'xã'") == "Ủy ban nhân dân 'xã'");
    BOOST_TEST(xml_attribute("") == "");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vanthu

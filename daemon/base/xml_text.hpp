// Text made fit to stand in an XML document that we write.
#pragma once

#include <string>
#include <string_view>

namespace vanthu {

// As the content of an element. A carriage return becomes a reference: a parser would make a line feed of it.
// Source: XML 1.0, 2.4 and 2.11.
std::string xml_text(std::string_view);

// As the value of an attribute in double quotes; white space is kept as it is (XML 1.0, 3.3.3).
std::string xml_attribute(std::string_view);

} // namespace vanthu

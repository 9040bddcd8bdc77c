#include "daemon/base/xml_text.hpp"

namespace vanthu {
namespace {

std::string_view reference(char c, bool in_attribute) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '\r':
        return "&#13;";
    default:
        break;
    }
    if (!in_attribute) return {};
    return c == '"' ? "&quot;" : c == '\t' ? "&#9;" : c == '\n' ? "&#10;" : "";
}

std::string escaped(std::string_view text, bool in_attribute) {
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        std::string_view instead = reference(c, in_attribute);
        instead.empty() ? out.push_back(c) : static_cast<void>(out.append(instead));
    }
    return out;
}

} // namespace

std::string xml_text(std::string_view text) { return escaped(text, false); }
std::string xml_attribute(std::string_view value) { return escaped(value, true); }

} // namespace vanthu

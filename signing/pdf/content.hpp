// Content streams as operators with their operands. Internal to signing/pdf. Source: ISO 32000-2 7.8.2.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vanthu::pdf {

struct operand {
    enum class kind { number, name, text, array, other } what = kind::other;
    double number = 0;
    std::string text{}; // of a name with its '/', or the bytes of a string
    std::vector<operand> items{};
};

using operation = std::function<void(std::string_view op, const std::vector<operand>& operands)>;

// Calls `operate` for each operator. At least ten times as fast as QPDF, which makes an object of each number. False:
// somewhere the spelling is not the plainest (an inline image, escapes in names, damage), and what was called until
// then is of no use: ask QPDF. Not more than a thousand operands of one operator are kept.
bool read_plain_content(std::string_view stream, const operation& operate);

} // namespace vanthu::pdf

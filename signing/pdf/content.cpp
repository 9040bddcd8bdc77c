#include "signing/pdf/content.hpp"

#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace vanthu::pdf {
namespace {

constexpr std::size_t most_operands = 1000;
constexpr int deepest = 20;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class reader {
public:
    explicit reader(std::string_view in) : in_(in) {}

    bool run(const operation& operate) {
        std::vector<operand> operands;
        for (skip_spaces(); at_ < in_.size(); skip_spaces()) {
            const char c = in_[at_];
            if (is_letter(c) || c == '\'' || c == '"') {
                const std::string_view op = word();
                const bool plain =
                    std::ranges::all_of(op.substr(1), [](char o) { return is_letter(o) || is_digit(o) || o == '*'; });
                if (!plain || op == "BI" || op == "ID" || op == "EI") return false;
                if (!is_constant(op)) {
                    operate(op, operands);
                    operands.clear();
                    continue;
                }
                if (operands.size() < most_operands) operands.emplace_back();
                continue;
            }
            auto one = value(0);
            if (!one) return false;
            if (operands.size() < most_operands) operands.push_back(std::move(*one));
        }
        return true;
    }

private:
    static bool is_constant(std::string_view word) { return word == "true" || word == "false" || word == "null"; }

    void skip_spaces() {
        while (at_ < in_.size()) {
            if (is_space(in_[at_]))
                ++at_;
            else if (in_[at_] == '%')
                while (at_ < in_.size() && in_[at_] != '\n' && in_[at_] != '\r') ++at_;
            else
                return;
        }
    }
    std::string_view word() {
        const std::size_t begin = at_;
        while (at_ < in_.size() && !is_space(in_[at_]) && !is_delimiter(in_[at_])) ++at_;
        return in_.substr(begin, at_ - begin);
    }

    std::optional<operand> value(int depth) {
        skip_spaces();
        if (at_ >= in_.size() || depth > deepest) return std::nullopt;
        switch (in_[at_]) {
        case '(':
            return literal();
        case '<':
            return in_.substr(at_).starts_with("<<") ? dictionary(depth) : hexadecimal();
        case '[':
            return array(depth);
        case '/':
            return name();
        default:
            if (is_letter(in_[at_])) return is_constant(word()) ? std::optional(operand{}) : std::nullopt;
            return number();
        }
    }

    std::optional<operand> number() {
        const std::string_view digits = word();
        const std::string_view unsigned_part = digits.substr(digits.starts_with('-') ? 1 : 0);
        const auto points = std::ranges::count(unsigned_part, '.');
        if (points > 1 || static_cast<std::size_t>(points) == unsigned_part.size() || digits.size() > 18 ||
            !std::ranges::all_of(unsigned_part, [](char c) { return is_digit(c) || c == '.'; }))
            return std::nullopt;
        operand out{operand::kind::number};
        std::from_chars(digits.data(), digits.data() + digits.size(), out.number);
        if (points == 0) out.number += 0.0; // an integer has no negative zero
        return out;
    }

    std::optional<operand> name() {
        const std::size_t begin = at_++;
        word();
        const std::string_view text = in_.substr(begin, at_ - begin);
        if (text.size() < 2 || !std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != '#'; }))
            return std::nullopt;
        return operand{operand::kind::name, 0, std::string(text)};
    }

    std::optional<operand> array(int depth) {
        operand out{operand::kind::array};
        ++at_;
        for (skip_spaces(); at_ < in_.size(); skip_spaces()) {
            if (in_[at_] == ']') return ++at_, out;
            auto one = value(depth + 1);
            if (!one) return std::nullopt;
            out.items.push_back(std::move(*one));
        }
        return std::nullopt;
    }

    std::optional<operand> dictionary(int depth) {
        at_ += 2;
        for (skip_spaces(); at_ < in_.size(); skip_spaces()) {
            if (in_.substr(at_).starts_with(">>")) return at_ += 2, operand{};
            if (in_[at_] != '/' || !name() || !value(depth + 1)) return std::nullopt;
        }
        return std::nullopt;
    }

    std::optional<operand> hexadecimal() {
        operand out{operand::kind::text};
        int high = -1;
        for (++at_; at_ < in_.size(); ++at_) {
            const char c = in_[at_];
            if (is_space(c)) continue;
            if (c == '>') {
                if (high >= 0) out.text += static_cast<char>(high << 4);
                return ++at_, out;
            }
            const char lower = static_cast<char>(c | 0x20);
            if (!is_digit(c) && (lower < 'a' || lower > 'f')) return std::nullopt;
            const int digit = is_digit(c) ? c - '0' : lower - 'a' + 10;
            if (high < 0)
                high = digit;
            else
                out.text += static_cast<char>(high << 4 | digit), high = -1;
        }
        return std::nullopt;
    }

    // 7.3.4.2. A carriage return stands for a line feed or for nothing: that is QPDF's to say.
    std::optional<operand> literal() {
        operand out{operand::kind::text};
        int open = 0;
        for (; at_ < in_.size(); ++at_) {
            const char c = in_[at_];
            if (c == '\r') return std::nullopt;
            if (c == '\\') {
                if (!escape(out.text)) return std::nullopt;
                continue;
            }
            if (c == '(' && ++open == 1) continue;
            if (c == ')' && --open == 0) return ++at_, out;
            out.text += c;
        }
        return std::nullopt;
    }

    // Leaves at_ on the last character of it.
    bool escape(std::string& out) {
        if (++at_ >= in_.size() || in_[at_] == '\r') return false;
        const char c = in_[at_];
        if (c >= '0' && c <= '7') {
            int code = 0;
            std::size_t digits = 0;
            for (; digits < 3 && at_ + digits < in_.size(); ++digits) {
                const char d = in_[at_ + digits];
                if (d < '0' || d > '7') break;
                code = code * 8 + (d - '0');
            }
            at_ += digits - 1;
            out += static_cast<char>(code & 0xff);
            return true;
        }
        constexpr std::string_view letters = "nrtbf", meanings = "\n\r\t\b\f";
        if (const std::size_t which = letters.find(c); which != letters.npos)
            out += meanings[which];
        else if (c != '\n')
            out += c;
        return true;
    }

    std::string_view in_;
    std::size_t at_ = 0;
};

} // namespace

bool read_plain_content(std::string_view stream, const operation& operate) { return reader(stream).run(operate); }

} // namespace vanthu::pdf

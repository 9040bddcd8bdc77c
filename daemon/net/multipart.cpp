#include "daemon/net/multipart.hpp"

#include <algorithm>
#include <cstring>

namespace vanthu::net {
namespace {
constexpr std::size_t read_size = 64 * 1024;

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

struct parameter {
    std::string name, value;
};

// A quoted-string from its opening quote on; nullopt when it is not closed. A backslash escapes only '"' and itself:
// senders put Windows paths into file names unescaped.
std::optional<std::string> take_quoted(std::string_view& text) {
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') {
            text.remove_prefix(i + 1);
            return out;
        }
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
        out += text[i];
    }
    return std::nullopt;
}

// value *( ";" name "=" ( token / quoted-string ) ): the value before the first ";" and the parameters. nullopt:
// malformed, or a parameter given twice.
std::optional<std::pair<std::string, std::vector<parameter>>> with_parameters(std::string_view text) {
    const std::size_t semicolon = text.find(';');
    std::pair<std::string, std::vector<parameter>> out{std::string(trimmed(text.substr(0, semicolon))), {}};
    text.remove_prefix(std::min(text.size(), semicolon));
    while (!text.empty()) {
        text = trimmed(text.substr(1)); // the ";"
        if (text.empty()) break;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || !headers::is_field_name(trimmed(text.substr(0, equals))))
            return std::nullopt;
        parameter p{std::string(trimmed(text.substr(0, equals))), {}};
        text = trimmed(text.substr(equals + 1));
        if (!text.empty() && text.front() == '"') {
            auto value = take_quoted(text);
            if (!value) return std::nullopt;
            p.value = std::move(*value);
            text = trimmed(text);
            if (!text.empty() && text.front() != ';') return std::nullopt;
        } else {
            const std::string_view value = text.substr(0, text.find(';'));
            text.remove_prefix(value.size());
            p.value = trimmed(value);
        }
        for (const parameter& earlier : out.second)
            if (equal_without_case(earlier.name, p.name)) return std::nullopt;
        out.second.push_back(std::move(p));
    }
    return out;
}

// UTF-8'[language]'value with %XX; nullopt: anything else.
std::optional<std::string> extended_value(std::string_view text) {
    const std::size_t charset = text.find('\'');
    const std::size_t language = charset == std::string_view::npos ? charset : text.find('\'', charset + 1);
    if (language == std::string_view::npos || !equal_without_case(text.substr(0, charset), "UTF-8"))
        return std::nullopt;
    text.remove_prefix(language + 1);
    auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                      : -1;
    };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1, low = high < 0 ? -1 : digit(text[i + 2]);
        if (low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

// RFC 2046 5.1.1: 1 to 70 bchars, the last one no space.
bool is_boundary(std::string_view text) {
    return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c != 0 && std::strchr("'()+_,-./:=? ", c));
           });
}
} // namespace

result<std::string> multipart_boundary(std::string_view content_type) {
    auto parsed = with_parameters(content_type);
    if (!parsed || !equal_without_case(parsed->first, "multipart/form-data"))
        return failed(errc::bad_multipart, "Content-Type is not multipart/form-data");
    for (parameter& p : parsed->second)
        if (equal_without_case(p.name, "boundary") && is_boundary(p.value)) return std::move(p.value);
    return failed(errc::bad_multipart, "no usable boundary");
}

// The CRLF before the first boundary may be missing: one is put in front of the body.
multipart_reader::multipart_reader(body_source& source, std::string boundary, multipart_limits limits)
    : source_(source), delimiter_("\r\n--" + boundary), limits_(limits), held_("\r\n") {}

fail multipart_reader::broken(failure why) {
    place_ = place::broken;
    why_ = std::move(why);
    return fail(why_);
}

fail multipart_reader::broken(errc code, std::string detail) { return broken(failure{code, std::move(detail)}); }

task<bool> multipart_reader::fill() {
    held_.erase(0, at_);
    at_ = 0;
    const std::size_t before = held_.size();
    held_.resize(before + read_size);
    auto n = co_await source_.read_some({reinterpret_cast<std::uint8_t*>(held_.data()) + before, read_size});
    held_.resize(before + n.value_or(0));
    if (!n) co_return broken(std::move(n.error()));
    co_return *n > 0;
}

task<bool> multipart_reader::have(std::size_t n) {
    while (held_.size() - at_ < n) {
        VANTHU_CO_TRY(const bool more, co_await fill());
        if (!more) co_return false;
    }
    co_return true;
}

task<std::size_t> multipart_reader::read_some(std::span<std::uint8_t> out) {
    if (place_ == place::broken) co_return fail(why_);
    if (place_ != place::in_part || out.empty()) co_return 0;
    // Everything that cannot be the beginning of a delimiter may be handed out, so one byte more than a delimiter is
    // needed.
    VANTHU_CO_TRY(const bool enough, co_await have(delimiter_.size() + 1));
    const std::string_view window = std::string_view(held_).substr(at_, out.size() + delimiter_.size());
    const std::size_t found = window.find(delimiter_);
    if (found == 0) {
        at_ += delimiter_.size();
        place_ = place::at_boundary;
        co_return 0;
    }
    if (found == std::string_view::npos && !enough) co_return broken(errc::bad_multipart, "no closing boundary");
    const std::size_t clean = found != std::string_view::npos ? found : window.size() - delimiter_.size() + 1;
    const std::size_t n = std::min(clean, out.size());
    std::memcpy(out.data(), held_.data() + at_, n);
    at_ += n;
    co_return n;
}

task<> multipart_reader::skip_part() {
    std::vector<std::uint8_t> scratch(read_size);
    for (;;) {
        VANTHU_CO_TRY(const std::size_t n, co_await read_some(scratch));
        if (n == 0) co_return result<>();
    }
}

task<bool> multipart_reader::another_part() {
    for (std::size_t padding = 0;; ++padding) {
        VANTHU_CO_TRY(const bool two, co_await have(2));
        if (!two) co_return broken(errc::bad_multipart, "the body ends within a boundary line");
        const std::string_view next = std::string_view(held_).substr(at_, 2);
        if (next == "\r\n" || (next == "--" && padding == 0)) {
            at_ += 2;
            co_return next == "\r\n";
        }
        if ((next[0] != ' ' && next[0] != '\t') || padding == 64)
            co_return broken(errc::bad_multipart, "text after a boundary");
        ++at_;
    }
}

task<part> multipart_reader::part_header() {
    part out;
    std::size_t total = 0;
    for (;;) {
        std::size_t end;
        while ((end = held_.find("\r\n", at_)) == std::string::npos) {
            if (total + held_.size() - at_ > limits_.part_header)
                co_return broken(errc::multipart_limit,
                                 "part header: at most " + std::to_string(limits_.part_header) + " bytes");
            VANTHU_CO_TRY(const bool more, co_await fill());
            if (!more) co_return broken(errc::bad_multipart, "the body ends within a part header");
        }
        const std::string line = held_.substr(at_, end - at_);
        at_ = end + 2;
        total += line.size() + 2;
        if (total > limits_.part_header)
            co_return broken(errc::multipart_limit,
                             "part header: at most " + std::to_string(limits_.part_header) + " bytes");
        if (line.empty()) break;
        const std::size_t colon = line.find(':');
        if (colon == std::string::npos || !headers::is_field_name(std::string_view(line).substr(0, colon)) ||
            !headers::is_field_value(line))
            co_return broken(errc::bad_multipart, "a malformed line in a part header");
        out.fields.add(std::string_view(line).substr(0, colon), trimmed(std::string_view(line).substr(colon + 1)));
    }
    const auto disposition = with_parameters(out.fields.get("Content-Disposition"));
    if (!disposition || !equal_without_case(disposition->first, "form-data") ||
        out.fields.count("Content-Disposition") != 1)
        co_return broken(errc::bad_multipart, "a part without a Content-Disposition of form-data");
    // RFC 7578 4.7: no other encoding is sent; where one is, the bytes are not the file.
    const std::string_view encoding = out.fields.get("Content-Transfer-Encoding");
    if (out.fields.contains("Content-Transfer-Encoding") && !equal_without_case(encoding, "binary") &&
        !equal_without_case(encoding, "8bit") && !equal_without_case(encoding, "7bit"))
        co_return broken(errc::bad_multipart, "Content-Transfer-Encoding");
    bool named = false, extended = false;
    for (const parameter& p : disposition->second) {
        if (equal_without_case(p.name, "name")) {
            out.name = p.value;
            named = true;
        } else if (equal_without_case(p.name, "filename*")) {
            out.filename = extended_value(p.value);
            if (!out.filename) co_return broken(errc::bad_multipart, "filename*");
            extended = true;
        } else if (equal_without_case(p.name, "filename") && !extended) {
            out.filename = p.value;
        }
    }
    if (!named) co_return broken(errc::bad_multipart, "a part without a name");
    out.content_type = out.fields.contains("Content-Type") ? out.fields.get("Content-Type") : "text/plain";
    // An empty content follows its header at once: the CRLF that ends the header also begins the delimiter.
    at_ -= 2;
    VANTHU_CO_TRY(const bool enough, co_await have(delimiter_.size()));
    if (!enough || held_.compare(at_, delimiter_.size(), delimiter_) != 0) at_ += 2;
    place_ = place::in_part;
    co_return out;
}

task<std::optional<part>> multipart_reader::next_part() {
    if (place_ == place::broken) co_return fail(why_);
    if (place_ == place::end) co_return std::nullopt;
    if (place_ == place::start) place_ = place::in_part; // the preamble is skipped like a part
    if (place_ == place::in_part) VANTHU_CO_CHECK(co_await skip_part());
    VANTHU_CO_TRY(const bool more, co_await another_part());
    if (!more) {
        place_ = place::end;
        for (;;) { // the epilogue
            held_.clear();
            at_ = 0;
            VANTHU_CO_TRY(const bool any, co_await fill());
            if (!any) co_return std::nullopt;
        }
    }
    if (++parts_ > limits_.parts)
        co_return broken(errc::multipart_limit, "parts: at most " + std::to_string(limits_.parts));
    VANTHU_CO_TRY(part next, co_await part_header());
    co_return std::optional<part>(std::move(next));
}

} // namespace vanthu::net

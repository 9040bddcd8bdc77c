#include "daemon/net/http.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace vanthu::net {
namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[noreturn]] void refuse_field(std::string_view name) {
    std::fprintf(stderr, "vanthu: header field \"%.*s\" is not valid\n", static_cast<int>(name.size()), name.data());
    std::abort();
}
} // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool headers::is_field_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c));
    });
}

bool headers::is_field_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); });
}

headers::headers(std::initializer_list<field> fields) {
    for (const field& f : fields) add(f.name, f.value);
}

void headers::add(std::string_view name, std::string_view value) {
    if (!is_field_name(name) || !is_field_value(value)) refuse_field(name);
    fields_.push_back({std::string(name), std::string(value)});
}

void headers::set(std::string_view name, std::string_view value) {
    erase(name);
    add(name, value);
}

void headers::erase(std::string_view name) {
    std::erase_if(fields_, [&](const field& f) { return equal_without_case(f.name, name); });
}

const std::string* headers::find(std::string_view name) const {
    for (const field& f : fields_)
        if (equal_without_case(f.name, name)) return &f.value;
    return nullptr;
}

std::string_view headers::get(std::string_view name) const {
    const std::string* value = find(name);
    return value ? std::string_view(*value) : std::string_view();
}

std::size_t headers::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(),
                                                  [&](const field& f) { return equal_without_case(f.name, name); }));
}

asio::awaitable<bool> body_source::unless_closed(asio::awaitable<void> work) {
    co_await std::move(work);
    co_return true;
}

task<bytes> read_all(body_source& body, std::size_t limit) {
    bytes out;
    for (;;) {
        // One byte more than allowed is asked for, so that a body of exactly `limit` bytes passes.
        const std::size_t before = out.size();
        const std::size_t room = std::min<std::size_t>(limit + 1 - before, std::max<std::size_t>(4096, before));
        out.resize(before + room);
        auto n = co_await body.read_some(std::span(out).subspan(before));
        if (!n) co_return std::unexpected(std::move(n.error()));
        out.resize(before + *n);
        if (*n == 0) co_return out;
        if (out.size() > limit) co_return failed(errc::body_too_large, "more than " + std::to_string(limit) + " bytes");
    }
}

task<std::size_t> memory_body::read_some(std::span<std::uint8_t> out) {
    const std::size_t n = std::min(out.size(), text_.size() - at_);
    std::memcpy(out.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
}

response response::json(int status, std::string text) {
    return {status, {{"Content-Type", "application/json"}}, std::move(text)};
}

response response::text(int status, std::string text) {
    return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::string_view reason_phrase(int status) {
    switch (status) {
    case 100:
        return "Continue";
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 206:
        return "Partial Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 303:
        return "See Other";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 411:
        return "Length Required";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 416:
        return "Range Not Satisfiable";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 425:
        return "Too Early";
    case 428:
        return "Precondition Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    case 507:
        return "Insufficient Storage";
    default:
        return "";
    }
}

} // namespace vanthu::net

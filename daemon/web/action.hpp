// Private to this folder: what the actions of the door share.
#pragma once

#include "daemon/web/door_state.hpp"
#include "daemon/web/errors.hpp"

#include <algorithm>

namespace vanthu::web {

inline constexpr std::size_t action_body_limit = 64u << 10;
inline constexpr std::size_t registry_limit = 8u << 20; // a registry file, of the dry run
inline constexpr std::size_t longest_text = 500;        // of what a person types: officer, reason, search

// Runs `work` on another executor and comes back with its answer, as offload() does with a pool: a cancellation of the
// caller takes effect when `work` has ended. co_spawn with the caller's own handler would hand it to the other thread,
// and Boost 1.81 throws there when it comes between the end of the work and the way back.
template <class T> asio::awaitable<T> over_there(asio::any_io_executor there, asio::awaitable<T> work) {
    auto start = [there](auto handler, asio::awaitable<T> w) {
        auto back = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto ended = [back, handler = std::move(handler)](std::exception_ptr thrown, T answer) mutable {
            asio::post(back, [thrown, answer = std::move(answer), handler = std::move(handler)]() mutable {
                handler(thrown, std::move(answer));
            });
        };
        asio::co_spawn(there, std::move(w), std::move(ended));
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr, T)>(
        start, asio::use_awaitable, std::move(work));
}

// A value that a person typed: trimmed, not empty, no control characters (it goes into the log).
inline std::optional<std::string> typed(const json::object& o, std::string_view key) {
    const json::value* v = o.if_contains(key);
    if (!v || !v->is_string()) return std::nullopt;
    std::string text(v->get_string());
    auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.back())) text.pop_back();
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    if (text.empty() || text.size() > longest_text) return std::nullopt;
    if (std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        return std::nullopt;
    return text;
}

// With no other members than these.
inline task<json::object> body_object(net::request& r, std::vector<std::string_view> known) {
    VANTHU_CO_TRY(bytes body, co_await net::read_all(r.body, action_body_limit));
    boost::system::error_code ec;
    json::value v = json::parse(as_text(body), ec);
    if (ec || !v.is_object()) co_return failed(errc::bad_parameter, "body");
    for (const auto& member : v.get_object())
        if (std::find(known.begin(), known.end(), std::string_view(member.key())) == known.end())
            co_return failed(errc::bad_parameter, std::string(member.key()).substr(0, 200));
    co_return std::move(v.get_object());
}

} // namespace vanthu::web

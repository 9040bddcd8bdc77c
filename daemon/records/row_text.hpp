// Rows as the text that is stored: what row_json.hpp's to_json() gives, but straight into a string and without the
// members that have their default, which read as that. Private to this folder.
#pragma once

#include "daemon/base/json_text.hpp"
#include "daemon/records/row_json.hpp"

#include <charconv>

namespace vanthu::records {

// Lists and structs, which need no comparison of their own: an empty list is the default, a struct is always written.
template <class T> bool is_default(const T& v, const T& fresh) {
    if constexpr (is_vector<T>::value)
        return v.empty() && fresh.empty();
    else if constexpr (is_optional<T>::value)
        return !v && !fresh;
    else if constexpr (std::is_integral_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> ||
                       std::is_same_v<T, digest>)
        return v == fresh;
    else
        return false;
}

template <class T> void append_json(const T& v, std::string& out);

// `fresh`: what the members read as where they are missing.
template <class T> void append_members(const T& v, const T& fresh, std::string& out) {
    out += '{';
    const std::size_t first = out.size();
    boost::mp11::mp_for_each<
        boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>>(
        [&](auto d) {
            const auto& member = v.*d.pointer;
            const auto& missing = fresh.*d.pointer;
            if (is_default(member, missing)) return;
            if (out.size() > first) out += ',';
            append_json_text(d.name, out);
            out += ':';
            if constexpr (boost::describe::has_describe_members<std::remove_cvref_t<decltype(member)>>::value)
                append_members(member, missing, out);
            else
                append_json(member, out);
        });
    out += '}';
}

template <class T> void append_json(const T& v, std::string& out) {
    if constexpr (std::is_same_v<T, bool>) {
        out += v ? "true" : "false";
    } else if constexpr (std::is_integral_v<T>) {
        char digits[24];
        out.append(digits, std::to_chars(digits, std::end(digits), v).ptr);
    } else if constexpr (std::is_same_v<T, std::string>) {
        append_json_text(v, out);
    } else if constexpr (std::is_same_v<T, digest>) {
        append_json_text(v.hex(), out);
    } else if constexpr (is_optional<T>::value) {
        if (v)
            append_json(*v, out);
        else
            out += "null";
    } else if constexpr (is_vector<T>::value) {
        out += '[';
        for (const auto& e : v) {
            if (&e != &v.front()) out += ',';
            append_json(e, out);
        }
        out += ']';
    } else if constexpr (std::is_enum_v<T>) {
        append_json_text(boost::describe::enum_to_string(v, "unknown"), out);
    } else {
        static const T fresh{};
        append_members(v, fresh, out);
    }
}

} // namespace vanthu::records

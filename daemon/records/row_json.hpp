// Rows are stored as JSON of described structs: legible to an operator, and tolerant of time. A member that an older
// version did not write reads as its default; a member that a newer version wrote is ignored.
#pragma once

#include "daemon/base/bytes.hpp"

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace vanthu::records {

namespace json = boost::json;

template <class T> json::value to_json(const T& v);
template <class T> void from_json(const json::value& v, T& out); // a value of another type leaves `out` as it is

template <class T> struct is_optional : std::false_type {};
template <class T> struct is_optional<std::optional<T>> : std::true_type {};
template <class T> struct is_vector : std::false_type {};
template <class T> struct is_vector<std::vector<T>> : std::true_type {};

template <class T> json::value to_json(const T& v) {
    if constexpr (std::is_same_v<T, bool> || std::is_integral_v<T>) {
        return json::value(v);
    } else if constexpr (std::is_same_v<T, std::string>) {
        return json::value(json::string(v));
    } else if constexpr (std::is_same_v<T, digest>) {
        return json::value(json::string(v.hex()));
    } else if constexpr (is_optional<T>::value) {
        return v ? to_json(*v) : json::value(nullptr);
    } else if constexpr (is_vector<T>::value) {
        json::array a;
        for (const auto& e : v) a.push_back(to_json(e));
        return a;
    } else if constexpr (std::is_enum_v<T>) {
        return json::value(boost::describe::enum_to_string(v, "unknown"));
    } else {
        json::object o;
        boost::mp11::mp_for_each<
            boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>>(
            [&](auto d) { o.emplace(d.name, to_json(v.*d.pointer)); });
        return o;
    }
}

template <class T> void from_json(const json::value& v, T& out) {
    if constexpr (std::is_same_v<T, bool>) {
        if (v.is_bool()) out = v.get_bool();
    } else if constexpr (std::is_integral_v<T>) {
        boost::system::error_code ec;
        T n = v.to_number<T>(ec);
        if (!ec) out = n;
    } else if constexpr (std::is_same_v<T, std::string>) {
        if (v.is_string()) out.assign(v.get_string().begin(), v.get_string().end());
    } else if constexpr (std::is_same_v<T, digest>) {
        if (v.is_string())
            if (auto d = digest::from_hex(std::string_view(v.get_string()))) out = *d;
    } else if constexpr (is_optional<T>::value) {
        if (v.is_null()) return;
        out.emplace();
        from_json(v, *out);
    } else if constexpr (is_vector<T>::value) {
        if (!v.is_array()) return;
        out.clear();
        for (const json::value& e : v.get_array()) from_json(e, out.emplace_back());
    } else if constexpr (std::is_enum_v<T>) {
        if (v.is_string()) boost::describe::enum_from_string(v.get_string().c_str(), out);
    } else {
        const json::object* o = v.if_object();
        if (!o) return;
        // Members stand in the order of the struct, as they were written, so that none has to be looked for; where one
        // does not (a later version's), all are.
        auto next = o->begin();
        auto in_order = [&](auto d) {
            if (next == o->end() || next->key() != d.name) return;
            from_json(next->value(), out.*d.pointer);
            ++next;
        };
        auto wherever = [&](auto d) {
            if (const json::value* member = o->if_contains(d.name)) from_json(*member, out.*d.pointer);
        };
        using members =
            boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
        boost::mp11::mp_for_each<members>(in_order);
        if (next != o->end()) boost::mp11::mp_for_each<members>(wherever);
    }
}

} // namespace vanthu::records

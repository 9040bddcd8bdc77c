#include "daemon/api/strict_json.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <set>
#include <vector>

namespace vanthu::api {

namespace json = boost::json;

namespace {

// The parser's value keeps the last of two members with one name; this looks at the names alone.
struct name_watcher {
    static constexpr std::size_t max_object_size = SIZE_MAX, max_array_size = SIZE_MAX, max_key_size = SIZE_MAX,
                                 max_string_size = SIZE_MAX;
    using error = boost::system::error_code;
    std::vector<std::set<std::string>> open;
    std::string name, repeated;

    bool on_object_begin(error&) { return open.emplace_back(), true; }
    bool on_object_end(std::size_t, error&) { return open.pop_back(), true; }
    bool on_key_part(json::string_view part, std::size_t, error&) {
        return name.append(part.data(), part.size()), true;
    }
    bool on_key(json::string_view part, std::size_t, error& ec) {
        name.append(part.data(), part.size());
        if (!open.back().insert(name).second) {
            repeated = name;
            ec = make_error_code(errc::repeated_parameter);
            return false;
        }
        name.clear();
        return true;
    }
    bool on_document_begin(error&) { return true; }
    bool on_document_end(error&) { return true; }
    bool on_array_begin(error&) { return true; }
    bool on_array_end(std::size_t, error&) { return true; }
    bool on_string_part(json::string_view, std::size_t, error&) { return true; }
    bool on_string(json::string_view, std::size_t, error&) { return true; }
    bool on_number_part(json::string_view, error&) { return true; }
    bool on_int64(std::int64_t, json::string_view, error&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, error&) { return true; }
    bool on_double(double, json::string_view, error&) { return true; }
    bool on_bool(bool, error&) { return true; }
    bool on_null(error&) { return true; }
    bool on_comment_part(json::string_view, error&) { return true; }
    bool on_comment(json::string_view, error&) { return true; }
};

} // namespace

result<json::object> strict_object(std::string_view text, std::string_view name) {
    boost::system::error_code ec;
    json::value parsed = json::parse(text, ec);
    if (ec || !parsed.is_object()) return failed(errc::bad_parameter, std::string(name) + ": JSON object");
    json::basic_parser<name_watcher> names{json::parse_options()};
    names.write_some(false, text.data(), text.size(), ec);
    if (!names.handler().repeated.empty() || ec)
        return failed(errc::repeated_parameter, std::string(name) + ": " + names.handler().repeated.substr(0, 200));
    return std::move(parsed.get_object());
}

result<> only_members(const json::object& o, std::initializer_list<std::string_view> known, std::string_view path) {
    for (const auto& [name, value] : o)
        if (std::ranges::find(known, std::string_view(name)) == known.end())
            return failed(errc::unknown_parameter, std::string(path) + std::string(name.substr(0, 200)));
    return {};
}

result<std::string> text_member(const json::object& o, std::string_view name, std::string_view path) {
    const json::value* v = o.if_contains(name);
    if (!v || v->is_null()) return std::string();
    if (!v->is_string()) return failed(errc::bad_parameter, std::string(path) + std::string(name));
    return std::string(v->get_string());
}

result<std::optional<edxml::staff_info>> staff_member(const json::object& o) {
    const json::value* v = o.if_contains("staff");
    if (!v || v->is_null()) return std::nullopt;
    if (!v->is_object()) return failed(errc::bad_parameter, "staff");
    const json::object& who = v->get_object();
    VANTHU_CHECK(only_members(who, {"department", "staff", "mobile", "email"}, "staff."));
    edxml::staff_info staff;
    VANTHU_TRY(staff.department, text_member(who, "department", "staff."));
    VANTHU_TRY(staff.staff, text_member(who, "staff", "staff."));
    VANTHU_TRY(staff.mobile, text_member(who, "mobile", "staff."));
    VANTHU_TRY(staff.email, text_member(who, "email", "staff."));
    return staff;
}

} // namespace vanthu::api

// Private to this folder: reading the members of one JSON object from the other side.
#pragma once

#include "schemas/peer/peer.hpp"

#include <boost/json.hpp>

namespace vanthu::peer {

namespace json = boost::json;

inline constexpr std::size_t recipient_limit = 100'000;

// Reads members of one object; remembers the first thing that was wrong.
class object_reader {
public:
    explicit object_reader(std::string_view text) {
        boost::system::error_code ec;
        json::parse_options options;
        options.max_depth = 8;
        value_ = json::parse(json::string_view(text.data(), text.size()), ec, {}, options);
        if (ec || !value_.is_object())
            wrong_ = "not a JSON object";
        else
            check_version(value_.get_object());
    }
    explicit object_reader(const json::value& v) : value_(v) {
        if (!value_.is_object()) wrong_ = "not a JSON object";
    }

    std::string text(const char* name, bool required = false) {
        const json::value* v = find(name);
        if (v && v->is_string()) return std::string(v->get_string());
        if (v ? !v->is_null() : required) note(name);
        return {};
    }
    template <class N> N number(const char* name, bool required = false) {
        if (const json::value* v = find(name)) {
            boost::system::error_code ec;
            N n = v->to_number<N>(ec);
            if (!ec) return n;
            note(name);
        } else if (required) {
            note(name);
        }
        return {};
    }
    digest hash(const char* name) {
        auto d = digest::from_hex(text(name, true));
        if (!d) note(name);
        return d.value_or(digest{});
    }
    std::vector<std::string> texts(const char* name, bool required) {
        std::vector<std::string> out;
        const json::value* v = find(name);
        if (!v || !v->is_array()) {
            if (required || v) note(name);
            return out;
        }
        if (v->get_array().size() > recipient_limit)
            note(name);
        else
            for (const json::value& e : v->get_array()) {
                if (e.is_string())
                    out.emplace_back(e.get_string());
                else
                    note(name);
            }
        return out;
    }
    const json::value* find(const char* name) const {
        const json::object* o = value_.if_object();
        return o ? o->if_contains(name) : nullptr;
    }
    void note(std::string what) {
        if (wrong_.empty()) wrong_ = std::move(what);
    }
    template <class T> result<T> answer(T value) const {
        if (version_refused_) return failed(errc::version_unsupported, wrong_);
        if (!wrong_.empty()) return failed(errc::malformed, wrong_);
        return value;
    }

private:
    void check_version(const json::object& o) {
        const json::value* v = o.if_contains("schema_version");
        if (!v || !v->is_int64()) return note("schema_version");
        if (v->get_int64() < protocol_lowest) {
            version_refused_ = true;
            note("schema_version");
        }
    }
    json::value value_;
    std::string wrong_;
    bool version_refused_ = false;
};

inline json::array array_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

} // namespace vanthu::peer

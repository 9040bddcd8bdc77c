#include "schemas/edxml/json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <set>

namespace vanthu::edxml {
namespace {

namespace json = boost::json;

// Takes the known keys out of one object; the first thing wrong is kept, and what nobody took is unknown.
class object_reader {
public:
    object_reader(const json::object& object, std::string path, std::optional<failure>& wrong)
        : object_(object), path_(std::move(path)), wrong_(wrong) {}
    ~object_reader() {
        for (const auto& [key, value] : object_)
            if (!taken_.contains(key)) refuse(errc::field_unknown, std::string_view(key), "no such field");
    }
    object_reader(const object_reader&) = delete;

    void text(std::string_view key, std::string& out) {
        if (const json::value* v = take(key)) {
            if (const json::string* s = v->if_string())
                out.assign(s->data(), s->size());
            else
                refuse(errc::field_invalid, key, "must be a text");
        }
    }
    // What the standard calls a number or a flag but the packet carries as text.
    void number(std::string_view key, std::string& out) {
        const json::value* v = take(key);
        if (!v) return;
        if (const json::string* s = v->if_string())
            out.assign(s->data(), s->size());
        else if (v->is_int64())
            out = std::to_string(v->get_int64());
        else if (v->is_uint64())
            out = std::to_string(v->get_uint64());
        else if (v->is_bool())
            out = v->get_bool() ? "true" : "false";
        else
            refuse(errc::field_invalid, key, "must be a whole number or a text");
    }
    void date(std::string_view key, packet_date& out) {
        std::string value;
        text(key, value);
        out = packet_date::parse(value);
    }
    void time(std::string_view key, packet_time& out) {
        std::string value;
        text(key, value);
        out = packet_time::parse(value);
    }
    template <class F> void group(std::string_view key, F read) {
        if (const json::value* v = take(key)) enter(*v, at(key), read);
    }
    template <class T, class F> void group(std::string_view key, std::optional<T>& out, F read) {
        group(key, [&](object_reader& o) { read(o, out.emplace()); });
    }
    template <class T, class F> void list(std::string_view key, std::vector<T>& out, F read) {
        each(key, [&](const json::value& v, const std::string& where) {
            enter(v, where, [&](object_reader& o) { read(o, out.emplace_back()); });
        });
    }
    void texts(std::string_view key, std::vector<std::string>& out) {
        each(key, [&](const json::value& v, const std::string& where) {
            if (const json::string* s = v.if_string())
                out.emplace_back(s->data(), s->size());
            else
                refuse_at(errc::field_invalid, where, "must be a text");
        });
    }

private:
    const json::value* take(std::string_view key) {
        taken_.insert(std::string(key));
        const json::value* v = object_.if_contains(key);
        return v && v->is_null() ? nullptr : v;
    }
    std::string at(std::string_view key) const {
        return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
    }
    template <class F> void enter(const json::value& v, const std::string& where, F read) {
        if (const json::object* o = v.if_object()) {
            object_reader inner(*o, where, wrong_);
            read(inner);
        } else {
            refuse_at(errc::field_invalid, where, "must be an object");
        }
    }
    template <class F> void each(std::string_view key, F use) {
        const json::value* v = take(key);
        if (!v) return;
        const json::array* items = v->if_array();
        if (!items) return refuse(errc::field_invalid, key, "must be a list");
        for (std::size_t i = 0; i < items->size(); ++i) use((*items)[i], fmt::format("{}[{}]", at(key), i));
    }
    void refuse(errc code, std::string_view key, std::string_view why) { refuse_at(code, at(key), why); }
    void refuse_at(errc code, const std::string& where, std::string_view why) {
        if (!wrong_) wrong_ = failure{code, fmt::format("{}: {}", where.substr(0, 200), why)};
    }

    const json::object& object_;
    std::string path_;
    std::optional<failure>& wrong_;
    std::set<std::string, std::less<>> taken_;
};

void read(object_reader& o, organisation& v) {
    o.text("organ_id", v.organ_id);
    o.text("organization_in_charge", v.organization_in_charge);
    o.text("organ_name", v.organ_name);
    o.text("organ_add", v.organ_add);
    o.text("email", v.email);
    o.text("telephone", v.telephone);
    o.text("fax", v.fax);
    o.text("website", v.website);
}

void read(object_reader& o, response_for& v) {
    o.text("organ_id", v.organ_id);
    o.text("code", v.code);
    o.date("promulgation_date", v.promulgation_date);
    o.text("document_id", v.document_id);
}

void read(object_reader& o, staff_info& v) {
    o.text("department", v.department);
    o.text("staff", v.staff);
    o.text("mobile", v.mobile);
    o.text("email", v.email);
    o.text("department_id", v.department_id);
    o.text("staff_id", v.staff_id);
}

void read(object_reader& o, signer_info& v) {
    o.text("competence", v.competence);
    o.text("position", v.position);
    o.text("full_name", v.full_name);
}

void read(object_reader& o, other_info& v) {
    o.number("priority", v.priority);
    o.text("sphere_of_promulgation", v.sphere_of_promulgation);
    o.text("typer_notation", v.typer_notation);
    o.number("promulgation_amount", v.promulgation_amount);
    o.number("page_amount", v.page_amount);
    o.texts("appendixes", v.appendixes);
    o.number("direction", v.direction);
    o.text("secret", v.secret);
}

void read(object_reader& o, trace_header& v) {
    o.text("organ_id", v.organ_id);
    o.time("timestamp", v.timestamp);
}

void read(object_reader& o, bussiness_document_info& v) {
    o.number("document_info", v.document_info);
    o.number("document_receiver", v.document_receiver);
    o.list("receivers", v.receivers, [](object_reader& r, receiver_change& c) {
        r.number("receiver_type", c.receiver_type);
        r.text("organ_id", c.organ_id);
    });
}

constexpr auto any = [](object_reader& o, auto& v) { read(o, v); };

void read(object_reader& o, bussiness& v) {
    o.number("doc_type", v.doc_type);
    o.text("doc_reason", v.doc_reason);
    o.group("document_info", v.document_info, any);
    o.text("document_id", v.document_id);
    o.group("staff", v.staff, any);
    o.number("paper", v.paper);
    o.list("replacements", v.replacements, [](object_reader& r, replacement_info& info) {
        r.text("document_id", info.document_id);
        r.texts("organ_ids", info.organ_ids);
    });
}

void read(object_reader& o, document_header& h) {
    o.group("from", [&](object_reader& g) { read(g, h.from); });
    o.list("to", h.to, any);
    o.group("code", [&](object_reader& g) {
        g.number("number", h.code.number);
        g.text("notation", h.code.notation);
    });
    o.group("promulgation", [&](object_reader& g) {
        g.text("place", h.promulgation.place);
        g.date("date", h.promulgation.date);
    });
    o.group("document_type", [&](object_reader& g) {
        g.number("type", h.document_type.type);
        g.text("type_name", h.document_type.type_name);
        g.text("type_detail", h.document_type.type_detail);
    });
    o.text("subject", h.subject);
    o.text("content", h.content);
    o.group("signer", h.signer, any);
    o.date("due_date", h.due_date);
    o.texts("to_places", h.to_places);
    o.group("other_info", h.other_info, any);
    o.list("response_for", h.response_for, any);
    o.number("steering_type", h.steering_type);
    o.text("document_id", h.document_id);
    o.texts("response_for_tasks", h.response_for_tasks);
    o.text("application_type", h.application_type);
    o.list("trace", h.trace, any);
    o.group("bussiness", h.bussiness, any);
}

void read(object_reader& o, status_packet& s) {
    o.group("from", [&](object_reader& g) { read(g, s.from); });
    o.group("response_for", [&](object_reader& g) { read(g, s.response_for); });
    o.group("staff", s.staff, any);
    o.text("status_code", s.status_code); // a text: 03 is not 3
    o.text("description", s.description);
    o.time("timestamp", s.timestamp);
}

template <class T> result<T> from_json(const json::object& object) {
    std::optional<failure> wrong;
    T value;
    {
        object_reader o(object, {}, wrong); // its end finds the unknown keys
        read(o, value);
    }
    if (wrong) return fail(std::move(*wrong));
    return value;
}

} // namespace

result<document_header> header_from_json(const json::object& object) { return from_json<document_header>(object); }
result<status_packet> status_from_json(const json::object& object) { return from_json<status_packet>(object); }

} // namespace vanthu::edxml

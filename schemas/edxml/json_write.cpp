#include "schemas/edxml/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace vanthu::edxml {
namespace {

namespace json = boost::json;

// Empty members are left out.
struct object_writer {
    json::object out;

    void text(std::string_view key, std::string_view value) {
        if (!value.empty()) out[key] = json::string(value);
    }
    void number(std::string_view key, std::string_view value) {
        auto n = number_of(value);
        if (n && (value == "0" || value.front() != '0'))
            out[key] = *n;
        else
            text(key, value);
    }
    void group(std::string_view key, json::object value) {
        if (!value.empty()) out[key] = std::move(value);
    }
    template <class T> void group(std::string_view key, const std::optional<T>& value) {
        if (value) out[key] = write(*value);
    }
    template <class T> void list(std::string_view key, const std::vector<T>& values) {
        if (values.empty()) return;
        json::array& items = (out[key] = json::array()).get_array();
        for (const T& v : values) items.push_back(write(v));
    }
    static json::value write(const std::string& v) { return json::string(v); }
    static json::object write(const organisation&);
    static json::object write(const signer_info&);
    static json::object write(const other_info&);
    static json::object write(const response_for&);
    static json::object write(const staff_info&);
    static json::object write(const trace_header&);
    static json::object write(const receiver_change&);
    static json::object write(const bussiness_document_info&);
    static json::object write(const replacement_info&);
    static json::object write(const bussiness&);
    static json::object write(const manifest_reference&);
    static json::object write(const attachment_info& a) { return to_json(a); }
    static json::object write(const finding& f) { return to_json(f); }
};

json::object object_writer::write(const organisation& v) {
    object_writer o;
    o.text("organ_id", v.organ_id);
    o.text("organization_in_charge", v.organization_in_charge);
    o.text("organ_name", v.organ_name);
    o.text("organ_add", v.organ_add);
    o.text("email", v.email);
    o.text("telephone", v.telephone);
    o.text("fax", v.fax);
    o.text("website", v.website);
    return std::move(o.out);
}

json::object object_writer::write(const signer_info& v) {
    object_writer o;
    o.text("competence", v.competence);
    o.text("position", v.position);
    o.text("full_name", v.full_name);
    return std::move(o.out);
}

json::object object_writer::write(const other_info& v) {
    object_writer o;
    o.number("priority", v.priority);
    o.text("sphere_of_promulgation", v.sphere_of_promulgation);
    o.text("typer_notation", v.typer_notation);
    o.number("promulgation_amount", v.promulgation_amount);
    o.number("page_amount", v.page_amount);
    o.list("appendixes", v.appendixes);
    o.text("direction", v.direction);
    o.text("secret", v.secret);
    return std::move(o.out);
}

json::object object_writer::write(const response_for& v) {
    object_writer o;
    o.text("organ_id", v.organ_id);
    o.text("code", v.code);
    o.text("promulgation_date", v.promulgation_date.text);
    o.text("document_id", v.document_id);
    return std::move(o.out);
}

json::object object_writer::write(const staff_info& v) {
    object_writer o;
    o.text("department", v.department);
    o.text("staff", v.staff);
    o.text("mobile", v.mobile);
    o.text("email", v.email);
    o.text("department_id", v.department_id);
    o.text("staff_id", v.staff_id);
    return std::move(o.out);
}

json::object object_writer::write(const trace_header& v) {
    object_writer o;
    o.text("organ_id", v.organ_id);
    o.text("timestamp", v.timestamp.text);
    return std::move(o.out);
}

json::object object_writer::write(const receiver_change& v) {
    object_writer o;
    o.number("receiver_type", v.receiver_type);
    o.text("organ_id", v.organ_id);
    return std::move(o.out);
}

json::object object_writer::write(const bussiness_document_info& v) {
    object_writer o;
    o.number("document_info", v.document_info);
    o.number("document_receiver", v.document_receiver);
    o.list("receivers", v.receivers);
    return std::move(o.out);
}

json::object object_writer::write(const replacement_info& v) {
    object_writer o;
    o.text("document_id", v.document_id);
    o.list("organ_ids", v.organ_ids);
    return std::move(o.out);
}

json::object object_writer::write(const bussiness& v) {
    object_writer o;
    o.number("doc_type", v.doc_type);
    o.text("doc_reason", v.doc_reason);
    o.group("document_info", v.document_info);
    o.text("document_id", v.document_id);
    o.group("staff", v.staff);
    o.number("paper", v.paper);
    o.list("replacements", v.replacements);
    return std::move(o.out);
}

json::object object_writer::write(const manifest_reference& v) {
    object_writer o;
    o.text("content_id", v.content_id);
    o.text("content_type", v.content_type);
    o.text("description", v.description);
    o.text("attachment_name", v.attachment_name);
    return std::move(o.out);
}

json::object code_of(const document_code& v) {
    object_writer o;
    o.text("number", v.number);
    o.text("notation", v.notation);
    return std::move(o.out);
}

json::object promulgation_of(const promulgation_info& v) {
    object_writer o;
    o.text("place", v.place);
    o.text("date", v.date.text);
    return std::move(o.out);
}

json::object type_of(const document_type& v) {
    object_writer o;
    o.number("type", v.type);
    o.text("type_name", v.type_name);
    o.text("type_detail", v.type_detail);
    return std::move(o.out);
}

} // namespace

json::object to_json(const document_header& h) {
    object_writer o;
    o.group("from", object_writer::write(h.from));
    o.list("to", h.to);
    o.group("code", code_of(h.code));
    o.group("promulgation", promulgation_of(h.promulgation));
    o.group("document_type", type_of(h.document_type));
    o.text("subject", h.subject);
    o.text("content", h.content);
    o.group("signer", h.signer);
    o.text("due_date", h.due_date.text);
    o.list("to_places", h.to_places);
    o.group("other_info", h.other_info);
    o.list("response_for", h.response_for);
    o.number("steering_type", h.steering_type);
    o.text("document_id", h.document_id);
    o.list("response_for_tasks", h.response_for_tasks);
    o.text("application_type", h.application_type);
    o.list("trace", h.trace);
    o.group("bussiness", h.bussiness);
    return std::move(o.out);
}

json::object to_json(const status_packet& s) {
    object_writer o;
    o.group("from", object_writer::write(s.from));
    o.group("response_for", object_writer::write(s.response_for));
    o.group("staff", s.staff);
    o.text("status_code", s.status_code);
    o.text("description", s.description);
    o.text("timestamp", s.timestamp.text);
    return std::move(o.out);
}

json::object to_json(const finding& f) {
    const finding_row& row = describe(f.code);
    json::object out{
        {"code", "edxml." + std::string(row.name)}, {"message_vi", row.message_vi}, {"message_en", row.message_en}};
    if (!f.detail.empty()) out["detail"] = f.detail;
    return out;
}

json::object to_json(const attachment_info& a) {
    object_writer o;
    o.text("content_id", a.content_id);
    o.text("name", a.name);
    o.text("description", a.description);
    o.text("content_type", a.content_type);
    o.out["size"] = a.size;
    o.out["sha256"] = a.sha256.hex();
    o.out["transfer"] = json::object{{"offset", a.transfer.offset}, {"length", a.transfer.length}};
    if (a.unwrapped)
        o.out["unwrapped"] = json::object{
            {"name", a.unwrapped->name}, {"size", a.unwrapped->size}, {"sha256", a.unwrapped->sha256.hex()}};
    o.out["content_size"] = a.content_size();
    o.out["content_sha256"] = a.content_hash().hex();
    o.out["kind"] = name_of(a.kind);
    o.out["media_type"] = media_type(a.kind);
    o.out["damaged"] = a.damaged;
    json::array& findings = (o.out["findings"] = json::array()).get_array();
    for (const finding& f : a.findings) findings.push_back(to_json(f));
    return std::move(o.out);
}

json::object to_json(const packet& p) {
    object_writer o;
    o.out["schema_version"] = packet_schema_version;
    o.out["kind"] = p.document() ? "document" : "status";
    o.out["size"] = p.size;
    o.out["packet_sha256"] = p.packet_sha256.hex();
    o.out["content_sha256"] = p.content_sha256.hex();
    if (const document_packet* d = p.document()) {
        o.out["header"] = to_json(d->header);
        o.list("manifest", d->manifest);
        json::array& attachments = (o.out["attachments"] = json::array()).get_array();
        for (const attachment_info& a : d->attachments) attachments.push_back(to_json(a));
        o.out["envelope_signature"] = d->envelope_signature;
    } else {
        o.out["status"] = to_json(*p.status());
    }
    json::array& findings = (o.out["findings"] = json::array()).get_array();
    for (const finding& f : p.findings) findings.push_back(to_json(f));
    return std::move(o.out);
}

} // namespace vanthu::edxml

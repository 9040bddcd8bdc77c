#include "schemas/edxml/fields.hpp"

#include <algorithm>
#include <climits>
#include <fmt/format.h>

namespace vanthu::edxml {
namespace {

constexpr std::size_t organ_id_characters = 35, date_characters = 10, time_characters = 19, free_text = 1000;

struct organisation_field {
    const char* name;
    std::string organisation::* value;
    std::size_t longest;
};
constexpr organisation_field organisation_fields[] = {
    {".organ_id", &organisation::organ_id, organ_id_characters},
    {".organization_in_charge", &organisation::organization_in_charge, 200},
    {".organ_name", &organisation::organ_name, 200},
    {".organ_add", &organisation::organ_add, 250},
    {".email", &organisation::email, 100},
    {".telephone", &organisation::telephone, 20},
    {".fax", &organisation::fax, 20},
    {".website", &organisation::website, 100}};

// A text has no more characters than bytes.
bool is_surely_right(const organisation& recipient) {
    return !recipient.organ_id.empty() && std::ranges::all_of(organisation_fields, [&](const organisation_field& f) {
        return (recipient.*f.value).size() <= f.longest;
    });
}

struct field_list {
    std::vector<field> out;

    void text(std::string path, std::string_view value, std::size_t longest, bool required = false) {
        out.push_back({std::move(path), value, longest, required});
    }
    void date(std::string path, const packet_date& value, bool required = false) {
        out.push_back({std::move(path), value.text, date_characters, required, field_form::date});
    }
    void time(std::string path, const packet_time& value, bool required = false) {
        out.push_back({std::move(path), value.text, time_characters, required, field_form::time});
    }
    void number(std::string path, std::string_view value, int low, int high, bool required = false) {
        out.push_back({std::move(path), value, 10, required, field_form::number, low, high});
    }

    void organisation(const std::string& path, const edxml::organisation& o, bool sender) {
        for (const organisation_field& f : organisation_fields)
            text(path + f.name, o.*f.value, f.longest,
                 f.value == &organisation::organ_id || (sender && f.value == &organisation::organ_name));
    }
    void response(const std::string& path, const edxml::response_for& r, bool all_required) {
        text(path + ".organ_id", r.organ_id, organ_id_characters, true);
        text(path + ".code", r.code, 11 + 1 + 30, true);
        date(path + ".promulgation_date", r.promulgation_date, all_required);
        text(path + ".document_id", r.document_id, free_text, true); // the issuer's choice, not ours to bound
    }
    void staff(const std::string& path, const std::optional<staff_info>& s) {
        if (!s) return;
        text(path + ".department", s->department, free_text);
        text(path + ".staff", s->staff, free_text);
        text(path + ".mobile", s->mobile, 20);
        text(path + ".email", s->email, 100);
        text(path + ".department_id", s->department_id, free_text);
        text(path + ".staff_id", s->staff_id, free_text);
    }
    void other(const other_info& o) {
        number("other_info.priority", o.priority, 0, 4);
        text("other_info.sphere_of_promulgation", o.sphere_of_promulgation, 100);
        text("other_info.typer_notation", o.typer_notation, 10);
        number("other_info.promulgation_amount", o.promulgation_amount, 0, USHRT_MAX);
        number("other_info.page_amount", o.page_amount, 0, USHRT_MAX);
        for (std::size_t i = 0; i < o.appendixes.size(); ++i)
            text(fmt::format("other_info.appendixes[{}]", i), o.appendixes[i], free_text, true);
        text("other_info.direction", o.direction, 5);
    }
    void business(const edxml::bussiness& b) {
        number("bussiness.doc_type", b.doc_type, 0, 3, true);
        text("bussiness.doc_reason", b.doc_reason, 500);
        text("bussiness.document_id", b.document_id, free_text);
        text("bussiness.paper", b.paper, 10); // 0 or 1, or a number of pages: sources differ
        staff("bussiness.staff", b.staff);
        if (b.document_info) {
            number("bussiness.document_info.document_info", b.document_info->document_info, 0, 1);
            number("bussiness.document_info.document_receiver", b.document_info->document_receiver, 0, 1);
            for (std::size_t i = 0; i < b.document_info->receivers.size(); ++i) {
                const receiver_change& r = b.document_info->receivers[i];
                std::string path = fmt::format("bussiness.document_info.receivers[{}]", i);
                number(path + ".receiver_type", r.receiver_type, 0, 1, true);
                text(path + ".organ_id", r.organ_id, organ_id_characters, true);
            }
        }
        for (std::size_t i = 0; i < b.replacements.size(); ++i) {
            std::string path = fmt::format("bussiness.replacements[{}]", i);
            text(path + ".document_id", b.replacements[i].document_id, free_text, true);
            for (std::size_t k = 0; k < b.replacements[i].organ_ids.size(); ++k)
                text(fmt::format("{}.organ_ids[{}]", path, k), b.replacements[i].organ_ids[k], organ_id_characters,
                     true);
        }
    }
};

} // namespace

std::vector<field> fields_of(const document_header& h, recipients which) {
    field_list f;
    f.organisation("from", h.from, true);
    for (std::size_t i = 0; i < h.to.size(); ++i)
        if (which == recipients::all || !is_surely_right(h.to[i]))
            f.organisation(fmt::format("to[{}]", i), h.to[i], false);
    f.text("code.number", h.code.number, 11, true);
    f.text("code.notation", h.code.notation, 30, true);
    f.text("promulgation.place", h.promulgation.place, 50);
    f.date("promulgation.date", h.promulgation.date, true);
    f.number("document_type.type", h.document_type.type, 0, INT_MAX, true);
    f.text("document_type.type_name", h.document_type.type_name, 100, true);
    f.text("document_type.type_detail", h.document_type.type_detail, 100);
    f.text("subject", h.subject, 500, true);
    f.text("content", h.content, 500, true); // 0..1 in the standard, but consumers refuse a packet without it
    if (h.signer) {
        f.text("signer.competence", h.signer->competence, 100);
        f.text("signer.position", h.signer->position, 100);
        f.text("signer.full_name", h.signer->full_name, 50, true);
    }
    f.date("due_date", h.due_date);
    for (std::size_t i = 0; i < h.to_places.size(); ++i)
        f.text(fmt::format("to_places[{}]", i), h.to_places[i], free_text, true);
    if (h.other_info) f.other(*h.other_info);
    for (std::size_t i = 0; i < h.response_for.size(); ++i)
        f.response(fmt::format("response_for[{}]", i), h.response_for[i], true);
    f.number("steering_type", h.steering_type, 0, 3);
    f.text("document_id", h.document_id, 75, true); // what the narrowest axis keeps: a cut id is another id
    for (std::size_t i = 0; i < h.response_for_tasks.size(); ++i)
        f.text(fmt::format("response_for_tasks[{}]", i), h.response_for_tasks[i], free_text, true);
    f.text("application_type", h.application_type, 100);
    for (std::size_t i = 0; i < h.trace.size(); ++i) {
        f.text(fmt::format("trace[{}].organ_id", i), h.trace[i].organ_id, organ_id_characters);
        f.time(fmt::format("trace[{}].timestamp", i), h.trace[i].timestamp, true);
    }
    if (h.bussiness) f.business(*h.bussiness);
    return std::move(f.out);
}

std::vector<field> fields_of(const status_packet& s) {
    field_list f;
    f.organisation("from", s.from, true);
    f.response("response_for", s.response_for, false);
    f.staff("staff", s.staff);
    f.text("status_code", s.status_code, 10, true);
    f.text("description", s.description, 500);
    f.time("timestamp", s.timestamp, true);
    return std::move(f.out);
}

} // namespace vanthu::edxml

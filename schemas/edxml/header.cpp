#include "schemas/edxml/header.hpp"

#include "schemas/edxml/fields.hpp"
#include "schemas/edxml/utf8.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <unordered_set>

namespace vanthu::edxml {
namespace {

using enum finding_code;

bool blank(const element& e) {
    return e.trimmed_view().empty() && std::all_of(e.children.begin(), e.children.end(), blank);
}

// The first child of that name that says something.
const element* group(const element& e, std::string_view name) {
    for (const element& c : e.children)
        if (c.name == name && !blank(c)) return &c;
    return nullptr;
}

template <class F> void each(const element& e, std::string_view name, F use) {
    for (const element& c : e.children)
        if (c.name == name && !blank(c)) use(c);
}

std::vector<std::string> texts(const element* list, std::string_view name) {
    std::vector<std::string> out;
    if (list) each(*list, name, [&](const element& e) { out.push_back(e.trimmed()); });
    return out;
}

// Some writers put the word null where they have nothing.
std::string organ_id(const element& e) {
    std::string id = e.text_of("OrganId");
    return id == "null" ? std::string{} : id;
}

organisation read_organisation(const element* e) {
    if (!e) return {};
    return {organ_id(*e),
            e->text_of("OrganizationInCharge"),
            e->text_of("OrganName"),
            e->text_of("OrganAdd"),
            e->text_of("Email"),
            e->text_of("Telephone"),
            e->text_of("Fax"),
            e->text_of("Website")};
}

response_for read_response(const element& e) {
    return {organ_id(e), e.text_of("Code"), packet_date::parse(e.text_of("PromulgationDate")), e.text_of("DocumentId")};
}

std::optional<staff_info> read_staff(const element& parent) {
    const element* e = group(parent, "StaffInfo");
    if (!e) return std::nullopt;
    return staff_info{e->text_of("Department"), e->text_of("Staff"),        e->text_of("Mobile"),
                      e->text_of("Email"),      e->text_of("DepartmentId"), e->text_of("StaffId")};
}

other_info read_other(const element& e) {
    return {e.text_of("Priority"),      e.text_of("SphereOfPromulgation"),
            e.text_of("TyperNotation"), e.text_of("PromulgationAmount"),
            e.text_of("PageAmount"),    texts(e.child("Appendixes"), "Appendix"),
            e.text_of("Direction"),     e.text_of("Secret")};
}

bussiness read_bussiness(const element& e) {
    bussiness b;
    b.doc_type = e.text_of("BussinessDocType");
    b.doc_reason = e.text_of("BussinessDocReason");
    b.document_id = e.text_of("DocumentId");
    b.staff = read_staff(e);
    b.paper = e.text_of("Paper");
    if (const element* info = group(e, "BussinessDocumentInfo")) {
        b.document_info = bussiness_document_info{info->text_of("DocumentInfo"), info->text_of("DocumentReceiver"), {}};
        if (const element* list = info->child("ReceiverList"))
            each(*list, "Receiver", [&](const element& r) {
                b.document_info->receivers.push_back({r.text_of("ReceiverType"), organ_id(r)});
            });
    }
    if (const element* list = e.child("ReplacementInfoList"))
        each(*list, "ReplacementInfo", [&](const element& r) {
            b.replacements.push_back({r.text_of("DocumentId"), texts(r.child("OrganIdList"), "OrganId")});
        });
    return b;
}

void read_recipients(const element& block, document_header& h, remarks& odd) {
    std::unordered_set<std::string> seen;
    each(block, "To", [&](const element& e) {
        organisation to = read_organisation(&e);
        if (to.organ_id.empty()) return odd.add(recipient_without_id, to.organ_name);
        if (!seen.insert(to.organ_id).second) return odd.add(finding_code::duplicate_recipient, to.organ_id);
        h.to.push_back(std::move(to));
    });
}

document_header read_header(const element& block, remarks& odd) {
    document_header h;
    h.from = read_organisation(group(block, "From"));
    read_recipients(block, h, odd);
    if (const element* e = group(block, "Code")) h.code = {e->text_of("CodeNumber"), e->text_of("CodeNotation")};
    if (const element* e = group(block, "PromulgationInfo"))
        h.promulgation = {e->text_of("Place"), packet_date::parse(e->text_of("PromulgationDate"))};
    if (const element* e = group(block, "DocumentType"))
        h.document_type = {e->text_of("Type"), e->text_of("TypeName"), e->text_of("TypeDetail")};
    h.subject = block.text_of("Subject");
    h.content = block.text_of("Content");
    if (const element* e = group(block, "SignerInfo"))
        h.signer = signer_info{e->text_of("Competence"), e->text_of("Position"), e->text_of("FullName")};
    h.due_date = packet_date::parse(block.text_of("DueDate"));
    h.to_places = texts(block.child("ToPlaces"), "Place");
    if (const element* e = group(block, "OtherInfo")) h.other_info = read_other(*e);
    each(block, "ResponseFor", [&](const element& e) { h.response_for.push_back(read_response(e)); });
    h.steering_type = block.text_of("SteeringType");
    h.document_id = block.text_of("DocumentId");
    each(block, "ResponseForTask", [&](const element& e) {
        for (std::string& code : texts(&e, "TaskCode")) h.response_for_tasks.push_back(std::move(code));
    });
    h.application_type = block.text_of("ApplicationType");
    return h;
}

void read_trace(const element& list, document_header& h, remarks& odd) {
    each(list, "TraceHeader", [&](const element& e) {
        trace_header t{organ_id(e), packet_time::parse(e.text_of("Timestamp"))};
        if (t.organ_id.empty()) odd.add(trace_incomplete, fmt::format("trace[{}]", h.trace.size()));
        h.trace.push_back(std::move(t));
    });
    if (const element* e = group(list, "Bussiness")) h.bussiness = read_bussiness(*e);
}

void note_repeated(const element& block, remarks& odd) {
    static const std::set<std::string_view> single = {
        "From",     "Code",      "PromulgationInfo", "DocumentType", "Subject",    "Content",   "SignerInfo", "DueDate",
        "ToPlaces", "OtherInfo", "SteeringType",     "DocumentId",   "StatusCode", "Timestamp", "StaffInfo"};
    std::set<std::string_view> seen;
    for (const element& c : block.children)
        if (single.contains(c.name) && !seen.insert(c.name).second) odd.add(duplicate_element, c.name);
}

void note_date(const field& f, std::optional<std::string> standard_form, remarks& odd) {
    std::string detail = fmt::format("{}: {}", f.path, f.value);
    if (!standard_form) return odd.add(is_ambiguous_date(f.value) ? date_ambiguous : date_invalid, detail);
    if (*standard_form != f.value) odd.add(date_form, detail);
}

void note_fields(const std::vector<field>& fields, remarks& odd) {
    for (const field& f : fields) {
        if (f.value.empty()) {
            if (f.required) odd.add(required_missing, f.path);
            continue;
        }
        if (f.form == field_form::date) {
            packet_date d = packet_date::parse(f.value);
            note_date(f, d.value ? std::optional(packet_date::of(*d.value).text) : std::nullopt, odd);
        } else if (f.form == field_form::time) {
            packet_time t = packet_time::parse(f.value);
            note_date(f, t.value ? std::optional(packet_time::of(*t.value).text) : std::nullopt, odd);
        } else if (f.form == field_form::number) {
            auto n = number_of(f.value);
            if (!n || *n < f.low || *n > f.high) odd.add(value_unknown, fmt::format("{}: {}", f.path, f.value));
        } else if (characters_of(f.value) > f.longest) {
            odd.add(longer_than_standard, fmt::format("{}: {} > {}", f.path, characters_of(f.value), f.longest));
        }
    }
}

result<> interpret_status(const element& block, packet& out, remarks& odd) {
    status_packet s;
    s.from = read_organisation(group(block, "From"));
    if (const element* e = group(block, "ResponseFor")) s.response_for = read_response(*e);
    s.staff = read_staff(block);
    s.status_code = block.text_of("StatusCode");
    s.description = block.text_of("Description");
    s.timestamp = packet_time::parse(block.text_of("Timestamp"));
    if (s.from.organ_id.empty()) return failed(errc::from_missing);
    if (s.response_for.organ_id.empty()) return failed(errc::recipient_missing, "ResponseFor/OrganId");
    if (s.response_for.document_id.empty() && s.response_for.code.empty()) return failed(errc::identification_missing);
    if (s.status_code.empty()) return failed(errc::status_code_missing);
    note_fields(fields_of(s), odd);
    out.body = std::move(s);
    return {};
}

void read_manifest(const element& list, document_packet& d) {
    each(list, "Reference", [&](const element& e) {
        d.manifest.push_back({without_cid(e.text_of("ContentId")), e.text_of("ContentType"), e.text_of("Description"),
                              e.text_of("AttachmentName")});
    });
}

result<> interpret_document(const element& root, const element& block, std::optional<date> today, packet& out,
                            remarks& odd) {
    document_packet d;
    d.header = read_header(block, odd);
    const element* trace = root.at({"edXMLEnvelope", "edXMLHeader", "TraceHeaderList"});
    if (!trace) trace = root.descendant("TraceHeaderList");
    if (trace)
        read_trace(*trace, d.header, odd);
    else
        odd.add(required_missing, "trace");
    const element* manifest = root.at({"edXMLEnvelope", "edXMLBody", "edXMLManifest"});
    if (!manifest) manifest = root.descendant("edXMLManifest");
    if (manifest) read_manifest(*manifest, d);
    const element* signature = root.descendant("Signature");
    d.envelope_signature = signature && !blank(*signature);

    const document_header& h = d.header;
    if (h.from.organ_id.empty()) return failed(errc::from_missing);
    if (h.to.empty()) return failed(errc::recipient_missing, "To/OrganId");
    if (target_document_id(h).empty() && h.code.number.empty()) return failed(errc::identification_missing);
    note_fields(fields_of(h, recipients::perhaps_odd), odd);
    bussiness_type kind = bussiness_type_of(h);
    if ((kind == bussiness_type::recall || kind == bussiness_type::update) && h.bussiness->document_id.empty())
        odd.add(recall_target_inferred, target_document_id(h));
    if (today && h.promulgation.date.value && *h.promulgation.date.value > *today)
        odd.add(date_in_future, h.promulgation.date.text);
    out.body = std::move(d);
    return {};
}

} // namespace

void remarks::add(finding_code code, std::string_view detail) {
    if (list_.size() > limit_) return;
    if (list_.size() == limit_) return void(list_.push_back({more_findings, {}}));
    constexpr std::size_t longest = 160;
    std::size_t n = std::min(detail.size(), longest);
    while (n > 0 && n < detail.size() && (static_cast<unsigned char>(detail[n]) & 0xC0) == 0x80)
        --n; // not inside a character
    std::string shown(detail.substr(0, n));
    if (n < detail.size()) shown += "…";
    list_.push_back({code, std::move(shown)});
}

std::string without_cid(std::string content_id) {
    if (content_id.size() >= 4 && (content_id.starts_with("cid:") || content_id.starts_with("CID:")))
        content_id.erase(0, 4);
    return content_id;
}

result<> check_root(const element& root, remarks& odd) {
    if (root.space == name_space::old) return failed(errc::old_namespace, root.uri);
    if (root.space == name_space::soap && root.name == "Envelope") return {};
    if (root.name != "edXML" || (root.space != name_space::qcvn && root.space != name_space::none))
        return failed(errc::not_edxml,
                      fmt::format("root {} in namespace {}", root.name.substr(0, 60), root.uri.substr(0, 100)));
    if (root.space == name_space::none) odd.add(namespace_missing);
    return {};
}

result<> interpret(const element& root, std::optional<date> today, packet& out, remarks& odd) {
    bool soap = root.space == name_space::soap;
    const element* block = root.at({"edXMLEnvelope", "edXMLHeader", "MessageHeader"});
    if (!block) block = root.at({"edXMLEnvelope", "edXMLHeader", "Status"});
    if (!block) block = root.descendant("MessageHeader");
    if (!block) block = root.descendant("Status");
    if (block && block->space == name_space::old) return failed(errc::old_namespace, block->uri);
    if (soap) {
        // Provincial gateways wrap edXML 2.0 in SOAP; edXML 1.0 knew neither status blocks nor these two fields.
        bool second =
            block && (block->name == "Status" || block->descendant("PromulgationDate") || block->child("DocumentId"));
        if (!second) return failed(errc::edxml_1_0);
        odd.add(soap_envelope);
    }
    if (!block) return failed(errc::not_edxml, "no MessageHeader");
    note_repeated(*block, odd);
    if (block->name == "Status") {
        odd.add(status_element_name);
        return interpret_status(*block, out, odd);
    }
    if (block->child("StatusCode") && !block->child("To")) return interpret_status(*block, out, odd);
    return interpret_document(root, *block, today, out, odd);
}

void interpret_attachment(const element& e, attachment_info& out) {
    out.content_id = without_cid(e.text_of("ContentId"));
    out.name = e.text_of("AttachmentName");
    out.description = e.text_of("Description");
    out.content_type = e.text_of("ContentType");
}

} // namespace vanthu::edxml

#include "schemas/edxml/writer.hpp"

#include "daemon/base/xml_text.hpp"
#include "schemas/edxml/fields.hpp"
#include "schemas/edxml/utf8.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::edxml {
namespace {

// A text that may stand in XML 1.0: UTF-8 without control characters.
bool writable(std::string_view text) {
    bool control = std::any_of(text.begin(), text.end(), [](char c) {
        auto u = static_cast<unsigned char>(c);
        return u < 0x20 && c != '\t' && c != '\n' && c != '\r';
    });
    return !control && is_utf8(text) && text.find("\xEF\xBF\xBE") == text.npos &&
           text.find("\xEF\xBF\xBF") == text.npos;
}

// Writes with the literal prefixes that consumers look for; two spaces a level.
class indented {
public:
    explicit indented(unsigned level = 0) : level_(level) {}

    void open(std::string_view name, std::string_view attributes = {}) {
        line(fmt::format("<{}{}>", name, attributes));
        ++level_;
    }
    void close(std::string_view name) {
        --level_;
        line(fmt::format("</{}>", name));
    }
    void leaf(std::string_view name, std::string_view text) {
        indent();
        out += fmt::format("<{}>", name);
        out += xml_text(text);
        out += fmt::format("</{}>\n", name);
    }
    void optional(std::string_view name, std::string_view text) {
        if (!text.empty()) leaf(name, text);
    }
    void line(std::string_view markup) {
        indent();
        out += markup;
        out += '\n';
    }
    void indent() { out.append(level_ * 2, ' '); }

    std::string out;

private:
    unsigned level_;
};

constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string xmlns(std::string_view prefix) { return fmt::format(" xmlns{}=\"{}\"", prefix, namespace_uri); }

void write_organisation(indented& x, std::string_view name, const organisation& o) {
    x.open(name);
    x.leaf("edXML:OrganId", o.organ_id);
    x.optional("edXML:OrganizationInCharge", o.organization_in_charge);
    x.optional("edXML:OrganName", o.organ_name);
    x.optional("edXML:OrganAdd", o.organ_add);
    x.optional("edXML:Email", o.email);
    x.optional("edXML:Telephone", o.telephone);
    x.optional("edXML:Fax", o.fax);
    x.optional("edXML:Website", o.website);
    x.close(name);
}

void write_list(indented& x, std::string_view list, std::string_view item, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    x.open(list);
    for (const std::string& text : texts) x.leaf(item, text);
    x.close(list);
}

void write_response(indented& x, const response_for& r) {
    x.open("edXML:ResponseFor");
    x.leaf("edXML:OrganId", r.organ_id);
    x.leaf("edXML:Code", r.code);
    x.optional("edXML:PromulgationDate", r.promulgation_date.text);
    x.leaf("edXML:DocumentId", r.document_id);
    x.close("edXML:ResponseFor");
}

void write_staff(indented& x, const std::optional<staff_info>& s) {
    if (!s) return;
    x.open("edXML:StaffInfo");
    x.optional("edXML:Department", s->department);
    x.optional("edXML:Staff", s->staff);
    x.optional("edXML:Mobile", s->mobile);
    x.optional("edXML:Email", s->email);
    x.optional("edXML:DepartmentId", s->department_id);
    x.optional("edXML:StaffId", s->staff_id);
    x.close("edXML:StaffInfo");
}

void write_other(indented& x, const std::optional<other_info>& o) {
    if (!o) return;
    x.open("edXML:OtherInfo");
    x.optional("edXML:Priority", o->priority);
    x.optional("edXML:SphereOfPromulgation", o->sphere_of_promulgation);
    x.optional("edXML:TyperNotation", o->typer_notation);
    x.optional("edXML:PromulgationAmount", o->promulgation_amount);
    x.optional("edXML:PageAmount", o->page_amount);
    x.optional("edXML:Direction", o->direction);
    write_list(x, "edXML:Appendixes", "edXML:Appendix", o->appendixes);
    x.close("edXML:OtherInfo");
}

void write_code_to_due_date(indented& x, const document_header& h) {
    x.open("edXML:Code");
    x.leaf("edXML:CodeNumber", h.code.number);
    x.leaf("edXML:CodeNotation", h.code.notation);
    x.close("edXML:Code");
    x.open("edXML:PromulgationInfo");
    x.optional("edXML:Place", h.promulgation.place);
    x.leaf("edXML:PromulgationDate", h.promulgation.date.text);
    x.close("edXML:PromulgationInfo");
    x.open("edXML:DocumentType");
    x.leaf("edXML:Type", h.document_type.type);
    x.leaf("edXML:TypeName", h.document_type.type_name);
    x.optional("edXML:TypeDetail", h.document_type.type_detail);
    x.close("edXML:DocumentType");
    x.leaf("edXML:Subject", h.subject);
    x.leaf("edXML:Content", h.content); // always: some consumers fail without it
    if (h.signer) {
        x.open("edXML:SignerInfo");
        x.optional("edXML:Competence", h.signer->competence);
        x.optional("edXML:Position", h.signer->position);
        x.leaf("edXML:FullName", h.signer->full_name);
        x.close("edXML:SignerInfo");
    }
    x.optional("edXML:DueDate", h.due_date.text);
}

void write_message_header(indented& x, const document_header& h, element_order order) {
    bool sdk = order == element_order::sdk;
    x.open("edXML:MessageHeader");
    write_organisation(x, "edXML:From", h.from);
    for (const organisation& to : h.to) write_organisation(x, "edXML:To", to);
    if (sdk) x.leaf("edXML:DocumentId", h.document_id);
    write_code_to_due_date(x, h);
    if (!sdk) write_list(x, "edXML:ToPlaces", "edXML:Place", h.to_places);
    write_other(x, h.other_info);
    for (const response_for& r : h.response_for) write_response(x, r);
    x.optional("edXML:SteeringType", h.steering_type);
    if (!sdk) x.leaf("edXML:DocumentId", h.document_id);
    write_list(x, "edXML:ResponseForTask", "edXML:TaskCode", h.response_for_tasks);
    x.optional("edXML:ApplicationType", h.application_type);
    if (sdk) write_list(x, "edXML:ToPlaces", "edXML:Place", h.to_places);
    x.close("edXML:MessageHeader");
}

void write_document_info(indented& x, const bussiness_document_info& info) {
    x.open("edXML:BussinessDocumentInfo");
    x.optional("edXML:DocumentInfo", info.document_info);
    x.optional("edXML:DocumentReceiver", info.document_receiver);
    if (!info.receivers.empty()) {
        x.open("edXML:ReceiverList");
        for (const receiver_change& r : info.receivers) {
            x.open("edXML:Receiver");
            x.leaf("edXML:OrganId", r.organ_id);
            x.leaf("edXML:ReceiverType", r.receiver_type);
            x.close("edXML:Receiver");
        }
        x.close("edXML:ReceiverList");
    }
    x.close("edXML:BussinessDocumentInfo");
}

void write_bussiness(indented& x, const bussiness& b) {
    x.open("edXML:Bussiness");
    x.optional("edXML:DocumentId", b.document_id);
    x.leaf("edXML:BussinessDocType", b.doc_type);
    x.optional("edXML:BussinessDocReason", b.doc_reason);
    x.optional("edXML:Paper", b.paper);
    if (b.document_info) write_document_info(x, *b.document_info);
    if (!b.replacements.empty()) {
        x.open("edXML:ReplacementInfoList");
        for (const replacement_info& r : b.replacements) {
            x.open("edXML:ReplacementInfo");
            x.leaf("edXML:DocumentId", r.document_id);
            write_list(x, "edXML:OrganIdList", "edXML:OrganId", r.organ_ids);
            x.close("edXML:ReplacementInfo");
        }
        x.close("edXML:ReplacementInfoList");
    }
    write_staff(x, b.staff);
    x.close("edXML:Bussiness");
}

void write_trace(indented& x, const document_header& h, const std::optional<trace_header>& appended) {
    x.open("edXML:TraceHeaderList");
    auto one = [&](const trace_header& t) {
        x.open("edXML:TraceHeader");
        x.leaf("edXML:OrganId", t.organ_id);
        x.leaf("edXML:Timestamp", t.timestamp.text);
        x.close("edXML:TraceHeader");
    };
    for (const trace_header& t : h.trace) one(t);
    if (appended) one(*appended);
    if (h.bussiness) write_bussiness(x, *h.bussiness);
    x.close("edXML:TraceHeaderList");
}

std::string with_cid(std::string_view id) { return id.empty() ? std::string{} : fmt::format("cid:{}", id); }

// One attachment, of ours or of a received packet, and where its base64 text comes from.
struct outgoing_attachment {
    std::string_view content_id, name, description, content_type;
    piece content;
};

void write_reference(indented& x, const manifest_reference& r) {
    x.open("edXML:Reference");
    x.leaf("edXML:ContentId", with_cid(r.content_id));
    x.leaf("edXML:ContentType", r.content_type);
    x.leaf("edXML:Description", r.description);
    x.leaf("edXML:AttachmentName", r.attachment_name);
    x.close("edXML:Reference");
}

std::vector<piece> compose(const document_header& h, const std::optional<trace_header>& appended,
                           const std::vector<manifest_reference>& manifest,
                           const std::vector<outgoing_attachment>& attachments, element_order order) {
    std::vector<piece> pieces;
    indented x;
    x.out = declaration;
    x.open("edXML", xmlns(""));
    x.open("edXML:edXMLEnvelope", xmlns(":edXML"));
    x.open("edXML:edXMLHeader");
    write_message_header(x, h, order);
    write_trace(x, h, appended);
    x.close("edXML:edXMLHeader");
    x.open("edXML:edXMLBody");
    x.open("edXML:edXMLManifest", " version=\"1.0\"");
    for (const manifest_reference& r : manifest) write_reference(x, r);
    x.close("edXML:edXMLManifest");
    x.close("edXML:edXMLBody");
    x.close("edXML:edXMLEnvelope");
    x.open("AttachmentEncoded");
    for (const outgoing_attachment& a : attachments) {
        x.open("Attachment");
        x.leaf("ContentId", with_cid(a.content_id));
        x.leaf("AttachmentName", a.name);
        x.leaf("Description", a.description);
        x.leaf("ContentType", a.content_type);
        x.indent();
        x.out += fmt::format("<edXML:ContentTransferEncoded{}>", xmlns(":edXML"));
        pieces.emplace_back(std::exchange(x.out, {}));
        pieces.push_back(a.content);
        x.out = "</edXML:ContentTransferEncoded>\n";
        x.close("Attachment");
    }
    x.close("AttachmentEncoded");
    x.close("edXML");
    pieces.emplace_back(std::move(x.out));
    return pieces;
}

result<> check_field(const field& f) {
    if (f.value.empty()) return f.required ? failed(errc::field_missing, f.path) : result<>{};
    if (!writable(f.value)) return failed(errc::field_invalid, f.path + ": not a text that XML can carry");
    constexpr std::string_view spaces = " \t\r\n";
    if (spaces.contains(f.value.front()) || spaces.contains(f.value.back()))
        return failed(errc::field_invalid, f.path + ": white space around the text");
    if (f.form == field_form::text && characters_of(f.value) > f.longest)
        return failed(errc::field_too_long,
                      fmt::format("{}: {} characters, {} allowed", f.path, characters_of(f.value), f.longest));
    if (f.form == field_form::date) {
        packet_date d = packet_date::parse(f.value);
        if (!d.value || packet_date::of(*d.value).text != f.value)
            return failed(errc::field_invalid, f.path + ": not yyyy/MM/dd");
    }
    if (f.form == field_form::time) {
        packet_time t = packet_time::parse(f.value);
        if (!t.value || packet_time::of(*t.value).text != f.value)
            return failed(errc::field_invalid, f.path + ": not yyyy/MM/dd HH:mm:ss");
    }
    if (f.form == field_form::number) {
        auto n = number_of(f.value);
        if (!n || *n < f.low || *n > f.high)
            return failed(errc::field_invalid, fmt::format("{}: not a number from {} to {}", f.path, f.low, f.high));
    }
    return {};
}

} // namespace

result<> check_document(const document_header& h) {
    for (const field& f : fields_of(h)) VANTHU_CHECK(check_field(f));
    if (h.to.empty()) return failed(errc::recipient_missing, "to");
    if (h.trace.empty()) return failed(errc::field_missing, "trace");
    if (h.other_info && !h.other_info->secret.empty())
        return failed(errc::field_invalid, "other_info.secret: never written");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < h.to.size(); ++i)
        if (!seen.insert(h.to[i].organ_id).second)
            return failed(errc::duplicate_recipient, fmt::format("to[{}].organ_id: {}", i, h.to[i].organ_id));
    return {};
}

result<> check_status(const status_packet& s) {
    for (const field& f : fields_of(s)) VANTHU_CHECK(check_field(f));
    return {};
}

result<std::vector<piece>> compose_new(const document_header& h, std::span<const new_attachment> attachments,
                                       element_order order) {
    VANTHU_CHECK(check_document(h));
    std::vector<manifest_reference> manifest;
    std::vector<outgoing_attachment> out;
    std::set<std::string_view> ids;
    for (std::size_t i = 0; i < attachments.size(); ++i) {
        const new_attachment& a = attachments[i];
        std::string path = fmt::format("attachments[{}]", i);
        for (const field& f :
             {field{path + ".content_id", a.content_id, 255, true}, field{path + ".name", a.name, 500, true},
              field{path + ".description", a.description, 500},
              field{path + ".content_type", a.content_type, 255, true}})
            VANTHU_CHECK(check_field(f));
        if (a.name.find_first_of("/\\\r\n\t") != a.name.npos)
            return failed(errc::field_invalid, path + ".name: not a plain file name");
        if (!ids.insert(a.content_id).second) return failed(errc::field_invalid, path + ".content_id: used twice");
        manifest.push_back({a.content_id, a.content_type, a.description, a.name});
        out.push_back({a.content_id, a.name, a.description, a.content_type, attachment_content{i}});
    }
    return compose(h, std::nullopt, manifest, out, order);
}

result<std::vector<piece>> compose_outgoing(const document_packet& received,
                                            const std::optional<trace_header>& appended, element_order order) {
    const document_header& h = received.header;
    if (h.to.empty()) return failed(errc::recipient_missing, "to");
    for (const field& f : fields_of(h)) // a caller may have edited the header
        if (!writable(f.value)) return failed(errc::field_invalid, f.path + ": not a text that XML can carry");
    if (appended && (!writable(appended->organ_id) || !writable(appended->timestamp.text)))
        return failed(errc::field_invalid, "appended trace header");
    std::vector<outgoing_attachment> out;
    for (const attachment_info& a : received.attachments)
        out.push_back({a.content_id, a.name, a.description, a.content_type, a.transfer});
    return compose(h, appended, received.manifest, out, order);
}

result<std::string> compose_document(const document_header& h, element_order order) {
    VANTHU_TRY(std::vector<piece> pieces, compose_new(h, {}, order));
    return std::get<std::string>(std::move(pieces.front()));
}

result<std::string> compose_status(const status_packet& s, echo repeated) {
    for (const field& f : fields_of(s))
        if (repeated == echo::checked || !f.path.starts_with("response_for.")) VANTHU_CHECK(check_field(f));
    indented x;
    x.out = declaration;
    x.open("edXML", xmlns(""));
    x.open("edXML:edXMLEnvelope", xmlns(":edXML"));
    x.open("edXML:edXMLHeader");
    x.open("edXML:MessageHeader");
    write_organisation(x, "edXML:From", s.from);
    write_response(x, s.response_for);
    write_staff(x, s.staff);
    x.leaf("edXML:StatusCode", s.status_code);
    x.optional("edXML:Description", s.description);
    x.leaf("edXML:Timestamp", s.timestamp.text);
    x.close("edXML:MessageHeader");
    x.close("edXML:edXMLHeader");
    x.close("edXML:edXMLEnvelope");
    x.close("edXML");
    return std::move(x.out);
}

std::uint64_t total_size(std::span<const piece> pieces, std::span<const std::uint64_t> content_sizes) {
    std::uint64_t total = 0;
    for (const piece& p : pieces) {
        if (const auto* text = std::get_if<std::string>(&p))
            total += text->size();
        else if (const auto* range = std::get_if<raw_range>(&p))
            total += range->length;
        else
            total += (content_sizes[std::get<attachment_content>(p).index] + 2) / 3 * 4;
    }
    return total;
}

} // namespace vanthu::edxml

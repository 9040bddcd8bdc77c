// Contracts 4, the origin: the first vanthu signs what it takes in; every later one checks what travels beside it.
#include "daemon/intake/acceptance.hpp"

#include "daemon/base/log.hpp"

namespace vanthu::intake {

namespace {

// Contracts 4: of a recall its canonical fields, as nothing of it is content.
bool is_recall(const edxml::packet& p) {
    return p.document() && edxml::bussiness_type_of(p.document()->header) == edxml::bussiness_type::recall;
}
receipt::origin_kind origin_kind_of(const edxml::packet& p) {
    return p.status()     ? receipt::origin_kind::status
           : is_recall(p) ? receipt::origin_kind::recall
                          : receipt::origin_kind::document;
}
std::map<std::string, std::string> origin_fields_of(const edxml::packet& p) {
    if (p.status()) return status_fields(*p.status());
    if (!is_recall(p)) return {};
    const edxml::document_header& h = p.document()->header;
    std::string to;
    for (const edxml::organisation& each : h.to) to += (to.empty() ? "" : " ") + each.organ_id;
    return {{"from", h.from.organ_id},
            {"to", to},
            {"document_id", edxml::target_document_id(h)},
            {"code", h.code.number + "/" + h.code.notation},
            {"date", date_text(h.promulgation.date)},
            {"reason", h.bussiness ? h.bussiness->doc_reason : ""},
            {"time", h.trace.empty() ? "" : h.trace.front().timestamp.text}};
}

} // namespace

result<> acceptance::check_origin() {
    if (offer_.source != offer::from::peer) return sign_origin(arrival_, *packet_);
    receipt::origin_subject subject;
    subject.kind = origin_kind_of(*packet_);
    subject.packet_sha256 = packet_->packet_sha256;
    subject.content_sha256 = packet_->content_sha256;
    subject.fields = origin_fields_of(*packet_);
    arrival_.origin = offer_.origin;
    const std::string& from =
        packet_->document() ? packet_->document()->header.from.organ_id : packet_->status()->from.organ_id;
    subject.organisation = expected_signer(from);
    subject.packet_unchanged = false; // every hop appends its TraceHeader
    receipt::origin_verdict v = receipt::verify_origin(offer_.origin, subject, gate_.options_.anchors, at_);
    arrival_.origin_verdict = receipt::to_string(v.state);
    if (v.state == receipt::origin_state::invalid) {
        arrival_.flags.push_back("origin_invalid");
        log::warning("origin_invalid",
                     {{"from", from}, {"peer", offer_.node}, {"reason", v.reason}, {"detail", v.detail}});
    }
    return {};
}

result<> acceptance::sign_origin(arrival& a, const edxml::packet& p) const {
    a.origin_verdict = "absent";
    if (!gate_.options_.service_key) return {};
    receipt::origin_statement statement;
    statement.kind = origin_kind_of(p);
    statement.packet_sha256 = p.packet_sha256;
    statement.content_sha256 = p.content_sha256;
    statement.fields = origin_fields_of(p);
    statement.organisation = gate_.options_.organisation;
    statement.time = at_;
    VANTHU_TRY(a.origin, receipt::sign_origin(statement, *gate_.options_.service_key, gate_.options_.service_chain));
    a.origin_verdict = "proven";
    return {};
}

// The signer is the vanthu that serves the sender, so its organisation is the server's, under whichever of its codes.
std::string acceptance::expected_signer(const std::string& from) const {
    const registry::resolution sender = registry_->resolve(from, at_);
    if (!sender.known()) return from;
    const auto claimed = receipt::decode_origin(offer_.origin);
    const registry::resolution signer =
        claimed ? registry_->resolve(claimed->organisation, at_) : registry::resolution();
    for (const registry::node* n : registry_->servers_lately(*sender.found, at_))
        if (signer.known() && signer.found->id == n->organisation) return claimed->organisation;
    const registry::node* server = registry_->server(*sender.found, at_);
    const registry::organisation* by = server ? registry_->find_organisation(server->organisation) : nullptr;
    const registry::dated_code* code = by ? by->preferred_code(at_) : nullptr;
    return code ? code->code : from;
}

} // namespace vanthu::intake

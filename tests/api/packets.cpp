#include "tests/api/packets.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/json.hpp"
#include "schemas/edxml/writer.hpp"

#include <thread>

namespace vanthu::test {

namespace json = boost::json;

std::string letter::metadata() const {
    json::array recipients;
    for (const std::string& code : to) recipients.push_back(json::object{{"organ_id", code}});
    json::object promulgation{{"place", "Quảng Ngãi"}};
    if (!date.empty()) promulgation["date"] = date;
    json::object o{{"from", json::object{{"organ_id", from}}},
                   {"to", std::move(recipients)},
                   {"code", json::object{{"number", number_text.empty() ? std::to_string(number) : number_text},
                                         {"notation", "SNV-VP"}}},
                   {"promulgation", std::move(promulgation)},
                   {"document_type", json::object{{"type", "2"}, {"type_name", "Công văn"}}},
                   {"subject", subject}};
    if (!document_id.empty()) o["document_id"] = document_id;
    return json::serialize(o);
}

std::string letter::packet(const std::string& file, const std::string& name) const {
    auto header = edxml::header_from_json(json::parse(metadata()).get_object());
    BOOST_REQUIRE(header.has_value());
    header->from.organ_name = "Sở Nội vụ";
    for (auto& each : header->to) each.organ_name = "Nơi nhận";
    std::string day = date.empty() ? to_edxml_date(system_clock().now()) : date;
    header->promulgation.date = edxml::packet_date::parse(day);
    if (header->document_id.empty()) header->document_id = from + "," + day + "," + std::to_string(number) + "/SNV-VP";
    header->content = subject;
    if (bussiness_type) {
        header->bussiness = edxml::bussiness{.doc_type = std::to_string(bussiness_type), .doc_reason = "sai nội dung"};
        header->bussiness->document_id = bussiness_type == 3 ? "" : header->document_id;
        if (bussiness_type == 3) header->bussiness->replacements.push_back({header->document_id, to});
    }
    header->steering_type = "1";
    header->trace.push_back({from, edxml::packet_time::parse("2025/07/15 08:00:00")});
    std::vector<edxml::new_attachment> attachments{{name, "", "text/plain", "one"}};
    auto pieces = edxml::compose_new(*header, attachments);
    BOOST_REQUIRE_MESSAGE(pieces.has_value(), (pieces ? "" : pieces.error().code.message() + pieces.error().detail));
    std::string out;
    for (const edxml::piece& p : *pieces)
        if (auto* text = std::get_if<std::string>(&p))
            out += *text;
        else
            out += base64_encode(as_bytes(file));
    return out;
}

reply submit(daemon_parts& at, const std::string& key, const letter& what, const std::string& file, net::headers more,
             const std::string& query) {
    form f;
    f.part("metadata", what.metadata()).part("file", file, "van-ban.txt");
    net::headers fields = f.fields();
    for (const auto& each : more) fields.set(each.name, each.value);
    return at.call(key, "POST", "/v1/documents" + query, f.finish(), fields);
}

reply submit_packet(daemon_parts& at, const std::string& key, std::string packet, net::headers more,
                    const std::string& query) {
    net::headers fields{{"Content-Type", "application/xml"}};
    for (const auto& each : more) fields.set(each.name, each.value);
    return at.call(key, "POST", "/v1/documents" + query, std::move(packet), fields);
}

std::string answer_packet::to(const letter& about) const {
    edxml::status_packet s;
    s.from = {.organ_id = from, .organ_name = "Nơi nhận"};
    s.response_for = {about.from, std::to_string(about.number) + "/SNV-VP", edxml::packet_date::parse(about.date),
                      about.document_id};
    s.status_code = code;
    s.description = description;
    s.timestamp = edxml::packet_time::parse(time);
    return edxml::compose_status(s, edxml::echo::as_received).value();
}

reply report(daemon_parts& at, const std::string& key, const std::string& entry, const std::string& body) {
    return at.call(key, "POST", "/v1/inbox/" + entry + "/status", body, {{"Content-Type", "application/json"}});
}

reply acknowledge(daemon_parts& at, const std::string& key, const std::string& entry) {
    return at.call(key, "POST", "/v1/inbox/" + entry + "/ack");
}

std::string text_of(const json::object& o, std::initializer_list<const char*> path) {
    const json::value* v = nullptr;
    for (const char* name : path) {
        const json::object* in = v ? v->if_object() : &o;
        v = in ? in->if_contains(name) : nullptr;
        if (!v) return {};
    }
    return v->is_string() ? std::string(v->get_string()) : json::serialize(*v);
}

json::array inbox_of(daemon_parts& at, const std::string& key, std::uint64_t after) {
    reply r = at.call(key, "GET", "/v1/inbox?after=" + std::to_string(after));
    BOOST_REQUIRE_MESSAGE(r.status == 200, r.body);
    return r.json().at("entries").as_array();
}

std::string first_entry(daemon_parts& at, const std::string& key) {
    return text_of(inbox_of(at, key).at(0).as_object(), {"id"});
}

std::vector<std::string> status_codes(daemon_parts& at, const std::string& key) {
    std::vector<std::string> out;
    for (const json::value& e : inbox_of(at, key))
        out.push_back(text_of(e.as_object(), {"document", "status", "code"}));
    return out;
}

json::object first_recipient(daemon_parts& at, const std::string& key, const std::string& document) {
    json::object ladder = at.call(key, "GET", "/v1/documents/" + document).json();
    return ladder.at("recipients").at(0).as_object();
}

std::string rungs_text(const json::object& recipient) {
    std::string out;
    for (const json::value& each : recipient.at("rungs").as_array()) {
        const json::object& rung = each.as_object();
        out += text_of(rung, {"code"}) + "=" + text_of(rung, {"state"}) + " ";
        BOOST_TEST(rung.at("at").is_null() == (text_of(rung, {"state"}) != "reached"));
        BOOST_TEST(!text_of(rung, {"name_vi"}).empty());
    }
    return out;
}

bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 400; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return holds();
}

office::office(std::function<void(node_spec&)> change) : node(ca, spec(change)) {}

node_spec office::spec(const std::function<void(node_spec&)>& change) {
    node_spec s;
    s.registry = two_node_registry();
    s.credentials = credentials_for({{"so", {"H48.01"}}, {"xa", {"H48.99.01"}}, {"tinh", {"H48", "H48.01"}}});
    if (change) change(s);
    return s;
}

} // namespace vanthu::test

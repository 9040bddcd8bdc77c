// vanthu recall, vanthu update: ask for a document back, or change its recipients, and say where that stands for each.
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace vanthu::cli {

namespace json = boost::json;

namespace {

int ask(const exchange_options& o, connection& server, const json::object& body, const char* verb,
        std::string_view recorded) {
    net::client_request r;
    r.method = "POST";
    r.target = "/v1/documents/" + net::percent_encode(o.id) + "/" + verb;
    r.fields.set("Content-Type", "application/json");
    r.body = json::serialize(body);
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return answer.error();
    if (o.say.as_json) {
        print(*answer);
        return done;
    }
    fmt::print("{}: {}\n", recorded, for_terminal(text_in(*answer, "recall_id")));
    // Where it stands now, if the key may see it; the recall itself is on disk whatever this says.
    net::client_request look;
    look.target = "/v1/documents/" + net::percent_encode(o.id);
    auto seen = server.send(std::move(look));
    if (!seen || seen->status != 200) return done;
    boost::system::error_code ec;
    const json::value ladder = json::parse(seen->body, ec);
    const json::object* top = ec ? nullptr : ladder.if_object();
    const json::array* all = top ? array_in(*top, "recipients") : nullptr;
    for (const json::value& v : all ? *all : json::array()) {
        const json::object* each = v.if_object();
        const json::object* stand = each ? object_in(*each, "recall") : nullptr;
        if (each && !stand) stand = object_in(*each, "update");
        if (!stand) continue;
        fmt::print("  {} ({}): {}\n", for_terminal(text_in(*each, "name")), for_terminal(text_in(*each, "code")),
                   for_terminal(text_in(*stand, o.say.vietnamese() ? "text_vi" : "text_en")));
    }
    return done;
}

} // namespace

int recall(const exchange_options& o, connection& server) {
    json::object body{{"reason", o.description}};
    if (!o.to_codes.empty()) body["to"] = json::array(o.to_codes.begin(), o.to_codes.end());
    return ask(o, server, body, "recall", o.say("Đã ghi yêu cầu thu hồi", "Recall recorded"));
}

int update(const exchange_options& o, connection& server) {
    if (!o.files.empty()) return send(o, server);
    json::object body{{"reason", o.description}};
    body["add"] = json::array(o.add_codes.begin(), o.add_codes.end());
    body["remove"] = json::array(o.remove_codes.begin(), o.remove_codes.end());
    return ask(o, server, body, "update", o.say("Đã ghi yêu cầu cập nhật", "Update recorded"));
}

} // namespace vanthu::cli

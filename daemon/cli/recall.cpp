// vanthu recall: asks for a document back, and says where that stands for each recipient.
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace vanthu::cli {

namespace json = boost::json;

int recall(const exchange_options& o, connection& server) {
    json::object body{{"reason", o.description}};
    if (!o.to_codes.empty()) body["to"] = json::array(o.to_codes.begin(), o.to_codes.end());
    net::client_request r;
    r.method = "POST";
    r.target = "/v1/documents/" + net::percent_encode(o.id) + "/recall";
    r.fields.set("Content-Type", "application/json");
    r.body = json::serialize(body);
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return answer.error();
    if (o.say.as_json) {
        print(*answer);
        return done;
    }
    fmt::print("{}: {}\n", o.say("Đã ghi yêu cầu thu hồi", "Recall recorded"),
               for_terminal(text_in(*answer, "recall_id")));
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
        if (!stand) continue;
        fmt::print("  {} ({}): {}\n", for_terminal(text_in(*each, "name")), for_terminal(text_in(*each, "code")),
                   for_terminal(text_in(*stand, o.say.vietnamese() ? "text_vi" : "text_en")));
    }
    return done;
}

} // namespace vanthu::cli

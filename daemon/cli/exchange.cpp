#include "daemon/cli/exchange.hpp"

#include "daemon/cli/packet_files.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <memory>

namespace vanthu::cli {

namespace json = boost::json;

std::string text_in(const json::object& o, const char* name) {
    const json::value* v = o.if_contains(name);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
}
const json::object* object_in(const json::object& o, const char* name) {
    const json::value* v = o.if_contains(name);
    return v ? v->if_object() : nullptr;
}
const json::array* array_in(const json::object& o, const char* name) {
    const json::value* v = o.if_contains(name);
    return v ? v->if_array() : nullptr;
}
std::string reference_of(const json::object& d) {
    std::string number = text_in(d, "number"), notation = text_in(d, "notation");
    if (number.empty()) return for_terminal(text_in(d, "document_id"));
    return for_terminal(notation.empty() ? number : number + "/" + notation);
}

std::string shown_time(timestamp at, const voice& say) {
    const std::string t = to_edxml_time(at); // 2025/07/15 16:20:05
    const std::string_view year = std::string_view(t).substr(0, 4), month = std::string_view(t).substr(5, 2),
                           day = std::string_view(t).substr(8, 2), clock = std::string_view(t).substr(11);
    return say.vietnamese() ? fmt::format("{}/{}/{} {}", day, month, year, clock)
                            : fmt::format("{}-{}-{} {}", year, month, day, clock);
}

namespace {

int acknowledge(const exchange_options& o, connection& server) {
    net::client_request r;
    r.method = "POST";
    r.target = "/v1/inbox/" + net::percent_encode(o.id) + "/ack";
    r.idempotent = true; // one 01, however often it is asked for
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return answer.error();
    if (o.say.as_json)
        print(*answer);
    else
        fmt::print("{}: {}\n", o.say("Đã xác nhận tiếp nhận (01)", "Taken over (01)"),
                   for_terminal(text_in(*answer, "id")));
    return done;
}

int set_status(const exchange_options& o, connection& server) {
    json::object body{{"code", o.code}};
    if (!o.description.empty()) body["description"] = o.description;
    net::client_request r;
    r.method = "POST";
    r.target = "/v1/inbox/" + net::percent_encode(o.id) + "/status";
    r.fields.set("Content-Type", "application/json");
    r.body = json::serialize(body);
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return answer.error();
    if (o.say.as_json)
        print(*answer);
    else
        fmt::print("{}: {}\n", o.say("Đã ghi trạng thái", "Status recorded"), for_terminal(text_in(*answer, "code")));
    return done;
}

int organisations(const exchange_options& o, connection& server) {
    net::client_request r;
    r.target = fmt::format("/v1/organisations?since={}", o.since);
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return answer.error();
    if (o.say.as_json) {
        print(*answer);
        return done;
    }
    const json::array* list = array_in(*answer, "organisations");
    for (const json::value& v : list ? *list : json::array()) {
        const json::object* each = v.if_object();
        if (!each) continue;
        std::string codes;
        if (const json::array* all = array_in(*each, "codes"))
            for (const json::value& code : *all)
                if (const json::object* c = code.if_object(); c && c->if_contains("valid") && c->at("valid") == true)
                    codes += (codes.empty() ? "" : ", ") + text_in(*c, "code");
        const bool closed = each->if_contains("closed") && each->at("closed") == true;
        fmt::print("{:<28} {}{}\n", for_terminal(codes.empty() ? "-" : codes), for_terminal(text_in(*each, "name")),
                   closed ? o.say(" (đã chấm dứt)", " (closed)") : "");
    }
    if (const json::value* version = answer->if_contains("version"))
        fmt::print("{} {}\n", o.say("Phiên bản danh bạ:", "Registry version:"), json::serialize(*version));
    return done;
}

} // namespace

void add_exchange_commands(CLI::App& app, int& exit_code) {
    // Each command has options of its own: CLI11 also fills in the variables (VANTHU_SERVER) of the commands that are
    // not run, and would write them over what the command line gave to the one that is.
    std::shared_ptr<exchange_options> o;
    auto command = [&](const char* name, const char* help, int (*run)(const exchange_options&, connection&)) {
        CLI::App* c = app.add_subcommand(name, help);
        o = std::make_shared<exchange_options>();
        add_connection_options(*c, o->to);
        add_voice_options(*c, o->say);
        c->callback([o = o, run, &exit_code] {
            auto server = connection::open(o->to);
            if (server)
                exit_code = run(*o, **server);
            else if (exit_code = tell(server.error(), o->say);
                     server.error().code == errc::server_missing || server.error().code == errc::key_missing)
                exit_code = usage;
        });
        return c;
    };
    CLI::App* c = command("send", "Gửi văn bản / send a document", send);
    c->add_option("FILE", o->files, "SIÊU_DỮ_LIỆU.json TỆP... hoặc GÓI.edxml / META.json FILE... or PACKET.edxml")
        ->required();
    c->add_option("--idempotency-key", o->idempotency_key,
                  "Khóa chống gửi trùng, mặc định từ nội dung / against sending twice; default: from the content");
    c->add_flag("--dry-run", o->dry_run, "Chỉ kiểm tra, không gửi / check only, store nothing");
    c->add_option("--retries", o->retries, "Số lần thử lại / tries after the first")
        ->check(CLI::Range(0u, 20u))
        ->capture_default_str();
    c->add_option("--receipt", o->receipt_file, "Ghi biên nhận / write the receipt's exact bytes");
    c->add_option("--trust", o->trust, "Kiểm chứng biên nhận bằng các CA này / verify the receipt by these CAs");

    c = command("inbox", "Hộp đến / the inbox", inbox);
    c->add_option("--organisation", o->organisation, "Mã cơ quan / organisation code");
    // Read as a number without a sign, -1 would be a very large one; more digits are no sequence either.
    const CLI::Validator counted(
        [](std::string& text) {
            const bool digits = text.find_first_not_of("0123456789") == text.npos;
            return text.starts_with('-') || (digits && text.size() > 18) ? "Value " + text + " out of range"
                                                                         : std::string();
        },
        "");
    c->add_option("--after", o->after, "Sau số thứ tự này / entries after this sequence")->check(counted);
    c->add_option("--instance", o->instance,
                  "Mã kho mà số đó thuộc về, để biết kho đã được khôi phục / the store that number is from");
    c->add_option("--wait", o->wait, "Chờ tối đa số giây / wait up to so many seconds")->check(CLI::Range(0u, 60u));
    CLI::Option* limit = c->add_option("--limit", o->limit, "Nhiều nhất bấy nhiêu mục / at most so many entries")
                             ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
                             ->capture_default_str();
    c->add_flag("--follow", o->follow, "Tiếp tục chờ văn bản mới / keep waiting for new ones")->excludes(limit);

    c = command("get", "Tải một mục của hộp đến / fetch an inbox entry", get);
    c->add_option("INBOX_ID", o->id)->required();
    CLI::Option* packet = c->add_option("--packet", o->packet_out, "Ghi nguyên gói tin / write the packet as received");
    c->add_option("--attachments", o->directory, "Thư mục ghi tệp đính kèm / directory for the attachments")
        ->excludes(packet);

    c = command("ack", "Xác nhận đã tiếp nhận vào eOffice (01) / taken over by the eOffice (01)", acknowledge);
    c->add_option("INBOX_ID", o->id)->required();
    c = command("status", "Báo trạng thái xử lý / report a status", set_status);
    c->add_option("INBOX_ID", o->id)->required();
    c->add_option("CODE", o->code, "01, 02, 03, 04, 05, 06, 15, 16")->required();
    c->add_option("--description", o->description, "Lý do, nội dung / reason, text");
    c = command("track", "Hành trình văn bản / how far a document is", track);
    c->add_option("DOCUMENT_ID", o->id)->required();
    c->add_flag("--watch", o->watch, "Cập nhật đến khi xong / refresh until it is finished");
    c = command("recall", "Thu hồi văn bản đã gửi / ask for a document back", recall);
    c->add_option("DOCUMENT_ID", o->id)->required();
    c->add_option("--to", o->to_codes,
                  "Chỉ các nơi nhận này, mặc định mọi nơi / these recipients only; default: all that still can be");
    c->add_option("--reason", o->description, "Lý do thu hồi / the reason")->required();
    c = command("replace", "Thay thế văn bản đã gửi / put a new document in the place of one that was sent", send);
    c->add_option("DOCUMENT_ID", o->id)->required();
    c->add_option("FILE", o->files, "SIÊU_DỮ_LIỆU.json TỆP... / META.json FILE...")->required();
    c->add_option("--reason", o->description, "Lý do thay thế / the reason")->required();
    c->add_option("--idempotency-key", o->idempotency_key,
                  "Khóa chống gửi trùng, mặc định từ nội dung / against sending twice; default: from the content");
    c->add_flag("--dry-run", o->dry_run, "Chỉ kiểm tra, không gửi / check only, store nothing");
    o->verb = "replace";
    c = command("update", "Cập nhật văn bản đã gửi / update a document that was sent", update);
    c->add_option("DOCUMENT_ID", o->id)->required();
    CLI::Option* content =
        c->add_option("FILE", o->files, "Nội dung mới: SIÊU_DỮ_LIỆU.json TỆP... / new content: META.json FILE...");
    c->add_option("--add", o->add_codes, "Thêm nơi nhận / recipients to add")->excludes(content);
    c->add_option("--remove", o->remove_codes, "Bớt nơi nhận / recipients to remove")->excludes(content);
    c->add_option("--reason", o->description, "Lý do cập nhật / the reason")->required();
    c->add_option("--idempotency-key", o->idempotency_key,
                  "Khóa chống gửi trùng, mặc định từ nội dung / against sending twice; default: from the content")
        ->needs(content);
    o->verb = "update";
    c = command("organisations", "Danh bạ cơ quan / the organisations", organisations);
    c->add_option("--since", o->since, "Thay đổi từ phiên bản / changes since this version")->check(counted);
}

} // namespace vanthu::cli

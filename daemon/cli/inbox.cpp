// `vanthu inbox` and `vanthu get`.
#include "daemon/base/files.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"

#include <boost/json.hpp>
#include <cstdio>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

namespace json = boost::json;

void print_entry(const json::object& e, const voice& say) {
    const json::object empty;
    const json::object* found = object_in(e, "document");
    const json::object& d = found ? *found : empty;
    auto at = from_rfc3339(text_in(e, "created_at"));
    const json::value* sequence = e.if_contains("sequence");
    if (const json::object* broken = object_in(e, "error")) {
        fmt::print("{:>6}  {}\n        ! {}: {} {}\n", sequence ? json::serialize(*sequence) : "?",
                   for_terminal(text_in(e, "id")), for_terminal(text_in(*broken, "code")),
                   for_terminal(text_in(*broken, say.vietnamese() ? "message_vi" : "message_en")),
                   for_terminal(text_in(*broken, say.vietnamese() ? "action_vi" : "action_en")));
        return;
    }
    const json::object *from = object_in(d, "from"), *status = object_in(d, "status");
    fmt::print("{:>6}  {}  {}  {}\n", sequence ? json::serialize(*sequence) : "?", at ? to_edxml_time(*at) : "",
               text_in(e, "id"), from ? for_terminal(text_in(*from, "name")) : "");
    if (status)
        fmt::print("        {} {} {}\n", text_in(*status, "code"),
                   for_terminal(text_in(*status, say.vietnamese() ? "name_vi" : "name_en")),
                   for_terminal(text_in(*status, "description")));
    else
        fmt::print("        {}  {}\n", reference_of(d), for_terminal(text_in(d, "subject")));
    std::string last = text_in(e, "last_status");
    if (e.if_contains("cancelled_at"))
        fmt::print("        {}\n", say("đã thu hồi", "recalled"));
    else if (!last.empty())
        fmt::print("        {} {}\n", say("trạng thái đã báo:", "status reported:"), for_terminal(last));
}

// The body of a GET as a new file, hashed on the way; nothing keeps its name unless the hash is right.
result<new_file> fetch(connection& server, const std::string& target, const std::filesystem::path& directory,
                       const std::string& expected_sha256) {
    VANTHU_TRY(new_file file, new_file::beside(directory));
    sha256 hash;
    int answered = 0;
    std::string refusal;
    net::client_request r;
    r.target = target;
    r.deadline = in(std::chrono::hours(1));
    VANTHU_CHECK(server.send_streaming(std::move(r), [&](int status, bytes_view piece) -> task<> {
        answered = status;
        if (status == 200) {
            hash.update(piece);
            co_return file.write(piece);
        }
        if (refusal.size() < 4096) refusal += as_text(piece);
        co_return result<>();
    }));
    // An empty body brings no piece: its hash decides.
    if (answered != 200 && answered != 0)
        return failed(errc::answer_unreadable, fmt::format("HTTP {} {}", answered, refusal));
    if (hash.finish().hex() != expected_sha256) return failed(errc::hash_mismatch, target);
    return file;
}

result<> fetch_packet(const exchange_options& o, connection& server, const json::object& document) {
    std::filesystem::path target(o.packet_out);
    VANTHU_CHECK(can_be_output(target, existing_file::kept));
    VANTHU_TRY(new_file file, fetch(server, "/v1/inbox/" + net::percent_encode(o.id) + "/packet", target.parent_path(),
                                    text_in(document, "packet_sha256")));
    return file.take_name(target, existing_file::kept);
}

result<std::vector<std::string>> fetch_attachments(const exchange_options& o, connection& server,
                                                   const json::object& document) {
    std::vector<std::string> names;
    std::error_code ec;
    std::filesystem::create_directories(o.directory, ec);
    if (ec) return failed(files::errc::write_failed, o.directory + ": " + ec.message());
    const json::array* list = array_in(document, "attachments");
    for (std::size_t i = 0; list && i < list->size(); ++i) {
        const json::object* a = (*list)[i].if_object();
        if (!a) return failed(errc::answer_unreadable, "attachments");
        const json::object* inside = object_in(*a, "unwrapped");
        std::string claimed =
            inside && !text_in(*inside, "name").empty() ? text_in(*inside, "name") : text_in(*a, "name");
        std::string name = safe_file_name(claimed);
        if (name.empty()) name = fmt::format("attachment-{}", i + 1);
        VANTHU_TRY(new_file file,
                   fetch(server, fmt::format("/v1/inbox/{}/attachments/{}", net::percent_encode(o.id), i), o.directory,
                         text_in(*a, "content_sha256")));
        VANTHU_TRY(std::string taken, file.take_free_name(o.directory, name));
        names.push_back(std::move(taken));
    }
    return names;
}

} // namespace

int inbox(const exchange_options& o, connection& server) {
    std::uint64_t after = o.after;
    for (;;) {
        const unsigned wait = o.follow && o.wait == 0 ? 30 : o.wait;
        net::client_request r;
        r.target = fmt::format("/v1/inbox?after={}&wait={}", after, wait);
        if (!o.organisation.empty()) r.target += "&organisation=" + net::percent_encode(o.organisation);
        r.deadline = in(std::chrono::seconds(wait + 60));
        auto answer = json_of(server.send(std::move(r)), o.say);
        if (!answer) return answer.error();
        const json::array* entries = array_in(*answer, "entries");
        if (o.say.as_json) {
            if (!o.follow || (entries && !entries->empty())) print(*answer);
        } else if (entries) {
            for (const json::value& e : *entries)
                if (const json::object* entry = e.if_object()) print_entry(*entry, o.say);
            if (entries->empty() && !o.follow) fmt::print("{}\n", o.say("Không có mục mới.", "Nothing new."));
        }
        if (std::fflush(stdout) != 0 || !o.follow) return done; // main() tells what could not be printed
        const json::value* next = answer->if_contains("next_after");
        if (!next || !next->is_number()) return tell({errc::answer_unreadable, "next_after"}, o.say);
        after = next->to_number<std::uint64_t>();
    }
}

int get(const exchange_options& o, connection& server) {
    net::client_request r;
    r.target = "/v1/inbox/" + net::percent_encode(o.id);
    auto entry = json_of(server.send(std::move(r)), o.say);
    if (!entry) return entry.error();
    const json::object* document = object_in(*entry, "document");
    if (!document) return tell({errc::answer_unreadable, "document"}, o.say);
    std::vector<std::string> names;
    if (!o.packet_out.empty()) {
        if (auto got = fetch_packet(o, server, *document); !got) return tell(got.error(), o.say);
        names.push_back(o.packet_out);
    } else if (!o.directory.empty()) {
        auto got = fetch_attachments(o, server, *document);
        if (!got) return tell(got.error(), o.say);
        names = std::move(*got);
    }
    if (o.say.as_json) {
        if (!names.empty()) (*entry)["files"] = json::array(names.begin(), names.end());
        print(*entry);
        return done;
    }
    print_entry(*entry, o.say);
    for (const std::string& name : names) fmt::print("        → {}\n", name);
    return done;
}

} // namespace vanthu::cli

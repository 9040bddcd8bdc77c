// `vanthu inbox` and `vanthu get`.
#include "daemon/base/files.hpp"
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <fmt/format.h>

namespace vanthu::cli {
namespace {

namespace json = boost::json;
constexpr std::uint64_t largest_page = 500; // of the API

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
    fmt::print("{:>6}  {}  {}  {}\n", sequence ? json::serialize(*sequence) : "?", at ? shown_time(*at, say) : "",
               for_terminal(text_in(e, "id")), from ? for_terminal(text_in(*from, "name")) : "");
    if (status)
        fmt::print("        {} {} {}\n", for_terminal(text_in(*status, "code")),
                   for_terminal(text_in(*status, say.vietnamese() ? "name_vi" : "name_en")),
                   for_terminal(text_in(*status, "description")));
    else
        fmt::print("        {}  {}\n", reference_of(d), for_terminal(text_in(d, "subject")));
    std::string last = text_in(e, "last_status");
    std::vector<const json::object*> asked;
    for (const char* name : {"recall", "replaced_by", "update", "updates"})
        if (const json::object* o = object_in(e, name)) asked.push_back(o);
    if (const json::array* replaces = array_in(e, "replaces"))
        for (const json::value& each : *replaces)
            if (const json::object* o = each.if_object()) asked.push_back(o);
    for (const json::object* o : asked)
        fmt::print("        ! {} {} {}\n", for_terminal(text_in(*o, say.vietnamese() ? "text_vi" : "text_en")),
                   for_terminal(text_in(*o, "reason")), for_terminal(text_in(*o, "inbox_id")));
    if (!asked.empty()) return;
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

struct inbox_page {
    json::object answer; // has the array `entries`
    std::uint64_t next;  // the next question's `after`
};
std::expected<inbox_page, int> ask(const exchange_options& o, connection& server, std::uint64_t after,
                                   std::uint64_t limit, unsigned wait) {
    net::client_request r;
    r.target =
        fmt::format("/v1/inbox?after={}&limit={}&wait={}", after, std::min<std::uint64_t>(limit, largest_page), wait);
    if (!o.organisation.empty()) r.target += "&organisation=" + net::percent_encode(o.organisation);
    if (!o.instance.empty()) r.target += "&instance=" + net::percent_encode(o.instance);
    r.deadline = in(std::chrono::seconds(wait + 60));
    auto answer = json_of(server.send(std::move(r)), o.say);
    if (!answer) return std::unexpected(answer.error());
    const json::value* next = answer->if_contains("next_after");
    if (!next || !next->is_number() || !array_in(*answer, "entries"))
        return std::unexpected(tell({errc::answer_unreadable, "entries, next_after"}, o.say));
    const std::uint64_t number = next->to_number<std::uint64_t>();
    if (number <= after && !array_in(*answer, "entries")->empty()) // would be asked for ever
        return std::unexpected(tell({errc::answer_unreadable, "next_after"}, o.say));
    return inbox_page{std::move(*answer), number};
}

void print_entries(const json::array& entries, const voice& say) {
    for (const json::value& e : entries)
        if (const json::object* entry = e.if_object()) print_entry(*entry, say);
}

// A line or an object as soon as something arrives, until the server or standard output fails.
int follow_inbox(const exchange_options& o, connection& server) {
    for (std::uint64_t after = o.after;;) {
        auto page = ask(o, server, after, largest_page, o.wait == 0 ? 30 : o.wait);
        if (!page) return page.error();
        after = page->next;
        const json::array& entries = *array_in(page->answer, "entries");
        if (entries.empty()) continue;
        if (o.say.as_json)
            print(page->answer);
        else
            print_entries(entries, o.say);
        if (std::fflush(stdout) != 0) return done; // nobody reads any more; main() tells it
    }
}

} // namespace

int inbox(const exchange_options& o, connection& server) {
    if (o.follow) return follow_inbox(o, server);
    json::array all; // of --json
    std::string instance;
    std::uint64_t after = o.after, left = o.limit;
    bool more = false;
    // The server may give fewer than were asked for; only an empty page is the end. A page of one after the last says
    // whether there is more.
    for (unsigned wait = o.wait;; wait = 0) {
        auto page = ask(o, server, after, std::max<std::uint64_t>(left, 1), wait);
        if (!page) return page.error();
        const json::array& entries = *array_in(page->answer, "entries");
        instance = text_in(page->answer, "instance");
        if (entries.empty()) break;
        if (left == 0) {
            more = true;
            break;
        }
        if (o.say.as_json)
            all.insert(all.end(), entries.begin(), entries.end());
        else
            print_entries(entries, o.say);
        left -= std::min<std::uint64_t>(left, entries.size());
        after = page->next;
    }
    if (o.say.as_json)
        print({{"schema_version", 1},
               {"entries", std::move(all)},
               {"next_after", after},
               {"more", more},
               {"instance", instance}});
    else if (after == o.after)
        fmt::print("{}\n", o.say("Không có mục mới.", "Nothing new."));
    else if (more)
        fmt::print("{} --after {}\n", o.say("Còn nữa, xem tiếp bằng", "There is more; go on with"), after);
    return done;
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
    for (const std::string& name : names) fmt::print("        → {}\n", for_terminal(name));
    return done;
}

} // namespace vanthu::cli

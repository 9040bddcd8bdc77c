// The inbox of an organisation: read in sequence, fetched any number of times, acknowledged once (contracts 2, 3).
#include "daemon/api/call.hpp"
#include "daemon/api/deadlines.hpp"
#include "daemon/api/ladder.hpp"
#include "daemon/api/recall_view.hpp"
#include "daemon/api/strict_json.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/answers.hpp"
#include "daemon/intake/companion.hpp"
#include "daemon/intake/spooled.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/net/range.hpp"
#include "schemas/edxml/accepted.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::api {

namespace json = boost::json;

json::object eoffice::entry_json(const records::inbox_row& e, const records::document_row& d) const {
    json::object o{{"sequence", e.sequence},
                   {"id", e.id},
                   {"kind", boost::describe::enum_to_string(e.kind, "unknown")},
                   {"recipient", e.recipient_code},
                   {"created_at", to_rfc3339(from_us(e.created_at))},
                   {"acked_at", e.acked_at ? json::value(to_rfc3339(from_us(e.acked_at))) : json::value(nullptr)},
                   {"last_status", e.last_status},
                   {"document", document_json(d)}};
    if (e.cancelled_at) o["cancelled_at"] = to_rfc3339(from_us(e.cancelled_at));
    const timestamp now = clock_.now();
    const auto office = calendar_.load();
    const records::reader read(store_.committed());
    std::optional<records::consignment_row> consignment;
    if (e.asked_back)
        if (auto c = read.consignment(e.owner, e.document, e.recipient_code); c) consignment = std::move(*c);
    const records::consignment_row* c = consignment ? &*consignment : nullptr;
    o["deadlines"] = entry_deadlines(e, d, c, *office, now);
    if (!c) return o;
    const auto registry = gate_.registry();
    kept_times asked_kept;
    (void)add_conversations(o, read, d, *c, {*registry, now, *office, options_.home}, asked_kept);
    // Only what is still to be done.
    json::array& all = o["deadlines"].as_array();
    all.erase(std::remove_if(all.begin(), all.end(), [](const json::value& v) { return !v.at("done_at").is_null(); }),
              all.end());
    return o;
}

// What of an entry can be read. The others of the list must stay readable, and `sequence` lets the reader go on.
json::object eoffice::listed_json(const records::reader& read, const records::reader::listed_entry& e) const {
    json::object broken{{"sequence", e.sequence}};
    if (!e.row) {
        broken["error"] = unreadable(e.row.error(), std::to_string(e.sequence));
        return broken;
    }
    auto d = read.document(e.row->owner, e.row->document);
    if (d && *d) return entry_json(*e.row, **d);
    broken["id"] = e.row->id;
    broken["error"] =
        unreadable(d ? failure{records::errc::row_unreadable, e.row->document} : d.error(), e.row->document);
    return broken;
}

// A restored store gives numbers a second time: who goes on from a number of its former life would not see what comes
// under the numbers up to there.
result<> eoffice::check_place(std::string_view organisation, std::uint64_t after,
                              const std::optional<std::string>& instance) const {
    if (instance && *instance != store_.instance_id()) return failed(errc::inbox_restored, "instance");
    if (after == 0) return {};
    VANTHU_TRY(const std::uint64_t last, records::reader(store_.committed()).last_inbox_sequence(organisation));
    if (after > last) return failed(errc::inbox_restored, fmt::format("after={}, last={}", after, last));
    return {};
}

asio::awaitable<net::response> eoffice::inbox(call& c) {
    auto organisation = organisation_of(c);
    if (!organisation) co_return refuse(organisation.error());
    auto after = number_in(c.request, "after", 0), wait = number_in(c.request, "wait", 0);
    auto limit = number_in(c.request, "limit", 100, 1);
    for (const auto* each : {&after, &wait, &limit})
        if (!*each) co_return refuse(each->error(), told(each->error()));
    if (auto place = check_place(*organisation, *after, c.request.query.find("instance")); !place)
        co_return refuse(place.error(), told(place.error()));
    // More than the bounds counts as the bounds, as the API has always said; the answer says what was used.
    const auto waits = std::min<std::chrono::seconds>(std::chrono::seconds(*wait), options_.longest_wait);
    const steady_time deadline = in(waits);
    const std::size_t at_most = static_cast<std::size_t>(std::min(*limit, largest_page));
    for (;;) {
        std::uint64_t rung = bell_.rings(*organisation);
        records::reader read(store_.committed());
        auto rows = read.list_inbox(*organisation, *after, at_most);
        if (!rows) co_return refuse(rows.error());
        if (!rows->empty() || bell_.closed() || std::chrono::steady_clock::now() >= deadline) {
            json::array list;
            for (const records::reader::listed_entry& e : *rows) list.push_back(listed_json(read, e));
            std::uint64_t next = rows->empty() ? *after : rows->back().sequence;
            co_return answer(200, json::object{{"schema_version", 1},
                                               {"entries", std::move(list)},
                                               {"next_after", next},
                                               {"limit", at_most},
                                               {"wait", waits.count()},
                                               {"instance", store_.instance_id()}});
        }
        // A client that is gone holds no connection until the end of its wait.
        if (!co_await c.request.body.unless_closed(bell_.wait(*organisation, rung, deadline)))
            co_return net::error_response(net::errc::connection_closed);
    }
}

asio::awaitable<net::response> eoffice::inbox_entry(call& c) {
    auto found = find_entry(c);
    if (!found) co_return refuse(found.error());
    json::object o = entry_json(found->entry, found->document);
    o["schema_version"] = 1;
    co_return answer(200, o);
}

namespace {

// A body with one range, as asked for. `read(offset, into)` blocks: it runs on the pool.
net::response ranged(const net::request& r, std::uint64_t size, std::string content_type, const digest& content,
                     asio::thread_pool& pool,
                     std::function<result<std::size_t>(std::uint64_t, std::span<std::uint8_t>)> read) {
    const std::string etag = '"' + content.hex() + '"';
    // Of other bytes than the reader has the beginning of, it gets all (RFC 9110 13.1.5).
    const bool same = !r.fields.contains("If-Range") || r.fields.get("If-Range") == etag;
    auto asked = net::parse_range(same ? r.fields.get("Range") : std::string_view(), size);
    if (!asked) {
        net::response no = net::error_response(asked.error().code);
        no.fields.set("Content-Range", net::unsatisfied_range(size));
        return no;
    }
    net::byte_range range = asked->value_or(net::byte_range{0, size});
    net::response out;
    out.status = *asked ? 206 : 200;
    out.fields.set("Content-Type", content_type);
    out.fields.set("Accept-Ranges", "bytes");
    out.fields.set("ETag", etag);
    if (*asked) out.fields.set("Content-Range", net::content_range(range, size));
    auto at = std::make_shared<std::uint64_t>(range.first);
    const std::uint64_t end = range.first + range.length;
    net::producer body;
    body.size = range.length;
    body.read_some = [at, end, read = std::move(read), &pool](std::span<std::uint8_t> into) -> task<std::size_t> {
        std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end - *at));
        if (want == 0) co_return std::size_t{0};
        auto work = [&] { return read(*at, into.first(want)); };
        VANTHU_CO_TRY(std::size_t n, co_await offload(pool, work));
        *at += n;
        co_return n;
    };
    out.body = std::move(body);
    return out;
}

// Takes one attachment's content out of the packet as it passes by.
class one_attachment final : public edxml::attachment_sink {
public:
    one_attachment(std::size_t wanted, ledger::spool& spool, std::uint64_t memory)
        : wanted_(wanted), outer(spool, memory), unpacked(spool, memory) {}
    result<> begin(std::size_t, const edxml::attachment_info&) override { return {}; }
    result<> data(std::size_t i, bytes_view b) override { return i == wanted_ ? outer.write(b) : result<>(); }
    result<> inner(std::size_t i, bytes_view b) override { return i == wanted_ ? unpacked.write(b) : result<>(); }
    result<> end(std::size_t i, const edxml::attachment_info& info) override {
        if (i == wanted_) seen = info;
        return {};
    }

private:
    std::size_t wanted_;

public:
    intake::spooled outer, unpacked;
    std::optional<edxml::attachment_info> seen;
};

} // namespace

asio::awaitable<net::response> eoffice::packet(call& c) {
    auto found = find_entry(c);
    if (!found) co_return refuse(found.error());
    auto ref = ledger::payload_ref::decode(found->document.payload);
    if (!ref) co_return refuse(ref.error());
    auto read = [&store = store_, ref = *ref](std::uint64_t at, std::span<std::uint8_t> into) -> result<std::size_t> {
        VANTHU_TRY(bytes part, store.payloads().read(ref, at, into.size()));
        std::copy(part.begin(), part.end(), into.begin());
        return part.size();
    };
    co_return ranged(c.request, found->document.size, "application/xml", found->document.packet_sha256, disk_, read);
}

asio::awaitable<net::response> eoffice::attachment(call& c) {
    auto found = find_entry(c);
    if (!found) co_return refuse(found.error());
    if (found->entry.kind != records::document_kind::document) co_return net::error_response(errc::packet_expected);
    auto index = edxml::number_of(c.parameters.at(1));
    if (!index) co_return net::error_response(errc::attachment_unknown);
    auto ref = ledger::payload_ref::decode(found->document.payload);
    if (!ref) co_return refuse(ref.error());
    auto taken = std::make_shared<one_attachment>(static_cast<std::size_t>(*index), spool_, options_.memory_spool);
    auto run = [&]() -> result<> {
        VANTHU_TRY(auto source, store_.payloads().open_reader(*ref));
        edxml::packet_reader reader(edxml::of_what_was_accepted());
        reader.deliver_to(*taken);
        bytes chunk(256u << 10);
        for (;;) {
            VANTHU_TRY(std::size_t n, source->read(chunk));
            if (n == 0) break;
            VANTHU_CHECK(reader.feed(bytes_view(chunk.data(), n)));
        }
        VANTHU_CHECK(reader.finish());
        return {};
    };
    auto done = co_await offload(disk_, run);
    if (!done) co_return refuse(done.error());
    if (!taken->seen) co_return net::error_response(errc::attachment_unknown);
    intake::spooled& content = taken->seen->unwrapped ? taken->unpacked : taken->outer;
    auto read = [taken, &content](std::uint64_t at, std::span<std::uint8_t> into) { return content.read(at, into); };
    net::response out = ranged(c.request, content.size(), std::string(edxml::media_type(taken->seen->kind)),
                               taken->seen->content_hash(), disk_, read);
    out.fields.set("Content-Disposition", "attachment; filename*=UTF-8''" + net::percent_encode(taken->seen->name));
    out.fields.set("X-Content-Type-Options", "nosniff");
    co_return out;
}

// A status of the recipient: composed as a packet, through the same gate as everything else. What the inbox entry shows
// changes in the same commit.
task<intake::accepted> eoffice::report(const found_entry& f, status_report said) {
    auto registry = gate_.registry();
    timestamp at = clock_.now();
    edxml::status_packet s;
    s.from.organ_id = f.entry.recipient_code;
    if (auto r = registry->resolve(f.entry.recipient_code, at); r.known()) s.from.organ_name = r.found->name(at);
    const records::business_identity& i = f.document.identity;
    s.response_for = {f.document.from_code, i.number + "/" + i.notation, edxml::packet_date::parse(i.date),
                      i.document_id};
    s.description = said.description.empty() ? status_name(said.code, true) : said.description;
    if (said.code == "15" || said.code == "16") {
        const records::reader read(store_.committed());
        VANTHU_CO_TRY(s.response_for, intake::answered_reference(read, options_.home, i.issuer, f.document.replaces,
                                                                 std::move(s.response_for)));
        VANTHU_CO_TRY(auto mine, read.consignment(f.entry.owner, f.entry.document, f.entry.recipient_code));
        if (mine) {
            VANTHU_CO_TRY(at, intake::answer_time(read, options_.home, f.document, *mine, said.code, at));
            VANTHU_CO_TRY(auto request, intake::request_answered(read, options_.home, f.document, *mine));
            if (request)
                s.description = intake::with_request(std::move(s.description),
                                                     edxml::bussiness_type(request->identity.business_type),
                                                     request->identity.document_id, request->sent_at);
        }
    }
    s.status_code = said.code;
    s.staff = std::move(said.staff);
    s.timestamp = edxml::packet_time::of(at);
    VANTHU_CO_TRY(std::string bytes, edxml::compose_status(s, edxml::echo::as_received));
    intake::offer o;
    o.source = intake::offer::from::ourselves;
    o.about = {f.entry.owner, f.entry.document};
    o.from_inbox = true;
    net::memory_body body(std::move(bytes));
    co_return co_await gate_.accept(std::move(o), body);
}

asio::awaitable<net::response> eoffice::acknowledge(call& c) {
    // Nothing to say here; an empty object is what some HTTP libraries make of nothing.
    auto text = co_await net::read_all(c.request.body, 4096);
    if (!text) co_return refuse(text.error());
    if (!text->empty()) {
        auto said = strict_object(as_text(*text), "body");
        auto nothing = said ? only_members(*said, {}) : result<>(fail(said.error()));
        if (!nothing) co_return refuse(nothing.error(), told(nothing.error()));
    }
    auto found = find_entry(c);
    if (!found) co_return refuse(found.error());
    if (found->entry.acked_at == 0) {
        if (found->entry.kind == records::document_kind::document) {
            auto done = co_await report(*found, {.code = "01"});
            if (!done) co_return refuse(done.error(), told(done.error()));
        } else {
            auto change = [&](ledger::transaction& t) -> result<> {
                records::writer w(t);
                VANTHU_TRY(auto entry, w.inbox_entry(found->entry.organisation, found->entry.id));
                if (!entry) return failed(records::errc::inbox_entry_unknown);
                if (entry->acked_at == 0) entry->acked_at = w.now();
                w.put(*entry);
                return {};
            };
            auto done = co_await ledger::commit(store_, std::move(change));
            if (!done) co_return refuse(done.error());
        }
        found = find_entry(c);
        if (!found) co_return refuse(found.error());
    }
    json::object o = entry_json(found->entry, found->document);
    o["schema_version"] = 1;
    co_return answer(200, o);
}

result<eoffice::status_report> eoffice::status_report_from(std::string_view body) {
    VANTHU_TRY(json::object o, strict_object(body, "body"));
    VANTHU_CHECK(only_members(o, {"code", "description", "staff"}));
    status_report said;
    if (const json::value* code = o.if_contains("code"); !code || !code->is_string())
        return failed(errc::bad_parameter, "code");
    VANTHU_TRY(said.code, text_member(o, "code"));
    static constexpr std::string_view settable[] = {"01", "02", "03", "04", "05", "06", "15", "16"};
    if (std::ranges::find(settable, said.code) == std::end(settable))
        return failed(errc::status_not_settable, said.code.substr(0, 20));
    VANTHU_TRY(said.description, text_member(o, "description"));
    if (said.description.empty() && (said.code == "02" || said.code == "16"))
        return failed(errc::reason_missing, "description");
    VANTHU_TRY(said.staff, staff_member(o));
    return said;
}

asio::awaitable<net::response> eoffice::set_status(call& c) {
    auto found = find_entry(c);
    if (!found) co_return refuse(found.error());
    if (found->entry.kind != records::document_kind::document) co_return net::error_response(errc::packet_expected);
    std::string_view type = c.request.fields.get("Content-Type");
    if (!net::equal_without_case(type.substr(0, type.find_first_of("; ")), "application/json"))
        co_return net::error_response(errc::unsupported_media_type, {.cause = "application/json"});
    auto text = co_await net::read_all(c.request.body, 64u << 10);
    if (!text) co_return refuse(text.error());
    auto said = status_report_from(as_text(*text));
    if (!said) co_return refuse(said.error(), told(said.error()));
    auto done = co_await report(*found, std::move(*said));
    if (!done) co_return refuse(done.error(), told(done.error()));
    co_return answer(done->known ? 200 : 201, json::object{{"schema_version", 1},
                                                           {"status_id", done->document.id},
                                                           {"code", done->document.status_code},
                                                           {"receipt", done->receipt}});
}

} // namespace vanthu::api

#include "daemon/api/call.hpp"
#include "daemon/api/ladder.hpp"
#include "daemon/base/log.hpp"

#include <algorithm>

namespace vanthu::api {

namespace json = boost::json;

std::span<const eoffice::endpoint> eoffice::endpoints() {
    static const endpoint table[] = {
        {"GET", "/v1/health", "", "", &eoffice::health},
        {"POST", "/v1/documents", "submit", "dry_run", &eoffice::submit},
        {"GET", "/v1/documents", "track", "organisation before limit", &eoffice::documents},
        {"GET", "/v1/documents/{id}", "track", "", &eoffice::track},
        {"GET", "/v1/documents/{id}/receipt", "track", "", &eoffice::receipt},
        {"POST", "/v1/documents/{id}/recall", "submit", "", &eoffice::recall},
        {"POST", "/v1/documents/{id}/replace", "submit", "dry_run", &eoffice::replace},
        {"POST", "/v1/documents/{id}/update", "submit", "dry_run", &eoffice::update},
        {"GET", "/v1/inbox", "inbox", "organisation after wait limit instance", &eoffice::inbox},
        {"GET", "/v1/inbox/{id}", "inbox", "", &eoffice::inbox_entry},
        {"GET", "/v1/inbox/{id}/packet", "inbox", "", &eoffice::packet},
        {"GET", "/v1/inbox/{id}/attachments/{n}", "inbox", "", &eoffice::attachment},
        {"POST", "/v1/inbox/{id}/ack", "inbox", "", &eoffice::acknowledge},
        {"POST", "/v1/inbox/{id}/status", "inbox", "", &eoffice::set_status},
        {"GET", "/v1/organisations", "track", "since", &eoffice::organisations},
    };
    return table;
}

namespace {

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at <= path.size();) {
        std::size_t slash = std::min(path.find('/', at), path.size());
        out.push_back(path.substr(at, slash - at));
        at = slash + 1;
    }
    return out;
}

bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& parameters) {
    auto want = segments(pattern), have = segments(path);
    if (want.size() != have.size()) return false;
    parameters.clear();
    for (std::size_t i = 0; i < want.size(); ++i) {
        if (want[i].starts_with('{'))
            parameters.emplace_back(have[i]);
        else if (want[i] != have[i])
            return false;
    }
    return true;
}

// Requests of our own API are strict: a misspelt parameter that is ignored answers another question than was asked.
result<> check_query(const net::query_parameters& given, std::string_view known) {
    std::set<std::string> seen;
    for (const auto& [name, value] : given) {
        bool exists = false;
        for (std::string_view rest = known; !rest.empty() && !exists;) {
            const std::string_view each = rest.substr(0, rest.find(' '));
            exists = each == name;
            rest.remove_prefix(std::min(each.size() + 1, rest.size()));
        }
        if (!exists) return failed(errc::unknown_parameter, name.substr(0, 200));
        if (!seen.insert(name).second) return failed(errc::repeated_parameter, name);
    }
    return {};
}

// The form of our ids (RFC 9562): what is none names no document, wherever it would stand in the order.
bool is_id(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : std::string_view("0123456789abcdef").find(text[i]) == std::string_view::npos)
            return false;
    }
    return true;
}

} // namespace

eoffice::eoffice(eoffice_options options, intake::gate& gate, ledger::store& store, ledger::receipt_log& log,
                 ledger::spool& spool, inbox_bell& bell, asio::thread_pool& disk, const wall_clock& clock)
    : options_(std::move(options)), gate_(gate), store_(store), log_(log), spool_(spool), bell_(bell), disk_(disk),
      clock_(clock), credentials_(std::make_shared<const credentials>()) {}

asio::awaitable<net::response> eoffice::handle(net::request& r) {
    auto everybody = credentials_.load(); // keeps the credential alive over a reload
    call c{.request = r, .registry = gate_.registry(), .at = clock_.now()};
    bool path_known = false;
    for (const endpoint& e : endpoints()) {
        if (!matches(e.path, r.path, c.parameters)) continue;
        path_known = true;
        if (e.method != r.method && !(r.method == "HEAD" && e.method == "GET")) continue;
        if (!e.right.empty()) {
            std::string_view header = r.fields.get("Authorization");
            // Which of two would count? A proxy before us could take the other one.
            if (header.starts_with("Bearer ") && r.fields.count("Authorization") == 1)
                c.who = everybody->find(header.substr(7));
            if (!c.who) {
                net::response no = net::error_response(errc::unauthenticated);
                no.fields.set("WWW-Authenticate", "Bearer realm=\"vanthu\"");
                co_return no;
            }
            if (!c.who->rights.contains(std::string(e.right)))
                co_return net::error_response(errc::right_missing, {.cause = std::string(e.right)});
        }
        if (const auto coding = r.fields.get("Content-Encoding");
            !coding.empty() && !net::equal_without_case(coding, "identity"))
            co_return net::error_response(errc::unsupported_media_type, {.cause = "Content-Encoding"});
        if (auto known = check_query(r.query, e.query); !known) co_return refuse(known.error(), told(known.error()));
        co_return co_await (this->*e.serve)(c);
    }
    co_return net::error_response(path_known ? errc::method_not_allowed : errc::no_such_resource);
}

asio::awaitable<net::response> eoffice::health(call&) {
    // Still 200: what arrived can be fetched, only new documents are refused.
    const result<> room = options_.room ? co_await offload(disk_, options_.room) : result<>();
    json::object o{{"schema_version", 1},
                   {"status", room ? "ok" : "degraded"},
                   {"version", VANTHU_VERSION},
                   {"time", to_rfc3339_vietnam(clock_.now())}};
    if (!room) {
        const error_row* row = describe(room.error().code);
        o["problems"] = json::array{json::object{{"code", public_code(room.error().code)},
                                                 {"message_vi", row ? row->message_vi : ""},
                                                 {"message_en", row ? row->message_en : ""}}};
    }
    co_return answer(200, o);
}

result<std::string> eoffice::organisation_of(const call& c) const {
    auto asked = c.request.query.find("organisation");
    if (!asked) {
        if (c.who->organisations.size() != 1) return failed(errc::organisation_unclear);
        return c.registry->canonical(c.who->organisations.front(), c.at);
    }
    std::string wanted = c.registry->canonical(*asked, c.at);
    for (const std::string& code : c.who->organisations)
        if (c.registry->canonical(code, c.at) == wanted) return wanted;
    return failed(errc::organisation_not_yours, *asked);
}

// Under the organisation that runs the node stands also what peers brought, for whomever: that belongs to the inboxes
// of its recipients, and what is only carried on to nobody here.
static bool is_own(const records::document_row& d) { return d.previous_node.empty(); }

result<records::document_row> eoffice::find_document(const call& c) const {
    records::reader read(store_.committed());
    for (const std::string& code : c.who->organisations) {
        VANTHU_TRY(auto d, read.document(c.registry->canonical(code, c.at), c.parameters.at(0)));
        if (d && is_own(*d)) return *d;
    }
    return failed(records::errc::document_unknown, c.parameters.at(0));
}

result<eoffice::found_entry> eoffice::find_entry(const call& c) const {
    records::reader read(store_.committed());
    for (const std::string& code : c.who->organisations) {
        VANTHU_TRY(auto entry, read.inbox_entry(c.registry->canonical(code, c.at), c.parameters.at(0)));
        if (!entry) continue;
        VANTHU_TRY(auto d, read.document(entry->owner, entry->document));
        if (!d) return failed(records::errc::row_unreadable, entry->document);
        return found_entry{*entry, *d};
    }
    return failed(records::errc::inbox_entry_unknown, c.parameters.at(0));
}

asio::awaitable<net::response> eoffice::documents(call& c) {
    auto organisation = organisation_of(c);
    if (!organisation) co_return refuse(organisation.error());
    const std::string before = c.request.query.find("before").value_or("");
    if (c.request.query.find("before") && !is_id(before))
        co_return net::error_response(errc::bad_parameter, {.cause = "before"});
    auto limit = number_in(c.request, "limit", 100, 1);
    if (!limit) co_return refuse(limit.error(), told(limit.error()));
    const std::size_t at_most = static_cast<std::size_t>(std::min(*limit, largest_page));
    const records::reader read(store_.committed());
    json::array list;
    std::string last = before;
    bool more = true;
    for (std::size_t looked_at = 0; more && list.size() < at_most && looked_at < options_.search_at_most;) {
        auto rows = read.list_documents(*organisation, last, std::min<std::size_t>(at_most, 100));
        if (!rows) co_return refuse(rows.error());
        more = !rows->empty();
        for (const records::reader::listed_document& d : *rows) {
            if (list.size() == at_most) break;
            ++looked_at;
            last = d.id;
            if (!d.row)
                list.push_back(json::object{{"id", d.id}, {"error", unreadable(d.row.error(), d.id)}});
            else if (is_own(*d.row))
                list.push_back(document_json(*d.row));
        }
    }
    json::value next = more ? json::value(last) : json::value(nullptr);
    co_return answer(
        200, json::object{{"schema_version", 1},
                          {"documents", std::move(list)},
                          {"next_before", std::move(next)},
                          {"limit", at_most}});
}

asio::awaitable<net::response> eoffice::track(call& c) {
    auto d = find_document(c);
    if (!d) co_return refuse(d.error());
    auto shown = ladder(records::reader(store_.committed()), *d,
                        {*c.registry, c.at, *calendar_.load(), options_.home, options_.trouble,
                         options_.attempts});
    if (!shown) co_return refuse(shown.error());
    co_return answer(200, *shown);
}

asio::awaitable<net::response> eoffice::receipt(call& c) {
    auto d = find_document(c);
    if (!d) co_return refuse(d.error());
    auto bytes = log_.receipt_bytes(store_.committed(), d->log_origin, d->leaf);
    if (!bytes) co_return refuse(bytes.error());
    co_return net::response::json(200, std::move(*bytes));
}

asio::awaitable<net::response> eoffice::organisations(call& c) {
    auto since = number_in(c.request, "since", 0);
    if (!since) co_return refuse(since.error(), told(since.error()));
    registry::organisation_delta delta = c.registry->changed_since(*since);
    json::array list;
    for (const registry::organisation* o : delta.changed) {
        json::array codes;
        for (const registry::dated_code& code : o->codes)
            codes.push_back(json::object{
                {"code", code.code}, {"form", registry::to_string(code.form)}, {"valid", code.valid.contains(c.at)}});
        const registry::organisation* parent = c.registry->parent(*o, c.at);
        json::array successors;
        for (const registry::organisation* s : c.registry->successors(*o, c.at))
            successors.push_back(json::string(s->id));
        list.push_back(json::object{{"id", o->id},
                                    {"name", o->name(c.at)},
                                    {"kind", o->kind},
                                    {"codes", std::move(codes)},
                                    {"parent", parent ? parent->id : ""},
                                    {"closed", o->closed(c.at)},
                                    {"successors", std::move(successors)}});
    }
    co_return answer(
        200, json::object{{"schema_version", 1}, {"version", delta.version}, {"organisations", std::move(list)}});
}

} // namespace vanthu::api

#include "daemon/web/door.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/errors.hpp"
#include "daemon/intake/errors.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/net/error_object.hpp"
#include "daemon/web/action.hpp"
#include "daemon/web/door_state.hpp"

#include <algorithm>
#include <set>

namespace vanthu::web {

namespace {

// No script, style, frame, form target or connection but our own files; nothing written into the page runs.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

net::response guarded(net::response r) {
    r.fields.set("Content-Security-Policy", content_policy);
    r.fields.set("X-Content-Type-Options", "nosniff");
    r.fields.set("Referrer-Policy", "no-referrer");
    r.fields.set("Cross-Origin-Resource-Policy", "same-origin");
    r.fields.set("Cross-Origin-Opener-Policy", "same-origin");
    if (!r.fields.contains("Cache-Control")) r.fields.set("Cache-Control", "no-store");
    return r;
}

net::response refusal(const failure& f, std::string cause = {}) {
    return net::error_response(f.code, {.cause = std::move(cause)});
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, std::min(host.find(']'), host.size() - 1) + 1);
    return host.substr(0, host.find(':'));
}

bool loopback_name(std::string_view host) {
    std::string_view name = without_port(host);
    return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

constexpr std::string_view documents_path = "/api/documents/", quarantine_path = "/api/quarantine/",
                           destroy_end = "/destroy", dry_run_path = "/api/registry/dry-run";

// A misspelt parameter that is ignored answers another question than was asked. On a failure its detail is the name.
result<> check_query(const net::request& r) {
    std::set<std::string_view> seen;
    for (const auto& [name, value] : r.query) {
        const bool exists = r.path == "/api/documents" && (name == "q" || name == "before" || name == "state");
        if (!exists || !seen.insert(name).second) return failed(errc::bad_parameter, name.substr(0, 200));
    }
    return {};
}

// Whether a page of this door made the browser ask: what stands in the address bar is what the Host field says.
bool own_origin(std::string_view origin, std::string_view host) {
    for (std::string_view scheme : {"http://", "https://"})
        if (origin.starts_with(scheme)) return lower(origin.substr(scheme.size())) == host;
    return false; // "null" too
}

net::response page_answer(const net::request& r, const page_file& file) {
    net::response out;
    out.fields.set("Content-Type", file.type);
    out.fields.set("Cache-Control", "no-cache"); // kept by the browser, asked for again each time
    out.fields.set("ETag", file.etag);
    if (r.fields.get("If-None-Match") == file.etag)
        out.status = 304;
    else
        out.body = file.content;
    return out;
}

} // namespace

operator_door::operator_door(operator_door_options options, ledger::store& store, delivery::engine& engine,
                             asio::any_io_executor engine_executor, metrics::registry& meters,
                             current_registry registry, asio::thread_pool& disk, const wall_clock& clock)
    : state_(std::make_shared<state>(std::move(options), store, engine, std::move(engine_executor), meters,
                                     std::move(registry), disk, clock)) {
    meters.before_expose([weak = std::weak_ptr(state_)](metrics::registry& m) {
        if (auto alive = weak.lock()) alive->collect(m);
    });
}

operator_door::~operator_door() = default;

void operator_door::use_calendar(std::shared_ptr<const calendar::office> c) { state_->office.store(std::move(c)); }

void operator_door::use_secret(secret s) {
    state_->bearer.store(s.empty() ? nullptr : std::make_shared<const secret>(std::move(s)));
}

void operator_door::listening_at(std::string_view address, const std::vector<std::string>& further) {
    auto names = std::make_shared<std::set<std::string>>();
    for (const std::string& name : further) names->insert(lower(name));
    if (!address.starts_with("unix:")) {
        names->insert(lower(address));
        if (loopback_name(address)) {
            std::string port(address.substr(without_port(address).size()));
            for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) names->insert(name + port);
        }
    }
    state_->hosts.store(std::move(names));
}

// Which requests are looked at at all. A page of another site may make the operator's browser ask us anything, under
// any name that resolves to this machine (DNS rebinding); the Host field, Sec-Fetch-Site and Origin tell.
std::optional<net::response> operator_door::state::refuse_at_the_door(const net::request& r) const {
    const std::string host = lower(r.fields.get("Host"));
    const bool local_socket = r.peer.remote_address == "unix", verified = r.peer.tls && r.peer.chain_verified;
    const auto secret_asked = bearer.load();
    const auto names = hosts.load();
    bool known = r.fields.count("Host") == 1 && names && names->contains(host);
    // Over mutual TLS the browser has compared the name with our certificate. A Unix socket carries no name of its own;
    // where no secret protects it (a forwarded socket), a name that public DNS could point here is refused.
    if (verified) known = true;
    if (local_socket)
        known = known || secret_asked || loopback_name(host) || host.find_first_of(".:[") == std::string::npos;
    if (!known) return net::error_response(errc::host_not_allowed);

    const std::string_view site = r.fields.get("Sec-Fetch-Site");
    const bool page = r.path == "/" || r.path.starts_with("/static/");
    if (!page && !site.empty() && site != "same-origin" && site != "none") return net::error_response(errc::cross_site);
    // Browsers without Sec-Fetch-Site still say whose page it is whenever something could be changed.
    if (!page && r.fields.contains("Origin") &&
        (r.fields.count("Origin") != 1 || !own_origin(r.fields.get("Origin"), host)))
        return net::error_response(errc::cross_site);
    if (page) return std::nullopt;

    bool welcome = !secret_asked && (local_socket || verified);
    if (secret_asked) {
        const std::string_view given = r.fields.get("Authorization");
        welcome = r.fields.count("Authorization") == 1 && given.starts_with("Bearer ") &&
                  secret_asked->equals(given.substr(7));
        if (!welcome && !given.empty()) log::warning("operator_secret_wrong", {{"address", r.peer.remote_address}});
    }
    if (welcome) return std::nullopt;
    net::response no = net::error_response(errc::unauthenticated);
    no.fields.set("WWW-Authenticate", "Bearer realm=\"vanthu operator\"");
    return no;
}

asio::awaitable<net::response> operator_door::handle(net::request& r) {
    auto s = state_;
    if (auto no = s->refuse_at_the_door(r)) co_return guarded(std::move(*no));
    const bool reading = r.method == "GET" || r.method == "HEAD";
    if (r.path == "/" || r.path.starts_with("/static/")) {
        const page_file* file = s->options.pages.find(r.path == "/" ? "index.html" : r.path.substr(8));
        if (!file) co_return guarded(net::error_response(errc::no_such_resource));
        if (!reading) co_return guarded(net::error_response(errc::method_not_allowed));
        co_return guarded(page_answer(r, *file));
    }
    co_return guarded(co_await s->serve_api(r));
}

asio::awaitable<net::response> operator_door::state::serve_api(net::request& r) {
    const bool reading = r.method == "GET" || r.method == "HEAD", acting = r.method == "POST";
    if (auto fit = check_query(r); !fit) co_return refusal(fit.error(), fit.error().detail);
    bool known = true;
    result<json::object> done = failed(errc::method_not_allowed);
    const auto self = shared_from_this();
    if (r.path == "/metrics") {
        if (!reading) co_return net::error_response(errc::method_not_allowed);
        net::response page = net::response::text(200, co_await offload(disk, [self] { return self->meters.expose(); }));
        page.fields.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        co_return page;
    } else if (r.path == "/api/overview") {
        if (reading) done = co_await offload(disk, [self] { return self->overview(); });
    } else if (r.path == "/api/documents") {
        document_query q{
            .state = {}, .text = r.query.find("q").value_or(""), .before = r.query.find("before").value_or("")};
        if (q.text.size() > longest_text) co_return refusal({errc::bad_parameter, "q"}, "q");
        if (!q.before.empty() && !is_id(q.before)) co_return refusal({errc::bad_parameter, "before"}, "before");
        if (std::string wanted = r.query.find("state").value_or(""); !wanted.empty()) {
            records::state value{};
            if (!boost::describe::enum_from_string(wanted.c_str(), value))
                co_return refusal({errc::bad_parameter, "state"}, "state");
            q.state = value;
        }
        if (reading) done = co_await offload(disk, [self, q] { return self->documents(q); });
    } else if (r.path.starts_with(documents_path)) {
        const std::string id = r.path.substr(documents_path.size());
        if (reading) done = co_await offload(disk, [self, id] { return self->document(id); });
    } else if (r.path == "/api/transfers/release") {
        if (acting) done = co_await release(r);
    } else if (r.path == "/api/transfers/return" && options.send_back) {
        if (acting) done = co_await send_back(r);
    } else if (r.path == "/api/reconcile" && options.rounds) {
        if (reading) done = co_await offload(disk, [self] { return self->reconciled(true); });
        if (acting) done = co_await reconcile(r);
    } else if (r.path == "/api/quarantine") {
        if (reading) done = co_await offload(disk, [self] { return self->quarantine(); });
    } else if (r.path.starts_with(quarantine_path) && r.path.ends_with(destroy_end) &&
               r.path.size() > quarantine_path.size() + destroy_end.size()) {
        if (acting)
            done = co_await destroy(
                r, r.path.substr(quarantine_path.size(), r.path.size() - quarantine_path.size() - destroy_end.size()));
    } else if (r.path == dry_run_path && options.dry_run) {
        if (acting) done = co_await plan_registry(r);
    } else if (r.path == "/api/backup") {
        if (reading) done = backup_state();
        if (acting) done = co_await back_up(r);
    } else {
        known = false;
    }
    if (!known) co_return net::error_response(errc::no_such_resource);
    if (done) co_return net::response::json(200, json::serialize(*done));
    const failure& f = done.error();
    // The file that was asked about is at fault, not this daemon; its line is what the asker needs.
    if (r.path == dry_run_path && f.code.category() == registry::make_error_code(registry::errc::syntax).category()) {
        net::response no = refusal(f, f.detail);
        no.status = 422;
        co_return no;
    }
    const error_row* row = describe(f.code);
    if (!row || row->http_status >= 500) log::error("operator_request_failed", {{"path", r.path}, {"failure", f}});
    co_return refusal(f, f.code == make_error_code(errc::bad_parameter) ? f.detail : std::string());
}

// Whose document is meant, where that was not said; otherwise whether there is such an owner.
task<std::string> operator_door::state::owner_of(std::string document, std::optional<std::string> owner) {
    const auto self = shared_from_this();
    if (!owner) {
        VANTHU_CO_TRY(auto row, co_await offload(disk, [self, document] { return self->find(document); }));
        if (!row) co_return failed(records::errc::document_unknown, document);
        co_return row->owner;
    }
    VANTHU_CO_TRY(auto all, co_await offload(disk, [self] { return self->owners(); }));
    if (std::find(all.begin(), all.end(), *owner) == all.end())
        co_return failed(records::errc::document_unknown, *owner);
    co_return *owner;
}

task<json::object> operator_door::state::release(net::request& r) {
    VANTHU_CO_TRY(json::object asked, co_await body_object(r, {"document", "node", "owner"}));
    auto document = typed(asked, "document"), node = typed(asked, "node"), owner = typed(asked, "owner");
    if (!document || !is_id(*document)) co_return failed(errc::bad_parameter, "document");
    if (!owner || !node) { // with both, the transfer itself says whether it is there
        VANTHU_CO_TRY(owner, co_await owner_of(*document, owner));
    }
    if (!node) {
        VANTHU_CO_TRY(json::object done, co_await release_all(*owner, *document));
        log::info("document_released",
                  {{"document", *document}, {"answer", json::serialize(done)}, {"address", r.peer.remote_address}});
        co_return done;
    }
    VANTHU_CO_CHECK(co_await over_there(engine_executor, engine.release(*owner, *document, *node)));
    log::info("transfer_released", {{"document", *document}, {"peer", *node}, {"address", r.peer.remote_address}});
    co_return json::object{{"schema_version", 1}, {"document", *document}, {"node", *node}, {"released", true}};
}

// Whatever of a document waits for a person: transfers that have used up their attempts, and recipients that the
// registry could not place.
task<json::object> operator_door::state::release_all(std::string owner, std::string document) {
    const auto self = shared_from_this();
    auto parked_hops = [self, owner, document]() -> result<std::vector<std::string>> {
        VANTHU_TRY(auto transfers, records::reader(self->store.committed()).transfers(owner, document));
        std::vector<std::string> nodes;
        for (const records::transfer_row& t : transfers)
            if (t.state_now == records::state::parked) nodes.push_back(t.node);
        return nodes;
    };
    auto count_parked = [self, owner, document]() -> result<std::size_t> {
        VANTHU_TRY(auto all, records::reader(self->store.committed()).consignments(owner, document));
        return std::ranges::count(all, records::state::parked, &records::consignment_row::state_now);
    };
    VANTHU_CO_TRY(auto nodes, co_await offload(disk, parked_hops));
    for (const std::string& node : nodes) {
        auto released = co_await over_there(engine_executor, engine.release(owner, document, node));
        if (!released && released.error().code != delivery::errc::not_waiting) co_return fail(released.error());
    }
    std::size_t placed = 0;
    if (options.place_again) {
        VANTHU_CO_TRY(placed, co_await over_there(engine_executor, options.place_again(owner, document)));
    }
    VANTHU_CO_TRY(const std::size_t still_parked, co_await offload(disk, count_parked));
    co_return json::object{{"schema_version", 1},
                           {"document", document},
                           {"released", json::array(nodes.begin(), nodes.end())},
                           {"placed", placed},
                           {"still_parked", still_parked}};
}

// Whatever of a document is parked ends here: what has been tried and has no more attempts, and what never left the
// gate.
task<json::object> operator_door::state::send_back(net::request& r) {
    VANTHU_CO_TRY(json::object asked, co_await body_object(r, {"document", "owner", "reason", "officer", "confirm"}));
    auto document = typed(asked, "document"), owner = typed(asked, "owner"), reason = typed(asked, "reason"),
         officer = typed(asked, "officer");
    if (!document || !is_id(*document)) co_return failed(errc::bad_parameter, "document");
    if (!reason) co_return failed(errc::reason_missing);
    if (asked.contains("officer") && !officer) co_return failed(errc::bad_parameter, "officer");
    const json::value* confirm = asked.if_contains("confirm");
    if (confirm && !confirm->is_bool()) co_return failed(errc::bad_parameter, "confirm");
    const bool confirmed = confirm && confirm->get_bool();
    const std::string by = officer.value_or("operator");
    VANTHU_CO_TRY(owner, co_await owner_of(*document, owner));
    // The one that may want a confirmation goes first: then nothing has changed.
    auto tried = co_await over_there(engine_executor, engine.give_up(*owner, *document, *reason, by, confirmed));
    if (!tried && tried.error().code != delivery::errc::not_waiting) co_return fail(tried.error());
    auto kept = co_await over_there(engine_executor, options.send_back(*owner, *document, *reason, by));
    if (!kept && (!tried || kept.error().code != intake::errc::nothing_held)) co_return fail(kept.error());
    const std::size_t returned = tried.value_or(0) + kept.value_or(0);
    log::info("document_returned", {{"document", *document},
                                    {"recipients", returned},
                                    {"officer", by},
                                    {"reason", *reason},
                                    {"confirmed", confirmed},
                                    {"address", r.peer.remote_address}});
    co_return json::object{{"schema_version", 1}, {"document", *document}, {"returned", returned}};
}

task<json::object> operator_door::state::back_up(net::request& r) {
    VANTHU_CO_TRY(json::object asked, co_await body_object(r, {"officer", "reason", "name"}));
    auto officer = typed(asked, "officer"), reason = typed(asked, "reason"), name = typed(asked, "name");
    if (!officer || !reason) co_return failed(errc::officer_missing);
    // One name in the configured directory: nobody at this door says where else vanthud writes.
    auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-'; };
    if (asked.contains("name") && (!name || name->starts_with('.') || !std::ranges::all_of(*name, plain)))
        co_return failed(errc::bad_parameter, "name");
    co_return co_await start_backup(*officer, *reason, name.value_or(""));
}

task<json::object> operator_door::state::destroy(net::request& r, std::string id) {
    VANTHU_CO_TRY(json::object asked, co_await body_object(r, {"officer", "reason"}));
    auto officer = typed(asked, "officer"), reason = typed(asked, "reason");
    if (!officer || !reason) co_return failed(errc::officer_missing);
    const auto self = shared_from_this();
    auto look_up = [self, id]() -> result<intake::isolated_secret> {
        // Only what the list shows can be named: the id never becomes a path by itself.
        VANTHU_TRY(auto all, intake::list_isolated(self->options.quarantine));
        auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.id == id; });
        if (found == all.end()) return failed(errc::secret_unknown);
        return *found;
    };
    VANTHU_CO_TRY(intake::isolated_secret what, co_await offload(disk, look_up));
    // Who decided goes on record before anything is lost; of the content only its hash.
    records::event_row ordered{.kind = "isolated_secret_destruction",
                               .code = what.code,
                               .by = *officer,
                               .text = *reason,
                               .proof = what.packet_sha256.hex()};
    auto change = [home = options.home, ordered](ledger::transaction& t) -> result<> {
        return records::writer(t).add_event(home, ordered);
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store, std::move(change)));
    auto work = [self, id] { return intake::destroy_isolated(self->options.quarantine, id); };
    VANTHU_CO_CHECK(co_await offload(disk, work));
    log::warning("isolated_secret_destroyed", {{"id", what.id},
                                               {"packet_sha256", what.packet_sha256.hex()},
                                               {"from", what.from},
                                               {"peer", what.node},
                                               {"officer", *officer},
                                               {"reason", *reason}});
    co_return json::object{{"schema_version", 1}, {"id", what.id}, {"destroyed", true}};
}

} // namespace vanthu::web

#include "tests/web/office.hpp"

#include "daemon/base/ids.hpp"

#include <arpa/inet.h>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace vanthu;
using namespace vanthu::web;
using records::state;
namespace json = boost::json;

namespace {

const std::filesystem::path page_files = VANTHU_SOURCE_DIR "/daemon/web/static";

struct answer {
    int status = 0;
    std::string head, body;
    json::object object() const {
        boost::system::error_code ec;
        json::value v = json::parse(body, ec);
        BOOST_REQUIRE_MESSAGE(!ec && v.is_object(), body);
        return v.get_object();
    }
    std::string code() const { return std::string(object().at("code").as_string()); }
    bool has(std::string_view field) const { return head.find(field) != std::string::npos; }
};

answer answered(int fd, const std::string& request) {
    unique_fd closing(fd);
    BOOST_REQUIRE(::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
    std::string all;
    char chunk[65536];
    for (ssize_t n; (n = ::recv(fd, chunk, sizeof chunk, 0)) > 0;) all.append(chunk, static_cast<std::size_t>(n));
    const std::size_t end = all.find("\r\n\r\n");
    BOOST_REQUIRE_MESSAGE(all.size() > 12 && end != std::string::npos, all);
    return {std::stoi(all.substr(9, 3)), all.substr(0, end), all.substr(end + 4)};
}

std::string request_text(const std::string& method, const std::string& target, const std::string& fields,
                         const std::string& body) {
    return method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + fields +
           (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body;
}

const std::string bearer = "Authorization: Bearer " + std::string(test_secret) + "\r\n";

struct visitor {
    office o{page_files};
    std::string host() const { return "Host: " + o.address() + "\r\n"; }
    // With fields exactly as given.
    answer raw(const std::string& method, const std::string& target, const std::string& fields,
               const std::string& body = {}) {
        const std::string at = o.address();
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1))));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
        return answered(fd, request_text(method, target, fields, body));
    }
    answer get(const std::string& target) { return raw("GET", target, host() + bearer); }
    answer post(const std::string& target, const json::value& body) {
        return raw("POST", target, host() + bearer + "Content-Type: application/json\r\n", json::serialize(body));
    }
};

std::size_t counted(const json::object& overview, std::string_view name) {
    for (const json::value& v : overview.at("states").as_array())
        if (v.at("state").as_string() == name) return v.at("count").to_number<std::size_t>();
    BOOST_FAIL("no such state");
    return 0;
}

made_recipient parked_at_axis() {
    return {"000.00.00.G12", "Bộ Tài chính", state::parked, "truc", "delivery.attempts_exhausted"};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(nothing_but_the_page_is_answered_without_the_right_secret, visitor) {
    const std::string wrong(test_secret.size(), 'x');
    for (const char* target :
         {"/api/overview", "/api/documents", "/api/documents/x", "/api/quarantine", "/metrics", "/api/none", "/none"})
        for (const std::string& given :
             {std::string(), "Authorization: Bearer " + wrong + "\r\n", std::string("Authorization: Bearer \r\n"),
              "Authorization: Basic " + std::string(test_secret) + "\r\n",
              "Cookie: secret=" + std::string(test_secret) + "\r\n", bearer + bearer}) {
            answer a = raw("GET", target, host() + given);
            BOOST_TEST(a.status == 401, target << " " << given);
            BOOST_TEST(a.code() == "web.unauthenticated");
            BOOST_TEST(a.has("WWW-Authenticate: Bearer"));
        }
    BOOST_TEST(raw("GET", "/api/overview?secret=" + std::string(test_secret), host()).status == 401);
    BOOST_TEST(raw("GET", "/", host()).status == 200);
    BOOST_TEST(get("/api/overview").status == 200);
    BOOST_TEST(get("/metrics").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_door_without_a_secret_answers_nobody_over_tcp, visitor) {
    o.door().use_secret(secret());
    BOOST_TEST(get("/api/overview").status == 401);
}

BOOST_FIXTURE_TEST_CASE(only_hosts_of_this_machine_are_served, visitor) {
    const std::string port = o.address().substr(o.address().rfind(':'));
    for (const std::string& name : {std::string("evil.example") + port, std::string("localhost"),
                                    std::string("127.0.0.1:1"), std::string("localhost.evil.example") + port}) {
        BOOST_TEST(raw("GET", "/api/overview", "Host: " + name + "\r\n" + bearer).status == 421, name);
        BOOST_TEST(raw("GET", "/", "Host: " + name + "\r\n").status == 421, name);
    }
    for (const std::string& name : {"localhost" + port, "LocalHost" + port, "[::1]" + port, "127.0.0.1" + port})
        BOOST_TEST(raw("GET", "/api/overview", "Host: " + name + "\r\n" + bearer).status == 200, name);
}

BOOST_FIXTURE_TEST_CASE(a_unix_socket_needs_no_secret_but_no_public_name_either, visitor) {
    o.door().use_secret(secret());
    const std::string path = (o.folder() / "door.sock").string();
    auto server = net::server::open(o.network().executors(), {.address = "unix:" + path},
                                    [this](net::request& r) { return o.door().handle(r); });
    BOOST_REQUIRE(server.has_value());
    auto ask = [&](const std::string& fields) {
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
        return answered(fd, request_text("GET", "/api/overview", fields, "")).status;
    };
    BOOST_TEST(ask("Host: localhost\r\n") == 200);
    BOOST_TEST(ask("Host: vanthu\r\n") == 200);
    BOOST_TEST(ask("Host: localhost:9090\r\n") == 200); // ssh -L 9090:/run/vanthu/operator.sock
    BOOST_TEST(ask("Host: rebound.evil.example:9090\r\n") == 421);
    o.door().use_secret(secret(std::string(test_secret)));
    BOOST_TEST(ask("Host: localhost\r\n") == 401);
    BOOST_TEST(ask("Host: any.example\r\n" + bearer) == 200);
    (*server)->stop(std::chrono::seconds(5));
}

BOOST_FIXTURE_TEST_CASE(what_another_site_asks_is_refused_even_with_the_secret, visitor) {
    for (const char* site : {"cross-site", "same-site"}) {
        answer a = raw("GET", "/api/overview", host() + bearer + "Sec-Fetch-Site: " + site + "\r\n");
        BOOST_TEST(a.status == 403);
        BOOST_TEST(a.code() == "web.cross_site");
    }
    BOOST_TEST(raw("GET", "/api/overview", host() + bearer + "Sec-Fetch-Site: same-origin\r\n").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_foreign_origin_is_refused_also_without_sec_fetch_site, visitor) {
    const std::string port = o.address().substr(o.address().rfind(':'));
    auto ask = [&](const std::string& origin) {
        return raw("POST", "/api/transfers/release", host() + bearer + "Origin: " + origin + "\r\n", "{}");
    };
    for (const std::string& foreign :
         {std::string("http://evil.example"), std::string("null"), "http://localhost" + port + ".evil.example",
          std::string("http://127.0.0.1"), "file://" + o.address(), "http://" + o.address() + "\r\nOrigin: null"}) {
        answer a = ask(foreign);
        BOOST_TEST(a.status == 403, foreign);
        BOOST_TEST(a.code() == "web.cross_site", foreign);
    }
    BOOST_TEST(ask("http://" + o.address()).code() == "web.bad_parameter"); // the page itself gets further
    BOOST_TEST(raw("GET", "/", host() + "Origin: http://evil.example\r\n").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_parameter_that_does_not_exist_is_refused_by_its_name, visitor) {
    for (const char* target : {"/api/overview?x=1", "/api/documents?stat=parked&x=1", "/api/documents?q=a&q=b",
                               "/api/quarantine?q=", "/metrics?name=x", "/api/documents/x?state=parked"}) {
        answer a = get(target);
        BOOST_TEST(a.status == 400, target);
        BOOST_TEST(a.code() == "web.bad_parameter", target);
    }
    BOOST_TEST(get("/api/documents?stat=parked").object().at("cause").as_string() == "stat");
    BOOST_TEST(get("/api/documents?state=parked&q=a").status == 200);
    answer a = post("/api/transfers/release", {{"document", "x"}, {"nod", "truc"}});
    BOOST_TEST(a.code() == "web.bad_parameter");
    BOOST_TEST(a.object().at("cause").as_string() == "nod");
    BOOST_TEST(post("/api/quarantine/x/destroy", {{"officer", "a"}, {"reason", "b"}, {"force", true}}).code() ==
               "web.bad_parameter");
}

BOOST_FIXTURE_TEST_CASE(every_answer_carries_the_strict_headers_and_no_cookie, visitor) {
    for (const answer& a :
         {raw("GET", "/", host()), raw("GET", "/static/page.js", host()), get("/api/overview"), get("/metrics"),
          raw("GET", "/api/overview", host()), raw("GET", "/", "Host: evil.example\r\n"), get("/none")}) {
        BOOST_TEST(a.has("Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'"));
        BOOST_TEST(!a.has("unsafe"));
        BOOST_TEST(a.has("X-Content-Type-Options: nosniff"));
        BOOST_TEST(!a.has("Set-Cookie"));
        BOOST_TEST((a.has("Cache-Control: no-store") || a.has("Cache-Control: no-cache")));
    }
    BOOST_TEST(get("/api/overview").has("Cache-Control: no-store"));
}

BOOST_FIXTURE_TEST_CASE(the_page_has_no_inline_script_or_style, visitor) {
    const std::string page = raw("GET", "/", host()).body;
    BOOST_TEST(page.find("<style") == std::string::npos);
    BOOST_TEST(page.find(" style=") == std::string::npos);
    BOOST_TEST(page.find(" on") == page.find(" on this")); // no event attribute
    BOOST_TEST(page.find("<script type=\"module\" src=\"/static/page.js\"></script>") != std::string::npos);
    for (const char* name : {"page.js", "words.js", "page.css", "index.html"})
        BOOST_TEST(raw("GET", std::string("/static/") + name, host()).status == 200, name);
    for (const char* name : {"page.js", "words.js"}) {
        const std::string script = raw("GET", std::string("/static/") + name, host()).body;
        for (const char* sink :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http:", "https:"})
            BOOST_TEST(script.find(sink) == std::string::npos, name << " " << sink);
    }
}

BOOST_FIXTURE_TEST_CASE(no_path_leads_out_of_the_page_files, visitor) {
    for (const char* target :
         {"/static/../door.cpp", "/static/%2e%2e/door.cpp", "/static/..%2fdoor.cpp", "/static//etc/passwd", "/static/",
          "/static/%2fetc%2fpasswd", "/static/page.js%00.css", "/static/nothing.js"}) {
        answer a = raw("GET", target, host() + bearer);
        BOOST_TEST((a.status == 404 || a.status == 400), target << " " << a.status);
        BOOST_TEST(a.body.find("#include") == std::string::npos);
    }
}

BOOST_FIXTURE_TEST_CASE(the_overview_counts_recipients_and_says_why_they_wait, visitor) {
    BOOST_TEST(counted(get("/api/overview").object(), "parked") == 0u);
    o.fill();
    std::this_thread::sleep_for(std::chrono::milliseconds(1100)); // the view is refreshed at most once a second
    json::object seen = get("/api/overview").object();
    BOOST_TEST(counted(seen, "deferred") == 2u);
    BOOST_TEST(counted(seen, "parked") == 5u);
    BOOST_TEST(counted(seen, "refused") == 1u);
    BOOST_TEST(counted(seen, "recalled") == 1u);
    BOOST_TEST(counted(seen, "waiting") + counted(seen, "active") == 2u);
    const json::array& deferred = seen.at("attention").at("deferred").as_array();
    BOOST_REQUIRE(deferred.size() == 2u);
    for (const json::value& item : deferred)
        for (const json::value& r : item.at("recipients").as_array()) {
            BOOST_TEST(!r.at("why_vi").as_string().empty());
            BOOST_TEST(!r.at("next_attempt_at").as_string().empty());
        }
    BOOST_TEST(seen.at("attention").at("parked").as_array().size() == 4u);
    BOOST_TEST(seen.at("quarantined").to_number<int>() == 1);
    bool found = false;
    for (const json::value& i : seen.at("inboxes").as_array())
        if (i.at("organisation").as_string() == "@h48.99.02") {
            found = true;
            BOOST_TEST(i.at("unacknowledged").to_number<int>() == 1);
        } else {
            BOOST_TEST(i.at("unacknowledged").to_number<int>() == 0);
        }
    BOOST_TEST(found);
}

BOOST_FIXTURE_TEST_CASE(documents_are_found_by_id_number_code_and_state, visitor) {
    o.fill();
    const std::string id = o.add("Về việc tìm kiếm", "0999", {parked_at_axis()});
    auto found = [&](const std::string& query) {
        return get("/api/documents?" + query).object().at("documents").as_array();
    };
    for (const char* q : {"999", "0999", "999/UBND-VP", "0999%2FUBND-VP", "000.00.00.H48%2C2026%2F07%2F15%2C0999",
                          "t%C3%ACm%20ki%E1%BA%BFm"}) {
        json::array list = found(std::string("q=") + q);
        BOOST_REQUIRE_MESSAGE(list.size() == 1u, q << " " << list.size());
        BOOST_TEST(list[0].at("id").as_string() == id, q);
    }
    BOOST_TEST(found("q=" + id).size() == 1u);
    BOOST_TEST(found("q=nothing-like-this").empty());
    BOOST_TEST(found("q=000.00.00.G12&state=expired").size() == 1u);
    for (const auto& [name, n] :
         std::map<std::string, std::size_t>{{"parked", 5}, {"refused", 1}, {"recalled", 1}, {"deferred", 2}})
        BOOST_TEST(found("state=" + name).size() == n, name);
    json::array all = found("");
    BOOST_TEST(all.size() == 13u);
    for (std::size_t i = 1; i < all.size(); ++i)
        BOOST_TEST((all[i].at("id").as_string() < all[i - 1].at("id").as_string()));
    json::array older = found("before=" + std::string(all[4].at("id").as_string()));
    BOOST_REQUIRE(older.size() == 8u);
    BOOST_TEST(older[0].at("id").as_string() == all[5].at("id").as_string());
    BOOST_TEST(get("/api/documents?state=lost").code() == "web.bad_parameter");
    BOOST_TEST(get("/api/documents?before=zzz").code() == "web.bad_parameter");
    BOOST_TEST(get("/api/documents?q=" + std::string(600, 'q')).code() == "web.bad_parameter");
}

BOOST_FIXTURE_TEST_CASE(a_document_is_shown_with_ladder_signature_report_and_transfers, visitor) {
    const std::string id = o.add("Một văn bản", "1", {parked_at_axis()});
    json::object seen = get("/api/documents/" + id).object();
    BOOST_TEST(seen.at("document").at("id").as_string() == id);
    BOOST_TEST(seen.at("document").as_object().contains("signature_report"));
    BOOST_TEST(seen.at("recipients").as_array().size() == 1u);
    BOOST_TEST(seen.at("transfers").as_array().at(0).at("can_release").as_bool());
    BOOST_TEST(seen.at("owner").as_string() == "@h48");
    for (const std::string& unknown : {new_id(system_clock().now()), std::string("x"), std::string("x%3Cscript%3E")}) {
        answer a = get("/api/documents/" + unknown);
        BOOST_TEST(a.status == 404, unknown);
        BOOST_TEST(a.code() == "records.document_unknown");
    }
}

BOOST_FIXTURE_TEST_CASE(hostile_text_stays_text_inside_json, visitor) {
    const std::string id = o.add(std::string(hostile_subject), "1", {parked_at_axis()});
    for (const std::string& target :
         {"/api/documents/" + id, std::string("/api/documents"), std::string("/api/overview")}) {
        answer a = get(target);
        BOOST_TEST(a.has("Content-Type: application/json"));
        BOOST_TEST(a.body.find('\x01') == std::string::npos, "a control character went out unescaped");
        json::object seen = a.object();
        const json::value& d = target == "/api/documents" ? seen.at("documents").as_array().at(0)
                               : target == "/api/overview"
                                   ? seen.at("attention").at("parked").as_array().at(0).at("document")
                                   : seen.at("document");
        BOOST_TEST(std::string_view(d.at("subject").as_string()) == hostile_subject);
    }
}

BOOST_FIXTURE_TEST_CASE(a_parked_transfer_is_released_and_what_is_unknown_or_ended_is_not, visitor) {
    const std::string id = o.add("Gửi lại", "1", {parked_at_axis()});
    const std::string done = o.add("Đã giao", "2", {{"000.00.00.G12", "Bộ Tài chính", state::delivered, "truc", ""}});
    auto release = [&](json::object body) { return post("/api/transfers/release", std::move(body)); };
    BOOST_TEST(release({{"document", id}, {"node", "h99"}}).code() == "delivery.transfer_unknown");
    BOOST_TEST(release({{"document", new_id(system_clock().now())}, {"node", "truc"}}).code() ==
               "records.document_unknown");
    BOOST_TEST(release({{"document", id}, {"node", "truc"}, {"owner", "@nobody"}}).status == 404);
    BOOST_TEST(release({{"document", done}, {"node", "truc"}}).code() == "delivery.not_waiting");
    BOOST_TEST(release({{"node", "truc"}}).code() == "web.bad_parameter");
    BOOST_TEST(raw("POST", "/api/transfers/release", host() + bearer, "not json").code() == "web.bad_parameter");
    BOOST_TEST(raw("POST", "/api/transfers/release", host(), "{}").status == 401);
    BOOST_TEST(get("/api/transfers/release").status == 405);

    BOOST_TEST(release({{"document", id}, {"node", "truc"}}).status == 200);
    records::reader read(o.store().committed());
    bool released = false;
    for (const records::event_row& e : read.events_of(o.home(), id).value()) released |= e.kind == "released";
    BOOST_TEST(released);
    BOOST_TEST((read.transfer(o.home(), id, "truc").value()->state_now != state::parked));
}

BOOST_FIXTURE_TEST_CASE(a_document_is_released_as_a_whole_and_what_still_has_no_way_is_told, visitor) {
    const std::string id =
        o.add("Cho đi tiếp", "1",
              {parked_at_axis(), {"H48.55", "Sở Mới", state::parked, "", "registry.unknown_organisation"}});
    const std::string other = o.add("Văn bản khác", "2", {parked_at_axis()});
    auto release = [&](json::object body) { return post("/api/transfers/release", std::move(body)); };
    BOOST_TEST(release({{"document", new_id(system_clock().now())}}).code() == "records.document_unknown");
    BOOST_TEST(release({{"document", id}, {"owner", "@nobody"}}).code() == "records.document_unknown");
    BOOST_TEST(raw("POST", "/api/transfers/release", host(), json::serialize(json::object{{"document", id}})).status ==
               401);

    answer first = release({{"document", id}, {"owner", o.home()}});
    BOOST_REQUIRE_MESSAGE(first.status == 200, first.body);
    BOOST_TEST((first.object().at("released").as_array() == json::array{"truc"}));
    BOOST_TEST(first.object().at("placed").to_number<int>() == 0);
    BOOST_TEST(first.object().at("still_parked").to_number<int>() == 1);
    records::reader read(o.store().committed());
    auto row = [&](const std::string& document, const char* code) {
        return read.consignment(o.home(), document, code).value().value();
    };
    BOOST_TEST((row(id, "000.00.00.G12").state_now != state::parked));
    BOOST_TEST((row(other, "000.00.00.G12").state_now == state::parked)); // of this document only

    // The registry is put right; the release finds the way.
    o.node().use_registry(o.node().spec.registry +
                          test::organisation_text{"moi", "Sở Mới", "sở", "H48.55", "h48", {}}.toml());
    answer second = release({{"document", id}});
    BOOST_REQUIRE_MESSAGE(second.status == 200, second.body);
    BOOST_TEST(second.object().at("released").as_array().empty());
    BOOST_TEST(second.object().at("placed").to_number<int>() == 1);
    BOOST_TEST(second.object().at("still_parked").to_number<int>() == 0);
    BOOST_TEST((row(id, "H48.55").state_now == state::delivered));
    BOOST_TEST(read.inbox("@moi", 0, 10).value().size() == 1u);
    answer third = release({{"document", id}}); // nothing is left to do, which is no fault
    BOOST_TEST(third.status == 200);
    BOOST_TEST(third.object().at("placed").to_number<int>() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_held_goes_back_to_its_sender_with_a_reason, visitor) {
    const std::string id = o.add("Bị giữ", "1",
                                 {{"H48.98", "Sở Thử nghiệm", state::parked, "", "intake.signature_held"},
                                  {"000.00.00.G12", "Bộ Tài chính", state::parked, "", "intake.first_page_unseen"},
                                  {"H48.55", "Sở Mới", state::parked, "", "registry.unknown_organisation"}});
    auto send_back = [&](json::object body) { return post("/api/transfers/return", std::move(body)); };
    const json::value reason = "Chữ ký không phải của <người> có thẩm quyền";
    BOOST_TEST(send_back({{"document", id}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", id}, {"reason", " \n "}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", id}, {"reason", std::string(501, 'x')}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", "x"}, {"reason", reason}}).code() == "web.bad_parameter");
    BOOST_TEST(send_back({{"document", id}, {"reason", reason}, {"node", "truc"}}).code() == "web.bad_parameter");
    BOOST_TEST(send_back({{"document", new_id(system_clock().now())}, {"reason", reason}}).code() ==
               "records.document_unknown");
    BOOST_TEST(send_back({{"document", id}, {"owner", "@nobody"}, {"reason", reason}}).code() ==
               "records.document_unknown");
    BOOST_TEST(raw("POST", "/api/transfers/return", host(), "{}").status == 401);
    BOOST_TEST(get("/api/transfers/return").status == 405);
    records::reader read(o.store().committed());
    BOOST_TEST(read.inbox("@h48", 0, 10).value().empty());

    answer done = send_back({{"document", id}, {"owner", o.home()}, {"reason", reason}});
    BOOST_REQUIRE_MESSAGE(done.status == 200, done.body);
    BOOST_TEST(done.object().at("returned").to_number<int>() == 2);
    auto row = [&](const char* code) { return read.consignment(o.home(), id, code).value().value(); };
    for (const char* code : {"H48.98", "000.00.00.G12"}) {
        BOOST_TEST((row(code).state_now == state::refused), code);
        BOOST_TEST(row(code).reason == "intake.returned_by_operator", code);
    }
    BOOST_TEST((row("H48.55").state_now == state::parked)); // no operator's decision is asked for there
    // A 02 from whom we serve; for others nobody here refuses.
    BOOST_TEST(row("H48.98").last_status == "02");
    BOOST_TEST(row("000.00.00.G12").last_status == "");
    const auto answers = read.inbox("@h48", 0, 10).value();
    BOOST_REQUIRE(answers.size() == 1u);
    const auto refusal = read.document(answers[0].owner, answers[0].document).value().value();
    BOOST_TEST(refusal.status_code == "02");
    BOOST_TEST(refusal.status_description == reason.as_string());
    BOOST_TEST(get("/api/documents/" + id).body.find("Người vận hành trả lại nơi gửi: Chữ ký không phải của") !=
               std::string::npos);

    BOOST_TEST(send_back({{"document", id}, {"reason", reason}}).code() == "intake.nothing_held"); // once
    BOOST_TEST(read.inbox("@h48", 0, 10).value().size() == 1u);
    answer released = post("/api/transfers/release", {{"document", id}});
    BOOST_TEST(released.object().at("placed").to_number<int>() == 0);
    BOOST_TEST((row("H48.98").state_now == state::refused));
}

// The worst moment: the release has ended on the engine's thread, and the way back to the request's thread is not gone
// yet. The request's thread is held until then, so that the cancellation comes first.
BOOST_FIXTURE_TEST_CASE(a_client_that_vanishes_during_a_release_does_no_harm, visitor) {
    const auto executor = o.network().executor(0);
    const net::peer_identity who;
    for (int i = 0; i < 20; ++i) {
        const std::string id = o.add("Gửi lại", std::to_string(i + 1), {parked_at_axis()});
        net::memory_body body(json::serialize(json::object{{"document", id}, {"node", "truc"}, {"owner", o.home()}}));
        net::request r{.method = "POST",
                       .path = "/api/transfers/release",
                       .query = {},
                       .raw_target = "/api/transfers/release",
                       .fields = {{"Host", o.address()}, {"Authorization", "Bearer " + std::string(test_secret)}},
                       .peer = who,
                       .content_length = {},
                       .body = body};
        asio::cancellation_signal vanished;
        std::promise<void> ended, told;
        asio::co_spawn(executor, o.door().handle(r),
                       asio::bind_cancellation_slot(
                           vanished.slot(), [&](std::exception_ptr, const net::response&) { ended.set_value(); }));
        asio::post(executor, [&] {
            auto released = [&] {
                const auto row = records::reader(o.store().committed()).transfer(o.home(), id, "truc").value();
                return row->state_now != state::parked;
            };
            for (int wait = 0; wait < 5000 && !released(); ++wait)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            std::this_thread::sleep_for(std::chrono::milliseconds(10)); // for what the engine does after its commit
            vanished.emit(asio::cancellation_type::terminal);
            told.set_value();
        });
        told.get_future().wait();
        ended.get_future().wait();
    }
    const std::string id = o.add("Gửi lại", "999", {parked_at_axis()});
    BOOST_TEST(post("/api/transfers/release", {{"document", id}, {"node", "truc"}}).status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_secret_is_destroyed_only_by_a_named_officer_with_a_reason_and_stays_on_record, visitor) {
    const std::string id = o.isolate_secret(), path = "/api/quarantine/" + id + "/destroy";
    json::array listed = get("/api/quarantine").object().at("entries").as_array();
    BOOST_REQUIRE(listed.size() == 1u);
    BOOST_TEST(listed[0].at("id").as_string() == id);
    for (json::object body : {json::object{},
                              {{"officer", "Trần Thị Mẫu"}},
                              {{"reason", "theo quyết định"}},
                              {{"officer", "  "}, {"reason", "x"}},
                              {{"officer", "A\nB"}, {"reason", "x"}},
                              {{"officer", 1}, {"reason", "x"}}})
        BOOST_TEST(post(path, body).code() == "web.officer_missing");
    const json::object decision{{"officer", "Trần Thị Mẫu"}, {"reason", "Quyết định 12"}};
    for (const char* other : {"none", "key"})
        BOOST_TEST(post(std::string("/api/quarantine/") + other + "/destroy", decision).status == 404, other);
    BOOST_TEST(std::filesystem::exists(o.folder() / "quarantine" / (id + ".sealed")));
    BOOST_TEST(std::filesystem::exists(o.folder() / "quarantine" / "key"));

    BOOST_TEST(post(path, decision).status == 200);
    BOOST_TEST(!std::filesystem::exists(o.folder() / "quarantine" / (id + ".sealed")));
    BOOST_TEST(get("/api/quarantine").object().at("entries").as_array().empty());
    BOOST_TEST(post(path, decision).code() == "web.secret_unknown");
    auto events = records::reader(o.store().committed()).events_after(o.home(), 0, 10).value();
    BOOST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].kind == "isolated_secret_destruction");
    BOOST_TEST(events[0].by == "Trần Thị Mẫu");
    BOOST_TEST(events[0].text == "Quyết định 12");
}

BOOST_FIXTURE_TEST_CASE(metrics_say_how_many_wait_how_old_and_where_to, visitor) {
    o.fill();
    const std::string page = get("/metrics").body;
    for (const char* line :
         {"vanthu_consignments_waiting{destination=\"truc\"} 1",
          "vanthu_consignments_waiting{destination=\"h48.99.01\"} 2",
          "vanthu_consignments_parked{destination=\"truc\",reason=\"delivery.attempts_exhausted\"} 1",
          "vanthu_inbox_unacknowledged{organisation=\"@h48.99.02\"} 1",
          "vanthu_oldest_waiting_seconds{destination=\"truc\"}"})
        BOOST_TEST(page.find(line) != std::string::npos, line << "\n" << page);
}

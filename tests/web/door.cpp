// Who is let in, and what is shown.
#include "tests/web/visitor.hpp"

using namespace vanthu;
using namespace vanthu::web;

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
            BOOST_TEST(i.at("arrival_due_soon").to_number<int>() + i.at("arrival_overdue").to_number<int>() <= 1);
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

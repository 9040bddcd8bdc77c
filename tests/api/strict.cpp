// What the API refuses rather than guesses (contracts 14), and what it shows of rows that cannot be read.
#include "daemon/ledger/commit_task.hpp"
#include "daemon/ledger/keys.hpp"
#include "tests/api/packets.hpp"
#include "tests/support/wait_for.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

std::string cause_of(const reply& r) { return text_of(r.json(), {"cause"}); }

reply status(office& o, const std::string& id, const std::string& body, const char* type = "application/json") {
    net::headers fields;
    if (*type) fields.set("Content-Type", type);
    return o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/status", body, fields);
}

// Writes over a row, as a damaged disk might.
void damage(office& o, const ledger::row_key& key) {
    const std::string name(key.view());
    auto change = [&](ledger::transaction& t) -> result<> {
        BOOST_REQUIRE(t.get(name)->has_value());
        t.put(name, "not a row");
        return {};
    };
    BOOST_REQUIRE(wait_for(o.node.network->executor(0), ledger::commit(*o.node.store, change)).has_value());
}

const char* const readable_paths[] = {
    "/v1/health",   "/v1/documents",       "/v1/documents/ID",           "/v1/documents/ID/receipt", "/v1/inbox",
    "/v1/inbox/ID", "/v1/inbox/ID/packet", "/v1/inbox/ID/attachments/0", "/v1/organisations"};

} // namespace

BOOST_AUTO_TEST_SUITE(strictness)

BOOST_AUTO_TEST_CASE(a_query_parameter_nobody_knows_is_refused_by_its_name_everywhere) {
    office o;
    for (const char* path : readable_paths) {
        reply r = o.node.call("key-xa", "GET", std::string(path) + "?organization=H48.99.01");
        BOOST_TEST(r.status == 400, path);
        BOOST_TEST(r.code() == "api.unknown_parameter", path);
        BOOST_TEST(cause_of(r) == "organization", path);
    }
    for (const char* path : {"/v1/documents", "/v1/inbox/ID/ack", "/v1/inbox/ID/status"})
        BOOST_TEST(o.node.call("key-xa", "POST", std::string(path) + "?x=1").code() == "api.unknown_parameter", path);
    // Without a key nobody learns what parameters there are.
    BOOST_TEST(o.node.call("", "GET", "/v1/inbox?x=1").status == 401);
}

BOOST_AUTO_TEST_CASE(a_form_that_could_be_read_in_two_ways_is_refused) {
    office o;
    auto post = [&](const form& f, net::headers more = {}) {
        net::headers fields = f.fields();
        for (const auto& each : more) fields.add(each.name, each.value);
        return o.node.call("key-so", "POST", "/v1/documents", f.finish(), fields);
    };
    const auto good = [] { return form().part("metadata", letter{}.metadata()).part("file", "x", "a.txt"); };
    // A field that is no file.
    form stray = good();
    stray.part("metdata", "{}");
    BOOST_TEST(post(stray).status == 400);
    BOOST_TEST(post(stray).code() == "api.unknown_parameter");
    BOOST_TEST(cause_of(post(stray)) == "metdata");
    form nameless = good();
    nameless.body +=
        "--" + nameless.boundary + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\nx\r\n";
    BOOST_TEST(post(nameless).code() == "api.bad_parameter");
    form encoded = good();
    encoded.body += "--" + encoded.boundary +
                    "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"b.txt\"\r\n"
                    "Content-Transfer-Encoding: base64\r\n\r\neA==\r\n";
    BOOST_TEST(post(encoded).status == 400);
    BOOST_TEST(post(encoded).code() == "net.bad_multipart");
    BOOST_TEST(cause_of(post(encoded)) == "Content-Transfer-Encoding");
    // Headers.
    BOOST_TEST(post(good(), {{"Idempotency-Key", ""}}).code() == "api.bad_parameter");
    BOOST_TEST(cause_of(post(good(), {{"Idempotency-Key", ""}})) == "Idempotency-Key");
    reply packed = post(good(), {{"Content-Encoding", "gzip"}});
    BOOST_TEST(packed.status == 415);
    BOOST_TEST(cause_of(packed) == "Content-Encoding");
    // Limits say how much would have been taken.
    form much = good();
    for (int i = 0; i < 300; ++i) much.part("file", "x", "b.txt");
    BOOST_TEST(post(much).code() == "net.multipart_limit");
    BOOST_TEST(cause_of(post(much)).starts_with("parts: at most "), cause_of(post(much)));
    form long_one;
    long_one.part("metadata", std::string(5u << 20, ' ')).part("file", "x", "a.txt");
    BOOST_TEST(cause_of(post(long_one)) == "metadata: at most 4194304 bytes");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    form extended;
    extended.part("metadata", letter{}.metadata());
    extended.body += "--" + extended.boundary +
                     "\r\nContent-Disposition: form-data; name=\"f\"; filename*=UTF-8''v%C4%83n.txt\r\n\r\nx\r\n";
    BOOST_REQUIRE(post(extended, {{"Content-Encoding", "identity"}}).status == 201);
    const json::object entry = inbox_of(o.node, "key-xa").at(0).as_object();
    BOOST_TEST(json::serialize(entry).find("\"văn.txt\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_authorization_headers_open_nothing) {
    office o;
    net::headers two{{"Authorization", "Bearer key-so"}};
    two.add("Authorization", "Bearer key-xa");
    reply r = o.node.call("", "GET", "/v1/inbox", {}, two);
    BOOST_TEST(r.status == 401);
    BOOST_TEST(r.code() == "api.unauthenticated");
}

BOOST_AUTO_TEST_CASE(a_query_parameter_stands_once) {
    office o;
    for (const char* twice : {"/v1/inbox?after=1&after=2", "/v1/inbox?after=1&after=1", "/v1/documents?limit=1&limit=2",
                              "/v1/organisations?since=0&since=0"}) {
        reply r = o.node.call("key-xa", "GET", twice);
        BOOST_TEST(r.status == 400, twice);
        BOOST_TEST(r.code() == "api.repeated_parameter", twice);
    }
    BOOST_TEST(cause_of(o.node.call("key-xa", "GET", "/v1/inbox?after=1&after=2")) == "after");
}

BOOST_AUTO_TEST_CASE(the_list_of_documents_has_a_limit_and_pages) {
    office o;
    for (int n = 1; n <= 3; ++n) BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = n}).status == 201);
    for (const char* wrong : {"limit=abc", "limit=0", "limit=", "limit=-1", "before=abc", "before="}) {
        reply r = o.node.call("key-so", "GET", std::string("/v1/documents?") + wrong);
        BOOST_TEST(r.code() == "api.bad_parameter", wrong);
        BOOST_TEST(cause_of(r) == std::string(wrong).substr(0, std::string(wrong).find('=')), wrong);
    }
    json::object first = o.node.call("key-so", "GET", "/v1/documents?limit=2").json();
    BOOST_REQUIRE(first.at("documents").as_array().size() == 2u);
    BOOST_TEST(first.at("limit").to_number<std::uint64_t>() == 2u);
    const json::object most = o.node.call("key-so", "GET", "/v1/documents?limit=100000").json();
    BOOST_TEST(most.at("limit").to_number<std::uint64_t>() == 500u);
    json::object second =
        o.node.call("key-so", "GET", "/v1/documents?limit=2&before=" + text_of(first, {"next_before"})).json();
    BOOST_REQUIRE(second.at("documents").as_array().size() == 1u);
    BOOST_TEST(text_of(second.at("documents").at(0).as_object(), {"number"}) == "1");
    BOOST_TEST(second.at("next_before").is_null());
}

BOOST_AUTO_TEST_CASE(a_status_report_is_json_with_the_members_and_types_that_are_known) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    const std::string id = first_entry(o.node, "key-xa");
    for (const char* type : {"", "text/plain", "application/xml", "application/jsonx"}) {
        reply r = status(o, id, R"({"code":"03"})", type);
        BOOST_TEST(r.status == 415, type);
        BOOST_TEST(r.code() == "api.unsupported_media_type", type);
        BOOST_TEST(cause_of(r) == "application/json", type);
    }
    struct bad {
        const char *body, *code, *cause;
    };
    for (const bad& b :
         {bad{R"({"code":3})", "api.bad_parameter", "code"},
          {R"({"description":"x"})", "api.bad_parameter", "code"},
          {R"({"code":"03","description":7})", "api.bad_parameter", "description"},
          {R"({"code":"03","staff":"B"})", "api.bad_parameter", "staff"},
          {R"({"code":"03","staff":{"staff":["B"]}})", "api.bad_parameter", "staff.staff"},
          {R"({"code":"03","desciption":"x"})", "api.unknown_parameter", "desciption"},
          {R"({"code":"03","staff":{"name":"B"}})", "api.unknown_parameter", "staff.name"},
          {R"({"code":"03","code":"02"})", "api.repeated_parameter", "body: code"},
          {R"({"code":"03","staff":{"staff":"A","staff":"B"}})", "api.repeated_parameter", "body: staff"},
          {R"({"code":"03"} {})", "api.bad_parameter", "body: JSON object"},
          {R"({"code":"99"})", "api.status_not_settable", "99"},
          {R"({"code":"02"})", "api.reason_missing", "description"}}) {
        reply r = status(o, id, b.body);
        BOOST_TEST(r.code() == b.code, b.body);
        BOOST_TEST(cause_of(r) == b.cause, b.body);
    }
    BOOST_TEST(inbox_of(o.node, "key-so").empty());
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    // Absent and null are the same; parameters of the content type do not count.
    BOOST_TEST(
        status(o, id, R"({"code":"03","description":null,"staff":null})", "Application/JSON; charset=utf-8").status ==
        201);
}

BOOST_AUTO_TEST_CASE(a_description_that_is_too_long_is_refused_by_its_name) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    const std::string id = first_entry(o.node, "key-xa");
    auto described = [&](std::size_t length) {
        return status(o, id, R"({"code":"02","description":")" + std::string(length, 'x') + "\"}");
    };
    reply r = described(501);
    BOOST_TEST(r.status == 422);
    BOOST_TEST(r.code() == "edxml.field_too_long");
    BOOST_TEST(cause_of(r).starts_with("description"), cause_of(r));
    BOOST_TEST(described(500).status == 201);
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_says_nothing_more) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    const std::string path = "/v1/inbox/" + first_entry(o.node, "key-xa") + "/ack";
    reply r = o.node.call("key-xa", "POST", path, R"({"code":"02"})", {{"Content-Type", "application/json"}});
    BOOST_TEST(r.code() == "api.unknown_parameter");
    BOOST_TEST(cause_of(r) == "code");
    BOOST_TEST(o.node.call("key-xa", "POST", path, "yes").code() == "api.bad_parameter");
    BOOST_TEST(inbox_of(o.node, "key-so").empty());
    BOOST_TEST(o.node.call("key-xa", "POST", path, "{}").status == 200);
    BOOST_TEST(o.node.call("key-xa", "POST", path).status == 200);
}

BOOST_AUTO_TEST_CASE(metadata_with_a_member_twice_or_unknown_is_refused_by_its_name) {
    office o;
    auto with = [&](const std::string& metadata) {
        form f;
        f.part("metadata", metadata).part("file", "x", "van-ban.txt");
        return o.node.call("key-so", "POST", "/v1/documents", f.finish(), f.fields());
    };
    const std::string good = letter{}.metadata();
    reply r = with(R"({"to":[{"organ_id":"H48"}],)" + good.substr(1));
    BOOST_TEST(r.code() == "api.repeated_parameter");
    BOOST_TEST(cause_of(r) == "metadata: to");
    r = with(R"({"sujet":"x",)" + good.substr(1));
    BOOST_TEST(r.code() == "edxml.field_unknown");
    BOOST_TEST(cause_of(r).starts_with("sujet"));
    net::headers twice{{"Idempotency-Key", "a"}};
    twice.add("Idempotency-Key", "b");
    form f;
    f.part("metadata", good).part("file", "x", "van-ban.txt");
    for (const auto& each : f.fields()) twice.add(each.name, each.value);
    r = o.node.call("key-so", "POST", "/v1/documents", f.finish(), twice);
    BOOST_TEST(r.code() == "api.bad_parameter");
    BOOST_TEST(cause_of(r) == "Idempotency-Key");
    BOOST_TEST(with(good).status == 201);
}

BOOST_AUTO_TEST_CASE(a_dry_run_names_the_document_as_the_submission_will) {
    office o;
    reply dry = submit(o.node, "key-so", {}, "x", {}, "?dry_run=1");
    reply real = submit(o.node, "key-so", {}, "x");
    BOOST_TEST(!text_of(real.json(), {"business_document_id"}).empty());
    BOOST_TEST(text_of(dry.json(), {"business_document_id"}) == text_of(real.json(), {"business_document_id"}));
}

BOOST_AUTO_TEST_CASE(an_unreadable_row_hides_no_other_and_can_be_passed) {
    office o;
    std::vector<std::string> documents;
    for (int n = 1; n <= 4; ++n)
        documents.push_back(text_of(submit(o.node, "key-so", letter{.number = n}).json(), {"document_id"}));
    damage(o, std::move(ledger::row_key("@xa", 'I').u64(2)));
    const std::string owner = [&] {
        for (const char* each : {"@so", "@tinh", "@xa"})
            if (records::reader(o.node.store->committed()).document(each, documents[2])->has_value())
                return std::string(each);
        return std::string();
    }();
    damage(o, std::move(ledger::row_key(owner, 'D').text(documents[2])));

    json::object page = o.node.call("key-xa", "GET", "/v1/inbox").json();
    const json::array entries = page.at("entries").as_array();
    BOOST_REQUIRE(entries.size() == 4u);
    for (std::size_t i = 0; i < 4; ++i) {
        const json::object& e = entries[i].as_object();
        BOOST_TEST(e.at("sequence").to_number<std::uint64_t>() == i + 1);
        const bool broken = i == 1 || i == 2;
        BOOST_TEST(e.contains("error") == broken);
        BOOST_TEST(e.contains("document") == !broken);
        if (broken) BOOST_TEST(text_of(e, {"error", "code"}) == "records.row_unreadable");
        if (broken) BOOST_TEST(!text_of(e, {"error", "message_vi"}).empty());
    }
    BOOST_TEST(page.at("next_after").to_number<int>() == 4);
    // A page that ends with a broken row still leads on.
    page = o.node.call("key-xa", "GET", "/v1/inbox?after=1&limit=1").json();
    BOOST_TEST(page.at("next_after").to_number<int>() == 2);
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/inbox?after=2&limit=5").json().at("entries").as_array().size() == 2u);
    // By itself it is an error, and the others are as they were.
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/inbox/" + text_of(entries[2].as_object(), {"id"})).code() ==
               "records.row_unreadable");
    BOOST_TEST(o.node.call("key-xa", "POST", "/v1/inbox/" + text_of(entries[3].as_object(), {"id"}) + "/ack").status ==
               200);

    json::array sent = o.node.call("key-so", "GET", "/v1/documents").json().at("documents").as_array();
    BOOST_REQUIRE(sent.size() == 4u);
    BOOST_TEST(text_of(sent[1].as_object(), {"id"}) == documents[2]);
    BOOST_TEST(text_of(sent[1].as_object(), {"error", "code"}) == "records.row_unreadable");
    BOOST_TEST(text_of(sent[2].as_object(), {"number"}) == "2");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

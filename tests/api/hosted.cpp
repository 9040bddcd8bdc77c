// Several organisations on one node: nobody reads what is another's, also not whoever runs the node.
#include "tests/api/pair_of_nodes.hpp"

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(hosted_organisations)

BOOST_AUTO_TEST_CASE(what_a_peer_brings_is_read_by_its_recipient_and_not_by_whoever_runs_the_node) {
    pair_of_nodes n;
    letter up = upward();
    up.to = {"H48.99.01"};
    BOOST_REQUIRE(submit(n.lower, "key-huyen", up).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(n.upper, "key-xa").size() == 1; }));
    json::object entry = inbox_of(n.upper, "key-xa").at(0).as_object();
    const std::string id = text_of(entry, {"id"}), document = text_of(entry, {"document", "id"});
    BOOST_TEST(text_of(entry, {"document", "origin"}) == "proven");
    BOOST_TEST(n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/packet").status == 200);
    for (const char* other : {"key-tinh", "key-so"}) {
        for (const char* below : {"", "/packet", "/attachments/0"})
            BOOST_TEST(n.upper.call(other, "GET", "/v1/inbox/" + id + below).status == 404, other << below);
        BOOST_TEST(n.upper.call(other, "GET", "/v1/inbox/" + id + "/packet", {}, {{"Range", "bytes=0-3"}}).status ==
                   404);
        BOOST_TEST(n.upper.call(other, "POST", "/v1/inbox/" + id + "/ack").status == 404);
        BOOST_TEST(n.upper
                       .call(other, "POST", "/v1/inbox/" + id + "/status", R"({"code":"03"})",
                             {{"Content-Type", "application/json"}})
                       .status == 404);
        BOOST_TEST(n.upper.call(other, "GET", "/v1/documents/" + document).status == 404);
        BOOST_TEST(n.upper.call(other, "GET", "/v1/documents/" + document + "/receipt").status == 404);
        BOOST_TEST(n.upper.call(other, "GET", "/v1/documents").json().at("documents").as_array().empty());
        BOOST_TEST(n.upper.call(other, "GET", "/v1/inbox?organisation=H48.99.01").code() ==
                   "api.organisation_not_yours");
        BOOST_TEST(inbox_of(n.upper, other).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_page_of_own_documents_passes_over_what_peers_brought) {
    pair_of_nodes n;
    std::vector<std::string> own;
    for (int i = 1; i <= 3; ++i) {
        letter mine{.number = i, .from = "H48"};
        own.insert(own.begin(), text_of(submit(n.upper, "key-tinh", mine).json(), {"document_id"}));
        letter up = upward(i);
        up.to = {"H48"};
        BOOST_REQUIRE(submit(n.lower, "key-huyen", up).status == 201);
        BOOST_REQUIRE(eventually([&] { return inbox_of(n.upper, "key-tinh").size() == std::size_t(i); }));
    }
    std::vector<std::string> seen;
    for (std::string query = "?limit=2";;) {
        json::object page = n.upper.call("key-tinh", "GET", "/v1/documents" + query).json();
        for (const json::value& d : page.at("documents").as_array()) seen.push_back(text_of(d.as_object(), {"id"}));
        if (page.at("next_before").is_null()) break;
        query = "?limit=2&before=" + text_of(page, {"next_before"});
    }
    BOOST_TEST(seen == own, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_key_of_several_organisations_names_the_sender) {
    office o([](node_spec& s) { s.credentials = credentials_for({{"so", {"H48.01", "H48.99.01"}}}); });
    letter unnamed{.to = {"H48"}};
    unnamed.from = "";
    reply r = submit(o.node, "key-so", unnamed);
    BOOST_TEST(r.status == 400);
    BOOST_TEST(r.code() == "api.organisation_unclear");
    BOOST_TEST(submit(o.node, "key-so", letter{.from = "H48.99.01", .to = {"H48"}}).status == 201);
}

BOOST_AUTO_TEST_CASE(a_node_sends_only_for_whom_it_serves) {
    office o([](node_spec& s) {
        s.credentials = credentials_for({{"so", {"H48.01"}}, {"huyen", {"H48.40"}}, {"la", {"H99"}}});
    });
    BOOST_TEST(submit(o.node, "key-so", letter{}).status == 201);
    for (const char* key : {"key-huyen", "key-la"}) {
        reply r = submit_packet(o.node, key, letter{.from = key == std::string("key-la") ? "H99" : "H48.40"}.packet());
        BOOST_TEST(r.status == 403);
        BOOST_TEST(r.code() == "intake.sender_not_served");
    }
}

BOOST_AUTO_TEST_CASE(a_neighbour_is_judged_by_the_policy_of_the_end) {
    // The issuer may send unsigned files, and who receives them here refuses them: the same as over two nodes.
    office o([](node_spec& s) {
        s.policy.actions[std::size_t(intake::role::final)][std::size_t(intake::verdict::unsigned_)] =
            intake::action::refuse;
        s.policy.send_final_refusal = true;
    });
    reply r = submit(o.node, "key-so", letter{});
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    json::object ladder = o.node.call("key-so", "GET", "/v1/documents/" + text_of(r.json(), {"document_id"})).json();
    json::object to = ladder.at("recipients").at(0).as_object();
    BOOST_TEST(text_of(to, {"state"}) == "refused");
    BOOST_TEST(text_of(to, {"last_status"}) == "02");
    BOOST_TEST(text_of(inbox_of(o.node, "key-so").at(0).as_object(), {"document", "status", "code"}) == "02");
}

BOOST_AUTO_TEST_CASE(a_payload_belongs_to_whom_its_rows_belong_to) {
    office o;
    auto owner = [&](const std::string& of, const std::string& id) {
        auto d = records::reader(o.node.store->committed()).document(of, id);
        BOOST_REQUIRE((d && *d));
        auto ref = ledger::payload_ref::decode((*d)->payload);
        BOOST_REQUIRE(ref.has_value());
        return ref->owner;
    };
    const std::string sent = text_of(submit(o.node, "key-so", letter{}).json(), {"document_id"});
    BOOST_TEST(owner("@so", sent) == "@so");
    const std::string entry = text_of(inbox_of(o.node, "key-xa").at(0).as_object(), {"id"});
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + entry + "/ack").status == 200);
    const std::string status = text_of(inbox_of(o.node, "key-so").at(0).as_object(), {"document", "id"});
    BOOST_TEST(owner("@xa", status) == "@xa");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

// What an eOffice says of what stands in its inbox: taken over once, told once, shown to the sender.
#include "tests/api/packets.hpp"

#include <future>

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(statuses)

BOOST_AUTO_TEST_CASE(statuses_follow_the_rules_and_reach_the_sender) {
    office o;
    std::string document = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    std::string id = first_entry(o.node, "key-xa");
    BOOST_TEST(report(o.node, "key-xa", id, "{").code() == "api.bad_parameter");
    BOOST_TEST(report(o.node, "key-xa", id, "[]").code() == "api.bad_parameter");
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":3})").code() == "api.bad_parameter");
    for (const char* code : {"13", "99", ""})
        BOOST_TEST(report(o.node, "key-xa", id, std::string(R"({"code":")") + code + "\"}").code() ==
                       "api.status_not_settable",
                   code);
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"02"})").code() == "api.reason_missing");
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"16","description":""})").code() == "api.reason_missing");
    BOOST_TEST(status_codes(o.node, "key-so").empty());
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", id).status == 200);
    for (const char* code : {"03", "04", "05", "06"}) {
        reply r = report(o.node, "key-xa", id,
                         std::string(R"({"code":")") + code +
                             R"(","staff":{"staff":"Trần Thị B","department":"Văn phòng"}})");
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        BOOST_TEST(text_of(r.json(), {"code"}) == code);
        BOOST_TEST((receipt::verify(text_of(r.json(), {"receipt"}), o.node.anchors()).has_value()));
    }
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01", "03", "04", "05", "06"}));
    json::object r = first_recipient(o.node, "key-so", document);
    BOOST_TEST(text_of(r, {"state"}) == "delivered");
    BOOST_TEST(text_of(r, {"last_status"}) == "06");
    std::vector<std::string> kinds;
    for (const json::value& s : r.at("steps").as_array()) kinds.push_back(text_of(s.as_object(), {"kind"}));
    BOOST_TEST((kinds == std::vector<std::string>{"kept", "status", "acked", "status", "status", "status", "status"}),
               json::serialize(r.at("steps")));
}

BOOST_AUTO_TEST_CASE(rungs_that_a_later_status_passed_over_are_not_waited_for) {
    office o;
    auto rungs_of = [&](const std::string& d) { return rungs_text(first_recipient(o.node, "key-so", d)); };
    std::string first = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    BOOST_TEST(rungs_of(first) == "01=waiting 03=waiting 04=waiting 05=waiting 06=waiting ");
    std::string id = first_entry(o.node, "key-xa");
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", id).status == 200);
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"05"})").status == 201);
    BOOST_TEST(rungs_of(first) == "01=reached 03=passed_over 04=passed_over 05=reached 06=waiting ");
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"03"})").status == 201); // late, but there
    BOOST_TEST(rungs_of(first) == "01=reached 03=reached 04=passed_over 05=reached 06=waiting ");
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"06"})").status == 201);
    BOOST_TEST(rungs_of(first) == "01=reached 03=reached 04=passed_over 05=reached 06=reached ");

    std::string second = text_of(submit(o.node, "key-so", letter{.number = 16}).json(), {"document_id"});
    id = text_of(inbox_of(o.node, "key-xa", 1).at(0).as_object(), {"id"});
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"02","description":"sai nơi nhận"})").status == 201);
    const std::string why = text_of(first_recipient(o.node, "key-so", second), {"why_vi"});
    BOOST_TEST(why.find("từ chối tiếp nhận (02): “sai nơi nhận”") != std::string::npos, why);
    BOOST_TEST(rungs_of(second) == "01=reached 02=reached ");
}

BOOST_AUTO_TEST_CASE(statuses_that_make_no_sense_are_refused_with_a_code) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_entry(o.node, "key-xa");
    auto refused = [&](const std::string& entry, const char* code) {
        reply r = report(o.node, "key-xa", entry, std::string(R"({"code":")") + code + R"(","description":"x"})");
        BOOST_TEST(r.status == 409, r.body);
        return r.code();
    };
    for (const char* code : {"15", "16"}) BOOST_TEST(refused(id, code) == "intake.answer_without_request");
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"03"})").status == 201);
    BOOST_TEST(refused(id, "02") == "intake.refusal_after_acceptance"); // also within the same second
    BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = 16}).status == 201);
    std::string second = text_of(inbox_of(o.node, "key-xa").at(1).as_object(), {"id"});
    BOOST_REQUIRE(report(o.node, "key-xa", second, R"({"code":"02","description":"sai nơi nhận"})").status == 201);
    for (const char* code : {"03", "06"}) BOOST_TEST(refused(second, code) == "intake.status_after_end");
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01", "03", "01", "02"}));
    reply entry = o.node.call("key-xa", "GET", "/v1/inbox/" + id);
    BOOST_TEST(text_of(entry.json(), {"last_status"}) == "03");
}

BOOST_AUTO_TEST_CASE(a_recall_is_answered_once_it_is_on_record) {
    office o;
    letter what{.document_id = "VB-1"};
    std::string document = text_of(submit_packet(o.node, "key-so", what.packet()).json(), {"document_id"});
    std::string id = first_entry(o.node, "key-xa");
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", id).status == 200);
    what.bussiness_type = 1;
    reply recall = submit_packet(o.node, "key-so", what.packet());
    BOOST_REQUIRE_MESSAGE(recall.status == 201, recall.body);
    json::array entries = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(entries.size() == 2u);
    BOOST_TEST(submit_packet(o.node, "key-so", what.packet()).status == 200); // one recall, sent twice
    // The eOffice answers on the document or on the recall: both know of it.
    auto last_status = [&](const std::string& of) {
        return text_of(first_recipient(o.node, "key-so", of), {"last_status"});
    };
    const std::string request = text_of(recall.json(), {"document_id"});
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"16","description":"đã ban hành văn bản trả lời"})").status ==
               201);
    BOOST_TEST(last_status(document) == "16");
    BOOST_TEST(last_status(request) == "16");
    // Asked again after an answer: a new request, not a duplicate of the first.
    recall = submit_packet(o.node, "key-so", what.packet());
    BOOST_TEST(recall.status == 201);
    entries = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(entries.size() == 3u);
    BOOST_TEST(report(o.node, "key-xa", text_of(entries.at(2).as_object(), {"id"}), R"({"code":"15"})").status == 201);
    BOOST_TEST(last_status(document) == "15");
    BOOST_TEST(last_status(text_of(recall.json(), {"document_id"})) == "15");
    BOOST_TEST(last_status(request) == "16");
    json::object entry = o.node.call("key-xa", "GET", "/v1/inbox/" + id).json();
    BOOST_TEST(!text_of(entry, {"cancelled_at"}).empty());
    BOOST_TEST(text_of(entry, {"last_status"}) == "15");
}

BOOST_AUTO_TEST_CASE(a_status_stands_on_the_document_its_reporter_was_addressed_by) {
    office o;
    reply first = submit(o.node, "key-so", letter{});
    reply further = submit(o.node, "key-so", letter{.to = {"H48.99.01", "H48"}}); // the same, to one recipient more
    BOOST_REQUIRE(first.status == 201);
    BOOST_REQUIRE(further.status == 201);
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    auto last_status = [&](const reply& submitted) {
        return text_of(first_recipient(o.node, "key-so", text_of(submitted.json(), {"document_id"})), {"last_status"});
    };
    BOOST_TEST(text_of(first.json(), {"document_id"}) != text_of(further.json(), {"document_id"}));
    BOOST_TEST(last_status(first) == "01");
    BOOST_TEST(last_status(further) == ""); // H48 has not answered
}

BOOST_AUTO_TEST_CASE(a_late_status_does_not_turn_the_ladder_back) {
    office o;
    std::string document = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    std::string id = first_entry(o.node, "key-xa");
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", id).status == 200);
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"05"})").status == 201);
    BOOST_REQUIRE(report(o.node, "key-xa", id, R"({"code":"03"})").status == 201);
    BOOST_TEST(text_of(first_recipient(o.node, "key-so", document), {"last_status"}) == "05");
    BOOST_TEST(status_codes(o.node, "key-so").size() == 3u);
}

BOOST_AUTO_TEST_CASE(acknowledged_twice_makes_one_01) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_entry(o.node, "key-xa");
    reply first = acknowledge(o.node, "key-xa", id);
    BOOST_REQUIRE_MESSAGE(first.status == 200, first.body);
    BOOST_TEST(!text_of(first.json(), {"acked_at"}).empty());
    BOOST_TEST(text_of(first.json(), {"last_status"}) == "01");
    reply again = acknowledge(o.node, "key-xa", id);
    BOOST_TEST(again.status == 200);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01"}));
    // Still to be read after it.
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/inbox/" + id + "/packet").status == 200);
}

BOOST_AUTO_TEST_CASE(many_acknowledgements_at_once_make_one_01) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_entry(o.node, "key-xa");
    std::vector<std::future<reply>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(std::async(std::launch::async, [&] { return acknowledge(o.node, "key-xa", id); }));
    for (auto& f : all) BOOST_TEST(f.get().status == 200);
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01"}));
}

BOOST_AUTO_TEST_CASE(a_status_entry_is_acknowledged_without_a_01_about_it) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    std::string id = text_of(inbox_of(o.node, "key-so").at(0).as_object(), {"id"});
    reply r = acknowledge(o.node, "key-so", id);
    BOOST_REQUIRE_MESSAGE(r.status == 200, r.body);
    BOOST_TEST(!text_of(r.json(), {"acked_at"}).empty());
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(report(o.node, "key-so", id, R"({"code":"03"})").code() == "api.packet_expected");
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + "/attachments/0").code() == "api.packet_expected");
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + "/packet").status == 200);
}

namespace {
const std::string today = to_edxml_date(system_clock().now());
letter named(int number = 15) {
    return {.number = number, .date = today, .document_id = "VB-" + std::to_string(number)};
}
json::object entry_of(office& o, const std::string& id) {
    return o.node.call("key-xa", "GET", "/v1/inbox/" + id).json();
}
} // namespace

// Contracts 3: 01 is produced once, by the eOffice's ack. An eOffice that pushes one means just that.
BOOST_AUTO_TEST_CASE(a_01_that_an_eoffice_reports_is_the_acknowledgement) {
    office o;
    BOOST_REQUIRE(submit_packet(o.node, "key-so", named().packet()).status == 201);
    const std::string id = first_entry(o.node, "key-xa");
    reply first = report(o.node, "key-xa", id, R"({"code":"01"})");
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    BOOST_TEST(!text_of(entry_of(o, id), {"acked_at"}).empty());
    BOOST_TEST(entry_of(o, id).at("acked_at").is_string());
    const std::string shown = json::serialize(entry_of(o, id));
    // Again, in other words, as a packet, by ack: the same result, and no second one.
    for (const char* body : {R"({"code":"01"})", R"({"code":"01","description":"đã đến nơi"})"}) {
        reply again = report(o.node, "key-xa", id, body);
        BOOST_TEST(again.status == 200);
        BOOST_TEST(again.body == first.body);
    }
    reply pushed = submit_packet(o.node, "key-xa", answer_packet{.code = "01"}.to(named()));
    BOOST_TEST(pushed.status == 200, pushed.body);
    BOOST_TEST(text_of(pushed.json(), {"document_id"}) == text_of(first.json(), {"status_id"}));
    BOOST_TEST(text_of(pushed.json(), {"receipt"}) == text_of(first.json(), {"receipt"}));
    BOOST_TEST(acknowledge(o.node, "key-xa", id).body == shown);
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01"}));
}

BOOST_AUTO_TEST_CASE(a_01_that_comes_as_a_packet_is_the_acknowledgement) {
    office o;
    const std::string document = text_of(submit_packet(o.node, "key-so", named().packet()).json(), {"document_id"});
    const std::string id = first_entry(o.node, "key-xa");
    reply first = submit_packet(o.node, "key-xa", answer_packet{.code = "01"}.to(named()));
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    BOOST_TEST(entry_of(o, id).at("acked_at").is_string());
    BOOST_TEST(text_of(entry_of(o, id), {"last_status"}) == "01");
    reply later =
        submit_packet(o.node, "key-xa", answer_packet{.code = "01", .time = "2025/07/16 08:00:00"}.to(named()));
    BOOST_TEST(later.status == 200, later.body);
    BOOST_TEST(text_of(later.json(), {"receipt"}) == text_of(first.json(), {"receipt"}));
    reply listed = report(o.node, "key-xa", id, R"({"code":"01"})");
    BOOST_TEST(listed.status == 200);
    BOOST_TEST(text_of(listed.json(), {"status_id"}) == text_of(first.json(), {"document_id"}));
    BOOST_TEST(acknowledge(o.node, "key-xa", id).status == 200);
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01"}));
    std::vector<std::string> kinds;
    for (const json::value& s : first_recipient(o.node, "key-so", document).at("steps").as_array())
        kinds.push_back(text_of(s.as_object(), {"kind"}));
    BOOST_TEST((kinds == std::vector<std::string>{"kept", "status", "acked"}));
    o.node.restart();
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"01"})").body == listed.body);
    // Each document has its own.
    BOOST_REQUIRE(submit_packet(o.node, "key-so", named(16).packet()).status == 201);
    BOOST_TEST(submit_packet(o.node, "key-xa", answer_packet{.code = "01"}.to(named(16))).status == 201);
}

BOOST_AUTO_TEST_CASE(a_status_before_the_acknowledgement_is_one_and_its_01_goes_first) {
    for (const std::string code : {"02", "03", "04", "05", "06"})
        for (const bool as_packet : {false, true}) {
            BOOST_TEST_CONTEXT(code << (as_packet ? " as a packet" : "")) {
                office o;
                const std::string document =
                    text_of(submit_packet(o.node, "key-so", named().packet()).json(), {"document_id"});
                const std::string id = first_entry(o.node, "key-xa");
                reply said = as_packet
                                 ? submit_packet(o.node, "key-xa",
                                                 answer_packet{.code = code, .description = "lý do"}.to(named()))
                                 : report(o.node, "key-xa", id, R"({"code":")" + code + R"(","description":"lý do"})");
                BOOST_REQUIRE_MESSAGE(said.status == 201, said.body);
                BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01", code}));
                BOOST_TEST(entry_of(o, id).at("acked_at").is_string());
                BOOST_TEST(text_of(entry_of(o, id), {"last_status"}) == code);
                BOOST_TEST(rungs_text(first_recipient(o.node, "key-so", document)).starts_with("01=reached "));
                // The implied one is proven like any other, and is the one that a later acknowledgement answers.
                json::object arrival = inbox_of(o.node, "key-so").at(0).as_object();
                BOOST_TEST(text_of(arrival, {"document", "origin"}) == "proven");
                reply late = report(o.node, "key-xa", id, R"({"code":"01"})");
                BOOST_TEST(late.status == 200, late.body);
                BOOST_TEST(text_of(late.json(), {"status_id"}) == text_of(arrival, {"document", "id"}));
                BOOST_TEST(acknowledge(o.node, "key-xa", id).status == 200);
                BOOST_TEST(status_codes(o.node, "key-so").size() == 2u);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_refused_status_takes_nothing_over) {
    office o;
    BOOST_REQUIRE(submit_packet(o.node, "key-so", named().packet()).status == 201);
    const std::string id = first_entry(o.node, "key-xa");
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"15"})").code() == "intake.answer_without_request");
    BOOST_TEST(report(o.node, "key-xa", id, R"({"code":"02"})").code() == "api.reason_missing");
    BOOST_TEST(entry_of(o, id).at("acked_at").is_null());
    BOOST_TEST(status_codes(o.node, "key-so").empty());
}

BOOST_AUTO_TEST_CASE(however_many_say_it_at_once_one_01_leaves) {
    office o;
    BOOST_REQUIRE(submit_packet(o.node, "key-so", named().packet()).status == 201);
    const std::string id = first_entry(o.node, "key-xa");
    std::vector<std::future<reply>> all;
    auto at_once = [&](auto say) { all.push_back(std::async(std::launch::async, say)); };
    for (int i = 0; i < 3; ++i) {
        at_once([&] { return acknowledge(o.node, "key-xa", id); });
        at_once([&] { return report(o.node, "key-xa", id, R"({"code":"01"})"); });
        at_once([&, i] {
            const std::string time = "2025/07/15 08:00:0" + std::to_string(i);
            return submit_packet(o.node, "key-xa", answer_packet{.code = "01", .time = time}.to(named()));
        });
        at_once([&, i] {
            return report(o.node, "key-xa", id, R"({"code":"03","description":"lần )" + std::to_string(i) + "\"}");
        });
    }
    for (auto& f : all) {
        reply r = f.get();
        BOOST_TEST((r.status == 200 || r.status == 201), r.body);
    }
    std::vector<std::string> codes = status_codes(o.node, "key-so");
    BOOST_TEST(std::ranges::count(codes, "01") == 1);
    BOOST_TEST(std::ranges::count(codes, "03") == 3);
    BOOST_TEST(codes.front() == "01");
}

BOOST_AUTO_TEST_CASE(who_has_no_right_to_the_inbox_takes_nothing_over) {
    office o([](node_spec& s) {
        std::string submits = credentials_for({{"xa2", {"H48.99.01"}}});
        submits.replace(submits.find("\"inbox\", "), 9, "");
        s.credentials += submits;
    });
    BOOST_REQUIRE(submit_packet(o.node, "key-so", named().packet()).status == 201);
    for (const char* code : {"01", "03"}) {
        reply r = submit_packet(o.node, "key-xa2", answer_packet{.code = code}.to(named()));
        BOOST_TEST(r.status == 403, r.body);
        BOOST_TEST(r.code() == "intake.inbox_right_missing");
    }
    BOOST_TEST(submit_packet(o.node, "key-so", answer_packet{.code = "01"}.to(named())).code() ==
               "intake.sender_not_yours");
    BOOST_TEST(entry_of(o, first_entry(o.node, "key-xa")).at("acked_at").is_null());
    BOOST_TEST(status_codes(o.node, "key-so").empty());
}

BOOST_AUTO_TEST_CASE(where_01_was_sent_on_commit_the_acknowledgement_sends_no_second_one) {
    office o([](node_spec& s) {
        const std::string so = "id = \"xa\"\n";
        s.registry.replace(s.registry.find(so), so.size(), so + "answers_on_commit = true\n");
    });
    for (const int number : {15, 16, 17})
        BOOST_REQUIRE(submit_packet(o.node, "key-so", named(number).packet()).status == 201);
    json::array entries = inbox_of(o.node, "key-xa");
    BOOST_TEST(entries.at(0).at("acked_at").is_null()); // nobody has fetched it yet
    auto id = [&](std::size_t i) { return text_of(entries.at(i).as_object(), {"id"}); };
    BOOST_TEST(acknowledge(o.node, "key-xa", id(0)).json().at("acked_at").is_string());
    BOOST_TEST(report(o.node, "key-xa", id(1), R"({"code":"01"})").status == 200);
    BOOST_TEST(report(o.node, "key-xa", id(2), R"({"code":"03"})").status == 201);
    for (std::size_t i : {0u, 1u, 2u}) BOOST_TEST(entry_of(o, id(i)).at("acked_at").is_string());
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"01", "01", "01", "03"}));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

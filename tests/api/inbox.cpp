// The inbox: in sequence, fetched as often as one likes, acknowledged once; statuses and the ladder.
#include "daemon/api/ladder.hpp"
#include "tests/api/packets.hpp"

#include <future>
#include <thread>

namespace vanthu::test {
namespace json = boost::json;

namespace {
std::string first_id(office& o) { return text_of(inbox_of(o.node, "key-xa").at(0).as_object(), {"id"}); }
reply status(office& o, const std::string& id, const std::string& body, const std::string& key = "key-xa") {
    return o.node.call(key, "POST", "/v1/inbox/" + id + "/status", body, {{"Content-Type", "application/json"}});
}
std::vector<std::string> codes_at_sender(office& o) {
    std::vector<std::string> out;
    for (const json::value& e : inbox_of(o.node, "key-so"))
        out.push_back(text_of(e.as_object(), {"document", "status", "code"}));
    return out;
}
} // namespace

BOOST_AUTO_TEST_SUITE(the_inbox)

BOOST_AUTO_TEST_CASE(entries_come_in_sequence_without_gaps_and_keep_their_ids) {
    office o;
    for (int n = 1; n <= 7; ++n) BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = n}).status == 201);
    json::array all = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(all.size() == 7u);
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i].at("sequence").to_number<std::uint64_t>() == i + 1);
    reply page = o.node.call("key-xa", "GET", "/v1/inbox?after=2&limit=3");
    BOOST_TEST(page.json().at("entries").as_array().size() == 3u);
    BOOST_TEST(page.json().at("next_after").to_number<std::uint64_t>() == 5u);
    o.node.restart();
    BOOST_TEST((inbox_of(o.node, "key-xa") == all));
    for (const char* bad : {"after=-1", "after=x", "after=", "limit=0", "wait=1s", "after=99999999999999999999"})
        BOOST_TEST(o.node.call("key-xa", "GET", std::string("/v1/inbox?") + bad).code() == "api.bad_parameter", bad);
}

BOOST_AUTO_TEST_CASE(sequences_are_per_organisation_and_nobody_reads_anothers) {
    office o;
    letter both{.to = {"H48.99.01", "H48"}};
    BOOST_REQUIRE(submit(o.node, "key-so", both).status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").at(0).at("sequence").to_number<int>() == 1);
    BOOST_TEST(o.node.call("key-tinh", "GET", "/v1/inbox").code() == "api.organisation_unclear");
    BOOST_TEST(
        o.node.call("key-tinh", "GET", "/v1/inbox?organisation=000.00.00.H48").json().at("entries").as_array().size() ==
        1u);
    reply other = o.node.call("key-xa", "GET", "/v1/inbox?organisation=H48");
    BOOST_TEST(other.status == 403);
    BOOST_TEST(other.code() == "api.organisation_not_yours");
    std::string id = first_id(o);
    for (const char* what : {"", "/packet", "/attachments/0"})
        BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + what).status == 404);
    BOOST_TEST(o.node.call("key-so", "POST", "/v1/inbox/" + id + "/ack").status == 404);
}

BOOST_AUTO_TEST_CASE(a_long_poll_wakes_when_something_comes) {
    office o;
    auto waiting =
        std::async(std::launch::async, [&] { return o.node.call("key-xa", "GET", "/v1/inbox?after=0&wait=30"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    auto began = std::chrono::steady_clock::now();
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    BOOST_TEST(waiting.get().json().at("entries").as_array().size() == 1u);
    BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20))); // not at its deadline
    reply empty = o.node.call("key-xa", "GET", "/v1/inbox?after=1&wait=1");
    BOOST_TEST(empty.json().at("entries").as_array().empty());
    BOOST_TEST(empty.json().at("next_after").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(ranges_of_packet_and_attachment_are_the_bytes_asked_for) {
    office o;
    std::string file;
    for (int i = 0; i < 5000; ++i) file += std::to_string(i) + ",";
    BOOST_REQUIRE(submit(o.node, "key-so", {}, file).status == 201);
    std::string base = "/v1/inbox/" + first_id(o);
    std::string packet = o.node.call("key-xa", "GET", base + "/packet").body;
    for (const auto& [path, whole] : {std::pair(base + "/packet", packet), std::pair(base + "/attachments/0", file)}) {
        auto part = [&, path = path](const char* range) {
            return o.node.call("key-xa", "GET", path, {}, {{"Range", range}});
        };
        reply middle = part("bytes=10-19");
        BOOST_TEST(middle.status == 206);
        BOOST_TEST(middle.body == whole.substr(10, 10));
        BOOST_TEST(std::string(middle.fields.get("Content-Range")) == "bytes 10-19/" + std::to_string(whole.size()));
        BOOST_TEST((part("bytes=100-").body == whole.substr(100)));
        BOOST_TEST(part("bytes=-7").body == whole.substr(whole.size() - 7));
        reply beyond = part("bytes=99999999-");
        BOOST_TEST(beyond.status == 416);
        BOOST_TEST(std::string(beyond.fields.get("Content-Range")) == "bytes */" + std::to_string(whole.size()));
        BOOST_TEST((part("bytes=0-1,5-6").body == whole));
        reply head = o.node.call("key-xa", "HEAD", path);
        BOOST_TEST(head.status == 200);
        BOOST_TEST(std::string(head.fields.get("Content-Length")) == std::to_string(whole.size()));
        BOOST_TEST(head.body.empty());
    }
    reply whole = o.node.call("key-xa", "GET", base + "/attachments/0");
    BOOST_TEST(std::string(whole.fields.get("Content-Disposition")).find("van-ban.txt") != std::string::npos);
    BOOST_TEST(std::string(whole.fields.get("ETag")) == "\"" + sha256::of(file).hex() + "\"");
    for (const char* n : {"1", "-1", "x", "99999999999999999999"})
        BOOST_TEST(o.node.call("key-xa", "GET", base + "/attachments/" + n).status == 404, n);
}

BOOST_AUTO_TEST_CASE(acknowledged_twice_makes_one_01) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_id(o);
    reply first = o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack");
    BOOST_REQUIRE_MESSAGE(first.status == 200, first.body);
    BOOST_TEST(!text_of(first.json(), {"acked_at"}).empty());
    BOOST_TEST(text_of(first.json(), {"last_status"}) == "01");
    reply again = o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack");
    BOOST_TEST(again.status == 200);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST((codes_at_sender(o) == std::vector<std::string>{"01"}));
    // Still to be read after it.
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/inbox/" + id + "/packet").status == 200);
}

BOOST_AUTO_TEST_CASE(many_acknowledgements_at_once_make_one_01) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_id(o);
    std::vector<std::future<reply>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(
            std::async(std::launch::async, [&] { return o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack"); }));
    for (auto& f : all) BOOST_TEST(f.get().status == 200);
    BOOST_TEST((codes_at_sender(o) == std::vector<std::string>{"01"}));
}

BOOST_AUTO_TEST_CASE(a_status_entry_is_acknowledged_without_a_01_about_it) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + first_id(o) + "/ack").status == 200);
    std::string id = text_of(inbox_of(o.node, "key-so").at(0).as_object(), {"id"});
    reply r = o.node.call("key-so", "POST", "/v1/inbox/" + id + "/ack");
    BOOST_REQUIRE_MESSAGE(r.status == 200, r.body);
    BOOST_TEST(!text_of(r.json(), {"acked_at"}).empty());
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(status(o, id, R"({"code":"03"})", "key-so").code() == "api.packet_expected");
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + "/attachments/0").code() == "api.packet_expected");
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + "/packet").status == 200);
}

BOOST_AUTO_TEST_CASE(statuses_follow_the_rules_and_reach_the_sender) {
    office o;
    std::string document = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    std::string id = first_id(o);
    BOOST_TEST(status(o, id, "{").code() == "api.bad_parameter");
    BOOST_TEST(status(o, id, "[]").code() == "api.bad_parameter");
    BOOST_TEST(status(o, id, R"({"code":3})").code() == "api.bad_parameter");
    for (const char* code : {"01", "13", "99", ""})
        BOOST_TEST(status(o, id, std::string(R"({"code":")") + code + "\"}").code() == "api.status_not_settable", code);
    BOOST_TEST(status(o, id, R"({"code":"02"})").code() == "api.reason_missing");
    BOOST_TEST(status(o, id, R"({"code":"16","description":""})").code() == "api.reason_missing");
    BOOST_TEST(codes_at_sender(o).empty());
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    for (const char* code : {"03", "04", "05", "06"}) {
        reply r = status(o, id,
                         std::string(R"({"code":")") + code +
                             R"(","staff":{"staff":"Trần Thị B","department":"Văn phòng"}})");
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        BOOST_TEST(text_of(r.json(), {"code"}) == code);
        BOOST_TEST((receipt::verify(text_of(r.json(), {"receipt"}), o.node.anchors()).has_value()));
    }
    BOOST_TEST((codes_at_sender(o) == std::vector<std::string>{"01", "03", "04", "05", "06"}));
    json::object ladder = o.node.call("key-so", "GET", "/v1/documents/" + document).json();
    json::object r = ladder.at("recipients").at(0).as_object();
    BOOST_TEST(text_of(r, {"state"}) == "delivered");
    BOOST_TEST(text_of(r, {"last_status"}) == "06");
    std::vector<std::string> kinds;
    for (const json::value& s : r.at("steps").as_array()) kinds.push_back(text_of(s.as_object(), {"kind"}));
    BOOST_TEST((kinds == std::vector<std::string>{"kept", "status", "acked", "status", "status", "status", "status"}),
               json::serialize(r.at("steps")));
}

BOOST_AUTO_TEST_CASE(rungs_that_a_later_status_passed_over_are_not_waited_for) {
    office o;
    auto rungs_of = [&](const std::string& document) {
        json::object r =
            o.node.call("key-so", "GET", "/v1/documents/" + document).json().at("recipients").at(0).as_object();
        std::string out;
        for (const json::value& each : r.at("rungs").as_array()) {
            const json::object& rung = each.as_object();
            out += text_of(rung, {"code"}) + "=" + text_of(rung, {"state"}) + " ";
            BOOST_TEST(rung.at("at").is_null() == (text_of(rung, {"state"}) != "reached"));
            BOOST_TEST(!text_of(rung, {"name_vi"}).empty());
        }
        return out;
    };
    std::string first = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    BOOST_TEST(rungs_of(first) == "01=waiting 03=waiting 04=waiting 05=waiting 06=waiting ");
    std::string id = first_id(o);
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    BOOST_REQUIRE(status(o, id, R"({"code":"05"})").status == 201);
    BOOST_TEST(rungs_of(first) == "01=reached 03=passed_over 04=passed_over 05=reached 06=waiting ");
    BOOST_REQUIRE(status(o, id, R"({"code":"03"})").status == 201); // late, but there
    BOOST_TEST(rungs_of(first) == "01=reached 03=reached 04=passed_over 05=reached 06=waiting ");
    BOOST_REQUIRE(status(o, id, R"({"code":"06"})").status == 201);
    BOOST_TEST(rungs_of(first) == "01=reached 03=reached 04=passed_over 05=reached 06=reached ");

    std::string second = text_of(submit(o.node, "key-so", letter{.number = 16}).json(), {"document_id"});
    id = text_of(inbox_of(o.node, "key-xa", 1).at(0).as_object(), {"id"});
    BOOST_REQUIRE(status(o, id, R"({"code":"02","description":"sai nơi nhận"})").status == 201);
    BOOST_TEST(rungs_of(second) == "01=passed_over 02=reached ");
}

BOOST_AUTO_TEST_CASE(a_reason_that_nobody_here_knows_is_still_a_sentence) {
    BOOST_TEST(api::reason_text("vxp.e17", true) == "Nơi đó báo mã lỗi vxp.e17 mà hệ thống này không biết.");
    BOOST_TEST(api::reason_text("vxp.e17", false).find("vxp.e17") != std::string::npos);
    BOOST_TEST(!api::reason_action("vxp.e17", true).empty());
    BOOST_TEST(api::reason_text("registry.no_route", true) == "Không có đường chuyển tới nơi nhận.");
}

BOOST_AUTO_TEST_CASE(statuses_that_make_no_sense_are_refused_with_a_code) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    std::string id = first_id(o);
    auto refused = [&](const std::string& entry, const char* code) {
        reply r = status(o, entry, std::string(R"({"code":")") + code + R"(","description":"x"})");
        BOOST_TEST(r.status == 409, r.body);
        return r.code();
    };
    for (const char* code : {"03", "04", "05", "06"}) BOOST_TEST(refused(id, code) == "intake.status_before_ack");
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    for (const char* code : {"15", "16"}) BOOST_TEST(refused(id, code) == "intake.answer_without_request");
    BOOST_REQUIRE(status(o, id, R"({"code":"03"})").status == 201);
    BOOST_TEST(refused(id, "02") == "intake.refusal_after_acceptance"); // also within the same second
    BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = 16}).status == 201);
    std::string second = text_of(inbox_of(o.node, "key-xa").at(1).as_object(), {"id"});
    BOOST_REQUIRE(status(o, second, R"({"code":"02","description":"sai nơi nhận"})").status == 201); // needs no ack
    for (const char* code : {"03", "06"}) BOOST_TEST(refused(second, code) == "intake.status_after_end");
    BOOST_TEST((codes_at_sender(o) == std::vector<std::string>{"01", "03", "02"}));
    reply entry = o.node.call("key-xa", "GET", "/v1/inbox/" + id);
    BOOST_TEST(text_of(entry.json(), {"last_status"}) == "03");
}

BOOST_AUTO_TEST_CASE(a_recall_is_answered_once_it_is_on_record) {
    office o;
    letter what{.document_id = "VB-1"};
    std::string document = text_of(submit_packet(o.node, "key-so", what.packet()).json(), {"document_id"});
    std::string id = first_id(o);
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    what.bussiness_type = 1;
    reply recall = submit_packet(o.node, "key-so", what.packet());
    BOOST_REQUIRE_MESSAGE(recall.status == 201, recall.body);
    json::array entries = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(entries.size() == 2u);
    BOOST_TEST(submit_packet(o.node, "key-so", what.packet()).status == 200); // one recall, sent twice
    // The eOffice answers on the document or on the recall: both know of the request.
    BOOST_TEST(status(o, id, R"({"code":"16","description":"đã ban hành văn bản trả lời"})").status == 201);
    std::string of_recall = text_of(entries.at(1).as_object(), {"id"});
    BOOST_TEST(status(o, of_recall, R"({"code":"15"})").status == 201);
    auto last_status = [&](const std::string& of) {
        json::object ladder = o.node.call("key-so", "GET", "/v1/documents/" + of).json();
        return text_of(ladder.at("recipients").as_array().at(0).as_object(), {"last_status"});
    };
    BOOST_TEST(last_status(document) == "16");
    BOOST_TEST(last_status(text_of(recall.json(), {"document_id"})) == "15");
    // Asked again after an answer: a new request, not a duplicate of the first.
    BOOST_TEST(submit_packet(o.node, "key-so", what.packet()).status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_status_stands_on_the_document_its_reporter_was_addressed_by) {
    office o;
    reply first = submit(o.node, "key-so", letter{});
    reply further = submit(o.node, "key-so", letter{.to = {"H48.99.01", "H48"}}); // the same, to one recipient more
    BOOST_REQUIRE(first.status == 201);
    BOOST_REQUIRE(further.status == 201);
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + first_id(o) + "/ack").status == 200);
    auto last_status = [&](const reply& submitted) {
        std::string id = text_of(submitted.json(), {"document_id"});
        json::object ladder = o.node.call("key-so", "GET", "/v1/documents/" + id).json();
        return text_of(ladder.at("recipients").as_array().at(0).as_object(), {"last_status"});
    };
    BOOST_TEST(text_of(first.json(), {"document_id"}) != text_of(further.json(), {"document_id"}));
    BOOST_TEST(last_status(first) == "01");
    BOOST_TEST(last_status(further) == ""); // H48 has not answered
}

BOOST_AUTO_TEST_CASE(a_late_status_does_not_turn_the_ladder_back) {
    office o;
    std::string document = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    std::string id = first_id(o);
    BOOST_REQUIRE(o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    BOOST_REQUIRE(status(o, id, R"({"code":"05"})").status == 201);
    BOOST_REQUIRE(status(o, id, R"({"code":"03"})").status == 201);
    json::object ladder = o.node.call("key-so", "GET", "/v1/documents/" + document).json();
    BOOST_TEST(text_of(ladder.at("recipients").at(0).as_object(), {"last_status"}) == "05");
    BOOST_TEST(codes_at_sender(o).size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

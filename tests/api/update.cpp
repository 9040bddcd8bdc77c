// Updates by the API, over one node and over two with a real link between them.
#include "daemon/ledger/commit_task.hpp"
#include "tests/api/pair_of_nodes.hpp"
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

reply update(daemon_parts& at, const std::string& key, const std::string& document, const std::string& body,
             net::headers fields = {}) {
    fields.set("Content-Type", "application/json");
    return at.call(key, "POST", "/v1/documents/" + document + "/update", body, fields);
}
reply update_content(daemon_parts& at, const std::string& key, const std::string& document,
                     const std::string& file = "nội dung cập nhật",
                     const std::string& metadata = R"({"reason":"Sửa phụ lục","subject":"Về việc đã cập nhật"})") {
    form f;
    f.part("metadata", metadata).part("file", file, "van-ban.txt");
    return at.call(key, "POST", "/v1/documents/" + document + "/update", f.finish(), f.fields());
}
std::string sent(daemon_parts& at, const std::string& key, const letter& what) {
    reply r = submit(at, key, what);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    return text_of(r.json(), {"document_id"});
}
json::object recipient(daemon_parts& at, const std::string& key, const std::string& document, std::size_t n = 0) {
    return at.call(key, "GET", "/v1/documents/" + document).json().at("recipients").at(n).as_object();
}
json::object entry(daemon_parts& at, const std::string& key, std::size_t n) {
    json::array all = inbox_of(at, key);
    BOOST_REQUIRE(all.size() > n);
    return all.at(n).as_object();
}

} // namespace

BOOST_AUTO_TEST_SUITE(updates)

BOOST_AUTO_TEST_CASE(new_content_stands_before_the_clerk_and_the_document_goes_on_as_before) {
    for (const bool agrees : {true, false}) {
        pair_of_nodes two;
        const std::string old = sent(two.lower, "key-huyen", upward());
        BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
        reply asked = update_content(two.lower, "key-huyen", old);
        BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
        BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
        json::object before = entry(two.upper, "key-xa", 0), request = entry(two.upper, "key-xa", 1);
        BOOST_TEST(text_of(before, {"update", "inbox_id"}) == text_of(request, {"id"}));
        BOOST_TEST(text_of(request, {"updates", "inbox_id"}) == text_of(before, {"id"}));
        BOOST_TEST(text_of(request, {"updates", "stands"}) == "before_clerk");
        BOOST_TEST(text_of(request, {"updates", "reason"}) == "Sửa phụ lục");
        BOOST_TEST(text_of(request, {"document", "subject"}) == "Về việc đã cập nhật");
        BOOST_TEST(update_content(two.lower, "key-huyen", old, "khác").code() == "intake.recall_already_asked");
        BOOST_TEST(text_of(recipient(two.lower, "key-huyen", old), {"why_vi"}).find("cập nhật") != std::string::npos);
        BOOST_TEST(text_of(recipient(two.lower, "key-huyen", old), {"why_en"}).find("update") != std::string::npos);
        // On either entry.
        BOOST_REQUIRE(report(two.upper, "key-xa", text_of(agrees ? request : before, {"id"}),
                             agrees ? R"({"code":"15"})" : R"({"code":"16","description":"Đã ban hành"})")
                          .status == 201);
        BOOST_TEST(eventually([&] {
            return text_of(recipient(two.lower, "key-huyen", old), {"update", "stands"}) ==
                   (agrees ? "agreed" : "denied");
        }));
        BOOST_TEST(text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
        BOOST_TEST(report(two.upper, "key-xa", text_of(before, {"id"}), R"({"code":"03"})").status == 201);
        BOOST_TEST(
            eventually([&] { return text_of(recipient(two.lower, "key-huyen", old), {"last_status"}) == "03"; }));
        BOOST_TEST(update_content(two.lower, "key-huyen", old, "khác").status == 201); // another one
    }
}

BOOST_AUTO_TEST_CASE(whom_it_removes_is_asked_to_give_it_back_and_whom_it_adds_gets_it) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{.to = {"H48.99.01"}});
    reply r = update(o.node, "key-so", id, R"({"reason":"Sai nơi nhận","add":["H48"],"remove":["H48.99.01"]})");
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(text_of(recipient(o.node, "key-so", id), {"recall", "stands"}) == "agreed");
    json::object gone = entry(o.node, "key-xa", 0);
    BOOST_TEST(!text_of(gone, {"cancelled_at"}).empty());
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    json::object fresh = o.node.call("key-tinh", "GET", "/v1/inbox?organisation=H48").json();
    BOOST_REQUIRE(fresh.at("entries").as_array().size() == 1u);
    const json::object got = fresh.at("entries").as_array().at(0).as_object();
    // The very files of the document.
    BOOST_TEST(text_of(got, {"document", "content_sha256"}) == text_of(gone, {"document", "content_sha256"}));
    BOOST_TEST(o.node.call("key-tinh", "GET", "/v1/inbox/" + text_of(got, {"id"}) + "/attachments/0").body ==
               "nội dung");
    BOOST_TEST(report(o.node, "key-tinh", text_of(got, {"id"}), R"({"code":"15"})").code() ==
               "intake.answer_without_request");
    BOOST_TEST(report(o.node, "key-tinh", text_of(got, {"id"}), R"({"code":"03"})").status == 201);
}

BOOST_AUTO_TEST_CASE(what_was_updated_can_still_be_recalled) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{.to = {"H48.99.01"}});
    BOOST_REQUIRE(report(o.node, "key-xa", text_of(entry(o.node, "key-xa", 0), {"id"}), R"({"code":"03"})").status ==
                  201);
    BOOST_REQUIRE(update_content(o.node, "key-so", id).status == 201);
    BOOST_REQUIRE(report(o.node, "key-xa", text_of(entry(o.node, "key-xa", 1), {"id"}), R"({"code":"15"})").status ==
                  201);
    net::headers as_json;
    as_json.set("Content-Type", "application/json");
    reply r = o.node.call("key-so", "POST", "/v1/documents/" + id + "/recall", R"({"reason":"Gửi nhầm"})", as_json);
    BOOST_TEST(r.status == 201, r.body);
    BOOST_TEST(text_of(recipient(o.node, "key-so", id), {"recall", "stands"}) == "before_clerk");
}

BOOST_AUTO_TEST_CASE(an_update_that_comes_first_finds_its_document_when_that_comes) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    letter what = upward();
    what.document_id = "VB-1";
    what.date = to_edxml_date(system_clock().now());
    letter changed = what;
    changed.bussiness_type = 2;
    BOOST_REQUIRE(offer_from(two.upper, "h48.40", changed.packet("mới")).has_value());
    auto twice = offer_from(two.upper, "h48.40", changed.packet("mới"));
    BOOST_REQUIRE(twice.has_value());
    BOOST_TEST(twice->known);
    BOOST_REQUIRE(offer_from(two.upper, "h48.40", what.packet()).has_value());
    json::object request = entry(two.upper, "key-xa", 0), old = entry(two.upper, "key-xa", 1);
    BOOST_TEST(text_of(request, {"updates", "inbox_id"}) == text_of(old, {"id"}));
    BOOST_TEST(text_of(old, {"update", "stands"}) == "before_clerk");
    BOOST_REQUIRE(report(two.upper, "key-xa", text_of(request, {"id"}), R"({"code":"15"})").status == 201);
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 1), {"cancelled_at"}).empty());
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 1), {"update", "stands"}) == "agreed");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_updated_is_refused_with_its_reason_and_changes_nothing) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{});
    auto code = [&](const std::string& key, const std::string& of, const std::string& body) {
        return update(o.node, key, of, body).code();
    };
    BOOST_TEST(code("key-so", "01900000-0000-7000-8000-000000000000", R"({"reason":"x","add":["H48"]})") ==
               "records.document_unknown");
    BOOST_TEST(code("key-xa", first_entry(o.node, "key-xa"), R"({"reason":"x","add":["H48"]})") ==
               "intake.recall_not_sender");
    BOOST_TEST(code("key-so", id, R"({"add":["H48"]})") == "intake.recall_reason_missing");
    BOOST_TEST(code("key-so", id, R"({"reason":"x"})") == "intake.nothing_changed");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","add":["H48.99.01"]})") == "intake.nothing_changed"); // has it
    BOOST_TEST(code("key-so", id, R"({"reason":"x","remove":["H48"]})") == "intake.recall_recipient_unknown");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","added":["H48"]})") == "api.unknown_parameter");
    BOOST_TEST(update_content(o.node, "key-so", id, "khác", R"({"reason":"x","code":{"number":"9"}})").code() ==
               "api.unknown_parameter");
    BOOST_TEST(update_content(o.node, "key-so", id, "nội dung", R"({"reason":"x"})").code() ==
               "intake.nothing_changed");
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    const net::headers keyed{{"Idempotency-Key", "k-3"}};
    const std::string body = R"({"reason":"x","remove":["H48.99.01"]})";
    reply first = update(o.node, "key-so", id, body, keyed);
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    BOOST_TEST(update(o.node, "key-so", id, body, keyed).body == first.body);
    BOOST_TEST(update(o.node, "key-so", id, body).code() == "intake.recall_ended");
    BOOST_TEST(update_content(o.node, "key-so", id).code() == "intake.recall_ended");
}

BOOST_AUTO_TEST_CASE(an_update_ends_with_its_document) {
    pair_of_nodes two;
    const std::string id = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    BOOST_REQUIRE(update_content(two.lower, "key-huyen", id).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    const std::string old = text_of(entry(two.upper, "key-xa", 0), {"id"});
    BOOST_REQUIRE(report(two.upper, "key-xa", old, R"({"code":"02","description":"sai nơi nhận"})").status == 201);
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 0), {"update", "stands"}) == "ended");
    BOOST_TEST(
        eventually([&] { return text_of(recipient(two.lower, "key-huyen", id), {"update", "stands"}) == "ended"; }));
}

BOOST_AUTO_TEST_CASE(an_update_that_a_hop_has_closed_waits_for_nobody) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    const std::string id = sent(two.lower, "key-huyen", upward());
    const auto d = records::reader(two.lower.store->committed()).document("@huyen", id).value().value();
    const std::string asked = text_of(update_content(two.lower, "key-huyen", id).json(), {"document_id"});
    records::transfer_row t;
    auto handed_over = [&](ledger::transaction& change) -> result<> {
        records::writer w(change);
        t = w.transfer("@huyen", asked, "h48").value().value();
        t.packet_sha256 = sha256::of("as it was sent");
        t.composed = true;
        w.sent("@huyen", t);
        return {};
    };
    BOOST_REQUIRE(wait_for(two.lower.decisions->executor(0), ledger::commit(*two.lower.store, handed_over)));
    peer::notice_call call{.instance = "there", .notices = {}};
    call.notices.push_back({1, t.packet_sha256, "H48.99.01", "recalled", "", "H48", 1, ""});
    BOOST_REQUIRE(
        wait_for(two.lower.decisions->executor(0), delivery::receive_notices(*two.lower.store, "@huyen", "h48", call)));
    BOOST_TEST(text_of(recipient(two.lower, "key-huyen", id), {"update", "stands"}) == "ended");
}

BOOST_AUTO_TEST_CASE(nothing_takes_an_agreement_to_an_update_back) {
    pair_of_nodes two;
    letter what = upward();
    what.document_id = "VB-1";
    const std::string id = sent(two.lower, "key-huyen", what);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    BOOST_REQUIRE(update_content(two.lower, "key-huyen", id).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    const std::string request = text_of(entry(two.upper, "key-xa", 1), {"id"});
    BOOST_REQUIRE(report(two.upper, "key-xa", request, R"({"code":"15"})").status == 201);
    BOOST_TEST(report(two.upper, "key-xa", request, R"({"code":"16","description":"Nhầm"})").code() ==
               "intake.status_after_end");
    // Another's vanthu may let it pass.
    auto row = [&] {
        return records::reader(two.lower.store->committed()).recall("@huyen", "@huyen", "VB-1", "@xa").value().value();
    };
    BOOST_REQUIRE(eventually([&] { return row().stands == records::recall_stand::agreed; }));
    const records::recall_row before = row();
    what.date = to_edxml_date(system_clock().now());
    const answer_packet late{.code = "16", .time = "2025/07/16 08:00:00"};
    BOOST_REQUIRE(offer_from(two.lower, "h48", late.to(what)).has_value());
    BOOST_TEST(row().proof == before.proof);
    BOOST_TEST(row().answered_at == before.answered_at);
    BOOST_TEST((row().stands == records::recall_stand::agreed));
}

BOOST_AUTO_TEST_CASE(whom_an_update_removes_answers_also_where_its_files_are_held_or_refused) {
    for (const bool refused : {false, true}) {
        pair_of_nodes two;
        const std::string id = sent(two.lower, "key-huyen", upward());
        BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
        intake::policy careful;
        for (intake::action& each : careful.actions[std::size_t(intake::role::final)])
            each = refused ? intake::action::refuse : intake::action::hold;
        careful.send_final_refusal = refused;
        two.upper.gate->use_policy(careful);
        reply r =
            update(two.lower, "key-huyen", id, R"({"reason":"Sai nơi nhận","add":["H48"],"remove":["H48.99.01"]})");
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        BOOST_TEST(eventually(
            [&] { return text_of(recipient(two.lower, "key-huyen", id), {"recall", "stands"}) == "agreed"; }));
        BOOST_TEST(!text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

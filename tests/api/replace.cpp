// Replacements by the API, over one node and over two with a real link between them.
#include "daemon/ledger/commit_task.hpp"
#include "daemon/upkeep/store_check.hpp"
#include "tests/api/pair_of_nodes.hpp"
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

// A replacement as its sender's eOffice submits it: number 16, the rest from the document replaced.
reply replace(daemon_parts& at, const std::string& key, const std::string& document, int number = 16,
              const std::string& file = "nội dung đã sửa", json::object more = {}, net::headers fields = {}) {
    json::object o{{"reason", "Sai nội dung"},
                   {"code", json::object{{"number", std::to_string(number)}, {"notation", "SNV-VP"}}},
                   {"promulgation", json::object{{"place", "Quảng Ngãi"}}},
                   {"subject", "Về việc đã sửa"}};
    for (const auto& [name, value] : more) o[name] = value;
    form f;
    f.part("metadata", json::serialize(o)).part("file", file, "van-ban.txt");
    net::headers all = f.fields();
    for (const auto& each : fields) all.set(each.name, each.value);
    return at.call(key, "POST", "/v1/documents/" + document + "/replace", f.finish(), all);
}
std::string replaced(daemon_parts& at, const std::string& key, const std::string& document, int number = 16) {
    reply r = replace(at, key, document, number);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    return text_of(r.json(), {"document_id"});
}
reply recall(daemon_parts& at, const std::string& key, const std::string& document) {
    return at.call(key, "POST", "/v1/documents/" + document + "/recall", R"({"reason":"Sai nội dung"})",
                   {{"Content-Type", "application/json"}});
}
std::string sent(daemon_parts& at, const std::string& key, const letter& what) {
    reply r = submit(at, key, what);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    return text_of(r.json(), {"document_id"});
}
std::string stands(daemon_parts& at, const std::string& key, const std::string& old) {
    return text_of(first_recipient(at, key, old), {"replaced_by", "stands"});
}
json::object entry(daemon_parts& at, const std::string& key, std::size_t n) {
    json::array all = inbox_of(at, key);
    BOOST_REQUIRE(all.size() > n);
    return all.at(n).as_object();
}
std::string place_of(const json::object& o, const char* what) {
    const json::value* list = o.if_contains("replaces");
    return list ? text_of(list->as_array().at(0).as_object(), {what}) : "";
}

// A letter and its replacement as packets of a partner.
struct two_letters {
    letter old, fresh;
    two_letters() {
        old = upward();
        old.document_id = "VB-1";
        old.date = to_edxml_date(system_clock().now());
        fresh = old;
        fresh.number = 16;
        fresh.document_id = "VB-2";
    }
    std::string replacement(const std::string& file = "đã sửa") const {
        letter l = fresh;
        l.bussiness_type = 3;
        std::string p = l.packet(file);
        const std::size_t list = p.find("ReplacementInfoList");
        const std::size_t at = p.find("VB-2", list);
        BOOST_REQUIRE(list != std::string::npos && at != std::string::npos);
        return p.replace(at, 4, "VB-1");
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(replacements)

BOOST_AUTO_TEST_CASE(what_is_still_here_is_stopped_and_only_the_new_one_goes) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    const std::string old = sent(two.lower, "key-huyen", upward());
    const std::string fresh = replaced(two.lower, "key-huyen", old);
    json::object gone = first_recipient(two.lower, "key-huyen", old);
    BOOST_TEST(text_of(gone, {"state"}) == "recalled");
    BOOST_TEST(text_of(gone, {"replaced_by", "stands"}) == "withdrawn");
    BOOST_TEST(text_of(gone, {"replaced_by", "reason"}) == "Sai nội dung");
    BOOST_TEST(text_of(gone, {"why_vi"}).find("Đã thay thế") != std::string::npos);
    BOOST_TEST(text_of(gone, {"why_en"}).find("Replaced") != std::string::npos);
    two.lower.spec.delivers = true;
    two.lower.restart();
    two.lower.use_registry(two.lower.spec.registry);
    BOOST_TEST(
        eventually([&] { return text_of(first_recipient(two.lower, "key-huyen", fresh), {"state"}) == "delivered"; }));
    BOOST_TEST(inbox_of(two.upper, "key-xa").size() == 1u);
    // The receiver cannot know that nothing will come, and says 15; that it was stopped stays the better word.
    BOOST_TEST(eventually([&] { return inbox_of(two.lower, "key-huyen").size() == 1u; }));
    BOOST_TEST(stands(two.lower, "key-huyen", old) == "withdrawn");
}

BOOST_AUTO_TEST_CASE(what_lies_unacknowledged_is_cancelled_and_the_new_one_is_an_ordinary_document) {
    pair_of_nodes two;
    const std::string old = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    const std::string fresh = replaced(two.lower, "key-huyen", old);
    BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", old) == "agreed"; }));
    BOOST_TEST((status_codes(two.lower, "key-huyen") == std::vector<std::string>{"15"}));
    json::object before = entry(two.upper, "key-xa", 0), after = entry(two.upper, "key-xa", 1);
    BOOST_TEST(!text_of(before, {"cancelled_at"}).empty());
    BOOST_TEST(text_of(before, {"replaced_by", "inbox_id"}) == text_of(after, {"id"}));
    BOOST_TEST(place_of(after, "inbox_id") == text_of(before, {"id"}));
    BOOST_TEST(text_of(before, {"document", "subject"}) == "Về việc thử nghiệm liên thông"); // kept
    BOOST_TEST(acknowledge(two.upper, "key-xa", text_of(before, {"id"})).code() == "intake.entry_recalled");
    BOOST_TEST(acknowledge(two.upper, "key-xa", text_of(after, {"id"})).status == 200);
    BOOST_TEST(report(two.upper, "key-xa", text_of(after, {"id"}), R"({"code":"03"})").status == 201);
    BOOST_TEST(
        eventually([&] { return text_of(first_recipient(two.lower, "key-huyen", fresh), {"last_status"}) == "03"; }));
    BOOST_TEST(text_of(first_recipient(two.lower, "key-huyen", old), {"last_status"}) == "15");
}

BOOST_AUTO_TEST_CASE(what_the_eoffice_has_stands_until_its_clerk_answers) {
    for (const bool agrees : {true, false}) {
        pair_of_nodes two;
        const std::string old = sent(two.lower, "key-huyen", upward());
        BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
        BOOST_REQUIRE(acknowledge(two.upper, "key-xa", first_entry(two.upper, "key-xa")).status == 200);
        const std::string fresh = replaced(two.lower, "key-huyen", old);
        BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
        json::object asked = entry(two.upper, "key-xa", 1);
        BOOST_TEST(place_of(asked, "stands") == "before_clerk");
        BOOST_TEST(!place_of(asked, "answer_by").empty());
        BOOST_TEST(replace(two.lower, "key-huyen", old, 17, "ba").code() == "intake.recall_already_asked");
        BOOST_TEST(recall(two.lower, "key-huyen", old).code() == "intake.recall_already_asked");
        BOOST_REQUIRE(report(two.upper, "key-xa", text_of(asked, {"id"}),
                             agrees ? R"({"code":"15"})" : R"({"code":"16","description":"Đã giải quyết"})")
                          .status == 201);
        BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", old) == (agrees ? "agreed" : "denied"); }));
        json::object before = entry(two.upper, "key-xa", 0);
        BOOST_TEST((text_of(before, {"cancelled_at"}) != "") == agrees);
        if (agrees) BOOST_TEST(text_of(before, {"replaced_by", "inbox_id"}) == text_of(asked, {"id"}));
        reply registered = report(two.upper, "key-xa", text_of(asked, {"id"}), R"({"code":"03"})");
        BOOST_TEST(registered.code() == (agrees ? "03" : "intake.status_after_end"));
        json::object shown = first_recipient(two.lower, "key-huyen", fresh);
        BOOST_TEST((text_of(shown, {"last_status"}) == "16") == !agrees);
        if (!agrees) BOOST_TEST(text_of(shown, {"why_vi"}).find("từ chối thay thế") != std::string::npos);
        if (!agrees) BOOST_TEST(replace(two.lower, "key-huyen", old, 17, "ba").status == 201); // asked again
    }
}

BOOST_AUTO_TEST_CASE(a_replacement_that_comes_first_cancels_the_old_one_when_it_comes) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    two_letters both;
    BOOST_REQUIRE(offer_from(two.upper, "h48.40", both.replacement()).has_value());
    BOOST_REQUIRE(offer_from(two.upper, "h48.40", both.old.packet()).has_value());
    auto twice = offer_from(two.upper, "h48.40", both.replacement());
    BOOST_REQUIRE(twice.has_value());
    BOOST_TEST(twice->known);
    json::object fresh = entry(two.upper, "key-xa", 0), old = entry(two.upper, "key-xa", 1);
    BOOST_TEST(inbox_of(two.upper, "key-xa").size() == 2u);
    BOOST_TEST(text_of(fresh, {"cancelled_at"}).empty());
    BOOST_TEST(!text_of(old, {"cancelled_at"}).empty());
    BOOST_TEST(text_of(old, {"replaced_by", "inbox_id"}) == text_of(fresh, {"id"}));
    auto statuses = records::reader(two.upper.store->committed()).documents("@xa", "", 10).value();
    BOOST_TEST(std::ranges::count(statuses, "15", &records::document_row::status_code) == 1);
}

BOOST_AUTO_TEST_CASE(recalls_of_the_old_and_of_the_new_one_end_alike_in_both_orders) {
    for (const bool of_new : {false, true})
        for (const bool recall_first : {false, true}) {
            pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
            two_letters both;
            letter back = of_new ? both.fresh : both.old;
            back.bussiness_type = 1;
            BOOST_REQUIRE(offer_from(two.upper, "h48.40", both.old.packet()).has_value());
            if (recall_first) BOOST_REQUIRE(offer_from(two.upper, "h48.40", back.packet("")).has_value());
            BOOST_REQUIRE(offer_from(two.upper, "h48.40", both.replacement()).has_value());
            if (!recall_first) BOOST_REQUIRE(offer_from(two.upper, "h48.40", back.packet("")).has_value());
            BOOST_TEST_CONTEXT("of_new " << of_new << " recall_first " << recall_first) {
                json::object old = entry(two.upper, "key-xa", 0), fresh = entry(two.upper, "key-xa", 1);
                BOOST_TEST(!text_of(old, {"cancelled_at"}).empty());
                BOOST_TEST((text_of(fresh, {"cancelled_at"}) != "") == of_new);
                BOOST_TEST(inbox_of(two.upper, "key-xa").size() == 2u);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_replacement_of_a_replacement_takes_over_what_that_one_asked_for) {
    pair_of_nodes two;
    const std::string old = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    BOOST_REQUIRE(acknowledge(two.upper, "key-xa", first_entry(two.upper, "key-xa")).status == 200);
    const std::string second = replaced(two.lower, "key-huyen", old);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    reply r = replace(two.lower, "key-huyen", second, 17, "lần ba");
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 3u; }));
    json::object third = entry(two.upper, "key-xa", 2);
    BOOST_TEST(third.at("replaces").as_array().size() == 2u);
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 1), {"cancelled_at"}).empty()); // the clerk decides on all of it
    BOOST_REQUIRE(report(two.upper, "key-xa", text_of(third, {"id"}), R"({"code":"15"})").status == 201);
    BOOST_TEST(!text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
    BOOST_TEST(!text_of(entry(two.upper, "key-xa", 1), {"cancelled_at"}).empty());
    BOOST_TEST(eventually([&] {
        return stands(two.lower, "key-huyen", old) == "agreed" && stands(two.lower, "key-huyen", second) == "agreed";
    }));
}

BOOST_AUTO_TEST_CASE(a_recall_of_the_new_one_before_its_clerk_leaves_the_old_one_in_its_place) {
    pair_of_nodes two;
    const std::string old = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    BOOST_REQUIRE(acknowledge(two.upper, "key-xa", first_entry(two.upper, "key-xa")).status == 200);
    const std::string fresh = replaced(two.lower, "key-huyen", old);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    BOOST_REQUIRE(recall(two.lower, "key-huyen", fresh).status == 201);
    BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", old) == "ended"; }));
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
    BOOST_TEST(!text_of(entry(two.upper, "key-xa", 1), {"cancelled_at"}).empty());
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 0), {"replaced_by", "stands"}) == "ended");
}

BOOST_AUTO_TEST_CASE(another_issuer_replaces_nothing) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    two_letters both;
    BOOST_REQUIRE(offer_from(two.upper, "h48.40", both.old.packet()).has_value());
    both.fresh.from = "H48"; // naming what another one issued
    both.fresh.to = {"H48.99.01"};
    reply r = submit_packet(two.upper, "key-tinh", both.replacement());
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
    BOOST_TEST(!entry(two.upper, "key-xa", 0).contains("replaced_by"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_replaced_is_refused_with_its_reason_and_changes_nothing) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{});
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    auto code = [&](const std::string& key, const std::string& of, json::object more = {}) {
        return replace(o.node, key, of, 16, "đã sửa", std::move(more)).code();
    };
    BOOST_TEST(code("key-so", "01900000-0000-7000-8000-000000000000") == "records.document_unknown");
    BOOST_TEST(code("key-xa", first_entry(o.node, "key-xa")) == "intake.recall_not_sender");
    BOOST_TEST(code("key-so", id, {{"reason", " "}}) == "intake.recall_reason_missing");
    BOOST_TEST(code("key-so", id, {{"to", json::array{json::object{{"organ_id", "H48"}}}}}) ==
               "intake.recall_recipient_unknown");
    BOOST_TEST(code("key-so", id, {{"bussiness", json::object{{"doc_type", "1"}}}}) == "api.unknown_parameter");
    BOOST_TEST(replace(o.node, "key-so", id, 16, "nội dung").code() == "intake.nothing_changed");
    BOOST_TEST(o.node
                   .call("key-so", "POST", "/v1/documents/" + id + "/replace", "<edXML/>",
                         {{"Content-Type", "application/xml"}})
                   .code() == "api.unsupported_media_type");
    BOOST_TEST(!first_recipient(o.node, "key-so", id).contains("replaced_by"));
    const net::headers keyed{{"Idempotency-Key", "k-1"}};
    reply first = replace(o.node, "key-so", id, 16, "đã sửa", {}, keyed);
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    BOOST_TEST(replace(o.node, "key-so", id, 16, "đã sửa", {}, keyed).body == first.body);
    BOOST_TEST(replace(o.node, "key-so", id, 17, "khác", {}, keyed).code() == "intake.idempotency_conflict");
    BOOST_TEST(code("key-so", id, {{"subject", "khác"}}) != "");
    BOOST_REQUIRE(report(o.node, "key-xa", first_entry(o.node, "key-xa"), R"({"code":"15"})").status == 201);
    BOOST_TEST(replace(o.node, "key-so", id, 18, "khác nữa").code() == "intake.recall_ended");
}

BOOST_AUTO_TEST_CASE(a_recall_asked_again_under_its_key_gets_the_first_answer) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{});
    auto ask = [&](const std::string& reason) {
        return o.node.call("key-so", "POST", "/v1/documents/" + id + "/recall", R"({"reason":")" + reason + R"("})",
                           {{"Content-Type", "application/json"}, {"Idempotency-Key", "k-2"}});
    };
    reply first = ask("Sai");
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    reply again = ask("Sai");
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(ask("Khác").code() == "intake.idempotency_conflict");
}

BOOST_AUTO_TEST_CASE(a_number_is_free_again_where_its_document_gave_way_and_not_before) {
    // Replaced at one of two under its own number: who is left has the old one, the other the new one.
    office o;
    const std::string id = sent(o.node, "key-so", letter{.number = 5, .to = {"H48", "H48.99.01"}});
    reply r =
        replace(o.node, "key-so", id, 5, "đã sửa", {{"to", json::array{json::object{{"organ_id", "H48.99.01"}}}}});
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    auto again = [&](int number) {
        return submit(o.node, "key-so", letter{.number = number, .to = {"H48.40"}}, "nội dung thứ ba").code();
    };
    BOOST_TEST(again(5) == "intake.number_reused");
    // Denied: the old one stands. Agreed: nobody has it.
    for (const bool agrees : {false, true}) {
        const int number = agrees ? 7 : 8;
        const std::string old = sent(o.node, "key-so", letter{.number = number});
        const std::string in_inbox = text_of(inbox_of(o.node, "key-xa").back().as_object(), {"id"});
        BOOST_REQUIRE(acknowledge(o.node, "key-xa", in_inbox).status == 200);
        replaced(o.node, "key-so", old, number + 100);
        BOOST_TEST(again(number) == "intake.number_reused"); // asked
        const std::string asked = text_of(inbox_of(o.node, "key-xa").back().as_object(), {"id"});
        BOOST_REQUIRE(report(o.node, "key-xa", asked,
                             agrees ? R"({"code":"15"})" : R"({"code":"16","description":"Đã giải quyết"})")
                          .status == 201);
        BOOST_TEST(again(number) == (agrees ? "" : "intake.number_reused"));
    }
}

// Recalls and statuses name a document by its id: two under one id would take each other's.
BOOST_AUTO_TEST_CASE(under_its_own_number_and_day_a_replacement_has_an_id_of_its_own) {
    pair_of_nodes two;
    letter what = upward();
    what.date = to_edxml_date(system_clock().now());
    const std::string old = sent(two.lower, "key-huyen", what);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 1u; }));
    BOOST_REQUIRE(acknowledge(two.upper, "key-xa", first_entry(two.upper, "key-xa")).status == 200);
    BOOST_REQUIRE(
        eventually([&] { return text_of(first_recipient(two.lower, "key-huyen", old), {"last_status"}) == "01"; }));
    replaced(two.lower, "key-huyen", old, what.number);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    const json::object before = entry(two.upper, "key-xa", 0), after = entry(two.upper, "key-xa", 1);
    BOOST_TEST(text_of(after, {"document", "number"}) == text_of(before, {"document", "number"}));
    BOOST_TEST(text_of(after, {"document", "document_id"}) == text_of(before, {"document", "document_id"}) + ",2");
    const char* denied = R"({"code":"16","description":"Đã giải quyết"})";
    BOOST_REQUIRE(report(two.upper, "key-xa", text_of(after, {"id"}), denied).status == 201);
    BOOST_REQUIRE(eventually([&] { return stands(two.lower, "key-huyen", old) == "denied"; }));
    // What its sender recalls is what is asked for.
    BOOST_REQUIRE(recall(two.lower, "key-huyen", old).status == 201);
    BOOST_REQUIRE(eventually([&] { return entry(two.upper, "key-xa", 0).contains("recall"); }));
    BOOST_REQUIRE(report(two.upper, "key-xa", text_of(before, {"id"}), R"({"code":"15"})").status == 201);
    BOOST_TEST(eventually([&] {
        return text_of(first_recipient(two.lower, "key-huyen", old), {"recall", "stands"}) == "agreed";
    }));
    BOOST_TEST(!text_of(entry(two.upper, "key-xa", 0), {"cancelled_at"}).empty());
    BOOST_TEST(text_of(entry(two.upper, "key-xa", 1), {"cancelled_at"}).empty());
}

BOOST_AUTO_TEST_CASE(replacements_under_one_number_count_on) {
    office o;
    std::string id = sent(o.node, "key-so", letter{.date = to_edxml_date(system_clock().now())});
    for (const char* end : {",2", ",3"}) {
        id = text_of(replace(o.node, "key-so", id, 15, end).json(), {"document_id"});
        const json::object all = o.node.call("key-so", "GET", "/v1/documents/" + id).json();
        BOOST_TEST(text_of(all, {"document", "document_id"}).ends_with(std::string("15/SNV-VP") + end));
    }
}

BOOST_AUTO_TEST_CASE(the_id_of_what_it_replaces_is_no_id_for_a_replacement) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{.document_id = "so,2025,15"});
    reply r = replace(o.node, "key-so", id, 16, "đã sửa", {{"document_id", "so,2025,15"}});
    BOOST_TEST(r.status == 422);
    BOOST_TEST(r.code() == "intake.document_id_reused");
    BOOST_TEST(!first_recipient(o.node, "key-so", id).contains("replaced_by"));
    BOOST_TEST(replace(o.node, "key-so", id, 16, "đã sửa", {{"document_id", "so,2025,16"}}).status == 201);
}

BOOST_AUTO_TEST_CASE(a_check_of_the_store_finds_nothing_in_what_may_be_asked_again) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{.document_id = "so,2025,15"});
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    auto newest = [&] { return text_of(inbox_of(o.node, "key-xa").back().as_object(), {"id"}); };
    const char* denied = R"({"code":"16","description":"Đã giải quyết"})";
    for (int round = 0; round < 2; ++round) {
        reply asked = recall(o.node, "key-so", id);
        BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
        BOOST_REQUIRE(report(o.node, "key-xa", newest(), denied).status == 201);
    }
    for (int round = 0; round < 2; ++round) {
        replaced(o.node, "key-so", id);
        BOOST_REQUIRE(report(o.node, "key-xa", newest(), denied).status == 201);
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 5u);
    auto check = [&] {
        upkeep::store_check found;
        o.node.restart([&] {
            upkeep::store_to_check what;
            what.store.directory = o.node.folder.path() / "store";
            what.home = o.node.spec.home;
            what.organisation = o.node.spec.organisation;
            found = upkeep::check_store(std::move(what)).value();
        });
        return found;
    };
    upkeep::store_check found = check();
    for (const upkeep::problem& each : found.problems) BOOST_TEST(false, upkeep::word(each.kind) << " " << each.what);
    // What nobody asked for a second time is found as ever.
    auto second_entry = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(auto all, w.inbox("@xa", 0, 1));
        VANTHU_CHECK(w.add_inbox(all.front(), "01900000-0000-7000-8000-000000000001"));
        return {};
    };
    BOOST_REQUIRE(wait_for(o.node.decisions->executor(0), ledger::commit(*o.node.store, second_entry)));
    found = check();
    BOOST_TEST(found.found_of[upkeep::problem_kind::twice] == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

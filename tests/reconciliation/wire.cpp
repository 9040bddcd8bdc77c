// The messages of a comparison as bytes.
#include "schemas/peer/reconciliation.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(questions_and_answers_read_as_they_were_written) {
    peer::reconcile_question q;
    q.sent = {{sha256::of("a"), {"H48", "H49"}}};
    auto back = peer::decode_reconcile_question(peer::encode(q)).value();
    BOOST_TEST((back.sent.at(0).packet_sha256 == sha256::of("a")));
    BOOST_TEST(back.sent.at(0).recipients == q.sent.at(0).recipients, boost::test_tools::per_element());
    BOOST_TEST(!back.list);
    back = peer::decode_reconcile_question(
               peer::encode({.sent = {}, .list = peer::asked_list{.after = sha256::of("b"), .since = 7}}))
               .value();
    BOOST_REQUIRE(back.list.has_value());
    BOOST_TEST((*back.list->after == sha256::of("b")));
    BOOST_TEST(back.list->since == 7);

    back = peer::decode_reconcile_question(
               peer::encode({.sent = {}, .list = peer::asked_list{.since = 7, .by_arrival = true, .from = "0192-3"}}))
               .value();
    BOOST_TEST((back.list->by_arrival && back.list->from == "0192-3" && !back.list->after));

    peer::reconcile_answer a;
    a.sent = {{sha256::of("a"), true, sha256::of("c"), {{"H48", "kept", "", 5, 6, 7, "01", 8, 1}}},
              {sha256::of("b"), false, {}, {}}};
    a.listed = {{sha256::of("d"), "document", "@x", "id", "15", "CV", 9, 3}};
    a.next = sha256::of("d");
    auto answer = peer::decode_reconcile_answer(peer::encode(a)).value();
    BOOST_TEST(answer.sent.size() == 2u);
    const auto& r = answer.sent.at(0).recipients.at(0);
    BOOST_TEST((r.state == "kept" && r.at == 5 && r.fetched_at == 6 && r.acked_at == 7 && r.last_status == "01" &&
                r.last_status_at == 8 && r.entries == 1));
    BOOST_TEST(!answer.sent.at(1).known);
    BOOST_TEST(answer.listed.at(0).number == "15");
    BOOST_TEST((*answer.next == sha256::of("d")));
    BOOST_TEST(!answer.by_arrival);
    a = {};
    a.by_arrival = true;
    a.next_from = "0192-4";
    a.again_from = "0192-1";
    answer = peer::decode_reconcile_answer(peer::encode(a)).value();
    BOOST_TEST((answer.by_arrival && answer.next_from == "0192-4" && answer.again_from == "0192-1"));
}

BOOST_AUTO_TEST_CASE(members_and_words_of_a_newer_version_are_tolerated) {
    const std::string hash = sha256::of("a").hex();
    auto a = peer::decode_reconcile_answer(R"({"schema_version":2,"weather":{},"sent":[{"packet_sha256":")" + hash +
                                           R"(","known":true,"content_sha256":")" + hash +
                                           R"(","moon":1,"recipients":[{"recipient":"X","state":"teleported"}]}]})");
    BOOST_REQUIRE(a.has_value());
    BOOST_TEST(a->sent.at(0).recipients.at(0).state == "teleported");
}

BOOST_AUTO_TEST_CASE(too_much_in_one_message_is_refused) {
    peer::reconcile_question q;
    for (std::size_t i = 0; i <= peer::reconcile_page; ++i) q.sent.push_back({sha256::of(std::to_string(i)), {"X"}});
    BOOST_TEST((peer::decode_reconcile_question(peer::encode(q)).error().code == peer::errc::too_many_entries));
    q.sent.resize(1);
    q.sent[0].recipients.assign(peer::reconcile_recipients + 1, "X");
    BOOST_TEST((peer::decode_reconcile_question(peer::encode(q)).error().code == peer::errc::too_many_entries));
    const std::string far(peer::reconcile_position + 1, '9');
    BOOST_TEST((peer::decode_reconcile_question(peer::encode({.sent = {}, .list = peer::asked_list{.from = far}}))
                    .error()
                    .code == peer::errc::malformed));
    peer::reconcile_answer a;
    a.next_from = far;
    BOOST_TEST((peer::decode_reconcile_answer(peer::encode(a)).error().code == peer::errc::malformed));
}

BOOST_AUTO_TEST_CASE(what_is_no_question_or_no_answer_is_refused) {
    for (const char* text :
         {"", "[]", R"({"sent":[]})", R"({"schema_version":1})", R"({"schema_version":1,"sent":{}})",
          R"({"schema_version":1,"sent":[],"list":{}})", R"({"schema_version":1,"list":{"after":"zz"}})",
          R"({"schema_version":1,"list":5})", R"({"schema_version":1,"sent":[{"packet_sha256":"00"}]})"})
        BOOST_TEST((peer::decode_reconcile_question(text).error().code == peer::errc::malformed), text);
    for (const char* text : {"", "[]", R"({"schema_version":1,"sent":5})", R"({"schema_version":1,"sent":[{}]})",
                             R"({"schema_version":1,"sent":[],"next":"q"})"})
        BOOST_TEST((peer::decode_reconcile_answer(text).error().code == peer::errc::malformed), text);
}

BOOST_AUTO_TEST_SUITE_END()

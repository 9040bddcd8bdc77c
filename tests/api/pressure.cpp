// A node at one of its marks: every door refuses new documents, and all else goes on.
#include "tests/api/pair_of_nodes.hpp"

#include <boost/asio/use_future.hpp>

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(pressure)

namespace {
const intake::load calm{}, full{.free_bytes = 0, .lanes = {}};
intake::load waiting(const daemon_parts& at) {
    intake::load out;
    for (const auto& l : at.engine->lanes()) {
        out.transfers += l.waiting;
        out.lanes.push_back({l.node, l.waiting, l.bytes});
    }
    return out;
}
} // namespace

BOOST_AUTO_TEST_CASE(new_documents_are_refused_in_either_form_and_statuses_go_on) {
    intake::pressure marks({.free_bytes = 1000});
    pair_of_nodes n([&](node_spec& s) { s.pressure = &marks; });
    std::string document = text_of(submit(n.lower, "key-huyen", upward()).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.upper, "key-xa").empty(); }));
    const std::string entry = text_of(inbox_of(n.upper, "key-xa").at(0).as_object(), {"id"});

    marks.look(full);
    letter l;
    l.number = 77;
    for (const reply& r : {submit(n.upper, "key-so", l), submit_packet(n.upper, "key-so", l.packet())}) {
        BOOST_TEST(r.status == 503);
        BOOST_TEST(r.code() == "intake.overloaded");
        BOOST_TEST(r.fields.get("Retry-After") == "30");
        BOOST_TEST(text_of(r.json(), {"cause"}) == "disk");
    }
    BOOST_REQUIRE(n.upper.call("key-xa", "POST", "/v1/inbox/" + entry + "/ack").status == 200);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"last_status"}) == "01"; }));

    marks.look(calm);
    BOOST_TEST(submit(n.upper, "key-so", l).status == 201);
}

// An eOffice that has lost an answer must learn that it was given.
BOOST_AUTO_TEST_CASE(a_request_that_was_answered_gets_its_answer_again) {
    intake::pressure marks({.free_bytes = 1000});
    office n([&](node_spec& s) { s.pressure = &marks; });
    const net::headers key{{"Idempotency-Key", "một"}}, other{{"Idempotency-Key", "hai"}};
    letter keyed, plain, fresh;
    plain.number = 16;
    fresh.number = 17;
    const std::string of_packet = letter{.number = 18}.packet();
    const reply first = submit(n.node, "key-so", keyed, "a", key);
    const reply packet = submit_packet(n.node, "key-so", of_packet, other);
    const reply known = submit(n.node, "key-so", plain, "b");
    BOOST_REQUIRE((first.status == 201 && packet.status == 201 && known.status == 201));
    marks.look(full);
    const reply again = submit(n.node, "key-so", keyed, "a", key);
    BOOST_TEST(again.status == 201);
    BOOST_TEST(again.body == first.body);
    const reply packet_again = submit_packet(n.node, "key-so", of_packet, other);
    BOOST_TEST(packet_again.status == 201);
    BOOST_TEST(packet_again.body == packet.body);
    const reply known_again = submit(n.node, "key-so", plain, "b");
    BOOST_TEST(known_again.status == 200);
    BOOST_TEST(known_again.body == known.body);
    // The key alone, or the identity alone, opens nothing.
    BOOST_TEST(submit(n.node, "key-so", fresh, "a", key).code() == "intake.idempotency_conflict");
    letter further = plain;
    further.to.push_back("H48.40");
    BOOST_TEST(submit(n.node, "key-so", further, "b").code() == "intake.overloaded");
    BOOST_TEST(submit(n.node, "key-so", fresh, "c").code() == "intake.overloaded");
    BOOST_TEST(submit_packet(n.node, "key-so", fresh.packet()).code() == "intake.overloaded");
    BOOST_TEST(inbox_of(n.node, "key-xa").size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_peer_keeps_its_document_until_there_is_room_and_says_so) {
    intake::pressure marks({.free_bytes = 1000});
    marks.look(full);
    // Refused at its header, and where it is large before it is sent.
    for (const std::string& file : {std::string("nhỏ"), std::string(200'000, 'z')}) {
        pair_of_nodes n([&](node_spec& s) {
            s.pressure = &marks;
            s.resumable_from = 64u << 10;
        });
        std::string document = text_of(submit(n.lower, "key-huyen", upward(), file).json(), {"document_id"});
        const bool told = eventually([&] { return n.track(document, {"reason"}) == "intake.overloaded"; });
        BOOST_REQUIRE_MESSAGE(told, n.track(document, {"state"}) << ": " << n.track(document, {"why_en"}));
        BOOST_TEST(n.track(document, {"state"}) == "deferred");
        BOOST_TEST(n.track(document, {"destination", "state"}) == "no_documents");
        BOOST_TEST(n.track(document, {"why_vi"}).find("tạm thời không nhận văn bản mới") != std::string::npos);
        BOOST_TEST(n.track(document, {"why_en"}).find("takes no new documents") != std::string::npos);
        BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
        marks.look(calm);
        auto released = asio::co_spawn(n.lower.decisions->executor(0),
                                       n.lower.engine->release("@huyen", document, "h48"), asio::use_future);
        BOOST_REQUIRE(released.get().has_value()); // an operator does not wait for the pause to end
        BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
        marks.look(full);
    }
}

BOOST_AUTO_TEST_CASE(two_nodes_beyond_their_marks_take_what_each_has_for_the_other) {
    intake::pressure of_upper({.transfers = 1}), of_lower({.transfers = 1});
    auto cut = [](intake::pressure& marks) {
        return [&marks](node_spec& s) {
            s.pressure = &marks;
            s.delivers = false;
        };
    };
    pair_of_nodes n(cut(of_upper), cut(of_lower));
    letter down;
    down.to = {"H48.40"};
    for (int number = 1; number <= 3; ++number) {
        down.number = number;
        BOOST_REQUIRE(submit(n.lower, "key-huyen", upward(number), "lên " + std::to_string(number)).status == 201);
        BOOST_REQUIRE(submit(n.upper, "key-so", down, "xuống " + std::to_string(number)).status == 201);
    }
    of_upper.look(waiting(n.upper));
    of_lower.look(waiting(n.lower));
    // Who submits here is told to wait with what would wait here; what is kept here is taken.
    down.number = 9;
    BOOST_TEST(submit(n.upper, "key-so", down).code() == "intake.overloaded");
    BOOST_TEST(submit_packet(n.upper, "key-so", down.packet()).code() == "intake.overloaded");
    letter here;
    BOOST_TEST(submit(n.upper, "key-so", here).status == 201);
    for (daemon_parts* each : {&n.upper, &n.lower}) {
        each->spec.delivers = true; // the link is back
        each->restart();
    }
    BOOST_TEST(
        eventually([&] { return n.upper.engine->waiting().transfers + n.lower.engine->waiting().transfers == 0; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 4u);
    BOOST_TEST(inbox_of(n.lower, "key-huyen").size() == 3u);
    BOOST_TEST((of_upper.has(intake::pressure::cause::transfers) && of_lower.refusing())); // nobody has looked again
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vanthu::test

// Statuses of a partner as the wire brings them: in any order, and each more than once.
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

// A document of "so" to huyen, that the daemon of huyen answers.
struct answered_office : office {
    answered_office() : office([](node_spec& s) { s.delivers = false; }) {}
    letter send(int number) {
        letter what{.number = number,
                    .date = to_edxml_date(system_clock().now()),
                    .document_id = "VB-" + std::to_string(number),
                    .to = {"H48.40"}};
        reply sent = submit_packet(node, "key-so", what.packet());
        BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
        document = text_of(sent.json(), {"document_id"});
        return what;
    }
    intake::accepted take(const letter& about, const std::string& code, const std::string& time) {
        auto taken = offer_from(node, "h48.40", answer_packet{.code = code, .from = "H48.40", .time = time}.to(about));
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
        return *taken;
    }
    // All that a sender is shown of it, but the order in which it came and how far its own transfer is: the next hop is
    // out of reach here, and of many documents only the first ones find that out.
    std::string ladder() {
        json::object r = first_recipient(node, "key-so", document);
        std::multiset<std::string> steps;
        for (const json::value& s : r.at("steps").as_array())
            if (text_of(s.as_object(), {"kind"}) != "deferred")
                steps.insert(text_of(s.as_object(), {"kind"}) + " " + text_of(s.as_object(), {"text_vi"}));
        std::string out = text_of(r, {"last_status"}) + " " + rungs_text(r);
        for (const std::string& s : steps) out += "\n" + s;
        return out;
    }
    std::string document;
};

const std::map<std::string, std::string> told{{"01", "2025/07/15 08:00:00"},
                                              {"03", "2025/07/15 09:00:00"},
                                              {"04", "2025/07/15 10:00:00"},
                                              {"06", "2025/07/16 08:00:00"}};

} // namespace

BOOST_AUTO_TEST_SUITE(statuses_of_a_partner)

BOOST_AUTO_TEST_CASE(a_03_before_its_01_is_nothing_to_keep_apart) {
    answered_office o;
    const letter what = o.send(1);
    BOOST_TEST(o.take(what, "03", told.at("03")).document.flags.empty());
    json::object r = first_recipient(o.node, "key-so", o.document);
    BOOST_TEST(text_of(r, {"last_status"}) == "03");
    BOOST_TEST(rungs_text(r) == "01=passed_over 03=reached 04=waiting 05=waiting 06=waiting ");
    BOOST_TEST(o.ladder().find("chỉ lưu") == std::string::npos);
    BOOST_TEST(o.take(what, "01", told.at("01")).document.flags.empty());
    r = first_recipient(o.node, "key-so", o.document);
    BOOST_TEST(text_of(r, {"last_status"}) == "03");
    BOOST_TEST(rungs_text(r) == "01=reached 03=reached 04=waiting 05=waiting 06=waiting ");
}

BOOST_AUTO_TEST_CASE(every_order_of_arrival_and_every_repetition_shows_the_same_ladder) {
    answered_office o;
    std::vector<std::string> order{"01", "03", "04", "06"};
    std::string in_order;
    int number = 0;
    do {
        // Each a second time: at once, or when all have come.
        for (const bool at_once : {true, false}) {
            const letter what = o.send(++number);
            for (const std::string& code : order) {
                intake::accepted first = o.take(what, code, told.at(code));
                BOOST_TEST(!first.known);
                BOOST_TEST(first.document.flags.empty());
                if (at_once) BOOST_TEST(o.take(what, code, told.at(code)).receipt == first.receipt);
            }
            for (const std::string& code : order)
                if (!at_once) BOOST_TEST(o.take(what, code, told.at(code)).known);
            if (in_order.empty()) in_order = o.ladder();
            BOOST_TEST(o.ladder() == in_order);
        }
    } while (std::ranges::next_permutation(order).found);
    BOOST_TEST(number == 48);
    BOOST_TEST(in_order.find("06 01=reached 03=reached 04=reached 05=passed_over 06=reached ") != std::string::npos,
               in_order);
}

BOOST_AUTO_TEST_CASE(what_contradicts_the_record_is_kept_and_moves_nothing) {
    answered_office o;
    const letter what = o.send(1);
    o.take(what, "01", told.at("01"));
    o.take(what, "03", told.at("03"));
    intake::accepted no = o.take(what, "02", told.at("06"));
    BOOST_TEST((no.document.flags == std::vector<std::string>{"status_out_of_order"}));
    BOOST_TEST(text_of(first_recipient(o.node, "key-so", o.document), {"last_status"}) == "03");
    BOOST_TEST(o.ladder().find("chỉ lưu") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

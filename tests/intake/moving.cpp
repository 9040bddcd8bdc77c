// An organisation that is served here moves to another node, or comes from one: what is on record stays known.
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

// Two nodes, "so" served by the lower one from version 2 on.
std::string moved(int version) {
    std::string text = two_node_registry(version);
    const std::string row = "id = \"so\"\n";
    return text.insert(text.find(row) + row.size(), "served_by = \"h48.40\"\n");
}

std::size_t documents_in(daemon_parts& at, const std::string& key) {
    std::size_t n = 0;
    for (const json::value& e : inbox_of(at, key)) n += text_of(e.as_object(), {"kind"}) == "document";
    return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(moving)

BOOST_AUTO_TEST_CASE(a_document_sent_here_is_known_when_the_senders_new_node_brings_it_again) {
    office o;
    const std::string packet = letter{}.packet();
    reply first = submit_packet(o.node, "key-so", packet);
    BOOST_REQUIRE(first.status == 201);
    o.node.use_registry(moved(2));
    BOOST_TEST(submit_packet(o.node, "key-so", letter{.number = 16}.packet()).code() == "intake.sender_not_served");
    auto again = offer_from(o.node, "h48.40", packet);
    BOOST_REQUIRE_MESSAGE(again.has_value(), (again ? "" : again.error().code.message() + again.error().detail));
    BOOST_TEST(again->known);
    BOOST_TEST(again->document.id == text_of(first.json(), {"document_id"}));
    BOOST_TEST(documents_in(o.node, "key-xa") == 1u);
    // Its new node's receipt is for the packet that it brought.
    receipt::expectation expected;
    expected.packet_sha256 = sha256::of(packet);
    BOOST_TEST(receipt::verify(again->receipt, o.node.anchors(), expected).has_value());
}

BOOST_AUTO_TEST_CASE(a_document_a_peer_brought_is_known_when_its_sender_is_served_here_later) {
    office o([](node_spec& s) { s.registry = moved(1); });
    const std::string packet = letter{}.packet();
    BOOST_REQUIRE(offer_from(o.node, "h48.40", packet).has_value());
    o.node.use_registry(two_node_registry(2));
    reply again = submit_packet(o.node, "key-so", packet);
    BOOST_TEST(again.status == 200);
    BOOST_TEST(documents_in(o.node, "key-xa") == 1u);
}

BOOST_AUTO_TEST_CASE(a_recall_over_the_new_node_finds_the_document_sent_over_the_old_one) {
    office o;
    letter sent{.document_id = "so,2025,15"};
    const std::string id = text_of(submit_packet(o.node, "key-so", sent.packet()).json(), {"document_id"});
    o.node.use_registry(moved(2));
    letter recall{.subject = "Thu hồi", .document_id = "so,2025,15", .bussiness_type = 1};
    auto taken = offer_from(o.node, "h48.40", recall.packet("thu hồi"));
    BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    auto c = records::reader(o.node.store->committed()).consignment("@so", id, "H48.99.01");
    BOOST_REQUIRE((c && *c));
    BOOST_TEST((*c)->asked_back);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

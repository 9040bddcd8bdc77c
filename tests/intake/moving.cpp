// An organisation that is served here moves to another node, or comes from one: what is on record stays known.
#include "tests/intake/offers.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

// Two nodes; an organisation's row says more from version 2 on.
std::string with_row(const std::string& organisation, const std::string& more, int version = 2) {
    std::string text = two_node_registry(version);
    const std::string row = "id = \"" + organisation + "\"\n";
    return text.insert(text.find(row) + row.size(), more);
}
// "so" is served by the lower one.
std::string moved(int version) { return with_row("so", "served_by = \"h48.40\"\n", version); }

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

BOOST_AUTO_TEST_CASE(what_is_asked_of_a_document_that_lies_here_stays_here_after_its_recipient_has_moved) {
    for (const bool acknowledged : {true, false})
        for (const int type : {1, 2, 3}) BOOST_TEST_CONTEXT("type " << type << " acknowledged " << acknowledged) {
                office o;
                letter sent{.document_id = "so,2025,15"};
                BOOST_REQUIRE(submit_packet(o.node, "key-so", sent.packet()).status == 201);
                const std::string old = first_entry(o.node, "key-xa");
                if (acknowledged) BOOST_REQUIRE(acknowledge(o.node, "key-xa", old).status == 200);
                o.node.use_registry(with_row("xa", "served_by = \"h48.40\"\n"));
                letter request = sent;
                request.bussiness_type = type;
                reply r = submit_packet(o.node, "key-so", request.packet("mới"));
                BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
                const records::reader read(o.node.store->committed());
                auto q = read.recall("@tinh", "@so", sent.document_id, "@xa").value().value();
                const bool agreed = !acknowledged && type != 2;
                BOOST_TEST(
                    (q.stands == (agreed ? records::recall_stand::agreed : records::recall_stand::before_clerk)));
                auto e = read.inbox_entry("@xa", old).value().value();
                BOOST_TEST((e.cancelled_at != 0) == agreed);
                const json::array so = inbox_of(o.node, "key-so");
                BOOST_TEST(std::ranges::count_if(so, [](const json::value& each) {
                               return text_of(each.as_object(), {"document", "status", "code"}) == "15";
                           }) == (agreed ? 1 : 0));
                if (agreed) continue;
                // Its eOffice finds the request beside the document, and answers.
                const json::array xa = inbox_of(o.node, "key-xa");
                BOOST_REQUIRE(xa.size() == 2u);
                BOOST_TEST(
                    report(o.node, "key-xa", text_of(xa.back().as_object(), {"id"}), R"({"code":"15"})").status == 201);
                BOOST_TEST((read.recall("@tinh", "@so", sent.document_id, "@xa").value()->stands ==
                            records::recall_stand::agreed));
            }
}

BOOST_AUTO_TEST_CASE(a_held_replacement_of_what_lies_here_stays_here_when_it_is_released) {
    office o;
    letter sent{.document_id = "so,2025,15"};
    BOOST_REQUIRE(submit_packet(o.node, "key-so", sent.packet()).status == 201);
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    o.node.use_registry(with_row("xa", "served_by = \"h48.40\"\n"));
    intake::policy careful;
    for (intake::action& each : careful.actions[std::size_t(intake::role::issue)]) each = intake::action::hold;
    o.node.gate->use_policy(careful);
    sent.bussiness_type = 3;
    reply r = submit_packet(o.node, "key-so", sent.packet("mới"));
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    auto released = wait_for(o.node.decisions->executor(0),
                             o.node.rerouting->release("@so", text_of(r.json(), {"document_id"}), "operator"));
    BOOST_REQUIRE(released.has_value());
    BOOST_TEST(released->placed == 1u);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 2u);
    const auto q = records::reader(o.node.store->committed()).recall("@tinh", "@so", sent.document_id, "@xa").value();
    BOOST_TEST((q->stands == records::recall_stand::before_clerk));
}

BOOST_AUTO_TEST_CASE(what_went_to_an_organisation_that_another_took_over_is_answered_by_that_one) {
    for (const int type : {1, 2, 3}) BOOST_TEST_CONTEXT("type " << type) {
            office o;
            letter sent{.document_id = "so,2025,15"};
            reply first = submit_packet(o.node, "key-so", sent.packet());
            BOOST_REQUIRE(first.status == 201);
            const std::string old = first_entry(o.node, "key-xa"), id = text_of(first.json(), {"document_id"});
            BOOST_REQUIRE(acknowledge(o.node, "key-xa", old).status == 200);
            o.node.use_registry(
                with_row("xa", "to = 2025-07-02\nsuccessors = [{ to = \"tinh\", kind = \"merge\" }]\n"));
            letter request = sent;
            request.bussiness_type = type;
            reply r = type == 1 ? o.node.call("key-so", "POST", "/v1/documents/" + id + "/recall",
                                              R"({"reason":"Sai"})", {{"Content-Type", "application/json"}})
                                : submit_packet(o.node, "key-so", request.packet("mới"));
            BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
            auto row = [&] {
                return records::reader(o.node.store->committed())
                    .recall("@tinh", "@so", sent.document_id, "@xa")
                    .value()
                    .value();
            };
            BOOST_TEST((row().stands == records::recall_stand::before_clerk));
            const auto inbox = records::reader(o.node.store->committed()).inbox("@tinh", 0, 10).value();
            BOOST_REQUIRE(inbox.size() == 1u);
            reply answered = report(o.node, "key-tinh", inbox.front().id, R"({"code":"15"})");
            BOOST_REQUIRE_MESSAGE(answered.status == 201, answered.body);
            BOOST_TEST((row().stands == records::recall_stand::agreed));
            const auto e = records::reader(o.node.store->committed()).inbox_entry("@xa", old).value().value();
            BOOST_TEST((e.cancelled_at != 0) == (type != 2));
        }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

// What the registry could not place is placed once when the registry has been corrected.
#include "tests/intake/offers.hpp"

#include "daemon/ledger/keys.hpp"
#include "schemas/edxml/writer.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

const std::string served_here = organisation_text{"moi", "Sở Mới", "sở", "H48.55"}.toml();
const std::string with_a_node = organisation_text{"khac", "Huyện khác", "UBND huyện", "H48.56"}.toml() +
                                node_text{"h48.56", "khac", "H48.56", nowhere, {}}.toml();
const std::string below_huyen = organisation_text{"thon", "Xã dưới huyện", "UBND xã", "H48.57", "huyen"}.toml();

struct parked_office : office {
    parked_office()
        : office([](node_spec& s) {
              s.delivers = false;
              s.credentials += credentials_for({{"moi", {"H48.55"}}});
          }) {}
    void registry_with(const std::string& further) { node.use_registry(two_node_registry(++version, further)); }
    intake::rerouting::report pass(std::size_t batch = 256) {
        intake::rerouting r(*node.gate, node.network->executor(0), batch);
        auto done = wait_for(node.network->executor(0), r.pass("test"));
        BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + done.error().detail));
        return *done;
    }
    records::reader read() { return records::reader(node.store->committed()); }
    records::consignment_row consignment(const std::string& document, const std::string& code) {
        return read().consignment("@tinh", document, code).value().value();
    }
    std::string state_of(const std::string& document, const std::string& code) {
        return boost::describe::enum_to_string(consignment(document, code).state_now, "?");
    }
    std::string take(const letter& what, const std::string& peer = "h48.40", const std::string& file = "nội dung") {
        auto taken = offer_from(node, peer, what.packet(file));
        BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
        return taken->document.id;
    }
    std::size_t unplaced() { return read().unplaced_after("@tinh", {}, 1000).value().size(); }
    int version = 1;
};

letter from_below(std::vector<std::string> to, int number = 15) {
    letter l;
    l.number = number;
    l.from = "H48.40";
    l.to = std::move(to);
    return l;
}

} // namespace

BOOST_AUTO_TEST_SUITE(rerouting)

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_the_new_registry_then_does_and_changes_nothing) {
    parked_office o;
    const std::string id = o.take(from_below({"H48.55", "H48.56", "H48.58"}));
    const std::string other = o.take(from_below({"H48.55"}, 16), "h48.40", "khác");
    const std::uint64_t events = o.read().last_event("@tinh").value();
    std::string text = two_node_registry(o.version + 1, served_here + with_a_node);
    auto next = std::make_shared<const registry::registry>(registry::registry::parse(text, "next").value());
    intake::rerouting r(*o.node.gate, o.node.network->executor(0), 2); // a batch less than what is held
    auto plan = r.dry_run(next, 100);
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(plan->placed == 3u);
    BOOST_TEST(plan->held == 1u);
    std::map<std::pair<std::string, std::string>, std::string> goes; // document, code → hop
    for (const auto& each : plan->leaving)
        goes[{each.document.id, each.recipient_code}] =
            each.route.kind == registry::route_kind::local ? "local" : each.route.next->id;
    BOOST_TEST(goes.size() == 3u);
    BOOST_TEST(o.unplaced() == 4u);
    BOOST_TEST(o.read().last_event("@tinh").value() == events);
    BOOST_TEST(r.dry_run(next, 1).value().leaving.size() == 1u);
    BOOST_TEST(r.dry_run(o.node.gate->registry(), 9).value().placed == 0u);

    o.registry_with(served_here + with_a_node);
    const auto done = o.pass();
    BOOST_TEST(done.placed == plan->placed);
    BOOST_TEST(o.unplaced() == plan->held);
    for (const auto& [which, hop] : goes) BOOST_TEST(o.consignment(which.first, which.second).hop == hop);
}

BOOST_AUTO_TEST_CASE(what_an_operator_has_returned_is_placed_no_more_and_may_come_again) {
    parked_office o;
    letter what = from_below({"H48.55"});
    const std::string id = o.take(what);
    intake::rerouting r(*o.node.gate, o.node.network->executor(0));
    auto send_back = [&] {
        return wait_for(o.node.network->executor(0), r.send_back("@tinh", id, "Không có nơi nhận này", "Trần Thị Mẫu"));
    };
    BOOST_TEST(send_back().value() == 1u);
    BOOST_TEST(o.state_of(id, "H48.55") == "refused");
    BOOST_TEST(o.unplaced() == 0u);
    const auto told = o.read().notices_for("@tinh", "h48.40", 100).value().back();
    BOOST_TEST(told.kind == "returned");
    BOOST_TEST(told.code == "intake.returned_by_operator");
    BOOST_TEST((send_back().error().code == intake::errc::nothing_held));

    o.registry_with(served_here);
    BOOST_TEST(o.pass().placed == 0u);
    BOOST_TEST(inbox_of(o.node, "key-moi").empty());
    std::string other = what.packet();
    other.insert(other.find("?>") + 2, "<!-- lần hai -->");
    auto again = offer_from(o.node, "h48.40", other);
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(!again->known);
    BOOST_TEST(inbox_of(o.node, "key-moi").size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_unknown_code_is_parked_and_delivered_once_when_the_registry_knows_it) {
    parked_office o;
    letter what = from_below({"H48.55", "H48.56", "H48.99.01"});
    const std::string id = o.take(what);
    BOOST_TEST(o.state_of(id, "H48.55") == "parked");
    BOOST_TEST(o.state_of(id, "H48.99.01") == "delivered");
    BOOST_TEST(o.unplaced() == 2u);
    BOOST_TEST(o.pass().placed == 0u); // nothing has changed
    BOOST_TEST(o.unplaced() == 2u);

    o.registry_with(served_here + with_a_node);
    BOOST_TEST(o.pass().placed == 2u);
    BOOST_TEST(o.unplaced() == 0u);
    json::array entries = inbox_of(o.node, "key-moi");
    BOOST_REQUIRE(entries.size() == 1u);
    BOOST_TEST(o.state_of(id, "H48.55") == "delivered");
    BOOST_TEST(o.consignment(id, "H48.55").recipient == "@moi");
    BOOST_TEST(o.consignment(id, "H48.55").inbox_id == text_of(entries[0].as_object(), {"id"}));
    BOOST_TEST(o.consignment(id, "H48.56").hop == "h48.56");
    auto transfer = o.read().transfer("@tinh", id, "h48.56").value();
    BOOST_REQUIRE(transfer.has_value());
    BOOST_TEST((transfer->recipients == std::vector<std::string>{"H48.56"}));
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);

    // Both routes stand on record, and the sender's side is told.
    std::vector<std::string> texts, told;
    const auto events = o.read().events_of("@tinh", id).value();
    for (const auto& e : events)
        if (e.kind == "rerouted") texts.push_back(e.text);
    BOOST_TEST((texts == std::vector<std::string>{"H48.55 (registry.unknown_organisation) → @moi, local",
                                                  "H48.56 (registry.unknown_organisation) → @khac, h48.56"}));
    const auto notices = o.read().notices_for("@tinh", "h48.40", 100).value();
    for (const auto& n : notices) told.push_back(n.recipient + " " + n.kind);
    BOOST_TEST((told == std::vector<std::string>{"H48.55 parked", "H48.56 parked", "H48.99.01 kept", "H48.55 kept",
                                                 "H48.56 released"}));

    // Once only, and the same document in another envelope is still known.
    BOOST_TEST(o.pass().placed == 0u);
    std::string other = what.packet();
    other.insert(other.find("?>") + 2, "<!-- lần hai -->");
    auto again = offer_from(o.node, "h48.40", other, {"H48.55"});
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->known);
    BOOST_TEST(inbox_of(o.node, "key-moi").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stop_between_two_batches_loses_and_doubles_nothing) {
    parked_office o;
    std::vector<std::string> ids;
    for (int n = 1; n <= 5; ++n) ids.push_back(o.take(from_below({"H48.55"}, n), "h48.40", std::to_string(n)));
    o.registry_with(served_here);
    {
        intake::rerouting r(*o.node.gate, o.node.network->executor(0), 1);
        BOOST_TEST(wait_for(o.node.network->executor(0), r.release("@tinh", ids[2], "operator")).value().placed == 1u);
    }
    o.node.restart();
    BOOST_TEST(o.pass(1).placed == 4u);
    o.node.restart();
    BOOST_TEST(o.pass(2).placed == 0u);
    BOOST_TEST(inbox_of(o.node, "key-moi").size() == 5u);
    std::set<std::string> documents;
    for (const json::value& e : inbox_of(o.node, "key-moi"))
        documents.insert(text_of(e.as_object(), {"document", "id"}));
    BOOST_TEST(documents.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_second_code_of_a_recipient_that_has_the_document_makes_no_second_entry) {
    parked_office o;
    const std::string id = o.take(from_below({"H48.99.01", "H48.58"}));
    const std::string other = o.take(from_below({"H48.58"}, 16), "h48.40", "khác");
    std::string text = two_node_registry(2);
    const std::string one = "{ code = \"H48.99.01\", form = \"qd20\" }";
    text.replace(text.find(one), one.size(), one + ", { code = \"H48.58\", form = \"qd20\" }");
    o.node.use_registry(text);
    BOOST_TEST(o.pass().placed == 2u);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 2u);
    BOOST_TEST(o.consignment(id, "H48.58").inbox_id == o.consignment(id, "H48.99.01").inbox_id);
    BOOST_TEST(o.state_of(id, "H48.58") == "delivered");
    BOOST_TEST(o.consignment(other, "H48.58").inbox_sequence == 2u);
}

BOOST_AUTO_TEST_CASE(a_closed_organisation_is_reached_when_its_successor_is_named) {
    parked_office o;
    const std::string id = o.take(from_below({"H48.77"}));
    BOOST_TEST(o.consignment(id, "H48.77").reason == "registry.closed_no_successor");
    std::string text = two_node_registry(2);
    const std::string closed = "to = 2025-07-01\n";
    text.replace(text.find(closed), closed.size(), closed + "successors = [{ to = \"xa\", kind = \"merge\" }]\n");
    o.node.use_registry(text);
    BOOST_TEST(o.pass().placed == 1u);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    std::set<std::string> kinds;
    const auto events = o.read().events_of("@tinh", id).value();
    for (const auto& e : events) kinds.insert(e.kind);
    BOOST_TEST(kinds.contains("forwarded_to_successor"));
}

BOOST_AUTO_TEST_CASE(a_status_that_waits_for_an_organisation_is_delivered_too) {
    parked_office o;
    edxml::status_packet s;
    s.from = {.organ_id = "H48.40", .organ_name = "Huyện"};
    s.response_for = {"H48.55", "7/SM", edxml::packet_date::parse("2025/07/15"), "VB-7"};
    s.status_code = "03";
    s.timestamp = edxml::packet_time::parse("2025/07/15 08:00:00");
    o.take(letter{.from = "H48.40", .to = {"H48.99.01"}}); // whatever else there is
    auto taken = offer_from(o.node, "h48.40", edxml::compose_status(s, edxml::echo::as_received).value());
    BOOST_REQUIRE(taken.has_value());
    BOOST_TEST(o.state_of(taken->document.id, "H48.55") == "parked");
    o.registry_with(served_here);
    BOOST_TEST(o.pass().placed == 1u);
    json::array entries = inbox_of(o.node, "key-moi");
    BOOST_REQUIRE(entries.size() == 1u);
    BOOST_TEST(text_of(entries[0].as_object(), {"document", "status", "code"}) == "03");
}

BOOST_AUTO_TEST_CASE(an_organisation_without_an_eoffice_answers_when_it_is_reached) {
    parked_office o;
    letter what = from_below({"H48.55"});
    const std::string id = o.take(what);
    std::string automatic = served_here;
    automatic.replace(automatic.find("codes"), 0, "answers_on_commit = true\n");
    o.registry_with(automatic);
    BOOST_TEST(o.pass().placed == 1u);
    BOOST_TEST(o.consignment(id, "H48.55").last_status == "01");
    BOOST_TEST(inbox_of(o.node, "key-moi").size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_policy_for_what_ends_here_applies_when_it_ends_here) {
    parked_office o;
    intake::policy strict;
    for (auto& row : strict.actions) row.fill(intake::action::accept);
    strict.actions[std::size_t(intake::role::final)].fill(intake::action::refuse);
    strict.send_final_refusal = true;
    o.node.gate->use_policy(strict);
    const std::string id = o.take(from_below({"H48.55"}));
    o.registry_with(served_here);
    BOOST_TEST(o.pass().placed == 1u);
    BOOST_TEST(o.state_of(id, "H48.55") == "refused");
    BOOST_TEST(o.consignment(id, "H48.55").last_status == "02");
    BOOST_TEST(inbox_of(o.node, "key-moi").empty());
}

BOOST_AUTO_TEST_CASE(a_hop_with_an_unfinished_transfer_of_the_document_is_waited_for) {
    parked_office o;
    o.registry_with(with_a_node);
    letter what;
    what.from = "H48.56";
    what.to = {"H48.40", "H48.57"};
    const std::string id = o.take(what, "h48.56");
    o.registry_with(with_a_node + below_huyen);
    auto first = o.pass();
    BOOST_TEST(first.placed == 0u);
    BOOST_TEST(first.later == 1u);
    BOOST_TEST(o.state_of(id, "H48.57") == "parked");
    auto ended = o.node.store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(auto row, w.transfer("@tinh", id, "h48.40"));
        row->state_now = records::state::delivered;
        row->last_attempt_at = w.now() - 5'000'000;
        row->receipt_sha256 = sha256::of("first");
        w.put(*row);
        w.remove_work("@tinh", *row);
        w.put_hop_receipt("@tinh", *row, "first");
        return {};
    });
    BOOST_REQUIRE(ended.has_value());
    BOOST_TEST(o.pass().placed == 1u);
    auto row = o.read().transfer("@tinh", id, "h48.40").value().value();
    BOOST_TEST((row.recipients == std::vector<std::string>{"H48.57"}));
    BOOST_TEST(!row.composed);
    auto kept = o.node.store->committed().get(
        ledger::row_key("@tinh", 'r').text("@tinh").text(id).text("h48.40").raw(sha256::of("first").view()));
    BOOST_REQUIRE(kept.has_value());
    BOOST_TEST(kept->value().substr(2) == "first"); // the first receipt is still there
}

BOOST_AUTO_TEST_CASE(what_is_asked_of_a_document_whose_former_node_left_the_registry_waits_and_goes_nowhere_else) {
    for (const int type : {1, 2, 3}) BOOST_TEST_CONTEXT("type " << type) {
            parked_office o;
            o.registry_with(with_a_node);
            letter sent = from_below({"H48.56"});
            sent.document_id = "huyen,2025,15";
            const std::string id = o.take(sent);
            auto done = o.node.store->commit_and_wait([&](ledger::transaction& change) -> result<> {
                records::writer w(change); // its node has taken it
                VANTHU_TRY(auto t, w.transfer("@tinh", id, "h48.56"));
                t->state_now = records::state::delivered;
                w.put(*t);
                w.remove_work("@tinh", *t);
                VANTHU_TRY(auto c, w.consignment("@tinh", id, "H48.56"));
                c->state_now = records::state::delivered;
                w.put("@tinh", *c);
                return {};
            });
            BOOST_REQUIRE(done.has_value());
            // The organisation has a node of another name now.
            const std::string there = organisation_text{"khac", "Huyện khác", "UBND huyện", "H48.56"}.toml() +
                                      node_text{"h48.59", "khac", "H48.56", nowhere, {}}.toml();
            o.registry_with(there);
            letter asks = sent;
            asks.bussiness_type = type;
            asks.subject = "Yêu cầu";
            const std::string request = o.take(asks, "h48.40", "mới");
            BOOST_TEST(o.state_of(request, "H48.56") == "parked");
            BOOST_TEST(o.consignment(request, "H48.56").reason == "registry.former_node_gone");
            BOOST_TEST(!o.read().transfer("@tinh", request, "h48.59").value());
            const auto told = o.read().notices_for("@tinh", "h48.40", 100).value().back();
            BOOST_TEST((told.kind == "parked" && told.code == "registry.former_node_gone"));
            auto q = o.read().recall("@tinh", "@huyen", sent.document_id, "@khac").value();
            BOOST_REQUIRE(q);
            BOOST_TEST((q->stands == records::recall_stand::asked)); // nobody has agreed
            // Nor does it go there by itself later; it goes where the document is, once that node is known again.
            o.registry_with(there + served_here);
            BOOST_TEST(o.pass().placed == 0u);
            o.registry_with(there + organisation_text{"cu", "Cơ quan cũ", "sở", "H48.60"}.toml() +
                            node_text{"h48.56", "cu", "H48.60", nowhere, {}}.toml());
            BOOST_TEST(o.pass().placed == 1u);
            BOOST_TEST(o.read().transfer("@tinh", request, "h48.56").value().has_value());
            BOOST_TEST(!o.read().transfer("@tinh", request, "h48.59").value());
        }
}

BOOST_AUTO_TEST_CASE(a_replacement_without_a_way_leaves_the_old_document_until_it_goes) {
    for (const bool sent_back : {true, false}) BOOST_TEST_CONTEXT("sent back " << sent_back) {
            parked_office o;
            letter sent = from_below({"H48.55"});
            sent.document_id = "huyen,2025,15";
            const std::string old = o.take(sent);
            letter instead = sent;
            instead.bussiness_type = 3;
            const std::string later = o.take(instead, "h48.40", "mới");
            BOOST_TEST(o.state_of(old, "H48.55") == "parked"); // and not withdrawn
            BOOST_TEST(o.state_of(later, "H48.55") == "parked");
            auto row = [&](const std::string& at) {
                return o.read().recall("@tinh", "@huyen", sent.document_id, at).value();
            };
            BOOST_REQUIRE(row("H48.55"));
            BOOST_TEST((row("H48.55")->stands == records::recall_stand::asked));
            if (sent_back) {
                intake::rerouting r(*o.node.gate, o.node.network->executor(0));
                auto back = wait_for(o.node.network->executor(0),
                                     r.send_back("@tinh", later, "Không có nơi nhận", "operator"));
                BOOST_REQUIRE(back.has_value());
                BOOST_TEST((row("H48.55")->stands == records::recall_stand::ended));
            }
            o.registry_with(served_here);
            o.pass();
            const auto entries = inbox_of(o.node, "key-moi");
            BOOST_TEST(entries.size() == (sent_back ? 1u : 2u)); // the old one goes whatever becomes of the other
            BOOST_TEST(o.state_of(old, "H48.55") == "delivered");
            if (sent_back) continue;
            // Its clerk has both, and decides.
            BOOST_REQUIRE(row("@moi"));
            BOOST_TEST(!row("H48.55"));
            BOOST_TEST((row("@moi")->stands == records::recall_stand::before_clerk));
            const std::string entry = text_of(entries.back().as_object(), {"id"});
            BOOST_TEST(report(o.node, "key-moi", entry, R"({"code":"15"})").status == 201);
            BOOST_TEST((row("@moi")->stands == records::recall_stand::agreed));
        }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

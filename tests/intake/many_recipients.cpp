// A document to many recipients is kept in fewer rows than one to few, and looked up with fewer reads. For each of its
// recipients it is as if it had come to that one alone.
#include "daemon/ledger/keys.hpp"
#include "tests/intake/offers.hpp"

#include <fmt/format.h>

namespace vanthu::test {

namespace {

constexpr std::size_t many = 70; // more than are kept in one row

// A node that serves "many" organisations more: @o100 (H48.100), @o101 ...
struct wide_office : office {
    wide_office()
        : office([](node_spec& s) {
              s.delivers = false;
              s.registry += organisations(many);
              std::vector<std::pair<std::string, std::vector<std::string>>> all;
              for (std::size_t i = 0; i < many; ++i) all.push_back({id_of(i).substr(1), {code_of(i)}});
              s.credentials += credentials_for(all);
          }) {}
    static std::string organisations(std::size_t n) {
        std::string out;
        for (std::size_t i = 0; i < n; ++i)
            out += organisation_text{id_of(i).substr(1), "Nơi nhận", "sở", code_of(i)}.toml();
        return out;
    }
    static std::string code_of(std::size_t i) { return fmt::format("H48.{}", 100 + i); }
    static std::string id_of(std::size_t i) { return fmt::format("@o{}", 100 + i); }
    static std::string key_of(std::size_t i) { return fmt::format("key-o{}", 100 + i); }
    static std::vector<std::string> codes(std::size_t from, std::size_t to) {
        std::vector<std::string> out;
        for (std::size_t i = from; i < to; ++i) out.push_back(code_of(i));
        return out;
    }
    records::reader read() { return records::reader(node.store->committed()); }
    std::vector<records::inbox_row> inbox(std::size_t i) { return read().inbox(id_of(i), 0, 100).value(); }
    result<intake::accepted> submitted(const letter& what, const std::string& file = "nội dung") {
        intake::offer o;
        o.may_send_for = {"@so"};
        net::memory_body body(what.packet(file));
        return wait_for(node.network->executor(0), node.gate->accept(std::move(o), body));
    }
    intake::accepted taken(const letter& what, const std::string& file = "nội dung") {
        auto a = submitted(what, file);
        BOOST_REQUIRE_MESSAGE(a.has_value(), (a ? "" : a.error().code.message() + a.error().detail));
        return *a;
    }
    intake::accepted brought(const letter& what, const std::string& file = "nội dung") {
        auto a = offer_from(node, "h48.40", what.packet(file));
        BOOST_REQUIRE_MESSAGE(a.has_value(), (a ? "" : a.error().code.message() + a.error().detail));
        return *a;
    }
};

letter to(std::vector<std::string> codes, int number = 15) {
    letter l;
    l.number = number;
    l.date = "2025/07/15";
    l.to = std::move(codes);
    return l;
}
letter from_below(letter l) {
    l.from = "H48.40";
    return l;
}

} // namespace

BOOST_AUTO_TEST_SUITE(many_recipients)

BOOST_AUTO_TEST_CASE(it_is_the_same_document_when_it_comes_again) {
    wide_office o;
    const letter l = to(o.codes(0, many));
    const auto first = o.taken(l);
    BOOST_TEST(first.consignments.size() == many);
    const auto again = o.taken(l);
    BOOST_TEST(again.known);
    BOOST_TEST(again.document.id == first.document.id);
    BOOST_TEST(again.consignments.size() == many);

    // To some who have it and some who have not: who has it keeps its entry.
    letter wider = l;
    wider.to = o.codes(20, 40);
    wider.to.push_back("H48.99.01");
    const auto fresh = o.taken(wider);
    BOOST_TEST(!fresh.known);
    BOOST_REQUIRE(fresh.consignments.size() == 1u);
    BOOST_TEST(fresh.consignments.front().recipient_code == "H48.99.01");
    for (std::size_t i : {0u, 25u, 39u, 69u}) BOOST_TEST(o.inbox(i).size() == 1u);

    // One of them alone.
    letter alone = l;
    alone.to = {o.code_of(33)};
    BOOST_TEST(o.taken(alone).document.id == first.document.id);
}

BOOST_AUTO_TEST_CASE(its_number_is_taken_for_each_of_them) {
    wide_office o;
    o.taken(to(o.codes(0, many)));
    for (std::size_t i : {0u, 31u, 32u, 63u, 64u, 69u}) {
        auto refused = o.submitted(to({o.code_of(i)}), "nội dung khác");
        BOOST_REQUIRE(!refused);
        BOOST_TEST(refused.error().code == make_error_code(intake::errc::number_reused));
    }
    BOOST_TEST(!o.submitted(to(o.codes(0, many)), "nội dung khác"));

    // At the end of another's it is shown to the clerk, for one recipient and for many; also where it stood at one
    // of the many only, and the content alone may be known.
    o.brought(from_below(to(o.codes(0, 20), 7)));
    using flags = std::vector<std::string>;
    const flags reused{"number_reused"}, enveloped{"same_content_new_envelope"};
    BOOST_TEST(o.brought(from_below(to({o.code_of(5)}, 7)), "khác").document.flags == reused);
    BOOST_TEST(o.brought(from_below(to(o.codes(10, 30), 7)), "khác nữa").document.flags == reused);
    letter renamed = from_below(to({o.code_of(3)}, 7));
    renamed.document_id = "một mã khác";
    BOOST_TEST(o.brought(renamed).document.flags == enveloped);
    BOOST_TEST(o.brought(from_below(to({o.code_of(25)}, 8))).document.flags == flags());
    BOOST_TEST(o.brought(from_below(to(o.codes(20, 40), 8)), "khác").document.flags == reused);
}

// Two documents share a number, each with many recipients of its own: neither takes the other's place on record.
BOOST_AUTO_TEST_CASE(another_document_of_its_number_to_many_others_takes_nothing_from_them) {
    wide_office o;
    const letter first = from_below(to(o.codes(0, 20), 9)), second = from_below(to(o.codes(20, 40), 9));
    const auto a = o.brought(first, "một"), b = o.brought(second, "hai");
    BOOST_TEST(a.document.id != b.document.id);
    BOOST_TEST(o.brought(first, "một").document.id == a.document.id);
    BOOST_TEST(o.brought(second, "hai").document.id == b.document.id);
    using flags = std::vector<std::string>;
    for (std::size_t i : {0u, 19u, 20u, 39u}) {
        BOOST_TEST(o.inbox(i).size() == 1u);
        letter again = from_below(to({o.code_of(i)}, 9));
        again.document_id = "mã mới " + std::to_string(i);
        BOOST_TEST(o.brought(again, "ba").document.flags == flags{"number_reused"});
    }
}

BOOST_AUTO_TEST_CASE(a_recall_that_came_first_cancels_it_for_whom_it_names) {
    wide_office o;
    letter recall = from_below(to(o.codes(3, 5)));
    recall.subject = "Thu hồi";
    recall.bussiness_type = 1;
    o.brought(recall, "");
    const auto d = o.brought(from_below(to(o.codes(0, many))));
    for (std::size_t i = 0; i < many; ++i) {
        const auto entries = o.inbox(i);
        const auto mine = std::ranges::find(entries, d.document.id, &records::inbox_row::document);
        BOOST_REQUIRE(mine != entries.end());
        BOOST_TEST((mine->cancelled_at != 0) == (i == 3 || i == 4));
    }
}

BOOST_AUTO_TEST_CASE(each_of_them_answers_for_itself) {
    wide_office o;
    const auto d = o.taken(to(o.codes(0, many))).document;
    BOOST_TEST(acknowledge(o.node, o.key_of(40), o.inbox(40).front().id).status == 200);
    const auto all = o.read().consignments(d.owner, d.id).value();
    BOOST_REQUIRE(all.size() == many);
    for (std::size_t i = 0; i < many; ++i) {
        const auto entry = o.inbox(i).front();
        const auto c = o.read().consignment(d.owner, d.id, o.code_of(i)).value().value();
        BOOST_TEST(c.recipient == o.id_of(i));
        BOOST_TEST(c.recipient_name == "Nơi nhận");
        BOOST_TEST(c.hop == "local");
        BOOST_TEST((c.state_now == records::state::delivered));
        BOOST_TEST(c.inbox_id == entry.id);
        BOOST_TEST(c.inbox_sequence == entry.sequence);
        BOOST_TEST(c.last_status == (i == 40 ? "01" : ""));
        BOOST_TEST((entry.acked_at != 0) == (i == 40));
        BOOST_TEST(std::ranges::count(all, o.code_of(i), &records::consignment_row::recipient_code) == 1);
    }
    std::map<std::string, int> kinds;
    for (const auto& e : o.read().events_of(d.owner, d.id).value()) ++kinds[e.kind];
    BOOST_TEST(kinds["kept"] == int(many));
    BOOST_TEST(kinds["accepted"] == 1);
    BOOST_TEST(kinds["acked"] == 1);
}

// As many statuses as recipients come: each may cost what one recipient costs.
BOOST_AUTO_TEST_CASE(a_status_reads_its_own_recipients_row_and_nobody_elses) {
    wide_office o;
    const auto d = o.taken(to(o.codes(0, many))).document;
    BOOST_REQUIRE(o.node.store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        std::vector<std::string> others;
        VANTHU_CHECK(t.scan(ledger::row_key(d.owner, 'C').text(d.id), {}, [&](auto key, std::string_view value) {
            if (!value.contains('"' + o.code_of(40) + '"')) others.emplace_back(key);
            return true;
        }));
        BOOST_TEST(others.size() == 2u);
        for (const std::string& key : others) t.put(key, "C nobody can read this");
        return {};
    }));
    BOOST_TEST(!o.read().consignments(d.owner, d.id).has_value());
    BOOST_TEST(acknowledge(o.node, o.key_of(40), o.inbox(40).front().id).status == 200);
    BOOST_TEST(o.read().consignment(d.owner, d.id, o.code_of(40)).value()->last_status == "01");
    BOOST_TEST((o.inbox(40).front().acked_at != 0));
}

BOOST_AUTO_TEST_CASE(whom_the_registry_places_later_occupies_its_own) {
    wide_office o;
    const letter l = from_below(to(o.codes(0, many + 40)));
    const auto d = o.brought(l).document;
    BOOST_TEST(o.read().unplaced_after("@tinh", {}, 1000).value().size() == 40u);
    o.node.use_registry(two_node_registry(2, o.organisations(many + 40)));
    intake::rerouting r(*o.node.gate, o.node.network->executor(0), 256);
    BOOST_REQUIRE(wait_for(o.node.network->executor(0), r.pass("test")).has_value());
    BOOST_TEST(o.read().unplaced_after("@tinh", {}, 1000).value().empty());
    for (std::size_t i = 0; i < many + 40; ++i) {
        BOOST_REQUIRE(o.inbox(i).size() == 1u);
        BOOST_TEST(o.inbox(i).front().document == d.id);
        BOOST_TEST(o.read().occupied("@tinh", o.id_of(i), d.identity).value()->document == d.id);
        if (i >= many) BOOST_TEST(!o.read().occupied("@tinh", o.code_of(i), d.identity).value().has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace vanthu::test

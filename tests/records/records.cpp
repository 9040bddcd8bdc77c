#include "daemon/records/framing.hpp"
#include "tests/records/store_in_a_folder.hpp"

using namespace vanthu;
using namespace vanthu::records;
using vanthu::test::store_in_a_folder;

BOOST_AUTO_TEST_CASE(numbers_compare_as_numbers_and_other_texts_as_they_are) {
    BOOST_TEST(comparable_number("05") == comparable_number("5"));
    BOOST_TEST(comparable_number("000") == "0");
    BOOST_TEST(comparable_number("BINTEST123") == "BINTEST123");
    BOOST_TEST(comparable_number("12345678901234567890123") == "12345678901234567890123");
}

BOOST_FIXTURE_TEST_CASE(rows_read_as_they_were_written, store_in_a_folder) {
    document_row d;
    d.id = "0190";
    d.owner = "@h48";
    d.subject = "V/v thử \"ngoặc\" <&> \n";
    d.packet_sha256 = sha256::of("x");
    d.flags = {"a", "b"};
    d.payload = "opaque";
    d.leaf = UINT64_MAX;
    d.identity = {.issuer = "@h48",
                  .business_type = 1,
                  .document_id = "D",
                  .number = "05",
                  .notation = "UBND",
                  .date = "2025/07/15"};
    change([&](writer& w) -> result<> {
        w.put(d);
        w.index_document(d);
        return {};
    });
    auto back = read().document("@h48", "0190").value();
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(json::serialize(to_json(*back)) == json::serialize(to_json(d)));
    BOOST_TEST(back->leaf == UINT64_MAX);
    BOOST_TEST(read().documents_named("@h48", "@h48", "D").value() == std::vector<std::string>{"0190"});
    BOOST_TEST(read().documents_numbered("@h48", "@h48", "5", "UBND", "2025").value() ==
               std::vector<std::string>{"0190"});
    BOOST_TEST(read().documents_numbered("@h48", "@h48", "5", "UBND", "").value().size() == 1u);
    BOOST_TEST(read().documents_numbered("@h48", "@h48", "5", "UBND", "2026").value().empty()); // numbers begin again
    document_row again = d;
    again.id = "0191";
    change([&](writer& w) -> result<> {
        w.index_document(again);
        return {};
    });
    std::vector<std::string> both{"0190", "0191"};
    BOOST_TEST(read().documents_named("@h48", "@h48", "D").value() == both, boost::test_tools::per_element());
    BOOST_TEST(!read().document("@h4", "0190").value().has_value()); // an owner is no prefix of another
}

BOOST_AUTO_TEST_CASE(a_row_is_written_without_what_has_its_default_and_reads_with_and_without) {
    transfer_row t;
    t.owner = "@h48";
    t.state_now = state::deferred;
    t.recipients = {"H48.1", "H48.2"};
    t.pieces = {{.text = "x\ty"}, {.offset = 5, .length = 7}};
    t.fenced = true;
    t.created_at = -3;
    std::string brief;
    append_json(t, brief);
    BOOST_TEST(brief == R"({"owner":"@h48","recipients":["H48.1","H48.2"],"state_now":"deferred","created_at":-3,)"
                        R"("pieces":[{"text":"x\ty"},{"offset":5,"length":7}],"fenced":true})");
    for (const std::string& text : {brief, std::string(json::serialize(to_json(t)))}) {
        transfer_row back;
        from_json(json::parse(text), back);
        BOOST_TEST(json::serialize(to_json(back)) == json::serialize(to_json(t)));
    }
}

// A row that each attempt writes stays small; what an older program wrote into it is read where it stands.
BOOST_FIXTURE_TEST_CASE(the_pieces_of_a_transfer_stand_apart_or_in_a_row_of_an_older_program, store_in_a_folder) {
    const std::string text(3000, 'x');
    transfer_row t;
    t.owner = "@h48";
    t.document = "d";
    t.node = "new";
    t.composed = true;
    transfer_row older = t;
    older.node = "old";
    older.pieces = {{.text = text}, {.offset = 5, .length = 7}};
    transfer_row lost = t;
    lost.node = "lost";
    change([&](writer& w) -> result<> {
        w.put(t);
        w.put_pieces(t, older.pieces);
        w.transaction().put(ledger::row_key("@h48", 'T').text("d").text("old"),
                            std::string{'T', row_version} + std::string(json::serialize(to_json(older))));
        w.put(lost);
        return {};
    });
    for (const char* node : {"new", "old"}) {
        const transfer_row back = read().transfer("@h48", "d", node).value().value();
        const auto pieces = read().pieces(back).value();
        BOOST_REQUIRE(pieces.size() == 2u);
        BOOST_TEST(pieces[0].text == text);
        BOOST_TEST((pieces[1].offset == 5u && pieces[1].length == 7u));
        change([&](writer& w) -> result<> { // as each attempt does
            w.put(back);
            return {};
        });
        BOOST_TEST(read().pieces(read().transfer("@h48", "d", node).value().value()).value().size() == 2u);
    }
    BOOST_TEST(store->committed().get(ledger::row_key("@h48", 'T').text("d").text("new")).value()->size() < 200u);
    const auto none = read().pieces(read().transfer("@h48", "d", "lost").value().value());
    BOOST_TEST((none.error().code == errc::row_unreadable)); // and nothing is sent in its place
    BOOST_TEST(read().transfers("@h48", "d").value().size() == 3u);
    // A program that knows of version 1 alone must not take it for a packet without content.
    BOOST_TEST(store->committed().get(ledger::row_key("@h48", 'T').text("d").text("new")).value()->at(1) == 2);
}

// As programs wrote them that wrote every member.
BOOST_FIXTURE_TEST_CASE(rows_of_older_programs_read_the_same, store_in_a_folder) {
    auto text_of = [](const auto& row) { return std::string(json::serialize(to_json(row))); };
    auto both_forms = [&](const auto& row) {
        using row_type = std::remove_cvref_t<decltype(row)>;
        std::string brief;
        append_json(row, brief);
        const std::string whole = text_of(row);
        BOOST_TEST(brief.size() < whole.size());
        for (const std::string& text : {brief, whole}) {
            auto back = unframed<row_type>('x', std::string{'x', row_version} + text);
            BOOST_TEST(text_of(back.value()) == whole);
        }
    };
    both_forms(document_row());
    both_forms(consignment_row());
    both_forms(transfer_row());
    both_forms(event_row());
    both_forms(inbox_row());
    both_forms(identity_row());
    both_forms(recall_row());
    both_forms(idempotency_row());
    both_forms(notice_row());
    both_forms(document_row{.kind = document_kind::status, .replaces = {{}, {"D", {"H48"}}}, .content_changed = true});
    both_forms(consignment_row{.state_now = state::expired, .statuses = {{}, {"01", 1, 2}}});
    both_forms(recall_row{.asks = 0, .stands = recall_stand::fenced}); // empty, but not what is missing reads as

    consignment_row c;
    c.document = "0190";
    c.recipient_code = "H48.1";
    c.last_status = "03";
    BOOST_REQUIRE(store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        t.put(row_key("@h48", 'C').text(c.document).text(c.recipient_code).view(),
              std::string{'C', row_version} + text_of(c));
        return {};
    }));
    auto back = read().consignments("@h48", "0190").value();
    BOOST_REQUIRE(back.size() == 1u);
    BOOST_TEST(text_of(back.front()) == text_of(c));
}

BOOST_FIXTURE_TEST_CASE(inbox_entries_have_sequences_without_gaps_per_organisation, store_in_a_folder) {
    for (int i = 0; i < 5; ++i)
        change([&](writer& w) -> result<> {
            for (const char* of : {"@a", "@b"}) {
                inbox_row e;
                e.organisation = of;
                VANTHU_CHECK(w.add_inbox(e, std::string(of) + std::to_string(i)));
            }
            return {};
        });
    // A change that fails gives its number back.
    auto refused = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        writer w(t);
        VANTHU_CHECK(w.add_inbox({.organisation = "@a"}, "lost"));
        return failed(errc::document_unknown);
    });
    BOOST_TEST(!refused.has_value());
    change([&](writer& w) -> result<> {
        VANTHU_CHECK(w.add_inbox({.organisation = "@a"}, "@a5"));
        return {};
    });
    auto all = read().inbox("@a", 0, 100).value();
    BOOST_REQUIRE(all.size() == 6u);
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i].sequence == i + 1);
    BOOST_TEST(read().inbox("@a", 4, 100).value().size() == 2u);
    BOOST_TEST(read().inbox("@a", 0, 2).value().size() == 2u);
    BOOST_TEST(!read().inbox_entry("@a", "lost").value().has_value());
    BOOST_TEST(read().inbox_entry("@b", "@b3").value()->sequence == 4u);
}

BOOST_FIXTURE_TEST_CASE(events_of_a_document_come_in_their_order, store_in_a_folder) {
    for (int i = 0; i < 3; ++i)
        change([&](writer& w) -> result<> {
            VANTHU_CHECK(w.add_event("@a", {.document = "d1", .kind = "k" + std::to_string(i)}));
            return w.add_event("@a", {.document = "d2", .kind = "other"});
        });
    auto events = read().events_of("@a", "d1").value();
    BOOST_REQUIRE(events.size() == 3u);
    for (int i = 0; i < 3; ++i) BOOST_TEST(events[std::size_t(i)].kind == "k" + std::to_string(i));
    BOOST_TEST(events[2].sequence == 5u);
}

BOOST_FIXTURE_TEST_CASE(notices_are_numbered_per_link_and_removed_up_to_what_is_kept, store_in_a_folder) {
    change([&](writer& w) -> result<> {
        for (const char* node : {"n1", "n1", "n2", "n1"}) VANTHU_CHECK(w.add_notice("@home", node, {.kind = "kept"}));
        return {};
    });
    BOOST_TEST(read().nodes_with_notices("@home").value().size() == 2u);
    change([&](writer& w) -> result<> {
        w.remove_notices("@home", "n1", 2);
        return {};
    });
    auto left = read().notices_for("@home", "n1", 10).value();
    BOOST_REQUIRE(left.size() == 1u);
    BOOST_TEST(left.front().sequence == 3u);
    change([&](writer& w) -> result<> {
        w.remove_notices("@home", "n1", 3);
        w.remove_notices("@home", "n2", 1);
        return {};
    });
    BOOST_TEST(read().nodes_with_notices("@home").value().empty());
}

BOOST_AUTO_TEST_CASE(a_row_of_another_version_of_the_program_reads) {
    event_row e;
    from_json(json::parse(R"({"sequence":3,"kind":"kept","future":{"x":1},"at":"not a number"})"), e);
    BOOST_TEST(e.sequence == 3u);
    BOOST_TEST(e.kind == "kept");
    BOOST_TEST(e.at == 0); // missing or unreadable: the default
    // In another order, as a version would write it that has put members in between.
    from_json(json::parse(R"({"kind":"acked","by":"x","between":1,"document":"d","sequence":4,"proof":"p"})"), e);
    BOOST_TEST(e.sequence == 4u);
    BOOST_TEST(e.kind + e.by + e.document + e.proof == "ackedxdp");
    recall_row q;          // of the time when there were recalls only
    from_json(json::parse(R"({"issuer":"@h48","target":"VB-1","recipient":"@xa","recall":"01","stands":"agreed"})"), q);
    BOOST_TEST(q.asks == 1);
    BOOST_CHECK(q.stands == recall_stand::agreed);
}

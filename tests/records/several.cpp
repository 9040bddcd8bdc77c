// Fewer rows than one for each: what is read of them is what rows of their own would give.
#include "daemon/records/framing.hpp"
#include "tests/records/store_in_a_folder.hpp"

#include <fmt/format.h>
#include <map>
#include <random>

using namespace vanthu;
using namespace vanthu::records;
using vanthu::test::store_in_a_folder;

namespace {

std::size_t rows_of(const ledger::view& view, std::string_view owner, char type) {
    std::size_t n = 0;
    BOOST_REQUIRE(view.scan(row_key(owner, type), {}, [&](std::string_view, std::string_view) { return ++n > 0; }));
    return n;
}
template <class Row> std::string text_of(const Row& row) {
    std::string out;
    append_json(row, out);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(several)

BOOST_FIXTURE_TEST_CASE(events_read_as_if_each_had_its_row, store_in_a_folder) {
    std::vector<event_row> sent;
    auto add = [&](writer& w, std::string document, std::string recipient) -> result<> {
        sent.push_back({.document = document, .recipient = recipient, .kind = "kept", .code = "c" + recipient});
        return w.add_event("@a", sent.back());
    };
    change([&](writer& w) -> result<> { // before: a row of its own
        VANTHU_CHECK(add(w, "d1", ""));
        w.gather_events();
        for (int i = 0; i < 80; ++i) {
            VANTHU_CHECK(add(w, "d1", std::to_string(i)));
            if (i == 70) VANTHU_CHECK(add(w, "d2", "between"));
            if (i == 75) VANTHU_CHECK(add(w, "", "of none"));
            if (i == 60) VANTHU_CHECK(w.add_event("@b", {.document = "d1", .kind = "elsewhere"}));
        }
        w.write_gathered_events();
        return add(w, "d1", "after");
    });
    change([&](writer& w) { return add(w, "d1", "later"); });
    const std::size_t n = sent.size();
    BOOST_TEST(rows_of(store->committed(), "@a", 'E') < n / 4);
    const auto all = read().events_after("@a", 0, SIZE_MAX).value();
    BOOST_REQUIRE(all.size() == n);
    std::vector<std::string> of_first;
    for (std::size_t i = 0; i < n; ++i) {
        BOOST_TEST(all[i].sequence == i + 1);
        BOOST_TEST((all[i].at > 1'700'000'000'000'000));
        BOOST_TEST(all[i].document == sent[i].document);
        BOOST_TEST(all[i].recipient == sent[i].recipient);
        BOOST_TEST(all[i].code == sent[i].code);
        if (all[i].document == "d1") of_first.push_back(text_of(all[i]));
        for (std::size_t limit : {1u, 7u, 33u, 500u}) {
            const auto some = read().events_after("@a", i, limit).value();
            BOOST_REQUIRE(some.size() == std::min(limit, n - i));
            BOOST_TEST(some.front().sequence == i + 1);
            BOOST_TEST(some.back().sequence == i + some.size());
        }
    }
    BOOST_TEST(read().events_after("@a", n, 10).value().empty());
    BOOST_TEST(read().last_event("@a").value() == n);
    BOOST_TEST(read().last_event("@nobody").value() == 0u);
    std::vector<std::string> found;
    for (const event_row& e : read().events_of("@a", "d1").value()) found.push_back(text_of(e));
    BOOST_TEST(found == of_first);
    BOOST_TEST(read().events_of("@a", "d2").value().size() == 1u);
    BOOST_TEST(read().events_of("@b", "d1").value().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(what_of_a_change_was_gathered_goes_with_it, store_in_a_folder) {
    auto refused = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        writer w(t);
        w.gather_events();
        for (int i = 0; i < 40; ++i) VANTHU_CHECK(w.add_event("@a", {.document = "d1", .kind = "kept"}));
        return failed(errc::document_unknown);
    });
    BOOST_TEST(!refused.has_value());
    change([&](writer& w) { return w.add_event("@a", {.document = "d1", .kind = "kept"}); });
    BOOST_TEST(read().events_of("@a", "d1").value().size() == 1u);
    BOOST_TEST(read().last_event("@a").value() == 1u);
}

BOOST_FIXTURE_TEST_CASE(consignments_read_as_if_each_had_its_row, store_in_a_folder) {
    // Also codes that begin with another one, and a zero byte.
    std::vector<std::string> codes{"H48", "H48.1", std::string("H48\0x", 6), "H48 1"};
    for (int i = 0; i < 90; ++i) codes.push_back(fmt::format("H48.{}", 9 + i));
    std::map<std::string, consignment_row> model;
    for (const std::string& code : codes)
        model[code] = {.document = "d2", .recipient_code = code, .recipient = "@" + code, .updated_at = 7};
    auto put = [&](writer& w, const char* document, std::string code) {
        w.put("@a", consignment_row{.document = document, .recipient_code = std::move(code), .updated_at = 1});
    };
    change([&](writer& w) -> result<> {
        std::vector<consignment_row> all;
        for (const std::string& code : codes) all.push_back(model[code]);
        w.put_all("@a", all);
        for (const char* code : {"H48.5", "H48.50", "X"}) put(w, "d1", code);
        put(w, "d3", "A");
        return {};
    });
    BOOST_TEST(rows_of(store->committed(), "@a", 'C') == 3u + 4u);
    auto compare = [&] {
        std::vector<std::string> want, got;
        for (const auto& [code, c] : model) want.push_back(text_of(c));
        for (const auto& c : read().consignments("@a", "d2").value()) got.push_back(text_of(c));
        BOOST_TEST(got == want);
        for (const auto& [code, c] : model) {
            auto one = read().consignment("@a", "d2", code).value();
            BOOST_REQUIRE(one.has_value());
            BOOST_TEST(text_of(*one) == text_of(c));
        }
        for (const char* other : {"A", "H48.1000", "H48.10x", "Z"})
            BOOST_TEST(!read().consignment("@a", "d2", other).value().has_value());
        std::map<std::string, std::size_t> seen;
        BOOST_REQUIRE(read().each_consignment("@a", [&](const consignment_row& c) { ++seen[c.document]; }));
        BOOST_TEST((seen == std::map<std::string, std::size_t>{{"d1", 3}, {"d2", model.size()}, {"d3", 1}}));
    };
    compare();
    std::mt19937 random(4);
    for (int round = 0; round < 60; ++round) {
        consignment_row& c = model[codes[random() % codes.size()]];
        c.last_status = fmt::format("{:02}", round);
        c.updated_at = 100 + round;
        change([&](writer& w) -> result<> {
            w.put("@a", c);
            return {};
        });
        if (round % 6 == 0) compare();
    }
    compare();
    BOOST_TEST(read().consignments("@a", "d1").value().size() == 3u);
    BOOST_TEST(read().consignments("@a", "d").value().empty());
}

// Against what rows K and k alone would say, whatever is occupied and released afterwards.
BOOST_FIXTURE_TEST_CASE(identities_are_occupied_as_if_each_recipient_had_its_rows, store_in_a_folder) {
    auto identity = [](std::string id, std::string number) {
        return business_identity{
            .issuer = "@so", .document_id = id, .number = number, .notation = "N", .date = "2025/01/02"};
    };
    const business_identity all = identity("first", "15");
    const std::vector<business_identity> identities{all, identity("second", "015"), identity("first", "15a"),
                                                    identity("third", "")};
    std::vector<std::string> recipients;
    for (int i = 0; i < 70; ++i) recipients.push_back(fmt::format("@o{}", i));
    std::map<std::string, std::string> strong, weak; // key -> document
    auto occupy = [&](std::string_view at, const business_identity& i, const std::string& document) {
        strong[identity_key("@home", at, i)] = document;
        if (!i.number.empty()) weak[number_key("@home", at, i)] = document;
    };
    change([&](writer& w) -> result<> {
        w.occupy_at_all("@home", recipients, all, {"d0", sha256::of("d0")});
        return {};
    });
    for (const std::string& r : recipients) occupy(r, all, "d0");
    BOOST_TEST(rows_of(store->committed(), "@home", 'F') + rows_of(store->committed(), "@home", 'f') == 4u);
    recipients.push_back("@o"); // not among them
    recipients.push_back("@zz");
    auto compare = [&] {
        auto known = [](const auto& map, const std::string& key) {
            auto at = map.find(key);
            return at == map.end() ? std::string("-") : at->second;
        };
        auto name = [](const std::optional<identity_row>& row) {
            if (row) BOOST_TEST((row->content_sha256 == sha256::of(row->document)));
            return row ? row->document : "-";
        };
        for (const std::string& r : recipients)
            for (const business_identity& i : identities) {
                const auto by = read().occupations("@home", r, i).value();
                BOOST_TEST(name(by.identity) == known(strong, identity_key("@home", r, i)));
                BOOST_TEST(name(by.number) == known(weak, number_key("@home", r, i)));
                BOOST_TEST(name(read().occupied("@home", r, i).value()) == known(strong, identity_key("@home", r, i)));
            }
    };
    compare();
    std::mt19937 random(5);
    for (int round = 1; round < 120; ++round) {
        const std::size_t pick = random() % 10;
        const std::string& r = recipients[pick < 8 ? pick * 9 : 62 + pick];
        const business_identity& i = identities[random() % identities.size()];
        const std::string document = "d" + std::to_string(round);
        const bool releases = random() % 2;
        change([&](writer& w) -> result<> {
            if (releases) return w.release("@home", r, i);
            w.occupy("@home", r, i, {document, sha256::of(document)});
            return {};
        });
        if (releases) {
            strong.erase(identity_key("@home", r, i));
            weak.erase(number_key("@home", r, i));
        } else {
            occupy(r, i, document);
        }
        if (round % 5 == 0) compare();
    }
    compare();
}

BOOST_FIXTURE_TEST_CASE(a_document_reads_the_same_without_its_recipients, store_in_a_folder) {
    const std::string odd = R"("to_codes":["x\","to_codes":[\\"]])";
    for (const std::vector<std::string>& codes :
         {std::vector<std::string>{}, {"H48"}, {"A]", "B\"]", "C\\", odd, "D,[\"\\\"]", "E"}}) {
        document_row d;
        d.owner = "@a";
        d.id = "d" + std::to_string(codes.size());
        d.from_name = d.subject = d.attachments = odd;
        d.to_codes = codes;
        d.flags = {"one", "]two"};
        d.payload = "\x01\xff";
        change([&](writer& w) -> result<> { return w.put(d), result<>(); });
        auto whole = read().document("@a", d.id).value().value();
        BOOST_TEST(whole.to_codes == codes, boost::test_tools::per_element());
        whole.to_codes.clear();
        BOOST_TEST(text_of(read().document_alone("@a", d.id).value().value()) == text_of(whole));
    }
    BOOST_TEST(!read().document_alone("@a", "none").value().has_value());
}

BOOST_FIXTURE_TEST_CASE(an_inbox_id_leads_to_its_entry_without_a_row, store_in_a_folder) {
    std::vector<inbox_row> entries;
    for (int i = 0; i < 20; ++i)
        change([&](writer& w) -> result<> {
            const inbox_row in{.organisation = "@a", .document = std::to_string(i)};
            VANTHU_TRY(entries.emplace_back(), w.add_inbox(in, new_id(system_clock().now())));
            return {};
        });
    BOOST_TEST(rows_of(store->committed(), "@a", 'i') == 0u);
    for (const inbox_row& e : entries) {
        BOOST_TEST(is_id(e.id));
        auto found = read().inbox_entry("@a", e.id).value();
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(text_of(*found) == text_of(e));
        std::string other = e.id; // of the same sequence
        other[0] = other[0] == 'f' ? '0' : 'f';
        BOOST_TEST(!read().inbox_entry("@a", other).value().has_value());
        BOOST_TEST(!read().inbox_entry("@b", e.id).value().has_value());
    }
    // As an older program wrote it: the id says nothing, a row leads to the entry.
    const std::string id = "01980000-0000-7000-8000-0000ffff0003";
    BOOST_REQUIRE(store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        inbox_row e = entries.front();
        VANTHU_TRY(e.sequence, t.next_sequence(row_key("@a", 'Z').text("inbox")));
        e.id = id;
        t.put(row_key("@a", 'I').u64(e.sequence), framed('I', e));
        t.put(row_key("@a", 'i').text(id), framed_text('i', std::to_string(e.sequence)));
        return {};
    }));
    BOOST_TEST(read().inbox_entry("@a", id).value()->sequence == 21u);
    // Beyond 32 bits, too.
    std::string text = id;
    BOOST_TEST(!write_sequence(text, 1ull << 32));
    BOOST_TEST(text == id);
}

BOOST_AUTO_TEST_SUITE_END()

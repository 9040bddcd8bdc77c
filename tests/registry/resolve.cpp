#include "tests/registry/support.hpp"

#include <fmt/format.h>

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

BOOST_AUTO_TEST_CASE(codes_are_classified_and_never_refused) {
    const std::pair<const char*, code_shape> cases[] = {
        {"000.00.00.H48", code_shape::qcvn102},
        {"000.20.32.H53", code_shape::qcvn102},
        {"H48", code_shape::level1},
        {"H37.02.02", code_shape::qd20},
        {"H37.DN.001", code_shape::qd20},
        {"G12.18", code_shape::qd20},
        {"000.1137.H53", code_shape::qd20_wide},
        {"999.010.01.H22", code_shape::qd20_wide},
        {"01.02.G22", code_shape::qd20_wide},
        {"JB2", code_shape::qd20_wide},
        {"K99", code_shape::level1},
        {"0102030405", code_shape::qd20_wide},
        {"vxp.saas.03", code_shape::other},
        {"null", code_shape::other},
        {"", code_shape::other},
        {"H48.", code_shape::other},
        {".H48", code_shape::other},
        {"H48..01", code_shape::other},
        {"H48.000000000.111111111.222222222.3", code_shape::qd20_wide},
        {"H48.000000000.111111111.222222222.33", code_shape::other}, // 36 characters
    };
    reg::registry r = sample();
    for (auto [code, shape] : cases) {
        BOOST_TEST(to_string(classify(code)) == to_string(shape), code);
        r.resolve(code, noon("2026-01-01")); // any text has an answer
    }
}

BOOST_AUTO_TEST_CASE(old_and_new_code_resolve_to_one_organisation) {
    reg::registry r = sample();
    timestamp at = noon("2026-01-01");
    resolution old_code = r.resolve("000.00.00.H48", at), new_code = r.resolve("\n H48\t", at);
    BOOST_TEST(id_of(old_code.found) == "h48");
    BOOST_TEST(old_code.found == new_code.found);
    BOOST_TEST(old_code.by->code == "000.00.00.H48");
    BOOST_TEST(!old_code.code_retired);
    BOOST_TEST(r.canonical("000.00.00.H48", at) == r.canonical(" H48 ", at));
}

BOOST_AUTO_TEST_CASE(codes_are_compared_without_folding_case) {
    reg::registry r = sample();
    BOOST_TEST(!r.resolve("h48", noon("2026-01-01")).known());
    BOOST_TEST(id_of(r.resolve("sothunghiem.vpqn", noon("2026-01-01")).found) == "h48.sothunghiem");
    BOOST_TEST(!r.resolve("SOTHUNGHIEM.VPQN", noon("2026-01-01")).known());
}

BOOST_AUTO_TEST_CASE(an_unknown_code_is_a_value_and_its_own_issuer_key) {
    reg::registry r = sample();
    BOOST_TEST(!r.resolve("X99.1", noon("2026-01-01")).known());
    BOOST_TEST(r.canonical(" X99.1 ", noon("2026-01-01")) == "X99.1");
    BOOST_TEST(r.canonical("", noon("2026-01-01")) == "");
}

BOOST_AUTO_TEST_CASE(no_text_in_a_packet_passes_for_a_resolved_organisation) {
    reg::registry r = sample();
    timestamp at = noon("2026-01-01");
    BOOST_TEST(r.canonical("H48", at) == "@h48");
    BOOST_TEST(r.canonical("@h48", at) == "@@h48");
}

BOOST_AUTO_TEST_CASE(a_closed_organisation_keeps_its_own_issuer_key) {
    reg::registry r = sample(); // its documents are another series of numbers than its successor's
    BOOST_TEST(r.canonical("H34", noon("2026-01-01")) == "@h34");
    BOOST_TEST(r.canonical("H34", noon("2020-12-01")) == "@h34");
}

BOOST_AUTO_TEST_CASE(a_date_is_a_day_in_viet_nam) {
    reg::registry r = sample();
    auto at = [](const char* text) { return from_rfc3339(text).value(); };
    BOOST_TEST(!r.resolve("H34", at("2025-06-30T23:59:59.999999+07:00")).closed);
    BOOST_TEST(r.resolve("H34", at("2025-07-01T00:00:00+07:00")).closed);
    BOOST_TEST(r.resolve("H34", at("2025-06-30T17:00:00Z")).closed);
}

BOOST_AUTO_TEST_CASE(names_follow_their_dates) {
    reg::registry r = sample();
    const organisation& o = *r.find_organisation("h48.sothunghiem");
    BOOST_TEST(o.name(noon("2025-02-28")) == "Sở Thử nghiệm tỉnh Quảng Ngãi");
    BOOST_TEST(o.name(noon("2025-03-01")) == "Sở Thử nghiệm và Minh họa tỉnh Quảng Ngãi");
    BOOST_TEST(r.find_organisation("h34")->name(noon("2030-01-01")) == "Ủy ban nhân dân tỉnh Kon Tum");
}

BOOST_AUTO_TEST_CASE(a_closed_organisation_has_one_several_or_no_holders) {
    using number = current_holder::number;
    reg::registry r = sample();
    timestamp before = noon("2024-01-01"), after = noon("2025-07-01");
    auto holders = [&](const char* id, timestamp at) { return r.current(*r.find_organisation(id), at); };
    BOOST_TEST((holders("h34", before).count == number::one));
    BOOST_TEST(id_of(holders("h34", before).organisations[0]) == "h34");
    BOOST_TEST((holders("h34", after).count == number::one));
    BOOST_TEST(id_of(holders("h34", after).organisations[0]) == "h48");
    BOOST_TEST((holders("h48.32", after).count == number::several));
    BOOST_TEST(id_of(holders("h48.32", after).organisations[0]) == "h48.99.01"); // in the file's order
    BOOST_TEST(id_of(holders("h48.32", after).organisations[1]) == "h48.99.02");
    BOOST_TEST((holders("h48.ttmau", after).count == number::none));
    BOOST_TEST(r.successors(*r.find_organisation("h34"), before).empty());
}

BOOST_AUTO_TEST_CASE(a_chain_of_successors_is_followed_to_its_open_end) {
    std::string toml = "version = 1\n[[organisation]]\nid = 'o0'\nname = 'O'\n";
    for (int i = 1; i <= 50; ++i)
        toml += fmt::format("[[organisation]]\nid = 'o{}'\nname = 'O'\nto = 2020-01-01\nsuccessors = [{{ to = 'o{}', "
                            "kind = 'rename' }}]\n",
                            i, i - 1);
    reg::registry r = parsed(toml);
    current_holder h = r.current(*r.find_organisation("o50"), noon("2025-01-01"));
    BOOST_TEST((h.count == current_holder::number::one));
    BOOST_TEST(id_of(h.organisations[0]) == "o0");
}

BOOST_AUTO_TEST_CASE(two_ways_to_one_successor_are_one_holder) {
    reg::registry r =
        parsed("version = 1\n"
               "[[organisation]]\nid = 'a'\nname = 'A'\nto = 2020-01-01\n"
               "successors = [{ to = 'b', kind = 'split' }, { to = 'c', kind = 'split' }]\n"
               "[[organisation]]\nid = 'b'\nname = 'B'\nto = 2021-01-01\nsuccessors = [{ to = 'c', kind = 'merge' }]\n"
               "[[organisation]]\nid = 'c'\nname = 'C'\n");
    BOOST_TEST((r.current(*r.find_organisation("a"), noon("2020-06-01")).count == current_holder::number::several));
    BOOST_TEST((r.current(*r.find_organisation("a"), noon("2021-06-01")).count == current_holder::number::one));
}

BOOST_AUTO_TEST_CASE(a_ring_of_successors_ends_and_is_remarked) {
    reg::registry r =
        parsed("version = 1\n"
               "[[organisation]]\nid = 'a'\nname = 'A'\nto = 2020-01-01\ncodes = [{ code = 'A', form = 'local' }]\n"
               "successors = [{ to = 'b', kind = 'merge' }]\n"
               "[[organisation]]\nid = 'b'\nname = 'B'\nto = 2020-01-01\ncodes = [{ code = 'B', form = 'local' }]\n"
               "successors = [{ to = 'a', kind = 'merge' }]\n");
    timestamp at = noon("2025-01-01");
    BOOST_TEST((r.current(*r.find_organisation("a"), at).count == current_holder::number::none));
    BOOST_TEST(to_string(r.route("none", "A", at).reason) == "closed_no_successor");
    BOOST_TEST(r.remarks(at).size() == 2u);
}

BOOST_AUTO_TEST_CASE(five_thousand_organisations_load_and_resolve) {
    std::string toml =
        "version = 1\n[[organisation]]\nid = 'root'\nname = 'R'\ncodes = [{ code = 'G22', form = 'qd20' }]\n";
    for (int i = 0; i < 5000; ++i)
        toml += fmt::format(
            "[[organisation]]\nid = 'o{0}'\nname = 'Cơ quan {0}'\nparent = [{{ id = 'root', to = 2025-07-01 }}, "
            "{{ id = '{1}', from = 2025-07-01 }}]\ncodes = [{{ code = '000.{2:02}.{3:02}.H48', form = 'qcvn102' }}, "
            "{{ code = 'H48.{0:04}', form = 'local', from = 2025-07-01 }}]\n",
            i, i == 0 ? "root" : fmt::format("o{}", i / 10), i / 100, i % 100);
    reg::registry r = parsed(toml);
    BOOST_TEST(r.organisations().size() == 5001u);
    for (int i = 0; i < 5000; ++i) {
        const organisation* o = r.resolve(fmt::format("H48.{:04}", i), noon("2026-01-01")).found;
        BOOST_REQUIRE(o);
        BOOST_REQUIRE(o->id == fmt::format("o{}", i));
        BOOST_REQUIRE(o == r.resolve(fmt::format("000.{:02}.{:02}.H48", i / 100, i % 100), noon("2026-01-01")).found);
    }
}

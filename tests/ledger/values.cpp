// Keys, rows, references: the encodings.
#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/payload_ref.hpp"
#include "daemon/ledger/rows.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

using namespace vanthu;
using namespace vanthu::ledger;

BOOST_AUTO_TEST_CASE(a_key_reads_back_part_by_part) {
    using namespace std::string_literals;
    auto key =
        row_key("000.01.02.H29", 'D').text("a\0b"s).u8(7).u32(1u << 31).u64(~0ull).i64(-5).raw(as_bytes("xyz")).take();
    auto reader = row_key_reader::open(key).value();
    BOOST_TEST(reader.owner() == "000.01.02.H29");
    BOOST_TEST(reader.type() == 'D');
    BOOST_TEST(reader.text().value() == "a\0b"s);
    BOOST_TEST(reader.u8().value() == 7);
    BOOST_TEST(reader.u32().value() == 1u << 31);
    BOOST_TEST(reader.u64().value() == ~0ull);
    BOOST_TEST(reader.i64().value() == -5);
    BOOST_TEST(as_text(reader.raw(3).value()) == "xyz");
    BOOST_TEST(reader.at_end());
    BOOST_TEST((reader.u8().error().code == errc::key_malformed));
}

BOOST_AUTO_TEST_CASE(keys_sort_as_their_parts_do) {
    std::mt19937 dice(1);
    auto text = [&] {
        std::string t(dice() % 4, ' ');
        for (char& c : t) c = "\0\x01\xff\x61"[dice() % 4];
        return t;
    };
    for (int i = 0; i < 2000; ++i) {
        auto a = std::tuple(text(), std::int64_t(dice()) - (1ll << 31), text());
        auto b = std::tuple(text(), std::int64_t(dice()) - (1ll << 31), text());
        auto key = [](const auto& t) {
            return row_key("o", 'D').text(std::get<0>(t)).i64(std::get<1>(t)).text(std::get<2>(t)).take();
        };
        BOOST_REQUIRE((a < b) == (key(a) < key(b)));
    }
}

BOOST_AUTO_TEST_CASE(one_owner_is_never_inside_the_prefix_of_another) {
    BOOST_TEST(!row_key("G22.1", 'D').view().starts_with(owner_prefix("G22")));
    BOOST_TEST(row_key("G22", 'D').view().starts_with(owner_prefix("G22")));
    BOOST_TEST(after_prefix("a\xff") == "b");
    BOOST_TEST(after_prefix("\xff") == "");
}

BOOST_AUTO_TEST_CASE(a_key_that_no_builder_wrote_is_refused) {
    using namespace std::string_literals;
    for (const auto& key : {""s, "x"s, "\0D"s, "x\0"s})
        BOOST_TEST((row_key_reader::open(key).error().code == errc::key_malformed));
    BOOST_TEST((row_key_reader::open("o\0Dabc"s)->text().error().code == errc::key_malformed));
    auto wrong_escape = "o\0Da\0\x02"s;
    BOOST_TEST((row_key_reader::open(wrong_escape)->text().error().code == errc::key_malformed));
}

BOOST_AUTO_TEST_CASE(a_row_reads_back_and_refuses_what_it_is_not) {
    digest hash = sha256::of("x");
    auto value =
        row_writer('D', 2).u8(1).u32(2).u64(3).i64(-4).flag(true).time(from_us(5)).text("việc").hash(hash).take();
    auto row = row_reader::open(value, 'D', 2).value();
    BOOST_TEST(row.version() == 2);
    BOOST_TEST(row.u8().value() == 1);
    BOOST_TEST(row.u32().value() == 2u);
    BOOST_TEST(row.u64().value() == 3u);
    BOOST_TEST(row.i64().value() == -4);
    BOOST_TEST(row.flag().value());
    BOOST_TEST(to_us(row.time().value()) == 5);
    BOOST_TEST(row.text().value() == "việc");
    BOOST_TEST(!row.expect_end());
    BOOST_TEST((row.hash().value() == hash));
    BOOST_TEST(row.expect_end().has_value());
    BOOST_TEST((row.u8().error().code == errc::row_malformed));
    BOOST_TEST((row_reader::open(value, 'E', 2).error().code == errc::row_malformed));
    BOOST_TEST((row_reader::open(value, 'D', 1).error().code == errc::row_newer));
    BOOST_TEST((row_reader::open("D", 'D', 1).error().code == errc::row_malformed));
}

BOOST_AUTO_TEST_CASE(a_payload_reference_reads_back_and_a_cut_one_is_refused) {
    payload_ref ref{payload_kind::segment, {1, 2, 3}, 4, 8192, 70000, 70200, sha256::of("y"), "G22"};
    auto text = ref.encode();
    BOOST_TEST((payload_ref::decode(text).value() == ref));
    for (std::size_t n = 0; n < text.size(); ++n) BOOST_TEST(!payload_ref::decode(std::string_view(text).substr(0, n)));
    BOOST_TEST(!payload_ref::decode(text + "x"));
}

#include "daemon/base/base64.hpp"
#include "daemon/base/bytes.hpp"
#include "daemon/base/ids.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace vanthu;

BOOST_AUTO_TEST_CASE(hex_round_trips_and_refuses_odd_or_foreign_text) {
    BOOST_TEST(to_hex(as_bytes("\x01\xfe")) == "01fe");
    BOOST_TEST((from_hex("01FE").value() == bytes{0x01, 0xfe}));
    BOOST_TEST(!from_hex("0").has_value());
    BOOST_TEST(!from_hex("0g").has_value());
    bytes long_value = random_bytes(700); // read in pieces
    const std::string digits = to_hex(long_value);
    BOOST_TEST((from_hex(digits) == long_value));
    for (std::size_t at : {0u, 255u, 256u, 511u, 1399u})
        for (char none : std::string_view("/:@G`g \0\xb0", 9)) {
            std::string wrong = digits;
            wrong[at] = none;
            BOOST_TEST(!from_hex(wrong).has_value());
        }
}

BOOST_AUTO_TEST_CASE(sha256_matches_the_published_vector_of_fips_180) {
    BOOST_TEST(sha256::of("abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256 h;
    h.update("a").update("bc");
    BOOST_TEST(h.finish().hex() == sha256::of("abc").hex());
    BOOST_TEST(h.update("abc").finish().hex() == sha256::of("abc").hex()); // starts anew after finish
}

BOOST_AUTO_TEST_CASE(base64_matches_rfc_4648_vectors) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    for (auto [plain, coded] : vectors) {
        BOOST_TEST(base64_encode(as_bytes(plain)) == coded);
        BOOST_TEST(as_text(base64_decode(coded).value()) == plain);
    }
}

BOOST_AUTO_TEST_CASE(base64_decodes_the_same_in_every_split_and_with_white_space) {
    bytes plain = random_bytes(301);
    std::string coded = base64_encode(plain);
    for (std::size_t i = 60; i < coded.size(); i += 62) coded.insert(i, "\r\n");
    for (std::size_t step : {1u, 2u, 3u, 5u, 64u, 1000u}) {
        base64_decoder decoder;
        bytes out;
        for (std::size_t at = 0; at < coded.size(); at += step) BOOST_REQUIRE(decoder.feed(std::string_view(coded).substr(at, step), out));
        BOOST_TEST(decoder.finish());
        BOOST_TEST(out == plain);
    }
}

BOOST_AUTO_TEST_CASE(base64_refuses_foreign_characters_data_after_padding_and_cut_text) {
    for (const char* wrong : {"Zg==Zg==", "Z", "Zg", "Zg=", "Zm9v-", "=", "Z===", "Zg=g"}) BOOST_TEST(!base64_decode(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(ids_increase_also_when_the_clock_steps_back) {
    std::string last;
    std::set<std::string> all;
    for (int i = 0; i < 10000; ++i) {
        std::string id = new_id(from_us(1'700'000'000'000'000 - i * 1000));
        BOOST_REQUIRE(is_id(id));
        BOOST_REQUIRE(id.substr(0, 18) > last);
        last = id.substr(0, 18);
        all.insert(id);
    }
    BOOST_TEST(all.size() == 10000u);
}

BOOST_AUTO_TEST_CASE(hashes_that_are_begun_one_in_another_do_not_mix) {
    sha256 outer;
    outer.update("a");
    {
        sha256 unfinished;
        unfinished.update("something else");
    }
    sha256 inner;
    inner.update("ab");
    outer.update("bc");
    BOOST_TEST(outer.finish().hex() == sha256::of("abc").hex());
    BOOST_TEST(inner.update("c").finish().hex() == sha256::of("abc").hex());
}

BOOST_AUTO_TEST_CASE(every_three_bytes_are_encoded_as_base64_so_that_they_decode_again) {
    bytes plain;
    for (int i = 0; i < 4096; ++i) // every twelve bits, in front and behind
        plain.insert(plain.end(), {static_cast<std::uint8_t>(i >> 4), static_cast<std::uint8_t>(i << 4 | (4095 - i) >> 8),
                                   static_cast<std::uint8_t>(4095 - i)});
    BOOST_TEST((base64_decode(base64_encode(plain)).value() == plain));
}

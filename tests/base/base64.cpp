// The vector decoders against a decoder that does nothing but what RFC 4648, section 4, says.
#include "daemon/base/base64.hpp"
#include "daemon/base/base64_blocks.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>

using namespace vanthu;

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// White space is skipped; nullopt for a foreign character, wrong padding, anything behind padding, a cut quantum.
std::optional<bytes> by_the_book(std::string_view text) {
    bytes out;
    unsigned held = 0, bits = 0, pads = 0;
    for (char c : text) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (c == '=') {
            if (held < 2 || ++pads > 4 - held) return std::nullopt;
            continue;
        }
        const std::size_t value = alphabet.find(c);
        if (value == alphabet.npos || pads > 0) return std::nullopt;
        bits = bits << 6 | static_cast<unsigned>(value);
        if (++held < 4) continue;
        for (int shift : {16, 8, 0}) out.push_back(static_cast<std::uint8_t>(bits >> shift));
        held = bits = 0;
    }
    if (held + pads != 0 && held + pads != 4) return std::nullopt;
    if (held == 2) out.push_back(static_cast<std::uint8_t>(bits >> 4));
    if (held == 3) {
        out.push_back(static_cast<std::uint8_t>(bits >> 10));
        out.push_back(static_cast<std::uint8_t>(bits >> 2));
    }
    return out;
}

std::string digits(std::size_t count) {
    std::string out;
    for (std::uint8_t b : random_bytes(count)) out += alphabet[b & 63];
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_character_at_every_place_of_a_block_decodes_as_the_standard_says) {
    const std::string good = digits(96);
    for (std::size_t at = 0; at < good.size(); ++at)
        for (int c = 0; c < 256; ++c) {
            std::string text = good;
            text[at] = static_cast<char>(c);
            BOOST_REQUIRE_MESSAGE(base64_decode(text) == by_the_book(text), "character " << c << " at " << at);
        }
}

BOOST_AUTO_TEST_CASE(each_vector_decoder_stops_before_the_block_that_holds_anything_else) {
    for (const base64_block_decoder& d : base64_block_decoders()) {
        const std::string good = digits(3 * d.block + 5);
        const bytes whole = by_the_book(std::string_view(good).substr(0, 3 * d.block)).value();
        auto decoded = [&](std::string_view text, std::size_t& used) {
            bytes out(text.size() + base64_overrun, 0xAA);
            used = d.decode(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data());
            const std::size_t written = used / 4 * 3;
            BOOST_TEST(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(written + base64_overrun), out.end(),
                                   [](std::uint8_t b) { return b == 0xAA; }),
                       d.name);
            out.resize(written);
            return out;
        };
        std::size_t used = 0;
        BOOST_TEST((decoded(good, used) == whole), d.name);
        BOOST_TEST(used == 3 * d.block);
        for (std::size_t at = 0; at < 3 * d.block; ++at)
            for (int c = 0; c < 256; ++c) {
                std::string text = good;
                text[at] = static_cast<char>(c);
                const bytes got = decoded(text, used);
                const bool digit = alphabet.find(text[at]) != alphabet.npos;
                BOOST_REQUIRE_MESSAGE(used == (digit ? 3 * d.block : at / d.block * d.block),
                                      d.name << ": character " << c << " at " << at);
                BOOST_REQUIRE((got == by_the_book(std::string_view(text).substr(0, used))));
            }
    }
}

BOOST_AUTO_TEST_CASE(lines_of_every_length_cuts_and_padding_decode_as_the_standard_says) {
    for (std::size_t size : {0, 1, 2, 3, 23, 24, 25, 47, 48, 49, 57, 1000}) {
        const bytes plain = random_bytes(size);
        const std::string coded = base64_encode(plain);
        for (std::size_t line = 1; line < 100; ++line) {
            std::string text = coded;
            for (std::size_t at = line; at < text.size(); at += line + 1 + line % 2)
                text.insert(at, line % 2 ? "\r\n" : "\n");
            BOOST_REQUIRE_MESSAGE(base64_decode(text) == plain, size << " bytes in lines of " << line);
            for (const char* more : {"=", "A", "==", "-", "\xff"})
                BOOST_REQUIRE_MESSAGE(base64_decode(text + more) == by_the_book(text + more),
                                      size << " bytes in lines of " << line << " and " << more);
            base64_decoder pieces;
            bytes out;
            for (std::size_t at = 0; at < text.size(); at += 1 + line)
                BOOST_REQUIRE(pieces.feed(std::string_view(text).substr(at, 1 + line), out));
            BOOST_REQUIRE(pieces.finish());
            BOOST_REQUIRE(out == plain);
        }
    }
}

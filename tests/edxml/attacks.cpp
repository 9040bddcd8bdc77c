#include "tests/edxml/packets.hpp"

#include "daemon/base/error_table.hpp"

#include <fmt/format.h>
#include <random>

using namespace vanthu;
using namespace vanthu::edxml;

BOOST_AUTO_TEST_CASE(a_doctype_is_refused_whatever_it_holds) {
    std::string whole = sample("edoc-sample.edxml");
    for (const char* doctype :
         {"<!DOCTYPE edXML>", "<!doctype edXML>", "<!DOCTYPE edXML SYSTEM \"file:///etc/passwd\">",
          "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>",
          "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"})
        refuses(replaced(whole, "?>\n<edXML", std::string("?>") + doctype + "<edXML"), errc::doctype_refused);
    refuses(replaced(whole, "<edXML:Subject>", "<!ENTITY x 'y'><edXML:Subject>"), errc::not_well_formed);
    refuses("<!DOCTYPE edXML><edXML/>", errc::doctype_refused);
}

BOOST_AUTO_TEST_CASE(limits_hold_before_the_parser_works) {
    std::string whole = sample("edoc-sample.edxml");
    std::string deep, attributes = "<x";
    for (int i = 0; i < 100'000; ++i) deep += "<a>";
    refuses(replaced(whole, "<edXML:Subject>", deep + "<edXML:Subject>"), errc::too_deep);
    for (int i = 0; i < 200'000; ++i) attributes += fmt::format(" a{}='1'", i);
    refuses(replaced(whole, "<edXML:Subject>", attributes + "/><edXML:Subject>"), errc::too_many_attributes);
    refuses(replaced(whole, "<edXML:Subject>", "<x a='" + std::string(1 << 20, 'y') + "'/><edXML:Subject>"),
            errc::tag_too_long);
    refuses(replaced(whole, "<edXML:Subject>", "<" + std::string(1 << 20, 'y') + "/><edXML:Subject>"),
            errc::tag_too_long);
    refuses(replaced(whole, "<edXML:Subject>", "<!--" + std::string(2 << 20, 'y') + "--><edXML:Subject>"),
            errc::text_too_long);
    refuses(replaced(whole, "<edXML:Subject>", "<edXML:Subject><![CDATA[" + std::string(2 << 20, 'y') + "]]>"),
            errc::text_too_long);
    std::string many;
    for (int i = 0; i < 100'001; ++i) many += "<a/>";
    refuses(replaced(whole, "<edXML:Subject>", many + "<edXML:Subject>"), errc::too_many_elements);
    refuses(packet_with(std::vector<made_attachment>(1001)), errc::too_many_attachments);
    limits small;
    small.total_bytes = whole.size() - 1;
    refuses(whole, errc::too_large, small);
    small.total_bytes = whole.size();
    reads(whole, small);
}

BOOST_AUTO_TEST_CASE(a_text_of_100_mb_in_the_header_is_refused_after_its_first_megabyte) {
    std::string whole = sample("edoc-sample.edxml"), block(1 << 20, 'x');
    std::size_t at = whole.find("<edXML:Subject>") + 15;
    packet_reader reader;
    BOOST_REQUIRE(reader.feed(as_bytes(std::string_view(whole).substr(0, at))));
    int accepted = 0;
    result<> answer;
    for (int i = 0; i < 100 && (answer = reader.feed(as_bytes(block))); ++i) ++accepted;
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == errc::text_too_long));
    BOOST_TEST(accepted <= 1);
    BOOST_TEST((reader.feed(as_bytes("<x/>")).error().code == errc::text_too_long)); // spent
}

// Mutations with a fixed seed: every one is read or refused with one of our codes, the same in one piece and in many.
BOOST_AUTO_TEST_CASE(mutated_packets_are_read_or_refused_and_never_both) {
    std::mt19937 random(20250715);
    std::string zip_text = packet_with_file("a.txt", make_zip({{"u.txt", std::string(3000, 'x')}}));
    const std::string seeds[] = {sample("edoc-sample.edxml"), sample("status-sample.edxml"), zip_text};
    const std::string_view tokens[] = {"<",
                                       ">",
                                       "</",
                                       "/>",
                                       "<![CDATA[",
                                       "]]>",
                                       "<!--",
                                       "-->",
                                       "&#13;",
                                       "&amp;",
                                       "&x;",
                                       "\"",
                                       "'",
                                       "=",
                                       "<?xml ?>",
                                       "<!DOCTYPE x>",
                                       "edXML:",
                                       "xmlns=''",
                                       "\xEF\xBB\xBF",
                                       "\xC3",
                                       "\xFF",
                                       "<Attachment>",
                                       "</Attachment>",
                                       "<AttachmentEncoded>",
                                       "<ContentTransferEncoded>",
                                       "</ContentTransferEncoded>",
                                       "<edXML:To>",
                                       "UEsDBA==",
                                       "null",
                                       "2025/13/45"};
    auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    constexpr int rounds = 6000;
    int read = 0, refused = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string text = seeds[below(3)];
        for (std::size_t n = 1 + below(4); n > 0; --n) {
            std::size_t at = below(text.size());
            switch (below(5)) {
            case 0:
                text[at] = static_cast<char>(random());
                break;
            case 1:
                text.insert(at, tokens[below(std::size(tokens))]);
                break;
            case 2:
                text.erase(at, below(40));
                break;
            case 3:
                text.insert(at, text.substr(below(text.size()), below(300)));
                break;
            case 4:
                text.resize(at + 1);
                break;
            }
        }
        auto whole = read_packet(as_bytes(text));
        packet_reader reader;
        std::size_t step = 1 + below(97);
        for (std::size_t at = 0; at < text.size(); at += step)
            if (!reader.feed(as_bytes(std::string_view(text).substr(at, step)))) break;
        auto pieces = reader.finish();
        BOOST_REQUIRE(whole.has_value() == pieces.has_value());
        if (whole) {
            ++read;
            BOOST_REQUIRE((whole->findings == pieces->findings));
            BOOST_REQUIRE(whole->content_sha256.hex() == pieces->content_sha256.hex());
        } else {
            ++refused;
            BOOST_REQUIRE(describe(whole.error().code) != nullptr);
            BOOST_REQUIRE_MESSAGE(whole.error().code == pieces.error().code,
                                  whole.error().detail << " / " << pieces.error().detail);
        }
    }
    BOOST_TEST(read > 100);
    BOOST_TEST(refused > 100);
}

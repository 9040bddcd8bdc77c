// What the reader refuses, and that it refuses before libxml2 pays for it.
#include "signing/xml/reader.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::xml;

namespace {

class counted final : public event_handler {
public:
    void start(const start_tag&, const scope&) override { ++elements; }
    void end() override {}
    void text(std::string_view piece) override { characters += piece.size(); }
    void comment(std::string_view) override {}
    void instruction(std::string_view, std::string_view) override {}
    std::size_t elements = 0, characters = 0;
};

std::error_code refused(std::string_view document, const limits& bounds = {}) {
    std::error_code first;
    for (std::size_t cut : {document.size() + 1, std::size_t(1), std::size_t(5)}) {
        counted seen;
        reader all(bounds, seen);
        std::error_code answer;
        for (std::size_t i = 0; i < document.size() && !answer; i += cut)
            if (auto fed = all.feed(document.substr(i, cut)); !fed) answer = fed.error().code;
        if (!answer)
            if (auto end = all.finish(); !end) answer = end.error().code;
        if (cut > document.size()) first = answer;
        BOOST_TEST(answer == first, "the answer depends on the cuts for " << document.substr(0, 80));
    }
    return first;
}

} // namespace

BOOST_AUTO_TEST_SUITE(reading)

BOOST_AUTO_TEST_CASE(plain_documents_are_read) {
    for (const char* good :
         {"<a/>", "<?xml version='1.0'?><a/>", "\xEF\xBB\xBF<a>ệ</a>", " \n<a/>", "<a><![CDATA[]]></a>",
          "<a><!----><?p?><![CDATA[]]]]><![CDATA[>]]></a>", "<?xml version='1.0' encoding='US-ASCII'?><a>&#7879;</a>",
          "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?><a b='<!-- ' c='>' />"}) {
        std::string text = good;
        if (text.find("b='<") != text.npos) text.replace(text.find("'<"), 2, "'");
        BOOST_TEST(!refused(text), text);
    }
}

BOOST_AUTO_TEST_CASE(a_document_type_is_refused_wherever_it_stands) {
    for (const char* bad : {"<!DOCTYPE a><a/>", "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
                            "<!--c--><!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<a><!DOCTYPE b></a>"})
        BOOST_TEST(refused(bad) == errc::doctype_refused, bad);
    BOOST_TEST(refused("<a>&lol;</a>") == errc::not_xml);
}

BOOST_AUTO_TEST_CASE(only_utf_8_and_xml_1_0_are_read) {
    using namespace std::string_literals;
    for (const std::string& bad :
         {"\xFF\xFE<\0a\0/\0>\0"s, "\0<\0a\0/\0>"s, "<\0a\0/\0>\0"s, "\x4C\x6F\xA7\x94"s,
          "<?xml version='1.0' encoding='UTF-16'?><a/>"s, "<?xml version='1.0' encoding='ISO-8859-1'?><a>\xE9</a>"s,
          "<?xml version='1.1'?><a/>"s, "<?xml version='1.0' encoding='US-ASCII'?><a>ệ</a>"s,
          "<?xml version='1.0' encoding='us-ascii'?>\n<a b='é'/>"s,
          // where a reader could see an encoding that is not looked for any more
          "<?xml version='1.0' "s + std::string(300, ' ') + "encoding='UTF-7'?><a>+ADw-b/+AD4-</a>",
          "<?xml version='1.0' "s + std::string(300, ' ') + "encoding='utf-8'?><a/>"})
        BOOST_TEST(refused(bad) == errc::encoding_unsupported, bad);
    BOOST_TEST(refused("<a>\xE9</a>") == errc::not_xml);
    BOOST_TEST(refused("<a>\xC3</a>") == errc::not_xml);
    BOOST_TEST(refused("<a b='\xC0\xAF'/>") == errc::not_xml);
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_refused) {
    for (const char* bad : {"",
                            "x",
                            "<a>",
                            "<a></b>",
                            "<a/><b/>",
                            "<a></a></a>",
                            "<a b=1/>",
                            "<a b='1' b='2'/>",
                            "<a",
                            "<a/>x",
                            "<a><!-- -- --></a>",
                            "<a><![CDATA[</a>",
                            "<a>]]></a>",
                            "<a b='<'/>",
                            "<a>\x01</a>",
                            "<p:a/>",
                            "<a p:b='1'/>",
                            "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
                            "<a xmlns:p=''/>",
                            "<!-->",
                            "<a><?xml version='1.0'?></a>"})
        BOOST_TEST(bool(refused(bad)), bad);
}

BOOST_AUTO_TEST_CASE(budgets_are_kept_before_the_parser_pays) {
    std::string deep, wide = "<a", many = "<a>", zeros(300, '0');
    for (int i = 0; i < 300; ++i) deep += "<a>";
    for (int i = 0; i < 200'000; ++i) wide += " b" + std::to_string(i) + "=''";
    for (int i = 0; i < 50; ++i) many += "<b/>";
    BOOST_TEST(refused(deep) == errc::over_budget);
    BOOST_TEST(refused(wide) == errc::over_budget);
    BOOST_TEST(refused(many + "</a>", {.elements = 20}) == errc::over_budget);
    BOOST_TEST(refused("<a>" + zeros + "</a>", {.bytes = 100}) == errc::over_budget);
    BOOST_TEST(refused("<a b='" + zeros + "'/>", {.tag_bytes = 100}) == errc::over_budget);
    BOOST_TEST(refused("<a><!--" + zeros + "--></a>", {.markup_bytes = 100}) == errc::over_budget);
    BOOST_TEST(!refused("<a><![CDATA[" + zeros + "]]></a>", {.markup_bytes = 100}));
}

BOOST_AUTO_TEST_CASE(a_long_text_is_passed_on_in_pieces) {
    counted seen;
    reader all({}, seen);
    std::string piece(1u << 20, 'A');
    BOOST_REQUIRE(all.feed("<a>"));
    for (int i = 0; i < 16; ++i) BOOST_REQUIRE(all.feed(piece)); // 16 MB: more than libxml2 takes as one node
    BOOST_REQUIRE(all.feed("</a>"));
    BOOST_REQUIRE(all.finish());
    BOOST_TEST(seen.characters == 16u << 20);
}

BOOST_AUTO_TEST_SUITE_END()

#include "signing/pdf/content.hpp"

#include "signing/pdf/qpdf.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace vanthu;

namespace {

constexpr std::string_view page =
    "q 0.5 w 1 0 0 -1 72 .5 cm % note (\nBT /F1 12 Tf [(a\\(b\\)) -120 (c (d) \\101\\7z) <00fF 1>]TJ\n"
    "(l\\\nm\\q)Tj 1 0 0 1 5. -.25 Tm T* (x)' 1 2 (y)\" ET\n"
    "/P <</MCID 0/L[1 null true]>> BDC EMC /X1 Do f* 0 0 d1 Q";

std::string shown(QPDFObjectHandle o) {
    if (o.isNumber()) return fmt::format("{} ", o.getNumericValue());
    if (o.isName()) return o.getName() + " ";
    if (o.isString()) return "(" + o.getStringValue() + ") ";
    if (!o.isArray()) return "? ";
    std::string out = "[";
    for (auto& item : o.getArrayAsVector()) out += shown(item);
    return out + "] ";
}

std::string shown(const pdf::operand& o) {
    using kind = pdf::operand::kind;
    if (o.what == kind::number) return fmt::format("{} ", o.number);
    if (o.what == kind::name) return o.text + " ";
    if (o.what == kind::text) return "(" + o.text + ") ";
    if (o.what == kind::other) return "? ";
    std::string out = "[";
    for (auto& item : o.items) out += shown(item);
    return out + "] ";
}

struct qpdf_reader : QPDFObjectHandle::ParserCallbacks {
    std::string all, operands;
    void handleObject(QPDFObjectHandle o) override {
        if (!o.isOperator()) {
            operands += shown(o);
            return;
        }
        all += operands + o.getOperatorValue() + "\n";
        operands.clear();
    }
    void handleEOF() override {}
};

std::string by_qpdf(std::string_view stream) {
    static QPDF& owner = []() -> QPDF& {
        static auto made = QPDF::create();
        made->emptyPDF();
        made->setSuppressWarnings(true);
        return *made;
    }();
    qpdf_reader reader;
    QPDFObjectHandle::parseContentStream(owner.newStream(std::string(stream)), &reader);
    return reader.all;
}

std::optional<std::string> plainly(std::string_view stream) {
    std::string all;
    bool plain = pdf::read_plain_content(stream, [&](std::string_view op, const std::vector<pdf::operand>& operands) {
        for (const pdf::operand& o : operands) all += shown(o);
        all += std::string(op) + "\n";
    });
    if (!plain) return std::nullopt;
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_plain_content_stream_is_read_as_qpdf_reads_it) {
    BOOST_REQUIRE(plainly(page).has_value());
    BOOST_TEST(*plainly(page) == by_qpdf(page));
    BOOST_TEST(plainly("")->empty());
    BOOST_TEST(plainly("1 2 % nothing done")->empty());
}

BOOST_AUTO_TEST_CASE(a_content_stream_that_is_not_spelled_plainly_is_left_to_qpdf) {
    for (std::string_view odd : {"BI /W 1 ID x EI Q",
                                 "/A#42 Do",
                                 "(a\rb) Tj",
                                 "(a",
                                 "<0g> Tj",
                                 "<00",
                                 "[1 2",
                                 "[1 Tj]",
                                 "<< /A 1",
                                 "<< 1 2 >>",
                                 "]",
                                 ">>",
                                 ")",
                                 "{",
                                 "1-2 w",
                                 "+1 w",
                                 "--1 w",
                                 "1.2.3 w",
                                 ". w",
                                 "- w",
                                 "/ Do",
                                 "a\x80 Q",
                                 "(a\\",
                                 "1234567890123456789 w"})
        BOOST_TEST(!plainly(odd).has_value(), odd);
    BOOST_TEST(!plainly(std::string(100, '[') + std::string(100, ']')).has_value());
}

// Every byte replaced by those that mean something: whatever is read plainly, QPDF reads so too.
BOOST_AUTO_TEST_CASE(what_is_read_plainly_is_what_qpdf_reads) {
    int plain = 0, left = 0;
    for (std::size_t at = 0; at < page.size(); ++at)
        for (char instead : std::string_view("<>[]()/% \n\r019.-+R#\\~xeBIq'\"*\0\xff", 32)) {
            std::string stream(page);
            stream[at] = instead;
            auto ours = plainly(stream);
            ++(ours ? plain : left);
            if (ours) BOOST_TEST(*ours == by_qpdf(stream), fmt::format("{:?} at {}", instead, at));
        }
    BOOST_TEST(plain > 1000);
    BOOST_TEST(left > 1000);
}

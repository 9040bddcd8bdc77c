#include "daemon/net/multipart.hpp"
#include "tests/net/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::net;

namespace {
// Hands out at most `step` bytes a call.
struct dripping_body final : body_source {
    std::string text;
    std::size_t step, at = 0;
    dripping_body(std::string t, std::size_t s) : text(std::move(t)), step(s) {}
    task<std::size_t> read_some(std::span<std::uint8_t> out) override {
        const std::size_t n = std::min({out.size(), step, text.size() - at});
        std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), n, out.begin());
        at += n;
        co_return n;
    }
};

// "name|filename|type|content;" for each part.
task<std::string> read_parts(body_source& source, std::size_t step, multipart_limits limits = {}) {
    multipart_reader reader(source, "XyZ", limits);
    std::string out;
    for (;;) {
        VANTHU_CO_TRY(std::optional<part> p, co_await reader.next_part());
        if (!p) co_return out;
        out += p->name + "|" + p->filename.value_or("-") + "|" + p->content_type + "|";
        std::vector<std::uint8_t> piece(step);
        for (;;) {
            VANTHU_CO_TRY(const std::size_t n, co_await reader.read_some(piece));
            if (n == 0) break;
            out += as_text(bytes_view(piece).first(n));
        }
        out += ";";
    }
}

std::error_code refusal(const std::string& text, multipart_limits limits = {}) {
    dripping_body body(text, 7);
    auto out = run(read_parts(body, 5, limits));
    return out ? std::error_code() : out.error().code;
}

const std::string field = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";
const std::string good =
    "preamble\r\n--XyZ\r\n"
    "Content-Disposition: form-data; name=\"metadata\"\r\n"
    "Content-Type: application/json\r\n\r\n{\"a\":1}\r\n--XyZ \t\r\n"
    "content-disposition: form-data; name=\"file\"; filename=\"C:\\Công văn \\\"1\\\".pdf\"\r\n\r\n"
    "\r\n--Xy\r\n-\r\n--X\r\n\r\n--XyZ\r\n"
    "Content-Disposition: form-data; name=empty\r\n\r\n\r\n--XyZ--\r\nepilogue";
} // namespace

BOOST_AUTO_TEST_CASE(multipart_reads_the_same_in_every_chunking) {
    const std::string expected = "metadata|-|application/json|{\"a\":1};"
                                 "file|C:\\Công văn \"1\".pdf|text/plain|\r\n--Xy\r\n-\r\n--X\r\n;"
                                 "empty|-|text/plain|;";
    for (std::size_t step = 1; step <= good.size(); ++step)
        for (std::size_t out : {std::size_t(1), std::size_t(3), std::size_t(4096)}) {
            dripping_body body(good, step);
            auto parts = run(read_parts(body, out));
            BOOST_REQUIRE_MESSAGE(parts.has_value(), "step " << step);
            BOOST_TEST(*parts == expected);
        }
}

BOOST_AUTO_TEST_CASE(multipart_cut_anywhere_before_the_closing_boundary_is_refused) {
    const std::size_t closing = good.find("--XyZ--");
    for (std::size_t n = 0; n < closing + 7; ++n)
        BOOST_TEST((refusal(good.substr(0, n)) == errc::bad_multipart), "cut at " << n);
    BOOST_TEST(!refusal(good.substr(0, closing + 7)));
}

BOOST_AUTO_TEST_CASE(multipart_refuses_hostile_structure) {
    const std::string end = "x\r\n--XyZ--";
    BOOST_TEST(!refusal("--XyZ\r\n" + field + end));
    for (const std::string& text : {
             "--XyZ\r\n\r\n" + end,                                                           // no header at all
             "--XyZ\r\nContent-Type: text/plain\r\n\r\n" + end,                               // no disposition
             "--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n" + end,            // another one
             "--XyZ\r\nContent-Disposition: form-data\r\n\r\n" + end,                         // no name
             "--XyZ\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n" + end, // two names
             "--XyZ\r\nContent-Disposition: form-data; name=\"a\r\n\r\n" + end,               // open quote
             "--XyZ\r\n folded: x\r\n" + field + end,                                         // continuation line
             "--XyZ\r\nno colon\r\n" + field + end,                                           //
             "--XyZ\r\nContent-Disposition: form-data; name=a\r\nX: \x01\r\n\r\n" + end,      // control character
             "--XyZ\n" + field + end,                                                         // bare LF
             "--XyZjunk\r\n" + field + end,                                                   //
             "--XyZ" + std::string(100, ' ') + "\r\n" + field + end,                          //
         })
        BOOST_TEST((refusal(text) == errc::bad_multipart), text);
}

BOOST_AUTO_TEST_CASE(multipart_limits_hold) {
    const std::string two = "--XyZ\r\n" + field + "x\r\n--XyZ\r\n" + field + "y\r\n--XyZ--";
    BOOST_TEST(!refusal(two, {.parts = 2}));
    BOOST_TEST((refusal(two, {.parts = 1}) == errc::multipart_limit));
    BOOST_TEST(
        (refusal("--XyZ\r\nX: " + std::string(9000, 'x') + "\r\n" + field + "x\r\n--XyZ--") == errc::multipart_limit));
    BOOST_TEST((refusal("--XyZ\r\nX: " + std::string(900'000, 'x')) == errc::multipart_limit));
}

BOOST_AUTO_TEST_CASE(a_boundary_is_taken_from_the_content_type_or_refused) {
    BOOST_TEST(multipart_boundary("multipart/form-data; boundary=abc").value() == "abc");
    BOOST_TEST(multipart_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b:c\"").value() == "a b:c");
    for (const std::string& wrong :
         {std::string("multipart/mixed; boundary=abc"), std::string("multipart/form-data"),
          std::string("multipart/form-data; boundary="), std::string("multipart/form-data; boundary=\"a"),
          "multipart/form-data; boundary=" + std::string(71, 'a'),
          std::string("multipart/form-data; boundary=\"a\r\nb\"")})
        BOOST_TEST((multipart_boundary(wrong).error().code == errc::bad_multipart), wrong);
}

BOOST_AUTO_TEST_CASE(an_extended_file_name_is_decoded_or_refused) {
    auto named = [](const std::string& parameters) {
        dripping_body body(
            "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; " + parameters + "\r\n\r\nx\r\n--XyZ--", 7);
        auto out = run(read_parts(body, 5));
        return out ? *out : out.error().code.message();
    };
    const std::string expected = "f|văn bản.txt|text/plain|x;",
                      refused = make_error_code(errc::bad_multipart).message();
    BOOST_TEST(named("filename*=UTF-8''v%C4%83n%20b%E1%BA%A3n.txt") == expected);
    BOOST_TEST(named("filename*=utf-8'vi'v%c4%83n%20b%e1%ba%a3n.txt; filename=\"van.txt\"") == expected);
    BOOST_TEST(named("filename=\"van.txt\"; filename*=UTF-8''v%C4%83n%20b%E1%BA%A3n.txt") == expected);
    for (const char* wrong : {"filename*=ISO-8859-1''a.txt", "filename*=a.txt", "filename*=UTF-8'a.txt",
                              "filename*=UTF-8''a%2", "filename*=UTF-8''a%zz.txt"})
        BOOST_TEST(named(wrong) == refused, wrong);
}

BOOST_AUTO_TEST_CASE(a_part_in_another_transfer_encoding_is_refused) {
    for (const char* encoding : {"base64", "quoted-printable", "x-gzip", ""})
        BOOST_TEST((refusal(std::string("--XyZ\r\nContent-Transfer-Encoding: ") + encoding + "\r\n" + field +
                            "eA==\r\n--XyZ--") == errc::bad_multipart),
                   encoding);
    for (const char* encoding : {"binary", "8BIT", "7bit"})
        BOOST_TEST(
            !refusal(std::string("--XyZ\r\nContent-Transfer-Encoding: ") + encoding + "\r\n" + field + "x\r\n--XyZ--"),
            encoding);
}

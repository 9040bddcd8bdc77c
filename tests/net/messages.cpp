#include "daemon/net/error_object.hpp"
#include "daemon/net/message_parser.hpp"
#include "daemon/net/pace.hpp"
#include "daemon/net/range.hpp"
#include "tests/net/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::net;
using namespace std::chrono_literals;

namespace {
struct outcome {
    std::error_code code;
    std::string body;
    message_head head;
    std::size_t left = 0;
    bool done = false;
};

// Feeds `text` in pieces of `step` bytes, the way a connection does.
outcome parse(message_parser::kind kind, const std::string& text, std::size_t step, std::uint32_t limit = 4096) {
    message_parser parser(kind, limit);
    outcome out;
    std::string pending;
    for (std::size_t at = 0; at < text.size() || !pending.empty();) {
        const std::size_t n = std::min(step, text.size() - at);
        pending += text.substr(at, n);
        at += n;
        std::uint8_t window[3];
        for (;;) {
            if (parser.has_head() && parser.done()) break;
            const bool body = parser.has_head();
            auto p = body ? parser.feed_body(as_bytes(pending), window) : parser.feed_head(as_bytes(pending));
            if (!p) return out.code = p.error().code, out;
            out.body += as_text(bytes_view(window).first(p->produced));
            pending.erase(0, p->consumed);
            if (pending.empty() || (p->consumed == 0 && p->produced == 0)) break;
        }
        if ((parser.has_head() && parser.done()) || at == text.size()) break;
    }
    out.left = pending.size();
    if (parser.has_head()) {
        out.head = parser.head();
        out.done = parser.done();
    }
    return out;
}
std::error_code request_refusal(const std::string& text) {
    return parse(message_parser::kind::request, text, text.size()).code;
}
const std::string host = "Host: a\r\n";
} // namespace

BOOST_AUTO_TEST_CASE(a_chunked_request_parses_the_same_in_every_split) {
    const std::string text = "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "5;ext=1\r\nhello\r\n11\r\n, wide wide world\r\n0\r\nTrailer: t\r\n\r\n";
    for (std::size_t step = 1; step <= text.size(); ++step) {
        const outcome o = parse(message_parser::kind::request, text, step);
        BOOST_REQUIRE_MESSAGE(!o.code, "step " << step << ": " << o.code.message());
        BOOST_TEST(o.done);
        BOOST_TEST(o.body == "hello, wide wide world");
        BOOST_TEST(o.head.target == "/a?b=c");
        BOOST_TEST(o.head.fields.size() == 3u); // the trailer is not merged
    }
}

BOOST_AUTO_TEST_CASE(ambiguous_framing_is_refused) {
    for (const std::string& text : {
             "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
             "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
             "POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
             "POST / HTTP/1.1\r\n" + host + "Content-Length: 3, 3\r\n\r\nabc",
             "POST / HTTP/1.1\r\n" + host + "Content-Length: +3\r\n\r\nabc",
             "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999999\r\n\r\n",
             "POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n",
             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\n\r\n",
             std::string("GET / HTTP/1.1\r\n\r\n"),
             std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
             std::string("GET / HTTP/1.1\nHost: a\n\n"),
             std::string("GET /\r\n\r\n"),
             std::string("GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
             std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
             "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
         })
        BOOST_TEST((request_refusal(text) == errc::bad_request), text);
    for (const char* coding : {"gzip", "gzip, chunked", "chunked, chunked", "xchunked", "chunked, identity"})
        BOOST_TEST((request_refusal("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: " + coding + "\r\n\r\n") ==
                    errc::unsupported_transfer_encoding),
                   coding);
}

BOOST_AUTO_TEST_CASE(the_header_limit_counts_the_whole_header_however_it_arrives) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    while (text.size() < 5000) text += "X-Field: aaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
    text += "\r\n";
    for (std::size_t step : {std::size_t(1), std::size_t(40), std::size_t(1000), text.size()})
        BOOST_TEST((parse(message_parser::kind::request, text, step).code == errc::header_too_large));
    BOOST_TEST(!parse(message_parser::kind::request, text, 40, 8192).code);
    std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 300; ++i) many += "A: b\r\n";
    BOOST_TEST((parse(message_parser::kind::request, many + "\r\n", 4096, 65536).code == errc::header_too_large));
}

BOOST_AUTO_TEST_CASE(bytes_after_a_message_stay_for_the_next_one) {
    const outcome o =
        parse(message_parser::kind::request, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /", 1000);
    BOOST_TEST(o.done);
    BOOST_TEST(o.body == "hi");
    BOOST_TEST(o.left == 5u);
}

BOOST_AUTO_TEST_CASE(targets_are_decoded_and_normalised_or_refused) {
    const std::pair<const char*, const char*> good[] = {{"/", "/"},
                                                        {"/a/b", "/a/b"},
                                                        {"/a/b/", "/a/b/"},
                                                        {"/a/./b/../c", "/a/c"},
                                                        {"/../../x", "/x"},
                                                        {"/a/..", "/"},
                                                        {"/%2e%2e/x", "/x"},
                                                        {"//a///b", "/a/b"},
                                                        {"/c%C3%B4ng", "/công"},
                                                        {"*", "*"},
                                                        {"http://h:1/p?q", "/p"},
                                                        {"HTTPS://h", "/"}};
    for (auto [raw, path] : good) BOOST_TEST(target_parts::parse(raw).value().path == path, raw);
    for (std::string wrong : {"", "a", "/%2f", "/a%5Cb", "/a\\b", "/%00", "/%0a", "/%zz", "/%4", "/%", "/a#b",
                              "/\xc3\xb4", "/%c3", "/%ed%a0%80", "/%c0%af", "http:/x", "host:443", "/?a=%zz", "/a b"})
        BOOST_TEST((target_parts::parse(wrong).error().code == errc::bad_target), wrong);
    BOOST_TEST((target_parts::parse("/" + std::string(9000, 'a')).error().code == errc::bad_target));

    auto query = target_parts::parse("/x?after=12&wait&name=a+b%26c&after=13&&").value().query;
    BOOST_TEST(query.find("after").value() == "12");
    BOOST_TEST(query.all("after").size() == 2u);
    BOOST_TEST(query.find("wait").value() == "");
    BOOST_TEST(query.find("name").value() == "a b&c");
    BOOST_TEST(!query.find("none").has_value());
    BOOST_TEST(percent_encode("a/ô~") == "a%2F%C3%B4~");
}

BOOST_AUTO_TEST_CASE(header_names_compare_without_case_and_bad_values_are_known) {
    headers h{{"Content-Type", "a"}, {"X", "1"}, {"x", "2"}};
    BOOST_TEST(h.get("content-TYPE") == "a");
    BOOST_TEST(h.count("X") == 2u);
    h.set("X", "3");
    BOOST_TEST(h.count("x") == 1u);
    BOOST_TEST(h.find("none") == nullptr);
    BOOST_TEST(!headers::is_field_value("a\r\nSet-Cookie: b"));
    BOOST_TEST(!headers::is_field_value(std::string_view("a\0b", 3)));
    BOOST_TEST(!headers::is_field_name("a b"));
    BOOST_TEST(!headers::is_field_name(""));
}

BOOST_AUTO_TEST_CASE(single_ranges_are_found_and_everything_else_ignored) {
    using range = std::optional<byte_range>;
    BOOST_TEST((parse_range("bytes=0-499", 1000).value() == range({0, 500})));
    BOOST_TEST((parse_range("Bytes=500-", 1000).value() == range({500, 500})));
    BOOST_TEST((parse_range("bytes=-1", 1000).value() == range({999, 1})));
    BOOST_TEST((parse_range("bytes=-5000", 1000).value() == range({0, 1000})));
    BOOST_TEST((parse_range("bytes=900-5000", 1000).value() == range({900, 100})));
    for (const char* ignored :
         {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "items=0-1", "bytes=0-1,5-6", "bytes=0-x"})
        BOOST_TEST((parse_range(ignored, 1000).value() == range()), ignored);
    for (const char* beyond : {"bytes=1000-", "bytes=1000-1001", "bytes=-0"})
        BOOST_TEST((parse_range(beyond, 1000).error().code == errc::range_not_satisfiable), beyond);
    BOOST_TEST((parse_range("bytes=-1", 0).error().code == errc::range_not_satisfiable));
    BOOST_TEST(content_range({0, 500}, 1234) == "bytes 0-499/1234");

    auto up = parse_content_range("bytes 100-199/1000").value();
    BOOST_TEST((up.range == byte_range{100, 100}));
    BOOST_TEST(up.total.value() == 1000u);
    BOOST_TEST(!parse_content_range("bytes 0-0/*").value().total.has_value());
    for (const char* wrong :
         {"", "bytes */1000", "bytes 5-4/10", "bytes 0-10/10", "bytes 0-9", "0-9/10", "bytes 0-18446744073709551615/*"})
        BOOST_TEST((parse_content_range(wrong).error().code == errc::bad_content_range), wrong);
}

BOOST_AUTO_TEST_CASE(the_error_object_shows_the_row_and_never_the_detail) {
    const response r = error_response(errc::busy, {.cause = "4096", .document_id = "d1", .retry_after = 5s});
    const std::string& text = std::get<std::string>(r.body);
    BOOST_TEST(r.status == 503);
    BOOST_TEST(r.fields.get("Retry-After") == "5");
    for (const char* part :
         {"\"schema_version\":1", "\"code\":\"net.busy\"", "\"cause\":\"4096\"", "\"retryable\":true",
          "\"next_attempt_at\":null", "\"document_id\":\"d1\"", "\"message_vi\":\"", "\"action_en\":\""})
        BOOST_TEST(text.find(part) != std::string::npos, part);
    const response foreign = error_response(std::make_error_code(std::errc::bad_message));
    BOOST_TEST(foreign.status == 500);
    BOOST_TEST(std::get<std::string>(foreign.body).find("internal.error") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(progress_is_counted_over_the_time_spent_waiting) {
    pace p(10s, 5s, 1000);
    BOOST_TEST((p.allowance() == 5s));
    p.moved(2000, 1s); // earned two seconds, used one
    BOOST_TEST((p.allowance() == 6s));
    p.moved(0, 6s);
    BOOST_TEST((p.allowance() <= 0s));
    p.moved(1'000'000'000'000'000, 0s);
    BOOST_TEST((p.allowance() == 10s));
}

BOOST_AUTO_TEST_CASE(read_all_stops_at_its_limit) {
    memory_body exact(std::string(10'000, 'x')), over(std::string(10'001, 'x'));
    BOOST_TEST(run(read_all(exact, 10'000)).value().size() == 10'000u);
    BOOST_TEST((run(read_all(over, 10'000)).error().code == errc::body_too_large));
}

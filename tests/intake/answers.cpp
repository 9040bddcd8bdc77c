// What an answer says of the request that it is for.
#include "daemon/intake/answers.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::test {

using edxml::bussiness_type;
using intake::request_named_in, intake::with_request;

namespace {
const std::int64_t some_time = to_us(edxml::packet_time::parse("2025/07/15 08:00:00").value.value());

records::document_row request(bussiness_type type, const std::string& id, std::int64_t sent_at) {
    records::document_row d;
    d.identity.business_type = int(type);
    d.identity.document_id = id;
    d.sent_at = sent_at;
    return d;
}
} // namespace

BOOST_AUTO_TEST_SUITE(answers)

BOOST_AUTO_TEST_CASE(an_answer_names_its_request_in_words_that_are_understood_again) {
    BOOST_TEST(with_request("Đã giải quyết", bussiness_type::recall, "VB-1", some_time) ==
               "Đã giải quyết (trả lời yêu cầu thu hồi gửi lúc 2025/07/15 08:00:00)");
    BOOST_TEST(with_request("x", bussiness_type::replace, "VB-2", some_time) ==
               "x (trả lời yêu cầu thay thế bằng VB-2 gửi lúc 2025/07/15 08:00:00)");
    const std::string odd = "H48,2025/07/15,1/UBND (gửi lúc này) bằng ) x";
    for (const bussiness_type type : {bussiness_type::recall, bussiness_type::update, bussiness_type::replace})
        for (const std::string said : {"", "Không", "Đã nói (trả lời yêu cầu thu hồi gửi lúc 2024/01/01 00:00:00)"})
            for (const std::string& id : {std::string("VB-2"), odd}) {
                const auto named = request_named_in(with_request(said, type, id, some_time + 250'000));
                BOOST_REQUIRE(named.has_value());
                BOOST_TEST(named->is(request(type, id, some_time + 750'000)));
                BOOST_TEST(!named->is(request(type, id, some_time + 1'000'000)));
                BOOST_TEST(named->is(request(type, "another", some_time)) == (type != bussiness_type::replace));
                BOOST_TEST(!named->is(request(bussiness_type::new_document, id, some_time)));
            }
}

BOOST_AUTO_TEST_CASE(what_cannot_be_named_is_left_out_and_other_words_name_nothing) {
    BOOST_TEST(with_request("x", bussiness_type::recall, "VB-1", 0) == "x");
    BOOST_TEST(with_request("x", bussiness_type::new_document, "VB-1", some_time) == "x");
    const std::string tail = with_request({}, bussiness_type::recall, "VB-1", some_time);
    std::string longest;
    for (std::size_t n = 0; n < 500 - 54; ++n) longest += "ữ";
    BOOST_TEST(with_request(longest, bussiness_type::recall, "VB-1", some_time) == longest + tail);
    BOOST_TEST(with_request(longest + "ữ", bussiness_type::recall, "VB-1", some_time) == longest + "ữ");
    for (const char* other :
         {"", "Đã giải quyết", "(trả lời yêu cầu thu hồi)", " (trả lời yêu cầu thu hồi gửi lúc )",
          " (trả lời yêu cầu thu hồi gửi lúc hôm qua)", " (trả lời yêu cầu gửi lúc 2025/07/15 08:00:00)",
          " (trả lời yêu cầu thay thế gửi lúc 2025/07/15 08:00:00)",
          " (trả lời yêu cầu thu hồi VB-1 gửi lúc 2025/07/15 08:00:00)",
          " (trả lời yêu cầu thu hồi gửi lúc 2025/07/15 08:00:00) rồi"})
        BOOST_TEST(!request_named_in(other).has_value(), other);
    const intake::named_request of_no_time{bussiness_type::recall, {}, 0};
    BOOST_TEST(!of_no_time.is(request(bussiness_type::recall, "VB-1", 0)));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

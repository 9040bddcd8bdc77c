#include "schemas/edxml/json.hpp"

#include "tests/edxml/packets.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace vanthu;
using namespace vanthu::edxml;

namespace {
void refuses_json(const char* text, errc why, std::string_view path) {
    auto made = header_from_json(boost::json::parse(text).as_object());
    BOOST_REQUIRE_MESSAGE(!made, text);
    BOOST_CHECK_MESSAGE(made.error().code == why, text);
    BOOST_CHECK_MESSAGE(made.error().detail.starts_with(path), made.error().detail);
}
} // namespace

BOOST_AUTO_TEST_CASE(a_header_survives_json_and_back) {
    auto text = boost::json::serialize(to_json(full_header()));
    auto again = header_from_json(boost::json::parse(text).as_object());
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST((*again == full_header()));
    status_packet s = *reads(sample("status-sample.edxml")).status();
    BOOST_TEST((status_from_json(to_json(s)).value() == s));
}

BOOST_AUTO_TEST_CASE(numbers_may_be_numbers_and_codes_stay_texts) {
    auto h = header_from_json(
        boost::json::parse(
            R"({"code":{"number":321,"notation":"A"},"other_info":{"priority":2,"page_amount":"3"},"subject":null})")
            .as_object());
    BOOST_REQUIRE(h.has_value());
    BOOST_TEST(h->code.number == "321");
    BOOST_TEST(h->other_info->priority == "2");
    BOOST_TEST(h->other_info->page_amount == "3");
    BOOST_TEST(h->subject.empty());
    document_header odd = full_header();
    odd.document_type.type = "007";
    BOOST_TEST(to_json(odd).at("document_type").at("type").as_string() == "007");
    BOOST_TEST(to_json(full_header()).at("document_type").at("type").as_int64() == 2);
}

BOOST_AUTO_TEST_CASE(a_wrong_or_unknown_key_is_named_with_its_path) {
    refuses_json(R"({"subjct":"x"})", errc::field_unknown, "subjct");
    refuses_json(R"({"to":[{"organ_id":"A"},{"organid":"B"}]})", errc::field_unknown, "to[1].organid");
    refuses_json(R"({"to":{"organ_id":"A"}})", errc::field_invalid, "to:");
    refuses_json(R"({"to":["A"]})", errc::field_invalid, "to[0]");
    refuses_json(R"({"from":"A"})", errc::field_invalid, "from");
    refuses_json(R"({"subject":5})", errc::field_invalid, "subject");
    refuses_json(R"({"other_info":{"priority":1.5}})", errc::field_invalid, "other_info.priority");
    refuses_json(R"({"to_places":["a",7]})", errc::field_invalid, "to_places[1]");
}

BOOST_AUTO_TEST_CASE(a_read_packet_tells_everything_in_json) {
    packet p = reads(packet_with_file("a.txt", make_zip({{"u.txt", "hello"}})));
    boost::json::object o = to_json(p);
    BOOST_TEST(o.at("schema_version").as_int64() == packet_schema_version);
    BOOST_TEST(o.at("packet_sha256").as_string() == p.packet_sha256.hex());
    const auto& a = o.at("attachments").as_array().at(0).as_object();
    BOOST_TEST(a.at("unwrapped").at("name").as_string() == "u.txt");
    BOOST_TEST(a.at("content_sha256").as_string() == sha256::of("hello").hex());
    BOOST_TEST(a.at("kind").as_string() == "text");
}

#include "schemas/peer/peer.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;

namespace {
peer::manifest example() {
    return {.packet_sha256 = sha256::of("packet"),
            .size = 42,
            .kind = "document",
            .recipients = {"000.00.00.G22", "H48.99.01"},
            .origin = "{\"x\":1}",
            .document = "id"};
}
} // namespace

BOOST_AUTO_TEST_CASE(a_manifest_reads_as_it_was_written) {
    peer::manifest m = peer::decode_manifest(peer::encode(example())).value();
    BOOST_TEST((m.packet_sha256 == example().packet_sha256));
    BOOST_TEST(m.size == 42u);
    BOOST_TEST(m.recipients == example().recipients, boost::test_tools::per_element());
    BOOST_TEST(m.origin == example().origin);
}

BOOST_AUTO_TEST_CASE(unknown_members_and_kinds_of_a_newer_version_are_tolerated) {
    std::string text = peer::encode(example());
    text.insert(1, "\"future\":{\"a\":[1,2]},");
    BOOST_TEST(peer::decode_manifest(text).has_value());
    peer::notice_call call{
        .instance = {},
        .notices = {
            {.sequence = 7, .packet_sha256 = sha256::of("p"), .recipient = "A", .kind = "teleported", .at = 5}}};
    BOOST_TEST(peer::decode_notices(peer::encode(call)).value().notices.front().kind == "teleported");
}

BOOST_AUTO_TEST_CASE(a_call_of_notices_names_its_store_and_one_that_does_not_is_read_too) {
    peer::notice_call call{.instance = "0190-store", .notices = {}};
    BOOST_TEST(peer::decode_notices(peer::encode(call)).value().instance == "0190-store");
    BOOST_TEST(peer::decode_notices(R"({"schema_version":1,"notices":[]})").value().instance == "");
    call.instance = std::string(65, 'x');
    BOOST_TEST((peer::decode_notices(peer::encode(call)).error().code == peer::errc::malformed));
    BOOST_TEST((peer::decode_notices(R"({"schema_version":1,"instance":5,"notices":[]})").error().code ==
                peer::errc::malformed));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_the_wrong_type_is_refused) {
    const std::string good = peer::encode(example());
    auto replaced = [&](std::string_view what, std::string_view by) {
        std::string text = good;
        std::size_t at = text.find(what);
        BOOST_REQUIRE(at != std::string::npos);
        return text.replace(at, what.size(), by);
    };
    for (const std::string& wrong :
         {std::string(), std::string("[]"), std::string("{"), replaced("\"size\":42", "\"size\":-1"),
          replaced("\"size\":42", "\"size\":\"42\""), replaced("\"kind\":\"document\"", "\"kind\":\"letter\""),
          replaced("\"recipients\":[\"000.00.00.G22\",\"H48.99.01\"]", "\"recipients\":[]"),
          replaced("\"000.00.00.G22\"", "12"), replaced("\"packet_sha256\":\"", "\"packet_sha256\":\"zz")}) {
        auto m = peer::decode_manifest(wrong);
        BOOST_REQUIRE(!m);
        BOOST_TEST((m.error().code == peer::errc::malformed));
    }
}

BOOST_AUTO_TEST_CASE(two_sides_without_a_common_version_say_so) {
    peer::hello h;
    h.node = "n";
    h.lowest = 9;
    h.highest = 12;
    auto r = peer::decode_hello(peer::encode(h));
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == peer::errc::version_unsupported));
    h.lowest = 1; // N talks to N-1
    BOOST_TEST(peer::decode_hello(peer::encode(h)).has_value());
}

BOOST_AUTO_TEST_CASE(too_many_notices_in_one_call_are_refused) {
    peer::notice_call many;
    many.notices.assign(1001,
                        {.sequence = 1, .packet_sha256 = sha256::of("p"), .recipient = "A", .kind = "kept", .at = 1});
    auto r = peer::decode_notices(peer::encode(many));
    BOOST_REQUIRE(!r);
    BOOST_TEST((r.error().code == peer::errc::too_many_entries));
    many.notices.pop_back();
    BOOST_TEST(peer::decode_notices(peer::encode(many)).value().notices.size() == 1000u);
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused_and_does_not_exhaust_the_stack) {
    std::string deep = "{\"schema_version\":1,\"x\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
    BOOST_TEST(!peer::decode_manifest(deep).has_value());
}

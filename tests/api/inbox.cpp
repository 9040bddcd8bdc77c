// The inbox: in sequence, fetched as often as one likes, acknowledged once; statuses and the ladder.
#include "daemon/api/ladder.hpp"
#include "tests/api/packets.hpp"

#include <future>
#include <thread>

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(the_inbox)

BOOST_AUTO_TEST_CASE(entries_come_in_sequence_without_gaps_and_keep_their_ids) {
    office o;
    for (int n = 1; n <= 7; ++n) BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = n}).status == 201);
    json::array all = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(all.size() == 7u);
    for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST(all[i].at("sequence").to_number<std::uint64_t>() == i + 1);
    reply page = o.node.call("key-xa", "GET", "/v1/inbox?after=2&limit=3");
    BOOST_TEST(page.json().at("entries").as_array().size() == 3u);
    BOOST_TEST(page.json().at("next_after").to_number<std::uint64_t>() == 5u);
    // What is beyond the bounds counts as the bounds, and the answer says so.
    page = o.node.call("key-xa", "GET", "/v1/inbox?after=2&limit=100000&wait=61");
    BOOST_TEST(page.json().at("entries").as_array().size() == 5u);
    BOOST_TEST(page.json().at("limit").to_number<std::uint64_t>() == 500u);
    BOOST_TEST(page.json().at("wait").to_number<std::uint64_t>() == 60u);
    page = o.node.call("key-xa", "GET", "/v1/inbox?after=2&limit=500&wait=7");
    BOOST_TEST(page.json().at("limit").to_number<std::uint64_t>() == 500u);
    BOOST_TEST(page.json().at("wait").to_number<std::uint64_t>() == 7u);
    o.node.restart();
    BOOST_TEST((inbox_of(o.node, "key-xa") == all));
    for (const char* bad : {"after=-1", "after=x", "after=", "limit=0", "wait=1s", "after=99999999999999999999"})
        BOOST_TEST(o.node.call("key-xa", "GET", std::string("/v1/inbox?") + bad).code() == "api.bad_parameter", bad);
}

BOOST_AUTO_TEST_CASE(a_place_in_the_inbox_that_is_none_of_this_store_is_refused_with_what_to_do) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    auto ask = [&](const std::string& query) { return o.node.call("key-xa", "GET", "/v1/inbox?" + query); };
    const std::string instance(ask("after=0").json().at("instance").as_string());
    BOOST_TEST(instance.size() == 36u);
    BOOST_TEST(ask("after=1&instance=" + instance).status == 200);
    o.node.restart();
    BOOST_TEST((ask("after=1").json().at("instance") == json::value(instance)));
    // At once and not after the wait: the reader would learn nothing by waiting.
    auto began = std::chrono::steady_clock::now();
    for (const std::string& elsewhere :
         {std::string("after=2&wait=30"), std::string("after=999999999999999999"),
          "after=1&wait=30&instance=" + std::string(36, '0'), std::string("after=0&instance=")}) {
        reply no = ask(elsewhere);
        BOOST_TEST(no.status == 409, elsewhere);
        BOOST_TEST(no.code() == "api.inbox_restored", elsewhere);
        BOOST_TEST(!no.json().at("retryable").as_bool());
        for (const char* told : {"message_vi", "message_en", "action_vi", "action_en"})
            BOOST_TEST(!no.json().at(told).as_string().empty(), told);
    }
    BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20)));
    BOOST_TEST(ask("after=2").json().at("cause").as_string() == "after=2, last=1");
    BOOST_TEST(ask("after=1&instance=x").json().at("cause").as_string() == "instance");
    // An inbox that never had anything begins at 0.
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox?after=1").code() == "api.inbox_restored");
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox?after=0").status == 200);
}

BOOST_AUTO_TEST_CASE(sequences_are_per_organisation_and_nobody_reads_anothers) {
    office o;
    letter both{.to = {"H48.99.01", "H48"}};
    BOOST_REQUIRE(submit(o.node, "key-so", both).status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").at(0).at("sequence").to_number<int>() == 1);
    BOOST_TEST(o.node.call("key-tinh", "GET", "/v1/inbox").code() == "api.organisation_unclear");
    BOOST_TEST(
        o.node.call("key-tinh", "GET", "/v1/inbox?organisation=000.00.00.H48").json().at("entries").as_array().size() ==
        1u);
    reply other = o.node.call("key-xa", "GET", "/v1/inbox?organisation=H48");
    BOOST_TEST(other.status == 403);
    BOOST_TEST(other.code() == "api.organisation_not_yours");
    std::string id = first_entry(o.node, "key-xa");
    for (const char* what : {"", "/packet", "/attachments/0"})
        BOOST_TEST(o.node.call("key-so", "GET", "/v1/inbox/" + id + what).status == 404);
    BOOST_TEST(o.node.call("key-so", "POST", "/v1/inbox/" + id + "/ack").status == 404);
}

BOOST_AUTO_TEST_CASE(a_long_poll_wakes_when_something_comes) {
    office o;
    auto waiting =
        std::async(std::launch::async, [&] { return o.node.call("key-xa", "GET", "/v1/inbox?after=0&wait=30"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    auto began = std::chrono::steady_clock::now();
    BOOST_REQUIRE(submit(o.node, "key-so", {}).status == 201);
    BOOST_TEST(waiting.get().json().at("entries").as_array().size() == 1u);
    BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(20))); // not at its deadline
    reply empty = o.node.call("key-xa", "GET", "/v1/inbox?after=1&wait=1");
    BOOST_TEST(empty.json().at("entries").as_array().empty());
    BOOST_TEST(empty.json().at("next_after").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(ranges_of_packet_and_attachment_are_the_bytes_asked_for) {
    office o;
    std::string file;
    for (int i = 0; i < 5000; ++i) file += std::to_string(i) + ",";
    BOOST_REQUIRE(submit(o.node, "key-so", {}, file).status == 201);
    std::string base = "/v1/inbox/" + first_entry(o.node, "key-xa");
    std::string packet = o.node.call("key-xa", "GET", base + "/packet").body;
    for (const auto& [path, whole] : {std::pair(base + "/packet", packet), std::pair(base + "/attachments/0", file)}) {
        auto part = [&, at = path](const char* range) {
            return o.node.call("key-xa", "GET", at, {}, {{"Range", range}});
        };
        reply middle = part("bytes=10-19");
        BOOST_TEST(middle.status == 206);
        BOOST_TEST(middle.body == whole.substr(10, 10));
        BOOST_TEST(std::string(middle.fields.get("Content-Range")) == "bytes 10-19/" + std::to_string(whole.size()));
        BOOST_TEST((part("bytes=100-").body == whole.substr(100)));
        BOOST_TEST(part("bytes=-7").body == whole.substr(whole.size() - 7));
        reply beyond = part("bytes=99999999-");
        BOOST_TEST(beyond.status == 416);
        BOOST_TEST(std::string(beyond.fields.get("Content-Range")) == "bytes */" + std::to_string(whole.size()));
        BOOST_TEST((part("bytes=0-1,5-6").body == whole));
        // What was fetched before may have been another one.
        auto resumed = [&, at = path](const std::string& of) {
            return o.node.call("key-xa", "GET", at, {}, {{"Range", "bytes=10-19"}, {"If-Range", of}});
        };
        BOOST_TEST(resumed(std::string(middle.fields.get("ETag"))).status == 206);
        for (const char* other : {"\"another\"", "W/\"another\"", "Tue, 15 Jul 2025 08:00:00 GMT"}) {
            BOOST_TEST(resumed(other).status == 200, other);
            BOOST_TEST((resumed(other).body == whole), other);
        }
        reply head = o.node.call("key-xa", "HEAD", path);
        BOOST_TEST(head.status == 200);
        BOOST_TEST(std::string(head.fields.get("Content-Length")) == std::to_string(whole.size()));
        BOOST_TEST(head.body.empty());
    }
    reply whole = o.node.call("key-xa", "GET", base + "/attachments/0");
    BOOST_TEST(std::string(whole.fields.get("Content-Disposition")).find("van-ban.txt") != std::string::npos);
    BOOST_TEST(std::string(whole.fields.get("ETag")) == "\"" + sha256::of(file).hex() + "\"");
    for (const char* n : {"1", "-1", "x", "99999999999999999999"})
        BOOST_TEST(o.node.call("key-xa", "GET", base + "/attachments/" + n).status == 404, n);
}

BOOST_AUTO_TEST_CASE(a_reason_that_nobody_here_knows_is_still_a_sentence) {
    BOOST_TEST(api::reason_text("vxp.e17", true) == "Nơi đó báo mã lỗi vxp.e17 mà hệ thống này không biết.");
    BOOST_TEST(api::reason_text("vxp.e17", false).find("vxp.e17") != std::string::npos);
    BOOST_TEST(!api::reason_action("vxp.e17", true).empty());
    BOOST_TEST(api::reason_text("registry.no_route", true) == "Không có đường chuyển tới nơi nhận.");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

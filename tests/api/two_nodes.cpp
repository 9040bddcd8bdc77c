// Two nodes in one process: documents, receipts, notices and statuses on their ways.
#include "tests/api/pair_of_nodes.hpp"

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(two_nodes)

BOOST_AUTO_TEST_CASE(a_document_goes_up_and_its_receipt_notice_and_01_come_back) {
    pair_of_nodes n;
    reply sent = submit(n.lower, "key-huyen", upward());
    BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
    std::string document = text_of(sent.json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.upper, "key-xa").empty(); }));
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));

    json::object entry = inbox_of(n.upper, "key-xa").at(0).as_object();
    std::string id = text_of(entry, {"id"});
    BOOST_TEST(text_of(entry, {"document", "content_sha256"}) == text_of(sent.json(), {"content_sha256"}));
    BOOST_TEST(text_of(entry, {"document", "origin"}) == "proven");
    BOOST_TEST(text_of(entry, {"document", "came_from"}) == "h48.40");
    BOOST_TEST(n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").body == "nội dung");

    // The next hop's receipt is stored and holds by itself.
    auto kept = records::reader(n.lower.store->committed()).hop_receipt("@huyen", "@huyen", document, "h48");
    BOOST_REQUIRE((kept.has_value() && kept->has_value()));
    receipt::expectation expected;
    expected.packet_sha256 = digest::from_hex(text_of(entry, {"document", "packet_sha256"}));
    expected.as = receipt::role::final_hop;
    expected.hop_organisation = "H48";
    BOOST_TEST(receipt::verify(**kept, n.lower.anchors(), expected).has_value());

    BOOST_REQUIRE(n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.lower, "key-huyen").empty(); }));
    json::object back = inbox_of(n.lower, "key-huyen").at(0).as_object();
    BOOST_TEST(text_of(back, {"document", "status", "code"}) == "01");
    BOOST_TEST(text_of(back, {"document", "origin"}) == "proven");
    BOOST_TEST(n.track(document, {"last_status"}) == "01");
}

BOOST_AUTO_TEST_CASE(what_waits_is_delivered_once_the_other_side_is_there_and_after_a_restart) {
    pair_of_nodes n({}, [](node_spec& s) { s.delivers = false; });
    std::string document = text_of(submit(n.lower, "key-huyen", upward()).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "deferred"; }));
    BOOST_TEST(n.track(document, {"reason"}) == "delivery.no_transport");
    BOOST_TEST(!n.track(document, {"why_vi"}).empty());
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    n.lower.spec.delivers = true;
    n.lower.restart();
    n.meet(3);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
}

namespace {
// Something is wrong with the document each time, so that its attempts are used up.
struct picky_link final : delivery::transport {
    asio::awaitable<delivery::outcome> deliver(const delivery::outgoing&, steady_time) override {
        co_return delivery::outcome{.what = delivery::outcome::kind::deferred, .code = "intake.hash_mismatch"};
    }
    task<std::uint64_t> notify(const peer::notice_call& call, steady_time) override {
        co_return call.notices.back().sequence;
    }
};
} // namespace

BOOST_AUTO_TEST_CASE(the_ladder_says_when_the_next_attempt_is_and_how_many_are_left) {
    picky_link link;
    test_ca ca;
    node_spec spec = pair_of_nodes::lower_spec({});
    spec.transports = [&link](const std::string&) { return &link; };
    daemon_parts node(ca, spec);
    const std::string document = text_of(submit(node, "key-huyen", upward()).json(), {"document_id"});
    json::object shown;
    BOOST_REQUIRE(eventually([&] {
        shown = node.call("key-huyen", "GET", "/v1/documents/" + document).json().at("recipients").at(0).as_object();
        return shown.at("attempts").as_int64() >= 2 && shown.contains("attempts_left");
    }));
    const auto done = shown.at("attempts").as_int64(), left = shown.at("attempts_left").as_int64();
    BOOST_TEST(done + left == 1000); // daemon_parts
    BOOST_TEST(!text_of(shown, {"next_attempt_at"}).empty());
    const std::string vi = text_of(shown, {"why_vi"}), en = text_of(shown, {"why_en"});
    BOOST_TEST(vi.ends_with("(đã thử " + std::to_string(done) + " lần, còn " + std::to_string(left) + " lần)."), vi);
    BOOST_TEST(en.ends_with("(" + std::to_string(done) + " so far, " + std::to_string(left) + " left)."), en);
}

BOOST_AUTO_TEST_CASE(a_large_packet_crosses_by_the_spool) {
    // Room for the packet (a third more in base64) once: what has arrived is judged where it lies, not copied first.
    pair_of_nodes n([](node_spec& s) {
        s.resumable_from = 64u << 10;
        s.spool_quota = 6u << 20;
    });
    std::string file(3u << 20, 'z');
    std::string document = text_of(submit(n.lower, "key-huyen", upward(), file).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    std::string id = text_of(inbox_of(n.upper, "key-xa").at(0).as_object(), {"id"});
    BOOST_TEST((n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").body == file));
    BOOST_TEST(n.upper.spool->used() == 0u);
}

BOOST_AUTO_TEST_CASE(one_document_goes_to_thousands_over_a_link) {
    for (int count : {3000, 5000}) {
        pair_of_nodes n;
        letter l = upward();
        l.to.clear();
        std::string further;
        for (int i = 0; i < count; ++i) {
            l.to.push_back("H48." + std::to_string(10'000 + i));
            const std::string n_th = std::to_string(i);
            further += organisation_text{"o" + n_th, "Đơn vị " + n_th, "phòng", l.to.back()}.toml();
        }
        n.meet(3, further);
        reply sent = submit(n.lower, "key-huyen", l);
        BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body.substr(0, 500));
        std::string document = text_of(sent.json(), {"document_id"});
        auto state_of_last = [&] {
            auto row = records::reader(n.lower.store->committed()).consignment("@huyen", document, l.to.back());
            return row && *row ? (*row)->state_now : records::state::waiting;
        };
        BOOST_REQUIRE(eventually([&] { return state_of_last() == records::state::delivered; }));
        json::object ladder = n.lower.call("key-huyen", "GET", "/v1/documents/" + document).json();
        std::size_t delivered = 0;
        for (const json::value& r : ladder.at("recipients").as_array())
            delivered += text_of(r.as_object(), {"state"}) == "delivered";
        BOOST_TEST(delivered == static_cast<std::size_t>(count));
        std::size_t there = 0; // each in its own inbox
        for (int i = 0; i < count; ++i)
            there += records::reader(n.upper.store->committed()).inbox("@o" + std::to_string(i), 0, 10).value().size();
        BOOST_TEST(there == static_cast<std::size_t>(count));
    }
}

// What senders in the field leave out must not keep the receiver from answering.
BOOST_AUTO_TEST_CASE(a_packet_that_breaks_the_standard_can_be_acknowledged_and_answered) {
    pair_of_nodes n;
    peer_client lower(n.upper, n.ca, n.lower.service);
    int number = 100;
    auto deliver = [&](const std::function<void(std::string&)>& change) {
        std::string packet = upward(++number).packet("nội dung " + std::to_string(number));
        change(packet);
        BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
        auto done = lower.put(peer_client::path(packet), packet);
        BOOST_REQUIRE_MESSAGE((done.has_value() && done->status == 201), (done ? done->body : done.error().detail));
        json::object entry = inbox_of(n.upper, "key-xa").back().as_object();
        std::string id = text_of(entry, {"id"});
        reply ack = n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/ack");
        BOOST_TEST(ack.status == 200, ack.body);
        reply said = n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/status", R"({"code":"03"})",
                                  {{"Content-Type", "application/json"}});
        BOOST_TEST(said.status == 201, said.body);
        BOOST_TEST(n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").status == 200);
    };
    auto element = [](std::string& packet, const std::string& name, const std::string& content) {
        std::size_t at = packet.find(name + ">") + name.size() + 1, end = packet.find('<', at);
        BOOST_REQUIRE(end != std::string::npos);
        packet.replace(at, end - at, content);
    };
    deliver([](std::string&) {});
    for (const char* date : {"", "15/07/2025", "03/04/2025", "2025-07-15", "hôm nay"})
        deliver([&](std::string& p) { element(p, "PromulgationDate", date); });
    deliver([&](std::string& p) { element(p, "CodeNumber", ""); });
    deliver([&](std::string& p) { element(p, "CodeNotation", ""); });
    deliver([&](std::string& p) { element(p, "CodeNotation", std::string(300, 'N')); });
    deliver([&](std::string& p) { element(p, "DocumentId", ""); });
    deliver([&](std::string& p) { element(p, "Subject", std::string(3000, 's')); });
}

BOOST_AUTO_TEST_CASE(a_secret_from_a_partner_is_isolated_and_never_shown) {
    pair_of_nodes n;
    letter secret = upward();
    secret.subject = "TỐI MẬT";
    std::string packet = secret.packet();
    peer_client lower(n.upper, n.ca, n.lower.service);
    BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), packet)) == "intake.secret_isolated");
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    BOOST_TEST(!std::filesystem::is_empty(n.upper.folder.path() / "quarantine"));
}

BOOST_AUTO_TEST_CASE(a_refusal_on_the_way_comes_back_to_the_sender_as_returned) {
    pair_of_nodes n([](node_spec& s) { s.packet_limit = 200u << 10; });
    std::string document =
        text_of(submit(n.lower, "key-huyen", upward(), std::string(400u << 10, 'x')).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "refused"; }));
    BOOST_TEST(n.track(document, {"reason"}) == "net.body_too_large");
    BOOST_TEST(!n.track(document, {"why_en"}).empty());
}

BOOST_AUTO_TEST_CASE(a_document_goes_down_and_a_refusal_by_the_eoffice_comes_up) {
    pair_of_nodes n;
    letter down;
    down.to = {"H48.40"};
    std::string document = text_of(submit(n.upper, "key-so", down).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.lower, "key-huyen").empty(); }));
    std::string id = text_of(inbox_of(n.lower, "key-huyen").at(0).as_object(), {"id"});
    reply no =
        n.lower.call("key-huyen", "POST", "/v1/inbox/" + id + "/status",
                     R"({"code":"02","description":"Không thuộc thẩm quyền"})", {{"Content-Type", "application/json"}});
    BOOST_REQUIRE_MESSAGE(no.status == 201, no.body);
    BOOST_REQUIRE(eventually([&] { return inbox_of(n.upper, "key-so").size() == 2; })); // 01, which it implies, and 02
    BOOST_TEST((status_codes(n.upper, "key-so") == std::vector<std::string>{"01", "02"}));
    json::object back = inbox_of(n.upper, "key-so").at(1).as_object();
    BOOST_TEST(text_of(back, {"document", "status", "description"}) == "Không thuộc thẩm quyền");
    json::object ladder = n.upper.call("key-so", "GET", "/v1/documents/" + document).json();
    BOOST_TEST(text_of(ladder.at("recipients").at(0).as_object(), {"last_status"}) == "02");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

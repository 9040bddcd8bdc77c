// Recalls by the API, over one node and over two with a real link between them.
#include "daemon/api/ladder.hpp"
#include "tests/api/pair_of_nodes.hpp"
#include "tests/support/wait_for.hpp"

namespace vanthu::test {
namespace json = boost::json;

namespace {

reply recall(daemon_parts& at, const std::string& key, const std::string& document, const std::string& body) {
    return at.call(key, "POST", "/v1/documents/" + document + "/recall", body, {{"Content-Type", "application/json"}});
}
constexpr const char* because = R"({"reason":"Sai nội dung"})";

json::object recipient(daemon_parts& at, const std::string& key, const std::string& document, std::size_t n = 0) {
    return at.call(key, "GET", "/v1/documents/" + document).json().at("recipients").at(n).as_object();
}
std::string stands(daemon_parts& at, const std::string& key, const std::string& document, std::size_t n = 0) {
    return text_of(recipient(at, key, document, n), {"recall", "stands"});
}
std::string state_of(daemon_parts& at, const std::string& key, const std::string& document, std::size_t n = 0) {
    return text_of(recipient(at, key, document, n), {"state"});
}
// Recipients stand in the order of their codes: H48 before H48.99.01.
std::string sent(daemon_parts& at, const std::string& key, const letter& what) {
    reply r = submit(at, key, what);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    return text_of(r.json(), {"document_id"});
}

// Answers every attempt as the test says.
struct scripted_link final : delivery::transport {
    delivery::outcome next{.what = delivery::outcome::kind::deferred, .code = "net.connect_refused"};
    std::atomic<bool> held = false;
    std::atomic<unsigned> tries = 0;
    std::mutex guard;
    std::vector<std::string> manifests;
    asio::awaitable<delivery::outcome> deliver(const delivery::outgoing& packet, steady_time) override {
        {
            std::lock_guard lock(guard);
            manifests.push_back(packet.manifest);
        }
        ++tries;
        asio::steady_timer t(co_await asio::this_coro::executor);
        while (held) {
            t.expires_after(std::chrono::milliseconds(1));
            co_await t.async_wait(asio::use_awaitable);
        }
        co_return next;
    }
    task<std::uint64_t> notify(const peer::notice_call& call, steady_time) override {
        co_return call.notices.back().sequence;
    }
    std::string last_manifest() {
        std::lock_guard lock(guard);
        return manifests.empty() ? "" : manifests.back();
    }
};

// The lower node of the pair, with a script in the place of the upper one.
struct lower_behind_a_link {
    scripted_link link;
    test_ca ca;
    daemon_parts node{ca, spec(link)};

    static node_spec spec(scripted_link& link) {
        node_spec s = pair_of_nodes::lower_spec({});
        s.transports = [&link](const std::string&) { return &link; };
        return s;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(recalls)

BOOST_AUTO_TEST_CASE(what_is_still_here_is_withdrawn_at_once_and_is_never_sent) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    letter to_both = upward();
    to_both.to = {"H48.99.01", "H48"};
    const std::string id = sent(two.lower, "key-huyen", to_both);
    reply r = recall(two.lower, "key-huyen", id, R"({"reason":"Sai nơi nhận","to":["H48.99.01"]})");
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(stands(two.lower, "key-huyen", id, 1) == "withdrawn");
    json::object gone = recipient(two.lower, "key-huyen", id, 1);
    BOOST_TEST(text_of(gone, {"state"}) == "recalled");
    BOOST_TEST(text_of(gone, {"recall", "reason"}) == "Sai nơi nhận");
    BOOST_TEST(text_of(gone, {"why_vi"}).find("Đã thu hồi") != std::string::npos);
    BOOST_TEST(text_of(gone, {"why_en"}).find("Recalled") != std::string::npos);
    // The other recipient still gets it, in the same envelope; its To is as it was issued.
    BOOST_TEST(state_of(two.lower, "key-huyen", id) != "recalled");
    two.lower.spec.delivers = true;
    two.lower.restart();
    two.lower.use_registry(two.lower.spec.registry);
    BOOST_TEST(eventually([&] { return state_of(two.lower, "key-huyen", id) == "delivered"; }));
    BOOST_TEST(inbox_of(two.upper, "key-tinh").size() == 1u);
    BOOST_TEST(inbox_of(two.upper, "key-xa").empty());
    BOOST_TEST(state_of(two.lower, "key-huyen", id, 1) == "recalled");
}

BOOST_AUTO_TEST_CASE(what_lies_unacknowledged_is_cancelled_and_answered_with_15) {
    pair_of_nodes two;
    const std::string id = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return state_of(two.lower, "key-huyen", id) == "delivered"; }));
    BOOST_REQUIRE(recall(two.lower, "key-huyen", id, because).status == 201);
    BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", id) == "agreed"; }));
    BOOST_TEST((status_codes(two.lower, "key-huyen") == std::vector<std::string>{"15"}));
    json::array all = inbox_of(two.upper, "key-xa");
    BOOST_REQUIRE(all.size() == 1u);
    const json::object& entry = all.at(0).as_object();
    BOOST_TEST(!text_of(entry, {"cancelled_at"}).empty());
    BOOST_TEST(text_of(entry, {"recall", "reason"}) == "Sai nội dung");
    BOOST_TEST(acknowledge(two.upper, "key-xa", text_of(entry, {"id"})).code() == "intake.entry_recalled");
    BOOST_TEST(report(two.upper, "key-xa", text_of(entry, {"id"}), R"({"code":"03"})").code() ==
               "intake.entry_recalled");
}

BOOST_AUTO_TEST_CASE(what_the_eoffice_has_stands_before_its_clerk_who_may_deny_it) {
    pair_of_nodes two;
    const std::string id = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return state_of(two.lower, "key-huyen", id) == "delivered"; }));
    const std::string entry = first_entry(two.upper, "key-xa");
    BOOST_REQUIRE(acknowledge(two.upper, "key-xa", entry).status == 200);
    BOOST_REQUIRE(recall(two.lower, "key-huyen", id, because).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    json::object asked = inbox_of(two.upper, "key-xa").at(1).as_object();
    BOOST_TEST(text_of(asked, {"document", "business_type"}) == "1");
    BOOST_TEST(text_of(asked, {"recall", "stands"}) == "before_clerk");
    BOOST_TEST(!text_of(asked, {"recall", "answer_by"}).empty());
    BOOST_TEST(recall(two.lower, "key-huyen", id, because).code() == "intake.recall_already_asked");
    BOOST_REQUIRE(
        report(two.upper, "key-xa", text_of(asked, {"id"}), R"({"code":"16","description":"Đã giải quyết"})").status ==
        201);
    BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", id) == "denied"; }));
    BOOST_TEST(text_of(two.upper.call("key-xa", "GET", "/v1/inbox/" + entry).json(), {"cancelled_at"}).empty());
    // Denied once; it may be asked for again.
    BOOST_TEST(recall(two.lower, "key-huyen", id, because).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 3u; }));
    BOOST_REQUIRE(report(two.upper, "key-xa", entry, R"({"code":"15"})").status == 201);
    BOOST_TEST(eventually([&] { return stands(two.lower, "key-huyen", id) == "agreed"; }));
    BOOST_TEST(recall(two.lower, "key-huyen", id, because).code() == "intake.recall_ended");
}

BOOST_AUTO_TEST_CASE(the_answer_is_a_duty_that_both_sides_are_warned_of) {
    pair_of_nodes two;
    const std::string id = sent(two.lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return state_of(two.lower, "key-huyen", id) == "delivered"; }));
    const std::string entry = first_entry(two.upper, "key-xa");
    BOOST_REQUIRE(acknowledge(two.upper, "key-xa", entry).status == 200);
    BOOST_REQUIRE(recall(two.lower, "key-huyen", id, because).status == 201);
    BOOST_REQUIRE(eventually([&] { return inbox_of(two.upper, "key-xa").size() == 2u; }));
    // The receipt tells that the request has come to its end: the next node is the recipient's own.
    BOOST_REQUIRE(eventually(
        [&] { return !text_of(recipient(two.lower, "key-huyen", id), {"recall", "answer_by"}).empty(); }));
    // The recipient's eOffice: on what it is asked for, and on what asks.
    auto answered = [](const json::object& o) {
        std::vector<json::object> all;
        for (const json::value& each : o.at("deadlines").as_array())
            if (each.at("duty").as_string() == "answered") all.push_back(each.as_object());
        return all;
    };
    for (const json::value& e : inbox_of(two.upper, "key-xa")) {
        const auto wanted = answered(e.as_object());
        BOOST_REQUIRE(wanted.size() == 1u);
        BOOST_TEST(text_of(wanted[0], {"by"}) == text_of(e.as_object(), {"recall", "answer_by"}));
        BOOST_TEST(text_of(wanted[0], {"state"}) == text_of(e.as_object(), {"recall", "answer_state"}));
        BOOST_TEST(wanted[0].at("done_at").is_null());
    }
    // The sender, at other times.
    const calendar::office office;
    auto seen_at = [&](timestamp now) {
        const daemon_parts& node = two.lower;
        const records::reader read(node.store->committed());
        const auto known = node.gate->registry();
        const auto d = read.document("@huyen", id).value().value();
        return api::ladder(read, d, {*known, now, office, node.spec.home}).value().at("recipients").at(0).as_object();
    };
    const timestamp by = from_rfc3339(text_of(recipient(two.lower, "key-huyen", id), {"recall", "answer_by"})).value();
    BOOST_TEST((by == office.days.end_of_working_day(by - std::chrono::seconds(1))));
    const std::pair<timestamp, const char*> times[] = {{by - std::chrono::hours(24), "open"},
                                                       {by - std::chrono::hours(1), "soon"},
                                                       {by + std::chrono::seconds(1), "late"}};
    for (const auto& [now, state] : times) {
        const json::object r = seen_at(now);
        const auto wanted = answered(r);
        BOOST_REQUIRE(wanted.size() == 1u);
        BOOST_TEST(text_of(wanted[0], {"state"}) == state);
        BOOST_TEST(text_of(r, {"recall", "answer_state"}) == state);
        BOOST_TEST(r.at("recall").at("late").as_bool() == (state == std::string("late")));
    }
    BOOST_REQUIRE(report(two.upper, "key-xa", entry, R"({"code":"16","description":"Đã giải quyết"})").status == 201);
    BOOST_REQUIRE(eventually([&] { return stands(two.lower, "key-huyen", id) == "denied"; }));
    const json::object done = seen_at(by + std::chrono::hours(1));
    BOOST_TEST(text_of(answered(done).at(0), {"state"}) == "met");
    BOOST_TEST(!done.at("recall").at("late").as_bool());
    for (const json::value& e : inbox_of(two.upper, "key-xa")) BOOST_TEST(answered(e.as_object()).empty());
}

BOOST_AUTO_TEST_CASE(an_attempt_under_way_is_waited_for_and_its_outcome_decides) {
    for (const bool arrives : {false, true}) {
        lower_behind_a_link own;
        scripted_link& link = own.link;
        daemon_parts& lower = own.node;
        link.held = true;
        const std::string id = sent(lower, "key-huyen", upward());
        BOOST_REQUIRE(eventually([&] { return link.tries == 1u; }));
        BOOST_REQUIRE(recall(lower, "key-huyen", id, because).status == 201);
        BOOST_TEST(stands(lower, "key-huyen", id) == "fenced");
        link.next.unanswered = arrives; // nobody knows, so that it counts as taken
        link.held = false;
        BOOST_TEST(eventually([&] { return stands(lower, "key-huyen", id) == (arrives ? "asked" : "withdrawn"); }));
        BOOST_TEST(state_of(lower, "key-huyen", id) == "recalled");           // nothing more is tried
        BOOST_TEST(eventually([&] { return (link.tries > 1u) == arrives; })); // the recall is
        if (arrives) BOOST_TEST(link.last_manifest().find(id) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_crash_in_the_middle_of_an_attempt_leaves_it_perhaps_taken) {
    lower_behind_a_link own;
    scripted_link& link = own.link;
    daemon_parts& lower = own.node;
    link.held = true;
    const std::string id = sent(lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return link.tries == 1u; }));
    lower.restart(); // the attempt is given up; what came of it nobody learns
    BOOST_REQUIRE(eventually([&] { return link.tries >= 2u; }));
    BOOST_REQUIRE(recall(lower, "key-huyen", id, because).status == 201);
    link.held = false;
    BOOST_TEST(eventually([&] { return stands(lower, "key-huyen", id) == "asked"; }));
}

BOOST_AUTO_TEST_CASE(who_stays_still_gets_the_document_when_another_recipient_is_removed) {
    lower_behind_a_link own;
    scripted_link& link = own.link;
    daemon_parts& lower = own.node;
    link.held = true;
    letter to_both = upward();
    to_both.to = {"H48", "H48.99.01"};
    const std::string id = sent(lower, "key-huyen", to_both);
    BOOST_REQUIRE(eventually([&] { return link.tries == 1u; }));
    lower.restart(); // nobody learns what came of the attempt: the hop may have it
    BOOST_REQUIRE(eventually([&] { return link.tries >= 2u; }));
    net::headers as_json;
    as_json.set("Content-Type", "application/json");
    reply r = lower.call("key-huyen", "POST", "/v1/documents/" + id + "/update",
                         R"({"reason":"Sai nơi nhận","remove":["H48.99.01"]})", as_json);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    const std::size_t before = link.tries;
    lower.restart();
    BOOST_TEST(eventually([&] { return link.tries > before; })); // tried again
    auto t = records::reader(lower.store->committed()).transfer("@huyen", id, "h48").value().value();
    BOOST_TEST(!records::is_final(t.state_now));
    auto c = records::reader(lower.store->committed()).consignment("@huyen", id, "H48").value().value();
    BOOST_TEST(!records::is_final(c.state_now));
    link.held = false;
}

BOOST_AUTO_TEST_CASE(a_request_that_waits_for_an_attempt_goes_on_when_another_takes_its_place) {
    lower_behind_a_link own;
    scripted_link& link = own.link;
    daemon_parts& lower = own.node;
    link.held = true;
    letter what = upward();
    what.document_id = "VB-1";
    what.date = to_edxml_date(system_clock().now());
    BOOST_REQUIRE(submit_packet(lower, "key-huyen", what.packet()).status == 201);
    BOOST_REQUIRE(eventually([&] { return link.tries == 1u; }));
    letter back = what, changed = what;
    back.bussiness_type = 1;
    changed.bussiness_type = 2;
    reply asked = submit_packet(lower, "key-huyen", back.packet("Công văn thu hồi"));
    BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
    const std::string request = text_of(asked.json(), {"document_id"});
    auto transfer = [&](const std::string& of) {
        return records::reader(lower.store->committed()).transfer("@huyen", of, "h48").value().value();
    };
    BOOST_REQUIRE(transfer(request).fenced);
    // An update of the same document: the row is its own now.
    BOOST_REQUIRE(submit_packet(lower, "key-huyen", changed.packet("mới")).status == 201);
    BOOST_TEST(!transfer(request).fenced);
    link.next.unanswered = true;
    link.held = false;
    BOOST_TEST(eventually([&] { return transfer(request).attempts > 0; }));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_refused_on_its_way_leaves_nobody_waiting) {
    lower_behind_a_link own;
    scripted_link& link = own.link;
    daemon_parts& lower = own.node;
    link.held = true;
    const std::string id = sent(lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return link.tries == 1u; }));
    lower.restart(); // the hop may have the document
    BOOST_REQUIRE(eventually([&] { return link.tries >= 2u; }));
    BOOST_REQUIRE(recall(lower, "key-huyen", id, because).status == 201);
    link.next = {.what = delivery::outcome::kind::deferred, .code = "net.timed_out", .unanswered = true};
    link.held = false;
    BOOST_REQUIRE(eventually([&] { return state_of(lower, "key-huyen", id) == "recalled"; })); // tried no more
    link.next = {.what = delivery::outcome::kind::refused, .code = "intake.recipient_unknown"};
    BOOST_TEST(eventually([&] { return stands(lower, "key-huyen", id) == "ended"; }));
    // Neither delivered nor taken back: its sender is told, and may send it again.
    BOOST_TEST(state_of(lower, "key-huyen", id) == "refused");
    BOOST_TEST(recall(lower, "key-huyen", id, because).code() == "intake.recall_ended");
}

BOOST_AUTO_TEST_CASE(what_is_held_back_further_on_names_where_and_why) {
    lower_behind_a_link own;
    own.link.next = {.what = delivery::outcome::kind::delivered, .receipt = "receipt"};
    daemon_parts& lower = own.node;
    const std::string id = sent(lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return state_of(lower, "key-huyen", id) == "delivered"; }));
    const auto t = records::reader(lower.store->committed()).transfer("@huyen", id, "h48").value().value();
    peer::notice_call call{.instance = "there", .notices = {}};
    call.notices.push_back({1, t.packet_sha256, "H48.99.01", "parked", "registry.would_return", "H48", 1, ""});
    BOOST_REQUIRE(wait_for(lower.decisions->executor(0),
                           delivery::receive_notices(*lower.store, "@huyen", "h48", call)));
    const std::string why = text_of(recipient(lower, "key-huyen", id), {"why_vi"});
    const auto known = lower.gate->registry();
    const auto upper = known->resolve("H48", system_clock().now());
    BOOST_REQUIRE(upper.known());
    BOOST_TEST(why.starts_with("Đang tạm giữ tại " + std::string(upper.found->name(system_clock().now())) + ": "), why);
    BOOST_TEST(why.find("danh bạ khác nhau") != std::string::npos, why);
}

// A hop that knows the document as ended says so of the recall alone.
BOOST_AUTO_TEST_CASE(a_recall_that_a_hop_has_found_needless_waits_for_nobody) {
    lower_behind_a_link own;
    own.link.next = {.what = delivery::outcome::kind::delivered, .receipt = "receipt"};
    daemon_parts& lower = own.node;
    const std::string id = sent(lower, "key-huyen", upward());
    BOOST_REQUIRE(eventually([&] { return state_of(lower, "key-huyen", id) == "delivered"; }));
    reply asked = recall(lower, "key-huyen", id, because);
    BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
    auto transfer_of = [&](const std::string& document) {
        return records::reader(lower.store->committed()).transfer("@huyen", document, "h48").value().value();
    };
    const std::string request = text_of(asked.json(), {"recall_id"});
    BOOST_REQUIRE(eventually([&] { return transfer_of(request).state_now == records::state::delivered; }));
    BOOST_TEST(stands(lower, "key-huyen", id) == "asked");
    auto tell = [&](std::uint64_t sequence, const std::string& document) {
        peer::notice_call call{.instance = "there", .notices = {}};
        call.notices.push_back(
            {sequence, transfer_of(document).packet_sha256, "H48.99.01", "recalled", "", "H48", 1, ""});
        return wait_for(lower.decisions->executor(0),
                        delivery::receive_notices(*lower.store, "@huyen", "h48", call))
            .has_value();
    };
    BOOST_REQUIRE(tell(1, request));
    BOOST_TEST(stands(lower, "key-huyen", id) == "ended");
    BOOST_REQUIRE(tell(2, id)); // that it was stopped comes later, by another way: the better word
    BOOST_TEST(stands(lower, "key-huyen", id) == "withdrawn");
}

BOOST_AUTO_TEST_CASE(a_composed_envelope_keeps_its_bytes_when_one_recipient_is_withdrawn) {
    lower_behind_a_link own;
    scripted_link& link = own.link;
    daemon_parts& lower = own.node;
    letter to_both = upward();
    to_both.to = {"H48.99.01", "H48"};
    const std::string id = sent(lower, "key-huyen", to_both);
    auto transfer = [&] {
        return records::reader(lower.store->committed()).transfer("@huyen", id, "h48").value().value();
    };
    BOOST_REQUIRE(eventually([&] { return transfer().attempts > 0; }));
    const records::transfer_row before = transfer();
    auto ask = [&] { return recall(lower, "key-huyen", id, R"({"reason":"Sai","to":["H48.99.01"]})"); };
    BOOST_REQUIRE(ask().status == 201);
    BOOST_REQUIRE(eventually([&] { return stands(lower, "key-huyen", id, 1) == "withdrawn"; }));
    BOOST_TEST(transfer().packet_sha256.hex() == before.packet_sha256.hex());
    BOOST_TEST((transfer().recipients == std::vector<std::string>{"H48"}));
    BOOST_TEST(eventually([&] { return link.last_manifest().find("H48.99.01") == std::string::npos; }));
    BOOST_TEST(link.last_manifest().find(before.packet_sha256.hex()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_recall_that_overtakes_its_document_cancels_it_when_it_comes) {
    pair_of_nodes two({}, [](node_spec& s) { s.delivers = false; });
    letter what = upward();
    what.document_id = "VB-9";
    what.date = to_edxml_date(system_clock().now());
    letter back = what;
    back.bussiness_type = 1;
    auto offer = [&](const std::string& packet) {
        intake::offer o;
        o.source = intake::offer::from::peer;
        o.node = "h48.40";
        net::memory_body body(packet);
        return wait_for(two.upper.network->executor(0), two.upper.gate->accept(std::move(o), body));
    };
    BOOST_REQUIRE(offer(back.packet("")).has_value());
    BOOST_TEST(inbox_of(two.upper, "key-xa").empty());
    BOOST_REQUIRE(offer(what.packet()).has_value());
    json::array all = inbox_of(two.upper, "key-xa");
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_TEST(!text_of(all.at(0).as_object(), {"cancelled_at"}).empty());
    BOOST_TEST(acknowledge(two.upper, "key-xa", first_entry(two.upper, "key-xa")).code() == "intake.entry_recalled");
    // One 15 went out, for the recall.
    auto notices = records::reader(two.upper.store->committed()).documents("@xa", "", 10).value();
    BOOST_TEST(std::ranges::count(notices, "15", &records::document_row::status_code) == 1);
    // What is issued again afterwards under the same id is another document.
    letter corrected = what;
    std::string again = corrected.packet("đã sửa");
    const std::size_t at = again.find("2025/07/15 08:00:00"); // the sender's trace
    BOOST_REQUIRE(at != std::string::npos);
    again.replace(at, 19, "2025/07/16 08:00:00");
    BOOST_REQUIRE(offer(again).has_value());
    all = inbox_of(two.upper, "key-xa");
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(text_of(all.at(1).as_object(), {"cancelled_at"}).empty());
}

BOOST_AUTO_TEST_CASE(neighbours_on_one_node_are_recalled_without_a_packet_on_the_way) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{});
    BOOST_REQUIRE(recall(o.node, "key-so", id, because).status == 201);
    BOOST_TEST(stands(o.node, "key-so", id) == "agreed");
    BOOST_TEST(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).code() == "intake.entry_recalled");
    BOOST_TEST((status_codes(o.node, "key-so") == std::vector<std::string>{"15"}));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_recalled_is_refused_with_its_reason_and_changes_nothing) {
    office o;
    const std::string id = sent(o.node, "key-so", letter{});
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200);
    auto code = [&](const std::string& key, const std::string& of, const std::string& body) {
        return recall(o.node, key, of, body).code();
    };
    BOOST_TEST(code("key-so", "01900000-0000-7000-8000-000000000000", because) == "records.document_unknown");
    BOOST_TEST(code("key-xa", id, because) == "records.document_unknown"); // not theirs to see
    BOOST_TEST(code("key-xa", first_entry(o.node, "key-xa"), because) == "intake.recall_not_sender");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","to":["H48"]})") == "intake.recall_recipient_unknown");
    BOOST_TEST(code("key-so", id, R"({})") == "intake.recall_reason_missing");
    BOOST_TEST(code("key-so", id, R"({"reason":"  "})") == "intake.recall_reason_missing");
    BOOST_TEST(code("key-so", id, R"({"reason":")" + std::string(501, 'x') + R"("})") ==
               "intake.recall_reason_missing");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","to":[]})") == "api.bad_parameter");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","too":["H48"]})") == "api.unknown_parameter");
    BOOST_TEST(recipient(o.node, "key-so", id).if_contains("recall") == nullptr);
    reply asked = recall(o.node, "key-so", id, because);
    BOOST_REQUIRE_MESSAGE(asked.status == 201, asked.body);
    BOOST_TEST(code("key-so", id, because) == "intake.recall_already_asked");
    BOOST_TEST(code("key-so", id, R"({"reason":"x","to":["H48.99.01"]})") == "intake.recall_already_asked");
    BOOST_TEST(code("key-so", text_of(asked.json(), {"recall_id"}), because) == "intake.recall_not_document");
    BOOST_REQUIRE(report(o.node, "key-xa", first_entry(o.node, "key-xa"), R"({"code":"15"})").status == 201);
    BOOST_TEST(code("key-so", id, because) == "intake.recall_ended");

    letter refused_one{.number = 16};
    const std::string refused_id = sent(o.node, "key-so", refused_one);
    const std::string entry = text_of(inbox_of(o.node, "key-xa").back().as_object(), {"id"});
    BOOST_REQUIRE(report(o.node, "key-xa", entry, R"({"code":"02","description":"sai nơi nhận"})").status == 201);
    BOOST_TEST(code("key-so", refused_id, R"({"reason":"x","to":["H48.99.01"]})") == "intake.recall_ended");
}

BOOST_AUTO_TEST_CASE(what_went_to_a_node_that_left_the_registry_cannot_be_asked_back_and_that_is_said) {
    pair_of_nodes two;
    letter down;
    down.from = "H48";
    down.to = {"H48.40"};
    const std::string id = sent(two.upper, "key-tinh", down);
    BOOST_REQUIRE(eventually([&] { return state_of(two.upper, "key-tinh", id) == "delivered"; }));
    std::string text = two_node_registry(3, {}, two.upper.peer_url(), two.lower.peer_url());
    for (std::size_t at; (at = text.find("\"h48.40\"")) != std::string::npos;) text.replace(at, 8, "\"h48.new\"");
    two.upper.use_registry(text);
    reply r = recall(two.upper, "key-tinh", id, because);
    BOOST_TEST(r.status == 422);
    BOOST_TEST(r.code() == "intake.former_node_gone");
    BOOST_TEST(stands(two.upper, "key-tinh", id) == "");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

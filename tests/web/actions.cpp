// What an operator does at the door, and the figures that follow.
#include "tests/web/visitor.hpp"

using namespace vanthu;
using namespace vanthu::web;

BOOST_FIXTURE_TEST_CASE(a_parked_transfer_is_released_and_what_is_unknown_or_ended_is_not, visitor) {
    const std::string id = o.add("Gửi lại", "1", {parked_at_axis()});
    const std::string done = o.add("Đã giao", "2", {{"000.00.00.G12", "Bộ Tài chính", state::delivered, "truc", ""}});
    auto release = [&](json::object body) { return post("/api/transfers/release", std::move(body)); };
    BOOST_TEST(release({{"document", id}, {"node", "h99"}}).code() == "delivery.transfer_unknown");
    BOOST_TEST(release({{"document", new_id(system_clock().now())}, {"node", "truc"}}).code() ==
               "records.document_unknown");
    BOOST_TEST(release({{"document", id}, {"node", "truc"}, {"owner", "@nobody"}}).status == 404);
    BOOST_TEST(release({{"document", done}, {"node", "truc"}}).code() == "delivery.not_waiting");
    BOOST_TEST(release({{"node", "truc"}}).code() == "web.bad_parameter");
    BOOST_TEST(raw("POST", "/api/transfers/release", host() + bearer, "not json").code() == "web.bad_parameter");
    BOOST_TEST(raw("POST", "/api/transfers/release", host(), "{}").status == 401);
    BOOST_TEST(get("/api/transfers/release").status == 405);

    BOOST_TEST(release({{"document", id}, {"node", "truc"}}).status == 200);
    records::reader read(o.store().committed());
    bool released = false;
    for (const records::event_row& e : read.events_of(o.home(), id).value()) released |= e.kind == "released";
    BOOST_TEST(released);
    BOOST_TEST((read.transfer(o.home(), id, "truc").value()->state_now != state::parked));
}

BOOST_FIXTURE_TEST_CASE(a_registry_that_is_none_is_its_askers_fault_and_names_the_line, visitor) {
    auto plan = [&](const std::string& text) {
        return raw("POST", "/api/registry/dry-run", host() + bearer, text);
    };
    const std::string good = o.node().spec.registry;
    BOOST_TEST(plan(good).status == 200);
    answer no = plan(good + "\n[[organisation]]\nid = \"x\"\nid = \"y\"\n");
    BOOST_TEST(no.status == 422);
    BOOST_TEST(no.code() == "registry.syntax");
    const auto lines = std::ranges::count(good, '\n') + 4;
    const std::string cause(no.object().at("cause").as_string());
    BOOST_TEST(cause.starts_with("registry:" + std::to_string(lines) + ":"), cause);
    BOOST_TEST(plan("[[organisation]]\n").status == 422);
}

BOOST_FIXTURE_TEST_CASE(a_document_is_released_as_a_whole_and_what_still_has_no_way_is_told, visitor) {
    const std::string id =
        o.add("Cho đi tiếp", "1",
              {parked_at_axis(), {"H48.55", "Sở Mới", state::parked, "", "registry.unknown_organisation"}});
    const std::string other = o.add("Văn bản khác", "2", {parked_at_axis()});
    auto release = [&](json::object body) { return post("/api/transfers/release", std::move(body)); };
    BOOST_TEST(release({{"document", new_id(system_clock().now())}}).code() == "records.document_unknown");
    BOOST_TEST(release({{"document", id}, {"owner", "@nobody"}}).code() == "records.document_unknown");
    BOOST_TEST(raw("POST", "/api/transfers/release", host(), json::serialize(json::object{{"document", id}})).status ==
               401);

    answer first = release({{"document", id}, {"owner", o.home()}});
    BOOST_REQUIRE_MESSAGE(first.status == 200, first.body);
    BOOST_TEST((first.object().at("released").as_array() == json::array{"truc"}));
    BOOST_TEST(first.object().at("placed").to_number<int>() == 0);
    BOOST_TEST(first.object().at("still_parked").to_number<int>() == 1);
    records::reader read(o.store().committed());
    auto row = [&](const std::string& document, const char* code) {
        return read.consignment(o.home(), document, code).value().value();
    };
    BOOST_TEST((row(id, "000.00.00.G12").state_now != state::parked));
    BOOST_TEST((row(other, "000.00.00.G12").state_now == state::parked)); // of this document only

    // The registry is put right; the release finds the way.
    o.node().use_registry(o.node().spec.registry +
                          test::organisation_text{"moi", "Sở Mới", "sở", "H48.55", "h48", {}}.toml());
    answer second = release({{"document", id}});
    BOOST_REQUIRE_MESSAGE(second.status == 200, second.body);
    BOOST_TEST(second.object().at("released").as_array().empty());
    BOOST_TEST(second.object().at("placed").to_number<int>() == 1);
    BOOST_TEST(second.object().at("still_parked").to_number<int>() == 0);
    BOOST_TEST((row(id, "H48.55").state_now == state::delivered));
    BOOST_TEST(read.inbox("@moi", 0, 10).value().size() == 1u);
    answer third = release({{"document", id}}); // nothing is left to do, which is no fault
    BOOST_TEST(third.status == 200);
    BOOST_TEST(third.object().at("placed").to_number<int>() == 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_held_goes_back_to_its_sender_with_a_reason, visitor) {
    const std::string id = o.add("Bị giữ", "1",
                                 {{"H48.98", "Sở Thử nghiệm", state::parked, "", "intake.signature_held"},
                                  {"000.00.00.G12", "Bộ Tài chính", state::parked, "", "intake.first_page_unseen"},
                                  {"H48.55", "Sở Mới", state::parked, "", "registry.unknown_organisation"}});
    auto send_back = [&](json::object body) { return post("/api/transfers/return", std::move(body)); };
    const json::value reason = "Chữ ký không phải của <người> có thẩm quyền";
    BOOST_TEST(send_back({{"document", id}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", id}, {"reason", " \n "}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", id}, {"reason", std::string(501, 'x')}}).code() == "web.reason_missing");
    BOOST_TEST(send_back({{"document", "x"}, {"reason", reason}}).code() == "web.bad_parameter");
    for (const json::value& wrong : {json::value("yes"), json::value(1), json::value(nullptr)})
        BOOST_TEST(send_back({{"document", id}, {"reason", reason}, {"confirm", wrong}}).code() == "web.bad_parameter");
    BOOST_TEST(send_back({{"document", id}, {"reason", reason}, {"officer", " "}}).code() == "web.bad_parameter");
    BOOST_TEST(send_back({{"document", id}, {"reason", reason}, {"node", "truc"}}).code() == "web.bad_parameter");
    BOOST_TEST(send_back({{"document", new_id(system_clock().now())}, {"reason", reason}}).code() ==
               "records.document_unknown");
    BOOST_TEST(send_back({{"document", id}, {"owner", "@nobody"}, {"reason", reason}}).code() ==
               "records.document_unknown");
    BOOST_TEST(
        send_back({{"document", new_id(system_clock().now())}, {"owner", o.home()}, {"reason", reason}}).code() ==
        "records.document_unknown");
    BOOST_TEST(raw("POST", "/api/transfers/return", host(), "{}").status == 401);
    BOOST_TEST(get("/api/transfers/return").status == 405);
    records::reader read(o.store().committed());
    BOOST_TEST(read.inbox("@h48", 0, 10).value().empty());

    answer done = send_back({{"document", id}, {"owner", o.home()}, {"reason", reason}});
    BOOST_REQUIRE_MESSAGE(done.status == 200, done.body);
    BOOST_TEST(done.object().at("returned").to_number<int>() == 3);
    auto row = [&](const char* code) { return read.consignment(o.home(), id, code).value().value(); };
    for (const char* code : {"H48.98", "000.00.00.G12", "H48.55"}) {
        BOOST_TEST((row(code).state_now == state::refused), code);
        BOOST_TEST(row(code).reason == "intake.returned_by_operator", code);
    }
    // A 02 from whom we serve; for others nobody here refuses.
    BOOST_TEST(row("H48.98").last_status == "02");
    BOOST_TEST(row("000.00.00.G12").last_status == "");
    BOOST_TEST(row("H48.55").last_status == "");
    const auto answers = read.inbox("@h48", 0, 10).value();
    BOOST_REQUIRE(answers.size() == 1u);
    const auto refusal = read.document(answers[0].owner, answers[0].document).value().value();
    BOOST_TEST(refusal.status_code == "02");
    BOOST_TEST(refusal.status_description == reason.as_string());
    BOOST_TEST(get("/api/documents/" + id).body.find("Người vận hành trả lại nơi gửi: Chữ ký không phải của") !=
               std::string::npos);

    BOOST_TEST(send_back({{"document", id}, {"reason", reason}}).code() == "intake.nothing_held"); // once
    BOOST_TEST(read.inbox("@h48", 0, 10).value().size() == 1u);
    answer released = post("/api/transfers/release", {{"document", id}});
    BOOST_TEST(released.object().at("placed").to_number<int>() == 0);
    BOOST_TEST((row("H48.98").state_now == state::refused));
}

// However it came to be parked: returning is the one way to end it, and everybody who looks sees that and why.
BOOST_FIXTURE_TEST_CASE(whatever_is_parked_can_be_returned_whatever_the_reason, visitor) {
    struct kind {
        const char *hop, *reason, *ends_as;
    };
    constexpr const char *at_gate = "intake.returned_by_operator", *after_attempts = "delivery.given_up";
    const kind kinds[] = {{"", "registry.unknown_organisation", at_gate},
                          {"", "registry.closed_no_successor", at_gate},
                          {"", "registry.closed_several_successors", at_gate},
                          {"", "registry.no_route", at_gate},
                          {"", "intake.signature_held", at_gate},
                          {"", "intake.first_page_unseen", at_gate},
                          {"truc", "net.connect_refused", after_attempts},
                          {"truc", "delivery.attempts_exhausted", after_attempts},
                          {"truc", "delivery.no_transport", after_attempts},
                          {"truc", "delivery.node_unknown", after_attempts},
                          {"truc", "delivery.packet_unreadable", after_attempts}};
    int number = 0;
    for (const kind& k : kinds) {
        BOOST_TEST_CONTEXT(k.reason) {
            const std::string id =
                o.add("Trả lại", std::to_string(++number), {{"H48.55", "Sở Mới", state::parked, k.hop, k.reason}});
            records::reader read(o.store().committed());
            auto row = [&] { return read.consignment(o.home(), id, "H48.55").value().value(); };
            answer done =
                post("/api/transfers/return", {{"document", id}, {"reason", "Gửi nhầm"}, {"officer", "Trần Thị Mẫu"}});
            BOOST_REQUIRE_MESSAGE(done.status == 200, done.body);
            BOOST_TEST(done.object().at("returned").to_number<int>() == 1);
            BOOST_TEST((row().state_now == state::refused));
            BOOST_TEST(row().reason == k.ends_as);
            BOOST_TEST(row().last_status == ""); // nobody here refuses in its name
            const auto last = read.events_of(o.home(), id).value().back();
            BOOST_TEST(last.kind == "sent_back");
            BOOST_TEST(last.code == k.ends_as);
            BOOST_TEST(last.by == "Trần Thị Mẫu");
            BOOST_TEST(last.text == "Gửi nhầm");
            BOOST_TEST(get("/api/documents/" + id).body.find("Người vận hành trả lại nơi gửi: Gửi nhầm") !=
                       std::string::npos);
            // For good: neither a second time, nor released, nor placed when the registry knows it.
            BOOST_TEST(post("/api/transfers/return", {{"document", id}, {"reason", "Gửi nhầm"}}).code() ==
                       "intake.nothing_held");
            BOOST_TEST(post("/api/transfers/release", {{"document", id}}).object().at("placed").to_number<int>() == 0);
            BOOST_TEST((row().state_now == state::refused));
        }
    }
    BOOST_TEST(records::reader(o.store().committed()).unplaced_after(o.home(), {}, 100).value().empty());
}

BOOST_FIXTURE_TEST_CASE(what_may_have_arrived_is_returned_only_when_that_is_confirmed, visitor) {
    // One part of it may have arrived, the other never left: nothing of it changes before the confirmation.
    const std::string id =
        o.add("Có thể đã tới", "1",
              {{"000.00.00.G12", "Bộ Tài chính", state::parked, "truc", "delivery.receipt_not_valid"},
               {"H48.98", "Sở Thử nghiệm", state::parked, "", "intake.signature_held"}});
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(auto tried, w.transfer(o.home(), id, "truc"));
        tried->perhaps_taken = true;
        w.put(*tried);
        return {};
    };
    BOOST_REQUIRE(o.store().commit_and_wait(change).has_value());
    records::reader read(o.store().committed());
    auto row = [&](const char* code) { return read.consignment(o.home(), id, code).value().value(); };
    json::object asked{{"document", id}, {"reason", "Đã gọi cho nơi nhận"}};
    for (int confirm = 0; confirm < 2; ++confirm) {
        if (confirm) asked["confirm"] = false;
        answer no = post("/api/transfers/return", asked);
        BOOST_TEST(no.status == 409);
        BOOST_TEST(no.code() == "delivery.may_have_arrived");
        for (const char* code : {"000.00.00.G12", "H48.98"}) BOOST_TEST((row(code).state_now == state::parked), code);
    }
    asked["confirm"] = true;
    answer done = post("/api/transfers/return", asked);
    BOOST_REQUIRE_MESSAGE(done.status == 200, done.body);
    BOOST_TEST(done.object().at("returned").to_number<int>() == 2);
    BOOST_TEST(row("000.00.00.G12").reason == "delivery.given_up_unanswered"); // what its sender reads
    BOOST_TEST(row("H48.98").reason == "intake.returned_by_operator");
    BOOST_TEST(get("/api/documents/" + id).body.find("văn bản vẫn có thể đã tới") != std::string::npos);
}

// The worst moment: the release has ended on the engine's thread, and the way back to the request's thread is not gone
// yet. The request's thread is held until then, so that the cancellation comes first.
BOOST_FIXTURE_TEST_CASE(a_client_that_vanishes_during_a_release_does_no_harm, visitor) {
    const auto executor = o.network().executor(0);
    const net::peer_identity who;
    for (int i = 0; i < 20; ++i) {
        const std::string id = o.add("Gửi lại", std::to_string(i + 1), {parked_at_axis()});
        net::memory_body body(json::serialize(json::object{{"document", id}, {"node", "truc"}, {"owner", o.home()}}));
        net::request r{.method = "POST",
                       .path = "/api/transfers/release",
                       .query = {},
                       .raw_target = "/api/transfers/release",
                       .fields = {{"Host", o.address()}, {"Authorization", "Bearer " + std::string(test_secret)}},
                       .peer = who,
                       .content_length = {},
                       .body = body};
        asio::cancellation_signal vanished;
        std::promise<void> ended, told;
        asio::co_spawn(executor, o.door().handle(r),
                       asio::bind_cancellation_slot(
                           vanished.slot(), [&](std::exception_ptr, const net::response&) { ended.set_value(); }));
        asio::post(executor, [&] {
            auto released = [&] {
                const auto row = records::reader(o.store().committed()).transfer(o.home(), id, "truc").value();
                return row->state_now != state::parked;
            };
            for (int wait = 0; wait < 5000 && !released(); ++wait)
                std::this_thread::sleep_for(std::chrono::milliseconds(1));
            std::this_thread::sleep_for(std::chrono::milliseconds(10)); // for what the engine does after its commit
            vanished.emit(asio::cancellation_type::terminal);
            told.set_value();
        });
        told.get_future().wait();
        ended.get_future().wait();
    }
    const std::string id = o.add("Gửi lại", "999", {parked_at_axis()});
    BOOST_TEST(post("/api/transfers/release", {{"document", id}, {"node", "truc"}}).status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_secret_is_destroyed_only_by_a_named_officer_with_a_reason_and_stays_on_record, visitor) {
    const std::string id = o.isolate_secret(), path = "/api/quarantine/" + id + "/destroy";
    json::array listed = get("/api/quarantine").object().at("entries").as_array();
    BOOST_REQUIRE(listed.size() == 1u);
    BOOST_TEST(listed[0].at("id").as_string() == id);
    for (json::object body : {json::object{},
                              {{"officer", "Trần Thị Mẫu"}},
                              {{"reason", "theo quyết định"}},
                              {{"officer", "  "}, {"reason", "x"}},
                              {{"officer", "A\nB"}, {"reason", "x"}},
                              {{"officer", 1}, {"reason", "x"}}})
        BOOST_TEST(post(path, body).code() == "web.officer_missing");
    const json::object decision{{"officer", "Trần Thị Mẫu"}, {"reason", "Quyết định 12"}};
    for (const char* other : {"none", "key"})
        BOOST_TEST(post(std::string("/api/quarantine/") + other + "/destroy", decision).status == 404, other);
    BOOST_TEST(std::filesystem::exists(o.folder() / "quarantine" / (id + ".sealed")));
    BOOST_TEST(std::filesystem::exists(o.folder() / "quarantine" / "key"));

    BOOST_TEST(post(path, decision).status == 200);
    BOOST_TEST(!std::filesystem::exists(o.folder() / "quarantine" / (id + ".sealed")));
    BOOST_TEST(get("/api/quarantine").object().at("entries").as_array().empty());
    BOOST_TEST(post(path, decision).code() == "web.secret_unknown");
    auto events = records::reader(o.store().committed()).events_after(o.home(), 0, 10).value();
    BOOST_REQUIRE(events.size() == 1u);
    BOOST_TEST(events[0].kind == "isolated_secret_destruction");
    BOOST_TEST(events[0].by == "Trần Thị Mẫu");
    BOOST_TEST(events[0].text == "Quyết định 12");
}

BOOST_FIXTURE_TEST_CASE(records_are_compared_when_asked_and_what_was_found_is_shown, visitor) {
    BOOST_TEST(raw("POST", "/api/reconcile", host(), "{}").status == 401);
    BOOST_TEST(get("/api/reconcile").object().at("reports").as_array().empty());
    for (json::object wrong : {json::object{{"node", ""}}, json::object{{"node", 5}}, json::object{{"from", "hôm qua"}},
                               json::object{{"to", 5}}, json::object{{"repair", "no"}}, json::object{{"since", "x"}}})
        BOOST_TEST(post("/api/reconcile", wrong).code() == "web.bad_parameter");
    BOOST_TEST(post("/api/reconcile", {{"node", "nowhere"}}).code() == "reconciliation.node_unknown");
    BOOST_TEST(post("/api/reconcile", {{"node", "truc"}}).code() == "reconciliation.node_unknown"); // no vanthu

    answer begun = post("/api/reconcile", {{"repair", false}, {"from", "2025-07-01T00:00:00+07:00"}});
    BOOST_REQUIRE_MESSAGE(begun.status == 200, begun.body);
    BOOST_TEST(begun.object().at("started").as_array().size() == 2u);
    json::array reports;
    for (int i = 0; i < 2000 && reports.size() < 2; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        reports = get("/api/reconcile").object().at("reports").as_array();
    }
    BOOST_REQUIRE_EQUAL(reports.size(), 2u);
    const json::object& g22 = reports[0].as_object();
    BOOST_TEST(g22.at("outcome").as_string() == "done");
    BOOST_TEST(g22.at("from").as_string() == "2025-06-30T17:00:00.000000Z");
    BOOST_TEST(g22.at("counts").at("not_on_record_here").at("found").to_number<int>() == 1);
    BOOST_TEST(!g22.at("findings").at(0).at("text_vi").as_string().empty());
    BOOST_TEST(g22.at("last_try").at("text_vi").as_string().empty());
    BOOST_TEST(reports[1].at("outcome").as_string() == "cannot_compare");
    BOOST_TEST(!reports[1].at("last_try").at("text_vi").as_string().empty());
    BOOST_TEST(reports[1].at("last_try").at("text_en").as_string().find("Upgrade") != std::string::npos);
    const json::object shown = get("/api/overview").object().at("reconciliation").as_object();
    BOOST_TEST(shown.at("reports").at(0).at("found").to_number<int>() == 1);
    BOOST_TEST(!shown.at("reports").at(0).as_object().contains("findings"));
    const std::string page = get("/metrics").body;
    for (const char* line : {"vanthu_reconcile_findings{destination=\"g22\",kind=\"not_on_record_here\"} 1",
                             "vanthu_reconcile_unrepaired{destination=\"g22\",kind=\"not_on_record_here\"} 1",
                             "vanthu_reconcile_failed{destination=\"g22\"} 0"})
        BOOST_TEST(page.find(line) != std::string::npos, line << "\n" << page);
}

BOOST_FIXTURE_TEST_CASE(metrics_say_how_many_wait_how_old_and_where_to, visitor) {
    o.fill();
    const std::string page = get("/metrics").body;
    for (const char* line :
         {"vanthu_consignments_waiting{destination=\"truc\"} 1",
          "vanthu_consignments_waiting{destination=\"h48.99.01\"} 2",
          "vanthu_consignments_parked{destination=\"truc\",reason=\"delivery.attempts_exhausted\"} 1",
          "vanthu_inbox_unacknowledged{organisation=\"@h48.99.02\"} 1",
          "vanthu_inbox_arrival_due_soon{organisation=\"@h48.99.02\"} ",
          "vanthu_inbox_arrival_overdue{organisation=\"@h48.99.02\"} ",
          "vanthu_oldest_waiting_seconds{destination=\"truc\"}"})
        BOOST_TEST(page.find(line) != std::string::npos, line << "\n" << page);
}

// POST /v1/documents: what is taken in, what is refused, and that nothing is taken in twice.
#include "tests/api/packets.hpp"

#include <future>

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(submitting)

BOOST_AUTO_TEST_CASE(files_become_a_document_with_a_receipt_that_verifies) {
    office o;
    reply r = submit(o.node, "key-so", {});
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    json::object a = r.json();
    BOOST_TEST(std::string(r.fields.get("Location")) == "/v1/documents/" + text_of(a, {"document_id"}));
    receipt::expectation expected;
    expected.packet_sha256 = digest::from_hex(text_of(a, {"packet_sha256"}));
    expected.as = receipt::role::accepted;
    expected.from = "H48.01";
    expected.recipient = "H48.99.01";
    expected.hop_organisation = "H48";
    auto verified = receipt::verify(text_of(a, {"receipt"}), o.node.anchors(), expected);
    BOOST_TEST(verified.has_value(), (verified ? "" : verified.error().code.message() + verified.error().detail));
    reply again = o.node.call("key-so", "GET", "/v1/documents/" + text_of(a, {"document_id"}) + "/receipt");
    BOOST_TEST(again.body == text_of(a, {"receipt"}));
}

BOOST_AUTO_TEST_CASE(a_ready_packet_is_kept_byte_for_byte) {
    office o;
    std::string packet = letter{}.packet();
    reply r = submit_packet(o.node, "key-so", packet);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    BOOST_TEST(text_of(r.json(), {"packet_sha256"}) == sha256::of(packet).hex());
    json::array entries = inbox_of(o.node, "key-xa");
    BOOST_REQUIRE(entries.size() == 1u);
    std::string id = text_of(entries[0].as_object(), {"id"});
    reply bytes = o.node.call("key-xa", "GET", "/v1/inbox/" + id + "/packet");
    BOOST_TEST(bytes.status == 200);
    BOOST_TEST((bytes.body == packet));
}

BOOST_AUTO_TEST_CASE(a_packet_too_large_for_memory_goes_through_the_spool_unchanged) {
    office o([](node_spec& s) { s.memory_spool = 64u << 10; });
    std::string file;
    for (int i = 0; file.size() < (3u << 20); ++i) file += "dòng " + std::to_string(i) + "\n";
    reply r = submit(o.node, "key-so", {}, file);
    BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    json::object entry = inbox_of(o.node, "key-xa").at(0).as_object();
    reply bytes = o.node.call("key-xa", "GET", "/v1/inbox/" + text_of(entry, {"id"}) + "/attachments/0");
    BOOST_TEST(bytes.status == 200);
    BOOST_TEST((bytes.body == file));
    // Given back when the request has ended, which is just after its answer.
    BOOST_TEST(eventually([&] { return o.node.spool->used() == 0u; }));
}

BOOST_AUTO_TEST_CASE(the_same_key_and_request_get_the_first_answer_byte_for_byte) {
    office o;
    net::headers key{{"Idempotency-Key", "k-1"}};
    reply first = submit(o.node, "key-so", {}, "nội dung", key);
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    reply again = submit(o.node, "key-so", {}, "nội dung", key);
    BOOST_TEST(again.status == first.status);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    o.node.restart();
    reply later = submit(o.node, "key-so", {}, "nội dung", key);
    BOOST_TEST(later.status == first.status);
    BOOST_TEST(later.body == first.body);
}

BOOST_AUTO_TEST_CASE(the_same_key_for_another_request_is_refused) {
    office o;
    net::headers key{{"Idempotency-Key", "k-1"}};
    BOOST_REQUIRE(submit(o.node, "key-so", {}, "một", key).status == 201);
    reply other = submit(o.node, "key-so", {}, "hai", key);
    BOOST_TEST(other.status == 422);
    BOOST_TEST(other.code() == "intake.idempotency_conflict");
}

BOOST_AUTO_TEST_CASE(a_key_is_the_credentials_own) {
    office o;
    net::headers key{{"Idempotency-Key", "k-1"}};
    BOOST_REQUIRE(submit(o.node, "key-so", {}, "một", key).status == 201);
    letter other{.number = 16};
    BOOST_TEST(submit(o.node, "key-tinh", other, "hai", key).status == 201);
}

BOOST_AUTO_TEST_CASE(a_refusal_does_not_use_up_the_key) {
    office o;
    net::headers key{{"Idempotency-Key", "k-1"}};
    letter wrong{.to = {"H99"}};
    BOOST_TEST(submit(o.node, "key-so", wrong, "nội dung", key).status == 422);
    BOOST_TEST(submit(o.node, "key-so", {}, "nội dung", key).status == 201);
}

BOOST_AUTO_TEST_CASE(many_at_once_under_one_key_make_one_document) {
    office o;
    std::vector<std::future<reply>> all;
    for (int i = 0; i < 6; ++i)
        all.push_back(std::async(std::launch::async, [&] {
            return submit(o.node, "key-so", {}, std::string(200'000, 'x'), {{"Idempotency-Key", "k"}});
        }));
    std::string body;
    for (auto& f : all) {
        reply r = f.get();
        if (r.status == 409) {
            BOOST_TEST(r.code() == "intake.still_running");
            BOOST_TEST(!r.fields.get("Retry-After").empty());
            continue;
        }
        BOOST_TEST(r.status == 201);
        if (body.empty()) body = r.body;
        BOOST_TEST(r.body == body);
    }
    BOOST_TEST(!body.empty());
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_same_document_in_a_new_envelope_gets_the_first_receipt_and_no_second_entry) {
    office o;
    letter what{.document_id = "VB-1"};
    reply first = submit_packet(o.node, "key-so", what.packet());
    BOOST_REQUIRE_MESSAGE(first.status == 201, first.body);
    std::string other = what.packet();
    other.insert(other.find("?>") + 2, "<!-- lần hai -->");
    reply again = submit_packet(o.node, "key-so", other);
    BOOST_TEST(again.status == 200);
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_further_recipient_of_a_known_document_gets_it_alone) {
    office o;
    letter what{.document_id = "VB-1"};
    BOOST_REQUIRE(submit(o.node, "key-so", what).status == 201);
    what.to = {"H48.99.01", "H48"};
    BOOST_REQUIRE(submit(o.node, "key-so", what).status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    reply r = o.node.call("key-tinh", "GET", "/v1/inbox?organisation=H48");
    BOOST_TEST(r.json().at("entries").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_number_used_for_other_content_is_refused_at_the_issuer) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}, "một").status == 201);
    reply r = submit(o.node, "key-so", {}, "hai");
    BOOST_TEST(r.status == 409);
    BOOST_TEST(r.code() == "intake.number_reused");
    letter zeros; // 15 and 0015 are one number
    std::string packet = zeros.packet("ba");
    packet.replace(packet.find(">15<"), 4, ">0015<");
    BOOST_TEST(submit_packet(o.node, "key-so", packet).code() == "intake.number_reused");
}

BOOST_AUTO_TEST_CASE(a_number_used_for_other_content_is_refused_also_towards_another_recipient) {
    office o;
    reply first = submit(o.node, "key-so", {}, "một");
    BOOST_REQUIRE(first.status == 201);
    reply other = submit(o.node, "key-so", letter{.to = {"H48"}}, "hai");
    BOOST_TEST(other.code() == "intake.number_reused");
    BOOST_TEST(text_of(other.json(), {"cause"}) == text_of(first.json(), {"document_id"}));
    BOOST_TEST(submit(o.node, "key-so", letter{.to = {"H48"}}, "một").status == 201); // the same content to one more
    BOOST_TEST(submit(o.node, "key-so", letter{.date = "2024/07/15"}, "hai").status == 201); // another year's number
}

BOOST_AUTO_TEST_CASE(a_number_is_free_again_for_others_when_nobody_holds_the_document) {
    office o;
    letter both{.to = {"H48.99.01", "H48"}};
    BOOST_REQUIRE(submit(o.node, "key-so", both, "một").status == 201);
    auto refuse = [&](const std::string& key, const std::string& organisation) {
        std::string query = "?organisation=" + organisation;
        json::array entries = o.node.call(key, "GET", "/v1/inbox" + query).json().at("entries").as_array();
        reply no = o.node.call(key, "POST", "/v1/inbox/" + text_of(entries.at(0).as_object(), {"id"}) + "/status",
                               R"({"code":"02","description":"sai"})", {{"Content-Type", "application/json"}});
        BOOST_REQUIRE_MESSAGE(no.status == 201, no.body);
    };
    refuse("key-xa", "H48.99.01");
    letter third{.to = {"H48.01"}};
    BOOST_TEST(submit(o.node, "key-so", third, "hai").code() == "intake.number_reused"); // H48 still holds it
    BOOST_TEST(submit(o.node, "key-so", {}, "hai").status == 201); // who refused gets it corrected
    refuse("key-tinh", "H48");
    BOOST_TEST(submit(o.node, "key-so", third, "hai").status == 201);
    BOOST_TEST(submit(o.node, "key-so", third, "ba").code() == "intake.number_reused");
}

BOOST_AUTO_TEST_CASE(conversations_reuse_a_number_that_stays_taken_for_others) {
    office o;
    letter what{.document_id = "VB-1"};
    BOOST_REQUIRE(submit_packet(o.node, "key-so", what.packet("một")).status == 201);
    BOOST_REQUIRE(acknowledge(o.node, "key-xa", first_entry(o.node, "key-xa")).status == 200); // else a recall ends it
    letter elsewhere{.document_id = "VB-2", .to = {"H48"}};
    for (int type : {1, 2, 3}) {
        letter conversation = what;
        conversation.bussiness_type = type;
        reply r = submit_packet(o.node, "key-so", conversation.packet("nội dung " + std::to_string(type)));
        BOOST_TEST(r.status == 201, r.body);
        r = submit_packet(o.node, "key-so", conversation.packet("nội dung khác " + std::to_string(type)));
        BOOST_TEST(r.status == 201, r.body);
        BOOST_TEST(submit_packet(o.node, "key-so", elsewhere.packet("mới")).code() == "intake.number_reused");
    }
}

BOOST_AUTO_TEST_CASE(leading_zeros_make_no_other_document_id) {
    office o;
    letter five{.number_text = "5"}, zero_five{.number_text = "05"};
    std::string id = text_of(submit(o.node, "key-so", five).json(), {"business_document_id"});
    reply again = submit(o.node, "key-so", zero_five);
    BOOST_TEST(again.status == 200);
    BOOST_TEST(text_of(again.json(), {"business_document_id"}) == id);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(numbers_and_files_that_cannot_be_filed_are_refused) {
    office o;
    for (const char* number : {"15/QĐ", "/", "1\t5", "15\xc2\x85", "-1", "abc", "15a", "1 5", "+5", "1.5", "１５"})
        BOOST_TEST(submit(o.node, "key-so", letter{.number_text = number}).code() == "intake.number_malformed", number);
    // What was sent under such a number before can still be taken back.
    BOOST_TEST(submit_packet(o.node, "key-so", letter{.number_text = "15a", .bussiness_type = 1}.packet()).status ==
               201);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(submit(o.node, "key-so", {}, "").code() == "intake.attachment_empty");
    for (std::string name : {".", "..", "a/b.txt", "..\\b.txt", "/etc/passwd", "a\tb.txt", "a\xc2\x9b.txt",
                             "a\u202etxt.exe", "\u2066a.txt", "a\u200e.txt", "a\u061c.txt"}) {
        std::string packet = letter{}.packet("x", "van-ban.txt");
        for (std::size_t at; (at = packet.find("van-ban.txt")) != std::string::npos;) packet.replace(at, 11, name);
        BOOST_TEST(submit_packet(o.node, "key-so", packet).code() == "intake.attachment_name_unsafe", name);
    }
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 1u);
    BOOST_TEST(submit_packet(o.node, "key-so", letter{}.packet("x", "...Công văn (1).txt")).status == 201);
}

BOOST_AUTO_TEST_CASE(a_refused_document_may_be_sent_again_corrected) {
    office o;
    BOOST_REQUIRE(submit(o.node, "key-so", {}, "một").status == 201);
    std::string id = text_of(inbox_of(o.node, "key-xa").at(0).as_object(), {"id"});
    reply no = o.node.call("key-xa", "POST", "/v1/inbox/" + id + "/status",
                           R"({"code":"02","description":"sai thể thức"})", {{"Content-Type", "application/json"}});
    BOOST_REQUIRE_MESSAGE(no.status == 201, no.body);
    BOOST_TEST(submit(o.node, "key-so", {}, "hai").status == 201);
    BOOST_TEST(inbox_of(o.node, "key-xa").size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_dry_run_says_what_would_happen_and_stores_nothing) {
    office o;
    std::uint64_t before = o.node.bytes_on_disk(),
                  events = records::reader(o.node.store->committed()).last_event("@so").value();
    reply r = submit(o.node, "key-so", {}, "nội dung", {{"Idempotency-Key", "k"}}, "?dry_run=1");
    BOOST_REQUIRE_MESSAGE(r.status == 200, r.body);
    BOOST_TEST(r.json().at("dry_run").as_bool());
    BOOST_TEST(!r.json().contains("document_id"));
    BOOST_TEST(!r.json().contains("receipt"));
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    BOOST_TEST(o.node.bytes_on_disk() == before);
    BOOST_TEST(records::reader(o.node.store->committed()).last_event("@so").value() == events);
    letter wrong{.to = {"H99"}};
    BOOST_TEST(submit(o.node, "key-so", wrong, "x", {}, "?dry_run=1").code() == "intake.recipient_unknown");
    BOOST_TEST(submit(o.node, "key-so", {}, "x", {}, "?dry_run=true").status == 200);
    BOOST_TEST(submit(o.node, "key-so", {}, "x", {}, "?dry_run=yes").code() == "api.bad_parameter");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
    // The key is still free for another request.
    BOOST_TEST(submit(o.node, "key-so", {}, "khác", {{"Idempotency-Key", "k"}}).status == 201);
}

BOOST_AUTO_TEST_CASE(a_dry_run_stores_nothing_also_where_the_recipient_answers_by_itself) {
    office o([](node_spec& s) {
        s.registry += organisation_text{"ban", "Ban", "ban", "H48.02", "tinh", "answers_on_commit = true\n"}.toml();
    });
    letter what{.to = {"H48.02"}};
    std::uint64_t before = o.node.bytes_on_disk();
    BOOST_REQUIRE(submit(o.node, "key-so", what, "x", {}, "?dry_run=1").status == 200);
    BOOST_TEST(o.node.bytes_on_disk() == before);
    BOOST_REQUIRE(submit(o.node, "key-so", what, "x").status == 201);
    json::array back = inbox_of(o.node, "key-so");
    BOOST_REQUIRE(back.size() == 1u);
    BOOST_TEST(text_of(back[0].as_object(), {"document", "status", "code"}) == "01");
    // The document again, by another packet: still one 01.
    submit(o.node, "key-so", what, "x");
    BOOST_TEST(inbox_of(o.node, "key-so").size() == 1u);
}

BOOST_AUTO_TEST_CASE(who_may_not_is_refused) {
    office o;
    reply nobody = submit(o.node, "", {});
    BOOST_TEST(nobody.status == 401);
    BOOST_TEST(!nobody.fields.get("WWW-Authenticate").empty());
    BOOST_TEST(submit(o.node, "wrong", {}).status == 401);
    reply other = submit(o.node, "key-xa", {}); // From is another organisation
    BOOST_TEST(other.status == 403);
    BOOST_TEST(other.code() == "intake.sender_not_yours");
    office only_track([](node_spec& s) {
        for (std::size_t at; (at = s.credentials.find("\"submit\", \"inbox\", ")) != std::string::npos;)
            s.credentials.erase(at, 19);
    });
    BOOST_TEST(submit(only_track.node, "key-so", {}).status == 403);
    BOOST_TEST(only_track.node.call("key-so", "GET", "/v1/inbox").code() == "api.right_missing");
}

BOOST_AUTO_TEST_CASE(recipients_that_cannot_get_it_are_named) {
    office o;
    auto code_for = [&](std::vector<std::string> to) {
        letter what;
        what.to = std::move(to);
        reply r = submit(o.node, "key-so", what);
        BOOST_TEST(r.status == 422);
        return r.code() + " " + text_of(r.json(), {"cause"});
    };
    BOOST_TEST(code_for({"H99"}) == "intake.recipient_unknown H99");
    BOOST_TEST(code_for({"H48.99.01", "H48.77"}) == "intake.recipient_closed H48.77");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
}

BOOST_AUTO_TEST_CASE(two_codes_of_one_recipient_make_one_entry) {
    office o;
    letter what{.to = {"H48", "000.00.00.H48"}};
    BOOST_REQUIRE(submit(o.node, "key-so", what).status == 201);
    reply r = o.node.call("key-tinh", "GET", "/v1/inbox?organisation=H48");
    BOOST_TEST(r.json().at("entries").as_array().size() == 1u);
}

BOOST_AUTO_TEST_CASE(broken_requests_are_refused_with_a_code) {
    office o;
    auto post = [&](std::string type, std::string body) {
        reply r = o.node.call("key-so", "POST", "/v1/documents", std::move(body), {{"Content-Type", type}});
        BOOST_TEST(r.status >= 400);
        BOOST_TEST(r.status < 500);
        return r.code();
    };
    BOOST_TEST(post("text/plain", "x") == "api.unsupported_media_type");
    BOOST_TEST(post("multipart/form-data", "x") == "net.bad_multipart");
    BOOST_TEST(post("multipart/form-data; boundary=b",
                    "--b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{") == "net.bad_multipart");
    form no_metadata;
    no_metadata.part("file", "x", "a.txt");
    BOOST_TEST(post(std::string(no_metadata.fields().get("Content-Type")), no_metadata.finish()) ==
               "api.metadata_missing");
    form no_file;
    no_file.part("metadata", letter{}.metadata());
    BOOST_TEST(post(std::string(no_file.fields().get("Content-Type")), no_file.finish()) == "api.file_missing");
    form bad_json;
    bad_json.part("metadata", "{").part("file", "x", "a.txt");
    BOOST_TEST(post(std::string(bad_json.fields().get("Content-Type")), bad_json.finish()) == "api.bad_parameter");
    form unknown_field;
    unknown_field.part("metadata", R"({"sbject":"x"})").part("file", "x", "a.txt");
    BOOST_TEST(post(std::string(unknown_field.fields().get("Content-Type")), unknown_field.finish()) ==
               "edxml.field_unknown");
    form two_metadata;
    two_metadata.part("metadata", "{").part("metadata", letter{}.metadata()).part("file", "x", "a.txt");
    BOOST_TEST(post(std::string(two_metadata.fields().get("Content-Type")), two_metadata.finish()) ==
               "api.repeated_parameter");
    BOOST_TEST(post("application/xml", "không phải xml").starts_with("edxml."));
    BOOST_TEST(post("application/xml", "").starts_with("edxml."));
    std::string doctype = letter{}.packet();
    doctype.insert(doctype.find("?>") + 2, "<!DOCTYPE x [<!ENTITY a \"b\">]>");
    BOOST_TEST(post("application/xml", doctype) == "edxml.doctype_refused");
    BOOST_TEST(submit(o.node, "key-so", {}, "x", {{"Idempotency-Key", std::string(201, 'k')}}).code() ==
               "api.bad_parameter");
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
}

BOOST_AUTO_TEST_CASE(a_packet_above_the_limit_is_refused_and_leaves_nothing) {
    office o([](node_spec& s) { s.packet_limit = 300u << 10; });
    reply r = submit(o.node, "key-so", {}, std::string(400u << 10, 'x'));
    BOOST_TEST(r.status == 413);
    BOOST_TEST(o.node.spool->used() == 0u);
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
}

BOOST_AUTO_TEST_CASE(a_secrecy_marking_is_refused_and_leaves_nothing) {
    office o;
    letter what{.subject = "TUYỆT MẬT"};
    std::uint64_t before = o.node.bytes_on_disk();
    reply r = submit(o.node, "key-so", what);
    BOOST_TEST(r.status == 403);
    BOOST_TEST(r.code() == "intake.secret_refused");
    BOOST_TEST(o.node.bytes_on_disk() == before);
    BOOST_TEST(!std::filesystem::exists(o.node.folder.path() / "quarantine" / "x"));
    letter harmless{.subject = "Về bảo mật thông tin"};
    BOOST_TEST(submit(o.node, "key-so", harmless).status == 201);
}

BOOST_AUTO_TEST_CASE(dates_of_issue_in_the_future_or_unclear_are_refused) {
    office o;
    letter future{.date = "2099/01/01"};
    BOOST_TEST(submit(o.node, "key-so", future).code() == "intake.date_in_future");
    letter unclear{.date = "03/04/2025"};
    reply r = submit(o.node, "key-so", unclear);
    BOOST_TEST(r.status == 422);
    BOOST_TEST(inbox_of(o.node, "key-xa").empty());
}

BOOST_AUTO_TEST_CASE(what_there_is_not_is_404_and_what_one_may_not_do_there_is_405) {
    office o;
    BOOST_TEST(o.node.call("", "GET", "/v1/health").status == 200);
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/nothing").code() == "api.no_such_resource");
    BOOST_TEST(o.node.call("key-so", "DELETE", "/v1/documents").status == 405);
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/documents/0197c8a0-0000-7000-8000-000000000000").status == 404);
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/documents/0197c8a0-0000-7000-8000-000000000000/receipt").status ==
               404);
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/inbox/0197c8a0-0000-7000-8000-000000000000").status == 404);
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/organisations?since=x").code() == "api.bad_parameter");
    std::string id = text_of(submit(o.node, "key-so", {}).json(), {"document_id"});
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/documents/" + id).status == 200);
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/documents/" + id).status == 404); // not the recipient's to follow
}

BOOST_AUTO_TEST_CASE(documents_and_organisations_are_listed) {
    office o;
    for (int n = 1; n <= 3; ++n) BOOST_REQUIRE(submit(o.node, "key-so", letter{.number = n}).status == 201);
    json::array all = o.node.call("key-so", "GET", "/v1/documents").json().at("documents").as_array();
    BOOST_REQUIRE(all.size() == 3u);
    BOOST_TEST(text_of(all[0].as_object(), {"number"}) == "3");
    std::string newest = text_of(all[0].as_object(), {"id"});
    BOOST_TEST(
        o.node.call("key-so", "GET", "/v1/documents?before=" + newest).json().at("documents").as_array().size() == 2u);
    BOOST_TEST(o.node.call("key-xa", "GET", "/v1/documents").json().at("documents").as_array().empty());
    BOOST_TEST(o.node.call("key-so", "GET", "/v1/organisations").json().at("organisations").as_array().size() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

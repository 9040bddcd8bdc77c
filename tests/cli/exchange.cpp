// The commands over the REST API, against a real node.
#include "daemon/base/files.hpp"
#include "tests/api/packets.hpp"
#include "tests/cli/desk.hpp"

namespace vanthu::test {

BOOST_AUTO_TEST_SUITE(exchange)

BOOST_AUTO_TEST_CASE(a_document_is_sent_fetched_answered_and_followed) {
    desk d;
    ran sent = d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt"), "--receipt", d.path("receipt"),
                           "--trust", d.folder.path().string()});
    BOOST_REQUIRE_MESSAGE(sent.exit_code == 0, sent.output);
    BOOST_TEST(vanthu({"verify-receipt", d.path("receipt"), "--trust", d.folder.path().string()}).exit_code == 0);
    // Sent again: the key follows from the content, so nothing happens twice.
    json::object again = d.json_as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")});
    BOOST_TEST(read_text_file(d.path("receipt")).value() == text_of(again, {"receipt"}));
    std::string document = text_of(again, {"document_id"});

    json::object inbox = d.json_as("xa", {"inbox"});
    BOOST_REQUIRE(inbox.at("entries").as_array().size() == 1u);
    std::string id = text_of(inbox.at("entries").at(0).as_object(), {"id"});
    BOOST_TEST(d.as("xa", {"inbox"}).output.find("15/SNV-VP") != std::string::npos);
    BOOST_REQUIRE(d.as("xa", {"get", id, "--attachments", d.path("in")}).exit_code == 0);
    BOOST_TEST(read_text_file(d.path("in/van-ban.txt")).value() == "nội dung");
    BOOST_REQUIRE(d.as("xa", {"get", id, "--attachments", d.path("in")}).exit_code == 0); // never replaces
    BOOST_TEST(std::filesystem::exists(d.path("in/van-ban (2).txt")));
    BOOST_REQUIRE(d.as("xa", {"get", id, "--packet", d.path("packet.edxml")}).exit_code == 0);
    BOOST_TEST(vanthu({"packet", "check", d.path("packet.edxml")}).exit_code == 0);
    BOOST_TEST(d.as("xa", {"ack", id}).exit_code == 0);
    BOOST_TEST(d.as("xa", {"ack", id}).exit_code == 0);
    BOOST_TEST(d.as("xa", {"status", id, "02"}).exit_code == 1);
    BOOST_TEST(d.as("xa", {"status", id, "06", "--description", "Đã xong"}).exit_code == 0);

    ran shown = d.as("so", {"track", document, "--watch"}); // ends by itself: finished
    BOOST_REQUIRE_MESSAGE(shown.exit_code == 0, shown.output);
    for (const char* text : {"15/SNV-VP", "Ủy ban nhân dân xã", "● 01", "● 06", "↷ 03", "Đã xong", "Hoàn thành"})
        BOOST_TEST(shown.output.find(text) != std::string::npos, text << "\n" << shown.output);
    BOOST_TEST(shown.output.find('\033') == std::string::npos); // no terminal, no colour
    ran english = d.as("so", {"track", document, "--lang", "en"});
    BOOST_TEST(english.output.find("Finished") != std::string::npos);
    BOOST_TEST(d.as("so", {"organisations"}).output.find("Sở Nội vụ") != std::string::npos);
    BOOST_TEST_MESSAGE(shown.output);
}

BOOST_AUTO_TEST_CASE(a_ready_packet_is_sent_and_a_dry_run_sends_nothing) {
    desk d;
    d.write("p.edxml", letter{}.packet());
    BOOST_TEST(d.as("so", {"send", d.path("p.edxml"), "--dry-run"}).exit_code == 0);
    BOOST_TEST(d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt"), "--dry-run"}).exit_code == 0);
    BOOST_TEST(inbox_of(d.at.node, "key-xa").empty());
    json::object sent = d.json_as("so", {"send", d.path("p.edxml"), "--trust", d.folder.path().string()});
    BOOST_TEST(text_of(sent, {"packet_sha256"}) == sha256::of(letter{}.packet()).hex());
}

BOOST_AUTO_TEST_CASE(each_failure_has_its_exit_code) {
    desk d;
    BOOST_TEST(vanthu({}).exit_code == 64);
    BOOST_TEST(vanthu({"no-such-command"}).exit_code == 64);
    BOOST_TEST(vanthu({"--help"}).exit_code == 0);
    BOOST_TEST(vanthu({"--version"}).output.starts_with("vanthu "));
    BOOST_TEST(vanthu({"inbox"}).exit_code == 64); // no server
    BOOST_TEST(d.as("nobody", {"inbox"}).exit_code == 66);
    BOOST_TEST(d.as("so", {"send", d.path("meta.json")}).exit_code == 64);
    BOOST_TEST(d.as("so", {"send", d.path("none.edxml")}).exit_code == 66);
    BOOST_TEST(d.as("so", {"send", d.path("van-ban.txt")}).exit_code == 1);
    d.write("bad.json", "[]");
    BOOST_TEST(d.as("so", {"send", d.path("bad.json"), d.path("van-ban.txt")}).output.find("cli.metadata_unreadable") !=
               std::string::npos);
    ran refused = d.as("xa", {"send", d.path("meta.json"), d.path("van-ban.txt"), "--lang", "en"});
    BOOST_TEST(refused.exit_code == 1);
    BOOST_TEST(refused.output.find("intake.sender_not_yours") != std::string::npos);
    BOOST_TEST(vanthu({"inbox", "--key-file", d.path("so")}, {"VANTHU_SERVER=http://127.0.0.1:1"}).exit_code == 69);
    BOOST_TEST(d.as("so", {"get", "../x"}).exit_code == 1);
    BOOST_TEST(d.as("so", {"track", "0197c8a0-0000-7000-8000-000000000000"}).exit_code == 1);
}

BOOST_AUTO_TEST_CASE(the_command_line_goes_before_the_environment_for_every_command) {
    desk d;
    BOOST_REQUIRE(d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}).exit_code == 0);
    const json::object inbox = d.json_as("xa", {"inbox"});
    const std::string id = text_of(inbox.at("entries").at(0).as_object(), {"id"});
    const std::string server = d.server();
    // The variables name another organisation, or a server where nobody is.
    const std::vector<std::string> other_key{"VANTHU_SERVER=" + server, "VANTHU_KEY_FILE=" + d.path("so")},
        other_server{"VANTHU_SERVER=http://127.0.0.1:1", "VANTHU_KEY_FILE=" + d.path("so")};
    for (const std::vector<std::string>& environment : {other_key, other_server})
        for (std::vector<std::string> command :
             {std::vector<std::string>{"inbox"}, {"get", id}, {"ack", id}, {"status", id, "06"}, {"organisations"}}) {
            const std::string name = command[0];
            command.insert(command.end(), {"--server", server, "--key-file", d.path("xa"), "--json"});
            ran r = vanthu(command, environment);
            BOOST_TEST(r.exit_code == 0, name << ": " << r.output);
            if (name == "inbox") BOOST_TEST(r.output.find(id) != std::string::npos, r.output);
        }
    // And they are what holds where the command line is silent.
    BOOST_TEST(vanthu({"get", id}, {"VANTHU_SERVER=" + server, "VANTHU_KEY_FILE=" + d.path("xa")}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(a_document_is_asked_back_once_and_is_gone_from_an_inbox_where_nobody_took_it) {
    desk d;
    const std::string id =
        text_of(d.json_as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}), {"document_id"});
    auto refused = [&](const char* who, std::vector<std::string> arguments, const char* code) {
        arguments.insert(arguments.begin(), {"recall"});
        ran r = d.as(who, arguments);
        BOOST_TEST(r.exit_code == (std::string_view(code).empty() ? 64 : 1), r.output);
        BOOST_TEST(r.output.find(code) != std::string::npos, r.output);
    };
    refused("so", {id}, ""); // without a reason
    refused("xa", {id, "--reason", "Sai"}, "records.document_unknown");
    refused("so", {id, "--reason", "Sai", "--to", "H48.00"}, "intake.recall_recipient_unknown");
    ran asked = d.as("so", {"recall", id, "--reason", "Sai nội dung"});
    BOOST_TEST(asked.exit_code == 0, asked.output);
    BOOST_TEST(asked.output.find("Đã ghi yêu cầu thu hồi") != std::string::npos, asked.output);
    BOOST_TEST(asked.output.find("đồng ý") != std::string::npos, asked.output); // answered by 15 at once
    refused("so", {id, "--reason", "Sai nội dung"}, "intake.recall_ended");
    const std::string inbox = d.as("xa", {"inbox"}).output;
    BOOST_TEST(inbox.find("Đã thu hồi") != std::string::npos, inbox);
}

BOOST_AUTO_TEST_CASE(a_document_is_updated_and_replaced_and_the_inbox_says_so) {
    desk d;
    const std::string id =
        text_of(d.json_as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}), {"document_id"});
    d.write("moi.txt", "nội dung mới");
    d.write("moi.json", R"({"code":{"number":"16","notation":"SNV-VP"},"subject":"Đã sửa"})");
    BOOST_TEST(d.as("so", {"replace", id, d.path("moi.json"), d.path("moi.txt")}).exit_code == 64); // no reason
    BOOST_TEST(d.as("so", {"update", id, "--reason", "Sai"}).output.find("intake.nothing_changed") !=
               std::string::npos);
    ran updated = d.as("so", {"update", id, "--reason", "Thêm nơi nhận", "--add", "H48"});
    BOOST_TEST(updated.exit_code == 0, updated.output);
    BOOST_TEST(updated.output.find("Đã ghi yêu cầu cập nhật") != std::string::npos, updated.output);
    std::string inbox = d.as("xa", {"inbox"}).output;
    BOOST_TEST(inbox.find("Bên gửi yêu cầu cập nhật") != std::string::npos, inbox);
    const std::string request = text_of(inbox_of(d.at.node, "key-xa").at(1).as_object(), {"id"});
    BOOST_TEST(d.as("xa", {"status", request, "15"}).exit_code == 0);
    std::vector<std::string> again{"replace", id, d.path("moi.json"), d.path("moi.txt"), "--reason", "Sai nội dung"};
    const json::object first = d.json_as("so", again);
    BOOST_TEST(text_of(d.json_as("so", again), {"receipt"}) == text_of(first, {"receipt"})); // the key follows
    inbox = d.as("xa", {"inbox"}).output;
    BOOST_TEST(inbox.find("Đã thay thế") != std::string::npos, inbox);
    const std::string shown = d.as("so", {"track", id, "--lang", "en"}).output;
    BOOST_TEST(shown.find("Replaced: the recipient cancelled the old document") != std::string::npos, shown);
}

BOOST_AUTO_TEST_CASE(the_inbox_is_listed_up_to_a_limit_and_says_where_to_go_on) {
    desk d;
    for (int number : {21, 22, 23}) {
        d.write("p.edxml", letter{.number = number}.packet("nội dung " + std::to_string(number)));
        BOOST_REQUIRE(d.as("so", {"send", d.path("p.edxml")}).exit_code == 0);
    }
    json::object two = d.json_as("xa", {"inbox", "--limit", "2"});
    BOOST_TEST(two.at("entries").as_array().size() == 2u);
    BOOST_TEST(two.at("more").as_bool());
    const std::string after = json::serialize(two.at("next_after"));
    json::object rest = d.json_as("xa", {"inbox", "--after", after, "--limit", "2"});
    BOOST_TEST(rest.at("entries").as_array().size() == 1u);
    BOOST_TEST(!rest.at("more").as_bool());
    BOOST_TEST(!d.json_as("xa", {"inbox", "--limit", "3"}).at("more").as_bool());
    BOOST_TEST(d.json_as("xa", {"inbox"}).at("entries").as_array().size() == 3u);
    ran said = d.as("xa", {"inbox", "--limit", "2", "--lang", "en"});
    BOOST_TEST(said.output.find("There is more; go on with --after " + after) != std::string::npos, said.output);
    BOOST_TEST(d.as("xa", {"inbox", "--lang", "en"}).output.find("There is more") == std::string::npos);
    BOOST_TEST(vanthu({"inbox", "--limit", "0"}).exit_code == 64);
}

BOOST_AUTO_TEST_CASE(a_day_looks_the_same_in_the_inbox_and_on_the_way) {
    desk d;
    const std::string id =
        text_of(d.json_as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}), {"document_id"});
    const std::string day = to_edxml_time(system_clock().now()).substr(0, 10); // 2025/07/15
    const std::string vi = day.substr(8, 2) + "/" + day.substr(5, 2) + "/" + day.substr(0, 4) + " ",
                      en = day.substr(0, 4) + "-" + day.substr(5, 2) + "-" + day.substr(8, 2) + " ";
    for (const auto& [language, date] : {std::pair("vi", vi), {"en", en}}) {
        ran listed = d.as("xa", {"inbox", "--lang", language}),
            followed = d.as("so", {"track", id, "--lang", language});
        BOOST_TEST(listed.output.find("  " + date) != std::string::npos, listed.output);
        BOOST_TEST(followed.output.find(" " + date) != std::string::npos, followed.output);
        BOOST_TEST(listed.output.find(day) == std::string::npos, listed.output);
    }
}

// docs/api.md, block by block, as written there.
BOOST_AUTO_TEST_CASE(the_commands_of_the_guide_work) {
    desk d;
    d.write("van-ban.pdf", "nội dung"); // this node looks into no PDF, so that it would hold a real one
    d.write("packet.edxml", letter{.number = 16}.packet());
    std::string guide = read_text_file(VANTHU_SOURCE_DIR "/docs/api.md").value();
    std::vector<std::string> blocks;
    for (std::size_t at = 0; (at = guide.find("```sh\n", at)) != std::string::npos;) {
        std::size_t end = guide.find("```", at + 6);
        blocks.push_back(guide.substr(at + 6, end - at - 6));
        at = end;
    }
    BOOST_REQUIRE(blocks.size() == 8u); // the first one sets what is set here for this node
    std::string before = "set -eu\ncd '" + d.folder.path().string() +
                         "'\nCURL='curl --silent --show-error --fail'\nLAST=0\nAPI=http://127.0.0.1:" +
                         std::to_string(d.at.node.api_door->port()) + "\n";
    auto sh = [&](const std::string& key, const std::string& block) {
        std::string output;
        int code = run({"sh", "-c", before + "KEY='Authorization: Bearer " + key + "'\n" + block}, &output);
        BOOST_REQUIRE_MESSAGE(code == 0, block << output);
        return output;
    };
    std::string sent = sh("key-so", blocks[1]);
    sh("key-so", blocks[2]);
    json::object inbox = json::parse(sh("key-xa", blocks[3])).get_object();
    BOOST_REQUIRE(inbox.at("entries").as_array().size() == 2u);
    before += "ID=" + text_of(inbox.at("entries").at(0).as_object(), {"id"}) +
              "\nDOCUMENT_ID=" + text_of(json::parse(sent).get_object(), {"document_id"}) + "\n";
    sh("key-xa", blocks[4]);
    BOOST_TEST(read_text_file(d.path("0.pdf")).value() == "nội dung");
    sh("key-xa", blocks[5]);
    json::object ladder = json::parse(sh("key-so", blocks[7])).get_object();
    BOOST_TEST(text_of(ladder.at("recipients").at(0).as_object(), {"last_status"}) == "03");
    BOOST_TEST(!text_of(json::parse(sh("key-so", blocks[6])).get_object(), {"recall_id"}).empty());
    ladder = json::parse(sh("key-so", blocks[7])).get_object();
    BOOST_TEST(text_of(ladder.at("recipients").at(0).as_object(), {"recall", "stands"}) == "before_clerk");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

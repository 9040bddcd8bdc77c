#include "daemon/base/files.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "tests/receipt/fixture.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

using namespace vanthu;
using namespace vanthu::receipt;

namespace {

struct desk {
    test::temporary_directory folder;
    desk() { put("trust/root.pem", ca().root().certificate_pem()); }
    std::string put(const std::string& name, std::string_view content) {
        std::filesystem::create_directories((folder / name).parent_path());
        BOOST_REQUIRE(write_file_atomically(folder / name, as_bytes(content)).has_value());
        return (folder / name).string();
    }
    struct answer {
        int code = -1;
        std::string out, err;
    };
    answer run(std::vector<std::string> arguments) {
        std::ostringstream out, err;
        auto* old_out = std::cout.rdbuf(out.rdbuf());
        auto* old_err = std::cerr.rdbuf(err.rdbuf());
        answer got;
        CLI::App app;
        cli::add_verify_receipt_command(app, got.code);
        arguments.insert(arguments.begin(), "verify-receipt");
        std::reverse(arguments.begin(), arguments.end()); // CLI11 takes a vector from its end
        try {
            app.parse(arguments);
        } catch (const CLI::ParseError&) {
            got.code = 64;
        }
        std::cout.rdbuf(old_out);
        std::cerr.rdbuf(old_err);
        got.out = out.str();
        got.err = err.str();
        return got;
    }
};
bool has(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

} // namespace

BOOST_AUTO_TEST_CASE(a_receipt_that_holds_is_told_in_vietnamese_english_and_json) {
    desk d;
    std::string file = d.put("receipt.json", encode(log_of(3).receipt_of(1)) + "\n"),
                trust = (d.folder / "trust").string();
    auto vietnamese = d.run({file, "--trust", trust});
    BOOST_TEST(vietnamese.code == 0, vietnamese.out << vietnamese.err);
    BOOST_TEST(has(vietnamese.out, "Biên nhận hợp lệ."));
    BOOST_TEST(has(vietnamese.out, "7816/VPCP-TTĐT"));
    BOOST_TEST(has(vietnamese.out, "2025-07-15T12:00:00"));
    auto english = d.run({file, "--trust", trust, "--lang", "en"});
    BOOST_TEST(english.code == 0);
    BOOST_TEST(has(english.out, "The receipt holds."));
    auto json = d.run({file, "--trust", trust, "--json"});
    BOOST_TEST(json.code == 0);
    BOOST_TEST(has(json.out, R"("schema_version":1,"valid":true)"));
}

BOOST_AUTO_TEST_CASE(a_changed_receipt_exits_1_with_its_coded_reason) {
    desk d;
    std::string text = encode(log_of(3).receipt_of(1)), trust = (d.folder / "trust").string();
    text.replace(text.find("7816"), 4, "7817");
    std::string file = d.put("receipt.json", text);
    auto got = d.run({file, "--trust", trust});
    BOOST_TEST(got.code == 1);
    BOOST_TEST(has(got.out, "Biên nhận KHÔNG hợp lệ."));
    BOOST_TEST(has(got.out, "receipt.not_included"));
    auto json = d.run({file, "--trust", trust, "--json"});
    BOOST_TEST(json.code == 1);
    BOOST_TEST(has(json.out, R"("code":"receipt.not_included")"));
    BOOST_TEST(d.run({d.put("junk", "junk"), "--trust", trust, "--lang", "en"}).code == 1);
}

BOOST_AUTO_TEST_CASE(the_packet_is_compared_with_the_receipt) {
    desk d;
    std::string file = d.put("receipt.json", encode(log_of(3).receipt_of(1))), trust = (d.folder / "trust").string();
    BOOST_TEST(d.run({file, "--trust", trust, "--packet", d.put("packet", "packet 1")}).code == 0);
    auto other = d.run({file, "--trust", trust, "--packet", d.put("other", "packet 2")});
    BOOST_TEST(other.code == 1);
    BOOST_TEST(has(other.out, "receipt.not_what_was_sent"));
}

BOOST_AUTO_TEST_CASE(unreadable_files_exit_66_and_wrong_usage_64) {
    desk d;
    std::string file = d.put("receipt.json", encode(log_of(3).receipt_of(1))), trust = (d.folder / "trust").string();
    BOOST_TEST(d.run({file + ".missing", "--trust", trust}).code == 66);
    BOOST_TEST(d.run({file, "--trust", trust + ".missing"}).code == 66);
    BOOST_TEST(d.run({file, "--trust", trust, "--packet", file + ".missing"}).code == 66);
    d.put("broken/ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    BOOST_TEST(d.run({file, "--trust", (d.folder / "broken").string()}).code == 66);
    d.put("empty/readme.txt", "nothing");
    BOOST_TEST(d.run({file, "--trust", (d.folder / "empty").string()}).code == 66);
    BOOST_TEST(d.run({}).code == 64);
    BOOST_TEST(d.run({file, "--lang", "fr"}).code == 64);
}

BOOST_AUTO_TEST_CASE(a_later_receipt_of_a_restored_log_exposes_what_was_confirmed_and_lost) {
    desk d;
    const std::string trust = (d.folder / "trust").string();
    hand_made_log before = log_of(4), after = log_of(1);
    const std::string kept = d.put("kept.json", encode(before.receipt_of(1))),
                      lost = d.put("lost.json", encode(before.receipt_of(2)));
    before.leaves.resize(2); // as in the backup
    after.name = after.delegated.log_origin = "vanthu.example/g22/log2";
    after.delegated.previous = previous_log{log_name, before.receipt_of(0).head};
    const std::string later = d.put("later.json", encode(after.receipt_of(0)) + "\n");
    auto good = d.run({kept, "--trust", trust, "--later", later});
    BOOST_TEST(good.code == 0, good.out << good.err);
    BOOST_TEST(has(good.out, "nhật ký sau nối tiếp nhật ký này"));
    BOOST_TEST(has(d.run({kept, "--trust", trust, "--later", later, "--json"}).out, "\"continued\":true"));
    BOOST_TEST(has(d.run({kept, "--trust", trust, "--later", kept, "--json"}).out, "\"continued\":false"));
    BOOST_TEST(has(d.run({kept, "--trust", trust, "--json"}).out, "\"continued\":null"));
    BOOST_TEST(d.run({lost, "--trust", trust}).code == 0); // by itself it holds
    auto exposed = d.run({lost, "--trust", trust, "--later", later});
    BOOST_TEST(exposed.code == 1);
    BOOST_TEST(has(exposed.out, "receipt.not_continued"), exposed.out);
    BOOST_TEST(!has(exposed.out, "KHÔNG hợp lệ"));
    auto in_json = d.run({lost, "--trust", trust, "--later", later, "--json"});
    BOOST_TEST(in_json.code == 1);
    BOOST_TEST(has(in_json.out, "\"valid\":true"));
    BOOST_TEST(has(in_json.out, "\"code\":\"receipt.not_continued\""));
    BOOST_TEST(has(d.run({lost, "--trust", trust, "--later", later, "--lang", "en"}).out, "The receipt holds, but"));
    // A later receipt that does not hold itself proves nothing; one that is not there is unreadable.
    receipt_v1 forged = after.receipt_of(0);
    forged.head = log_of(1).receipt_of(0).head;
    BOOST_TEST(d.run({lost, "--trust", trust, "--later", d.put("forged.json", encode(forged))}).code == 1);
    BOOST_TEST(d.run({lost, "--trust", trust, "--later", trust + "/missing"}).code == 66);
}

// Where the commands write: named files and standard output.
#include "daemon/base/files.hpp"
#include "tests/api/packets.hpp"
#include "tests/cli/desk.hpp"

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

namespace vanthu::test {
namespace {
// What `packet make` needs; the API fills in more.
constexpr const char* whole_header = R"({"from": {"organ_id": "H48.01", "organ_name": "Sở Nội vụ"},
 "to": [{"organ_id": "H48.99.01", "organ_name": "Ủy ban nhân dân xã"}], "code": {"number": "15", "notation": "SNV-VP"},
 "promulgation": {"place": "Quảng Ngãi", "date": "2025/07/15"}, "document_type": {"type": "2", "type_name": "Công văn"},
 "subject": "Thử", "content": "Thử", "document_id": "H48.01,2025/07/15,15/SNV-VP",
 "signer": {"position": "Giám đốc", "full_name": "Nguyễn Văn Mẫu"}})";

// Standard output goes where the shell is told to; the answer's output is standard error.
ran vanthu_into(const std::string& redirection, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{"sh", "-c", "exec \"$0\" \"$@\" " + redirection, VANTHU_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    ran out;
    out.exit_code = run(all, &out.output);
    return out;
}
bool is_fifo(const std::filesystem::path& path) {
    struct stat about{};
    return ::lstat(path.c_str(), &about) == 0 && S_ISFIFO(about.st_mode);
}
} // namespace

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(a_symlink_a_fifo_or_a_directory_is_never_replaced_by_an_output_file) {
    desk d;
    const std::string aim = d.path("aim"), link = d.path("link"), fifo = d.path("fifo"), folder = d.path("folder");
    d.write("aim", "mine");
    d.write("make.json", whole_header);
    std::filesystem::create_symlink(aim, link);
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    std::filesystem::create_directory(folder);
    BOOST_REQUIRE(d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}).exit_code == 0);
    const std::string id = text_of(d.json_as("xa", {"inbox"}).at("entries").at(0).as_object(), {"id"});
    const std::vector<std::string> row{"credential", "new", "--id", "e", "--organisation", "H48", "--right", "inbox"};
    for (const std::string& place : {link, fifo, folder, std::string("-")}) {
        std::vector<std::string> credential = row;
        credential.insert(credential.end(), {"--file", place, "--key-out", d.path("never")});
        std::vector<ran> all{vanthu({"packet", "make", d.path("make.json"), d.path("van-ban.txt"), "-o", place}),
                             d.as("xa", {"get", id, "--packet", place}),
                             d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt"), "--receipt", place})};
        if (place == link || place == folder) all.push_back(vanthu(credential)); // a FIFO would be read first
        for (const ran& r : all) {
            BOOST_TEST(r.exit_code == 1, place << ": " << r.output);
            BOOST_TEST(r.output.find("cli.output_not_a_file") != std::string::npos, place << ": " << r.output);
        }
    }
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST(read_text_file(aim).value() == "mine");
    BOOST_TEST(is_fifo(fifo));
    BOOST_TEST(std::filesystem::is_empty(folder));
    BOOST_TEST(!std::filesystem::exists("-"));
    BOOST_TEST(!std::filesystem::exists(d.path("never")));
}

BOOST_AUTO_TEST_CASE(a_receipt_that_cannot_be_written_is_told_before_anything_is_sent) {
    desk d;
    std::filesystem::create_directory(d.path("folder"));
    BOOST_TEST(
        d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt"), "--receipt", d.path("folder")}).exit_code == 1);
    BOOST_TEST(inbox_of(d.at.node, "key-xa").empty());
}

BOOST_AUTO_TEST_CASE(get_keeps_a_file_that_is_there_and_make_replaces_one) {
    desk d;
    BOOST_REQUIRE(d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}).exit_code == 0);
    const std::string id = text_of(d.json_as("xa", {"inbox"}).at("entries").at(0).as_object(), {"id"});
    d.write("there", "mine");
    d.write("make.json", whole_header);
    ran r = d.as("xa", {"get", id, "--packet", d.path("there")});
    BOOST_TEST(r.exit_code == 1);
    BOOST_TEST(r.output.find("cli.output_exists") != std::string::npos, r.output);
    BOOST_TEST(read_text_file(d.path("there")).value() == "mine");
    BOOST_TEST(
        vanthu({"packet", "make", d.path("make.json"), d.path("van-ban.txt"), "-o", d.path("there")}).exit_code == 0);
    BOOST_TEST(read_text_file(d.path("there")).value().find("<?xml") == 0u);
}

BOOST_AUTO_TEST_CASE(standard_output_that_cannot_be_written_ends_with_74_and_a_code) {
    desk d;
    d.write("p.edxml", letter{}.packet());
    BOOST_REQUIRE(d.as("so", {"send", d.path("meta.json"), d.path("van-ban.txt")}).exit_code == 0);
    const std::vector<std::string> node{"--server", d.server(), "--key-file", d.path("xa")};
    for (const char* redirection : {">/dev/full", ">&-"})
        for (std::vector<std::string> command : {std::vector<std::string>{"packet", "check", d.path("p.edxml")},
                                                 {"packet", "check", d.path("p.edxml"), "--json"},
                                                 {"packet", "check", d.path("none"), "--json"},
                                                 {"packet", "show", d.path("p.edxml")},
                                                 {"--help"},
                                                 {"inbox"},
                                                 {"inbox", "--json"},
                                                 {"organisations"}}) {
            const std::string name = command[0] + " " + redirection;
            if (command[0] == "inbox" || command[0] == "organisations")
                command.insert(command.end(), node.begin(), node.end());
            ran r = vanthu_into(redirection, command);
            BOOST_TEST(r.exit_code == 74, name << ": " << r.output);
            BOOST_TEST(r.output.find("cli.output_failed: ") != std::string::npos, name << ": " << r.output);
            BOOST_TEST(r.output.find("internal error") == std::string::npos, name << ": " << r.output);
        }
    // More than a buffer holds fails inside the command; waiting for more must not go on for ever.
    std::vector<std::string> follow{"inbox", "--follow"};
    follow.insert(follow.end(), node.begin(), node.end());
    BOOST_TEST(vanthu_into(">/dev/full", follow).exit_code == 74);
    // What printed nothing lost nothing.
    BOOST_TEST(vanthu_into(">/dev/full", {"packet", "check", d.path("none")}).exit_code == 1);
}

BOOST_AUTO_TEST_CASE(a_key_that_could_not_be_shown_is_not_added) {
    desk d;
    const std::string file = d.path("credentials.toml"), key = d.path("new-key");
    auto make = [&](const std::string& redirection, const std::string& id, std::vector<std::string> further) {
        std::vector<std::string> all{"credential", "new",     "--id",  id,       "--organisation",
                                     "H48",        "--right", "inbox", "--file", file};
        all.insert(all.end(), further.begin(), further.end());
        return vanthu_into(redirection, all);
    };
    for (const char* redirection : {">/dev/full", ">&-"})
        for (const std::vector<std::string>& further : {std::vector<std::string>{}, {"--json"}}) {
            ran r = make(redirection, "e1", further);
            BOOST_TEST(r.exit_code == 74, redirection << ": " << r.output);
            BOOST_TEST(r.output.find("cli.output_failed: ") != std::string::npos, r.output);
            BOOST_TEST(r.output.find("vt_") == std::string::npos);
            BOOST_TEST(!std::filesystem::exists(file));
        }
    BOOST_TEST(make("", "e1", {}).exit_code == 0); // the name is still free
    // In a file of its own the key is not lost.
    BOOST_TEST(make(">/dev/full", "e2", {"--key-out", key}).exit_code == 74);
    BOOST_TEST(read_text_file(file).value().find("\"e2\"") != std::string::npos);
    BOOST_TEST(std::filesystem::exists(key));
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

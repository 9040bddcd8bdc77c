// What `vanthu` says to a wrong command line, and to answers it does not know.
#include "daemon/cli/usage.hpp"
#include "tests/cli/run_vanthu.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace vanthu::test {

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_told_in_vietnamese_first_and_ends_with_64) {
    struct line {
        std::vector<std::string> arguments;
        const char *vietnamese, *english;
    };
    for (const line& each : std::vector<line>{
             {{}, "vanthu: thiếu lệnh.", "subcommand is required"},
             {{"bogus"}, "vanthu: không có lệnh này: bogus.", "no such command: bogus"},
             {{"track", "--foo", "x"}, "vanthu track: không có tùy chọn hoặc lệnh này: --foo", "not expected"},
             {{"track"}, "vanthu track: thiếu DOCUMENT_ID.", "DOCUMENT_ID is required"},
             {{"packet"}, "vanthu packet: thiếu lệnh.", "subcommand is required"},
             {{"packet", "extract", "x"}, "vanthu packet extract: thiếu --directory.", "--directory is required"},
             {{"inbox", "--wait", "99"}, "--wait: giá trị không được phép.", "not in range"},
             {{"inbox", "--after", "abc"}, "giá trị không đọc được: --after = abc.", "Could not convert"},
             {{"inbox", "--after"}, "--after: thiếu hoặc thừa giá trị.", "required"},
             {{"get", "x", "--packet", "a", "--attachments", "b"},
              "không dùng --packet cùng với --attachments.",
              "excludes"},
             {{"send", "--lang", "fr", "x"}, "--lang: giá trị không được phép.", "not in"}}) {
        ran r = vanthu(each.arguments);
        BOOST_TEST(r.exit_code == 64, each.vietnamese << " in " << r.output);
        const std::size_t vi = r.output.find(each.vietnamese), en = r.output.find(each.english);
        BOOST_TEST((vi != std::string::npos && en != std::string::npos && vi < en),
                   each.vietnamese << " in " << r.output);
        BOOST_TEST(r.output.find("--help") != std::string::npos, r.output);
    }
}

BOOST_AUTO_TEST_CASE(numbers_without_a_meaning_and_files_in_place_of_directories_are_wrong_usage) {
    temporary_directory folder;
    const std::string file = (folder.path() / "a-file").string();
    std::ofstream(file) << "x";
    for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
             {"bench", "deliver", "--size", "-1"},
             {"bench", "deliver", "--size", "-1K"},
             {"bench", "deliver", "--size", "0"},
             {"bench", "deliver", "--size", "99999999999999"},
             {"bench", "deliver", "--size", "99999999999999999999999"},
             {"bench", "deliver", "--size", "many"},
             {"bench", "deliver", "--directory", file},
             {"bench", "sign", "--size", "-1"},
             {"bench", "verify", "--size", "-1"},
             {"bench", "verify", "--large", "-1"},
             {"bench", "verify", "--directory", file + "/nowhere"},
             {"bench", "queue", "--gone", "-1"},
             {"bench", "queue", "--rounds", "0"},
             {"bench", "queue", "--documents", "0"},
             {"bench", "queue", "--directory", file},
             {"inbox", "--after", "-1"},
             {"inbox", "--after", "99999999999999999999999"},
             {"organisations", "--since", "-1"}}) {
        ran r = vanthu(line);
        BOOST_TEST(r.exit_code == 64, line.at(1) << " " << line.at(2) << ": " << r.output);
        BOOST_TEST(r.output.find("giá trị") != std::string::npos, r.output);
    }
}

BOOST_AUTO_TEST_CASE(a_daemon_that_does_not_run_is_no_matter_of_networks) {
    temporary_directory folder;
    const std::string socket = "unix:" + (folder.path() / "operator.sock").string();
    for (const std::string& door : {socket, std::string("http://127.0.0.1:1")})
        for (std::vector<std::string> line : std::vector<std::vector<std::string>>{
                 {"reconcile"}, {"reconcile", "--last"}, {"registry", "plan", "/dev/null"}}) {
            line.insert(line.end(), {"--operator", door});
            ran r = vanthu(line);
            BOOST_TEST(r.exit_code == 69, r.output);
            BOOST_TEST(r.output.find("cli.daemon_not_running") != std::string::npos, r.output);
            BOOST_TEST(r.output.find("systemctl start vanthud") != std::string::npos, r.output);
        }
}

BOOST_AUTO_TEST_CASE(fsck_of_a_file_says_that_it_is_no_store_and_not_that_one_is_damaged) {
    temporary_directory folder;
    const std::string file = (folder.path() / "a-file").string();
    std::ofstream(file) << "x";
    ran r = vanthu({"fsck", "--store", file, "--lang", "en"});
    BOOST_TEST(r.exit_code == 66, r.output);
    BOOST_TEST(r.output.find("cli.not_a_store_directory") != std::string::npos, r.output);
    BOOST_TEST(r.output.find("This is no directory of a vanthu store.") != std::string::npos, r.output);
}

BOOST_AUTO_TEST_CASE(help_is_no_error_and_has_no_label_in_one_language_only) {
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{}, {"send"}, {"packet"}, {"packet", "make"}}) {
        std::vector<std::string> arguments = command;
        arguments.push_back("--help");
        ran r = vanthu(arguments);
        BOOST_TEST(r.exit_code == 0);
        BOOST_TEST(r.output.find("Cách dùng / Usage: vanthu") != std::string::npos, r.output);
        for (const char* english : {"\nOptions:", "\nUsage:", "\nPositionals:", "\nSubcommands:", " SUBCOMMAND"})
            BOOST_TEST(r.output.find(english) == std::string::npos, english << " in " << r.output);
    }
}

BOOST_AUTO_TEST_CASE(every_sentence_of_the_parser_has_vietnamese_words) {
    using namespace CLI;
    for (const ParseError& e :
         {ParseError(ExtrasError({"a"})), ParseError(RequiredError("A")), ParseError(RequiredError::Subcommand(1)),
          ParseError(ArgumentMismatch::AtLeast("a", 2, 1)), ParseError(ConversionError("a", "b")),
          ParseError(ValidationError("a", "b")), ParseError(ExcludesError("a", "b")),
          ParseError(RequiresError("a", "b"))})
        BOOST_TEST(!cli::vietnamese_usage_error(e.get_name(), e.what()).empty(), e.get_name());
    BOOST_TEST(cli::vietnamese_usage_error("SomethingNew", "x").empty());
}

BOOST_AUTO_TEST_CASE(verify_says_that_it_got_a_directory) {
    temporary_directory folder;
    test_ca ca;
    std::filesystem::create_directory(folder.path() / "trust");
    std::ofstream(folder.path() / "trust" / "root.pem") << ca.root().certificate_pem();
    const std::string here = folder.path().string();
    ran r = vanthu({"verify", "--trust", here + "/trust", here});
    BOOST_TEST(r.exit_code == 66);
    BOOST_TEST(r.output.find("cli.directory_given: Đây là một thư mục") != std::string::npos, r.output);
    BOOST_TEST(r.output.find(here) != std::string::npos, r.output);
    r = vanthu({"verify", "--json", "--trust", here + "/trust", here});
    BOOST_TEST(r.exit_code == 66);
    BOOST_TEST(r.output.find(R"("code":"cli.directory_given")") != std::string::npos, r.output);
}

BOOST_AUTO_TEST_CASE(a_code_without_a_text_gets_a_sentence) {
    const boost::json::object foreign{{"code", "future.thing"}};
    for (const char* language : {"vi", "en"}) {
        temporary_directory folder;
        cli::voice v;
        v.language = language;
        // To standard error: caught in a file.
        const std::string file = folder.path() / "said";
        std::fflush(stderr);
        const int kept = ::dup(2);
        BOOST_REQUIRE(std::freopen(file.c_str(), "w", stderr) != nullptr);
        const int code = cli::tell(foreign, v);
        std::fflush(stderr);
        ::dup2(kept, 2);
        ::close(kept);
        std::ifstream in(file);
        const std::string said{std::istreambuf_iterator<char>(in), {}};
        BOOST_TEST(code == cli::refused);
        BOOST_TEST(said.find("future.thing: ") != std::string::npos, said);
        BOOST_TEST(said.find(*language == 'v' ? "không kèm lời giải thích" : "without a text") != std::string::npos,
                   said);
    }
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

#include "daemon/base/log.hpp"
#include "daemon/base/files.hpp"

#include <atomic>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>
#include <type_traits>
#include <unistd.h>

using namespace vanthu;

static_assert(!std::is_constructible_v<log::field, std::string_view, const secret&>, "a secret must not reach the log");
static_assert(!std::is_constructible_v<log::field, std::string_view, secret&>);
static_assert(!std::is_constructible_v<log::field, std::string_view, secret>);
static_assert(!std::is_convertible_v<secret, std::string_view> && !std::is_convertible_v<secret, std::string>);

namespace {
struct listening {
    std::vector<std::string> lines;
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    log::settings how;
    explicit listening(log::format form = log::format::text) {
        how.lowest = log::level::debug;
        how.form = form;
        how.observer = [this](log::level, std::string_view line) { lines.emplace_back(line); };
        how.now = [this] { return now; };
        log::configure(how);
    }
    ~listening() { log::configure({}); }
    std::string last() const { // without the time
        BOOST_REQUIRE(!lines.empty());
        return lines.back().substr(lines.back().find(' ') + 1);
    }
};

// What goes to standard error while it lives.
class standard_error_file {
public:
    standard_error_file() {
        path_ = (std::filesystem::temp_directory_path() / "vanthu-log-XXXXXX").string();
        unique_fd file(::mkstemp(path_.data()));
        kept_.reset(::dup(2));
        ::dup2(file.get(), 2);
    }
    ~standard_error_file() {
        ::dup2(kept_.get(), 2);
        ::unlink(path_.c_str());
    }
    result<std::string> text() const { return read_text_file(path_); }

private:
    std::string path_;
    unique_fd kept_;
};
} // namespace

BOOST_AUTO_TEST_CASE(a_line_names_level_stage_and_fields) {
    listening l;
    log::warning("delivery_deferred", {{"document", "0197-1"},
                                       {"attempt", 3},
                                       {"open", true},
                                       {"age", 1.5},
                                       {"peer", std::string("H40.1")},
                                       {"left", std::size_t(7)}});
    BOOST_TEST(l.last() == "warning delivery_deferred document=0197-1 attempt=3 open=true age=1.5 peer=H40.1 left=7");
    BOOST_TEST(l.lines.back().at(10) == 'T');
    log::error("store_failed", {{"failure", failure{make_error_code(files::errc::no_space), "/var/x: No space"}}});
    BOOST_TEST(l.last() == "error store_failed failure=\"files.no_space: /var/x: No space\"");
    log::info("code", {{"code", make_error_code(files::errc::too_large)}});
    BOOST_TEST(l.last() == "info code code=files.too_large");
}

BOOST_AUTO_TEST_CASE(no_value_can_forge_a_line_or_a_field) {
    listening l;
    log::info("seen", {{"subject", "a\nerror forged x=1\r\n\x1b[31m\x7f"}});
    BOOST_TEST(l.last() == R"(info seen subject="a\nerror forged x=1\r\n\u{1b}[31m\u{7f}")");
    log::info("seen", {{"subject", "x\" level=\"error"}});
    BOOST_TEST(l.last() == R"(info seen subject="x\" level=\"error")");
    log::info("seen", {{"subject", "a=b"}, {"empty", ""}, {"slash", "a\\b"}});
    BOOST_TEST(l.last() == R"(info seen subject="a=b" empty="" slash="a\\b")");
    log::info("seen", {{"subject", "\u202egpj.exe \u2028 \u0085 \U000e0041"}});
    BOOST_TEST(l.last() == R"(info seen subject="\u{202e}gpj.exe \u{2028} \u{85} \u{e0041}")");
    log::info("seen", {{"subject", std::string_view("a\0b", 3)}, {"bytes", "\xff\xc0\x80 \xe1\xbb"}});
    BOOST_TEST(l.last() == R"(info seen subject="a\u{0}b" bytes="\xff\xc0\x80 \xe1\xbb")");
    log::info("seen", {{"subject", "Công văn số 12/UBND"}});
    BOOST_TEST(l.last() == "info seen subject=\"Công văn số 12/UBND\"");
    for (const std::string& line : l.lines) BOOST_TEST(line.find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_json_line_is_json_whatever_the_values) {
    listening l(log::format::json);
    std::string all;
    for (int c = 1; c < 256; ++c) all += char(c);
    for (std::string value : {std::string("Đến số \"5\"\\"), std::string("a\nb\u2028\U000e0041"), all, std::string()}) {
        log::error("seen", {{"value", value}, {"nan", 0.0 / 0.0}, {"n", -5}, {"yes", false}});
        boost::json::value v = boost::json::parse(l.lines.back());
        BOOST_TEST(v.at("stage").as_string() == "seen");
        BOOST_TEST(v.at("level").as_string() == "error");
        BOOST_TEST(v.at("n").as_int64() == -5);
        BOOST_TEST(v.at("nan").as_string() == "nan");
        BOOST_TEST(v.at("yes").as_bool() == false);
        if (value != all) BOOST_TEST(v.at("value").as_string() == value);
        for (unsigned char c : l.lines.back()) BOOST_TEST_REQUIRE(c >= 0x20);
    }
}

BOOST_AUTO_TEST_CASE(a_long_value_is_cut_and_says_so) {
    listening l;
    std::string text;
    for (int i = 0; i < 5000; ++i) text += "ữ";
    log::info("seen", {{"text", text}});
    BOOST_TEST(l.lines.back().size() < 4300u);
    BOOST_TEST(l.lines.back().ends_with("ữ…(+10902)"));
}

BOOST_AUTO_TEST_CASE(lines_below_the_level_are_not_written_and_the_level_changes_at_run_time) {
    listening l;
    log::set_level(log::level::warning);
    log::info("quiet");
    BOOST_TEST(l.lines.empty());
    BOOST_TEST(!log::enabled(log::level::info));
    log::set_level(log::level::info);
    log::info("heard");
    BOOST_TEST(l.lines.size() == 1u);
}

BOOST_AUTO_TEST_CASE(repeats_are_bounded_and_the_rest_is_counted) {
    listening l;
    l.how.lines_per_window = 3;
    log::configure(l.how);
    for (int i = 0; i < 10; ++i) log::warning("peer_down", {{"n", i}});
    log::error("peer_down"); // another level has its own bound
    log::warning("other");   // another stage too
    BOOST_TEST(l.lines.size() == 5u);
    l.now += l.how.window;
    log::warning("peer_down", {{"n", 10}});
    BOOST_REQUIRE(l.lines.size() == 7u);
    BOOST_TEST(l.lines[5].substr(l.lines[5].find(' ') + 1) == "warning lines_left_out of=peer_down lines=7");
    BOOST_TEST(l.last() == "warning peer_down n=10");
}

BOOST_AUTO_TEST_CASE(lines_from_many_threads_stay_whole_also_while_the_settings_change) {
    standard_error_file caught;
    log::settings how;
    how.form = log::format::json;
    how.lines_per_window = 0;
    log::configure(how);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 500; ++i) log::info("turn", {{"thread", t}, {"i", i}, {"text", "a b"}});
            });
        for (int i = 0; i < 50; ++i) log::configure(how);
    }
    log::configure({});
    auto text = caught.text();
    BOOST_REQUIRE(text.has_value());
    int lines = 0;
    for (std::size_t at = 0, end; (end = text->find('\n', at)) != std::string::npos; at = end + 1, ++lines)
        BOOST_TEST_REQUIRE(boost::json::parse(text->substr(at, end - at)).at("stage").as_string() == "turn");
    BOOST_TEST(lines == 2000);
}

BOOST_AUTO_TEST_CASE(a_journal_that_is_not_there_is_said_on_standard_error,
                     *boost::unit_test::precondition([](boost::unit_test::test_unit_id) {
                         return ::access("/run/systemd/journal/socket", F_OK) != 0;
                     })) {
    standard_error_file caught;
    log::settings how;
    how.to = log::destination::journal;
    log::configure(how);
    log::info("still_heard");
    log::configure({});
    std::string text = caught.text().value();
    BOOST_TEST(text.find("warning journal_not_found instead=stderr\n") != std::string::npos, text);
    BOOST_TEST(text.find("info still_heard\n") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(a_secret_is_compared_and_leaves_what_it_was_moved_from_empty) {
    secret s("k-1234");
    BOOST_TEST(s.equals("k-1234"));
    BOOST_TEST(!s.equals("k-1235"));
    BOOST_TEST(!s.equals("k-123"));
    secret moved(std::move(s));
    BOOST_TEST(s.empty());
    BOOST_TEST(moved.reveal() == "k-1234");
    s = std::move(moved);
    BOOST_TEST(moved.empty());
    BOOST_TEST(s.reveal() == "k-1234");
}

#include "daemon/base/metrics.hpp"
#include "daemon/metric_table.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <regex>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace vanthu;

namespace {
constexpr double bounds[] = {0.1, 1, 10};
const metrics::row rows[] = {
    {"t_sent_total", metrics::kind::counter, "Sent \\ by\nlane.", "to,lane"},
    {"t_bare_total", metrics::kind::counter, "Bare."},
    {"t_waiting", metrics::kind::gauge, "Waiting.", "to"},
    {"t_seconds", metrics::kind::histogram, "Seconds.", "door", bounds},
};

// A strict reader of the text format: every rule a scraper may rely on, or an error with the line. Series → value.
std::map<std::string, double> read_strictly(const std::string& page) {
    static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\\\\n]|\\\\\\\\|\\\\n)*"),
        type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)"),
        line("([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[^\\n]*\\})? (NaN|[+-]Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)"),
        pair("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\\\\\|\\\\n|\\\\\")*)\"(,|$)");
    std::map<std::string, double> out;
    std::set<std::string> families;
    std::string family, kind, helped;
    std::map<std::string, std::pair<double, double>> below; // histogram series → last le, last count
    BOOST_TEST_REQUIRE((page.empty() || page.back() == '\n'));
    for (std::size_t at = 0, end; at < page.size(); at = end + 1) {
        end = page.find('\n', at);
        std::string text = page.substr(at, end - at);
        std::smatch m;
        if (std::regex_match(text, m, help)) {
            helped = m[1];
            continue;
        }
        if (std::regex_match(text, m, type)) {
            family = m[1], kind = m[2];
            BOOST_TEST_REQUIRE(family == helped, text);
            BOOST_TEST_REQUIRE(families.insert(family).second, "a family stands in one piece: " + text);
            continue;
        }
        BOOST_TEST_REQUIRE(std::regex_match(text, m, line), text);
        std::string name = m[1], inside = m[2].length() > 2 ? m[2].str().substr(1, m[2].length() - 2) : "", le, others;
        BOOST_TEST_REQUIRE((!m[2].matched || !inside.empty()), text);
        std::set<std::string> names;
        while (!inside.empty()) {
            std::smatch p;
            BOOST_TEST_REQUIRE(std::regex_search(inside, p, pair, std::regex_constants::match_continuous), text);
            BOOST_TEST_REQUIRE(names.insert(p[1]).second, text);
            if (p[1] == "le")
                le = p[2];
            else
                others += p[1].str() + "=" + p[2].str() + ";";
            inside = p.suffix();
        }
        std::string suffix = name.substr(std::min(family.size(), name.size()));
        BOOST_TEST_REQUIRE(name.starts_with(family), text);
        BOOST_TEST_REQUIRE(
            (kind == "histogram" ? suffix == "_bucket" || suffix == "_sum" || suffix == "_count" : suffix.empty()),
            text);
        BOOST_TEST_REQUIRE(((suffix == "_bucket") == !le.empty()), text);
        double value = m[3] == "NaN" ? 0 : std::stod(m[3]);
        if (suffix == "_bucket") {
            double bound = le == "+Inf" ? INFINITY : std::stod(le);
            auto [last, fresh] = below.try_emplace(family + others, bound, value);
            BOOST_TEST_REQUIRE((fresh || (last->second.first < bound && last->second.second <= value)), text);
            last->second = {bound, value};
        }
        if (suffix == "_count")
            BOOST_TEST_REQUIRE((below.at(family + others) == std::pair(double(INFINITY), value)), text);
        BOOST_TEST_REQUIRE((kind != "counter" || value >= 0), text);
        BOOST_TEST_REQUIRE(out.emplace(name + m[2].str(), value).second, "a series stands once: " + text);
    }
    return out;
}

// Did the child end by abort()?
template <class F> bool aborts(F f) {
    pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGABRT, SIG_DFL); // Boost.Test turns signals into exceptions
        ::dup2(::open("/dev/null", O_WRONLY), 2);
        f();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}
} // namespace

BOOST_AUTO_TEST_CASE(the_page_follows_the_rules_of_the_text_format) {
    metrics::registry r(rows);
    r.add("t_sent_total", {"H40", "urgent"});
    r.add("t_sent_total", {"H40", "urgent"}, 2.5);
    r.add("t_sent_total", {"a\"b\\c\nd\xff", "ưu tiên"});
    r.set("t_waiting", {"H40"}, 1e20);
    r.set("t_waiting", {"H41"}, -0.25);
    r.set("t_waiting", {"inf"}, INFINITY);
    r.set("t_waiting", {"nan"}, NAN);
    for (double v : {0.05, 0.1, 0.5, 10.0, 11.0}) r.observe("t_seconds", {"api"}, v);
    std::string page = r.expose();
    auto seen = read_strictly(page);
    BOOST_TEST(seen.at(R"(t_sent_total{to="H40",lane="urgent"})") == 3.5);
    BOOST_TEST(seen.at("t_sent_total{to=\"a\\\"b\\\\c\\nd\ufffd\",lane=\"ưu tiên\"}") == 1);
    BOOST_TEST(seen.at("t_bare_total") == 0);
    BOOST_TEST(seen.at(R"(t_waiting{to="H40"})") == 1e20);
    BOOST_TEST(seen.at(R"(t_seconds_bucket{door="api",le="0.1"})") == 2); // le: less or equal
    BOOST_TEST(seen.at(R"(t_seconds_bucket{door="api",le="1"})") == 3);
    BOOST_TEST(seen.at(R"(t_seconds_bucket{door="api",le="10"})") == 4);
    BOOST_TEST(seen.at(R"(t_seconds_bucket{door="api",le="+Inf"})") == 5);
    BOOST_TEST(seen.at(R"(t_seconds_count{door="api"})") == 5);
    BOOST_TEST(page.find("# HELP t_sent_total Sent \\\\ by\\nlane.\n") != std::string::npos);
    BOOST_TEST(page.find("t_waiting{to=\"inf\"} +Inf\n") != std::string::npos);
    BOOST_TEST(page.find("t_waiting{to=\"nan\"} NaN\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(series_of_a_family_are_bounded) {
    metrics::registry r(rows, 3);
    for (int i = 0; i < 10; ++i) r.add("t_sent_total", {std::to_string(i), "x"});
    auto seen = read_strictly(r.expose());
    BOOST_TEST(seen.at(R"(t_sent_total{to="other",lane="other"})") == 7);
    BOOST_TEST(seen.at(R"(vanthu_metrics_series_folded_total{family="t_sent_total"})") == 7);
    r.add("t_sent_total", {"1", "x"});
    BOOST_TEST(read_strictly(r.expose()).at(R"(t_sent_total{to="1",lane="x"})") == 2);
}

BOOST_AUTO_TEST_CASE(a_view_replaces_a_whole_gauge_before_the_page_is_written) {
    metrics::registry r(rows, 2);
    r.set("t_waiting", {"gone"}, 1);
    r.before_expose(
        [](metrics::registry& m) { m.replace("t_waiting", {{{"H40"}, 7}, {{"H41"}, 3}, {{"H42"}, 9}, {{"H43"}, 4}}); });
    auto seen = read_strictly(r.expose());
    BOOST_TEST(!seen.contains(R"(t_waiting{to="gone"})"));
    BOOST_TEST(seen.at(R"(t_waiting{to="H40"})") == 7);
    BOOST_TEST(seen.at(R"(t_waiting{to="other"})") == 9);
}

BOOST_AUTO_TEST_CASE(no_count_is_lost_between_threads) {
    metrics::registry r(rows);
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 2000; ++i) r.add("t_bare_total"), r.observe("t_seconds", {"api"}, 0.5);
            });
        for (int i = 0; i < 20; ++i) read_strictly(r.expose());
    }
    auto seen = read_strictly(r.expose());
    BOOST_TEST(seen.at("t_bare_total") == 8000);
    BOOST_TEST(seen.at(R"(t_seconds_count{door="api"})") == 8000);
}

BOOST_AUTO_TEST_CASE(a_program_that_disagrees_with_its_table_ends) {
    metrics::registry r(rows);
    BOOST_TEST(aborts([&] { r.add("t_unknown_total"); }));
    BOOST_TEST(aborts([&] { r.set("t_bare_total", 1); }));
    BOOST_TEST(aborts([&] { r.add("t_bare_total", {"x"}); }));
    BOOST_TEST(aborts([&] { r.add("t_bare_total", {}, -1); }));
    static const metrics::row twice[] = {rows[1], rows[1]};
    static const metrics::row no_total[] = {{"t_bare", metrics::kind::counter, "Help."}};
    static const metrics::row le[] = {{"t_x", metrics::kind::gauge, "Help.", "le"}};
    static const metrics::row no_help[] = {{"t_x", metrics::kind::gauge, ""}};
    static constexpr double backwards[] = {2, 1};
    static const metrics::row disorder[] = {{"t_x", metrics::kind::histogram, "Help.", "", backwards}};
    for (std::span<const metrics::row> table :
         {std::span<const metrics::row>(twice), {no_total}, {le}, {no_help}, {disorder}})
        BOOST_TEST(aborts([&] { metrics::registry wrong(table); }));
    BOOST_TEST(!aborts([&] { r.add("t_bare_total"); }));
}

BOOST_AUTO_TEST_CASE(the_table_of_the_daemon_is_sound_and_answers_who_waits_where) {
    metrics::registry r(daemon_metric_table());
    r.set("vanthu_consignments_waiting", {"H40"}, 2);
    r.set("vanthu_oldest_waiting_seconds", {"H40"}, 61);
    auto seen = read_strictly(r.expose());
    BOOST_TEST(seen.at(R"(vanthu_consignments_waiting{destination="H40"})") == 2);
    BOOST_TEST(seen.at(R"(vanthu_oldest_waiting_seconds{destination="H40"})") == 61);
    for (const metrics::row& row : daemon_metric_table()) BOOST_TEST(row.name.starts_with("vanthu_"), row.name);
}

// What an operator demands of signatures beyond being valid, and what a report says about doubts that may pass.
#include "signing/validation/report.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using signing::indication;
using signing::verdict;

namespace {
validation::signature_report good(std::string format, std::string level) {
    validation::signature_report s;
    s.format = std::move(format);
    s.level = std::move(level);
    s.verdict = verdict::valid;
    s.indication = indication::total_passed;
    return s;
}
validation::file_report file_with(std::vector<validation::signature_report> all, verdict v = verdict::valid) {
    validation::file_report r;
    r.verdict = v;
    r.signatures = std::move(all);
    return r;
}
void lacks(const validation::signature_rules& rules, const validation::signature_report& s, std::string_view code) {
    validation::file_report r = file_with({s});
    validation::enforce(r, rules);
    const auto& judged = r.signatures[0];
    BOOST_TEST((r.verdict == verdict::indeterminate), code);
    BOOST_TEST((judged.indication == indication::indeterminate), code);
    BOOST_TEST(judged.sub_indication == "SIG_CONSTRAINTS_FAILURE");
    BOOST_TEST(signing::has_finding(judged.findings, code), code);
    BOOST_TEST(!judged.transient());
}
} // namespace

BOOST_AUTO_TEST_CASE(a_signature_that_lacks_what_the_policy_demands_is_not_determined) {
    lacks({.formats = {"cades", "xades"}}, good("pades", "B-LTA"), "policy.format");
    lacks({.minimum_level = "B-T"}, good("pades", "B-B"), "policy.level");
    lacks({.minimum_level = "B-B"}, good("pkcs7", ""), "policy.level");
    lacks({.require_claimed_time = true}, good("pades", "B-T"), "policy.claimed_time");
}

BOOST_AUTO_TEST_CASE(what_meets_the_policy_stays_as_it_is) {
    validation::signature_report s = good("pades", "B-LT"), stamp = good("timestamp", "");
    s.claimed_time = from_us(1);
    for (verdict v : {verdict::valid, verdict::unsigned_, verdict::invalid}) {
        validation::file_report r = file_with({s, stamp}, v);
        validation::enforce(r, {{"pades"}, "B-LT", true});
        BOOST_TEST((r.verdict == v));
        BOOST_TEST(r.signatures[0].findings.empty());
        BOOST_TEST(r.signatures[1].findings.empty()); // a document time stamp is nobody's signature
    }
}

BOOST_AUTO_TEST_CASE(an_invalid_file_stays_invalid_under_every_policy) {
    validation::signature_report bad = good("pades", "B-B");
    bad.verdict = verdict::invalid;
    bad.indication = indication::total_failed;
    bad.sub_indication = "HASH_FAILURE";
    validation::file_report r = file_with({bad}, verdict::invalid);
    validation::enforce(r, {.minimum_level = "B-LTA"});
    BOOST_TEST((r.verdict == verdict::invalid));
    BOOST_TEST(r.signatures[0].sub_indication == "HASH_FAILURE");
}

BOOST_AUTO_TEST_CASE(a_doubt_that_may_pass_is_reported_with_the_time_to_ask_again) {
    validation::signature_report s = good("pades", "B-B");
    s.verdict = verdict::indeterminate;
    s.indication = indication::indeterminate;
    s.sub_indication = "TRY_LATER";
    s.try_again = from_rfc3339("2026-03-01T05:00:00Z");
    std::string json = validation::to_json(file_with({s}, verdict::indeterminate));
    BOOST_TEST(json.find("\"transient\":true") != json.npos, json);
    BOOST_TEST(json.find("\"try_again\":\"2026-03-01T05:00:00") != json.npos, json);
    auto back = validation::report_from_json(json).value();
    BOOST_TEST((back.signatures[0].try_again == s.try_again));
    BOOST_TEST(back.signatures[0].transient());
    BOOST_TEST(!good("pades", "B-B").transient());
}

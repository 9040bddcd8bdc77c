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

BOOST_AUTO_TEST_CASE(a_named_policy_goes_into_json_and_comes_back) {
    using named = validation::named_policy;
    validation::signature_report none = good("cades", "B-B"), implied = none, whole = none;
    implied.signature_policy = named{named::kind::implied};
    whole.signature_policy = named{
        named::kind::explicit_, "https://example.vn/p", "SHA-256", "00ff", true, "https://example.vn/copy", "Thông báo",
        named::copy::same};
    whole.signature_policy_known = true;
    auto malformed = none;
    malformed.signature_policy = named{};
    const std::vector all{none, implied, whole, malformed};
    const std::string json = validation::to_json(file_with(all));
    BOOST_TEST(json.find("\"signature_policy\":null") != json.npos, json);
    BOOST_TEST(json.find("\"kind\":\"explicit\"") != json.npos, json);
    auto back = validation::report_from_json(json).value();
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST((back.signatures[i].signature_policy == all[i].signature_policy), i);
        BOOST_TEST(back.signatures[i].signature_policy_known == all[i].signature_policy_known, i);
    }
    whole.signature_policy->notice = "broken \xff text"; // names out of hostile files are not always UTF-8
    back = validation::report_from_json(validation::to_json(file_with({whole}))).value();
    BOOST_TEST(back.signatures[0].signature_policy->notice == "broken ? text");
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

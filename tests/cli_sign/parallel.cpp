// A second signer signs beside the first, in every format; XAdES in containers; rules and trust given to verify.
#include "tests/cli_sign/desk.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {
std::size_t signers(const boost::json::object& file) {
    std::size_t n = 0;
    for (const auto& s : file.at("signatures").as_array()) n += s.at("format").as_string() != "timestamp";
    return n;
}
std::string sub_indication(const boost::json::object& file) {
    return std::string(file.at("signatures").at(0).at("sub_indication").as_string());
}
} // namespace

BOOST_AUTO_TEST_CASE(a_second_signer_signs_beside_the_first_in_every_format_and_level) {
    desk d;
    struct row {
        const char *format, *in, *out;
        std::vector<std::string> more, again, judged;
    };
    const std::string text = d.at("in.txt");
    const row rows[] = {{"pades", "in.pdf", "p", {}, {"--profile", "copy"}, {}},
                        {"cades", "in.txt", "c.p7m", {}, {}, {}},
                        {"cades", "in.txt", "c.p7s", {"--detached"}, {"--content", text}, {"--content", text}},
                        {"xades", "in.xml", "x.xml", {}, {}, {}},
                        {"asic-s", "in.txt", "s.asics", {}, {}, {}},
                        {"asic-e", "in.txt", "e.asice", {}, {}, {}},
                        {"asic-e", "in.txt", "x.asice", {"--signature", "xades"}, {}, {}}};
    for (const row& r : rows)
        for (const char* level : {"B-B", "B-LTA"}) {
            const std::string what = std::string(r.out) + " " + level, twice = std::string("2") + r.out;
            std::vector<std::string> how{"--format", r.format, "--level", level, "--tsa", d.tsa()}, first = how,
                                                                                                    second = how;
            first.insert(first.end(), r.more.begin(), r.more.end());
            second.insert(second.end(), r.again.begin(), r.again.end());
            BOOST_TEST(d.sign("leader.p12", r.in, r.out, first) == 0, what);
            BOOST_TEST(d.sign("seal.p12", r.out, twice.c_str(), second) == 0, what);
            auto [code, file] = d.verify(twice, r.judged);
            BOOST_TEST(code == 0, what << " " << boost::json::serialize(file));
            BOOST_TEST(signers(file) == 2u, what);
            for (const auto& s : file.at("signatures").as_array())
                BOOST_TEST((s.at("format").as_string() == "timestamp" || s.at("level").as_string() == level),
                           what << " " << boost::json::serialize(file));
        }
}

BOOST_AUTO_TEST_CASE(a_signature_that_would_break_another_is_refused) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.txt", "s.p7s", {"--format", "cades", "--detached"}) == 0);
    BOOST_TEST(d.sign("seal.p12", "s.p7s", "none", {"--format", "cades"}) == 64); // without the content
    d.put("other.txt", as_bytes("khác"));
    BOOST_TEST(d.sign("seal.p12", "s.p7s", "none", {"--format", "cades", "--content", d.at("other.txt")}) == 1);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "e.xml", {"--format", "xades"}) ==
               0); // enveloping: the root is the signature
    BOOST_TEST(d.sign("seal.p12", "e.xml", "none", {"--format", "xades"}) == 1);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "c.asice", {"--format", "asic-e"}) == 0);
    BOOST_TEST(d.sign("seal.p12", "c.asice", "none", {"--format", "asic-e", "--signature", "xades"}) == 1);
    BOOST_TEST(d.sign("seal.p12", "c.asice", "none", {"--format", "asic-s"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "x.asics", {"--format", "asic-s", "--signature", "xades"}) == 0);
    BOOST_TEST(d.sign("seal.p12", "x.asics", "none", {"--format", "asic-s"}) == 64);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
}

BOOST_AUTO_TEST_CASE(containers_with_xades_reach_every_level_and_are_raised) {
    desk d;
    for (const char* format : {"asic-s", "asic-e"}) {
        std::vector<std::string> how{"--format", format, "--signature", "xades", "--tsa", d.tsa()};
        for (const char* level : {"B-B", "B-T", "B-LT", "B-LTA"}) {
            auto all = how;
            all.insert(all.end(), {"--level", level});
            BOOST_TEST(d.sign("seal.p12", "in.txt", "out", all) == 0, format << level);
            auto [code, file] = d.verify("out");
            BOOST_TEST(code == 0, format << level << boost::json::serialize(file));
            BOOST_TEST(level_of_first(file) == level, format << boost::json::serialize(file));
            BOOST_TEST(std::string(file.at("signatures").at(0).at("format").as_string()) == "xades");
        }
        auto all = how;
        all.insert(all.end(), {"--level", "B-T"});
        BOOST_TEST(d.sign("leader.p12", "in.txt", "low", all) == 0);
        BOOST_TEST(d.run({"extend", "--level", "B-LTA", "--tsa", d.tsa(), d.at("low"), "-o", d.at("high")}) == 0,
                   format);
        auto [code, file] = d.verify("high", {"--offline", "--cache", d.at("empty")});
        BOOST_TEST(code == 0, format << boost::json::serialize(file));
        BOOST_TEST(level_of_first(file) == "B-LTA");
    }
}

BOOST_AUTO_TEST_CASE(a_policy_file_decides_what_verify_accepts) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "b.pdf", {}) == 0);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "t.pdf", {"--level", "B-T", "--tsa", d.tsa()}) == 0);
    auto under = [&](const char* rules, const char* file, std::vector<std::string> more = {}) {
        d.put("policy.toml", as_bytes(rules));
        more.insert(more.end(), {"--policy", d.at("policy.toml")});
        return d.verify(file, more);
    };
    BOOST_TEST(under("", "b.pdf").first == 0);
    auto [code, file] = under("[signature]\nminimum_level = \"B-T\"\n", "b.pdf");
    BOOST_TEST(code == 2);
    BOOST_TEST(sub_indication(file) == "SIG_CONSTRAINTS_FAILURE");
    BOOST_TEST(under("[signature]\nminimum_level = \"B-T\"\n", "t.pdf").first == 0);
    BOOST_TEST(under("[signature]\nformats = [\"cades\"]\n", "t.pdf").first == 2);
    BOOST_TEST(under("require_timestamp = true\n", "b.pdf").first == 2);
    auto weak = under("[[algorithm]]\nname = \"SHA-256\"\nuntil = 2020-01-01\n[[algorithm]]\nname = \"ECDSA P-256\"\n",
                      "b.pdf");
    BOOST_TEST(weak.first == 2);
    BOOST_TEST(sub_indication(weak.second).starts_with("CRYPTO_CONSTRAINTS_FAILURE"));
    BOOST_TEST(under("certificate_policies = [\"2.16.704.1.1.1.1.1\"]\n", "b.pdf").first == 2);
    std::vector<std::string> alone{"--offline", "--cache", d.at("empty")};
    BOOST_TEST(under("", "b.pdf", alone).first == 2);
    BOOST_TEST(under("revocation = \"if-present\"\n", "b.pdf", alone).first == 0);
    BOOST_TEST(under("colour = 1\n", "b.pdf").first == 64);
    BOOST_TEST(d.verify("b.pdf", {"--policy", d.at("missing.toml")}).first == 66);
}

BOOST_AUTO_TEST_CASE(missing_revocation_data_is_a_doubt_that_may_pass) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "b.pdf", {}) == 0);
    auto [code, file] = d.verify("b.pdf", {"--offline", "--cache", d.at("empty")});
    BOOST_TEST(code == 2);
    BOOST_TEST(sub_indication(file) == "TRY_LATER");
    BOOST_TEST(file.at("signatures").at(0).at("transient").as_bool());
    BOOST_TEST(!d.verify("b.pdf").second.at("signatures").at(0).at("transient").as_bool());
}

BOOST_AUTO_TEST_CASE(what_lies_among_intermediates_builds_paths_and_is_no_anchor) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "b.pdf", {}) == 0);
    std::filesystem::create_directories(d.at("layout/intermediates"));
    d.put("layout/intermediates/sub.crt", d.ca.sub().certificate_der());
    d.put("layout/intermediates/root.crt", d.ca.root().certificate_der());
    d.put("layout/other.crt", test_ca("Other").root().certificate_der());
    BOOST_TEST(d.verify("b.pdf", {"--trust", d.at("layout")}).first == 2); // the root is no anchor there
    d.put("layout/root.crt", d.ca.root().certificate_der());
    BOOST_TEST(d.verify("b.pdf", {"--trust", d.at("layout")}).first == 0);
}

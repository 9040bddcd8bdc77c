// Every format at every level, from the command line, with an authority that answers and one that does not.
#include "daemon/base/base64.hpp"
#include "tests/cli_sign/desk.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {
struct kind {
    const char* format;
    const char* in;
    const char* out;
    bool detached;
};
constexpr kind kinds[] = {{"pades", "in.pdf", "out.pdf", false},        {"cades", "in.txt", "out.p7m", false},
                          {"cades", "in.txt", "out.p7s", true},         {"xades", "in.xml", "out.xml", false},
                          {"xades", "in.txt", "out.enveloping", false}, {"xades", "in.txt", "out.detached", true},
                          {"asic-s", "in.txt", "out.asics", false},     {"asic-e", "in.txt", "out.asice", false}};

std::vector<std::string> content_of(const desk& d, const kind& k) {
    return k.detached ? std::vector<std::string>{"--content", d.at(k.in)} : std::vector<std::string>{};
}
std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
}
} // namespace

BOOST_AUTO_TEST_CASE(every_format_is_made_at_every_level_and_found_so) {
    desk d;
    for (const kind& k : kinds)
        for (const char* level : {"B-B", "B-T", "B-LT", "B-LTA"}) {
            std::vector<std::string> how{"--format", k.format, "--level", level, "--tsa", d.tsa()};
            if (k.detached) how.push_back("--detached");
            BOOST_TEST(d.sign("seal.p12", k.in, k.out, how) == 0, k.out << " " << level);
            auto [code, file] = d.verify(k.out, content_of(d, k));
            BOOST_TEST(code == 0, k.out << " " << level << " " << boost::json::serialize(file));
            BOOST_TEST(level_of_first(file) == level, boost::json::serialize(file));
        }
}

BOOST_AUTO_TEST_CASE(what_has_its_evidence_needs_no_network_and_what_has_not_is_not_determined) {
    desk d;
    for (const kind& k : kinds) {
        std::vector<std::string> how{"--format", k.format, "--tsa", d.tsa()};
        if (k.detached) how.push_back("--detached");
        auto offline = with(content_of(d, k), {"--offline", "--cache", d.at("empty")});
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, with(how, {"--level", "B-T"})) == 0, k.out);
        BOOST_TEST(d.verify(k.out, offline).first == 2, k.out);
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, with(how, {"--level", "B-LT"})) == 0, k.out);
        auto [code, file] = d.verify(k.out, offline);
        BOOST_TEST(code == 0, k.out << " " << boost::json::serialize(file));
    }
}

BOOST_AUTO_TEST_CASE(a_signature_is_raised_step_by_step_and_renewed) {
    desk d;
    for (const kind& k : kinds) {
        std::vector<std::string> how{"--format", k.format};
        if (k.detached) how.push_back("--detached");
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, how) == 0, k.out);
        for (const char* level : {"B-T", "B-LT", "B-LTA", "B-LTA"}) {
            bytes before = read_file(d.at(k.out)).value();
            BOOST_TEST(d.run(with({"extend", "--level", level, "--tsa", d.tsa(), d.at(k.out), "-o", d.at("raised")},
                                  content_of(d, k))) == 0,
                       k.out << " " << level);
            BOOST_TEST((read_file(d.at(k.out)).value() == before)); // the input stays
            std::filesystem::rename(d.at("raised"), d.at(k.out));
            auto [code, file] = d.verify(k.out, content_of(d, k));
            BOOST_TEST(code == 0, k.out << " " << level << " " << boost::json::serialize(file));
            BOOST_TEST(level_of_first(file) == level, k.out << " " << boost::json::serialize(file));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_authority_that_fails_or_lies_leaves_no_output) {
    desk d;
    for (const char* path : {"/refuse/tsa", "/other-nonce/tsa", "/wrong-imprint/tsa", "/garbage/tsa"}) {
        BOOST_TEST(d.sign("leader.p12", "in.pdf", "none", {"--level", "B-T", "--tsa", d.server.url(path)}) == 1, path);
        BOOST_TEST(!std::filesystem::exists(d.at("none")), path);
    }
    // Evidence cannot be had: B-LT is never silently lowered.
    BOOST_TEST(d.sign("leader.p12", "in.txt", "none",
                      {"--format", "cades", "--level", "B-LT", "--tsa", d.tsa(), "--offline"}) != 0);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
}

BOOST_AUTO_TEST_CASE(a_revoked_signer_is_found_and_cannot_be_raised) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.txt", "out.p7m", {"--format", "cades"}) == 0);
    x509::certificate leaf = x509::parse_certificate(d.leader.certificate_der()).value();
    d.who.revoked.push_back({leaf.serial(), system_clock().now() - std::chrono::hours(24), 1});
    const std::vector<std::string> asked_again{"--cache", d.at("fresh")}; // the answer at signing is kept for a day
    auto [code, file] = d.verify("out.p7m", asked_again);
    BOOST_TEST((code == 1 || code == 2), boost::json::serialize(file));
    BOOST_TEST(d.run(with({"extend", "--level", "B-LT", "--tsa", d.tsa(), d.at("out.p7m"), "-o", d.at("none")},
                          asked_again)) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
}

BOOST_AUTO_TEST_CASE(a_detached_signature_wants_its_content_and_refuses_another) {
    desk d;
    d.put("other.txt", as_bytes("nội dung khác"));
    for (const kind& k : kinds) {
        if (!k.detached) continue;
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, {"--format", k.format, "--detached"}) == 0);
        BOOST_TEST(d.verify(k.out).first == 2, k.out);
        BOOST_TEST(d.verify(k.out, {"--content", d.at("other.txt")}).first == 1, k.out);
        BOOST_TEST(d.verify(k.out, {"--content", d.at("in.txt")}).first == 0, k.out);
        BOOST_TEST(d.verify(k.out, {"--content", d.at("missing.txt")}).first == 66, k.out);
    }
    BOOST_TEST(d.run({"extend", "--level", "B-T", "--tsa", d.tsa(), d.at("out.p7s"), "-o", d.at("none")}) == 64);
}

BOOST_AUTO_TEST_CASE(a_pdf_wrapped_in_another_format_is_judged_by_that_format) {
    desk d;
    for (const char* format : {"cades", "asic-s", "asic-e"}) {
        BOOST_TEST(
            d.sign("leader.p12", "in.pdf", "wrapped", {"--format", format, "--level", "B-T", "--tsa", d.tsa()}) == 0,
            format);
        auto [code, file] = d.verify("wrapped");
        BOOST_TEST(code == 0, format << " " << boost::json::serialize(file));
        BOOST_TEST(level_of_first(file) == "B-T", format);
    }
}

BOOST_AUTO_TEST_CASE(several_files_are_signed_into_a_folder_with_one_login) {
    desk d;
    d.put("two.pdf", make_letter());
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "folder", {d.at("two.pdf")}) == 0);
    BOOST_TEST(d.verify("folder/in.pdf").first == 0);
    BOOST_TEST(d.verify("folder/two.pdf").first == 0);
    std::filesystem::create_directory(d.at("a"));
    d.put("a/in.pdf", make_letter());
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "folder", {d.at("a/in.pdf")}) == 1);
    for (const char* file : {"both.pdf", "in.xml"}) // one that is not there, one that is
        BOOST_TEST(d.sign("leader.p12", "in.pdf", file, {d.at("two.pdf")}) == 64);
    BOOST_TEST(!std::filesystem::exists(d.at("both.pdf")));
}

BOOST_AUTO_TEST_CASE(a_container_holds_several_files_and_shows_one_that_is_not_signed) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.txt", "two.asice", {d.at("in.xml"), "--format", "asic-e"}) == 0);
    auto [code, file] = d.verify("two.asice");
    BOOST_TEST(code == 0, boost::json::serialize(file));
    std::string said;
    BOOST_TEST(run({"unzip", "-l", d.at("two.asice")}, &said) == 0);
    BOOST_TEST((said.find("in.txt") != said.npos && said.find("in.xml") != said.npos), said);
    BOOST_TEST(run({"zip", "-jq", d.at("two.asice"), d.at("in.pdf")}) == 0);
    BOOST_TEST(d.verify("two.asice").first == 3);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "none", {d.at("in.xml"), "--format", "asic-s"}) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("none")));
}

BOOST_AUTO_TEST_CASE(an_input_is_never_its_own_output) {
    desk d;
    bytes before = read_file(d.at("in.pdf")).value();
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "in.pdf", {}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "in.pdf", {"--format", "asic-s"}) == 64);
    BOOST_TEST(d.run({"extend", "--level", "B-T", "--tsa", d.tsa(), d.at("in.pdf"), "-o", d.at("in.pdf")}) == 64);
    BOOST_TEST((read_file(d.at("in.pdf")).value() == before));
}

BOOST_AUTO_TEST_CASE(the_exit_code_is_that_of_the_worst_file) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "good.pdf", {}) == 0);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "good.p7s", {"--format", "cades", "--detached"}) == 0);
    auto all = [&](std::vector<std::string> names) {
        std::vector<std::string> arguments{"verify"};
        for (const auto& n : names) arguments.push_back(d.at(n));
        return d.run(arguments);
    };
    BOOST_TEST(all({"good.pdf", "in.pdf"}) == 3);
    BOOST_TEST(all({"in.pdf", "good.p7s"}) == 2);
    BOOST_TEST(all({"good.pdf", "missing"}) == 66);
    BOOST_TEST(all({"trust"}) == 66);
    BOOST_TEST(all({"missing", "in.pdf"}) == 66);
    bytes changed = read_file(d.at("good.pdf")).value();
    changed[changed.size() / 4] ^= 1;
    d.put("changed.pdf", changed);
    BOOST_REQUIRE(all({"changed.pdf"}) == 1);
    // What cannot be read hides nothing, wherever it stands, and is told.
    BOOST_TEST(all({"changed.pdf", "missing"}) == 1);
    BOOST_TEST(all({"missing", "good.pdf", "changed.pdf"}) == 1);
    std::string said;
    BOOST_TEST(d.run({"verify", d.at("missing"), d.at("changed.pdf")}, &said) == 1);
    BOOST_TEST(said.find("files.not_found") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(the_etsi_report_is_written_for_all_files) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "good.pdf", {"--level", "B-T", "--tsa", d.tsa()}) == 0);
    BOOST_TEST(d.run({"verify", d.at("good.pdf"), d.at("in.pdf"), "--report", d.at("report.xml")}) == 3);
    std::string counted;
    run({"xmllint", "--xpath", "count(//*[local-name()='SignatureValidationReport'])", d.at("report.xml")}, &counted);
    BOOST_TEST(counted.starts_with("2"), counted);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_text_leaves_the_reports_readable) {
    desk d;
    BOOST_REQUIRE(d.sign("leader.p12", "in.pdf", "good.pdf", {}) == 0);
    const std::string name = d.at("t\xea n\xff.pdf"); // Vietnamese of another century's code page
    std::filesystem::copy_file(d.at("good.pdf"), name);
    std::string said;
    BOOST_TEST(d.run({"verify", "--json", name, "--report", d.at("report.xml")}, &said) == 0);
    BOOST_TEST(said.find("t\ufffd n\ufffd.pdf") != said.npos, said);
    BOOST_TEST(run({"xmllint", "--noout", d.at("report.xml")}, &said) == 0);
    std::string hash;
    run({"xmllint", "--xpath", "string(//*[local-name()='DigestValue'])", d.at("report.xml")}, &hash);
    BOOST_TEST(hash.starts_with(base64_encode(sha256::of(read_file(name).value()).view())), hash);
}

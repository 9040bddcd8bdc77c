// What `vanthu sign` and `vanthu extend` put in is judged first, and what they hand out is what was asked for.
#include "signing/pdf/long_term.hpp"
#include "tests/cli_sign/desk.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct kind {
    const char *format, *in, *out;
};
constexpr kind kinds[] = {{"pades", "in.pdf", "out.pdf"},
                          {"cades", "in.txt", "out.p7m"},
                          {"xades", "in.xml", "out.xml"},
                          {"asic-s", "in.txt", "out.asics"},
                          {"asic-e", "in.txt", "out.asice"}};

struct workplace : desk {
    // Refused with this code, in both languages, and nothing is written.
    void refuses(std::vector<std::string> arguments, const std::string& wanted, const std::string& what) const {
        std::string said;
        arguments.insert(arguments.end(), {"-o", at("none"), "--json"});
        BOOST_TEST(run(arguments, &said) != 0, what << " " << said);
        boost::system::error_code bad;
        auto parsed = boost::json::parse(said, bad);
        BOOST_REQUIRE_MESSAGE(!bad && parsed.is_object() && parsed.as_object().contains("code"), what << " " << said);
        BOOST_TEST(std::string(parsed.at("code").as_string()) == wanted, what << " " << said);
        for (const char* text : {"message_vi", "message_en", "action_vi", "action_en"})
            BOOST_TEST(!parsed.at(text).as_string().empty(), text);
        BOOST_TEST(!std::filesystem::exists(at("none")), what);
    }
    std::vector<std::string> signing(const kind& k) const {
        return {"sign", "--key", "p12:" + at("leader.p12"), "--pin-file", at("pin"), "--format", k.format, at(k.in)};
    }
};

std::vector<std::string> with(std::vector<std::string> all, const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_time_stamp_by_a_stranger_or_of_another_day_is_not_put_in_at_any_level_of_any_format) {
    workplace d;
    for (const kind& k : kinds) {
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, {"--format", k.format}) == 0, k.out);
        for (const auto& [path, code] : {std::pair("/wrong-signer/tsa", "cli.time_stamp_not_trusted"),
                                         {"/stale/tsa", "cli.time_stamp_wrong_time"}})
            for (const char* level : {"B-T", "B-LT", "B-LTA"}) {
                const std::vector<std::string> how{"--level", level, "--tsa", d.server.url(path)};
                const std::string what = std::string(k.out) + " " + level + " " + path;
                d.refuses(with(d.signing(k), how), code, "sign " + what);
                d.refuses(with({"extend", d.at(k.out)}, how), code, "extend " + what);
            }
    }
}

BOOST_AUTO_TEST_CASE(without_a_trust_folder_a_time_stamp_needs_an_authority_s_certificate_and_our_time) {
    desk d;
    auto signs = [&](const std::string& tsa) {
        std::filesystem::remove(d.at("out.p7m"));
        return vanthu::test::vanthu({"sign", "--lang", "en", "--key", "p12:" + d.at("leader.p12"), "--pin-file",
                                     d.at("pin"), "--format", "cades", "--cache", d.at("cache"), "--level", "B-T",
                                     "--tsa", tsa, d.at("in.txt"), "-o", d.at("out.p7m")});
    };
    if (std::filesystem::exists("/etc/vanthu/trust")) return; // a machine with vanthu installed has one
    ran r = signs(d.tsa());
    BOOST_TEST(r.exit_code == 0, r.output);
    BOOST_TEST(r.output.find("There is no trust folder") != r.output.npos, r.output);
    BOOST_TEST(d.verify("out.p7m").first == 0);
    r = signs(d.server.url("/stale/tsa"));
    BOOST_TEST(r.exit_code == 1, r.output);
    BOOST_TEST(r.output.find("cli.time_stamp_wrong_time") != r.output.npos, r.output);
    BOOST_TEST(!std::filesystem::exists(d.at("out.p7m")));
    d.who.tsa = d.ca.issue(
        {.common_name = "Ended", .use = profile::tsa, .not_after = system_clock().now() - std::chrono::hours(24)});
    r = signs(d.tsa());
    BOOST_TEST(r.exit_code == 1, r.output);
    BOOST_TEST(r.output.find("cli.time_stamp_not_trusted") != r.output.npos, r.output);
    BOOST_TEST(!std::filesystem::exists(d.at("out.p7m")));
}

BOOST_AUTO_TEST_CASE(a_revoked_time_stamping_authority_is_not_built_on) {
    workplace d;
    auto tsa = x509::parse_certificate(d.who.tsa.certificate_der()).value();
    d.who.revoked = {{tsa.serial(), system_clock().now() - std::chrono::hours(24), 1}};
    for (const kind& k : kinds)
        d.refuses(with(d.signing(k), {"--level", "B-T", "--tsa", d.tsa()}), "cli.time_stamp_not_trusted", k.out);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_gets_no_time_stamp_and_no_evidence) {
    workplace d;
    for (const kind& k : kinds) {
        BOOST_TEST(d.sign("leader.p12", k.in, k.out, {"--format", k.format}) == 0, k.out);
        bytes file = read_file(d.at(k.out)).value();
        if (std::string_view(k.format).starts_with("asic")) {
            std::string said; // another content under the signed name
            BOOST_REQUIRE_MESSAGE(run({"python3", "-c",
                                       "import sys,zipfile\n"
                                       "a=zipfile.ZipFile(sys.argv[1])\n"
                                       "b=zipfile.ZipFile(sys.argv[2],'w')\n"
                                       "for i in a.infolist():\n"
                                       "    c=a.read(i)\n"
                                       "    n=zipfile.ZipInfo(i.filename,i.date_time)\n"
                                       "    b.writestr(n,b'other' if i.filename=='in.txt' else c)\n"
                                       "b.close()\n",
                                       d.at(k.out), d.at("changed")},
                                      &said) == 0,
                                  said);
        } else {
            // A byte of the content: of the PDF's first revision, of the element, of the text.
            const std::string_view text = as_text(file);
            const std::size_t at = std::string_view(k.format) == "pades"   ? file.size() / 4
                                   : std::string_view(k.format) == "xades" ? text.find("Kính") + 2
                                                                           : text.find(" dung") + 2;
            BOOST_REQUIRE_MESSAGE(at < file.size(), k.out);
            file[at] ^= 0x01;
            d.put("changed", file);
        }
        BOOST_TEST(d.verify("changed").first != 0, k.out);
        for (const char* level : {"B-T", "B-LT", "B-LTA"})
            d.refuses({"extend", d.at("changed"), "--level", level, "--tsa", d.tsa()}, "sign.not_verifiable",
                      std::string(k.out) + " " + level);
    }
}

BOOST_AUTO_TEST_CASE(a_pdf_with_nothing_but_a_time_stamp_is_told_as_unsigned) {
    desk d;
    const bytes nonce{1, 2, 3, 4, 5, 6, 7, 8};
    pdf::prepared p = pdf::prepare_timestamp(make_letter()).value();
    const digest imprint = p.content_sha256;
    const bytes reply = d.who.timestamp_reply(cms::timestamp_request(imprint, nonce), system_clock().now());
    auto token = cms::check_timestamp_reply(reply, imprint, nonce);
    BOOST_REQUIRE(token.has_value());
    d.put("stamped.pdf", pdf::finish_timestamp(std::move(p), *token).value());
    std::string said;
    BOOST_TEST(d.run({"verify", "--lang", "en", d.at("stamped.pdf")}, &said) == 3);
    BOOST_TEST(said.find("The file carries no signature.") != said.npos, said);
    BOOST_TEST(said.find("pdf.only_time_stamp") != said.npos, said);
}

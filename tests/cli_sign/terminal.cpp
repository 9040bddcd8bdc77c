// What a stranger wrote (names in certificates, file names, whatever a file holds) is text on the terminal and nothing
// more: it moves no cursor, turns no writing direction and begins no line of its own.
#include "daemon/base/utf8.hpp"
#include "daemon/cli/packet_files.hpp"
#include "tests/cli_sign/desk.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

// Escape sequences, C1 (CSI), DEL, bidirectional control, and a line that looks like ours.
const std::string hostile = "A\x1b[2K\x1b]0;x\x07\xC2\x9B"
                            "31m\x7F\xE2\x80\xAE\xE2\x81\xA6\xE2\x80\x8F\nFORGED";

std::string first_objection(const std::string& printed) {
    if (printed.starts_with("FORGED") || printed.find("\nFORGED") != printed.npos) return "a forged line";
    for (std::size_t at = 0; at < printed.size();) {
        const code_point c = read_code_point(printed, at);
        if (c.length == 0) return "broken UTF-8";
        const bool bidi = (c.value >= 0x202A && c.value <= 0x202E) || (c.value >= 0x2066 && c.value <= 0x2069) ||
                          c.value == 0x200E || c.value == 0x200F;
        if ((c.value < 0x20 && c.value != '\n') || (c.value >= 0x7F && c.value < 0xA0) || bidi)
            return "U+" + std::to_string(c.value);
        at += c.length;
    }
    return "";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_text_for_the_terminal_is_one_line_of_visible_characters) {
    BOOST_TEST(cli::for_terminal("Ủy ban nhân dân xã Mẫu — “văn thư”") == "Ủy ban nhân dân xã Mẫu — “văn thư”");
    BOOST_TEST(cli::for_terminal("a\x1b[31mb\r\n\tc\x7F") == "a?[31mb???c?");
    for (const char* c :
         {"\xC2\x80", "\xC2\x9B", "\xD8\x9C", "\xE2\x80\x8B", "\xE2\x80\x8E", "\xE2\x80\x8F", "\xE2\x80\xA8",
          "\xE2\x80\xA9", "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC", "\xE2\x80\xAD", "\xE2\x80\xAE",
          "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8", "\xE2\x81\xA9", "\xEF\xBB\xBF"})
        BOOST_TEST(cli::for_terminal(c) == "?");
    // Not well-formed: overlong forms of ESC and of U+009B, a surrogate, a lone continuation.
    for (const char* c : {"\xC0\x9B", "\xE0\x82\x9B", "\xED\xA0\x80", "\x9B"})
        BOOST_TEST(first_objection(cli::for_terminal(c)).empty());
}

BOOST_AUTO_TEST_CASE(json_keeps_its_value_and_shows_nothing_to_obey) {
    const boost::json::value whole{{"a", hostile + "\xF3\xA0\x81\x81\xEF\xBB\xBF Ủy ban"}, {hostile, "“x”"}};
    const std::string text = boost::json::serialize(whole), shown = cli::json_for_terminal(text);
    BOOST_TEST(!first_objection(text).empty());
    BOOST_TEST(first_objection(shown).empty(), shown);
    BOOST_TEST(shown.find("\xF3\xA0") == shown.npos);
    BOOST_TEST((boost::json::parse(shown) == whole));
    BOOST_TEST(shown.find("Ủy ban") != shown.npos);
    BOOST_TEST(cli::json_for_terminal("\"\xC2\"") == "\"\\ufffd\"");
}

BOOST_AUTO_TEST_CASE(no_command_prints_what_a_certificate_or_a_file_name_would_do_to_the_terminal) {
    desk d;
    const std::string name = hostile + ".pdf";
    d.put("evil.p12", d.ca.issue({.common_name = hostile, .organisation = hostile, .title = hostile}).pkcs12("secret"));
    d.put(name, make_letter());
    d.put(hostile + ".edxml", as_bytes("<no packet>"));
    const std::string key = "p12:" + d.at("evil.p12"), signed_name = d.at("signed" + hostile + ".p7m");
    auto quiet = [&](std::vector<std::string> arguments, const char* what, bool with_trust = true) {
        for (const char* language : {"vi", "en"}) {
            std::vector<std::string> all = arguments;
            all.insert(all.end(), {"--lang", language});
            std::string printed;
            if (with_trust)
                d.run(all, &printed);
            else
                printed = vanthu::test::vanthu(all).output;
            BOOST_TEST(!printed.empty(), what);
            BOOST_TEST(first_objection(printed).empty(), what << ": " << first_objection(printed) << "\n" << printed);
        }
    };
    auto quiet_json = [&](std::vector<std::string> arguments, const char* what) {
        arguments.push_back("--json");
        quiet(std::move(arguments), what);
    };
    // sign: PDF for `issued` below, CMS for verify and extend.
    BOOST_TEST(d.run({"sign", "--key", key, "--pin-file", d.at("pin"), "--format", "cades", d.at(name), "-o",
                      d.at("signed.p7m")}) == 0);
    BOOST_TEST(d.run({"sign", "--key", key, "--pin-file", d.at("pin"), "--format", "cades", d.at(name), "-o",
                      signed_name}) == 0);
    quiet({"verify", d.at("signed.p7m")}, "verify");
    quiet_json({"verify", d.at("signed.p7m"), signed_name, d.at("missing" + name)}, "verify --json");
    quiet({"verify", signed_name, d.at(name), d.at("missing" + name)}, "verify by a hostile name");
    bytes damaged = read_file(d.at("signed.p7m")).value();
    damaged[damaged.size() / 2] ^= 1;
    d.put("damaged" + name, damaged);
    quiet({"verify", d.at("damaged" + name)}, "verify a damaged file");
    quiet({"extend", "--level", "B-T", "--tsa", d.tsa(), d.at("damaged" + name), "-o", d.at("none")}, "extend");
    d.put("foreign.p12", test_ca("Other").issue({.common_name = hostile}).pkcs12("secret"));
    quiet({"sign", "--key", "p12:" + d.at("foreign.p12"), "--pin-file", d.at("pin"), d.at(name), "-o", d.at("none")},
          "sign with a foreign certificate");
    quiet({"sign", "--key", "p12:" + d.at("leader.p12"), "--pin-file", d.at("pin"), d.at("missing" + name),
           d.at("missing2" + name), "-o", d.at("folder")},
          "sign several");
    quiet({"packet", "check", d.at(hostile + ".edxml")}, "packet check", false);
    quiet({"packet", "show", d.at(hostile + ".edxml")}, "packet show", false);
    quiet({"packet", "extract", d.at("missing" + name), "-o", d.at("x")}, "packet extract", false);
    quiet({"registry", "check", d.at("missing" + name)}, "registry check", false);
    quiet({"registry", "resolve", d.at("registry.toml"), hostile}, "registry resolve", false);
    quiet({"registry", "route", d.at("registry.toml"), "--node", hostile, hostile}, "registry route", false);
    quiet({"registry", "check", d.at("registry.toml"), "--at", hostile}, "registry --at", false);
    quiet({"verify-receipt", d.at("missing" + name), "--trust", d.at("trust")}, "verify-receipt", false);
    quiet({"token", "list", "--module", "/" + hostile}, "token", false);
    quiet({"inbox", "--server", "https://127.0.0.1:1/" + hostile, "--key-file", d.at("missing" + name)}, "inbox",
          false);
    quiet({"track", hostile, "--server", hostile, "--key-file", d.at("pin")}, "track", false);
    quiet({"send", d.at(hostile + ".edxml"), "--server", hostile, "--key-file", d.at("pin")}, "send", false);
    quiet({"verify", "--" + hostile}, "an option that is none", false);
    quiet({hostile}, "a command that is none", false);
}

BOOST_AUTO_TEST_CASE(whoever_signed_before_is_named_without_what_his_name_would_do_to_the_terminal) {
    desk d;
    d.put("evil.p12", d.ca.issue({.common_name = hostile, .title = "Chủ tịch"}).pkcs12("secret"));
    // The name is looked for in the letter: a place is given instead.
    std::string said;
    BOOST_TEST(d.run({"sign", "--key", "p12:" + d.at("evil.p12"), "--pin-file", d.at("pin"), "--format", "cades",
                      d.at("in.pdf"), "-o", d.at("by-him.p7m")},
                     &said) == 0);
    BOOST_TEST(first_objection(said).empty(), said);
    d.put("registry.toml",
          as_bytes("format = 1\nversion = 1\n[[organisation]]\nid = \"xa\"\nname = \"Xã\"\n"
                   "codes = [{ code = \"H48.xa\", form = \"local\" }]\n"
                   "[[authority]]\norganisation = \"xa\"\nperson = \"A\\u001B[2K\"\n"
                   "title = \"B\\u202E\"\nmay_sign_for = [\"TM.\"]\nfrom = 2020-01-01\n" +
                   desk::key_row(d.leader) + "[[agency_certificate]]\norganisation = \"xa\"\nuse = \"seal\"\n" +
                   desk::key_row(d.agency)));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "leader.pdf", {}) == 0);
    const int code = d.run({"sign", "--key", "p12:" + d.at("seal.p12"), "--pin-file", d.at("pin"), "--profile",
                            "issued", "--number", "1", "--date", "2025-07-15", "--registry", d.at("registry.toml"),
                            d.at("leader.pdf"), "-o", d.at("issued.pdf")},
                           &said);
    BOOST_TEST((code == 0 || said.find("registry.") != said.npos), said); // or the registry refuses such a name
    BOOST_TEST(first_objection(said).empty(), said);
}

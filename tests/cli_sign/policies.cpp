// What a person at the command line hears of a signature policy, and the rules by which it is judged there.
#include "tests/cli_sign/desk.hpp"
#include "tests/signing_cms/policy_message.hpp"

using namespace vanthu;
using namespace vanthu::test;

BOOST_AUTO_TEST_CASE(verify_tells_of_the_policy_and_judges_by_the_operators_list) {
    desk d;
    const bytes document = to_bytes("Quy chế ký số");
    const bytes notice = der::sequence({der::tlv(0x0c, as_bytes("Nội bộ\x1b[2J"))});
    const bytes qualifiers = der::sequence({der::sequence({der::oid("1.2.840.113549.1.9.16.5.2"), notice})});
    d.put("in.p7m", message_with_policy(
                        d.leader, d.ca.sub(), as_bytes("content"),
                        {policy_named("2.16.704.1", policy_hash(sha256::of(document).view()), qualifiers)}, true));
    d.put("policy.txt", document);
    d.put("other.txt", to_bytes("another"));
    auto said = [&](const std::string& rules, int exit_code) {
        d.put("rules.toml", as_bytes(rules));
        std::string printed;
        BOOST_TEST(d.run({"verify", "--lang", "en", "--policy", d.at("rules.toml"), d.at("in.p7m")}, &printed) ==
                       exit_code,
                   printed);
        BOOST_TEST(printed.find("notice of the policy: Nội bộ") != printed.npos, printed);
        BOOST_TEST(printed.find('\x1b') == printed.npos);
        return printed;
    };
    auto has = [](const std::string& text, const char* part) { return text.find(part) != text.npos; };
    const std::string row = "[[signature_policy]]\nid = '2.16.704.1'\n",
                      strict = "[signature]\nrequire_known_policy = true\n";
    BOOST_TEST(has(said("", 0), "signature policy: 2.16.704.1 (not confirmed)"));
    BOOST_TEST(has(said(strict, 2), "SIGNATURE_POLICY_NOT_AVAILABLE"));
    BOOST_TEST(has(said(strict + row + "document = 'policy.txt'\n", 0), "signature policy: 2.16.704.1 (known)"));
    auto other = said(row + "document = 'other.txt'\n", 2);
    BOOST_TEST(has(other, "signature policy: 2.16.704.1 (not the known document)"));
    BOOST_TEST(has(other, "POLICY_PROCESSING_ERROR"));
    auto [code, file] = d.verify("in.p7m", {"--policy", d.at("rules.toml")});
    BOOST_TEST(code == 2);
    const auto& told = file.at("signatures").at(0).at("signature_policy").as_object();
    BOOST_TEST(told.at("kind").as_string() == "explicit");
    BOOST_TEST(told.at("hash").as_string() == sha256::of(document).hex());
    BOOST_TEST(told.at("known").as_bool() == false);

    std::string printed; // a list that names a document that is not there is no list
    d.put("rules.toml", as_bytes(row + "document = 'none.txt'\n"));
    BOOST_TEST(d.run({"verify", "--policy", d.at("rules.toml"), d.at("in.p7m")}, &printed) == 64, printed);
    BOOST_TEST(has(printed, "rules.toml:3: document:"), printed);
}

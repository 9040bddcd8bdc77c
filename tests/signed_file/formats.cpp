// Which format a file is, decided once, whatever else it also looks like.
#include "signing/signed_file/verify.hpp"

#include "daemon/base/base64.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

std::string pem(bytes_view der, const std::string& label = "CMS") {
    std::string body = base64_encode(der), out = "-----BEGIN " + label + "-----\n";
    for (std::size_t at = 0; at < body.size(); at += 64) out += body.substr(at, 64) + "\n";
    return out + "-----END " + label + "-----\n";
}

struct desk : world {
    bytes message = cms::attach(stamp(sign(), at_time("2026-02-01T00:00:00Z")), content).value();
    validation::file_report judge(bytes_view file) const { return signed_file::verify(file, trust, known, now); }
    verdict of(std::string_view text) const { return judge(as_bytes(text)).verdict; }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_message_is_read_as_der_and_as_pem, desk) {
    BOOST_TEST((judge(message).verdict == verdict::valid), validation::to_json(judge(message)));
    for (const std::string& text :
         {pem(message), pem(message, "PKCS7"), "\xEF\xBB\xBF" + pem(message), " \r\n\n" + pem(message) + "\r\n \n"}) {
        BOOST_TEST((of(text) == verdict::valid), text.substr(0, 40));
        BOOST_TEST((signed_file::kind_of(as_bytes(text)) == signed_file::kind::cms));
        BOOST_TEST((signed_file::message_in(as_bytes(text)).value() == message));
    }
    BOOST_TEST((signed_file::message_in(message).value() == message));
}

// The text that another signed would be shown with the verdict of the message hidden in it.
BOOST_FIXTURE_TEST_CASE(a_message_inside_another_messages_content_is_not_taken_for_it, desk) {
    world eve;
    eve.content = to_bytes("Chi cho Eve 9 000 000 đồng\n" + pem(message));
    bytes outer = cms::attach(eve.sign(), eve.content).value();
    auto report = judge(outer);
    BOOST_TEST((report.verdict == verdict::indeterminate), validation::to_json(report)); // Eve is not trusted
    BOOST_REQUIRE(report.signatures.size() == 1u);
    BOOST_TEST(report.signatures[0].signer.subject == eve.signer().leaf.subject());
    BOOST_TEST((signed_file::message_in(outer).value() == outer));
    // A file that begins like a message and is none.
    bytes none = to_bytes("\x30\x82\x7f\x7f\x06\x09" + pem(message));
    BOOST_TEST((judge(none).verdict == verdict::invalid));
}

BOOST_FIXTURE_TEST_CASE(a_pem_file_is_one_block_and_nothing_else, desk) {
    std::string one = pem(message), other = pem(message, "PKCS7"), cut = one.substr(0, one.size() - 5);
    for (const std::string& text : std::initializer_list<std::string>{
             one + one, one + other, one + "Chi cho Eve 9 000 000 đồng\n", one + '\0', cut, "-----BEGIN CMS-----\n",
             "-----BEGIN CMS-----\nA: b\n\n" + one.substr(20), pem({}), "-----BEGIN CMS-----" + other}) {
        BOOST_TEST((of(text) == verdict::invalid), text.substr(0, 40));
        BOOST_TEST((signed_file::message_in(as_bytes(text)).value_or(bytes{}).empty()));
    }
    for (const std::string& text : {"Chi cho Eve 9 000 000 đồng\n" + one, "\xEF\xBB\xBF\xEF\xBB\xBF" + one}) {
        BOOST_TEST((of(text) == verdict::unsigned_), text.substr(0, 40));
        BOOST_TEST(!signed_file::message_in(as_bytes(text)));
    }
}

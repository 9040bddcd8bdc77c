// Trust by a trust list, from the command line: nothing else in the folder says who is trusted.
#include "tests/cli_sign/desk.hpp"
#include "tests/trust_list/list.hpp"

using namespace vanthu;
using namespace vanthu::test;

namespace {

const list_head current{.next_update = "<dateTime>2040-01-01T00:00:00Z</dateTime>"};
const listed_state stamps{.type = svctype + "TSA/QTST"},
    withdrawn{.status = svcstatus + "withdrawn", .since = "2025-01-01T00:00:00Z"};

struct desk_with_list : desk {
    list_operator issuer;
    desk_with_list() {
        BOOST_REQUIRE(sign("leader.p12", "in.txt", "b.p7m", {"--format", "cades"}) == 0);
        BOOST_REQUIRE(sign("leader.p12", "in.txt", "t.p7m", {"--format", "cades", "--level", "B-T", "--tsa", tsa()}) ==
                      0);
        std::filesystem::create_directories(dir.path() / "listed/lists/signers");
        put("listed/lists/signers/operator.crt", issuer.who.certificate_der());
    }
    void list(const std::vector<listed_service>& services, const list_head& head = current) const {
        put("listed/lists/vn.xml", issuer.sign(list_document(services, head)));
    }
    int judge(const char* file, std::string* said = nullptr) const {
        return run({"verify", "--lang", "en", "--trust", at("listed"), at(file)}, said);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_trust_list_says_who_is_trusted_for_what_and_when) {
    desk_with_list d;
    std::string said;
    d.list({{{d.ca.root()}}});
    BOOST_TEST(d.judge("b.p7m") == 0);
    BOOST_TEST(d.judge("t.p7m", &said) == 0); // the time stamp proves nothing, and nothing needs its proof
    BOOST_TEST(said.find("x509.anchor_for_other_service") != said.npos, said);

    d.list({{{d.ca.root()}}, {{d.ca.root()}, {stamps}}});
    BOOST_TEST(d.judge("t.p7m", &said) == 0);
    BOOST_TEST(said.find("x509.anchor_for_other_service") == said.npos, said);

    d.list({{{d.ca.root()}, {stamps}}});
    BOOST_TEST(d.judge("b.p7m", &said) == 2);
    BOOST_TEST(said.find("NO_CERTIFICATE_CHAIN_FOUND") != said.npos, said);

    d.list({{{d.ca.root()}, {withdrawn, {}}}});
    BOOST_TEST(d.judge("b.p7m", &said) == 2);
    BOOST_TEST(said.find("NO_CERTIFICATE_CHAIN_FOUND_NO_POE") != said.npos, said);
    BOOST_TEST(said.find("x509.anchor_not_granted_then") != said.npos, said);

    d.list({{{d.ca.root()}}}, {.next_update = "<dateTime>2026-01-01T00:00:00Z</dateTime>"});
    BOOST_TEST(d.judge("b.p7m", &said) == 2);
    BOOST_TEST(said.find("x509.trust_list_outdated") != said.npos, said);
}

BOOST_AUTO_TEST_CASE(a_list_that_its_operator_did_not_sign_stops_the_command) {
    desk_with_list d;
    std::string said;
    auto refused = [&](const char* code) {
        BOOST_TEST(d.judge("b.p7m", &said) == 66);
        BOOST_TEST(said.find(code) != said.npos, said);
        BOOST_TEST(said.find("vn.xml") != said.npos, said);
    };
    d.put("listed/lists/vn.xml", list_operator().sign(list_document({{{d.ca.root()}}}, current)));
    refused("trust_list.not_signed_by_operator");
    d.put("listed/lists/vn.xml", d.issuer.sign(to_bytes("<a>b</a>")));
    refused("trust_list.not_a_list");
    d.list({{{d.ca.root()}}});
    std::filesystem::remove_all(d.dir.path() / "listed/lists/signers");
    refused("trust_list.not_signed_by_operator");
}

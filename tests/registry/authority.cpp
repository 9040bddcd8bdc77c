#include "tests/registry/support.hpp"

using namespace vanthu;
using namespace vanthu::registry;
namespace reg = vanthu::registry;

namespace {
certificate_ids certificate(char key, char whole, std::string subject = "CN=S", std::string issuer = "CN=I") {
    return {digest::from_hex(std::string(64, key)).value(), digest::from_hex(std::string(64, whole)).value(),
            std::move(subject), std::move(issuer)};
}

reg::registry people() {
    std::string key(64, 'a'), second(64, 'b'), whole(64, 'e');
    return parsed(
        "version = 1\n[[organisation]]\nid = 'o'\nname = 'O'\n[[organisation]]\nid = 'p'\nname = 'P'\n"
        "[[authority]]\nperson = 'Nguyễn Văn Ví Dụ'\ntitle = 'Phó Chủ tịch'\norganisation = 'o'\nmay_sign_for = "
        "['KT.']\n"
        "certificate = { spki_sha256 = '" +
        key +
        "' }\nfrom = 2025-01-01\nto = 2025-07-01\n"
        "[[authority]]\nperson = 'Nguyễn Văn Ví Dụ'\ntitle = 'Chủ tịch'\norganisation = 'o'\nmay_sign_for = ['TM.']\n"
        "certificate = { spki_sha256 = '" +
        key +
        "' }\nfrom = 2025-07-01\n"
        "[[authority]]\nperson = 'Nguyễn Văn Ví Dụ'\ntitle = 'Chủ tịch'\norganisation = 'o'\n"
        "certificate = { spki_sha256 = '" +
        second + "', certificate_sha256 = '" + whole +
        "' }\n"
        "[[authority]]\nperson = 'Trần Thị Minh Họa'\ntitle = 'Giám đốc'\norganisation = 'p'\n"
        "certificate = { subject = 'CN=S', issuer = 'CN=I' }\n"
        "[[agency_certificate]]\norganisation = 'o'\nuse = 'seal'\ncertificate = { spki_sha256 = '" +
        std::string(64, '5') +
        "' }\n"
        "to = 2026-01-01\n");
}
} // namespace

BOOST_AUTO_TEST_CASE(authority_is_dated_and_belongs_to_one_organisation) {
    reg::registry r = people();
    const organisation &o = *r.find_organisation("o"), &p = *r.find_organisation("p");
    certificate_ids mine = certificate('a', '0', "CN=X");
    BOOST_TEST(r.authority_of(mine, o, noon("2024-12-31")).empty());
    BOOST_REQUIRE(r.authority_of(mine, o, noon("2025-06-30")).size() == 1u);
    BOOST_TEST(r.authority_of(mine, o, noon("2025-06-30"))[0]->may_sign_for[0] == "KT.");
    BOOST_REQUIRE(r.authority_of(mine, o, noon("2025-07-01")).size() == 1u);
    BOOST_TEST(r.authority_of(mine, o, noon("2025-07-01"))[0]->title == "Chủ tịch");
    BOOST_TEST(r.authority_of(mine, p, noon("2025-07-01")).empty());
}

BOOST_AUTO_TEST_CASE(a_second_certificate_counts_beside_the_first_and_every_given_part_must_match) {
    reg::registry r = people();
    const organisation &o = *r.find_organisation("o"), &p = *r.find_organisation("p");
    timestamp at = noon("2025-08-01");
    BOOST_TEST(r.authority_of(certificate('b', 'e'), o, at).size() == 1u);
    BOOST_TEST(r.authority_of(certificate('b', 'f'), o, at).empty()); // the same key in another certificate
    BOOST_TEST(r.authority_of(certificate('0', '0', "CN=S", "CN=I"), p, at).size() == 1u);
    BOOST_TEST(r.authority_of(certificate('0', '0', "CN=S", "CN=Other"), p, at).empty());
    BOOST_TEST(!matches(certificate_match{}, certificate('0', '0'))); // a row that names nothing matches nothing
}

BOOST_AUTO_TEST_CASE(an_organisations_own_certificate_is_found_while_it_is_valid) {
    reg::registry r = people();
    BOOST_REQUIRE(r.agency_certificates_of(certificate('5', '0'), noon("2025-12-31")).size() == 1u);
    BOOST_TEST((r.agency_certificates_of(certificate('5', '0'), noon("2025-12-31"))[0]->use == certificate_use::seal));
    BOOST_TEST(r.agency_certificates_of(certificate('5', '0'), noon("2026-01-01")).empty());
    BOOST_TEST(r.agency_certificates_of(certificate('6', '0'), noon("2025-12-31")).empty());
}

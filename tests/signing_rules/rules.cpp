// The files by which an operator replaces built-in rules say exactly what they mean, or are refused with the line.
#include "daemon/base/files.hpp"
#include "daemon/signing_rules/appearance.hpp"
#include "daemon/signing_rules/trust_folder.hpp"
#include "daemon/signing_rules/verification.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::signing_rules;
using rule_file::errc;

namespace {

const timestamp now = from_rfc3339("2026-03-01T08:00:00Z").value();

std::string sample(const char* name) { return read_text_file(std::string(VANTHU_CONF) + "/" + name).value(); }

bool same(const pdf::appearance& a, const pdf::appearance& b) {
    return std::tie(a.kind, a.place, a.image, a.text, a.who, a.size, a.lines, a.lays_out_fields) ==
           std::tie(b.kind, b.place, b.image, b.text, b.who, b.size, b.lines, b.lays_out_fields);
}

template <class Read> void refused(Read read, const char* text, errc code, const char* detail) {
    auto got = read(text, "f.toml");
    BOOST_REQUIRE_MESSAGE(!got, text);
    BOOST_TEST((got.error().code == code), text << ": " << got.error().code.message());
    BOOST_TEST(got.error().detail.starts_with(detail), got.error().detail);
}

} // namespace

BOOST_AUTO_TEST_CASE(the_sample_of_appearances_is_the_built_in_table) {
    auto rows = read_appearances(sample("appearance.toml"), "appearance.toml");
    BOOST_REQUIRE_MESSAGE(rows.has_value(), rows.error().detail);
    auto built_in = pdf::default_appearances();
    BOOST_REQUIRE_EQUAL(rows->size(), built_in.size());
    for (std::size_t i = 0; i < built_in.size(); ++i)
        BOOST_TEST(same((*rows)[i], built_in[i]), pdf::to_string(built_in[i].kind));
}

BOOST_AUTO_TEST_CASE(a_row_replaces_what_it_names_and_nothing_else) {
    auto rows =
        read_appearances("[copy]\nlines = [\"{form} {date}\"]\nsize = 12.5\nplace = 'top-left'\n", "f.toml").value();
    for (const pdf::appearance& row : rows) {
        pdf::appearance wanted = pdf::default_appearance(row.kind);
        if (row.kind == pdf::profile::copy) {
            wanted.lines = {"{form} {date}"};
            wanted.size = 12.5;
            wanted.place = pdf::place_rule::top_left;
        }
        BOOST_TEST(same(row, wanted), pdf::to_string(row.kind));
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_appearance_is_refused_with_file_and_line) {
    refused(read_appearances, "[copy\n", errc::syntax, "f.toml:1:");
    refused(read_appearances, "\n[stamp]\n", errc::unknown_key, "f.toml:2: stamp:");
    refused(read_appearances, "[copy]\n\ncolour = 'red'\n", errc::unknown_key, "f.toml:3: colour:");
    refused(read_appearances, "[copy]\nplace = 'middle'\n", errc::bad_value, "f.toml:2: place: must be one of: leader");
    refused(read_appearances, "[copy]\nplace = 3\n", errc::wrong_type, "f.toml:2:");
    refused(read_appearances, "[copy]\nsize = 72\n", errc::bad_value, "f.toml:2:");
    refused(read_appearances, "[copy]\nsize = 'big'\n", errc::wrong_type, "f.toml:2:");
    refused(read_appearances, "[copy]\nlines = ['{nothing}']\n", errc::bad_value, "f.toml:2:");
    refused(read_appearances, "[copy]\nlines = [1]\n", errc::wrong_type, "f.toml:2:");
    refused(read_appearances, "copy = 1\n", errc::wrong_type, "f.toml:1:");
    refused(read_appearances, "[copy]\nnumber_and_date_fields = 'yes'\n", errc::wrong_type, "f.toml:2:");
}

BOOST_AUTO_TEST_CASE(the_sample_of_the_verification_policy_is_the_built_in_one) {
    auto read = read_verification_policy(sample("verification-policy.toml"), "verification-policy.toml");
    BOOST_REQUIRE_MESSAGE(read.has_value(), read.error().detail);
    validation::policy wanted;
    wanted.signature.formats = {"pades", "pkcs7", "cades", "xades", "xmldsig"}; // all, by name
    BOOST_TEST((*read == wanted));
    BOOST_TEST((read_verification_policy("", "f.toml").value() == validation::policy{}));
}

BOOST_AUTO_TEST_CASE(every_rule_of_the_policy_is_read) {
    auto p = read_verification_policy(R"(
revocation = "if-present"
require_timestamp = true
tolerate_unchecked_responder = true
certificate_policies = ["2.16.704.1.1.1.1.1"]
extended_key_usages = ["1.3.6.1.5.5.7.3.36"]
max_revocation_age_hours = 1.5
[signature]
minimum_level = "B-LT"
formats = ["pades"]
require_claimed_time = true
require_known_policy = true
[[algorithm]]
name = "SHA-256"
until = 2030-01-01
[[algorithm]]
name = "RSA"
min_bits = 3072
[[algorithm]]
name = "ECDSA P-384"
)",
                                      "f.toml")
                 .value();
    BOOST_TEST((p.revocation == x509::revocation_rule::if_present));
    BOOST_TEST(p.require_timestamp);
    BOOST_TEST(p.rules.tolerate_unchecked_responder);
    BOOST_TEST((p.rules.acceptable_policies == std::vector<std::string>{"2.16.704.1.1.1.1.1"}));
    BOOST_TEST((p.rules.purposes == std::vector<std::string>{"1.3.6.1.5.5.7.3.36"}));
    BOOST_TEST((p.rules.max_revocation_age == std::chrono::minutes(90)));
    BOOST_TEST(p.signature.minimum_level == "B-LT");
    BOOST_TEST((p.signature.formats == std::vector<std::string>{"pades"}));
    BOOST_TEST(p.signature.require_claimed_time);
    BOOST_TEST(p.signature_policies.require_known);
    BOOST_TEST((p.rules.suite.until("SHA-256") == *from_rfc3339("2030-01-01T00:00:00+07:00")));
    BOOST_TEST((p.rules.suite.until("RSA", 2048) == timestamp::min()));
    BOOST_TEST((p.rules.suite.until("RSA", 4096) == timestamp::max()));
    BOOST_TEST((p.rules.suite.until("ECDSA P-384", 384) == timestamp::max()));
    BOOST_TEST((p.rules.suite.until("SHA-512") == timestamp::min())); // the table replaces the built-in one
}

BOOST_AUTO_TEST_CASE(a_wrong_policy_is_refused_with_file_and_line) {
    auto read = read_verification_policy;
    refused(read, "revocation = \n", errc::syntax, "f.toml:1:");
    refused(read, "revocation = 'never'\n", errc::bad_value, "f.toml:1: revocation:");
    refused(read, "\ncolour = 'red'\n", errc::unknown_key, "f.toml:2: colour:");
    refused(read, "require_timestamp = 1\n", errc::wrong_type, "f.toml:1:");
    refused(read, "certificate_policies = ['any']\n", errc::bad_value, "f.toml:1:");
    refused(read, "extended_key_usages = ['emailProtection']\n", errc::bad_value, "f.toml:1:");
    refused(read, "max_revocation_age_hours = -1\n", errc::bad_value, "f.toml:1:");
    refused(read, "[signature]\nminimum_level = 'B-X'\n", errc::bad_value, "f.toml:2:");
    refused(read, "[signature]\nformats = ['jades']\n", errc::bad_value, "f.toml:2:");
    refused(read, "[signature]\nformats = []\n", errc::bad_value, "f.toml:2:");
    refused(read, "[signature]\nlevel = 'B-T'\n", errc::unknown_key, "f.toml:2:");
    refused(read, "[[algorithm]]\nname = 'MD5'\n", errc::bad_value, "f.toml:2:");
    refused(read, "[[algorithm]]\nmin_bits = 2048\n", errc::bad_value, "f.toml:1: name:");
    refused(read, "[[algorithm]]\nname = 'RSA'\n", errc::bad_value, "f.toml:1: min_bits:");
    refused(read, "[[algorithm]]\nname = 'SHA-256'\nmin_bits = 1\n", errc::bad_value, "f.toml:3:");
    refused(read, "[[algorithm]]\nname = 'SHA-256'\nuntil = '2030'\n", errc::wrong_type, "f.toml:3:");
    refused(read, "algorithm = 'SHA-256'\n", errc::wrong_type, "f.toml:1:");
}

BOOST_AUTO_TEST_CASE(known_signature_policies_are_read_by_hash_and_by_document) {
    using known = validation::known_policy;
    test::temporary_directory dir;
    const bytes document = to_bytes("Chính sách ký số");
    BOOST_REQUIRE(write_file_atomically(dir.path() / "p.txt", document).has_value());
    auto hash = [&](x509::hash h) { return to_hex(x509::hash_of(h, document)); };
    const std::string file = (dir.path() / "f.toml").string(), other(64, 'A'), sha256 = hash(x509::hash::sha256);
    auto read = [&](const std::string& rows) {
        auto p = read_verification_policy(rows, file);
        BOOST_REQUIRE_MESSAGE(p.has_value(), p.error().detail);
        BOOST_TEST(!p->signature_policies.require_known);
        return p->signature_policies.known;
    };
    BOOST_TEST((read("[[signature_policy]]\nid = 'urn:oid:1.2.3'\nsha256 = '" + other + "'\nsha512 = '" +
                     hash(x509::hash::sha512) + "'\n[[signature_policy]]\nid = 'https://example.vn/p'\nsha384 = '" +
                     hash(x509::hash::sha384) + "'\n") ==
                std::vector<known>{{"1.2.3", x509::hash::sha256, std::string(64, 'a')},
                                   {"1.2.3", x509::hash::sha512, hash(x509::hash::sha512)},
                                   {"https://example.vn/p", x509::hash::sha384, hash(x509::hash::sha384)}}));
    // A document stands for all its hashes; beside the file or by its whole path.
    const std::vector<known> all{{"1.2.3", x509::hash::sha256, sha256},
                                 {"1.2.3", x509::hash::sha384, hash(x509::hash::sha384)},
                                 {"1.2.3", x509::hash::sha512, hash(x509::hash::sha512)}};
    const std::string row = "[[signature_policy]]\nid = '1.2.3'\n";
    BOOST_TEST((read(row + "document = 'p.txt'\n") == all));
    BOOST_TEST(
        (read(row + "document = '" + (dir.path() / "p.txt").string() + "'\nsha256 = '" + sha256 + "'\n") == all));

    auto refused_at = [&](const std::string& rows, errc code, const std::string& where) {
        auto p = read_verification_policy(rows, file);
        BOOST_REQUIRE_MESSAGE(!p.has_value(), rows);
        BOOST_TEST((p.error().code == code), rows);
        BOOST_TEST(p.error().detail.starts_with(file + where), p.error().detail);
    };
    refused_at(row, errc::bad_value, ":2: id:");
    refused_at("[[signature_policy]]\nsha256 = '" + sha256 + "'\n", errc::bad_value, ":1: id:");
    refused_at("[[signature_policy]]\nid = 'two words'\nsha256 = '" + sha256 + "'\n", errc::bad_value, ":2: id:");
    refused_at("[[signature_policy]]\nid = 'urn:oid:1.2.'\nsha256 = '" + sha256 + "'\n", errc::bad_value, ":2: id:");
    refused_at("[[signature_policy]]\nid = 1\nsha256 = '" + sha256 + "'\n", errc::wrong_type, ":2: id:");
    refused_at(row + "sha256 = 'a'\n", errc::bad_value, ":3: sha256:");
    refused_at(row + "sha384 = '" + sha256 + "'\n", errc::bad_value, ":3: sha384:");
    refused_at(row + "sha1 = '" + sha256 + "'\n", errc::bad_value, ":2: id:");
    refused_at(row + "sha256 = '" + sha256 + "'\nsha1 = ''\n", errc::unknown_key, ":4: sha1:");
    refused_at(row + "document = 'none.txt'\n", errc::bad_value, ":3: document:");
    refused_at(row + "document = 'p.txt'\nsha256 = '" + other + "'\n", errc::bad_value, ":4: sha256:");
    refused_at("[signature]\nrequire_known_policy = 1\n", errc::wrong_type, ":2:");
}

BOOST_AUTO_TEST_CASE(what_lies_among_intermediates_is_never_an_anchor) {
    test::temporary_directory dir;
    test::test_ca ca("Own"), other("Other");
    auto put = [&](const std::string& name, const bytes& der) {
        BOOST_REQUIRE(write_file_atomically(dir.path() / name, der).has_value());
    };
    BOOST_TEST((read_trust_folder(dir.path() / "none", now).error().code == files::errc::not_found));
    BOOST_TEST((read_trust_folder(dir.path(), now).error().code == files::errc::not_found));
    std::filesystem::create_directory(dir.path() / "intermediates");
    put("root.crt", ca.root().certificate_der());
    put("intermediates/sub.cer", ca.sub().certificate_der());
    put("intermediates/other-root.der", other.root().certificate_der());
    put("notes.txt", to_bytes("no certificate"));
    auto trust = read_trust_folder(dir.path(), now).value();
    BOOST_REQUIRE_EQUAL(trust.anchors.size(), 1u);
    BOOST_TEST((trust.anchors[0].der() == ca.root().certificate_der()));
    BOOST_TEST(trust.intermediates.size() == 2u);
    put("intermediates/leaf.crt", ca.issue({}).certificate_der());
    BOOST_TEST((read_trust_folder(dir.path(), now).error().code == x509::errc::not_a_ca));
}

// What a message carries without a signature over it: only what belongs there, and never another document.
#include "signing/cms/parts.hpp"
#include "tests/signing_cms/world.hpp"

#include <deque>

using namespace vanthu;
using namespace vanthu::test;
using signing::has_finding;
using signing::verdict;

namespace {

const bytes letter = to_bytes("%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\ntrailer\n<</Root 1 0 R>>\n");
// What PDFium takes for a header, and what MuPDF and poppler open without any.
const bytes other_header = to_bytes("%PDF 1.4\n1 0 obj<</Type/Catalog>>endobj"),
            no_header = to_bytes("1%\n0 % \nobj[<<>>]endobj");

struct open_message {
    bytes message;
    cms::message_parts parts = cms::take_apart(message).value();
    std::deque<bytes> kept;
    bytes_view keep(bytes b) { return kept.emplace_back(std::move(b)); }
    void attribute(std::string_view type, const bytes& value) {
        cms::add_attribute(parts.signers[0].unsigned_list, keep(cms::attribute(type, value)));
        parts.signers[0].changed = true;
    }
    bytes closed() const { return cms::assemble(parts); }
};

struct desk : world {
    validation::file_report judge(const bytes& message) const { return cades::verify(message, {}, trust, known, now); }
    open_message fresh() const { return {cms::attach(stamp(sign(), now), content).value()}; }
    void expect_doubt(const open_message& m, std::string_view what) const {
        auto report = judge(m.closed());
        BOOST_TEST((report.verdict == verdict::indeterminate), what);
        BOOST_REQUIRE(report.signatures.size() == 1u);
        BOOST_TEST(has_finding(report.signatures[0].findings, "cms.unsigned_content"), what);
    }
    void expect_valid(const open_message& m, std::string_view what) const {
        auto report = judge(m.closed());
        BOOST_TEST((report.verdict == verdict::valid), what << validation::to_json(report));
    }
};

bytes digest_with(const bytes& parameters, std::string_view name = "2.16.840.1.101.3.4.2.2") {
    return der::sequence({der::oid(name), parameters});
}
bytes octets(const bytes& content) { return der::tlv(der::tag_octets, content); }

} // namespace

BOOST_FIXTURE_TEST_CASE(the_list_of_digest_algorithms_carries_no_letter, desk) {
    for (const bytes& good : {digest_with({}), digest_with(der::null())}) {
        auto m = fresh();
        m.parts.digest_algorithms.push_back(good);
        expect_valid(m, "SHA-384 too");
    }
    for (const bytes& bad : {digest_with(octets(letter)), digest_with(octets({1})), digest_with({}, "1.2.3.4")}) {
        auto m = fresh();
        m.parts.digest_algorithms.push_back(bad);
        expect_doubt(m, to_hex(bad));
    }
    auto twice = fresh();
    twice.parts.digest_algorithms.push_back(twice.parts.digest_algorithms[0]);
    expect_doubt(twice, "the same twice");
    auto version = fresh();
    bytes other_version = {0x02, 0x02, 0x43, 0x68};
    version.parts.version = other_version;
    expect_doubt(version, "version");
}

BOOST_FIXTURE_TEST_CASE(a_certificate_that_came_along_carries_no_letter, desk) {
    auto harmless = fresh();
    bytes good = ca.issue({.common_name = "Object 5 of 7 0 objects"}).certificate_der();
    harmless.parts.certificates.insert(harmless.parts.certificates.begin(), good);
    expect_valid(harmless, "somebody else's certificate");
    for (const bytes& mark : {letter, other_header, no_header, to_bytes("PK\x05\x06"), to_bytes("\nstartxref\n12\n")}) {
        auto m = fresh();
        bytes der = ca.issue({.extra_extensions = {"1.2.3.4=DER:" + to_hex(octets(mark))}}).certificate_der();
        m.parts.certificates.insert(m.parts.certificates.begin(), der);
        expect_doubt(m, as_text(mark));
    }
    for (std::uint8_t tag : {0x30, 0xa0, 0xa1, 0xa2, 0xa3}) { // no certificate; kinds of which nobody here reads any
        auto m = fresh();
        bytes other = der::tlv(tag, to_bytes("Chi cho Eve 9 000 000"));
        m.parts.certificates.push_back(other);
        expect_doubt(m, std::to_string(tag));
    }
}

BOOST_FIXTURE_TEST_CASE(revocation_data_that_came_along_is_revocation_data, desk) {
    bytes list = ca.sub_crl();
    auto good = fresh();
    good.parts.crls.push_back(list);
    expect_valid(good, "a list");
    for (const bytes& bad :
         {der::sequence({octets(letter)}), der::tlv(0xa1, der::joined({der::oid("1.2.3.4"), octets(letter)})),
          der::tlv(0xa1, der::joined({der::oid("1.3.6.1.5.5.7.16.2"), octets({1})}))}) {
        auto m = fresh();
        m.parts.crls.push_back(bad);
        expect_doubt(m, to_hex(bad).substr(0, 40));
    }
}

BOOST_FIXTURE_TEST_CASE(unsigned_attributes_are_those_of_the_standards, desk) {
    auto harmless = fresh();
    harmless.attribute("1.2.840.113549.1.9.16.2.21", der::sequence({}));
    expect_valid(harmless, "references to certificates");
    auto unknown = fresh();
    unknown.attribute("1.2.3.4", octets({1}));
    expect_doubt(unknown, "a type that nobody knows");
    for (const bytes& mark : {letter, other_header, no_header}) {
        auto m = fresh();
        m.attribute("0.4.0.1733.2.2", der::sequence({octets(mark)}));
        expect_doubt(m, as_text(mark));
    }
    // Inside of a token that is good.
    auto m = fresh();
    bytes imprint_of = content;
    open_message token{world::token(sha256::of(imprint_of), now).der};
    bytes algorithm = digest_with(octets({1}));
    token.parts.digest_algorithms.push_back(algorithm);
    m.attribute(cms::id::signature_time_stamp, token.closed());
    expect_doubt(m, "a token's list of algorithms");
    auto signer = fresh();
    bytes digest = digest_with(octets({1}), cms::id::sha256);
    signer.parts.signers[0].digest_algorithm = digest;
    signer.parts.signers[0].changed = true;
    expect_doubt(signer, "the signer's digest algorithm");
}

// The bytes of the content are signed, whatever they are.
BOOST_FIXTURE_TEST_CASE(a_letter_that_was_signed_may_be_a_pdf, desk) {
    content = letter;
    expect_valid(fresh(), "a PDF inside");
}

BOOST_FIXTURE_TEST_CASE(a_decoy_with_the_same_issuer_and_number_is_not_taken_for_the_signer, desk) {
    bytes decoy = who.certificate_der();
    std::string_view name = "Nguy";
    auto at = std::ranges::search(decoy, as_bytes(name)).begin();
    BOOST_REQUIRE((at != decoy.end()));
    *at = 'M';
    for (bool first : {true, false}) {
        auto m = fresh();
        auto& all = m.parts.certificates;
        all.insert(first ? all.begin() : all.end(), decoy);
        auto report = judge(m.closed());
        BOOST_TEST((report.verdict == verdict::valid), validation::to_json(report));
        BOOST_TEST(report.signatures.at(0).signer.subject == signer().leaf.subject());
    }
}

BOOST_AUTO_TEST_CASE(the_scheme_that_is_named_is_that_of_the_key) {
    struct row {
        test_key key;
        std::string_view named;
    };
    for (row r : {row{test_key::p256, "1.2.840.113549.1.1.1"}, row{test_key::p256, "1.2.840.113549.1.1.11"},
                  row{test_key::rsa_2048, "1.2.840.10045.4.3.2"}}) {
        world w(r.key);
        bytes signature = w.sign(), name = der::algorithm(r.named, r.key == test_key::p256);
        auto parts = cms::take_apart(signature).value();
        parts.signers[0].signature_algorithm = name;
        parts.signers[0].changed = true;
        auto v = w.verify(cms::assemble(parts));
        BOOST_TEST((v.verdict != verdict::valid), r.named);
        BOOST_TEST(v.signature_algorithm == "");
    }
}

BOOST_AUTO_TEST_CASE(a_claimed_time_that_cannot_be_true_is_remarked) {
    world w;
    auto claimed = [&](const char* when) {
        auto v = w.verify(w.sign(false, {.signing_time = at_time(when)}));
        BOOST_TEST((v.verdict == verdict::valid)); // the signer's word alone decides nothing for him
        return v.findings;
    };
    BOOST_TEST(has_finding(claimed("2040-01-01T00:00:00Z"), "cms.claimed_time_ahead"));
    BOOST_TEST(has_finding(claimed("1999-01-01T00:00:00Z"), "cms.claimed_before_issue"));
    for (const char* likely : {"2026-03-01T08:05:00Z", "2026-03-01T08:00:00Z", "2024-01-01T00:00:00Z"})
        for (const char* code : {"cms.claimed_time_ahead", "cms.claimed_before_issue"})
            BOOST_TEST(!has_finding(claimed(likely), code), likely);
}

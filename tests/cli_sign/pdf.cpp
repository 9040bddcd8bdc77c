// `vanthu sign` and `vanthu verify` from key file to report.
#include "tests/cli_sign/desk.hpp"
#include "tests/pdf/pdf_fixture.hpp"

using namespace vanthu;
using namespace vanthu::test;

BOOST_AUTO_TEST_CASE(a_letter_is_signed_sealed_and_verified_from_the_command_line) {
    desk d;
    BOOST_TEST(d.verify("in.pdf").first == 3);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "signed.pdf",
                      {"--profile", "approved", "--level", "B-T", "--tsa", d.tsa()}) == 0);
    BOOST_TEST(d.verify("signed.pdf").first == 0);
    BOOST_TEST(d.sign("seal.p12", "signed.pdf", "issued.pdf",
                      d.with_registry({"--profile", "issued", "--number", "321/UBND-KGVX", "--date", "2025-07-05"})) ==
               0);
    BOOST_TEST(d.verify("issued.pdf").first == 0);
    std::string text;
    BOOST_TEST(run({"/usr/bin/pdftotext", "-raw", d.at("issued.pdf"), "-"}, &text) == 0);
    BOOST_TEST(text.find("ngày 05 tháng 7 năm 2025") != text.npos, text);
    bytes changed = *read_file(d.at("issued.pdf"));
    changed[changed.size() / 4] ^= 1;
    d.put("changed.pdf", changed);
    int code = d.verify("changed.pdf").first;
    BOOST_TEST((code == 1 || code == 2), code);
}

BOOST_AUTO_TEST_CASE(issuing_wants_a_valid_signature_of_somebody_else_first) {
    desk d;
    auto issue = d.with_registry({"--profile", "issued", "--number", "1/QĐ", "--date", "2025-07-15"});
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "out.pdf", issue) == 1);
    BOOST_TEST(d.sign("seal.p12", "in.pdf", "own.pdf", {"--profile", "approved"}) == 0);
    BOOST_TEST(d.sign("seal.p12", "own.pdf", "out.pdf", issue) == 1);
    d.put("foreign.pdf", world().sign(make_letter(), world().stranger, request_for(pdf::profile::approved)));
    BOOST_TEST(d.sign("seal.p12", "foreign.pdf", "out.pdf", issue) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("out.pdf")));
}

BOOST_AUTO_TEST_CASE(what_this_version_does_not_offer_is_refused_with_64_and_unreadable_with_66) {
    desk d;
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--format", "jades"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--level", "B-X"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--level", "B-LTA"}) == 64); // no --tsa
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--rewrite", "nothing"}) == 1);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--profile", "sealed"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--profile", "copy", "--form", "copied"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.txt", "out.xml", {"--format", "xades", "--signature", "cades"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {"--level", "B-T"}) == 64);
    BOOST_TEST(d.sign("leader.p12", "missing.pdf", "out.pdf", {}) == 66);
    BOOST_TEST(d.verify("missing.pdf").first == 66);
    d.put("pin", as_bytes("wrong"));
    BOOST_TEST(d.sign("leader.p12", "in.pdf", "out.pdf", {}) == 1);
    BOOST_TEST(!std::filesystem::exists(d.at("out.pdf")));
}

#include "daemon/base/files.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::has_finding;
using signing::verdict;
namespace sub = signing::sub;

#define CHECK_VERDICT(v, expected, sub_expected, code)                                                                 \
    do {                                                                                                               \
        auto got = (v);                                                                                                \
        BOOST_TEST((got.verdict == expected), signing::to_string(got.verdict));                                        \
        BOOST_TEST(got.sub_indication == sub_expected);                                                                \
        BOOST_TEST(has_finding(got.findings, code));                                                                   \
    } while (false)

BOOST_AUTO_TEST_CASE(changed_content_is_invalid) {
    world w;
    bytes signature = w.sign();
    w.content[3] ^= 1;
    CHECK_VERDICT(w.verify(signature), verdict::invalid, sub::hash_failure, "cms.digest_mismatch");
}

BOOST_AUTO_TEST_CASE(missing_content_is_not_determined) {
    world w;
    auto v = w.verify(w.sign(), [](x509::hash) { return bytes{}; }, w.trust);
    CHECK_VERDICT(v, verdict::indeterminate, sub::signed_data_not_found, "cms.content_missing");
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_leaves_a_signature_valid_and_ours) {
    world w;
    bytes good = w.sign();
    auto reference = w.verify(good);
    for (std::size_t i = 0; i < good.size(); ++i)
        for (std::uint8_t bit : {0x01, 0x80}) {
            bytes bad = good;
            bad[i] ^= bit;
            auto v = w.verify(bad);
            if (v.verdict == verdict::valid) {
                // Only bytes that carry no meaning may change: the version and the list of digest algorithms outside
                // the signer info, and embedded certificates other than the signer's.
                BOOST_TEST((v.signer == reference.signer), "byte " << i);
                BOOST_TEST(v.digest_algorithm == reference.digest_algorithm, "byte " << i);
                BOOST_TEST(v.level == "B-B", "byte " << i);
            }
        }
}

BOOST_AUTO_TEST_CASE(what_is_no_signature_is_invalid_by_its_format) {
    world w;
    bytes good = w.sign(), longer = good;
    longer.push_back(0);
    for (const bytes& wrong : {bytes{}, to_bytes("hello"), bytes(good.begin(), good.end() - 1), longer})
        CHECK_VERDICT(w.verify(wrong), verdict::invalid, sub::format_failure, "cms.not_cms");
    BOOST_TEST((w.verify(longer, now, {.zero_padding = true}).verdict == verdict::valid));
    longer.push_back(1);
    CHECK_VERDICT(w.verify(longer, now, {.zero_padding = true}), verdict::invalid, sub::format_failure, "cms.not_cms");
}

BOOST_AUTO_TEST_CASE(a_signature_of_somebody_nobody_vouches_for_is_not_determined) {
    world w, other;
    CHECK_VERDICT(w.verify(
                      w.sign(), [&](x509::hash h) { return x509::hash_of(h, w.content); }, other.trust),
                  verdict::indeterminate, sub::no_certificate_chain_found, "x509.no_chain");
    w.known = {};
    CHECK_VERDICT(w.verify(w.sign()), verdict::indeterminate, sub::try_later, "x509.no_revocation_data");
    BOOST_TEST((w.verify(w.sign(), now, {.revocation = x509::revocation_rule::if_present}).verdict == verdict::valid));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_proves_the_time_and_saves_a_signature_older_than_the_revocation) {
    world w;
    bytes stamped = w.stamp(w.sign(), at_time("2026-01-15T00:00:00Z"));
    auto v = w.verify(stamped);
    BOOST_TEST((v.verdict == verdict::valid), v.sub_indication);
    BOOST_TEST(v.level == "B-T");
    BOOST_TEST(v.best_time_proven);
    BOOST_TEST((v.best_time == at_time("2026-01-15T00:00:00Z")));

    auto revoke = [&](const char* when) {
        w.known.crls[1] = x509::parse_crl(w.ca.sub_crl({.revoked = {{w.who.certificate(), at_time(when), 1}}})).value();
    };
    revoke("2026-02-01T00:00:00Z");
    auto later = w.verify(stamped);
    BOOST_TEST((later.verdict == verdict::valid), later.sub_indication);
    BOOST_TEST(has_finding(later.findings, "x509.revoked_later"));
    CHECK_VERDICT(w.verify(w.sign()), verdict::indeterminate, sub::revoked_no_poe, "x509.revoked"); // no time stamp
    revoke("2026-01-10T00:00:00Z");
    CHECK_VERDICT(w.verify(stamped), verdict::indeterminate, sub::revoked_no_poe, "x509.revoked");
}

BOOST_AUTO_TEST_CASE(a_signer_who_claims_a_time_after_revocation_or_expiry_is_taken_at_his_word) {
    world w;
    w.known.crls[1] =
        x509::parse_crl(w.ca.sub_crl({.revoked = {{w.who.certificate(), at_time("2026-02-01T00:00:00Z"), 1}}})).value();
    CHECK_VERDICT(w.verify(w.sign(false, {.signing_time = at_time("2026-02-02T00:00:00Z")})), verdict::invalid,
                  sub::revoked, "cms.signed_after_revocation");
    // An earlier claim proves nothing in his favour.
    CHECK_VERDICT(w.verify(w.sign(false, {.signing_time = at_time("2026-01-02T00:00:00Z")})), verdict::indeterminate,
                  sub::revoked_no_poe, "x509.revoked");
    CHECK_VERDICT(w.verify(w.sign(), now, {.claimed_time = at_time("2026-02-02T00:00:00Z")}), verdict::invalid,
                  sub::revoked, "cms.signed_after_revocation");

    world e;
    e.who = e.ca.issue({.not_after = at_time("2025-06-01T00:00:00Z")});
    CHECK_VERDICT(e.verify(e.sign(false, {.signing_time = at_time("2025-07-01T00:00:00Z")})), verdict::invalid,
                  sub::expired, "cms.signed_after_expiry");
    CHECK_VERDICT(e.verify(e.sign()), verdict::indeterminate, sub::out_of_bounds_no_poe, "x509.expired");
    BOOST_TEST((e.verify(e.stamp(e.sign(), at_time("2025-05-01T00:00:00Z"))).verdict == verdict::valid));
}

BOOST_AUTO_TEST_CASE(a_time_stamp_before_the_certificate_existed_is_invalid) {
    world w;
    w.who = w.ca.issue({.not_before = at_time("2026-02-01T00:00:00Z")});
    CHECK_VERDICT(w.verify(w.stamp(w.sign(), at_time("2026-01-01T00:00:00Z"))), verdict::invalid, sub::not_yet_valid,
                  "cms.signed_before_issue");
}

BOOST_AUTO_TEST_CASE(a_time_stamp_that_is_not_valid_proves_nothing) {
    world w;
    auto outsider = test_ca("Other TSA");
    w.tsa = outsider.issue({.use = profile::tsa});
    bytes stamped = w.stamp(w.sign(), at_time("2026-01-15T00:00:00Z"));
    auto v = w.verify(stamped);
    BOOST_TEST(!v.best_time_proven);
    BOOST_TEST((v.best_time == now));
    BOOST_TEST(v.level == "B-B");
    BOOST_TEST(has_finding(v.findings, "cms.timestamp_invalid"));
    CHECK_VERDICT(w.verify(stamped, now, {.require_timestamp = true}), verdict::indeterminate, sub::no_poe,
                  "cms.timestamp_missing");
    CHECK_VERDICT(w.verify(w.sign(), now, {.require_timestamp = true}), verdict::indeterminate, sub::no_poe,
                  "cms.timestamp_missing");
    world future;
    BOOST_TEST(
        !future.verify(future.stamp(future.sign(), now + std::chrono::hours(1))).best_time_proven); // from the future
}

BOOST_AUTO_TEST_CASE(a_historic_cms_without_signing_certificate_is_a_remark_only_where_the_policy_says_so) {
    for (auto [md, weak] : {std::pair("sha256", false), {"sha1", true}}) {
        world w(test_key::rsa_2048);
        temporary_directory dir;
        auto path = [&](const char* name) { return (dir.path() / name).string(); };
        BOOST_REQUIRE(write_file_atomically(path("content"), w.content));
        BOOST_REQUIRE(write_file_atomically(path("cert.pem"), as_bytes(w.who.certificate_pem())));
        BOOST_REQUIRE(write_file_atomically(path("key.pem"), as_bytes(w.who.key_pem())));
        std::string output;
        BOOST_REQUIRE_MESSAGE(run({"openssl", "cms", "-sign", "-binary", "-md", md, "-in", path("content"), "-signer",
                                   path("cert.pem"), "-inkey", path("key.pem"), "-outform", "DER", "-out", path("s")},
                                  &output) == 0,
                              output);
        bytes signature = read_file(path("s")).value();
        w.trust.intermediates = {cert_of(w.ca.sub())}; // the leaf comes alone
        auto historic = w.verify(signature, now, {.require_signing_certificate = false});
        BOOST_TEST(has_finding(historic.findings, "cms.no_signing_certificate_attribute"));
        BOOST_TEST(historic.level == "");
        if (weak)
            CHECK_VERDICT(historic, verdict::indeterminate, sub::crypto_constraints_failure_no_poe,
                          "cms.weak_algorithm");
        else
            BOOST_TEST((historic.verdict == verdict::valid), historic.sub_indication);
        if (!weak)
            CHECK_VERDICT(w.verify(signature), verdict::indeterminate, sub::sig_constraints_failure,
                          "cms.no_signing_certificate_attribute");
    }
}

BOOST_AUTO_TEST_CASE(a_message_with_content_of_its_own_is_no_detached_signature) {
    world w(test_key::rsa_2048);
    temporary_directory dir;
    auto path = [&](const char* name) { return (dir.path() / name).string(); };
    BOOST_REQUIRE(write_file_atomically(path("content"), w.content));
    BOOST_REQUIRE(write_file_atomically(path("cert.pem"), as_bytes(w.who.certificate_pem())));
    BOOST_REQUIRE(write_file_atomically(path("key.pem"), as_bytes(w.who.key_pem())));
    auto second = w.ca.issue({.key = test_key::rsa_2048});
    BOOST_REQUIRE(write_file_atomically(path("second.pem"), as_bytes(second.certificate_pem())));
    BOOST_REQUIRE(write_file_atomically(path("second.key"), as_bytes(second.key_pem())));
    auto sign = [&](std::vector<std::string> more) {
        std::vector<std::string> command{"openssl",       "cms",           "-sign",   "-binary",        "-cades",
                                         "-in",           path("content"), "-signer", path("cert.pem"), "-inkey",
                                         path("key.pem"), "-outform",      "DER",     "-out",           path("s")};
        command.insert(command.end(), more.begin(), more.end());
        std::string output;
        BOOST_REQUIRE_MESSAGE(run(command, &output) == 0, output);
        return read_file(path("s")).value();
    };
    CHECK_VERDICT(w.verify(sign({"-nodetach"})), verdict::invalid, sub::format_failure, "cms.not_detached");
    CHECK_VERDICT(w.verify(sign({"-nocerts"})), verdict::indeterminate, sub::no_signing_certificate_found,
                  "cms.no_signer_certificate");
    CHECK_VERDICT(w.verify(sign({"-signer", path("second.pem"), "-inkey", path("second.key")})), verdict::invalid,
                  sub::format_failure, "cms.not_cms"); // two signers
    w.trust.intermediates = {cert_of(w.ca.sub())};
    BOOST_TEST((w.verify(sign({})).verdict == verdict::valid)); // somebody else's CAdES
    BOOST_TEST((w.verify(sign({"-keyopt", "rsa_padding_mode:pss"})).verdict == verdict::valid));
}

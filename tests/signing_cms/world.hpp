// A signer, a TSA and their PKI, shared by the CMS tests.
#pragma once

#include "signing/cades/levels.hpp"
#include "signing/cades/verify.hpp"
#include "signing/cms/build.hpp"
#include "signing/x509/cache.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::test {

inline const timestamp now = from_rfc3339("2026-03-01T08:00:00Z").value();
inline timestamp at_time(const char* text) { return from_rfc3339(text).value(); }
inline x509::certificate cert_of(const identity& i) { return x509::parse_certificate(i.certificate_der()).value(); }

struct conditions {
    x509::revocation_rule revocation = x509::revocation_rule::required;
    bool require_signing_certificate = true, require_timestamp = false, zero_padding = false;
    std::optional<timestamp> claimed_time = std::nullopt;
};
struct outcome : validation::conclusion {
    signing::verdict verdict{};
    x509::certificate signer;
    std::string digest_algorithm, signature_algorithm;
    std::optional<timestamp> claimed_time;
};

struct world {
    test_ca ca;
    identity who, tsa = ca.issue({.common_name = "TSA", .use = profile::tsa});
    x509::trust_store trust{{cert_of(ca.root())}, {}, {}};
    x509::evidence known{{x509::parse_crl(ca.root_crl()).value(), x509::parse_crl(ca.sub_crl()).value()}, {}};
    bytes content = to_bytes("Công văn số 321/UBND-KGVX");

    explicit world(test_key kind = test_key::p256) : who(ca.issue({.common_name = "Nguyễn Văn A", .key = kind})) {}

    cms::signer signer(bool pss = false) const {
        auto leaf = cert_of(who);
        auto how = leaf.kind() != x509::key_kind::rsa ? cms::scheme::ecdsa
                   : pss                              ? cms::scheme::rsa_pss
                                                      : cms::scheme::rsa_pkcs1;
        return {leaf, {cert_of(ca.sub())}, how, [key = who, pss](bytes_view h) -> result<bytes> {
                    return key.sign_sha256(h, pss);
                }};
    }
    bytes sign(bool pss = false, const cms::build_options& options = {}) const {
        return cms::build_signature(sha256::of(content), signer(pss), options).value();
    }
    cms::timestamp_token token(const digest& imprint, timestamp when) const {
        bytes nonce = random_bytes(cms::nonce_size);
        bytes reply = test_tsa(tsa, {ca.sub()}, cms::timestamp_request(imprint, nonce), when);
        return cms::check_timestamp_reply(reply, imprint, nonce).value();
    }
    bytes stamp(const bytes& signature, timestamp when, std::size_t signer_number = 0) const {
        digest imprint = cms::signature_imprint(signature, signer_number).value();
        return cms::add_timestamp(signature, token(imprint, when), signer_number).value();
    }
    // B-LT with what the verdict of today rests on.
    bytes with_evidence(const bytes& signature) const {
        auto judged = verify(signature);
        return cades::to_lt(signature, judged.used, judged.used_certificates).value();
    }
    bytes archive(const bytes& signature, timestamp when, std::size_t signer_number = 0) const {
        digest imprint = cades::archive_imprint(signature, sha256::of(content), signer_number).value();
        return cades::add_archive_stamp(signature, sha256::of(content), token(imprint, when), signer_number).value();
    }
    outcome verify(bytes_view signature, timestamp at = now, const conditions& under = {}) const {
        return verify(signature, [&](x509::hash h) { return x509::hash_of(h, content); }, trust, at, under);
    }
    outcome verify(bytes_view signature, const cms::content_digest& about, const x509::trust_store& anchors,
                   timestamp at = now, const conditions& under = {}) const {
        // Whatever a test does to a message: a verifier that remembers all messages before it says the same.
        static x509::cache remembered;
        validation::signature_facts facts;
        auto judge = [&](x509::cache* memory) {
            facts = cades::read_signature(
                signature, about,
                {under.require_signing_certificate, under.zero_padding, under.claimed_time, false, {}, memory});
            return validation::judge(facts, anchors, known, at, {under.revocation, under.require_timestamp}, memory);
        };
        auto told = [&](const validation::conclusion& c) {
            validation::file_report report;
            report.signatures.push_back(validation::report_of(facts, c));
            return to_json(report);
        };
        outcome out;
        validation::conclusion again = judge(&remembered);
        const std::string with_cache = told(again);
        static_cast<validation::conclusion&>(out) = judge(nullptr);
        BOOST_TEST(with_cache == told(out));
        out.verdict = signing::to_verdict(out.indication);
        out.signer = facts.signer;
        out.digest_algorithm = facts.digest_algorithm;
        out.signature_algorithm = facts.signature_algorithm;
        out.claimed_time = facts.claimed_time;
        return out;
    }
};

} // namespace vanthu::test

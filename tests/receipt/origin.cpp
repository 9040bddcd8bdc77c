#include "schemas/receipt/origin.hpp"

#include "daemon/base/base64.hpp"
#include "tests/receipt/fixture.hpp"

using namespace vanthu;
using namespace vanthu::receipt;

namespace {

origin_statement document() {
    return {origin_kind::document, sha256::of("packet"), sha256::of("content"), {}, office, noon};
}
origin_statement status() {
    return {origin_kind::status, {}, {}, {{"status_code", "03"}, {"description", "Đã tiếp nhận"}}, office, noon};
}
origin_subject subject_of_statement(const origin_statement& s) {
    return {s.kind, s.packet_sha256, s.content_sha256, s.fields, s.organisation};
}

void require_invalid(const origin_verdict& verdict, errc reason) {
    BOOST_TEST((verdict.state == origin_state::invalid));
    BOOST_TEST((verdict.reason == make_error_code(reason)), verdict.reason.message() << " " << verdict.detail);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_kind_of_service_key_signs_documents_statuses_and_recalls) {
    for (test::test_key kind :
         {test::test_key::rsa_2048, test::test_key::rsa_3072, test::test_key::p256, test::test_key::ed25519}) {
        service signer = make_service(kind);
        origin_statement recall = status();
        recall.kind = origin_kind::recall;
        for (const origin_statement& said : {document(), status(), recall}) {
            std::string sidecar = sign_origin(said, signer.key, signer.chain).value();
            BOOST_TEST((decode_origin(sidecar).value() == said));
            auto verdict = verify_origin(sidecar, subject_of_statement(said), anchors_of(ca()), noon);
            BOOST_TEST((verdict.state == origin_state::proven), verdict.detail);
            BOOST_TEST((verdict.statement == said));
        }
    }
    service pkcs1 = make_service(test::test_key::rsa_2048);
    BOOST_REQUIRE(pkcs1.key.choose_pkcs1().has_value());
    std::string sidecar = sign_origin(document(), pkcs1.key, pkcs1.chain).value();
    BOOST_TEST((verify_origin(sidecar, subject_of_statement(document()), anchors_of(ca()), noon).state ==
                origin_state::proven));
    BOOST_TEST(sidecar.find("rsa-pkcs1-sha256") != sidecar.npos);
}

BOOST_AUTO_TEST_CASE(no_sidecar_is_absent_and_a_broken_one_is_invalid) {
    origin_subject subject = subject_of_statement(document());
    BOOST_TEST((verify_origin("", subject, anchors_of(ca()), noon).state == origin_state::absent));
    require_invalid(verify_origin("{}", subject, anchors_of(ca()), noon), errc::malformed);
    require_invalid(verify_origin("junk", subject, anchors_of(ca()), noon), errc::malformed);
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_sidecar_can_be_changed) {
    service signer = make_service(test::test_key::ed25519);
    trust_anchors anchors = anchors_of(ca());
    for (const origin_statement& said : {document(), status()}) {
        const std::string sidecar = sign_origin(said, signer.key, signer.chain).value();
        BOOST_REQUIRE(
            (verify_origin(sidecar, subject_of_statement(said), anchors, noon).state == origin_state::proven));
        for (std::size_t i = 0; i < sidecar.size(); ++i)
            for (int change : {0x01, 0x20}) {
                std::string changed = sidecar;
                changed[i] = static_cast<char>(changed[i] ^ change);
                BOOST_TEST(
                    (verify_origin(changed, subject_of_statement(said), anchors, noon).state == origin_state::invalid),
                    "byte " << i);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_genuine_signature_of_something_else_is_invalid) {
    service signer = make_service();
    trust_anchors anchors = anchors_of(ca());
    const std::string sidecar = sign_origin(document(), signer.key, signer.chain).value();
    origin_subject other = subject_of_statement(document());
    other.content_sha256 = sha256::of("another content");
    require_invalid(verify_origin(sidecar, other, anchors, noon), errc::not_what_was_sent);
    other = subject_of_statement(document());
    other.packet_sha256 = sha256::of("a new envelope");
    require_invalid(verify_origin(sidecar, other, anchors, noon), errc::not_what_was_sent);
    other.packet_unchanged = false; // a hop composed a new envelope
    BOOST_TEST((verify_origin(sidecar, other, anchors, noon).state == origin_state::proven));
    other = subject_of_statement(document());
    other.organisation = "000.00.18.G22";
    require_invalid(verify_origin(sidecar, other, anchors, noon), errc::organisation_mismatch);
    require_invalid(verify_origin(sidecar, subject_of_statement(status()), anchors, noon), errc::not_what_was_sent);
    origin_subject fields = subject_of_statement(status());
    fields.fields["status_code"] = "04";
    require_invalid(verify_origin(sign_origin(status(), signer.key, signer.chain).value(), fields, anchors, noon),
                    errc::not_what_was_sent);
}

BOOST_AUTO_TEST_CASE(certificate_organisation_time_and_chain_are_all_checked) {
    service signer = make_service();
    origin_subject subject = subject_of_statement(document());
    const std::string sidecar = sign_origin(document(), signer.key, signer.chain).value();
    require_invalid(verify_origin(sidecar, subject, trust_anchors(), noon), errc::certificate_refused);
    require_invalid(verify_origin(sidecar, subject, anchors_of(ca()), noon + std::chrono::hours(24 * 365 * 20)),
                    errc::certificate_refused);
    require_invalid(verify_origin(sidecar, subject, anchors_of(ca()), noon - std::chrono::hours(1)),
                    errc::time_refused);
    BOOST_TEST(
        (verify_origin(sidecar, subject, anchors_of(ca()), noon - clock_tolerance).state == origin_state::proven));
    service stranger = make_service(test::test_key::p256, "000.00.18.G22"); // claims to be our office
    require_invalid(
        verify_origin(sign_origin(document(), stranger.key, stranger.chain).value(), subject, anchors_of(ca()), noon),
        errc::organisation_mismatch);
    signed_statement ca_signed = decode_statement(sidecar, "origin_signature").value();
    ca_signed.certificates.insert(ca_signed.certificates.begin(), ca().sub().certificate_der());
    require_invalid(verify_origin(encode(ca_signed), subject, anchors_of(ca()), noon), errc::signature_refused);
}

BOOST_AUTO_TEST_CASE(a_ca_certificate_or_one_without_digital_signature_does_not_sign) {
    trust_anchors anchors = anchors_of(ca());
    service_key sub = service_key::from_pkey(ca().sub().key()).value();
    std::string by_ca = sign_origin(document(), sub, {ca().sub().certificate_der()}).value();
    require_invalid(verify_origin(by_ca, subject_of_statement(document()), anchors, noon), errc::certificate_refused);
    test::subject_spec spec;
    spec.organisation_code = office;
    spec.use = test::profile::service;
    spec.without_key_usage = true;
    spec.extra_extensions = {"keyUsage=critical,keyAgreement"};
    test::identity agreement = ca().issue(spec);
    std::vector<bytes> chain{agreement.certificate_der(), ca().sub().certificate_der()};
    std::string by_agreement = sign_origin(document(), service_key::from_pkey(agreement.key()).value(), chain).value();
    require_invalid(verify_origin(by_agreement, subject_of_statement(document()), anchors, noon),
                    errc::certificate_refused);
}

BOOST_AUTO_TEST_CASE(keys_that_are_too_weak_or_not_of_the_certificate_do_not_sign) {
    for (test::test_key weak : {test::test_key::rsa_1024, test::test_key::p384})
        require_refused(service_key::from_pkey(test::self_signed({.use = test::profile::service, .key = weak}).key()),
                        errc::unsupported_key);
    require_refused(service_key::from_pem("no key"), errc::unsupported_key);
    service one = make_service(), two = make_service();
    require_refused(sign_origin(document(), one.key, two.chain), errc::signing_failed);
    require_refused(sign_origin(document(), one.key, {}), errc::signing_failed);
    require_refused(one.key.choose_pkcs1(), errc::unsupported_key);
    origin_statement empty = status();
    empty.fields.clear();
    require_refused(sign_origin(empty, one.key, one.chain), errc::malformed);
    BOOST_TEST(service_key::from_pem(one.identity.key_pem()).value().belongs_to(one.chain[0]));
}

BOOST_AUTO_TEST_CASE(what_a_receiver_would_find_too_large_is_not_signed_and_what_is_just_not_is_read) {
    service one = make_service();
    for (std::size_t further : {0u, 1u}) {
        auto try_to_sign = [&](const origin_statement& said, const std::vector<bytes>& chain) {
            auto sidecar = sign_origin(said, one.key, chain);
            if (further)
                require_refused(sidecar, errc::too_large);
            else
                BOOST_TEST((decode_origin(sidecar.value()).value() == said));
        };
        origin_statement said = status();
        said.fields["description"] = std::string(4096 + further, 'x');
        try_to_sign(said, one.chain);
        said = document();
        said.organisation = std::string(4096 + further, 'x');
        try_to_sign(said, one.chain);
        try_to_sign(document(), {one.chain[0], bytes((12u << 10) + further)});
        said = status();
        for (int i = 0; i < 20; ++i) said.fields[std::to_string(i)] = std::string(4000, 'x');
        if (further) try_to_sign(said, one.chain);
    }
}

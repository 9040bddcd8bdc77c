// A signer, a TSA, a PKI and documents, shared by the tests of XML signatures.
#pragma once

#include "signing/x509/cache.hpp"
#include "signing/xml/levels.hpp"
#include "signing/xml/verify.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>

namespace vanthu::test {

inline const timestamp signed_at = from_rfc3339("2026-03-01T08:00:00Z").value();
inline timestamp at_time(const char* text) { return from_rfc3339(text).value(); }
inline x509::certificate cert_of(const identity& i) { return x509::parse_certificate(i.certificate_der()).value(); }
inline void write_file(const std::filesystem::path& path, bytes_view content) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
}
inline bytes read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return to_bytes(std::string(std::istreambuf_iterator<char>(in), {}));
}
inline bytes sample_packet() { // without its signature
    std::string text(as_text(read_file(std::filesystem::path(VANTHU_SOURCE_DIR) / "tests/samples/edoc-sample.edxml")));
    std::size_t begin = text.find("      <Signature xmlns="), end = text.find("</Signature>\n") + 13;
    return to_bytes(text.erase(begin, end - begin));
}
// The first `from` replaced by `to`; it must be there.
inline bytes changed(bytes_view document, const std::string& from, const std::string& to) {
    std::string text(as_text(document));
    std::size_t at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != text.npos, "not there: " << from);
    return to_bytes(text.replace(at, from.size(), to));
}

struct xml_world {
    test_ca ca;
    identity who, tsa = ca.issue({.common_name = "TSA", .use = profile::tsa});
    x509::trust_store trust{{cert_of(ca.root())}, {}, {}};
    x509::evidence known{{x509::parse_crl(ca.root_crl()).value(), x509::parse_crl(ca.sub_crl()).value()}, {}};
    bytes letter =
        to_bytes("<?xml version=\"1.0\"?>\n<vb:VanBan xmlns:vb=\"urn:vb\" Id=\"van-ban\"><vb:So>321</vb:So>\n"
                 "<!-- ghi chú --><vb:NoiDung loai='a &amp; b'>Quảng Ngãi &lt;</vb:NoiDung></vb:VanBan>\n");

    explicit xml_world(test_key kind = test_key::p256) : who(ca.issue({.common_name = "Nguyễn Văn A", .key = kind})) {}

    cms::signer signer(bool pss = false) const {
        auto leaf = cert_of(who);
        auto how = leaf.kind() != x509::key_kind::rsa ? cms::scheme::ecdsa
                   : pss                              ? cms::scheme::rsa_pss
                                                      : cms::scheme::rsa_pkcs1;
        return {leaf, {cert_of(ca.sub())}, how, [key = who, pss](bytes_view h) -> result<bytes> {
                    return key.sign_sha256(h, pss);
                }};
    }
    static xml::sign_options plain(timestamp when = signed_at) {
        xml::sign_options o;
        o.signing_time = when;
        return o;
    }
    bytes enveloped(const bytes& document, const xml::sign_options& options = plain(), bool pss = false) const {
        return xml::spliced(document, xml::sign_enveloped(xml::in_memory(document), signer(pss), options).value());
    }
    cms::timestamp_token token(const digest& imprint, timestamp when, const identity* by = nullptr) const {
        bytes nonce = random_bytes(cms::nonce_size);
        bytes reply = test_tsa(by ? *by : tsa, {ca.sub()}, cms::timestamp_request(imprint, nonce), when);
        return cms::check_timestamp_reply(reply, imprint, nonce).value();
    }
    bytes stamped(const bytes& document, timestamp when) const {
        auto what = token(xml::signature_imprint(xml::in_memory(document)).value(), when);
        return xml::spliced(document, xml::add_timestamp(xml::in_memory(document), what).value());
    }
    bytes with_data(const bytes& document, timestamp at) const {
        xml::document_verdict now = verify(document, at);
        const validation::conclusion& c = now.conclusions.front();
        return xml::spliced(document,
                            xml::add_validation_data(xml::in_memory(document), c.used_certificates, c.used).value());
    }
    bytes archived(const bytes& document, timestamp when, const identity* by = nullptr,
                   const xml::outside& others = {}) const {
        auto what = token(xml::archive_imprint(xml::in_memory(document), others).value(), when, by);
        return xml::spliced(document, xml::add_archive_timestamp(xml::in_memory(document), what, others).value());
    }
    xml::document_verdict verify(const bytes& document, timestamp at = signed_at, const xml::outside& others = {},
                                 const xml::verify_options& how = {}) const {
        // Whatever a test does to a document: a verifier that remembers all documents before it says the same.
        static x509::cache remembered;
        xml::verify_options with_cache = how;
        with_cache.memory = &remembered;
        auto judged = xml::verify(xml::in_memory(document), trust, known, at, {}, others, how),
             again = xml::verify(xml::in_memory(document), trust, known, at, {}, others, with_cache);
        BOOST_TEST(to_json(again.report) == to_json(judged.report));
        return judged;
    }
};

inline std::string word(const xml::document_verdict& v) { return std::string(signing::to_string(v.report.verdict)); }
inline std::string told(const xml::document_verdict& v) {
    std::string all(signing::to_string(v.report.verdict));
    for (const auto& f : v.report.findings) all += " " + f.code;
    for (const auto& s : v.report.signatures) {
        all += " [" + s.level + " " + s.covers + " " + s.sub_indication;
        for (const auto& f : s.findings) all += " " + f.code;
        all += "]";
    }
    return all;
}

} // namespace vanthu::test

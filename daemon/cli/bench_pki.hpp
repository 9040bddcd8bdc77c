// A PKI that exists for one measurement: root, sub CA, time stamp authority, as many signers as wanted, their CRLs and
// OCSP responses. Made with OpenSSL in memory; nobody trusts it.
#pragma once

#include "signing/cms/build.hpp"
#include "signing/x509/path.hpp"

#include <memory>

struct evp_pkey_st;

namespace vanthu::cli {

enum class bench_key : std::uint8_t { rsa_2048 = 1, p256 };
constexpr std::string_view to_string(bench_key k) { return k == bench_key::p256 ? "P-256" : "RSA-2048"; }

struct bench_identity {
    std::shared_ptr<evp_pkey_st> key;
    x509::certificate certificate;
    std::string key_pem() const;
};

class bench_pki {
public:
    // Certificates are valid from an hour before now for a day; CRLs of `revoked` entries and OCSP responses likewise.
    bench_pki(bench_key kind, unsigned signers, unsigned revoked);

    bench_key kind() const { return kind_; }
    const bench_identity& root() const { return root_; }
    const bench_identity& sub() const { return sub_; }
    const std::vector<bench_identity>& signers() const { return signers_; }
    x509::trust_store trust() const;
    // CRLs of both CAs.
    const x509::evidence& lists() const { return lists_; }
    // What a B-LT signature of this signer embeds: the root's CRL, OCSP responses about signer and time stamp
    // authority.
    x509::evidence evidence_of(std::size_t signer) const;
    std::vector<x509::certificate> chain_of(std::size_t signer) const; // with those of the time stamp authority

    // Signs with the key in memory.
    cms::signer signer(std::size_t which) const;
    // A certificate of the sub CA for a key that lives elsewhere.
    x509::certificate certify(bytes_view spki, const std::string& common_name) const;
    cms::timestamp_token stamp(const digest& imprint) const;

private:
    bench_key kind_;
    bench_identity root_, sub_, tsa_;
    std::vector<bench_identity> signers_;
    x509::evidence lists_;
    std::vector<x509::ocsp_response> responses_; // of the signers, then of the time stamp authority
};

} // namespace vanthu::cli

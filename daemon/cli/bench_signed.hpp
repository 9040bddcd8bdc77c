// Signed documents to be verified, all different, and OpenSSL's own verification of them.
#pragma once

#include "daemon/cli/bench_pki.hpp"

struct x509_store_st;

namespace vanthu::cli {

struct signed_document {
    bytes cms;     // the message, without the zeros that fill a PDF's /Contents
    bytes content; // what it is about; of a PDF the two signed ranges together
    bytes file;    // the PDF; empty for CAdES
    std::size_t signer = 0;
};

// `count` documents signed by the signers in turn. long_term: with time stamp and embedded evidence (B-LT).
result<std::vector<signed_document>> make_cades(const bench_pki& pki, unsigned count, std::size_t size, bool long_term);
result<std::vector<signed_document>> make_pades(const bench_pki& pki, unsigned count, std::size_t size, bool long_term);

// OpenSSL's CMS_verify with a store that has the root; nothing about revocation, time stamps or who may sign.
class openssl_verifier {
public:
    explicit openssl_verifier(const x509::certificate& root);
    bool verify(const signed_document& d) const; // any thread

private:
    std::shared_ptr<x509_store_st> store_;
};

} // namespace vanthu::cli

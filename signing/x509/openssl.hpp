// OpenSSL objects that free themselves, and its error queue emptied into text.
#pragma once

#include <memory>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"

namespace vanthu::ossl {

template <auto Free> struct freed_by {
    template <class T> void operator()(T* p) const { Free(p); }
};
template <class T, auto Free> using owned = std::unique_ptr<T, freed_by<Free>>;

using x509_ptr = owned<X509, X509_free>;
using crl_ptr = owned<X509_CRL, X509_CRL_free>;
using pkey_ptr = owned<EVP_PKEY, EVP_PKEY_free>;
using pkey_ctx_ptr = owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using md_ctx_ptr = owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using bio_ptr = owned<BIO, BIO_free_all>;
using cms_ptr = owned<CMS_ContentInfo, CMS_ContentInfo_free>;

// The queue of this thread, emptied: "error:...; error:...".
std::string drain_errors();
// RFC 2253 order, UTF-8 as it is.
std::string name_text(const X509_NAME* name);
std::optional<timestamp> time_of(const ASN1_TIME* t);
// dotted form of an OID
std::string oid_text(const ASN1_OBJECT* object);
bytes octets(const ASN1_STRING* s);
// NID of the hash inside a signature algorithm, NID_undef where there is none (plain rsaEncryption).
int signature_hash(const X509_ALGOR* algorithm);

} // namespace vanthu::ossl

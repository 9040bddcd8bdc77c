// Certificates, CRLs and OCSP responses with any fault a test wants. Made with OpenSSL and nothing of vanthu's own
// code. Aborts on failure.
#pragma once

#include "signing/x509/ocsp.hpp"
#include "signing/x509/openssl.hpp"
#include "signing/x509/path.hpp"

namespace vanthu::test {

timestamp at_time(const char* text); // RFC 3339

struct node { // a certificate and its key
    x509::certificate cert;
    std::shared_ptr<EVP_PKEY> key;
};

struct node_spec {
    std::string name = "Leaf";             // CN; C=VN and O=Vanthu PKI stand before it
    const node* issuer = nullptr;          // none: self-signed
    const EVP_PKEY* signed_with = nullptr; // a key that is not the issuer's
    std::shared_ptr<EVP_PKEY> key{};       // none: a new one on P-256
    std::vector<std::string> extensions{}; // "name=value" as in openssl.cnf
    std::string sections{};                // of openssl.cnf, for values that refer to them
    const char* not_before = "2024-01-01T00:00:00Z";
    const char* not_after = "2034-01-01T00:00:00Z";
    long serial = 0; // 0: a new one
    const char* hash = "SHA256";
    int string_type = MBSTRING_UTF8; // of the subject
    std::string email{};             // in the subject
    bool key_identifiers = true;
};
node make_node(const node_spec& spec);
// A CA below `issuer` (a root without one): basicConstraints and keyUsage added to what `spec` says.
node make_ca(node_spec spec);
// A signer: keyUsage and CA:FALSE added.
node make_leaf(node_spec spec);

struct listed {
    const node* who = nullptr;
    const char* when = "";
    int reason = -1;
    bool critical_entry_extension = false;
};
struct list_spec {
    const node* issuer = nullptr;
    const EVP_PKEY* signed_with = nullptr;
    const char* this_update = "2026-02-01T00:00:00Z";
    const char* next_update = "2026-04-01T00:00:00Z"; // "": none
    std::vector<listed> revoked{};
    std::vector<std::string> extensions{};
    std::string sections{};
    bool delta = false;
    const char* expired_since = ""; // expiredCertsOnCRL
    const char* hash = "SHA256";
};
x509::crl make_list(const list_spec& spec);

struct answer_spec {
    const node* subject = nullptr;
    const node* issuer = nullptr;
    const node* responder = nullptr; // whose key signs
    int status = 0;                  // 0 good, 1 revoked, 2 unknown
    const char* revoked_at = "2026-02-10T00:00:00Z";
    int reason = 1;
    const char* this_update = "2026-02-28T00:00:00Z";
    const char* next_update = "2026-03-07T00:00:00Z"; // "": none
    const char* produced_at = "";                     // "": this update
    const char* archive_cutoff = "";
    const char* certid_hash = "SHA1";
    const char* hash = "SHA256";
    bool by_key = false;        // responder named by its key's hash
    bool carries_signer = true; // the responder's certificate is in it
    bool critical_extension = false;
    const node* names = nullptr; // the responder that it names, where that is not the one that signs
};
x509::ocsp_response make_answer(const answer_spec& spec);

} // namespace vanthu::test

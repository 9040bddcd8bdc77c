// XAdES qualifying properties of a ds:Signature.
// Source: ETSI EN 319 132-1 V1.2.1, clauses 4.3 (containers), 5.1, 5.2 (signed), 5.3 to 5.5 (unsigned); the older
// SigningCertificate of ETSI TS 101 903 V1.4.2, 7.2.2, is read too.
#pragma once

#include "signing/validation/signature_policy.hpp"
#include "signing/x509/path.hpp"
#include "signing/xml/core.hpp"

namespace vanthu::xml {

struct time_stamp_property {
    enum class kind : std::uint8_t { signature = 1, archive };
    kind what;
    const element* where = nullptr;
    canonicalisation how{canonical_method::inclusive_1_0}; // what it says, or Canonical XML 1.0 (EN 319 132-1, 4.5)
    std::vector<bytes> tokens;                             // DER
    // How many of properties::certificates and of its revocation data stand in front of it: what an archive stamp
    // covers.
    std::size_t certificates_before = 0, crls_before = 0, responses_before = 0;
};

struct certificate_digest {
    x509::hash hash;
    bytes value;
};

struct data_object_format {
    std::string object_reference, mime_type; // "#id" of a Reference
};

struct properties {
    const element *qualifying = nullptr, *signed_properties = nullptr;
    const element* unsigned_properties = nullptr;           // UnsignedProperties; may be null
    const element* unsigned_signature_properties = nullptr; // may be null
    std::string signed_id;                                  // Id of SignedProperties
    std::optional<timestamp> signing_time;
    std::optional<validation::named_policy> policy; // what cannot be read is in it, and no failure of this reading
    std::vector<certificate_digest> signing_certificates; // the first is the signer's
    bool old_form = false;                                // SigningCertificate, not V2
    std::vector<data_object_format> formats;
    std::vector<time_stamp_property> time_stamps; // in document order
    bool has_certificate_values = false, has_revocation_values = false;
    std::vector<x509::certificate> certificates; // CertificateValues and TimeStampValidationData
    x509::evidence revocation;                   // RevocationValues, likewise
};

// nullopt: a plain XML signature. errc::signature_malformed where there is more than one set, or it does not belong to
// this signature; algorithm_refused, over_budget.
result<std::optional<properties>> read_properties(const element& signature, const core_signature& core,
                                                  const limits& bounds, x509::cache* memory = nullptr);

} // namespace vanthu::xml

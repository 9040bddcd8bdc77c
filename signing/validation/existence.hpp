// Proofs of existence out of valid time stamps. Internal to signing/validation.
// Source: ETSI EN 319 102-1 V1.3.1, clause 5.6.2.3.
#pragma once

#include "signing/validation/facts.hpp"

namespace vanthu::validation {

// Notes what stamp `which` of the facts, valid with the time `when`, covers: for a stamp over the signature the
// certificate that the signature binds; for an archive stamp also what it lists and the certificates inside all earlier
// tokens. A content stamp proves nothing about the signature.
void prove(x509::proofs& proven, const signature_facts& facts, std::size_t which, timestamp when, x509::cache* memory);

} // namespace vanthu::validation

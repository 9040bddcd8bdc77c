// The signature policy that a XAdES signature names among its signed properties.
// Source: ETSI EN 319 132-1 V1.2.1, 5.2.9 (SignaturePolicyIdentifier) and 5.2.10 (SignaturePolicyStore).
#pragma once

#include "signing/validation/signature_policy.hpp"
#include "signing/xml/tree.hpp"

namespace vanthu::xml {

// `at`: SignedSignatureProperties. nullopt: it names none. More than one, or anything but what the schema has there:
// named_policy::kind::malformed. Transforms are noted, never run.
std::optional<validation::named_policy> named_policy_in(const element& at);
// Looks whether a copy of the document stands among the UnsignedSignatureProperties `at`.
void take_policy_store(validation::named_policy& policy, const element& at);

} // namespace vanthu::xml

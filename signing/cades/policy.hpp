// The signature policy that a signer of a message names in its signed attributes, read strictly in DER.
// Source: ETSI EN 319 122-1 V1.3.1, 5.2.9 (signature-policy-identifier) and 5.2.10 (signature-policy-store).
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/validation/signature_policy.hpp"

namespace vanthu::cades {

// nullopt: no such signed attribute. An unsigned one is none. More than one value, or anything but the two forms of the
// standard: named_policy::kind::malformed. Of an explicit one the store among the unsigned attributes is looked at,
// too.
std::optional<validation::named_policy> signature_policy_of(const cms::signer_parts& signer);

} // namespace vanthu::cades

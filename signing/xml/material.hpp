// What stands inside a ds:Signature and is not signed: keys, certificates, revocation data, time stamps, and no more.
//
// A transform leaves the signature's element out of what it signs, so that everything in it can be changed afterwards.
// Whoever looks an element up by its name finds such a stranger as well as the signed one.
#pragma once

#include "signing/xml/tree.hpp"

namespace vanthu::xml {

// Is this element, with all it holds, made of nothing but elements that XML signatures and XAdES have for such
// material, each with elements, base64, a number, a time or a short name in it and with the attributes of its type?
// Types that may hold anything (xsd:any) count as foreign.
// Comments and instructions are passed over, as every reader of elements does. Source: XML Signature 1.1, 4.5
// (KeyInfo); ETSI EN 319 132-1 V1.2.1, 4.3.6, 5.2 to 5.5; ETSI EN 319 132-2, annex A.
bool is_signature_material(const element& at);

// Has the element no attributes but these, in no namespace, each with one short word as its value?
bool has_only(const element& at, std::initializer_list<std::string_view> attributes);

// Does `signature` hold another ds:Signature, but for counter-signatures that are children of `unsigned_properties`
// (UnsignedSignatureProperties; may be null)?
bool holds_another_signature(const element& signature, const element* unsigned_properties);

} // namespace vanthu::xml

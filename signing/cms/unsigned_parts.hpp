// The parts of a message that no signature is over, and that anybody can therefore exchange.
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/x509/cache.hpp"

namespace vanthu::cms {

// Do they hold what belongs there and no more? Versions of one octet; digest algorithms that we know by name, each once
// and without parameters; certificates, CRLs and OCSP responses that can be read to their last octet; unsigned
// attributes of the types that CMS and CAdES have, time stamp tokens among them held to the same; and in none of it the
// marks of another document (signing/document_marks.hpp). Without this a whole letter fits into a parameter, and the
// file is that letter to a reader of PDF and a good signature to us.
// Source: RFC 5652, 5.1, 5.3 and 10.2; EN 319 122-1 V1.3.1, clause 5 and annex A.
bool unsigned_parts_are_known(const message_parts& message, x509::cache* memory = nullptr);

} // namespace vanthu::cms

// What came along with a signature: certificates, revocation data and time stamps, found in the places where CMS and
// the versions of CAdES keep them.
#pragma once

#include "signing/cms/parts.hpp"
#include "signing/validation/facts.hpp"

#include <map>

namespace vanthu::cades {

// The content's digests, each asked for once: of eContent where the message carries it, otherwise of the caller's.
class digests_of_content {
public:
    digests_of_content(const cms::message_parts& message, const cms::content_digest& detached)
        : message_(message), detached_(detached) {}
    const bytes& under(x509::hash h); // empty: no content

private:
    const cms::message_parts& message_;
    const cms::content_digest& detached_;
    std::map<x509::hash, bytes> known_;
};

// SignedData.certificates is not read here (x509 values exist already); SignedData.crls, certificate-values,
// revocation-values (EN 319 122-1, annex A) and what time stamp tokens carry are.
void collect_values(const cms::message_parts& message, const cms::signer_parts& signer, const cms::budget& limits,
                    validation::signature_facts& out, x509::cache* memory);
// False: more stamps than the limits allow; none is taken then.
bool collect_stamps(const cms::message_parts& message, const cms::signer_parts& signer, digests_of_content& content,
                    const cms::budget& limits, validation::signature_facts& out, x509::cache* memory);

} // namespace vanthu::cades

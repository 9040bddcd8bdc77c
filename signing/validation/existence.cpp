#include "signing/validation/existence.hpp"

#include "signing/cms/signed_data.hpp"

#include <algorithm>

namespace vanthu::validation {

void prove(x509::proofs& proven, const signature_facts& facts, std::size_t which, timestamp when, x509::cache* memory) {
    auto exists = [&](const digest& object) {
        auto [known, added] = proven.since.try_emplace(object, when);
        if (!added) known->second = std::min(known->second, when);
    };
    const time_stamp& stamp = facts.stamps[which];
    if (stamp.role == stamp_role::content) return;
    if (facts.binds_certificate && facts.signer) exists(facts.signer.sha256());
    if (stamp.role != stamp_role::archive) return;
    for (const digest& object : stamp.covers) exists(object);
    for (std::size_t i = 0; i < which; ++i)
        if (auto token = cms::open_signed_data(facts.stamps[i].token, false, memory))
            for (const x509::certificate& c : token->embedded) exists(c.sha256());
}

} // namespace vanthu::validation

// The signer's own certificate, judged before its key is used.
#pragma once

#include "daemon/cli/trust_session.hpp"
#include "daemon/cli/voice.hpp"
#include "signing/cms/build.hpp"

namespace vanthu::cli {

// Dates, key usage and extended key usage always; chain and revocation (of the certificate and of the CAs above it,
// asked for unless
// --offline) where there is anything trusted. Revocation that stays unknown is said and no reason to refuse; who.chain
// becomes the chain found, without the anchor. sign_errc::own_certificate_expired, own_certificate_revoked,
// own_certificate_unfit, own_certificate_bad. Source: NĐ 23/2025, Đ15.
result<> check_own_certificate(cms::signer& who, trust_session& session, const voice& speak);

} // namespace vanthu::cli

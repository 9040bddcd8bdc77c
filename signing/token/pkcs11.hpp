// Between PKCS#11 and this room: return values, padded texts, mechanisms.
#pragma once

#include "signing/token/token.hpp"

#include <p11-kit/pkcs11.h>

namespace vanthu::token {

// The one place where a CK_RV becomes an errc. Precondition: not CKR_OK.
errc map_rv(CK_RV rv);
fail failed_call(CK_RV rv, const char* call); // detail: "C_Sign: 0x00000030"; of a module in this process
// The token, its sessions or its login are gone: a new start may help, once.
bool lost(CK_RV rv);
token_info read_token_info(CK_SLOT_ID slot, const CK_TOKEN_INFO& info);

} // namespace vanthu::token

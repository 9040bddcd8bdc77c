// conf/verification-policy.toml: the rules by which signatures are judged, where an authority wants them stricter or
// looser than the built-in ones. Read by `vanthu verify --policy` and by vanthud (inspect.policy). docs/signing.md
// tables the keys.
#pragma once

#include "daemon/base/rule_file_errors.hpp"
#include "signing/validation/process.hpp"

namespace vanthu::signing_rules {

// The built-in policy with what the file replaces. A table of algorithms replaces the built-in one as a whole.
// Documents of signature policies are read, from beside `file` where their path is relative; one that cannot be read is
// refused. rule_file::errc, detail "FILE:LINE: what".
result<validation::policy> read_verification_policy(std::string_view toml, std::string_view file);

} // namespace vanthu::signing_rules

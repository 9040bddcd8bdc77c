// conf/appearance.toml: how signatures on PDFs look, where an authority wants it otherwise than the built-in table
// (signing/pdf/appearance.hpp). docs/signing.md tables the keys.
#pragma once

#include "daemon/base/rule_file_errors.hpp"
#include "signing/pdf/appearance.hpp"

namespace vanthu::signing_rules {

// One row a profile, in the order of the enumeration: the built-in ones with what the file replaces. Who may sign with
// a profile is law and cannot be replaced. rule_file::errc, detail "FILE:LINE: what".
result<std::vector<pdf::appearance>> read_appearances(std::string_view toml, std::string_view file);

} // namespace vanthu::signing_rules

// Who may use the eOffice API: keys hashed at rest, each with its organisations and rights.
//
//   [[credential]]
//   id = "eoffice-ubnd-xa"
//   key_sha256 = "…64 hex digits…"      # of the key's text; the key itself is shown once, by `vanthu credential new`
//   organisations = ["H48.99.01"]       # codes
//   rights = ["submit", "inbox", "track"]
//
// Keys carry 256 random bits, so that a plain SHA-256 is enough: there is nothing to guess.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace vanthu::api {

struct credential {
    std::string id;
    std::vector<std::string> organisations; // codes as written
    std::set<std::string> rights;           // submit, inbox, track
};

class credentials {
public:
    // errc::credentials_unreadable; detail "FILE:LINE: what is wrong".
    static result<credentials> parse(std::string_view toml, std::string_view file);
    const credential* find(std::string_view key) const; // nullptr: nobody's key
    std::size_t size() const { return by_hash_.size(); }
    bool has_id(std::string_view id) const;

private:
    std::map<digest, credential> by_hash_;
};

struct new_credential {
    std::string key; // shown once: "vt_" and 43 characters
    std::string row; // for the file
};
new_credential make_credential(std::string_view id, const std::vector<std::string>& organisations,
                               const std::vector<std::string>& rights);

} // namespace vanthu::api

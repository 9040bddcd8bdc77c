// Do the keys that a configuration names fit their certificates, and does each keep to one role (contracts 7)? What
// config_check.cpp says by names and bytes, this says by what is in the files: the same key in another encoding, a key
// that the registry lists as a seal or a person's.
//
//   every key is that of its certificate (the log key: of its delegation)         config.key_mismatch
//   the peer certificate may stand at both ends of a link (adapters/peer)         config.certificate_unfit
//   what is named as a CA is one                                                  config.certificate_unfit
//   agency keys, log key, and the daemon's own keys are different keys            config.one_key_two_roles
//   none of the daemon's certificates is a seal or a person's in the registry     config.one_key_two_roles
//
// Reads files, opens no token: a pkcs11: URI is compared by name only (config_check.cpp); name the agency's certificate
// beside it, or list it in the registry, and its key is known here.
#pragma once

#include "daemon/config_table.hpp"
#include "daemon/registry/registry.hpp"

namespace vanthu {

// Every problem at once, with the place in `file`. Empty: none. Without a registry (it cannot be read) what it says is
// not compared.
config::problems check_keys(const daemon_config&, const registry::registry*, const std::string& file);

} // namespace vanthu

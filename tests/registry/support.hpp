// What the registry tests share: days and files in memory.
#pragma once

#include "daemon/base/error_table.hpp"
#include "daemon/registry/registry.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace vanthu::registry {

// Noon in Viet Nam of a day "2025-07-01".
inline timestamp noon(std::string_view day) { return from_rfc3339(std::string(day) + "T12:00:00+07:00").value(); }

inline registry parsed(std::string_view toml) {
    result<registry> r = registry::parse(toml, "test.toml");
    if (!r) BOOST_FAIL("refused: " + r.error().detail);
    return std::move(*r);
}

inline registry sample() {
    result<registry> r = registry::load(VANTHU_SOURCE_DIR "/conf/registry.toml");
    if (!r) BOOST_FAIL("refused: " + r.error().detail);
    return std::move(*r);
}

inline std::string id_of(const organisation* o) { return o ? o->id : "-"; }
inline std::string id_of(const node* n) { return n ? n->id : "-"; }

} // namespace vanthu::registry

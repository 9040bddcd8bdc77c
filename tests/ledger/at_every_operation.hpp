// For the tests that repeat one run with a fault at each of its operations in turn.
#pragma once

#include "tests/ledger/scenario.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::ledger::test {

#ifdef VANTHU_UNDER_ASAN
inline constexpr std::uint64_t stride = 9; // a sample: the whole run is the plain build's
#else
inline constexpr std::uint64_t stride = 1;
#endif

// `at`: the operation that met the fault.
template <class T> void must(const result<T>& r, std::uint64_t at = 0) {
    BOOST_REQUIRE_MESSAGE(r, "at " << at << ": " << (r ? "" : r.error().code.message() + " " + r.error().detail));
}
inline void must_hold(machine& m, const memory& told, std::uint64_t at, bool swept = true) {
    auto broken = broken_promise(m, told, swept);
    BOOST_REQUIRE_MESSAGE(broken.empty(), "at " << at << ": " << broken);
}
template <class T> bool is(const result<T>& r, errc code) { return !r && r.error().code == code; }

} // namespace vanthu::ledger::test

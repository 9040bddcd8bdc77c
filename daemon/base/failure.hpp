// What the world did wrong, as a value.
//
// A function that can fail because of the outside world returns result<T>. Our own inconsistency aborts; an invalid
// document is not a failure but a value with findings. `code` comes from one of the error tables (error_table.hpp) and
// carries the texts a person reads; `detail` is for the log only and is never shown to a peer.
#pragma once

#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace vanthu {

struct failure {
    std::error_code code;
    std::string detail;
};

template <class T = void> using result = std::expected<T, failure>;

using fail = std::unexpected<failure>;

// return failed(errc::not_found, "document " + id);
inline fail failed(std::error_code code, std::string detail = {}) { return fail(failure{code, std::move(detail)}); }

} // namespace vanthu

// return early with the failure of EXPR, or bind its value: VANTHU_TRY(auto row, store.get(key));
// VANTHU_CHECK is one statement and may stand alone under an `if`, also before an `else`. VANTHU_TRY declares, so that
// it needs a block around it; without one it does not compile.
#define VANTHU_CONCAT_(a, b) a##b
#define VANTHU_CONCAT(a, b) VANTHU_CONCAT_(a, b)
#define VANTHU_TRY(DECL, EXPR) VANTHU_TRY_(VANTHU_CONCAT(vanthu_try_, __LINE__), DECL, EXPR)
#define VANTHU_TRY_(TMP, DECL, EXPR)                                                                                   \
    auto TMP = (EXPR);                                                                                                 \
    if (!TMP) return std::unexpected(std::move(TMP.error()));                                                          \
    DECL = std::move(*TMP)
#define VANTHU_CHECK(EXPR) VANTHU_CHECK_(VANTHU_CONCAT(vanthu_check_, __LINE__), EXPR)
#define VANTHU_CHECK_(TMP, EXPR)                                                                                       \
    do {                                                                                                               \
        if (auto TMP = (EXPR); !TMP) return std::unexpected(std::move(TMP.error()));                                   \
    } while (false)
// The same inside a coroutine that returns task<T>.
#define VANTHU_CO_TRY(DECL, EXPR) VANTHU_CO_TRY_(VANTHU_CONCAT(vanthu_try_, __LINE__), DECL, EXPR)
#define VANTHU_CO_TRY_(TMP, DECL, EXPR)                                                                                \
    auto TMP = (EXPR);                                                                                                 \
    if (!TMP) co_return std::unexpected(std::move(TMP.error()));                                                       \
    DECL = std::move(*TMP)
#define VANTHU_CO_CHECK(EXPR) VANTHU_CO_CHECK_(VANTHU_CONCAT(vanthu_check_, __LINE__), EXPR)
#define VANTHU_CO_CHECK_(TMP, EXPR)                                                                                    \
    do {                                                                                                               \
        if (auto TMP = (EXPR); !TMP) co_return std::unexpected(std::move(TMP.error()));                                \
    } while (false)

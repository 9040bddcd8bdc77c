// Error tables: every folder has one enum `errc` (values from 1, never 0, because 0 reads as success) and one table of
// rows, one row a value. From the row come the stable code ("edxml.doctype_refused"), the HTTP status, whether a retry
// can help, and the Vietnamese and English texts of the error object (contracts: one error object everywhere).
// docs/errors.md lists every row; the test errors_documented compares the two (tests/tools/list_errors.cpp).
//
// To add a table: enum class errc in FOLDER/errors.hpp; rows in FOLDER/errors.cpp; make_error_code() found by ADL;
// std::is_error_code_enum specialised. See daemon/base/files.hpp for the smallest example.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace vanthu {

enum class retry : bool { no = false, yes = true };

struct error_row {
    int value;              // of the folder's errc
    std::string_view name;  // stable; the public code is "<category>.<name>"
    int http_status;        // what an HTTP listener answers
    retry again;            // yes: the same request may succeed later (transient)
    std::string_view message_vi, message_en; // one sentence: what happened
    std::string_view action_vi, action_en;   // one sentence: what to do now
};

class error_table final : public std::error_category {
public:
    // `category` and `rows` must live as long as the program (both are static data). Registers itself in all_error_tables().
    error_table(const char* category, std::span<const error_row> rows);
    const char* name() const noexcept override { return category_; }
    std::string message(int value) const override; // English message, or "unknown error N"
    std::span<const error_row> rows() const { return rows_; }
    const error_row* find(int value) const;

private:
    const char* category_;
    std::span<const error_row> rows_;
};

// The row behind a code, or nullptr for a code from a foreign category.
const error_row* describe(std::error_code code);
// "edxml.doctype_refused"; for a foreign category "internal.error".
std::string public_code(std::error_code code);
// May the same attempt succeed later? Foreign categories: true for the errno values of networks and full disks.
bool transient(std::error_code code);
// Every table linked into this program (for the documentation test).
std::vector<const error_table*> all_error_tables();

} // namespace vanthu

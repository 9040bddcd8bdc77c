// A room's remarks: a table with one row a code, and the finding that is made from a row.
#pragma once

#include "signing/verdict.hpp"

#include <cstdlib>
#include <span>
#include <vector>

namespace vanthu::signing {

struct finding_row {
    std::string_view code, vi, en;
};

// Registers a room's rows for docs/findings.md (tests/tools/list_findings.cpp); they must live as long as the program.
inline std::vector<std::span<const finding_row>>& all_finding_tables() {
    static std::vector<std::span<const finding_row>> all;
    return all;
}
struct finding_table {
    explicit finding_table(std::span<const finding_row> rows) { all_finding_tables().push_back(rows); }
};

// `detail` follows both texts in brackets. A code that no row has is our own mistake and ends the program.
inline finding finding_from(std::span<const finding_row> rows, std::string_view code, std::string_view detail) {
    for (const finding_row& row : rows) {
        if (row.code != code) continue;
        finding f{std::string(row.code), std::string(row.vi), std::string(row.en)};
        if (!detail.empty())
            for (std::string* text : {&f.text_vi, &f.text_en}) text->append(" (").append(detail).append(")");
        return f;
    }
    std::abort();
}

} // namespace vanthu::signing

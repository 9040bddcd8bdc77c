// docs/findings.md, from every finding table linked into this program: vanthu-list-findings > docs/findings.md
// Ends with 1, naming the row, where a code stands in two tables with different texts or a text is no single line.
#include "signing/finding_table.hpp"

#include <fmt/format.h>
#include <map>
#include <string>

using namespace vanthu;

namespace {
std::string room_of(std::string_view code) {
    const std::size_t dot = code.find('.');
    return std::string(dot == code.npos ? "" : code.substr(0, dot));
}

std::string cell(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}
} // namespace

int main() {
    std::map<std::string, std::map<std::string_view, signing::finding_row>> rooms;
    int wrong = 0;
    for (std::span<const signing::finding_row> table : signing::all_finding_tables())
        for (const signing::finding_row& row : table) {
            for (std::string_view text : {row.code, row.vi, row.en})
                if (text.empty() || text.find('\n') != text.npos)
                    wrong = 1, fmt::print(stderr, "{}: a text is empty or has several lines\n", row.code);
            auto [at, added] = rooms[room_of(row.code)].try_emplace(row.code, row);
            if (!added && (at->second.vi != row.vi || at->second.en != row.en))
                wrong = 1, fmt::print(stderr, "{}: two rows of one code with different texts\n", row.code);
        }
    fmt::print(
        "# Findings\n\n"
        "Made by `vanthu-list-findings > docs/findings.md` from the finding tables of the rooms; edit the rows, "
        "not this page.\n\n"
        "What `vanthu verify`, the API and reports say about a signature or a file, and what `vanthu sign` and "
        "`extend`\n"
        "name in the detail of a refusal. `code` never changes its meaning. Whether a finding is a reason "
        "against the\n"
        "signature or a remark is told by the verdict and ETSI's indication beside it ([signing.md](signing.md)). "
        "Details\n"
        "follow a text in brackets. Codes of errors are in [errors.md](errors.md).\n");
    for (const auto& [room, rows] : rooms) {
        fmt::print("\n## {}\n\n| code | Finding |\n|---|---|\n", room.empty() ? "every format" : room);
        for (const auto& [code, row] : rows) fmt::print("| `{}` | {}<br>{} |\n", code, cell(row.vi), cell(row.en));
    }
    return wrong;
}

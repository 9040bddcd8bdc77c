// docs/errors.md, from every error table linked into this program: vanthu-list-errors > docs/errors.md
// Ends with 1, naming the row, where a table breaks the rules of daemon/base/error_table.hpp.
#include "daemon/base/error_table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <string>

using namespace vanthu;

namespace {
bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

// What is wrong with a row; "" = nothing.
std::string mistake(const error_row& row, std::set<int>& values, std::set<std::string_view>& names) {
    if (row.value < 1) return "the value is below 1: it would read as success";
    if (!values.insert(row.value).second) return "the value stands twice";
    if (!is_name(row.name) || !names.insert(row.name).second) return "the name is no name or stands twice";
    if (row.http_status < 400 || row.http_status > 599) return "the HTTP status is no refusal";
    for (std::string_view text : {row.message_vi, row.message_en, row.action_vi, row.action_en})
        if (text.empty() || text.find('\n') != std::string_view::npos) return "a text is empty or has several lines";
    return "";
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
    std::vector<const error_table*> tables = all_error_tables();
    std::ranges::sort(tables, {}, [](const error_table* t) { return std::string_view(t->name()); });
    fmt::print("# Error codes\n\n"
               "Made by `vanthu-list-errors > docs/errors.md` from the error tables of the rooms; edit the rows, not "
               "this page.\n\n"
               "`code` is the `code` of the error object; it never changes its meaning. HTTP is the status of a "
               "listener that\n"
               "answers with it. Retry says whether the same request may succeed later without a change.\n");
    int wrong = 0;
    std::string_view previous;
    for (const error_table* table : tables) {
        if (previous == table->name()) wrong = 1, fmt::print(stderr, "{}: two tables of one name\n", table->name());
        previous = table->name();
        fmt::print("\n## {}\n\n| code | HTTP | Retry | Message | Action |\n|---|---|---|---|---|\n", table->name());
        std::vector<error_row> rows(table->rows().begin(), table->rows().end());
        std::ranges::sort(rows, {}, &error_row::value);
        std::set<int> values;
        std::set<std::string_view> names;
        for (const error_row& row : rows) {
            if (std::string what = mistake(row, values, names); !what.empty())
                wrong = 1, fmt::print(stderr, "{}.{}: {}\n", table->name(), row.name, what);
            fmt::print("| `{}.{}` | {} | {} | {}<br>{} | {}<br>{} |\n", table->name(), row.name, row.http_status,
                       row.again == retry::yes ? "yes" : "no", cell(row.message_vi), cell(row.message_en),
                       cell(row.action_vi), cell(row.action_en));
        }
    }
    return wrong;
}

#include "daemon/base/error_table.hpp"

#include <fmt/format.h>

namespace vanthu {
namespace {
std::vector<const error_table*>& registered() {
    static std::vector<const error_table*> tables;
    return tables;
}
} // namespace

error_table::error_table(const char* category, std::span<const error_row> rows) : category_(category), rows_(rows) {
    registered().push_back(this);
}

const error_row* error_table::find(int value) const {
    for (const error_row& row : rows_)
        if (row.value == value) return &row;
    return nullptr;
}

std::string error_table::message(int value) const {
    const error_row* row = find(value);
    return row ? std::string(row->message_en) : fmt::format("unknown error {}", value);
}

const error_row* describe(std::error_code code) {
    const auto* table = dynamic_cast<const error_table*>(&code.category());
    return table ? table->find(code.value()) : nullptr;
}

std::string public_code(std::error_code code) {
    const error_row* row = describe(code);
    return row ? fmt::format("{}.{}", code.category().name(), row->name) : "internal.error";
}

bool transient(std::error_code code) {
    if (const error_row* row = describe(code)) return row->again == retry::yes;
    using enum std::errc;
    for (std::errc passing : {connection_refused, connection_reset, connection_aborted, timed_out, host_unreachable,
                              network_unreachable, broken_pipe, no_space_on_device, resource_unavailable_try_again,
                              too_many_files_open})
        if (code == passing) return true;
    return false;
}

std::vector<const error_table*> all_error_tables() { return registered(); }

} // namespace vanthu

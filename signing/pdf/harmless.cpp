#include "signing/pdf/harmless.hpp"

#include <algorithm>
#include <ranges>

namespace vanthu::pdf {

bool is_flat(QPDFObjectHandle object) {
    if (!object.isDictionary()) return false;
    const auto keys = object.getKeys();
    return std::ranges::all_of(keys, [&](const std::string& key) {
        QPDFObjectHandle value = object.getKey(key);
        return !value.isIndirect() && (value.isString() || value.isName());
    });
}

bool is_locking(QPDFObjectHandle old_flags, QPDFObjectHandle new_flags) {
    constexpr long long print = 4, locked = 128, locked_contents = 512;
    if (!new_flags.isInteger()) return false;
    const long long was = old_flags.isInteger() ? old_flags.getIntValue() : 0, is = new_flags.getIntValue();
    return (is & was) == was && ((is ^ was) & ~(print | locked | locked_contents)) == 0;
}

bool is_plain_extensions(QPDFObjectHandle value, int depth) {
    if (depth > 3 || (value.isIndirect() && (depth > 1 || !value.isDictionary()))) return false;
    auto inside = [&](const QPDFObjectHandle& one) { return is_plain_extensions(one, depth + 1); };
    if (value.isArray()) return std::ranges::all_of(value.getArrayAsVector(), inside);
    if (!value.isDictionary()) return value.isScalar();
    return std::ranges::all_of(value.getDictAsMap() | std::views::values, inside);
}

} // namespace vanthu::pdf

// What a page has of its own or from the nodes above it (ISO 32000-2 7.7.3.4). Internal to signing/pdf.
#pragma once

#include "signing/pdf/qpdf.hpp"

namespace vanthu::pdf {

// Null where no node has it.
inline QPDFObjectHandle inherited(QPDFObjectHandle node, const std::string& key) {
    constexpr int deepest = 100;
    for (int depth = 0; depth < deepest && node.isDictionary(); ++depth) {
        if (QPDFObjectHandle value = node.getKey(key); !value.isNull()) return value;
        node = node.getKey("/Parent");
    }
    return QPDFObjectHandle::newNull();
}

} // namespace vanthu::pdf

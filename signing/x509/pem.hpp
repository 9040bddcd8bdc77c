// PEM as it comes from the field (RFC 7468, with lines of any length). Internal to signing/x509.
#pragma once

#include "daemon/base/base64.hpp"
#include "daemon/base/bytes.hpp"

#include <algorithm>
#include <initializer_list>

namespace vanthu::x509 {

// The DER of every PEM block with one of `labels`. Lines may have any length; text outside the blocks is skipped.
inline std::vector<bytes> pem_blocks(std::string_view text, std::initializer_list<std::string_view> labels) {
    std::vector<bytes> all;
    for (std::size_t at = 0; (at = text.find("-----BEGIN ", at)) != text.npos;) {
        std::size_t label_at = at + 11, label_end = text.find("-----", label_at);
        if (label_end == text.npos) break;
        std::string_view label = text.substr(label_at, label_end - label_at);
        std::size_t body = label_end + 5, end = text.find("-----END ", body);
        if (end == text.npos) break;
        if (std::find(labels.begin(), labels.end(), label) != labels.end())
            if (auto der = base64_decode(text.substr(body, end - body))) all.push_back(std::move(*der));
        at = end + 9;
    }
    return all;
}

} // namespace vanthu::x509

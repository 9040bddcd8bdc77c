// ds:Signature, read strictly: its grammar, algorithms of the allow-list, references that may be followed.
// Source: XML Signature Syntax and Processing 1.1 (W3C 2013-04-11), 4.
#pragma once

#include "signing/x509/cache.hpp"
#include "signing/xml/algorithms.hpp"
#include "signing/xml/outline.hpp"

namespace vanthu::xml {

struct transform {
    // without_signatures: the two XPath expressions that leave out every ds:Signature of the document, recognised by
    // their text (no XPath is ever run). ETSI EN 319 132-1 tools write them so that signatures can be added later.
    enum class kind : std::uint8_t { enveloped = 1, without_signatures, canonical, base64 };
    kind what;
    canonicalisation how{};
};

struct reference {
    std::string id, type;
    std::string uri; // "" the document, "#id" an element of it, else the name of something outside
    std::vector<transform> transforms;
    x509::hash hash = x509::hash::sha256;
    bytes digest;
    const element* where = nullptr;
    bool same_document() const { return uri.empty() || uri.front() == '#'; }
};

struct core_signature {
    std::string id;
    canonicalisation method; // of SignedInfo
    signature_algorithm algorithm{};
    std::vector<reference> references;
    bytes value;
    std::vector<x509::certificate> certificates; // KeyInfo/X509Data, in order; unreadable ones left out
    bool has_key_value = false;                  // KeyInfo names a key by itself: never used
    const element *signed_info = nullptr, *signature_value = nullptr, *key_info = nullptr; // key_info may be null
    std::vector<const element*> objects;
};

// errc::signature_malformed, algorithm_refused, reference_refused or over_budget.
result<core_signature> read_core(const element& signature, const limits& bounds, x509::cache* memory = nullptr);

// Shared with the properties: base64 of an element's value; a canonicalisation from an element with Algorithm.
result<bytes> base64_value(const element& at);
result<canonicalisation> canonicalisation_in(const element& at);

} // namespace vanthu::xml

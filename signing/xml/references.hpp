// The second reading of a document: the octets of every reference, all at once, and what each of them really is.
//
// Source: XML Signature Syntax and Processing 1.1, 4.4.3 (reference processing), 6.6 (transforms). References into the
// same document never see comments (4.4.3.3).
#pragma once

#include "signing/xml/core.hpp"

namespace vanthu::xml {

// What a reference was found to point to.
struct resolution {
    std::size_t matches = 0; // elements with the id: must be one
    std::size_t ordinal = 0; // of the element; 0 for the whole document
    std::string path;        // "/edXML/edXMLEnvelope/edXMLHeader": local names from the root; "/" the document
    bool whole = false;      // the document or its root element, with nothing left out but the signature itself
    bool damaged = false;    // base64 that is none
    bool split_text = false; // a comment, which is not signed, stands within or beside a text that is; in base64 any
                             // markup does
    bool signature_in_text = false; // text goes on behind the signature that was left out
};

// What stands in front of the root element or behind it, other than the XML declaration.
struct outside_root {
    bool comment = false, instruction = false;
};

// One reference to follow.
struct follow {
    const reference* what = nullptr;
    std::size_t signature_ordinal = 0;                         // what enveloped-signature leaves out
    canonicalisation implied{canonical_method::inclusive_1_0}; // where the transforms end in nodes (4.4.3.2)
    octet_sink* out = nullptr;
    resolution found{};
};

// Reads the document once. `signatures`: ordinals that must be elements ds:Signature, or errc::not_xml: the lexical and
// the real structure of the document differ. Only references with same_document() may be among `all`.
result<outside_root> follow_references(const source& document, const limits& bounds, std::vector<follow>& all,
                                       const std::vector<std::size_t>& signatures);

// The octets of something outside the document (its bytes, or what the transforms make of them).
result<> follow_outside(const source& content, const limits& bounds, follow& one);

// Octets into a hash.
class hash_sink final : public octet_sink {
public:
    explicit hash_sink(x509::hash h);
    ~hash_sink() override;
    hash_sink(hash_sink&&) noexcept;
    void write(std::string_view octets) override;
    bytes finish(); // may be called once

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vanthu::xml

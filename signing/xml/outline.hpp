// The first, lexical reading of a document: where its signatures are, and each of them as a tree of its own.
//
// No other part of the document is kept or parsed here. What is found is only a claim about the bytes until the second
// reading (references.hpp) has met an element ds:Signature under the same number.
#pragma once

#include "signing/xml/tree.hpp"

namespace vanthu::xml {

// Where an element stands in the bytes.
struct element_place {
    std::uint64_t begin = 0;   // its '<'
    std::uint64_t content = 0; // after its start tag
    std::uint64_t end_tag = 0; // '<' of its end tag; equals content for an empty-element tag
    bool empty_tag = false;
};

struct found_signature {
    std::shared_ptr<const element> tree; // the start tags of its ancestors around it
    const element* top = nullptr;        // ds:Signature; its ordinals count the elements of the whole document
    std::size_t depth = 0;               // of `top`, the root being 1
    element_place place(const element& inside) const; // `inside` belongs to top
    std::shared_ptr<const std::vector<element_place>> places;
    std::size_t first_ordinal = 0; // of places.front()
};

struct outline {
    std::vector<found_signature> signatures; // in document order, without those inside other signatures
    bool nested = false;                     // a ds:Signature stands inside a ds:Signature
    bool foreign = false;                    // an element Signature in another namespace holds no ds:Signature
    std::optional<element_place> wanted;     // the first element with the path asked for
};

// `path`: local names from the root, e.g. {"edXML", "edXMLEnvelope", "edXMLHeader"}; empty: the root element.
result<outline> outline_of(const source& document, const limits& bounds, const std::vector<std::string>& path = {});

} // namespace vanthu::xml

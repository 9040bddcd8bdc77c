// XAdES baseline signatures, B-B: enveloped, enveloping, detached; and the seal of an edXML packet.
//
// A signature put into a document is one insertion: every byte of the document stays as it is, and a document of any
// size is read in pieces. The signer gets a SHA-256 value (cms::signer); each fresh signature is verified with the
// certificate before it leaves. After a failure nothing was made; the signer may have been called once.
// Source: ETSI EN 319 132-1 V1.2.1, 5.1, 5.2 and 6 (B-B); XML Signature Syntax and Processing 1.1; RFC 6931.
#pragma once

#include "signing/cms/build.hpp"
#include "signing/xml/references.hpp"

namespace vanthu::xml {

// Text to put into a document at an offset.
struct insertion {
    std::uint64_t offset = 0;
    std::string text;
};
bytes spliced(bytes_view document, const insertion& what);
source with(const source& document, insertion what); // the same, streamed

struct sign_options {
    timestamp signing_time{};
    std::vector<std::string> place{}; // last child of this element (local names from the root); empty: of the root
    std::string prefix = "ds";        // of the XMLDSig elements; "": default namespace
    canonicalisation method{};        // of SignedInfo
    std::string mime_type = "text/xml";
    bool embed_chain = true;
    // Enveloped only: every ds:Signature of the document is left out of what is signed, so that others may sign beside
    // this one. Without it the signature is over everything but itself, and is the only one.
    bool beside_others = false;
    limits bounds{};
};

// Where packets carry their Signature, in the form the field writes: no prefix, Canonical XML 1.0 for SignedInfo
// (docs/packets.md). A hop that adds a TraceHeader breaks this seal: it speaks for one hop.
sign_options edxml_seal(timestamp signing_time);

// Signs the whole document; the new signature is the last one in it. errc::already_signed where it has a ds:Signature,
// unless both leave signatures out (beside_others, and what the others sign): each would be part of what the other one
// signs. errc::place_not_found: no such element, or written as an empty-element tag.
result<insertion> sign_enveloped(const source& document, const cms::signer& who, const sign_options& options);

// A ds:Signature document that carries `content` as base64. mime_type is the content's.
result<bytes> sign_enveloping(bytes_view content, const cms::signer& who, const sign_options& options);

struct detached_file {
    std::string name; // as the reference names it: relative, '/' between folders, UTF-8; encoded here
    std::string mime_type;
    digest sha256;
};
// A ds:Signature document about files beside it. `root`: "" or the name of a root element in the ASiC namespace to put
// around it ("XAdESSignatures"; ETSI EN 319 162-1, A.5).
result<bytes> sign_detached(const std::vector<detached_file>& files, const cms::signer& who,
                            const sign_options& options, const std::string& root = {});

// "a b.pdf" as "a%20b.pdf" and back (RFC 3986, 2.1).
std::string to_reference_uri(std::string_view name);
std::optional<std::string> from_reference_uri(std::string_view uri);

} // namespace vanthu::xml

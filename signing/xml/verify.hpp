// Verification of every ds:Signature of a document (XAdES, or plain XMLDSig).
//
//   bytes ─▶ outline (lexical) ─▶ core, properties ─▶ references (one reading for all) ─▶ signature_facts ─▶ judge()
//
// Rules of the house
//   - the key is that of the certificate whose path is validated; KeyValue and its kin are never used
//   - a reference is followed to exactly one element; for SignedProperties to the very element that is read here
//   - signed parts are reported by their path; a signature over a part of the document is indeterminate unless the
//     caller says that this part is what it will use (verify_options::used_parts): moving a signed element elsewhere
//     leaves its digest intact
//   - what a signature carries unsigned is keys, certificates, evidence and time stamps, by the schemas' names; foreign
//     elements, free text, an Object that nothing signs and nested signatures make it indeterminate (counter-signatures
//     are only remarked). A comment within signed text is remarked: canonical XML leaves it out
//   - whatever is over budget is indeterminate with the finding "budget", never a crash or a guess
// Source: ETSI EN 319 102-1 V1.3.1, 5.2; XML Signature Syntax and Processing 1.1, 3.2; W3C XML Signature Best
// Practices (2013-04-11).
#pragma once

#include "signing/validation/report.hpp"
#include "signing/xml/imprint.hpp"

namespace vanthu::xml {

struct signed_part {
    std::string uri;       // of the reference: "", "#id" or the name of something outside
    std::string path;      // of the element, "/" the document; for something outside its name, decoded
    std::string mime_type; // as DataObjectFormat claims
    bool intact = false;   // its digest is right
};

// One signature as the format sees it.
struct signature_reading {
    std::string id;
    bool xades = false;
    std::string covers = "part";       // "whole" (the document, or all of the files outside that it names) | "part"
    std::vector<signed_part> parts;    // without SignedProperties
    validation::signature_facts facts; // its stamps keep and may read the document and what is outside
};

struct document_reading {
    std::vector<signature_reading> signatures; // in document order
    std::vector<signing::finding> findings;    // about the document
};

struct verify_options {
    bool require_signing_certificate = false; // true: plain XMLDSig is indeterminate
    // Paths of the elements that the caller will use, e.g. "/HDon/DLHDon": signatures over just these are whole to it.
    std::vector<std::string> used_parts{};
    limits bounds{};
    x509::cache* memory = nullptr; // see signing/x509/cache.hpp
};

// Never fails: bytes that are no XML make a finding. `others` (may be empty) gives what references outside name, by the
// URI as written (from_reference_uri() decodes it).
document_reading read_signatures(const source& document, const outside& others = {}, const verify_options& how = {});

struct document_verdict {
    validation::file_report report; // one entry a signature, in the order of the readings
    document_reading reading;
    std::vector<validation::conclusion> conclusions; // likewise; `used` is what add_validation_data() embeds
};
document_verdict verify(const source& document, const x509::trust_store& trust, const x509::evidence& known,
                        timestamp at, const validation::policy& policy = {}, const outside& others = {},
                        const verify_options& how = {});

} // namespace vanthu::xml

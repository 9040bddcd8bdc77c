// Signs a PDF in two steps without any I/O: prepare() appends one revision with a hole for the signature, the caller
// has the CMS made over the digest (signing/cms, a token, a time stamp), finish() puts it into the hole.
//
//   input bytes (unchanged) | fields, appearances | signature dictionary /Contents <000...0> | xref, trailer
//   \______________________ signed: ByteRange [0 a b c] ____________________/ hole \____________ signed ___/
//
// Guaranteed: the input is a prefix of the output; no object in use before the first signature is changed except the
// catalogue, the form dictionary, annotation lists of pages and the fields filled; field names are unique.
// Source: ISO 32000-2 7.5.6 (incremental updates), 12.7.5.5 (signature fields), 12.8 (signatures), ETSI EN 319 142-1
// 5, 6. Pure: no I/O, clock or log; any thread. After a failure nothing was produced.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "daemon/base/failure.hpp"
#include "signing/pdf/appearance.hpp"
#include "signing/pdf/picture.hpp"
#include "signing/pdf/typeface.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace vanthu::pdf {

// Names of the fields that `approved` lays out and `issued` fills.
inline constexpr std::string_view number_field = "vanthu_number";
inline constexpr std::string_view date_field = "vanthu_date";
inline constexpr std::string_view seal_field = "vanthu_seal";

// The profile that a signature was made with, by the name of its field: every profile has a base of its own, numbered
// where it is taken, and the name is part of what is signed. Empty: another program's signature.
std::optional<profile> profile_of_field(std::string_view name);

// In points (1/72 inch) from the lower left corner of the page; pages count from 1.
struct placement {
    int page = 1;
    double x = 0, y = 0, width = 0, height = 0;
};

// E.g. Liberation Serif. Only the glyphs used are embedded.
struct fonts {
    typeface upright;
    typeface italic; // for the date (cell 4); none: upright is used
};

struct signature_request {
    profile kind = profile::approved;
    std::optional<appearance> look; // absent: default_appearance(kind)
    fonts type;
    std::optional<picture> image;          // handwritten signature or seal; ignored where the look has none
    std::string signer_name;               // written as /Name; found on the page by `approved`; UTF-8, NFC
    std::string organisation;              // shown with the agency's signature
    std::string number, date;              // `issued`: both; "321/UBND-KGVX", "ngày 15 tháng 7 năm 2025"
    std::string comment;                   // `comment`: what the person writes; `income`: e.g. "Số đến: 152"
    copy_form form = copy_form::sao_y;     // `copy`
    std::optional<timestamp> claimed_time; // written as /M and shown; absent: neither
    // The place: a rectangle; else words of the document ("the last GIÁM ĐỐC": a person signs below, everybody else
    // behind them); else the rule of the look. A seal larger than the rectangle keeps its size.
    std::optional<placement> place;
    std::string anchor;
    bool restrict_changes = false;     // approved, first signature only: certify with DocMDP P=2
    std::size_t contents_size = 16384; // bytes kept for the CMS; see contents_reserve()
};

struct prepared {
    bytes document;                            // the hole is filled with zeros
    std::array<std::uint64_t, 4> byte_range{}; // [0 a b c]
    std::size_t contents_size = 0;             // bytes of CMS that fit
    digest content_sha256;                     // over the two signed ranges
    bytes_view before() const { return bytes_view(document).subspan(byte_range[0], byte_range[1]); }
    bytes_view after() const { return bytes_view(document).subspan(byte_range[2], byte_range[3]); }
};

// Bytes to keep for a CMS: certificates as DER, the key's size, and a time stamp with its own chain.
std::size_t contents_reserve(std::size_t chain_bytes, unsigned key_bits, bool with_time_stamp);

// Refuses: not a PDF, damaged, encrypted, XFA, a document whose signatures forbid the change, locked fields, bad texts,
// a place that is not found or taken (it is never guessed).
result<prepared> prepare(bytes_view file, const signature_request& request);

// errc::contents_too_small when the CMS is larger than the hole; `p` is then lost with the signature that was made.
result<bytes> finish(prepared p, bytes_view cms_der);

} // namespace vanthu::pdf

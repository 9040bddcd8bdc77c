// Verification of a file of whatever format: looked at, then handed to the room that knows it.
#pragma once

#include "signing/asic/zip.hpp"
#include "signing/cms/parts.hpp"
#include "signing/pdf/report.hpp"
#include "signing/xml/verify.hpp"

namespace vanthu::signed_file {

enum class kind : std::uint8_t { pdf = 1, xml, cms, container, other };

// By the first bytes, as readers of each format find their files; the name says nothing.
kind kind_of(bytes_view file);

// The DER of a CMS message: the file itself, or what a PEM text holds. A file is PEM only where it is nothing else: one
// block labelled CMS or PKCS7, in front of it a byte order mark and white space at most, behind it white space. Base64
// without such lines counts where the whole file is that. What
// merely contains such a block, holds two, or has text around it (RFC 7468, 5.2, would let parsers skip that) is read
// by no tool in two ways here: nullopt, as for another kind of file.
std::optional<bytes> message_in(bytes_view file);

// What a detached signature is about, where the caller has it. A hash value is all that CMS needs; XML may transform
// the bytes first.
struct detached_content {
    cms::content_digest digest;
    xml::outside bytes;
};

struct limits {
    pdf::budget pdf{};
    xml::limits xml{};
    cms::budget cms{};
    asic::limits container{};
};

// Never fails: a file of no known kind is unsigned with the finding "file.no_signature_format"; what carries a
// signature in a wrapping that is not judged (a mail, base64 with something around it) is indeterminate with a finding
// that says how to get at it. Where a content is given and no signature of the file asks for it (a PDF, a container, a
// message or XML file that carries its own), nothing is said about that content: each signature is indeterminate with
// the finding "file.content_not_used", unless it is invalid anyway.
validation::file_report verify(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                               timestamp at, const validation::policy& policy = {},
                               const detached_content& content = {}, const limits& bounds = {},
                               x509::cache* memory = nullptr);

} // namespace vanthu::signed_file

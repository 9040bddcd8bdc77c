// One signature, B-B, in every format but PDF. A file that is signed already gets one more beside the others, and
// nothing about those changes:
//
//   CAdES    one more SignerInfo in the message            XAdES    one more ds:Signature in the document
//   ASiC-E   one more signature file in META-INF           ASiC-S   one more SignerInfo (CAdES)
#pragma once

#include "signing/cms/build.hpp"

#include <string>
#include <vector>

namespace vanthu::cli {

struct format_choices {
    std::string format;  // "cades" | "xades" | "asic-s" | "asic-e"
    std::string inside;  // of a container: "cades" | "xades"; "": what is there already, else CAdES
    std::string content; // file that a detached signature, to which one is added, is about
    bool detached = false;
};

// `name`: of the input, as a detached XAdES signature names it. sign_errc::content_missing; failures of the formats.
result<bytes> sign_file(bytes_view content, const std::string& name, const format_choices& how, const cms::signer& who,
                        timestamp now);

// One container for all inputs, or the container that is the only input with one more signature. sign_errc::
// output_exists: two inputs of one name; other_signature_inside: signatures of the other format are there, and readers
// look at one of them only.
result<bytes> sign_container(const std::vector<std::string>& inputs, const format_choices& how, const cms::signer& who,
                             timestamp now);

inline constexpr std::size_t largest_input = std::size_t{1} << 30;

} // namespace vanthu::cli

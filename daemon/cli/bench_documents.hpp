// The documents that `vanthu bench sign|verify` signs.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"
#include "signing/pdf/sign.hpp"

namespace vanthu::cli {

// The shape of an office's letter: four pages with their contents and four embedded fonts, sixty objects in a
// cross-reference table, about `size` bytes of which most do not compress. `number` makes documents differ.
bytes make_office_pdf(std::size_t size, unsigned number);
// A packet-like XML document of about `size` bytes.
bytes make_office_xml(std::size_t size, unsigned number);

// A round red seal of 36 mm with a transparent ground.
result<pdf::picture> make_seal();
// What the appearance is made with; pages without text have no place to find, so the place is given.
result<pdf::signature_request> leaders_request(bool with_picture, timestamp now);

} // namespace vanthu::cli

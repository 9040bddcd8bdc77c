// What a worker is told when it starts. Both directions of its JSON stand in setup.cpp.
#pragma once

#include "signing/signed_file/verify.hpp"

namespace vanthu::inspect {

struct setup {
    validation::policy policy;
    signed_file::limits limits; // those of PDF; other formats keep their rooms' own
    std::size_t memory_limit = 0;
    unsigned documents = 0, cpu_seconds = 0;
};

std::string pack_setup(const setup& what);
// Precondition: made by pack_setup() of the same build; anything else throws.
setup unpack_setup(std::string_view text);

} // namespace vanthu::inspect

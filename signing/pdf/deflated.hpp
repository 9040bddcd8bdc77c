// The data of cross-reference and object streams, undone strictly: what one reader would forgive and another not is
// refused. Internal to signing/pdf. Source: ISO 32000-2 7.4.4, RFC 1950.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vanthu::pdf {

// `filter` and `parameters` as spelled in the stream's dictionary, "" where absent. nullopt: another filter than
// FlateDecode alone, data cut short or followed by anything but a line end, an odd predictor, more than `most` octets.
std::optional<std::string> decoded_strictly(std::string_view data, std::string_view filter, std::string_view parameters,
                                            std::size_t most);

} // namespace vanthu::pdf

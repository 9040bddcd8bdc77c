// Any bytes are either read or refused; how they are cut changes nothing; what was read can be written and read again.
#include "schemas/edxml/reader.hpp"
#include "schemas/edxml/writer.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;
using namespace vanthu::edxml;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    limits small;
    small.inflated_bytes = 1u << 20;
    bytes_view whole(data, size);
    auto once = read_packet(whole, small);
    packet_reader reader(small);
    for (std::size_t i = 0; i < size; i += 3)
        if (!reader.feed(whole.subspan(i, std::min<std::size_t>(3, size - i)))) break;
    auto again = reader.finish();
    check(once.has_value() == again.has_value());
    if (!once) return check(once.error().code == again.error().code), 0;
    check(once->content_sha256 == again->content_sha256 && once->findings == again->findings);
    const document_packet* d = once->document();
    if (!d) return 0;
    auto pieces = compose_outgoing(*d, std::nullopt);
    if (!pieces) return 0;
    std::string out;
    for (const piece& p : *pieces)
        if (const auto* text = std::get_if<std::string>(&p))
            out += *text;
        else
            out += as_text(whole.subspan(std::get<raw_range>(p).offset, std::get<raw_range>(p).length));
    auto copy = read_packet(as_bytes(out));
    check(!copy || copy->document()->attachments.size() == d->attachments.size());
    return 0;
}

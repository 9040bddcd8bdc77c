#include "daemon/records/composition.hpp"

namespace vanthu::records {

result<composition> compose(const edxml::document_packet& received, std::string_view organisation, timestamp at,
                            edxml::element_order order,
                            const std::function<result<>(sha256&, edxml::raw_range)>& hash) {
    const edxml::trace_header trace{std::string(organisation), edxml::packet_time::of(at)};
    VANTHU_TRY(std::vector<edxml::piece> pieces, edxml::compose_outgoing(received, trace, order));
    composition out;
    sha256 whole;
    for (edxml::piece& p : pieces) {
        if (auto* text = std::get_if<std::string>(&p)) {
            whole.update(*text);
            out.size += text->size();
            if (!text->empty()) out.pieces.push_back({.text = std::move(*text)});
        } else if (auto* range = std::get_if<edxml::raw_range>(&p)) {
            VANTHU_CHECK(hash(whole, *range));
            out.size += range->length;
            if (range->length) out.pieces.push_back({.text = {}, .offset = range->offset, .length = range->length});
        }
    }
    out.sha256 = whole.finish();
    return out;
}

} // namespace vanthu::records

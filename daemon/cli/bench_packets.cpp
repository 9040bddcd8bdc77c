#include "daemon/cli/bench_packets.hpp"

#include "daemon/base/base64.hpp"

#include <algorithm>

namespace vanthu::cli {
namespace {
constexpr std::size_t digits = 8;
constexpr std::uint64_t first_number = 10'000'000;

result<std::string> whole(edxml::document_header h, const std::vector<edxml::new_attachment>& attachments,
                          std::string_view content, const std::string& number) {
    h.code.number = number;
    h.document_id = std::string(bench_issuer) + "," + h.promulgation.date.text + "," + number + "/UBND-VP";
    VANTHU_TRY(auto pieces, edxml::compose_new(h, attachments));
    std::string out;
    for (const edxml::piece& p : pieces)
        out += std::holds_alternative<std::string>(p) ? std::string_view(std::get<std::string>(p)) : content;
    return out;
}
} // namespace

result<packet_form> packet_form::make(bytes_view attachment, std::string_view name,
                                      std::span<const std::string> recipients, timestamp now) {
    edxml::document_header h;
    h.from.organ_id = bench_issuer;
    h.from.organ_name = "UBND xã Đo";
    for (const std::string& code : recipients) h.to.push_back({.organ_id = code, .organ_name = "UBND xã Nhận"});
    h.code.notation = "UBND-VP";
    h.promulgation.date = edxml::packet_date::parse(to_edxml_date(now));
    h.document_type = {"2", "Công văn", {}};
    h.subject = h.content = "V/v đo tốc độ tiếp nhận";
    h.steering_type = "1";
    h.trace.push_back({std::string(bench_issuer), edxml::packet_time::of(now)});
    const bool pdf = name.ends_with(".pdf");
    const std::vector<edxml::new_attachment> attachments{
        {std::string(name), {}, pdf ? "application/pdf" : "application/octet-stream", "do-1"}};
    const std::string content = base64_encode(attachment);
    packet_form out;
    VANTHU_TRY(out.text_, whole(h, attachments, content, std::to_string(first_number)));
    VANTHU_TRY(const std::string other, whole(h, attachments, content, "98765432"));
    // Every digit of the two numbers differs: where the packets do, a number stands.
    for (std::size_t at = 0; at < out.text_.size(); ++at)
        if (out.text_[at] != other[at]) {
            out.places_.push_back(at);
            at += digits - 1;
        }
    return out;
}

std::string_view packet_form::numbered(std::uint64_t number) {
    const std::string text = std::to_string(first_number + number);
    for (std::size_t at : places_) std::copy_n(text.begin(), digits, text_.begin() + static_cast<std::ptrdiff_t>(at));
    return text_;
}

} // namespace vanthu::cli

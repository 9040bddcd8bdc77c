#include "tests/bench/load/document.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/clock.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

namespace vanthu::bench {
namespace {

constexpr std::string_view number_mark = "987612345";
constexpr std::size_t line = 57, nonce_size = 48; // bytes of a MIME line of base64; 48 of them are the nonce
const std::string nonce_mark = "a document's own bytes stand here, each one once";

constexpr std::size_t offset_to_line(std::size_t at) { return (at + line - 1) / line * line; }

// A scan's bytes do not compress. The nonce begins a line of base64, whatever stands before.
std::string filling(std::size_t size, std::size_t begins_at) {
    std::string out(as_text(random_bytes(size)));
    return out.replace(offset_to_line(begins_at) - begins_at, nonce_size, nonce_mark);
}

std::string make_scan(std::size_t size) {
    const std::string header("II*\0\x08\0\0\0", 8); // TIFF
    return header + filling(size - header.size(), header.size());
}

std::string make_pdf(std::size_t size) {
    std::string pdf = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
    std::vector<std::size_t> at;
    auto object = [&](const std::string& body) {
        at.push_back(pdf.size());
        pdf += fmt::format("{} 0 obj\n{}\nendobj\n", at.size(), body);
    };
    object("<</Type/Catalog/Pages 2 0 R>>");
    object("<</Type/Pages/Kids[3 0 R]/Count 1>>");
    object("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>");
    object("<</Length 0>>\nstream\n\nendstream");
    const std::string start = fmt::format("<</Length {}>>\nstream\n", size - 1000);
    object(start + filling(size - 1000, pdf.size() + std::string_view("5 0 obj\n").size() + start.size()) +
           "\nendstream");
    std::size_t xref = pdf.size();
    pdf += fmt::format("xref\n0 {}\n0000000000 65535 f \n", at.size() + 1);
    for (std::size_t offset : at) pdf += fmt::format("{:010} 00000 n \n", offset);
    std::string trailer = fmt::format("trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{}\n%%EOF\n", at.size() + 1, xref);
    if (pdf.size() + trailer.size() < size) pdf.append(size - pdf.size() - trailer.size() - 1, ' ').push_back('\n');
    return pdf + trailer;
}

std::string wrapped(const std::string& base64) {
    std::string out;
    for (std::size_t i = 0; i < base64.size(); i += line / 3 * 4) out += base64.substr(i, line / 3 * 4) + "\r\n";
    return out;
}

} // namespace

changing_text::changing_text(std::string text) : text_(std::move(text)) {
    nonce_at_ = text_.find(base64_encode(as_bytes(nonce_mark)));
    for (std::size_t at = 0; (at = text_.find(number_mark, at)) != std::string::npos; at += number_mark.size())
        number_at_.push_back(at);
    if (nonce_at_ == std::string::npos || number_at_.empty()) throw std::runtime_error("a document without its marks");
}

void changing_text::become(std::uint64_t number, const std::string& nonce_base64) {
    const std::string digits = std::to_string(number);
    for (std::size_t at : number_at_) text_.replace(at, number_mark.size(), digits);
    text_.replace(nonce_at_, nonce_base64.size(), nonce_base64);
}

document::document(std::size_t size, attachment what, const addresses& who) {
    const bool pdf = what == attachment::pdf;
    const timestamp now = system_clock().now();
    const std::string number(number_mark), content = base64_encode(as_bytes(pdf ? make_pdf(size) : make_scan(size)));
    edxml::document_header h;
    h.from = {.organ_id = who.from, .organ_name = "UBND tỉnh Đo"};
    h.to.push_back({.organ_id = who.to, .organ_name = "UBND xã Nhận"});
    h.code = {.number = number, .notation = "UBND-VP"};
    h.promulgation.place = "Quảng Ngãi";
    h.promulgation.date = edxml::packet_date::parse(to_edxml_date(now));
    h.document_id = who.from + "," + h.promulgation.date.text + "," + number + "/UBND-VP";
    h.document_type = {"2", "Công văn", {}};
    h.subject = h.content = "V/v đo tốc độ tiếp nhận";
    h.signer.emplace();
    h.signer->position = "Chủ tịch";
    h.signer->full_name = "Nguyễn Văn Mẫu";
    h.steering_type = "1";
    h.trace.push_back({who.from, edxml::packet_time::of(now)});
    std::vector<edxml::new_attachment> attachments{
        {pdf ? "do.pdf" : "do.tif", {}, pdf ? "application/pdf" : "image/tiff", "do-1"}};
    auto pieces = edxml::compose_new(h, attachments);
    if (!pieces) throw std::runtime_error("no packet: " + pieces.error().detail);
    std::string packet, header;
    for (const edxml::piece& p : *pieces) {
        const std::string* text = std::get_if<std::string>(&p);
        packet += text ? *text : content;
        if (text) header += *text;
    }
    for (std::size_t at = 0; (at = header.find("><", at)) != std::string::npos;) header.replace(at, 2, ">\r\n<");
    std::string mail = fmt::format("From: <office@from.example>\r\nTo: <office@to.example>\r\n"
                                   "Subject: {0}/UBND-VP\r\nMessage-ID: <{0}@from.example>\r\nMIME-Version: 1.0\r\n"
                                   "Content-Type: multipart/mixed; boundary=\"part\"\r\n\r\n"
                                   "--part\r\nContent-Type: application/xml; charset=utf-8\r\n"
                                   "Content-Transfer-Encoding: 8bit\r\n\r\n{1}\r\n"
                                   "--part\r\nContent-Type: {3}; name=\"{4}\"\r\n"
                                   "Content-Transfer-Encoding: base64\r\n\r\n{2}--part--\r\n",
                                   number, header, wrapped(content), attachments[0].content_type, attachments[0].name);
    packet_ = changing_text(std::move(packet));
    mail_ = changing_text(std::move(mail));
}

void document::become(std::uint64_t number) {
    if (number < changing_text::first_number || number > changing_text::last_number)
        throw std::runtime_error("a document's number has nine digits");
    number_ = number;
    std::string nonce = fmt::format("document {:09} of this disk at this very moment ..", number);
    nonce.resize(nonce_size, '.');
    const std::string base64 = base64_encode(as_bytes(nonce));
    packet_.become(number, base64);
    mail_.become(number, base64);
}

} // namespace vanthu::bench

// Types by magic numbers. What a sender claims is a hint and never asked here.
#include "schemas/edxml/packet.hpp"
#include "schemas/edxml/utf8.hpp"

#include <algorithm>

namespace vanthu::edxml {
namespace {

struct kind_row {
    content_kind kind;
    std::string_view name, media_type, magic;
};
using namespace std::string_view_literals;
constexpr kind_row kinds[] = {
    {content_kind::pdf, "pdf", "application/pdf", "%PDF-"},
    {content_kind::zip, "zip", "application/zip", "PK\x03\x04"},
    {content_kind::ole, "ole", "application/x-ole-storage", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
    {content_kind::png, "png", "image/png", "\x89PNG\r\n\x1A\n"},
    {content_kind::jpeg, "jpeg", "image/jpeg", "\xFF\xD8\xFF"},
    {content_kind::rtf, "rtf", "application/rtf", "{\\rtf"},
    {content_kind::xml, "xml", "application/xml", "<?xml"},
    {content_kind::docx, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ""},
    {content_kind::xlsx, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ""},
    {content_kind::pptx, "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", ""},
    {content_kind::text, "text", "text/plain", ""},
    {content_kind::empty, "empty", "application/octet-stream", ""},
    {content_kind::unknown, "unknown", "application/octet-stream", ""},
};

const kind_row& row_of(content_kind kind) {
    return *std::find_if(std::begin(kinds), std::end(kinds), [&](const kind_row& r) { return r.kind == kind; });
}

// An OPC container shows itself by the names in its first local headers, which stand uncompressed.
content_kind office_kind(std::string_view head) {
    if (head.find("[Content_Types].xml") == head.npos && head.find("_rels/.rels") == head.npos)
        return content_kind::zip;
    for (auto [folder, kind] :
         {std::pair{"word/"sv, content_kind::docx}, {"xl/"sv, content_kind::xlsx}, {"ppt/"sv, content_kind::pptx}})
        if (head.find(folder) != head.npos) return kind;
    return content_kind::zip;
}

} // namespace

std::string_view name_of(content_kind kind) { return row_of(kind).name; }
std::string_view media_type(content_kind kind) { return row_of(kind).media_type; }

content_kind sniff(bytes_view bytes) {
    std::string_view head = as_text(bytes.first(std::min<std::size_t>(bytes.size(), 4096)));
    if (head.empty()) return content_kind::empty;
    std::string_view text = head.starts_with("\xEF\xBB\xBF") ? head.substr(3) : head;
    for (const kind_row& row : kinds)
        if (!row.magic.empty() && (row.kind == content_kind::xml ? text : head).starts_with(row.magic))
            return row.kind == content_kind::zip ? office_kind(head) : row.kind;
    // Readers accept a PDF header within the first 1 024 bytes (ISO 32000-1, annex H.3.4.1).
    if (head.substr(0, 1024).find("%PDF-") != head.npos) return content_kind::pdf;
    bool printable = std::all_of(head.begin(), head.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\r' || c == '\t' || c == '\f';
    });
    return printable && utf8_checker().feed(head) ? content_kind::text : content_kind::unknown;
}

} // namespace vanthu::edxml

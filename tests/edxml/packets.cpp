#include "tests/edxml/packets.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"

#include <fmt/format.h>
#include <zlib.h>

namespace vanthu::edxml {

std::string sample(const char* name) {
    auto text = read_text_file(std::string(VANTHU_SOURCE_DIR "/tests/samples/") + name);
    BOOST_REQUIRE(text.has_value());
    return *text;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    std::size_t at = text.find(from);
    BOOST_REQUIRE_MESSAGE(at != text.npos, "not in the text: " << from);
    for (; at != text.npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
    return text;
}

std::string packet_with(const std::vector<made_attachment>& attachments) {
    std::string whole = sample("edoc-sample.edxml"), list, references;
    for (const made_attachment& a : attachments) {
        list += fmt::format(
            "<Attachment><ContentId>{}</ContentId><AttachmentName>{}</AttachmentName><ContentType>{}</ContentType>"
            "<edXML:ContentTransferEncoded xmlns:edXML=\"{}\">{}</edXML:ContentTransferEncoded></Attachment>",
            a.content_id, a.name, a.content_type, namespace_uri, a.transfer);
        references += fmt::format("<edXML:Reference><edXML:ContentId>{}</edXML:ContentId><edXML:AttachmentName>{}</"
                                  "edXML:AttachmentName></edXML:Reference>",
                                  a.content_id, a.name);
    }
    std::size_t begin = whole.find("<Attachment>"), end = whole.find("</AttachmentEncoded>");
    whole.replace(begin, end - begin, list);
    begin = whole.find("<edXML:Reference>"), end = whole.find("</edXML:edXMLManifest>");
    return whole.replace(begin, end - begin, references);
}

std::string packet_with_file(const std::string& name, bytes_view content) {
    return packet_with({{name, base64_encode(content)}});
}

namespace {
void le(bytes& out, std::uint64_t v, int n) {
    for (int i = 0; i < n; ++i) out.push_back(static_cast<std::uint8_t>(v >> 8 * i));
}
void put(bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }
} // namespace

bytes make_zip(const std::vector<zip_entry>& entries) {
    bytes out, central;
    for (const zip_entry& e : entries) {
        bytes packed = to_bytes(e.content);
        if (e.deflate) {
            packed.resize(e.content.size() + 1000);
            z_stream z{};
            BOOST_REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
            z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(e.content.data()));
            z.avail_in = static_cast<uInt>(e.content.size());
            z.next_out = packed.data();
            z.avail_out = static_cast<uInt>(packed.size());
            BOOST_REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
            packed.resize(z.total_out);
            deflateEnd(&z);
        }
        auto crc = crc32(0, reinterpret_cast<const Bytef*>(e.content.data()), static_cast<uInt>(e.content.size()));
        std::size_t offset = out.size();
        auto fields = [&](bytes& b, bool sizes) {
            le(b, 20, 2), le(b, e.descriptor ? 8 : 0, 2), le(b, e.deflate ? 8 : 0, 2), le(b, 0, 4);
            le(b, sizes ? crc : 0, 4), le(b, sizes ? packed.size() : 0, 4), le(b, sizes ? e.content.size() : 0, 4);
            le(b, e.name.size(), 2), le(b, 0, 2);
        };
        le(out, 0x04034b50, 4);
        fields(out, !e.descriptor);
        put(out, e.name);
        out.insert(out.end(), packed.begin(), packed.end());
        if (e.descriptor)
            le(out, 0x08074b50, 4), le(out, crc, 4), le(out, packed.size(), 4), le(out, e.content.size(), 4);
        le(central, 0x02014b50, 4), le(central, 20, 2);
        fields(central, true);
        le(central, 0, 2), le(central, 0, 2), le(central, 0, 2), le(central, 0, 4), le(central, offset, 4);
        put(central, e.name);
    }
    std::size_t start = out.size();
    out.insert(out.end(), central.begin(), central.end());
    le(out, 0x06054b50, 4), le(out, 0, 4), le(out, entries.size(), 2), le(out, entries.size(), 2);
    le(out, central.size(), 4), le(out, start, 4), le(out, 0, 2);
    return out;
}

document_header full_header() {
    document_header h;
    h.from = {"000.00.00.H48", "UBND tỉnh", "UBND tỉnh <Quảng Ngãi> & bạn", "Số 1", "a@example.invalid",
              "0255",          "0256",      "https://example.invalid"};
    h.to = {{"000.00.00.G22", "", "Văn phòng Chính phủ", "", "", "", "", ""},
            {"H48.99.01", "", "", "", "", "", "", ""}};
    h.code = {"321", "UBND-KGVX"};
    h.promulgation = {"Quảng Ngãi", packet_date::parse("2025/07/15")};
    h.document_type = {"2", "Công văn", "chi tiết"};
    h.subject = "V/v \"thử\" ]]> <nghiệm> & 'kết quả'\nhai dòng";
    h.content = "Nội dung";
    h.signer = signer_info{"KT. CHỦ TỊCH", "Phó Chủ tịch", "Nguyễn Văn Mẫu"};
    h.due_date = packet_date::parse("2025/07/31");
    h.to_places = {"Như trên", "Lưu: VT"};
    h.other_info = other_info{"1", "Lưu hành nội bộ", "NVM", "10", "3", {"Phụ lục I", "Phụ lục II"}, "true", ""};
    h.response_for = {{"000.00.00.G22", "1234/VPCP-KSTT", packet_date::parse("2025/07/01"),
                       "000.00.00.G22,2025/07/01,1234/VPCP-KSTT"}};
    h.steering_type = "1";
    h.document_id = "000.00.00.H48,2025/07/15,321/UBND-KGVX";
    h.response_for_tasks = {"T1", "T2"};
    h.application_type = "1";
    h.trace = {{"000.00.00.H48", packet_time::parse("2025/07/15 16:20:05")}};
    h.bussiness = bussiness{"2",
                            "Lý do",
                            bussiness_document_info{"1", "0", {{"1", "H48.1"}, {"0", "H48.2"}}},
                            "OLD-1",
                            staff_info{"Văn thư", "Trần Thị Ví Dụ", "849", "v@example.invalid", "D1", "S1"},
                            "0",
                            {{"R-1", {"A", "B"}}, {"R-2", {}}}};
    return h;
}

std::string join(const std::vector<piece>& pieces, std::string_view received, const std::vector<bytes>& contents) {
    std::string out;
    for (const piece& p : pieces) {
        if (const auto* text = std::get_if<std::string>(&p))
            out += *text;
        else if (const auto* range = std::get_if<raw_range>(&p))
            out += received.substr(range->offset, range->length);
        else
            out += base64_encode(contents.at(std::get<attachment_content>(p).index));
    }
    return out;
}

void refuses(std::string_view whole, errc why, const limits& l) {
    auto read = read_packet(as_bytes(whole), l);
    BOOST_REQUIRE_MESSAGE(!read, "was read, expected " << make_error_code(why).message());
    BOOST_CHECK_MESSAGE(read.error().code == why, public_code(read.error().code) << ": " << read.error().detail);
}

packet reads(std::string_view whole, const limits& l, std::optional<date> today) {
    auto read = read_packet(as_bytes(whole), l, today);
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : public_code(read.error().code) + ": " + read.error().detail));
    return std::move(*read);
}

} // namespace vanthu::edxml

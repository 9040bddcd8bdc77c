#include "daemon/cli/bench_documents.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"

#include <cmath>
#include <fmt/format.h>
#include <png.h>

namespace vanthu::cli {

bytes make_office_pdf(std::size_t size, unsigned number) {
    constexpr int pages = 4, fonts = 4;
    std::string pdf = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
    std::vector<std::size_t> at;
    auto object = [&](const std::string& body) {
        at.push_back(pdf.size());
        pdf += fmt::format("{} 0 obj\n{}\nendobj\n", at.size(), body);
    };
    auto stream = [&](const std::string& entries, const std::string& data) {
        object(fmt::format("<<{} /Length {}>>\nstream\n{}\nendstream", entries, data.size(), data));
    };
    // 1 catalogue, 2 page tree, 3 information, then 5 objects a font, 4 a page, the rest filling
    const int first_font = 4, first_page = first_font + 5 * fonts;
    std::string kids, names;
    for (int p = 0; p < pages; ++p) kids += fmt::format("{} 0 R ", first_page + 4 * p);
    for (int f = 0; f < fonts; ++f) names += fmt::format("/F{} {} 0 R ", f, first_font + 5 * f);
    object("<</Type/Catalog/Pages 2 0 R/Lang(vi-VN)/ViewerPreferences<</DisplayDocTitle true>>>>");
    object(fmt::format("<</Type/Pages/Kids[{}]/Count {}>>", kids, pages));
    object(
        fmt::format("<</Title(Van ban so {})/Producer(vanthu bench)/CreationDate(D:20250715162005+07'00')>>", number));
    // Half in the fonts' files, half in a picture.
    const std::size_t filling = size > 12'000 ? size - 12'000 : 0;
    for (int f = 0; f < fonts; ++f) {
        const int own = first_font + 5 * f;
        object(fmt::format("<</Type/Font/Subtype/Type0/BaseFont/AAAAA{}+Serif/Encoding/Identity-H/DescendantFonts[{} 0 "
                           "R]/ToUnicode {} 0 R>>",
                           f, own + 1, own + 4));
        object(
            fmt::format("<</Type/Font/Subtype/CIDFontType2/BaseFont/AAAAA{}+Serif/CIDSystemInfo<</Registry(Adobe)"
                        "/Ordering(Identity)/Supplement 0>>/FontDescriptor {} 0 R/DW 1000/W[1[500 500 250 333 444]]>>",
                        f, own + 2));
        object(fmt::format("<</Type/FontDescriptor/FontName/AAAAA{}+Serif/Flags 4/FontBBox[-200 -300 1000 900]"
                           "/ItalicAngle 0/Ascent 891/Descent -216/CapHeight 662/StemV 80/FontFile2 {} 0 R>>",
                           f, own + 3));
        stream("", to_hex(random_bytes(filling / fonts / 4)));
        stream("", std::string(600, ' '));
    }
    for (int p = 0; p < pages; ++p) {
        const int own = first_page + 4 * p;
        object(
            fmt::format("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {} 0 R/Resources {} 0 R/Group {} 0 "
                        "R>>",
                        own + 1, own + 2, own + 3));
        stream("", fmt::format("q 0.5 w 0 0 m 595 842 l S Q % {}", number) + std::string(1500, ' '));
        object(fmt::format("<</Font<<{}>>/ProcSet[/PDF/Text]>>", names));
        object("<</S/Transparency/CS/DeviceRGB/I true>>");
    }
    while (at.size() < 59) object("[/ICCBased 4 0 R]");
    stream("", to_hex(random_bytes(filling / 4)));
    const std::size_t xref = pdf.size();
    pdf += fmt::format("xref\n0 {}\n0000000000 65535 f \n", at.size() + 1);
    for (std::size_t offset : at) pdf += fmt::format("{:010} 00000 n \n", offset);
    const std::string id = to_hex(random_bytes(16));
    pdf += fmt::format("trailer\n<</Size {}/Root 1 0 R/Info 3 0 R/ID[<{}><{}>]>>\nstartxref\n{}\n%%EOF\n",
                       at.size() + 1, id, id, xref);
    return to_bytes(pdf);
}

bytes make_office_xml(std::size_t size, unsigned number) {
    std::string out =
        fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<vb:VanBan xmlns:vb=\"urn:bench:vanban\" "
                    "xmlns:xlink=\"http://www.w3.org/1999/xlink\">\n  <vb:So>{}</vb:So>\n",
                    number);
    for (unsigned row = 0; out.size() + 700 < size; ++row) {
        out += fmt::format("  <vb:Muc vb:thuTu=\"{}\" loai='nội dung'><vb:Ten>Về việc kiểm tra &amp; báo cáo</vb:Ten>"
                           "<vb:GiaTri>{}</vb:GiaTri></vb:Muc>\n",
                           row, to_hex(random_bytes(16)));
        if (row % 8 == 7)
            out += "  <vb:Tep>" + base64_encode(random_bytes(std::min<std::size_t>(size / 8, 65'536))) + "</vb:Tep>\n";
    }
    return to_bytes(out + "</vb:VanBan>\n");
}

result<pdf::picture> make_seal() {
    constexpr int side = 283; // at 200 dpi: 36 mm
    bytes rgba(static_cast<std::size_t>(side) * side * 4);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            double r = std::hypot(x - side / 2.0, y - side / 2.0);
            bool ink = (r > 132 && r < 140) || (r > 88 && r < 91) || (r < 84 && (x * 7 + y * 3) % 29 < 6);
            std::uint8_t* pixel = &rgba[static_cast<std::size_t>(y * side + x) * 4];
            pixel[0] = 200, pixel[1] = 20, pixel[2] = 30, pixel[3] = ink ? 255 : 0;
        }
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = image.height = side;
    image.format = PNG_FORMAT_RGBA;
    png_alloc_size_t length = 0;
    if (!png_image_write_to_memory(&image, nullptr, &length, 0, rgba.data(), 0, nullptr)) std::abort();
    bytes png(length);
    if (!png_image_write_to_memory(&image, png.data(), &length, 0, rgba.data(), 0, nullptr)) std::abort();
    png.resize(length);
    return pdf::picture::from_png(png);
}

result<pdf::signature_request> leaders_request(bool with_picture, timestamp now) {
    pdf::signature_request request;
    request.kind = pdf::profile::approved;
    VANTHU_TRY(bytes upright, read_file("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"));
    request.type.upright = pdf::typeface(std::move(upright));
    if (with_picture) {
        VANTHU_TRY(pdf::picture seal, make_seal());
        request.image = std::move(seal);
    }
    request.place = pdf::placement{4, 320, 120, 200, 60};
    request.signer_name = "Đặng Thị Ánh Nguyệt";
    request.claimed_time = now;
    return request;
}

} // namespace vanthu::cli

#include "tests/pdf/letter.hpp"

#include "daemon/base/files.hpp"
#include "signing/pdf/font.hpp"
#include "signing/pdf/layout.hpp"
#include "tests/support/test_ca.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <qpdf/QPDFWriter.hh>

namespace vanthu::test {
namespace {

template <class T> T must(result<T> r) {
    if (r) return std::move(*r);
    std::fprintf(stderr, "letter: %s %s\n", r.error().code.message().c_str(), r.error().detail.c_str());
    std::abort();
}

struct line {
    double x, y, size;
    std::string text;
    bool italic = false, centred = false, ends_at_x = false;
};

// One page by itself, which the content is then put into.
std::string blank(int pages) {
    std::string kids, out = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
    std::vector<std::size_t> offsets;
    auto object = [&](std::string body) {
        offsets.push_back(out.size());
        out += fmt::format("{} 0 obj\n{}\nendobj\n", offsets.size(), body);
    };
    for (int i = 0; i < pages; ++i) kids += fmt::format("{} 0 R ", 3 + i);
    object("<< /Type /Catalog /Pages 2 0 R /Lang (vi-VN) >>");
    object(fmt::format("<< /Type /Pages /Count {} /Kids [{}] >>", pages, kids));
    for (int i = 0; i < pages; ++i) object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89] >>");
    std::size_t xref = out.size();
    out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", offsets.size() + 1);
    for (std::size_t at : offsets) out += fmt::format("{:010} 00000 n \n", at);
    return out + fmt::format("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", offsets.size() + 1, xref);
}

std::vector<line> first_page(const letter& l) {
    using namespace pdf::layout;
    std::vector<line> lines = {
        {left_column, 772, 12, l.superior, false, true},
        {right_column, 772, 12, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", false, true},
        {left_column, 755, 12, l.agency, false, true},
        {right_column, 755, 13, "Độc lập – Tự do – Hạnh phúc", false, true},
        {98, number_line, 13, l.notation.empty() ? "Số:" : "Số: " + l.notation},
        {left_column, 700, 12, l.subject, false, true},
        {margin_left, 655, 14, "Kính gửi: Các cơ quan, đơn vị trực thuộc."},
    };
    lines.push_back({378, number_line, 13, l.place + ",", true, false, true});
    if (!l.marking.empty()) lines.push_back({left_column, 683, 13, l.marking, false, true});
    double y = 625;
    for (const std::string& text : l.body) lines.push_back({margin_left, y -= 20, 14, text});
    return lines;
}

std::vector<line> last_page_end(const letter& l) {
    using namespace pdf::layout;
    double centre = leader.x + leader.width / 2;
    std::vector<line> lines = {{centre, leader.y + leader.height + 18, 14, l.title, false, true},
                               {centre, leader.y - 22, 14, l.signer, false, true},
                               {margin_left, 215, 12, "Nơi nhận:", true}};
    double y = 215;
    for (const std::string& r : l.recipients) lines.push_back({margin_left, y -= 14, 11, r});
    return lines;
}

} // namespace

bytes make_letter(const letter& l) {
    std::string empty = blank(l.pages);
    pdf::document base = must(pdf::document::open(as_bytes(empty)));
    pdf::update objects(base);
    std::vector<std::vector<line>> pages(static_cast<std::size_t>(l.pages));
    pages.front() = first_page(l);
    for (const line& end : last_page_end(l)) pages.back().push_back(end);
    std::vector<std::string> upright, italic;
    for (const auto& page : pages)
        for (const line& at : page) (at.italic ? italic : upright).push_back(at.text);
    auto font_u = must(pdf::embedded_font::of(pdf::typeface(font_upright()), upright));
    auto font_i = must(pdf::embedded_font::of(pdf::typeface(font_italic()), italic));
    QPDFObjectHandle fonts = QPDFObjectHandle::newDictionary();
    fonts.replaceKey("/F1", font_u->write(objects));
    fonts.replaceKey("/F2", font_i->write(objects));
    QPDFObjectHandle resources = QPDFObjectHandle::newDictionary();
    resources.replaceKey("/Font", fonts);
    for (std::size_t i = 0; i < pages.size(); ++i) {
        std::string content;
        for (const line& at : pages[i]) {
            const auto& font = *(at.italic ? font_i : font_u);
            double width = font.width(at.text, at.size);
            double x = at.centred ? at.x - width / 2 : at.ends_at_x ? at.x - width : at.x;
            content += fmt::format("BT /{} {} Tf 1 0 0 1 {:.2f} {:.2f} Tm {} Tj ET\n", at.italic ? "F2" : "F1", at.size,
                                   x, at.y, font.encoded(at.text));
        }
        QPDFObjectHandle page = base.qpdf().getAllPages()[i];
        page.replaceKey("/Resources", resources);
        page.replaceKey("/Contents", objects.add_stream("", content));
        objects.changed(page);
    }
    const bytes in_two_revisions = must(objects.write()).file;
    pdf::document whole = must(pdf::document::open(in_two_revisions));
    QPDFWriter writer(whole.qpdf());
    writer.setOutputMemory();
    writer.setDeterministicID(true);
    writer.setObjectStreamMode(qpdf_o_disable);
    writer.write();
    auto out = writer.getBufferSharedPointer();
    return bytes(out->getBuffer(), out->getBuffer() + out->getSize());
}

bytes font_upright() { return must(read_file("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf")); }
bytes font_italic() { return must(read_file("/usr/share/fonts/truetype/liberation2/LiberationSerif-Italic.ttf")); }

bytes reshaped(bytes_view pdf, const std::vector<std::string>& qpdf_arguments) {
    temporary_directory dir;
    auto in = dir.path() / "in.pdf", out = dir.path() / "out.pdf";
    if (!write_file_atomically(in, pdf)) std::abort();
    std::vector<std::string> command{"/usr/bin/qpdf"};
    command.insert(command.end(), qpdf_arguments.begin(), qpdf_arguments.end());
    command.insert(command.end(), {in.string(), out.string()});
    if (run(command) != 0) std::abort();
    return must(read_file(out));
}

} // namespace vanthu::test

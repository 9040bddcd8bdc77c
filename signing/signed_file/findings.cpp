#include "signing/signed_file/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::signed_file {
namespace {

constexpr signing::finding_row texts[] = {
    {"file.no_signature_format", "Tệp không thuộc loại mang được chữ ký số (PDF, XML, CMS, ASiC).",
     "The file is of no kind that carries signatures (PDF, XML, CMS, ASiC)."},
    {"file.content_not_used",
     "Tệp nội dung nêu kèm (--content) không được so với chữ ký nào: tệp này mang nội dung của chính nó. Bỏ --content "
     "để kiểm tra nội dung bên trong tệp.",
     "The content that was named (--content) was compared with no signature: this file carries its own. Leave "
     "--content out to judge what is inside."},
    {"file.second_document", "Trong tệp XML có dấu hiệu của một tệp khác (PDF hoặc ZIP) mà phần mềm khác có thể mở ra.",
     "The XML file has the marks of another file (PDF or ZIP) that other programs could open."},
    {"file.name_contradicts",
     "Đuôi tên tệp không khớp với loại nội dung được kiểm tra: phần mềm mở theo tên có thể hiện một văn bản khác.",
     "The ending of the file's name is not that of what was judged: a program that goes by the name could show another "
     "document."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::signed_file

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
    {"file.mail_message",
     "Tệp là thư điện tử S/MIME, không được kiểm tra nguyên thư. Lưu tệp đính kèm smime.p7m rồi kiểm tra tệp đó; nếu "
     "chữ ký tách rời: lấy nội dung bằng openssl cms -verify -noverify -in THƯ -out NỘI_DUNG, lấy chữ ký bằng openssl "
     "smime -pk7out -in THƯ -out CHỮ_KÝ.p7s, rồi vanthu verify --content NỘI_DUNG CHỮ_KÝ.p7s.",
     "The file is a mail of S/MIME, which is not judged as a whole. Save its attachment smime.p7m and judge that. Of a "
     "detached signature get the content by openssl cms -verify -noverify -in MAIL -out CONTENT and the signature by "
     "openssl smime -pk7out -in MAIL -out SIGNATURE.p7s, then vanthu verify --content CONTENT SIGNATURE.p7s."},
    {"file.encoded_message",
     "Tệp bắt đầu như một thông điệp CMS viết bằng base64 nhưng còn có nội dung khác, nên không được kiểm tra. Giải mã "
     "phần base64 ra tệp (base64 -d) rồi kiểm tra tệp đó.",
     "The file begins as a CMS message in base64, but holds other things too, so it is not judged. Decode the base64 "
     "into a file (base64 -d) and judge that."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::signed_file

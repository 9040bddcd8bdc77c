#include "signing/asic/findings.hpp"

#include "signing/finding_table.hpp"

namespace vanthu::asic {
namespace {

constexpr signing::finding_row texts[] = {
    {"budget", "Văn bản vượt giới hạn kiểm tra nên chưa xác định được.",
     "The document exceeds the limits of verification, so nothing is determined."},
    {"asic.not_asic", "Tệp không phải là vỏ chứa ASiC.", "The file is not an ASiC container."},
    {"asic.irregular_archive",
     "Cấu trúc ZIP bất thường hoặc được mã hóa: hai phần mềm có thể đọc ra nội dung khác nhau.",
     "The ZIP is irregular or encrypted: two programs could read different content."},
    {"asic.name_unsafe", "Tên tệp trong vỏ chứa không an toàn hoặc bị trùng.",
     "A file name in the container is unsafe or used twice."},
    {"asic.damaged_entry", "Một tệp trong vỏ chứa bị hỏng.", "A file in the container is damaged."},
    {"asic.not_one_file", "ASiC-S phải chứa đúng một tệp được ký.", "ASiC-S must hold exactly one signed file."},
    {"asic.no_manifest", "Không có bản kê nào nêu chữ ký này.", "No manifest names this signature."},
    {"asic.two_manifests", "Có hơn một bản kê nêu chữ ký này.", "More than one manifest names this signature."},
    {"asic.manifest_unreadable", "Không đọc được bản kê của vỏ chứa.", "The container's manifest cannot be read."},
    {"asic.manifest_without_signature", "Bản kê không thuộc về tệp chữ ký nào trong vỏ chứa.",
     "A manifest belongs to no signature file of the container."},
    {"asic.unsigned_content",
     "Trong META-INF có nội dung lạ không được ký, có thể bị hiểu nhầm hoặc mở ra như một văn bản khác.",
     "META-INF has foreign content that nobody signed and that could be taken for, or opened as, another document."},
    {"asic.file_missing", "Tệp được ký không có trong vỏ chứa.", "A signed file is not in the container."},
    {"asic.file_changed", "Tệp trong vỏ chứa đã bị thay đổi sau khi ký.",
     "A file in the container was changed after it was signed."},
    {"asic.weak_algorithm", "Bản kê dùng thuật toán băm yếu hoặc không được chấp nhận.",
     "The manifest uses a hash algorithm that is weak or not accepted."},
    {"asic.file_not_signed", "Vỏ chứa có tệp không được ký.", "The container has files that are not signed."},
    {"asic.signs_only", "Chữ ký này chỉ bao trùm một phần các tệp trong vỏ chứa.",
     "This signature is over some of the container's files only."},
    {"asic.signed_in_parts",
     "Mỗi chữ ký bao trùm một phần các tệp, không chữ ký nào bao trùm tất cả: xem từng chữ ký ký tệp nào, của ai.",
     "Each signature is over some of the files and none over all of them: see which files each one is for, and whose."},
    {"asic.name_not_signed", "Chữ ký của ASiC-S bao trùm nội dung tệp, không bao trùm tên tệp.",
     "The signature of an ASiC-S is over the file's content, not over its name."},
};
const signing::finding_table table(texts);

} // namespace

signing::finding make_finding(std::string_view code, std::string_view detail) {
    return signing::finding_from(texts, code, detail);
}

} // namespace vanthu::asic

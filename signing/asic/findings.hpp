// The texts of this room's findings, one row a code.
#pragma once

#include "signing/cms/findings.hpp"

namespace vanthu::asic {

inline constexpr cms::finding_row finding_rows[] = {
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
    {"asic.manifest_without_signature", "Bản kê nêu một tệp chữ ký không có trong vỏ chứa.",
     "A manifest names a signature file that is not in the container."},
    {"asic.file_missing", "Tệp được ký không có trong vỏ chứa.", "A signed file is not in the container."},
    {"asic.file_changed", "Tệp trong vỏ chứa đã bị thay đổi sau khi ký.",
     "A file in the container was changed after it was signed."},
    {"asic.weak_algorithm", "Bản kê dùng thuật toán băm yếu hoặc không được chấp nhận.",
     "The manifest uses a hash algorithm that is weak or not accepted."},
    {"asic.file_not_signed", "Vỏ chứa có tệp không được ký.", "The container has files that are not signed."},
};

inline signing::finding make_finding(std::string_view code, std::string_view detail = {}) {
    for (const cms::finding_row& row : finding_rows)
        if (row.code == code) {
            signing::finding f{std::string(row.code), std::string(row.vi), std::string(row.en)};
            if (!detail.empty()) {
                f.text_vi += " (" + std::string(detail) + ")";
                f.text_en += " (" + std::string(detail) + ")";
            }
            return f;
        }
    std::abort(); // a code without a text is our own mistake
}

} // namespace vanthu::asic

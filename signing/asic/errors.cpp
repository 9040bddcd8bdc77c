#include "signing/asic/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::asic {
namespace {
constexpr error_row rows[] = {
    {int(errc::not_a_zip), "not_a_zip", 422, retry::no, "Tệp không phải là vỏ chứa ASiC.",
     "The file is not an ASiC container.", "Kiểm tra lại tệp.", "Check the file."},
    {int(errc::irregular_archive), "irregular_archive", 422, retry::no,
     "Cấu trúc ZIP bất thường hoặc được mã hóa nên không thể xử lý an toàn.",
     "The ZIP is irregular or encrypted and cannot be processed safely.", "Yêu cầu bên gửi tạo lại vỏ chứa.",
     "Ask the sender to make the container again."},
    {int(errc::over_budget), "over_budget", 422, retry::no, "Vỏ chứa vượt giới hạn xử lý.",
     "The container is beyond what is processed.", "Chia nội dung thành nhiều vỏ chứa nhỏ hơn.",
     "Split the content into smaller containers."},
    {int(errc::name_unsafe), "name_unsafe", 422, retry::no, "Tên tệp trong vỏ chứa không an toàn hoặc bị trùng.",
     "A file name in the container is unsafe or used twice.", "Đổi tên tệp rồi tạo lại vỏ chứa.",
     "Rename the file and make the container again."},
    {int(errc::damaged_entry), "damaged_entry", 422, retry::no, "Một tệp trong vỏ chứa bị hỏng.",
     "A file in the container is damaged.", "Yêu cầu bên gửi gửi lại.", "Ask the sender to send it again."},
    {int(errc::no_such_entry), "no_such_entry", 422, retry::no, "Vỏ chứa không có tệp được nêu.",
     "The container does not have that file.", "Kiểm tra lại tên tệp.", "Check the name of the file."},
    {int(errc::not_one_file), "not_one_file", 422, retry::no, "ASiC-S chỉ chứa đúng một tệp.",
     "ASiC-S holds exactly one file.", "Dùng ASiC-E cho nhiều tệp.", "Use ASiC-E for several files."},
    {int(errc::signature_fixed), "signature_fixed", 422, retry::no,
     "Chữ ký đã được dấu thời gian lưu trữ bao trùm nên không thể thay đổi.",
     "An archive time stamp is over this signature, so it cannot be changed.",
     "Gia hạn bằng một dấu thời gian lưu trữ mới.", "Renew it by a new archive time stamp."},
    {int(errc::manifest_unreadable), "manifest_unreadable", 422, retry::no, "Không đọc được bản kê của vỏ chứa.",
     "The container's manifest cannot be read.", "Yêu cầu bên gửi tạo lại vỏ chứa.",
     "Ask the sender to make the container again."},
};
const error_table table("asic", rows);
} // namespace
std::error_code make_error_code(errc e) { return {int(e), table}; }
} // namespace vanthu::asic

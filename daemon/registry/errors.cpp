#include "daemon/registry/errors.hpp"

#include "daemon/base/error_table.hpp"

namespace vanthu::registry {
namespace {
constexpr std::string_view correct_vi = "Sửa dòng được nêu trong tệp danh bạ rồi chạy lại “vanthu registry check”.";
constexpr std::string_view correct_en =
    "Correct the named line of the registry file, then run `vanthu registry check` again.";

constexpr error_row rows[] = {
    {int(errc::syntax), "syntax", 500, retry::no, "Tệp danh bạ không đúng cú pháp TOML.",
     "The registry file is not valid TOML.", correct_vi, correct_en},
    {int(errc::unknown_key), "unknown_key", 500, retry::no, "Tệp danh bạ có khóa không được hỗ trợ.",
     "The registry file has a key that is not known.",
     "Kiểm tra chính tả của khóa; danh sách khóa có trong docs/registry.md.",
     "Check the spelling of the key; docs/registry.md lists all keys."},
    {int(errc::missing_key), "missing_key", 500, retry::no, "Tệp danh bạ thiếu một khóa bắt buộc.",
     "The registry file lacks a required key.", correct_vi, correct_en},
    {int(errc::wrong_type), "wrong_type", 500, retry::no, "Giá trị trong tệp danh bạ không đúng kiểu.",
     "A value in the registry file has the wrong type.", correct_vi, correct_en},
    {int(errc::bad_value), "bad_value", 500, retry::no, "Giá trị trong tệp danh bạ không hợp lệ.",
     "A value in the registry file is not allowed.", correct_vi, correct_en},
    {int(errc::bad_period), "bad_period", 500, retry::no, "Ngày kết thúc không sau ngày bắt đầu.",
     "A period ends before it begins.", "Sửa ngày “from” và “to”: “to” là ngày đầu tiên không còn hiệu lực.",
     "Correct `from` and `to`: `to` is the first day on which the row no longer holds."},
    {int(errc::duplicate_id), "duplicate_id", 500, retry::no, "Hai dòng trong danh bạ có cùng một định danh.",
     "Two rows of the registry have the same id.", correct_vi, correct_en},
    {int(errc::duplicate_code), "duplicate_code", 500, retry::no,
     "Một mã định danh được cấp trùng trong cùng một thời gian.", "One code is allotted twice at the same time.",
     "Ghi ngày kết thúc cho mã cũ trước khi cấp lại mã.", "Give the old code an end date before it is allotted again."},
    {int(errc::overlapping_periods), "overlapping_periods", 500, retry::no,
     "Một cơ quan có hai giá trị cùng hiệu lực trong một thời gian.",
     "An organisation has two values for one thing at the same time.",
     "Sửa ngày để các khoảng thời gian nối tiếp nhau.", "Change the dates so that the periods follow one another."},
    {int(errc::unknown_reference), "unknown_reference", 500, retry::no,
     "Danh bạ dẫn chiếu tới một cơ quan hoặc nút không tồn tại.",
     "The registry refers to an organisation or node that it does not define.", correct_vi, correct_en},
    {int(errc::parent_cycle), "parent_cycle", 500, retry::no, "Quan hệ cấp trên của các cơ quan tạo thành vòng.",
     "The parents of organisations form a ring.", correct_vi, correct_en},
    {int(errc::node_cycle), "node_cycle", 500, retry::no, "Đường đi lên của các nút tạo thành vòng.",
     "The upward ways of nodes form a ring.", "Sửa “uplink” hoặc “served_by” của các nút được nêu.",
     "Correct `uplink` or `served_by` of the named nodes."},
    {int(errc::route_loop), "route_loop", 500, retry::no, "Một tuyến ghi riêng làm gói tin chạy vòng.",
     "An explicit route makes packets go in a ring.", "Bỏ hoặc sửa tuyến được nêu.",
     "Remove or correct the named route."},
    {int(errc::ambiguous_server), "ambiguous_server", 500, retry::no,
     "Hai nút cùng phục vụ một cơ quan trong một thời gian.", "Two nodes serve one organisation at the same time.",
     "Ghi ngày kết thúc cho một nút.", "Give one of the nodes an end date."},
    {int(errc::ambiguous_identity), "ambiguous_identity", 500, retry::no,
     "Danh tính chứng thư không chỉ ra đúng một nút.", "A certificate identity does not lead to exactly one node.",
     "Mỗi nút cần san_uri và khóa ghim riêng; khi dùng nhiều CA, ghi ca_sha256 cho từng nút.",
     "Give each node its own san_uri and pins; where several CAs are in use, give each node its ca_sha256."},
    {int(errc::key_in_two_roles), "key_in_two_roles", 500, retry::no, "Một khóa vừa là con dấu vừa là khóa dịch vụ.",
     "One key is both a seal and a service key.", "Cấp chứng thư dịch vụ với cặp khóa riêng.",
     "Use a separate key pair for the service certificate."},
    {int(errc::successor_of_open), "successor_of_open", 500, retry::no,
     "Cơ quan có đơn vị kế thừa nhưng chưa có ngày chấm dứt.", "An organisation has successors but no closing date.",
     "Ghi ngày chấm dứt (“to”) cho cơ quan cũ.", "Give the old organisation its closing date (`to`)."},
};
const error_table table("registry", rows);
} // namespace

std::error_code make_error_code(errc e) { return {int(e), table}; }

} // namespace vanthu::registry

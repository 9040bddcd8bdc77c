// A plausible official letter as PDF (A4, cells of NĐ 30/2020 annex I), for tests and ./demo. Aborts on failure.
#pragma once

#include "daemon/base/bytes.hpp"

#include <string>
#include <vector>

namespace vanthu::test {

struct letter {
    std::string superior = "UBND TỈNH QUẢNG NGÃI", agency = "SỞ NỘI VỤ";
    std::string notation = ""; // printed after "Số:"; empty where vanthu fills the number
    std::string place = "Quảng Ngãi";
    std::string subject = "V/v kiểm tra việc gửi, nhận văn bản điện tử";
    std::vector<std::string> recipients = {"- Như trên;", "- Lưu: VT."};
    std::vector<std::string> body = {
        "Thực hiện quy định về công tác văn thư, Sở Nội vụ đề nghị các cơ quan rà soát việc",
        "gửi, nhận văn bản điện tử và báo cáo kết quả trước ngày 30 tháng 7."};
    std::string title = "GIÁM ĐỐC", signer = "Đặng Thị Ánh Nguyệt";
    std::string marking = ""; // "MẬT" puts a mark of secrecy on the first page
    int pages = 1;
};

bytes make_letter(const letter& l = {});

bytes font_upright(); // Liberation Serif of the package fonts-liberation2 (1.x lacks Vietnamese letters)
bytes font_italic();

// The same document in another shape: arguments of qpdf, e.g. {"--object-streams=generate"}, {"--linearize"}.
bytes reshaped(bytes_view pdf, const std::vector<std::string>& qpdf_arguments);

} // namespace vanthu::test

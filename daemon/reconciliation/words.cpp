// The sentences of findings.
#include "daemon/reconciliation/compare.hpp"

#include <fmt/format.h>

namespace vanthu::reconciliation {
namespace {

struct words {
    const char *vi, *en;
};

// {0} the document, {1} the other node, {2} the recipient, {3} there, {4} here.
constexpr words what_of(finding_kind kind) {
    switch (kind) {
    case finding_kind::lost_there:
        return {"{1} không còn gói tin của {0}, dù biên nhận do chính {1} ký còn lưu tại đây: {1} đã làm mất sau khi "
                "nhận; {1} cần kiểm tra kho của mình (có thể vừa khôi phục từ bản sao lưu cũ).",
                "{1} no longer knows the packet of {0} although the receipt that {1} signed is kept here: it was lost "
                "there after custody; {1} has to check its store (it may have been restored from an older backup)."};
    case finding_kind::earlier_unknown:
        return {"{1} không biết một gói tin gửi trước đây của {0}, và tại đây không có biên nhận của gói đó; kiểm tra "
                "lịch sử của văn bản rồi gửi lại nếu nơi nhận chưa có.",
                "{1} does not know an earlier packet of {0}, and no receipt of it is kept here; look at the document's "
                "history and send it again if the recipient does not have it."};
    case finding_kind::known_there:
        return {
            "{1} đã có gói tin của {0} trong khi tại đây còn chờ gửi ({4}): câu trả lời của {1} chưa về đến đây; "
            "chỉ cần hỏi lại để nhận biên nhận.",
            "{1} has the packet of {0} while it still waits here ({4}): the answer of {1} has not come back; asking "
            "again brings the receipt."};
    case finding_kind::notice_missing:
        return {
            "{1} cho biết {0} gửi {2} đang ở trạng thái {3}, tại đây ghi {4}: thiếu thông báo của {1}; không cần gửi "
            "lại văn bản.",
            "{1} says that {0} for {2} is {3} there while it is {4} here: the notice of {1} is missing; the document "
            "need not be sent again."};
    case finding_kind::ended_here:
        return {"{0} gửi {2} đã kết thúc tại đây ({4}) nhưng {1} vẫn giữ hoặc đã chuyển tiếp ({3}); hỏi {1} trước khi "
                "gửi lại để tránh trùng.",
                "{0} for {2} has ended here ({4}) but {1} keeps it or has carried it on ({3}); ask {1} before it is "
                "sent again."};
    case finding_kind::not_on_record_here:
        return {
            "{1} giữ một gói tin ({0}) nhận từ nút này mà kho tại đây không ghi: kho tại đây có thể đã khôi phục từ "
            "bản sao lưu cũ; đối chiếu với sổ văn bản đi và với eOffice.",
            "{1} holds a packet ({0}) received from this node that the store here has no record of: the store here "
            "may have been restored from an older backup; compare with the outgoing register and the eOffice."};
    case finding_kind::not_fetched:
        return {"{0} nằm trong hộp đến của {2} tại {1} quá thời hạn mà eOffice nơi nhận chưa lấy; liên hệ văn thư nơi "
                "nhận.",
                "{0} stands in the inbox of {2} at {1} for too long and its eOffice has not fetched it; call the "
                "recipient's clerk."};
    case finding_kind::status_missing:
        return {
            "{1} đã có trạng thái {3} của {2} cho {0} nhưng trạng thái đó chưa về đến đây; phía {1} gửi lại khi đối "
            "soát chiều ngược lại.",
            "{1} holds status {3} of {2} for {0} which has not come here; {1} sends it again when it compares the "
            "other direction."};
    case finding_kind::double_there:
        return {
            "{0} có {3} mục trong hộp đến của {2} tại {1}, phải là 1; phía {1} kiểm tra để văn bản không được xử lý "
            "hai lần.",
            "{0} has {3} entries in the inbox of {2} at {1} where there must be 1; {1} has to see that it is not "
            "handled twice."};
    case finding_kind::entry_missing:
        return {"{1} ghi đã giữ {0} cho {2} nhưng không có mục nào trong hộp đến; phía {1} kiểm tra kho (vanthu fsck).",
                "{1} says that it keeps {0} for {2} but no inbox entry is there; {1} has to check its store (vanthu "
                "fsck)."};
    case finding_kind::recipients_differ:
        return {"{1} có gói tin của {0} nhưng không ghi nơi nhận {2}; hỏi {1} rồi gửi lại riêng cho nơi nhận này.",
                "{1} has the packet of {0} but no record of its recipient {2}; ask {1}, then send it to that recipient "
                "again."};
    case finding_kind::content_differs:
        return {"Nội dung của {0} tại {1} có mã băm khác với bản tại đây; hai bên đối chiếu tệp gốc trước khi sử dụng.",
                "The content of {0} at {1} has another hash than here; both sides compare the files before they use "
                "them."};
    }
    return {"", ""};
}

constexpr words done_of(const finding& f) {
    if (f.repaired) switch (f.mends) {
        case remedy::send_again:
            return {" Đã xếp hàng gửi lại đúng gói tin đó.", " The same packet has been queued again."};
        case remedy::try_now:
            return {" Đã cho thử ngay.", " It is tried again now."};
        case remedy::take_notice:
            return {" Đã ghi nhận thông báo.", " The notice has been taken over."};
        case remedy::none:
            break;
        }
    switch (f.why_not) {
    case withheld::answered:
        if (f.kind == finding_kind::notice_missing)
            return {" Không ghi nhận: eOffice nơi nhận đã báo nhận được văn bản; hỏi lại phía bên kia.",
                    " Not taken over: the recipient's eOffice has said that it has it; ask the other side."};
        return {" Không tự gửi lại: eOffice nơi nhận đã có văn bản.",
                " Not sent again by itself: the recipient's eOffice has it."};
    case withheld::ended:
        return {" Không gửi lại: văn bản đã được thu hồi hoặc trả lại.",
                " Not sent again: it has been taken back or returned."};
    case withheld::given_up:
        return {
            " Không tự sửa nữa: đã sửa đủ số lần cho phép mà vẫn sai khác; cần người xử lý với phía bên kia.",
            " Not repaired any more: it was repaired as often as is allowed and still differs; somebody has to talk "
            "to the other side."};
    case withheld::earlier_envelope:
        return {" Không tự gửi lại: phong bì của lần gửi đó đã được thay bằng lần gửi sau.",
                " Not sent again by itself: that envelope has been replaced by a later one."};
    case withheld::unasked:
        return {" Không ghi nhận: không có yêu cầu thu hồi nào đối với văn bản này; hỏi lại phía bên kia.",
                " Not taken over: nobody asked for a recall of it; ask the other side."};
    case withheld::not_asked:
        return {" Chưa sửa: lượt đối soát này chỉ liệt kê.", " Not repaired: this run only lists."};
    case withheld::no:
        break;
    }
    return {" Chưa tự sửa.", " Not repaired by itself."};
}

} // namespace

std::string sentence(const finding& f, const std::string& other, bool vietnamese) {
    const words what = what_of(f.kind), done = done_of(f);
    const std::string label = f.label.empty() ? f.packet_sha256.hex().substr(0, 16) : f.label;
    return fmt::format(fmt::runtime(vietnamese ? what.vi : what.en), label, other, f.recipient, f.there, f.here) +
           (vietnamese ? done.vi : done.en);
}

} // namespace vanthu::reconciliation

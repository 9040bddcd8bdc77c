#include "daemon/api/destination.hpp"

#include "daemon/api/deadlines.hpp"
#include "daemon/api/ladder.hpp"

#include <fmt/format.h>

namespace vanthu::api {

using delivery::flow_standing;

std::string trouble_text(const flow_standing& s, const std::string& who, bool vi) {
    const std::string since = time_in_vietnam(from_us(s.since)), next = time_in_vietnam(from_us(s.next));
    std::string why;
    if (!s.reason.empty()) why = reason_text(s.reason, vi) + " " + reason_action(s.reason, vi);
    switch (s.is) {
    case flow_standing::stand::closed:
        return {};
    case flow_standing::stand::paused:
        return vi ? fmt::format("{} yêu cầu tạm ngừng gửi từ {}: {} Gửi tiếp lúc {}.", who, since, why, next)
                  : fmt::format("{} has asked for a pause since {}: {} Sending goes on at {}.", who, since, why, next);
    case flow_standing::stand::no_documents:
        return vi ? fmt::format(
                        "{} tạm thời không nhận văn bản mới từ {}: {} Trạng thái và yêu cầu thu hồi vẫn được gửi. "
                        "Hỏi lại lúc {}; chờ đợi không làm mất lượt gửi.",
                        who, since, why, next)
                  : fmt::format("{} takes no new documents for now, since {}: {} Statuses and recalls still go. "
                                "Asked again at {}; waiting uses up no attempt.",
                                who, since, why, next);
    case flow_standing::stand::open:
        return vi ? fmt::format("{} không nhận được từ {}: {} Thử liên lạc lại lúc {}; chờ đợi không làm mất lượt gửi.",
                                who, since, why, next)
                  : fmt::format("{} has not been answering since {}: {} Next probe at {}; waiting uses up no attempt.",
                                who, since, why, next);
    case flow_standing::stand::probing:
        return vi ? fmt::format("{} không nhận được từ {}: {} Đang thử liên lạc lại.", who, since, why)
                  : fmt::format("{} has not been answering since {}: {} A probe is under way.", who, since, why);
    }
    return {};
}

boost::json::object destination_json(const flow_standing& s, const std::string& who) {
    auto time = [](std::int64_t us) { return us ? boost::json::value(to_rfc3339(from_us(us))) : nullptr; };
    return {{"state", delivery::to_string(s.is)},
            {"since", time(s.since)},
            {"reason", s.reason},
            {"next_probe_at", time(s.next)},
            {"window", s.window},
            {"concurrency", s.concurrency},
            {"text_vi", trouble_text(s, who, true)},
            {"text_en", trouble_text(s, who, false)}};
}

} // namespace vanthu::api

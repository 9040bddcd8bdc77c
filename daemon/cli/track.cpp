// `vanthu track`: the ladder of a document as a timeline.
#include "daemon/cli/exchange.hpp"
#include "daemon/cli/packet_files.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace vanthu::cli {
namespace {

namespace json = boost::json;

std::size_t width_of(std::string_view text) { // columns of NFC text: one a code point
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

class timeline {
public:
    explicit timeline(const voice& say) : say_(say), colour_(::isatty(STDOUT_FILENO) && !std::getenv("NO_COLOR")) {
        winsize size{};
        if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
            width_ = std::min<std::size_t>(size.ws_col, 120);
    }
    std::string draw(const json::object& ladder) {
        out_.clear();
        if (const json::object* d = object_in(ladder, "document")) heading(*d);
        if (const json::array* all = array_in(ladder, "events_of_document"); all && !all->empty()) {
            steps(*all);
            line("", "");
        }
        if (const json::array* all = array_in(ladder, "recipients"))
            for (const json::value& r : *all)
                if (const json::object* each = r.if_object()) recipient(*each);
        return out_;
    }

private:
    std::string text(const json::object& o, const char* vi, const char* en) const {
        return for_terminal(text_in(o, say_.vietnamese() ? vi : en));
    }
    std::string in_colour(const char* code, std::string_view text) const {
        return colour_ && !text.empty() ? fmt::format("\033[{}m{}\033[0m", code, text) : std::string(text);
    }
    // `first` before the first line, `rest` before what had to be wrapped.
    void wrapped(std::string_view first, std::string_view rest, std::string_view text, const char* colour = "0") {
        std::string now;
        std::string_view before = first;
        while (!text.empty()) {
            std::size_t end = std::min(text.find(' '), text.size());
            std::string_view word = text.substr(0, end);
            if (!now.empty() && width_of(before) + width_of(now) + 1 + width_of(word) > width_) {
                line(before, in_colour(colour, now));
                before = rest;
                now.clear();
            }
            if (!now.empty()) now += ' ';
            now += word;
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        line(before, in_colour(colour, now));
    }
    void line(std::string_view before, std::string_view text) {
        out_ += before;
        out_ += text;
        out_ += '\n';
    }
    void rule(std::string_view left, std::string_view title) {
        std::string dashes;
        for (std::size_t n = width_of(title) + 4; n < width_; ++n) dashes += "─";
        line(left, fmt::format("─ {} {}", in_colour("1", title), dashes));
    }

    void heading(const json::object& d) {
        std::string title = reference_of(d), date = text_in(d, "date");
        if (date.size() == 10 && (date[4] == '-' || date[4] == '/'))
            date = say_.vietnamese() ? fmt::format("{}/{}/{}", date.substr(8), date.substr(5, 2), date.substr(0, 4))
                                     : fmt::format("{}-{}-{}", date.substr(0, 4), date.substr(5, 2), date.substr(8));
        if (!date.empty()) title += " · " + for_terminal(date);
        rule("┌", title);
        if (std::string subject = for_terminal(text_in(d, "subject")); !subject.empty()) wrapped("│ ", "│ ", subject);
        if (const json::object* from = object_in(d, "from"))
            wrapped("│ ", "│   ",
                    fmt::format("{} {} ({})", say_("Nơi gửi:", "From:"), for_terminal(text_in(*from, "name")),
                                for_terminal(text_in(*from, "code"))));
        const json::array* files = array_in(d, "attachments");
        const json::value* size = d.if_contains("size");
        std::string about = fmt::format("{} {}", files ? files->size() : 0,
                                        say_("tệp", files && files->size() == 1 ? "file" : "files"));
        if (size && size->is_number())
            about += fmt::format(" · {:.1f} KB", static_cast<double>(size->to_number<std::uint64_t>()) / 1024);
        if (std::string s = for_terminal(text_in(d, "signatures")); !s.empty())
            about += fmt::format(" · {} {}", say_("chữ ký số:", "signatures:"), signatures(s));
        line("│ ", about);
        line("│ ", fmt::format("{} {}", say_("Mã theo dõi:", "Id:"), in_colour("2", for_terminal(text_in(d, "id")))));
        std::string dashes;
        for (std::size_t n = 1; n < width_; ++n) dashes += "─";
        line("└", dashes);
    }
    std::string signatures(const std::string& s) const {
        static constexpr std::pair<std::string_view, std::string_view> known[] = {{"valid", "hợp lệ"},
                                                                                  {"invalid", "KHÔNG hợp lệ"},
                                                                                  {"indeterminate", "chưa đủ căn cứ"},
                                                                                  {"unsigned", "không có"},
                                                                                  {"damaged", "tệp hỏng"}};
        if (say_.vietnamese())
            for (const auto& [en, vi] : known)
                if (s == en) return std::string(vi);
        return s;
    }

    // ● Bàn giao ─ ● 01 Đã đến ─ ↷ 03 Vào sổ ─ ● 04 Phân công ─ ○ 05 Đang xử lý ─ ○ 06 Hoàn thành
    std::string rungs(const json::object& r) const {
        static constexpr std::tuple<std::string_view, std::string_view, std::string_view> short_names[] = {
            {"01", "Đã đến", "Arrived"},     {"02", "Từ chối", "Refused"},       {"03", "Vào sổ", "Registered"},
            {"04", "Phân công", "Assigned"}, {"05", "Đang xử lý", "In process"}, {"06", "Hoàn thành", "Finished"}};
        const bool arrived = text_in(r, "state") == "delivered";
        std::string out = arrived ? in_colour("32", "●") : in_colour("2", "○");
        out += fmt::format(" {}", say_("Bàn giao", "Handed over"));
        bool passed_over = false;
        const json::array* all = array_in(r, "rungs");
        for (const json::value& v : all ? *all : json::array()) {
            const json::object* each = v.if_object();
            if (!each) continue;
            const std::string code = for_terminal(text_in(*each, "code")), state = text_in(*each, "state");
            std::string name = text(*each, "name_vi", "name_en");
            for (const auto& [known, vi, en] : short_names)
                if (known == code) name = say_(vi, en);
            passed_over = passed_over || state == "passed_over";
            out += fmt::format(" ─ {} {} {}",
                               state == "passed_over" ? in_colour("2", "↷")
                               : state != "reached"   ? in_colour("2", "○")
                               : code == "02"         ? in_colour("31", "✗")
                                                      : in_colour("32", "●"),
                               code, name);
        }
        if (passed_over) out += in_colour("2", say_(" (↷ bỏ qua)", " (↷ passed over)"));
        return out;
    }
    static const char* colour_of(std::string_view state) {
        return state == "delivered"                       ? "32"
               : state == "refused" || state == "expired" ? "31"
               : state == "deferred" || state == "parked" ? "33"
                                                          : "36";
    }
    void recipient(const json::object& r) {
        std::string state = text_in(r, "state"), last = text(r, "last_status_vi", "last_status_en");
        line("▶ ", fmt::format("{} ({})", in_colour("1", for_terminal(text_in(r, "name"))),
                               for_terminal(text_in(r, "code"))));
        std::string now = text(r, "state_vi", "state_en");
        if (!last.empty()) now += fmt::format(" · {} {}", for_terminal(text_in(r, "last_status")), last);
        line("  ", in_colour(colour_of(state), now));
        line("  ", rungs(r));
        if (const json::array* all = array_in(r, "steps")) steps(*all);
        if (const json::array* all = array_in(r, "deadlines")) deadlines(*all);
        if (std::string why = text(r, "why_vi", "why_en"); !why.empty()) wrapped("  ⚠ ", "    ", why, "33");
        if (auto next = from_rfc3339(text_in(r, "next_attempt_at")))
            line("    ", fmt::format("{} {}", say_("Lần thử tới:", "Next attempt:"), shown_time(*next, say_)));
        line("", "");
    }
    void deadlines(const json::array& all) {
        for (const json::value& each : all)
            if (const json::object* d = each.if_object()) {
                const std::string state = text_in(*d, "state");
                const bool missed = state == "late" || state == "met_late";
                if (state != "met") wrapped("  ⏱ ", "    ", text(*d, "text_vi", "text_en"), missed ? "31" : "0");
            }
    }
    void steps(const json::array& all) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            const json::object* s = all[i].if_object();
            if (!s) continue;
            auto at = from_rfc3339(text_in(*s, "at"));
            std::string branch = i + 1 == all.size() ? "└" : "├", down = i + 1 == all.size() ? " " : "│";
            wrapped(fmt::format("  {} {}  ", branch, at ? shown_time(*at, say_) : std::string(19, ' ')),
                    fmt::format("  {} {}  ", down, std::string(19, ' ')), text(*s, "text_vi", "text_en"));
        }
    }

    const voice& say_;
    bool colour_;
    std::size_t width_ = 100;
    std::string out_;
};

// Nothing more will happen by itself.
bool is_finished(const json::object& ladder) {
    const json::array* all = array_in(ladder, "recipients");
    return all && std::ranges::all_of(*all, [](const json::value& v) {
               const json::object* r = v.if_object();
               if (!r) return true;
               std::string state = text_in(*r, "state"), status = text_in(*r, "last_status");
               for (const char* name : {"recall", "replaced_by", "update"})
                   if (const json::object* asked = object_in(*r, name))
                       if (std::string stands = text_in(*asked, "stands");
                           stands == "fenced" || stands == "asked" || stands == "before_clerk")
                           return false;
               return state == "refused" || state == "expired" || state == "recalled" || status == "02" ||
                      status == "06";
           });
}

} // namespace

int track(const exchange_options& o, connection& server) {
    timeline view(o.say);
    std::string shown;
    for (;;) {
        net::client_request r;
        r.target = "/v1/documents/" + net::percent_encode(o.id);
        auto ladder = json_of(server.send(std::move(r)), o.say);
        if (!ladder) return ladder.error();
        std::string now = o.say.as_json ? json_for_terminal(json::serialize(*ladder)) + "\n" : view.draw(*ladder);
        if (now != shown) {
            if (o.watch && !o.say.as_json && ::isatty(STDOUT_FILENO)) fmt::print("\033[H\033[2J");
            fmt::print("{}", now);
            if (std::fflush(stdout) != 0) return done; // nobody reads any more; main() tells it
            shown = std::move(now);
        }
        if (!o.watch || is_finished(*ladder)) return done;
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

} // namespace vanthu::cli

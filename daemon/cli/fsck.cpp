#include "daemon/cli/fsck.hpp"

#include "daemon/cli/errors.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/registry/registry.hpp"
#include "daemon/store_options.hpp"
#include "daemon/upkeep/store_check.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>

namespace vanthu::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using upkeep::problem_kind;

struct options {
    fs::path config = "/etc/vanthu/vanthud.toml", store, receipts, trust;
    voice say;
};

struct meaning {
    problem_kind kind;
    std::string_view vi, en, action_vi, action_en;
};
constexpr meaning meanings[] = {
    {problem_kind::lost, "MẤT: điều đã xác nhận nay không đọc được", "LOST: what was acknowledged cannot be read",
     "Không chạy vanthud trên kho này; giữ nguyên đĩa, khôi phục từ bản sao lưu, rồi đối chiếu với bên gửi theo biên "
     "nhận.",
     "Do not run vanthud on this store; keep the disk as it is, restore a backup, then compare with the senders by "
     "their "
     "receipts."},
    {problem_kind::twice, "HAI LẦN: một văn bản có hai mục trong hộp đến", "TWICE: one document has two inbox entries",
     "Báo lỗi kèm kết quả này; cho eOffice biết mục nào trùng.",
     "Report it with this output; tell the eOffice which entries are the same."},
    {problem_kind::orphan, "THỪA: dữ liệu trên đĩa không thuộc văn bản nào",
     "ORPHAN: bytes on disk that no document has",
     "Không mất gì; chỉ tốn chỗ. Nếu vẫn còn sau lần khởi động sau, báo lỗi kèm kết quả này.",
     "Nothing is lost, only space. Where it is still there after the next start, report it with this output."},
    {problem_kind::stuck, "KẸT: văn bản chưa xong mà không ai chuyển tiếp", "STUCK: unfinished, and nobody moves it on",
     "Gửi lại từ trang điều hành; báo lỗi kèm kết quả này.",
     "Release it on the operator's page; report it with this output."},
};

} // namespace

result<upkeep::store_to_check> store_to_check_of(const daemon_config& c) {
    upkeep::store_to_check asked;
    VANTHU_TRY(asked.store, store_options_of(c));
    VANTHU_TRY(const registry::registry known, registry::registry::load(c.registry.file));
    asked.organisation = c.node.organisation;
    asked.home = known.canonical(c.node.organisation, system_clock().now());
    return asked;
}

void show(const upkeep::store_check& found, const voice& say) {
    auto count = [&](const char* name) {
        auto at = found.counts.find(name);
        return at == found.counts.end() ? 0 : at->second;
    };
    fmt::print(
        fmt::runtime(say("{} văn bản, {} trạng thái, {} mục hộp đến, {} nội dung, {} biên nhận trong sổ: {}\n",
                         "{} documents, {} statuses, {} inbox entries, {} payloads, {} receipts in the log: {}\n")),
        count("documents"), count("statuses"), count("inbox_entries"), count("payloads"), count("leaves"),
        found.found == 0 ? say("không có vấn đề nào", "no problem")
                         : fmt::format("{} {}", found.found, say("vấn đề", "problems")));
    for (const meaning& m : meanings) {
        const auto of_kind = found.found_of.find(m.kind);
        if (of_kind == found.found_of.end()) continue;
        fmt::print("{} ({})\n", say(m.vi, m.en), of_kind->second);
        for (const upkeep::problem& p : found.problems)
            if (p.kind == m.kind) fmt::print("  {}\n", for_terminal(p.what));
        fmt::print("  → {}\n", say(m.action_vi, m.action_en));
    }
    if (found.found > found.problems.size())
        fmt::print(fmt::runtime(say("... và {} vấn đề nữa\n", "... and {} more\n")),
                   found.found - found.problems.size());
}

json::object to_json(const upkeep::store_check& found) {
    json::object counts;
    for (const auto& [name, n] : found.counts) counts[name] = n;
    json::object found_of;
    for (const auto& [kind, n] : found.found_of) found_of[word(kind)] = n;
    json::array problems;
    for (const upkeep::problem& p : found.problems)
        problems.push_back(json::object{{"kind", word(p.kind)}, {"what", p.what}});
    return {{"schema_version", 1},
            {"found", found.found},
            {"found_of", found_of},
            {"counts", counts},
            {"problems", problems}};
}

namespace {

int run(const options& o) {
    std::error_code ec;
    if (const auto at = fs::status(o.store, ec); fs::exists(at) && !fs::is_directory(at))
        return tell({errc::not_a_store_directory, o.store.string()}, o.say);
    auto config = load_config(o.config, false);
    if (!config) {
        std::cerr << config::to_text(config.error());
        return unreadable;
    }
    auto asked = store_to_check_of(*config);
    if (!asked) return tell(asked.error(), o.say), unreadable;
    if (!o.store.empty()) asked->store.directory = o.store;
    asked->receipts = o.receipts;
    if (!o.trust.empty()) {
        auto trust = read_trust(o.trust);
        if (!trust) return tell(trust.error(), o.say), unreadable;
        asked->trust = std::move(*trust);
    }
    auto found = upkeep::check_store(std::move(*asked));
    if (!found) return tell(found.error(), o.say), unreadable;
    if (o.say.as_json) {
        print(to_json(*found));
    } else {
        show(*found, o.say);
    }
    return found->found ? refused : done;
}

} // namespace

void add_fsck_command(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* fsck =
        app.add_subcommand("fsck", "Kiểm tra kho khi vanthud không chạy / check the store while vanthud does not run");
    fsck->add_option("--config", o->config, "Cấu hình của vanthud / the configuration of vanthud")
        ->capture_default_str();
    fsck->add_option(
        "--store", o->store,
        "Bản sao của kho, thay cho kho trong cấu hình / a copy of the store, instead of the configured one");
    fsck->add_option("--receipts", o->receipts,
                     "Thư mục biên nhận (*.json) cần đối chiếu / a folder of receipts to hold against it");
    fsck->add_option("--trust", o->trust,
                     "Chứng thư CA để kiểm chữ ký biên nhận / CA certificates, to verify these receipts too");
    add_voice_options(*fsck, o->say);
    fsck->callback([o, &exit_code] { exit_code = run(*o); });
}

} // namespace vanthu::cli

#include "daemon/cli/backup.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/connection.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/fsck.hpp"
#include "daemon/cli/operator_door.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/ledger/file_system.hpp"
#include "daemon/records/records.hpp"
#include "daemon/store_options.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace vanthu::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr error_row rows[] = {
    {int(backup_errc::no_directory), "no_directory", 422, retry::no, "Cấu hình của vanthud chưa có thư mục sao lưu.",
     "vanthud's configuration names no directory for backups.", "Đặt store.backup_directory rồi khởi động lại vanthud.",
     "Set store.backup_directory and restart vanthud."},
    {int(backup_errc::door_not_local), "door_not_local", 422, retry::no,
     "vanthud đang chạy và trang vận hành chỉ mở qua TLS hai chiều nên lệnh này không yêu cầu sao lưu được.",
     "vanthud runs and its operator's door is open over mutual TLS only, so this command cannot ask it for a backup.",
     "Gọi POST /api/backup bằng chứng thư của người vận hành, hoặc chạy lệnh khi vanthud đã dừng.",
     "Call POST /api/backup with an operator's certificate, or run the command while vanthud is stopped."},
    {int(backup_errc::elsewhere), "elsewhere", 422, retry::no,
     "vanthud đang chạy chỉ ghi bản sao lưu ngay dưới store.backup_directory.",
     "A vanthud that runs makes backups right under store.backup_directory only.",
     "Bỏ trống thư mục hoặc ghi một thư mục mới dưới store.backup_directory; nơi khác: chạy lệnh khi vanthud đã dừng.",
     "Leave the directory out or name a new one under store.backup_directory; elsewhere only while vanthud is "
     "stopped."},
    {int(backup_errc::other_user), "other_user", 422, retry::no,
     "Kho thuộc về người dùng khác: tệp mới do lệnh này tạo ra sẽ khiến vanthud không khởi động được.",
     "The store belongs to another user: files that this command makes in it would keep vanthud from starting.",
     "Chạy lệnh bằng người dùng của vanthud: sudo -u vanthu vanthu backup.",
     "Run it as the user of vanthud: sudo -u vanthu vanthu backup."},
};
const error_table table("backup", rows);

struct options {
    fs::path config = "/etc/vanthu/vanthud.toml", directory, secret_file;
    std::string officer, reason = "vanthu backup";
    voice say;
};

std::string who_runs_this() {
    const passwd* p = ::getpwuid(::geteuid());
    return p && p->pw_name ? p->pw_name : std::to_string(::geteuid());
}

void show(const json::object& done, const voice& say) {
    if (say.as_json) return print(done);
    auto number = [&](const char* name) {
        const json::value* v = done.if_contains(name);
        return v && v->is_number() ? v->to_number<std::uint64_t>() : 0;
    };
    const json::value* directory = done.if_contains("directory");
    fmt::print("{}: {}\n  {} {}, {:.1f} MiB\n", say("Đã sao lưu", "Backup made"),
               for_terminal(directory && directory->is_string() ? std::string_view(directory->get_string()) : ""),
               number("payloads"), say("nội dung ngoài cơ sở dữ liệu", "payloads outside the database"),
               double(number("bytes")) / (1u << 20));
}

// The operator's door of the daemon that has the store open.
result<std::unique_ptr<operator_connection>> door_of(const options& o, const daemon_config& c) {
    const std::string& address = c.operator_door.address;
    const bool socket = address.starts_with("unix:");
    const bool loopback = address.starts_with("127.") || address.starts_with("[::1]");
    if ((!socket && !loopback) || !c.operator_door.tls.certificate.empty())
        return failed(backup_errc::door_not_local, address);
    return operator_connection::open(
        {.address = socket ? address : "http://" + address,
         .secret_file = (o.secret_file.empty() ? c.operator_door.secret_file : o.secret_file).string()});
}

int by_the_daemon(const options& o, const daemon_config& c) {
    json::object order{{"officer", o.officer}, {"reason", o.reason}};
    if (!o.directory.empty()) {
        std::error_code ec;
        if (fs::weakly_canonical(o.directory.parent_path(), ec) != fs::weakly_canonical(c.store.backup_directory, ec))
            return tell({backup_errc::elsewhere, o.directory.string()}, o.say);
        order["name"] = o.directory.filename().string();
    }
    constexpr const char* path = "/api/backup";
    auto to = door_of(o, c);
    if (!to) return tell(to.error(), o.say);
    auto state = json_of((*to)->post(path, json::serialize(order)), o.say);
    if (!state) return state.error();
    auto is = [&](const char* word) {
        const json::value* v = state->if_contains("state");
        return v && v->is_string() && v->get_string() == word;
    };
    for (auto pause = std::chrono::milliseconds(50); is("running");
         pause = std::min(pause * 2, std::chrono::milliseconds(1000))) {
        std::this_thread::sleep_for(pause);
        state = json_of((*to)->get(path), o.say);
        if (!state) return state.error();
    }
    if (is("done")) return show(*state, o.say), done;
    if (const json::value* error = state->if_contains("error"); error && error->is_object())
        return tell(error->get_object(), o.say);
    return tell({errc::answer_unreadable, ""}, o.say);
}

result<json::object> by_ourselves(const options& o, const daemon_config& c, const std::string& home,
                                  ledger::store& store) {
    VANTHU_CHECK(store.commit_and_wait([&](ledger::transaction& t) -> result<> {
        return records::writer(t).add_event(home, {.kind = "backup", .by = o.officer, .text = o.reason});
    }));
    fs::path target = o.directory;
    if (target.empty()) {
        std::error_code ec;
        fs::create_directories(c.store.backup_directory, ec); // where it fails the backup says so
        ledger::remove_unfinished_backups(ledger::real_file_system(), c.store.backup_directory);
        target = c.store.backup_directory / ledger::backup_name(system_clock().now());
    }
    VANTHU_TRY(auto made, store.back_up(target, nullptr));
    return json::object{{"schema_version", 1},          {"state", "done"},
                        {"directory", target.string()}, {"taken_at", to_rfc3339(made.taken)},
                        {"group", made.group},          {"payloads", made.payloads},
                        {"bytes", made.bytes}};
}

bool is_of_another_user(const fs::path& store) {
    struct stat at{};
    return ::stat(store.c_str(), &at) == 0 && at.st_uid != ::geteuid();
}
// By a daemon or another command; nothing is made or changed to find out.
bool is_open(const fs::path& store) {
    const unique_fd lock(::open((store / "LOCK").c_str(), O_RDONLY | O_CLOEXEC));
    return lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0;
}

int run(options& o) {
    auto config = load_config(o.config, false);
    if (!config) {
        std::cerr << config::to_text(config.error());
        return unreadable;
    }
    if (!o.directory.empty()) {
        o.directory = fs::absolute(o.directory).lexically_normal();
        if (!o.directory.has_filename()) o.directory = o.directory.parent_path(); // a slash at its end
    } else if (config->store.backup_directory.empty()) {
        return tell({backup_errc::no_directory, o.config.string()}, o.say);
    }
    if (o.officer.empty()) o.officer = who_runs_this();
    auto asked = store_to_check_of(*config);
    if (!asked) return tell(asked.error(), o.say), unreadable;
    asked->store.create = false;
    if (is_of_another_user(asked->store.directory) && !is_open(asked->store.directory))
        return tell({backup_errc::other_user, asked->store.directory.string()}, o.say);
    auto store = ledger::store::open(asked->store);
    if (!store && store.error().code == ledger::errc::in_use) return by_the_daemon(o, *config);
    if (!store) return tell(store.error(), o.say);
    auto made = by_ourselves(o, *config, asked->home, **store);
    if (!made) return tell(made.error(), o.say);
    show(*made, o.say);
    return done;
}

} // namespace

std::error_code make_error_code(backup_errc e) { return {int(e), table}; }

void add_backup_command(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* backup = app.add_subcommand(
        "backup", "Sao lưu kho, cả khi vanthud đang chạy / back the store up, also while vanthud runs");
    backup->add_option(
        "DIR", o->directory,
        "Thư mục mới cho bản sao lưu; mặc định vanthu-THỜI-ĐIỂM dưới store.backup_directory / a new directory");
    backup->add_option("--config", o->config, "Cấu hình của vanthud / the configuration of vanthud")
        ->capture_default_str();
    backup->add_option("--officer", o->officer,
                       "Ai sao lưu, ghi vào nhật ký; mặc định là người chạy lệnh / who does it, on record");
    backup->add_option("--reason", o->reason, "Lý do, ghi vào nhật ký / why, on record")->capture_default_str();
    backup->add_option("--secret-file", o->secret_file,
                       "Tệp mã truy cập trang vận hành, thay cho tệp trong cấu hình / the operator door's secret");
    add_voice_options(*backup, o->say);
    backup->callback([o, &exit_code] { exit_code = run(*o); });
}

} // namespace vanthu::cli

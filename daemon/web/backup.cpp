// The operator's act of a backup, and how far it is.
#include "daemon/base/log.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/ledger/file_system.hpp"
#include "daemon/net/error_object.hpp"
#include "daemon/web/door_state.hpp"

namespace vanthu::web {
namespace {
namespace fs = std::filesystem;

std::string_view word(backup_run::stage s) {
    static constexpr std::string_view words[] = {"none", "running", "done", "failed"};
    return words[std::size_t(s)];
}
} // namespace

json::object operator_door::state::backup_state() {
    std::lock_guard lock(backup_guard_);
    const backup_run& b = backup_;
    json::object out{{"schema_version", 1}, {"state", word(b.now)}};
    if (b.now == backup_run::stage::none) return out;
    out["directory"] = b.directory.string();
    out["officer"] = b.officer;
    out["started_at"] = to_rfc3339(b.started);
    out["ended_at"] = b.ended ? json::value(to_rfc3339(*b.ended)) : json::value();
    if (b.now == backup_run::stage::done) out["taken_at"] = to_rfc3339(b.far.taken);
    out["group"] = b.far.group;
    out["payloads"] = b.far.payloads;
    out["bytes"] = b.far.bytes;
    if (b.now == backup_run::stage::failed) out["error"] = json::parse(net::error_object(b.error));
    return out;
}

result<> operator_door::state::claim_backup(const std::string& officer, const std::string& name) {
    if (options.backups.empty()) return failed(errc::no_backup_directory);
    std::lock_guard lock(backup_guard_);
    if (backup_.now == backup_run::stage::running) return failed(ledger::errc::backup_running);
    const timestamp now = clock.now();
    backup_ = {.now = backup_run::stage::running,
               .directory = options.backups / (name.empty() ? ledger::backup_name(now) : name),
               .officer = officer,
               .started = now};
    return {};
}

void operator_door::state::backup_ended(const result<ledger::backup_progress>& made) {
    std::lock_guard lock(backup_guard_);
    backup_.now = made ? backup_run::stage::done : backup_run::stage::failed;
    backup_.ended = clock.now();
    if (made) {
        backup_.far = *made;
        log::info("backup_made",
                  {{"directory", backup_.directory.string()}, {"bytes", made->bytes}, {"officer", backup_.officer}});
    } else {
        backup_.error = made.error().code;
        log::error("backup_failed", {{"directory", backup_.directory.string()}, {"failure", made.error()}});
    }
}

void operator_door::state::run_backup() {
    std::error_code ec;
    fs::create_directories(options.backups, ec); // where it fails the backup says so
    ledger::remove_unfinished_backups(ledger::real_file_system(), options.backups);
    fs::path target;
    {
        std::lock_guard lock(backup_guard_);
        target = backup_.directory;
    }
    backup_ended(store.back_up(target, [this](const ledger::backup_progress& far) {
        std::lock_guard lock(backup_guard_);
        backup_.far = far;
    }));
}

// Who and why go on record before anything is copied, and so into the backup too.
task<json::object> operator_door::state::start_backup(std::string officer, std::string reason, std::string name) {
    VANTHU_CO_CHECK(claim_backup(officer, name));
    records::event_row ordered{.kind = "backup", .by = officer, .text = reason};
    auto change = [home = options.home, ordered](ledger::transaction& t) -> result<> {
        return records::writer(t).add_event(home, ordered);
    };
    if (auto recorded = co_await ledger::commit(store, std::move(change)); !recorded) {
        backup_ended(fail(recorded.error()));
        co_return fail(recorded.error());
    }
    log::info("backup_started", {{"officer", officer}, {"reason", reason}});
    // `this` and not a share of it: the thread belongs to the state and ends before it.
    asio::post(backup_thread_, [this] { run_backup(); });
    co_return backup_state();
}

} // namespace vanthu::web

#include "daemon/cli/restore.hpp"

#include "daemon/cli/fsck.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/ledger/receipt_log.hpp"
#include "daemon/ledger/restore.hpp"
#include "daemon/store_options.hpp"
#include "schemas/receipt/delegation.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <openssl/crypto.h>

namespace vanthu::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct options {
    fs::path config = "/etc/vanthu/vanthud.toml", backup;
    voice say;
};

struct restored {
    ledger::restore_begun begun;
    ledger::receipt_log::last_known log;
    upkeep::store_check check;
    bool open = false; // nothing that was acknowledged is missing: vanthud may be started
};

// The key may be gone with the machine; then the head before the last is the last known one.
std::optional<tlog::ed25519_private_key> log_key(const daemon_config& c) {
    auto pem = read_text_file(c.signing.log_key, 64u << 10);
    if (!pem) return std::nullopt;
    auto key = tlog::ed25519_private_key::from_pem(*pem);
    OPENSSL_cleanse(pem->data(), pem->size());
    if (!key) return std::nullopt;
    return std::move(*key);
}

// The origin of the delegation in use, which may be newer than the backup.
std::string configured_origin(const daemon_config& c) {
    auto text = read_text_file(c.signing.log_key_delegation, receipt::max_statement_size);
    if (!text) return {};
    while (text->ends_with('\n')) text->pop_back();
    auto content = receipt::decode_delegation(*text);
    return content ? content->log_origin : std::string();
}

// The lost store may have signed heads that the backup does not know: no leaf may come under their origin again.
result<ledger::receipt_log::last_known> close_the_log(const daemon_config& c, const ledger::store_options& target) {
    VANTHU_TRY(auto store, ledger::store::open(target));
    const auto key = log_key(c);
    VANTHU_TRY(auto last,
               ledger::receipt_log::last_known_head(store->committed(), c.node.organisation, key ? &*key : nullptr));
    if (last.origin.empty()) last.origin = configured_origin(c);
    const std::string configured = configured_origin(c);
    VANTHU_CHECK(store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        for (const std::string& origin : {last.origin, configured})
            if (!origin.empty()) ledger::receipt_log::close_origin(t, c.node.organisation, origin);
        return {};
    }));
    std::error_code ec;
    fs::remove(head_before_restore(c), ec); // of an earlier restore
    if (!last.head.empty()) VANTHU_CHECK(write_output(head_before_restore(c), as_bytes(last.head), 0600));
    return last;
}

result<restored> restore(const options& o, const daemon_config& c) {
    VANTHU_TRY(auto asked, store_to_check_of(c));
    std::error_code ec;
    fs::create_directories(c.store.directory, ec);
    if (ec) return failed(ledger::errc::write_failed, c.store.directory.string() + ": " + ec.message());
    restored out;
    VANTHU_TRY(out.begun, ledger::begin_restore(o.backup, asked.store));
    asked.store.create = false;
    asked.store.restoring = true;
    const ledger::store_options target = asked.store;
    VANTHU_TRY(out.log, close_the_log(c, target));
    VANTHU_TRY(out.check, upkeep::check_store(std::move(asked)));
    out.open = !out.check.found_of.contains(upkeep::problem_kind::lost);
    if (out.open) VANTHU_CHECK(ledger::end_restore(target));
    return out;
}

void show(const restored& done, const daemon_config& c, const voice& say) {
    show(done.check, say);
    if (!done.open) {
        fmt::print(stderr, "{}\n  → {}\n",
                   say("KHÔNG khôi phục: bản sao lưu thiếu dữ liệu đã xác nhận.",
                       "NOT restored: the backup lacks what was acknowledged."),
                   say("Dùng một bản sao lưu khác; vanthud không chạy trên thư mục này.",
                       "Use another backup; vanthud does not run on this directory."));
        return;
    }
    // What else was found was so in the store that was backed up: it keeps nobody from having it back.
    fmt::print("{}: {} ({})\n",
               done.check.found ? say("Đã khôi phục kho, CÓ CÁC VẤN ĐỀ TRÊN", "Store restored, WITH THE PROBLEMS ABOVE")
                                : say("Đã khôi phục kho", "Store restored"),
               for_terminal(c.store.directory.string()),
               fmt::format("{} {}", say("trạng thái lúc", "as of"), to_rfc3339_vietnam(done.begun.taken)));
    fmt::print("{}\n  {}\n",
               say("Trước khi khởi động vanthud, lập ủy quyền cho nhật ký biên nhận với tên gốc mới:",
                   "Before vanthud is started, delegate the receipt log under a new origin:"),
               for_terminal(new_origin_command(c, done.log.origin, done.begun.instance)));
    fmt::print(
        "{}\n",
        say("Văn bản nhận sau lúc sao lưu không có trong kho: đối chiếu bằng vanthu fsck --receipts; eOffice đọc lại "
            "hộp đến từ after=0 (docs/operator.md).",
            "What was taken in since the backup is not there: find it by vanthu fsck --receipts; eOffices read "
            "their inbox again from after=0 (docs/operator.md)."));
}

int run(const options& o) {
    auto config = load_config(o.config, false);
    if (!config) {
        std::cerr << config::to_text(config.error());
        return unreadable;
    }
    auto done = restore(o, *config);
    if (!done) return tell(done.error(), o.say);
    if (o.say.as_json) {
        json::object all = to_json(done->check);
        all["restored"] = done->open;
        all["store"] = config->store.directory.string();
        all["instance"] = done->begun.instance;
        all["former_instance"] = done->begun.former_instance;
        all["group"] = done->begun.group;
        all["taken_at"] = to_rfc3339(done->begun.taken);
        all["previous_origin"] = done->log.origin;
        all["previous_head_file"] = nullptr;
        if (!done->log.head.empty()) all["previous_head_file"] = head_before_restore(*config).string();
        all["next_command"] = new_origin_command(*config, done->log.origin, done->begun.instance);
        print(all);
    } else {
        show(*done, *config, o.say);
    }
    return done->check.found ? refused : vanthu::cli::done;
}

} // namespace

void add_restore_command(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    CLI::App* restore = app.add_subcommand(
        "restore",
        "Khôi phục kho từ bản sao lưu khi vanthud không chạy / restore the store while vanthud does not run");
    restore->add_option("BACKUP", o->backup, "Thư mục bản sao lưu / the backup's directory")->required();
    restore->add_option("--config", o->config, "Cấu hình của vanthud / the configuration of vanthud")
        ->capture_default_str();
    add_voice_options(*restore, o->say);
    restore->callback([o, &exit_code] { exit_code = run(*o); });
}

} // namespace vanthu::cli

#include "daemon/cli/keys.hpp"

#include "daemon/api/credentials.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/output.hpp"
#include "daemon/cli/packet_files.hpp"
#include "daemon/cli/voice.hpp"
#include "schemas/receipt/delegation.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <openssl/crypto.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct options {
    voice say;
    std::string id, file, key_out;
    std::vector<std::string> organisations, rights;
    std::string log_key, service_key, service_certificate, organisation, origin, previous_origin, previous_head, out;
    unsigned days = 397;
};

bool is_plain_name(std::string_view text) {
    return !text.empty() && text.size() <= 128 &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == text.npos;
}

// Fails where the name is taken, so that no key is ever lost under a new one.
result<> write_new_key(const fs::path& path, std::string_view text) {
    unique_fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd && errno == EEXIST) return failed(errc::file_exists, path.string());
    if (!fd) return failed(files::errc::write_failed, path.string() + ": " + std::strerror(errno));
    ssize_t n = ::write(fd.get(), text.data(), text.size());
    if (n == static_cast<ssize_t>(text.size()) && ::fsync(fd.get()) == 0) return {};
    std::string why = std::strerror(errno);
    ::unlink(path.c_str());
    return failed(files::errc::write_failed, path.string() + ": " + why);
}

// Appends a row to the credentials file, which must be readable to the daemon before and after. `ready` is called when
// only the writing is left; where it says no, the file stays as it is.
result<> append_row(const fs::path& file, const std::string& id, const std::string& row,
                    const std::function<bool()>& ready) {
    fs::path folder = file.parent_path().empty() ? "." : file.parent_path();
    unique_fd one_at_a_time(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!one_at_a_time || ::flock(one_at_a_time.get(), LOCK_EX) != 0)
        return failed(files::errc::unreadable, folder.string() + ": " + std::strerror(errno));
    std::string text;
    struct stat before{};
    const bool existed = ::stat(file.c_str(), &before) == 0;
    if (existed) {
        VANTHU_TRY(text, read_text_file(file));
        VANTHU_TRY(api::credentials known, api::credentials::parse(text, file.string()));
        if (known.has_id(id)) return failed(errc::id_taken, id);
        if (!text.empty()) text += text.ends_with('\n') ? "\n" : "\n\n";
    }
    text += row;
    VANTHU_CHECK(api::credentials::parse(text, file.string())); // what the daemon would refuse is not written
    if (!ready()) return {};
    VANTHU_CHECK(write_output(file, as_bytes(text), existed ? before.st_mode & 0777 : 0640));
    if (existed && (before.st_uid != ::geteuid() || before.st_gid != ::getegid()) &&
        ::chown(file.c_str(), before.st_uid, before.st_gid) != 0)
        return failed(files::errc::write_failed, file.string() + ": chown: " + std::strerror(errno));
    return {};
}

result<> new_credential(const options& o) {
    if (!is_plain_name(o.id)) return failed(errc::id_not_usable, o.id);
    VANTHU_CHECK(can_be_output(o.file, existing_file::replaced));
    for (const std::string& code : o.organisations)
        if (!is_plain_name(code)) return failed(errc::id_not_usable, code);
    api::new_credential made = api::make_credential(o.id, o.organisations, o.rights);
    if (!o.key_out.empty()) VANTHU_CHECK(write_new_key(o.key_out, made.key + "\n"));
    const bool to_file = !o.key_out.empty();
    auto show = [&] {
        if (o.say.as_json) {
            json::object shown{{"schema_version", 1}, {"id", o.id}, {"file", o.file}};
            shown[to_file ? "key_file" : "key"] = to_file ? o.key_out : made.key;
            print(shown);
        } else if (to_file) {
            fmt::print("{}: {}\n", o.say("Đã ghi khóa", "Key written"), for_terminal(o.key_out));
        } else {
            fmt::print("{}\n", made.key);
        }
        return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    };
    // A key that nobody has seen must open nothing: it is shown before its row is written. That standard output did not
    // take it is told at the end of main().
    bool seen = false;
    auto added = append_row(o.file, o.id, made.row, [&] { return to_file || (seen = show()); });
    if (to_file && added) show();
    if (to_file && !added) ::unlink(o.key_out.c_str()); // a key that opens nothing
    if (seen && added && !o.say.as_json)
        fmt::print(stderr, "{}\n",
                   o.say("Khóa chỉ hiện một lần này; hãy cất ngay. Nạp lại vanthud (SIGHUP) để dùng.",
                         "The key is shown this once: store it now. Reload vanthud (SIGHUP) to use it."));
    OPENSSL_cleanse(made.key.data(), made.key.size());
    return added;
}

result<> new_log_key(const options& o) {
    auto key = tlog::ed25519_private_key::generate();
    std::string pem = key.to_pem();
    auto written = write_new_key(o.out, pem);
    OPENSSL_cleanse(pem.data(), pem.size());
    if (!written) return written;
    std::string shown = to_hex(key.public_key());
    if (o.say.as_json)
        print({{"schema_version", 1}, {"file", o.out}, {"public_key", shown}});
    else
        fmt::print("{}: {}\n{}: {}\n", o.say("Đã ghi khóa nhật ký", "Log key written"), for_terminal(o.out),
                   o.say("Khóa công khai (Ed25519)", "Public key (Ed25519)"), shown);
    return {};
}

result<> delegate(const options& o) {
    VANTHU_TRY(std::string log_pem, read_text_file(o.log_key, 64u << 10));
    auto log_key = tlog::ed25519_private_key::from_pem(log_pem);
    OPENSSL_cleanse(log_pem.data(), log_pem.size());
    if (!log_key) return fail(log_key.error());
    VANTHU_TRY(std::string service_pem, read_text_file(o.service_key, 64u << 10));
    auto service = receipt::service_key::from_pem(service_pem);
    OPENSSL_cleanse(service_pem.data(), service_pem.size());
    if (!service) return fail(service.error());
    VANTHU_TRY(std::string chain_pem, read_text_file(o.service_certificate, 1u << 20));
    VANTHU_TRY(std::vector<bytes> chain, receipt::certificates_from_pem(chain_pem));

    receipt::delegation content;
    content.log_origin = o.origin;
    content.log_key = log_key->public_key();
    content.organisation = o.organisation;
    // Whole seconds: the statement is read by people too.
    content.valid_from = std::chrono::floor<std::chrono::seconds>(system_clock().now());
    content.valid_to = content.valid_from + std::chrono::days(o.days);
    if (!o.previous_origin.empty()) {
        content.previous.emplace().origin = o.previous_origin;
        if (!o.previous_head.empty()) {
            VANTHU_TRY(content.previous->head, read_text_file(o.previous_head, 64u << 10));
        }
    }
    VANTHU_TRY(std::string statement, receipt::sign_delegation(content, *service, std::move(chain)));
    VANTHU_CHECK(write_output(o.out, as_bytes(statement)));
    std::string verifier = tlog::verifier_key(o.origin, content.log_key);
    if (o.say.as_json)
        print({{"schema_version", 1},
               {"file", o.out},
               {"log_origin", o.origin},
               {"organisation", o.organisation},
               {"valid_from", to_rfc3339(content.valid_from)},
               {"valid_to", to_rfc3339(content.valid_to)},
               {"verifier_key", verifier}});
    else
        fmt::print("{}: {}\n{}: {}\n{}: {}\n", o.say("Đã ghi ủy quyền khóa nhật ký", "Delegation written"),
                   for_terminal(o.out), o.say("Có hiệu lực đến", "In force until"),
                   to_rfc3339_vietnam(content.valid_to), o.say("Khóa kiểm chứng", "Verifier key"), verifier);
    return {};
}

} // namespace

void add_key_commands(CLI::App& app, int& exit_code) {
    auto o = std::make_shared<options>();
    auto run = [&](CLI::App* command, result<> (*act)(const options&)) {
        add_voice_options(*command, o->say);
        command->callback([o, act, &exit_code] {
            auto ended = act(*o);
            exit_code = ended ? done : tell(ended.error(), o->say);
        });
    };
    CLI::App* credential =
        app.add_subcommand("credential", "Khóa truy cập của eOffice / access keys of eOffice systems");
    credential->require_subcommand(1);
    CLI::App* c = credential->add_subcommand("new", "Tạo khóa truy cập / make an access key");
    c->add_option("--id", o->id, "Tên của khóa / name of the credential")->required();
    c->add_option("--organisation", o->organisations, "Mã cơ quan / organisation codes")->required();
    c->add_option("--right", o->rights, "Quyền / rights: submit, inbox, track")
        ->required()
        ->check(CLI::IsMember({"submit", "inbox", "track"}));
    c->add_option("--file", o->file, "Tệp khóa truy cập của vanthud / vanthud's credentials file")->required();
    c->add_option("--key-out", o->key_out, "Ghi khóa vào tệp (0600) / write the key to a file (0600)");
    run(c, new_credential);

    CLI::App* log = app.add_subcommand("log-key", "Khóa của nhật ký biên nhận / key of the receipt log");
    log->require_subcommand(1);
    c = log->add_subcommand("new", "Tạo khóa Ed25519 / make an Ed25519 key");
    c->add_option("--out", o->out, "Tệp khóa PEM (0600) / PEM file (0600)")->required();
    run(c, new_log_key);
    c = log->add_subcommand("delegate", "Chứng thư dịch vụ ủy quyền cho khóa nhật ký / "
                                        "the service certificate delegates to the log key");
    c->add_option("--log-key", o->log_key, "Khóa nhật ký / log key")->required();
    c->add_option("--service-key", o->service_key, "Khóa dịch vụ / service key")->required();
    c->add_option("--service-certificate", o->service_certificate, "Chứng thư dịch vụ và chuỗi / certificate and chain")
        ->required();
    c->add_option("--organisation", o->organisation, "Mã cơ quan / organisation code")->required();
    c->add_option("--origin", o->origin, "Tên nhật ký / log origin")->required();
    c->add_option("--days", o->days, "Số ngày hiệu lực / days in force")
        ->check(CLI::Range(1u, 3660u))
        ->capture_default_str();
    CLI::Option* previous =
        c->add_option("--previous-origin", o->previous_origin, "Nhật ký trước đó / log before this one");
    c->add_option("--previous-head", o->previous_head, "Đầu cuối cùng của nhật ký trước / its last known head")
        ->needs(previous);
    c->add_option("--out", o->out, "Tệp ủy quyền / delegation to write")->required();
    run(c, delegate);
}

} // namespace vanthu::cli

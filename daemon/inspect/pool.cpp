#include "daemon/inspect/pool.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/inspect/frame.hpp"
#include "daemon/inspect/setup.hpp"
#include "signing/x509/cache.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <variant>
#include <vector>

namespace vanthu::inspect {
namespace {

using steady = std::chrono::steady_clock;
using namespace std::string_view_literals;

constexpr error_row rows[] = {
    {static_cast<int>(errc::executable_missing), "executable_missing", 500, retry::no,
     "Không tìm thấy chương trình kiểm tra vanthu-inspect.", "The program vanthu-inspect was not found.",
     "Cài đặt lại vanthu hoặc chỉ định đường dẫn đúng.", "Install vanthu again or name the right path."},
    {static_cast<int>(errc::start_failed), "start_failed", 500, retry::yes,
     "Không khởi động được tiến trình kiểm tra văn bản.", "A process for inspecting documents could not be started.",
     "Kiểm tra bộ nhớ, giới hạn tiến trình và nhật ký.", "Check memory, process limits and the log."},
    {static_cast<int>(errc::trust_too_large), "trust_too_large", 500, retry::no,
     "Dữ liệu chứng thư tin cậy và CRL quá lớn.", "The trust material and CRLs are too large.",
     "Bỏ bớt CRL không dùng.", "Remove CRLs that are not used."},
};
const error_table table("inspect", rows);

// One worker process and our end of its socket. Ends the process when it goes.
class worker {
public:
    worker(pid_t pid, unique_fd socket) : pid_(pid), socket_(std::move(socket)) {}
    ~worker() {
        socket_.reset();
        ::kill(pid_, SIGKILL); // not yet waited for: the number is still its own
        while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    worker(const worker&) = delete;
    int socket() const { return socket_.get(); }
    unsigned served = 0;
    std::size_t setup_version = 0;

private:
    pid_t pid_;
    unique_fd socket_;
};

result<std::unique_ptr<worker>> spawn(const std::filesystem::path& executable) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return failed(errc::start_failed, "socketpair");
    unique_fd ours(pair[0]), theirs(pair[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // dup2 onto itself would keep close-on-exec: move it out of the way first.
    if (theirs.get() == 3) theirs = unique_fd(::fcntl(3, F_DUPFD_CLOEXEC, 10));
    posix_spawn_file_actions_adddup2(&actions, theirs.get(), 3);
    for (int standard : {0, 1, 2}) posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
    std::string name = executable.string();
    char* arguments[] = {name.data(), nullptr};
    char* environment[] = {nullptr};
    pid_t pid = 0;
    int error = ::posix_spawn(&pid, name.c_str(), &actions, nullptr, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return failed(errc::start_failed, name);
    return std::make_unique<worker>(pid, std::move(ours));
}

signing::finding over_budget(std::string_view why) {
    return {"budget", fmt::format("Văn bản vượt giới hạn kiểm tra nên chưa xác định được ({}).", why),
            fmt::format("The document exceeds the limits of verification, so nothing is determined ({}).", why)};
}

inspection unfinished(std::string_view why) {
    inspection i;
    i.report.findings.push_back(over_budget(why));
    return i;
}

class pool final : public inspector_pool {
public:
    explicit pool(options opt) : opt_(std::move(opt)) {}
    ~pool() override = default;

    result<> launch() {
        if (::access(opt_.executable.c_str(), X_OK) != 0)
            return failed(errc::executable_missing, opt_.executable.string());
        VANTHU_CHECK(load_trust());
        idle_.resize(std::max(1u, opt_.workers)); // empty places are filled when first used
        for (auto& place : idle_) {
            VANTHU_TRY(place, ready_worker(steady::now() + std::chrono::seconds(30)));
        }
        return {};
    }

    inspection inspect(int document, timestamp at, steady::time_point deadline, int content) override {
        auto place = take(deadline);
        if (!place) return unfinished("time");
        auto answer = run(*place, document, content, at, std::min(deadline, steady::now() + opt_.time_limit));
        give_back(std::move(*place)); // the next document is judged while this answer is read
        return answer.index() == 0 ? parse(std::get<0>(answer)) : unfinished(std::get<1>(answer));
    }

    void replace_trust(x509::trust_store trust, x509::evidence known) override {
        std::lock_guard lock(mutex_);
        opt_.trust = std::move(trust);
        opt_.known = std::move(known);
        // Where memory is short the old material stays; the next call may succeed.
        static_cast<void>(load_trust());
    }

    void replace_policy(validation::policy policy) override {
        std::lock_guard lock(mutex_);
        if (opt_.policy == policy) return;
        opt_.policy = std::move(policy);
        ++setup_version_;
    }

    std::size_t restarts() const override {
        std::lock_guard lock(mutex_);
        return restarts_;
    }

private:
    using place = std::unique_ptr<worker>; // empty: to be started

    result<> load_trust() {
        bytes packed = pack_trust(opt_.trust, opt_.known);
        if (packed.size() > std::size_t{1} << 30) return failed(errc::trust_too_large);
        unique_fd file = memory_file(packed);
        if (!file) return failed(errc::start_failed, "memfd");
        trust_file_ = std::make_shared<unique_fd>(std::move(file));
        ++setup_version_;
        return {};
    }

    std::optional<place> take(steady::time_point deadline) {
        std::unique_lock lock(mutex_);
        if (!freed_.wait_until(lock, deadline, [&] { return !idle_.empty(); })) return std::nullopt;
        place p = std::move(idle_.back());
        idle_.pop_back();
        return p;
    }

    void give_back(place p) {
        if (p && p->served >= opt_.documents_per_worker) p.reset();
        {
            std::lock_guard lock(mutex_);
            idle_.push_back(std::move(p));
        }
        freed_.notify_one();
    }

    result<place> ready_worker(steady::time_point deadline) {
        std::shared_ptr<unique_fd> trust;
        std::size_t version;
        validation::policy policy;
        {
            std::lock_guard lock(mutex_);
            trust = trust_file_;
            version = setup_version_;
            policy = opt_.policy;
        }
        VANTHU_TRY(place p, spawn(opt_.executable));
        // Time for all its documents, and some.
        auto seconds =
            static_cast<unsigned>(opt_.time_limit.count() / 1000 + 2) * std::min(opt_.documents_per_worker, 20u);
        std::string setup =
            pack_setup({std::move(policy), opt_.limits, opt_.memory_limit, opt_.documents_per_worker, seconds});
        if (!send_frame(p->socket(), setup, trust->get())) return failed(errc::start_failed, "setup");
        auto reply = receive_frame(p->socket(), deadline);
        if (!reply || reply->text != "ready") return failed(errc::start_failed, "not ready");
        p->setup_version = version;
        return p;
    }

    void ended(place& p) {
        p.reset();
        std::lock_guard lock(mutex_);
        ++restarts_;
    }

    // What the worker says, or why it says nothing. After this `p` is a worker that can be used again, or empty.
    std::variant<std::string, std::string_view> run(place& p, int document, int content, timestamp at,
                                                    steady::time_point deadline) {
        {
            std::lock_guard lock(mutex_);
            if (p && p->setup_version != setup_version_) p.reset();
        }
        if (!p) {
            auto fresh = ready_worker(deadline);
            if (!fresh) return "worker"sv;
            p = std::move(*fresh);
        }
        const std::string request = fmt::format(R"({{"at":{},"content":{}}})", to_us(at), content >= 0);
        bool given = send_frame(p->socket(), request, document);
        if (!given) { // it died while idle: the document has seen no worker yet
            ended(p);
            auto fresh = ready_worker(deadline);
            if (!fresh) return "worker"sv;
            p = std::move(*fresh);
            given = send_frame(p->socket(), request, document);
        }
        ++p->served;
        std::optional<frame> reply;
        if (given && (content < 0 || send_frame(p->socket(), "content", content)))
            reply = receive_frame(p->socket(), deadline);
        if (!reply) {
            ended(p); // crashed, out of memory, or out of time
            return steady::now() >= deadline ? "time"sv : "worker"sv;
        }
        return std::move(reply->text);
    }

    inspection parse(std::string_view text) {
        // The worker may have been taken over by the document: its words are data, checked like any other.
        const std::size_t line = std::min(text.find('\n'), text.size());
        boost::system::error_code error;
        boost::json::value parsed = boost::json::parse(text.substr(0, line), error);
        const boost::json::object* o = error ? nullptr : parsed.if_object();
        text.remove_prefix(std::min(line + 1, text.size()));
        if (!o || text.empty()) return unfinished("size");
        auto read = validation::report_from_json(text, &memory_);
        if (!read) return unfinished("worker");
        inspection i;
        i.report = std::move(*read);
        i.finished = true;
        const boost::json::value* page = o->if_contains("first_page");
        i.first_page_seen = page && page->is_bool() && page->as_bool();
        if (const boost::json::value* mark = o->if_contains("marking");
            mark && mark->is_int64() && mark->as_int64() >= 1 && mark->as_int64() <= 3)
            i.marking = static_cast<pdf::secret_marking>(mark->as_int64());
        return i;
    }

    options opt_;
    mutable std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<place> idle_;
    std::shared_ptr<unique_fd> trust_file_;
    std::size_t setup_version_ = 0, restarts_ = 0;
    x509::cache memory_{std::size_t{16} << 20}; // of the certificates in reports
};

} // namespace

std::error_code make_error_code(errc e) { return {static_cast<int>(e), table}; }

result<std::unique_ptr<inspector_pool>> inspector_pool::start(options opt) {
    auto p = std::make_unique<pool>(std::move(opt));
    VANTHU_CHECK(p->launch());
    return p;
}

inspection inspector_pool::inspect(bytes_view document, timestamp at, steady::time_point deadline) {
    unique_fd file = memory_file(document);
    if (!file) return unfinished("memory");
    return inspect(file.get(), at, deadline);
}

std::filesystem::path find_inspect_executable() {
    std::error_code error;
    std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    for (const char* where :
         {"vanthu-inspect", "../libexec/vanthu/vanthu-inspect", "inspect/vanthu-inspect", "../inspect/vanthu-inspect",
          "../daemon/inspect/vanthu-inspect", "../../daemon/inspect/vanthu-inspect"})
        if (auto path = self / where; ::access(path.c_str(), X_OK) == 0) return path.lexically_normal();
    return {};
}

} // namespace vanthu::inspect

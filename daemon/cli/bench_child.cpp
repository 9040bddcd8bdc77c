#include "daemon/cli/bench_child.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; }

child_run wait_for(pid_t child, std::chrono::steady_clock::time_point begin) {
    child_run out;
    int status = 0;
    struct rusage used{};
    while (::wait4(child, &status, 0, &used) < 0)
        if (errno != EINTR) return out;
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    out.good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    out.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    out.peak_mb = static_cast<double>(used.ru_maxrss) / 1024;
    return out;
}

} // namespace

child_run in_a_child(const std::function<bool()>& body) {
    const auto begin = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child < 0) return {};
    if (child == 0) ::_exit(body() ? 0 : 1);
    return wait_for(child, begin);
}

child_run run_program(const std::vector<std::string>& command) {
    std::vector<char*> arguments;
    for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    for (int fd : {STDOUT_FILENO, STDERR_FILENO})
        ::posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_WRONLY, 0);
    const auto begin = std::chrono::steady_clock::now();
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, arguments[0], &quiet, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&quiet);
    return failed ? child_run{} : wait_for(child, begin);
}

} // namespace vanthu::cli

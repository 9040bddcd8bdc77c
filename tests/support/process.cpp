#include "tests/support/test_ca.hpp"

#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

namespace vanthu::test {

int run(const std::vector<std::string>& command, std::string* output, const std::vector<std::string>& environment) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_t child = ::fork();
    if (child < 0) std::abort();
    if (child == 0) {
        ::dup2(ends[1], 1);
        ::dup2(ends[1], 2);
        ::close(ends[0]);
        ::close(ends[1]);
        for (const std::string& setting : environment) ::putenv(const_cast<char*>(setting.c_str()));
        std::vector<char*> words;
        for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        ::execvp(words[0], words.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    char chunk[4096];
    for (ssize_t n; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;)
        if (output) output->append(chunk, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace vanthu::test

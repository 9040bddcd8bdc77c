#include "daemon/cli/pin_prompt.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

namespace vanthu::cli {
namespace {

int wake_up = -1; // the write end of a pipe: all that a signal handler may use

extern "C" void note_signal(int number) {
    int saved = errno;
    auto byte = static_cast<unsigned char>(number);
    (void)!::write(wake_up, &byte, 1);
    errno = saved;
}

// The signals that would leave the terminal without echo. One that is ignored stays ignored.
class caught_signals {
public:
    caught_signals() {
        for (std::size_t i = 0; i < numbers.size(); ++i) catch_one(i);
    }
    ~caught_signals() {
        for (std::size_t i = 0; i < numbers.size(); ++i) ::sigaction(numbers[i], &before_[i], nullptr);
    }
    caught_signals(const caught_signals&) = delete;

    // What would have happened without us. Comes back where the signal does not end the process.
    void let_through(int number) {
        auto i = static_cast<std::size_t>(std::ranges::find(numbers, number) - numbers.begin());
        if (i == numbers.size()) return;
        ::sigaction(number, &before_[i], nullptr);
        ::kill(::getpid(), number);
        catch_one(i);
    }

private:
    static constexpr std::array<int, 5> numbers{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    std::array<struct sigaction, 5> before_{};

    void catch_one(std::size_t i) {
        ::sigaction(numbers[i], nullptr, &before_[i]);
        if (before_[i].sa_handler == SIG_IGN) return;
        struct sigaction mine{};
        mine.sa_handler = note_signal;
        mine.sa_flags = SA_RESTART;
        ::sigaction(numbers[i], &mine, nullptr);
    }
};

class terminal {
public:
    terminal() : fd_(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
        usable_ = fd_ && ::tcgetattr(fd_.get(), &shown_) == 0;
    }
    ~terminal() { show(); }
    terminal(const terminal&) = delete;
    explicit operator bool() const { return usable_; }
    int fd() const { return fd_.get(); }

    void hide() {
        termios hidden = shown_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHOE | ECHOK | ECHONL);
        hidden_ = ::tcsetattr(fd(), TCSAFLUSH, &hidden) == 0;
    }
    void show() {
        if (!hidden_) return;
        ::tcsetattr(fd(), TCSAFLUSH, &shown_);
        say("\n");
        hidden_ = false;
    }
    void say(std::string_view text) const { (void)!::write(fd(), text.data(), text.size()); }

private:
    unique_fd fd_;
    termios shown_{};
    bool usable_ = false, hidden_ = false;
};

constexpr std::size_t longest = 255;

} // namespace

result<token::pin> ask_for_pin(std::string_view question) {
    terminal tty;
    if (!tty) return failed(token::errc::pin_needed, "no terminal to ask for it");
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return failed(token::errc::pin_needed, "pipe");
    unique_fd noticed(ends[0]), notes(ends[1]);
    wake_up = notes.get();
    caught_signals signals;
    bytes typed;
    typed.reserve(longest + 1); // no copy is left behind by growing
    auto forget = [&] {
        OPENSSL_cleanse(typed.data(), typed.size());
        typed.clear();
    };
    tty.hide();
    tty.say(question);
    for (bool ended = false;;) {
        pollfd both[] = {{tty.fd(), POLLIN, 0}, {noticed.get(), POLLIN, 0}};
        if (::poll(both, 2, ended ? 0 : -1) < 0 && errno != EINTR) break;
        if (unsigned char number = 0; ::read(noticed.get(), &number, 1) == 1) {
            forget();
            tty.show();
            signals.let_through(number);
            if (number != SIGTSTP) return failed(token::errc::pin_needed, "interrupted");
            tty.hide();
            tty.say(question);
            ended = false;
        } else if (ended) {
            break;
        } else if (both[0].revents != 0) {
            std::uint8_t c = 0;
            ended = ::read(tty.fd(), &c, 1) != 1 || c == '\n';
            if (!ended && typed.size() <= longest) typed.push_back(c);
            OPENSSL_cleanse(&c, 1);
        }
    }
    tty.show(); // before the signals take their course again
    bool too_long = typed.size() > longest;
    token::pin code = token::pin::take(typed);
    if (code.empty() || too_long) return failed(token::errc::pin_needed, too_long ? "too long" : "nothing was typed");
    return code;
}

void keep_memory_private() {
    // 1 and not 0: a core dump that goes to a program instead of a file is not limited by 0 (core(5)).
    rlimit none{1, 1};
    ::setrlimit(RLIMIT_CORE, &none);
#ifndef VANTHU_UNDER_ASAN // its leak check traces the process
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

} // namespace vanthu::cli

#include "daemon/base/notify.hpp"
#include "daemon/base/files.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace vanthu;

namespace {
// systemd's side: a datagram socket named by $NOTIFY_SOCKET.
struct service_manager {
    test::temporary_directory directory;
    unique_fd socket;

    service_manager() {
        std::string path = directory / "notify";
        socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        BOOST_REQUIRE(path.size() < sizeof name.sun_path);
        std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
        BOOST_REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~service_manager() {
        for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    }
    std::string heard() {
        char text[4096];
        ssize_t n = ::recv(socket.get(), text, sizeof text, MSG_DONTWAIT);
        return n < 0 ? "" : std::string(text, std::size_t(n));
    }
};
} // namespace

BOOST_AUTO_TEST_CASE(systemd_hears_ready_status_watchdog_and_stopping) {
    service_manager systemd;
    BOOST_TEST(notify::ready("3 văn bản đang chờ"));
    BOOST_TEST(systemd.heard() == "READY=1\nSTATUS=3 văn bản đang chờ");
    BOOST_TEST(notify::status("one\nREADY=1\r"));
    BOOST_TEST(systemd.heard() == "STATUS=one READY=1 "); // no second variable
    BOOST_TEST(notify::watchdog());
    BOOST_TEST(systemd.heard() == "WATCHDOG=1");
    BOOST_TEST(notify::reloading());
    BOOST_TEST(systemd.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    BOOST_TEST(notify::stopping());
    BOOST_TEST(systemd.heard() == "STOPPING=1");
}

BOOST_AUTO_TEST_CASE(the_watchdog_is_due_twice_an_interval_and_only_for_this_process) {
    service_manager systemd;
    BOOST_TEST(!notify::watchdog_interval().has_value());
    ::setenv("WATCHDOG_USEC", "30000000", 1);
    BOOST_TEST(notify::watchdog_interval().value().count() == 15000000);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    BOOST_TEST(notify::watchdog_interval().has_value());
    ::setenv("WATCHDOG_PID", "1", 1);
    BOOST_TEST(!notify::watchdog_interval().has_value());
}

BOOST_AUTO_TEST_CASE(without_systemd_nothing_happens) {
    ::unsetenv("NOTIFY_SOCKET");
    BOOST_TEST(!notify::ready());
    BOOST_TEST(!notify::watchdog());
    ::setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1);
    BOOST_TEST(!notify::stopping());
    ::unsetenv("NOTIFY_SOCKET");
}

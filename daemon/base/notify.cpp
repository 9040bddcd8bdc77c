#include "daemon/base/notify.hpp"

#include <string>
#include <systemd/sd-daemon.h>
#include <time.h>

namespace vanthu::notify {
namespace {
// A line end in a status would begin another variable.
std::string one_line(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    return out;
}

bool send(std::string message, std::string_view status = {}) {
    if (!status.empty()) message += "\nSTATUS=" + one_line(status);
    return sd_notify(0, message.c_str()) > 0;
}
} // namespace

bool ready(std::string_view status) { return send("READY=1", status); }

bool reloading() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1000000LL + now.tv_nsec / 1000));
}

bool stopping(std::string_view status) { return send("STOPPING=1", status); }

bool status(std::string_view text) { return send("STATUS=" + one_line(text)); }

bool watchdog() { return send("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
    std::uint64_t us = 0;
    if (sd_watchdog_enabled(0, &us) <= 0) return std::nullopt;
    return std::chrono::microseconds(us / 2);
}

} // namespace vanthu::notify

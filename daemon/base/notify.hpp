// What systemd is told (Type=notify, WatchdogSec). Without systemd ($NOTIFY_SOCKET not set) every call does nothing.
// Any thread. Source: sd_notify(3), sd_watchdog_enabled(3).
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace vanthu::notify {

// True: the message was handed to systemd. False: no systemd, or its socket did not take it; the daemon goes on.
bool ready(std::string_view status = {});
bool reloading(); // then ready() again
bool stopping(std::string_view status = {});
bool status(std::string_view text); // one line for `systemctl status`; line ends become spaces
bool watchdog();                    // alive; call it from the thread whose stall must be noticed

// How often watchdog() is due: half of WatchdogSec. nullopt: systemd does not watch this process.
std::optional<std::chrono::microseconds> watchdog_interval();

} // namespace vanthu::notify

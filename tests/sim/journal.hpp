// What the simulator decided, took and was given: JSON lines, each written at once, so that a judge can read them while
// it runs. Any thread.
#pragma once

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <stdexcept>

namespace vanthu::sim {

class journal {
public:
    explicit journal(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "a")) {
        if (!file_) throw std::runtime_error("cannot write " + path.string());
    }
    ~journal() { std::fclose(file_); }
    journal(const journal&) = delete;
    journal& operator=(const journal&) = delete;

    // {"event":EVENT, ...}
    void write(std::string_view event, boost::json::object o) {
        o["event"] = event;
        const std::string line = boost::json::serialize(o) + "\n";
        std::lock_guard lock(guard_);
        std::fwrite(line.data(), 1, line.size(), file_);
        std::fflush(file_);
    }
    // Something that vanthud must never do.
    void complain(std::string text) { write("wrong", {{"text", std::move(text)}}); }

private:
    std::FILE* file_;
    std::mutex guard_;
};

} // namespace vanthu::sim

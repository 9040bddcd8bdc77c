// A node with two offices, the files of a letter, and `vanthu` run against it.
#pragma once

#include "daemon/base/files.hpp"
#include "tests/api/packets.hpp"
#include "tests/cli/run_vanthu.hpp"

namespace vanthu::test {

namespace json = boost::json;

struct desk {
    office at;
    temporary_directory folder;
    desk() {
        for (const char* who : {"so", "xa"}) write(who, std::string("key-") + who + "\n");
        write("root.pem", at.ca.root().certificate_pem());
        write("meta.json", letter{}.metadata());
        write("van-ban.txt", "nội dung");
    }
    std::string path(const std::string& name) const { return (folder.path() / name).string(); }
    void write(const std::string& name, const std::string& text) const {
        BOOST_REQUIRE(write_file_atomically(path(name), as_bytes(text)).has_value());
    }
    std::string server() const { return "http://127.0.0.1:" + std::to_string(at.node.api_door->port()); }
    ran as(const std::string& who, std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--server", server(), "--key-file", path(who)});
        return vanthu(arguments);
    }
    json::object json_as(const std::string& who, std::vector<std::string> arguments) const {
        arguments.push_back("--json");
        ran r = as(who, arguments);
        BOOST_REQUIRE_MESSAGE(r.exit_code == 0, r.output);
        return json::parse(r.output).get_object();
    }
};

} // namespace vanthu::test

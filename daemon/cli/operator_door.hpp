// The operator's door of a running daemon, called from a command: blocking, one request at a time.
#pragma once

#include "daemon/base/secret.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/net/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/fwd.hpp>

namespace vanthu::cli {

struct operator_options {
    std::string address = "unix:/run/vanthu/operator.sock"; // or http://127.0.0.1:9090
    std::string secret_file;
};
// --operator, --secret-file; VANTHU_OPERATOR, VANTHU_OPERATOR_SECRET_FILE. Of this command alone (connection.hpp).
void add_operator_options(CLI::App& command, operator_options& o);

// Calls fail with errc::daemon_not_running where nobody listens there, or as net::client does.
class operator_connection {
public:
    static result<std::unique_ptr<operator_connection>> open(const operator_options& o);
    result<net::client_response> get(const std::string& path);
    result<net::client_response> post(const std::string& path, std::string body);

private:
    operator_connection() = default;
    result<net::client_response> send(net::client_request request);
    failure why_not(failure) const;
    std::string address_;
    asio::io_context context_;
    std::unique_ptr<net::client> client_;
    secret secret_;
};

} // namespace vanthu::cli

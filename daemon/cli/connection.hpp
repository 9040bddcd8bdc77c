// One vanthu server's REST API, called from a command: blocking, one request at a time.
#pragma once

#include "daemon/base/secret.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/voice.hpp"
#include "daemon/net/client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/fwd.hpp>

namespace vanthu::cli {

struct connection_options {
    std::string server, ca, key_file; // https://host:port, PEM file, file with the API key
};
// --server, --ca, --key-file; where one is not given, VANTHU_SERVER, VANTHU_CA, VANTHU_KEY_FILE. `o` belongs to this
// command alone: options that two commands share are overwritten by the variables of the one that is not run.
void add_connection_options(CLI::App& command, connection_options& o);

class connection {
public:
    // errc::server_missing, key_missing; files::errc; net::errc of the URL and the CA file.
    static result<std::unique_ptr<connection>> open(const connection_options& o);

    // The key is added. Any status is an answer; failures as of net::client.
    result<net::client_response> send(net::client_request request);
    result<> send_streaming(net::client_request request, net::client::sink to);

private:
    connection() = default;
    net::client_request with_key(net::client_request request) const;
    asio::io_context context_;
    std::unique_ptr<net::client> client_;
    secret key_;
};

// The JSON of a 2xx answer; otherwise told, and the exit code is the error.
std::expected<boost::json::object, int> json_of(const result<net::client_response>& response, const voice& v);

} // namespace vanthu::cli

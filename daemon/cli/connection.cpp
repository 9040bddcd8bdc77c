#include "daemon/cli/connection.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/wait_for.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>

namespace vanthu::cli {

namespace json = boost::json;

void add_connection_options(CLI::App& command, connection_options& o) {
    command.add_option("--server", o.server, "Máy chủ / server: https://host:port")->envname("VANTHU_SERVER");
    command.add_option("--ca", o.ca, "Chứng thư CA của máy chủ (PEM) / CA of the server (PEM)")->envname("VANTHU_CA");
    command.add_option("--key-file", o.key_file, "Tệp khóa truy cập / file with the access key")
        ->envname("VANTHU_KEY_FILE");
}

result<std::unique_ptr<connection>> connection::open(const connection_options& o) {
    if (o.server.empty()) return failed(errc::server_missing);
    if (o.key_file.empty()) return failed(errc::key_missing);
    std::unique_ptr<connection> out(new connection);
    VANTHU_TRY(std::string key, read_text_file(o.key_file, 4096));
    while (!key.empty() && (key.back() == '\n' || key.back() == '\r' || key.back() == ' ')) key.pop_back();
    if (key.empty() || !net::headers::is_field_value(key)) return failed(errc::key_missing, o.key_file);
    out->key_ = secret(std::move(key));
    net::client_options options;
    options.url = o.server;
    while (options.url.ends_with('/')) options.url.pop_back();
    options.ca_file = o.ca;
    VANTHU_TRY(out->client_, net::client::open(out->context_.get_executor(), std::move(options)));
    return out;
}

net::client_request connection::with_key(net::client_request request) const {
    request.fields.set("Authorization", "Bearer " + std::string(key_.reveal()));
    return request;
}

result<net::client_response> connection::send(net::client_request request) {
    return wait_for(context_, client_->send(with_key(std::move(request))));
}

result<> connection::send_streaming(net::client_request request, net::client::sink to) {
    auto done = wait_for(context_, client_->send_streaming(with_key(std::move(request)), std::move(to)));
    if (!done) return fail(done.error());
    return {};
}

std::expected<json::object, int> json_of(const result<net::client_response>& response, const voice& v) {
    if (!response) return std::unexpected(tell(response.error(), v));
    boost::system::error_code ec;
    json::value parsed = json::parse(response->body, ec);
    json::object* o = ec ? nullptr : parsed.if_object();
    if (o && response->status / 100 == 2) return std::move(*o);
    if (o && o->if_contains("code") && o->at("code").is_string()) return std::unexpected(tell(*o, v));
    return std::unexpected(tell({errc::answer_unreadable, "HTTP " + std::to_string(response->status)}, v));
}

} // namespace vanthu::cli

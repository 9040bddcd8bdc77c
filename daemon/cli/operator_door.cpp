#include "daemon/cli/operator_door.hpp"

#include "daemon/base/files.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/wait_for.hpp"
#include "daemon/net/errors.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <filesystem>

namespace vanthu::cli {

void add_operator_options(CLI::App& command, operator_options& o) {
    command
        .add_option("--operator", o.address, "Cổng vận hành / operator's door: unix:/run/... | http://127.0.0.1:port")
        ->envname("VANTHU_OPERATOR");
    command.add_option("--secret-file", o.secret_file, "Tệp mã truy cập cổng vận hành / file with the door's secret")
        ->envname("VANTHU_OPERATOR_SECRET_FILE");
}

result<std::unique_ptr<operator_connection>> operator_connection::open(const operator_options& o) {
    std::unique_ptr<operator_connection> out(new operator_connection);
    if (!o.secret_file.empty()) {
        VANTHU_TRY(std::string text, read_text_file(o.secret_file, 4096));
        while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        out->secret_ = secret(std::move(text));
    }
    out->address_ = o.address;
    net::client_options options;
    options.url = o.address;
    if (o.address.starts_with("unix:")) options.server_name = "localhost";
    VANTHU_TRY(out->client_, net::client::open(out->context_.get_executor(), std::move(options)));
    return out;
}

result<net::client_response> operator_connection::send(net::client_request request) {
    if (!secret_.empty()) request.fields.set("Authorization", "Bearer " + std::string(secret_.reveal()));
    auto answer = wait_for(context_, client_->send(std::move(request)));
    if (!answer) return fail(why_not(answer.error()));
    return answer;
}

// The door is on this machine: it is no matter of networks and firewalls that nobody answers there.
failure operator_connection::why_not(failure f) const {
    constexpr std::string_view unix_socket = "unix:";
    std::error_code ec;
    const bool no_socket = f.code == net::errc::unreachable && address_.starts_with(unix_socket) &&
                           !std::filesystem::exists(address_.substr(unix_socket.size()), ec) && !ec;
    const bool here = address_.starts_with(unix_socket) || address_.contains("//127.") || address_.contains("//[::1]") ||
                      address_.contains("//localhost");
    if (no_socket || (here && f.code == net::errc::connect_refused)) f.code = errc::daemon_not_running;
    return f;
}
result<net::client_response> operator_connection::get(const std::string& path) { return send({.target = path}); }
result<net::client_response> operator_connection::post(const std::string& path, std::string body) {
    net::client_request r;
    r.method = "POST";
    r.target = path;
    r.fields.set("Content-Type", "application/json");
    r.body = std::move(body);
    return send(std::move(r));
}

} // namespace vanthu::cli

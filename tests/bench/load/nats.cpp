#include "tests/bench/load/sender.hpp"
#include "tests/bench/load/tls_stream.hpp"

#include <fmt/format.h>

namespace vanthu::bench {
namespace {

// The client protocol of NATS: one line a command, payloads with their length. The stream is called DOCUMENTS.
class nats_sender final : public sender {
public:
    explicit nats_sender(const target& t) : stream_(t.host, t.port) {
        if (!stream_.read_line().starts_with("INFO ")) throw std::runtime_error("this is no NATS server");
        stream_.secure(t.ca, t.host);
        inbox_ = fmt::format("_INBOX.{}", static_cast<const void*>(this));
        stream_.write(
            fmt::format("CONNECT {{\"verbose\":false,\"pedantic\":false,\"tls_required\":true,\"name\":"
                        "\"bench\",\"lang\":\"C++\",\"version\":\"1\",\"protocol\":1}}\r\nSUB {} 1\r\nPING\r\n",
                        inbox_));
        while (stream_.read_line() != "PONG") {
        }
    }
    void send(const document& d) override {
        std::string answer = request("documents", d.packet());
        if (answer.find("\"seq\":") == std::string::npos) throw std::runtime_error("JetStream: " + answer);
    }
    std::string tls() const override { return stream_.described(); }

    void prepare() override {
        must(request("$JS.API.STREAM.CREATE.DOCUMENTS",
                     R"({"name":"DOCUMENTS","subjects":["documents"],"retention":"workqueue","storage":"file",)"
                     R"("num_replicas":1,"discard":"new","max_msgs":-1,"max_bytes":-1,"max_consumers":-1})"));
    }
    std::uint64_t count() override {
        std::string answer = must(request("$JS.API.STREAM.INFO.DOCUMENTS", ""));
        constexpr std::string_view messages = "\"messages\":";
        std::size_t at = answer.find(messages);
        if (at == std::string::npos) throw std::runtime_error("JetStream: " + answer);
        return std::stoull(answer.substr(at + messages.size()));
    }
    void empty() override { must(request("$JS.API.STREAM.PURGE.DOCUMENTS", "")); }

private:
    static std::string must(std::string answer) {
        if (answer.find("\"error\"") != std::string::npos) throw std::runtime_error("JetStream: " + answer);
        return answer;
    }
    std::string request(const std::string& subject, const std::string& payload) {
        stream_.write(fmt::format("PUB {} {} {}\r\n", subject, inbox_, payload.size()));
        stream_.write(payload);
        stream_.write("\r\n");
        for (;;) {
            std::string line = stream_.read_line();
            if (line == "PING") stream_.write("PONG\r\n");
            if (line.starts_with("-ERR")) throw std::runtime_error("NATS: " + line);
            if (!line.starts_with("MSG ")) continue;
            std::size_t length = std::stoul(line.substr(line.rfind(' ') + 1));
            std::string answer = stream_.read_exactly(length + 2);
            answer.resize(length);
            return answer;
        }
    }
    tls_stream stream_;
    std::string inbox_;
};

} // namespace

std::unique_ptr<sender> connect_nats(const target& t) { return std::make_unique<nats_sender>(t); }

} // namespace vanthu::bench

#include "tests/bench/load/sender.hpp"
#include "tests/bench/load/tls_stream.hpp"

#include <fmt/format.h>
#include <strings.h>

namespace vanthu::bench {
namespace {

class https_sender final : public sender {
public:
    explicit https_sender(const target& t) : stream_(t.host, t.port), key_(read_secret(t.secret_file)), host_(t.host) {
        stream_.secure(t.ca, t.host);
    }
    void send(const document& d) override {
        // With an Idempotency-Key, as the API asks of every eOffice.
        stream_.write(fmt::format("POST /v1/documents HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
                                  "Content-Type: application/xml\r\nIdempotency-Key: {}-UBND-VP\r\n"
                                  "Content-Length: {}\r\n\r\n",
                                  host_, key_, d.number(), d.packet().size()));
        stream_.write(d.packet());
        const std::string status = stream_.read_line();
        std::size_t length = 0;
        for (std::string field; !(field = stream_.read_line()).empty();)
            if (::strncasecmp(field.c_str(), "content-length:", 15) == 0) length = std::stoul(field.substr(15));
        const std::string body = stream_.read_exactly(length);
        if (status.starts_with("HTTP/1.1 503")) throw busy(status);
        if (!status.starts_with("HTTP/1.1 201")) throw std::runtime_error(status + " " + body.substr(0, 300));
    }
    std::string tls() const override { return stream_.described(); }

private:
    tls_stream stream_;
    std::string key_, host_;
};

} // namespace

std::unique_ptr<sender> connect_vanthu(const target& t) { return std::make_unique<https_sender>(t); }

} // namespace vanthu::bench

#include "tests/bench/load/sender.hpp"
#include "tests/bench/load/tls_stream.hpp"

namespace vanthu::bench {
namespace {

class smtp_sender final : public sender {
public:
    explicit smtp_sender(const target& t) : stream_(t.host, t.port) {
        expect('2');
        stream_.write("EHLO from.example\r\n");
        expect('2');
        stream_.write("STARTTLS\r\n");
        expect('2');
        stream_.secure(t.ca, t.host);
        stream_.write("EHLO from.example\r\n");
        expect('2');
    }
    void send(const document& d) override {
        stream_.write("MAIL FROM:<office@from.example> BODY=8BITMIME\r\nRCPT TO:<office@to.example>\r\nDATA\r\n");
        expect('2'); // pipelined: three answers
        expect('2');
        expect('3');
        stream_.write(d.mail()); // no line of it begins with a dot
        stream_.write(".\r\n");
        expect('2');
    }
    std::size_t wire_bytes(const document& d) const override { return d.mail().size(); }
    std::string tls() const override { return stream_.described(); }

private:
    void expect(char kind) {
        std::string line;
        do line = stream_.read_line();
        while (line.size() > 3 && line[3] == '-');
        if (line.empty() || line[0] != kind) throw std::runtime_error("SMTP: " + line);
    }
    tls_stream stream_;
};

} // namespace

std::unique_ptr<sender> connect_postfix(const target& t) { return std::make_unique<smtp_sender>(t); }

} // namespace vanthu::bench

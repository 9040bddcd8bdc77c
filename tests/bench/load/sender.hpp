// One submitter's connection to one of the servers compared. send() returns when the server has said that it has the
// document durably: that answer is what is measured.
#pragma once

#include "tests/bench/load/document.hpp"

#include <memory>
#include <stdexcept>

namespace vanthu::bench {

struct target {
    std::string kind; // disk, vanthu, rabbitmq, postgresql, postfix, nats
    std::string host = "127.0.0.1", ca;
    int port = 0;
    std::string user, secret_file; // API key, password
    std::string file;              // disk: the file written
    addresses who;
};

// The server wants to be asked again later (503): counted, and the document is offered again.
struct busy : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// One thread at a time. Every function throws std::runtime_error where the server refuses or goes away.
class sender {
public:
    virtual ~sender() = default;
    virtual void send(const document&) = 0;
    virtual std::size_t wire_bytes(const document& d) const { return d.packet().size(); }
    virtual std::string tls() const { return {}; } // protocol and cipher agreed on, where it can be asked

    // What holds the documents on the server: made, counted, emptied. Not while documents are sent.
    virtual void prepare() {}
    virtual std::uint64_t count() { throw std::runtime_error("cannot be counted over this protocol"); }
    virtual void empty() { throw std::runtime_error("cannot be emptied over this protocol"); }
};

std::unique_ptr<sender> connect_vanthu(const target&);     // HTTPS, POST /v1/documents
std::unique_ptr<sender> connect_rabbitmq(const target&);   // AMQP 0-9-1 with publisher confirms, a quorum queue
std::unique_ptr<sender> connect_postgresql(const target&); // one INSERT, committed
std::unique_ptr<sender> connect_postfix(const target&);    // SMTP with STARTTLS
std::unique_ptr<sender> connect_nats(const target&);       // JetStream publish with acknowledgement
std::unique_ptr<sender> connect_disk(const target&);       // append and shared fdatasync, in this process

// A worker between two PostgreSQL servers, as an application has them: claims a row with SKIP LOCKED, commits it at the
// next server, removes it, and so on without end. Throws where a server goes away.
void relay_postgresql(const target&, int next_port);

std::string read_secret(const std::string& file); // its first line

} // namespace vanthu::bench

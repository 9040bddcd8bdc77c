// Two nodes in one process, over real mutual TLS: "h48.40" (huyen) sends to "h48" (tinh), which serves xa too.
#pragma once

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "schemas/peer/peer.hpp"
#include "tests/api/packets.hpp"

namespace vanthu::test {

struct pair_of_nodes {
    test_ca ca;
    daemon_parts upper, lower;

    static node_spec upper_spec(const std::function<void(node_spec&)>& change) {
        node_spec s;
        s.registry = two_node_registry("https://127.0.0.1:1", "https://127.0.0.1:1");
        s.credentials = credentials_for({{"so", {"H48.01"}}, {"xa", {"H48.99.01"}}, {"tinh", {"H48"}}});
        if (change) change(s);
        return s;
    }
    static node_spec lower_spec(const std::function<void(node_spec&)>& change) {
        node_spec s;
        s.node = "h48.40";
        s.home = "@huyen";
        s.organisation = "H48.40";
        s.registry = two_node_registry("https://127.0.0.1:1", "https://127.0.0.1:1");
        s.credentials = credentials_for({{"huyen", {"H48.40"}}});
        if (change) change(s);
        return s;
    }
    explicit pair_of_nodes(std::function<void(node_spec&)> change_upper = {},
                           std::function<void(node_spec&)> change_lower = {})
        : upper(ca, upper_spec(change_upper)), lower(ca, lower_spec(change_lower)) {
        meet();
    }
    void meet(int version = 2, const std::string& further = {}) {
        std::string text = two_node_registry(upper.peer_url(), lower.peer_url(), version, further);
        upper.use_registry(text);
        lower.use_registry(text);
    }
    std::string track(const std::string& document, std::initializer_list<const char*> path) {
        boost::json::object ladder = lower.call("key-huyen", "GET", "/v1/documents/" + document).json();
        return text_of(ladder.at("recipients").at(0).as_object(), path);
    }
};

inline letter upward(int number = 15) {
    letter l;
    l.number = number;
    l.from = "H48.40";
    return l;
}

// A peer's client with a certificate of its own.
struct peer_client {
    temporary_directory folder;
    net::io_threads thread{1, "test-peer"};
    std::unique_ptr<net::client> client;
    peer_client(const daemon_parts& to, const test_ca& ca, const identity& who) {
        (void)write_file_atomically(folder.path() / "c.pem",
                                    as_bytes(who.certificate_pem() + ca.sub().certificate_pem()));
        (void)write_file_atomically(folder.path() / "c.key", as_bytes(who.key_pem()), 0600);
        (void)write_file_atomically(folder.path() / "ca.pem", as_bytes(to.ca.root().certificate_pem()));
        net::client_options o;
        o.url = to.peer_url();
        o.ca_file = folder.path() / "ca.pem";
        o.certificate_file = folder.path() / "c.pem";
        o.key_file = folder.path() / "c.key";
        client = std::move(*net::client::open(thread.executor(0), o));
    }
    ~peer_client() {
        auto close = [](net::client* c) -> task<> {
            c->close_idle();
            co_return result<>();
        };
        (void)wait_for(thread.executor(0), close(client.get()));
    }
    result<net::client_response> put(const std::string& target, std::variant<std::string, net::producer> body,
                                     net::headers fields = {}) {
        net::client_request r;
        r.method = "PUT";
        r.target = target;
        r.body = std::move(body);
        r.fields = std::move(fields);
        return wait_for(thread.executor(0), client->send(std::move(r)));
    }
    result<net::client_response> announce(const std::string& packet, const std::vector<std::string>& recipients) {
        peer::manifest m;
        m.packet_sha256 = sha256::of(packet);
        m.size = packet.size();
        m.kind = "document";
        m.recipients = recipients;
        return put(path(packet) + "/manifest", peer::encode(m), {{"Content-Type", "application/json"}});
    }
    static std::string path(const std::string& packet) { return "/peer/v1/packets/" + sha256::of(packet).hex(); }
};
// DER of the SubjectPublicKeyInfo.
inline bytes spki_der(const identity& who) {
    std::string pem = who.public_key_pem(), body;
    for (std::size_t at = pem.find('\n') + 1, end; (end = pem.find('\n', at)) != std::string::npos; at = end + 1)
        if (pem[at] != '-') body += pem.substr(at, end - at);
    return base64_decode(body).value();
}
inline std::string code_of(const result<net::client_response>& r) {
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().code.message() + r.error().detail));
    return reply{r->status, {}, r->body}.code();
}

} // namespace vanthu::test

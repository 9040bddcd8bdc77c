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
        s.credentials = credentials_for({{"so", {"H48.01"}}, {"xa", {"H48.99.01"}}, {"tinh", {"H48"}}});
        return changed(std::move(s), change);
    }
    static node_spec lower_spec(const std::function<void(node_spec&)>& change) {
        node_spec s;
        s.node = "h48.40";
        s.home = "@huyen";
        s.organisation = "H48.40";
        s.credentials = credentials_for({{"huyen", {"H48.40"}}});
        return changed(std::move(s), change);
    }
    static node_spec changed(node_spec s, const std::function<void(node_spec&)>& change) {
        s.registry = two_node_registry();
        if (change) change(s);
        return s;
    }
    explicit pair_of_nodes(std::function<void(node_spec&)> change_upper = {},
                           std::function<void(node_spec&)> change_lower = {})
        : upper(ca, upper_spec(change_upper)), lower(ca, lower_spec(change_lower)) {
        meet();
    }
    void meet(int version = 2, const std::string& further = {}) {
        std::string text = two_node_registry(version, further, upper.peer_url(), lower.peer_url());
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
    std::unique_ptr<test_client> client;
    peer_client(const daemon_parts& to, const test_ca& ca, const identity& who) {
        net::client_options o;
        o.url = to.peer_url();
        auto file = [&](const char* name, const std::string& text, std::filesystem::path& of, unsigned mode = 0644) {
            of = folder / name;
            BOOST_REQUIRE(write_file_atomically(of, as_bytes(text), mode).has_value());
        };
        file("ca.pem", to.ca.root().certificate_pem(), o.ca_file);
        file("c.pem", who.certificate_pem() + ca.sub().certificate_pem(), o.certificate_file);
        file("c.key", who.key_pem(), o.key_file, 0600);
        client = std::make_unique<test_client>(std::move(o));
    }
    result<net::client_response> put(const std::string& target, std::variant<std::string, net::producer> body,
                                     net::headers fields = {}) {
        net::client_request r;
        r.method = "PUT";
        r.target = target;
        r.body = std::move(body);
        r.fields = std::move(fields);
        return client->send(std::move(r));
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

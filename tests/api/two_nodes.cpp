// Two nodes in one process, over real mutual TLS: "h48.40" (huyen) sends to "h48" (tinh), which serves xa too.
#include "tests/api/packets.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "schemas/peer/peer.hpp"

#include <thread>

namespace vanthu::test {
namespace json = boost::json;

namespace {

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
        json::object ladder = lower.call("key-huyen", "GET", "/v1/documents/" + document).json();
        return text_of(ladder.at("recipients").at(0).as_object(), path);
    }
};

letter upward(int number = 15) {
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
bytes spki_der(const identity& who) {
    std::string pem = who.public_key_pem(), body;
    for (std::size_t at = pem.find('\n') + 1, end; (end = pem.find('\n', at)) != std::string::npos; at = end + 1)
        if (pem[at] != '-') body += pem.substr(at, end - at);
    return base64_decode(body).value();
}
std::string code_of(const result<net::client_response>& r) {
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().code.message() + r.error().detail));
    return reply{r->status, {}, r->body}.code();
}
} // namespace

BOOST_AUTO_TEST_SUITE(two_nodes)

BOOST_AUTO_TEST_CASE(a_document_goes_up_and_its_receipt_notice_and_01_come_back) {
    pair_of_nodes n;
    reply sent = submit(n.lower, "key-huyen", upward());
    BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
    std::string document = text_of(sent.json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.upper, "key-xa").empty(); }));
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));

    json::object entry = inbox_of(n.upper, "key-xa").at(0).as_object();
    std::string id = text_of(entry, {"id"});
    BOOST_TEST(text_of(entry, {"document", "content_sha256"}) == text_of(sent.json(), {"content_sha256"}));
    BOOST_TEST(text_of(entry, {"document", "origin"}) == "proven");
    BOOST_TEST(text_of(entry, {"document", "came_from"}) == "h48.40");
    BOOST_TEST(n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").body == "nội dung");

    // The next hop's receipt is stored and holds by itself.
    auto kept = records::reader(n.lower.store->committed()).hop_receipt("@huyen", "@huyen", document, "h48");
    BOOST_REQUIRE((kept.has_value() && kept->has_value()));
    receipt::expectation expected;
    expected.packet_sha256 = digest::from_hex(text_of(entry, {"document", "packet_sha256"}));
    expected.as = receipt::role::final_hop;
    expected.hop_organisation = "H48";
    BOOST_TEST(receipt::verify(**kept, n.lower.anchors(), expected).has_value());

    BOOST_REQUIRE(n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/ack").status == 200);
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.lower, "key-huyen").empty(); }));
    json::object back = inbox_of(n.lower, "key-huyen").at(0).as_object();
    BOOST_TEST(text_of(back, {"document", "status", "code"}) == "01");
    BOOST_TEST(text_of(back, {"document", "origin"}) == "proven");
    BOOST_TEST(n.track(document, {"last_status"}) == "01");
}

BOOST_AUTO_TEST_CASE(what_waits_is_delivered_once_the_other_side_is_there_and_after_a_restart) {
    pair_of_nodes n({}, [](node_spec& s) { s.delivers = false; });
    std::string document = text_of(submit(n.lower, "key-huyen", upward()).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "deferred"; }));
    BOOST_TEST(n.track(document, {"reason"}) == "delivery.no_transport");
    BOOST_TEST(!n.track(document, {"why_vi"}).empty());
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    n.lower.spec.delivers = true;
    n.lower.restart();
    n.meet(3);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_large_packet_crosses_by_the_spool) {
    pair_of_nodes n([](node_spec& s) { s.resumable_from = 64u << 10; });
    std::string file(3u << 20, 'z');
    std::string document = text_of(submit(n.lower, "key-huyen", upward(), file).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    std::string id = text_of(inbox_of(n.upper, "key-xa").at(0).as_object(), {"id"});
    BOOST_TEST((n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").body == file));
    BOOST_TEST(n.upper.spool->used() == 0u);
}

BOOST_AUTO_TEST_CASE(a_cut_transfer_is_continued_where_it_broke) {
    pair_of_nodes n([](node_spec& s) { s.resumable_from = 64u << 10; });
    peer_client lower(n.upper, n.ca, n.lower.service);
    std::string packet = upward().packet(std::string(600'000, 'q'));
    auto first = lower.announce(packet, {"H48.99.01"});
    BOOST_REQUIRE_MESSAGE(first.has_value(), (first ? "" : first.error().detail));
    auto wanted = peer::decode_manifest_answer(first->body);
    BOOST_REQUIRE_MESSAGE(wanted.has_value(), first->body);
    BOOST_TEST(!wanted->known);
    BOOST_TEST(wanted->offset == 0u);
    // The whole is announced, half of it is sent, then the line breaks.
    net::producer half;
    half.size = packet.size();
    half.read_some = [&, at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> task<std::size_t> {
        if (at >= packet.size() / 2) co_return failed(net::errc::connection_closed);
        std::size_t count = std::min(out.size(), packet.size() / 2 - at);
        std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
        at += count;
        co_return count;
    };
    BOOST_TEST(!lower.put(peer_client::path(packet), std::move(half)).has_value());
    std::uint64_t offset = 0;
    BOOST_REQUIRE(eventually([&] {
        auto again = lower.announce(packet, {"H48.99.01"});
        auto state = again ? peer::decode_manifest_answer(again->body)
                           : result<peer::manifest_answer>(failed(net::errc::bad_response));
        offset = state ? state->offset : 0;
        return offset > 0;
    }));
    BOOST_TEST(offset <= packet.size() / 2);
    std::string range = "bytes " + std::to_string(offset) + "-" + std::to_string(packet.size() - 1) + "/" +
                        std::to_string(packet.size());
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), packet.substr(1),
                                 {{"Content-Range", "bytes 1-" + std::to_string(packet.size() - 1) + "/" +
                                                        std::to_string(packet.size())}})) ==
               "peer_link.offset_mismatch");
    auto rest = lower.put(peer_client::path(packet), packet.substr(offset), {{"Content-Range", range}});
    BOOST_REQUIRE_MESSAGE((rest.has_value() && rest->status == 201), (rest ? rest->body : rest.error().detail));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
    // Known: the same receipt, no bytes wanted.
    auto known = peer::decode_manifest_answer(lower.announce(packet, {"H48.99.01"})->body);
    BOOST_REQUIRE(known.has_value());
    BOOST_TEST(known->known);
    BOOST_TEST(known->receipt == rest->body);
}

BOOST_AUTO_TEST_CASE(known_is_not_said_to_a_peer_that_has_not_sent_the_bytes) {
    pair_of_nodes n;
    peer_client lower(n.upper, n.ca, n.lower.service);
    std::string packet = upward().packet();
    lower.announce(packet, {"H48.99.01"});
    auto first = lower.put(peer_client::path(packet), packet);
    BOOST_REQUIRE((first.has_value() && first->status == 201));
    n.meet(3, R"(
[[organisation]]
id = "khac"
name = "Huyện khác"
kind = "UBND huyện"
parent = "tinh"
codes = [{ code = "H48.41", form = "qd20" }]

[[node]]
id = "h48.41"
organisation = "khac"
urls = ["https://127.0.0.1:1"]
san_uri = "urn:vanthu:org:H48.41"
ca = "@CA@"
)");
    subject_spec other;
    other.organisation_code = "H48.41";
    other.use = profile::service;
    peer_client stranger(n.upper, n.ca, n.ca.issue(other));
    auto answer = peer::decode_manifest_answer(stranger.announce(packet, {"H48.99.01"})->body);
    BOOST_REQUIRE(answer.has_value());
    BOOST_TEST(!answer->known);
    // And it may not deliver for an organisation behind another peer.
    BOOST_TEST(code_of(stranger.put(peer_client::path(packet), packet)) == "intake.sender_not_authorised");
}

BOOST_AUTO_TEST_CASE(wrong_peers_and_wrong_packets_are_refused) {
    pair_of_nodes n;
    subject_spec nobody;
    nobody.organisation_code = "H99";
    nobody.use = profile::service;
    peer_client unknown(n.upper, n.ca, n.ca.issue(nobody));
    std::string packet = upward().packet();
    BOOST_TEST(code_of(unknown.announce(packet, {"H48.99.01"})) == "peer_link.unknown_peer");
    test_ca other_ca("Other");
    subject_spec fake;
    fake.organisation_code = "H48.40";
    fake.use = profile::service;
    peer_client forged(n.upper, other_ca, other_ca.issue(fake));
    BOOST_TEST(!forged.announce(packet, {"H48.99.01"}).has_value());

    peer_client lower(n.upper, n.ca, n.lower.service);
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), packet)) == "peer_link.manifest_missing");
    BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
    std::string changed = packet;
    changed.replace(changed.find(">15<"), 4, ">16<");
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), changed)) == "intake.hash_mismatch");
    BOOST_REQUIRE(lower.announce(packet, {"H48.01"})->status == 200); // not in To
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), packet)) == "intake.recipient_not_listed");
    // From an organisation that h48 itself serves: it does not come from below.
    std::string foreign = letter{}.packet();
    BOOST_REQUIRE(lower.announce(foreign, {"H48.99.01"})->status == 200);
    BOOST_TEST(code_of(lower.put(peer_client::path(foreign), foreign)) == "intake.sender_not_authorised");
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    auto hello = lower.put("/peer/v1/hello", std::string());
    BOOST_TEST(code_of(hello) == "peer_link.method_not_allowed");
    BOOST_TEST(code_of(lower.put("/peer/v1/packets/abc", std::string("x"))) == "peer_link.no_such_resource");
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_made_for_links_opens_none) {
    pair_of_nodes n;
    subject_spec seal; // under the right CA, with the right organisation
    seal.organisation_code = "H48.40";
    std::string packet = upward().packet();
    peer_client without_usage(n.upper, n.ca, n.ca.issue(seal));
    BOOST_TEST(code_of(without_usage.announce(packet, {"H48.99.01"})) == "peer_link.not_a_link_certificate");
    seal.extra_extensions = {"extendedKeyUsage=serverAuth"};
    peer_client of_a_server(n.upper, n.ca, n.ca.issue(seal));
    auto refused = of_a_server.announce(packet, {"H48.99.01"});
    BOOST_REQUIRE(!refused); // the handshake itself: the extension is there and says something else
    BOOST_TEST((refused.error().code == net::errc::tls_failed), refused.error().detail);
    seal.extra_extensions = {"extendedKeyUsage=clientAuth,emailProtection"};
    identity good = n.ca.issue(seal);
    peer_client client(n.upper, n.ca, good);
    BOOST_TEST(client.announce(packet, {"H48.99.01"})->status == 200);

    // The same certificate, listed as a seal, by its key; then as a person's whose term has ended.
    std::string spki = sha256::of(spki_der(good)).hex();
    n.meet(3, "\n[[agency_certificate]]\norganisation = \"huyen\"\nuse = \"seal\"\ncertificate = { spki_sha256 = \"" +
                  spki + "\" }\n");
    BOOST_TEST(code_of(client.announce(packet, {"H48.99.01"})) == "peer_link.signing_certificate");
    n.meet(4, "\n[[authority]]\norganisation = \"huyen\"\nperson = \"Nguyễn Văn A\"\ntitle = \"Chủ tịch\"\n"
              "from = 2024-01-01\nto = 2025-01-01\ncertificate = { spki_sha256 = \"" +
                  spki + "\" }\n");
    BOOST_TEST(code_of(client.announce(packet, {"H48.99.01"})) == "peer_link.signing_certificate");
    n.meet(5);
    BOOST_TEST(client.announce(packet, {"H48.99.01"})->status == 200);
}

// The same from the other end: what we connect to must be made for a server and be no signing key.
BOOST_AUTO_TEST_CASE(a_server_with_a_seal_gets_nothing_from_us) {
    pair_of_nodes n({}, [](node_spec& s) { s.delivers = false; });
    subject_spec seal;
    seal.extra_extensions = {"subjectAltName=URI:urn:vanthu:org:H48,DNS:localhost,IP:127.0.0.1"};
    auto serve = [&](const identity& who) {
        (void)write_file_atomically(n.upper.folder.path() / "node.pem",
                                    as_bytes(who.certificate_pem() + n.ca.sub().certificate_pem()));
        (void)write_file_atomically(n.upper.folder.path() / "node.key", as_bytes(who.key_pem()), 0600);
        BOOST_REQUIRE(n.upper.peer_door->reload_tls().has_value());
    };
    serve(n.ca.issue(seal));
    n.lower.spec.delivers = true;
    std::string document = text_of(submit(n.lower, "key-huyen", upward()).json(), {"document_id"});
    auto reason = [&] { return n.track(document, {"reason"}); };
    BOOST_REQUIRE(eventually([&] { return reason() == "peer_link.not_a_link_certificate"; }));
    BOOST_TEST(!n.track(document, {"why_vi"}).empty());
    serve(n.upper.service);
    n.meet(3, "\n[[agency_certificate]]\norganisation = \"tinh\"\nuse = \"seal\"\ncertificate = { spki_sha256 = \"" +
                  sha256::of(spki_der(n.upper.service)).hex() + "\" }\n");
    BOOST_REQUIRE(eventually([&] { return reason() == "peer_link.signing_certificate"; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    n.meet(4);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
}

// What senders in the field leave out must not keep the receiver from answering.
BOOST_AUTO_TEST_CASE(a_packet_that_breaks_the_standard_can_be_acknowledged_and_answered) {
    pair_of_nodes n;
    peer_client lower(n.upper, n.ca, n.lower.service);
    int number = 100;
    auto deliver = [&](const std::function<void(std::string&)>& change) {
        std::string packet = upward(++number).packet("nội dung " + std::to_string(number));
        change(packet);
        BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
        auto done = lower.put(peer_client::path(packet), packet);
        BOOST_REQUIRE_MESSAGE((done.has_value() && done->status == 201), (done ? done->body : done.error().detail));
        json::object entry = inbox_of(n.upper, "key-xa").back().as_object();
        std::string id = text_of(entry, {"id"});
        reply ack = n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/ack");
        BOOST_TEST(ack.status == 200, ack.body);
        reply said = n.upper.call("key-xa", "POST", "/v1/inbox/" + id + "/status", R"({"code":"03"})",
                                  {{"Content-Type", "application/json"}});
        BOOST_TEST(said.status == 201, said.body);
        BOOST_TEST(n.upper.call("key-xa", "GET", "/v1/inbox/" + id + "/attachments/0").status == 200);
    };
    auto element = [](std::string& packet, const std::string& name, const std::string& content) {
        std::size_t at = packet.find(name + ">") + name.size() + 1, end = packet.find('<', at);
        BOOST_REQUIRE(end != std::string::npos);
        packet.replace(at, end - at, content);
    };
    deliver([](std::string&) {});
    for (const char* date : {"", "15/07/2025", "03/04/2025", "2025-07-15", "hôm nay"})
        deliver([&](std::string& p) { element(p, "PromulgationDate", date); });
    deliver([&](std::string& p) { element(p, "CodeNumber", ""); });
    deliver([&](std::string& p) { element(p, "CodeNotation", ""); });
    deliver([&](std::string& p) { element(p, "CodeNotation", std::string(300, 'N')); });
    deliver([&](std::string& p) { element(p, "DocumentId", ""); });
    deliver([&](std::string& p) { element(p, "Subject", std::string(3000, 's')); });
}

BOOST_AUTO_TEST_CASE(a_secret_from_a_partner_is_isolated_and_never_shown) {
    pair_of_nodes n;
    letter secret = upward();
    secret.subject = "TỐI MẬT";
    std::string packet = secret.packet();
    peer_client lower(n.upper, n.ca, n.lower.service);
    BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
    BOOST_TEST(code_of(lower.put(peer_client::path(packet), packet)) == "intake.secret_isolated");
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    BOOST_TEST(!std::filesystem::is_empty(n.upper.folder.path() / "quarantine"));
}

BOOST_AUTO_TEST_CASE(a_refusal_on_the_way_comes_back_to_the_sender_as_returned) {
    pair_of_nodes n([](node_spec& s) { s.packet_limit = 200u << 10; });
    std::string document =
        text_of(submit(n.lower, "key-huyen", upward(), std::string(400u << 10, 'x')).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "refused"; }));
    BOOST_TEST(n.track(document, {"reason"}) == "net.body_too_large");
    BOOST_TEST(!n.track(document, {"why_en"}).empty());
}

BOOST_AUTO_TEST_CASE(a_document_goes_down_and_a_refusal_by_the_eoffice_comes_up) {
    pair_of_nodes n;
    letter down;
    down.to = {"H48.40"};
    std::string document = text_of(submit(n.upper, "key-so", down).json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.lower, "key-huyen").empty(); }));
    std::string id = text_of(inbox_of(n.lower, "key-huyen").at(0).as_object(), {"id"});
    reply no =
        n.lower.call("key-huyen", "POST", "/v1/inbox/" + id + "/status",
                     R"({"code":"02","description":"Không thuộc thẩm quyền"})", {{"Content-Type", "application/json"}});
    BOOST_REQUIRE_MESSAGE(no.status == 201, no.body);
    BOOST_REQUIRE(eventually([&] { return !inbox_of(n.upper, "key-so").empty(); }));
    json::object back = inbox_of(n.upper, "key-so").at(0).as_object();
    BOOST_TEST(text_of(back, {"document", "status", "code"}) == "02");
    BOOST_TEST(text_of(back, {"document", "status", "description"}) == "Không thuộc thẩm quyền");
    json::object ladder = n.upper.call("key-so", "GET", "/v1/documents/" + document).json();
    BOOST_TEST(text_of(ladder.at("recipients").at(0).as_object(), {"last_status"}) == "02");
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

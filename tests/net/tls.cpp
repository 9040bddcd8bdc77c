#include "tests/net/certificates.hpp"
#include "tests/net/loopback.hpp"

using namespace vanthu;
using namespace vanthu::net;
using namespace std::chrono_literals;

namespace {
tls_options mutual(client_auth auth = client_auth::required) {
    const certificates& c = certificates::get();
    tls_options out;
    out.certificate_file = c / "server.pem";
    out.key_file = c / "server.key";
    out.client_ca_file = c / "ca.pem";
    out.auth = auth;
    return out;
}

// Answers with what the server knows of its peer.
asio::awaitable<response> who(request& r) {
    const peer_identity& p = r.peer;
    co_return response::text(200, (p.san_uris.empty() ? "nobody" : p.san_uris[0]) + " " +
                                      (p.spki_sha256 ? p.spki_sha256->hex() : "-") + " " +
                                      (p.chain_verified ? "verified" : "unverified") + " " + p.subject);
}

client_options to(const running& r, const char* certificate) {
    const certificates& c = certificates::get();
    client_options out;
    out.url = "https://localhost:" + std::to_string(r.at->port());
    out.ca_file = c / "ca.pem";
    if (certificate) {
        out.certificate_file = c / (std::string(certificate) + ".pem").c_str();
        out.key_file = c / (std::string(certificate) + ".key").c_str();
    }
    return out;
}

result<client_response> get(running& r, client_options options) {
    auto made = client::open(r.threads.executor(0), std::move(options));
    if (!made) return std::unexpected(made.error());
    auto answer = ask(r.threads, (*made)->send({}));
    ask(r.threads, [](client& c) -> task<int> { // kept connections belong to the executor
        c.close_idle();
        co_return 0;
    }(**made));
    return answer;
}
} // namespace

BOOST_AUTO_TEST_CASE(a_client_certificate_under_the_pinned_ca_is_accepted_and_exposed) {
    running r({.tls = mutual()}, who);
    auto answer = get(r, to(r, "client"));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().detail));
    const digest spki = spki_of_file(certificates::get() / "client.pem");
    BOOST_TEST(answer->body == "urn:vanthu:org:H02 " + spki.hex() + " verified CN=client,O=Văn phòng");
    BOOST_TEST(answer->peer.spki_sha256->hex() == spki_of_file(certificates::get() / "server.pem").hex());
    BOOST_TEST(answer->peer.chain_verified);
}

BOOST_AUTO_TEST_CASE(without_a_certificate_or_with_a_foreign_or_expired_one_nothing_is_served) {
    std::atomic<int> served = 0;
    running r({.tls = mutual()}, [&](request& q) {
        ++served;
        return who(q);
    });
    for (const char* certificate : {static_cast<const char*>(nullptr), "stranger", "expired"}) {
        auto answer = get(r, to(r, certificate));
        BOOST_REQUIRE(!answer);
        BOOST_TEST((answer.error().code == errc::tls_failed), answer.error().detail);
        BOOST_TEST(transient(answer.error().code));
    }
    BOOST_TEST(served == 0);
    BOOST_TEST(r.saw("net.tls_failed"));
}

BOOST_AUTO_TEST_CASE(optional_authentication_lets_in_the_nameless_but_no_bad_certificate) {
    running r({.tls = mutual(client_auth::optional)}, who);
    BOOST_TEST(get(r, to(r, nullptr)).value().body.starts_with("nobody - unverified"));
    BOOST_TEST(get(r, to(r, "client")).value().body.starts_with("urn:vanthu:org:H02"));
    BOOST_TEST(!get(r, to(r, "expired")));
}

BOOST_AUTO_TEST_CASE(a_pinned_key_is_let_in_without_a_chain_and_marked_unverified) {
    const digest pin = spki_of_file(certificates::get() / "stranger.pem");
    tls_options options = mutual();
    options.accept_unverified = [pin](const peer_identity& p) { return p.spki_sha256 == pin; };
    running r({.tls = options}, who);
    BOOST_TEST(get(r, to(r, "stranger")).value().body.find(" unverified ") != std::string::npos);
    BOOST_TEST(get(r, to(r, "client")).value().body.find(" verified ") != std::string::npos);
    BOOST_TEST(!get(r, to(r, "expired")));
}

BOOST_AUTO_TEST_CASE(a_client_checks_chain_name_pin_and_san_uri_of_the_server) {
    running r({.tls = mutual(client_auth::none)}, who);
    auto refused = [&](auto change) {
        client_options o = to(r, nullptr);
        change(o);
        auto answer = get(r, std::move(o));
        return !answer && answer.error().code == errc::peer_not_trusted;
    };
    const certificates& c = certificates::get();
    const digest right = spki_of_file(c / "server.pem"), wrong = spki_of_file(c / "server2.pem");
    BOOST_TEST(refused([&](client_options& o) { o.ca_file = c / "other-ca.pem"; }));
    BOOST_TEST(refused([&](client_options& o) { o.server_name = "elsewhere.example"; }));
    BOOST_TEST(refused([&](client_options& o) { o.spki_pins = {wrong}; }));
    BOOST_TEST(refused([&](client_options& o) { o.required_san_uri = "urn:vanthu:org:H99"; }));
    BOOST_TEST(refused([&](client_options& o) { o.ca_file.clear(), o.spki_pins = {wrong}; }));
    BOOST_TEST(refused([&](client_options& o) { o.ca_file.clear(); }));
    BOOST_TEST(
        !refused([&](client_options& o) { o.spki_pins = {wrong, right}, o.required_san_uri = "urn:vanthu:org:H01"; }));
    BOOST_TEST(!refused([&](client_options& o) { o.ca_file.clear(), o.spki_pins = {right}; }));
    client_options literal = to(r, nullptr);
    literal.url = "https://127.0.0.1:" + std::to_string(r.at->port());
    BOOST_TEST(get(r, literal).has_value());
}

BOOST_AUTO_TEST_CASE(independent_clients_agree_on_versions_and_resumption) {
    running r({.tls = mutual()}, who);
    const std::string folder = certificates::get().folder.string(), port = std::to_string(r.at->port());
    const std::string with =
        " --cacert " + folder + "/ca.pem --cert " + folder + "/client.pem --key " + folder + "/client.key ";
    BOOST_TEST(output_of("curl -s --max-time 20" + with + "https://localhost:" + port + "/")
                   .starts_with("urn:vanthu:org:H02"));
    BOOST_TEST(
        output_of("curl -sS --max-time 20 --tls-max 1.2" + with + "https://localhost:" + port + "/").find("alert") !=
        std::string::npos);
    // A session of the first connection is resumed by the second, still with the client's certificate behind it.
    const std::string s_client = "printf 'GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | timeout 20 "
                                 "openssl s_client -quiet -ign_eof -connect localhost:" +
                                 port + " -CAfile " + folder + "/ca.pem -cert " + folder + "/client.pem -key " +
                                 folder + "/client.key ";
    const std::string asked = "read server certificate request"; // a step of full handshakes only
    BOOST_TEST(output_of(s_client + "-state -sess_out " + folder + "/session").find(asked) != std::string::npos);
    const std::string again = output_of(s_client + "-state -sess_in " + folder + "/session");
    BOOST_TEST(again.find("urn:vanthu:org:H02") != std::string::npos);
    BOOST_TEST(again.find(asked) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reloaded_certificate_serves_new_connections_and_old_ones_go_on) {
    const certificates& c = certificates::get();
    auto put = [&](const char* from) {
        for (const char* kind : {".pem", ".key"})
            std::filesystem::copy_file(c / (from + std::string(kind)).c_str(), c / ("live" + std::string(kind)).c_str(),
                                       std::filesystem::copy_options::overwrite_existing);
    };
    put("server");
    tls_options options = mutual(client_auth::none);
    options.certificate_file = c / "live.pem";
    options.key_file = c / "live.key";
    running r({.tls = options}, who);
    auto kept = client::open(r.threads.executor(0), to(r, nullptr)).value();
    auto spki = [&](client& from) { return ask(r.threads, from.send({})).value().peer.spki_sha256->hex(); };
    const std::string first = spki(*kept);
    put("server2");
    BOOST_REQUIRE(r.at->reload_tls().has_value());
    BOOST_TEST(get(r, to(r, nullptr)).value().peer.spki_sha256->hex() == spki_of_file(c / "server2.pem").hex());
    BOOST_TEST(spki(*kept) == first);

    std::filesystem::copy_file(c / "server.key", c / "live.key", std::filesystem::copy_options::overwrite_existing);
    auto wrong = r.at->reload_tls(); // key and certificate do not belong together: the old pair stays
    BOOST_REQUIRE(!wrong);
    BOOST_TEST((wrong.error().code == errc::bad_tls_configuration));
    BOOST_TEST(get(r, to(r, nullptr)).value().peer.spki_sha256->hex() == spki_of_file(c / "server2.pem").hex());
}

BOOST_AUTO_TEST_CASE(a_tls_configuration_that_cannot_work_is_refused_at_the_start) {
    io_threads threads(1);
    auto code = [&](auto change) {
        tls_options o = mutual();
        change(o);
        auto s = server::open(threads.executors(), {.address = "127.0.0.1:0", .tls = o}, echo);
        return s ? std::error_code() : s.error().code;
    };
    const certificates& c = certificates::get();
    BOOST_TEST((code([&](tls_options& o) { o.key_file = c / "client.key"; }) == errc::bad_tls_configuration));
    BOOST_TEST((code([&](tls_options& o) { o.certificate_file = c / "none.pem"; }) == errc::bad_tls_configuration));
    BOOST_TEST((code([&](tls_options& o) { o.client_ca_file.clear(); }) == errc::bad_tls_configuration));
    output_of("openssl pkey -aes256 -passout pass:x -in " + (c / "server.key").string() + " -out " +
              (c / "locked.key").string());
    BOOST_TEST((code([&](tls_options& o) { o.key_file = c / "locked.key"; }) == errc::bad_tls_configuration));
}

// Who may open a link between two nodes, what he may send over it, and what is kept when it breaks.
#include "tests/api/pair_of_nodes.hpp"
#include "tests/support/wait_for.hpp"

#include "daemon/base/error_table.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_future.hpp>

namespace vanthu::test {
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(links)

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

BOOST_AUTO_TEST_CASE(a_transfer_cut_after_its_last_byte_begins_anew) {
    pair_of_nodes n([](node_spec& s) { s.resumable_from = 64u << 10; });
    peer_client lower(n.upper, n.ca, n.lower.service);
    std::string packet = upward().packet(std::string(200'000, 'q'));
    BOOST_REQUIRE(lower.announce(packet, {"H48.99.01"})->status == 200);
    net::producer endless; // chunked: every byte, but not the chunk that says it was the last
    endless.read_some = [&, at = std::size_t{0}](std::span<std::uint8_t> out) mutable -> task<std::size_t> {
        if (at == packet.size()) co_return failed(net::errc::connection_closed);
        std::size_t count = std::min(out.size(), packet.size() - at);
        std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(at), count, out.begin());
        at += count;
        co_return count;
    };
    BOOST_TEST(!lower.put(peer_client::path(packet), std::move(endless)).has_value());
    BOOST_REQUIRE(eventually([&] { return n.upper.spool->used() == packet.size(); }));
    BOOST_REQUIRE(eventually([&] {
        auto again = lower.announce(packet, {"H48.99.01"});
        return again && again->status == 200 && peer::decode_manifest_answer(again->body)->offset == 0;
    }));
    auto whole = lower.put(peer_client::path(packet), packet);
    BOOST_REQUIRE_MESSAGE((whole.has_value() && whole->status == 201), (whole ? whole->body : whole.error().detail));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
}

BOOST_AUTO_TEST_CASE(known_is_not_said_to_a_peer_that_has_not_sent_the_bytes) {
    pair_of_nodes n;
    peer_client lower(n.upper, n.ca, n.lower.service);
    std::string packet = upward().packet();
    lower.announce(packet, {"H48.99.01"});
    auto first = lower.put(peer_client::path(packet), packet);
    BOOST_REQUIRE((first.has_value() && first->status == 201));
    n.meet(3, organisation_text{"khac", "Huyện khác", "UBND huyện", "H48.41"}.toml() +
                  node_text{"h48.41", "khac", "H48.41", nowhere, {}}.toml());
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

BOOST_AUTO_TEST_CASE(a_packet_is_taken_with_its_manifest_in_front_of_it) {
    pair_of_nodes n;
    peer_client lower(n.upper, n.ca, n.lower.service);
    const std::string packet = upward().packet(), field(peer::manifest_length_field);
    peer::manifest m{
        .packet_sha256 = sha256::of(packet), .size = packet.size(), .kind = "document", .recipients = {"H48.99.01"}};
    auto put = [&](const std::string& manifest, const std::string& length) {
        return lower.put(peer_client::path(packet), manifest + packet, {{field, length}});
    };
    const std::string manifest = peer::encode(m), length = std::to_string(manifest.size());
    for (const std::string& wrong : {std::string("x"), length + "x", std::string("-1"), std::string("99999999"),
                                     std::to_string(manifest.size() + packet.size() + 1), std::string("0")})
        BOOST_TEST(code_of(put(manifest, wrong)) == "peer.malformed", wrong);
    m.packet_sha256 = sha256::of("another");
    BOOST_TEST(code_of(put(peer::encode(m), length)) == "peer.malformed");
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());

    auto taken = put(manifest, length);
    BOOST_REQUIRE_MESSAGE((taken.has_value() && taken->status == 201), (taken ? taken->body : taken.error().detail));
    BOOST_TEST(inbox_of(n.upper, "key-xa").size() == 1u);
    auto again = put(manifest, length);
    BOOST_REQUIRE((again.has_value() && again->status == 200));
    BOOST_TEST(again->body == taken->body);
}

BOOST_AUTO_TEST_CASE(who_tells_notices_is_woken_by_a_packet_that_leaves_some_and_by_no_other) {
    pair_of_nodes n([](node_spec& s) { s.delivers = false; }); // what is to be told stays
    std::atomic<unsigned> woken = 0;
    n.upper.receiver->on_notices = [&] { ++woken; };
    peer_client lower(n.upper, n.ca, n.lower.service);
    auto send = [&](int number, const std::vector<std::string>& to) {
        letter l = upward(number);
        l.to = to;
        const std::string packet = l.packet();
        lower.announce(packet, to);
        auto taken = lower.put(peer_client::path(packet), packet);
        BOOST_REQUIRE_MESSAGE((taken.has_value() && taken->status == 201), (taken ? taken->body : ""));
    };
    auto left = [&] {
        return records::reader(n.upper.store->committed()).notices_for("@tinh", "h48.40", 100).value().size();
    };
    send(15, {"H48.99.01"});
    send(16, {"H48.99.01", "H48.01"});
    BOOST_TEST(woken == 0u);
    BOOST_TEST(left() == 0u);
    send(17, {"H48.99.01", "Z99"}); // kept here, and parked: nobody knows where that is
    BOOST_TEST(woken == 1u);
    BOOST_TEST(left() == 2u);
}

BOOST_AUTO_TEST_CASE(what_is_new_goes_with_its_manifest_and_what_was_tried_before_asks_first) {
    pair_of_nodes n;
    unsigned bodies = 0;
    auto deliver = [&](const std::string& packet, unsigned attempts, bool perhaps_taken) {
        delivery::outgoing o;
        o.transfer.packet_sha256 = sha256::of(packet);
        o.transfer.size = packet.size();
        o.transfer.recipients = {"H48.99.01"};
        o.transfer.attempts = attempts;
        o.transfer.perhaps_taken = perhaps_taken;
        o.manifest = peer::encode(peer::manifest{.packet_sha256 = o.transfer.packet_sha256,
                                                 .size = packet.size(),
                                                 .kind = "document",
                                                 .recipients = o.transfer.recipients});
        o.body = [&](std::uint64_t offset) -> net::producer {
            ++bodies;
            auto whole = std::make_shared<net::memory_body>(packet.substr(offset));
            return {.size = packet.size() - offset,
                    .read_some = [whole](std::span<std::uint8_t> into) { return whole->read_some(into); }};
        };
        auto run = [&]() -> asio::awaitable<delivery::outcome> {
            co_return co_await n.lower.links->to("h48")->deliver(o, in(std::chrono::seconds(20)));
        };
        return asio::co_spawn(n.lower.decisions->executor(0), run(), asio::use_future).get();
    };
    using what = delivery::outcome::kind;
    const std::string packet = upward().packet();
    const auto first = deliver(packet, 0, false);
    BOOST_REQUIRE_MESSAGE((first.what == what::delivered), first.code + " " + first.cause);
    BOOST_TEST(n.upper.manifests_alone == 0u);
    BOOST_TEST(bodies == 1u);
    for (unsigned attempts : {1u, 0u}) { // what is known there is not sent
        const auto again = deliver(packet, attempts, attempts == 0);
        BOOST_TEST((again.what == what::delivered && again.receipt == first.receipt));
        BOOST_TEST(bodies == 1u);
    }
    BOOST_TEST(n.upper.manifests_alone == 2u);
    letter long_one = upward();
    long_one.document_id = "long";
    long_one.number = 4711;
    const auto large = deliver(long_one.packet(std::string(900'000, 'q')), 0, false); // to be continued, if it breaks
    BOOST_REQUIRE_MESSAGE((large.what == what::delivered), large.code + " " + large.cause);
    BOOST_TEST(n.upper.manifests_alone == 3u);

    // Nobody is there: nothing of it has left, so that a recall need not follow it.
    n.upper.peer_door->stop_accepting();
    n.upper.peer_door->stop(std::chrono::seconds(5));
    const auto nobody = deliver(packet, 0, false);
    BOOST_TEST((nobody.what == what::deferred));
    BOOST_TEST(!nobody.unanswered);
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
    n.meet(3, "\n[[agency_certificate]]\norganisation = \"tinh\"\nuse = \"seal\"\ncertificate = { spki_sha256 = \"" +
                  sha256::of(spki_der(n.upper.service)).hex() + "\" }\n");
    serve(n.upper.service);
    BOOST_REQUIRE(eventually([&] { return reason() == "peer_link.signing_certificate"; }));
    BOOST_TEST(inbox_of(n.upper, "key-xa").empty());
    n.meet(4);
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
}

// One process, one link, one connection after another: what counts is the clock at the time of use.
BOOST_AUTO_TEST_CASE(a_pin_counts_from_its_first_day_to_its_last_while_the_link_lives) {
    pair_of_nodes n;
    const std::string key = sha256::of(spki_der(n.upper.service)).hex(), other = sha256::of("another key").hex();
    const std::string pins = "pins = [{ sha256 = \"" + other + "\", from = 2025-01-01 }, { sha256 = \"" + key +
                             "\", from = 2025-01-01, to = 2025-06-01 }, { sha256 = \"" + key +
                             "\", from = 2025-09-01 }]\n";
    const test_ca stranger("Other");
    (void)write_file_atomically(n.lower.folder.path() / "other-ca.pem", as_bytes(stranger.root().certificate_pem()));
    for (bool named : {true, false}) {
        std::string text = two_node_registry(1, {}, n.upper.peer_url(), n.lower.peer_url());
        std::size_t row = text.find("id = \"h48\"\n"), name = text.find("san_uri", row), end = text.find("\n\n", row);
        // By name and pin under the CA; or by the pin alone, where no CA of ours knows the certificate.
        text.replace(name, end - name, named ? text.substr(name, end - name) + "\n" + pins : pins);
        const std::string placeholder = "@CA@", file = (n.lower.folder.path() / "ca.pem").string();
        for (std::size_t at; (at = text.find(placeholder)) != std::string::npos;)
            text.replace(at, placeholder.size(), file);
        auto parsed = registry::registry::parse(text, "pins");
        BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().detail));
        auto rows = std::make_shared<const registry::registry>(std::move(*parsed));
        manual_clock clock(*from_rfc3339("2025-03-01T00:00:00Z"));
        net::io_threads thread(1, "test-links");
        const auto folder = n.lower.folder.path();
        auto links = std::make_unique<peer_link::links>(
            peer_link::sender_options{folder / "node.pem", folder / "node.key",
                                      folder / (named ? "ca.pem" : "other-ca.pem"), n.lower.anchors()},
            thread.executor(0), [rows] { return rows; }, clock);
        auto tell = [](peer_link::links& l) -> task<std::uint64_t> {
            peer::notice_call call{.instance = "pins", .notices = {}};
            call.notices.push_back(
                {.sequence = 1, .packet_sha256 = sha256::of("p"), .recipient = "H48", .kind = "kept", .at = 1});
            co_return co_await l.to("h48")->notify(call, in(std::chrono::seconds(20)));
        };
        auto said_on = [&](const char* day) {
            clock.set(*from_rfc3339(day + std::string("T00:00:00Z")));
            auto answer = wait_for(thread.executor(0), tell(*links));
            return answer ? "told" : public_code(answer.error().code) + " " + answer.error().detail;
        };
        const std::string refusal = named ? "peer_link.pin_not_valid" : "net.peer_not_trusted";
        BOOST_TEST(said_on("2025-03-01") == "told");
        BOOST_TEST(said_on("2025-07-01").find(refusal) == 0u);
        BOOST_TEST(said_on("2025-10-01") == "told");
        auto close = [](std::unique_ptr<peer_link::links>& l) -> task<> {
            l.reset();
            co_return result<>();
        };
        (void)wait_for(thread.executor(0), close(links));
    }
}

// The other side takes connections and says nothing, so that each stays at its handshake.
BOOST_AUTO_TEST_CASE(as_many_connections_go_to_a_node_as_may_be_under_way) {
    pair_of_nodes n;
    asio::io_context io;
    asio::ip::tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});
    std::string text = two_node_registry(
        1, {}, "https://127.0.0.1:" + std::to_string(silent.local_endpoint().port()), n.lower.peer_url());
    const auto folder = n.lower.folder.path();
    const std::string placeholder = "@CA@", file = (folder / "ca.pem").string();
    for (std::size_t at; (at = text.find(placeholder)) != std::string::npos;)
        text.replace(at, placeholder.size(), file);
    auto parsed = registry::registry::parse(text, "connections");
    BOOST_REQUIRE_MESSAGE(parsed.has_value(), (parsed ? "" : parsed.error().detail));
    auto rows = std::make_shared<const registry::registry>(std::move(*parsed));
    net::io_threads thread(1, "test-links");
    auto links = std::make_unique<peer_link::links>(
        peer_link::sender_options{folder / "node.pem", folder / "node.key", folder / "ca.pem", n.lower.anchors(), 10},
        thread.executor(0), [rows] { return rows; }, system_clock());

    auto tell = [&]() -> asio::awaitable<bool> {
        auto told = co_await links->to("h48")->notify({.instance = "i", .notices = {}}, in(std::chrono::seconds(2)));
        co_return told.has_value();
    };
    std::vector<std::future<bool>> calls;
    for (int i = 0; i < 12; ++i) calls.push_back(asio::co_spawn(thread.executor(0), tell(), asio::use_future));
    std::vector<asio::ip::tcp::socket> taken;
    std::function<void()> take = [&] {
        silent.async_accept([&](boost::system::error_code ec, asio::ip::tcp::socket s) {
            if (ec) return;
            taken.push_back(std::move(s));
            take();
        });
    };
    take();
    io.run_for(std::chrono::seconds(1));
    BOOST_TEST(taken.size() == 10u);
    for (auto& call : calls) BOOST_TEST(!call.get());
    auto close = [&]() -> asio::awaitable<void> {
        links.reset();
        co_return;
    };
    asio::co_spawn(thread.executor(0), close(), asio::use_future).get();
}

BOOST_AUTO_TEST_SUITE_END()
} // namespace vanthu::test

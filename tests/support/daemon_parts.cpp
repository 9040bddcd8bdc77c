#include "tests/support/daemon_parts.hpp"

#include "daemon/base/files.hpp"
#include "tests/support/must.hpp"
#include "tests/support/wait_for.hpp"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <stdexcept>

namespace vanthu::test {

boost::json::object reply::json() const {
    boost::system::error_code ec;
    auto v = boost::json::parse(body, ec);
    if (ec || !v.is_object()) throw std::runtime_error(fmt::format("HTTP {}: no JSON object: {}", status, body));
    return v.get_object();
}
std::string reply::code() const {
    auto o = json();
    const auto* v = o.if_contains("code");
    return v && v->is_string() ? std::string(v->get_string()) : "";
}

daemon_parts::daemon_parts(const test_ca& authority, node_spec given) : ca(authority), spec(std::move(given)) {
    subject_spec subject;
    subject.common_name = spec.node;
    subject.organisation_code = spec.organisation;
    subject.use = profile::service;
    service = ca.issue(subject);
    log_key_ = tlog::ed25519_private_key::generate().to_pem();
    must("certificate", write_file_atomically(folder.path() / "node.pem",
                                              as_bytes(service.certificate_pem() + ca.sub().certificate_pem())));
    must("key", write_file_atomically(folder.path() / "node.key", as_bytes(service.key_pem()), 0600));
    must("ca", write_file_atomically(folder.path() / "ca.pem", as_bytes(ca.root().certificate_pem())));
    start();
}

daemon_parts::~daemon_parts() { stop(); }

receipt::trust_anchors daemon_parts::anchors() const {
    receipt::trust_anchors out;
    must("anchor", out.add_der(ca.root().certificate_der()));
    return out;
}

void daemon_parts::start() {
    disk = std::make_unique<asio::thread_pool>(2);
    crypto = std::make_unique<asio::thread_pool>(1);
    network = std::make_unique<net::io_threads>(2, "test-net");
    decisions = std::make_unique<net::io_threads>(1, "test-decide");

    ledger::store_options so;
    so.directory = folder.path() / "store";
    store = must("store", ledger::store::open(std::move(so)));
    auto key = must("log key", tlog::ed25519_private_key::from_pem(log_key_));
    auto service_key = must("service key", receipt::service_key::from_pem(service.key_pem()));
    const std::vector<bytes> chain{service.certificate_der(), ca.sub().certificate_der()};
    receipt::delegation content;
    content.log_origin = "vanthu.test/" + spec.node + "/log1";
    content.log_key = key.public_key();
    content.organisation = spec.organisation;
    content.valid_from = from_us(1'735'689'600'000'000); // 2025-01-01
    content.valid_to = from_us(1'956'528'000'000'000);   // 2032-01-01
    auto delegation = must("delegation", receipt::sign_delegation(content, service_key, chain));
    receipts =
        must("receipt log",
             ledger::receipt_log::open(*store, {spec.organisation, content.log_origin, std::move(key), delegation}));
    store->register_observer(*receipts);
    spool = must("spool", ledger::spool::open(folder.path() / "spool", spec.spool_quota));

    auto named = [this](auto options) {
        options.node = spec.node;
        options.home = spec.home;
        options.organisation = spec.organisation;
        return options;
    };
    auto go = named(intake::gate_options());
    go.limits.total_bytes = spec.packet_limit;
    go.policy = spec.policy;
    go.memory_spool = spec.memory_spool;
    go.quarantine = folder.path() / "quarantine";
    go.service_key = service_key;
    go.service_chain = chain;
    go.anchors = anchors();
    gate = std::make_unique<intake::gate>(std::move(go), *store, *receipts, *spool, nullptr, *disk, *crypto, clock);
    use_registry(spec.registry);

    auto executor = decisions->executor(0);
    links = std::make_unique<peer_link::links>(
        peer_link::sender_options{folder.path() / "node.pem", folder.path() / "node.key", folder.path() / "ca.pem",
                                  anchors()},
        executor, [this] { return gate->registry(); }, clock);
    delivery::engine_options eo;
    eo.home = spec.home;
    eo.organisation = spec.organisation;
    eo.first_retry = std::chrono::milliseconds(100);
    eo.longest_retry = std::chrono::milliseconds(400);
    eo.notice_interval = std::chrono::milliseconds(50);
    eo.attempts = 1000;
    eo.first_probe = std::chrono::milliseconds(100);
    eo.longest_probe = std::chrono::milliseconds(400);
    engine = std::make_unique<delivery::engine>(
        eo, *store, executor, *disk, clock, [this] { return gate->registry(); },
        [this](const std::string& to) -> delivery::transport* {
            return spec.transports ? spec.transports(to) : spec.delivers ? links->to(to) : nullptr;
        });
    auto oo = named(reconciliation::round_options());
    oo.settled = std::chrono::microseconds(0);
    oo.pause = std::chrono::milliseconds(1);
    rounds = std::make_unique<reconciliation::rounds>(
        oo, *store, executor, *disk, clock, [this] { return gate->registry(); },
        [this](std::string to, peer::reconcile_question q, steady_time deadline) {
            return spec.asks ? spec.asks(to, q, deadline) : links->reconcile(to, q, deadline);
        },
        [this](const auto& rows) {
            engine->wake(rows);
            engine->wake_notices();
        });
    rerouting = std::make_unique<intake::rerouting>(*gate, executor);
    gate->on_work = [this](auto rows, auto composed) { engine->wake(std::move(rows), std::move(composed)); };
    gate->keeps_composed = [this] { return engine->keeps_composed(); };
    bell = std::make_unique<api::inbox_bell>();
    gate->on_inbox = [this](const std::string& of) { bell->ring(of); };

    auto ao = named(api::eoffice_options());
    ao.memory_spool = spec.memory_spool;
    ao.trouble = [this](const std::string& to) { return engine->trouble(to); };
    ao.attempts = engine->attempts();
    gate->pressed_by(spec.pressure);
    eoffice = std::make_unique<api::eoffice>(ao, *gate, *store, *receipts, *spool, *bell, *disk, clock);
    eoffice->use_credentials(std::make_shared<const api::credentials>(
        must("credentials", api::credentials::parse(spec.credentials, "credentials.toml"))));
    auto ro = named(peer_link::receiver_options());
    ro.packet_limit = spec.packet_limit;
    ro.questions_per_minute = spec.questions_per_minute;
    ro.resumable_from = spec.resumable_from;
    ro.ca_sha256 = {sha256::of(ca.root().certificate_der())};
    receiver = std::make_unique<peer_link::receiver>(ro, *gate, *store, *receipts, *spool, *disk, clock);
    receiver->on_notices = [this] { engine->wake_notices(); };
    lanes = std::make_unique<task_group>();
    must("delivery", engine->start(*lanes));
    rounds->run_in(*lanes);

    net::listener_options api;
    api.address = "127.0.0.1:0";
    api.body_limit = 2 * spec.packet_limit;
    api_door = must(
        "api", net::server::open(network->executors(), api, [this](net::request& r) { return eoffice->handle(r); }));
    net::listener_options peer;
    peer.address = "127.0.0.1:" + std::to_string(peer_port_);
    peer.body_limit = spec.packet_limit;
    peer.tls =
        net::tls_options{.certificate_file = folder.path() / "node.pem",
                         .key_file = folder.path() / "node.key",
                         .client_ca_file = folder.path() / "ca.pem",
                         .auth = net::client_auth::required,
                         .accept_unverified = [this](const net::peer_identity& p) { return receiver->pinned(p); }};
    peer_door = must(
        "peer", net::server::open(network->executors(), peer, [this](net::request& r) {
            if (r.path.ends_with("/manifest")) ++manifests_alone;
            return receiver->handle(r);
        }));
    peer_port_ = peer_door->port();
}

void daemon_parts::stop() {
    api_door->stop_accepting();
    peer_door->stop_accepting();
    bell->close();
    api_door->stop(std::chrono::seconds(5));
    peer_door->stop(std::chrono::seconds(5));
    lanes->cancel();
    if (!lanes->join(std::chrono::seconds(20))) {
        std::fprintf(stderr, "daemon_parts: the engine does not stop\n");
        std::abort();
    }
    api_door.reset();
    peer_door.reset();
    network->stop();
    decisions->stop(std::chrono::milliseconds(0)); // the lanes have ended; idle connections of the links wait there
    lanes.reset();
    receiver.reset();
    eoffice.reset();
    rerouting.reset();
    rounds.reset();
    engine.reset();
    links.reset();
    disk->join();
    crypto->join();
    gate.reset();
    store->close();
    store.reset();
    receipts.reset();
    spool.reset();
    bell.reset();
    network.reset();
    decisions.reset();
}

void daemon_parts::restart(const std::function<void()>& while_down) {
    stop();
    if (while_down) while_down();
    start();
}

void daemon_parts::use_registry(const std::string& toml) {
    spec.registry = toml;
    std::string text = toml;
    const std::string placeholder = "\"@CA@\"", file = "\"" + (folder.path() / "ca.pem").string() + "\"";
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos; at += file.size())
        text.replace(at, placeholder.size(), file);
    must("registry", write_file_atomically(folder.path() / "registry.toml", as_bytes(text)));
    gate->use_registry(std::make_shared<const registry::registry>(
        must("registry", registry::registry::load(folder.path() / "registry.toml"))));
}

test_client::test_client(net::client_options o)
    : client_(must("client", net::client::open(thread_.executor(0), std::move(o)))) {}

test_client::~test_client() {
    auto close = [](net::client* c) -> task<> { // its connections belong to its thread
        c->close_idle();
        co_return result<>();
    };
    (void)wait_for(thread_.executor(0), close(client_.get()));
}

result<net::client_response> test_client::send(net::client_request r) {
    return wait_for(thread_.executor(0), client_->send(std::move(r)));
}

reply daemon_parts::call(const std::string& key, const std::string& method, const std::string& target, std::string body,
                         net::headers fields) {
    net::client_options o; // several calls may run at once, from several threads: each has its client
    o.url = "http://127.0.0.1:" + std::to_string(api_door->port());
    test_client client(std::move(o));
    net::client_request r;
    r.method = method;
    r.target = target;
    r.fields = std::move(fields);
    if (!key.empty()) r.fields.set("Authorization", "Bearer " + key);
    r.body = std::move(body);
    r.response_limit = 256u << 20;
    auto answer = client.send(std::move(r));
    if (!answer) throw std::runtime_error("call: " + answer.error().code.message() + " " + answer.error().detail);
    return {answer->status, answer->fields, answer->body};
}

std::uint64_t daemon_parts::bytes_on_disk() const {
    std::uint64_t sum = 0;
    for (const char* below : {"store/segments", "store/files", "spool"})
        if (std::error_code ec; std::filesystem::exists(folder.path() / below, ec))
            for (const auto& e : std::filesystem::recursive_directory_iterator(folder.path() / below))
                if (e.is_regular_file()) sum += e.file_size();
    return sum;
}

} // namespace vanthu::test

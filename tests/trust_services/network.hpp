// A PKI whose authority answers on loopback, and a way to run one task to its end.
#pragma once

#include "adapters/trust_services/trust_services.hpp"
#include "tests/support/test_authority.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

namespace vanthu::test {

inline x509::certificate cert_of(const identity& i) { return x509::parse_certificate(i.certificate_der()).value(); }

struct network {
    temporary_directory folder;
    std::atomic<int> questions{0};
    authority_server server{[this] {
                                ++questions;
                                return who;
                            },
                            {.slow = std::chrono::milliseconds(3000)}};
    test_ca ca{"Authority", test_key::p256, server.url()};
    authority who = authority::of(ca);
    identity leaf = ca.issue({.common_name = "Nguyễn Văn A"});
    x509::trust_store trust{{cert_of(ca.root())}, {}, {}};
    timestamp now = system_clock().now();
    asio::io_context context;

    trust_services::options how(std::string cache = "") const {
        net::allowed_hosts loopback;
        loopback.add("127.0.0.1");
        return {.allowed = loopback,
                .timeout = std::chrono::milliseconds(1000),
                .pause = std::chrono::milliseconds(1),
                .tries = 2,
                .cache = cache.empty() ? std::filesystem::path() : folder.path() / cache};
    }
    x509::need revocation(const identity& subject) const {
        return {x509::need::kind::revocation, cert_of(subject), cert_of(ca.sub())};
    }

    template <class T> result<T> run(task<T> work) {
        std::optional<result<T>> answer;
        asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, result<T> r) {
            BOOST_REQUIRE(!e);
            answer.emplace(std::move(r));
        });
        context.restart();
        context.run();
        BOOST_REQUIRE(answer.has_value());
        return std::move(*answer);
    }
    result<trust_services::found> fetch(trust_services::options o, std::vector<x509::need> missing) {
        trust_services::trust_services services(context.get_executor(), std::move(o));
        return run(services.fetch(std::move(missing), now));
    }
    // A leaf whose responder misbehaves; its CRL may too.
    identity leaf_with(const std::string& ocsp_path, const std::string& crl_path) const {
        std::vector<std::string> extensions;
        if (!ocsp_path.empty()) extensions.push_back("authorityInfoAccess=OCSP;URI:" + server.url(ocsp_path));
        if (!crl_path.empty()) extensions.push_back("crlDistributionPoints=URI:" + server.url(crl_path));
        return test_ca::issue_by(ca.sub(), {.common_name = "Leaf", .extra_extensions = extensions});
    }
};

} // namespace vanthu::test

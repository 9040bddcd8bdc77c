#include "tests/trust_services/network.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/net/errors.hpp"
#include "signing/cms/errors.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <fstream>
#include <thread>

using namespace vanthu;
using namespace vanthu::test;
using trust_services::errc;

BOOST_AUTO_TEST_CASE(a_time_stamp_is_had_and_a_lying_authority_gets_nothing_through) {
    network n;
    trust_services::trust_services services(n.context.get_executor(), n.how());
    digest imprint = sha256::of("văn bản");
    auto token = n.run(services.stamp(n.server.url("/tsa"), imprint));
    BOOST_REQUIRE(token.has_value());
    BOOST_TEST((std::ranges::equal(token->imprint, imprint.view())));
    BOOST_TEST((n.run(services.stamp(n.server.url("/other-nonce/tsa"), imprint)).error().code ==
                cms::errc::timestamp_mismatch));
    BOOST_TEST((n.run(services.stamp(n.server.url("/wrong-imprint/tsa"), imprint)).error().code ==
                cms::errc::timestamp_mismatch));
    BOOST_TEST(
        (n.run(services.stamp(n.server.url("/refuse/tsa"), imprint)).error().code == cms::errc::timestamp_refused));
    BOOST_TEST((n.run(services.stamp(n.server.url("/garbage/tsa"), imprint)).error().code ==
                cms::errc::not_a_timestamp_reply));
}

BOOST_AUTO_TEST_CASE(a_server_that_is_down_or_slow_is_tried_again_and_then_given_up) {
    network n;
    trust_services::trust_services services(n.context.get_executor(), n.how());
    digest imprint = sha256::of("x");
    BOOST_TEST((n.run(services.stamp(n.server.url("/http-error/tsa"), imprint)).error().code == errc::http_failed));
    BOOST_TEST(transient(n.run(services.stamp(n.server.url("/slow/tsa"), imprint)).error().code));
    BOOST_TEST(!n.run(services.stamp(n.server.url("/hang-up/tsa"), imprint)).has_value());
    BOOST_TEST(!n.run(services.stamp("http://127.0.0.1:1/tsa", imprint)).has_value());
    BOOST_TEST((n.run(services.stamp("ldap://ca/x", imprint)).error().code == errc::not_http));
}

BOOST_AUTO_TEST_CASE(an_ocsp_answer_is_fetched_by_post_and_by_get) {
    for (bool get : {false, true}) {
        network n;
        auto o = n.how();
        o.prefer_get = get;
        auto found = n.fetch(o, {n.revocation(n.leaf)});
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(found->troubles.empty());
        BOOST_TEST(found->evidence.ocsp_responses.size() == 1u);
        BOOST_TEST(found->evidence.crls.empty());
    }
}

BOOST_AUTO_TEST_CASE(where_the_responder_fails_the_crl_answers) {
    network n;
    for (const char* bad : {"/other-nonce/ocsp", "/other-cert/ocsp", "/refuse/ocsp", "/garbage/ocsp",
                            "/http-error/ocsp", "/hang-up/ocsp", ""}) {
        auto found = n.fetch(n.how(), {n.revocation(n.leaf_with(bad, "/sub.crl"))});
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(found->evidence.ocsp_responses.empty(), bad);
        BOOST_TEST(found->evidence.crls.size() == 1u, bad);
        BOOST_TEST(found->troubles.empty(), bad);
    }
}

BOOST_AUTO_TEST_CASE(a_question_without_an_answer_is_named_with_its_reason) {
    network n;
    auto nowhere = n.fetch(n.how(), {n.revocation(n.leaf_with("", ""))});
    BOOST_REQUIRE(nowhere.has_value());
    BOOST_TEST(!nowhere->anything());
    BOOST_REQUIRE(nowhere->troubles.size() == 1u);
    BOOST_TEST((nowhere->troubles[0].why.code == errc::no_address));
    auto down = n.fetch(n.how(), {n.revocation(n.leaf_with("/http-error/ocsp", ""))});
    BOOST_REQUIRE(down->troubles.size() == 1u);
    BOOST_TEST((down->troubles[0].why.code == errc::http_failed)); // not "no address", though there is no CRL
    auto o = n.how();
    o.offline = true;
    int before = n.questions;
    auto offline = n.fetch(o, {n.revocation(n.leaf)});
    BOOST_REQUIRE(offline->troubles.size() == 1u);
    BOOST_TEST((offline->troubles[0].why.code == errc::offline));
    BOOST_TEST(n.questions == before);
}

BOOST_AUTO_TEST_CASE(an_answer_is_kept_until_its_next_update_and_asked_for_again_after) {
    network n;
    auto o = n.how("cache");
    BOOST_TEST(n.fetch(o, {n.revocation(n.leaf), n.revocation(n.leaf_with("", "/sub.crl"))})->troubles.empty());
    int before = n.questions;
    o.offline = true;
    auto kept = n.fetch(o, {n.revocation(n.leaf)});
    BOOST_TEST(kept->evidence.ocsp_responses.size() == 1u);
    BOOST_TEST(n.questions == before);
    n.now += std::chrono::hours(24 * 3); // past nextUpdate
    BOOST_TEST(!n.fetch(o, {n.revocation(n.leaf)})->anything());
    n.now -= std::chrono::hours(24 * 3);
    // A file that is no answer is the same as none, and another certificate has another question.
    BOOST_TEST(!n.fetch(o, {n.revocation(n.ca.issue({.common_name = "B"}))})->evidence.ocsp_responses.size());
    for (const auto& file : std::filesystem::directory_iterator(n.folder.path() / "cache"))
        std::ofstream(file.path()) << "rubbish";
    BOOST_TEST(!n.fetch(o, {n.revocation(n.leaf)})->anything());
    o.offline = false;
    BOOST_TEST(n.fetch(o, {n.revocation(n.leaf)})->anything());
}

BOOST_AUTO_TEST_CASE(an_address_of_a_closed_network_is_rewritten) {
    network n;
    identity leaf =
        test_ca::issue_by(n.ca.sub(), {.extra_extensions = {"authorityInfoAccess=OCSP;URI:http://ocsp.ca.ptc/"}});
    auto o = n.how();
    o.rewrites = {{"http://ocsp.ca.ptc/", n.server.url("/ocsp")}};
    auto found = n.fetch(o, {n.revocation(leaf)});
    BOOST_TEST(found->evidence.ocsp_responses.size() == 1u);
}

BOOST_AUTO_TEST_CASE(gathering_finds_issuer_and_revocation_until_the_judge_is_content) {
    network n;
    auto o = n.how("cache");
    trust_services::trust_services services(n.context.get_executor(), o);
    x509::certificate leaf = cert_of(n.leaf); // alone: its issuer must be fetched
    x509::path_verdict last;
    auto judge = [&](const trust_services::found& so_far) {
        last = x509::validate_path(leaf, so_far.issuers, n.trust, so_far.evidence, n.now,
                                   x509::purpose::document_signature);
        return last.missing;
    };
    auto all = n.run(trust_services::gather(services, n.now, judge));
    BOOST_REQUIRE(all.has_value());
    judge(*all);
    BOOST_TEST((last.indication == signing::indication::total_passed), last.sub_indication);
    BOOST_TEST(all->issuers.size() == 1u);
    BOOST_TEST(all->troubles.empty());
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_convince_sends_the_gatherer_to_the_crl) {
    network n;
    trust_services::trust_services services(n.context.get_executor(), n.how());
    identity leaf = n.leaf_with("/wrong-signer/ocsp", "/sub.crl");
    int rounds = 0;
    auto judge = [&](const trust_services::found& so_far) {
        ++rounds;
        return so_far.evidence.crls.empty() ? std::vector{n.revocation(leaf)} : std::vector<x509::need>{};
    };
    auto all = n.run(trust_services::gather(services, n.now, judge));
    BOOST_REQUIRE(all.has_value());
    BOOST_TEST(all->evidence.crls.size() == 1u);
    BOOST_TEST(rounds == 3);
    // A judge that is never content is not asked for ever.
    rounds = 0;
    auto never = [&](const trust_services::found&) {
        ++rounds;
        return std::vector{n.revocation(leaf)};
    };
    BOOST_TEST(n.run(trust_services::gather(services, n.now, never)).has_value());
    BOOST_TEST(rounds == 3);
}

BOOST_AUTO_TEST_CASE(an_address_in_a_certificate_does_not_lead_into_a_private_network) {
    network n;
    auto o = n.how();
    o.allowed = {};
    const std::string port = n.server.url().substr(n.server.url().rfind(':'));
    for (const std::string host : {"127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"}) {
        const std::string base = "http://" + host + port;
        identity leaf = test_ca::issue_by(
            n.ca.sub(),
            {.extra_extensions = {"authorityInfoAccess=OCSP;URI:" + base + "/ocsp,caIssuers;URI:" + base + "/sub.crt",
                                  "crlDistributionPoints=URI:" + base + "/sub.crl"}});
        for (const x509::need& what : {n.revocation(leaf), x509::need{x509::need::kind::issuer, cert_of(leaf), {}}}) {
            auto found = n.fetch(o, {what});
            BOOST_TEST(!found->anything(), host);
            BOOST_REQUIRE(found->troubles.size() == 1u);
            BOOST_TEST((found->troubles[0].why.code == errc::address_not_allowed), found->troubles[0].why.detail);
        }
    }
    BOOST_TEST(n.questions == 0);
    // The operator's own addresses are his business.
    trust_services::trust_services services(n.context.get_executor(), o);
    BOOST_TEST(n.run(services.stamp(n.server.url("/tsa"), sha256::of("x"))).has_value());
    for (const char* allowed : {"127.0.0.0/8", "127.0.0.1"}) {
        o.allowed = {};
        BOOST_TEST(o.allowed.add(allowed));
        BOOST_TEST(n.fetch(o, {n.revocation(n.leaf)})->anything(), allowed);
    }
    o.allowed = {};
    BOOST_TEST(o.allowed.add("localhost"));
    BOOST_TEST(!n.fetch(o, {n.revocation(n.leaf)})->anything()); // its address is written as 127.0.0.1
    identity by_name = test_ca::issue_by(
        n.ca.sub(), {.extra_extensions = {"authorityInfoAccess=OCSP;URI:http://localhost" + port + "/ocsp"}});
    BOOST_TEST(n.fetch(o, {n.revocation(by_name)})->anything());
}

BOOST_AUTO_TEST_CASE(a_rewrite_allows_the_server_that_it_names_and_no_other) {
    network n;
    auto o = n.how();
    o.allowed = {};
    auto certificate = [&](const std::string& url) {
        return n.revocation(
            test_ca::issue_by(n.ca.sub(), {.extra_extensions = {"authorityInfoAccess=OCSP;URI:" + url}}));
    };
    o.rewrites = {{"http://ocsp.ca.ptc/", n.server.url("/ocsp")}};
    BOOST_TEST(n.fetch(o, {certificate("http://ocsp.ca.ptc/")})->anything());
    // Half an address: what follows it would be somebody else's port.
    const std::string whole = n.server.url();
    o.rewrites = {{"http://ocsp.ca.ptc", whole.substr(0, whole.size() - 1)}};
    BOOST_TEST(!n.fetch(o, {certificate("http://ocsp.ca.ptc" + whole.substr(whole.size() - 1) + "/ocsp")})->anything());
}

BOOST_AUTO_TEST_CASE(a_redirect_is_not_followed) {
    asio::io_context own;
    asio::ip::tcp::acceptor door(own, {asio::ip::make_address("127.0.0.1"), 0});
    network n;
    std::thread server([&] {
        asio::ip::tcp::socket socket = door.accept();
        asio::streambuf in;
        asio::read_until(socket, in, "\r\n\r\n");
        asio::write(socket, asio::buffer("HTTP/1.1 302 Found\r\nLocation: " + n.server.url("/sub.crl") +
                                         "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
    });
    identity leaf = test_ca::issue_by(
        n.ca.sub(), {.extra_extensions = {"crlDistributionPoints=URI:http://127.0.0.1:" +
                                          std::to_string(door.local_endpoint().port()) + "/sub.crl"}});
    auto found = n.fetch(n.how(), {n.revocation(leaf)});
    server.join();
    BOOST_REQUIRE(found->troubles.size() == 1u);
    BOOST_TEST((found->troubles[0].why.code == errc::http_refused));
    BOOST_TEST(n.questions == 0);
}

BOOST_AUTO_TEST_CASE(an_issuer_counts_only_where_it_is_the_issuer) {
    network n;
    auto issuer_at = [&](const char* path, const identity& by) {
        identity leaf =
            test_ca::issue_by(by, {.extra_extensions = {"authorityInfoAccess=caIssuers;URI:" + n.server.url(path)}});
        return n.fetch(n.how("cache"), {{x509::need::kind::issuer, cert_of(leaf), {}}});
    };
    BOOST_TEST(issuer_at("/sub.crt", n.ca.sub())->issuers.size() == 1u);
    for (const auto& [path, by] : {std::pair("/root.crt", n.ca.sub()), {"/sub.crt", test_ca("Authority").sub()}}) {
        auto found = issuer_at(path, by); // also where it was kept
        BOOST_TEST(found->issuers.empty(), path);
        BOOST_REQUIRE(found->troubles.size() == 1u);
        BOOST_TEST((found->troubles[0].why.code == errc::unfit_answer));
    }
    auto o = n.how();
    o.issuer_limit = 100; // a certificate is larger
    auto found = n.fetch(o, {{x509::need::kind::issuer, cert_of(n.leaf), {}}});
    BOOST_TEST(found->issuers.empty());
    BOOST_TEST((found->troubles.at(0).why.code == net::errc::response_too_large));
}

BOOST_AUTO_TEST_CASE(a_document_makes_few_questions_for_issuers) {
    network n;
    trust_services::trust_services services(n.context.get_executor(), n.how());
    auto wanting = [&](const std::string& addresses) {
        return x509::need{
            x509::need::kind::issuer,
            cert_of(test_ca::issue_by(n.ca.sub(), {.extra_extensions = {"authorityInfoAccess=" + addresses}})),
            {}};
    };
    auto place = [&](int i) { return "caIssuers;URI:" + n.server.url("/none" + std::to_string(i) + ".crt"); };
    std::vector<x509::need> all;
    for (int i = 0; i < 20; ++i) all.push_back(wanting(place(i)));
    auto found = n.run(trust_services::gather(services, n.now, [&](const auto&) { return all; }));
    BOOST_TEST(found->troubles.size() == 20u);
    auto refused = std::ranges::count_if(
        found->troubles, [](const trust_services::trouble& t) { return t.why.code == errc::too_many_issuers; });
    BOOST_TEST(refused == 12);
    // Many signers of one authority are one question; many addresses of one certificate are two.
    std::string many = place(0);
    for (int i = 1; i < 10; ++i) many += "," + place(i);
    auto one = n.fetch(n.how(), {wanting(many)});
    BOOST_REQUIRE(one->troubles.size() == 1u);
    BOOST_TEST(one->troubles[0].why.detail.find("/none1.crt") != std::string::npos, one->troubles[0].why.detail);
    std::vector<x509::need> same;
    for (int i = 0; i < 20; ++i) same.push_back(wanting("caIssuers;URI:" + n.server.url("/sub.crt")));
    n.questions = 0;
    auto shared = n.run(trust_services::gather(services, n.now, [&](const trust_services::found& so_far) {
        return so_far.issuers.empty() ? same : std::vector<x509::need>{};
    }));
    BOOST_TEST(shared->troubles.empty());
    BOOST_TEST(n.questions == 1);
}

BOOST_AUTO_TEST_CASE(newer_data_is_asked_for_past_what_is_kept_but_not_again_and_again) {
    network n;
    auto newer = [&](const identity& subject) {
        return x509::need{x509::need::kind::newer_revocation, cert_of(subject), cert_of(n.ca.sub())};
    };
    auto by_list = n.leaf_with("", "/sub.crl");
    for (const char* cache : {"cache", ""}) {
        auto o = n.how(cache);
        trust_services::trust_services services(n.context.get_executor(), o);
        auto ask = [&](x509::need what) {
            n.questions = 0;
            auto found = n.run(services.fetch({std::move(what)}, n.now));
            BOOST_TEST(found->troubles.empty());
            return std::pair(n.questions.load(), found->anything());
        };
        BOOST_TEST((ask(n.revocation(n.leaf)) == std::pair(1, true)));
        BOOST_TEST((ask(newer(n.leaf)) == std::pair(0, false))); // asked a moment ago
        n.now += std::chrono::minutes(6);
        BOOST_TEST((ask(newer(n.leaf)) == std::pair(1, true)));
        BOOST_TEST((ask(newer(n.leaf)) == std::pair(0, false)));
        n.now += std::chrono::minutes(6);
        if (*cache) BOOST_TEST((ask(n.revocation(n.leaf)) == std::pair(0, true))); // what is kept still holds
        if (*cache) BOOST_TEST(n.fetch(o, {newer(n.leaf)})->anything());           // another process
        if (*cache) BOOST_TEST(!n.fetch(o, {newer(n.leaf)})->anything());
        o.offline = true;
        n.now += std::chrono::minutes(6);
        auto offline = n.fetch(o, {newer(n.leaf)});
        BOOST_TEST(!offline->anything());
        BOOST_TEST(offline->troubles.empty());
        BOOST_TEST((ask(n.revocation(by_list)) == std::pair(1, true)));
        n.now += std::chrono::minutes(59);
        BOOST_TEST((ask(newer(by_list)) == std::pair(0, false))); // lists are large
        n.now += std::chrono::minutes(2);
        BOOST_TEST((ask(newer(by_list)) == std::pair(1, true)));
        n.now = system_clock().now();
        std::filesystem::remove_all(n.folder.path() / "cache");
    }
    // A responder that is down is no trouble and is not asked for each document.
    auto down = n.leaf_with("/http-error/ocsp", "");
    trust_services::trust_services services(n.context.get_executor(), n.how("cache"));
    BOOST_TEST(n.run(services.fetch({newer(down)}, n.now))->troubles.empty());
    n.questions = 0;
    BOOST_TEST(n.run(services.fetch({newer(down)}, n.now))->troubles.empty());
    BOOST_TEST(n.questions == 0);
}

BOOST_AUTO_TEST_CASE(nothing_newer_to_be_had_is_not_judged_again) {
    network n;
    trust_services::trust_services services(n.context.get_executor(), n.how("cache"));
    int rounds = 0;
    auto judge = [&](const trust_services::found&) {
        ++rounds;
        return std::vector{x509::need{x509::need::kind::newer_revocation, cert_of(n.leaf), cert_of(n.ca.sub())}};
    };
    BOOST_TEST(n.run(trust_services::gather(services, n.now, judge))->anything());
    BOOST_TEST(rounds == 2);
    BOOST_TEST(!n.run(trust_services::gather(services, n.now, judge))->anything());
    BOOST_TEST(rounds == 3);
}

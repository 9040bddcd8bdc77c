#include "adapters/trust_services/trust_services.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/net/client.hpp"

#include <algorithm>
#include <set>

namespace vanthu::trust_services {
namespace {

// "http://host:80" and "/path?query".
std::pair<std::string, std::string> split(const std::string& url) {
    std::size_t scheme = url.find("://");
    std::size_t path = scheme == url.npos ? url.npos : url.find('/', scheme + 3);
    return {url.substr(0, path), path == url.npos ? "/" : url.substr(path)};
}

bool is_http(const std::string& url) { return url.starts_with("http://") || url.starts_with("https://"); }

// A certificate may name hundreds of addresses; who means well names one or two.
std::vector<std::string> some(const std::vector<std::string>& urls) {
    constexpr std::size_t most = 2;
    return {urls.begin(), urls.begin() + static_cast<std::ptrdiff_t>(std::min(urls.size(), most))};
}

constexpr std::size_t most_issuers = 16; // in one answer

// Base64 within a path (RFC 5019, 5): three of its characters are not themselves there.
std::string path_safe(const std::string& base64) {
    std::string out;
    for (char c : base64) out += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    return out;
}

} // namespace

std::pair<std::string, bool> trust_services::apply_rewrites(std::string url) const {
    for (const options::rewrite& r : options_.rewrites)
        if (!r.from.empty() && url.starts_with(r.from)) {
            std::string to = r.to + url.substr(r.from.size());
            // "http://ocsp.ca" = "http://10.0.0.1" makes http://10.0.0.1.example.com of another's address.
            bool names_it = split(to).first == split(r.to).first;
            return {std::move(to), names_it};
        }
    return {std::move(url), false};
}

task<bytes> trust_services::ask_once(const question& q) {
    auto [server, target] = split(q.url);
    net::client_options how;
    how.url = server;
    how.http_proxy = server.starts_with("http://") ? options_.http_proxy : "";
    if (!q.ours)
        how.accept_address = [this](const std::string& host, const asio::ip::address& address) {
            return net::is_public(address) || options_.allowed.holds(host, address);
        };
    VANTHU_CO_TRY(auto client, net::client::open(executor_, std::move(how)));
    net::client_request request;
    request.target = target;
    if (!q.content_type.empty()) {
        request.method = "POST";
        request.fields.set("Content-Type", q.content_type);
        request.body = std::string(as_text(q.body));
    }
    request.fields.set("Accept", q.accept);
    request.idempotent = true; // a question asked twice does no harm
    request.response_limit = q.limit;
    request.deadline = in(options_.timeout);
    auto answer = co_await client->send(std::move(request));
    if (!answer && answer.error().code == net::errc::address_refused)
        co_return failed(errc::address_not_allowed, q.url + ": " + answer.error().detail);
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    if (answer->status == 200) co_return to_bytes(answer->body);
    bool for_now = answer->status >= 500 || answer->status == 408 || answer->status == 429;
    co_return failed(for_now ? errc::http_failed : errc::http_refused,
                     q.url + ": HTTP " + std::to_string(answer->status));
}

task<bytes> trust_services::ask(question q) {
    if (options_.offline) co_return failed(errc::offline, q.url);
    auto [url, named] = apply_rewrites(std::move(q.url));
    q.url = std::move(url);
    q.ours = q.ours || named;
    // ldap and others are not spoken
    if (!is_http(q.url)) co_return failed(q.ours ? errc::not_http : errc::no_address, q.url);
    auto pause = options_.pause;
    for (unsigned n = 1;; ++n) {
        auto answer = co_await ask_once(q);
        if (answer || !transient(answer.error().code) || n >= options_.tries) co_return answer;
        asio::steady_timer timer(executor_, pause);
        co_await timer.async_wait(asio::use_awaitable);
        pause *= 2;
    }
}

task<cms::timestamp_token> trust_services::stamp(std::string url, digest imprint) {
    bytes nonce = random_bytes(cms::nonce_size);
    VANTHU_CO_TRY(bytes reply, co_await ask({.url = std::move(url),
                                             .content_type = "application/timestamp-query",
                                             .body = cms::timestamp_request(imprint, nonce),
                                             .accept = "application/timestamp-reply",
                                             .limit = options_.answer_limit,
                                             .ours = true}));
    co_return cms::check_timestamp_reply(reply, imprint, nonce);
}

task<x509::ocsp_response> trust_services::ask_ocsp(const std::string& url, const x509::need& what) {
    question q{.url = url, .accept = "application/ocsp-response", .limit = options_.answer_limit};
    bytes nonce = options_.prefer_get ? bytes{} : random_bytes(16);
    bytes request = x509::ocsp_request(what.subject, what.issuer, nonce);
    if (options_.prefer_get) {
        q.url += (url.ends_with('/') ? "" : "/") + path_safe(base64_encode(request));
    } else {
        q.content_type = "application/ocsp-request";
        q.body = std::move(request);
    }
    auto reply = co_await ask(std::move(q));
    if (!reply) co_return std::unexpected(reply.error());
    VANTHU_CO_TRY(x509::ocsp_response answer, x509::parse_ocsp_response(*reply));
    if (!x509::nonce_agrees(answer, nonce)) co_return failed(errc::unfit_answer, url + ": nonce");
    if (!x509::speaks_of(answer, what.subject, what.issuer))
        co_return failed(errc::unfit_answer, url + ": certificate");
    co_return answer;
}

bool trust_services::lately(const std::string& question, timestamp now, std::chrono::minutes pause) const {
    auto asked = cache_.asked(question);
    return asked && *asked <= now && now - *asked < pause;
}

task<> trust_services::find_ocsp(const x509::need& what, timestamp now, bool anew, found& into) {
    const std::string question = evidence_cache::question(what.subject, what.issuer);
    if (anew && lately(question, now, options_.ocsp_pause)) co_return result<>();
    if (auto kept = cache_.ocsp(what.subject, what.issuer, now); kept && !anew) {
        into.evidence.ocsp_responses.push_back(std::move(*kept));
        co_return result<>();
    }
    if (!options_.offline && !what.subject.ocsp_urls().empty()) cache_.note_asked(question, now);
    failure last{errc::no_address, what.subject.subject()};
    for (const std::string& url : some(what.subject.ocsp_urls())) {
        auto answer = co_await ask_ocsp(url, what);
        if (answer) {
            cache_.keep(what.subject, what.issuer, *answer);
            into.evidence.ocsp_responses.push_back(std::move(*answer));
            co_return result<>();
        }
        last = answer.error();
    }
    co_return std::unexpected(last);
}

task<> trust_services::find_crl(const x509::need& what, timestamp now, bool anew, found& into) {
    failure last{errc::no_address, what.subject.subject()};
    for (const std::string& url : some(what.subject.crl_urls())) {
        if (anew && lately(url, now, options_.crl_pause)) co_return result<>();
        if (auto kept = cache_.crl(url, now); kept && !anew) {
            into.evidence.crls.push_back(std::move(*kept));
            co_return result<>();
        }
        if (!options_.offline) cache_.note_asked(url, now);
        auto answer = co_await ask({.url = url, .accept = "application/pkix-crl", .limit = options_.answer_limit});
        auto list = answer ? x509::parse_crl(*answer) : result<x509::crl>(std::unexpected(answer.error()));
        if (list) {
            cache_.keep(url, *list);
            into.evidence.crls.push_back(std::move(*list));
            co_return result<>();
        }
        last = list.error();
    }
    co_return std::unexpected(last);
}

task<> trust_services::find_issuers(const x509::need& what, timestamp now, found& into) {
    failure last{errc::no_address, what.subject.subject()};
    auto fits = [&](const std::vector<x509::certificate>& answer) {
        return answer.size() <= most_issuers && std::ranges::any_of(answer, [&](const x509::certificate& c) {
                   return x509::is_issuer_of(c, what.subject);
               });
    };
    for (const std::string& url : some(what.subject.issuer_urls())) {
        if (auto kept = cache_.issuers(url, now); kept && fits(*kept)) {
            into.issuers.insert(into.issuers.end(), kept->begin(), kept->end());
            co_return result<>();
        }
        auto answer = co_await ask({.url = url, .accept = "application/pkix-cert", .limit = options_.issuer_limit});
        auto certificates = answer ? x509::parse_certificates(*answer)
                                   : result<std::vector<x509::certificate>>(std::unexpected(answer.error()));
        if (certificates && !fits(*certificates)) certificates = failed(errc::unfit_answer, url + ": issuer");
        if (!certificates) {
            last = certificates.error();
            continue;
        }
        cache_.keep(url, *certificates);
        into.issuers.insert(into.issuers.end(), certificates->begin(), certificates->end());
        co_return result<>();
    }
    co_return std::unexpected(last);
}

task<> trust_services::find_newer(const x509::need& what, timestamp now, found& into) {
    if (options_.offline) co_return failed(errc::offline);
    if (what.subject.ocsp_urls().empty()) co_return co_await find_crl(what, now, true, into);
    co_return co_await find_ocsp(what, now, true, into);
}

asio::awaitable<void> trust_services::answer(const x509::need& what, timestamp now, bool crl_only, found& into) {
    found mine;
    result<> done;
    if (what.what == x509::need::kind::issuer) {
        done = co_await find_issuers(what, now, mine);
    } else if (what.what == x509::need::kind::newer_revocation) {
        (void)co_await find_newer(what, now, mine);
    } else {
        if (!crl_only) done = co_await find_ocsp(what, now, false, mine);
        if (crl_only || !done) {
            auto listed = co_await find_crl(what, now, false, mine);
            // Where there is no CRL either, the responder's trouble says more.
            if (crl_only || listed || listed.error().code != make_error_code(errc::no_address)) done = listed;
        }
    }
    into.evidence.add(mine.evidence);
    into.issuers.insert(into.issuers.end(), mine.issuers.begin(), mine.issuers.end());
    if (!done) into.troubles.push_back({what, done.error()});
}

task<found> trust_services::fetch(std::vector<x509::need> missing, timestamp now, bool crl_only) {
    found out;
    using question = decltype(asio::co_spawn(executor_, answer(missing.front(), now, crl_only, out), asio::deferred));
    for (std::size_t from = 0; from < missing.size(); from += options_.concurrency) {
        std::vector<question> together;
        for (std::size_t i = from; i < std::min<std::size_t>(missing.size(), from + options_.concurrency); ++i)
            together.push_back(asio::co_spawn(executor_, answer(missing[i], now, crl_only, out), asio::deferred));
        auto [order, thrown] = co_await asio::experimental::make_parallel_group(std::move(together))
                                   .async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
        for (const std::exception_ptr& e : thrown)
            if (e) std::rethrow_exception(e); // cancelled
    }
    co_return out;
}

task<found> gather(trust_services& services, timestamp now,
                   const std::function<std::vector<x509::need>(const found&)>& judge) {
    found all;
    std::vector<x509::need> asked, asked_twice;
    unsigned issuers_asked = 0;
    auto among = [](const std::vector<x509::need>& list, const x509::need& n) {
        return std::find(list.begin(), list.end(), n) != list.end();
    };
    for (int round = 0; round < 8; ++round) {
        std::vector<x509::need> fresh, again, too_many;
        // Certificates of one issuer ask once; where that was another's issuer, the next round asks again.
        std::set<std::vector<std::string>> places;
        for (x509::need& n : judge(all)) {
            if (!among(asked, n) && n.what == x509::need::kind::issuer) {
                if (!places.insert(n.subject.issuer_urls()).second) continue;
                (++issuers_asked > services.rules().issuer_questions ? too_many : fresh).push_back(std::move(n));
            } else if (!among(asked, n))
                fresh.push_back(std::move(n));
            else if (n.what == x509::need::kind::revocation && !among(asked_twice, n))
                again.push_back(std::move(n)); // the responder's answer did not convince
        }
        asked.insert(asked.end(), too_many.begin(), too_many.end());
        for (x509::need& n : too_many) {
            std::string whose = n.subject.subject();
            all.troubles.push_back({std::move(n), failure{errc::too_many_issuers, std::move(whose)}});
        }
        if (fresh.empty() && again.empty()) break;
        asked.insert(asked.end(), fresh.begin(), fresh.end());
        asked_twice.insert(asked_twice.end(), again.begin(), again.end());
        const bool only_newer = again.empty() && std::ranges::all_of(fresh, [](const x509::need& n) {
                                    return n.what == x509::need::kind::newer_revocation;
                                });
        bool got_anything = false;
        for (auto [missing, crl_only] : {std::pair(&fresh, false), {&again, true}}) {
            if (missing->empty()) continue;
            VANTHU_CO_TRY(found more, co_await services.fetch(std::move(*missing), now, crl_only));
            got_anything = got_anything || more.anything();
            all.evidence.add(more.evidence);
            for (x509::certificate& c : more.issuers)
                if (std::find(all.issuers.begin(), all.issuers.end(), c) == all.issuers.end())
                    all.issuers.push_back(std::move(c));
            all.troubles.insert(all.troubles.end(), more.troubles.begin(), more.troubles.end());
        }
        if (only_newer && !got_anything) break; // the judge would say the same
    }
    co_return all;
}

} // namespace vanthu::trust_services

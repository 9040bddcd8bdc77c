#include "adapters/trust_services/evidence_cache.hpp"

#include "daemon/base/files.hpp"

#include <algorithm>

namespace vanthu::trust_services {
namespace {

constexpr std::size_t largest = 32u << 20; // the same as trust_services takes from the network

std::filesystem::path place(const std::filesystem::path& directory, std::string_view question, const char* kind) {
    return directory / (sha256::of(question).hex() + kind);
}

std::optional<bytes> read(const std::filesystem::path& directory, std::string_view question, const char* kind) {
    if (directory.empty()) return std::nullopt;
    auto content = read_file(place(directory, question, kind), largest);
    return content ? std::optional(std::move(*content)) : std::nullopt;
}

void write(const std::filesystem::path& directory, std::string_view question, const char* kind, bytes_view content) {
    if (directory.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(directory, ignored);
    (void)write_file_atomically(place(directory, question, kind), content, 0644);
}

} // namespace

std::string evidence_cache::question(const x509::certificate& subject, const x509::certificate& issuer) {
    return subject.sha256().hex() + issuer.sha256().hex();
}

std::optional<timestamp> evidence_cache::asked(const std::string& question) const {
    if (auto here = asked_.find(question); here != asked_.end()) return here->second;
    auto content = read(directory_, question, ".asked");
    return content ? from_rfc3339(as_text(*content)) : std::nullopt;
}

void evidence_cache::note_asked(const std::string& question, timestamp now) {
    asked_[question] = now;
    write(directory_, question, ".asked", as_bytes(to_rfc3339(now)));
}

std::optional<x509::crl> evidence_cache::crl(const std::string& url, timestamp now) const {
    auto content = read(directory_, url, ".crl");
    auto list = content ? x509::parse_crl(*content) : result<x509::crl>();
    if (!content || !list || !list->next_update() || *list->next_update() < now) return std::nullopt;
    return *list;
}

std::optional<x509::ocsp_response> evidence_cache::ocsp(const x509::certificate& subject,
                                                        const x509::certificate& issuer, timestamp now) const {
    auto content = read(directory_, question(subject, issuer), ".ocsp");
    auto answer = content ? x509::parse_ocsp_response(*content) : result<x509::ocsp_response>();
    if (!content || !answer || !x509::next_update(*answer) || *x509::next_update(*answer) < now) return std::nullopt;
    return *answer;
}

std::optional<std::vector<x509::certificate>> evidence_cache::issuers(const std::string& url, timestamp now) const {
    auto content = read(directory_, url, ".crt");
    auto found = content ? x509::parse_certificates(*content) : result<std::vector<x509::certificate>>();
    if (!content || !found || found->empty()) return std::nullopt;
    if (std::any_of(found->begin(), found->end(), [&](const auto& c) { return c.not_after() < now; }))
        return std::nullopt;
    return *found;
}

void evidence_cache::keep(const std::string& url, const x509::crl& list) const {
    if (list.next_update()) write(directory_, url, ".crl", list.der());
}

void evidence_cache::keep(const x509::certificate& subject, const x509::certificate& issuer,
                          const x509::ocsp_response& answer) const {
    if (x509::next_update(answer)) write(directory_, question(subject, issuer), ".ocsp", answer.der());
}

void evidence_cache::keep(const std::string& url, const std::vector<x509::certificate>& issuers) const {
    std::string pem;
    for (const x509::certificate& c : issuers) pem += c.to_pem();
    write(directory_, url, ".crt", as_bytes(pem));
}

} // namespace vanthu::trust_services

// Answers about revocation and issuers on disk, so that the same question is not asked twice while its answer holds.
//
//   DIRECTORY/SHA256-OF-THE-QUESTION.{crl,ocsp,crt}     the answer's DER, as it came
//   DIRECTORY/SHA256-OF-THE-QUESTION.asked              when a server was last asked about it (RFC 3339)
//
// Nothing here is trusted: whoever uses an answer verifies it (x509::validate_path), so a forged file costs a verdict
// and never makes one. Written by rename, so that a reader sees whole files; several processes may share a directory.
// A directory that cannot be read or written is the same as an empty one: the cache saves time and nothing depends on
// it. An empty path is no cache.
#pragma once

#include "daemon/base/clock.hpp"
#include "signing/x509/path.hpp"

#include <filesystem>
#include <map>

namespace vanthu::trust_services {

class evidence_cache {
public:
    explicit evidence_cache(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // An answer that has not passed its nextUpdate at `now`; one without nextUpdate is never kept.
    std::optional<x509::crl> crl(const std::string& url, timestamp now) const;
    std::optional<x509::ocsp_response> ocsp(const x509::certificate& subject, const x509::certificate& issuer,
                                            timestamp now) const;
    // Certificates do not change: until the certificate expires.
    std::optional<std::vector<x509::certificate>> issuers(const std::string& url, timestamp now) const;

    void keep(const std::string& url, const x509::crl& list) const;
    void keep(const x509::certificate& subject, const x509::certificate& issuer,
              const x509::ocsp_response& answer) const;
    void keep(const std::string& url, const std::vector<x509::certificate>& issuers) const;

    // When a server was last asked for a CRL (by its URL) or for an OCSP answer: also by other processes.
    std::optional<timestamp> asked(const std::string& question) const;
    void note_asked(const std::string& question, timestamp now);
    static std::string question(const x509::certificate& subject, const x509::certificate& issuer);

private:
    std::map<std::string, timestamp> asked_; // where nothing can be kept on disk
    std::filesystem::path directory_;
};

} // namespace vanthu::trust_services

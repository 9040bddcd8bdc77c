// What the CRLs (RFC 5280, section 6.3, without indirect and delta CRLs) and OCSP responses (RFC 6960) at hand say
// about one certificate.
#pragma once

#include "signing/x509/cache.hpp"
#include "signing/x509/path.hpp"

namespace vanthu::x509 {

inline constexpr auto clock_skew = std::chrono::minutes(5); // data may come from a clock this much ahead of ours

struct revocation_question {
    const certificate& subject;
    const certificate& issuer;
    timestamp at;      // the time in question
    timestamp now;     // of validation
    timestamp horizon; // what the issuer's key signed counts only if it is proven to have existed by then
    const path_rules& rules;
    const proofs& proven;
    const std::vector<certificate>& extra; // among which a responder's certificate may be
    const std::vector<crl>& crls;          // with which a responder is checked
    cache* memory = nullptr;

    timestamp exists_since(const digest& object) const {
        auto found = proven.since.find(object);
        return found == proven.since.end() ? now : std::min(now, found->second);
    }
};

// What one genuine and applicable CRL or response says.
struct statement {
    enum kind { good = 1, unknown, held, revoked } says = unknown; // in the order in which equally new ones prevail
    timestamp this_update{};
    bool timely = false; // it may speak about `at`
    std::optional<timestamp> next_update;
    std::optional<revocation_entry> entry; // revoked and held
    evidence source;                       // itself, and what its signer was checked with
    std::string_view remark{};             // code of a finding
};

struct revocation_status {
    enum { good = 1, revoked, unknown } state = unknown;
    std::optional<revocation_entry> entry; // set when the certificate is named as revoked, before or after `at`
    std::string_view why_unknown = "x509.no_revocation_data"; // code of a finding
    std::optional<timestamp> try_again;                       // where newer data is announced
    evidence used;                                            // set when good or revoked: what says so
    timestamp this_update{};                                  // set when good: of `used`
    std::string_view remark{};                                // code of a finding
    std::vector<need> missing;                                // besides the data about the certificate itself
};

revocation_status check_revocation(const revocation_question& about, const evidence& known);

// Add what they find to `all`; a reason for which something could not be used goes to `out`.
void read_crls(const revocation_question& about, const std::vector<crl>& crls, std::vector<statement>& all,
               revocation_status& out);
void read_ocsp(const revocation_question& about, const std::vector<ocsp_response>& responses,
               std::vector<statement>& all, revocation_status& out);

// Is data issued at `this_update` for a period of validity about `at`? `retained_since`: the authority still lists
// certificates that expired after it.
bool timely(const revocation_question& about, timestamp this_update, std::optional<timestamp> valid_until,
            std::optional<timestamp> retained_since);
// "keyCompromise" and so on (RFC 5280, 5.3.1).
std::string reason_text(long code);
// Of a CRL's or response's signature: may the hash have been used when the object came into being?
bool acceptable_hash(const revocation_question& about, int md_nid, timestamp since);

} // namespace vanthu::x509

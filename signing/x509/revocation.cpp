#include "signing/x509/revocation.hpp"

#include <algorithm>

namespace vanthu::x509 {

std::string reason_text(long code) {
    static constexpr std::string_view names[] = {"unspecified",        "keyCompromise", "cACompromise",
                                                 "affiliationChanged", "superseded",    "cessationOfOperation",
                                                 "certificateHold",    "unspecified",   "removeFromCRL",
                                                 "privilegeWithdrawn", "aACompromise"};
    return std::string(code >= 0 && code < long(std::size(names)) ? names[code] : names[0]);
}

bool acceptable_hash(const revocation_question& about, int md_nid, timestamp since) {
    return since <= about.rules.suite.until(hash_name(md_nid));
}

bool timely(const revocation_question& about, timestamp this_update, std::optional<timestamp> valid_until,
            std::optional<timestamp> retained_since) {
    if (this_update > about.now + clock_skew) return false; // from the future
    bool knows_expired = retained_since && *retained_since <= about.subject.not_after();
    if (this_update > about.at) return this_update <= about.subject.not_after() || knows_expired;
    if (this_update > about.subject.not_after() && !knows_expired) return false; // it may have been dropped
    if (about.rules.max_revocation_age && about.at - this_update > *about.rules.max_revocation_age) return false;
    return valid_until && about.at <= *valid_until;
}

revocation_status check_revocation(const revocation_question& about, const evidence& known) {
    revocation_status out;
    std::vector<statement> all;
    read_crls(about, known.crls, all, out);
    read_ocsp(about, known.ocsp_responses, all, out);

    const statement* latest = nullptr;
    const statement* final_word = nullptr; // the earliest revocation: it is never taken back
    for (const statement& s : all) {
        if (s.says == statement::revoked && (!final_word || s.entry->when < final_word->entry->when)) final_word = &s;
        if (!s.timely) continue;
        if (!latest || std::pair(s.this_update, s.says) > std::pair(latest->this_update, latest->says)) latest = &s;
    }
    if (!latest && !all.empty()) {
        auto newest = std::max_element(all.begin(), all.end(), [](const statement& a, const statement& b) {
            return a.this_update < b.this_update;
        });
        if (newest->next_update > about.now) out.try_again = newest->next_update;
    }
    // A hold may be lifted: only the latest word counts.
    const statement* against = final_word ? final_word : latest && latest->says == statement::held ? latest : nullptr;
    if (against) out.entry = against->entry;
    if (against && against->entry->when <= about.at) {
        out.state = revocation_status::revoked;
        out.used = against->source;
    } else if (latest && latest->says == statement::unknown) {
        out.why_unknown = "x509.ocsp_unknown";
    } else if (latest) {
        out.state = revocation_status::good;
        out.used = latest->source;
        out.this_update = latest->this_update;
        out.remark = latest->remark;
    }
    if (out.state != revocation_status::unknown) out.missing.clear();
    return out;
}

} // namespace vanthu::x509

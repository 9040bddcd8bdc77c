#include "signing/x509/openssl.hpp"
#include "signing/x509/revocation.hpp"

#include <algorithm>
#include <openssl/ocsp.h>

namespace vanthu::x509 {
using namespace ossl;
namespace {

// A response without nextUpdate promises nothing about later (RFC 6960, 4.2.2.1): it counts for this long.
constexpr auto without_next_update = std::chrono::hours(24);

bool names_subject(const OCSP_CERTID* id, const revocation_question& about) {
    ASN1_OBJECT* algorithm = nullptr;
    OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
    const EVP_MD* md = EVP_get_digestbyobj(algorithm);
    if (!md) return false;
    owned<OCSP_CERTID, OCSP_CERTID_free> own(OCSP_cert_to_id(md, about.subject.native(), about.issuer.native()));
    return own && OCSP_id_cmp(own.get(), id) == 0;
}

OCSP_SINGLERESP* answer_for(OCSP_BASICRESP* response, const revocation_question& about) {
    for (int i = 0; i < OCSP_resp_count(response); ++i) {
        OCSP_SINGLERESP* one = OCSP_resp_get0(response, i);
        if (names_subject(OCSP_SINGLERESP_get0_id(one), about)) return one;
    }
    return nullptr;
}

bool odd_extensions(OCSP_BASICRESP* response, OCSP_SINGLERESP* one) {
    auto odd = [](X509_EXTENSION* extension) {
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
        return X509_EXTENSION_get_critical(extension) && nid != NID_id_pkix_OCSP_Nonce &&
               nid != NID_id_pkix_OCSP_archiveCutoff;
    };
    for (int i = 0; i < OCSP_BASICRESP_get_ext_count(response); ++i)
        if (odd(OCSP_BASICRESP_get_ext(response, i))) return true;
    for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(one); ++i)
        if (odd(OCSP_SINGLERESP_get_ext(one, i))) return true;
    return false;
}

std::optional<timestamp> retained_since(OCSP_SINGLERESP* one) {
    owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free> cutoff(static_cast<ASN1_GENERALIZEDTIME*>(
        OCSP_SINGLERESP_get1_ext_d2i(one, NID_id_pkix_OCSP_archiveCutoff, nullptr, nullptr)));
    return cutoff ? time_of(cutoff.get()) : std::nullopt;
}

bool is_responder(OCSP_BASICRESP* response, const certificate& who) {
    const ASN1_OCTET_STRING* key = nullptr;
    const X509_NAME* name = nullptr;
    if (OCSP_resp_get0_id(response, &key, &name) != 1) return false;
    if (name) return X509_NAME_cmp(name, X509_get_subject_name(who.native())) == 0;
    bytes hash(20);
    return X509_pubkey_digest(who.native(), EVP_sha1(), hash.data(), nullptr) == 1 && hash == octets(key);
}

bool signed_by(const ocsp_response& response, const certificate& who, cache* memory) {
    return is_signed_by(signed_object::ocsp_response, response.sha256(), who, memory, [&] {
        OCSP_BASICRESP* native = response.native();
        bool good =
            who.public_key() &&
            ASN1_item_verify(ASN1_ITEM_rptr(OCSP_RESPDATA), OCSP_resp_get0_tbs_sigalg(native),
                             OCSP_resp_get0_signature(native), OCSP_resp_get0_respdata(native), who.public_key()) == 1;
        drain_errors();
        return good;
    });
}

// RFC 6960, 4.2.2.2: issued directly by the CA that is asked about, for exactly this.
bool delegated(const certificate& who, const certificate& issuer, cache* memory) {
    constexpr std::uint32_t unfit = EXFLAG_CRITICAL | EXFLAG_INVALID;
    bool good = X509_check_issued(issuer.native(), who.native()) == X509_V_OK && issuer.public_key() &&
                is_signed_by(signed_object::certificate, who.sha256(), issuer, memory,
                             [&] { return X509_verify(who.native(), issuer.public_key()) == 1; });
    std::uint32_t flags = X509_get_extension_flags(who.native());
    good = good && !(flags & unfit) && (flags & EXFLAG_XKUSAGE) &&
           (X509_get_extended_key_usage(who.native()) & XKU_OCSP_SIGN);
    const key_usage& usage = who.usage();
    drain_errors();
    return good && (!usage.present || usage.digital_signature || usage.non_repudiation);
}

int hash_of_certificate(const certificate& c) {
    int md = NID_undef;
    X509_get_signature_info(c.native(), &md, nullptr, nullptr, nullptr);
    return md;
}

class reading {
public:
    reading(const revocation_question& about, revocation_status& out) : about_(about), out_(out) {}

    // The statement, or the reason in the status.
    std::optional<statement> read(const ocsp_response& response) {
        OCSP_BASICRESP* native = response.native();
        OCSP_SINGLERESP* one = answer_for(native, about_);
        if (!one) return std::nullopt; // about others
        statement s;
        if (!fill(s, one, response)) return refuse("x509.ocsp_stale");
        if (odd_extensions(native, one)) return refuse("x509.ocsp_extension");
        if (!trust_signer(s, response)) return std::nullopt;
        s.source.ocsp_responses.push_back(response);
        if (!s.timely) refuse("x509.ocsp_stale");
        return s;
    }

private:
    std::nullopt_t refuse(std::string_view code) {
        out_.why_unknown = code;
        return std::nullopt;
    }

    bool fill(statement& s, OCSP_SINGLERESP* one, const ocsp_response& response) {
        int reason = -1;
        ASN1_GENERALIZEDTIME *revoked = nullptr, *issued = nullptr, *next = nullptr;
        int status = OCSP_single_get0_status(one, &reason, &revoked, &issued, &next);
        auto this_update = time_of(issued);
        if (!this_update || response.produced_at() > about_.now + clock_skew) return false;
        s.this_update = *this_update;
        s.next_update = time_of(next);
        s.timely = timely(about_, s.this_update, s.next_update.value_or(s.this_update + without_next_update),
                          retained_since(one));
        if (status == V_OCSP_CERTSTATUS_GOOD) s.says = statement::good;
        if (status == V_OCSP_CERTSTATUS_REVOKED) {
            s.says = reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD ? statement::held : statement::revoked;
            s.entry = revocation_entry{time_of(revoked).value_or(timestamp::min()), reason_text(reason), true};
        }
        return true;
    }

    bool trust_signer(statement& s, const ocsp_response& response) {
        OCSP_BASICRESP* native = response.native();
        timestamp since = about_.exists_since(response.sha256());
        if (!acceptable_hash(about_, signature_hash(OCSP_resp_get0_tbs_sigalg(native)), since))
            return refuse("x509.ocsp_weak_algorithm"), false;
        if (is_responder(native, about_.issuer) && signed_by(response, about_.issuer, about_.memory)) {
            if (since > about_.horizon) refuse("x509.evidence_not_proven");
            return since <= about_.horizon;
        }
        for (const auto* list : {&response.certificates(), &about_.extra})
            for (const certificate& c : *list)
                if (is_responder(native, c) && delegated(c, about_.issuer, about_.memory) &&
                    signed_by(response, c, about_.memory))
                    return trust_delegate(s, c, response.produced_at(), since);
        return refuse("x509.ocsp_bad_signature"), false;
    }

    bool trust_delegate(statement& s, const certificate& who, timestamp produced, timestamp since) {
        if (produced < who.not_before() || produced > who.not_after()) return refuse("x509.ocsp_bad_signature"), false;
        timestamp key_until = about_.rules.suite.until_of_key(who);
        if (since > key_until || !acceptable_hash(about_, hash_of_certificate(who), since))
            return refuse("x509.ocsp_weak_algorithm"), false;
        timestamp horizon = std::min(about_.horizon, who.not_after());
        if (X509_get_ext_by_NID(who.native(), NID_id_pkix_OCSP_noCheck, -1) < 0 && !check(s, who, produced, horizon))
            return false;
        if (since <= horizon) return true;
        return refuse("x509.evidence_not_proven"), false;
    }

    // Without id-pkix-ocsp-nocheck the responder's own status is asked of the CA's CRLs.
    bool check(statement& s, const certificate& who, timestamp produced, timestamp& horizon) {
        static const std::vector<certificate> nobody;
        revocation_question own{who,          about_.issuer, produced, about_.now,  about_.horizon,
                                about_.rules, about_.proven, nobody,   about_.crls, about_.memory};
        revocation_status status = check_revocation(own, {about_.crls, {}});
        if (status.state == revocation_status::revoked) return refuse("x509.ocsp_responder_revoked"), false;
        if (status.entry) horizon = std::min(horizon, status.entry->when);
        s.source.add(status.used);
        if (status.state == revocation_status::good) return true;
        if (about_.rules.tolerate_unchecked_responder) {
            s.remark = "x509.ocsp_responder_unchecked";
            return true;
        }
        out_.missing.push_back({need::kind::revocation, who, about_.issuer});
        return refuse("x509.ocsp_responder_unchecked"), false;
    }

    const revocation_question& about_;
    revocation_status& out_;
};

} // namespace

void read_ocsp(const revocation_question& about, const std::vector<ocsp_response>& responses,
               std::vector<statement>& all, revocation_status& out) {
    reading each(about, out);
    for (const ocsp_response& response : responses)
        if (auto s = each.read(response)) all.push_back(std::move(*s));
}

} // namespace vanthu::x509

#include "signing/x509/path.hpp"

#include "signing/x509/openssl.hpp"
#include "signing/x509/revocation.hpp"

#include <cstdlib>

namespace vanthu::x509 {
using namespace ossl;
using signing::finding;
using signing::indication;
namespace sub = signing::sub;
namespace {

struct finding_row {
    std::string_view code, vi, en;
};
constexpr finding_row findings[] = {
    {"x509.no_chain", "Không dựng được chuỗi chứng thư số đến một gốc tin cậy.",
     "No certificate chain leads to a trusted root."},
    {"x509.chain_broken", "Chữ ký trên một chứng thư số trong chuỗi không đúng.",
     "The signature on a certificate of the chain is wrong."},
    {"x509.chain_constraint", "Một chứng thư số trong chuỗi vi phạm ràng buộc của chuỗi.",
     "A certificate of the chain violates a constraint of the chain."},
    {"x509.wrong_purpose", "Chứng thư số không được cấp cho mục đích ký này.",
     "The certificate was not issued for this kind of signature."},
    {"x509.weak_certificate_signature", "Một chứng thư số trong chuỗi được ký bằng thuật toán yếu (ví dụ SHA-1).",
     "A certificate of the chain is signed with a weak algorithm such as SHA-1."},
    {"x509.sha1_tolerated", "Chứng thư số G1 của Chính phủ ký bằng SHA-1 được chấp nhận vì đã ghim dấu vân tay.",
     "A SHA-1 signed G1 certificate of the Government CA is accepted because it is pinned."},
    {"x509.weak_key", "Khóa của một chứng thư số trong chuỗi quá yếu hoặc không được chấp nhận.",
     "The key of a certificate of the chain is too weak or of a kind that is not accepted."},
    {"x509.expired", "Chứng thư số đã hết hạn tại thời điểm xét.",
     "The certificate had expired at the time in question."},
    {"x509.not_yet_valid", "Chứng thư số chưa có hiệu lực tại thời điểm xét.",
     "The certificate was not yet valid at the time in question."},
    {"x509.ca_out_of_bounds", "Chứng thư số của cơ quan chứng thực không còn hoặc chưa có hiệu lực tại thời điểm xét.",
     "A CA certificate of the chain was not valid at the time in question."},
    {"x509.revoked", "Chứng thư số đã bị thu hồi trước thời điểm xét.",
     "The certificate was revoked before the time in question."},
    {"x509.ca_revoked", "Chứng thư số của cơ quan chứng thực đã bị thu hồi.",
     "A CA certificate of the chain was revoked."},
    {"x509.revoked_later", "Chứng thư số bị thu hồi sau thời điểm xét; chữ ký trước đó không bị ảnh hưởng.",
     "The certificate was revoked after the time in question, which does not touch older signatures."},
    {"x509.no_revocation_data", "Không có danh sách thu hồi (CRL) để kiểm tra tình trạng chứng thư số.",
     "There is no revocation list to check the status of the certificate with."},
    {"x509.crl_stale", "Danh sách thu hồi (CRL) đã quá hạn hoặc không phủ thời điểm xét.",
     "The revocation list is out of date or does not cover the time in question."},
    {"x509.crl_bad_signature", "Chữ ký của danh sách thu hồi (CRL) không đúng.",
     "The signature of the revocation list is wrong."},
    {"x509.crl_out_of_scope", "Danh sách thu hồi (CRL) không áp dụng cho chứng thư số này.",
     "The revocation list does not speak about this certificate."},
    {"x509.crl_weak_algorithm", "Danh sách thu hồi (CRL) được ký bằng thuật toán yếu.",
     "The revocation list is signed with a weak algorithm."},
};

class judgement {
public:
    explicit judgement(path_verdict& out) : out_(out) {}
    void remark(std::string_view code) {
        if (signing::has_finding(out_.findings, code)) return;
        for (const finding_row& row : findings)
            if (row.code == code) {
                out_.findings.push_back({std::string(row.code), std::string(row.vi), std::string(row.en)});
                return;
            }
        std::abort(); // a code without a text is our own mistake
    }
    // The first reason given stays the sub-indication; later ones are findings only.
    void doubt(std::string_view sub_indication, std::string_view code) {
        remark(code);
        if (out_.sub_indication.empty()) out_.sub_indication = sub_indication;
    }
    bool doubted() const { return !out_.sub_indication.empty(); }

private:
    path_verdict& out_;
};

inline void free_borrowed(STACK_OF(X509) * s) { sk_X509_free(s); }
using stack = owned<STACK_OF(X509), free_borrowed>; // certificates borrowed

void push(const stack& s, const certificate& c) {
    if (!s || sk_X509_push(s.get(), c.native()) <= 0) std::abort(); // out of memory
}

const certificate* find_known(X509* wanted, const certificate& leaf, const std::vector<certificate>& extra,
                              const trust_store& trust) {
    if (leaf.native() == wanted) return &leaf;
    for (const auto* list : {&trust.anchors, &trust.intermediates, &extra})
        for (const certificate& c : *list)
            if (c.native() == wanted) return &c;
    return nullptr;
}

// Which constraint of the chain did OpenSSL miss?
void explain_chain_error(int error, judgement& judge) {
    switch (error) {
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
        return judge.doubt(sub::certificate_chain_general_failure, "x509.chain_broken");
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED:
        return judge.doubt(sub::no_certificate_chain_found, "x509.no_chain");
    default: // not a CA, path length, names, critical extensions, key usage
        return judge.doubt(sub::chain_constraints_failure, "x509.chain_constraint");
    }
}

void build_chain(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                 path_verdict& out, judgement& judge) {
    stack anchors(sk_X509_new_null()), others(sk_X509_new_null());
    for (const certificate& c : trust.anchors) push(anchors, c);
    for (const certificate& c : trust.intermediates) push(others, c); // ours go first
    for (const certificate& c : extra) push(others, c);

    owned<X509_STORE_CTX, X509_STORE_CTX_free> ctx(X509_STORE_CTX_new());
    if (!ctx || X509_STORE_CTX_init(ctx.get(), nullptr, leaf.native(), others.get()) != 1) std::abort();
    X509_STORE_CTX_set0_trusted_stack(ctx.get(), anchors.get());
    // Dates and revocation are judged below, each with its own words. An anchor need not be self-signed.
    X509_STORE_CTX_set_flags(ctx.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_CTX_set_depth(ctx.get(), 8);
    bool good = X509_verify_cert(ctx.get()) == 1;
    if (!good) explain_chain_error(X509_STORE_CTX_get_error(ctx.get()), judge);
    drain_errors();
    const STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(ctx.get());
    for (int i = 0; built && i < sk_X509_num(built); ++i)
        if (const certificate* c = find_known(sk_X509_value(built, i), leaf, extra, trust)) out.chain.push_back(*c);
}

void check_purpose(const certificate& leaf, purpose why, judgement& judge) {
    const key_usage& usage = leaf.usage();
    bool fit = true;
    if (why == purpose::document_signature) fit = !usage.present || usage.digital_signature || usage.non_repudiation;
    if (why == purpose::time_stamping) fit = X509_check_purpose(leaf.native(), X509_PURPOSE_TIMESTAMP_SIGN, 0) == 1;
    drain_errors();
    if (!fit) judge.doubt(sub::chain_constraints_failure, "x509.wrong_purpose");
}

bool strong_key(const certificate& c) {
    switch (c.kind()) {
    case key_kind::rsa:
        return c.key_bits() >= 2048;
    case key_kind::ec_p256:
    case key_kind::ec_p384:
        return true;
    default:
        return false;
    }
}

void check_algorithms(const std::vector<certificate>& chain, const trust_store& trust, judgement& judge) {
    for (const certificate& c : chain) {
        if (!strong_key(c)) judge.doubt(sub::crypto_constraints_failure_no_poe, "x509.weak_key");
        int md = NID_undef;
        X509_get_signature_info(c.native(), &md, nullptr, nullptr, nullptr);
        if (md == NID_sha256 || md == NID_sha384 || md == NID_sha512) continue;
        const auto& pinned = trust.sha1_tolerated;
        if (md == NID_sha1 && std::find(pinned.begin(), pinned.end(), c.sha256()) != pinned.end())
            judge.remark("x509.sha1_tolerated");
        else
            judge.doubt(sub::crypto_constraints_failure_no_poe, "x509.weak_certificate_signature");
    }
    drain_errors();
}

// First what is revoked; what is merely unknown comes last, after all better known reasons.
void check_revoked(path_verdict& out, const evidence& known, timestamp at, judgement& judge, bool& unknown,
                   std::string_view& why_unknown) {
    for (std::size_t i = 0; i + 1 < out.chain.size(); ++i) {
        revocation_status status = check_crls(out.chain[i], out.chain[i + 1], known.crls, at);
        if (status.entry && (!out.revoked || status.entry->when < out.revoked->when)) {
            out.revoked = status.entry;
            out.revoked->of_leaf = i == 0;
        }
        if (status.state == revocation_status::revoked)
            i == 0 ? judge.doubt(sub::revoked_no_poe, "x509.revoked")
                   : judge.doubt(sub::revoked_ca_no_poe, "x509.ca_revoked");
        else if (status.entry)
            judge.remark("x509.revoked_later");
        out.used.add(status.used);
        if (status.state == revocation_status::unknown) {
            unknown = true;
            out.missing.push_back({need::kind::revocation, out.chain[i], out.chain[i + 1]});
            why_unknown = status.why_unknown;
        }
    }
}

void check_dates(const std::vector<certificate>& chain, timestamp at, judgement& judge) {
    for (std::size_t i = 0; i < chain.size(); ++i) {
        bool early = at<chain[i].not_before(), late = at> chain[i].not_after();
        if (!early && !late) continue;
        judge.doubt(sub::out_of_bounds_no_poe, i > 0  ? "x509.ca_out_of_bounds"
                                               : late ? "x509.expired"
                                                      : "x509.not_yet_valid");
    }
}

} // namespace

void evidence::add(const evidence& more) {
    auto merge = [](auto& mine, const auto& others) {
        for (const auto& o : others)
            if (std::none_of(mine.begin(), mine.end(), [&](const auto& m) { return m.der() == o.der(); }))
                mine.push_back(o);
    };
    merge(crls, more.crls);
    merge(ocsp_responses, more.ocsp_responses);
}

path_verdict validate_path(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                           const evidence& known, timestamp at, purpose why, revocation_rule rule) {
    path_verdict out;
    judgement judge(out);
    build_chain(leaf, extra, trust, out, judge);
    if (judge.doubted()) { // without a chain nothing below has a meaning
        if (out.sub_indication == sub::no_certificate_chain_found)
            out.missing.push_back({need::kind::issuer, out.chain.empty() ? leaf : out.chain.back(), {}});
        return out;
    }
    for (std::size_t i = 1; i + 1 < out.chain.size(); ++i)
        if (!out.chain[i].is_ca()) judge.doubt(sub::chain_constraints_failure, "x509.chain_constraint");
    check_purpose(leaf, why, judge);
    bool unknown = false;
    std::string_view why_unknown;
    check_revoked(out, known, at, judge, unknown, why_unknown);
    check_algorithms(out.chain, trust, judge);
    check_dates(out.chain, at, judge);
    if (unknown && rule == revocation_rule::required) judge.doubt(sub::try_later, why_unknown);
    out.indication = judge.doubted() ? indication::indeterminate : indication::total_passed;
    return out;
}

} // namespace vanthu::x509

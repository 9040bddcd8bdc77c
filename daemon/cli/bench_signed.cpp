#include "daemon/cli/bench_signed.hpp"

#include "daemon/cli/bench_documents.hpp"
#include "signing/cades/levels.hpp"
#include "signing/pdf/long_term.hpp"
#include "signing/x509/openssl.hpp"

#include <openssl/err.h>

namespace vanthu::cli {
using namespace ossl;
namespace {

result<bytes> message(const bench_pki& pki, std::size_t who, const digest& content, bool pades, bool stamped) {
    cms::build_options how;
    if (!pades) how.signing_time = system_clock().now();
    VANTHU_TRY(bytes made, cms::build_signature(content, pki.signer(who), how));
    if (!stamped) return made;
    VANTHU_TRY(digest imprint, cms::signature_imprint(made));
    return cms::add_timestamp(made, pki.stamp(imprint));
}

} // namespace

result<std::vector<signed_document>> make_cades(const bench_pki& pki, unsigned count, std::size_t size,
                                                bool long_term) {
    std::vector<signed_document> all;
    for (unsigned i = 0; i < count; ++i) {
        signed_document d;
        d.signer = i % pki.signers().size();
        d.content = random_bytes(size);
        VANTHU_TRY(d.cms, message(pki, d.signer, sha256::of(d.content), false, long_term));
        if (long_term) {
            VANTHU_TRY(d.cms, cades::to_lt(d.cms, pki.evidence_of(d.signer), pki.chain_of(d.signer)));
        }
        all.push_back(std::move(d));
    }
    return all;
}

result<std::vector<signed_document>> make_pades(const bench_pki& pki, unsigned count, std::size_t size,
                                                bool long_term) {
    VANTHU_TRY(pdf::signature_request request, leaders_request(false, system_clock().now()));
    std::vector<signed_document> all;
    for (unsigned i = 0; i < count; ++i) {
        signed_document d;
        d.signer = i % pki.signers().size();
        VANTHU_TRY(pdf::prepared p, pdf::prepare(make_office_pdf(size, i), request));
        d.content.assign(p.before().begin(), p.before().end());
        d.content.insert(d.content.end(), p.after().begin(), p.after().end());
        VANTHU_TRY(d.cms, message(pki, d.signer, p.content_sha256, true, long_term));
        VANTHU_TRY(d.file, pdf::finish(std::move(p), d.cms));
        if (long_term) {
            VANTHU_TRY(d.file, pdf::add_evidence(d.file, pki.evidence_of(d.signer), pki.chain_of(d.signer)));
        }
        all.push_back(std::move(d));
    }
    return all;
}

openssl_verifier::openssl_verifier(const x509::certificate& root) : store_(X509_STORE_new(), X509_STORE_free) {
    if (!store_ || X509_STORE_add_cert(store_.get(), root.native()) != 1) std::abort();
}

bool openssl_verifier::verify(const signed_document& d) const {
    const unsigned char* at = d.cms.data();
    cms_ptr message(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(d.cms.size())));
    bio_ptr content(BIO_new_mem_buf(d.content.data(), static_cast<int>(d.content.size())));
    bool good = message && CMS_verify(message.get(), nullptr, store_.get(), content.get(), nullptr, CMS_BINARY) == 1;
    ERR_clear_error();
    return good;
}

} // namespace vanthu::cli

#include "tests/support/test_ca.hpp"

#include <cstdlib>
#include <openssl/err.h>
#include <openssl/ts.h>

namespace vanthu::test {
namespace {

ASN1_INTEGER* random_serial(TS_RESP_CTX*, void*) {
    bytes raw = random_bytes(8);
    raw[0] = static_cast<std::uint8_t>((raw[0] & 0x7f) | 1);
    BIGNUM* number = BN_bin2bn(raw.data(), static_cast<int>(raw.size()), nullptr);
    ASN1_INTEGER* serial = BN_to_ASN1_INTEGER(number, nullptr);
    BN_free(number);
    return serial;
}

int given_time(TS_RESP_CTX*, void* data, long* seconds, long* microseconds) {
    std::int64_t us = to_us(*static_cast<timestamp*>(data));
    *seconds = static_cast<long>(us / 1'000'000);
    *microseconds = 0;
    return 1;
}

// Another nonce or imprint of the same length: the answer to somebody else's question.
bytes other_question(bytes_view request, const tsa_behaviour& how) {
    const unsigned char* at = request.data();
    TS_REQ* req = d2i_TS_REQ(nullptr, &at, static_cast<long>(request.size()));
    if (!req) return bytes(request.begin(), request.end());
    if (how.other_nonce) {
        ASN1_INTEGER* nonce = random_serial(nullptr, nullptr);
        TS_REQ_set_nonce(req, nonce);
        ASN1_INTEGER_free(nonce);
    }
    if (how.other_imprint) {
        TS_MSG_IMPRINT* imprint = TS_REQ_get_msg_imprint(req);
        ASN1_OCTET_STRING* hash = TS_MSG_IMPRINT_get_msg(imprint);
        bytes other(ASN1_STRING_get0_data(hash), ASN1_STRING_get0_data(hash) + ASN1_STRING_length(hash));
        if (!other.empty()) other[0] ^= 1;
        ASN1_OCTET_STRING_set(hash, other.data(), static_cast<int>(other.size()));
    }
    unsigned char* der = nullptr;
    int size = i2d_TS_REQ(req, &der);
    bytes out(der, der + size);
    OPENSSL_free(der);
    TS_REQ_free(req);
    return out;
}

} // namespace

bytes test_tsa(const identity& tsa, const std::vector<identity>& chain, bytes_view request, timestamp now,
               tsa_behaviour how) {
    bytes asked =
        how.other_nonce || how.other_imprint ? other_question(request, how) : bytes(request.begin(), request.end());
    TS_RESP_CTX* ctx = TS_RESP_CTX_new();
    STACK_OF(X509)* others = sk_X509_new_null();
    for (const identity& i : chain) sk_X509_push(others, i.certificate());
    ASN1_OBJECT* policy = OBJ_txt2obj("2.16.704.1.1.1.1.1", 1);
    bool ready = ctx && TS_RESP_CTX_set_signer_cert(ctx, tsa.certificate()) &&
                 TS_RESP_CTX_set_signer_key(ctx, tsa.key()) && TS_RESP_CTX_set_certs(ctx, others) &&
                 TS_RESP_CTX_set_def_policy(ctx, policy) && TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()) &&
                 TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
    // A TSA that knows no hash but SHA-512 refuses every SHA-256 request.
    ready = ready && TS_RESP_CTX_add_md(ctx, how.refuse ? EVP_sha512() : EVP_sha256());
    if (!how.refuse)
        for (const EVP_MD* md : {EVP_sha1(), EVP_sha384(), EVP_sha512()}) ready = ready && TS_RESP_CTX_add_md(ctx, md);
    if (!ready) std::abort();
    if ((how.seconds || how.millis || how.micros) &&
        TS_RESP_CTX_set_accuracy(ctx, how.seconds, how.millis, how.micros) != 1)
        std::abort();
    TS_RESP_CTX_set_serial_cb(ctx, random_serial, nullptr);
    TS_RESP_CTX_set_time_cb(ctx, given_time, &now);
    BIO* in = BIO_new_mem_buf(asked.data(), static_cast<int>(asked.size()));
    TS_RESP* reply = TS_RESP_create_response(ctx, in);
    if (!reply) std::abort();
    unsigned char* der = nullptr;
    int size = i2d_TS_RESP(reply, &der);
    bytes out(der, der + size);
    OPENSSL_free(der);
    TS_RESP_free(reply);
    BIO_free(in);
    ASN1_OBJECT_free(policy);
    sk_X509_free(others);
    TS_RESP_CTX_free(ctx);
    ERR_clear_error();
    return out;
}

} // namespace vanthu::test

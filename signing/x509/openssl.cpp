#include "signing/x509/openssl.hpp"

#include <openssl/err.h>
#include <openssl/rsa.h>

namespace vanthu::ossl {

std::string drain_errors() {
    std::string text;
    char line[256];
    while (unsigned long code = ERR_get_error()) {
        ERR_error_string_n(code, line, sizeof line);
        if (!text.empty()) text += "; ";
        text += line;
    }
    return text;
}

std::string name_text(const X509_NAME* name) {
    bio_ptr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    long size = BIO_get_mem_data(out.get(), &text);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

std::optional<timestamp> time_of(const ASN1_TIME* t) {
    std::tm parts{};
    if (!t || ASN1_TIME_to_tm(t, &parts) != 1) return std::nullopt;
    using namespace std::chrono;
    sys_days day = year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
    return timestamp(day) + hours(parts.tm_hour) + minutes(parts.tm_min) + seconds(parts.tm_sec);
}

std::string oid_text(const ASN1_OBJECT* object) {
    char text[128] = {};
    int size = object ? OBJ_obj2txt(text, sizeof text, object, 1) : 0;
    return size > 0 && size < int(sizeof text) ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

bytes octets(const ASN1_STRING* s) {
    const unsigned char* data = ASN1_STRING_get0_data(s);
    return bytes(data, data + ASN1_STRING_length(s));
}

int signature_hash(const X509_ALGOR* algorithm) {
    int signature = OBJ_obj2nid(algorithm->algorithm), md = NID_undef;
    if (signature != NID_rsassaPss) {
        OBJ_find_sigid_algs(signature, &md, nullptr);
        return md;
    }
    owned<RSA_PSS_PARAMS, RSA_PSS_PARAMS_free> pss(
        static_cast<RSA_PSS_PARAMS*>(ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter)));
    if (!pss) return NID_undef;
    return pss->hashAlgorithm ? OBJ_obj2nid(pss->hashAlgorithm->algorithm) : NID_sha1; // RFC 4055, 3.1: the default
}

} // namespace vanthu::ossl

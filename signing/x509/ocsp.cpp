#include "signing/x509/ocsp.hpp"

#include "signing/x509/openssl.hpp"

#include <openssl/err.h>
#include <openssl/ocsp.h>

namespace vanthu::x509 {
using namespace ossl;
namespace {

using basic_ptr = owned<OCSP_BASICRESP, OCSP_BASICRESP_free>;
using response_ptr = owned<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using request_ptr = owned<OCSP_REQUEST, OCSP_REQUEST_free>;

template <class T> bytes encoded(T* value, int (*i2d)(const T*, unsigned char**)) {
    unsigned char* out = nullptr;
    int size = i2d(value, &out);
    if (size <= 0) return {};
    bytes der(out, out + size);
    OPENSSL_free(out);
    return der;
}

basic_ptr read_basic(bytes_view der) {
    const unsigned char* at = der.data();
    basic_ptr basic(d2i_OCSP_BASICRESP(nullptr, &at, static_cast<long>(der.size())));
    if (basic && at != der.data() + der.size()) basic.reset();
    return basic;
}

// OCSPResponse ::= SEQUENCE { responseStatus, [0] { SEQUENCE { responseType OID, response OCTET STRING } } }; the
// content of the last, which has been parsed before. Empty where indefinite lengths hide it.
bytes_view basic_inside(bytes_view whole) {
    auto open = [](bytes_view& in, int tag) {
        const unsigned char* at = in.data();
        long size = 0;
        int found = 0, of_class = 0;
        int flags = ASN1_get_object(&at, &size, &found, &of_class, static_cast<long>(in.size()));
        if (flags & 0x81 || found != tag) return bytes_view();
        bytes_view content(at, static_cast<std::size_t>(size));
        in = in.subspan(static_cast<std::size_t>(at - in.data()) + content.size());
        return content;
    };
    bytes_view response = open(whole, V_ASN1_SEQUENCE);
    open(response, V_ASN1_ENUMERATED);
    bytes_view tagged = open(response, 0), wrapped = open(tagged, V_ASN1_SEQUENCE);
    open(wrapped, V_ASN1_OBJECT);
    return open(wrapped, V_ASN1_OCTET_STRING);
}

response_ptr read_response(bytes_view der) {
    const unsigned char* at = der.data();
    response_ptr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
    if (response && at != der.data() + der.size()) response.reset();
    return response;
}

} // namespace

struct ocsp_response::parsed {
    bytes der, basic_der;
    digest fingerprint;
    timestamp produced_at;
    std::vector<certificate> certificates;
    basic_ptr native;
};

const bytes& ocsp_response::der() const { return parsed_->der; }
const bytes& ocsp_response::basic_der() const { return parsed_->basic_der; }
const digest& ocsp_response::sha256() const { return parsed_->fingerprint; }
timestamp ocsp_response::produced_at() const { return parsed_->produced_at; }
const std::vector<certificate>& ocsp_response::certificates() const { return parsed_->certificates; }
ocsp_basic_response_st* ocsp_response::native() const { return parsed_->native.get(); }

result<ocsp_response> parse_ocsp_response(bytes_view der) {
    auto p = std::make_shared<ocsp_response::parsed>();
    if (response_ptr whole = read_response(der)) {
        if (OCSP_response_status(whole.get()) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
            drain_errors();
            return failed(errc::not_an_ocsp_response, OCSP_response_status_str(OCSP_response_status(whole.get())));
        }
        p->der.assign(der.begin(), der.end());
        p->native.reset(OCSP_response_get1_basic(whole.get()));
        // What is hashed below and what is judged are the same bytes, whoever reads them.
        bytes_view inside = basic_inside(p->der);
        if (basic_ptr same = read_basic(inside); same && p->native) {
            p->basic_der.assign(inside.begin(), inside.end());
            p->native = std::move(same);
        }
    } else if (basic_ptr basic = read_basic(der)) {
        response_ptr wrapped(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
        if (!wrapped) return failed(errc::not_an_ocsp_response, drain_errors());
        p->der = encoded<OCSP_RESPONSE>(wrapped.get(), i2d_OCSP_RESPONSE);
        p->basic_der.assign(der.begin(), der.end());
        p->native = std::move(basic);
    }
    if (!p->native) return failed(errc::not_an_ocsp_response, drain_errors());
    if (p->basic_der.empty()) p->basic_der = encoded<OCSP_BASICRESP>(p->native.get(), i2d_OCSP_BASICRESP);
    p->fingerprint = sha256::of(p->basic_der);
    auto produced = time_of(OCSP_resp_get0_produced_at(p->native.get()));
    if (!produced || p->basic_der.empty()) return failed(errc::not_an_ocsp_response, "producedAt");
    p->produced_at = *produced;
    const STACK_OF(X509)* carried = OCSP_resp_get0_certs(p->native.get());
    for (int i = 0; i < sk_X509_num(carried); ++i)
        if (auto c = parse_certificate(encoded<X509>(sk_X509_value(carried, i), i2d_X509)))
            p->certificates.push_back(std::move(*c));
    drain_errors();
    ocsp_response out;
    out.parsed_ = std::move(p);
    return out;
}

bytes ocsp_request(const certificate& subject, const certificate& issuer, bytes_view nonce) {
    request_ptr request(OCSP_REQUEST_new());
    OCSP_CERTID* id = OCSP_cert_to_id(EVP_sha1(), subject.native(), issuer.native());
    if (!request || !id || !OCSP_request_add0_id(request.get(), id)) std::abort(); // out of memory
    if (!nonce.empty())
        OCSP_request_add1_nonce(request.get(), const_cast<unsigned char*>(nonce.data()),
                                static_cast<int>(nonce.size()));
    bytes der = encoded<OCSP_REQUEST>(request.get(), i2d_OCSP_REQUEST);
    drain_errors();
    return der;
}

std::optional<timestamp> next_update(const ocsp_response& response) {
    std::optional<timestamp> earliest;
    for (int i = 0; i < OCSP_resp_count(response.native()); ++i) {
        ASN1_GENERALIZEDTIME* next = nullptr;
        OCSP_single_get0_status(OCSP_resp_get0(response.native(), i), nullptr, nullptr, nullptr, &next);
        auto time = time_of(next);
        if (!time) return std::nullopt;
        earliest = std::min(earliest.value_or(*time), *time);
    }
    return earliest;
}

bool speaks_of(const ocsp_response& response, const certificate& subject, const certificate& issuer) {
    for (int i = 0; i < OCSP_resp_count(response.native()); ++i) {
        const OCSP_CERTID* id = OCSP_SINGLERESP_get0_id(OCSP_resp_get0(response.native(), i));
        ASN1_OBJECT* algorithm = nullptr;
        OCSP_id_get0_info(nullptr, &algorithm, nullptr, nullptr, const_cast<OCSP_CERTID*>(id));
        const EVP_MD* md = EVP_get_digestbyobj(algorithm);
        owned<OCSP_CERTID, OCSP_CERTID_free> wanted(md ? OCSP_cert_to_id(md, subject.native(), issuer.native())
                                                       : nullptr);
        if (wanted && OCSP_id_cmp(wanted.get(), id) == 0) return true;
    }
    drain_errors();
    return false;
}

bool nonce_agrees(const ocsp_response& response, bytes_view nonce) {
    int at = OCSP_BASICRESP_get_ext_by_NID(response.native(), NID_id_pkix_OCSP_Nonce, -1);
    if (at < 0 || nonce.empty()) return true;
    // The extension holds the nonce as an OCTET STRING of its own; old responders echo the bytes bare.
    bytes value = octets(X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(response.native(), at)));
    bytes_view inner = value;
    if (value.size() == nonce.size() + 2 && value[0] == 0x04 && value[1] == nonce.size()) inner = inner.subspan(2);
    return std::ranges::equal(inner, nonce);
}

} // namespace vanthu::x509

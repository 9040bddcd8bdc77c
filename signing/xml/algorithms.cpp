#include "signing/xml/algorithms.hpp"

namespace vanthu::xml {
namespace {
using x509::hash;
using x509::scheme;

struct canonical_row {
    std::string_view uri;
    canonical_method method;
    bool comments;
};
constexpr canonical_row canonicals[] = {
    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315", canonical_method::inclusive_1_0, false},
    {"http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", canonical_method::inclusive_1_0, true},
    {"http://www.w3.org/2006/12/xml-c14n11", canonical_method::inclusive_1_1, false},
    {"http://www.w3.org/2006/12/xml-c14n11#WithComments", canonical_method::inclusive_1_1, true},
    {"http://www.w3.org/2001/10/xml-exc-c14n#", canonical_method::exclusive_1_0, false},
    {"http://www.w3.org/2001/10/xml-exc-c14n#WithComments", canonical_method::exclusive_1_0, true},
};

struct digest_row {
    std::string_view uri;
    x509::hash hash;
};
constexpr digest_row digests[] = {
    {"http://www.w3.org/2001/04/xmlenc#sha256", hash::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", hash::sha384},
    {"http://www.w3.org/2001/04/xmlenc#sha512", hash::sha512},
    {"http://www.w3.org/2000/09/xmldsig#sha1", hash::sha1}, // historic: read, judged as doubtful, never written
};

struct signature_row {
    std::string_view uri;
    x509::scheme scheme;
    x509::hash hash;
};
constexpr signature_row signatures[] = {
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", scheme::rsa_pkcs1, hash::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", scheme::rsa_pkcs1, hash::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", scheme::rsa_pkcs1, hash::sha512},
    {"http://www.w3.org/2000/09/xmldsig#rsa-sha1", scheme::rsa_pkcs1, hash::sha1},
    {"http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", scheme::rsa_pss, hash::sha256},
    {"http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", scheme::rsa_pss, hash::sha384},
    {"http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", scheme::rsa_pss, hash::sha512},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", scheme::ecdsa, hash::sha256},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", scheme::ecdsa, hash::sha384},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", scheme::ecdsa, hash::sha512},
    {"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", scheme::ecdsa, hash::sha1},
};

} // namespace

std::optional<canonicalisation> canonicalisation_from(std::string_view algorithm) {
    for (const canonical_row& row : canonicals)
        if (row.uri == algorithm) return canonicalisation{row.method, row.comments, {}};
    return std::nullopt;
}

std::string_view algorithm_of(const canonicalisation& how) {
    for (const canonical_row& row : canonicals)
        if (row.method == how.method && row.comments == how.comments) return row.uri;
    return {};
}

std::optional<x509::hash> digest_from(std::string_view algorithm) {
    for (const digest_row& row : digests)
        if (row.uri == algorithm) return row.hash;
    return std::nullopt;
}

std::string_view algorithm_of(x509::hash h) {
    for (const digest_row& row : digests)
        if (row.hash == h) return row.uri;
    return {};
}

std::optional<signature_algorithm> signature_algorithm_from(std::string_view algorithm) {
    for (const signature_row& row : signatures)
        if (row.uri == algorithm) return signature_algorithm{row.scheme, row.hash};
    return std::nullopt;
}

std::string_view algorithm_of(const signature_algorithm& algorithm) {
    for (const signature_row& row : signatures)
        if (row.scheme == algorithm.scheme && row.hash == algorithm.hash) return row.uri;
    return {};
}

} // namespace vanthu::xml

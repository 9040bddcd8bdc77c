#include "daemon/net/tls.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace vanthu::net {
namespace {
using accept_function = std::function<bool(const peer_identity&)>;

struct openssl_free {
    void operator()(BIO* p) const { BIO_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};

std::string drain_errors() {
    std::string out;
    while (const unsigned long code = ERR_get_error()) {
        char text[256];
        ERR_error_string_n(code, text, sizeof text);
        out += out.empty() ? "" : "; ";
        out += text;
    }
    return out;
}

fail bad_configuration(const std::filesystem::path& file, std::string_view what) {
    return failed(errc::bad_tls_configuration, fmt::format("{}: {}: {}", file.string(), what, drain_errors()));
}

bytes der_of(X509* certificate) {
    bytes out(static_cast<std::size_t>(std::max(0, i2d_X509(certificate, nullptr))));
    unsigned char* at = out.data();
    if (!out.empty()) i2d_X509(certificate, &at);
    return out;
}

digest spki_of(X509* certificate) {
    unsigned char* der = nullptr;
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    const digest out = sha256::of(bytes_view(der, static_cast<std::size_t>(std::max(0, length))));
    OPENSSL_free(der);
    return out;
}

std::string text_of(const X509_NAME* name) {
    std::unique_ptr<BIO, openssl_free> text(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long length = BIO_get_mem_data(text.get(), &data);
    return std::string(data, static_cast<std::size_t>(length));
}

std::vector<std::string> uris_of(X509* certificate) {
    std::vector<std::string> out;
    std::unique_ptr<GENERAL_NAMES, openssl_free> names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI) continue;
        const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
        std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                         static_cast<std::size_t>(ASN1_STRING_length(uri)));
        if (text.find('\0') == std::string::npos) out.push_back(std::move(text)); // a NUL would fool later comparisons
    }
    return out;
}

void describe_certificate(X509* certificate, peer_identity& peer) {
    peer.certificate_der = der_of(certificate);
    peer.certificate_sha256 = sha256::of(bytes_view(peer.certificate_der));
    peer.spki_sha256 = spki_of(certificate);
    peer.san_uris = uris_of(certificate);
    peer.subject = text_of(X509_get_subject_name(certificate));
    peer.issuer = text_of(X509_get_issuer_name(certificate));
    // Without the extension OpenSSL answers "every use"; a use that nobody wrote down is none here.
    const bool said = (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0;
    const std::uint32_t uses = said ? X509_get_extended_key_usage(certificate) : 0;
    peer.made_for_clients = (uses & XKU_SSL_CLIENT) != 0;
    peer.made_for_servers = (uses & XKU_SSL_SERVER) != 0;
}

// The context owns its accept function: sessions may outlive whoever made the context.
int accept_index() {
    static const int index =
        SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, [](void*, void* p, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<accept_function*>(p);
        });
    return index;
}

// Chain first; a chain that does not verify is put before the context's accept function. The error stays in the store
// context, so that chain_verified tells the truth.
int verify_or_ask(X509_STORE_CTX* store, void* p) {
    if (X509_verify_cert(store) == 1) return 1;
    X509* leaf = X509_STORE_CTX_get0_cert(store);
    if (X509_STORE_CTX_get_error(store) == X509_V_OK) X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
    if (!leaf) return 0;
    peer_identity peer;
    peer.tls = true;
    describe_certificate(leaf, peer);
    const bool accepted = (*static_cast<accept_function*>(p))(peer);
    ERR_clear_error();
    return accepted ? 1 : 0;
}

void ask_when_unverified(SSL_CTX* context, accept_function accept) {
    auto* kept = new accept_function(std::move(accept));
    SSL_CTX_set_ex_data(context, accept_index(), kept);
    SSL_CTX_set_cert_verify_callback(context, verify_or_ask, kept);
}

int choose_http11(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* offered,
                  unsigned offered_length, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, length, ours, sizeof ours - 1, offered, offered_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

result<ssl_context> new_context(const SSL_METHOD* method, bool tls13_only) {
    ERR_clear_error();
    ssl_context context(SSL_CTX_new(method), SSL_CTX_free);
    if (!context) return failed(errc::bad_tls_configuration, drain_errors());
    SSL_CTX_set_min_proto_version(context.get(), tls13_only ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context.get(), "ECDHE+AESGCM:ECDHE+CHACHA20"); // of TLS 1.2 only
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // An encrypted key is refused: without this OpenSSL would ask at the terminal.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
    // A pinned intermediate CA (or leaf) is a trust anchor as good as a root.
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    return context;
}

result<> use_certificate(SSL_CTX* context, const std::filesystem::path& certificate, const std::filesystem::path& key) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        return bad_configuration(certificate, "no usable certificate");
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        return bad_configuration(key, "no usable private key");
    if (SSL_CTX_check_private_key(context) != 1)
        return bad_configuration(key, "the key does not belong to the certificate");
    return {};
}
} // namespace

void ssl_deleter::operator()(ssl_st* s) const { SSL_free(s); }

result<ssl_context> server_context(const tls_options& options) {
    VANTHU_TRY(ssl_context context, new_context(TLS_server_method(), options.tls13_only));
    SSL_CTX* const c = context.get();
    VANTHU_CHECK(use_certificate(c, options.certificate_file, options.key_file));
    // Resumption without tickets: the session stays here, and the id context is required with client certificates.
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER);
    static constexpr unsigned char id_context[] = "vanthu";
    SSL_CTX_set_session_id_context(c, id_context, sizeof id_context - 1);
    SSL_CTX_set_timeout(c, 600);
    SSL_CTX_set_alpn_select_cb(c, choose_http11, nullptr);

    if (options.auth == client_auth::none) return context;
    SSL_CTX_set_verify(
        c, SSL_VERIFY_PEER | (options.auth == client_auth::required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
    if (!options.client_ca_file.empty()) {
        if (SSL_CTX_load_verify_file(c, options.client_ca_file.c_str()) != 1)
            return bad_configuration(options.client_ca_file, "no usable CA certificate");
        // With accept_unverified the list would make clients withhold certificates of other issuers.
        if (!options.accept_unverified)
            SSL_CTX_set_client_CA_list(c, SSL_load_client_CA_file(options.client_ca_file.c_str()));
    } else if (!options.accept_unverified) {
        return failed(errc::bad_tls_configuration, "client certificates are asked for, but there is no client CA file");
    }
    if (options.accept_unverified) ask_when_unverified(c, options.accept_unverified);
    return context;
}

result<ssl_context> client_context(const client_options& options) {
    VANTHU_TRY(ssl_context context, new_context(TLS_client_method(), options.tls13_only));
    SSL_CTX* const c = context.get();
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    if (!options.certificate_file.empty()) VANTHU_CHECK(use_certificate(c, options.certificate_file, options.key_file));
    if (!options.ca_file.empty()) {
        if (SSL_CTX_load_verify_file(c, options.ca_file.c_str()) != 1)
            return bad_configuration(options.ca_file, "no usable CA certificate");
    } else if (!options.accept_unverified && options.spki_pins.empty()) {
        if (SSL_CTX_set_default_verify_paths(c) != 1) return bad_configuration("system store", "not readable");
    }
    if (options.accept_unverified) {
        ask_when_unverified(c, options.accept_unverified);
    } else if (options.ca_file.empty() && !options.spki_pins.empty()) {
        ask_when_unverified(c, [pins = options.spki_pins](const peer_identity& peer) {
            return std::find(pins.begin(), pins.end(), peer.spki_sha256) != pins.end();
        });
    }
    return context;
}

ssl_ptr new_session(const ssl_context& context) { return ssl_ptr(SSL_new(context.get())); }

ssl_ptr new_session(const ssl_context& context, const std::string& server_name) {
    ssl_ptr session(SSL_new(context.get()));
    in6_addr address;
    const bool literal = inet_pton(AF_INET, server_name.c_str(), &address) == 1 ||
                         inet_pton(AF_INET6, server_name.c_str(), &address) == 1;
    if (literal) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), server_name.c_str());
    } else {
        SSL_set_tlsext_host_name(session.get(), server_name.c_str()); // RFC 6066 3: names only, no addresses
        SSL_set_hostflags(session.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        SSL_set1_host(session.get(), server_name.c_str());
    }
    return session;
}

void describe_peer(ssl_st* session, peer_identity& peer) {
    peer.tls = true;
    std::unique_ptr<X509, openssl_free> leaf(SSL_get1_peer_certificate(session));
    if (!leaf) return;
    describe_certificate(leaf.get(), peer);
    peer.chain_verified = SSL_get_verify_result(session) == X509_V_OK;
}

std::string verification_error(ssl_st* session) {
    const long reason = SSL_get_verify_result(session);
    return reason == X509_V_OK ? std::string() : std::string(X509_verify_cert_error_string(reason));
}

} // namespace vanthu::net

#include "schemas/receipt/certificate.hpp"

#include <algorithm>
#include <ctime>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

namespace vanthu::receipt {
namespace {

template <auto Free> struct freed_by {
    template <class T> void operator()(T* p) const { Free(p); }
};
void free_stack(STACK_OF(X509) * s) { sk_X509_pop_free(s, X509_free); }
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using stack_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_stack>>;
using context_ptr = std::unique_ptr<X509_STORE_CTX, freed_by<X509_STORE_CTX_free>>;
using md_ptr = std::unique_ptr<EVP_MD_CTX, freed_by<EVP_MD_CTX_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;

constexpr std::string_view organisation_prefix = "urn:vanthu:org:";
constexpr std::string_view pss = "rsa-pss-sha256", pkcs1 = "rsa-pkcs1-sha256", p256 = "ecdsa-p256-sha256",
                           ed25519 = "ed25519";

// OpenSSL's queue belongs to the thread: what one call leaves there must not be read by the next.
std::string drain_errors() {
    char text[256] = "no reason given";
    if (unsigned long e = ERR_peek_last_error()) ERR_error_string_n(e, text, sizeof text);
    ERR_clear_error();
    return text;
}

x509_ptr parse_der(bytes_view der) {
    const std::uint8_t* at = der.data();
    x509_ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (out && at != der.data() + der.size()) out.reset(); // nothing may follow
    if (!out) ERR_clear_error();
    return out;
}

bytes der_of(X509* certificate) {
    std::uint8_t* der = nullptr;
    int size = i2d_X509(certificate, &der);
    if (size <= 0) return {};
    bytes out(der, der + size);
    OPENSSL_free(der);
    return out;
}

std::vector<x509_ptr> parse_pem(std::string_view pem) {
    std::vector<x509_ptr> out;
    bio_ptr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    while (in) {
        x509_ptr one(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
        if (!one) break;
        out.push_back(std::move(one));
    }
    ERR_clear_error();
    return out;
}

// Empty for a key that is not accepted.
std::string_view default_algorithm(EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "RSA")) return EVP_PKEY_get_bits(key) >= 2048 ? pss : "";
    if (EVP_PKEY_is_a(key, "ED25519")) return ed25519;
    char group[64] = {};
    if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
        std::string_view(group) == "prime256v1")
        return p256;
    return "";
}

bool algorithm_fits(EVP_PKEY* key, std::string_view algorithm) {
    std::string_view standard = default_algorithm(key);
    return !standard.empty() && (algorithm == standard || (standard == pss && algorithm == pkcs1));
}

bool set_padding(EVP_PKEY_CTX* context, std::string_view algorithm) {
    if (algorithm != pss) return true;
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1;
}
const EVP_MD* hash_for(std::string_view algorithm) { return algorithm == ed25519 ? nullptr : EVP_sha256(); }

std::string text_of(X509_NAME* name) {
    bio_ptr out(BIO_new(BIO_s_mem()));
    if (!out) return {};
    X509_NAME_print_ex(out.get(), name, 0, (XN_FLAG_ONELINE | ASN1_STRFLGS_UTF8_CONVERT) & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

std::vector<std::string> organisations_of(X509* certificate) {
    std::vector<std::string> out;
    names_ptr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_URI) continue;
        const ASN1_STRING* uri = name->d.uniformResourceIdentifier;
        std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                              static_cast<std::size_t>(ASN1_STRING_length(uri)));
        if (text.starts_with(organisation_prefix)) out.emplace_back(text.substr(organisation_prefix.size()));
    }
    ERR_clear_error();
    return out;
}

// Seconds since 1970.
std::optional<std::time_t> seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
    return timegm(&parts);
}

// The time in which all certificates of a path are valid; empty where one cannot be read. OpenSSL takes a certificate
// for expired in the second of its notAfter.
struct period {
    std::time_t from = 0, to = 0; // to: no longer
};
std::optional<period> common_validity(STACK_OF(X509) * path) {
    std::optional<period> out;
    for (int i = 0; i < sk_X509_num(path); ++i) {
        const X509* one = sk_X509_value(path, i);
        auto from = seconds_of(X509_get0_notBefore(one)), to = seconds_of(X509_get0_notAfter(one));
        if (!from || !to) return std::nullopt;
        out = out ? period{std::max(out->from, *from), std::min(out->to, *to)} : period{*from, *to};
    }
    return out;
}

std::time_t whole_seconds(timestamp at) {
    return std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
}

digest name_of(std::span<const bytes> chain) {
    sha256 hash;
    for (const bytes& der : chain) {
        const std::uint64_t size = der.size();
        hash.update(bytes_view(reinterpret_cast<const std::uint8_t*>(&size), sizeof size));
        hash.update(der);
    }
    return hash.finish();
}

// The newest of a bounded number of things.
template <class T> class bounded_memory {
public:
    const T* find(const digest& name) const {
        auto at = kept_.find(name);
        return at == kept_.end() ? nullptr : &at->second;
    }
    void keep(const digest& name, T thing) {
        if (!kept_.insert_or_assign(name, std::move(thing)).second) return;
        order_.push_back(name);
        if (order_.size() <= at_most) return;
        kept_.erase(order_.front());
        order_.pop_front();
    }

private:
    static constexpr std::size_t at_most = 256;
    std::map<digest, T> kept_;
    std::deque<digest> order_;
};

} // namespace

struct trust_anchors::state {
    struct good_chain {
        std::shared_ptr<const verified_signer> signer;
        period valid;
    };
    std::unique_ptr<X509_STORE, freed_by<X509_STORE_free>> store{X509_STORE_new()};
    std::size_t count = 0;
    std::mutex guard; // of the two below
    bounded_memory<good_chain> chains;
    bounded_memory<bool> signatures;
};
trust_anchors::trust_anchors() : state_(std::make_shared<state>()) {}
std::size_t trust_anchors::size() const { return state_->count; }

result<> trust_anchors::add_pem(std::string_view pem) {
    auto certificates = parse_pem(pem);
    if (certificates.empty()) return failed(errc::malformed, "no certificate in PEM");
    for (const x509_ptr& one : certificates) VANTHU_CHECK(add_der(der_of(one.get())));
    return {};
}

result<> trust_anchors::add_der(bytes_view der) {
    x509_ptr one = parse_der(der);
    if (!one) return failed(errc::malformed, "not a certificate");
    if (X509_STORE_add_cert(state_->store.get(), one.get()) != 1) return failed(errc::malformed, drain_errors());
    ++state_->count;
    return {};
}

result<std::vector<bytes>> certificates_from_pem(std::string_view pem) {
    std::vector<bytes> out;
    for (const x509_ptr& one : parse_pem(pem)) out.push_back(der_of(one.get()));
    if (out.empty()) return failed(errc::malformed, "no certificate in PEM");
    return out;
}

std::shared_ptr<const verified_signer> trust_anchors::remembered(std::span<const bytes> chain, timestamp at) const {
    const digest name = name_of(chain);
    std::lock_guard lock(state_->guard);
    const state::good_chain* found = state_->chains.find(name);
    const bool then = found && found->valid.from <= whole_seconds(at) && whole_seconds(at) < found->valid.to;
    return then ? found->signer : nullptr;
}
bool trust_anchors::remembers_signature(const digest& of) const {
    std::lock_guard lock(state_->guard);
    return state_->signatures.find(of) != nullptr;
}
void trust_anchors::remember_signature(const digest& of) const {
    std::lock_guard lock(state_->guard);
    state_->signatures.keep(of, true);
}

result<std::shared_ptr<const verified_signer>> verify_chain(std::span<const bytes> chain, const trust_anchors& anchors,
                                                            timestamp at) {
    if (chain.empty()) return failed(errc::certificate_refused, "no certificate");
    if (auto known = anchors.remembered(chain, at)) return known;
    std::vector<x509_ptr> parsed;
    stack_ptr others(sk_X509_new_null());
    for (const bytes& der : chain) {
        parsed.push_back(parse_der(der));
        if (!parsed.back()) return failed(errc::certificate_refused, "not a certificate");
        if (parsed.size() > 1 && X509_up_ref(parsed.back().get()) == 1 &&
            sk_X509_push(others.get(), parsed.back().get()) == 0)
            return failed(errc::certificate_refused, "out of memory");
    }
    X509* signer = parsed.front().get();
    if (X509_check_ca(signer) != 0)
        return failed(errc::certificate_refused, "a CA certificate does not sign statements");
    // 0xFFFFFFFF where the extension is absent.
    if (!(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE)) return failed(errc::certificate_refused, "key usage");

    context_ptr context(X509_STORE_CTX_new());
    if (!context || X509_STORE_CTX_init(context.get(), anchors.state_->store.get(), signer, others.get()) != 1)
        return failed(errc::certificate_refused, drain_errors());
    X509_VERIFY_PARAM* param = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_time(param, whole_seconds(at));
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_depth(param, 8);
    if (X509_verify_cert(context.get()) != 1) {
        const char* why = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
        ERR_clear_error();
        return failed(errc::certificate_refused, fmt::format("{}: {}", subject_of(chain.front()), why));
    }
    EVP_PKEY* key = X509_get0_pubkey(signer);
    if (!key) return failed(errc::certificate_refused, drain_errors());
    EVP_PKEY_up_ref(key);
    auto found = std::make_shared<const verified_signer>(verified_signer{std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free),
                                                                         organisations_of(signer),
                                                                         text_of(X509_get_subject_name(signer))});
    if (auto valid = common_validity(X509_STORE_CTX_get0_chain(context.get()))) {
        std::lock_guard lock(anchors.state_->guard);
        anchors.state_->chains.keep(name_of(chain), {found, *valid});
    }
    return found;
}

std::string subject_of(bytes_view certificate_der) {
    x509_ptr one = parse_der(certificate_der);
    return one ? text_of(X509_get_subject_name(one.get())) : std::string();
}

result<service_key> service_key::from_pkey(EVP_PKEY* key) {
    if (!key) return failed(errc::unsupported_key, "no key");
    service_key out;
    out.algorithm_ = default_algorithm(key);
    if (out.algorithm_.empty()) return failed(errc::unsupported_key, "neither RSA 2048+, P-256 nor Ed25519");
    EVP_PKEY_up_ref(key);
    out.key_.reset(key, EVP_PKEY_free);
    return out;
}

result<service_key> service_key::from_pem(std::string_view pem) {
    bio_ptr in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    auto no_password = [](char*, int, int, void*) { return -1; }; // never asks at a terminal
    std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>> key(
        in ? PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr) : nullptr);
    ERR_clear_error();
    return from_pkey(key.get());
}

result<> service_key::choose_pkcs1() {
    if (algorithm_ != pss && algorithm_ != pkcs1) return failed(errc::unsupported_key, "not RSA");
    algorithm_ = pkcs1;
    return {};
}

result<bytes> service_key::sign(bytes_view message) const {
    md_ptr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())));
    std::size_t size = out.size();
    bool good = context &&
                EVP_DigestSignInit(context.get(), &options, hash_for(algorithm_), nullptr, key_.get()) == 1 &&
                set_padding(options, algorithm_);
    if (good) {
        EVP_MD_CTX_set_flags(context.get(), EVP_MD_CTX_FLAG_FINALISE); // one signature: no copy kept for another
        good = EVP_DigestSign(context.get(), out.data(), &size, message.data(), message.size()) == 1;
    }
    if (!good) return failed(errc::signing_failed, drain_errors());
    out.resize(size); // ECDSA may need less
    return out;
}

bool service_key::belongs_to(bytes_view certificate_der) const {
    if (auto own = own_certificate_->load(); own && std::ranges::equal(*own, certificate_der)) return true;
    x509_ptr one = parse_der(certificate_der);
    if (!one || EVP_PKEY_eq(X509_get0_pubkey(one.get()), key_.get()) != 1) return false;
    own_certificate_->store(std::make_shared<const bytes>(certificate_der.begin(), certificate_der.end()));
    return true;
}

namespace {
bool made_by(EVP_PKEY* key, std::string_view algorithm, bytes_view message, bytes_view signature) {
    md_ptr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;
    bool good =
        context && EVP_DigestVerifyInit(context.get(), &options, hash_for(algorithm), nullptr, key) == 1 &&
        set_padding(options, algorithm) &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
    ERR_clear_error();
    return good;
}

fail does_not_fit(std::string_view algorithm) {
    return failed(errc::unsupported_key, fmt::format("'{}' does not fit the certificate's key", algorithm));
}
} // namespace

result<> verify_signature(bytes_view certificate_der, std::string_view algorithm, bytes_view message,
                          bytes_view signature) {
    x509_ptr one = parse_der(certificate_der);
    EVP_PKEY* key = one ? X509_get0_pubkey(one.get()) : nullptr;
    if (!key) return failed(errc::certificate_refused, "not a certificate");
    if (!algorithm_fits(key, algorithm)) return does_not_fit(algorithm);
    if (!made_by(key, algorithm, message, signature))
        return failed(errc::signature_refused, subject_of(certificate_der));
    return {};
}

result<> verify_signature(const verified_signer& signer, std::string_view algorithm, bytes_view message,
                          bytes_view signature) {
    if (!algorithm_fits(signer.key.get(), algorithm)) return does_not_fit(algorithm);
    if (!made_by(signer.key.get(), algorithm, message, signature))
        return failed(errc::signature_refused, signer.subject);
    return {};
}

} // namespace vanthu::receipt

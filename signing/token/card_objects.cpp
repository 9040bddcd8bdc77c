#include "signing/token/card_state.hpp"

#include "signing/x509/openssl.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/core_names.h>

namespace vanthu::token {
using namespace ossl;
namespace {

class template_of {
public:
    template_of& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
        return raw(type, bytes_view(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
    }
    template_of& flag(CK_ATTRIBUTE_TYPE type, bool value) {
        std::uint8_t byte = value ? CK_TRUE : CK_FALSE;
        return raw(type, bytes_view(&byte, 1));
    }
    template_of& raw(CK_ATTRIBUTE_TYPE type, bytes_view value) {
        values_.push_back(std::make_unique<bytes>(value.begin(), value.end()));
        attributes_.push_back({type, values_.back()->data(), values_.back()->size()});
        return *this;
    }
    ~template_of() {
        for (auto& value : values_) OPENSSL_cleanse(value->data(), value->size()); // private keys pass through here
    }
    template_of() = default;
    template_of(template_of&&) = default;
    template_of& operator=(template_of&&) = default;
    CK_ATTRIBUTE_PTR data() { return attributes_.data(); }
    CK_ULONG size() const { return attributes_.size(); }

private:
    std::vector<std::unique_ptr<bytes>> values_;
    std::vector<CK_ATTRIBUTE> attributes_;
};

CK_RV find_objects(CK_FUNCTION_LIST* p11, CK_SESSION_HANDLE session, template_of wanted,
                   std::vector<CK_OBJECT_HANDLE>& found) {
    CK_RV rv = p11->C_FindObjectsInit(session, wanted.data(), wanted.size());
    if (rv != CKR_OK) return rv;
    CK_OBJECT_HANDLE batch[32];
    for (CK_ULONG count = 1; rv == CKR_OK && count > 0 && found.size() < 4096;) {
        count = 0;
        rv = p11->C_FindObjects(session, batch, 32, &count);
        if (rv == CKR_OK) found.insert(found.end(), batch, batch + std::min<CK_ULONG>(count, 32));
    }
    CK_RV ended = p11->C_FindObjectsFinal(session);
    return rv != CKR_OK ? rv : ended;
}

// Reads objects. What an object or a token does not have is empty; the token going away ends the reading: `rv` keeps
// the first such answer and everything after it is empty.
class reader {
public:
    reader(CK_FUNCTION_LIST* p11, CK_SESSION_HANDLE session) : p11_(p11), session_(session) {}
    CK_RV rv = CKR_OK;

    bytes attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
        CK_ATTRIBUTE wanted{type, nullptr, 0};
        if (!good(p11_->C_GetAttributeValue(session_, object, &wanted, 1))) return {};
        if (wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION || wanted.ulValueLen > (1u << 20)) return {};
        bytes value(wanted.ulValueLen);
        wanted.pValue = value.data();
        if (!good(p11_->C_GetAttributeValue(session_, object, &wanted, 1)) || wanted.ulValueLen > value.size())
            return {};
        value.resize(wanted.ulValueLen);
        return value;
    }
    bool flag(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
        bytes value = attribute(object, type);
        return value.size() == 1 && value[0] != 0;
    }
    bool can_sign_with(CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism) {
        CK_MECHANISM_INFO info{};
        return good(p11_->C_GetMechanismInfo(slot, mechanism, &info)) && (info.flags & CKF_SIGN);
    }

private:
    bool good(CK_RV answer) {
        bool ended = lost(answer) || answer == CKR_DEVICE_ERROR || answer == CKR_CRYPTOKI_NOT_INITIALIZED ||
                     answer == CKR_HOST_MEMORY || answer == CKR_DEVICE_MEMORY;
        if (rv == CKR_OK && ended) rv = answer;
        return answer == CKR_OK && rv == CKR_OK;
    }
    CK_FUNCTION_LIST* p11_;
    CK_SESSION_HANDLE session_;
};

constexpr std::uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

bytes big_number(const EVP_PKEY* key, const char* name, std::size_t width = 0) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
    std::size_t size = std::max(width, static_cast<std::size_t>(BN_num_bytes(number)));
    bytes out(size);
    BN_bn2binpad(number, out.data(), static_cast<int>(size));
    BN_clear_free(number);
    return out;
}

// Both objects of a pair share these (PKCS #11 v2.40, 4.7-4.9).
void describe_private(template_of& t, CK_KEY_TYPE type, const bytes& id, const std::string& label) {
    t.number(CKA_CLASS, CKO_PRIVATE_KEY).number(CKA_KEY_TYPE, type).flag(CKA_TOKEN, true).flag(CKA_PRIVATE, true);
    t.flag(CKA_SENSITIVE, true).flag(CKA_EXTRACTABLE, false).flag(CKA_SIGN, true);
    t.raw(CKA_ID, id).raw(CKA_LABEL, as_bytes(label));
}

} // namespace

CK_RV card::state::find_private_key(CK_SESSION_HANDLE session, const bytes& id, const std::string& label,
                                    unsigned of_generation, CK_OBJECT_HANDLE& key) {
    bytes name = id;
    name.push_back(0);
    name.insert(name.end(), label.begin(), label.end());
    {
        std::lock_guard lock(mutex);
        if (auto known = handles.find(name); known != handles.end() && of_generation == generation) {
            key = known->second;
            return CKR_OK;
        }
    }
    template_of wanted;
    wanted.number(CKA_CLASS, CKO_PRIVATE_KEY);
    if (!id.empty()) wanted.raw(CKA_ID, id);
    if (!label.empty()) wanted.raw(CKA_LABEL, as_bytes(label));
    std::vector<CK_OBJECT_HANDLE> found;
    CK_RV rv = find_objects(p11, session, std::move(wanted), found);
    if (rv != CKR_OK || found.empty()) return rv;
    key = found.front();
    std::lock_guard lock(mutex);
    if (of_generation == generation) handles[name] = key;
    return CKR_OK;
}

std::vector<x509::certificate> card::certificates() {
    std::vector<x509::certificate> all;
    auto session = state_->borrow(false);
    if (!session) return all;
    std::vector<CK_OBJECT_HANDLE> found;
    template_of wanted;
    wanted.number(CKA_CLASS, CKO_CERTIFICATE);
    if (find_objects(state_->p11, session->handle(), std::move(wanted), found) != CKR_OK) {
        session->spoil();
        return all;
    }
    reader read(state_->p11, session->handle());
    for (CK_OBJECT_HANDLE object : found)
        if (auto cert = x509::parse_certificate(read.attribute(object, CKA_VALUE))) all.push_back(std::move(*cert));
    return all;
}

result<std::vector<key_info>> card::state::list_keys(CK_RV& rv) {
    VANTHU_TRY(borrowed_session session, borrow(false));
    CK_SESSION_HANDLE s = session.handle();
    auto list = [&](CK_OBJECT_CLASS kind, std::vector<CK_OBJECT_HANDLE>& found) {
        template_of wanted;
        wanted.number(CKA_CLASS, kind);
        rv = find_objects(p11, s, std::move(wanted), found);
        if (rv != CKR_OK) session.spoil();
        return rv == CKR_OK;
    };
    std::vector<CK_OBJECT_HANDLE> private_keys, certs;
    if (!list(CKO_PRIVATE_KEY, private_keys) || !list(CKO_CERTIFICATE, certs))
        return library->failed_call(rv, "C_FindObjects");
    CK_SLOT_ID slot;
    {
        std::lock_guard lock(mutex);
        slot = info.slot;
    }
    reader read(p11, s);
    std::vector<key_info> all;
    for (CK_OBJECT_HANDLE object : private_keys) {
        if (!read.flag(object, CKA_SIGN)) continue;
        key_info key;
        key.id = read.attribute(object, CKA_ID);
        key.label = std::string(as_text(read.attribute(object, CKA_LABEL)));
        key.always_authenticate = read.flag(object, CKA_ALWAYS_AUTHENTICATE);
        for (CK_OBJECT_HANDLE c : certs) {
            if (key.id.empty() || read.attribute(c, CKA_ID) != key.id) continue;
            auto cert = x509::parse_certificate(read.attribute(c, CKA_VALUE));
            if (cert && (!key.leaf || key.leaf.not_before() < cert->not_before())) key.leaf = std::move(*cert);
        }
        bytes type = read.attribute(object, CKA_KEY_TYPE);
        CK_KEY_TYPE kind = CK_UNAVAILABLE_INFORMATION;
        if (type.size() == sizeof kind) std::copy_n(type.data(), sizeof kind, reinterpret_cast<std::uint8_t*>(&kind));
        if (kind == CKK_RSA) {
            key.kind = x509::key_kind::rsa;
            if (read.can_sign_with(slot, CKM_RSA_PKCS)) key.schemes.push_back(x509::scheme::rsa_pkcs1);
            if (read.can_sign_with(slot, CKM_RSA_PKCS_PSS)) key.schemes.push_back(x509::scheme::rsa_pss);
        } else if (kind == CKK_EC) {
            bytes curve = read.attribute(object, CKA_EC_PARAMS);
            key.kind = std::ranges::equal(curve, oid_p256)   ? x509::key_kind::ec_p256
                       : std::ranges::equal(curve, oid_p384) ? x509::key_kind::ec_p384
                                                             : x509::key_kind::other;
            if (key.kind != x509::key_kind::other && read.can_sign_with(slot, CKM_ECDSA))
                key.schemes.push_back(x509::scheme::ecdsa);
        }
        all.push_back(std::move(key));
    }
    if (rv = read.rv; rv != CKR_OK) {
        session.spoil();
        return library->failed_call(rv, "C_GetAttributeValue");
    }
    return all;
}

result<std::vector<key_info>> card::keys() {
    return state_->with_recovery<std::vector<key_info>>([&](CK_RV& rv) { return state_->list_keys(rv); });
}

result<key_info> card::find_key(const selector& which) {
    VANTHU_TRY(std::vector<key_info> all, keys());
    std::erase_if(all, [&](const key_info& k) {
        return (!which.key_id.empty() && which.key_id != k.id) ||
               (!which.key_label.empty() && which.key_label != k.label);
    });
    if (all.empty()) return failed(errc::key_not_found, which.key_label + " " + to_hex(which.key_id));
    if (all.size() > 1) {
        std::string names;
        for (const key_info& k : all)
            names += fmt::format("{}\"{}\" (id {})", names.empty() ? "" : ", ", k.label, to_hex(k.id));
        return failed(errc::key_ambiguous, names);
    }
    if (!all.front().leaf) return failed(errc::certificate_not_found, all.front().label);
    return std::move(all.front());
}

result<> card::import_certificate(const x509::certificate& certificate, const bytes& id, const std::string& label) {
    VANTHU_TRY(borrowed_session session, state_->borrow(true));
    X509* cert = certificate.native();
    auto der_of = [](auto* object, auto i2d) {
        unsigned char* out = nullptr;
        int size = i2d(object, &out);
        bytes der(out, out + std::max(size, 0));
        OPENSSL_free(out);
        return der;
    };
    template_of t;
    t.number(CKA_CLASS, CKO_CERTIFICATE)
        .number(CKA_CERTIFICATE_TYPE, CKC_X_509)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, false);
    t.raw(CKA_ID, id).raw(CKA_LABEL, as_bytes(label)).raw(CKA_VALUE, certificate.der());
    t.raw(CKA_SUBJECT, der_of(X509_get_subject_name(cert), i2d_X509_NAME));
    t.raw(CKA_ISSUER, der_of(X509_get_issuer_name(cert), i2d_X509_NAME));
    t.raw(CKA_SERIAL_NUMBER, der_of(X509_get0_serialNumber(cert), i2d_ASN1_INTEGER));
    CK_OBJECT_HANDLE made = 0;
    if (CK_RV rv = state_->p11->C_CreateObject(session.handle(), t.data(), t.size(), &made); rv != CKR_OK)
        return state_->library->failed_call(rv, "C_CreateObject");
    return {};
}

result<> card::state::id_is_free(CK_SESSION_HANDLE session, const bytes& id) {
    template_of wanted;
    wanted.number(CKA_CLASS, CKO_PRIVATE_KEY).raw(CKA_ID, id);
    std::vector<CK_OBJECT_HANDLE> found;
    if (CK_RV rv = find_objects(p11, session, std::move(wanted), found); rv != CKR_OK)
        return library->failed_call(rv, "C_FindObjects");
    if (id.empty() || !found.empty()) return failed(errc::already_exists, to_hex(id));
    return {};
}

result<> card::import_key(bytes_view pkcs8, const bytes& id, const std::string& label) {
    const unsigned char* at = pkcs8.data();
    pkey_ptr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
    if (!key) return failed(errc::not_pkcs12, drain_errors());
    template_of t;
    if (EVP_PKEY_is_a(key.get(), "RSA")) {
        describe_private(t, CKK_RSA, id, label);
        constexpr std::pair<CK_ATTRIBUTE_TYPE, const char*> parts[] = {
            {CKA_MODULUS, OSSL_PKEY_PARAM_RSA_N},
            {CKA_PUBLIC_EXPONENT, OSSL_PKEY_PARAM_RSA_E},
            {CKA_PRIVATE_EXPONENT, OSSL_PKEY_PARAM_RSA_D},
            {CKA_PRIME_1, OSSL_PKEY_PARAM_RSA_FACTOR1},
            {CKA_PRIME_2, OSSL_PKEY_PARAM_RSA_FACTOR2},
            {CKA_EXPONENT_1, OSSL_PKEY_PARAM_RSA_EXPONENT1},
            {CKA_EXPONENT_2, OSSL_PKEY_PARAM_RSA_EXPONENT2},
            {CKA_COEFFICIENT, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};
        for (auto [type, name] : parts) {
            bytes value = big_number(key.get(), name);
            t.raw(type, value);
            OPENSSL_cleanse(value.data(), value.size());
        }
    } else {
        unsigned bits = EVP_PKEY_is_a(key.get(), "EC") ? static_cast<unsigned>(EVP_PKEY_get_bits(key.get())) : 0;
        if (bits != 256 && bits != 384) return failed(errc::key_unfit, "neither RSA nor P-256 nor P-384");
        describe_private(t, CKK_EC, id, label);
        t.raw(CKA_EC_PARAMS, bits == 256 ? bytes_view(oid_p256) : bytes_view(oid_p384));
        bytes value = big_number(key.get(), OSSL_PKEY_PARAM_PRIV_KEY, bits / 8);
        t.raw(CKA_VALUE, value);
        OPENSSL_cleanse(value.data(), value.size());
    }
    VANTHU_TRY(borrowed_session session, state_->borrow(true));
    VANTHU_CHECK(state_->id_is_free(session.handle(), id));
    CK_OBJECT_HANDLE made = 0;
    if (CK_RV rv = state_->p11->C_CreateObject(session.handle(), t.data(), t.size(), &made); rv != CKR_OK)
        return state_->library->failed_call(rv, "C_CreateObject");
    return {};
}

result<bytes> card::generate_key(new_key kind, const bytes& id, const std::string& label) {
    VANTHU_TRY(borrowed_session session, state_->borrow(true));
    VANTHU_CHECK(state_->id_is_free(session.handle(), id));
    bool ec = kind == new_key::p256 || kind == new_key::p384;
    template_of pub, priv;
    pub.flag(CKA_TOKEN, true).flag(CKA_VERIFY, true).raw(CKA_ID, id).raw(CKA_LABEL, as_bytes(label));
    constexpr std::uint8_t exponent[] = {1, 0, 1};
    if (ec)
        pub.raw(CKA_EC_PARAMS, kind == new_key::p256 ? bytes_view(oid_p256) : bytes_view(oid_p384));
    else
        pub.number(CKA_MODULUS_BITS, kind == new_key::rsa_2048   ? 2048
                                     : kind == new_key::rsa_3072 ? 3072
                                                                 : 4096)
            .raw(CKA_PUBLIC_EXPONENT, exponent);
    describe_private(priv, ec ? CKK_EC : CKK_RSA, id, label);
    CK_MECHANISM mechanism{ec ? CK_MECHANISM_TYPE(CKM_EC_KEY_PAIR_GEN) : CK_MECHANISM_TYPE(CKM_RSA_PKCS_KEY_PAIR_GEN),
                           nullptr, 0};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    CK_FUNCTION_LIST* p11 = state_->p11;
    CK_SESSION_HANDLE s = session.handle();
    CK_RV rv = p11->C_GenerateKeyPair(s, &mechanism, pub.data(), pub.size(), priv.data(), priv.size(), &public_key,
                                      &private_key);
    if (rv != CKR_OK) return state_->library->failed_call(rv, "C_GenerateKeyPair");
    reader read(p11, s);
    auto spki = ec ? ec_spki(read.attribute(public_key, CKA_EC_POINT))
                   : rsa_spki(read.attribute(public_key, CKA_MODULUS), read.attribute(public_key, CKA_PUBLIC_EXPONENT));
    if (!spki) return failed(errc::internal, "the public key of the new pair cannot be read");
    return *spki;
}

result<bytes> card::public_key(const bytes& id) {
    VANTHU_TRY(borrowed_session session, state_->borrow(false));
    template_of wanted;
    wanted.number(CKA_CLASS, CKO_PUBLIC_KEY).raw(CKA_ID, id);
    std::vector<CK_OBJECT_HANDLE> found;
    if (CK_RV rv = find_objects(state_->p11, session.handle(), std::move(wanted), found); rv != CKR_OK) {
        session.spoil();
        return state_->library->failed_call(rv, "C_FindObjects");
    }
    reader read(state_->p11, session.handle());
    for (CK_OBJECT_HANDLE object : found) {
        auto spki = ec_spki(read.attribute(object, CKA_EC_POINT));
        if (!spki) spki = rsa_spki(read.attribute(object, CKA_MODULUS), read.attribute(object, CKA_PUBLIC_EXPONENT));
        if (spki) return *spki;
    }
    wanted = {};
    wanted.number(CKA_CLASS, CKO_CERTIFICATE).raw(CKA_ID, id);
    found.clear();
    if (CK_RV rv = find_objects(state_->p11, session.handle(), std::move(wanted), found); rv != CKR_OK) {
        session.spoil();
        return state_->library->failed_call(rv, "C_FindObjects");
    }
    for (CK_OBJECT_HANDLE object : found)
        if (auto cert = x509::parse_certificate(read.attribute(object, CKA_VALUE))) return spki_of(*cert);
    return failed(errc::key_not_found, to_hex(id));
}

bytes spki_of(const x509::certificate& certificate) {
    unsigned char* out = nullptr;
    int size = i2d_PUBKEY(certificate.public_key(), &out);
    bytes der(out, out + std::max(size, 0));
    OPENSSL_free(out);
    drain_errors();
    return der;
}

result<bytes> card::sign_with_new_key(const bytes& id, bytes_view spki, bytes_view sha256_value) {
    const unsigned char* at = spki.data();
    pkey_ptr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
    if (!key || sha256_value.size() != 32) return failed(errc::key_unfit, drain_errors());
    bool ec = EVP_PKEY_is_a(key.get(), "EC");
    x509::scheme how = ec ? x509::scheme::ecdsa : x509::scheme::rsa_pkcs1;
    VANTHU_TRY(bytes signature, state_->sign({id, "", how, sha256_value, false}));
    if (ec) signature = x509::ecdsa_to_der(signature).value_or(bytes{});
    pkey_ctx_ptr ctx(EVP_PKEY_CTX_new(key.get(), nullptr));
    bool good =
        ctx && EVP_PKEY_verify_init(ctx.get()) == 1 &&
        EVP_PKEY_CTX_set_signature_md(ctx.get(), x509::native(x509::hash::sha256)) == 1 &&
        EVP_PKEY_verify(ctx.get(), signature.data(), signature.size(), sha256_value.data(), sha256_value.size()) == 1;
    drain_errors();
    if (!good) return failed(errc::signature_wrong, to_hex(id));
    return signature;
}

} // namespace vanthu::token

#include "daemon/key_check.hpp"

#include "adapters/peer/link_certificate.hpp"
#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "schemas/receipt/certificate.hpp"
#include "schemas/receipt/delegation.hpp"
#include "signing/x509/certificate.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace vanthu {
namespace {
using config::errc;
using std::filesystem::path;
constexpr std::size_t file_limit = 1 << 20;

digest spki_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(key, &der);
    const digest out = sha256::of(bytes_view(der, static_cast<std::size_t>(std::max(0, length))));
    OPENSSL_free(der);
    return out;
}

// Of a private or public key or a certificate in PEM; nullopt for anything else, also for an encrypted key.
std::optional<digest> key_in(bytes_view text, bool private_only) {
    auto no_password = [](char*, int, int, void*) { return 0; };
    auto read = [&](auto from_bio) {
        std::unique_ptr<BIO, int (*)(BIO*)> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
        std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(from_bio(in.get(), nullptr, no_password, nullptr),
                                                           EVP_PKEY_free);
        ERR_clear_error();
        return key ? std::optional(spki_of(key.get())) : std::nullopt;
    };
    if (auto found = read(PEM_read_bio_PrivateKey)) return found;
    if (private_only) return std::nullopt;
    if (auto found = read(PEM_read_bio_PUBKEY)) return found;
    auto certificate = x509::parse_certificate(text);
    return certificate ? std::optional(certificate->spki_sha256()) : std::nullopt;
}

class key_checker {
public:
    key_checker(const daemon_config& c, const registry::registry* r, const std::string& file)
        : config_(c), registry_(r), file_(file) {}

    config::problems all() {
        pair("listen.api", config_.api.tls);
        pair("listen.peer", config_.peer.tls);
        pair("listen.operator", config_.operator_door.tls);
        pair("signing.service_certificate", config_.signing.service_certificate, "signing.service_key",
             config_.signing.service_key);
        authorities("listen.peer.ca", config_.peer.tls.ca);
        authorities("listen.operator.ca", config_.operator_door.tls.ca);
        log_key();
        agency_keys();
        one_role_each();
        return std::move(found_);
    }

private:
    enum class role { agency, log, daemon };
    struct known {
        std::string key; // of the configuration
        digest spki;
        role as;
    };

    void complain(errc code, std::string_view key, std::string vi, std::string en) {
        found_.push_back({code, file_, config_.as_read.where(key), std::string(key), std::move(vi), std::move(en)});
    }

    void pair(const std::string& section, const tls_files& files) {
        if (!files.certificate.empty() && !files.key.empty())
            pair(section + ".certificate", files.certificate, section + ".key", files.key);
    }

    void pair(const std::string& certificate_key, const path& certificate_file, const std::string& key_key,
              const path& key_file) {
        std::optional<digest> key = private_key(key_key, key_file, role::daemon);
        auto text = read_file(certificate_file, file_limit);
        auto leaf = text ? x509::parse_certificate(*text) : std::unexpected(text.error());
        if (!leaf)
            return complain(errc::certificate_unfit, certificate_key,
                            fmt::format("{}: không đọc được chứng thư.", certificate_file.string()),
                            fmt::format("{}: no certificate can be read.", certificate_file.string()));
        if (key && *key != leaf->spki_sha256())
            complain(errc::key_mismatch, key_key,
                     fmt::format("{} không phải là khóa của {}.", key_file.string(), certificate_file.string()),
                     fmt::format("{} is not the key of {}.", key_file.string(), certificate_file.string()));
        const registry::certificate_ids ids{leaf->spki_sha256(), leaf->sha256(), leaf->subject(), leaf->issuer()};
        if (registry_ && peer_link::is_for_signing(*registry_, ids))
            complain(errc::one_key_two_roles, certificate_key,
                     fmt::format("{} là con dấu hoặc chứng thư của người ký theo danh bạ.", leaf->subject()),
                     fmt::format("{} is a seal or a person's certificate in the registry.", leaf->subject()));
        if (certificate_key == "listen.peer.certificate") for_links(certificate_key, *leaf);
    }

    // A leaf among them would never lead to anybody.
    void authorities(const std::string& key, const path& file) {
        if (file.empty()) return;
        auto text = read_text_file(file, file_limit);
        auto all = text ? receipt::certificates_from_pem(*text) : std::unexpected(text.error());
        if (!all || all->empty())
            return complain(errc::certificate_unfit, key, fmt::format("{}: không đọc được chứng thư.", file.string()),
                            fmt::format("{}: no certificate can be read.", file.string()));
        for (const bytes& der : *all) {
            auto one = x509::parse_certificate(der);
            if (one && one->is_ca()) continue;
            const std::string name = one ? one->subject() : "?";
            complain(errc::certificate_unfit, key, fmt::format("{}: {} không phải chứng thư CA.", file.string(), name),
                     fmt::format("{}: {} is no CA certificate.", file.string(), name));
        }
    }

    // What adapters/peer asks of the certificates of both sides.
    void for_links(const std::string& key, const x509::certificate& leaf) {
        X509* native = leaf.native();
        const bool said = (X509_get_extension_flags(native) & EXFLAG_XKUSAGE) != 0;
        const std::uint32_t uses = said ? X509_get_extended_key_usage(native) : 0;
        const bool listens = !config_.peer.address.empty();
        if ((uses & XKU_SSL_CLIENT) && (!listens || (uses & XKU_SSL_SERVER))) return;
        complain(errc::certificate_unfit, key,
                 fmt::format("{}: mục đích sử dụng mở rộng phải có clientAuth{}.", leaf.subject(),
                             listens ? " và serverAuth" : ""),
                 fmt::format("{}: the extended key usage must name clientAuth{}.", leaf.subject(),
                             listens ? " and serverAuth" : ""));
    }

    std::optional<digest> private_key(const std::string& key, const path& file, role as) {
        auto text = read_file(file, file_limit);
        std::optional<digest> spki = text ? key_in(*text, true) : std::nullopt;
        if (text) OPENSSL_cleanse(text->data(), text->size());
        if (!spki)
            complain(errc::key_unusable, key, fmt::format("{}", file.string()), fmt::format("{}", file.string()));
        else
            known_.push_back({key, *spki, as});
        return spki;
    }

    void log_key() {
        constexpr std::string_view key = "signing.log_key";
        if (!private_key(std::string(key), config_.signing.log_key, role::log)) return;
        auto text = read_text_file(config_.signing.log_key, file_limit);
        auto log = text ? tlog::ed25519_private_key::from_pem(*text) : std::unexpected(text.error());
        if (text) OPENSSL_cleanse(text->data(), text->size());
        auto statement = read_text_file(config_.signing.log_key_delegation, receipt::max_statement_size);
        while (statement && statement->ends_with('\n')) statement->pop_back();
        auto delegated = statement ? receipt::decode_delegation(*statement) : std::unexpected(statement.error());
        if (!log || !delegated) {
            const failure& why = log ? delegated.error() : log.error();
            const error_row* row = describe(why.code);
            return complain(errc::key_unusable, log ? "signing.log_key_delegation" : key,
                            row ? std::string(row->message_vi) : why.detail,
                            row ? std::string(row->message_en) : why.detail);
        }
        if (delegated->log_key != log->public_key())
            complain(errc::key_mismatch, key, "Văn bản ủy quyền nêu một khóa nhật ký khác.",
                     "The delegation names another log key.");
    }

    // The daemon may well not be allowed to read them; what it can read is compared.
    void agency_keys() {
        for (const std::string& one : config_.signing.agency_keys) {
            if (one.starts_with("pkcs11:")) continue;
            const path file = path(file_).parent_path() / one; // an absolute `one` stays
            auto text = read_file(file, file_limit);
            if (!text) continue;
            if (auto spki = key_in(*text, false)) known_.push_back({"signing.agency_keys", *spki, role::agency});
            OPENSSL_cleanse(text->data(), text->size());
        }
    }

    void one_role_each() {
        for (std::size_t i = 0; i < known_.size(); ++i)
            for (std::size_t j = i + 1; j < known_.size(); ++j) {
                const known &a = known_[i], &b = known_[j];
                if (a.as == b.as || a.spki != b.spki) continue;
                complain(errc::one_key_two_roles, a.key, fmt::format("{} và {} là một khóa.", a.key, b.key),
                         fmt::format("{} and {} are one key.", a.key, b.key));
            }
    }

    const daemon_config& config_;
    const registry::registry* registry_;
    const std::string& file_;
    std::vector<known> known_;
    config::problems found_;
};

} // namespace

config::problems check_keys(const daemon_config& c, const registry::registry* r, const std::string& file) {
    return key_checker(c, r, file).all();
}

} // namespace vanthu

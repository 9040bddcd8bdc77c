#include "schemas/receipt/statement.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/receipt/canonical.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::receipt {
namespace json = boost::json;
namespace {
constexpr std::size_t max_certificate_size = 16u << 10; // as base64
constexpr std::size_t max_signature_size = 1024;

// Of all that a signature's verification depends on, each part with its length.
digest name_of(const signed_statement& s, std::string_view message) {
    sha256 hash;
    for (bytes_view part :
         {as_bytes(s.algorithm), bytes_view(s.certificates.front()), as_bytes(message), bytes_view(s.signature)}) {
        hash.update(as_bytes(fmt::format("{} ", part.size())));
        hash.update(part);
    }
    return hash.finish();
}
} // namespace

std::string signed_bytes(std::string_view kind, std::string_view statement) {
    return fmt::format("vanthu {}/1\n{}", kind, statement);
}

result<signed_statement> sign_statement(std::string kind, std::string statement, const service_key& key,
                                        std::vector<bytes> certificates) {
    if (certificates.empty() || certificates.size() > max_certificates || !key.belongs_to(certificates.front()))
        return failed(errc::signing_failed, "the first certificate is not that of the key");
    for (const bytes& der : certificates)
        if ((der.size() + 2) / 3 * 4 > max_certificate_size) return failed(errc::too_large, "certificate");
    VANTHU_CHECK(canonical::parse(statement, max_statement_size));
    VANTHU_TRY(bytes signature, key.sign(as_bytes(signed_bytes(kind, statement))));
    if (signature.size() > max_signature_size) return failed(errc::too_large, "signature");
    return signed_statement{std::move(kind), std::move(statement), key.algorithm(), std::move(signature),
                            std::move(certificates)};
}

std::string encode(const signed_statement& statement) {
    json::array certificates;
    for (const bytes& der : statement.certificates) certificates.emplace_back(base64_encode(der));
    json::object out{{"algorithm", statement.algorithm},
                     {"certificates", std::move(certificates)},
                     {"kind", statement.kind},
                     {"schema_version", 1},
                     {"signature", base64_encode(statement.signature)}};
    std::string text = canonical::write(out);
    text.pop_back(); // "statement" sorts last: its exact bytes go in as they are
    return text + ",\"statement\":" + statement.statement + "}";
}

result<signed_statement> decode_statement(std::string_view text, std::string_view expected_kind) {
    VANTHU_TRY(json::object object, canonical::parse(text, max_statement_size));
    canonical::members in(object);
    VANTHU_CHECK(in.version(1));
    VANTHU_CHECK(in.kind(expected_kind));
    signed_statement out;
    out.kind = expected_kind;
    VANTHU_TRY(out.statement, in.object_text("statement"));
    VANTHU_TRY(out.algorithm, in.text("algorithm", 64));
    VANTHU_TRY(out.signature, in.base64("signature", max_signature_size));
    VANTHU_TRY(auto certificates, in.texts("certificates", max_certificates, max_certificate_size));
    for (const std::string& one : certificates) {
        VANTHU_TRY(bytes der, canonical::base64_from(one, max_certificate_size));
        out.certificates.push_back(std::move(der));
    }
    if (out.certificates.empty()) return failed(errc::malformed, "certificates");
    return out;
}

result<std::shared_ptr<const verified_signer>> verify_statement(const signed_statement& statement,
                                                                const trust_anchors& anchors, timestamp at,
                                                                std::string_view organisation, coming again) {
    if (statement.certificates.empty()) return failed(errc::certificate_refused, "no certificate");
    const bytes& certificate = statement.certificates.front();
    const std::string message = signed_bytes(statement.kind, statement.statement);
    auto signer = anchors.remembered(statement.certificates, at);
    const std::optional<digest> name =
        again == coming::often ? std::optional(name_of(statement, message)) : std::nullopt;
    if (!name || !anchors.remembers_signature(*name))
        VANTHU_CHECK(signer
                         ? verify_signature(*signer, statement.algorithm, as_bytes(message), statement.signature)
                         : verify_signature(certificate, statement.algorithm, as_bytes(message), statement.signature));
    if (!signer) {
        VANTHU_TRY(signer, verify_chain(statement.certificates, anchors, at));
    }
    if (std::ranges::find(signer->organisations, organisation) == signer->organisations.end())
        return failed(errc::organisation_mismatch,
                      fmt::format("{} is not certified for {}", signer->subject, organisation));
    if (name) anchors.remember_signature(*name);
    return signer;
}

} // namespace vanthu::receipt

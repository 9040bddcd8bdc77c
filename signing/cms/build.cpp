#include "signing/cms/build.hpp"

#include "signing/cms/parts.hpp"
#include "signing/x509/openssl.hpp"

#include <algorithm>

namespace vanthu::cms {
using namespace ossl;
namespace {

constexpr std::string_view oid_content_type = "1.2.840.113549.1.9.3", oid_signing_time = "1.2.840.113549.1.9.5",
                           oid_signing_certificate_v2 = "1.2.840.113549.1.9.16.2.47", oid_rsa = "1.2.840.113549.1.1.1",
                           oid_pss = "1.2.840.113549.1.1.10", oid_mgf1 = "1.2.840.113549.1.1.8",
                           oid_ecdsa_sha256 = "1.2.840.10045.4.3.2";

// What every signature has alike, written once.
struct constant_parts {
    bytes version_1 = der::integer(1u), data = der::oid(id::data), data_info = der::sequence({data}),
          content_type = attribute(oid_content_type, data), message_digest = der::oid(id::message_digest),
          signing_time = der::oid(oid_signing_time), sha256 = der::algorithm(id::sha256, false),
          sha256_null = der::algorithm(id::sha256, true), signed_data = der::oid(id::signed_data),
          set_of_sha256 = der::tlv(der::tag_set, sha256);
};
const constant_parts& constants() {
    static const constant_parts all;
    return all;
}

bool fit(const x509::certificate& leaf, scheme s) {
    bool ec = leaf.kind() == x509::key_kind::ec_p256 || leaf.kind() == x509::key_kind::ec_p384;
    return s == scheme::ecdsa ? ec : leaf.kind() == x509::key_kind::rsa && leaf.key_bits() >= 2048;
}

// RFC 4055, 3.1: hash, mask generation with the same hash, salt as long as the hash.
bytes pss_algorithm() {
    bytes hash = der::algorithm(id::sha256, true);
    bytes mask = der::sequence({der::oid(oid_mgf1), hash});
    bytes salt = der::integer(32u);
    return der::sequence(
        {der::oid(oid_pss), der::sequence({der::tlv(0xa0, hash), der::tlv(0xa1, mask), der::tlv(0xa2, salt)})});
}

const bytes& signature_algorithm(scheme s) {
    static const bytes pkcs1 = der::algorithm(oid_rsa, true), // what deployed tools write (RFC 3370, 3.2)
        ecdsa = der::algorithm(oid_ecdsa_sha256, false), pss = pss_algorithm();
    return s == scheme::rsa_pkcs1 ? pkcs1 : s == scheme::ecdsa ? ecdsa : pss;
}

// What every signature of one certificate has alike.
struct certificate_parts {
    bytes issuer_and_serial;   // who issued it, and its number there
    bytes signing_certificate; // the attribute
};

certificate_parts parts_of(const x509::certificate& leaf) {
    const unsigned char* issuer = nullptr;
    std::size_t issuer_size = 0;
    X509_NAME_get0_der(X509_get_issuer_name(leaf.native()), &issuer, &issuer_size);
    unsigned char* number = nullptr;
    int size = i2d_ASN1_INTEGER(X509_get0_serialNumber(leaf.native()), &number);
    const bytes serial(number, number + (size > 0 ? size : 0));
    OPENSSL_free(number);
    const bytes_view name(issuer, issuer_size);
    // RFC 5035, section 3: the hash algorithm is left out because SHA-256 is its default.
    bytes issuer_serial = der::sequence({der::sequence({der::tlv(0xa4, name)}), serial});
    bytes id = der::sequence({der::tlv(der::tag_octets, leaf.sha256().view()), issuer_serial});
    return {der::sequence({name, serial}), attribute(oid_signing_certificate_v2, der::sequence({der::sequence({id})}))};
}

// Kept for the next signature of this thread: who signs many does so with one certificate.
const certificate_parts& kept_parts_of(const x509::certificate& leaf) {
    thread_local x509::certificate last;
    thread_local certificate_parts parts;
    if (!last || last.native() != leaf.native()) { // `last` keeps what its address names
        parts = parts_of(leaf);
        last = leaf;
    }
    return parts;
}

// RFC 5652, 11.3: UTCTime up to 2049.
bytes time_der(timestamp t) {
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
    const int year = static_cast<int>(date.year());
    const bool short_year = year >= 1950 && year < 2050;
    bytes text;
    auto two_digits = [&](auto number) {
        text.push_back(static_cast<std::uint8_t>('0' + number / 10 % 10));
        text.push_back(static_cast<std::uint8_t>('0' + number % 10));
    };
    if (!short_year) two_digits(year / 100);
    two_digits(year);
    two_digits(static_cast<unsigned>(date.month()));
    two_digits(static_cast<unsigned>(date.day()));
    two_digits(time.hours().count());
    two_digits(time.minutes().count());
    two_digits(time.seconds().count());
    text.push_back('Z');
    return der::tlv(short_year ? der::tag_utc_time : der::tag_generalized_time, text);
}

bytes attribute_of(const bytes& type, bytes_view value) { return der::sequence({type, der::tlv(der::tag_set, value)}); }

// With the tag of a SET OF (RFC 5652, 5.4).
bytes signed_attributes(const digest& content, const certificate_parts& about, const build_options& options) {
    const constant_parts& c = constants();
    std::vector<bytes> all;
    all.reserve(6);
    all.push_back(c.content_type);
    all.push_back(attribute_of(c.message_digest, der::tlv(der::tag_octets, content.view())));
    all.push_back(about.signing_certificate);
    if (options.signing_time) all.push_back(attribute_of(c.signing_time, time_der(*options.signing_time)));
    if (!options.mime_type.empty())
        all.push_back(attribute(id::mime_type, der::tlv(0x0c, as_bytes(options.mime_type)))); // UTF8String
    if (options.content_stamp) all.push_back(attribute(id::content_time_stamp, options.content_stamp->der));
    return der::tlv(der::tag_set, der::set_of_content(std::move(all)));
}

result<bytes> signature_over(const digest& hashed, const signer& who) {
    VANTHU_TRY(bytes signature, who.sign(hashed.view()));
    if (who.verifies) return signature;
    if (x509::verify_hash(who.leaf, who.scheme, x509::hash::sha256, hashed.view(), signature)) return signature;
    if (who.scheme == scheme::ecdsa)
        if (auto converted = x509::ecdsa_to_der(signature);
            converted && x509::verify_hash(who.leaf, who.scheme, x509::hash::sha256, hashed.view(), *converted))
            return std::move(*converted);
    return failed(errc::signer_failed, who.leaf.subject());
}

// What one more signer brings into a message.
struct contribution {
    bytes signer_info;
    std::vector<bytes_view> certificates; // of the signer
};

result<contribution> contribution_of(const digest& content, const signer& who, const build_options& options) {
    if (!who.leaf || !who.sign || !fit(who.leaf, who.scheme)) return failed(errc::key_unfit);
    if (const auto& stamp = options.content_stamp;
        stamp && (stamp->imprint_hash != x509::hash::sha256 || !std::ranges::equal(stamp->imprint, content.view())))
        return failed(errc::timestamp_mismatch, "imprint");
    const certificate_parts& about = kept_parts_of(who.leaf);
    const bytes sid = about.issuer_and_serial; // sign() may come back here with another signer
    bytes attributes = signed_attributes(content, about, options);
    VANTHU_TRY(bytes signature, signature_over(sha256::of(attributes), who));
    attributes[0] = der::tag_context_0; // signed as a SET OF, stored under [0]
    contribution out;
    out.signer_info =
        der::sequence({constants().version_1, sid, constants().sha256, attributes, signature_algorithm(who.scheme),
                       der::header(der::tag_octets, signature.size()), signature});
    out.certificates.push_back(who.leaf.der());
    if (options.embed_chain)
        for (const x509::certificate& c : who.chain) add_member(out.certificates, c.der());
    return out;
}

// Would this content be a surprise to those who signed? Only what they hashed with SHA-256 can be compared.
result<> same_content(const message_parts& parts, const digest& content) {
    for (const signer_parts& s : parts.signers) {
        auto said = s.message_digest();
        bool comparable = std::ranges::equal(s.digest_algorithm, constants().sha256) ||
                          std::ranges::equal(s.digest_algorithm, constants().sha256_null);
        if (said && comparable && !std::ranges::equal(*said, content.view())) return failed(errc::content_differs);
    }
    return {};
}

result<bytes_view> signature_value(const message_parts& parts, std::size_t signer) {
    if (signer >= parts.signers.size()) return failed(errc::no_such_signer, std::to_string(signer));
    return der::first(parts.signers[signer].signature)->content;
}

} // namespace

result<bytes> build_signature(const digest& content, const signer& who, const build_options& options) {
    VANTHU_TRY(contribution c, contribution_of(content, who, options));
    const constant_parts& same = constants();
    der::backward_writer w(c.signer_info.size() + 4096);
    w.put(c.signer_info);
    w.enclose(der::tag_set, 0);
    const std::size_t signers = w.size();
    for (auto cert = c.certificates.rbegin(); cert != c.certificates.rend(); ++cert) w.put(*cert);
    w.enclose(der::tag_context_0, signers);
    w.put(same.data_info);
    w.put(same.set_of_sha256);
    w.put(same.version_1);
    w.enclose(der::tag_sequence, 0);
    w.enclose(der::tag_context_0, 0);
    w.put(same.signed_data);
    w.enclose(der::tag_sequence, 0);
    return w.written();
}

result<bytes> add_signer(bytes_view cms, const digest& content, const signer& who, const build_options& options) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    if (!std::ranges::equal(parts.content_type, constants().data)) return failed(errc::not_cms, "not id-data");
    VANTHU_CHECK(same_content(parts, content));
    VANTHU_TRY(contribution c, contribution_of(content, who, options));
    add_member(parts.digest_algorithms, constants().sha256);
    for (bytes_view cert : c.certificates) add_member(parts.certificates, cert);
    signer_parts added;
    added.whole = c.signer_info;
    parts.signers.push_back(std::move(added));
    return assemble(parts);
}

result<digest> signature_imprint(bytes_view cms, std::size_t signer) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    VANTHU_TRY(bytes_view value, signature_value(parts, signer));
    return sha256::of(value);
}

result<bytes> add_timestamp(bytes_view cms, const timestamp_token& token, std::size_t signer) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    VANTHU_TRY(bytes_view value, signature_value(parts, signer));
    if (token.imprint != x509::hash_of(token.imprint_hash, value)) return failed(errc::timestamp_mismatch, "imprint");
    bytes stamp = attribute(id::signature_time_stamp, token.der);
    add_attribute(parts.signers[signer].unsigned_list, stamp);
    parts.signers[signer].changed = true;
    return assemble(parts);
}

result<bytes> attach(bytes_view cms, bytes_view content) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    VANTHU_CHECK(same_content(parts, sha256::of(content)));
    VANTHU_TRY(around_content frame, attach_around(cms, content.size()));
    frame.before.reserve(frame.before.size() + content.size() + frame.after.size());
    frame.before.insert(frame.before.end(), content.begin(), content.end());
    frame.before.insert(frame.before.end(), frame.after.begin(), frame.after.end());
    return std::move(frame.before);
}

result<around_content> attach_around(bytes_view cms, std::uint64_t content_size) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    if (parts.content) return failed(errc::not_cms, "has content already");
    if (content_size + cms.size() + 64 >= 1ull << 32) return failed(errc::over_budget, "size");
    // The lengths of all frames around the content grow by what is put in: from the inside to the outside.
    bytes whole = assemble(parts); // DER also where the message was BER
    VANTHU_TRY(message_parts clean, take_apart(whole));
    auto offset = [&](bytes_view part) { return static_cast<std::size_t>(part.data() - whole.data()); };
    std::size_t type_at = offset(clean.content_type), type_end = type_at + clean.content_type.size();
    bytes octets = der::header(der::tag_octets, content_size);
    bytes wrapped = der::header(der::tag_context_0, octets.size() + content_size);
    std::uint64_t inside = wrapped.size() + octets.size() + content_size;
    bytes info = der::header(der::tag_sequence, clean.content_type.size() + inside);
    // SignedData from its version up to encapContentInfo, and behind it.
    std::size_t fields_at = offset(clean.version);
    bytes_view in_front = bytes_view(whole).subspan(fields_at, offset(clean.content_info) - fields_at);
    bytes_view behind = bytes_view(whole).subspan(type_end);
    std::uint64_t body = in_front.size() + info.size() + clean.content_type.size() + inside + behind.size();
    bytes signed_data = der::header(der::tag_sequence, body);
    bytes explicit_tag = der::header(der::tag_context_0, signed_data.size() + body);
    bytes type = der::oid(id::signed_data);
    bytes outer = der::header(der::tag_sequence, type.size() + explicit_tag.size() + signed_data.size() + body);
    return around_content{
        der::joined({outer, type, explicit_tag, signed_data, in_front, info, clean.content_type, wrapped, octets}),
        bytes(behind.begin(), behind.end())};
}

digest detached::sha256() const {
    vanthu::sha256 hash;
    for (bytes_view piece : content) hash.update(piece);
    return hash.finish();
}

result<detached> detach(bytes_view cms) {
    VANTHU_TRY(message_parts parts, take_apart(cms));
    if (!parts.content) return failed(errc::not_cms, "has no content");
    return detached{assemble_without_content(parts), *parts.content};
}

} // namespace vanthu::cms

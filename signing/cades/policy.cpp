#include "signing/cades/policy.hpp"

#include "daemon/base/utf8.hpp"

#include <algorithm>

namespace vanthu::cades {
namespace {

using validation::named_policy;
using kind = named_policy::kind;

constexpr std::string_view policy_attribute = "1.2.840.113549.1.9.16.2.15", store_attribute = "0.4.0.19122.1.3",
                           uri_qualifier = "1.2.840.113549.1.9.16.5.1", notice_qualifier = "1.2.840.113549.1.9.16.5.2",
                           document_qualifier = "0.4.0.19122.2.1";
constexpr std::uint8_t tag_null = 0x05, tag_utf8 = 0x0c, tag_ia5 = 0x16, tag_visible = 0x1a, tag_bmp = 0x1e;
constexpr std::size_t longest_text = 4096;

// Elements one after the other, each in the one form that DER allows for its length.
class strict_reader {
public:
    explicit strict_reader(bytes_view in) : in_(in) {}
    std::optional<der::element> next() {
        auto one = in_.next();
        if (!one || one->whole.size() != der::header(one->tag, one->content.size()).size() + one->content.size())
            return std::nullopt;
        return one;
    }
    std::optional<der::element> next(std::uint8_t tag) {
        auto one = next();
        return one && one->tag == tag ? one : std::nullopt;
    }
    bool at_end() const { return in_.at_end(); }

private:
    der::reader in_;
};

std::optional<der::element> only(bytes_view in, std::uint8_t tag) {
    strict_reader reader(in);
    auto one = reader.next(tag);
    return one && reader.at_end() ? one : std::nullopt;
}

std::optional<std::string> oid_of(const std::optional<der::element>& at) {
    std::string dotted = at ? der::oid_text(at->content) : std::string();
    return dotted.empty() ? std::nullopt : std::optional(std::move(dotted));
}

std::optional<std::string> ascii(bytes_view content) {
    const bool fits = !content.empty() && content.size() <= longest_text &&
                      std::ranges::all_of(content, [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
    return fits ? std::optional(std::string(as_text(content))) : std::nullopt;
}

std::optional<std::string> utf8(bytes_view content) {
    if (content.empty() || content.size() > longest_text) return std::nullopt;
    std::string text(as_text(content));
    return well_formed(text) == text ? std::optional(std::move(text)) : std::nullopt;
}

// UCS-2, big endian: no surrogates.
std::optional<std::string> bmp(bytes_view content) {
    if (content.empty() || content.size() % 2 != 0 || content.size() > longest_text) return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < content.size(); i += 2) {
        const unsigned c = static_cast<unsigned>(content[i]) << 8 | content[i + 1];
        if (c >= 0xd800 && c <= 0xdfff) return std::nullopt;
        if (c < 0x80) {
            out += static_cast<char>(c);
        } else if (c < 0x800) {
            out += {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 0x3f))};
        } else {
            out += {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                    static_cast<char>(0x80 | (c & 0x3f))};
        }
    }
    return out;
}

std::optional<std::string> display_text(const der::element& at) {
    return at.tag == tag_utf8                           ? utf8(at.content)
           : at.tag == tag_bmp                          ? bmp(at.content)
           : at.tag == tag_visible || at.tag == tag_ia5 ? ascii(at.content)
                                                        : std::nullopt;
}

// SPUserNotice { noticeRef { organization, noticeNumbers } OPTIONAL, explicitText OPTIONAL }
bool read_notice(bytes_view qualifier, std::string& out) {
    auto notice = only(qualifier, der::tag_sequence);
    if (!notice) return false;
    strict_reader fields(notice->content);
    if (fields.at_end()) return true;
    auto one = fields.next();
    if (one && one->tag == der::tag_sequence) {
        strict_reader reference(one->content);
        auto organisation = reference.next(), numbers = reference.next(der::tag_sequence);
        if (!organisation || !display_text(*organisation) || !numbers || !reference.at_end()) return false;
        for (strict_reader in(numbers->content); !in.at_end();)
            if (!in.next(der::tag_integer)) return false;
        if (fields.at_end()) return true;
        one = fields.next();
    }
    auto text = one ? display_text(*one) : std::nullopt;
    if (!text || !fields.at_end()) return false;
    if (out.empty()) out = std::move(*text);
    return true;
}

// SPDocSpecification: an OID, or a URI in IA5String.
bool is_document_specification(const std::optional<der::element>& at) {
    if (at && at->tag == der::tag_oid) return oid_of(at).has_value();
    return at && at->tag == tag_ia5 && ascii(at->content);
}

bool read_qualifier(bytes_view content, named_policy& out) {
    strict_reader fields(content);
    auto type = oid_of(fields.next(der::tag_oid));
    if (!type) return false;
    if (fields.at_end()) return *type != uri_qualifier && *type != notice_qualifier && *type != document_qualifier;
    auto value = fields.next();
    if (!value || !fields.at_end()) return false;
    if (*type == notice_qualifier) return read_notice(value->whole, out.notice);
    if (*type == document_qualifier) return is_document_specification(value);
    if (*type != uri_qualifier) return true; // a type that others may know
    auto uri = value->tag == tag_ia5 ? ascii(value->content) : std::nullopt;
    if (uri && out.uri.empty()) out.uri = *uri;
    return uri.has_value();
}

// SigPolicyHash { AlgorithmIdentifier, OCTET STRING }
bool read_hash(bytes_view content, named_policy& out) {
    strict_reader fields(content);
    auto algorithm = fields.next(der::tag_sequence), value = fields.next(der::tag_octets);
    if (!algorithm || !value || !fields.at_end()) return false;
    strict_reader inside(algorithm->content);
    auto name = oid_of(inside.next(der::tag_oid));
    if (!name || (!inside.at_end() && !inside.next()) || !inside.at_end()) return false;
    return take_hash(out, x509::hash_from_oid(*name), *name, value->content);
}

// SignaturePolicyId { OID, SigPolicyHash, SEQUENCE SIZE (1..MAX) OF SigPolicyQualifierInfo OPTIONAL }
bool read_explicit(bytes_view content, named_policy& out) {
    strict_reader fields(content);
    auto id = oid_of(fields.next(der::tag_oid));
    auto hash = id ? fields.next(der::tag_sequence) : std::nullopt;
    if (!hash || !read_hash(hash->content, out)) return false;
    out.id = *id;
    if (fields.at_end()) return true;
    auto qualifiers = fields.next(der::tag_sequence);
    if (!qualifiers || qualifiers->content.empty() || !fields.at_end()) return false;
    for (strict_reader in(qualifiers->content); !in.at_end();) {
        auto one = in.next(der::tag_sequence);
        if (!one || !read_qualifier(one->content, out)) return false;
    }
    return true;
}

named_policy read(bytes_view value) {
    named_policy out;
    if (auto implied = only(value, tag_null); implied && implied->content.empty()) {
        out.how = kind::implied;
    } else if (auto id = only(value, der::tag_sequence)) {
        out.how = kind::explicit_;
        if (!read_explicit(id->content, out)) out = {};
    }
    return out;
}

// SignaturePolicyStore { SPDocSpecification, sigPolicyEncoded OCTET STRING | sigPolicyLocalURI }. It is not signed:
// what cannot be read of it is as good as not there.
void look_at_store(bytes_view value, named_policy& out) {
    auto store = only(value, der::tag_sequence);
    if (!store) return;
    strict_reader fields(store->content);
    if (!is_document_specification(fields.next())) return;
    auto document = fields.next(der::tag_octets);
    if (document && fields.at_end()) take_stored_copy(out, document->content);
}

} // namespace

std::optional<named_policy> signature_policy_of(const cms::signer_parts& signer) {
    std::size_t attributes = 0;
    for (const cms::attribute_parts& a : signer.signed_list) attributes += a.oid == policy_attribute;
    if (attributes == 0) return std::nullopt;
    const auto values = signer.signed_values(policy_attribute);
    if (attributes > 1 || values.size() != 1) return named_policy{};
    named_policy out = read(values.front());
    for (bytes_view value : signer.unsigned_values(store_attribute)) look_at_store(value, out);
    return out;
}

} // namespace vanthu::cades

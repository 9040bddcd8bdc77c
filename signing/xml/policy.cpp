#include "signing/xml/policy.hpp"

#include "signing/xml/core.hpp"

#include <algorithm>

namespace vanthu::xml {
namespace {

using validation::named_policy;
using kind = named_policy::kind;

constexpr std::size_t longest_text = 4096;

// White space around it means nothing (anyURI).
std::string trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blank);
    if (begin == text.npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(blank) - begin + 1));
}

// The children of an element that holds nothing else, taken in the order of its schema.
class sequence {
public:
    explicit sequence(const element& of) : left_(of.children()), only_elements_(!of.has_stray_text()) {}
    const element* next(std::string_view uri, std::string_view name) { // null and nothing taken: another one comes
        if (at_ == left_.size() || !left_[at_]->is(uri, name)) return nullptr;
        return left_[at_++];
    }
    bool done() const { return only_elements_ && at_ == left_.size(); }

private:
    std::vector<const element*> left_;
    std::size_t at_ = 0;
    bool only_elements_;
};

// ObjectIdentifierType { Identifier @Qualifier, Description?, DocumentationReferences? }
std::optional<std::string> read_identifier(const element& at) {
    sequence fields(at);
    const element* identifier = fields.next(xades_uri, "Identifier");
    fields.next(xades_uri, "Description");
    fields.next(xades_uri, "DocumentationReferences");
    auto text = identifier && fields.done() ? identifier->value() : std::nullopt;
    if (!text) return std::nullopt;
    const std::string own = trimmed(*text);
    auto id = validation::policy_id(own);
    if (!id) return std::nullopt;
    if (const std::string* qualifier = identifier->attribute_value("Qualifier")) {
        const bool urn = *id != own; // "urn:oid:" was taken off
        if (*qualifier != "OIDAsURI" && !(*qualifier == "OIDAsURN" && urn)) return std::nullopt;
    }
    return id;
}

bool read_hash(const element& at, named_policy& out) {
    sequence fields(at);
    const element *method = fields.next(dsig_uri, "DigestMethod"), *value = fields.next(dsig_uri, "DigestValue");
    const std::string* algorithm = method ? method->attribute_value("Algorithm") : nullptr;
    if (!algorithm || !value || !fields.done()) return false;
    auto digest = base64_value(*value);
    return digest && take_hash(out, digest_from(*algorithm), *algorithm, *digest);
}

// SPUserNotice { NoticeRef { Organization, NoticeNumbers { int* } }?, ExplicitText? }
bool read_notice(const element& at, std::string& out) {
    sequence fields(at);
    if (const element* reference = fields.next(xades_uri, "NoticeRef")) {
        sequence inside(*reference);
        const element* organisation = inside.next(xades_uri, "Organization");
        const element* numbers = inside.next(xades_uri, "NoticeNumbers");
        if (!organisation || !organisation->value() || !numbers || !inside.done()) return false;
    }
    const element* text = fields.next(xades_uri, "ExplicitText");
    if (!fields.done()) return false;
    if (!text) return true;
    auto said = text->value();
    if (!said || said->size() > longest_text) return false;
    if (out.empty()) out = std::move(*said);
    return true;
}

// What a qualifier holds is anything; what we know of it must be as the standard has it.
bool read_qualifier(const element& at, named_policy& out) {
    for (const element* one : at.children()) {
        if (one->is(xades_uri, "SPUserNotice") && !read_notice(*one, out.notice)) return false;
        if (one->is(xades141_uri, "SPDocSpecification") && !read_identifier(*one)) return false;
        if (!one->is(xades_uri, "SPURI")) continue;
        auto text = one->value();
        const std::string uri = text ? trimmed(*text) : std::string();
        if (uri.empty() || uri.size() > longest_text) return false;
        if (out.uri.empty()) out.uri = uri;
    }
    return true;
}

// SignaturePolicyIdType { SigPolicyId, Transforms?, SigPolicyHash, SigPolicyQualifiers { SigPolicyQualifier+ }? }
bool read_explicit(const element& at, named_policy& out) {
    sequence fields(at);
    const element* id = fields.next(xades_uri, "SigPolicyId");
    out.transformed = fields.next(dsig_uri, "Transforms");
    const element* hash = fields.next(xades_uri, "SigPolicyHash");
    const element* qualifiers = fields.next(xades_uri, "SigPolicyQualifiers");
    auto named = id && hash && fields.done() ? read_identifier(*id) : std::nullopt;
    if (!named || !read_hash(*hash, out)) return false;
    out.id = std::move(*named);
    if (!qualifiers) return true;
    sequence inside(*qualifiers);
    bool any = false;
    while (const element* one = inside.next(xades_uri, "SigPolicyQualifier")) {
        any = true;
        if (!read_qualifier(*one, out)) return false;
    }
    return any && inside.done();
}

} // namespace

std::optional<named_policy> named_policy_in(const element& at) {
    const auto all = at.children(xades_uri, "SignaturePolicyIdentifier");
    if (all.empty()) return std::nullopt;
    named_policy out;
    if (all.size() > 1) return out;
    sequence choice(*all.front());
    const element* explicit_one = choice.next(xades_uri, "SignaturePolicyId");
    const element* implied = explicit_one ? nullptr : choice.next(xades_uri, "SignaturePolicyImplied");
    if (!choice.done()) return out;
    if (explicit_one && read_explicit(*explicit_one, out))
        out.how = kind::explicit_;
    else
        out = {};
    if (implied && implied->children().empty() && !implied->has_stray_text()) out.how = kind::implied;
    return out;
}

void take_policy_store(named_policy& policy, const element& at) {
    for (const element* store : at.children(xades141_uri, "SignaturePolicyStore")) {
        const element* document = store->child(xades141_uri, "SignaturePolicyDocument");
        auto octets = document ? base64_value(*document) : result<bytes>(bytes{});
        if (document && octets) take_stored_copy(policy, *octets);
    }
}

} // namespace vanthu::xml

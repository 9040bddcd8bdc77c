#include "signing/x509/chain.hpp"

#include "signing/x509/cache.hpp"
#include "signing/x509/openssl.hpp"

#include <algorithm>
#include <cstdlib>

namespace vanthu::x509 {
using namespace ossl;
namespace sub = signing::sub;
namespace {

constexpr std::size_t longest_chain = 10, most_chains = 16;
constexpr int most_signatures = 64; // checked in order to choose among issuers of one name

class search {
public:
    search(const std::vector<certificate>& extra, const trust_store& trust, cache* memory)
        : extra_(extra), trust_(trust), memory_(memory) {}

    void extend(chain& way) {
        const certificate& tip = way.back();
        if (std::find(trust_.anchors.begin(), trust_.anchors.end(), tip) != trust_.anchors.end())
            return found_.complete.push_back(way);
        if (way.size() > found_.longest_part.size()) found_.longest_part = way, found_.wrong_signature = false;
        if (way.size() == longest_chain) return;
        bool others = false;
        for (const certificate& issuer : issuers_of(way, others)) {
            if (found_.complete.size() == most_chains) return;
            way.push_back(issuer);
            extend(way);
            way.pop_back();
        }
        if (others && way.size() == found_.longest_part.size()) found_.wrong_signature = true;
    }

    chain_search take() { return std::move(found_); }

private:
    // By name and key identifier, and by signature where that leaves a choice. `others`: some fell out by signature.
    std::vector<certificate> issuers_of(const chain& way, bool& others) {
        const certificate& tip = way.back();
        std::vector<certificate> named;
        for (const auto* list : {&trust_.anchors, &trust_.intermediates, &extra_, &trust_.fetched})
            for (const certificate& c : *list) {
                // A missing key usage is a fault of the chain (check_chain); another key identifier is another issuer.
                int no = X509_check_issued(c.native(), tip.native());
                bool fits = no == X509_V_OK || no == X509_V_ERR_KEYUSAGE_NO_CERTSIGN;
                if (fits && std::find(named.begin(), named.end(), c) == named.end() &&
                    std::find(way.begin(), way.end(), c) == way.end())
                    named.push_back(c);
            }
        drain_errors();
        if (named.size() < 2) return named;
        std::erase_if(named, [&](const certificate& c) {
            bool signed_it = ++signatures_ <= most_signatures && c.public_key() &&
                             is_signed_by(signed_object::certificate, tip.sha256(), c, memory_,
                                          [&] { return X509_verify(tip.native(), c.public_key()) == 1; });
            others = others || !signed_it;
            return !signed_it;
        });
        drain_errors();
        return named;
    }

    const std::vector<certificate>& extra_;
    const trust_store& trust_;
    cache* memory_;
    chain_search found_;
    int signatures_ = 0;
};

inline void free_borrowed(STACK_OF(X509) * s) { sk_X509_free(s); }
using stack = owned<STACK_OF(X509), free_borrowed>; // certificates borrowed

void push(const stack& s, const certificate& c) {
    if (!s || sk_X509_push(s.get(), c.native()) <= 0) std::abort(); // out of memory
}

// OpenSSL would choose issuers by name again; it shall take the chain that was found.
int follows_in_chain(X509_STORE_CTX* ctx, X509* subject, X509* issuer) {
    const chain& all = *static_cast<const chain*>(X509_STORE_CTX_get_app_data(ctx));
    if (subject == issuer) return X509_check_issued(issuer, subject) == X509_V_OK;
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        if (all[i].native() == subject) return all[i + 1].native() == issuer;
    return 0;
}

X509_STORE* empty_store() {
    static X509_STORE* const store = [] { // never changed afterwards, so threads may share it
        X509_STORE* made = X509_STORE_new();
        if (!made) std::abort();
        X509_STORE_set_check_issued(made, follows_in_chain);
        return made;
    }();
    return store;
}

void demand(X509_STORE_CTX* ctx, const std::vector<std::string>& policies) {
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(ctx);
    // Dates and revocation are judged elsewhere, each with its own words. An anchor need not be self-signed. Policies
    // are always processed: a CA may demand one (RFC 5280, 4.2.1.11).
    X509_VERIFY_PARAM_set_flags(rules,
                                X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK);
    X509_VERIFY_PARAM_set_depth(rules, static_cast<int>(longest_chain));
    if (!policies.empty()) X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_EXPLICIT_POLICY);
    auto accept = [&](const char* dotted) {
        ASN1_OBJECT* policy = OBJ_txt2obj(dotted, 1);
        if (policy && X509_VERIFY_PARAM_add0_policy(rules, policy) != 1) ASN1_OBJECT_free(policy);
    };
    for (const std::string& dotted : policies) accept(dotted.c_str());
    if (policies.empty()) accept("2.5.29.32.0"); // anyPolicy; without it OpenSSL accepts none where a CA demands one
}

chain_fault explain(int error) {
    switch (error) {
    case X509_V_OK:
        return {};
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
        return {sub::certificate_chain_general_failure, "x509.chain_broken"};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return {sub::no_certificate_chain_found, "x509.no_chain"};
    case X509_V_ERR_INVALID_POLICY_EXTENSION:
    case X509_V_ERR_NO_EXPLICIT_POLICY:
        return {sub::chain_constraints_failure, "x509.policy"};
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return {sub::chain_constraints_failure, "x509.name_constraint"};
    default: // not a CA, path length, critical extensions, key usage
        return {sub::chain_constraints_failure, "x509.chain_constraint"};
    }
}

// X509_V_OK, or why not. Dates are not looked at.
int openssl_says(const chain& certificates, const std::vector<std::string>& policies) {
    stack anchors(sk_X509_new_null()), others(sk_X509_new_null());
    push(anchors, certificates.back());
    for (std::size_t i = 1; i + 1 < certificates.size(); ++i) push(others, certificates[i]);
    owned<X509_STORE_CTX, X509_STORE_CTX_free> ctx(X509_STORE_CTX_new());
    if (!ctx || X509_STORE_CTX_init(ctx.get(), empty_store(), certificates.front().native(), others.get()) != 1)
        std::abort();
    X509_STORE_CTX_set0_trusted_stack(ctx.get(), anchors.get());
    X509_STORE_CTX_set_app_data(ctx.get(), const_cast<chain*>(&certificates));
    demand(ctx.get(), policies);
    bool good = X509_verify_cert(ctx.get()) == 1;
    int error = X509_STORE_CTX_get_error(ctx.get());
    drain_errors();
    return good ? X509_V_OK : error == X509_V_OK ? X509_V_ERR_UNSPECIFIED : error;
}

} // namespace

chain_search find_chains(const certificate& leaf, const std::vector<certificate>& extra, const trust_store& trust,
                         cache* memory) {
    search all(extra, trust, memory);
    chain way{leaf};
    all.extend(way);
    return all.take();
}

chain_fault check_chain(const chain& certificates, const std::vector<std::string>& policies, cache* memory) {
    int said = X509_V_OK;
    auto keeps_the_rules = [&] { return (said = openssl_says(certificates, policies)) == X509_V_OK; };
    if (memory) {
        sha256 question;
        question.update("chain of " + std::to_string(certificates.size()));
        for (const certificate& c : certificates) question.update(c.sha256().view());
        for (const std::string& policy : policies) question.update(" ").update(policy);
        memory->holds(question.finish(), keeps_the_rules);
    } else
        keeps_the_rules();
    // Below the anchor basicConstraints must say CA; OpenSSL would take version 1 and Netscape types.
    for (std::size_t i = 1; said == X509_V_OK && i + 1 < certificates.size(); ++i)
        if (!certificates[i].is_ca()) return {sub::chain_constraints_failure, "x509.chain_constraint"};
    return explain(said);
}

} // namespace vanthu::x509

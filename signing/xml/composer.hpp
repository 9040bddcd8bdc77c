// Writes a XAdES signature as text. Internal to signing/xml. Source: ETSI EN 319 132-1 V1.2.1, clauses 4.3, 5.1, 5.2.
#pragma once

#include "daemon/base/base64.hpp"
#include "daemon/base/xml_text.hpp"
#include "signing/xml/algorithms.hpp"
#include "signing/xml/sign.hpp"

#include <algorithm>
#include <span>

namespace vanthu::xml {

// One reference as it will be written.
struct planned {
    std::string uri, mime_type, transforms; // transforms: algorithm identifiers, one a line; XPath Filter 2.0 is the
                                            // one expression that leaves signatures out
    bytes digest;
};

// Lives no longer than the signer and the options it was made with.
class composer {
public:
    // `beside`: signatures that are there already, so that one who signs twice in a second has two ids.
    composer(const cms::signer& who, const sign_options& options, std::vector<planned> references,
             std::size_t beside = 0)
        : who_(who), options_(options), references_(std::move(references)) {
        time_ = to_rfc3339(std::chrono::floor<std::chrono::seconds>(options.signing_time));
        if (!options.prefix.empty()) prefix_ = options.prefix + ":";
        dsig_ = " xmlns" + (options.prefix.empty() ? "" : ":" + options.prefix) + "=\"" + std::string(dsig_uri) + "\"";
        sha256 seed;
        seed.update(who.leaf.sha256().view()).update(std::to_string(options.signing_time.time_since_epoch().count()));
        for (const planned& one : references_) seed.update(one.uri).update(one.digest);
        if (beside > 0) seed.update(std::to_string(beside));
        id_ = "id-" + seed.finish().hex().substr(0, 32);
        value.resize(who.scheme != x509::scheme::ecdsa            ? who.leaf.key_bits() / 8
                     : who.leaf.kind() == x509::key_kind::ec_p384 ? 96
                                                                  : 64);
    }
    digest properties_digest;
    bytes value; // of the signature; as long as it will be, before it is known
    const std::string& id() const { return id_; }
    // What the ids of references begin with; for objects that references name.
    std::string object_id() const { return id_ + "-object"; }

    // A part of a text.
    struct span {
        std::size_t begin = 0, end = 0;
        std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
    };
    struct places {
        span signed_info, properties_digest, value, signed_properties;
    };

    std::string text(std::string_view object) const {
        std::string out;
        write(out, object);
        return out;
    }
    places write(std::string& out, std::string_view object) const {
        places at;
        std::size_t certificates = who_.leaf.der().size();
        for (const x509::certificate& c : who_.chain) certificates += c.der().size() + 64;
        out.reserve(out.size() + object.size() + certificates / 3 * 4 + 4096 + 512 * references_.size());
        put(out, {"<", prefix_, "Signature", dsig_, " Id=\"", id_, "\">"});
        at.signed_info.begin = out.size();
        at.properties_digest = write_signed_info(out);
        at.signed_info.end = out.size();
        at.value = wrap(out, "SignatureValue", base64_encode(value));
        put_key_info(out);
        put(out, {object, "<", prefix_, "Object><xades:QualifyingProperties xmlns:xades=\"", xades_uri, "\" Target=\"#",
                  id_, "\">"});
        at.signed_properties.begin = out.size();
        write_signed_properties(out);
        at.signed_properties.end = out.size();
        put(out, {"</xades:QualifyingProperties></", prefix_, "Object></", prefix_, "Signature>"});
        return at;
    }

    // What is hashed is written in the form of Exclusive XML Canonicalization 1.0: each element that uses a prefix
    // first declares it, names are explicit, no element is empty, attributes stand in order, names of files are
    // percent-encoded. So their octets are their text, wherever the signature stands. Not so with other
    // canonicalisations, which depend on that place; with an XPath expression, whose prefix is declared but not an
    // element's; with letters that have two spellings; nor is it known of a signature that comes near the reader's
    // limits. These are read back.
    bool is_canonical() const {
        auto plain = [](unsigned char c) {
            return c >= 0x20 && c < 0x7f && std::string_view("&<>\"'").find(char(c)) == std::string_view::npos;
        };
        return options_.method == canonicalisation{} && references_.size() <= 16 && who_.chain.size() <= 16 &&
               std::ranges::all_of(references_, [&](const planned& one) {
                   return one.uri.size() + one.mime_type.size() <= 4096 &&
                          one.transforms.find(xpath_filter_uri) == std::string::npos &&
                          std::ranges::all_of(one.mime_type, plain);
               });
    }

private:
    // Answers with the place of the digest of SignedProperties.
    span write_signed_info(std::string& out) const {
        put(out, {"<", prefix_, "SignedInfo", dsig_, ">"});
        method(out, "CanonicalizationMethod", algorithm_of(options_.method));
        method(out, "SignatureMethod", algorithm_of(signature_algorithm{who_.scheme, x509::hash::sha256}));
        for (std::size_t i = 0; i < references_.size(); ++i) {
            const planned& one = references_[i];
            put(out, {"<", prefix_, "Reference Id=\"", reference_id(i), "\" URI=\"", xml_attribute(one.uri), "\">"});
            transforms_and_digest(out, one.transforms, one.digest);
        }
        put(out, {"<", prefix_, "Reference Type=\"", signed_properties_type, "\" URI=\"#", id_, "-signed\">"});
        const span at = transforms_and_digest(out, algorithm_of(canonicalisation{}), properties_digest.view());
        put(out, {"</", prefix_, "SignedInfo>"});
        return at;
    }
    void write_signed_properties(std::string& out) const {
        put(out, {"<xades:SignedProperties xmlns:xades=\"", xades_uri, "\" Id=\"", id_, "-signed\">"});
        put(out, {"<xades:SignedSignatureProperties><xades:SigningTime>", time_, "</xades:SigningTime>"});
        put(out, {"<xades:SigningCertificateV2><xades:Cert><xades:CertDigest>"});
        put(out, {"<", prefix_, "DigestMethod", dsig_, " Algorithm=\"", algorithm_of(x509::hash::sha256), "\"></"});
        put(out, {prefix_, "DigestMethod><", prefix_, "DigestValue", dsig_, ">"});
        put(out, {base64_encode(who_.leaf.sha256().view()), "</", prefix_, "DigestValue>"});
        put(out, {"</xades:CertDigest></xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties>"});
        put(out, {"<xades:SignedDataObjectProperties>"});
        for (std::size_t i = 0; i < references_.size(); ++i)
            put(out, {"<xades:DataObjectFormat ObjectReference=\"#", reference_id(i), "\"><xades:MimeType>",
                      xml_text(references_[i].mime_type), "</xades:MimeType></xades:DataObjectFormat>"});
        out += "</xades:SignedDataObjectProperties></xades:SignedProperties>";
    }

    static void put(std::string& out, std::initializer_list<std::string_view> parts) {
        for (std::string_view part : parts) out += part;
    }
    span wrap(std::string& out, std::string_view local, std::string_view content) const {
        put(out, {"<", prefix_, local, ">", content});
        const span at{out.size() - content.size(), out.size()};
        put(out, {"</", prefix_, local, ">"});
        return at;
    }
    void method(std::string& out, std::string_view local, std::string_view algorithm) const {
        put(out, {"<", prefix_, local, " Algorithm=\"", algorithm, "\"></", prefix_, local, ">"});
    }
    void without_signatures(std::string& out) const { // as EN 319 132-1 allows it, in the form that others write
        put(out, {"<", prefix_, "Transform Algorithm=\"", xpath_filter_uri, "\"><XPath xmlns=\"", xpath_filter_uri,
                  "\" xmlns:ds=\"", dsig_uri, "\" Filter=\"subtract\">/descendant::ds:Signature</XPath></", prefix_,
                  "Transform>"});
    }
    std::string reference_id(std::size_t n) const { return id_ + "-ref" + std::to_string(n); }
    // The rest of a reference; answers with the place of the digest.
    span transforms_and_digest(std::string& out, std::string_view transforms, bytes_view hashed) const {
        if (!transforms.empty()) put(out, {"<", prefix_, "Transforms>"});
        for (std::size_t i = 0; i < transforms.size();) {
            std::size_t end = std::min(transforms.find('\n', i), transforms.size());
            std::string_view algorithm = transforms.substr(i, end - i);
            algorithm == xpath_filter_uri ? without_signatures(out) : method(out, "Transform", algorithm);
            i = end + 1;
        }
        if (!transforms.empty()) put(out, {"</", prefix_, "Transforms>"});
        method(out, "DigestMethod", algorithm_of(x509::hash::sha256));
        const span at = wrap(out, "DigestValue", base64_encode(hashed));
        put(out, {"</", prefix_, "Reference>"});
        return at;
    }
    // The text of the last one is kept: who signs many does so with one certificate.
    void put_key_info(std::string& out) const {
        struct kept {
            x509::certificate leaf; // keeps what its address names, as do those of the chain
            std::vector<x509::certificate> chain;
            std::string prefix, text;
        };
        constexpr std::size_t most_kept = 65'536;
        thread_local kept last;
        auto same = [](const x509::certificate& a, const x509::certificate& b) { return a.native() == b.native(); };
        const std::span<const x509::certificate> chain(who_.chain.data(), options_.embed_chain ? who_.chain.size() : 0);
        if (!last.leaf || !same(last.leaf, who_.leaf) || last.prefix != prefix_ ||
            !std::ranges::equal(last.chain, chain, same))
            last = {who_.leaf, {chain.begin(), chain.end()}, prefix_, key_info(chain)};
        out += last.text;
        if (last.text.size() > most_kept) last = {};
    }
    std::string key_info(std::span<const x509::certificate> chain) const {
        std::string out;
        put(out, {"<", prefix_, "KeyInfo><", prefix_, "X509Data>"});
        wrap(out, "X509Certificate", base64_encode(who_.leaf.der()));
        for (const x509::certificate& c : chain)
            if (!(c == who_.leaf)) wrap(out, "X509Certificate", base64_encode(c.der()));
        put(out, {"</", prefix_, "X509Data></", prefix_, "KeyInfo>"});
        return out;
    }

    const cms::signer& who_;
    const sign_options& options_;
    std::vector<planned> references_;
    std::string time_, prefix_, dsig_, id_; // prefix_: with its colon; dsig_: its declaration
};

} // namespace vanthu::xml

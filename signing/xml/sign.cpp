#include "signing/xml/sign.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/xml_text.hpp"
#include "signing/cms/der.hpp"
#include "signing/xml/properties.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

namespace vanthu::xml {
namespace {

constexpr std::string_view asic_uri = "http://uri.etsi.org/02918/v1.2.1#";

bool fit(const x509::certificate& leaf, x509::scheme s) {
    bool ec = leaf.kind() == x509::key_kind::ec_p256 || leaf.kind() == x509::key_kind::ec_p384;
    return s == x509::scheme::ecdsa ? ec : leaf.kind() == x509::key_kind::rsa && leaf.key_bits() >= 2048;
}

// XMLDSig wants r and s side by side, each as long as the order of the curve (RFC 6931, 2.3.6).
std::optional<bytes> raw_ecdsa(bytes_view der_value, std::size_t half) {
    auto whole = der::first(der_value);
    if (!whole || whole->tag != der::tag_sequence) return std::nullopt;
    der::reader parts(whole->content);
    bytes out;
    for (int i = 0; i < 2; ++i) {
        auto number = parts.next(der::tag_integer);
        if (!number) return std::nullopt;
        bytes_view value = number->content;
        while (value.size() > 1 && value.front() == 0) value = value.subspan(1);
        if (value.size() > half) return std::nullopt;
        out.insert(out.end(), half - value.size(), 0);
        out.insert(out.end(), value.begin(), value.end());
    }
    return out;
}

// As XMLDSig writes it, verified.
result<bytes> signature_value(std::string_view signed_info, const cms::signer& who) {
    digest hashed = sha256::of(signed_info);
    VANTHU_TRY(bytes made, who.sign(hashed.view()));
    auto good = [&](const bytes& s) {
        return who.verifies || x509::verify_hash(who.leaf, who.scheme, x509::hash::sha256, hashed.view(), s);
    };
    if (who.scheme != x509::scheme::ecdsa) {
        if (good(made)) return made;
        return failed(errc::signer_failed, who.leaf.subject());
    }
    if (!good(made)) {
        auto converted = x509::ecdsa_to_der(made);
        if (!converted || !good(*converted)) return failed(errc::signer_failed, who.leaf.subject());
        made = std::move(*converted);
    }
    auto raw = raw_ecdsa(made, who.leaf.kind() == x509::key_kind::ec_p384 ? 48 : 32);
    if (!raw) return failed(errc::signer_failed, who.leaf.subject());
    return std::move(*raw);
}

// One reference as it will be written.
struct planned {
    std::string uri, mime_type, transforms; // transforms: algorithm identifiers, one a line; XPath Filter 2.0 is the
                                            // one expression that leaves signatures out
    bytes digest;
};

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

// among_others: the signature stands in what others wrote, or holds it, so that a limit of the reader may be passed.
enum class composed { alone, among_others };

void fill_in(std::string& text, const composer::span& place, const std::string& what) {
    text.replace(place.begin, place.end - place.begin, what);
}

// Writes the signature behind what `text` has. `parse` makes a tree of the signature where it will stand.
template <class Parse>
result<> complete(std::string& text, composer& parts, const cms::signer& who, std::string_view object, composed how,
                  const Parse& parse) {
    const std::size_t begin = text.size();
    if (parts.is_canonical()) {
        const auto at = parts.write(text, object);
        fill_in(text, at.properties_digest, base64_encode(sha256::of(at.signed_properties.of(text)).view()));
        if (how == composed::among_others) VANTHU_CHECK(parse(text.substr(begin)));
        VANTHU_TRY(bytes value, signature_value(at.signed_info.of(text), who));
        fill_in(text, at.value, base64_encode(value));
        return {};
    }
    {
        VANTHU_TRY(auto found, parse(parts.text(object)));
        VANTHU_TRY(core_signature core, read_core(*found.top, {}));
        VANTHU_TRY(auto about, read_properties(*found.top, core, {}));
        hash_sink hash(x509::hash::sha256);
        write_canonical(*about->signed_properties, {}, hash);
        std::ranges::copy(hash.finish(), parts.properties_digest.value.begin());
    }
    VANTHU_TRY(auto found, parse(parts.text(object)));
    VANTHU_TRY(core_signature core, read_core(*found.top, {}));
    VANTHU_TRY(parts.value, signature_value(canonical_octets(*core.signed_info, core.method), who));
    parts.write(text, object);
    return {};
}

result<found_signature> only_signature(const source& document, const limits& bounds) {
    VANTHU_TRY(outline all, outline_of(document, bounds));
    if (all.signatures.size() != 1) return failed(errc::no_signature);
    return std::move(all.signatures.front());
}

// The one just put in.
result<found_signature> last_signature(const source& document, const limits& bounds, const std::string& id) {
    VANTHU_TRY(outline all, outline_of(document, bounds));
    if (all.signatures.empty()) return failed(errc::no_signature);
    const std::string* own = all.signatures.back().top->attribute_value("Id");
    if (!own || *own != id) return failed(errc::place_not_found, "a signature stands behind the place");
    return std::move(all.signatures.back());
}

// Would a signature put into the document's root become part of what this one signs?
bool covers_new_signatures(const core_signature& other, const element& signature) {
    const element* root = &signature;
    while (root->parent) root = root->parent;
    const std::string* id = root->attribute_value("Id");
    return std::ranges::any_of(other.references, [&](const reference& r) {
        bool about_root = r.uri.empty() || (id && r.uri.front() == '#' && r.uri.substr(1) == *id);
        return about_root && std::ranges::none_of(r.transforms, [](const transform& t) {
                   return t.what == transform::kind::without_signatures;
               });
    });
}

result<> check_signer(const cms::signer& who) {
    if (!who.leaf || !who.sign || !fit(who.leaf, who.scheme)) return failed(errc::key_unfit);
    return {};
}

constexpr std::string_view declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

} // namespace

bytes spliced(bytes_view document, const insertion& what) {
    bytes out;
    out.reserve(document.size() + what.text.size());
    auto at = document.begin() + static_cast<std::ptrdiff_t>(what.offset);
    out.insert(out.end(), document.begin(), at);
    out.insert(out.end(), what.text.begin(), what.text.end());
    out.insert(out.end(), at, document.end());
    return out;
}

source with(const source& document, insertion what) {
    return [document, what = std::move(what)](const byte_sink& sink) -> result<> {
        std::uint64_t position = 0;
        return document([&](bytes_view piece) -> result<> {
            std::uint64_t begin = std::exchange(position, position + piece.size());
            if (what.offset < begin || what.offset >= position) return sink(piece);
            auto cut = static_cast<std::size_t>(what.offset - begin);
            VANTHU_CHECK(sink(piece.first(cut)));
            VANTHU_CHECK(sink(as_bytes(what.text)));
            return sink(piece.subspan(cut));
        });
    };
}

sign_options edxml_seal(timestamp signing_time) {
    sign_options options;
    options.signing_time = signing_time;
    options.place = {"edXML", "edXMLEnvelope", "edXMLHeader"};
    options.prefix = "";
    options.method = {canonical_method::inclusive_1_0};
    return options;
}

result<insertion> sign_enveloped(const source& document, const cms::signer& who, const sign_options& options) {
    VANTHU_CHECK(check_signer(who));
    VANTHU_TRY(outline before, outline_of(document, options.bounds, options.place));
    for (const found_signature& other : before.signatures) {
        VANTHU_TRY(core_signature core, read_core(*other.top, options.bounds));
        if (!options.beside_others || covers_new_signatures(core, *other.top)) return failed(errc::already_signed);
    }
    if (!before.wanted || before.wanted->empty_tag) return failed(errc::place_not_found);

    // The document without the signature is the document as it is now.
    reference whole;
    whole.transforms = {{options.beside_others ? transform::kind::without_signatures : transform::kind::enveloped},
                        {transform::kind::canonical, canonicalisation{}}};
    hash_sink hash(x509::hash::sha256);
    std::vector<follow> once{{&whole, SIZE_MAX, {canonical_method::inclusive_1_0}, &hash}};
    VANTHU_CHECK(follow_references(document, options.bounds, once, {}));

    composer parts(who, options,
                   {{"", options.mime_type,
                     fmt::format("{}\n{}", options.beside_others ? xpath_filter_uri : enveloped_algorithm,
                                 algorithm_of(canonicalisation{})),
                     hash.finish()}},
                   before.signatures.size());
    insertion what{before.wanted->end_tag, {}};
    VANTHU_CHECK(complete(what.text, parts, who, {}, composed::among_others, [&](const std::string& text) {
        return last_signature(with(document, {what.offset, text}), options.bounds, parts.id());
    }));
    return what;
}

result<bytes> sign_enveloping(bytes_view content, const cms::signer& who, const sign_options& options) {
    VANTHU_CHECK(check_signer(who));
    bytes hashed = x509::hash_of(x509::hash::sha256, content);
    composer naming(who, options, {{"", options.mime_type, "", hashed}});
    std::string id = naming.object_id();
    composer parts(who, options, {{"#" + id, options.mime_type, std::string(base64_algorithm), hashed}});
    std::string name = options.prefix.empty() ? "Object" : options.prefix + ":Object";
    std::string object = fmt::format("<{0} Id=\"{1}\" MimeType=\"{2}\" Encoding=\"{3}\">{4}</{0}>", name, id,
                                     xml_attribute(options.mime_type), base64_algorithm, base64_encode(content));
    std::string text(declaration);
    VANTHU_CHECK(complete(text, parts, who, object, composed::among_others, [&](const std::string& signature) {
        return only_signature(in_memory(as_bytes(signature)), options.bounds);
    }));
    return to_bytes(text);
}

result<bytes> sign_detached(const std::vector<detached_file>& files, const cms::signer& who,
                            const sign_options& options, const std::string& root) {
    VANTHU_CHECK(check_signer(who));
    std::vector<planned> references;
    for (const detached_file& file : files)
        references.push_back({to_reference_uri(file.name), file.mime_type, "",
                              bytes(file.sha256.value.begin(), file.sha256.value.end())});
    if (references.empty()) return failed(errc::reference_missing, "no file");
    composer parts(who, options, std::move(references));
    std::string before, after;
    if (!root.empty()) {
        before = fmt::format("<asic:{} xmlns:asic=\"{}\">", root, asic_uri);
        after = fmt::format("</asic:{}>", root);
    }
    // Kept from signature to signature: such large pieces make the allocator tidy up.
    thread_local std::string scratch;
    std::string document = std::exchange(scratch, {}); // sign() may come back here
    document = declaration;
    document += before;
    VANTHU_CHECK(complete(document, parts, who, {}, composed::alone, [&](const std::string& signature) {
        const std::string all = before + signature + after;
        return only_signature(in_memory(as_bytes(all)), options.bounds);
    }));
    document += after;
    bytes out = to_bytes(document);
    if (document.capacity() <= 65'536) scratch = std::move(document);
    return out;
}

std::string to_reference_uri(std::string_view name) {
    std::string out;
    for (char c : name) {
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     std::string_view("-._~/!$&'()*+,;=@").find(c) != std::string_view::npos;
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

std::optional<std::string> from_reference_uri(std::string_view uri) {
    std::string out;
    for (std::size_t i = 0; i < uri.size(); ++i) {
        if (uri[i] != '%') {
            out += uri[i];
            continue;
        }
        auto byte = i + 3 <= uri.size() ? from_hex(uri.substr(i + 1, 2)) : std::nullopt;
        if (!byte || byte->front() == 0) return std::nullopt;
        out += static_cast<char>(byte->front());
        i += 2;
    }
    return out;
}

} // namespace vanthu::xml

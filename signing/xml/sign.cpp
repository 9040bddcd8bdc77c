#include "signing/xml/sign.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/xml_text.hpp"
#include "signing/cms/der.hpp"
#include "signing/xml/composer.hpp"
#include "signing/xml/properties.hpp"

#include <algorithm>
#include <fmt/format.h>

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

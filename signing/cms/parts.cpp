#include "signing/cms/parts.hpp"

#include <algorithm>

namespace vanthu::cms {
namespace {

using der::element;
constexpr std::uint8_t tag_context_1 = 0xa1, tag_constructed_octets = 0x24;

bool same(bytes_view a, bytes_view b) { return std::ranges::equal(a, b); }
bool less(bytes_view a, bytes_view b) { return std::ranges::lexicographical_compare(a, b); }

class dissection {
public:
    explicit dissection(const budget& limits) : limits_(limits) {}

    result<message_parts> run(bytes_view input, bool zero_padding) {
        if (input.size() > limits_.bytes) return failed(errc::over_budget, "size");
        auto outer = der::first_ber(input, limits_.nesting);
        if (!outer || outer->tag != der::tag_sequence) return broken("no ContentInfo");
        bytes_view rest = input.subspan(outer->whole.size());
        if (!rest.empty() && !(zero_padding && std::ranges::all_of(rest, [](auto b) { return b == 0; })))
            return broken("bytes after the message");
        auto info = der::reader::of_ber(outer->content);
        auto type = info.next(der::tag_oid);
        auto wrapped = info.next(der::tag_context_0);
        if (!type || der::oid_text(type->content) != id::signed_data || !wrapped || !info.at_end())
            return broken("not SignedData");
        auto body = der::reader::of_ber(wrapped->content);
        auto signed_data = body.next(der::tag_sequence);
        if (!signed_data || !body.at_end()) return broken("not SignedData");
        return signed_data_parts(signed_data->content);
    }

private:
    static std::unexpected<failure> broken(std::string_view what) { return failed(errc::not_cms, std::string(what)); }

    result<message_parts> signed_data_parts(bytes_view content) {
        message_parts out;
        auto fields = der::reader::of_ber(content);
        auto version = fields.next(der::tag_integer);
        auto algorithms = fields.next(der::tag_set);
        auto encapsulated = fields.next(der::tag_sequence);
        if (!version || !algorithms || !encapsulated) return broken("SignedData");
        out.version = version->whole;
        out.content_info = encapsulated->whole;
        VANTHU_TRY(out.digest_algorithms, members(algorithms->content, limits_.signers * 4));
        VANTHU_CHECK(read_content(encapsulated->content, out));
        if (auto certificates = fields.next(der::tag_context_0)) {
            VANTHU_TRY(out.certificates, members(certificates->content, limits_.certificates));
        }
        if (auto crls = fields.next(tag_context_1)) {
            VANTHU_TRY(out.crls, members(crls->content, limits_.revocation_values));
        }
        auto signers = fields.next(der::tag_set);
        if (!signers || !fields.at_end()) return broken("signerInfos");
        VANTHU_TRY(auto infos, members(signers->content, limits_.signers));
        for (bytes_view whole : infos) {
            VANTHU_TRY(signer_parts one, signer(whole));
            out.signers.push_back(std::move(one));
        }
        return out;
    }

    result<std::vector<bytes_view>> members(bytes_view content, std::size_t most) {
        std::vector<bytes_view> all;
        for (auto in = der::reader::of_ber(content); !in.at_end();) {
            auto one = in.next();
            if (!one) return broken("a set");
            if (all.size() == most) return failed(errc::over_budget, "members of a set");
            all.push_back(one->whole);
        }
        return all;
    }

    result<> read_content(bytes_view encapsulated, message_parts& out) {
        auto fields = der::reader::of_ber(encapsulated);
        auto type = fields.next(der::tag_oid);
        if (!type) return broken("eContentType");
        out.content_type = type->whole;
        if (fields.at_end()) return {};
        auto wrapped = fields.next(der::tag_context_0);
        if (!wrapped || !fields.at_end()) return broken("eContent");
        auto octets = der::first_ber(wrapped->content, limits_.nesting);
        if (!octets || octets->whole.size() != wrapped->content.size()) return broken("eContent");
        out.content.emplace();
        return pieces(*octets, limits_.nesting, *out.content);
    }

    // An OCTET STRING in BER may consist of OCTET STRINGs (X.690, 8.7.3).
    result<> pieces(const element& octets, unsigned depth, std::vector<bytes_view>& out) {
        if (octets.tag == der::tag_octets) return out.push_back(octets.content), result<>{};
        if (octets.tag != tag_constructed_octets || depth == 0) return broken("eContent");
        for (auto in = der::reader::of_ber(octets.content); !in.at_end();) {
            auto one = in.next();
            if (!one) return broken("eContent");
            VANTHU_CHECK(pieces(*one, depth - 1, out));
        }
        return {};
    }

    result<signer_parts> signer(bytes_view whole) {
        signer_parts out;
        out.whole = whole;
        auto outer = der::first_ber(whole, limits_.nesting);
        if (!outer || outer->tag != der::tag_sequence) return broken("SignerInfo");
        auto fields = der::reader::of_ber(outer->content);
        auto version = fields.next(der::tag_integer), sid = fields.next(),
             digest_algorithm = fields.next(der::tag_sequence);
        if (!version || !sid || !digest_algorithm) return broken("SignerInfo");
        std::size_t left = limits_.attributes;
        if (auto attributes = fields.next(der::tag_context_0)) {
            out.signed_attributes = attributes->whole;
            VANTHU_CHECK(read_attributes(attributes->content, left, out.signed_list));
        }
        auto algorithm = fields.next(der::tag_sequence), signature = fields.next(der::tag_octets);
        if (!algorithm || !signature) return broken("SignerInfo");
        if (auto attributes = fields.next(tag_context_1))
            VANTHU_CHECK(read_attributes(attributes->content, left, out.unsigned_list));
        if (!fields.at_end()) return broken("SignerInfo");
        out.version = version->whole, out.sid = sid->whole, out.digest_algorithm = digest_algorithm->whole;
        out.signature_algorithm = algorithm->whole, out.signature = signature->whole;
        return out;
    }

    result<> read_attributes(bytes_view content, std::size_t& left, std::vector<attribute_parts>& out) {
        for (auto in = der::reader::of_ber(content); !in.at_end();) {
            auto one = in.next(der::tag_sequence);
            if (!one) return broken("an attribute");
            auto fields = der::reader::of_ber(one->content);
            auto type = fields.next(der::tag_oid), values = fields.next(der::tag_set);
            if (!type || !values || !fields.at_end()) return broken("an attribute");
            attribute_parts a{one->whole, type->whole, der::oid_text(type->content), {}};
            VANTHU_TRY(a.values, members(values->content, left));
            std::size_t counted = std::max<std::size_t>(a.values.size(), 1);
            if (counted > left) return failed(errc::over_budget, "attributes");
            left -= counted;
            out.push_back(std::move(a));
        }
        return {};
    }

    const budget& limits_;
};

std::vector<bytes_view> values_of(const std::vector<attribute_parts>& list, std::string_view oid) {
    std::vector<bytes_view> all;
    for (const attribute_parts& a : list)
        if (a.oid == oid) all.insert(all.end(), a.values.begin(), a.values.end());
    return all;
}

bytes put_together(const std::vector<bytes_view>& parts) {
    std::size_t length = 0;
    for (bytes_view part : parts) length += part.size();
    bytes all;
    all.reserve(length);
    for (bytes_view part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

bytes signer_info(const signer_parts& s) {
    if (!s.changed) return bytes(s.whole.begin(), s.whole.end());
    std::vector<bytes_view> attributes;
    for (const attribute_parts& a : s.unsigned_list) attributes.push_back(a.whole);
    bytes tail = attributes.empty() ? bytes{} : der::tlv(tag_context_1, put_together(attributes));
    return der::sequence(
        {s.version, s.sid, s.digest_algorithm, s.signed_attributes, s.signature_algorithm, s.signature, tail});
}

bytes assembled(const message_parts& p, bytes_view content_info) {
    bytes version(p.version.begin(), p.version.end());
    bool other_revocation = std::ranges::any_of(p.crls, [](bytes_view c) { return c[0] == tag_context_1; });
    if (other_revocation) version = der::integer(5u);
    bytes signers;
    for (const signer_parts& s : p.signers) {
        bytes one = signer_info(s);
        signers.insert(signers.end(), one.begin(), one.end());
    }
    bytes certificates = p.certificates.empty() ? bytes{} : der::tlv(der::tag_context_0, put_together(p.certificates));
    bytes crls = p.crls.empty() ? bytes{} : der::tlv(tag_context_1, put_together(p.crls));
    bytes body = der::sequence({version, der::tlv(der::tag_set, put_together(p.digest_algorithms)), content_info,
                                certificates, crls, der::tlv(der::tag_set, signers)});
    return der::sequence({der::oid(id::signed_data), der::tlv(der::tag_context_0, body)});
}

} // namespace

std::vector<bytes_view> signer_parts::signed_values(std::string_view oid) const { return values_of(signed_list, oid); }
std::vector<bytes_view> signer_parts::unsigned_values(std::string_view oid) const {
    return values_of(unsigned_list, oid);
}
std::optional<bytes_view> signer_parts::message_digest() const {
    auto values = signed_values(id::message_digest);
    auto octets = values.size() == 1 ? der::first(values[0]) : std::nullopt;
    if (!octets || octets->tag != der::tag_octets) return std::nullopt;
    return octets->content;
}

result<message_parts> take_apart(bytes_view message, const budget& limits, bool zero_padding) {
    return dissection(limits).run(message, zero_padding);
}

bytes assemble(const message_parts& parts) { return assembled(parts, parts.content_info); }
bytes assemble_without_content(const message_parts& parts) {
    return assembled(parts, der::sequence({parts.content_type}));
}

bytes assemble_signers_only(const message_parts& parts) {
    message_parts bare = parts;
    bare.certificates.clear();
    bare.crls.clear();
    return assemble_without_content(bare);
}

bool add_member(std::vector<bytes_view>& set, bytes_view element) {
    if (std::ranges::any_of(set, [&](bytes_view m) { return same(m, element); })) return false;
    bool in_order = std::is_sorted(set.begin(), set.end(), less);
    set.insert(in_order ? std::upper_bound(set.begin(), set.end(), element, less) : set.end(), element);
    return true;
}

void add_attribute(std::vector<attribute_parts>& set, bytes_view whole) {
    auto before = [](const attribute_parts& a, const attribute_parts& b) { return less(a.whole, b.whole); };
    bool in_order = std::is_sorted(set.begin(), set.end(), before);
    attribute_parts added;
    added.whole = whole;
    set.insert(in_order ? std::upper_bound(set.begin(), set.end(), added, before) : set.end(), added);
}

bytes attribute(std::string_view type, bytes_view value) {
    return der::sequence({der::oid(type), der::tlv(der::tag_set, value)});
}

} // namespace vanthu::cms

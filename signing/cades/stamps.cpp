#include "signing/cades/stamps.hpp"

#include "signing/cades/archive.hpp"
#include "signing/cms/findings.hpp"
#include "signing/cms/timestamp.hpp"
#include "signing/x509/cache.hpp"

#include <algorithm>
#include <tuple>

namespace vanthu::cades {
using validation::stamp_role;
using validation::time_stamp;
namespace {

void add_certificate(bytes_view der, validation::signature_facts& out, x509::cache* memory) {
    if (auto cert = x509::certificate_of(der, memory);
        cert && std::ranges::find(out.certificates, *cert) == out.certificates.end())
        out.certificates.push_back(std::move(*cert));
}
void add_crl(bytes_view der, x509::evidence& found, x509::cache* memory) {
    if (auto crl = x509::crl_of(der, memory)) found.crls.push_back(std::move(*crl));
}
void add_ocsp(bytes_view der, x509::evidence& found, x509::cache* memory) {
    if (auto response = x509::ocsp_response_of(der, memory)) found.ocsp_responses.push_back(std::move(*response));
}

// RevocationInfoChoices (RFC 5652, 10.2.1; RFC 5940)
void add_revocation(const std::vector<bytes_view>& choices, x509::evidence& found, x509::cache* memory) {
    for (bytes_view whole : choices) {
        auto choice = der::first_ber(whole);
        if (choice && choice->tag == der::tag_sequence) add_crl(whole, found, memory);
        if (!choice || choice->tag != 0xa1) continue;
        auto fields = der::reader::of_ber(choice->content);
        auto format = fields.next(der::tag_oid), value = fields.next();
        std::string oid = format ? der::oid_text(format->content) : "";
        if (value && (oid == id::ocsp_response || oid == id::basic_ocsp)) add_ocsp(value->whole, found, memory);
    }
}

// RevocationValues ::= SEQUENCE { crlVals [0] SEQUENCE OF, ocspVals [1] SEQUENCE OF, ... }: CAdES with basic responses,
// Adobe's attribute in PDF signatures with whole ones.
void add_revocation_values(bytes_view value, const cms::budget& limits, x509::evidence& found, x509::cache* memory) {
    auto outer = der::first(value);
    if (!outer) return;
    std::size_t left = limits.revocation_values;
    for (der::reader lists(outer->content); !lists.at_end();) {
        auto tagged = lists.next();
        auto list = tagged ? der::first(tagged->content) : std::nullopt;
        if (!list) return;
        for (der::reader in(list->content); !in.at_end() && left > 0; --left) {
            auto one = in.next();
            if (!one) return;
            if (tagged->tag == 0xa0) add_crl(one->whole, found, memory);
            if (tagged->tag == 0xa1) add_ocsp(one->whole, found, memory);
        }
    }
}

// A token among the attributes, and what is known of it before it is judged.
struct candidate {
    stamp_role role;
    bytes_view token;
    const cms::attribute_parts* attribute;
    std::optional<cms::timestamp_token> parsed;
    std::optional<parsed_index> index; // of an archive stamp that holds what it names
};

bool covers(const candidate& archive, const candidate& other) {
    if (!archive.parsed || !archive.index) return false;
    return archive.index->attribute_values.contains(
        hash_of_attribute_value(*other.attribute, other.token, archive.parsed->imprint_hash));
}

class collection {
public:
    collection(const cms::message_parts& message, const cms::signer_parts& signer, digests_of_content& content,
               const cms::budget& limits, validation::signature_facts& out, x509::cache* memory)
        : message_(message), signer_(signer), content_(content), limits_(limits), out_(out), memory_(memory) {}

    bool run() {
        for (const cms::attribute_parts& a : signer_.signed_list)
            if (a.oid == cms::id::content_time_stamp) take(a, stamp_role::content);
        for (const cms::attribute_parts& a : signer_.unsigned_list) {
            if (a.oid == cms::id::signature_time_stamp) take(a, stamp_role::signature);
            if (a.oid == id::archive_time_stamp_v3) take(a, stamp_role::archive);
        }
        if (all_.size() > limits_.time_stamps) return false;
        order();
        return true;
    }

private:
    void take(const cms::attribute_parts& a, stamp_role role) {
        for (bytes_view value : a.values) {
            candidate c{role, value, &a, std::nullopt, std::nullopt};
            if (auto token = cms::parse_timestamp_token(value, memory_)) c.parsed = std::move(*token);
            if (role == stamp_role::archive) read_index(c);
            all_.push_back(std::move(c));
        }
    }
    void read_index(candidate& c) {
        if (!c.parsed || c.parsed->imprint_hash == x509::hash::sha1) return;
        c.index = index_of_token(c.token);
        if (c.index && c.index->holds(present(c.parsed->imprint_hash))) return;
        c.index.reset();
        out_.remarks.push_back(cms::make_finding("cades.archive_index_wrong"));
    }
    const indexable& present(x509::hash h) { return present_.try_emplace(h, message_, signer_, h).first->second; }

    // Archive stamps from the oldest to the newest, in front of each the stamps that it is the first to cover. One that
    // does not cover all older archive stamps is a stamp of the signature like others.
    void order() {
        std::vector<candidate*> archives, others;
        for (candidate& c : all_) (c.role == stamp_role::archive && c.index ? archives : others).push_back(&c);
        std::ranges::sort(archives, [](const candidate* a, const candidate* b) {
            return std::tuple(a->parsed->time, a->index->attribute_values.size(), a) <
                   std::tuple(b->parsed->time, b->index->attribute_values.size(), b);
        });
        std::vector<candidate*> line;
        for (candidate* a : archives) {
            if (std::ranges::all_of(line, [&](const candidate* older) { return covers(*a, *older); })) {
                line.push_back(a);
                continue;
            }
            out_.remarks.push_back(cms::make_finding("cades.archive_incomplete"));
            a->role = stamp_role::signature;
            others.push_back(a);
        }
        for (candidate* c : others)
            if (c->role == stamp_role::content) add(*c);
        for (candidate* a : line) {
            for (candidate*& c : others)
                if (c && c->role != stamp_role::content && covers(*a, *c)) add(*std::exchange(c, nullptr));
            add(*a);
        }
        for (candidate* c : others)
            if (c && c->role != stamp_role::content) add(*c);
    }

    void add(const candidate& c) {
        time_stamp s{c.role, bytes(c.token.begin(), c.token.end()), nullptr};
        bool archive = c.attribute->oid == id::archive_time_stamp_v3;
        // The imprint's algorithm is known now, so that nothing of the message or its content is needed later.
        x509::hash h = c.parsed ? c.parsed->imprint_hash : x509::hash::sha256;
        bytes expected = c.role == stamp_role::content ? content_.under(h)
                         : archive                     ? archive_value(c, h)
                                                       : x509::hash_of(h, der::first(signer_.signature)->content);
        s.stamped = [h, expected](x509::hash asked) { return asked == h ? expected : bytes{}; };
        if (c.role == stamp_role::archive && c.index) s.covers = covered_objects(*c.index, h);
        out_.stamps.push_back(std::move(s));
    }
    // The certificates and revocation data that the index names, also those inside of attributes that it names.
    std::vector<digest> covered_objects(const parsed_index& index, x509::hash h) {
        validation::signature_facts found;
        for (bytes_view c : message_.certificates)
            if (index.certificates.contains(x509::hash_of(h, c))) add_certificate(c, found, memory_);
        std::vector<bytes_view> choices;
        for (bytes_view c : message_.crls)
            if (index.crls.contains(x509::hash_of(h, c))) choices.push_back(c);
        add_revocation(choices, found.embedded, memory_);
        cms::signer_parts named;
        for (const cms::attribute_parts& a : signer_.unsigned_list) {
            cms::attribute_parts some{a.whole, a.type, a.oid, {}};
            for (bytes_view value : a.values)
                if (index.attribute_values.contains(hash_of_attribute_value(a, value, h))) some.values.push_back(value);
            named.unsigned_list.push_back(std::move(some));
        }
        collect_values({}, named, limits_, found, memory_);
        std::vector<digest> all;
        for (const auto& c : found.certificates) all.push_back(c.sha256());
        for (const auto& c : found.embedded.crls) all.push_back(c.sha256());
        for (const auto& r : found.embedded.ocsp_responses) all.push_back(r.sha256());
        return all;
    }
    bytes archive_value(const candidate& c, x509::hash h) {
        const bytes& content = content_.under(h);
        if (!c.index || content.empty()) return {};
        return archive_imprint_value(message_, signer_, h, content, c.index->whole);
    }

    const cms::message_parts& message_;
    const cms::signer_parts& signer_;
    digests_of_content& content_;
    const cms::budget& limits_;
    validation::signature_facts& out_;
    x509::cache* memory_;
    std::vector<candidate> all_;
    std::map<x509::hash, indexable> present_;
};

} // namespace

const bytes& digests_of_content::under(x509::hash h) {
    auto [place, inserted] = known_.try_emplace(h);
    if (!inserted) return place->second;
    if (message_.content)
        place->second = x509::hash_of_pieces(h, *message_.content);
    else if (detached_)
        place->second = detached_(h);
    return place->second;
}

void collect_values(const cms::message_parts& message, const cms::signer_parts& signer, const cms::budget& limits,
                    validation::signature_facts& out, x509::cache* memory) {
    add_revocation(message.crls, out.embedded, memory);
    for (bytes_view value : signer.signed_values(id::adobe_revocation_values))
        add_revocation_values(value, limits, out.embedded, memory);
    for (bytes_view value : signer.unsigned_values(id::revocation_values))
        add_revocation_values(value, limits, out.embedded, memory);
    for (bytes_view value : signer.unsigned_values(id::certificate_values)) {
        auto list = der::first(value);
        std::size_t left = limits.certificates;
        for (der::reader in(list ? list->content : bytes_view{}); left > 0; --left) {
            auto one = in.next();
            if (!one) break;
            add_certificate(one->whole, out, memory);
        }
    }
    std::size_t left = limits.time_stamps;
    for (std::string_view type : {cms::id::signature_time_stamp, id::archive_time_stamp_v3})
        for (bytes_view token : signer.unsigned_values(type)) {
            if (left-- == 0) return;
            auto parts = cms::take_apart(token);
            if (!parts) continue;
            add_revocation(parts->crls, out.embedded, memory);
            for (bytes_view c : parts->certificates) add_certificate(c, out, memory);
        }
}

bool collect_stamps(const cms::message_parts& message, const cms::signer_parts& signer, digests_of_content& content,
                    const cms::budget& limits, validation::signature_facts& out, x509::cache* memory) {
    for (std::string_view type :
         {id::archive_time_stamp_v1, id::archive_time_stamp_v2, id::countersignature, id::long_term_validation})
        if (!signer.unsigned_values(type).empty()) {
            out.remarks.push_back(cms::make_finding("cades.not_evaluated"));
            break;
        }
    return collection(message, signer, content, limits, out, memory).run();
}

} // namespace vanthu::cades

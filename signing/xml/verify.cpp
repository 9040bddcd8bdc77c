#include "signing/xml/verify.hpp"

#include "signing/xml/findings.hpp"
#include "signing/xml/material.hpp"
#include "signing/xml/sign.hpp"

#include <algorithm>
#include <atomic>

namespace vanthu::xml {
using signing::indication;
namespace sub = signing::sub;
namespace {

constexpr std::string_view manifest_type = "http://www.w3.org/2000/09/xmldsig#Manifest";

// What time stamps need when they are judged, after this reading is over.
struct kept {
    source document;
    outside others;
    limits bounds;
    found_signature found;
    core_signature core;
    std::optional<properties> about;
    std::atomic<std::size_t> readings = 0; // of the document, for archive time stamps
};

struct objection_row {
    errc code;
    indication worst;
    std::string_view sub_indication, finding;
};
constexpr objection_row objections[] = {
    {errc::over_budget, indication::indeterminate, sub::sig_constraints_failure, "budget"},
    {errc::not_xml, indication::total_failed, sub::format_failure, "xml.not_xml"},
    {errc::doctype_refused, indication::total_failed, sub::format_failure, "xml.doctype_refused"},
    {errc::encoding_unsupported, indication::total_failed, sub::format_failure, "xml.encoding_unsupported"},
    {errc::signature_malformed, indication::total_failed, sub::format_failure, "xml.signature_malformed"},
    {errc::algorithm_refused, indication::indeterminate, sub::sig_constraints_failure, "xml.algorithm_refused"},
    {errc::reference_refused, indication::indeterminate, sub::signed_data_not_found, "xml.reference_refused"},
    {errc::reference_missing, indication::indeterminate, sub::signed_data_not_found, "xml.reference_missing"},
    {errc::id_ambiguous, indication::total_failed, sub::format_failure, "xml.id_ambiguous"},
};

// What a source of the caller's says about its own trouble (a disk) is "not there".
const objection_row& row_of(const std::error_code& code) {
    for (const objection_row& row : objections)
        if (code == row.code) return row;
    return row_of(errc::reference_missing);
}

class signature_reader {
public:
    signature_reader(std::shared_ptr<kept> in, const verify_options& how) : in_(std::move(in)), how_(how) {}
    signature_reading out;
    bool holds_another = false; // a signature, that is no counter-signature

    void fail(std::string_view sub_indication, std::string_view code) {
        out.facts.objections.push_back({indication::total_failed, std::string(sub_indication), make_finding(code)});
    }
    void doubt(std::string_view sub_indication, std::string_view code) {
        out.facts.objections.push_back({indication::indeterminate, std::string(sub_indication), make_finding(code)});
    }
    void object(const failure& why) {
        const objection_row& row = row_of(why.code);
        out.facts.objections.push_back({row.worst, std::string(row.sub_indication), make_finding(row.finding)});
    }
    void remark(std::string_view code) { out.facts.remarks.push_back(make_finding(code)); }

    // False: there is nothing to follow.
    bool parse() {
        const element& top = *in_->found.top;
        if (const std::string* id = top.attribute_value("Id")) out.id = *id;
        auto core = read_core(top, in_->bounds, how_.memory);
        if (!core) return object(core.error()), false;
        in_->core = std::move(*core);
        auto about = read_properties(top, in_->core, in_->bounds, how_.memory);
        if (!about) return object(about.error()), false;
        in_->about = std::move(*about);
        holds_another = holds_another_signature(top, in_->about ? in_->about->unsigned_signature_properties : nullptr);
        if (holds_another) doubt(sub::sig_constraints_failure, "xml.nested_signature");
        out.xades = in_->about.has_value();
        describe();
        for (const reference& one : in_->core.references) {
            hashes_.emplace_back(one.hash);
            follows_.push_back({&one, top.ordinal, {canonical_method::inclusive_1_0}, nullptr, {}});
        }
        for (std::size_t i = 0; i < follows_.size(); ++i) follows_[i].out = &hashes_[i];
        return true;
    }
    std::vector<follow>& follows() { return follows_; }

    void follow_others() {
        for (follow& one : follows_) {
            if (one.what->same_document()) continue;
            std::optional<source> content = in_->others ? in_->others(one.what->uri) : std::nullopt;
            if (!content) continue; // matches stays 0
            auto done = follow_outside(*content, in_->bounds, one);
            if (!done) object(done.error());
        }
    }

    void conclude(const outside_root& outside) {
        check_properties();
        for (std::size_t i = 0; i < follows_.size(); ++i) check_reference(follows_[i], hashes_[i].finish());
        check_coverage();
        check_material();
        check_outside(outside);
        identify();
        check_value();
        collect_stamps();
    }

private:
    void describe() {
        validation::signature_facts& facts = out.facts;
        facts.certificates = in_->core.certificates;
        facts.digest_algorithm = x509::name(in_->core.algorithm.hash);
        switch (in_->core.algorithm.scheme) {
        case x509::scheme::rsa_pkcs1:
            facts.signature_algorithm = "RSASSA-PKCS1-v1_5";
            break;
        case x509::scheme::rsa_pss:
            facts.signature_algorithm = "RSASSA-PSS";
            break;
        case x509::scheme::ecdsa:
            facts.signature_algorithm = "ECDSA";
        }
        if (in_->core.has_key_value) remark("xml.key_value_ignored");
        if (!in_->about) return;
        facts.certificates.insert(facts.certificates.end(), in_->about->certificates.begin(),
                                  in_->about->certificates.end());
        facts.embedded = in_->about->revocation;
        facts.claimed_time = in_->about->signing_time;
        facts.signature_policy = in_->about->policy;
    }

    // Of the elements only the text was signed.
    static bool text_only(const reference& one) {
        return std::any_of(one.transforms.begin(), one.transforms.end(),
                           [](const transform& t) { return t.what == transform::kind::base64; });
    }
    bool about_properties(const reference& one) const { return one.type == signed_properties_type; }

    // Exactly one reference of the type, to the very SignedProperties that are read here (EN 319 132-1, 4.4).
    void check_properties() {
        std::size_t count = 0;
        for (const follow& one : follows_) {
            if (!about_properties(*one.what)) continue;
            ++count;
            bool here = in_->about && one.found.matches == 1 &&
                        one.found.ordinal == in_->about->signed_properties->ordinal && !one.what->uri.empty() &&
                        !text_only(*one.what);
            if (!here && one.found.matches <= 1) return fail(sub::format_failure, "xml.properties_not_signed");
        }
        if (count != (in_->about ? 1u : 0u)) fail(sub::format_failure, "xml.properties_not_signed");
    }

    void check_reference(const follow& one, const bytes& digest) {
        const reference& what = *one.what;
        if (one.found.matches == 0) return object({errc::reference_missing, what.uri});
        if (one.found.matches > 1) return object({errc::id_ambiguous, what.uri});
        if (what.type == manifest_type) doubt(sub::signed_data_not_found, "xml.manifest");
        bool intact = !one.found.damaged && digest == what.digest;
        if (!intact) fail(sub::hash_failure, "xml.digest_mismatch");
        if (what.hash == x509::hash::sha1) weak();
        if (about_properties(what)) return;
        signed_part part{what.uri, one.found.path, {}, intact};
        if (!what.same_document()) part.path = from_reference_uri(what.uri).value_or(what.uri);
        if (in_->about)
            for (const data_object_format& format : in_->about->formats)
                if (!what.id.empty() && format.object_reference == "#" + what.id) part.mime_type = format.mime_type;
        if (one.found.split_text && text_only(what)) doubt(sub::sig_constraints_failure, "xml.unsigned_content");
        if (one.found.split_text && !text_only(what)) remark("xml.comment_in_signed_text");
        if (one.found.signature_in_text) doubt(sub::sig_constraints_failure, "xml.signature_in_text");
        out.parts.push_back(std::move(part));
    }

    bool is_part_used(const follow& one) const {
        return std::find(how_.used_parts.begin(), how_.used_parts.end(), one.found.path) != how_.used_parts.end();
    }

    // In front of the root and behind it instructions are signed with the whole document, comments never. A comment
    // there is as harmless as one in the text, unless another program finds a document in it (document_marks.hpp).
    void check_outside(const outside_root& outside) {
        bool document_signed = std::ranges::any_of(
            follows_, [&](const follow& one) { return one.what->uri.empty() && !text_only(*one.what); });
        if (outside.comment) remark("xml.comment_outside_root");
        if (outside.instruction && !document_signed) doubt(sub::sig_constraints_failure, "xml.unsigned_outside");
    }

    // Every ds:Object that is not the one with the properties is what some reference points to.
    bool all_objects_signed() const {
        return std::all_of(in_->core.objects.begin(), in_->core.objects.end(), [&](const element* object) {
            if (in_->about && in_->about->qualifying->parent == object)
                return object->children().size() == 1 && !object->has_stray_text() && has_only(*object, {"Id"});
            return is_signed(*object);
        });
    }
    bool is_signed(const element& at) const {
        return std::any_of(follows_.begin(), follows_.end(), [&](const follow& one) {
            return one.found.matches == 1 && one.what->same_document() && !one.what->uri.empty() &&
                   one.found.ordinal == at.ordinal && (!text_only(*one.what) || at.children().empty());
        });
    }

    // Of what a base64 transform signs only the text is: its element may say no more than the signed properties do.
    bool describes_itself(const element& object) const {
        auto about_text = [&](const follow& one) {
            return text_only(*one.what) && one.found.matches == 1 && one.found.ordinal == object.ordinal;
        };
        auto found = std::ranges::find_if(follows_, about_text);
        if (found == follows_.end()) return true;
        const std::string& id = found->what->id;
        auto stated = [&](const std::string& mime_type) {
            return in_->about && !id.empty() &&
                   std::ranges::any_of(in_->about->formats, [&](const data_object_format& f) {
                       return f.object_reference == "#" + id && f.mime_type == mime_type;
                   });
        };
        return std::ranges::all_of(object.attributes, [&](const element::own_attribute& a) {
            if (!a.uri.empty()) return false;
            if (a.local == "Encoding") return a.value == base64_algorithm;
            if (a.local == "MimeType") return stated(a.value);
            return a.local == "Id" && a.value.find_first_of(" \t\r\n") == a.value.npos;
        });
    }

    // What else the signature carries can be exchanged by anybody: it must be nothing that content could pass for.
    void check_material() {
        const element& top = *in_->found.top;
        bool known =
            !in_->core.key_info || is_signed(*in_->core.key_info) || is_signature_material(*in_->core.key_info);
        known = known && has_only(top, {"Id"}) && has_only(*in_->core.signature_value, {"Id"}) &&
                std::ranges::all_of(in_->core.objects, [&](const element* o) { return describes_itself(*o); });
        if (in_->about) {
            std::size_t expected = in_->about->unsigned_properties ? 2 : 1;
            known = known && in_->about->qualifying->children().size() == expected &&
                    !in_->about->qualifying->has_stray_text();
            known = known && has_only(*in_->about->qualifying, {"Id", "Target"});
            if (expected == 2) known = known && is_signature_material(*in_->about->unsigned_properties);
        }
        if (known) return;
        doubt(sub::sig_constraints_failure, "xml.unsigned_content");
        out.covers = "part";
    }

    void check_coverage() {
        bool any = false, whole = false, part = false, unused_part = false;
        for (const follow& one : follows_) {
            if (about_properties(*one.what) || one.found.matches != 1) continue;
            any = true;
            bool root = one.what->same_document() && one.found.whole && !text_only(*one.what);
            whole = whole || root;
            part = part || (one.what->same_document() && !root);
            unused_part = unused_part || (one.what->same_document() && !root && !is_part_used(one));
        }
        const bool beside = std::ranges::any_of(follows_, [](const follow& f) { return !f.what->same_document(); });
        if (!any) return doubt(sub::signed_data_not_found, beside ? "xml.content_beside" : "xml.signs_nothing");
        bool objects = all_objects_signed();
        bool alone = in_->found.depth == 1; // the signature is the document: what it carries is the content
        if (!objects) {
            doubt(sub::sig_constraints_failure, "xml.object_not_signed");
            if (alone) return;
        }
        if (objects && (whole || !part || alone)) out.covers = "whole";
        if (out.covers == "whole") return;
        if (unused_part)
            doubt(sub::sig_constraints_failure, "xml.covers_part");
        else
            remark("xml.covers_part");
    }

    void weak() {
        if (weak_) return;
        weak_ = true;
        doubt(sub::crypto_constraints_failure_no_poe, "xml.weak_algorithm");
    }

    // The certificate that the properties name by hash; in a plain signature the first of KeyInfo.
    void identify() {
        validation::signature_facts& facts = out.facts;
        bool bound = in_->about && !in_->about->signing_certificates.empty();
        if (!bound) {
            if (how_.require_signing_certificate)
                doubt(sub::sig_constraints_failure, "xml.no_signing_certificate");
            else
                remark("xml.no_signing_certificate");
            if (!in_->core.certificates.empty()) facts.signer = in_->core.certificates.front();
        } else {
            const certificate_digest& named = in_->about->signing_certificates.front();
            for (const x509::certificate& c : facts.certificates)
                if (!facts.signer && x509::hash_of(named.hash, c.der()) == named.value) facts.signer = c;
            facts.binds_certificate = static_cast<bool>(facts.signer);
            if (named.hash == x509::hash::sha1) weak();
        }
        if (facts.signer) return;
        doubt(sub::no_signing_certificate_found,
              bound && !facts.certificates.empty() ? "xml.signing_certificate_differs" : "xml.no_signer_certificate");
    }

    void check_value() {
        if (!out.facts.signer) return;
        const core_signature& core = in_->core;
        if (core.algorithm.hash == x509::hash::sha1) weak();
        hash_sink hash(core.algorithm.hash);
        write_canonical(*core.signed_info, core.method, hash);
        std::optional<bytes> value = core.value;
        if (core.algorithm.scheme == x509::scheme::ecdsa) value = x509::ecdsa_to_der(core.value);
        if (!value ||
            !x509::verify_hash(out.facts.signer, core.algorithm.scheme, core.algorithm.hash, hash.finish(), *value))
            fail(sub::sig_crypto_failure, "xml.signature_wrong");
    }

    void collect_stamps() {
        if (!in_->about) return;
        for (const time_stamp_property& one : in_->about->time_stamps) {
            cms::content_digest stamped;
            if (one.what == time_stamp_property::kind::signature)
                stamped = [in = in_, how = one.how](x509::hash h) {
                    hash_sink hash(h);
                    write_signature_imprint(in->core, how, hash);
                    return hash.finish();
                };
            else
                stamped = [in = in_, how = one.how, where = one.where](x509::hash h) -> bytes {
                    std::size_t more = in->core.references.size();
                    if ((in->readings += more) > in->bounds.archive_readings) return {};
                    hash_sink hash(h);
                    archive_subject subject{in->document, in->found, in->core, *in->about, in->others};
                    if (!write_archive_imprint(subject, where, how, in->bounds, hash)) return {};
                    return hash.finish();
                };
            auto role = one.what == time_stamp_property::kind::signature ? validation::stamp_role::signature
                                                                         : validation::stamp_role::archive;
            for (const bytes& token : one.tokens) out.facts.stamps.push_back({role, token, stamped, covered_by(one)});
        }
    }

    // KeyInfo is part of every archive imprint (EN 319 132-1, 5.5.2.2), of the unsigned properties those in front.
    std::vector<digest> covered_by(const time_stamp_property& stamp) const {
        std::vector<digest> all;
        if (stamp.what != time_stamp_property::kind::archive) return all;
        auto take = [&](const auto& list, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) all.push_back(list[i].sha256());
        };
        take(in_->core.certificates, in_->core.certificates.size());
        take(in_->about->certificates, stamp.certificates_before);
        take(in_->about->revocation.crls, stamp.crls_before);
        take(in_->about->revocation.ocsp_responses, stamp.responses_before);
        return all;
    }

    std::shared_ptr<kept> in_;
    const verify_options& how_;
    std::vector<follow> follows_;
    std::vector<hash_sink> hashes_; // beside follows_
    bool weak_ = false;
};

// Follows the references of all signatures into the document at once.
result<outside_root> follow_all(const source& document, const limits& bounds, std::vector<signature_reader*>& readers,
                                const std::vector<std::size_t>& ordinals) {
    std::vector<follow> all;
    for (signature_reader* r : readers)
        for (const follow& one : r->follows())
            if (one.what->same_document()) all.push_back(one);
    if (all.size() > bounds.references) return failed(errc::over_budget, "references of all signatures");
    VANTHU_TRY(outside_root outside, follow_references(document, bounds, all, ordinals));
    std::size_t next = 0;
    for (signature_reader* r : readers)
        for (follow& one : r->follows())
            if (one.what->same_document()) one.found = all[next++].found;
    return outside;
}

} // namespace

document_reading read_signatures(const source& document, const outside& others, const verify_options& how) {
    document_reading out;
    auto found = outline_of(document, how.bounds);
    if (!found) {
        out.findings.push_back(make_finding(row_of(found.error().code).finding));
        return out;
    }
    std::vector<std::unique_ptr<signature_reader>> readers;
    std::vector<signature_reader*> readable;
    std::vector<std::size_t> ordinals;
    for (found_signature& one : found->signatures) {
        auto in = std::make_shared<kept>(document, others, how.bounds, std::move(one));
        ordinals.push_back(in->found.top->ordinal);
        readers.push_back(std::make_unique<signature_reader>(in, how));
        if (readers.back()->parse()) readable.push_back(readers.back().get());
        if (found->nested && !readers.back()->holds_another) readers.back()->remark("xml.nested_signature");
    }
    auto followed = follow_all(document, how.bounds, readable, ordinals);
    if (!followed) out.findings.push_back(make_finding(row_of(followed.error().code).finding));
    for (signature_reader* r : readable) {
        if (!followed) {
            r->object(followed.error());
            continue;
        }
        r->follow_others();
        r->conclude(*followed);
    }
    if (found->foreign) out.findings.push_back(make_finding("xml.foreign_signature"));
    for (auto& r : readers) out.signatures.push_back(std::move(r->out));
    return out;
}

document_verdict verify(const source& document, const x509::trust_store& trust, const x509::evidence& known,
                        timestamp at, const validation::policy& policy, const outside& others,
                        const verify_options& how) {
    document_verdict out;
    out.reading = read_signatures(document, others, how);
    out.report.findings = out.reading.findings;
    for (const signature_reading& one : out.reading.signatures) {
        out.conclusions.push_back(validation::judge(one.facts, trust, known, at, policy, how.memory));
        const validation::conclusion& judged = out.conclusions.back();
        validation::signature_report report = validation::report_of(one.facts, judged);
        report.format = one.xades ? "xades" : "xmldsig";
        report.field = one.id;
        report.covers = one.covers;
        out.report.signatures.push_back(std::move(report));
        for (const x509::need& n : judged.missing)
            if (std::find(out.report.missing.begin(), out.report.missing.end(), n) == out.report.missing.end())
                out.report.missing.push_back(n);
    }
    out.report.verdict = validation::overall(out.report.signatures, out.report.findings);
    return out;
}

} // namespace vanthu::xml

#include "daemon/cli/raise.hpp"

#include "daemon/cli/earlier.hpp"
#include "daemon/cli/input.hpp"
#include "daemon/cli/sign.hpp"
#include "signing/asic/container.hpp"
#include "signing/cades/levels.hpp"
#include "signing/cades/verify.hpp"
#include "signing/cms/build.hpp"
#include "signing/pdf/long_term.hpp"
#include "signing/xml/levels.hpp"

#include <fmt/format.h>
#include <memory>

namespace vanthu::cli {
namespace {

using validation::file_report;
using validation::signature_report;

// What one signature has reached, by its own time stamps and not by what could be looked up elsewhere.
level reached(const std::string& text) { return level_of(text).value_or(level::b_b); }

result<cms::timestamp_token> stamped(const raise_request& r, trust_session& s, const digest& imprint) {
    if (r.tsa.empty()) return failed(sign_errc::time_stamp_missing);
    return s.stamp(r.tsa, imprint);
}

result<> all_valid(const std::vector<signature_report>& signatures, const trust_session& s, std::size_t first = 0) {
    for (std::size_t i = first; i < signatures.size(); ++i) {
        const signature_report& one = signatures[i];
        if (one.verdict == signing::verdict::valid) continue;
        std::string why =
            fmt::format("{}: {}", one.signer.subject.empty() ? one.field : one.signer.subject, one.sub_indication);
        for (const std::string& trouble : s.troubles()) why += "; " + trouble;
        return failed(form_in_doubt(one) ? sign_errc::form_in_doubt : sign_errc::not_verifiable, why);
    }
    return {};
}

// --- PDF

result<bytes> document_time_stamp(bytes file, const raise_request& r, trust_session& s) {
    VANTHU_TRY(pdf::prepared p, pdf::prepare_timestamp(file));
    VANTHU_TRY(cms::timestamp_token token, stamped(r, s, p.content_sha256));
    return pdf::finish_timestamp(std::move(p), token);
}

result<bytes> raise_pdf(bytes file, const raise_request& r, trust_session& s) {
    pdf::examination seen;
    auto look = [&] {
        seen = pdf::examine_pdf(file, s.trust(), s.known(), s.now());
        return seen.report.missing;
    };
    s.gather(look);
    if (seen.report.signatures.empty()) return failed(sign_errc::nothing_signed);
    level lowest = level::b_lta;
    for (const signature_report& one : seen.report.signatures)
        if (one.format != "timestamp")
            lowest = r.newest_only ? reached(one.level) : std::min(lowest, reached(one.level));
    if (lowest < level::b_t) { // a document time stamp serves all signatures before it (EN 319 142-1, 6.3)
        VANTHU_TRY(file, document_time_stamp(std::move(file), r, s));
        s.gather(look);
    }
    if (r.to >= level::b_lt) {
        VANTHU_CHECK(all_valid(seen.report.signatures, s));
        VANTHU_TRY(file, pdf::add_evidence(file, seen.used, seen.used_certificates));
    }
    if (r.to == level::b_lta) {
        VANTHU_TRY(file, document_time_stamp(std::move(file), r, s));
    }
    return file;
}

// --- CMS

struct cms_content {
    std::function<bytes(x509::hash)> under;
    digest sha256;
};

result<cms_content> content_of(bytes_view message, const raise_request& r) {
    auto whole = std::make_shared<bytes>();
    if (auto parts = cms::detach(message)) {
        for (bytes_view piece : parts->content) whole->insert(whole->end(), piece.begin(), piece.end());
    } else {
        if (!r.content) return failed(sign_errc::content_missing);
        VANTHU_TRY(*whole, read_input(*r.content, std::size_t{1} << 30));
    }
    return cms_content{[whole](x509::hash h) { return x509::hash_of(h, *whole); }, sha256::of(*whole)};
}

// Up to B-LT, or B-LTA with archive-time-stamp-v3.
result<bytes> raise_message(bytes message, const cms_content& content, const raise_request& r, trust_session& s) {
    std::vector<validation::conclusion> judged;
    std::vector<signature_report> reports;
    auto look = [&] {
        judged.clear();
        reports.clear();
        std::vector<x509::need> missing;
        for (const auto& facts : cades::read_signatures(message, content.under, {.content_inside = true})) {
            judged.push_back(validation::judge(facts, s.trust(), s.known(), s.now()));
            reports.push_back(validation::report_of(facts, judged.back()));
            missing.insert(missing.end(), judged.back().missing.begin(), judged.back().missing.end());
        }
        return missing;
    };
    s.gather(look);
    bool added = false;
    const std::size_t first = r.newest_only && !reports.empty() ? reports.size() - 1 : 0;
    for (std::size_t i = first; i < reports.size(); ++i) {
        if (reached(reports[i].level) >= level::b_t) continue;
        VANTHU_TRY(digest imprint, cms::signature_imprint(message, i));
        VANTHU_TRY(cms::timestamp_token token, stamped(r, s, imprint));
        VANTHU_TRY(message, cms::add_timestamp(message, token, i));
        added = true;
    }
    if (r.to < level::b_lt) return message;
    if (added) s.gather(look);
    VANTHU_CHECK(all_valid(reports, s, first));
    for (std::size_t i = first; i < reports.size(); ++i) {
        VANTHU_TRY(message, cades::to_lt(message, judged[i].used, judged[i].used_certificates));
    }
    if (r.to < level::b_lta) return message;
    for (std::size_t i = first; i < reports.size(); ++i) {
        VANTHU_TRY(digest imprint, cades::archive_imprint(message, content.sha256, i));
        VANTHU_TRY(cms::timestamp_token token, stamped(r, s, imprint));
        VANTHU_TRY(message, cades::add_archive_stamp(message, content.sha256, token, i));
    }
    return message;
}

result<bytes> raise_cms(bytes message, const raise_request& r, trust_session& s) {
    VANTHU_TRY(cms_content content, content_of(message, r));
    return raise_message(std::move(message), content, r, s);
}

// --- XML

// `others`: what references lead to outside the document.
result<bytes> raise_document(bytes document, const xml::outside& others, const raise_request& r, trust_session& s) {
    xml::document_verdict seen;
    auto look = [&] {
        seen = xml::verify(xml::in_memory(document), s.trust(), s.known(), s.now(), {}, others);
        return seen.report.missing;
    };
    auto insert = [&](const xml::insertion& what) { document = xml::spliced(document, what); };
    s.gather(look);
    const std::size_t count = seen.report.signatures.size();
    if (count == 0) return failed(sign_errc::nothing_signed);
    bool added = false;
    const std::size_t first = r.newest_only ? count - 1 : 0;
    for (std::size_t i = first; i < count; ++i) {
        if (reached(seen.report.signatures[i].level) >= level::b_t) continue;
        VANTHU_TRY(digest imprint, xml::signature_imprint(xml::in_memory(document), i));
        VANTHU_TRY(cms::timestamp_token token, stamped(r, s, imprint));
        VANTHU_TRY(xml::insertion what, xml::add_timestamp(xml::in_memory(document), token, i));
        insert(what);
        added = true;
    }
    if (r.to < level::b_lt) return document;
    if (added) s.gather(look);
    VANTHU_CHECK(all_valid(seen.report.signatures, s, first));
    for (std::size_t i = first; i < count; ++i) {
        const validation::conclusion& c = seen.conclusions[i];
        VANTHU_TRY(xml::insertion what,
                   xml::add_validation_data(xml::in_memory(document), c.used_certificates, c.used, i));
        insert(what);
    }
    if (r.to < level::b_lta) return document;
    for (std::size_t i = first; i < count; ++i) {
        VANTHU_TRY(digest imprint, xml::archive_imprint(xml::in_memory(document), others, i));
        VANTHU_TRY(cms::timestamp_token token, stamped(r, s, imprint));
        VANTHU_TRY(xml::insertion what, xml::add_archive_timestamp(xml::in_memory(document), token, others, i));
        insert(what);
    }
    return document;
}

result<bytes> raise_xml(bytes document, const raise_request& r, trust_session& s) {
    bytes beside;
    xml::outside others;
    if (r.content) {
        VANTHU_TRY(beside, read_input(*r.content, std::size_t{1} << 30));
        others = [&](const std::string&) { return std::optional(xml::in_memory(beside)); };
    }
    return raise_document(std::move(document), others, r, s);
}

// --- containers

// Puts a raised signature file back. One that is archived already stays: a new manifest covers it again.
result<bytes> replaced(bytes container, const std::string& name, const bytes& before, const bytes& raised) {
    if (raised == before) return container;
    auto with = asic::with_signature(container, name, raised);
    if (with) return std::move(*with);
    if (with.error().code != asic::errc::signature_fixed) return std::unexpected(with.error());
    return container;
}

// The XAdES signatures inside hold all their evidence themselves, at every level.
result<bytes> raise_xades_inside(bytes container, const std::vector<asic::contained_file>& documents,
                                 const raise_request& r, trust_session& s) {
    VANTHU_TRY(std::vector<asic::contained_file> inside, asic::data_files(container));
    xml::outside others = [&](const std::string& uri) -> std::optional<xml::source> {
        auto wanted = xml::from_reference_uri(uri);
        auto at = std::ranges::find_if(inside, [&](const auto& f) { return wanted && f.name == *wanted; });
        return at == inside.end() ? std::nullopt : std::optional(xml::in_memory(at->content));
    };
    for (std::size_t i = r.newest_only ? documents.size() - 1 : 0; i < documents.size(); ++i) {
        VANTHU_TRY(bytes raised, raise_document(documents[i].content, others, r, s));
        VANTHU_TRY(container, replaced(std::move(container), documents[i].name, documents[i].content, raised));
    }
    return container;
}

// The CAdES signatures inside; B-LTA of ASiC-S in the signature, of ASiC-E by a manifest over the whole container
// (EN 319 162-1, 4.4.3 and A.7).
result<bytes> raise_container(bytes container, const raise_request& r, trust_session& s) {
    VANTHU_TRY(std::vector<asic::contained_file> documents, asic::xades_files(container));
    if (!documents.empty()) {
        VANTHU_TRY(container, raise_xades_inside(std::move(container), documents, r, s));
    }
    VANTHU_TRY(std::vector<asic::signature_file> all, asic::signatures(container));
    if (all.empty()) {
        if (documents.empty()) return failed(sign_errc::nothing_signed);
        return container;
    }
    const bool by_manifest = all.front().over_manifest;
    raise_request inside = r;
    if (by_manifest) inside.to = std::min(r.to, level::b_lt);
    // In one of several files the newest signer is the last of the last.
    for (std::size_t i = r.newest_only ? all.size() - 1 : 0; i < all.size(); ++i) {
        const asic::signature_file& one = all[i];
        // What it signs is known by its SHA-256 value; a signature with another hash cannot be judged by that.
        cms_content content{
            [&](x509::hash h) { return h == x509::hash::sha256 ? to_bytes(as_text(one.content.view())) : bytes{}; },
            one.content};
        VANTHU_TRY(bytes raised, raise_message(one.cms, content, inside, s));
        VANTHU_TRY(container, replaced(std::move(container), one.name, one.cms, raised));
    }
    if (r.to < level::b_lta || !by_manifest) return container;
    VANTHU_TRY(asic::planned_archive plan, asic::plan_archive(container));
    VANTHU_TRY(cms::timestamp_token token, stamped(r, s, plan.sha256()));
    return asic::with_archive(container, plan, token);
}

result<bytes> raised(bytes file, const raise_request& request, trust_session& session) {
    switch (signed_file::kind_of(file)) {
    case signed_file::kind::pdf:
        return raise_pdf(std::move(file), request, session);
    case signed_file::kind::xml:
        return raise_xml(std::move(file), request, session);
    case signed_file::kind::cms:
        if (auto message = signed_file::message_in(file)) return raise_cms(std::move(*message), request, session);
        break;
    case signed_file::kind::container:
        return raise_container(std::move(file), request, session);
    case signed_file::kind::other:
        break;
    }
    return failed(sign_errc::nothing_signed);
}

// --- the file as a whole, before and after

result<bytes> content_beside(const raise_request& r) {
    if (!r.content) return bytes{};
    return read_input(*r.content, std::size_t{1} << 30);
}

// As `vanthu verify` judges it, except that revocation counts up to B-T only where it is known: a signature may get its
// time stamp first and the evidence later.
file_report judge_whole(bytes_view file, const raise_request& r, const bytes& content, const trust_session& s,
                        const x509::evidence& known) {
    validation::policy policy;
    if (r.to < level::b_lt) policy.revocation = x509::revocation_rule::if_present;
    signed_file::detached_content beside;
    if (r.content) {
        beside.digest = [&](x509::hash h) { return x509::hash_of(h, content); };
        beside.bytes = [&](const std::string&) { return std::optional(xml::in_memory(content)); };
    }
    return signed_file::verify(file, s.trust(), known, s.now(), policy, beside);
}

// Nothing is added to a file that is not good as it is: a time stamp on top would make the damage look old and
// approved. Judged apart, before this process parses anything of it.
result<> all_sound(bytes_view file, const raise_request& r, trust_session& s) {
    if (signed_file::kind_of(file) == signed_file::kind::cms && !r.content && !cms::detach(file))
        return failed(sign_errc::content_missing);
    validation::policy policy; // what is missing for more is asked for later
    policy.revocation = x509::revocation_rule::if_present;
    VANTHU_TRY(file_report report, earlier_judge(s, std::move(policy)).judge(file, r.content.value_or("")));
    if (report.verdict == signing::verdict::valid) return {};
    if (report.signatures.empty() && report.verdict == signing::verdict::unsigned_)
        return failed(sign_errc::nothing_signed);
    for (const signature_report& one : report.signatures)
        if (!r.content && one.format != "cades" && one.sub_indication == signing::sub::signed_data_not_found &&
            signed_file::kind_of(file) == signed_file::kind::xml)
            return failed(sign_errc::content_missing);
    std::string why = complaint(report);
    if (report.verdict == signing::verdict::indeterminate && form_in_doubt(report))
        return failed(sign_errc::form_in_doubt, why); // no certificate and no server would help
    for (const std::string& trouble : s.troubles()) why += "; " + trouble;
    return failed(sign_errc::not_verifiable, why);
}

// sign_errc::level_not_reached; form_in_doubt where the reason is in the file.
result<> reaches(const file_report& report, const raise_request& r) {
    const signature_report* newest = nullptr;
    for (const signature_report& one : report.signatures)
        if (one.format != "timestamp") newest = &one;
    if (!newest) return failed(sign_errc::nothing_signed);
    for (const signature_report& one : report.signatures) {
        if (one.format == "timestamp" || (r.newest_only && &one != newest)) continue;
        if (one.verdict != signing::verdict::valid || reached(one.level) < r.to)
            return failed(form_in_doubt(one) ? sign_errc::form_in_doubt : sign_errc::level_not_reached,
                          fmt::format("{}: {} {}", one.signer.subject, one.level, one.sub_indication));
    }
    if (!r.newest_only && report.verdict != signing::verdict::valid)
        return failed(form_in_doubt(report) ? sign_errc::form_in_doubt : sign_errc::level_not_reached,
                      complaint(report));
    return {};
}

} // namespace

std::optional<level> level_of(std::string_view text) {
    if (text == "B-B") return level::b_b;
    if (text == "B-T") return level::b_t;
    if (text == "B-LT") return level::b_lt;
    if (text == "B-LTA") return level::b_lta;
    return std::nullopt;
}

result<bytes> raise(bytes file, const raise_request& request, trust_session& session) {
    if (!request.newest_only) VANTHU_CHECK(all_sound(file, request, session));
    VANTHU_TRY(file, raised(std::move(file), request, session));
    VANTHU_CHECK(check_level(file, request, session));
    return file;
}

result<> check_level(bytes_view file, const raise_request& r, trust_session& s) {
    if (!s.judges()) return {};
    VANTHU_TRY(bytes content, content_beside(r));
    file_report report = judge_whole(file, r, content, s, {}); // by what is in the file alone
    result<> good = reaches(report, r);
    if (good) return good;
    s.gather([&] {
        report = judge_whole(file, r, content, s, s.known());
        return report.missing;
    });
    good = reaches(report, r);
    if (good) return good;
    if (good.error().code == sign_errc::form_in_doubt) return good;
    std::string why = good.error().detail;
    for (const std::string& trouble : s.troubles()) why += "; " + trouble;
    return failed(good.error().code, why);
}

} // namespace vanthu::cli

#include "daemon/cli/sign_formats.hpp"

#include "daemon/cli/input.hpp"
#include "daemon/cli/sign.hpp"
#include "signing/asic/container.hpp"
#include "signing/signed_file/verify.hpp"
#include "signing/xml/sign.hpp"

#include <filesystem>
#include <set>

namespace vanthu::cli {
namespace {

std::string mime_type_of(bytes_view content) {
    switch (signed_file::kind_of(content)) {
    case signed_file::kind::pdf:
        return "application/pdf";
    case signed_file::kind::xml:
        return "text/xml";
    default:
        return "application/octet-stream";
    }
}

// --- CMS

bool is_signed_message(bytes_view content) {
    return signed_file::kind_of(content) == signed_file::kind::cms && cms::signature_imprint(content).has_value();
}

result<bytes> add_to_message(bytes_view message, const format_choices& how, const cms::signer& who, timestamp now) {
    if (auto parts = cms::detach(message)) {
        bytes content;
        for (bytes_view piece : parts->content) content.insert(content.end(), piece.begin(), piece.end());
        VANTHU_TRY(bytes more, cms::add_signer(parts->cms, sha256::of(content), who, {.signing_time = now}));
        return cms::attach(more, content);
    }
    if (how.content.empty()) return failed(sign_errc::content_missing);
    VANTHU_TRY(bytes content, read_input(how.content, largest_input));
    return cms::add_signer(message, sha256::of(content), who, {.signing_time = now});
}

result<bytes> sign_cades(bytes_view content, const format_choices& how, const cms::signer& who, timestamp now) {
    if (is_signed_message(content)) return add_to_message(content, how, who, now);
    VANTHU_TRY(bytes message, cms::build_signature(sha256::of(content), who, {.signing_time = now}));
    if (how.detached) return message;
    return cms::attach(message, content);
}

// --- XML

result<bytes> sign_xades(bytes_view content, const std::string& name, const format_choices& how, const cms::signer& who,
                         timestamp now) {
    xml::sign_options options;
    options.signing_time = now;
    options.mime_type = mime_type_of(content);
    if (how.detached) return xml::sign_detached({{name, options.mime_type, sha256::of(content)}}, who, options);
    if (signed_file::kind_of(content) != signed_file::kind::xml) return xml::sign_enveloping(content, who, options);
    options.beside_others = true;
    VANTHU_TRY(xml::insertion what, xml::sign_enveloped(xml::in_memory(content), who, options));
    return xml::spliced(content, what);
}

// --- containers

result<bytes> xades_over(const std::vector<asic::data_file>& files, const cms::signer& who, timestamp now) {
    std::vector<xml::detached_file> named;
    for (const asic::data_file& f : files) named.push_back({f.name, f.mime_type, sha256::of(f.content)});
    xml::sign_options options;
    options.signing_time = now;
    return xml::sign_detached(named, who, options, "XAdESSignatures");
}

result<bytes> new_container(const std::vector<asic::data_file>& files, const format_choices& how,
                            const cms::signer& who, timestamp now) {
    const bool simple = how.format == "asic-s";
    if (simple && files.size() != 1) return failed(asic::errc::not_one_file, files.back().name);
    if (how.inside == "xades") {
        VANTHU_TRY(bytes signatures, xades_over(files, who, now));
        return asic::make_with_xades(simple ? asic::kind::simple : asic::kind::extended, files, signatures);
    }
    if (simple) {
        VANTHU_TRY(bytes message, cms::build_signature(sha256::of(files.front().content), who, {.signing_time = now}));
        return asic::make_simple(files.front(), message);
    }
    asic::planned_manifest plan = asic::plan_extended(files);
    VANTHU_TRY(bytes message, cms::build_signature(plan.sha256(), who, {.signing_time = now}));
    return asic::make_extended(files, plan, message);
}

result<bytes> add_to_container(bytes_view container, const format_choices& how, const cms::signer& who, timestamp now) {
    VANTHU_TRY(asic::kind kind, asic::kind_of_container(container));
    if ((kind == asic::kind::simple) != (how.format == "asic-s"))
        return failed(sign_errc::bad_arguments,
                      "--format " + std::string(kind == asic::kind::simple ? "asic-s" : "asic-e"));
    VANTHU_TRY(std::vector<asic::signature_file> messages, asic::signatures(container));
    VANTHU_TRY(std::vector<asic::contained_file> documents, asic::xades_files(container));
    const bool xades = how.inside.empty() ? messages.empty() && !documents.empty() : how.inside == "xades";
    if (xades ? !messages.empty() : !documents.empty()) return failed(sign_errc::other_signature_inside);
    if (kind == asic::kind::simple) {
        if (xades || messages.empty()) return failed(sign_errc::not_available, "ASiC-S/XAdES + 1");
        VANTHU_TRY(bytes message,
                   cms::add_signer(messages.front().cms, messages.front().content, who, {.signing_time = now}));
        return asic::with_signature(container, messages.front().name, message);
    }
    if (xades) {
        VANTHU_TRY(std::vector<asic::contained_file> inside, asic::data_files(container));
        std::vector<asic::data_file> files;
        for (const asic::contained_file& f : inside) files.push_back({f.name, mime_type_of(f.content), f.content});
        VANTHU_TRY(bytes signatures, xades_over(files, who, now));
        return asic::with_another_xades(container, signatures);
    }
    VANTHU_TRY(asic::planned_manifest plan, asic::plan_another(container));
    VANTHU_TRY(bytes message, cms::build_signature(plan.sha256(), who, {.signing_time = now}));
    return asic::with_another(container, plan, message);
}

} // namespace

result<bytes> sign_file(bytes_view content, const std::string& name, const format_choices& how, const cms::signer& who,
                        timestamp now) {
    return how.format == "cades" ? sign_cades(content, how, who, now) : sign_xades(content, name, how, who, now);
}

result<bytes> sign_container(const std::vector<std::string>& inputs, const format_choices& how, const cms::signer& who,
                             timestamp now) {
    std::vector<bytes> contents;
    std::vector<asic::data_file> files;
    std::set<std::string> names;
    for (const std::string& input : inputs) {
        std::string name = std::filesystem::path(input).filename();
        if (!names.insert(name).second) return failed(sign_errc::output_exists, input);
        VANTHU_TRY(bytes content, read_input(input, largest_input));
        contents.push_back(std::move(content));
        files.push_back({name, mime_type_of(contents.back()), {}});
    }
    if (contents.size() == 1 && signed_file::kind_of(contents[0]) == signed_file::kind::container &&
        asic::kind_of_container(contents[0]))
        return add_to_container(contents[0], how, who, now);
    for (std::size_t i = 0; i < files.size(); ++i) files[i].content = contents[i];
    return new_container(files, how, who, now);
}

} // namespace vanthu::cli

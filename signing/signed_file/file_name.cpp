#include "signing/signed_file/file_name.hpp"

#include "signing/signed_file/findings.hpp"

#include <algorithm>

namespace vanthu::signed_file {
using signing::verdict;
namespace {

struct format {
    std::string_view name, endings; // endings: between spaces
};
// What our signatures stand in.
constexpr format pdf{"PDF", " pdf "};
constexpr format xml{"XML", " xml xsig xsl xslt xsd svg xhtml edxml "};
constexpr format cms{"CMS", " p7s p7m p7 p7b p7c cms "};
constexpr format container{"ASiC", " asics asice scs sce zip "};
// What they never stand in, but a program opens: the name alone would choose another reader.
constexpr format others{"", " fdf xfdf ps eps html htm mht mhtml hta doc docx docm dot dotx rtf odt xls xlsx xlsm ods "
                            "csv ppt pptx odp jpg jpeg png gif tif tiff bmp webp heic exe bat cmd js vbs lnk com msi "
                            "rar 7z gz tgz tar epub xps oxps djvu "};

std::string ending_of(std::string_view name) {
    while (name.ends_with('.') || name.ends_with(' ')) name.remove_suffix(1); // Windows does not see these
    name = name.substr(name.find_last_of("/\\") + 1);
    const std::size_t dot = name.rfind('.');
    std::string out(dot == name.npos ? std::string_view{} : name.substr(dot + 1));
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

const format* format_of(kind k) {
    switch (k) {
    case kind::pdf:
        return &pdf;
    case kind::xml:
        return &xml;
    case kind::cms:
        return &cms;
    case kind::container:
        return &container;
    case kind::other:
        break;
    }
    return nullptr;
}

kind kind_of_signature(const validation::signature_report& s) {
    if (s.field.starts_with("META-INF/")) return kind::container;
    if (s.format == "pades" || s.format == "pkcs7" || s.format == "timestamp") return kind::pdf;
    if (s.format == "cades") return kind::cms;
    return s.format == "xades" || s.format == "xmldsig" ? kind::xml : kind::other;
}

} // namespace

std::optional<signing::finding> contradiction(std::string_view name, kind k) {
    const format* real = format_of(k);
    const std::string ending = ending_of(name);
    const std::string wanted = " " + ending + " ";
    if (!real || ending.empty() || real->endings.find(wanted) != real->endings.npos) return std::nullopt;
    const bool known = std::ranges::any_of(std::initializer_list<const format*>{&pdf, &xml, &cms, &container, &others},
                                           [&](const format* f) { return f->endings.find(wanted) != f->endings.npos; });
    if (!known) return std::nullopt;
    return make_finding("file.name_contradicts", "." + ending + " ≠ " + std::string(real->name));
}

void cast_doubt(validation::file_report& report, const signing::finding& why) {
    report.findings.push_back(why);
    for (validation::signature_report& s : report.signatures)
        validation::object(
            s, {signing::indication::indeterminate, std::string(signing::sub::sig_constraints_failure), why});
    if (report.verdict != verdict::invalid) report.verdict = verdict::indeterminate;
}

void check_file_name(validation::file_report& report) {
    if (report.signatures.empty()) return;
    if (auto why = contradiction(report.file, kind_of_signature(report.signatures.front()))) cast_doubt(report, *why);
}

} // namespace vanthu::signed_file

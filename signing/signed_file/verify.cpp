#include "signing/signed_file/verify.hpp"

#include "daemon/base/base64.hpp"
#include "signing/asic/verify.hpp"
#include "signing/cades/verify.hpp"

#include <algorithm>

namespace vanthu::signed_file {
namespace {

bool starts_with_object(bytes_view file) { // SEQUENCE { OBJECT IDENTIFIER ...
    if (file.size() < 4 || file[0] != 0x30) return false;
    std::size_t head = file[1] < 0x80 ? 2 : 2 + (file[1] & 0x7f);
    return head < 7 && file.size() > head && file[head] == 0x06;
}

std::optional<bytes> pem_body(std::string_view text) {
    for (std::string_view label : {"CMS", "PKCS7"}) {
        std::string begin = "-----BEGIN " + std::string(label) + "-----";
        std::string end = "-----END " + std::string(label) + "-----";
        std::size_t from = text.find(begin), to = text.find(end);
        if (from == text.npos || to == text.npos || to < from) continue;
        return base64_decode(text.substr(from + begin.size(), to - from - begin.size()));
    }
    return std::nullopt;
}

} // namespace

kind kind_of(bytes_view file) {
    std::string_view head = as_text(file.first(std::min<std::size_t>(file.size(), 1024)));
    // What is wrapped may begin within these bytes: a container or a message with a PDF inside is no PDF.
    if (asic::is_container(file)) return kind::container;
    if (starts_with_object(file)) return kind::cms;
    if (head.find("%PDF-") != head.npos) return kind::pdf; // junk in front is common (ISO 32000-2, annex I)
    if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return kind::container;
    if (head.starts_with("-----BEGIN CMS") || head.starts_with("-----BEGIN PKCS7")) return kind::cms;
    if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
    std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first != head.npos && head[first] == '<') return kind::xml;
    return kind::other;
}

namespace {
validation::file_report verify_format(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                                      timestamp at, const validation::policy& policy, const detached_content& content,
                                      const limits& bounds, x509::cache* memory) {
    switch (kind_of(file)) {
    case kind::pdf:
        return pdf::verify_pdf(file, trust, known, at, policy, bounds.pdf, memory);
    case kind::xml:
        return xml::verify(xml::in_memory(file), trust, known, at, policy, content.bytes,
                           {.bounds = bounds.xml, .memory = memory})
            .report;
    case kind::cms: {
        std::optional<bytes> der = pem_body(as_text(file));
        auto nothing = [](x509::hash) { return bytes{}; };
        return cades::verify(der ? bytes_view(*der) : file, content.digest ? content.digest : nothing, trust, known, at,
                             policy, bounds.cms, memory);
    }
    case kind::container:
        if (asic::is_container(file))
            return asic::verify(file, trust, known, at, policy, bounds.container, memory).report;
        break; // any ZIP: a word-processor's file, for instance
    case kind::other:
        break;
    }
    validation::file_report report;
    report.verdict = signing::verdict::unsigned_;
    report.findings.push_back({"file.no_signature_format",
                               "Tệp không thuộc loại mang được chữ ký số (PDF, XML, CMS, ASiC).",
                               "The file is of no kind that carries signatures (PDF, XML, CMS, ASiC)."});
    return report;
}
} // namespace

validation::file_report verify(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                               timestamp at, const validation::policy& policy, const detached_content& content,
                               const limits& bounds, x509::cache* memory) {
    validation::file_report report = verify_format(file, trust, known, at, policy, content, bounds, memory);
    validation::enforce(report, policy.signature);
    return report;
}

} // namespace vanthu::signed_file

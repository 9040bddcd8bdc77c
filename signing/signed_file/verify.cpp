#include "signing/signed_file/verify.hpp"

#include "daemon/base/base64.hpp"
#include "signing/asic/verify.hpp"
#include "signing/cades/verify.hpp"
#include "signing/document_marks.hpp"
#include "signing/signed_file/file_name.hpp"
#include "signing/signed_file/findings.hpp"

#include <algorithm>

namespace vanthu::signed_file {
namespace {

bool starts_with_object(bytes_view file) { // SEQUENCE { OBJECT IDENTIFIER ...
    if (file.size() < 4 || file[0] != 0x30) return false;
    std::size_t head = file[1] < 0x80 ? 2 : 2 + (file[1] & 0x7f);
    return head < 7 && file.size() > head && file[head] == 0x06;
}

constexpr std::string_view pem_labels[] = {"CMS", "PKCS7"}, white = " \t\r\n";

std::string_view without_lead(std::string_view text) { // byte order mark, white space
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
    return text;
}

bool begins_as_pem(std::string_view text) {
    text = without_lead(text);
    return std::ranges::any_of(pem_labels, [&](std::string_view label) {
        return text.starts_with("-----BEGIN " + std::string(label) + "-----");
    });
}

// Base64 without PEM's lines, as some programs write it: SignedData and nothing else begins so.
bool begins_as_base64(std::string_view text) {
    using namespace std::string_view_literals;
    constexpr std::string_view signed_data = "\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"sv; // RFC 5652, 5.1
    text = without_lead(text).substr(0, 64);
    std::string quanta;
    for (char c : text)
        if (white.find(c) == white.npos) quanta += c;
    quanta.resize(quanta.size() / 4 * 4);
    auto head = base64_decode(quanta);
    return head && starts_with_object(*head) &&
           as_text(*head).substr(0, 20).find(signed_data) != std::string_view::npos;
}

bool begins_as_text(std::string_view text) { return begins_as_pem(text) || begins_as_base64(text); }

// A mail whose header, or that of a part, says that it is signed or encrypted. Source: RFC 8551, 3.2 and 3.5.
bool is_signed_mail(std::string_view text) {
    constexpr std::size_t looked_at = 64 << 10;
    std::string head(without_lead(text).substr(0, looked_at));
    for (char& c : head)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    const std::size_t colon = head.find_first_of(": \t\r\n"); // of the first header
    if (colon == 0 || colon == head.npos || head[colon] != ':') return false;
    const std::size_t type = head.find("content-type:");
    return type != head.npos && (head.find("pkcs7-mime", type) != head.npos || //
                                 head.find("pkcs7-signature", type) != head.npos);
}

// As XML tells its encoding before it is read: byte order marks, "<" in two or four octets, EBCDIC. Source: XML 1.0
// (Fifth Edition), appendix F.1. We read none of these, but must not say that there is no signature in it.
bool begins_as_other_xml(std::string_view head) {
    using namespace std::string_view_literals;
    for (std::string_view mark : {"\xFF\xFE"sv, "\xFE\xFF"sv, "\0\0\xFE\xFF"sv, ""sv}) {
        if (!head.starts_with(mark)) continue;
        std::string_view rest = head.substr(mark.size()).substr(0, 64);
        std::size_t first = rest.find_first_not_of("\0 \t\r\n"sv);
        bool wide = !mark.empty() || rest.substr(0, 4).find('\0') != rest.npos;
        if (wide && first != rest.npos && rest[first] == '<') return true;
    }
    return head.starts_with("\x4C\x6F\xA7\x94"sv);
}

// One block that is the whole file. Base64 has no '-', so that a second block cannot hide within the first.
std::optional<bytes> pem_body(std::string_view text) {
    text = without_lead(text);
    for (std::string_view label : pem_labels) {
        std::string begin = "-----BEGIN " + std::string(label) + "-----";
        std::string end = "-----END " + std::string(label) + "-----";
        if (!text.starts_with(begin)) continue;
        std::size_t to = text.find(end);
        if (to == text.npos || text.find_first_not_of(white, to + end.size()) != text.npos) return std::nullopt;
        return base64_decode(text.substr(begin.size(), to - begin.size()));
    }
    return std::nullopt;
}

} // namespace

kind kind_of(bytes_view file) {
    std::string_view head = as_text(file.first(std::min<std::size_t>(file.size(), 1024)));
    // What is wrapped may begin within these bytes: a container or a message with a PDF inside is no PDF.
    if (asic::is_container(file)) return kind::container;
    if (starts_with_object(file) || begins_as_text(head)) return kind::cms;
    if (head.find("%PDF-") != head.npos) return kind::pdf; // junk in front is common (ISO 32000-2, annex I)
    if (head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06")) return kind::container;
    return without_lead(head).starts_with('<') || begins_as_other_xml(head) ? kind::xml : kind::other;
}

std::optional<bytes> message_in(bytes_view file) {
    if (kind_of(file) != kind::cms) return std::nullopt;
    std::string_view text = as_text(file);
    if (begins_as_pem(text)) return pem_body(text);
    return begins_as_base64(text) ? base64_decode(without_lead(text)) : bytes(file.begin(), file.end());
}

namespace {
// Whoever gave a content asks about that content, and nothing in this file was compared with it.
void leave_undetermined(validation::file_report& report) {
    const signing::finding unused = make_finding("file.content_not_used");
    for (validation::signature_report& s : report.signatures)
        validation::object(
            s, {signing::indication::indeterminate, std::string(signing::sub::sig_constraints_failure), unused});
    if (report.signatures.empty()) return; // unsigned, or not to be read: no content can help
    if (report.verdict != signing::verdict::invalid) report.verdict = signing::verdict::indeterminate;
}

validation::file_report undetermined(std::string_view code) {
    validation::file_report report;
    report.verdict = signing::verdict::indeterminate;
    report.findings.push_back(make_finding(code));
    return report;
}

validation::file_report verify_format(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                                      timestamp at, const validation::policy& policy, const detached_content& content,
                                      const limits& bounds, x509::cache* memory) {
    switch (kind_of(file)) {
    case kind::pdf:
        return pdf::verify_pdf(file, trust, known, at, policy, bounds.pdf, memory);
    case kind::xml: {
        auto report = xml::verify(xml::in_memory(file), trust, known, at, policy, content.bytes,
                                  {.bounds = bounds.xml, .memory = memory})
                          .report;
        // Comments, names of namespaces and more are not signed, but read by whoever looks for a PDF.
        if (!report.signatures.empty() && signing::holds_document_marks(file))
            cast_doubt(report, make_finding("file.second_document"));
        return report;
    }
    case kind::cms: {
        std::optional<bytes> text = begins_as_text(as_text(file)) ? message_in(file) : std::nullopt;
        if (!text && begins_as_base64(as_text(file))) return undetermined("file.encoded_message");
        auto nothing = [](x509::hash) { return bytes{}; };
        return cades::verify(text ? bytes_view(*text) : file, content.digest ? content.digest : nothing, trust, known,
                             at, policy, bounds.cms, memory);
    }
    case kind::container:
        if (asic::is_container(file))
            return asic::verify(file, trust, known, at, policy, bounds.container, memory).report;
        break; // any ZIP: a word-processor's file, for instance
    case kind::other:
        if (is_signed_mail(as_text(file))) return undetermined("file.mail_message");
        break;
    }
    validation::file_report report = undetermined("file.no_signature_format");
    report.verdict = signing::verdict::unsigned_;
    return report;
}
} // namespace

validation::file_report verify(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                               timestamp at, const validation::policy& policy, const detached_content& content,
                               const limits& bounds, x509::cache* memory) {
    bool asked = false; // for the content that was given
    detached_content watched;
    if (content.digest)
        watched.digest = [&](x509::hash h) {
            asked = true;
            return content.digest(h);
        };
    if (content.bytes)
        watched.bytes = [&](const std::string& uri) {
            asked = true;
            return content.bytes(uri);
        };
    validation::file_report report = verify_format(file, trust, known, at, policy, watched, bounds, memory);
    if ((content.digest || content.bytes) && !asked) leave_undetermined(report);
    validation::enforce(report, policy.signature);
    return report;
}

} // namespace vanthu::signed_file

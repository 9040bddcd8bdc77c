#include "signing/pdf/report.hpp"

#include "signing/cades/verify.hpp"
#include "signing/pdf/document.hpp"
#include "signing/pdf/errors.hpp"
#include "signing/pdf/revisions.hpp"
#include "signing/pdf/syntax.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <openssl/evp.h>

namespace vanthu::pdf {
namespace {

using signing::finding;
using signing::indication;
using validation::objection;
using validation::signature_report;

struct text_row {
    std::string_view code, vi, en;
};
constexpr text_row texts[] = {
    {"budget", "Văn bản vượt giới hạn kiểm tra nên chưa xác định được.",
     "The document exceeds the limits of verification, so nothing is determined."},
    {"pdf.not_a_pdf", "Tệp không phải là PDF.", "The file is not a PDF."},
    {"pdf.damaged", "Cấu trúc tệp PDF bị hỏng; không kiểm tra được nếu không sửa chữa.",
     "The PDF is damaged and cannot be verified without repair."},
    {"pdf.encrypted", "Tệp PDF bị mã hóa nên không kiểm tra được.", "The PDF is encrypted and cannot be verified."},
    {"pdf.reader_warning", "Trình đọc phải đoán một phần cấu trúc tệp.",
     "The reader had to guess a part of the structure."},
    {"pdf.form_unreadable", "Không đọc hết được các trường biểu mẫu.", "The form fields cannot all be read."},
    {"pdf.stray_signature", "Tệp chứa giá trị chữ ký không thuộc trường chữ ký nào.",
     "The file holds a signature value that belongs to no signature field."},
    {"pdf.byte_range", "Vùng được ký (ByteRange) không đúng quy cách.",
     "The signed range (ByteRange) is not well-formed."},
    {"pdf.contents_misplaced", "Khoảng trống trong vùng được ký không phải là chính giá trị chữ ký này.",
     "The gap in the signed range is not exactly this signature's own value."},
    {"pdf.value_shared", "Một giá trị chữ ký được dùng cho nhiều trường hoặc chồng lên nhau.",
     "One signature value serves several fields, or values overlap."},
    {"pdf.not_a_revision", "Phần được ký không phải là một phiên bản hoàn chỉnh của tệp.",
     "What is signed is not a complete revision of the file."},
    {"pdf.unaccounted_bytes", "Sau chữ ký có dữ liệu không thuộc phiên bản hợp lệ nào.",
     "After the signature there are bytes that belong to no proper revision."},
    {"pdf.changed_after_signing", "Văn bản đã bị thay đổi sau khi ký theo cách không được phép.",
     "The document was changed after signing in a way that is not allowed."},
    {"pdf.change_not_permitted", "Thay đổi sau khi ký trái với quyền mà chữ ký cho phép.",
     "A later change goes against what this signature permits."},
    {"pdf.filled_without_signature", "Trường biểu mẫu được điền sau chữ ký mà không có chữ ký nào bảo đảm.",
     "A form field was filled after the signature and no later signature covers it."},
    {"pdf.subfilter", "Loại chữ ký PDF này không được hỗ trợ.", "This kind of PDF signature is not supported."},
    {"pdf.xfa", "Tệp chứa biểu mẫu XFA nên nội dung hiển thị không cố định.",
     "The file holds an XFA form, so what it shows is not fixed."},
};

finding remark(std::string_view code, std::string_view detail = {}) {
    auto row = std::find_if(std::begin(texts), std::end(texts), [&](const text_row& r) { return r.code == code; });
    finding f{std::string(code), std::string(row->vi), std::string(row->en)};
    if (!detail.empty()) {
        f.text_vi += fmt::format(" ({})", detail);
        f.text_en += fmt::format(" ({})", detail);
    }
    return f;
}

// A signature as found in one of the revisions.
struct found_signature {
    form_field field;
    std::size_t a = 0, b = 0, end = 0; // the gap [a, b); the signed revision is [0, end)
    std::string trouble;               // code of what is wrong with its place
};

struct revision_step {
    std::size_t end = 0; // the revision is [0, end)
    std::vector<change> changes;
    bool signed_after = false; // a signature or time stamp covers this revision or a later one
};

bytes digest_of(x509::hash h, bytes_view first, bytes_view second) {
    bytes out(EVP_MAX_MD_SIZE);
    unsigned size = 0;
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    bool ok = context && EVP_DigestInit_ex(context.get(), x509::native(h), nullptr) == 1 &&
              EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
              EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
              EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1;
    out.resize(ok ? size : 0);
    return out;
}

// /M: D:YYYYMMDDHHmmSS with an optional offset (7.9.4).
std::optional<timestamp> time_of_pdf_date(std::string_view d) {
    if (!d.starts_with("D:") || d.size() < 16) return std::nullopt;
    d.remove_prefix(2);
    std::string offset = "Z";
    if (d.size() >= 17 && (d[14] == '+' || d[14] == '-'))
        offset = fmt::format("{}:{}", d.substr(14, 3), d.size() >= 20 ? d.substr(18, 2) : "00");
    return from_rfc3339(fmt::format("{}-{}-{}T{}:{}:{}{}", d.substr(0, 4), d.substr(4, 2), d.substr(6, 2),
                                    d.substr(8, 2), d.substr(10, 2), d.substr(12, 2), offset));
}

// A DER value without the zeros that fill /Contents.
bytes_view without_padding(bytes_view der) {
    if (der.size() < 2) return der;
    std::size_t length = der[1], head = 2;
    if (length & 0x80) {
        std::size_t count = length & 0x7f;
        if (count == 0 || count > 4 || der.size() < 2 + count) return der;
        length = 0;
        for (std::size_t i = 0; i < count; ++i) length = length << 8 | der[2 + i];
        head += count;
    }
    if (length > der.size() - head) return der;
    bytes_view rest = der.subspan(head + length);
    return std::all_of(rest.begin(), rest.end(), [](std::uint8_t b) { return b == 0; }) ? der.first(head + length)
                                                                                        : der;
}

bool only_space(std::string_view text) {
    return text.find_first_not_of(std::string_view(" \r\n\t\f\0", 6)) == text.npos;
}

class verification {
public:
    verification(bytes_view file, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                 const validation::policy& policy, const budget& limits)
        : file_(file), text_(as_text(file)), trust_(trust), known_(known), at_(at), policy_(policy), limits_(limits) {}

    validation::file_report run() {
        try {
            inspect();
        } catch (...) { // the reader gave up somewhere inside
            note("pdf.damaged", failure_of_current_exception().error().detail);
        }
        conclude();
        return std::move(report_);
    }

private:
    void note(std::string_view code, std::string_view detail = {}) {
        if (!signing::has_finding(report_.findings, code)) report_.findings.push_back(remark(code, detail));
    }

    void inspect() {
        if (file_.size() > limits_.bytes) return note("budget", "size");
        auto opened = document::open(file_);
        if (!opened) {
            auto code = opened.error().code;
            return note(code == errc::not_a_pdf   ? "pdf.not_a_pdf"
                        : code == errc::encrypted ? "pdf.encrypted"
                                                  : "pdf.damaged",
                        opened.error().detail);
        }
        const document& last = *opened;
        if (last.qpdf().getXRefTable().size() > limits_.objects) return note("budget", "objects");
        field_tree fields = read_fields(last.qpdf(), field_limits());
        if (fields.exceeded) note("pdf.form_unreadable");
        collect(last, fields);
        look_for_stray_values(last);
        if (signatures_.empty() && report_.findings.empty()) {
            unsigned_ = true;
            return;
        }
        if (QPDFObjectHandle form = last.root().getKey("/AcroForm"); form.isDictionary() && form.hasKey("/XFA"))
            note("pdf.xfa");
        if (signatures_.size() > limits_.signatures) return note("budget", "signatures");
        follow_revisions(last);
        for (auto warning : last.take_warnings()) note("pdf.reader_warning", warning);
        std::sort(signatures_.begin(), signatures_.end(),
                  [](auto& x, auto& y) { return std::pair(x.end, x.a) < std::pair(y.end, y.a); });
        check_overlaps();
        for (found_signature& s : signatures_) report_.signatures.push_back(judge(s));
    }

    field_limits field_limits() const { return {limits_.fields, limits_.nesting}; }

    // Adds the signatures of one revision that were not yet seen. True if any is new.
    bool collect(const document& revision, const field_tree& fields) {
        bool any = false;
        for (const form_field& f : fields.fields) {
            if (!f.is_signature() || f.value.isNull()) continue;
            auto known = std::find_if(signatures_.begin(), signatures_.end(), [&](const found_signature& s) {
                return s.field.name == f.name && s.field.value.unparse() == f.value.unparse();
            });
            if (known != signatures_.end()) continue;
            signatures_.push_back(locate(revision, f));
            any = true;
        }
        return any;
    }

    found_signature locate(const document& revision, const form_field& f) {
        found_signature s{f, 0, 0, 0, ""};
        QPDFObjectHandle value = f.value;
        s.trouble = "pdf.byte_range";
        if (!value.isDictionary() || !value.isIndirect()) return s;
        QPDFObjectHandle range = value.getKey("/ByteRange"), contents = value.getKey("/Contents");
        if (!range.isArray() || range.getArrayNItems() != 4 || !contents.isString()) return s;
        unsigned long long n[4];
        for (int i = 0; i < 4; ++i) {
            QPDFObjectHandle item = range.getArrayItem(i);
            if (item.isIndirect() || !item.isInteger() || item.getIntValue() < 0) return s;
            n[i] = static_cast<unsigned long long>(item.getIntValue());
        }
        bool sound =
            n[0] == 0 && n[1] > 0 && n[1] < n[2] && n[2] <= file_.size() && n[3] > 0 && n[3] <= file_.size() - n[2];
        if (!sound) return s;
        s.a = n[1];
        s.b = n[2];
        s.end = n[2] + n[3];
        s.trouble = "pdf.contents_misplaced";
        auto table = revision.qpdf().getXRefTable();
        auto entry = table.find(value.getObjGen());
        if (entry == table.end() || entry->second.getType() != 1) return s;
        auto place = contents_place(text_, revision.header_at() + static_cast<std::size_t>(entry->second.getOffset()));
        if (!place || place->begin != s.a || place->end != s.b) return s;
        auto decoded = from_hex(text_.substr(s.a + 1, s.b - s.a - 2)); // nothing but digits: no spaces either
        if (!decoded || as_text(*decoded) != contents.getStringValue()) return s;
        s.trouble.clear();
        return s;
    }

    // A /ByteRange in an object no signature field leads to: an older or hidden signature.
    void look_for_stray_values(const document& d) {
        if (text_.find("/ByteRange") == text_.npos) return;
        for (QPDFObjectHandle o : d.qpdf().getAllObjects()) {
            if (!o.isDictionary() || !o.hasKey("/ByteRange") || !o.hasKey("/Contents")) continue;
            bool listed = std::any_of(signatures_.begin(), signatures_.end(), [&](const found_signature& s) {
                return s.field.value.isIndirect() && s.field.value.getObjGen() == o.getObjGen();
            });
            if (!listed) note("pdf.stray_signature");
        }
    }

    // From the first signed revision on: every revision is opened by itself and compared with the one before.
    void follow_revisions(const document& last) {
        std::size_t first = file_.size();
        for (const found_signature& s : signatures_)
            if (s.trouble.empty()) first = std::min(first, s.end);
        auto opened = open_revision(first);
        if (!opened) return;
        steps_.push_back({first, {}, false});
        document before = std::move(*opened);
        while (!only_space(text_.substr(steps_.back().end))) {
            if (steps_.size() > limits_.revisions) return note("budget", "revisions");
            auto resolve = [&](int id, int generation) -> std::optional<std::size_t> {
                QPDFObjectHandle length = last.qpdf().getObjectByID(id, generation);
                if (!length.isInteger() || length.getIntValue() < 0) return std::nullopt;
                return static_cast<std::size_t>(length.getIntValue());
            };
            auto bytes_of = read_revision(text_, steps_.back().end, resolve);
            if (!bytes_of) {
                steps_.push_back({file_.size(), {{change_kind::forbidden, "unaccounted_bytes"}}, false});
                return note("pdf.unaccounted_bytes");
            }
            auto now = open_revision(signed_end(bytes_of->end));
            if (!now) {
                steps_.push_back({file_.size(), {{change_kind::forbidden, "revision_unreadable"}}, false});
                return;
            }
            revision_step step{signed_end(bytes_of->end), compare_revisions(before, *now, field_limits()), false};
            if (!lists_all(*now, *bytes_of)) {
                step.changes.push_back({change_kind::forbidden, "unlisted_object"});
                note("pdf.unaccounted_bytes");
            }
            collect(*now, read_fields(now->qpdf(), field_limits()));
            if (signatures_.size() > limits_.signatures) return note("budget", "signatures");
            steps_.push_back(std::move(step));
            before = std::move(*now);
        }
        for (std::size_t i = 0; i < steps_.size(); ++i)
            for (const found_signature& s : signatures_)
                if (s.trouble.empty() && s.end >= steps_[i].end) steps_[i].signed_after = true;
    }

    // A revision ends with %%EOF; a signature may or may not count the line end after it.
    std::size_t signed_end(std::size_t eof) const {
        for (const found_signature& s : signatures_)
            if (s.trouble.empty() && s.end >= eof && s.end <= eof + 4 && only_space(text_.substr(eof, s.end - eof)))
                return s.end;
        return eof;
    }

    std::optional<document> open_revision(std::size_t end) {
        std::string_view prefix = text_.substr(0, end);
        std::size_t eof = prefix.rfind("%%EOF");
        if (eof == prefix.npos || !only_space(prefix.substr(eof + 5))) return note("pdf.not_a_revision"), std::nullopt;
        auto opened = document::open(file_.first(end));
        if (!opened) return note("pdf.damaged", opened.error().detail), std::nullopt;
        if (opened->qpdf().getXRefTable().size() > limits_.objects) return note("budget", "objects"), std::nullopt;
        opened->qpdf().getObjectCount(); // reads everything: warnings show here
        for (auto warning : opened->take_warnings()) note("pdf.reader_warning", warning);
        return std::move(*opened);
    }

    // Every object in the bytes of the revision is the one its cross-reference names: nothing for a repairing reader.
    static bool lists_all(const document& revision, const revision_bytes& listed) {
        auto table = revision.qpdf().getXRefTable();
        return std::all_of(listed.objects.begin(), listed.objects.end(), [&](const listed_object& o) {
            std::size_t offset = o.at - revision.header_at();
            if (o.is_xref_stream) return offset == revision.startxref();
            auto entry = table.find(QPDFObjGen(o.id, o.generation));
            return entry != table.end() && entry->second.getType() == 1 &&
                   static_cast<std::size_t>(entry->second.getOffset()) == offset;
        });
    }

    void check_overlaps() {
        for (found_signature& s : signatures_)
            for (found_signature& other : signatures_) {
                if (&s == &other) continue;
                bool same_value = s.field.value.isIndirect() && other.field.value.isIndirect() &&
                                  s.field.value.getObjGen() == other.field.value.getObjGen();
                bool overlap = s.b > s.a && other.b > other.a && s.a < other.b && other.a < s.b;
                if (same_value || overlap) s.trouble = "pdf.value_shared";
            }
    }

    // --- one signature

    static void fail(signature_report& r, std::string_view sub, finding f) {
        validation::object(r, {indication::total_failed, std::string(sub), std::move(f)});
    }
    static void doubt(signature_report& r, std::string_view sub, finding f) {
        validation::object(r, {indication::indeterminate, std::string(sub), std::move(f)});
    }

    signature_report judge(const found_signature& s) {
        signature_report r;
        r.indication = indication::total_passed; // until something speaks against it
        if (!s.trouble.empty()) {
            fail(r, signing::sub::format_failure, remark(s.trouble));
        } else {
            r = judge_cryptography(s);
            check_changes(s, r);
        }
        r.field = s.field.name;
        r.covered_bytes = s.end;
        // What casts doubt on the whole file leaves no signature valid.
        for (const finding& f : report_.findings) doubt(r, signing::sub::format_failure, f);
        r.verdict = signing::to_verdict(r.indication);
        return r;
    }

    signature_report judge_cryptography(const found_signature& s) {
        bytes contents = from_hex(text_.substr(s.a + 1, s.b - s.a - 2)).value();
        bytes_view before = file_.first(s.a), after = file_.subspan(s.b, s.end - s.b);
        auto content = [&](x509::hash h) { return digest_of(h, before, after); };
        QPDFObjectHandle subfilter = s.field.value.getKey("/SubFilter");
        std::string kind = subfilter.isName() ? subfilter.getName() : "";
        if (kind == "/ETSI.RFC3161") return judge_document_timestamp(without_padding(contents), content);
        if (kind != "/ETSI.CAdES.detached" && kind != "/adbe.pkcs7.detached") {
            signature_report r;
            r.format = "pkcs7";
            r.sub_indication = signing::sub::format_failure;
            r.findings.push_back(remark("pdf.subfilter", kind));
            return r;
        }
        cades::reading how{.require_signing_certificate = kind == "/ETSI.CAdES.detached", .zero_padding = true};
        if (QPDFObjectHandle m = s.field.value.getKey("/M"); m.isString())
            how.claimed_time = time_of_pdf_date(m.getStringValue());
        validation::signature_facts facts = cades::read_signature(contents, content, how);
        validation::conclusion judged = validation::judge(facts, trust_, known_, at_, policy_);
        add_missing(judged.missing);
        signature_report r = validation::report_of(facts, judged);
        r.format = kind == "/ETSI.CAdES.detached" ? "pades" : "pkcs7";
        return r;
    }

    signature_report judge_document_timestamp(bytes_view token, const cms::content_digest& stamped) {
        auto v = cms::check_timestamp(token, stamped, trust_, known_, at_, policy_.revocation);
        add_missing(v.path.missing);
        signature_report r;
        r.format = "timestamp";
        r.indication = v.indication;
        r.sub_indication = v.sub_indication;
        if (v.indication == indication::total_passed) r.best_time = v.time;
        r.findings = std::move(v.findings);
        validation::describe(v.authority, r.signer);
        return r;
    }

    void add_missing(const std::vector<x509::need>& more) {
        for (const x509::need& n : more)
            if (std::find(report_.missing.begin(), report_.missing.end(), n) == report_.missing.end())
                report_.missing.push_back(n);
    }

    void check_changes(const found_signature& s, signature_report& r) {
        auto own =
            std::find_if(steps_.begin(), steps_.end(), [&](const revision_step& step) { return step.end == s.end; });
        if (own == steps_.end() && signing::has_finding(report_.findings, "budget")) return; // judge() says so
        if (own == steps_.end()) return fail(r, signing::sub::format_failure, remark("pdf.not_a_revision"));
        r.covers = only_space(text_.substr(s.end)) ? "whole" : "revision";
        std::vector<permissions> rules = permissions_of(s.field);
        for (auto step = std::next(own); step != steps_.end(); ++step)
            for (const change& c : step->changes) {
                std::string name = to_string(c);
                if (std::find(r.changes_after.begin(), r.changes_after.end(), name) != r.changes_after.end()) continue;
                r.changes_after.push_back(name);
                bool by_person = c.kind == change_kind::signature_added || c.kind == change_kind::field_added ||
                                 c.kind == change_kind::field_filled;
                bool against = by_person && std::any_of(rules.begin(), rules.end(), [&](const permissions& p) {
                                   // A field added later was not among those that the signature could lock.
                                   bool new_field = c.kind == change_kind::field_added || !s_revision_has(*own, c.what);
                                   return p.docmdp == 1 || (!new_field && p.locks(c.what));
                               });
                if (c.kind == change_kind::forbidden)
                    fail(r, signing::sub::format_failure, remark("pdf.changed_after_signing", name));
                else if (against)
                    fail(r, signing::sub::format_failure, remark("pdf.change_not_permitted", name));
                else if (c.kind == change_kind::field_filled && !step->signed_after)
                    doubt(r, signing::sub::sig_constraints_failure, remark("pdf.filled_without_signature", name));
            }
    }

    // Did the field exist in the revision that ends there?
    bool s_revision_has(const revision_step& step, const std::string& field) {
        auto [known, inserted] = names_.try_emplace(step.end);
        if (inserted)
            if (auto d = document::open(file_.first(step.end)))
                for (const form_field& f : read_fields(d->qpdf(), field_limits()).fields) known->second.insert(f.name);
        return known->second.contains(field);
    }

    void conclude() {
        report_.verdict = validation::overall(report_.signatures, report_.findings);
        if (report_.signatures.empty() && !unsigned_) report_.verdict = signing::verdict::indeterminate;
    }

    bytes_view file_;
    std::string_view text_;
    const x509::trust_store& trust_;
    const x509::evidence& known_;
    timestamp at_;
    const validation::policy& policy_;
    const budget& limits_;
    validation::file_report report_;
    std::vector<found_signature> signatures_;
    std::vector<revision_step> steps_; // the first is the first signed revision
    std::map<std::size_t, std::set<std::string>> names_;
    bool unsigned_ = false;
};

} // namespace

validation::file_report verify_pdf(bytes_view file, const x509::trust_store& trust, const x509::evidence& known,
                                   timestamp at, const validation::policy& policy, const budget& limits) {
    return verification(file, trust, known, at, policy, limits).run();
}

} // namespace vanthu::pdf

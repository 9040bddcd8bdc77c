#include "signing/asic/verify.hpp"

#include "signing/asic/findings.hpp"
#include "signing/asic/layout.hpp"
#include "signing/cades/verify.hpp"
#include "signing/cms/unsigned_parts.hpp"
#include "signing/document_marks.hpp"
#include "signing/xml/sign.hpp"
#include "signing/xml/verify.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace vanthu::asic {
using signing::indication;
using signing::verdict;
using validation::signature_facts;
using validation::signature_report;
namespace sub = signing::sub;
namespace {

std::string_view finding_of(const std::error_code& code) {
    if (code == errc::not_a_zip) return "asic.not_asic";
    if (code == errc::over_budget) return "budget";
    if (code == errc::name_unsafe) return "asic.name_unsafe";
    if (code == errc::damaged_entry) return "asic.damaged_entry";
    if (code == errc::manifest_unreadable) return "asic.manifest_unreadable";
    return "asic.irregular_archive";
}

// What a manifest says, held against the container.
struct checked_manifest {
    std::string name;
    bytes content;
    manifest read;
    std::vector<validation::objection> objections; // none: every file is there, with the right hash
    bool names(const std::string& file) const {
        return std::ranges::find(read.files, file, &data_reference::name) != read.files.end();
    }
};

class verification {
public:
    verification(bytes_view container, const x509::trust_store& trust, const x509::evidence& known, timestamp at,
                 const validation::policy& policy, const limits& bounds, x509::cache* memory)
        : container_(container), trust_(trust), known_(known), at_(at), policy_(policy), bounds_(bounds),
          memory_(memory) {}

    container_verdict run() {
        auto opened = open_container(container_, bounds_);
        if (!opened) return refuse(opened.error());
        files_ = std::move(*opened);
        if (files_.kind == kind::simple && files_.data.size() != 1) note("asic.not_one_file");
        if (auto done = read_manifests(); !done) return refuse(done.error());
        look_for_other_documents();
        for (const std::string& name : files_.time_stamps) prepare_time_stamp(name);
        for (const std::string& name : files_.cades) judge_cades(name);
        for (const std::string& name : files_.xades) judge_xades(name);
        for (const std::string& name : files_.time_stamps)
            if (!used_stamps_.contains(name)) judge_time_stamp(name); // the others are stamps of signatures
        if (too_much_) note("budget", "unpacked size");
        conclude();
        return std::move(out_);
    }

private:
    void note(std::string_view code, std::string_view detail = {}) {
        if (!signing::has_finding(out_.report.findings, code))
            out_.report.findings.push_back(make_finding(code, detail));
    }
    container_verdict refuse(const failure& why) {
        note(finding_of(why.code), why.detail);
        out_.report.verdict = verdict::indeterminate;
        return std::move(out_);
    }

    // Nobody signs what signatures, time stamps and lists are wrapped in.
    void look_for_other_documents() {
        for (const zip_entry& e : files_.zip.entries()) {
            if (e.directory || !in_meta_inf(e.name)) continue;
            auto content = meta(e.name);
            if (!content) continue; // said where it is judged
            bool foreign = e.name.ends_with(".xml") && signing::holds_document_marks(*content);
            if (is_time_stamp_file(e.name)) {
                auto token = cms::take_apart(*content);
                foreign =
                    token ? !cms::unsigned_parts_are_known(*token, memory_) : signing::holds_document_marks(*content);
            }
            if (foreign) note("asic.unsigned_content", e.name);
        }
    }

    result<bytes> meta(const std::string& name) {
        return files_.zip.content(*files_.zip.find(name), bounds_.signature_file);
    }

    result<> read_manifests() {
        std::size_t count = 0;
        for (const zip_entry& e : files_.zip.entries()) {
            bool archive = is_archive_manifest_file(e.name);
            if (!archive && !is_manifest_file(e.name)) continue;
            if (++count > bounds_.manifests) return failed(errc::over_budget, "manifests");
            checked_manifest m;
            m.name = e.name;
            VANTHU_TRY(m.content, meta(e.name));
            auto read = read_manifest(m.content, bounds_);
            if (!read) {
                note(finding_of(read.error().code), e.name);
                continue;
            }
            m.read = std::move(*read);
            // A list that only claims to be signed is nobody's: XAdES signs the files themselves.
            bool signed_by = files_.zip.find(m.read.signature) &&
                             (is_cades_file(m.read.signature) || is_time_stamp_file(m.read.signature));
            if (!signed_by) note("asic.manifest_without_signature", e.name);
            check(m);
            (archive ? archives_ : manifests_).push_back(std::move(m));
        }
        return {};
    }
    void check(checked_manifest& m) {
        for (const data_reference& f : m.read.files) {
            auto against = [&](indication i, std::string_view s, std::string_view code) {
                m.objections.push_back({i, std::string(s), make_finding(code, f.name)});
            };
            const zip_entry* e = files_.zip.find(f.name);
            if (!f.algorithm) {
                against(indication::indeterminate, sub::crypto_constraints_failure_no_poe, "asic.weak_algorithm");
            } else if (!e || e->directory) {
                against(indication::indeterminate, sub::signed_data_not_found, "asic.file_missing");
            } else {
                const bytes& own = digest_of(*e, *f.algorithm);
                if (own.empty())
                    against(indication::indeterminate, sub::signed_data_not_found, "asic.damaged_entry");
                else if (own != f.digest)
                    against(indication::total_failed, sub::hash_failure, "asic.file_changed");
            }
        }
    }

    // Empty: damaged, or more unpacking than the limits allow. Each file is hashed once an algorithm.
    const bytes& digest_of(const zip_entry& e, x509::hash h) {
        auto [place, inserted] = digests_.try_emplace({e.name, h});
        if (!inserted) return place->second;
        xml::hash_sink sink(h);
        if (unpack(e, [&](bytes_view piece) -> result<> {
                sink.write(as_text(piece));
                return {};
            }))
            place->second = sink.finish();
        return place->second;
    }
    // Whatever is signed in whatever way: together no more than four times the whole container.
    result<> unpack(const zip_entry& e, const byte_sink& sink) {
        unpacked_ += e.size;
        if (unpacked_ > 4 * bounds_.unpacked) {
            too_much_ = true;
            return failed(errc::over_budget, e.name);
        }
        return files_.zip.read(e, sink);
    }

    static std::string list_of(const auto& names) {
        std::string out;
        for (const std::string& n : names)
            if (out.size() < 500) out += (out.empty() ? "" : ", ") + n;
        return out;
    }
    void add(signature_report r, const std::set<std::string>& covered, validation::conclusion judged) {
        bool whole = !files_.data.empty() &&
                     std::ranges::all_of(files_.data, [&](const std::string& n) { return covered.contains(n); });
        r.covers = whole ? "whole" : "part";
        if (!whole && !covered.empty()) r.findings.push_back(make_finding("asic.signs_only", list_of(covered)));
        r.covered_bytes = 0;
        for (const std::string& n : covered)
            if (const zip_entry* e = files_.zip.find(n)) r.covered_bytes += static_cast<std::size_t>(e->size);
        if (r.format != "timestamp") {
            signed_.insert(covered.begin(), covered.end());
            one_signs_all_ = one_signs_all_ || whole;
        }
        for (const x509::need& n : judged.missing)
            if (std::ranges::find(out_.report.missing, n) == out_.report.missing.end())
                out_.report.missing.push_back(n);
        out_.report.signatures.push_back(std::move(r));
        out_.conclusions.push_back(std::move(judged));
    }

    // The one manifest that names this signature or time stamp; objections where there is not exactly one.
    const checked_manifest* manifest_for(const std::string& file, std::vector<validation::objection>& objections) {
        const checked_manifest* found = nullptr;
        bool two = false;
        for (const auto* list : {&manifests_, &archives_})
            for (const checked_manifest& m : *list)
                if (m.read.signature == file) two = two || found, found = &m;
        if (!found || two)
            objections.push_back({indication::indeterminate, std::string(sub::signed_data_not_found),
                                  make_finding(two ? "asic.two_manifests" : "asic.no_manifest", file)});
        return two ? nullptr : found;
    }
    bool about_single_file(std::string_view name) const {
        return files_.kind == kind::simple && files_.data.size() == 1 &&
               (name == "META-INF/signature.p7s" || name == "META-INF/timestamp.tst");
    }

    // The digest of what a signature or time stamp file is over, and the files it thereby covers.
    struct subject {
        cms::content_digest content;
        std::set<std::string> covered;
        std::vector<validation::objection> objections;
    };
    subject subject_of(const std::string& name) {
        subject s;
        s.content = [](x509::hash) { return bytes{}; };
        if (about_single_file(name)) {
            const zip_entry* e = files_.zip.find(files_.data[0]);
            s.content = [this, e](x509::hash h) { return digest_of(*e, h); };
            s.covered = {files_.data[0]};
        } else if (const checked_manifest* m = manifest_for(name, s.objections)) {
            s.content = [m](x509::hash h) { return x509::hash_of(h, m->content); };
            for (const data_reference& f : m->read.files) s.covered.insert(f.name);
            s.objections.insert(s.objections.end(), m->objections.begin(), m->objections.end());
        }
        return s;
    }

    void judge_cades(const std::string& name) {
        subject s = subject_of(name);
        auto file = meta(name);
        bytes message = file ? std::move(*file) : bytes{};
        if (!file)
            s.objections.push_back({indication::indeterminate, std::string(sub::format_failure),
                                    make_finding(finding_of(file.error().code), name)});
        for (signature_facts& facts : cades::read_signatures(message, s.content, {.memory = memory_})) {
            facts.objections.insert(facts.objections.end(), s.objections.begin(), s.objections.end());
            add_archive_stamps(name, facts);
            validation::conclusion judged = validation::judge(facts, trust_, known_, at_, policy_, memory_);
            signature_report r = validation::report_of(facts, judged);
            r.format = "cades";
            r.field = name;
            if (about_single_file(name)) r.findings.push_back(make_finding("asic.name_not_signed", files_.data[0]));
            add(std::move(r), s.covered, std::move(judged));
        }
    }

    // Time stamps over archive manifests that name the signature, oldest first; each newer one must name the token of
    // the one before, or it says nothing about it.
    struct archive_stamp {
        std::string file;
        bytes token;
        std::optional<timestamp> time;
        const checked_manifest* about;
    };
    void prepare_time_stamp(const std::string& name) {
        for (const checked_manifest& m : archives_) {
            if (m.read.signature != name || !m.objections.empty()) continue;
            auto token = meta(name);
            if (!token) return;
            auto parsed = cms::parse_timestamp_token(*token, memory_);
            archive_stamp a{name, std::move(*token), std::nullopt, &m};
            if (parsed) a.time = parsed->time;
            archive_stamps_.push_back(std::move(a));
        }
        std::ranges::sort(archive_stamps_, [](const archive_stamp& a, const archive_stamp& b) {
            return std::tuple(a.time, a.about->read.files.size(), a.file) <
                   std::tuple(b.time, b.about->read.files.size(), b.file);
        });
    }
    void add_archive_stamps(const std::string& signature, signature_facts& facts) {
        std::vector<const archive_stamp*> line;
        for (const archive_stamp& a : archive_stamps_) {
            if (!a.about->names(signature)) continue;
            bool knows_older =
                std::ranges::all_of(line, [&](const archive_stamp* older) { return a.about->names(older->file); });
            if (!knows_older) continue;
            line.push_back(&a);
            used_stamps_.insert(a.file);
            validation::time_stamp stamp{validation::stamp_role::archive, a.token,
                                         [m = a.about](x509::hash h) { return x509::hash_of(h, m->content); }};
            // The manifest names the whole signature file, so with everything that came along in it.
            for (const auto& c : facts.certificates) stamp.covers.push_back(c.sha256());
            for (const auto& c : facts.embedded.crls) stamp.covers.push_back(c.sha256());
            for (const auto& r : facts.embedded.ocsp_responses) stamp.covers.push_back(r.sha256());
            facts.stamps.push_back(std::move(stamp));
        }
    }

    void judge_xades(const std::string& name) {
        auto file = meta(name);
        if (!file) return note(finding_of(file.error().code), name);
        if (!holds_only_signatures(*file)) note("asic.unsigned_content", name);
        xml::outside others = [this](const std::string& uri) -> std::optional<xml::source> {
            auto wanted = xml::from_reference_uri(uri);
            const zip_entry* e = wanted ? files_.zip.find(*wanted) : nullptr;
            if (!e || e->directory) return std::nullopt;
            return xml::source([this, e](const xml::byte_sink& sink) { return unpack(*e, sink); });
        };
        xml::verify_options how;
        how.memory = memory_;
        how.require_signing_certificate = true;
        auto judged = xml::verify(xml::in_memory(*file), trust_, known_, at_, policy_, others, how);
        for (const signing::finding& f : judged.report.findings)
            if (!signing::has_finding(out_.report.findings, f.code)) out_.report.findings.push_back(f);
        for (std::size_t i = 0; i < judged.report.signatures.size(); ++i) {
            signature_report r = std::move(judged.report.signatures[i]);
            r.field = name + "#" + r.field;
            std::set<std::string> covered;
            for (const xml::signed_part& part : judged.reading.signatures[i].parts)
                if (!part.uri.empty() && part.uri[0] != '#' && files_.zip.find(part.path)) covered.insert(part.path);
            add(std::move(r), covered, std::move(judged.conclusions[i]));
        }
    }

    // A time stamp file proves that files existed; it is nobody's signature.
    void judge_time_stamp(const std::string& name) {
        subject s = subject_of(name);
        auto file = meta(name);
        auto v = cms::check_timestamp(file ? *file : bytes{}, s.content, trust_, known_, at_, policy_.revocation, {},
                                      policy_.rules, {}, memory_);
        signature_report r;
        r.format = "timestamp";
        r.field = name;
        r.indication = v.indication;
        r.sub_indication = v.sub_indication;
        r.verdict = signing::to_verdict(v.indication);
        r.findings = v.findings;
        if (v.indication == indication::total_passed) r.best_time = v.time;
        validation::describe(v.authority, r.signer);
        for (const validation::objection& o : s.objections) validation::object(r, o);
        validation::conclusion judged;
        judged.indication = r.indication;
        judged.sub_indication = r.sub_indication;
        judged.missing = v.path.missing;
        judged.used = v.path.used;
        judged.used_certificates = v.path.chain;
        add(std::move(r), s.covered, std::move(judged));
    }

    void conclude() {
        // What casts doubt on the whole container leaves no signature valid.
        for (signature_report& r : out_.report.signatures)
            for (const signing::finding& f : out_.report.findings)
                validation::object(r, {indication::indeterminate, std::string(sub::format_failure), f});
        verdict all = validation::overall(out_.report.signatures, out_.report.findings);
        std::vector<std::string> without;
        for (const auto* list : {&files_.data, &files_.strange})
            std::ranges::copy_if(*list, std::back_inserter(without),
                                 [&](const std::string& n) { return !signed_.contains(n); });
        if (!without.empty()) {
            out_.report.findings.push_back(make_finding("asic.file_not_signed", list_of(without)));
            if (all == verdict::valid) all = verdict::unsigned_;
        } else if (!signed_.empty() && !one_signs_all_) {
            // Anybody may lay a document of his own, well signed, beside another's.
            out_.report.findings.push_back(make_finding("asic.signed_in_parts"));
            if (all == verdict::valid) all = verdict::indeterminate;
        }
        out_.report.verdict = all;
    }

    bytes_view container_;
    const x509::trust_store& trust_;
    const x509::evidence& known_;
    timestamp at_;
    const validation::policy& policy_;
    const limits& bounds_;
    x509::cache* memory_;
    container_verdict out_;
    container_files files_;
    std::vector<checked_manifest> manifests_, archives_;
    std::vector<archive_stamp> archive_stamps_;
    std::map<std::pair<std::string, x509::hash>, bytes> digests_;
    std::set<std::string> signed_, used_stamps_;
    std::uint64_t unpacked_ = 0;
    bool too_much_ = false, one_signs_all_ = false;
};

} // namespace

container_verdict verify(bytes_view container, const x509::trust_store& trust, const x509::evidence& known,
                         timestamp at, const validation::policy& policy, const limits& bounds, x509::cache* memory) {
    return verification(container, trust, known, at, policy, bounds, memory).run();
}

namespace {
constexpr std::string_view any_type = "application/vnd.etsi.asic-";

bool starts_with_type(bytes_view file) {
    constexpr std::size_t header = 30;
    constexpr std::string_view name = "mimetype";
    if (file.size() < header + name.size() + any_type.size()) return false;
    std::size_t extra = file[28] | static_cast<std::size_t>(file[29]) << 8;
    if (as_text(file.subspan(header, name.size())) != name || file[26] != name.size()) return false;
    std::size_t at = header + name.size() + extra;
    return at + any_type.size() <= file.size() && as_text(file.subspan(at, any_type.size())) == any_type;
}

bool holds_signatures(const zip_archive& zip) {
    if (const zip_entry* type = zip.find("mimetype"))
        if (auto content = zip.content(*type, 256)) return as_text(*content).starts_with(any_type);
    return std::ranges::any_of(zip.entries(), [](const zip_entry& e) {
        return is_cades_file(e.name) || is_xades_file(e.name) || is_time_stamp_file(e.name) ||
               is_manifest_file(e.name) || is_archive_manifest_file(e.name);
    });
}
} // namespace

bool is_container(bytes_view file) {
    if (!as_text(file).starts_with("PK")) return false;
    if (starts_with_type(file)) return true;
    if (auto zip = zip_archive::open(file)) return holds_signatures(*zip);
    // What is not read here is at least not said to be without signatures.
    for (std::string_view mark : {any_type, std::string_view("META-INF/signature"),
                                  std::string_view("META-INF/ASiCManifest"), std::string_view("META-INF/timestamp")})
        if (as_text(file).find(mark) != std::string_view::npos) return true;
    return false;
}

} // namespace vanthu::asic

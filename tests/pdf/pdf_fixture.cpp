#include "tests/pdf/pdf_fixture.hpp"

#include "signing/x509/cache.hpp"

#include <cstdio>
#include <cstdlib>

namespace vanthu::test {
namespace {

template <class T> T must(result<T> r) {
    if (r) return std::move(*r);
    std::fprintf(stderr, "fixture: %s %s\n", r.error().code.message().c_str(), r.error().detail.c_str());
    std::abort();
}

const pdf::typeface& upright() {
    static const pdf::typeface font(font_upright());
    return font;
}
const pdf::typeface& italic() {
    static const pdf::typeface font(font_italic());
    return font;
}

// Whatever a test does to a file: a verifier that remembers all files before it says the same.
validation::file_report judge(bytes_view pdf, const x509::trust_store& trust, const x509::evidence& known,
                              timestamp at) {
    static x509::cache remembered;
    validation::file_report report = pdf::verify_pdf(pdf, trust, known, at),
                            again = pdf::verify_pdf(pdf, trust, known, at, {}, {}, &remembered);
    if (to_json(report) != to_json(again))
        throw std::runtime_error("a cache changes the verdict from " + to_json(report) + " to " + to_json(again));
    return report;
}

} // namespace

pdf_world::pdf_world() {
    leader = ca.issue({.common_name = "Đặng Thị Ánh Nguyệt",
                       .organisation = "Sở Nội vụ",
                       .title = "Giám đốc",
                       .organisation_code = "000.00.01.H48"});
    agency = ca.issue({.common_name = "Sở Nội vụ tỉnh Quảng Ngãi",
                       .organisation = "Sở Nội vụ",
                       .organisation_code = "000.00.01.H48",
                       .key = test_key::rsa_2048});
    tsa = ca.issue({.common_name = "Test TSA", .use = profile::tsa});
    stranger = self_signed({.common_name = "Người lạ"});
    trust.anchors.push_back(must(x509::parse_certificate(ca.root().certificate_der())));
    trust.intermediates.push_back(must(x509::parse_certificate(ca.sub().certificate_der())));
    known.crls.push_back(must(x509::parse_crl(ca.root_crl())));
    known.crls.push_back(must(x509::parse_crl(ca.sub_crl())));
}

cms::signer pdf_world::signer_of(const identity& who) const {
    cms::signer s;
    s.leaf = must(x509::parse_certificate(who.certificate_der()));
    s.scheme = s.leaf.kind() == x509::key_kind::rsa ? x509::scheme::rsa_pkcs1 : x509::scheme::ecdsa;
    s.sign = [who](bytes_view hash) -> result<bytes> { return who.sign_sha256(hash); };
    return s;
}

bytes pdf_world::sign(bytes_view pdf, const identity& who, pdf::signature_request request, bool time_stamp) const {
    pdf::prepared p = must(pdf::prepare(pdf, request));
    bytes cms = must(cms::build_signature(p.content_sha256, signer_of(who)));
    if (time_stamp) {
        cms = must(cms::add_timestamp(cms, stamp(must(cms::signature_imprint(cms)), signing_day, tsa)));
    }
    return must(pdf::finish(std::move(p), cms));
}

bytes pdf_world::approved(bytes_view pdf, bool restrict_changes) const {
    auto request = request_for(pdf::profile::approved);
    request.restrict_changes = restrict_changes;
    return sign(pdf, leader, request);
}

bytes pdf_world::issued(bytes_view pdf) const { return sign(pdf, agency, request_for(pdf::profile::issued)); }

validation::file_report pdf_world::verify(bytes_view pdf) const {
    return judge(pdf, trust, known, signing_day + std::chrono::hours(1));
}

validation::file_report pdf_world::verify_alone(bytes_view pdf, timestamp at) const {
    x509::trust_store anchors;
    anchors.anchors = trust.anchors;
    return judge(pdf, anchors, {}, at);
}

cms::timestamp_token pdf_world::stamp(const digest& imprint, timestamp when, const identity& by) const {
    bytes nonce{1, 2, 3, 4, 5, 6, 7, 8};
    bytes reply = test_tsa(by, {ca.sub()}, cms::timestamp_request(imprint, nonce), when);
    return must(cms::check_timestamp_reply(reply, imprint, nonce));
}

bytes pdf_world::with_evidence(bytes_view pdf) const {
    auto seen = pdf::examine_pdf(pdf, trust, known, signing_day + std::chrono::hours(1));
    return must(pdf::add_evidence(pdf, seen.used, seen.used_certificates));
}

bytes pdf_world::with_timestamp(bytes_view pdf, timestamp when, const identity& by) const {
    pdf::prepared p = must(pdf::prepare_timestamp(pdf));
    auto token = stamp(p.content_sha256, when, by);
    return must(pdf::finish_timestamp(std::move(p), token));
}

const pdf_world& world() {
    static const pdf_world w;
    return w;
}

pdf::signature_request request_for(pdf::profile kind) {
    pdf::signature_request r;
    r.kind = kind;
    r.type = {upright(), italic()};
    r.signer_name = kind == pdf::profile::approved ? "Đặng Thị Ánh Nguyệt" : "Sở Nội vụ tỉnh Quảng Ngãi";
    r.organisation = "Sở Nội vụ tỉnh Quảng Ngãi";
    r.claimed_time = signing_day;
    if (kind != pdf::profile::approved) {
        r.number = "321/QĐ-UBND-KGVX";
        r.date = "ngày 15 tháng 7 năm 2025";
    }
    return r;
}

std::string shown(const validation::file_report& report) { return validation::to_json(report); }

} // namespace vanthu::test

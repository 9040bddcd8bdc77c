// Content inside the message, several signers, BER, limits.
#include "daemon/base/files.hpp"
#include "signing/cms/parts.hpp"
#include "tests/signing_cms/world.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::has_finding;
using signing::verdict;

namespace {

validation::file_report judge(const world& w, bytes_view message, const cms::content_digest& content = {},
                              const cms::budget& limits = {}) {
    return cades::verify(message, content, w.trust, w.known, now, {}, limits);
}
cms::content_digest digest_of(const bytes& content) {
    return [content](x509::hash h) { return x509::hash_of(h, content); };
}
int openssl_verify(const world& w, const bytes& message, const bytes* content, std::string& output) {
    temporary_directory dir;
    auto path = [&](const char* name) { return (dir.path() / name).string(); };
    BOOST_REQUIRE(write_file_atomically(path("m"), message));
    BOOST_REQUIRE(write_file_atomically(path("root.pem"), as_bytes(w.ca.root().certificate_pem())));
    std::vector<std::string> command{"openssl", "cms",     "-verify",    "-cades",  "-binary",        "-inform",
                                     "DER",     "-in",     path("m"),    "-CAfile", path("root.pem"), "-purpose",
                                     "any",     "-attime", "1772352000", "-out",    path("out")};
    if (content) {
        BOOST_REQUIRE(write_file_atomically(path("content"), *content));
        command.insert(command.end(), {"-content", path("content")});
    }
    int status = run(command, &output);
    if (status == 0) BOOST_TEST((read_file(path("out")).value() == w.content));
    return status;
}

// The message with indefinite lengths around everything and its content in pieces, as streaming writers make it.
bytes as_ber(const bytes& message) {
    auto p = cms::take_apart(message).value();
    auto indefinite = [](std::uint8_t tag, const bytes& content) {
        return der::joined({bytes{tag, 0x80}, content, bytes{0, 0}});
    };
    auto joined = [](const std::vector<bytes_view>& all) {
        bytes out;
        for (bytes_view b : all) out.insert(out.end(), b.begin(), b.end());
        return out;
    };
    bytes content;
    if (p.content) {
        for (bytes_view piece : *p.content)
            for (std::size_t i = 0; i < piece.size(); i += 10) {
                bytes part = der::tlv(der::tag_octets, piece.subspan(i, std::min<std::size_t>(10, piece.size() - i)));
                content.insert(content.end(), part.begin(), part.end());
            }
        content = indefinite(0xa0, indefinite(0x24, content));
    }
    bytes info = indefinite(0x30, der::joined({p.content_type, content}));
    bytes certificates = indefinite(0xa0, joined(p.certificates));
    bytes crls = p.crls.empty() ? bytes{} : indefinite(0xa1, joined(p.crls));
    bytes signers;
    for (const auto& s : p.signers) signers.insert(signers.end(), s.whole.begin(), s.whole.end());
    bytes body = der::joined({p.version, der::tlv(der::tag_set, joined(p.digest_algorithms)), info, certificates, crls,
                              der::tlv(der::tag_set, signers)});
    return indefinite(0x30, der::joined({der::oid(cms::id::signed_data), indefinite(0xa0, indefinite(0x30, body))}));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_message_with_its_content_is_judged_by_us_and_by_openssl) {
    for (auto kind : {test_key::p256, test_key::rsa_2048}) {
        world w(kind);
        bytes detached = w.stamp(w.sign(false, {.signing_time = now, .mime_type = "application/pdf"}), now);
        bytes whole = cms::attach(detached, w.content).value();
        std::string output;
        BOOST_TEST(openssl_verify(w, whole, nullptr, output) == 0, output);
        BOOST_TEST(openssl_verify(w, detached, &w.content, output) == 0, output);
        auto report = judge(w, whole);
        BOOST_TEST((report.verdict == verdict::valid));
        BOOST_REQUIRE(report.signatures.size() == 1u);
        BOOST_TEST(report.signatures[0].level == "B-T");
        BOOST_TEST(report.signatures[0].covered_bytes == w.content.size());
        auto apart = cms::detach(whole).value();
        BOOST_TEST((apart.cms == detached));
        BOOST_TEST((apart.sha256() == sha256::of(w.content)));
        BOOST_TEST((cms::attach(detached, to_bytes("other")).error().code == cms::errc::content_differs));
        BOOST_TEST((cms::attach(whole, w.content).error().code == cms::errc::not_cms));
        BOOST_TEST((cms::detach(detached).error().code == cms::errc::not_cms));
    }
}

BOOST_AUTO_TEST_CASE(content_inside_goes_before_content_offered_from_outside) {
    world w;
    bytes whole = cms::attach(w.sign(), w.content).value();
    BOOST_TEST((judge(w, whole, digest_of(to_bytes("other"))).verdict == verdict::valid));
    std::size_t at = cms::detach(whole).value().content[0].data() - whole.data();
    whole[at + 3] ^= 1;
    auto report = judge(w, whole, digest_of(w.content));
    BOOST_TEST((report.verdict == verdict::invalid));
    BOOST_TEST(report.signatures[0].sub_indication == signing::sub::hash_failure);
}

BOOST_AUTO_TEST_CASE(large_content_is_put_into_a_message_without_being_held) {
    world w;
    for (std::size_t size : {0u, 1u, 127u, 128u, 65'000u, 70'000u, 20'000'000u}) {
        w.content.assign(size, 'x');
        bytes detached = w.sign();
        auto frame = cms::attach_around(detached, size).value();
        BOOST_TEST((der::joined({frame.before, w.content, frame.after}) == cms::attach(detached, w.content).value()));
        BOOST_TEST((judge(w, cms::attach(detached, w.content).value()).verdict == verdict::valid), size);
    }
    BOOST_TEST((cms::attach_around(w.sign(), 1ull << 32).error().code == cms::errc::over_budget));
}

BOOST_AUTO_TEST_CASE(every_level_can_be_made_around_content_inside) {
    world w;
    bytes whole = cms::attach(w.sign(), w.content).value();
    bytes lta = w.archive(w.with_evidence(w.stamp(whole, now)), now);
    // with_evidence() judges detached messages: evidence is added by hand
    bytes lt = cades::to_lt(w.stamp(whole, now), w.known, {cert_of(w.ca.sub())}).value();
    lta = w.archive(lt, now);
    auto report = judge(w, lta);
    BOOST_TEST((report.verdict == verdict::valid));
    BOOST_TEST(report.signatures[0].level == "B-LTA");
    // Out and in again: the stamps are over the content's hash, wherever it stands.
    bytes detached = cms::detach(lta).value().cms;
    BOOST_TEST(judge(w, detached, digest_of(w.content)).signatures[0].level == "B-LTA");
    BOOST_TEST((cms::attach(detached, w.content).value() == lta));
}

BOOST_AUTO_TEST_CASE(a_second_signer_stands_beside_the_first_and_each_is_judged) {
    world w;
    bytes one = w.archive(w.with_evidence(w.stamp(w.sign(), now)), now);
    world second = w;
    second.who = w.ca.issue({.common_name = "Trần Thị B", .key = test_key::rsa_2048});
    bytes two = cms::add_signer(one, sha256::of(w.content), second.signer(), {.signing_time = now}).value();
    two = w.stamp(two, now, 1);
    auto report = judge(w, two, digest_of(w.content));
    BOOST_TEST((report.verdict == verdict::valid));
    BOOST_REQUIRE(report.signatures.size() == 2u);
    BOOST_TEST(report.signatures[0].signer.common_name == "Nguyễn Văn A");
    BOOST_TEST(report.signatures[0].level == "B-LTA"); // untouched by what came
    BOOST_TEST(report.signatures[1].signer.common_name == "Trần Thị B");
    BOOST_TEST(report.signatures[1].level != "B-B");
    std::string output;
    BOOST_TEST(openssl_verify(w, two, &w.content, output) == 0, output);
    auto before = cms::take_apart(one).value(), after = cms::take_apart(two).value();
    BOOST_TEST(std::ranges::equal(before.signers[0].whole, after.signers[0].whole));

    BOOST_TEST((cms::add_signer(one, sha256::of("other"), second.signer()).error().code == cms::errc::content_differs));
    // One bad signer makes the file bad and leaves the other as he is.
    auto parts = cms::take_apart(two).value();
    bytes broken = two;
    broken[static_cast<std::size_t>(parts.signers[1].signature.data() - two.data()) + 9] ^= 1;
    auto bad = judge(w, broken, digest_of(w.content));
    BOOST_TEST((bad.verdict == verdict::invalid));
    BOOST_TEST((bad.signatures[0].verdict == verdict::valid));
    BOOST_TEST((bad.signatures[1].verdict == verdict::invalid));
}

BOOST_AUTO_TEST_CASE(a_message_in_ber_is_read_and_grows_without_changing_what_is_signed) {
    world w;
    for (bool inside : {false, true}) {
        bytes made = w.stamp(w.sign(), now);
        if (inside) made = cms::attach(made, w.content).value();
        bytes ber = as_ber(made);
        std::string output;
        BOOST_TEST(openssl_verify(w, ber, inside ? nullptr : &w.content, output) == 0, output); // it is what we think
        auto report = judge(w, ber, digest_of(w.content));
        BOOST_TEST((report.verdict == verdict::valid));
        BOOST_TEST(report.signatures[0].level == "B-T");
        bytes lt = cades::to_lt(ber, w.known, {cert_of(w.ca.sub())}).value();
        auto grown = judge(w, w.archive(lt, now), digest_of(w.content));
        BOOST_TEST(grown.signatures[0].level == "B-LTA");
        BOOST_TEST(openssl_verify(w, lt, inside ? nullptr : &w.content, output) == 0, output);
    }
}

BOOST_AUTO_TEST_CASE(a_content_stamp_is_read_and_contradicts_an_older_signature_stamp) {
    world w;
    auto token = w.token(sha256::of(w.content), at_time("2026-01-10T00:00:00Z"));
    bytes signature = w.sign(false, {.content_stamp = token});
    auto v = w.verify(w.stamp(signature, at_time("2026-01-11T00:00:00Z")));
    BOOST_TEST((v.verdict == verdict::valid), v.sub_indication);
    BOOST_REQUIRE(v.stamps.size() == 2u);
    BOOST_TEST((v.stamps[0].role == validation::stamp_role::content));
    auto odd = w.verify(w.stamp(signature, at_time("2026-01-09T00:00:00Z")));
    BOOST_TEST(odd.sub_indication == signing::sub::timestamp_order_failure);
    auto other = cms::build_signature(sha256::of("other"), w.signer(), {.content_stamp = token});
    BOOST_TEST((other.error().code == cms::errc::timestamp_mismatch));
}

BOOST_AUTO_TEST_CASE(beyond_the_limits_nothing_is_determined) {
    world w;
    bytes signature = w.stamp(w.stamp(w.sign(), now), now);
    auto with = [&](auto change) {
        cms::budget limits;
        change(limits);
        auto report = judge(w, signature, digest_of(w.content), limits);
        BOOST_TEST((report.verdict == verdict::indeterminate));
        BOOST_TEST(has_finding(report.signatures.at(0).findings, "budget"));
    };
    with([&](cms::budget& b) { b.bytes = signature.size() - 1; });
    with([](cms::budget& b) { b.signers = 0; });
    with([](cms::budget& b) { b.attributes = 4; });
    with([](cms::budget& b) { b.certificates = 1; });
    with([](cms::budget& b) { b.time_stamps = 1; });
    BOOST_TEST((judge(w, signature, digest_of(w.content)).verdict == verdict::valid));
    bytes nested;
    for (int i = 0; i < 100'000; ++i) nested.insert(nested.end(), {0x30, 0x80});
    BOOST_TEST((judge(w, nested).verdict == verdict::invalid));
}

BOOST_AUTO_TEST_CASE(a_message_without_signers_or_without_content_is_no_valid_signature) {
    world w;
    bytes message = w.sign();
    auto parts = cms::take_apart(message).value(); // views of it
    parts.signers.clear();
    auto none = judge(w, cms::assemble(parts), digest_of(w.content));
    BOOST_TEST((none.verdict == verdict::invalid));
    auto missing = judge(w, w.sign());
    BOOST_TEST((missing.verdict == verdict::indeterminate));
    BOOST_TEST(missing.signatures[0].sub_indication == signing::sub::signed_data_not_found);
}

// B-LT and B-LTA: what is added, what the additions are worth, and what happens to them under attack.
#include "signing/cades/archive.hpp"
#include "signing/cms/parts.hpp"
#include "tests/signing_cms/world.hpp"
#include "tests/support/test_authority.hpp"

using namespace vanthu;
using namespace vanthu::test;
using signing::has_finding;
using signing::verdict;

namespace {

const timestamp signed_at = at_time("2026-01-15T00:00:00Z"), archived_at = at_time("2026-01-20T00:00:00Z"),
                renewed_at = at_time("2026-02-20T00:00:00Z");

// Judged with nothing but what came along.
outcome alone(const world& w, const bytes& signature, timestamp at = now) {
    world stranger = w;
    stranger.known = {};
    return stranger.verify(signature, at);
}

struct signature_files {
    bytes b, t, lt, lta, renewed;
    explicit signature_files(const world& w)
        : b(w.sign()), t(w.stamp(b, signed_at)), lt(w.with_evidence(t)), lta(w.archive(lt, archived_at)),
          renewed(w.archive(lta, renewed_at)) {}
};

// Every attribute value of the first signer, in order.
std::vector<bytes> attributes_of(const bytes& message) {
    auto parts = cms::take_apart(message).value();
    std::vector<bytes> all;
    all.emplace_back(parts.signers[0].signed_attributes.begin(), parts.signers[0].signed_attributes.end());
    for (const auto& a : parts.signers[0].unsigned_list) all.emplace_back(a.whole.begin(), a.whole.end());
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(each_level_is_reached_and_needs_nothing_from_outside) {
    world w;
    signature_files s(w);
    for (auto [file, level, with_evidence] : {std::tuple(&s.b, "B-B", false),
                                              {&s.t, "B-T", false},
                                              {&s.lt, "B-LT", true},
                                              {&s.lta, "B-LTA", true},
                                              {&s.renewed, "B-LTA", true}}) {
        auto v = w.verify(*file);
        BOOST_TEST((v.verdict == verdict::valid), level << " " << v.sub_indication);
        BOOST_TEST(v.level == level);
        auto lonely = alone(w, *file);
        BOOST_TEST((lonely.verdict == (with_evidence ? verdict::valid : verdict::indeterminate)), level);
        BOOST_TEST(lonely.level == (with_evidence ? level : "B-B"), level);
    }
    auto v = w.verify(s.renewed);
    BOOST_REQUIRE(v.stamps.size() == 3);
    BOOST_TEST((v.stamps[0].verdict.time == signed_at && v.stamps[0].role == validation::stamp_role::signature));
    BOOST_TEST((v.stamps[1].verdict.time == archived_at && v.stamps[1].role == validation::stamp_role::archive));
    BOOST_TEST((v.stamps[2].verdict.time == renewed_at && v.stamps[2].role == validation::stamp_role::archive));
    BOOST_TEST((v.best_time == signed_at));
}

BOOST_AUTO_TEST_CASE(an_archived_signature_survives_the_expiry_of_signer_and_time_stamp_authority) {
    world w;
    w.who = w.ca.issue({.not_after = at_time("2026-06-01T00:00:00Z")});
    w.tsa = w.ca.issue({.use = profile::tsa, .not_after = at_time("2026-09-01T00:00:00Z")});
    bytes lt = w.with_evidence(w.stamp(w.sign(), signed_at));
    timestamp later = at_time("2026-12-01T00:00:00Z");
    BOOST_TEST((alone(w, lt, later).verdict == verdict::indeterminate)); // no proof that the stamp is old enough
    w.tsa = w.ca.issue({.common_name = "TSA 2", .use = profile::tsa});
    bytes lta = w.archive(w.with_evidence(lt), archived_at);
    lta = w.with_evidence(lta);
    auto v = alone(w, lta, later);
    BOOST_TEST((v.verdict == verdict::valid), v.sub_indication);
    BOOST_TEST(v.level == "B-LTA");
}

BOOST_AUTO_TEST_CASE(adding_changes_nothing_that_was_there) {
    world w;
    signature_files s(w);
    const bytes* before = &s.b;
    for (const bytes* after : {&s.t, &s.lt, &s.lta, &s.renewed}) {
        auto was = attributes_of(*before), is = attributes_of(*after);
        for (const bytes& a : was) BOOST_TEST((std::find(is.begin(), is.end(), a) != is.end()));
        BOOST_TEST((was[0] == is[0]));
        auto one = cms::take_apart(*before).value(), two = cms::take_apart(*after).value();
        BOOST_TEST(std::ranges::equal(one.signers[0].signature, two.signers[0].signature));
        BOOST_TEST(std::ranges::equal(one.content_info, two.content_info));
        for (bytes_view c : one.certificates)
            BOOST_TEST(std::ranges::any_of(two.certificates, [&](bytes_view d) { return std::ranges::equal(c, d); }));
        before = after;
    }
    // Everything is there once, however often it is added.
    BOOST_TEST((w.with_evidence(s.lt) == s.lt));
}

BOOST_AUTO_TEST_CASE(an_ocsp_response_is_kept_as_other_revocation_data) {
    world w;
    bytes t = w.stamp(w.sign(), signed_at);
    auto responder = authority::of(w.ca);
    auto answer = [&](const identity& subject, const identity& issuer) {
        bytes request = x509::ocsp_request(cert_of(subject), cert_of(issuer), {});
        return x509::parse_ocsp_response(responder.ocsp(request, now)).value();
    };
    x509::evidence used;
    used.ocsp_responses = {answer(w.who, w.ca.sub()), answer(w.tsa, w.ca.sub())};
    used.crls = {x509::parse_crl(w.ca.root_crl()).value()};
    bytes lt = cades::to_lt(t, used, {cert_of(w.ca.sub())}).value();
    auto parts = cms::take_apart(lt).value();
    BOOST_TEST(parts.crls.size() == 3u);
    BOOST_TEST((bytes(parts.version.begin(), parts.version.end()) == bytes{2, 1, 5})); // RFC 5652, 5.1
    auto facts = cades::read_signature(lt, [&](x509::hash h) { return x509::hash_of(h, w.content); });
    BOOST_TEST(facts.embedded.crls.size() == 1u);
    BOOST_REQUIRE(facts.embedded.ocsp_responses.size() == 2u);
    BOOST_TEST((facts.embedded.ocsp_responses[0].der() == used.ocsp_responses[0].der() ||
                facts.embedded.ocsp_responses[0].der() == used.ocsp_responses[1].der()));
    // The archive stamp covers them.
    bytes lta = w.archive(lt, archived_at);
    BOOST_TEST(w.verify(lta).stamps.size() == 2u);
    BOOST_TEST((w.verify(lta).stamps[1].verdict.indication == signing::indication::total_passed));
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_of_other_content_or_another_state_is_refused) {
    world w;
    signature_files s(w);
    digest content = sha256::of(w.content), other = sha256::of("other");
    BOOST_TEST((cades::archive_imprint(s.lt, other).error().code == cms::errc::content_differs));
    auto token = w.token(cades::archive_imprint(s.lt, content).value(), archived_at);
    BOOST_TEST((cades::add_archive_stamp(s.lt, other, token).error().code == cms::errc::content_differs));
    BOOST_TEST((cades::add_archive_stamp(s.t, content, token).error().code == cms::errc::timestamp_mismatch));
    BOOST_TEST((cades::add_archive_stamp(s.lt, content, token, 1).error().code == cms::errc::no_such_signer));
    BOOST_TEST(cades::add_archive_stamp(s.lt, content, token).has_value());
    BOOST_TEST((cades::to_lt(to_bytes("x"), {}, {}).error().code == cms::errc::not_cms));
    BOOST_TEST((cades::archive_imprint(to_bytes("x"), content).error().code == cms::errc::not_cms));
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_is_worth_nothing_when_what_it_names_is_gone) {
    world w;
    signature_files s(w);
    auto without = [&](auto change) {
        auto parts = cms::take_apart(s.lta).value();
        change(parts);
        return cms::assemble(parts);
    };
    auto expect_broken = [&](const bytes& file, const char* what) {
        auto v = w.verify(file);
        BOOST_TEST(v.level != "B-LTA", what);
        BOOST_TEST(has_finding(v.findings, "cades.archive_index_wrong"), what);
    };
    expect_broken(without([](cms::message_parts& p) { p.crls.pop_back(); }), "a CRL");
    expect_broken(without([&](cms::message_parts& p) {
                      std::erase_if(p.certificates,
                                    [&](bytes_view c) { return std::ranges::equal(c, cert_of(w.ca.sub()).der()); });
                  }),
                  "a certificate");
    expect_broken(without([](cms::message_parts& p) {
                      std::erase_if(p.signers[0].unsigned_list,
                                    [](const auto& a) { return a.oid == cms::id::signature_time_stamp; });
                      p.signers[0].changed = true;
                  }),
                  "the signature time stamp");
}

BOOST_AUTO_TEST_CASE(what_came_after_an_archive_stamp_is_not_covered_by_it) {
    world w;
    w.tsa = w.ca.issue({.use = profile::tsa, .not_after = at_time("2026-09-01T00:00:00Z")});
    bytes lt = w.with_evidence(w.stamp(w.sign(), signed_at));
    // The archive stamp comes first, the signature stamp that proves an older time is slipped in afterwards.
    world fresh = w;
    bytes archived = fresh.archive(w.with_evidence(w.sign()), archived_at);
    bytes slipped = w.stamp(archived, signed_at);
    auto v = alone(w, w.with_evidence(slipped), at_time("2026-12-01T00:00:00Z"));
    // After the TSA's expiry the archive stamp does not save what it does not cover.
    BOOST_TEST(!v.best_time_proven);
    BOOST_TEST(v.level == "B-B");
    auto facts = cades::read_signature(slipped, [&](x509::hash h) { return x509::hash_of(h, w.content); });
    BOOST_REQUIRE(facts.stamps.size() == 2u);
    BOOST_TEST((facts.stamps[0].role == validation::stamp_role::archive)); // the uncovered one counts as newer
}

BOOST_AUTO_TEST_CASE(two_archive_stamps_that_do_not_know_of_each_other_prove_only_the_signature) {
    world w;
    signature_files s(w);
    bytes second = w.archive(s.lt, renewed_at);
    auto parts = cms::take_apart(s.lta).value(), other = cms::take_apart(second).value();
    for (const auto& a : other.signers[0].unsigned_list)
        if (a.oid == cades::id::archive_time_stamp_v3) cms::add_attribute(parts.signers[0].unsigned_list, a.whole);
    parts.signers[0].changed = true;
    auto v = w.verify(cms::assemble(parts));
    BOOST_TEST((v.verdict == verdict::valid));
    BOOST_TEST(has_finding(v.findings, "cades.archive_incomplete"));
    BOOST_TEST(
        std::ranges::count_if(v.stamps, [](const auto& x) { return x.role == validation::stamp_role::archive; }) == 1);
}

BOOST_AUTO_TEST_CASE(old_archive_stamps_are_named_and_block_additions) {
    world w;
    bytes t = w.stamp(w.sign(), signed_at);
    auto parts = cms::take_apart(t).value();
    bytes old = cms::attribute(cades::id::archive_time_stamp_v2, der::sequence({der::integer(1u)}));
    cms::add_attribute(parts.signers[0].unsigned_list, old);
    parts.signers[0].changed = true;
    bytes historic = cms::assemble(parts);
    auto v = w.verify(historic);
    BOOST_TEST((v.verdict == verdict::valid));
    BOOST_TEST(has_finding(v.findings, "cades.not_evaluated"));
    BOOST_TEST((cades::to_lt(historic, w.known, {}).error().code == cms::errc::old_archive_stamp));
    BOOST_TEST((cades::archive_imprint(historic, sha256::of(w.content)).error().code == cms::errc::old_archive_stamp));
}

BOOST_AUTO_TEST_CASE(values_in_the_attributes_of_older_cades_are_read) {
    world w;
    w.who = w.ca.issue({});
    auto lonely = w.signer();
    lonely.chain.clear();
    bytes t = w.stamp(cms::build_signature(sha256::of(w.content), lonely).value(), signed_at);
    auto parts = cms::take_apart(t).value();
    bytes crls = der::sequence({w.ca.root_crl(), w.ca.sub_crl()});
    bytes revocation = cms::attribute(cades::id::revocation_values, der::sequence({der::tlv(0xa0, crls)}));
    bytes certificates = cms::attribute(cades::id::certificate_values, der::sequence({cert_of(w.ca.sub()).der()}));
    cms::add_attribute(parts.signers[0].unsigned_list, revocation);
    cms::add_attribute(parts.signers[0].unsigned_list, certificates);
    parts.signers[0].changed = true;
    auto v = alone(w, cms::assemble(parts));
    BOOST_TEST((v.verdict == verdict::valid), v.sub_indication);
    BOOST_TEST(v.level == "B-LT");
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_of_any_level_leaves_a_signature_valid_and_ours) {
    world w;
    signature_files s(w);
    for (const bytes* good : {&s.t, &s.lt, &s.lta}) {
        auto reference = alone(w, *good);
        auto parts = cms::take_apart(*good).value();
        auto offset = [&](bytes_view part) { return static_cast<std::size_t>(part.data() - good->data()); };
        const auto& signer = parts.signers[0];
        std::size_t signed_from = offset(signer.sid), signed_to = offset(signer.signature) + signer.signature.size();
        // Every byte of the signer infos, their stamps included up to the certificates in these; samples elsewhere.
        std::size_t dense_from = offset(signer.whole), dense_to = signed_to + 400;
#ifdef VANTHU_UNDER_ASAN
        const std::size_t dense = 5, sparse = 61;
#else
        const std::size_t dense = good == &s.lta ? 1 : 3, sparse = 23;
#endif
        for (std::size_t i = 0; i < good->size(); i += i >= dense_from && i < dense_to ? dense : sparse) {
            bytes bad = *good;
            bad[i] ^= 0x04;
            auto v = w.verify(bad);
            if (v.verdict != verdict::valid) continue;
            BOOST_TEST((v.signer == cert_of(w.who)), "byte " << i);
            // The signature and what it is over: nothing may change.
            BOOST_TEST((i < signed_from || i >= signed_to), "byte " << i << " in " << signed_from << "-" << signed_to);
            BOOST_TEST(v.digest_algorithm == "SHA-256");
        }
        BOOST_TEST((reference.verdict == (good == &s.t ? verdict::indeterminate : verdict::valid)));
    }
}

BOOST_AUTO_TEST_CASE(no_flipped_byte_under_an_archive_stamp_leaves_the_level) {
    world w;
    signature_files s(w);
    auto parts = cms::take_apart(s.lta).value();
    // What the stamp is over, by the index or itself; frames, versions and algorithm lists are not.
    auto check = [&](bytes_view part, const char* what) {
        std::size_t from = static_cast<std::size_t>(part.data() - s.lta.data());
        for (std::size_t i = from; i < from + part.size(); i += 17) {
            bytes bad = s.lta;
            bad[i] ^= 0x10;
            auto v = w.verify(bad);
            BOOST_TEST((v.verdict != verdict::valid || v.level != "B-LTA"), what << " byte " << i - from);
        }
    };
    check(parts.certificates.at(0), "certificate");
    check(parts.crls.at(0), "CRL");
    check(parts.signers[0].signature, "signature");
    check(parts.signers[0].unsigned_values(cms::id::signature_time_stamp).at(0), "signature time stamp");
}

BOOST_AUTO_TEST_CASE(an_archive_stamp_says_which_evidence_existed_at_its_time) {
    world w;
    signature_files s(w);
    auto read = [&](const bytes& file) {
        return cades::read_signature(file, [&](x509::hash h) { return x509::hash_of(h, w.content); });
    };
    auto facts = read(s.lta);
    BOOST_REQUIRE(facts.stamps.size() == 2u);
    const auto& covered = facts.stamps[1].covers;
    auto says = [&](const digest& d) { return std::ranges::find(covered, d) != covered.end(); };
    for (const x509::crl& c : facts.embedded.crls) BOOST_TEST(says(c.sha256()));
    BOOST_TEST(says(cert_of(w.ca.sub()).sha256()));
    BOOST_TEST(facts.stamps[0].covers.empty());
    // A certificate that is added later is not covered by the older stamp.
    auto stranger = cert_of(w.ca.issue({.common_name = "X"}));
    auto later = read(cades::to_lt(s.lta, {}, {stranger}).value());
    BOOST_TEST((std::ranges::find(later.stamps[1].covers, stranger.sha256()) == later.stamps[1].covers.end()));
    BOOST_TEST((std::ranges::find(later.certificates, stranger) != later.certificates.end()));
}

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "tests/receipt/fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <thread>

using namespace vanthu;
using namespace vanthu::receipt;

BOOST_AUTO_TEST_CASE(a_receipt_verifies_for_every_leaf_and_gives_back_what_was_recorded) {
    hand_made_log log = log_of(11);
    for (std::size_t i = 0; i < 11; ++i) {
        const receipt_v1 made = log.receipt_of(i);
        std::string text = encode(made);
        auto verified = verify(text, anchors_of(ca()));
        BOOST_REQUIRE_MESSAGE(verified.has_value(), why(verified));
        BOOST_TEST(encode_leaf(verified->content) == log.leaves[i]);
        BOOST_TEST(verified->sequence == i);
        BOOST_TEST(verified->tree_size == 11u);
        BOOST_TEST((verified->log_delegation == log.delegated));
        BOOST_TEST((decode(text).value() == made));
        BOOST_TEST(encode(decode(text).value()) == text);
    }
}

BOOST_AUTO_TEST_CASE(no_byte_of_a_receipt_can_be_changed_removed_or_added) {
    hand_made_log log = log_of(5);
    log.signer = make_service(test::test_key::ed25519); // deterministic, and quick to check
    trust_anchors anchors = anchors_of(ca());
    const std::string text = encode(log.receipt_of(3));
    BOOST_REQUIRE(verify(text, anchors).has_value());
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (int change : {0x01, 0x20, 0x04}) {
            std::string changed = text;
            changed[i] = static_cast<char>(changed[i] ^ change);
            BOOST_TEST(!verify(changed, anchors).has_value(),
                       "byte " << i << ": " << text.substr(i > 20 ? i - 20 : 0, 40));
        }
        std::string shorter = text, longer = text;
        shorter.erase(i, 1);
        longer.insert(i, 1, text[i]);
        BOOST_TEST(!verify(shorter, anchors).has_value(), "removed " << i);
        BOOST_TEST(!verify(longer, anchors).has_value(), "doubled " << i);
    }
}

// A receipt is read faster when one with the same delegation was read before on this thread.
BOOST_AUTO_TEST_CASE(what_was_read_before_changes_no_answer) {
    const hand_made_log log = log_of(5);
    hand_made_log other = log_of(5);
    other.signer = make_service();
    const receipt_v1 third = log.receipt_of(3);
    receipt_v1 fourth = log.receipt_of(4), longer = fourth, shorter = fourth;
    fourth.delegation = third.delegation;
    longer.delegation = third.delegation + " ";
    shorter.delegation = third.delegation.substr(0, third.delegation.size() - 1);
    const std::string good = encode(fourth), opening = R"({"delegation":)" + third.delegation;
    BOOST_REQUIRE(good.starts_with(opening));
    const std::string tail = good.substr(opening.size());
    const std::string texts[] = {good,
                                 encode(longer),
                                 encode(shorter),
                                 encode(other.receipt_of(3)),
                                 opening,
                                 opening + "}",
                                 opening + third.delegation + tail,
                                 opening + R"(,"delegation":{})" + tail,
                                 opening + "," + good.substr(1),
                                 opening + " " + tail,
                                 opening + tail + " ",
                                 opening + tail + std::string(max_receipt_size, ' ')};
    for (const std::string& text : texts) {
        result<receipt_v1> first = failed(errc::malformed), again = failed(errc::malformed);
        std::thread([&] { first = decode(text); }).join(); // nothing was read on that one
        BOOST_REQUIRE((decode(encode(third)).value() == third));
        again = decode(text);
        BOOST_REQUIRE_EQUAL(first.has_value(), again.has_value());
        if (first)
            BOOST_TEST((*first == *again));
        else
            BOOST_TEST((first.error().code == again.error().code), text.substr(0, 3000));
    }
    BOOST_TEST((decode(good).value() == fourth));
}

BOOST_AUTO_TEST_CASE(each_link_of_the_proof_is_refused_by_its_own_reason) {
    hand_made_log log = log_of(6), foreign = log_of(6);
    trust_anchors anchors = anchors_of(ca());
    const receipt_v1 good = log.receipt_of(2);
    auto changed = [&](auto change) {
        receipt_v1 out = good;
        change(out);
        return verify(out, anchors);
    };
    require_refused(changed([&](receipt_v1& r) { r.leaf = log.leaves[3]; }), errc::not_included);
    require_refused(changed([&](receipt_v1& r) { r.sequence = 3; }), errc::not_included);
    require_refused(changed([&](receipt_v1& r) { r.tree_size = 7; }), errc::not_included);
    require_refused(changed([&](receipt_v1& r) { r.inclusion_proof.pop_back(); }), errc::not_included);
    require_refused(changed([&](receipt_v1& r) { r.head = "no note"; }), errc::head_refused);
    require_refused(changed([&](receipt_v1& r) { r.key_id ^= 1; }), errc::head_refused);
    require_refused(changed([&](receipt_v1& r) { r.log_origin = "other.example"; }), errc::origin_mismatch);
    // A head of the right root by another key: the delegation does not name it.
    require_refused(changed([&](receipt_v1& r) {
                        auto head = tlog::verify_checkpoint(r.head, log.key.public_key()).value();
                        r.head = tlog::sign_checkpoint(head, foreign.key);
                    }),
                    errc::head_refused);
    require_refused(changed([&](receipt_v1& r) {
                        auto head = tlog::verify_checkpoint(r.head, log.key.public_key()).value();
                        head.origin = r.log_origin = "other.example/log";
                        r.head = tlog::sign_checkpoint(head, log.key);
                    }),
                    errc::origin_mismatch);
    require_refused(changed([&](receipt_v1& r) { r.delegation = foreign.receipt_of(2).delegation; }),
                    errc::head_refused);
}

BOOST_AUTO_TEST_CASE(a_delegation_not_in_force_or_by_another_organisation_is_refused) {
    trust_anchors anchors = anchors_of(ca());
    hand_made_log early = log_of(3);
    early.delegated.valid_from = noon + std::chrono::microseconds(1);
    require_refused(verify(early.receipt_of(0), anchors), errc::delegation_not_in_force);
    hand_made_log late = log_of(3);
    late.delegated.valid_to = noon - std::chrono::microseconds(1);
    require_refused(verify(late.receipt_of(0), anchors), errc::delegation_not_in_force);
    hand_made_log borrowed = log_of(3);
    borrowed.signer = make_service(test::test_key::p256, "000.00.18.G22");
    require_refused(verify(borrowed.receipt_of(0), anchors), errc::organisation_mismatch);
    borrowed.delegated.organisation = "000.00.18.G22"; // a true delegation, of another organisation than the leaf says
    require_refused(verify(borrowed.receipt_of(0), anchors), errc::organisation_mismatch);
    hand_made_log forged = log_of(3);
    receipt_v1 swapped = forged.receipt_of(0);
    signed_statement statement = decode_statement(swapped.delegation, "log_delegation").value();
    statement.signature[5] ^= 1;
    swapped.delegation = encode(statement);
    require_refused(verify(swapped, anchors), errc::delegation_refused);
}

BOOST_AUTO_TEST_CASE(a_chain_to_an_unknown_ca_or_outside_its_dates_is_refused) {
    hand_made_log log = log_of(3);
    test::test_ca stranger("Stranger");
    require_refused(verify(log.receipt_of(0), anchors_of(stranger)), errc::certificate_refused);
    require_refused(verify(log.receipt_of(0), trust_anchors()), errc::certificate_refused);
    hand_made_log cut = log_of(3);
    cut.signer.chain.pop_back(); // without the sub CA
    require_refused(verify(cut.receipt_of(0), anchors_of(ca())), errc::certificate_refused);
    hand_made_log expired = log_of(3);
    test::subject_spec spec;
    spec.organisation_code = office;
    spec.use = test::profile::service;
    spec.not_after = noon - std::chrono::hours(1);
    test::identity old = ca().issue(spec);
    expired.signer = {
        old, service_key::from_pkey(old.key()).value(), {old.certificate_der(), ca().sub().certificate_der()}};
    require_refused(verify(expired.receipt_of(0), anchors_of(ca())), errc::certificate_refused);
}

BOOST_AUTO_TEST_CASE(a_receipt_still_verifies_when_the_certificate_has_expired_since) {
    hand_made_log log = log_of(3);
    test::subject_spec spec;
    spec.organisation_code = office;
    spec.use = test::profile::service;
    spec.not_after = noon + std::chrono::hours(1); // long past when this test runs
    test::identity old = ca().issue(spec);
    log.signer = {
        old, service_key::from_pkey(old.key()).value(), {old.certificate_der(), ca().sub().certificate_der()}};
    BOOST_TEST(verify(log.receipt_of(0), anchors_of(ca())).has_value());
}

BOOST_AUTO_TEST_CASE(a_genuine_receipt_of_something_else_is_refused) {
    hand_made_log log = log_of(4);
    receipt_v1 genuine = log.receipt_of(1);
    trust_anchors anchors = anchors_of(ca());
    auto with = [&](auto set) {
        expectation expected;
        set(expected);
        return verify(genuine, anchors, expected);
    };
    custody_leaf mine = some_leaf(1), other = some_leaf(2);
    other.identity.number = "7817";
    BOOST_TEST(with([&](expectation& e) {
                   e = {mine.packet_sha256, mine.content_sha256, mine.identity,      mine.as,
                        log_name,           mine.from,           mine.recipients[1], office};
               }).has_value());
    require_refused(with([&](expectation& e) { e.packet_sha256 = other.packet_sha256; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.content_sha256 = other.content_sha256; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.identity = other.identity; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.as = role::accepted; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.log_origin = "other"; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.from = "other"; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.recipient = "other"; }), errc::not_what_was_sent);
    require_refused(with([&](expectation& e) { e.hop_organisation = "other"; }), errc::not_what_was_sent);
}

BOOST_AUTO_TEST_CASE(a_tombstone_has_a_receipt_but_is_none_for_a_packet) {
    hand_made_log log = log_of(3);
    tombstone_leaf stone{log_name,
                         1,
                         tlog::leaf_hash(as_bytes(log.leaves[1])),
                         "Quyết định 12/QĐ-VPCP ngày 01/07/2025",
                         "hết thời hạn bảo quản",
                         office,
                         noon,
                         new_salt()};
    log.leaves.push_back(encode_leaf(stone));
    auto verified = verify(encode(log.receipt_of(3)), anchors_of(ca()));
    BOOST_REQUIRE(verified.has_value());
    BOOST_TEST((std::get<tombstone_leaf>(verified->content) == stone));
    expectation expected;
    expected.from = "000.00.00.G22";
    require_refused(verify(log.receipt_of(3), anchors_of(ca()), expected), errc::not_what_was_sent);
}

BOOST_AUTO_TEST_CASE(members_of_a_later_minor_version_stay_under_the_hash) {
    hand_made_log log = log_of(3);
    std::string& newer = log.leaves[1];
    newer.insert(newer.size() - 1, R"(,"tomorrow":{"a":[1]})");
    std::string text = encode(log.receipt_of(1));
    BOOST_TEST(verify(text, anchors_of(ca())).has_value());
    text.replace(text.find("[1]"), 3, "[2]");
    require_refused(verify(text, anchors_of(ca())), errc::not_included);
    std::string outside = encode(log.receipt_of(0));
    outside.insert(outside.size() - 1, R"(,"zz":"kept in the bytes")");
    BOOST_TEST(verify(outside, anchors_of(ca())).has_value());
}

BOOST_AUTO_TEST_CASE(receipts_of_unknown_versions_kinds_and_sizes_are_refused) {
    const std::string text = encode(log_of(2).receipt_of(0));
    auto changed = [&](const std::string& from, const std::string& to) {
        std::string out = text;
        for (std::size_t at = out.find(from); at != out.npos; at = out.find(from, at + to.size()))
            out.replace(at, from.size(), to);
        return decode(out);
    };
    require_refused(changed("\"schema_version\":1", "\"schema_version\":2"), errc::unsupported_version);
    require_refused(changed("\"kind\":\"receipt\"", "\"kind\":\"other\""), errc::malformed);
    require_refused(changed("\"sequence\":0", "\"sequence\":\"0\""), errc::malformed);
    require_refused(decode(std::string(max_receipt_size + 1, ' ')), errc::too_large);
    require_refused(decode("{}"), errc::malformed);
    custody_leaf crowded = some_leaf(1);
    crowded.recipients.assign(max_recipients + 1, "A");
    require_refused(decode_leaf(encode_leaf(crowded)), errc::too_large);
    custody_leaf invalid = some_leaf(1);
    invalid.from = "\xff";
    require_refused(decode_leaf(encode_leaf(invalid)), errc::malformed);
}

BOOST_AUTO_TEST_CASE(a_later_log_shows_which_receipts_of_the_one_before_it_still_stand) {
    hand_made_log log = log_of(5);
    std::vector<receipt_v1> given;
    for (std::size_t i = 0; i < 5; ++i) given.push_back(log.receipt_of(i));
    log.leaves.resize(3); // as in the backup
    const std::string last_known = log.receipt_of(2).head;
    auto after = [](std::optional<previous_log> previous) {
        hand_made_log next = log_of(1);
        next.name = next.delegated.log_origin = "vanthu.example/g22/log2";
        next.delegated.previous = std::move(previous);
        receipt_v1 out = next.receipt_of(0);
        BOOST_REQUIRE(verify(out, anchors_of(ca())));
        return out;
    };
    const receipt_v1 restored = after(previous_log{log_name, last_known});
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(continued_by(given[i], restored).value());
    for (std::size_t i = 3; i < 5; ++i) require_refused(continued_by(given[i], restored), errc::not_continued);
    // No head is known of it: nothing of it stands.
    require_refused(continued_by(given[0], after(previous_log{log_name, ""})), errc::not_continued);
    BOOST_TEST(!continued_by(given[4], after(std::nullopt)).value());
    BOOST_TEST(!continued_by(given[4], after(previous_log{"vanthu.example/g22/log0", last_known})).value());
    BOOST_TEST(!continued_by(given[4], given[0]).value());

    // The same log written anew from a copy of its directory: the numbers come twice.
    log.leaves.push_back(encode_leaf(some_leaf(77)));
    require_refused(continued_by(given[3], log.receipt_of(3)), errc::contradicted);
    log.leaves.push_back(encode_leaf(some_leaf(78)));
    require_refused(continued_by(given[0], log.receipt_of(1)), errc::contradicted); // one size, two roots
    require_refused(continued_by(given[0], after(previous_log{log_name, log.receipt_of(0).head})), errc::contradicted);

    // A head that the old key did not sign, and another organisation's log.
    BOOST_TEST(!continued_by(given[0], after(previous_log{log_name, log_of(3).receipt_of(0).head})));
    hand_made_log others = log_of(1);
    others.delegated.organisation = "000.00.00.H48";
    require_refused(continued_by(given[0], others.receipt_of(0)), errc::organisation_mismatch);
}

// Nothing of ours: Python's standard library and the openssl program, as docs/receipts.md tells a reader to do it.
BOOST_AUTO_TEST_CASE(python_and_openssl_agree_that_a_receipt_holds_and_that_a_changed_one_does_not) {
    test::temporary_directory kept;
    const std::filesystem::path& folder = kept.path();
    auto judge = [&](const std::string& receipt) {
        BOOST_REQUIRE(write_file_atomically(folder / "receipt.json", as_bytes(receipt)).has_value());
        return std::system(("python3 " VANTHU_SOURCE_DIR "/tests/receipt/judge.py " + folder.string() +
                            "/receipt.json " + folder.string() + "/root.pem >" + folder.string() + "/out 2>&1")
                               .c_str());
    };
    BOOST_REQUIRE(write_file_atomically(folder / "root.pem", as_bytes(ca().root().certificate_pem())).has_value());
    for (test::test_key kind : {test::test_key::p256, test::test_key::rsa_2048, test::test_key::ed25519}) {
        hand_made_log log = log_of(7);
        log.signer = make_service(kind);
        std::string text = encode(log.receipt_of(4));
        BOOST_TEST(judge(text) == 0);
        std::string changed = text;
        std::size_t number = changed.find("7816");
        changed[number] = '8';
        BOOST_TEST(judge(changed) != 0);
        receipt_v1 forged = log.receipt_of(4);
        forged.head = log_of(7).receipt_of(4).head;
        BOOST_TEST(judge(encode(forged)) != 0);
    }
}

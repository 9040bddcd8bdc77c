// A store in a temporary directory with a receipt log on it, which a test can stop and start again.
#pragma once

#include "daemon/ledger/receipt_log.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_ca.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

namespace vanthu::ledger {

inline const timestamp noon = from_rfc3339("2025-07-15T05:00:00.123456Z").value();
inline const std::string office = "000.00.17.G22", first_origin = "vanthu.example/g22/log1",
                         second_origin = "vanthu.example/g22/log2";

// Boost.Test evaluates a message's operands also when the check holds.
template <class T> std::string why(const result<T>& got) {
    return got ? "" : got.error().code.message() + " " + got.error().detail;
}

struct log_bench {
    test::temporary_directory folder;
    std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>(noon);
    test::test_ca ca;
    test::identity service;
    std::string key_pem = tlog::ed25519_private_key::generate().to_pem();
    std::unique_ptr<receipt_log> log;
    std::unique_ptr<store> rows;

    log_bench() {
        test::subject_spec spec;
        spec.organisation_code = office;
        spec.use = test::profile::service;
        service = ca.issue(spec);
    }
    ~log_bench() { stop(); }
    receipt_log_options options(const std::string& origin, const std::string& pem,
                                std::optional<receipt::previous_log> previous = {},
                                timestamp valid_to = noon + std::chrono::hours(24 * 365)) const {
        auto key = tlog::ed25519_private_key::from_pem(pem).value();
        receipt::delegation content{origin,   key.public_key(),   office, noon - std::chrono::hours(1),
                                    valid_to, std::move(previous)};
        auto signer = receipt::service_key::from_pkey(service.key()).value();
        std::string delegation =
            receipt::sign_delegation(content, signer, {service.certificate_der(), ca.sub().certificate_der()}).value();
        return {office, origin, std::move(key), delegation};
    }
    void start() { start(options(first_origin, key_pem)); }
    void start(receipt_log_options with) {
        open_store();
        auto opened = receipt_log::open(*rows, std::move(with));
        BOOST_REQUIRE_MESSAGE(opened.has_value(), why(opened));
        log = std::move(*opened);
        rows->register_observer(*log);
    }
    void open_store() {
        auto opened = store::open({.directory = folder / "store", .clock = clock});
        BOOST_REQUIRE_MESSAGE(opened.has_value(), why(opened));
        rows = std::move(*opened);
    }
    void stop() {
        if (rows) rows->close();
        rows.reset();
        log.reset();
    }
    static receipt::custody_leaf leaf(int i) {
        receipt::custody_leaf out;
        out.as = receipt::role::accepted;
        out.packet_sha256 = sha256::of("packet " + std::to_string(i));
        out.content_sha256 = sha256::of("content " + std::to_string(i));
        out.identity = {office, "0", "id-" + std::to_string(i), std::to_string(i), "VPCP-TH", "2025-07-15"};
        out.from = "000.00.00.G22";
        out.recipients = {office};
        return out;
    }
    // One change, one group.
    leaf_ticket add(int i) {
        leaf_ticket ticket;
        auto done = rows->commit_and_wait([&](transaction& tx) -> result<> {
            VANTHU_TRY(ticket, log->append(tx, leaf(i)));
            return {};
        });
        BOOST_REQUIRE_MESSAGE(done.has_value(), why(done));
        return ticket;
    }
    // `n` leaves in one change and so in one group.
    std::vector<leaf_ticket> add_many(int n) {
        std::vector<leaf_ticket> tickets;
        auto done = rows->commit_and_wait([&](transaction& tx) -> result<> {
            for (int i = 0; i < n; ++i) {
                VANTHU_TRY(leaf_ticket ticket, log->append(tx, leaf(i)));
                tickets.push_back(std::move(ticket));
            }
            return {};
        });
        BOOST_REQUIRE_MESSAGE(done.has_value(), why(done));
        return tickets;
    }
    receipt::verified_receipt verified(const std::string& text) const {
        receipt::trust_anchors anchors;
        BOOST_REQUIRE(anchors.add_der(ca.root().certificate_der()).has_value());
        auto out = receipt::verify(text, anchors);
        BOOST_REQUIRE_MESSAGE(out.has_value(), why(out));
        return *out;
    }
    std::string stored(std::uint64_t index) const {
        auto out = log->receipt_bytes(rows->committed(), index);
        BOOST_REQUIRE_MESSAGE(out.has_value(), why(out));
        return *out;
    }
    tlog::checkpoint head() const {
        return tlog::verify_checkpoint(log->signed_head(),
                                       tlog::ed25519_private_key::from_pem(key_pem).value().public_key())
            .value();
    }
};

template <class T, class E> void require_failure(const result<T>& got, E expected) {
    BOOST_REQUIRE(!got.has_value());
    BOOST_TEST((got.error().code == make_error_code(expected)), got.error().code.message()
                                                                    << " " << got.error().detail);
}

} // namespace vanthu::ledger

#include "tests/receipt_log/fixture.hpp"

#include <future>

using namespace vanthu;
using namespace vanthu::ledger;

namespace {
const std::string other_key = tlog::ed25519_private_key::generate().to_pem();

result<> rotate(log_bench& b, receipt_log_options next) {
    return b.rows->commit_and_wait([&](transaction& tx) { return b.log->rotate(tx, std::move(next)); });
}
receipt::previous_log last_of(const log_bench& b) { return {b.log->origin(), b.log->signed_head()}; }
} // namespace

BOOST_AUTO_TEST_CASE(rotation_opens_a_new_origin_that_names_the_last_head_of_the_old_one) {
    log_bench b;
    b.start();
    auto old = b.add_many(3);
    receipt::previous_log last = last_of(b);
    BOOST_REQUIRE(rotate(b, b.options(second_origin, other_key, last)).has_value());
    BOOST_TEST(b.log->origin() == second_origin);
    leaf_ticket fresh = b.add(7);
    BOOST_TEST(fresh->index() == 0u);
    auto verified = b.verified(fresh->receipt());
    BOOST_TEST(verified.log_origin == second_origin);
    BOOST_TEST((verified.log_delegation.previous == last));
    b.stop();
    // The old key is gone for good: the old log's receipts need it no more, not even those of its last group.
    b.start(b.options(second_origin, other_key, last));
    for (std::uint64_t i = 0; i < 3; ++i) {
        auto again = b.log->receipt_bytes(b.rows->committed(), first_origin, i);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST(*again == old[i]->receipt());
    }
    BOOST_TEST(b.add(8)->index() == 1u);
}

BOOST_AUTO_TEST_CASE(rotation_over_an_older_head_is_refused) {
    log_bench b;
    b.start();
    b.add(0);
    receipt::previous_log last = last_of(b);
    b.add(1);
    require_failure(rotate(b, b.options(second_origin, other_key, last)), receipt_log_errc::head_moved);
    require_failure(rotate(b, b.options(second_origin, other_key)), receipt_log_errc::previous_not_named);
    auto with_a_leaf_before = b.rows->commit_and_wait([&](transaction& tx) -> result<> {
        VANTHU_CHECK(b.log->append(tx, log_bench::leaf(2)));
        return b.log->rotate(tx, b.options(second_origin, other_key, last_of(b)));
    });
    require_failure(with_a_leaf_before, receipt_log_errc::head_moved);
    BOOST_TEST(b.log->origin() == first_origin);
    BOOST_TEST(b.add(3)->index() == 2u);
}

// The head that the delegation names is the last one on disk, and about to move.
BOOST_AUTO_TEST_CASE(rotation_is_refused_while_leaves_are_being_written) {
    log_bench b;
    b.start();
    b.add(0);
    for (int i = 1; i <= 50; ++i) {
        auto next = b.options(second_origin, other_key, last_of(b));
        std::promise<result<>> added;
        b.rows->commit(
            [&](transaction& tx) -> result<> {
                VANTHU_CHECK(b.log->append(tx, log_bench::leaf(i)));
                return {};
            },
            [&](result<> r) { added.set_value(std::move(r)); });
        require_failure(rotate(b, std::move(next)), receipt_log_errc::head_moved);
        BOOST_REQUIRE(added.get_future().get().has_value());
    }
    BOOST_TEST(b.log->origin() == first_origin);
}

BOOST_AUTO_TEST_CASE(a_rotation_whose_change_fails_has_not_happened) {
    log_bench b;
    b.start();
    b.add(0);
    auto undone = b.rows->commit_and_wait([&](transaction& tx) -> result<> {
        VANTHU_CHECK(b.log->rotate(tx, b.options(second_origin, other_key, last_of(b))));
        VANTHU_CHECK(b.log->append(tx, log_bench::leaf(1)));
        return failed(std::make_error_code(std::errc::operation_canceled));
    });
    BOOST_TEST(!undone.has_value());
    leaf_ticket next = b.add(2);
    BOOST_TEST(next->log_origin() == first_origin);
    BOOST_TEST(next->index() == 1u);
    b.verified(next->receipt());
}

BOOST_AUTO_TEST_CASE(leaves_after_a_rotation_in_the_same_change_belong_to_the_new_log) {
    log_bench b;
    b.start();
    b.add(0);
    leaf_ticket ticket;
    BOOST_REQUIRE(b.rows
                      ->commit_and_wait([&](transaction& tx) -> result<> {
                          VANTHU_CHECK(b.log->rotate(tx, b.options(second_origin, other_key, last_of(b))));
                          VANTHU_TRY(ticket, b.log->append(tx, log_bench::leaf(1)));
                          return {};
                      })
                      .has_value());
    BOOST_TEST(b.verified(ticket->receipt()).log_origin == second_origin);
}

BOOST_AUTO_TEST_CASE(after_a_restore_the_log_opens_under_a_new_origin_and_never_under_a_used_one) {
    log_bench b;
    b.start();
    auto old = b.add_many(2);
    receipt::previous_log last = last_of(b);
    b.stop();
    b.open_store();
    auto open = [&](receipt_log_options o) { return receipt_log::open(*b.rows, std::move(o)); };
    require_failure(open(b.options(first_origin, other_key)), receipt_log_errc::origin_taken);
    require_failure(open(b.options(second_origin, other_key)), receipt_log_errc::previous_not_named);
    require_failure(open(b.options(second_origin, other_key, receipt::previous_log{"foreign.example", ""})),
                    receipt_log_errc::previous_not_named);
    b.stop();
    b.start(b.options(second_origin, other_key, last));
    BOOST_TEST(b.add(5)->index() == 0u);
    BOOST_TEST(
        b.log->receipt_bytes(b.rows->committed(), first_origin, 0).has_value()); // the delegation brought the head
    BOOST_TEST(b.log->receipt_bytes(b.rows->committed(), first_origin, 0).value() == old[0]->receipt());
    b.stop();
    b.open_store();
    require_failure(open(b.options(first_origin, b.key_pem, receipt::previous_log{second_origin, ""})),
                    receipt_log_errc::origin_taken);
}

BOOST_AUTO_TEST_CASE(an_origin_that_a_restore_closed_takes_no_leaf_with_any_key_and_is_named_by_the_new_one) {
    const std::string lost_origin = "vanthu.example/lost", third_origin = "vanthu.example/third";
    log_bench b;
    b.start();
    auto old = b.add_many(2);
    const std::string last = b.log->signed_head();
    b.stop();
    b.open_store();
    const auto key = tlog::ed25519_private_key::from_pem(b.key_pem).value();
    // Without the key the head of the last group cannot be signed again, and no earlier one was.
    BOOST_TEST(receipt_log::last_known_head(b.rows->committed(), office, nullptr)->head == "");
    auto known = receipt_log::last_known_head(b.rows->committed(), office, &key);
    BOOST_REQUIRE(known);
    BOOST_TEST(known->origin == first_origin);
    BOOST_TEST(known->head == last);
    BOOST_REQUIRE(b.rows->commit_and_wait([&](transaction& t) -> result<> {
        receipt_log::close_origin(t, office, first_origin);
        receipt_log::close_origin(t, office, lost_origin);
        return {};
    }));
    auto open = [&](receipt_log_options o) { return receipt_log::open(*b.rows, std::move(o)); };
    require_failure(open(b.options(first_origin, b.key_pem)), receipt_log_errc::restored);
    require_failure(open(b.options(first_origin, other_key)), receipt_log_errc::restored);
    // The log had been rotated since the backup: its last origin is closed as well, and may be named.
    require_failure(open(b.options(lost_origin, b.key_pem, receipt::previous_log{first_origin, last})),
                    receipt_log_errc::restored);
    require_failure(open(b.options(third_origin, b.key_pem)), receipt_log_errc::previous_not_named);
    BOOST_TEST(open(b.options(third_origin, b.key_pem, receipt::previous_log{lost_origin, ""})).has_value());
    b.stop();
    b.start(b.options(third_origin, b.key_pem, receipt::previous_log{first_origin, last}));
    BOOST_TEST(b.add(5)->index() == 0u);
    BOOST_TEST(b.log->receipt_bytes(b.rows->committed(), first_origin, 0).value() == old[0]->receipt());
    b.stop();
    b.open_store();
    require_failure(open(b.options(first_origin, b.key_pem)), receipt_log_errc::restored);
}

BOOST_AUTO_TEST_CASE(without_the_key_a_restore_knows_the_head_before_the_last) {
    log_bench b;
    b.start();
    b.add(0);
    const std::string earlier = b.log->signed_head();
    b.add(1);
    b.stop();
    b.open_store();
    BOOST_TEST(receipt_log::last_known_head(b.rows->committed(), office, nullptr)->head == earlier);
}

BOOST_AUTO_TEST_CASE(an_old_head_that_nobody_signed_is_reported_and_never_made_up) {
    log_bench b;
    b.start();
    b.add(0);
    b.stop();
    b.start(b.options(second_origin, other_key, receipt::previous_log{first_origin, ""}));
    b.add(1);
    require_failure(b.log->receipt_bytes(b.rows->committed(), first_origin, 0), receipt_log_errc::head_not_signed);
}

BOOST_AUTO_TEST_CASE(a_renewed_delegation_serves_new_receipts_and_leaves_the_old_ones_alone) {
    log_bench b;
    b.start();
    leaf_ticket before = b.add(0);
    b.stop();
    b.start(b.options(first_origin, b.key_pem, {}, noon + std::chrono::hours(24 * 700)));
    BOOST_TEST(b.stored(0) == before->receipt());
    leaf_ticket after = b.add(1);
    BOOST_TEST((b.verified(after->receipt()).log_delegation.valid_to == noon + std::chrono::hours(24 * 700)));
    BOOST_TEST(b.stored(0) == before->receipt());
    BOOST_TEST(b.stored(1) == after->receipt());
}

BOOST_AUTO_TEST_CASE(a_delegation_for_another_key_origin_or_organisation_is_refused) {
    log_bench b;
    b.open_store();
    auto wrong = [&](auto change) {
        receipt_log_options o = b.options(first_origin, b.key_pem);
        change(o);
        require_failure(receipt_log::open(*b.rows, std::move(o)), receipt_log_errc::wrong_key);
    };
    wrong([](receipt_log_options& o) { o.origin = second_origin; });
    wrong([](receipt_log_options& o) { o.key = tlog::ed25519_private_key::generate(); });
    wrong([](receipt_log_options& o) { o.organisation = "000.00.18.G22"; });
    receipt_log_options broken = b.options(first_origin, b.key_pem);
    broken.delegation = "{}";
    BOOST_TEST(!receipt_log::open(*b.rows, std::move(broken)).has_value());
}

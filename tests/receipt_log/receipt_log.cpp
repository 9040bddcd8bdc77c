#include "tests/receipt_log/fixture.hpp"

#include <future>

using namespace vanthu;
using namespace vanthu::ledger;

BOOST_AUTO_TEST_CASE(a_committed_leaf_has_a_receipt_that_verifies_offline) {
    log_bench b;
    b.start();
    BOOST_TEST(b.log->signed_head().empty());
    leaf_ticket ticket = b.add(1);
    BOOST_TEST(ticket->index() == 0u);
    auto verified = b.verified(ticket->receipt());
    auto leaf = std::get<receipt::custody_leaf>(verified.content);
    BOOST_TEST((leaf.identity == log_bench::leaf(1).identity));
    BOOST_TEST((leaf.hop_time == noon));
    BOOST_TEST(leaf.hop_organisation == office);
    BOOST_TEST((leaf.salt != std::array<std::uint8_t, receipt::salt_size>{}));
    BOOST_TEST(verified.tree_size == 1u);
    BOOST_TEST(b.head().size == 1u);
}

BOOST_AUTO_TEST_CASE(receipts_are_the_same_bytes_after_later_groups_and_after_restarts) {
    log_bench b;
    b.start();
    std::vector<std::string> given;
    auto add_group = [&](int n) {
        for (const leaf_ticket& t : b.add_many(n)) given.push_back(t->receipt());
    };
    // Sizes that end before, at and after a full tile; one leaf over is alone in its tile.
    for (int n : {1, 3, 250, 1, 1, 1, 5, 250, 1, 300}) add_group(n);
    auto check_all = [&] {
        BOOST_REQUIRE(b.head().size == given.size());
        for (std::size_t i = 0; i < given.size(); ++i) BOOST_REQUIRE(b.stored(i) == given[i]);
    };
    check_all();
    for (std::size_t i = 0; i < given.size(); i += 37) BOOST_TEST(b.verified(given[i]).sequence == i);
    std::string head = b.log->signed_head();
    for (int again = 0; again < 2; ++again) {
        b.stop();
        b.start();
        BOOST_TEST(b.log->signed_head() == head);
        check_all();
    }
    add_group(2); // the tree goes on where it stopped
    check_all();
    BOOST_TEST(b.verified(given.back()).sequence == given.size() - 1);
}

BOOST_AUTO_TEST_CASE(every_head_is_consistent_with_the_ones_before_it) {
    log_bench b;
    b.start();
    std::vector<tlog::checkpoint> heads;
    for (int n : {1, 2, 1, 260, 3, 1}) {
        b.add_many(n);
        if (n == 260) {
            b.stop();
            b.start();
        }
        heads.push_back(b.head());
    }
    auto read = tlog::read_tiles(
        [&](const tlog::tile_id& tile) { return b.log->tile_bytes(b.rows->committed(), first_origin, tile); });
    for (std::size_t i = 0; i < heads.size(); ++i)
        for (std::size_t k = i; k < heads.size(); ++k) {
            auto proof = tlog::consistency_proof(heads[i].size, heads[k].size, read).value();
            BOOST_TEST(tlog::verify_consistency(heads[i].size, heads[k].size, heads[i].root, heads[k].root, proof)
                           .has_value());
        }
    require_failure(b.log->tile_bytes(b.rows->committed(), first_origin, {0, 9, 1}), tlog::errc::missing_hash);
}

BOOST_AUTO_TEST_CASE(a_change_that_fails_leaves_no_leaf_and_no_gap) {
    log_bench b;
    b.start();
    std::vector<leaf_ticket> kept, lost;
    std::vector<std::future<bool>> done;
    // Many changes at once, so that failing ones share groups with good ones.
    for (int i = 0; i < 60; ++i) {
        auto promise = std::make_shared<std::promise<bool>>();
        done.push_back(promise->get_future());
        b.rows->commit(
            [&, i](transaction& tx) -> result<> {
                VANTHU_TRY(leaf_ticket ticket, b.log->append(tx, log_bench::leaf(i)));
                if (i % 3 == 1) {
                    lost.push_back(ticket);
                    return failed(std::make_error_code(std::errc::operation_canceled));
                }
                kept.push_back(ticket);
                return {};
            },
            [promise](result<> outcome) { promise->set_value(outcome.has_value()); });
    }
    for (int i = 0; i < 60; ++i) BOOST_TEST(done[static_cast<std::size_t>(i)].get() == (i % 3 != 1));
    BOOST_REQUIRE(kept.size() == 40u);
    BOOST_TEST(b.head().size == 40u);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        BOOST_TEST(kept[i]->index() == i);
        BOOST_TEST(b.stored(i) == kept[i]->receipt());
        b.verified(kept[i]->receipt());
    }
    for (const leaf_ticket& t : lost) BOOST_TEST(t->receipt().empty());
    require_failure(b.log->receipt_bytes(b.rows->committed(), 40), receipt_log_errc::unknown_leaf);
}

namespace {

// Sits where the log sits and loses power at a point of the group: what the log did after that is forgotten.
class cut_at_durable final : public group_observer {
public:
    explicit cut_at_durable(receipt_log& inner) : inner_(inner) {}
    void change_begins() override { inner_.change_begins(); }
    void change_undone() override { inner_.change_undone(); }
    result<> seal(transaction& tx) override { return inner_.seal(tx); }
    void durable() override {} // the group is on disk; the power goes before the head is signed
    void group_abandoned() override { inner_.group_abandoned(); }

private:
    receipt_log& inner_;
};

} // namespace

BOOST_AUTO_TEST_CASE(power_lost_between_disk_and_signature_gives_the_same_receipt_after_the_restart) {
    log_bench b;
    b.start();
    b.add(0);
    b.stop();
    b.open_store();
    b.log = receipt_log::open(*b.rows, b.options(first_origin, b.key_pem)).value();
    cut_at_durable cut(*b.log);
    b.rows->register_observer(cut);
    leaf_ticket ticket;
    BOOST_REQUIRE(b.rows
                      ->commit_and_wait([&](transaction& tx) -> result<> {
                          VANTHU_TRY(ticket, b.log->append(tx, log_bench::leaf(1)));
                          return {};
                      })
                      .has_value());
    BOOST_TEST(ticket->receipt().empty()); // nobody was answered
    b.stop();
    b.start(); // the leaf is there, the head is signed now
    BOOST_TEST(b.head().size == 2u);
    std::string once = b.stored(1);
    b.verified(once);
    b.add(2);
    BOOST_TEST(b.stored(1) == once);
    b.stop();
    b.start();
    BOOST_TEST(b.stored(1) == once);
}

namespace {

class refuses_to_seal final : public group_observer {
public:
    explicit refuses_to_seal(receipt_log& inner) : inner_(inner) {}
    void change_begins() override { inner_.change_begins(); }
    void change_undone() override { inner_.change_undone(); }
    result<> seal(transaction& tx) override {
        VANTHU_CHECK(inner_.seal(tx));
        if (refuse) return failed(errc::no_space);
        return {};
    }
    void durable() override { inner_.durable(); }
    void group_abandoned() override { inner_.group_abandoned(); }
    bool refuse = false;

private:
    receipt_log& inner_;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_group_that_was_not_written_is_forgotten) {
    log_bench b;
    b.open_store();
    b.log = receipt_log::open(*b.rows, b.options(first_origin, b.key_pem)).value();
    refuses_to_seal observer(*b.log);
    b.rows->register_observer(observer);
    leaf_ticket first = b.add(0);
    std::string head = b.log->signed_head();
    observer.refuse = true;
    leaf_ticket lost;
    BOOST_TEST(!b.rows
                    ->commit_and_wait([&](transaction& tx) -> result<> {
                        VANTHU_TRY(lost, b.log->append(tx, log_bench::leaf(1)));
                        return {};
                    })
                    .has_value());
    BOOST_TEST(lost->receipt().empty());
    BOOST_TEST(b.log->signed_head() == head);
    observer.refuse = false;
    leaf_ticket next = b.add(2);
    BOOST_TEST(next->index() == 1u);
    b.verified(next->receipt());
    BOOST_TEST(b.stored(0) == first->receipt());
}

BOOST_AUTO_TEST_CASE(a_group_without_leaves_makes_no_head) {
    log_bench b;
    b.start();
    b.add(0);
    std::string head = b.log->signed_head();
    BOOST_REQUIRE(b.rows
                      ->commit_and_wait([](transaction& tx) -> result<> {
                          tx.put(std::string("x\0Zrow", 6), "value");
                          return {};
                      })
                      .has_value());
    BOOST_TEST(b.log->signed_head() == head);
    BOOST_TEST(b.add(1)->index() == 1u);
}

BOOST_AUTO_TEST_CASE(destroyed_content_leaves_a_tombstone_and_every_other_receipt) {
    log_bench b;
    b.start();
    auto tickets = b.add_many(5);
    leaf_ticket stone;
    auto destroy = [&](std::uint64_t index) {
        return b.rows->commit_and_wait([&](transaction& tx) -> result<> {
            VANTHU_TRY(stone,
                       b.log->destroy(tx, first_origin, index, "12/QĐ-VPCP, 01/07/2025", "hết thời hạn bảo quản"));
            return {};
        });
    };
    BOOST_REQUIRE(destroy(2).has_value());
    auto verified = b.verified(stone->receipt());
    auto leaf = std::get<receipt::tombstone_leaf>(verified.content);
    BOOST_TEST(leaf.destroyed_sequence == 2u);
    BOOST_TEST((leaf.destroyed_leaf_hash == tickets[2]->leaf_hash()));
    require_failure(b.log->receipt_bytes(b.rows->committed(), 2), receipt_log_errc::destroyed);
    require_failure(destroy(2), receipt_log_errc::destroyed);
    require_failure(destroy(99), receipt_log_errc::unknown_leaf);
    b.stop();
    b.start();
    for (std::uint64_t i : {0u, 1u, 3u, 4u}) BOOST_TEST(b.stored(i) == tickets[i]->receipt());
    require_failure(b.log->receipt_bytes(b.rows->committed(), 2), receipt_log_errc::destroyed);
    BOOST_TEST(b.stored(5) == stone->receipt());
    b.verified(tickets[2]->receipt()); // whoever holds it can still prove what was
    auto in_one_change = b.rows->commit_and_wait([&](transaction& tx) -> result<> {
        VANTHU_TRY(leaf_ticket fresh, b.log->append(tx, log_bench::leaf(9)));
        VANTHU_TRY(stone, b.log->destroy(tx, first_origin, fresh->index(), "x", "y"));
        return {};
    });
    require_failure(in_one_change, receipt_log_errc::unknown_leaf);
}

BOOST_AUTO_TEST_CASE(leaves_that_no_receipt_can_hold_are_refused_and_take_no_index) {
    log_bench b;
    b.start();
    auto refused = [&](receipt::custody_leaf leaf, receipt_log_errc expected) {
        require_failure(b.rows->commit_and_wait([&](transaction& tx) -> result<> {
            VANTHU_CHECK(b.log->append(tx, leaf));
            return {};
        }),
                        expected);
    };
    receipt::custody_leaf leaf = log_bench::leaf(1);
    leaf.recipients.assign(receipt::max_recipients + 1, "A");
    refused(leaf, receipt_log_errc::unacceptable_leaf);
    leaf = log_bench::leaf(1);
    leaf.identity.number = "\xff";
    refused(leaf, receipt_log_errc::unacceptable_leaf);
    b.clock->set(noon - std::chrono::hours(2)); // before the delegation: the receipt would not verify
    refused(log_bench::leaf(1), receipt_log_errc::not_in_force);
    b.clock->set(noon + std::chrono::hours(24 * 366));
    refused(log_bench::leaf(1), receipt_log_errc::not_in_force);
    b.clock->set(noon);
    BOOST_TEST(b.add(1)->index() == 0u);
}

// What the tests of comparisons between nodes share.
#pragma once

#include "tests/api/pair_of_nodes.hpp"
#include "tests/support/must.hpp"
#include "tests/support/wait_for.hpp"

namespace vanthu::test {

inline reconciliation::report_row compared(daemon_parts& at, const std::string& with, bool repair = true) {
    auto done =
        wait_for(at.decisions->executor(0), at.rounds->compare_with({.node = with, .repair = repair, .by = "test"}));
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + " " + done.error().detail));
    return *done;
}
inline std::uint64_t found(const reconciliation::report_row& r, const std::string& kind) {
    std::uint64_t n = 0;
    for (const auto& c : r.counts) {
        BOOST_TEST(c.kind == kind);
        if (c.kind == kind) n += c.found;
    }
    return n;
}

// A document from the lower node to the upper one, there and its receipt back.
inline std::string sent_up(pair_of_nodes& n, int number) {
    reply sent = submit(n.lower, "key-huyen", upward(number), "nội dung " + std::to_string(number));
    BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
    std::string document = text_of(sent.json(), {"document_id"});
    BOOST_REQUIRE(eventually([&] { return n.track(document, {"state"}) == "delivered"; }));
    return document;
}
inline std::string only_document(daemon_parts& at) {
    auto all = records::reader(at.store->committed()).documents(at.spec.home, "", 10).value();
    BOOST_REQUIRE(all.size() == 1u);
    return all.front().id;
}
inline void must_commit(daemon_parts& at, std::function<result<>(records::writer&)> change) {
    auto done = at.store->commit_and_wait([&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        return change(w);
    });
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message()));
}

// The store as it is now, to be put back later.
class store_copy {
public:
    explicit store_copy(daemon_parts& of) : of_(of) {
        of_.restart([&] { std::filesystem::copy(store(), kept(), std::filesystem::copy_options::recursive); });
    }
    void put_back() {
        of_.restart([&] {
            std::filesystem::remove_all(store());
            std::filesystem::copy(kept(), store(), std::filesystem::copy_options::recursive);
        });
    }

private:
    std::filesystem::path store() const { return of_.folder.path() / "store"; }
    std::filesystem::path kept() const { return of_.folder.path() / "older"; }
    daemon_parts& of_;
};

// Rounds of the lower node by a schedule of its own.
struct scheduled {
    task_group group;
    std::unique_ptr<reconciliation::rounds> rounds;
    scheduled(daemon_parts& of, reconciliation::rounds::asker asks,
              const std::function<void(reconciliation::round_options&)>& change) {
        reconciliation::round_options o{
            .node = of.spec.node, .home = of.spec.home, .organisation = of.spec.organisation};
        o.pause = std::chrono::milliseconds(1);
        change(o);
        rounds = std::make_unique<reconciliation::rounds>(
            o, *of.store, of.decisions->executor(0), *of.disk, of.clock, [&of] { return of.gate->registry(); },
            std::move(asks), [](const auto&) {});
        rounds->run_in(group);
    }
    ~scheduled() {
        group.cancel();
        BOOST_TEST(group.join(std::chrono::seconds(20)));
    }
};

} // namespace vanthu::test

// A store of its own for each test, and changes on it.
#pragma once

#include "daemon/records/records.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::test {

struct store_in_a_folder {
    temporary_directory folder;
    std::unique_ptr<ledger::store> store = ledger::store::open({.directory = folder / "ledger"}).value();
    ~store_in_a_folder() { store->close(); }
    template <class F> void change(F f) {
        auto done = store->commit_and_wait([&](ledger::transaction& t) -> result<> {
            records::writer w(t);
            return f(w);
        });
        BOOST_REQUIRE(done.has_value());
    }
    records::reader read() { return records::reader(store->committed()); }
};

} // namespace vanthu::test

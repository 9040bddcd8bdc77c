// A store of its own for each test, and changes on it.
#pragma once

#include "daemon/records/records.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

namespace vanthu::test {

struct store_in_a_folder {
    std::filesystem::path directory;
    std::unique_ptr<ledger::store> store;
    store_in_a_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "vanthu-records-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        store = ledger::store::open({.directory = directory / "ledger"}).value();
    }
    ~store_in_a_folder() {
        store->close();
        std::filesystem::remove_all(directory);
    }
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

// What the power-cut tests do to a store, and the oracle that judges what is left of it.
#pragma once

#include "daemon/ledger/store.hpp"
#include "tests/ledger/disk.hpp"

namespace vanthu::ledger::test {

// A store on a disk in memory; limits are small so that every kind of payload and segment change occurs soon.
struct machine {
    machine() : files(payload_face(on)), rows(rocksdb_face(on)) {}
    explicit machine(const machine& other) : on(other.on), files(payload_face(on)), rows(rocksdb_face(on)) {}
    store_options options();
    result<> start();
    void stop() { running.reset(); }

    std::string directory = "/disk/store";
    disk on;
    std::unique_ptr<file_system> files;
    std::unique_ptr<rocksdb::Env> rows;
    std::unique_ptr<store> running;
    std::optional<failure> fatal; // what on_fatal was told
};

// What callers were told about every document.
struct memory {
    enum class told { nothing, yes, refused };
    struct document {
        told accepted = told::nothing, released = told::nothing;
        bool release_asked = false;
        std::uint64_t sequence = 0, group = 0; // as the change saw them
    };
    std::map<unsigned, document> documents;
};

bytes content_of(unsigned document); // sizes go around the three kinds
// Accepts and releases with several changes a group; goes on after refusals. Needs a running store.
void run_scenario(machine&, memory&);
// One document more, by itself.
result<> accept_one(store&, memory&, unsigned document);
// Empty when the store keeps every promise; else what it broke. `swept`: nothing was refused since it recovered, so that
// there are no payloads which nobody has taken back.
std::string broken_promise(machine&, const memory&, bool swept = true);

} // namespace vanthu::ledger::test

// Opening a store: lock, identity, rows, payloads, in the order that refuses before it changes anything.
#pragma once

#include "daemon/ledger/payload_files.hpp"
#include "daemon/ledger/rows_database.hpp"

#include <mutex>

namespace vanthu::ledger {

// Write failures come from any thread and may come before anybody listens.
class failure_bell {
public:
    void ring(const failure&);
    void listen(std::function<void(const failure&)>); // told at once when it has rung already

private:
    std::mutex mutex_;
    std::optional<failure> first_;
    std::function<void(const failure&)> listener_;
};

struct opened_parts {
    // Destroyed from the bottom up: the lock goes last.
    std::unique_ptr<file_system::lock> lock;
    std::shared_ptr<failure_bell> failures;
    std::unique_ptr<committed_mark> mark;
    std::unique_ptr<rows_database> rows;
    std::unique_ptr<payload_files> payloads;
    store_identity identity;
    recovery_report report;
    std::shared_ptr<const wall_clock> clock;
    std::function<void(const failure&)> on_fatal;
    std::size_t group_at_most = 0;
    // What a backup needs to know.
    file_system* files = nullptr;
    rocksdb::Env* rows_env = nullptr;
    std::filesystem::path directory;
    std::uint64_t minimum_free = 0;
};

result<opened_parts> open_parts(store_options);

// Every committed reference whose location key begins with `kind` ("" for all), ascending.
result<> each_payload(const rows_database&, std::string_view kind, const std::function<void(const payload_ref&)>&);

} // namespace vanthu::ledger

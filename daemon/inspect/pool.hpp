// Untrusted files are parsed in worker processes that can do nothing else: no file system, no network, no other
// program, bounded memory and time. A worker that crashes, hangs or exceeds a limit costs its document a verdict
// (indeterminate, finding "budget") and nothing more; the pool starts another.
//
//   inspect() --descriptor over a Unix socket--> vanthu-inspect --JSON report--> inspect()
//
// Threads: inspect() may be called from any number of threads and blocks until a worker is free and has answered, or
// the deadline passed. Call it from a pool thread, never from the daemon's decision thread. Guaranteed: inspect()
// always answers; a document is never given to two workers, and a worker that is found dead before it was given the
// document is replaced first; workers end with the pool (and with the process that started them).
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/failure.hpp"
#include "signing/pdf/marking.hpp"
#include "signing/signed_file/verify.hpp"

#include <chrono>
#include <filesystem>
#include <memory>

namespace vanthu::inspect {

enum class errc { executable_missing = 1, start_failed, trust_too_large };
std::error_code make_error_code(errc);

struct options {
    std::filesystem::path executable; // vanthu-inspect
    unsigned workers = 2;
    std::chrono::milliseconds time_limit{20'000};    // wall clock for one document
    std::size_t memory_limit = std::size_t{1} << 30; // bytes of address space of a worker
    unsigned documents_per_worker = 500;             // then it is replaced: fragmentation and CPU limit start anew
    x509::trust_store trust;
    x509::evidence known;
    validation::policy policy;
    signed_file::limits limits;
};

struct inspection {
    validation::file_report report;
    std::optional<pdf::secret_marking> marking; // of the first page; absent also when the page could not be looked at
    bool first_page_seen = false;               // a PDF's first page was read to its end: only then absent means "none"
    bool finished = false;                      // false: the worker died or ran out of time; the report says "budget"
};

class inspector_pool {
public:
    // Starts the workers and waits until each has loaded the trust material and shut itself in.
    static result<std::unique_ptr<inspector_pool>> start(options opt);
    virtual ~inspector_pool() = default; // ends the workers; no inspect() may be running

    // `document` is a descriptor open for reading (spool file or memfd); it stays the caller's. `at`: the time for
    // which certificates are judged. `deadline` shortens the time limit, also while waiting for a worker. `content`:
    // another such descriptor, of what a detached signature is about; -1: none.
    virtual inspection inspect(int document, timestamp at, std::chrono::steady_clock::time_point deadline,
                               int content = -1) = 0;
    // The same with bytes: they go through a memfd.
    inspection inspect(bytes_view document, timestamp at, std::chrono::steady_clock::time_point deadline);

    // New trust material or CRLs: workers are replaced one by one as they become free.
    virtual void replace_trust(x509::trust_store trust, x509::evidence known) = 0;
    // Other rules, in the same way.
    virtual void replace_policy(validation::policy policy) = 0;
    virtual std::size_t restarts() const = 0; // workers that died or were ended for exceeding a limit
};

// Beside the running program, or ../libexec/vanthu/ or the build tree's daemon/inspect/; empty if there is none.
std::filesystem::path find_inspect_executable();

} // namespace vanthu::inspect

template <> struct std::is_error_code_enum<vanthu::inspect::errc> : std::true_type {};

// The payload store on a file system: segments/ for middle sizes, files/ab/cd/ID for large ones, the row database for
// small ones. payloads.hpp says what is promised; this header is for the store alone.
#pragma once

#include "daemon/ledger/payloads.hpp"
#include "daemon/ledger/record.hpp"
#include "daemon/ledger/segments.hpp"

#include <atomic>

namespace vanthu::ledger {

class payload_files final : public payload_store {
public:
    struct surroundings {
        file_system& files;
        std::filesystem::path directory; // of the whole store
        // The record of a small payload, from the row database.
        std::function<result<std::optional<std::string>>(const payload_ref&)> inside_record;
        // Told of writes and syncs that failed other than for lack of space.
        std::function<void(const failure&)> write_failed;
    };
    payload_files(surroundings, payload_options);

    static result<> create_directories(file_system&, const std::filesystem::path& store_directory);

    result<std::unique_ptr<payload_writer>> begin(std::string_view owner, std::uint64_t size_hint) override;
    result<stored_payload> put(std::string_view owner, bytes_view content,
                               const std::optional<digest>& sha256) override;
    bool stays_in_memory(std::uint64_t length) const override {
        return length <= options_.sizes.inside_up_to && length <= options_.sizes.segment_up_to;
    }
    void discard(const payload_ref&) override;
    result<std::unique_ptr<payload_reader>> open_reader(const payload_ref&, std::uint64_t offset, check) override;

    static std::filesystem::path place_of_file(const payload_id&); // below the store's directory
    result<> check_space();                                        // errc::no_space below the mark
    result<> sync_segment(std::uint32_t number) { return segments_.sync(number); }
    void durable_group(std::uint64_t number) { durable_group_.store(number); }

    struct reclaimed {
        std::uint64_t bytes = 0, files = 0;
    };
    // Before anything else: `committed` are all references of kinds segment and file. `sweep`: the last run did not
    // close. shorter_than_committed when a record nobody refers to was written after a group that is not there any
    // more.
    result<reclaimed> recover(const std::vector<payload_ref>& committed, std::uint64_t last_group, bool sweep);

private:
    friend class record_writer;
    std::filesystem::path temporary_directory() const { return directory_ / "files" / "tmp"; }
    std::filesystem::path file_path(const payload_id& id) const { return directory_ / place_of_file(id); }
    const payload_key* key(std::uint32_t id) const;
    record_header new_header(std::string_view owner) const;
    result<> check_new(std::string_view owner); // may a payload of this owner be written now
    result<stored_payload> place_small(const record_header&, std::string record);
    result<> publish(const std::filesystem::path& temporary, const payload_id&);
    result<> check_group(std::string_view head, std::uint64_t last_group, std::uint64_t& record_length) const;
    result<std::uint64_t> sweep_files(const std::vector<payload_ref>& committed, std::uint64_t last_group);
    fail report(failure) const; // passes write failures on to the store

    surroundings around_;
    file_system& files_;
    const std::filesystem::path directory_;
    const payload_options options_;
    segments segments_;
    std::atomic<std::uint64_t> durable_group_{0};
    std::mutex mutex_;
    std::set<std::filesystem::path> known_directories_; // on disk with their names synced
};

} // namespace vanthu::ledger

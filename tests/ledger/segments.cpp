// What of the segments goes to the disk before its sync, and what stays in the system's page cache.
#include "daemon/ledger/segments.hpp"

#include <boost/test/unit_test.hpp>

using namespace vanthu;
using namespace vanthu::ledger;

namespace {

// Files without bytes, which remember what was said of them.
struct told {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> written, going_out; // offset and length
    std::map<std::string, std::uint64_t> forgotten; // up to here, from 0 on without a gap
    std::uint64_t synced = 0;
};
class weightless final : public file {
public:
    weightless(told& t, std::string name) : told_(t), name_(std::move(name)) {}
    result<std::size_t> pread(std::uint64_t, std::span<std::uint8_t>) const override { return 0; }
    result<> pwrite(std::uint64_t offset, bytes_view content) override {
        told_.written.emplace_back(offset, content.size());
        return {};
    }
    result<> fdatasync() override { return ++told_.synced, result<>(); }
    void begin_writing_out(std::uint64_t offset, std::uint64_t length) override {
        told_.going_out.emplace_back(offset, length);
    }
    result<> truncate(std::uint64_t) override { return {}; }
    result<> preallocate(std::uint64_t, std::uint64_t) override { return {}; }
    result<> punch_hole(std::uint64_t, std::uint64_t) override { return {}; }
    void forget_cached(std::uint64_t offset, std::uint64_t length) override {
        BOOST_TEST(offset == told_.forgotten[name_]);
        told_.forgotten[name_] = offset + length;
    }
    result<std::uint64_t> length() const override { return 0; }
    result<std::uint64_t> next_data(std::uint64_t from) const override { return from; }

private:
    told& told_;
    const std::string name_;
};
class weightless_files final : public file_system {
public:
    explicit weightless_files(told& t) : told_(t) {}
    result<std::unique_ptr<file>> open(const std::filesystem::path& p, open_mode) override {
        return std::make_unique<weightless>(told_, p.filename().string());
    }
    result<> rename(const std::filesystem::path&, const std::filesystem::path&) override { return {}; }
    result<> unlink(const std::filesystem::path&) override { return {}; }
    result<> create_directory(const std::filesystem::path&) override { return {}; }
    result<> remove_tree(const std::filesystem::path&) override { return {}; }
    result<> fsync_directory(const std::filesystem::path&) override { return {}; }
    result<std::vector<std::string>> list(const std::filesystem::path&) override { return std::vector<std::string>(); }
    bool exists(const std::filesystem::path&) override { return false; }
    result<std::uint64_t> free_bytes(const std::filesystem::path&) override { return 0; }
    result<std::unique_ptr<lock>> lock_file(const std::filesystem::path&) override { return std::unique_ptr<lock>(); }

private:
    told& told_;
};
} // namespace

BOOST_AUTO_TEST_CASE(a_record_goes_to_the_disk_as_soon_as_it_is_written_and_is_synced_only_when_its_group_is) {
    told t;
    weightless_files files(t);
    segments s(files, "/segments", 200u << 20);
    for (std::size_t length : {1u, 4096u, 140'000u}) {
        BOOST_REQUIRE(s.append(std::string(length, 'x')).has_value());
        BOOST_TEST((t.going_out == t.written));
    }
    BOOST_TEST(t.written.size() == 3u);
    BOOST_TEST(t.synced == 0u);
}

BOOST_AUTO_TEST_CASE(the_last_256_megabytes_stay_cached_and_what_is_older_is_forgotten_across_segments) {
    told t;
    weightless_files files(t);
    segments s(files, "/segments", 200u << 20);
    const std::string record(1u << 20, 'x');
    std::uint64_t appended = 0, forgotten = 0;
    for (int i = 0; i < 700; ++i) {
        auto at = s.append(record);
        BOOST_REQUIRE(at.has_value());
        appended += record.size();
        BOOST_REQUIRE(s.sync(at->segment).has_value());
        forgotten = 0;
        for (const auto& [name, up_to] : t.forgotten) forgotten += up_to;
        // The allocation that has begun counts as whole.
        BOOST_TEST((forgotten == 0 || forgotten + (256u << 20) <= appended + (8u << 20)));
    }
    BOOST_TEST(forgotten + (264u << 20) >= appended);
    BOOST_TEST(t.synced == 700u);
}

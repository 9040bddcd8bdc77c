// Payloads of every size, encrypted and not, on the real file system.
#include "daemon/ledger/record.hpp"
#include "daemon/ledger/spool.hpp"
#include "daemon/ledger/store.hpp"
#include "tests/ledger/scenario.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace vanthu;
using namespace vanthu::ledger;

namespace {
bytes content_of(std::size_t size) {
    bytes content(size);
    std::mt19937 fill(static_cast<unsigned>(size));
    for (auto& b : content) b = static_cast<std::uint8_t>(fill());
    return content;
}

store_options options(const vanthu::test::temporary_directory& d, bool sealed) {
    store_options o;
    o.directory = d / "store";
    if (sealed) o.payloads.keys = {{1, {9}}, {2, {8}}};
    if (sealed) o.payloads.seal_with = 2;
    return o;
}

// As what is sent on is read.
result<bytes> checked_by_chunks(store& s, const payload_ref& ref) {
    VANTHU_TRY(auto reader, s.payloads().open_reader(ref, 0, payload_store::check::chunks));
    bytes out(ref.plain_length + 16);
    std::size_t done = 0;
    for (std::size_t n = 1; n > 0; done += n) {
        VANTHU_TRY(n, reader->read(std::span(out).subspan(done)));
    }
    out.resize(done);
    return out;
}

payload_ref keep(store& s, const bytes& content) {
    auto writer = s.payloads().begin("G22", 0).value();
    for (std::size_t at = 0; at < content.size(); at += 50000)
        BOOST_REQUIRE(
            writer->write(bytes_view(content).subspan(at, std::min<std::size_t>(50000, content.size() - at))));
    auto stored = writer->finish().value();
    auto kept = s.commit_and_wait([&](transaction& t) { return t.adopt(stored); });
    BOOST_REQUIRE(kept);
    return stored.ref;
}

// Every record of the store begins with its magic: a flip anywhere after it must be noticed.
std::filesystem::path file_of(const std::filesystem::path& below) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(below))
        if (entry.is_regular_file()) return entry.path();
    BOOST_FAIL("no file below " << below);
    return {};
}
void flip(const std::filesystem::path& path, std::uint64_t at) {
    std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(std::streamoff(at));
    char byte = char(f.get() ^ 0x10);
    f.seekp(std::streamoff(at));
    f.put(byte);
}
} // namespace

BOOST_DATA_TEST_CASE(a_payload_of_every_size_reads_back_whole_and_in_ranges_also_after_a_restart,
                     boost::unit_test::data::make({false, true}), sealed) {
    vanthu::test::temporary_directory d;
    std::vector<std::pair<std::size_t, payload_ref>> kept;
    for (int round = 0; round < 2; ++round) {
        auto s = store::open(options(d, sealed)).value();
        if (round == 0)
            for (std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 131072u, 1u << 20, (1u << 20) + 1, 3000000u})
                kept.emplace_back(size, keep(*s, content_of(size)));
        for (const auto& [size, ref] : kept) {
            BOOST_TEST((ref.kind == (size <= 65536      ? payload_kind::inside
                                     : size <= 1u << 20 ? payload_kind::segment
                                                        : payload_kind::file)));
            auto whole = content_of(size);
            BOOST_REQUIRE((s->payloads().read(ref).value() == whole));
            BOOST_REQUIRE(s->payloads().verify(ref));
            for (std::size_t offset : {std::size_t(0), size / 2, size - std::min<std::size_t>(size, 1), size}) {
                auto part = s->payloads().read(ref, offset, 70000).value();
                bytes_view expected = bytes_view(whole).subspan(offset, std::min<std::size_t>(70000, size - offset));
                BOOST_REQUIRE(std::ranges::equal(part, expected));
            }
            BOOST_TEST((s->payloads().read(ref, size + 1, 1).error().code == errc::range_outside));
        }
        std::size_t scrubbed = 0;
        BOOST_REQUIRE(s->scrub([&](const payload_ref&, const result<>& r) { scrubbed += r.has_value(); }));
        BOOST_TEST(scrubbed == kept.size());
    }
}

BOOST_DATA_TEST_CASE(one_flipped_byte_in_a_payload_is_refused_wherever_it_is,
                     boost::unit_test::data::make({false, true}), sealed) {
    vanthu::test::temporary_directory d;
    auto s = store::open(options(d, sealed)).value();
    auto middle = keep(*s, content_of(200000)), large = keep(*s, content_of(1200000));
    for (const auto& [ref, path] :
         {std::pair(middle, file_of(d / "store/segments")), std::pair(large, file_of(d / "store/files"))}) {
        // Header, owner, checksum, first chunk, a tag, the last byte.
        for (std::uint64_t at :
             {0ul, 5ul, 20ul, 50ul, 60ul, 95ul, 101ul, 102ul, 5000ul, 102ul + 65536 + 3, ref.stored_length - 1}) {
            flip(path, ref.offset + at);
            auto read = s->payloads().read(ref);
            BOOST_TEST(!read, "flipped at " << at);
            if (!read)
                BOOST_TEST((read.error().code == errc::payload_damaged || read.error().code == errc::key_unknown));
            std::size_t noticed = 0;
            BOOST_REQUIRE(s->scrub([&](const payload_ref&, const result<>& r) { noticed += !r; }));
            BOOST_TEST(noticed == 1u);
            flip(path, ref.offset + at);
            BOOST_TEST(s->payloads().verify(ref).has_value());
        }
    }
}

// The bytes that programs before record version 2 wrote, made here from their description.
BOOST_AUTO_TEST_CASE(a_record_of_version_1_reads_back_and_its_damage_is_found) {
    vanthu::test::temporary_directory d;
    const bytes content = content_of(200000);
    payload_ref ref;
    {
        auto s = store::open(options(d, false)).value();
        ref = keep(*s, content);
        s->close();
    }
    const auto path = file_of(d / "store/segments");
    std::string record(ref.stored_length, '\0');
    std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(std::streamoff(ref.offset));
    f.read(record.data(), std::streamsize(record.size()));
    auto header = record_header::decode(record);
    BOOST_REQUIRE(header);
    BOOST_TEST(unsigned(header->version) == 2u);
    header->version = 1;
    std::string old = header->encode();
    BOOST_TEST(unsigned(old[4]) == 1u);
    for (std::uint32_t index = 0; index < 4; ++index) {
        const auto chunk = bytes_view(content).subspan(index * 65536ul, std::min(65536ul, 200000 - index * 65536ul));
        const std::array<std::uint8_t, 12> position{0, 0, 0, 0, 0, 0, 0, index == 3, 0, 0, 0, std::uint8_t(index)};
        const std::string bound = "VTPR" + std::string(as_text(ref.id)) + ref.owner;
        const digest tag = sha256().update(bound).update(bytes_view(position)).update(chunk).finish();
        old.append(as_text(chunk)).append(as_text(bytes_view(tag.value).first(16)));
    }
    BOOST_REQUIRE(old.size() == record.size());
    BOOST_TEST((old != record));
    f.seekp(std::streamoff(ref.offset));
    f.write(old.data(), std::streamsize(old.size()));
    f.close();
    auto s = store::open(options(d, false)).value();
    BOOST_TEST((s->payloads().read(ref).value() == content));
    BOOST_TEST(
        std::ranges::equal(s->payloads().read(ref, 70000, 100).value(), bytes_view(content).subspan(70000, 100)));
    flip(path, ref.offset + 102 + 65536 + 3); // within the first tag
    BOOST_TEST((s->payloads().read(ref, 0, 10).error().code == errc::payload_damaged));
    BOOST_TEST((checked_by_chunks(*s, ref).error().code == errc::payload_damaged));
    flip(path, ref.offset + 102 + 65536 + 3);
    flip(path, ref.offset + 4); // a version that its checksum does not stand for
    BOOST_TEST((s->payloads().read(ref).error().code == errc::payload_damaged));
}

BOOST_AUTO_TEST_CASE(an_encrypted_payload_is_not_on_disk_in_clear_and_needs_its_key) {
    vanthu::test::temporary_directory d;
    bytes content(100000, 'S');
    payload_ref ref;
    {
        auto s = store::open(options(d, true)).value();
        ref = keep(*s, content);
    }
    std::ifstream in(file_of(d / "store/segments"), std::ios::binary);
    std::string raw((std::istreambuf_iterator<char>(in)), {});
    BOOST_TEST(raw.find("SSSSSSSS") == raw.npos);
    auto o = options(d, true);
    o.payloads.seal_with = 1; // rotated: new records under another key, old ones still read
    {
        auto s = store::open(o).value();
        BOOST_TEST((s->payloads().read(ref).value() == content));
    }
    o.payloads.keys.erase(o.payloads.keys.begin() + 1);
    {
        auto s = store::open(o).value();
        BOOST_TEST((s->payloads().read(ref).error().code == errc::key_unknown));
    }
    o.payloads.keys.push_back({2, {7}}); // the right id with another secret
    auto s = store::open(o).value();
    BOOST_TEST((s->payloads().read(ref).error().code == errc::payload_damaged));
    o.payloads.seal_with = 3;
    s->close();
    s.reset();
    s = store::open(o).value();
    BOOST_TEST((s->payloads().begin("G22", 1).error().code == errc::key_unknown));
}

BOOST_AUTO_TEST_CASE(a_released_payload_gives_its_blocks_back_and_cannot_be_released_twice) {
    vanthu::test::temporary_directory d;
    auto s = store::open(options(d, false)).value();
    auto middle = keep(*s, content_of(800000)), large = keep(*s, content_of(2000000)), small = keep(*s, content_of(10));
    auto segment = file_of(d / "store/segments");
    auto blocks = [&] {
        struct stat st;
        BOOST_REQUIRE(::stat(segment.c_str(), &st) == 0);
        return st.st_blocks;
    };
    auto before = blocks();
    for (const auto& ref : {middle, large, small}) {
        BOOST_REQUIRE(s->commit_and_wait([&](transaction& t) { return t.release(ref); }));
        auto again = s->commit_and_wait([&](transaction& t) { return t.release(ref); });
        BOOST_TEST((again.error().code == errc::payload_missing));
        BOOST_TEST(!s->payloads().read(ref));
    }
    BOOST_TEST(blocks() <= before - 800000 / 512);
    BOOST_TEST(!std::filesystem::exists(d / "store/files" / to_hex(large.id).substr(0, 2) /
                                        to_hex(large.id).substr(2, 2) / to_hex(large.id)));
}

BOOST_AUTO_TEST_CASE(a_writer_that_is_dropped_leaves_nothing) {
    vanthu::test::temporary_directory d;
    auto s = store::open(options(d, false)).value();
    {
        auto writer = s->payloads().begin("G22", 5u << 20).value();
        BOOST_REQUIRE(writer->write(content_of(3000000)));
        BOOST_TEST(!std::filesystem::is_empty(d / "store/files/tmp"));
    }
    BOOST_TEST(std::filesystem::is_empty(d / "store/files/tmp"));
    BOOST_TEST((s->payloads().begin("", 0).error().code == errc::key_malformed));
}

// The caller's hash saves a pass over the bytes; it is no way to keep what does not read back.
BOOST_DATA_TEST_CASE(a_payload_stored_at_once_reads_back_and_a_wrong_hash_given_with_it_is_found,
                     boost::unit_test::data::make({false, true}), sealed) {
    vanthu::test::temporary_directory d;
    auto s = store::open(options(d, sealed)).value();
    for (std::size_t size : {0, 1, 65535, 65536, 65537, 184406, 1 << 20, (1 << 20) + 1}) {
        const bytes content = content_of(size);
        for (bool given : {false, true}) {
            auto stored =
                s->payloads().put("G22", content, given ? std::optional(sha256::of(content)) : std::nullopt).value();
            BOOST_REQUIRE(s->commit_and_wait([&](transaction& t) { return t.adopt(stored); }));
            BOOST_TEST((stored.ref.sha256 == sha256::of(content)));
            BOOST_TEST((s->payloads().read(stored.ref).value() == content), size << " bytes");
        }
    }
    auto wrong = s->payloads().put("G22", content_of(184406), sha256::of("something else")).value();
    BOOST_REQUIRE(s->commit_and_wait([&](transaction& t) { return t.adopt(wrong); }));
    BOOST_TEST((checked_by_chunks(*s, wrong.ref).value() == content_of(184406))); // its chunks are whole
    BOOST_TEST((s->payloads().read(wrong.ref).error().code == errc::payload_damaged));
}

BOOST_AUTO_TEST_CASE(a_large_payload_goes_to_the_disk_while_it_arrives) {
    ledger::test::machine m;
    auto s = store::open(m.options()).value();
    auto writer = s->payloads().begin("G22", 0).value();
    const bytes piece = content_of(100'000);
    constexpr std::uint64_t behind_at_most = (1u << 20) + 100'000 + 65536; // a step, a piece, a chunk that is not full
    for (std::uint64_t written = 0; written < (10u << 20);) {
        BOOST_REQUIRE(writer->write(piece));
        written += piece.size();
        BOOST_TEST(m.on.going_out() <= written + 65536);
        if (written > (2u << 20)) BOOST_TEST(m.on.going_out() + behind_at_most >= written);
    }
    auto stored = writer->finish().value();
    BOOST_TEST(s->payloads().verify(stored.ref).has_value());
}

BOOST_AUTO_TEST_CASE(only_what_surely_does_not_exist_counts_as_absent) {
    vanthu::test::temporary_directory d;
    std::ofstream(d / "file") << "x";
    std::filesystem::create_symlink("loop", d / "loop");
    auto& files = real_file_system();
    BOOST_TEST(files.exists(d / "file"));
    BOOST_TEST(!files.exists(d / "none"));
    BOOST_TEST(!files.exists(d / "file" / "below"));
    BOOST_TEST(files.exists(d / "loop" / "STORE")); // it could not be looked at
}

BOOST_AUTO_TEST_CASE(what_stays_in_memory_is_said_before_and_follows_the_configured_limit) {
    for (payload_sizes sizes : {payload_sizes{0, 1000}, {10, 1000}, {65536, 1u << 20}, {65536, 1000}}) {
        const std::uint64_t limit = std::min(sizes.inside_up_to, sizes.segment_up_to);
        ledger::test::machine m;
        auto o = m.options();
        o.payloads.sizes = sizes;
        auto s = store::open(o).value();
        for (std::uint64_t size : {limit, limit + 1}) {
            const bool stays = s->payloads().put("G22", content_of(size)).value().ref.kind == payload_kind::inside;
            BOOST_TEST(stays == (size <= limit));
            BOOST_TEST(s->payloads().stays_in_memory(size) == stays);
        }
    }
}

BOOST_AUTO_TEST_CASE(below_the_free_space_mark_new_payload_is_refused_and_the_store_goes_on) {
    ledger::test::machine m;
    auto o = m.options();
    o.payloads.minimum_free_bytes = 1000;
    auto s = store::open(o).value();
    auto kept = s->payloads().put("G22", content_of(300)).value();
    m.on.set_free_bytes(999);
    BOOST_TEST((s->payloads().begin("G22", 1).error().code == errc::no_space));
    BOOST_TEST((s->commit_and_wait([&](transaction& t) { return t.adopt(kept); }).error().code == errc::no_space));
    BOOST_TEST(s->commit_and_wait([](transaction& t) -> result<> { return t.put("k", "v"), result<>(); }).has_value());
    m.on.set_free_bytes(1000);
    BOOST_TEST(s->commit_and_wait([&](transaction& t) { return t.adopt(kept); }).has_value());
}

BOOST_AUTO_TEST_CASE(the_spool_keeps_its_quota_and_is_wiped_at_start) {
    vanthu::test::temporary_directory d;
    auto room = spool::open(d / "spool", 1000).value();
    auto a = room->create().value(), b = room->create().value();
    BOOST_REQUIRE(a->write(content_of(600)));
    BOOST_TEST((b->write(content_of(401)).error().code == errc::spool_full));
    BOOST_TEST(b->size() == 0u);
    BOOST_TEST(b->write(content_of(400)).has_value());
    a.reset();
    BOOST_TEST(room->used() == 400u);
    std::ofstream(d / "spool/left.spool") << "from a former run";
    std::ofstream(d / "spool/somebody's file") << "not ours";
    (void)spool::open(d / "spool", 1000).value();
    BOOST_TEST(!std::filesystem::exists(d / "spool/left.spool"));
    BOOST_TEST(std::filesystem::exists(d / "spool/somebody's file"));
}

BOOST_AUTO_TEST_CASE(a_spool_file_is_handed_out_read_only_and_a_secret_one_is_overwritten) {
    vanthu::test::temporary_directory d;
    auto room = spool::open(d / "spool", 1u << 20).value();
    auto f = room->create().value();
    BOOST_REQUIRE(f->write(as_bytes("MẬT: nội dung")));
    auto fd = f->read_only().value();
    BOOST_TEST((::fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDONLY);
    BOOST_TEST(::write(fd.get(), "x", 1) == -1);
    bytes read(100);
    BOOST_TEST(f->read(0, read).value() == f->size());
    auto size = f->size();
    BOOST_REQUIRE(f->overwrite_and_unlink());
    BOOST_TEST(::pread(fd.get(), read.data(), read.size(), 0) == ssize_t(size)); // the old descriptor sees zeros
    BOOST_TEST(std::ranges::all_of(read.begin(), read.begin() + std::ptrdiff_t(size), [](auto b) { return b == 0; }));
    BOOST_TEST(room->used() == 0u);
    BOOST_TEST(std::filesystem::is_empty(d / "spool"));
    BOOST_TEST((f->write(as_bytes("x")).error().code == errc::closed));
    BOOST_TEST((f->read_only().error().code == errc::closed));
}

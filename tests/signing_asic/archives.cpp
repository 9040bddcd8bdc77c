// Hostile and odd ZIP archives.
#include "tests/signing_asic/office.hpp"

#include <cstring>
#include <zlib.h>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;

namespace {

// A writer that does what it is told, also what is wrong.
struct raw_entry {
    std::string name, central_name;
    bytes stored; // as it stands in the archive
    std::uint32_t method = 0, flags = 0, crc = 0, size = 0, attributes = 0, made_by = 10;
    std::optional<std::uint32_t> central_size, central_packed, central_offset, central_flags;
    bytes extra, gap; // behind the data

    static raw_entry of(const std::string& name, bytes_view content) {
        raw_entry e;
        e.name = e.central_name = name;
        e.stored.assign(content.begin(), content.end());
        e.crc = static_cast<std::uint32_t>(crc32_z(0, content.data(), content.size()));
        e.size = static_cast<std::uint32_t>(content.size());
        return e;
    }
    static raw_entry deflated(const std::string& name, bytes_view content) {
        raw_entry e = of(name, content);
        z_stream z{};
        deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
        bytes out(deflateBound(&z, content.size()));
        z.next_in = const_cast<Bytef*>(content.data());
        z.avail_in = uInt(content.size());
        z.next_out = out.data();
        z.avail_out = uInt(out.size());
        deflate(&z, Z_FINISH);
        out.resize(z.total_out);
        deflateEnd(&z);
        e.stored = out;
        e.method = 8;
        return e;
    }
};

struct raw_archive {
    std::vector<raw_entry> entries;
    bytes before, between, after, comment;
    bool descriptors = false;

    bytes write() const {
        bytes out = before, directory;
        auto put = [](bytes& to, std::uint64_t v, int n) {
            for (int i = 0; i < n; ++i) to.push_back(std::uint8_t(v >> 8 * i));
        };
        auto text = [](bytes& to, const std::string& s) { to.insert(to.end(), s.begin(), s.end()); };
        auto add = [](bytes& to, const bytes& b) { to.insert(to.end(), b.begin(), b.end()); };
        for (const raw_entry& e : entries) {
            std::size_t offset = out.size();
            std::uint32_t flags = e.flags | (descriptors ? 8 : 0);
            put(out, 0x04034b50, 4), put(out, 20, 2), put(out, flags, 2), put(out, e.method, 2), put(out, 0, 4);
            put(out, descriptors ? 0 : e.crc, 4), put(out, descriptors ? 0 : e.stored.size(), 4);
            put(out, descriptors ? 0 : e.size, 4), put(out, e.name.size(), 2), put(out, e.extra.size(), 2);
            text(out, e.name), add(out, e.extra), add(out, e.stored);
            if (descriptors)
                put(out, 0x08074b50, 4), put(out, e.crc, 4), put(out, e.stored.size(), 4), put(out, e.size, 4);
            add(out, e.gap);
            put(directory, 0x02014b50, 4), put(directory, e.made_by, 2), put(directory, 20, 2);
            put(directory, e.central_flags.value_or(flags), 2), put(directory, e.method, 2), put(directory, 0, 4);
            put(directory, e.crc, 4), put(directory, e.central_packed.value_or(std::uint32_t(e.stored.size())), 4);
            put(directory, e.central_size.value_or(e.size), 4), put(directory, e.central_name.size(), 2);
            put(directory, 0, 8), put(directory, e.attributes, 4);
            put(directory, e.central_offset.value_or(std::uint32_t(offset)), 4), text(directory, e.central_name);
        }
        add(out, between);
        std::size_t at = out.size();
        add(out, directory);
        put(out, 0x06054b50, 4), put(out, 0, 4), put(out, entries.size(), 2), put(out, entries.size(), 2);
        put(out, directory.size(), 4), put(out, at, 4), put(out, comment.size(), 2), add(out, comment), add(out, after);
        return out;
    }
};

struct bench {
    office o;
    raw_archive archive;
    bench() {
        bytes c = o.extended();
        auto zip = asic::zip_archive::open(c).value();
        for (const auto& e : zip.entries())
            archive.entries.push_back(raw_entry::of(e.name, zip.content(e, 1 << 20).value()));
    }
    void expect_refused(const char* what, std::string_view code) {
        auto v = o.judge(archive.write());
        BOOST_TEST((v.report.verdict == verdict::indeterminate), what);
        BOOST_TEST(v.report.signatures.empty(), what);
        BOOST_REQUIRE_MESSAGE(v.report.findings.size() == 1, what);
        BOOST_TEST(v.report.findings[0].code == code, what);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(odd_but_clear_archives_are_read) {
    for (int variant = 0; variant < 4; ++variant) {
        bench b;
        if (variant == 1) b.archive.descriptors = true;
        if (variant == 2) b.archive.comment = to_bytes("mimetype=application/vnd.etsi.asic-e+zip");
        if (variant == 3)
            for (raw_entry& e : b.archive.entries) {
                bytes content = e.stored;
                if (e.name != "mimetype") e = raw_entry::deflated(e.name, content), e.extra = {1, 2, 0, 0};
            }
        auto v = b.o.judge(b.archive.write());
        BOOST_TEST((v.report.verdict == verdict::valid), variant << validation::to_json(v.report));
    }
}

BOOST_AUTO_TEST_CASE(an_archive_that_two_readers_could_read_differently_is_refused) {
    auto variant = [](const char* what, auto change, std::string_view code = "asic.irregular_archive") {
        bench b;
        change(b.archive);
        b.expect_refused(what, code);
    };
    variant("another name in the directory", [](auto& a) { a.entries[1].central_name = "khác.txt"; });
    variant("another size in the directory", [](auto& a) { a.entries[1].central_size = 5; });
    variant("another length in the directory",
            [](auto& a) { a.entries[1].central_packed = 5, a.entries[1].central_size = 5; });
    variant("another flag in the directory", [](auto& a) { a.entries[1].central_flags = 0x800; });
    variant("two entries at one place", [](auto& a) { a.entries[2].central_offset = 0; });
    variant("a gap between entries", [](auto& a) { a.entries[1].gap = {0}; });
    variant("an entry that the directory does not know", [](auto& a) {
        raw_archive hidden;
        hidden.entries = {raw_entry::of("ẩn.txt", to_bytes("x"))};
        bytes h = hidden.write();
        a.entries[1].gap.assign(h.begin(), h.begin() + 40);
    });
    variant("bytes before the directory", [](auto& a) { a.between = to_bytes("APK Sig Block"); });
    variant("bytes after the archive", [](auto& a) { a.after = to_bytes("x"); });
    variant("bytes before the archive", [](auto& a) { a.before = to_bytes("MZ"); }, "asic.not_asic");
    variant("an archive in the comment of another", [](auto& a) {
        raw_archive inner;
        inner.entries = {raw_entry::of("a", to_bytes("b"))};
        a.comment = inner.write();
    });
    variant("encrypted", [](auto& a) { a.entries[1].flags = 1; });
    variant("an unknown method", [](auto& a) { a.entries[1].method = 12; });
    variant("a symbolic link", [](auto& a) { a.entries[1].made_by = 0x0314, a.entries[1].attributes = 0xa1ff0000; });
    variant("ZIP64", [](auto& a) { a.entries[1].central_size = 0xffffffff; });
}

BOOST_AUTO_TEST_CASE(names_that_lead_out_or_stand_twice_are_refused) {
    for (const char* name : {"../x", "a/../b", "/x", "C:x", "a\\b", "a//b", "./a", "a\nb", "a\x7f", "\xff\xfe", "a/..",
                             "", "x\xe2\x80\xae txt.exe"}) {
        bench b;
        b.archive.entries.push_back(raw_entry::of(name, to_bytes("x")));
        b.expect_refused(name, "asic.name_unsafe");
        BOOST_TEST(!asic::safe_name(name));
    }
    for (const char* name : {"mimetype", "META-INF/signature001.p7s", "META-INF/SIGNATURE001.p7s", "MIMETYPE/"}) {
        bench b;
        b.archive.entries.push_back(raw_entry::of(name, {}));
        b.expect_refused(name, "asic.name_unsafe");
    }
    BOOST_TEST(asic::safe_name("phụ lục/danh sách.xml"));
    BOOST_TEST((asic::write_zip({{"a", {}}, {"A", {}}}).error().code == asic::errc::name_unsafe));
}

BOOST_AUTO_TEST_CASE(bombs_stop_at_the_limits) {
    bench ratio;
    ratio.archive.entries.push_back(raw_entry::deflated("bom", bytes(8u << 20)));
    ratio.expect_refused("a dense file", "budget");
    bench total;
    for (int i = 0; i < 3; ++i)
        total.archive.entries.push_back(raw_entry::of("tệp " + std::to_string(i), bytes(400'000)));
    asic::limits small;
    small.unpacked = 1u << 20;
    auto v = total.o.judge(total.archive.write(), now, small);
    BOOST_TEST((v.report.verdict == verdict::indeterminate));
    BOOST_TEST(signing::has_finding(v.report.findings, "budget"));
    bench many;
    small = {};
    small.entries = 4;
    BOOST_TEST(signing::has_finding(many.o.judge(many.archive.write(), now, small).report.findings, "budget"));
    small = {};
    small.signatures = 0;
    BOOST_TEST(signing::has_finding(many.o.judge(many.archive.write(), now, small).report.findings, "budget"));
    small = {};
    small.references = 1;
    BOOST_TEST(signing::has_finding(many.o.judge(many.archive.write(), now, small).report.findings, "budget"));
    // A file that says it is small and is not.
    bench liar;
    raw_entry e = raw_entry::deflated("bom", bytes(8u << 20));
    e.size = 10;
    liar.archive.entries.push_back(e);
    auto zip = asic::zip_archive::open(liar.archive.write());
    bytes written = liar.archive.write();
    zip = asic::zip_archive::open(written);
    BOOST_REQUIRE(zip.has_value());
    BOOST_TEST((zip->content(*zip->find("bom"), 1u << 20).error().code == asic::errc::damaged_entry));
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_not_read) {
    bench b;
    raw_entry& letter = b.archive.entries[1];
    letter.crc ^= 1;
    auto v = b.o.judge(b.archive.write());
    BOOST_TEST((v.report.verdict == verdict::indeterminate));
    BOOST_TEST(signing::has_finding(v.report.signatures.at(0).findings, "asic.damaged_entry"));
}

BOOST_AUTO_TEST_CASE(what_is_no_container_is_not_determined) {
    office o;
    raw_archive plain;
    plain.entries = {raw_entry::of("a.txt", to_bytes("x"))};
    raw_archive other = plain;
    other.entries.insert(other.entries.begin(), raw_entry::of("mimetype", to_bytes("application/epub+zip")));
    for (const bytes& wrong : {bytes{}, to_bytes("PK"), to_bytes("hello, this is no archive at all"), plain.write(),
                               other.write(), raw_archive{}.write()}) {
        auto v = o.judge(wrong);
        BOOST_TEST((v.report.verdict == verdict::indeterminate));
        BOOST_TEST(signing::has_finding(v.report.findings, "asic.not_asic"));
        BOOST_TEST(!asic::is_container(wrong));
    }
}

BOOST_AUTO_TEST_CASE(every_truncation_is_survived) {
    bench b;
    bytes whole = b.archive.write();
    for (std::size_t n = 0; n < whole.size(); n += 7)
        BOOST_TEST((b.o.judge(bytes_view(whole).first(n)).report.verdict == verdict::indeterminate), n);
}

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
    bytes extra, central_extra, gap; // gap: behind the data
    std::string comment;

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
            put(directory, e.central_extra.size(), 2), put(directory, e.comment.size(), 2), put(directory, 0, 4);
            put(directory, e.attributes, 4), put(directory, e.central_offset.value_or(std::uint32_t(offset)), 4);
            text(directory, e.central_name), add(directory, e.central_extra), text(directory, e.comment);
        }
        add(out, between);
        std::size_t at = out.size();
        add(out, directory);
        put(out, 0x06054b50, 4), put(out, 0, 4), put(out, entries.size(), 2), put(out, entries.size(), 2);
        put(out, directory.size(), 4), put(out, at, 4), put(out, comment.size(), 2), add(out, comment), add(out, after);
        return out;
    }
};

bytes sha256_of(const bytes& content) {
    digest d = sha256::of(content);
    return bytes(d.value.begin(), d.value.end());
}
bytes field(std::uint16_t id, std::string_view content) {
    bytes out{std::uint8_t(id), std::uint8_t(id >> 8), std::uint8_t(content.size()), std::uint8_t(content.size() >> 8)};
    out.insert(out.end(), content.begin(), content.end());
    return out;
}
bytes unicode_path(std::string_view header_name, std::string_view name) {
    auto crc = crc32_z(0, reinterpret_cast<const Bytef*>(header_name.data()), header_name.size());
    std::string content(1, '\1');
    for (int i = 0; i < 4; ++i) content += char(crc >> 8 * i);
    return field(0x7075, content + std::string(name));
}

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
    for (int variant = 0; variant < 7; ++variant) {
        bench b;
        if (variant == 1) b.archive.descriptors = true;
        if (variant == 2) b.archive.comment = to_bytes("mimetype=application/vnd.etsi.asic-e+zip");
        if (variant == 3)
            for (raw_entry& e : b.archive.entries) {
                bytes content = e.stored;
                if (e.name != "mimetype")
                    e = raw_entry::deflated(e.name, content), e.extra = field(0x5455, "\3abcdabcd");
            }
        if (variant == 4) { // as Info-ZIP and others write them
            raw_entry& e = b.archive.entries[1];
            e.extra = field(0x5455, "\3abcdabcd");
            e.central_extra = field(0x5455, "\3abcd");
            for (bytes* to : {&e.extra, &e.central_extra})
                for (const bytes& more :
                     {field(0x7875, "\1\4abcd\4abcd"), field(0x7855, {}), unicode_path(e.name, e.name),
                      field(0x000a, std::string(4, '\0') + std::string("\1\0\x18\0", 4) + std::string(24, 't')),
                      field(0x0001, std::string(16, '\0'))})
                    to->insert(to->end(), more.begin(), more.end());
        }
        if (variant == 5) {
            b.archive.comment = to_bytes("LIB DigiDoc4j/5.3.1 format: application/vnd.etsi.asic-e+zip Java: 17");
            b.archive.entries[1].comment = "LIB DigiDoc4j/5.3.1";
        }
        if (variant == 6) b.archive.entries.push_back(raw_entry::of("phụ lục/", {}));
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
    variant("another name in an extra field", [](auto& a) {
        raw_entry &one = a.entries[1], &other = a.entries[2];
        one.extra = one.central_extra = unicode_path(one.name, other.name);
        other.extra = other.central_extra = unicode_path(other.name, one.name);
    });
    variant("another name in an extra field of the directory alone",
            [](auto& a) { a.entries[1].central_extra = unicode_path(a.entries[1].name, "khác.txt"); });
    variant("an unknown extra field", [](auto& a) { a.entries[1].extra = field(0xcafe, "a whole document"); });
    variant("an unknown extra field in the directory",
            [](auto& a) { a.entries[1].central_extra = field(0xcafe, "x"); });
    variant("a known extra field with more in it",
            [](auto& a) { a.entries[1].extra = field(0x5455, "\3abcdefghijklmn"); });
    variant("an extra field twice", [](auto& a) {
        a.entries[1].extra = field(0x7855, "abcd");
        a.entries[1].extra.insert(a.entries[1].extra.end(), 4, 0);
        std::ranges::copy(field(0x7855, {}), a.entries[1].extra.end() - 4);
    });
    variant("a piece of an extra field", [](auto& a) { a.entries[1].extra = {1, 2}; });
    variant("sizes that an extra field denies",
            [](auto& a) { a.entries[1].extra = field(0x0001, "abcdefghabcdefgh"); });
    variant("a comment in the directory that is a document",
            [](auto& a) { a.entries[1].comment = "%PDF-1.7 1 0 obj << /Type /Catalog >> endobj"; });
    variant("a comment that ends a document", [](auto& a) { a.comment = to_bytes("\nstartxref\n77\n%%EOF\n"); });
    variant("a long comment", [](auto& a) { a.comment = bytes(256, 'a'); });
    variant("a comment about another type",
            [](auto& a) { a.comment = to_bytes("mimetype=application/vnd.etsi.asic-s+zip"); });
    variant("a whole PDF in the extra field of mimetype", [](auto& a) {
        a.entries[0].extra = field(0xcafe, "\n%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
        a.comment = to_bytes("\nstartxref\n11\n%%EOF\n");
    });
    variant("times in an extra field of mimetype", [](auto& a) { a.entries[0].extra = field(0x5455, "\1abcd"); });
    variant("times in an extra field of mimetype in the directory",
            [](auto& a) { a.entries[0].central_extra = field(0x5455, "\1abcd"); });
    variant("mimetype deflated", [](auto& a) { a.entries[0] = raw_entry::deflated("mimetype", a.entries[0].stored); });
    variant("mimetype not in front", [](auto& a) { std::swap(a.entries[0], a.entries[1]); });
    variant("a PDF as a name", [](auto& a) { a.entries.push_back(raw_entry::of("%PDF-1.7 1 0 obj/", {})); });
    variant("a PDF at the beginning of what is no document", [](auto& a) {
        a.entries.insert(a.entries.begin() + 1, raw_entry::of("META-INF/x.p7s", to_bytes("%PDF-1.7\n1 0 obj")));
    });
    variant("encrypted", [](auto& a) { a.entries[1].flags = 1; });
    variant("an unknown method", [](auto& a) { a.entries[1].method = 12; });
    variant("a symbolic link", [](auto& a) { a.entries[1].made_by = 0x0314, a.entries[1].attributes = 0xa1ff0000; });
    variant("ZIP64", [](auto& a) { a.entries[1].central_size = 0xffffffff; });
}

BOOST_AUTO_TEST_CASE(what_nobody_signed_is_named_wherever_it_stands) {
    constexpr std::string_view head = "<m:manifest xmlns:m=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"",
                               tail = "</m:manifest>";
    auto list = [&](std::string_view inside, std::string_view attributes = "") {
        return std::string(head) + std::string(attributes) + ">" + std::string(inside) + std::string(tail);
    };
    const std::string one = "<m:file-entry m:full-path=\"Công văn 321.txt\" m:media-type=\"text/plain\"/>",
                      root = "<m:file-entry m:full-path=\"/\" m:media-type=\"application/vnd.etsi.asic-e+zip\"/>\n";
    auto judged = [](const std::string& name, std::string_view content) {
        bench b;
        b.archive.entries.push_back(raw_entry::of(name, as_bytes(content)));
        auto v = b.o.judge(b.archive.write()).report;
        if (v.verdict == verdict::unsigned_) {
            auto named = std::ranges::find(v.findings, "asic.file_not_signed", &signing::finding::code);
            BOOST_TEST((named != v.findings.end() && named->text_en.find(name) != std::string::npos));
        }
        return v.verdict;
    };
    for (const std::string& good : {list(root + one, " m:version=\"1.2\""), list(one), list("")})
        BOOST_TEST((judged("META-INF/manifest.xml", good) == verdict::valid), good);
    for (const std::string& more :
         {list(root + "Chi cho Eve"), list("<!-- Chi cho Eve -->"), list("<?chi Eve?>"), list("<doc>Eve</doc>"),
          list(one + one), list("<m:file-entry m:full-path=\"Chi cho Eve.txt\" m:media-type=\"text/plain\"/>"),
          list("<m:file-entry m:full-path=\"/\" m:media-type=\"Chi cho Eve: 9 000 000 đồng\"/>"),
          list("<m:file-entry m:full-path=\"/\" m:media-type=\"text/plain\" Eve=\"9 000 000\"/>"),
          list("<m:file-entry m:full-path=\"/\" m:media-type=\"text/plain\">Eve</m:file-entry>"),
          list("", " m:version=\"Chi cho Eve\""), list("", " xmlns:e=\"chi-cho-Eve\""), std::string("<doc/>"),
          std::string("Chi cho Eve"), std::string()})
        BOOST_TEST((judged("META-INF/manifest.xml", more) == verdict::unsigned_), more);
    for (const char* name : {"META-INF/container.xml", "META-INF/metadata.xml", "META-INF/chi cho Eve.txt", "Chi Eve/"})
        BOOST_TEST((judged(name, "") == verdict::unsigned_), name);
}

BOOST_AUTO_TEST_CASE(entries_are_files_and_folders_under_every_system) {
    for (std::uint32_t system = 0; system <= 31; ++system) {
        auto judged = [&](std::uint32_t attributes) {
            bench b;
            b.archive.entries[1].made_by = system << 8 | 20, b.archive.entries[1].attributes = attributes;
            return b.o.judge(b.archive.write()).report;
        };
        for (std::uint32_t good : {0u, 0x20u, 0x1u, 0100644u << 16, 0100755u << 16, 0644u << 16})
            BOOST_TEST((judged(good).verdict == verdict::valid), system << " " << good);
        // Link, pipe, devices, socket, folder, programs with others' rights; DOS: label, folder, device, reparse point.
        for (std::uint32_t bad : {0120777u << 16, 010644u << 16, 020644u << 16, 060644u << 16, 0140644u << 16,
                                  040755u << 16, 0104755u << 16, 0102755u << 16, 0x08u, 0x10u, 0x40u, 0x400u}) {
            auto v = judged(bad);
            BOOST_TEST((v.verdict == verdict::indeterminate), system << " " << bad);
            BOOST_TEST(signing::has_finding(v.findings, "asic.irregular_archive"), system << " " << bad);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_file_of_signatures_holds_signatures_and_nothing_else) {
    office o;
    const bytes good = o.with_xades(asic::kind::extended);
    const std::string place = "META-INF/signatures001.xml";
    auto zip = asic::zip_archive::open(good).value();
    const std::string text(as_text(zip.content(*zip.find(place), 1 << 20).value()));
    auto judged = [&](const std::string& from, const std::string& to) {
        std::string other = text;
        for (std::size_t at = 0; (at = other.find(from, at)) != other.npos; at += to.size())
            other.replace(at, from.size(), to);
        return o.judge(repacked(good, {{place, to_bytes(other)}})).report;
    };
    const std::string root = "asic:XAdESSignatures", begin = "xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\">";
    BOOST_TEST((judged(root, root).verdict == verdict::valid));
    BOOST_TEST((judged(begin, begin + "\n ").verdict == verdict::valid));
    const std::pair<std::string, std::string> changes[] = {
        {begin, begin + "<VanBan>Chi 5 tỷ</VanBan>"},
        {begin, begin + "Chi 5 tỷ"},
        {begin, begin + "<!-- Chi 5 tỷ -->"},
        {begin, begin + "<?chi 5?>"},
        {begin, "note=\"chi\" " + begin},
        {root, "html"},
        {root, "asic:html"},
        {"?>", "?><?xml-stylesheet href=\"a\"?>"},
        {"?>", "?><!-- 1 0 obj<<>>endobj -->"},
        {"<xades:QualifyingProperties ", "<xades:QualifyingProperties xmlns:e=\"%PDF 1.4 1 0 obj<</Type/Catalog>>\" "}};
    for (const auto& [from, to] : changes) {
        auto v = judged(from, to);
        BOOST_TEST((v.verdict == verdict::indeterminate), to << validation::to_json(v));
        BOOST_TEST(signing::has_finding(v.findings, "asic.unsigned_content"), to);
        for (const auto& s : v.signatures) BOOST_TEST((s.verdict != verdict::valid), to);
    }
    // A list that says it belongs to it is not signed by it.
    asic::manifest claim{place, {{"Công văn 321.txt", "", x509::hash::sha256, sha256_of(o.letter)}}};
    auto v =
        o.judge(repacked(good, {{"META-INF/ASiCManifest009.xml", asic::write_manifest(claim, "text/xml")}})).report;
    BOOST_TEST((v.verdict == verdict::indeterminate));
    BOOST_TEST(signing::has_finding(v.findings, "asic.manifest_without_signature"));
}

BOOST_AUTO_TEST_CASE(the_name_of_a_single_file_is_said_to_be_unsigned) {
    office o;
    auto v = o.judge(o.simple()).report;
    BOOST_TEST((v.verdict == verdict::valid));
    BOOST_TEST(signing::has_finding(v.signatures.at(0).findings, "asic.name_not_signed"));
    v = o.judge(o.with_xades(asic::kind::simple)).report;
    BOOST_TEST(!signing::has_finding(v.signatures.at(0).findings, "asic.name_not_signed"));
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

#include "signing/asic/zip.hpp"

#include "daemon/base/utf8.hpp"
#include "signing/document_marks.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <zlib.h>

namespace vanthu::asic {
namespace {

constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22;
constexpr std::uint32_t local_mark = 0x04034b50, central_mark = 0x02014b50, end_mark = 0x06054b50,
                        descriptor_mark = 0x08074b50;
constexpr std::uint32_t flag_encrypted = 1, flag_descriptor = 8, flag_strong = 0x40, flag_utf8 = 0x800,
                        flag_masked = 0x2000;

std::uint32_t le16(bytes_view b, std::size_t at) { return b[at] | static_cast<std::uint32_t>(b[at + 1]) << 8; }
std::uint32_t le32(bytes_view b, std::size_t at) { return le16(b, at) | le16(b, at + 2) << 16; }

std::unexpected<failure> irregular(std::string_view what) { return failed(errc::irregular_archive, std::string(what)); }

std::string folded(std::string_view name) {
    std::string out(name);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

// What readers may ignore or not: only fields that say nothing about name or content, each in its own short form.
// Source: APPNOTE 4.5 and 4.6.9 (Unicode path); Info-ZIP's extrafld.txt (0x5455, 0x7855, 0x7875).
class extra_fields {
public:
    extra_fields(const zip_entry& e) : e_(e) {}
    bool plain(bytes_view all) {
        std::set<std::uint32_t> seen;
        while (!all.empty()) {
            if (all.size() < 4) return false;
            std::uint32_t id = le16(all, 0), size = le16(all, 2);
            if (all.size() - 4 < size || !seen.insert(id).second || !known(id, all.subspan(4, size))) return false;
            all = all.subspan(4 + size);
        }
        return true;
    }

private:
    bool known(std::uint32_t id, bytes_view field) const {
        switch (id) {
        case 0x0001: // ZIP64, where the plain values do too
            return repeats_sizes(field);
        case 0x000a: // NTFS: times
            return field.size() == 32 && le16(field, 4) == 1 && le16(field, 6) == 24;
        case 0x5455: // times
            return field.size() == 1 || field.size() == 5 || field.size() == 9 || field.size() == 13;
        case 0x7855: // owner, old
            return field.empty() || field.size() == 4;
        case 0x7875: // owner
            return owner(field);
        case 0x7075: // the name once more: readers that know the field take this one
            return field.size() > 5 && field[0] == 1 && as_text(field.subspan(5)) == e_.name;
        }
        return false;
    }
    bool repeats_sizes(bytes_view field) const {
        const std::uint64_t plain[] = {e_.size, e_.packed, e_.header};
        for (std::uint64_t value : plain) {
            if (field.size() < 8) break;
            std::uint64_t said = le32(field, 0) | std::uint64_t(le32(field, 4)) << 32;
            if (said != value && said != 0) return false; // 0: a data descriptor follows
            field = field.subspan(8);
        }
        return field.empty();
    }
    static bool owner(bytes_view field) {
        if (field.size() < 2 || field[0] != 1 || field[1] > 8) return false;
        std::size_t user = field[1], group_at = 2 + user;
        return field.size() > group_at && field[group_at] <= 8 && field.size() == group_at + 1 + field[group_at];
    }
    const zip_entry& e_;
};

// A line as signing tools leave their name in, with none of the signs that formats are made of.
bool plain_comment(bytes_view text) {
    constexpr std::string_view marks = " ./+-_:;,=()";
    return text.size() <= 255 && std::ranges::all_of(text, [&](std::uint8_t u) {
               char c = static_cast<char>(u);
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      marks.find(c) != marks.npos;
           });
}

// External attributes, whichever system the archive says it comes from: readers differ in which they believe. Above
// Unix's mode, below the attributes of DOS. Source: APPNOTE 4.4.15; Info-ZIP's unix.c.
bool plain_file(std::uint32_t attributes, bool folder) {
    constexpr std::uint32_t type_mask = 0xf000, regular_type = 0x8000, folder_type = 0x4000, set_id = 06000;
    constexpr std::uint32_t dos_label = 0x08, dos_folder = 0x10, dos_device = 0x40, reparse_point = 0x400;
    const std::uint32_t mode = attributes >> 16, type = mode & type_mask;
    if (type != 0 && type != (folder ? folder_type : regular_type)) return false;
    if (!folder && ((mode & set_id) || (attributes & dos_folder))) return false;
    return !(attributes & (dos_label | dos_device | reparse_point));
}

class opening {
public:
    opening(bytes_view archive, const limits& bounds) : archive_(archive), bounds_(bounds) {}

    std::string_view comment() const { return comment_; }
    result<std::vector<zip_entry>> run() {
        if (archive_.size() > bounds_.bytes) return failed(errc::over_budget, "size");
        if (archive_.size() < end_bytes || (le32(archive_, 0) != local_mark && le32(archive_, 0) != end_mark))
            return failed(errc::not_a_zip);
        VANTHU_TRY(std::size_t end, end_record());
        end_ = end;
        std::uint32_t count = le16(archive_, end + 10), size = le32(archive_, end + 12);
        directory_ = le32(archive_, end + 16);
        if (le16(archive_, end + 4) || le16(archive_, end + 6) || le16(archive_, end + 8) != count)
            return irregular("several disks");
        if (count == 0xffff || directory_ == 0xffffffff) return irregular("ZIP64");
        if (std::uint64_t(directory_) + size != end) return irregular("central directory");
        if (count > bounds_.entries) return failed(errc::over_budget, "entries");
        bytes_view comment = archive_.subspan(end + end_bytes);
        if (!plain_comment(comment)) return irregular("comment");
        comment_ = as_text(comment);
        VANTHU_CHECK(read_directory(count, end));
        VANTHU_CHECK(check_locals());
        VANTHU_CHECK(no_document_between());
        return std::move(entries_);
    }

private:
    // The end record ends the file, with its comment. A second place where one could stand makes two archives of it.
    result<std::size_t> end_record() {
        std::optional<std::size_t> found;
        std::size_t last = archive_.size() - end_bytes, first = last > 0xffff ? last - 0xffff : 0;
        for (std::size_t at = first; at <= last; ++at) {
            if (le32(archive_, at) != end_mark) continue;
            bool whole = at + end_bytes + le16(archive_, at + 20) == archive_.size();
            if (!whole && at + end_bytes + le16(archive_, at + 20) > archive_.size()) continue;
            // A stored file may contain the mark: only what also points to a central directory counts.
            std::uint64_t to = std::uint64_t(le32(archive_, at + 16)) + le32(archive_, at + 12);
            if (!whole && to != at) continue;
            if (found) return irregular("two end records");
            if (!whole) return irregular("bytes after the archive");
            found = at;
        }
        if (!found) return irregular("no end record");
        return *found;
    }

    result<> read_directory(std::uint32_t count, std::size_t end) {
        std::size_t at = directory_;
        std::set<std::string> names;
        std::uint64_t total = 0;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (at + central_bytes > end || le32(archive_, at) != central_mark) return irregular("central directory");
            bytes_view c = archive_.subspan(at);
            std::size_t name = le16(c, 28), extra = le16(c, 30), comment = le16(c, 32);
            if (at + central_bytes + name + extra + comment > end) return irregular("central directory");
            std::uint32_t flags = le16(c, 8), method = le16(c, 10);
            if (flags & (flag_encrypted | flag_strong | flag_masked)) return irregular("encrypted");
            if (method != 0 && method != 8) return irregular("compression method");
            if (le16(c, 34)) return irregular("several disks");
            zip_entry e;
            if (name > bounds_.name) return failed(errc::over_budget, "a name");
            e.name.assign(as_text(c.subspan(central_bytes, name)));
            e.directory = e.name.ends_with('/');
            e.deflated = method == 8;
            e.crc = le32(c, 16), e.packed = le32(c, 20), e.size = le32(c, 24), e.header = le32(c, 42);
            if (e.packed == 0xffffffff || e.size == 0xffffffff || e.header == 0xffffffff) return irregular("ZIP64");
            if (!e.deflated && e.packed != e.size) return irregular("sizes");
            if (e.directory && e.size) return irregular("a folder with content");
            if (!plain_file(le32(c, 38), e.directory)) return irregular("a link, a device or a program with rights");
            if (!safe_name(e.name)) return failed(errc::name_unsafe, shown(e.name));
            std::string_view bare = e.name;
            if (e.directory) bare.remove_suffix(1);
            if (!names.insert(folded(bare)).second) return failed(errc::name_unsafe, shown(e.name) + " twice");
            bytes_view behind = c.subspan(central_bytes + name, extra + comment);
            if (!extra_fields(e).plain(behind.first(extra))) return irregular("an extra field");
            if (!plain_comment(behind.subspan(extra))) return irregular("comment");
            e.plain_header = extra == 0;
            total += e.size;
            if (total > bounds_.unpacked || (e.size > bounds_.ratio_floor && e.size / bounds_.ratio > e.packed))
                return failed(errc::over_budget, "unpacked size");
            flags_.push_back(flags);
            order_.push_back(i);
            entries_.push_back(std::move(e));
            at += central_bytes + name + extra + comment;
        }
        return at == end ? result<>{} : irregular("central directory");
    }

    // Local headers say the same, and lie one behind the other without gaps from 0 to the central directory.
    result<> check_locals() {
        std::ranges::sort(order_, {}, [&](std::size_t i) { return entries_[i].header; });
        std::size_t expected = 0;
        std::vector<zip_entry> sorted;
        for (std::size_t i : order_) {
            zip_entry& e = entries_[i];
            if (e.header != expected || e.header + local_bytes > directory_ || le32(archive_, e.header) != local_mark)
                return irregular("gaps or overlaps");
            bytes_view l = archive_.subspan(e.header);
            std::size_t name = le16(l, 26), extra = le16(l, 28);
            if (e.header + local_bytes + name + extra > directory_) return irregular("local header");
            bool descriptor = le16(l, 6) & flag_descriptor;
            if (le16(l, 6) != flags_[i] || (le16(l, 8) == 8) != e.deflated || (le16(l, 8) != 0 && le16(l, 8) != 8) ||
                as_text(l.subspan(local_bytes, name)) != e.name)
                return irregular("headers differ");
            // With a descriptor the three values may wait for it; what stands here must not contradict.
            auto agrees = [&](std::size_t at, std::uint64_t value) {
                return le32(l, at) == value || (descriptor && le32(l, at) == 0);
            };
            if (!agrees(14, e.crc) || !agrees(18, e.packed) || !agrees(22, e.size)) return irregular("headers differ");
            if (!extra_fields(e).plain(l.subspan(local_bytes + name, extra))) return irregular("an extra field");
            e.plain_header = e.plain_header && extra == 0;
            e.data = e.header + local_bytes + name + extra;
            if (e.data + e.packed > directory_) return irregular("sizes");
            e.end = e.data + static_cast<std::size_t>(e.packed);
            if (descriptor) VANTHU_CHECK(read_descriptor(e));
            expected = e.end;
            sorted.push_back(std::move(e));
        }
        if (expected != directory_) return irregular("bytes that belong to no file");
        entries_ = std::move(sorted);
        return {};
    }
    result<> read_descriptor(zip_entry& e) {
        bytes_view d = archive_.subspan(e.end, directory_ - e.end);
        bool marked = d.size() >= 16 && le32(d, 0) == descriptor_mark && le32(d, 4) == e.crc;
        std::size_t at = marked ? 4 : 0;
        if (d.size() < at + 12 || le32(d, at) != e.crc || le32(d, at + 4) != e.packed || le32(d, at + 8) != e.size)
            return irregular("data descriptor");
        e.end += at + 12;
        return {};
    }
    // A reader of PDF looks for its mark wherever it stands: names may not bring it in.
    result<> no_document_between() const {
        auto marked = [&](std::size_t from, std::size_t to) {
            bytes_view part = archive_.subspan(from, to - from);
            return as_text(part).find("%PDF") != std::string_view::npos || signing::holds_document_marks(part);
        };
        for (const zip_entry& e : entries_)
            if (marked(e.header, e.data)) return irregular("a PDF between the files");
        return marked(directory_, end_) || marked(end_ + end_bytes, archive_.size())
                   ? irregular("a PDF between the files")
                   : result<>{};
    }
    static std::string shown(std::string_view name) {
        std::string out(name.substr(0, 80));
        for (char& c : out)
            if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '_';
        return out;
    }

    bytes_view archive_;
    const limits& bounds_;
    std::size_t directory_ = 0, end_ = 0;
    std::string_view comment_;
    std::vector<zip_entry> entries_;
    std::vector<std::uint32_t> flags_;
    std::vector<std::size_t> order_;
};

struct inflation {
    z_stream stream{};
    bool open = false;
    ~inflation() {
        if (open) inflateEnd(&stream);
    }
};

void put16(bytes& out, std::uint32_t v) {
    out.push_back(static_cast<std::uint8_t>(v));
    out.push_back(static_cast<std::uint8_t>(v >> 8));
}
void put32(bytes& out, std::uint64_t v) {
    put16(out, static_cast<std::uint32_t>(v & 0xffff));
    put16(out, static_cast<std::uint32_t>(v >> 16 & 0xffff));
}

} // namespace

bool safe_name(std::string_view name) {
    if (name.empty() || name[0] == '/' || (name.size() > 1 && name[1] == ':')) return false;
    for (std::size_t at = 0; at < name.size();) {
        code_point c = read_code_point(name, at);
        bool control = c.value < 0x20 || (c.value >= 0x7f && c.value < 0xa0);
        // Direction marks can make a name look like another one.
        bool turns = (c.value >= 0x202a && c.value <= 0x202e) || (c.value >= 0x2066 && c.value <= 0x2069);
        if (c.length == 0 || control || turns || c.value == '\\') return false;
        at += c.length;
    }
    for (std::size_t at = 0; at < name.size();) {
        std::size_t slash = std::min(name.find('/', at), name.size());
        std::string_view part = name.substr(at, slash - at);
        if (part.empty() || part == "." || part == "..") return false;
        at = slash + 1;
    }
    return true;
}

result<zip_archive> zip_archive::open(bytes_view archive, const limits& bounds) {
    zip_archive out;
    out.archive_ = archive;
    opening reading(archive, bounds);
    VANTHU_TRY(out.entries_, reading.run());
    out.comment_ = reading.comment();
    return out;
}

const zip_entry* zip_archive::find(std::string_view name) const {
    auto found = std::ranges::find(entries_, name, &zip_entry::name);
    return found == entries_.end() ? nullptr : &*found;
}

result<> zip_archive::read(const zip_entry& e, const byte_sink& sink) const {
    bytes_view packed = archive_.subspan(e.data, static_cast<std::size_t>(e.packed));
    std::uint32_t crc = 0;
    std::uint64_t size = 0;
    auto give = [&](bytes_view piece) -> result<> {
        size += piece.size();
        if (size > e.size) return failed(errc::damaged_entry, e.name);
        crc = static_cast<std::uint32_t>(crc32(crc, piece.data(), static_cast<uInt>(piece.size())));
        return sink(piece);
    };
    if (!e.deflated) {
        for (std::size_t at = 0; at < packed.size(); at += 1u << 20)
            VANTHU_CHECK(give(packed.subspan(at, std::min<std::size_t>(1u << 20, packed.size() - at))));
    } else {
        inflation z;
        z.open = inflateInit2(&z.stream, -MAX_WBITS) == Z_OK;
        z.stream.next_in = const_cast<Bytef*>(packed.data()); // zlib does not write to it
        z.stream.avail_in = static_cast<uInt>(packed.size());
        std::array<std::uint8_t, 32u << 10> out;
        for (int answer = Z_OK; answer != Z_STREAM_END;) {
            z.stream.next_out = out.data();
            z.stream.avail_out = out.size();
            answer = inflate(&z.stream, Z_NO_FLUSH);
            std::size_t made = out.size() - z.stream.avail_out;
            if (made) VANTHU_CHECK(give(bytes_view(out).first(made)));
            bool goes_on = answer == Z_STREAM_END || (answer == Z_OK && (made > 0 || z.stream.avail_in > 0));
            if (!goes_on) return failed(errc::damaged_entry, e.name);
        }
        if (z.stream.avail_in) return failed(errc::damaged_entry, e.name);
    }
    if (size != e.size || crc != e.crc) return failed(errc::damaged_entry, e.name);
    return {};
}

result<bytes> zip_archive::content(const zip_entry& e, std::size_t most) const {
    if (e.size > most) return failed(errc::over_budget, e.name);
    bytes all;
    all.reserve(static_cast<std::size_t>(e.size));
    VANTHU_CHECK(read(e, [&](bytes_view piece) -> result<> {
        all.insert(all.end(), piece.begin(), piece.end());
        return {};
    }));
    return all;
}

result<bytes> write_zip(const std::vector<zip_file>& files) {
    bytes out, directory;
    std::set<std::string> names;
    std::uint64_t total = 0;
    for (const zip_file& f : files) total += 2 * f.name.size() + f.content.size() + local_bytes + central_bytes;
    if (total >= 0xffffffff || files.size() >= 0xffff) return failed(errc::over_budget, "size");
    out.reserve(static_cast<std::size_t>(total) + end_bytes);
    for (const zip_file& f : files) {
        if (!safe_name(f.name) || f.name.ends_with('/') || f.name.size() > limits{}.name ||
            !names.insert(folded(f.name)).second)
            return failed(errc::name_unsafe, f.name);
        auto crc = static_cast<std::uint32_t>(crc32_z(0, f.content.data(), f.content.size()));
        bool ascii = std::ranges::all_of(f.name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
        std::size_t offset = out.size();
        auto common = [&](bytes& to) { // from "version needed" to the length of the extra field
            put16(to, 10);
            put16(to, ascii ? 0 : flag_utf8);
            put16(to, 0);          // stored
            put32(to, 0x00210000); // 1980-01-01 00:00
            put32(to, crc);
            put32(to, f.content.size());
            put32(to, f.content.size());
            put16(to, static_cast<std::uint32_t>(f.name.size()));
            put16(to, 0);
        };
        put32(out, local_mark);
        common(out);
        out.insert(out.end(), f.name.begin(), f.name.end());
        out.insert(out.end(), f.content.begin(), f.content.end());
        put32(directory, central_mark);
        put16(directory, 0x030a); // made by: Unix, or Info-ZIP's unzip would take names for code page 437
        common(directory);
        for (int i = 0; i < 3; ++i) put16(directory, 0); // comment, disk, internal attributes
        put32(directory, 0100644u << 16);                // an ordinary file, rw-r--r--
        put32(directory, offset);
        directory.insert(directory.end(), f.name.begin(), f.name.end());
    }
    std::size_t at = out.size();
    out.insert(out.end(), directory.begin(), directory.end());
    put32(out, end_mark);
    put32(out, 0);
    put16(out, static_cast<std::uint32_t>(files.size()));
    put16(out, static_cast<std::uint32_t>(files.size()));
    put32(out, directory.size());
    put32(out, at);
    put16(out, 0);
    return out;
}

} // namespace vanthu::asic

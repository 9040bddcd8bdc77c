// ZIP archives, read so strictly that every reader must see the same files, and written plainly.
//
// Accepted is only this: local entries one behind the other from the first octet, the central directory right behind
// them, the end record right behind that up to the last octet. Local and central headers say the same. Methods: stored
// and deflated. Extra fields: times, owners, and repetitions of what the header says (sizes, the name), each once and
// in its own few octets. Comments: one line of up to 255 ASCII letters, digits and " ./+-_:;,=()". Refused: encryption,
// several disks, ZIP64, links and whatever else is neither file nor folder (whichever system the archive says it comes
// from), octets that belong to nothing, other extra fields and comments, marks of a PDF or of another ZIP in anything
// but a file's content, names twice (also where only the case differs), names that are not UTF-8, absolute, with "..",
// backslashes or control characters.
// Source: PKWARE APPNOTE 6.3.10, 4.3.7 (local header), 4.3.9 (data descriptor), 4.3.12 (central
// directory), 4.3.16, 4.5.
#pragma once

#include "daemon/base/bytes.hpp"
#include "signing/asic/errors.hpp"

#include <functional>

namespace vanthu::asic {

struct limits {
    std::size_t bytes = 1u << 30; // of the archive
    std::size_t entries = 2048;
    std::size_t name = 1024;                // bytes
    std::uint64_t unpacked = 2ull << 30;    // all files together
    std::uint64_t ratio = 200;              // unpacked : packed, of one file
    std::uint64_t ratio_floor = 1u << 20;   // files up to this may be as dense as they like
    std::size_t signature_file = 64u << 20; // unpacked, of one file in META-INF
    std::size_t signatures = 32;            // signature and time stamp files
    std::size_t manifests = 64;
    std::size_t references = 4096; // of one manifest
};

struct zip_entry {
    std::string name;
    bool directory = false; // the name ends with '/'
    bool deflated = false;
    bool plain_header = false; // no extra field here or in the directory: what ASiC asks of "mimetype"
    std::uint64_t packed = 0, size = 0;
    std::uint32_t crc = 0;
    std::size_t header = 0, data = 0, end = 0; // offsets in the archive: of the local header, its data, the next entry
};

using byte_sink = std::function<result<>(bytes_view)>;

class zip_archive {
public:
    // Borrows the bytes. errc::not_a_zip, irregular_archive, over_budget, name_unsafe. The sizes that the headers claim
    // are checked here, what really unpacks when it is read.
    static result<zip_archive> open(bytes_view archive, const limits& bounds = {});
    const std::vector<zip_entry>& entries() const { return entries_; } // in the order of the archive
    std::string_view comment() const { return comment_; }              // of the archive
    const zip_entry* find(std::string_view name) const;
    // Unpacks in pieces. errc::damaged_entry (after some pieces have gone out, perhaps), or what the sink answers.
    result<> read(const zip_entry& entry, const byte_sink& sink) const;
    // The whole file; errc::over_budget above `most`.
    result<bytes> content(const zip_entry& entry, std::size_t most) const;
    bytes_view raw(const zip_entry& entry) const { return archive_.subspan(entry.header, entry.end - entry.header); }

private:
    bytes_view archive_;
    std::string_view comment_;
    std::vector<zip_entry> entries_;
};

// Is this a name that a reader accepts?
bool safe_name(std::string_view name);

struct zip_file {
    std::string name;
    bytes_view content;
};
// Stored, in this order, without times: the same files make the same archive. errc::name_unsafe, over_budget.
result<bytes> write_zip(const std::vector<zip_file>& files);

} // namespace vanthu::asic

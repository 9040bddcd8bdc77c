// The payload store: bytes beside the row database, in three sizes behind one reference.
//
//   begin() ─▶ write()* ─▶ finish() ─▶ stored_payload ─▶ transaction::adopt() in a committed change ─▶ read()
//                  │           └ never adopted: discard() it; a restart collects it otherwise
//                  └ destroyed before finish(): nothing stays
//
// Bytes belong to the store only when a change that adopted them is acknowledged; before that a power cut may lose
// them, which nobody was promised. Every record describes itself (magic, version, codec, encryption, lengths, hash,
// owner) and is checked in 64 KiB chunks, so that a range read is checked too: a flipped byte is errc::payload_damaged.
// All calls may come from any thread and block on the disk: call from a disk pool, not from a connection's thread.
#pragma once

#include "daemon/ledger/file_system.hpp"
#include "daemon/ledger/payload_ref.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace vanthu::ledger {

struct payload_key {
    std::uint32_t id = 0; // not 0; stands in every record sealed with it
    std::array<std::uint8_t, 32> secret{};
};

// The one pair of limits.
struct payload_sizes {
    std::uint64_t inside_up_to = 64u << 10;
    std::uint64_t segment_up_to = 1u << 20;
};

struct payload_options {
    payload_sizes sizes;
    std::uint64_t segment_length = 256u << 20; // a new segment begins above it
    std::vector<payload_key> keys;             // every key that may be needed for reading
    std::uint32_t seal_with = 0;               // id of the key for new records; 0: not encrypted
    std::uint64_t minimum_free_bytes = 0;      // below it new payload is refused with errc::no_space
};

class payload_writer {
public:
    virtual ~payload_writer() = default; // not finished: everything written is dropped
    virtual result<> write(bytes_view) = 0;
    // Writes what is left. A payload of its own file is on disk (synced, named) after this; a segment's is synced by
    // the commit that adopts it. After a failure the payload is dropped.
    virtual result<stored_payload> finish() = 0;
    virtual std::uint64_t length() const = 0; // plain bytes so far
};

class payload_reader {
public:
    virtual ~payload_reader() = default;
    // The next plain bytes, at most `into.size()`; 0 at the end. The last read of a whole payload verifies the hash.
    // What stood in `into` behind the bytes answered is lost; where there is room for a whole chunk with its tag
    // (64 KiB and 16), none is copied.
    virtual result<std::size_t> read(std::span<std::uint8_t> into) = 0;
    virtual std::uint64_t length() const = 0; // of the payload
};

class payload_store {
public:
    virtual ~payload_store() = default;
    // `size_hint`: expected plain length, 0 when unknown; only a hint.
    virtual result<std::unique_ptr<payload_writer>> begin(std::string_view owner, std::uint64_t size_hint) = 0;
    // A whole value at once. `sha256`: of exactly these bytes, where the caller has hashed them already; it is recorded
    // unchecked, and every whole read compares.
    virtual result<stored_payload> put(std::string_view owner, bytes_view content,
                                       const std::optional<digest>& sha256 = std::nullopt);
    // put() of so many bytes writes nothing: they go with the rows, when they are adopted. A thread that must not wait
    // for the disk may call it then.
    virtual bool stays_in_memory(std::uint64_t /*length*/) const { return false; }
    // For what was finished but will not be adopted. Best effort.
    virtual void discard(const payload_ref&) = 0;

    // Whole payload, hash verified. A caller bounds plain_length itself before it asks for the whole.
    result<bytes> read(const payload_ref&);
    // At most `length` bytes from `offset` (fewer at the end); errc::range_outside when offset is after the end.
    result<bytes> read(const payload_ref&, std::uint64_t offset, std::uint64_t length);
    // chunks: as in a range, without the hash over all, which costs more than the rest; for bytes that go to somebody
    // who compares them with their hash.
    enum class check { chunks, hash_too };
    // Streams from `offset` to the end; verifies the whole hash when offset is 0, unless only chunks are to be checked.
    virtual result<std::unique_ptr<payload_reader>> open_reader(const payload_ref&, std::uint64_t offset = 0,
                                                                check = check::hash_too) = 0;
    // Reads all of it and compares header, chunks and hash.
    result<> verify(const payload_ref&);
};

} // namespace vanthu::ledger

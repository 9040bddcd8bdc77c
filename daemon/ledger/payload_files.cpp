#include "daemon/ledger/payload_files.hpp"

#include "daemon/ledger/record_io.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vanthu::ledger {

payload_files::payload_files(surroundings around, payload_options options)
    : around_(std::move(around)), files_(around_.files), directory_(around_.directory), options_(std::move(options)),
      segments_(files_, directory_ / "segments", options_.segment_length) {}

result<> payload_files::create_directories(file_system& files, const std::filesystem::path& directory) {
    for (const char* name : {"segments", "files", "files/tmp"}) VANTHU_CHECK(files.create_directory(directory / name));
    VANTHU_CHECK(files.fsync_directory(directory / "files"));
    return files.fsync_directory(directory);
}

std::filesystem::path payload_files::place_of_file(const payload_id& id) {
    std::string name = to_hex(id);
    return std::filesystem::path("files") / name.substr(0, 2) / name.substr(2, 2) / name;
}

const payload_key* payload_files::key(std::uint32_t id) const {
    auto found = std::ranges::find(options_.keys, id, &payload_key::id);
    return found == options_.keys.end() ? nullptr : &*found;
}

fail payload_files::report(failure f) const {
    if (f.code == errc::write_failed) around_.write_failed(f);
    return fail(std::move(f));
}

record_header payload_files::new_header(std::string_view owner) const {
    record_header header;
    header.algorithm = options_.seal_with != 0 ? 1 : 0;
    header.key_id = options_.seal_with;
    std::ranges::copy(random_bytes(header.id.size()), header.id.begin());
    header.committed_group = durable_group_.load();
    header.owner = owner;
    return header;
}

result<> payload_files::check_space() {
    if (options_.minimum_free_bytes == 0) return {};
    VANTHU_TRY(auto available, files_.free_bytes(directory_));
    if (available < options_.minimum_free_bytes)
        return failed(errc::no_space,
                      fmt::format("{} bytes free, the mark is {}", available, options_.minimum_free_bytes));
    return {};
}

static payload_ref reference_to(const record_header& header, payload_kind kind) {
    return {.kind = kind,
            .id = header.id,
            .plain_length = header.plain_length,
            .stored_length = header.stored_length(),
            .sha256 = header.sha256,
            .owner = header.owner};
}

constexpr std::uint64_t page = 4096, going_out_at_once = 1u << 20;

// Collects a payload in memory up to the segment limit; beyond it the chunks stream into a file of its own.
class record_writer final : public payload_writer {
public:
    record_writer(payload_files& store, std::string_view owner)
        : store_(store), header_(store.new_header(owner)), codec_(header_, store.key(header_.key_id)) {}
    ~record_writer() override { drop_file(); }

    result<> write(bytes_view content) override {
        if (finished_) return failed(errc::closed, "payload was finished or dropped");
        hash_.update(content);
        header_.plain_length += content.size();
        pending_.insert(pending_.end(), content.begin(), content.end());
        if (!file_ && header_.plain_length > store_.options_.sizes.segment_up_to)
            if (auto begun = begin_file(); !begun) return drop(begun.error());
        if (file_)
            if (auto written = write_chunks(false); !written) return drop(written.error());
        return {};
    }

    result<> begin_file() {
        temporary_ = store_.temporary_directory() / (to_hex(header_.id) + ".part");
        VANTHU_TRY(file_, store_.files_.open(temporary_, open_mode::create_new));
        file_end_ = header_.length(); // the header comes last, when length and hash are known
        return {};
    }

    result<stored_payload> finish() override {
        if (finished_) return failed(errc::closed, "payload was finished or dropped");
        header_.sha256 = hash_.finish();
        header_.committed_group = store_.durable_group_.load();
        auto stored = file_ ? finish_file() : finish_small();
        if (!stored) return fail(drop(stored.error()));
        finished_ = true;
        temporary_.clear();
        return stored;
    }
    std::uint64_t length() const override { return header_.plain_length; }

private:
    // Seals whole chunks from pending_ into `out`; the last chunk only when the payload has ended.
    void seal_pending(bool ended, std::string& out) {
        std::size_t done = 0;
        while (pending_.size() - done > chunk_length || (ended && !sealed_last_)) {
            std::size_t length = std::min<std::size_t>(chunk_length, pending_.size() - done);
            sealed_last_ = ended && done + length == pending_.size();
            codec_.seal(index_++, sealed_last_, bytes_view(pending_).subspan(done, length), out);
            done += length;
        }
        pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(done));
    }

    result<> write_chunks(bool ended) {
        std::string sealed;
        seal_pending(ended, sealed);
        VANTHU_CHECK(file_->pwrite(file_end_, as_bytes(sealed)));
        file_end_ += sealed.size();
        // A steady stream, instead of gigabytes at the end that every other sync would wait behind.
        if (const std::uint64_t length = file_end_ - going_out_; length >= going_out_at_once) {
            file_->begin_writing_out(going_out_, length / page * page);
            going_out_ += length / page * page;
        }
        return {};
    }

    result<stored_payload> finish_small() {
        std::string record = header_.encode();
        seal_pending(true, record);
        return store_.place_small(header_, std::move(record));
    }

    result<stored_payload> finish_file() {
        VANTHU_CHECK(write_chunks(true));
        VANTHU_CHECK(file_->pwrite(0, as_bytes(header_.encode())));
        VANTHU_CHECK(file_->fdatasync());
        VANTHU_CHECK(store_.publish(temporary_, header_.id));
        return stored_payload{reference_to(header_, payload_kind::file), {}};
    }

    fail drop(const failure& why) {
        finished_ = true;
        drop_file();
        return store_.report(why);
    }
    void drop_file() {
        file_.reset();
        if (!temporary_.empty()) (void)store_.files_.unlink(temporary_); // what stays is wiped at the next start
        temporary_.clear();
    }

    payload_files& store_;
    record_header header_;
    chunk_codec codec_;
    sha256 hash_;
    bytes pending_;
    std::unique_ptr<file> file_;
    std::filesystem::path temporary_;
    std::uint64_t file_end_ = 0, going_out_ = 0;
    std::uint32_t index_ = 0;
    bool sealed_last_ = false, finished_ = false;
};

result<> payload_files::check_new(std::string_view owner) {
    if (owner.empty() || owner.size() > owner_at_most || owner.contains('\0'))
        return failed(errc::key_malformed, "owner of a payload");
    if (options_.seal_with != 0 && !key(options_.seal_with))
        return failed(errc::key_unknown, fmt::format("key {}", options_.seal_with));
    return check_space();
}

result<std::unique_ptr<payload_writer>> payload_files::begin(std::string_view owner, std::uint64_t size_hint) {
    VANTHU_CHECK(check_new(owner));
    auto writer = std::make_unique<record_writer>(*this, owner);
    if (size_hint > options_.sizes.segment_up_to)
        if (auto begun = writer->begin_file(); !begun) return report(begun.error());
    return writer;
}

// Sealed straight from the caller's bytes into the record: what every document of ordinary size goes through.
result<stored_payload> payload_files::put(std::string_view owner, bytes_view content,
                                          const std::optional<digest>& sha256) {
    if (content.size() > options_.sizes.segment_up_to) return payload_store::put(owner, content, sha256);
    VANTHU_CHECK(check_new(owner));
    record_header header = new_header(owner);
    header.plain_length = content.size();
    header.sha256 = sha256 ? *sha256 : vanthu::sha256::of(content);
    std::string record;
    record.reserve(header.stored_length());
    record.append(header.encode());
    const chunk_codec codec(header, key(header.key_id));
    for (std::uint64_t index = 0; index < header.chunks(); ++index)
        codec.seal(static_cast<std::uint32_t>(index), index + 1 == header.chunks(),
                   content.subspan(index * chunk_length,
                                   std::min<std::size_t>(chunk_length, content.size() - index * chunk_length)),
                   record);
    auto stored = place_small(header, std::move(record));
    if (!stored) return report(stored.error());
    return stored;
}

result<stored_payload> payload_files::place_small(const record_header& header, std::string record) {
    if (stays_in_memory(header.plain_length))
        return stored_payload{reference_to(header, payload_kind::inside), std::move(record)};
    VANTHU_TRY(auto at, segments_.append(record));
    stored_payload stored{reference_to(header, payload_kind::segment), {}};
    stored.ref.segment = at.segment;
    stored.ref.offset = at.offset;
    return stored;
}

// The file is synced; its name follows: directory made and synced where new, renamed, directory synced.
result<> payload_files::publish(const std::filesystem::path& temporary, const payload_id& id) {
    auto target = file_path(id), leaf = target.parent_path(), middle = leaf.parent_path();
    {
        std::lock_guard lock(mutex_);
        if (!known_directories_.contains(leaf)) {
            VANTHU_CHECK(files_.create_directory(middle));
            VANTHU_CHECK(files_.create_directory(leaf));
            VANTHU_CHECK(files_.fsync_directory(middle.parent_path()));
            VANTHU_CHECK(files_.fsync_directory(middle));
            known_directories_.insert(leaf);
        }
    }
    VANTHU_CHECK(files_.rename(temporary, target));
    return files_.fsync_directory(leaf);
}

void payload_files::discard(const payload_ref& ref) {
    result<> done;
    if (ref.kind == payload_kind::segment) done = segments_.punch(ref.segment, ref.offset, ref.stored_length);
    if (ref.kind == payload_kind::file) done = files_.unlink(file_path(ref.id));
    if (!done) (void)report(done.error());
}

result<std::unique_ptr<payload_reader>> payload_files::open_reader(const payload_ref& ref, std::uint64_t offset,
                                                                   check what) {
    if (offset > ref.plain_length)
        return failed(errc::range_outside, fmt::format("{} of {}", offset, ref.plain_length));
    record_source source;
    if (ref.kind == payload_kind::inside) {
        VANTHU_TRY(auto record, around_.inside_record(ref));
        if (!record) return failed(errc::payload_missing, to_hex(ref.id));
        source.record = std::move(*record);
    } else if (ref.kind == payload_kind::segment) {
        VANTHU_TRY(source.from, segments_.open(ref.segment));
        source.begin = ref.offset;
    } else {
        VANTHU_TRY(source.from, files_.open(file_path(ref.id), open_mode::read));
    }
    return open_record(std::move(source), ref, [this](std::uint32_t id) { return key(id); }, offset,
                       what == check::hash_too);
}

} // namespace vanthu::ledger

// Bytes that wait for a decision: in memory while they are few, in the spool above that.
#pragma once

#include "daemon/ledger/spool.hpp"

#include <algorithm>
#include <openssl/crypto.h>

namespace vanthu::intake {

class spooled {
public:
    spooled(ledger::spool& spool, std::uint64_t memory) : spool_(&spool), memory_limit_(memory) {}

    // How much is likely to come: only a hint, so that few bytes are moved while it grows.
    void expect(std::uint64_t size) { memory_.reserve(static_cast<std::size_t>(std::min(size, memory_limit_))); }
    result<> write(bytes_view piece) {
        if (!file_ && memory_.size() + piece.size() <= memory_limit_) {
            memory_.insert(memory_.end(), piece.begin(), piece.end());
            return {};
        }
        if (!file_) {
            VANTHU_TRY(file_, spool_->create());
            VANTHU_CHECK(file_->write(memory_));
            bytes().swap(memory_);
        }
        return file_->write(piece);
    }
    // A file that holds the bytes already, instead of what is here.
    void take_over(std::unique_ptr<ledger::spool_file> file) {
        bytes().swap(memory_);
        file_ = std::move(file);
    }
    std::uint64_t size() const { return file_ ? file_->size() : memory_.size(); }
    bool in_memory() const { return !file_; }
    bytes_view memory() const { return memory_; }
    const ledger::spool_file* file() const { return file_.get(); }

    // Fewer bytes only at the end.
    result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const {
        if (file_) return file_->read(offset, into);
        if (offset >= memory_.size()) return std::size_t{0};
        std::size_t n = std::min<std::size_t>(into.size(), memory_.size() - offset);
        std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(offset), n, into.begin());
        return n;
    }
    // For secrets: nothing of it stays.
    void wipe() {
        OPENSSL_cleanse(memory_.data(), memory_.size());
        memory_.clear();
        if (file_) (void)file_->overwrite_and_unlink();
        file_.reset();
    }

private:
    ledger::spool* spool_;
    std::uint64_t memory_limit_;
    bytes memory_;
    std::unique_ptr<ledger::spool_file> file_;
};

} // namespace vanthu::intake

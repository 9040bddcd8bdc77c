#include "daemon/ledger/store.hpp"

#include "daemon/ledger/backup.hpp"
#include "daemon/ledger/group_writer.hpp"
#include "daemon/ledger/opening.hpp"

#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

namespace vanthu::ledger {
namespace {
using family = rows_database::family;

// Committed rows, at the latest group or at one snapshot.
class committed_rows final : public view {
public:
    explicit committed_rows(const rows_database& rows, const rocksdb::Snapshot* at = nullptr) : rows_(rows), at_(at) {}
    ~committed_rows() override {
        if (at_) rows_.db().ReleaseSnapshot(at_);
    }
    result<std::optional<std::string>> get(std::string_view key) const override {
        rocksdb::ReadOptions options;
        options.snapshot = at_;
        std::string value;
        auto status = rows_.db().Get(options, rows_[family::rows], slice(key), &value);
        if (status.IsNotFound()) return std::nullopt;
        if (!status.ok()) return read_failure(status);
        return value;
    }
    result<> scan(std::string_view prefix, std::string_view from, const row_visitor& visit,
                  direction way) const override {
        prefix_bounds bounds(prefix);
        bounds.options.snapshot = at_;
        database_rows rows(
            std::unique_ptr<rocksdb::Iterator>(rows_.db().NewIterator(bounds.options, rows_[family::rows])));
        return walk(rows, prefix, from, visit, way);
    }

private:
    const rows_database& rows_;
    const rocksdb::Snapshot* at_;
};

struct queued {
    change run;
    completion done;
    result<> answer;
};

// Decided on the committer thread, then made durable by the writer.
struct group {
    group_transaction transaction;
    std::vector<queued> changes;
    std::size_t accepted = 0;
};

class open_store final : public store {
public:
    explicit open_store(opened_parts parts)
        : parts_(std::move(parts)), committed_(*parts_.rows), last_group_(parts_.report.last_group) {
        parts_.failures->listen([this](const failure& f) { end(f); });
        thread_ = std::thread([this] { run(); });
    }
    ~open_store() override { close(); }

    void register_observer(group_observer& observer) override { observer_ = &observer; }

    void commit(change run, completion done) override {
        {
            std::lock_guard lock(mutex_);
            if (!closing_) {
                queue_.push_back({std::move(run), std::move(done), {}});
                wake_.notify_one();
                return;
            }
        }
        done(failed(errc::closed));
    }

    const view& committed() const override { return committed_; }
    std::unique_ptr<view> snapshot() const override {
        return std::make_unique<committed_rows>(*parts_.rows, parts_.rows->db().GetSnapshot());
    }
    payload_store& payloads() override { return *parts_.payloads; }
    const recovery_report& recovery() const override { return parts_.report; }
    std::string_view instance_id() const override { return parts_.identity.instance; }
    timestamp created_at() const override { return parts_.identity.created; }

    result<> scrub(const std::function<void(const payload_ref&, const result<>&)>& visit) override {
        return each_payload(*parts_.rows, "",
                            [&](const payload_ref& ref) { visit(ref, parts_.payloads->verify(ref)); });
    }

    result<backup_progress> back_up(const std::filesystem::path& target,
                                    std::function<void(const backup_progress&)> tell) override {
        {
            std::lock_guard lock(mutex_);
            if (closing_ || stop_backup_) return failed(errc::closed);
            if (ended_) return failed(errc::stopped, ended_->detail);
            if (backing_up_) return failed(errc::backup_running);
            backing_up_ = true;
        }
        hold_releases();
        auto done = copy_to(target, std::move(tell));
        release_held();
        std::lock_guard lock(mutex_);
        backing_up_ = false;
        backup_ended_.notify_all();
        return done;
    }
    void stop_backup() override { stop_backup_ = true; }

    void close() override {
        stop_backup();
        {
            std::unique_lock lock(mutex_);
            closing_ = true;
            wake_.notify_one();
            backup_ended_.wait(lock, [&] { return !backing_up_; });
        }
        if (!thread_.joinable()) return;
        thread_.join();
        parts_.failures->listen(nullptr);
        // After a failed write nothing is certain: the next start recovers as after a power cut.
        if (ended_ || !parts_.rows->flush()) return;
        if (parts_.mark->write({last_group_, true})) (void)parts_.mark->sync();
    }

private:
    // One group is written while the next is decided over it. Callers are answered in between, so that none waits for
    // longer than one change takes.
    void run() {
        for (;;) {
            if (writer_.has_answer()) {
                conclude(writer_.take_answer());
            } else if (deciding_ && !writing_ && (rest_ == 0 || is_full() || ended_failure())) {
                hand_over();
            } else {
                auto next = take();
                if (next.ended) tell_end(*next.ended); // before anybody is refused for it
                if (next.arrived) decide(*next.arrived, next.ended);
                if (next.finished && !deciding_) return;
            }
        }
    }

    struct taken {
        std::optional<queued> arrived;
        std::optional<failure> ended;
        bool finished = false; // nothing more will come
    };
    // Waits until there is something to do.
    taken take() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] {
            return (!queue_.empty() && !is_full()) || writer_.has_answer() || (ended_ && !told_) || (closing_ && !writing_);
        });
        taken out{.ended = ended_};
        if (!queue_.empty() && !is_full()) {
            out.arrived = std::move(queue_.front());
            queue_.pop_front();
            // A group takes what is there when it begins or, where one is being written then, when that one has ended.
            if (!writing_) rest_ = deciding_ ? rest_ - std::min<std::size_t>(rest_, 1) : queue_.size();
        }
        out.finished = closing_ && queue_.empty() && !writing_;
        return out;
    }
    bool is_full() const { return deciding_ && deciding_->changes.size() >= parts_.group_at_most; }
    std::optional<failure> ended_failure() {
        std::lock_guard lock(mutex_);
        return ended_;
    }

    void decide(queued& q, const std::optional<failure>& ended) {
        if (ended) return q.done(failed(errc::stopped, ended->detail));
        if (!deciding_) {
            const std::uint64_t number = last_group_ + (writing_ ? 2 : 1);
            const group_transaction* earlier = writing_ ? &writing_->transaction : nullptr;
            deciding_.reset(new group{.transaction = group_transaction(*parts_.rows, *parts_.payloads, counters_, number,
                                                                       parts_.clock->now(), earlier)});
        }
        deciding_->accepted += run_change(deciding_->transaction, q);
        deciding_->changes.push_back(std::move(q));
    }

    void hand_over() {
        if (auto ended = ended_failure())
            return abandon(*std::exchange(deciding_, nullptr), failed(errc::stopped, ended->detail));
        if (deciding_->accepted == 0) return answer(*std::exchange(deciding_, nullptr));
        if (observer_)
            if (auto sealed = observer_->seal(deciding_->transaction); !sealed)
                return abandon(*std::exchange(deciding_, nullptr), sealed);
        deciding_->transaction.complete();
        writing_ = std::move(deciding_);
        writer_.begin(writing_->transaction);
    }

    void conclude(result<> written) {
        auto done = std::exchange(writing_, nullptr);
        {
            std::lock_guard lock(mutex_);
            rest_ = queue_.size();
        }
        if (!written) {
            if (written.error().code != errc::no_space) end(written.error());
            // What was decided over it meanwhile has never been.
            abandon(*done, written);
            if (auto next = std::exchange(deciding_, nullptr)) abandon(*next, written);
            return;
        }
        if (deciding_) deciding_->transaction.earlier_is_durable();
        last_group_ = done->transaction.group();
        counters_.remember(done->transaction.counters());
        parts_.payloads->durable_group(last_group_);
        // The group stands whether or not its mark can be written; a disk that refuses the mark ends the store after
        // it.
        if (auto marked = parts_.mark->write({last_group_, false}); !marked && marked.error().code != errc::no_space)
            end(marked.error());
        if (observer_) observer_->durable();
        for (auto& f : done->transaction.after()) f();
        answer(*done);
        done->changes.clear(); // what the changes and completions hold goes before the payloads do
        let_go(done->transaction.released());
    }

    void answer(group& g) {
        for (auto& q : g.changes) q.done(std::move(q.answer));
    }
    // Nothing of it was written.
    void abandon(group& g, const result<>& why) {
        if (observer_) observer_->group_abandoned();
        for (auto& q : g.changes) q.answer = why;
        answer(g);
    }

    // Under the lock to the end: when hold_releases() returns, what still goes belongs to groups that are in the rows.
    void let_go(const std::vector<payload_ref>& released) {
        std::lock_guard lock(releases_);
        if (holding_)
            held_.insert(held_.end(), released.begin(), released.end());
        else
            for (const auto& ref : released) parts_.payloads->discard(ref);
    }
    void hold_releases() {
        std::lock_guard lock(releases_);
        holding_ = true;
    }
    void release_held() {
        std::vector<payload_ref> late;
        {
            std::lock_guard lock(releases_);
            holding_ = false;
            late.swap(held_);
        }
        for (const auto& ref : late) parts_.payloads->discard(ref);
    }

    result<backup_progress> copy_to(const std::filesystem::path& target,
                                    std::function<void(const backup_progress&)> tell) {
        VANTHU_TRY(const std::uint64_t at_least, parts_.rows->last_group());
        return write_backup({.files = *parts_.files,
                             .rows = *parts_.rows,
                             .payloads = *parts_.payloads,
                             .rows_env = parts_.rows_env,
                             .identity = parts_.identity,
                             .directory = parts_.directory,
                             .at_least = at_least,
                             .minimum_free = parts_.minimum_free,
                             .now = parts_.clock->now(),
                             .stop = stop_backup_,
                             .tell = std::move(tell)},
                            target);
    }

    bool run_change(group_transaction& transaction, queued& q) {
        transaction.change_begins();
        if (observer_) observer_->change_begins();
        q.answer = q.run(transaction);
        if (q.answer) return true;
        transaction.change_undone();
        if (observer_) observer_->change_undone();
        return false;
    }

    void end(const failure& f) {
        std::lock_guard lock(mutex_);
        if (!ended_) ended_ = f;
        wake_.notify_one();
    }

    void tell_end(const failure& f) {
        if (std::exchange(told_, true)) return;
        if (parts_.on_fatal) parts_.on_fatal(f);
    }

    opened_parts parts_;
    committed_rows committed_;
    group_observer* observer_ = nullptr;
    std::uint64_t last_group_; // committer thread
    // The committer thread's own:
    bool told_ = false;
    counter_memory counters_;
    std::unique_ptr<group> deciding_, writing_;
    std::size_t rest_ = 0; // still to be decided before the group is handed over
    std::atomic<bool> stop_backup_{false};
    std::mutex releases_; // guards the two below
    bool holding_ = false;
    std::vector<payload_ref> held_;
    std::mutex mutex_; // guards all below
    std::condition_variable wake_, backup_ended_;
    bool backing_up_ = false;
    std::deque<queued> queue_;
    bool closing_ = false;
    std::optional<failure> ended_;
    group_writer writer_{[this] {
        std::lock_guard lock(mutex_);
        wake_.notify_one();
    }};
    std::thread thread_;
};

} // namespace

result<std::unique_ptr<store>> store::open(store_options options) {
    VANTHU_TRY(auto parts, open_parts(std::move(options)));
    return std::unique_ptr<store>(std::make_unique<open_store>(std::move(parts)));
}

result<> store::commit_and_wait(change run) {
    std::promise<result<>> answer;
    auto waiting = answer.get_future();
    commit(std::move(run), [&](result<> r) { answer.set_value(std::move(r)); });
    return waiting.get();
}

} // namespace vanthu::ledger

#include "tests/ledger/scenario.hpp"

#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"

#include <deque>
#include <fmt/format.h>
#include <future>
#include <set>
#include <thread>

namespace vanthu::ledger::test {
namespace {
constexpr std::string_view owner = "000.00.00.G22";
constexpr unsigned group_sizes[] = {1, 4, 3, 5, 2};

std::string document_key(unsigned n) { return row_key(owner, 'D').u32(n).take(); }
std::string twin_key(unsigned n) { return row_key(owner, 'T').u32(n).take(); }

change accept(const stored_payload& payload, memory::document& d, unsigned n) {
    return [&payload, &d, n](transaction& t) -> result<> {
        VANTHU_CHECK(t.adopt(payload));
        VANTHU_TRY(d.sequence, t.next_sequence(row_key(owner, '#')));
        d.group = t.group();
        t.put(document_key(n), row_writer('D', 1).u64(d.sequence).text(payload.ref.encode()).take());
        t.put(twin_key(n), row_writer('T', 1).u64(d.sequence).take());
        return {};
    };
}

result<std::pair<std::uint64_t, payload_ref>> read_document(std::string_view value) {
    VANTHU_TRY(auto row, row_reader::open(value, 'D', 1));
    VANTHU_TRY(auto sequence, row.u64());
    VANTHU_TRY(auto encoded, row.text());
    VANTHU_TRY(auto ref, payload_ref::decode(encoded));
    return std::pair(sequence, ref);
}

change release(unsigned n) {
    return [n](transaction& t) -> result<> {
        VANTHU_TRY(auto value, t.get(document_key(n)));
        if (!value) return failed(errc::payload_missing);
        VANTHU_TRY(auto found, read_document(*value));
        VANTHU_CHECK(t.release(found.second));
        t.erase(document_key(n));
        t.erase(twin_key(n));
        return {};
    };
}

memory::told outcome(const result<>& r) {
    if (r) return memory::told::yes;
    // write_failed promises nothing either way; every other refusal promises that nothing was stored.
    return r.error().code == errc::write_failed ? memory::told::nothing : memory::told::refused;
}

// Changes that are submitted, and what their callers are told.
class submitted {
public:
    submitted(store& s, memory& told) : store_(s), told_(told) {}

    // A gate holds the committer until open().
    void close_gate() {
        store_.commit(
            [gate = open_.get_future().share()](transaction&) -> result<> {
                gate.wait();
                return failed(errc::row_malformed); // a change that fails takes no part in the group
            },
            [](result<>) {});
    }
    void open() { open_.set_value(); }

    void accept_all(unsigned first, unsigned count) {
        for (unsigned n = first; n < first + count; ++n) {
            auto& d = told_.documents[n];
            auto put = store_.payloads().put(owner, content_of(n));
            if (!put) {
                d.accepted = memory::told::refused;
                continue;
            }
            payloads_.push_back(std::move(*put));
            submit(accept(payloads_.back(), d, n), &d.accepted);
        }
    }
    void release_one(unsigned n) {
        told_.documents[n].release_asked = true;
        submit(release(n), &told_.documents[n].released);
    }
    void submit(change c, memory::told* place, std::function<void()> answered = [] {}) {
        auto answer = std::make_shared<std::promise<result<>>>();
        answers_.emplace_back(answer->get_future(), place);
        store_.commit(std::move(c), [answer, answered](result<> r) {
            answered();
            answer->set_value(std::move(r));
        });
    }
    ~submitted() {
        for (auto& [answer, place] : answers_) {
            auto told = outcome(answer.get());
            if (place) *place = told;
        }
    }

private:
    store& store_;
    memory& told_;
    std::promise<void> open_;
    std::deque<stored_payload> payloads_; // changes refer to them
    std::vector<std::pair<std::future<result<>>, memory::told*>> answers_;
};

// Accepts of [first, first+count) and releases of `gone`, all in one group.
void one_group(machine& m, memory& told, unsigned first, unsigned count, const std::vector<unsigned>& gone) {
    submitted changes(*m.running, told);
    changes.close_gate();
    changes.accept_all(first, count);
    for (unsigned n : gone)
        if (told.documents[n].accepted == memory::told::yes) changes.release_one(n);
    changes.open();
}

// Two groups, the second decided while the first is being written: it releases what the first accepts, and accepts too.
void two_groups_at_once(machine& m, memory& told, unsigned first, unsigned count) {
    std::promise<void> begun; // or answered without, by a store that has ended
    std::atomic<bool> signalled{false};
    auto signal = [&] {
        if (!signalled.exchange(true)) begun.set_value();
    };
    submitted changes(*m.running, told);
    changes.close_gate();
    changes.submit([&](transaction&) -> result<> { return signal(), failed(errc::row_malformed); }, nullptr, signal);
    changes.accept_all(first, count);
    changes.open();
    begun.get_future().wait(); // what comes now is behind the first group
    const std::uint64_t before = m.on.operations();
    changes.submit(
        [&m, before](transaction&) -> result<> { // the writer is at work when this is decided, or was
            for (int i = 0; i < 100 && m.on.operations() == before && !m.on.refused(); ++i)
                std::this_thread::sleep_for(std::chrono::microseconds(50));
            return {};
        },
        nullptr);
    for (unsigned n = first; n < first + count; n += 2) changes.release_one(n);
    changes.accept_all(first + count, count);
}
} // namespace

store_options machine::options() {
    store_options o;
    o.directory = directory;
    o.payloads.sizes = {600, 5000};
    o.payloads.segment_length = 20000;
    o.payloads.keys = {{7, {1, 2, 3}}};
    o.payloads.seal_with = 7;
    o.block_cache_bytes = 1u << 20;
    o.on_fatal = [this](const failure& f) { fatal = f; };
    o.files = files.get();
    o.rows_env = rows.get();
    return o;
}

result<> machine::start() {
    fatal.reset();
    VANTHU_TRY(running, store::open(options()));
    return {};
}

bytes content_of(unsigned document) {
    static constexpr std::size_t sizes[] = {40, 3000, 9000, 599, 4999, 70000, 0};
    bytes content(sizes[document % 7]);
    std::mt19937 fill(document);
    for (auto& b : content) b = static_cast<std::uint8_t>(fill());
    return content;
}

void run_scenario(machine& m, memory& told) {
    unsigned first = told.documents.empty() ? 0 : told.documents.rbegin()->first + 1;
    std::vector<unsigned> gone;
    for (unsigned count : group_sizes) {
        one_group(m, told, first, count, gone);
        gone.clear();
        for (unsigned n = first; n < first + count; n += 2) gone.push_back(n); // every other one goes in the next group
        first += count;
    }
    two_groups_at_once(m, told, first, 4);
}

result<> accept_one(store& s, memory& told, unsigned n) {
    auto& d = told.documents[n];
    VANTHU_TRY(auto payload, s.payloads().put(owner, content_of(n)));
    auto answer = s.commit_and_wait(accept(payload, d, n));
    d.accepted = outcome(answer);
    return answer;
}

std::string broken_promise(machine& m, const memory& told, bool swept) {
    store& s = *m.running;
    std::string broken;
    std::map<unsigned, std::uint64_t> present;
    std::set<std::uint64_t> sequences;
    std::size_t own_files = 0;
    auto prefix = row_key(owner, 'D').take();
    auto scanned = s.committed().scan(prefix, {}, [&](std::string_view key, std::string_view value) {
        auto reader = row_key_reader::open(key);
        unsigned n = reader->u32().value();
        auto row = read_document(value);
        if (!row) return broken = "unreadable row", false;
        auto content = s.payloads().read(row->second);
        if (!content) return broken = fmt::format("payload of {}: {}", n, content.error().detail), false;
        if (*content != content_of(n)) return broken = fmt::format("other payload for {}", n), false;
        if (!sequences.insert(row->first).second) return broken = fmt::format("sequence {} twice", row->first), false;
        auto twin = s.committed().get(twin_key(n));
        if (!twin || !*twin) return broken = fmt::format("half of {}", n), false;
        own_files += row->second.kind == payload_kind::file;
        present[n] = row->first;
        return true;
    });
    if (!scanned) return scanned.error().detail;
    if (!broken.empty()) return broken;
    std::size_t twins = 0;
    (void)s.committed().scan(row_key(owner, 'T').take(), {}, [&](auto, auto) { return ++twins, true; });
    if (twins != present.size()) return "a half change";

    std::map<std::uint64_t, std::set<bool>> groups; // of unanswered groups: all there or none
    std::set<std::uint64_t> acknowledged;
    for (const auto& [n, d] : told.documents) {
        bool there = present.contains(n);
        if (there && present[n] != d.sequence) return fmt::format("{} has another sequence", n);
        if (there && d.accepted == memory::told::refused) return fmt::format("{} was refused and is there", n);
        if (there && d.released == memory::told::yes) return fmt::format("{} was released and is there", n);
        if (!there && d.accepted == memory::told::yes && (!d.release_asked || d.released == memory::told::refused))
            return fmt::format("{} was acknowledged and is gone", n);
        if (d.accepted == memory::told::yes && !acknowledged.insert(d.sequence).second)
            return fmt::format("sequence {} acknowledged twice", d.sequence);
        if (d.accepted == memory::told::nothing && d.group != 0) groups[d.group].insert(there);
    }
    for (const auto& [group, states] : groups)
        if (states.size() > 1) return fmt::format("half of group {}", group);
    for (const auto& [n, sequence] : present)
        if (!told.documents.contains(n)) return fmt::format("{} was never offered", n);
    auto names = m.on.files_below(m.directory + "/files");
    if (swept && names.size() > own_files && s.recovery().closed_cleanly == false)
        return fmt::format("{} files for {} payloads", names.size(), own_files);
    return {};
}

} // namespace vanthu::ledger::test

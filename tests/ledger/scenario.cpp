#include "tests/ledger/scenario.hpp"

#include "daemon/ledger/keys.hpp"
#include "daemon/ledger/rows.hpp"

#include <fmt/format.h>
#include <future>
#include <set>

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

// Accepts of [first, first+count) and releases of `gone`, all in one group: a gate holds the committer until all are
// queued.
void one_group(machine& m, memory& told, unsigned first, unsigned count, const std::vector<unsigned>& gone) {
    store& s = *m.running;
    std::vector<stored_payload> payloads(count);
    std::vector<bool> stored(count);
    for (unsigned i = 0; i < count; ++i) {
        auto& d = told.documents[first + i];
        auto put = s.payloads().put(owner, content_of(first + i));
        stored[i] = put.has_value();
        if (put)
            payloads[i] = std::move(*put);
        else
            d.accepted = memory::told::refused;
    }
    std::promise<void> open;
    s.commit(
        [gate = open.get_future().share()](transaction&) -> result<> {
            gate.wait();
            return failed(errc::row_malformed); // a change that fails takes no part in the group
        },
        [](result<>) {});
    std::vector<std::future<result<>>> answers;
    std::vector<memory::told*> places;
    auto submit = [&](change c, memory::told& place) {
        auto answer = std::make_shared<std::promise<result<>>>();
        answers.push_back(answer->get_future());
        places.push_back(&place);
        s.commit(std::move(c), [answer](result<> r) { answer->set_value(std::move(r)); });
    };
    for (unsigned i = 0; i < count; ++i)
        if (stored[i])
            submit(accept(payloads[i], told.documents[first + i], first + i), told.documents[first + i].accepted);
    for (unsigned n : gone) {
        if (told.documents[n].accepted != memory::told::yes) continue;
        told.documents[n].release_asked = true;
        submit(release(n), told.documents[n].released);
    }
    open.set_value();
    for (std::size_t i = 0; i < answers.size(); ++i) *places[i] = outcome(answers[i].get());
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
}

result<> accept_one(store& s, memory& told, unsigned n) {
    auto& d = told.documents[n];
    VANTHU_TRY(auto payload, s.payloads().put(owner, content_of(n)));
    auto answer = s.commit_and_wait(accept(payload, d, n));
    d.accepted = outcome(answer);
    return answer;
}

std::string broken_promise(machine& m, const memory& told) {
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
    if (names.size() > own_files && s.recovery().closed_cleanly == false)
        return fmt::format("{} files for {} payloads", names.size(), own_files);
    return {};
}

} // namespace vanthu::ledger::test

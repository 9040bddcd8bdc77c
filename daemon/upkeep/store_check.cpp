#include "daemon/upkeep/store_check.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "daemon/ledger/receipt_log_rows.hpp"
#include "daemon/records/records.hpp"
#include "daemon/upkeep/bytes_at_rest.hpp"
#include "schemas/receipt/receipt.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::upkeep {
namespace {

namespace fs = std::filesystem;

class checker {
public:
    checker(store_to_check asked, store_check& out) : asked_(std::move(asked)), out_(out) {}

    result<> run() {
        const fs::path directory = asked_.store.directory;
        before_ = look(directory);
        asked_.store.create = false;
        VANTHU_TRY(store_, ledger::store::open(std::move(asked_.store)));
        const auto& report = store_->recovery();
        out_.counts["groups"] = report.last_group;
        out_.counts["closed_cleanly"] = report.closed_cleanly;
        out_.counts["torn_tail_dropped"] = report.torn_tail_dropped;
        out_.counts["reclaimed_bytes"] = report.payload_bytes_reclaimed;
        out_.counts["reclaimed_files"] = report.files_removed;
        // After an unclean stop the open has swept: what stays is what counts then.
        if (!report.closed_cleanly) before_ = look(directory);

        VANTHU_CHECK(store_->scrub([&](const ledger::payload_ref& ref, const result<>& good) {
            if (!good) problem(problem_kind::lost, "payload {}: {}", to_hex(ref.id), good.error().detail);
            payloads_.emplace(to_hex(ref.id), ref);
        }));
        out_.counts["payloads"] = payloads_.size();
        VANTHU_CHECK(documents());
        orphans();
        note_sizes_given();
        VANTHU_CHECK(log());
        given();
        return {};
    }

private:
    template <class... A> void problem(problem_kind kind, fmt::format_string<A...> text, A&&... a) {
        ++out_.found;
        if (++out_.found_of[kind] <= 100) out_.problems.push_back({kind, fmt::format(text, std::forward<A>(a)...)});
    }
    const ledger::view& rows() const { return store_->committed(); }

    result<> documents() {
        records::reader read(rows());
        VANTHU_TRY(auto waiting, read.waiting_work(asked_.home));
        for (const auto& w : waiting) work_.insert({w.owner, w.document, w.node});
        VANTHU_TRY(auto owners, read.owners());
        for (const std::string& owner : owners) {
            for (std::string before;;) {
                VANTHU_TRY(auto page, read.documents(owner, before, 500));
                for (const auto& d : page) VANTHU_CHECK(document(read, owner, d));
                if (page.empty()) break;
                before = page.back().id;
            }
            VANTHU_CHECK(inbox(read, owner));
        }
        for (const auto& [owner, document, node] : work_)
            problem(problem_kind::stuck, "a lane holds {} to {} of {}, which is not there", document, node, owner);
        return {};
    }

    result<> document(const records::reader& read, const std::string& owner, const records::document_row& d) {
        ++out_.counts[d.kind == records::document_kind::status ? "statuses" : "documents"];
        if (!d.payload.empty()) {
            VANTHU_TRY(auto ref, ledger::payload_ref::decode(d.payload));
            auto found = payloads_.find(to_hex(ref.id));
            if (found == payloads_.end() || found->second != ref)
                problem(problem_kind::lost, "{} has no committed payload", d.id);
            else
                used_.insert(found->first);
        } else {
            problem(problem_kind::lost, "{} names no payload", d.id);
        }
        documents_of_leaf_[{d.log_origin, d.leaf}] = {d.id, d.packet_sha256};
        contents_.insert(d.content_sha256);

        std::set<std::string> carried; // recipients that a transfer is for
        VANTHU_TRY(auto transfers, read.transfers(owner, d.id));
        for (const auto& t : transfers) {
            ++out_.counts["transfers"];
            carried.insert(t.recipients.begin(), t.recipients.end());
            const bool in_lane = work_.erase({owner, d.id, t.node}) > 0;
            const bool ends = records::is_final(t.state_now) || t.state_now == records::state::parked;
            if (!ends && !in_lane) problem(problem_kind::stuck, "{} to {} waits in no lane", d.id, t.node);
            if (!ends) ++out_.counts["transfers_waiting"];
            if (t.state_now == records::state::delivered) {
                VANTHU_TRY(auto receipt, read.hop_receipt(asked_.home, owner, d.id, t.node));
                if (!receipt || sha256::of(as_bytes(*receipt)) != t.receipt_sha256)
                    problem(problem_kind::lost, "the receipt of {} for {}", t.node, d.id);
            }
        }
        VANTHU_TRY(auto consignments, read.consignments(owner, d.id));
        for (const auto& c : consignments) {
            ++out_.counts["consignments"];
            ++out_.counts["consignments_" + std::string(boost::describe::enum_to_string(c.state_now, "unknown"))];
            if (records::is_final(c.state_now) || c.state_now == records::state::parked) continue;
            if (c.hop != "local" && !carried.contains(c.recipient_code))
                problem(problem_kind::stuck, "{} for {} has no transfer", d.id, c.recipient_code);
        }
        return {};
    }

    // A recall or an update: told apart by the sender's time, as they may have no content of their own.
    static bool asks(const records::business_identity& i) { return i.business_type == 1 || i.business_type == 2; }
    // As the gate decides it (daemon/intake/identity_decision.cpp).
    static bool may_come_again(const records::business_identity& i, const records::consignment_row& c) {
        return c.state_now == records::state::refused || c.state_now == records::state::expired ||
               c.state_now == records::state::recalled || c.answer == "16" ||
               (asks(i) && (c.last_status == "15" || c.last_status == "16"));
    }

    result<> inbox(const records::reader& read, const std::string& organisation) {
        std::set<std::string> ids;
        struct newest {
            std::string inbox_id;
            std::int64_t sent_at;
            bool answered; // the same may be asked, or sent, once more
        };
        std::map<std::string, newest> identities;
        for (std::uint64_t after = 0;;) {
            VANTHU_TRY(auto page, read.inbox(organisation, after, 500));
            if (page.empty()) return {};
            for (const auto& e : page) {
                ++out_.counts["inbox_entries"];
                if (e.sequence != after + 1)
                    problem(problem_kind::lost, "inbox of {} from {}", organisation, after + 1);
                after = e.sequence;
                if (!ids.insert(e.id).second) problem(problem_kind::twice, "inbox id {}", e.id);
                VANTHU_TRY(auto d, read.document_alone(e.owner, e.document));
                if (!d) {
                    problem(problem_kind::lost, "inbox entry {} without its document", e.id);
                    continue;
                }
                if (d->kind != records::document_kind::document) continue;
                const auto& i = d->identity;
                const std::string identity =
                    fmt::format("{}|{}|{}|{}|{}|{}|{}", i.issuer, i.business_type, i.document_id, i.number, i.notation,
                                i.date, d->content_sha256.hex());
                auto [before, fresh] = identities.try_emplace(identity, e.id, d->sent_at, false);
                if (!fresh && !before->second.answered && !(asks(i) && before->second.sent_at != d->sent_at))
                    problem(problem_kind::twice, "{} at {} as {} and {}", identity, organisation,
                            before->second.inbox_id, e.id);
                VANTHU_TRY(auto c, read.consignment(e.owner, e.document, e.recipient_code));
                before->second = {e.id, d->sent_at, c && may_come_again(i, *c)};
            }
        }
    }

    void orphans() {
        std::map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> taken; // segment -> begin -> end
        for (const auto& [id, ref] : payloads_) {
            if (!used_.contains(id)) problem(problem_kind::orphan, "payload {} of {}", id, ref.owner);
            if (ref.kind == ledger::payload_kind::file) before_.files.erase(id);
            if (ref.kind == ledger::payload_kind::segment)
                taken[ref.segment][ref.offset] = ref.offset + ref.stored_length;
        }
        for (const std::string& name : before_.files) problem(problem_kind::orphan, "file {}", name);
        if (before_.unfinished) problem(problem_kind::orphan, "{} unfinished files", before_.unfinished);
        for (const stretch& s : before_.data) {
            std::uint64_t at = s.begin;
            auto gap = [&](std::uint64_t end) {
                at = (at + record_border - 1) / record_border * record_border;
                if (at < end) problem(problem_kind::orphan, "segment {} from {} to {}", s.segment, at, end);
            };
            for (const auto& [begin, end] : taken[s.segment]) {
                if (end <= at) continue;
                if (begin >= s.end) break;
                if (begin > at) gap(begin);
                at = std::max(at, end);
            }
            if (at < s.end) gap(s.end);
        }
    }

    // Every leaf is there and every head that stands in the rows is the root of the leaves before it.
    result<> log() {
        VANTHU_TRY(auto state, ledger::log_rows::read_state(rows(), asked_.organisation));
        if (!state) return {};
        VANTHU_TRY(auto origins, ledger::log_rows::read_origins(rows(), asked_.organisation));
        origins[state->origin] = state->edge.size();
        for (const auto& [origin, leaves] : origins) {
            tlog::frontier tree;
            VANTHU_CHECK(one_log(origin, leaves, tree));
            if (origin == state->origin && state->edge.root() != tree.root())
                problem(problem_kind::lost, "the log's edge has another root");
            out_.counts["leaves"] += logs_[origin].leaves.size();
        }
        return {};
    }

    result<> one_log(const std::string& origin, std::uint64_t leaves, tlog::frontier& tree) {
        log_seen& seen = logs_[origin];
        std::optional<ledger::log_rows::head_row> next;
        for (std::uint64_t index = 0; index < leaves; ++index) {
            VANTHU_TRY(auto leaf, ledger::log_rows::read_leaf(rows(), asked_.organisation, origin, index));
            if (!leaf) {
                problem(problem_kind::lost, "leaf {} of {}", index, origin);
                return {};
            }
            if (!leaf->content.empty() && tlog::leaf_hash(as_bytes(leaf->content)) != leaf->hash)
                problem(problem_kind::lost, "leaf {} does not read as its hash", index);
            tree.append(leaf->hash);
            seen.leaves.push_back(leaf->hash);
            if (!next || next->size < index + 1) {
                VANTHU_TRY(next, ledger::log_rows::head_of_leaf(rows(), asked_.organisation, origin, index));
            }
            if (!next) problem(problem_kind::lost, "the head over leaf {}", index);
            if (next && next->size == index + 1) {
                ++out_.counts["heads"];
                if (next->root != tree.root())
                    problem(problem_kind::lost, "the head of size {} has another root", next->size);
            }
            if (sizes_given_.contains({origin, index + 1})) seen.roots[index + 1] = tree.root();
        }
        return {};
    }

    // The roots that given() asks for: a root costs as much as many leaves.
    void note_sizes_given() {
        if (asked_.receipts.empty()) return;
        for (const auto& at : fs::directory_iterator(asked_.receipts)) {
            if (at.path().extension() != ".json") continue;
            auto text = read_text_file(at.path(), receipt::max_receipt_size);
            if (!text) continue; // given() tells
            auto r = receipt::decode(*text);
            auto note = r ? tlog::decode_note(r->head) : result<tlog::signed_note>(fail(r.error()));
            auto head = note ? tlog::parse_checkpoint(note->text) : result<tlog::checkpoint>(fail(note.error()));
            if (head) sizes_given_.insert({r->log_origin, head->size});
        }
    }

    // What callers hold in their hands.
    void given() {
        if (asked_.receipts.empty()) return;
        for (const auto& at : fs::directory_iterator(asked_.receipts)) {
            if (at.path().extension() != ".json") continue;
            const std::string name = at.path().filename().string();
            auto text = read_text_file(at.path(), receipt::max_receipt_size);
            auto r = text ? receipt::decode(*text) : result<receipt::receipt_v1>(std::unexpected(text.error()));
            if (!r) {
                problem(problem_kind::lost, "receipt {}: {}", name, r.error().detail);
                continue;
            }
            ++out_.counts["receipts_given"];
            log_seen& log = logs_[r->log_origin];
            if (r->sequence >= log.leaves.size()) {
                problem(problem_kind::lost, "receipt {} is leaf {} of {}", name, r->sequence, r->log_origin);
                continue;
            }
            if (asked_.trust)
                if (auto good = receipt::verify(*r, *asked_.trust); !good)
                    problem(problem_kind::lost, "receipt {} does not verify: {}", name, good.error().detail);
            if (tlog::leaf_hash(as_bytes(r->leaf)) != log.leaves[r->sequence])
                problem(problem_kind::lost, "receipt {}: another leaf stands in its place", name);
            auto note = tlog::decode_note(r->head);
            auto head =
                note ? tlog::parse_checkpoint(note->text) : result<tlog::checkpoint>(std::unexpected(note.error()));
            if (!head || !log.roots.contains(head->size) || log.roots[head->size] != head->root)
                problem(problem_kind::lost, "the head of receipt {} is no beginning of the log", name);
            auto document = documents_of_leaf_.find({r->log_origin, r->sequence});
            if (document == documents_of_leaf_.end()) {
                // The same document in another envelope has a leaf of its own and no document of its own.
                auto leaf = receipt::decode_leaf(r->leaf);
                const auto* custody = leaf ? std::get_if<receipt::custody_leaf>(&*leaf) : nullptr;
                if (!custody || !contents_.contains(custody->content_sha256))
                    problem(problem_kind::lost, "the document of receipt {}", name);
            } else if (r->leaf.find(document->second.second.hex()) == std::string::npos)
                problem(problem_kind::lost, "receipt {} is for another packet than {}", name, document->second.first);
        }
    }

    store_to_check asked_;
    store_check& out_;
    bytes_at_rest before_;
    std::unique_ptr<ledger::store> store_;
    std::map<std::string, ledger::payload_ref> payloads_;
    std::set<std::string> used_;
    std::set<digest> contents_;
    std::set<std::tuple<std::string, std::string, std::string>> work_;
    std::map<std::pair<std::string, std::uint64_t>, std::pair<std::string, digest>> documents_of_leaf_;
    struct log_seen {
        std::vector<digest> leaves;
        std::map<std::uint64_t, digest> roots; // by the number of leaves below; only those that receipts name
    };
    std::set<std::pair<std::string, std::uint64_t>> sizes_given_; // log origin and size
    std::map<std::string, log_seen> logs_; // by origin: after a restore or a rotation there are several
};

} // namespace

std::string_view word(problem_kind kind) {
    static constexpr std::string_view words[] = {"lost", "twice", "orphan", "stuck"};
    return words[std::size_t(kind)];
}

result<store_check> check_store(store_to_check asked) {
    store_check out;
    VANTHU_CHECK(checker(std::move(asked), out).run());
    return out;
}

} // namespace vanthu::upkeep

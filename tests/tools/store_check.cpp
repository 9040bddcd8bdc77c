// vanthu-store-check: what a store of a daemon that is not running holds, and whether it keeps its promises.
//
//   vanthu-store-check STORE --home @ID --organisation CODE [--receipts DIR --trust DIR]
//
// Opens the store as a start of vanthud does: what an unclean stop left behind is recovered (the store changes), what
// would keep vanthud from starting keeps this from answering. Then every row is read. One JSON object on the standard
// output: counts, and `problems`, a list of texts. 0: none, 1: some, 2: the store cannot be opened.
//
//   lost        a receipt of DIR/*.json whose leaf, document or payload is not there; a committed payload that does not
//               read as its hash; a leaf missing from the log or from a root that was signed
//   twice       two inbox ids for one identity and recipient; two entries of one inbox with one id
//   orphan      a committed payload that no document has; after a clean stop also a file or a stretch of a segment that
//               no committed payload has
//   stuck       a transfer that is neither ended nor parked and stands in no lane; a consignment without a transfer
#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/verify_receipt.hpp"
#include "daemon/ledger/receipt_log_rows.hpp"
#include "daemon/ledger/record.hpp"
#include "daemon/records/records.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <unistd.h>

using namespace vanthu;
namespace fs = std::filesystem;

namespace {

struct request {
    fs::path store, receipts, trust;
    std::string home, organisation;
};

struct findings {
    std::map<std::string, std::uint64_t> counts;
    boost::json::array problems;
    std::uint64_t found = 0;
    template <class... A> void problem(fmt::format_string<A...> text, A&&... a) {
        ++found;
        if (problems.size() < 100) problems.emplace_back(fmt::format(text, std::forward<A>(a)...));
    }
    void of(std::string_view what, const result<>& r) {
        if (!r) problem("lost: {}: {} {}", what, r.error().code.message(), r.error().detail);
    }
};

// --- the bytes beside the row database, as they are before the store is opened ---

constexpr off_t border = 4096; // of a record in a segment; what stands behind it in its last block is nobody's

struct stretch {
    std::uint32_t segment;
    std::uint64_t begin, end;
};
struct on_disk {
    std::set<std::string> files; // names
    std::vector<stretch> data;   // of segments, in whole blocks, without holes and what was only preallocated
    std::uint64_t unfinished = 0;
};

on_disk look(const fs::path& store) {
    on_disk found;
    std::error_code ec;
    for (fs::recursive_directory_iterator at(store / "files", ec), end; !ec && at != end; at.increment(ec)) {
        if (!at->is_regular_file()) continue;
        if (at->path().parent_path().filename() == "tmp")
            ++found.unfinished;
        else
            found.files.insert(at->path().filename().string());
    }
    for (fs::directory_iterator at(store / "segments", ec), end; !ec && at != end; at.increment(ec)) {
        const auto number = std::uint32_t(std::strtoul(at->path().stem().c_str(), nullptr, 10));
        unique_fd file(::open(at->path().c_str(), O_RDONLY | O_CLOEXEC));
        off_t length = ::lseek(file.get(), 0, SEEK_END);
        for (off_t begin = 0; begin < length;) {
            begin = ::lseek(file.get(), begin, SEEK_DATA);
            if (begin < 0) break;
            off_t end_of = ::lseek(file.get(), begin, SEEK_HOLE);
            if (end_of < 0 || end_of > length) end_of = length;
            for (char block[border]; begin < end_of; begin += border) {
                const auto got = ::pread(file.get(), block, border, begin);
                if (got <= 0 || std::string_view(block, std::size_t(got)).find_first_not_of('\0') == std::string::npos)
                    continue; // preallocated
                if (found.data.empty() || found.data.back().segment != number ||
                    found.data.back().end != std::uint64_t(begin))
                    found.data.push_back({number, std::uint64_t(begin), std::uint64_t(begin)});
                found.data.back().end = std::uint64_t(begin + border);
            }
            begin = end_of;
        }
    }
    return found;
}

// --- one store ---

class checker {
public:
    checker(const request& asked, findings& out) : asked_(asked), out_(out) {}

    result<> run() {
        before_ = look(asked_.store);
        ledger::store_options o;
        o.directory = asked_.store;
        o.create = false;
        VANTHU_TRY(store_, ledger::store::open(std::move(o)));
        const auto& report = store_->recovery();
        out_.counts["groups"] = report.last_group;
        out_.counts["closed_cleanly"] = report.closed_cleanly;
        out_.counts["torn_tail_dropped"] = report.torn_tail_dropped;
        out_.counts["reclaimed_bytes"] = report.payload_bytes_reclaimed;
        out_.counts["reclaimed_files"] = report.files_removed;
        // After an unclean stop the open has swept: what stays is what counts then.
        if (!report.closed_cleanly) before_ = look(asked_.store);

        VANTHU_CHECK(store_->scrub([&](const ledger::payload_ref& ref, const result<>& good) {
            if (!good) out_.problem("lost: payload {}: {}", to_hex(ref.id), good.error().detail);
            payloads_.emplace(to_hex(ref.id), ref);
        }));
        out_.counts["payloads"] = payloads_.size();
        VANTHU_CHECK(documents());
        orphans();
        VANTHU_CHECK(log());
        given();
        return {};
    }

private:
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
            out_.problem("stuck: a lane holds {} to {} of {}, which is not there", document, node, owner);
        return {};
    }

    result<> document(const records::reader& read, const std::string& owner, const records::document_row& d) {
        ++out_.counts[d.kind == records::document_kind::status ? "statuses" : "documents"];
        if (!d.payload.empty()) {
            VANTHU_TRY(auto ref, ledger::payload_ref::decode(d.payload));
            auto found = payloads_.find(to_hex(ref.id));
            if (found == payloads_.end() || found->second != ref)
                out_.problem("lost: {} has no committed payload", d.id);
            else
                used_.insert(found->first);
        } else {
            out_.problem("lost: {} names no payload", d.id);
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
            if (!ends && !in_lane) out_.problem("stuck: {} to {} waits in no lane", d.id, t.node);
            if (!ends) ++out_.counts["transfers_waiting"];
            if (t.state_now == records::state::delivered) {
                VANTHU_TRY(auto receipt, read.hop_receipt(asked_.home, owner, d.id, t.node));
                if (!receipt || sha256::of(as_bytes(*receipt)) != t.receipt_sha256)
                    out_.problem("lost: the receipt of {} for {}", t.node, d.id);
            }
        }
        VANTHU_TRY(auto consignments, read.consignments(owner, d.id));
        for (const auto& c : consignments) {
            ++out_.counts["consignments"];
            ++out_.counts["consignments_" + std::string(boost::describe::enum_to_string(c.state_now, "unknown"))];
            if (records::is_final(c.state_now) || c.state_now == records::state::parked) continue;
            if (c.hop != "local" && !carried.contains(c.recipient_code))
                out_.problem("stuck: {} for {} has no transfer", d.id, c.recipient_code);
        }
        return {};
    }

    result<> inbox(const records::reader& read, const std::string& organisation) {
        std::set<std::string> ids;
        std::map<std::string, std::string> identities; // -> inbox id
        for (std::uint64_t after = 0;;) {
            VANTHU_TRY(auto page, read.inbox(organisation, after, 500));
            if (page.empty()) return {};
            for (const auto& e : page) {
                ++out_.counts["inbox_entries"];
                if (e.sequence != after + 1) out_.problem("lost: inbox of {} from {}", organisation, after + 1);
                after = e.sequence;
                if (!ids.insert(e.id).second) out_.problem("twice: inbox id {}", e.id);
                VANTHU_TRY(auto d, read.document(e.owner, e.document));
                if (!d) {
                    out_.problem("lost: inbox entry {} without its document", e.id);
                    continue;
                }
                if (d->kind != records::document_kind::document) continue;
                const auto& i = d->identity;
                const std::string identity =
                    fmt::format("{}|{}|{}|{}|{}|{}|{}", i.issuer, i.business_type, i.document_id, i.number, i.notation,
                                i.date, d->content_sha256.hex());
                auto [first, fresh] = identities.emplace(identity, e.id);
                if (!fresh) out_.problem("twice: {} at {} as {} and {}", identity, organisation, first->second, e.id);
            }
        }
    }

    void orphans() {
        std::map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> taken; // segment -> begin -> end
        for (const auto& [id, ref] : payloads_) {
            if (!used_.contains(id)) out_.problem("orphan: payload {} of {}", id, ref.owner);
            if (ref.kind == ledger::payload_kind::file) before_.files.erase(id);
            if (ref.kind == ledger::payload_kind::segment)
                taken[ref.segment][ref.offset] = ref.offset + ref.stored_length;
        }
        for (const std::string& name : before_.files) out_.problem("orphan: file {}", name);
        if (before_.unfinished) out_.problem("orphan: {} unfinished files", before_.unfinished);
        for (const stretch& s : before_.data) {
            std::uint64_t at = s.begin;
            auto gap = [&](std::uint64_t end) {
                at = (at + border - 1) / border * border;
                if (at < end) out_.problem("orphan: segment {} from {} to {}", s.segment, at, end);
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
        tlog::frontier tree;
        std::optional<ledger::log_rows::head_row> next;
        for (std::uint64_t index = 0; index < state->edge.size(); ++index) {
            VANTHU_TRY(auto leaf, ledger::log_rows::read_leaf(rows(), asked_.organisation, state->origin, index));
            if (!leaf) {
                out_.problem("lost: leaf {} of {}", index, state->origin);
                return {};
            }
            if (!leaf->content.empty() && tlog::leaf_hash(as_bytes(leaf->content)) != leaf->hash)
                out_.problem("lost: leaf {} does not read as its hash", index);
            tree.append(leaf->hash);
            leaves_.push_back(leaf->hash);
            if (!next || next->size < index + 1) {
                VANTHU_TRY(next, ledger::log_rows::head_of_leaf(rows(), asked_.organisation, state->origin, index));
            }
            if (!next) out_.problem("lost: the head over leaf {}", index);
            if (next && next->size == index + 1) {
                ++out_.counts["heads"];
                if (next->root != tree.root()) out_.problem("lost: the head of size {} has another root", next->size);
            }
            roots_[index + 1] = tree.root();
        }
        if (state->edge.root() != tree.root()) out_.problem("lost: the log's edge has another root");
        out_.counts["leaves"] = leaves_.size();
        origin_ = state->origin;
        return {};
    }

    // What callers hold in their hands.
    void given() {
        if (asked_.receipts.empty()) return;
        auto anchors = asked_.trust.empty() ? result<receipt::trust_anchors>(receipt::trust_anchors())
                                            : cli::read_trust(asked_.trust);
        if (!anchors) {
            out_.problem("lost: {}", anchors.error().detail);
            return;
        }
        for (const auto& at : fs::directory_iterator(asked_.receipts)) {
            if (at.path().extension() != ".json") continue;
            const std::string name = at.path().filename().string();
            auto text = read_text_file(at.path(), receipt::max_receipt_size);
            auto r = text ? receipt::decode(*text) : result<receipt::receipt_v1>(std::unexpected(text.error()));
            if (!r) {
                out_.problem("lost: receipt {}: {}", name, r.error().detail);
                continue;
            }
            ++out_.counts["receipts_given"];
            if (r->log_origin != origin_ || r->sequence >= leaves_.size()) {
                out_.problem("lost: receipt {} is leaf {} of {}", name, r->sequence, r->log_origin);
                continue;
            }
            if (!asked_.trust.empty())
                if (auto good = receipt::verify(*r, *anchors); !good)
                    out_.problem("lost: receipt {} does not verify: {}", name, good.error().detail);
            if (tlog::leaf_hash(as_bytes(r->leaf)) != leaves_[r->sequence])
                out_.problem("lost: receipt {}: another leaf stands in its place", name);
            auto note = tlog::decode_note(r->head);
            auto head =
                note ? tlog::parse_checkpoint(note->text) : result<tlog::checkpoint>(std::unexpected(note.error()));
            if (!head || !roots_.contains(head->size) || roots_[head->size] != head->root)
                out_.problem("lost: the head of receipt {} is no beginning of the log", name);
            auto document = documents_of_leaf_.find({r->log_origin, r->sequence});
            if (document == documents_of_leaf_.end()) {
                // The same document in another envelope has a leaf of its own and no document of its own.
                auto leaf = receipt::decode_leaf(r->leaf);
                const auto* custody = leaf ? std::get_if<receipt::custody_leaf>(&*leaf) : nullptr;
                if (!custody || !contents_.contains(custody->content_sha256))
                    out_.problem("lost: the document of receipt {}", name);
            } else if (r->leaf.find(document->second.second.hex()) == std::string::npos)
                out_.problem("lost: receipt {} is for another packet than {}", name, document->second.first);
        }
    }

    const request& asked_;
    findings& out_;
    on_disk before_;
    std::unique_ptr<ledger::store> store_;
    std::map<std::string, ledger::payload_ref> payloads_;
    std::set<std::string> used_;
    std::set<digest> contents_;
    std::set<std::tuple<std::string, std::string, std::string>> work_;
    std::map<std::pair<std::string, std::uint64_t>, std::pair<std::string, digest>> documents_of_leaf_;
    std::vector<digest> leaves_;
    std::map<std::uint64_t, digest> roots_;
    std::string origin_;
};

} // namespace

int main(int argc, char** argv) {
    request asked;
    CLI::App app("What a store holds, and whether it keeps its promises.");
    app.add_option("store", asked.store)->required();
    app.add_option("--home", asked.home, "the organisation that runs the node, as the rows name it: @id")->required();
    app.add_option("--organisation", asked.organisation, "its code: the owner of the receipt log")->required();
    app.add_option("--receipts", asked.receipts, "receipts that were given, one a file");
    app.add_option("--trust", asked.trust, "verifies them too: the folder of CA certificates");
    CLI11_PARSE(app, argc, argv);

    findings out;
    if (auto done = checker(asked, out).run(); !done) {
        std::fprintf(stderr, "vanthu-store-check: %s: %s\n", done.error().code.message().c_str(),
                     done.error().detail.c_str());
        return 2;
    }
    boost::json::object counts;
    for (const auto& [name, n] : out.counts) counts[name] = n;
    boost::json::object answer{
        {"schema_version", 1}, {"counts", counts}, {"found", out.found}, {"problems", out.problems}};
    std::puts(boost::json::serialize(answer).c_str());
    return out.found ? 1 : 0;
}

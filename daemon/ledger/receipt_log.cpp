#include "daemon/ledger/receipt_log.hpp"

#include "daemon/ledger/receipt_log_rows.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

namespace vanthu::ledger {
namespace {

using log_errc = receipt_log_errc;
using tiles_by_place = std::map<std::pair<unsigned, std::uint64_t>, bytes>;

tlog::hash_reader read_stored(const view& rows, std::string_view organisation, std::string_view origin) {
    return tlog::read_tiles(
        [&rows, organisation = std::string(organisation), origin = std::string(origin)](const tlog::tile_id& tile) {
            return log_rows::read_tile(rows, organisation, origin, tile);
        });
}

tlog::hash_reader read_memory(const tiles_by_place& tiles) {
    return [&tiles](tlog::node_id node) -> result<digest> {
        tlog::tile_id at = tlog::tile_of(node);
        auto found = tiles.find({at.level, at.index});
        if (found == tiles.end()) return failed(tlog::errc::missing_hash, tlog::tile_path(at));
        return tlog::node_from_tile(node, found->second);
    };
}

// For the proofs of one group: each subtree is hashed once for all its leaves, not once for each.
class remembered_nodes {
public:
    explicit remembered_nodes(const tiles_by_place& tiles) : tiles_(tiles) {}
    result<digest> operator()(tlog::node_id node) {
        if (node.level % tlog::tile_height == 0) return read_memory(tiles_)(node);
        if (auto known = nodes_.find(node); known != nodes_.end()) return known->second;
        VANTHU_TRY(digest left, (*this)({node.level - 1, node.index * 2}));
        VANTHU_TRY(digest right, (*this)({node.level - 1, node.index * 2 + 1}));
        return nodes_[node] = tlog::node_hash(left, right);
    }

private:
    const tiles_by_place& tiles_;
    std::map<tlog::node_id, digest> nodes_;
};

} // namespace

result<std::shared_ptr<const receipt_log::signer>> receipt_log::make_signer(std::string_view organisation,
                                                                            receipt_log_options options) {
    VANTHU_TRY(receipt::delegation content, receipt::decode_delegation(options.delegation));
    if (content.log_origin != options.origin || content.log_key != options.key.public_key() ||
        content.organisation != organisation || !tlog::is_key_name(options.origin))
        return failed(log_errc::wrong_key, content.log_origin);
    digest hash = sha256::of(options.delegation);
    return std::make_shared<const signer>(signer{std::move(options.origin), std::move(options.key),
                                                 std::move(options.delegation), hash, std::move(content)});
}

// The tree of a log that has rows, with its growing tiles, checked against the stored right edge.
result<receipt_log::tree> receipt_log::load(const view& rows, std::string_view organisation,
                                            std::shared_ptr<const signer> by) {
    tree out;
    VANTHU_TRY(auto state, log_rows::read_state(rows, organisation));
    auto closed = [&](std::string_view origin) { return rows.get(log_rows::closed_key(organisation, origin)); };
    VANTHU_TRY(auto by_restore, closed(by->origin));
    if (by_restore) return failed(log_errc::restored, by->origin);
    VANTHU_TRY(auto key, log_rows::read_blob(rows, log_rows::log_key(organisation, by->origin)));
    if (key && !std::ranges::equal(*key, by->key.public_key())) return failed(log_errc::origin_taken, by->origin);
    if (!state || state->origin != by->origin) {
        if (key) return failed(log_errc::origin_taken, by->origin + " was closed");
        bool named = by->content.previous && state && by->content.previous->origin == state->origin;
        if (by->content.previous && !named) { // the origin that was in use when the store was lost
            VANTHU_TRY(auto lost, closed(by->content.previous->origin));
            named = lost.has_value();
        }
        if (state && !named) return failed(log_errc::previous_not_named, state->origin);
        out.is_new = true;
        out.by = std::move(by);
        return out;
    }
    out.edge = state->edge;
    std::uint64_t size = out.edge.size();
    for (unsigned level = 0; level * tlog::tile_height < 64 && size >> (level * tlog::tile_height) > 0; ++level) {
        std::uint64_t hashes = size >> (level * tlog::tile_height);
        auto width = static_cast<unsigned>(hashes % tlog::tile_width);
        if (width == 0) continue;
        VANTHU_TRY(bytes tile,
                   log_rows::read_tile(rows, organisation, by->origin, {level, hashes / tlog::tile_width, width}));
        if (tile.size() != std::size_t{32} * width) return failed(log_errc::damaged, "a tile wider than the tree");
        out.tiles[{level, hashes / tlog::tile_width}] = std::move(tile);
    }
    VANTHU_TRY(tlog::frontier rebuilt, tlog::frontier_at(size, read_memory(out.tiles)));
    if (rebuilt.encode() != out.edge.encode()) return failed(log_errc::damaged, by->origin);
    out.by = std::move(by);
    return out;
}

// The last head of the log before this one, where its row is not signed yet and the delegation brings the signed note.
result<std::optional<receipt_log::signed_head_of>>
receipt_log::head_brought_by(const view& rows, std::string_view organisation, const signer& by) {
    VANTHU_TRY(auto state, log_rows::read_state(rows, organisation));
    if (!state || !by.content.previous || state->edge.size() == 0) return std::nullopt;
    const std::string& origin = state->origin;
    std::uint64_t size = state->edge.size();
    VANTHU_TRY(auto head, log_rows::head_of_leaf(rows, organisation, origin, size - 1));
    VANTHU_TRY(auto key, log_rows::read_blob(rows, log_rows::log_key(organisation, origin)));
    tlog::ed25519_public_key old_key{};
    if (!head || !key || key->size() != old_key.size()) return failed(log_errc::damaged, origin);
    if (!head->note.empty()) return std::nullopt;
    std::ranges::copy(*key, old_key.begin());
    // Another head of that log, a later one for instance, is right in the delegation and of no use here.
    auto brought = tlog::verify_checkpoint(by.content.previous->head, old_key);
    if (!brought || *brought != tlog::checkpoint{origin, size, head->root}) return std::nullopt;
    return signed_head_of{origin, size, by.content.previous->head};
}

result<std::unique_ptr<receipt_log>> receipt_log::open(const store& from, receipt_log_options options) {
    return open(from.committed(), std::move(options));
}

result<std::unique_ptr<receipt_log>> receipt_log::open(const view& rows, receipt_log_options options) {
    std::string organisation = options.organisation;
    VANTHU_TRY(auto by, make_signer(organisation, std::move(options)));
    VANTHU_TRY(tree current, load(rows, organisation, std::move(by)));
    std::unique_ptr<receipt_log> out(new receipt_log(organisation, std::move(current)));
    tree& loaded = out->current_;
    if (loaded.is_new) {
        VANTHU_TRY(loaded.unstored, head_brought_by(rows, organisation, *loaded.by));
    }
    if (std::uint64_t size = loaded.edge.size(); size > 0) {
        VANTHU_TRY(auto head, log_rows::head_of_leaf(rows, organisation, loaded.by->origin, size - 1));
        if (!head || head->size != size || head->root != loaded.edge.root())
            return failed(log_errc::damaged, "no head for the stored tree");
        // Durable, so it may be signed: and it is the same head again.
        out->last_head_ = head->note.empty()
                              ? tlog::sign_checkpoint({loaded.by->origin, size, head->root}, loaded.by->key)
                              : head->note;
        if (head->note.empty()) loaded.unstored = signed_head_of{loaded.by->origin, size, out->last_head_};
    }
    return out;
}

result<receipt_log::last_known> receipt_log::last_known_head(const view& rows, std::string_view organisation,
                                                             const tlog::ed25519_private_key* key) {
    VANTHU_TRY(auto state, log_rows::read_state(rows, organisation));
    if (!state) return last_known{};
    last_known out{state->origin, {}};
    std::uint64_t size = state->edge.size();
    if (size == 0) return out;
    VANTHU_TRY(auto head, log_rows::head_of_leaf(rows, organisation, out.origin, size - 1));
    VANTHU_TRY(auto public_key, log_rows::read_blob(rows, log_rows::log_key(organisation, out.origin)));
    if (!head || !public_key || head->size != size || head->root != state->edge.root())
        return failed(log_errc::damaged, out.origin);
    if (!head->note.empty())
        out.head = head->note;
    else if (key && std::ranges::equal(*public_key, key->public_key())) // durable: the same head again
        out.head = tlog::sign_checkpoint({out.origin, size, head->root}, *key);
    else {
        VANTHU_TRY(out.head, log_rows::newest_signed_head(rows, organisation, out.origin));
    }
    return out;
}

void receipt_log::close_origin(transaction& tx, std::string_view organisation, std::string_view origin) {
    tx.put(log_rows::closed_key(organisation, origin), log_rows::encode_blob(as_bytes(to_rfc3339(tx.now()))));
}

result<leaf_ticket> receipt_log::append(transaction& tx, receipt::leaf content) {
    const signer& by = *growing().by;
    if (tx.now() < by.content.valid_from || tx.now() > by.content.valid_to)
        return failed(log_errc::not_in_force, to_rfc3339(tx.now()));
    std::visit(
        [&](auto& leaf) {
            leaf.hop_organisation = organisation_;
            leaf.hop_time = tx.now();
            leaf.salt = receipt::new_salt();
        },
        content);
    auto ticket = std::make_shared<leaf_ticket_state>();
    ticket->origin_ = by.origin;
    ticket->leaf_ = receipt::encode_leaf(content);
    if (auto readable = receipt::decode_leaf(ticket->leaf_); !readable)
        return failed(log_errc::unacceptable_leaf, readable.error().detail);
    ticket->hash_ = tlog::leaf_hash(as_bytes(ticket->leaf_));
    VANTHU_TRY(std::uint64_t number, tx.next_sequence(log_rows::counter_key(organisation_, by.origin)));
    ticket->index_ = number - 1;
    tx.put(log_rows::leaf_key(organisation_, by.origin, ticket->index_),
           log_rows::encode({ticket->hash_, ticket->leaf_}));
    pending_.push_back(ticket);
    return ticket;
}

result<leaf_ticket> receipt_log::destroy(transaction& tx, std::string_view origin, std::uint64_t index,
                                         std::string authority, std::string reason) {
    VANTHU_TRY(auto row, log_rows::read_leaf(tx, organisation_, origin, index));
    bool in_this_group =
        std::ranges::any_of(pending_, [&](const auto& p) { return p->origin_ == origin && p->index_ == index; });
    if (!row || in_this_group) return failed(log_errc::unknown_leaf, fmt::format("{} {}", origin, index));
    if (row->content.empty()) return failed(log_errc::destroyed, fmt::format("{} {}", origin, index));
    receipt::tombstone_leaf stone;
    stone.destroyed_origin = origin;
    stone.destroyed_sequence = index;
    stone.destroyed_leaf_hash = row->hash;
    stone.authority = std::move(authority);
    stone.reason = std::move(reason);
    VANTHU_TRY(leaf_ticket ticket, append(tx, std::move(stone)));
    tx.put(log_rows::leaf_key(organisation_, origin, index), log_rows::encode(log_rows::leaf_row{row->hash, {}}));
    return ticket;
}

result<> receipt_log::rotate(transaction& tx, receipt_log_options options) {
    if (next_ || !pending_.empty() || sealed_) return failed(log_errc::head_moved, "leaves that are not on disk yet");
    VANTHU_TRY(auto by, make_signer(organisation_, std::move(options)));
    const auto& previous = by->content.previous;
    if (!previous || previous->origin != current_.by->origin)
        return failed(log_errc::previous_not_named, current_.by->origin);
    if (previous->head != last_head_) return failed(log_errc::head_moved, current_.by->origin);
    VANTHU_TRY(auto key, log_rows::read_blob(tx, log_rows::log_key(organisation_, by->origin)));
    VANTHU_TRY(auto by_restore, tx.get(log_rows::closed_key(organisation_, by->origin)));
    if (key || by_restore) return failed(log_errc::origin_taken, by->origin);
    tree opened;
    opened.by = std::move(by);
    opened.is_new = true;
    next_ = std::move(opened);
    return {};
}

void receipt_log::change_begins() { mark_ = {pending_.size(), next_.has_value()}; }

void receipt_log::change_undone() {
    pending_.resize(mark_.pending);
    if (!mark_.rotated) next_.reset();
}

// Grows `grown` by the group's leaves: tiles, right edge, head.
result<> receipt_log::store_leaves(transaction& tx, tree& grown) const {
    const signer& by = *grown.by;
    std::set<std::pair<unsigned, std::uint64_t>> touched;
    for (const auto& ticket : pending_) {
        // Indices come from a counter that rolls back with its change: a gap would be our own inconsistency.
        if (ticket->index_ != grown.edge.size() || ticket->origin_ != by.origin)
            return failed(log_errc::damaged, "leaf out of order");
        grown.edge.append(ticket->hash_, [&](tlog::node_id node, const digest& hash) {
            if (node.level % tlog::tile_height != 0) return;
            std::pair<unsigned, std::uint64_t> place{node.level / tlog::tile_height, node.index / tlog::tile_width};
            bytes& tile = grown.tiles[place];
            tile.insert(tile.end(), hash.value.begin(), hash.value.end());
            touched.insert(place);
        });
    }
    for (const auto& [level, index] : touched) {
        const bytes& tile = grown.tiles[{level, index}];
        if (level == 0 && tile.size() < std::size_t{32} * tlog::tile_width) continue; // its leaf rows hold it
        tx.put(log_rows::tile_key(organisation_, by.origin, level, index), log_rows::encode_blob(tile));
    }
    log_rows::head_row head{grown.edge.size(), grown.edge.root(), by.delegation_hash, {}};
    if (head.size > 0) tx.put(log_rows::head_key(organisation_, by.origin, head.size), log_rows::encode(head));
    tx.put(log_rows::state_key(organisation_), log_rows::encode(log_rows::state_row{by.origin, grown.edge}));
    std::string delegation = log_rows::delegation_key(organisation_, by.delegation_hash);
    VANTHU_TRY(auto known, tx.get(delegation));
    if (!known) tx.put(delegation, log_rows::encode_blob(as_bytes(by.delegation)));
    if (grown.is_new) tx.put(log_rows::log_key(organisation_, by.origin), log_rows::encode_blob(by.key.public_key()));
    return {};
}

result<> receipt_log::seal(transaction& tx) {
    if (pending_.empty() && !next_) return {};
    if (const auto& last = current_.unstored) {
        VANTHU_TRY(auto head, log_rows::head_of_leaf(tx, organisation_, last->origin, last->size - 1));
        if (!head || head->size != last->size) return failed(log_errc::damaged, "the last head is not stored");
        head->note = last->note;
        tx.put(log_rows::head_key(organisation_, last->origin, last->size), log_rows::encode(*head));
    }
    tree grown = growing();
    grown.unstored.reset();
    VANTHU_CHECK(store_leaves(tx, grown));
    sealed_.emplace(std::move(grown), std::exchange(pending_, {}));
    return {};
}

void receipt_log::durable() {
    if (!sealed_) return;
    tree& grown = sealed_->grown;
    std::uint64_t size = grown.edge.size();
    std::string head;
    if (size > 0) head = tlog::sign_checkpoint({grown.by->origin, size, grown.edge.root()}, grown.by->key);
    remembered_nodes nodes(grown.tiles);
    const tlog::hash_reader read = std::ref(nodes);
    for (const auto& ticket : sealed_->leaves) {
        auto proof = tlog::inclusion_proof(ticket->index_, size, read);
        if (!proof) std::abort(); // the group's own tiles are in memory
        ticket->receipt_ = receipt::encode(receipt::receipt_v1{
            grown.by->origin, tlog::key_id(grown.by->origin, grown.by->key.public_key()), ticket->index_, size,
            std::move(*proof), std::move(ticket->leaf_), head, grown.by->delegation});
    }
    // Full tiles will not be needed again from memory.
    std::erase_if(grown.tiles, [](const auto& one) { return one.second.size() == std::size_t{32} * tlog::tile_width; });
    grown.is_new = false;
    if (size > 0) grown.unstored = signed_head_of{grown.by->origin, size, head};
    std::lock_guard lock(mutex_);
    current_ = std::move(grown);
    last_head_ = std::move(head);
    sealed_.reset();
    next_.reset();
}

void receipt_log::group_abandoned() {
    sealed_.reset();
    next_.reset();
    pending_.clear();
}

std::string receipt_log::signed_head() const {
    std::lock_guard lock(mutex_);
    return last_head_;
}

std::string receipt_log::origin() const {
    std::lock_guard lock(mutex_);
    return current_.by->origin;
}

result<std::string> receipt_log::receipt_bytes(const view& rows, std::uint64_t index) const {
    return receipt_bytes(rows, origin(), index);
}

result<std::string> receipt_log::receipt_bytes(const view& rows, std::string_view origin, std::uint64_t index) const {
    VANTHU_TRY(auto leaf, log_rows::read_leaf(rows, organisation_, origin, index));
    VANTHU_TRY(auto head, log_rows::head_of_leaf(rows, organisation_, origin, index));
    if (!leaf || !head) return failed(log_errc::unknown_leaf, fmt::format("{} {}", origin, index));
    if (leaf->content.empty()) return failed(log_errc::destroyed, fmt::format("{} {}", origin, index));
    VANTHU_TRY(auto delegation,
               log_rows::read_blob(rows, log_rows::delegation_key(organisation_, head->delegation_hash)));
    if (!delegation) return failed(log_errc::damaged, "a delegation is missing");
    VANTHU_TRY(receipt::delegation content, receipt::decode_delegation(as_text(*delegation)));
    if (head->note.empty()) {
        std::shared_ptr<const signer> by;
        {
            std::lock_guard lock(mutex_);
            by = current_.by;
        }
        if (by->origin != origin || by->key.public_key() != content.log_key)
            return failed(log_errc::head_not_signed, std::string(origin));
        head->note = tlog::sign_checkpoint({by->origin, head->size, head->root}, by->key);
    }
    VANTHU_TRY(auto proof, tlog::inclusion_proof(index, head->size, read_stored(rows, organisation_, origin)));
    // Rows that do not give the root would make a receipt that nobody accepts.
    if (!tlog::verify_inclusion(leaf->hash, index, head->size, proof, head->root))
        return failed(log_errc::damaged, std::string(origin));
    return receipt::encode(receipt::receipt_v1{std::string(origin), tlog::key_id(origin, content.log_key), index,
                                               head->size, std::move(proof), std::move(leaf->content),
                                               std::move(head->note), std::string(as_text(*delegation))});
}

result<bytes> receipt_log::tile_bytes(const view& rows, std::string_view origin, const tlog::tile_id& tile) const {
    VANTHU_TRY(bytes hashes, log_rows::read_tile(rows, organisation_, origin, tile));
    hashes.resize(std::size_t{32} * tile.width);
    return hashes;
}

} // namespace vanthu::ledger

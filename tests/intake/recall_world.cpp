#include "tests/intake/recall_world.hpp"

#include "tests/intake/offers.hpp"

#include <fmt/format.h>

namespace vanthu::test {

namespace json = boost::json;
using records::recall_stand;
using records::state;

namespace {

constexpr const char* node_ids[] = {"h48.40", "h48", "h48.99.01"};
constexpr const char* homes[] = {"@huyen", "@tinh", "@xa"};
constexpr const char* codes[] = {"H48.40", "H48", "H48.99.01"};

template <class T> T must_have(result<T> r) {
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().code.message() + " " + r.error().detail));
    return std::move(*r);
}

std::string word(auto e) { return boost::describe::enum_to_string(e, "?"); }

} // namespace

recall_world::recall_world(mishaps allowed, bool denies) : allowed_(allowed), denies_(denies) {
    const std::string registry = two_node_registry(1, node_text{"h48.99.01", "xa", "H48.99.01", nowhere, {}}.toml());
    for (std::size_t i = 0; i < places; ++i) {
        node_spec s;
        s.node = node_ids[i];
        s.home = homes[i];
        s.organisation = codes[i];
        s.registry = registry;
        s.credentials = credentials_for({{"huyen", {"H48.40"}}, {"xa", {"H48.99.01"}}});
        s.delivers = false;
        nodes_.push_back(std::make_unique<daemon_parts>(ca_, s));
        nodes_.back()->gate->on_work = {}; // no engine: the test moves everything
    }
}

void recall_world::begin_run() {
    // A run that ended before its time has left notices behind.
    for (std::size_t place = places; place-- > 0;)
        if (!must_have(records::reader(at(place).store->committed()).nodes_with_notices(homes[place])).empty())
            step(fmt::format("notices {}", place));
    left_ = allowed_;
    asked_ = false;
    wire_.clear();
    id_ = fmt::format("VB-{}", ++runs_);
    letter what{.number = runs_, .from = "H48.40", .document_id = id_};
    reply sent = submit(at(0), "key-huyen", what);
    BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
    document_ = text_of(sent.json(), {"document_id"});
}

std::size_t recall_world::place_of(const std::string& node) const {
    return static_cast<std::size_t>(std::ranges::find(node_ids, node) - std::begin(node_ids));
}

void recall_world::change(std::size_t place, std::function<result<>(records::writer&)> what) {
    auto in_change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        return what(w);
    };
    auto done = wait_for(at(place).decisions->executor(0), ledger::commit(*at(place).store, in_change));
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + done.error().detail));
}

std::vector<recall_world::held> recall_world::documents(std::size_t place) {
    const records::reader read(at(place).store->committed());
    std::vector<held> out;
    for (const std::string& owner : {"@huyen", "@tinh", "@xa"}) {
        std::vector<records::document_row> rows = must_have(read.documents(owner, {}, 12));
        std::ranges::reverse(rows);
        for (records::document_row& d : rows) {
            if (d.identity.document_id != id_ ||
                std::ranges::find(out, d.id, [](const held& h) { return h.document.id; }) != out.end())
                continue;
            held h{.consignments = must_have(read.consignments(owner, d.id)),
                   .transfers = must_have(read.transfers(owner, d.id))};
            h.what = d.kind == records::document_kind::status ? 'S' : d.identity.business_type == 1 ? 'R' : 'D';
            h.document = std::move(d);
            out.push_back(std::move(h));
        }
    }
    return out;
}

std::optional<records::recall_row> recall_world::recall_at(std::size_t place) {
    return must_have(records::reader(at(place).store->committed()).recall(homes[place], "@huyen", id_, "@xa"));
}

std::vector<records::inbox_row> recall_world::entries() {
    const records::reader read(at(2).store->committed());
    std::vector<records::inbox_row> out;
    for (const held& h : documents(2))
        for (const records::consignment_row& c : h.consignments)
            if (!c.inbox_id.empty()) out.push_back(must_have(read.inbox_entry("@xa", c.inbox_id)).value());
    return out;
}

std::vector<std::string> recall_world::enabled() {
    std::vector<std::string> out;
    if (!asked_) out.push_back("recall");
    for (std::size_t place = 0; place < places; ++place) {
        for (const held& h : documents(place))
            for (const records::transfer_row& t : h.transfers) {
                const bool open = std::ranges::any_of(wire_, [&](const message& m) {
                    return m.open && m.from == place && m.transfer.document == t.document;
                });
                if (!open && !t.fenced && (t.state_now == state::waiting || t.state_now == state::deferred))
                    out.push_back(
                        fmt::format("{} {} {} {}", h.what == 'S' ? "pass" : "begin", place, t.document, t.node));
            }
        if (!must_have(records::reader(at(place).store->committed()).nodes_with_notices(homes[place])).empty())
            out.push_back(fmt::format("notices {}", place));
    }
    for (std::size_t i = 0; i < wire_.size(); ++i) {
        const message& m = wire_[i];
        if (m.receipt.empty() || (left_.repeats > 0 && m.open)) out.push_back(fmt::format("arrive {}", i));
        if (m.open && !m.receipt.empty()) out.push_back(fmt::format("answered {}", i));
        if (m.open && left_.losses > 0) {
            out.push_back(fmt::format("unanswered {}", i));
            if (m.receipt.empty()) out.push_back(fmt::format("unsent {}", i));
        }
    }
    const auto recall = recall_at(2);
    for (const records::inbox_row& e : entries()) {
        const auto d = must_have(records::reader(at(2).store->committed()).document(e.owner, e.document)).value();
        if (d.identity.business_type == 1) {
            if (recall && recall->stands == recall_stand::before_clerk) out.push_back(fmt::format("answer {}", e.id));
        } else if (e.acked_at == 0 && e.cancelled_at == 0) {
            out.push_back(fmt::format("register {}", e.id));
        }
    }
    return out;
}

void recall_world::begin(std::size_t place, const std::string& document, const std::string& node) {
    daemon_parts& here = at(place);
    const auto all = documents(place);
    const held& h = *std::ranges::find(all, document, [](const held& each) { return each.document.id; });
    records::transfer_row t = *std::ranges::find(h.transfers, node, &records::transfer_row::node);
    if (!t.composed) {
        auto c = must_have(delivery::compose(here.store->payloads(), h.document, codes[place], here.clock.now(),
                                             edxml::element_order::qcvn));
        t.pieces = std::move(c.pieces);
        t.size = c.size;
        t.packet_sha256 = c.sha256;
    }
    delivery::begun b;
    change(place, [&](records::writer& w) -> result<> {
        VANTHU_TRY(b, delivery::begin_attempt(w, {homes[place], codes[place]}, t, h.document));
        return {};
    });
    if (!b.transfer) return;
    const auto ref = must_have(ledger::payload_ref::decode(h.document.payload));
    message m{.from = place, .what = h.what, .transfer = std::move(*b.transfer)};
    for (const records::piece_row& p : m.transfer.pieces)
        if (p.text.empty())
            m.packet += as_text(must_have(here.store->payloads().read(ref, p.offset, p.length)));
        else
            m.packet += p.text;
    wire_.push_back(std::move(m));
}

void recall_world::arrive(message& m) {
    auto taken = offer_from(at(place_of(m.transfer.node)), node_ids[m.from], m.packet,
                            m.what == 'S' ? std::vector<std::string>{} : m.transfer.recipients);
    BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    m.receipt_final = m.transfer.node == node_ids[2];
    m.receipt = taken->receipt;
}

void recall_world::conclude(message& m, delivery::outcome o) {
    change(m.from, [&](records::writer& w) -> result<> {
        VANTHU_CHECK(delivery::conclude_attempt(w, {homes[m.from], codes[m.from]}, {.attempts = 1000},
                                                *at(m.from).gate->registry(), m.transfer, o));
        return {};
    });
    m.open = false;
}

void recall_world::step(const std::string& action) {
    std::vector<std::string> words;
    for (std::size_t from = 0; from <= action.size();) {
        const std::size_t to = std::min(action.find(' ', from), action.size());
        words.push_back(action.substr(from, to - from));
        from = to + 1;
    }
    const std::string& verb = words[0];
    using kind = delivery::outcome::kind;
    if (verb == "recall") {
        reply r = at(0).call("key-huyen", "POST", "/v1/documents/" + document_ + "/recall", R"({"reason":"Sai"})",
                             {{"Content-Type", "application/json"}});
        BOOST_REQUIRE_MESSAGE(r.status == 201 || r.code() == "intake.recall_ended", r.body);
        asked_ = true;
    } else if (verb == "begin" || verb == "pass") {
        begin(std::stoul(words[1]), words[2], words[3]);
        if (verb == "pass") { // statuses have no say in a recall until they arrive
            arrive(wire_.back());
            conclude(wire_.back(), {.what = kind::delivered, .receipt = wire_.back().receipt});
            wire_.pop_back();
        }
    } else if (verb == "notices") {
        const std::size_t place = std::stoul(words[1]);
        const records::reader read(at(place).store->committed());
        for (const std::string& node : must_have(read.nodes_with_notices(homes[place]))) {
            const std::size_t to = place_of(node);
            peer::notice_call call{.instance = std::string(at(place).store->instance_id()), .notices = {}};
            for (const records::notice_row& n : must_have(read.notices_for(homes[place], node, 100)))
                call.notices.push_back({n.sequence, n.packet_sha256, n.recipient, n.kind, n.code, n.by, n.at, n.proof});
            const auto kept = wait_for(at(to).decisions->executor(0),
                                       delivery::receive_notices(*at(to).store, homes[to], node_ids[place], call));
            change(place, [&](records::writer& w) -> result<> {
                w.remove_notices(homes[place], node, must_have(kept));
                return {};
            });
        }
    } else if (verb == "register" || verb == "answer") {
        const std::string body = verb == "register" ? R"({"code":"03"})"
                                 : denies_          ? R"({"code":"16","description":"Đã giải quyết"})"
                                                    : R"({"code":"15"})";
        reply r = report(at(2), "key-xa", words[1], body);
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
    } else {
        message& m = wire_.at(std::stoul(words[1]));
        if (verb == "arrive") {
            if (!m.receipt.empty()) --left_.repeats;
            arrive(m);
        } else if (verb == "answered") {
            conclude(m, {.what = kind::delivered, .receipt = m.receipt, .final_hop = m.receipt_final});
        } else {
            --left_.losses;
            conclude(m, {.what = kind::deferred, .code = "net.timeout", .unanswered = verb == "unanswered"});
            if (verb == "unsent") m.receipt = "never"; // nothing of it is on the wire
        }
    }
}

// What waits and changes nothing of a recall.
void recall_world::hurry() {
    for (bool more = !allowed_.slow; more;) {
        more = false;
        for (std::size_t place = places; place-- > 0 && !more;) {
            const records::reader read(at(place).store->committed());
            for (const std::string& node : must_have(read.nodes_with_notices(homes[place])))
                more = more || std::ranges::none_of(must_have(read.notices_for(homes[place], node, 100)),
                                                    [](const auto& n) { return n.kind == "recalled"; });
            if (more) {
                step(fmt::format("notices {}", place));
                break;
            }
            for (const held& h : documents(place))
                for (const records::transfer_row& t : h.transfers)
                    if (!more && h.what == 'S' && h.document.status_code < "05" && !records::is_final(t.state_now)) {
                        more = true;
                        step(fmt::format("pass {} {} {}", place, t.document, t.node));
                    }
        }
    }
}

void recall_world::act(const std::string& action) {
    step(action);
    hurry();
}

std::string recall_world::fingerprint() {
    std::string out = fmt::format("{}{}{} ", asked_, left_.losses, left_.repeats);
    for (std::size_t place = 0; place < places; ++place) {
        const auto q = recall_at(place);
        out += fmt::format("\n{} {} ", place, q ? word(q->stands) : "-");
        std::vector<std::string> parts;
        for (const held& h : documents(place)) {
            std::string part = fmt::format("{}{}", h.what, h.document.status_code);
            for (const records::consignment_row& c : h.consignments) {
                part += fmt::format("[{} {} {}", word(c.state_now), c.hop, c.asked_back);
                for (const records::status_seen& s : c.statuses) part += s.code;
                part += "]";
            }
            for (const records::transfer_row& t : h.transfers)
                part += fmt::format("<{} {}{}{}{}{}>", word(t.state_now), t.composed, t.attempt_open, t.perhaps_taken,
                                    t.recall_waits, t.fenced);
            parts.push_back(std::move(part));
        }
        std::ranges::sort(parts);
        for (const std::string& each : parts) out += each + " ";
        const records::reader read(at(place).store->committed());
        for (const std::string& node : must_have(read.nodes_with_notices(homes[place])))
            for (const auto& n : must_have(read.notices_for(homes[place], node, 100))) out += n.kind + ",";
    }
    for (const records::inbox_row& e : entries()) out += fmt::format("({}{})", e.acked_at != 0, e.cancelled_at != 0);
    std::vector<std::string> on_wire;
    for (const message& m : wire_)
        if (m.open || m.receipt.empty())
            on_wire.push_back(fmt::format("{}{}{}{}", m.from, m.what, m.open, m.receipt.empty()));
    std::ranges::sort(on_wire);
    for (const std::string& each : on_wire) out += " " + each;
    return out;
}

std::string recall_world::broken(bool at_end) {
    const auto here = recall_at(0), there = recall_at(2);
    const records::reader read(at(2).store->committed());
    int documents_in = 0, requests_in = 0;
    bool registered = false, cancelled = false;
    for (const records::inbox_row& e : entries()) {
        const auto d = must_have(read.document(e.owner, e.document)).value();
        ++(d.identity.business_type == 1 ? requests_in : documents_in);
        if (d.identity.business_type == 1) continue;
        registered = e.cancelled_at == 0;
        cancelled = e.cancelled_at != 0;
    }
    if (documents_in > 1 || requests_in > 1) return "delivered twice";
    const recall_stand s = here ? here->stands : recall_stand::ended, r = there ? there->stands : recall_stand::ended;
    if (here && s == recall_stand::withdrawn && documents_in) return "withdrawn at the sender, in the inbox there";
    if (here && s == recall_stand::agreed && registered) return "agreed at the sender, registered there";
    if (here && s == recall_stand::denied && cancelled) return "denied at the sender, cancelled there";
    int answers = 0;
    for (const held& h : documents(0))
        answers += h.what == 'S' && (h.document.status_code == "15" || h.document.status_code == "16");
    if (answers > 1) return "answered twice";
    if (!at_end) return {};
    if (!here) return "no recall on record";
    if (records::is_open(s)) return "left open at the sender: " + word(s);
    if (there && records::is_open(r)) return "left open at the receiver: " + word(r);
    if (s == recall_stand::withdrawn && there) return "withdrawn at the sender, on record there";
    if ((s == recall_stand::agreed || s == recall_stand::denied) && s != r) return "the two sides differ";
    if (s == recall_stand::ended) return "ended without a reason";
    for (std::size_t place = 0; place < places; ++place)
        for (const held& h : documents(place))
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", h.what, place);
    return {};
}

} // namespace vanthu::test

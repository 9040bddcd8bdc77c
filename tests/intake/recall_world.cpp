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

recall_world::recall_world(mishaps allowed, bool denies, request what)
    : allowed_(allowed), denies_(denies), request_(what) {
    const std::string registry =
        two_node_registry(1, organisation_text{"thon", "Thôn", "thôn", "H48.99.02", "xa"}.toml() +
                                 node_text{"h48.99.01", "xa", "H48.99.01", nowhere, {}}.toml());
    for (std::size_t i = 0; i < places; ++i) {
        node_spec s;
        s.node = node_ids[i];
        s.home = homes[i];
        s.organisation = codes[i];
        s.registry = registry;
        s.credentials = credentials_for({{"huyen", {"H48.40"}}, {"xa", {"H48.99.01"}}, {"thon", {"H48.99.02"}}});
        s.delivers = false;
        nodes_.push_back(std::make_unique<daemon_parts>(ca_, s));
        nodes_.back()->gate->on_work = {}; // no engine: the test moves everything
    }
}

void recall_world::begin_run() {
    // A run that ended before its time has left notices behind.
    for (std::size_t place = places; place-- > 0;)
        if (!look(place).notices.empty()) step(fmt::format("notices {}", place));
    for (auto& each : seen_) each.reset();
    left_ = allowed_;
    asked_ = false;
    wire_.clear();
    id_ = fmt::format("VB-{}", ++runs_);
    other_id_ = id_ + "-thay";
    letter what{.number = runs_, .from = "H48.40", .document_id = id_};
    if (request_ == request::removal) what.to.push_back("H48.99.02");
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
    seen_[place].reset();
    auto done = wait_for(at(place).decisions->executor(0), ledger::commit(*at(place).store, in_change));
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().code.message() + done.error().detail));
}

// All that is newer than the last run: the newest of each owner, until one is of another run.
std::vector<recall_world::held> recall_world::read_documents(const records::reader& read) {
    std::vector<held> out;
    for (const char* owner : {"@huyen", "@tinh", "@xa", "@thon"}) {
        std::vector<records::document_row> rows;
        for (bool more = true; more;) {
            auto page = must_have(read.documents(owner, rows.empty() ? "" : rows.back().id, 4));
            more = page.size() == 4;
            for (records::document_row& d : page) {
                more = more && (d.identity.document_id == id_ || d.identity.document_id == other_id_);
                if (d.identity.document_id == id_ || d.identity.document_id == other_id_) rows.push_back(std::move(d));
            }
        }
        std::ranges::reverse(rows);
        for (records::document_row& d : rows) {
            if (std::ranges::find(out, d.id, [](const held& h) { return h.document.id; }) != out.end()) continue;
            held h{.consignments = must_have(read.consignments(owner, d.id)),
                   .transfers = must_have(read.transfers(owner, d.id))};
            h.what = d.kind == records::document_kind::status ? 'S'
                     : d.identity.business_type == 1          ? 'R'
                     : d.identity.business_type == 2          ? 'U'
                     : d.identity.business_type == 3          ? 'N'
                                                              : 'D';
            h.document = std::move(d);
            out.push_back(std::move(h));
        }
    }
    return out;
}

const recall_world::held& recall_world::sight::of(const std::string& document) const {
    const auto found = std::ranges::find(documents, document, [](const held& each) { return each.document.id; });
    BOOST_REQUIRE(found != documents.end());
    return *found;
}

const recall_world::sight& recall_world::look(std::size_t place) {
    std::optional<sight>& s = seen_[place];
    if (s) return *s;
    const records::reader read(at(place).store->committed());
    s.emplace();
    s->documents = read_documents(read);
    for (const std::string& node : must_have(read.nodes_with_notices(homes[place])))
        s->notices[node] = must_have(read.notices_for(homes[place], node, 100));
    const bool removal = request_ == request::removal;
    s->asked = must_have(read.recall(homes[place], "@huyen", id_, removal ? "@thon" : "@xa"));
    if (removal) s->update = must_have(read.recall(homes[place], "@huyen", id_, "@xa"));
    for (const held& h : s->documents)
        for (const records::consignment_row& c : h.consignments)
            if (place == 2 && !c.inbox_id.empty())
                s->entries.push_back(must_have(read.inbox_entry(c.recipient, c.inbox_id)).value());
    return *s;
}

std::vector<std::string> recall_world::enabled() {
    std::vector<std::string> out;
    if (!asked_)
        out.push_back(request_ == request::recall ? "recall" : request_ == request::replacement ? "replace" : "remove");
    for (std::size_t place = 0; place < places; ++place) {
        const sight& here = look(place);
        for (const held& h : here.documents)
            for (const records::transfer_row& t : h.transfers) {
                const bool open = std::ranges::any_of(wire_, [&](const message& m) {
                    return m.open && m.from == place && m.transfer.document == t.document;
                });
                if (!open && !t.fenced && (t.state_now == state::waiting || t.state_now == state::deferred))
                    out.push_back(
                        fmt::format("{} {} {} {}", h.what == 'S' ? "pass" : "begin", place, t.document, t.node));
            }
        if (!here.notices.empty()) out.push_back(fmt::format("notices {}", place));
    }
    for (std::size_t i = 0; i < wire_.size(); ++i) {
        const message& m = wire_[i];
        if (m.receipt.empty() || (left_.repeats > 0 && m.open)) out.push_back(fmt::format("arrive {}", i));
        if (m.open && !m.receipt.empty()) out.push_back(fmt::format("answered {}", i));
        if (m.open && left_.losses > 0 && (!allowed_.of_document || (m.what == 'D' && m.from == 0))) {
            out.push_back(fmt::format("unanswered {}", i));
            if (m.receipt.empty()) out.push_back(fmt::format("unsent {}", i));
        }
    }
    const sight& there = look(2);
    std::optional<std::string> stays;
    for (const records::inbox_row& e : there.entries) {
        const char what = there.of(e.document).what;
        const bool asks = what == 'R' || what == 'N' || what == 'U', staying = what == 'U' && e.organisation == "@xa";
        const auto& q = staying ? there.update : there.asked;
        const char* key = e.organisation == "@thon" ? "key-thon" : "key-xa";
        if (asks && q && q->stands == recall_stand::before_clerk) {
            if (staying)
                stays = fmt::format("agree {} {}", e.id, key);
            else
                out.push_back(fmt::format("answer {} {}", e.id, key));
        }
        const bool denied = what == 'N' && q && q->stands == recall_stand::denied;
        const bool of_who_stays = request_ == request::removal && e.organisation == "@xa";
        if ((what == 'D' || what == 'N') && !denied && !of_who_stays && e.acked_at == 0 && e.cancelled_at == 0)
            out.push_back(fmt::format("register {} {}", e.id, key));
    }
    if (out.empty() && stays) out.push_back(*stays);
    return out;
}

void recall_world::begin(std::size_t place, const std::string& document, const std::string& node) {
    daemon_parts& here = at(place);
    const held h = look(place).of(document);
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
    seen_[place_of(m.transfer.node)].reset();
    auto taken = offer_from(at(place_of(m.transfer.node)), node_ids[m.from], m.packet,
                            m.what == 'S' ? std::vector<std::string>{} : m.transfer.recipients);
    BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    m.receipt_final = m.transfer.node == node_ids[2];
    m.receipt = taken->receipt;
}

void recall_world::conclude(message& m, delivery::outcome o) {
    change(m.from, [&](records::writer& w) -> result<> {
        VANTHU_TRY(auto d, w.document(m.transfer.owner, m.transfer.document));
        VANTHU_CHECK(delivery::conclude_attempt(w, {homes[m.from], codes[m.from]}, {.attempts = 1000},
                                                *at(m.from).gate->registry(), d.value(), m.transfer, o));
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
        seen_[0].reset();
    } else if (verb == "remove") {
        reply r =
            at(0).call("key-huyen", "POST", "/v1/documents/" + document_ + "/update",
                       R"({"reason":"Sai nơi nhận","remove":["H48.99.02"]})", {{"Content-Type", "application/json"}});
        BOOST_REQUIRE_MESSAGE(r.status == 201 || r.code() == "intake.recall_ended", r.body);
        asked_ = true;
        seen_[0].reset();
    } else if (verb == "replace") {
        form f;
        f.part("metadata", fmt::format(R"({{"reason":"Sai","document_id":"{}","subject":"Đã sửa",)"
                                       R"("code":{{"number":"{}","notation":"SNV-TT"}}}})",
                                       other_id_, runs_))
            .part("file", "đã sửa", "van-ban.txt");
        const net::headers fields = f.fields();
        reply r = at(0).call("key-huyen", "POST", "/v1/documents/" + document_ + "/replace", f.finish(), fields);
        BOOST_REQUIRE_MESSAGE(r.status == 201, r.body);
        asked_ = true;
        seen_[0].reset();
    } else if (verb == "begin" || verb == "pass") {
        begin(std::stoul(words[1]), words[2], words[3]);
        if (verb == "pass") { // statuses have no say in a recall until they arrive
            arrive(wire_.back());
            conclude(wire_.back(), {.what = kind::delivered, .receipt = wire_.back().receipt});
            wire_.pop_back();
        }
    } else if (verb == "notices") {
        const std::size_t place = std::stoul(words[1]);
        const auto all = look(place).notices;
        for (const auto& [node, notices] : all) {
            const std::size_t to = place_of(node);
            peer::notice_call call{.instance = std::string(at(place).store->instance_id()), .notices = {}};
            for (const records::notice_row& n : notices)
                call.notices.push_back({n.sequence, n.packet_sha256, n.recipient, n.kind, n.code, n.by, n.at, n.proof});
            seen_[to].reset();
            const auto kept = wait_for(at(to).decisions->executor(0),
                                       delivery::receive_notices(*at(to).store, homes[to], node_ids[place], call));
            change(place, [&](records::writer& w) -> result<> {
                w.remove_notices(homes[place], node, must_have(kept));
                return {};
            });
        }
    } else if (verb == "register" || verb == "answer" || verb == "agree") {
        const std::string body = verb == "register"            ? R"({"code":"03"})"
                                 : verb == "answer" && denies_ ? R"({"code":"16","description":"Đã giải quyết"})"
                                                               : R"({"code":"15"})";
        seen_[2].reset();
        reply r = report(at(2), words[2], words[1], body);
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
            const sight& here = look(place);
            more = std::ranges::any_of(here.notices, [](const auto& to) {
                return std::ranges::none_of(to.second, [](const auto& n) { return n.kind == "recalled"; });
            });
            if (more) {
                step(fmt::format("notices {}", place));
                break;
            }
            std::string action;
            for (const held& h : here.documents)
                for (const records::transfer_row& t : h.transfers)
                    if (action.empty() && h.what == 'S' && h.document.status_code < "05" &&
                        !records::is_final(t.state_now))
                        action = fmt::format("pass {} {} {}", place, t.document, t.node);
            more = !action.empty();
            if (more) step(action);
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
        const sight& here = look(place);
        out += fmt::format("\n{} {} ", place, here.asked ? word(here.asked->stands) : "-");
        if (here.update) out += word(here.update->stands) + " ";
        std::vector<std::string> parts;
        for (const held& h : here.documents) {
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
        for (const auto& [node, notices] : here.notices)
            for (const auto& n : notices) out += n.kind + ",";
    }
    for (const records::inbox_row& e : look(2).entries)
        out += fmt::format("({}{})", e.acked_at != 0, e.cancelled_at != 0);
    std::vector<std::string> on_wire;
    for (const message& m : wire_)
        if (m.open || m.receipt.empty())
            on_wire.push_back(
                fmt::format("{}{}{}{}{}", m.from, m.what, m.open, m.receipt.empty(), m.transfer.recipients.size()));
    std::ranges::sort(on_wire);
    for (const std::string& each : on_wire) out += " " + each;
    return out;
}

std::string recall_world::broken_place(bool at_end) {
    const auto &here = look(0).asked, &there = look(2).asked;
    int old_in = 0, new_in = 0;
    bool old_cancelled = false, new_cancelled = false;
    for (const records::inbox_row& e : look(2).entries) {
        const bool old = look(2).of(e.document).what == 'D';
        ++(old ? old_in : new_in);
        (old ? old_cancelled : new_cancelled) = e.cancelled_at != 0;
    }
    if (old_in > 1 || new_in > 1) return "delivered twice";
    if (new_cancelled) return "the replacement is cancelled";
    const recall_stand s = here ? here->stands : recall_stand::ended, r = there ? there->stands : recall_stand::ended;
    if (here && s == recall_stand::withdrawn && old_in) return "withdrawn at the sender, in the inbox there";
    if (here && s == recall_stand::agreed && old_in && !old_cancelled) return "agreed at the sender, standing there";
    if (here && s == recall_stand::denied && old_cancelled) return "denied at the sender, cancelled there";
    int answers = 0;
    for (const held& h : look(0).documents)
        answers += h.what == 'S' && (h.document.status_code == "15" || h.document.status_code == "16");
    if (answers > 1) return "answered twice";
    if (!at_end) return {};
    if (!here || !there) return "no replacement on record";
    if (new_in != 1) return "the replacement did not come";
    if (records::is_open(s)) return "left open at the sender: " + word(s);
    if (records::is_open(r)) return "left open at the receiver: " + word(r);
    // Stopped on its way, which the receiver cannot know: it has answered 15 for what never comes.
    if (s == recall_stand::withdrawn ? r != recall_stand::agreed : s != r) return "the two sides differ";
    if (s == recall_stand::ended) return "ended without a reason";
    if ((r == recall_stand::agreed) != (!old_in || old_cancelled)) return "its place is not taken";
    for (std::size_t place = 0; place < places; ++place)
        for (const held& h : look(place).documents)
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", h.what, place);
    return {};
}

std::string recall_world::broken_stay() {
    int documents_in = 0;
    for (const records::inbox_row& e : look(2).entries) {
        if (e.organisation != "@xa") continue;
        if (e.cancelled_at) return "cancelled for who stays";
        documents_in += look(2).of(e.document).what == 'D';
    }
    if (documents_in != 1) return fmt::format("who stays has it {} times", documents_in);
    for (std::size_t place : {0u, 2u}) {
        const auto& q = look(place).update;
        if (!q) return fmt::format("no update on record at {}", place);
        if (q->stands != recall_stand::agreed) return fmt::format("the update stands {} at {}", word(q->stands), place);
    }
    return {};
}

std::string recall_world::broken(bool at_end) {
    if (request_ == request::replacement) return broken_place(at_end);
    const auto &here = look(0).asked, &there = look(2).asked;
    int documents_in = 0, requests_in = 0;
    bool registered = false, cancelled = false;
    for (const records::inbox_row& e : look(2).entries) {
        if (request_ == request::removal && e.organisation == "@xa") continue;
        const bool asks = look(2).of(e.document).what != 'D';
        ++(asks ? requests_in : documents_in);
        if (asks) continue;
        registered = e.cancelled_at == 0;
        cancelled = e.cancelled_at != 0;
    }
    if (documents_in > 1 || requests_in > 1) return "delivered twice";
    const recall_stand s = here ? here->stands : recall_stand::ended, r = there ? there->stands : recall_stand::ended;
    if (here && s == recall_stand::withdrawn && documents_in) return "withdrawn at the sender, in the inbox there";
    if (here && s == recall_stand::agreed && registered) return "agreed at the sender, registered there";
    if (here && s == recall_stand::denied && cancelled) return "denied at the sender, cancelled there";
    int answers = 0;
    for (const held& h : look(0).documents)
        answers += h.what == 'S' && (request_ != request::removal || h.document.from_code == "H48.99.02") &&
                   (h.document.status_code == "15" || h.document.status_code == "16");
    if (answers > 1) return "answered twice";
    if (!at_end) return {};
    if (!here) return "no recall on record";
    if (records::is_open(s)) return "left open at the sender: " + word(s);
    if (there && records::is_open(r)) return "left open at the receiver: " + word(r);
    if (s == recall_stand::withdrawn && there) return "withdrawn at the sender, on record there";
    if ((s == recall_stand::agreed || s == recall_stand::denied) && s != r) return "the two sides differ";
    if (s == recall_stand::ended) return "ended without a reason";
    if (request_ == request::removal)
        if (std::string wrong = broken_stay(); !wrong.empty()) return wrong;
    for (std::size_t place = 0; place < places; ++place)
        for (const held& h : look(place).documents)
            for (const records::transfer_row& t : h.transfers)
                if (!records::is_final(t.state_now)) return fmt::format("{} waits at {} for ever", h.what, place);
    return {};
}

} // namespace vanthu::test

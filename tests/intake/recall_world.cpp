#include "tests/intake/recall_world.hpp"

#include "daemon/base/base64.hpp"
#include "schemas/edxml/reader.hpp"
#include "schemas/edxml/writer.hpp"
#include "tests/intake/offers.hpp"

#include <fmt/format.h>

namespace vanthu::test {

namespace json = boost::json;
using records::recall_stand;
using records::state;

namespace {

// The packet of a document that was sent at that time.
std::string sent_at(timestamp when, const letter& l) {
    std::string packet = l.packet();
    const std::string some = "2025/07/15 08:00:00";
    return packet.replace(packet.find(some), some.size(), edxml::packet_time::of(when).text);
}

template <class T> T must_have(result<T> r) {
    BOOST_REQUIRE_MESSAGE(r.has_value(), (r ? "" : r.error().code.message() + " " + r.error().detail));
    return std::move(*r);
}

std::string word(auto e) { return boost::describe::enum_to_string(e, "?"); }

} // namespace

recall_world::recall_world(mishaps allowed, scenario what) : allowed_(allowed), scenario_(std::move(what)) {
    places_ = {{"h48.40", "@huyen", "H48.40"}, {"h48", "@tinh", "H48"}};
    if (scenario_.hop) places_.push_back({"h48.99.01", "@xa", "H48.99.01"});
    const std::string registry =
        two_node_registry(1, organisation_text{"thon", "Thôn", "thôn", "H48.99.02", "xa"}.toml() +
                                 (scenario_.hop ? node_text{"h48.99.01", "xa", "H48.99.01", nowhere, {}}.toml() : ""));
    for (const place& each : places_) {
        node_spec s;
        s.node = each.node;
        s.home = each.home;
        s.organisation = each.code;
        s.registry = registry;
        s.credentials = credentials_for({{"huyen", {"H48.40"}}, {"xa", {"H48.99.01"}}, {"thon", {"H48.99.02"}}});
        s.delivers = false;
        nodes_.push_back(std::make_unique<daemon_parts>(ca_, s));
        nodes_.back()->gate->on_work = {}; // no engine: the test moves everything
    }
    seen_.resize(places_.size());
}

void recall_world::begin_run() {
    // A run that ended before its time has left notices behind.
    for (std::size_t place = places_.size(); place-- > 0;)
        if (!look(place).notices.empty()) step(fmt::format("notices {}", place));
    for (auto& each : seen_) each.reset();
    left_ = allowed_;
    asked_ = 0;
    wire_.clear();
    refused_.clear();
    id_ = fmt::format("VB-{}", ++runs_);
    other_id_ = id_ + "-thay";
    letter what{.number = runs_, .from = "H48.40", .document_id = id_};
    if (removes()) what.to.push_back("H48.99.02");
    // Of two requests all are sent before any is answered, by their own times.
    const timestamp before = at(0).clock.now() - std::chrono::seconds(30);
    reply sent = is_pair() && !removes() ? submit_packet(at(0), "key-huyen", sent_at(before, what))
                                         : submit(at(0), "key-huyen", what);
    BOOST_REQUIRE_MESSAGE(sent.status == 201, sent.body);
    document_ = text_of(sent.json(), {"document_id"});
}

std::size_t recall_world::place_of(const std::string& node) const {
    return static_cast<std::size_t>(std::ranges::find(places_, node, &place::node) - places_.begin());
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
    for (const std::string& node : must_have(read.nodes_with_notices(places_[place].home)))
        s->notices[node] = must_have(read.notices_for(places_[place].home, node, 100));
    for (const char* who : {"xa", "thon"})
        for (const std::string& id : {id_, other_id_})
            if (auto q = must_have(read.recall(places_[place].home, "@huyen", id, std::string("@") + who)))
                s->rows[fmt::format("{} {}", id == id_ ? "D" : "N", who)] = std::move(*q);
    auto row = [&](const char* name) {
        auto at = s->rows.find(name);
        return at == s->rows.end() ? std::nullopt : std::optional(at->second);
    };
    s->asked = row(removes() ? "D thon" : "D xa");
    if (removes()) s->update = row("D xa");
    for (const held& h : s->documents)
        for (const records::consignment_row& c : h.consignments)
            if (place == last() && !c.inbox_id.empty())
                s->entries.push_back(must_have(read.inbox_entry(c.recipient, c.inbox_id)).value());
    return *s;
}

// Documents and requests by what they are: those asked of the same document in the order in which they were asked.
std::string recall_world::name_of(const held& h) {
    if (h.what == 'S') {
        const char of = h.document.identity.document_id == id_ ? 'D' : 'N';
        return fmt::format("S{}({}, {})", h.document.status_code, of, h.document.from_code);
    }
    if (h.what != 'R') return std::string(1, h.what);
    std::set<std::int64_t> sent;
    for (const held& each : look(0).documents)
        if (each.what == 'R' && each.document.target == h.document.target) sent.insert(each.document.sent_at);
    const auto before = std::distance(sent.begin(), sent.find(h.document.sent_at));
    return fmt::format("R{}{}", h.document.target == id_ ? 'D' : 'N', before + 1);
}

// What a clerk may say of an entry that asks for something.
std::vector<recall_world::action> recall_world::answers_of(const records::inbox_row& e) {
    std::vector<action> out;
    const held& h = there().of(e.document);
    const auto c = std::ranges::find(h.consignments, e.id, &records::consignment_row::inbox_id);
    if (!is_pair() || e.cancelled_at || !c->answer.empty() || refused_.contains(e.id)) return out;
    for (const records::status_seen& s : c->statuses)
        if (h.what != 'N' && (s.code == "15" || s.code == "16")) return out; // else they answer its recall
    const std::string name = name_of(h);
    const request first = scenario_.asks.front();
    const bool second = name == "RD2" || (h.what == 'R' && first != request::recall) ||
                        (h.what == 'N' && first != request::replacement);
    const std::string& answers = scenario_.answers.at(scenario_.answers.size() > 1 && second ? 1 : 0);
    for (const char* code : {"15", "16"})
        if (answers.find(code) != std::string::npos)
            out.push_back({fmt::format("answer {} {} {}", code, name, e.organisation),
                           fmt::format("say {} {} {}", e.id, e.organisation.substr(1), code)});
    return out;
}

std::vector<recall_world::action> recall_world::enabled() {
    std::vector<action> out;
    if (asked_ < scenario_.asks.size()) {
        const auto row = look(0).rows.find("D xa");
        const bool denied = row != look(0).rows.end() && row->second.stands == recall_stand::denied;
        if (asked_ == 0 || !scenario_.after_denial || denied)
            out.push_back({fmt::format("ask {}", asked_ + 1), fmt::format("ask {}", asked_)});
    }
    for (std::size_t place = 0; place < places_.size(); ++place) {
        const sight& here = look(place);
        for (const held& h : here.documents)
            for (const records::transfer_row& t : h.transfers) {
                const bool open = std::ranges::any_of(wire_, [&](const message& m) {
                    return m.open && m.from == place && m.transfer.document == t.document;
                });
                const std::string verb = h.what == 'S' ? "pass" : "begin";
                if (!open && !t.fenced && (t.state_now == state::waiting || t.state_now == state::deferred))
                    out.push_back({fmt::format("{} {} at {}", verb, name_of(h), place),
                                   fmt::format("{} {} {} {}", verb, place, t.document, t.node)});
            }
        if (!here.notices.empty()) out.push_back({fmt::format("notices {}", place), fmt::format("notices {}", place)});
    }
    for (std::size_t i = 0; i < wire_.size(); ++i) {
        const message& m = wire_[i];
        auto add = [&](const char* verb) {
            out.push_back({fmt::format("{} {} from {}", verb, m.name, m.from), fmt::format("{} {}", verb, i)});
        };
        if (m.receipt.empty() || (left_.repeats > 0 && m.open)) add("arrive");
        if (m.open && !m.receipt.empty()) add("answered");
        if (m.open && left_.losses > 0 && (!allowed_.of_document || (m.what == 'D' && m.from == 0))) {
            add("unanswered");
            if (m.receipt.empty()) add("unsent");
        }
    }
    std::optional<action> stays;
    for (const records::inbox_row& e : there().entries) {
        const char what = there().of(e.document).what;
        const bool asks = what == 'R' || what == 'N' || what == 'U', staying = what == 'U' && e.organisation == "@xa";
        const auto& q = staying ? there().update : there().asked;
        const std::string key = e.organisation.substr(1), of = fmt::format(" {} {}", what, e.organisation);
        if (!is_pair() && asks && q && q->stands == recall_stand::before_clerk) {
            if (staying)
                stays = {"agree" + of, fmt::format("agree {} {}", e.id, key)};
            else
                out.push_back({"answer" + of, fmt::format("answer {} {}", e.id, key)});
        }
        if (asks) std::ranges::move(answers_of(e), std::back_inserter(out));
        const bool denied = what == 'N' && q && q->stands == recall_stand::denied;
        const bool of_who_stays = !is_pair() && removes() && e.organisation == "@xa";
        if ((what == 'D' || what == 'N') && !denied && !of_who_stays && e.acked_at == 0 && e.cancelled_at == 0 &&
            !refused_.contains("03" + e.id))
            out.push_back({"register" + of, fmt::format("register {} {}", e.id, key)});
    }
    if (out.empty() && stays) out.push_back(*stays);
    std::ranges::sort(out);
    return out;
}

void recall_world::begin(std::size_t place, const std::string& document, const std::string& node) {
    daemon_parts& here = at(place);
    const held h = look(place).of(document);
    records::transfer_row t = *std::ranges::find(h.transfers, node, &records::transfer_row::node);
    if (!t.composed) {
        auto c = must_have(delivery::compose(here.store->payloads(), h.document, places_[place].code, here.clock.now(),
                                             edxml::element_order::qcvn));
        t.pieces = std::move(c.pieces);
        t.size = c.size;
        t.packet_sha256 = c.sha256;
    }
    delivery::begun b;
    change(place, [&](records::writer& w) -> result<> {
        VANTHU_TRY(b, delivery::begin_attempt(w, {places_[place].home, places_[place].code}, t, h.document));
        return {};
    });
    if (!b.transfer) return;
    const auto ref = must_have(ledger::payload_ref::decode(h.document.payload));
    message m{.from = place, .what = h.what, .name = name_of(h), .transfer = std::move(*b.transfer)};
    for (const records::piece_row& p : m.transfer.pieces)
        if (p.text.empty())
            m.packet += as_text(must_have(here.store->payloads().read(ref, p.offset, p.length)));
        else
            m.packet += p.text;
    wire_.push_back(std::move(m));
}

void recall_world::arrive(message& m) {
    seen_[place_of(m.transfer.node)].reset();
    auto taken = offer_from(at(place_of(m.transfer.node)), places_[m.from].node, m.packet,
                            m.what == 'S' ? std::vector<std::string>{} : m.transfer.recipients);
    BOOST_REQUIRE_MESSAGE(taken.has_value(), (taken ? "" : taken.error().code.message() + taken.error().detail));
    m.receipt_final = place_of(m.transfer.node) == last();
    m.receipt = taken->receipt;
}

void recall_world::conclude(message& m, delivery::outcome o) {
    change(m.from, [&](records::writer& w) -> result<> {
        VANTHU_TRY(auto d, w.document(m.transfer.owner, m.transfer.document));
        VANTHU_CHECK(delivery::conclude_attempt(w, {places_[m.from].home, places_[m.from].code}, {.attempts = 1000},
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
    const std::string denial = R"({"code":"16","description":"Đã giải quyết"})";
    if (verb == "ask") {
        ask(std::stoul(words[1]));
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
                                       delivery::receive_notices(*at(to).store, places_[to].home,
                                                                 places_[place].node, call));
            change(place, [&](records::writer& w) -> result<> {
                w.remove_notices(places_[place].home, node, must_have(kept));
                return {};
            });
        }
    } else if (verb == "register" || verb == "answer" || verb == "agree") {
        const std::string body = verb == "register"            ? R"({"code":"03"})"
                                 : verb != "agree" && scenario_.answers.front() == "16" ? denial
                                                                                        : R"({"code":"15"})";
        seen_[last()].reset();
        reply r = report(at(last()), "key-" + words[2], words[1], body);
        BOOST_REQUIRE_MESSAGE(r.status == 201 || (is_pair() && r.status == 409), r.body);
        if (r.status == 409) refused_.insert("03" + words[1]);
    } else if (verb == "say") {
        seen_[last()].reset();
        reply r = report(at(last()), "key-" + words[2], words[1], words[3] == "16" ? denial : R"({"code":"15"})");
        BOOST_REQUIRE_MESSAGE(r.status == 201 || r.status == 409, r.body);
        if (r.status == 409) refused_.insert(words[1]);
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

// A packet of the eOffice's own about the document, sent later than that and than what was asked of it before.
std::string recall_world::packet_of(request what) {
    const held& d = look(0).of(document_);
    const auto ref = must_have(ledger::payload_ref::decode(d.document.payload));
    const bytes stored = must_have(at(0).store->payloads().read(ref, 0, d.document.size));
    edxml::document_header h = must_have(edxml::read_packet(stored)).document()->header;
    const std::chrono::seconds later(removes() ? 60 : 10 * static_cast<int>(asked_) - 20);
    h.trace.assign(1, {h.from.organ_id, edxml::packet_time::of(at(0).clock.now() + later)});
    h.bussiness = edxml::bussiness{.doc_type = what == request::recall   ? "1"
                                               : what == request::update ? "2"
                                                                         : "3",
                                   .doc_reason = asked_ ? "Sai nữa" : "Sai"};
    // Two recalls at once are two only where they bring something different.
    const bool files = what != request::recall || (asked_ && scenario_.asks.front() == request::recall);
    if (what != request::replacement) {
        h.bussiness->document_id = id_;
        if (!files) return must_have(edxml::compose_document(h));
    } else {
        h.document_id = other_id_;
        h.code.notation = "SNV-TT";
        h.bussiness->replacements.push_back({id_, d.document.to_codes});
    }
    const std::vector<edxml::new_attachment> attached{{"van-ban.txt", "", "text/plain", "one"}};
    std::string out;
    for (const edxml::piece& p : must_have(edxml::compose_new(h, attached)))
        if (const auto* text = std::get_if<std::string>(&p))
            out += *text;
        else
            out += base64_encode(as_bytes(std::string("đã sửa")));
    return out;
}

void recall_world::ask(std::size_t which) {
    const request what = scenario_.asks.at(which);
    const net::headers as_json{{"Content-Type", "application/json"}};
    const std::string path = "/v1/documents/" + (what == request::recall_of_new ? replacement_ : document_);
    reply r;
    const bool waits = which > 0 && (what == request::recall_of_new || scenario_.after_denial);
    if (is_pair() && what != request::removal && !waits) {
        r = submit_packet(at(0), "key-huyen", packet_of(what));
    } else if (what == request::recall || what == request::recall_of_new) {
        r = at(0).call("key-huyen", "POST", path + "/recall", R"({"reason":"Sai"})", as_json);
    } else if (what == request::removal) {
        r = at(0).call("key-huyen", "POST", path + "/update", R"({"reason":"Sai nơi nhận","remove":["H48.99.02"]})",
                       as_json);
    } else {
        form f;
        f.part("metadata", fmt::format(R"({{"reason":"Sai","document_id":"{}","subject":"Đã sửa",)"
                                       R"("code":{{"number":"{}","notation":"SNV-TT"}}}})",
                                       other_id_, runs_))
            .part("file", "đã sửa", "van-ban.txt");
        const net::headers fields = f.fields();
        r = at(0).call("key-huyen", "POST", path + "/replace", f.finish(), fields);
    }
    BOOST_REQUIRE_MESSAGE(r.status == 201 || r.code() == "intake.recall_ended", r.body);
    ++asked_;
    seen_[0].reset();
    if (r.status == 201 && what == request::replacement) replacement_ = text_of(r.json(), {"document_id"});
}

// What waits and changes nothing of a recall.
void recall_world::hurry() {
    for (bool more = !allowed_.slow; more;) {
        more = false;
        for (std::size_t place = places_.size(); place-- > 0 && !more;) {
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

void recall_world::act(const action& a) {
    step(a.what);
    hurry();
}

std::string recall_world::fingerprint() {
    std::string out = fmt::format("{}{}{} ", asked_, left_.losses, left_.repeats);
    for (std::size_t place = 0; place < places_.size(); ++place) {
        const sight& here = look(place);
        out += fmt::format("\n{} ", place);
        auto by = [&](const records::recall_row& q) {
            auto at = std::ranges::find(here.documents, q.recall, [](const held& h) { return h.document.id; });
            return at == here.documents.end() ? "-" : name_of(*at);
        };
        for (const auto& [name, q] : here.rows)
            out += fmt::format("{} {} {}{}, ", name, by(q), word(q.stands), q.document.empty() ? " unseen" : "");
        std::vector<std::string> parts;
        for (const held& h : here.documents) {
            std::string part = name_of(h);
            for (const records::consignment_row& c : h.consignments) {
                part += fmt::format("[{} {} {} {} {} ", word(c.state_now), c.hop, c.asked_back, c.last_status,
                                    c.answer);
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
            for (const auto& n : notices) {
                auto of = std::ranges::find(here.documents, n.packet_sha256,
                                            [](const held& h) { return h.document.packet_sha256; });
                out += n.kind + "(" + (of == here.documents.end() ? "" : name_of(*of)) + "),";
            }
    }
    out += "\n";
    std::vector<std::string> entries;
    for (const records::inbox_row& e : there().entries)
        entries.push_back(fmt::format("({}{} {}{} {}{})", name_of(there().of(e.document)), e.organisation,
                                      e.acked_at != 0, e.cancelled_at != 0, refused_.contains(e.id),
                                      refused_.contains("03" + e.id)));
    std::ranges::sort(entries);
    for (const std::string& each : entries) out += each;
    std::vector<std::string> on_wire;
    for (const message& m : wire_)
        if (m.open || m.receipt.empty())
            on_wire.push_back(
                fmt::format("{}{}{}{}{}", m.from, m.name, m.open, m.receipt.empty(), m.transfer.recipients.size()));
    std::ranges::sort(on_wire);
    for (const std::string& each : on_wire) out += " " + each;
    return out;
}

} // namespace vanthu::test

#include "daemon/base/ids.hpp"
#include "daemon/web/door_state.hpp"

#include <algorithm>

namespace vanthu::web {

namespace {

constexpr std::size_t page = 50;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool matches(const records::document_row& d, const std::string& q) {
    if (q.empty()) return true;
    const records::business_identity& i = d.identity;
    if (d.id == q || i.document_id == q || d.from_code == q || i.notation == q) return true;
    if (!i.number.empty()) {
        const std::string number = records::comparable_number(i.number);
        if (number == records::comparable_number(q) || i.number + "/" + i.notation == q ||
            number + "/" + i.notation == q)
            return true;
    }
    return std::find(d.to_codes.begin(), d.to_codes.end(), q) != d.to_codes.end() || contains(i.document_id, q) ||
           contains(d.subject, q) || contains(d.from_name, q);
}

// The newest documents of all owners, one after another. Few rows of each owner are read ahead.
class newest_first {
public:
    newest_first(const records::reader& read, const std::vector<std::string>& owners, const std::string& before)
        : read_(read) {
        for (const std::string& owner : owners) places_.push_back({owner, before, {}, 0, false});
    }
    result<std::optional<records::document_row>> next() {
        place* newest = nullptr;
        for (place& p : places_) {
            if (p.at == p.rows.size() && !p.ended) VANTHU_CHECK(read_ahead(p));
            if (p.at < p.rows.size() && (!newest || p.rows[p.at].id > newest->rows[newest->at].id)) newest = &p;
        }
        if (!newest) return std::optional<records::document_row>{};
        return std::optional(std::move(newest->rows[newest->at++]));
    }

private:
    struct place {
        std::string owner, before;
        std::vector<records::document_row> rows;
        std::size_t at;
        bool ended;
    };
    result<> read_ahead(place& p) {
        const std::size_t count = p.rows.empty() ? 2 : 32;
        p.rows.clear();
        p.at = 0;
        // A row that cannot be read does not end the list.
        while (p.rows.empty()) {
            VANTHU_TRY(auto listed, read_.list_documents(p.owner, p.before, count));
            p.ended = listed.empty();
            if (p.ended) return {};
            p.before = listed.back().id;
            for (records::reader::listed_document& d : listed)
                if (d.row) p.rows.push_back(std::move(*d.row));
        }
        return {};
    }
    const records::reader& read_;
    std::vector<place> places_;
};

} // namespace

result<std::optional<records::document_row>> operator_door::state::find(const std::string& id) {
    const records::reader read(store.committed());
    VANTHU_TRY(auto all, owners());
    for (const std::string& owner : all) {
        VANTHU_TRY(auto d, read.document(owner, id));
        if (d) return d;
    }
    return std::optional<records::document_row>{};
}

result<json::object> operator_door::state::ladder(const records::reader& read, const records::document_row& d,
                                                  const registry::registry& r) const {
    VANTHU_TRY(json::object shown,
               api::ladder(read, d,
                           {r, clock.now(), *office.load(), options.home,
                            [this](const std::string& node) { return engine.trouble(node); }, engine.attempts()}));
    for (json::value& v : shown["recipients"].as_array()) {
        json::object& recipient = v.as_object();
        const std::string now(recipient["state"].as_string()), hop(recipient["hop"].as_string());
        if ((now != "waiting" && now != "deferred") || !engine.is_active(d.id, hop)) continue;
        recipient["state"] = "active";
        recipient["state_vi"] = api::state_name(records::state::active, true);
        recipient["state_en"] = api::state_name(records::state::active, false);
        recipient["why_vi"] = "Đang gửi ngay lúc này.";
        recipient["why_en"] = "Being sent at this moment.";
        recipient.erase("next_attempt_at");
    }
    return shown;
}

result<json::object> operator_door::state::documents(const document_query& q) {
    const auto known = registry();
    const records::reader read(store.committed());
    json::array list;
    std::string last;
    std::size_t looked_at = 0;
    bool more = false;

    auto offer = [&](const records::document_row& d) -> result<bool> {
        ++looked_at;
        last = d.id;
        if (!matches(d, q.text)) return false;
        VANTHU_TRY(auto consignments, read.consignments(d.owner, d.id));
        json::object states;
        bool in_state = !q.state;
        for (const records::consignment_row& c : consignments) {
            const bool active = !records::is_final(c.state_now) && engine.is_active(d.id, c.hop);
            const records::state shown = active ? records::state::active : c.state_now;
            in_state = in_state || shown == *q.state;
            json::value& n = states[boost::describe::enum_to_string(shown, "unknown")];
            n = n.is_null() ? 1 : n.as_int64() + 1;
        }
        if (!in_state) return false;
        json::object shown = api::document_json(d);
        shown.erase("signature_report");
        shown.erase("attachments");
        shown["owner"] = d.owner;
        shown["states"] = std::move(states);
        list.push_back(std::move(shown));
        return list.size() == page;
    };

    if (is_id(q.text)) {
        VANTHU_TRY(auto d, find(q.text));
        if (d) VANTHU_CHECK(offer(*d));
    } else if (q.state && !records::is_final(*q.state)) {
        // What is open is known by name: found at once, however old it is.
        std::vector<std::pair<std::string, std::string>> open; // owner (empty: not known), id; newest first
        if (*q.state == records::state::active) {
            std::set<std::string, std::greater<>> sent_now;
            for (auto& [id, hop] : engine.active())
                if (q.before.empty() || id < q.before) sent_now.insert(std::move(id));
            for (const std::string& id : sent_now) open.emplace_back("", id);
        } else
            VANTHU_CHECK(with_standing([&](const standing& s) {
                s.newest(*q.state, q.before, [&](const standing::document& d) {
                    if (open.empty() || open.back().second != d.id) open.emplace_back(d.owner, d.id);
                    return open.size() <= options.search_at_most;
                });
            }));
        for (const auto& [owner, id] : open) {
            if (looked_at == options.search_at_most) {
                more = true;
                break;
            }
            VANTHU_TRY(auto d, owner.empty() ? find(id) : read.document(owner, id));
            if (!d) continue;
            VANTHU_TRY(more, offer(*d));
            if (more) break;
        }
    } else {
        VANTHU_TRY(auto whose, owners());
        newest_first all(read, whose, q.before);
        while (!more) {
            VANTHU_TRY(auto d, all.next());
            if (!d) break;
            VANTHU_TRY(more, offer(*d));
            more = more || looked_at == options.search_at_most;
        }
    }
    return json::object{{"schema_version", 1},
                        {"now", to_rfc3339(clock.now())},
                        {"documents", std::move(list)},
                        {"looked_at", looked_at},
                        {"next_before", more ? json::value(last) : json::value(nullptr)}};
}

result<json::object> operator_door::state::document(const std::string& id) {
    if (!is_id(id)) return failed(records::errc::document_unknown, id);
    VANTHU_TRY(auto d, find(id));
    if (!d) return failed(records::errc::document_unknown, id);
    const auto known = registry();
    const records::reader read(store.committed());
    VANTHU_TRY(json::object shown, ladder(read, *d, *known));
    VANTHU_TRY(auto transfers, read.transfers(d->owner, d->id));
    json::array hops;
    for (const records::transfer_row& t : transfers) {
        const registry::node* n = known->find_node(t.node);
        const bool active = engine.is_active(t.document, t.node);
        hops.push_back(json::object{
            {"node", t.node},
            {"name", n ? organisation_name(*known, "@" + n->organisation, clock.now()) : t.node},
            {"state", active ? "active" : boost::describe::enum_to_string(t.state_now, "unknown")},
            {"attempts", t.attempts},
            {"created_at", time_text(t.created_at)},
            {"last_attempt_at", time_text(t.last_attempt_at)},
            {"next_attempt_at", records::is_final(t.state_now) || t.state_now == records::state::parked
                                    ? std::string()
                                    : time_text(t.next_attempt_at)},
            {"expires_at", time_text(t.expires_at)},
            {"can_release",
             !active && (t.state_now == records::state::parked || t.state_now == records::state::deferred)}});
    }
    shown["owner"] = d->owner;
    shown["transfers"] = std::move(hops);
    shown["now"] = to_rfc3339(clock.now());
    return shown;
}

} // namespace vanthu::web

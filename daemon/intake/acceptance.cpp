#include "daemon/intake/acceptance.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/answers.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <algorithm>
#include <set>

namespace vanthu::intake {

acceptance::acceptance(gate& g, offer o)
    : gate_(g), offer_(std::move(o)), at_(g.clock_.now()), registry_(g.registry()),
      packet_bytes_(g.spool_, g.options_.memory_spool), reader_(g.options_.limits, today(at_)) {
    reader_.deliver_to(*this);
    // A sender that may not speak for From is told before its attachments are read.
    reader_.on_header([this](const edxml::packet& so_far) -> result<> {
        if (const auto* d = so_far.document(); d && offer_.source != offer::from::ourselves)
            if (edxml::bussiness_type_of(d->header) == edxml::bussiness_type::new_document)
                VANTHU_CHECK(check_pressure(*d));
        return check_sender(so_far.document() ? so_far.document()->header.from.organ_id
                                              : so_far.status()->from.organ_id,
                            so_far.document() != nullptr);
    });
}

task<accepted> acceptance::run(net::body_source& body) {
    VANTHU_CO_CHECK(co_await read(body));
    co_return co_await decide();
}

task<accepted> acceptance::run(std::unique_ptr<ledger::spool_file> packet) {
    packet_bytes_.take_over(std::move(packet));
    VANTHU_CO_CHECK(co_await read_spool());
    co_return co_await decide();
}

task<accepted> acceptance::decide() {
    VANTHU_CO_CHECK(check_announcement());
    arrival_.from = &offer_;
    arrival_.packet = &*packet_;
    arrival_.registry = registry_;
    arrival_.at = at_;
    const std::string& from =
        packet_->document() ? packet_->document()->header.from.organ_id : packet_->status()->from.organ_id;
    arrival_.owner = offer_.source == offer::from::peer ? gate_.options_.home : registry_->canonical(from, at_);
    VANTHU_CO_CHECK(check_sender(from, packet_->document() != nullptr));
    if (packet_->document()) {
        VANTHU_CO_CHECK(check_attachments());
        VANTHU_CO_CHECK(check_code());
        VANTHU_CO_CHECK(check_dates());
        VANTHU_CO_CHECK(co_await check_secrets());
        VANTHU_CO_CHECK(route_recipients());
        VANTHU_CO_CHECK(keep_with_documents());
        VANTHU_CO_CHECK(apply_policy());
    } else if (registry::trimmed(packet_->status()->response_for.organ_id).empty() ||
               registry::trimmed(packet_->status()->from.organ_id).empty() ||
               (packet_->status()->response_for.document_id.empty() && packet_->status()->response_for.code.empty())) {
        co_return failed(errc::status_unreadable);
    }
    VANTHU_CO_CHECK(check_origin());
    if (offer_.dry_run) {
        accepted answer;
        if (const auto* d = packet_->document()) answer.document.identity.document_id = d->header.document_id;
        answer.document.packet_sha256 = packet_->packet_sha256;
        answer.document.content_sha256 = packet_->content_sha256;
        answer.document.signatures = arrival_.signatures_checked ? to_string(arrival_.signatures) : "not_checked";
        answer.document.signature_report = arrival_.signature_report;
        answer.document.flags = arrival_.flags;
        answer.findings = packet_->findings;
        co_return answer;
    }
    VANTHU_CO_CHECK(prepare_companions());
    compose_ahead();
    if (auto stored = co_await store_payloads(); !stored) {
        discard_payloads();
        co_return std::unexpected(stored.error());
    }
    co_return co_await commit();
}

// Small packets are read, parsed and hashed where the connection lives; what goes to disk goes through the disk pool.
task<> acceptance::read(net::body_source& body) {
    // Parsed, hashed and copied while a piece is still in the processor's cache.
    constexpr std::size_t at_once = 64u << 10;
    packet_bytes_.expect(offer_.size.value_or(offer_.expected_size));
    const auto chunk = std::make_unique_for_overwrite<std::uint8_t[]>(at_once);
    for (;;) {
        VANTHU_CO_TRY(std::size_t n, co_await body.read_some({chunk.get(), at_once}));
        if (n == 0) break;
        bytes_view piece(chunk.get(), n);
        if (packet_bytes_.size() + n <= gate_.options_.memory_spool) {
            VANTHU_CO_CHECK(take(piece));
        } else {
            VANTHU_CO_CHECK(co_await offload(gate_.disk_, [this, piece] { return take(piece); }));
        }
    }
    VANTHU_CO_TRY(packet_, reader_.finish());
    co_return result<>();
}

task<> acceptance::read_spool() {
    bytes chunk(256u << 10);
    std::uint64_t at = 0;
    auto next = [&]() -> result<std::size_t> {
        VANTHU_TRY(std::size_t n, packet_bytes_.read(at, chunk));
        VANTHU_CHECK(reader_.feed(bytes_view(chunk.data(), n)));
        return n;
    };
    for (;;) {
        VANTHU_CO_TRY(std::size_t n, co_await offload(gate_.disk_, next));
        if (n == 0) break;
        at += n;
    }
    VANTHU_CO_TRY(packet_, reader_.finish());
    co_return result<>();
}

result<> acceptance::take(bytes_view piece) {
    VANTHU_CHECK(reader_.feed(piece));
    return packet_bytes_.write(piece);
}

task<> acceptance::check_secrets() {
    if (auto marker = edxml::find_secret_marker(packet_->document()->header)) marking_ = marker->field;
    if (!marking_) VANTHU_CO_CHECK(co_await inspect_signatures());
    if (marking_) co_return isolate_or_refuse(*marking_);
    co_return result<>();
}

fail acceptance::isolate_or_refuse(const std::string& field) {
    const edxml::document_header& h = packet_->document()->header;
    // Identity only: the subject of a secret document does not belong into a log.
    log::warning("secret_marking",
                 {{"from", h.from.organ_id}, {"code", h.code.number + "/" + h.code.notation}, {"field", field}});
    errc answer = errc::secret_refused;
    if (offer_.source == offer::from::peer && !offer_.dry_run) {
        isolated_secret record{.at = to_us(at_),
                               .node = offer_.node,
                               .from = h.from.organ_id,
                               .code = h.code.number + "/" + h.code.notation,
                               .packet_sha256 = packet_->packet_sha256};
        if (auto kept = isolate(gate_.options_.quarantine, record, packet_bytes_); !kept) return fail(kept.error());
        answer = errc::secret_isolated;
    }
    packet_bytes_.wipe();
    for (auto& c : candidates_) {
        c->outer.content.wipe();
        c->unpacked.content.wipe();
    }
    return failed(answer, field);
}

result<> acceptance::apply_policy() {
    // A recall brings nothing to be relied on: whether it may be made follows from the link and the origin.
    const edxml::bussiness_type type = edxml::bussiness_type_of(packet_->document()->header);
    if (type == edxml::bussiness_type::recall ||
        (type == edxml::bussiness_type::update && packet_->document()->attachments.empty()))
        return {};
    bool any_local = false;
    for (const routed& r : arrival_.recipients) any_local |= r.route.kind == registry::route_kind::local;
    std::shared_ptr<const policy> table = gate_.policy_.load();
    std::set<std::string_view> flags;
    const bool issues = offer_.source == offer::from::eoffice;
    if (issues) {
        const action what = table->of(role::issue, arrival_.signatures);
        if (what == action::refuse) return failed(errc::signature_refused, std::string(to_string(arrival_.signatures)));
        flags.insert(flag_of(what));
        arrival_.held_here = arrival_.held_onward = hold_of(what, first_page_unseen_);
    } else {
        const action what = table->of(role::transit, arrival_.signatures);
        arrival_.held_onward = hold_of(what, false);
        if (!any_local) flags.insert(flag_of(what));
    }
    if (any_local) { // a neighbour on this node is an end like any other
        const action what = table->of(role::final, arrival_.signatures);
        if (what == action::refuse && table->send_final_refusal)
            arrival_.refused_at_end = public_code(errc::signature_refused);
        else
            flags.insert(flag_of(what));
        if (arrival_.held_here.empty()) arrival_.held_here = hold_of(what, false);
        // Nothing is refused, least of all by itself, before a person has looked at it.
        if (!arrival_.held_here.empty()) arrival_.refused_at_end.clear();
    }
    if (first_page_unseen_) flags.insert("first_page_unseen");
    flags.erase("");
    arrival_.flags.insert(arrival_.flags.end(), flags.begin(), flags.end());
    return {};
}

result<> acceptance::prepare_companions() {
    if (const edxml::status_packet* said = packet_->status()) {
        // Who refuses or processes a document has it, also where it did not say so. Whether a 01 has been sent is
        // decided in the change.
        static constexpr std::string_view implying[] = {"02", "03", "04", "05", "06"};
        if (!offer_.from_inbox || std::ranges::find(implying, said->status_code) == std::end(implying)) return {};
        VANTHU_TRY(arrival_before_, compose_companion(said->response_for, said->from.organ_id, said->from.organ_name,
                                                      {}, registry_, at_));
        arrival_before_->from.from_inbox = true;
        arrival_before_->from.about = offer_.about;
        VANTHU_CHECK(sign_origin(arrival_before_->status, arrival_before_->packet));
        arrival_.arrival_before = &arrival_before_->status;
        return {};
    }
    const edxml::document_header& h = packet_->document()->header;
    const edxml::bussiness_type type = edxml::bussiness_type_of(h);
    const bool recalls = type == edxml::bussiness_type::recall, replaces = type == edxml::bussiness_type::replace;
    const edxml::response_for itself{h.from.organ_id, h.code.number + "/" + h.code.notation, h.promulgation.date,
                                     h.document_id};
    const bool dated = !h.trace.empty() && h.trace.front().timestamp.value;
    const std::int64_t sent_at = dated ? to_us(*h.trace.front().timestamp.value) : 0;
    const timestamp answered = not_before(sent_at, at_);
    auto prepare = [&](const routed& r, edxml::response_for about, const std::string& what) -> result<> {
        const bool agrees = what == recall_agreed || what == replace_agreed;
        const timestamp at = agrees ? answered : at_;
        const std::string words =
            agrees ? with_request(words_of_agreement(what), type, h.document_id, sent_at) : std::string();
        VANTHU_TRY(auto c, compose_companion(std::move(about), r.code, r.name, what, registry_, at, words));
        VANTHU_CHECK(sign_origin(c->status, c->packet));
        companions_.push_back(std::move(c));
        return {};
    };
    records::document_row changes;
    if (type == edxml::bussiness_type::update) note_changes(*packet_->document(), changes);
    for (const routed& r : arrival_.recipients) {
        if (r.route.kind != registry::route_kind::local) continue;
        // Whom an update removes gets nothing to rely on: whatever the policy says of its files, what nobody has taken
        // over is given back.
        if (is_among(*registry_, at_, changes.removed, r)) VANTHU_CHECK(prepare(r, itself, std::string(recall_agreed)));
        if (!arrival_.held_here.empty()) continue;
        if (recalls) {
            VANTHU_CHECK(prepare(r, itself, std::string(recall_agreed)));
            continue;
        }
        if (replaces && arrival_.refused_at_end.empty()) {
            VANTHU_TRY(edxml::response_for about,
                       answered_reference(records::reader(gate_.store_.committed()), gate_.options_.home,
                                          registry_->canonical(h.from.organ_id, at_), replaced_by(h), itself));
            VANTHU_CHECK(prepare(r, std::move(about), std::string(replace_agreed)));
        }
        if (!arrival_.refused_at_end.empty() || r.route.final->answers_on_commit)
            VANTHU_CHECK(prepare(r, itself, arrival_.refused_at_end));
    }
    return {};
}

// For the nodes it goes on to at once. What cannot be composed is met again when it is to be sent.
void acceptance::compose_ahead() {
    if (!gate_.keeps_composed || !packet_->document() || !packet_bytes_.in_memory() || !arrival_.held_onward.empty())
        return;
    std::map<registry::element_order, std::shared_ptr<const records::composition>> by_order;
    auto hash = [this](sha256& h, edxml::raw_range range) -> result<> {
        h.update(packet_bytes_.memory().subspan(range.offset, range.length));
        return {};
    };
    for (const routed& r : arrival_.recipients) {
        if (r.route.kind != registry::route_kind::hop && r.route.kind != registry::route_kind::axis) continue;
        auto [known, added] = by_order.try_emplace(r.route.next->order);
        if (added) {
            if (!gate_.keeps_composed()) return;
            const auto order = r.route.next->order == registry::element_order::sdk ? edxml::element_order::sdk
                                                                                   : edxml::element_order::qcvn;
            if (auto made = records::compose(*packet_->document(), gate_.options_.organisation, at_, order, hash))
                known->second = std::make_shared<const records::composition>(std::move(*made));
        }
        if (known->second) composed_.by_node[r.route.next->id] = known->second;
    }
}

task<> acceptance::store_payloads() {
    auto copy = [this]() -> result<> {
        if (packet_bytes_.in_memory()) {
            VANTHU_TRY(arrival_.payload,
                       gate_.store_.payloads().put(arrival_.owner, packet_bytes_.memory(), packet_->packet_sha256));
        } else {
            VANTHU_TRY(auto writer, gate_.store_.payloads().begin(arrival_.owner, packet_bytes_.size()));
            bytes chunk(1u << 20);
            for (std::uint64_t at = 0;;) {
                VANTHU_TRY(std::size_t n, packet_bytes_.read(at, chunk));
                if (n == 0) break;
                VANTHU_CHECK(writer->write(bytes_view(chunk.data(), n)));
                at += n;
            }
            VANTHU_TRY(arrival_.payload, writer->finish());
        }
        for (auto& c : companions_) VANTHU_CHECK(c->store_payload(gate_.store_.payloads()));
        if (arrival_before_) VANTHU_CHECK(arrival_before_->store_payload(gate_.store_.payloads()));
        return {};
    };
    if (!packet_bytes_.in_memory()) co_return co_await offload(gate_.disk_, copy);
    const bool alone = companions_.empty() && !arrival_before_;
    if (alone && gate_.store_.payloads().stays_in_memory(packet_bytes_.size()))
        co_return copy(); // two hand-overs to other threads less
    co_return co_await offload(gate_.short_writes_, copy);
}

// What was stored and no row refers to. References that were never written are empty and name nothing.
void acceptance::discard_payloads() {
    gate_.store_.payloads().discard(arrival_.payload.ref);
    for (auto& c : companions_) gate_.store_.payloads().discard(c->status.payload.ref);
    if (arrival_before_) gate_.store_.payloads().discard(arrival_before_->status.payload.ref);
}

task<accepted> acceptance::commit() {
    outcome out;
    std::vector<outcome> followed(companions_.size());
    std::vector<bool> sent(companions_.size());
    auto decide = [&](ledger::transaction& t) -> result<> {
        decision d(gate_.options_, gate_.log_, t);
        VANTHU_CHECK(packet_->document() ? d.document(arrival_, out) : d.status(arrival_, out));
        if (!out.known)
            for (std::size_t i = 0; i < companions_.size(); ++i) {
                companion& c = *companions_[i];
                sent[i] = c.agrees == (std::ranges::find(c.agrees ? out.answers : out.cancelled, c.recipient) !=
                                       (c.agrees ? out.answers : out.cancelled).end());
                if (!sent[i]) continue;
                if (c.agrees) c.from.about = {out.document.owner, out.document.id};
                VANTHU_CHECK(d.status(c.status, followed[i]));
            }
        std::vector<records::transfer_row> work = out.work;
        std::vector<std::string> inboxes = out.inboxes;
        for (const outcome& f : followed) {
            work.insert(work.end(), f.work.begin(), f.work.end());
            inboxes.insert(inboxes.end(), f.inboxes.begin(), f.inboxes.end());
        }
        composed_.document = out.document.id;
        t.after_commit([&g = gate_, work = std::move(work), inboxes = std::move(inboxes),
                        composed = std::move(composed_)]() mutable {
            if (g.on_work && !work.empty()) g.on_work(std::move(work), std::move(composed));
            if (g.on_inbox)
                for (const std::string& organisation : inboxes) g.on_inbox(organisation);
        });
        return {};
    };
    result<> done = co_await ledger::commit(gate_.store_, std::move(decide));
    if (done ? out.known : !may_be_written(done.error()))
        discard_payloads();
    else if (done && arrival_before_ && !out.arrival_sent)
        gate_.store_.payloads().discard(arrival_before_->status.payload.ref);
    for (std::size_t i = 0; done && !out.known && i < companions_.size(); ++i)
        if (!sent[i]) gate_.store_.payloads().discard(companions_[i]->status.payload.ref);
    if (!done) co_return std::unexpected(done.error());
    accepted answer;
    answer.known = out.known;
    answer.document = std::move(out.document);
    answer.consignments = std::move(out.consignments);
    answer.findings = packet_->findings;
    if (out.ticket) {
        answer.receipt = out.ticket->receipt(); // made when its group became durable
    } else {
        VANTHU_CO_TRY(answer.receipt, gate_.log_.receipt_bytes(gate_.store_.committed(), out.log_origin, out.leaf));
    }
    co_return answer;
}

} // namespace vanthu::intake

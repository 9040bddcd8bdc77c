#include "daemon/intake/acceptance.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/ids.hpp"
#include "daemon/base/log.hpp"
#include "daemon/intake/quarantine.hpp"
#include "daemon/ledger/commit_task.hpp"

#include <algorithm>
#include <set>

namespace vanthu::intake {
namespace {

// Also the C1 controls, which UTF-8 writes as C2 80 to C2 9F.
bool has_control_character(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c < 0x20 || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

// Characters that turn the direction of writing: "fdp.exe" is shown where "exe.pdf" stands (U+061C, U+200E, U+200F,
// U+202A to U+202E, U+2066 to U+2069).
bool turns_direction(std::string_view text) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        if (text.substr(i, 2) == "\xd8\x9c") return true;
        if (i + 2 >= text.size() || text[i] != '\xe2') continue;
        const auto second = static_cast<unsigned char>(text[i + 1]), third = static_cast<unsigned char>(text[i + 2]);
        if (second == 0x80 && (third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae))) return true;
        if (second == 0x81 && third >= 0xa6 && third <= 0xa9) return true;
    }
    return false;
}

// A receiver will write a file of this name: it must not lead anywhere else, nor look like another one.
bool is_file_name(std::string_view name) {
    return !turns_direction(name) && name != "." && name != ".." &&
           name.find_first_of("/\\") == std::string_view::npos && !has_control_character(name);
}

edxml::date today(timestamp at) { return edxml::date(std::chrono::floor<std::chrono::days>(at + vietnam_offset)); }

} // namespace

acceptance::acceptance(gate& g, offer o)
    : gate_(g), offer_(std::move(o)), at_(g.clock_.now()), registry_(g.registry()),
      packet_bytes_(g.spool_, g.options_.memory_spool), reader_(g.options_.limits, today(at_)) {
    reader_.deliver_to(*this);
    // A sender that may not speak for From is told before its attachments are read.
    reader_.on_header([this](const edxml::packet& so_far) -> result<> {
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
    if (auto stored = co_await store_payloads(); !stored) {
        discard_payloads();
        co_return std::unexpected(stored.error());
    }
    co_return co_await commit();
}

// Small packets are read, parsed and hashed where the connection lives; what goes to disk goes through the disk pool.
task<> acceptance::read(net::body_source& body) {
    bytes chunk(256u << 10);
    for (;;) {
        VANTHU_CO_TRY(std::size_t n, co_await body.read_some(chunk));
        if (n == 0) break;
        bytes_view piece(chunk.data(), n);
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

result<> acceptance::check_announcement() const {
    if (offer_.size && *offer_.size != packet_->size) return failed(errc::size_mismatch);
    if (offer_.packet_sha256 && *offer_.packet_sha256 != packet_->packet_sha256) return failed(errc::hash_mismatch);
    bool is_document = packet_->document() != nullptr;
    if (offer_.kind && (*offer_.kind == records::document_kind::document) != is_document)
        return failed(errc::kind_mismatch);
    return {};
}

// Contracts 4, the link: the credential's organisations, or what the registry lets this peer deliver.
result<> acceptance::check_sender(std::string_view from_code, bool is_document) {
    if (offer_.source == offer::from::eoffice) {
        std::string sender = registry_->canonical(from_code, at_);
        if (std::find(offer_.may_send_for.begin(), offer_.may_send_for.end(), sender) == offer_.may_send_for.end())
            return failed(errc::sender_not_yours, std::string(from_code));
        // Nobody beyond would believe us. What lies in an inbox here is reported on from here, also after a move.
        if (is_document && !registry_->speaks_for(gate_.options_.node, from_code, at_))
            return failed(errc::sender_not_served, std::string(from_code));
    } else if (offer_.source == offer::from::peer) {
        registry::delivery_verdict v = registry_->may_deliver(gate_.options_.node, offer_.node, from_code, at_);
        if (v.right == registry::delivery_right::not_authorised)
            return failed(errc::sender_not_authorised, std::string(from_code) + " by " + offer_.node + ": " +
                                                           std::string(registry::to_string(v.reason)));
        if (v.right == registry::delivery_right::unknown_sender &&
            std::find(arrival_.flags.begin(), arrival_.flags.end(), "sender_unverified") == arrival_.flags.end())
            arrival_.flags.push_back("sender_unverified");
    }
    return {};
}

result<> acceptance::check_attachments() const {
    for (const edxml::attachment_info& a : packet_->document()->attachments) {
        for (const edxml::finding& f : a.findings)
            if (f.code == edxml::finding_code::zip_bomb) return failed(errc::attachment_inflates, a.name);
        if (offer_.source != offer::from::eoffice) continue;
        if (a.damaged) return failed(errc::attachment_damaged, a.name);
        if (a.content_size() == 0) return failed(errc::attachment_empty, a.name);
        if (!is_file_name(a.name)) return failed(errc::attachment_name_unsafe, a.name);
    }
    return {};
}

// "15/QĐ-BNV" is number 15, notation QĐ-BNV: the slash stands between the two, and a notation may hold further ones.
// What others write in its place ("15a", "BINTEST123") is carried, and shown to the clerk.
// Source: NĐ 30/2020, annex I part I II.3: a running number, in Arabic digits.
result<> acceptance::check_code() {
    const edxml::document_header& h = packet_->document()->header;
    const edxml::document_code& c = h.code;
    const bool digits = c.number.find_first_not_of("0123456789") == std::string::npos;
    if (offer_.source != offer::from::eoffice) {
        if (!digits) arrival_.flags.push_back("number_not_digits");
        return {};
    }
    // A recall, update or replace speaks of a document under the number that it has.
    const bool names_another = h.bussiness && asks_for_answer(identity_of(*packet_->document(), *registry_, at_));
    if ((!digits && !names_another) || c.number.find('/') != std::string::npos || has_control_character(c.number) ||
        has_control_character(c.notation))
        return failed(errc::number_malformed, c.number + "/" + c.notation);
    return {};
}

result<> acceptance::check_dates() const {
    if (offer_.source != offer::from::eoffice) return {};
    const edxml::document_header& h = packet_->document()->header;
    const edxml::packet_date& issued = h.promulgation.date;
    if (!issued.empty() && !issued.value) return failed(errc::date_ambiguous, issued.text);
    if (issued.value && *issued.value > today(at_)) return failed(errc::date_in_future, issued.text);
    return {};
}

// Who of the packet's recipients is ours to serve or to carry: each organisation once, whatever codes it was given.
result<> acceptance::route_recipients() {
    std::set<std::string> listed, seen;
    std::vector<std::string> codes;
    for (const edxml::organisation& to : packet_->document()->header.to) {
        listed.insert(to.organ_id);
        codes.push_back(to.organ_id);
    }
    if (!offer_.recipients.empty()) {
        for (const std::string& code : offer_.recipients)
            if (!listed.contains(code)) return failed(errc::recipient_not_listed, code);
        codes = offer_.recipients;
    }
    if (codes.size() > gate_.options_.recipients)
        return failed(errc::too_many_recipients, std::to_string(codes.size()));
    for (const std::string& code : codes) {
        routed r = route_recipient(*registry_, gate_.options_.node, code, at_, offer_.node);
        if (r.route.kind == registry::route_kind::held && offer_.source == offer::from::eoffice) {
            using registry::held_reason;
            errc why = r.route.reason == held_reason::unknown_organisation ? errc::recipient_unknown
                       : r.route.reason == held_reason::no_route           ? errc::no_route
                                                                           : errc::recipient_closed;
            return failed(why, code);
        }
        if (seen.insert(r.organisation).second) arrival_.recipients.push_back(std::move(r));
    }
    return {};
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
    if (edxml::bussiness_type_of(packet_->document()->header) == edxml::bussiness_type::recall) return {};
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
    const bool recalls = edxml::bussiness_type_of(h) == edxml::bussiness_type::recall;
    for (const routed& r : arrival_.recipients) {
        if (r.route.kind != registry::route_kind::local || !arrival_.held_here.empty()) continue;
        if (arrival_.refused_at_end.empty() && !r.route.final->answers_on_commit && !recalls) continue;
        edxml::response_for about{h.from.organ_id, h.code.number + "/" + h.code.notation, h.promulgation.date,
                                  h.document_id};
        VANTHU_TRY(auto c,
                   compose_companion(std::move(about), r.code, r.name,
                                     recalls ? std::string(recall_agreed) : arrival_.refused_at_end, registry_, at_));
        VANTHU_CHECK(sign_origin(c->status, c->packet));
        companions_.push_back(std::move(c));
    }
    return {};
}

task<> acceptance::store_payloads() {
    auto copy = [this]() -> result<> {
        VANTHU_TRY(auto writer, gate_.store_.payloads().begin(arrival_.owner, packet_bytes_.size()));
        if (packet_bytes_.in_memory()) {
            VANTHU_CHECK(writer->write(packet_bytes_.memory()));
        } else {
            bytes chunk(1u << 20);
            for (std::uint64_t at = 0;;) {
                VANTHU_TRY(std::size_t n, packet_bytes_.read(at, chunk));
                if (n == 0) break;
                VANTHU_CHECK(writer->write(bytes_view(chunk.data(), n)));
                at += n;
            }
        }
        VANTHU_TRY(arrival_.payload, writer->finish());
        for (auto& c : companions_) VANTHU_CHECK(c->store_payload(gate_.store_.payloads()));
        if (arrival_before_) VANTHU_CHECK(arrival_before_->store_payload(gate_.store_.payloads()));
        return {};
    };
    co_return co_await offload(gate_.disk_, copy);
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
        t.after_commit([&g = gate_, work = std::move(work), inboxes = std::move(inboxes)] {
            if (g.on_work && !work.empty()) g.on_work(work);
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
    VANTHU_CO_TRY(answer.receipt, gate_.log_.receipt_bytes(gate_.store_.committed(), out.log_origin, out.leaf));
    co_return answer;
}

} // namespace vanthu::intake

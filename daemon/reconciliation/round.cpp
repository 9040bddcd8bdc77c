// One round, page by page.
#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/notices.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/reconciliation/errors.hpp"
#include "daemon/reconciliation/rounds.hpp"

#include <algorithm>

namespace vanthu::reconciliation {

namespace {

// Names the sequence of what answers have told; longer than any name that a peer can give its store (64).
constexpr std::string_view told_by_answers =
    "what the answers of a reconciliation have told in place of notices that never came";

// Only once per packet: what was repaired before is no news.
bool newly_lost(const our_packet& ours, const peer::packet_stand& theirs) {
    return !theirs.known && ours.current && ours.receipt && ours.repairs == 0;
}

} // namespace

struct rounds::round {
    progress_row now;
    link_end end;
    std::string name; // of the other node, for a person
    bool asked_before = false;
    steady_time began = std::chrono::steady_clock::now();
    std::uint64_t pages = 0;      // since then
    std::uint64_t kept_pages = 0; // on disk
    std::size_t kept_findings = 0;
};

// What one page leads to, beside the place where the round goes on.
struct rounds::page_change {
    std::vector<finding> found;
    std::vector<digest> confirmed, unconfirmed; // rows to erase and to put
};

task<report_row> rounds::run(asked_round asked) {
    struct release {
        rounds& of;
        const std::string& node;
        ~release() { of.end(node); }
    } when_done{*this, asked.node};

    round r{.now = {}, .end = {options_.home, asked.node}, .name = name_of(asked.node)};
    VANTHU_CO_CHECK(co_await begin_round(r, asked));
    const auto done = co_await go_through(r);
    VANTHU_CO_CHECK(co_await end_round(r, done));
    co_return std::move(r.now.report);
}

task<> rounds::begin_round(round& r, const asked_round& asked) {
    const std::int64_t now = to_us(clock_.now());
    std::optional<mark_row> mark;
    std::optional<progress_row> before;
    auto read = [&]() -> result<> {
        const auto view = store_.snapshot();
        VANTHU_TRY(mark, mark_of(*view, options_.home, asked.node));
        if (!asked.go_on) return {};
        VANTHU_TRY(before, progress_of(*view, options_.home, asked.node));
        return {};
    };
    VANTHU_CO_CHECK(co_await offload(disk_, read));
    // What somebody asked for in part, or to be listed only, is not what the schedule owes.
    if (before && asked.by == "schedule" && !(before->usual_window && before->report.repair)) before.reset();
    if (before && before->report.started_at <= now) {
        r.now = std::move(*before);
        r.now.report.started_at = now; // of this try
        r.kept_pages = r.now.report.pages;
        r.kept_findings = r.now.report.findings.size();
        co_return result<>();
    }
    report_row& report = r.now.report;
    report.node = asked.node;
    report.started_at = now;
    report.until = asked.until.value_or(now);
    report.since = asked.since.value_or(report.until - options_.span.count());
    report.repair = asked.repair;
    report.by = asked.by;
    report.only_changes = asked.only_changes && mark;
    r.now.usual_window = !asked.since && !asked.until;
    r.now.thorough = !asked.only_changes;
    r.now.at = report.only_changes ? stage::witnesses : stage::all;
    if (mark) r.now.mark = std::move(*mark);
    if (!r.now.thorough) r.now.from = r.now.mark.from;
    r.now.again = r.now.mark.from;
    co_return result<>();
}

task<> rounds::end_round(round& r, const result<>& how) {
    report_row& report = r.now.report;
    report.outcome = how ? "done" : how.error().code == errc::cannot_compare ? "cannot_compare" : "failed";
    if (!how) {
        report.code = public_code(how.error().code);
        report.cause = how.error().detail.substr(0, 200);
    }
    report.ended_at = to_us(clock_.now());
    auto change = [&](ledger::transaction& t) -> result<> {
        if (!how && transient(how.error().code)) {
            progress_row later = r.now;
            for (std::string* of : {&later.report.outcome, &later.report.code, &later.report.cause}) of->clear();
            put_progress(t, options_.home, later, true);
            return put_report(t, options_.home, report);
        }
        remove_progress(t, options_.home, report.node);
        VANTHU_TRY(auto mark, mark_of(t, options_.home, report.node));
        if (how && r.now.usual_window) {
            mark = r.now.mark;
            mark->from = r.now.again;
            if (!report.only_changes) mark->on_record = r.now.walked;
        } else if (mark) {
            mark->witnesses = r.now.mark.witnesses; // what was confirmed stays so
        }
        if (mark) put_mark(t, options_.home, report.node, *mark);
        if (!how && r.now.lost) remove_mark(t, options_.home, report.node); // the next compares all
        return put_report(t, options_.home, report);
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    std::uint64_t found = 0, repaired = 0;
    for (const counted& c : report.counts) {
        found += c.found;
        repaired += c.repaired;
    }
    log::info("reconciled", {{"peer", report.node},
                             {"outcome", report.outcome},
                             {"code", report.code},
                             {"packets", report.packets},
                             {"listed", report.listed_there},
                             {"found", found},
                             {"repaired", repaired}});
    co_return result<>();
}

task<> rounds::go_through(round& r) {
    auto go_on_at = [&](stage next) {
        r.now.at = next;
        r.now.after.reset();
    };
    for (;;) switch (r.now.at) {
        case stage::witnesses:
            VANTHU_CO_CHECK(co_await ask_witnesses(r));
            go_on_at(stage::unconfirmed);
            break;
        case stage::unconfirmed:
            VANTHU_CO_CHECK(co_await compare_sent(r, walk::unconfirmed));
            if (r.now.lost) {
                r.now.report.only_changes = false;
                r.now.walked = 0; // counts all from here on
            }
            go_on_at(r.now.lost ? stage::confirmed : stage::list);
            break;
        case stage::confirmed:
            VANTHU_CO_CHECK(co_await compare_sent(r, walk::confirmed));
            go_on_at(stage::list);
            break;
        case stage::all:
            VANTHU_CO_CHECK(co_await compare_sent(r, walk::all));
            go_on_at(stage::list);
            break;
        case stage::list:
            co_return co_await compare_list(r);
        }
}

// A question that could be answered later is asked again a little later, a few times.
task<peer::reconcile_answer> rounds::ask(round& r, peer::reconcile_question q) {
    for (unsigned tried = 1;; ++tried) {
        if (std::exchange(r.asked_before, true)) co_await sleep_for(options_.pause);
        if (std::chrono::steady_clock::now() - r.began >
            std::max(options_.longest, options_.a_page * static_cast<std::int64_t>(r.pages)))
            co_return failed(errc::too_slow, std::to_string(r.pages) + " pages");
        ++r.pages;
        ++r.now.report.pages;
        auto answer = co_await ask_(r.end.node, q, in(options_.request_timeout));
        if (answer || !transient(answer.error().code) || tried >= options_.tries) co_return answer;
        co_await sleep_for(options_.pause * 8);
    }
}

namespace {
peer::reconcile_question about(const std::vector<our_packet>& packets) {
    peer::reconcile_question q;
    for (const our_packet& p : packets) {
        peer::asked_packet& asked = q.sent.emplace_back();
        asked.packet_sha256 = p.packet_sha256;
        for (const our_recipient& each : p.recipients) asked.recipients.push_back(each.code);
    }
    return q;
}
} // namespace

task<> rounds::ask_witnesses(round& r) {
    std::vector<digest> names;
    for (const witness_row& w : r.now.mark.witnesses) names.push_back(w.packet_sha256);
    auto read = [&]() -> result<std::vector<our_packet>> {
        const auto view = store_.snapshot();
        return with_receipt(*view, r.end, names);
    };
    VANTHU_CO_TRY(const std::vector<our_packet> packets, co_await offload(disk_, read));
    if (packets.empty()) co_return result<>();
    VANTHU_CO_TRY(peer::reconcile_answer answer, co_await ask(r, about(packets)));
    VANTHU_CO_CHECK(check_answer(packets, answer.sent));
    for (const peer::packet_stand& there : answer.sent) {
        if (there.known) continue;
        r.now.lost = true;
        std::erase_if(r.now.mark.witnesses,
                      [&](const witness_row& w) { return w.packet_sha256 == there.packet_sha256; });
    }
    co_return result<>();
}

task<> rounds::compare_sent(round& r, walk which) {
    do {
        auto read = [&]() -> result<sent_page> {
            const auto view = store_.snapshot();
            return sent_after(*view, r.end, r.now.after, {r.now.report.since, r.now.report.until}, which);
        };
        VANTHU_CO_TRY(sent_page page, co_await offload(disk_, read));
        page_change change;
        if (r.now.usual_window) change.confirmed = std::move(page.too_old);
        if (!page.packets.empty()) {
            VANTHU_CO_TRY(peer::reconcile_answer answer, co_await ask(r, about(page.packets)));
            VANTHU_CO_CHECK(check_answer(page.packets, answer.sent));
            const rules how{.now = clock_.now(),
                            .settled = options_.settled,
                            .repairs_at_most = options_.repairs_at_most,
                            .repair = r.now.report.repair,
                            .office = office_.load()};
            change.found = compare(page.packets, answer.sent, how);
            std::set<digest> differ;
            for (const finding& f : change.found) differ.insert(f.packet_sha256);
            std::map<digest, const peer::packet_stand*> there;
            for (const peer::packet_stand& p : answer.sent) there.emplace(p.packet_sha256, &p);
            for (const our_packet& p : page.packets) {
                const peer::packet_stand& stand = *there.at(p.packet_sha256);
                r.now.lost = r.now.lost || newly_lost(p, stand);
                r.now.report.recipients += p.recipients.size();
                if (!differ.contains(p.packet_sha256) && is_confirmed(p, stand)) {
                    if (p.unconfirmed) change.confirmed.push_back(p.packet_sha256);
                    if (p.unconfirmed && which == walk::unconfirmed) ++r.now.mark.on_record;
                    if (p.current && p.receipt) add_witness(r.now.mark, {p.packet_sha256, p.handed_at});
                } else if (!p.unconfirmed) {
                    change.unconfirmed.push_back(p.packet_sha256);
                }
            }
            r.now.report.packets += page.packets.size();
        }
        r.now.walked += page.walked;
        r.now.after = page.next;
        VANTHU_CO_CHECK(co_await keep(r, std::move(change)));
    } while (r.now.after);
    co_return result<>();
}

task<> rounds::compare_list(round& r) {
    const std::uint64_t on_record = std::max(r.now.walked, r.now.mark.on_record);
    for (;;) {
        if (r.now.list_pages >= options_.listed_pages + on_record / 100) co_return failed(errc::answer_unfit, "pages");
        peer::asked_list asked{.after = r.now.after, .since = r.now.report.since};
        if (!r.now.thorough) {
            asked.by_arrival = true;
            asked.from = r.now.from;
        }
        VANTHU_CO_TRY(peer::reconcile_answer answer, co_await ask(r, {.sent = {}, .list = asked}));
        ++r.now.list_pages;
        VANTHU_CO_CHECK(take_page(r, answer));
        r.now.report.listed_there += answer.listed.size();
        auto read = [&]() -> result<std::set<digest>> {
            const auto view = store_.snapshot();
            return on_record_here(*view, r.end, answer.listed);
        };
        VANTHU_CO_TRY(const std::set<digest> known, co_await offload(disk_, read));
        page_change change;
        for (finding& f : compare_listed(answer.listed, known))
            if (f.at <= r.now.report.until) change.found.push_back(std::move(f));
        // What is not on record here is to be listed again the next time.
        if (answer.by_arrival && !r.now.unknown_listed) {
            r.now.unknown_listed = !change.found.empty();
            r.now.again = r.now.unknown_listed || answer.again_from.empty()
                              ? r.now.from
                              : std::max(answer.again_from, r.now.mark.from);
        }
        const bool ends = answer.by_arrival ? answer.next_from.empty() : !answer.next;
        if (answer.by_arrival)
            r.now.from = answer.next_from;
        else
            r.now.after = answer.next;
        VANTHU_CO_CHECK(co_await keep(r, std::move(change)));
        if (ends) co_return result<>();
    }
}

// Always further: else it could go in circles.
result<> rounds::take_page(round& r, peer::reconcile_answer& answer) {
    if (answer.by_arrival) {
        if (r.now.thorough) return failed(errc::answer_unfit, "order");
        if (!answer.next_from.empty() && answer.next_from <= r.now.from) return failed(errc::answer_unfit, "next");
        std::set<digest> once;
        for (const peer::listed_packet& p : answer.listed)
            if (!once.insert(p.packet_sha256).second) return failed(errc::answer_unfit, "twice");
        return {};
    }
    std::optional<digest> last = r.now.after;
    for (const peer::listed_packet& p : answer.listed) {
        if (last && p.packet_sha256 <= *last) return failed(errc::answer_unfit, "order");
        last = p.packet_sha256;
    }
    if (answer.next && ((last && *answer.next < *last) || (r.now.after && *answer.next <= *r.now.after)))
        return failed(errc::answer_unfit, "next");
    return {};
}

// Mends and counts; in one change with how far the round is, where that is to be on disk.
task<> rounds::keep(round& r, page_change page) {
    const bool mends = std::ranges::any_of(
        page.found, [](const finding& f) { return f.mends != remedy::none && f.why_not == withheld::no; });
    if (!mends && page.confirmed.empty() && page.unconfirmed.empty() &&
        r.now.report.pages < r.kept_pages + options_.kept_every) {
        for (const finding& f : page.found) count(r.now.report, f, r.name);
        co_return result<>();
    }
    std::vector<records::transfer_row> queued;
    bool told = false;
    const repairing how{r.end, options_.organisation, options_.repairs_at_most};
    const std::string other = organisation_of(r.end.node);
    report_row report = r.now.report;
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(queued, repair(w, how, page.found));
        // As if it had been told: in a sequence of its own, so that the other side's own notices go on undisturbed.
        peer::notice_call notices{.instance = std::string(told_by_answers), .notices = {}};
        VANTHU_TRY(std::uint64_t sequence, w.notices_received(options_.home, r.end.node, told_by_answers));
        for (const finding& f : page.found)
            if (f.repaired && f.mends == remedy::take_notice)
                notices.notices.push_back({.sequence = ++sequence,
                                           .packet_sha256 = f.packet_sha256,
                                           .recipient = f.recipient,
                                           .kind = f.notice_kind,
                                           .code = f.notice_code,
                                           .by = other,
                                           .at = f.at});
        told = !notices.notices.empty();
        if (told) VANTHU_CHECK(delivery::take_notices(w, options_.home, r.end.node, notices));
        for (const digest& packet : page.confirmed) w.remove_unconfirmed(options_.home, r.end.node, packet);
        for (const digest& packet : page.unconfirmed) w.put_unconfirmed(options_.home, r.end.node, packet);
        for (const finding& f : page.found) count(report, f, r.name);
        std::swap(report, r.now.report);
        put_progress(t, options_.home, r.now, r.now.report.findings.size() != r.kept_findings);
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    r.kept_pages = r.now.report.pages;
    r.kept_findings = r.now.report.findings.size();
    if (!queued.empty() || told) wake_(queued);
    co_return result<>();
}

} // namespace vanthu::reconciliation

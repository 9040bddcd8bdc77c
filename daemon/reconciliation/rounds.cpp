#include "daemon/reconciliation/rounds.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/log.hpp"
#include "daemon/delivery/notices.hpp"
#include "daemon/ledger/commit_task.hpp"
#include "daemon/reconciliation/errors.hpp"

#include <algorithm>

namespace vanthu::reconciliation {

namespace {

// Names the sequence of what answers have told; longer than any name that a peer can give its store (64).
constexpr std::string_view told_by_answers =
    "what the answers of a reconciliation have told in place of notices that never came";

constexpr unsigned scheduled_at_a_time = 4;

asio::awaitable<void> sleep_for(asio::any_io_executor executor, std::chrono::steady_clock::duration d) {
    asio::steady_timer timer(executor, d);
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace

struct rounds::round {
    report_row report;
    link_end end;
    std::string name; // of the other node, for a person
    bool asked_before = false;
    steady_time began = std::chrono::steady_clock::now();
};

rounds::rounds(round_options options, ledger::store& store, asio::any_io_executor executor, asio::thread_pool& disk,
               const wall_clock& clock, current_registry registry, asker ask, waker wake)
    : options_(std::move(options)), store_(store), executor_(std::move(executor)), disk_(disk), clock_(clock),
      registry_(std::move(registry)), ask_(std::move(ask)), wake_(std::move(wake)) {}

void rounds::use_calendar(std::shared_ptr<const calendar::office> c) { office_.store(std::move(c)); }

void rounds::run_in(task_group& group) {
    group_ = &group;
    if (options_.every.count() > 0) group.spawn(executor_, [this] { return schedule(); });
}

std::vector<std::string> rounds::nodes() const {
    std::vector<std::string> out;
    const auto known = registry_();
    for (const registry::node& n : known->nodes())
        if (n.id != options_.node && n.kind == registry::node_kind::vanthu && !n.urls.empty() &&
            n.valid.contains(clock_.now()))
            out.push_back(n.id);
    return out;
}

std::string rounds::name_of(const std::string& node) const {
    const auto known = registry_();
    const registry::node* n = known->find_node(node);
    const registry::organisation* o = n ? known->find_organisation(n->organisation) : nullptr;
    return o ? std::string(o->name(clock_.now())) + " (" + node + ")" : node;
}

// As notices name it; the node, where the registry does not know better.
std::string rounds::organisation_of(const std::string& node) const {
    const auto known = registry_();
    const registry::node* n = known->find_node(node);
    const registry::organisation* o = n ? known->find_organisation(n->organisation) : nullptr;
    const registry::dated_code* code = o ? o->preferred_code(clock_.now()) : nullptr;
    return code ? code->code : node;
}

bool rounds::begin(const std::string& node) {
    std::lock_guard lock(guard_);
    return running_.insert(node).second;
}
void rounds::end(const std::string& node) {
    std::lock_guard lock(guard_);
    running_.erase(node);
}
std::set<std::string> rounds::running() const {
    std::lock_guard lock(guard_);
    return running_;
}

result<std::vector<report_row>> rounds::last(bool findings) const {
    return reports(store_.committed(), options_.home, findings);
}

// What has failed is tried again sooner than what is only old.
bool rounds::is_due(const report_row& last) const {
    const std::chrono::microseconds sooner =
        std::min(options_.every, std::max<std::chrono::microseconds>(options_.every / 24, std::chrono::minutes(1)));
    const std::int64_t wait = (last.last_try.outcome == "failed" ? sooner : options_.every).count();
    const std::int64_t now = to_us(clock_.now()), at = last.last_try.started_at;
    return at > now || now - at >= wait; // a clock that was set back must not put it off for ever
}

asio::awaitable<void> rounds::schedule() {
    for (;;) {
        co_await sleep_for(executor_, std::min<std::chrono::microseconds>(options_.every, std::chrono::minutes(1)));
        auto read = [this] { return last(false); };
        auto before = co_await offload(disk_, read);
        if (!before) {
            log::error("reconciliation_failed", {{"failure", before.error()}});
            continue;
        }
        for (const std::string& node : nodes()) {
            if (scheduled_ >= scheduled_at_a_time) break;
            auto at = std::ranges::find(*before, node, &report_row::node);
            if ((at == before->end() || is_due(*at)) && begin(node)) go_on_with({.node = node, .by = "schedule"}, true);
        }
    }
}

result<std::vector<std::string>> rounds::start(asked_round asked) {
    const std::vector<std::string> all = nodes();
    std::vector<std::string> begun;
    if (!asked.node.empty() && std::ranges::find(all, asked.node) == all.end())
        return failed(errc::node_unknown, asked.node);
    for (const std::string& node : all) {
        if (!asked.node.empty() && node != asked.node) continue;
        if (!begin(node)) {
            if (!asked.node.empty()) return failed(errc::running, node);
            continue;
        }
        asked_round one = asked;
        one.node = node;
        begun.push_back(node);
        go_on_with(std::move(one), false);
    }
    return begun;
}

void rounds::go_on_with(asked_round one, bool by_schedule) {
    if (by_schedule) ++scheduled_;
    group_->spawn(executor_, [this, one = std::move(one), by_schedule]() -> asio::awaitable<void> {
        struct ended {
            unsigned& scheduled;
            bool counts;
            ~ended() { scheduled -= counts; }
        } when_done{scheduled_, by_schedule};
        auto done = co_await run(one);
        if (!done) log::error("reconciliation_failed", {{"peer", one.node}, {"failure", done.error()}});
    });
}

task<report_row> rounds::compare_with(asked_round asked) {
    if (!begin(asked.node)) co_return failed(errc::running, asked.node);
    co_return co_await run(std::move(asked));
}

task<report_row> rounds::run(asked_round asked) {
    struct release {
        rounds& of;
        const std::string& node;
        ~release() { of.end(node); }
    } when_done{*this, asked.node};

    round r{.report = {}, .end = {options_.home, asked.node}, .name = name_of(asked.node)};
    report_row& report = r.report;
    const std::int64_t now = to_us(clock_.now());
    report.node = asked.node;
    report.started_at = now;
    report.until = asked.until.value_or(now);
    report.since = asked.since.value_or(report.until - options_.span.count());
    report.repair = asked.repair;
    report.by = asked.by;
    auto done = co_await go_through(r);
    report.outcome = done ? "done" : done.error().code == errc::cannot_compare ? "cannot_compare" : "failed";
    if (!done) {
        report.code = public_code(done.error().code);
        report.cause = done.error().detail.substr(0, 200);
    }
    report.ended_at = to_us(clock_.now());
    VANTHU_CO_CHECK(co_await ledger::commit(
        store_, [&](ledger::transaction& t) -> result<> { return put_report(t, options_.home, report); }));
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
    co_return std::move(report);
}

task<> rounds::go_through(round& r) {
    VANTHU_CO_CHECK(co_await compare_sent(r));
    VANTHU_CO_CHECK(co_await compare_list(r));
    co_return result<>();
}

// A question that could be answered later is asked again a little later, a few times.
task<peer::reconcile_answer> rounds::ask(round& r, peer::reconcile_question q) {
    for (unsigned tried = 1;; ++tried) {
        if (std::exchange(r.asked_before, true)) co_await sleep_for(executor_, options_.pause);
        if (std::chrono::steady_clock::now() - r.began >
            std::max(options_.longest, options_.a_page * static_cast<std::int64_t>(r.report.pages)))
            co_return failed(errc::too_slow, std::to_string(r.report.pages) + " pages");
        ++r.report.pages;
        auto answer = co_await ask_(r.end.node, q, in(options_.request_timeout));
        if (answer || !transient(answer.error().code) || tried >= options_.tries) co_return answer;
        co_await sleep_for(executor_, options_.pause * 8);
    }
}

task<> rounds::compare_sent(round& r) {
    std::optional<digest> after;
    do {
        auto read = [&]() -> result<sent_page> {
            const auto view = store_.snapshot();
            return sent_after(*view, r.end, after, {r.report.since, r.report.until});
        };
        VANTHU_CO_TRY(sent_page page, co_await offload(disk_, read));
        after = page.next;
        if (page.packets.empty()) continue;
        peer::reconcile_question q;
        for (const our_packet& p : page.packets) {
            peer::asked_packet& asked = q.sent.emplace_back();
            asked.packet_sha256 = p.packet_sha256;
            for (const our_recipient& each : p.recipients) asked.recipients.push_back(each.code);
            r.report.recipients += p.recipients.size();
        }
        r.report.packets += page.packets.size();
        VANTHU_CO_TRY(peer::reconcile_answer answer, co_await ask(r, std::move(q)));
        VANTHU_CO_CHECK(check_answer(page.packets, answer.sent));
        const rules how{.now = clock_.now(),
                        .settled = options_.settled,
                        .repairs_at_most = options_.repairs_at_most,
                        .repair = r.report.repair,
                        .office = office_.load()};
        std::vector<finding> found = compare(page.packets, answer.sent, how);
        VANTHU_CO_CHECK(co_await mend(r, found));
        for (const finding& f : found) count(r.report, f, r.name);
    } while (after);
    co_return result<>();
}

task<> rounds::compare_list(round& r) {
    std::optional<digest> after;
    for (unsigned pages = 0;; ++pages) {
        if (pages >= options_.listed_pages) co_return failed(errc::answer_unfit, "pages");
        VANTHU_CO_TRY(peer::reconcile_answer answer,
                      co_await ask(r, {.sent = {}, .list = peer::asked_list{after, r.report.since}}));
        // In the order of hashes, each once, and always further: else it could go in circles.
        const std::optional<digest> began = after;
        for (const peer::listed_packet& p : answer.listed) {
            if (after && p.packet_sha256 <= *after) co_return failed(errc::answer_unfit, "order");
            after = p.packet_sha256;
        }
        if (answer.next && ((after && *answer.next < *after) || (began && *answer.next <= *began)))
            co_return failed(errc::answer_unfit, "next");
        r.report.listed_there += answer.listed.size();
        auto read = [&]() -> result<std::set<digest>> {
            const auto view = store_.snapshot();
            return on_record(*view, r.end, answer.listed);
        };
        VANTHU_CO_TRY(const std::set<digest> known, co_await offload(disk_, read));
        for (const finding& f : compare_listed(answer.listed, known))
            if (f.at <= r.report.until) count(r.report, f, r.name);
        if (!answer.next) co_return result<>();
        after = answer.next;
    }
}

task<> rounds::mend(round& r, std::vector<finding>& found) {
    const bool any = std::ranges::any_of(
        found, [](const finding& f) { return f.mends != remedy::none && f.why_not == withheld::no; });
    if (!any) co_return result<>();
    std::vector<records::transfer_row> queued;
    bool told = false;
    const repairing how{r.end, options_.organisation, options_.repairs_at_most};
    const std::string other = organisation_of(r.end.node);
    auto change = [&](ledger::transaction& t) -> result<> {
        records::writer w(t);
        VANTHU_TRY(queued, repair(w, how, found));
        // As if it had been told: in a sequence of its own, so that the other side's own notices go on undisturbed.
        peer::notice_call notices{.instance = std::string(told_by_answers), .notices = {}};
        VANTHU_TRY(std::uint64_t sequence, w.notices_received(options_.home, r.end.node, told_by_answers));
        for (const finding& f : found)
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
        return {};
    };
    VANTHU_CO_CHECK(co_await ledger::commit(store_, std::move(change)));
    if (!queued.empty() || told) wake_(queued);
    co_return result<>();
}

} // namespace vanthu::reconciliation

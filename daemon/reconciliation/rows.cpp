#include "daemon/reconciliation/rows.hpp"

#include "daemon/ledger/keys.hpp"
#include "daemon/records/records.hpp"

#include <algorithm>

namespace vanthu::reconciliation {
namespace {

using ledger::row_key;
constexpr char row_version = 1;

template <class Row> std::string framed(char type, const Row& row) {
    std::string out{type, row_version};
    return out += boost::json::serialize(records::to_json(row));
}
template <class Row> result<Row> unframed(char type, std::string_view value) {
    boost::system::error_code ec;
    boost::json::value v;
    if (value.size() > 2 && value[0] == type && value[1] == row_version)
        v = boost::json::parse(boost::json::string_view(value.data() + 2, value.size() - 2), ec);
    if (ec || !v.is_object()) return failed(records::errc::row_unreadable, std::string("row type ") + type);
    Row row;
    records::from_json(v, row);
    return row;
}

std::string repairs_key(const std::string& home, const std::string& node, const digest& packet) {
    return row_key(home, 'V').text(node).raw(packet.view()).take();
}

// Of one report; a row of its own.
struct findings_row {
    std::vector<listed_finding> findings;
};
BOOST_DESCRIBE_STRUCT(findings_row, (), (findings))

template <class Row>
result<std::optional<Row>> get(const ledger::view& view, char type, const std::string& home, const std::string& node) {
    VANTHU_TRY(auto value, view.get(row_key(home, type).text(node)));
    if (!value) return std::optional<Row>();
    return unframed<Row>(type, *value);
}

tried_row last_try_of(const report_row& r) { return {r.started_at, r.ended_at, r.outcome, r.code, r.cause, r.by}; }

} // namespace

void count(report_row& report, const finding& f, const std::string& other_name) {
    const std::string kind = boost::describe::enum_to_string(f.kind, "unknown");
    auto at = std::ranges::find(report.counts, kind, &counted::kind);
    if (at == report.counts.end()) at = report.counts.insert(at, counted{.kind = kind});
    at->repaired += f.repaired;
    if (++at->found > listed_at_most) return;
    report.findings.push_back({.kind = kind,
                               .packet_sha256 = f.packet_sha256.hex(),
                               .owner = f.owner,
                               .document = f.document,
                               .label = f.label,
                               .recipient = f.recipient,
                               .here = f.here,
                               .there = f.there,
                               .at = f.at,
                               .repaired = f.repaired,
                               .remedy = boost::describe::enum_to_string(f.mends, "unknown"),
                               .withheld = boost::describe::enum_to_string(f.why_not, "unknown"),
                               .text_vi = sentence(f, other_name, true),
                               .text_en = sentence(f, other_name, false)});
}

result<repair_row> repairs_of(const ledger::view& view, const std::string& home, const std::string& node,
                              const digest& packet) {
    VANTHU_TRY(auto value, view.get(repairs_key(home, node, packet)));
    if (!value) return repair_row{};
    return unframed<repair_row>('V', *value);
}
void put_repairs(ledger::transaction& t, const std::string& home, const std::string& node, const digest& packet,
                 const repair_row& row) {
    t.put(repairs_key(home, node, packet), framed('V', row));
}

result<std::vector<report_row>> reports(const ledger::view& view, const std::string& home, bool findings) {
    std::vector<report_row> out;
    std::optional<failure> wrong;
    VANTHU_CHECK(view.scan(row_key(home, 'O'), {}, [&](std::string_view, std::string_view value) {
        auto row = unframed<report_row>('O', value);
        if (row)
            out.push_back(std::move(*row));
        else
            wrong = row.error();
        return !wrong;
    }));
    if (wrong) return fail(*wrong);
    for (report_row& row : out) {
        if (row.last_try.outcome.empty()) row.last_try = last_try_of(row); // of an earlier version
        if (!findings) {
            row.findings.clear();
        } else if (row.findings.empty()) {
            VANTHU_TRY(auto value, view.get(row_key(home, 'o').text(row.node)));
            if (!value) continue;
            VANTHU_TRY(auto listed, unframed<findings_row>('o', *value));
            row.findings = std::move(listed.findings);
        }
    }
    return out;
}

result<> put_report(ledger::transaction& t, const std::string& home, report_row row) {
    const std::string key = row_key(home, 'O').text(row.node).take();
    row.last_try = last_try_of(row);
    if (row.outcome != "done") {
        VANTHU_TRY(auto value, t.get(key));
        if (value) {
            VANTHU_TRY(auto before, unframed<report_row>('O', *value));
            before.last_try = row.last_try;
            if (before.outcome == "done") {
                t.put(key, framed('O', before));
                return {};
            }
        }
    }
    const findings_row listed{std::exchange(row.findings, {})};
    t.put(row_key(home, 'o').text(row.node), framed('o', listed));
    t.put(key, framed('O', row));
    return {};
}

void add_witness(mark_row& mark, const witness_row& w) {
    auto& all = mark.witnesses;
    std::erase_if(all, [&](const witness_row& each) { return each.packet_sha256 == w.packet_sha256; });
    all.insert(std::ranges::upper_bound(all, w.handed_at, std::greater(), &witness_row::handed_at), w);
    if (all.size() > witnesses_at_most) all.pop_back();
}

result<std::optional<mark_row>> mark_of(const ledger::view& view, const std::string& home, const std::string& node) {
    return get<mark_row>(view, 'M', home, node);
}
void put_mark(ledger::transaction& t, const std::string& home, const std::string& node, const mark_row& row) {
    t.put(row_key(home, 'M').text(node), framed('M', row));
}
void remove_mark(ledger::transaction& t, const std::string& home, const std::string& node) {
    t.erase(row_key(home, 'M').text(node));
}

result<std::optional<progress_row>> progress_of(const ledger::view& view, const std::string& home,
                                                const std::string& node) {
    VANTHU_TRY(auto row, get<progress_row>(view, 'J', home, node));
    if (!row) return row;
    VANTHU_TRY(auto listed, get<findings_row>(view, 'j', home, node));
    if (listed) row->report.findings = std::move(listed->findings);
    return row;
}
result<std::vector<std::string>> interrupted(const ledger::view& view, const std::string& home) {
    std::vector<std::string> out;
    VANTHU_CHECK(view.scan(row_key(home, 'J'), {}, [&](std::string_view key, std::string_view) {
        auto parts = ledger::row_key_reader::open(key);
        if (!parts) return true;
        if (auto node = parts->text()) out.push_back(std::move(*node));
        return true;
    }));
    return out;
}
void put_progress(ledger::transaction& t, const std::string& home, const progress_row& row, bool findings) {
    progress_row small = row;
    const findings_row listed{std::exchange(small.report.findings, {})};
    t.put(row_key(home, 'J').text(row.report.node), framed('J', small));
    if (findings) t.put(row_key(home, 'j').text(row.report.node), framed('j', listed));
}
void remove_progress(ledger::transaction& t, const std::string& home, const std::string& node) {
    t.erase(row_key(home, 'J').text(node));
    t.erase(row_key(home, 'j').text(node));
}

} // namespace vanthu::reconciliation

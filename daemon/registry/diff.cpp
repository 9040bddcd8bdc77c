// What an operator wants to know about a file before it is used: remarks, and what a reload would change.
#include "daemon/registry/registry.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vanthu::registry {
namespace {

// Ids of rows that are new, gone or different.
struct row_changes {
    std::vector<std::string> added, removed, changed;
};

template <class Rows, class Find> row_changes compare(const Rows& before, const Rows& after, Find find_in) {
    row_changes out;
    for (const auto& row : after.rows) {
        const auto* old = find_in(before.in, row.id);
        if (!old)
            out.added.push_back(row.id);
        else if (!(*old == row))
            out.changed.push_back(row.id);
    }
    for (const auto& row : before.rows)
        if (!find_in(after.in, row.id)) out.removed.push_back(row.id);
    return out;
}

template <class Row> struct rows_of {
    const registry& in;
    const std::vector<Row>& rows;
};

} // namespace

std::string brief(const route_decision& d) {
    std::string text(to_string(d.kind));
    if (d.kind == route_kind::held)
        text += fmt::format(" {}", to_string(d.reason));
    else if (d.kind != route_kind::local)
        text += " " + d.next->id;
    if (d.final) text += " for " + d.final->id;
    return text;
}

difference diff(const registry& before, const registry& after, std::string_view own_node, timestamp at) {
    difference d;
    d.identical = before.sha256() == after.sha256();
    d.version_not_raised = !d.identical && after.version() <= before.version();
    if (d.identical) return d;
    auto organisations = compare(rows_of<organisation>{before, before.organisations()},
                                 rows_of<organisation>{after, after.organisations()},
                                 [](const registry& r, std::string_view id) { return r.find_organisation(id); });
    d.added = std::move(organisations.added);
    d.removed = std::move(organisations.removed);
    d.changed = std::move(organisations.changed);
    auto nodes = compare(rows_of<node>{before, before.nodes()}, rows_of<node>{after, after.nodes()},
                         [](const registry& r, std::string_view id) { return r.find_node(id); });
    for (auto* ids : {&nodes.added, &nodes.removed, &nodes.changed})
        std::ranges::move(*ids, std::back_inserter(d.nodes_changed));

    std::set<std::string_view> codes;
    for (const registry* r : {&before, &after})
        for (const organisation& o : r->organisations())
            for (const dated_code& c : o.codes) codes.insert(c.code);
    for (std::string_view code : codes) {
        std::string was = brief(before.route(own_node, code, at)), is = brief(after.route(own_node, code, at));
        if (was != is) d.routes.push_back({std::string(code), std::move(was), std::move(is)});
    }
    return d;
}

std::vector<remark> registry::remarks(timestamp at) const {
    std::vector<remark> out;
    auto say = [&](std::uint32_t line, std::string vi, std::string en) {
        out.push_back({line, std::move(vi), std::move(en)});
    };
    for (const organisation& o : organisations_) {
        const organisation* above = parent(o, at);
        if (o.codes.empty())
            say(o.line, fmt::format("{} không có mã định danh.", o.id), fmt::format("{} has no code.", o.id));
        if (o.closed(at)) {
            if (o.successors.empty())
                say(o.line,
                    fmt::format(
                        "{} đã chấm dứt hoạt động nhưng chưa ghi đơn vị kế thừa; văn bản gửi tới sẽ chờ văn thư.",
                        o.id),
                    fmt::format("{} is closed and names no successor; packets for it wait for the clerk.", o.id));
            else if (!successors(o, at).empty() && current(o, at).count == current_holder::number::none)
                say(o.line, fmt::format("Các đơn vị kế thừa của {} đều đã chấm dứt hoạt động.", o.id),
                    fmt::format("All successors of {} are closed themselves.", o.id));
            continue;
        }
        if (above && above->closed(at))
            say(o.line, fmt::format("{} vẫn ghi cấp trên {} đã chấm dứt hoạt động.", o.id, above->id),
                fmt::format("{} still has the closed organisation {} above it.", o.id, above->id));
        if (!server(o, at) && !national_axis())
            say(o.line, fmt::format("Không có nút nào phục vụ {} và không có trục quốc gia.", o.id),
                fmt::format("No node serves {} and there is no national axis.", o.id));
    }
    for (const node& n : nodes_) {
        if (n.kind != node_kind::vanthu || !n.valid.contains(at)) continue;
        auto usable = [&](const spki_pin& p) { return p.valid.contains(at); };
        if (n.san_uri.empty() && n.pins.empty())
            say(n.line, fmt::format("Nút {} không có san_uri hay khóa ghim: không thể kết nối tới nút này.", n.id),
                fmt::format("Node {} has neither san_uri nor pins: it cannot be recognised.", n.id));
        else if (!n.pins.empty() && std::ranges::none_of(n.pins, usable))
            say(n.line, fmt::format("Nút {} không còn khóa ghim nào đang hiệu lực.", n.id),
                fmt::format("No pin of node {} is valid now.", n.id));
    }
    return out;
}

} // namespace vanthu::registry

// Codes, successors, authorities: everything that is looked up without regard to nodes.
#include "daemon/registry/nearest.hpp"
#include "daemon/registry/registry.hpp"

#include <algorithm>

namespace vanthu::registry {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool upper(char c) { return c >= 'A' && c <= 'Z'; }
bool level1(std::string_view group) {
    return group.size() == 3 && upper(group[0]) && digit(group[1]) && digit(group[2]);
}

std::vector<std::string_view> groups_of(std::string_view code) {
    std::vector<std::string_view> groups;
    for (std::size_t start = 0;;) {
        std::size_t dot = code.find('.', start);
        groups.push_back(code.substr(start, dot - start));
        if (dot == std::string_view::npos) return groups;
        start = dot + 1;
    }
}

} // namespace

std::string_view trimmed(std::string_view code) {
    constexpr std::string_view white = " \t\r\n";
    std::size_t first = code.find_first_not_of(white);
    return first == std::string_view::npos ? std::string_view()
                                           : code.substr(first, code.find_last_not_of(white) - first + 1);
}

code_shape classify(std::string_view code) {
    if (level1(code)) return code_shape::level1;
    constexpr std::size_t longest = 35;
    if (code.empty() || code.size() > longest) return code_shape::other;
    std::vector<std::string_view> groups = groups_of(code);
    for (std::string_view group : groups)
        if (group.empty() || !std::ranges::all_of(group, [](char c) { return digit(c) || upper(c); }))
            return code_shape::other;
    auto digits = [&](std::size_t i, std::size_t n) {
        return groups[i].size() == n && std::ranges::all_of(groups[i], digit);
    };
    if (groups.size() == 4 && digits(0, 3) && digits(1, 2) && digits(2, 2) && level1(groups[3]))
        return code_shape::qcvn102;
    bool usual = level1(groups[0]) && std::all_of(groups.begin() + 1, groups.end(),
                                                  [](std::string_view g) { return g.size() == 2 || g.size() == 3; });
    return usual ? code_shape::qd20 : code_shape::qd20_wide;
}

std::string_view to_string(code_shape s) {
    switch (s) {
    case code_shape::level1:
        return "level1";
    case code_shape::qcvn102:
        return "qcvn102";
    case code_shape::qd20:
        return "qd20";
    case code_shape::qd20_wide:
        return "qd20_wide";
    case code_shape::other:
        return "other";
    }
    return "";
}

const organisation* registry::find_organisation(std::string_view id) const {
    auto found = organisation_by_id_.find(id);
    return found == organisation_by_id_.end() ? nullptr : found->second;
}

const node* registry::find_node(std::string_view id) const {
    auto found = node_by_id_.find(id);
    return found == node_by_id_.end() ? nullptr : found->second;
}

resolution registry::resolve(std::string_view code, timestamp at) const {
    code = trimmed(code);
    resolution r;
    r.shape = classify(code);
    auto owners = owners_of_.find(code);
    if (owners == owners_of_.end()) return r;
    const code_owner* best =
        nearest(owners->second, at, [](const code_owner& o) -> const period& { return o.code->valid; });
    r.found = best->of;
    r.by = best->code;
    r.closed = best->of->closed(at);
    r.code_retired = !best->code->valid.contains(at);
    return r;
}

std::string registry::canonical(std::string_view code, timestamp at) const {
    if (resolution r = resolve(code, at); r.known()) return "@" + r.found->id;
    std::string own(trimmed(code));
    return own.starts_with('@') ? "@" + own : own; // no text in a packet can pass for a resolved organisation
}

std::vector<const organisation*> registry::successors(const organisation& o, timestamp at) const {
    std::vector<const organisation*> out;
    if (!o.closed(at)) return out;
    for (const successor& s : o.successors)
        if (s.from <= at && !s.to.empty()) out.push_back(find_organisation(s.to));
    return out;
}

current_holder registry::current(const organisation& o, timestamp at) const {
    current_holder holder;
    std::vector<const organisation*> seen, open{&o};
    while (!open.empty()) {
        const organisation* next = open.back();
        open.pop_back();
        if (std::ranges::find(seen, next) != seen.end())
            continue; // the ring of two organisations that succeed each other ends here
        seen.push_back(next);
        if (!next->closed(at)) holder.organisations.push_back(next);
        std::vector<const organisation*> links = successors(*next, at);
        open.insert(open.end(), links.rbegin(), links.rend());
    }
    holder.count = holder.organisations.empty()       ? current_holder::number::none
                   : holder.organisations.size() == 1 ? current_holder::number::one
                                                      : current_holder::number::several;
    return holder;
}

const organisation* registry::parent(const organisation& o, timestamp at) const {
    const std::string* id = valid_value(o.parents, at);
    return id ? find_organisation(*id) : nullptr;
}

std::vector<const authority*> registry::authority_of(const certificate_ids& certificate, const organisation& o,
                                                     timestamp at) const {
    std::vector<const authority*> out;
    for (const authority& a : authorities_)
        if (a.organisation == o.id && a.valid.contains(at) && matches(a.certificate, certificate)) out.push_back(&a);
    return out;
}

std::vector<const agency_certificate*> registry::agency_certificates_of(const certificate_ids& certificate,
                                                                        timestamp at) const {
    std::vector<const agency_certificate*> out;
    for (const agency_certificate& a : agency_certificates_)
        if (a.valid.contains(at) && matches(a.certificate, certificate)) out.push_back(&a);
    return out;
}

organisation_delta registry::changed_since(std::uint64_t version) const {
    organisation_delta delta{version_, {}};
    for (const organisation& o : organisations_)
        if (o.changed_in > version) delta.changed.push_back(&o);
    return delta;
}

} // namespace vanthu::registry

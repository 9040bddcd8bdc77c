#include "signing/pdf/references.hpp"

#include <algorithm>

namespace vanthu::pdf {

reference_index::reference_index(const document& first) {
    visit(first.qpdf().getTrailer(), 0);
    for (const auto& [o, entry] : first.qpdf().getXRefTable()) visit(first.qpdf().getObject(o), key(o));
}

void reference_index::advance(const document& next, const std::set<QPDFObjGen>& changed) {
    forget(0);
    visit(next.qpdf().getTrailer(), 0);
    for (QPDFObjGen o : changed) {
        forget(key(o));
        visit(next.qpdf().getObject(o), key(o));
    }
}

std::uint32_t reference_index::interned(const std::string& path) {
    auto [at, fresh] = numbers_.try_emplace(path, static_cast<std::uint32_t>(paths_.size()));
    if (fresh) paths_.push_back(path);
    return at->second;
}

void reference_index::forget(id from) {
    auto mine = from_.find(from);
    if (mine == from_.end()) return;
    for (id to : mine->second) {
        auto at = to_.find(to);
        if (at == to_.end()) continue;
        std::erase_if(at->second, [&](const arrow& a) { return a.from == from; });
        if (at->second.empty()) to_.erase(at);
    }
    from_.erase(mine);
}

void reference_index::visit(QPDFObjectHandle top, id from) {
    struct place {
        QPDFObjectHandle value;
        std::string path;
        int depth;
    };
    std::vector<place> open{{top, "", 0}};
    while (!open.empty()) {
        place p = std::move(open.back());
        open.pop_back();
        if (p.depth > 0 && p.value.isIndirect()) {
            id to = key(p.value.getObjGen());
            if (p.value.getGeneration() != 0) later_generations_.insert(p.value.getObjGen());
            to_[to].push_back({from, interned(p.path)});
            from_[from].push_back(to);
            continue;
        }
        if (p.depth > 500) continue; // the reader refuses deeper nesting
        QPDFObjectHandle d = p.value.isStream() ? p.value.getDict() : p.value;
        if (d.isDictionary())
            for (auto& [name, value] : d.getDictAsMap()) // also entries that point to nothing (yet)
                open.push_back({value, p.path + name, p.depth + 1});
        else if (d.isArray())
            for (int i = 0, n = d.getArrayNItems(); i < n; ++i)
                open.push_back({d.getArrayItem(i), p.path + "/*", p.depth + 1});
    }
}

std::vector<reference> reference_index::of(QPDFObjGen to) const {
    std::vector<reference> all;
    if (auto at = to_.find(key(to)); at != to_.end())
        for (const arrow& a : at->second) all.push_back({object(a.from), paths_[a.path]});
    return all;
}

bool reference_index::contains_other_generation(QPDFObjGen than) const {
    if (than.getGen() != 0 && contains(QPDFObjGen(than.getObj(), 0))) return true;
    for (auto at = later_generations_.lower_bound(QPDFObjGen(than.getObj(), 0));
         at != later_generations_.end() && at->getObj() == than.getObj(); ++at)
        if (*at != than && contains(*at)) return true;
    return false;
}

std::vector<QPDFObjGen> reference_index::from(QPDFObjGen o) const {
    std::vector<QPDFObjGen> all;
    if (auto at = from_.find(key(o)); at != from_.end())
        for (id to : at->second) all.push_back(object(to));
    return all;
}

} // namespace vanthu::pdf

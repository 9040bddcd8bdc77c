#include "signing/xml/events.hpp"

#include <algorithm>
#include <ranges>

namespace vanthu::xml {

void scope::enter(const start_tag& tag) {
    frames_.push_back({bindings_.size(), attributes_.size()});
    bindings_.insert(bindings_.end(), tag.declared.begin(), tag.declared.end());
    for (const attribute& a : tag.attributes)
        if (a.uri == xml_uri) attributes_.push_back({std::string(a.local), std::string(a.value)});
}

void scope::leave() {
    bindings_.resize(frames_.back().bindings);
    attributes_.resize(frames_.back().attributes);
    frames_.pop_back();
}

std::optional<std::string_view> scope::find(std::string_view prefix) const {
    for (const binding& b : bindings_ | std::views::reverse)
        if (b.prefix == prefix) return b.uri.empty() ? std::nullopt : std::optional(b.uri);
    return std::nullopt;
}

std::vector<binding> scope::in_force() const {
    std::vector<binding> all;
    for (const binding& b : bindings_ | std::views::reverse)
        if (std::none_of(all.begin(), all.end(), [&](const binding& known) { return known.prefix == b.prefix; }))
            all.push_back(b);
    std::erase_if(all, [](const binding& b) { return b.uri.empty(); });
    return all;
}

std::vector<const scope::inherited*> scope::xml_attributes() const {
    std::vector<const inherited*> all;
    for (const inherited& a : attributes_ | std::views::reverse) all.push_back(&a);
    return all;
}

} // namespace vanthu::xml

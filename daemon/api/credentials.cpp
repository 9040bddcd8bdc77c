#include "daemon/api/credentials.hpp"

#include "daemon/api/errors.hpp"
#include "daemon/base/base64.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

namespace vanthu::api {
namespace {
const std::set<std::string> known_rights{"submit", "inbox", "track"};

fail wrong(std::string_view file, const toml::node& at, std::string_view what) {
    return failed(errc::credentials_unreadable, fmt::format("{}:{}: {}", file, at.source().begin.line, what));
}

result<std::vector<std::string>> texts(std::string_view file, const toml::table& t, const char* key) {
    std::vector<std::string> out;
    const toml::node* n = t.get(key);
    const toml::array* a = n ? n->as_array() : nullptr;
    if (!a || a->empty())
        return wrong(file, n ? *n : static_cast<const toml::node&>(t),
                     fmt::format("{}: a list of texts is required", key));
    for (const toml::node& e : *a) {
        if (!e.is_string()) return wrong(file, e, fmt::format("{}: a text is required", key));
        out.push_back(e.value<std::string>().value());
    }
    return out;
}
} // namespace

result<credentials> credentials::parse(std::string_view text, std::string_view file) try {
    toml::table top = toml::parse(text, file);
    credentials out;
    std::set<std::string> ids;
    for (auto&& [key, node] : top)
        if (key != "credential" || !node.is_array_of_tables())
            return wrong(file, node, fmt::format("unknown key {}", key.str()));
    const toml::array* list = top.get_as<toml::array>("credential");
    if (!list) return out;
    for (const toml::node& n : *list) {
        const toml::table& t = *n.as_table();
        for (auto&& [key, node] : t)
            if (key != "id" && key != "key_sha256" && key != "organisations" && key != "rights")
                return wrong(file, node, fmt::format("unknown key {}", key.str()));
        credential c;
        c.id = t["id"].value_or(std::string());
        if (c.id.empty() || !ids.insert(c.id).second) return wrong(file, t, "id: missing, or used twice");
        auto hash = digest::from_hex(t["key_sha256"].value_or(std::string()));
        if (!hash) return wrong(file, t, "key_sha256: 64 hex digits are required");
        VANTHU_TRY(c.organisations, texts(file, t, "organisations"));
        VANTHU_TRY(std::vector<std::string> rights, texts(file, t, "rights"));
        for (const std::string& r : rights)
            if (!known_rights.contains(r)) return wrong(file, t, fmt::format("rights: unknown right {}", r));
        c.rights.insert(rights.begin(), rights.end());
        if (!out.by_hash_.emplace(*hash, std::move(c)).second) return wrong(file, t, "key_sha256: used twice");
    }
    return out;
} catch (const toml::parse_error& e) {
    return failed(errc::credentials_unreadable, fmt::format("{}:{}: {}", file, e.source().begin.line, e.description()));
}

const credential* credentials::find(std::string_view key) const {
    auto found = by_hash_.find(sha256::of(key));
    return found == by_hash_.end() ? nullptr : &found->second;
}

bool credentials::has_id(std::string_view id) const {
    return std::ranges::any_of(by_hash_, [&](const auto& entry) { return entry.second.id == id; });
}

new_credential make_credential(std::string_view id, const std::vector<std::string>& organisations,
                               const std::vector<std::string>& rights) {
    std::string key = base64_encode(random_bytes(32));
    while (!key.empty() && key.back() == '=') key.pop_back();
    std::replace(key.begin(), key.end(), '+', '-');
    std::replace(key.begin(), key.end(), '/', '_');
    key = "vt_" + key;
    auto quoted = [](const std::vector<std::string>& list) {
        std::vector<std::string> out;
        for (const std::string& s : list) out.push_back(fmt::format("\"{}\"", s));
        return fmt::format("[{}]", fmt::join(out, ", "));
    };
    return {key, fmt::format("[[credential]]\nid = \"{}\"\nkey_sha256 = \"{}\"\norganisations = {}\nrights = {}\n", id,
                             sha256::of(key).hex(), quoted(organisations), quoted(rights))};
}

} // namespace vanthu::api

#include "tests/support/node_texts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vanthu::test {

std::string organisation_text::toml() const {
    return fmt::format(
        "[[organisation]]\nid = \"{}\"\nname = \"{}\"\nkind = \"{}\"\n{}{}codes = [{{ code = \"{}\", form = "
        "\"qd20\" }}]\n\n",
        id, name, kind, more, parent.empty() ? "" : fmt::format("parent = \"{}\"\n", parent), code);
}

std::string node_text::toml() const {
    return fmt::format("[[node]]\nid = \"{}\"\norganisation = \"{}\"\n{}san_uri = \"urn:vanthu:org:{}\"\nca = "
                       "\"@CA@\"\n{}\n",
                       id, organisation, url.empty() ? "" : fmt::format("urls = [\"{}\"]\n", url), code, more);
}

std::string two_node_registry(int version, const std::string& further, const std::string& upper_url,
                              const std::string& lower_url) {
    std::string out = fmt::format("format = 1\nversion = {}\n", version);
    // Also under its code of the earlier form.
    out += organisation_text{"tinh", "Ủy ban nhân dân tỉnh", "UBND tỉnh", "H48", ""}.toml();
    out.insert(out.rfind(" }]"), " }, { code = \"000.00.00.H48\", form = \"qcvn102\"");
    for (const organisation_text& each : {organisation_text{"so", "Sở Nội vụ", "sở", "H48.01"},
                                          {"xa", "Ủy ban nhân dân xã", "UBND xã", "H48.99.01"},
                                          {"dong", "Cơ quan đã giải thể", "sở", "H48.77", "tinh", "to = 2025-07-01\n"},
                                          {"huyen", "Ủy ban nhân dân huyện", "UBND huyện", "H48.40"}})
        out += each.toml();
    out += node_text{"h48", "tinh", "H48", upper_url, {}}.toml();
    out += node_text{"h48.40", "huyen", "H48.40", lower_url, {}}.toml();
    return out + further;
}

std::string credentials_for(const std::vector<std::pair<std::string, std::vector<std::string>>>& ids) {
    std::string out;
    for (const auto& [id, codes] : ids)
        out += fmt::format("[[credential]]\nid = \"{0}\"\nkey_sha256 = \"{1}\"\norganisations = [\"{2}\"]\n"
                           "rights = [\"submit\", \"inbox\", \"track\"]\n\n",
                           id, sha256::of("key-" + id).hex(), fmt::join(codes, "\", \""));
    return out;
}

form& form::part(const std::string& name, const std::string& content, const std::string& filename) {
    body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"", boundary, name);
    if (!filename.empty()) body += fmt::format("; filename=\"{}\"", filename);
    body += "\r\n\r\n" + content + "\r\n";
    return *this;
}

} // namespace vanthu::test

// What nodes in tests are made of as text: registry, API keys, form bodies.
#pragma once

#include "daemon/net/http.hpp"

namespace vanthu::test {

struct organisation_text {
    std::string id, name, kind, code;
    std::string parent = "tinh"; // empty: none
    std::string more{};          // further lines
    std::string toml() const;
};
struct node_text {
    std::string id, organisation, code; // the code stands in the certificate
    std::string url;                    // empty: it is called by nobody
    std::string more{};
    std::string toml() const; // "@CA@" stands for the CA's file
};

inline const std::string nowhere = "https://127.0.0.1:1"; // refuses connections

// A root org "tinh" (H48) with its daemon h48, two bodies below that it serves ("so": H48.01 and "xa": H48.99.01), one
// that is closed ("dong": H48.77), and "huyen" (H48.40) with a daemon of its own under it ("h48.40"). The URLs are
// those of the nodes; `further` is appended.
std::string two_node_registry(int version = 1, const std::string& further = {}, const std::string& upper_url = nowhere,
                              const std::string& lower_url = nowhere);
// API keys "key-ID" for id and codes, with all rights.
std::string credentials_for(const std::vector<std::pair<std::string, std::vector<std::string>>>& ids);

// A body of multipart/form-data.
struct form {
    std::string boundary = "vanthu-test-boundary", body;
    form& part(const std::string& name, const std::string& content, const std::string& filename = {});
    std::string finish() const { return body + "--" + boundary + "--\r\n"; }
    net::headers fields() const { return {{"Content-Type", "multipart/form-data; boundary=" + boundary}}; }
};

} // namespace vanthu::test

// Packets made for these tests.
#pragma once

#include "schemas/edxml/reader.hpp"
#include "schemas/edxml/writer.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>

namespace vanthu::edxml {

std::string sample(const char* name); // tests/samples/NAME
std::string replaced(std::string text, std::string_view from,
                     std::string_view to); // every occurrence; there must be one

// A document packet with the given Attachment elements, otherwise like the sample.
struct made_attachment {
    std::string name = "a.txt", transfer = "aGVsbG8=", content_id = "cid:1", content_type = "application/octet-stream";
};
std::string packet_with(const std::vector<made_attachment>& attachments);
std::string packet_with_file(const std::string& name, bytes_view content);

// One entry each; `deflate` compresses, `descriptor` leaves sizes to a data descriptor.
struct zip_entry {
    std::string name;
    std::string content;
    bool deflate = true, descriptor = false;
};
bytes make_zip(const std::vector<zip_entry>& entries);

document_header full_header(); // every field set

inline bool has(const std::vector<finding>& list, finding_code code) {
    return std::any_of(list.begin(), list.end(), [&](const finding& f) { return f.code == code; });
}

// All pieces joined: ranges from `received`, contents as base64.
std::string join(const std::vector<piece>& pieces, std::string_view received, const std::vector<bytes>& contents = {});

// Checks that the packet cannot be read, and why.
void refuses(std::string_view whole, errc why, const limits& l = {});
packet reads(std::string_view whole, const limits& l = {}, std::optional<date> today = {});

// The attachments as delivered to a sink.
class collecting_sink final : public attachment_sink {
public:
    struct one {
        attachment_info first, last;
        bytes sent, inner;
        int begun = 0, ended = 0;
    };
    std::vector<one> all;
    result<> begin(std::size_t i, const attachment_info& a) override {
        all.resize(std::max(all.size(), i + 1));
        all[i].first = a;
        all[i].begun++;
        return {};
    }
    result<> data(std::size_t i, bytes_view b) override {
        all[i].sent.insert(all[i].sent.end(), b.begin(), b.end());
        return {};
    }
    result<> inner(std::size_t i, bytes_view b) override {
        all[i].inner.insert(all[i].inner.end(), b.begin(), b.end());
        return {};
    }
    result<> end(std::size_t i, const attachment_info& a) override {
        all[i].last = a;
        all[i].ended++;
        return {};
    }
};

} // namespace vanthu::edxml

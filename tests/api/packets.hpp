// Documents for the tests of this folder.
#pragma once

#include "schemas/edxml/reader.hpp"
#include "tests/support/daemon_parts.hpp"

#include <boost/test/unit_test.hpp>

namespace vanthu::test {

// Metadata of a document from "so" (H48.01) to "xa" (H48.99.01), both served by the node h48.
struct letter {
    int number = 15;
    std::string from = "H48.01", subject = "Về việc thử nghiệm liên thông", date, document_id;
    std::vector<std::string> to{"H48.99.01"};
    std::string number_text;      // instead of `number`
    int bussiness_type = 0;       // 1 recall, 2 update, 3 replace: of document_id
    std::string metadata() const; // JSON
    std::string packet(const std::string& file = "nội dung", const std::string& name = "van-ban.txt") const; // edXML
};
// POST /v1/documents with metadata and one file.
reply submit(daemon_parts& at, const std::string& key, const letter& what, const std::string& file = "nội dung",
             net::headers more = {}, const std::string& query = {});
reply submit_packet(daemon_parts& at, const std::string& key, std::string packet, net::headers more = {},
                    const std::string& query = {});

// An answer to `about` as its recipient's eOffice would make it.
struct answer_packet {
    std::string code, from = "H48.99.01", time = "2025/07/15 08:00:00", description;
    std::string to(const letter& about) const; // edXML
};
// POST /v1/inbox/{id}/status
reply report(daemon_parts& at, const std::string& key, const std::string& entry, const std::string& body);
reply acknowledge(daemon_parts& at, const std::string& key, const std::string& entry);

std::string text_of(const boost::json::object& o, std::initializer_list<const char*> path);
// The entries of an inbox, all of them.
boost::json::array inbox_of(daemon_parts& at, const std::string& key, std::uint64_t after = 0);
std::string first_entry(daemon_parts& at, const std::string& key);               // its id
std::vector<std::string> status_codes(daemon_parts& at, const std::string& key); // of the statuses in an inbox
// What a sender is told of the first recipient.
boost::json::object first_recipient(daemon_parts& at, const std::string& key, const std::string& document);
std::string rungs_text(const boost::json::object& recipient); // "01=reached 03=waiting …"
// Asks until `holds` or 20 seconds have passed; the answer of the last question.
bool eventually(const std::function<bool()>& holds);

// One node "h48" serving tinh, so and xa.
struct office {
    test_ca ca;
    daemon_parts node;
    explicit office(std::function<void(node_spec&)> change = {});

private:
    static node_spec spec(const std::function<void(node_spec&)>& change);
};

} // namespace vanthu::test

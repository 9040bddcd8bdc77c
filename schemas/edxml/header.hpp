// From the tree to the structs: order-free, by local name; what is odd becomes a finding.
#pragma once

#include "schemas/edxml/tree.hpp"

namespace vanthu::edxml {

// Collects findings up to a limit; details are cut to a readable length.
class remarks {
public:
    remarks(std::vector<finding>& list, std::size_t limit) : list_(list), limit_(limit) {}
    void add(finding_code code, std::string_view detail = {});

private:
    std::vector<finding>& list_;
    std::size_t limit_;
};

// Failure: old_namespace, not_edxml. Enough of the tree is the root's start tag.
result<> check_root(const element& root, remarks&);

// Header and manifest. Failures: from_missing, recipient_missing, identification_missing, status_code_missing,
// edxml_1_0, old_namespace, not_edxml.
result<> interpret(const element& root, std::optional<date> today, packet& out, remarks&);

// The fields of one Attachment element; its content is the reader's.
void interpret_attachment(const element& attachment, attachment_info& out);

std::string without_cid(std::string content_id);

} // namespace vanthu::edxml

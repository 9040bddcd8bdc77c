// The elements of a packet outside its base64 texts, as a small tree, built by libxml2's push parser.
//
// Guarantees: every token has taken effect when feed() returns; nothing is loaded, expanded or printed; libxml2's
// errors become ours. Memory is bounded by the scanner's limits, which stand in front.
#pragma once

#include "schemas/edxml/reader.hpp"

namespace vanthu::edxml {

enum class name_space { qcvn, none, soap, old, xmldsig, other };

struct element {
    std::string name; // local
    name_space space = name_space::none;
    std::string uri;  // of namespaces that are not ours
    std::string text; // all character data directly inside
    std::vector<element> children;

    const element* child(std::string_view local) const; // the first one
    // By path; nullptr where a step is missing.
    const element* at(std::initializer_list<std::string_view> path) const;
    // Depth first, not looking into Signature.
    const element* descendant(std::string_view local) const;
    std::string_view trimmed_view() const; // into `text`
    std::string trimmed() const { return std::string(trimmed_view()); }
    std::string text_of(std::string_view local) const; // trimmed text of the first such child, or empty
};

class xml_tree {
public:
    xml_tree();
    ~xml_tree();
    xml_tree(const xml_tree&) = delete;

    result<> feed(std::string_view token);
    result<> finish();
    std::size_t depth() const;               // open elements
    element take_closed_child();             // the last child of the open element, which it loses
    std::string_view just_closed() const;    // local name closed by the last token, or empty
    const element* root() const;             // as far as read
    std::vector<std::string> take_unbound(); // prefixes met without declaration since the last call

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace vanthu::edxml

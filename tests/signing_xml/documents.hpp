// Random XML documents with everything canonicalisation cares about. Fixed seeds: the same documents everywhere.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace vanthu::test {

class document_maker {
public:
    explicit document_maker(unsigned seed) : random_(seed) {}
    // Every element has a distinct Id "e0", "e1", ...; count() says how many there are.
    std::string make() {
        ids_ = 0;
        std::string out = pick(3) ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" : "";
        if (!pick(3)) out += "<!-- trước -->\n<?pi  trước gốc ?>\n";
        scopes_ = {{}};
        out += element(0);
        if (!pick(3)) out += "\n<?after?>\n<!--sau-->\n";
        return out;
    }
    std::size_t count() const { return ids_; }
    unsigned pick(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random_); }

private:
    static constexpr const char* prefixes[] = {"", "a", "b", "edXML", "zz"};
    // No "&": libxml2 writes it into namespace declarations without escaping it.
    static constexpr const char* uris[] = {"urn:one", "urn:two", "http://www.mic.gov.vn/TBT/QCVN_102_2016",
                                           "http://example.invalid/?a=b#c"};
    std::string name(bool for_attribute) {
        static constexpr const char* locals[] = {"x", "Tên", "From", "OrganId", "y-z.1"};
        std::string prefix;
        const auto& bound = scopes_.back();
        if (!bound.empty() && pick(2)) prefix = bound[pick(static_cast<unsigned>(bound.size()))];
        if (for_attribute && prefix.empty() && pick(4) == 0) return "xml:lang";
        return (prefix.empty() ? "" : prefix + ":") + locals[pick(5)];
    }
    std::string text() {
        static constexpr const char* pieces[] = {"Quảng Ngãi",     "&amp;&lt;&gt;", "&#13;\r\n",
                                                 "\r\n\t ",        "]]&gt;",        "<![CDATA[<&>\"]]>",
                                                 "&#x1F600;",      "&quot;'\"",     "<!-- ghi chú\r\n -->",
                                                 "<?x a=\"b\" ?>", "&#9;&#10;",     "VGhp c2E="};
        std::string out;
        for (unsigned n = pick(4); n > 0; --n) out += pieces[pick(12)];
        if (pick(40) == 0) out += std::string(9000 + pick(9000), 'A');
        return out;
    }
    std::string value() {
        static constexpr const char* pieces[] = {"1",      "a  b", "&amp;&lt;", "&#13;&#10;&#9;", "\n\t", ">",
                                                 "&quot;", "ệ",    "'"};
        std::string out;
        for (unsigned n = pick(3); n > 0; --n) out += pieces[pick(9)];
        return out;
    }
    std::string element(unsigned depth) {
        scopes_.push_back(scopes_.back());
        std::string declared;
        for (unsigned i = 0; i < 5; ++i) {
            if (pick(4)) continue;
            std::string prefix = prefixes[i];
            if (prefix.empty() && pick(3) == 0) {
                declared += " xmlns=\"\"";
                continue;
            }
            declared += (prefix.empty() ? " xmlns=\"" : " xmlns:" + prefix + "=\"") + uris[pick(4)] + "\"";
            auto& bound = scopes_.back();
            if (!prefix.empty() && std::find(bound.begin(), bound.end(), prefix) == bound.end())
                bound.push_back(prefix);
        }
        std::string tag = name(false);
        if (tag == "xml:lang") tag = "x";
        std::string attributes = " Id='e" + std::to_string(ids_++) + "'", seen;
        // Two prefixes may be bound to one namespace: the local names differ, so no attribute is there twice.
        if (pick(2)) attributes += " z=\"" + value() + "\"";
        if (pick(3) == 0 && !scopes_.back().empty())
            attributes +=
                " " + scopes_.back()[pick(static_cast<unsigned>(scopes_.back().size()))] + ":m=\"" + value() + "\"";
        if (pick(3) == 0 && !scopes_.back().empty())
            attributes +=
                " " + scopes_.back()[pick(static_cast<unsigned>(scopes_.back().size()))] + ":B=\"" + value() + "\"";
        if (pick(6) == 0) attributes += " xml:lang='vi'";
        if (pick(6) == 0) attributes += " xml:space=\"preserve\"";
        if (pick(8) == 0) attributes += std::string(" xml:base=\"") + bases[pick(5)] + "\"";
        if (pick(12) == 0) attributes += " xml:foo='bar'";
        std::string out =
            "<" + tag + (pick(2) ? attributes + declared : declared + attributes) + (pick(4) ? "" : "\n ");
        if (pick(5) == 0) {
            scopes_.pop_back();
            return out + "/>";
        }
        out += ">" + text();
        for (unsigned n = depth < 5 ? pick(4) : 0; n > 0; --n) out += element(depth + 1) + text();
        scopes_.pop_back();
        return out + "</" + tag + ">";
    }

    static constexpr const char* bases[] = {"http://example.invalid/a/b", "sub/dir/", "../up/", "x", "/abs"};
    std::mt19937 random_;
    std::size_t ids_ = 0;
    std::vector<std::vector<std::string>> scopes_; // prefixes that may be used
};

} // namespace vanthu::test

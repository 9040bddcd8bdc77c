// Who refers to whom in one revision of a PDF, kept up to date from revision to revision. Internal to signing/pdf.
#pragma once

#include "signing/pdf/document.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace vanthu::pdf {

struct reference {
    QPDFObjGen from;  // 0 0: the trailer
    std::string path; // "/AcroForm/Fields/*"
};

class reference_index {
public:
    // Reads every object of the document once.
    explicit reference_index(const document& first);
    // Now of `next`, which differs from the revision before in the objects `changed` and perhaps in its trailer.
    void advance(const document& next, const std::set<QPDFObjGen>& changed);

    bool contains(QPDFObjGen to) const { return to_.contains(key(to)); }
    std::vector<reference> of(QPDFObjGen to) const;
    // Is there a reference to this number with another generation? Some readers do not look at it.
    bool contains_other_generation(QPDFObjGen than) const;
    // The objects that `from` refers to.
    std::vector<QPDFObjGen> from(QPDFObjGen from) const;

private:
    using id = std::uint64_t;
    struct arrow {
        id from;
        std::uint32_t path;
    };
    static id key(QPDFObjGen o) {
        return static_cast<id>(static_cast<std::uint32_t>(o.getObj())) << 16 | static_cast<id>(o.getGen() & 0xffff);
    }
    static QPDFObjGen object(id k) { return QPDFObjGen(static_cast<int>(k >> 16), static_cast<int>(k & 0xffff)); }
    std::uint32_t interned(const std::string& path);
    void forget(id from);
    void visit(QPDFObjectHandle top, id from);

    std::unordered_map<id, std::vector<arrow>> to_;
    std::unordered_map<id, std::vector<id>> from_;
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::set<QPDFObjGen> later_generations_; // all that were ever referred to and are not 0
    std::vector<std::string> paths_;
};

} // namespace vanthu::pdf

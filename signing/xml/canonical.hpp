// Streaming canonicalisation: events in, canonical octets out, nothing of the document kept but its open elements.
//
// The nodes that are canonicalised are either a whole document or one element with all it holds, less whole elements
// that the caller does not pass on (an enveloped signature).
// Source: Canonical XML 1.0 (W3C 2001-03-15); Canonical XML 1.1 (W3C 2008-05-02); Exclusive XML Canonicalization 1.0
// (W3C 2002-07-18).
#pragma once

#include "daemon/base/bytes.hpp"
#include "signing/xml/events.hpp"

namespace vanthu::xml {

enum class canonical_method : std::uint8_t { inclusive_1_0 = 1, inclusive_1_1, exclusive_1_0 };

struct canonicalisation {
    canonical_method method = canonical_method::exclusive_1_0;
    bool comments = false;
    std::vector<std::string> inclusive_prefixes{}; // exclusive only: PrefixList, "" for #default
    bool operator==(const canonicalisation&) const = default;
};

class octet_sink {
public:
    virtual ~octet_sink() = default;
    virtual void write(std::string_view octets) = 0;
};

class canonicaliser final : public event_handler {
public:
    canonicaliser(canonicalisation how, octet_sink& out) : how_(std::move(how)), out_(out) {}
    // The first start() is the apex: what `outer` has in scope there is rendered as the method says.
    void start(const start_tag& tag, const scope& outer) override;
    void end() override;
    void text(std::string_view piece) override;
    void comment(std::string_view content) override;
    void instruction(std::string_view target, std::string_view data) override;
    // Writes what is still held back. Nothing may follow.
    void finish();

private:
    struct open_element {
        std::string_view prefix, local;
        std::size_t rendered;
    };
    struct written_attribute {
        std::string_view prefix, local, uri, value;
    };
    std::string_view rendered(std::string_view prefix) const; // "" where none
    void need(binding wanted);
    void collect_inclusive(const start_tag& tag, const scope& outer);
    void collect_exclusive(const start_tag& tag, const scope& outer);
    void inherit_attributes(const start_tag& tag, const scope& outer);
    void put(std::string_view octets);
    void put_name(std::string_view prefix, std::string_view local);
    void put_escaped(std::string_view value, bool in_attribute);
    void put_outside(std::string_view before, std::string_view content, std::string_view data, std::string_view after);

    canonicalisation how_;
    octet_sink& out_;
    std::vector<open_element> open_;
    std::vector<binding> rendered_;
    std::vector<binding> wanted_; // of one tag; a member to keep its memory
    std::vector<written_attribute> attributes_;
    std::string base_; // of an apex under Canonical XML 1.1
    std::string held_;
    bool apex_seen_ = false;
};

} // namespace vanthu::xml

// The lexical walk over a packet's bytes, in front of the XML parser.
//
//   prolog ─▶ text ⇄ tag │ comment │ CDATA │ instruction          ─▶ token()
//               └─▶ transfer (inside Attachment/ContentTransferEncoded) ─▶ transfer_begin(), transfer_text(),
//               transfer_end()
//
// Guarantees: tokens are whole and within the limits; DOCTYPE, other encodings and malformed UTF-8 never reach the
// parser; comments and processing instructions are dropped; base64 text never is a token. The calls do not depend on
// how the bytes are cut, but for the cuts of transfer_text().
#pragma once

#include "schemas/edxml/reader.hpp"
#include "schemas/edxml/utf8.hpp"

namespace vanthu::edxml {

class scan_handler {
public:
    virtual ~scan_handler() = default;
    virtual void remark(finding_code code, std::string detail) = 0;
    virtual result<> token(std::string_view whole) = 0; // a tag, a text up to the next tag, or a CDATA section
    virtual result<> attachment_begin() = 0;            // after the start tag's token
    virtual result<> attachment_end() = 0;              // after the end tag's token
    virtual result<> transfer_begin(std::uint64_t offset) = 0;
    virtual result<> transfer_text(std::string_view base64_and_space) = 0;
    virtual result<> transfer_end(std::uint64_t length) = 0;
};

class scanner {
public:
    scanner(const edxml::limits& limits, scan_handler& handler) : limits_(limits), handler_(handler) {}
    result<> feed(std::string_view piece);
    result<> finish(); // failure: the bytes end inside something
    std::size_t depth() const { return open_.size(); }

private:
    enum class state {
        prolog,
        text,
        tag,
        bang,
        comment,
        cdata,
        instruction,
        transfer,
        transfer_reference,
        transfer_bang,
        transfer_cdata
    };
    enum class element : std::uint8_t { other, attachment_encoded, attachment, transfer };

    result<> step(std::string_view& rest);
    result<> read_prolog(std::string_view& rest, bool ended);
    result<> read_text(std::string_view& rest);
    result<> read_tag(std::string_view& rest);
    result<> read_bang(std::string_view& rest);
    result<> read_until(std::string_view& rest, std::string_view closing);
    result<> close_instruction();
    result<> close_tag();
    result<> open_element(std::string_view tag, bool empty);
    result<> close_element();
    result<> read_transfer(std::string_view& rest);
    result<> read_transfer_reference(std::string_view& rest);
    result<> read_transfer_bang(std::string_view& rest);
    result<> read_transfer_cdata(std::string_view& rest);
    result<> transfer_characters(std::string_view text);
    result<> check_transfer(std::string_view text);
    result<> begin_document(std::size_t skipped);
    result<> emit();
    result<> hold(std::string_view more, std::size_t limit, errc code);
    void take(std::string_view& rest, std::size_t n);

    edxml::limits limits_;
    scan_handler& handler_;
    state state_ = state::prolog;
    std::string held_; // the token so far
    char quote_ = 0;   // inside a tag: the open quote
    std::size_t attributes_ = 0;
    std::vector<element> open_;
    std::size_t elements_ = 0, attachments_ = 0;
    std::uint64_t position_ = 0; // bytes taken
    std::uint64_t header_bytes_ = 0;
    std::uint64_t transfer_offset_ = 0, transfer_end_ = 0;
    utf8_checker transfer_utf8_;
    bool declared_ = false, root_seen_ = false;
};

} // namespace vanthu::edxml

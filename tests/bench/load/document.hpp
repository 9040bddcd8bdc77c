// The documents that are sent: edXML packets with one file, each of its own number, id and content.
//
// Nothing is composed while the clock runs: a document is made once for every submitter and then only gets another
// number and another 48 bytes in its file, in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vanthu::bench {

struct addresses {
    std::string from = "000.00.00.H48", to = "H48.99.01"; // codes of organisations
};

// What is attached. Without its pre-flight vanthu keeps a PDF for a person, because nobody has looked for a secrecy
// marking on the first page; a scan it takes as it is.
enum class attachment { scan, pdf };

// One text of many lives.
class changing_text {
public:
    changing_text() = default;
    // `text` holds number_mark anywhere and the base64 of nonce_mark once, at a place where no line breaks it.
    explicit changing_text(std::string text);
    void become(std::uint64_t number, const std::string& nonce_base64);
    const std::string& text() const { return text_; }

    static constexpr std::uint64_t first_number = 100'000'000, last_number = 999'999'999; // nine digits

private:
    std::string text_;
    std::vector<std::size_t> number_at_;
    std::size_t nonce_at_ = 0;
};

// A document in the two forms that are sent. Not shared between threads; copies are independent.
class document {
public:
    // size: bytes of the file, at least 1 500. Throws std::runtime_error where no packet can be made.
    document(std::size_t size, attachment, const addresses&);
    void become(std::uint64_t number); // a number used once makes a document used once
    std::uint64_t number() const { return number_; }
    const std::string& packet() const { return packet_.text(); } // edXML
    const std::string& mail() const { return mail_.text(); }     // the same as MIME with CRLF, the header's XML first

private:
    changing_text packet_, mail_;
    std::uint64_t number_ = 0;
};

} // namespace vanthu::bench

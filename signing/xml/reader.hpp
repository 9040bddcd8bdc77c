// Bytes in, events out: guard, then libxml2's SAX2 push parser.
//
//   reader r(limits, handler);  r.feed(piece) ... r.finish()
//
// Guaranteed: no network, no file, no entity but the five of XML; memory does not grow with the document; a document
// that is not well-formed, also in the sense of Namespaces in XML, ends in errc::not_xml (events may have gone out
// before). Everything is delivered, comments, CDATA (as text) and white space included; line ends are normalised.
#pragma once

#include "daemon/base/bytes.hpp"
#include "signing/xml/events.hpp"
#include "signing/xml/guard.hpp"

#include <functional>
#include <memory>

namespace vanthu::xml {

class reader {
public:
    // `observer` sees the tags before the handler sees the elements; it may be null.
    reader(const limits& bounds, event_handler& handler, tag_observer* observer = nullptr);
    ~reader();
    reader(const reader&) = delete;
    result<> feed(std::string_view piece);
    result<> finish();

    struct state; // reader.cpp

private:
    result<> push(std::string_view piece, bool last);
    guard guard_;
    std::unique_ptr<state> state_;
    std::string carried_; // the beginning of a character that the next piece ends
};

// A document that can be read from its start as often as needed: hands its bytes to the sink, in order, in pieces of
// any size. It must give the same bytes each time; where it does not, verdicts are about the bytes of the last reading.
using byte_sink = std::function<result<>(bytes_view)>;
using source = std::function<result<>(const byte_sink&)>;
source in_memory(bytes_view document); // borrows

result<> read(const source& document, const limits& bounds, event_handler& handler);

} // namespace vanthu::xml

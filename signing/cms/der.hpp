// Writing DER, and walking over it. Source: ITU-T X.690, clauses 8, 10 and 11.
#pragma once

#include "daemon/base/bytes.hpp"

#include <initializer_list>
#include <string>

namespace vanthu::der {

inline constexpr std::uint8_t tag_integer = 0x02, tag_octets = 0x04, tag_oid = 0x06, tag_utc_time = 0x17,
                              tag_generalized_time = 0x18, tag_sequence = 0x30, tag_set = 0x31, tag_context_0 = 0xa0;

bytes header(std::uint8_t tag, std::uint64_t length); // tag and length of what follows
bytes tlv(std::uint8_t tag, bytes_view content);
bytes sequence(std::initializer_list<bytes_view> parts);
bytes joined(std::initializer_list<bytes_view> parts);
bytes set_of_content(std::vector<bytes> members); // sorted (X.690, 11.6), without tag
bytes oid(std::string_view dotted);
bytes integer(bytes_view magnitude); // unsigned, big endian
bytes integer(unsigned small);
bytes null();
bytes algorithm(std::string_view dotted, bool with_null);

// Writes from the last octet to the first: the length of what a header stands in front of is then known, and what is
// nested deep is written once.
class backward_writer {
public:
    explicit backward_writer(std::size_t room) : octets_(room), at_(room) {} // grows where it is too small
    std::size_t size() const { return octets_.size() - at_; }
    void put(bytes_view in_front);
    // A header for everything but the last `behind` octets.
    void enclose(std::uint8_t tag, std::size_t behind);
    bytes written() const { return bytes(octets_.begin() + static_cast<std::ptrdiff_t>(at_), octets_.end()); }

private:
    bytes octets_;
    std::size_t at_;
};

// One element at the start of `in`; nullopt where there is no whole definite-length element.
struct element {
    std::uint8_t tag;
    bytes_view content, whole;
};
std::optional<element> first(bytes_view in);

// The same in BER, where lengths may be indefinite (X.690, 8.1.3.6): `content` is then without the end mark, `whole`
// with it. nullopt also where indefinite lengths are nested deeper than `depth`.
std::optional<element> first_ber(bytes_view in, unsigned depth = 16);
// "1.2.840.113549" of an OID's content octets; "" for what is none or has parts above 2^32.
std::string oid_text(bytes_view content);

// Elements one after the other.
class reader {
public:
    explicit reader(bytes_view in) : rest_(in) {}
    static reader of_ber(bytes_view in) {
        reader r(in);
        r.ber_ = true;
        return r;
    }
    std::optional<element> next();
    std::optional<element> next(std::uint8_t tag); // nullopt and nothing consumed if another tag comes
    bool at_end() const { return rest_.empty(); }

private:
    bytes_view rest_;
    bool ber_ = false;
};

} // namespace vanthu::der

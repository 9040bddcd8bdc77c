// Canonical JSON and strict reading of it. For the .cpp files of this folder: no other header includes Boost.JSON.
// Source: RFC 8785 (JCS), narrowed as statement.hpp says.
#pragma once

#include "daemon/base/bytes.hpp"
#include "daemon/base/clock.hpp"
#include "schemas/receipt/errors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace vanthu::receipt::canonical {

inline constexpr std::size_t max_text = 4096; // bytes of an ordinary text member
inline constexpr std::uint64_t max_integer = (std::uint64_t{1} << 53) - 1;

std::string write(const boost::json::value& value);
// An object in canonical form and nothing else: malformed, too_large or not_canonical.
result<boost::json::object> parse(std::string_view text, std::size_t limit);

// Members by name; a missing one or one of another type is errc::malformed. Unknown members are left alone.
class members {
public:
    explicit members(const boost::json::object& object) : object_(object) {}
    bool has(std::string_view name) const { return object_.contains(name); }
    result<> version(std::uint64_t known) const; // schema_version; errc::unsupported_version
    result<> kind(std::string_view expected) const;
    result<std::string> text(std::string_view name, std::size_t limit = max_text) const;
    result<std::uint64_t> number(std::string_view name) const;
    result<timestamp> time(std::string_view name) const;              // as to_rfc3339() writes it
    result<bytes> hex(std::string_view name, std::size_t size) const; // lower case, exactly `size` bytes
    result<digest> hash(std::string_view name) const;
    result<bytes> base64(std::string_view name, std::size_t limit) const;
    result<members> object(std::string_view name) const;
    result<std::string> object_text(std::string_view name) const; // a member object in canonical form
    result<std::vector<std::string>> texts(std::string_view name, std::size_t at_most,
                                           std::size_t limit = max_text) const;
    result<std::vector<std::pair<std::string, std::string>>> all_texts() const; // of an object of texts only

private:
    result<const boost::json::value*> find(std::string_view name) const;
    const boost::json::object& object_;
};

result<digest> hash_from(std::string_view hex);
result<bytes> base64_from(std::string_view text, std::size_t limit); // the one canonical spelling

} // namespace vanthu::receipt::canonical

#include "signing/validation/signature_policy.hpp"

#include "daemon/base/utf8.hpp"
#include "signing/finding_table.hpp"

#include <algorithm>

namespace vanthu::validation {
namespace {

namespace sub = signing::sub;

constexpr std::size_t longest_id = 1024, longest_foreign_hash = 128;

constexpr signing::finding_row texts[] = {
    {"policy.signature_policy_malformed", "Phần chữ ký nêu chính sách ký không đúng cấu trúc nên không đọc được.",
     "The signature names a signature policy in a form that cannot be read."},
    {"policy.signature_policy_implied", "Chữ ký theo một chính sách ký ngầm định, không nêu tên chính sách nào.",
     "The signature follows an implied signature policy, which it does not name."},
    {"policy.signature_policy_unknown",
     "Chữ ký nêu một chính sách ký không có trong danh sách đã biết; yêu cầu của chính sách đó không được xét.",
     "The signature names a signature policy that is not among the known ones; what it demands is not judged."},
    {"policy.signature_policy_unconfirmed",
     "Chữ ký nêu một chính sách ký đã biết, nhưng không có giá trị băm để đối chiếu với bản đã biết.",
     "The signature names a known signature policy, but no hash that could be compared with the known document."},
    {"policy.signature_policy_differs", "Chữ ký nêu một chính sách ký đã biết, nhưng giá trị băm khác với bản đã biết.",
     "The signature names a known signature policy, but with the hash of another document."},
};
const signing::finding_table table(texts);

policy_standing remarked(std::string_view code, std::string_view detail, std::string_view sub_indication) {
    return {false, signing::finding_from(texts, code, detail), sub_indication};
}

// What a URI is written with (RFC 3986, clause 2), or a letter beyond ASCII (RFC 3987).
bool fits_uri(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const code_point one = read_code_point(text, i);
        if (one.length == 0 || (one.value < 0xa0 && (one.value <= ' ' || one.value >= 0x7f))) return false;
        if (one.value < 0x80 && std::string_view("<>\"{}|\\^`").find(text[i]) != std::string_view::npos) return false;
        auto digit = [&](std::size_t k) {
            return k < text.size() &&
                   std::string_view("0123456789abcdefABCDEF").find(text[k]) != std::string_view::npos;
        };
        if (text[i] == '%' && !(digit(i + 1) && digit(i + 2))) return false;
        i += one.length;
    }
    return true;
}

} // namespace

bool is_oid(std::string_view text) {
    std::size_t parts = 0;
    for (;; ++parts) {
        const std::size_t end = text.find('.');
        const std::string_view part = text.substr(0, end);
        if (part.empty() || part.size() > 10 || part.find_first_not_of("0123456789") != part.npos) return false;
        if (part.size() > 1 && part.front() == '0') return false;
        if (parts == 0 && (part.size() > 1 || part.front() > '2')) return false;
        if (end == text.npos) return parts > 0;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::string> policy_id(std::string_view text) {
    if (text.empty() || text.size() > longest_id || !fits_uri(text)) return std::nullopt;
    constexpr std::string_view urn = "urn:oid:";
    const bool named_as_oid =
        text.size() > urn.size() && std::equal(urn.begin(), urn.end(), text.begin(), [](char a, char b) {
            return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
        });
    if (!named_as_oid) return std::string(text);
    text.remove_prefix(urn.size());
    return is_oid(text) ? std::optional(std::string(text)) : std::nullopt;
}

bool take_hash(named_policy& named, std::optional<x509::hash> algorithm, std::string_view identifier,
               bytes_view value) {
    const bool zero = std::ranges::all_of(value, [](std::uint8_t octet) { return octet == 0; });
    if (!zero && (algorithm ? value.size() != x509::size(*algorithm) : value.size() > longest_foreign_hash))
        return false;
    named.hash_algorithm = algorithm ? x509::name(*algorithm) : identifier;
    named.hash = zero ? std::string() : to_hex(value);
    return true;
}

void take_stored_copy(named_policy& named, bytes_view document) {
    if (named.how != named_policy::kind::explicit_ || named.stored == named_policy::copy::same) return;
    named.stored = named_policy::copy::unconfirmed;
    for (auto h : {x509::hash::sha1, x509::hash::sha256, x509::hash::sha384, x509::hash::sha512})
        if (!named.hash.empty() && named.hash_algorithm == x509::name(h) &&
            to_hex(x509::hash_of(h, document)) == named.hash)
            named.stored = named_policy::copy::same;
}

policy_standing standing_of(const named_policy& named, const signature_policy_rules& rules) {
    using kind = named_policy::kind;
    const std::string_view not_available =
        rules.require_known ? sub::signature_policy_not_available : std::string_view();
    if (named.how == kind::malformed)
        return remarked("policy.signature_policy_malformed", "", sub::policy_processing_error);
    if (named.how == kind::implied) return remarked("policy.signature_policy_implied", "", not_available);
    bool same_id = false, comparable = false;
    for (const known_policy& one : rules.known) {
        if (one.id != named.id) continue;
        same_id = true;
        if (named.hash.empty() || named.hash_algorithm != x509::name(one.hash_algorithm)) continue;
        if (one.hash == named.hash) return {true, std::nullopt, {}};
        comparable = true;
    }
    if (!same_id) return remarked("policy.signature_policy_unknown", named.id, not_available);
    if (!comparable) return remarked("policy.signature_policy_unconfirmed", named.id, not_available);
    return remarked("policy.signature_policy_differs", named.id, sub::policy_processing_error);
}

} // namespace vanthu::validation

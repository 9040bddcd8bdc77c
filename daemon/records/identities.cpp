// Who has which identity and number: rows K and k of one recipient, F and f of many (docs/store-format.md, "Rows").
#include "daemon/records/framing.hpp"

#include <algorithm>

namespace vanthu::records {

result<std::optional<reader::among_many>> reader::find_among_many(std::string_view owner, std::string_view recipient,
                                                                  const business_identity& i) const {
    using found = std::optional<among_many>;
    if (i.number.empty()) return found();
    VANTHU_TRY(auto row, get<many_identity_row>(view_, 'F', many_identity_key(owner, i)));
    if (!row) return found();
    found out;
    std::optional<failure> wrong;
    VANTHU_CHECK(view_.scan(row_key(owner, 'f').text(row->document),
                            many_recipients_key(owner, row->document, recipient),
                            [&](std::string_view key, std::string_view value) {
                                auto recipients = unframed<std::vector<std::string>>('f', value);
                                if (!recipients)
                                    wrong = recipients.error();
                                else if (std::ranges::find(*recipients, recipient) != recipients->end())
                                    out.emplace(std::string(key), std::move(*row), std::move(*recipients));
                                return false;
                            }));
    if (wrong) return fail(*wrong);
    return out;
}
result<std::optional<identity_row>> reader::occupied(std::string_view owner, std::string_view recipient,
                                                     const business_identity& i) const {
    VANTHU_TRY(auto own, get<identity_row>(view_, 'K', identity_key(owner, recipient, i)));
    if (own) return own;
    VANTHU_TRY(auto many, find_among_many(owner, recipient, i));
    if (!many || !same_identity(many->row.identity, i)) return own;
    return std::optional(identity_row{many->row.document, many->row.content_sha256});
}
result<reader::occupation> reader::occupations(std::string_view owner, std::string_view recipient,
                                               const business_identity& i) const {
    occupation out;
    VANTHU_TRY(out.identity, get<identity_row>(view_, 'K', identity_key(owner, recipient, i)));
    VANTHU_TRY(out.number, get<identity_row>(view_, 'k', number_key(owner, recipient, i)));
    if (out.identity && out.number) return out;
    VANTHU_TRY(auto many, find_among_many(owner, recipient, i));
    if (!many) return out;
    const identity_row by{many->row.document, many->row.content_sha256};
    if (!out.identity && same_identity(many->row.identity, i)) out.identity = by;
    if (!out.number) out.number = by;
    return out;
}

void writer::occupy(std::string_view owner, std::string_view recipient, const business_identity& i,
                    const identity_row& by) {
    transaction_.put(identity_key(owner, recipient, i), framed('K', by));
    if (!i.number.empty()) transaction_.put(number_key(owner, recipient, i), framed('k', by));
}
void writer::occupy_at_all(std::string_view owner, std::vector<std::string> recipients, const business_identity& i,
                           const identity_row& by) {
    transaction_.put(many_identity_key(owner, i), framed('F', many_identity_row{by.document, by.content_sha256, i}));
    std::ranges::sort(recipients);
    for (std::size_t first = 0; first < recipients.size(); first += several_at_most) {
        const std::size_t end = std::min(first + several_at_most, recipients.size());
        transaction_.put(many_recipients_key(owner, by.document, recipients[end - 1]),
                         framed('f', std::vector(recipients.begin() + static_cast<std::ptrdiff_t>(first),
                                                 recipients.begin() + static_cast<std::ptrdiff_t>(end))));
    }
}
result<> writer::release(std::string_view owner, std::string_view recipient, const business_identity& i) {
    // Whoever stands among many leaves them, or what is under a row of its own would count again.
    VANTHU_TRY(auto at, find_among_many(owner, recipient, i));
    if (at) {
        std::erase(at->recipients, recipient);
        transaction_.put(at->key, framed('f', at->recipients));
        VANTHU_TRY(auto own, transaction_.get(identity_key(owner, recipient, at->row.identity)));
        if (!own && !same_identity(at->row.identity, i))
            transaction_.put(identity_key(owner, recipient, at->row.identity),
                             framed('K', identity_row{at->row.document, at->row.content_sha256}));
    }
    transaction_.erase(identity_key(owner, recipient, i));
    transaction_.erase(number_key(owner, recipient, i));
    return {};
}

} // namespace vanthu::records

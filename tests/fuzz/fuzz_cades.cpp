// Any bytes are judged without a crash and never found valid by a verifier that trusts nobody; what can be taken apart
// can be put together again and means the same; what is added changes no octet of what a signer signed.
#include "signing/cades/levels.hpp"
#include "signing/cades/verify.hpp"
#include "signing/cms/build.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view input(data, size);
    cms::content_digest content = [](x509::hash h) { return x509::hash_of(h, as_bytes("content")); };
    static const timestamp at = from_rfc3339("2026-03-01T08:00:00Z").value();
    auto report = cades::verify(input, content, {}, {}, at);
    check(!report.signatures.empty() && report.verdict != signing::verdict::valid);

    auto parts = cms::take_apart(input);
    if (!parts) return 0;
    for (cms::signer_parts& s : parts->signers) s.changed = true;
    bytes again = assemble(*parts);
    auto same = cms::take_apart(again);
    check(same.has_value() && same->signers.size() == parts->signers.size());
    for (std::size_t i = 0; i < same->signers.size(); ++i) {
        check(std::ranges::equal(same->signers[i].signature, parts->signers[i].signature));
        check(std::ranges::equal(same->signers[i].signed_attributes, parts->signers[i].signed_attributes));
        check(same->signers[i].unsigned_list.size() == parts->signers[i].unsigned_list.size());
    }
    if (auto lt = cades::to_lt(input, {}, {})) {
        auto grown = cms::take_apart(*lt).value();
        for (std::size_t i = 0; i < grown.signers.size(); ++i)
            check(std::ranges::equal(grown.signers[i].whole, parts->signers[i].whole));
    }
    (void)cades::archive_imprint(input, sha256::of("content"));
    if (auto inside = cms::detach(input)) {
        bytes joined;
        for (bytes_view piece : inside->content) joined.insert(joined.end(), piece.begin(), piece.end());
        if (auto back = cms::attach_around(inside->cms, joined.size())) {
            bytes whole = back->before;
            whole.insert(whole.end(), joined.begin(), joined.end());
            whole.insert(whole.end(), back->after.begin(), back->after.end());
            check(cms::detach(whole)->cms == inside->cms);
        }
    }
    return 0;
}

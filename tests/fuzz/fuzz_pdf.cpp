// Any bytes are judged without a crash and never found valid by a verifier that trusts nobody; what can be signed keeps
// every byte it had, is read again, and has one signature more.
#include "signing/pdf/long_term.hpp"
#include "signing/pdf/report.hpp"
#include "signing/pdf/sign.hpp"
#include "tests/fuzz/check.hpp"

#include <algorithm>

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view file(data, size);
    static const timestamp at = from_rfc3339("2026-03-01T08:00:00Z").value();
    pdf::budget small;
    small.objects = 20'000;
    small.revisions = 8;
    auto before = pdf::examine_pdf(file, {}, {}, at, {}, small);
    check(before.report.verdict != signing::verdict::valid);

    auto p = pdf::prepare_timestamp(file, 64); // the smallest of changes: a field, its signature, no look
    if (!p) return 0;
    bytes out = pdf::finish(std::move(*p), bytes{0x30, 0x00}).value();
    check(out.size() > size && std::equal(file.begin(), file.end(), out.begin()));
    auto after = pdf::examine_pdf(out, {}, {}, at, {}, small);
    check(after.report.verdict != signing::verdict::valid);
    check(after.report.signatures.size() == before.report.signatures.size() + 1 ||
          !after.report.findings.empty()); // over budget
    return 0;
}

// Any bytes are judged without a crash and never found valid by a verifier that trusts nobody; an archive that is read
// has safe names, and packed again it holds the same files.
#include "signing/asic/verify.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view input(data, size);
    asic::limits small;
    small.unpacked = 4u << 20;
    small.signature_file = 1u << 20;
    static const timestamp at = from_rfc3339("2026-03-01T08:00:00Z").value();
    auto judged = asic::verify(input, {}, {}, at, {}, small);
    check(judged.report.verdict != signing::verdict::valid);
    check(judged.report.signatures.size() == judged.conclusions.size());
    (void)asic::signatures(input, small);
    (void)asic::plan_archive(input, small);

    auto zip = asic::zip_archive::open(input, small);
    if (!zip) return 0;
    std::vector<std::pair<std::string, bytes>> files;
    for (const auto& e : zip->entries()) {
        check(asic::safe_name(e.name));
        if (e.directory) continue;
        auto content = zip->content(e, 4u << 20);
        if (!content) return 0;
        files.emplace_back(e.name, std::move(*content));
    }
    std::vector<asic::zip_file> plain;
    for (const auto& [name, content] : files) plain.push_back({name, content});
    bytes written = asic::write_zip(plain).value();
    auto again = asic::zip_archive::open(written).value();
    check(again.entries().size() == files.size());
    for (std::size_t i = 0; i < files.size(); ++i)
        check(again.entries()[i].name == files[i].first &&
              again.content(again.entries()[i], 4u << 20).value() == files[i].second);
    return 0;
}

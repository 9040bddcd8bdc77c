// Any bytes are read or refused; how they are cut changes nothing; every signature is judged, and what was
// canonicalised is its own canonical form.
#include "signing/xml/imprint.hpp"
#include "signing/xml/verify.hpp"
#include "tests/fuzz/check.hpp"

using namespace vanthu;
using namespace vanthu::xml;

namespace {

source in_pieces(bytes_view document, std::size_t size) {
    return [=](const byte_sink& sink) -> result<> {
        for (std::size_t i = 0; i < document.size(); i += size)
            VANTHU_CHECK(sink(document.subspan(i, std::min(size, document.size() - i))));
        return {};
    };
}

std::string summary(const document_reading& all) {
    std::string out;
    for (const auto& f : all.findings) out += f.code + ";";
    for (const auto& s : all.signatures) {
        out += s.id + s.covers;
        for (const auto& o : s.facts.objections) out += o.what.code + ";";
        for (const auto& p : s.parts) out += p.path + (p.intact ? "+" : "-");
        for (const auto& t : s.facts.stamps) out += as_text(t.stamped(x509::hash::sha256));
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bytes_view whole(data, size);
    outside others = [&](const std::string&) -> std::optional<source> { return in_memory(whole); };
    std::string once = summary(read_signatures(in_memory(whole), others));
    check(once == summary(read_signatures(in_pieces(whole, 3), others)));
    auto all = outline_of(in_memory(whole), {});
    if (!all) return 0;
    for (const found_signature& one : all->signatures)
        for (auto method :
             {canonical_method::inclusive_1_0, canonical_method::inclusive_1_1, canonical_method::exclusive_1_0}) {
            // What was canonicalised is its own canonical form.
            canonicalisation how{method, true, {}};
            std::string octets = canonical_octets(*one.top, how);
            auto again = read_tree(octets, {});
            check(again && canonical_octets(**again, how) == octets);
        }
    return 0;
}

// vanthu-test-xades: XML signatures from a command line, for judges outside this tree, and how fast they are judged.
//
//   vanthu-test-xades make DIRECTORY     documents of every form and level, with the root certificate and CRLs
//   vanthu-test-xades verify FILE PREFIX  one line a signature; trusts PREFIXroot.pem, knows PREFIXroot.crl and sub.crl
//   vanthu-test-xades rate FILE N [PREFIX]  verifies a file N times in memory, with PREFIX its certificate path too:
//                                        verifications a second of CPU time
//   vanthu-test-xades big FILE MEGABYTES writes a sealed packet of that size, verifies it from the file; at most 32 MB
//   of memory
#include "tests/signing_xml/world.hpp"

#include <cstdio>
#include <ctime>
#include <sys/resource.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
long peak_memory_kb() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

xml::source in_file(const std::string& path) {
    return [path](const xml::byte_sink& sink) -> result<> {
        std::ifstream in(path, std::ios::binary);
        bytes piece(64u << 10);
        while (in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size())),
               in.gcount() > 0)
            VANTHU_CHECK(sink(bytes_view(piece).first(static_cast<std::size_t>(in.gcount()))));
        return {};
    };
}

int make(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    timestamp stamped_at = at_time("2026-03-01T08:05:00Z"), archived_at = at_time("2026-03-02T00:00:00Z");
    for (auto [kind, name] : {std::pair(test_key::rsa_2048, "rsa"), std::pair(test_key::p256, "ec")}) {
        xml_world w(kind);
        auto path = [&](const std::string& rest) { return folder / (std::string(name) + "-" + rest); };
        write_file(path("root.pem"), as_bytes(w.ca.root().certificate_pem()));
        write_file(path("root.crl"), w.ca.root_crl());
        write_file(path("sub.crl"), w.ca.sub_crl());
        bytes b = w.enveloped(w.letter), t = w.stamped(b, stamped_at), lt = w.with_data(t, archived_at);
        write_file(path("enveloped-b.xml"), b);
        write_file(path("enveloped-t.xml"), t);
        write_file(path("enveloped-lt.xml"), lt);
        write_file(path("enveloped-lta.xml"), w.archived(lt, archived_at));
        write_file(path("enveloping-b.xml"), xml::sign_enveloping(w.letter, w.signer(), xml_world::plain()).value());
        write_file(path("letter.xml"), w.letter);
        write_file(path("detached-b.xml"),
                   xml::sign_detached({{path("letter.xml").filename(), "text/xml", sha256::of(w.letter)}}, w.signer(),
                                      xml_world::plain())
                       .value());
        write_file(path("packet-seal.edxml"), w.enveloped(sample_packet(), xml::edxml_seal(signed_at)));
    }
    return 0;
}

void print(const xml::document_verdict& v) { std::printf("%s\n", told(v).c_str()); }

const timestamp judged_at = at_time("2026-03-03T00:00:00Z");

x509::trust_store trust_of(const std::string& prefix) {
    return {{x509::parse_certificate(read_file(prefix + "root.pem")).value()}, {}, {}};
}
x509::evidence evidence_of(const std::string& prefix) {
    return {{x509::parse_crl(read_file(prefix + "root.crl")).value(),
             x509::parse_crl(read_file(prefix + "sub.crl")).value()},
            {}};
}

int verify_file(const std::string& file, const std::string& prefix) {
    auto v = xml::verify(in_file(file), trust_of(prefix), evidence_of(prefix), judged_at);
    print(v);
    return v.report.verdict == signing::verdict::valid ? 0 : 1;
}

int rate(const std::string& file, int times, const std::string& prefix) {
    bytes document = read_file(file);
    xml_world other;
    x509::trust_store trust = prefix.empty() ? other.trust : trust_of(prefix);
    x509::evidence known = prefix.empty() ? other.known : evidence_of(prefix);
    double begin = cpu_seconds();
    std::size_t good = 0;
    for (int i = 0; i < times; ++i) {
        if (prefix.empty()) {
            auto read = xml::read_signatures(xml::in_memory(document));
            good += read.signatures.size() == 1 && read.signatures[0].facts.objections.empty();
        } else {
            good += xml::verify(xml::in_memory(document), trust, known, judged_at).report.verdict ==
                    signing::verdict::valid;
        }
    }
    double spent = cpu_seconds() - begin;
    std::printf("%zu bytes: %zu of %d %s, %.0f a second, %.1f us each\n", document.size(), good, times,
                prefix.empty() ? "intact" : "valid", times / spent, spent / times * 1e6);
    return good == static_cast<std::size_t>(times) ? 0 : 1;
}

int big(const std::string& file, std::uint64_t megabytes) {
    xml_world w(test_key::rsa_2048);
    std::string text(as_text(sample_packet()));
    std::size_t at = text.find("</edXML:ContentTransferEncoded>");
    {
        std::ofstream out(file + ".unsigned", std::ios::binary);
        out << text.substr(0, at);
        std::string piece(1u << 20, 'A');
        for (std::uint64_t i = 0; i < megabytes; ++i) out << piece;
        out << text.substr(at);
    }
    double begin = cpu_seconds();
    auto what = xml::sign_enveloped(in_file(file + ".unsigned"), w.signer(), xml::edxml_seal(signed_at));
    if (!what) return std::printf("%s\n", what.error().detail.c_str()), 1;
    std::printf("signed in %.2f s of CPU\n", cpu_seconds() - begin);
    {
        std::ofstream out(file, std::ios::binary);
        auto copied = xml::with(in_file(file + ".unsigned"), *what)([&](bytes_view b) -> result<> {
            out.write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size()));
            return {};
        });
        if (!copied) return 1;
    }
    std::filesystem::remove(file + ".unsigned");
    begin = cpu_seconds();
    auto v = xml::verify(in_file(file), w.trust, w.known, signed_at);
    std::printf("verified in %.2f s of CPU, peak memory %ld KB: ", cpu_seconds() - begin, peak_memory_kb());
    print(v);
    std::filesystem::remove(file);
#ifndef VANTHU_UNDER_ASAN
    if (peak_memory_kb() > 32 << 10) return std::printf("that is more than 32 MB\n"), 1;
#endif
    return v.report.verdict == signing::verdict::valid ? 0 : 1;
}

} // namespace

int main(int count, char** arguments) {
    std::vector<std::string> a(arguments + 1, arguments + count);
    if (a.size() == 2 && a[0] == "make") return make(a[1]);
    if (a.size() == 3 && a[0] == "verify") return verify_file(a[1], a[2]);
    if ((a.size() == 3 || a.size() == 4) && a[0] == "rate")
        return rate(a[1], std::stoi(a[2]), a.size() == 4 ? a[3] : "");
    if (a.size() == 3 && a[0] == "big") return big(a[1], std::stoull(a[2]));
    std::fprintf(
        stderr,
        "usage: vanthu-test-xades make DIRECTORY | verify FILE PREFIX | rate FILE N [PREFIX] | big FILE MEGABYTES\n");
    return 2;
}

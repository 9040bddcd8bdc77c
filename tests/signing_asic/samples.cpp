// vanthu-test-asic DIRECTORY: CAdES files of every level and ASiC containers, with root.pem and their content, for
// judges outside this tree and as seeds of tests/fuzz. Judge them for 2026-03-01T08:00:00Z.
#define BOOST_TEST_NO_MAIN
#include "daemon/base/files.hpp"
#include "tests/signing_asic/office.hpp"

#include <cstdio>

using namespace vanthu;
using namespace vanthu::test;

int main(int count, char** arguments) {
    if (count != 2) return std::fprintf(stderr, "usage: vanthu-test-asic DIRECTORY\n"), 2;
    std::filesystem::path place = arguments[1];
    std::filesystem::create_directories(place);
    auto write = [&](const std::string& name, bytes_view content) {
        if (!write_file_atomically(place / name, content)) std::abort();
    };
    office o;
    write("root.pem", as_bytes(o.ca.root().certificate_pem()));
    write("letter.txt", o.letter);
    o.content = o.letter;
    bytes b = o.sign(false, {.signing_time = signed_at, .mime_type = "text/plain"}), t = o.stamp(b, signed_at),
          lt = o.with_evidence(t), lta = o.archive(lt, archived_at), renewed = o.archive(lta, renewed_at);
    bytes two = cms::add_signer(lta, sha256::of(o.letter),
                                [&] {
                                    world w = o;
                                    w.who = o.ca.issue({.common_name = "Trần Thị B", .key = test_key::rsa_3072});
                                    return w.signer(true);
                                }(),
                                {.signing_time = archived_at})
                    .value();
    for (auto [name, file] : {std::pair("B-B", &b),
                              {"B-T", &t},
                              {"B-LT", &lt},
                              {"B-LTA", &lta},
                              {"renewed", &renewed},
                              {"two-signers", &two}}) {
        write(std::string("detached-") + name + ".p7s", *file);
        write(std::string("attached-") + name + ".p7m", cms::attach(*file, o.letter).value());
    }
    bytes simple = o.simple(), extended = o.extended();
    write("simple-B-T.asics", simple);
    write("simple-B-LTA.asics", o.raised(simple, true));
    write("extended-B-T.asice", extended);
    write("extended-B-LT.asice", o.raised(extended, false));
    write("extended-B-LTA.asice", o.raised(extended, true));
    bytes archived = o.archived(o.raised(extended, false), archived_at);
    write("extended-archived.asice", archived);
    write("extended-archived-again.asice", o.archived(archived, renewed_at));
    write("simple-xades.asics", o.with_xades(asic::kind::simple));
    write("extended-xades.asice", o.with_xades(asic::kind::extended));
    return 0;
}

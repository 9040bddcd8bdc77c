// vanthu-test-ca: the test PKI for ./demo and the end-to-end tests. Never for anything real.
//
//   vanthu-test-ca make DIR --org CODE=NAME ...   writes the PKI (list of files: write_pki below)
//   vanthu-test-ca tsa DIR [--port N]             RFC 3161 over HTTP on 127.0.0.1; prints the port, ends on SIGTERM
#include "daemon/base/files.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/tools/tsa_server.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>

using namespace vanthu;
using namespace vanthu::test;

namespace {

struct organisation {
    std::string code, name;
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "vanthu-test-ca: %s\n", why.c_str());
    std::exit(1);
}

void write(const std::filesystem::path& path, bytes_view content, unsigned mode = 0644) {
    if (auto done = write_file_atomically(path, content, mode); !done) die(done.error().detail);
}

void write_identity(const std::filesystem::path& stem, const identity& who, const std::vector<identity>& chain) {
    std::string pem = who.certificate_pem();
    for (const identity& above : chain) pem += above.certificate_pem();
    write(stem.string() + ".pem", as_bytes(pem));
    write(stem.string() + ".key", as_bytes(who.key_pem()), 0600);
}

// DIR/ca/root.pem sub.pem chain.pem root.crl sub.crl     trust material (keys: root.key sub.key)
// DIR/trust/root.crt sub.crt                             the same as a trust folder
// DIR/tsa.pem tsa.key
// DIR/CODE/service.pem service.key                       TLS client and server, origin signatures (with the chain)
// DIR/CODE/log.key log.pub                               Ed25519, PKCS#8 and SubjectPublicKeyInfo PEM
// DIR/CODE/leader.{pem,key,p12} clerk.{pem,key,p12}      P-256 keys for the token; PKCS#12 passphrase in p12.pass
void write_pki(const std::filesystem::path& dir, const std::vector<organisation>& organisations, timestamp now) {
    test_ca ca("Vanthu Test CA");
    std::filesystem::create_directories(dir / "ca");
    std::filesystem::create_directories(dir / "trust");
    test_ca::crl_spec lists{.this_update = now - std::chrono::hours(1),
                            .next_update = now + std::chrono::hours(24 * 30)};
    write_identity(dir / "ca/root", ca.root(), {});
    write_identity(dir / "ca/sub", ca.sub(), {});
    write(dir / "ca/chain.pem", as_bytes(ca.sub().certificate_pem() + ca.root().certificate_pem()));
    write(dir / "ca/root.crl", test_ca::crl_of(ca.root(), lists));
    write(dir / "ca/sub.crl", ca.sub_crl(lists));
    write(dir / "trust/root.crt", as_bytes(ca.root().certificate_pem()));
    write(dir / "trust/sub.crt", as_bytes(ca.sub().certificate_pem()));
    write_identity(dir / "tsa",
                   ca.issue({.common_name = "Vanthu Test TSA", .organisation = "Vanthu Test", .use = profile::tsa}),
                   {ca.sub()});
    for (const organisation& org : organisations) {
        std::filesystem::path own = dir / org.code;
        std::filesystem::create_directories(own);
        subject_spec spec{.common_name = org.name + " (vanthu)",
                          .organisation = org.name,
                          .organisation_code = org.code,
                          .use = profile::service};
        write_identity(own / "service", ca.issue(spec), {ca.sub()});
        identity log = self_signed({.common_name = org.code, .key = test_key::ed25519});
        write(own / "log.key", as_bytes(log.key_pem()), 0600);
        write(own / "log.pub", as_bytes(log.public_key_pem()));
        std::string passphrase = to_hex(random_bytes(12));
        write(own / "p12.pass", as_bytes(passphrase), 0600);
        spec.use = profile::signer;
        spec.common_name = org.name;
        identity clerk = ca.issue(spec);
        spec.common_name = "Nguyễn Văn A";
        spec.title = "Chủ tịch";
        identity leader = ca.issue(spec);
        for (auto& [name, who] : {std::pair<const char*, identity&>{"leader", leader}, {"clerk", clerk}}) {
            write_identity(own / name, who, {ca.sub()});
            write((own / name).string() + ".p12", who.pkcs12(passphrase, name, {ca.sub()}), 0600);
        }
    }
}

organisation parse_organisation(const std::string& text) {
    std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0 || text.find('/') < equals || text[0] == '.')
        die("--org wants CODE=NAME, got " + text);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Test PKI and time stamp authority. Never for anything real.");
    app.require_subcommand(1);
    std::string dir;
    std::vector<std::string> organisations;
    unsigned port = 0;
    auto* make = app.add_subcommand("make", "write a test PKI");
    make->add_option("DIR", dir)->required();
    make->add_option("--org", organisations, "CODE=NAME, once per organisation");
    auto* tsa = app.add_subcommand("tsa", "serve RFC 3161 on 127.0.0.1");
    tsa->add_option("DIR", dir)->required()->check(CLI::ExistingDirectory);
    tsa->add_option("--port", port, "0: any free port")->check(CLI::Range(0, 65535));
    CLI11_PARSE(app, argc, argv);
    if (*make) {
        std::vector<organisation> all;
        for (const std::string& text : organisations) all.push_back(parse_organisation(text));
        write_pki(dir, all, system_clock().now());
        return 0;
    }
    auto who = load_identity(std::filesystem::path(dir) / "tsa.pem", std::filesystem::path(dir) / "tsa.key");
    auto issuer = load_identity(std::filesystem::path(dir) / "ca/sub.pem", std::filesystem::path(dir) / "ca/sub.key");
    return serve_tsa(who, {issuer}, static_cast<std::uint16_t>(port));
}

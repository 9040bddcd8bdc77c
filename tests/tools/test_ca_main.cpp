// vanthu-test-ca: the test PKI and its servers, for ./demo and the end-to-end tests. Never for anything real.
//
//   vanthu-test-ca make DIR --org CODE=NAME ... [--url URL]   writes the PKI (list of files: write_pki below)
//   vanthu-test-ca issue DIR NAME --cn CN ...                 one more certificate: DIR/signers/NAME.{pem,key,p12}
//   vanthu-test-ca revoke DIR CERT.pem [--at T] [--reason N]  from then on OCSP and the CRLs say so
//   vanthu-test-ca serve DIR [--port N] [--fault F]           TSA, OCSP, CRLs, CA certificates on 127.0.0.1
//   vanthu-test-ca tsa DIR [--port N]                         the same, by its older name
//
// `serve` prints "port N" and ends on SIGTERM or SIGINT. It reads DIR at each request, so it may start on an empty
// folder: start it, read the port, then `make DIR --url http://127.0.0.1:N`, and every certificate names the servers
// that answer for it. The URLs, and how each of them misbehaves: tests/support/test_authority.hpp and `serve --help`.
#include "daemon/base/files.hpp"
#include "tests/support/test_authority.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <map>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

using namespace vanthu;
using namespace vanthu::test;

namespace {

namespace fs = std::filesystem;

const std::map<std::string, test_key> keys{{"rsa2048", test_key::rsa_2048}, {"rsa3072", test_key::rsa_3072},
                                           {"p256", test_key::p256},        {"p384", test_key::p384},
                                           {"p521", test_key::p521},        {"ed25519", test_key::ed25519}};
const std::map<std::string, profile> uses{
    {"person", profile::signer}, {"agency", profile::signer}, {"service", profile::service}, {"tsa", profile::tsa}};

struct organisation {
    std::string code, name;
};

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "vanthu-test-ca: %s\n", why.c_str());
    std::exit(1);
}

void write(const fs::path& path, bytes_view content, unsigned mode = 0644) {
    if (auto done = write_file_atomically(path, content, mode); !done) die(done.error().detail);
}

std::string read(const fs::path& path) {
    auto content = read_file(path, 1u << 20);
    if (!content) die(content.error().detail);
    return std::string(as_text(*content));
}

timestamp time_of(const std::string& text) {
    auto t = from_rfc3339(text);
    if (!t) die("no time as in RFC 3339: " + text);
    return *t;
}

void write_identity(const fs::path& stem, const identity& who, const std::vector<identity>& chain) {
    std::string pem = who.certificate_pem();
    for (const identity& above : chain) pem += above.certificate_pem();
    write(stem.string() + ".pem", as_bytes(pem));
    write(stem.string() + ".key", as_bytes(who.key_pem()), 0600);
}

identity read_identity(const fs::path& stem) { return load_identity(stem.string() + ".pem", stem.string() + ".key"); }

// DIR/ca/root.pem sub.pem chain.pem root.crl sub.crl     trust material (keys: root.key sub.key)
// DIR/ca/ocsp-root.{pem,key} ocsp-sub.{pem,key}          delegated OCSP signers
// DIR/ca/revoked                                         made by `revoke`: serial, time, reason, one certificate a line
// DIR/ca/url                                             what --url said; "" without
// DIR/trust/root.crt sub.crt                             the same as a trust folder
// DIR/tsa.pem tsa.key
// DIR/CODE/service.pem service.key                       TLS client and server, origin signatures (with the chain)
// DIR/CODE/log.key log.pub                               Ed25519, PKCS#8 and SubjectPublicKeyInfo PEM
// DIR/CODE/leader.{pem,key,p12} clerk.{pem,key,p12}      P-256 keys for the token; PKCS#12 passphrase in p12.pass;
//                                                        for signing only: emailProtection, neither TLS use
// DIR/signers/NAME.{pem,key,p12}                         made by `issue`; passphrase in DIR/signers/p12.pass
void write_pki(const fs::path& dir, const std::vector<organisation>& organisations, const std::string& url,
               test_key ca_key, timestamp now) {
    test_ca ca("Vanthu Test CA", ca_key, url);
    authority all = authority::of(ca);
    for (const char* folder : {"ca", "trust", "signers"}) fs::create_directories(dir / folder);
    test_ca::crl_spec lists{.this_update = now - std::chrono::hours(1),
                            .next_update = now + std::chrono::hours(24 * 30)};
    write_identity(dir / "ca/root", ca.root(), {});
    write_identity(dir / "ca/sub", ca.sub(), {});
    write_identity(dir / "ca/ocsp-root", all.ocsp_root, {});
    write_identity(dir / "ca/ocsp-sub", all.ocsp_sub, {});
    write(dir / "ca/chain.pem", as_bytes(ca.sub().certificate_pem() + ca.root().certificate_pem()));
    write(dir / "ca/root.crl", test_ca::crl_of(ca.root(), lists));
    write(dir / "ca/sub.crl", ca.sub_crl(lists));
    write(dir / "ca/url", as_bytes(url));
    write(dir / "trust/root.crt", as_bytes(ca.root().certificate_pem()));
    write(dir / "trust/sub.crt", as_bytes(ca.sub().certificate_pem()));
    write(dir / "signers/p12.pass", as_bytes(to_hex(random_bytes(12))), 0600);
    write_identity(dir / "tsa", all.tsa, {ca.sub()});
    for (const organisation& org : organisations) {
        fs::path own = dir / org.code;
        fs::create_directories(own);
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
        spec.use = profile::signer; // no clientAuth: neither opens a link (contracts 7)
        spec.extra_extensions = {"extendedKeyUsage=emailProtection"};
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

void issue(const fs::path& dir, const std::string& name, subject_spec spec, std::string url) {
    identity sub = read_identity(dir / "ca/sub");
    if (url.empty()) url = read(dir / "ca/url");
    if (!url.empty()) spec.extra_extensions = authority_urls(url, "sub");
    identity who = test_ca::issue_by(sub, spec);
    write_identity(dir / "signers" / name, who, {sub});
    write((dir / "signers" / name).string() + ".p12", who.pkcs12(read(dir / "signers/p12.pass"), name, {sub}), 0600);
}

std::vector<revoked_certificate> read_revoked(const fs::path& dir) {
    std::vector<revoked_certificate> all;
    std::ifstream in(dir / "ca/revoked");
    std::string serial, when;
    for (int reason; in >> serial >> when >> reason;) all.push_back({serial, time_of(when), reason});
    return all;
}

authority read_authority(const fs::path& dir) {
    return {.root = read_identity(dir / "ca/root"),
            .sub = read_identity(dir / "ca/sub"),
            .ocsp_root = read_identity(dir / "ca/ocsp-root"),
            .ocsp_sub = read_identity(dir / "ca/ocsp-sub"),
            .tsa = read_identity(dir / "tsa"),
            .revoked = read_revoked(dir)};
}

void revoke(const fs::path& dir, const std::string& certificate, timestamp when, int reason) {
    std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(certificate.c_str(), "r"), BIO_free);
    X509* cert = in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr;
    if (!cert) die("no certificate in PEM: " + certificate);
    BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), nullptr);
    char* serial = BN_bn2hex(number);
    std::string list = fs::exists(dir / "ca/revoked") ? read(dir / "ca/revoked") : "";
    list += std::string(serial) + " " + to_rfc3339(when) + " " + std::to_string(reason) + "\n";
    OPENSSL_free(serial);
    BN_free(number);
    X509_free(cert);
    write(dir / "ca/revoked", as_bytes(list));
    authority all = read_authority(dir);
    write(dir / "ca/root.crl", all.crl(all.root, system_clock().now()));
    write(dir / "ca/sub.crl", all.crl(all.sub, system_clock().now()));
}

int serve(const fs::path& dir, authority_server::options options) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr); // before any thread, so that none of them takes it
    authority_server server([dir] { return read_authority(dir); }, options);
    std::printf("port %u\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    int which = 0;
    sigwait(&ends, &which);
    return 0;
}

organisation parse_organisation(const std::string& text) {
    std::size_t equals = text.find('=');
    if (equals == text.npos || equals == 0 || text.find('/') < equals || text[0] == '.')
        die("--org wants CODE=NAME, got " + text);
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::string serve_help() {
    std::string all = "TSA, OCSP, CRLs and CA certificates on 127.0.0.1; prints \"port N\".\n"
                      "  POST BASE/tsa, BASE/ocsp; GET BASE/root.crl, sub.crl, root.crt, sub.crt\n"
                      "  BASE is http://127.0.0.1:N, or http://127.0.0.1:N/FAULT for an answer with one of the faults";
    for (std::string_view name : fault_names()) all += " " + std::string(name);
    return all + "\n  (what each means: tests/support/test_authority.hpp). Ends on SIGTERM.";
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Test PKI with its time stamp authority, OCSP responder and CRLs. Never for anything real.");
    app.require_subcommand(1);
    std::string dir, url, name, certificate, at, fault_name, use = "person", key = "p256", ca_key = "p256";
    std::vector<std::string> organisations;
    subject_spec spec;
    unsigned port = 0, slow = 30'000;
    int reason = -1;
    auto* make = app.add_subcommand("make", "write a test PKI");
    make->add_option("DIR", dir)->required();
    make->add_option("--org", organisations, "CODE=NAME, once per organisation");
    make->add_option("--url", url, "where `serve` answers: written into the certificates as CRL, OCSP and issuer URLs");
    make->add_option("--ca-key", ca_key, "key of both CAs")->check(CLI::IsMember(keys))->capture_default_str();
    auto* issued = app.add_subcommand("issue", "write one more certificate: DIR/signers/NAME.{pem,key,p12}");
    issued->add_option("DIR", dir)->required()->check(CLI::ExistingDirectory);
    issued->add_option("NAME", name)->required();
    issued->add_option("--use", use, "what it is for")->check(CLI::IsMember(uses))->capture_default_str();
    issued->add_option("--key", key)->check(CLI::IsMember(keys))->capture_default_str();
    issued->add_option("--cn", spec.common_name)->required();
    issued->add_option("--o", spec.organisation);
    issued->add_option("--title", spec.title);
    issued->add_option("--code", spec.organisation_code, "organisation code");
    issued->add_option("--url", url, "instead of what make was told, for instance http://127.0.0.1:N/revoked");
    std::string not_before, not_after;
    issued->add_option("--not-before", not_before, "RFC 3339");
    issued->add_option("--not-after", not_after, "RFC 3339");
    auto* revoked = app.add_subcommand("revoke", "revoke a certificate");
    revoked->add_option("DIR", dir)->required()->check(CLI::ExistingDirectory);
    revoked->add_option("CERT", certificate, "PEM")->required()->check(CLI::ExistingFile);
    revoked->add_option("--at", at, "RFC 3339; default: now");
    revoked->add_option("--reason", reason, "RFC 5280 CRLReason")->check(CLI::Range(0, 10));
    auto* serves = app.add_subcommand("serve", serve_help())->alias("tsa");
    serves->add_option("DIR", dir)->required()->check(CLI::ExistingDirectory);
    serves->add_option("--port", port, "0: any free port")->check(CLI::Range(0, 65535));
    serves->add_option("--fault", fault_name, "for URLs that name none")->check(CLI::IsMember(fault_names()));
    serves->add_option("--slow-ms", slow, "what a slow answer takes")->capture_default_str();
    CLI11_PARSE(app, argc, argv);

    if (*make) {
        std::vector<organisation> all;
        for (const std::string& text : organisations) all.push_back(parse_organisation(text));
        write_pki(dir, all, url, keys.at(ca_key), system_clock().now());
    } else if (*issued) {
        spec.use = uses.at(use);
        spec.key = keys.at(key);
        if (!not_before.empty()) spec.not_before = time_of(not_before);
        if (!not_after.empty()) spec.not_after = time_of(not_after);
        issue(dir, name, spec, url);
    } else if (*revoked) {
        revoke(dir, certificate, at.empty() ? system_clock().now() : time_of(at), reason);
    } else {
        return serve(dir, {.port = static_cast<std::uint16_t>(port),
                           .always = fault_of(fault_name).value_or(fault::none),
                           .slow = std::chrono::milliseconds(slow)});
    }
    return 0;
}

#include "daemon/cli/bench_xml.hpp"

#include "daemon/base/base64.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/bench_child.hpp"
#include "daemon/cli/bench_documents.hpp"
#include "daemon/cli/errors.hpp"
#include "signing/x509/cache.hpp"
#include "signing/xml/sign.hpp"
#include "signing/xml/verify.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <memory>

namespace vanthu::cli {
namespace {

constexpr unsigned small_documents = 50;

struct folder {
    std::filesystem::path path;
    explicit folder(const std::filesystem::path& base)
        : path((base.empty() ? std::filesystem::temp_directory_path() : base) /
               ("vanthu-bench-" + to_hex(random_bytes(6)))) {
        std::filesystem::create_directories(path);
    }
    ~folder() {
        std::error_code ec;
        std::filesystem::remove_all(path, ec);
    }
    folder(const folder&) = delete;
};

std::vector<std::string> xmlsec_command(const folder& at, unsigned repeat) {
    return {"xmlsec1",       "--verify",
            "--id-attr:Id",  "http://uri.etsi.org/01903/v1.3.2#:SignedProperties",
            "--trusted-pem", (at.path / "root.pem").string(),
            "--repeat",      std::to_string(repeat)};
}

xml::sign_options signing_now() {
    xml::sign_options how;
    how.signing_time = system_clock().now();
    return how;
}

xml::source from_file(const std::filesystem::path& name) {
    return [name](const xml::byte_sink& sink) -> result<> {
        std::ifstream in(name, std::ios::binary);
        bytes piece(64u << 10);
        while (in) {
            in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
            auto got = static_cast<std::size_t>(in.gcount());
            if (got > 0) VANTHU_CHECK(sink(bytes_view(piece).first(got)));
        }
        return {};
    };
}

struct documents {
    explicit documents(bench_key kind, const std::filesystem::path& directory)
        : at(directory), pki(kind, 1, 2000), trust(pki.trust()), known(pki.lists()) {}
    folder at;
    bench_pki pki;
    x509::trust_store trust;
    x509::evidence known, none;
    std::vector<std::filesystem::path> files;
    std::unique_ptr<x509::cache> memory = std::make_unique<x509::cache>();
    timestamp now{};

    result<> verify(std::uint64_t n, bool with_lists) const {
        VANTHU_TRY(bytes document, read_file(files[n % files.size()]));
        validation::policy rules;
        if (!with_lists) rules.revocation = x509::revocation_rule::if_present;
        auto verdict = xml::verify(xml::in_memory(document), trust, with_lists ? known : none, now, rules, {},
                                   {.memory = memory.get()});
        if (verdict.report.verdict != signing::verdict::valid) return failed(errc::bench_failed, "XML");
        return {};
    }
    result<rate> by_xmlsec(std::chrono::milliseconds length) const {
        unsigned repeat = 1;
        for (;;) {
            std::vector<std::string> command = xmlsec_command(at, repeat);
            for (const auto& f : files) command.push_back(f.string());
            child_run ran = run_program(command);
            if (!ran.good) return failed(errc::bench_failed, "xmlsec1");
            const double count = static_cast<double>(repeat) * static_cast<double>(files.size());
            const double wanted = static_cast<double>(length.count()) / 1000;
            if (ran.seconds >= wanted / 2) return rate{count / ran.seconds, ran.cpu_seconds / count * 1e6};
            repeat = std::max(repeat + 1, static_cast<unsigned>(repeat * wanted / ran.seconds));
        }
    }
};

bool has_xmlsec() { return run_program({"xmlsec1", "--version"}).good; }

result<> write_packet(const std::filesystem::path& to, std::size_t size) {
    std::ofstream out(to, std::ios::binary);
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<vb:VanBan xmlns:vb=\"urn:bench:vanban\">\n<vb:Tep>";
    for (std::size_t done = 0; done < size && out;) {
        std::string piece = base64_encode(random_bytes(196'608));
        for (std::size_t i = 0; i < piece.size(); i += 76) out << piece.substr(i, 76) << '\n';
        done += piece.size() + piece.size() / 76;
    }
    out << "</vb:Tep>\n</vb:VanBan>\n";
    out.flush();
    if (!out) return failed(files::errc::write_failed, to.string());
    return {};
}

result<> write_all(const std::filesystem::path& to, const xml::source& from) {
    std::ofstream out(to, std::ios::binary);
    VANTHU_CHECK(from([&](bytes_view piece) -> result<> {
        out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
        return {};
    }));
    out.flush();
    if (!out) return failed(files::errc::write_failed, to.string());
    return {};
}

} // namespace

result<> add_xml_figures(bench_key kind, const bench_rounds& how, const std::filesystem::path& directory,
                         std::vector<figure>& out) {
    auto d = std::make_shared<documents>(kind, directory);
    for (unsigned i = 0; i < small_documents; ++i) {
        bytes plain = make_office_xml(10'000, i);
        VANTHU_TRY(auto made, xml::sign_enveloped(xml::in_memory(plain), d->pki.signer(0), signing_now()));
        d->files.push_back(d->at.path / fmt::format("{}.xml", i));
        VANTHU_CHECK(write_file_atomically(d->files.back(), xml::spliced(plain, made)));
    }
    VANTHU_CHECK(write_file_atomically(d->at.path / "root.pem", as_bytes(d->pki.root().certificate.to_pem())));
    d->now = system_clock().now();
    const bool compare = has_xmlsec();
    for (bool with_lists : {false, true}) {
        figure f{with_lists ? "XML enveloped 10 KB, path and CRLs" : "XML enveloped 10 KB, path",
                 std::string(to_string(kind)), compare ? "xmlsec1, path" : "", 1};
        f.ours = [d, with_lists, length = how.length()] {
            return measure(1, length, [&](unsigned, std::uint64_t n) { return d->verify(n, with_lists); });
        };
        if (compare) f.theirs = [d, length = how.length()] { return d->by_xmlsec(length); };
        f.goal_ratio = 3.0;
        out.push_back(std::move(f));
    }
    return {};
}

result<large_packet> measure_large_packet(std::size_t size, const std::filesystem::path& directory) {
    folder at(directory);
    bench_pki pki(bench_key::p256, 1, 2000);
    const auto plain = at.path / "plain.xml", ready = at.path / "signed.xml";
    VANTHU_CHECK(write_packet(plain, size));
    VANTHU_TRY(auto made, xml::sign_enveloped(from_file(plain), pki.signer(0), signing_now()));
    VANTHU_CHECK(write_all(ready, xml::with(from_file(plain), made)));
    VANTHU_CHECK(write_file_atomically(at.path / "root.pem", as_bytes(pki.root().certificate.to_pem())));
    std::filesystem::remove(plain);

    large_packet out;
    out.size = std::filesystem::file_size(ready);
    out.before_mb = in_a_child([] { return true; }).peak_mb;
    child_run ours = in_a_child([&] {
        auto verdict = xml::verify(from_file(ready), pki.trust(), pki.lists(), system_clock().now());
        return verdict.report.verdict == signing::verdict::valid;
    });
    if (!ours.good) return failed(errc::bench_failed, "large packet");
    out.seconds = ours.seconds;
    out.cpu_seconds = ours.cpu_seconds;
    out.peak_mb = ours.peak_mb;
    auto command = xmlsec_command(at, 1);
    command.push_back(ready.string());
    if (child_run theirs = run_program(command); theirs.good) {
        out.xmlsec_cpu_seconds = theirs.cpu_seconds;
        out.xmlsec_peak_mb = theirs.peak_mb;
    }
    return out;
}

boost::json::object to_json(const large_packet& p) {
    return {{"size", p.size},
            {"seconds", p.seconds},
            {"cpu_seconds", p.cpu_seconds},
            {"peak_mb", p.peak_mb},
            {"before_mb", p.before_mb},
            {"goal_mb", 32},
            {"xmlsec_cpu_seconds", p.xmlsec_cpu_seconds},
            {"xmlsec_peak_mb", p.xmlsec_peak_mb}};
}

void print(const large_packet& p) {
    std::cout << fmt::format("XML packet of {:.0f} MB: {:.2f} CPU s, peak memory {:.0f} MB ({:.0f} MB before; goal 32)",
                             static_cast<double>(p.size) / 1e6, p.cpu_seconds, p.peak_mb, p.before_mb);
    if (p.xmlsec_peak_mb > 0)
        std::cout << fmt::format("; xmlsec1 {:.2f} CPU s, {:.0f} MB", p.xmlsec_cpu_seconds, p.xmlsec_peak_mb);
    std::cout << '\n';
}

} // namespace vanthu::cli

#include "daemon/cli/bench_verify.hpp"

#include "daemon/cli/bench_figures.hpp"
#include "daemon/cli/bench_signed.hpp"
#include "daemon/cli/bench_xml.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/inspect/pool.hpp"
#include "signing/cades/verify.hpp"
#include "signing/pdf/history.hpp"
#include "signing/x509/cache.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>
#include <iostream>

namespace vanthu::cli {
namespace {

struct verify_options {
    bench_rounds rounds;
    std::size_t size = 100'000, large = 200'000'000;
    unsigned documents = 1000, signers = 100, revoked = 2000;
    std::vector<unsigned> threads{1};
    std::string keys = "both";
    std::filesystem::path directory;
};

constexpr std::string_view openssl = "OpenSSL CMS_verify";

result<> expect_valid(signing::verdict v, std::string_view what) {
    if (v != signing::verdict::valid) return failed(errc::bench_failed, fmt::format("{}: {}", what, to_string(v)));
    return {};
}

// Everything that the figures of one kind of key share.
struct setting {
    setting(const verify_options& o, bench_key kind)
        : options(o), pki(kind, o.signers, o.revoked), trust(pki.trust()), known(pki.lists()),
          openssl(pki.root().certificate) {}
    const verify_options& options;
    bench_pki pki;
    x509::trust_store trust;
    x509::evidence known, none;
    openssl_verifier openssl;
    std::vector<signed_document> cades, cades_lt, pades, pades_lt;
    std::unique_ptr<inspect::inspector_pool> workers;
    std::unique_ptr<x509::cache> memory = std::make_unique<x509::cache>();
    timestamp now = system_clock().now();
};

using shared = std::shared_ptr<setting>;
using documents = std::vector<signed_document> setting::*;

const signed_document& pick(const setting& s, documents which, std::uint64_t n) {
    const auto& all = s.*which;
    return all[n % all.size()];
}

cms::content_digest over(bytes_view content) {
    return [content](x509::hash h) { return x509::hash_of(h, content); };
}

result<> verify_cades(const setting& s, documents which, const x509::evidence& known, std::uint64_t n) {
    const signed_document& d = pick(s, which, n);
    return expect_valid(cades::verify(d.cms, over(d.content), s.trust, known, s.now, {}, {}, s.memory.get()).verdict,
                        "CAdES");
}

// The signature of a PDF whose structure is known already.
result<> verify_value(const setting& s, documents which, const x509::evidence& known, std::uint64_t n) {
    const signed_document& d = pick(s, which, n);
    validation::signature_facts facts = cades::read_signature(d.cms, over(d.content), {.memory = s.memory.get()});
    if (which == &setting::pades_lt) { // as the reader takes it from the security store
        facts.embedded.add(s.pki.evidence_of(d.signer));
        for (const x509::certificate& c : s.pki.chain_of(d.signer)) facts.certificates.push_back(c);
    }
    return expect_valid(
        signing::to_verdict(validation::judge(facts, s.trust, known, s.now, {}, s.memory.get()).indication),
        "PAdES value");
}

result<> verify_file(const setting& s, documents which, const x509::evidence& known, std::uint64_t n) {
    return expect_valid(pdf::verify_pdf(pick(s, which, n).file, s.trust, known, s.now, {}, {}, s.memory.get()).verdict,
                        "PAdES");
}

result<> parse_file(const setting& s, documents which, std::uint64_t n) {
    if (pdf::read_history(pick(s, which, n).file, {}, s.memory.get()).steps.empty())
        return failed(errc::bench_failed, "PDF parsing");
    return {};
}

void add_figures(const shared& s, unsigned threads, std::vector<figure>& out) {
    const auto length = s->options.rounds.length();
    auto timed = [=](operation one) { return [=] { return measure(threads, length, one); }; };
    auto add = [&](const char* what, std::string_view yardstick, operation ours, operation theirs,
                   std::optional<double> goal = std::nullopt) {
        figure f{what, std::string(to_string(s->pki.kind())), std::string(yardstick), threads};
        f.ours = timed(std::move(ours));
        if (theirs) f.theirs = timed(std::move(theirs));
        f.goal_ratio = goal;
        out.push_back(std::move(f));
    };
    auto by_openssl = [s](documents which) -> operation {
        return [s, which](unsigned, std::uint64_t n) -> result<> {
            if (!s->openssl.verify(pick(*s, which, n))) return failed(errc::bench_failed, "CMS_verify");
            return {};
        };
    };
    auto op = [s](result<> (*one)(const setting&, documents, const x509::evidence&, std::uint64_t), documents which,
                  bool long_term) -> operation {
        return [=](unsigned, std::uint64_t n) { return one(*s, which, long_term ? s->none : s->known, n); };
    };
    auto parsing = [s](documents which) -> operation {
        return [=](unsigned, std::uint64_t n) { return parse_file(*s, which, n); };
    };
    const documents cades = &setting::cades, cades_lt = &setting::cades_lt, pades = &setting::pades,
                    pades_lt = &setting::pades_lt;
    add("CAdES B-B", openssl, op(verify_cades, cades, false), by_openssl(cades), 1.0);
    add("CAdES B-LT", openssl, op(verify_cades, cades_lt, true), by_openssl(cades_lt), 0.5);
    add("PAdES B-B, signature", openssl, op(verify_value, pades, false), by_openssl(pades), 1.0);
    add("PAdES B-B, PDF parsing", "", parsing(pades), {});
    add("PAdES B-B, whole", openssl, op(verify_file, pades, false), by_openssl(pades));
    add("PAdES B-LT, signature", openssl, op(verify_value, pades_lt, true), by_openssl(pades_lt), 0.5);
    add("PAdES B-LT, PDF parsing", "", parsing(pades_lt), {});
    add("PAdES B-LT, whole", openssl, op(verify_file, pades_lt, true), by_openssl(pades_lt));
    auto by_worker = [s](unsigned, std::uint64_t n) -> result<> {
        auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        auto seen = s->workers->inspect(bytes_view(pick(*s, &setting::pades, n).file), s->now, deadline);
        std::string why;
        for (const auto& f : seen.report.findings) why += " " + f.code;
        return expect_valid(seen.report.verdict, "worker" + why);
    };
    if (threads > 1) return; // workers end with the thread that started them
    add("PAdES B-B, whole, by a worker", "the same in process", by_worker, op(verify_file, pades, false));
    out.back().ours = [timed_here = out.back().ours]() -> result<rate> {
        VANTHU_TRY(rate seen, timed_here());
        return rate{seen.per_s, 0}; // the worker's processor time is not this thread's
    };
}

result<shared> make_setting(const verify_options& o, bench_key kind) {
    auto s = std::make_shared<setting>(o, kind);
    VANTHU_TRY(s->cades, make_cades(s->pki, o.documents, o.size, false));
    VANTHU_TRY(s->cades_lt, make_cades(s->pki, o.documents, o.size, true));
    VANTHU_TRY(s->pades, make_pades(s->pki, o.documents, o.size, false));
    VANTHU_TRY(s->pades_lt, make_pades(s->pki, o.documents, o.size, true));
    inspect::options how;
    how.executable = inspect::find_inspect_executable();
    how.workers = 1;
    how.trust = s->trust;
    how.known = s->known;
    VANTHU_TRY(s->workers, inspect::inspector_pool::start(std::move(how)));
    return s;
}

result<> bench_verify(const verify_options& o) {
    std::optional<large_packet> packet;
    if (o.large > 0) { // first, while this process is small
        VANTHU_TRY(packet, measure_large_packet(o.large, o.directory));
    }
    std::vector<figure> table;
    for (bench_key kind : {bench_key::rsa_2048, bench_key::p256}) {
        if ((o.keys == "rsa" && kind != bench_key::rsa_2048) || (o.keys == "p256" && kind != bench_key::p256)) continue;
        VANTHU_TRY(shared s, make_setting(o, kind));
        for (unsigned threads : o.threads) add_figures(s, threads, table);
        VANTHU_CHECK(add_xml_figures(kind, o.rounds, o.directory, table));
    }
    VANTHU_CHECK(run_rounds(table, o.rounds));
    if (o.rounds.says.as_json) {
        boost::json::object out{{"schema_version", 1},       {"size", o.size},
                                {"documents", o.documents},  {"signers", o.signers},
                                {"rounds", o.rounds.rounds}, {"seconds", o.rounds.seconds},
                                {"rows", to_json(table)}};
        if (packet) out["large_packet"] = to_json(*packet);
        std::cout << boost::json::serialize(out) << '\n';
        return {};
    }
    std::cout << fmt::format(
        fmt::runtime(o.rounds.says("{} văn bản của {} người ký, {} byte mỗi văn bản, chuỗi ba chứng "
                                   "thư, {} vòng, mỗi vòng {} giây, trung vị\n",
                                   "{} documents of {} signers, {} B each, chain of three, {} "
                                   "rounds of {} s, medians\n")),
        o.documents, o.signers, o.size, o.rounds.rounds, o.rounds.seconds);
    print_table(table, o.rounds.says);
    if (packet) print(*packet);
    return {};
}

} // namespace

void add_bench_verify(CLI::App& bench, int& exit_code) {
    auto o = std::make_shared<verify_options>();
    CLI::App* command = bench.add_subcommand("verify", "Số chữ ký kiểm tra mỗi giây / signatures verified a second");
    add_size_option(*command, "--size", o->size, "Cỡ tệp, byte / bytes of a document");
    command->add_option("--documents", o->documents, "Số tệp khác nhau / documents, all different")
        ->check(CLI::Range(1u, 100'000u));
    command->add_option("--signers", o->signers, "Số người ký / signers")->check(CLI::Range(1u, 10'000u));
    command->add_option("--threads", o->threads, "Số luồng / threads, one line each")
        ->delimiter(',')
        ->check(CLI::Range(1u, 256u));
    command->add_option("--keys", o->keys, "Loại khóa / kinds of keys")->check(CLI::IsMember({"rsa", "p256", "both"}));
    add_size_option(*command, "--large", o->large,
                    "Cỡ gói XML lớn, byte; 0: bỏ qua / bytes of the large XML packet, 0: none", 0);
    command->add_option("--directory", o->directory, "Thư mục cho tệp tạm / directory for temporary files")
        ->check(CLI::ExistingDirectory);
    add_round_options(*command, o->rounds);
    command->callback([o, &exit_code] { exit_code = tell_failure(bench_verify(*o), o->rounds.says); });
}

} // namespace vanthu::cli

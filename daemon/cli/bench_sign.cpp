#include "daemon/cli/bench_sign.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/bench_documents.hpp"
#include "daemon/cli/bench_token.hpp"
#include "signing/xml/sign.hpp"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

namespace vanthu::cli {
namespace {

struct sign_options {
    bench_rounds rounds;
    std::size_t size = 100'000;
    std::vector<unsigned> threads{1, 2};
    std::string keys = "both", module_path = "/usr/lib/softhsm/libsofthsm2.so";
    std::filesystem::path directory;
};

constexpr std::string_view bare = "C_Sign + verification";

digest numbered(std::uint64_t n) {
    digest d;
    for (std::size_t i = 0; i < 8; ++i) d.value[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return sha256::of(d.view());
}

// Everything that the figures of one kind of key share.
struct setting {
    const sign_options& options;
    bench_pki pki;
    bench_token& token;
    token::key_info key;
    cms::signer who;
    std::vector<bytes> pdfs, small_xml, large_xml;
    timestamp now = system_clock().now();
};

result<> write_and_sync(const std::filesystem::path& file, bytes_view content) {
    unique_fd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    bool written = fd && ::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
                   ::fsync(fd.get()) == 0;
    if (!written) return failed(files::errc::write_failed, file.string());
    return {};
}

result<bytes> sign_pdf(const setting& s, const pdf::signature_request& how, std::uint64_t n) {
    VANTHU_TRY(pdf::prepared p, pdf::prepare(s.pdfs[n % s.pdfs.size()], how));
    VANTHU_TRY(bytes cms, cms::build_signature(p.content_sha256, s.who));
    return pdf::finish(std::move(p), cms);
}

class figures_of_key {
public:
    figures_of_key(std::shared_ptr<setting> s, std::vector<figure>& out) : s_(std::move(s)), out_(out) {}

    result<> add(unsigned threads, const std::filesystem::path& directory) {
        auto loop = std::make_shared<bench_token::bare_loop>(s_->token, s_->key, threads);
        auto yardstick = [loop](unsigned t, std::uint64_t n) { return loop->once(t, numbered(n).view()); };
        auto against_loop = [&](const char* what, operation one, std::optional<double> ratio,
                                std::optional<double> per_s = std::nullopt) {
            figure f{what, std::string(to_string(s_->pki.kind())), std::string(bare), threads};
            f.ours = timed(threads, std::move(one));
            f.theirs = timed(threads, yardstick);
            f.goal_ratio = ratio;
            f.goal_per_s = per_s;
            out_.push_back(std::move(f));
        };
        auto s = s_;
        against_loop(
            "CMS (CAdES B-B) of a hash",
            [s](unsigned, std::uint64_t n) -> result<> {
                VANTHU_TRY(bytes made, cms::build_signature(numbered(n), s->who, {.signing_time = s->now}));
                return {};
            },
            0.95);
        against_loop(
            "XML (XAdES B-B) of a hash",
            [s](unsigned, std::uint64_t n) -> result<> {
                xml::sign_options how;
                how.signing_time = s->now;
                VANTHU_TRY(bytes made,
                           xml::sign_detached({{"van-ban.pdf", "application/pdf", numbered(n)}}, s->who, how));
                return {};
            },
            0.95);
        for (const auto* documents : {&s->small_xml, &s->large_xml})
            against_loop(
                documents == &s->small_xml ? "XML enveloped, 1 KB" : "XML enveloped, 10 KB",
                [s, documents](unsigned, std::uint64_t n) -> result<> {
                    xml::sign_options how;
                    how.signing_time = s->now;
                    bytes_view document = (*documents)[n % documents->size()];
                    VANTHU_TRY(auto made, xml::sign_enveloped(xml::in_memory(document), s->who, how));
                    return {};
                },
                std::nullopt);
        if (s_->pki.kind() == bench_key::p256) return add_pdf(threads, against_loop, directory);
        return {};
    }

private:
    std::function<result<rate>()> timed(unsigned threads, operation one) const {
        return [length = s_->options.rounds.length(), threads, one = std::move(one)] {
            return measure(threads, length, one);
        };
    }

    template <class Add>
    result<> add_pdf(unsigned threads, const Add& against_loop, const std::filesystem::path& directory) {
        auto s = s_;
        VANTHU_TRY(pdf::signature_request text, leaders_request(false, s_->now));
        VANTHU_TRY(pdf::signature_request picture, leaders_request(true, s_->now));
        const double goal = 1500.0 * threads, goal_with_picture = 1000.0 * threads;
        against_loop(
            "PDF in memory, text",
            [s, text](unsigned, std::uint64_t n) -> result<> {
                VANTHU_TRY(bytes made, sign_pdf(*s, text, n));
                return {};
            },
            std::nullopt, goal);
        against_loop(
            "PDF in memory, cached seal",
            [s, picture](unsigned, std::uint64_t n) -> result<> {
                VANTHU_TRY(bytes made, sign_pdf(*s, picture, n));
                return {};
            },
            std::nullopt, goal_with_picture);

        VANTHU_TRY(bytes example, sign_pdf(*s_, text, 0));
        auto file = [directory](unsigned t) { return directory / fmt::format("signed-{}.pdf", t); };
        figure f{"PDF to a file with fsync, text", "P-256", "write + fsync of the bytes", threads};
        f.ours = timed(threads, [s, text, file](unsigned t, std::uint64_t n) -> result<> {
            VANTHU_TRY(bytes made, sign_pdf(*s, text, n));
            return write_and_sync(file(t), made);
        });
        f.theirs =
            timed(threads, [example, file](unsigned t, std::uint64_t) { return write_and_sync(file(t), example); });
        out_.push_back(std::move(f));
        return {};
    }

    std::shared_ptr<setting> s_;
    std::vector<figure>& out_;
};

result<> bench_sign(const sign_options& o) {
    const std::filesystem::path base = o.directory.empty() ? std::filesystem::temp_directory_path() : o.directory;
    const std::filesystem::path directory = base / ("vanthu-bench-" + to_hex(random_bytes(6)));
    std::filesystem::create_directories(directory);
    struct remover {
        std::filesystem::path what;
        ~remover() {
            std::error_code ec;
            std::filesystem::remove_all(what, ec);
        }
    } clean{directory};
    VANTHU_TRY(bench_token token, bench_token::make(directory, o.module_path));
    std::vector<figure> table;
    for (bench_key kind : {bench_key::rsa_2048, bench_key::p256}) {
        if ((o.keys == "rsa" && kind != bench_key::rsa_2048) || (o.keys == "p256" && kind != bench_key::p256)) continue;
        bench_pki pki(kind, 0, 0);
        VANTHU_TRY(token::key_info key, token.add_key(pki));
        VANTHU_TRY(cms::signer who, token.signer(key, pki));
        auto s = std::make_shared<setting>(setting{o, std::move(pki), token, key, who, {}, {}, {}});
        for (unsigned i = 0; i < 16; ++i) {
            s->pdfs.push_back(make_office_pdf(o.size, i));
            s->small_xml.push_back(make_office_xml(1'000, i));
            s->large_xml.push_back(make_office_xml(10'000, i));
        }
        figures_of_key all(s, table);
        for (unsigned threads : o.threads) VANTHU_CHECK(all.add(threads, directory));
    }
    VANTHU_CHECK(run_rounds(table, o.rounds));
    if (o.rounds.says.as_json) {
        std::cout << boost::json::serialize(boost::json::object{{"schema_version", 1},
                                                                {"size", o.size},
                                                                {"rounds", o.rounds.rounds},
                                                                {"seconds", o.rounds.seconds},
                                                                {"rows", to_json(table)}})
                  << '\n';
        return {};
    }
    std::cout << fmt::format(fmt::runtime(o.rounds.says("PDF {} byte, SoftHSM, {} vòng, mỗi vòng {} giây, trung vị\n",
                                                        "PDF {} B, SoftHSM, {} rounds of {} s, medians\n")),
                             o.size, o.rounds.rounds, o.rounds.seconds);
    print_table(table, o.rounds.says);
    return {};
}

} // namespace

void add_bench_sign(CLI::App& bench, int& exit_code) {
    auto o = std::make_shared<sign_options>();
    CLI::App* command = bench.add_subcommand(
        "sign", "Số chữ ký mỗi giây trên token phần mềm / signatures a second on a software token");
    add_size_option(*command, "--size", o->size, "Cỡ tệp PDF, byte / bytes of the PDF");
    command->add_option("--threads", o->threads, "Số luồng / threads, one line each")
        ->delimiter(',')
        ->check(CLI::Range(1u, 256u));
    command->add_option("--keys", o->keys, "Loại khóa / kinds of keys")->check(CLI::IsMember({"rsa", "p256", "both"}));
    command->add_option("--module", o->module_path, "Mô-đun SoftHSM / SoftHSM's module")->capture_default_str();
    command->add_option("--directory", o->directory, "Thư mục trên ổ đĩa cần đo / directory on the disk to measure")
        ->check(CLI::ExistingDirectory);
    add_round_options(*command, o->rounds);
    command->callback([o, &exit_code] { exit_code = tell_failure(bench_sign(*o), o->rounds.says); });
}

} // namespace vanthu::cli

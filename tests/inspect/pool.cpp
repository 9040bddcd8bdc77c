// Hostile documents cost a verdict, never the process that asked.
#include "daemon/inspect/pool.hpp"
#include "tests/pdf/pdf_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fmt/format.h>
#include <fstream>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <zlib.h>

using namespace vanthu;
using namespace vanthu::test;
using signing::verdict;
using steady = std::chrono::steady_clock;

namespace {

std::unique_ptr<inspect::inspector_pool> pool(unsigned workers = 1, unsigned documents = 500) {
    inspect::options o;
    o.executable = VANTHU_INSPECT_EXECUTABLE;
    o.workers = workers;
    o.documents_per_worker = documents;
    o.memory_limit = std::size_t{512} << 20;
    o.trust = world().trust;
    o.known = world().known;
    auto started = inspect::inspector_pool::start(std::move(o));
    BOOST_REQUIRE_MESSAGE(started.has_value(), started.error().detail);
    return std::move(*started);
}

const timestamp at = signing_day + std::chrono::hours(1);
steady::time_point soon() { return steady::now() + std::chrono::seconds(60); }

// A one-page PDF with further objects; offsets are right, so that nothing is refused for the table's sake.
bytes with_objects(const std::vector<std::string>& bodies) {
    std::string out = "%PDF-1.7\n";
    std::vector<std::size_t> offsets;
    for (const std::string& body : bodies) {
        offsets.push_back(out.size());
        out += fmt::format("{} 0 obj\n{}\nendobj\n", offsets.size(), body);
    }
    std::size_t xref = out.size();
    out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", offsets.size() + 1);
    for (std::size_t o : offsets) out += fmt::format("{:010} 00000 n \n", o);
    return to_bytes(
        out + fmt::format("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", offsets.size() + 1, xref));
}

std::string deflated_zeros(std::size_t size, int times) {
    std::string data(size, '\0');
    for (int i = 0; i < times; ++i) {
        uLongf n = compressBound(data.size());
        std::string out(n, '\0');
        compress2(reinterpret_cast<Bytef*>(out.data()), &n, reinterpret_cast<const Bytef*>(data.data()), data.size(),
                  9);
        out.resize(n);
        data = out;
    }
    return data;
}

const std::string catalogue = "<< /Type /Catalog /Pages 2 0 R >>", pages = "<< /Type /Pages /Count 1 /Kids [3 0 R] >>";

} // namespace

BOOST_AUTO_TEST_CASE(a_worker_reports_what_the_library_reports) {
    auto p = pool();
    bytes sealed = world().issued(world().approved(make_letter()));
    auto seen = p->inspect(bytes_view(sealed), at, soon());
    BOOST_TEST(seen.finished);
    BOOST_TEST((seen.report.verdict == verdict::valid), shown(seen.report));
    BOOST_TEST(validation::to_json(seen.report) == validation::to_json(world().verify(sealed)));
    BOOST_TEST(!seen.marking.has_value());
    letter l;
    l.marking = "TỐI MẬT";
    auto marked = p->inspect(bytes_view(make_letter(l)), at, soon());
    BOOST_TEST((marked.report.verdict == verdict::unsigned_));
    BOOST_TEST((marked.marking == pdf::secret_marking::toi_mat));
    BOOST_TEST(p->restarts() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_told_each_time) {
    inspect::options o;
    o.executable = VANTHU_INSPECT_EXECUTABLE;
    o.trust = world().trust;
    auto p = inspect::inspector_pool::start(std::move(o)).value();
    const bytes sealed = world().issued(world().approved(make_letter()));
    const auto report = signed_file::verify(sealed, world().trust, {}, at);
    BOOST_TEST(!report.missing.empty());
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(validation::to_json(p->inspect(bytes_view(sealed), at, soon()).report) ==
                   validation::to_json(report));
}

BOOST_AUTO_TEST_CASE(a_document_larger_than_the_budget_is_not_read) {
    inspect::options o;
    o.executable = VANTHU_INSPECT_EXECUTABLE;
    o.limits.pdf.bytes = 1000;
    auto p = inspect::inspector_pool::start(std::move(o)).value();
    auto seen = p->inspect(bytes_view(make_letter()), at, soon());
    BOOST_TEST(!seen.finished);
    BOOST_TEST(!seen.first_page_seen);
    BOOST_REQUIRE(signing::has_finding(seen.report.findings, "budget"));
    BOOST_TEST(seen.report.findings.front().text_en.contains("size"));
    BOOST_TEST(p->restarts() == 0u);
}

BOOST_AUTO_TEST_CASE(a_revocation_list_of_thousands_is_read_by_a_worker) {
    identity lost = world().ca.issue({.common_name = "Người khác"});
    test_ca::crl_spec list;
    list.revoked.assign(5000, {lost.certificate(), signing_day});
    inspect::options o;
    o.executable = VANTHU_INSPECT_EXECUTABLE;
    o.trust = world().trust;
    o.known.crls = {x509::parse_crl(world().ca.root_crl()).value(), x509::parse_crl(world().ca.sub_crl(list)).value()};
    auto p = inspect::inspector_pool::start(std::move(o)).value();
    auto seen = p->inspect(bytes_view(world().approved(make_letter())), at, soon());
    BOOST_TEST(seen.finished);
    BOOST_TEST((seen.report.verdict == verdict::valid), shown(seen.report));
}

BOOST_AUTO_TEST_CASE(hostile_documents_always_get_an_answer_and_never_a_valid_one) {
    auto p = pool();
    std::string deep(200'000, '['), deep_dict;
    for (int i = 0; i < 100'000; ++i) deep_dict += "<</A";
    std::vector<std::string> chain{catalogue, "<< /Type /Pages /Count 1 /Kids [2 0 R 3 0 R] >>",
                                   "<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 9 >>"};
    std::vector<std::string> linked{catalogue, pages};
    for (int i = 3; i < 30'000; ++i) linked.push_back(fmt::format("<< /Type /Pages /Kids [{} 0 R] /Count 1 >>", i + 1));
    linked.push_back("<< /Type /Page >>");
    std::string bomb = deflated_zeros(200u << 20, 1), bombs = deflated_zeros(400u << 20, 2);
    std::string huge_count = "%PDF-1.5\nxref\n0 99999999\n0000000000 65535 f \ntrailer << /Size 99999999 /Root 1 0 R "
                             ">>\nstartxref\n9\n%%EOF\n";
    auto stream = [](std::string entries, const std::string& data) {
        return fmt::format("<< {} /Length {} >>\nstream\n{}\nendstream", entries, data.size(), data);
    };
    std::vector<std::pair<const char*, bytes>> hostile = {
        {"nothing", {}},
        {"deep arrays", with_objects({catalogue, pages, "<< /Type /Page /X " + deep + " >>"})},
        {"deep dictionaries", with_objects({catalogue, pages, "<< /Type /Page /X " + deep_dict + " >>"})},
        {"page tree in a circle", with_objects(chain)},
        {"page tree as a chain", with_objects(linked)},
        {"content bomb",
         with_objects({catalogue, pages, "<< /Type /Page /Contents 4 0 R >>", stream("/Filter /FlateDecode", bomb)})},
        {"content bomb twice", with_objects({catalogue, pages, "<< /Type /Page /Contents 4 0 R >>",
                                             stream("/Filter [/FlateDecode /FlateDecode]", bombs)})},
        {"object stream bomb",
         with_objects({catalogue, pages, "<< /Type /Page >>",
                       stream("/Type /ObjStm /N 99999999 /First 10 /Filter /FlateDecode", bomb)})},
        {"form that draws itself",
         with_objects({catalogue, pages, "<< /Type /Page /Contents 4 0 R /Resources << /XObject << /F 4 0 R >> >> >>",
                       stream("/Type /XObject /Subtype /Form /Resources << /XObject << /F 4 0 R >> >>",
                              "/F Do /F Do /F Do /F Do")})},
        {"huge cross-reference", to_bytes(huge_count)},
        {"cross-reference that points at itself", to_bytes("%PDF-1.4\nxref\n0 1\n0000000000 65535 f \ntrailer << /Size "
                                                           "1 /Root 1 0 R /Prev 9 >>\nstartxref\n9\n%%EOF\n")},
        {"field tree in a circle", with_objects({"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
                                                 pages, "<< /Type /Page >>", "<< /T (a) /Kids [4 0 R 4 0 R] >>"})},
        {"no length", with_objects({catalogue, pages, "<< /Type /Page /Contents 4 0 R >>",
                                    "<< /Length 5 0 R >>\nstream\nx\nendstream", "<< /Length 4 0 R >>"})},
    };
    for (const auto& [name, document] : hostile) {
        auto seen = p->inspect(bytes_view(document), at, soon());
        BOOST_TEST((seen.report.verdict != verdict::valid), name);
        if (!seen.finished) BOOST_TEST(signing::has_finding(seen.report.findings, "budget"), name);
    }
    auto after = p->inspect(bytes_view(world().approved(make_letter())), at, soon());
    BOOST_TEST((after.report.verdict == verdict::valid), shown(after.report));
}

BOOST_AUTO_TEST_CASE(random_mutations_never_become_valid_and_never_stop_the_pool) {
    auto p = pool(2);
    bytes sealed = world().issued(world().approved(reshaped(make_letter(), {"--object-streams=generate"})));
    std::mt19937 random(20250715);
    for (int round = 0; round < 150; ++round) {
        bytes changed = sealed;
        for (int n = 1 + round % 20; n > 0; --n)
            changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
        if (round % 3 == 0) changed.resize(random() % changed.size());
        if (changed == sealed) continue;
        auto seen = p->inspect(bytes_view(changed), at, soon());
        BOOST_TEST((seen.report.verdict != verdict::valid), round);
    }
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid));
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_is_an_answer_too) {
    auto p = pool();
    auto seen = p->inspect(bytes_view(make_letter()), at, steady::now() - std::chrono::seconds(1));
    BOOST_TEST(!seen.finished);
    BOOST_TEST((seen.report.verdict == verdict::indeterminate));
    BOOST_TEST(signing::has_finding(seen.report.findings, "budget"));
    BOOST_TEST(p->inspect(bytes_view(make_letter()), at, soon()).finished);
}

BOOST_AUTO_TEST_CASE(workers_are_replaced_after_their_documents_and_when_trust_changes) {
    auto p = pool(1, 2);
    bytes sealed = world().approved(make_letter());
    for (int i = 0; i < 5; ++i)
        BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid));
    p->replace_trust({}, {});
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::indeterminate));
    p->replace_trust(world().trust, world().known);
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid));
    BOOST_TEST(p->restarts() == 0u); // planned replacements are no accidents
}

BOOST_AUTO_TEST_CASE(other_rules_hold_for_the_next_document) {
    auto p = pool(1, 100);
    bytes sealed = world().approved(make_letter());
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid));
    validation::policy strict;
    strict.require_timestamp = true;
    p->replace_policy(strict);
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::indeterminate));
    p->replace_policy({});
    BOOST_TEST((p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid));
    BOOST_TEST(p->restarts() == 0u);
}

BOOST_AUTO_TEST_CASE(many_threads_share_few_workers) {
    auto p = pool(2);
    bytes sealed = world().approved(make_letter());
    std::atomic<int> valid = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 6; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 5; ++i)
                    valid += p->inspect(bytes_view(sealed), at, soon()).report.verdict == verdict::valid;
            });
    }
    BOOST_TEST(valid == 30);
}

BOOST_AUTO_TEST_CASE(a_first_page_that_was_not_looked_at_is_told_apart_from_one_without_a_mark) {
    auto p = pool();
    letter l;
    l.marking = "MẬT";
    const bytes marked = make_letter(l), plain = make_letter();
    BOOST_TEST(p->inspect(bytes_view(plain), at, soon()).first_page_seen);
    auto cut = p->inspect(bytes_view(marked).first(marked.size() - 200), at, soon());
    BOOST_TEST((cut.marking.has_value() || !cut.first_page_seen));
    bytes junk(2000, 'x');
    junk.insert(junk.end(), marked.begin(), marked.end());
    BOOST_TEST((p->inspect(bytes_view(junk), at, soon()).marking == pdf::secret_marking::mat));
    BOOST_TEST(!p->inspect(as_bytes("no PDF"), at, soon()).first_page_seen);
    BOOST_TEST(!p->inspect(bytes_view(plain), at, steady::now() - std::chrono::seconds(1)).first_page_seen);
}

namespace {

// The worker processes of this one.
std::vector<pid_t> workers() {
    std::vector<pid_t> found;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream list(task.path() / "children");
        for (pid_t child; list >> child;) found.push_back(child);
    }
    return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_worker_that_died_while_idle_costs_no_document_its_verdict) {
    auto p = pool();
    const bytes sealed = world().approved(make_letter());
    const std::vector<pid_t> running = workers();
    BOOST_REQUIRE(running.size() == 1u);
    BOOST_REQUIRE(::kill(running[0], SIGKILL) == 0);
    // Until it has ended; the pool is the one to wait for it.
    siginfo_t ended{};
    BOOST_REQUIRE(::waitid(P_PID, static_cast<id_t>(running[0]), &ended, WEXITED | WNOWAIT) == 0);
    auto seen = p->inspect(bytes_view(sealed), at, soon());
    BOOST_TEST(seen.finished);
    BOOST_TEST((seen.report.verdict == verdict::valid), shown(seen.report));
    BOOST_TEST(p->restarts() == 1u);
}

BOOST_AUTO_TEST_CASE(a_missing_program_is_a_coded_failure) {
    inspect::options o;
    o.executable = "/nonexistent/vanthu-inspect";
    auto started = inspect::inspector_pool::start(std::move(o));
    BOOST_REQUIRE(!started.has_value());
    BOOST_TEST((started.error().code == inspect::errc::executable_missing));
}

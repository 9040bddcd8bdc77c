#include "daemon/cli/trust_session.hpp"

#include "daemon/base/error_table.hpp"
#include "daemon/base/files.hpp"
#include "daemon/cli/errors.hpp"
#include "daemon/cli/wait_for.hpp"
#include "daemon/signing_rules/trust_folder.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cstdlib>

namespace vanthu::cli {
namespace {

std::filesystem::path default_cache() {
    if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache)
        return std::filesystem::path(cache) / "vanthu/evidence";
    if (const char* home = std::getenv("HOME"); home && *home)
        return std::filesystem::path(home) / ".cache/vanthu/evidence";
    return {};
}

} // namespace

bool trust_options::folder_given() const { return folder_option && folder_option->count() > 0; }

void add_trust_options(CLI::App& command, trust_options& o) {
    o.folder_option =
        command.add_option("--trust", o.folder, "Thư mục chứng thư tin cậy / folder of trusted certificates")
            ->capture_default_str();
    command.add_option("--crl", o.crls, "Tệp CRL / file with a CRL")->allow_extra_args(false);
    command.add_flag("--offline", o.offline,
                     "Không hỏi máy chủ nào; dùng CRL và bộ nhớ đệm / ask no server; use CRLs and the cache");
    command.add_option("--proxy", o.proxy, "Proxy HTTP cho OCSP, CRL, TSA: http://host:port / HTTP proxy")
        ->envname("VANTHU_PROXY");
    command
        .add_option("--rewrite", o.rewrites, "Đổi địa chỉ: TỪ=THÀNH / replace addresses that begin with FROM: FROM=TO")
        ->allow_extra_args(false);
    command
        .add_option(
            "--allow-address", o.allowed,
            "Cho phép hỏi máy chủ trong mạng nội bộ mà chứng thư số ghi: TÊN, ĐỊA CHỈ hoặc MẠNG/SỐ BIT / a host or "
            "network of your own that certificates may lead to: NAME, ADDRESS or ADDRESS/BITS")
        ->allow_extra_args(false);
    command.add_option("--cache", o.cache,
                       "Thư mục giữ OCSP, CRL (mặc định ~/.cache/vanthu/evidence) / folder that keeps OCSP and CRLs");
}

result<std::unique_ptr<trust_session>> trust_session::open(const trust_options& o, bool folder_optional) {
    std::unique_ptr<trust_session> out(new trust_session);
    auto trust = signing_rules::read_trust_folder(o.folder, system_clock().now());
    out->judges_ = trust.has_value();
    if (trust)
        out->trust_ = std::move(*trust);
    else if (trust.error().code != files::errc::not_found)
        return std::unexpected(trust.error());
    else if (!folder_optional || o.folder_given())
        return failed(errc::trust_folder_missing, trust.error().detail);
    for (const std::string& file : o.crls) {
        VANTHU_TRY(bytes content, read_file(file));
        VANTHU_TRY(x509::crl list, x509::parse_crl(content));
        out->known_.crls.push_back(std::move(list));
    }
    trust_services::options how;
    how.offline = o.offline;
    how.http_proxy = o.proxy;
    how.cache = o.cache.empty() ? default_cache() : std::filesystem::path(o.cache);
    for (const std::string& r : o.rewrites) {
        std::size_t equals = r.find('=');
        if (equals == 0 || equals == r.npos) return failed(errc::bad_rewrite, r);
        how.rewrites.push_back({r.substr(0, equals), r.substr(equals + 1)});
    }
    for (const std::string& a : o.allowed)
        if (!how.allowed.add(a)) return failed(errc::bad_allowed_address, a);
    out->services_ = std::make_unique<trust_services::trust_services>(out->context_.get_executor(), std::move(how));
    return out;
}

result<cms::timestamp_token> trust_session::stamp(const std::string& url, const digest& imprint) {
    VANTHU_TRY(cms::timestamp_token token, wait_for(context_, services_->stamp(url, imprint)));
    VANTHU_CHECK(believe(token, imprint));
    return token;
}

result<> trust_session::believe(const cms::timestamp_token& token, const digest& imprint) {
    const timestamp at = now();
    if (token.time > at + clock_tolerance || token.time + clock_tolerance < at)
        return failed(errc::time_stamp_wrong_time, to_rfc3339(token.time));
    if (token.accuracy && *token.accuracy > clock_tolerance)
        return failed(errc::time_stamp_wrong_time,
                      "accuracy " + std::to_string(token.accuracy->count() / 1'000'000) + " s");
    if (!token.authority) return failed(errc::time_stamp_not_trusted, "no certificate");
    auto stamped = [&](x509::hash h) { return h == x509::hash::sha256 ? to_bytes(as_text(imprint.view())) : bytes{}; };
    constexpr auto rule = x509::revocation_rule::if_present;
    cms::timestamp_verdict v;
    if (judges_) {
        gather([&] {
            v = cms::check_timestamp(token.der, stamped, trust_, known_, at, rule);
            return v.path.missing;
        });
    } else { // nobody to ask but the certificate itself: its purpose and its dates
        x509::trust_store itself;
        itself.anchors.push_back(token.authority);
        v = cms::check_timestamp(token.der, stamped, itself, known_, at, rule);
    }
    if (v.indication == signing::indication::total_passed) return {};
    std::string why = token.authority.subject() + ": " + v.sub_indication;
    for (const signing::finding& f : v.findings) why += " " + f.code;
    return failed(errc::time_stamp_not_trusted, why);
}

void trust_session::gather(const std::function<std::vector<x509::need>()>& judge) {
    troubles_.clear();
    auto once = [&](const trust_services::found& so_far) {
        known_.add(so_far.evidence);
        for (const x509::certificate& c : so_far.issuers)
            if (std::find(trust_.fetched.begin(), trust_.fetched.end(), c) == trust_.fetched.end())
                trust_.fetched.push_back(c);
        return judge();
    };
    auto all = wait_for(context_, trust_services::gather(*services_, now(), once));
    if (all) troubles_ = std::move(all->troubles);
}

std::vector<std::string> trust_session::troubles() const {
    std::vector<std::string> lines;
    for (const trust_services::trouble& t : troubles_)
        lines.push_back(t.what.subject.subject() + ": " + public_code(t.why.code) + " " + t.why.detail);
    return lines;
}

result<std::unique_ptr<inspect::inspector_pool>> trust_session::start_inspector(validation::policy policy) const {
    inspect::options o;
    o.executable = inspect::find_inspect_executable();
    o.workers = 1;
    o.trust = trust_;
    o.known = known_;
    o.policy = std::move(policy);
    return inspect::inspector_pool::start(std::move(o));
}

} // namespace vanthu::cli

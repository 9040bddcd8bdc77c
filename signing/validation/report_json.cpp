// The only file of this room that sees Boost.JSON.
#include "signing/validation/report.hpp"

#include "daemon/base/base64.hpp"
#include "signing/x509/cache.hpp"

#include <boost/json.hpp>

namespace vanthu::validation {
namespace {
namespace json = boost::json;

json::value of(std::optional<timestamp> t) { return t ? json::value(to_rfc3339(*t)) : json::value(nullptr); }

json::array of(const std::vector<signing::finding>& findings) {
    json::array all;
    for (const auto& f : findings) all.push_back({{"code", f.code}, {"text_vi", f.text_vi}, {"text_en", f.text_en}});
    return all;
}

constexpr std::string_view role_words[] = {"", "content", "signature", "archive"};

json::array of(const std::vector<stamp_report>& stamps) {
    json::array all;
    for (const stamp_report& s : stamps)
        all.push_back({{"role", role_words[static_cast<int>(s.role)]},
                       {"indication", to_string(s.indication)},
                       {"sub_indication", s.sub_indication},
                       {"time", of(s.time)},
                       {"authority", s.authority}});
    return all;
}

constexpr std::string_view need_words[] = {"", "issuer", "revocation", "newer_revocation"};

json::array of(const std::vector<x509::need>& missing) {
    auto der = [](const x509::certificate& c) { return c ? base64_encode(c.der()) : std::string(); };
    json::array all;
    for (const x509::need& n : missing)
        all.push_back({{"what", need_words[static_cast<int>(n.what)]},
                       {"certificate", der(n.subject)},
                       {"issuer", der(n.issuer)}});
    return all;
}

constexpr std::string_view policy_words[] = {"", "malformed", "implied", "explicit"};
constexpr std::string_view copy_words[] = {"", "none", "same", "unconfirmed"};

json::value of(const std::optional<named_policy>& p, bool known) {
    if (!p) return nullptr;
    return {{"kind", policy_words[static_cast<int>(p->how)]},
            {"id", p->id},
            {"hash_algorithm", p->hash_algorithm},
            {"hash", p->hash},
            {"transformed", p->transformed},
            {"uri", p->uri},
            {"notice", p->notice},
            {"stored_copy", copy_words[static_cast<int>(p->stored)]},
            {"known", known}};
}

json::object of(const signature_report& s) {
    json::array changes(s.changes_after.begin(), s.changes_after.end());
    return {{"format", s.format},
            {"level", s.level},
            {"field", s.field},
            {"verdict", to_string(s.verdict)},
            {"indication", to_string(s.indication)},
            {"sub_indication", s.sub_indication},
            {"signer",
             {{"subject", s.signer.subject},
              {"serial", s.signer.serial},
              {"organisation", s.signer.organisation},
              {"common_name", s.signer.common_name},
              {"organisation_code", s.signer.organisation_code},
              {"certificate_sha256", s.signer.certificate_sha256},
              {"issuer", s.signer.issuer},
              {"public_key_sha256", s.signer.public_key_sha256}}},
            {"digest_algorithm", s.digest_algorithm},
            {"signature_algorithm", s.signature_algorithm},
            {"claimed_time", of(s.claimed_time)},
            {"best_time", of(s.best_time)},
            {"signature_policy", of(s.signature_policy, s.signature_policy_known)},
            {"transient", s.transient()},
            {"try_again", of(s.try_again)},
            {"time_stamps", of(s.stamps)},
            {"chain", json::array(s.chain.begin(), s.chain.end())},
            {"covers", s.covers},
            {"covered_bytes", s.covered_bytes},
            {"changes_after", std::move(changes)},
            {"findings", of(s.findings)}};
}

std::string text(const json::object& o, std::string_view key) { return std::string(o.at(key).as_string()); }

std::optional<timestamp> time(const json::object& o, std::string_view key) {
    return o.at(key).is_null() ? std::nullopt : from_rfc3339(text(o, key));
}

std::vector<signing::finding> findings(const json::object& o) {
    std::vector<signing::finding> all;
    for (const json::value& v : o.at("findings").as_array())
        all.push_back({text(v.as_object(), "code"), text(v.as_object(), "text_vi"), text(v.as_object(), "text_en")});
    return all;
}

// Unknown words never read as "valid".
signing::verdict verdict_of(std::string_view word) {
    for (auto v : {signing::verdict::valid, signing::verdict::invalid, signing::verdict::unsigned_})
        if (word == to_string(v)) return v;
    return signing::verdict::indeterminate;
}

signing::indication indication_of(std::string_view word) {
    for (auto i : {signing::indication::total_passed, signing::indication::total_failed})
        if (word == to_string(i)) return i;
    return signing::indication::indeterminate;
}

std::vector<stamp_report> stamps(const json::object& o) {
    std::vector<stamp_report> all;
    for (const json::value& v : o.at("time_stamps").as_array()) {
        const json::object& one = v.as_object();
        stamp_report s;
        for (int i = 1; i <= 3; ++i)
            if (text(one, "role") == role_words[i]) s.role = static_cast<stamp_role>(i);
        s.indication = indication_of(text(one, "indication"));
        s.sub_indication = text(one, "sub_indication");
        s.time = time(one, "time");
        s.authority = text(one, "authority");
        all.push_back(std::move(s));
    }
    return all;
}

std::vector<x509::need> missing(const json::object& o, x509::cache* memory) {
    auto certificate = [memory](const json::object& one, std::string_view key) -> x509::certificate {
        auto der = base64_decode(text(one, key));
        auto parsed = der && !der->empty() ? x509::certificate_of(*der, memory) : result<x509::certificate>();
        return parsed ? *parsed : x509::certificate();
    };
    std::vector<x509::need> all;
    for (const json::value& v : o.at("missing").as_array()) {
        const json::object& one = v.as_object();
        x509::need n{{}, certificate(one, "certificate"), certificate(one, "issuer")};
        for (int i = 1; i <= 3; ++i)
            if (text(one, "what") == need_words[i]) n.what = static_cast<x509::need::kind>(i);
        if (n.subject && n.what != x509::need::kind{}) all.push_back(std::move(n));
    }
    return all;
}

std::optional<named_policy> named_policy_of(const json::object& o, bool& known) {
    const json::value& value = o.at("signature_policy");
    if (value.is_null()) return std::nullopt;
    const json::object& one = value.as_object();
    named_policy p{.id = text(one, "id"),
                   .hash_algorithm = text(one, "hash_algorithm"),
                   .hash = text(one, "hash"),
                   .transformed = one.at("transformed").as_bool(),
                   .uri = text(one, "uri"),
                   .notice = text(one, "notice")};
    for (int i = 1; i <= 3; ++i) {
        if (text(one, "kind") == policy_words[i]) p.how = static_cast<named_policy::kind>(i);
        if (text(one, "stored_copy") == copy_words[i]) p.stored = static_cast<named_policy::copy>(i);
    }
    known = one.at("known").as_bool();
    return p;
}

signature_report signature_of(const json::object& o) {
    signature_report s;
    const json::object& who = o.at("signer").as_object();
    s.format = text(o, "format");
    s.level = text(o, "level");
    s.field = text(o, "field");
    s.verdict = verdict_of(text(o, "verdict"));
    s.indication = indication_of(text(o, "indication"));
    s.sub_indication = text(o, "sub_indication");
    s.signer = {text(who, "subject"),
                text(who, "serial"),
                text(who, "organisation"),
                text(who, "common_name"),
                text(who, "organisation_code"),
                text(who, "certificate_sha256"),
                text(who, "issuer"),
                text(who, "public_key_sha256")};
    s.digest_algorithm = text(o, "digest_algorithm");
    s.signature_algorithm = text(o, "signature_algorithm");
    s.stamps = stamps(o);
    for (const json::value& c : o.at("chain").as_array()) s.chain.emplace_back(c.as_string());
    s.claimed_time = time(o, "claimed_time");
    s.best_time = time(o, "best_time");
    s.signature_policy = named_policy_of(o, s.signature_policy_known);
    s.try_again = time(o, "try_again");
    s.covers = text(o, "covers");
    s.covered_bytes = o.at("covered_bytes").to_number<std::size_t>();
    for (const json::value& c : o.at("changes_after").as_array()) s.changes_after.emplace_back(c.as_string());
    s.findings = findings(o);
    return s;
}

// JSON is UTF-8: names out of hostile files are not always.
void make_utf8(std::string& s) {
    std::string out;
    for (std::size_t i = 0; i < s.size();) {
        auto byte = [&](std::size_t k) { return i + k < s.size() ? static_cast<unsigned char>(s[i + k]) : 0u; };
        unsigned lead = byte(0);
        std::size_t n = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
        bool sound = n > 0;
        for (std::size_t k = 1; k < n; ++k) sound = sound && byte(k) >> 6 == 2;
        if (n == 3) sound = sound && !(lead == 0xe0 && byte(1) < 0xa0) && !(lead == 0xed && byte(1) >= 0xa0);
        if (n == 4) sound = sound && !(lead == 0xf0 && byte(1) < 0x90) && !(lead == 0xf4 && byte(1) >= 0x90);
        if (!sound) {
            out += '?';
            ++i;
            continue;
        }
        out.append(s, i, n);
        i += n;
    }
    s = std::move(out);
}

} // namespace

std::string to_json(const file_report& given) {
    file_report report = given;
    auto clean = [](std::vector<signing::finding>& all) {
        for (auto& f : all) make_utf8(f.text_vi), make_utf8(f.text_en);
    };
    make_utf8(report.file);
    clean(report.findings);
    json::array signatures;
    for (signature_report& s : report.signatures) {
        for (std::string* t : {&s.field, &s.signer.subject, &s.signer.organisation, &s.signer.common_name,
                               &s.signer.organisation_code, &s.signer.issuer})
            make_utf8(*t);
        for (stamp_report& t : s.stamps) make_utf8(t.authority);
        if (auto& p = s.signature_policy)
            for (std::string* t : {&p->id, &p->hash_algorithm, &p->uri, &p->notice}) make_utf8(*t);
        for (std::string& c : s.changes_after) make_utf8(c);
        clean(s.findings);
        signatures.push_back(of(s));
    }
    return json::serialize(json::object{{"file", report.file},
                                        {"verdict", to_string(report.verdict)},
                                        {"signatures", std::move(signatures)},
                                        {"findings", of(report.findings)},
                                        {"missing", of(report.missing)}});
}

result<file_report> report_from_json(std::string_view text_of_report, x509::cache* memory) {
    try {
        json::value parsed = json::parse(text_of_report);
        const json::object& o = parsed.as_object();
        file_report report;
        report.file = text(o, "file");
        report.verdict = verdict_of(text(o, "verdict"));
        for (const json::value& s : o.at("signatures").as_array())
            report.signatures.push_back(signature_of(s.as_object()));
        report.findings = findings(o);
        report.missing = missing(o, memory);
        return report;
    } catch (const std::exception& e) {
        return failed(errc::report_unreadable, e.what());
    }
}

} // namespace vanthu::validation
